/* Alerts that rest: which of the next readings change nothing, told once for many of them. */
#include "alert_priv.h"
#include "vn/arith.h"
#include "vn/assert.h"

/* Values for which every limit says what it says now. */
typedef struct band {
  int64_t low, high;
} band_t;

static void stay_above_or_not(band_t *band, int64_t limit, int32_t value) {
  if (value > limit) {
    band->low = band->low > limit ? band->low : limit + 1;
  } else {
    band->high = band->high < limit ? band->high : limit;
  }
}

static void stay_below_or_not(band_t *band, int64_t limit, int32_t value) {
  if (value < limit) {
    band->high = band->high < limit ? band->high : limit - 1;
  } else {
    band->low = band->low > limit ? band->low : limit;
  }
}

/* As vn__alert_level compares the next value: with the hysteresis of what holds now. */
static void stay_beyond_or_not(band_t *band, const vn_alert_limits_t *limits, bool held,
                               int32_t value) {
  int64_t back = held ? limits->hysteresis : 0;
  if (limits->high != VN_ALERT_NO_HIGH) {
    stay_above_or_not(band, vn_sub_saturating(limits->high, back), value);
  }
  if (limits->low != VN_ALERT_NO_LOW) {
    stay_below_or_not(band, vn_add_saturating(limits->low, back), value);
  }
}

static void stay_at_level(band_t *band, const vn_alert_rule_t *rule, const vn_alert_state_t *state,
                          int32_t value) {
  for (unsigned i = 0; i < rule->level_count; i++) {
    stay_beyond_or_not(band, &rule->levels[i], (state->levels_true >> i & 1u) != 0, value);
  }
}

static band_t band_around(const vn_alert_rule_t *rule, const vn_alert_state_t *state,
                          int32_t value) {
  band_t band = {INT32_MIN, INT32_MAX};
  if (rule->condition == VN_ALERT_LEVELS) {
    stay_at_level(&band, rule, state, value);
  } else if (rule->condition == VN_ALERT_INSIDE) {
    int64_t more = state->condition_true ? rule->hysteresis : 0;
    stay_above_or_not(&band, vn_add_saturating(rule->limit, more), value);
    stay_below_or_not(&band, vn_sub_saturating(rule->low, more), value);
  } else {
    vn_alert_limits_t limits = vn__alert_limits(rule);
    stay_beyond_or_not(&band, &limits, state->condition_true, value);
  }
  return band;
}

/* Products with a time stay within 64 bits. */
static bool is_small(int64_t limit, int64_t none) {
  return limit == none || (limit >= INT32_MIN && limit <= INT32_MAX);
}

/* The same verdict again would change nothing: neither the phase nor what is remembered. */
static vn_alert_rest_t rest_of(const vn_alert_rule_t *rule, const vn_alert_state_t *state) {
  if (!state->condition_true) {
    bool stays = state->phase == VN_ALERT_NORMAL || (state->flags & VN_ALERT_FLAG_LATCHED) != 0;
    return stays && state->history == 0 ? VN_ALERT_RESTS_FALSE : VN_ALERT_AWAKE;
  }
  uint32_t full = rule->hits_of > 0 ? UINT32_MAX >> (VN_ALERT_HISTORY_MAX - rule->hits_of) : 0;
  bool stays = state->phase == VN_ALERT_FIRING && state->history == full;
  return stays ? VN_ALERT_RESTS_TRUE : VN_ALERT_AWAKE;
}

void vn__alert_find_rest(const vn_alert_rule_t *rule, vn_alert_state_t *state, int32_t value) {
  vn_alert_wake(state);
  vn_alert_rest_t rest = rest_of(rule, state);
  if (rule->condition == VN_ALERT_RATE &&
      (rest == VN_ALERT_RESTS_TRUE || !is_small(rule->low, VN_ALERT_NO_LOW) ||
       !is_small(rule->limit, VN_ALERT_NO_HIGH))) {
    return;
  }
  state->rest = (uint8_t)rest;
  if (rest != VN_ALERT_AWAKE && rule->condition <= VN_ALERT_LEVELS) {
    band_t band = band_around(rule, state, value);
    VN_ASSERT(band.low <= value && value <= band.high);
    int64_t span = band.high - band.low + 1;
    state->rest_low = (int32_t)band.low;
    state->rest_span = span < UINT32_MAX ? (uint32_t)span : UINT32_MAX;
  }
}

/* From a time to a later one; they may lie further apart than int64 goes. */
static uint64_t gap_between(vn_time_ms_t from_ms, vn_time_ms_t to_ms) {
  return (uint64_t)to_ms - (uint64_t)from_ms;
}

static bool rests_unchanged(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                            vn_time_ms_t time_ms, int32_t value) {
  bool same = value == state->last_value;
  if (state->rest == VN_ALERT_RESTS_TRUE) {
    state->verdict_ms = same ? time_ms : state->verdict_ms;
    return same;
  }
  if (!same) {
    state->last_value = value;
    state->period_since_ms = time_ms;
    return true;
  }
  return gap_between(state->period_since_ms, time_ms) < (uint64_t)rule->period_ms;
}

static bool rests_at_rate(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                          vn_time_ms_t time_ms, int32_t value) {
  uint64_t gap_ms = gap_between(state->last_ms, time_ms);
  int64_t change = ((int64_t)value - state->last_value) * rule->period_ms;
  if (gap_ms - 1 >= INT32_MAX ||
      (rule->limit != VN_ALERT_NO_HIGH && change > rule->limit * (int64_t)gap_ms) ||
      (rule->low != VN_ALERT_NO_LOW && change < rule->low * (int64_t)gap_ms)) {
    return false;
  }
  state->last_value = value;
  return true;
}

bool vn_alert_rests_in_time(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                            vn_time_ms_t time_ms, int32_t value) {
  if (state->rest == VN_ALERT_AWAKE || time_ms < state->last_ms) {
    return false;
  }
  bool rests = rule->condition == VN_ALERT_RATE ? rests_at_rate(rule, state, time_ms, value)
                                                : rests_unchanged(rule, state, time_ms, value);
  if (rests) {
    state->last_ms = time_ms;
  }
  return rests;
}
