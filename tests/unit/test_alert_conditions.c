/* Conditions of alerts at their limits: ranges, levels, rates, lines, floats. */
#include "alert_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define DAY_MS INT64_C(86400000)

#define OUTSIDE_0_100 .condition = VN_ALERT_OUTSIDE, .low = 0, .limit = 100
#define INSIDE_10_20 .condition = VN_ALERT_INSIDE, .low = 10, .limit = 20
#define RATE_ABOVE_10 \
  .condition = VN_ALERT_RATE, .low = VN_ALERT_NO_LOW, .limit = 10, .period_ms = 1000

static const alert_scene_t ranges[] = {
    {"outside: a value on either limit is not outside",
     {OUTSIDE_0_100},
     {{0, 100}, {1, 101}, {2, 100}, {3, 0}, {4, -1}, {5, 0}},
     "NFNNFN",
     "011122"},
    {"outside: each limit lets go behind its hysteresis",
     {OUTSIDE_0_100, .hysteresis = 10},
     {{0, 101}, {1, 91}, {2, 90}, {3, 91}, {4, -1}, {5, 9}, {6, 10}, {7, 9}},
     "FFNNFFNN",
     "11112222"},
    {"outside: one limit's hysteresis holds what the other one began",
     {OUTSIDE_0_100, .hysteresis = 10},
     {{0, 101}, {1, 9}, {2, 10}, {3, -1}, {4, 91}, {5, 90}},
     "FFNFFN",
     "111222"},
    {"outside: from one side to the other is one episode",
     {OUTSIDE_0_100},
     {{0, 101}, {1, -1}, {2, 101}, {3, 50}},
     "FFFN",
     "1111"},
    {"inside: a value on either limit is inside",
     {INSIDE_10_20},
     {{0, 9}, {1, 10}, {2, 9}, {3, 21}, {4, 20}, {5, 21}, {6, 15}},
     "NFNNFNF",
     "0111223"},
    {"inside: it lasts until the value is beyond a limit and the hysteresis",
     {INSIDE_10_20, .hysteresis = 5},
     {{0, 25}, {1, 20}, {2, 25}, {3, 26}, {4, 25}, {5, 10}, {6, 5}, {7, 4}, {8, 5}},
     "NFFNNFFNN",
     "011112222"},
    {"inside: a value may jump over it",
     {INSIDE_10_20},
     {{0, INT32_MIN}, {1, INT32_MAX}, {2, INT32_MIN}},
     "NNN",
     "000"},
    {"inside: hysteresis beyond int64 never lets go",
     {INSIDE_10_20, .hysteresis = INT64_MAX},
     {{0, 15}, {1, INT32_MAX}, {2, INT32_MIN}},
     "FFF",
     "111"},
};

static void ranges_include_their_limits_and_end_behind_the_hysteresis(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(ranges); i++) {
    alert_scene_play(&ranges[i], NULL, NULL);
  }
}

typedef struct levels_scene {
  alert_scene_t scene;
  const char *levels;
} levels_scene_t;

static const vn_alert_limits_t above_2[] = {{VN_ALERT_NO_LOW, 700, 20}, {VN_ALERT_NO_LOW, 900, 50}};
static const vn_alert_limits_t above_wide[] = {{VN_ALERT_NO_LOW, 700, 20},
                                               {VN_ALERT_NO_LOW, 710, 100}};
static const vn_alert_limits_t below_3[] = {
    {30, VN_ALERT_NO_HIGH, 5}, {20, VN_ALERT_NO_HIGH, 5}, {10, VN_ALERT_NO_HIGH, 5}};
static const vn_alert_limits_t both_4[] = {
    {0, 100, 0}, {-10, 110, 0}, {-20, 120, 0}, {-30, 130, 0}};

#define LEVELS(list) .condition = VN_ALERT_LEVELS, .levels = (list), .level_count = COUNT_OF(list)

static const levels_scene_t level_scenes[] = {
    {{"levels: each has a limit and a hysteresis of its own",
      {LEVELS(above_2)},
      {{0, 700}, {1, 701}, {2, 900}, {3, 901}, {4, 851}, {5, 850}, {6, 681}, {7, 680}},
      "NFFFFFFN",
      "01111111"},
     "-112211-"},
    {{"levels: the highest one that holds counts, though a lower one doesn't",
      {LEVELS(above_wide)},
      {{0, 711}, {1, 650}, {2, 611}, {3, 610}},
      "FFFN",
      "1111"},
     "222-"},
    {{"levels: below falls from level to level",
      {LEVELS(below_3)},
      {{0, 30}, {1, 29}, {2, 19}, {3, 9}, {4, 14}, {5, 15}, {6, 25}, {7, 35}},
      "NFFFFFFN",
      "01111111"},
     "-123321-"},
    {{"levels: up to four, of both sides, and straight to any of them",
      {LEVELS(both_4)},
      {{0, 131}, {1, -31}, {2, 121}, {3, -11}, {4, -1}, {5, 100}, {6, -21}, {7, 0}},
      "FFFFFNFN",
      "11111122"},
     "44321-3-"},
    {{"levels: an episode begins with the level at which it fires",
      {LEVELS(above_2), .for_ms = 10},
      {{0, 701}, {5, 901}, {9, 701}, {10, 901}, {11, 701}},
      "PPPFF",
      "00011"},
     "---21"},
    {{"levels: recovering keeps the level, the way back takes that of its evaluation",
      {LEVELS(above_2), .keep_firing_for_ms = 10},
      {{0, 901}, {1, 0}, {2, 0}, {3, 701}, {4, 0}, {5, 901}, {6, 0}, {16, 0}},
      "FRRFRFRN",
      "11111111"},
     "2221122-"},
    {{"levels: the next episode doesn't know the level of the last one",
      {LEVELS(above_2)},
      {{0, 901}, {1, 0}, {2, 701}},
      "FNF",
      "112"},
     "2-1"},
};

static void levels_rise_and_fall_each_with_its_own_hysteresis(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(level_scenes); i++) {
    alert_scene_play(&level_scenes[i].scene, level_scenes[i].levels, NULL);
  }
}

static const alert_scene_t rates[] = {
    {"rate: the first reading is none, a rate equal to the limit isn't above it",
     {RATE_ABOVE_10},
     {{0, 1000}, {100, 1001}, {200, 1003}, {1200, 1013}, {1300, 1015}},
     "NNFNF",
     "00112"},
    {"rate: per period, whatever the distance of the readings is",
     {RATE_ABOVE_10},
     {{0, 0}, {5000, 50}, {10000, 101}, {10001, 101}, {10002, 102}},
     "NNFNF",
     "00112"},
    {"rate: fractions are compared exactly",
     {RATE_ABOVE_10},
     {{0, 0}, {300, 3}, {599, 6}, {900, 9}},
     "NNFN",
     "0011"},
    {"rate: falling is a negative rate",
     {.condition = VN_ALERT_RATE, .low = -5, .limit = VN_ALERT_NO_HIGH, .period_ms = 1000},
     {{0, 0}, {1000, -5}, {2000, -11}, {3000, 500}, {3001, -500}},
     "NNFNF",
     "00112"},
    {"rate: the limits of both sides with their hysteresis",
     {.condition = VN_ALERT_RATE, .low = -10, .limit = 10, .hysteresis = 3, .period_ms = 1000},
     {{0, 0}, {1000, 11}, {2000, 19}, {3000, 26}, {4000, 15}, {5000, 7}, {6000, 0}},
     "NFFNFFN",
     "0111222"},
    {"rate: a negative limit above",
     {.condition = VN_ALERT_RATE, .low = VN_ALERT_NO_LOW, .limit = -10, .period_ms = 1000},
     {{0, 0}, {1000, -10}, {2000, -19}, {3000, -19}},
     "NNFF",
     "0011"},
    {"rate: a second reading at the same time is no evaluation and isn't remembered",
     {RATE_ABOVE_10, .for_ms = 1000},
     {{0, 0}, {0, 500}, {1000, 11}, {1000, 0}, {2000, 22}, {2000, 0}, {3000, 32}},
     "NNPPFFN",
     "0000111"},
    {"rate: a late reading isn't remembered",
     {RATE_ABOVE_10},
     {{0, 0}, {1000, 10}, {500, -100}, {2000, 20}},
     "NNNN",
     "0000"},
    {"rate: from one end of int32 to the other within a millisecond",
     {.condition = VN_ALERT_RATE,
      .low = VN_ALERT_NO_LOW,
      .limit = UINT32_MAX * DAY_MS - 1,
      .period_ms = DAY_MS},
     {{0, INT32_MIN}, {1, INT32_MAX}, {2, INT32_MIN}},
     "NFN",
     "011"},
    {"rate: exactly the greatest possible one isn't above itself",
     {.condition = VN_ALERT_RATE,
      .low = -(UINT32_MAX * DAY_MS),
      .limit = UINT32_MAX * DAY_MS,
      .period_ms = DAY_MS},
     {{0, INT32_MIN}, {1, INT32_MAX}, {2, INT32_MIN}},
     "NNN",
     "000"},
    {"rate: over all of time it is nearly none",
     {.condition = VN_ALERT_RATE, .low = 0, .limit = 0, .period_ms = DAY_MS},
     {{INT64_MIN, 0}, {INT64_MAX, INT32_MIN}},
     "NF",
     "01"},
};

static void rates_are_exact_quotients_of_two_evaluated_readings(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(rates); i++) {
    alert_scene_play(&rates[i], NULL, NULL);
  }
}

static void a_rate_can_be_asked_before_it_is_evaluated(void **state) {
  (void)state;
  vn_alert_rule_t rule = {RATE_ABOVE_10};
  vn_alert_state_t alert = {0};
  vn_alert_value_t rate = vn_alert_rate(&rule, &alert, -50, 7);
  assert_true(rate.numerator == 0 && rate.denominator == 1);
  (void)vn_alert_value(&rule, &alert, NULL, -50, 7);
  rate = vn_alert_rate(&rule, &alert, 150, 10);
  assert_true(rate.numerator == 3000 && rate.denominator == 200);
  rate = vn_alert_rate(&rule, &alert, 150, 4);
  assert_true(rate.numerator == -3000 && rate.denominator == 200);
  rate = vn_alert_rate(&rule, &alert, -50, 10);
  assert_true(rate.numerator == 0 && rate.denominator == 1);
  rate = vn_alert_rate(&rule, &alert, -51, 10);
  assert_true(rate.numerator == 0 && rate.denominator == 1);
}

static bool fires(const vn_alert_rule_t *rule, vn_alert_value_t value) {
  vn_alert_state_t alert = {0};
  return vn_alert_statistic(rule, &alert, NULL, 0, &value).to == VN_ALERT_FIRING;
}

static bool line_fires(vn_alert_condition_t condition, double at_end, double later) {
  vn_alert_rule_t rule = {
      .condition = (uint8_t)condition, .limit = 2500000000, .real = true, .period_ms = 60000};
  return fires(&rule, (vn_alert_value_t){.real = later, .real_end = at_end});
}

static void a_line_reaches_a_limit_at_its_end_or_later(void **state) {
  (void)state;
  assert_false(line_fires(VN_ALERT_REACHES, 1.0, 2.4999999999999996));
  assert_true(line_fires(VN_ALERT_REACHES, 1.0, 2.5));
  assert_true(line_fires(VN_ALERT_REACHES, 2.5, 1.0));
  assert_false(line_fires(VN_ALERT_REACHES, 2.4999999999999996, 1.0));
  assert_false(line_fires(VN_ALERT_FALLS_TO, 4.0, 2.5000000000000004));
  assert_true(line_fires(VN_ALERT_FALLS_TO, 4.0, 2.5));
  assert_true(line_fires(VN_ALERT_FALLS_TO, 2.5, 4.0));
  assert_false(line_fires(VN_ALERT_FALLS_TO, 2.5000000000000004, 4.0));
}

static void a_line_has_no_hysteresis_and_is_evaluated_once_per_window(void **state) {
  (void)state;
  vn_alert_rule_t rule = {.condition = VN_ALERT_REACHES, .limit = 0, .real = true};
  vn_alert_state_t alert = {0};
  vn_alert_value_t reaches = {.real = 0.0, .real_end = -1.0};
  vn_alert_value_t misses = {.real = -0.5, .real_end = -1.0};
  assert_int_equal(vn_alert_statistic(&rule, &alert, NULL, 10, &reaches).to, VN_ALERT_FIRING);
  assert_int_equal(vn_alert_statistic(&rule, &alert, NULL, 9, &misses).what, VN_ALERT_STEP_LATE);
  assert_int_equal(vn_alert_statistic(&rule, &alert, NULL, 10, &misses).to, VN_ALERT_NORMAL);
}

static bool real_fires(const vn_alert_rule_t *rule, double value) {
  return fires(rule, (vn_alert_value_t){.real = value});
}

static void floats_are_compared_with_the_limit_as_a_float(void **state) {
  (void)state;
  vn_alert_rule_t above = {.condition = VN_ALERT_ABOVE, .limit = 100000000, .real = true};
  assert_false(real_fires(&above, 0.1));
  assert_true(real_fires(&above, 0.10000000000000002));
  vn_alert_rule_t below = {.condition = VN_ALERT_BELOW, .limit = -100000000, .real = true};
  assert_false(real_fires(&below, -0.1));
  assert_true(real_fires(&below, -0.10000000000000002));
  vn_alert_rule_t inside = {
      .condition = VN_ALERT_INSIDE, .low = -300000000, .limit = 300000000, .real = true};
  assert_true(real_fires(&inside, -0.3) && real_fires(&inside, 0.3));
  assert_false(real_fires(&inside, -0.30000000000000004) ||
               real_fires(&inside, 0.30000000000000004));
}

static void floats_have_a_hysteresis_too(void **state) {
  (void)state;
  vn_alert_rule_t rule = {
      .condition = VN_ALERT_ABOVE, .limit = 300000000, .hysteresis = 100000000, .real = true};
  vn_alert_state_t alert = {0};
  const struct {
    double value;
    vn_alert_phase_t phase;
  } steps[] = {{0.3, VN_ALERT_NORMAL},
               {0.31, VN_ALERT_FIRING},
               {0.20000000000000004, VN_ALERT_FIRING},
               {0.2, VN_ALERT_NORMAL}};
  for (size_t i = 0; i < COUNT_OF(steps); i++) {
    vn_alert_value_t value = {.real = steps[i].value};
    assert_int_equal(vn_alert_statistic(&rule, &alert, NULL, (vn_time_ms_t)i, &value).to,
                     steps[i].phase);
  }
}

static bool is_high_side(const vn_alert_rule_t *rule, vn_alert_state_t *state, vn_time_ms_t time_ms,
                         int32_t value) {
  (void)vn_alert_value(rule, state, NULL, time_ms, value);
  return (state->flags & VN_ALERT_FLAG_HIGH) != 0;
}

static void the_side_on_which_a_limit_was_passed_is_remembered(void **state) {
  (void)state;
  vn_alert_rule_t outside = {OUTSIDE_0_100};
  vn_alert_state_t alert = {0};
  assert_true(is_high_side(&outside, &alert, 0, 101));
  assert_true(is_high_side(&outside, &alert, 1, 50));
  assert_false(is_high_side(&outside, &alert, 2, -1));
  assert_false(is_high_side(&outside, &alert, 3, 50));
  vn_alert_rule_t levels = {LEVELS(both_4)};
  vn_alert_state_t other = {0};
  assert_true(is_high_side(&levels, &other, 0, 131));
  assert_false(is_high_side(&levels, &other, 1, -1));
  assert_int_equal(other.level, 1);
}

static void a_hysteresis_by_itself_holds_as_that_of_an_alert(void **state) {
  (void)state;
  vn_alert_rule_t above = {.condition = VN_ALERT_ABOVE, .limit = 100, .hysteresis = 10};
  assert_true(!vn_alert_holds(&above, false, 100) && vn_alert_holds(&above, false, 101));
  assert_true(!vn_alert_holds(&above, true, 90) && vn_alert_holds(&above, true, 91));
  vn_alert_rule_t below = {.condition = VN_ALERT_BELOW, .limit = 100, .hysteresis = 10};
  assert_true(!vn_alert_holds(&below, false, 100) && vn_alert_holds(&below, false, 99));
  assert_true(!vn_alert_holds(&below, true, 110) && vn_alert_holds(&below, true, 109));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_include_their_limits_and_end_behind_the_hysteresis),
      cmocka_unit_test(levels_rise_and_fall_each_with_its_own_hysteresis),
      cmocka_unit_test(rates_are_exact_quotients_of_two_evaluated_readings),
      cmocka_unit_test(a_rate_can_be_asked_before_it_is_evaluated),
      cmocka_unit_test(a_line_reaches_a_limit_at_its_end_or_later),
      cmocka_unit_test(a_line_has_no_hysteresis_and_is_evaluated_once_per_window),
      cmocka_unit_test(floats_are_compared_with_the_limit_as_a_float),
      cmocka_unit_test(floats_have_a_hysteresis_too),
      cmocka_unit_test(the_side_on_which_a_limit_was_passed_is_remembered),
      cmocka_unit_test(a_hysteresis_by_itself_holds_as_that_of_an_alert),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
