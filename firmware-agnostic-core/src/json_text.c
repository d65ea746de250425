#include <string.h>

#include "json_priv.h"

/* The value of four hexadecimal digits, or -1. */
static int32_t hex4(const uint8_t *at) {
  int32_t value = 0;
  for (unsigned i = 0; i < 4; i++) {
    uint8_t byte = at[i];
    if (byte >= '0' && byte <= '9') {
      value = value * 16 + (byte - '0');
    } else if ((byte | 0x20u) >= 'a' && (byte | 0x20u) <= 'f') {
      value = value * 16 + (int32_t)((byte | 0x20u) - 'a') + 10;
    } else {
      return -1;
    }
  }
  return value;
}

static bool is_high_surrogate(int32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }

static bool is_low_surrogate(int32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/* The code unit of the \uXXXX at `at`, or -1. */
static int32_t code_unit(const uint8_t *at, const uint8_t *end) {
  return end - at < 6 || at[0] != '\\' || at[1] != 'u' ? -1 : hex4(at + 2);
}

/*
 * Reads \uXXXX, or a surrogate pair of them, at `at` (the backslash). Returns the number of bytes
 * taken, 0 for bad digits, a cut or a lone surrogate.
 */
static size_t unicode_escape(const uint8_t *at, const uint8_t *end, uint32_t *code_point) {
  int32_t first = code_unit(at, end);
  if (first < 0 || is_low_surrogate(first)) {
    return 0;
  }
  *code_point = (uint32_t)first;
  if (!is_high_surrogate(first)) {
    return 6;
  }
  int32_t second = code_unit(at + 6, end);
  if (!is_low_surrogate(second)) {
    return 0;
  }
  *code_point = 0x10000u + (((uint32_t)first - 0xD800u) << 10) + ((uint32_t)second - 0xDC00u);
  return 12;
}

/* The byte that a one-letter escape stands for; 0: no such escape. */
static uint8_t short_escape(uint8_t letter) {
  static const char kLetters[] = "\"\\/bfnrt";
  static const uint8_t kBytes[] = {'"', '\\', '/', 8, 12, 10, 13, 9};
  for (unsigned i = 0; i < sizeof kBytes; i++) {
    if (letter == (uint8_t)kLetters[i]) {
      return kBytes[i];
    }
  }
  return 0;
}

size_t vn__json_escape_length(const uint8_t *at, const uint8_t *end) {
  uint32_t unused;
  if (end - at < 2) {
    return 0;
  }
  if (at[1] == 'u') {
    return unicode_escape(at, end, &unused);
  }
  return short_escape(at[1]) != 0 ? 2 : 0;
}

static size_t utf8_write(uint32_t code_point, uint8_t out[4]) {
  static const uint8_t kLead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
  if (code_point < 0x80) {
    out[0] = (uint8_t)code_point;
    return 1;
  }
  size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (size_t i = length - 1; i > 0; i--) {
    out[i] = (uint8_t)(0x80u | (code_point & 0x3Fu));
    code_point >>= 6;
  }
  out[0] = (uint8_t)(kLead[length] | code_point);
  return length;
}

/* Unescapes what is at `at` into bytes[*written]; returns the number of bytes taken, 0 if none. */
static size_t unescape_one(const uint8_t *at, const uint8_t *end, uint8_t bytes[4],
                           size_t *written) {
  *written = 1;
  bytes[0] = *at;
  if (*at != '\\') {
    return 1;
  }
  if (end - at < 2) {
    return 0;
  }
  if (at[1] == 'u') {
    uint32_t code_point = 0;
    size_t taken = unicode_escape(at, end, &code_point);
    *written = utf8_write(code_point, bytes);
    return taken;
  }
  bytes[0] = short_escape(at[1]);
  return bytes[0] == 0 ? 0 : 2;
}

vn_reason_t vn_json_unescape(vn_text_t raw, char *out, size_t capacity, size_t *length) {
  VN_ASSERT(raw.bytes != NULL || raw.length == 0);
  VN_ASSERT(length != NULL && (out != NULL || capacity == 0));
  const uint8_t *at = (const uint8_t *)raw.bytes;
  const uint8_t *end = at + raw.length;
  size_t used = 0;
  while (at < end) {
    uint8_t bytes[4];
    size_t written;
    size_t taken = unescape_one(at, end, bytes, &written);
    if (taken == 0) {
      return VN_REASON_UTF8;
    }
    if (capacity - used < written) {
      return VN_REASON_LIMIT;
    }
    memcpy(out + used, bytes, written);
    used += written;
    at += taken;
  }
  *length = used;
  return VN_REASON_NONE;
}

bool vn__json_same_text(vn_text_t raw, vn_text_t plain) {
  VN_ASSERT(raw.bytes != NULL || raw.length == 0);
  const uint8_t *at = (const uint8_t *)raw.bytes;
  const uint8_t *end = at + raw.length;
  size_t used = 0;
  while (at < end) {
    uint8_t bytes[4];
    size_t written;
    size_t taken = unescape_one(at, end, bytes, &written);
    if (taken == 0 || plain.length - used < written ||
        memcmp(plain.bytes + used, bytes, written) != 0) {
      return false;
    }
    used += written;
    at += taken;
  }
  return used == plain.length;
}
