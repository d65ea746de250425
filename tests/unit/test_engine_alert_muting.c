/* What mutes an alert, and what is told when it doesn't any more (A26 to A29). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "alert_stage.h"

#define ABOVE_80 .condition = VN_ALERT_ABOVE, .limit = 8000
#define ABOVE_90 .condition = VN_ALERT_ABOVE, .limit = 9000

static const vn_alert_plan_t hot[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}}};

static void shelved_for_a_time_it_is_told_at_the_tick_that_ends_it(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 1000, "{'command':'shelve','alert':'hot','series':'a','for':'5s'}");
  TOLD("hot a shelved 0.0 @1000");
  stage_reading(&stage, 2000, "a", "81");
  stage_tick(&stage, 5900);
  TOLD("");
  stage_tick(&stage, 6000);
  TOLD("hot a unshelved 1.0 @6000; hot a firing 1.1 @6000");
  stage_tick(&stage, 6100);
  stage_reading(&stage, 7000, "a", "82");
  TOLD("");
  stage_reading(&stage, 8000, "a", "20");
  TOLD("hot a resolved 1.2 @8000");
  stage_end(&stage);
}

static void a_shelving_is_over_before_the_tick_that_says_so(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'hot','for':'5s'}");
  stage_reading(&stage, 4999, "a", "81");
  TOLD("hot a shelved 0.0 @0");
  stage_reading(&stage, 5000, "a", "82");
  TOLD("hot a firing 1.0 @5000");
  stage_tick(&stage, 5100);
  TOLD("hot a unshelved 1.1 @5100");
  stage_end(&stage);
}

static void the_end_is_told_if_and_only_if_the_beginning_was(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "81");
  stage_command(&stage, 1000, "{'command':'shelve','alert':'hot','for':'1m'}");
  TOLD("hot a firing 1.0 @0; hot a shelved 1.1 @1000");
  stage_reading(&stage, 2000, "a", "20");
  TOLD("hot a resolved 1.2 @2000");
  stage_reading(&stage, 3000, "a", "81");
  stage_reading(&stage, 4000, "a", "20");
  TOLD("");
  stage_tick(&stage, 61000);
  TOLD("hot a unshelved 2.0 @61000");
  stage_end(&stage);
}

static void shelved_once_it_comes_back_behind_the_end_of_an_episode(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "81");
  stage_command(&stage, 1000, "{'command':'shelve','alert':'hot','once':true}");
  stage_tick(&stage, 900000);
  TOLD("hot a firing 1.0 @0; hot a shelved 1.1 @1000");
  stage_reading(&stage, 900001, "a", "20");
  TOLD("hot a resolved 1.2 @900001; hot a unshelved 1.3 @900001");
  stage_reading(&stage, 900002, "a", "81");
  TOLD("hot a firing 2.0 @900002");
  stage_end(&stage);
}

static void shelved_once_before_it_fires_nobody_hears_of_that_episode(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'hot','once':true}");
  stage_reading(&stage, 1000, "a", "81");
  TOLD("hot a shelved 0.0 @0");
  stage_reading(&stage, 2000, "a", "20");
  TOLD("hot a unshelved 1.0 @2000");
  stage_end(&stage);
}

static void unshelved_by_hand_it_is_told_at_once(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'hot','for':'1h'}");
  stage_reading(&stage, 1000, "a", "81");
  TOLD("hot a shelved 0.0 @0");
  stage_command(&stage, 2500, "{'command':'unshelve','alert':'hot'}");
  TOLD("hot a unshelved 1.0 @2500; hot a firing 1.1 @2500");
  stage_end(&stage);
}

static void a_command_to_one_alert_tells_nothing_of_another(void **state) {
  static const vn_alert_plan_t both[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}},
                                         {.name = "hotter", STAGE_VALUE, .rule = {ABOVE_90}}};
  STAGE(both);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'hot','for':'5s'}");
  stage_reading(&stage, 1000, "a", "81");
  stage_command(&stage, 5001, "{'command':'out_of_service','alert':'hotter'}");
  TOLD("hot a shelved 0.0 @0; hotter a out_of_service 0.0 @5001");
  stage_tick(&stage, 5100);
  TOLD("hot a unshelved 1.0 @5100; hot a firing 1.1 @5100");
  stage_end(&stage);
}

static void out_of_service_lasts_until_somebody_ends_it(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'out_of_service','alert':'hot'}");
  TOLD("hot a out_of_service 0.0 @0");
  stage_reading(&stage, 1000, "a", "81");
  stage_tick(&stage, 86400000);
  TOLD("");
  stage_command(&stage, 86400001, "{'command':'in_service','alert':'hot'}");
  TOLD("hot a in_service 1.0 @86400001; hot a firing 1.1 @86400001");
  stage_end(&stage);
}

static void one_that_recovers_is_told_when_it_fires_again(void **state) {
  static const vn_alert_plan_t slow[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .keep_firing_for_ms = 60000}}};
  STAGE(slow);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'hot','for':'5s'}");
  stage_reading(&stage, 1000, "a", "81");
  stage_reading(&stage, 2000, "a", "20");
  TOLD("hot a shelved 0.0 @0");
  stage_tick(&stage, 6000);
  TOLD("hot a unshelved 1.0 @6000");
  stage_reading(&stage, 7000, "a", "81");
  TOLD("hot a firing 1.1 @7000");
  stage_end(&stage);
}

static void one_series_is_shelved_and_another_is_not(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "20");
  stage_reading(&stage, 0, "b", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'hot','series':'a','for':'1m'}");
  stage_reading(&stage, 1000, "a", "81");
  stage_reading(&stage, 1000, "b", "81");
  TOLD("hot a shelved 0.0 @0; hot b firing 1.0 @1000");
  stage_end(&stage);
}

/* The cause stands in front of its effect. */
static const vn_alert_plan_t cause_first[] = {
    {.name = "fault", STAGE_VALUE, .rule = {ABOVE_90}},
    {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .inhibited_by = 1}};

static void an_effect_is_told_when_its_cause_is_over(void **state) {
  STAGE(cause_first);
  stage_reading(&stage, 0, "a", "95");
  stage_tick(&stage, 1000);
  TOLD("fault a firing 1.0 @0");
  stage_reading(&stage, 2000, "a", "85");
  TOLD("fault a resolved 1.1 @2000; hot a firing 1.0 @2000");
  stage_reading(&stage, 3000, "a", "95");
  stage_reading(&stage, 4000, "a", "20");
  TOLD("fault a firing 2.0 @3000; fault a resolved 2.1 @4000; hot a resolved 1.1 @4000");
  stage_end(&stage);
}

static void a_cause_mutes_no_other_series(void **state) {
  STAGE(cause_first);
  stage_reading(&stage, 0, "a", "95");
  stage_reading(&stage, 0, "b", "85");
  TOLD("fault a firing 1.0 @0; hot b firing 1.0 @0");
  stage_end(&stage);
}

static void an_effect_in_front_of_its_cause_is_told_first(void **state) {
  static const vn_alert_plan_t effect_first[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .inhibited_by = 2},
      {.name = "fault", STAGE_VALUE, .rule = {ABOVE_90}}};
  STAGE(effect_first);
  stage_reading(&stage, 0, "a", "95");
  TOLD("hot a firing 1.0 @0; fault a firing 1.0 @0");
  stage_reading(&stage, 1000, "a", "20");
  stage_reading(&stage, 2000, "a", "95");
  TOLD(
      "hot a resolved 1.1 @1000; fault a resolved 1.1 @1000; hot a firing 2.0 @2000; "
      "fault a firing 2.0 @2000");
  stage_reading(&stage, 3000, "a", "20");
  stage_end(&stage);
}

static void the_effect_is_told_behind_the_evaluations_that_end_its_cause(void **state) {
  static const vn_alert_plan_t effect_first[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .for_ms = 1000}, .inhibited_by = 2},
      {.name = "fault", STAGE_VALUE, .rule = {ABOVE_90}}};
  STAGE(effect_first);
  stage_reading(&stage, 0, "a", "95");
  stage_reading(&stage, 1000, "a", "95");
  TOLD("fault a firing 1.0 @0");
  stage_reading(&stage, 2000, "a", "85");
  TOLD("fault a resolved 1.1 @2000; hot a firing 1.0 @2000");
  stage_end(&stage);
}

static void a_latched_cause_mutes_nothing(void **state) {
  static const vn_alert_plan_t latched[] = {
      {.name = "fault", STAGE_VALUE, .rule = {ABOVE_90, .latch = true}},
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .inhibited_by = 1}};
  STAGE(latched);
  stage_reading(&stage, 0, "a", "95");
  TOLD("fault a firing 1.0 @0");
  stage_reading(&stage, 1000, "a", "85");
  TOLD("fault a latched 1.1 @1000; hot a firing 1.0 @1000");
  stage_end(&stage);
}

static void a_cause_without_data_mutes_nothing(void **state) {
  static const vn_alert_plan_t plant[] = {
      {.name = "fault", STAGE_VALUE, .rule = {ABOVE_90}, .no_data_after_ms = 5000},
      {.name = "silent",
       STAGE_VALUE,
       .rule = {.condition = VN_ALERT_ABSENT_FOR, .period_ms = 10000},
       .inhibited_by = 1}};
  STAGE(plant);
  stage_reading(&stage, 0, "a", "95");
  stage_tick(&stage, 5000);
  TOLD("fault a firing 1.0 @0; fault a no_data 1.1 @5000");
  stage_tick(&stage, 10000);
  TOLD("silent a firing 1.0 @10000");
  stage_end(&stage);
}

static void a_cause_that_comes_back_mutes_again(void **state) {
  static const vn_alert_plan_t plant[] = {
      {.name = "fault", STAGE_VALUE, .rule = {ABOVE_90}, .no_data_after_ms = 5000},
      {.name = "silent",
       STAGE_VALUE,
       .rule = {.condition = VN_ALERT_ABSENT_FOR, .period_ms = 4000},
       .inhibited_by = 1}};
  STAGE(plant);
  stage_reading(&stage, 0, "a", "95");
  stage_tick(&stage, 4900);
  TOLD("fault a firing 1.0 @0");
  stage_tick(&stage, 5000);
  TOLD("fault a no_data 1.1 @5000; silent a firing 1.0 @5000");
  stage_reading(&stage, 6000, "a", "95");
  TOLD("fault a data 1.2 @6000; silent a resolved 1.1 @6000");
  stage_tick(&stage, 10000);
  TOLD("");
  stage_end(&stage);
}

/* What is late (A1), or has no rate (A13), is no evaluation: it tells nothing of others either. */
static void what_is_no_evaluation_tells_nothing(void **state) {
  static const vn_alert_plan_t rise[] = {
      {.name = "rise",
       STAGE_VALUE,
       .rule = {
           .condition = VN_ALERT_RATE, .low = VN_ALERT_NO_LOW, .limit = 100, .period_ms = 1000}}};
  STAGE(rise);
  stage_reading(&stage, 0, "a", "20");
  stage_command(&stage, 0, "{'command':'shelve','alert':'rise','for':'5s'}");
  stage_reading(&stage, 4000, "a", "60");
  TOLD("rise a shelved 0.0 @0");
  stage_reading_of(&stage, 5000, 4000, "a", "70");
  stage_reading_of(&stage, 5000, 3999, "a", "70");
  TOLD("");
  stage_reading(&stage, 5001, "a", "90");
  TOLD("rise a firing 1.0 @5001");
  stage_end(&stage);
}

static void a_cause_that_nobody_is_told_of_mutes_as_well(void **state) {
  static const vn_alert_plan_t quiet[] = {
      {.name = "fault", STAGE_VALUE, .rule = {ABOVE_90}, .quiet = true},
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .inhibited_by = 1}};
  STAGE(quiet);
  stage_reading(&stage, 0, "a", "95");
  stage_tick(&stage, 500);
  TOLD("");
  assert_string_equal(stage_shown(&stage), "fault a firing 1 @0; hot a firing 1 @0");
  stage_reading(&stage, 1000, "a", "85");
  TOLD("hot a firing 1.0 @1000");
  stage_end(&stage);
}

static void of_an_alert_that_is_not_published_nothing_is_told_at_all(void **state) {
  static const vn_alert_plan_t quiet[] = {{.name = "hot",
                                           STAGE_VALUE,
                                           .rule = {ABOVE_80, .latch = true},
                                           .no_data_after_ms = 5000,
                                           .quiet = true}};
  STAGE(quiet);
  stage_reading(&stage, 0, "a", "81");
  stage_command(&stage, 1, "{'command':'acknowledge','alert':'hot'}");
  stage_command(&stage, 2, "{'command':'shelve','alert':'hot','for':'1s'}");
  stage_tick(&stage, 2000);
  stage_command(&stage, 2000, "{'command':'out_of_service','alert':'hot'}");
  stage_command(&stage, 2001, "{'command':'in_service','alert':'hot'}");
  stage_reading(&stage, 3000, "a", "20");
  stage_tick(&stage, 9000);
  stage_reading(&stage, 10000, "a", "20");
  stage_command(&stage, 10000, "{'command':'reset','alert':'hot'}");
  TOLD("");
  stage_end(&stage);
}

/* Of an alert of a window, by the next evaluation of one of values, however dull its reading. */
static void any_evaluation_of_the_series_tells_what_is_due(void **state) {
  static const vn_alert_plan_t mixed[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}},
                                          {.name = "mean",
                                           .severity = "",
                                           .of = "ten.mean",
                                           .exponent = -2,
                                           .source = VN_ALERT_OF_WINDOW,
                                           .statistic = VN_STATISTIC_MEAN,
                                           .rule = {.condition = VN_ALERT_ABOVE, .limit = 5000}}};
  STAGE(mixed);
  stage_reading(&stage, 0, "a", "60");
  stage_command(&stage, 0, "{'command':'shelve','alert':'mean','for':'20s'}");
  stage_reading(&stage, 13000, "a", "60"); /* ends the window */
  stage_reading(&stage, 19999, "a", "60");
  TOLD("mean a shelved 0.0 @0");
  stage_reading(&stage, 20000, "a", "60");
  TOLD("mean a firing 1.0 @20000");
  stage_end(&stage);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      STAGE_TEST(shelved_for_a_time_it_is_told_at_the_tick_that_ends_it),
      STAGE_TEST(a_shelving_is_over_before_the_tick_that_says_so),
      STAGE_TEST(the_end_is_told_if_and_only_if_the_beginning_was),
      STAGE_TEST(shelved_once_it_comes_back_behind_the_end_of_an_episode),
      STAGE_TEST(shelved_once_before_it_fires_nobody_hears_of_that_episode),
      STAGE_TEST(unshelved_by_hand_it_is_told_at_once),
      STAGE_TEST(a_command_to_one_alert_tells_nothing_of_another),
      STAGE_TEST(out_of_service_lasts_until_somebody_ends_it),
      STAGE_TEST(one_that_recovers_is_told_when_it_fires_again),
      STAGE_TEST(one_series_is_shelved_and_another_is_not),
      STAGE_TEST(an_effect_is_told_when_its_cause_is_over),
      STAGE_TEST(a_cause_mutes_no_other_series),
      STAGE_TEST(an_effect_in_front_of_its_cause_is_told_first),
      STAGE_TEST(the_effect_is_told_behind_the_evaluations_that_end_its_cause),
      STAGE_TEST(a_latched_cause_mutes_nothing),
      cmocka_unit_test(a_cause_without_data_mutes_nothing),
      cmocka_unit_test(a_cause_that_comes_back_mutes_again),
      STAGE_TEST(what_is_no_evaluation_tells_nothing),
      STAGE_TEST(a_cause_that_nobody_is_told_of_mutes_as_well),
      STAGE_TEST(of_an_alert_that_is_not_published_nothing_is_told_at_all),
      STAGE_TEST(any_evaluation_of_the_series_tells_what_is_due),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
