/* The engine's idle time on a flash: erasing ahead, reading what counts, and what damage leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/flash_figures.h"

#define HOUR_MS INT64_C(3600000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 96, .erased_value = FLASH_FAKE_NOISE};

static rig_t *new_rig(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.scrub_every_ms = HOUR_MS;
  return rig;
}

static rig_t *start(flash_fake_t *flash) {
  rig_t *rig = new_rig(flash);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static rig_t *start_again(rig_t *rig, flash_fake_t *flash) {
  rig_t *next = new_rig(flash);
  next->wall_ms = rig->wall_ms;
  rig_free(rig);
  flash_fake_power_up(flash);
  assert_int_equal(rig_start(next), VN_OK);
  return next;
}

static void send_reading(rig_t *rig, const char *series, uint32_t sequence) {
  char topic[8];
  char payload[80];
  (void)snprintf(topic, sizeof topic, "j/%s", series);
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":20,\"seq\":%u}",
                 (long long)rig->wall_ms, sequence);
  if (rig->plan.durability != VN_DURABILITY_JOURNAL) {
    rig_message(rig, topic, payload);
    return;
  }
  vn_err_t error = vn_accept_message(&rig->engine, (vn_text_t){topic, strlen(topic)},
                                     (const uint8_t *)payload, strlen(payload), false);
  assert_int_equal(error, VN_OK);
}

/* A reading each second of three series in turn, each followed by what is due then. */
static void send_readings(rig_t *rig, uint32_t from, uint32_t count) {
  static const char *const names[] = {"a", "b", "c"};
  for (uint32_t i = from; i < from + count; i++) {
    send_reading(rig, names[i % 3u], i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
}

static vn_flash_figures_t figures_of(const rig_t *rig) {
  vn_flash_figures_t figures;
  assert_true(vn_engine_flash_figures(&rig->engine, &figures));
  return figures;
}

/* Stored bits change where the state of a series lies, in front of the newest commit. */
static void spoil_series(flash_fake_t *flash, const rig_t *rig, uint32_t series) {
  const vn_log_item_t *item = &rig->store.items[1u + series];
  assert_true(item->sector != 0);
  uint32_t sector = item->sector - 1u;
  assert_int_not_equal(sector, rig->engine.log.state.head);
  uint32_t spoilt = 0;
  for (uint32_t offset = 64; offset < shape.erase_size; offset += shape.prog_size) {
    spoilt += flash_fake_rot(flash, sector * shape.erase_size + offset, true) ? 1u : 0u;
  }
  assert_true(spoilt > 0);
}

/* Until the state of this series lies alone in a sector that is not the one that is written. */
static void leave_behind(rig_t *rig, uint32_t series) {
  for (uint32_t i = 0; i < 1000; i++) {
    const vn_log_item_t *items = &rig->store.items[1];
    uint16_t sector = items[series].sector;
    if (i > 10 && sector != 0 && sector != items[0].sector && sector != items[2].sector) {
      return;
    }
    send_reading(rig, i % 2u == 0 ? "a" : "c", 1000u + i);
    assert_int_equal(rig_wait(rig, 10000), VN_OK);
  }
  fail();
}

static void no_commit_waits_for_an_erase(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(flash);
  send_readings(rig, 0, 30);
  uint64_t erases = figures_of(rig).erases;
  for (uint32_t i = 30; i < 1000; i++) {
    send_reading(rig, "a", i);
    rig->wall_ms += 1000;
    uint64_t before = flash->erases;
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    assert_int_equal(flash->erases, before);
    assert_int_equal(rig_step(rig), VN_OK);
    assert_int_equal(rig_wait(rig, 0), VN_OK); /* nothing is due: idle time */
  }
  assert_true(figures_of(rig).erases > erases + 20);
  assert_null(flash->violation);
  rig_free(rig);
  flash_fake_free(flash);
}

static void once_in_a_period_all_is_read_and_nothing_written(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 2);
  rig_t *rig = start(flash);
  send_readings(rig, 0, 100);
  rig->plan.checkpoint_every_ms = 100 * HOUR_MS;
  assert_int_equal(rig_wait(rig, 60000), VN_OK);
  uint64_t reads = flash->bytes_read;
  assert_int_equal(rig_wait(rig, HOUR_MS / 2), VN_OK);
  assert_int_equal(flash->bytes_read, reads);
  uint64_t operations = flash->operations;
  for (uint64_t round = 1; round <= 5; round++) {
    assert_int_equal(rig_wait(rig, HOUR_MS), VN_OK);
    assert_int_equal(figures_of(rig).scrubs, round);
    assert_true(flash->bytes_read > reads);
    reads = flash->bytes_read;
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
    assert_int_equal(flash->bytes_read, reads);
  }
  assert_int_equal(flash->operations, operations);
  assert_int_equal(figures_of(rig).scrub_damaged, 0);
  assert_true(figures_of(rig).scrub_pages > 5);
  rig_free(rig);
  flash_fake_free(flash);
}

static void without_a_period_nothing_is_read(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 3);
  rig_t *rig = start(flash);
  rig->plan.scrub_every_ms = 0;
  send_readings(rig, 0, 20);
  uint64_t reads = flash->bytes_read;
  assert_int_equal(rig_wait(rig, 100 * HOUR_MS), VN_OK);
  assert_int_equal(flash->bytes_read, reads);
  rig_free(rig);
  flash_fake_free(flash);
}

/* In either mode: found in idle time, written from RAM, and no restart learns of it. */
static void damage_is_found_and_written_again(vn_durability_t durability) {
  flash_fake_t *flash = flash_fake_new(&shape, 4);
  rig_t *rig = new_rig(flash);
  rig->plan.durability = (uint8_t)durability;
  assert_int_equal(rig_start(rig), VN_OK);
  send_readings(rig, 0, 90);
  leave_behind(rig, 1);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  vn_accounting_t before = rig_accounting(rig, "b");
  spoil_series(flash, rig, 1);
  rig->plan.scrub_every_ms = 1;
  assert_int_equal(rig_wait(rig, 1), VN_OK);
  assert_int_equal(rig_wait(rig, 1), VN_OK);
  vn_flash_figures_t figures = figures_of(rig);
  assert_int_equal(figures.scrub_damaged, 1);
  assert_int_equal(figures.scrub_rewritten, 1);
  rig_t *next = new_rig(flash);
  next->plan.durability = (uint8_t)durability;
  next->wall_ms = rig->wall_ms;
  rig_free(rig);
  flash_fake_power_up(flash);
  assert_int_equal(rig_start(next), VN_OK);
  assert_int_equal(vn_engine_recovery(&next->engine)->records_damaged, 0);
  vn_accounting_t after = rig_accounting(next, "b");
  assert_memory_equal(&after, &before, sizeof after);
  assert_null(flash->violation);
  rig_free(next);
  flash_fake_free(flash);
}

static void damage_is_healed_from_memory(void **state) {
  (void)state;
  damage_is_found_and_written_again(VN_DURABILITY_CHECKPOINT);
}

static void so_it_is_with_a_journal(void **state) {
  (void)state;
  damage_is_found_and_written_again(VN_DURABILITY_JOURNAL);
}

/* Without scrub: the restart tells, writes all that is left, and takes a number that none had. */
static void after_damage_everything_is_written_and_a_boot_number_skipped(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 5);
  rig_t *rig = start(flash);
  send_readings(rig, 0, 90);
  leave_behind(rig, 1);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  uint32_t boot = rig->engine.head.boot;
  spoil_series(flash, rig, 1);
  rig = start_again(rig, flash);
  assert_true(vn_engine_recovery(&rig->engine)->records_damaged > 0);
  assert_int_equal(rig->engine.head.boot, boot + 2);
  assert_int_equal(vn_engine_recovery(&rig->engine)->boot, boot + 2);
  uint32_t written = 0;
  for (uint32_t i = 0; i < rig->plan.series_max; i++) {
    const vn_log_item_t *item = &rig->store.items[1u + i];
    if (rig->engine.table.name_lengths[i] > 0) {
      uint64_t sequence = rig->store.sectors[item->sector - 1u].sequence;
      assert_true(sequence >= rig->store.sectors[rig->engine.log.state.start_sector].sequence);
      written++;
    }
  }
  assert_true(written >= 2);
  rig = start_again(rig, flash);
  assert_int_equal(rig->engine.head.boot, boot + 3);
  rig_free(rig);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_commit_waits_for_an_erase),
      cmocka_unit_test(once_in_a_period_all_is_read_and_nothing_written),
      cmocka_unit_test(without_a_period_nothing_is_read),
      cmocka_unit_test(damage_is_healed_from_memory),
      cmocka_unit_test(so_it_is_with_a_journal),
      cmocka_unit_test(after_damage_everything_is_written_and_a_boot_number_skipped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
