/*
 * Values and times at their ends through the whole engine: each statistic is right, or absent, or
 * the reading is refused with a reason. Nothing wraps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trace_rig.h"

#define T0 INT64_C(1795219200000)
#define YEAR_MS (INT64_C(365) * 86400 * 1000)
#define END_OF_32_BITS INT64_C(2147483648000) /* 2038-01-19 03:14:08 */
#define MILLION 1000000

static const uint32_t everything = (VN_STATISTIC_BIT(VN_STATISTIC_DISTINCT) << 1) - 1;

typedef struct bench {
  trace_setup_t setup;
  trace_run_t run;
} bench_t;

/* The first of: w0 of this size with everything, w1 sessions, w2 counts of a million. */
static bench_t *start(int64_t size_ms, int64_t lateness_ms, uint8_t window_count) {
  static bench_t bench;
  const uint32_t exact = (VN_STATISTIC_BIT(VN_STATISTIC_RANGE) << 1) - 1;
  const vn_window_t windows[] = {
      {.name = "w0",
       .size_ms = size_ms,
       .slide_ms = size_ms,
       .statistics = everything,
       .sample = 4},
      {.name = "w1", .gap_ms = 60000, .statistics = exact, .sample = 4, .shape = VN_WINDOW_SESSION},
      {.name = "w2",
       .size_readings = MILLION,
       .slide_readings = MILLION,
       .statistics = exact,
       .shape = VN_WINDOW_COUNT}};
  memset(&bench, 0, sizeof bench);
  trace_setup_make(&bench.setup, windows, window_count, 0, lateness_ms);
  trace_start(&bench.run, &bench.setup, NULL);
  return &bench;
}

static void finish(bench_t *bench) {
  const vn_accounting_t *all = &vn_engine_figures(&bench->run.engine)->readings;
  assert_int_equal(all->received, all->accepted + all->late + all->no_window + all->duplicate +
                                      all->limited + all->quarantined + all->rejected);
  trace_free(&bench->run);
}

static vn_reason_t take(bench_t *bench, int64_t time_ms, int32_t value) {
  const vn_reading_t reading = {
      .time_ms = time_ms, .scaled = value, .is_scaled = true, .has_time = true};
  return vn_take_reading(&bench->run.engine, bench->run.series[0], &reading);
}

/* The last result of a window; there must be one. */
static const trace_result_t *last_of(const bench_t *bench, uint8_t window) {
  const trace_result_t *found = NULL;
  for (size_t i = 0; i < bench->run.told.count; i++) {
    const trace_result_t *result = &bench->run.told.results[i];
    found = result->window == window ? result : found;
  }
  assert_non_null(found);
  return found;
}

/* 2^62 for each reading, in 96 bits. */
static void expect_full_squares(const vn_aggregate_t *aggregate, uint64_t count) {
  assert_true(aggregate->squares_high == count >> 2);
  assert_true(aggregate->squares_low == count << 62);
}

static void a_million_lowest_values_at_one_time_lose_no_bit(void **state) {
  (void)state;
  bench_t *bench = start(1000, 0, 3);
  for (int i = 0; i < MILLION; i++) {
    assert_int_equal(take(bench, T0, INT32_MIN), VN_REASON_NONE);
  }
  vn_flush(&bench->run.engine);
  for (uint8_t window = 0; window < 3; window++) {
    const vn_aggregate_t *total = &last_of(bench, window)->aggregate;
    assert_int_equal(total->count, MILLION);
    assert_true(total->sum == (int64_t)MILLION * INT32_MIN);
    expect_full_squares(total, MILLION);
    assert_true(total->min == INT32_MIN && total->max == INT32_MIN);
    assert_true(vn_aggregate_variance(total) == 0.0 && vn_aggregate_mean(total) == INT32_MIN);
  }
  const vn_extra_values_t *extra = &last_of(bench, 0)->extra;
  assert_true(extra->has_quantiles && extra->quantiles[0] == INT32_MIN);
  assert_true(extra->quantiles[3] == INT32_MIN);
  assert_true(extra->has_distinct && extra->distinct == 1);
  assert_false(extra->has_slope); /* one time only */
  finish(bench);
}

static void a_million_extremes_in_turn_lose_no_bit(void **state) {
  (void)state;
  bench_t *bench = start(MILLION, 0, 3);
  for (int i = 0; i < MILLION; i++) {
    assert_int_equal(take(bench, i, i % 2 == 0 ? INT32_MIN : INT32_MAX), VN_REASON_NONE);
  }
  vn_flush(&bench->run.engine);
  const trace_result_t *result = last_of(bench, 0);
  const vn_aggregate_t *total = &result->aggregate;
  assert_int_equal(total->count, MILLION);
  assert_true(total->sum == -MILLION / 2);
  assert_true(total->first == INT32_MIN && total->last == INT32_MAX);
  /* (2^32 - 1)^2 / 4 */
  assert_true(vn_aggregate_variance(total) == 4611686016279904256.25);
  /* In the first and in the last of 64 bins. */
  assert_true(result->extra.quantiles[0] < INT32_MIN + (1 << 26));
  assert_true(result->extra.quantiles[3] > INT32_MAX - (1 << 26));
  assert_in_range(result->extra.distinct, 1, 4);
  /* +-h around the mean, n of them a ms apart: 6 h / (n^2 - 1) per ms. */
  double slope = 6.0 * 2147483647.5 / (1e12 - 1.0) * 1000.0;
  assert_true(result->extra.has_slope);
  assert_true(result->extra.slope_per_s > slope * (1 - 1e-12));
  assert_true(result->extra.slope_per_s < slope * (1 + 1e-12));
  finish(bench);
}

static void a_slope_whose_sums_are_full_is_not_told(void **state) {
  (void)state;
  bench_t *bench = start(VN_WINDOW_SPAN_MAX_MS, 0, 3);
  const int64_t end_ms = VN_WINDOW_SPAN_MAX_MS - 1;
  for (int i = 0; i < 700; i++) {
    assert_int_equal(take(bench, end_ms - 1 + i % 2, i % 2 == 0 ? INT32_MIN : INT32_MAX),
                     VN_REASON_NONE);
  }
  assert_int_equal(take(bench, end_ms + 1, 0), VN_REASON_NONE);
  assert_true(last_of(bench, 0)->extra.has_slope);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(take(bench, 2 * VN_WINDOW_SPAN_MAX_MS - 2 + i % 2, i), VN_REASON_NONE);
  }
  vn_flush(&bench->run.engine);
  assert_false(last_of(bench, 0)->extra.has_slope);
  assert_int_equal(last_of(bench, 0)->aggregate.count, 1001);
  assert_true(last_of(bench, 0)->extra.has_quantiles);
  finish(bench);
}

static void from_1970_to_today_and_back_and_on(void **state) {
  (void)state;
  bench_t *bench = start(60000, 0, 3);
  assert_int_equal(take(bench, 1000, 1), VN_REASON_NONE);
  assert_int_equal(take(bench, T0, 2), VN_REASON_NONE);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(take(bench, 2000 + i, 3), VN_REASON_NONE); /* the count takes it */
  }
  assert_int_equal(take(bench, T0 + 1, 4), VN_REASON_NONE);
  vn_flush(&bench->run.engine);
  const trace_result_t *results = bench->run.told.results;
  assert_int_equal(bench->run.told.count, 4);
  assert_true(results[0].start_ms == 1000 && results[0].window == 1); /* the session of 1970 */
  assert_true(results[1].start_ms == 0 && results[1].aggregate.count == 1);
  assert_int_equal(last_of(bench, 0)->aggregate.sum, 6);
  assert_int_equal(last_of(bench, 1)->aggregate.sum, 6);
  finish(bench);
}

static void the_end_of_32_bit_seconds_is_an_ordinary_time(void **state) {
  (void)state;
  bench_t *bench = start(1000, 0, 3);
  for (int64_t i = -2; i < 2; i++) {
    assert_int_equal(take(bench, END_OF_32_BITS + i, (int32_t)i), VN_REASON_NONE);
  }
  vn_flush(&bench->run.engine);
  assert_int_equal(bench->run.told.count, 3);
  assert_true(bench->run.told.results[0].end_ms == END_OF_32_BITS);
  assert_int_equal(bench->run.told.results[0].aggregate.sum, -3);
  assert_int_equal(last_of(bench, 0)->aggregate.sum, 1);
  finish(bench);
}

static void the_first_and_the_last_time_are_taken_and_none_beyond(void **state) {
  (void)state;
  bench_t *bench = start(1000, 0, 3);
  assert_int_equal(take(bench, VN_TIME_LOWEST_MS - 1, 1), VN_REASON_TIME);
  assert_int_equal(take(bench, INT64_MIN, 1), VN_REASON_TIME);
  assert_int_equal(take(bench, VN_TIME_LOWEST_MS, 1), VN_REASON_NONE);
  assert_int_equal(take(bench, VN_TIME_HIGHEST_MS + 1, 1), VN_REASON_TIME);
  assert_int_equal(take(bench, INT64_MAX, 1), VN_REASON_TIME);
  assert_int_equal(take(bench, VN_TIME_HIGHEST_MS, 2), VN_REASON_NONE);
  vn_flush(&bench->run.engine);
  assert_true(bench->run.told.results[0].start_ms == VN_TIME_LOWEST_MS);
  assert_true(last_of(bench, 0)->end_ms == VN_TIME_HIGHEST_MS + 1);
  assert_int_equal(vn_engine_figures(&bench->run.engine)->readings.rejected, 4);
  finish(bench);
}

/* The longest lateness keeps the oldest windows alive; a step over all times closes them at once.
 */
static void windows_far_in_the_past_live_as_long_as_the_lateness(void **state) {
  (void)state;
  bench_t *bench = start(VN_WINDOW_SPAN_MAX_MS / 100, VN_WINDOW_SPAN_MAX_MS, 1);
  assert_int_equal(take(bench, T0, 1), VN_REASON_NONE);
  assert_int_equal(take(bench, T0 - 300 * YEAR_MS, 2), VN_REASON_NONE);
  assert_int_equal(last_of(bench, 0)->kind, VN_KIND_LATE);
  assert_int_equal(take(bench, VN_TIME_HIGHEST_MS, 3), VN_REASON_NONE);
  assert_int_equal(take(bench, VN_TIME_HIGHEST_MS - 300 * YEAR_MS, 4), VN_REASON_NONE);
  assert_int_equal(last_of(bench, 0)->kind, VN_KIND_LATE);
  assert_int_equal(vn_engine_figures(&bench->run.engine)->readings.accepted, 4);
  finish(bench);
}

static vn_reason_t take_double(bench_t *bench, double value) {
  vn_reading_t reading = {.time_ms = T0, .has_time = true};
  vn_reason_t reason = vn_number_from_double(value, &reading.number);
  return reason == VN_REASON_NONE
             ? vn_take_reading(&bench->run.engine, bench->run.series[0], &reading)
             : reason;
}

static void numbers_beyond_32_bits_are_refused_and_their_neighbours_are_not(void **state) {
  (void)state;
  bench_t *bench = start(1000, 0, 3);
  const double infinity = 1e308 * 10.0;
  assert_int_equal(take_double(bench, infinity), VN_REASON_INF);
  assert_int_equal(take_double(bench, -infinity), VN_REASON_INF);
  assert_int_equal(take_double(bench, infinity - infinity), VN_REASON_NAN);
  assert_int_equal(take_double(bench, 2147483647.0), VN_REASON_NONE);
  assert_int_equal(take_double(bench, 2147483647.5), VN_REASON_RANGE);
  assert_int_equal(take_double(bench, -2147483648.5), VN_REASON_NONE); /* half to even */
  assert_int_equal(take_double(bench, -2147483648.75), VN_REASON_RANGE);
  assert_int_equal(take_double(bench, 1.7976931348623157e308), VN_REASON_RANGE);
  assert_int_equal(take_double(bench, 4.9e-324), VN_REASON_NONE);
  vn_flush(&bench->run.engine);
  assert_int_equal(last_of(bench, 0)->aggregate.count, 3);
  assert_true(last_of(bench, 0)->aggregate.sum == -1);
  finish(bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_million_lowest_values_at_one_time_lose_no_bit),
      cmocka_unit_test(a_million_extremes_in_turn_lose_no_bit),
      cmocka_unit_test(a_slope_whose_sums_are_full_is_not_told),
      cmocka_unit_test(from_1970_to_today_and_back_and_on),
      cmocka_unit_test(the_end_of_32_bit_seconds_is_an_ordinary_time),
      cmocka_unit_test(the_first_and_the_last_time_are_taken_and_none_beyond),
      cmocka_unit_test(windows_far_in_the_past_live_as_long_as_the_lateness),
      cmocka_unit_test(numbers_beyond_32_bits_are_refused_and_their_neighbours_are_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
