/* What the window files share. */
#ifndef VN_WINDOW_PRIV_H
#define VN_WINDOW_PRIV_H

#include "vn/window.h"

/* No such end: behind every watermark. */
#define VN__NO_END INT64_MAX

/* The smallest end of the window's grid that is > after_ms. */
int64_t vn__grid_end_after(const vn_window_t *window, int64_t after_ms);

/* The greatest start of the window's grid that is <= time_ms. */
int64_t vn__grid_start(const vn_window_t *window, int64_t time_ms);

/* The smallest end > after_ms of a window that holds a reading; VN__NO_END if there is none. */
int64_t vn__next_end_with_data(const vn_window_set_t *set, const vn_pane_t *panes, uint8_t window,
                               int64_t after_ms);

/* The greatest end of the windows that cover the pane, over all definitions. */
int64_t vn__pane_last_end(const vn_window_set_t *set, const vn_pane_t *pane);

static inline bool vn__gone(const vn_window_set_t *set, int64_t end_ms, vn_time_ms_t watermark_ms) {
  return vn_add_saturating(end_ms - 1, set->lateness_ms) <= watermark_ms;
}

/* Folds the window that ends at end_ms and tells it; false: it holds no reading. */
typedef struct vn__firing {
  const vn_window_set_t *set;
  const vn_window_memory_t *memory;
  const vn_window_sink_t *sink;
  vn_time_ms_t watermark_ms; /* decides whether the window may fire again */
  vn_kind_t kind;
} vn__firing_t;
bool vn__fire(const vn__firing_t *firing, uint8_t window, int64_t end_ms);

#endif
