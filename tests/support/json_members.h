/* JSON taken apart for tests: members and elements as raw text, by the core's own reader. */
#ifndef JSON_MEMBERS_H
#define JSON_MEMBERS_H

#include "vn/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_MEMBERS_MAX = 32 };

/* value: what stands between the quotes of a text, or the whole of anything else. */
typedef struct json_member {
  vn_text_t key, value;
} json_member_t;

typedef struct json_object {
  json_member_t members[JSON_MEMBERS_MAX];
  size_t count;
} json_object_t;

/* Ends the program when it is no object, or one with too many members. */
json_object_t json_object(vn_text_t text);

/* The elements of an array; returns how many there are. Ends the program beyond `most`. */
size_t json_elements(vn_text_t array, vn_text_t *out, size_t most);

/* NULL when there is none. */
const vn_text_t *json_member(const json_object_t *object, const char *key);

/* A number, also one in quotes; `otherwise` when there is no such member. */
int64_t json_integer(const json_object_t *object, const char *key, int64_t otherwise);

bool json_text_is(vn_text_t text, const char *literal);

#endif
