/* States of windows that were damaged: refused whole, or good enough to go on with. */
#include "damage.h"
#include "vn/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 72
#define BIT(name) VN_STATISTIC_BIT(VN_STATISTIC_##name)

enum { PANES = 12, SAMPLE = 3, WAITING = 6, STATE_BYTES = 1 << 15, DAMAGES = 400 };

/* Everything that windows of time can keep of one series. */
typedef struct bench {
  vn_window_set_t set;
  vn_window_memory_t memory;
  vn_window_state_t state;
  vn_waiting_t waiting;
  vn_pane_t panes[PANES];
  vn_member_t members[PANES * SAMPLE], scratch[SAMPLE];
  vn_tally_t tallies[PANES];
  uint64_t heard[PANES];
  uint16_t revisions[3 * PANES];
  vn_trend_t trends[PANES], trend;
  uint32_t counters[PANES * VN_HISTOGRAM_COUNTERS(VN_HISTOGRAM_BINS_MAX)];
  uint32_t counter[VN_HISTOGRAM_COUNTERS(VN_HISTOGRAM_BINS_MAX)];
  uint8_t registers[PANES * VN_DISTINCT_REGISTERS_MANY], some[VN_DISTINCT_REGISTERS_MANY];
  vn_ordered_state_t ordered;
  vn_reorder_entry_t entries[WAITING];
  vn_ordered_pane_t ordered_panes[PANES];
  vn_window_sink_t sink;
  uint64_t told; /* sum over results, so that they are looked at */
} bench_t;

static void look(void *context, const vn_window_result_t *result) {
  bench_t *bench = context;
  assert_true(result->aggregate->count > 0 && result->start_ms < result->end_ms);
  bench->told += result->aggregate->count;
}

static void begin(bench_t *bench, const vn_window_t *windows, uint8_t count, bool early) {
  uint8_t problem;
  memset(bench, 0, sizeof *bench);
  assert_int_equal(vn_window_set_derive(&bench->set, windows, count, 10, 25, &problem), VN_OK);
  vn_window_set_expect(&bench->set, 2);
  if (early) {
    assert_int_equal(vn_window_set_early(&bench->set, &problem), VN_OK);
  }
  assert_true(bench->set.pane_count <= PANES && bench->set.revision_count <= 3 * PANES);
  bench->set.extra.low = -1000;
  bench->set.extra.high = 1000;
  bench->set.ordered.capacity = WAITING;
  bench->set.ordered.rule =
      (vn_ordered_rule_t){.time_weighted = {VN_DURATION_OFF, VN_TIME_WEIGHTED_TRAPEZOID},
                          .exponential = {0, VN_EXPONENTIAL_ONE / 3},
                          .reorder = WAITING};
  bench->memory = (vn_window_memory_t){
      .state = &bench->state,
      .panes = bench->panes,
      .members = bench->members,
      .revisions = bench->revisions,
      .extra = {bench->trends, bench->counters, bench->registers},
      .tallies = bench->tallies,
      .waiting = &bench->waiting,
      .heard = bench->heard,
      .ordered = {&bench->ordered, bench->entries, bench->ordered_panes},
      .sample_seed = SEED,
  };
  bench->sink = (vn_window_sink_t){.deliver = look,
                                   .context = bench,
                                   .scratch = bench->scratch,
                                   .extra_scratch = {&bench->trend, bench->counter, bench->some}};
  vn_window_reset(&bench->set, &bench->memory);
}

static void take_some(bench_t *bench, prng_t *prng, int64_t from_ms, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (bench->set.early > 0 && i % 4 == 0) {
      vn_window_tell_early(&bench->set, &bench->memory, &bench->sink);
    }
    int64_t time_ms = from_ms + (int64_t)i * 3 - (int64_t)prng_below(prng, 30);
    int32_t value = (int32_t)prng_below(prng, 2001) - 1000;
    if (prng_below(prng, 6) == 0) {
      vn_window_refused(&bench->set, &bench->memory, time_ms, VN_ACCOUNTED_DUPLICATE);
    } else {
      (void)!vn_window_reading(&bench->set, &bench->memory, time_ms, value, &bench->sink, NULL);
    }
  }
}

/* What was loaded must be saved alike, take readings, and end. */
static void go_on(bench_t *bench, prng_t *prng) {
  static uint8_t again[STATE_BYTES];
  assert_in_range(vn_window_save(&bench->set, &bench->memory, again, sizeof again), 1,
                  vn_window_save_max(&bench->set));
  vn_time_ms_t now_ms = bench->state.watermark_ms;
  if (now_ms >= VN_TIME_LOWEST_MS + 1000 && now_ms <= VN_TIME_HIGHEST_MS - 1000) {
    take_some(bench, prng, now_ms + 30, 5);
  }
  vn_window_advance(&bench->set, &bench->memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME,
                    &bench->sink);
}

static void damage_it(bench_t *bench, prng_t *prng, const uint8_t *good, size_t length) {
  static uint8_t bytes[STATE_BYTES];
  for (unsigned i = 0; i < DAMAGES; i++) {
    memcpy(bytes, good, length);
    size_t left = damage(prng, bytes, length, sizeof bytes);
    vn_err_t loaded = vn_window_load(&bench->set, &bench->memory, bytes, left);
    if (loaded == VN_OK) {
      go_on(bench, prng);
    } else {
      assert_int_equal(loaded, VN_ERR_FORMAT);
      assert_true(bench->state.watermark_ms == VN_TIME_MINUS_INFINITY);
      assert_true(vn_window_open_end(&bench->set, &bench->memory) == VN_TIME_MINUS_INFINITY);
    }
  }
}

static void run_windows(const vn_window_t *windows, uint8_t count, uint64_t seed, bool early) {
  static bench_t bench;
  static uint8_t good[STATE_BYTES], again[STATE_BYTES];
  prng_t prng = prng_make(SEED, seed);
  begin(&bench, windows, count, early);
  take_some(&bench, &prng, -40, 30);
  size_t length = vn_window_save(&bench.set, &bench.memory, good, sizeof good);
  assert_in_range(length, 1, vn_window_save_max(&bench.set));
  assert_int_equal(vn_window_save(&bench.set, &bench.memory, NULL, 0), length);
  assert_int_equal(vn_window_load(&bench.set, &bench.memory, good, length), VN_OK);
  assert_int_equal(vn_window_save(&bench.set, &bench.memory, again, sizeof again), length);
  assert_memory_equal(again, good, length);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_window_load(&bench.set, &bench.memory, good, cut), VN_ERR_FORMAT);
  }
  damage_it(&bench, &prng, good, length);
}

static const uint32_t statistics[] = {
    0,
    BIT(P95),
    BIT(SLOPE),
    BIT(DISTINCT),
    BIT(TIME_WEIGHTED_MEAN),
    BIT(INCREASE),
    BIT(EXPONENTIAL_MEAN),
    BIT(P95) | BIT(SLOPE) | BIT(DISTINCT) | BIT(INTEGRAL) | BIT(RATE) | BIT(EXPONENTIAL_MEAN),
};
enum { STATISTICS = sizeof statistics / sizeof statistics[0] };

static void a_damaged_state_is_refused_whole_or_good_enough(void **state) {
  (void)state;
  for (size_t i = 0; i < STATISTICS; i++) {
    const vn_window_t windows[] = {{.name = "w",
                                    .size_ms = 20,
                                    .slide_ms = 10,
                                    .statistics = statistics[i],
                                    .sample = i % 2 == 0 ? SAMPLE : 0,
                                    .shape = VN_WINDOW_SLIDING}};
    for (uint64_t round = 0; round < 5; round++) {
      run_windows(windows, 1, i * 100 + round, round % 2 == 1);
    }
  }
}

/* One ring keeps what any of its windows asks for, and each tells its own. */
static void windows_that_ask_for_other_statistics_share_a_ring(void **state) {
  (void)state;
  for (size_t i = 0; i < STATISTICS; i++) {
    for (size_t k = 0; k < STATISTICS; k++) {
      const vn_window_t windows[] = {
          {.name = "a", .size_ms = 20, .slide_ms = 20, .statistics = statistics[i]},
          {.name = "b",
           .size_ms = 30,
           .slide_ms = 10,
           .statistics = statistics[k],
           .sample = SAMPLE,
           .shape = VN_WINDOW_SLIDING}};
      run_windows(windows, 2, 1000 + i * STATISTICS + k, k % 2 == 1);
    }
  }
}

static void windows_out_of_bounds_are_refused(void **state) {
  (void)state;
  const int64_t beyond_ms = VN_WINDOW_SPAN_MAX_MS + 1;
  const vn_window_t wrong[] = {
      {.size_ms = 0, .slide_ms = 1},
      {.size_ms = beyond_ms, .slide_ms = 1},
      {.size_ms = 1, .slide_ms = 0},
      {.size_ms = 1, .slide_ms = beyond_ms},
      {.size_ms = 5, .slide_ms = 5, .offset_ms = 5},
      {.size_ms = 5, .slide_ms = 5, .offset_ms = -5},
      {.size_ms = 5, .slide_ms = 5, .sample = VN_SAMPLE_MAX + 1},
  };
  const vn_window_t good = {.size_ms = 5, .slide_ms = 5};
  vn_window_set_t set;
  uint8_t problem;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    const vn_window_t both[] = {good, wrong[i]};
    assert_int_equal(vn_window_set_derive(&set, both, 2, 0, 0, &problem), VN_ERR_PLAN);
    assert_int_equal(problem, 1);
  }
  vn_window_t many[VN_WINDOWS_MAX + 1];
  for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
    many[i] = good;
  }
  assert_int_equal(vn_window_set_derive(&set, many, VN_WINDOWS_MAX, 0, 0, &problem), VN_OK);
  assert_int_equal(vn_window_set_derive(&set, many, VN_WINDOWS_MAX + 1, 0, 0, &problem),
                   VN_ERR_PLAN);
  assert_int_equal(vn_window_set_derive(&set, &good, 1, -1, 0, &problem), VN_ERR_PLAN);
  assert_int_equal(vn_window_set_derive(&set, &good, 1, beyond_ms, 0, &problem), VN_ERR_PLAN);
  assert_int_equal(vn_window_set_derive(&set, &good, 1, 0, -1, &problem), VN_ERR_PLAN);
  assert_int_equal(vn_window_set_derive(&set, &good, 1, 0, beyond_ms, &problem), VN_ERR_PLAN);
  const vn_draw_t draws[] = {{0, VN_WEIGHT_VALUE}, {0, VN_WEIGHT_NONE}};
  const vn_window_t drawn[] = {{.size_ms = 5, .slide_ms = 5, .sample = 2, .draw = draws[0]},
                               {.size_ms = 5, .slide_ms = 5, .sample = 3, .draw = draws[0]},
                               {.size_ms = 5, .slide_ms = 5, .sample = 2, .draw = draws[1]}};
  assert_int_equal(vn_window_set_derive(&set, drawn, 2, 0, 0, &problem), VN_OK);
  assert_int_equal(vn_window_set_derive(&set, drawn, 3, 0, 0, &problem), VN_ERR_PLAN);
  assert_int_equal(problem, 2); /* one draw for all samples of a ring */
  const vn_window_t fine[] = {{.size_ms = VN_REVISIONS_MAX, .slide_ms = 1},
                              {.size_ms = 1, .slide_ms = 1}};
  assert_int_equal(vn_window_set_derive(&set, fine, 2, 0, 0, &problem), VN_OK);
  assert_int_equal(vn_window_set_early(&set, &problem), VN_ERR_PLAN);
  const vn_window_t longest = {.size_ms = VN_WINDOW_SPAN_MAX_MS, .slide_ms = 1};
  assert_int_equal(vn_window_set_derive(&set, &longest, 1, 0, 0, &problem), VN_ERR_PLAN);
  assert_int_equal(set.pane_count, UINT32_MAX);
}

/* 65,535 is where the counter of revisions stops, not where it starts anew. */
static void a_window_that_fires_very_often_keeps_the_last_number(void **state) {
  (void)state;
  static bench_t bench;
  const vn_window_t window = {.name = "w", .size_ms = 10, .slide_ms = 10};
  prng_t prng = prng_make(SEED, 9000);
  begin(&bench, &window, 1, false);
  take_some(&bench, &prng, 5, 1);
  assert_int_equal(vn_window_reading(&bench.set, &bench.memory, 25, 1, &bench.sink, NULL),
                   VN_REASON_NONE);
  for (unsigned i = 0; i < UINT16_MAX + 5u; i++) {
    assert_int_equal(vn_window_reading(&bench.set, &bench.memory, 5, 1, &bench.sink, NULL),
                     VN_REASON_NONE);
  }
  assert_int_equal(bench.revisions[0], INT16_MAX);
}

/* No window of time, nothing that waits for the order, none or one reading: all come back. */
static void states_with_little_in_them_come_back(void **state) {
  (void)state;
  static bench_t bench;
  static uint8_t bytes[STATE_BYTES];
  const vn_window_t window = {
      .name = "w", .size_ms = 10, .slide_ms = 10, .statistics = VN_STATISTICS_ORDERED};
  for (unsigned i = 0; i < 8; i++) {
    begin(&bench, &window, i / 4 % 2, false);
    bench.set.ordered.capacity = i / 2 % 2 == 0 ? WAITING : 0;
    if (i % 2 == 1 && i >= 4) {
      assert_int_equal(vn_window_reading(&bench.set, &bench.memory, 25, 1, &bench.sink, NULL),
                       VN_REASON_NONE);
    }
    size_t length = vn_window_save(&bench.set, &bench.memory, bytes, sizeof bytes);
    assert_int_equal(vn_window_load(&bench.set, &bench.memory, bytes, length), VN_OK);
    for (size_t at = 0; at < length; at++) {
      bytes[at] ^= 1;
      (void)!vn_window_load(&bench.set, &bench.memory, bytes, length);
      bytes[at] ^= 1;
    }
  }
}

/* Nothing lies before the first pane of all. */
static void a_reading_before_all_time_is_refused(void **state) {
  (void)state;
  static bench_t bench;
  static uint8_t bytes[STATE_BYTES];
  const vn_window_t window = {
      .name = "w", .size_ms = 10, .slide_ms = 10, .statistics = VN_STATISTICS_ORDERED};
  begin(&bench, &window, 1, false);
  bench.set.ordered.capacity = 0;
  assert_int_equal(
      vn_window_reading(&bench.set, &bench.memory, VN_TIME_LOWEST_MS, 1, &bench.sink, NULL),
      VN_REASON_NONE);
  for (uint32_t i = 0; i < bench.set.pane_count; i++) {
    vn_ordered_pane_t *pane = &bench.ordered_panes[i];
    pane->has_before = pane->used;
    pane->before_ms = VN_TIME_LOWEST_MS - 100;
  }
  size_t length = vn_window_save(&bench.set, &bench.memory, bytes, sizeof bytes);
  assert_int_equal(vn_window_load(&bench.set, &bench.memory, bytes, length), VN_ERR_FORMAT);
}

/* A reading that waits may lie between two windows of one definition, in one of another. */
static void what_waits_in_a_gap_between_windows_comes_back(void **state) {
  (void)state;
  static bench_t bench;
  static uint8_t bytes[STATE_BYTES];
  const vn_window_t windows[] = {
      {.name = "a", .size_ms = 5, .slide_ms = 20, .statistics = VN_STATISTICS_ORDERED},
      {.name = "b", .size_ms = 20, .slide_ms = 20, .statistics = VN_STATISTICS_ORDERED}};
  begin(&bench, windows, 2, false);
  for (int64_t time_ms = 31; time_ms <= 33; time_ms++) {
    assert_int_equal(vn_window_reading(&bench.set, &bench.memory, time_ms, 1, &bench.sink, NULL),
                     VN_REASON_NONE);
  }
  uint16_t waiting = bench.ordered.reorder.count;
  assert_true(waiting > 0);
  size_t length = vn_window_save(&bench.set, &bench.memory, bytes, sizeof bytes);
  assert_int_equal(vn_window_load(&bench.set, &bench.memory, bytes, length), VN_OK);
  assert_int_equal(bench.ordered.reorder.count, waiting);
}

/* Its last line ends at the first reading behind it, which lies in another pane by then. */
static void a_late_reading_revises_windows_whose_successors_have_readings(void **state) {
  (void)state;
  static bench_t bench;
  const vn_window_t window = {
      .name = "w", .size_ms = 10, .slide_ms = 10, .statistics = BIT(TIME_WEIGHTED_MEAN)};
  begin(&bench, &window, 1, false);
  bench.set.out_of_order_ms = 0;
  for (int64_t time_ms = 3; time_ms < 400; time_ms += 7) {
    assert_int_equal(vn_window_reading(&bench.set, &bench.memory, time_ms, 1, &bench.sink, NULL),
                     VN_REASON_NONE);
    if (time_ms > 30) {
      uint64_t told = bench.told;
      assert_int_equal(
          vn_window_reading(&bench.set, &bench.memory, time_ms - 20, 1, &bench.sink, NULL),
          VN_REASON_NONE);
      assert_true(bench.told > told);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_damaged_state_is_refused_whole_or_good_enough),
      cmocka_unit_test(windows_that_ask_for_other_statistics_share_a_ring),
      cmocka_unit_test(windows_out_of_bounds_are_refused),
      cmocka_unit_test(a_window_that_fires_very_often_keeps_the_last_number),
      cmocka_unit_test(states_with_little_in_them_come_back),
      cmocka_unit_test(a_reading_before_all_time_is_refused),
      cmocka_unit_test(what_waits_in_a_gap_between_windows_comes_back),
      cmocka_unit_test(a_late_reading_revises_windows_whose_successors_have_readings),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
