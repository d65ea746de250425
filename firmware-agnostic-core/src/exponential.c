#include "vn/exponential.h"

#include <string.h>

#define ONE ((uint64_t)VN_EXPONENTIAL_ONE)
#define HALF (ONE / 2)

void vn_exponential_clear(vn_exponential_t *exponential) {
  memset(exponential, 0, sizeof *exponential);
}

/* 2^(-i / 16), 30 bits of fraction. */
static const uint32_t sixteenths[16] = {
    1073741824, 1028218693, 984625594, 942880699, 902905651, 864625413, 827968132, 792865000,
    759250125,  727060411,  696235434, 666717336, 638450708, 611382493, 585461881, 560640218};

/*
 * 2^-x for 0 <= x < 1, all with 30 bits of fraction: the table, and the series of e^-u to its
 * fourth power within a step.
 */
static uint64_t falling(uint64_t x) {
  const uint64_t ln_2 = 744261118;
  uint64_t u = ((x & ((UINT64_C(1) << 26) - 1)) * ln_2 + HALF) >> 30;
  uint64_t square = u * u >> 30;
  uint64_t cube = square * u >> 30;
  uint64_t fourth = square * square >> 30;
  uint64_t factor = ONE - u + square / 2 - cube / 6 + fourth / 24;
  return (sixteenths[x >> 26] * factor + HALF) >> 30;
}

/* What is left of a mean after a time: 2^(-elapsed / half-life). */
static uint64_t kept(uint64_t elapsed_ms, uint64_t half_life_ms) {
  uint64_t halvings = elapsed_ms / half_life_ms;
  uint64_t rest = elapsed_ms % half_life_ms;
  if (halvings > 30) {
    return 0;
  }
  while (rest >> 34 != 0) {
    rest >>= 1;
    half_life_ms >>= 1;
  }
  uint64_t x = (rest << 30) / half_life_ms;
  /* The shifts can make both equal. */
  return falling(x < ONE ? x : ONE - 1) >> halvings;
}

/* |distance| * share to the nearest; below 2^62 * 2^30, computed in halves. */
static int64_t part_of(int64_t distance, uint64_t share) {
  uint64_t magnitude = distance < 0 ? 0 - (uint64_t)distance : (uint64_t)distance;
  uint64_t part =
      ((magnitude >> 32) * share << 2) + (((magnitude & UINT32_MAX) * share + HALF) >> 30);
  return distance < 0 ? -(int64_t)part : (int64_t)part;
}

bool vn_exponential_add(vn_exponential_t *exponential, const vn_exponential_rule_t *rule,
                        const vn_point_t *reading) {
  VN_ASSERT(exponential != NULL && rule != NULL && reading != NULL);
  VN_ASSERT(reading->time_ms >= VN_TIME_LOWEST_MS && reading->time_ms <= VN_TIME_HIGHEST_MS);
  int64_t value = reading->value * (int64_t)ONE;
  if (!exponential->used) {
    *exponential = (vn_exponential_t){value, reading->time_ms, true};
    return true;
  }
  uint64_t share = rule->alpha;
  if (rule->half_life_ms > 0) {
    if (reading->time_ms < exponential->last_ms) {
      return false;
    }
    uint64_t elapsed_ms = (uint64_t)(reading->time_ms - exponential->last_ms);
    share = ONE - kept(elapsed_ms, (uint64_t)rule->half_life_ms);
  }
  VN_ASSERT(share <= ONE && (share > 0 || rule->half_life_ms > 0));
  exponential->mean += part_of(value - exponential->mean, share);
  exponential->last_ms = reading->time_ms;
  return true;
}

bool vn_exponential_result(const vn_exponential_t *exponential, double *mean) {
  VN_ASSERT(exponential != NULL && mean != NULL);
  if (!exponential->used) {
    return false;
  }
  *mean = (double)exponential->mean / (double)ONE;
  return true;
}
