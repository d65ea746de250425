/* Repeats through the engine: found by number, or by what is remembered; over restarts; for free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

/* A rig whose series remember `size` readings. */
static rig_t *start(const vn_flash_t *flash, uint8_t size, vn_same_time_t same_time) {
  rig_t *rig = rig_new(flash);
  rig->pipelines[1].deduplicate = size;
  rig->pipelines[1].same_time = (uint8_t)same_time;
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

/* A reading without a number. */
static void send(rig_t *rig, int64_t time_ms, int value) {
  char payload[64];
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%d}", (long long)time_ms, value);
  rig_message(rig, "j/a", payload);
}

static void check_books(const rig_t *rig, uint64_t accepted, uint64_t duplicate,
                        uint64_t conflicts) {
  vn_accounting_t a = rig_accounting(rig, "a");
  assert_int_equal(a.accepted, accepted);
  assert_int_equal(a.duplicate, duplicate);
  assert_int_equal(a.rejected, conflicts);
  assert_int_equal(a.received, accepted + duplicate + conflicts);
  assert_int_equal(vn_engine_figures(&rig->engine)->reasons[VN_REASON_CONFLICT], conflicts);
}

static void a_known_number_with_another_value_or_time_is_a_conflict_with_a_letter(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 1000, 5);
  rig_send(rig, "a", T0, 1000, 5);
  rig_send(rig, "a", T0, 1001, 5);
  assert_int_equal(rig->last_drop, VN_REASON_CONFLICT);
  rig_send(rig, "a", T0 + 1, 1000, 5);
  assert_int_equal(rig->last_drop, VN_REASON_CONFLICT);
  check_books(rig, 1, 1, 2);
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 2);
  rig_free(rig);
}

static void a_quarantined_number_that_comes_again_in_time_is_a_conflict(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 1000, 1);
  rig_send(rig, "a", T0 + 90000, 1000, 2);
  assert_int_equal(rig->last_drop, VN_REASON_FUTURE);
  rig_send(rig, "a", T0 + 1000, 1000, 2);
  assert_int_equal(rig->last_drop, VN_REASON_CONFLICT);
  rig_free(rig);
}

static void remembered_times_and_values_are_duplicates(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 2, VN_SAME_TIME_KEEP);
  send(rig, T0, 10);
  send(rig, T0 + 1, 10);
  send(rig, T0, 10);
  send(rig, T0, 11);
  send(rig, T0, 11);
  check_books(rig, 3, 2, 0);
  send(rig, T0, 10); /* forgotten: two others were accepted since */
  check_books(rig, 4, 2, 0);
  rig_free(rig);
}

static void another_value_at_a_remembered_time_is_a_conflict_if_configured(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 2, VN_SAME_TIME_CONFLICT);
  send(rig, T0, 10);
  send(rig, T0, 11);
  send(rig, T0, 10);
  check_books(rig, 1, 1, 1);
  rig_free(rig);
}

static void what_is_refused_is_not_remembered(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 8, VN_SAME_TIME_CONFLICT);
  send(rig, T0, 126);
  assert_int_equal(rig->last_drop, VN_REASON_RANGE);
  send(rig, T0, 20);
  send(rig, T0 + 50000, 20);
  send(rig, T0 + 20000, 20);
  send(rig, T0 + 20000, 20);
  assert_int_equal(rig_accounting(rig, "a").late, 2);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  rig_free(rig);
}

static void arrivals_without_a_time_are_no_repeats(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 8, VN_SAME_TIME_CONFLICT);
  rig_message(rig, "n/a", "[20, 20, 21]");
  check_books(rig, 3, 0, 0);
  rig_free(rig);
}

static void an_hour_that_goes_back_is_late_or_in_conflict_as_configured(void **state) {
  (void)state;
  for (int conflict = 0; conflict < 2; conflict++) {
    rig_t *rig = rig_new(NULL);
    rig->pipelines[1].deduplicate = conflict ? 64 : 0;
    rig->pipelines[1].same_time = conflict ? VN_SAME_TIME_CONFLICT : VN_SAME_TIME_KEEP;
    assert_int_equal(rig_start(rig), VN_OK);
    rig->wall_ms = T0 + 2 * 3600000;
    for (int minute = 0; minute < 120; minute++) {
      send(rig, T0 + (minute < 60 ? minute : minute - 60) * 60000, minute / 4);
    }
    vn_accounting_t a = rig_accounting(rig, "a");
    assert_int_equal(a.accepted, conflict ? 60 : 61);
    assert_int_equal(a.late, conflict ? 0 : 59);
    assert_int_equal(a.rejected, conflict ? 60 : 0);
    rig_free(rig);
  }
}

static rig_t *start_again(rig_t *rig, const vn_flash_t *flash, uint8_t size) {
  int64_t wall_ms = rig->wall_ms;
  rig_free(rig);
  rig = rig_new(flash);
  rig->wall_ms = wall_ms;
  rig->pipelines[1].deduplicate = size;
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static void repeats_are_found_after_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 4, VN_SAME_TIME_KEEP);
  for (int i = 0; i < 6; i++) {
    send(rig, T0 + i, 10);
  }
  rig_send(rig, "b", T0, 1000, 5);
  rig_send(rig, "b", T0, 1000, 9);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig = start_again(rig, &flash->port, 3); /* it remembers the last three */
  rig_send(rig, "b", T0, 1000, 5);
  assert_int_equal(rig->last_drop, VN_REASON_DUPLICATE);
  rig_send(rig, "b", T0, 1100, 9);
  assert_int_equal(rig->last_drop, VN_REASON_CONFLICT);
  for (int i = 0; i < 6; i++) {
    send(rig, T0 + i, 10);
  }
  assert_int_equal(rig_accounting(rig, "a").duplicate, 0);
  send(rig, T0 + 5, 10);
  assert_int_equal(rig_accounting(rig, "a").duplicate, 1);
  rig_free(rig);
  flash_fake_free(flash);
}

/* The sensor counts anew, then the device starts again: what the sensor sent before comes again,
 * once with a number that both have. */
static void repeats_of_before_a_sensor_counted_anew_are_found_after_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 0, VN_SAME_TIME_KEEP);
  rig_send(rig, "a", T0, 1000, 90);
  rig_send(rig, "a", T0 + 1, 1010, 92);
  rig_send(rig, "a", T0 + 2, 1020, 5);
  rig_send(rig, "a", T0 + 3, 1030, 6);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig = start_again(rig, &flash->port, 0);
  rig_send(rig, "a", T0 + 1, 1010, 92);
  rig_send(rig, "a", T0, 1000, 90);
  assert_int_equal(rig_accounting(rig, "a").duplicate, 2);
  rig_send(rig, "a", T0 + 4, 1040, 40);
  rig_send(rig, "a", T0 + 1, 1010, 92);
  rig_send(rig, "a", T0, 1090, 90); /* another one, of now */
  rig_send(rig, "a", T0 + 5, 1050, 41);
  vn_accounting_t a = rig_accounting(rig, "a");
  assert_int_equal(a.accepted, 7);
  assert_int_equal(a.duplicate, 3);
  rig_free(rig);
  flash_fake_free(flash);
}

static void the_last_ones_are_found_after_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 4, VN_SAME_TIME_KEEP);
  for (int i = 0; i < 6; i++) {
    send(rig, T0 + i, 10);
  }
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig = start_again(rig, &flash->port, 3);
  for (int i = 3; i < 6; i++) {
    send(rig, T0 + i, 10);
  }
  assert_int_equal(rig_accounting(rig, "a").duplicate, 3);
  rig_free(rig);
  flash_fake_free(flash);
}

/* For an hour, with the clock running: no commit is due for what changes nothing. */
static void a_flood_of_repeats_writes_nothing_until_a_clean_stop_counts_them(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 4, VN_SAME_TIME_KEEP);
  rig_send(rig, "a", T0, 1000, 7);
  send(rig, T0 + 1, 10);
  assert_int_equal(rig_wait(rig, 20000), VN_OK);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  uint64_t programs = flash->programs;
  for (int i = 0; i < 36000; i++) {
    rig_send(rig, "a", T0, 1000, 7);
    send(rig, T0 + 1, 10);
    assert_int_equal(rig_wait(rig, 100), VN_OK);
  }
  assert_int_equal(flash->programs, programs);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig = start_again(rig, &flash->port, 4);
  check_books(rig, 2, 72000, 0);
  rig_free(rig);
  flash_fake_free(flash);
}

#define CASE(name) cmocka_unit_test(name)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_known_number_with_another_value_or_time_is_a_conflict_with_a_letter),
      CASE(a_quarantined_number_that_comes_again_in_time_is_a_conflict),
      CASE(remembered_times_and_values_are_duplicates),
      CASE(another_value_at_a_remembered_time_is_a_conflict_if_configured),
      CASE(what_is_refused_is_not_remembered),
      CASE(arrivals_without_a_time_are_no_repeats),
      CASE(an_hour_that_goes_back_is_late_or_in_conflict_as_configured),
      CASE(repeats_are_found_after_a_restart),
      CASE(repeats_of_before_a_sensor_counted_anew_are_found_after_a_restart),
      CASE(the_last_ones_are_found_after_a_restart),
      CASE(a_flood_of_repeats_writes_nothing_until_a_clean_stop_counts_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
