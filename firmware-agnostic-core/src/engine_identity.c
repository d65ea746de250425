/* Was this reading there before? By its sequence number, or by what the series remembers. */
#include "engine_slot_priv.h"
#include "vn/hash.h"

#include <string.h>

#define SEQUENCE_MAX (5u * VN__PACK_U64_MAX + 3u * VN__PACK_U32_MAX + 4u)
#define RECENT_MAX (VN__PACK_U64_MAX + VN__PACK_U32_MAX)

bool vn__has_sequence(const vn_plan_t *plan) {
  for (size_t i = 0; i < plan->input_count; i++) {
    if (plan->inputs[i].has_sequence) {
      return true;
    }
  }
  return false;
}

/* NULL: no input of the plan has sequence numbers. */
static uint8_t *checks_of(const vn__work_t *work) {
  const vn_store_t *store = &work->engine->store;
  return store->check_count > 0 ? store->checks + (size_t)work->series * VN_SEQUENCE_WINDOW : NULL;
}

static vn_recent_t *recent_of(const vn__work_t *work) {
  return work->engine->store.recent + work->pipeline->recent_base +
         (size_t)work->state->local * work->pipeline->plan->deduplicate;
}

/* Of what the sender said: a time of arrival would make each repeat another reading. */
static uint8_t check_of(const vn_reading_t *reading, const int32_t *value) {
  vn_time_ms_t time_ms = reading->has_time ? reading->time_ms : 0;
  return (uint8_t)(vn_priority(0, time_ms, value != NULL ? *value : 0) % UINT8_MAX + 1u);
}

/* A number that came is not missing, even if its reading is refused for its time. */
static vn_sequence_verdict_t judge_number(vn__work_t *work, const vn_reading_t *reading,
                                          vn_time_ms_t time_ms, const int32_t *value) {
  vn_sequence_t *sequence = &work->state->sequence;
  uint8_t *checks = checks_of(work);
  uint64_t missing_before = sequence->missing;
  vn_sequence_verdict_t verdict =
      checks == NULL ? vn_sequence_take(sequence, reading->sequence, time_ms)
                     : vn_sequence_take_checked(sequence, checks, reading->sequence, time_ms,
                                                check_of(reading, value));
  work->engine->figures.readings.missing += sequence->missing - missing_before;
  work->state->accounting.missing = sequence->missing;
  return verdict;
}

/* Only a time of the sender's own tells a repeat from the next reading. */
static bool can_remember(const vn__work_t *work, const vn_reading_t *reading) {
  return work->pipeline->plan->deduplicate > 0 && reading->has_time;
}

vn_reason_t vn__identity_judge(vn__work_t *work, const vn_reading_t *reading, vn_time_ms_t time_ms,
                               const int32_t *value) {
  if (reading->has_sequence) {
    vn_sequence_verdict_t verdict = judge_number(work, reading, time_ms, value);
    if (verdict == VN_SEQUENCE_DUPLICATE || verdict == VN_SEQUENCE_CONFLICT) {
      return verdict == VN_SEQUENCE_CONFLICT ? VN_REASON_CONFLICT : VN_REASON_DUPLICATE;
    }
  }
  if (value == NULL || !can_remember(work, reading)) {
    return VN_REASON_NONE;
  }
  vn_recent_t same = {reading->time_ms, *value};
  switch (vn_recent_find(&work->state->recent, recent_of(work), &same)) {
    case VN_RECENT_SAME:
      return VN_REASON_DUPLICATE;
    case VN_RECENT_SAME_TIME:
      return work->pipeline->plan->same_time == VN_SAME_TIME_CONFLICT ? VN_REASON_CONFLICT
                                                                      : VN_REASON_NONE;
    default:
      return VN_REASON_NONE;
  }
}

bool vn__identity_is_repeat(const vn__work_t *work, const vn_reading_t *reading,
                            vn_time_ms_t time_ms, const int32_t *value) {
  if (reading->has_sequence) {
    return vn_sequence_is_repeat(&work->state->sequence, checks_of(work), reading->sequence,
                                 time_ms, check_of(reading, value));
  }
  if (value == NULL || !can_remember(work, reading)) {
    return false;
  }
  vn_recent_t same = {reading->time_ms, *value};
  return vn_recent_find(&work->state->recent, recent_of(work), &same) == VN_RECENT_SAME;
}

void vn__identity_accept(vn__work_t *work, const vn_reading_t *reading, int32_t value) {
  if (can_remember(work, reading)) {
    vn_recent_t accepted = {reading->time_ms, value};
    vn_recent_add(&work->state->recent, recent_of(work), work->pipeline->plan->deduplicate,
                  &accepted);
  }
}

void vn__identity_reset(vn__work_t *work) {
  uint8_t *checks = checks_of(work);
  if (checks != NULL) {
    memset(checks, 0, VN_SEQUENCE_WINDOW);
  }
}

size_t vn__sequence_max(const vn_plan_t *plan) {
  return SEQUENCE_MAX + 1u + (vn__has_sequence(plan) ? VN_SEQUENCE_WINDOW : 0);
}

size_t vn__recent_max(const vn_pipeline_t *pipeline) {
  return pipeline->deduplicate > 0 ? 1u + pipeline->deduplicate * RECENT_MAX : 0;
}

static void pack_sequence(vn__packer_t *packer, const vn_sequence_t *sequence) {
  vn__pack_unsigned(packer, sequence->started ? 1 : 0);
  vn__pack_unsigned(packer, sequence->seen);
  vn__pack_unsigned(packer, sequence->missing);
  vn__pack_signed(packer, sequence->last_ms);
  vn__pack_unsigned(packer, sequence->highest);
  vn__pack_unsigned(packer, sequence->epochs);
  vn__pack_unsigned(packer, sequence->span);
  vn__pack_unsigned(packer, sequence->previous_seen);
  if (sequence->previous_seen != 0) {
    vn__pack_unsigned(packer, sequence->previous_highest);
    vn__pack_unsigned(packer, sequence->previous_span);
    vn__pack_signed(packer, sequence->restart_ms);
  }
}

static void unpack_sequence(vn__unpacker_t *unpacker, vn_sequence_t *sequence) {
  *sequence = (vn_sequence_t){.started = vn__unpack_unsigned(unpacker, 1) == 1};
  sequence->seen = vn__unpack_unsigned(unpacker, UINT64_MAX);
  sequence->missing = vn__unpack_unsigned(unpacker, UINT64_MAX);
  sequence->last_ms = vn__unpack_signed(unpacker);
  sequence->highest = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  sequence->epochs = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  sequence->span = (uint8_t)vn__unpack_unsigned(unpacker, 64);
  sequence->previous_seen = vn__unpack_unsigned(unpacker, UINT64_MAX);
  if (sequence->previous_seen != 0) {
    sequence->previous_highest = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
    sequence->previous_span = (uint8_t)vn__unpack_unsigned(unpacker, 64);
    sequence->restart_ms = vn__unpack_signed(unpacker);
  }
}

static void pack_checks(vn__packer_t *packer, const vn_sequence_t *sequence,
                        const uint8_t *checks) {
  bool kept = checks != NULL && sequence->started;
  uint32_t length = kept && sequence->seen == UINT64_MAX ? VN_SEQUENCE_WINDOW : 1u;
  vn__pack_unsigned(packer, kept ? 1 : 0);
  for (uint32_t place = 0; kept && place < VN_SEQUENCE_WINDOW; place += length) {
    if (vn_sequence_has_check(sequence, place)) {
      vn__pack_bytes(packer, &checks[place], length); /* all at once where none is missing */
    }
  }
}

/* A plan that has lost its sequence numbers skips them. */
static void unpack_checks(vn__unpacker_t *unpacker, const vn_sequence_t *sequence,
                          uint8_t *checks) {
  bool kept = vn__unpack_unsigned(unpacker, 1) == 1;
  for (uint32_t place = 0; kept && place < VN_SEQUENCE_WINDOW; place++) {
    if (vn_sequence_has_check(sequence, place)) {
      uint8_t check = 0;
      vn__unpack_bytes(unpacker, &check, 1);
      if (checks != NULL) {
        checks[place] = check;
      }
    }
  }
}

/* The oldest first. */
void vn__recent_pack(vn__packer_t *packer, const vn__work_t *work) {
  const vn_recent_state_t *state = &work->state->recent;
  uint32_t size = work->pipeline->plan->deduplicate;
  vn__pack_unsigned(packer, state->count);
  for (uint32_t i = 0; i < state->count; i++) {
    const vn_recent_t *reading = &recent_of(work)[(state->next + size - state->count + i) % size];
    vn__pack_signed(packer, reading->time_ms);
    vn__pack_signed(packer, reading->value);
  }
}

/* A plan that remembers fewer keeps the latest. */
void vn__recent_unpack(vn__unpacker_t *unpacker, vn__work_t *work) {
  uint8_t size = work->pipeline->plan->deduplicate;
  uint64_t count = vn__unpack_unsigned(unpacker, VN_RECENT_MAX);
  work->state->recent = (vn_recent_state_t){0};
  for (uint64_t i = 0; i < count; i++) {
    vn_recent_t reading = {.time_ms = vn__unpack_signed(unpacker)};
    reading.value = vn__unpack_i32(unpacker);
    if (size > 0) {
      vn_recent_add(&work->state->recent, recent_of(work), size, &reading);
    }
  }
}

void vn__sequence_pack(vn__packer_t *packer, const vn__work_t *work) {
  pack_sequence(packer, &work->state->sequence);
  pack_checks(packer, &work->state->sequence, checks_of(work));
}

void vn__sequence_unpack(vn__unpacker_t *unpacker, vn__work_t *work) {
  unpack_sequence(unpacker, &work->state->sequence);
  unpack_checks(unpacker, &work->state->sequence, checks_of(work));
}
