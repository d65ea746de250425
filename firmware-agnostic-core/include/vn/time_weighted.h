/* Integral and mean over time: what irregular readings say about all of a window, exactly. */
#ifndef VN_TIME_WEIGHTED_H
#define VN_TIME_WEIGHTED_H

#include "vn/assert.h"
#include "vn/point.h"
#include "vn/ratio.h"

#include <stddef.h>

typedef enum vn_time_weighted_mode {
  VN_TIME_WEIGHTED_LOCF,     /* the last observation carried forward: a reading holds its value */
  VN_TIME_WEIGHTED_TRAPEZOID /* the straight line between neighbouring readings */
} vn_time_weighted_mode_t;

/*
 * How the time between two readings is filled. `max_hold_ms`, from 0, or VN_DURATION_OFF: locf
 * carries a value no further than that; trapezoid leaves out a span that is longer. What isn't
 * covered so counts neither in the integral nor in the covered time.
 */
typedef struct vn_time_weighted_rule {
  int64_t max_hold_ms;
  uint8_t mode; /* vn_time_weighted_mode_t */
} vn_time_weighted_rule_t;

/*
 * The content of a pane or window, from its first reading to its last. Readings come in time order,
 * equal times in order of arrival: of those the last holds. Ordered, but associative: neighbouring
 * parts merge to the whole. Exact for all event times.
 */
typedef struct vn_time_weighted {
  vn_time_ms_t first_ms, last_ms;
  int64_t covered_ms; /* between first_ms and last_ms */
  uint64_t area_low;  /* value ms (trapezoid: half of that), 96 bits in two's complement */
  uint32_t area_high;
  int32_t first, last;
  bool used; /* holds a reading; else the rest is undefined */
} vn_time_weighted_t;

void vn_time_weighted_clear(vn_time_weighted_t *content);

/* Adds the next reading. False, and nothing changed, when its time is before the last one's. O(1).
 */
VN_NODISCARD bool vn_time_weighted_add(vn_time_weighted_t *content,
                                       const vn_time_weighted_rule_t *rule,
                                       const vn_point_t *reading);

/* Adds the content of the part that follows. False, and nothing changed, when that begins before
 * this ends. O(1). */
VN_NODISCARD bool vn_time_weighted_merge(vn_time_weighted_t *into,
                                         const vn_time_weighted_rule_t *rule,
                                         const vn_time_weighted_t *next);

/*
 * The window [start_ms, end_ms), start < end, that holds all of a content, and its neighbours:
 * `before`, the last reading before start_ms, is carried in; `after`, the first reading at or after
 * end_ms, ends the last line of trapezoid and does nothing for locf. NULL: there is none, or it
 * isn't known.
 */
typedef struct vn_time_weighted_window {
  vn_time_ms_t start_ms, end_ms;
  const vn_point_t *before, *after;
} vn_time_weighted_window_t;

/*
 * `integral` in scaled units times ms. `rounded`: the fractions of two clipped lines, whose spans
 * and the window together are too long for 128 bits (beyond 39 days each, as a rule of thumb), were
 * rounded to halves; the integral is wrong by at most 1.
 */
typedef struct vn_time_weighted_result {
  vn_ratio_t integral;
  int64_t covered_ms;
  bool rounded;
} vn_time_weighted_result_t;

/* Clips to the window; false when no time in it is covered (the integral is 0 then). O(1). */
VN_NODISCARD bool vn_time_weighted_result(const vn_time_weighted_t *content,
                                          const vn_time_weighted_rule_t *rule,
                                          const vn_time_weighted_window_t *window,
                                          vn_time_weighted_result_t *result);

/*
 * integral / covered_ms in scaled units; covered_ms > 0. The nearest double while the denominator
 * of the integral fits in 64 bits, else with two roundings.
 */
double vn_time_weighted_mean(const vn_time_weighted_result_t *result);

#endif
