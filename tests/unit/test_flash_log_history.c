/* Journal records that no commit needs any more can still be read, as far back as they lie there.
 */
#include "vn/flash_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"

enum {
  SECTORS = 32,
  ERASE_BYTES = 1024,
  PAGE_BYTES = 256,
  RECORD_MAX = 200,
  PAYLOAD_BYTES = 40,
  ITEMS = 8,
  ENTRIES = 2000,
  SEEN_MAX = 2048,
  SEED = 3
};

typedef struct device {
  flash_fake_t *flash;
  vn_flash_log_t log;
  vn_log_owner_t owner;
  vn_log_item_t items[ITEMS];
  vn_log_sector_t sectors[SECTORS];
  _Alignas(8) uint8_t page[PAGE_BYTES];
  uint8_t record[RECORD_MAX];
  uint32_t written, waiting;
  uint32_t seen[SEEN_MAX], seen_count;
} device_t;

static void payload_of(uint32_t index, uint8_t payload[PAYLOAD_BYTES]) {
  memset(payload, (int)(index % 251u), PAYLOAD_BYTES);
}

static vn_err_t rewrite(void *context, vn_flash_log_t *log, uint32_t item) {
  device_t *device = context;
  uint8_t payload[PAYLOAD_BYTES];
  uint32_t index = device->written - device->written % ITEMS + item;
  payload_of(index, payload);
  return vn_log_put(log, item, VN_RECORD_JOURNAL, 2, index, payload, PAYLOAD_BYTES);
}

static uint32_t apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                      const uint8_t *payload, uint32_t length) {
  (void)context;
  (void)type;
  (void)flags;
  (void)argument;
  (void)payload;
  (void)length;
  return VN_LOG_NO_ITEM;
}

static void start(device_t *device) {
  device->owner = (vn_log_owner_t){device, rewrite, apply};
  const vn_log_config_t config = {.flash = &device->flash->port,
                                  .owner = &device->owner,
                                  .items = device->items,
                                  .item_count = ITEMS,
                                  .sectors = device->sectors,
                                  .page = device->page,
                                  .page_size = PAGE_BYTES,
                                  .record = device->record,
                                  .record_max = RECORD_MAX,
                                  .live_bytes_max = 1024,
                                  .commit_bytes_max = 512,
                                  .region_id = 77};
  assert_int_equal(vn_log_init(&device->log, &config), VN_OK);
}

static void commit(device_t *device) {
  const vn_commit_t owner = {.accepted = device->written};
  assert_int_equal(vn_log_begin(&device->log), VN_OK);
  for (uint32_t i = 0; i < ITEMS; i++) {
    vn_log_release(&device->log, i);
  }
  assert_int_equal(vn_log_commit(&device->log, &owner), VN_OK);
  device->waiting = 0;
}

static device_t *new_device(void) {
  static const flash_fake_shape_t shape = {ERASE_BYTES, 8,     SECTORS, FLASH_FAKE_NOISE,
                                           true,        false, false};
  device_t *device = calloc(1, sizeof *device);
  assert_non_null(device);
  device->flash = flash_fake_new(&shape, SEED);
  start(device);
  assert_int_equal(vn_log_format(&device->log), VN_OK);
  commit(device);
  return device;
}

static void free_device(device_t *device) {
  assert_null(device->flash->violation);
  flash_fake_free(device->flash);
  free(device);
}

/* Entries one after the other; a commit makes all of them superfluous when there are enough. */
static vn_err_t write_entries(device_t *device, uint32_t count) {
  vn_err_t error = VN_OK;
  for (uint32_t i = 0; i < count && error == VN_OK; i++) {
    uint8_t payload[PAYLOAD_BYTES];
    if (device->waiting == ITEMS) {
      commit(device);
    }
    payload_of(device->written + 1u, payload);
    error = vn_log_journal(&device->log, device->waiting, 2, device->written + 1u, payload,
                           PAYLOAD_BYTES);
    device->written += error == VN_OK ? 1u : 0u;
    device->waiting += error == VN_OK ? 1u : 0u;
  }
  return error;
}

static void note(void *context, uint8_t flags, uint32_t argument, const uint8_t *payload,
                 uint32_t length) {
  device_t *device = context;
  uint8_t expected[PAYLOAD_BYTES];
  payload_of(argument, expected);
  assert_int_equal(flags, 2);
  assert_int_equal(length, PAYLOAD_BYTES);
  assert_memory_equal(payload, expected, PAYLOAD_BYTES);
  assert_true(device->seen_count < SEEN_MAX);
  device->seen[device->seen_count++] = argument;
}

/* Another power-up that only looks. */
static void look(device_t *device) {
  vn_commit_t last;
  flash_fake_power_up(device->flash);
  start(device);
  assert_int_equal(vn_log_mount(&device->log, &last), VN_OK);
  uint64_t before = device->flash->operations;
  device->seen_count = 0;
  vn_log_history(&device->log, note, device);
  assert_int_equal(device->flash->operations, before);
}

static void check_no_hole(const device_t *device) {
  assert_true(device->seen_count > 0);
  for (uint32_t i = 1; i < device->seen_count; i++) {
    assert_int_equal(device->seen[i], device->seen[i - 1u] + 1u);
  }
}

static void a_young_region_tells_everything(void **unused) {
  (void)unused;
  device_t *device = new_device();
  assert_int_equal(write_entries(device, 30), VN_OK);
  look(device);
  check_no_hole(device);
  assert_int_equal(device->seen[0], 1);
  assert_int_equal(device->seen_count, 30);
  free_device(device);
}

static void what_no_commit_needs_is_told_until_its_sector_is_used_again(void **unused) {
  (void)unused;
  device_t *device = new_device();
  assert_int_equal(write_entries(device, ENTRIES), VN_OK);
  look(device);
  check_no_hole(device);
  assert_int_equal(device->seen[device->seen_count - 1u], ENTRIES);
  assert_true(device->seen[0] > 1);
  /* More than half of what the region can hold at all. */
  assert_true(device->seen_count > SECTORS * ERASE_BYTES / 2 / (PAYLOAD_BYTES + 16 + 24));
  free_device(device);
}

static void a_cut_takes_no_more_than_the_entry_at_hand(void **unused) {
  (void)unused;
  for (uint32_t cut = 1; cut <= 60; cut++) {
    device_t *device = new_device();
    assert_int_equal(write_entries(device, 200 + cut), VN_OK);
    commit(device);
    flash_fake_cut_at(device->flash, 1, (flash_fake_cut_t)(cut % CUT_ERASE_OLD), CUT_ERASE_MIX);
    uint8_t payload[PAYLOAD_BYTES];
    payload_of(device->written + 1u, payload);
    vn_err_t error =
        vn_log_journal(&device->log, 0, 2, device->written + 1u, payload, PAYLOAD_BYTES);
    assert_int_equal(error, VN_ERR_FLASH);
    look(device);
    check_no_hole(device);
    uint32_t newest = device->seen[device->seen_count - 1u];
    assert_true(newest == device->written || newest == device->written + 1u);
    free_device(device);
  }
}

static void what_was_given_up_before_a_restart_is_not_told(void **unused) {
  (void)unused;
  device_t *device = new_device();
  uint8_t payload[PAYLOAD_BYTES];
  assert_int_equal(write_entries(device, 20), VN_OK);
  payload_of(500, payload);
  assert_int_equal(vn_log_begin(&device->log), VN_OK);
  assert_int_equal(vn_log_put(&device->log, 0, VN_RECORD_JOURNAL, 2, 500, payload, PAYLOAD_BYTES),
                   VN_OK);
  vn_log_abort(&device->log);
  commit(device);
  assert_int_equal(write_entries(device, 20), VN_OK);
  look(device);
  check_no_hole(device);
  assert_int_equal(device->seen_count, 40);
  free_device(device);
}

static void the_geometry_is_found_by_a_header(void **unused) {
  (void)unused;
  device_t *device = new_device();
  uint32_t erase_size = 0;
  uint32_t prog_size = 0;
  assert_true(vn_log_probe(device->flash->bytes, &erase_size, &prog_size));
  assert_int_equal(erase_size, ERASE_BYTES);
  assert_int_equal(prog_size, 8);
  uint8_t header[VN_LOG_PROBE_BYTES];
  for (uint32_t bit = 0; bit < 8u * VN_LOG_PROBE_BYTES; bit++) {
    memcpy(header, device->flash->bytes, sizeof header);
    header[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    assert_false(vn_log_probe(header, &erase_size, &prog_size));
  }
  free_device(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_young_region_tells_everything),
      cmocka_unit_test(what_no_commit_needs_is_told_until_its_sector_is_used_again),
      cmocka_unit_test(a_cut_takes_no_more_than_the_entry_at_hand),
      cmocka_unit_test(what_was_given_up_before_a_restart_is_not_told),
      cmocka_unit_test(the_geometry_is_found_by_a_header),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
