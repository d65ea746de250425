/*
 * The order of arrival: within out_of_order it changes nothing that is told, within the lateness
 * nothing that stands in the end. Random pipelines and traces, records compared byte for byte.
 *
 * A session takes a reading of the very millisecond of its end, when it has been told and gone by
 * the same rule as every window. With sessions the displacement must therefore be less than the
 * bound, not just within it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "trace_rig.h"

#define SEED 47u
#define TRACES 10000u /* VN_TRACES: another number; VN_SEED: others */

enum { READINGS_MIN = 10, READINGS_MAX = 48 };

/* How often what is worth asking for came up. */
typedef struct tally {
  uint64_t results, late, superseding, sampled, global, sliding_with_holes;
} tally_t;

typedef struct bench {
  trace_setup_t setup;
  trace_t trace, mixed;
  trace_run_t ordered, other;
  tally_t tally;
} bench_t;

static void count_results(tally_t *tally, const trace_results_t *told) {
  tally->results += told->count;
  for (size_t i = 0; i < told->count; i++) {
    tally->late += told->results[i].kind == VN_KIND_LATE;
    tally->superseding += told->results[i].superseded_count > 0;
    tally->sampled += told->results[i].sample_count > 1;
  }
}

static bool is_all_on_time(const trace_results_t *told) {
  for (size_t i = 0; i < told->count; i++) {
    if (told->results[i].kind != VN_KIND_ON_TIME || told->results[i].revision != 0) {
      return false;
    }
  }
  return true;
}

static bool is_same_accounting(const trace_run_t *a, const trace_run_t *b) {
  return memcmp(vn_engine_figures(&a->engine), vn_engine_figures(&b->engine),
                sizeof(vn_figures_t)) == 0;
}

/* The greatest displacement that a bound forgives. */
static int64_t forgiven(const trace_setup_t *setup, int64_t bound_ms) {
  return trace_has_sessions(setup) && bound_ms > 0 ? bound_ms - 1 : bound_ms;
}

/* What fails for this trace, or NULL. */
static const char *try_trace(bench_t *bench, prng_t *prng) {
  const vn_pipeline_t *pipeline = &bench->setup.pipeline;
  trace_whole(&bench->ordered, &bench->setup, &bench->trace);
  bench->mixed = bench->trace;
  trace_shuffle(&bench->mixed, prng, forgiven(&bench->setup, pipeline->out_of_order_ms));
  trace_whole(&bench->other, &bench->setup, &bench->mixed);
  if (!is_all_on_time(&bench->ordered.told) || !is_all_on_time(&bench->other.told)) {
    return "a result is not on time";
  }
  if (bench->other.told.count != bench->ordered.told.count ||
      !trace_same_standing(&bench->other.told, &bench->ordered.told)) {
    return "within out_of_order the results differ";
  }
  if (!is_same_accounting(&bench->ordered, &bench->other)) {
    return "within out_of_order the books differ";
  }
  if ((bench->setup.kinds & TRACE_ORDERED) != 0) {
    return NULL; /* what comes later than that isn't in order any more */
  }
  bench->mixed = bench->trace;
  trace_shuffle(&bench->mixed, prng,
                forgiven(&bench->setup, pipeline->out_of_order_ms + pipeline->lateness_ms));
  trace_whole(&bench->other, &bench->setup, &bench->mixed);
  count_results(&bench->tally, &bench->other.told);
  return trace_same_standing(&bench->other.told, &bench->ordered.told)
             ? NULL
             : "within the lateness the last results differ";
}

/* Another series' clock can end a session at the same time, or a window before the reading comes
 * that ends its last line: a millisecond of patience decides. */
static void avoid_common_ends(trace_setup_t *setup) {
  bool matters = trace_has_sessions(setup) || (setup->kinds & TRACE_ORDERED) != 0;
  if (matters && setup->pipeline.out_of_order_ms == 0) {
    setup->pipeline.scope = VN_SCOPE_SERIES;
  }
}

static void note_setup(bench_t *bench) {
  const vn_pipeline_t *pipeline = &bench->setup.pipeline;
  bench->tally.global += pipeline->scope == VN_SCOPE_GLOBAL;
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    bench->tally.sliding_with_holes +=
        bench->setup.windows[i].slide_ms > bench->setup.windows[i].size_ms;
  }
}

static void check_tally(const tally_t *tally, unsigned kinds, uint32_t count) {
  print_message("%u traces: %llu last results, %llu late, %llu superseding\n", (unsigned)count,
                (unsigned long long)tally->results, (unsigned long long)tally->late,
                (unsigned long long)tally->superseding);
  assert_true(tally->late > count && tally->sampled > count && tally->global > count / 10);
  assert_true(tally->sliding_with_holes > count / 100);
  assert_true(tally->superseding > 0 || (kinds & TRACE_SESSIONS) == 0);
}

static void try_traces(unsigned kinds, uint32_t percent) {
  uint32_t seed = trace_seed(SEED) + kinds;
  uint32_t count = trace_count(TRACES) / 100 * percent;
  static bench_t bench;
  memset(&bench, 0, sizeof bench);
  bench.ordered.contents_only = bench.other.contents_only = true;
  for (uint32_t i = 0; i < count; i++) {
    prng_t prng = prng_make(seed, i);
    trace_setup_random(&bench.setup, &prng, kinds);
    avoid_common_ends(&bench.setup);
    trace_random(&bench.trace, &prng, &bench.setup,
                 READINGS_MIN + prng_below(&prng, READINGS_MAX - READINGS_MIN));
    note_setup(&bench);
    const char *problem = try_trace(&bench, &prng);
    if (problem != NULL) {
      print_error("seed %u, trace %u: %s\n", seed, (unsigned)i, problem);
      trace_print(&bench.setup, &bench.mixed);
    }
    assert_null(problem);
  }
  if ((kinds & TRACE_ORDERED) == 0) {
    check_tally(&bench.tally, kinds, count);
  }
  trace_free(&bench.ordered);
  trace_free(&bench.other);
}

static void order_within_the_bounds_changes_no_window_of_time(void **state) {
  (void)state;
  try_traces(TRACE_TIME, 50);
}

static void order_within_the_bounds_changes_no_session(void **state) {
  (void)state;
  try_traces(TRACE_TIME | TRACE_SESSIONS, 30);
}

/* first and last go by arrival at equal times; the setups with ties leave them out. */
static void order_changes_nothing_else_at_equal_times(void **state) {
  (void)state;
  try_traces(TRACE_TIME | TRACE_SESSIONS | TRACE_TIES, 20);
}

static void order_within_out_of_order_changes_no_statistic_in_time_order(void **state) {
  (void)state;
  try_traces(TRACE_TIME | TRACE_ORDERED, 20);
}

/* The exception, in its smallest form: gap 1, out_of_order 1, times 10, 12, 11. */
static void a_reading_on_the_end_of_a_told_session_makes_a_revision(void **state) {
  (void)state;
  static trace_setup_t setup;
  static trace_run_t run;
  const vn_window_t window = {.name = "w", .gap_ms = 1, .shape = VN_WINDOW_SESSION};
  trace_setup_make(&setup, &window, 1, 1, 3);
  const trace_t trace = {.readings = {{10, 1, 0}, {12, 1, 0}, {11, 1, 0}}, .count = 3};
  trace_whole(&run, &setup, &trace);
  assert_int_equal(run.told.count, 2);
  assert_int_equal(run.told.results[0].end_ms, 11);
  assert_int_equal(run.told.results[1].start_ms, 10);
  assert_int_equal(run.told.results[1].end_ms, 13);
  assert_int_equal(run.told.results[1].superseded_count, 1);
  trace_free(&run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(order_within_the_bounds_changes_no_window_of_time),
      cmocka_unit_test(order_within_the_bounds_changes_no_session),
      cmocka_unit_test(order_changes_nothing_else_at_equal_times),
      cmocka_unit_test(order_within_out_of_order_changes_no_statistic_in_time_order),
      cmocka_unit_test(a_reading_on_the_end_of_a_told_session_makes_a_revision),
  };
  print_message("seed %u\n", (unsigned)trace_seed(SEED));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
