/* Remounts without a cut: what was committed comes back, however often the ring has turned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log_model.h"
#include "powerloss.h"

enum { SEED = 11 };

typedef struct story {
  flash_fake_shape_t flash;
  log_model_shape_t model;
  uint32_t turns;         /* of the ring */
  uint32_t remount_every; /* commits */
  bool full_image_first;
} story_t;

static void remount(log_model_t *model) {
  flash_fake_power_up(model->flash);
  assert_string_equal(vn_err_name(log_model_mount(model)), "VN_OK");
  const char *wrong = log_model_check(model);
  assert_string_equal(wrong == NULL ? "" : wrong, "");
  assert_memory_equal(&model->ram, &model->durable, sizeof model->ram);
  assert_int_equal(model->log.figures.records_damaged, 0);
}

static void wear_is_even(const log_model_t *model, uint32_t remounts) {
  uint32_t least = UINT32_MAX;
  uint32_t most = 0;
  for (uint32_t i = 0; i < model->flash->shape.sector_count; i++) {
    uint32_t wear = model->flash->wear[i];
    least = wear < least ? wear : least;
    most = wear > most ? wear : most;
  }
  assert_in_range(most - least, 0, 1 + remounts);
}

static void tell(const story_t *story) {
  log_model_t *model = log_model_new(&story->model, &story->flash, SEED);
  uint64_t erases = (uint64_t)story->turns * story->flash.sector_count;
  uint32_t commits = 0;
  uint32_t remounts = 0;
  assert_int_equal(log_model_format(model), VN_OK);
  if (story->full_image_first) {
    assert_int_equal(log_model_commit_dirty(model, story->model.items), VN_OK);
  }
  while (model->flash->erases < erases) {
    assert_string_equal(vn_err_name(log_model_commit(model)), "VN_OK");
    commits++;
    if (commits % story->remount_every == 0) {
      remount(model);
      remounts++;
    }
  }
  remount(model);
  wear_is_even(model, remounts);
  assert_null(model->flash->violation);
  log_model_free(model);
}

/* {erase, prog, sectors, erased value, unstable, ecc, cached}, {items, parts, payload from..to,
 * dirty, page, removed %} */
static void state_comes_back_in_every_geometry(void **unused) {
  (void)unused;
  static const story_t stories[] = {
      {{512, 1, 64, 0xFF, true, true, false}, {10, 2, 16, 64, 3, 256, 10, 0}, 3, 37, false},
      {{1024, 4, 32, 0xFF, true, true, false}, {20, 2, 20, 60, 4, 256, 5, 0}, 3, 41, false},
      {{1024, 8, 40, 0x00, true, true, false}, {40, 1, 20, 60, 5, 256, 5, 0}, 3, 43, false},
      {{4096, 16, 48, FLASH_FAKE_NOISE, true, true, false},
       {60, 3, 40, 300, 6, 256, 5, 0},
       2,
       97,
       false},
      {{8192, 256, 32, 0x5A, true, true, false}, {60, 2, 40, 300, 6, 512, 5, 0}, 2, 47, false},
      {{65536, 512, 24, 0xA5, true, true, false}, {100, 3, 100, 900, 20, 4096, 5, 0}, 2, 61, false},
      {{65536, 4096, 24, 0xA5, true, true, false},
       {100, 3, 100, 900, 20, 65536, 5, 0},
       2,
       13,
       false},
  };
  for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
    tell(&stories[i]);
  }
}

/* T1: records stand alone; were their CRCs chained, the rest of a recycled transaction would go. */
static void t1_a_sector_that_begins_inside_a_transaction_keeps_its_records(void **unused) {
  (void)unused;
  static const story_t story = {
      {131072, 256, 16, 0xFF, true, true, false}, {120, 3, 100, 900, 30, 256, 5, 0}, 3, 211, false};
  tell(&story);
}

/* T2: a transaction longer than a sector stays committed when its first sector is recycled. */
static void t2_the_live_half_of_a_recycled_transaction_counts(void **unused) {
  (void)unused;
  static const story_t story = {
      {1024, 8, 96, 0xFF, true, true, false}, {60, 2, 40, 120, 30, 256, 5, 0}, 3, 3, false};
  tell(&story);
}

/* T3: liveness is by the sector of a record, so that one big transaction doesn't hold the ring. */
static void t3_a_full_image_does_not_pin_the_ring(void **unused) {
  (void)unused;
  static const story_t story = {
      {1024, 8, 128, 0xFF, true, true, false}, {200, 2, 40, 120, 4, 256, 0, 0}, 4, 301, true};
  tell(&story);
}

static void a_clean_stop_needs_no_seal(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 4, 32, 0xFF, true, true, false};
  static const log_model_shape_t shape = {20, 2, 20, 60, 4, 256, 5, 0};
  log_model_t *model = log_model_new(&shape, &flash, SEED);
  assert_int_equal(log_model_format(model), VN_OK);
  assert_int_equal(log_model_commit(model), VN_OK);
  remount(model);
  assert_true(vn_log_uncertain(&model->log));
  assert_int_equal(log_model_commit(model), VN_OK);
  assert_int_equal(vn_log_mark(&model->log), VN_OK);
  remount(model);
  assert_false(vn_log_uncertain(&model->log));
  log_model_free(model);
}

int main(void) {
  print_message("seed %d\n", SEED);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(state_comes_back_in_every_geometry),
      cmocka_unit_test(t1_a_sector_that_begins_inside_a_transaction_keeps_its_records),
      cmocka_unit_test(t2_the_live_half_of_a_recycled_transaction_counts),
      cmocka_unit_test(t3_a_full_image_does_not_pin_the_ring),
      cmocka_unit_test(a_clean_stop_needs_no_seal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
