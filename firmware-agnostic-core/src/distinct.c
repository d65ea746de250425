#include "distinct_priv.h"
#include "vn/hash.h"

#include <string.h>

/* Five bits: the 2^32 values that there can be leave hardly a longer run in one of 64 registers. A
 * bit that is set where the longest rank ends stops the search. */
#define RANK_MAX 31u
#define RANK_STOP (UINT64_C(1) << (64u - RANK_MAX))
#define GROUP 8u
#define GROUP_BYTES 5u

static uint32_t registers_of(const vn_distinct_t *distinct) {
  VN_ASSERT(distinct != NULL && distinct->registers != NULL);
  VN_ASSERT(distinct->register_count == VN_DISTINCT_REGISTERS_FEW ||
            distinct->register_count == VN_DISTINCT_REGISTERS_MANY);
  return distinct->register_count;
}

void vn_distinct_clear(const vn_distinct_t *distinct) {
  memset(distinct->registers, 0, registers_of(distinct));
}

void vn_distinct_add(const vn_distinct_t *distinct, int32_t value) {
  uint32_t registers = registers_of(distinct);
  uint64_t hash = vn_splitmix64((uint64_t)(int64_t)value);
  uint32_t place = (uint32_t)hash & (registers - 1u);
  uint8_t rank = 1;
  for (hash |= RANK_STOP; hash >> 63 == 0; rank++) {
    hash <<= 1;
  }
  if (rank > distinct->registers[place]) {
    distinct->registers[place] = rank;
  }
}

void vn_distinct_merge(const vn_distinct_t *into, const vn_distinct_t *other) {
  uint32_t registers = registers_of(into);
  VN_ASSERT(registers_of(other) == registers);
  for (uint32_t i = 0; i < registers; i++) {
    if (other->registers[i] > into->registers[i]) {
      into->registers[i] = other->registers[i];
    }
  }
}

/* x + the sum of x^(2^k) 2^(k-1) over k >= 1, for 0 <= x < 1; both with 32 bits of fraction. */
static uint64_t empty_share(uint64_t x) {
  uint64_t sum = x;
  uint64_t weight = 1;
  while (x != 0) {
    x = x * x >> 32;
    sum += x * weight;
    weight *= 2;
  }
  return sum;
}

uint64_t vn_distinct_result(const vn_distinct_t *distinct) {
  const uint64_t factor = 47274; /* 1 / (2 ln 2), 16 bits of fraction */
  uint32_t registers = registers_of(distinct);
  uint32_t empty = 0;
  uint64_t sum = 0; /* of 2^-rank, 32 bits of fraction */
  for (uint32_t i = 0; i < registers; i++) {
    uint8_t rank = distinct->registers[i];
    empty += rank == 0;
    sum += rank == 0 ? 0 : UINT64_C(1) << (32u - rank);
  }
  if (empty == registers) {
    return 0;
  }
  sum += registers * empty_share(((uint64_t)empty << 32) / registers);
  uint64_t estimate = (factor * registers * registers << 32) / sum;
  return (estimate + UINT32_C(0x8000)) >> 16;
}

void vn__distinct_pack(vn__packer_t *packer, const vn_distinct_t *distinct) {
  uint32_t registers = registers_of(distinct);
  for (uint32_t i = 0; i < registers; i += GROUP) {
    uint64_t bits = 0;
    for (uint32_t j = 0; j < GROUP; j++) {
      bits |= (uint64_t)distinct->registers[i + j] << (GROUP_BYTES * j);
    }
    uint8_t bytes[GROUP_BYTES];
    for (uint32_t j = 0; j < GROUP_BYTES; j++) {
      bytes[j] = (uint8_t)(bits >> (8u * j) & 0xFFu);
    }
    vn__pack_bytes(packer, bytes, GROUP_BYTES);
  }
}

void vn__distinct_unpack(vn__unpacker_t *unpacker, const vn_distinct_t *distinct) {
  uint32_t registers = registers_of(distinct);
  for (uint32_t i = 0; i < registers; i += GROUP) {
    uint8_t bytes[GROUP_BYTES];
    vn__unpack_bytes(unpacker, bytes, GROUP_BYTES);
    uint64_t bits = 0;
    for (uint32_t j = 0; j < GROUP_BYTES; j++) {
      bits |= (uint64_t)bytes[j] << (8u * j);
    }
    for (uint32_t j = 0; j < GROUP; j++) {
      distinct->registers[i + j] = (uint8_t)(bits >> (GROUP_BYTES * j) & RANK_MAX);
    }
  }
}

size_t vn_distinct_save(const vn_distinct_t *distinct, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__distinct_pack(&packer, distinct);
  return packer.length;
}

vn_err_t vn_distinct_load(const vn_distinct_t *distinct, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__distinct_unpack(&unpacker, distinct);
  if (unpacker.failed || unpacker.position != length) {
    vn_distinct_clear(distinct);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
