/* Condition windows into a checkpoint and back. */
#include "extra_priv.h"
#include "reservoir_priv.h"
#include "vn/condition_window.h"
#include "window_former_priv.h"

/* Flags of the first number. */
#define EVALUATED 1u
#define HOLDS 2u
#define OPEN 4u
#define FLAGS 7u

static uint64_t flags_of(const vn_condition_state_t *state) {
  return (state->evaluated ? EVALUATED : 0u) | (state->holds ? HOLDS : 0u) |
         (state->open ? OPEN : 0u);
}

static bool has_content(const vn_condition_state_t *state) {
  return state->open || state->results > 0;
}

size_t vn_condition_window_save(const vn_condition_window_t *window,
                                const vn_condition_memory_t *memory, uint8_t *out,
                                size_t capacity) {
  VN_ASSERT(window != NULL && memory != NULL);
  const vn_condition_state_t *state = memory->state;
  vn__packer_t packer = {out, capacity, 0};
  vn__pack_unsigned(&packer, flags_of(state));
  vn__pack_unsigned(&packer, state->results);
  vn__pack_signed(&packer, state->last_ms);
  if (has_content(state)) {
    vn__sample_t sample = {&state->aggregate, memory->members, window->sample, window->draw};
    vn__pack_signed(&packer, state->end_ms);
    vn__aggregate_save(&packer, &state->aggregate);
    vn__sample_save(&packer, &sample);
    vn__extra_pack(&packer, &window->extra, &memory->extra, 0);
  }
  return packer.length;
}

size_t vn_condition_window_save_max(const vn_condition_window_t *window) {
  return 2u * VN__PACK_U32_MAX + 2u * VN__PACK_U64_MAX + VN__AGGREGATE_SAVE_MAX +
         (size_t)window->sample * VN__MEMBER_SAVE_MAX + vn__extra_pack_max(&window->extra);
}

static void load_flags(vn__unpacker_t *unpacker, vn_condition_state_t *state) {
  uint64_t flags = vn__unpack_unsigned(unpacker, FLAGS);
  state->evaluated = (flags & EVALUATED) != 0;
  state->holds = (flags & HOLDS) != 0;
  state->open = (flags & OPEN) != 0;
}

/* What a state that was saved can't be. */
static bool contradicts_itself(const vn_condition_state_t *state) {
  bool truth = (state->holds || has_content(state)) && !state->evaluated;
  bool content = has_content(state) && state->last_ms < state->aggregate.last_ms;
  vn_time_ms_t covered_ms = state->open ? state->aggregate.first_ms : state->aggregate.last_ms;
  bool result = state->results > 0 && state->end_ms < covered_ms;
  return truth || content || result || (state->open && !state->holds);
}

vn_err_t vn_condition_window_load(const vn_condition_window_t *window,
                                  const vn_condition_memory_t *memory, const uint8_t *bytes,
                                  size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn_condition_state_t *state = memory->state;
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_condition_window_reset(window, memory);
  load_flags(&unpacker, state);
  state->results = (uint32_t)vn__unpack_unsigned(&unpacker, UINT32_MAX);
  state->last_ms = vn__unpack_signed(&unpacker);
  if (has_content(state)) {
    vn__sample_t sample = {&state->aggregate, memory->members, window->sample, window->draw};
    state->end_ms = vn__unpack_signed(&unpacker);
    vn__aggregate_load(&unpacker, &state->aggregate);
    vn__sample_load(&unpacker, &sample, memory->sample_seed);
    vn__extra_unpack(&unpacker, &window->extra, &memory->extra, 0);
  }
  if (unpacker.failed || unpacker.position != length || contradicts_itself(state)) {
    vn_condition_window_reset(window, memory);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}

/* One that silence closed, and that goes on, takes the place of that result. */
bool vn__condition_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out) {
  vn_condition_state_t former = {0};
  load_flags(&state, &former);
  uint64_t results = vn__unpack_unsigned(&state, UINT32_MAX);
  (void)vn__unpack_signed(&state);
  if (state.failed || !former.open || index > 0) {
    return false;
  }
  *out = (vn__former_result_t){.superseded_count = results > 0 ? 1 : 0, .exact = true};
  vn_time_ms_t told_ms = vn__unpack_signed(&state);
  vn__aggregate_load(&state, &out->aggregate);
  out->start_ms = out->aggregate.first_ms;
  out->end_ms = out->aggregate.last_ms + 1;
  out->superseded[0] = (vn_span_t){out->start_ms, told_ms};
  return !state.failed && (results == 0 || told_ms >= out->start_ms);
}
