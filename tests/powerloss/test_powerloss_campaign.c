/* A million power cuts over every kind of geometry: single ones, double ones, crash loops, and cuts
 * of a flash whose bits rot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "powerloss.h"

enum { CUTS = 1000000, BETWEEN = 5 };

/* A geometry and its workload. `full`: every item is there, and cleaning goes on, before the first
 * cut; the others begin with the format. */
typedef struct world {
  flash_fake_shape_t flash;
  log_model_shape_t model;
  bool full;
  uint32_t commits, depth, keep_one_in, outage_commits;
} world_t;

/* {erase, prog, sectors, erased value, unstable, ecc, cached}, {items, parts, payload from..to,
 * dirty, page, removed %, journalled %} */
static const world_t singles[] = {
    {{512, 1, 20, 0xFF, true, false, false}, {6, 1, 20, 60, 2, 256, 10, 0}, false, 2000, 1, 1, 0},
    {{512, 8, 99, 0xFF, true, true, false}, {105, 1, 128, 128, 1, 256, 5, 20}, true, 300, 1, 1, 0},
    {{512, 16, 256, 0x00, true, true, false}, {60, 1, 100, 200, 2, 256, 5, 20}, true, 300, 1, 1, 0},
    {{1024, 4, 16, 0xFF, true, true, false}, {6, 1, 20, 40, 2, 256, 10, 0}, false, 4000, 1, 1, 0},
    {{1024, 4, 120, 0xFF, true, true, false}, {426, 1, 128, 128, 1, 256, 0, 0}, true, 60, 1, 1, 0},
    {{1024, 8, 27, FLASH_FAKE_NOISE, true, true, false},
     {57, 1, 128, 128, 1, 256, 5, 0},
     true,
     400,
     1,
     1,
     40},
    {{2048, 16, 84, 0xFF, true, true, false}, {448, 1, 176, 176, 1, 256, 0, 0}, true, 40, 1, 1, 0},
    {{2048, 8, 144, 0xFF, true, true, false},
     {500, 1, 300, 300, 1, 256, 0, 0},
     true,
     20,
     1,
     1,
     200},
    {{2048, 32, 20, 0xA5, true, true, false}, {14, 3, 20, 60, 3, 256, 5, 0}, false, 1000, 1, 1, 0},
    {{4096, 64, 24, 0xFF, true, true, false}, {60, 2, 30, 90, 3, 256, 5, 20}, true, 300, 1, 1, 120},
    {{4096, 128, 16, 0x00, true, true, false}, {12, 2, 20, 90, 3, 256, 5, 0}, false, 1500, 1, 1, 0},
    {{8192, 256, 16, 0xFF, true, true, false},
     {14, 3, 20, 60, 3, 256, 5, 30},
     false,
     1500,
     1,
     1,
     0},
    {{8192, 512, 16, 0xA5, true, true, false},
     {14, 3, 20, 60, 3, 1024, 5, 0},
     false,
     1000,
     1,
     1,
     0},
    {{16384, 1024, 14, 0xFF, true, true, false},
     {20, 2, 90, 400, 3, 1024, 5, 0},
     true,
     300,
     1,
     1,
     0},
    {{65536, 4096, 12, 0xA5, false, false, true},
     {20, 3, 200, 500, 4, 16384, 5, 0},
     true,
     60,
     1,
     1,
     0},
    {{131072, 512, 12, 0xFF, true, true, false},
     {60, 3, 500, 900, 12, 4096, 5, 0},
     true,
     30,
     1,
     1,
     0},
};

/* The second cut at every operation of what follows the first, five commits included. */
static const world_t doubles[] = {
    {{512, 8, 16, 0xFF, true, true, false}, {4, 1, 20, 40, 2, 256, 10, 0}, false, 250, 2, 1, 0},
    {{512, 4, 18, 0xA5, true, true, false}, {4, 2, 20, 40, 2, 256, 10, 0}, false, 160, 2, 1, 0},
    {{1024, 4, 14, 0xFF, true, true, false}, {6, 1, 20, 40, 2, 256, 5, 0}, false, 160, 2, 1, 0},
    {{1024, 16, 14, 0xFF, true, true, false}, {6, 1, 20, 40, 2, 256, 5, 50}, false, 260, 2, 1, 0},
    {{2048, 128, 16, 0x00, true, true, false}, {8, 1, 20, 60, 2, 256, 5, 0}, false, 100, 2, 1, 0},
    {{4096, 256, 14, 0xFF, true, true, false}, {8, 1, 20, 60, 2, 256, 5, 20}, false, 100, 2, 1, 0},
};

/* A bit changes or a unit becomes unreadable, before the first mount behind a cut or some commits
 * later. */
static const world_t rotting[] = {
    {{512, 8, 20, 0xFF, true, true, false}, {6, 1, 20, 60, 2, 256, 10, 0}, false, 300, 1, 1, 0},
    {{512, 4, 80, 0xFF, true, true, false}, {8, 2, 40, 120, 3, 256, 5, 0}, false, 200, 1, 1, 0},
    {{1024, 4, 24, 0xA5, true, true, false}, {20, 2, 20, 60, 3, 256, 5, 0}, false, 300, 1, 1, 60},
    {{1024, 16, 28, 0xFF, true, true, false}, {12, 1, 20, 60, 3, 256, 5, 40}, false, 300, 1, 1, 0},
    {{4096, 256, 16, 0x00, true, true, false}, {12, 2, 20, 90, 3, 256, 5, 20}, false, 300, 1, 1, 0},
    {{1024, 4, 120, 0xFF, true, true, false}, {426, 1, 128, 128, 1, 256, 0, 0}, true, 40, 1, 2, 0},
};

/* 32 sectors and more have the reserve against storms. */
static const powerloss_loop_t loops[] = {
    {.flash = {1024, 4, 32, 0xFF, true, true, false},
     .model = {12, 2, 20, 40, 3, 256, 10, 0},
     .power_ups = 12000,
     .operations_max = 9},
    {.flash = {512, 16, 40, 0x00, true, true, false},
     .model = {8, 2, 20, 40, 2, 256, 5, 0},
     .power_ups = 12000,
     .operations_max = 14},
    {.flash = {4096, 128, 32, 0xFF, true, true, false},
     .model = {14, 3, 20, 60, 3, 256, 5, 30},
     .power_ups = 12000,
     .operations_max = 60},
    {.flash = {8192, 512, 40, 0xA5, true, true, false},
     .model = {14, 3, 20, 60, 3, 1024, 5, 0},
     .power_ups = 4000,
     .operations_max = 200},
};

typedef struct total {
  uint64_t single, twice, looped, rotten;
} total_t;

static total_t total;

/* VN_CUTS: how many cuts, about. Above a million, more seeds; below, a share of the cuts. */
static double share(void) {
  const char *text = getenv("VN_CUTS");
  double cuts = text == NULL ? 0 : strtod(text, NULL);
  return cuts >= 1 ? cuts / CUTS : 1;
}

static uint64_t seed_count(void) { return share() > 1 ? (uint64_t)share() : 1u; }

static uint32_t thinner(uint32_t one_in) {
  return share() >= 1 ? one_in : (uint32_t)(one_in / share());
}

/* All items, and then commits until cleaning has begun. */
static void fill(log_model_t *model) {
  assert_int_equal(log_model_commit_dirty(model, model->shape.items), VN_OK);
  while (model->log.state.pass_begun == 0) {
    assert_int_equal(log_model_commit(model), VN_OK);
  }
}

static void run_world(const world_t *world, uint64_t seed, bool rot) {
  powerloss_t run;
  powerloss_start(&run, &world->model, &world->flash, seed);
  powerloss_outage(&run, world->outage_commits);
  run.depth = world->depth;
  run.commits_between = BETWEEN;
  run.keep_one_in = thinner(world->keep_one_in);
  run.seal_mount_one_in = 4;
  run.rot_one_in = rot ? 1u : 0u;
  if (world->full) {
    fill(run.level[0]);
  }
  powerloss_run(&run, world->commits);
  const log_model_t *uncut = run.level[0];
  uint64_t region = (uint64_t)world->flash.erase_size * world->flash.sector_count;
  print_message("  E %u, W %u, N %u, fill %.2f, seed %llu: %llu cuts\n", world->flash.erase_size,
                world->flash.prog_size, world->flash.sector_count,
                (double)log_model_live_max(&world->model) / (double)region,
                (unsigned long long)seed, (unsigned long long)run.cuts);
  if (run.failure != NULL) {
    print_error("%s (%s)\n", run.failure, run.place);
  }
  assert_null(run.failure);
  assert_true(uncut->durable.accepted > 0);
  *(world->depth == 1 ? &total.single : &total.twice) += run.cuts;
  total.rotten += run.rotten;
  powerloss_stop(&run);
}

static void run_worlds(const world_t *worlds, size_t count, bool rot) {
  for (uint64_t seed = 1; seed <= seed_count(); seed++) {
    for (size_t i = 0; i < count; i++) {
      run_world(&worlds[i], seed, rot);
    }
  }
}

static void single_cuts_at_every_operation(void **unused) {
  (void)unused;
  run_worlds(singles, sizeof singles / sizeof *singles, false);
}

static void double_cuts_with_five_commits_between(void **unused) {
  (void)unused;
  run_worlds(doubles, sizeof doubles / sizeof *doubles, false);
}

static void cuts_while_bits_rot(void **unused) {
  (void)unused;
  run_worlds(rotting, sizeof rotting / sizeof *rotting, true);
}

static void crash_loops(void **unused) {
  (void)unused;
  for (uint64_t seed = 1; seed <= seed_count(); seed++) {
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
      powerloss_loop_t loop = loops[i];
      loop.seed = seed;
      loop.power_ups = share() >= 1 ? loop.power_ups : (uint32_t)(loop.power_ups * share()) + 1u;
      powerloss_loop(&loop);
      if (loop.failure != NULL) {
        print_error("seed %llu, power-up %u: %s\n", (unsigned long long)seed, loop.failed_at,
                    loop.failure);
      }
      assert_null(loop.failure);
      total.looped += loop.power_ups;
    }
  }
}

static void a_million_cuts_were_made(void **unused) {
  (void)unused;
  unsigned long long cuts = total.single + total.twice + total.looped;
  print_message(
      "%llu cuts (%llu single, %llu double, %llu in crash loops; %llu with bit rot), "
      "%zu geometries, seeds 1..%llu: no difference to the uncut run\n",
      cuts, (unsigned long long)total.single, (unsigned long long)total.twice,
      (unsigned long long)total.looped, (unsigned long long)total.rotten,
      (sizeof singles + sizeof doubles + sizeof rotting) / sizeof(world_t),
      (unsigned long long)seed_count());
  assert_true((double)cuts >= 0.5 * share() * CUTS);
  assert_true(share() < 1 || cuts >= CUTS);
}

/* An argument is a pattern for the names of the tests to run. */
int main(int argc, char **argv) {
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(single_cuts_at_every_operation),
      cmocka_unit_test(double_cuts_with_five_commits_between),
      cmocka_unit_test(cuts_while_bits_rot),
      cmocka_unit_test(crash_loops),
      cmocka_unit_test(a_million_cuts_were_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
