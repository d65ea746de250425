/* Series come and go: places in the pipelines' arrays, and the end of those that fell silent. */
#include "engine_priv.h"

/* At one tick; the others wait for the next one. */
#define LOOKS_MAX 1024u
#define GOODBYES_MAX 32u

uint32_t vn__place_take(vn_engine_t *engine, vn_pipeline_state_t *pipeline) {
  VN_ASSERT(pipeline->used < pipeline->plan->series_max);
  uint32_t *words = engine->store.places_used + pipeline->place_base;
  uint32_t word = pipeline->place_hint;
  while (words[word] == UINT32_MAX) {
    word++;
  }
  uint32_t bit = 0;
  while ((words[word] >> bit & 1u) != 0) {
    bit++;
  }
  words[word] |= UINT32_C(1) << bit;
  pipeline->place_hint = word;
  pipeline->used++;
  return word * 32u + bit;
}

void vn__series_end(vn_engine_t *engine, uint32_t series) {
  const vn_series_state_t *state = &engine->store.series[series];
  vn_pipeline_state_t *pipeline = &engine->store.pipelines[state->pipeline];
  vn__derive_unlink(engine, series);
  uint32_t word = state->local / 32u;
  engine->store.places_used[pipeline->place_base + word] &= ~(UINT32_C(1) << state->local % 32u);
  pipeline->place_hint = word < pipeline->place_hint ? word : pipeline->place_hint;
  pipeline->used--;
  vn_series_remove(&engine->table, series);
}

/* The next commit writes a tomb for it. */
static void expire_series(vn__work_t *work) {
  vn_engine_t *engine = work->engine;
  vn_time_ms_t open_ms = vn__windows_open_end(work);
  if (open_ms != VN_TIME_MINUS_INFINITY) {
    vn__windows_advance(work, open_ms, VN_KIND_IDLE);
  }
  vn__windows_close(work, VN_KIND_IDLE);
  vn__windows_release(work);
  vn__alerts_on_end(work, vn_add_saturating(work->state->last_arrival_wall_ms,
                                            work->pipeline->plan->time_to_live_ms));
  vn__derive_leave(engine, work->series);
  vn__owe(work);
  vn__add_accounting(&engine->figures.expired, &work->state->accounting);
  if (work->state->correction.told > engine->deltas_gone) {
    engine->deltas_gone = work->state->correction.told;
  }
  engine->figures.series_expired++;
  engine->owed.globals = true;
  vn__series_end(engine, work->series);
}

void vn__expire(vn_engine_t *engine, int64_t now_mono_ms) {
  uint32_t capacity = engine->table.capacity;
  uint32_t looks = capacity < LOOKS_MAX ? capacity : LOOKS_MAX;
  uint32_t goodbyes = 0;
  for (uint32_t i = 0; i < looks && goodbyes < GOODBYES_MAX; i++) {
    uint32_t series = engine->sweep;
    engine->sweep = series + 1u < capacity ? series + 1u : 0;
    if (engine->table.name_lengths[series] == 0) {
      continue;
    }
    vn__work_t work = vn__work(engine, series);
    int64_t life_ms = work.pipeline->plan->time_to_live_ms;
    if (life_ms > 0 && now_mono_ms - work.state->last_arrival_mono_ms >= life_ms) {
      expire_series(&work);
      vn__settle_if_heavy(engine);
      goodbyes++;
    }
  }
  /* Before their numbers can be given away: a tomb in front of another series' first record. */
  if (goodbyes > 0 && vn__settle(engine, false, 0) != VN_OK) {
    engine->durable = false; /* no room is no excuse here */
    engine->flash_failed = true;
  }
}
