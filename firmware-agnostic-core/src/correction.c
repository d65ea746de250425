#include "vn/correction.h"

#include "aggregate_priv.h"
#include "window_priv.h"

#include <string.h>

static void tell_oldest(const vn_window_set_t *set, const vn_correction_memory_t *memory,
                        const vn_window_sink_t *sink) {
  vn_correction_state_t *state = memory->state;
  const vn_delta_t oldest = memory->deltas[0];
  const vn_window_result_t result = {
      .aggregate = &oldest.aggregate,
      .sample = sink->scratch,
      .start_ms = oldest.start_ms,
      .end_ms = oldest.start_ms + set->windows[oldest.window].size_ms,
      .revision = state->told,
      .accounting = {[VN_ACCOUNTED_LATE] = oldest.aggregate.count},
      .window = oldest.window,
      .kind = VN_KIND_PARTIAL,
      .flags = VN_FLAG_BIT(VN_FLAG_PARTIAL),
  };
  state->count--;
  state->told++;
  memmove(memory->deltas, memory->deltas + 1, state->count * sizeof memory->deltas[0]);
  sink->deliver(sink->context, &result);
}

/* The delta of this window, an empty one if there was none. */
static vn_delta_t *delta_of(const vn_window_set_t *set, const vn_correction_memory_t *memory,
                            uint8_t window, vn_time_ms_t start_ms, const vn_window_sink_t *sink) {
  vn_correction_state_t *state = memory->state;
  for (uint16_t i = 0; i < state->count; i++) {
    vn_delta_t *delta = &memory->deltas[i];
    if (delta->window == window && delta->start_ms == start_ms &&
        delta->aggregate.count < UINT32_MAX) {
      return delta;
    }
  }
  if (state->count == memory->capacity) {
    tell_oldest(set, memory, sink);
  }
  vn_delta_t *fresh = &memory->deltas[state->count++];
  *fresh = (vn_delta_t){.start_ms = start_ms, .window = window};
  return fresh;
}

bool vn_correction_take(const vn_window_set_t *set, const vn_correction_memory_t *memory,
                        vn_time_ms_t watermark_ms, vn_time_ms_t time_ms, int32_t value,
                        const vn_window_sink_t *sink) {
  VN_ASSERT(memory->capacity >= 1 && memory->capacity <= VN_CORRECTIONS_MAX);
  bool any = false;
  for (uint8_t i = 0; i < set->window_count; i++) {
    const vn_window_t *window = &set->windows[i];
    int64_t end_ms = vn__grid_end_after(window, time_ms);
    while (end_ms - window->size_ms <= time_ms && vn__gone(set, end_ms, watermark_ms)) {
      vn_delta_t *delta = delta_of(set, memory, i, end_ms - window->size_ms, sink);
      vn_aggregate_add(&delta->aggregate, time_ms, value);
      end_ms += window->slide_ms;
      any = true;
    }
  }
  return any;
}

void vn_correction_tell(const vn_window_set_t *set, const vn_correction_memory_t *memory,
                        const vn_window_sink_t *sink) {
  while (memory->state->count > 0) {
    tell_oldest(set, memory, sink);
  }
}

size_t vn_correction_save(const vn_correction_memory_t *memory, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__pack_unsigned(&packer, memory->state->told);
  vn__pack_unsigned(&packer, memory->state->count);
  for (uint16_t i = 0; i < memory->state->count; i++) {
    vn__pack_unsigned(&packer, memory->deltas[i].window);
    vn__pack_signed(&packer, memory->deltas[i].start_ms);
    vn__aggregate_save(&packer, &memory->deltas[i].aggregate);
  }
  return packer.length;
}

size_t vn_correction_save_max(uint16_t corrections) {
  const size_t delta = VN__PACK_U32_MAX + VN__PACK_U64_MAX + VN__AGGREGATE_SAVE_MAX;
  return 2u * VN__PACK_U32_MAX + corrections * delta;
}

/* Its readings lie in its window, which is one of the grid's. */
static bool is_sane(const vn_window_set_t *set, const vn_delta_t *delta) {
  const vn_window_t *window = &set->windows[delta->window];
  return delta->start_ms >= VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS &&
         delta->start_ms <= VN_TIME_HIGHEST_MS &&
         vn__grid_start(window, delta->start_ms) == delta->start_ms &&
         delta->aggregate.first_ms >= delta->start_ms &&
         delta->aggregate.last_ms < delta->start_ms + window->size_ms;
}

static void load_delta(vn__unpacker_t *unpacker, const vn_window_set_t *set, vn_delta_t *delta) {
  delta->window = (uint8_t)vn__unpack_unsigned(unpacker, set->window_count - 1u);
  delta->start_ms = vn__unpack_signed(unpacker);
  vn__aggregate_load(unpacker, &delta->aggregate);
  unpacker->failed = unpacker->failed || !is_sane(set, delta);
}

vn_err_t vn_correction_load(const vn_window_set_t *set, const vn_correction_memory_t *memory,
                            const uint8_t *bytes, size_t length) {
  VN_ASSERT(set->window_count > 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  uint32_t told = (uint32_t)vn__unpack_unsigned(&unpacker, UINT32_MAX);
  uint16_t count = (uint16_t)vn__unpack_unsigned(&unpacker, memory->capacity);
  for (uint16_t i = 0; i < count && !unpacker.failed; i++) {
    load_delta(&unpacker, set, &memory->deltas[i]);
  }
  bool good = !unpacker.failed && unpacker.position == length;
  *memory->state = (vn_correction_state_t){good ? told : 0, good ? count : 0};
  return good ? VN_OK : VN_ERR_FORMAT;
}
