/* Evidence of alerts: the last readings of each series, told with what they caused. */
#include "engine_alert_priv.h"

#define READING_MAX (VN__PACK_U64_MAX + VN__PACK_U32_MAX)

static vn_recent_t *ring_of(const vn__work_t *work) {
  return work->engine->store.evidence + work->pipeline->evidence_base +
         (size_t)work->state->local * vn_evidence_readings(&work->pipeline->plan->evidence);
}

void vn__evidence_attach(vn__work_t *work, size_t rule, vn_transition_t *transition) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  const vn_evidence_t *evidence = &plan->evidence;
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  bool fires = transition->event == VN_ALERT_EVENT_FIRING;
  transition->evidence_bytes = evidence->before > 0 ? evidence->bytes : VN_EVIDENCE_SAMPLE_BYTES;
  transition->pipeline_exponent = plan->summary.exponent;
  if (evidence->before == 0 || !vn__looks_at_values(&plan->alerts[rule]) ||
      (!fires && transition->event != VN_ALERT_EVENT_EVIDENCE)) {
    return;
  }
  if (fires) {
    state->evidence_wanted = evidence->after;
    work->state->flags |= evidence->after > 0 ? VN__SERIES_WANTED : 0;
  }
  uint8_t size = (uint8_t)vn_evidence_readings(evidence);
  const vn_recent_state_t *kept = &work->state->evidence;
  uint8_t wanted = (uint8_t)(size - state->evidence_wanted);
  uint8_t count = wanted < kept->count ? wanted : kept->count;
  transition->readings = (vn_readings_t){
      .ring = ring_of(work),
      .size = size,
      .first = (uint8_t)(kept->next >= count ? kept->next - count : kept->next + size - count),
      .count = count,
  };
}

static void tell(vn__work_t *work, size_t rule, vn_time_ms_t at_ms) {
  vn__cause_t cause = {.at_ms = at_ms};
  vn__alert_tell(work, rule, VN_ALERT_EVENT_EVIDENCE, &cause);
}

/* A further reading for those that want one. */
static void count_down(vn__work_t *work) {
  vn_alert_state_t *states = vn__alerts(work);
  work->state->flags &= (uint8_t)~VN__SERIES_WANTED;
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    if (states[i].evidence_wanted > 0 && --states[i].evidence_wanted == 0) {
      tell(work, i, work->time_ms);
    }
    work->state->flags |= states[i].evidence_wanted > 0 ? VN__SERIES_WANTED : 0;
  }
}

void vn__evidence_take(vn__work_t *work, int32_t value) {
  vn_recent_state_t *kept = &work->state->evidence;
  size_t size = vn_evidence_readings(&work->pipeline->plan->evidence);
  ring_of(work)[kept->next] = (vn_recent_t){work->time_ms, value};
  kept->next = (uint8_t)(kept->next + 1u < size ? kept->next + 1u : 0);
  kept->count = (uint8_t)(kept->count + (kept->count < size));
  if ((work->state->flags & VN__SERIES_WANTED) != 0) {
    count_down(work);
  }
}

void vn__evidence_end(vn__work_t *work, size_t rule, vn_time_ms_t at_ms) {
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  if (state->evidence_wanted > 0) {
    tell(work, rule, at_ms);
    state->evidence_wanted = 0;
  }
}

void vn__evidence_shift(vn__work_t *work, int64_t shift_ms) {
  const vn_recent_state_t *kept = &work->state->evidence;
  for (uint8_t i = 0; i < kept->count; i++) {
    vn_recent_t *reading = &ring_of(work)[i];
    reading->time_ms = vn_add_saturating(reading->time_ms, shift_ms);
  }
}

size_t vn__evidence_max(const vn_pipeline_t *pipeline) {
  size_t readings = vn_evidence_readings(&pipeline->evidence);
  return readings > 0 ? 1u + readings * READING_MAX : 0;
}

/* The oldest first, each time after the one before it. */
void vn__evidence_pack(vn__packer_t *packer, const vn__work_t *work) {
  const vn_recent_state_t *kept = &work->state->evidence;
  size_t size = vn_evidence_readings(&work->pipeline->plan->evidence);
  vn_time_ms_t before_ms = 0;
  VN_ASSERT(kept->count <= size);
  size_t place = (kept->next >= kept->count ? 0 : size) + kept->next - kept->count;
  vn__pack_unsigned(packer, kept->count);
  for (size_t i = 0; i < kept->count; i++) {
    const vn_recent_t *reading = &ring_of(work)[place];
    place = place + 1 < size ? place + 1 : 0;
    vn__pack_signed(packer, vn_sub_saturating(reading->time_ms, before_ms));
    vn__pack_signed(packer, reading->value);
    before_ms = reading->time_ms;
  }
}

/* The plan may keep fewer readings now: the newest ones count. */
void vn__evidence_unpack(vn__unpacker_t *unpacker, vn__work_t *work) {
  const vn_evidence_t *evidence = &work->pipeline->plan->evidence;
  uint8_t size = (uint8_t)vn_evidence_readings(evidence);
  uint64_t count = vn__unpack_unsigned(unpacker, VN_EVIDENCE_MAX);
  vn_recent_t reading = {0};
  work->state->evidence = (vn_recent_state_t){0};
  for (uint64_t i = 0; i < count; i++) {
    reading.time_ms = vn_add_saturating(reading.time_ms, vn__unpack_signed(unpacker));
    reading.value = vn__unpack_i32(unpacker);
    if (size > 0) {
      vn_recent_add(&work->state->evidence, ring_of(work), size, &reading);
    }
  }
}

/* The plan may wait for fewer now. */
void vn__evidence_resume(vn__work_t *work) {
  const vn_evidence_t *evidence = &work->pipeline->plan->evidence;
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    vn_alert_state_t *state = &vn__alerts(work)[i];
    bool fewer = state->evidence_wanted > evidence->after;
    state->evidence_wanted = fewer ? evidence->after : state->evidence_wanted;
    work->state->flags |= state->evidence_wanted > 0 ? VN__SERIES_WANTED : 0;
  }
}
