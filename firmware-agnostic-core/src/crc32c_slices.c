/* Eight bytes a step, from 8 KiB of tables (slicing-by-8, Kounavis and Berry 2005); crc32c.c is the
 * same in 1 KiB. */
#include "vn/crc32c.h"

#include "crc32c_priv.h"
#include "crc32c_slices_priv.h"
#include "vn/assert.h"

/* Byte by byte: right in any order of bytes and at any address; compilers make one load of it. */
static uint32_t little_endian(const uint8_t *from) {
  return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
         (uint32_t)from[3] << 24;
}

/* What is left of a byte of a word, with `behind` > 0 bytes behind it in this step. */
static inline uint32_t left(uint32_t word, uint32_t shift, uint32_t behind) {
  return vn__crc32c_behind[256u * (behind - 1u) + (word >> shift & 0xFFu)];
}

uint32_t vn_crc32c(uint32_t crc, const void *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  const uint8_t *next = bytes;
  uint32_t remainder = ~crc;
  for (; length >= VN__CRC32C_SLICES; length -= VN__CRC32C_SLICES) {
    uint32_t low = little_endian(next) ^ remainder;
    uint32_t high = little_endian(next + 4);
    remainder = left(low, 0, 7) ^ left(low, 8, 6) ^ left(low, 16, 5) ^ left(low, 24, 4) ^
                left(high, 0, 3) ^ left(high, 8, 2) ^ left(high, 16, 1) ^
                vn__crc32c_remainders[high >> 24];
    next += VN__CRC32C_SLICES;
  }
  for (; length > 0; length--) {
    remainder = (remainder >> 8) ^ vn__crc32c_remainders[(remainder ^ *next++) & 0xFFu];
  }
  return ~remainder;
}
