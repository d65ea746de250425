/* Early results (early_every): open windows with readings that nobody was told of. */
#include "window_priv.h"

#include <string.h>

/* A bit for each pane, behind the counters and their tags. */
static uint16_t *marks_of(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  return memory->revisions + 2u * (size_t)set->early;
}

/* A pane that begins needs no clearing: without readings its bit means nothing. */
void vn__early_mark(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot) {
  uint16_t *mark = &marks_of(set, memory)[slot / 16u];
  *mark = (uint16_t)(*mark | 1u << slot % 16u);
  memory->state->early = true;
}

bool vn__early_is_marked(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  uint32_t marks = 0;
  for (uint32_t i = 0; set->early > 0 && i < VN__MARK_WORDS(set->pane_count); i++) {
    marks |= marks_of(set, memory)[i];
  }
  return marks != 0;
}

/* The smallest end > after_ms of a window that changed; VN__NO_END if there is none. */
static int64_t next_changed(const vn_window_set_t *set, const vn_window_memory_t *memory,
                            uint8_t window, int64_t after_ms) {
  const uint16_t *marks = marks_of(set, memory);
  int64_t next_ms = VN__NO_END;
  for (uint32_t i = 0; i < set->pane_count; i++) {
    if ((marks[i / 16u] & 1u << i % 16u) == 0 || memory->panes[i].aggregate.count == 0) {
      continue;
    }
    int64_t low_ms = memory->panes[i].number * set->pane_ms + set->anchor_ms;
    int64_t end_ms = vn__pane_next_end(&set->windows[window], low_ms, after_ms);
    next_ms = end_ms < next_ms ? end_ms : next_ms;
  }
  return next_ms;
}

static void tell_open(const vn__firing_t *firing) {
  const vn_window_set_t *set = firing->set;
  const vn_time_ms_t least_ms = VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS;
  int64_t ends_ms[VN_WINDOWS_MAX] = {0};
  int64_t after_ms = firing->watermark_ms < least_ms ? least_ms : firing->watermark_ms + 1;
  for (uint8_t i = 0; i < set->window_count; i++) {
    ends_ms[i] = next_changed(set, firing->memory, i, after_ms);
  }
  for (;;) {
    uint8_t next = vn__smallest(ends_ms, set->window_count);
    if (ends_ms[next] == VN__NO_END) {
      return;
    }
    (void)vn__fire(firing, next, ends_ms[next]);
    ends_ms[next] = next_changed(set, firing->memory, next, ends_ms[next]);
  }
}

void vn_window_tell_early(const vn_window_set_t *set, const vn_window_memory_t *memory,
                          const vn_window_sink_t *sink) {
  VN_ASSERT(set->early > 0);
  vn__firing_t firing = {set, memory, sink, memory->state->watermark_ms, VN_KIND_EARLY, NULL};
  if (firing.watermark_ms <= VN_TIME_HIGHEST_MS + VN_WINDOW_SPAN_MAX_MS) {
    tell_open(&firing);
  }
  memset(marks_of(set, memory), 0, VN__MARK_WORDS(set->pane_count) * sizeof(uint16_t));
  memory->state->early = false;
}
