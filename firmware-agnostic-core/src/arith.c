#include "vn/arith.h"

#include "vn/assert.h"

#include <string.h>

int64_t vn_add_saturating(int64_t a, int64_t b) {
  if (b > 0 && a > INT64_MAX - b) {
    return INT64_MAX;
  }
  if (b < 0 && a < INT64_MIN - b) {
    return INT64_MIN;
  }
  return a + b;
}

int64_t vn_sub_saturating(int64_t a, int64_t b) {
  if (b < 0 && a > INT64_MAX + b) {
    return INT64_MAX;
  }
  if (b > 0 && a < INT64_MIN + b) {
    return INT64_MIN;
  }
  return a - b;
}

int64_t vn_floor_div(int64_t dividend, int64_t divisor) {
  VN_ASSERT(divisor > 0);
  int64_t quotient = dividend / divisor;
  return quotient - (dividend % divisor < 0);
}

int64_t vn_ceil_div(int64_t dividend, int64_t divisor) {
  VN_ASSERT(divisor > 0);
  int64_t quotient = dividend / divisor;
  return quotient + (dividend % divisor > 0);
}

static uint64_t magnitude(int64_t x) { return x < 0 ? 0 - (uint64_t)x : (uint64_t)x; }

int64_t vn_gcd(int64_t a, int64_t b) {
  uint64_t larger = magnitude(a);
  uint64_t smaller = magnitude(b);
  while (smaller != 0) {
    uint64_t rest = larger % smaller;
    larger = smaller;
    smaller = rest;
  }
  VN_ASSERT(larger <= INT64_MAX);
  return (int64_t)larger;
}

vn_u128_t vn_u128_mul(uint64_t a, uint64_t b) {
  uint64_t a_low = a & UINT32_MAX;
  uint64_t a_high = a >> 32;
  uint64_t b_low = b & UINT32_MAX;
  uint64_t b_high = b >> 32;
  uint64_t low = a_low * b_low;
  uint64_t middle = a_high * b_low + (low >> 32);
  uint64_t middle_low = a_low * b_high + (middle & UINT32_MAX);
  vn_u128_t product = {a_high * b_high + (middle >> 32) + (middle_low >> 32),
                       middle_low << 32 | (low & UINT32_MAX)};
  return product;
}

vn_u128_t vn_u128_add(vn_u128_t a, vn_u128_t b) {
  vn_u128_t sum = {a.high + b.high, a.low + b.low};
  sum.high += sum.low < a.low;
  return sum;
}

vn_u128_t vn_u128_sub(vn_u128_t a, vn_u128_t b) {
  vn_u128_t difference = {a.high - b.high - (a.low < b.low), a.low - b.low};
  return difference;
}

int vn_u128_compare(vn_u128_t a, vn_u128_t b) {
  if (a.high != b.high) {
    return a.high < b.high ? -1 : 1;
  }
  return (a.low > b.low) - (a.low < b.low);
}

vn_u128_t vn_u128_mul_u32(vn_u128_t a, uint32_t b) {
  vn_u128_t product = vn_u128_mul(a.low, b);
  product.high += a.high * b;
  return product;
}

vn_u128_t vn_u128_div_u64(vn_u128_t dividend, uint64_t divisor, uint64_t *remainder) {
  VN_ASSERT(divisor > 0);
  vn_u128_t quotient = {0, 0};
  if (dividend.high == 0) {
    quotient.low = dividend.low / divisor;
    *remainder = dividend.low % divisor;
    return quotient;
  }
  quotient.high = dividend.high / divisor;
  uint64_t rest = dividend.high % divisor;
  for (int bit = 63; bit >= 0; bit--) {
    bool carry = rest >> 63 != 0;
    rest = rest << 1 | ((dividend.low >> bit) & 1u);
    if (carry || rest >= divisor) {
      rest -= divisor;
      quotient.low |= UINT64_C(1) << bit;
    }
  }
  *remainder = rest;
  return quotient;
}

static unsigned leading_zeros(uint64_t x) {
  unsigned zeros = 0;
  for (unsigned step = 32; step > 0; step /= 2) {
    if (x >> (64u - step) == 0) {
      zeros += step;
      x <<= step;
    }
  }
  return zeros;
}

/* Built from bits: the rounding depends on no mode and no library. */
double vn_u128_to_double(vn_u128_t a) {
  int exponent = 63;
  uint64_t top = a.low;
  if (a.high != 0) {
    unsigned shift = leading_zeros(a.high);
    top = shift == 0 ? a.high : a.high << shift | a.low >> (64u - shift);
    bool rest = a.low << shift != 0;
    top |= (uint64_t)rest;
    exponent = 127 - (int)shift;
  } else if (top != 0) {
    unsigned shift = leading_zeros(top);
    top <<= shift;
    exponent = 63 - (int)shift;
  } else {
    return 0.0;
  }
  uint64_t mantissa = top >> 11;
  uint64_t rest = top & 0x7FFu;
  mantissa += rest > 0x400u || (rest == 0x400u && (mantissa & 1u) != 0);
  /* The mantissa's leading bit adds the 1 that is missing in 1022, and a carry out of it one more.
   */
  uint64_t bits = ((uint64_t)(exponent + 1022) << 52) + mantissa;
  double result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

unsigned vn_u128_to_text(vn_u128_t a, char digits[39]) {
  enum { CHUNK_DIGITS = 18 };
  const uint64_t chunk_size = UINT64_C(1000000000000000000);
  unsigned begin = 39;
  for (;;) {
    uint64_t chunk;
    a = vn_u128_div_u64(a, chunk_size, &chunk);
    bool more = (a.high | a.low) != 0;
    for (unsigned i = 0; i < CHUNK_DIGITS && (more || chunk != 0 || i == 0); i++) {
      digits[--begin] = (char)('0' + (int)(chunk % 10));
      chunk /= 10;
    }
    if (!more) {
      break;
    }
  }
  for (unsigned i = begin; i < 39u; i++) {
    digits[i - begin] = digits[i];
  }
  return 39u - begin;
}
