/* Aggregates into packed state and back. */
#include "aggregate_priv.h"
#include "vn/assert.h"

void vn__aggregate_save(vn__packer_t *packer, const vn_aggregate_t *aggregate) {
  VN_ASSERT(aggregate->count > 0 && aggregate->first_ms <= aggregate->last_ms);
  vn__pack_unsigned(packer, aggregate->count);
  vn__pack_signed(packer, aggregate->sum);
  vn__pack_unsigned(packer, aggregate->squares_low);
  vn__pack_unsigned(packer, aggregate->squares_high);
  vn__pack_signed(packer, aggregate->min);
  vn__pack_signed(packer, aggregate->max);
  vn__pack_signed(packer, aggregate->first);
  vn__pack_signed(packer, aggregate->last);
  vn__pack_signed(packer, aggregate->first_ms);
  vn__pack_unsigned(packer, (uint64_t)(aggregate->last_ms - aggregate->first_ms));
}

static bool is_between(int32_t value, int32_t low, int32_t high) {
  return low <= value && value <= high;
}

static bool is_sane(const vn_aggregate_t *aggregate) {
  return aggregate->count > 0 && is_between(aggregate->first, aggregate->min, aggregate->max) &&
         is_between(aggregate->last, aggregate->min, aggregate->max) &&
         aggregate->first_ms >= VN_TIME_LOWEST_MS && aggregate->last_ms <= VN_TIME_HIGHEST_MS;
}

/* Sums that no readings have would overflow later on, or make a variance negative. */
static bool has_possible_sums(const vn_aggregate_t *aggregate) {
  int64_t count = aggregate->count;
  uint64_t sum = aggregate->sum < 0 ? 0 - (uint64_t)aggregate->sum : (uint64_t)aggregate->sum;
  vn_u128_t squares = vn_aggregate_squares(aggregate);
  return aggregate->sum >= count * aggregate->min && aggregate->sum <= count * aggregate->max &&
         vn_u128_compare(squares, vn_u128_mul((uint64_t)count, UINT64_C(1) << 62)) <= 0 &&
         vn_u128_compare(vn_u128_mul(sum, sum), vn_u128_mul_u32(squares, aggregate->count)) <= 0;
}

void vn__aggregate_load(vn__unpacker_t *unpacker, vn_aggregate_t *aggregate) {
  VN_ASSERT(aggregate != NULL);
  aggregate->count = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  aggregate->sum = vn__unpack_signed(unpacker);
  aggregate->squares_low = vn__unpack_unsigned(unpacker, UINT64_MAX);
  aggregate->squares_high = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  aggregate->min = vn__unpack_i32(unpacker);
  aggregate->max = vn__unpack_i32(unpacker);
  aggregate->first = vn__unpack_i32(unpacker);
  aggregate->last = vn__unpack_i32(unpacker);
  aggregate->first_ms = vn__unpack_signed(unpacker);
  uint64_t span_ms = vn__unpack_unsigned(unpacker, VN_TIME_HIGHEST_MS - VN_TIME_LOWEST_MS);
  aggregate->last_ms = vn_add_saturating(aggregate->first_ms, (int64_t)span_ms);
  unpacker->failed = unpacker->failed || !is_sane(aggregate) || !has_possible_sums(aggregate);
}
