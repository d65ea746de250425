/* What moves an alert beside evaluations: latch and reset, silence, learned silence, the end. */
#include "vn/alert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ABOVE_70 .condition = VN_ALERT_ABOVE, .limit = 700

#define PHASE VN_ALERT_STEP_PHASE
#define LATCHED VN_ALERT_STEP_LATCHED
#define BEGINS (VN_ALERT_STEP_PHASE | VN_ALERT_STEP_BEGAN)
#define ENDS (VN_ALERT_STEP_PHASE | VN_ALERT_STEP_ENDED)

static void expect(vn_alert_step_t step, unsigned what, vn_alert_phase_t from,
                   vn_alert_phase_t to) {
  assert_int_equal(step.what, what);
  assert_int_equal(step.from, from);
  assert_int_equal(step.to, to);
}

static bool has(const vn_alert_state_t *state, unsigned flags) {
  return (state->flags & flags) == flags;
}

static vn_alert_step_t take(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                            vn_time_ms_t time_ms, int32_t value) {
  return vn_alert_value(rule, state, NULL, time_ms, value);
}

/* Brings an alert with `for` and `keep_firing_for` of 10 ms into a phase at time 0. */
static const vn_alert_rule_t slow = {ABOVE_70, .for_ms = 10, .keep_firing_for_ms = 10};

static vn_alert_state_t in_phase(vn_alert_phase_t phase) {
  vn_alert_state_t state = {0};
  if (phase == VN_ALERT_PENDING) {
    (void)take(&slow, &state, 0, 701);
  } else if (phase != VN_ALERT_NORMAL) {
    (void)take(&slow, &state, -20, 701);
    (void)take(&slow, &state, -10, 701);
    (void)take(&slow, &state, 0, phase == VN_ALERT_FIRING ? 701 : 0);
  }
  assert_int_equal(state.phase, phase);
  return state;
}

static void a_latched_alert_waits_for_a_reset(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .keep_firing_for_ms = 10, .latch = true};
  vn_alert_state_t alert = {0};
  expect(take(&rule, &alert, 0, 701), BEGINS, VN_ALERT_NORMAL, VN_ALERT_FIRING);
  expect(take(&rule, &alert, 1, 0), PHASE, VN_ALERT_FIRING, VN_ALERT_RECOVERING);
  expect(take(&rule, &alert, 10, 0), 0, VN_ALERT_RECOVERING, VN_ALERT_RECOVERING);
  assert_false(has(&alert, VN_ALERT_FLAG_LATCHED));
  expect(take(&rule, &alert, 11, 0), LATCHED, VN_ALERT_RECOVERING, VN_ALERT_RECOVERING);
  expect(take(&rule, &alert, 500, 0), 0, VN_ALERT_RECOVERING, VN_ALERT_RECOVERING);
  expect(vn_alert_reset(&alert), ENDS, VN_ALERT_RECOVERING, VN_ALERT_NORMAL);
  assert_false(has(&alert, VN_ALERT_FLAG_LATCHED));
  assert_true(alert.recovering_since_ms == 1 && alert.episode == 1);
  expect(take(&rule, &alert, 501, 701), BEGINS, VN_ALERT_NORMAL, VN_ALERT_FIRING);
  assert_int_equal(alert.episode, 2);
}

static void without_a_delay_it_latches_at_once(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .latch = true};
  vn_alert_state_t alert = {0};
  (void)take(&rule, &alert, 0, 701);
  expect(take(&rule, &alert, 1, 0), PHASE | LATCHED, VN_ALERT_FIRING, VN_ALERT_RECOVERING);
}

static void a_true_verdict_takes_a_latched_alert_back_into_its_episode(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .latch = true, .for_ms = 0};
  vn_alert_state_t alert = {0};
  (void)take(&rule, &alert, 0, 701);
  (void)take(&rule, &alert, 1, 0);
  expect(take(&rule, &alert, 2, 701), PHASE, VN_ALERT_RECOVERING, VN_ALERT_FIRING);
  assert_false(has(&alert, VN_ALERT_FLAG_LATCHED));
  assert_int_equal(alert.episode, 1);
  expect(take(&rule, &alert, 3, 0), PHASE | LATCHED, VN_ALERT_FIRING, VN_ALERT_RECOVERING);
}

static void a_latch_holds_neither_normal_nor_pending_alerts(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .latch = true, .for_ms = 10};
  vn_alert_state_t alert = {0};
  (void)take(&rule, &alert, 0, 701);
  expect(take(&rule, &alert, 1, 0), PHASE, VN_ALERT_PENDING, VN_ALERT_NORMAL);
  expect(take(&rule, &alert, 2, 0), 0, VN_ALERT_NORMAL, VN_ALERT_NORMAL);
  assert_false(has(&alert, VN_ALERT_FLAG_LATCHED));
}

static void an_episode_begins_without_what_people_did_to_the_last_one(void **state) {
  (void)state;
  const uint16_t of_episode = VN_ALERT_FLAG_ACKNOWLEDGED | VN_ALERT_FLAG_TOLD | VN_ALERT_FLAG_FIRST;
  const uint16_t of_alert = VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_SHELVED_ONCE |
                            VN_ALERT_FLAG_OUT_OF_SERVICE | VN_ALERT_FLAG_TOLD_NO_DATA;
  vn_alert_rule_t rule = {ABOVE_70, .keep_firing_for_ms = 10};
  vn_alert_state_t alert = {0};
  (void)take(&rule, &alert, 0, 701);
  alert.flags = (uint16_t)(of_episode | of_alert);
  alert.revision = 3;
  (void)take(&rule, &alert, 1, 0);
  (void)take(&rule, &alert, 2, 701);
  assert_int_equal(alert.flags & (of_episode | of_alert), of_episode | of_alert);
  assert_int_equal(alert.revision, 3);
  (void)take(&rule, &alert, 3, 0);
  (void)take(&rule, &alert, 13, 0);
  assert_int_equal(alert.flags & of_episode, of_episode);
  (void)take(&rule, &alert, 14, 701);
  assert_int_equal(alert.flags & (of_episode | of_alert), of_alert);
  assert_true(alert.episode == 2 && alert.revision == 0);
}

static void the_last_three_episodes_know_when_they_began(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .for_ms = 5};
  vn_alert_state_t alert = {0};
  for (vn_time_ms_t i = 1; i <= 3; i++) {
    (void)take(&rule, &alert, 100 * i, 701);
    (void)take(&rule, &alert, 100 * i + 5, 701);
    (void)take(&rule, &alert, 100 * i + 6, 0);
  }
  assert_true(alert.begun_ms == 305 && alert.episode == 3);
  assert_true(alert.begun_before_ms[0] == 100 && alert.begun_before_ms[1] == 100);
}

static void distances_of_episodes_neither_wrap_nor_go_back(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70};
  vn_alert_state_t alert = {0};
  (void)take(&rule, &alert, -100, 701);
  assert_int_equal(alert.begun_before_ms[0], 0);
  (void)take(&rule, &alert, -99, 0);
  (void)take(&rule, &alert, -99, 701);
  assert_int_equal(alert.begun_before_ms[0], 1);
  (void)take(&rule, &alert, INT64_MAX, 0);
  (void)take(&rule, &alert, INT64_MAX, 701);
  assert_true(alert.begun_before_ms[0] == VN_ALERT_BEGUN_MAX_MS && alert.begun_before_ms[1] == 1);
}

static void silence_hides_the_phase_and_the_next_data_shows_it_again(void **state) {
  (void)state;
  const vn_alert_phase_t phases[] = {VN_ALERT_NORMAL, VN_ALERT_FIRING, VN_ALERT_RECOVERING};
  for (size_t i = 0; i < 3; i++) {
    vn_alert_state_t alert = in_phase(phases[i]);
    uint32_t episode = alert.episode;
    expect(vn_alert_lose_data(&alert), PHASE, phases[i], VN_ALERT_NO_DATA);
    assert_int_equal(vn_alert_shown(&alert), VN_ALERT_NO_DATA);
    expect(vn_alert_find_data(&alert), PHASE, VN_ALERT_NO_DATA, phases[i]);
    assert_int_equal(vn_alert_shown(&alert), phases[i]);
    assert_int_equal(alert.episode, episode);
  }
}

static void silence_makes_a_pending_alert_forget(void **state) {
  (void)state;
  vn_alert_state_t alert = in_phase(VN_ALERT_PENDING);
  expect(vn_alert_lose_data(&alert), PHASE, VN_ALERT_PENDING, VN_ALERT_NO_DATA);
  expect(vn_alert_find_data(&alert), PHASE, VN_ALERT_NO_DATA, VN_ALERT_NORMAL);
  expect(take(&slow, &alert, 10, 701), PHASE, VN_ALERT_NORMAL, VN_ALERT_PENDING);
  assert_true(alert.pending_since_ms == 10 && alert.samples == 1);
}

static void silence_keeps_an_episode_open(void **state) {
  (void)state;
  vn_alert_state_t alert = in_phase(VN_ALERT_RECOVERING);
  (void)vn_alert_lose_data(&alert);
  assert_true(vn_alert_is_open(&alert));
  (void)vn_alert_find_data(&alert);
  expect(take(&slow, &alert, 10, 0), ENDS, VN_ALERT_RECOVERING, VN_ALERT_NORMAL);
  assert_int_equal(alert.episode, 1);
}

static void the_end_of_a_series_ends_everything(void **state) {
  (void)state;
  for (int phase = VN_ALERT_NORMAL; phase <= VN_ALERT_RECOVERING; phase++) {
    vn_alert_state_t alert = in_phase((vn_alert_phase_t)phase);
    bool had_episode = vn_alert_is_open(&alert);
    unsigned what = phase == VN_ALERT_NORMAL ? 0 : had_episode ? ENDS : PHASE;
    expect(vn_alert_end(&alert, 7), what, (vn_alert_phase_t)phase, VN_ALERT_NORMAL);
    assert_true(alert.recovering_since_ms == (phase == VN_ALERT_FIRING ? 7 : 0));
    assert_int_equal(alert.episode, had_episode);
  }
}

static void the_end_of_a_series_ends_latch_and_silence(void **state) {
  (void)state;
  vn_alert_rule_t rule = {ABOVE_70, .latch = true};
  vn_alert_state_t alert = {0};
  (void)take(&rule, &alert, 0, 701);
  (void)take(&rule, &alert, 1, 0);
  (void)vn_alert_lose_data(&alert);
  expect(vn_alert_end(&alert, 7), ENDS, VN_ALERT_NO_DATA, VN_ALERT_NORMAL);
  assert_true(alert.recovering_since_ms == 1);
  assert_false(has(&alert, VN_ALERT_FLAG_LATCHED) || has(&alert, VN_ALERT_FLAG_NO_DATA));
  vn_alert_state_t normal = {0};
  (void)vn_alert_lose_data(&normal);
  expect(vn_alert_end(&normal, 7), PHASE, VN_ALERT_NO_DATA, VN_ALERT_NORMAL);
}

static void absence_is_an_episode_from_silence_to_the_next_word(void **state) {
  (void)state;
  vn_alert_state_t alert = {0};
  expect(vn_alert_fall_silent(&alert, 50), BEGINS, VN_ALERT_NORMAL, VN_ALERT_FIRING);
  assert_true(alert.episode == 1 && alert.pending_since_ms == 50 && alert.begun_ms == 50);
  expect(vn_alert_speak(&alert, 80), ENDS, VN_ALERT_FIRING, VN_ALERT_NORMAL);
  assert_true(alert.episode == 1 && alert.recovering_since_ms == 80);
  (void)vn_alert_fall_silent(&alert, 90);
  assert_int_equal(alert.episode, 2);
}

#define LEARNED(n, least, most) \
  .condition = VN_ALERT_ABSENT_FOR, .times = (n), .least_ms = (least), .period_ms = (most)

static void a_patience_that_is_not_learned_is_the_configured_one(void **state) {
  (void)state;
  vn_alert_rule_t rule = {.condition = VN_ALERT_ABSENT_FOR, .period_ms = 5000};
  vn_alert_state_t alert = {0};
  for (int i = 0; i < 20; i++) {
    vn_alert_learn_gap(&alert, 1);
  }
  assert_true(vn_alert_patience_ms(&rule, &alert) == 5000);
}

static void eight_gaps_are_needed_to_know_a_series(void **state) {
  (void)state;
  vn_alert_rule_t rule = {LEARNED(3, 0, 1000000)};
  vn_alert_state_t alert = {0};
  for (int i = 0; i < 8; i++) {
    assert_true(vn_alert_patience_ms(&rule, &alert) == 1000000);
    vn_alert_learn_gap(&alert, 100);
  }
  assert_true(vn_alert_patience_ms(&rule, &alert) == 300);
}

/* The rule's own words: P8 = 8 g; then P8 + g - floor(P8 / 8); D = floor(n P8 / 8). */
static void the_learned_period_follows_the_gaps(void **state) {
  (void)state;
  static const int64_t gaps_ms[] = {7, 13, 0, 1, 900, 45, 3, 17, 2, 31, 8, 8, 1200, 5};
  const size_t count = sizeof gaps_ms / sizeof gaps_ms[0];
  vn_alert_rule_t rule = {LEARNED(5, 0, INT64_MAX)};
  vn_alert_state_t alert = {0};
  int64_t period_x8 = 0;
  for (size_t i = 0; i < count; i++) {
    vn_alert_learn_gap(&alert, gaps_ms[i]);
    period_x8 = i == 0 ? 8 * gaps_ms[i] : period_x8 + gaps_ms[i] - period_x8 / 8;
    assert_true(vn_alert_patience_ms(&rule, &alert) == (i < 7 ? INT64_MAX : 5 * period_x8 / 8));
  }
}

static void the_learned_patience_stays_within_its_bounds(void **state) {
  (void)state;
  vn_alert_state_t alert = {0};
  for (int i = 0; i < 8; i++) {
    vn_alert_learn_gap(&alert, 100);
  }
  const vn_alert_rule_t rules[] = {
      {LEARNED(3, 300, 300)}, {LEARNED(3, 301, 500)}, {LEARNED(3, 1, 299)}};
  const int64_t patience_ms[] = {300, 301, 299};
  for (size_t i = 0; i < 3; i++) {
    assert_true(vn_alert_patience_ms(&rules[i], &alert) == patience_ms[i]);
  }
}

static void gaps_of_weeks_are_learned_as_six_days(void **state) {
  (void)state;
  const int64_t six_days_ms = UINT32_MAX / 8;
  vn_alert_rule_t rule = {LEARNED(100, 0, INT64_MAX)};
  vn_alert_state_t alert = {0};
  for (int i = 0; i < 8; i++) {
    vn_alert_learn_gap(&alert, i % 2 == 0 ? INT64_MAX : six_days_ms + 1);
  }
  assert_true(vn_alert_patience_ms(&rule, &alert) == 100 * six_days_ms);
  vn_alert_learn_gap(&alert, six_days_ms);
  assert_true(vn_alert_patience_ms(&rule, &alert) == 100 * six_days_ms);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_latched_alert_waits_for_a_reset),
      cmocka_unit_test(without_a_delay_it_latches_at_once),
      cmocka_unit_test(a_true_verdict_takes_a_latched_alert_back_into_its_episode),
      cmocka_unit_test(a_latch_holds_neither_normal_nor_pending_alerts),
      cmocka_unit_test(an_episode_begins_without_what_people_did_to_the_last_one),
      cmocka_unit_test(the_last_three_episodes_know_when_they_began),
      cmocka_unit_test(distances_of_episodes_neither_wrap_nor_go_back),
      cmocka_unit_test(silence_hides_the_phase_and_the_next_data_shows_it_again),
      cmocka_unit_test(silence_makes_a_pending_alert_forget),
      cmocka_unit_test(silence_keeps_an_episode_open),
      cmocka_unit_test(the_end_of_a_series_ends_everything),
      cmocka_unit_test(the_end_of_a_series_ends_latch_and_silence),
      cmocka_unit_test(absence_is_an_episode_from_silence_to_the_next_word),
      cmocka_unit_test(a_patience_that_is_not_learned_is_the_configured_one),
      cmocka_unit_test(eight_gaps_are_needed_to_know_a_series),
      cmocka_unit_test(the_learned_period_follows_the_gaps),
      cmocka_unit_test(the_learned_patience_stays_within_its_bounds),
      cmocka_unit_test(gaps_of_weeks_are_learned_as_six_days),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
