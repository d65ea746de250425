/* Sessions: known answers of the rules at their edges, limits, and damaged states. */
#include "vn/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 16
#define RESULTS_MAX 32

/* A result, with the first of those that it supersedes. */
typedef struct told {
  vn_span_t bounds, superseded;
  vn_kind_t kind;
  uint32_t revision, count, supersedes;
} told_t;

/* One series with what was told about it. */
typedef struct rig {
  vn_session_set_t set;
  vn_session_memory_t memory;
  vn_session_state_t state;
  vn_session_t sessions[CAPACITY];
  vn_span_t standing[CAPACITY];
  vn_member_t members[CAPACITY * 2];
  vn_time_ms_t watermark_ms;
  told_t told[RESULTS_MAX];
  size_t count;
} rig_t;

static void collect(void *context, const vn_window_result_t *result) {
  rig_t *rig = context;
  assert_true(rig->count < RESULTS_MAX);
  rig->told[rig->count++] = (told_t){
      .bounds = {result->start_ms, result->end_ms},
      .superseded = result->supersedes_count > 0 ? result->supersedes[0] : (vn_span_t){0, 0},
      .kind = (vn_kind_t)result->kind,
      .revision = result->revision,
      .count = result->aggregate->count,
      .supersedes = result->supersedes_count};
}

static void begin(rig_t *rig, int64_t gap_ms, int64_t out_of_order_ms, int64_t lateness_ms) {
  memset(rig, 0, sizeof *rig);
  rig->set = (vn_session_set_t){.gap_ms = gap_ms,
                                .out_of_order_ms = out_of_order_ms,
                                .lateness_ms = lateness_ms,
                                .sample = 2};
  assert_int_equal(vn_session_set_derive(&rig->set), VN_OK);
  assert_true(rig->set.capacity <= CAPACITY);
  rig->memory = (vn_session_memory_t){.state = &rig->state,
                                      .sessions = rig->sessions,
                                      .standing = rig->standing,
                                      .members = rig->members,
                                      .sample_seed = 1};
  rig->watermark_ms = VN_TIME_MINUS_INFINITY;
  vn_session_reset(&rig->set, &rig->memory);
}

static void advance(rig_t *rig, vn_time_ms_t watermark_ms) {
  vn_window_sink_t sink = {.deliver = collect, .context = rig};
  rig->watermark_ms = watermark_ms > rig->watermark_ms ? watermark_ms : rig->watermark_ms;
  vn_session_advance(&rig->set, &rig->memory, watermark_ms, VN_KIND_ON_TIME, &sink);
}

static vn_reason_t take(rig_t *rig, vn_time_ms_t time_ms) {
  vn_window_sink_t sink = {.deliver = collect, .context = rig};
  vn_session_reading_t reading = {time_ms, rig->watermark_ms, 1};
  vn_reason_t verdict = vn_session_judge(&rig->set, &rig->memory, &reading);
  if (verdict == VN_REASON_NONE) {
    vn_session_insert(&rig->set, &rig->memory, &reading, &sink);
  }
  advance(rig, time_ms - rig->set.out_of_order_ms - 1);
  return verdict;
}

static void expect(const rig_t *rig, size_t index, const told_t *told) {
  assert_true(index < rig->count);
  const told_t *got = &rig->told[index];
  assert_true(got->bounds.start_ms == told->bounds.start_ms);
  assert_true(got->bounds.end_ms == told->bounds.end_ms);
  assert_int_equal(got->kind, told->kind);
  assert_int_equal(got->revision, told->revision);
  assert_int_equal(got->count, told->count);
  assert_int_equal(got->supersedes, told->supersedes);
  assert_true(got->superseded.start_ms == told->superseded.start_ms);
  assert_true(got->superseded.end_ms == told->superseded.end_ms);
}

static void exactly_a_gap_apart_is_one_session_and_one_more_is_two(void **state) {
  (void)state;
  rig_t rig;
  begin(&rig, 5, 0, 0);
  assert_int_equal(take(&rig, 0), VN_REASON_NONE);
  assert_int_equal(take(&rig, 5), VN_REASON_NONE);
  assert_int_equal(rig.count, 0);
  assert_int_equal(take(&rig, 11), VN_REASON_NONE);
  assert_int_equal(rig.count, 1);
  expect(&rig, 0, &(told_t){.bounds = {0, 10}, .count = 2});
  advance(&rig, VN_TIME_PLUS_INFINITY);
  expect(&rig, 1, &(told_t){.bounds = {11, 16}, .count = 1});
  assert_int_equal(rig.state.live, 0);
}

static void a_reading_between_two_sessions_makes_one_of_them(void **state) {
  (void)state;
  rig_t rig;
  begin(&rig, 5, 50, 0);
  const int64_t times_ms[] = {-10, 0, 10, 5, -5};
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(take(&rig, times_ms[i]), VN_REASON_NONE);
  }
  assert_int_equal(rig.state.live, 1);
  assert_true(vn_session_open_end(&rig.set, &rig.memory) == 14);
  advance(&rig, VN_TIME_PLUS_INFINITY);
  expect(&rig, 0, &(told_t){.bounds = {-10, 15}, .count = 5});
  assert_true(vn_session_open_end(&rig.set, &rig.memory) == VN_TIME_MINUS_INFINITY);
}

static void a_result_is_superseded_once_by_the_next_that_covers_it(void **state) {
  (void)state;
  rig_t rig;
  begin(&rig, 5, 0, 30);
  assert_int_equal(take(&rig, 0), VN_REASON_NONE);
  assert_int_equal(take(&rig, 20), VN_REASON_NONE);
  assert_int_equal(take(&rig, 2), VN_REASON_NONE);
  assert_int_equal(take(&rig, 3), VN_REASON_NONE);
  assert_int_equal(take(&rig, 1), VN_REASON_NONE);
  expect(&rig, 0, &(told_t){.bounds = {0, 5}, .count = 1});
  expect(&rig, 1,
         &(told_t){{0, 7}, {0, 5}, VN_KIND_LATE, .revision = 1, .count = 2, .supersedes = 1});
  expect(&rig, 2,
         &(told_t){{0, 8}, {0, 7}, VN_KIND_LATE, .revision = 2, .count = 3, .supersedes = 1});
  expect(&rig, 3, &(told_t){{0, 8}, {0, 0}, VN_KIND_LATE, .revision = 3, .count = 4});
}

static void a_late_reading_joins_a_told_session_with_an_open_one(void **state) {
  (void)state;
  rig_t rig;
  begin(&rig, 5, 0, 20);
  assert_int_equal(take(&rig, 0), VN_REASON_NONE);
  assert_int_equal(take(&rig, 10), VN_REASON_NONE);
  assert_int_equal(take(&rig, 5), VN_REASON_NONE);
  assert_int_equal(rig.count, 1);
  advance(&rig, VN_TIME_PLUS_INFINITY);
  assert_int_equal(rig.count, 2);
  expect(&rig, 1,
         &(told_t){{0, 15}, {0, 5}, VN_KIND_ON_TIME, .revision = 1, .count = 3, .supersedes = 1});
}

static void a_live_session_rescues_a_reading_that_alone_is_late(void **state) {
  (void)state;
  rig_t rig;
  begin(&rig, 5, 0, 0);
  assert_int_equal(take(&rig, 20), VN_REASON_NONE);
  assert_int_equal(take(&rig, 14), VN_REASON_LATE);
  assert_int_equal(take(&rig, 15), VN_REASON_NONE);
  assert_int_equal(take(&rig, 10), VN_REASON_NONE);
  advance(&rig, VN_TIME_PLUS_INFINITY);
  assert_int_equal(rig.count, 1);
  expect(&rig, 0, &(told_t){.bounds = {10, 25}, .count = 3});
  assert_int_equal(take(&rig, 30), VN_REASON_LATE);
}

static void the_bound_of_sessions_decides_about_a_plan(void **state) {
  (void)state;
  vn_session_set_t set = {.gap_ms = 5};
  assert_int_equal(vn_session_set_derive(&set), VN_OK);
  assert_int_equal(set.capacity, 1);
  set = (vn_session_set_t){.gap_ms = 30000, .out_of_order_ms = 5000, .lateness_ms = 60000};
  assert_int_equal(vn_session_set_derive(&set), VN_OK);
  assert_int_equal(set.capacity, 4);
  set = (vn_session_set_t){.gap_ms = 1, .lateness_ms = 508};
  assert_int_equal(vn_session_set_derive(&set), VN_OK);
  assert_int_equal(set.capacity, VN_SESSIONS_MAX);
  set.lateness_ms = 510;
  assert_int_equal(vn_session_set_derive(&set), VN_ERR_PLAN);
  assert_int_equal(set.capacity, VN_SESSIONS_MAX + 1);
  set.lateness_ms = VN_WINDOW_SPAN_MAX_MS; /* more than can be told */
  assert_int_equal(vn_session_set_derive(&set), VN_ERR_PLAN);
  assert_int_equal(set.capacity, UINT32_MAX);
  const vn_session_set_t wrong[] = {{.gap_ms = 0},
                                    {.gap_ms = -1},
                                    {.gap_ms = VN_WINDOW_SPAN_MAX_MS + 1},
                                    {.gap_ms = 1, .out_of_order_ms = -1},
                                    {.gap_ms = 1, .lateness_ms = -1},
                                    {.gap_ms = 1, .sample = VN_SAMPLE_MAX + 1}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    set = wrong[i];
    assert_int_equal(vn_session_set_derive(&set), VN_ERR_PLAN);
    assert_int_equal(set.capacity, 0);
  }
}

static void a_full_session_takes_no_more_readings(void **state) {
  (void)state;
  rig_t rig;
  begin(&rig, 5, 50, 0);
  assert_int_equal(take(&rig, 0), VN_REASON_NONE);
  assert_int_equal(take(&rig, 8), VN_REASON_NONE);
  rig.sessions[0].aggregate.count = UINT32_MAX - 1;
  assert_int_equal(take(&rig, 4), VN_REASON_LIMITED);
  assert_int_equal(take(&rig, 1), VN_REASON_NONE);
  assert_int_equal(take(&rig, 1), VN_REASON_LIMITED);
  assert_int_equal(rig.state.live, 2);
  assert_int_equal(rig.sessions[0].aggregate.count, UINT32_MAX);
}

static void the_edges_of_time_do_not_overflow(void **state) {
  (void)state;
  rig_t rig;
  begin(&rig, VN_WINDOW_SPAN_MAX_MS, VN_WINDOW_SPAN_MAX_MS, VN_WINDOW_SPAN_MAX_MS);
  assert_int_equal(take(&rig, VN_TIME_LOWEST_MS), VN_REASON_NONE);
  assert_int_equal(take(&rig, VN_TIME_HIGHEST_MS), VN_REASON_NONE);
  advance(&rig, VN_TIME_PLUS_INFINITY);
  assert_int_equal(rig.count, 2);
  assert_int_equal(rig.state.live, 0);
}

/* Two told sessions united in an unfired one: every part of the format is in use. */
static size_t save_rich_state(rig_t *rig, uint8_t *bytes, size_t capacity) {
  begin(rig, 5, 0, 40);
  const int64_t times_ms[] = {0, 10, 20, 15, 5, 40};
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(take(rig, times_ms[i]), VN_REASON_NONE);
  }
  return vn_session_save(&rig->set, &rig->memory, bytes, capacity);
}

static void damaged_states_are_refused_and_leave_a_fresh_one(void **state) {
  (void)state;
  rig_t rig;
  uint8_t bytes[512], bad[512];
  size_t length = save_rich_state(&rig, bytes, sizeof bytes);
  assert_in_range(length, 20, sizeof bytes);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_session_load(&rig.set, &rig.memory, bytes, cut), VN_ERR_FORMAT);
    assert_int_equal(rig.state.live, 0);
  }
  memcpy(bad, bytes, length);
  bad[length] = 0;
  assert_int_equal(vn_session_load(&rig.set, &rig.memory, bad, length + 1), VN_ERR_FORMAT);
  /* Flipped bits: refused, or a state that keeps the operator's own bounds. */
  for (size_t bit = 0; bit < length * 8; bit++) {
    memcpy(bad, bytes, length);
    bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
    if (vn_session_load(&rig.set, &rig.memory, bad, length) == VN_OK) {
      assert_true(rig.state.live <= rig.set.capacity);
      assert_true(rig.state.standing <= rig.set.capacity);
      assert_true(rig.state.fired <= rig.state.live);
      rig.count = 0;
      advance(&rig, VN_TIME_PLUS_INFINITY);
      assert_int_equal(rig.state.live, 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exactly_a_gap_apart_is_one_session_and_one_more_is_two),
      cmocka_unit_test(a_reading_between_two_sessions_makes_one_of_them),
      cmocka_unit_test(a_result_is_superseded_once_by_the_next_that_covers_it),
      cmocka_unit_test(a_late_reading_joins_a_told_session_with_an_open_one),
      cmocka_unit_test(a_live_session_rescues_a_reading_that_alone_is_late),
      cmocka_unit_test(the_bound_of_sessions_decides_about_a_plan),
      cmocka_unit_test(a_full_session_takes_no_more_readings),
      cmocka_unit_test(the_edges_of_time_do_not_overflow),
      cmocka_unit_test(damaged_states_are_refused_and_leave_a_fresh_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
