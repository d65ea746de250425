#include "vn/number.h"

#include <string.h>

#include "number_priv.h"

#define EXPONENT_LIMIT 100000
#define DIGITS_SAFE 18 /* any number of so many digits fits into int64 */

/* The largest magnitude is 922337203685477580|7, or |8 with a minus sign. */
#define MAGNITUDE_TENTH ((uint64_t)INT64_MAX / 10u)

/* The parts of a number's text: [digits, digits_end) contains the point. */
typedef struct parts {
  const uint8_t *digits;
  const uint8_t *digits_end;
  uint64_t mantissa; /* modulo 2^64 */
  int64_t exponent;
  size_t digit_count;
  bool negative;
} parts_t;

static bool same_word(const uint8_t *text, size_t length, const char *word) {
  if (length != strlen(word)) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    if ((text[i] | 0x20u) != (uint8_t)word[i]) {
      return false;
    }
  }
  return true;
}

/* Why a text is not a number. */
static vn_reason_t refusal(const uint8_t *text, size_t length) {
  if (length > 0 && (*text == '-' || *text == '+')) {
    text++;
    length--;
  }
  if (same_word(text, length, "nan")) {
    return VN_REASON_NAN;
  }
  if (same_word(text, length, "inf") || same_word(text, length, "infinity")) {
    return VN_REASON_INF;
  }
  return VN_REASON_NUMBER;
}

/* Takes a run of digits into the mantissa; returns its end. */
static const uint8_t *take_digits(const uint8_t *at, const uint8_t *end, uint64_t *mantissa) {
  uint64_t value = *mantissa;
  while (at < end) {
    unsigned digit = (unsigned)*at - '0';
    if (digit > 9) {
      break;
    }
    value = value * 10 + digit;
    at++;
  }
  *mantissa = value;
  return at;
}

/* Takes the exponent at `at` (behind the e); returns its end, or `at` when it has no digit. */
static const uint8_t *take_exponent(const uint8_t *at, const uint8_t *end, int64_t *exponent) {
  bool negative = at < end && *at == '-';
  const uint8_t *digits = at + (at < end && (*at == '-' || *at == '+'));
  const uint8_t *next = digits;
  int64_t value = 0;
  for (; next < end && (unsigned)*next - '0' <= 9; next++) {
    /* Far beyond the length of any text, so that "0.00...1e200000" comes out right. */
    if (value < INT64_C(100000000000000000)) {
      value = value * 10 + (*next - '0');
    }
  }
  *exponent += negative ? -value : value;
  return next == digits ? at : next;
}

/* Takes the point and the digits behind it; returns their end, or `at` when there are none. */
static const uint8_t *take_fraction(const uint8_t *at, const uint8_t *end, parts_t *out) {
  const uint8_t *fraction = at + 1;
  const uint8_t *next = take_digits(fraction, end, &out->mantissa);
  out->exponent = -(int64_t)(next - fraction);
  out->digit_count += (size_t)(next - fraction);
  return next == fraction ? at : next;
}

/* Takes the sign and the integer part; NULL when there is none, with *bad where it should be. */
static const uint8_t *take_integer(const uint8_t *at, const uint8_t *end, parts_t *out,
                                   const uint8_t **bad) {
  out->negative = at < end && *at == '-';
  out->digits = at + out->negative;
  out->mantissa = 0;
  out->exponent = 0;
  at = take_digits(out->digits, end, &out->mantissa);
  out->digit_count = (size_t)(at - out->digits);
  bool padded = out->digit_count > 1 && *out->digits == '0';
  *bad = padded ? out->digits + 1 : at;
  return out->digit_count == 0 || padded ? NULL : at;
}

/*
 * Splits the number at the start of a text by JSON's grammar. Returns its end, or NULL when there
 * is none; *bad is then where it stops to be one.
 */
static const uint8_t *split(const uint8_t *at, const uint8_t *end, parts_t *out,
                            const uint8_t **bad) {
  at = take_integer(at, end, out, bad);
  if (at == NULL) {
    return NULL;
  }
  if (at < end && *at == '.') {
    *bad = at + 1;
    const uint8_t *next = take_fraction(at, end, out);
    if (next == at) {
      return NULL;
    }
    at = next;
  }
  out->digits_end = at;
  if (at < end && (*at | 0x20u) == 'e') {
    *bad = at + 1;
    at = take_exponent(at + 1, end, &out->exponent);
    return at == *bad ? NULL : at;
  }
  return at;
}

/* Reads the mantissa again, keeping the leading digits that fit into int64. */
static bool take_long_mantissa(parts_t *parts) {
  uint64_t value = 0;
  size_t dropped = 0;
  bool inexact = false;
  unsigned last_digit = parts->negative ? 8 : 7;
  for (const uint8_t *at = parts->digits; at < parts->digits_end; at++) {
    if (*at == '.') {
      continue;
    }
    unsigned digit = (unsigned)*at - '0';
    bool fits = value < MAGNITUDE_TENTH || (value == MAGNITUDE_TENTH && digit <= last_digit);
    if (dropped == 0 && fits) {
      value = value * 10 + digit;
    } else {
      dropped++;
      inexact = inexact || digit != 0;
    }
  }
  parts->mantissa = value;
  parts->exponent += (int64_t)dropped;
  return inexact;
}

static void make(parts_t *parts, vn_number_t *out) {
  bool inexact = parts->digit_count > DIGITS_SAFE && take_long_mantissa(parts);
  int64_t exponent = parts->exponent;
  if (exponent > EXPONENT_LIMIT) {
    exponent = EXPONENT_LIMIT;
  } else if (exponent < -EXPONENT_LIMIT) {
    exponent = -EXPONENT_LIMIT;
  }
  out->binary = 0.0;
  out->mantissa = vn__signed(parts->mantissa, parts->negative);
  out->exponent = (int32_t)exponent;
  out->kind = VN_NUMBER_DECIMAL;
  out->inexact = inexact;
}

/* A number of any length, with exponent or without; returns its length. */
static size_t take_any(const uint8_t *text, const uint8_t *end, vn_number_t *out) {
  parts_t parts;
  const uint8_t *bad;
  const uint8_t *next = split(text, end, &parts, &bad);
  VN_ASSERT(next != NULL);
  make(&parts, out);
  return (size_t)(next - text);
}

size_t vn__number_prefix(const uint8_t *text, size_t length, vn_number_t *out) {
  VN_ASSERT(text != NULL && length > 0);
  const uint8_t *end = text + length;
  bool negative = *text == '-';
  const uint8_t *digits = text + negative;
  uint64_t mantissa = 0;
  const uint8_t *at = take_digits(digits, end, &mantissa);
  int32_t places = 0;
  if (at < end && *at == '.') {
    const uint8_t *fraction = at + 1;
    at = take_digits(fraction, end, &mantissa);
    places = (int32_t)(at - fraction);
  }
  if (at - digits > DIGITS_SAFE || (at < end && (*at | 0x20u) == 'e')) {
    return take_any(text, end, out);
  }
  *out = (vn_number_t){0.0, vn__signed(mantissa, negative), -places, VN_NUMBER_DECIMAL, false};
  return (size_t)(at - text);
}

size_t vn__number_stop(const uint8_t *text, size_t length) {
  VN_ASSERT(text != NULL);
  parts_t parts;
  const uint8_t *bad;
  const uint8_t *end = split(text, text + length, &parts, &bad);
  return (size_t)((end == NULL ? bad : end) - text);
}

vn_reason_t vn_number_from_text(const char *text, size_t length, vn_number_t *out) {
  VN_ASSERT(text != NULL || length == 0);
  VN_ASSERT(out != NULL);
  const uint8_t *bytes = (const uint8_t *)text;
  parts_t parts;
  const uint8_t *bad;
  if (length == 0 || split(bytes, bytes + length, &parts, &bad) != bytes + length) {
    return refusal(bytes, length);
  }
  make(&parts, out);
  return VN_REASON_NONE;
}
