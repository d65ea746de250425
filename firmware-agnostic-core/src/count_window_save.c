/* Count windows into a checkpoint and back. */
#include "count_window_priv.h"
#include "extra_priv.h"
#include "window_former_priv.h"

/* What samples and extras are is known to this plan alone: they come behind all else. */
size_t vn_count_window_save(const vn_count_window_t *window, const vn_count_memory_t *memory,
                            uint8_t *out, size_t capacity) {
  VN_ASSERT(window != NULL && memory != NULL);
  vn__packer_t packer = {out, capacity, 0};
  uint64_t position = memory->state->position;
  vn__pack_unsigned(&packer, window->size);
  vn__pack_unsigned(&packer, window->slide);
  vn__pack_unsigned(&packer, position);
  if (position == 0) {
    return packer.length;
  }
  uint32_t used = vn__count_used(window, position);
  uint32_t oldest = vn__count_oldest(window, memory, used);
  for (uint32_t i = 0, slot = oldest; i < used; i++, slot = vn__count_next(window, slot)) {
    vn__aggregate_save(&packer, &memory->panes[slot]);
  }
  for (uint32_t i = 0, slot = oldest; i < used; i++, slot = vn__count_next(window, slot)) {
    vn__sample_t sample = vn__count_sample(window, memory, slot);
    vn__sample_save(&packer, &sample);
    vn__extra_pack(&packer, &window->extra, &memory->extra, slot);
  }
  return packer.length;
}

size_t vn_count_window_save_max(const vn_count_window_t *window) {
  size_t pane = VN__AGGREGATE_SAVE_MAX + (size_t)window->sample * VN__MEMBER_SAVE_MAX +
                vn__extra_pack_max(&window->extra);
  return VN__PACK_U64_MAX + 2u * VN__PACK_U32_MAX + window->pane_count * pane;
}

/* All panes are full but the last, of which the position tells how far it is. */
static void load_panes(vn__unpacker_t *unpacker, const vn_count_window_t *window,
                       const vn_count_memory_t *memory, uint32_t used) {
  uint32_t rest = (uint32_t)(memory->state->position % window->pane_readings);
  for (uint32_t i = 0; i < used && !unpacker->failed; i++) {
    vn__aggregate_load(unpacker, &memory->panes[i]);
    uint32_t expected = i == memory->state->slot && rest > 0 ? rest : window->pane_readings;
    unpacker->failed = unpacker->failed || memory->panes[i].count != expected;
  }
  for (uint32_t i = 0; i < used && !unpacker->failed; i++) {
    vn__sample_t sample = vn__count_sample(window, memory, i);
    vn__sample_load(unpacker, &sample, memory->sample_seed);
    vn__extra_unpack(unpacker, &window->extra, &memory->extra, i);
  }
}

vn_err_t vn_count_window_load(const vn_count_window_t *window, const vn_count_memory_t *memory,
                              const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_count_window_reset(window, memory);
  vn_count_state_t *state = memory->state;
  bool same = vn__unpack_unsigned(&unpacker, UINT32_MAX) == window->size &&
              vn__unpack_unsigned(&unpacker, UINT32_MAX) == window->slide;
  unpacker.failed = unpacker.failed || !same;
  state->position = vn__unpack_unsigned(&unpacker, UINT64_MAX);
  state->until_due = window->slide - (uint32_t)(state->position % window->slide);
  uint32_t used = vn__count_used(window, state->position);
  state->slot = used > 0 ? used - 1 : 0;
  load_panes(&unpacker, window, memory, used);
  if (unpacker.failed || unpacker.position != length) {
    vn_count_window_reset(window, memory);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}

/* The panes from this reading on. */
static void fold_former(vn__unpacker_t *unpacker, const vn_count_window_t *window,
                        uint64_t position, vn__former_result_t *out) {
  uint32_t used = vn__count_used(window, position);
  uint64_t last = position - 1u - (position - 1u) % window->pane_readings;
  uint64_t at = last - (uint64_t)(used - 1u) * window->pane_readings;
  for (uint32_t i = 0; i < used && !unpacker->failed; i++, at += window->pane_readings) {
    vn_aggregate_t pane;
    vn__aggregate_load(unpacker, &pane);
    bool merged = at < (uint64_t)out->start_ms || vn_aggregate_merge(&out->aggregate, &pane);
    unpacker->failed = unpacker->failed || !merged;
  }
}

/* The window that would have been told next, as far as it came. */
bool vn__count_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out) {
  vn_count_window_t window = {.size = (uint32_t)vn__unpack_unsigned(&state, UINT32_MAX)};
  window.slide = (uint32_t)vn__unpack_unsigned(&state, UINT32_MAX);
  uint64_t position = vn__unpack_unsigned(&state, INT64_MAX / 2);
  if (state.failed || vn_count_window_derive(&window) != VN_OK || index > 0 ||
      position % window.slide == 0) {
    return false;
  }
  uint64_t end = position - position % window.slide + window.slide;
  uint64_t start = end > window.size ? end - window.size : 0;
  *out =
      (vn__former_result_t){.start_ms = (int64_t)start, .end_ms = (int64_t)position, .exact = true};
  fold_former(&state, &window, position, out);
  return !state.failed && start < position && out->aggregate.count == position - start;
}
