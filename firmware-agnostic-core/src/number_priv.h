/* What the number functions share. */
#ifndef VN_NUMBER_PRIV_H
#define VN_NUMBER_PRIV_H

#include "vn/number.h"

#define VN__POWERS_OF_TEN 20

/* 10^0 ... 10^19: all that fit into 64 bits. */
extern const uint64_t vn__power_of_ten[VN__POWERS_OF_TEN];

/* The integer with this magnitude (at most 2^63, or 2^63 - 1 when positive) and sign. */
static inline int64_t vn__signed(uint64_t magnitude, bool negative) {
  if (!negative || magnitude == 0) {
    return (int64_t)magnitude;
  }
  return -(int64_t)(magnitude - 1u) - 1; /* in two steps, because -INT64_MIN doesn't exist */
}

/* The magnitude of any integer, INT64_MIN too. */
static inline uint64_t vn__magnitude(int64_t value) {
  return value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
}

/*
 * The number at the start of text[0..length), which is known to be one in JSON's grammar (a reader
 * has seen it); what follows is left alone. Returns its length.
 */
size_t vn__number_prefix(const uint8_t *text, size_t length, vn_number_t *out);

/* The index of the first byte that keeps the text from being a number; length when it is one. */
size_t vn__number_stop(const uint8_t *text, size_t length);

#endif
