#include <string.h>

#include "loader_priv.h"
#include "vn/arith.h"

typedef struct unit {
  const char *word;
  int64_t factor;
} unit_t;

static const unit_t durations[] = {
    {"y", 31536000000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
static const unit_t sizes[] = {
    {"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1000000000},
    {"MB", 1000000},           {"kB", 1000},     {"B", 1},
};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

bool vn__text_is(vn_text_t text, const char *word) {
  return strlen(word) == text.length && memcmp(text.bytes, word, text.length) == 0;
}

static bool is_digit(char character) { return character >= '0' && character <= '9'; }

/* Reads [-]digits; the number of bytes, 0 when there is no number, saturated beyond int64. */
static size_t take_digits(vn_text_t text, int64_t *out, bool *too_big) {
  bool negative = text.length > 0 && text.bytes[0] == '-';
  size_t i = negative;
  uint64_t magnitude = 0;
  *too_big = false;
  for (; i < text.length && is_digit(text.bytes[i]); i++) {
    unsigned digit = (unsigned)(text.bytes[i] - '0');
    if (magnitude > ((uint64_t)INT64_MAX - digit) / 10) {
      *too_big = true;
    } else {
      magnitude = magnitude * 10 + digit;
    }
  }
  *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
  return i == (size_t)negative ? 0 : i;
}

static const unit_t *find_unit(const unit_t *units, size_t count, vn_text_t word) {
  for (size_t i = 0; i < count; i++) {
    if (vn__text_is(word, units[i].word)) {
      return &units[i];
    }
  }
  return NULL;
}

static const char *scale_by(int64_t number, const unit_t *unit, int64_t *out) {
  int64_t bound = INT64_MAX / unit->factor;
  if (number > bound || number < -bound) {
    return "is too large";
  }
  *out = number * unit->factor;
  return NULL;
}

const char *vn__parse_duration(vn_text_t text, int64_t *out_ms) {
  int64_t number;
  bool too_big;
  size_t used = take_digits(text, &number, &too_big);
  if (used == 0) {
    return "is no duration: write a number and its unit, such as 250ms, 60s, 5m, 1h, 7d";
  }
  vn_text_t word = {text.bytes + used, text.length - used};
  if (word.length == 0) {
    return "has no unit: write ms, s, m, h or d behind the number";
  }
  if (word.bytes[0] == '.' || word.bytes[0] == ',') {
    return "has a fraction: use the next smaller unit (1.5h is 90m)";
  }
  const unit_t *unit = find_unit(durations, COUNT_OF(durations), word);
  if (unit == NULL) {
    return "has an unknown unit: use ms, s, m, h, d or y";
  }
  return too_big ? "is too large" : scale_by(number, unit, out_ms);
}

const char *vn__parse_size(vn_text_t text, int64_t *out_bytes) {
  int64_t number;
  bool too_big;
  size_t used = take_digits(text, &number, &too_big);
  if (used == 0) {
    return "is no size: write a number and its unit, such as 64KiB, 4MiB, 500kB";
  }
  vn_text_t word = {text.bytes + used, text.length - used};
  if (word.length == 0) {
    return "has no unit: write B, KiB, MiB, GiB, kB, MB or GB behind the number";
  }
  const unit_t *unit = find_unit(sizes, COUNT_OF(sizes), word);
  if (unit == NULL) {
    return "has an unknown unit: use B, KiB, MiB, GiB, kB, MB or GB";
  }
  return too_big ? "is too large" : scale_by(number, unit, out_bytes);
}

const char *vn__parse_integer(vn_text_t text, int64_t *out) {
  bool too_big;
  size_t used = take_digits(text, out, &too_big);
  if (used == 0 || used != text.length) {
    return "is no whole number";
  }
  size_t first = text.bytes[0] == '-';
  if (text.length > first + 1 && text.bytes[first] == '0') {
    return "has leading zeros: remove them";
  }
  return too_big ? "is too large" : NULL;
}

const char *vn__parse_decimal(vn_text_t text, vn_number_t *out) {
  if (vn_number_from_text(text.bytes, text.length, out) == VN_REASON_NONE) {
    return out->inexact ? "has more digits than can be kept exactly" : NULL;
  }
  if (memchr(text.bytes, ',', text.length) != NULL) {
    return "is no decimal number: write a point, no comma";
  }
  if (text.length > 1 && (text.bytes[0] == '0' || text.bytes[0] == '+')) {
    return "is no decimal number: no sign + and no leading zeros";
  }
  return "is no decimal number, such as 80, -12.5 or 0.01";
}

static const char *with_unit(vn__loader_t *loader, int64_t number, const unit_t *units,
                             size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (number != 0 && number % units[i].factor == 0) {
      return vn__format(loader, "%lld%s", (long long)(number / units[i].factor), units[i].word);
    }
  }
  return vn__format(loader, "%lld%s", (long long)number, units[count - 1].word);
}

const char *vn__duration_text(vn__loader_t *loader, int64_t ms) {
  return ms == 0 ? "0s" : with_unit(loader, ms, durations, COUNT_OF(durations));
}

const char *vn__size_text(vn__loader_t *loader, int64_t bytes) {
  static const unit_t binary[] = {
      {"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};
  return with_unit(loader, bytes, binary, COUNT_OF(binary));
}

const char *vn__decimal_text(vn__loader_t *loader, int64_t value, int exponent) {
  char digits[24];
  char text[64];
  uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)magnitude);
  VN_ASSERT(length > 0);
  unsigned used = vn_decimal_to_text(value < 0, digits, (unsigned)length, exponent, text);
  return vn__arena_text(&loader->arena, text, used);
}
