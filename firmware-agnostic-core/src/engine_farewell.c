/*
 * Episodes of alerts that the plan doesn't know any more: they are resolved at the restart. What is
 * found while records are read back waits in the batch, which nothing else uses by then.
 */
#include "engine_slot_priv.h"

#include <string.h>

/* In front of an entry: its length. Then the series' number and name, what the pipeline is called,
 * its unit, the alert's name, its state. */
#define ENTRY_HEAD 2u

typedef struct farewell {
  vn_text_t series_name, alert;
  const char *pipeline, *unit;
  vn_alert_state_t state;
  vn__alert_words_t words;
  uint8_t condition; /* vn_alert_condition_t */
  uint32_t series;
} farewell_t;

/* As it was saved, whatever its rule was. */
static bool read_state(const uint8_t *bytes, size_t length, farewell_t *out) {
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  uint64_t condition = vn__unpack_unsigned(&unpacker, VN_ALERT_CONDITION_COUNT - 1u);
  const vn_alert_rule_t rule = {.condition = (uint8_t)condition,
                                .level_count = VN_ALERT_LEVELS_MAX,
                                .hits_of = 1,
                                .latch = true};
  unpacker = (vn__unpacker_t){bytes, length, 0, false};
  out->condition = rule.condition;
  vn__alert_unpack(&unpacker, &rule, &out->state, &out->words);
  return !unpacker.failed;
}

static size_t entry_length(const uint8_t *entry) {
  return ENTRY_HEAD + ((size_t)entry[0] | (size_t)entry[1] << 8);
}

static vn_text_t take_text(vn__unpacker_t *unpacker) {
  vn_text_t text = {(const char *)unpacker->bytes, 0};
  text.length = (size_t)vn__unpack_unsigned(unpacker, UINT8_MAX);
  text.bytes += unpacker->position;
  unpacker->position += text.length;
  return text;
}

static farewell_t read_entry(const uint8_t *entry) {
  vn__unpacker_t unpacker = {entry + ENTRY_HEAD, entry_length(entry) - ENTRY_HEAD, 0, false};
  farewell_t farewell = {.series = (uint32_t)vn__unpack_unsigned(&unpacker, UINT32_MAX)};
  farewell.series_name = take_text(&unpacker);
  farewell.pipeline = vn__unpack_word(&unpacker, VN_WORD_MAX);
  farewell.unit = vn__unpack_word(&unpacker, VN_WORD_MAX);
  farewell.alert = take_text(&unpacker);
  bool good = read_state(unpacker.bytes + unpacker.position, unpacker.length - unpacker.position,
                         &farewell);
  VN_ASSERT(good);
  return farewell;
}

void vn__farewell_note(vn_engine_t *engine, uint32_t series, const vn__slot_words_t *words,
                       const vn__part_t *part) {
  vn_text_t name = words->series;
  farewell_t farewell = {0};
  const vn_alert_state_t *state = &farewell.state;
  if (part->kind != VN__PART_ALERT || !read_state(part->bytes, part->length, &farewell) ||
      !vn_alert_is_open(state) || (state->flags & VN_ALERT_FLAG_TOLD) == 0) {
    return;
  }
  vn_batch_t *batch = &engine->batch;
  uint8_t *entry = engine->store.batch + batch->length;
  size_t room = engine->store.batch_bytes - batch->length;
  vn__packer_t packer = {entry, room, ENTRY_HEAD};
  vn__pack_unsigned(&packer, series);
  vn__pack_unsigned(&packer, name.length);
  vn__pack_bytes(&packer, name.bytes, name.length);
  vn__pack_word(&packer, words->pipeline, VN_WORD_MAX);
  vn__pack_word(&packer, words->unit, VN_WORD_MAX);
  vn__pack_unsigned(&packer, part->name.length);
  vn__pack_bytes(&packer, part->name.bytes, part->name.length);
  vn__pack_bytes(&packer, part->bytes, part->length);
  bool told = name.length <= engine->plan->name_max && part->name.length <= VN_WORD_MAX;
  if (!told || packer.length > room || packer.length - ENTRY_HEAD > UINT16_MAX) {
    engine->recovery.episodes_left++;
    return;
  }
  entry[0] = (uint8_t)(packer.length - ENTRY_HEAD);
  entry[1] = (uint8_t)((packer.length - ENTRY_HEAD) >> 8);
  batch->length += packer.length;
}

void vn__farewell_forget(vn_engine_t *engine, uint32_t series) {
  vn_batch_t *batch = &engine->batch;
  size_t at = 0;
  while (at < batch->length) {
    uint8_t *entry = engine->store.batch + at;
    size_t length = entry_length(entry);
    if (read_entry(entry).series == series) {
      memmove(entry, entry + length, batch->length - at - length);
      batch->length -= length;
    } else {
      at += length;
    }
  }
}

/* As far as messages tell of it: the limit that was passed stands for all. */
static vn_alert_rule_t rule_of(const farewell_t *farewell,
                               vn_alert_limits_t limits[VN_ALERT_LEVELS_MAX]) {
  const vn__alert_words_t *words = &farewell->words;
  for (unsigned i = 0; i < VN_ALERT_LEVELS_MAX; i++) {
    limits[i] = (vn_alert_limits_t){.low = words->limit, .high = words->limit};
  }
  return (vn_alert_rule_t){.limit = words->limit,
                           .low = words->low,
                           .period_ms = words->period_ms,
                           .levels = limits,
                           .level_count = VN_ALERT_LEVELS_MAX,
                           .times = words->times,
                           .condition = farewell->condition};
}

static void resolve(vn_engine_t *engine, const farewell_t *farewell) {
  char alert[VN_WORD_MAX + 1u];
  vn_alert_limits_t limits[VN_ALERT_LEVELS_MAX];
  const vn_alert_rule_t rule = rule_of(farewell, limits);
  const vn_alert_state_t *state = &farewell->state;
  const vn__alert_words_t *words = &farewell->words;
  vn_time_ms_t now_ms = vn__now_ms(engine);
  memcpy(alert, farewell->alert.bytes, farewell->alert.length);
  alert[farewell->alert.length] = '\0';
  bool recovering = state->phase == VN_ALERT_RECOVERING;
  const vn_transition_t transition = {
      .alert = alert,
      .severity = words->severity,
      .pipeline = farewell->pipeline,
      .unit = words->has_unit ? farewell->unit : "",
      .of = words->of,
      .series = farewell->series_name,
      .rule = &rule,
      .at_ms = now_ms,
      .starts_ms = state->pending_since_ms,
      .ends_ms = recovering ? state->recovering_since_ms : now_ms,
      .episode = state->episode,
      .revision = state->revision,
      .exponent = words->exponent,
      .level = state->level,
      .high_side = (state->flags & VN_ALERT_FLAG_HIGH) != 0,
      .from = state->phase,
      .phase = VN_ALERT_NORMAL,
      .event = VN_ALERT_EVENT_RESOLVED,
      .has_end = true,
  };
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->event != NULL) {
    observer->event(observer->context, &transition);
  }
  vn__output_event(engine, &transition);
}

void vn__owe_or_bury(vn_engine_t *engine, uint32_t series) {
  vn_series_state_t *state = &engine->store.series[series];
  if (engine->table.name_lengths[series] > 0) {
    vn__work_t work = vn__work(engine, series);
    vn__owe(&work);
  } else if (vn__slot_bury(engine, series)) {
    state->flags = VN__SERIES_OWED;
    state->next_owed = engine->owed.first;
    engine->owed.first = series;
  }
}

/* What is told of lies in front: entries that are made from now on would overwrite the batch. */
vn_err_t vn__farewell_tell(vn_engine_t *engine) {
  size_t end = engine->batch.length;
  engine->batch.length = 0;
  for (size_t at = 0; at < end; at += entry_length(engine->store.batch + at)) {
    farewell_t farewell = read_entry(engine->store.batch + at);
    resolve(engine, &farewell);
    vn__owe_or_bury(engine, farewell.series); /* with the state that says so no more */
    engine->recovery.episodes_ended++;
    if (engine->owed.bytes >= engine->transaction_bytes) {
      vn_err_t error = vn__settle(engine, false, 0);
      if (error != VN_OK) {
        return error;
      }
    }
  }
  return VN_OK;
}
