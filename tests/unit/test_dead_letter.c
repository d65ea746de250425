/* Dead letters: always within their maximum, whatever a sender sent. */
#include "vn/alert_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const vn_message_head_t head = {"gw-1", 5, 2};
static char text[4096];

static size_t write_letter(const vn_dead_letter_t *letter) {
  size_t length = vn_dead_letter_message(&head, letter, text, sizeof text - 1);
  assert_true(length < sizeof text);
  text[length] = '\0';
  return length;
}

static void says_what_where_and_why(void **state) {
  (void)state;
  const vn_dead_letter_t letter = {.topic = {"plant/a\"b", 9},
                                   .payload = (const uint8_t *)"{\"v\":",
                                   .payload_length = 5,
                                   .offset = 5,
                                   .at_ms = 1795225600000,
                                   .suppressed = 3,
                                   .reason = VN_REASON_JSON};
  write_letter(&letter);
  assert_string_equal(text,
                      "{\"reason\":\"json\",\"text\":\"malformed JSON\",\"topic\":\"plant/a\\\"b\","
                      "\"offset\":5,\"payload_bytes\":5,\"payload_hex\":\"7b2276223a\","
                      "\"at\":1795225600000,\"suppressed\":3,"
                      "\"device\":\"gw-1\",\"boot\":2,\"seq\":5}");
}

static void names_the_series_if_it_is_known(void **state) {
  (void)state;
  const vn_dead_letter_t letter = {
      .topic = {"t", 1}, .series = {"a/b", 3}, .reason = VN_REASON_RANGE};
  write_letter(&letter);
  assert_non_null(strstr(text,
                         "\"topic\":\"t\",\"series\":\"a/b\",\"offset\":0,"
                         "\"payload_bytes\":0,\"payload_hex\":\"\","));
}

static void cuts_long_payloads_and_says_their_length(void **state) {
  (void)state;
  static const uint8_t payload[1000] = {0xAB};
  const vn_dead_letter_t letter = {.topic = {"t", 1},
                                   .payload = payload,
                                   .payload_length = sizeof payload,
                                   .reason = VN_REASON_TOO_BIG};
  write_letter(&letter);
  const char *hex = strstr(text, "\"payload_hex\":\"");
  assert_non_null(hex);
  assert_int_equal(strcspn(hex + strlen("\"payload_hex\":\""), "\""), 2 * VN_DEAD_LETTER_BYTES);
  assert_non_null(strstr(text, "\"payload_bytes\":1000,"));
}

static void stays_within_its_maximum_for_hostile_topics(void **state) {
  (void)state;
  static char hostile[65535];
  static const char fills[] = {'\x01', '"', 'a', '\xFF', '\xC3'};
  static const char device[] =
      "a-device-with-a-name-of-more-than-sixty-four-bytes-abcdefghijklmnopqrstuvw";
  const vn_message_head_t worst = {device, UINT64_MAX, UINT32_MAX};
  for (size_t i = 0; i < sizeof fills; i++) {
    memset(hostile, fills[i], sizeof hostile);
    for (uint8_t reason = 1; reason < VN_REASON_COUNT; reason++) {
      const vn_dead_letter_t letter = {.topic = {hostile, sizeof hostile},
                                       .series = {hostile, sizeof hostile},
                                       .payload = (const uint8_t *)hostile,
                                       .payload_length = sizeof hostile,
                                       .offset = sizeof hostile,
                                       .at_ms = VN_TIME_LOWEST_MS,
                                       .suppressed = UINT64_MAX,
                                       .reason = reason};
      assert_true(vn_dead_letter_message(&worst, &letter, text, sizeof text) <= VN_DEAD_LETTER_MAX);
    }
  }
}

static void never_cuts_a_character(void **state) {
  (void)state;
  char topic[300];
  memset(topic, 'a', sizeof topic);
  memcpy(topic + 254, "\xE2\x82\xAC", 3); /* would end at 257 */
  const vn_dead_letter_t letter = {.topic = {topic, sizeof topic}, .reason = VN_REASON_TOPIC};
  write_letter(&letter);
  assert_null(strstr(text, "\xE2\x82\xAC"));
  assert_non_null(strstr(text, "a\xE2\x80\xA6\""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_what_where_and_why),
      cmocka_unit_test(names_the_series_if_it_is_known),
      cmocka_unit_test(cuts_long_payloads_and_says_their_length),
      cmocka_unit_test(stays_within_its_maximum_for_hostile_topics),
      cmocka_unit_test(never_cuts_a_character),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
