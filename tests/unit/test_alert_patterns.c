/* From conditions to verdicts: one alert after another, N of the last M, numbers of samples. */
#include "alert_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#define ABOVE_70 .condition = VN_ALERT_ABOVE, .limit = 700

static const vn_alert_limits_t levels_70_90[] = {{VN_ALERT_NO_LOW, 700, 0},
                                                 {VN_ALERT_NO_LOW, 900, 0}};
#define LEVELS_70_90 .condition = VN_ALERT_LEVELS, .levels = levels_70_90, .level_count = 2

static const alert_scene_t hits[] = {
    {"2 of 3: two true ones with a false one between them",
     {ABOVE_70, .hits = 2, .hits_of = 3},
     {{0, 701}, {1, 0}, {2, 701}, {3, 0}, {4, 0}},
     "NNFNN",
     "00111"},
    {"2 of 3: two true ones too far apart",
     {ABOVE_70, .hits = 2, .hits_of = 3},
     {{0, 701}, {1, 0}, {2, 0}, {3, 701}, {4, 0}, {5, 0}},
     "NNNNNN",
     "000000"},
    {"2 of 3: fewer evaluations than three are enough",
     {ABOVE_70, .hits = 2, .hits_of = 3},
     {{0, 701}, {1, 701}, {2, 0}, {3, 0}},
     "NFFN",
     "0111"},
    {"1 of 3: holds for two evaluations more",
     {ABOVE_70, .hits = 1, .hits_of = 3},
     {{0, 701}, {1, 0}, {2, 0}, {3, 0}},
     "FFFN",
     "1111"},
    {"consecutive: a false one begins anew",
     {ABOVE_70, .hits = 3, .hits_of = 3},
     {{0, 701}, {1, 701}, {2, 0}, {3, 701}, {4, 701}, {5, 701}, {6, 701}, {7, 0}},
     "NNNNNFFN",
     "00000111"},
    {"N of M: a late reading is no evaluation",
     {ABOVE_70, .hits = 2, .hits_of = 2},
     {{5, 701}, {4, 701}, {3, 0}, {6, 701}},
     "NNNF",
     "0001"},
    {"N of M: what the hysteresis holds is true",
     {ABOVE_70, .hysteresis = 50, .hits = 3, .hits_of = 3},
     {{0, 701}, {1, 660}, {2, 651}, {3, 650}},
     "NNFN",
     "0011"},
    {"N of M: the delay begins with the verdict",
     {ABOVE_70, .for_ms = 10, .hits = 2, .hits_of = 3},
     {{0, 701}, {8, 701}, {16, 0}, {18, 701}},
     "NPPF",
     "0001"},
    {"N of M: they go on through recovering",
     {ABOVE_70, .keep_firing_for_ms = 100, .hits = 2, .hits_of = 3},
     {{0, 701}, {1, 701}, {2, 0}, {3, 0}, {4, 701}, {5, 701}, {6, 0}, {7, 0}, {107, 0}},
     "NFFRRFFRN",
     "011111111"},
    {"N of M: so do those of a rate",
     {.condition = VN_ALERT_RATE,
      .low = VN_ALERT_NO_LOW,
      .limit = 0,
      .period_ms = 1,
      .hits = 2,
      .hits_of = 2},
     {{0, 0}, {1, 1}, {1, 2}, {2, 2}},
     "NNNF",
     "0001"},
    {"N of M: those of a deviation are counted as long as it holds",
     {.condition = VN_ALERT_DEVIATION, .limit = 5, .period_ms = 10, .hits = 2, .hits_of = 2},
     {{0, 6}, {1, 0}, {10, 0}, {11, 0}},
     "NFNN",
     "0111"},
};

static void verdicts_count_the_last_evaluations(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(hits); i++) {
    alert_scene_play(&hits[i], NULL, NULL);
  }
}

static void up_to_32_evaluations_are_looked_back_at(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .hits = 1, .hits_of = VN_ALERT_HISTORY_MAX};
  vn_alert_rule_t all = {ABOVE_70, .hits = VN_ALERT_HISTORY_MAX, .hits_of = VN_ALERT_HISTORY_MAX};
  vn_alert_state_t alert = {0};
  vn_alert_state_t full = {0};
  assert_int_equal(vn_alert_value(&rule, &alert, NULL, 0, 701).to, VN_ALERT_FIRING);
  for (vn_time_ms_t i = 1; i < (vn_time_ms_t)VN_ALERT_HISTORY_MAX; i++) {
    assert_int_equal(vn_alert_value(&rule, &alert, NULL, i, 0).to, VN_ALERT_FIRING);
    assert_int_equal(vn_alert_value(&all, &full, NULL, i, 701).to, VN_ALERT_NORMAL);
  }
  assert_int_equal(vn_alert_value(&rule, &alert, NULL, 32, 0).to, VN_ALERT_NORMAL);
  assert_int_equal(vn_alert_value(&all, &full, NULL, 32, 701).to, VN_ALERT_FIRING);
  assert_int_equal(vn_alert_value(&all, &full, NULL, 33, 0).to, VN_ALERT_NORMAL);
}

static void a_verdict_without_its_own_evaluation_has_the_level_of_the_last_true_one(void **state) {
  (void)state;
  static const alert_scene_t scene = {
      "levels of N of M",
      {LEVELS_70_90, .hits = 2, .hits_of = 3},
      {{0, 701}, {1, 901}, {2, 0}, {3, 701}, {4, 0}, {5, 0}, {6, 901}, {7, 701}, {8, 0}},
      "NFFFNNNFF",
      "011111122"};
  alert_scene_play(&scene, "-221---11", NULL);
}

static void a_rule_that_asks_for_fewer_hits_than_before_is_true_at_the_lowest_level(void **state) {
  (void)state;
  vn_alert_rule_t rule = {LEVELS_70_90, .hits = 2, .hits_of = 3};
  vn_alert_state_t alert = {0};
  assert_int_equal(vn_alert_value(&rule, &alert, NULL, 0, 901).to, VN_ALERT_NORMAL);
  rule.hits = 1;
  assert_int_equal(vn_alert_value(&rule, &alert, NULL, 1, 0).to, VN_ALERT_FIRING);
  assert_int_equal(alert.level, 1);
}

static const alert_scene_t samples[] = {
    {"min_samples: the first one counts, the delay alone isn't enough",
     {ABOVE_70, .for_ms = 10, .min_samples = 3},
     {{0, 701}, {20, 701}, {21, 701}},
     "PPF",
     "001"},
    {"min_samples: they alone aren't enough either",
     {ABOVE_70, .for_ms = 10, .min_samples = 3},
     {{0, 701}, {1, 701}, {2, 701}, {9, 701}, {10, 701}},
     "PPPPF",
     "00001"},
    {"min_samples: without a delay",
     {ABOVE_70, .min_samples = 2},
     {{0, 701}, {0, 701}, {1, 0}, {2, 701}, {3, 701}},
     "PFNPF",
     "01112"},
    {"min_samples: a false one begins anew",
     {ABOVE_70, .min_samples = 3},
     {{0, 701}, {1, 701}, {2, 0}, {3, 701}, {4, 701}, {5, 701}},
     "PPNPPF",
     "000001"},
    {"min_samples: one and none are the same",
     {ABOVE_70, .min_samples = 1},
     {{0, 701}, {1, 0}},
     "FN",
     "11"},
    {"min_samples: true verdicts count, not true conditions",
     {ABOVE_70, .min_samples = 2, .hits = 2, .hits_of = 3},
     {{0, 701}, {1, 701}, {2, 0}, {3, 0}},
     "NPFN",
     "0011"},
    {"min_samples: no matter on the way back from recovering",
     {ABOVE_70, .min_samples = 2, .keep_firing_for_ms = 10},
     {{0, 701}, {1, 701}, {2, 0}, {3, 701}},
     "PFRF",
     "0111"},
};

static void firing_needs_enough_true_verdicts(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(samples); i++) {
    alert_scene_play(&samples[i], NULL, NULL);
  }
}

static void more_true_verdicts_than_can_be_counted_are_enough(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .min_samples = 2, .for_ms = 10};
  vn_alert_state_t alert = {0};
  (void)vn_alert_value(&rule, &alert, NULL, 0, 701);
  alert.samples = UINT32_MAX;
  assert_int_equal(vn_alert_value(&rule, &alert, NULL, 10, 701).to, VN_ALERT_FIRING);
}

typedef struct pattern {
  alert_scene_t scene;
  vn_alert_rule_t leader; /* that comes first */
} pattern_t;

#define AFTER(duration_ms) .follows = true, .within_ms = (duration_ms)

static const pattern_t patterns[] = {
    {{"after: not without the one that comes first",
      {ABOVE_70, AFTER(10)},
      {{0, 701}, {1, 0}, {2, 701}},
      "NNN",
      "000"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: up to the end of the duration",
      {ABOVE_70, AFTER(10)},
      {{0, -1}, {10, 701}, {11, 0}},
      "NFN",
      "011"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: not behind it", {ABOVE_70, AFTER(10)}, {{0, -1}, {11, 701}, {12, 701}}, "NNN", "000"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: the last true one counts, not the first",
      {ABOVE_70, AFTER(10)},
      {{0, -1}, {5, -1}, {15, 701}},
      "NNF",
      "001"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: what counts goes on until it is false, and has to begin anew",
      {ABOVE_70, AFTER(10)},
      {{0, -1}, {5, 701}, {1000, 701}, {1001, 0}, {1002, 701}, {1003, -1}, {1004, 701}},
      "NFFNNNF",
      "0111112"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: hysteresis keeps it counting",
      {ABOVE_70, .hysteresis = 50, AFTER(10)},
      {{0, -1}, {5, 701}, {100, 660}, {101, 650}, {102, 701}},
      "NFFNN",
      "01111"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: a condition that has held before counts from then on",
      {ABOVE_70, AFTER(10)},
      {{0, 701}, {5, 801}, {6, 701}, {100, 701}, {101, 0}},
      "NFFFN",
      "01111"},
     {.condition = VN_ALERT_ABOVE, .limit = 800}},
    {{"after: at the same reading, with no time between them",
      {ABOVE_70, AFTER(0)},
      {{0, 800}, {1, 801}, {2, 0}, {3, 800}},
      "NFNN",
      "0111"},
     {.condition = VN_ALERT_ABOVE, .limit = 800}},
    {{"after: the verdict of the first counts, its delay doesn't matter",
      {ABOVE_70, AFTER(10)},
      {{0, -1}, {1, 701}},
      "NF",
      "01"},
     {.condition = VN_ALERT_BELOW, .limit = 0, .for_ms = 1000}},
    {{"after: the verdict of the first, not its condition",
      {ABOVE_70, AFTER(10)},
      {{0, -1}, {1, 701}, {2, -1}, {3, -1}, {4, 701}},
      "NNNNF",
      "00001"},
     {.condition = VN_ALERT_BELOW, .limit = 0, .hits = 2, .hits_of = 2}},
    {{"after: N of M looks at evaluations that count",
      {ABOVE_70, .hits = 2, .hits_of = 2, AFTER(10)},
      {{0, 701}, {1, -1}, {2, 701}, {3, 701}},
      "NNNF",
      "0001"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: a late reading is nothing for both",
      {ABOVE_70, AFTER(10)},
      {{5, 0}, {4, -1}, {6, 701}},
      "NNN",
      "000"},
     {.condition = VN_ALERT_BELOW, .limit = 0}},
    {{"after: a deviation",
      {.condition = VN_ALERT_DEVIATION, .limit = 5, .period_ms = 10, AFTER(3)},
      {{0, 6}, {20, 9}, {23, 0}, {30, 0}, {31, 6}},
      "NFFNN",
      "01111"},
     {.condition = VN_ALERT_DEVIATION, .limit = 8, .period_ms = 1}},
};

static void a_pattern_counts_from_the_first_to_its_own_end(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(patterns); i++) {
    alert_scene_play(&patterns[i].scene, NULL, &patterns[i].leader);
  }
}

static void what_comes_first_must_not_be_later(void **state) {
  (void)state;
  vn_alert_rule_t first = {ABOVE_70};
  vn_alert_rule_t rule = {ABOVE_70, AFTER(10)};
  vn_alert_value_t high = {.numerator = 701, .denominator = 1};
  vn_alert_state_t leader = {0};
  vn_alert_state_t alert = {0};
  (void)vn_alert_statistic(&first, &leader, NULL, 20, &high);
  assert_int_equal(vn_alert_value(&rule, &alert, &leader, 19, 701).to, VN_ALERT_NORMAL);
  assert_int_equal(vn_alert_statistic(&rule, &alert, &leader, 20, &high).to, VN_ALERT_FIRING);
}

static void a_verdict_at_time_zero_of_a_state_that_saw_nothing_is_none(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, AFTER(10)};
  const vn_alert_state_t leader = {0};
  vn_alert_state_t alert = {0};
  assert_int_equal(vn_alert_value(&rule, &alert, &leader, 0, 701).to, VN_ALERT_NORMAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verdicts_count_the_last_evaluations),
      cmocka_unit_test(up_to_32_evaluations_are_looked_back_at),
      cmocka_unit_test(a_verdict_without_its_own_evaluation_has_the_level_of_the_last_true_one),
      cmocka_unit_test(a_rule_that_asks_for_fewer_hits_than_before_is_true_at_the_lowest_level),
      cmocka_unit_test(firing_needs_enough_true_verdicts),
      cmocka_unit_test(more_true_verdicts_than_can_be_counted_are_enough),
      cmocka_unit_test(a_pattern_counts_from_the_first_to_its_own_end),
      cmocka_unit_test(what_comes_first_must_not_be_later),
      cmocka_unit_test(a_verdict_at_time_zero_of_a_state_that_saw_nothing_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
