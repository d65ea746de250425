/* A strict reader of JSON objects (RFC 8259) as vnotch writes them. */
#ifndef VN_ORACLE_JSON_H
#define VN_ORACLE_JSON_H

#include "oracle_cbor.h"

enum { VN__JSON_MEMBERS_MAX = 40 };

/* A member: its key without quotes, its value as written. */
typedef struct vn__member {
  vn__text_t key, value;
} vn__member_t;

typedef struct vn__object {
  vn__member_t members[VN__JSON_MEMBERS_MAX];
  size_t count;
} vn__object_t;

/* False: it is no object, has too many members, or one twice. */
bool vn__oracle_json_object(vn__object_t *object, const void *bytes, size_t length);

/* NULL: there is none. */
const vn__text_t *vn__oracle_json_find(const vn__object_t *object, const char *key);

/* Whether the value is this string, which needs no escapes. */
bool vn__oracle_json_is(const vn__text_t *value, const char *text);

/* Whether the value is a decimal number of at most so many decimals; it times 10^decimals. */
bool vn__oracle_json_decimal(const vn__text_t *value, unsigned decimals, int64_t *scaled);

bool vn__oracle_text_is(vn__text_t text, const char *other);

#endif
