/* What the oracle of the simulation counts and refuses: the examples of docs/semantics, by hand. */
#include "oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static vn_oracle_t *oracle_of(vn_oracle_pipeline_t pipeline, const vn_oracle_window_t *window) {
  static const vn_oracle_series_t series = {"a", 0};
  pipeline.name = "p";
  const vn_oracle_setup_t setup = {.prefix = "vnotch",
                                   .device = "sim",
                                   .pipelines = &pipeline,
                                   .windows = window,
                                   .series = &series,
                                   .pipeline_count = 1,
                                   .window_count = 1,
                                   .series_count = 1};
  return vn_oracle_new(&setup);
}

static const vn_oracle_window_t ten = {.name = "ten", .size_ms = 10, .kind = VN_ORACLE_TUMBLING};

static void take(vn_oracle_t *oracle, int64_t time_ms, int32_t value, uint32_t sequence) {
  const vn_oracle_reading_t reading = {
      .time_ms = time_ms, .arrival_ms = time_ms, .value = value, .sequence = sequence};
  vn_oracle_reading(oracle, &reading);
}

static void take_at(vn_oracle_t *oracle, int64_t arrival_ms, int64_t time_ms, uint32_t sequence) {
  const vn_oracle_reading_t reading = {
      .time_ms = time_ms, .arrival_ms = arrival_ms, .value = 1, .sequence = sequence};
  vn_oracle_reading(oracle, &reading);
}

/* docs/semantics/guards.md: a repeat, a conflict, and a sensor that counts anew. */
static void known_numbers_are_refused_and_a_new_count_is_not(void **state) {
  (void)state;
  vn_oracle_t *oracle =
      oracle_of((vn_oracle_pipeline_t){.max_future_ms = -1, .sequences = true}, &ten);
  take(oracle, 1, 5, 107);
  take(oracle, 1, 5, 107);
  take(oracle, 1, 6, 107);
  take(oracle, 2, 5, 108);
  take(oracle, 3, 5, 0);
  vn_oracle_counts_t counts = vn_oracle_counts(oracle, 0);
  assert_true(counts.received == 5 && counts.accepted == 3 && counts.duplicate == 2);
  vn_oracle_free(oracle);
}

static void old_numbers_are_repeats_unless_their_time_is_new(void **state) {
  (void)state;
  vn_oracle_t *oracle =
      oracle_of((vn_oracle_pipeline_t){.max_future_ms = -1, .sequences = true}, &ten);
  take(oracle, 1000, 1, 200);
  take(oracle, 1000, 1, 137); /* 63 below: not known yet, and still in reach */
  take(oracle, 1000, 1, 136); /* 64 below, and not newer */
  take(oracle, 1001, 1, 136); /* newer: counted anew */
  take(oracle, 1001, 1, 137);
  vn_oracle_counts_t counts = vn_oracle_counts(oracle, 0);
  assert_true(counts.received == 5 && counts.accepted == 4 && counts.duplicate == 1);
  vn_oracle_free(oracle);
}

/* docs/semantics/time.md: 37 is 31 ms ahead of 6, 38 is 30 ms ahead of 8. */
static void the_future_is_put_aside(void **state) {
  (void)state;
  vn_oracle_t *oracle =
      oracle_of((vn_oracle_pipeline_t){.max_future_ms = 30, .sequences = true}, &ten);
  take_at(oracle, 5, 5, 10);
  take_at(oracle, 6, 37, 11);
  take_at(oracle, 7, 7, 12);
  take_at(oracle, 8, 38, 13);
  take_at(oracle, 9, 39, 11); /* the number has come, if only to be put aside */
  vn_oracle_counts_t counts = vn_oracle_counts(oracle, 0);
  assert_true(counts.received == 5 && counts.accepted == 3 && counts.quarantined == 1);
  assert_true(counts.duplicate == 1);
  assert_true(vn_oracle_figures(oracle).results == 1); /* [0, 10) of two readings */
  vn_oracle_free(oracle);
}

static void a_value_that_is_none_moves_nothing_but_its_number_is_known(void **state) {
  (void)state;
  vn_oracle_t *oracle =
      oracle_of((vn_oracle_pipeline_t){.max_future_ms = -1, .sequences = true}, &ten);
  take(oracle, 5, 1, 0);
  const vn_oracle_reading_t refused = {.time_ms = 50, .sequence = 1, .refused = true};
  vn_oracle_reading(oracle, &refused);
  assert_true(vn_oracle_figures(oracle).results == 0);
  take(oracle, 6, 1, 1);
  take(oracle, 7, 1, 2);
  vn_oracle_counts_t counts = vn_oracle_counts(oracle, 0);
  assert_true(counts.received == 4 && counts.rejected == 1 && counts.duplicate == 1);
  assert_true(counts.accepted == 2);
  vn_oracle_free(oracle);
}

/* docs/semantics/time.md: told at 29, late at 2 and 11, gone at 30. */
static void a_window_takes_late_readings_until_it_is_gone(void **state) {
  (void)state;
  vn_oracle_t *oracle =
      oracle_of((vn_oracle_pipeline_t){.max_future_ms = -1, .allowed_lateness_ms = 20}, &ten);
  const int64_t times[] = {1, 29, 2, 11, 30, 3};
  for (uint32_t i = 0; i < 6; i++) {
    take(oracle, times[i], 1, i);
  }
  vn_oracle_counts_t counts = vn_oracle_counts(oracle, 0);
  assert_true(counts.received == 6 && counts.accepted == 5 && counts.late == 1);
  assert_true(vn_oracle_figures(oracle).results == 4);
  assert_true(vn_oracle_owed(oracle) == 4);
  vn_oracle_free(oracle);
}

static void a_reading_in_a_hole_is_in_no_window(void **state) {
  (void)state;
  static const vn_oracle_window_t holes = {
      .name = "w", .size_ms = 5, .slide_ms = 15, .kind = VN_ORACLE_SLIDING};
  vn_oracle_t *oracle = oracle_of((vn_oracle_pipeline_t){.max_future_ms = -1}, &holes);
  take(oracle, 4, 1, 0);
  take(oracle, 7, 1, 1);
  vn_oracle_counts_t counts = vn_oracle_counts(oracle, 0);
  assert_true(counts.received == 2 && counts.accepted == 1 && counts.no_window == 1);
  assert_true(vn_oracle_figures(oracle).results == 1); /* its time counts all the same */
  vn_oracle_free(oracle);
}

/* What isn't told is a difference only when the device has had its chance. */
static void what_is_owed_is_a_difference_in_the_end(void **state) {
  (void)state;
  vn_oracle_t *oracle = oracle_of((vn_oracle_pipeline_t){.max_future_ms = -1}, &ten);
  take(oracle, 1, 1, 0);
  vn_oracle_settle(oracle); /* the window is open */
  assert_null(vn_oracle_difference(oracle));
  take(oracle, 10, 1, 1);
  assert_true(vn_oracle_owed(oracle) == 1);
  vn_oracle_settle(oracle);
  assert_string_equal(vn_oracle_difference(oracle),
                      "a, window ten, [0, 10) rev 0: a result of 1 readings is due, and never "
                      "came");
  vn_oracle_free(oracle);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_numbers_are_refused_and_a_new_count_is_not),
      cmocka_unit_test(old_numbers_are_repeats_unless_their_time_is_new),
      cmocka_unit_test(the_future_is_put_aside),
      cmocka_unit_test(a_value_that_is_none_moves_nothing_but_its_number_is_known),
      cmocka_unit_test(a_window_takes_late_readings_until_it_is_gone),
      cmocka_unit_test(a_reading_in_a_hole_is_in_no_window),
      cmocka_unit_test(what_is_owed_is_a_difference_in_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
