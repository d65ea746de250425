/*
 * A region without room for a commit, because sectors have failed or power was cut again and again:
 * nothing is told nor forgotten, the outbox gives way, and the commit is tried again.
 */
#include "engine_journal_priv.h"
#include "engine_outbox_priv.h"

/* The first tries follow each other: a commit may free what the next one needs. */
#define TRIES_AT_ONCE 2u
/* So often without room: it is told, and results leave without a commit. In seconds: 0 + 0 + 1 + 2
 * + 4 + 8. */
#define TRIES_TOLD 6u
#define PAUSE_MS INT64_C(1000)
#define PAUSE_SHIFT_MAX 6u

bool vn__room_awaited(const vn_engine_t *engine) {
  return engine->room.tries > 0 && vn__mono_ms(engine) < engine->room.again_mono_ms;
}

bool vn__room_to_tell(const vn_engine_t *engine) { return engine->room.tries == TRIES_TOLD; }

/* Results are made coarser, if that gains anything; else the oldest go, an eighth of all. */
static void shed(vn_engine_t *engine) {
  vn_outbox_t *outbox = &engine->outbox;
  uint32_t before = outbox->free_count;
  if (engine->ports.uplink == NULL) {
    return;
  }
  vn__coarsen(engine);
  if (outbox->free_count <= before && engine->room.tries >= TRIES_AT_ONCE) {
    vn_outbox_shed(outbox, before + (outbox->block_count - before + 7u) / 8u);
  }
}

/* States go on without their results, so that they may be written in pieces; but for those of
 * series that are gone, whose tombs are still owed. */
static void untie(vn_engine_t *engine) {
  uint32_t series = engine->owed.first;
  uint32_t kept = VN_SERIES_NONE;
  while (series != VN_SERIES_NONE) {
    vn_series_state_t *state = &engine->store.series[series];
    uint32_t next = state->next_owed;
    bool gone = engine->table.name_lengths[series] == 0;
    state->flags &= gone ? UINT8_MAX : (uint8_t)~VN__SERIES_OWED;
    state->next_owed = gone ? kept : VN_SERIES_NONE;
    kept = gone ? series : kept;
    series = next;
  }
  engine->owed.first = kept;
  engine->owed.bytes = 0;
  engine->owed.outputs = engine->owed.urgent = false;
}

void vn__room_let_go(vn_engine_t *engine) {
  if (engine->room.let_go && engine->owed.outputs) {
    vn__cut_batch(engine);
    untie(engine);
    vn_outbox_let_go(&engine->outbox, vn__outbox_ahead(engine));
  }
}

static void wait(vn_engine_t *engine) {
  vn_room_t *room = &engine->room;
  room->tries++;
  room->again_mono_ms = vn__mono_ms(engine);
  if (room->tries > TRIES_AT_ONCE) {
    uint32_t shift = room->tries - TRIES_AT_ONCE - 1u;
    room->again_mono_ms += PAUSE_MS << (shift < PAUSE_SHIFT_MAX ? shift : PAUSE_SHIFT_MAX);
  }
}

void vn__room_missing(vn_engine_t *engine) {
  wait(engine);
  shed(engine);
  if (engine->room.tries >= TRIES_TOLD && !engine->journal.on) {
    engine->room.let_go = true;
    engine->owed.outputs = true;
    vn__room_let_go(engine);
  }
}

void vn__room_check(vn_engine_t *engine, bool wanted) {
  vn_room_t *room = &engine->room;
  uint32_t free_sectors = engine->log.figures.sectors_free;
  bool tight = wanted && vn_log_is_tight(&engine->log);
  bool better = !tight || free_sectors > room->most_free;
  room->let_go = false;
  room->most_free = !tight ? 0 : better ? free_sectors : room->most_free;
  if (better) {
    room->tries = 0;
    return;
  }
  wait(engine);
  shed(engine);
}
