/* Trend: the least-squares line through the readings of a pane or window, exact and order-free. */
#ifndef VN_TREND_H
#define VN_TREND_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/ratio.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Sums over readings (t, v): v is a scaled int32, t the distance in ms from an origin that the
 * caller chooses and remembers (the start of a pane), never negative. Commutative and associative:
 * any order and any split over panes gives the same sums.
 *
 * Bounds: 2^32 - 1 readings and a sum of t^2 below 2^96; nothing else can overflow within these.
 * A pane or window of up to 49 days (2^32 ms) keeps the second with any number of readings; one of
 * a year with up to 79 million, whatever their times. What would break a bound isn't taken and
 * sets `saturated`; the sums then hold the rest, and depend on the order.
 */
typedef struct vn_trend {
  int64_t value_sum;
  uint64_t time_sum;
  uint64_t time_squares_low, products_low; /* sums of t^2, unsigned, and of t v, two's complement */
  uint32_t time_squares_high, products_high;
  uint32_t count;
  bool saturated;
} vn_trend_t;

void vn_trend_clear(vn_trend_t *trend);

/* Adds one reading, `offset_ms` >= 0 after the origin. O(1): two wide products. */
void vn_trend_add(vn_trend_t *trend, int64_t offset_ms, int32_t value);

/*
 * Adds the content of `other`, whose origin lies `shift_ms` >= 0 after that of `into`; exact. To
 * give a trend an earlier origin, merge it into a cleared one. `other` may be `into`. O(1).
 */
void vn_trend_merge(vn_trend_t *into, const vn_trend_t *other, int64_t shift_ms);

/*
 * The slope (n sum(tv) - sum(t) sum(v)) / (n sum(t^2) - sum(t)^2) in scaled units per ms, exact and
 * independent of the origin; vn_ratio_to_double rounds it once. False, and nothing written, when
 * fewer than two different times are in.
 */
VN_NODISCARD bool vn_trend_result(const vn_trend_t *trend, vn_ratio_t *slope);

/*
 * A slope per ms as scaled units per second. One rounding while 1000 times the numerator fits in
 * 128 bits, two for steeper sums.
 */
double vn_trend_per_second(const vn_ratio_t *slope);

/* The greatest length vn_trend_save can return. */
#define VN_TREND_SAVE_MAX 56u

/* Serialises into out[capacity]; returns the length, which may exceed capacity (then nothing is
 * usable). */
size_t vn_trend_save(const vn_trend_t *trend, uint8_t *out, size_t capacity);

/* Restores what save wrote; VN_ERR_FORMAT leaves a cleared trend. */
VN_NODISCARD vn_err_t vn_trend_load(vn_trend_t *trend, const uint8_t *bytes, size_t length);

#endif
