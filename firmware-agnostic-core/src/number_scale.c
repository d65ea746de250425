#include <string.h>

#include "number_priv.h"
#include "vn/arith.h"
#include "vn/number.h"

#define FRACTION_BITS 52
#define EXPONENT_BIAS 1075 /* of a significand that is an integer below 2^53 */

const uint64_t vn__power_of_ten[VN__POWERS_OF_TEN] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

/* A magnitude that may be too large for any result. */
typedef struct magnitude {
  uint64_t value;
  bool overflow;
} magnitude_t;

static const magnitude_t kZero = {0, false};
static const magnitude_t kOverflow = {0, true};

/* quotient + fraction, where twice the fraction compares to 1 as `half` says (-1, 0, 1). */
static magnitude_t round_even(uint64_t quotient, int half) {
  bool up = half > 0 || (half == 0 && (quotient & 1u) != 0);
  uint64_t rounded = quotient + up;
  return (magnitude_t){rounded, rounded < quotient};
}

/* How twice the remainder compares to the divisor; sticky: the true remainder is a little more. */
static int compare_half(uint64_t remainder, uint64_t divisor, bool sticky) {
  uint64_t rest = divisor - remainder;
  if (remainder != rest) {
    return remainder < rest ? -1 : 1;
  }
  return sticky ? 1 : 0;
}

static magnitude_t divide_decimal(uint64_t value, uint64_t divisor, bool inexact) {
  uint64_t quotient;
  uint64_t remainder;
  if ((value | divisor) <= UINT32_MAX) { /* one instruction where 64-bit division is a routine */
    quotient = (uint32_t)value / (uint32_t)divisor;
    remainder = (uint32_t)value % (uint32_t)divisor;
  } else {
    quotient = value / divisor;
    remainder = value % divisor;
  }
  return round_even(quotient, compare_half(remainder, divisor, inexact));
}

static magnitude_t scale_decimal(const vn_number_t *number, int exponent, uint64_t value) {
  int32_t shift = number->exponent - exponent;
  if (value == 0) {
    return kZero;
  }
  if (shift < 0) {
    /* A magnitude below 2^63 is less than half of 10^20. */
    return -shift < VN__POWERS_OF_TEN
               ? divide_decimal(value, vn__power_of_ten[-shift], number->inexact)
               : kZero;
  }
  if (number->inexact || shift >= VN__POWERS_OF_TEN ||
      value > (uint64_t)INT64_MAX / vn__power_of_ten[shift] + 1u) {
    return kOverflow;
  }
  return (magnitude_t){value * vn__power_of_ten[shift], false};
}

/* (value + something in [0, 1) that is > 0 when sticky) / 2^shift, rounded; shift > 0. */
static magnitude_t shift_right(vn_u128_t value, unsigned shift, bool sticky) {
  if (shift > 127) {
    return kZero; /* the callers' values are below 2^127 */
  }
  vn_u128_t quotient = value;
  vn_u128_t rest = value;
  if (shift >= 64) {
    quotient.low = shift == 64 ? value.high : value.high >> (shift - 64);
    quotient.high = 0;
    rest.high = shift == 64 ? 0 : value.high & (UINT64_MAX >> (128 - shift));
  } else {
    quotient.low = value.low >> shift | value.high << (64 - shift);
    quotient.high = value.high >> shift;
    rest.high = 0;
    rest.low = value.low & (UINT64_MAX >> (64 - shift));
  }
  if (quotient.high != 0) {
    return kOverflow;
  }
  vn_u128_t half = {0, 0};
  if (shift > 64) {
    half.high = UINT64_C(1) << (shift - 65);
  } else {
    half.low = UINT64_C(1) << (shift - 1);
  }
  int order = vn_u128_compare(rest, half);
  return round_even(quotient.low, order == 0 && sticky ? 1 : order);
}

/* significand * 2^shift * 10^power, power in [0, 18]. */
static magnitude_t multiply_binary(uint64_t significand, int shift, int power) {
  vn_u128_t product = vn_u128_mul(significand, vn__power_of_ten[power]);
  if (shift < 0) {
    return shift_right(product, (unsigned)-shift, false);
  }
  if (product.high != 0 || shift > 63 || product.low > UINT64_MAX >> shift) {
    return kOverflow;
  }
  return (magnitude_t){product.low << shift, false};
}

/* significand * 2^shift / 10^power, power in [1, 18]. */
static magnitude_t divide_binary(uint64_t significand, int shift, int power) {
  uint64_t divisor = vn__power_of_ten[power];
  uint64_t remainder = 0;
  if (shift < 0) {
    uint64_t quotient = significand / divisor;
    bool sticky = significand % divisor != 0;
    return shift_right((vn_u128_t){0, quotient}, (unsigned)-shift, sticky);
  }
  if (shift > 74) { /* at least 2^52 * 2^75 / 10^18 > 2^63 */
    return kOverflow;
  }
  vn_u128_t value = shift >= 64 ? (vn_u128_t){significand << (shift - 64), 0}
                                : vn_u128_mul(significand, UINT64_C(1) << shift);
  vn_u128_t quotient = vn_u128_div_u64(value, divisor, &remainder);
  if (quotient.high != 0) {
    return kOverflow;
  }
  return round_even(quotient.low, compare_half(remainder, divisor, false));
}

static magnitude_t scale_binary(uint64_t bits, int exponent) {
  int biased = (int)(bits >> FRACTION_BITS & 0x7FFu);
  if (biased == 0) {
    return kZero; /* zero and denormals */
  }
  uint64_t significand = (bits & ((UINT64_C(1) << FRACTION_BITS) - 1u)) | UINT64_C(1)
                                                                              << FRACTION_BITS;
  int shift = biased - EXPONENT_BIAS;
  return exponent <= 0 ? multiply_binary(significand, shift, -exponent)
                       : divide_binary(significand, shift, exponent);
}

static magnitude_t scale_magnitude(const vn_number_t *number, int exponent, bool *negative) {
  if (number->kind == VN_NUMBER_DECIMAL) {
    *negative = number->mantissa < 0;
    return scale_decimal(number, exponent, vn__magnitude(number->mantissa));
  }
  uint64_t bits;
  memcpy(&bits, &number->binary, sizeof bits);
  *negative = bits >> 63 != 0;
  return scale_binary(bits, exponent);
}

static vn_reason_t in_limits(int64_t result, int64_t lowest, int64_t highest, int64_t *out) {
  if (result < lowest || result > highest) {
    return VN_REASON_RANGE;
  }
  *out = result;
  return VN_REASON_NONE;
}

vn_reason_t vn_number_scale(const vn_number_t *number, int exponent, int64_t lowest,
                            int64_t highest, int64_t *out) {
  VN_ASSERT(number != NULL && out != NULL);
  VN_ASSERT(exponent >= -18 && exponent <= 18);
  if (number->kind == VN_NUMBER_DECIMAL && number->exponent == exponent && !number->inexact) {
    return in_limits(number->mantissa, lowest, highest, out); /* as most senders write it */
  }
  bool negative = false;
  magnitude_t magnitude = scale_magnitude(number, exponent, &negative);
  if (magnitude.overflow || magnitude.value > (uint64_t)INT64_MAX + negative) {
    return VN_REASON_RANGE;
  }
  return in_limits(vn__signed(magnitude.value, negative), lowest, highest, out);
}
