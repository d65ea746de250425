#include "vn/aggregate.h"
#include "vn/assert.h"

#include <string.h>

enum { MANTISSA_BITS = 52, BIAS = 1023 };

/*
 * Root of mantissa * 2^54, rounded down: one bit more than a double holds; mantissa in [2^52,
 * 2^54). Digit by digit: `rest` is what root^2 leaves, doubled at each step instead of halving the
 * digit.
 */
static uint64_t root_of_mantissa(uint64_t mantissa) {
  uint64_t root = 0;
  uint64_t twice_root = 0;
  uint64_t rest = mantissa << 1;
  for (uint64_t digit = UINT64_C(1) << (MANTISSA_BITS + 1); digit > 0; digit >>= 1) {
    uint64_t step = twice_root + digit;
    if (step <= rest) {
      rest -= step;
      twice_root = step + digit;
      root += digit;
    }
    rest <<= 1;
  }
  return root;
}

double vn_square_root(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  bool zero = bits << 1 == 0;
  /* A sign bit, an infinity or a NaN makes the upper bits larger. */
  VN_ASSERT(zero || bits >> MANTISSA_BITS < 0x7FFu);
  if (zero) {
    return 0.0;
  }
  int exponent = (int)(bits >> MANTISSA_BITS) - BIAS;
  uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1u);
  if (exponent == -BIAS) {
    exponent++;
    for (; mantissa >> MANTISSA_BITS == 0; mantissa <<= 1) {
      exponent--;
    }
  }
  mantissa |= UINT64_C(1) << MANTISSA_BITS;
  if (exponent % 2 != 0) {
    mantissa <<= 1;
    exponent--;
  }
  /* No root lies exactly between two doubles, so the bit below the last one decides alone. */
  uint64_t root = root_of_mantissa(mantissa);
  uint64_t rounded = (root + 1u) >> 1;
  bits = ((uint64_t)(exponent / 2 + BIAS - 1) << MANTISSA_BITS) + rounded;
  double result;
  memcpy(&result, &bits, sizeof result);
  return result;
}
