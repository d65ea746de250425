/* Condition windows: opening, closing, going on. */
#include "vn/condition_window.h"
#include "reservoir_priv.h"

#include <string.h>

vn_err_t vn_condition_window_check(const vn_condition_window_t *window) {
  VN_ASSERT(window != NULL);
  const vn_alert_rule_t *rule = &window->rule;
  bool rule_is_sane = rule->condition <= VN_ALERT_BELOW && rule->hysteresis >= 0 &&
                      rule->for_ms == 0 && rule->keep_firing_for_ms == 0;
  bool length_is_sane = window->max_ms == VN_DURATION_OFF ||
                        (window->max_ms >= 1 && window->max_ms <= VN_WINDOW_SPAN_MAX_MS);
  return rule_is_sane && length_is_sane && window->sample <= VN_SAMPLE_MAX ? VN_OK : VN_ERR_PLAN;
}

void vn_condition_window_reset(const vn_condition_window_t *window,
                               const vn_condition_memory_t *memory) {
  VN_ASSERT(vn_condition_window_check(window) == VN_OK);
  memset(memory->state, 0, sizeof *memory->state);
}

static vn__sample_t sample_of(const vn_condition_window_t *window,
                              const vn_condition_memory_t *memory) {
  return (vn__sample_t){&memory->state->aggregate, memory->members, window->sample, window->draw};
}

/* True again at a time that the last result covers already: one window, not two of one name. */
static bool goes_on(const vn_condition_state_t *state, vn_time_ms_t time_ms) {
  return state->results > 0 && (time_ms < state->end_ms || time_ms == state->aggregate.first_ms);
}

static void open_at(vn_condition_state_t *state, vn_time_ms_t time_ms) {
  VN_ASSERT(!state->open);
  if (!goes_on(state, time_ms)) {
    state->results = 0;
    vn_aggregate_clear(&state->aggregate);
  }
  state->open = true;
}

static void close_at(const vn_condition_window_t *window, const vn_condition_memory_t *memory,
                     vn_time_ms_t end_ms, vn_kind_t kind, const vn_window_sink_t *sink) {
  vn_condition_state_t *state = memory->state;
  VN_ASSERT(state->open && state->aggregate.count > 0);
  vn__sample_t sample = sample_of(window, memory);
  vn_span_t before = {state->aggregate.first_ms, state->end_ms};
  vn_extra_values_t extra;
  vn_window_result_t result = {
      .aggregate = &state->aggregate,
      .sample = sample.members,
      .supersedes = &before,
      .extra = vn_extra_tell(&window->extra, &memory->extra, 0, &state->aggregate, &extra),
      .start_ms = state->aggregate.first_ms,
      .end_ms = end_ms,
      .sample_count = vn__sample_count(&sample),
      .revision = state->results,
      .supersedes_count = state->results > 0 && before.end_ms != end_ms ? 1 : 0,
      .window = window->window,
      .kind = (uint8_t)kind,
  };
  sink->deliver(sink->context, &result);
  state->end_ms = end_ms;
  state->results++;
  state->open = false;
}

static bool is_too_long(const vn_condition_window_t *window, const vn_condition_state_t *state,
                        vn_time_ms_t time_ms) {
  return window->max_ms != VN_DURATION_OFF && time_ms - state->aggregate.first_ms >= window->max_ms;
}

static bool is_late(const vn_condition_state_t *state, vn_time_ms_t time_ms) {
  return state->evaluated && time_ms < state->last_ms;
}

vn_reason_t vn_condition_window_judge(const vn_condition_window_t *window,
                                      const vn_condition_memory_t *memory, vn_time_ms_t time_ms,
                                      int32_t value) {
  const vn_condition_state_t *state = memory->state;
  if (is_late(state, time_ms)) {
    return VN_REASON_LATE;
  }
  bool joins = state->open ? !is_too_long(window, state, time_ms) : goes_on(state, time_ms);
  bool full = joins && state->aggregate.count == UINT32_MAX &&
              vn_alert_holds(&window->rule, state->holds, value);
  return full ? VN_REASON_LIMITED : VN_REASON_NONE;
}

vn_reason_t vn_condition_window_reading(const vn_condition_window_t *window,
                                        const vn_condition_memory_t *memory, vn_time_ms_t time_ms,
                                        int32_t value, const vn_window_sink_t *sink) {
  VN_ASSERT(time_ms >= VN_TIME_LOWEST_MS && time_ms <= VN_TIME_HIGHEST_MS);
  vn_condition_state_t *state = memory->state;
  if (is_late(state, time_ms)) {
    return VN_REASON_LATE;
  }
  bool holds = vn_alert_holds(&window->rule, state->holds, value);
  state->holds = holds;
  state->last_ms = time_ms;
  state->evaluated = true;
  if (state->open && is_too_long(window, state, time_ms)) {
    close_at(window, memory, state->aggregate.first_ms + window->max_ms, VN_KIND_FORCED, sink);
  } else if (state->open && !holds) {
    close_at(window, memory, time_ms, VN_KIND_ON_TIME, sink);
  }
  if (!holds) {
    return VN_REASON_NO_WINDOW;
  }
  if (!state->open) {
    open_at(state, time_ms);
  }
  if (state->aggregate.count == UINT32_MAX) {
    return VN_REASON_LIMITED;
  }
  vn__sample_t sample = sample_of(window, memory);
  vn__sample_offer(&sample, memory->sample_seed, time_ms, value);
  vn_extra_take(&window->extra, &memory->extra, 0, &state->aggregate, time_ms, value);
  vn_aggregate_add(&state->aggregate, time_ms, value);
  return VN_REASON_NONE;
}

void vn_condition_window_close(const vn_condition_window_t *window,
                               const vn_condition_memory_t *memory, vn_kind_t kind,
                               const vn_window_sink_t *sink) {
  if (memory->state->open) {
    close_at(window, memory, memory->state->aggregate.last_ms + 1, kind, sink);
  }
}
