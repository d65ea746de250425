/* Floods of alerts: told as one alert of the device, muted until the bucket is full again (A30). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "alert_stage.h"

#define ABOVE_80 .condition = VN_ALERT_ABOVE, .limit = 8000
#define TWO_IN_TEN_SECONDS .flood = {2, 10000, 2}

static const vn_alert_plan_t hot[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}}};

static void the_first_without_a_token_begins_a_flood(void **state) {
  STAGE_WITH(hot, TWO_IN_TEN_SECONDS);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 0, "b", "81");
  TOLD("hot a firing 1.0 @0; hot b firing 1.0 @0");
  stage_reading(&stage, 100, "c", "81");
  TOLD("flood gw-1 firing 1.0 @100");
  stage_tick(&stage, 5200); /* a token is there, but the bucket isn't full */
  stage_reading(&stage, 9999, "d", "81");
  stage_tick(&stage, 9999);
  TOLD("");
  stage_tick(&stage, 10000);
  TOLD("flood gw-1 resolved 1.1 @10000; hot c firing 1.0 @10000; hot d firing 1.0 @10000");
  stage_end(&stage);
}

static void what_is_due_behind_a_flood_can_be_the_next_one(void **state) {
  STAGE_WITH(hot, .flood = {1, 10000, 1});
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 1, "b", "81");
  stage_reading(&stage, 2, "c", "81");
  TOLD("hot a firing 1.0 @0; flood gw-1 firing 1.0 @1");
  stage_tick(&stage, 10000);
  TOLD("flood gw-1 resolved 1.1 @10000; hot b firing 1.0 @10000; flood gw-1 firing 2.0 @10000");
  stage_reading(&stage, 15000, "c", "20");
  stage_tick(&stage, 20000);
  TOLD("flood gw-1 resolved 2.1 @20000");
  stage_end(&stage);
}

static void what_ends_in_a_flood_was_never_told(void **state) {
  STAGE_WITH(hot, TWO_IN_TEN_SECONDS);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 0, "b", "81");
  stage_reading(&stage, 0, "c", "81");
  stage_reading(&stage, 1000, "c", "20");
  stage_reading(&stage, 1000, "a", "20");
  TOLD(
      "hot a firing 1.0 @0; hot b firing 1.0 @0; flood gw-1 firing 1.0 @0; hot a resolved 1.1 "
      "@1000");
  stage_tick(&stage, 10000);
  TOLD("flood gw-1 resolved 1.1 @10000");
  stage_end(&stage);
}

static void the_bucket_fills_between_alerts(void **state) {
  STAGE_WITH(hot, TWO_IN_TEN_SECONDS);
  for (int i = 0; i < 20; i++) {
    stage_reading(&stage, i * 5000, "a", "81");
    stage_reading(&stage, i * 5000 + 1, "a", "20");
  }
  assert_null(strstr(stage_told(&stage), "flood"));
  stage_end(&stage);
}

static void urgent_ones_neither_wait_nor_take_tokens(void **state) {
  static const vn_alert_plan_t both[] = {{.name = "fire",
                                          STAGE_VALUE,
                                          .rule = {.condition = VN_ALERT_ABOVE, .limit = 9000},
                                          .repeat_every_ms = 1000,
                                          .urgent = true},
                                         {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}}};
  STAGE_WITH(both, .flood = {1, 10000, 1});
  stage_reading(&stage, 0, "a", "95");
  stage_reading(&stage, 1, "b", "95");
  TOLD(
      "fire a firing 1.0 @0; hot a firing 1.0 @0; fire b firing 1.0 @1; flood gw-1 firing 1.0 "
      "@1");
  stage_reading(&stage, 1001, "b", "95");
  TOLD("fire b repeated 1.1 @1001");
  stage_end(&stage);
}

static void nothing_is_told_again_in_a_flood(void **state) {
  static const vn_alert_plan_t repeating[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .repeat_every_ms = 5000}};
  STAGE_WITH(repeating, .flood = {1, 10000, 1});
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 1, "b", "81");
  stage_reading(&stage, 6000, "a", "81");
  TOLD("hot a firing 1.0 @0; flood gw-1 firing 1.0 @1");
  stage_reading(&stage, 7000, "b", "20");
  stage_tick(&stage, 10000);
  stage_reading(&stage, 11000, "a", "81");
  TOLD("flood gw-1 resolved 1.1 @10000; hot a repeated 1.1 @11000");
  stage_end(&stage);
}

static void shelved_ones_take_no_tokens(void **state) {
  STAGE_WITH(hot, .flood = {1, 10000, 1});
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'out_of_service','alert':'hot','series':'a'}");
  stage_reading(&stage, 1, "a", "81");
  stage_reading(&stage, 2, "b", "81");
  TOLD("hot a out_of_service 0.0 @0; hot b firing 1.0 @2");
  stage_end(&stage);
}

static void the_bucket_fills_while_the_device_is_off(void **state) {
  STAGE_WITH(hot, TWO_IN_TEN_SECONDS);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 0, "b", "81");
  stage_reading(&stage, 0, "c", "81");
  TOLD("hot a firing 1.0 @0; hot b firing 1.0 @0; flood gw-1 firing 1.0 @0");
  stage_restart(&stage, 9999);
  stage_tick(&stage, 9999);
  TOLD("");
  stage_restart(&stage, 20000);
  TOLD("");
  stage_tick(&stage, 20000);
  TOLD("flood gw-1 resolved 1.1 @20000; hot c firing 1.0 @20000");
  stage_end(&stage);
}

static void a_flood_that_is_no_longer_configured_is_over(void **state) {
  STAGE_WITH(hot, .flood = {1, 10000, 1});
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 0, "b", "81");
  TOLD("hot a firing 1.0 @0; flood gw-1 firing 1.0 @0");
  stage.flood = (vn_rate_t){0};
  stage_restart(&stage, 1);
  stage_tick(&stage, 2);
  TOLD("flood gw-1 resolved 1.1 @2; hot b firing 1.0 @2");
  stage_end(&stage);
}

static const rig_message_t *last_of(const rig_t *rig, uint8_t channel) {
  const rig_message_t *last = NULL;
  for (size_t i = 0; i < rig->sent_count; i++) {
    last = rig->sent[i].channel == channel ? &rig->sent[i] : last;
  }
  assert_non_null(last);
  return last;
}

static bool has(const rig_message_t *message, const char *piece) {
  char text[1025];
  memcpy(text, message->payload, message->payload_length);
  text[message->payload_length] = '\0';
  return strstr(text, piece) != NULL;
}

static void a_flood_has_a_topic_of_its_own(void **state) {
  STAGE_WITH(hot, TWO_IN_TEN_SECONDS);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 0, "b", "81");
  stage_reading(&stage, 0, "c", "81");
  stage_tick(&stage, 100);
  const rig_message_t *retained = last_of(stage.rig, VN_CHANNEL_ALERT);
  const rig_message_t *event = last_of(stage.rig, VN_CHANNEL_EVENT);
  assert_true(retained->retained && retained->topic_length == strlen("alert/flood/gw-1"));
  assert_memory_equal(retained->topic, "alert/flood/gw-1", retained->topic_length);
  assert_true(has(retained, "\"state\":\"firing\"") && has(retained, "\"limit\":2,"));
  assert_true(has(event, "\"phase\":\"firing\"") &&
              has(event, "\"id\":\"gw-1:flood:gw-1:1:firing\""));
  assert_true(has(event, "limit above 2 alerts, at "));
  stage_tick(&stage, 10000);
  stage_tick(&stage, 10100);
  stage_end(&stage);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      STAGE_TEST(the_first_without_a_token_begins_a_flood),
      STAGE_TEST(what_is_due_behind_a_flood_can_be_the_next_one),
      STAGE_TEST(what_ends_in_a_flood_was_never_told),
      STAGE_TEST(the_bucket_fills_between_alerts),
      STAGE_TEST(urgent_ones_neither_wait_nor_take_tokens),
      STAGE_TEST(nothing_is_told_again_in_a_flood),
      STAGE_TEST(shelved_ones_take_no_tokens),
      STAGE_TEST(the_bucket_fills_while_the_device_is_off),
      cmocka_unit_test(a_flood_that_is_no_longer_configured_is_over),
      cmocka_unit_test(a_flood_has_a_topic_of_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
