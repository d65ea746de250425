/* Reports in the engine: beside other windows, in the messages, through silence and restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define READINGS 60

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static const vn_window_t door = {.name = "door",
                                 .every_ms = 20000,
                                 .statistics = VN_STATISTIC_BIT(VN_STATISTIC_COUNT),
                                 .error = 40,
                                 .sample = 6,
                                 .shape = VN_WINDOW_REPORT,
                                 .method = VN_REPORT_SWINGING_DOOR};

static rig_t *report_rig(const vn_flash_t *flash) {
  rig_t *rig = rig_new(flash);
  rig->windows[1] = door;
  return rig;
}

static void send_reading(rig_t *rig, int i) {
  static const int32_t shape_of[] = {0, 10, 30, 20, 200, 210, 400, 100};
  rig_send(rig, i % 3 == 0 ? "b" : "a", T0 + i * 1000, 2000 + i + shape_of[i % 8], (uint32_t)i);
}

/* Runs the trace; stops and starts again before reading `stop_at` (-1: never). */
static rig_t *run(flash_fake_t *flash, int stop_at) {
  rig_t *rig = report_rig(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < READINGS; i++) {
    if (i == stop_at) {
      assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
      flash_fake_power_up(flash);
      rig = rig_go_on(rig, report_rig(&flash->port));
      assert_non_null(rig);
    }
    send_reading(rig, i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  vn_flush(&rig->engine);
  return rig;
}

static uint32_t records_of(const rig_t *rig, uint64_t *readings) {
  uint32_t records = 0;
  for (size_t i = 0; i < rig->result_count; i++) {
    if (rig->results[i].window == 1) {
      records++;
      *readings += rig->results[i].count;
      assert_int_equal(rig->results[i].revision, 0);
      assert_true(rig->results[i].end_ms - rig->results[i].start_ms <= door.every_ms);
    }
  }
  return records;
}

static void a_stop_at_any_reading_changes_no_record(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *whole = run(flash, -1);
  flash_fake_free(flash);
  uint64_t readings = 0;
  assert_true(records_of(whole, &readings) >= 6);
  assert_int_equal(readings, READINGS);
  for (int stop_at = 1; stop_at < READINGS; stop_at++) {
    flash = flash_fake_new(&shape, 1);
    rig_t *cut = run(flash, stop_at);
    assert_int_equal(cut->result_count, whole->result_count);
    assert_memory_equal(cut->results, whole->results,
                        whole->result_count * sizeof whole->results[0]);
    rig_free(cut);
    flash_fake_free(flash);
  }
  rig_free(whole);
}

/* A pipeline that has nothing but the report. */
static rig_t *report_alone(void) {
  rig_t *rig = report_rig(NULL);
  rig->windows[0] = door;
  for (size_t i = 0; i < 2; i++) {
    rig->pipelines[i].summary.window_count = 1;
    rig->pipelines[i].alert_count = 0;
    rig->pipelines[i].idle_timeout_ms = 5000;
  }
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static void a_reading_that_is_not_newer_is_late_unless_another_window_takes_it(void **state) {
  (void)state;
  rig_t *rig = report_alone();
  rig_send(rig, "a", T0 + 1000, 2000, 0);
  rig_send(rig, "a", T0 + 500, 2000, 1);
  rig_send(rig, "a", T0 + 1000, 2500, 2);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  assert_int_equal(rig_accounting(rig, "a").late, 2);
  rig_free(rig);
  rig = report_rig(NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0 + 1000, 2000, 0);
  rig_send(rig, "a", T0 + 500, 2000, 1);
  vn_flush(&rig->engine);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  assert_int_equal(rig->result_count, 2);
  assert_int_equal(rig->results[0].count, 2);
  assert_int_equal(rig->results[1].count, 1);
  rig_free(rig);
}

static void silence_sends_what_is_there_and_once(void **state) {
  (void)state;
  for (int scope = VN_SCOPE_SERIES; scope <= VN_SCOPE_GLOBAL; scope++) {
    rig_t *rig = report_alone();
    rig->pipelines[1].scope = (uint8_t)scope;
    rig_send(rig, "a", T0 + 1000, 2000, 0);
    rig_send(rig, "b", T0 + 9000, 2000, 0);
    assert_int_equal(rig->result_count, 0);
    assert_int_equal(rig_wait(rig, 6000), VN_OK);
    assert_int_equal(rig->result_count, 2);
    assert_int_equal(rig->results[0].kind, VN_KIND_IDLE);
    assert_int_equal(rig->results[0].end_ms, T0 + 1001);
    assert_int_equal(rig_wait(rig, 60000), VN_OK);
    assert_int_equal(rig->result_count, 2);
    rig_free(rig);
  }
}

static void a_plan_of_points_that_no_message_carries_is_refused(void **state) {
  (void)state;
  rig_t *rig = report_rig(NULL);
  vn_plan_problem_t problem;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_OK);
  rig->plan.encoding = VN_ENCODING_SENML_JSON;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  assert_int_equal(problem.window, 1);
  rig->plan.encoding = VN_ENCODING_JSON;
  rig->windows[1].sample = 1;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  rig->windows[1] = door;
  rig->windows[1].every_ms = 0;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stop_at_any_reading_changes_no_record),
      cmocka_unit_test(a_reading_that_is_not_newer_is_late_unless_another_window_takes_it),
      cmocka_unit_test(silence_sends_what_is_there_and_once),
      cmocka_unit_test(a_plan_of_points_that_no_message_carries_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
