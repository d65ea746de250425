/* Extras: what a pane, session or condition window keeps beside its aggregate for quantiles, slope
 * and distinct count. */
#ifndef VN_EXTRA_H
#define VN_EXTRA_H

#include "vn/aggregate.h"
#include "vn/distinct.h"
#include "vn/histogram.h"
#include "vn/trend.h"

/* Which extras the windows of a pipeline ask for; all zero: none. */
typedef struct vn_extra_set {
  int32_t low, high;  /* range of the histogram */
  uint16_t bins;      /* 0: no quantiles */
  uint16_t registers; /* 0: no distinct count */
  bool trend;
} vn_extra_set_t;

static inline bool vn_extra_wanted(const vn_extra_set_t *set) {
  return set->trend || set->bins > 0 || set->registers > 0;
}

/* Counters of one pane; 0 without quantiles. */
static inline uint32_t vn_extra_counters(const vn_extra_set_t *set) {
  return set->bins > 0 ? VN_HISTOGRAM_COUNTERS(set->bins) : 0;
}

/* Arrays over panes: trends[i], counters[i * vn_extra_counters], registers[i * registers]. */
typedef struct vn_extra_memory {
  vn_trend_t *trends;
  uint32_t *counters;
  uint8_t *registers;
} vn_extra_memory_t;

/* The same arrays from one pane on: what asks for the only pane gets that one. */
static inline vn_extra_memory_t vn_extra_at(const vn_extra_set_t *set,
                                            const vn_extra_memory_t *memory, uint32_t pane) {
  return (vn_extra_memory_t){
      .trends = set->trend ? memory->trends + pane : NULL,
      .counters = set->bins > 0 ? memory->counters + (size_t)pane * vn_extra_counters(set) : NULL,
      .registers = set->registers > 0 ? memory->registers + (size_t)pane * set->registers : NULL};
}

void vn_extra_clear(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane);

/* Adds a reading that lies offset_ms >= 0 after the pane's start. */
void vn_extra_add(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                  int64_t offset_ms, int32_t value);

/*
 * The same for content that has no fixed start: its first time is, and moves when an earlier
 * reading comes. `before` is the aggregate without this reading; if that is empty, the pane is
 * cleared first. Does nothing when nothing is wanted.
 */
void vn_extra_take(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                   const vn_aggregate_t *before, vn_time_ms_t time_ms, int32_t value);

/* Adds a pane of `from`, which begins shift_ms >= 0 later, to the only pane of `into`. */
void vn_extra_merge(const vn_extra_set_t *set, const vn_extra_memory_t *into,
                    const vn_extra_memory_t *from, uint32_t pane, int64_t shift_ms);

/* What a result says of them; a flag tells whether the value is there. */
#define VN_EXTRA_QUANTILES 4u /* p50, p90, p95, p99 */
typedef struct vn_extra_values {
  double slope_per_s; /* scaled units per second */
  double middle_ms;   /* mean of the times, from where the content begins; valid with the slope */
  uint64_t distinct;
  int32_t quantiles[VN_EXTRA_QUANTILES]; /* scaled */
  bool has_slope, has_distinct, has_quantiles;
} vn_extra_values_t;

/* The values of pane 0, whose aggregate bounds what the sketches only estimate. */
vn_extra_values_t vn_extra_result(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                                  const vn_aggregate_t *aggregate);

/* The values of any pane, in *room; NULL when nothing is wanted. */
const vn_extra_values_t *vn_extra_tell(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                                       uint32_t pane, const vn_aggregate_t *aggregate,
                                       vn_extra_values_t *room);

/* Serialises one pane; returns the length, which may exceed capacity (then nothing is usable). */
size_t vn_extra_save(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                     uint8_t *out, size_t capacity);

/* The greatest length vn_extra_save can return. */
size_t vn_extra_save_max(const vn_extra_set_t *set);

/* Restores what save wrote; VN_ERR_FORMAT leaves the pane cleared. */
VN_NODISCARD vn_err_t vn_extra_load(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                                    uint32_t pane, const uint8_t *bytes, size_t length);

#endif
