/* Derived series: the same window of several series becomes one reading of another. */
#include "engine_priv.h"
#include "summary_priv.h"
#include "vn/hash.h"

#include <string.h>

const bool vn__has_derived = true;

/* A series' link to an instance: number of the instance * VN_OPERANDS_MAX + which operand. */
static vn_derived_t *instance_of_link(const vn_engine_t *engine, uint32_t link) {
  return &engine->store.derived[link / VN_OPERANDS_MAX];
}

static vn_derived_window_t *windows_of(const vn_engine_t *engine, uint32_t instance) {
  return engine->store.derived_windows + (size_t)instance * engine->derived_window_count;
}

static const vn_derivation_t *derivation_of(const vn_engine_t *engine, uint32_t instance) {
  return &engine->plan->derivations[engine->store.derived[instance].derivation];
}

static bool is_complete(const vn_engine_t *engine, uint32_t instance,
                        const vn_derived_window_t *window) {
  return vn__derived_came(window) == derivation_of(engine, instance)->operand_count;
}

static void clear_windows(const vn_engine_t *engine, uint32_t instance) {
  memset(windows_of(engine, instance), 0,
         engine->derived_window_count * sizeof(vn_derived_window_t));
}

/* The instance with these captures, made if it is new. */
static vn_reason_t find_instance(vn_engine_t *engine, uint8_t derivation, const vn_text_t *captures,
                                 uint32_t *instance) {
  const vn_text_t none = {NULL, 0};
  char name[UINT8_MAX];
  vn_text_t text = {name, 0};
  *instance = VN_SERIES_NONE;
  vn_reason_t reason =
      vn_template_expand(&engine->plan->derivations[derivation].name, none, captures, none, name,
                         engine->plan->name_max, &text.length);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  uint32_t hash = vn_series_hash(text);
  *instance = vn_series_find(&engine->derived_names, text, hash);
  if (*instance != VN_SERIES_NONE) {
    return VN_REASON_NONE;
  }
  if (vn_series_add(&engine->derived_names, text, hash, instance) != VN_OK) {
    return VN_REASON_SERIES_FULL;
  }
  vn_derived_t *derived = &engine->store.derived[*instance];
  *derived = (vn_derived_t){
      .series = VN_SERIES_NONE, .next_ready = VN_SERIES_NONE, .derivation = derivation};
  for (unsigned k = 0; k < VN_OPERANDS_MAX; k++) {
    derived->operands[k] = VN_SERIES_NONE;
  }
  clear_windows(engine, *instance);
  return VN_REASON_NONE;
}

/* Nothing will be derived from this series: told and counted, though no reading is refused. */
static void tell_unlinked(vn_engine_t *engine, uint32_t series, vn_reason_t reason) {
  vn_drop_t drop = {.series = vn_series_name(&engine->table, series), .reason = (uint8_t)reason};
  const vn_observer_t *observer = engine->ports.observer;
  engine->figures.reasons[reason]++;
  engine->owed.globals = true;
  if (observer != NULL && observer->drop != NULL) {
    observer->drop(observer->context, &drop);
  }
}

static void link_operand(vn_engine_t *engine, uint32_t series, uint8_t index, uint8_t operand) {
  const vn_derivation_t *derivation = &engine->plan->derivations[index];
  vn_series_state_t *state = &engine->store.series[series];
  vn_text_t found[VN_CAPTURES_MAX], captures[VN_CAPTURES_MAX];
  uint32_t instance;
  if (derivation->pipelines[operand] != state->pipeline ||
      !vn_pattern_match(&derivation->operands[operand], vn_series_name(&engine->table, series),
                        found)) {
    return;
  }
  for (uint8_t i = 0; i < derivation->series.capture_count; i++) {
    captures[i] = found[derivation->order[operand][i]];
  }
  vn_reason_t reason = find_instance(engine, index, captures, &instance);
  if (reason != VN_REASON_NONE) {
    tell_unlinked(engine, series, reason);
    return;
  }
  engine->store.derived[instance].operands[operand] = series;
  engine->store.derived[instance].next_link[operand] = state->first_link;
  state->first_link = instance * VN_OPERANDS_MAX + operand;
}

void vn__derive_link(vn_engine_t *engine, uint32_t series) {
  vn_series_state_t *state = &engine->store.series[series];
  vn_text_t captures[VN_CAPTURES_MAX];
  state->first_link = VN_SERIES_NONE;
  state->level = 0;
  for (uint8_t i = 0; i < engine->plan->derivation_count; i++) {
    const vn_derivation_t *derivation = &engine->plan->derivations[i];
    if (vn_pattern_match(&derivation->series, vn_series_name(&engine->table, series), captures)) {
      state->level = engine->levels[i];
    }
    for (uint8_t k = 0; k < derivation->operand_count; k++) {
      link_operand(engine, series, i, k);
    }
  }
}

/* An instance that nothing belongs to any more gives its place back; what waits is counted. */
static void release_if_unused(vn_engine_t *engine, uint32_t instance) {
  const vn_derived_t *derived = &engine->store.derived[instance];
  for (unsigned k = 0; k < VN_OPERANDS_MAX; k++) {
    if (derived->operands[k] != VN_SERIES_NONE) {
      return;
    }
  }
  for (uint16_t i = 0; i < engine->derived_window_count; i++) {
    bool waits = vn__derived_came(&windows_of(engine, instance)[i]) > 0;
    engine->figures.underived += waits ? 1u : 0u;
  }
  vn_series_remove(&engine->derived_names, instance);
}

static void unlink_operands(vn_engine_t *engine, uint32_t series) {
  vn_series_state_t *state = &engine->store.series[series];
  while (state->first_link != VN_SERIES_NONE) {
    uint32_t instance = state->first_link / VN_OPERANDS_MAX;
    unsigned operand = state->first_link % VN_OPERANDS_MAX;
    vn_derived_t *derived = &engine->store.derived[instance];
    derived->operands[operand] = VN_SERIES_NONE;
    state->first_link = derived->next_link[operand];
    release_if_unused(engine, instance);
  }
}

/* Its number may become another series'. */
static void unlink_derived(vn_engine_t *engine, uint32_t series) {
  vn_text_t name = vn_series_name(&engine->table, series);
  uint32_t instance = vn_series_find(&engine->derived_names, name, vn_series_hash(name));
  if (instance != VN_SERIES_NONE) {
    engine->store.derived[instance].series = VN_SERIES_NONE;
  }
}

void vn__derive_unlink(vn_engine_t *engine, uint32_t series) {
  if (engine->plan->derivation_count > 0) {
    vn__work_t work = vn__work(engine, series);
    unlink_derived(engine, series);
    vn__derive_forget(&work);
    unlink_operands(engine, series);
  }
}

/* The states of the operands hold what waits: with it they change, and go into one commit. */
static void touch_operands(vn_engine_t *engine, const vn_derived_t *derived, bool commit) {
  for (unsigned k = 0; k < VN_OPERANDS_MAX; k++) {
    if (derived->operands[k] == VN_SERIES_NONE) {
      continue;
    }
    vn__work_t work = vn__work(engine, derived->operands[k]);
    if (commit) {
      vn__owe(&work);
    } else {
      vn__touch(engine, work.state);
    }
  }
}

static void give_up(vn_engine_t *engine, uint32_t instance, vn_derived_window_t *window) {
  memset(window, 0, sizeof *window);
  engine->figures.underived++;
  engine->owed.globals = true;
  touch_operands(engine, &engine->store.derived[instance], false);
}

static bool is_older(const vn_derived_window_t *window, const vn_derived_window_t *than) {
  return than == NULL || window->span.end_ms < than->span.end_ms;
}

/* The oldest window that still waits; NULL: there is none. */
static vn_derived_window_t *oldest_waiting(const vn_engine_t *engine, uint32_t instance) {
  vn_derived_window_t *windows = windows_of(engine, instance);
  vn_derived_window_t *oldest = NULL;
  for (uint16_t i = 0; i < engine->derived_window_count; i++) {
    if (!is_complete(engine, instance, &windows[i]) && is_older(&windows[i], oldest)) {
      oldest = &windows[i];
    }
  }
  return oldest;
}

/* Its own place, a free one, or that of the oldest, which is given up; NULL: it is the oldest. */
static vn_derived_window_t *place_for(vn_engine_t *engine, uint32_t instance,
                                      const vn_span_t *span) {
  vn_derived_window_t *place =
      vn__derived_place(windows_of(engine, instance), engine->derived_window_count, span);
  if (place != NULL) {
    return place;
  }
  place = oldest_waiting(engine, instance);
  if (place == NULL || place->span.end_ms >= span->end_ms) {
    return NULL;
  }
  give_up(engine, instance, place);
  place->span = *span;
  return place;
}

static void make_ready(vn_engine_t *engine, uint32_t instance) {
  vn_derived_t *derived = &engine->store.derived[instance];
  if (derived->ready) {
    return;
  }
  derived->ready = true;
  derived->next_ready = VN_SERIES_NONE;
  if (engine->ready_first == VN_SERIES_NONE) {
    engine->ready_first = instance;
  } else {
    engine->store.derived[engine->ready_last].next_ready = instance;
  }
  engine->ready_last = instance;
}

static void put(vn_engine_t *engine, uint32_t link, const vn_span_t *span,
                const vn__quotient_t *value) {
  uint32_t instance = link / VN_OPERANDS_MAX;
  vn_derived_window_t *window = place_for(engine, instance, span);
  if (window == NULL) {
    engine->figures.underived++;
    engine->owed.globals = true;
    return;
  }
  window->numerators[link % VN_OPERANDS_MAX] = value->numerator;
  window->denominators[link % VN_OPERANDS_MAX] = value->denominator;
  if (is_complete(engine, instance, window)) {
    make_ready(engine, instance);
  }
}

/* A statistic of VN__STATISTICS_EXACT, exactly. */
static vn__quotient_t quotient_of(const vn_window_result_t *result, vn_statistic_t statistic) {
  if (statistic == VN_STATISTIC_MEAN) {
    return (vn__quotient_t){result->aggregate->sum, result->aggregate->count};
  }
  return (vn__quotient_t){vn__statistic_integer(result, statistic), 1};
}

void vn__derive_note(vn__work_t *work, const vn_window_result_t *result) {
  vn_engine_t *engine = work->engine;
  bool first = vn_window_result_is_first(result);
  for (uint32_t link = first ? work->state->first_link : VN_SERIES_NONE; link != VN_SERIES_NONE;
       link = instance_of_link(engine, link)->next_link[link % VN_OPERANDS_MAX]) {
    const vn_derivation_t *derivation = derivation_of(engine, link / VN_OPERANDS_MAX);
    if (derivation->windows[link % VN_OPERANDS_MAX] == result->window) {
      vn_span_t span = {result->start_ms, result->end_ms};
      vn__quotient_t value = quotient_of(result, (vn_statistic_t)derivation->statistic);
      put(engine, link, &span, &value);
    }
  }
}

static vn_derived_window_t *oldest_complete(const vn_engine_t *engine, uint32_t instance) {
  vn_derived_window_t *windows = windows_of(engine, instance);
  vn_derived_window_t *oldest = NULL;
  for (uint16_t i = 0; i < engine->derived_window_count; i++) {
    if (is_older(&windows[i], oldest) && is_complete(engine, instance, &windows[i])) {
      oldest = &windows[i];
    }
  }
  return oldest;
}

static vn_reason_t value_of(const vn_engine_t *engine, uint32_t instance,
                            const vn_derived_window_t *window, int32_t *value) {
  const vn_derivation_t *derivation = derivation_of(engine, instance);
  const vn_series_state_t *target = &engine->store.series[engine->store.derived[instance].series];
  vn_operand_t operands[VN_OPERANDS_MAX];
  for (uint8_t k = 0; k < derivation->operand_count; k++) {
    const vn_pipeline_t *pipeline = &engine->plan->pipelines[derivation->pipelines[k]];
    bool counts = derivation->statistic == VN_STATISTIC_COUNT;
    operands[k] = (vn_operand_t){window->numerators[k], window->denominators[k],
                                 counts ? 0 : pipeline->summary.exponent};
  }
  return vn_derive((vn_derive_kind_t)derivation->kind, operands, derivation->operand_count,
                   engine->plan->pipelines[target->pipeline].summary.exponent, value);
}

/* A derived reading whose series can't be made: received and refused, as any other is. */
static void refuse_unassigned(vn_engine_t *engine, uint32_t instance, vn_time_ms_t time_ms,
                              vn_reason_t reason) {
  vn_drop_t drop = {vn_series_name(&engine->derived_names, instance), time_ms, (uint8_t)reason,
                    true};
  engine->figures.unassigned++;
  vn__refuse(engine, NULL, reason, &drop);
}

static void feed(vn_engine_t *engine, uint32_t instance, vn_derived_window_t *window) {
  vn_derived_t *derived = &engine->store.derived[instance];
  vn_derived_window_t taken = *window;
  vn_time_ms_t time_ms = taken.span.end_ms - 1;
  vn_reason_t reason = VN_REASON_NONE;
  memset(window, 0, sizeof *window);
  touch_operands(engine, derived, true);
  engine->figures.derived++;
  engine->owed.globals = true;
  if (derived->series == VN_SERIES_NONE) {
    reason =
        vn_series_open(engine, vn_series_name(&engine->derived_names, instance), &derived->series);
  }
  if (reason != VN_REASON_NONE) {
    refuse_unassigned(engine, instance, time_ms, reason);
    return;
  }
  vn_point_t reading = {time_ms, 0};
  reason = value_of(engine, instance, &taken, &reading.value);
  vn__take_derived(engine, derived->series, &reading, reason);
}

void vn__derive_take(vn_engine_t *engine) {
  while (engine->ready_first != VN_SERIES_NONE) {
    uint32_t instance = engine->ready_first;
    vn_derived_window_t *window = oldest_complete(engine, instance);
    if (window != NULL) {
      feed(engine, instance, window);
    } else {
      engine->store.derived[instance].ready = false;
      engine->ready_first = engine->store.derived[instance].next_ready;
    }
  }
}

void vn__derive_take_now(vn_engine_t *engine) {
  if (engine->ready_first != VN_SERIES_NONE) {
    vn__set_arrival(engine);
    vn__derive_take(engine);
  }
}

void vn__derive_leave(vn_engine_t *engine, uint32_t series) {
  vn__derive_take_now(engine);
  unlink_operands(engine, series);
}

void vn__derive_end(vn_engine_t *engine) {
  for (uint32_t i = 0; i < engine->derived_names.capacity; i++) {
    vn_derived_window_t *windows = windows_of(engine, i);
    for (uint16_t w = 0;
         engine->derived_names.name_lengths[i] > 0 && w < engine->derived_window_count; w++) {
      if (vn__derived_came(&windows[w]) > 0) {
        give_up(engine, i, &windows[w]);
      }
    }
  }
}

void vn__derive_resume(vn_engine_t *engine) {
  for (uint32_t i = 0; i < engine->derived_names.capacity; i++) {
    if (engine->derived_names.name_lengths[i] > 0 && oldest_complete(engine, i) != NULL) {
      make_ready(engine, i);
    }
  }
  vn__derive_take_now(engine);
}

void vn__derive_set_up(vn_engine_t *engine) {
  const vn_plan_t *plan = engine->plan;
  engine->ready_first = VN_SERIES_NONE;
  engine->derived_window_count = (uint16_t)vn__derived_windows(plan);
  bool ordered = vn__derivation_levels(plan, engine->levels);
  VN_ASSERT(ordered);
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    engine->level_max =
        engine->levels[i] > engine->level_max ? engine->levels[i] : engine->level_max;
  }
  engine->derived_names =
      (vn_series_table_t){.buckets = engine->store.derived_buckets,
                          .names = engine->store.derived_names,
                          .name_lengths = engine->store.derived_lengths,
                          .bucket_count = (uint32_t)engine->store.derived_bucket_count,
                          .capacity = vn__derived_max(plan),
                          .name_max = plan->name_max};
  if (plan->derivation_count > 0) {
    vn_series_init(&engine->derived_names);
  }
}
