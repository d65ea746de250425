/* Announcements of series: what is said in which order, what is said again, what is taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "announcer.h"
#include "engine_rig.h"

enum { SECOND = 1000, MINUTE = 60000 };

/* The name "a" needs no hash in topics, and neither does "gw". */
#define CONFIG_A "homeassistant/device/gw/a/config"

typedef struct bench {
  rig_t *rig;
  vn_configuration_t configuration;
  vn_announcer_t announcer;
  uint64_t connect;
  uint32_t sequence;
  char topic[256];
  char payload[8192];
  bool absolute;
} bench_t;

static int set_up(void **state) {
  bench_t *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  bench->rig = rig_new(NULL);
  bench->rig->acknowledge = true;
  bench->rig->plan.device = "gw";
  bench->rig->pipelines[0].time_to_live_ms = 10 * MINUTE;
  bench->rig->pipelines[1].time_to_live_ms = 10 * MINUTE;
  assert_int_equal(rig_start(bench->rig), VN_OK);
  bench->configuration.plan = bench->rig->plan;
  bench->configuration.discovery_prefix = "homeassistant";
  bench->configuration.latest = true;
  assert_int_equal(vn_announcer_open(&bench->announcer, &bench->configuration, &bench->rig->engine),
                   VN_OK);
  bench->connect = 1;
  *state = bench;
  return 0;
}

static int tear_down(void **state) {
  bench_t *bench = *state;
  rig_free(bench->rig);
  free(bench);
  return 0;
}

static void keep(char *to, size_t capacity, vn_text_t text) {
  assert_in_range(text.length, 0, capacity - 1);
  memcpy(to, text.bytes, text.length);
  to[text.length] = '\0';
}

/* The next announcement, taken; false: there is none. */
static bool next(bench_t *bench) {
  vn_announcement_t announcement;
  bool more = false;
  vn_announcer_look(&bench->announcer, bench->connect, bench->rig->wall_ms);
  if (!vn_announcer_next(&bench->announcer, &announcement, &more)) {
    return false;
  }
  keep(bench->topic, sizeof bench->topic, announcement.topic);
  keep(bench->payload, sizeof bench->payload, announcement.payload);
  bench->absolute = announcement.absolute;
  vn_announcer_sent(&bench->announcer);
  assert_false(vn_announcer_next(&bench->announcer, &announcement, &more));
  return true;
}

static void expect(bench_t *bench, const char *topic, const char *part) {
  assert_true(next(bench));
  assert_string_equal(bench->topic, topic);
  assert_non_null(strstr(bench->payload, part));
  assert_int_equal(bench->absolute, strstr(topic, "homeassistant") == topic);
  vn_announcer_verdict(&bench->announcer, true);
}

static void expect_deleted(bench_t *bench, const char *topic) {
  expect(bench, topic, "");
  assert_string_equal(bench->payload, "");
}

static void expect_nothing(bench_t *bench) {
  if (next(bench)) {
    fail_msg("not expected: %s", bench->topic);
  }
}

/* A second later. */
static void read_value(bench_t *bench, const char *series, int32_t value) {
  bench->rig->wall_ms += SECOND;
  rig_send(bench->rig, series, bench->rig->wall_ms, value, ++bench->sequence);
  assert_int_equal(rig_step(bench->rig), VN_OK);
}

static void expect_all_of_a(bench_t *bench) {
  expect(bench, CONFIG_A, "\"cmps\":{\"alert/hot\":");
  expect(bench, "alert/hot/a", "\"state\":\"normal\"");
  expect(bench, "alert/warm/a", "\"state\":\"normal\"");
  expect(bench, "alert/silent/a", "\"state\":\"normal\"");
  expect_nothing(bench);
}

static void a_new_series_is_announced_and_its_alerts_are_off(void **state) {
  bench_t *bench = *state;
  expect_nothing(bench);
  read_value(bench, "a", 2000);
  expect_all_of_a(bench);
  read_value(bench, "a", 2000);
  expect_nothing(bench);
}

static void an_alert_that_was_told_is_not_said_to_be_off(void **state) {
  bench_t *bench = *state;
  for (int i = 0; i < 10; i++) {
    read_value(bench, "a", 9000);
  }
  expect(bench, CONFIG_A, "alert/hot");
  expect(bench, "alert/warm/a", "normal");
  expect(bench, "alert/silent/a", "normal");
  expect_nothing(bench);
}

static void what_failed_is_said_again(void **state) {
  bench_t *bench = *state;
  read_value(bench, "a", 2000);
  for (int i = 0; i < 3; i++) {
    assert_true(next(bench));
    assert_string_equal(bench->topic, CONFIG_A);
    vn_announcer_verdict(&bench->announcer, false);
  }
  expect_all_of_a(bench);
}

static void after_a_connect_all_is_said_again_also_in_the_middle(void **state) {
  bench_t *bench = *state;
  read_value(bench, "a", 2000);
  expect(bench, CONFIG_A, "hot");
  assert_true(next(bench));
  assert_string_equal(bench->topic, "alert/hot/a");
  bench->connect++;
  vn_announcer_look(&bench->announcer, bench->connect, bench->rig->wall_ms);
  vn_announcer_verdict(&bench->announcer, true);
  expect_all_of_a(bench);
  bench->connect++;
  expect_all_of_a(bench);
}

static bool takes(bench_t *bench, const char *topic, const char *payload, bool retained) {
  return vn_announcer_takes(&bench->announcer, (vn_text_t){topic, strlen(topic)},
                            (vn_text_t){payload, strlen(payload)}, retained);
}

static void after_home_assistants_birth_all_is_said_again_a_little_later(void **state) {
  bench_t *bench = *state;
  read_value(bench, "a", 2000);
  expect_all_of_a(bench);
  assert_true(takes(bench, "homeassistant/status", "offline", false));
  assert_true(takes(bench, "homeassistant/status", "online", true));
  expect_nothing(bench);
  assert_int_equal(vn_announcer_due_ms(&bench->announcer), INT64_MAX);
  assert_true(takes(bench, "homeassistant/status", "online", false));
  expect_nothing(bench);
  int64_t delay_ms = vn_announcer_due_ms(&bench->announcer) - bench->rig->wall_ms;
  assert_in_range(delay_ms, 1000, 4999);
  bench->rig->wall_ms += delay_ms - 1;
  expect_nothing(bench);
  bench->rig->wall_ms++;
  expect_all_of_a(bench);
}

static void our_own_announcements_are_no_readings_and_those_of_others_may_be(void **state) {
  bench_t *bench = *state;
  assert_true(takes(bench, CONFIG_A, "{}", false));
  assert_false(takes(bench, "homeassistant/device/gw2/a/config", "{}", false));
  assert_false(takes(bench, "homeassistant/sensor/x/config", "{}", false));
  assert_false(takes(bench, "j/a", "1", false));
}

static void expect_a_taken_back(bench_t *bench) {
  expect_deleted(bench, CONFIG_A);
  expect_deleted(bench, "alert/hot/a");
  expect_deleted(bench, "alert/warm/a");
  expect_deleted(bench, "alert/silent/a");
  expect_deleted(bench, "latest/ten/a");
  expect_deleted(bench, "latest/slide/a");
}

static void a_series_that_ends_is_taken_back(void **state) {
  bench_t *bench = *state;
  read_value(bench, "a", 2000);
  expect_all_of_a(bench);
  assert_int_equal(rig_wait(bench->rig, 11 * MINUTE), VN_OK);
  expect_a_taken_back(bench);
  expect_nothing(bench);
  read_value(bench, "a", 2000);
  expect_all_of_a(bench);
}

static void a_new_series_under_an_old_number_comes_after_the_old_one_is_taken_back(void **state) {
  bench_t *bench = *state;
  read_value(bench, "a", 2000);
  expect_all_of_a(bench);
  assert_int_equal(rig_wait(bench->rig, 11 * MINUTE), VN_OK);
  read_value(bench, "b", 2000);
  assert_true(vn_series_has_name(&bench->rig->engine.table, 0, (vn_text_t){"b", 1}));
  expect_a_taken_back(bench);
  expect(bench, "homeassistant/device/gw/b/config", "alert/hot");
}

static void a_series_is_taken_back_behind_the_last_words_of_its_alerts(void **state) {
  bench_t *bench = *state;
  for (int i = 0; i < 10; i++) {
    read_value(bench, "a", 9000);
  }
  while (next(bench)) {
    vn_announcer_verdict(&bench->announcer, true);
  }
  bench->rig->acknowledge = false;
  assert_int_equal(rig_wait(bench->rig, 11 * MINUTE), VN_OK);
  expect_nothing(bench);
  bench->rig->acknowledge = true;
  for (size_t i = 0; i < bench->rig->pending_count; i++) {
    vn_sent(&bench->rig->engine, bench->rig->pending[i], true);
  }
  bench->rig->pending_count = 0;
  assert_int_equal(rig_step(bench->rig), VN_OK);
  expect_a_taken_back(bench);
}

int main(void) {
#define BENCH_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      BENCH_TEST(a_new_series_is_announced_and_its_alerts_are_off),
      BENCH_TEST(an_alert_that_was_told_is_not_said_to_be_off),
      BENCH_TEST(what_failed_is_said_again),
      BENCH_TEST(after_a_connect_all_is_said_again_also_in_the_middle),
      BENCH_TEST(after_home_assistants_birth_all_is_said_again_a_little_later),
      BENCH_TEST(our_own_announcements_are_no_readings_and_those_of_others_may_be),
      BENCH_TEST(a_series_that_ends_is_taken_back),
      BENCH_TEST(a_new_series_under_an_old_number_comes_after_the_old_one_is_taken_back),
      BENCH_TEST(a_series_is_taken_back_behind_the_last_words_of_its_alerts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
