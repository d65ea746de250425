/* Sessions into a checkpoint and back. */
#include "extra_priv.h"
#include "session_priv.h"
#include "window_former_priv.h"

#define SESSION_MAX (VN__AGGREGATE_SAVE_MAX + 2u * VN__PACK_U32_MAX)
#define GAP_MAX 7u   /* VN_WINDOW_SPAN_MAX_MS */
#define COUNT_MAX 2u /* VN_SESSIONS_MAX */
#define SPAN_MAX (2u * VN__PACK_U64_MAX)

/* What its samples and extras are is known to this plan alone: they come behind all else. */
static void save_contents(vn__packer_t *packer, const vn_session_set_t *set,
                          const vn_session_memory_t *memory) {
  for (uint16_t i = 0; i < memory->state->live; i++) {
    vn__sample_t sample = vn__session_sample(set, memory, &memory->sessions[i]);
    vn__sample_save(packer, &sample);
    vn__extra_pack(packer, &set->extra, &memory->extra, memory->sessions[i].block);
  }
}

size_t vn_session_save(const vn_session_set_t *set, const vn_session_memory_t *memory, uint8_t *out,
                       size_t capacity) {
  VN_ASSERT(set != NULL && memory != NULL);
  const vn_session_state_t *state = memory->state;
  vn__packer_t packer = {out, capacity, 0};
  const vn_span_t *span = memory->standing;
  vn__pack_unsigned(&packer, (uint64_t)set->gap_ms);
  vn__pack_unsigned(&packer, state->live);
  vn__pack_unsigned(&packer, state->fired);
  for (uint16_t i = 0; i < state->live; i++) {
    const vn_session_t *session = &memory->sessions[i];
    vn__aggregate_save(&packer, &session->aggregate);
    vn__pack_unsigned(&packer, session->results);
    vn__pack_unsigned(&packer, session->standing);
    for (uint16_t k = 0; k < session->standing; k++, span++) {
      vn__pack_signed(&packer, span->start_ms - vn__session_start(session));
      vn__pack_signed(&packer, span->end_ms - span->start_ms);
    }
  }
  save_contents(&packer, set, memory);
  return packer.length;
}

size_t vn_session_save_max(const vn_session_set_t *set) {
  size_t session = SESSION_MAX + SPAN_MAX + (size_t)set->sample * VN__MEMBER_SAVE_MAX +
                   vn__extra_pack_max(&set->extra);
  return GAP_MAX + 2u * COUNT_MAX + set->capacity * session;
}

/* A standing result of a session of these bounds, behind those that end at from_ms. */
static vn_span_t load_span(vn__unpacker_t *unpacker, vn_span_t session, vn_time_ms_t from_ms) {
  vn_span_t span;
  span.start_ms = vn_add_saturating(session.start_ms, vn__unpack_signed(unpacker));
  span.end_ms = vn_add_saturating(span.start_ms, vn__unpack_signed(unpacker));
  unpacker->failed = unpacker->failed || span.start_ms < from_ms || span.end_ms <= span.start_ms ||
                     span.end_ms > session.end_ms;
  return span;
}

/* Standing results lie inside their session, apart from each other. */
static void load_standing(vn__unpacker_t *unpacker, const vn_session_set_t *set,
                          const vn_session_memory_t *memory, const vn_session_t *session) {
  vn_span_t bounds = {vn__session_start(session), vn__session_end(set, session)};
  vn_time_ms_t from_ms = bounds.start_ms;
  for (uint16_t i = 0; i < session->standing && !unpacker->failed; i++) {
    vn_span_t *span = &memory->standing[memory->state->standing++];
    *span = load_span(unpacker, bounds, from_ms);
    from_ms = span->end_ms;
  }
}

static void load_session(vn__unpacker_t *unpacker, const vn_session_set_t *set,
                         const vn_session_memory_t *memory) {
  vn_session_state_t *state = memory->state;
  vn_session_t *session = &memory->sessions[state->live];
  vn__aggregate_load(unpacker, &session->aggregate);
  session->results = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  session->standing = (uint16_t)vn__unpack_unsigned(unpacker, set->capacity - state->standing);
  if (!unpacker->failed && state->live > 0) {
    vn_time_ms_t before_ms = vn__session_end(set, &memory->sessions[state->live - 1]);
    unpacker->failed = vn__session_start(session) <= before_ms;
  }
  load_standing(unpacker, set, memory, session);
  state->live++;
}

static void load_contents(vn__unpacker_t *unpacker, const vn_session_set_t *set,
                          const vn_session_memory_t *memory) {
  for (uint16_t i = 0; i < memory->state->live && !unpacker->failed; i++) {
    vn__sample_t sample = vn__session_sample(set, memory, &memory->sessions[i]);
    vn__sample_load(unpacker, &sample, memory->sample_seed);
    vn__extra_unpack(unpacker, &set->extra, &memory->extra, memory->sessions[i].block);
  }
}

vn_err_t vn_session_load(const vn_session_set_t *set, const vn_session_memory_t *memory,
                         const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_session_reset(set, memory);
  unpacker.failed = vn__unpack_unsigned(&unpacker, UINT64_MAX) != (uint64_t)set->gap_ms;
  uint64_t live = vn__unpack_unsigned(&unpacker, set->capacity);
  uint64_t fired = vn__unpack_unsigned(&unpacker, live);
  for (uint64_t i = 0; i < live && !unpacker.failed; i++) {
    load_session(&unpacker, set, memory);
  }
  load_contents(&unpacker, set, memory);
  if (unpacker.failed || unpacker.position != length) {
    vn_session_reset(set, memory);
    return VN_ERR_FORMAT;
  }
  memory->state->fired = (uint16_t)fired;
  return VN_OK;
}

/* One session, and what it would replace. */
static void read_former(vn__unpacker_t *unpacker, int64_t gap_ms, vn__former_result_t *out) {
  vn__aggregate_load(unpacker, &out->aggregate);
  (void)vn__unpack_unsigned(unpacker, UINT32_MAX);
  out->superseded_count = (uint16_t)vn__unpack_unsigned(unpacker, VN_SESSIONS_MAX);
  out->start_ms = out->aggregate.first_ms;
  out->end_ms = vn_add_saturating(out->aggregate.last_ms, gap_ms);
  vn_span_t bounds = {out->start_ms, out->end_ms};
  vn_time_ms_t from_ms = out->start_ms;
  for (uint16_t i = 0; i < out->superseded_count && !unpacker->failed; i++) {
    vn_span_t span = load_span(unpacker, bounds, from_ms);
    from_ms = span.end_ms;
    if (i < VN__FORMER_SPANS_MAX) {
      out->superseded[i] = span;
    }
  }
}

/* Those in front have been told; they are in the order of their times. */
bool vn__session_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out) {
  int64_t gap_ms = (int64_t)vn__unpack_unsigned(&state, VN_WINDOW_SPAN_MAX_MS);
  uint32_t live = (uint32_t)vn__unpack_unsigned(&state, VN_SESSIONS_MAX);
  uint32_t told = (uint32_t)vn__unpack_unsigned(&state, live);
  for (uint32_t i = 0; i < live && !state.failed; i++) {
    vn__former_result_t session = {.exact = true};
    read_former(&state, gap_ms, &session);
    if (i == told + index) {
      *out = session;
    }
  }
  return !state.failed && told + index < live;
}
