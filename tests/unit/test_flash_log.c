/* The flash log on a flash without faults, and on regions that are no log or a damaged one. */
#include "vn/flash_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"
#include "log_model.h"
#include "vn/crc32c.h"

enum { SEED = 5, COMMITS = 8, LIVE_SECTORS = 6 };

static const flash_fake_shape_t small_flash = {1024, 8, 32, 0xFF, false, false, false};
static const log_model_shape_t small_model = {12, 2, 20, 60, 3, 256, 0, 0};

static uint32_t u32_at(const uint8_t *bytes, uint32_t offset) {
  uint32_t value = 0;
  for (uint32_t i = 4; i > 0; i--) {
    value = value << 8 | bytes[offset + i - 1u];
  }
  return value;
}

static uint64_t u64_at(const uint8_t *bytes, uint32_t offset) {
  return u32_at(bytes, offset) | (uint64_t)u32_at(bytes, offset + 4) << 32;
}

static void set_u32(uint8_t *bytes, uint32_t offset, uint64_t value) {
  for (uint32_t i = 0; i < 4; i++) {
    bytes[offset + i] = (uint8_t)(value >> 8 * i);
  }
}

static void set_u64(uint8_t *bytes, uint32_t offset, uint64_t value) {
  set_u32(bytes, offset, value);
  set_u32(bytes, offset + 4, value >> 32);
}

static void close_header(uint8_t *header) { set_u32(header, 60, vn_crc32c(0, header, 60)); }

static uint32_t record_crc(const uint8_t *region, uint32_t erase_size, uint32_t at) {
  uint8_t seed[12];
  uint32_t sector = at - at % erase_size;
  memcpy(seed, region + sector + 8, 8);
  set_u32(seed, 8, at % erase_size);
  uint32_t crc = vn_crc32c(vn_crc32c(0, seed, 12), region + at, 12);
  return vn_crc32c(crc, region + at + 16, u32_at(region, at) & 0xFFFFu);
}

static log_model_t *committed_model(uint32_t commits) {
  log_model_t *model = log_model_new(&small_model, &small_flash, SEED);
  assert_int_equal(log_model_format(model), VN_OK);
  for (uint32_t i = 0; i < commits; i++) {
    assert_int_equal(log_model_commit(model), VN_OK);
  }
  return model;
}

static vn_err_t remount(log_model_t *model) {
  flash_fake_power_up(model->flash);
  return log_model_mount(model);
}

static void header_and_records_have_the_documented_bytes(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(1);
  const uint8_t *region = model->flash->bytes;
  static const uint8_t head[8] = {'V', 'F', 'L', '1', 1, 0, 64, 0};
  assert_memory_equal(region, head, sizeof head);
  assert_int_equal(u64_at(region, 8), 32); /* sequence: the first jump is over all sectors */
  assert_int_equal(u64_at(region, 16), 0); /* nothing committed yet */
  assert_int_equal(u64_at(region, 24), 0); /* no predecessor */
  assert_int_equal(u32_at(region, 40), 1); /* erased once */
  assert_int_equal(u32_at(region, 44), 0x5EED);
  assert_int_equal(region[48], 10);
  assert_int_equal(region[49], 3);
  assert_int_equal(region[50] | region[51] << 8, 32);
  assert_int_equal(region[52], 1); /* after_mount */
  assert_int_equal(u32_at(region, 60), vn_crc32c(0, region, 60));
  assert_int_equal(region[64 + 2], VN_RECORD_MARK);
  assert_int_equal(u32_at(region, 64 + 12), record_crc(region, 1024, 64));
  assert_int_equal(region[80 + 2], VN_RECORD_SLOT);
  assert_int_equal(u32_at(region, 80 + 8), 1); /* tx */
  assert_int_equal(u32_at(region, 80 + 12), record_crc(region, 1024, 80));
  log_model_free(model);
}

static void the_commit_has_the_documented_bytes(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(1);
  const uint8_t *region = model->flash->bytes;
  uint32_t at = 80;
  uint32_t count = 0;
  uint32_t chain = 0;
  while (region[at + 2] != VN_RECORD_COMMIT) {
    uint32_t length = region[at] | (uint32_t)region[at + 1] << 8;
    chain = vn_crc32c(chain, region + at + 12, 4);
    count++;
    at += 16 + ((length + 7u) & ~7u);
  }
  assert_int_equal(region[at + 3], 1);
  assert_int_equal(region[at], 128);
  const uint8_t *payload = region + at + 16;
  assert_int_equal(u64_at(payload, 0), 1);
  assert_int_equal(u32_at(payload, 8), count);
  assert_int_equal(u32_at(payload, 12), chain);
  assert_int_equal(u64_at(payload, 16), 7);  /* journal_applied */
  assert_int_equal(u64_at(payload, 32), 1);  /* accepted */
  assert_int_equal(u64_at(payload, 64), 32); /* oldest_live */
  assert_int_equal(u64_at(payload, 72), 32); /* prev_oldest_live */
  assert_int_equal(u32_at(payload, 124), 0); /* seal_run, flags */
  assert_int_equal(u32_at(region, at + 12), record_crc(region, 1024, at));
  log_model_free(model);
}

/* The low half of a transaction number wraps: 100,000 commits away from zero in the test. */
static void transaction_numbers_wrap_in_records(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(0);
  uint8_t *region = model->flash->bytes;
  set_u64(region, 16, 0xFFFFFFFFu - 3u); /* committed_tx */
  close_header(region);
  set_u32(region, 64 + 8, 0xFFFFFFFFu - 3u);
  set_u32(region, 64 + 12, record_crc(region, 1024, 64));
  model->log.state.tx = 0xFFFFFFFFu - 3u;
  model->log.state.known_tx = 0xFFFFFFFFu - 3u;
  for (uint32_t i = 0; i < 200; i++) {
    assert_int_equal(log_model_commit(model), VN_OK);
    assert_int_equal(remount(model), VN_OK);
    assert_null(log_model_check(model));
    assert_int_equal(model->ram.accepted, i + 1u);
  }
  assert_true(model->log.state.tx > 0xFFFFFFFFu);
  log_model_free(model);
}

static void a_region_without_a_log_is_unformatted(void **unused) {
  (void)unused;
  static const int values[] = {0x00, 0xFF, 0xA5, FLASH_FAKE_NOISE};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    flash_fake_shape_t flash = small_flash;
    flash.erased_value = values[i];
    log_model_t *model = log_model_new(&small_model, &flash, SEED);
    assert_int_equal(log_model_mount(model), VN_ERR_UNFORMATTED);
    assert_int_equal(model->flash->operations, 0);
    log_model_free(model);
  }
}

static void a_region_that_cannot_be_read_is_a_flash_error(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(3);
  flash_fake_bad(model->flash, 0, model->flash->port.size_bytes, true, false);
  assert_int_equal(remount(model), VN_ERR_FLASH);
  log_model_free(model);
}

static void a_format_that_was_never_committed_is_unformatted(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(0);
  assert_int_equal(remount(model), VN_ERR_UNFORMATTED);
  log_model_free(model);
}

static void another_geometry_or_layout_is_foreign_and_left_alone(void **unused) {
  (void)unused;
  static const struct {
    uint32_t offset;
    uint8_t value;
  } changes[] = {{4, 2}, {48, 11}, {49, 4}, {50, 31}};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    log_model_t *model = committed_model(3);
    model->flash->bytes[changes[i].offset] = changes[i].value;
    close_header(model->flash->bytes);
    assert_int_equal(remount(model), VN_ERR_FOREIGN);
    assert_int_equal(model->flash->operations, 0);
    log_model_free(model);
  }
}

static void headers_without_a_commit_are_corrupt(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(200);
  for (uint32_t i = 0; i < small_flash.sector_count; i++) {
    memset(model->flash->bytes + i * 1024u + 64, 0x33, 1024 - 64);
  }
  assert_int_equal(remount(model), VN_ERR_CORRUPT);
  assert_int_equal(model->flash->operations, 0);
  assert_int_equal(log_model_format(model), VN_OK);
  assert_int_equal(log_model_commit(model), VN_OK);
  assert_int_equal(remount(model), VN_OK);
  log_model_free(model);
}

/* A flipped bit is noticed, or it takes the newest transaction alone, as a cut would have. */
static void judge_damage(log_model_t *model, const log_model_state_t *before, uint32_t bit) {
  vn_err_t err = remount(model);
  if (err == VN_ERR_CORRUPT || err == VN_ERR_FOREIGN) {
    return;
  }
  bool whole = memcmp(&model->ram, &model->durable, sizeof model->ram) == 0;
  bool one_back = memcmp(&model->ram, before, sizeof model->ram) == 0;
  if (err != VN_OK || (!whole && !one_back && model->log.figures.records_damaged == 0)) {
    print_error("bit %u: %s, accepted %llu of %llu, %llu damaged\n", bit, vn_err_name(err),
                (unsigned long long)model->ram.accepted,
                (unsigned long long)model->durable.accepted,
                (unsigned long long)model->log.figures.records_damaged);
    fail();
  }
}

static void every_flipped_bit_is_survived(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(170); /* the ring has wrapped */
  log_model_state_t before = model->durable;
  assert_int_equal(log_model_commit(model), VN_OK);
  uint32_t newest = model->log.state.head;
  uint32_t step = 1;
  for (uint32_t bit = 0; bit < model->flash->port.size_bytes * 8u; bit += step) {
    uint8_t mask = (uint8_t)(1u << bit % 8u);
    uint32_t age = (newest + small_flash.sector_count - bit / 8192u) % small_flash.sector_count;
    step = age <= LIVE_SECTORS ? 1 : 61; /* what is dead matters little */
    if (bit / 8u % 1024u < 64 && age == 0) {
      continue; /* the newest header: without it, its sector's commits are as if torn */
    }
    model->flash->bytes[bit / 8u] ^= mask;
    judge_damage(model, &before, bit);
    model->flash->bytes[bit / 8u] ^= mask;
  }
  log_model_free(model);
}

static void an_unreadable_header_in_the_chain_costs_nothing(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(100);
  uint16_t sector = model->log.state.oldest_sector;
  while (sector != model->log.state.head) {
    flash_fake_t *flash = model->flash;
    memset(flash->bad, 0, sizeof flash->bad);
    flash->bad_count = 0;
    flash_fake_bad(flash, sector * 1024u, 64, true, false);
    log_model_state_t durable = model->durable;
    assert_int_equal(remount(model), VN_OK);
    assert_memory_equal(&model->ram, &durable, sizeof durable);
    sector = (uint16_t)((sector + 1u) % small_flash.sector_count);
  }
  log_model_free(model);
}

static void random_garbage_is_refused(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(50);
  prng_t prng = prng_make(SEED, 9);
  for (uint32_t round = 0; round < 300; round++) {
    uint32_t from = prng_below(&prng, model->flash->port.size_bytes);
    uint32_t length = prng_below(&prng, model->flash->port.size_bytes - from) + 1u;
    for (uint32_t i = 0; i < length; i++) {
      model->flash->bytes[from + i] = (uint8_t)prng_next(&prng);
    }
    vn_err_t err = remount(model); /* whatever it says, it must end */
    assert_true(err == VN_OK || err == VN_ERR_CORRUPT || err == VN_ERR_UNFORMATTED);
  }
  log_model_free(model);
}

static void an_aborted_transaction_leaves_nothing(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(5);
  uint8_t payload[60] = {0};
  for (uint32_t i = 0; i < 40; i++) {
    assert_int_equal(vn_log_begin(&model->log), VN_OK);
    for (uint32_t k = 0; k < i; k++) {
      assert_int_equal(vn_log_put(&model->log, k % 12u, VN_RECORD_SLOT, 0, k % 12u, payload, 60),
                       VN_OK);
    }
    vn_log_abort(&model->log);
    vn_log_abort(&model->log); /* nothing is open: nothing happens */
    assert_int_equal(log_model_commit(model), VN_OK);
    assert_int_equal(remount(model), VN_OK);
    assert_memory_equal(&model->ram, &model->durable, sizeof model->ram);
    model->possible = model->durable;
  }
  assert_null(model->flash->violation);
  log_model_free(model);
}

static void bad_sectors_are_left_out(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(2);
  flash_fake_bad(model->flash, 4u * 1024u, 1024, false, true);
  flash_fake_bad(model->flash, 9u * 1024u + 512, 8, false, true);
  uint32_t failures = 0;
  for (uint32_t i = 0; i < 400; i++) {
    failures += log_model_commit(model) != VN_OK;
  }
  assert_int_equal(failures, 1); /* one transaction met the sector that fails half-way */
  assert_int_equal(model->log.figures.sectors_bad, 2);
  assert_int_equal(remount(model), VN_OK);
  assert_memory_equal(&model->ram, &model->durable, sizeof model->ram);
  log_model_free(model);
}

static void a_flash_that_takes_nothing_is_not_called_full(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(2);
  flash_fake_bad(model->flash, 0, model->flash->port.size_bytes, false, true);
  for (uint32_t i = 0; i < 4; i++) { /* the first finds all sectors bad, the others know it */
    assert_int_equal(log_model_commit(model), VN_ERR_FLASH);
  }
  log_model_free(model);
}

static void a_cleaning_pass_survives_a_restart(void **unused) {
  (void)unused;
  static const flash_fake_shape_t flash = {1024, 8, 24, 0xFF, false, false, false};
  static const log_model_shape_t shape = {80, 1, 40, 60, 1, 256, 0, 0};
  log_model_t *model = log_model_new(&shape, &flash, SEED);
  assert_int_equal(log_model_format(model), VN_OK);
  assert_int_equal(log_model_commit_dirty(model, shape.items), VN_OK);
  for (uint32_t i = 0; model->log.state.pass_begun == 0 || model->log.state.pass_moved == 0; i++) {
    assert_in_range(i, 0, 1000);
    assert_int_equal(log_model_commit(model), VN_OK);
  }
  vn_log_state_t before = model->log.state;
  assert_int_equal(remount(model), VN_OK);
  assert_int_equal(model->log.state.pass_begun, before.pass_begun);
  assert_int_equal(model->log.state.pass_fresh, before.pass_fresh);
  assert_int_equal(model->log.state.pass_moved, before.pass_moved);
  log_model_free(model);
}

static void a_record_longer_than_the_buffer_is_refused(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(1);
  uint8_t payload[200] = {0};
  assert_int_equal(vn_log_begin(&model->log), VN_OK);
  assert_int_equal(vn_log_put(&model->log, 0, VN_RECORD_SLOT, 0, 0, payload, sizeof payload),
                   VN_ERR_TOO_BIG);
  vn_log_abort(&model->log);
  log_model_free(model);
}

static void a_journal_record_is_a_transaction_of_its_own(void **unused) {
  (void)unused;
  log_model_t *model = committed_model(0);
  static const uint8_t entry[14] = {1, 2, 3};
  assert_int_equal(vn_log_journal(&model->log, VN_LOG_NO_ITEM, 0, 0, entry, 14), VN_ERR_ORDER);
  assert_int_equal(log_model_commit(model), VN_OK);
  uint64_t programmed = model->flash->bytes_programmed;
  uint64_t tx = model->log.state.tx;
  assert_int_equal(vn_log_journal(&model->log, VN_LOG_NO_ITEM, 0, 0, entry, 14), VN_OK);
  assert_int_equal(model->flash->bytes_programmed - programmed, 32);
  vn_log_config_t config = model->log.config;
  vn_commit_t last;
  flash_fake_power_up(model->flash);
  assert_int_equal(vn_log_init(&model->log, &config), VN_OK);
  assert_int_equal(vn_log_mount(&model->log, &last), VN_OK);
  assert_int_equal(model->log.state.tx, tx + 1u);
  assert_int_equal(last.accepted, 1);
  log_model_free(model);
}

static vn_flash_t geometry(uint32_t erase_size, uint32_t prog_size, uint32_t sectors) {
  return (vn_flash_t){
      .size_bytes = erase_size * sectors, .erase_size = erase_size, .prog_size = prog_size};
}

static void the_size_check_names_a_size_that_would_do(void **unused) {
  (void)unused;
  uint64_t needed = 0;
  vn_flash_t flash = geometry(4096, 256, 16);
  assert_int_equal(vn_log_check_size(&flash, 200000, 20000, 500, &needed), VN_ERR_PLAN);
  assert_true(needed >= 500000); /* 2.5 x what is live */
  flash.size_bytes = (uint32_t)needed;
  assert_int_equal(vn_log_check_size(&flash, 200000, 20000, 500, &needed), VN_OK);
  assert_int_equal(needed, flash.size_bytes);
  flash = geometry(512, 16, 64);
  assert_int_equal(vn_log_check_size(&flash, 1000, 500, 432, &needed), VN_ERR_PLAN);
  assert_int_equal(needed, UINT64_MAX); /* the largest record leaves nothing of a sector */
}

static void the_payload_limit_follows_the_sector(void **unused) {
  (void)unused;
  vn_flash_t flash = geometry(4096, 256, 16);
  assert_int_equal(vn_log_payload_max(&flash), 4096 - 256 - 16);
  flash = geometry(131072, 16, 16);
  assert_int_equal(vn_log_payload_max(&flash), 65535 - 16);
  flash = geometry(1024, 4, 16);
  assert_int_equal(vn_log_payload_max(&flash), 1024 - 64 - 16);
}

static void a_commit_of_a_few_records_is_one_program_operation_and_one_sync(void **unused) {
  (void)unused;
  static const flash_fake_shape_t file = {65536, 512, 24, 0xA5, false, false, false};
  static const log_model_shape_t shape = {20, 1, 40, 80, 3, 65536, 0, 0};
  log_model_t *model = log_model_new(&shape, &file, SEED);
  assert_int_equal(log_model_format(model), VN_OK);
  assert_int_equal(log_model_commit(model), VN_OK);
  uint64_t programs = model->flash->programs;
  uint64_t syncs = model->flash->syncs;
  uint64_t reads = model->flash->reads;
  for (uint32_t i = 0; i < COMMITS; i++) {
    assert_int_equal(log_model_commit(model), VN_OK);
  }
  assert_int_equal(model->flash->programs - programs, COMMITS);
  assert_int_equal(model->flash->syncs - syncs, COMMITS);
  assert_int_equal(model->flash->reads - reads, 0);
  log_model_free(model);
}

int main(void) {
  print_message("seed %d\n", SEED);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(header_and_records_have_the_documented_bytes),
      cmocka_unit_test(the_commit_has_the_documented_bytes),
      cmocka_unit_test(transaction_numbers_wrap_in_records),
      cmocka_unit_test(a_region_without_a_log_is_unformatted),
      cmocka_unit_test(a_region_that_cannot_be_read_is_a_flash_error),
      cmocka_unit_test(a_format_that_was_never_committed_is_unformatted),
      cmocka_unit_test(another_geometry_or_layout_is_foreign_and_left_alone),
      cmocka_unit_test(headers_without_a_commit_are_corrupt),
      cmocka_unit_test(every_flipped_bit_is_survived),
      cmocka_unit_test(an_unreadable_header_in_the_chain_costs_nothing),
      cmocka_unit_test(random_garbage_is_refused),
      cmocka_unit_test(an_aborted_transaction_leaves_nothing),
      cmocka_unit_test(bad_sectors_are_left_out),
      cmocka_unit_test(a_flash_that_takes_nothing_is_not_called_full),
      cmocka_unit_test(a_cleaning_pass_survives_a_restart),
      cmocka_unit_test(a_record_longer_than_the_buffer_is_refused),
      cmocka_unit_test(a_journal_record_is_a_transaction_of_its_own),
      cmocka_unit_test(the_size_check_names_a_size_that_would_do),
      cmocka_unit_test(the_payload_limit_follows_the_sector),
      cmocka_unit_test(a_commit_of_a_few_records_is_one_program_operation_and_one_sync),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
