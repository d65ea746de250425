/* Crash loops: thousands of power-ups of a few flash operations each, on one region. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "powerloss.h"

enum { SEEDS = 3 };

static void crash(const powerloss_loop_t *shape, uint32_t commits_least) {
  uint64_t seeds = SEEDS * powerloss_scale();
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    powerloss_loop_t loop = *shape;
    loop.seed = seed;
    powerloss_loop(&loop);
    if (loop.failure != NULL) {
      print_message("E %u, W %u, <= %u operations, seed %llu, power-up %u: %s\n",
                    loop.flash.erase_size, loop.flash.prog_size, loop.operations_max,
                    (unsigned long long)seed, loop.failed_at, loop.failure);
      fail();
    }
    assert_true(loop.commits >= commits_least);
  }
  print_message("  E %u, W %u, <= %u operations: seeds 1..%llu\n", shape->flash.erase_size,
                shape->flash.prog_size, shape->operations_max, (unsigned long long)seeds);
}

/* 32 sectors and more have the reserve against storms. */
static const powerloss_loop_t geometries[] = {
    {.flash = {1024, 4, 32, 0xFF, true, true, false}, .model = {12, 2, 20, 40, 3, 256, 10, 0}},
    {.flash = {1024, 8, 32, 0xA5, true, true, false}, .model = {12, 1, 20, 60, 3, 256, 5, 0}},
    {.flash = {512, 16, 40, 0x00, true, true, false}, .model = {8, 2, 20, 40, 2, 256, 5, 0}},
    {.flash = {4096, 128, 32, 0xFF, true, true, false}, .model = {14, 3, 20, 60, 3, 256, 5, 0}},
    {.flash = {8192, 512, 40, 0xA5, true, true, false}, .model = {14, 3, 20, 60, 3, 1024, 5, 0}},
    {.flash = {8192, 512, 40, 0xA5, false, false, true}, .model = {14, 3, 20, 60, 3, 1024, 5, 0}},
};

static void crash_everywhere(uint32_t operations_max, uint32_t power_ups, uint32_t commits_least) {
  for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
    powerloss_loop_t loop = geometries[i];
    loop.operations_max = operations_max;
    loop.power_ups = power_ups;
    crash(&loop, commits_least);
  }
}

/* T13: abandoned sectors are paid for by cleaning, across restarts; holes are not free. */
static void t13_power_ups_of_one_to_six_operations_never_fill_the_log(void **unused) {
  (void)unused;
  crash_everywhere(6, 2000, 1);
}

/* Each power-up comes just as far as the one before: a seal, but no commit behind it. */
static void starts_cut_at_the_same_operation_never_fill_the_log(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
    for (uint32_t operations = 3; operations <= 12; operations++) {
      powerloss_loop_t loop = geometries[i];
      loop.operations_min = operations;
      loop.operations_max = operations;
      loop.power_ups = 5u * loop.flash.sector_count;
      crash(&loop, 0);
    }
  }
}

/* Rings without the reserve against storms. */
static void small_rings_are_not_filled_either(void **unused) {
  (void)unused;
  static const powerloss_loop_t rings[] = {
      {.flash = {1024, 8, 12, 0xA5, true, true, false}, .model = {6, 1, 20, 60, 2, 256, 5, 0}},
      {.flash = {1024, 8, 20, 0xA5, true, true, false}, .model = {12, 1, 20, 60, 3, 256, 5, 0}},
      {.flash = {4096, 128, 16, 0xFF, true, true, false}, .model = {14, 3, 20, 60, 3, 256, 5, 0}},
      {.flash = {8192, 512, 20, 0xA5, true, true, false}, .model = {14, 3, 20, 60, 3, 1024, 5, 0}},
  };
  for (size_t i = 0; i < sizeof rings / sizeof *rings; i++) {
    for (uint32_t operations = 6; operations <= 8; operations++) {
      powerloss_loop_t loop = rings[i];
      loop.operations_max = operations;
      loop.power_ups = 2000;
      crash(&loop, 1);
    }
  }
}

/* T9: nothing behind the commit counts. T10: no erase in place. T11: no number comes twice. */
static void t9_t10_t11_short_power_ups_never_mix_states(void **unused) {
  (void)unused;
  crash_everywhere(9, 2000, 2);
  crash_everywhere(14, 2000, 100);
}

/* T12: data and COMMIT share a unit, so that a fading commit takes data with it. */
static void t12_a_commit_opened_after_another_mount_is_sealed(void **unused) {
  (void)unused;
  static const powerloss_loop_t loops[] = {
      {.flash = {4096, 256, 32, 0xFF, true, true, false},
       .model = {14, 1, 20, 30, 2, 256, 5, 0},
       .power_ups = 2000,
       .operations_max = 10},
      {.flash = {8192, 1024, 40, 0xA5, true, true, false},
       .model = {14, 1, 20, 60, 3, 1024, 5, 0},
       .power_ups = 2000,
       .operations_max = 12},
  };
  crash(&loops[0], 50);
  crash(&loops[1], 50);
}

static void journal_records_survive_crash_loops(void **unused) {
  (void)unused;
  static const powerloss_loop_t loops[] = {
      {.flash = {1024, 8, 32, 0xFF, true, true, false},
       .model = {12, 1, 20, 40, 2, 256, 5, 60},
       .power_ups = 2000,
       .operations_max = 14},
      {.flash = {4096, 256, 32, 0xA5, true, true, false},
       .model = {12, 1, 20, 60, 2, 256, 5, 60},
       .power_ups = 1000,
       .operations_max = 40},
  };
  crash(&loops[0], 50);
  crash(&loops[1], 50);
}

static void long_power_ups_wrap_the_ring_many_times(void **unused) {
  (void)unused;
  crash_everywhere(60, 600, 1000);
  crash_everywhere(200, 200, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(t13_power_ups_of_one_to_six_operations_never_fill_the_log),
      cmocka_unit_test(starts_cut_at_the_same_operation_never_fill_the_log),
      cmocka_unit_test(small_rings_are_not_filled_either),
      cmocka_unit_test(t9_t10_t11_short_power_ups_never_mix_states),
      cmocka_unit_test(t12_a_commit_opened_after_another_mount_is_sealed),
      cmocka_unit_test(journal_records_survive_crash_loops),
      cmocka_unit_test(long_power_ups_wrap_the_ring_many_times),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
