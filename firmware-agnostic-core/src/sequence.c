#include "vn/sequence.h"

#include "vn/assert.h"

#include <stddef.h>

enum { WINDOW = VN_SEQUENCE_WINDOW };

static void begin_epoch(vn_sequence_t *sequence, uint32_t number) {
  sequence->highest = number;
  sequence->seen = 1;
  sequence->span = 0;
}

static void advance(vn_sequence_t *sequence, uint32_t number, uint32_t steps) {
  sequence->missing += steps - 1u;
  sequence->seen = steps < WINDOW ? sequence->seen << steps | 1u : 1u;
  sequence->span = (uint8_t)(steps < WINDOW - (uint32_t)sequence->span ? sequence->span + steps
                                                                       : (uint32_t)WINDOW);
  sequence->highest = number;
}

/* A number below the first of its epoch opens a gap; one above it fills a place counted missing. */
static void fill(vn_sequence_t *sequence, uint32_t age) {
  sequence->seen |= UINT64_C(1) << age;
  if (age > sequence->span) {
    sequence->missing += age - sequence->span - 1u;
    sequence->span = (uint8_t)age;
  } else {
    VN_ASSERT(sequence->missing > 0);
    sequence->missing--;
  }
}

/* Half of all numbers lie ahead of the highest. */
static bool is_ahead(uint32_t steps) { return steps - 1u < UINT32_C(0x7FFFFFFF); }

static vn_sequence_verdict_t judge(vn_sequence_t *sequence, uint32_t number, vn_time_ms_t time_ms) {
  uint32_t steps = number - sequence->highest;
  if (is_ahead(steps)) {
    advance(sequence, number, steps);
    return VN_SEQUENCE_NEW;
  }
  uint32_t age = 0u - steps;
  if (age < WINDOW) {
    if ((sequence->seen >> age & 1u) != 0) {
      return VN_SEQUENCE_DUPLICATE;
    }
    fill(sequence, age);
    return VN_SEQUENCE_NEW;
  }
  if (time_ms <= sequence->last_ms) {
    return VN_SEQUENCE_DUPLICATE;
  }
  begin_epoch(sequence, number);
  sequence->epochs++;
  return VN_SEQUENCE_RESTARTED;
}

vn_sequence_verdict_t vn_sequence_take(vn_sequence_t *sequence, uint32_t number,
                                       vn_time_ms_t time_ms) {
  if (!sequence->started) {
    sequence->started = true;
    sequence->last_ms = time_ms;
    begin_epoch(sequence, number);
    return VN_SEQUENCE_NEW;
  }
  vn_sequence_verdict_t verdict = judge(sequence, number, time_ms);
  if (verdict != VN_SEQUENCE_DUPLICATE && time_ms > sequence->last_ms) {
    sequence->last_ms = time_ms;
  }
  return verdict;
}

/* Behind the window nothing is known but that it is old; 0: taken when no checks were kept. */
static bool has_other_check(const vn_sequence_t *sequence, uint8_t kept, uint32_t number,
                            uint8_t check) {
  return sequence->highest - number < WINDOW && kept != 0 && kept != check;
}

vn_sequence_verdict_t vn_sequence_take_checked(vn_sequence_t *sequence, uint8_t *checks,
                                               uint32_t number, vn_time_ms_t time_ms,
                                               uint8_t check) {
  VN_ASSERT(check != 0);
  uint8_t *place = &checks[number % WINDOW];
  vn_sequence_verdict_t verdict = vn_sequence_take(sequence, number, time_ms);
  if (verdict != VN_SEQUENCE_DUPLICATE) {
    *place = check;
    return verdict;
  }
  return has_other_check(sequence, *place, number, check) ? VN_SEQUENCE_CONFLICT
                                                          : VN_SEQUENCE_DUPLICATE;
}

bool vn_sequence_is_repeat(const vn_sequence_t *sequence, const uint8_t *checks, uint32_t number,
                           vn_time_ms_t time_ms, uint8_t check) {
  uint32_t age = sequence->highest - number;
  if (!sequence->started || is_ahead(0u - age)) {
    return false;
  }
  bool seen = age < WINDOW ? (sequence->seen >> age & 1u) != 0 : time_ms <= sequence->last_ms;
  return seen &&
         (checks == NULL || !has_other_check(sequence, checks[number % WINDOW], number, check));
}
