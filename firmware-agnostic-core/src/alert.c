/* Alerts: from the condition of an evaluation to a verdict, and from verdicts to phases. */
#include "vn/alert.h"

#include "alert_priv.h"
#include "vn/arith.h"
#include "vn/assert.h"

#include <stddef.h>

const char *vn_alert_phase_word(vn_alert_phase_t phase) {
  static const char *const words[] = {
      [VN_ALERT_NORMAL] = "normal",   [VN_ALERT_PENDING] = "pending",
      [VN_ALERT_FIRING] = "firing",   [VN_ALERT_RECOVERING] = "recovering",
      [VN_ALERT_NO_DATA] = "no_data",
  };
  VN_ASSERT((unsigned)phase <= VN_ALERT_NO_DATA);
  return words[phase];
}

static bool has_elapsed(vn_time_ms_t since_ms, vn_time_ms_t now_ms, int64_t duration_ms) {
  return vn_sub_saturating(now_ms, since_ms) >= duration_ms;
}

static void clear_flags(vn_alert_state_t *state, unsigned flags) {
  state->flags = (uint16_t)(state->flags & ~flags);
}

static void begin_episode(vn_alert_state_t *state, vn_time_ms_t time_ms) {
  state->phase = VN_ALERT_FIRING;
  state->episode++;
  state->revision = 0;
  int64_t since_ms = vn_sub_saturating(time_ms, state->begun_ms);
  since_ms = since_ms < 0 ? 0 : since_ms;
  state->begun_before_ms[1] = state->begun_before_ms[0];
  state->begun_before_ms[0] =
      (uint16_t)(since_ms < VN_ALERT_BEGUN_MAX_MS ? since_ms : VN_ALERT_BEGUN_MAX_MS);
  state->begun_ms = time_ms;
  clear_flags(state, VN_ALERT_FLAG_ACKNOWLEDGED | VN_ALERT_FLAG_TOLD | VN_ALERT_FLAG_FIRST |
                         VN_ALERT_FLAG_LATCHED);
}

/* The verdict is true (A3, A4, A6, A19). */
static void on_true(const vn_alert_rule_t *rule, vn_alert_state_t *state, vn_time_ms_t time_ms) {
  if (vn_alert_is_open(state)) {
    state->phase = VN_ALERT_FIRING;
    clear_flags(state, VN_ALERT_FLAG_LATCHED);
    return;
  }
  if (state->phase == VN_ALERT_NORMAL) {
    state->phase = VN_ALERT_PENDING;
    state->pending_since_ms = time_ms;
    state->samples = 0;
  }
  state->samples += state->samples < UINT32_MAX;
  if (has_elapsed(state->pending_since_ms, time_ms, rule->for_ms) &&
      state->samples >= rule->min_samples) {
    begin_episode(state, time_ms);
  }
}

/* The verdict is false, and the alert isn't normal (A4, A5, A6, A22). */
static void on_false(const vn_alert_rule_t *rule, vn_alert_state_t *state, vn_time_ms_t time_ms) {
  if (state->phase == VN_ALERT_PENDING) {
    state->phase = VN_ALERT_NORMAL;
    return;
  }
  if (state->phase == VN_ALERT_FIRING) {
    state->phase = VN_ALERT_RECOVERING;
    state->recovering_since_ms = time_ms;
  }
  if (!has_elapsed(state->recovering_since_ms, time_ms, rule->keep_firing_for_ms)) {
    return;
  }
  if (rule->latch) {
    state->flags |= VN_ALERT_FLAG_LATCHED;
  } else {
    state->phase = VN_ALERT_NORMAL;
  }
}

/* What a state looked like before something happened to it. */
typedef struct glance {
  uint8_t phase, level;
  uint16_t flags;
  bool open;
} glance_t;

static glance_t look(const vn_alert_state_t *state) {
  return (glance_t){(uint8_t)vn_alert_shown(state), state->level, state->flags,
                    vn_alert_is_open(state)};
}

static vn_alert_step_t step_from(glance_t before, const vn_alert_state_t *state) {
  unsigned gained = state->flags & ~(unsigned)before.flags;
  vn_alert_step_t step = {
      .from = before.phase, .to = (uint8_t)vn_alert_shown(state), .from_level = before.level};
  step.what |= step.from != step.to ? VN_ALERT_STEP_PHASE : 0;
  step.what |= (gained & VN_ALERT_FLAG_LATCHED) != 0 ? VN_ALERT_STEP_LATCHED : 0;
  if (before.open != vn_alert_is_open(state)) {
    step.what |= before.open ? VN_ALERT_STEP_ENDED : VN_ALERT_STEP_BEGAN;
  }
  return step;
}

static vn_alert_step_t no_change(const vn_alert_state_t *state, uint8_t what) {
  uint8_t phase = (uint8_t)vn_alert_shown(state);
  return (vn_alert_step_t){.what = what, .from = phase, .to = phase, .from_level = state->level};
}

static vn_alert_step_t change(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                              vn_time_ms_t time_ms, uint8_t level) {
  VN_ASSERT(state->phase <= VN_ALERT_RECOVERING);
  glance_t before = look(state);
  if (level > 0) {
    on_true(rule, state, time_ms);
    state->level = level;
  } else {
    on_false(rule, state, time_ms);
  }
  vn_alert_step_t step = step_from(before, state);
  step.what |= before.open && state->level != before.level ? VN_ALERT_STEP_LEVEL : 0;
  return step;
}

/* A pattern: the condition counts once the one that comes first was true, and while it holds. */
static bool counts(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                   const vn_alert_state_t *before, vn_time_ms_t time_ms, bool holds) {
  VN_ASSERT(before != NULL);
  if (!holds) {
    clear_flags(state, VN_ALERT_FLAG_COUNTS);
  } else if (before->has_verdict && before->verdict_ms <= time_ms &&
             !has_elapsed(before->verdict_ms, time_ms, vn_add_saturating(rule->within_ms, 1))) {
    state->flags |= VN_ALERT_FLAG_COUNTS;
  }
  return (state->flags & VN_ALERT_FLAG_COUNTS) != 0;
}

static bool is_hit(const vn_alert_rule_t *rule, vn_alert_state_t *state, bool holds) {
  unsigned hits = 0;
  VN_ASSERT(rule->hits_of <= VN_ALERT_HISTORY_MAX);
  uint32_t mask = UINT32_MAX >> (VN_ALERT_HISTORY_MAX - rule->hits_of);
  state->history = (state->history << 1 | holds) & mask;
  for (uint32_t left = state->history; left != 0; left &= left - 1) {
    hits++;
  }
  return hits >= rule->hits;
}

/* From the own condition to the verdict (A17, A16), and on. Most readings change nothing. */
static vn_alert_step_t judge(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                             const vn_alert_state_t *before, vn_time_ms_t time_ms, uint8_t level) {
  state->last_ms = time_ms;
  state->evaluated = true;
  state->condition_true = level > 0;
  bool holds = rule->follows ? counts(rule, state, before, time_ms, level > 0) : level > 0;
  bool verdict = rule->hits_of > 0 ? is_hit(rule, state, holds) : holds;
  if (!verdict) {
    return state->phase == VN_ALERT_NORMAL ? no_change(state, 0) : change(rule, state, time_ms, 0);
  }
  state->verdict_ms = time_ms;
  state->has_verdict = true;
  uint8_t told_level = holds ? level : state->level;
  told_level = told_level > 0 ? told_level : 1; /* once fewer hits are asked for than before */
  return state->phase == VN_ALERT_FIRING && told_level == state->level
             ? no_change(state, 0)
             : change(rule, state, time_ms, told_level);
}

bool vn_alert_is_late(const vn_alert_state_t *state, vn_time_ms_t time_ms) {
  return state->evaluated && time_ms < state->last_ms;
}

static uint8_t unchanged_level(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               vn_time_ms_t time_ms, int32_t value) {
  if (!state->evaluated || value != state->last_value) {
    state->last_value = value;
    state->period_since_ms = time_ms;
  }
  return has_elapsed(state->period_since_ms, time_ms, rule->period_ms);
}

/* Two readings at the same time have no rate: the second is none (A13). */
static vn_alert_step_t evaluate_rate(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                     const vn_alert_state_t *before, vn_time_ms_t time_ms,
                                     int32_t value) {
  if (state->evaluated && time_ms == state->last_ms) {
    return no_change(state, VN_ALERT_STEP_NONE);
  }
  vn_alert_value_t rate = vn_alert_rate(rule, state, time_ms, value);
  uint8_t level = state->evaluated ? vn__alert_level(rule, state, &rate) : 0;
  state->last_value = value;
  return judge(rule, state, before, time_ms, level);
}

static vn_alert_step_t evaluate_value(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                      const vn_alert_state_t *before, vn_time_ms_t time_ms,
                                      int32_t value) {
  if (rule->condition == VN_ALERT_UNCHANGED_FOR) {
    uint8_t level = unchanged_level(rule, state, time_ms, value);
    return judge(rule, state, before, time_ms, level);
  }
  if (rule->condition == VN_ALERT_RATE) {
    return evaluate_rate(rule, state, before, time_ms, value);
  }
  vn_alert_value_t given = {.numerator = value, .denominator = 1};
  return judge(rule, state, before, time_ms, vn__alert_level(rule, state, &given));
}

vn_alert_step_t vn_alert_value(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               const vn_alert_state_t *before, vn_time_ms_t time_ms,
                               int32_t value) {
  VN_ASSERT(rule->condition < VN_ALERT_DEVIATION);
  if (vn_alert_is_late(state, time_ms)) {
    return no_change(state, VN_ALERT_STEP_LATE);
  }
  vn_alert_step_t step = evaluate_value(rule, state, before, time_ms, value);
  vn__alert_find_rest(rule, state, value);
  return step;
}

/* vn_alert_holds looks at integers alone: no double comes with this one. */
vn_alert_step_t vn_alert_threshold(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                   vn_time_ms_t time_ms, int32_t value) {
  VN_ASSERT(!rule->follows);
  if (vn_alert_is_late(state, time_ms)) {
    return no_change(state, VN_ALERT_STEP_LATE);
  }
  return judge(rule, state, NULL, time_ms, vn_alert_holds(rule, state->condition_true, value));
}

vn_alert_step_t vn_alert_statistic(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                   const vn_alert_state_t *before, vn_time_ms_t time_ms,
                                   const vn_alert_value_t *value) {
  VN_ASSERT(rule->condition <= VN_ALERT_LEVELS || rule->condition == VN_ALERT_REACHES ||
            rule->condition == VN_ALERT_FALLS_TO);
  if (vn_alert_is_late(state, time_ms)) {
    return no_change(state, VN_ALERT_STEP_LATE);
  }
  return judge(rule, state, before, time_ms, vn__alert_level(rule, state, value));
}

/* A score that passes holds the condition for the whole period, so that one incident is one alert.
 */
vn_alert_step_t vn_alert_score(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                               const vn_alert_state_t *before, vn_time_ms_t time_ms,
                               uint32_t score) {
  VN_ASSERT(rule->condition == VN_ALERT_DEVIATION);
  if (vn_alert_is_late(state, time_ms)) {
    return no_change(state, VN_ALERT_STEP_LATE);
  }
  bool held =
      state->condition_true && !has_elapsed(state->period_since_ms, time_ms, rule->period_ms);
  bool passes = score > rule->limit;
  if (passes && !held) {
    state->period_since_ms = time_ms;
  }
  return judge(rule, state, before, time_ms, held || passes);
}

/* Gaps that are learned before they count. */
#define GAPS_MIN 8u

int64_t vn_alert_patience_ms(const vn_alert_rule_t *rule, const vn_alert_state_t *state) {
  VN_ASSERT(rule->condition == VN_ALERT_ABSENT_FOR);
  if (rule->times == 0 || state->samples < GAPS_MIN) {
    return rule->period_ms;
  }
  int64_t learned_ms = (int64_t)rule->times * state->gap_x8_ms / 8;
  learned_ms = learned_ms < rule->least_ms ? rule->least_ms : learned_ms;
  return learned_ms > rule->period_ms ? rule->period_ms : learned_ms;
}

/* Gaps of more than six days count as six days, so that the sum keeps its 32 bits. */
void vn_alert_learn_gap(vn_alert_state_t *state, int64_t gap_ms) {
  const int64_t gap_max_ms = UINT32_MAX / 8;
  VN_ASSERT(gap_ms >= 0);
  uint32_t gap = (uint32_t)(gap_ms < gap_max_ms ? gap_ms : gap_max_ms);
  state->gap_x8_ms =
      state->samples == 0 ? gap * 8u : state->gap_x8_ms - state->gap_x8_ms / 8u + gap;
  state->samples += state->samples < GAPS_MIN;
}

vn_alert_step_t vn_alert_fall_silent(vn_alert_state_t *state, vn_time_ms_t at_ms) {
  VN_ASSERT(state->phase == VN_ALERT_NORMAL);
  glance_t before = look(state);
  begin_episode(state, at_ms);
  state->pending_since_ms = at_ms;
  return step_from(before, state);
}

vn_alert_step_t vn_alert_speak(vn_alert_state_t *state, vn_time_ms_t at_ms) {
  VN_ASSERT(state->phase == VN_ALERT_FIRING);
  glance_t before = look(state);
  state->phase = VN_ALERT_NORMAL;
  state->recovering_since_ms = at_ms;
  return step_from(before, state);
}

vn_alert_step_t vn_alert_lose_data(vn_alert_state_t *state) {
  VN_ASSERT((state->flags & VN_ALERT_FLAG_NO_DATA) == 0);
  glance_t before = look(state);
  state->flags |= VN_ALERT_FLAG_NO_DATA;
  if (state->phase == VN_ALERT_PENDING) {
    state->phase = VN_ALERT_NORMAL;
  }
  return step_from(before, state);
}

vn_alert_step_t vn_alert_find_data(vn_alert_state_t *state) {
  VN_ASSERT((state->flags & VN_ALERT_FLAG_NO_DATA) != 0);
  glance_t before = look(state);
  clear_flags(state, VN_ALERT_FLAG_NO_DATA);
  return step_from(before, state);
}

vn_alert_step_t vn_alert_reset(vn_alert_state_t *state) {
  VN_ASSERT((state->flags & VN_ALERT_FLAG_LATCHED) != 0);
  glance_t before = look(state);
  clear_flags(state, VN_ALERT_FLAG_LATCHED);
  state->phase = VN_ALERT_NORMAL;
  return step_from(before, state);
}

vn_alert_step_t vn_alert_end(vn_alert_state_t *state, vn_time_ms_t at_ms) {
  glance_t before = look(state);
  if (state->phase == VN_ALERT_FIRING) {
    state->recovering_since_ms = at_ms;
  }
  state->phase = VN_ALERT_NORMAL;
  vn_alert_wake(state);
  clear_flags(state, VN_ALERT_FLAG_NO_DATA | VN_ALERT_FLAG_LATCHED);
  return step_from(before, state);
}
