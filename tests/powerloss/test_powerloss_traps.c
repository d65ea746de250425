/* Rules that look right and lose data: a test for each, with what it takes to see the loss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "powerloss.h"

enum { SEED = 1, COMMIT_BYTES = 144, MOUNTS = 48 };

static void assert_ok(vn_err_t err) { assert_string_equal(vn_err_name(err), "VN_OK"); }

static void assert_right(log_model_t *model) {
  const char *wrong = log_model_check(model);
  assert_string_equal(wrong == NULL ? "" : wrong, "");
}

static void remount(log_model_t *model) {
  flash_fake_power_up(model->flash);
  assert_ok(log_model_mount(model));
  assert_right(model);
  assert_memory_equal(&model->ram, &model->durable, sizeof model->ram);
}

static log_model_t *formatted(const log_model_shape_t *shape, const flash_fake_shape_t *flash) {
  log_model_t *model = log_model_new(shape, flash, SEED);
  assert_ok(log_model_format(model));
  return model;
}

/* Commits until the ring has turned so often, with a remount now and then, and never a cut. */
static void turn_ring(log_model_t *model, uint32_t turns, uint32_t commits_per_mount) {
  uint64_t erases = (uint64_t)turns * model->flash->shape.sector_count;
  for (uint32_t commits = 1; model->flash->erases < erases; commits++) {
    assert_ok(log_model_commit(model));
    if (commits % commits_per_mount == 0) {
      remount(model);
    }
  }
  remount(model);
  assert_null(model->flash->violation);
}

static void cut_everywhere(const flash_fake_shape_t *flash, const log_model_shape_t *shape,
                           uint32_t depth, uint32_t commits, uint32_t keep_one_in) {
  powerloss_t run;
  powerloss_start(&run, shape, flash, SEED);
  run.depth = depth;
  run.keep_one_in = keep_one_in;
  powerloss_run(&run, commits);
  print_message("  %llu cuts\n", (unsigned long long)run.cuts);
  if (run.failure != NULL) {
    print_error("%s (%s)\n", run.failure, run.place);
  }
  powerloss_stop(&run);
  assert_null(run.failure);
}

static void crash_loop(const powerloss_loop_t *shape, uint64_t seeds) {
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    powerloss_loop_t loop = *shape;
    loop.seed = seed;
    powerloss_loop(&loop);
    if (loop.failure != NULL) {
      print_error("seed %llu, power-up %u: %s\n", (unsigned long long)seed, loop.failed_at,
                  loop.failure);
    }
    assert_null(loop.failure);
  }
  print_message("  %llu seeds, %u cuts each\n", (unsigned long long)seeds, shape->power_ups);
}

/* Records whose CRCs hang on each other: a sector whose transaction began in a recycled one would
 * be skipped whole. */
static void t1_records_validate_without_the_ones_before_them(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {131072, 256, 16, 0xFF, true, true, false};
  static const log_model_shape_t shape = {120, 3, 100, 900, 30, 256, 5, 0};
  log_model_t *model = formatted(&shape, &flash);
  turn_ring(model, 2, 101);
  log_model_free(model);
}

/* Transactions longer than a sector: recycling the first half leaves the second one live. */
static void t2_the_live_rest_of_a_recycled_transaction_counts(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 96, 0xFF, true, true, false};
  static const log_model_shape_t shape = {60, 2, 40, 120, 20, 256, 5, 0};
  log_model_t *model = formatted(&shape, &flash);
  turn_ring(model, 3, 3);
  log_model_free(model);
}

/* Every byte that may be live is live, in one transaction, on a region with little to spare. */
static void t3_a_full_image_does_not_pin_the_ring(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {2048, 8, 128, 0xFF, true, true, false};
  static const log_model_shape_t shape = {250, 1, 464, 464, 1, 256, 0, 0};
  log_model_t *model = formatted(&shape, &flash);
  assert_ok(log_model_commit_dirty(model, shape.items));
  turn_ring(model, 4, UINT32_MAX);
  log_model_free(model);
}

/* A cut inside what follows a cut: a torn transaction must not count as known. */
static void t4_a_torn_transaction_is_never_known_as_committed(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 24, 0xFF, true, true, false};
  static const log_model_shape_t shape = {12, 2, 20, 60, 3, 256, 5, 0};
  cut_everywhere(&flash, &shape, 2, 60, 60);
}

/* Five commits between two cuts: by then the torn transaction's number is a committed one. */
static void t5_a_torn_transaction_stays_behind_its_fence(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 4, 24, 0xFF, true, true, false};
  static const log_model_shape_t shape = {12, 2, 20, 40, 3, 256, 10, 0};
  cut_everywhere(&flash, &shape, 2, 60, 60);
}

/* Units shorter than a record header. */
static void t6_padding_shorter_than_a_record_header_is_padding(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 16, 24, 0xFF, true, true, false};
  static const log_model_shape_t shape = {12, 2, 17, 43, 3, 256, 10, 0};
  cut_everywhere(&flash, &shape, 1, 60, 1);
}

/* Two mounts in a row after each cut, what it has torn read anew in between. */
static void t7_a_commit_that_may_fade_is_not_shown_as_certain(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 24, 0xFF, true, true, false};
  static const log_model_shape_t shape = {12, 1, 20, 60, 3, 256, 5, 0};
  cut_everywhere(&flash, &shape, 1, 60, 1);
}

/* T8: the newest commit may fade and has set sectors free; nothing else is left to write to. */
typedef struct tight {
  log_model_t *from, *cut;
  log_model_t *torn; /* NULL: no seal is cut before it gets tight */
  uint64_t floor;    /* what the commit before needs begins here */
  uint64_t cuts, tried;
} tight_t;

static void spoil_what_was_free_before(log_model_t *model, uint64_t floor) {
  uint32_t size = model->flash->shape.erase_size;
  for (uint32_t i = 0; i < model->flash->shape.sector_count; i++) {
    uint64_t sequence = model->sectors[i].sequence;
    uint32_t last = model->flash->bad_count - 1u;
    if (sequence != 0 && sequence >= floor) {
      continue;
    }
    if (model->flash->bad_count > 0 &&
        model->flash->bad[last].offset + model->flash->bad[last].length == i * size) {
      model->flash->bad[last].length += size;
    } else {
      flash_fake_bad(model->flash, i * size, size, false, true);
    }
  }
}

static bool shows_the_torn_commit(const log_model_t *model) {
  return memcmp(&model->ram, &model->durable, sizeof model->ram) != 0;
}

/* The torn commit comes and goes; while it shows, the log looks for a place until the next cut. */
static void write_in_tight_space(tight_t *tight) {
  log_model_t *model = tight->cut;
  spoil_what_was_free_before(model, tight->floor);
  for (uint32_t i = 1; i < MOUNTS; i++) {
    if (shows_the_torn_commit(model)) {
      flash_fake_cut_at(model->flash, i, CUT_PROG_TORN, CUT_ERASE_BLANK);
      assert_int_not_equal(vn_log_begin(&model->log), VN_OK);
    }
    flash_fake_power_up(model->flash);
    assert_ok(log_model_mount(model));
    assert_right(model);
  }
  tight->tried++;
}

/* Whether the power fails in this operation of the first write, while the torn commit shows, and
 * leaves a seal of it that may fade as well. */
static bool leaves_a_torn_seal(tight_t *tight, uint32_t operation) {
  log_model_t *model = tight->cut;
  log_model_copy(model, tight->torn);
  flash_fake_power_up(model->flash);
  assert_ok(log_model_mount(model));
  if (!shows_the_torn_commit(model)) {
    return false;
  }
  flash_fake_cut_at(model->flash, operation, CUT_PROG_ALMOST, CUT_ERASE_BLANK);
  if (vn_log_begin(&model->log) == VN_OK) {
    return false;
  }
  flash_fake_power_up(model->flash);
  assert_ok(log_model_mount(model));
  assert_right(model);
  return model->log.state.seal_run > 0 && vn_log_uncertain(&model->log);
}

static void cut_the_seal_as_well(tight_t *tight) {
  log_model_copy(tight->torn, tight->cut);
  for (uint32_t i = 0; i < MOUNTS * MOUNTS; i++) {
    if (leaves_a_torn_seal(tight, 3u + i % MOUNTS)) {
      write_in_tight_space(tight);
      return;
    }
  }
}

static void cut_into_tight_space(void *context, const flash_fake_operation_t *operation) {
  tight_t *tight = context;
  log_model_t *model = tight->cut;
  if (operation->erase) {
    return;
  }
  log_model_copy(model, tight->from);
  flash_fake_tear(model->flash, operation, CUT_PROG_ALMOST);
  tight->cuts++;
  for (uint32_t i = 0; i < MOUNTS; i++) {
    flash_fake_power_up(model->flash);
    vn_err_t err = log_model_mount(model);
    if (err == VN_ERR_UNFORMATTED) {
      return;
    }
    assert_ok(err);
    assert_right(model);
    const vn_log_state_t *state = &model->log.state;
    if (shows_the_torn_commit(model) && state->prev_oldest_live < state->oldest_live) {
      tight->floor = state->prev_oldest_live;
      if (tight->torn == NULL) {
        write_in_tight_space(tight);
      } else {
        cut_the_seal_as_well(tight);
      }
      return;
    }
  }
}

static void fill_tight_space(bool seals_are_cut) {
  static const flash_fake_shape_t flash = {1024, 8, 24, 0xFF, true, true, false};
  static const log_model_shape_t shape = {12, 2, 20, 60, 3, 256, 5, 0};
  tight_t tight = {.from = formatted(&shape, &flash), .cut = log_model_new(&shape, &flash, SEED)};
  tight.torn = seals_are_cut ? log_model_new(&shape, &flash, SEED) : NULL;
  tight.from->flash->before = cut_into_tight_space;
  tight.from->flash->before_context = &tight;
  for (uint32_t i = 0; i < 400; i++) {
    assert_ok(log_model_commit(tight.from));
  }
  print_message("  %llu cuts, %llu in tight space\n", (unsigned long long)tight.cuts,
                (unsigned long long)tight.tried);
  assert_true(tight.tried >= 20);
  log_model_free(tight.from);
  log_model_free(tight.cut);
  if (seals_are_cut) {
    log_model_free(tight.torn);
  }
}

static void t8_what_an_uncertain_commit_set_free_is_not_used(void **unused) {
  (void)unused;
  fill_tight_space(false);
}

static void t8_nor_what_one_set_free_that_a_seal_repeats(void **unused) {
  (void)unused;
  fill_tight_space(true);
}

/* The power fails before the next transaction's COMMIT, in a sector that it has opened. */
static void tear_in_a_new_sector(log_model_t *model) {
  uint8_t payload[64] = {0};
  uint16_t before = model->log.state.head;
  assert_ok(vn_log_begin(&model->log));
  while (model->log.state.head == before) {
    assert_ok(vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_KEY, 0, 0, payload, 64));
  }
  flash_fake_power_up(model->flash);
}

/* The last COMMIT is damaged, a header behind it knows that it was there: without its COMMIT no
 * record of that transaction counts. */
static void t9_records_behind_the_last_readable_commit_do_not_count(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 32, 0xFF, false, false, false};
  static const log_model_shape_t shape = {12, 2, 20, 60, 3, 256, 0, 0};
  log_model_t *model = formatted(&shape, &flash);
  for (uint32_t i = 0; i < 6; i++) {
    assert_ok(log_model_commit(model));
  }
  log_model_state_t before = model->durable;
  assert_ok(log_model_commit(model));
  const vn_log_state_t *state = &model->log.state;
  uint32_t commit = state->good_sector * flash.erase_size + state->good_end - COMMIT_BYTES;
  assert_int_equal(model->flash->bytes[commit + 2], VN_RECORD_COMMIT);
  tear_in_a_new_sector(model);
  model->flash->bytes[commit + 40] ^= 0x10;
  assert_ok(log_model_mount(model));
  assert_memory_equal(&model->ram, &before, sizeof before);
  log_model_free(model);
}

/* An erase that is cut leaves the old content whole, for now. */
static void t10_a_void_sector_is_not_erased_in_its_place(void **unused) {
  (void)unused;
  static const powerloss_loop_t loop = {.flash = {1024, 8, 32, 0xA5, true, true, false},
                                        .model = {12, 1, 20, 60, 3, 256, 5, 0},
                                        .power_ups = 4000,
                                        .operations_max = 10};
  crash_loop(&loop, 4);
}

/* A header that can't be read, in a sector that can't be erased, turns up when its number has come
 * round again. */
static void t11_the_number_of_an_unreadable_header_does_not_come_again(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 32, 0xFF, false, false, false};
  static const log_model_shape_t shape = {12, 2, 20, 60, 3, 256, 0, 0};
  log_model_t *model = formatted(&shape, &flash);
  uint8_t header[64];
  for (uint32_t i = 0; i < 6; i++) {
    assert_ok(log_model_commit(model));
  }
  remount(model);
  assert_ok(log_model_settle(model)); /* certain from here on */
  remount(model);
  uint32_t sector = (model->log.state.good_sector + 1u) * flash.erase_size;
  flash_fake_cut_at(model->flash, 3, CUT_PROG_TORN, CUT_ERASE_BLANK);
  assert_int_not_equal(log_model_settle(model), VN_OK);
  flash_fake_power_up(model->flash);
  memcpy(header, model->flash->bytes + sector, sizeof header);
  assert_memory_equal(header, "VFL1", 4);
  memset(model->flash->bytes + sector, 0x3C, sizeof header);
  memset(model->flash->bytes + sector + 64, 0xFF, flash.erase_size - 64u);
  flash_fake_bad(model->flash, sector, flash.erase_size, false, true);
  assert_ok(log_model_mount(model));
  assert_ok(log_model_commit(model));
  assert_int_not_equal(model->log.state.head, sector / flash.erase_size);
  flash_fake_power_up(model->flash);
  memcpy(model->flash->bytes + sector, header, sizeof header);
  assert_ok(log_model_mount(model));
  assert_right(model);
  assert_memory_equal(&model->ram, &model->durable, sizeof model->ram);
  log_model_free(model);
}

/* Data and COMMIT share a unit: a commit that fades takes data along. */
static void t12_a_sector_opened_after_another_mount_proves_nothing(void **unused) {
  (void)unused;
  static const powerloss_loop_t loop = {.flash = {4096, 256, 32, 0xFF, true, true, false},
                                        .model = {14, 1, 20, 30, 2, 256, 5, 0},
                                        .power_ups = 4000,
                                        .operations_max = 10};
  crash_loop(&loop, 4);
}

/* One or two commits per power-up: each leaves a sector behind, and a cleaning pass lasts longer
 * than a power-up. The reserve stays free. */
static void t13_restarts_leave_the_reserve_free(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {4096, 128, 40, 0xFF, true, true, false};
  static const log_model_shape_t shape = {184, 1, 200, 200, 2, 256, 0, 0};
  log_model_t *model = formatted(&shape, &flash);
  const vn_log_state_t *state = &model->log.state;
  uint32_t count = flash.sector_count;
  assert_ok(log_model_commit_dirty(model, shape.items));
  for (uint32_t i = 0; i < 600; i++) {
    assert_ok(log_model_commit(model));
    uint32_t free_sectors = (state->oldest_sector + count - state->head - 1u) % count;
    assert_in_range(free_sectors, state->limits.reserve_sectors, count);
    if (i % 3 != 0) {
      remount(model);
    }
  }
  log_model_free(model);
}

/* A torn transaction's sector is erased, but lies behind the head: nothing can be written there
 * until the ring comes round. */
static void t13_holes_are_not_free(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 32, 0xFF, false, false, false};
  static const log_model_shape_t shape = {12, 2, 20, 60, 3, 256, 0, 0};
  log_model_t *model = formatted(&shape, &flash);
  const vn_log_state_t *state = &model->log.state;
  for (uint32_t i = 0; i < 3; i++) {
    assert_ok(log_model_commit(model));
    tear_in_a_new_sector(model);
    assert_ok(log_model_mount(model));
    assert_ok(log_model_commit(model));
    uint32_t run = (state->oldest_sector + flash.sector_count - state->head - 1u);
    assert_in_range(model->log.figures.sectors_free, 1, run % flash.sector_count);
  }
  log_model_free(model);
}

/* What was abandoned is paid for by cleaning, over restarts and cuts. */
static void t13_short_power_ups_never_fill_the_log(void **unused) {
  (void)unused;
  static const powerloss_loop_t loops[] = {
      {.flash = {1024, 8, 40, 0xFF, true, true, false},
       .model = {24, 1, 100, 100, 3, 256, 0, 0},
       .power_ups = 4000,
       .operations_max = 12},
      {.flash = {4096, 128, 32, 0xFF, true, true, false},
       .model = {14, 3, 20, 60, 3, 256, 5, 0},
       .power_ups = 4000,
       .operations_max = 7},
  };
  crash_loop(&loops[0], 3);
  crash_loop(&loops[1], 3);
}

/* A seal that the next mount doubts would be sealed again, a sector each time. */
static void a_sealed_commit_is_certain_at_the_next_mount(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 32, 0xFF, true, true, false};
  static const log_model_shape_t shape = {12, 2, 20, 60, 3, 256, 0, 0};
  log_model_t *model = formatted(&shape, &flash);
  assert_ok(log_model_commit(model));
  remount(model);
  assert_true(vn_log_uncertain(&model->log));
  assert_ok(log_model_settle(model));
  remount(model);
  assert_false(vn_log_uncertain(&model->log));
  log_model_free(model);
}

/* An argument is a pattern for the names of the tests to run. */
int main(int argc, char **argv) {
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  print_message("seed %d\n", SEED);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(t1_records_validate_without_the_ones_before_them),
      cmocka_unit_test(t2_the_live_rest_of_a_recycled_transaction_counts),
      cmocka_unit_test(t3_a_full_image_does_not_pin_the_ring),
      cmocka_unit_test(t4_a_torn_transaction_is_never_known_as_committed),
      cmocka_unit_test(t5_a_torn_transaction_stays_behind_its_fence),
      cmocka_unit_test(t6_padding_shorter_than_a_record_header_is_padding),
      cmocka_unit_test(t7_a_commit_that_may_fade_is_not_shown_as_certain),
      cmocka_unit_test(t8_what_an_uncertain_commit_set_free_is_not_used),
      cmocka_unit_test(t8_nor_what_one_set_free_that_a_seal_repeats),
      cmocka_unit_test(t9_records_behind_the_last_readable_commit_do_not_count),
      cmocka_unit_test(t10_a_void_sector_is_not_erased_in_its_place),
      cmocka_unit_test(t11_the_number_of_an_unreadable_header_does_not_come_again),
      cmocka_unit_test(t12_a_sector_opened_after_another_mount_proves_nothing),
      cmocka_unit_test(t13_restarts_leave_the_reserve_free),
      cmocka_unit_test(t13_holes_are_not_free),
      cmocka_unit_test(t13_short_power_ups_never_fill_the_log),
      cmocka_unit_test(a_sealed_commit_is_certain_at_the_next_mount),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
