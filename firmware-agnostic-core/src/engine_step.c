/* Steps: bounded work, processing time, and when to be called again. */
#include "engine_alert_priv.h"
#include "engine_journal_priv.h"
#include "engine_outbox_priv.h"

/* Idle timeouts and absence are looked at this often; their resolution. */
#define TICK_EVERY_MS 100
#define SLEEP_MAX_MS 1000

static void close_series(vn__work_t *work, int64_t unused, vn_kind_t kind) {
  (void)unused;
  vn__windows_close(work, kind);
}

static void tick_series(vn__work_t *work, int64_t now_ms, vn_kind_t kind) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  (void)kind;
  if (vn__windows_wait(work) && now_ms - work->state->late_since_mono_ms >= plan->late_every_ms) {
    vn__windows_release(work);
  }
  vn__alerts_on_tick(work, now_ms);
  if (plan->idle_timeout_ms != VN_DURATION_OFF && plan->scope != VN_SCOPE_GLOBAL &&
      now_ms - vn__quiet_since(work->engine, work->state) >= plan->idle_timeout_ms) {
    vn_time_ms_t open_ms = vn__windows_open_end(work);
    if (open_ms != VN_TIME_MINUS_INFINITY) {
      vn__windows_advance(work, open_ms, VN_KIND_IDLE);
      vn__touch(work->engine, work->state);
    }
    vn__windows_close(work, VN_KIND_IDLE);
  }
  if (work->state->window.early &&
      now_ms - work->state->early_since_mono_ms >= plan->early_every_ms) {
    vn__windows_tell_early(work);
  }
  vn__alerts_end_tick(work);
}

static void advance_series(vn__work_t *work, int64_t watermark_ms, vn_kind_t kind) {
  vn__windows_advance(work, watermark_ms, kind);
  vn__touch(work->engine, work->state);
}

/* Runs over the series of one pipeline (NULL: of all). Derived series come after their operands,
 * and after the readings that these gave them. */
typedef void (*visit_fn)(vn__work_t *work, int64_t argument, vn_kind_t kind);
static void visit(vn_engine_t *engine, const vn_pipeline_state_t *pipeline, visit_fn function,
                  int64_t argument, vn_kind_t kind) {
  for (uint8_t level = 0; level <= engine->level_max; level++) {
    for (uint32_t i = 0; i < engine->table.capacity; i++) {
      if (engine->table.name_lengths[i] == 0 || engine->store.series[i].level != level) {
        continue;
      }
      vn__work_t work = vn__work(engine, i);
      if (pipeline == NULL || work.pipeline == pipeline) {
        function(&work, argument, kind);
        vn__settle_if_heavy(engine);
      }
    }
    vn__derive_take_now(engine);
  }
}

/* The greatest end of what is open in any series of the pipeline. */
static vn_time_ms_t open_end(vn_engine_t *engine, const vn_pipeline_state_t *pipeline) {
  vn_time_ms_t open_ms = VN_TIME_MINUS_INFINITY;
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] == 0) {
      continue;
    }
    vn__work_t work = vn__work(engine, i);
    if (work.pipeline == pipeline) {
      vn_time_ms_t own_ms = vn__windows_open_end(&work);
      open_ms = own_ms > open_ms ? own_ms : open_ms;
    }
  }
  return open_ms;
}

/* With one watermark for all, silence is that of the whole pipeline (W10). */
static void tick_global(vn_engine_t *engine, vn_pipeline_state_t *pipeline, int64_t now_ms) {
  const vn_pipeline_t *plan = pipeline->plan;
  if (plan->idle_timeout_ms == VN_DURATION_OFF || plan->scope != VN_SCOPE_GLOBAL ||
      now_ms - pipeline->last_arrival_mono_ms < plan->idle_timeout_ms) {
    return;
  }
  vn_time_ms_t open_ms = open_end(engine, pipeline);
  if (open_ms > pipeline->watermark_ms) {
    pipeline->watermark_ms = open_ms;
    visit(engine, pipeline, advance_series, open_ms, VN_KIND_IDLE);
  }
  if (pipeline->geometry.condition_count > 0) {
    visit(engine, pipeline, close_series, 0, VN_KIND_IDLE);
  }
}

static bool wants_ticks(const vn_engine_t *engine) {
  return engine->has_timers || engine->watching || engine->flood.on;
}

void vn_tick(vn_engine_t *engine) {
  VN_ASSERT(engine != NULL && engine->restored);
  int64_t now_ms = vn__mono_ms(engine);
  VN_ASSERT(vn_accounting_balances(&engine->figures.readings));
  engine->tick_mono_ms = now_ms;
  if (!wants_ticks(engine)) {
    return;
  }
  vn__alerts_begin_tick(engine);
  for (size_t i = 0; i < engine->plan->pipeline_count; i++) {
    tick_global(engine, &engine->store.pipelines[i], now_ms);
  }
  visit(engine, NULL, tick_series, now_ms, VN_KIND_IDLE);
  bool tight = engine->durable && vn_log_is_tight(&engine->log);
  if (engine->has_expiry && !tight) { /* tombs must find room */
    vn__expire(engine, now_ms);
  }
}

void vn_watermark(vn_engine_t *engine, uint32_t series, vn_time_ms_t watermark_ms) {
  VN_ASSERT(engine != NULL && engine->restored);
  if (series == VN_SERIES_NONE) {
    for (size_t i = 0; i < engine->plan->pipeline_count; i++) {
      vn_pipeline_state_t *pipeline = &engine->store.pipelines[i];
      if (pipeline->used > 0 && watermark_ms > pipeline->watermark_ms) {
        pipeline->watermark_ms = watermark_ms;
      }
    }
    visit(engine, NULL, advance_series, watermark_ms, VN_KIND_ON_TIME);
    return;
  }
  VN_ASSERT(series < engine->plan->series_max && engine->table.name_lengths[series] > 0);
  vn__work_t work = vn__work(engine, series);
  bool global = work.pipeline->plan->scope == VN_SCOPE_GLOBAL;
  if (global && watermark_ms > work.pipeline->watermark_ms) {
    work.pipeline->watermark_ms = watermark_ms;
    visit(engine, work.pipeline, advance_series, watermark_ms, VN_KIND_ON_TIME);
    return;
  }
  advance_series(&work, watermark_ms, VN_KIND_ON_TIME);
  vn__derive_take_now(engine);
}

static void release_series(vn__work_t *work, int64_t argument, vn_kind_t kind) {
  (void)argument;
  (void)kind;
  vn__windows_release(work);
}

void vn__release_all(vn_engine_t *engine) { visit(engine, NULL, release_series, 0, VN_KIND_LATE); }

void vn_flush(vn_engine_t *engine) {
  vn_watermark(engine, VN_SERIES_NONE, VN_TIME_PLUS_INFINITY);
  visit(engine, NULL, close_series, 0, VN_KIND_ON_TIME);
  vn__derive_end(engine);
  vn__release_all(engine);
}

/* The journal is full, or what the flash has lost of the states is to be written again. */
static bool must_settle(const vn_engine_t *engine) {
  return vn__journal_is_due(engine) ||
         (engine->durable && (engine->room.tries > 0 || vn_log_is_weak(&engine->log)));
}

static bool outputs_due(const vn_engine_t *engine, int64_t now_ms) {
  return engine->owed.outputs && (engine->owed.urgent || now_ms - engine->owed.since_mono_ms >=
                                                             engine->plan->flush_every_ms);
}

/* Alerts are settled at once; summaries when flush_every is over; states when the interval is. */
static vn_err_t settle_if_due(vn_engine_t *engine, int64_t now_ms) {
  const vn_plan_t *plan = engine->plan;
  if (must_settle(engine)) {
    return vn__settle(engine, true, 0);
  }
  if (engine->durable && now_ms - engine->checkpoint_mono_ms >= plan->checkpoint_every_ms) {
    bool changed = engine->owed.dirty > 0 || engine->owed.globals || engine->owed.outputs ||
                   engine->journal.taken > engine->journal.applied;
    engine->checkpoint_mono_ms = now_ms;
    return changed ? vn__settle(engine, true, 0) : VN_OK;
  }
  bool due = outputs_due(engine, now_ms) || vn__outbox_waits(engine);
  return due ? vn__settle(engine, false, 0) : VN_OK;
}

/* No room is no error before it has lasted some time. */
static vn_err_t settle_in_step(vn_engine_t *engine, int64_t now_ms) {
  if (engine->durable && vn__room_awaited(engine)) {
    if (outputs_due(engine, now_ms)) {
      vn__room_let_go(engine);
    }
    return VN_OK;
  }
  bool told = vn__room_to_tell(engine);
  vn_err_t error = settle_if_due(engine, now_ms);
  if (error == VN_OK || error == VN_ERR_LOG_FULL) {
    error = !told && vn__room_to_tell(engine) ? VN_ERR_LOG_FULL : VN_OK;
  }
  return error;
}

/* Nothing leaves before the state that it came from is certain. */
static uint32_t send_ready(vn_engine_t *engine, uint32_t budget) {
  uint32_t sent = 0;
  vn_message_t message;
  const vn_uplink_t *uplink = engine->ports.uplink;
  while (sent < budget && vn_outbox_next(&engine->outbox, &message, engine->store.scratch,
                                         (uint32_t)engine->store.scratch_bytes)) {
    vn_err_t error = uplink->send(uplink->context, &message);
    engine->sender.link_up = error == VN_OK || (engine->sender.link_up && error != VN_ERR_LINK);
    if (error != VN_OK) {
      break;
    }
    vn_outbox_taken(&engine->outbox, message.index);
    sent++;
  }
  return sent;
}

void vn_sent(vn_engine_t *engine, uint64_t index, bool ok) {
  VN_ASSERT(engine != NULL && engine->ports.uplink != NULL);
  vn_outbox_sent(&engine->outbox, index, ok);
  engine->sender.notice_waits = engine->sender.notice_waits && !ok;
  engine->owed.globals = true;
}

void vn_uplink_restarted(vn_engine_t *engine) {
  VN_ASSERT(engine != NULL && engine->ports.uplink != NULL);
  vn_outbox_rewind(&engine->outbox);
}

static int64_t sooner(int64_t a_ms, int64_t b_ms) { return a_ms < b_ms ? a_ms : b_ms; }

/* Until a commit is due. */
static int64_t settle_in_ms(const vn_engine_t *engine, int64_t now_ms) {
  if (engine->durable && vn__room_awaited(engine)) {
    return sooner(SLEEP_MAX_MS, engine->room.again_mono_ms - now_ms);
  }
  int64_t left_ms = vn__outbox_waits(engine) ? 0 : SLEEP_MAX_MS;
  if (engine->owed.outputs) {
    left_ms = sooner(left_ms, engine->owed.since_mono_ms + engine->plan->flush_every_ms - now_ms);
  }
  if (engine->durable) {
    left_ms =
        sooner(left_ms, engine->checkpoint_mono_ms + engine->plan->checkpoint_every_ms - now_ms);
  }
  return left_ms;
}

static uint32_t sleep_for(const vn_engine_t *engine, int64_t now_ms) {
  int64_t left_ms = settle_in_ms(engine, now_ms);
  if (wants_ticks(engine)) {
    left_ms = sooner(left_ms, engine->tick_mono_ms + TICK_EVERY_MS - now_ms);
  }
  return left_ms < 0 ? 0 : (uint32_t)left_ms;
}

/* What the flash needs, a little at a time, when nothing else is due. True: there is more. */
static bool tend_flash(vn_engine_t *engine, int64_t now_ms) {
  int64_t every_ms = engine->plan->scrub_every_ms;
  if (!engine->durable) {
    return false;
  }
  if (vn_log_erase_ahead(&engine->log)) {
    return true;
  }
  if (every_ms <= 0 || now_ms - engine->scrub_mono_ms < every_ms) {
    return false;
  }
  bool more = vn_log_scrub(&engine->log);
  engine->scrub_mono_ms = more ? engine->scrub_mono_ms : now_ms;
  return more || vn_log_is_weak(&engine->log);
}

void vn_hold(vn_engine_t *engine, bool hold) {
  VN_ASSERT(engine != NULL);
  engine->held = hold;
}

static uint32_t take_waiting(vn_engine_t *engine, uint32_t budget) {
  uint32_t taken = 0;
  while (taken < budget && !engine->held && vn__take_queued(engine)) {
    taken++;
  }
  return taken;
}

vn_err_t vn_step(vn_engine_t *engine, uint32_t budget, uint32_t *sleep_ms) {
  VN_ASSERT(engine != NULL && engine->restored);
  VN_ASSERT(budget > 0 && sleep_ms != NULL);
  vn_watch_clock(engine);
  engine->arrival_mono_ms = vn__mono_ms(engine);
  uint32_t taken = take_waiting(engine, budget);
  int64_t now_ms = vn__mono_ms(engine);
  if (wants_ticks(engine) && now_ms - engine->tick_mono_ms >= TICK_EVERY_MS) {
    vn_tick(engine);
  }
  uint64_t commits = engine->log.figures.commits;
  vn_err_t error = settle_in_step(engine, now_ms);
  uint32_t sent = engine->ports.uplink != NULL ? send_ready(engine, budget) : 0;
  bool idle = taken + sent == 0 && commits == engine->log.figures.commits;
  bool more = taken == budget || sent == budget || (idle && tend_flash(engine, now_ms));
  *sleep_ms = more ? 0 : sleep_for(engine, now_ms);
  return error;
}
