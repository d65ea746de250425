/* Readings in time order into panes, and a window's ordered content out of them. */
#include "window_priv.h"

/* The windows of a series, as the buffer's readings find them. */
typedef struct panes {
  const vn_window_set_t *set;
  const vn_window_memory_t *memory;
} panes_t;

static bool has_pane(const vn_window_set_t *set, const vn_window_memory_t *memory,
                     vn_time_ms_t time_ms, uint32_t *slot) {
  int64_t number = vn_floor_div(time_ms - set->anchor_ms, set->pane_ms);
  *slot = vn__pane_slot(set, number);
  return memory->panes[*slot].number == number && memory->panes[*slot].aggregate.count > 0;
}

/* A pane lives as long as readings for it wait: they leave before its first window fires. */
static void deliver(void *context, const vn_point_t *reading) {
  const panes_t *panes = context;
  const vn_ordered_memory_t *memory = &panes->memory->ordered;
  uint32_t slot;
  bool alive = has_pane(panes->set, panes->memory, reading->time_ms, &slot);
  VN_ASSERT(alive);
  (void)vn_ordered_append(&panes->set->ordered, memory->state, &memory->panes[slot], reading);
}

void vn__ordered_drain(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       vn_time_ms_t watermark_ms) {
  if (set->ordered.capacity == 0) {
    return;
  }
  panes_t panes = {set, memory};
  vn_reorder_t buffer = vn_ordered_buffer(&set->ordered, &memory->ordered);
  vn_reorder_sink_t sink = {deliver, &panes};
  (void)vn_reorder_drain(&buffer, watermark_ms, &sink);
}

/*
 * Behind the watermark nothing waits: the reading follows those that have passed, or it is too
 * late to. Others wait; the buffer is drained when it is full and when windows fire, so that what
 * goes through it most often goes many at a time.
 */
void vn__ordered_take(const vn_window_set_t *set, const vn_window_memory_t *memory,
                      const vn_point_t *reading) {
  const vn_ordered_set_t *ordered = &set->ordered;
  vn_ordered_state_t *state = memory->ordered.state;
  vn_time_ms_t watermark_ms = memory->state->watermark_ms;
  panes_t panes = {set, memory};
  bool waits = ordered->capacity > 0 && reading->time_ms > watermark_ms &&
               (!state->used || reading->time_ms >= state->last.time_ms);
  if (!waits || state->reorder.count == ordered->capacity) {
    vn__ordered_drain(set, memory, watermark_ms);
  }
  if (!waits) {
    deliver(&panes, reading);
    return;
  }
  vn_reorder_t buffer = vn_ordered_buffer(ordered, &memory->ordered);
  vn_reorder_sink_t sink = {deliver, &panes};
  vn_reorder_add(&buffer, reading, &sink);
}

/* The first reading at or behind a window's end; among the panes, where it has fired before. */
static const vn_point_t *find_after(const vn__firing_t *firing, int64_t end_ms, vn_point_t *room) {
  const vn_window_set_t *set = firing->set;
  if (!vn__ordered_knows_after(set)) {
    return NULL;
  }
  const vn_point_t *after = firing->after;
  for (uint32_t i = 0; i < set->pane_count; i++) {
    const vn_ordered_pane_t *pane = &firing->memory->ordered.panes[i];
    if (pane->used && pane->first_ms >= end_ms &&
        (after == NULL || pane->first_ms < after->time_ms)) {
      *room = (vn_point_t){pane->first_ms, pane->first};
      after = room;
    }
  }
  return after;
}

vn_ordered_values_t vn__ordered_fold(const vn__firing_t *firing, const vn_window_t *window,
                                     int64_t start_ms) {
  const vn_window_set_t *set = firing->set;
  const vn_window_memory_t *memory = firing->memory;
  vn_ordered_set_t ordered = set->ordered;
  ordered.kinds = vn_statistics_ordered_kinds(window->statistics);
  vn_ordered_pane_t total = {.used = false};
  int64_t end_ms = start_ms + window->size_ms;
  for (int64_t at_ms = start_ms; at_ms < end_ms; at_ms += set->pane_ms) {
    uint32_t slot;
    if (has_pane(set, memory, at_ms, &slot)) {
      vn_ordered_merge(&ordered, &total, &memory->ordered.panes[slot]);
    }
  }
  vn_point_t room;
  return vn_ordered_result(&ordered, &total, start_ms, end_ms, find_after(firing, end_ms, &room));
}

/* A window that fires drains the buffer first: nothing of it waits any longer. */
static bool has_fired(const vn_window_set_t *set, vn_time_ms_t watermark_ms, vn_time_ms_t time_ms) {
  for (uint8_t i = 0; i < set->window_count; i++) {
    int64_t end_ms = vn__grid_end_after(&set->windows[i], time_ms);
    if (end_ms - set->windows[i].size_ms <= time_ms && end_ms - 1 <= watermark_ms) {
      return true;
    }
  }
  return false;
}

bool vn__ordered_is_sane(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  const vn_ordered_state_t *state = memory->ordered.state;
  for (uint32_t i = 0; i < set->pane_count; i++) {
    const vn_ordered_pane_t *pane = &memory->ordered.panes[i];
    if (pane->used && (!state->used || pane->last_ms > state->last.time_ms)) {
      return false;
    }
  }
  for (uint32_t i = 0; i < state->reorder.count; i++) {
    vn_time_ms_t time_ms = state->reorder.base_ms + memory->ordered.entries[i].offset_ms;
    uint32_t slot;
    if (!has_pane(set, memory, time_ms, &slot) ||
        has_fired(set, memory->state->watermark_ms, time_ms)) {
      return false;
    }
  }
  return true;
}
