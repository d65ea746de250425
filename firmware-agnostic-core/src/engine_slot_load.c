/* The state of a series from its bytes, as far as the plan still knows it. */
#include "engine_slot_priv.h"

#include <string.h>

/*
 * A record counts more than those before it: where a tomb was lost, the number or the name may
 * still belong to a series that is gone.
 */
static void make_way(vn_engine_t *engine, uint32_t series, uint32_t namesake) {
  if (namesake != VN_SERIES_NONE) {
    vn__series_end(engine, namesake);
  }
  if (series < engine->table.capacity && engine->table.name_lengths[series] > 0) {
    vn__series_end(engine, series);
  }
}

/* An older record of the series may have come before. */
static void forget(vn_engine_t *engine, uint32_t series) {
  vn__work_t work = vn__work(engine, series);
  vn_series_state_t *state = work.state;
  state->recent = state->evidence = (vn_recent_state_t){0};
  state->sequence = (vn_sequence_t){0};
  state->correction.told = engine->deltas_gone;
  state->early_since_mono_ms = 0;
  vn__windows_reset(&work);
  vn__identity_reset(&work);
  vn__alerts_reset(&work);
  vn__detectors_reset(&work);
  vn__derive_forget(&work);
}

/* Gives the record's series its number, and a fresh state; false when it can't be taken over. */
static bool place_series(vn_engine_t *engine, uint32_t series, vn_text_t name) {
  if (series >= engine->plan->series_max || name.length == 0) {
    return false;
  }
  uint32_t namesake = vn_series_find(&engine->table, name, vn_series_hash(name));
  if (namesake == series) {
    forget(engine, series);
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

static bool same_name(vn_text_t name, const char *word) {
  return name.length == strlen(word) && memcmp(name.bytes, word, name.length) == 0;
}

/* The alert of this name; alert_count: there is none. */
static size_t find_alert(const vn__work_t *work, vn_text_t name) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  size_t i = 0;
  while (i < plan->alert_count && !same_name(name, plan->alerts[i].name)) {
    i++;
  }
  return i;
}

static bool is_read(const vn__unpacker_t *unpacker) {
  return !unpacker->failed && unpacker->position == unpacker->length;
}

/* What people said of an alert must not become another one's: the name counts, not the place. Where
 * it looks at something else now, what it compares with begins anew. */
static bool load_alert(const vn__work_t *work, const vn__part_t *part) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  size_t i = find_alert(work, part->name);
  if (i == plan->alert_count) {
    return false;
  }
  vn__unpacker_t unpacker = {part->bytes, part->length, 0, false};
  vn_alert_state_t *state = &vn__alerts(work)[i];
  bool other = vn__unpack_unsigned(&unpacker, UINT64_MAX) != plan->alerts[i].rule.condition;
  unpacker = (vn__unpacker_t){part->bytes, part->length, 0, false};
  vn__alert_words_t former;
  vn__alert_unpack(&unpacker, &plan->alerts[i].rule, state, &former);
  if (other || !is_read(&unpacker)) {
    *state = (vn_alert_state_t){0};
    return false;
  }
  if (part->specification != vn__alert_specification(&plan->alerts[i])) {
    state->evaluated = state->condition_true = false;
    state->history = 0;
    state->last_value = 0;
  }
  return true;
}

static bool load_detector(const vn__work_t *work, const vn__part_t *part) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  size_t i = find_alert(work, part->name);
  if (i == plan->alert_count || plan->alerts[i].rule.condition != VN_ALERT_DEVIATION ||
      part->specification != vn__detector_specification(work, &plan->alerts[i])) {
    return false;
  }
  vn__unpacker_t unpacker = {part->bytes, part->length, 0, false};
  vn__detector_unpack(&unpacker, work, i);
  if (!is_read(&unpacker)) {
    vn__detector_reset(work, i);
  }
  return is_read(&unpacker);
}

/* The part of this kind and name; vn__window_parts: there is none. */
static uint8_t find_windows(const vn_pipeline_state_t *pipeline, const vn__part_t *part) {
  uint8_t i = 0;
  for (; i < vn__window_parts(pipeline); i++) {
    vn__window_part_t own = vn__window_part(pipeline, i);
    if (own.kind == part->kind && same_name(part->name, own.name)) {
      break;
    }
  }
  return i;
}

bool vn__windows_go_on(const vn_pipeline_state_t *pipeline, const vn__part_t *part) {
  uint8_t i = find_windows(pipeline, part);
  return i < vn__window_parts(pipeline) && part->specification == pipeline->specifications[i];
}

/* With another specification the windows begin anew; what the series has told of stays told. */
static bool load_windows(vn__work_t *work, const vn__part_t *part) {
  if (vn__windows_go_on(work->pipeline, part)) {
    uint8_t i = find_windows(work->pipeline, part);
    return vn__window_part_load(work, i, part->bytes, part->length);
  }
  vn__unpacker_t unpacker = {part->bytes, part->length, 0, false};
  if (part->kind == VN__PART_TIME) {
    vn__time_keep_watermark(work, part->bytes, part->length);
  } else if (part->kind == VN__PART_CORRECTION) {
    work->state->correction.told = (uint32_t)vn__unpack_unsigned(&unpacker, UINT32_MAX);
  }
  return false;
}

/* Numbers of values: of use as long as these are scaled in the same way. */
static bool load_values(vn__work_t *work, const vn__part_t *part) {
  vn__unpacker_t unpacker = {part->bytes, part->length, 0, false};
  if (part->specification != vn__value_specification(work)) {
    return false;
  }
  switch (part->kind) {
    case VN__PART_RECENT:
      vn__recent_unpack(&unpacker, work);
      break;
    case VN__PART_EVIDENCE:
      vn__evidence_unpack(&unpacker, work);
      break;
    default:
      if (!vn__alerts_wait(work)) {
        return false;
      }
      vn__alerts_unpack_waiting(&unpacker, work);
      if (!is_read(&unpacker)) {
        vn__alerts_drop_waiting(work);
      }
      break;
  }
  return is_read(&unpacker);
}

static bool load_others(vn__work_t *work, const vn__part_t *part) {
  vn__unpacker_t unpacker = {part->bytes, part->length, 0, false};
  switch (part->kind) {
    case VN__PART_SEQUENCE:
      vn__sequence_unpack(&unpacker, work);
      return is_read(&unpacker);
    case VN__PART_DERIVED:
      if (part->specification != vn__windows_specification(work->pipeline)) {
        return false;
      }
      vn__derive_unpack(&unpacker, work);
      return is_read(&unpacker);
    case VN__PART_EARLY:
      work->state->early_since_mono_ms =
          work->pipeline->plan->early_every_ms > 0 ? vn__unpack_signed(&unpacker) : 0;
      return true;
    case VN__PART_PIPELINE: /* for windows and alerts that end */
      return true;
    default:
      return false; /* of a later version */
  }
}

static bool load_part(vn__work_t *work, const vn__part_t *part) {
  switch (part->kind) {
    case VN__PART_ALERT:
      return load_alert(work, part);
    case VN__PART_DETECTOR:
      return load_detector(work, part);
    case VN__PART_RECENT:
    case VN__PART_EVIDENCE:
    case VN__PART_WAITING:
      return load_values(work, part);
    case VN__PART_TIME:
    case VN__PART_SESSION:
    case VN__PART_COUNT:
    case VN__PART_REPORT:
    case VN__PART_CONDITION:
    case VN__PART_CORRECTION:
      return load_windows(work, part);
    default:
      return load_others(work, part);
  }
}

static void note_words(const vn__part_t *part, vn__slot_words_t *words) {
  if (part->kind == VN__PART_PIPELINE && !vn__slot_words(part, words)) {
    *words = vn__slot_no_words(words->series);
  }
}

/* False: the parts don't fill the record. */
static bool load_parts(vn__work_t *work, vn__unpacker_t *unpacker) {
  vn__part_t part;
  vn__slot_words_t words = vn__slot_no_words(vn_series_name(&work->engine->table, work->series));
  while (unpacker->position < unpacker->length) {
    if (!vn__slot_part_unpack(unpacker, &part)) {
      return false;
    }
    note_words(&part, &words);
    if (!load_part(work, &part)) {
      work->engine->recovery.windows_end =
          work->engine->recovery.windows_end || vn__former_is_told(part.kind);
      work->engine->recovery.operators_reset++;
      vn__farewell_note(work->engine, work->series, &words, &part);
    }
  }
  return true;
}

/* The plan has no place for it: its numbers become the device's when all is read. */
static void note_gone(vn_engine_t *engine, uint32_t series, const vn__slot_head_t *head,
                      vn__unpacker_t *parts) {
  vn__part_t part;
  vn__slot_words_t words = vn__slot_no_words(head->name);
  if (series >= engine->table.capacity) {
    return;
  }
  engine->store.series[series] =
      (vn_series_state_t){.pipeline = VN__NO_PIPELINE, .accounting = head->accounting};
  while (parts->position < parts->length && vn__slot_part_unpack(parts, &part)) {
    engine->recovery.windows_end = engine->recovery.windows_end || vn__former_is_told(part.kind);
    note_words(&part, &words);
    vn__farewell_note(engine, series, &words, &part);
  }
}

bool vn__slot_load(vn_engine_t *engine, uint32_t series, const uint8_t *bytes, size_t length) {
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__slot_head_t head;
  if (!vn__slot_head_unpack(&unpacker, &head)) {
    make_way(engine, series, VN_SERIES_NONE);
    return false;
  }
  if (!place_series(engine, series, head.name)) {
    make_way(engine, series, VN_SERIES_NONE);
    note_gone(engine, series, &head, &unpacker);
    return false;
  }
  vn__work_t work = vn__work(engine, series);
  work.state->last_arrival_wall_ms = head.last_arrival_ms;
  work.state->flags = head.flags;
  work.state->accounting = head.accounting;
  work.state->silent = true; /* unless the next arrival finds that it isn't */
  if (load_parts(&work, &unpacker)) {
    vn__evidence_resume(&work);
    return true;
  }
  vn__series_end(engine, series);
  return false;
}

bool vn__slot_bury(vn_engine_t *engine, uint32_t series) {
  vn_series_state_t *state = &engine->store.series[series];
  if (engine->table.name_lengths[series] > 0 || state->pipeline != VN__NO_PIPELINE) {
    return false;
  }
  vn__add_accounting(&engine->figures.expired, &state->accounting);
  state->pipeline = 0;
  return true;
}
