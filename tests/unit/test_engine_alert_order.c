/* Alerts in the order of time: when readings that wait are evaluated, and what is too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define HIGH 9000
#define LOW 1000

enum { BOUND_MS = 2000 };

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

/* "hot" above 80 without delays, in order of time; three readings of a series can wait. */
static rig_t *make(const vn_flash_t *flash) {
  rig_t *rig = rig_new(flash);
  rig->alerts[0].rule.hysteresis = 0;
  rig->alerts[0].rule.for_ms = 0;
  rig->alerts[0].rule.keep_firing_for_ms = 0;
  rig->alerts[0].in_order = true;
  rig->pipelines[1].alert_reorder = 3;
  rig->pipelines[1].out_of_order_ms = BOUND_MS;
  return rig;
}

static rig_t *start(void) {
  rig_t *rig = make(NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

/* Each message has a number of its own. */
static void send(rig_t *rig, const char *series, int64_t after_ms, int32_t value) {
  rig_send(rig, series, T0 + after_ms, value,
           (uint32_t)vn_engine_figures(&rig->engine)->readings.received + 1);
}

/* Transition `i` is of this alert, at T0 + after_ms. */
static void check(const rig_t *rig, size_t i, const char *alert, int64_t after_ms,
                  vn_alert_phase_t phase) {
  assert_true(i < rig->transition_count);
  assert_string_equal(rig->transitions[i].alert, alert);
  assert_int_equal(rig->transitions[i].at_ms - T0, after_ms);
  assert_int_equal(rig->transitions[i].phase, phase);
}

static uint64_t late(const rig_t *rig) { return vn_engine_figures(&rig->engine)->late_for_alerts; }

static void a_reading_is_evaluated_when_the_watermark_passes_it(void **state) {
  (void)state;
  rig_t *rig = start();
  send(rig, "a", 500, HIGH);
  send(rig, "a", 0, LOW);
  send(rig, "a", 500 + BOUND_MS, LOW);
  assert_int_equal(rig->transition_count, 0);
  send(rig, "a", 501 + BOUND_MS, LOW);
  assert_int_equal(rig->transition_count, 1);
  check(rig, 0, "hot", 500, VN_ALERT_FIRING);
  assert_int_equal(late(rig), 0);
  rig_free(rig);
}

static void when_too_many_wait_the_oldest_goes_first(void **state) {
  (void)state;
  rig_t *rig = start();
  send(rig, "a", 300, HIGH);
  send(rig, "a", 100, LOW);
  send(rig, "a", 200, HIGH);
  send(rig, "a", 400, LOW); /* 100 is evaluated */
  assert_int_equal(rig->transition_count, 0);
  send(rig, "a", 500, LOW); /* 200 */
  check(rig, 0, "hot", 200, VN_ALERT_FIRING);
  send(rig, "a", 150, LOW); /* the oldest of four itself, and behind 200 */
  assert_int_equal(late(rig), 1);
  send(rig, "a", 199, LOW);
  assert_int_equal(late(rig), 2);
  vn_flush(&rig->engine);
  assert_int_equal(rig->transition_count, 2);
  check(rig, 1, "hot", 400, VN_ALERT_NORMAL);
  rig_free(rig);
}

static void behind_the_watermark_a_reading_is_evaluated_at_once_or_late(void **state) {
  (void)state;
  rig_t *rig = start();
  send(rig, "a", 0, LOW);
  send(rig, "a", 9000, LOW);
  send(rig, "a", 3000, HIGH);
  check(rig, 0, "hot", 3000, VN_ALERT_FIRING);
  send(rig, "a", 2999, LOW);
  assert_int_equal(rig->transition_count, 1);
  assert_int_equal(late(rig), 1);
  send(rig, "a", 3000, LOW);
  check(rig, 1, "hot", 3000, VN_ALERT_NORMAL);
  rig_free(rig);
}

static void watermarks_and_the_end_of_input_evaluate_what_they_pass(void **state) {
  (void)state;
  rig_t *rig = start();
  uint32_t series;
  send(rig, "a", 100, HIGH);
  send(rig, "a", 200, LOW);
  assert_int_equal(vn_series_open(&rig->engine, (vn_text_t){"a", 1}, &series), VN_REASON_NONE);
  vn_watermark(&rig->engine, series, T0 + 99);
  assert_int_equal(rig->transition_count, 0);
  vn_watermark(&rig->engine, series, T0 + 100);
  assert_int_equal(rig->transition_count, 1);
  vn_watermark(&rig->engine, VN_SERIES_NONE, T0 + 200);
  check(rig, 1, "hot", 200, VN_ALERT_NORMAL);
  send(rig, "a", 300, HIGH);
  vn_flush(&rig->engine);
  check(rig, 2, "hot", 300, VN_ALERT_FIRING);
  rig_free(rig);
}

static void check_idle(uint8_t scope, uint8_t window_count) {
  rig_t *rig = make(NULL);
  rig->pipelines[1].idle_timeout_ms = 5000;
  rig->pipelines[1].scope = scope;
  rig->pipelines[1].summary.window_count = window_count;
  rig->pipelines[1].alert_count = window_count > 0 ? 3 : 1;
  assert_int_equal(rig_start(rig), VN_OK);
  rig->wall_ms = T0 + 1000;
  send(rig, "a", 300, LOW);
  send(rig, "a", 200, HIGH);
  assert_int_equal(rig_wait(rig, 4999), VN_OK);
  assert_int_equal(rig->transition_count, 0);
  assert_int_equal(rig_wait(rig, 100), VN_OK);
  check(rig, 0, "hot", 200, VN_ALERT_FIRING);
  check(rig, 1, "hot", 300, VN_ALERT_NORMAL);
  rig_free(rig);
}

static void silence_evaluates_all_that_waits(void **state) {
  (void)state;
  check_idle(VN_SCOPE_SERIES, 2);
  check_idle(VN_SCOPE_GLOBAL, 2);
}

static void without_windows_the_watermark_is_the_same(void **state) {
  (void)state;
  check_idle(VN_SCOPE_SERIES, 0);
  check_idle(VN_SCOPE_GLOBAL, 0);
}

/* Of "a", by "b" and by no more than it may. */
static void check_common(uint8_t window_count) {
  rig_t *rig = make(NULL);
  rig->pipelines[1].scope = VN_SCOPE_GLOBAL;
  rig->pipelines[1].summary.window_count = window_count;
  rig->pipelines[1].alert_count = 1;
  assert_int_equal(rig_start(rig), VN_OK);
  send(rig, "a", 0, HIGH);
  send(rig, "b", BOUND_MS, LOW);
  assert_int_equal(rig->transition_count, 0);
  send(rig, "b", BOUND_MS + 1, LOW);
  check(rig, 0, "hot", 0, VN_ALERT_FIRING);
  assert_string_equal(rig->transitions[0].series, "a");
  send(rig, "c", -1, HIGH); /* behind the common watermark */
  check(rig, 1, "hot", -1, VN_ALERT_FIRING);
  rig_free(rig);
}

static void with_a_common_watermark_another_series_lets_readings_go(void **state) {
  (void)state;
  check_common(2);
  check_common(0);
}

static void what_waits_comes_before_windows_and_windows_before_values(void **state) {
  (void)state;
  rig_t *rig = make(NULL);
  rig->alerts[2] = rig->alerts[0];
  rig->alerts[2].name = "now";
  rig->alerts[2].in_order = false;
  assert_int_equal(rig_start(rig), VN_OK);
  send(rig, "a", 100, 7000);
  send(rig, "a", 200, HIGH);
  send(rig, "a", 300, 7000);
  send(rig, "a", 10000 + BOUND_MS + 1, HIGH);
  const struct {
    const char *alert;
    int64_t after_ms;
    vn_alert_phase_t phase;
  } expected[] = {{"now", 200, VN_ALERT_FIRING},    {"now", 300, VN_ALERT_NORMAL},
                  {"hot", 200, VN_ALERT_FIRING},    {"hot", 300, VN_ALERT_NORMAL},
                  {"warm", 10000, VN_ALERT_FIRING}, {"now", 12001, VN_ALERT_FIRING}};
  assert_int_equal(rig->transition_count, 6);
  for (size_t i = 0; i < 6; i++) {
    check(rig, i, expected[i].alert, expected[i].after_ms, expected[i].phase);
  }
  rig_free(rig);
}

static void a_series_that_ends_evaluates_what_waits_and_leaves_nothing(void **state) {
  (void)state;
  rig_t *rig = make(NULL);
  rig->pipelines[1].time_to_live_ms = 10000;
  rig->pipelines[1].alert_count = 1;
  assert_int_equal(rig_start(rig), VN_OK);
  rig->wall_ms = T0;
  send(rig, "a", 0, HIGH);
  assert_int_equal(rig_wait(rig, 10100), VN_OK);
  assert_int_equal(rig->transition_count, 2);
  check(rig, 0, "hot", 0, VN_ALERT_FIRING);
  check(rig, 1, "hot", 10000, VN_ALERT_NORMAL);
  send(rig, "b", 0, LOW); /* in the place of the other one */
  vn_flush(&rig->engine);
  assert_int_equal(rig->transition_count, 2);
  rig_free(rig);
}

static void readings_at_provisional_times_are_evaluated_at_true_ones(void **state) {
  (void)state;
  rig_t *rig = make(NULL);
  rig->wall_ms = T0;
  rig->wall_valid = false;
  rig->pipelines[1].alert_count = 1;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_message(rig, "n/a", "90");
  rig->wall_ms = T0 + 500;
  rig_message(rig, "n/a", "10");
  assert_int_equal(rig->transition_count, 0);
  rig->wall_valid = true;
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig->transition_count, 2);
  check(rig, 0, "hot", 0, VN_ALERT_FIRING);
  check(rig, 1, "hot", 500, VN_ALERT_NORMAL);
  rig_free(rig);
}

static void what_waits_survives_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = make(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  send(rig, "a", 200, LOW);
  send(rig, "a", 100, HIGH);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  flash_fake_power_up(flash);
  rig_t *next = rig_go_on(rig, make(&flash->port));
  assert_non_null(next);
  send(next, "a", 150, LOW);
  vn_flush(&next->engine);
  assert_int_equal(next->transition_count, 2);
  check(next, 0, "hot", 100, VN_ALERT_FIRING);
  check(next, 1, "hot", 150, VN_ALERT_NORMAL);
  rig_free(next);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reading_is_evaluated_when_the_watermark_passes_it),
      cmocka_unit_test(when_too_many_wait_the_oldest_goes_first),
      cmocka_unit_test(behind_the_watermark_a_reading_is_evaluated_at_once_or_late),
      cmocka_unit_test(watermarks_and_the_end_of_input_evaluate_what_they_pass),
      cmocka_unit_test(silence_evaluates_all_that_waits),
      cmocka_unit_test(without_windows_the_watermark_is_the_same),
      cmocka_unit_test(with_a_common_watermark_another_series_lets_readings_go),
      cmocka_unit_test(what_waits_comes_before_windows_and_windows_before_values),
      cmocka_unit_test(a_series_that_ends_evaluates_what_waits_and_leaves_nothing),
      cmocka_unit_test(readings_at_provisional_times_are_evaluated_at_true_ones),
      cmocka_unit_test(what_waits_survives_a_restart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
