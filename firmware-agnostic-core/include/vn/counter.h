/* How much a counter has grown: resets to zero and wraps at a modulus are no loss. */
#ifndef VN_COUNTER_H
#define VN_COUNTER_H

#include "vn/assert.h"
#include "vn/point.h"
#include "vn/ratio.h"

#include <stddef.h>

/* The highest modulus, that of a counter of 32 bits in units of 1. */
#define VN_COUNTER_MODULUS_MAX (UINT64_C(1) << 32)

/*
 * The content of a pane or window, from its first reading to its last. A step from p to q adds q -
 * p when q >= p. Otherwise it adds q + modulus - p if there is a modulus, and q if there is none or
 * p - q exceeds it: the counter began again at 0. A value below 0 that such a reset leads to adds
 * nothing. Readings come in time order, equal times in order of arrival. Ordered, but associative:
 * neighbouring parts merge to the whole.
 *
 * The increase stops at 2^64 - 1, which takes more than 2^32 steps, and sets `saturated`.
 */
typedef struct vn_counter {
  vn_time_ms_t first_ms, last_ms;
  uint64_t increase; /* scaled, from `first` to `last` */
  int32_t first, last;
  bool used; /* holds a reading; else the rest is undefined */
  bool saturated;
} vn_counter_t;

/* In all calls: `modulus`, scaled, 0 for none, at most VN_COUNTER_MODULUS_MAX. */

void vn_counter_clear(vn_counter_t *counter);

/* Adds the next reading. False, and nothing changed, when its time is before the last one's. O(1).
 */
VN_NODISCARD bool vn_counter_add(vn_counter_t *counter, uint64_t modulus,
                                 const vn_point_t *reading);

/* Adds the content of the part that follows. False, and nothing changed, when that begins before
 * this ends. O(1). */
VN_NODISCARD bool vn_counter_merge(vn_counter_t *into, uint64_t modulus, const vn_counter_t *next);

typedef struct vn_counter_result {
  uint64_t increase;  /* scaled */
  int64_t covered_ms; /* the time in which it grew so much */
  bool saturated;
} vn_counter_result_t;

/*
 * The increase up to the last reading: from the first one, or from `before`, the last reading
 * before the window (no later than the first in it), unless that is NULL. With `before` the
 * increases of windows in a row add up to that of all. False when the content is empty. O(1).
 */
VN_NODISCARD bool vn_counter_result(const vn_counter_t *counter, uint64_t modulus,
                                    const vn_point_t *before, vn_counter_result_t *result);

/* Increase per second of the covered time, in scaled units: one rounding by vn_ratio_to_double.
 * False when no time is covered. */
VN_NODISCARD bool vn_counter_rate(const vn_counter_result_t *result, vn_ratio_t *per_second);

#endif
