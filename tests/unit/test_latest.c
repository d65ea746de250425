/* Latest results that wait to be published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "latest.h"

enum { BOOT = 7, SERIES = 3 };

static const vn_window_t windows[] = {
    {.name = "minute", .statistics = VN_STATISTIC_BIT(VN_STATISTIC_SUM)},
    {.name = "hour", .statistics = VN_STATISTIC_BIT(VN_STATISTIC_SUM), .sample = 2},
};
static const vn_pipeline_t pipelines[] = {
    {.summary = {.name = "p", .unit = "", .windows = windows, .window_count = 2}},
};
static const vn_plan_t plan = {.device = "gw",
                               .prefix = "vnotch",
                               .pipelines = pipelines,
                               .pipeline_count = 1,
                               .series_max = SERIES,
                               .name_max = 16};

static vn_text_t text_of(const char *text) { return (vn_text_t){text, strlen(text)}; }

static void note_kind(vn_latest_t *latest, uint32_t number, const char *series, uint8_t window,
                      int64_t sum, vn_kind_t kind, uint32_t revision) {
  vn_aggregate_t aggregate = {.count = 1, .sum = sum};
  vn_window_result_t result = {.aggregate = &aggregate,
                               .end_ms = 60000,
                               .revision = revision,
                               .window = window,
                               .kind = (uint8_t)kind};
  vn_summary_t summary = {&pipelines[0].summary, text_of(series), &result};
  vn_latest_note(latest, number, BOOT, &summary);
}

static void note(vn_latest_t *latest, uint32_t number, const char *series, uint8_t window,
                 int64_t sum) {
  note_kind(latest, number, series, window, sum, VN_KIND_ON_TIME, 0);
}

/* The next one is this, and is taken. Returns its slot. */
static uint32_t take(vn_latest_t *latest, const char *topic, const char *part) {
  vn_latest_message_t message;
  char payload[512];
  assert_true(vn_latest_next(latest, &message));
  assert_int_equal(message.topic.length, strlen(topic));
  assert_memory_equal(message.topic.bytes, topic, message.topic.length);
  assert_in_range(message.payload.length, 1, sizeof payload - 1);
  memcpy(payload, message.payload.bytes, message.payload.length);
  payload[message.payload.length] = '\0';
  assert_non_null(strstr(payload, part));
  vn_latest_taken(latest, message.slot);
  return message.slot;
}

static void expect_nothing(vn_latest_t *latest) {
  vn_latest_message_t message;
  assert_false(vn_latest_next(latest, &message));
}

static vn_latest_t opened(void) {
  vn_latest_t latest;
  assert_int_equal(vn_latest_open(&latest, &plan), VN_OK);
  return latest;
}

static void results_leave_in_the_order_in_which_they_came(void **state) {
  (void)state;
  vn_latest_t latest = opened();
  expect_nothing(&latest);
  note(&latest, 2, "c/d", 1, 5);
  note(&latest, 0, "a", 0, 6);
  (void)take(&latest, "latest/hour/c/d",
             "{\"pipeline\":\"p\",\"window\":\"hour\",\"series\":\"c/d\",\"start\":0,"
             "\"end\":60000,\"kind\":\"on_time\",\"rev\":0,\"count\":1,\"sum\":5,\"sample\":[],"
             "\"device\":\"gw\",\"boot\":7}");
  (void)take(&latest, "latest/minute/a", "\"sum\":6");
  expect_nothing(&latest);
}

static void a_newer_result_replaces_one_that_waits(void **state) {
  (void)state;
  vn_latest_t latest = opened();
  for (int64_t sum = 1; sum <= 100; sum++) {
    note(&latest, 0, "a", 0, sum);
    note(&latest, 1, "b", 0, -sum);
  }
  (void)take(&latest, "latest/minute/a", "\"sum\":100");
  (void)take(&latest, "latest/minute/b", "\"sum\":-100");
  expect_nothing(&latest);
}

static void what_failed_is_sent_again_and_what_arrived_is_not(void **state) {
  (void)state;
  vn_latest_t latest = opened();
  note(&latest, 0, "a", 0, 1);
  note(&latest, 1, "b", 0, 2);
  uint32_t a = take(&latest, "latest/minute/a", "\"sum\":1");
  uint32_t b = take(&latest, "latest/minute/b", "\"sum\":2");
  vn_latest_verdict(&latest, a, false);
  vn_latest_verdict(&latest, b, true);
  note(&latest, 0, "a", 0, 3);
  (void)take(&latest, "latest/minute/a", "\"sum\":3");
  expect_nothing(&latest);
}

static void revisions_deltas_and_early_results_are_no_news(void **state) {
  (void)state;
  vn_latest_t latest = opened();
  note_kind(&latest, 0, "a", 0, 1, VN_KIND_EARLY, 0);
  note_kind(&latest, 0, "a", 0, 1, VN_KIND_PARTIAL, 0);
  note_kind(&latest, 0, "a", 0, 1, VN_KIND_LATE, 1);
  expect_nothing(&latest);
  note_kind(&latest, 0, "a", 0, 1, VN_KIND_IDLE, 0);
  (void)take(&latest, "latest/minute/a", "\"kind\":\"idle\"");
}

static void what_waits_of_a_series_that_ended_is_dropped(void **state) {
  (void)state;
  vn_latest_t latest = opened();
  note(&latest, 0, "a", 0, 1);
  note(&latest, 0, "a", 1, 2);
  note(&latest, 1, "b", 0, 3);
  uint32_t gone = take(&latest, "latest/minute/a", "\"sum\":1");
  vn_latest_forget(&latest, 0, text_of("a"));
  vn_latest_verdict(&latest, gone, false);
  (void)take(&latest, "latest/minute/b", "\"sum\":3");
  expect_nothing(&latest);
}

static void a_new_series_keeps_what_it_has_under_an_old_number(void **state) {
  (void)state;
  vn_latest_t latest = opened();
  note(&latest, 0, "a", 0, 1);
  note(&latest, 0, "new", 0, 2);
  vn_latest_forget(&latest, 0, text_of("a"));
  (void)take(&latest, "latest/minute/new", "\"sum\":2");
  expect_nothing(&latest);
}

static void every_slot_can_wait_again_and_again(void **state) {
  (void)state;
  vn_latest_t latest = opened();
  static const char *const names[SERIES] = {"a", "b", "c"};
  for (int round = 0; round < 20; round++) {
    for (uint32_t i = 0; i < SERIES; i++) {
      note(&latest, i, names[i], 0, 1);
      note(&latest, i, names[i], 1, 1);
    }
    for (int i = 0; i < 2 * SERIES; i++) {
      vn_latest_message_t message;
      assert_true(vn_latest_next(&latest, &message));
      vn_latest_taken(&latest, message.slot);
    }
    expect_nothing(&latest);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results_leave_in_the_order_in_which_they_came),
      cmocka_unit_test(a_newer_result_replaces_one_that_waits),
      cmocka_unit_test(what_failed_is_sent_again_and_what_arrived_is_not),
      cmocka_unit_test(revisions_deltas_and_early_results_are_no_news),
      cmocka_unit_test(what_waits_of_a_series_that_ended_is_dropped),
      cmocka_unit_test(a_new_series_keeps_what_it_has_under_an_old_number),
      cmocka_unit_test(every_slot_can_wait_again_and_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
