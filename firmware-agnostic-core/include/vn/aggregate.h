/* Aggregates: commutative, associative, integer only, so that order and splits never matter. */
#ifndef VN_AGGREGATE_H
#define VN_AGGREGATE_H

#include "vn/arith.h"
#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What is kept of the readings of one pane or window. Values are scaled int32; `count` 0 means
 * empty and leaves the rest undefined. The sum of squares has 96 bits. Exact up to 2^32 - 1
 * readings. first and last: value at the smallest and largest time; at equal times the earlier and
 * the later arrival.
 */
typedef struct vn_aggregate {
  int64_t sum;
  uint64_t squares_low;
  uint32_t squares_high;
  uint32_t count;
  int32_t min, max, first, last;
  vn_time_ms_t first_ms, last_ms;
} vn_aggregate_t;

static inline void vn_aggregate_clear(vn_aggregate_t *aggregate) { aggregate->count = 0; }

/*
 * Adds one reading; the caller makes sure that count < UINT32_MAX. O(1); inline, since every
 * reading passes here.
 */
static inline void vn_aggregate_add(vn_aggregate_t *aggregate, vn_time_ms_t time_ms,
                                    int32_t value) {
  uint64_t square = (uint64_t)((int64_t)value * value);
  if (aggregate->count == 0) {
    *aggregate =
        (vn_aggregate_t){value, square, 0, 1, value, value, value, value, time_ms, time_ms};
    return;
  }
  aggregate->count++;
  aggregate->sum += value;
  aggregate->squares_low += square;
  aggregate->squares_high += aggregate->squares_low < square;
  aggregate->min = value < aggregate->min ? value : aggregate->min;
  aggregate->max = value > aggregate->max ? value : aggregate->max;
  if (time_ms < aggregate->first_ms) {
    aggregate->first_ms = time_ms;
    aggregate->first = value;
  }
  if (time_ms >= aggregate->last_ms) {
    aggregate->last_ms = time_ms;
    aggregate->last = value;
  }
}

/*
 * Adds the content of `other`, which arrived later as far as equal times are concerned.
 * False, and nothing changed, when the counts together exceed 2^32 - 1.
 */
bool vn_aggregate_merge(vn_aggregate_t *into, const vn_aggregate_t *other);

vn_u128_t vn_aggregate_squares(const vn_aggregate_t *aggregate);

/* Exact quotients, rounded as doubles at the end; in scaled units. count > 0. */
double vn_aggregate_mean(const vn_aggregate_t *aggregate);
double vn_aggregate_variance(const vn_aggregate_t *aggregate);        /* population */
double vn_aggregate_variance_sample(const vn_aggregate_t *aggregate); /* count > 1 */

/* Square root without libm, correctly rounded for finite x >= 0. */
double vn_square_root(double x);

/* Moves the times of its readings. */
void vn_aggregate_shift(vn_aggregate_t *aggregate, int64_t shift_ms);

#endif
