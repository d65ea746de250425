/* The engine: preparing it, looking at it. */
#include "vn/engine.h"

#include "engine_journal_priv.h"
#include "engine_outbox_priv.h"
#include "vn/hash.h"

#include <string.h>

typedef struct array {
  const void *array;
  size_t have, need;
} array_t;

static bool arrays_suffice(const array_t *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (rows[i].have < rows[i].need || (rows[i].need > 0 && rows[i].array == NULL)) {
      return false;
    }
  }
  return true;
}

static bool alerts_suffice(const vn_store_t *have, const vn_store_t *need) {
  const array_t rows[] = {
      {have->alerts, have->alert_count, need->alert_count},
      {have->alert_orders, have->alert_order_count, need->alert_order_count},
      {have->alert_entries, have->alert_entry_count, need->alert_entry_count},
      {have->evidence, have->evidence_count, need->evidence_count},
      {have->residuals, have->residual_count, need->residual_count},
      {have->composites, have->composite_count, need->composite_count},
  };
  return arrays_suffice(rows, sizeof rows / sizeof rows[0]);
}

static bool store_suffices(const vn_store_t *have, const vn_store_t *need) {
  const array_t rows[] = {
      {have->pipelines, have->pipeline_count, need->pipeline_count},
      {have->series, have->series_count, need->series_count},
      {have->buckets, have->bucket_count, need->bucket_count},
      {have->names, have->name_bytes, need->name_bytes},
      {have->name_lengths, have->series_count, need->series_count},
      {have->panes, have->pane_count, need->pane_count},
      {have->members, have->member_count, need->member_count},
      {have->revisions, have->revision_count, need->revision_count},
      {have->session_states, have->session_state_count, need->session_state_count},
      {have->sessions, have->session_count, need->session_count},
      {have->spans, have->session_count, need->session_count},
      {have->count_states, have->count_state_count, need->count_state_count},
      {have->count_panes, have->count_pane_count, need->count_pane_count},
      {have->reports, have->report_count, need->report_count},
      {have->conditions, have->condition_count, need->condition_count},
      {have->trends, have->trend_count, need->trend_count},
      {have->counters, have->counter_count, need->counter_count},
      {have->registers, have->register_count, need->register_count},
      {have->recent, have->recent_count, need->recent_count},
      {have->checks, have->check_count, need->check_count},
      {have->limits, have->limit_count, need->limit_count},
      {have->tallies, have->pane_count, need->pane_count},
      {have->heard, have->heard_count, need->heard_count},
      {have->deltas, have->delta_count, need->delta_count},
      {have->coarse, have->coarse_count, need->coarse_count},
      {have->coarse_members, have->coarse_member_count, need->coarse_member_count},
      {have->places_used, have->places_used_count, need->places_used_count},
      {have->ordered_states, have->ordered_state_count, need->ordered_state_count},
      {have->reorder, have->reorder_count, need->reorder_count},
      {have->ordered_panes, have->ordered_pane_count, need->ordered_pane_count},
      {have->sample_scratch, have->sample_scratch_count, need->sample_scratch_count},
      {have->queue, have->queue_bytes, need->queue_bytes},
      {have->allowances, have->allowance_count, need->allowance_count},
      {have->blocks, have->block_count, need->block_count},
      {have->places, have->place_count, need->place_count},
      {have->derived, have->derived_count, need->derived_count},
      {have->derived_windows, have->derived_window_count, need->derived_window_count},
      {have->derived_buckets, have->derived_bucket_count, need->derived_bucket_count},
      {have->derived_names, have->derived_name_bytes, need->derived_name_bytes},
      {have->derived_lengths, have->derived_count, need->derived_count},
      {have->batch, have->batch_bytes, need->batch_bytes},
      {have->scratch, have->scratch_bytes, need->scratch_bytes},
      {have->record, have->record_bytes, need->record_bytes},
      {have->items, have->item_count, need->item_count},
      {have->sectors, have->sector_count, need->sector_count},
      {have->page, have->page_bytes, need->page_bytes},
  };
  return arrays_suffice(rows, sizeof rows / sizeof rows[0]) && alerts_suffice(have, need) &&
         have->bucket_count == need->bucket_count &&
         have->derived_bucket_count == need->derived_bucket_count;
}

static bool learns(const vn_alert_rule_t *rule) {
  return rule->condition == VN_ALERT_ABSENT_FOR && rule->times > 0;
}

/* The shortest silence that an alert can find too long; 0: it doesn't look at silence. */
static int64_t patience_of(const vn_alert_plan_t *alert) {
  const vn_alert_rule_t *rule = &alert->rule;
  if (rule->condition != VN_ALERT_ABSENT_FOR) {
    return alert->no_data_after_ms;
  }
  return learns(rule) ? rule->least_ms : rule->period_ms;
}

/* What every reading asks of the alerts. */
static void sort_alerts(vn_pipeline_state_t *pipeline) {
  const vn_pipeline_t *plan = pipeline->plan;
  pipeline->patience_ms = INT64_MAX;
  for (size_t i = 0; i < plan->alert_count; i++) {
    const vn_alert_plan_t *alert = &plan->alerts[i];
    uint16_t bit = (uint16_t)(1u << i);
    int64_t patience_ms = patience_of(alert);
    if (patience_ms > 0) {
      pipeline->has_absence = true;
      pipeline->patience_ms =
          patience_ms < pipeline->patience_ms ? patience_ms : pipeline->patience_ms;
    }
    pipeline->learning |= learns(&alert->rule) ? bit : 0;
    if (alert->in_order) {
      pipeline->in_order |= bit;
    } else if (vn__looks_at_values(alert)) {
      *(vn_alert_goes_by_time(&alert->rule) ? &pipeline->by_time : &pipeline->by_value) |= bit;
    }
  }
}

/* No reading needs more than its pane, its alerts and the watermark of its series. */
static bool has_plain_windows(const vn_pipeline_t *plan, const vn_geometry_t *geometry) {
  return geometry->set.window_count > 0 && !geometry->set.keeps_more && geometry->set.slots == 1 &&
         geometry->set.early == 0 && geometry->set.window_count == plan->summary.window_count &&
         plan->scope == VN_SCOPE_SERIES;
}

/* What the parts of a state depend on; what waits to correct windows of time goes by these. */
static void specify(vn_pipeline_state_t *pipeline) {
  const vn_geometry_t *geometry = &pipeline->geometry;
  uint8_t first = geometry->set.window_count;
  uint8_t count = pipeline->plan->summary.window_count;
  pipeline->specifications[0] = vn__pane_specification(pipeline->plan, geometry);
  for (uint8_t i = first; i < count; i++) {
    pipeline->specifications[1 + i - first] = vn__window_specification(pipeline->plan, geometry, i);
  }
  pipeline->specifications[1 + count - first] = vn__time_specification(pipeline->plan, geometry);
}

/* A pipeline's arrays begin where those of the one before it end. */
static void place_after(vn_pipeline_state_t *pipeline, const vn_pipeline_state_t *before) {
  const vn_geometry_t *geometry = &before->geometry;
  size_t series = before->plan->series_max;
  pipeline->pane_base = before->pane_base + series * geometry->set.pane_count;
  pipeline->member_base = before->member_base + series * geometry->members;
  pipeline->revision_base = before->revision_base + series * geometry->set.revision_count;
  pipeline->alert_base = before->alert_base + series * before->plan->alert_count;
  pipeline->alert_order_base =
      before->alert_order_base + (before->plan->alert_reorder > 0 ? series : 0);
  pipeline->alert_entry_base = before->alert_entry_base + series * before->plan->alert_reorder;
  pipeline->evidence_base =
      before->evidence_base + series * vn_evidence_readings(&before->plan->evidence);
  pipeline->residual_base = before->residual_base + series * geometry->residual_count;
  pipeline->composite_base = before->composite_base + series * geometry->composite_count;
  pipeline->session_base = before->session_base + series * geometry->session_slots;
  pipeline->session_state_base = before->session_state_base + series * geometry->session_count;
  pipeline->count_pane_base = before->count_pane_base + series * geometry->count_panes;
  pipeline->count_state_base = before->count_state_base + series * geometry->count_count;
  pipeline->report_base = before->report_base + series * geometry->report_count;
  pipeline->condition_base = before->condition_base + series * geometry->condition_count;
  pipeline->trend_base = before->trend_base + series * geometry->extra_count.trends;
  pipeline->counter_base = before->counter_base + series * geometry->extra_count.counters;
  pipeline->delta_base = before->delta_base + series * before->plan->corrections;
  pipeline->heard_base = before->heard_base + series * vn_window_heard(&geometry->set);
  pipeline->register_base = before->register_base + series * geometry->extra_count.registers;
  pipeline->recent_base = before->recent_base + series * before->plan->deduplicate;
  pipeline->place_base = before->place_base + VN__PLACE_WORDS(series);
  pipeline->bucket_base = before->bucket_base + (before->limit.readings > 0 ? series : 0);
  const vn_ordered_set_t *ordered = &geometry->set.ordered;
  bool in_order = ordered->kinds != 0;
  pipeline->ordered_state_base = before->ordered_state_base + (in_order ? series : 0);
  pipeline->reorder_base = before->reorder_base + series * ordered->capacity;
  pipeline->ordered_pane_base =
      before->ordered_pane_base + (in_order ? series * geometry->set.pane_count : 0);
}

static void set_up_pipelines(vn_engine_t *engine) {
  memset(engine->store.places_used, 0,
         engine->store.places_used_count * sizeof engine->store.places_used[0]);
  for (size_t i = 0; i < engine->plan->pipeline_count; i++) {
    const vn_pipeline_t *plan = &engine->plan->pipelines[i];
    vn_pipeline_state_t *pipeline = &engine->store.pipelines[i];
    uint8_t problem;
    *pipeline = (vn_pipeline_state_t){.plan = plan,
                                      .watermark_ms = VN_TIME_MINUS_INFINITY,
                                      .limit = vn_bucket_rate(&plan->limit)};
    sort_alerts(pipeline);
    vn_err_t derived = vn_geometry_derive(plan, &pipeline->geometry, &problem);
    VN_ASSERT(derived == VN_OK);
    specify(pipeline);
    pipeline->has_plain_windows = has_plain_windows(plan, &pipeline->geometry);
    pipeline->keeps_readings =
        plan->deduplicate > 0 || plan->evidence.before > 0 || plan->alert_reorder > 0;
    pipeline->is_limited = pipeline->limit.readings > 0 || engine->limit.readings > 0;
    if (i > 0) {
      place_after(pipeline, pipeline - 1);
    }
    pipeline->slot_max = vn__slot_max(engine->plan, plan, &pipeline->geometry);
    engine->has_hold = engine->has_hold || plan->unset_clock == VN_UNSET_CLOCK_HOLD;
    engine->has_expiry = engine->has_expiry || plan->time_to_live_ms > 0;
    engine->has_timers = engine->has_timers || plan->corrections > 0 || plan->late_every_ms > 0 ||
                         plan->early_every_ms > 0 || pipeline->has_absence || engine->has_expiry ||
                         plan->idle_timeout_ms != VN_DURATION_OFF;
  }
}

static void set_up_table(vn_engine_t *engine) {
  engine->table = (vn_series_table_t){.buckets = engine->store.buckets,
                                      .names = engine->store.names,
                                      .name_lengths = engine->store.name_lengths,
                                      .bucket_count = (uint32_t)engine->store.bucket_count,
                                      .capacity = engine->plan->series_max,
                                      .name_max = engine->plan->name_max};
  vn_series_init(&engine->table);
}

static void set_up_outbox(vn_engine_t *engine) {
  uint32_t entries = engine->plan->outbox_entries;
  vn_outbox_place_t *places[VN_OUTBOX_QUEUES] = {
      [VN_OUTBOX_OTHERS] = engine->store.places,
      [VN_OUTBOX_ALERTS] = engine->store.places + entries,
  };
  const uint32_t counts[VN_OUTBOX_QUEUES] = {
      [VN_OUTBOX_OTHERS] = entries,
      [VN_OUTBOX_ALERTS] = entries / 4,
  };
  vn_outbox_init(&engine->outbox, engine->store.blocks, (uint32_t)engine->store.block_count, places,
                 counts);
  engine->sender.sample_max = vn__coarse_sample_max(engine->plan);
  vn_outbox_reserve(&engine->outbox, (uint32_t)vn__gap_record_max(engine->plan));
}

vn_err_t vn_init_checked(vn_engine_t *engine, const vn_plan_t *plan, const vn_store_t *store,
                         const vn_ports_t *ports, uint32_t version, size_t engine_size) {
  VN_ASSERT(engine != NULL && plan != NULL && store != NULL);
  VN_ASSERT(ports != NULL && ports->clock != NULL);
  if (version != VN_VERSION || engine_size != sizeof *engine) {
    return VN_ERR_ABI;
  }
  vn_store_t need;
  vn_err_t checked = vn_store_need(plan, &need);
  if (checked != VN_OK) {
    return checked;
  }
  if (!store_suffices(store, &need)) {
    return VN_ERR_STORE;
  }
  memset(engine, 0, sizeof *engine);
  engine->plan = plan;
  engine->plan_hash = vn_plan_hash(plan);
  engine->store = *store;
  engine->ports = *ports;
  engine->head.device = plan->device;
  engine->journal.on = plan->durability == VN_DURABILITY_JOURNAL && ports->flash != NULL;
  engine->owed.first = VN_SERIES_NONE;
  engine->last_named = VN_SERIES_NONE;
  engine->checkpoint_wall_ms = VN_TIME_MINUS_INFINITY;
  engine->limit = vn_bucket_rate(&plan->limit);
  vn_bucket_fill(&engine->tokens);
  engine->flood.rate = vn_bucket_rate(&plan->flood);
  vn_bucket_fill(&engine->flood.tokens);
  vn_bucket_fill(&engine->command_tokens);
  vn__allowance_fill(engine);
  set_up_pipelines(engine);
  set_up_table(engine);
  vn__derive_set_up(engine);
  if (ports->uplink != NULL) {
    set_up_outbox(engine);
  }
  return plan->queue_bytes == 0 ? VN_OK
                                : vn_ring_init(&engine->queue, engine->store.queue,
                                               plan->queue_bytes, plan->queue_messages);
}

bool vn__find_pipeline(const vn_engine_t *engine, vn_text_t name, uint8_t *pipeline) {
  for (uint8_t i = 0; i < engine->plan->pipeline_count; i++) {
    if (vn_glob_match(engine->plan->pipelines[i].match, name)) {
      *pipeline = i;
      return true;
    }
  }
  return false;
}

/* The same for every run, board and window; other series with the same values sample differently.
 */
static uint64_t sample_seed(const vn_engine_t *engine, const char *pipeline, vn_text_t name) {
  uint64_t high = vn_murmur3_32(pipeline, strlen(pipeline), 0);
  uint64_t low = vn_murmur3_32(name.bytes, name.length, 0);
  return vn_splitmix64(engine->plan->seed ^ (high << 32 | low));
}

vn_reason_t vn__series_begin(vn_engine_t *engine, uint32_t series) {
  vn_text_t name = vn_series_name(&engine->table, series);
  vn_series_state_t *state = &engine->store.series[series];
  uint8_t index;
  if (!vn__find_pipeline(engine, name, &index)) {
    return VN_REASON_NO_PIPELINE;
  }
  vn_pipeline_state_t *pipeline = &engine->store.pipelines[index];
  if (pipeline->used == pipeline->plan->series_max) {
    return VN_REASON_SERIES_FULL;
  }
  memset(state, 0, sizeof *state);
  state->pipeline = index;
  state->local = vn__place_take(engine, pipeline);
  state->next_owed = VN_SERIES_NONE;
  state->next_named = VN_SERIES_NONE;
  state->sample_seed = sample_seed(engine, pipeline->plan->summary.name, name);
  state->last_arrival_mono_ms = vn__mono_ms(engine);
  (void)vn__wall_ms(engine, &state->last_arrival_wall_ms); /* a future reading is no arrival */
  state->correction.told = engine->deltas_gone;
  vn__work_t work = vn__work(engine, series);
  vn__windows_reset(&work);
  vn__identity_reset(&work);
  if (pipeline->limit.readings > 0) {
    vn_bucket_fill(vn__tokens_of(&work));
  }
  vn__alerts_reset(&work);
  vn__detectors_reset(&work);
  vn__derive_link(engine, series);
  return VN_REASON_NONE;
}

static vn_reason_t find_or_make(vn_engine_t *engine, vn_text_t name, uint32_t *series) {
  uint32_t hash = vn_series_hash(name);
  *series = vn_series_find(&engine->table, name, hash);
  if (*series != VN_SERIES_NONE) {
    return VN_REASON_NONE;
  }
  vn_reason_t checked = vn_name_check(name, engine->plan->name_max);
  if (checked != VN_REASON_NONE) {
    return checked;
  }
  if (vn_series_add(&engine->table, name, hash, series) != VN_OK) {
    return VN_REASON_SERIES_FULL;
  }
  vn_reason_t begun = vn__series_begin(engine, *series);
  if (begun != VN_REASON_NONE) {
    vn_series_remove(&engine->table, *series);
    *series = VN_SERIES_NONE;
  }
  return begun;
}

/* Names tend to come in the same order again: a right guess saves the hash and the search. */
vn_reason_t vn_series_open(vn_engine_t *engine, vn_text_t name, uint32_t *series) {
  VN_ASSERT(engine != NULL && series != NULL);
  bool guessing = engine->last_named != VN_SERIES_NONE;
  uint32_t *guess = guessing ? &engine->store.series[engine->last_named].next_named : NULL;
  if (guessing && vn_series_has_name(&engine->table, *guess, name)) {
    *series = *guess;
    engine->last_named = *guess;
    return VN_REASON_NONE;
  }
  vn_reason_t opened = find_or_make(engine, name, series);
  if (opened == VN_REASON_NONE) {
    if (guessing) {
      *guess = *series;
    }
    engine->last_named = *series;
  }
  return opened;
}

uint32_t vn_waiting(const vn_engine_t *engine) {
  return engine->journal.on ? (uint32_t)(engine->journal.accepted - engine->journal.taken)
                            : vn_ring_count(&engine->queue);
}

bool vn_idle(const vn_engine_t *engine) {
  return vn_waiting(engine) == 0 && engine->batch.records == 0 && !engine->owed.outputs &&
         (engine->ports.uplink == NULL || vn_outbox_empty(&engine->outbox));
}

const vn_figures_t *vn_engine_figures(const vn_engine_t *engine) { return &engine->figures; }

const vn_recovery_t *vn_engine_recovery(const vn_engine_t *engine) { return &engine->recovery; }

const vn_series_state_t *vn_engine_series(const vn_engine_t *engine, uint32_t series) {
  VN_ASSERT(engine != NULL);
  VN_ASSERT(series < engine->plan->series_max && engine->table.name_lengths[series] > 0);
  return &engine->store.series[series];
}
