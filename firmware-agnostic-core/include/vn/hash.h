/* Hashes: MurmurHash3 x86 32 for names, SplitMix64 for sample priorities. */
#ifndef VN_HASH_H
#define VN_HASH_H

#include <stddef.h>
#include <stdint.h>

/* MurmurHash3_x86_32 (Austin Appleby, public domain algorithm) of `length` bytes. */
uint32_t vn_murmur3_32(const void *bytes, size_t length, uint32_t seed);

/* Output function of SplitMix64 (Steele, Lea, Flood 2014) for state x. */
static inline uint64_t vn_splitmix64(uint64_t x) {
  uint64_t z = x + UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/*
 * Priority of a reading for the bottom-k sample: the upper 32 bits of
 * sm64(seed ^ sm64(t) ^ sm64(sm64(v))), t and v sign-extended. The same bits on every platform.
 */
static inline uint32_t vn_priority(uint64_t seed, int64_t time_ms, int32_t value) {
  uint64_t mixed_value = vn_splitmix64(vn_splitmix64((uint64_t)(int64_t)value));
  return (uint32_t)(vn_splitmix64(seed ^ vn_splitmix64((uint64_t)time_ms) ^ mixed_value) >> 32);
}

#endif
