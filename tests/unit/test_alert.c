/* Alerts case by case: what an operator expects of limits, delays and episodes. */
#include "alert_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static bool is_late(vn_alert_step_t step) { return (step.what & VN_ALERT_STEP_LATE) != 0; }

static bool has_moved(vn_alert_step_t step) { return (step.what & VN_ALERT_STEP_PHASE) != 0; }

#define ABOVE_70 .condition = VN_ALERT_ABOVE, .limit = 700
#define BELOW_0 .condition = VN_ALERT_BELOW, .limit = 0

/* Values in tenths. */
static const alert_scene_t scenes[] = {
    {"without delays each crossing is an episode of its own",
     {ABOVE_70},
     {{0, 699}, {1, 701}, {2, 699}, {3, 701}, {4, 699}},
     "NFNFN",
     "01122"},
    {"flapping around the limit stays one episode with hysteresis",
     {ABOVE_70, .hysteresis = 50},
     {{0, 699}, {1, 701}, {2, 699}, {3, 701}, {4, 699}},
     "NFFFF",
     "01111"},
    {"flapping around the limit stays one episode with keep_firing_for",
     {ABOVE_70, .keep_firing_for_ms = 10},
     {{0, 701}, {1, 699}, {2, 701}, {3, 699}, {12, 699}, {13, 699}},
     "FRFRRN",
     "111111"},
    {"flapping around the limit never fires with a delay",
     {ABOVE_70, .for_ms = 10},
     {{0, 701}, {5, 699}, {6, 701}, {14, 701}, {15, 699}, {16, 701}},
     "PNPPNP",
     "000000"},
    {"a value equal to the limit is not above it",
     {ABOVE_70},
     {{0, 700}, {1, 701}, {2, 700}},
     "NFN",
     "011"},
    {"a value equal to the limit is not below it",
     {BELOW_0},
     {{0, 0}, {1, -1}, {2, 0}},
     "NFN",
     "011"},
    {"above ends exactly at limit - hysteresis",
     {ABOVE_70, .hysteresis = 50},
     {{0, 701}, {1, 651}, {2, 650}, {3, 651}, {4, 700}, {5, 701}},
     "FFNNNF",
     "111112"},
    {"below ends exactly at limit + hysteresis",
     {BELOW_0, .hysteresis = 50},
     {{0, -1}, {1, 49}, {2, 50}, {3, 49}, {4, 0}, {5, -1}},
     "FFNNNF",
     "111112"},
    {"fires exactly when the delay has passed",
     {ABOVE_70, .for_ms = 10},
     {{100, 701}, {109, 701}, {110, 701}},
     "PPF",
     "001"},
    {"hysteresis holds a pending alert as well",
     {ABOVE_70, .hysteresis = 50, .for_ms = 10},
     {{0, 701}, {5, 660}, {10, 660}},
     "PPF",
     "001"},
    {"an interrupted pending starts its delay anew",
     {ABOVE_70, .for_ms = 10},
     {{0, 701}, {9, 700}, {10, 701}, {19, 701}, {20, 701}},
     "PNPPF",
     "00001"},
    {"a false reading at the end of the delay doesn't fire",
     {ABOVE_70, .for_ms = 10},
     {{0, 701}, {10, 700}, {11, 700}},
     "PNN",
     "000"},
    {"one reading makes one transition: a long gap doesn't skip pending",
     {ABOVE_70, .for_ms = 10},
     {{0, 0}, {1000, 701}, {5000, 701}},
     "NPF",
     "001"},
    {"recovery ends exactly when keep_firing_for has passed",
     {ABOVE_70, .keep_firing_for_ms = 10},
     {{0, 701}, {100, 700}, {109, 700}, {110, 700}},
     "FRRN",
     "1111"},
    {"recovery begins anew after a relapse",
     {ABOVE_70, .keep_firing_for_ms = 10},
     {{0, 701}, {1, 0}, {10, 701}, {11, 0}, {20, 0}, {21, 0}, {22, 701}},
     "FRFRRNF",
     "1111112"},
    {"a relapse at the end of recovery continues the episode",
     {ABOVE_70, .keep_firing_for_ms = 10},
     {{0, 701}, {1, 0}, {11, 701}},
     "FRF",
     "111"},
    {"a relapse doesn't wait for the delay again",
     {ABOVE_70, .for_ms = 5, .keep_firing_for_ms = 10},
     {{0, 701}, {5, 701}, {6, 0}, {7, 701}},
     "PFRF",
     "0111"},
    {"late readings change nothing",
     {ABOVE_70, .for_ms = 10},
     {{100, 701}, {99, 0}, {105, 701}, {104, 0}, {110, 701}, {50, 0}},
     "PPPPFF",
     "000011"},
    {"a reading with the time of the last one is evaluated",
     {ABOVE_70},
     {{100, 701}, {100, 700}, {100, 701}},
     "FNF",
     "112"},
    {"negative times are ordinary",
     {ABOVE_70, .for_ms = 10},
     {{-20, 701}, {-11, 701}, {-10, 701}},
     "PPF",
     "001"},
    {"the ends of int32 are values like any other",
     {.condition = VN_ALERT_BELOW, .limit = INT32_MIN, .hysteresis = 1},
     {{0, INT32_MIN}, {1, INT32_MAX}},
     "NN",
     "00"},
    {"hysteresis wider than int64 never lets go",
     {.condition = VN_ALERT_ABOVE, .limit = -5, .hysteresis = INT64_MAX},
     {{0, 0}, {1, INT32_MIN}},
     "FF",
     "11"},
    {"hysteresis beyond int64 never lets go from below either",
     {.condition = VN_ALERT_BELOW, .limit = 5, .hysteresis = INT64_MAX},
     {{0, 0}, {1, INT32_MAX}},
     "FF",
     "11"},
    {"unchanged_for becomes true when the value has stood long enough",
     {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 10, .limit = 7},
     {{0, 5}, {9, 5}, {10, 5}, {11, 5}, {12, 6}, {21, 6}, {22, 6}},
     "NNFFNNF",
     "0011112"},
    {"unchanged_for: a change and back begins anew",
     {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 10},
     {{0, 5}, {5, 6}, {6, 5}, {15, 5}, {16, 5}},
     "NNNNF",
     "00001"},
    {"unchanged_for: a silence doesn't hide that the value stood still",
     {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 10},
     {{0, 0}, {1000, 0}},
     "NF",
     "01"},
    {"unchanged_for: delays come on top",
     {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 10, .for_ms = 5, .keep_firing_for_ms = 5},
     {{0, 5}, {10, 5}, {14, 5}, {15, 5}, {16, 6}, {20, 7}, {21, 8}},
     "NPPFRRN",
     "0001111"},
    {"unchanged_for: a late other value is no change",
     {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 10},
     {{0, 5}, {8, 5}, {7, 6}, {10, 5}},
     "NNNF",
     "0001"},
    {"deviation: a score at the threshold doesn't pass it",
     {.condition = VN_ALERT_DEVIATION, .limit = 5, .period_ms = 10},
     {{0, 5}, {1, 6}},
     "NF",
     "01"},
    {"deviation: what comes in the refractory period is the same incident",
     {.condition = VN_ALERT_DEVIATION, .limit = 5, .period_ms = 10},
     {{0, 6}, {9, 6}, {10, 0}, {11, 6}},
     "FFNF",
     "1112"},
    {"deviation: one that lasts beyond the refractory period begins another one",
     {.condition = VN_ALERT_DEVIATION, .limit = 5, .period_ms = 10},
     {{0, 6}, {10, 6}, {19, 0}, {20, 0}},
     "FFFN",
     "1111"},
    {"deviation: delays come on top",
     {.condition = VN_ALERT_DEVIATION, .limit = 5, .period_ms = 10, .for_ms = 5},
     {{0, 6}, {4, 0}, {5, 0}, {10, 0}},
     "PPFN",
     "0011"},
    {"deviation: a late score is none",
     {.condition = VN_ALERT_DEVIATION, .limit = 5, .period_ms = 10},
     {{5, 0}, {4, 6}, {5, 6}},
     "NNF",
     "001"},
};

static void every_scene_plays_as_an_operator_expects(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(scenes); i++) {
    alert_scene_play(&scenes[i], NULL, NULL);
  }
}

static void late_readings_are_told(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70};
  vn_alert_state_t alert = {0};
  assert_false(is_late(vn_alert_value(&rule, &alert, NULL, -5, 0)));
  assert_true(is_late(vn_alert_value(&rule, &alert, NULL, -6, 800)));
  assert_false(is_late(vn_alert_value(&rule, &alert, NULL, -5, 800)));
  vn_alert_step_t late =
      vn_alert_statistic(&rule, &alert, NULL, -7, &(vn_alert_value_t){0, 1, 0, 0});
  assert_true(is_late(late) && !has_moved(late) && late.from == VN_ALERT_FIRING);
}

static void begin_and_end_of_an_episode_are_those_of_the_condition(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .for_ms = 10, .keep_firing_for_ms = 20};
  vn_alert_state_t alert = {0};
  (void)vn_alert_value(&rule, &alert, NULL, 100, 800);
  (void)vn_alert_value(&rule, &alert, NULL, 115, 800);
  assert_true(alert.pending_since_ms == 100);
  (void)vn_alert_value(&rule, &alert, NULL, 130, 0);
  (void)vn_alert_value(&rule, &alert, NULL, 140, 800);
  assert_true(alert.pending_since_ms == 100);
  (void)vn_alert_value(&rule, &alert, NULL, 150, 0);
  vn_alert_step_t end = vn_alert_value(&rule, &alert, NULL, 175, 0);
  assert_true(has_moved(end) && end.to == VN_ALERT_NORMAL);
  assert_true(alert.recovering_since_ms == 150);
}

static void without_delays_begin_and_end_are_the_readings_own_times(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70};
  vn_alert_state_t alert = {0};
  vn_alert_step_t begin = vn_alert_value(&rule, &alert, NULL, 100, 800);
  assert_true(begin.from == VN_ALERT_NORMAL && begin.to == VN_ALERT_FIRING);
  assert_true(alert.pending_since_ms == 100);
  vn_alert_step_t end = vn_alert_value(&rule, &alert, NULL, 130, 0);
  assert_true(end.from == VN_ALERT_FIRING && end.to == VN_ALERT_NORMAL);
  assert_true(alert.recovering_since_ms == 130);
}

static void a_state_carried_over_goes_on_as_if_nothing_had_happened(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .hysteresis = 50, .for_ms = 10};
  vn_alert_state_t alert = {0};
  (void)vn_alert_value(&rule, &alert, NULL, 0, 701);
  vn_alert_state_t restored = alert;
  assert_int_equal(vn_alert_value(&rule, &restored, NULL, 10, 660).to, VN_ALERT_FIRING);
}

static void phases_have_the_words_of_the_messages(void **state) {
  (void)state;
  assert_string_equal(vn_alert_phase_word(VN_ALERT_NORMAL), "normal");
  assert_string_equal(vn_alert_phase_word(VN_ALERT_PENDING), "pending");
  assert_string_equal(vn_alert_phase_word(VN_ALERT_FIRING), "firing");
  assert_string_equal(vn_alert_phase_word(VN_ALERT_RECOVERING), "recovering");
  assert_string_equal(vn_alert_phase_word(VN_ALERT_NO_DATA), "no_data");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_scene_plays_as_an_operator_expects),
      cmocka_unit_test(late_readings_are_told),
      cmocka_unit_test(begin_and_end_of_an_episode_are_those_of_the_condition),
      cmocka_unit_test(without_delays_begin_and_end_are_the_readings_own_times),
      cmocka_unit_test(a_state_carried_over_goes_on_as_if_nothing_had_happened),
      cmocka_unit_test(phases_have_the_words_of_the_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
