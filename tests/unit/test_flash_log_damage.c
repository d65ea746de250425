/* What bit rot leaves of a flash log: all that can still be read, and no silence about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log_model.h"

enum { SEED = 3, E = 1024, COMMIT_BYTES = 144 };

static const flash_fake_shape_t small_flash = {E, 8, 24, 0xFF, false, false, false};
static const log_model_shape_t small_shape = {12, 2, 20, 60, 3, 256, 5, 0};

static void assert_ok(vn_err_t err) { assert_string_equal(vn_err_name(err), "VN_OK"); }

static vn_err_t remount(log_model_t *model) {
  flash_fake_power_up(model->flash);
  return log_model_mount(model);
}

static log_model_t *committed(uint32_t commits) {
  log_model_t *model = log_model_new(&small_shape, &small_flash, SEED);
  assert_ok(log_model_format(model));
  for (uint32_t i = 0; i < commits; i++) {
    assert_ok(log_model_commit(model));
  }
  return model;
}

static void assert_whole(const log_model_t *model, const log_model_state_t *expected) {
  assert_memory_equal(&model->ram, expected, sizeof *expected);
  assert_int_not_equal(model->log.figures.records_damaged, 0);
}

static void spoil_header(log_model_t *model, uint16_t sector) {
  model->flash->bytes[sector * E + 9u] ^= 4;
}

/* A later record shows that there was a commit. */
static void a_commit_that_cannot_be_read_is_told(void **unused) {
  (void)unused;
  log_model_t *model = committed(20);
  log_model_state_t before = model->previous;
  uint32_t commit =
      model->log.state.good_sector * E + model->log.state.good_end - (uint32_t)COMMIT_BYTES;
  assert_int_equal(model->flash->bytes[commit + 2], VN_RECORD_COMMIT);
  assert_ok(vn_log_begin(&model->log));
  uint8_t payload[60] = {0};
  for (uint32_t i = 0; i < 8; i++) {
    assert_ok(vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_KEY, 0, 0, payload, 60));
  }
  model->flash->bytes[commit + 50] ^= 1;
  assert_ok(remount(model));
  assert_whole(model, &before);
  log_model_free(model);
}

static void the_state_before_a_damaged_commit_is_whole_however_full_the_ring(void **unused) {
  (void)unused;
  log_model_t *model = committed(150);
  for (uint32_t i = 0; i < 200; i++) {
    log_model_state_t before = model->durable;
    assert_ok(log_model_commit(model));
    uint32_t commit =
        model->log.state.good_sector * E + model->log.state.good_end - (uint32_t)COMMIT_BYTES;
    model->flash->bytes[commit + 50] ^= 1;
    log_model_t *other = log_model_new(&small_shape, &small_flash, SEED);
    log_model_copy(other, model);
    assert_ok(remount(other));
    assert_memory_equal(&other->ram, &before, sizeof before);
    log_model_free(other);
    model->flash->bytes[commit + 50] ^= 1;
  }
  log_model_free(model);
}

static void the_newest_sector_counts_without_its_header(void **unused) {
  (void)unused;
  log_model_t *model = committed(40);
  spoil_header(model, model->log.state.head);
  assert_ok(remount(model));
  assert_whole(model, &model->durable);
  log_model_free(model);
}

static void so_does_one_that_was_opened_after_a_mount(void **unused) {
  (void)unused;
  log_model_t *model = committed(40);
  assert_ok(remount(model));
  assert_ok(log_model_commit(model));
  spoil_header(model, model->log.state.head);
  assert_ok(remount(model));
  assert_whole(model, &model->durable);
  assert_ok(log_model_commit(model));
  assert_ok(remount(model));
  assert_memory_equal(&model->ram, &model->durable, sizeof model->ram);
  log_model_free(model);
}

/* The fence that voids a torn transaction stands in the header behind it. */
static void what_was_torn_stays_void_without_its_fence(void **unused) {
  (void)unused;
  log_model_t *model = committed(20);
  uint8_t payload[60] = {0};
  uint16_t torn = model->log.state.head;
  assert_ok(vn_log_begin(&model->log));
  for (uint32_t i = 0; i < 5; i++) { /* a record that the model would miss */
    assert_ok(vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_TOMB, 0, i, payload, 0));
  }
  for (uint32_t i = 0; i < 4; i++) {
    assert_ok(vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_KEY, 0, 0, payload, 60));
  }
  assert_int_equal(model->log.state.head, torn);
  assert_ok(remount(model));
  for (uint32_t i = 0; i < 4; i++) {
    assert_ok(log_model_commit(model));
  }
  spoil_header(model, (uint16_t)(torn + 1u));
  assert_ok(remount(model));
  assert_whole(model, &model->durable);
  log_model_free(model);
}

static void a_region_that_has_lost_its_only_commit_is_not_unformatted(void **unused) {
  (void)unused;
  log_model_t *model = committed(1);
  uint32_t commit = model->log.state.good_end - (uint32_t)COMMIT_BYTES;
  assert_ok(vn_log_mark(&model->log));
  model->flash->bytes[commit + 50] ^= 1;
  assert_string_equal(vn_err_name(remount(model)), "VN_ERR_CORRUPT");
  log_model_free(model);
}

int main(void) {
  print_message("seed %d\n", SEED);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_commit_that_cannot_be_read_is_told),
      cmocka_unit_test(the_state_before_a_damaged_commit_is_whole_however_full_the_ring),
      cmocka_unit_test(the_newest_sector_counts_without_its_header),
      cmocka_unit_test(so_does_one_that_was_opened_after_a_mount),
      cmocka_unit_test(what_was_torn_stays_void_without_its_fence),
      cmocka_unit_test(a_region_that_has_lost_its_only_commit_is_not_unformatted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
