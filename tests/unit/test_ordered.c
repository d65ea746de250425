/* Ordered content: readings one by one or in panes, what is carried in, bounds of the results. */
#include "vn/ordered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"

enum { READINGS = 40, ALL = 7 };

static const vn_ordered_set_t hold = {
    .rule = {.time_weighted = {VN_DURATION_OFF, VN_TIME_WEIGHTED_LOCF},
             .exponential = {0, VN_EXPONENTIAL_ONE / 4}},
    .kinds = ALL};

static void expect(double got, double want) { assert_true(got >= want && got <= want); }

static void append(const vn_ordered_set_t *set, vn_ordered_state_t *state, vn_ordered_pane_t *pane,
                   vn_time_ms_t time_ms, int32_t value) {
  const vn_point_t reading = {time_ms, value};
  assert_true(vn_ordered_append(set, state, pane, &reading));
}

static void a_reading_before_the_last_one_is_counted_and_changes_nothing(void **state) {
  (void)state;
  vn_ordered_state_t series = {.used = false};
  vn_ordered_pane_t pane = {.used = false};
  append(&hold, &series, &pane, 10, 8);
  append(&hold, &series, &pane, 10, 16);
  vn_ordered_state_t before = series;
  vn_ordered_pane_t content = pane;
  const vn_point_t late = {9, 100};
  assert_false(vn_ordered_append(&hold, &series, &pane, &late));
  assert_int_equal(series.unordered, 1);
  before.unordered = 1;
  assert_memory_equal(&before, &series, sizeof series);
  assert_memory_equal(&content, &pane, sizeof pane);
  vn_ordered_values_t values = vn_ordered_result(&hold, &pane, 0, 20, NULL);
  expect(values.mean, 16);
  expect(values.exponential_mean, 10);
  assert_int_equal(values.increase, 8);
  assert_false(values.has_rate);
}

static void random_rule(prng_t *prng, vn_ordered_set_t *set) {
  set->rule.time_weighted.mode = (uint8_t)prng_below(prng, 2);
  set->rule.time_weighted.max_hold_ms =
      prng_chance(prng, 50) ? VN_DURATION_OFF : prng_between(prng, 0, 30);
  set->rule.counter_modulus = prng_chance(prng, 50) ? 0 : 1000;
  set->rule.exponential = prng_chance(prng, 50)
                              ? (vn_exponential_rule_t){20, 0}
                              : (vn_exponential_rule_t){0, VN_EXPONENTIAL_ONE / 3};
}

static void expect_same(const vn_ordered_values_t *a, const vn_ordered_values_t *b) {
  assert_true(a->has_mean == b->has_mean && a->has_rate == b->has_rate);
  assert_true(a->has_increase == b->has_increase && a->has_exponential == b->has_exponential);
  expect(a->mean, b->mean);
  expect(a->integral_s, b->integral_s);
  expect(a->rate_per_s, b->rate_per_s);
  expect(a->exponential_mean, b->exponential_mean);
  assert_int_equal(a->covered_ms, b->covered_ms);
  assert_int_equal(a->increase, b->increase);
}

static void panes_of_any_length_merge_to_the_same(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 2000; seed++) {
    prng_t prng = prng_make(seed, 1);
    vn_ordered_set_t set = {.kinds = ALL};
    random_rule(&prng, &set);
    vn_ordered_state_t one = {.used = false};
    vn_ordered_state_t many = {.used = false};
    vn_ordered_pane_t whole = {.used = false};
    vn_ordered_pane_t pane = {.used = false};
    vn_ordered_pane_t total = {.used = false};
    int64_t time_ms = 100 + prng_between(&prng, 0, 50);
    for (uint32_t i = 0; i < READINGS; i++) {
      int32_t value = (int32_t)prng_between(&prng, -500, 500);
      append(&set, &one, &whole, time_ms, value);
      append(&set, &many, &pane, time_ms, value);
      if (prng_chance(&prng, 30)) {
        vn_ordered_merge(&set, &total, &pane);
        pane.used = false;
      }
      time_ms += prng_below(&prng, 20);
    }
    vn_ordered_merge(&set, &total, &pane);
    vn_ordered_values_t a = vn_ordered_result(&set, &whole, 90, time_ms + 40, NULL);
    vn_ordered_values_t b = vn_ordered_result(&set, &total, 90, time_ms + 40, NULL);
    expect_same(&a, &b);
  }
}

static void the_reading_before_a_pane_is_carried_into_it(void **state) {
  (void)state;
  vn_ordered_state_t series = {.used = false};
  vn_ordered_pane_t first = {.used = false};
  vn_ordered_pane_t second = {.used = false};
  append(&hold, &series, &first, -30, 4);
  append(&hold, &series, &second, 50, 8);
  vn_ordered_values_t values = vn_ordered_result(&hold, &second, 0, 100, NULL);
  expect(values.mean, 6);
  expect(values.integral_s, 0.6);
  expect(values.rate_per_s, 50);
  assert_int_equal(values.covered_ms, 100);
  assert_int_equal(values.increase, 4);
}

static void nothing_in_order_gives_no_value(void **state) {
  (void)state;
  const vn_ordered_pane_t empty = {.used = false};
  vn_ordered_values_t values = vn_ordered_result(&hold, &empty, 0, 10, NULL);
  assert_false(values.has_mean || values.has_increase || values.has_rate || values.has_exponential);
}

static void only_the_kinds_asked_for_are_there(void **state) {
  (void)state;
  for (uint8_t kinds = 1; kinds < ALL; kinds++) {
    vn_ordered_set_t set = hold;
    set.kinds = kinds;
    vn_ordered_state_t series = {.used = false};
    vn_ordered_pane_t pane = {.used = false};
    append(&set, &series, &pane, 1, 5);
    append(&set, &series, &pane, 3, 6);
    vn_ordered_values_t values = vn_ordered_result(&set, &pane, 0, 10, NULL);
    assert_int_equal(values.has_mean, (kinds & VN_ORDERED_TIME_WEIGHTED) != 0);
    assert_int_equal(values.has_increase, (kinds & VN_ORDERED_COUNTER) != 0);
    assert_int_equal(values.has_rate, (kinds & VN_ORDERED_COUNTER) != 0);
    assert_int_equal(values.has_exponential, (kinds & VN_ORDERED_EXPONENTIAL) != 0);
  }
}

/* What texts of results are sized for. */
static void results_have_bounds(void **state) {
  (void)state;
  vn_ordered_pane_t pane = {.first_ms = 5,
                            .last_ms = 6,
                            .increase = UINT64_MAX,
                            .mean = 1,
                            .used = true,
                            .saturated = true};
  vn_ordered_values_t values = vn_ordered_result(&hold, &pane, 0, 10, NULL);
  assert_true(values.increase == INT64_MAX);
  expect(values.rate_per_s, 9223372036854775807.0);
  expect(values.exponential_mean, 0);
  const int64_t century_ms = INT64_C(3155760000000);
  vn_ordered_state_t series = {.used = false};
  pane.used = false;
  append(&hold, &series, &pane, 0, INT32_MIN);
  values = vn_ordered_result(&hold, &pane, 0, 3 * century_ms, NULL);
  expect(values.integral_s, -9223372036854775807.0);
  series.used = pane.used = false;
  append(&hold, &series, &pane, 0, 0);
  append(&hold, &series, &pane, century_ms - 1, 1);
  values = vn_ordered_result(&hold, &pane, 0, century_ms, NULL);
  expect(values.mean, 0);
  expect(values.rate_per_s, 0);
  expect(values.integral_s, 0.001);
}

/* Lines that are cut at both ends of a window of years: the quotient needs more than 64 bits. */
static void long_lines_are_as_exact_as_a_double(void **state) {
  (void)state;
  vn_ordered_set_t set = hold;
  set.rule.time_weighted.mode = VN_TIME_WEIGHTED_TRAPEZOID;
  const int64_t year_ms = INT64_C(31557600000);
  vn_ordered_state_t series = {.used = false};
  vn_ordered_pane_t earlier = {.used = false};
  vn_ordered_pane_t pane = {.used = false};
  append(&set, &series, &earlier, -year_ms, -7);
  append(&set, &series, &pane, year_ms + 1, 7);
  const vn_point_t after = {3 * year_ms + 2, 7};
  vn_ordered_values_t values = vn_ordered_result(&set, &pane, 0, 2 * year_ms, &after);
  assert_int_equal(values.covered_ms, 2 * year_ms);
  double want_s = 7.0 * (double)year_ms * 1.5 / 1000;
  assert_true(values.integral_s > want_s * 0.999999 && values.integral_s < want_s * 1.000001);
  assert_true(values.mean > 5.24999 && values.mean < 5.25001);
}

/* Both lines that reach out of the window span years: their quotient needs more than 64 bits. */
static void lines_of_long_spans_give_their_integral(void **state) {
  (void)state;
  const int64_t years_ms = INT64_C(1) << 37;
  vn_ordered_set_t lines = hold;
  lines.rule.time_weighted.mode = VN_TIME_WEIGHTED_TRAPEZOID;
  vn_ordered_state_t series = {.used = false};
  vn_ordered_pane_t early = {.used = false}, pane = {.used = false};
  append(&lines, &series, &early, -years_ms, 6);
  append(&lines, &series, &pane, 500, 7);
  const vn_point_t after = {years_ms + 1001, 9};
  vn_ordered_values_t values = vn_ordered_result(&lines, &pane, 0, 1000, &after);
  assert_true(values.has_mean);
  assert_true(values.mean > 6.999999 && values.mean < 7.000001);
  assert_true(values.integral_s > 6.999999 && values.integral_s < 7.000001);
  assert_int_equal(values.covered_ms, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reading_before_the_last_one_is_counted_and_changes_nothing),
      cmocka_unit_test(panes_of_any_length_merge_to_the_same),
      cmocka_unit_test(the_reading_before_a_pane_is_carried_into_it),
      cmocka_unit_test(nothing_in_order_gives_no_value),
      cmocka_unit_test(only_the_kinds_asked_for_are_there),
      cmocka_unit_test(results_have_bounds),
      cmocka_unit_test(long_lines_are_as_exact_as_a_double),
      cmocka_unit_test(lines_of_long_spans_give_their_integral),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
