/* A reading's way: guards, windows, alerts (docs/architecture.md, "A reading's way through"). */
#include "engine_journal_priv.h"
#include "window_routine_priv.h"

/*
 * A reading is received when its verdict is known, never before: a message that is made meanwhile
 * tells counters that add up.
 */
static void count_refusal(vn_accounting_t *accounting, vn_reason_t reason) {
  accounting->received++;
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

/* For the windows that the reading's time lies in, by the pipeline's rule. */
static void tally_refusal(vn_engine_t *engine, vn_series_state_t *state, const vn_drop_t *drop) {
  vn__work_t work = vn__work(engine, (uint32_t)(state - engine->store.series));
  bool arrival = work.pipeline->plan->time_mode == VN_TIME_ARRIVAL || !drop->has_time;
  bool timeless = drop->reason == VN_REASON_TIME || drop->reason == VN_REASON_STALE;
  vn_time_ms_t time_ms = arrival ? engine->arrival_ms : drop->time_ms;
  vn_accounted_t item;
  if (!timeless && !(arrival && !engine->arrival_valid) && time_ms >= VN_TIME_LOWEST_MS &&
      time_ms <= VN_TIME_HIGHEST_MS && vn_tally_item((vn_reason_t)drop->reason, &item)) {
    vn_window_memory_t memory = vn__window_memory(&work);
    vn_window_refused(&work.pipeline->geometry.set, &memory, time_ms, item);
  }
}

void vn__refuse(vn_engine_t *engine, vn_series_state_t *state, vn_reason_t reason,
                const vn_drop_t *drop) {
  VN_ASSERT(reason > VN_REASON_NONE && reason < VN_REASON_COUNT);
  engine->figures.reasons[reason]++;
  engine->owed.globals = engine->owed.globals || reason != VN_REASON_DUPLICATE;
  if (reason != VN_REASON_MISSING) {
    count_refusal(&engine->figures.readings, reason);
    if (state != NULL) {
      count_refusal(&state->accounting, reason);
      tally_refusal(engine, state, drop);
    }
  }
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->drop != NULL) {
    observer->drop(observer->context, drop);
  }
}

/* The reading's time, by the pipeline's rule. False: there is none. */
static inline bool time_of(vn__work_t *work, const vn_reading_t *reading) {
  const vn_engine_t *engine = work->engine;
  const vn_pipeline_t *plan = work->pipeline->plan;
  bool arrival = plan->time_mode == VN_TIME_ARRIVAL || !reading->has_time;
  work->time_ms = arrival ? engine->arrival_ms : reading->time_ms;
  work->is_provisional = !engine->arrival_valid && (arrival || reading->is_relative);
  return (!work->is_provisional || plan->unset_clock == VN_UNSET_CLOCK_STAMP) &&
         work->time_ms >= VN_TIME_LOWEST_MS && work->time_ms <= VN_TIME_HIGHEST_MS;
}

/* A reading from the future would close the windows of all that are right: it moves nothing (W9).
 */
static inline bool is_future(const vn__work_t *work) {
  int64_t max_future_ms = work->pipeline->plan->max_future_ms;
  return max_future_ms != VN_DURATION_OFF && work->engine->arrival_valid &&
         work->time_ms > vn_add_saturating(work->engine->arrival_ms, max_future_ms);
}

static inline vn_reason_t value_of(const vn_pipeline_t *plan, const vn_reading_t *reading,
                                   int32_t *value) {
  *value = reading->scaled;
  if (!reading->is_scaled) {
    int64_t scaled;
    vn_reason_t reason =
        vn_number_scale(&reading->number, plan->summary.exponent, INT32_MIN, INT32_MAX, &scaled);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    *value = (int32_t)scaled;
  }
  return *value < plan->range_low || *value > plan->range_high ? VN_REASON_RANGE : VN_REASON_NONE;
}

/* Another series of a global pipeline feels the common watermark too (W8). */
static void share_watermark(const vn__work_t *source) {
  vn_engine_t *engine = source->engine;
  vn_time_ms_t watermark_ms = source->state->window.watermark_ms;
  if (watermark_ms <= source->pipeline->watermark_ms) {
    return;
  }
  source->pipeline->watermark_ms = watermark_ms;
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    bool other = i != source->series && engine->table.name_lengths[i] > 0 &&
                 engine->store.series[i].pipeline == source->state->pipeline;
    if (other) {
      vn__work_t work = vn__work(engine, i);
      vn__windows_advance(&work, watermark_ms, VN_KIND_ON_TIME);
      vn__touch(engine, work.state);
    }
  }
}

/* A late one that has become part of a delta isn't refused. */
static void told_refusal(void *context, vn_reason_t reason) {
  vn__work_t *work = context;
  if (work->corrected && reason == VN_REASON_LATE) {
    return;
  }
  vn_drop_t drop = {vn_series_name(&work->engine->table, work->series), work->time_ms,
                    (uint8_t)reason, true};
  vn__refuse(work->engine, work->state, reason, &drop);
}

/* What readings that go the short way need of their windows' memory, and no more. */
static inline vn__window_current_t current_pane(const vn__work_t *work) {
  const vn_store_t *store = &work->engine->store;
  const vn_pipeline_state_t *pipeline = work->pipeline;
  vn_series_state_t *state = work->state;
  const vn_window_set_t *set = &pipeline->geometry.set;
  uint32_t slot = state->window.pane_slot;
  return (vn__window_current_t){
      .state = &state->window,
      .pane = store->panes + pipeline->pane_base + (size_t)state->local * set->pane_count + slot,
      .members = store->members + pipeline->member_base +
                 (size_t)state->local * pipeline->geometry.members + (size_t)slot * set->sample,
      .sample_seed = state->sample_seed};
}

/* Most readings belong into the current pane and make nothing fire. */
static inline bool taken_routinely(const vn__work_t *work, int32_t value) {
  if (!work->pipeline->has_plain_windows) {
    return false;
  }
  const vn_window_set_t *set = &work->pipeline->geometry.set;
  vn__window_current_t current = current_pane(work);
  if (!vn__window_is_routine(set, &current, work->time_ms)) {
    return false;
  }
  vn__window_add(set, &current, work->time_ms, value);
  return true;
}

/* Most readings leave all alerts as they are; those that rest may be evaluated once more. */
static inline bool alerts_rest(const vn__work_t *work, int32_t value) {
  vn_alert_state_t *state = vn__alerts(work);
  for (unsigned left = work->pipeline->by_value; left != 0; left >>= 1, state++) {
    if ((left & 1u) != 0 && !vn_alert_rests(state, work->time_ms, value)) {
      return false;
    }
  }
  return work->pipeline->by_time == 0 || vn__alerts_rest_in_time(work, value);
}

/* Into the windows; late ones and those without a window have been told when it returns. */
static vn_reason_t into_windows(vn__work_t *work, int32_t value) {
  bool global = work->pipeline->plan->scope == VN_SCOPE_GLOBAL;
  if (global) {
    vn__windows_advance(work, work->pipeline->watermark_ms, VN_KIND_ON_TIME);
  }
  vn_reason_t verdict = vn__windows_take(work, value, told_refusal);
  if (global) {
    share_watermark(work);
  }
  if (work->corrected) {
    work->engine->figures.readings.corrected++;
    work->state->accounting.corrected++;
    verdict = verdict == VN_REASON_LATE ? VN_REASON_NONE : verdict;
  }
  return verdict;
}

/* A silence that no tick has looked at, and its end. Most readings come before it is one. */
static void end_silence(vn__work_t *work) {
  const vn_engine_t *engine = work->engine;
  vn_series_state_t *state = work->state;
  bool heard = (state->flags & VN__SERIES_HEARD) != 0;
  int64_t gap_ms = heard ? engine->arrival_mono_ms - state->last_arrival_mono_ms : -1;
  vn__alerts_on_silence(work, engine->arrival_mono_ms);
  state->flags |= VN__SERIES_HEARD;
  if (state->silent) {
    vn__alerts_on_arrival(work, gap_ms);
    state->silent = false;
  } else if (gap_ms >= 0) {
    vn__alerts_learn_gap(work, gap_ms);
  }
}

/* Whatever becomes of a reading, unless it is a quarantined one: it is an arrival. */
static inline void note_arrival(vn__work_t *work) {
  const vn_engine_t *engine = work->engine;
  if (work->pipeline->has_absence) {
    end_silence(work);
  }
  work->state->last_arrival_mono_ms = engine->arrival_mono_ms;
  work->pipeline->last_arrival_mono_ms = engine->arrival_mono_ms;
  if (engine->arrival_valid) {
    work->state->last_arrival_wall_ms = engine->arrival_ms;
  } else {
    vn__note_unsure(work);
  }
}

/* Both have a token, or none gives one away. */
static bool is_limited(vn__work_t *work) {
  vn_engine_t *engine = work->engine;
  const vn_bucket_rate_t *own = &work->pipeline->limit;
  if (!work->pipeline->is_limited) {
    return false;
  }
  vn_bucket_t *tokens = own->readings > 0 ? vn__tokens_of(work) : NULL;
  int64_t now_ms = engine->arrival_mono_ms;
  if ((tokens != NULL && !vn_bucket_has(own, tokens, now_ms)) ||
      !vn_bucket_has(&engine->limit, &engine->tokens, now_ms)) {
    return true;
  }
  if (tokens != NULL) {
    vn_bucket_take(own, tokens, now_ms);
  }
  vn_bucket_take(&engine->limit, &engine->tokens, now_ms);
  return false;
}

/* Only a reading that can be known again: most cannot. */
static vn_reason_t judge_identity(vn__work_t *work, const vn_reading_t *reading,
                                  vn_time_ms_t time_ms) {
  int32_t value;
  bool scaled = value_of(work->pipeline->plan, reading, &value) == VN_REASON_NONE;
  return vn__identity_judge(work, reading, time_ms, scaled ? &value : NULL);
}

/* A number that came is not missing, even if its reading is refused for its time. */
static vn_reason_t out_of_time(vn__work_t *work, const vn_reading_t *reading, vn_reason_t reason) {
  if (vn__has_identity(work, reading)) {
    (void)judge_identity(work, reading, work->state->sequence.last_ms);
  }
  return reason;
}

bool vn__is_repeat(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading, bool behind) {
  vn__work_t work = vn__work(engine, series);
  int32_t value;
  if (!vn__has_identity(&work, reading) || !time_of(&work, reading) || is_future(&work)) {
    return false;
  }
  /* One that waits may be the first of a restarted sensor, which makes old numbers new. By their
   * byte one in 255 of these looks like an old one: what is newer than all before is none. */
  if (behind && reading->has_sequence && work.time_ms > work.state->sequence.last_ms) {
    return false;
  }
  bool scaled = value_of(work.pipeline->plan, reading, &value) == VN_REASON_NONE;
  vn_time_ms_t time_ms = behind ? VN_TIME_PLUS_INFINITY : work.time_ms;
  return vn__identity_is_repeat(&work, reading, time_ms, scaled ? &value : NULL);
}

/* Guards in the order that the rules ask for; the value is scaled when it returns NONE. */
static inline vn_reason_t guard(vn__work_t *work, const vn_reading_t *reading, int32_t *value) {
  if (!time_of(work, reading)) {
    return out_of_time(work, reading, VN_REASON_TIME);
  }
  if (is_future(work)) {
    return out_of_time(work, reading, VN_REASON_FUTURE);
  }
  note_arrival(work);
  if (vn__has_identity(work, reading)) {
    vn_reason_t repeat = judge_identity(work, reading, work->time_ms);
    if (repeat != VN_REASON_NONE) {
      return repeat;
    }
  }
  return is_limited(work) ? VN_REASON_LIMITED : value_of(work->pipeline->plan, reading, value);
}

static vn_reason_t refused(vn__work_t *work, vn_reason_t reason) {
  vn_drop_t drop = {vn_series_name(&work->engine->table, work->series), work->time_ms,
                    (uint8_t)reason, reason != VN_REASON_TIME};
  vn__refuse(work->engine, work->state, reason, &drop);
  return reason;
}

static inline void count_accepted(vn__work_t *work) {
  work->engine->figures.readings.received++;
  work->engine->figures.readings.accepted++;
  work->state->accounting.received++;
  work->state->accounting.accepted++;
}

/* Behind the windows, which took it or not. */
static inline void finish(vn__work_t *work, int32_t value) {
  if (!alerts_rest(work, value) || (work->state->flags & VN__SERIES_WATCHED) != 0) {
    vn__alerts_on_value(work, value);
  }
  vn__settle_if_heavy(work->engine);
}

/* In front of the windows: alerts keep it as evidence, those in order of time wait with it. */
static inline void prepare_alerts(vn__work_t *work, int32_t value) {
  if (work->pipeline->plan->evidence.before > 0) {
    vn__evidence_take(work, value);
  }
  if (vn__alerts_wait(work)) {
    vn__alerts_put(work, value);
  }
}

/* Behind the guards. */
static inline vn_reason_t enter(vn__work_t *work, const vn_reading_t *reading, int32_t value) {
  const bool keeps = work->pipeline->keeps_readings;
  if (keeps) {
    prepare_alerts(work, value);
  }
  vn_reason_t verdict = taken_routinely(work, value) ? VN_REASON_NONE : into_windows(work, value);
  if (verdict == VN_REASON_NONE) {
    if (keeps && work->pipeline->plan->deduplicate > 0) {
      vn__identity_accept(work, reading, value);
    }
    count_accepted(work);
  }
  finish(work, value);
  return verdict;
}

vn_reason_t vn__take_reading(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading) {
  VN_ASSERT(series < engine->table.capacity && engine->table.name_lengths[series] > 0);
  vn__work_t work = vn__work(engine, series);
  int32_t value = 0;
  vn_reason_t verdict = guard(&work, reading, &value);
  if (verdict == VN_REASON_DUPLICATE) {
    /* A flood of repeats must cost no flash: their counts wait for another reason to commit. */
    work.state->flags |= VN__SERIES_COUNTED;
  } else {
    vn__touch(engine, work.state);
  }
  verdict = verdict == VN_REASON_NONE ? enter(&work, reading, value) : refused(&work, verdict);
  vn__derive_take_if_ready(engine);
  return verdict;
}

/* Its time and value are our own: clocks, order of sending and repeats are not to be judged. */
void vn__take_derived(vn_engine_t *engine, uint32_t series, const vn_point_t *reading,
                      vn_reason_t reason) {
  vn__work_t work = vn__work(engine, series);
  const vn_pipeline_t *plan = work.pipeline->plan;
  bool timely = reading->time_ms >= VN_TIME_LOWEST_MS && reading->time_ms <= VN_TIME_HIGHEST_MS;
  bool ranged = reading->value >= plan->range_low && reading->value <= plan->range_high;
  vn_reason_t verdict = !timely ? VN_REASON_TIME : reason;
  work.time_ms = reading->time_ms;
  vn__owe(&work);
  note_arrival(&work);
  verdict = verdict == VN_REASON_NONE && !ranged ? VN_REASON_RANGE : verdict;
  if (verdict == VN_REASON_NONE) {
    prepare_alerts(&work, reading->value);
    if (into_windows(&work, reading->value) == VN_REASON_NONE) {
      count_accepted(&work);
    }
    finish(&work, reading->value);
  } else {
    (void)refused(&work, verdict);
  }
}

vn_reason_t vn_take_reading(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading) {
  VN_ASSERT(engine != NULL && engine->restored && reading != NULL);
  vn__arrive(engine);
  return vn__take_reading(engine, series, reading);
}

/* Without lateness a window is gone when it has fired, and at the end of input everything is; but
 * deltas may follow. A condition window goes on when silence was wrong, or at once, if it has no
 * length. */
static bool is_final(const vn__work_t *work, const vn_window_result_t *result) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  uint8_t shape = plan->summary.windows[result->window].shape;
  bool over = work->state->window.watermark_ms == VN_TIME_PLUS_INFINITY;
  if (shape == VN_WINDOW_CONDITION) {
    return over || (result->kind != VN_KIND_IDLE && result->end_ms > result->start_ms);
  }
  bool gone = over || (plan->lateness_ms == 0 && result->kind != VN_KIND_EARLY);
  bool corrected = shape < VN_WINDOW_SESSION && plan->corrections > 0;
  return result->kind == VN_KIND_COUNT || (gone && !corrected);
}

void vn__told_result(void *context, const vn_window_result_t *told) {
  vn__work_t *work = context;
  vn_engine_t *engine = work->engine;
  vn_window_result_t flagged = *told;
  const vn_window_result_t *result = &flagged;
  vn_aggregate_t moved;
  flagged.flags |= (uint8_t)(is_final(work, told) ? VN_FLAG_BIT(VN_FLAG_FINAL) : 0);
  if ((work->state->flags & VN__SERIES_PROVISIONAL) != 0) {
    flagged.flags |= VN_FLAG_BIT(VN_FLAG_TIME_QUALITY);
    vn__shift_result(work, &flagged, &moved);
  }
  vn_summary_t summary = {&work->pipeline->plan->summary,
                          vn_series_name(&engine->table, work->series), result};
  engine->figures.summaries++;
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->summary != NULL) {
    observer->summary(observer->context, &summary);
  }
  vn__output_summary(work, &summary);
  vn__alerts_on_result(work, result);
  if (work->state->first_link != VN_SERIES_NONE) {
    vn__derive_note(work, result);
  }
}
