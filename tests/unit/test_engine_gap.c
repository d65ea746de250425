/* What is taken out of the outbox is told by notices of gaps: every number comes, or is named. */
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

#define CASE(function) cmocka_unit_test(function)

static flash_fake_t *make_flash(void) {
  static const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 64, .sector_count = 64, .erased_value = 0xFF};
  return flash_fake_new(&shape, 3);
}

/* A device with room for about ten messages. */
static rig_t *make(const vn_flash_t *flash, vn_encoding_t encoding) {
  rig_t *rig = rig_new(flash);
  rig->plan.encoding = (uint8_t)encoding;
  rig->plan.outbox_bytes = 4096;
  rig->plan.outbox_entries = 64;
  return rig;
}

/* `seconds` of readings, one a second. */
static void live(rig_t *rig, int seconds, int32_t value) {
  for (int i = 0; i < seconds; i++) {
    rig_send(rig, "a", rig->wall_ms, value, (uint32_t)(rig->wall_ms / 1000));
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
}

static void check_outage(const vn_flash_t *flash, vn_encoding_t encoding) {
  seq_walk_t *walk = calloc(1, sizeof *walk);
  rig_t *rig = make(flash, encoding);
  size_t from = 0;
  assert_int_equal(rig_start(rig), VN_OK);
  live(rig, 60, 100);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_int_equal(walk->gap_count, 0);
  assert_true(walk->next >= 4);
  rig->link_up = false;
  live(rig, 1200, 100);
  rig->link_up = true;
  live(rig, 60, 100);
  assert_int_equal(rig_wait(rig, 30000), VN_OK);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  uint64_t gone = seq_walk_gone(walk, false);
  assert_true(gone > 50);
  assert_true(walk->next == rig->engine.head.seq);
  assert_true(gone == vn_engine_figures(&rig->engine)->outbox_dropped);
  assert_int_equal(walk->gap_count, 1);
  assert_true(walk->gaps[0].results >= walk->gaps[0].messages);
  rig_free(rig);
  free(walk);
}

static void after_an_outage_every_number_came_or_is_named(void **state) {
  (void)state;
  check_outage(NULL, VN_ENCODING_CBOR);
  check_outage(NULL, VN_ENCODING_JSON);
  flash_fake_t *flash = make_flash();
  check_outage(&flash->port, VN_ENCODING_CBOR);
  flash_fake_free(flash);
}

static void alerts_stay_while_there_is_anything_else(void **state) {
  (void)state;
  seq_walk_t *walk = calloc(1, sizeof *walk);
  rig_t *rig = make(NULL, VN_ENCODING_CBOR);
  size_t from = 0;
  rig->plan.outbox_bytes = 8192;
  assert_int_equal(rig_start(rig), VN_OK);
  rig->link_up = false;
  live(rig, 200, 100);
  live(rig, 20, 9900); /* "hot" and "warm" */
  live(rig, 600, 100);
  rig->link_up = true;
  live(rig, 30, 100);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_true(seq_walk_gone(walk, false) > 20);
  size_t events = 0;
  for (size_t i = 0; i < rig->sent_count; i++) {
    events += rig->sent[i].channel == VN_CHANNEL_EVENT;
  }
  assert_int_equal(events, rig->event_count);
  assert_true(events >= 4);
  assert_true(walk->gaps[0].alerts == 0);
  rig_free(rig);
  free(walk);
}

static void alerts_that_find_no_room_at_all_are_named_too(void **state) {
  (void)state;
  seq_walk_t *walk = calloc(1, sizeof *walk);
  rig_t *rig = make(NULL, VN_ENCODING_CBOR);
  size_t from = 0;
  assert_int_equal(rig_start(rig), VN_OK);
  rig->link_up = false;
  for (int i = 0; i < 20; i++) {
    live(rig, 20, 9900);
    live(rig, 20, 100);
  }
  rig->link_up = true;
  live(rig, 30, 100);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_true(walk->gap_count == 1 && walk->gaps[0].alerts > 10);
  assert_true(walk->gaps[0].alerts < walk->gaps[0].messages);
  rig_free(rig);
  free(walk);
}

/* The broker takes all and acknowledges nothing: what is in flight leaves no room for a notice. */
static void a_notice_that_finds_no_room_comes_later(void **state) {
  (void)state;
  seq_walk_t *walk = calloc(1, sizeof *walk);
  rig_t *rig = make(NULL, VN_ENCODING_CBOR);
  size_t from = 0;
  assert_int_equal(rig_start(rig), VN_OK);
  rig->acknowledge = false;
  for (int i = 0; i < 20; i++) {
    live(rig, 20, 9900);
    live(rig, 20, 100);
  }
  assert_true(rig->engine.sender.notice_waits);
  rig->acknowledge = true;
  live(rig, 60, 100);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_true(walk->next == rig->engine.head.seq);
  assert_true(walk->gap_count > 1);
  rig_free(rig);
  free(walk);
}

/* A small outbox keeps no room for notices: all that it has is in flight. */
static void a_notice_without_room_is_told_when_there_is_some(void **state) {
  (void)state;
  seq_walk_t *walk = calloc(1, sizeof *walk);
  rig_t *rig = make(NULL, VN_ENCODING_CBOR);
  size_t from = 0;
  bool waited = false;
  rig->plan.outbox_bytes = 1024;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(rig->engine.outbox.reserved_blocks, 0);
  rig->acknowledge = false;
  for (int i = 0; i < 20; i++) {
    live(rig, 20, i % 2 == 0 ? 9900 : 100);
    waited = waited || (rig->engine.sender.notice_waits && vn_gap_any(rig->engine.outbox.gaps));
  }
  assert_true(waited);
  rig->acknowledge = true;
  live(rig, 60, 100);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_true(walk->next == rig->engine.head.seq);
  assert_true(walk->gap_count >= 1);
  rig_free(rig);
  free(walk);
}

/* What gives way to a notice is told as well; and a line where nothing gets through takes one
 * notice, not one for each result that has to go. */
static void what_gives_way_to_a_notice_is_told_too(void **state) {
  (void)state;
  seq_walk_t *walk = calloc(1, sizeof *walk);
  rig_t *rig = make(NULL, VN_ENCODING_CBOR);
  size_t from = 0;
  rig->plan.outbox_bytes = 10240; /* more than what is in flight */
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < 6; i++) {
    rig->acknowledge = false;
    live(rig, 1200, 100);
    rig->acknowledge = true;
    live(rig, 30, 100);
  }
  assert_int_equal(rig_wait(rig, 30000), VN_OK);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_true(seq_walk_gone(walk, false) > 100);
  assert_true(walk->gap_count < 30);
  rig_free(rig);
  free(walk);
}

/* Starts again with the same flash: nothing of the last run is in RAM. */
static rig_t *restart(rig_t *rig, flash_fake_t *flash) {
  rig_t *next = make(&flash->port, VN_ENCODING_CBOR);
  next->wall_ms = rig->wall_ms;
  next->link_up = rig->link_up;
  rig_free(rig);
  flash_fake_power_up(flash);
  assert_int_equal(rig_start(next), VN_OK);
  return next;
}

static void what_is_gone_is_remembered_over_restarts_and_told_once(void **state) {
  (void)state;
  seq_walk_t *walk = calloc(1, sizeof *walk);
  flash_fake_t *flash = make_flash();
  rig_t *rig = make(&flash->port, VN_ENCODING_CBOR);
  size_t from = 0;
  assert_int_equal(rig_start(rig), VN_OK);
  live(rig, 100, 100);
  seq_walk_note(walk, rig, &from);
  rig->link_up = false;
  for (int i = 0; i < 12; i++) {
    live(rig, 60, 100);
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    rig = restart(rig, flash);
  }
  rig->link_up = true;
  from = 0;
  live(rig, 60, 100);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  seq_walk_note(walk, rig, &from);
  rig = restart(rig, flash);
  from = 0;
  live(rig, 60, 100);
  seq_walk_note(walk, rig, &from);
  assert_null(seq_walk_problem(walk));
  assert_true(walk->gap_count >= 1);
  assert_true(seq_walk_gone(walk, false) > 30);
  rig_free(rig);
  flash_fake_free(flash);
  free(walk);
}

/* What the log still holds of summaries that were acknowledged takes no room from alerts. */
static void a_restart_gives_up_no_alert_for_what_is_done(void **state) {
  (void)state;
  flash_fake_t *flash = make_flash();
  rig_t *rig = make(&flash->port, VN_ENCODING_CBOR);
  rig->plan.outbox_bytes = 6144;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "b", rig->wall_ms, 100, 1); /* whose state stays where it is in the log */
  live(rig, 60, 100);
  rig->link_up = false;
  live(rig, 180, 100);
  assert_int_equal(vn_engine_figures(&rig->engine)->outbox_dropped, 0);
  assert_true(rig->engine.outbox.free_count < rig->engine.outbox.block_count / 2u);
  rig->link_up = true;
  live(rig, 9, 100);
  assert_true(vn_outbox_empty(&rig->engine.outbox));
  rig->link_up = false;
  live(rig, 20, 9900);
  live(rig, 5, 100);
  assert_int_equal(vn_engine_figures(&rig->engine)->outbox_dropped, 0);
  assert_true(rig->engine.outbox.free_count < rig->engine.outbox.block_count / 2u);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  const vn_outbox_line_t *line = &rig->engine.outbox.lines[VN_OUTBOX_ALERTS];
  uint64_t alerts = line->head - line->tail;
  uint64_t first = line->tail;
  assert_true(alerts >= 4);
  rig_t *next = make(&flash->port, VN_ENCODING_CBOR);
  next->plan.outbox_bytes = rig->plan.outbox_bytes;
  next->wall_ms = rig->wall_ms;
  next->link_up = false;
  rig_free(rig);
  flash_fake_power_up(flash);
  assert_int_equal(rig_start(next), VN_OK);
  line = &next->engine.outbox.lines[VN_OUTBOX_ALERTS];
  assert_true(line->tail == first && line->head - line->tail == alerts);
  rig_free(next);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(after_an_outage_every_number_came_or_is_named),
      CASE(alerts_stay_while_there_is_anything_else),
      CASE(alerts_that_find_no_room_at_all_are_named_too),
      CASE(a_notice_that_finds_no_room_comes_later),
      CASE(a_notice_without_room_is_told_when_there_is_some),
      CASE(what_gives_way_to_a_notice_is_told_too),
      CASE(what_is_gone_is_remembered_over_restarts_and_told_once),
      CASE(a_restart_gives_up_no_alert_for_what_is_done),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
