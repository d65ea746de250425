/* Journal mode: what was there before is counted and acknowledged, and costs the flash nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/hash.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

/* A device in journal mode, and its flash. */
typedef struct bench {
  flash_fake_t *flash;
  rig_t *rig;
} bench_t;

static rig_t *journal_rig(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.durability = VN_DURABILITY_JOURNAL;
  rig->pipelines[1].deduplicate = 8;
  return rig;
}

static bench_t bench_new(uint64_t seed) {
  bench_t bench = {.flash = flash_fake_new(&shape, seed)};
  bench.rig = journal_rig(bench.flash);
  return bench;
}

static void start(bench_t *bench) { assert_int_equal(rig_start(bench->rig), VN_OK); }

static void bench_free(bench_t *bench) {
  rig_free(bench->rig);
  flash_fake_free(bench->flash);
}

static void accept(bench_t *bench, const char *topic, const char *payload) {
  assert_int_equal(vn_accept_message(&bench->rig->engine, (vn_text_t){topic, strlen(topic)},
                                     (const uint8_t *)payload, strlen(payload), false),
                   VN_OK);
}

/* A reading of series "a" with a number. */
static void accept_reading(bench_t *bench, uint32_t number, int64_t time_ms, int value) {
  char payload[80];
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%d,\"seq\":%u}", (long long)time_ms,
                 value, number);
  accept(bench, "j/a", payload);
}

/* Numbers from 0, one each 100 ms, all taken. */
static void take_readings(bench_t *bench, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    accept_reading(bench, i, T0 + (int64_t)i * 100, 20);
    assert_int_equal(rig_step(bench->rig), VN_OK);
  }
}

static void step(bench_t *bench) { assert_int_equal(rig_step(bench->rig), VN_OK); }

static uint64_t duplicates(const bench_t *bench, const char *series) {
  return rig_accounting(bench->rig, series).duplicate;
}

static void a_flood_of_repeats_adds_nothing_to_the_log(void **state) {
  (void)state;
  bench_t bench = bench_new(1);
  start(&bench);
  take_readings(&bench, 10);
  assert_int_equal(vn_checkpoint(&bench.rig->engine), VN_OK);
  uint64_t operations = bench.flash->operations;
  for (uint32_t i = 0; i < 2000; i++) {
    accept_reading(&bench, i % 10, T0 + (int64_t)(i % 10) * 100, 20);
    assert_int_equal(vn_waiting(&bench.rig->engine), 0);
    assert_int_equal(rig_wait(bench.rig, 10), VN_OK); /* two intervals of checkpoints */
  }
  assert_int_equal(bench.flash->operations, operations);
  vn_accounting_t books = rig_accounting(bench.rig, "a");
  assert_int_equal(books.duplicate, 2000);
  assert_int_equal(books.received, 2010);
  assert_int_equal(vn_engine_figures(&bench.rig->engine)->messages, 2010);
  assert_int_equal(vn_engine_figures(&bench.rig->engine)->reasons[VN_REASON_DUPLICATE], 2000);
  bench_free(&bench);
}

/* The byte by which readings of one number are told apart. */
static uint32_t byte_of(int64_t time_ms, int value) {
  return vn_priority(0, time_ms, value * 100) % UINT8_MAX;
}

static void behind_a_restart_that_waits_a_reading_with_the_byte_of_an_old_one_counts(void **state) {
  (void)state;
  bench_t bench = bench_new(3);
  int64_t time_ms = T0 + 5100;
  start(&bench);
  take_readings(&bench, 10);
  accept_reading(&bench, 0, T0 + 5000, 21); /* the sensor counts anew */
  assert_int_not_equal(byte_of(T0 + 5000, 21), byte_of(T0, 20));
  while (byte_of(time_ms, 22) != byte_of(T0 + 400, 20)) {
    time_ms++;
  }
  accept_reading(&bench, 4, time_ms, 22);
  accept_reading(&bench, 3, T0 + 300, 20); /* of before: it comes again */
  step(&bench);
  vn_accounting_t books = rig_accounting(bench.rig, "a");
  assert_int_equal(books.received, 13);
  assert_int_equal(books.duplicate, 1);
  assert_int_equal(books.rejected, 0);
  bench_free(&bench);
}

static void so_it_is_with_readings_that_are_known_by_time_and_value(void **state) {
  (void)state;
  static const char pack[] =
      "[{\"n\":\"c\",\"u\":\"Cel\",\"t\":1795219200,\"v\":20},"
      "{\"n\":\"d\",\"u\":\"Cel\",\"t\":1795219201,\"v\":21}]";
  static const char news[] =
      "[{\"n\":\"c\",\"u\":\"Cel\",\"t\":1795219200,\"v\":20},"
      "{\"n\":\"d\",\"u\":\"Cel\",\"t\":1795219202,\"v\":21}]";
  bench_t bench = bench_new(2);
  start(&bench);
  accept(&bench, "p/x", pack);
  step(&bench);
  uint64_t operations = bench.flash->operations;
  accept(&bench, "p/x", pack);
  assert_int_equal(bench.flash->operations, operations);
  assert_int_equal(duplicates(&bench, "c"), 1);
  assert_int_equal(duplicates(&bench, "d"), 1);
  accept(&bench, "p/x", news); /* one of two is new: the whole message is kept */
  assert_true(bench.flash->operations > operations);
  step(&bench);
  assert_int_equal(duplicates(&bench, "c"), 2);
  assert_int_equal(rig_accounting(bench.rig, "d").accepted, 2);
  bench_free(&bench);
}

/* What another look could find to be news is written. */
#define OLD_READING "{\"t\":1795219200000,\"v\":20,\"seq\":0}"
#define OTHER_OLD_READING "{\"t\":1795219200100,\"v\":20,\"seq\":1}"
#define NEW_READING(n) "{\"t\":179521920" #n "000,\"v\":20,\"seq\":" #n "}"

/* Wherever in a batch the new reading stands, and whatever is wrong behind it. */
static void a_batch_of_repeats_is_told_from_one_with_news(void **state) {
  (void)state;
  static const struct {
    const char *payload;
    bool kept;
    uint32_t accepted, duplicate;
    uint64_t damaged;
  } batches[] = {
      {"[" OLD_READING "," OTHER_OLD_READING "," OLD_READING "]", false, 0, 3, 0},
      {"[" NEW_READING(2) "," OLD_READING "," OTHER_OLD_READING "]", true, 1, 2, 0},
      {"[" OLD_READING "," NEW_READING(2) "," OTHER_OLD_READING "]", true, 1, 2, 0},
      {"[" OLD_READING "," OTHER_OLD_READING "," NEW_READING(2) "]", true, 1, 2, 0},
      {"[" NEW_READING(2) "," NEW_READING(3) "," NEW_READING(4) "]", true, 3, 0, 0},
      {"[" NEW_READING(2) "," OLD_READING ",{\"t\"", true, 1, 1, 1},
      {"[" OLD_READING "," OTHER_OLD_READING ",{\"t\"", true, 0, 2, 1},
  };
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
    bench_t bench = bench_new(9);
    start(&bench);
    take_readings(&bench, 2);
    const vn_figures_t *figures = vn_engine_figures(&bench.rig->engine);
    uint64_t operations = bench.flash->operations;
    uint64_t damaged = figures->reasons[VN_REASON_JSON];
    vn_accounting_t before = rig_accounting(bench.rig, "a");
    accept(&bench, "j/a", batches[i].payload);
    assert_true((bench.flash->operations > operations) == batches[i].kept);
    assert_int_equal(vn_waiting(&bench.rig->engine), batches[i].kept);
    step(&bench);
    vn_accounting_t after = rig_accounting(bench.rig, "a");
    assert_int_equal(after.accepted - before.accepted, batches[i].accepted);
    assert_int_equal(after.duplicate - before.duplicate, batches[i].duplicate);
    assert_int_equal(figures->reasons[VN_REASON_JSON] - damaged, batches[i].damaged);
    bench_free(&bench);
  }
}

static void what_is_no_plain_repeat_is_kept(void **state) {
  (void)state;
  bench_t bench = bench_new(3);
  start(&bench);
  take_readings(&bench, 3);
  const char *const payloads[] = {
      "{\"t\":1795219200000,\"v\":21,\"seq\":0}",   /* the number of another reading */
      "{\"t\":1795219200000,\"v\":20,\"seq\":9}",   /* a reading that has another number now */
      "{\"t\":1795219200000,\"v\":null,\"seq\":0}", /* no reading */
      "{\"t\":1795219200000,\"v\":20,\"seq\":0",    /* damaged */
      "{\"t\":1795229200000,\"v\":20,\"seq\":0}",   /* from the future */
      "",
  };
  for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
    uint64_t operations = bench.flash->operations;
    accept(&bench, "j/a", payloads[i]);
    assert_true(bench.flash->operations > operations);
    step(&bench);
  }
  const char *const topics[] = {"nobody", "j/b", "vnotch/gw-1/command", "n/a"};
  for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
    uint64_t operations = bench.flash->operations;
    accept(&bench, topics[i], "{\"t\":1795219200000,\"v\":20,\"seq\":0}");
    assert_true(bench.flash->operations > operations);
    step(&bench);
  }
  vn_accounting_t books = rig_accounting(bench.rig, "a");
  assert_int_equal(books.accepted, 3);
  assert_int_equal(vn_engine_figures(&bench.rig->engine)->reasons[VN_REASON_CONFLICT], 1);
  bench_free(&bench);
}

static void a_repeat_of_one_that_still_waits_is_kept_and_counted_behind_it(void **state) {
  (void)state;
  bench_t bench = bench_new(4);
  start(&bench);
  accept_reading(&bench, 0, T0, 20);
  uint64_t operations = bench.flash->operations;
  accept_reading(&bench, 0, T0, 20);
  assert_true(bench.flash->operations > operations);
  assert_int_equal(vn_waiting(&bench.rig->engine), 2);
  step(&bench);
  vn_accounting_t books = rig_accounting(bench.rig, "a");
  assert_int_equal(books.accepted, 1);
  assert_int_equal(books.duplicate, 1);
  bench_free(&bench);
}

/*
 * The sensor has started anew, and its first reading waits: what was old before it is not old
 * behind it. Nothing of it may be acknowledged and forgotten.
 */
static void while_others_wait_only_what_is_known_is_a_repeat(void **state) {
  (void)state;
  bench_t bench = bench_new(5);
  start(&bench);
  accept_reading(&bench, 1000, T0 + 3000, 20);
  step(&bench);
  uint64_t operations = bench.flash->operations;
  accept_reading(&bench, 6, T0 + 2500, 20); /* nothing waits: it is old, and that is certain */
  assert_int_equal(bench.flash->operations, operations);
  assert_int_equal(duplicates(&bench, "a"), 1);
  accept_reading(&bench, 5, T0 + 4000, 20); /* begins anew */
  accept_reading(&bench, 6, T0 + 2600, 20);
  accept_reading(&bench, 1000, T0 + 3000, 20); /* known, whatever waits */
  assert_int_equal(vn_waiting(&bench.rig->engine), 2);
  assert_int_equal(duplicates(&bench, "a"), 2);
  step(&bench);
  vn_accounting_t books = rig_accounting(bench.rig, "a");
  assert_int_equal(books.accepted + books.late, 3);
  assert_int_equal(books.duplicate, 2);
  bench_free(&bench);
}

static void without_a_clock_repeats_wait_as_all_does(void **state) {
  (void)state;
  bench_t bench = bench_new(6);
  start(&bench);
  take_readings(&bench, 2);
  bench.rig->wall_valid = false;
  uint64_t operations = bench.flash->operations;
  accept_reading(&bench, 0, T0, 20);
  assert_true(bench.flash->operations > operations);
  step(&bench);
  assert_int_equal(duplicates(&bench, "a"), 1);
  bench_free(&bench);
}

/* The clock was set back: what was taken is from the future now, and refused for that. */
static void what_is_from_the_future_is_no_repeat(void **state) {
  (void)state;
  bench_t bench = bench_new(8);
  start(&bench);
  accept_reading(&bench, 0, T0 + 50000, 20);
  step(&bench);
  bench.rig->wall_ms -= 20000;
  uint64_t operations = bench.flash->operations;
  accept_reading(&bench, 0, T0 + 50000, 20);
  assert_true(bench.flash->operations > operations);
  bench.rig->wall_ms += 20000;
  bench_free(&bench);
}

/* Without a time of its own it is stale, whatever its number says. */
static void a_retained_reading_without_a_time_is_no_repeat(void **state) {
  (void)state;
  static const char payload[] = "{\"v\":20,\"seq\":7}";
  bench_t bench = bench_new(9);
  bench.rig->inputs[1].has_time = false;
  start(&bench);
  accept(&bench, "j/a", payload);
  step(&bench);
  uint64_t operations = bench.flash->operations;
  assert_int_equal(vn_accept_message(&bench.rig->engine, (vn_text_t){"j/a", 3},
                                     (const uint8_t *)payload, strlen(payload), true),
                   VN_OK);
  assert_true(bench.flash->operations > operations);
  accept(&bench, "j/a", payload); /* that one is */
  step(&bench);
  assert_int_equal(duplicates(&bench, "a"), 1);
  bench_free(&bench);
}

/* Their counts since the last commit: no more than that is forgotten. */
static void a_crash_may_forget_that_they_came_and_nothing_else(void **state) {
  (void)state;
  bench_t bench = bench_new(7);
  start(&bench);
  take_readings(&bench, 5);
  accept_reading(&bench, 4, T0 + 400, 20);
  assert_int_equal(duplicates(&bench, "a"), 1);
  assert_int_equal(vn_checkpoint(&bench.rig->engine), VN_OK);
  accept_reading(&bench, 3, T0 + 300, 20);
  accept_reading(&bench, 5, T0 + 500, 20);
  assert_int_equal(duplicates(&bench, "a"), 2);
  rig_free(bench.rig);
  bench_t next = {.flash = bench.flash, .rig = journal_rig(bench.flash)};
  flash_fake_power_up(next.flash);
  start(&next);
  step(&next);
  vn_accounting_t books = rig_accounting(next.rig, "a");
  assert_int_equal(books.accepted, 6);
  assert_int_equal(books.duplicate, 1);
  assert_int_equal(books.received, 7);
  bench_free(&next);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_flood_of_repeats_adds_nothing_to_the_log),
      cmocka_unit_test(behind_a_restart_that_waits_a_reading_with_the_byte_of_an_old_one_counts),
      cmocka_unit_test(so_it_is_with_readings_that_are_known_by_time_and_value),
      cmocka_unit_test(a_batch_of_repeats_is_told_from_one_with_news),
      cmocka_unit_test(what_is_no_plain_repeat_is_kept),
      cmocka_unit_test(a_repeat_of_one_that_still_waits_is_kept_and_counted_behind_it),
      cmocka_unit_test(while_others_wait_only_what_is_known_is_a_repeat),
      cmocka_unit_test(without_a_clock_repeats_wait_as_all_does),
      cmocka_unit_test(what_is_from_the_future_is_no_repeat),
      cmocka_unit_test(a_retained_reading_without_a_time_is_no_repeat),
      cmocka_unit_test(a_crash_may_forget_that_they_came_and_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
