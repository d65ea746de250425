#include "trend_priv.h"
#include "wide_priv.h"

#include <string.h>

VN_STATIC_ASSERT(VN_TREND_SAVE_MAX == 4 * VN__PACK_U64_MAX + 3 * VN__PACK_U32_MAX + 1,
                 "the bound names every packed field");

void vn_trend_clear(vn_trend_t *trend) { memset(trend, 0, sizeof *trend); }

static bool exceeds_96(vn_u128_t x) { return x.high > UINT32_MAX; }

static vn_u128_t time_squares(const vn_trend_t *trend) {
  vn_u128_t squares = {trend->time_squares_high, trend->time_squares_low};
  return squares;
}

static vn_u128_t products(const vn_trend_t *trend) {
  return vn__wide_from_96(trend->products_low, trend->products_high);
}

/* What is to be added, at the origin of the trend that takes it. */
typedef struct terms {
  vn_u128_t time_squares, products;
  int64_t value_sum;
  uint64_t time_sum;
  uint32_t count;
} terms_t;

/*
 * By Cauchy and Schwarz time_sum^2 <= count * time_squares < 2^128, and |products| <= 2^31 *
 * time_sum: two bounds hold the rest.
 */
static void take(vn_trend_t *trend, const terms_t *terms) {
  vn_u128_t squares = vn_u128_add(time_squares(trend), terms->time_squares);
  if (terms->count > UINT32_MAX - trend->count || exceeds_96(squares)) {
    trend->saturated = true;
    return;
  }
  vn_u128_t sum = vn_u128_add(products(trend), terms->products);
  trend->time_squares_low = squares.low;
  trend->time_squares_high = (uint32_t)squares.high;
  trend->products_low = sum.low;
  trend->products_high = (uint32_t)(sum.high & UINT32_MAX);
  trend->value_sum += terms->value_sum;
  trend->time_sum += terms->time_sum;
  trend->count += terms->count;
}

void vn_trend_add(vn_trend_t *trend, int64_t offset_ms, int32_t value) {
  VN_ASSERT(trend != NULL && offset_ms >= 0);
  uint64_t time = (uint64_t)offset_ms;
  terms_t terms = {
      vn_u128_mul(time, time), vn__wide_product(value, time), value, time, 1,
  };
  if (exceeds_96(terms.time_squares)) {
    trend->saturated = true;
    return;
  }
  take(trend, &terms);
}

/* sum((t + s)^2) = sum(t^2) + 2 s sum(t) + n s^2; false if a part of it is too large already. */
static bool shift_squares(const vn_trend_t *trend, uint64_t shift, vn_u128_t *shifted) {
  vn_u128_t square = vn_u128_mul(shift, shift);
  vn_u128_t mixed = vn_u128_mul(2 * shift, trend->time_sum);
  if (exceeds_96(square) || exceeds_96(mixed)) {
    return false;
  }
  square = vn_u128_mul_u32(square, trend->count);
  if (exceeds_96(square)) {
    return false;
  }
  *shifted = vn_u128_add(time_squares(trend), vn_u128_add(square, mixed));
  return !exceeds_96(*shifted);
}

void vn_trend_merge(vn_trend_t *into, const vn_trend_t *other, int64_t shift_ms) {
  VN_ASSERT(into != NULL && other != NULL && shift_ms >= 0);
  into->saturated = into->saturated || other->saturated;
  if (other->count == 0) {
    return;
  }
  uint64_t shift = (uint64_t)shift_ms;
  terms_t terms = {.value_sum = other->value_sum, .count = other->count};
  if (!shift_squares(other, shift, &terms.time_squares)) {
    into->saturated = true;
    return;
  }
  terms.products = vn_u128_add(products(other), vn__wide_product(other->value_sum, shift));
  terms.time_sum = other->time_sum + shift * other->count;
  take(into, &terms);
}

/* Both differences lie within 127 bits though their terms may not: all is modulo 2^128. */
bool vn_trend_result(const vn_trend_t *trend, vn_ratio_t *slope) {
  VN_ASSERT(trend != NULL && slope != NULL);
  vn_u128_t spread = vn_u128_sub(vn_u128_mul_u32(time_squares(trend), trend->count),
                                 vn_u128_mul(trend->time_sum, trend->time_sum));
  if ((spread.high | spread.low) == 0) {
    return false;
  }
  vn_u128_t rise = vn_u128_sub(vn_u128_mul_u32(products(trend), trend->count),
                               vn__wide_product(trend->value_sum, trend->time_sum));
  slope->negative = vn__wide_is_negative(rise);
  slope->numerator = vn__wide_magnitude(rise);
  slope->denominator = spread;
  return true;
}

double vn_trend_per_second(const vn_ratio_t *slope) {
  const uint32_t second_ms = 1000;
  VN_ASSERT(slope != NULL);
  if (slope->numerator.high >= UINT64_MAX / second_ms) {
    return vn_ratio_to_double(slope) * (double)second_ms;
  }
  vn_ratio_t scaled = *slope;
  scaled.numerator = vn_u128_mul_u32(slope->numerator, second_ms);
  return vn_ratio_to_double(&scaled);
}

void vn__trend_pack(vn__packer_t *packer, const vn_trend_t *trend) {
  VN_ASSERT(trend != NULL);
  vn__pack_unsigned(packer, trend->count);
  vn__pack_signed(packer, trend->value_sum);
  vn__pack_unsigned(packer, trend->time_sum);
  vn__pack_unsigned(packer, trend->time_squares_low);
  vn__pack_unsigned(packer, trend->time_squares_high);
  vn__pack_unsigned(packer, trend->products_low);
  vn__pack_unsigned(packer, trend->products_high);
  vn__pack_unsigned(packer, trend->saturated);
}

/* No readings have sums against these; a denominator below zero would be read as a huge one. */
static bool is_sane(const vn_trend_t *trend) {
  vn_u128_t square = vn_u128_mul(trend->time_sum, trend->time_sum);
  vn_u128_t most = vn_u128_mul_u32(time_squares(trend), trend->count);
  return vn__magnitude(trend->value_sum) <= (uint64_t)trend->count << 31 &&
         vn_u128_compare(square, most) <= 0;
}

void vn__trend_unpack(vn__unpacker_t *unpacker, vn_trend_t *trend) {
  VN_ASSERT(trend != NULL);
  vn_trend_clear(trend);
  trend->count = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  trend->value_sum = vn__unpack_signed(unpacker);
  trend->time_sum = vn__unpack_unsigned(unpacker, UINT64_MAX);
  trend->time_squares_low = vn__unpack_unsigned(unpacker, UINT64_MAX);
  trend->time_squares_high = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  trend->products_low = vn__unpack_unsigned(unpacker, UINT64_MAX);
  trend->products_high = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  trend->saturated = vn__unpack_unsigned(unpacker, 1) != 0;
  unpacker->failed = unpacker->failed || !is_sane(trend);
}

size_t vn_trend_save(const vn_trend_t *trend, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__trend_pack(&packer, trend);
  return packer.length;
}

vn_err_t vn_trend_load(vn_trend_t *trend, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__trend_unpack(&unpacker, trend);
  if (unpacker.failed || unpacker.position != length) {
    vn_trend_clear(trend);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
