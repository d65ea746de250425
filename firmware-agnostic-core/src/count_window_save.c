/* Count windows into a checkpoint and back. */
#include "count_window_priv.h"
#include "extra_priv.h"

size_t vn_count_window_save(const vn_count_window_t *window, const vn_count_memory_t *memory,
                            uint8_t *out, size_t capacity) {
  VN_ASSERT(window != NULL && memory != NULL);
  vn__packer_t packer = {out, capacity, 0};
  uint64_t position = memory->state->position;
  vn__pack_unsigned(&packer, position);
  if (position == 0) {
    return packer.length;
  }
  uint32_t used = vn__count_used(window, position);
  uint32_t slot = vn__count_oldest(window, memory, used);
  for (uint32_t i = 0; i < used; i++, slot = vn__count_next(window, slot)) {
    vn__sample_t sample = vn__count_sample(window, memory, slot);
    vn__aggregate_save(&packer, sample.aggregate);
    vn__sample_save(&packer, &sample);
    vn__extra_pack(&packer, &window->extra, &memory->extra, slot);
  }
  return packer.length;
}

size_t vn_count_window_save_max(const vn_count_window_t *window) {
  size_t pane = VN__AGGREGATE_SAVE_MAX + (size_t)window->sample * VN__MEMBER_SAVE_MAX +
                vn__extra_pack_max(&window->extra);
  return VN__PACK_U64_MAX + window->pane_count * pane;
}

/* All panes are full but the last, of which the position tells how far it is. */
static void load_pane(vn__unpacker_t *unpacker, const vn_count_window_t *window,
                      const vn_count_memory_t *memory, uint32_t slot) {
  vn__sample_t sample = vn__count_sample(window, memory, slot);
  vn__aggregate_load(unpacker, &memory->panes[slot]);
  vn__sample_load(unpacker, &sample, memory->sample_seed);
  vn__extra_unpack(unpacker, &window->extra, &memory->extra, slot);
  uint32_t rest = (uint32_t)(memory->state->position % window->pane_readings);
  bool is_part = slot == memory->state->slot && rest > 0;
  uint32_t expected = is_part ? rest : window->pane_readings;
  unpacker->failed = unpacker->failed || sample.aggregate->count != expected;
}

vn_err_t vn_count_window_load(const vn_count_window_t *window, const vn_count_memory_t *memory,
                              const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_count_window_reset(window, memory);
  vn_count_state_t *state = memory->state;
  state->position = vn__unpack_unsigned(&unpacker, UINT64_MAX);
  state->until_due = window->slide - (uint32_t)(state->position % window->slide);
  uint32_t used = vn__count_used(window, state->position);
  state->slot = used > 0 ? used - 1 : 0;
  for (uint32_t i = 0; i < used && !unpacker.failed; i++) {
    load_pane(&unpacker, window, memory, i);
  }
  if (unpacker.failed || unpacker.position != length) {
    vn_count_window_reset(window, memory);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
