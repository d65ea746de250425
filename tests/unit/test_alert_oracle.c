/*
 * Alerts against an oracle that keeps the whole history. It has no state machine: it looks for runs
 * of true and false conditions in the trace and lays the phases over them, straight from the rules.
 */
#include "vn/alert.h"

#include "asked.h"
#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 31
#define TRACES 40000u
#define READINGS_MAX 60u
#define NOWHERE READINGS_MAX

static bool is_late(vn_alert_step_t step) { return (step.what & VN_ALERT_STEP_LATE) != 0; }

static bool has_moved(vn_alert_step_t step) { return (step.what & VN_ALERT_STEP_PHASE) != 0; }

static vn_alert_step_t evaluate_mean(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                     vn_time_ms_t time_ms, int64_t sum, uint32_t count) {
  vn_alert_value_t mean = {sum, count, 0, 0};
  return vn_alert_statistic(rule, state, NULL, time_ms, &mean);
}

typedef struct reading {
  vn_time_ms_t time_ms;
  int64_t sum; /* value = sum / count */
  uint32_t count;
  bool late;
} reading_t;

typedef struct expectation {
  vn_alert_phase_t phase;
  uint32_t episode;
  vn_time_ms_t pending_since_ms; /* of the last reading that began to be true outside an episode */
  vn_time_ms_t recovering_since_ms; /* of the last one that became false inside an episode */
} expectation_t;

/* The trace as evaluated: late readings left out. */
typedef struct history {
  reading_t readings[READINGS_MAX];
  bool condition[READINGS_MAX];
  expectation_t expected[READINGS_MAX];
  uint32_t count;
} history_t;

/* Small numbers only: products stay far inside int64. */
static bool exceeds(const reading_t *reading, int64_t limit) {
  return reading->sum > limit * reading->count;
}

static bool falls_below(const reading_t *reading, int64_t limit) {
  return reading->sum < limit * reading->count;
}

/* A2 for reading i: some reading up to i crossed the limit, and none since has crossed it back. */
static bool crossed(const vn_alert_rule_t *rule, const history_t *history, uint32_t i) {
  for (uint32_t j = i + 1; j-- > 0;) {
    const reading_t *reading = &history->readings[j];
    bool above = rule->condition == VN_ALERT_ABOVE;
    if (above ? exceeds(reading, rule->limit) : falls_below(reading, rule->limit)) {
      return true;
    }
    if (above ? !exceeds(reading, rule->limit - rule->hysteresis)
              : !falls_below(reading, rule->limit + rule->hysteresis)) {
      return false;
    }
  }
  return false;
}

static bool stood_still(const vn_alert_rule_t *rule, const history_t *history, uint32_t i) {
  uint32_t begin = i;
  while (begin > 0 && history->readings[begin - 1].sum == history->readings[i].sum) {
    begin--;
  }
  return history->readings[i].time_ms >= history->readings[begin].time_ms + rule->period_ms;
}

/* First index from `from` on whose condition is `wanted`; the end of the history if there is none.
 */
static uint32_t find(const history_t *history, uint32_t from, bool wanted) {
  while (from < history->count && history->condition[from] != wanted) {
    from++;
  }
  return from;
}

/* First index in [begin, end) whose time is `delay` after that of `begin`. */
static uint32_t elapsed(const history_t *history, uint32_t begin, uint32_t end, int64_t delay_ms) {
  for (uint32_t i = begin; i < end; i++) {
    if (history->readings[i].time_ms >= history->readings[begin].time_ms + delay_ms) {
      return i;
    }
  }
  return NOWHERE;
}

static void lay(history_t *history, uint32_t begin, uint32_t end, expectation_t expected) {
  for (uint32_t i = begin; i < end; i++) {
    history->expected[i] = expected;
  }
}

/* Lays an episode that fires at `from`; returns the index of the reading that ends it, or the end.
 */
static uint32_t lay_episode(const vn_alert_rule_t *rule, history_t *history, uint32_t from,
                            expectation_t *now) {
  now->episode++;
  uint32_t at = from;
  while (at < history->count) {
    uint32_t falls = find(history, at, false);
    now->phase = VN_ALERT_FIRING;
    lay(history, at, falls, *now);
    if (falls == history->count) {
      return falls;
    }
    uint32_t rises = find(history, falls, true);
    uint32_t end = elapsed(history, falls, rises, rule->keep_firing_for_ms);
    now->recovering_since_ms = history->readings[falls].time_ms;
    now->phase = VN_ALERT_RECOVERING;
    lay(history, falls, end == NOWHERE ? rises : end, *now);
    if (end != NOWHERE) {
      return end;
    }
    at = rises;
  }
  return at;
}

static void expect_phases(const vn_alert_rule_t *rule, history_t *history) {
  expectation_t now = {.phase = VN_ALERT_NORMAL};
  uint32_t at = 0;
  while (at < history->count) {
    uint32_t rises = find(history, at, true);
    now.phase = VN_ALERT_NORMAL;
    lay(history, at, rises, now);
    if (rises == history->count) {
      return;
    }
    uint32_t falls = find(history, rises, false);
    uint32_t fires = elapsed(history, rises, falls, rule->for_ms);
    now.pending_since_ms = history->readings[rises].time_ms;
    now.phase = VN_ALERT_PENDING;
    lay(history, rises, fires == NOWHERE ? falls : fires, now);
    at = fires == NOWHERE ? falls : lay_episode(rule, history, fires, &now);
  }
}

static vn_alert_rule_t any_rule(prng_t *prng, bool of_value) {
  vn_alert_rule_t rule = {.limit = prng_between(prng, -3, 3),
                          .hysteresis = prng_between(prng, 0, 2),
                          .for_ms = prng_between(prng, 0, 8),
                          .keep_firing_for_ms = prng_between(prng, 0, 8),
                          .period_ms = prng_between(prng, 1, 8)};
  rule.for_ms *= prng_chance(prng, 70);
  rule.keep_firing_for_ms *= prng_chance(prng, 70);
  uint32_t condition = prng_below(prng, of_value ? 3 : 2);
  rule.condition = (uint8_t)(condition == 2 ? VN_ALERT_UNCHANGED_FOR
                                            : (condition == 1 ? VN_ALERT_BELOW : VN_ALERT_ABOVE));
  return rule;
}

static uint32_t any_trace(prng_t *prng, bool of_value, reading_t trace[READINGS_MAX]) {
  uint32_t count = 1 + prng_below(prng, READINGS_MAX);
  vn_time_ms_t latest = prng_between(prng, -30, 30);
  int64_t spread = prng_between(prng, 1, 5);
  for (uint32_t i = 0; i < count; i++) {
    vn_time_ms_t time_ms = latest + prng_between(prng, -2, 5);
    trace[i].count = of_value ? 1 : 1 + prng_below(prng, 5);
    trace[i].sum = prng_between(prng, -spread, spread) * (of_value ? 1 : prng_between(prng, 1, 5));
    trace[i].time_ms = time_ms;
    trace[i].late = i > 0 && time_ms < latest;
    latest = i == 0 || time_ms > latest ? time_ms : latest;
  }
  return count;
}

static history_t make_history(const vn_alert_rule_t *rule, const reading_t *trace, uint32_t count) {
  history_t history = {.count = 0};
  for (uint32_t i = 0; i < count; i++) {
    if (!trace[i].late) {
      history.readings[history.count++] = trace[i];
    }
  }
  for (uint32_t i = 0; i < history.count; i++) {
    history.condition[i] = rule->condition == VN_ALERT_UNCHANGED_FOR
                               ? stood_still(rule, &history, i)
                               : crossed(rule, &history, i);
  }
  expect_phases(rule, &history);
  return history;
}

static void expect_step(vn_alert_step_t step, const vn_alert_state_t *state,
                        const expectation_t *before, const expectation_t *after) {
  assert_false(is_late(step));
  assert_int_equal(step.from, before->phase);
  assert_int_equal(step.to, after->phase);
  assert_int_equal(has_moved(step), before->phase != after->phase);
  assert_int_equal(state->phase, after->phase);
  assert_int_equal(state->episode, after->episode);
  assert_true(state->pending_since_ms == after->pending_since_ms);
  assert_true(state->recovering_since_ms == after->recovering_since_ms);
}

/* Where the short way says that an alert rests, the long one changes nothing but the same times. */
static vn_alert_step_t evaluate_value(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                      const reading_t *reading) {
  vn_alert_state_t rested = *state;
  bool rests = vn_alert_goes_by_time(rule)
                   ? vn_alert_rests_in_time(rule, &rested, reading->time_ms, (int32_t)reading->sum)
                   : vn_alert_rests(&rested, reading->time_ms, (int32_t)reading->sum);
  vn_alert_step_t step = vn_alert_value(rule, state, NULL, reading->time_ms, (int32_t)reading->sum);
  if (rests) {
    assert_true(!has_moved(step) && !is_late(step));
    assert_memory_equal(&rested, state, sizeof rested);
  }
  return step;
}

static uint32_t check_trace(prng_t *prng, bool of_value) {
  reading_t trace[READINGS_MAX];
  vn_alert_rule_t rule = any_rule(prng, of_value);
  uint32_t count = any_trace(prng, of_value, trace);
  history_t history = make_history(&rule, trace, count);
  vn_alert_state_t state;
  memset(&state, 0, sizeof state);
  expectation_t before = {.phase = VN_ALERT_NORMAL};
  uint32_t evaluated = 0;
  for (uint32_t i = 0; i < count; i++) {
    vn_alert_step_t step =
        of_value ? evaluate_value(&rule, &state, &trace[i])
                 : evaluate_mean(&rule, &state, trace[i].time_ms, trace[i].sum, trace[i].count);
    if (trace[i].late) {
      assert_true(is_late(step) && !has_moved(step) && step.from == before.phase);
      assert_int_equal(state.phase, before.phase);
      continue;
    }
    expect_step(step, &state, &before, &history.expected[evaluated]);
    before = history.expected[evaluated++];
  }
  return before.episode;
}

static void values_go_through_the_phases_of_the_rules(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  uint32_t episodes = 0, traces = rounds(TRACES);
  for (uint32_t i = 0; i < traces; i++) {
    episodes += check_trace(&prng, true);
  }
  print_message("%u episodes\n", (unsigned)episodes);
  assert_true(episodes > traces);
}

static void means_go_through_the_phases_of_the_rules(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  uint32_t episodes = 0, traces = rounds(TRACES);
  for (uint32_t i = 0; i < traces; i++) {
    episodes += check_trace(&prng, false);
  }
  print_message("%u episodes\n", (unsigned)episodes);
  assert_true(episodes > traces);
}

static bool mean_is(vn_alert_condition_t condition, int64_t limit, int64_t sum, uint32_t count) {
  vn_alert_rule_t rule = {.condition = (uint8_t)condition, .limit = limit};
  vn_alert_state_t state = {0};
  return evaluate_mean(&rule, &state, 0, sum, count).to == VN_ALERT_FIRING;
}

static void means_are_compared_without_division(void **state) {
  (void)state;
  assert_false(mean_is(VN_ALERT_ABOVE, 7, 21, 3));
  assert_true(mean_is(VN_ALERT_ABOVE, 7, 22, 3));
  assert_false(mean_is(VN_ALERT_BELOW, 7, 21, 3));
  assert_true(mean_is(VN_ALERT_BELOW, 7, 20, 3));
  assert_true(mean_is(VN_ALERT_ABOVE, -7, -20, 3));
  assert_false(mean_is(VN_ALERT_ABOVE, -7, -21, 3));
  assert_true(mean_is(VN_ALERT_BELOW, -7, -22, 3));
  assert_true(mean_is(VN_ALERT_BELOW, 0, -1, UINT32_MAX));
  assert_true(mean_is(VN_ALERT_ABOVE, 0, 1, UINT32_MAX));
  assert_false(mean_is(VN_ALERT_ABOVE, 0, 0, 1));
  assert_true(mean_is(VN_ALERT_ABOVE, -1, 0, 1));
}

static void products_beyond_64_bits_are_compared_exactly(void **state) {
  (void)state;
  const int64_t limit = INT64_C(2147483647);
  const int64_t sum = limit * UINT32_MAX;
  assert_false(mean_is(VN_ALERT_ABOVE, limit, sum, UINT32_MAX));
  assert_true(mean_is(VN_ALERT_ABOVE, limit, sum + 1, UINT32_MAX));
  assert_true(mean_is(VN_ALERT_BELOW, limit, sum - 1, UINT32_MAX));
  assert_false(mean_is(VN_ALERT_ABOVE, INT64_MAX, INT64_MAX, 2));
  assert_true(mean_is(VN_ALERT_BELOW, INT64_MAX, INT64_MAX, 2));
  assert_true(mean_is(VN_ALERT_ABOVE, INT64_MIN, INT64_MIN, 2));
  assert_false(mean_is(VN_ALERT_BELOW, INT64_MIN, INT64_MIN, UINT32_MAX));
  assert_false(mean_is(VN_ALERT_BELOW, INT64_MIN, INT64_MIN, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_go_through_the_phases_of_the_rules),
      cmocka_unit_test(means_go_through_the_phases_of_the_rules),
      cmocka_unit_test(means_are_compared_without_division),
      cmocka_unit_test(products_beyond_64_bits_are_compared_exactly),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
