/* UTF-8 validity, shared by the JSON and the CBOR reader. */
#ifndef VN_UTF8_PRIV_H
#define VN_UTF8_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * True when bytes[0..length) are well-formed UTF-8 (RFC 3629): no overlong form, no surrogate,
 * nothing above U+10FFFF, no sequence cut off. Noncharacters (U+FFFF) are well-formed. Cost:
 * O(length), eight bytes at a time where they are ASCII.
 */
bool vn__utf8_valid(const uint8_t *bytes, size_t length);

#endif
