/* States as bytes: one series, and what belongs to no series. */
#include "engine_alert_priv.h"
#include "engine_outbox_priv.h"
#include "pack_priv.h"
#include "vn/hash.h"

#include <string.h>

#define ALERT_MAX (8u * VN__PACK_U64_MAX + 6u * VN__PACK_U32_MAX + 3u * 3u + 6u)
#define ACCOUNTING_MAX (VN_ACCOUNTING_COUNTERS * VN__PACK_U64_MAX)
#define HEAD_MAX (2u * VN__PACK_U32_MAX + 2u * VN__PACK_U64_MAX + 1u)
#define EARLY_MAX VN__PACK_U64_MAX
#define NAME_HASH_MAX VN__PACK_U32_MAX
#define KEPT_FLAGS (VN__SERIES_PROVISIONAL | VN__SERIES_MIXED)

size_t vn__slot_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                    const vn_geometry_t *geometry) {
  return HEAD_MAX + (pipeline->early_every_ms > 0 ? EARLY_MAX : 0) + plan->name_max +
         ACCOUNTING_MAX + vn__identity_max(plan, pipeline) +
         (size_t)pipeline->alert_count * (NAME_HASH_MAX + ALERT_MAX) +
         vn__alerts_waiting_max(pipeline) + vn__evidence_max(pipeline) +
         vn__detectors_max(geometry) + vn__windows_save_max(pipeline, geometry) +
         vn__derive_save_max(plan, pipeline);
}

static void pack_accounting(vn__packer_t *packer, const vn_accounting_t *accounting) {
#define ACCOUNTING_PACK(name) vn__pack_unsigned(packer, accounting->name);
  VN_ACCOUNTING_LIST(ACCOUNTING_PACK)
#undef ACCOUNTING_PACK
}

static void unpack_accounting(vn__unpacker_t *unpacker, vn_accounting_t *accounting) {
#define ACCOUNTING_UNPACK(name) accounting->name = vn__unpack_unsigned(unpacker, UINT64_MAX);
  VN_ACCOUNTING_LIST(ACCOUNTING_UNPACK)
#undef ACCOUNTING_UNPACK
}

void vn__add_accounting(vn_accounting_t *sum, const vn_accounting_t *part) {
#define ACCOUNTING_ADD(name) sum->name += part->name;
  VN_ACCOUNTING_LIST(ACCOUNTING_ADD)
#undef ACCOUNTING_ADD
}

static uint32_t name_hash(const vn_alert_plan_t *plan) {
  return vn_murmur3_32(plan->name, strlen(plan->name), 0);
}

static void pack_alert(vn__packer_t *packer, const vn_alert_plan_t *plan,
                       const vn_alert_state_t *alert) {
  vn__pack_unsigned(packer, name_hash(plan));
  vn__pack_unsigned(packer, plan->rule.condition);
  vn__pack_unsigned(packer, alert->phase);
  vn__pack_unsigned(packer, (alert->condition_true ? 1u : 0u) | (alert->evaluated ? 2u : 0u) |
                                (alert->has_verdict ? 4u : 0u));
  vn__pack_unsigned(packer, alert->levels_true);
  vn__pack_unsigned(packer, alert->level);
  vn__pack_unsigned(packer, alert->evidence_wanted);
  vn__pack_unsigned(packer, alert->flags);
  vn__pack_unsigned(packer, alert->revision);
  vn__pack_unsigned(packer, alert->episode);
  vn__pack_unsigned(packer, alert->history);
  vn__pack_unsigned(packer, alert->samples);
  vn__pack_unsigned(packer, alert->gap_x8_ms);
  vn__pack_signed(packer, alert->last_value);
  vn__pack_signed(packer, alert->pending_since_ms);
  vn__pack_signed(packer, alert->recovering_since_ms);
  vn__pack_signed(packer, alert->last_ms);
  vn__pack_signed(packer, alert->period_since_ms);
  vn__pack_signed(packer, alert->verdict_ms);
  vn__pack_signed(packer, alert->told_ms);
  vn__pack_signed(packer, alert->shelved_until_ms);
  vn__pack_signed(packer, alert->begun_ms);
  vn__pack_unsigned(packer, alert->begun_before_ms[0]);
  vn__pack_unsigned(packer, alert->begun_before_ms[1]);
}

/* A rule may have changed since then: another condition starts anew, fewer levels count as such. */
static void adapt_alert(const vn_alert_rule_t *rule, uint64_t condition, vn_alert_state_t *alert) {
  if (condition != rule->condition) {
    *alert = (vn_alert_state_t){0};
  }
  uint8_t highest = rule->condition == VN_ALERT_LEVELS ? rule->level_count : 1;
  alert->level = alert->level < highest ? alert->level : highest;
  alert->history = rule->hits_of > 0 ? alert->history : 0;
  if (alert->phase != VN_ALERT_RECOVERING || !rule->latch) {
    alert->flags = (uint16_t)(alert->flags & ~VN_ALERT_FLAG_LATCHED);
  }
}

static void unpack_alert(vn__unpacker_t *unpacker, const vn_alert_rule_t *rule,
                         vn_alert_state_t *alert) {
  uint64_t condition = vn__unpack_unsigned(unpacker, VN_ALERT_CONDITION_COUNT - 1);
  alert->phase = (uint8_t)vn__unpack_unsigned(unpacker, VN_ALERT_RECOVERING);
  unsigned bits = (unsigned)vn__unpack_unsigned(unpacker, 7);
  alert->condition_true = (bits & 1u) != 0;
  alert->evaluated = (bits & 2u) != 0;
  alert->has_verdict = (bits & 4u) != 0;
  alert->levels_true = (uint8_t)vn__unpack_unsigned(unpacker, (1u << VN_ALERT_LEVELS_MAX) - 1u);
  alert->level = (uint8_t)vn__unpack_unsigned(unpacker, VN_ALERT_LEVELS_MAX);
  alert->evidence_wanted = (uint8_t)vn__unpack_unsigned(unpacker, VN_EVIDENCE_MAX);
  alert->flags = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  alert->revision = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->episode = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->history = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->samples = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->gap_x8_ms = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->last_value = vn__unpack_i32(unpacker);
  alert->pending_since_ms = vn__unpack_signed(unpacker);
  alert->recovering_since_ms = vn__unpack_signed(unpacker);
  alert->last_ms = vn__unpack_signed(unpacker);
  alert->period_since_ms = vn__unpack_signed(unpacker);
  alert->verdict_ms = vn__unpack_signed(unpacker);
  alert->told_ms = vn__unpack_signed(unpacker);
  alert->shelved_until_ms = vn__unpack_signed(unpacker);
  alert->begun_ms = vn__unpack_signed(unpacker);
  alert->begun_before_ms[0] = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  alert->begun_before_ms[1] = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  adapt_alert(rule, condition, alert);
}

/* What people said of an alert must not become another one's: the name counts, not the place. */
static void unpack_alerts(vn__unpacker_t *unpacker, const vn__work_t *work) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  vn__alerts_reset(work);
  for (size_t i = 0; i < plan->alert_count; i++) {
    uint32_t hash = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
    vn_alert_state_t gone = {0};
    size_t k = 0;
    while (k < plan->alert_count && name_hash(&plan->alerts[k]) != hash) {
      k++;
    }
    bool found = k < plan->alert_count;
    unpack_alert(unpacker, &plan->alerts[found ? k : i].rule, found ? &vn__alerts(work)[k] : &gone);
  }
}

/* Since when an early result waits, by the clock of the wall; settle_restored turns it back. */
static void pack_early(vn__packer_t *packer, const vn__work_t *work) {
  const vn_engine_t *engine = work->engine;
  if (work->pipeline->plan->early_every_ms > 0) {
    int64_t now_ms = vn__mono_ms(engine);
    vn_time_ms_t wall_ms;
    wall_ms = vn__wall_ms(engine, &wall_ms) ? wall_ms : vn__provisional_ms(engine, now_ms);
    vn__pack_signed(packer, wall_ms - (now_ms - work->state->early_since_mono_ms));
  }
}

size_t vn__slot_save(vn_engine_t *engine, uint32_t series, uint8_t *out, size_t capacity) {
  vn__work_t work = vn__work(engine, series);
  const vn_pipeline_state_t *pipeline = work.pipeline;
  const vn_series_state_t *state = work.state;
  vn_text_t name = vn_series_name(&engine->table, series);
  vn__packer_t packer = {out, capacity, 0};
  vn__pack_unsigned(&packer, name.length);
  vn__pack_bytes(&packer, name.bytes, name.length);
  vn__pack_unsigned(&packer, pipeline->layout_hash);
  vn__pack_signed(&packer, state->last_arrival_wall_ms);
  vn__pack_unsigned(&packer, state->flags & KEPT_FLAGS);
  pack_accounting(&packer, &state->accounting);
  vn__identity_pack(&packer, &work);
  for (size_t i = 0; i < pipeline->plan->alert_count; i++) {
    pack_alert(&packer, &pipeline->plan->alerts[i], &vn__alerts(&work)[i]);
  }
  vn__alerts_pack_waiting(&packer, &work);
  vn__evidence_pack(&packer, &work);
  vn__detectors_pack(&packer, &work);
  vn__derive_pack(&packer, &work);
  pack_early(&packer, &work);
  size_t room = packer.length < capacity ? capacity - packer.length : 0;
  return packer.length + vn__windows_save(&work, out + packer.length, room);
}

/*
 * A record counts more than those before it: where a tomb was lost, the number or the name may
 * still belong to a series that is gone.
 */
static void make_way(vn_engine_t *engine, uint32_t series, uint32_t namesake) {
  if (namesake != VN_SERIES_NONE) {
    vn__series_end(engine, namesake);
  }
  if (engine->table.name_lengths[series] > 0) {
    vn__series_end(engine, series);
  }
}

/* Gives the record's series its number; false when it can't be taken over. */
static bool place_series(vn_engine_t *engine, uint32_t series, vn_text_t name) {
  if (series >= engine->plan->series_max || name.length == 0) {
    return false;
  }
  uint32_t namesake = vn_series_find(&engine->table, name, vn_series_hash(name));
  if (namesake == series) {
    return true;
  }
  make_way(engine, series, namesake);
  if (vn_name_check(name, engine->plan->name_max) != VN_REASON_NONE ||
      vn_series_put(&engine->table, name, series) != VN_OK) {
    return false;
  }
  if (vn__series_begin(engine, series) != VN_REASON_NONE) {
    vn_series_remove(&engine->table, series);
    return false;
  }
  return true;
}

static bool load_content(vn_engine_t *engine, uint32_t series, vn__unpacker_t *unpacker) {
  vn__work_t work = vn__work(engine, series);
  const vn_pipeline_state_t *pipeline = work.pipeline;
  vn_series_state_t *state = work.state;
  state->last_arrival_wall_ms = vn__unpack_signed(unpacker);
  state->flags = (uint8_t)vn__unpack_unsigned(unpacker, KEPT_FLAGS);
  unpack_accounting(unpacker, &state->accounting);
  vn__identity_unpack(unpacker, &work);
  unpack_alerts(unpacker, &work);
  vn__alerts_unpack_waiting(unpacker, &work);
  vn__evidence_unpack(unpacker, &work);
  state->silent = true; /* unless the next arrival finds that it isn't */
  vn__detectors_unpack(unpacker, &work);
  vn__derive_unpack(unpacker, &work);
  state->early_since_mono_ms = pipeline->plan->early_every_ms > 0 ? vn__unpack_signed(unpacker) : 0;
  return !unpacker->failed && vn__windows_load(&work, unpacker->bytes + unpacker->position,
                                               unpacker->length - unpacker->position);
}

bool vn__slot_load(vn_engine_t *engine, uint32_t series, const uint8_t *bytes, size_t length) {
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  char name[UINT8_MAX];
  vn_text_t text = {name, (size_t)vn__unpack_unsigned(&unpacker, UINT8_MAX)};
  vn__unpack_bytes(&unpacker, name, text.length);
  uint32_t layout_hash = (uint32_t)vn__unpack_unsigned(&unpacker, UINT32_MAX);
  if (unpacker.failed || !place_series(engine, series, text)) {
    return false;
  }
  const vn_pipeline_state_t *pipeline =
      &engine->store.pipelines[engine->store.series[series].pipeline];
  if (layout_hash == pipeline->layout_hash && load_content(engine, series, &unpacker)) {
    return true;
  }
  vn__series_end(engine, series);
  return false;
}

#define FIGURES_WORDS 17u

/* In front of the state: no version had a sequence number there that came so far. */
#define GLOBAL_MARK (UINT64_C(0x766E6F7463680000) | VN__STATE_VERSION)

size_t vn__global_max(void) {
  return 7u * VN__PACK_U64_MAX + FIGURES_WORDS * VN__PACK_U64_MAX + ACCOUNTING_MAX +
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
  pack_accounting(&packer, &figures.expired);
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
  unpack_accounting(&unpacker, &engine->figures.expired);
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
