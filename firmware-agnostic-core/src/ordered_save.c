/* Ordered content into a checkpoint and back: what no kind asks for isn't stored. */
#include "ordered_priv.h"
#include "reorder_priv.h"
#include "wide_priv.h"

/* A mean lies between two values of 32 bits. */
#define MEAN_LIMIT (INT64_C(1) << 61)

enum { FLAG_USED = 1, FLAG_BEFORE = 2, FLAG_SATURATED = 4, FLAGS = 7 };

void vn__ordered_pane_pack(vn__packer_t *packer, const vn_ordered_set_t *set,
                           const vn_ordered_pane_t *pane, vn_time_ms_t low_ms) {
  if (!pane->used) {
    vn__pack_unsigned(packer, 0);
    return;
  }
  vn__pack_unsigned(packer, FLAG_USED | (pane->has_before ? FLAG_BEFORE : 0u) |
                                (pane->saturated ? FLAG_SATURATED : 0u));
  vn__pack_unsigned(packer, (uint64_t)(pane->first_ms - low_ms));
  vn__pack_unsigned(packer, (uint64_t)(pane->last_ms - pane->first_ms));
  vn__pack_signed(packer, pane->first);
  vn__pack_signed(packer, pane->last);
  if (pane->has_before) {
    vn__pack_unsigned(packer, (uint64_t)(low_ms - pane->before_ms));
    vn__pack_signed(packer, pane->before);
  }
  if ((set->kinds & VN_ORDERED_TIME_WEIGHTED) != 0) {
    vn__pack_unsigned(packer, (uint64_t)pane->covered_ms);
    vn__pack_unsigned(packer, pane->area_low);
    vn__pack_unsigned(packer, pane->area_high);
  }
  if ((set->kinds & VN_ORDERED_COUNTER) != 0) {
    vn__pack_unsigned(packer, pane->increase);
  }
  if ((set->kinds & VN_ORDERED_EXPONENTIAL) != 0) {
    vn__pack_signed(packer, pane->mean);
  }
}

static int64_t unpack_mean(vn__unpacker_t *unpacker) {
  int64_t mean = vn__unpack_signed(unpacker);
  unpacker->failed = unpacker->failed || mean < -MEAN_LIMIT || mean > MEAN_LIMIT;
  return mean;
}

/* The greatest height is that of two values of -2^31. */
static void unpack_area(vn__unpacker_t *unpacker, vn_ordered_pane_t *pane) {
  uint64_t span_ms = (uint64_t)(pane->last_ms - pane->first_ms);
  pane->covered_ms = (int64_t)vn__unpack_unsigned(unpacker, span_ms);
  pane->area_low = vn__unpack_unsigned(unpacker, UINT64_MAX);
  pane->area_high = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  vn_u128_t area = vn__wide_magnitude(vn__wide_from_96(pane->area_low, pane->area_high));
  vn_u128_t most = vn_u128_mul((uint64_t)pane->covered_ms, UINT64_C(1) << 32);
  unpacker->failed = unpacker->failed || vn_u128_compare(area, most) > 0;
}

static void unpack_ends(vn__unpacker_t *unpacker, vn_ordered_pane_t *pane, vn_time_ms_t low_ms,
                        int64_t pane_ms) {
  uint64_t last = (uint64_t)pane_ms - 1u;
  uint64_t first_offset = vn__unpack_unsigned(unpacker, last);
  uint64_t span = vn__unpack_unsigned(unpacker, last - first_offset);
  pane->first_ms = low_ms + (int64_t)first_offset;
  pane->last_ms = pane->first_ms + (int64_t)span;
  pane->first = vn__unpack_i32(unpacker);
  pane->last = vn__unpack_i32(unpacker);
  if (pane->has_before) {
    uint64_t most = low_ms > VN_TIME_LOWEST_MS ? (uint64_t)(low_ms - VN_TIME_LOWEST_MS) : 0;
    pane->before_ms = low_ms - (int64_t)vn__unpack_unsigned(unpacker, most);
    pane->before = vn__unpack_i32(unpacker);
  }
}

void vn__ordered_pane_unpack(vn__unpacker_t *unpacker, const vn_ordered_set_t *set,
                             vn_ordered_pane_t *pane, vn_time_ms_t low_ms, int64_t pane_ms) {
  uint64_t flags = vn__unpack_unsigned(unpacker, FLAGS);
  *pane = (vn_ordered_pane_t){.used = (flags & FLAG_USED) != 0,
                              .has_before = (flags & FLAG_BEFORE) != 0,
                              .saturated = (flags & FLAG_SATURATED) != 0};
  if (!pane->used) {
    unpacker->failed = unpacker->failed || flags != 0;
    return;
  }
  unpack_ends(unpacker, pane, low_ms, pane_ms);
  if ((set->kinds & VN_ORDERED_TIME_WEIGHTED) != 0) {
    unpack_area(unpacker, pane);
  }
  if ((set->kinds & VN_ORDERED_COUNTER) != 0) {
    pane->increase = vn__unpack_unsigned(unpacker, UINT64_MAX);
  }
  if ((set->kinds & VN_ORDERED_EXPONENTIAL) != 0) {
    pane->mean = unpack_mean(unpacker);
  }
}

void vn__ordered_state_pack(vn__packer_t *packer, const vn_ordered_set_t *set,
                            const vn_ordered_memory_t *memory) {
  const vn_ordered_state_t *state = memory->state;
  vn__pack_unsigned(packer, state->used);
  if (state->used) {
    vn__pack_signed(packer, state->last.time_ms);
    vn__pack_signed(packer, state->last.value);
    vn__pack_signed(packer, state->mean);
  }
  if (set->capacity > 0) {
    vn_reorder_t buffer = vn_ordered_buffer(set, memory);
    vn__reorder_pack(packer, &buffer);
  }
}

void vn__ordered_state_unpack(vn__unpacker_t *unpacker, const vn_ordered_set_t *set,
                              const vn_ordered_memory_t *memory) {
  vn_ordered_state_t *state = memory->state;
  vn_ordered_clear(set, memory);
  state->used = vn__unpack_unsigned(unpacker, 1) == 1;
  if (state->used) {
    state->last.time_ms = vn__unpack_signed(unpacker);
    state->last.value = vn__unpack_i32(unpacker);
    state->mean = unpack_mean(unpacker);
    unpacker->failed = unpacker->failed || state->last.time_ms < VN_TIME_LOWEST_MS ||
                       state->last.time_ms > VN_TIME_HIGHEST_MS;
  }
  if (set->capacity > 0) {
    vn_reorder_t buffer = vn_ordered_buffer(set, memory);
    vn__reorder_unpack(unpacker, &buffer);
  }
}
