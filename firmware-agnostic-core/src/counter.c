#include "counter_priv.h"

#include <string.h>

#define SPAN_MAX_MS ((uint64_t)(VN_TIME_HIGHEST_MS - VN_TIME_LOWEST_MS))

VN_STATIC_ASSERT(VN_COUNTER_SAVE_MAX == 1 + 3 * VN__PACK_U64_MAX + 2 * VN__PACK_U32_MAX,
                 "the bound names every packed field");

void vn_counter_clear(vn_counter_t *counter) { memset(counter, 0, sizeof *counter); }

static uint64_t step(uint64_t modulus, int32_t from, int32_t to) {
  VN_ASSERT(modulus <= VN_COUNTER_MODULUS_MAX);
  int64_t rise = (int64_t)to - from;
  if (rise >= 0) {
    return (uint64_t)rise;
  }
  if ((uint64_t)-rise <= modulus) {
    return modulus - (uint64_t)-rise;
  }
  return to > 0 ? (uint64_t)to : 0;
}

static void grow(uint64_t *increase, bool *saturated, uint64_t by) {
  if (by > UINT64_MAX - *increase) {
    *increase = UINT64_MAX;
    *saturated = true;
    return;
  }
  *increase += by;
}

bool vn_counter_merge(vn_counter_t *into, uint64_t modulus, const vn_counter_t *next) {
  VN_ASSERT(into != NULL && next != NULL);
  if (!next->used) {
    return true;
  }
  if (!into->used) {
    *into = *next;
    return true;
  }
  if (next->first_ms < into->last_ms) {
    return false;
  }
  into->saturated = into->saturated || next->saturated;
  grow(&into->increase, &into->saturated, step(modulus, into->last, next->first));
  grow(&into->increase, &into->saturated, next->increase);
  into->last_ms = next->last_ms;
  into->last = next->last;
  return true;
}

bool vn_counter_add(vn_counter_t *counter, uint64_t modulus, const vn_point_t *reading) {
  VN_ASSERT(reading != NULL);
  VN_ASSERT(reading->time_ms >= VN_TIME_LOWEST_MS && reading->time_ms <= VN_TIME_HIGHEST_MS);
  vn_counter_t one = {.first_ms = reading->time_ms,
                      .last_ms = reading->time_ms,
                      .first = reading->value,
                      .last = reading->value,
                      .used = true};
  return vn_counter_merge(counter, modulus, &one);
}

bool vn_counter_result(const vn_counter_t *counter, uint64_t modulus, const vn_point_t *before,
                       vn_counter_result_t *result) {
  VN_ASSERT(counter != NULL && result != NULL);
  if (!counter->used) {
    return false;
  }
  result->increase = counter->increase;
  result->saturated = counter->saturated;
  result->covered_ms = counter->last_ms - counter->first_ms;
  if (before != NULL) {
    VN_ASSERT(before->time_ms <= counter->first_ms);
    grow(&result->increase, &result->saturated, step(modulus, before->value, counter->first));
    result->covered_ms = counter->last_ms - before->time_ms;
  }
  return true;
}

bool vn_counter_rate(const vn_counter_result_t *result, vn_ratio_t *per_second) {
  const uint64_t second_ms = 1000;
  VN_ASSERT(result != NULL && per_second != NULL);
  if (result->covered_ms <= 0) {
    return false;
  }
  per_second->numerator = vn_u128_mul(result->increase, second_ms);
  per_second->denominator = (vn_u128_t){0, (uint64_t)result->covered_ms};
  per_second->negative = false;
  return true;
}

void vn__counter_pack(vn__packer_t *packer, const vn_counter_t *counter) {
  VN_ASSERT(counter != NULL);
  vn__pack_unsigned(packer, (counter->used ? 1u : 0u) + (counter->saturated ? 2u : 0u));
  if (!counter->used) {
    return;
  }
  vn__pack_signed(packer, counter->first_ms);
  vn__pack_unsigned(packer, (uint64_t)(counter->last_ms - counter->first_ms));
  vn__pack_unsigned(packer, counter->increase);
  vn__pack_signed(packer, counter->first);
  vn__pack_signed(packer, counter->last);
}

void vn__counter_unpack(vn__unpacker_t *unpacker, vn_counter_t *counter) {
  VN_ASSERT(counter != NULL);
  vn_counter_clear(counter);
  uint64_t flags = vn__unpack_unsigned(unpacker, 3);
  if (flags == 0) {
    return;
  }
  counter->used = true;
  counter->saturated = (flags & 2u) != 0;
  counter->first_ms = vn__unpack_signed(unpacker);
  int64_t span_ms = (int64_t)vn__unpack_unsigned(unpacker, SPAN_MAX_MS);
  counter->last_ms = vn_add_saturating(counter->first_ms, span_ms);
  counter->increase = vn__unpack_unsigned(unpacker, UINT64_MAX);
  counter->first = vn__unpack_i32(unpacker);
  counter->last = vn__unpack_i32(unpacker);
  unpacker->failed = unpacker->failed || (flags & 1u) == 0 ||
                     counter->first_ms < VN_TIME_LOWEST_MS || counter->last_ms > VN_TIME_HIGHEST_MS;
}

size_t vn_counter_save(const vn_counter_t *counter, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__counter_pack(&packer, counter);
  return packer.length;
}

vn_err_t vn_counter_load(vn_counter_t *counter, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__counter_unpack(&unpacker, counter);
  if (unpacker.failed || unpacker.position != length) {
    vn_counter_clear(counter);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
