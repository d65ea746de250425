/* What bit rot leaves of a flash log: all that can still be read, and no silence about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log_model.h"
#include "vn/crc32c.h"

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

/* Records that no item keeps alive: of item 0, which isn't there. */
static vn_err_t put_tomb(log_model_t *model) {
  const uint8_t payload[60] = {0};
  return vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_TOMB, 0, 0, payload, sizeof payload);
}

static void commit_tombs(log_model_t *model, uint64_t accepted, uint16_t up_to_sector) {
  const vn_commit_t content = {.accepted = accepted};
  assert_ok(vn_log_begin(&model->log));
  for (uint32_t item = 0; item < small_shape.items; item++) {
    vn_log_release(&model->log, item);
    assert_ok(vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_TOMB, 0, item, NULL, 0));
  }
  while (model->log.state.head != up_to_sector) {
    assert_ok(put_tomb(model));
  }
  assert_ok(vn_log_commit(&model->log, &content));
}

/* A transaction around the ring and a short one, whose COMMIT rots; a third one comes to where the
 * first began. */
static log_model_t *around_the_ring(uint64_t cut_at) {
  const uint16_t last = (uint16_t)(small_flash.sector_count - 1u);
  log_model_t *model = log_model_new(&small_shape, &small_flash, SEED);
  assert_ok(log_model_format(model));
  assert_ok(log_model_commit_dirty(model, 2));
  assert_int_equal(model->log.state.head, 0);
  commit_tombs(model, 7, last);
  commit_tombs(model, 8, last);
  uint32_t commit = last * E + model->log.state.good_end - (uint32_t)COMMIT_BYTES;
  assert_int_equal(model->flash->bytes[commit + 2], VN_RECORD_COMMIT);
  flash_fake_cut_at(model->flash, cut_at, CUT_PROG_NOTHING, CUT_ERASE_BLANK);
  assert_ok(vn_log_begin(&model->log));
  for (uint32_t i = 0; i < 2u * E / 60u && put_tomb(model) == VN_OK; i++) {
  }
  model->flash->bytes[commit + 50] ^= 1;
  return model;
}

static void the_newest_but_one_stays_whole_although_no_item_needs_its_first_sector(void **unused) {
  (void)unused;
  for (uint64_t cut_at = 1; cut_at <= 12; cut_at++) {
    log_model_t *model = around_the_ring(cut_at);
    assert_ok(remount(model));
    assert_int_equal(model->last.accepted, 7);
    log_model_free(model);
  }
}

/* What a misdirected write has left: the sector's image up to its first commit, of another region.
 */
static void copy_of_another_region(log_model_t *model, uint16_t from, uint16_t to) {
  enum { REGION = 44, CRC = 60, UNITS = E / 8 };
  flash_fake_t *flash = model->flash;
  uint8_t *image = flash->bytes + to * E;
  memcpy(image, flash->bytes + from * E, E);
  memcpy(flash->units + to * UNITS, flash->units + from * UNITS, UNITS);
  memset(image + E / 4, 0xFF, E - E / 4);
  image[REGION] ^= 0xFF;
  uint32_t crc = vn_crc32c(0, image, CRC);
  for (unsigned i = 0; i < sizeof crc; i++) {
    image[CRC + i] = (uint8_t)(crc >> (8 * i));
  }
}

static void a_sector_of_another_region_is_no_part_of_the_log(void **unused) {
  (void)unused;
  log_model_t *model = committed(10);
  uint16_t before = model->log.state.head;
  uint16_t between = (uint16_t)(before + 1u);
  flash_fake_bad(model->flash, between * E, E, false, true);
  while (model->log.state.head == before) {
    assert_ok(log_model_commit(model));
  }
  assert_int_equal(model->log.state.head, before + 2u);
  copy_of_another_region(model, before, between);
  assert_ok(remount(model));
  assert_memory_equal(&model->ram, &model->durable, sizeof model->ram);
  assert_int_equal(model->log.figures.records_damaged, 0);
  log_model_free(model);
}

static void set_number(uint8_t *bytes, uint64_t number, size_t size) {
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (uint8_t)(number >> (8 * i));
  }
}

/* A record as docs/format.md has it that is right at its place: 16 bytes, no payload. */
static void make_record(uint8_t record[16], uint8_t type, uint32_t item, uint32_t tx,
                        uint64_t sequence, uint32_t offset) {
  uint8_t seed[12];
  memset(record, 0, 16);
  set_number(seed, sequence, 8);
  set_number(seed + 8, offset, 4);
  record[2] = type;
  set_number(record + 4, item, 4);
  set_number(record + 8, tx, 4);
  set_number(record + 12, vn_crc32c(vn_crc32c(0, seed, sizeof seed), record, 12), 4);
}

/* Somebody's payload may look like a record. Where the one around it is damaged there are as many
 * records as before. */
static void a_record_inside_of_another_does_not_stand_for_it(void **unused) {
  (void)unused;
  log_model_t *model = committed(20);
  const vn_log_state_t *state = &model->log.state;
  log_model_state_t before = model->durable;
  const vn_commit_t content = {.accepted = 1000};
  uint8_t payload[60] = {0};
  uint32_t item = 0;
  while (before.version[item] == 0) {
    item++;
  }
  assert_ok(vn_log_begin(&model->log));
  uint32_t at = state->head * E + state->offset;
  make_record(payload, VN_RECORD_TOMB, item, (uint32_t)state->tx + 1u,
              model->sectors[state->head].sequence, state->offset + 16u);
  assert_ok(vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_TOMB, 0, item + 1u, payload, 60));
  assert_ok(vn_log_commit(&model->log, &content));
  assert_int_equal(model->flash->bytes[at + 2u], VN_RECORD_TOMB);
  assert_int_equal(model->flash->bytes[at + 18u], VN_RECORD_TOMB);
  model->flash->bytes[at + 4u] ^= 1;
  assert_ok(remount(model));
  assert_memory_equal(&model->ram, &before, sizeof before);
  log_model_free(model);
}

/* It could turn up again: the first commit waits until it is gone. */
static void what_cannot_be_read_is_erased_before_the_first_commit(void **unused) {
  (void)unused;
  log_model_t *model = committed(150);
  uint16_t sector = (uint16_t)((model->log.state.head + 3u) % small_flash.sector_count);
  assert_in_range(model->sectors[sector].sequence, 1, model->log.state.floor - 1u);
  spoil_header(model, sector);
  assert_ok(remount(model));
  uint32_t erased = model->flash->wear[sector];
  assert_ok(vn_log_begin(&model->log));
  assert_int_equal(model->flash->wear[sector], erased + 1u);
  assert_int_not_equal(model->log.state.head, sector);
  vn_log_abort(&model->log);
  log_model_free(model);
}

/* A commit behind which no record of 60 bytes has room in its sector. */
static void commit_to_the_end(log_model_t *model) {
  const vn_log_state_t *state = &model->log.state;
  const vn_commit_t content = {.accepted = 8};
  assert_ok(vn_log_begin(&model->log));
  assert_ok(put_tomb(model));
  while (E - state->offset >= (uint32_t)COMMIT_BYTES + 80u) {
    assert_ok(vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_TOMB, 0, 0, NULL, 0));
  }
  uint16_t head = state->head;
  assert_ok(vn_log_commit(&model->log, &content));
  assert_int_equal(state->head, head);
}

/* A commit that fills no page of its sector may fade, and the header rot: its seal has all of it.
 */
static void a_sector_that_was_sealed_as_a_whole_may_be_lost(void **unused) {
  (void)unused;
  log_model_t *model = committed(20);
  log_model_state_t expected = model->durable;
  const vn_commit_t content = {.accepted = 9};
  commit_to_the_end(model);
  uint16_t before = model->log.state.head;
  assert_ok(vn_log_begin(&model->log));
  assert_ok(put_tomb(model));
  assert_ok(vn_log_commit(&model->log, &content));
  uint16_t lost = model->log.state.head;
  assert_int_not_equal(lost, before);
  assert_ok(remount(model));
  assert_ok(vn_log_begin(&model->log));
  vn_log_abort(&model->log);
  memset(model->flash->bytes + lost * E, 0, E);
  assert_ok(remount(model));
  assert_int_equal(model->last.accepted, 9);
  expected.version[0] = 0;
  assert_memory_equal(model->ram.version, expected.version, sizeof expected.version);
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
      cmocka_unit_test(a_sector_of_another_region_is_no_part_of_the_log),
      cmocka_unit_test(a_record_inside_of_another_does_not_stand_for_it),
      cmocka_unit_test(what_cannot_be_read_is_erased_before_the_first_commit),
      cmocka_unit_test(a_sector_that_was_sealed_as_a_whole_may_be_lost),
      cmocka_unit_test(the_newest_but_one_stays_whole_although_no_item_needs_its_first_sector),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
