/* Numbers of the JSON writer: exact decimals, and quotients by long division. */
#include "json_writer_priv.h"
#include "vn/assert.h"
#include "vn/json_writer.h"

#include <float.h>
#include <string.h>

VN_STATIC_ASSERT(DBL_MANT_DIG == 53, "doubles are IEEE binary64");

#define SIGNIFICANT 17u
#define DIGITS_MAX 40u
#define DOUBLE_SHIFT_MAX 120u /* a remainder below 2^120, times ten, stays below 2^124 */

/* digits * 10^exponent, and something smaller than the last digit if `rest`. */
typedef struct decimal {
  char digits[DIGITS_MAX];
  unsigned count;
  int exponent;
  bool rest;
} decimal_t;

static void put_zeros(vn_json_writer_t *writer, unsigned count) {
  static const char zeros[] = "0000000000000000";
  while (count > 0) {
    unsigned piece = count < sizeof zeros - 1 ? count : (unsigned)sizeof zeros - 1;
    vn__json_put(writer, zeros, piece);
    count -= piece;
  }
}

/* Places the digits without an exponent: 21.37, 0.0037, 2100. */
static void put_decimal(vn_json_writer_t *writer, bool negative, const decimal_t *decimal) {
  unsigned count = decimal->count;
  int exponent = decimal->exponent;
  while (count > 0 && decimal->digits[count - 1] == '0') {
    count--;
    exponent++;
  }
  vn__json_item(writer);
  if (count == 0) {
    vn__json_put(writer, "0", 1);
    return;
  }
  if (negative) {
    vn__json_put(writer, "-", 1);
  }
  if (exponent >= 0) {
    vn__json_put(writer, decimal->digits, count);
    put_zeros(writer, (unsigned)exponent);
    return;
  }
  unsigned places = (unsigned)-exponent;
  unsigned whole = count > places ? count - places : 0;
  if (whole > 0) {
    vn__json_put(writer, decimal->digits, whole);
    vn__json_put(writer, ".", 1);
  } else {
    vn__json_put(writer, "0.", 2);
    put_zeros(writer, places - count);
  }
  vn__json_put(writer, decimal->digits + whole, count - whole);
}

/* Leading zeros are no digits. */
static void start(decimal_t *decimal, vn_u128_t whole) {
  decimal->count = (whole.high | whole.low) == 0 ? 0 : vn_u128_to_text(whole, decimal->digits);
  decimal->exponent = 0;
  decimal->rest = false;
}

static void append(decimal_t *decimal, unsigned digit) {
  VN_ASSERT(digit <= 9);
  if (decimal->count > 0 || digit > 0) {
    decimal->digits[decimal->count++] = (char)('0' + (int)digit);
  }
  decimal->exponent--;
}

static bool rounds_up(const decimal_t *decimal) {
  char guard = decimal->digits[SIGNIFICANT];
  if (guard != '5') {
    return guard > '5';
  }
  for (unsigned i = SIGNIFICANT + 1; i < decimal->count; i++) {
    if (decimal->digits[i] != '0') {
      return true;
    }
  }
  return decimal->rest || (decimal->digits[SIGNIFICANT - 1] - '0') % 2 != 0;
}

/* Half to even. */
static void round_digits(decimal_t *decimal) {
  if (decimal->count <= SIGNIFICANT) {
    VN_ASSERT(!decimal->rest);
    return;
  }
  bool up = rounds_up(decimal);
  decimal->exponent += (int)(decimal->count - SIGNIFICANT);
  decimal->count = SIGNIFICANT;
  while (up && decimal->count > 0) {
    char *last = &decimal->digits[decimal->count - 1];
    if (*last < '9') {
      *last = (char)(*last + 1);
      return;
    }
    decimal->count--;
    decimal->exponent++;
  }
  if (decimal->count == 0) {
    decimal->digits[0] = '1';
    decimal->count = 1;
  }
}

static uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static void put_signed(vn_json_writer_t *writer, bool negative, vn_u128_t value, int exponent) {
  decimal_t decimal;
  start(&decimal, value);
  decimal.exponent = exponent;
  put_decimal(writer, negative, &decimal);
}

void vn_json_unsigned(vn_json_writer_t *writer, uint64_t value) {
  char digits[20];
  unsigned begin = sizeof digits;
  do {
    digits[--begin] = (char)('0' + (int)(value % 10));
    value /= 10;
  } while (value != 0);
  vn__json_item(writer);
  vn__json_put(writer, digits + begin, sizeof digits - begin);
}

void vn_json_integer(vn_json_writer_t *writer, int64_t value) {
  if (value < 0) {
    vn__json_item(writer);
    vn__json_put(writer, "-", 1);
    writer->comma = false;
  }
  vn_json_unsigned(writer, magnitude(value));
}

void vn_json_decimal(vn_json_writer_t *writer, int64_t value, int exponent) {
  vn_u128_t wide = {0, magnitude(value)};
  put_signed(writer, value < 0, wide, exponent);
}

void vn_json_decimal_u128(vn_json_writer_t *writer, vn_u128_t value, int exponent) {
  put_signed(writer, false, value, exponent);
}

void vn_json_ratio(vn_json_writer_t *writer, bool negative, vn_u128_t numerator,
                   uint64_t denominator, int exponent) {
  VN_ASSERT(denominator > 0);
  decimal_t decimal;
  uint64_t remainder;
  start(&decimal, vn_u128_div_u64(numerator, denominator, &remainder));
  while (remainder != 0 && decimal.count <= SIGNIFICANT) {
    vn_u128_t digit = vn_u128_div_u64(vn_u128_mul(remainder, 10), denominator, &remainder);
    append(&decimal, (unsigned)digit.low);
  }
  decimal.rest = remainder != 0;
  round_digits(&decimal);
  decimal.exponent += exponent;
  put_decimal(writer, negative, &decimal);
}

static vn_u128_t shift_left(uint64_t value, unsigned shift) {
  vn_u128_t out = {0, value};
  if (shift >= 64) {
    out.high = value << (shift - 64);
    out.low = 0;
  } else if (shift > 0) {
    out.high = value >> (64 - shift);
    out.low = value << shift;
  }
  return out;
}

static vn_u128_t shift_right(vn_u128_t value, unsigned shift) {
  vn_u128_t out = value;
  if (shift >= 64) {
    out.low = value.high >> (shift - 64);
    out.high = 0;
  } else if (shift > 0) {
    out.low = value.low >> shift | value.high << (64 - shift);
    out.high = value.high >> shift;
  }
  return out;
}

/* mantissa / 2^shift: its remainders fit 128 bits, where a ratio's denominator would not fit 64. */
static void divide_by_power(decimal_t *decimal, uint64_t mantissa, unsigned shift) {
  VN_ASSERT(shift <= DOUBLE_SHIFT_MAX);
  vn_u128_t remainder = {0, mantissa};
  vn_u128_t whole = shift_right(remainder, shift);
  remainder = vn_u128_sub(remainder, shift_left(whole.low, shift));
  start(decimal, whole);
  while ((remainder.high | remainder.low) != 0 && decimal->count <= SIGNIFICANT) {
    remainder = vn_u128_mul_u32(remainder, 10);
    uint64_t digit = shift_right(remainder, shift).low;
    remainder = vn_u128_sub(remainder, shift_left(digit, shift));
    append(decimal, (unsigned)digit);
  }
  decimal->rest = (remainder.high | remainder.low) != 0;
}

void vn_json_double(vn_json_writer_t *writer, double value, int exponent) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  bool negative = bits >> 63 != 0;
  unsigned biased = (unsigned)(bits >> 52) & 0x7FFu;
  decimal_t decimal;
  if (bits << 1 == 0) {
    vn_u128_t zero = {0, 0};
    start(&decimal, zero);
  } else {
    uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    VN_ASSERT(biased >= 1023 - 64 && biased <= 1023 + 63);
    int power = (int)biased - 1075;
    if (power >= 0) {
      start(&decimal, shift_left(mantissa, (unsigned)power));
    } else {
      divide_by_power(&decimal, mantissa, (unsigned)-power);
    }
  }
  round_digits(&decimal);
  decimal.exponent += exponent;
  put_decimal(writer, negative, &decimal);
}
