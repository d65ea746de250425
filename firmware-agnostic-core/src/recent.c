#include "vn/recent.h"

#include "vn/assert.h"

vn_recent_verdict_t vn_recent_find(const vn_recent_state_t *state, const vn_recent_t *readings,
                                   const vn_recent_t *reading) {
  vn_recent_verdict_t verdict = VN_RECENT_NEW;
  for (uint8_t i = 0; i < state->count; i++) {
    if (readings[i].time_ms == reading->time_ms) {
      if (readings[i].value == reading->value) {
        return VN_RECENT_SAME;
      }
      verdict = VN_RECENT_SAME_TIME;
    }
  }
  return verdict;
}

void vn_recent_add(vn_recent_state_t *state, vn_recent_t *readings, uint8_t size,
                   const vn_recent_t *reading) {
  VN_ASSERT(size > 0 && state->count <= size && state->next < size);
  readings[state->next] = *reading;
  state->next = (uint8_t)((state->next + 1u) % size);
  state->count = (uint8_t)(state->count < size ? state->count + 1u : size);
}
