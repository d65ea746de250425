#include "vn/aggregate.h"

#include "vn/assert.h"

#include <string.h>

bool vn_aggregate_merge(vn_aggregate_t *into, const vn_aggregate_t *other) {
  if (other->count == 0) {
    return true;
  }
  if (into->count == 0) {
    *into = *other;
    return true;
  }
  if (other->count > UINT32_MAX - into->count) {
    return false;
  }
  into->count += other->count;
  into->sum += other->sum;
  into->squares_low += other->squares_low;
  into->squares_high += other->squares_high + (into->squares_low < other->squares_low);
  into->min = other->min < into->min ? other->min : into->min;
  into->max = other->max > into->max ? other->max : into->max;
  if (other->first_ms < into->first_ms) {
    into->first_ms = other->first_ms;
    into->first = other->first;
  }
  if (other->last_ms >= into->last_ms) {
    into->last_ms = other->last_ms;
    into->last = other->last;
  }
  return true;
}

vn_u128_t vn_aggregate_squares(const vn_aggregate_t *aggregate) {
  vn_u128_t squares = {0, 0};
  if (aggregate->count > 0) {
    squares.high = aggregate->squares_high;
    squares.low = aggregate->squares_low;
  }
  return squares;
}

static uint64_t sum_magnitude(const vn_aggregate_t *aggregate) {
  return aggregate->sum < 0 ? 0 - (uint64_t)aggregate->sum : (uint64_t)aggregate->sum;
}

static vn_u128_t shift_left_by_one(vn_u128_t a) { return vn_u128_add(a, a); }

static double power_of_two(int exponent) {
  uint64_t bits = (uint64_t)(1023 + exponent) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

/*
 * The double nearest to dividend / divisor: one rounding. Up to 2^53 both convert exactly, and IEEE
 * division rounds once by itself. Above, the dividend is shifted until the integer quotient has at
 * least 64 bits; a remainder then sets a bit far below the rounding position.
 */
static double quotient(vn_u128_t dividend, uint64_t divisor) {
  const uint64_t exact = UINT64_C(1) << 53;
  VN_ASSERT(divisor > 0);
  if (dividend.high == 0 && dividend.low <= exact && divisor <= exact) {
    return (double)dividend.low / (double)divisor;
  }
  if ((dividend.high | dividend.low) == 0) {
    return 0.0;
  }
  int shifts = 0;
  while (dividend.high >> 63 == 0) {
    dividend = shift_left_by_one(dividend);
    shifts++;
  }
  uint64_t remainder;
  vn_u128_t whole = vn_u128_div_u64(dividend, divisor, &remainder);
  whole.low |= (uint64_t)(remainder != 0);
  return vn_u128_to_double(whole) * power_of_two(-shifts);
}

double vn_aggregate_mean(const vn_aggregate_t *aggregate) {
  VN_ASSERT(aggregate->count > 0);
  vn_u128_t sum = {0, sum_magnitude(aggregate)};
  double mean = quotient(sum, aggregate->count);
  return aggregate->sum < 0 ? -mean : mean;
}

/* n * Q - S^2: below 2^126, never negative, and 0 when all values are equal. */
static vn_u128_t scatter(const vn_aggregate_t *aggregate) {
  uint64_t sum = sum_magnitude(aggregate);
  vn_u128_t squares = vn_u128_mul_u32(vn_aggregate_squares(aggregate), aggregate->count);
  return vn_u128_sub(squares, vn_u128_mul(sum, sum));
}

double vn_aggregate_variance(const vn_aggregate_t *aggregate) {
  VN_ASSERT(aggregate->count > 0);
  return quotient(scatter(aggregate), (uint64_t)aggregate->count * aggregate->count);
}

double vn_aggregate_variance_sample(const vn_aggregate_t *aggregate) {
  VN_ASSERT(aggregate->count > 1);
  return quotient(scatter(aggregate), (uint64_t)aggregate->count * (aggregate->count - 1u));
}

void vn_aggregate_shift(vn_aggregate_t *aggregate, int64_t shift_ms) {
  if (aggregate->count > 0) {
    aggregate->first_ms = vn_add_saturating(aggregate->first_ms, shift_ms);
    aggregate->last_ms = vn_add_saturating(aggregate->last_ms, shift_ms);
  }
}
