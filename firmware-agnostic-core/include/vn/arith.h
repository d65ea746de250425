/* Integer arithmetic that neither overflows silently nor depends on 128-bit types. */
#ifndef VN_ARITH_H
#define VN_ARITH_H

#include <stdbool.h>
#include <stdint.h>

/* a + b, clamped to the ends of int64. */
int64_t vn_add_saturating(int64_t a, int64_t b);

/* a - b, clamped to the ends of int64. */
int64_t vn_sub_saturating(int64_t a, int64_t b);

/* Rounds towards minus infinity; divisor > 0. C's own / would put -5 and 5 into one window. */
int64_t vn_floor_div(int64_t dividend, int64_t divisor);

/* Rounds towards plus infinity; divisor > 0. */
int64_t vn_ceil_div(int64_t dividend, int64_t divisor);

/* Greatest common divisor of the magnitudes; gcd(0, b) = |b|. INT64_MIN with itself or 0 has none
 * in int64 and must not be asked for. */
int64_t vn_gcd(int64_t a, int64_t b);

/* Unsigned 128-bit integer in two words, for targets without __int128. */
typedef struct vn_u128 {
  uint64_t high, low;
} vn_u128_t;

vn_u128_t vn_u128_mul(uint64_t a, uint64_t b);
vn_u128_t vn_u128_add(vn_u128_t a, vn_u128_t b);
vn_u128_t vn_u128_sub(vn_u128_t a, vn_u128_t b);
int vn_u128_compare(vn_u128_t a, vn_u128_t b);

/* a * b for the 96-bit sums of squares and a 32-bit count: exact below 2^128. */
vn_u128_t vn_u128_mul_u32(vn_u128_t a, uint32_t b);

/* Quotient and remainder by a 64-bit divisor > 0. */
vn_u128_t vn_u128_div_u64(vn_u128_t dividend, uint64_t divisor, uint64_t *remainder);

/* The nearest double, ties to even: one rounding. */
double vn_u128_to_double(vn_u128_t a);

/* Decimal digits, no terminator; returns their number (1..39). */
unsigned vn_u128_to_text(vn_u128_t a, char digits[39]);

#endif
