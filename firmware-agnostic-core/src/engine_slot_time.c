/* The windows of time of a series as bytes, and what other windows make of them. */
#include "engine_slot_priv.h"

/* What stands in front: the length of the ring, and each window with its counters. */
typedef struct head {
  vn_window_origin_t origin;
  bool same; /* as those of the plan */
} head_t;

/* Panes and counters are at most some thousands. */
#define RING_MAX 3u
#define WINDOW_MAX (VN__PACK_U32_MAX + 3u)

size_t vn__time_save_max(const vn_window_set_t *set) {
  return RING_MAX + 1u + set->window_count * WINDOW_MAX + vn_window_save_max(set);
}

size_t vn__time_save(const vn__work_t *work, uint8_t *out, size_t capacity) {
  const vn_window_set_t *set = &work->pipeline->geometry.set;
  vn_window_memory_t memory = vn__window_memory(work);
  vn__packer_t packer = {out, capacity, 0};
  vn__pack_unsigned(&packer, set->pane_count);
  vn__pack_unsigned(&packer, set->window_count);
  for (uint8_t i = 0; i < set->window_count; i++) {
    vn__pack_unsigned(&packer, vn__time_window_hash(&set->windows[i]));
    vn__pack_unsigned(&packer, set->revision_size[i]);
  }
  size_t room = packer.length < capacity ? capacity - packer.length : 0;
  return packer.length + vn_window_save(set, &memory, out + packer.length, room);
}

/* The window of the plan with this hash, which no other one before it is; VN_WINDOWS_MAX: none. */
static uint8_t find_window(const vn_window_set_t *set, const head_t *head, uint8_t before,
                           uint32_t hash) {
  for (uint8_t i = 0; i < set->window_count; i++) {
    bool taken = false;
    for (uint8_t k = 0; k < before; k++) {
      taken = taken || head->origin.own[k] == i;
    }
    if (!taken && vn__time_window_hash(&set->windows[i]) == hash) {
      return i;
    }
  }
  return VN_WINDOWS_MAX;
}

static head_t read_head(vn__unpacker_t *unpacker, const vn_window_set_t *set) {
  head_t head = {.same = vn__unpack_unsigned(unpacker, UINT32_MAX) == set->pane_count};
  vn_window_origin_t *origin = &head.origin;
  origin->window_count = (uint8_t)vn__unpack_unsigned(unpacker, VN_WINDOWS_MAX);
  head.same = head.same && origin->window_count == set->window_count;
  for (uint8_t i = 0; i < origin->window_count; i++) {
    uint32_t hash = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
    origin->revision_size[i] = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
    origin->own[i] = find_window(set, &head, i, hash);
    head.same =
        head.same && origin->own[i] == i && origin->revision_size[i] == set->revision_size[i];
  }
  return head;
}

bool vn__time_load(const vn__work_t *work, const uint8_t *bytes, size_t length) {
  const vn_window_set_t *set = &work->pipeline->geometry.set;
  vn_window_memory_t memory = vn__window_memory(work);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  head_t head = read_head(&unpacker, set);
  const uint8_t *state = bytes + unpacker.position;
  size_t left = length - unpacker.position;
  bool adopts = set->early == 0 && set->window_count > 0;
  if (unpacker.failed || (!head.same && !adopts)) {
    return false;
  }
  return (head.same ? vn_window_load(set, &memory, state, left)
                    : vn_window_adopt(set, &memory, &head.origin, state, left)) == VN_OK;
}

void vn__time_keep_watermark(const vn__work_t *work, const uint8_t *bytes, size_t length) {
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  (void)read_head(&unpacker, &work->pipeline->geometry.set);
  vn_time_ms_t watermark_ms = vn__unpack_signed(&unpacker);
  work->state->window.watermark_ms = unpacker.failed ? VN_TIME_MINUS_INFINITY : watermark_ms;
}
