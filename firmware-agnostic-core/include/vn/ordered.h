/* Ordered content: what windows know of readings in time order, per series and per pane. */
#ifndef VN_ORDERED_H
#define VN_ORDERED_H

#include "vn/counter.h"
#include "vn/exponential.h"
#include "vn/reorder.h"
#include "vn/time_weighted.h"

/* What the windows of a pipeline ask for; bits of vn_ordered_set_t.kinds. */
#define VN_ORDERED_TIME_WEIGHTED 1u
#define VN_ORDERED_COUNTER 2u
#define VN_ORDERED_EXPONENTIAL 4u

/* What a pipeline says of it. */
typedef struct vn_ordered_rule {
  vn_time_weighted_rule_t time_weighted;
  vn_exponential_rule_t exponential;
  uint64_t counter_modulus; /* scaled; 0: none */
  uint16_t reorder;         /* readings that can wait, 1..VN_REORDER_CAPACITY_MAX */
} vn_ordered_rule_t;

/*
 * kinds 0: nothing is kept. capacity: readings of a series that wait for the watermark; 0: none
 * has to, the order of arrival is that of time (what comes earlier is late).
 */
typedef struct vn_ordered_set {
  vn_ordered_rule_t rule;
  uint16_t capacity;
  uint8_t kinds;
} vn_ordered_set_t;

/*
 * The readings of a pane or of neighbouring panes, in one piece for all kinds: the two ends, what
 * lies between them, and what is carried in: `before`, the last reading before the first one.
 * Ordered, but associative.
 */
typedef struct vn_ordered_pane {
  vn_time_ms_t first_ms, last_ms, before_ms;
  int64_t covered_ms; /* as in vn_time_weighted_t, and the area */
  uint64_t area_low;
  uint64_t increase; /* as in vn_counter_t */
  int64_t mean;      /* exponential mean after the last reading, 30 bits of fraction */
  uint32_t area_high;
  int32_t first, last, before;
  bool used; /* holds a reading; else the rest is undefined */
  bool has_before;
  bool saturated; /* the increase */
} vn_ordered_pane_t;

/* A series: its last reading in time order, and those that wait. */
typedef struct vn_ordered_state {
  vn_reorder_state_t reorder;
  vn_point_t last;    /* undefined unless used */
  int64_t mean;       /* exponential mean after it */
  uint64_t unordered; /* since the state was cleared or restored */
  bool used;
} vn_ordered_state_t;

/* Of one series; the caller owns what it points to. */
typedef struct vn_ordered_memory {
  vn_ordered_state_t *state;
  vn_reorder_entry_t *entries; /* capacity */
  vn_ordered_pane_t *panes;    /* as many as the windows have */
} vn_ordered_memory_t;

/* Results; a flag tells whether the value is there. Scaled units, seconds. */
typedef struct vn_ordered_values {
  double mean, integral_s, rate_per_s, exponential_mean;
  int64_t covered_ms;
  int64_t increase; /* stops at 2^63 - 1 */
  bool has_mean, has_increase, has_rate, has_exponential;
} vn_ordered_values_t;

/* The buffer of a series with capacity > 0. */
vn_reorder_t vn_ordered_buffer(const vn_ordered_set_t *set, const vn_ordered_memory_t *memory);

/* A series without readings; its panes are the caller's to clear. */
void vn_ordered_clear(const vn_ordered_set_t *set, const vn_ordered_memory_t *memory);

/* The next reading of the series goes into its pane. False, counted as unordered, and nothing
 * else changed: it lies before the last one. O(1). */
bool vn_ordered_append(const vn_ordered_set_t *set, vn_ordered_state_t *state,
                       vn_ordered_pane_t *pane, const vn_point_t *reading);

/* Adds the pane that follows; the last of `into` must not lie behind its first. O(1). */
void vn_ordered_merge(const vn_ordered_set_t *set, vn_ordered_pane_t *into,
                      const vn_ordered_pane_t *next);

/*
 * The values of the window [start_ms, end_ms) that holds all of `total`. `after`: the first reading
 * behind it, or NULL when that isn't known; it ends the last line of trapezoid. O(1).
 */
vn_ordered_values_t vn_ordered_result(const vn_ordered_set_t *set, const vn_ordered_pane_t *total,
                                      vn_time_ms_t start_ms, vn_time_ms_t end_ms,
                                      const vn_point_t *after);

#endif
