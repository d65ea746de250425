/* The windows of a series: those of time, sessions and counts under one watermark. */
#include "engine_slot_priv.h"

static vn_session_memory_t session_memory(const vn__work_t *work, uint8_t index) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  const vn_store_t *store = &work->engine->store;
  size_t slots =
      work->pipeline->session_base + (size_t)work->state->local * geometry->session_slots;
  size_t members = (size_t)geometry->set.pane_count * geometry->set.sample;
  for (uint8_t i = 0; i < index; i++) {
    slots += geometry->sessions[i].capacity;
    members += (size_t)geometry->sessions[i].capacity * geometry->sessions[i].sample;
  }
  return (vn_session_memory_t){
      .state = store->session_states + work->pipeline->session_state_base +
               (size_t)work->state->local * geometry->session_count + index,
      .sessions = store->sessions + slots,
      .standing = store->spans + slots,
      .members = vn__plain_memory(work).members + members,
      .extra = vn__extra_memory(work, &geometry->extras[geometry->sessions[index].window]),
      .sample_seed = work->state->sample_seed,
  };
}

static vn_count_memory_t count_memory(const vn__work_t *work, uint8_t index) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  const vn_store_t *store = &work->engine->store;
  size_t panes =
      work->pipeline->count_pane_base + (size_t)work->state->local * geometry->count_panes;
  size_t members = (size_t)geometry->set.pane_count * geometry->set.sample;
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    members += (size_t)geometry->sessions[i].capacity * geometry->sessions[i].sample;
  }
  for (uint8_t i = 0; i < index; i++) {
    panes += geometry->counts[i].pane_count;
    members += (size_t)geometry->counts[i].pane_count * geometry->counts[i].sample;
  }
  return (vn_count_memory_t){
      .state = store->count_states + work->pipeline->count_state_base +
               (size_t)work->state->local * geometry->count_count + index,
      .panes = store->count_panes + panes,
      .members = vn__plain_memory(work).members + members,
      .extra = vn__extra_memory(work, &geometry->extras[geometry->counts[index].window]),
      .sample_seed = work->state->sample_seed,
  };
}

static vn_report_memory_t report_memory(const vn__work_t *work, uint8_t index) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  return (vn_report_memory_t){
      .state = work->engine->store.reports + work->pipeline->report_base +
               (size_t)work->state->local * geometry->report_count + index,
      .members = vn__plain_memory(work).members + geometry->report_members[index],
  };
}

/* A condition window is put together when it is needed. */
typedef struct condition {
  vn_condition_window_t window;
  vn_condition_memory_t memory;
} condition_t;

static condition_t condition_of(const vn__work_t *work, uint8_t index) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  const vn_pipeline_t *plan = work->pipeline->plan;
  size_t members = geometry->condition_members;
  for (uint8_t i = 0; i < index; i++) {
    members += vn_geometry_condition(plan, geometry, i).sample;
  }
  vn_condition_window_t window = vn_geometry_condition(plan, geometry, index);
  return (condition_t){
      .window = window,
      .memory = {.state = work->engine->store.conditions + work->pipeline->condition_base +
                          (size_t)work->state->local * geometry->condition_count + index,
                 .members = vn__plain_memory(work).members + members,
                 .extra = vn__extra_memory(work, &geometry->extras[window.window]),
                 .sample_seed = work->state->sample_seed},
  };
}

static vn_window_sink_t window_sink(vn__work_t *work) {
  const vn_store_t *store = &work->engine->store;
  return (vn_window_sink_t){
      vn__told_result,
      work,
      store->sample_scratch,
      {.trends = store->trends, .counters = store->counters, .registers = store->registers}};
}

/* What goes by time. */
static void reset_timed(vn__work_t *work) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  vn_window_memory_t windows = vn__window_memory(work);
  vn_window_reset(&geometry->set, &windows);
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    vn_session_memory_t memory = session_memory(work, i);
    vn_session_reset(&geometry->sessions[i], &memory);
  }
  for (uint8_t i = 0; i < geometry->report_count; i++) {
    vn_report_memory_t memory = report_memory(work, i);
    vn_report_reset(&memory);
  }
  for (uint8_t i = 0; i < geometry->condition_count; i++) {
    condition_t condition = condition_of(work, i);
    vn_condition_window_reset(&condition.window, &condition.memory);
  }
}

void vn__windows_reset(vn__work_t *work) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  reset_timed(work);
  for (uint8_t i = 0; i < geometry->count_count; i++) {
    vn_count_memory_t memory = count_memory(work, i);
    vn_count_window_reset(&geometry->counts[i], &memory);
  }
}

void vn__windows_restart(vn__work_t *work, int64_t shift_ms) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  reset_timed(work);
  for (uint8_t i = 0; i < geometry->count_count; i++) {
    vn_count_memory_t memory = count_memory(work, i);
    vn_count_window_shift(&geometry->counts[i], &memory, shift_ms);
  }
}

void vn__windows_advance(vn__work_t *work, vn_time_ms_t watermark_ms, vn_kind_t kind) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  vn__alerts_pass(work, watermark_ms);
  vn_window_memory_t windows = vn__window_memory(work);
  vn_window_sink_t sink = window_sink(work);
  vn_window_advance(&geometry->set, &windows, watermark_ms, kind, &sink);
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    vn_session_memory_t memory = session_memory(work, i);
    vn_session_advance(&geometry->sessions[i], &memory, work->state->window.watermark_ms, kind,
                       &sink);
  }
  for (uint8_t i = 0; i < geometry->report_count; i++) {
    vn_report_memory_t memory = report_memory(work, i);
    vn_report_advance(&geometry->reports[i], &memory, work->state->window.watermark_ms, kind,
                      &sink);
  }
}

/* A record stays open behind the watermark, which silence must move to close it. */
static vn_time_ms_t report_open_end(const vn__work_t *work, const vn_report_memory_t *memory) {
  vn_time_ms_t last_ms = vn_report_open_end(memory);
  vn_time_ms_t next_ms = vn_add_saturating(work->state->window.watermark_ms, 1);
  return last_ms == VN_TIME_MINUS_INFINITY || last_ms >= next_ms ? last_ms : next_ms;
}

static vn_time_ms_t later(vn_time_ms_t a_ms, vn_time_ms_t b_ms) {
  return a_ms > b_ms ? a_ms : b_ms;
}

vn_time_ms_t vn__windows_open_end(vn__work_t *work) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  vn_window_memory_t windows = vn__window_memory(work);
  vn_time_ms_t open_ms = vn_window_open_end(&geometry->set, &windows);
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    vn_session_memory_t memory = session_memory(work, i);
    open_ms = later(open_ms, vn_session_open_end(&geometry->sessions[i], &memory));
  }
  for (uint8_t i = 0; i < geometry->report_count; i++) {
    vn_report_memory_t memory = report_memory(work, i);
    open_ms = later(open_ms, report_open_end(work, &memory));
  }
  return later(open_ms, vn__alerts_newest(work));
}

void vn__windows_close(vn__work_t *work, vn_kind_t kind) {
  vn_window_sink_t sink = window_sink(work);
  for (uint8_t i = 0; i < work->pipeline->geometry.condition_count; i++) {
    condition_t condition = condition_of(work, i);
    if (condition.memory.state->open) {
      vn__touch(work->engine, work->state);
      vn_condition_window_close(&condition.window, &condition.memory, kind, &sink);
    }
  }
}

/* Taken by one window is taken; else having no window is the weakest reason. */
static vn_reason_t joint(vn_reason_t all, vn_reason_t own) {
  return own == VN_REASON_NONE || all == VN_REASON_NO_WINDOW ? own : all;
}

/* Which session windows take the reading, as bits; *verdict is that of all windows together. */
static uint8_t judge(const vn__work_t *work, const vn_session_reading_t *reading,
                     vn_reason_t *verdict) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  uint8_t takers = 0;
  *verdict = vn_window_judge(&geometry->set, reading->watermark_ms, reading->time_ms);
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    vn_session_memory_t memory = session_memory(work, i);
    vn_reason_t own = vn_session_judge(&geometry->sessions[i], &memory, reading);
    takers |= own == VN_REASON_NONE ? (uint8_t)(1u << i) : 0;
    *verdict = joint(*verdict, own);
  }
  for (uint8_t i = 0; i < geometry->report_count; i++) {
    vn_report_memory_t memory = report_memory(work, i);
    *verdict = joint(*verdict, vn_report_judge(&memory, reading->time_ms));
  }
  for (uint8_t i = 0; i < geometry->condition_count; i++) {
    condition_t condition = condition_of(work, i);
    *verdict = joint(*verdict, vn_condition_window_judge(&condition.window, &condition.memory,
                                                         reading->time_ms, reading->value));
  }
  /* Count windows know no time: they take what comes (W7). */
  *verdict = geometry->count_count > 0 ? VN_REASON_NONE : *verdict;
  return takers;
}

static void insert_into_sessions(vn__work_t *work, uint8_t takers,
                                 const vn_session_reading_t *reading,
                                 const vn_window_sink_t *sink) {
  for (uint8_t i = 0; i < work->pipeline->geometry.session_count; i++) {
    if ((takers & 1u << i) != 0) {
      vn_session_memory_t memory = session_memory(work, i);
      vn_session_insert(&work->pipeline->geometry.sessions[i], &memory, reading, sink);
    }
  }
}

static void count_reading(vn__work_t *work, int32_t value, const vn_window_sink_t *sink) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  for (uint8_t i = 0; i < geometry->count_count; i++) {
    vn_count_memory_t memory = count_memory(work, i);
    vn_count_window_reading(&geometry->counts[i], &memory, work->time_ms, value, sink);
  }
}

/* One that is not newer than the last is left out: it has been judged. */
static void report_reading(vn__work_t *work, int32_t value, const vn_window_sink_t *sink) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  vn_member_t reading = {work->time_ms, value, 0};
  for (uint8_t i = 0; i < geometry->report_count; i++) {
    vn_report_memory_t memory = report_memory(work, i);
    (void)!vn_report_reading(&geometry->reports[i], &memory, &reading, sink);
  }
}

/* One that is older than the last is left out: it has been judged. */
static void evaluate_conditions(vn__work_t *work, int32_t value, const vn_window_sink_t *sink) {
  for (uint8_t i = 0; i < work->pipeline->geometry.condition_count; i++) {
    condition_t condition = condition_of(work, i);
    (void)!vn_condition_window_reading(&condition.window, &condition.memory, work->time_ms, value,
                                       sink);
  }
}

/* Into windows of time; those that ask for readings in order say whether it came so. */
static vn_reason_t take_into_time(vn__work_t *work, const vn_window_memory_t *windows,
                                  int32_t value, const vn_window_sink_t *sink,
                                  vn_window_drop_fn refused) {
  const vn_window_set_t *set = &work->pipeline->geometry.set;
  const vn_ordered_state_t *ordered = windows->ordered.state;
  uint64_t unordered = ordered != NULL ? ordered->unordered : 0;
  vn_reason_t verdict = vn_window_reading(set, windows, work->time_ms, value, sink, refused);
  if (ordered != NULL) {
    work->state->accounting.unordered += ordered->unordered - unordered;
    work->engine->figures.readings.unordered += ordered->unordered - unordered;
  }
  return verdict;
}

/* Sessions insert before the watermark moves, windows of time after: each needs it so. */
static vn_reason_t take_into_all(vn__work_t *work, int32_t value, vn_window_drop_fn refused) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  vn_window_memory_t windows = vn__window_memory(work);
  vn_window_sink_t sink = window_sink(work);
  vn_session_reading_t reading = {work->time_ms, work->state->window.watermark_ms, value};
  vn_reason_t verdict;
  uint8_t takers = judge(work, &reading, &verdict);
  if (verdict != VN_REASON_NONE) {
    refused(work, verdict);
  }
  insert_into_sessions(work, takers, &reading, &sink);
  if (geometry->set.window_count > 0) {
    (void)take_into_time(work, &windows, value, &sink, NULL);
  }
  vn__windows_advance(work, work->time_ms - geometry->set.out_of_order_ms - 1, VN_KIND_ON_TIME);
  count_reading(work, value, &sink);
  report_reading(work, value, &sink);
  evaluate_conditions(work, value, &sink);
  return verdict;
}

static vn_correction_memory_t correction_memory(const vn__work_t *work) {
  uint8_t capacity = work->pipeline->plan->corrections;
  return (vn_correction_memory_t){.state = &work->state->correction,
                                  .deltas = work->engine->store.deltas +
                                            work->pipeline->delta_base +
                                            (size_t)work->state->local * capacity,
                                  .capacity = capacity};
}

void vn__windows_release(vn__work_t *work) {
  if (!vn__windows_wait(work)) {
    return;
  }
  const vn_window_set_t *set = &work->pipeline->geometry.set;
  vn_correction_memory_t memory = correction_memory(work);
  vn_window_memory_t windows = vn__window_memory(work);
  vn_window_sink_t sink = window_sink(work);
  vn_correction_tell(set, &memory, &sink);
  vn_window_tell_late(set, &windows, &sink);
  vn__touch(work->engine, work->state);
}

void vn__windows_tell_early(vn__work_t *work) {
  vn_window_memory_t windows = vn__window_memory(work);
  vn_window_sink_t sink = window_sink(work);
  vn_window_tell_early(&work->pipeline->geometry.set, &windows, &sink);
  vn__touch(work->engine, work->state);
}

/* What came when a window of it was gone goes into a delta. */
static void correct(vn__work_t *work, int32_t value) {
  vn_series_state_t *state = work->state;
  if (work->pipeline->plan->corrections == 0 || work->time_ms > state->window.watermark_ms) {
    return;
  }
  vn_correction_memory_t memory = correction_memory(work);
  vn_window_sink_t sink = window_sink(work);
  work->corrected = vn_correction_take(&work->pipeline->geometry.set, &memory,
                                       state->window.watermark_ms, work->time_ms, value, &sink);
}

static vn_reason_t take(vn__work_t *work, int32_t value, vn_window_drop_fn refused) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  if (geometry->set.window_count < work->pipeline->plan->summary.window_count) {
    return take_into_all(work, value, refused);
  }
  if (geometry->set.window_count == 0) {
    return VN_REASON_NONE;
  }
  vn_window_memory_t windows = vn__window_memory(work);
  vn_window_sink_t sink = window_sink(work);
  vn_reason_t verdict = take_into_time(work, &windows, value, &sink, refused);
  if (verdict == VN_REASON_LIMITED) {
    refused(work, verdict);
  }
  return verdict;
}

vn_reason_t vn__windows_take(vn__work_t *work, int32_t value, vn_window_drop_fn refused) {
  bool waited = vn__windows_wait(work);
  bool changed = work->state->window.early;
  correct(work, value);
  vn_reason_t verdict = take(work, value, refused);
  if (!waited && vn__windows_wait(work)) {
    work->state->late_since_mono_ms = work->engine->arrival_mono_ms;
  }
  if (!changed && work->state->window.early) {
    work->state->early_since_mono_ms = work->engine->arrival_mono_ms;
  }
  return verdict;
}

size_t vn__windows_save_max(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry) {
  size_t most = vn__time_save_max(&geometry->set);
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    most += vn_session_save_max(&geometry->sessions[i]);
  }
  for (uint8_t i = 0; i < geometry->count_count; i++) {
    most += vn_count_window_save_max(&geometry->counts[i]);
  }
  for (uint8_t i = 0; i < geometry->report_count; i++) {
    most += vn_report_save_max(&geometry->reports[i]);
  }
  for (uint8_t i = 0; i < geometry->condition_count; i++) {
    vn_condition_window_t window = vn_geometry_condition(pipeline, geometry, i);
    most += vn_condition_window_save_max(&window);
  }
  uint8_t corrections = pipeline->corrections;
  return most + (corrections > 0 ? vn_correction_save_max(corrections) : 0);
}

/* Windows of time are part 0; each other window follows with a part of its own, at the end what
 * waits to correct those of time. */
uint8_t vn__window_parts(const vn_pipeline_state_t *pipeline) {
  uint8_t others =
      (uint8_t)(pipeline->plan->summary.window_count - pipeline->geometry.set.window_count);
  return (uint8_t)(1u + others + (pipeline->plan->corrections > 0 ? 1u : 0u));
}

size_t vn__window_part_save(vn__work_t *work, uint8_t part, uint8_t *out, size_t capacity) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  if (part == 0) {
    return vn__time_save(work, out, capacity);
  }
  part--;
  if (part < geometry->session_count) {
    vn_session_memory_t memory = session_memory(work, part);
    return vn_session_save(&geometry->sessions[part], &memory, out, capacity);
  }
  part = (uint8_t)(part - geometry->session_count);
  if (part < geometry->count_count) {
    vn_count_memory_t memory = count_memory(work, part);
    return vn_count_window_save(&geometry->counts[part], &memory, out, capacity);
  }
  part = (uint8_t)(part - geometry->count_count);
  if (part < geometry->report_count) {
    vn_report_memory_t memory = report_memory(work, part);
    return vn_report_save(&geometry->reports[part], &memory, out, capacity);
  }
  part = (uint8_t)(part - geometry->report_count);
  if (part == geometry->condition_count) {
    vn_correction_memory_t memory = correction_memory(work);
    return vn_correction_save(&memory, out, capacity);
  }
  condition_t condition = condition_of(work, part);
  return vn_condition_window_save(&condition.window, &condition.memory, out, capacity);
}

static vn_err_t load_part(vn__work_t *work, uint8_t part, const uint8_t *bytes, size_t length) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  if (part == 0) {
    return vn__time_load(work, bytes, length) ? VN_OK : VN_ERR_FORMAT;
  }
  part--;
  if (part < geometry->session_count) {
    vn_session_memory_t memory = session_memory(work, part);
    return vn_session_load(&geometry->sessions[part], &memory, bytes, length);
  }
  part = (uint8_t)(part - geometry->session_count);
  if (part < geometry->count_count) {
    vn_count_memory_t memory = count_memory(work, part);
    return vn_count_window_load(&geometry->counts[part], &memory, bytes, length);
  }
  part = (uint8_t)(part - geometry->count_count);
  if (part < geometry->report_count) {
    vn_report_memory_t memory = report_memory(work, part);
    return vn_report_load(&geometry->reports[part], &memory, bytes, length);
  }
  part = (uint8_t)(part - geometry->report_count);
  if (part == geometry->condition_count) {
    vn_correction_memory_t memory = correction_memory(work);
    return vn_correction_load(&geometry->set, &memory, bytes, length);
  }
  condition_t condition = condition_of(work, part);
  return vn_condition_window_load(&condition.window, &condition.memory, bytes, length);
}

bool vn__window_part_load(vn__work_t *work, uint8_t part, const uint8_t *bytes, size_t length) {
  return load_part(work, part, bytes, length) == VN_OK;
}
