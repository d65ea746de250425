/* What is told within an episode and between two, in which order, under which number (A12, A21 to
 * A25, A31, A32). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "alert_stage.h"

#define ABOVE_80 .condition = VN_ALERT_ABOVE, .limit = 8000

static const vn_alert_limits_t limits[] = {
    {VN_ALERT_NO_LOW, 5000, 100}, {VN_ALERT_NO_LOW, 8000, 100}, {VN_ALERT_NO_LOW, 9000, 100}};
static const char *const severities[] = {"info", "warning", "critical"};
#define LEVELS                           \
  STAGE_VALUE, .severities = severities, \
               .rule = {.condition = VN_ALERT_LEVELS, .levels = limits, .level_count = 3}

static void levels_rise_and_fall_in_one_episode(void **state) {
  static const vn_alert_plan_t load[] = {{.name = "load", LEVELS}};
  STAGE(load);
  stage_reading(&stage, 0, "a", "60");
  TOLD("load a firing 1.0 @0 L1");
  stage_reading(&stage, 1000, "a", "95");
  TOLD("load a escalated 1.1 @1000 L3");
  stage_reading(&stage, 2000, "a", "89.5");
  TOLD("");
  stage_reading(&stage, 3000, "a", "85");
  TOLD("load a eased 1.2 @3000 L2");
  stage_reading(&stage, 4000, "a", "20");
  TOLD("load a resolved 1.3 @4000 L2");
  stage_end(&stage);
}

static void the_level_is_followed_unseen_while_nobody_is_told(void **state) {
  static const vn_alert_plan_t load[] = {{.name = "load", LEVELS}};
  STAGE(load);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'load','for':'5s'}");
  stage_reading(&stage, 1000, "a", "60");
  stage_reading(&stage, 2000, "a", "95");
  TOLD("load a shelved 0.0 @0 L0");
  stage_tick(&stage, 5000);
  TOLD("load a unshelved 1.0 @5000 L3; load a firing 1.1 @5000 L3");
  stage_command(&stage, 6000, "{'command':'out_of_service','alert':'load'}");
  stage_reading(&stage, 7000, "a", "60");
  stage_command(&stage, 8000, "{'command':'in_service','alert':'load'}");
  TOLD("load a out_of_service 1.2 @6000 L3; load a in_service 1.3 @8000 L1");
  stage_end(&stage);
}

static void a_latched_alert_is_over_when_somebody_says_so(void **state) {
  static const vn_alert_plan_t hot[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .latch = true}}};
  STAGE(hot);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 1000, "a", "20");
  TOLD("hot a firing 1.0 @0; hot a latched 1.1 @1000");
  stage_reading(&stage, 2000, "a", "20");
  stage_reading(&stage, 3000, "a", "81");
  TOLD("");
  stage_reading(&stage, 4000, "a", "20");
  TOLD("hot a latched 1.2 @4000");
  stage_command(&stage, 5000, "{'command':'reset','alert':'hot','series':'a'}");
  TOLD("hot a resolved 1.3 @5000");
  stage_reading(&stage, 6000, "a", "81");
  TOLD("hot a firing 2.0 @6000");
  stage_end(&stage);
}

static void set_aside_its_latch_is_not_told(void **state) {
  static const vn_alert_plan_t hot[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .latch = true}}};
  STAGE(hot);
  stage_reading(&stage, 0, "a", "81");
  stage_command(&stage, 1, "{'command':'out_of_service','alert':'hot'}");
  stage_reading(&stage, 1000, "a", "20");
  stage_command(&stage, 2000, "{'command':'in_service','alert':'hot'}");
  TOLD("hot a firing 1.0 @0; hot a out_of_service 1.1 @1; hot a in_service 1.2 @2000");
  stage_command(&stage, 5000, "{'command':'reset','alert':'hot'}");
  TOLD("hot a resolved 1.3 @5000");
  stage_end(&stage);
}

static void a_reset_behind_a_silence_ends_the_episode(void **state) {
  static const vn_alert_plan_t hot[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .latch = true}, .no_data_after_ms = 5000}};
  STAGE(hot);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 1000, "a", "20");
  TOLD("hot a firing 1.0 @0; hot a latched 1.1 @1000");
  stage_tick(&stage, 12000);
  stage_tick(&stage, 12000 + 5000);
  TOLD("hot a no_data 1.2 @6000");
  stage_command(&stage, 20000, "{'command':'reset','alert':'hot'}");
  TOLD("hot a resolved 1.3 @20000");
  stage_reading(&stage, 21000, "a", "20");
  TOLD("hot a data 1.4 @21000");
  stage_end(&stage);
}

static const vn_alert_plan_t repeating[] = {
    {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .repeat_every_ms = 10000}};

static void what_still_fires_is_told_again_until_somebody_acknowledges_it(void **state) {
  STAGE(repeating);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 9999, "a", "82");
  TOLD("hot a firing 1.0 @0");
  stage_reading(&stage, 10000, "a", "83");
  stage_reading(&stage, 19999, "a", "83");
  TOLD("hot a repeated 1.1 @10000");
  stage_reading(&stage, 25000, "a", "83");
  TOLD("hot a repeated 1.2 @25000");
  stage_command(&stage, 26000, "{'command':'acknowledge','alert':'hot','episode':1}");
  TOLD("hot a acknowledged 1.3 @26000");
  stage_reading(&stage, 90000, "a", "83");
  TOLD("");
  stage_reading(&stage, 91000, "a", "20");
  stage_reading(&stage, 92000, "a", "83"); /* another episode, not acknowledged */
  stage_reading(&stage, 102000, "a", "83");
  TOLD("hot a resolved 1.4 @91000; hot a firing 2.0 @92000; hot a repeated 2.1 @102000");
  stage_end(&stage);
}

static void one_that_comes_back_to_firing_did_not_still_fire(void **state) {
  static const vn_alert_plan_t slow[] = {{.name = "hot",
                                          STAGE_VALUE,
                                          .rule = {ABOVE_80, .keep_firing_for_ms = 60000},
                                          .repeat_every_ms = 10000}};
  STAGE(slow);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 10000, "a", "20");
  stage_reading(&stage, 20000, "a", "81");
  TOLD("hot a firing 1.0 @0");
  stage_reading(&stage, 20001, "a", "81");
  TOLD("hot a repeated 1.1 @20001");
  stage_end(&stage);
}

static void set_aside_it_is_not_told_again(void **state) {
  STAGE(repeating);
  stage_reading(&stage, 0, "a", "81");
  stage_command(&stage, 1000, "{'command':'shelve','alert':'hot','for':'30s'}");
  stage_reading(&stage, 20000, "a", "83");
  TOLD("hot a firing 1.0 @0; hot a shelved 1.1 @1000");
  stage_reading(&stage, 31000, "a", "83");
  TOLD("hot a repeated 1.2 @31000");
  stage_end(&stage);
}

static void another_level_is_as_good_as_telling_it_again(void **state) {
  static const vn_alert_plan_t load[] = {{.name = "load", LEVELS, .repeat_every_ms = 10000}};
  STAGE(load);
  stage_reading(&stage, 0, "a", "60");
  stage_reading(&stage, 8000, "a", "85");
  stage_reading(&stage, 17999, "a", "85");
  TOLD("load a firing 1.0 @0 L1; load a escalated 1.1 @8000 L2");
  stage_reading(&stage, 18000, "a", "85");
  TOLD("load a repeated 1.2 @18000 L2");
  stage_end(&stage);
}

static void a_silence_is_told_again_at_ticks(void **state) {
  static const vn_alert_plan_t silent[] = {
      {.name = "silent",
       STAGE_VALUE,
       .rule = {.condition = VN_ALERT_ABSENT_FOR, .period_ms = 30000},
       .repeat_every_ms = 60000}};
  STAGE(silent);
  stage_reading(&stage, 0, "a", "20");
  stage_tick(&stage, 100000); /* told late, but not twice at once */
  TOLD("silent a firing 1.0 @30000");
  stage_tick(&stage, 100100);
  TOLD("silent a repeated 1.1 @100100");
  stage_tick(&stage, 160000);
  TOLD("");
  stage_tick(&stage, 160100);
  TOLD("silent a repeated 1.2 @160100");
  stage_reading(&stage, 170000, "a", "20");
  TOLD("silent a resolved 1.3 @170000");
  stage_end(&stage);
}

static const vn_alert_plan_t watched[] = {
    {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .no_data_after_ms = 5000}};

static void silence_and_its_end_are_told_once(void **state) {
  STAGE(watched);
  stage_reading(&stage, 0, "a", "81");
  TOLD("hot a firing 1.0 @0");
  stage_tick(&stage, 5000);
  stage_tick(&stage, 20000);
  TOLD("hot a no_data 1.1 @5000");
  stage_reading(&stage, 21000, "a", "82");
  TOLD("hot a data 1.2 @21000");
  stage_reading(&stage, 22000, "a", "20");
  TOLD("hot a resolved 1.3 @22000");
  stage_end(&stage);
}

static void the_end_of_a_silence_is_told_only_to_those_who_know_of_it(void **state) {
  STAGE(watched);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'out_of_service','alert':'hot'}");
  stage_tick(&stage, 5000);
  stage_command(&stage, 6000, "{'command':'in_service','alert':'hot'}");
  TOLD("hot a out_of_service 0.0 @0; hot a in_service 0.1 @6000");
  stage_reading(&stage, 7000, "a", "20");
  TOLD("");
  stage_end(&stage);
}

static void what_is_told_between_two_episodes_belongs_to_the_earlier_one(void **state) {
  static const vn_alert_plan_t hot[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}}};
  STAGE(hot);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 1, "{'command':'out_of_service','alert':'hot'}");
  stage_command(&stage, 2, "{'command':'in_service','alert':'hot'}");
  stage_reading(&stage, 3, "a", "81");
  stage_reading(&stage, 4, "a", "20");
  stage_command(&stage, 5, "{'command':'acknowledge','alert':'hot'}");
  stage_reading(&stage, 6, "a", "81");
  TOLD(
      "hot a out_of_service 0.0 @1; hot a in_service 0.1 @2; hot a firing 1.0 @3; "
      "hot a resolved 1.1 @4; hot a acknowledged 1.2 @5; hot a firing 2.0 @6");
  stage_end(&stage);
}

static const vn_alert_plan_t grouped[] = {
    {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .keep_firing_for_ms = 2000}, .group = 1},
    {.name = "hotter",
     STAGE_VALUE,
     .rule = {.condition = VN_ALERT_ABOVE, .limit = 9000},
     .group = 1},
    {.name = "cold", STAGE_VALUE, .rule = {.condition = VN_ALERT_BELOW, .limit = 0}, .group = 2}};

static void the_first_of_a_group_is_what_to_look_at(void **state) {
  STAGE_WITH(grouped, .group_count = 2);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 100, "b", "95");
  TOLD("hot a firing 1.0 @0 first; hot b firing 1.0 @100; hotter b firing 1.0 @100");
  stage_reading(&stage, 200, "c", "-5");
  TOLD("cold c firing 1.0 @200 first");
  stage_reading(&stage, 300, "b", "20");
  stage_reading(&stage, 400, "a", "20");
  stage_reading(&stage, 2300, "b", "20");
  stage_reading(&stage, 2350, "b", "95"); /* a recovers: its group is not at rest */
  TOLD(
      "hotter b resolved 1.1 @300; hot b resolved 1.1 @2300; hot b firing 2.0 @2350; "
      "hotter b firing 2.0 @2350");
  stage_reading(&stage, 2400, "a", "20");
  stage_reading(&stage, 2500, "b", "20");
  stage_reading(&stage, 5000, "b", "20");
  stage_reading(&stage, 5100, "b", "95");
  TOLD(
      "hot a resolved 1.1 @2400 first; hotter b resolved 2.1 @2500; hot b resolved 2.1 @5000; "
      "hot b firing 3.0 @5100 first; hotter b firing 3.0 @5100");
  stage_end(&stage);
}

static void a_series_that_ends_ends_its_episodes_and_leaves_its_group(void **state) {
  static const vn_alert_plan_t hot[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .latch = true}, .group = 1}};
  STAGE_WITH(hot, .group_count = 1, .time_to_live_ms = 60000);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 50000, "b", "81");
  TOLD("hot a firing 1.0 @0 first; hot b firing 1.0 @50000");
  stage_tick(&stage, 60000);
  TOLD("hot a resolved 1.1 @60000 first");
  stage_reading(&stage, 100000, "b", "20");
  stage_command(&stage, 100000, "{'command':'reset','alert':'hot'}");
  stage_reading(&stage, 100001, "a", "81");
  TOLD("hot b latched 1.1 @100000; hot b resolved 1.2 @100000; hot a firing 1.0 @100001 first");
  stage_end(&stage);
}

/* Between the quotes behind a member's name. */
static size_t copy_member(const rig_message_t *message, const char *member, char *out,
                          size_t capacity) {
  char text[1025];
  memcpy(text, message->payload, message->payload_length);
  text[message->payload_length] = '\0';
  const char *at = strstr(text, member);
  assert_non_null(at);
  at += strlen(member);
  size_t length = strcspn(at, "\"");
  assert_true(length < capacity);
  memcpy(out, at, length);
  out[length] = '\0';
  return length;
}

/* Everything that left has an id of its own, and comes twice: as the event and as the state. */
static void each_event_has_an_id_and_goes_with_the_retained_state(void **state) {
  STAGE(repeating);
  assert_false(stage.restarts);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 10000, "a", "81");
  stage_reading(&stage, 20000, "a", "81");
  stage_command(&stage, 20001, "{'command':'shelve','alert':'hot','for':'1s'}");
  stage_command(&stage, 20002, "{'command':'shelve','alert':'hot','for':'2s'}");
  stage_tick(&stage, 23000);
  stage_reading(&stage, 24000, "a", "20");
  stage_tick(&stage, 24100);
  static char ids[32][128];
  size_t count = 0;
  for (size_t i = 0; i < stage.rig->sent_count; i++) {
    const rig_message_t *message = &stage.rig->sent[i];
    if (message->channel != VN_CHANNEL_EVENT) {
      continue;
    }
    const rig_message_t *before = &stage.rig->sent[i - 1];
    char id[128];
    assert_true(count < 32 && before->channel == VN_CHANNEL_ALERT && before->retained);
    assert_true(copy_member(message, "\"id\":\"", ids[count], sizeof ids[0]) > 0);
    (void)copy_member(before, "\"id\":\"", id, sizeof id);
    assert_string_equal(id, ids[count]);
    for (size_t k = 0; k < count; k++) {
      assert_string_not_equal(ids[k], ids[count]);
    }
    count++;
  }
  assert_int_equal(count, 7);
  assert_string_equal(ids[0], "gw-1:hot:a:1:firing");
  assert_string_equal(ids[2], "gw-1:hot:a:1:repeated:2");
  assert_string_equal(ids[6], "gw-1:hot:a:1:resolved");
  stage_end(&stage);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      STAGE_TEST(levels_rise_and_fall_in_one_episode),
      STAGE_TEST(the_level_is_followed_unseen_while_nobody_is_told),
      STAGE_TEST(a_latched_alert_is_over_when_somebody_says_so),
      STAGE_TEST(set_aside_its_latch_is_not_told),
      cmocka_unit_test(a_reset_behind_a_silence_ends_the_episode),
      STAGE_TEST(what_still_fires_is_told_again_until_somebody_acknowledges_it),
      STAGE_TEST(one_that_comes_back_to_firing_did_not_still_fire),
      STAGE_TEST(set_aside_it_is_not_told_again),
      STAGE_TEST(another_level_is_as_good_as_telling_it_again),
      cmocka_unit_test(a_silence_is_told_again_at_ticks),
      cmocka_unit_test(silence_and_its_end_are_told_once),
      cmocka_unit_test(the_end_of_a_silence_is_told_only_to_those_who_know_of_it),
      STAGE_TEST(what_is_told_between_two_episodes_belongs_to_the_earlier_one),
      STAGE_TEST(the_first_of_a_group_is_what_to_look_at),
      cmocka_unit_test(a_series_that_ends_ends_its_episodes_and_leaves_its_group),
      cmocka_unit_test(each_event_has_an_id_and_goes_with_the_retained_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
