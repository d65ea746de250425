#include "damage.h"

#include <string.h>

enum { CONTINUES = 0x80, NUMBER_MAX = 10 };

/* Often at the ends of what types hold. */
static uint64_t any_number(prng_t *prng) {
  uint64_t low = UINT64_C(1) << prng_below(prng, 64);
  switch (prng_below(prng, 4)) {
    case 0:
      return prng_below(prng, 4);
    case 1:
      return UINT64_MAX - prng_below(prng, 2);
    case 2:
      return low - prng_below(prng, 2);
    default:
      return prng_u64(prng) & (low - 1);
  }
}

static size_t write_number(uint64_t number, uint8_t out[NUMBER_MAX]) {
  size_t length = 0;
  for (; number >= CONTINUES; number >>= 7) {
    out[length++] = (uint8_t)(number | CONTINUES);
  }
  out[length++] = (uint8_t)number;
  return length;
}

static size_t replace_number(prng_t *prng, uint8_t *bytes, size_t length, size_t capacity) {
  uint8_t number[NUMBER_MAX];
  size_t written = write_number(any_number(prng), number);
  size_t start = prng_below(prng, (uint32_t)length);
  size_t end = start;
  while (end + 1 < length && (bytes[end] & CONTINUES) != 0) {
    end++;
  }
  size_t rest = length - (end + 1);
  if (start + written + rest > capacity) {
    return length - 1;
  }
  memmove(bytes + start + written, bytes + end + 1, rest);
  memcpy(bytes + start, number, written);
  return start + written + rest;
}

size_t damage(prng_t *prng, uint8_t *bytes, size_t length, size_t capacity) {
  if (length == 0) {
    return 0;
  }
  switch (prng_below(prng, 8)) {
    case 0:
      return prng_below(prng, (uint32_t)length);
    case 1:
      if (length < capacity) {
        bytes[length++] = (uint8_t)prng_next(prng);
      }
      return length;
    case 2:
      bytes[prng_below(prng, (uint32_t)length)] ^= (uint8_t)(1u << prng_below(prng, 8));
      return length;
    default:
      return replace_number(prng, bytes, length, capacity);
  }
}
