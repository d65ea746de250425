/* Windows of time with statistics in time order: the buffer, and states that come back. */
#include "vn/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"

enum { PANES_MAX = 16, WAITING_MAX = 8, STATE_BYTES = 4096, RESULTS_MAX = 64 };

/* One series of windows of 10 ms by 5 ms; results are kept. */
typedef struct bench {
  vn_window_set_t set;
  vn_window_memory_t memory;
  vn_window_state_t state;
  vn_waiting_t waiting;
  vn_pane_t panes[PANES_MAX];
  vn_member_t members[1]; /* no samples */
  vn_tally_t tallies[PANES_MAX];
  uint64_t heard[PANES_MAX];
  uint16_t revisions[PANES_MAX];
  vn_ordered_state_t ordered;
  vn_reorder_entry_t entries[WAITING_MAX];
  vn_ordered_pane_t ordered_panes[PANES_MAX];
  vn_window_sink_t sink;
  vn_ordered_values_t values[RESULTS_MAX];
  size_t results;
} bench_t;

static const vn_window_t window = {.name = "w",
                                   .size_ms = 10,
                                   .slide_ms = 5,
                                   .statistics = VN_STATISTICS_ORDERED,
                                   .shape = VN_WINDOW_SLIDING};

static void keep(void *context, const vn_window_result_t *result) {
  bench_t *bench = context;
  assert_non_null(result->ordered);
  assert_true(bench->results < RESULTS_MAX);
  bench->values[bench->results++] = *result->ordered;
}

static void begin(bench_t *bench, int64_t out_of_order_ms, int64_t lateness_ms, uint16_t capacity) {
  uint8_t problem;
  memset(bench, 0, sizeof *bench);
  assert_int_equal(
      vn_window_set_derive(&bench->set, &window, 1, out_of_order_ms, lateness_ms, &problem), VN_OK);
  assert_true(bench->set.pane_count <= PANES_MAX && bench->set.revision_count <= PANES_MAX);
  bench->set.ordered.capacity = capacity;
  bench->set.ordered.rule = (vn_ordered_rule_t){
      .time_weighted = {VN_DURATION_OFF, VN_TIME_WEIGHTED_LOCF},
      .exponential = {0, VN_EXPONENTIAL_ONE / 2},
      .reorder = capacity,
  };
  bench->memory = (vn_window_memory_t){
      .state = &bench->state,
      .panes = bench->panes,
      .members = bench->members,
      .revisions = bench->revisions,
      .waiting = &bench->waiting,
      .tallies = bench->tallies,
      .heard = bench->heard,
      .ordered = {&bench->ordered, bench->entries, bench->ordered_panes},
  };
  bench->sink = (vn_window_sink_t){.deliver = keep, .context = bench};
  vn_window_reset(&bench->set, &bench->memory);
}

static void take(bench_t *bench, int64_t time_ms, int32_t value) {
  assert_int_equal(
      vn_window_reading(&bench->set, &bench->memory, time_ms, value, &bench->sink, NULL),
      VN_REASON_NONE);
}

static void what_comes_from_behind_a_full_buffer_is_counted(void **state) {
  (void)state;
  static bench_t bench;
  begin(&bench, 20, 0, 2);
  take(&bench, 10, 1);
  take(&bench, 14, 2);
  take(&bench, 12, 3);
  assert_int_equal(bench.ordered.last.time_ms, 10);
  assert_int_equal(bench.ordered.unordered, 0);
  take(&bench, 11, 4);
  assert_int_equal(bench.ordered.last.time_ms, 11);
  assert_int_equal(bench.ordered.unordered, 0);
  take(&bench, 10, 5);
  assert_int_equal(bench.ordered.unordered, 1);
  vn_window_advance(&bench.set, &bench.memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME, &bench.sink);
  assert_int_equal(bench.results, 2);
  assert_int_equal(bench.values[0].increase, 3 + 3 + 2);
  assert_int_equal(bench.values[0].covered_ms, 5);
}

static void a_buffer_is_drained_before_it_is_full(void **state) {
  (void)state;
  static bench_t bench;
  begin(&bench, 3, 0, 4);
  for (int64_t time_ms = 0; time_ms < 200; time_ms++) {
    take(&bench, time_ms ^ 1, 7);
  }
  assert_int_equal(bench.ordered.unordered, 0);
  assert_int_equal(bench.ordered.reorder.early, 0);
}

static void a_late_reading_that_is_in_order_counts_and_another_does_not(void **state) {
  (void)state;
  static bench_t bench;
  begin(&bench, 0, 30, 0);
  take(&bench, 1, 10);
  vn_window_advance(&bench.set, &bench.memory, 14, VN_KIND_ON_TIME, &bench.sink);
  assert_int_equal(bench.results, 2);
  take(&bench, 6, 30);
  assert_int_equal(bench.results, 4);
  assert_int_equal(bench.values[2].increase, 20);
  assert_int_equal(bench.ordered.unordered, 0);
  take(&bench, 5, 90);
  assert_int_equal(bench.ordered.unordered, 1);
  assert_int_equal(bench.results, 6);
  assert_int_equal(bench.values[4].increase, 20);
}

static size_t fill_and_save(bench_t *bench, uint8_t *bytes) {
  begin(bench, 12, 20, WAITING_MAX);
  for (int64_t i = 0; i < 30; i++) {
    take(bench, 100 + i * 3 - (i % 3) * 2, (int32_t)(i * 7919 % 501) - 250);
  }
  bench->results = 0;
  size_t length = vn_window_save(&bench->set, &bench->memory, bytes, STATE_BYTES);
  assert_true(length <= vn_window_save_max(&bench->set) && length <= STATE_BYTES);
  assert_true(bench->ordered.reorder.count > 2);
  return length;
}

static void go_on(bench_t *bench) {
  for (int64_t i = 0; i < 20; i++) {
    (void)!vn_window_reading(&bench->set, &bench->memory, 195 + i * 3, (int32_t)i, &bench->sink,
                             NULL);
  }
  vn_window_advance(&bench->set, &bench->memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME,
                    &bench->sink);
}

static void a_state_comes_back_with_what_waits(void **state) {
  (void)state;
  static bench_t whole, back;
  static uint8_t bytes[STATE_BYTES];
  size_t length = fill_and_save(&whole, bytes);
  begin(&back, 12, 20, WAITING_MAX);
  memset(back.entries, 0x5A, sizeof back.entries);
  memset(back.ordered_panes, 0x5A, sizeof back.ordered_panes);
  memset(&back.ordered, 0x5A, sizeof back.ordered);
  assert_int_equal(vn_window_load(&back.set, &back.memory, bytes, length), VN_OK);
  go_on(&whole);
  go_on(&back);
  assert_int_equal(whole.results, back.results);
  assert_memory_equal(whole.values, back.values, whole.results * sizeof whole.values[0]);
}

/* Whatever the bytes say: it is refused, or the windows go on with it. */
static void damaged_states_do_no_harm(void **state) {
  (void)state;
  static bench_t bench;
  static uint8_t bytes[STATE_BYTES], damaged[STATE_BYTES];
  size_t length = fill_and_save(&bench, bytes);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_window_load(&bench.set, &bench.memory, bytes, cut), VN_ERR_FORMAT);
    assert_false(bench.ordered.used);
    assert_int_equal(bench.ordered.reorder.count, 0);
  }
  prng_t prng = prng_make(7, 7);
  size_t refused = 0;
  for (size_t i = 0; i < 16 * length; i++) {
    memcpy(damaged, bytes, length);
    damaged[i % length] = (uint8_t)(i < length ? bytes[i] ^ 0x80 : prng_next(&prng));
    bench.results = 0;
    if (vn_window_load(&bench.set, &bench.memory, damaged, length) == VN_OK) {
      go_on(&bench);
    } else {
      refused++;
    }
  }
  assert_true(refused > length);
}

/* The windows of the bench as those of a state that was saved with others around. */
static vn_window_origin_t origin_of(const bench_t *bench) {
  return (vn_window_origin_t){
      .revision_size = {bench->set.revision_size[0]}, .own = {0}, .window_count = 1};
}

static void a_state_is_adopted_with_what_waits(void **state) {
  (void)state;
  static bench_t whole, back;
  static uint8_t bytes[STATE_BYTES];
  size_t length = fill_and_save(&whole, bytes);
  begin(&back, 12, 20, WAITING_MAX);
  const vn_window_origin_t origin = origin_of(&back);
  assert_int_equal(vn_window_adopt(&back.set, &back.memory, &origin, bytes, length), VN_OK);
  go_on(&whole);
  go_on(&back);
  assert_int_equal(whole.results, back.results);
  assert_memory_equal(whole.values, back.values, whole.results * sizeof whole.values[0]);
}

static void damaged_states_are_not_adopted(void **state) {
  (void)state;
  static bench_t bench;
  static uint8_t bytes[STATE_BYTES], damaged[STATE_BYTES];
  size_t length = fill_and_save(&bench, bytes);
  vn_window_origin_t origin = origin_of(&bench);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_window_adopt(&bench.set, &bench.memory, &origin, bytes, cut),
                     VN_ERR_FORMAT);
    assert_false(bench.ordered.used);
  }
  for (size_t i = 0; i < length; i++) {
    memcpy(damaged, bytes, length);
    damaged[i] ^= 0x80;
    bench.results = 0;
    if (vn_window_adopt(&bench.set, &bench.memory, &origin, damaged, length) == VN_OK) {
      go_on(&bench);
    }
  }
  origin.revision_size[0]++; /* as if there had been another counter */
  assert_int_equal(vn_window_adopt(&bench.set, &bench.memory, &origin, bytes, length),
                   VN_ERR_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_comes_from_behind_a_full_buffer_is_counted),
      cmocka_unit_test(a_buffer_is_drained_before_it_is_full),
      cmocka_unit_test(a_late_reading_that_is_in_order_counts_and_another_does_not),
      cmocka_unit_test(a_state_comes_back_with_what_waits),
      cmocka_unit_test(damaged_states_do_no_harm),
      cmocka_unit_test(a_state_is_adopted_with_what_waits),
      cmocka_unit_test(damaged_states_are_not_adopted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
