/* An unset clock: provisional times, and what becomes of them when it is set. */
#include "engine_priv.h"

void vn__note_unsure(vn__work_t *work) {
  vn_series_state_t *state = work->state;
  bool known = (state->flags & VN__SERIES_PROVISIONAL) != 0;
  if (!work->is_provisional) {
    state->flags |= known ? VN__SERIES_MIXED : 0;
    return;
  }
  if (!known) {
    bool mixed = state->accounting.accepted > 0;
    state->flags |= (uint8_t)(VN__SERIES_PROVISIONAL | (mixed ? VN__SERIES_MIXED : 0));
  }
  state->last_arrival_wall_ms = work->engine->arrival_ms;
  work->engine->unsettled = true;
}

/* Of windows of time the sample was folded into the scratch; else it is the series' own. */
static vn_member_t *sample_of(const vn__work_t *work, const vn_window_result_t *result) {
  const vn_store_t *store = &work->engine->store;
  bool folded = result->window < work->pipeline->geometry.set.window_count;
  return folded ? store->sample_scratch : store->members + (result->sample - store->members);
}

void vn__shift_result(const vn__work_t *work, vn_window_result_t *result,
                      vn_aggregate_t *aggregate) {
  int64_t shift_ms = work->engine->shift_ms;
  if (shift_ms == 0) {
    return;
  }
  *aggregate = *result->aggregate;
  vn_aggregate_shift(aggregate, shift_ms);
  result->aggregate = aggregate;
  result->start_ms = vn_add_saturating(result->start_ms, shift_ms);
  result->end_ms = vn_add_saturating(result->end_ms, shift_ms);
  for (uint32_t i = 0; i < result->sample_count; i++) {
    vn_member_t *member = &sample_of(work, result)[i];
    member->time_ms = vn_add_saturating(member->time_ms, shift_ms);
  }
}

/* Tells what is open and begins anew. With other times among them nothing can be moved. */
static void settle_series(vn__work_t *work, int64_t shift_ms) {
  vn_engine_t *engine = work->engine;
  vn_series_state_t *state = work->state;
  bool mixed = (state->flags & VN__SERIES_MIXED) != 0;
  engine->shift_ms = mixed ? 0 : shift_ms;
  vn__alerts_shift(work, engine->shift_ms);
  state->sequence.last_ms = vn_add_saturating(state->sequence.last_ms, engine->shift_ms);
  state->last_arrival_wall_ms = vn_add_saturating(state->last_arrival_wall_ms, shift_ms);
  vn_time_ms_t open_ms = vn__windows_open_end(work);
  if (open_ms != VN_TIME_MINUS_INFINITY) {
    vn__windows_advance(work, open_ms, VN_KIND_FORCED);
  }
  vn__windows_close(work, VN_KIND_FORCED);
  vn__windows_restart(work, engine->shift_ms);
  state->flags &= (uint8_t) ~(VN__SERIES_PROVISIONAL | VN__SERIES_MIXED);
  engine->shift_ms = 0;
  vn__touch(engine, state);
}

/* With one watermark for all it is that of the series that remain as they are. */
static void find_watermarks(vn_engine_t *engine) {
  for (size_t i = 0; i < engine->plan->pipeline_count; i++) {
    engine->store.pipelines[i].watermark_ms = VN_TIME_MINUS_INFINITY; /* else of no use */
  }
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] > 0) {
      const vn_series_state_t *state = &engine->store.series[i];
      vn_pipeline_state_t *pipeline = &engine->store.pipelines[state->pipeline];
      if (state->window.watermark_ms > pipeline->watermark_ms) {
        pipeline->watermark_ms = state->window.watermark_ms;
      }
    }
  }
}

static void settle_clock(vn_engine_t *engine, int64_t shift_ms) {
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    bool concerned = engine->table.name_lengths[i] > 0 &&
                     (engine->store.series[i].flags & VN__SERIES_PROVISIONAL) != 0;
    if (concerned) {
      vn__work_t work = vn__work(engine, i);
      settle_series(&work, shift_ms);
      vn__settle_if_heavy(engine);
    }
  }
  find_watermarks(engine);
  vn__derive_take_now(engine);
}

/* Without vn_step nobody else empties the queue. */
static void take_put_aside(vn_engine_t *engine) {
  bool more = engine->put_aside;
  engine->put_aside = false;
  while (more) {
    more = vn__take_queued(engine);
  }
}

void vn_watch_clock(vn_engine_t *engine) {
  VN_ASSERT(engine != NULL && engine->restored);
  vn_time_ms_t wall_ms;
  int64_t mono_ms = vn__mono_ms(engine);
  if (!vn__wall_ms(engine, &wall_ms)) {
    return;
  }
  int64_t shift_ms = wall_ms - vn__provisional_ms(engine, mono_ms);
  engine->known_wall_ms = wall_ms;
  engine->known_mono_ms = mono_ms;
  if (engine->unsettled) {
    engine->unsettled = false;
    settle_clock(engine, shift_ms);
    take_put_aside(engine);
  }
}
