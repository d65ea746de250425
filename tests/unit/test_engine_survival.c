/* What survives which change (docs/savepoints.md): at a start with another plan, and at an import.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "savepoint_rig.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 100, .erased_value = FLASH_FAKE_NOISE};
static const flash_fake_shape_t elsewhere = {
    .erase_size = 2048, .prog_size = 64, .sector_count = 300, .erased_value = 0};

static savepoint_t savepoint;

/* A plan to be changed: a window of time, a session and a count window; "hot" fires at once. */
typedef struct device {
  rig_t *rig;
  vn_window_t windows[4];
  vn_alert_plan_t alerts[4];
} device_t;

typedef void (*change_fn)(device_t *device);

static device_t new_device(const vn_flash_t *flash, change_fn change) {
  device_t device = {.rig = rig_new(flash)};
  vn_pipeline_t *pipeline = &device.rig->pipelines[1];
  vn_window_t *windows = device.windows;
  windows[0] = device.rig->windows[0];
  windows[1] = (vn_window_t){.name = "visit",
                             .gap_ms = 4000,
                             .statistics = windows[0].statistics,
                             .supersedes_max = VN_SESSIONS_MAX,
                             .shape = VN_WINDOW_SESSION};
  windows[2] = (vn_window_t){.name = "five",
                             .size_readings = 5,
                             .slide_readings = 5,
                             .statistics = windows[0].statistics,
                             .shape = VN_WINDOW_COUNT};
  memcpy(device.alerts, device.rig->alerts, sizeof device.rig->alerts);
  device.alerts[0].rule.for_ms = 0;
  pipeline->summary.window_count = 3;
  pipeline->deduplicate = 4;
  if (change != NULL) {
    change(&device);
  }
  return device;
}

/* The plan points into the device, which has its place now. */
static void start(device_t *device) {
  device->rig->pipelines[1].summary.windows = device->windows;
  device->rig->pipelines[1].alerts = device->alerts;
}

/* Three readings of "a": an open window of time, an open session, three of five, "hot" fires. */
static flash_fake_t *first_run(void) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  device_t device = new_device(&flash->port, NULL);
  start(&device);
  assert_int_equal(rig_start(device.rig), VN_OK);
  rig_send(device.rig, "a", T0, 2000, 0);
  rig_send(device.rig, "a", T0 + 1000, 9000, 1);
  rig_send(device.rig, "a", T0 + 2000, 9100, 2);
  assert_int_equal(rig_wait(device.rig, 3000), VN_OK);
  assert_int_equal(device.rig->result_count, 0);
  assert_int_equal(device.rig->transitions[device.rig->transition_count - 1].phase,
                   VN_ALERT_FIRING);
  assert_int_equal(vn_stop(&device.rig->engine), VN_OK);
  rig_free(device.rig);
  flash_fake_power_up(flash);
  return flash;
}

/* The state moves to another flash, by a savepoint of the plan that it was made with. */
static flash_fake_t *moved(flash_fake_t *flash, change_fn change, vn_recovery_t *recovery) {
  device_t from = new_device(&flash->port, NULL);
  start(&from);
  assert_int_equal(savepoint_export(from.rig, &savepoint), VN_OK);
  flash_fake_free(flash);
  flash = flash_fake_new(&elsewhere, 2);
  device_t to = new_device(&flash->port, change);
  start(&to);
  assert_int_equal(savepoint_import(to.rig, &savepoint, false, recovery), VN_OK);
  flash_fake_power_up(flash);
  return flash;
}

typedef struct outcome {
  rig_t *rig;
  flash_fake_t *flash;
  vn_recovery_t recovery; /* of the step that saw the change */
} outcome_t;

static outcome_t after(change_fn change, bool import) {
  outcome_t outcome = {.flash = first_run()};
  if (import) {
    outcome.flash = moved(outcome.flash, change, &outcome.recovery);
  }
  static device_t device;
  device = new_device(&outcome.flash->port, change);
  start(&device);
  device.rig->wall_ms += 3000;
  assert_int_equal(rig_start(device.rig), VN_OK);
  if (!import) {
    outcome.recovery = *vn_engine_recovery(&device.rig->engine);
  }
  outcome.rig = device.rig;
  return outcome;
}

static void end(outcome_t *outcome) {
  assert_null(outcome->flash->violation);
  rig_free(outcome->rig);
  flash_fake_free(outcome->flash);
}

/* Ends the window of time, the session and the count window: results of "a" by their window. */
static void finish(rig_t *rig) {
  rig_send(rig, "a", T0 + 3000, 9200, 3);
  rig_send(rig, "a", T0 + 3500, 9300, 4);
  rig_send(rig, "a", T0 + 60000, 2000, 5);
  assert_int_equal(rig_step(rig), VN_OK);
}

/* The count of the first result of a window of the plan; 0: there is none. */
static uint32_t count_of(const rig_t *rig, uint8_t window) {
  for (size_t i = 0; i < rig->result_count; i++) {
    if (rig->results[i].window == window && rig->results[i].kind != VN_KIND_PARTIAL) {
      return rig->results[i].count;
    }
  }
  return 0;
}

static void assert_counts(const rig_t *rig, uint32_t first, uint32_t second, uint32_t third) {
  assert_int_equal(count_of(rig, 0), first);
  assert_int_equal(count_of(rig, 1), second);
  assert_int_equal(count_of(rig, 2), third);
}

static const vn_alert_state_t *alert_of(const rig_t *rig, size_t index) {
  const vn_engine_t *engine = &rig->engine;
  const vn_series_state_t *state = &engine->store.series[0];
  const vn_pipeline_state_t *pipeline = &engine->store.pipelines[state->pipeline];
  return engine->store.alerts + pipeline->alert_base +
         (size_t)state->local * pipeline->plan->alert_count + index;
}

/* Runs a row both ways. */
static void row(change_fn change, void (*check)(outcome_t *outcome)) {
  for (int import = 0; import < 2; import++) {
    outcome_t outcome = after(change, import == 1);
    assert_int_equal(outcome.recovery.series_reset, 0);
    check(&outcome);
    end(&outcome);
  }
}

static void check_all_goes_on(outcome_t *outcome) {
  assert_int_equal(outcome->recovery.operators_reset, 0);
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_FIRING);
  finish(outcome->rig);
  assert_counts(outcome->rig, 5, 5, 5);
  assert_int_equal(rig_accounting(outcome->rig, "a").accepted, 6);
  rig_send(outcome->rig, "a", T0 + 2000, 9100, 2);
  assert_int_equal(rig_accounting(outcome->rig, "a").duplicate, 1);
}

static void without_a_change_everything_survives(void **state) {
  (void)state;
  row(NULL, check_all_goes_on);
}

static void rename_everything_but_windows_and_alerts(device_t *device) {
  device->rig->pipelines[1].summary.name = "renamed";
  device->rig->pipelines[1].summary.unit = "K";
  device->rig->pipelines[1].idle_timeout_ms = 3600000;
  device->rig->plan.prefix = "elsewhere";
  device->rig->plan.encoding = VN_ENCODING_JSON;
  device->windows[0].statistics |= VN_STATISTIC_BIT(VN_STATISTIC_STDDEV);
}

static void names_encoding_and_statistics_cost_nothing(void **state) {
  (void)state;
  row(rename_everything_but_windows_and_alerts, check_all_goes_on);
}

static void add_pipeline(device_t *device) {
  rig_t *rig = device->rig;
  rig->pipelines[2] = rig->pipelines[1];
  rig->pipelines[1] = rig->pipelines[0];
  rig->pipelines[1].summary.name = "third";
  rig->pipelines[1].match = (vn_text_t){"third*", 6};
  rig->plan.pipeline_count = 3;
  rig->plan.series_max += 2;
  rig->pipelines[2].summary.windows = device->windows;
  rig->pipelines[2].alerts = device->alerts;
}

static void a_pipeline_that_is_added_changes_nothing_for_others(void **state) {
  (void)state;
  for (int import = 0; import < 2; import++) {
    flash_fake_t *flash = first_run();
    vn_recovery_t recovery = {0};
    device_t device;
    if (import == 1) {
      device_t from = new_device(&flash->port, NULL);
      start(&from);
      assert_int_equal(savepoint_export(from.rig, &savepoint), VN_OK);
      flash_fake_free(flash);
      flash = flash_fake_new(&elsewhere, 2);
      device = new_device(&flash->port, NULL);
      add_pipeline(&device);
      assert_int_equal(savepoint_import(device.rig, &savepoint, false, &recovery), VN_OK);
      flash_fake_power_up(flash);
    }
    device = new_device(&flash->port, NULL);
    add_pipeline(&device);
    device.rig->wall_ms += 3000;
    assert_int_equal(rig_start(device.rig), VN_OK);
    outcome_t outcome = {device.rig, flash, recovery};
    check_all_goes_on(&outcome);
    end(&outcome);
  }
}

static void change_threshold(device_t *device) {
  device->alerts[0].rule.limit = 9150;
  device->alerts[0].rule.hysteresis = 10;
  device->alerts[0].rule.keep_firing_for_ms = 0;
  device->alerts[0].severity = "minor";
}

static void check_judged_again(outcome_t *outcome) {
  assert_int_equal(outcome->recovery.operators_reset, 0);
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_FIRING);
  assert_int_equal(outcome->rig->transition_count, 0);
  rig_send(outcome->rig, "a", T0 + 3000, 9100, 3); /* above the old limit, below the new one */
  assert_int_equal(outcome->rig->transition_count, 1);
  assert_int_equal(outcome->rig->transitions[0].phase, VN_ALERT_NORMAL);
  assert_int_equal(outcome->rig->transitions[0].episode, 1);
  rig_send(outcome->rig, "a", T0 + 4000, 9400, 4);
  assert_int_equal(outcome->rig->transitions[1].episode, 2);
}

static void a_changed_threshold_is_judged_at_the_next_reading(void **state) {
  (void)state;
  row(change_threshold, check_judged_again);
}

static void change_of(device_t *device) {
  device->alerts[0].of = "ten.max";
  device->alerts[0].source = VN_ALERT_OF_WINDOW;
  device->alerts[0].statistic = VN_STATISTIC_MAX;
  device->windows[0].statistics |= VN_STATISTIC_BIT(VN_STATISTIC_MAX);
}

static void check_kept_until_judged(outcome_t *outcome) {
  assert_int_equal(outcome->recovery.operators_reset, 0);
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_FIRING);
  assert_int_equal(alert_of(outcome->rig, 0)->episode, 1);
  assert_false(alert_of(outcome->rig, 0)->evaluated);
  finish(outcome->rig);
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_FIRING);
  assert_int_equal(alert_of(outcome->rig, 0)->episode, 1);
}

static void an_alert_that_looks_at_something_else_keeps_its_episode(void **state) {
  (void)state;
  row(change_of, check_kept_until_judged);
}

static void change_condition(device_t *device) {
  device->alerts[0].rule.condition = VN_ALERT_BELOW;
}

static void check_begins_anew(outcome_t *outcome) {
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_NORMAL);
  assert_int_equal(alert_of(outcome->rig, 0)->episode, 0);
  finish(outcome->rig);
  assert_int_equal(count_of(outcome->rig, 0), 5);
}

static void another_condition_begins_anew(void **state) {
  (void)state;
  row(change_condition, check_begins_anew);
}

static void add_alert(device_t *device) {
  memmove(device->alerts + 1, device->alerts, 3 * sizeof device->alerts[0]);
  device->alerts[0].name = "hotter";
  device->alerts[0].rule.limit = 9500;
  device->rig->pipelines[1].alert_count = 4;
}

static void check_alert_added(outcome_t *outcome) {
  assert_int_equal(outcome->recovery.operators_reset, 0);
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_NORMAL);
  assert_int_equal(alert_of(outcome->rig, 1)->phase, VN_ALERT_FIRING);
  finish(outcome->rig);
  assert_counts(outcome->rig, 5, 5, 5);
}

static void an_alert_that_is_added_starts_empty_and_changes_nothing_else(void **state) {
  (void)state;
  row(add_alert, check_alert_added);
}

static void remove_alert(device_t *device) {
  memmove(device->alerts, device->alerts + 1, 2 * sizeof device->alerts[0]);
  device->rig->pipelines[1].alert_count = 2;
}

static void check_alert_removed(outcome_t *outcome) {
  assert_true(outcome->recovery.operators_reset >= 1);
  finish(outcome->rig);
  assert_counts(outcome->rig, 5, 5, 5);
}

static void an_alert_that_is_removed_takes_nothing_with_it(void **state) {
  (void)state;
  row(remove_alert, check_alert_removed);
}

static void add_windows(device_t *device) {
  device->windows[3] = device->windows[2];
  device->windows[2] = device->windows[1];
  device->windows[1].name = "longer";
  device->windows[1].gap_ms = 8000;
  device->rig->pipelines[1].summary.window_count = 4;
}

static void check_window_added(outcome_t *outcome) {
  assert_int_equal(outcome->recovery.operators_reset, 0);
  finish(outcome->rig);
  assert_int_equal(count_of(outcome->rig, 0), 5);
  assert_int_equal(count_of(outcome->rig, 1), 2); /* the new one: what came since */
  assert_int_equal(count_of(outcome->rig, 2), 5);
  assert_int_equal(count_of(outcome->rig, 3), 5);
}

static void a_session_window_that_is_added_starts_empty(void **state) {
  (void)state;
  row(add_windows, check_window_added);
}

static void remove_session(device_t *device) {
  device->windows[1] = device->windows[2];
  device->rig->pipelines[1].summary.window_count = 2;
}

static void check_session_removed(outcome_t *outcome) {
  assert_true(outcome->recovery.operators_reset >= 1 && outcome->recovery.windows_ended == 1);
  finish(outcome->rig);
  assert_int_equal(count_of(outcome->rig, 0), 5);
  assert_int_equal(count_of(outcome->rig, 1), 5);
}

static void a_session_window_that_is_removed_takes_nothing_with_it(void **state) {
  (void)state;
  row(remove_session, check_session_removed);
}

static void change_gap(device_t *device) { device->windows[1].gap_ms = 5000; }

static void check_gap_changed(outcome_t *outcome) {
  assert_true(outcome->recovery.operators_reset >= 1 && outcome->recovery.windows_ended == 1);
  finish(outcome->rig);
  assert_counts(outcome->rig, 5, 2, 5);
}

static void a_changed_gap_restarts_that_window_alone(void **state) {
  (void)state;
  row(change_gap, check_gap_changed);
}

static void change_length(device_t *device) {
  device->windows[0].size_ms = device->windows[0].slide_ms = 5000;
}

static void check_length_changed(outcome_t *outcome) {
  assert_true(outcome->recovery.operators_reset >= 1);
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_FIRING);
  finish(outcome->rig);
  assert_counts(outcome->rig, 2, 5, 5);
}

static void a_changed_length_restarts_the_windows_of_time_alone(void **state) {
  (void)state;
  row(change_length, check_length_changed);
}

static void change_resolution(device_t *device) {
  device->rig->pipelines[1].summary.exponent = -1;
  device->rig->pipelines[1].range_low = -400;
  device->rig->pipelines[1].range_high = 12500;
  device->alerts[0].exponent = device->alerts[1].exponent = device->alerts[2].exponent = -1;
  device->alerts[0].rule.limit = 800;
  device->alerts[0].rule.hysteresis = 50;
  device->alerts[1].rule.limit = 500;
}

static void check_resolution_changed(outcome_t *outcome) {
  assert_true(outcome->recovery.operators_reset >= 3 && outcome->recovery.windows_ended == 3);
  assert_int_equal(alert_of(outcome->rig, 0)->phase, VN_ALERT_FIRING);
  rig_send(outcome->rig, "a", T0, 20000, 6); /* the number that 20.00 was before: no repeat */
  finish(outcome->rig);
  assert_counts(outcome->rig, 3, 3, 0);
  assert_int_equal(rig_accounting(outcome->rig, "a").accepted, 7);
  assert_int_equal(alert_of(outcome->rig, 0)->episode, 1);
  rig_send(outcome->rig, "a", T0 + 60000, 2000, 5); /* its number is known */
  assert_int_equal(rig_accounting(outcome->rig, "a").duplicate, 1);
}

static void a_changed_resolution_restarts_all_windows_and_keeps_the_rest(void **state) {
  (void)state;
  row(change_resolution, check_resolution_changed);
}

static void disown_series(device_t *device) {
  device->rig->pipelines[1].match = (vn_text_t){"b*", 2};
}

/* Its numbers stay in the device's accounting: the books balance (rig_free looks). */
static void a_series_that_no_pipeline_wants_is_counted_and_gone(void **state) {
  (void)state;
  for (int import = 0; import < 2; import++) {
    outcome_t outcome = after(disown_series, import == 1);
    assert_true(outcome.recovery.series_reset >= 1);
    assert_int_equal(outcome.recovery.series_restored, 0);
    assert_int_equal(vn_engine_figures(&outcome.rig->engine)->readings.accepted, 3);
    rig_send(outcome.rig, "b1", T0 + 3000, 2000, 0);
    assert_int_equal(rig_accounting(outcome.rig, "b1").accepted, 1);
    assert_int_equal(vn_stop(&outcome.rig->engine), VN_OK);
    rig_free(outcome.rig);
    flash_fake_power_up(outcome.flash);
    device_t again = new_device(&outcome.flash->port, disown_series);
    start(&again);
    outcome.rig = again.rig;
    assert_int_equal(rig_start(again.rig), VN_OK); /* the record lies there still, under a tomb */
    assert_int_equal(vn_engine_recovery(&again.rig->engine)->series_restored, 1);
    assert_int_equal(vn_engine_figures(&again.rig->engine)->readings.accepted, 4);
    end(&outcome);
  }
}

/* A commit of a later version on top. */
static void data_of_a_newer_version_are_refused_and_left_alone(void **state) {
  (void)state;
  flash_fake_t *flash = first_run();
  device_t device = new_device(&flash->port, NULL);
  start(&device);
  assert_int_equal(rig_start(device.rig), VN_OK);
  vn_commit_t commit = device.rig->engine.log.state.commit;
  commit.schema_hash++;
  assert_int_equal(vn_log_begin(&device.rig->engine.log), VN_OK);
  assert_int_equal(vn_log_commit(&device.rig->engine.log, &commit), VN_OK);
  rig_free(device.rig);
  flash_fake_power_up(flash);
  uint64_t programs = flash->programs, erases = flash->erases;
  device = new_device(&flash->port, NULL);
  start(&device);
  assert_int_equal(rig_start(device.rig), VN_ERR_NEWER);
  device.rig->engine.restored = false;
  rig_free(device.rig);
  device = new_device(&flash->port, NULL);
  start(&device);
  assert_int_equal(savepoint_export(device.rig, &savepoint), VN_ERR_NEWER);
  assert_int_equal(flash->programs + flash->erases, programs + erases);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_change_everything_survives),
      cmocka_unit_test(names_encoding_and_statistics_cost_nothing),
      cmocka_unit_test(a_pipeline_that_is_added_changes_nothing_for_others),
      cmocka_unit_test(a_changed_threshold_is_judged_at_the_next_reading),
      cmocka_unit_test(an_alert_that_looks_at_something_else_keeps_its_episode),
      cmocka_unit_test(another_condition_begins_anew),
      cmocka_unit_test(an_alert_that_is_added_starts_empty_and_changes_nothing_else),
      cmocka_unit_test(an_alert_that_is_removed_takes_nothing_with_it),
      cmocka_unit_test(a_session_window_that_is_added_starts_empty),
      cmocka_unit_test(a_session_window_that_is_removed_takes_nothing_with_it),
      cmocka_unit_test(a_changed_gap_restarts_that_window_alone),
      cmocka_unit_test(a_changed_length_restarts_the_windows_of_time_alone),
      cmocka_unit_test(a_changed_resolution_restarts_all_windows_and_keeps_the_rest),
      cmocka_unit_test(a_series_that_no_pipeline_wants_is_counted_and_gone),
      cmocka_unit_test(data_of_a_newer_version_are_refused_and_left_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
