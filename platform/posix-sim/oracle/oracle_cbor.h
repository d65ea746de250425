/* A strict reader of deterministic CBOR (RFC 8949, section 4.2.1): what isn't is bad. */
#ifndef VN_ORACLE_CBOR_H
#define VN_ORACLE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `bad` stays; what is read from then on is 0. */
typedef struct vn__cbor {
  const uint8_t *at, *end;
  bool bad;
} vn__cbor_t;

typedef struct vn__text {
  const char *bytes;
  size_t length;
} vn__text_t;

enum {
  VN__CBOR_UNSIGNED,
  VN__CBOR_NEGATIVE,
  VN__CBOR_BYTES,
  VN__CBOR_TEXT,
  VN__CBOR_ARRAY,
  VN__CBOR_MAP,
  VN__CBOR_TAG,
  VN__CBOR_OTHER
};

/* The major type of what comes next; VN__CBOR_OTHER at the end. */
unsigned vn__oracle_cbor_next(const vn__cbor_t *cbor);

uint64_t vn__oracle_cbor_unsigned(vn__cbor_t *cbor);
int64_t vn__oracle_cbor_integer(vn__cbor_t *cbor);
vn__text_t vn__oracle_cbor_text(vn__cbor_t *cbor);

/* How many items or pairs follow. */
size_t vn__oracle_cbor_array(vn__cbor_t *cbor);
size_t vn__oracle_cbor_map(vn__cbor_t *cbor);

/* An unsigned number of up to 128 bits, as an integer or with tag 2. */
void vn__oracle_cbor_wide(vn__cbor_t *cbor, uint64_t *high, uint64_t *low);

/* A float in its shortest form. */
double vn__oracle_cbor_float(vn__cbor_t *cbor);

/* One item with all that is in it. */
void vn__oracle_cbor_skip(vn__cbor_t *cbor);

/* The next key of a map with unsigned keys; `last` is the one before, -1 at first: they ascend. */
int64_t vn__oracle_cbor_key(vn__cbor_t *cbor, int64_t last);

#endif
