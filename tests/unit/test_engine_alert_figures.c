/* How alerts do as a whole: the figures of an alarm system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "alert_stage.h"

#define ABOVE_80 .condition = VN_ALERT_ABOVE, .limit = 8000
#define MINUTE INT64_C(60000)
#define DAY INT64_C(86400000)

static const vn_alert_plan_t hot[] = {
    {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80, .latch = true}, .no_data_after_ms = 2 * DAY}};

static vn_alert_figures_t figures_of(const alert_stage_t *stage) {
  vn_alert_figures_t figures;
  vn_engine_alert_figures(&stage->rig->engine, &figures);
  return figures;
}

static void what_is_open_is_counted_by_what_people_did_about_it(void **state) {
  STAGE(hot);
  assert_int_equal(figures_of(&stage).active, 0);
  stage_reading(&stage, 0, "a", "81");
  stage_reading(&stage, 0, "b", "81");
  stage_reading(&stage, 0, "c", "20");
  stage_reading(&stage, 1, "b", "20");
  vn_alert_figures_t figures = figures_of(&stage);
  assert_int_equal(figures.active, 2);
  assert_int_equal(figures.unacknowledged, 2);
  assert_int_equal(figures.latched, 1);
  assert_int_equal(figures.suppressed, 0);
  stage_command(&stage, 2, "{'command':'acknowledge','alert':'hot','series':'a'}");
  stage_command(&stage, 3, "{'command':'shelve','alert':'hot','series':'c','for':'1m'}");
  stage_command(&stage, 4, "{'command':'out_of_service','alert':'hot','series':'a'}");
  stage_reading(&stage, 5, "c", "81");
  figures = figures_of(&stage);
  assert_int_equal(figures.active, 3);
  assert_int_equal(figures.unacknowledged, 2);
  assert_int_equal(figures.suppressed, 1);
  assert_int_equal(figures.shelved, 1);
  assert_int_equal(figures.out_of_service, 1);
  assert_int_equal(figures.activations, 3);
  assert_int_equal(figures.muted, 1);
  stage_end(&stage);
}

static void an_alert_of_yesterday_is_stale_and_a_silent_one_has_no_data(void **state) {
  STAGE(hot);
  stage_reading(&stage, 0, "a", "81");
  stage_tick(&stage, DAY);
  assert_int_equal(figures_of(&stage).stale, 0);
  stage_tick(&stage, DAY + 1);
  assert_int_equal(figures_of(&stage).stale, 1);
  stage_tick(&stage, 2 * DAY);
  vn_alert_figures_t figures = figures_of(&stage);
  assert_int_equal(figures.no_data, 1);
  assert_int_equal(figures.active, 0);
  stage_end(&stage);
}

static void three_episodes_within_a_minute_chatter(void **state) {
  static const vn_alert_plan_t plain[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}}};
  STAGE(plain);
  const int64_t begins[] = {0, 31000, 60001, 90000, 91000};
  const uint32_t chatters[] = {0, 0, 0, 1, 1};
  for (size_t i = 0; i < 5; i++) {
    stage_reading(&stage, begins[i], "a", "81");
    assert_int_equal(figures_of(&stage).chattering, chatters[i]);
    stage_reading(&stage, begins[i] + 1, "a", "20");
  }
  stage_tick(&stage, 91000 + MINUTE);
  assert_int_equal(figures_of(&stage).chattering, 1);
  stage_tick(&stage, 91001 + MINUTE);
  assert_int_equal(figures_of(&stage).chattering, 0);
  stage_end(&stage);
}

static void episodes_of_the_last_hour_are_counted_by_the_minute(void **state) {
  static const vn_alert_plan_t plain[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}}};
  STAGE(plain);
  for (int i = 0; i < 90; i++) {
    stage_reading(&stage, i * MINUTE, "a", "81");
    stage_reading(&stage, i * MINUTE + 1, "a", "20");
    assert_int_equal(figures_of(&stage).per_hour, i < 60 ? i + 1 : 60);
  }
  stage_tick(&stage, 119 * MINUTE);
  assert_int_equal(figures_of(&stage).per_hour, 30);
  stage_reading(&stage, 500 * MINUTE, "a", "81");
  assert_int_equal(figures_of(&stage).per_hour, 1);
  assert_int_equal(figures_of(&stage).activations, 91);
  stage_end(&stage);
}

static void alerts_that_are_not_published_are_in_no_figure(void **state) {
  static const vn_alert_plan_t quiet[] = {
      {.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}, .quiet = true}};
  STAGE(quiet);
  stage_reading(&stage, 0, "a", "81");
  vn_alert_figures_t figures = figures_of(&stage);
  assert_int_equal(figures.active + figures.suppressed + figures.per_hour, 0);
  assert_int_equal(figures.activations + figures.muted, 0);
  stage_end(&stage);
}

static void a_flood_is_seen_and_what_it_mutes_is_counted(void **state) {
  static const vn_alert_plan_t plain[] = {{.name = "hot", STAGE_VALUE, .rule = {ABOVE_80}}};
  STAGE_WITH(plain, .flood = {1, 10000, 1});
  stage_reading(&stage, 0, "a", "81");
  assert_false(figures_of(&stage).flood);
  stage_reading(&stage, 0, "b", "81");
  vn_alert_figures_t figures = figures_of(&stage);
  assert_true(figures.flood);
  assert_int_equal(figures.suppressed, 1);
  assert_int_equal(figures.muted, 1);
  stage_tick(&stage, 10000);
  figures = figures_of(&stage);
  assert_false(figures.flood);
  assert_int_equal(figures.suppressed, 0);
  assert_int_equal(figures.muted, 1);
  stage_end(&stage);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      STAGE_TEST(what_is_open_is_counted_by_what_people_did_about_it),
      cmocka_unit_test(an_alert_of_yesterday_is_stale_and_a_silent_one_has_no_data),
      STAGE_TEST(three_episodes_within_a_minute_chatter),
      cmocka_unit_test(episodes_of_the_last_hour_are_counted_by_the_minute),
      STAGE_TEST(alerts_that_are_not_published_are_in_no_figure),
      STAGE_TEST(a_flood_is_seen_and_what_it_mutes_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
