/* The windows of time of a series as bytes, and what other windows make of them. */
#include "engine_slot_priv.h"
#include "window_former_priv.h"

#include <string.h>

/* Panes and counters are at most some thousands. */
#define RING_MAX 3u

size_t vn__time_save_max(const vn_window_set_t *set) {
  size_t most = RING_MAX + 1u + VN__PACK_U64_MAX + vn_window_save_max(set);
  for (uint8_t i = 0; i < set->window_count; i++) {
    most += VN__PACK_WORD_MAX(strlen(set->windows[i].name)) + 3u * VN__PACK_U64_MAX + RING_MAX;
  }
  return most;
}

/* Lengths in panes. A slide of 0 is the size. */
static void pack_window(vn__packer_t *packer, const vn_window_set_t *set, uint8_t index) {
  const vn_window_t *window = &set->windows[index];
  bool tumbles = window->slide_ms == window->size_ms;
  vn__pack_word(packer, window->name, VN_WORD_MAX);
  vn__pack_unsigned(packer, (uint64_t)(window->size_ms / set->pane_ms));
  vn__pack_unsigned(packer, tumbles ? 0 : (uint64_t)(window->slide_ms / set->pane_ms));
  vn__pack_signed(packer, window->offset_ms);
  vn__pack_unsigned(packer, set->revision_size[index]);
}

size_t vn__time_save(const vn__work_t *work, uint8_t *out, size_t capacity) {
  const vn_window_set_t *set = &work->pipeline->geometry.set;
  vn_window_memory_t memory = vn__window_memory(work);
  vn__packer_t packer = {out, capacity, 0};
  vn__pack_unsigned(&packer, set->pane_count);
  vn__pack_unsigned(&packer, set->window_count);
  if (set->window_count > 0) {
    vn__pack_signed(&packer, set->pane_ms);
  }
  for (uint8_t i = 0; i < set->window_count; i++) {
    pack_window(&packer, set, i);
  }
  size_t room = packer.length < capacity ? capacity - packer.length : 0;
  return packer.length + vn_window_save(set, &memory, out + packer.length, room);
}

/* A duration of so many panes. */
static int64_t take_panes(vn__unpacker_t *unpacker, int64_t pane_ms) {
  uint64_t most = (uint64_t)(VN_WINDOW_SPAN_MAX_MS / pane_ms);
  return (int64_t)vn__unpack_unsigned(unpacker, most) * pane_ms;
}

vn_window_t vn__time_window(vn__unpacker_t *unpacker, int64_t pane_ms, uint16_t *revision_size) {
  vn_window_t window = {.name = vn__unpack_word(unpacker, VN_WORD_MAX)};
  window.size_ms = take_panes(unpacker, pane_ms);
  window.slide_ms = take_panes(unpacker, pane_ms);
  window.slide_ms = window.slide_ms == 0 ? window.size_ms : window.slide_ms;
  window.offset_ms = vn__unpack_signed(unpacker);
  window.shape = window.slide_ms == window.size_ms ? VN_WINDOW_TUMBLING : VN_WINDOW_SLIDING;
  *revision_size = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  unpacker->failed = unpacker->failed || window.size_ms == 0 ||
                     window.offset_ms >= window.slide_ms || window.offset_ms <= -window.slide_ms;
  return window;
}

static bool is_same(const vn_window_t *one, const vn_window_t *other) {
  return one->size_ms == other->size_ms && one->slide_ms == other->slide_ms &&
         one->offset_ms == other->offset_ms;
}

/* The window of the plan that is as this one, which no other one before it is; VN_WINDOWS_MAX:
 * none. */
static uint8_t find_window(const vn_window_set_t *set, const vn__time_head_t *head, uint8_t before,
                           const vn_window_t *window) {
  for (uint8_t i = 0; set != NULL && i < set->window_count; i++) {
    bool taken = false;
    for (uint8_t k = 0; k < before; k++) {
      taken = taken || head->origin.own[k] == i;
    }
    if (!taken && is_same(&set->windows[i], window)) {
      return i;
    }
  }
  return VN_WINDOWS_MAX;
}

vn__time_head_t vn__time_head(vn__unpacker_t *unpacker, const vn_window_set_t *set) {
  vn__time_head_t head = {.pane_ms = 1};
  vn_window_origin_t *origin = &head.origin;
  uint64_t panes = vn__unpack_unsigned(unpacker, UINT32_MAX);
  origin->window_count = (uint8_t)vn__unpack_unsigned(unpacker, VN_WINDOWS_MAX);
  if (origin->window_count > 0) {
    head.pane_ms = vn__unpack_signed(unpacker);
    unpacker->failed = unpacker->failed || head.pane_ms < 1 || head.pane_ms > VN_WINDOW_SPAN_MAX_MS;
  }
  head.windows = *unpacker;
  head.same = set != NULL && panes == set->pane_count && origin->window_count == set->window_count;
  for (uint8_t i = 0; i < origin->window_count && !unpacker->failed; i++) {
    vn_window_t window = vn__time_window(unpacker, head.pane_ms, &origin->revision_size[i]);
    origin->own[i] = find_window(set, &head, i, &window);
    head.anchor_ms = i == 0 ? window.offset_ms : head.anchor_ms;
    head.ends = head.ends || origin->own[i] == VN_WINDOWS_MAX;
    head.same =
        head.same && origin->own[i] == i && origin->revision_size[i] == set->revision_size[i];
  }
  return head;
}

bool vn__time_goes_on(const vn_window_set_t *set, const vn__time_head_t *head) {
  return head->same || (set->early == 0 && set->window_count > 0);
}

bool vn__time_load(const vn__work_t *work, const uint8_t *bytes, size_t length) {
  const vn_window_set_t *set = &work->pipeline->geometry.set;
  vn_window_memory_t memory = vn__window_memory(work);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__time_head_t head = vn__time_head(&unpacker, set);
  const uint8_t *state = bytes + unpacker.position;
  size_t left = length - unpacker.position;
  if (unpacker.failed || !vn__time_goes_on(set, &head)) {
    return false;
  }
  work->engine->recovery.windows_end = work->engine->recovery.windows_end || head.ends;
  return (head.same ? vn_window_load(set, &memory, state, left)
                    : vn_window_adopt(set, &memory, &head.origin, state, left)) == VN_OK;
}

void vn__time_keep_watermark(const vn__work_t *work, const uint8_t *bytes, size_t length) {
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  (void)vn__time_head(&unpacker, NULL);
  vn_time_ms_t watermark_ms = vn__unpack_signed(&unpacker);
  work->state->window.watermark_ms = unpacker.failed ? VN_TIME_MINUS_INFINITY : watermark_ms;
}
