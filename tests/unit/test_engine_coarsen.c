/* A full outbox makes the oldest results coarser before it drops any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"
#include "seq_walk.h"
#include "summary_table.h"

#define CASE(function) cmocka_unit_test(function)

enum { COARSENED = 2, FINAL = 16 };
#define BIT(key) (UINT64_C(1) << (key))

/* Windows of ten seconds, which may become those of a minute, then of ten. */
static rig_t *make(const vn_flash_t *flash, uint32_t outbox_bytes) {
  rig_t *rig = rig_new(flash);
  rig->pipelines[1].summary.window_count = 1;
  rig->pipelines[1].alert_count = 0;
  rig->plan.coarsen_ms[0] = 60000;
  rig->plan.coarsen_ms[1] = 600000;
  rig->plan.coarsen_count = 2;
  rig->plan.outbox_bytes = outbox_bytes;
  rig->plan.outbox_entries = 256;
  return rig;
}

static flash_fake_t *make_flash(void) {
  static const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 64, .sector_count = 256, .erased_value = 0xFF};
  return flash_fake_new(&shape, 3);
}

/* Two series, a reading a second each. */
static void live(rig_t *rig, int seconds) {
  for (int i = 0; i < seconds; i++) {
    int32_t value = (int32_t)(rig->wall_ms / 1000 * 7919 % 5000);
    rig_send(rig, "a", rig->wall_ms, value, (uint32_t)(rig->wall_ms / 1000));
    rig_send(rig, "b", rig->wall_ms, 6000 - value, (uint32_t)(rig->wall_ms / 1000));
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
}

/* What the results of a series say together, from `start` to `end`. */
typedef struct total {
  uint64_t count;
  int64_t sum;
} total_t;

static total_t told_by_engine(const rig_t *rig, const char *series, int64_t start, int64_t end) {
  total_t total = {0};
  for (size_t i = 0; i < rig->result_count; i++) {
    const rig_result_t *result = &rig->results[i];
    if (strcmp(result->series, series) == 0 && result->start_ms >= start && result->end_ms <= end) {
      total.count += result->count;
      total.sum += result->sum;
    }
  }
  return total;
}

static total_t in_table(const summary_table_t *table, const char *series) {
  total_t total = {0};
  for (size_t i = 0; i < table->count; i++) {
    if (strcmp(table->rows[i].series, series) == 0) {
      total.count += table->rows[i].count;
      total.sum += table->rows[i].sum;
    }
  }
  return total;
}

static void check_totals(const rig_t *rig, const summary_table_t *table) {
  static const char *const series[] = {"a", "b"};
  for (size_t i = 0; i < 2; i++) {
    total_t engine = told_by_engine(rig, series[i], INT64_MIN, INT64_MAX);
    total_t mine = in_table(table, series[i]);
    assert_true(engine.count == mine.count);
    assert_true(engine.sum == mine.sum);
  }
}

static void check_rows(const rig_t *rig, const summary_table_t *table) {
  for (size_t i = 0; i < table->count; i++) {
    const table_row_t *row = &table->rows[i];
    total_t engine = told_by_engine(rig, row->series, row->start, row->end);
    assert_true(engine.count == row->count);
    assert_true(engine.sum == row->sum);
    assert_true(row->mean == (double)row->sum / ((double)row->count * 100.0));
    assert_int_equal((row->flags & COARSENED) != 0, row->end - row->start > 10000);
  }
}

static void check_outage(const vn_flash_t *flash) {
  seq_walk_t *walk = calloc(1, sizeof *walk);
  summary_table_t *table = summary_table_new();
  rig_t *rig = make(flash, 8192);
  size_t from = 0;
  size_t walked = 0;
  assert_int_equal(rig_start(rig), VN_OK);
  live(rig, 60);
  rig->link_up = false;
  live(rig, 3600);
  rig->link_up = true;
  live(rig, 120);
  assert_int_equal(rig_wait(rig, 5000), VN_OK);
  seq_walk_note(walk, rig, &walked);
  summary_table_note(table, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_int_equal(seq_walk_gone(walk, false), 0);
  assert_true(seq_walk_gone(walk, true) > 100);
  assert_true(table->coarse > 10);
  assert_int_equal(table->ignored, 0);
  check_rows(rig, table);
  check_totals(rig, table);
  assert_true(vn_engine_figures(&rig->engine)->outbox_coarsened > 100);
  rig_free(rig);
  summary_table_free(table);
  free(walk);
}

static void an_outage_arrives_whole_in_coarser_windows(void **state) {
  (void)state;
  check_outage(NULL);
  flash_fake_t *flash = make_flash();
  check_outage(&flash->port);
  flash_fake_free(flash);
}

static bool same_bytes(const rig_message_t *a, const rig_message_t *b) {
  return a->payload_length == b->payload_length &&
         memcmp(a->payload, b->payload, a->payload_length) == 0;
}

/* Upstream may have it: it comes again, and is in nothing that is coarser. */
static void what_may_have_been_sent_stays_as_it_is(void **state) {
  (void)state;
  rig_t *rig = make(NULL, 8192);
  assert_int_equal(rig_start(rig), VN_OK);
  rig->acknowledge = false;
  live(rig, 60);
  size_t sent = rig->sent_count;
  assert_true(sent >= 4);
  rig->link_up = false;
  rig->pending_count = 0;
  vn_uplink_restarted(&rig->engine);
  live(rig, 3600);
  assert_true(vn_engine_figures(&rig->engine)->outbox_coarsened > 100);
  rig->link_up = true;
  rig->acknowledge = true;
  live(rig, 60);
  for (size_t i = 0; i < sent; i++) {
    const rig_message_t *first = &rig->sent[i];
    size_t again = sent;
    while (again < rig->sent_count && !same_bytes(&rig->sent[again], first)) {
      again++;
    }
    assert_true(again < rig->sent_count);
  }
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(an_outage_arrives_whole_in_coarser_windows),
      CASE(what_may_have_been_sent_stays_as_it_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
