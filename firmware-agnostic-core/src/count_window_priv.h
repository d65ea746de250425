/* What the files of count windows share. */
#ifndef VN_COUNT_WINDOW_PRIV_H
#define VN_COUNT_WINDOW_PRIV_H

#include "reservoir_priv.h"
#include "vn/count_window.h"

static inline vn__sample_t vn__count_sample(const vn_count_window_t *window,
                                            const vn_count_memory_t *memory, uint32_t slot) {
  vn_member_t *members =
      window->sample > 0 ? memory->members + (size_t)slot * window->sample : NULL;
  return (vn__sample_t){&memory->panes[slot], members, window->sample, window->draw};
}

/* Panes in use after this many readings. */
static inline uint32_t vn__count_used(const vn_count_window_t *window, uint64_t position) {
  uint64_t panes =
      position / window->pane_readings + (position % window->pane_readings != 0 ? 1u : 0u);
  return panes < window->pane_count ? (uint32_t)panes : window->pane_count;
}

/* The oldest of the last `used` > 0 panes. */
static inline uint32_t vn__count_oldest(const vn_count_window_t *window,
                                        const vn_count_memory_t *memory, uint32_t used) {
  uint32_t slot = memory->state->slot, back = used - 1;
  return slot >= back ? slot - back : slot + window->pane_count - back;
}

static inline uint32_t vn__count_next(const vn_count_window_t *window, uint32_t slot) {
  return slot + 1 == window->pane_count ? 0 : slot + 1;
}

#endif
