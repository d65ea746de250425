/* A second engine beside the first one: what comes out differently is told, and only that. */
#include "vn/shadow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/store.h"

enum { NOTICES_MAX = 64, RESULTS = 64 };
#define START_MS INT64_C(1700000000000)

typedef struct beside {
  rig_t *live, *other; /* of the other rig only the plan, the store and the engine are used */
  vn_shadow_t shadow;
  vn_ports_t ports;
  vn_observer_t observer;
  vn_shadow_result_t results[RESULTS];
  uint32_t room;
  uint8_t *marks;
  void *block;
  char notices[NOTICES_MAX][VN_SHADOW_MESSAGE_BYTES];
  size_t count;
} beside_t;

static void tell(void *context, vn_text_t notice) {
  beside_t *beside = context;
  assert_true(beside->count < NOTICES_MAX);
  snprintf(beside->notices[beside->count++], VN_SHADOW_MESSAGE_BYTES, "%.*s", (int)notice.length,
           notice.bytes);
}

static void on_message(void *context, const vn_observed_message_t *message) {
  vn_shadow_message(&((beside_t *)context)->shadow, message);
}

static void on_summary(void *context, const vn_summary_t *summary) {
  vn_shadow_summary(&((beside_t *)context)->shadow, summary);
}

static void on_alert(void *context, const vn_transition_t *transition) {
  vn_shadow_alert(&((beside_t *)context)->shadow, transition);
}

static beside_t *beside_new(void) {
  beside_t *beside = calloc(1, sizeof *beside);
  assert_non_null(beside);
  beside->room = RESULTS;
  beside->live = rig_new(NULL);
  beside->other = rig_new(NULL);
  return beside;
}

/* Behind what a test changes in the other plan. */
static void beside_start(beside_t *beside) {
  const vn_plan_t *plan = &beside->other->plan;
  vn_store_t store;
  beside->marks = calloc(1, vn_shadow_marks(&beside->live->plan, plan));
  assert_non_null(beside->marks);
  const vn_shadow_setup_t setup = {.live = &beside->live->engine,
                                   .candidate = &beside->other->engine,
                                   .marks = beside->marks,
                                   .results = beside->results,
                                   .result_count = beside->room,
                                   .tell = tell,
                                   .context = beside};
  vn_shadow_init(&beside->shadow, &setup, &beside->live->plan, plan);
  beside->ports =
      (vn_ports_t){.clock = &beside->shadow.clock, .observer = &beside->shadow.observer};
  assert_int_equal(vn_store_need(plan, &store), VN_OK);
  size_t bytes = (vn_store_bytes(&store) + 63u) / 64u * 64u;
  beside->block = aligned_alloc(64, bytes);
  assert_non_null(beside->block);
  vn_store_layout(&store, beside->block);
  assert_int_equal(vn_init(&beside->other->engine, plan, &store, &beside->ports), VN_OK);
  assert_int_equal(vn_restore(&beside->other->engine), VN_OK);
  beside->live->observer = (vn_observer_t){
      .context = beside, .message = on_message, .summary = on_summary, .alert = on_alert};
  assert_int_equal(rig_start(beside->live), VN_OK);
}

static void beside_free(beside_t *beside) {
  rig_free(beside->live);
  rig_free(beside->other);
  free(beside->marks);
  free(beside->block);
  free(beside);
}

static void send(beside_t *beside, const char *series, int64_t seconds, int32_t value) {
  rig_send(beside->live, series, START_MS + 1000 * seconds, value, (uint32_t)seconds);
  assert_int_equal(rig_step(beside->live), VN_OK);
  vn_shadow_settle(&beside->shadow);
}

/* Notices that have this text in them. */
static size_t with(const beside_t *beside, const char *text) {
  size_t count = 0;
  for (size_t i = 0; i < beside->count; i++) {
    count += strstr(beside->notices[i], text) != NULL;
  }
  return count;
}

static void the_same_rules_tell_nothing(void **unused) {
  (void)unused;
  beside_t *beside = beside_new();
  beside_start(beside);
  for (int64_t i = 0; i < 100; i++) {
    send(beside, "a", i, i % 40 < 20 ? 2000 : 9000);
  }
  vn_shadow_finish(&beside->shadow);
  assert_int_equal(beside->count, 0);
  assert_int_equal(beside->shadow.figures.results_differ, 0);
  assert_int_equal(beside->shadow.figures.results_alone, 0);
  assert_true(beside->shadow.figures.results_equal > 10);
  assert_true(beside->live->engine.figures.alerts > 0);
  beside_free(beside);
}

static void an_alert_is_told_when_it_begins_and_ceases_to_differ(void **unused) {
  (void)unused;
  beside_t *beside = beside_new();
  beside->other->alerts[0].rule.limit = 9500;
  beside_start(beside);
  for (int64_t i = 0; i < 10; i++) {
    send(beside, "a", i, 9000);
  }
  assert_int_equal(beside->count, 1);
  assert_string_equal(beside->notices[0],
                      "{\"type\":\"shadow_alert\",\"alert\":\"hot\",\"series\":\"a\","
                      "\"at\":1700000003000,\"live\":\"firing\",\"shadow\":\"normal\","
                      "\"differs\":true,\"device\":\"gw-1\"}");
  assert_int_equal(beside->shadow.figures.apart, 1);
  for (int64_t i = 10; i < 20; i++) {
    send(beside, "a", i, 2000);
  }
  assert_int_equal(with(beside, "\"differs\":false"), 1);
  assert_int_equal(beside->shadow.figures.apart, 0);
  beside_free(beside);
}

static void more_changes_than_the_list_holds_are_all_told(void **unused) {
  (void)unused;
  static const char *const names[RIG_SERIES_MAX] = {"a", "b", "c", "d"};
  char pack[2048];
  size_t length = 0;
  beside_t *beside = beside_new();
  beside->other->alerts[0].rule.limit = 9500;
  beside_start(beside);
  for (size_t i = 0; i < RIG_SERIES_MAX; i++) {
    send(beside, names[i], 0, 2000);
  }
  assert_int_equal(rig_wait(beside->live, 40000), VN_OK); /* all are silent */
  vn_shadow_tick(&beside->shadow, &beside->live->clock);
  assert_int_equal(with(beside, "\"differs\":true"), 0);
  for (size_t i = 0; i < RIG_SERIES_MAX; i++) {
    for (int k = 0; k < 3; k++) {
      length += (size_t)snprintf(pack + length, sizeof pack - length,
                                 "%c{\"n\":\"%s\",\"t\":%d,\"v\":90}", length == 0 ? '[' : ',',
                                 names[i], 1700000000 + 20 + 12 * k);
    }
  }
  snprintf(pack + length, sizeof pack - length, "]");
  rig_message(beside->live, "p/all", pack);
  assert_int_equal(rig_step(beside->live), VN_OK);
  vn_shadow_settle(&beside->shadow);
  assert_int_equal(with(beside, "\"alert\":\"hot\""), RIG_SERIES_MAX);
  assert_int_equal(with(beside, "\"shadow\":\"normal\",\"differs\":true"), RIG_SERIES_MAX);
  assert_int_equal(beside->count, RIG_SERIES_MAX);
  beside_free(beside);
}

static void results_that_differ_or_stand_alone_are_told(void **unused) {
  (void)unused;
  beside_t *beside = beside_new();
  beside->other->pipelines[0].range_high = beside->other->pipelines[1].range_high = 5000;
  beside_start(beside);
  for (int64_t i = 0; i < 40; i++) {
    send(beside, "a", i, i >= 20 && i < 30 ? 6000 : i == 5 ? 7000 : 1000);
  }
  vn_shadow_finish(&beside->shadow);
  assert_int_equal(beside->shadow.figures.results_differ, 4); /* "ten" once, "slide" three times */
  assert_int_equal(beside->shadow.figures.results_alone, 1);  /* the third window of ten */
  assert_int_equal(with(beside, "\"shadow\":{\"pipeline\""), 4);
  assert_int_equal(with(beside, "\"count\":9,"), 2);
  assert_int_equal(with(beside, "\"sum\":600"), 1);
  beside_free(beside);
}

/* A message that closes three windows on each side, with room for two. */
static void results_without_room_are_counted_and_no_difference(void **unused) {
  (void)unused;
  beside_t *beside = beside_new();
  beside->room = 2;
  beside_start(beside);
  send(beside, "a", 0, 1000);
  send(beside, "a", 60, 1000);
  for (int64_t i = 61; i < 120; i++) {
    send(beside, "a", i, 1000);
  }
  assert_int_equal(beside->count, 0);
  assert_int_equal(beside->shadow.figures.results_differ, 0);
  assert_int_equal(beside->shadow.figures.results_alone, 0);
  assert_true(beside->shadow.figures.results_uncompared > 0);
  assert_true(beside->shadow.figures.results_equal > 8);
  beside_free(beside);
}

static void what_the_other_rules_dont_have_is_not_compared(void **unused) {
  (void)unused;
  beside_t *beside = beside_new();
  beside->other->windows[0].name = "another";
  beside->other->windows[1].name = "yet_another";
  beside_start(beside);
  for (int64_t i = 0; i < 60; i++) {
    send(beside, "a", i, 1000);
  }
  vn_shadow_finish(&beside->shadow);
  assert_int_equal(beside->count, 0);
  assert_int_equal(beside->shadow.figures.results_alone, 0);
  beside_free(beside);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_rules_tell_nothing),
      cmocka_unit_test(an_alert_is_told_when_it_begins_and_ceases_to_differ),
      cmocka_unit_test(more_changes_than_the_list_holds_are_all_told),
      cmocka_unit_test(results_that_differ_or_stand_alone_are_told),
      cmocka_unit_test(results_without_room_are_counted_and_no_difference),
      cmocka_unit_test(what_the_other_rules_dont_have_is_not_compared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
