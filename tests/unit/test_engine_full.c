/*
 * A region that too many bad sectors have made too small: what doesn't fit is refused, and
 * durability comes back by itself, with room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "engine_rig.h"

enum { SECTORS = 96, SERIES = 4, WAITS_MAX = 400, STORM_MESSAGES = 300 };

static const flash_fake_shape_t shape = {.erase_size = 4096,
                                         .prog_size = 16,
                                         .sector_count = SECTORS,
                                         .erased_value = FLASH_FAKE_NOISE,
                                         .unstable = true};

/* A device that is driven until it is stopped, and its flash, of which some sectors are good. */
typedef struct bench {
  flash_fake_t *flash;
  rig_t *rig;
  bool journal;
  uint32_t next, refused, told; /* messages, refusals, and how often a want of room was told */
  uint32_t acknowledged[SERIES];
} bench_t;

static const char *const names[SERIES] = {"a", "b", "c", "d"};

static void power_up(bench_t *bench) {
  int64_t wall_ms = bench->rig == NULL ? 0 : bench->rig->wall_ms + 1;
  bench->rig = rig_new(&bench->flash->port);
  bench->rig->wall_ms = wall_ms != 0 ? wall_ms : bench->rig->wall_ms;
  if (bench->journal) {
    bench->rig->plan.durability = VN_DURABILITY_JOURNAL;
  }
}

static bench_t bench_new(bool journal, uint32_t good, uint64_t seed) {
  bench_t bench = {.flash = flash_fake_new(&shape, seed), .journal = journal};
  uint32_t first = SECTORS - good;
  flash_fake_bad(bench.flash, 4 * shape.erase_size, first * shape.erase_size, false, true);
  power_up(&bench);
  assert_int_equal(rig_start(bench.rig), VN_OK);
  return bench;
}

static void bench_free(bench_t *bench) {
  assert_null(bench->flash->violation);
  rig_free(bench->rig);
  flash_fake_free(bench->flash);
}

/* The next message, once more if it wasn't acknowledged. */
static vn_err_t offer(bench_t *bench) {
  char topic[8];
  char payload[80];
  uint32_t series = bench->next % SERIES;
  (void)snprintf(topic, sizeof topic, "j/%s", names[series]);
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":20.5,\"seq\":%u}",
                 (long long)(INT64_C(1795219200000) + (int64_t)bench->next * 1000), bench->next);
  const vn_text_t text = {topic, strlen(topic)};
  const uint8_t *bytes = (const uint8_t *)payload;
  vn_err_t error = bench->journal
                       ? vn_accept_message(&bench->rig->engine, text, bytes, strlen(payload), false)
                       : vn_offer_message(&bench->rig->engine, text, bytes, strlen(payload), false);
  if (error == VN_OK) {
    bench->acknowledged[series]++;
    bench->next++;
  } else if (!bench->flash->dead) {
    assert_true(error == VN_ERR_FULL || error == VN_ERR_LOG_FULL);
    bench->refused++;
  }
  return error;
}

static void wait_a_second(bench_t *bench) {
  vn_err_t error = rig_wait(bench->rig, 1000);
  if (!bench->flash->dead) {
    assert_true(error == VN_OK || error == VN_ERR_LOG_FULL);
    bench->told += error == VN_ERR_LOG_FULL;
    assert_true(bench->rig->engine.durable);
  }
}

static void run(bench_t *bench, uint32_t seconds) {
  for (uint32_t i = 0; i < seconds; i++) {
    (void)offer(bench);
    wait_a_second(bench);
  }
}

static void wait_for_room(bench_t *bench) {
  for (uint32_t i = 0; i < WAITS_MAX && bench->rig->engine.room.tries > 0; i++) {
    wait_a_second(bench);
  }
  assert_int_equal(bench->rig->engine.room.tries, 0);
}

static void link_comes_back(bench_t *bench) {
  bench->rig->link_up = true;
  vn_uplink_restarted(&bench->rig->engine);
}

/* All that was acknowledged counts once, also behind another start. */
static void check_counts(bench_t *bench) {
  for (uint32_t s = 0; s < SERIES; s++) {
    vn_accounting_t books = rig_accounting(bench->rig, names[s]);
    assert_int_equal(books.accepted + books.late, bench->acknowledged[s]);
  }
}

static void start_again(bench_t *bench) {
  rig_t *before = bench->rig;
  flash_fake_power_up(bench->flash);
  power_up(bench);
  rig_free(before);
  assert_int_equal(rig_start(bench->rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&bench->rig->engine)->records_damaged, 0);
  assert_int_equal(rig_step(bench->rig), VN_OK);
}

/* An outage fills the outbox: the region gets tight, and has room again when results have left. */
static void durability_comes_back_with_room(void **state) {
  (void)state;
  bench_t bench = bench_new(false, 5, 1);
  bench.rig->link_up = false;
  run(&bench, 200);
  assert_int_equal(bench.told, 1);
  assert_true(bench.rig->engine.room.let_go);
  uint64_t commits = bench.rig->engine.log.figures.commits;
  run(&bench, 20);
  assert_int_equal(bench.rig->engine.log.figures.commits, commits);
  link_comes_back(&bench);
  wait_for_room(&bench);
  assert_false(bench.rig->engine.room.let_go);
  assert_true(bench.rig->sent_count > 20);
  run(&bench, 100);
  assert_int_equal(bench.told, 1);
  assert_int_equal(bench.refused, 0);
  assert_int_equal(vn_checkpoint(&bench.rig->engine), VN_OK);
  check_counts(&bench);
  start_again(&bench);
  check_counts(&bench);
  bench_free(&bench);
}

static void messages_are_refused_and_taken_again_with_room(void **state) {
  (void)state;
  bench_t bench = bench_new(true, 14, 2);
  bench.rig->link_up = false;
  run(&bench, 300);
  assert_true(bench.refused > 50);
  assert_int_equal(bench.rig->engine.room.refused, bench.refused);
  check_counts(&bench);
  uint32_t before = bench.next;
  link_comes_back(&bench);
  run(&bench, 300);
  assert_true(bench.next > before + 100);
  start_again(&bench); /* without a stop */
  check_counts(&bench);
  bench_free(&bench);
}

/* Below the reserve, but enough for what is written: nobody is refused, nothing is told. */
static void a_tight_region_goes_on(void **state) {
  (void)state;
  bench_t bench = bench_new(true, 18, 3);
  bench.rig->link_up = false;
  run(&bench, 400);
  link_comes_back(&bench);
  run(&bench, 100);
  assert_int_equal(bench.told, 0);
  assert_int_equal(bench.refused, 0);
  start_again(&bench);
  check_counts(&bench);
  bench_free(&bench);
}

/* States and results go on in RAM; the region stays as it is. */
static void without_any_room_it_is_told_once(void **state) {
  (void)state;
  bench_t bench = bench_new(false, 4, 4);
  run(&bench, 600);
  assert_int_equal(bench.told, 1);
  assert_int_equal(bench.refused, 0);
  assert_true(bench.rig->sent_count > 100);
  check_counts(&bench);
  start_again(&bench);
  assert_false(vn_engine_recovery(&bench.rig->engine)->fresh);
  bench_free(&bench);
}

static void without_any_room_nothing_is_acknowledged(void **state) {
  (void)state;
  bench_t bench = bench_new(true, 4, 5);
  run(&bench, 600);
  assert_int_equal(bench.told, 1);
  assert_true(bench.refused >= 590);
  assert_int_equal(bench.rig->engine.room.refused, bench.refused);
  start_again(&bench);
  assert_false(vn_engine_recovery(&bench.rig->engine)->fresh);
  check_counts(&bench);
  bench_free(&bench);
}

/* A sector that can't be written is left, and the commit made in another one. */
static void one_bad_sector_costs_no_durability(void **state) {
  (void)state;
  for (uint32_t sector = 0; sector < 8; sector++) {
    flash_fake_t *flash = flash_fake_new(&shape, sector);
    bench_t bench = {.flash = flash};
    power_up(&bench);
    assert_int_equal(rig_start(bench.rig), VN_OK);
    run(&bench, 10);
    uint32_t at = (bench.rig->engine.log.state.head + sector) % SECTORS * shape.erase_size;
    flash_fake_bad(flash, at + 256, 3500, false, true);
    run(&bench, 100);
    assert_int_equal(bench.rig->engine.log.figures.sectors_bad, 1);
    assert_int_equal(bench.told, 0);
    assert_int_equal(vn_checkpoint(&bench.rig->engine), VN_OK);
    start_again(&bench);
    check_counts(&bench);
    bench_free(&bench);
  }
}

static void cut(bench_t *bench, uint32_t operations) {
  flash_fake_cut_at(bench->flash, operations,
                    (flash_fake_cut_t)(CUT_PROG_NOTHING + operations % 4u),
                    (flash_fake_cut_t)(CUT_ERASE_OLD + operations / 4u % 4u));
}

/* A power-up that is cut: what it acknowledged counts, in journal mode. */
static void short_power_up(bench_t *bench, uint32_t operations) {
  rig_t *before = bench->rig;
  flash_fake_power_up(bench->flash);
  power_up(bench);
  rig_free(before);
  cut(bench, operations);
  vn_err_t error = rig_start(bench->rig);
  bench->rig->link_up = operations % 3u == 0;
  while (error == VN_OK && !bench->flash->dead) {
    (void)offer(bench);
    wait_a_second(bench);
  }
  assert_true(bench->flash->dead);
}

/* Published = counted + refused, whatever is cut: what was not acknowledged is sent again. */
static void cuts_in_a_tight_region_lose_nothing(void **state) {
  (void)state;
  uint32_t runs = asked("VN_CASES", 500) / 100u + 1u;
  for (uint32_t i = 0; i < runs; i++) {
    bench_t bench = bench_new(true, 14 + i % 6u, 100 + i);
    prng_t prng = prng_make(100 + i, 7);
    for (uint32_t k = 0; k < 60; k++) {
      short_power_up(&bench, 8 + prng_below(&prng, 120));
    }
    start_again(&bench);
    link_comes_back(&bench);
    uint32_t before = bench.next;
    run(&bench, STORM_MESSAGES);
    wait_for_room(&bench);
    if (bench.next < before + STORM_MESSAGES / 2u) {
      fail_msg("seed %u: %u of %u messages were taken", 100 + i, bench.next - before,
               STORM_MESSAGES);
    }
    check_counts(&bench);
    start_again(&bench);
    check_counts(&bench);
    bench_free(&bench);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(durability_comes_back_with_room),
      cmocka_unit_test(messages_are_refused_and_taken_again_with_room),
      cmocka_unit_test(a_tight_region_goes_on),
      cmocka_unit_test(without_any_room_it_is_told_once),
      cmocka_unit_test(without_any_room_nothing_is_acknowledged),
      cmocka_unit_test(one_bad_sector_costs_no_durability),
      cmocka_unit_test(cuts_in_a_tight_region_lose_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
