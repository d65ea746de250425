/* The short way of a reading into its window, which most readings go. */
#ifndef VN_WINDOW_ROUTINE_PRIV_H
#define VN_WINDOW_ROUTINE_PRIV_H

#include "vn/window.h"

/* The current pane of a series, that of the reading before. */
typedef struct vn__window_current {
  vn_window_state_t *state;
  vn_pane_t *pane;
  vn_member_t *members; /* of the pane's sample */
  uint64_t sample_seed;
} vn__window_current_t;

/*
 * Whether a reading goes the short way, as most do: its pane is that of the reading before it, it
 * is ahead of the watermark, and nothing fires. Then there is nothing to judge and nothing to tell.
 */
static inline bool vn__window_is_routine(const vn_window_set_t *set,
                                         const vn__window_current_t *current,
                                         vn_time_ms_t time_ms) {
  const vn_window_state_t *state = current->state;
  return time_ms >= state->pane_low_ms && time_ms < state->pane_high_ms &&
         time_ms > state->watermark_ms && time_ms - set->out_of_order_ms - 1 < state->next_due_ms &&
         current->pane->aggregate.count < UINT32_MAX;
}

/*
 * Adds such a reading to the current pane, and the watermark follows: what vn_window_reading does
 * with it, extras apart. Inline, since most readings end here.
 */
static inline void vn__window_add(const vn_window_set_t *set, const vn__window_current_t *current,
                                  vn_time_ms_t time_ms, int32_t value) {
  vn_aggregate_t *aggregate = &current->pane->aggregate;
  vn_time_ms_t watermark_ms = time_ms - set->out_of_order_ms - 1;
  if (watermark_ms > current->state->watermark_ms) {
    current->state->watermark_ms = watermark_ms;
  }
  if (set->sample > 0) {
    uint32_t priority = vn_priority(current->sample_seed, time_ms, value);
    bool full = aggregate->count >= set->sample;
    if (!full || !vn_reservoir_refuses(current->members, set->sample, priority)) {
      vn_member_t member = {time_ms, value, priority};
      uint32_t held = full ? set->sample : aggregate->count;
      (void)vn_reservoir_offer(current->members, held, set->sample, &member);
    }
  }
  vn_aggregate_add(aggregate, time_ms, value);
}

#endif
