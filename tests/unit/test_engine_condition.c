/* Condition windows in the engine: books, silence, the end of input, alerts on them, restarts. */
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

static const vn_window_t hot = {.name = "hot",
                                .max_ms = 6000,
                                .limit = 3000,
                                .hysteresis = 200,
                                .statistics = VN_STATISTIC_BIT(VN_STATISTIC_COUNT) |
                                              VN_STATISTIC_BIT(VN_STATISTIC_P50) |
                                              VN_STATISTIC_BIT(VN_STATISTIC_SLOPE),
                                .sample = 3,
                                .supersedes_max = 1,
                                .condition = VN_ALERT_ABOVE,
                                .shape = VN_WINDOW_CONDITION};

/* Behind a window of time. */
static rig_t *mixed_rig(const vn_flash_t *flash) {
  rig_t *rig = rig_new(flash);
  rig->windows[1] = hot;
  return rig;
}

/* A pipeline that has nothing but the condition window, and its alert. */
static rig_t *lone_rig(vn_scope_t scope) {
  rig_t *rig = rig_new(NULL);
  rig->windows[0] = hot;
  rig->windows[0].max_ms = VN_DURATION_OFF;
  rig->alerts[0] = (vn_alert_plan_t){.name = "crowded",
                                     .severity = "",
                                     .of = "hot.count",
                                     .rule = {.limit = 1, .condition = VN_ALERT_ABOVE},
                                     .source = VN_ALERT_OF_WINDOW,
                                     .window = 0,
                                     .statistic = VN_STATISTIC_COUNT};
  for (size_t i = 0; i < 2; i++) {
    rig->pipelines[i].summary.window_count = 1;
    rig->pipelines[i].alert_count = (uint8_t)i;
    rig->pipelines[i].idle_timeout_ms = 5000;
    rig->pipelines[i].scope = (uint8_t)scope;
  }
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static void send_reading(rig_t *rig, int i) {
  static const int32_t values[] = {2500, 3100, 2900, 2801, 2800, 3001,
                                   3400, 3400, 3300, 3500, 3200};
  static const int32_t shift[] = {0, 0, -1500, 0, 0};
  rig_send(rig, i % 3 == 0 ? "b" : "a", T0 + i * 1000 + shift[i % 5], values[i % 11], (uint32_t)i);
}

/* Runs the trace; stops and starts again before reading `stop_at` (-1: never). */
static rig_t *run(flash_fake_t *flash, int stop_at) {
  rig_t *rig = mixed_rig(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < READINGS; i++) {
    if (i == stop_at) {
      assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
      flash_fake_power_up(flash);
      rig = rig_go_on(rig, mixed_rig(&flash->port));
      assert_non_null(rig);
    }
    send_reading(rig, i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  vn_flush(&rig->engine);
  return rig;
}

static void a_stop_at_any_reading_changes_no_result(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *whole = run(flash, -1);
  flash_fake_free(flash);
  size_t forced = 0, ended = 0;
  for (size_t i = 0; i < whole->result_count; i++) {
    forced += whole->results[i].window == 1 && whole->results[i].kind == VN_KIND_FORCED;
    ended += whole->results[i].window == 1 && whole->results[i].kind == VN_KIND_ON_TIME;
  }
  assert_true(forced >= 2 && ended >= 6);
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

static void a_reading_counts_as_accepted_though_the_condition_is_false(void **state) {
  (void)state;
  rig_t *rig = lone_rig(VN_SCOPE_SERIES);
  rig_send(rig, "a", T0 + 1000, 3000, 0);
  rig_send(rig, "a", T0 + 2000, 3001, 1);
  rig_send(rig, "a", T0 + 3000, 2800, 2);
  assert_int_equal(rig_accounting(rig, "a").accepted, 3);
  assert_int_equal(rig->result_count, 1);
  assert_int_equal(rig->results[0].count, 1);
  assert_int_equal(rig->results[0].start_ms, T0 + 2000);
  assert_int_equal(rig->results[0].end_ms, T0 + 3000);
  rig_free(rig);
}

static void an_older_reading_is_late_unless_another_window_takes_it(void **state) {
  (void)state;
  rig_t *rig = lone_rig(VN_SCOPE_SERIES);
  rig_send(rig, "a", T0 + 1000, 3500, 0);
  rig_send(rig, "a", T0 + 999, 3500, 1);
  rig_send(rig, "a", T0 + 1000, 3500, 2);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  assert_int_equal(rig_accounting(rig, "a").late, 1);
  vn_flush(&rig->engine);
  assert_int_equal(rig->results[0].count, 2);
  rig_free(rig);
  rig = mixed_rig(NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0 + 1000, 3500, 0);
  rig_send(rig, "a", T0 + 999, 3500, 1);
  vn_flush(&rig->engine);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  assert_int_equal(rig->result_count, 2);
  assert_int_equal(rig->results[0].count, 2); /* of time */
  assert_int_equal(rig->results[1].count, 1);
  rig_free(rig);
}

static void silence_closes_it_and_the_next_reading_goes_on_or_begins_anew(void **state) {
  (void)state;
  for (int scope = VN_SCOPE_SERIES; scope <= VN_SCOPE_GLOBAL; scope++) {
    rig_t *rig = lone_rig((vn_scope_t)scope);
    rig_send(rig, "a", T0 + 1000, 3500, 0);
    assert_int_equal(rig_wait(rig, 60000), VN_OK);
    assert_int_equal(rig->result_count, 1);
    assert_int_equal(rig->results[0].kind, VN_KIND_IDLE);
    assert_int_equal(rig->results[0].end_ms, T0 + 1001);
    rig_send(rig, "a", T0 + 1000, 3600, 1);
    rig_send(rig, "a", T0 + 2000, 1000, 2);
    assert_int_equal(rig->result_count, 2);
    assert_int_equal(rig->results[1].count, 2);
    assert_int_equal(rig->results[1].revision, 1);
    rig_send(rig, "a", T0 + 3000, 3500, 3);
    assert_int_equal(rig_wait(rig, 60000), VN_OK);
    assert_int_equal(rig->results[2].start_ms, T0 + 3000);
    assert_int_equal(rig->results[2].revision, 0);
    rig_free(rig);
  }
}

static void a_series_that_says_goodbye_tells_what_is_open(void **state) {
  (void)state;
  rig_t *rig = lone_rig(VN_SCOPE_SERIES);
  rig->pipelines[1].idle_timeout_ms = VN_DURATION_OFF;
  rig->pipelines[1].time_to_live_ms = 20000;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0 + 1000, 3500, 0);
  assert_int_equal(rig_wait(rig, 30000), VN_OK);
  assert_int_equal(vn_engine_figures(&rig->engine)->series_expired, 1);
  assert_int_equal(rig->result_count, 1);
  assert_int_equal(rig->results[0].kind, VN_KIND_IDLE);
  assert_int_equal(rig->results[0].end_ms, T0 + 1001);
  rig_free(rig);
}

static void only_the_end_of_input_closes_it_not_a_watermark(void **state) {
  (void)state;
  for (int scope = VN_SCOPE_SERIES; scope <= VN_SCOPE_GLOBAL; scope++) {
    rig_t *rig = lone_rig((vn_scope_t)scope);
    rig_send(rig, "a", T0 + 1000, 3500, 0);
    vn_watermark(&rig->engine, VN_SERIES_NONE, VN_TIME_PLUS_INFINITY);
    rig_send(rig, "a", T0 + 2000, 3500, 1);
    assert_int_equal(rig->result_count, 0);
    vn_flush(&rig->engine);
    assert_int_equal(rig->result_count, 1);
    assert_int_equal(rig->results[0].count, 2);
    assert_int_equal(rig->results[0].kind, VN_KIND_ON_TIME);
    vn_flush(&rig->engine);
    assert_int_equal(rig->result_count, 1);
    rig_free(rig);
  }
}

static void an_alert_looks_at_its_first_result(void **state) {
  (void)state;
  rig_t *rig = lone_rig(VN_SCOPE_SERIES);
  for (uint32_t i = 0; i < 3; i++) {
    rig_send(rig, "a", T0 + i, 3500, i);
  }
  assert_int_equal(rig->transition_count, 0);
  rig_send(rig, "a", T0 + 7000, 0, 3);
  assert_int_equal(rig->transition_count, 1);
  assert_int_equal(rig->transitions[0].phase, VN_ALERT_FIRING);
  assert_int_equal(rig->transitions[0].at_ms, T0 + 7000);
  rig_free(rig);
}

static void a_state_of_another_direction_or_length_is_not_taken_over(void **state) {
  (void)state;
  rig_t *rig = mixed_rig(NULL);
  const vn_pipeline_t *pipeline = &rig->pipelines[0];
  uint32_t before = vn_pipeline_layout_hash(pipeline);
  rig->windows[1].limit = 3200;
  assert_int_equal(vn_pipeline_layout_hash(pipeline), before);
  rig->windows[1].condition = VN_ALERT_BELOW;
  assert_int_not_equal(vn_pipeline_layout_hash(pipeline), before);
  rig->windows[1] = hot;
  rig->windows[1].max_ms = 5000;
  assert_int_not_equal(vn_pipeline_layout_hash(pipeline), before);
  rig_free(rig);
}

static void a_plan_with_a_wrong_condition_is_refused(void **state) {
  (void)state;
  rig_t *rig = mixed_rig(NULL);
  vn_plan_problem_t problem;
  vn_window_t wrong[6] = {hot, hot, hot, hot, hot, hot};
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_OK);
  wrong[0].condition = VN_ALERT_ABSENT_FOR;
  wrong[1].hysteresis = -1;
  wrong[2].limit = INT64_MAX;
  wrong[3].max_ms = 0;
  wrong[4].supersedes_max = 0;
  wrong[5].sample = VN_SAMPLE_MAX + 1;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    rig->windows[1] = wrong[i];
    assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
    assert_int_equal(problem.window, 1);
  }
  rig->windows[1] = rig->windows[0];
  rig->windows[0] = hot; /* before one of time */
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stop_at_any_reading_changes_no_result),
      cmocka_unit_test(a_reading_counts_as_accepted_though_the_condition_is_false),
      cmocka_unit_test(an_older_reading_is_late_unless_another_window_takes_it),
      cmocka_unit_test(silence_closes_it_and_the_next_reading_goes_on_or_begins_anew),
      cmocka_unit_test(a_series_that_says_goodbye_tells_what_is_open),
      cmocka_unit_test(only_the_end_of_input_closes_it_not_a_watermark),
      cmocka_unit_test(an_alert_looks_at_its_first_result),
      cmocka_unit_test(a_state_of_another_direction_or_length_is_not_taken_over),
      cmocka_unit_test(a_plan_with_a_wrong_condition_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
