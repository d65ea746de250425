/* Journal mode: what is acknowledged is on the flash, and taken again from there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static rig_t *new_rig(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.durability = VN_DURABILITY_JOURNAL;
  rig->plan.encoding = VN_ENCODING_JSON;
  return rig;
}

static rig_t *start(flash_fake_t *flash) {
  rig_t *rig = new_rig(flash);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

/* The power fails, and an hour later it comes back. */
static rig_t *start_again(rig_t *rig, flash_fake_t *flash, rig_t *next) {
  next->wall_ms = rig->wall_ms + 3600000;
  rig_free(rig);
  flash_fake_power_up(flash);
  assert_int_equal(rig_start(next), VN_OK);
  return next;
}

static vn_err_t accept(rig_t *rig, const char *topic, const char *payload) {
  return vn_accept_message(&rig->engine, (vn_text_t){topic, strlen(topic)},
                           (const uint8_t *)payload, strlen(payload), false);
}

/* Reading i of series "a". */
static vn_err_t accept_reading(rig_t *rig, uint32_t i) {
  char payload[80];
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":20.5,\"seq\":%u}",
                 (long long)(T0 + (int64_t)i * 100), i);
  return accept(rig, "j/a", payload);
}

static void accept_readings(rig_t *rig, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) {
    assert_int_equal(accept_reading(rig, i), VN_OK);
  }
}

static uint64_t accepted(const rig_t *rig) { return rig_accounting(rig, "a").accepted; }

static void what_was_acknowledged_but_not_taken_is_taken_after_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 5);
  assert_int_equal(vn_waiting(&rig->engine), 5);
  rig = start_again(rig, flash, new_rig(flash));
  const vn_recovery_t *recovery = vn_engine_recovery(&rig->engine);
  assert_true(recovery->journal && !recovery->clean && !recovery->fresh);
  assert_int_equal(recovery->messages_again, 5);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(accepted(rig), 5);
  assert_int_equal(vn_waiting(&rig->engine), 0);
  rig_free(rig);
  flash_fake_free(flash);
}

static void it_keeps_the_time_of_its_arrival(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 2);
  rig_t *rig = start(flash);
  assert_int_equal(accept(rig, "n/a", "20.5"), VN_OK);
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(rig_step(rig), VN_OK);
  vn_flush(&rig->engine);
  assert_int_equal(rig->result_count, 3); /* ten and slide */
  assert_int_equal(rig->results[0].start_ms, T0);
  rig_free(rig);
  flash_fake_free(flash);
}

static void what_a_commit_holds_is_not_taken_again(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 3);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 3);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  accept_readings(rig, 3, 5); /* two behind the commit, none of them taken */
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(vn_engine_recovery(&rig->engine)->messages_again, 2);
  assert_int_equal(rig_step(rig), VN_OK);
  vn_accounting_t books = rig_accounting(rig, "a");
  assert_int_equal(books.accepted, 5);
  assert_int_equal(books.duplicate, 0);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig = start_again(rig, flash, new_rig(flash));
  assert_true(vn_engine_recovery(&rig->engine)->clean);
  assert_int_equal(vn_engine_recovery(&rig->engine)->messages_again, 0);
  assert_int_equal(accepted(rig), 5);
  rig_free(rig);
  flash_fake_free(flash);
}

static void one_that_comes_again_is_a_duplicate(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 4);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 4);
  rig = start_again(rig, flash, new_rig(flash));
  accept_readings(rig, 3, 5); /* the broker had no acknowledgement of 3 */
  assert_int_equal(rig_step(rig), VN_OK);
  vn_accounting_t books = rig_accounting(rig, "a");
  assert_int_equal(books.accepted, 5);
  assert_int_equal(books.duplicate, 1);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  accept_readings(rig, 4, 5); /* nothing but a count changes, and that is of one position, too */
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(rig_accounting(rig, "a").duplicate, 2);
  rig_free(rig);
  flash_fake_free(flash);
}

/* States that are too much for one transaction of the other mode are one all the same. */
static void a_commit_is_one_whatever_it_holds(void **state) {
  (void)state;
  static const char *const topics[] = {"n/a", "n/b", "n/c", "n/d"};
  flash_fake_shape_t large = shape;
  large.sector_count = 128;
  flash_fake_t *flash = flash_fake_new(&large, 13);
  rig_t *rig = new_rig(flash);
  rig->windows[0].sample = rig->windows[1].sample = VN_SAMPLE_MAX;
  rig->plan.queue_messages = 16;
  assert_int_equal(rig_start(rig), VN_OK);
  uint64_t commits = rig->engine.log.figures.commits;
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(accept(rig, topics[i], "20.5"), VN_OK);
  }
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  assert_int_equal(rig->engine.log.figures.commits - commits, 5); /* four entries, one of all */
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_full_queue_refuses_and_a_step_makes_room(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 5);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 8);
  assert_int_equal(accept_reading(rig, 8), VN_ERR_FULL);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(accepted(rig), 8);
  accept_readings(rig, 8, 16);
  assert_int_equal(accept_reading(rig, 16), VN_ERR_FULL);
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(accepted(rig), 16);
  rig_free(rig);
  flash_fake_free(flash);
}

/* Four turns of the region while five messages are not taken: cleaning moves them, in order. */
static void messages_that_wait_for_long_are_not_lost_to_cleaning(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 6);
  rig_t *rig = start(flash);
  uint64_t turns = 4 * (uint64_t)shape.sector_count;
  accept_readings(rig, 0, 5);
  vn_hold(&rig->engine, true);
  while (flash->erases < turns) {
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  }
  assert_int_equal(vn_waiting(&rig->engine), 5);
  accept_readings(rig, 5, 7);
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(vn_engine_recovery(&rig->engine)->messages_again, 7);
  assert_int_equal(rig_step(rig), VN_OK);
  vn_accounting_t books = rig_accounting(rig, "a");
  assert_int_equal(books.accepted, 7);
  assert_int_equal(books.missing, 0);
  for (turns = flash->erases + turns; flash->erases < turns;) { /* nothing of it is left behind */
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  }
  assert_null(flash->violation);
  rig_free(rig);
  flash_fake_free(flash);
}

/* What a start on a copy of the flash would take again. */
static void check_again(const flash_fake_t *flash, const rig_t *rig, uint64_t expected) {
  flash_fake_t *copy = flash_fake_new(&shape, 7);
  flash_fake_copy(copy, flash);
  flash_fake_power_up(copy);
  rig_t *next = new_rig(copy);
  next->wall_ms = rig->wall_ms + 1;
  assert_int_equal(rig_start(next), VN_OK);
  assert_int_equal(vn_engine_recovery(&next->engine)->messages_again, expected);
  assert_int_equal(rig_step(next), VN_OK);
  assert_int_equal(accepted(next), expected);
  rig_free(next);
  flash_fake_free(copy);
}

/* They lie in several sectors: cleaning has moved all while old copies of some can be read. */
static void what_cleaning_has_moved_is_taken_once_whenever_the_power_fails(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 6);
  rig_t *rig = start(flash);
  vn_hold(&rig->engine, true);
  for (uint32_t i = 0; i < 5; i++) {
    assert_int_equal(accept_reading(rig, i), VN_OK);
    for (uint64_t before = flash->erases; flash->erases < before + 2u;) {
      assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    }
  }
  for (uint64_t end = 3 * (uint64_t)shape.sector_count; flash->erases < end;) {
    for (uint64_t before = flash->erases; flash->erases == before;) {
      assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    }
    check_again(flash, rig, 5);
  }
  rig_free(rig);
  flash_fake_free(flash);
}

/* Messages of all lengths, also longer than a record of the log, over many turns of the region. */
static void messages_of_any_length_come_back_whole(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 7);
  rig_t *rig = new_rig(flash);
  rig->plan.message_max_bytes = 1200;
  rig->plan.queue_bytes = 8192;
  assert_int_equal(rig_start(rig), VN_OK);
  char payload[1200];
  uint32_t sent = 0;
  for (uint32_t length = 10; length < 1190; length += 7) {
    (void)memset(payload, ' ', sizeof payload);
    int digits = snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":20,\"seq\":%u",
                          (long long)(T0 + (int64_t)sent * 10), sent);
    payload[digits] = ' ';
    size_t end = length < (uint32_t)digits ? (size_t)digits : length;
    payload[end] = '}';
    payload[end + 1] = '\0';
    assert_int_equal(accept(rig, "j/a", payload), VN_OK);
    sent++;
    if (sent % 5 == 3) {
      rig_t *next = new_rig(flash);
      next->plan.message_max_bytes = 1200;
      next->plan.queue_bytes = 8192;
      rig = start_again(rig, flash, next);
    } else if (sent % 5 == 1) {
      assert_int_equal(rig_step(rig), VN_OK);
    }
  }
  assert_int_equal(rig_step(rig), VN_OK);
  vn_accounting_t books = rig_accounting(rig, "a");
  assert_int_equal(books.accepted, sent);
  assert_int_equal(books.received, sent);
  assert_null(flash->violation);
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_message_that_could_not_be_written_is_not_taken(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 8);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 1);
  flash_fake_bad(flash, 0, flash->port.size_bytes, false, true);
  assert_int_equal(accept_reading(rig, 1), VN_ERR_FLASH);
  assert_int_equal(vn_waiting(&rig->engine), 1);
  flash->bad_count = 0;
  assert_int_equal(accept_reading(rig, 1), VN_OK); /* behind it, on another sector */
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(accepted(rig), 2);
  rig_free(rig);
  flash_fake_free(flash);
}

static void nothing_leaves_that_no_commit_holds(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 9);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 2);
  assert_int_equal(rig_step(rig), VN_OK);
  vn_flush(&rig->engine);
  flash_fake_bad(flash, 0, flash->port.size_bytes, false, true);
  assert_int_not_equal(rig_wait(rig, 2000), VN_OK);
  assert_int_not_equal(rig_wait(rig, 2000), VN_OK);
  assert_true(rig->engine.flash_failed);
  assert_int_equal(rig->sent_count, 0);
  assert_int_equal(accept_reading(rig, 2), VN_ERR_FLASH);
  rig_free(rig);
  flash_fake_free(flash);
}

static void without_a_journal_what_it_holds_is_taken_once_more_and_no_further(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 10);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 5);
  rig_t *next = rig_new(&flash->port);
  rig = start_again(rig, flash, next);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(accepted(rig), 5);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(vn_engine_recovery(&rig->engine)->messages_again, 0);
  accept_readings(rig, 5, 6);
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(rig_step(rig), VN_OK);
  vn_accounting_t books = rig_accounting(rig, "a");
  assert_int_equal(books.accepted, 6);
  assert_int_equal(books.duplicate, 0);
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_queue_that_is_too_small_for_the_journal_is_refused(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 11);
  rig_t *rig = start(flash);
  accept_readings(rig, 0, 6);
  rig_free(rig);
  flash_fake_power_up(flash);
  uint64_t programs = flash->programs;
  rig = new_rig(flash);
  rig->plan.queue_messages = 4;
  assert_int_equal(rig_start(rig), VN_ERR_TOO_BIG);
  assert_int_equal(flash->programs, programs);
  rig = start_again(rig, flash, new_rig(flash));
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(accepted(rig), 6);
  rig_free(rig);
  flash_fake_free(flash);
}

static void what_waits_for_the_clock_waits_over_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 12);
  rig_t *rig = new_rig(flash);
  rig->wall_valid = false;
  rig->pipelines[1].unset_clock = VN_UNSET_CLOCK_HOLD;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(accept(rig, "n/a", "20.5"), VN_OK);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(vn_waiting(&rig->engine), 1);
  rig_t *next = new_rig(flash);
  next->wall_valid = false;
  next->pipelines[1].unset_clock = VN_UNSET_CLOCK_HOLD;
  rig = start_again(rig, flash, next);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(vn_waiting(&rig->engine), 1);
  rig->wall_valid = true;
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(vn_waiting(&rig->engine), 0);
  assert_int_equal(accepted(rig), 1);
  rig_free(rig);
  flash_fake_free(flash);
}

/* Nobody knows how long the power was off: the time of arrival goes on with the new run. */
static void what_came_when_the_clock_was_lost_has_its_time_after_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 13);
  rig_t *rig = new_rig(flash);
  rig->pipelines[1].unset_clock = VN_UNSET_CLOCK_HOLD;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  rig->wall_valid = false;
  assert_int_equal(accept(rig, "n/a", "20.5"), VN_OK);
  rig_t *next = new_rig(flash);
  next->wall_valid = false;
  next->pipelines[1].unset_clock = VN_UNSET_CLOCK_HOLD;
  rig = start_again(rig, flash, next);
  assert_int_equal(vn_waiting(&rig->engine), 1);
  rig->wall_valid = true;
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(vn_waiting(&rig->engine), 0);
  assert_int_equal(accepted(rig), 1);
  assert_int_equal(rig_wait(rig, 30000), VN_OK);
  vn_flush(&rig->engine);
  assert_true(rig->result_count > 0);
  assert_in_range(rig->results[0].end_ms, rig->wall_ms - 60000, rig->wall_ms);
  rig_free(rig);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_acknowledged_but_not_taken_is_taken_after_a_restart),
      cmocka_unit_test(it_keeps_the_time_of_its_arrival),
      cmocka_unit_test(what_a_commit_holds_is_not_taken_again),
      cmocka_unit_test(one_that_comes_again_is_a_duplicate),
      cmocka_unit_test(a_commit_is_one_whatever_it_holds),
      cmocka_unit_test(a_full_queue_refuses_and_a_step_makes_room),
      cmocka_unit_test(messages_that_wait_for_long_are_not_lost_to_cleaning),
      cmocka_unit_test(what_cleaning_has_moved_is_taken_once_whenever_the_power_fails),
      cmocka_unit_test(messages_of_any_length_come_back_whole),
      cmocka_unit_test(a_message_that_could_not_be_written_is_not_taken),
      cmocka_unit_test(nothing_leaves_that_no_commit_holds),
      cmocka_unit_test(without_a_journal_what_it_holds_is_taken_once_more_and_no_further),
      cmocka_unit_test(a_queue_that_is_too_small_for_the_journal_is_refused),
      cmocka_unit_test(what_waits_for_the_clock_waits_over_a_restart),
      cmocka_unit_test(what_came_when_the_clock_was_lost_has_its_time_after_a_restart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
