#include "utf8_priv.h"

#include <string.h>

#include "vn/assert.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF. */
static bool second_byte_fits(uint8_t first, uint8_t second) {
  switch (first) {
    case 0xE0u:
      return second >= 0xA0u && second <= 0xBFu;
    case 0xEDu:
      return second >= 0x80u && second <= 0x9Fu;
    case 0xF0u:
      return second >= 0x90u && second <= 0xBFu;
    case 0xF4u:
      return second >= 0x80u && second <= 0x8Fu;
    default:
      return second >= 0x80u && second <= 0xBFu;
  }
}

/* Bytes of the well-formed sequence at bytes[0], 0 if there is none; the first byte is >= 0x80. */
static size_t sequence_length(const uint8_t *bytes, size_t left) {
  uint8_t first = bytes[0];
  size_t length = first >= 0xF0u ? 4u : first >= 0xE0u ? 3u : 2u;
  if (first < 0xC2u || first > 0xF4u || length > left || !second_byte_fits(first, bytes[1])) {
    return 0u;
  }
  for (size_t i = 2; i < length; i++) {
    if ((bytes[i] & 0xC0u) != 0x80u) {
      return 0u;
    }
  }
  return length;
}

bool vn__utf8_valid(const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  size_t i = 0;
  while (i < length) {
    uint64_t word;
    if (length - i >= sizeof word) {
      memcpy(&word, &bytes[i], sizeof word);
      if ((word & HIGH_BITS) == 0) {
        i += sizeof word;
        continue;
      }
    }
    size_t step = bytes[i] < 0x80u ? 1u : sequence_length(&bytes[i], length - i);
    if (step == 0) {
      return false;
    }
    i += step;
  }
  return true;
}
