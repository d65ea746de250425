#include "vn/crc32c.h"

#include "crc32c_priv.h"
#include "vn/assert.h"

uint32_t vn_crc32c(uint32_t crc, const void *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  const uint8_t *next = bytes;
  uint32_t remainder = ~crc;
  for (size_t i = 0; i < length; i++) {
    remainder = (remainder >> 8) ^ vn__crc32c_remainders[(remainder ^ next[i]) & 0xFFu];
  }
  return ~remainder;
}
