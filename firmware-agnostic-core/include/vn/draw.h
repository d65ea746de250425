/* How likely a reading is to be drawn into a sample: equally, by its magnitude, or by its age. */
#ifndef VN_DRAW_H
#define VN_DRAW_H

#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum vn_weight {
  VN_WEIGHT_NONE,
  VN_WEIGHT_VALUE,  /* |value|, scaled */
  VN_WEIGHT_RECENCY /* 2^(time / half-life) */
} vn_weight_t;

/* Longest half-life: 100 years of 365 days. */
#define VN_HALF_LIFE_MAX_MS INT64_C(3153600000000)

/* half_life_ms: 1..VN_HALF_LIFE_MAX_MS with RECENCY, else 0. All 0: each reading equally likely. */
typedef struct vn_draw {
  int64_t half_life_ms;
  uint8_t weight; /* vn_weight_t */
} vn_draw_t;

static inline bool vn_draw_same(const vn_draw_t *a, const vn_draw_t *b) {
  return a->weight == b->weight && a->half_life_ms == b->half_life_ms;
}

/*
 * Priority of a reading, the smallest is drawn first: an exponential race, log2(-log2 u) - log2
 * weight, u from vn_priority. A function of seed, time and value alone. VALUE: in steps of 2^-24,
 * those of value 0 behind all others. RECENCY: in steps of 2^-20, modulo 2^32; vn_draw_turn_ms says
 * how to compare. What differs by more than 2^-20 (VALUE) or 2^-19 (RECENCY) is never exchanged.
 */
uint32_t vn_draw_priority(const vn_draw_t *draw, uint64_t seed, vn_time_ms_t time_ms,
                          int32_t value);

/*
 * 0: priorities compare as numbers. Else, of readings further apart the newer one comes first;
 * others compare by the sign of the priorities' difference: that is exact at any time and span.
 */
static inline int64_t vn_draw_turn_ms(const vn_draw_t *draw) {
  return draw->weight == VN_WEIGHT_RECENCY ? draw->half_life_ms * 1024 : 0;
}

#endif
