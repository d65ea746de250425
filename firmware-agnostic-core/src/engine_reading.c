/* A reading's way: guards, windows, alerts (docs/architecture.md, "A reading's way through"). */
#include "engine_priv.h"

static void count_refusal(vn_accounting_t *accounting, vn_reason_t reason) {
  switch (reason) {
    case VN_REASON_LATE:
      accounting->late++;
      break;
    case VN_REASON_NO_WINDOW:
      accounting->no_window++;
      break;
    case VN_REASON_DUPLICATE:
      accounting->duplicate++;
      break;
    case VN_REASON_LIMITED:
      accounting->limited++;
      break;
    case VN_REASON_FUTURE:
      accounting->quarantined++;
      break;
    default:
      accounting->rejected++;
      break;
  }
}

void vn__refuse(vn_engine_t *engine, uint32_t series, vn_reason_t reason, const vn_drop_t *drop) {
  VN_ASSERT(reason > VN_REASON_NONE && reason < VN_REASON_COUNT);
  engine->figures.reasons[reason]++;
  engine->owed.globals = true;
  if (reason != VN_REASON_MISSING) {
    count_refusal(&engine->figures.readings, reason);
    if (series != VN_SERIES_NONE) {
      count_refusal(&engine->store.series[series].accounting, reason);
    }
  }
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->drop != NULL) {
    observer->drop(observer->context, drop);
  }
}

void vn__series_touch(vn_engine_t *engine, uint32_t series) {
  vn_series_state_t *state = &engine->store.series[series];
  if ((state->flags & VN__SERIES_DIRTY) == 0) {
    state->flags |= VN__SERIES_DIRTY;
    engine->owed.dirty++;
  }
}

/* The reading's time, by the pipeline's rule. False: there is none. */
static bool time_of(const vn_engine_t *engine, const vn_pipeline_t *plan,
                    const vn_reading_t *reading, vn_time_ms_t *out) {
  bool arrival = plan->time_mode == VN_TIME_ARRIVAL || !reading->has_time;
  *out = arrival ? engine->arrival_ms : reading->time_ms;
  return (!arrival || engine->arrival_valid) && *out >= VN_TIME_LOWEST_MS &&
         *out <= VN_TIME_HIGHEST_MS;
}

/* A reading from the future would close the windows of all that are right: it moves nothing (W9).
 */
static bool is_future(const vn_engine_t *engine, const vn_pipeline_t *plan, vn_time_ms_t time_ms) {
  return plan->max_future_ms != VN_DURATION_OFF && engine->arrival_valid &&
         time_ms > vn_add_saturating(engine->arrival_ms, plan->max_future_ms);
}

static bool is_duplicate(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading,
                         vn_time_ms_t time_ms) {
  if (!reading->has_sequence) {
    return false;
  }
  vn_series_state_t *state = &engine->store.series[series];
  uint64_t missing_before = state->sequence.missing;
  vn_sequence_verdict_t verdict = vn_sequence_take(&state->sequence, reading->sequence, time_ms);
  engine->figures.readings.missing += state->sequence.missing - missing_before;
  state->accounting.missing = state->sequence.missing;
  return verdict == VN_SEQUENCE_DUPLICATE;
}

static vn_reason_t value_of(const vn_pipeline_t *plan, const vn_reading_t *reading,
                            int32_t *value) {
  int64_t scaled = reading->scaled;
  if (!reading->is_scaled) {
    vn_reason_t reason =
        vn_number_scale(&reading->number, plan->summary.exponent, INT32_MIN, INT32_MAX, &scaled);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
  }
  *value = (int32_t)scaled;
  return *value < plan->range_low || *value > plan->range_high ? VN_REASON_RANGE : VN_REASON_NONE;
}

/* Another series of a global pipeline feels the common watermark too (W8). */
static void share_watermark(vn_engine_t *engine, uint32_t source) {
  vn_pipeline_state_t *pipeline = vn__pipeline_of(engine, source);
  vn_time_ms_t watermark_ms = engine->store.series[source].window.watermark_ms;
  if (watermark_ms <= pipeline->watermark_ms) {
    return;
  }
  pipeline->watermark_ms = watermark_ms;
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (i == source || engine->table.name_lengths[i] == 0 ||
        vn__pipeline_of(engine, i) != pipeline) {
      continue;
    }
    vn__work_t work = {engine, i, 0};
    vn_window_sink_t sink = vn__sink(&work);
    vn_window_memory_t memory = vn__window_memory(engine, i);
    vn_window_advance(&pipeline->set, &memory, watermark_ms, VN_KIND_ON_TIME, &sink);
    vn__series_touch(engine, i);
  }
}

/* Into the windows; refusals have been told when it returns. */
static vn_reason_t into_windows(vn_engine_t *engine, uint32_t series, vn_time_ms_t time_ms,
                                int32_t value) {
  vn_pipeline_state_t *pipeline = vn__pipeline_of(engine, series);
  if (pipeline->set.window_count == 0) {
    return VN_REASON_NONE;
  }
  vn__work_t work = {engine, series, time_ms};
  vn_window_sink_t sink = vn__sink(&work);
  vn_window_memory_t memory = vn__window_memory(engine, series);
  bool global = pipeline->plan->scope == VN_SCOPE_GLOBAL;
  if (global) {
    vn_window_advance(&pipeline->set, &memory, pipeline->watermark_ms, VN_KIND_ON_TIME, &sink);
  }
  vn_reason_t verdict =
      vn_window_reading(&pipeline->set, &memory, time_ms, value, &sink, vn__told_refusal);
  if (global) {
    share_watermark(engine, series);
  }
  return verdict;
}

/* What every reading that is no quarantined one does, whatever becomes of it: it is an arrival. */
static void note_arrival(vn_engine_t *engine, uint32_t series) {
  vn_series_state_t *state = &engine->store.series[series];
  state->last_arrival_mono_ms = engine->arrival_mono_ms;
  if (engine->arrival_valid) {
    state->last_arrival_wall_ms = engine->arrival_ms;
  }
  vn__pipeline_of(engine, series)->last_arrival_mono_ms = state->last_arrival_mono_ms;
  vn__series_touch(engine, series);
}

/* Guards in the order that the rules ask for; the value is scaled when it returns NONE. */
static vn_reason_t guard(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading,
                         vn_time_ms_t *time_ms, int32_t *value) {
  const vn_pipeline_t *plan = vn__pipeline_of(engine, series)->plan;
  if (!time_of(engine, plan, reading, time_ms)) {
    return VN_REASON_TIME;
  }
  if (is_future(engine, plan, *time_ms)) {
    return VN_REASON_FUTURE;
  }
  note_arrival(engine, series);
  vn__alerts_on_arrival(engine, series);
  if (is_duplicate(engine, series, reading, *time_ms)) {
    return VN_REASON_DUPLICATE;
  }
  return value_of(plan, reading, value);
}

vn_reason_t vn__take_reading(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading) {
  VN_ASSERT(series < engine->plan->series_max && engine->table.name_lengths[series] > 0);
  vn_series_state_t *state = &engine->store.series[series];
  vn_time_ms_t time_ms = 0;
  int32_t value = 0;
  engine->figures.readings.received++;
  state->accounting.received++;
  vn_reason_t verdict = guard(engine, series, reading, &time_ms, &value);
  if (verdict != VN_REASON_NONE) {
    vn_drop_t drop = {vn_series_name(&engine->table, series), time_ms, (uint8_t)verdict,
                      verdict != VN_REASON_TIME};
    vn__series_touch(engine, series);
    vn__refuse(engine, series, verdict, &drop);
    return verdict;
  }
  verdict = into_windows(engine, series, time_ms, value);
  if (verdict == VN_REASON_NONE) {
    engine->figures.readings.accepted++;
    state->accounting.accepted++;
  } else if (verdict == VN_REASON_LIMITED) {
    vn_drop_t drop = {vn_series_name(&engine->table, series), time_ms, (uint8_t)verdict, true};
    vn__refuse(engine, series, verdict, &drop);
  }
  vn__alerts_on_value(engine, series, time_ms, value);
  vn__settle_if_heavy(engine);
  return verdict;
}

vn_reason_t vn_take_reading(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading) {
  VN_ASSERT(engine != NULL && engine->restored && reading != NULL);
  engine->arrival_valid = vn__wall_ms(engine, &engine->arrival_ms);
  engine->arrival_mono_ms = vn__mono_ms(engine);
  return vn__take_reading(engine, series, reading);
}

vn_window_sink_t vn__sink(vn__work_t *work) {
  return (vn_window_sink_t){vn__told_result, work, work->engine->store.sample_scratch};
}

void vn__told_refusal(void *context, vn_reason_t reason) {
  vn__work_t *work = context;
  vn_drop_t drop = {vn_series_name(&work->engine->table, work->series), work->time_ms,
                    (uint8_t)reason, true};
  vn__refuse(work->engine, work->series, reason, &drop);
}

void vn__told_result(void *context, const vn_window_result_t *result) {
  vn__work_t *work = context;
  vn_engine_t *engine = work->engine;
  const vn_pipeline_t *plan = vn__pipeline_of(engine, work->series)->plan;
  vn_summary_t summary = {&plan->summary, vn_series_name(&engine->table, work->series), result};
  engine->figures.summaries++;
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->summary != NULL) {
    observer->summary(observer->context, &summary);
  }
  vn__output_summary(engine, work->series, &summary);
  vn__alerts_on_result(engine, work->series, result);
}
