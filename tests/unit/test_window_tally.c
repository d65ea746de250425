/* What a window of time tells of how its readings came: late, refused, coverage, gaps. */
#include "prng.h"
#include "vn/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PANES_MAX = 64, RESULTS_MAX = 64, EVENTS = 60 };

/* What a result said. */
typedef struct told {
  int64_t start_ms;
  uint32_t accounting[VN_ACCOUNTED_COUNT_OF];
  uint32_t count;
  uint8_t kind, window;
} told_t;

static vn_window_set_t set;
static vn_window_state_t window_state;
static vn_waiting_t waiting;
static vn_pane_t panes[PANES_MAX];
static vn_tally_t tallies[PANES_MAX];
static uint64_t heard[PANES_MAX];
static uint16_t revisions[PANES_MAX];
static vn_member_t members[1];
static const vn_window_memory_t memory = {.state = &window_state,
                                          .panes = panes,
                                          .members = members,
                                          .revisions = revisions,
                                          .tallies = tallies,
                                          .waiting = &waiting,
                                          .heard = heard};
static told_t told[RESULTS_MAX];
static size_t told_count;

static void deliver(void *context, const vn_window_result_t *result) {
  (void)context;
  assert_true(told_count < RESULTS_MAX);
  told_t *copy = &told[told_count++];
  memset(copy, 0, sizeof *copy);
  copy->start_ms = result->start_ms;
  copy->count = result->aggregate->count;
  copy->kind = result->kind;
  copy->window = result->window;
  memcpy(copy->accounting, result->accounting, sizeof copy->accounting);
}

static const vn_window_sink_t sink = {.deliver = deliver};

static void begin(const vn_window_t *windows, uint8_t count, int64_t out_of_order_ms,
                  int64_t lateness_ms, int64_t expected_every_ms) {
  uint8_t problem;
  assert_int_equal(
      vn_window_set_derive(&set, windows, count, out_of_order_ms, lateness_ms, &problem), VN_OK);
  if (expected_every_ms > 0) {
    vn_window_set_expect(&set, expected_every_ms);
  }
  assert_true(set.pane_count <= PANES_MAX && set.revision_count <= PANES_MAX);
  told_count = 0;
  vn_window_reset(&set, &memory);
}

static void read_at(int64_t time_ms) {
  (void)!vn_window_reading(&set, &memory, time_ms, 1, &sink, NULL);
}

static void finish(void) {
  vn_window_advance(&set, &memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME, &sink);
}

static void save_and_load(void) {
  uint8_t bytes[4096];
  size_t length = vn_window_save(&set, &memory, bytes, sizeof bytes);
  assert_true(length <= sizeof bytes && length <= vn_window_save_max(&set));
  memset(panes, 0x5A, sizeof panes);
  memset(tallies, 0x5A, sizeof tallies);
  memset(heard, 0x5A, sizeof heard);
  memset(&window_state, 0x5A, sizeof window_state);
  memset(&waiting, 0x5A, sizeof waiting);
  assert_int_equal(vn_window_load(&set, &memory, bytes, length), VN_OK);
}

static const vn_window_t ten = {.name = "ten", .size_ms = 10, .slide_ms = 10};

static void late_readings_are_counted_in_the_window_that_they_lie_in(void **state) {
  (void)state;
  begin(&ten, 1, 2, 100, 0);
  read_at(3);
  read_at(9);
  read_at(7); /* not behind 9 - 2 - 1 */
  read_at(5);
  finish();
  assert_int_equal(told[told_count - 1].accounting[VN_ACCOUNTED_LATE], 1);
  begin(&ten, 1, 2, 100, 0);
  read_at(3);
  read_at(15);
  read_at(4);
  assert_int_equal(told_count, 2);
  assert_int_equal(told[0].accounting[VN_ACCOUNTED_LATE], 0);
  assert_int_equal(told[1].accounting[VN_ACCOUNTED_LATE], 1);
}

static void refused_readings_count_for_the_window_of_their_time(void **state) {
  (void)state;
  begin(&ten, 1, 0, 0, 0);
  read_at(3);
  vn_window_refused(&set, &memory, 4, VN_ACCOUNTED_DUPLICATE);
  vn_window_refused(&set, &memory, 4, VN_ACCOUNTED_REJECTED);
  vn_window_refused(&set, &memory, -1, VN_ACCOUNTED_REJECTED);    /* nobody will tell of it */
  vn_window_refused(&set, &memory, 12, VN_ACCOUNTED_QUARANTINED); /* ahead: it waits */
  assert_int_equal(told_count, 0);
  save_and_load();
  read_at(11);
  vn_window_refused(&set, &memory, 5, VN_ACCOUNTED_LIMITED); /* gone */
  finish();
  assert_int_equal(told_count, 2);
  static const uint32_t first[VN_ACCOUNTED_COUNT_OF] = {
      [VN_ACCOUNTED_DUPLICATE] = 1, [VN_ACCOUNTED_REJECTED] = 1};
  static const uint32_t second[VN_ACCOUNTED_COUNT_OF] = {[VN_ACCOUNTED_QUARANTINED] = 1};
  assert_memory_equal(told[0].accounting, first, sizeof first);
  assert_memory_equal(told[1].accounting, second, sizeof second);
}

static void of_panes_that_wait_the_nearest_one_keeps_its_tally(void **state) {
  (void)state;
  static const int64_t orders[2][3] = {{12, 22, 32}, {32, 22, 12}};
  for (unsigned i = 0; i < 2; i++) {
    begin(&ten, 1, 0, 0, 0);
    read_at(3);
    for (unsigned k = 0; k < 3; k++) {
      vn_window_refused(&set, &memory, orders[i][k], VN_ACCOUNTED_REJECTED);
    }
    read_at(13);
    read_at(25);
    finish();
    assert_int_equal(told_count, 3);
    assert_int_equal(told[1].accounting[VN_ACCOUNTED_REJECTED], 1);
  }
}

static void a_far_refusal_takes_no_slot_that_a_reading_needs(void **state) {
  (void)state;
  begin(&ten, 1, 0, 0, 0);
  vn_window_refused(&set, &memory, INT64_C(4000000000000), VN_ACCOUNTED_REJECTED);
  vn_window_refused(&set, &memory, 4, VN_ACCOUNTED_REJECTED);
  read_at(5);
  vn_window_refused(&set, &memory, INT64_C(4000000000000), VN_ACCOUNTED_REJECTED);
  read_at(15);
  finish();
  assert_int_equal(told_count, 2);
  assert_int_equal(told[0].accounting[VN_ACCOUNTED_REJECTED], 1);
  assert_int_equal(told[1].accounting[VN_ACCOUNTED_REJECTED], 0);
}

static void counters_stop_at_their_end(void **state) {
  (void)state;
  begin(&ten, 1, 0, 0, 0);
  read_at(3);
  for (int i = 0; i < 70000; i++) {
    vn_window_refused(&set, &memory, 4, VN_ACCOUNTED_REJECTED);
  }
  save_and_load();
  finish();
  assert_int_equal(told[0].accounting[VN_ACCOUNTED_REJECTED], UINT16_MAX);
}

static void check_coverage(uint32_t permille, uint32_t gaps) {
  assert_int_equal(told[told_count - 1].accounting[VN_ACCOUNTED_COVERAGE], permille);
  assert_int_equal(told[told_count - 1].accounting[VN_ACCOUNTED_GAPS], gaps);
}

static void coverage_counts_the_slots_with_a_reading(void **state) {
  (void)state;
  static const vn_window_t minute = {.name = "minute", .size_ms = 60000, .slide_ms = 60000};
  static const vn_window_t sliding = {.name = "s", .size_ms = 60000, .slide_ms = 10000};
  static const int64_t at_s[] = {0, 11, 12, 59, 23};
  begin(&minute, 1, 40000, 0, 10000);
  for (size_t i = 0; i < sizeof at_s / sizeof *at_s; i++) {
    read_at(at_s[i] * 1000);
    save_and_load();
  }
  finish();
  check_coverage(666, 1);
  begin(&minute, 1, 0, 0, 0);
  read_at(0);
  finish();
  check_coverage(0, 0);
  begin(&minute, 1, 0, 0, 100);
  assert_int_equal(set.slots, VN_PANE_SLOTS_MAX);
  read_at(30000);
  finish();
  check_coverage(15, 2);
  begin(&sliding, 1, 0, 0, 25000); /* slots of three panes */
  read_at(0);
  finish();
  check_coverage(500, 1);
  vn_window_set_expect(&set, VN_WINDOW_SPAN_MAX_MS);
  assert_int_equal(set.slot_panes, VN_PANES_MAX);
  begin(&sliding, 1, 0, 0, 40000); /* four panes and two are one slot */
  read_at(59000);
  finish();
  check_coverage(0, 0);
}

static void a_damaged_state_with_revisions_that_wait_does_no_harm(void **state) {
  (void)state;
  uint8_t bytes[256];
  begin(&ten, 1, 0, 40, 0);
  set.late_waits = true;
  read_at(3);
  read_at(35);
  read_at(4);
  read_at(12);
  assert_true(window_state.late);
  assert_int_equal(told_count, 1); /* nothing but [0, 10) on time */
  size_t length = vn_window_save(&set, &memory, bytes, sizeof bytes);
  assert_true(length <= sizeof bytes);
  for (size_t bit = 0; bit < 8 * length; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    told_count = 0;
    if (vn_window_load(&set, &memory, bytes, length) == VN_OK) {
      vn_window_tell_late(&set, &memory, &sink);
      finish();
    }
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  told_count = 0;
  assert_int_equal(vn_window_load(&set, &memory, bytes, length), VN_OK);
  assert_true(window_state.late);
  vn_window_tell_late(&set, &memory, &sink);
  assert_int_equal(told_count, 2);
  assert_int_equal(told[0].count, 2);
}

/* An event of the shuffled trace: a reading, or one that is refused. */
typedef struct event {
  int64_t time_ms;
  bool refused;
} event_t;

/* Exchanges neighbours as long as nobody comes more than `most_ms` after a later one. */
static void shuffle(prng_t *prng, event_t *events, int64_t most_ms) {
  for (int i = 0; i < 400; i++) {
    uint32_t at = prng_below(prng, EVENTS - 1);
    event_t *pair = &events[at];
    int64_t highest_ms = VN_TIME_LOWEST_MS;
    for (uint32_t k = 0; k < at; k++) {
      highest_ms = events[k].time_ms > highest_ms ? events[k].time_ms : highest_ms;
    }
    int64_t raised_ms = highest_ms > pair[1].time_ms ? highest_ms : pair[1].time_ms;
    if (raised_ms - pair[0].time_ms <= most_ms && highest_ms - pair[1].time_ms <= most_ms) {
      event_t first = pair[0];
      pair[0] = pair[1];
      pair[1] = first;
    }
  }
}

static void run_events(const event_t *events) {
  for (int i = 0; i < EVENTS; i++) {
    if (events[i].refused) {
      vn_window_refused(&set, &memory, events[i].time_ms, VN_ACCOUNTED_REJECTED);
    } else {
      read_at(events[i].time_ms);
    }
  }
  finish();
}

static void order_within_the_bound_changes_no_accounting(void **state) {
  (void)state;
  static const vn_window_t windows[] = {{.name = "a", .size_ms = 40, .slide_ms = 20},
                                        {.name = "b", .size_ms = 20, .slide_ms = 20}};
  const uint64_t cases = 500;
  static told_t sorted[RESULTS_MAX];
  print_message("seeds 1..%llu\n", (unsigned long long)cases);
  for (uint64_t seed = 1; seed <= cases; seed++) {
    prng_t prng = prng_make(seed, 3);
    event_t events[EVENTS];
    int64_t time_ms = 0;
    for (int i = 0; i < EVENTS; i++) { /* readings at most 8 ms apart: one pane may wait */
      time_ms += prng_below(&prng, 5);
      events[i] = (event_t){time_ms, i % 2 == 1 && prng_chance(&prng, 60)};
    }
    begin(windows, 2, 10, 0, 5);
    run_events(events);
    size_t count = told_count;
    memcpy(sorted, told, sizeof told);
    begin(windows, 2, 10, 0, 5);
    shuffle(&prng, events, 10);
    run_events(events);
    if (told_count != count || memcmp(told, sorted, count * sizeof told[0]) != 0) {
      fail_msg("seed %llu: the accounting depends on the order", (unsigned long long)seed);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(late_readings_are_counted_in_the_window_that_they_lie_in),
      cmocka_unit_test(refused_readings_count_for_the_window_of_their_time),
      cmocka_unit_test(of_panes_that_wait_the_nearest_one_keeps_its_tally),
      cmocka_unit_test(a_far_refusal_takes_no_slot_that_a_reading_needs),
      cmocka_unit_test(counters_stop_at_their_end),
      cmocka_unit_test(coverage_counts_the_slots_with_a_reading),
      cmocka_unit_test(a_damaged_state_with_revisions_that_wait_does_no_harm),
      cmocka_unit_test(order_within_the_bound_changes_no_accounting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
