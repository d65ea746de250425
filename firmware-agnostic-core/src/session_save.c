/* Sessions into a checkpoint and back. */
#include "extra_priv.h"
#include "session_priv.h"

#define SESSION_MAX (VN__AGGREGATE_SAVE_MAX + 2u * VN__PACK_U32_MAX)
#define SPAN_MAX (2u * VN__PACK_U64_MAX)

static void save_session(vn__packer_t *packer, const vn_session_set_t *set,
                         const vn_session_memory_t *memory, const vn_session_t *session) {
  vn__sample_t sample = vn__session_sample(set, memory, session);
  vn__aggregate_save(packer, &session->aggregate);
  vn__sample_save(packer, &sample);
  vn__extra_pack(packer, &set->extra, &memory->extra, session->block);
  vn__pack_unsigned(packer, session->results);
  vn__pack_unsigned(packer, session->standing);
}

size_t vn_session_save(const vn_session_set_t *set, const vn_session_memory_t *memory, uint8_t *out,
                       size_t capacity) {
  VN_ASSERT(set != NULL && memory != NULL);
  const vn_session_state_t *state = memory->state;
  vn__packer_t packer = {out, capacity, 0};
  const vn_span_t *span = memory->standing;
  vn__pack_unsigned(&packer, state->live);
  vn__pack_unsigned(&packer, state->fired);
  for (uint16_t i = 0; i < state->live; i++) {
    const vn_session_t *session = &memory->sessions[i];
    save_session(&packer, set, memory, session);
    for (uint16_t k = 0; k < session->standing; k++, span++) {
      vn__pack_signed(&packer, span->start_ms - vn__session_start(session));
      vn__pack_signed(&packer, span->end_ms - span->start_ms);
    }
  }
  return packer.length;
}

size_t vn_session_save_max(const vn_session_set_t *set) {
  size_t session = SESSION_MAX + SPAN_MAX + (size_t)set->sample * VN__MEMBER_SAVE_MAX +
                   vn__extra_pack_max(&set->extra);
  return 2u * VN__PACK_U32_MAX + set->capacity * session;
}

/* Standing results lie inside their session, apart from each other. */
static void load_standing(vn__unpacker_t *unpacker, const vn_session_set_t *set,
                          const vn_session_memory_t *memory, const vn_session_t *session) {
  vn_time_ms_t start_ms = vn__session_start(session);
  vn_time_ms_t from_ms = start_ms, end_ms = vn__session_end(set, session);
  for (uint16_t i = 0; i < session->standing && !unpacker->failed; i++) {
    vn_span_t *span = &memory->standing[memory->state->standing];
    span->start_ms = vn_add_saturating(start_ms, vn__unpack_signed(unpacker));
    span->end_ms = vn_add_saturating(span->start_ms, vn__unpack_signed(unpacker));
    unpacker->failed = unpacker->failed || span->start_ms < from_ms ||
                       span->end_ms <= span->start_ms || span->end_ms > end_ms;
    from_ms = span->end_ms;
    memory->state->standing++;
  }
}

static void load_session(vn__unpacker_t *unpacker, const vn_session_set_t *set,
                         const vn_session_memory_t *memory) {
  vn_session_state_t *state = memory->state;
  vn_session_t *session = &memory->sessions[state->live];
  vn__sample_t sample = vn__session_sample(set, memory, session);
  vn__aggregate_load(unpacker, &session->aggregate);
  vn__sample_load(unpacker, &sample, memory->sample_seed);
  vn__extra_unpack(unpacker, &set->extra, &memory->extra, session->block);
  session->results = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  session->standing = (uint16_t)vn__unpack_unsigned(unpacker, set->capacity - state->standing);
  if (!unpacker->failed && state->live > 0) {
    vn_time_ms_t before_ms = vn__session_end(set, &memory->sessions[state->live - 1]);
    unpacker->failed = vn__session_start(session) <= before_ms;
  }
  load_standing(unpacker, set, memory, session);
  state->live++;
}

vn_err_t vn_session_load(const vn_session_set_t *set, const vn_session_memory_t *memory,
                         const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_session_reset(set, memory);
  uint64_t live = vn__unpack_unsigned(&unpacker, set->capacity);
  uint64_t fired = vn__unpack_unsigned(&unpacker, live);
  for (uint64_t i = 0; i < live && !unpacker.failed; i++) {
    load_session(&unpacker, set, memory);
  }
  if (unpacker.failed || unpacker.position != length) {
    vn_session_reset(set, memory);
    return VN_ERR_FORMAT;
  }
  memory->state->fired = (uint16_t)fired;
  return VN_OK;
}
