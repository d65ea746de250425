/* Episodes of alerts that another configuration doesn't know: they end, once, and are told so. */
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
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static savepoint_t savepoint;
static vn_alert_plan_t alerts[3];

typedef void (*change_fn)(rig_t *rig);
static change_fn base; /* of both plans; NULL: the rig's */

static rig_t *new_rig(flash_fake_t *flash, change_fn change) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.encoding = VN_ENCODING_JSON;
  rig->plan.commands = true;
  rig->alerts[0].rule.for_ms = 0;
  if (base != NULL) {
    base(rig);
  }
  if (change != NULL) {
    change(rig);
  }
  return rig;
}

/* "hot" fires for "a" and "b"; `before` may say something before that. */
static flash_fake_t *first_run(const char *before) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = new_rig(flash, NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 2000, 0);
  if (before != NULL) {
    rig_message(rig, "vnotch/gw-1/command", before);
  }
  rig_send(rig, "a", T0 + 1000, 9000, 1);
  rig_send(rig, "b", T0 + 1000, 9000, 1);
  rig_send(rig, "a", T0 + 3000, 9000, 2);
  assert_int_equal(rig_wait(rig, 2000), VN_OK);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  flash_fake_power_up(flash);
  return flash;
}

/* The start behind it, or an import and the start behind that; steps once. */
static rig_t *go_on(flash_fake_t **flash, change_fn change, bool import, vn_recovery_t *recovery) {
  if (import) {
    assert_int_equal(savepoint_export(new_rig(*flash, NULL), &savepoint), VN_OK);
    flash_fake_free(*flash);
    *flash = flash_fake_new(&shape, 2);
    assert_int_equal(savepoint_import(new_rig(*flash, change), &savepoint, false, recovery), VN_OK);
    flash_fake_power_up(*flash);
  }
  rig_t *rig = new_rig(*flash, change);
  rig->wall_ms += 60000;
  assert_int_equal(rig_start(rig), VN_OK);
  if (!import) {
    *recovery = *vn_engine_recovery(&rig->engine);
  }
  assert_int_equal(rig_step(rig), VN_OK);
  return rig;
}

/* Messages of a kind about an alert and a series that say `word`. */
static size_t sent(const rig_t *rig, vn_channel_t channel, const char *series, const char *word) {
  char name[32];
  (void)snprintf(name, sizeof name, "\"alert\":\"hot\",\"series\":\"%s\"", series);
  size_t count = 0;
  for (size_t i = 0; i < rig->sent_count; i++) {
    const char *text = (const char *)rig->sent[i].payload;
    count +=
        rig->sent[i].channel == channel && strstr(text, name) != NULL && strstr(text, word) != NULL;
  }
  return count;
}

static void check_told(const rig_t *rig, const char *series) {
  assert_int_equal(sent(rig, VN_CHANNEL_EVENT, series, "\"phase\":\"resolved\""), 1);
  assert_int_equal(sent(rig, VN_CHANNEL_EVENT, series, "\"episode\":1,\"rev\":1"), 1);
  assert_int_equal(sent(rig, VN_CHANNEL_ALERT, series, "\"state\":\"normal\""), 1);
}

/* Told now, and not again at the start behind that. */
static void check_both(change_fn change) {
  for (int import = 0; import < 2; import++) {
    vn_recovery_t recovery;
    flash_fake_t *flash = first_run(NULL);
    rig_t *rig = go_on(&flash, change, import == 1, &recovery);
    assert_int_equal(recovery.episodes_ended, 2);
    assert_int_equal(recovery.episodes_left, 0);
    check_told(rig, "a");
    check_told(rig, "b");
    assert_int_equal(vn_stop(&rig->engine), VN_OK);
    rig_free(rig);
    flash_fake_power_up(flash);
    rig = go_on(&flash, change, false, &recovery);
    assert_int_equal(recovery.episodes_ended, 0);
    assert_int_equal(rig->sent_count, 0);
    rig_free(rig);
    flash_fake_free(flash);
  }
}

static void remove_alert(rig_t *rig) {
  memcpy(alerts, rig->alerts + 1, 2 * sizeof alerts[0]);
  rig->pipelines[1].alerts = alerts;
  rig->pipelines[1].alert_count = 2;
}

static void an_alert_that_is_removed_ends_its_episodes(void **state) {
  (void)state;
  check_both(remove_alert);
}

static void be_below(rig_t *rig) {
  rig->alerts[0].rule = (vn_alert_rule_t){.condition = VN_ALERT_BELOW, .limit = 9500};
}

static void be_inside(rig_t *rig) {
  rig->alerts[0].rule = (vn_alert_rule_t){.condition = VN_ALERT_INSIDE, .limit = 9500, .low = 8500};
}

static void be_outside(rig_t *rig) {
  rig->alerts[0].rule =
      (vn_alert_rule_t){.condition = VN_ALERT_OUTSIDE, .limit = 8000, .low = -1000};
}

static void be_under_it(rig_t *rig) {
  rig->alerts[0].rule =
      (vn_alert_rule_t){.condition = VN_ALERT_OUTSIDE, .limit = 12000, .low = 9500};
}

static void have_levels(rig_t *rig) {
  static const vn_alert_limits_t limits[] = {{VN_ALERT_NO_LOW, 7000, 0},
                                             {VN_ALERT_NO_LOW, 8500, 0}};
  static const char *const severities[] = {"a-warning", "urgent"};
  rig->alerts[0].rule =
      (vn_alert_rule_t){.condition = VN_ALERT_LEVELS, .levels = limits, .level_count = 2};
  rig->alerts[0].severity = "";
  rig->alerts[0].severities = severities;
}

static void be_unchanged(rig_t *rig) {
  rig->alerts[0].rule = (vn_alert_rule_t){.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 1500};
}

/* What is told of an alert whose plan is gone is what would have been told of it with that. */
static void it_is_told_what_the_alert_was(void **state) {
  (void)state;
  static const struct {
    change_fn base;
    const char *severity, *limit, *sentence;
  } cases[] = {
      {NULL, "critical", "\"limit\":80,\"unit\"", "hot resolved: a, limit above 80 Cel, at"},
      {be_below, "critical", "\"limit\":95,\"unit\"", "a, limit below 95 Cel, at"},
      {be_inside, "critical", "\"limit\":95,\"low\":85", "a, limit inside 85 to 95 Cel, at"},
      {be_outside, "critical", "\"limit\":80,\"unit\"", "a, limit above 80 Cel, at"},
      {be_under_it, "critical", "\"limit\":95,\"unit\"", "a, limit below 95 Cel, at"},
      {have_levels, "urgent\",\"level\":2,\"", "\"limit\":85,", "a, limit above 85 Cel, at"},
      {be_unchanged, "critical", "\"limit\":null", "a, limit unchanged for 1.5 s, at"},
  };
  for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
    vn_recovery_t recovery;
    base = cases[i / 2].base;
    flash_fake_t *flash = first_run(NULL);
    rig_t *rig = go_on(&flash, remove_alert, i % 2 == 1, &recovery);
    assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", "\"phase\":\"resolved\""), 1);
    assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", "\"pipeline\":\"plant\",\"of\":\"value\""),
                     1);
    assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", cases[i / 2].severity), 1);
    assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", cases[i / 2].limit), 1);
    assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", cases[i / 2].sentence), 1);
    assert_int_equal(sent(rig, VN_CHANNEL_ALERT, "a", cases[i / 2].severity), 1);
    rig_free(rig);
    flash_fake_free(flash);
  }
  base = NULL;
}

static void disown(rig_t *rig) { rig->pipelines[1].match = (vn_text_t){"z*", 2}; }

static void a_series_that_no_pipeline_wants_ends_them_too(void **state) {
  (void)state;
  check_both(disown);
}

static void another_condition(rig_t *rig) {
  rig->alerts[0].rule = (vn_alert_rule_t){.condition = VN_ALERT_BELOW, .limit = -3000};
}

static void another_condition_ends_them_too(void **state) {
  (void)state;
  check_both(another_condition);
}

static void what_nobody_was_told_of_ends_without_a_word(void **state) {
  (void)state;
  vn_recovery_t recovery;
  flash_fake_t *flash =
      first_run("{\"command\":\"out_of_service\",\"alert\":\"hot\",\"series\":\"a\"}");
  rig_t *rig = go_on(&flash, remove_alert, false, &recovery);
  assert_int_equal(recovery.episodes_ended, 1);
  assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", ""), 0);
  check_told(rig, "b");
  rig_free(rig);
  flash_fake_free(flash);
}

/* An older record of the series says that it fires: the newer one counts. */
static void what_was_over_before_is_not_told_again(void **state) {
  (void)state;
  vn_recovery_t recovery;
  flash_fake_t *flash = first_run(NULL);
  rig_t *rig = new_rig(flash, NULL);
  rig->wall_ms += 60000;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0 + 60000, 2000, 3);
  rig_send(rig, "a", T0 + 65000, 2000, 4);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", "\"phase\":\"resolved\""), 1);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  flash_fake_power_up(flash);
  rig = go_on(&flash, remove_alert, false, &recovery);
  assert_int_equal(recovery.episodes_ended, 1);
  assert_int_equal(sent(rig, VN_CHANNEL_EVENT, "a", ""), 0);
  check_told(rig, "b");
  rig_free(rig);
  flash_fake_free(flash);
}

static void without_windows(rig_t *rig) {
  remove_alert(rig);
  memmove(alerts, alerts + 1, sizeof alerts[0]); /* "silent" alone: no alert of a window */
  rig->pipelines[1].alert_count = 1;
  rig->pipelines[0].summary.window_count = rig->pipelines[1].summary.window_count = 0;
}

/* Without windows there is no batch that they could wait in. */
static void those_without_room_are_counted(void **state) {
  (void)state;
  vn_recovery_t recovery;
  flash_fake_t *flash = first_run(NULL);
  rig_t *rig = go_on(&flash, without_windows, false, &recovery);
  assert_int_equal(recovery.episodes_ended + recovery.episodes_left, 2);
  assert_true(recovery.episodes_left > 0);
  rig_free(rig);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_alert_that_is_removed_ends_its_episodes),
      cmocka_unit_test(it_is_told_what_the_alert_was),
      cmocka_unit_test(a_series_that_no_pipeline_wants_ends_them_too),
      cmocka_unit_test(another_condition_ends_them_too),
      cmocka_unit_test(what_nobody_was_told_of_ends_without_a_word),
      cmocka_unit_test(what_was_over_before_is_not_told_again),
      cmocka_unit_test(those_without_room_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
