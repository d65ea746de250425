#include "backoff.h"

void vn_backoff_init(vn_backoff_t *backoff, uint64_t seed) {
  backoff->random = seed == 0 ? UINT64_C(0x9E3779B97F4A7C15) : seed;
  backoff->delay_ms = VN_BACKOFF_FIRST_MS;
}

/* xorshift64: jitter needs no better. */
static uint64_t next_random(vn_backoff_t *backoff) {
  uint64_t x = backoff->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  backoff->random = x;
  return x;
}

uint32_t vn_backoff_next_ms(vn_backoff_t *backoff) {
  uint32_t lowest = backoff->delay_ms * 5 / 6;
  uint32_t highest = backoff->delay_ms * 6 / 5;
  uint32_t delay = lowest + (uint32_t)(next_random(backoff) % (highest - lowest + 1));
  backoff->delay_ms =
      backoff->delay_ms > VN_BACKOFF_LAST_MS / 2 ? VN_BACKOFF_LAST_MS : backoff->delay_ms * 2;
  return delay > VN_BACKOFF_LAST_MS ? VN_BACKOFF_LAST_MS : delay;
}

void vn_backoff_connected_for(vn_backoff_t *backoff, int64_t held_ms) {
  if (held_ms >= VN_BACKOFF_STABLE_MS) {
    backoff->delay_ms = VN_BACKOFF_FIRST_MS;
  }
}
