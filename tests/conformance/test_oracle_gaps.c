/* Messages that a device had to give up, and the notice that says so, as the oracle sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "oracle_bench.h"
#include "oracle_json.h"

#define SEED 4101u

/* What a notice says; all of it fits into a byte. */
typedef struct notice {
  uint8_t why, first, last, messages, results, alerts;
} notice_t;

typedef struct fixture {
  bench_t bench;
  vn_oracle_t *oracle;
} fixture_t;

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

/* The whole story but for messages [from, to), which never leave. */
static void play_without(fixture_t *fixture, size_t from, size_t to) {
  bench_t *bench = &fixture->bench;
  size_t given = 0;
  for (size_t i = 0; i < bench->told_count; i++) {
    bench_tell_readings(bench, fixture->oracle, given, bench->told[i].after);
    given = bench->told[i].after;
    if (i < from || i >= to) {
      bench_tell(fixture->oracle, &bench->told[i]);
    }
  }
  bench_tell_readings(bench, fixture->oracle, given, BENCH_READINGS + 1);
}

/* A number in CBOR, always in two bytes or one. */
static size_t put(uint8_t *out, uint8_t value) {
  if (value < 24) {
    out[0] = value;
    return 1;
  }
  out[0] = 24;
  out[1] = value;
  return 2;
}

/* {0: 1, 1: "gw-1", 2: 1000, 3: seq, 7: [{0: why, 1: first, ...}]} */
static void tell(fixture_t *fixture, notice_t notice) {
  const uint8_t members[] = {notice.why,      notice.first,   notice.last,
                             notice.messages, notice.results, notice.alerts};
  uint8_t message[64] = {0xA5, 0x00, 0x01, 0x01, 0x64, 'g',  'w',  '-', '1',
                         0x02, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x03, 0x19};
  size_t length = 17;
  message[length++] = (uint8_t)(fixture->bench.told_count >> 8);
  message[length++] = (uint8_t)fixture->bench.told_count;
  message[length++] = 0x07;
  message[length++] = 0x81;
  message[length++] = (uint8_t)(0xA4 + (notice.results > 0) + (notice.alerts > 0));
  for (uint8_t key = 0; key < 6; key++) {
    if (key < 4 || members[key] > 0) {
      length += put(message + length, key);
      length += put(message + length, members[key]);
    }
  }
  vn_oracle_message(fixture->oracle, "vnotch/gw-1/gap", message, length);
}

static void is_right(const fixture_t *fixture) {
  const char *difference = vn_oracle_difference(fixture->oracle);
  if (difference != NULL) {
    fail_msg("%s", difference);
  }
}

static uint8_t seq_of(const bench_told_t *told) {
  vn__object_t object;
  int64_t seq;
  if (vn__oracle_json_object(&object, told->payload, told->length)) {
    assert_true(vn__oracle_json_decimal(vn__oracle_json_find(&object, "seq"), 0, &seq));
  } else {
    vn__cbor_t cbor = {told->payload, told->payload + told->length, false};
    (void)vn__oracle_cbor_map(&cbor);
    for (size_t i = 0; i < 7; i++) { /* version, device, boot, and the key of seq */
      vn__oracle_cbor_skip(&cbor);
    }
    seq = vn__oracle_cbor_integer(&cbor);
    assert_false(cbor.bad);
  }
  assert_true(seq < 255);
  return (uint8_t)seq;
}

/* The place of the n-th summary message, from 0. */
static size_t summary_at(const bench_t *bench, size_t number) {
  size_t place = 0;
  assert_true(bench->told_count > 256);
  while (strstr(bench->told[place].topic, "/summary") == NULL || number-- > 0) {
    place++;
  }
  return place;
}

static void a_notice_accounts_for_a_summary(void **state) {
  fixture_t *fixture = *state;
  size_t place = summary_at(&fixture->bench, 5);
  play_without(fixture, place, place + 1);
  size_t results = vn_oracle_owed(fixture->oracle);
  assert_true(results > 0);
  uint8_t seq = seq_of(&fixture->bench.told[place]);
  tell(fixture, (notice_t){0, seq, seq, 1, (uint8_t)results, 0});
  vn_oracle_settle(fixture->oracle);
  is_right(fixture);
  assert_true(vn_oracle_figures(fixture->oracle).given_up == results);
  assert_true(vn_oracle_figures(fixture->oracle).gap_entries == 1);
  assert_true(vn_oracle_owed(fixture->oracle) == 0);
}

/* From the first message with an alert's state on, states and events. */
static void a_notice_accounts_for_alerts(void **state) {
  fixture_t *fixture = *state;
  size_t place = 0;
  while (strstr(fixture->bench.told[place].topic, "/alert/") == NULL) {
    place++;
  }
  assert_non_null(strstr(fixture->bench.told[place + 1].topic, "/event"));
  play_without(fixture, place, place + 2);
  uint8_t seq = seq_of(&fixture->bench.told[place]);
  tell(fixture, (notice_t){0, seq, (uint8_t)(seq + 1), 2, 0, 2});
  vn_oracle_settle(fixture->oracle);
  is_right(fixture);
  assert_true(vn_oracle_figures(fixture->oracle).given_up == 2);
}

static void without_a_notice_it_is_a_hole(void **state) {
  fixture_t *fixture = *state;
  size_t place = summary_at(&fixture->bench, 5);
  play_without(fixture, place, place + 1);
  vn_oracle_settle(fixture->oracle);
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "never came"));
}

static void a_notice_of_other_numbers_accounts_for_nothing(void **state) {
  fixture_t *fixture = *state;
  size_t place = summary_at(&fixture->bench, 5);
  play_without(fixture, place, place + 1);
  uint8_t seq = (uint8_t)(seq_of(&fixture->bench.told[place]) + 1);
  tell(fixture, (notice_t){0, seq, seq, 1, 200, 0});
  vn_oracle_settle(fixture->oracle);
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "nothing accounts for it"));
}

static void a_notice_of_fewer_messages_is_noticed(void **state) {
  fixture_t *fixture = *state;
  size_t place = summary_at(&fixture->bench, 5);
  play_without(fixture, place, place + 2);
  tell(fixture, (notice_t){0, 0, 254, 1, 200, 2});
  vn_oracle_settle(fixture->oracle);
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "nothing accounts for it"));
}

static void a_notice_of_fewer_results_is_noticed(void **state) {
  fixture_t *fixture = *state;
  size_t place = summary_at(&fixture->bench, 5);
  play_without(fixture, place, place + 1);
  size_t results = vn_oracle_owed(fixture->oracle);
  uint8_t seq = seq_of(&fixture->bench.told[place]);
  tell(fixture, (notice_t){0, seq, seq, 1, (uint8_t)(results - 1), 0});
  vn_oracle_settle(fixture->oracle);
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "is due, and never came"));
}

/* What was on its way when it was given up may come all the same. */
static void what_was_given_up_may_come(void **state) {
  fixture_t *fixture = *state;
  size_t place = summary_at(&fixture->bench, 5);
  play_without(fixture, 0, 0);
  uint8_t seq = seq_of(&fixture->bench.told[place]);
  tell(fixture, (notice_t){0, seq, seq, 1, 3, 0});
  vn_oracle_settle(fixture->oracle);
  is_right(fixture);
  assert_true(vn_oracle_figures(fixture->oracle).given_up == 0);
}

static void a_notice_that_says_nothing_is_noticed(void **state) {
  fixture_t *fixture = *state;
  play_without(fixture, 0, 0);
  tell(fixture, (notice_t){0, 5, 4, 1, 0, 0});
  assert_non_null(strstr(vn_oracle_difference(fixture->oracle), "can't be understood"));
}

#define OF_STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      OF_STORY(a_notice_accounts_for_a_summary),
      OF_STORY(a_notice_accounts_for_alerts),
      OF_STORY(without_a_notice_it_is_a_hole),
      OF_STORY(a_notice_of_other_numbers_accounts_for_nothing),
      OF_STORY(a_notice_of_fewer_messages_is_noticed),
      OF_STORY(a_notice_of_fewer_results_is_noticed),
      OF_STORY(what_was_given_up_may_come),
      OF_STORY(a_notice_that_says_nothing_is_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
