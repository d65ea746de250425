/* The engine without a flash: guards, accounting, alerts, outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)

static int set_up(void **state) {
  rig_t *rig = rig_new(NULL);
  *state = rig;
  return rig_start(rig) == VN_OK ? 0 : -1;
}

static int tear_down(void **state) {
  rig_t *rig = *state;
  rig_free(rig);
  return 0;
}

static bool sent_on(const rig_t *rig, const char *topic, const char *part) {
  for (size_t i = 0; i < rig->sent_count; i++) {
    const rig_message_t *message = &rig->sent[i];
    char payload[sizeof message->payload + 1] = {0};
    memcpy(payload, message->payload, message->payload_length);
    if (message->topic_length == strlen(topic) &&
        memcmp(message->topic, topic, message->topic_length) == 0 &&
        strstr(payload, part) != NULL) {
      return true;
    }
  }
  return false;
}

static void readings_become_summaries_when_the_watermark_passes(void **state) {
  rig_t *rig = *state;
  for (int i = 0; i < 12; i++) {
    rig_send(rig, "a", T0 + i * 1000, 2000 + i, (uint32_t)i);
  }
  assert_int_equal(rig->result_count, 0);
  rig_send(rig, "a", T0 + 12000, 2012, 12);
  assert_int_equal(rig->result_count, 2);
  assert_int_equal(rig->results[0].count, 10);
  assert_int_equal(rig->results[0].sum, 20045);
  assert_int_equal(rig->sent_count, 0);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(rig->sent_count, 1);
  assert_int_equal(rig->sent[0].channel, VN_CHANNEL_SUMMARY);
  assert_true(vn_idle(&rig->engine));
}

static void a_reading_from_the_future_moves_nothing(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0, 2000, 0);
  rig_send(rig, "a", T0 + 60001, 2000, 1);
  assert_int_equal(rig->last_drop, VN_REASON_FUTURE);
  assert_int_equal(rig->result_count, 0);
  rig_send(rig, "a", T0 + 60000, 2000, 2);
  assert_int_equal(rig_accounting(rig, "a").quarantined, 1);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  assert_int_equal(rig_accounting(rig, "a").missing, 0);
}

static void a_repeated_sequence_number_is_a_duplicate_and_a_skipped_one_is_missing(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0, 2000, 5);
  rig_send(rig, "a", T0, 2000, 5);
  rig_send(rig, "a", T0 + 1, 2000, 9);
  rig_send(rig, "a", T0 + 2, 2000, 7);
  vn_accounting_t seen = rig_accounting(rig, "a");
  assert_int_equal(seen.received, 4);
  assert_int_equal(seen.accepted, 3);
  assert_int_equal(seen.duplicate, 1);
  assert_int_equal(seen.missing, 2);
  assert_int_equal(vn_engine_figures(&rig->engine)->readings.missing, 2);
}

static void values_outside_the_range_are_rejected_and_shown(void **state) {
  rig_t *rig = *state;
  rig_message(rig, "n/a", "125.00");
  rig_message(rig, "n/a", "125.01");
  assert_int_equal(rig->last_drop, VN_REASON_RANGE);
  rig_message(rig, "n/a", "1e400");
  rig_message(rig, "n/a", "NaN");
  assert_int_equal(rig->last_drop, VN_REASON_NAN);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_true(sent_on(rig, "dead-letter", "range"));
  assert_true(sent_on(rig, "dead-letter", "nan"));
}

static void garbage_costs_at_most_ten_dead_letters_at_once(void **state) {
  rig_t *rig = *state;
  for (int i = 0; i < 1000; i++) {
    rig_message(rig, "j/a", "{\"t\":");
  }
  assert_int_equal(vn_engine_figures(&rig->engine)->messages_refused, 1000);
  assert_int_equal(vn_engine_figures(&rig->engine)->reasons[VN_REASON_JSON], 1000);
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 10);
  rig->wall_ms += 1000;
  rig_message(rig, "j/a", "{\"t\":");
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 11);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_true(sent_on(rig, "dead-letter", "\"suppressed\":990"));
}

static void a_full_series_table_refuses_new_names_and_keeps_the_known(void **state) {
  rig_t *rig = *state;
  const char *names[] = {"a", "b", "c", "d", "e"};
  for (int i = 0; i < 5; i++) {
    rig_send(rig, names[i], T0, 2000, 0);
  }
  assert_int_equal(rig->last_drop, VN_REASON_SERIES_FULL);
  rig_send(rig, "a", T0 + 1, 2000, 1);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  assert_int_equal(vn_engine_figures(&rig->engine)->unassigned, 1);
}

static void a_name_means_the_same_series_in_whatever_order_names_come(void **state) {
  rig_t *rig = *state;
  static const char *const names[] = {"a", "b", "aa", "ab", "refused", ""};
  uint32_t numbers[RIG_SERIES_MAX];
  for (uint32_t i = 0; i < RIG_SERIES_MAX; i++) {
    vn_text_t name = {names[i], strlen(names[i])};
    assert_int_equal(vn_series_open(&rig->engine, name, &numbers[i]), VN_REASON_NONE);
  }
  prng_t prng = prng_make(1, 1);
  uint32_t next = 0;
  for (int round = 0; round < 20000; round++) {
    /* mostly in turn, as a sender would */
    next = prng_below(&prng, 4) > 0 ? (next + 1) % RIG_SERIES_MAX : prng_below(&prng, 6);
    vn_text_t name = {names[next], strlen(names[next])};
    uint32_t number = VN_SERIES_NONE;
    vn_reason_t opened = vn_series_open(&rig->engine, name, &number);
    assert_true((opened == VN_REASON_NONE) == (next < RIG_SERIES_MAX));
    assert_true(number == (next < RIG_SERIES_MAX ? numbers[next] : VN_SERIES_NONE));
  }
}

static void a_pipeline_takes_no_more_series_than_it_reserved(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "other1", T0, 2000, 0);
  rig_send(rig, "other2", T0, 2000, 0);
  rig_send(rig, "other3", T0, 2000, 0);
  assert_int_equal(rig->last_drop, VN_REASON_SERIES_FULL);
  rig_send(rig, "a", T0, 2000, 0);
  rig_send(rig, "b", T0, 2000, 0);
  assert_int_equal(rig_accounting(rig, "b").accepted, 1);
}

static void our_own_topics_and_the_brokers_never_enter(void **state) {
  rig_t *rig = *state;
  rig_message(rig, "vnotch/gw-1/event", "1");
  assert_int_equal(rig->last_drop, VN_REASON_LOOP);
  rig_message(rig, "$SYS/broker/uptime", "1");
  assert_int_equal(rig->last_drop, VN_REASON_LOOP);
  rig_message(rig, "x/y", "1");
  assert_int_equal(rig->last_drop, VN_REASON_TOPIC);
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 1);
}

static void a_retained_reading_without_time_is_stale(void **state) {
  rig_t *rig = *state;
  vn_text_t topic = {"n/a", 3};
  vn_take_message(&rig->engine, topic, (const uint8_t *)"1", 1, true);
  assert_int_equal(rig->last_drop, VN_REASON_STALE);
  vn_take_message(&rig->engine, topic, (const uint8_t *)"", 0, true);
  assert_int_equal(rig->last_drop, VN_REASON_EMPTY);
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 0);
}

static void an_alert_is_published_when_it_fires_and_when_it_ends(void **state) {
  rig_t *rig = *state;
  for (int i = 0; i < 4; i++) {
    rig_send(rig, "a", T0 + i * 1000, 8100, (uint32_t)i);
  }
  assert_int_equal(rig->transition_count, 2);
  assert_int_equal(rig->transitions[1].phase, VN_ALERT_FIRING);
  assert_int_equal(rig->transitions[1].starts_ms, T0);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_true(sent_on(rig, "alert/hot/a", "\"state\":\"firing\""));
  assert_true(sent_on(rig, "event", "\"phase\":\"firing\""));
  rig_send(rig, "a", T0 + 5000, 7500, 4);
  rig_send(rig, "a", T0 + 9000, 7500, 5);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_true(sent_on(rig, "alert/hot/a", "\"state\":\"normal\""));
  assert_true(sent_on(rig, "event", "\"phase\":\"resolved\""));
}

static void an_alert_on_a_mean_is_judged_once_per_window(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0 + 9000, 5001, 0);
  rig_send(rig, "a", T0 + 12000, 2000, 1);
  assert_int_equal(rig->transition_count, 1);
  assert_string_equal(rig->transitions[0].alert, "warm");
  assert_int_equal(rig->transitions[0].at_ms, T0 + 10000);
  rig_send(rig, "a", T0 + 8000, 100, 2);
  assert_int_equal(rig->results[rig->result_count - 1].kind, VN_KIND_LATE);
  assert_int_equal(rig->transition_count, 1);
}

static void silence_fires_and_the_next_arrival_resolves(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0, 2000, 0);
  assert_int_equal(rig_wait(rig, 29999), VN_OK);
  assert_int_equal(rig->transition_count, 0);
  assert_int_equal(rig_wait(rig, 200), VN_OK);
  assert_int_equal(rig->transition_count, 1);
  assert_int_equal(rig->transitions[0].at_ms, T0 + 30000);
  assert_int_equal(rig->transitions[0].phase, VN_ALERT_FIRING);
  rig_send(rig, "a", rig->wall_ms, 2000, 1);
  assert_int_equal(rig->transition_count, 2);
  assert_int_equal(rig->transitions[1].phase, VN_ALERT_NORMAL);
}

static void a_silence_that_no_tick_has_seen_is_told_by_the_arrival_that_ends_it(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0, 2000, 0);
  rig->wall_ms += 40000;
  rig_send(rig, "a", rig->wall_ms, 2000, 1);
  assert_int_equal(rig->transition_count, 2);
  assert_int_equal(rig->transitions[0].at_ms, T0 + 30000);
  assert_int_equal(rig->transitions[0].phase, VN_ALERT_FIRING);
  assert_int_equal(rig->transitions[1].at_ms, T0 + 40000);
  assert_int_equal(rig->transitions[1].phase, VN_ALERT_NORMAL);
}

static void an_idle_series_is_closed_by_processing_time(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "other", T0, 2000, 0);
  assert_int_equal(rig_wait(rig, 15100), VN_OK);
  assert_int_equal(rig->result_count, 3);
  assert_int_equal(rig->results[0].kind, VN_KIND_IDLE);
}

static void a_full_queue_says_so_and_keeps_its_content(void **state) {
  rig_t *rig = *state;
  vn_text_t topic = {"n/a", 3};
  int taken = 0;
  while (vn_offer_message(&rig->engine, topic, (const uint8_t *)"20", 2, false) == VN_OK) {
    taken++;
  }
  assert_int_equal(taken, 8);
  uint8_t big[600] = {0};
  assert_int_equal(vn_offer_message(&rig->engine, topic, big, sizeof big, false), VN_ERR_TOO_BIG);
  vn_count_dropped(&rig->engine, VN_REASON_QUEUE_FULL);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig_accounting(rig, "a").accepted, 8);
  assert_int_equal(vn_engine_figures(&rig->engine)->messages_dropped, 1);
}

static void without_a_link_summaries_wait_and_then_leave_in_order(void **state) {
  rig_t *rig = *state;
  rig->link_up = false;
  for (int i = 0; i < 60; i++) {
    rig_send(rig, "a", T0 + i * 1000, 2000, (uint32_t)i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  assert_int_equal(rig->sent_count, 0);
  rig->link_up = true;
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_true(rig->sent_count >= 4);
  for (size_t i = 1; i < rig->sent_count; i++) {
    assert_true(rig->sent[i].index > rig->sent[i - 1].index);
  }
}

static void two_engines_in_one_process_know_nothing_of_each_other(void **state) {
  rig_t *rig = *state;
  rig_t *second = rig_new(NULL);
  assert_int_equal(rig_start(second), VN_OK);
  rig_send(rig, "a", T0, 2000, 0);
  rig_send(second, "b", T0, 2000, 0);
  assert_int_equal(rig_accounting(rig, "b").received, 0);
  assert_int_equal(rig_accounting(second, "a").received, 0);
  rig_free(second);
}

static void other_headers_and_small_stores_are_refused(void **state) {
  rig_t *rig = *state;
  vn_engine_t engine;
  assert_int_equal(
      vn_init_checked(&engine, &rig->plan, &rig->store, &rig->ports, VN_VERSION, sizeof engine - 8),
      VN_ERR_ABI);
  vn_store_t small = rig->store;
  small.pane_count--;
  assert_int_equal(vn_init(&engine, &rig->plan, &small, &rig->ports), VN_ERR_STORE);
  small = rig->store;
  small.queue = NULL;
  assert_int_equal(vn_init(&engine, &rig->plan, &small, &rig->ports), VN_ERR_STORE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(readings_become_summaries_when_the_watermark_passes),
      CASE(a_reading_from_the_future_moves_nothing),
      CASE(a_repeated_sequence_number_is_a_duplicate_and_a_skipped_one_is_missing),
      CASE(values_outside_the_range_are_rejected_and_shown),
      CASE(garbage_costs_at_most_ten_dead_letters_at_once),
      CASE(a_full_series_table_refuses_new_names_and_keeps_the_known),
      CASE(a_name_means_the_same_series_in_whatever_order_names_come),
      CASE(a_pipeline_takes_no_more_series_than_it_reserved),
      CASE(our_own_topics_and_the_brokers_never_enter),
      CASE(a_retained_reading_without_time_is_stale),
      CASE(an_alert_is_published_when_it_fires_and_when_it_ends),
      CASE(an_alert_on_a_mean_is_judged_once_per_window),
      CASE(silence_fires_and_the_next_arrival_resolves),
      CASE(a_silence_that_no_tick_has_seen_is_told_by_the_arrival_that_ends_it),
      CASE(an_idle_series_is_closed_by_processing_time),
      CASE(a_full_queue_says_so_and_keeps_its_content),
      CASE(without_a_link_summaries_wait_and_then_leave_in_order),
      CASE(two_engines_in_one_process_know_nothing_of_each_other),
      CASE(other_headers_and_small_stores_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
