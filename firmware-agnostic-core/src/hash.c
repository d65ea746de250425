#include "vn/hash.h"

#include "vn/assert.h"

static uint32_t rotate_left(uint32_t x, unsigned bits) { return (x << bits) | (x >> (32u - bits)); }

/* Byte by byte, so that any alignment and byte order give the same hash; compilers make one load.
 */
static uint32_t load_little_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

static uint32_t mix_block(uint32_t block) {
  return rotate_left(block * UINT32_C(0xCC9E2D51), 15) * UINT32_C(0x1B873593);
}

uint32_t vn_murmur3_32(const void *bytes, size_t length, uint32_t seed) {
  VN_ASSERT(bytes != NULL || length == 0);
  const uint8_t *next = bytes;
  uint32_t hash = seed;
  size_t left = length;
  for (; left >= 4; left -= 4, next += 4) {
    hash = rotate_left(hash ^ mix_block(load_little_endian(next)), 13) * 5 + UINT32_C(0xE6546B64);
  }
  uint32_t tail = 0;
  while (left > 0) {
    left--;
    tail = tail << 8 | next[left];
  }
  hash ^= mix_block(tail);
  hash ^= (uint32_t)length;
  hash = (hash ^ (hash >> 16)) * UINT32_C(0x85EBCA6B);
  hash = (hash ^ (hash >> 13)) * UINT32_C(0xC2B2AE35);
  return hash ^ (hash >> 16);
}
