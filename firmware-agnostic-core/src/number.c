#include "vn/number.h"

#include <string.h>

#include "number_priv.h"
#include "vn/arith.h"

#define BINARY_EXPONENT_ALL UINT64_C(0x7FF0000000000000)
#define BINARY_FRACTION UINT64_C(0x000FFFFFFFFFFFFF)
#define TEXT_MAX 64u

vn_number_t vn_number_from_integer(int64_t value) {
  return (vn_number_t){.kind = VN_NUMBER_DECIMAL, .mantissa = value};
}

vn_reason_t vn_number_from_double(double value, vn_number_t *out) {
  VN_ASSERT(out != NULL);
  uint64_t bits;
  VN_STATIC_ASSERT(sizeof bits == sizeof value, "a double is an IEEE 754 binary64");
  memcpy(&bits, &value, sizeof bits); /* a signalling NaN must not reach a float instruction */
  if ((bits & BINARY_EXPONENT_ALL) == BINARY_EXPONENT_ALL) {
    return (bits & BINARY_FRACTION) != 0 ? VN_REASON_NAN : VN_REASON_INF;
  }
  *out = (vn_number_t){.kind = VN_NUMBER_BINARY, .binary = value};
  return VN_REASON_NONE;
}

static void strip_zeros(vn_number_t *number, int32_t exponent_max) {
  while (number->exponent < exponent_max && number->mantissa % 10 == 0) {
    number->mantissa /= 10;
    number->exponent++;
  }
}

/* Multiplies the mantissa by 10^steps; false when it leaves int64. */
static bool widen(vn_number_t *number, int32_t steps) {
  uint64_t magnitude = vn__magnitude(number->mantissa);
  if (steps >= VN__POWERS_OF_TEN - 1 || magnitude > (uint64_t)INT64_MAX / vn__power_of_ten[steps]) {
    return false;
  }
  number->mantissa *= (int64_t)vn__power_of_ten[steps];
  number->exponent -= steps;
  return true;
}

static bool addition_overflows(int64_t a, int64_t b) {
  return b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b;
}

/* Both are decimals and not 0. */
static vn_reason_t add_decimals(vn_number_t low, vn_number_t high, vn_number_t *out) {
  if (low.inexact || high.inexact) {
    return VN_REASON_RANGE;
  }
  strip_zeros(&low, high.exponent);
  if (!widen(&high, high.exponent - low.exponent) ||
      addition_overflows(low.mantissa, high.mantissa)) {
    return VN_REASON_RANGE;
  }
  *out = low;
  out->mantissa += high.mantissa;
  return VN_REASON_NONE;
}

/* magnitude / 10^power as the nearest double, power in [0, 19]; magnitude > 0. */
static double quotient_to_double(uint64_t magnitude, int power) {
  unsigned shift = 64;
  while (magnitude >> 63 == 0) { /* so that the quotient keeps more bits than a double has */
    magnitude <<= 1;
    shift++;
  }
  uint64_t remainder = 0;
  vn_u128_t quotient =
      vn_u128_div_u64((vn_u128_t){magnitude, 0}, vn__power_of_ten[power], &remainder);
  quotient.low |= remainder != 0; /* far below the last bit: only breaks a tie */
  double result = vn_u128_to_double(quotient);
  for (; shift >= 32; shift -= 32) {
    result /= 4294967296.0; /* exact, as all powers of two */
  }
  return result / (double)(UINT64_C(1) << shift);
}

static vn_reason_t decimal_to_double(const vn_number_t *number, double *out) {
  uint64_t magnitude = vn__magnitude(number->mantissa);
  double result;
  if (number->exponent < 2 * (1 - VN__POWERS_OF_TEN)) { /* not one of its 19 digits is left */
    result = 0.0;
  } else if (number->exponent >= VN__POWERS_OF_TEN) {
    return VN_REASON_RANGE;
  } else if (number->exponent >= 0) {
    result = vn_u128_to_double(vn_u128_mul(magnitude, vn__power_of_ten[number->exponent]));
  } else {
    int power = -number->exponent;
    if (power >= VN__POWERS_OF_TEN) {
      magnitude /= vn__power_of_ten[power - VN__POWERS_OF_TEN + 1];
      power = VN__POWERS_OF_TEN - 1;
    }
    result = magnitude == 0 ? 0.0 : quotient_to_double(magnitude, power);
  }
  *out = number->mantissa < 0 ? -result : result;
  return VN_REASON_NONE;
}

static vn_reason_t to_double(const vn_number_t *number, double *out) {
  if (number->kind == VN_NUMBER_DECIMAL) {
    return decimal_to_double(number, out);
  }
  *out = number->binary;
  return VN_REASON_NONE;
}

static bool is_zero(const vn_number_t *number) {
  return number->kind == VN_NUMBER_DECIMAL && number->mantissa == 0;
}

static vn_reason_t add_doubles(const vn_number_t *a, const vn_number_t *b, vn_number_t *out) {
  double left = 0.0;
  double right = 0.0;
  vn_reason_t reason = to_double(a, &left);
  if (reason == VN_REASON_NONE) {
    reason = to_double(b, &right);
  }
  if (reason == VN_REASON_NONE && vn_number_from_double(left + right, out) != VN_REASON_NONE) {
    reason = VN_REASON_RANGE;
  }
  return reason;
}

vn_reason_t vn_number_add(const vn_number_t *a, const vn_number_t *b, vn_number_t *out) {
  VN_ASSERT(a != NULL && b != NULL && out != NULL);
  if (is_zero(a) || is_zero(b)) {
    *out = is_zero(a) ? *b : *a;
    return VN_REASON_NONE;
  }
  if (a->kind != VN_NUMBER_DECIMAL || b->kind != VN_NUMBER_DECIMAL) {
    return add_doubles(a, b, out);
  }
  return a->exponent <= b->exponent ? add_decimals(*a, *b, out) : add_decimals(*b, *a, out);
}

static unsigned put_zeros(char *out, unsigned length, unsigned count) {
  memset(out + length, '0', count);
  return length + count;
}

unsigned vn_decimal_to_text(bool negative, const char *digits, unsigned digit_count, int exponent,
                            char out[64]) {
  VN_ASSERT(digits != NULL && digit_count > 0 && out != NULL);
  unsigned places = exponent < 0 ? (unsigned)-exponent : 0;
  unsigned zeros_before = places >= digit_count ? places - digit_count + 1 : 0;
  unsigned zeros_behind =
      exponent > 0 && !(digit_count == 1 && digits[0] == '0') ? (unsigned)exponent : 0;
  VN_ASSERT(digit_count + zeros_before + zeros_behind + 2u <= TEXT_MAX);
  unsigned length = 0;
  if (negative) {
    out[length++] = '-';
  }
  length = put_zeros(out, length, zeros_before);
  memcpy(out + length, digits, digit_count);
  length = put_zeros(out, length + digit_count, zeros_behind);
  if (places > 0) {
    memmove(out + length - places + 1, out + length - places, places);
    out[length - places] = '.';
    length++;
  }
  return length;
}
