/* Numbers of the oracle: 128 bits in two words, the hash of samples, the double next to a quotient.
 */
#ifndef VN_ORACLE_NUMBER_H
#define VN_ORACLE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct vn__wide {
  uint64_t high, low;
} vn__wide_t;

vn__wide_t vn__oracle_wide_sum(vn__wide_t a, vn__wide_t b);

/* a >= b. */
vn__wide_t vn__oracle_wide_difference(vn__wide_t a, vn__wide_t b);

bool vn__oracle_wide_less(vn__wide_t a, vn__wide_t b);

vn__wide_t vn__oracle_wide_product(uint64_t a, uint64_t b);

/* The product must fit. */
vn__wide_t vn__oracle_wide_times(vn__wide_t a, uint64_t b);

/* The double nearest to p / q, ties to even. p and q are below 2^127, q isn't 0. */
double vn__oracle_nearest(vn__wide_t p, vn__wide_t q);

/* One step of SplitMix64. */
uint64_t vn__oracle_split_mix(uint64_t x);

/* MurmurHash3 x86 32 with seed 0, of a text. */
uint32_t vn__oracle_murmur(const char *text);

/* Of a reading, for samples (docs/semantics/statistics.md). */
uint32_t vn__oracle_priority(uint64_t seed, int64_t time_ms, int32_t value);

/* 10^exponent, exponent 0..19. */
uint64_t vn__oracle_ten_to(unsigned exponent);

/* Rounded towards minus infinity; divisor > 0. */
int64_t vn__oracle_floor_div(int64_t dividend, int64_t divisor);

#endif
