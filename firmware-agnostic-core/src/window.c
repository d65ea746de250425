/* Event-time windows: judging, advancing, inserting (rules W1-W5, W10-W13 of docs/semantics.md). */
#include "window_priv.h"
#include "window_routine_priv.h"

#include <string.h>

void vn__pane_begin(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot,
                    int64_t number) {
  vn__tally_give_way(set, memory, slot);
  memory->panes[slot].number = number;
  vn_aggregate_clear(&memory->panes[slot].aggregate);
  vn_extra_clear(&set->extra, &memory->extra, slot);
  if (set->ordered.kinds != 0) {
    memory->ordered.panes[slot].used = false;
  }
  vn__tally_begin(set, memory, slot);
}

void vn_window_reset(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  VN_ASSERT(set != NULL && memory != NULL);
  *memory->state = (vn_window_state_t){.watermark_ms = VN_TIME_MINUS_INFINITY,
                                       .pane_low_ms = 1,
                                       .pane_high_ms = 0,
                                       .next_due_ms = VN_TIME_PLUS_INFINITY};
  *memory->waiting = (vn_waiting_t){.number = VN__NO_PANE};
  for (uint32_t i = 0; i < set->pane_count; i++) {
    memory->panes[i].number = VN__NO_PANE;
    vn_aggregate_clear(&memory->panes[i].aggregate);
    vn__pane_begin(set, memory, i, VN__NO_PANE);
  }
  if (set->ordered.kinds != 0) {
    vn_ordered_clear(&set->ordered, &memory->ordered);
  }
  if (set->revision_count > 0) {
    memset(memory->revisions, 0, set->revision_count * sizeof memory->revisions[0]);
  }
}

uint8_t vn__smallest(const int64_t *ends_ms, uint8_t count) {
  VN_ASSERT(count > 0 && count <= VN_WINDOWS_MAX);
  uint8_t best = 0;
  for (uint8_t i = 1; i < count; i++) {
    best = ends_ms[i] < ends_ms[best] ? i : best;
  }
  return best;
}

/* Revisions that wait leave before their window is gone; when the next ones have to. */
static vn_time_ms_t tell_late(const vn__firing_t *firing, vn_time_ms_t from_ms) {
  if (!firing->memory->state->late) {
    return VN_TIME_PLUS_INFINITY;
  }
  vn__firing_t late = *firing;
  late.watermark_ms = from_ms;
  late.kind = VN_KIND_LATE;
  return vn__late_tell(&late, firing->watermark_ms);
}

/*
 * Fires what lies between the watermark and the new one, ascending by end over all definitions. An
 * empty window makes it jump to the next one with data, so a step from 1970 to today costs no more
 * than the panes that are there.
 */
static void fire_due(const vn__firing_t *firing, vn_time_ms_t from_ms) {
  const vn_window_set_t *set = firing->set;
  vn_window_state_t *state = firing->memory->state;
  int64_t ends_ms[VN_WINDOWS_MAX] = {0};
  bool unbounded = from_ms < VN_TIME_LOWEST_MS;
  vn_time_ms_t gone_ms = tell_late(firing, from_ms);
  if (set->ordered.kinds != 0) {
    vn__ordered_drain(set, firing->memory, firing->watermark_ms);
  }
  for (uint8_t i = 0; i < set->window_count; i++) {
    ends_ms[i] = unbounded ? vn__next_end_with_data(set, firing->memory->panes, i,
                                                    VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS)
                           : vn__grid_end_after(&set->windows[i], from_ms + 1);
  }
  for (;;) {
    uint8_t next = vn__smallest(ends_ms, set->window_count);
    if (ends_ms[next] == VN__NO_END || ends_ms[next] - 1 > firing->watermark_ms) {
      vn_time_ms_t due_ms = ends_ms[next] == VN__NO_END ? VN_TIME_PLUS_INFINITY : ends_ms[next] - 1;
      state->next_due_ms = due_ms < gone_ms ? due_ms : gone_ms;
      return;
    }
    if (vn__fire(firing, next, ends_ms[next])) {
      ends_ms[next] += set->windows[next].slide_ms;
    } else {
      ends_ms[next] = vn__next_end_with_data(set, firing->memory->panes, next, ends_ms[next]);
    }
  }
}

/* Raises the watermark; true when it passes an end, `from_ms` is then where it stood. */
static inline bool raise_watermark(const vn_window_set_t *set, vn_window_state_t *state,
                                   vn_time_ms_t watermark_ms, vn_time_ms_t *from_ms) {
  *from_ms = state->watermark_ms;
  if (watermark_ms <= state->watermark_ms) {
    return false;
  }
  state->watermark_ms = watermark_ms;
  return watermark_ms >= state->next_due_ms && set->window_count > 0;
}

void vn_window_advance(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       vn_time_ms_t watermark_ms, vn_kind_t kind, const vn_window_sink_t *sink) {
  vn_time_ms_t from_ms;
  if (raise_watermark(set, memory->state, watermark_ms, &from_ms)) {
    vn__firing_t firing = {set, memory, sink, watermark_ms, kind, NULL};
    fire_due(&firing, from_ms);
  }
}

/* The same by a reading, which is the next one in order where windows ask for that. */
static void advance_by(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       const vn_point_t *reading, const vn_window_sink_t *sink) {
  vn_time_ms_t watermark_ms = reading->time_ms - set->out_of_order_ms - 1;
  vn_time_ms_t from_ms;
  if (raise_watermark(set, memory->state, watermark_ms, &from_ms)) {
    vn__firing_t firing = {set, memory, sink, watermark_ms, VN_KIND_ON_TIME, reading};
    fire_due(&firing, from_ms);
  }
}

vn_reason_t vn_window_judge(const vn_window_set_t *set, vn_time_ms_t watermark_ms,
                            vn_time_ms_t time_ms) {
  vn_reason_t verdict = VN_REASON_NO_WINDOW;
  for (uint8_t i = 0; i < set->window_count; i++) {
    int64_t end_ms = vn__grid_start(&set->windows[i], time_ms) + set->windows[i].size_ms;
    if (end_ms <= time_ms) {
      continue; /* in a hole of this window: slide > size */
    }
    if (!vn__gone(set, end_ms, watermark_ms)) {
      return VN_REASON_NONE;
    }
    verdict = VN_REASON_LATE;
  }
  return verdict;
}

/* A pane that held nothing does now: the first of its windows still to fire may be due earlier. */
static void note_due(const vn_window_set_t *set, vn_window_state_t *state, vn_time_ms_t time_ms) {
  int64_t after_ms = state->watermark_ms < time_ms ? time_ms : state->watermark_ms + 1;
  for (uint8_t i = 0; i < set->window_count; i++) {
    int64_t end_ms = vn__grid_end_after(&set->windows[i], after_ms);
    if (end_ms - set->windows[i].size_ms <= time_ms && end_ms - 1 < state->next_due_ms) {
      state->next_due_ms = end_ms - 1;
    }
  }
}

/* Makes the reading's pane the current one, clearing what a pane long gone left in its slot. */
static void enter_pane(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       vn_time_ms_t time_ms) {
  vn_window_state_t *state = memory->state;
  int64_t number = vn_floor_div(time_ms - set->anchor_ms, set->pane_ms);
  state->pane_low_ms = number * set->pane_ms + set->anchor_ms;
  /* Weighted readings never go the short way, which knows equal chances alone. */
  bool weighted = set->draw.weight != VN_WEIGHT_NONE;
  state->pane_high_ms = state->pane_low_ms + (weighted ? 0 : set->pane_ms);
  state->pane_slot = vn__pane_slot(set, number);
  vn_pane_t *pane = &memory->panes[state->pane_slot];
  if (pane->number != number) {
    vn__pane_begin(set, memory, state->pane_slot, number);
  }
  if (pane->aggregate.count == 0) {
    note_due(set, state, time_ms);
  }
}

/* What the windows keep beside aggregate and sample; the aggregate has taken the reading. */
static void insert_more(const vn_window_set_t *set, const vn_window_memory_t *memory,
                        vn_time_ms_t time_ms, int32_t value) {
  if (vn_extra_wanted(&set->extra)) {
    vn_extra_add(&set->extra, &memory->extra, memory->state->pane_slot,
                 time_ms - memory->state->pane_low_ms, value);
  }
  if (set->ordered.kinds != 0) {
    vn_point_t reading = {time_ms, value};
    vn__ordered_take(set, memory, &reading);
  }
}

static vn__window_current_t current_pane(const vn_window_set_t *set,
                                         const vn_window_memory_t *memory) {
  uint32_t slot = memory->state->pane_slot;
  return (vn__window_current_t){
      .state = memory->state,
      .pane = memory->panes + slot,
      .members = set->sample > 0 ? memory->members + (size_t)slot * set->sample : NULL,
      .sample_seed = memory->sample_seed};
}

/* Into the current pane. */
static void insert(const vn_window_set_t *set, const vn_window_memory_t *memory,
                   vn_time_ms_t time_ms, int32_t value) {
  if (set->slots > 1) {
    vn__tally_heard(set, memory, memory->state->pane_slot, time_ms - memory->state->pane_low_ms);
  }
  if (set->early > 0) {
    vn__early_mark(set, memory, memory->state->pane_slot);
  }
  if (set->draw.weight == VN_WEIGHT_NONE) {
    vn__window_current_t current = current_pane(set, memory);
    vn__window_add(set, &current, time_ms, value);
  } else {
    vn__sample_t sample = vn__pane_sample(set, memory, memory->state->pane_slot);
    vn__sample_offer(&sample, memory->sample_seed, time_ms, value);
    vn_aggregate_add(&memory->panes[memory->state->pane_slot].aggregate, time_ms, value);
  }
  if (set->keeps_more) {
    insert_more(set, memory, time_ms, value);
  }
}

/* Windows that have fired and are not gone fire again with the late reading in them (W5). */
static void fire_again(const vn__firing_t *firing, vn_time_ms_t time_ms) {
  const vn_window_set_t *set = firing->set;
  int64_t ends_ms[VN_WINDOWS_MAX] = {0};
  vn_time_ms_t gone_ms = vn_sub_saturating(firing->watermark_ms, set->lateness_ms) + 1;
  for (uint8_t i = 0; i < set->window_count; i++) {
    ends_ms[i] = vn__grid_end_after(&set->windows[i], time_ms > gone_ms ? time_ms : gone_ms);
  }
  for (;;) {
    uint8_t next = vn__smallest(ends_ms, set->window_count);
    if (ends_ms[next] == VN__NO_END || ends_ms[next] - 1 > firing->watermark_ms) {
      return;
    }
    if (ends_ms[next] - set->windows[next].size_ms > time_ms) {
      ends_ms[next] = VN__NO_END;
      continue;
    }
    (void)vn__fire(firing, next, ends_ms[next]);
    ends_ms[next] += set->windows[next].slide_ms;
  }
}

/* A reading outside the current pane, behind the watermark, or one that makes windows fire. */
static vn_reason_t take_slowly(const vn_window_set_t *set, const vn_window_memory_t *memory,
                               vn_time_ms_t time_ms, int32_t value, const vn_window_sink_t *sink,
                               vn_window_drop_fn refused) {
  vn_time_ms_t before_ms = memory->state->watermark_ms;
  vn_reason_t verdict = vn_window_judge(set, before_ms, time_ms);
  if (verdict != VN_REASON_NONE && refused != NULL) {
    refused(sink->context, verdict);
  }
  if (verdict != VN_REASON_NONE) {
    vn_window_advance(set, memory, time_ms - set->out_of_order_ms - 1, VN_KIND_ON_TIME, sink);
    return verdict;
  }
  vn_point_t reading = {time_ms, value};
  advance_by(set, memory, &reading, sink);
  enter_pane(set, memory, time_ms);
  if (memory->panes[memory->state->pane_slot].aggregate.count == UINT32_MAX) {
    return VN_REASON_LIMITED;
  }
  insert(set, memory, time_ms, value);
  if (time_ms <= before_ms) {
    vn_tally_bump(&memory->tallies[memory->state->pane_slot], VN_ACCOUNTED_LATE);
    vn__firing_t firing = {set, memory, sink, before_ms, VN_KIND_LATE, NULL};
    if (set->late_waits) {
      vn__late_wait(&firing, time_ms);
    } else {
      fire_again(&firing, time_ms);
    }
  }
  return VN_REASON_NONE;
}

vn_reason_t vn_window_reading(const vn_window_set_t *set, const vn_window_memory_t *memory,
                              vn_time_ms_t time_ms, int32_t value, const vn_window_sink_t *sink,
                              vn_window_drop_fn refused) {
  VN_ASSERT(time_ms >= VN_TIME_LOWEST_MS && time_ms <= VN_TIME_HIGHEST_MS);
  VN_ASSERT(set->window_count > 0);
  vn__window_current_t current = current_pane(set, memory);
  if (!vn__window_is_routine(set, &current, time_ms)) {
    return take_slowly(set, memory, time_ms, value, sink, refused);
  }
  insert(set, memory, time_ms, value);
  return VN_REASON_NONE;
}

vn_time_ms_t vn_window_open_end(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  vn_time_ms_t open_ms = VN_TIME_MINUS_INFINITY;
  for (uint32_t i = 0; i < set->pane_count; i++) {
    if (memory->panes[i].aggregate.count == 0) {
      continue;
    }
    int64_t last_ms = vn__pane_last_end(set, &memory->panes[i]) - 1;
    if (last_ms > memory->state->watermark_ms && last_ms > open_ms) {
      open_ms = last_ms;
    }
  }
  return open_ms;
}

void vn_window_close_idle(const vn_window_set_t *set, const vn_window_memory_t *memory,
                          const vn_window_sink_t *sink) {
  vn_time_ms_t open_ms = vn_window_open_end(set, memory);
  if (open_ms != VN_TIME_MINUS_INFINITY) {
    vn_window_advance(set, memory, open_ms, VN_KIND_IDLE, sink);
  }
}
