/* Revisions that wait for more readings of their window (late_every): a bit of their counter. */
#include "window_priv.h"

static void set_waiting(const vn_window_set_t *set, const vn_window_memory_t *memory,
                        uint8_t window, int64_t end_ms) {
  const vn_window_t *definition = &set->windows[window];
  int64_t number = vn_floor_div(end_ms - definition->size_ms - set->anchor_ms, set->pane_ms);
  int64_t behind = number + definition->size_ms / set->pane_ms;
  uint64_t readings = 0;
  for (; number < behind; number++) {
    const vn_pane_t *pane = &memory->panes[vn__pane_slot(set, number)];
    readings += pane->number == number ? pane->aggregate.count : 0;
  }
  uint16_t *counter = vn__revision_take(set, memory, window, end_ms - definition->size_ms);
  /* Its first reading: whatever stands there is another window's. */
  *counter = (uint16_t)((readings == 1 ? 0 : *counter) | VN__REVISION_WAITS);
}

void vn__late_wait(const vn__firing_t *firing, vn_time_ms_t time_ms) {
  const vn_window_set_t *set = firing->set;
  vn_window_state_t *state = firing->memory->state;
  vn_time_ms_t gone_ms = vn_sub_saturating(firing->watermark_ms, set->lateness_ms) + 1;
  for (uint8_t i = 0; i < set->window_count; i++) {
    const vn_window_t *window = &set->windows[i];
    int64_t end_ms = vn__grid_end_after(window, time_ms > gone_ms ? time_ms : gone_ms);
    while (end_ms - 1 <= firing->watermark_ms && end_ms - window->size_ms <= time_ms) {
      set_waiting(set, firing->memory, i, end_ms);
      state->late = true;
      if (end_ms - 1 + set->lateness_ms < state->next_due_ms) {
        state->next_due_ms = end_ms - 1 + set->lateness_ms;
      }
      end_ms += window->slide_ms;
    }
  }
}

vn_time_ms_t vn__late_tell(const vn__firing_t *firing, vn_time_ms_t until_ms) {
  const vn_window_set_t *set = firing->set;
  vn_window_state_t *state = firing->memory->state;
  int64_t ends_ms[VN_WINDOWS_MAX] = {0};
  vn_time_ms_t left_ms = VN_TIME_PLUS_INFINITY;
  vn_time_ms_t gone_ms = vn_sub_saturating(firing->watermark_ms, set->lateness_ms) + 1;
  for (uint8_t i = 0; i < set->window_count; i++) {
    ends_ms[i] = vn__grid_end_after(&set->windows[i], gone_ms);
  }
  for (;;) {
    uint8_t next = vn__smallest(ends_ms, set->window_count);
    vn_time_ms_t last_ms = ends_ms[next] - 1;
    if (last_ms > firing->watermark_ms) {
      state->late = left_ms != VN_TIME_PLUS_INFINITY;
      return left_ms;
    }
    uint16_t *counter =
        vn__revision_counter(set, firing->memory, next, last_ms + 1 - set->windows[next].size_ms);
    bool waits = (*counter & VN__REVISION_WAITS) != 0;
    if (waits && last_ms + set->lateness_ms <= until_ms) {
      *counter &= (uint16_t)~VN__REVISION_WAITS;
      (void)vn__fire(firing, next, last_ms + 1);
    } else if (waits && last_ms + set->lateness_ms < left_ms) {
      left_ms = last_ms + set->lateness_ms;
    }
    ends_ms[next] += set->windows[next].slide_ms;
  }
}

void vn_window_tell_late(const vn_window_set_t *set, const vn_window_memory_t *memory,
                         const vn_window_sink_t *sink) {
  if (memory->state->late) {
    vn__firing_t firing = {set, memory, sink, memory->state->watermark_ms, VN_KIND_LATE, NULL};
    (void)vn__late_tell(&firing, VN_TIME_PLUS_INFINITY);
  }
}
