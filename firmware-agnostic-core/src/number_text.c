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

/* Takes the exponent at `at` (behind the e) to the end of the text; false when it is malformed. */
static bool take_exponent(const uint8_t *at, const uint8_t *end, int64_t *exponent) {
  bool negative = at < end && *at == '-';
  at += at < end && (*at == '-' || *at == '+');
  if (at == end) {
    return false;
  }
  int64_t value = 0;
  for (; at < end; at++) {
    unsigned digit = (unsigned)*at - '0';
    if (digit > 9) {
      return false;
    }
    /* Far beyond the length of any text, so that "0.00...1e200000" comes out right. */
    if (value < INT64_C(100000000000000000)) {
      value = value * 10 + digit;
    }
  }
  *exponent += negative ? -value : value;
  return true;
}

/* Splits by JSON's grammar; false when the text is something else. */
static bool split(const uint8_t *text, const uint8_t *end, parts_t *out) {
  const uint8_t *at = text;
  out->negative = at < end && *at == '-';
  at += out->negative;
  out->digits = at;
  out->mantissa = 0;
  out->exponent = 0;
  at = take_digits(at, end, &out->mantissa);
  out->digit_count = (size_t)(at - out->digits);
  if (out->digit_count == 0 || (out->digit_count > 1 && *out->digits == '0')) {
    return false;
  }
  if (at < end && *at == '.') {
    const uint8_t *fraction = at + 1;
    at = take_digits(fraction, end, &out->mantissa);
    if (at == fraction) {
      return false;
    }
    out->exponent = -(int64_t)(at - fraction);
    out->digit_count += (size_t)(at - fraction);
  }
  out->digits_end = at;
  return at == end || ((*at | 0x20u) == 'e' && take_exponent(at + 1, end, &out->exponent));
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

vn_reason_t vn_number_from_text(const char *text, size_t length, vn_number_t *out) {
  VN_ASSERT(text != NULL || length == 0);
  VN_ASSERT(out != NULL);
  const uint8_t *bytes = (const uint8_t *)text;
  parts_t parts;
  if (length == 0 || !split(bytes, bytes + length, &parts)) {
    return refusal(bytes, length);
  }
  bool inexact = parts.digit_count > DIGITS_SAFE && take_long_mantissa(&parts);
  int64_t exponent = parts.exponent;
  if (exponent > EXPONENT_LIMIT) {
    exponent = EXPONENT_LIMIT;
  } else if (exponent < -EXPONENT_LIMIT) {
    exponent = -EXPONENT_LIMIT;
  }
  *out = (vn_number_t){.kind = VN_NUMBER_DECIMAL, .exponent = (int32_t)exponent};
  out->mantissa = vn__signed(parts.mantissa, parts.negative);
  out->inexact = inexact;
  return VN_REASON_NONE;
}
