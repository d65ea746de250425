#include "vn/counter.h"

#include <string.h>

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
