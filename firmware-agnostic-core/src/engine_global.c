/* What belongs to no series, as bytes; accounting. */
#include "engine_alert_priv.h"
#include "engine_outbox_priv.h"

void vn__accounting_pack(vn__packer_t *packer, const vn_accounting_t *accounting) {
#define ACCOUNTING_PACK(name) vn__pack_unsigned(packer, accounting->name);
  VN_ACCOUNTING_LIST(ACCOUNTING_PACK)
#undef ACCOUNTING_PACK
}

void vn__accounting_unpack(vn__unpacker_t *unpacker, vn_accounting_t *accounting) {
#define ACCOUNTING_UNPACK(name) accounting->name = vn__unpack_unsigned(unpacker, UINT64_MAX);
  VN_ACCOUNTING_LIST(ACCOUNTING_UNPACK)
#undef ACCOUNTING_UNPACK
}

void vn__add_accounting(vn_accounting_t *sum, const vn_accounting_t *part) {
#define ACCOUNTING_ADD(name) sum->name += part->name;
  VN_ACCOUNTING_LIST(ACCOUNTING_ADD)
#undef ACCOUNTING_ADD
}

#define FIGURES_WORDS 17u

/* In front of the state: no version had a sequence number there that came so far. */
#define GLOBAL_MARK (UINT64_C(0x766E6F7463680000) | VN__GLOBAL_VERSION)

size_t vn__global_max(void) {
  return 7u * VN__PACK_U64_MAX + FIGURES_WORDS * VN__PACK_U64_MAX + VN__ACCOUNTING_MAX +
         (1u + VN_REASON_COUNT) * VN__PACK_U64_MAX + VN__OUTBOX_MAX + VN__FLOOD_MAX;
}

/* The device's counters that belong to no series, in the order in which they are stored. */
static void list_figures(vn_figures_t *figures, uint64_t *words[FIGURES_WORDS]) {
  words[0] = &figures->messages;
  words[1] = &figures->messages_refused;
  words[2] = &figures->messages_dropped;
  words[3] = &figures->unassigned;
  words[4] = &figures->summaries;
  words[5] = &figures->alerts;
  words[6] = &figures->late_for_alerts;
  words[7] = &figures->dead_letters;
  words[8] = &figures->outbox_dropped;
  words[9] = &figures->series_expired;
  words[10] = &figures->derived;
  words[11] = &figures->underived;
  words[12] = &figures->activations;
  words[13] = &figures->muted;
  words[14] = &figures->commands;
  words[15] = &figures->commands_refused;
  words[16] = &figures->outbox_coarsened;
}

size_t vn__global_save(const vn_engine_t *engine, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn_time_ms_t wall_ms = vn__now_ms(engine);
  vn_figures_t figures = engine->figures;
  uint64_t *words[FIGURES_WORDS];
  list_figures(&figures, words);
  vn__pack_unsigned(&packer, GLOBAL_MARK);
  vn__pack_unsigned(&packer, engine->head.seq);
  vn__pack_signed(&packer, engine->checkpoint_wall_ms);
  vn__pack_signed(&packer, wall_ms);
  for (size_t i = 0; i < FIGURES_WORDS; i++) {
    vn__pack_unsigned(&packer, *words[i]);
  }
  vn__accounting_pack(&packer, &figures.expired);
  vn__pack_unsigned(&packer, engine->deltas_gone);
  vn__pack_unsigned(&packer, VN_REASON_COUNT);
  for (size_t i = 0; i < VN_REASON_COUNT; i++) {
    vn__pack_unsigned(&packer, figures.reasons[i]);
  }
  vn__outbox_pack(&packer, engine);
  vn__flood_pack(&packer, engine);
  return packer.length;
}

bool vn__global_load(vn_engine_t *engine, const uint8_t *bytes, size_t length) {
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  uint64_t *words[FIGURES_WORDS];
  list_figures(&engine->figures, words);
  if (vn__unpack_unsigned(&unpacker, UINT64_MAX) != GLOBAL_MARK) {
    return false;
  }
  engine->head.seq = vn__unpack_unsigned(&unpacker, UINT64_MAX);
  engine->checkpoint_wall_ms = vn__unpack_signed(&unpacker);
  engine->known_wall_ms = vn__unpack_signed(&unpacker);
  for (size_t i = 0; i < FIGURES_WORDS; i++) {
    *words[i] = vn__unpack_unsigned(&unpacker, UINT64_MAX);
  }
  vn__accounting_unpack(&unpacker, &engine->figures.expired);
  engine->deltas_gone = (uint32_t)vn__unpack_unsigned(&unpacker, UINT32_MAX);
  uint64_t reasons = vn__unpack_unsigned(&unpacker, VN_REASON_COUNT);
  for (size_t i = 0; i < reasons; i++) {
    engine->figures.reasons[i] = vn__unpack_unsigned(&unpacker, UINT64_MAX);
  }
  vn__outbox_unpack(&unpacker, engine);
  vn__flood_unpack(&unpacker, engine);
  return !unpacker.failed && unpacker.position == length;
}

void vn__sum_accounting(vn_engine_t *engine) {
  vn_accounting_t sum = {.received = engine->figures.unassigned,
                         .rejected = engine->figures.unassigned};
  vn__add_accounting(&sum, &engine->figures.expired);
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] > 0) {
      vn__add_accounting(&sum, &engine->store.series[i].accounting);
    }
  }
  engine->figures.readings = sum;
}
