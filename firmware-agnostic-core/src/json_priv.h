/* What the JSON reader lends to those who know the grammar's state themselves. */
#ifndef VN_JSON_PRIV_H
#define VN_JSON_PRIV_H

#include "vn/json.h"

/*
 * The end of the number, word, or string without escapes and of ASCII only that starts at `at`;
 * NULL for anything else. Whether something may follow the end is for the caller to see.
 */
const uint8_t *vn__json_simple_value(const uint8_t *at, const uint8_t *end);

/* The length of the escape whose backslash is at `at`, a surrogate pair as one; 0: none. */
size_t vn__json_escape_length(const uint8_t *at, const uint8_t *end);

/* True when raw string bytes, once unescaped, are `plain`. */
bool vn__json_same_text(vn_text_t raw, vn_text_t plain);

#endif
