/*
 * A stop and a start between any two readings: everything that is told after it is, byte for byte,
 * what would have been told without it. All kinds of windows, with samples and statistics.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"
#include "trace_rig.h"

#define SEED 53u
#define TRACES 400u /* each tenth, since each is played fifty times */

enum {
  STOPS = 50,
  READINGS = STOPS + 1,
  ALL_KINDS = TRACE_TIME | TRACE_SESSIONS | TRACE_COUNTS | TRACE_CONDITIONS
};

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 256, .sector_count = 512, .erased_value = 0xFF};

typedef struct bench {
  trace_setup_t setup;
  trace_t trace;
  trace_run_t whole, cut;
} bench_t;

static uint32_t traces(void) { return (trace_count(TRACES) + 9) / 10; }

/* Times in disorder, some of them late, some too late. */
static void make(bench_t *bench, uint32_t number) {
  prng_t prng = prng_make(trace_seed(SEED), number);
  trace_setup_random(
      &bench->setup, &prng,
      ALL_KINDS | (number % 3 == 0 ? TRACE_TIES : 0) | (number % 2 == 0 ? TRACE_ORDERED : 0));
  bench->setup.pipeline.ordered.reorder = (uint16_t)(1 + prng_below(&prng, 8));
  trace_random(&bench->trace, &prng, &bench->setup, READINGS);
  const vn_pipeline_t *pipeline = &bench->setup.pipeline;
  trace_shuffle(&bench->trace, &prng, pipeline->out_of_order_ms + pipeline->lateness_ms + 5);
  trace_whole(&bench->whole, &bench->setup, &bench->trace);
}

/* Stops, half of the times without a clean end, and goes on from the flash. */
static void stop_and_start(trace_run_t *run, flash_fake_t *flash, bool clean) {
  assert_int_equal(clean ? vn_stop(&run->engine) : vn_checkpoint(&run->engine), VN_OK);
  flash_fake_power_up(flash);
  trace_start(run, run->setup, &flash->port);
  assert_false(vn_engine_recovery(&run->engine)->fresh);
}

static void finish(bench_t *bench, flash_fake_t *flash) {
  vn_flush(&bench->cut.engine);
  assert_null(flash->violation);
  bool same =
      trace_same(&bench->cut.told, &bench->whole.told) &&
      memcmp(&vn_engine_figures(&bench->cut.engine)->readings,
             &vn_engine_figures(&bench->whole.engine)->readings, sizeof(vn_accounting_t)) == 0;
  if (!same) {
    trace_print(&bench->setup, &bench->trace);
  }
  assert_true(same);
  flash_fake_free(flash);
  trace_free(&bench->cut);
}

/* Stops before reading `stop_at`. */
static void try_stop(bench_t *bench, size_t stop_at) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  trace_start(&bench->cut, &bench->setup, &flash->port);
  for (size_t i = 0; i < bench->trace.count; i++) {
    if (i == stop_at) {
      stop_and_start(&bench->cut, flash, i % 2 == 0);
    }
    trace_take(&bench->cut, &bench->trace.readings[i]);
  }
  finish(bench, flash);
}

static void a_stop_at_each_of_fifty_points_changes_nothing(void **state) {
  (void)state;
  static bench_t bench;
  size_t told = 0;
  for (uint32_t number = 0; number < traces(); number++) {
    make(&bench, number);
    told += bench.whole.told.count;
    for (size_t stop_at = 1; stop_at <= STOPS; stop_at++) {
      try_stop(&bench, stop_at);
    }
    trace_free(&bench.whole);
  }
  print_message("%u traces: %zu results\n", (unsigned)traces(), told);
  assert_true(told > 20 * traces());
}

static void a_stop_between_all_readings_changes_nothing(void **state) {
  (void)state;
  static bench_t bench;
  for (uint32_t number = 0; number < traces(); number++) {
    make(&bench, number);
    flash_fake_t *flash = flash_fake_new(&shape, 1);
    trace_start(&bench.cut, &bench.setup, &flash->port);
    for (size_t i = 0; i < bench.trace.count; i++) {
      trace_take(&bench.cut, &bench.trace.readings[i]);
      stop_and_start(&bench.cut, flash, i % 3 != 0);
    }
    finish(&bench, flash);
    trace_free(&bench.whole);
  }
}

/* Live: a step after each reading, with a clock that goes on and checkpoints that fall due. */
static void a_live_run_tells_what_a_replay_tells(void **state) {
  (void)state;
  static bench_t bench;
  for (uint32_t number = 0; number < 4 * traces(); number++) {
    make(&bench, number);
    flash_fake_t *flash = flash_fake_new(&shape, 1);
    trace_start(&bench.cut, &bench.setup, &flash->port);
    for (size_t i = 0; i < bench.trace.count; i++) {
      uint32_t sleep_ms = 0;
      trace_take(&bench.cut, &bench.trace.readings[i]);
      bench.cut.now_ms += 3001;
      do {
        assert_int_equal(vn_step(&bench.cut.engine, 4, &sleep_ms), VN_OK);
      } while (sleep_ms == 0);
    }
    assert_true(flash->programs > 0);
    finish(&bench, flash);
    trace_free(&bench.whole);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stop_at_each_of_fifty_points_changes_nothing),
      cmocka_unit_test(a_stop_between_all_readings_changes_nothing),
      cmocka_unit_test(a_live_run_tells_what_a_replay_tells),
  };
  print_message("seed %u\n", (unsigned)trace_seed(SEED));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
