/* Count windows: a ring of panes of g readings each (rule W7 of docs/semantics.md). */
#include "count_window_priv.h"
#include "vn/arith.h"

vn_err_t vn_count_window_derive(vn_count_window_t *window) {
  VN_ASSERT(window != NULL);
  window->pane_readings = 0;
  window->pane_count = 0;
  if (window->size == 0 || window->slide == 0 || window->sample > VN_SAMPLE_MAX) {
    return VN_ERR_PLAN;
  }
  window->pane_readings = (uint32_t)vn_gcd(window->size, window->slide);
  window->pane_count = window->size / window->pane_readings;
  return window->pane_count > VN_PANES_MAX ? VN_ERR_PLAN : VN_OK;
}

void vn_count_window_reset(const vn_count_window_t *window, const vn_count_memory_t *memory) {
  VN_ASSERT(window->pane_count >= 1 && window->pane_count <= VN_PANES_MAX);
  *memory->state = (vn_count_state_t){.position = 0, .slot = 0, .until_due = window->slide};
  for (uint32_t i = 0; i < window->pane_count; i++) {
    vn_aggregate_clear(&memory->panes[i]);
  }
}

/* Each pane's extras begin at its first time, those of the whole at the first of all. */
static void fold_extras(const vn_count_window_t *window, const vn_count_memory_t *memory,
                        const vn_aggregate_t *total, const vn_window_sink_t *sink) {
  uint32_t used = vn__count_used(window, memory->state->position);
  uint32_t slot = vn__count_oldest(window, memory, used);
  vn_extra_clear(&window->extra, &sink->extra_scratch, 0);
  for (uint32_t i = 0; i < used; i++, slot = vn__count_next(window, slot)) {
    vn_extra_merge(&window->extra, &sink->extra_scratch, &memory->extra, slot,
                   memory->panes[slot].first_ms - total->first_ms);
  }
}

/* Folds the last panes, the oldest first: at equal times the order of arrival decides. */
static void tell(const vn_count_window_t *window, const vn_count_memory_t *memory,
                 const vn_window_sink_t *sink) {
  vn_aggregate_t total;
  vn__sample_t sample = {&total, sink->scratch, window->sample, window->draw};
  uint32_t used = vn__count_used(window, memory->state->position);
  uint32_t slot = vn__count_oldest(window, memory, used);
  vn_aggregate_clear(&total);
  for (uint32_t i = 0; i < used; i++, slot = vn__count_next(window, slot)) {
    vn__sample_t part = vn__count_sample(window, memory, slot);
    (void)vn_reservoir_merge_drawn(&window->draw, sample.members, vn__sample_count(&sample),
                                   window->sample, part.members, vn__sample_count(&part));
    bool merged = vn_aggregate_merge(&total, part.aggregate);
    VN_ASSERT(merged);
  }
  fold_extras(window, memory, &total, sink);
  vn_extra_values_t extra;
  vn_window_result_t result = {
      .aggregate = &total,
      .sample = sink->scratch,
      .extra = vn_extra_tell(&window->extra, &sink->extra_scratch, 0, &total, &extra),
      .start_ms = (int64_t)(memory->state->position - total.count),
      .end_ms = (int64_t)memory->state->position,
      .sample_count = vn__sample_count(&sample),
      .window = window->window,
      .kind = VN_KIND_COUNT};
  sink->deliver(sink->context, &result);
}

void vn_count_window_reading(const vn_count_window_t *window, const vn_count_memory_t *memory,
                             vn_time_ms_t time_ms, int32_t value, const vn_window_sink_t *sink) {
  vn_count_state_t *state = memory->state;
  VN_ASSERT(state->until_due > 0 && state->slot < window->pane_count);
  if (memory->panes[state->slot].count == window->pane_readings) {
    state->slot = vn__count_next(window, state->slot);
    vn_aggregate_clear(&memory->panes[state->slot]);
  }
  vn__sample_t sample = vn__count_sample(window, memory, state->slot);
  vn__sample_offer(&sample, memory->sample_seed, time_ms, value);
  vn_extra_take(&window->extra, &memory->extra, state->slot, &memory->panes[state->slot], time_ms,
                value);
  vn_aggregate_add(&memory->panes[state->slot], time_ms, value);
  state->position++;
  state->until_due--;
  if (state->until_due == 0) {
    state->until_due = window->slide;
    tell(window, memory, sink);
  }
}

void vn_count_window_shift(const vn_count_window_t *window, const vn_count_memory_t *memory,
                           int64_t shift_ms) {
  for (uint32_t i = 0; i < window->pane_count; i++) {
    vn_aggregate_t *pane = &memory->panes[i];
    vn__sample_t sample = vn__count_sample(window, memory, i);
    vn_aggregate_shift(pane, shift_ms);
    for (uint32_t k = 0; k < vn__sample_count(&sample); k++) {
      vn_time_ms_t *time_ms = &sample.members[k].time_ms;
      *time_ms = vn_add_saturating(*time_ms, shift_ms);
    }
    vn__sample_rekey(&sample, memory->sample_seed);
  }
}
