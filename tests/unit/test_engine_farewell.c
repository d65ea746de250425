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

static rig_t *new_rig(flash_fake_t *flash, change_fn change) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.encoding = VN_ENCODING_JSON;
  rig->plan.commands = true;
  rig->alerts[0].rule.for_ms = 0;
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
  rig_send(rig, "a", T0 + 60000, 2000, 2);
  rig_send(rig, "a", T0 + 65000, 2000, 3);
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
      cmocka_unit_test(a_series_that_no_pipeline_wants_ends_them_too),
      cmocka_unit_test(another_condition_ends_them_too),
      cmocka_unit_test(what_nobody_was_told_of_ends_without_a_word),
      cmocka_unit_test(what_was_over_before_is_not_told_again),
      cmocka_unit_test(those_without_room_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
