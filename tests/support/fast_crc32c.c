#include "fast_crc32c.h"

#include <stdbool.h>

#include "vn/crc32c.h"

enum { SLICES = 8 };

static uint32_t tables[SLICES][256];
static bool ready;

static uint32_t by_definition(uint32_t crc, const uint8_t *bytes, size_t length) {
  uint32_t remainder = ~crc;
  for (size_t i = 0; i < length * 8u; i++) {
    uint32_t bit = (remainder ^ (uint32_t)bytes[i / 8u] >> i % 8u) & 1u;
    remainder = remainder >> 1 ^ (bit != 0 ? UINT32_C(0x82F63B78) : 0);
  }
  return ~remainder;
}

static void prepare(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint8_t byte = (uint8_t)i;
    tables[0][i] = ~by_definition(UINT32_MAX, &byte, 1);
  }
  for (uint32_t i = 0; i < 256; i++) {
    for (uint32_t k = 1; k < SLICES; k++) {
      uint32_t before = tables[k - 1u][i];
      tables[k][i] = before >> 8 ^ tables[0][before & 0xFFu];
    }
  }
  ready = true;
}

static uint32_t word(const uint8_t *from) {
  return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
         (uint32_t)from[3] << 24;
}

uint32_t vn_crc32c(uint32_t crc, const void *bytes, size_t length) {
  const uint8_t *next = bytes;
  uint32_t remainder = ~crc;
  if (!ready) {
    prepare();
  }
  for (; length >= SLICES; length -= SLICES, next += SLICES) {
    uint32_t low = word(next) ^ remainder;
    uint32_t high = word(next + 4);
    remainder = tables[7][low & 0xFFu] ^ tables[6][low >> 8 & 0xFFu] ^
                tables[5][low >> 16 & 0xFFu] ^ tables[4][low >> 24] ^ tables[3][high & 0xFFu] ^
                tables[2][high >> 8 & 0xFFu] ^ tables[1][high >> 16 & 0xFFu] ^
                tables[0][high >> 24];
  }
  for (; length > 0; length--, next++) {
    remainder = remainder >> 8 ^ tables[0][(remainder ^ *next) & 0xFFu];
  }
  return ~remainder;
}

const char *fast_crc32c_check(void) {
  uint8_t bytes[64];
  if (vn_crc32c(0, "123456789", 9) != UINT32_C(0xE3069283)) {
    return "the known answer";
  }
  for (uint32_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)(i * i * 37u + 11u);
  }
  for (uint32_t length = 0; length <= sizeof bytes; length++) {
    if (vn_crc32c(length, bytes, length) != by_definition(length, bytes, length)) {
      return "a length that differs from the definition";
    }
  }
  return NULL;
}
