/* Alerts: a state machine per rule and series (rules A1-A8 of docs/semantics.md). */
#ifndef VN_ALERT_H
#define VN_ALERT_H

#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum vn_alert_condition {
  VN_ALERT_ABOVE,         /* true at v > limit, until v <= limit - hysteresis */
  VN_ALERT_BELOW,         /* true at v < limit, until v >= limit + hysteresis */
  VN_ALERT_ABSENT_FOR,    /* no arrival for `period_ms` of processing time */
  VN_ALERT_UNCHANGED_FOR, /* the same value for `period_ms` of event time */
  VN_ALERT_DEVIATION      /* true for `period_ms` from a score > limit on */
} vn_alert_condition_t;

typedef enum vn_alert_phase {
  VN_ALERT_NORMAL,
  VN_ALERT_PENDING,
  VN_ALERT_FIRING,
  VN_ALERT_RECOVERING
} vn_alert_phase_t;

/* limit and hysteresis in scaled units of the pipeline, the limit of a DEVIATION in thousandths;
 * hysteresis >= 0; durations >= 0. */
typedef struct vn_alert_rule {
  int64_t limit;
  int64_t hysteresis;
  int64_t for_ms;
  int64_t keep_firing_for_ms;
  int64_t period_ms; /* ABSENT_FOR, UNCHANGED_FOR, DEVIATION */
  uint8_t condition; /* vn_alert_condition_t */
} vn_alert_rule_t;

/* State of one rule for one series; all zero bytes is the state before the first reading. */
typedef struct vn_alert_state {
  vn_time_ms_t pending_since_ms;
  vn_time_ms_t recovering_since_ms;
  vn_time_ms_t last_ms;         /* time of the last evaluation, valid when `evaluated` */
  vn_time_ms_t period_since_ms; /* of the first equal value, of the score that passed the limit */
  int32_t last_value;
  uint32_t episode;
  uint8_t phase; /* vn_alert_phase_t */
  bool condition_true;
  bool evaluated;
} vn_alert_state_t;

/* What one evaluation did: `changed` tells whether the phase is a new one. */
typedef struct vn_alert_step {
  bool changed;
  bool late;    /* older than the last evaluation: ignored (A1) */
  uint8_t from; /* vn_alert_phase_t; four bytes in all, so that ARM returns them in a register */
  uint8_t to;
} vn_alert_step_t;

/* Evaluates a reading; ABOVE, BELOW and UNCHANGED_FOR only. At most one transition. */
vn_alert_step_t vn_alert_value(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               vn_time_ms_t time_ms, int32_t value);

/*
 * The short way of vn_alert_value, inline, since most readings end here: an alert that is normal
 * stays so, because the reading does not pass the limit. False: it is not so, and nothing was done.
 */
static inline bool vn_alert_rests(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                  vn_time_ms_t time_ms, int32_t value) {
  bool passed = rule->condition == VN_ALERT_ABOVE ? value > rule->limit : value < rule->limit;
  if (passed || rule->condition > VN_ALERT_BELOW || state->phase != VN_ALERT_NORMAL ||
      time_ms < state->last_ms) {
    return false;
  }
  state->last_ms = time_ms;
  state->evaluated = true;
  return true;
}

/*
 * Evaluates the mean sum / count of a window at its end, exactly (no division);
 * ABOVE and BELOW only. count > 0. For other statistics pass count 1.
 */
vn_alert_step_t vn_alert_ratio(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               vn_time_ms_t time_ms, int64_t sum, uint32_t count);

/* Whether a reading of this time is older than the last evaluation (A1). */
bool vn_alert_is_late(const vn_alert_state_t *state, vn_time_ms_t time_ms);

/* Evaluates the score of a reading; DEVIATION only. At most one transition. */
vn_alert_step_t vn_alert_score(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               vn_time_ms_t time_ms, uint32_t score);

/* "normal", "pending", "firing", "recovering"; static storage. */
const char *vn_alert_phase_word(vn_alert_phase_t phase);

#endif
