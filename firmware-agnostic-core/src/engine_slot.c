/* The state of a series as bytes: its head, then parts that stand for themselves. */
#include "engine_slot_priv.h"
#include "vn/hash.h"

#include <string.h>

#define HEAD_MAX (2u + VN__PACK_U32_MAX + VN__PACK_U64_MAX + 1u)
#define EARLY_MAX VN__PACK_U64_MAX
#define EXPONENT_MAX 2u
#define KEPT_FLAGS (VN__SERIES_PROVISIONAL | VN__SERIES_MIXED)

/* Specifications have two bytes; those of windows are hashes, and have more. */
#define SPECIFICATION_MAX 2u
#define HASH_MORE (VN__PACK_U32_MAX - SPECIFICATION_MAX)

/* Kind, name with its length, specification, length and bytes; nothing for a part of no bytes. */
static size_t part_max(size_t name_length, size_t bytes) {
  size_t length = 1;
  for (size_t left = bytes >> 7; left > 0; left >>= 7) {
    length++;
  }
  return bytes > 0 ? 2u + name_length + SPECIFICATION_MAX + length + bytes : 0;
}

static size_t detector_max(const vn_alert_plan_t *alert) {
  if (alert->rule.condition != VN_ALERT_DEVIATION) {
    return 0;
  }
  return alert->detector == VN_DETECTOR_COMPOSITE ? VN_COMPOSITE_SAVE_MAX : VN_RESIDUAL_SAVE_MAX;
}

static size_t alerts_max(const vn_pipeline_t *pipeline) {
  size_t most = part_max(0, vn__alerts_waiting_max(pipeline));
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    size_t name = strlen(pipeline->alerts[i].name);
    most += part_max(name, vn__alert_save_max(&pipeline->alerts[i]));
    most += part_max(name, detector_max(&pipeline->alerts[i]));
  }
  return most;
}

static size_t words_max(const vn_summary_pipeline_t *pipeline) {
  return EXPONENT_MAX + VN__PACK_WORD_MAX(strlen(pipeline->name)) +
         VN__PACK_WORD_MAX(strlen(pipeline->unit));
}

/* Their bytes together bound those of each. */
static size_t windows_max(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry) {
  size_t bytes = vn__windows_save_max(pipeline, geometry);
  size_t frame = part_max(0, bytes) - bytes + HASH_MORE;
  size_t most = part_max(0, words_max(&pipeline->summary)) + bytes + frame;
  for (uint8_t i = geometry->set.window_count; i < pipeline->summary.window_count; i++) {
    most += strlen(pipeline->summary.windows[i].name) + frame;
  }
  return most + (pipeline->corrections > 0 ? frame : 0);
}

static size_t parts_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                        const vn_geometry_t *geometry) {
  bool derives = plan->derivation_count > 0;
  return part_max(0, vn__sequence_max(plan)) + part_max(0, vn__recent_max(pipeline)) +
         part_max(0, vn__evidence_max(pipeline)) + alerts_max(pipeline) +
         windows_max(pipeline, geometry) +
         (derives ? part_max(0, vn__derive_save_max(plan, pipeline)) + HASH_MORE : 0) +
         part_max(0, pipeline->early_every_ms > 0 ? EARLY_MAX : 0);
}

size_t vn__slot_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                    const vn_geometry_t *geometry) {
  return HEAD_MAX + plan->name_max + VN__ACCOUNTING_MAX + parts_max(plan, pipeline, geometry);
}

/* What stands in front of a part's bytes but their length, which vn__pack_length puts there. */
static size_t begin_part(vn__packer_t *packer, vn__part_kind_t kind, const char *name,
                         uint32_t specification) {
  size_t length = strlen(name);
  vn__pack_unsigned(packer, kind);
  vn__pack_unsigned(packer, length);
  vn__pack_bytes(packer, name, length);
  vn__pack_unsigned(packer, specification);
  return packer->length;
}

uint32_t vn__value_specification(const vn__work_t *work) {
  return (uint32_t)(uint8_t)work->pipeline->plan->summary.exponent;
}

uint32_t vn__alert_specification(const vn_alert_plan_t *alert) {
  uint32_t of = vn_murmur3_32(alert->of, strlen(alert->of), (uint8_t)alert->exponent);
  return of & 0x3FFFu; /* two bytes: it only has to differ from what it was before */
}

uint32_t vn__detector_specification(const vn__work_t *work, const vn_alert_plan_t *alert) {
  return vn__value_specification(work) | (uint32_t)alert->detector << 8;
}

vn__window_part_t vn__window_part(const vn_pipeline_state_t *pipeline, uint8_t index) {
  static const uint8_t kinds[] = {[VN_WINDOW_SESSION] = VN__PART_SESSION,
                                  [VN_WINDOW_COUNT] = VN__PART_COUNT,
                                  [VN_WINDOW_REPORT] = VN__PART_REPORT,
                                  [VN_WINDOW_CONDITION] = VN__PART_CONDITION};
  size_t window = (size_t)pipeline->geometry.set.window_count + index - 1u;
  if (index == 0) {
    return (vn__window_part_t){"", VN__PART_TIME};
  }
  if (window == pipeline->plan->summary.window_count) {
    return (vn__window_part_t){"", VN__PART_CORRECTION};
  }
  const vn_window_t *own = &pipeline->plan->summary.windows[window];
  return (vn__window_part_t){own->name, (vn__part_kind_t)kinds[own->shape]};
}

/* Since when an early result waits, by the clock of the wall; settle_restored turns it back. */
static void pack_early(vn__packer_t *packer, const vn__work_t *work) {
  const vn_engine_t *engine = work->engine;
  int64_t now_ms = vn__mono_ms(engine);
  vn_time_ms_t wall_ms;
  wall_ms = vn__wall_ms(engine, &wall_ms) ? wall_ms : vn__provisional_ms(engine, now_ms);
  vn__pack_signed(packer, wall_ms - (now_ms - work->state->early_since_mono_ms));
}

static void save_alerts(vn__packer_t *packer, const vn__work_t *work) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  for (size_t i = 0; i < plan->alert_count; i++) {
    const vn_alert_plan_t *alert = &plan->alerts[i];
    size_t at = begin_part(packer, VN__PART_ALERT, alert->name, vn__alert_specification(alert));
    vn__alert_pack(packer, alert, &vn__alerts(work)[i]);
    vn__pack_length(packer, at);
    if (alert->rule.condition == VN_ALERT_DEVIATION) {
      at = begin_part(packer, VN__PART_DETECTOR, alert->name,
                      vn__detector_specification(work, alert));
      vn__detector_pack(packer, work, i);
      vn__pack_length(packer, at);
    }
  }
  if (vn__alerts_wait(work)) {
    size_t at = begin_part(packer, VN__PART_WAITING, "", vn__value_specification(work));
    vn__alerts_pack_waiting(packer, work);
    vn__pack_length(packer, at);
  }
}

/* What is known of readings that came; parts that are empty aren't there. */
static void save_readings(vn__packer_t *packer, const vn__work_t *work) {
  const vn_series_state_t *state = work->state;
  if (state->sequence.started) {
    size_t at = begin_part(packer, VN__PART_SEQUENCE, "", 0);
    vn__sequence_pack(packer, work);
    vn__pack_length(packer, at);
  }
  if (state->recent.count > 0) {
    size_t at = begin_part(packer, VN__PART_RECENT, "", vn__value_specification(work));
    vn__recent_pack(packer, work);
    vn__pack_length(packer, at);
  }
  if (state->evidence.count > 0) {
    size_t at = begin_part(packer, VN__PART_EVIDENCE, "", vn__value_specification(work));
    vn__evidence_pack(packer, work);
    vn__pack_length(packer, at);
  }
}

/* What another plan has to know of this one, to tell what its windows hold, and that its alerts are
 * over. */
static void save_words(vn__packer_t *packer, const vn__work_t *work) {
  const vn_summary_pipeline_t *pipeline = &work->pipeline->plan->summary;
  size_t at = begin_part(packer, VN__PART_PIPELINE, "", 0);
  vn__pack_signed(packer, pipeline->exponent);
  vn__pack_word(packer, pipeline->name, VN_WORD_MAX);
  vn__pack_word(packer, pipeline->unit, VN_WORD_MAX);
  vn__pack_length(packer, at);
}

bool vn__slot_words(const vn__part_t *part, vn__slot_words_t *words) {
  vn__unpacker_t unpacker = {part->bytes, part->length, 0, false};
  int64_t exponent = vn__unpack_signed(&unpacker);
  words->exponent = (int8_t)exponent;
  words->pipeline = vn__unpack_word(&unpacker, VN_WORD_MAX);
  words->unit = vn__unpack_word(&unpacker, VN_WORD_MAX);
  return !unpacker.failed && exponent >= INT8_MIN && exponent <= INT8_MAX;
}

static void save_windows(vn__packer_t *packer, vn__work_t *work) {
  const vn_series_state_t *state = work->state;
  for (uint8_t i = 0; i < vn__window_parts(work->pipeline); i++) {
    vn__window_part_t part = vn__window_part(work->pipeline, i);
    size_t at = begin_part(packer, part.kind, part.name, work->pipeline->specifications[i]);
    size_t room = at < packer->capacity ? packer->capacity - at : 0;
    packer->length += vn__window_part_save(work, i, packer->bytes + at, room);
    vn__pack_length(packer, at);
  }
  if (state->first_link != VN_SERIES_NONE) {
    size_t at = begin_part(packer, VN__PART_DERIVED, "", vn__windows_specification(work->pipeline));
    vn__derive_pack(packer, work);
    vn__pack_length(packer, at);
  }
  if (work->pipeline->plan->early_every_ms > 0) {
    size_t at = begin_part(packer, VN__PART_EARLY, "", 0);
    pack_early(packer, work);
    vn__pack_length(packer, at);
  }
}

size_t vn__slot_save(vn_engine_t *engine, uint32_t series, uint8_t *out, size_t capacity) {
  vn__work_t work = vn__work(engine, series);
  const vn_series_state_t *state = work.state;
  vn__packer_t packer = {out, capacity, 0};
  vn__slot_head_t head = {.name = vn_series_name(&engine->table, series),
                          .last_arrival_ms = state->last_arrival_wall_ms,
                          .accounting = state->accounting,
                          .flags = state->flags & KEPT_FLAGS};
  vn__slot_head_pack(&packer, &head);
  save_words(&packer, &work);
  save_readings(&packer, &work);
  save_alerts(&packer, &work);
  save_windows(&packer, &work);
  return packer.length;
}

void vn__slot_head_pack(vn__packer_t *packer, const vn__slot_head_t *head) {
  vn__pack_unsigned(packer, VN__SLOT_MARK);
  vn__pack_unsigned(packer, VN__STATE_VERSION);
  vn__pack_unsigned(packer, head->name.length);
  vn__pack_bytes(packer, head->name.bytes, head->name.length);
  vn__pack_signed(packer, head->last_arrival_ms);
  vn__pack_unsigned(packer, head->flags);
  vn__accounting_pack(packer, &head->accounting);
}

bool vn__slot_head_unpack(vn__unpacker_t *unpacker, vn__slot_head_t *head) {
  bool ours = vn__unpack_unsigned(unpacker, UINT64_MAX) == VN__SLOT_MARK &&
              vn__unpack_unsigned(unpacker, UINT64_MAX) == VN__STATE_VERSION;
  size_t length = (size_t)vn__unpack_unsigned(unpacker, UINT8_MAX);
  if (!ours || unpacker->failed || length > unpacker->length - unpacker->position) {
    unpacker->failed = true;
    return false;
  }
  head->name = (vn_text_t){(const char *)unpacker->bytes + unpacker->position, length};
  unpacker->position += length;
  head->last_arrival_ms = vn__unpack_signed(unpacker);
  head->flags = (uint8_t)vn__unpack_unsigned(unpacker, KEPT_FLAGS);
  vn__accounting_unpack(unpacker, &head->accounting);
  return !unpacker->failed;
}

bool vn__slot_part_unpack(vn__unpacker_t *unpacker, vn__part_t *part) {
  part->kind = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  size_t name = (size_t)vn__unpack_unsigned(unpacker, UINT8_MAX);
  if (unpacker->failed || name > unpacker->length - unpacker->position) {
    unpacker->failed = true;
    return false;
  }
  part->name = (vn_text_t){(const char *)unpacker->bytes + unpacker->position, name};
  unpacker->position += name;
  part->specification = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  uint64_t length = vn__unpack_unsigned(unpacker, UINT32_MAX);
  if (unpacker->failed || length > unpacker->length - unpacker->position) {
    unpacker->failed = true;
    return false;
  }
  part->bytes = unpacker->bytes + unpacker->position;
  part->length = (size_t)length;
  unpacker->position += part->length;
  return true;
}

void vn__slot_part_pack(vn__packer_t *packer, const vn__part_t *part) {
  vn__pack_unsigned(packer, part->kind);
  vn__pack_unsigned(packer, part->name.length);
  vn__pack_bytes(packer, part->name.bytes, part->name.length);
  vn__pack_unsigned(packer, part->specification);
  vn__pack_unsigned(packer, part->length);
  vn__pack_bytes(packer, part->bytes, part->length);
}
