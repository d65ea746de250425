/* Conditions of alerts: what a value says by itself, before delays and states. */
#include "alert_priv.h"
#include "vn/arith.h"
#include "vn/assert.h"

static uint64_t magnitude(int64_t x) { return x < 0 ? 0 - (uint64_t)x : (uint64_t)x; }

/* Sign of numerator / denominator - limit; limit * denominator may need 127 bits. */
static int compare_ratio(int64_t numerator, uint64_t denominator, int64_t limit) {
  if ((numerator < 0) != (limit < 0)) {
    return numerator < 0 ? -1 : 1;
  }
  vn_u128_t left = {0, magnitude(numerator)};
  int order = vn_u128_compare(left, vn_u128_mul(magnitude(limit), denominator));
  return numerator < 0 ? -order : order;
}

static int compare_real(double value, int64_t limit) {
  const double billion = 1e9;
  double bound = (double)limit / billion;
  return (value > bound) - (value < bound);
}

static int compare(const vn_alert_value_t *value, int64_t limit) {
  if (value->denominator == 1) {
    return (value->numerator > limit) - (value->numerator < limit);
  }
  return value->denominator == 0 ? compare_real(value->real, limit)
                                 : compare_ratio(value->numerator, value->denominator, limit);
}

static void note_side(vn_alert_state_t *state, bool high) {
  state->flags =
      (uint16_t)(high ? state->flags | VN_ALERT_FLAG_HIGH : state->flags & ~VN_ALERT_FLAG_HIGH);
}

/* Beyond one of the limits; one that held has to come back behind the hysteresis as well. */
static bool is_beyond(vn_alert_state_t *state, const vn_alert_limits_t *limits, bool held,
                      const vn_alert_value_t *value) {
  VN_ASSERT(limits->hysteresis >= 0);
  int64_t back = held ? limits->hysteresis : 0;
  if (limits->high != VN_ALERT_NO_HIGH &&
      compare(value, vn_sub_saturating(limits->high, back)) > 0) {
    note_side(state, true);
    return true;
  }
  if (limits->low != VN_ALERT_NO_LOW && compare(value, vn_add_saturating(limits->low, back)) < 0) {
    note_side(state, false);
    return true;
  }
  return false;
}

static bool is_inside(const vn_alert_rule_t *rule, bool held, const vn_alert_value_t *value) {
  int64_t more = held ? rule->hysteresis : 0;
  return compare(value, vn_add_saturating(rule->limit, more)) <= 0 &&
         compare(value, vn_sub_saturating(rule->low, more)) >= 0;
}

/* The highest level that holds, and the side that it was passed on. */
static uint8_t highest_level(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                             const vn_alert_value_t *value) {
  uint8_t highest = 0;
  VN_ASSERT(rule->level_count <= VN_ALERT_LEVELS_MAX);
  for (uint8_t i = 0; i < rule->level_count; i++) {
    uint8_t bit = (uint8_t)(1u << i);
    bool holds = is_beyond(state, &rule->levels[i], (state->levels_true & bit) != 0, value);
    state->levels_true = (uint8_t)(holds ? state->levels_true | bit : state->levels_true & ~bit);
    highest = holds ? (uint8_t)(i + 1) : highest;
  }
  return highest;
}

vn_alert_limits_t vn__alert_limits(const vn_alert_rule_t *rule) {
  switch ((vn_alert_condition_t)rule->condition) {
    case VN_ALERT_ABOVE:
      return (vn_alert_limits_t){VN_ALERT_NO_LOW, rule->limit, rule->hysteresis};
    case VN_ALERT_BELOW:
      return (vn_alert_limits_t){rule->limit, VN_ALERT_NO_HIGH, rule->hysteresis};
    default:
      VN_ASSERT(rule->condition == VN_ALERT_OUTSIDE || rule->condition == VN_ALERT_RATE);
      return (vn_alert_limits_t){rule->low, rule->limit, rule->hysteresis};
  }
}

uint8_t vn__alert_level(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                        const vn_alert_value_t *value) {
  switch ((vn_alert_condition_t)rule->condition) {
    case VN_ALERT_LEVELS:
      return highest_level(rule, state, value);
    case VN_ALERT_INSIDE:
      return is_inside(rule, state->condition_true, value);
    case VN_ALERT_REACHES:
      return compare_real(value->real, rule->limit) >= 0 ||
             compare_real(value->real_end, rule->limit) >= 0;
    case VN_ALERT_FALLS_TO:
      return compare_real(value->real, rule->limit) <= 0 ||
             compare_real(value->real_end, rule->limit) <= 0;
    default: {
      vn_alert_limits_t limits = vn__alert_limits(rule);
      return is_beyond(state, &limits, state->condition_true, value);
    }
  }
}

bool vn_alert_holds(const vn_alert_rule_t *rule, bool held, int32_t value) {
  VN_ASSERT(rule->condition <= VN_ALERT_BELOW && rule->hysteresis >= 0);
  int64_t back = held ? rule->hysteresis : 0;
  return rule->condition == VN_ALERT_ABOVE ? value > vn_sub_saturating(rule->limit, back)
                                           : value < vn_add_saturating(rule->limit, back);
}

vn_alert_value_t vn_alert_rate(const vn_alert_rule_t *rule, const vn_alert_state_t *state,
                               vn_time_ms_t time_ms, int32_t value) {
  VN_ASSERT(rule->condition == VN_ALERT_RATE);
  if (!state->evaluated || time_ms <= state->last_ms) {
    return (vn_alert_value_t){.denominator = 1};
  }
  return (vn_alert_value_t){
      .numerator = ((int64_t)value - state->last_value) * rule->period_ms,
      .denominator = (uint64_t)vn_sub_saturating(time_ms, state->last_ms),
  };
}
