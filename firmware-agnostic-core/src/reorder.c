#include "reorder_priv.h"

#include <string.h>

static void check(const vn_reorder_t *reorder) {
  VN_ASSERT(reorder != NULL && reorder->state != NULL && reorder->entries != NULL);
  VN_ASSERT(reorder->capacity >= 1 && reorder->capacity <= VN_REORDER_CAPACITY_MAX);
  VN_ASSERT(reorder->state->count <= reorder->capacity);
}

void vn_reorder_clear(const vn_reorder_t *reorder) {
  memset(reorder->state, 0, sizeof *reorder->state);
  check(reorder);
}

static vn_point_t reading_at(const vn_reorder_t *reorder, uint32_t place) {
  const vn_reorder_entry_t *entry = &reorder->entries[place];
  return (vn_point_t){reorder->state->base_ms + entry->offset_ms, entry->value};
}

/* Takes the oldest away; the next one's time becomes the base. */
static void forget(const vn_reorder_t *reorder, uint32_t oldest) {
  vn_reorder_state_t *state = reorder->state;
  vn_reorder_entry_t *entries = reorder->entries;
  VN_ASSERT(oldest <= state->count);
  state->count = (uint16_t)(state->count - oldest);
  if (state->count == 0 || oldest == 0) {
    return;
  }
  memmove(entries, entries + oldest, state->count * sizeof *entries);
  uint32_t later_ms = entries[0].offset_ms;
  state->base_ms += later_ms;
  for (uint32_t i = 0; i < state->count; i++) {
    entries[i].offset_ms -= later_ms;
  }
}

static void release_early(vn_reorder_state_t *state, const vn_point_t *reading,
                          const vn_reorder_sink_t *sink) {
  state->early += state->early < UINT32_MAX;
  sink->deliver(sink->context, reading);
}

/* A free entry, and all that wait within 32 bits of the reading. */
static bool has_room(const vn_reorder_t *reorder, vn_time_ms_t time_ms) {
  const vn_reorder_state_t *state = reorder->state;
  if (state->count == 0) {
    return true;
  }
  vn_time_ms_t newest_ms = reading_at(reorder, state->count - 1u).time_ms;
  return state->count < reorder->capacity && newest_ms - time_ms <= UINT32_MAX &&
         time_ms - state->base_ms <= UINT32_MAX;
}

static void insert(const vn_reorder_t *reorder, const vn_point_t *reading) {
  vn_reorder_state_t *state = reorder->state;
  vn_reorder_entry_t *entries = reorder->entries;
  if (state->count == 0) {
    state->base_ms = reading->time_ms;
  }
  if (reading->time_ms < state->base_ms) {
    uint32_t earlier_ms = (uint32_t)(state->base_ms - reading->time_ms);
    for (uint32_t i = 0; i < state->count; i++) {
      entries[i].offset_ms += earlier_ms;
    }
    state->base_ms = reading->time_ms;
  }
  uint32_t offset_ms = (uint32_t)(reading->time_ms - state->base_ms);
  uint32_t place = state->count;
  for (; place > 0 && entries[place - 1].offset_ms > offset_ms; place--) {
    entries[place] = entries[place - 1];
  }
  entries[place] = (vn_reorder_entry_t){offset_ms, reading->value};
  state->count++;
}

void vn_reorder_add(const vn_reorder_t *reorder, const vn_point_t *reading,
                    const vn_reorder_sink_t *sink) {
  check(reorder);
  VN_ASSERT(reading != NULL && sink != NULL && sink->deliver != NULL);
  VN_ASSERT(reading->time_ms >= VN_TIME_LOWEST_MS && reading->time_ms <= VN_TIME_HIGHEST_MS);
  while (!has_room(reorder, reading->time_ms)) {
    if (reading->time_ms < reorder->state->base_ms) {
      release_early(reorder->state, reading, sink);
      return;
    }
    vn_point_t oldest = reading_at(reorder, 0);
    forget(reorder, 1);
    release_early(reorder->state, &oldest, sink);
  }
  insert(reorder, reading);
}

uint32_t vn_reorder_drain(const vn_reorder_t *reorder, vn_time_ms_t watermark_ms,
                          const vn_reorder_sink_t *sink) {
  check(reorder);
  VN_ASSERT(sink != NULL && sink->deliver != NULL);
  uint32_t released = 0;
  for (; released < reorder->state->count; released++) {
    vn_point_t reading = reading_at(reorder, released);
    if (reading.time_ms > watermark_ms) {
      break;
    }
    sink->deliver(sink->context, &reading);
  }
  forget(reorder, released);
  return released;
}

void vn__reorder_pack(vn__packer_t *packer, const vn_reorder_t *reorder) {
  check(reorder);
  const vn_reorder_state_t *state = reorder->state;
  vn__pack_unsigned(packer, state->count);
  vn__pack_unsigned(packer, state->early);
  if (state->count == 0) {
    return;
  }
  vn__pack_signed(packer, state->base_ms);
  uint32_t before_ms = 0;
  for (uint32_t i = 0; i < state->count; i++) {
    vn__pack_unsigned(packer, reorder->entries[i].offset_ms - before_ms);
    vn__pack_signed(packer, reorder->entries[i].value);
    before_ms = reorder->entries[i].offset_ms;
  }
}

static void unpack_entries(vn__unpacker_t *unpacker, const vn_reorder_t *reorder, uint32_t count) {
  uint32_t offset_ms = 0;
  for (uint32_t i = 0; i < count && !unpacker->failed; i++) {
    uint64_t room_ms = i == 0 ? 0 : UINT32_MAX - offset_ms;
    offset_ms += (uint32_t)vn__unpack_unsigned(unpacker, room_ms);
    reorder->entries[i] = (vn_reorder_entry_t){offset_ms, vn__unpack_i32(unpacker)};
  }
}

void vn__reorder_unpack(vn__unpacker_t *unpacker, const vn_reorder_t *reorder) {
  vn_reorder_clear(reorder);
  vn_reorder_state_t *state = reorder->state;
  uint32_t count = (uint32_t)vn__unpack_unsigned(unpacker, reorder->capacity);
  state->early = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  if (count == 0) {
    return;
  }
  state->base_ms = vn__unpack_signed(unpacker);
  unpacker->failed =
      unpacker->failed || state->base_ms < VN_TIME_LOWEST_MS || state->base_ms > VN_TIME_HIGHEST_MS;
  unpack_entries(unpacker, reorder, count);
  if (unpacker->failed ||
      reorder->entries[count - 1].offset_ms > VN_TIME_HIGHEST_MS - state->base_ms) {
    unpacker->failed = true;
    return;
  }
  state->count = (uint16_t)count;
}

size_t vn_reorder_save(const vn_reorder_t *reorder, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__reorder_pack(&packer, reorder);
  return packer.length;
}

vn_err_t vn_reorder_load(const vn_reorder_t *reorder, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__reorder_unpack(&unpacker, reorder);
  if (unpacker.failed || unpacker.position != length) {
    vn_reorder_clear(reorder);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
