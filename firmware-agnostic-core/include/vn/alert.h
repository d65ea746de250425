/* Alerts: a state machine per rule and series (rules A1-A32 of docs/alerts.md). Pure: what an
 * evaluation does to a state; who is told of it is the engine's to decide. */
#ifndef VN_ALERT_H
#define VN_ALERT_H

#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

#define VN_ALERT_LEVELS_MAX 4u
#define VN_ALERT_BEGUN_MAX_MS UINT16_MAX
#define VN_ALERT_HISTORY_MAX 32u /* evaluations that an N of M can look back at */

/* A limit that isn't there, above or below. */
#define VN_ALERT_NO_HIGH INT64_MAX
#define VN_ALERT_NO_LOW INT64_MIN

/* Exponent of limits that are compared with a float: billionths of the unit. */
#define VN_ALERT_REAL_EXPONENT (-9)

typedef enum vn_alert_condition {
  VN_ALERT_ABOVE,         /* true at v > limit, until v <= limit - hysteresis */
  VN_ALERT_BELOW,         /* true at v < limit, until v >= limit + hysteresis */
  VN_ALERT_OUTSIDE,       /* of [low, limit]: either of the two */
  VN_ALERT_INSIDE,        /* of [low, limit], until it is outside of them and their hysteresis */
  VN_ALERT_LEVELS,        /* the highest of several that holds, each with limits of its own */
  VN_ALERT_RATE,          /* of change per `period_ms`: outside of [low, limit] */
  VN_ALERT_REACHES,       /* the line of a window is at `limit` or above within `period_ms` */
  VN_ALERT_FALLS_TO,      /* the same, or below */
  VN_ALERT_UNCHANGED_FOR, /* the same value for `period_ms` of event time */
  VN_ALERT_DEVIATION,     /* true for `period_ms` from a score > limit on */
  VN_ALERT_ABSENT_FOR,    /* no arrival for `period_ms` of processing time, or a learned one */
  VN_ALERT_CONDITION_COUNT
} vn_alert_condition_t;

typedef enum vn_alert_phase {
  VN_ALERT_NORMAL,
  VN_ALERT_PENDING,
  VN_ALERT_FIRING,
  VN_ALERT_RECOVERING,
  VN_ALERT_NO_DATA /* what a silent series shows: not a phase of the state, see vn_alert_shown */
} vn_alert_phase_t;

/* One level: true outside of [low, high]; VN_ALERT_NO_LOW and VN_ALERT_NO_HIGH: no such limit. */
typedef struct vn_alert_limits {
  int64_t low, high, hysteresis;
} vn_alert_limits_t;

/*
 * limits and hysteresis in scaled units of the pipeline (with `real` in billionths of the unit),
 * the limit of a DEVIATION in thousandths; hysteresis >= 0; durations >= 0. RATE: a missing limit
 * is VN_ALERT_NO_LOW or VN_ALERT_NO_HIGH. `times` of a learned ABSENT_FOR: 2..100; 0: period_ms
 * holds.
 */
typedef struct vn_alert_rule {
  int64_t limit;
  int64_t low; /* OUTSIDE, INSIDE, RATE */
  int64_t hysteresis;
  int64_t for_ms;
  int64_t keep_firing_for_ms;
  int64_t period_ms; /* RATE, REACHES, FALLS_TO, UNCHANGED_FOR, DEVIATION, ABSENT_FOR (at most) */
  int64_t least_ms;  /* a learned ABSENT_FOR: at least */
  int64_t within_ms; /* how long before this one the condition that comes first may be true */
  const vn_alert_limits_t *levels; /* LEVELS: level_count of them */
  uint32_t min_samples;  /* true evaluations before it fires; 0 and 1: the first is enough */
  uint8_t level_count;   /* 2..VN_ALERT_LEVELS_MAX */
  uint8_t hits, hits_of; /* N of the last M; 0 of 0: each evaluation for itself */
  uint8_t times;
  uint8_t condition; /* vn_alert_condition_t */
  bool real;         /* the value is a float */
  bool latch;
  bool follows; /* counts only after another alert's condition */
} vn_alert_rule_t;

/* vn_alert_state_t.flags */
#define VN_ALERT_FLAG_NO_DATA 1u      /* silent: what is known is old */
#define VN_ALERT_FLAG_LATCHED 2u      /* recovering, and waits for a reset */
#define VN_ALERT_FLAG_ACKNOWLEDGED 4u /* of this episode */
#define VN_ALERT_FLAG_SHELVED 8u
#define VN_ALERT_FLAG_SHELVED_ONCE 16u /* with SHELVED: until an episode ends */
#define VN_ALERT_FLAG_OUT_OF_SERVICE 32u
#define VN_ALERT_FLAG_TOLD 64u          /* subscribers know of this episode */
#define VN_ALERT_FLAG_TOLD_NO_DATA 128u /* they know of the silence */
#define VN_ALERT_FLAG_FIRST 256u        /* the episode began when nothing else in its group fired */
#define VN_ALERT_FLAG_HIGH 512u         /* the limit that was passed last is the upper one */
#define VN_ALERT_FLAG_COUNTS 1024u /* with `follows`: the condition counts as long as it holds */

/* Whether the next evaluation can be told in advance: see vn_alert_rests. */
typedef enum vn_alert_rest {
  VN_ALERT_AWAKE,
  VN_ALERT_RESTS_FALSE, /* normal, or latched: with a false condition it stays as it is */
  VN_ALERT_RESTS_TRUE   /* firing: with a true one */
} vn_alert_rest_t;

/* State of one rule for one series; all zero bytes is the state before the first reading. What
 * readings that change nothing look at comes first. */
typedef struct vn_alert_state {
  vn_time_ms_t last_ms;    /* time of the last evaluation, valid when `evaluated` */
  int32_t rest_low;        /* the first of rest_span values that leave the condition as it is */
  uint32_t rest_span;      /* 0: unknown */
  vn_time_ms_t verdict_ms; /* of the last evaluation with a true verdict; valid when has_verdict */
  uint8_t rest;            /* vn_alert_rest_t */
  uint8_t phase;           /* vn_alert_phase_t, never NO_DATA */
  uint16_t flags;
  uint32_t history; /* of N of M: the newest evaluation in bit 0 */
  vn_time_ms_t pending_since_ms;
  vn_time_ms_t recovering_since_ms;
  vn_time_ms_t period_since_ms; /* of the first equal value, of the score that passed the limit */
  vn_time_ms_t told_ms;         /* of the last firing, escalated, eased or repeated that was told */
  vn_time_ms_t shelved_until_ms;
  vn_time_ms_t begun_ms;       /* when the last episode began */
  uint16_t begun_before_ms[2]; /* from each of the two before it to the next, newest first; at most
                                  VN_ALERT_BEGUN_MAX_MS */
  int32_t last_value;
  uint32_t episode;
  uint32_t samples;    /* true ones of a pending alert; gaps that were learned */
  uint32_t gap_x8_ms;  /* eight times the learned gap between arrivals */
  uint32_t revision;   /* of the next event of this episode */
  uint8_t level;       /* of the last true evaluation, from 1; in an episode that of the episode */
  uint8_t levels_true; /* a bit for each level whose own condition holds */
  uint8_t evidence_wanted; /* readings that are still to come before the evidence is told */
  bool condition_true;     /* the own condition, with its hysteresis */
  bool evaluated;
  bool has_verdict;
} vn_alert_state_t;

/* vn_alert_step_t.what */
#define VN_ALERT_STEP_PHASE 1u   /* another phase than before */
#define VN_ALERT_STEP_LEVEL 2u   /* another level in the same episode */
#define VN_ALERT_STEP_LATCHED 4u /* it waits for a reset now */
#define VN_ALERT_STEP_LATE 8u    /* older than the last evaluation: ignored (A1) */
#define VN_ALERT_STEP_NONE 64u   /* no evaluation: the reading has no rate (A13) */
#define VN_ALERT_STEP_BEGAN 16u  /* an episode began: entry into firing from normal or pending */
#define VN_ALERT_STEP_ENDED 32u  /* it is over */

/* What one evaluation did; four bytes in all, so that ARM returns them in a register. `from` and
 * `to` are as shown: NO_DATA too. */
typedef struct vn_alert_step {
  uint8_t what;
  uint8_t from, to;   /* vn_alert_phase_t */
  uint8_t from_level; /* what the level was */
} vn_alert_step_t;

/*
 * What is compared: numerator / denominator in scaled units, exactly; denominator 0: the float
 * `real` in the unit itself. REACHES and FALLS_TO look at `real` and `real_end`, the line at the
 * end of the window and period_ms later: `real` is the later one.
 */
typedef struct vn_alert_value {
  int64_t numerator;
  uint64_t denominator;
  double real, real_end;
} vn_alert_value_t;

/*
 * Evaluates a reading; neither DEVIATION, ABSENT_FOR nor the lines of windows. `before`: the state
 * of the alert that this one follows; NULL unless the rule says so. At most one change of phase.
 */
vn_alert_step_t vn_alert_value(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               const vn_alert_state_t *before, vn_time_ms_t time_ms, int32_t value);

/*
 * The short way of vn_alert_value, inline, since most readings end here: nothing changes but the
 * last time. Of conditions on the value alone, from the evaluation on that found the alert at rest;
 * the rule is that of then. False: it may not be so, and nothing was done.
 */
static inline bool vn_alert_rests(vn_alert_state_t *state, vn_time_ms_t time_ms, int32_t value) {
  if ((uint32_t)value - (uint32_t)state->rest_low >= state->rest_span || time_ms < state->last_ms) {
    return false;
  }
  state->last_ms = time_ms;
  if (state->rest == VN_ALERT_RESTS_TRUE) {
    state->verdict_ms = time_ms;
  }
  return true;
}

/* Conditions that vn_alert_rests knows nothing of, but vn_alert_rests_in_time. */
static inline bool vn_alert_goes_by_time(const vn_alert_rule_t *rule) {
  return rule->condition == VN_ALERT_RATE || rule->condition == VN_ALERT_UNCHANGED_FOR;
}

/* The same short way for RATE and UNCHANGED_FOR. */
bool vn_alert_rests_in_time(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                            vn_time_ms_t time_ms, int32_t value);

/* The next reading is evaluated in full, whatever it is. */
static inline void vn_alert_wake(vn_alert_state_t *state) {
  state->rest = VN_ALERT_AWAKE;
  state->rest_span = 0;
}

/* ABOVE and BELOW by themselves: whether they hold for the next value. */
bool vn_alert_holds(const vn_alert_rule_t *rule, bool held, int32_t value);

/* Evaluates a reading of ABOVE or BELOW, and nothing else: neither rests nor floats come with it.
 */
vn_alert_step_t vn_alert_threshold(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                   vn_time_ms_t time_ms, int32_t value);

/* Evaluates a statistic of a window at its end: ABOVE to LEVELS, REACHES, FALLS_TO. */
vn_alert_step_t vn_alert_statistic(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                   const vn_alert_state_t *before, vn_time_ms_t time_ms,
                                   const vn_alert_value_t *value);

/* RATE: the change since the last reading, per period_ms; 0 where there is none. period_ms is at
 * most a day. Ask before the reading is evaluated. */
vn_alert_value_t vn_alert_rate(const vn_alert_rule_t *rule, const vn_alert_state_t *state,
                               vn_time_ms_t time_ms, int32_t value);

/* Whether a reading of this time is older than the last evaluation (A1). */
bool vn_alert_is_late(const vn_alert_state_t *state, vn_time_ms_t time_ms);

/* Evaluates the score of a reading; DEVIATION only. */
vn_alert_step_t vn_alert_score(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               const vn_alert_state_t *before, vn_time_ms_t time_ms,
                               uint32_t score);

/* ABSENT_FOR: how long a silence is too long (A18). */
int64_t vn_alert_patience_ms(const vn_alert_rule_t *rule, const vn_alert_state_t *state);

/* A learned ABSENT_FOR: an arrival gap_ms >= 0 after the one before, while it did not fire. */
void vn_alert_learn_gap(vn_alert_state_t *state, int64_t gap_ms);

/* ABSENT_FOR: the silence became too long at at_ms; something arrived then (A9). */
vn_alert_step_t vn_alert_fall_silent(vn_alert_state_t *state, vn_time_ms_t at_ms);
vn_alert_step_t vn_alert_speak(vn_alert_state_t *state, vn_time_ms_t at_ms);

/* Other conditions: no data since; data again (A21). */
vn_alert_step_t vn_alert_lose_data(vn_alert_state_t *state);
vn_alert_step_t vn_alert_find_data(vn_alert_state_t *state);

/* A latched alert goes back to normal (A22). */
vn_alert_step_t vn_alert_reset(vn_alert_state_t *state);

/* The series ends: an alert that isn't normal is so now, and recovering since at_ms if it fired. */
vn_alert_step_t vn_alert_end(vn_alert_state_t *state, vn_time_ms_t at_ms);

/* An episode that began and is not over: firing, or recovering. */
static inline bool vn_alert_is_open(const vn_alert_state_t *state) {
  return state->phase == VN_ALERT_FIRING || state->phase == VN_ALERT_RECOVERING;
}

/* The phase as people see it: NO_DATA hides the others. */
static inline vn_alert_phase_t vn_alert_shown(const vn_alert_state_t *state) {
  return (state->flags & VN_ALERT_FLAG_NO_DATA) != 0 ? VN_ALERT_NO_DATA
                                                     : (vn_alert_phase_t)state->phase;
}

/* "normal", "pending", "firing", "recovering", "no_data"; static storage. */
const char *vn_alert_phase_word(vn_alert_phase_t phase);

#endif
