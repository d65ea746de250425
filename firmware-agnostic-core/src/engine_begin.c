/* The beginning of a run: with nothing, or with what the flash holds. */
#include "engine_priv.h"

/* Above this there is room for a million starts, wherever a clock begins: until 2106. */
#define FIRST_BOOT_MAX (UINT32_MAX - (UINT32_C(1) << 20))

/* Upstream may remember boots of a state that is gone: start above them, if the clock can tell. */
static uint32_t first_boot(const vn_engine_t *engine) {
  vn_time_ms_t wall_ms;
  bool known = vn__wall_ms(engine, &wall_ms) && wall_ms > 0;
  int64_t wall_s = known ? wall_ms / 1000 : 1;
  return wall_s < (int64_t)FIRST_BOOT_MAX ? (uint32_t)wall_s : FIRST_BOOT_MAX;
}

void vn__begin(vn_engine_t *engine) {
  engine->recovery = (vn_recovery_t){.fresh = true, .clean = true};
  engine->head.boot = first_boot(engine);
  engine->head.seq = 0;
  engine->recovery.boot = engine->head.boot;
  engine->transaction_bytes = UINT64_MAX;
  engine->tick_mono_ms = engine->checkpoint_mono_ms = vn__mono_ms(engine);
  engine->started_mono_ms = engine->known_mono_ms = engine->tick_mono_ms;
  engine->scrub_mono_ms = engine->tick_mono_ms; /* a start reads all of it */
  engine->restored = true;
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    engine->store.series[i].pipeline = 0;
  }
}

vn_err_t vn_restore(vn_engine_t *engine) {
  VN_ASSERT(engine != NULL && !engine->restored);
  vn__begin(engine);
  bool wanted = engine->plan->durability != VN_DURABILITY_VOLATILE;
  vn_err_t error = wanted && engine->ports.flash != NULL ? vn__restore_from_flash(engine) : VN_OK;
  vn_time_ms_t wall_ms;
  if (!engine->unsettled && vn__wall_ms(engine, &wall_ms)) {
    engine->known_wall_ms = wall_ms; /* else the next look at the clock settles what is restored */
  }
  return error;
}
