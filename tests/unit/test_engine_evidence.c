/* Evidence: readings before and after an alert, kept through restarts, told once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/budget.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

/* "hot" fires at the first reading above 80 and ends at the first one of 75 or below. */
static rig_t *make(const vn_flash_t *flash, uint8_t before, uint8_t after) {
  rig_t *rig = rig_new(flash);
  rig->pipelines[1].evidence = (vn_evidence_t){512, before, after};
  rig->alerts[0].rule.for_ms = rig->alerts[0].rule.keep_firing_for_ms = 0;
  return rig;
}

static rig_t *start(const vn_flash_t *flash, uint8_t before, uint8_t after) {
  rig_t *rig = make(flash, before, after);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static rig_t *start_again(rig_t *old, const vn_flash_t *flash, uint8_t before, uint8_t after) {
  rig_t *next = make(flash, before, after);
  assert_int_equal(vn_stop(&old->engine), VN_OK);
  next->wall_ms = old->wall_ms;
  rig_free(old);
  assert_int_equal(rig_start(next), VN_OK);
  assert_int_equal(vn_engine_recovery(&next->engine)->series_reset, 0);
  return next;
}

/* Reading number i, a second after the one before it, of so many whole degrees. */
static void send(rig_t *rig, int i, int degrees) {
  rig_send(rig, "a", T0 + 1000 * i, 100 * degrees, (uint32_t)i);
}

/* The payload of the only event of this phase on the wire; NULL: there is none. */
static const char *event_of(rig_t *rig, const char *phase) {
  const char *found = NULL;
  char word[40];
  (void)snprintf(word, sizeof word, "\"phase\":\"%s\"", phase);
  assert_int_equal(rig_step(rig), VN_OK);
  for (size_t i = 0; i < rig->sent_count; i++) {
    const char *payload = (const char *)rig->sent[i].payload;
    if (strstr(payload, word) != NULL) {
      assert_null(found);
      assert_int_equal(rig->sent[i].channel, VN_CHANNEL_EVENT);
      found = payload;
    }
  }
  return found;
}

/* `readings` of an event are those with these numbers and values. */
static void assert_readings(const char *payload, const int (*readings)[2], size_t count) {
  char expected[600] = "\"readings\":[";
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(expected);
    (void)snprintf(expected + length, sizeof expected - length, "%s[%lld,%d]", i > 0 ? "," : "",
                   (long long)(T0 + 1000 * readings[i][0]), readings[i][1]);
  }
  strcat(expected, "],");
  assert_non_null(payload);
  if (strstr(payload, expected) == NULL) {
    fail_msg("%s is not in %s", expected, payload);
  }
}
#define ASSERT_READINGS(payload, ...)                     \
  assert_readings(payload, (const int[][2]){__VA_ARGS__}, \
                  sizeof((const int[][2]){__VA_ARGS__}) / sizeof(const int[2]))

static void firing_carries_the_readings_up_to_the_one_that_caused_it(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 3, 2);
  for (int i = 0; i < 5; i++) {
    send(rig, i, 10 * i);
  }
  send(rig, 5, 81);
  ASSERT_READINGS(event_of(rig, "firing"), {3, 30}, {4, 40}, {5, 81});
  rig_free(rig);
}

static void fewer_readings_than_are_kept_are_told_as_they_are(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 3, 2);
  send(rig, 0, 81);
  ASSERT_READINGS(event_of(rig, "firing"), {0, 81});
  send(rig, 1, 82);
  send(rig, 2, 83);
  ASSERT_READINGS(event_of(rig, "evidence"), {0, 81}, {1, 82}, {2, 83});
  rig_free(rig);
}

static void further_readings_are_told_when_they_have_come(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 3, 2);
  for (int i = 0; i < 7; i++) {
    send(rig, i, i < 5 ? 10 * i : 80 + i);
  }
  assert_null(event_of(rig, "evidence"));
  send(rig, 7, 87);
  send(rig, 8, 88);
  const char *evidence = event_of(rig, "evidence");
  ASSERT_READINGS(evidence, {3, 30}, {4, 40}, {5, 85}, {6, 86}, {7, 87});
  assert_non_null(strstr(evidence, "\"rev\":1,\"value\":null,"));
  assert_non_null(strstr(evidence, "\"at\":1795219207000,"));
  rig_free(rig);
}

/* Of the alert itself nothing changes: the retained state goes on telling why it fires. */
static void the_retained_state_is_not_told_again(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 3, 1);
  send(rig, 0, 81);
  send(rig, 1, 82);
  assert_non_null(event_of(rig, "evidence"));
  assert_int_equal(rig->sent_count, 3);
  assert_int_equal(rig->sent[0].channel, VN_CHANNEL_ALERT);
  assert_null(strstr((const char *)rig->sent[0].payload, "readings"));
  rig_free(rig);
}

static void an_episode_that_ends_earlier_tells_what_there_is_before_its_end(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 2, 4);
  send(rig, 0, 20);
  send(rig, 1, 81);
  send(rig, 2, 82);
  send(rig, 3, 70);
  ASSERT_READINGS(event_of(rig, "evidence"), {0, 20}, {1, 81}, {2, 82}, {3, 70});
  assert_non_null(strstr(event_of(rig, "evidence"), "\"rev\":1,"));
  assert_non_null(strstr(event_of(rig, "resolved"), "\"rev\":2,"));
  for (int i = 4; i < 12; i++) {
    send(rig, i, 20);
  }
  assert_non_null(event_of(rig, "evidence")); /* the only one still */
  rig_free(rig);
}

static void readings_are_those_that_passed_the_guards_in_order_of_arrival(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 4, 1);
  send(rig, 40, 20);
  send(rig, 3, 30);   /* late for the windows */
  send(rig, 3, 30);   /* a duplicate by its number */
  send(rig, 41, 999); /* out of range */
  send(rig, 39, 40);
  send(rig, 42, 81);
  ASSERT_READINGS(event_of(rig, "firing"), {40, 20}, {3, 30}, {39, 40}, {42, 81});
  rig_free(rig);
}

/* A stop at any place: what is told is what would have been told. */
static void a_restart_changes_nothing(void **state) {
  (void)state;
  for (int stop_at = 1; stop_at < 10; stop_at++) {
    flash_fake_t *flash = flash_fake_new(&shape, 1);
    rig_t *rig = start(&flash->port, 3, 3);
    char firing[1024] = "";
    for (int i = 0; i < 10; i++) {
      if (i == stop_at) {
        const char *told = event_of(rig, "firing");
        (void)snprintf(firing, sizeof firing, "%s", told != NULL ? told : "");
        assert_null(event_of(rig, "evidence"));
        flash_fake_power_up(flash);
        rig = start_again(rig, &flash->port, 3, 3);
      }
      send(rig, i, i < 6 ? 10 * i : 80 + i);
    }
    const char *told = firing[0] != '\0' ? firing : event_of(rig, "firing");
    ASSERT_READINGS(told, {4, 40}, {5, 50}, {6, 86});
    ASSERT_READINGS(event_of(rig, "evidence"), {4, 40}, {5, 50}, {6, 86}, {7, 87}, {8, 88},
                    {9, 89});
    rig_free(rig);
    flash_fake_free(flash);
  }
}

/* And nothing else is lost for it. */
/* The log has older states of the series in front of the newest one. */
static void several_checkpoints_restore_each_reading_once(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 6, 0);
  for (int i = 0; i < 3; i++) {
    send(rig, i, 20 + i);
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  }
  rig = start_again(rig, &flash->port, 6, 0);
  send(rig, 3, 81);
  ASSERT_READINGS(event_of(rig, "firing"), {0, 20}, {1, 21}, {2, 22}, {3, 81});
  rig_free(rig);
  flash_fake_free(flash);
}

static void another_configuration_keeps_the_newest_readings(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 8, 8);
  for (int i = 0; i < 8; i++) {
    send(rig, i, i < 6 ? 10 * i : 80 + i);
  }
  flash_fake_power_up(flash);
  rig = start_again(rig, &flash->port, 2, 1);
  send(rig, 8, 88);
  ASSERT_READINGS(event_of(rig, "evidence"), {6, 86}, {7, 87}, {8, 88});
  flash_fake_power_up(flash);
  rig = start_again(rig, &flash->port, 0, 0);
  send(rig, 9, 20);
  assert_null(strstr(event_of(rig, "resolved"), "readings"));
  send(rig, 10, 90);
  assert_null(strstr(event_of(rig, "firing"), "readings"));
  flash_fake_power_up(flash);
  rig = start_again(rig, &flash->port, 2, 0);
  send(rig, 11, 20);
  send(rig, 12, 90);
  ASSERT_READINGS(event_of(rig, "firing"), {11, 20}, {12, 90});
  rig_free(rig);
  flash_fake_free(flash);
}

static void an_alert_of_a_window_carries_the_window_with_its_sample(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 3, 2);
  for (int i = 0; i < 14; i++) {
    send(rig, i, i < 8 ? 60 : 62);
  }
  const char *firing = event_of(rig, "firing");
  assert_non_null(strstr(firing, "\"of\":\"ten.mean\""));
  assert_non_null(strstr(firing,
                         "\"window\":{\"name\":\"ten\",\"start\":1795219200000,"
                         "\"end\":1795219210000,\"count\":10,\"min\":60,\"max\":62,"
                         "\"mean\":60.4,\"first\":60,\"last\":62,\"sample\":[[17952192"));
  assert_null(strstr(firing, "readings"));
  rig_free(rig);
}

static void a_series_that_ends_tells_what_there_is(void **state) {
  (void)state;
  rig_t *rig = make(NULL, 2, 4);
  rig->pipelines[1].time_to_live_ms = 60000;
  assert_int_equal(rig_start(rig), VN_OK);
  send(rig, 0, 20);
  send(rig, 1, 81);
  assert_int_equal(rig_wait(rig, 61000), VN_OK);
  ASSERT_READINGS(event_of(rig, "evidence"), {0, 20}, {1, 81});
  rig_free(rig);
}

static void provisional_times_move_with_the_clock(void **state) {
  (void)state;
  rig_t *rig = make(NULL, 3, 2);
  rig->wall_valid = false;
  assert_int_equal(rig_start(rig), VN_OK);
  rig->wall_ms = T0 + 1000;
  rig_message(rig, "n/a", "20");
  rig->wall_ms = T0 + 5000;
  rig->wall_valid = true;
  assert_int_equal(rig_step(rig), VN_OK);
  rig->wall_ms = T0 + 6000;
  rig_message(rig, "n/a", "81");
  ASSERT_READINGS(event_of(rig, "firing"), {1, 20}, {6, 81});
  rig_free(rig);
}

static void without_evidence_there_is_no_memory_for_it(void **state) {
  (void)state;
  vn_budget_t without, with;
  rig_t *rig = make(NULL, 0, 0);
  assert_int_equal(vn_budget(&rig->plan, &without), VN_OK);
  rig->pipelines[1].evidence = (vn_evidence_t){512, 8, 4};
  assert_int_equal(vn_budget(&rig->plan, &with), VN_OK);
  assert_int_equal(with.pipelines[1].alert_bytes,
                   without.pipelines[1].alert_bytes + 12 * sizeof(vn_recent_t));
  assert_int_equal(with.pipelines[0].alert_bytes, without.pipelines[0].alert_bytes);
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(firing_carries_the_readings_up_to_the_one_that_caused_it),
      cmocka_unit_test(fewer_readings_than_are_kept_are_told_as_they_are),
      cmocka_unit_test(further_readings_are_told_when_they_have_come),
      cmocka_unit_test(the_retained_state_is_not_told_again),
      cmocka_unit_test(an_episode_that_ends_earlier_tells_what_there_is_before_its_end),
      cmocka_unit_test(readings_are_those_that_passed_the_guards_in_order_of_arrival),
      cmocka_unit_test(a_restart_changes_nothing),
      cmocka_unit_test(several_checkpoints_restore_each_reading_once),
      cmocka_unit_test(another_configuration_keeps_the_newest_readings),
      cmocka_unit_test(an_alert_of_a_window_carries_the_window_with_its_sample),
      cmocka_unit_test(a_series_that_ends_tells_what_there_is),
      cmocka_unit_test(provisional_times_move_with_the_clock),
      cmocka_unit_test(without_evidence_there_is_no_memory_for_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
