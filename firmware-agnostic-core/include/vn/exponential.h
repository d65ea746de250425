/* Exponential mean: a running mean that forgets, by readings or by time; integers, no libm. */
#ifndef VN_EXPONENTIAL_H
#define VN_EXPONENTIAL_H

#include "vn/assert.h"
#include "vn/point.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The share 1: shares and means have 30 bits of fraction. */
#define VN_EXPONENTIAL_ONE (UINT32_C(1) << 30)

/*
 * Each reading v moves the mean by share * (v - mean). half_life_ms > 0: the share is 1 - 2^(-dt /
 * half_life_ms), dt being the time since the reading before, so that the rate of readings doesn't
 * matter. half_life_ms 0: the share is `alpha`, 1..VN_EXPONENTIAL_ONE, and times don't matter.
 */
typedef struct vn_exponential_rule {
  int64_t half_life_ms;
  uint32_t alpha;
} vn_exponential_rule_t;

/*
 * The state of one series; it depends on the order of the readings and can't be merged. The same
 * readings give the same bits on every platform.
 *
 * Accuracy: a step rounds the mean to the nearest 2^-30 of a scaled unit; the share by time is
 * within 4e-9 of the true one: from dt = half_life_ms / 1000000 up within 0.2 % of its size.
 */
typedef struct vn_exponential {
  int64_t mean; /* scaled units, 30 bits of fraction */
  vn_time_ms_t last_ms;
  bool used; /* holds a reading; else the rest is undefined */
} vn_exponential_t;

void vn_exponential_clear(vn_exponential_t *exponential);

/*
 * Takes the next reading; the first one is the mean. By time, a reading at the time of the last one
 * changes nothing, and one before it is refused: false, and nothing changed. O(1): by alpha two
 * products, by time two divisions more.
 */
VN_NODISCARD bool vn_exponential_add(vn_exponential_t *exponential,
                                     const vn_exponential_rule_t *rule, const vn_point_t *reading);

/* The mean in scaled units, rounded once. False before the first reading. */
VN_NODISCARD bool vn_exponential_result(const vn_exponential_t *exponential, double *mean);

#endif
