/*
 * The oracle of the simulation and the engine, which share nothing but the documents, agree on what
 * random devices tell; and when a message isn't what it should be the oracle says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "oracle_bench.h"
#include "oracle_cbor.h"

#define SEED 4101u
#define CASES 300u

static void the_engine_tells_what_the_oracle_expects(void **state) {
  (void)state;
  static bench_t bench;
  vn_oracle_figures_t sum = {0};
  uint32_t seed = asked("VN_SEED", SEED);
  for (uint32_t i = 0; i < asked("VN_CASES", CASES); i++) {
    prng_t prng = prng_make(seed, i);
    bench_run(&bench, &prng);
    vn_oracle_t *oracle = bench_oracle(&bench, 0);
    bench_play(&bench, oracle);
    if (vn_oracle_difference(oracle) != NULL) {
      fail_msg("seed %u, case %u: %s", seed, i, vn_oracle_difference(oracle));
    }
    assert_int_equal(vn_oracle_owed(oracle), 0);
    vn_oracle_figures_t figures = vn_oracle_figures(oracle);
    assert_true(figures.results == figures.results_compared);
    sum.results += figures.results;
    sum.events_compared += figures.events_compared;
    vn_oracle_free(oracle);
    bench_free(&bench);
  }
  print_message("seed %u: %llu results, %llu events\n", seed, (unsigned long long)sum.results,
                (unsigned long long)sum.events_compared);
  assert_true(sum.results > 0 && sum.events_compared > 0);
}

/* The accounting of each series of the engine is the oracle's. */
static void both_count_readings_alike(void **state) {
  (void)state;
  static bench_t bench;
  for (uint32_t i = 0; i < 50; i++) {
    prng_t prng = prng_make(SEED + 1, i);
    bench_run(&bench, &prng);
    vn_oracle_t *oracle = bench_oracle(&bench, 0);
    bench_play(&bench, oracle);
    for (size_t series = 0; series < BENCH_SERIES; series++) {
      static const char *const names[BENCH_SERIES] = {"a", "b/temp", "c"};
      vn_text_t name = {names[series], strlen(names[series])};
      uint32_t number = vn_series_find(&bench.engine.table, name, vn_series_hash(name));
      const vn_accounting_t *own = &vn_engine_series(&bench.engine, number)->accounting;
      vn_oracle_counts_t counts = vn_oracle_counts(oracle, series);
      assert_true(own->received == counts.received && own->accepted == counts.accepted);
      assert_true(own->late == counts.late && own->no_window == counts.no_window);
      assert_true(own->duplicate == counts.duplicate && own->quarantined == counts.quarantined);
    }
    vn_oracle_free(oracle);
    bench_free(&bench);
  }
}

/* ---- Stories with a fault. */

typedef struct fixture {
  bench_t bench;
  vn_oracle_t *oracle;
} fixture_t;

static const char own_prefix[] = "vnotch/gw-1/";

static int set_up(void **state) {
  fixture_t *fixture = calloc(1, sizeof *fixture);
  prng_t prng = prng_make(SEED, 1);
  bench_run(&fixture->bench, &prng);
  fixture->oracle = bench_oracle(&fixture->bench, 0);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  fixture_t *fixture = *state;
  vn_oracle_free(fixture->oracle);
  bench_free(&fixture->bench);
  free(fixture);
  return 0;
}

/* The n-th message, from 0, whose own topic begins like this. */
static bench_told_t *find(bench_t *bench, const char *topic, size_t number) {
  for (size_t i = 0; i < bench->told_count; i++) {
    bench_told_t *told = &bench->told[i];
    if (strncmp(told->topic + strlen(own_prefix), topic, strlen(topic)) == 0 && number-- == 0) {
      return told;
    }
  }
  fail_msg("there is no such message: %s", topic);
  return NULL;
}

/* Where the text stands in the payload. */
static char *place_of(bench_told_t *told, const char *text) {
  for (size_t i = 0; i + strlen(text) <= told->length; i++) {
    if (memcmp(told->payload + i, text, strlen(text)) == 0) {
      return (char *)told->payload + i + strlen(text);
    }
  }
  fail_msg("%s isn't in it", text);
  return NULL;
}

/* Plays the story, which must fail, and for this reason. */
static void differs(fixture_t *fixture, const char *because) {
  bench_play(&fixture->bench, fixture->oracle);
  const char *difference = vn_oracle_difference(fixture->oracle);
  assert_non_null(difference);
  if (strstr(difference, because) == NULL) {
    fail_msg("the difference is another one: %s", difference);
  }
}

static void drop(bench_t *bench, bench_told_t *told) {
  size_t place = (size_t)(told - bench->told);
  free(told->payload);
  bench->told_count--;
  memmove(told, told + 1, (bench->told_count - place) * sizeof *told);
}

static void the_story_itself_is_right(void **state) {
  fixture_t *fixture = *state;
  bench_play(&fixture->bench, fixture->oracle);
  assert_null(vn_oracle_difference(fixture->oracle));
}

/* Where the accounting of the device begins, behind the records. */
static size_t records_end(const bench_told_t *told) {
  vn__cbor_t cbor = {told->payload, told->payload + told->length, false};
  size_t pairs = vn__oracle_cbor_map(&cbor);
  for (size_t i = 0; i < 2 * (pairs - 1); i++) {
    vn__oracle_cbor_skip(&cbor);
  }
  assert_false(cbor.bad);
  return (size_t)(cbor.at - told->payload);
}

/* No byte can be another one: bit 6, so that a float leaves its bounds. */
static void any_other_byte_of_a_summary_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_t *bench = &fixture->bench;
  bench_told_t *told = find(bench, "summary", 3);
  size_t bytes = records_end(told);
  assert_true(bytes > 100);
  for (size_t i = 0; i < bytes; i++) {
    vn_oracle_t *oracle = bench_oracle(bench, 0);
    told->payload[i] ^= 0x40;
    bench_play(bench, oracle);
    told->payload[i] ^= 0x40;
    if (vn_oracle_difference(oracle) == NULL) {
      fail_msg("byte %zu of %zu may be another one", i, bytes);
    }
    vn_oracle_free(oracle);
  }
}

static void books_that_do_not_balance_are_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_told_t *told = find(&fixture->bench, "summary", 3);
  told->payload[records_end(told) + 3] ^= 1; /* 06 map 00 received */
  differs(fixture, "accounting: received");
}

static void an_event_dropped_is_noticed(void **state) {
  fixture_t *fixture = *state;
  drop(&fixture->bench, find(&fixture->bench, "event", 2));
  differs(fixture, "never came");
}

static void a_state_dropped_is_noticed(void **state) {
  fixture_t *fixture = *state;
  drop(&fixture->bench, find(&fixture->bench, "alert/", 2));
  differs(fixture, "never came");
}

static void a_summary_dropped_is_noticed(void **state) {
  fixture_t *fixture = *state;
  drop(&fixture->bench, find(&fixture->bench, "summary", 2));
  differs(fixture, "never came");
}

/* No hole behind it shows that the last one is missing. */
static void the_last_summary_dropped_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_told_t *last = &fixture->bench.told[fixture->bench.told_count - 1];
  assert_non_null(strstr(last->topic, "/summary"));
  drop(&fixture->bench, last);
  differs(fixture, "a result of ");
}

static void the_same_message_again_is_a_repeat(void **state) {
  fixture_t *fixture = *state;
  bench_t *bench = &fixture->bench;
  bench_play(bench, fixture->oracle);
  for (size_t i = 0; i < bench->told_count; i++) {
    bench_tell(fixture->oracle, &bench->told[i]);
  }
  vn_oracle_settle(fixture->oracle);
  assert_null(vn_oracle_difference(fixture->oracle));
  assert_true(vn_oracle_figures(fixture->oracle).repeats == bench->told_count);
}

static void a_repeat_with_other_content_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_told_t *told = find(&fixture->bench, "summary", 2);
  bench_play(&fixture->bench, fixture->oracle);
  told->payload[told->length - 1] ^= 1;
  bench_tell(fixture->oracle, told);
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "twice with other bytes"));
}

static void a_repeat_under_another_number_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_t *bench = &fixture->bench;
  bench_told_t copy = *find(bench, "event", 0);
  char text[8192];
  char *seq = place_of(&copy, "\"seq\":");
  int head = (int)(seq - (char *)copy.payload);
  int rest = (int)strcspn(seq, ",}");
  int length = snprintf(text, sizeof text, "%.*s%zu%.*s", head, (char *)copy.payload,
                        bench->told_count, (int)copy.length - head - rest, seq + rest);
  bench_play(bench, fixture->oracle);
  vn_oracle_message(fixture->oracle, copy.topic, text, (size_t)length);
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "or it was told before"));
}

static void another_episode_is_noticed(void **state) {
  fixture_t *fixture = *state;
  char *digit = place_of(find(&fixture->bench, "event", 1), "\"episode\":");
  *digit = *digit == '9' ? '8' : (char)(*digit + 1);
  differs(fixture, "no event is due");
}

static void another_revision_of_an_event_is_noticed(void **state) {
  fixture_t *fixture = *state;
  char *digit = place_of(find(&fixture->bench, "event", 0), "\"rev\":");
  *digit = '7';
  differs(fixture, "rev: expected 0");
}

static void another_value_of_an_event_is_noticed(void **state) {
  fixture_t *fixture = *state;
  char *digit = place_of(find(&fixture->bench, "event", 0), "\"value\":");
  digit += *digit == '-';
  *digit = *digit == '9' ? '8' : (char)(*digit + 1);
  differs(fixture, "value: expected");
}

static void another_time_of_an_event_is_noticed(void **state) {
  fixture_t *fixture = *state;
  char *digit = place_of(find(&fixture->bench, "event", 0), "\"starts_at\":");
  digit += *digit == '-';
  *digit = *digit == '9' ? '8' : (char)(*digit + 1);
  differs(fixture, "starts_at: expected");
}

static void another_number_of_a_state_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_told_t *told = find(&fixture->bench, "alert/", 1);
  char *digit = place_of(told, "\"seq\":");
  *digit = *digit == '9' ? '8' : (char)(*digit + 1);
  differs(fixture, "message seq");
}

static void a_boot_that_falls_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_told_t *told = find(&fixture->bench, "event", 1);
  char *digits = place_of(told, "\"boot\":");
  memset(digits, ' ', strcspn(digits, ",}"));
  digits[0] = '0';
  differs(fixture, "is of boot 0");
}

static void a_state_under_another_topic_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_told_t *told = find(&fixture->bench, "alert/", 0);
  told->topic[strlen(own_prefix) + strlen("alert/")] ^= 1;
  differs(fixture, "is of another alert");
}

/* The network may bring an old state after a new one; then the broker keeps what isn't true. */
static void an_old_state_that_is_retained_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_t *bench = &fixture->bench;
  bench_told_t *first = find(bench, "alert/", 0);
  bench_play(bench, fixture->oracle);
  assert_null(vn_oracle_difference(fixture->oracle));
  bench_tell(fixture->oracle, first);
  vn_oracle_settle(fixture->oracle);
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "retained is episode"));
}

/* What no reading has led to yet can't be told. */
static void a_result_before_its_readings_is_noticed(void **state) {
  fixture_t *fixture = *state;
  bench_tell(fixture->oracle, find(&fixture->bench, "summary", 0));
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "no such result is due"));
}

static void a_reading_that_the_device_never_saw_is_noticed(void **state) {
  fixture_t *fixture = *state;
  fixture->bench.readings[BENCH_READINGS / 2].value += 1;
  bench_play(&fixture->bench, fixture->oracle);
  assert_non_null(vn_oracle_difference(fixture->oracle));
}

static void messages_of_others_are_ignored(void **state) {
  fixture_t *fixture = *state;
  bench_told_t *told = find(&fixture->bench, "summary", 0);
  vn_oracle_message(fixture->oracle, "vnotch/gw-2/summary", told->payload, told->length);
  vn_oracle_message(fixture->oracle, "vnotch/gw-1", told->payload, told->length);
  vn_oracle_message(fixture->oracle, "other", "x", 1);
  vn_oracle_message(fixture->oracle, "vnotch/gw-1/status", "online", 6);
  assert_null(vn_oracle_difference(fixture->oracle));
}

static void rubbish_is_noticed(void **state) {
  fixture_t *fixture = *state;
  vn_oracle_message(fixture->oracle, "vnotch/gw-1/summary", "rubbish", 7);
  assert_non_null(vn_oracle_difference(fixture->oracle));
}

/* ---- Readings that a restart lost. */

/* Half of the readings are given twice: the first time to be forgotten again. */
static void forgotten_readings_leave_nothing(void **state) {
  fixture_t *fixture = *state;
  bench_t *bench = &fixture->bench;
  vn_oracle_t *oracle = bench_oracle(bench, BENCH_READINGS);
  uint64_t kept[BENCH_SERIES];
  bench_tell_readings(bench, oracle, 0, 40);
  for (size_t i = 0; i < BENCH_SERIES; i++) {
    kept[i] = vn_oracle_counts(oracle, i).received;
  }
  bench_tell_readings(bench, oracle, 40, 160);
  for (size_t i = 0; i < BENCH_SERIES; i++) {
    vn_oracle_forget(oracle, i, kept[i]);
    assert_true(vn_oracle_counts(oracle, i).received == kept[i]);
  }
  size_t given = 40;
  for (size_t i = 0; i < bench->told_count; i++) {
    size_t after = bench->told[i].after;
    bench_tell_readings(bench, oracle, given, after);
    given = after > given ? after : given;
    bench_tell(oracle, &bench->told[i]);
  }
  vn_oracle_settle(oracle);
  assert_null(vn_oracle_difference(oracle));
  assert_true(vn_oracle_figures(oracle).forgotten == 120);
  vn_oracle_free(oracle);
}

static void what_was_told_cannot_be_forgotten(void **state) {
  fixture_t *fixture = *state;
  vn_oracle_t *oracle = bench_oracle(&fixture->bench, 2 * BENCH_READINGS);
  bench_play(&fixture->bench, oracle);
  vn_oracle_forget(oracle, 0, 0);
  assert_non_null(strstr(vn_oracle_difference(oracle), "what it led to was told"));
  vn_oracle_free(oracle);
}

static void no_more_can_be_forgotten_than_was_said(void **state) {
  fixture_t *fixture = *state;
  vn_oracle_t *oracle = bench_oracle(&fixture->bench, 5);
  bench_tell_readings(&fixture->bench, oracle, 0, BENCH_READINGS);
  vn_oracle_forget(oracle, 0, 1);
  assert_non_null(strstr(vn_oracle_difference(oracle), "readings received after a restart"));
  vn_oracle_free(oracle);
}

#define OF_STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_engine_tells_what_the_oracle_expects),
      cmocka_unit_test(both_count_readings_alike),
      OF_STORY(the_story_itself_is_right),
      OF_STORY(any_other_byte_of_a_summary_is_noticed),
      OF_STORY(books_that_do_not_balance_are_noticed),
      OF_STORY(an_event_dropped_is_noticed),
      OF_STORY(a_state_dropped_is_noticed),
      OF_STORY(a_summary_dropped_is_noticed),
      OF_STORY(the_last_summary_dropped_is_noticed),
      OF_STORY(the_same_message_again_is_a_repeat),
      OF_STORY(a_repeat_with_other_content_is_noticed),
      OF_STORY(a_repeat_under_another_number_is_noticed),
      OF_STORY(another_episode_is_noticed),
      OF_STORY(another_revision_of_an_event_is_noticed),
      OF_STORY(another_value_of_an_event_is_noticed),
      OF_STORY(another_time_of_an_event_is_noticed),
      OF_STORY(another_number_of_a_state_is_noticed),
      OF_STORY(a_boot_that_falls_is_noticed),
      OF_STORY(a_state_under_another_topic_is_noticed),
      OF_STORY(an_old_state_that_is_retained_is_noticed),
      OF_STORY(a_result_before_its_readings_is_noticed),
      OF_STORY(a_reading_that_the_device_never_saw_is_noticed),
      OF_STORY(messages_of_others_are_ignored),
      OF_STORY(rubbish_is_noticed),
      OF_STORY(forgotten_readings_leave_nothing),
      OF_STORY(what_was_told_cannot_be_forgotten),
      OF_STORY(no_more_can_be_forgotten_than_was_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
