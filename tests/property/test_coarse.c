/*
 * What an outbox makes coarser is what windows of that length give directly: count, sums, extremes,
 * first, last, mean, variance and the sample. VN_CASES says how many random outages, VN_SEED from
 * where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "prng.h"
#include "seq_walk.h"
#include "summary_table.h"

enum { FINE_MS = 10000, COARSE_MS = 60000, CASES = 12 };
#define FIELD(key) (UINT64_C(1) << (key))
/* Count to last, mean, variance and range. */
#define COMPARED                                                                                \
  (FIELD(7) | FIELD(8) | FIELD(9) | FIELD(10) | FIELD(11) | FIELD(12) | FIELD(13) | FIELD(14) | \
   FIELD(18) | FIELD(19) | FIELD(23))

static const uint32_t statistics[] = {
    VN_STATISTIC_BIT(VN_STATISTIC_SUM) | VN_STATISTIC_BIT(VN_STATISTIC_SUM_SQ) |
        VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX),
    VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_FIRST) |
        VN_STATISTIC_BIT(VN_STATISTIC_LAST),
    VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_VARIANCE),
    VN_STATISTIC_BIT(VN_STATISTIC_VARIANCE) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |
        VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |
        VN_STATISTIC_BIT(VN_STATISTIC_RANGE)};

typedef struct scene {
  rig_t *fine, *coarse; /* the same readings, in windows of both lengths */
  prng_t prng;
  uint32_t sequence;
} scene_t;

static rig_t *make(uint32_t wanted, int64_t size_ms, int64_t lateness_ms, uint32_t outbox_bytes) {
  rig_t *rig = rig_new(NULL);
  vn_pipeline_t *pipeline = &rig->pipelines[1];
  pipeline->summary.window_count = 1;
  pipeline->alert_count = 0;
  pipeline->lateness_ms = lateness_ms;
  rig->windows[0].size_ms = rig->windows[0].slide_ms = size_ms;
  rig->windows[0].statistics = wanted;
  rig->windows[0].sample = 3;
  rig->plan.coarsen_ms[0] = COARSE_MS;
  rig->plan.coarsen_count = 1;
  rig->plan.outbox_bytes = outbox_bytes;
  rig->plan.outbox_entries = 512;
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static void send(scene_t *scene, const char *series, int64_t time_ms) {
  int32_t value = (int32_t)prng_below(&scene->prng, prng_chance(&scene->prng, 50) ? 10000 : 40);
  scene->sequence++;
  rig_send(scene->fine, series, time_ms, value, scene->sequence);
  rig_send(scene->coarse, series, time_ms, value, scene->sequence);
}

/* A second: readings of two series, some late, one of them silent now and then. */
static void live(scene_t *scene, int64_t lateness_ms) {
  int64_t now_ms = scene->fine->wall_ms;
  int64_t late_ms = prng_chance(&scene->prng, 5) ? (int64_t)prng_below(&scene->prng, 2000) : 0;
  send(scene, "a", now_ms - late_ms);
  if (now_ms / 20000 % 9 != 0) {
    send(scene, "b", now_ms);
  }
  if (lateness_ms > 0 && prng_chance(&scene->prng, lateness_ms > 5000 ? 3 : 10)) {
    send(scene, "a", now_ms - (int64_t)prng_below(&scene->prng, (uint32_t)lateness_ms));
  }
  assert_int_equal(rig_wait(scene->fine, 1000), VN_OK);
  assert_int_equal(rig_wait(scene->coarse, 1000), VN_OK);
}

static void compare(const table_row_t *mine, const table_row_t *direct) {
  assert_true((mine->fields & COMPARED) == (direct->fields & COMPARED));
  assert_int_equal(mine->count, direct->count);
  assert_true(mine->sum == direct->sum);
  assert_true(mine->sum_sq_low == direct->sum_sq_low && mine->sum_sq_high == direct->sum_sq_high);
  assert_true(mine->min == direct->min && mine->max == direct->max);
  assert_true(mine->first == direct->first && mine->last == direct->last);
  assert_true(mine->mean == direct->mean);
  assert_true(mine->variance == direct->variance);
  assert_int_equal(mine->sample_count, direct->sample_count);
  assert_memory_equal(mine->sample, direct->sample, sizeof mine->sample);
  assert_int_equal(mine->accounting[VN_ACCOUNTED_LATE], direct->accounting[VN_ACCOUNTED_LATE]);
}

/* The newest of each window that the engine told within the bounds, together. */
static uint64_t count_told(const rig_t *rig, const char *series, int64_t start, int64_t end) {
  uint64_t count = 0;
  for (size_t i = 0; i < rig->result_count; i++) {
    const rig_result_t *result = &rig->results[i];
    bool last = true;
    for (size_t k = i + 1; last && k < rig->result_count; k++) {
      last = rig->results[k].start_ms != result->start_ms ||
             strcmp(rig->results[k].series, result->series) != 0;
    }
    if (last && strcmp(result->series, series) == 0 && result->start_ms >= start &&
        result->end_ms <= end) {
      count += result->count;
    }
  }
  return count;
}

/* How many whole minutes were compared. */
static size_t compare_tables(const scene_t *scene, const summary_table_t *fine,
                             const summary_table_t *coarse) {
  size_t compared = 0;
  for (size_t i = 0; i < fine->count; i++) {
    const table_row_t *row = &fine->rows[i];
    assert_true(row->count == count_told(scene->fine, row->series, row->start, row->end));
    assert_true(row->start / COARSE_MS == (row->end - 1) / COARSE_MS);
    if (row->end - row->start == COARSE_MS) {
      const table_row_t *direct =
          summary_table_find(coarse, row->series, "ten", row->start, row->end);
      assert_non_null(direct);
      compare(row, direct);
      compared++;
    }
  }
  return compared;
}

static uint64_t sum_of_counts(const summary_table_t *table) {
  uint64_t count = 0;
  for (size_t i = 0; i < table->count; i++) {
    count += table->rows[i].count;
  }
  return count;
}

static size_t run(uint64_t seed) {
  scene_t scene = {.prng = prng_make(seed, 1)};
  static const int64_t latenesses_ms[] = {0, 5000, 600000};
  int64_t lateness_ms = latenesses_ms[prng_below(&scene.prng, 3)];
  uint32_t wanted = statistics[prng_below(&scene.prng, 4)];
  print_message("seed %llu\n", (unsigned long long)seed);
  uint32_t room = 18432 + prng_below(&scene.prng, 8192) + (lateness_ms > 5000 ? 16384 : 0);
  scene.fine = make(wanted, FINE_MS, lateness_ms, room);
  scene.coarse = make(wanted, COARSE_MS, lateness_ms, 65536);
  scene.fine->link_up = false;
  for (int i = 0; i < 1500; i++) {
    live(&scene, lateness_ms);
  }
  scene.fine->link_up = true;
  assert_int_equal(rig_wait(scene.fine, 60000), VN_OK);
  assert_int_equal(rig_wait(scene.coarse, 60000), VN_OK);
  summary_table_t *tables[] = {summary_table_new(), summary_table_new()};
  seq_walk_t *walk = calloc(1, sizeof *walk);
  size_t from[3] = {0};
  summary_table_note(tables[0], scene.fine, &from[0]);
  summary_table_note(tables[1], scene.coarse, &from[1]);
  seq_walk_note(walk, scene.fine, &from[2]);
  assert_null(seq_walk_problem(walk));
  assert_int_equal(seq_walk_gone(walk, false), 0);
  assert_int_equal(tables[0]->ignored, 0);
  assert_true(sum_of_counts(tables[0]) == count_told(scene.fine, "a", 0, INT64_MAX) +
                                              count_told(scene.fine, "b", 0, INT64_MAX));
  size_t compared = compare_tables(&scene, tables[0], tables[1]);
  summary_table_free(tables[0]);
  summary_table_free(tables[1]);
  free(walk);
  rig_free(scene.fine);
  rig_free(scene.coarse);
  return compared;
}

static void what_is_merged_is_what_a_longer_window_gives(void **state) {
  (void)state;
  uint64_t cases = asked("VN_CASES", CASES);
  uint64_t first = asked("VN_SEED", 1);
  size_t compared = 0;
  for (uint64_t i = 0; i < cases; i++) {
    compared += run(first + i);
  }
  assert_true(compared > 5 * cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_merged_is_what_a_longer_window_gives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
