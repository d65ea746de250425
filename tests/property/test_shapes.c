/*
 * The same readings give the same quantiles, slope and distinct count in a window of any shape: of
 * one pane or many, in a session that grew together from parts, counted, or held by a condition.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace_rig.h"

#define SEED 71u
#define TRACES 2000u

enum { READINGS = 40, STEP_MAX = 7, SPAN_MS = 400 };

typedef struct bench {
  trace_setup_t setup;
  trace_t trace;
  trace_run_t run;
} bench_t;

static const vn_window_t whole = {.name = "whole",
                                  .size_ms = SPAN_MS,
                                  .slide_ms = SPAN_MS,
                                  .statistics = VN_STATISTICS_EXTRA,
                                  .shape = VN_WINDOW_TUMBLING};

/* Its slide makes the panes small, also those of the window above. */
static const vn_window_t overlapping = {.name = "overlapping",
                                        .size_ms = SPAN_MS,
                                        .slide_ms = SPAN_MS / 16,
                                        .statistics = VN_STATISTICS_EXTRA,
                                        .shape = VN_WINDOW_SLIDING};
static const vn_window_t session = {.name = "session",
                                    .gap_ms = STEP_MAX,
                                    .statistics = VN_STATISTICS_EXTRA,
                                    .shape = VN_WINDOW_SESSION};
static const vn_window_t counted = {.name = "counted",
                                    .size_readings = READINGS,
                                    .slide_readings = READINGS / 8,
                                    .statistics = VN_STATISTICS_EXTRA,
                                    .shape = VN_WINDOW_COUNT};
static const vn_window_t always = {.name = "always",
                                   .max_ms = VN_DURATION_OFF,
                                   .limit = -61,
                                   .statistics = VN_STATISTICS_EXTRA,
                                   .supersedes_max = 1,
                                   .condition = VN_ALERT_ABOVE,
                                   .shape = VN_WINDOW_CONDITION};

/* One series, from a start of a window on, never more than a gap apart. */
static void make_trace(bench_t *bench, prng_t *prng) {
  int64_t start_ms = SPAN_MS * prng_between(prng, -1000000000, 4000000000);
  int64_t offset_ms = prng_between(prng, 0, SPAN_MS - READINGS * STEP_MAX - 1);
  bool level = prng_chance(prng, 10), instant = prng_chance(prng, 10);
  bench->trace.count = READINGS;
  for (size_t i = 0; i < READINGS; i++) {
    int32_t value = level ? 7 : (int32_t)prng_between(prng, -60, 60);
    bench->trace.readings[i] = (trace_reading_t){start_ms + offset_ms, value, 0};
    offset_ms += instant ? 0 : prng_between(prng, 0, STEP_MAX);
  }
}

/* The result of this window that holds all readings. */
static const vn_extra_values_t *extra_of(const bench_t *bench, uint8_t window) {
  const trace_results_t *told = &bench->run.told;
  for (size_t i = 0; i < told->count; i++) {
    if (told->results[i].window == window && told->results[i].aggregate.count == READINGS) {
      return &told->results[i].extra;
    }
  }
  fail_msg("window %u told of no result with all readings", (unsigned)window);
  return NULL;
}

static bool is_same_double(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

static bool is_same(const vn_extra_values_t *a, const vn_extra_values_t *b) {
  return a->has_slope == b->has_slope && a->has_distinct && b->has_distinct && a->has_quantiles &&
         b->has_quantiles && is_same_double(a->slope_per_s, b->slope_per_s) &&
         a->distinct == b->distinct && memcmp(a->quantiles, b->quantiles, sizeof a->quantiles) == 0;
}

static void compare(const vn_window_t *windows, uint8_t count, bool shuffled) {
  static bench_t bench;
  uint32_t sloped = 0;
  for (uint32_t number = 0; number < trace_count(TRACES); number++) {
    prng_t prng = prng_make(trace_seed(SEED), number);
    trace_setup_make(&bench.setup, windows, count, SPAN_MS, 0);
    bench.setup.pipeline.range_low = -60;
    bench.setup.pipeline.range_high = 60;
    make_trace(&bench, &prng);
    if (shuffled) {
      trace_shuffle(&bench.trace, &prng, SPAN_MS);
    }
    trace_whole(&bench.run, &bench.setup, &bench.trace);
    const vn_extra_values_t *first = extra_of(&bench, 0);
    sloped += first->has_slope;
    for (uint8_t i = 1; i < count; i++) {
      if (!is_same(first, extra_of(&bench, i))) {
        trace_print(&bench.setup, &bench.trace);
        fail_msg("trace %u: %s differs", (unsigned)number, windows[i].name);
      }
    }
  }
  assert_true(sloped > trace_count(TRACES) / 2 && sloped < trace_count(TRACES));
  trace_free(&bench.run);
}

static void sessions_and_counts_say_what_a_window_of_time_says_in_any_order(void **state) {
  (void)state;
  const vn_window_t windows[] = {whole, overlapping, session, counted};
  compare(windows, 4, true);
}

static void conditions_say_what_a_window_of_time_says(void **state) {
  (void)state;
  const vn_window_t windows[] = {whole, session, counted, always};
  compare(windows, 4, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sessions_and_counts_say_what_a_window_of_time_says_in_any_order),
      cmocka_unit_test(conditions_say_what_a_window_of_time_says),
  };
  print_message("seed %u\n", (unsigned)trace_seed(SEED));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
