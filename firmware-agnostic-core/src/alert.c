#include "vn/alert.h"

#include "vn/arith.h"
#include "vn/assert.h"

const char *vn_alert_phase_word(vn_alert_phase_t phase) {
  static const char *const words[] = {
      [VN_ALERT_NORMAL] = "normal",
      [VN_ALERT_PENDING] = "pending",
      [VN_ALERT_FIRING] = "firing",
      [VN_ALERT_RECOVERING] = "recovering",
  };
  VN_ASSERT((unsigned)phase <= VN_ALERT_RECOVERING);
  return words[phase];
}

static bool has_elapsed(vn_time_ms_t since_ms, vn_time_ms_t now_ms, int64_t duration_ms) {
  return vn_sub_saturating(now_ms, since_ms) >= duration_ms;
}

/* The condition is true, and the alert isn't firing. */
static void on_true(const vn_alert_rule_t *rule, vn_alert_state_t *state, vn_time_ms_t time_ms) {
  if (state->phase == VN_ALERT_RECOVERING) {
    state->phase = VN_ALERT_FIRING;
    return;
  }
  if (state->phase == VN_ALERT_NORMAL) {
    state->phase = VN_ALERT_PENDING;
    state->pending_since_ms = time_ms;
  }
  if (has_elapsed(state->pending_since_ms, time_ms, rule->for_ms)) {
    state->phase = VN_ALERT_FIRING;
    state->episode++;
  }
}

/* The condition is false, and the alert isn't normal. */
static void on_false(const vn_alert_rule_t *rule, vn_alert_state_t *state, vn_time_ms_t time_ms) {
  if (state->phase == VN_ALERT_PENDING) {
    state->phase = VN_ALERT_NORMAL;
    return;
  }
  if (state->phase == VN_ALERT_FIRING) {
    state->phase = VN_ALERT_RECOVERING;
    state->recovering_since_ms = time_ms;
  }
  if (has_elapsed(state->recovering_since_ms, time_ms, rule->keep_firing_for_ms)) {
    state->phase = VN_ALERT_NORMAL;
  }
}

static vn_alert_step_t no_change(uint8_t phase, bool late) {
  return (vn_alert_step_t){.changed = false, .late = late, .from = phase, .to = phase};
}

static vn_alert_step_t change(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                              vn_time_ms_t time_ms, bool condition) {
  VN_ASSERT(state->phase <= VN_ALERT_RECOVERING);
  uint8_t from = state->phase;
  if (condition) {
    on_true(rule, state, time_ms);
  } else {
    on_false(rule, state, time_ms);
  }
  bool changed = from != state->phase;
  return (vn_alert_step_t){.changed = changed, .late = false, .from = from, .to = state->phase};
}

/* Most readings change nothing: they are done here. */
static inline vn_alert_step_t evaluate(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                       vn_time_ms_t time_ms, bool condition) {
  state->last_ms = time_ms;
  state->evaluated = true;
  state->condition_true = condition;
  if (state->phase == (condition ? VN_ALERT_FIRING : VN_ALERT_NORMAL)) {
    return no_change(state->phase, false);
  }
  return change(rule, state, time_ms, condition);
}

bool vn_alert_is_late(const vn_alert_state_t *state, vn_time_ms_t time_ms) {
  return state->evaluated && time_ms < state->last_ms;
}

/* The limit in force: a condition that is true has to pass the hysteresis before it ends. */
static inline int64_t limit_in_force(const vn_alert_rule_t *rule, const vn_alert_state_t *state) {
  if (!state->condition_true) {
    return rule->limit;
  }
  VN_ASSERT(rule->hysteresis >= 0);
  if (rule->condition == VN_ALERT_ABOVE) {
    bool below = rule->limit < INT64_MIN + rule->hysteresis;
    return below ? INT64_MIN : rule->limit - rule->hysteresis;
  }
  bool above = rule->limit > INT64_MAX - rule->hysteresis;
  return above ? INT64_MAX : rule->limit + rule->hysteresis;
}

static vn_alert_step_t evaluate_unchanged(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                          vn_time_ms_t time_ms, int32_t value) {
  VN_ASSERT(rule->condition == VN_ALERT_UNCHANGED_FOR);
  if (!state->evaluated || value != state->last_value) {
    state->last_value = value;
    state->period_since_ms = time_ms;
  }
  bool condition = has_elapsed(state->period_since_ms, time_ms, rule->period_ms);
  return evaluate(rule, state, time_ms, condition);
}

vn_alert_step_t vn_alert_value(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               vn_time_ms_t time_ms, int32_t value) {
  if (vn_alert_is_late(state, time_ms)) {
    return no_change(state->phase, true);
  }
  if (rule->condition > VN_ALERT_BELOW) {
    return evaluate_unchanged(rule, state, time_ms, value);
  }
  int64_t limit = limit_in_force(rule, state);
  bool condition = rule->condition == VN_ALERT_ABOVE ? value > limit : value < limit;
  return evaluate(rule, state, time_ms, condition);
}

/* A score that passes holds the condition for the whole period, so that one incident is one alert.
 */
vn_alert_step_t vn_alert_score(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               vn_time_ms_t time_ms, uint32_t score) {
  VN_ASSERT(rule->condition == VN_ALERT_DEVIATION);
  if (vn_alert_is_late(state, time_ms)) {
    return no_change(state->phase, true);
  }
  bool held =
      state->condition_true && !has_elapsed(state->period_since_ms, time_ms, rule->period_ms);
  bool passes = score > rule->limit;
  if (passes && !held) {
    state->period_since_ms = time_ms;
  }
  return evaluate(rule, state, time_ms, held || passes);
}

static uint64_t magnitude(int64_t x) { return x < 0 ? 0 - (uint64_t)x : (uint64_t)x; }

/* Sign of sum / count - limit; limit * count may need 95 bits. */
static int compare_mean(int64_t sum, uint32_t count, int64_t limit) {
  if ((sum < 0) != (limit < 0)) {
    return sum < 0 ? -1 : 1;
  }
  vn_u128_t left = {0, magnitude(sum)};
  int order = vn_u128_compare(left, vn_u128_mul(magnitude(limit), count));
  return sum < 0 ? -order : order;
}

vn_alert_step_t vn_alert_ratio(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               vn_time_ms_t time_ms, int64_t sum, uint32_t count) {
  VN_ASSERT(rule->condition <= VN_ALERT_BELOW && count > 0);
  if (vn_alert_is_late(state, time_ms)) {
    return no_change(state->phase, true);
  }
  int order = compare_mean(sum, count, limit_in_force(rule, state));
  return evaluate(rule, state, time_ms, rule->condition == VN_ALERT_ABOVE ? order > 0 : order < 0);
}
