/* Messages into tables: alerts, figures, results in every encoding, and what makes no sense. */
#include "watch_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static vn_watch_model_t model;

static int begin(void **state) {
  (void)state;
  vn_watch_init(&model, "plant/vnotch", &(vn_watch_listener_t){.context = NULL});
  return 0;
}

static void say(const char *topic, const char *payload) { watch_rig_say(&model, topic, payload); }

static void assert_near(double value, double expected) {
  assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

static void names_of_an_alert_are_those_of_its_topic(void **state) {
  (void)state;
  say("plant/vnotch/gw/alert/hot/line1/a/b",
      "{\"alert\":\"x\",\"series\":\"y\",\"state\":\"firing\",\"episode\":4,\"value\":1.5,"
      "\"limit\":null,\"starts_at\":12,\"ends_at\":null,\"acknowledged\":true,\"latched\":true,"
      "\"shelved_until\":99,\"shelved_once\":true,\"out_of_service\":true,\"level\":2,\"rev\":7,"
      "\"first_in_group\":true,\"labels\":{\"a\":\"b\"},\"later\":[{\"x\":[]}]}");
  assert_int_equal(model.alert_count, 1);
  const vn_watch_alert_t *alert = &model.alerts[0];
  assert_string_equal(alert->device, "gw");
  assert_string_equal(alert->alert, "hot");
  assert_string_equal(alert->series, "line1/a/b");
  assert_string_equal(alert->state, "firing");
  assert_int_equal(alert->episode, 4);
  assert_int_equal(alert->level, 2);
  assert_int_equal(alert->shelved_until_ms, 99);
  assert_true(alert->has_value && !alert->has_limit && alert->has_starts && !alert->has_ends);
  assert_true(alert->acknowledged && alert->latched && alert->shelved_once);
  assert_true(alert->out_of_service && alert->first_in_group);
  assert_int_equal(model.unreadable, 0);
}

static void a_state_replaces_the_one_before_and_keeps_its_number(void **state) {
  (void)state;
  say("plant/vnotch/gw/alert/hot/a", "{\"state\":\"firing\",\"acknowledged\":true}");
  uint64_t number = model.alerts[0].number;
  say("plant/vnotch/gw/alert/hot/b", "{\"state\":\"firing\"}");
  say("plant/vnotch/gw/alert/hot/a", "{\"state\":\"normal\"}");
  assert_int_equal(model.alert_count, 2);
  assert_string_equal(vn_watch_alert_of(&model, number)->state, "normal");
  assert_false(vn_watch_alert_of(&model, number)->acknowledged);
  say("plant/vnotch/gw/alert/hot/a", "");
  assert_int_equal(model.alert_count, 1);
  assert_null(vn_watch_alert_of(&model, number));
  assert_null(vn_watch_alert_of(&model, 0));
}

static void an_acknowledgement_has_no_value_and_leaves_the_last_one(void **state) {
  static const char topic[] = "plant/vnotch/gw/alert/hot/a";
  const vn_watch_alert_t *alert = &model.alerts[0];
  (void)state;
  say(topic, "{\"state\":\"firing\",\"episode\":1,\"value\":81.5}");
  say(topic, "{\"state\":\"firing\",\"episode\":1,\"value\":null,\"acknowledged\":true}");
  assert_true(alert->acknowledged && alert->has_value);
  assert_near(alert->value, 81.5);
  say(topic, "{\"state\":\"no_data\",\"episode\":1,\"value\":null}");
  assert_false(alert->has_value);
  say(topic, "{\"state\":\"normal\",\"episode\":1,\"value\":70}");
  say(topic, "{\"state\":\"firing\",\"episode\":2,\"value\":null}");
  assert_false(alert->has_value);
}

static void an_alert_that_is_on_takes_the_place_of_a_normal_one(void **state) {
  char topic[64];
  (void)state;
  for (unsigned i = 0; i < VN_WATCH_ALERTS; i++) {
    (void)snprintf(topic, sizeof topic, "plant/vnotch/gw/alert/a/s%u", i);
    say(topic, i == 5 ? "{\"state\":\"normal\"}" : "{\"state\":\"firing\"}");
  }
  say("plant/vnotch/gw/alert/b/new", "{\"state\":\"normal\"}");
  assert_int_equal(model.alerts_beyond.count, 1);
  say("plant/vnotch/gw/alert/c/new", "{\"state\":\"firing\"}");
  assert_int_equal(model.alerts_beyond.count, 2);
  assert_string_equal(model.alerts[5].alert, "c");
  say("plant/vnotch/gw/alert/d/new", "{\"state\":\"firing\"}");
  assert_int_equal(model.alerts_beyond.count, 3);
  assert_int_equal(model.alert_count, VN_WATCH_ALERTS);
}

static void rates_are_those_of_the_devices_own_clock(void **state) {
  (void)state;
  say("plant/vnotch/gw/stats", "{\"boot\":1,\"uptime_ms\":1000,\"readings\":{\"received\":10}}");
  assert_true(model.devices[0].has_figures && !model.devices[0].has_rate);
  assert_int_equal(model.devices[0].figures.late, -1);
  say("plant/vnotch/gw/stats", "{\"boot\":1,\"uptime_ms\":3000,\"readings\":{\"received\":110}}");
  assert_true(model.devices[0].has_rate);
  assert_near(model.devices[0].rate, 50);
  /* The same message twice, as QoS 1 may bring it. */
  say("plant/vnotch/gw/stats", "{\"boot\":1,\"uptime_ms\":3000,\"readings\":{\"received\":110}}");
  assert_near(model.devices[0].rate, 50);
  say("plant/vnotch/gw/stats", "{\"boot\":2,\"uptime_ms\":9000,\"readings\":{\"received\":120}}");
  assert_false(model.devices[0].has_rate);
}

static void hygiene_is_read_and_may_be_missing(void **state) {
  (void)state;
  say("plant/vnotch/gw/stats",
      "{\"alerts\":{\"active\":3,\"per_hour\":2.5,\"flood\":true,\"muted\":9,\"new\":{}}}");
  assert_true(model.devices[0].has_hygiene && model.devices[0].flood);
  assert_near(model.devices[0].hygiene[VN_WATCH_ACTIVE], 3);
  assert_near(model.devices[0].hygiene[VN_WATCH_PER_HOUR], 2.5);
  assert_near(model.devices[0].hygiene[VN_WATCH_MUTED], 9);
  say("plant/vnotch/gw/stats", "{\"alerts\":{\"active\":1}}");
  assert_false(model.devices[0].flood);
  assert_near(model.devices[0].hygiene[VN_WATCH_MUTED], 0);
  say("plant/vnotch/gw/stats", "{}");
  assert_false(model.devices[0].has_hygiene);
}

static void a_device_is_online_or_offline(void **state) {
  (void)state;
  say("plant/vnotch/gw/status", "online");
  assert_int_equal(model.devices[0].status, VN_WATCH_ONLINE);
  say("plant/vnotch/gw/status", "offline");
  assert_int_equal(model.devices[0].status, VN_WATCH_OFFLINE);
  assert_int_equal(model.unreadable, 0);
  say("plant/vnotch/gw/status", "maybe");
  assert_int_equal(model.unreadable, 1);
}

static const char json_summary[] =
    "{\"device\":\"gw\",\"boot\":7,\"seq\":42,\"summaries\":[{\"pipeline\":\"temperature\","
    "\"window\":\"minute\",\"series\":\"line1/temp\",\"start\":1795225600000,"
    "\"end\":1795225660000,\"kind\":\"on_time\",\"rev\":0,\"count\":4,\"min\":21.37,"
    "\"max\":21.52,\"mean\":21.445,\"sample\":[[1795225600000,21.37]],\"flags\":[\"final\"]}],"
    "\"accounting\":{\"received\":1207}}";

static const uint8_t cbor_summary[] =
    "\xa6\x00\x01\x01\x62gw\x02\x07\x03\x18\x2a\x04\x81\xa4\x00\x6btemperature\x01\x63"
    "Cel\x02\x21\x03\x81\x66minute\x05\x81\xab\x00\x00\x01\x00\x02\x6aline1/temp"
    "\x03\x1b\x00\x00\x01\xa1\xfb\xc8\xc0\x00\x04\x1b\x00\x00\x01\xa1\xfb\xc9\xaa\x60"
    "\x05\x00\x06\x00\x07\x04\x0a\x19\x08\x59\x0b\x19\x08\x68\x12\xfb\x40\x35\x71\xeb\x85\x1e\xb8"
    "\x52";

static const char senml_json[] =
    "[{\"bn\":\"gw/\"},{\"bt\":1795225660,\"n\":\"line1/temp/minute/count\",\"v\":4},"
    "{\"n\":\"line1/temp/minute/max\",\"u\":\"Cel\",\"v\":21.52},"
    "{\"n\":\"line1/temp/minute/mean\",\"u\":\"Cel\",\"v\":21.445},"
    "{\"n\":\"line1/temp/hour/mean\",\"v\":20,\"t\":60}]";

static const uint8_t senml_cbor[] =
    "\x83\xa1\x21\x63gw/\xa3\x22\x1a\x6b\x01\x0a\x3c\x00\x76line1/temp/minute/mean"
    "\x02\xfb\x40\x35\x71\xeb\x85\x1e\xb8\x52\xa2\x00\x75line1/temp/minute/max\x02\x18\x16";

static void assert_minute(void) {
  assert_int_equal(model.unreadable, 0);
  assert_true(model.series_count >= 1);
  const vn_watch_series_t *row = &model.series[0];
  assert_string_equal(row->device, "gw");
  assert_string_equal(row->series, "line1/temp");
  assert_string_equal(row->window, "minute");
  assert_int_equal(row->shown, VN_WATCH_MEAN);
  assert_int_equal(row->point_count, 1);
  assert_near(row->points[0].value, 21.445);
  assert_true(row->has[VN_WATCH_MAX]);
}

static void summaries_are_read_in_every_encoding(void **state) {
  (void)state;
  say("plant/vnotch/gw/summary", json_summary);
  assert_minute();
  assert_int_equal(model.series[0].end_ms, INT64_C(1795225660000));
  assert_near(model.series[0].rate, 4 / 60.0);
  (void)begin(NULL);
  vn_watch_take(&model, (vn_text_t){"plant/vnotch/gw/summary", 23}, cbor_summary,
                sizeof cbor_summary - 1, false);
  assert_minute();
  assert_int_equal(model.series[0].end_ms, INT64_C(1795225660000));
  assert_near(model.series[0].rate, 4 / 60.0);
  (void)begin(NULL);
  say("plant/vnotch/gw/summary", senml_json);
  assert_minute();
  assert_int_equal(model.series[0].end_ms, INT64_C(1795225660000));
  assert_int_equal(model.series_count, 2);
  assert_string_equal(model.series[1].window, "hour");
  assert_int_equal(model.series[1].end_ms, INT64_C(1795225720000));
  (void)begin(NULL);
  vn_watch_take(&model, (vn_text_t){"plant/vnotch/gw/summary", 23}, senml_cbor,
                sizeof senml_cbor - 1, false);
  assert_minute();
}

static void window(int64_t start, int64_t end, const char *rest) {
  char text[512];
  (void)snprintf(text, sizeof text,
                 "{\"summaries\":[{\"window\":\"w\",\"series\":\"s\",\"start\":%lld,\"end\":%lld,"
                 "%s}]}",
                 (long long)start, (long long)end, rest);
  say("plant/vnotch/gw/summary", text);
}

static void a_revision_replaces_its_window(void **state) {
  const vn_watch_series_t *row = &model.series[0];
  (void)state;
  window(0, 10, "\"rev\":0,\"mean\":1");
  window(10, 20, "\"rev\":0,\"mean\":2");
  window(0, 10, "\"rev\":1,\"mean\":5");
  window(0, 10, "\"rev\":0,\"mean\":1"); /* the first one again */
  assert_int_equal(row->point_count, 2);
  assert_near(row->points[0].value, 5);
  assert_near(row->points[1].value, 2);
  assert_near(row->statistics[VN_WATCH_MEAN], 2); /* that of the newest window */
  assert_int_equal(row->end_ms, 20);
}

static void a_session_that_grew_replaces_what_it_names(void **state) {
  const vn_watch_series_t *row = &model.series[0];
  (void)state;
  window(0, 10, "\"mean\":1");
  window(15, 20, "\"mean\":2");
  window(0, 20, "\"mean\":1.5,\"supersedes\":[[0,10],[15,20]]");
  assert_int_equal(row->point_count, 1);
  assert_near(row->points[0].value, 1.5);
}

static void deltas_are_no_windows(void **state) {
  (void)state;
  window(0, 10, "\"kind\":\"partial\",\"sum\":1");
  assert_int_equal(model.series_count, 0);
}

static void count_windows_go_by_their_times(void **state) {
  const vn_watch_series_t *row = &model.series[0];
  (void)state;
  window(96, 100, "\"from\":1000,\"to\":3000,\"count\":4,\"mean\":1");
  assert_int_equal(row->end_ms, 3000);
  assert_near(row->rate, 2);
  window(0, 4, "\"from\":5000,\"to\":6000,\"count\":4,\"mean\":2"); /* numbered anew */
  assert_int_equal(row->end_ms, 6000);
  assert_near(row->points[1].value, 2);
}

static void the_line_keeps_the_newest_windows(void **state) {
  const vn_watch_series_t *row = &model.series[0];
  (void)state;
  for (int i = 0; i < 100; i++) {
    window(i, i + 1, i % 2 == 0 ? "\"mean\":0" : "\"mean\":1");
  }
  assert_int_equal(row->point_count, VN_WATCH_POINTS);
  assert_int_equal(row->points[0].end, 100 - VN_WATCH_POINTS + 1);
  window(0, 1, "\"mean\":7,\"rev\":3"); /* long gone */
  assert_int_equal(row->points[0].end, 100 - VN_WATCH_POINTS + 1);
  window(200, 201, "\"max\":3"); /* the configuration has changed */
  assert_int_equal(row->shown, VN_WATCH_MAX);
  assert_int_equal(row->point_count, 1);
}

static void what_makes_no_sense_is_counted_and_changes_nothing(void **state) {
  static const char *const messages[][2] = {
      {"alert/hot/a", "{\"state\":\"firing\""},
      {"alert/hot/a", "{}"},
      {"alert/hot/a", "online"},
      {"alert/hot", "{\"state\":\"firing\"}"},
      {"event", "{\"state\":\"firing\",\"alert\":\"a\",\"series\":\"s\"}"},
      {"event", "[]"},
      {"summary", ""},
      {"summary", "  "},
      {"summary", "{\"summaries\":[{\"series\":\"a\"}]}"},
      {"summary", "{\"summaries\":[1]}"},
      {"summary", "\xa6\x00"},
      {"summary", "\xff"},
      {"summary", "[{\"n\":\"x\",\"v\":1}]"},
      {"summary", "[1]"},
      {"summary", "12"},
      {"stats", "[]"},
      {"stats", "{\"readings\":"},
      {"response", "{\"id\":\"x\"}"},
  };
  enum { COUNT = sizeof messages / sizeof *messages };
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    char topic[64];
    (void)snprintf(topic, sizeof topic, "plant/vnotch/gw/%s", messages[i][0]);
    say(topic, messages[i][1]);
    assert_int_equal(model.unreadable, i + 1);
  }
  assert_int_equal(model.alert_count, 0);
  assert_int_equal(model.series_count, 0);
  assert_false(model.devices[0].has_figures);
}

static void other_topics_are_let_be(void **state) {
  static const char *const topics[] = {"plant/vnotch",     "plant/vnotch/",       "plant/vnotch/gw",
                                       "plant/vnotchx/gw", "other/gw/status",     "",
                                       "plant/vnotch/gw/", "plant/vnotch/gw/new", "plant"};
  (void)state;
  for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
    say(topics[i], "{}");
  }
  assert_int_equal(model.unreadable, 0);
  assert_int_equal(model.alert_count + model.series_count, 0);
}

static void names_that_are_too_long_are_refused(void **state) {
  char topic[512];
  char name[300];
  (void)state;
  memset(name, 'x', sizeof name);
  (void)snprintf(topic, sizeof topic, "plant/vnotch/%.65s/status", name);
  say(topic, "online");
  assert_int_equal(model.device_count, 0);
  (void)snprintf(topic, sizeof topic, "plant/vnotch/gw/alert/%.65s/s", name);
  say(topic, "{\"state\":\"firing\"}");
  (void)snprintf(topic, sizeof topic, "plant/vnotch/gw/alert/a/%.256s", name);
  say(topic, "{\"state\":\"firing\"}");
  assert_int_equal(model.unreadable, 3);
  (void)snprintf(topic, sizeof topic, "plant/vnotch/gw/alert/%.64s/%.255s", name, name);
  say(topic, "{\"state\":\"firing\"}");
  assert_int_equal(model.alert_count, 1);
}

static void more_devices_and_series_than_there_is_room_are_counted(void **state) {
  char text[64];
  (void)state;
  for (unsigned i = 0; i < VN_WATCH_DEVICES + 3; i++) {
    (void)snprintf(text, sizeof text, "plant/vnotch/gw-%u/status", i);
    say(text, "online");
  }
  assert_int_equal(model.device_count, VN_WATCH_DEVICES);
  assert_int_equal(model.devices_beyond.count, 3);
  for (unsigned i = 0; i < VN_WATCH_SERIES + 4; i++) {
    char payload[128];
    (void)snprintf(payload, sizeof payload,
                   "{\"summaries\":[{\"series\":\"s%u\",\"window\":\"w\",\"mean\":1}]}", i);
    say("plant/vnotch/gw-1/summary", payload);
  }
  assert_int_equal(model.series_count, VN_WATCH_SERIES);
  assert_int_equal(model.series_beyond.count, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(names_of_an_alert_are_those_of_its_topic, begin),
      cmocka_unit_test_setup(a_state_replaces_the_one_before_and_keeps_its_number, begin),
      cmocka_unit_test_setup(an_acknowledgement_has_no_value_and_leaves_the_last_one, begin),
      cmocka_unit_test_setup(an_alert_that_is_on_takes_the_place_of_a_normal_one, begin),
      cmocka_unit_test_setup(rates_are_those_of_the_devices_own_clock, begin),
      cmocka_unit_test_setup(hygiene_is_read_and_may_be_missing, begin),
      cmocka_unit_test_setup(a_device_is_online_or_offline, begin),
      cmocka_unit_test_setup(summaries_are_read_in_every_encoding, begin),
      cmocka_unit_test_setup(a_revision_replaces_its_window, begin),
      cmocka_unit_test_setup(a_session_that_grew_replaces_what_it_names, begin),
      cmocka_unit_test_setup(deltas_are_no_windows, begin),
      cmocka_unit_test_setup(count_windows_go_by_their_times, begin),
      cmocka_unit_test_setup(the_line_keeps_the_newest_windows, begin),
      cmocka_unit_test_setup(what_makes_no_sense_is_counted_and_changes_nothing, begin),
      cmocka_unit_test_setup(other_topics_are_let_be, begin),
      cmocka_unit_test_setup(names_that_are_too_long_are_refused, begin),
      cmocka_unit_test_setup(more_devices_and_series_than_there_is_room_are_counted, begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
