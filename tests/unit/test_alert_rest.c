/* Alerts at rest: exactly the readings that change nothing take the short way. */
#include "vn/alert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Behind a reading at time 0, `value` a second later is told in the short way. */
static bool rests_after(const vn_alert_rule_t *rule, vn_alert_state_t *state, int32_t first,
                        int32_t value) {
  vn_alert_state_t alert = *state;
  (void)vn_alert_value(rule, &alert, NULL, 0, first);
  vn_alert_state_t rested = alert;
  bool rests = vn_alert_goes_by_time(rule) ? vn_alert_rests_in_time(rule, &rested, 1000, value)
                                           : vn_alert_rests(&rested, 1000, value);
  assert_true(rested.last_ms == (rests ? 1000 : 0));
  assert_true(rests || memcmp(&rested, &alert, sizeof alert) == 0);
  return rests;
}

/* An alert rests after `first` exactly from `low` to `high`. */
static void check_rest(const vn_alert_rule_t *rule, int32_t first, int32_t low, int32_t high) {
  vn_alert_state_t fresh = {0};
  assert_true(rests_after(rule, &fresh, first, low));
  assert_true(rests_after(rule, &fresh, first, high));
  assert_true(low == INT32_MIN || !rests_after(rule, &fresh, first, low - 1));
  assert_true(high >= INT32_MAX - 1 || !rests_after(rule, &fresh, first, high + 1));
}

static void an_alert_rests_as_long_as_no_limit_is_passed(void **state) {
  (void)state;
  vn_alert_rule_t above = {.condition = VN_ALERT_ABOVE, .limit = 100, .hysteresis = 10};
  check_rest(&above, 0, INT32_MIN, 100);
  check_rest(&above, 101, 91, INT32_MAX);
  vn_alert_rule_t below = {.condition = VN_ALERT_BELOW, .limit = 100, .hysteresis = 10};
  check_rest(&below, 200, 100, INT32_MAX);
  check_rest(&below, 99, INT32_MIN, 109);
  vn_alert_rule_t outside = {
      .condition = VN_ALERT_OUTSIDE, .low = 0, .limit = 100, .hysteresis = 10};
  check_rest(&outside, 50, 0, 100);
  check_rest(&outside, 101, 91, INT32_MAX);
  check_rest(&outside, -1, INT32_MIN, 9);
  vn_alert_rule_t inside = {.condition = VN_ALERT_INSIDE, .low = 10, .limit = 20, .hysteresis = 5};
  check_rest(&inside, 15, 5, 25);
  check_rest(&inside, 9, INT32_MIN, 9);
  check_rest(&inside, 21, 21, INT32_MAX);
  static const vn_alert_limits_t above_2[] = {{VN_ALERT_NO_LOW, 700, 20},
                                              {VN_ALERT_NO_LOW, 900, 50}};
  vn_alert_rule_t levels = {.condition = VN_ALERT_LEVELS, .levels = above_2, .level_count = 2};
  check_rest(&levels, 0, INT32_MIN, 700);
  check_rest(&levels, 701, 681, 900);
  check_rest(&levels, 901, 851, INT32_MAX);
  vn_alert_rule_t never = {.condition = VN_ALERT_ABOVE, .limit = INT64_MAX / 4};
  check_rest(&never, 0, INT32_MIN, INT32_MAX - 1);
}

static void what_looks_back_rests_when_it_looks_back_at_the_same(void **state) {
  (void)state;
  vn_alert_rule_t rule = {.condition = VN_ALERT_ABOVE, .limit = 100, .hits = 1, .hits_of = 2};
  vn_alert_state_t alert = {0};
  assert_true(rests_after(&rule, &alert, 0, 100));
  assert_false(rests_after(&rule, &alert, 101, 101));
  (void)vn_alert_value(&rule, &alert, NULL, -1, 101);
  assert_true(rests_after(&rule, &alert, 101, 101));
  assert_false(rests_after(&rule, &alert, 100, 100));
  rule.hits_of = 1;
  assert_true(rests_after(&rule, &alert, 101, 101));
}

static void what_waits_for_something_is_awake(void **state) {
  (void)state;
  vn_alert_state_t fresh = {0};
  vn_alert_rule_t slow = {
      .condition = VN_ALERT_ABOVE, .limit = 100, .for_ms = 5000, .keep_firing_for_ms = 5000};
  assert_true(rests_after(&slow, &fresh, 100, 100));
  assert_false(rests_after(&slow, &fresh, 101, 101)); /* pending */
  vn_alert_state_t alert = {0};
  (void)vn_alert_value(&slow, &alert, NULL, -9000, 101);
  (void)vn_alert_value(&slow, &alert, NULL, -4000, 101);
  assert_true(rests_after(&slow, &alert, 101, 101));
  assert_false(rests_after(&slow, &alert, 100, 100)); /* recovering */
  slow.latch = true;
  (void)vn_alert_value(&slow, &alert, NULL, -3000, 100);
  assert_false(rests_after(&slow, &alert, 100, 100));
  alert.recovering_since_ms = -5000;
  assert_true(rests_after(&slow, &alert, 100, 100)); /* latched */
}

/* A condition that holds without counting waits for the one that comes first. */
static void a_pattern_rests_when_it_counts(void **state) {
  (void)state;
  vn_alert_rule_t rule = {
      .condition = VN_ALERT_ABOVE, .limit = 100, .follows = true, .within_ms = 10};
  vn_alert_state_t leader = {0};
  vn_alert_state_t alert = {0};
  (void)vn_alert_value(&rule, &alert, &leader, 0, 100);
  assert_true(vn_alert_rests(&alert, 1, 100));
  (void)vn_alert_value(&rule, &alert, &leader, 2, 101);
  assert_false(vn_alert_rests(&alert, 3, 101));
  leader.has_verdict = true;
  leader.verdict_ms = 2;
  (void)vn_alert_value(&rule, &alert, &leader, 3, 101);
  assert_int_equal(alert.phase, VN_ALERT_FIRING);
  assert_true(vn_alert_rests(&alert, 500, 101));
  assert_true(alert.verdict_ms == 500);
}

static void whoever_is_awake_is_looked_at_in_full(void **state) {
  (void)state;
  vn_alert_rule_t rule = {.condition = VN_ALERT_ABOVE, .limit = 100};
  vn_alert_state_t alert = {0};
  assert_false(vn_alert_rests(&alert, 0, 0));
  (void)vn_alert_value(&rule, &alert, NULL, 0, 101);
  assert_true(vn_alert_rests(&alert, 0, 101) && !vn_alert_rests(&alert, -1, 101));
  (void)vn_alert_end(&alert, 1);
  assert_false(vn_alert_rests(&alert, 1, 101));
}

static void a_rate_rests_between_its_limits(void **state) {
  (void)state;
  vn_alert_state_t fresh = {0};
  vn_alert_rule_t rate = {.condition = VN_ALERT_RATE, .low = -5, .limit = 10, .period_ms = 1000};
  assert_true(rests_after(&rate, &fresh, 7, 17) && rests_after(&rate, &fresh, 7, 2));
  assert_false(rests_after(&rate, &fresh, 7, 18) || rests_after(&rate, &fresh, 7, 1));
  rate.limit = INT64_C(1) << 31;
  assert_false(rests_after(&rate, &fresh, 7, 7));
  rate.limit = INT32_MAX;
  rate.low = INT32_MIN;
  assert_true(rests_after(&rate, &fresh, 7, 7));
  rate.limit = VN_ALERT_NO_HIGH;
  assert_true(rests_after(&rate, &fresh, INT32_MIN, INT32_MAX));
  rate.low = INT64_MIN / 4;
  assert_false(rests_after(&rate, &fresh, 7, 7));
  rate.low = VN_ALERT_NO_LOW;
  rate.limit = INT32_MAX;
  (void)vn_alert_value(&rate, &fresh, NULL, INT64_MIN, 0);
  assert_true(vn_alert_rests_in_time(&rate, &fresh, INT64_MIN + 1, 1));
  assert_true(vn_alert_rests_in_time(&rate, &fresh, INT64_MIN + INT32_MAX, INT32_MAX));
  assert_false(vn_alert_rests_in_time(&rate, &fresh, INT64_MIN + INT32_MAX, 0));
  assert_false(vn_alert_rests_in_time(&rate, &fresh, INT64_MAX, 0));
  assert_false(vn_alert_rests_in_time(&rate, &fresh, INT64_MIN, 0));
}

static void a_value_that_changes_or_stands_still_goes_on_at_rest(void **state) {
  (void)state;
  vn_alert_rule_t rule = {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 1001};
  vn_alert_state_t alert = {0};
  assert_true(rests_after(&rule, &alert, 7, 8) && rests_after(&rule, &alert, 7, 7));
  rule.period_ms = 1000;
  assert_false(rests_after(&rule, &alert, 7, 7));
  (void)vn_alert_value(&rule, &alert, NULL, -1000, 7);
  assert_true(rests_after(&rule, &alert, 7, 7));
  assert_false(rests_after(&rule, &alert, 7, 8));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_alert_rests_as_long_as_no_limit_is_passed),
      cmocka_unit_test(what_looks_back_rests_when_it_looks_back_at_the_same),
      cmocka_unit_test(what_waits_for_something_is_awake),
      cmocka_unit_test(a_pattern_rests_when_it_counts),
      cmocka_unit_test(whoever_is_awake_is_looked_at_in_full),
      cmocka_unit_test(a_rate_rests_between_its_limits),
      cmocka_unit_test(a_value_that_changes_or_stands_still_goes_on_at_rest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
