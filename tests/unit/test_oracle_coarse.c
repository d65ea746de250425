/* Coarser results as the oracle of the simulation sees them, by messages that are made by hand. */
#include "oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COARSE_AND_FINAL = 18 };

typedef struct record {
  uint8_t end, rev, kind, count, sum, min, max; /* starts at 0; all fit into a byte */
  uint8_t late, flags;
} record_t;

static vn_oracle_t *oracle_of(int64_t lateness_ms) {
  static const vn_oracle_series_t series = {"a", 0};
  static const vn_oracle_window_t ten = {
      .name = "ten",
      .size_ms = 10,
      .statistics = VN_ORACLE_SUM | VN_ORACLE_MIN | VN_ORACLE_MAX,
      .kind = VN_ORACLE_TUMBLING};
  const vn_oracle_pipeline_t pipeline = {
      .name = "p", .max_future_ms = -1, .allowed_lateness_ms = lateness_ms};
  const vn_oracle_setup_t setup = {.prefix = "vnotch",
                                   .device = "sim",
                                   .pipelines = &pipeline,
                                   .windows = &ten,
                                   .series = &series,
                                   .pipeline_count = 1,
                                   .window_count = 1,
                                   .series_count = 1};
  return vn_oracle_new(&setup);
}

static void take(vn_oracle_t *oracle, int64_t time_ms, int32_t value) {
  const vn_oracle_reading_t reading = {.time_ms = time_ms, .value = value};
  vn_oracle_reading(oracle, &reading);
}

/* A summary message of boot 1 with one record of window "ten"; numbers stay below 24. */
static void tell(vn_oracle_t *oracle, uint8_t seq, record_t record) {
  const uint8_t head[] = {0xA6, 0,   1, 1,    0x63, 's', 'i',  'm', 2, 1,
                          3,    seq, 4, 0x81, 0xA4, 0,   0x61, 'p', 1, 0x60,
                          2,    0,   3, 0x81, 0x63, 't', 'e',  'n', 5, 0x81};
  const uint8_t body[] = {
      0,          0,  1,          0, 2,           0x61, 'a',          3, 0,          4,
      record.end, 5,  record.rev, 6, record.kind, 7,    record.count, 8, record.sum, 10,
      record.min, 11, record.max};
  uint8_t message[sizeof head + 1 + sizeof body + 6];
  size_t length = sizeof head;
  memcpy(message, head, sizeof head);
  message[length++] = (uint8_t)(0xAB + (record.late != 0) + (record.flags != 0));
  memcpy(message + length, body, sizeof body);
  length += sizeof body;
  if (record.late != 0) {
    memcpy(message + length, (uint8_t[]){16, 0xA1, 0, record.late}, 4);
    length += 4;
  }
  if (record.flags != 0) {
    memcpy(message + length, (uint8_t[]){17, record.flags}, 2);
    length += 2;
  }
  vn_oracle_message(oracle, "vnotch/sim/summary", message, length);
}

static const record_t both = {20, 0, 0, 3, 13, 1, 7, 0, COARSE_AND_FINAL};

/* [0, 10) of 5 and 7, [10, 20) of 1. */
static vn_oracle_t *two_windows(void) {
  vn_oracle_t *oracle = oracle_of(0);
  take(oracle, 1, 5);
  take(oracle, 2, 7);
  take(oracle, 11, 1);
  take(oracle, 20, 9);
  assert_true(vn_oracle_owed(oracle) == 2);
  return oracle;
}

static void a_coarser_result_stands_for_its_windows(void **state) {
  (void)state;
  vn_oracle_t *oracle = two_windows();
  tell(oracle, 0, both);
  vn_oracle_settle(oracle);
  assert_null(vn_oracle_difference(oracle));
  assert_true(vn_oracle_owed(oracle) == 0);
  assert_true(vn_oracle_figures(oracle).coarse_results == 1);
  assert_true(vn_oracle_figures(oracle).results_compared == 2);
  vn_oracle_free(oracle);
}

static void any_other_content_of_it_is_noticed(void **state) {
  (void)state;
  const size_t members = sizeof both - 1; /* all but the flags */
  for (size_t i = 0; i < members; i++) {
    record_t record = both;
    ((uint8_t *)&record)[i]++;
    vn_oracle_t *oracle = two_windows();
    tell(oracle, 0, record);
    if (vn_oracle_difference(oracle) == NULL) {
      fail_msg("member %zu may be another one", i);
    }
    vn_oracle_free(oracle);
  }
}

static void a_window_that_was_told_is_in_no_coarser_result(void **state) {
  (void)state;
  vn_oracle_t *oracle = two_windows();
  tell(oracle, 0, (record_t){10, 0, 0, 2, 12, 5, 7, 0, 16});
  assert_null(vn_oracle_difference(oracle));
  tell(oracle, 1, both);
  assert_non_null(strstr(vn_oracle_difference(oracle), "1 results wait there"));
  vn_oracle_free(oracle);
}

/* The first result of [0, 10) was on its way when its revision became part of a coarser one. */
static void an_older_revision_may_come_behind_it(void **state) {
  (void)state;
  vn_oracle_t *oracle = oracle_of(5);
  take(oracle, 1, 5);
  take(oracle, 11, 1);
  take(oracle, 2, 7);
  take(oracle, 20, 9);
  assert_true(vn_oracle_owed(oracle) == 3);
  record_t revised = both;
  revised.late = 1;
  tell(oracle, 1, revised);
  assert_null(vn_oracle_difference(oracle));
  tell(oracle, 0, (record_t){10, 0, 0, 1, 5, 5, 5, 0, 0});
  vn_oracle_settle(oracle);
  assert_null(vn_oracle_difference(oracle));
  vn_oracle_free(oracle);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_coarser_result_stands_for_its_windows),
      cmocka_unit_test(any_other_content_of_it_is_noticed),
      cmocka_unit_test(a_window_that_was_told_is_in_no_coarser_result),
      cmocka_unit_test(an_older_revision_may_come_behind_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
