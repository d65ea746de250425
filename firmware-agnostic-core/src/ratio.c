#include "vn/ratio.h"

#include "vn/assert.h"

#include <string.h>

static double power_of_two(int exponent) {
  uint64_t bits = (uint64_t)(1023 + exponent) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

/* Shifts the leading bit to the upper end; returns by how much. a > 0. */
static int normalise(vn_u128_t *a) {
  int shifts = 0;
  while (a->high >> 63 == 0) {
    *a = vn_u128_add(*a, *a);
    shifts++;
  }
  return shifts;
}

/*
 * Long division of two numbers with the same leading bit: 64 bits of quotient, the first of which
 * stands for 1. At least 63 of them count, and a remainder sets the last: enough for one rounding.
 */
static uint64_t divide(vn_u128_t dividend, vn_u128_t divisor) {
  uint64_t quotient = 0;
  bool carry = false;
  for (int bit = 63; bit >= 0; bit--) {
    if (carry || vn_u128_compare(dividend, divisor) >= 0) {
      dividend = vn_u128_sub(dividend, divisor);
      quotient |= UINT64_C(1) << bit;
    }
    carry = dividend.high >> 63 != 0;
    dividend = vn_u128_add(dividend, dividend);
  }
  return quotient | (uint64_t)(carry || (dividend.high | dividend.low) != 0);
}

double vn_ratio_to_double(const vn_ratio_t *ratio) {
  VN_ASSERT(ratio != NULL);
  vn_u128_t dividend = ratio->numerator;
  vn_u128_t divisor = ratio->denominator;
  VN_ASSERT((divisor.high | divisor.low) != 0);
  if ((dividend.high | dividend.low) == 0) {
    return 0.0;
  }
  int exponent = normalise(&divisor) - normalise(&dividend);
  vn_u128_t quotient = {0, divide(dividend, divisor)};
  double magnitude = vn_u128_to_double(quotient) * power_of_two(exponent - 63);
  return ratio->negative ? -magnitude : magnitude;
}
