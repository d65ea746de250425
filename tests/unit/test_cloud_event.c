/* Messages as CloudEvents: which ones are events, and the texts of their attributes. */
#include "cloud_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static vn_message_t message(vn_channel_t channel) {
  return (vn_message_t){.seq = 43,
                        .time_ms = INT64_C(1795225672250),
                        .boot = 7,
                        .channel = (uint8_t)channel,
                        .numbered = true};
}

static void each_kind_of_message_has_a_type(void **state) {
  (void)state;
  static const struct {
    vn_channel_t channel;
    const char *type;
  } kinds[] = {{VN_CHANNEL_SUMMARY, "io.vnotch.summary"},
               {VN_CHANNEL_ALERT, "io.vnotch.alert.state"},
               {VN_CHANNEL_EVENT, "io.vnotch.alert.event"},
               {VN_CHANNEL_DEAD_LETTER, "io.vnotch.dead-letter"},
               {VN_CHANNEL_GAP, "io.vnotch.gap"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    vn_cloud_event_texts_t texts;
    vn_message_t made = message(kinds[i].channel);
    vn_cloud_event_t event = vn_cloud_event(&made);
    assert_true(event.there);
    vn_cloud_event_texts(&event, "gw-17", &texts);
    assert_string_equal(texts.type, kinds[i].type);
    assert_string_equal(texts.id, "gw-17:7:43");
    assert_string_equal(texts.time, "2026-11-21T01:47:52.250Z");
  }
}

static void answers_and_messages_of_a_former_version_are_no_events(void **state) {
  (void)state;
  vn_message_t answer = message(VN_CHANNEL_RESPONSE);
  assert_false(vn_cloud_event(&answer).there);
  vn_message_t old = message(VN_CHANNEL_EVENT);
  old.numbered = false;
  assert_false(vn_cloud_event(&old).there);
}

static void times_are_right_at_the_ends_of_the_calendar_and_left_out_beyond(void **state) {
  (void)state;
  static const struct {
    vn_time_ms_t time_ms;
    const char *text;
  } times[] = {{0, "1970-01-01T00:00:00.000Z"},
               {-1, "1969-12-31T23:59:59.999Z"},
               {VN_TIME_LOWEST_MS, "0001-01-01T00:00:00.000Z"},
               {VN_TIME_HIGHEST_MS, "9999-12-31T23:59:59.999Z"},
               {VN_TIME_LOWEST_MS - 1, ""},
               {VN_TIME_HIGHEST_MS + 1, ""},
               {VN_TIME_MINUS_INFINITY, ""}};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    vn_cloud_event_texts_t texts;
    vn_message_t made = message(VN_CHANNEL_EVENT);
    made.time_ms = times[i].time_ms;
    vn_cloud_event_t event = vn_cloud_event(&made);
    vn_cloud_event_texts(&event, "gw-17", &texts);
    assert_string_equal(texts.time, times[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_of_message_has_a_type),
      cmocka_unit_test(answers_and_messages_of_a_former_version_are_no_events),
      cmocka_unit_test(times_are_right_at_the_ends_of_the_calendar_and_left_out_beyond),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
