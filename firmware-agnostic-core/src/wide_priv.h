/* Signed sums wider than 64 bits, in two's complement: for targets without a type of 128 bits. */
#ifndef VN_WIDE_PRIV_H
#define VN_WIDE_PRIV_H

#include "number_priv.h"
#include "vn/arith.h"

static inline bool vn__wide_is_negative(vn_u128_t x) { return x.high >> 63 != 0; }

static inline vn_u128_t vn__wide_negate(vn_u128_t x) {
  vn_u128_t zero = {0, 0};
  return vn_u128_sub(zero, x);
}

static inline vn_u128_t vn__wide_magnitude(vn_u128_t x) {
  return vn__wide_is_negative(x) ? vn__wide_negate(x) : x;
}

/* a * b. */
static inline vn_u128_t vn__wide_product(int64_t a, uint64_t b) {
  vn_u128_t product = vn_u128_mul(vn__magnitude(a), b);
  return a < 0 ? vn__wide_negate(product) : product;
}

/* What 96 bits hold, with the sign drawn through to the upper end. */
static inline vn_u128_t vn__wide_from_96(uint64_t low, uint32_t high) {
  uint64_t sign = (high & UINT32_C(0x80000000)) != 0 ? (uint64_t)UINT32_MAX << 32 : 0;
  vn_u128_t wide = {sign | high, low};
  return wide;
}

#endif
