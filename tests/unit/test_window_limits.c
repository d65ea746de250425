/* Panes at the end of their counters: no reading is lost silently and no sum wraps. */
#include "vn/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { PANES = 8, REVISIONS = 64, RESULTS_MAX = 8 };

typedef struct rig {
  vn_window_t window;
  vn_window_set_t set;
  vn_window_state_t state;
  vn_pane_t panes[PANES];
  uint16_t revisions[REVISIONS];
  vn_tally_t tallies[PANES];
  vn_waiting_t waiting;
  vn_window_memory_t memory;
  vn_window_sink_t sink;
  vn_aggregate_t totals[RESULTS_MAX];
  uint8_t kinds[RESULTS_MAX];
  size_t told;
} rig_t;

static void collect(void *context, const vn_window_result_t *result) {
  rig_t *rig = context;
  rig->totals[rig->told] = *result->aggregate;
  rig->kinds[rig->told++] = result->kind;
}

static void make_early(rig_t *rig, int64_t size_ms, int64_t slide_ms, bool early) {
  uint8_t problem;
  memset(rig, 0, sizeof *rig);
  rig->window = (vn_window_t){.name = "w", .size_ms = size_ms, .slide_ms = slide_ms};
  assert_int_equal(vn_window_set_derive(&rig->set, &rig->window, 1, 0, 20, &problem), VN_OK);
  assert_true(!early || vn_window_set_early(&rig->set, &problem) == VN_OK);
  assert_true(rig->set.pane_count <= PANES && rig->set.revision_count <= REVISIONS);
  rig->memory = (vn_window_memory_t){.state = &rig->state,
                                     .panes = rig->panes,
                                     .revisions = rig->revisions,
                                     .tallies = rig->tallies,
                                     .waiting = &rig->waiting};
  rig->sink = (vn_window_sink_t){.deliver = collect, .context = rig};
  vn_window_reset(&rig->set, &rig->memory);
}

static void make(rig_t *rig, int64_t size_ms, int64_t slide_ms) {
  make_early(rig, size_ms, slide_ms, false);
}

static vn_reason_t take(rig_t *rig, int64_t time_ms) {
  return vn_window_reading(&rig->set, &rig->memory, time_ms, 1, &rig->sink, NULL);
}

/* As if so many readings of 1 had come into the pane of this time. */
static void fill(rig_t *rig, int64_t time_ms, uint32_t count) {
  assert_int_equal(take(rig, time_ms), VN_REASON_NONE);
  for (size_t i = 0; i < PANES; i++) {
    if (rig->panes[i].number == time_ms / rig->set.pane_ms && rig->panes[i].aggregate.count == 1) {
      vn_aggregate_t *aggregate = &rig->panes[i].aggregate;
      aggregate->count = count;
      aggregate->sum = count;
      aggregate->squares_low = count;
    }
  }
}

static void a_full_pane_refuses_the_next_reading_by_either_way(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, 10, 10);
  fill(&rig, 5, UINT32_MAX - 1);
  assert_int_equal(take(&rig, 5), VN_REASON_NONE); /* the pane of the last reading */
  assert_int_equal(take(&rig, 6), VN_REASON_LIMITED);
  assert_int_equal(take(&rig, 3), VN_REASON_LIMITED); /* behind the watermark */
  assert_int_equal(take(&rig, 12), VN_REASON_NONE);
  assert_int_equal(rig.told, 1);
  assert_true(rig.totals[0].count == UINT32_MAX && rig.totals[0].sum == UINT32_MAX);
  assert_int_equal(take(&rig, 4), VN_REASON_LIMITED); /* from another pane */
  vn_window_advance(&rig.set, &rig.memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME, &rig.sink);
  assert_int_equal(rig.told, 2);
  assert_int_equal(rig.totals[1].count, 1);
}

/* What follows it says that it is forced. */
static void an_early_result_stays_early_when_a_counter_is_full(void **state) {
  (void)state;
  rig_t rig;
  make_early(&rig, 20, 20, true);
  fill(&rig, 5, UINT32_MAX);
  vn_window_tell_early(&rig.set, &rig.memory, &rig.sink);
  assert_int_equal(rig.told, 1);
  make_early(&rig, 20, 10, true);
  fill(&rig, 5, UINT32_MAX);
  fill(&rig, 15, UINT32_MAX - 3);
  rig.told = 0;
  vn_window_tell_early(&rig.set, &rig.memory, &rig.sink);
  assert_true(rig.told > 0);
  for (size_t i = 0; i < rig.told; i++) {
    assert_int_equal(rig.kinds[i], VN_KIND_EARLY);
  }
}

/* Two full panes in one window: what fits is told, as forced. */
static void a_window_with_more_readings_than_a_counter_holds_is_forced(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, 20, 10);
  fill(&rig, 5, UINT32_MAX);
  fill(&rig, 15, UINT32_MAX - 3);
  vn_window_advance(&rig.set, &rig.memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME, &rig.sink);
  assert_int_equal(rig.told, 3);
  assert_int_equal(rig.kinds[0], VN_KIND_ON_TIME); /* [-10, 10) */
  assert_int_equal(rig.kinds[1], VN_KIND_FORCED);  /* [0, 20) */
  assert_true(rig.totals[1].count == UINT32_MAX && rig.totals[1].sum == UINT32_MAX);
  assert_int_equal(rig.kinds[2], VN_KIND_ON_TIME); /* [10, 30) */
  assert_true(rig.totals[2].count == UINT32_MAX - 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_full_pane_refuses_the_next_reading_by_either_way),
      cmocka_unit_test(an_early_result_stays_early_when_a_counter_is_full),
      cmocka_unit_test(a_window_with_more_readings_than_a_counter_holds_is_forced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
