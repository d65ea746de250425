/* The engine over a flash: what survives a restart, what may leave the device, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define READINGS 60

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

/* Reading i of a trace with disorder, late ones and a hot phase. */
static void send_reading(rig_t *rig, int i) {
  static const int shift[] = {0, 0, 1500, -900, 0, -6500, 0, 300};
  int32_t value = i > 25 && i < 40 ? 8100 + i : 2000 + 37 * i;
  rig_send(rig, i % 3 == 0 ? "b" : "a", T0 + i * 1000 + shift[i % 8], value, (uint32_t)i);
}

static void start_again(rig_t **rig, const vn_flash_t *flash) {
  rig_t *next = rig_new(flash);
  next->wall_ms = (*rig)->wall_ms;
  memcpy(next->results, (*rig)->results, sizeof next->results[0] * (*rig)->result_count);
  memcpy(next->transitions, (*rig)->transitions,
         sizeof next->transitions[0] * (*rig)->transition_count);
  memcpy(next->sent, (*rig)->sent, sizeof next->sent[0] * (*rig)->sent_count);
  next->result_count = (*rig)->result_count;
  next->transition_count = (*rig)->transition_count;
  next->sent_count = (*rig)->sent_count;
  rig_free(*rig);
  *rig = next;
  assert_int_equal(rig_start(next), VN_OK);
}

/* Runs the trace; stops cleanly and starts again before reading `stop_at` (-1: never). */
static rig_t *run(flash_fake_t *flash, int stop_at, bool clean) {
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < READINGS; i++) {
    if (i == stop_at) {
      vn_err_t stopped = clean ? vn_stop(&rig->engine) : vn_checkpoint(&rig->engine);
      assert_int_equal(stopped, VN_OK);
      flash_fake_power_up(flash);
      start_again(&rig, &flash->port);
      assert_int_equal(vn_engine_recovery(&rig->engine)->clean, clean);
      assert_false(vn_engine_recovery(&rig->engine)->fresh);
    }
    send_reading(rig, i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  assert_null(flash->violation);
  return rig;
}

static void a_stop_at_any_reading_changes_no_result_and_no_transition(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *whole = run(flash, -1, true);
  flash_fake_free(flash);
  for (int stop_at = 1; stop_at < READINGS; stop_at++) {
    flash = flash_fake_new(&shape, 1);
    rig_t *cut = run(flash, stop_at, stop_at % 2 == 0);
    assert_int_equal(cut->result_count, whole->result_count);
    assert_memory_equal(cut->results, whole->results,
                        whole->result_count * sizeof whole->results[0]);
    assert_int_equal(cut->transition_count, whole->transition_count);
    assert_memory_equal(cut->transitions, whole->transitions,
                        whole->transition_count * sizeof whole->transitions[0]);
    assert_int_equal(rig_accounting(cut, "a").received, rig_accounting(whole, "a").received);
    rig_free(cut);
    flash_fake_free(flash);
  }
  rig_free(whole);
}

/* Numbers in another order, as a version before this one had them: none may be taken for another.
 */
static void states_of_a_former_version_are_told_and_start_anew(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  send_reading(rig, 1);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  uint8_t former[100];
  for (size_t i = 0; i < sizeof former; i++) {
    former[i] = (uint8_t)(i % 100);
  }
  const uint8_t slot[] = {1, 'a', 7, 7, 7, 7};
  vn_commit_t commit = {.boot = rig->engine.head.boot};
  assert_int_equal(vn_log_begin(&rig->engine.log), VN_OK);
  assert_int_equal(
      vn_log_put(&rig->engine.log, 0, VN_RECORD_GLOBAL, 0x80, 0, former, sizeof former), VN_OK);
  assert_int_equal(vn_log_put(&rig->engine.log, 1, VN_RECORD_SLOT, 0x80, 0, slot, sizeof slot),
                   VN_OK);
  assert_int_equal(vn_log_commit(&rig->engine.log, &commit), VN_OK);
  flash_fake_power_up(flash);
  start_again(&rig, &flash->port);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_reset, 1);
  assert_int_equal(vn_engine_figures(&rig->engine)->messages, 1); /* of the record before */
  send_reading(rig, 2);
  assert_int_equal(rig_accounting(rig, "a").received, 1);
  assert_int_equal(vn_engine_figures(&rig->engine)->readings.received, 1);
  rig_free(rig);
  flash_fake_free(flash);
}

/* The figures were damaged, or are of a former version. */
static void a_state_without_figures_is_restored(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  vn_commit_t commit = {.boot = 7};
  assert_int_equal(vn_log_format(&rig->engine.log), VN_OK);
  assert_int_equal(vn_log_begin(&rig->engine.log), VN_OK);
  assert_int_equal(vn_log_commit(&rig->engine.log, &commit), VN_OK);
  flash_fake_power_up(flash);
  start_again(&rig, &flash->port);
  assert_false(vn_engine_recovery(&rig->engine)->fresh);
  assert_int_equal(vn_engine_recovery(&rig->engine)->boot, 8);
  rig_free(rig);
  flash_fake_free(flash);
}

static void nothing_leaves_before_it_is_committed(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  uint64_t syncs = flash->syncs;
  for (int i = 0; i < 4; i++) {
    rig_send(rig, "a", T0 + i * 1000, 9000, (uint32_t)i);
  }
  assert_int_equal(flash->syncs, syncs);
  assert_int_equal(rig->sent_count, 0);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(flash->syncs, syncs + 1);
  assert_int_equal(rig->sent_count, 2);
  rig_free(rig);
  flash_fake_free(flash);
}

static void what_was_not_acknowledged_is_sent_again_byte_for_byte(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  rig->acknowledge = false;
  for (int i = 0; i < 4; i++) {
    rig_send(rig, "a", T0 + i * 1000, 9000, (uint32_t)i);
  }
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig->sent_count, 2);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK); /* that they left changes nothing */
  flash_fake_power_up(flash);
  start_again(&rig, &flash->port);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig->sent_count, 4);
  assert_memory_equal(&rig->sent[0], &rig->sent[2], 2 * sizeof rig->sent[0]);
  assert_int_equal(rig_wait(rig, 10000), VN_OK);
  flash_fake_power_up(flash);
  start_again(&rig, &flash->port);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig->sent_count, 4);
  rig_free(rig);
  flash_fake_free(flash);
}

static void every_start_has_a_higher_boot_and_messages_a_higher_seq(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  uint32_t boot = vn_engine_recovery(&rig->engine)->boot;
  assert_int_equal(boot, T0 / 1000);
  for (uint32_t i = 1; i < 5; i++) {
    flash_fake_power_up(flash);
    start_again(&rig, &flash->port);
    assert_int_equal(vn_engine_recovery(&rig->engine)->boot, boot + i);
  }
  rig_free(rig);
  flash_fake_free(flash);
}

static void an_unclean_stop_tells_from_when_on_readings_may_be_missing(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  for (uint32_t i = 0; i < 25; i++) {
    rig_send(rig, "a", rig->wall_ms, 2000, i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  uint64_t known = rig_accounting(rig, "a").received;
  flash_fake_power_up(flash);
  start_again(&rig, &flash->port);
  const vn_recovery_t *recovery = vn_engine_recovery(&rig->engine);
  assert_false(recovery->clean);
  assert_int_equal(recovery->lost_to_ms, T0 + 25000);
  assert_int_equal(recovery->lost_from_ms, T0 + 20000);
  uint64_t restored = rig_accounting(rig, "a").received;
  assert_true(known - restored <= 10);
  for (uint32_t i = 25; i < 30; i++) {
    rig_send(rig, "a", rig->wall_ms, 2000, i);
  }
  assert_int_equal(rig_accounting(rig, "a").missing, known - restored);
  rig_free(rig);
  flash_fake_free(flash);
}

static void what_waits_in_the_queue_at_a_checkpoint_may_be_missing_too(void **state) {
  (void)state;
  static const char payload[] = "{\"t\": 0, \"v\": 1, \"seq\": 0}";
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  vn_hold(&rig->engine, true);
  rig->wall_ms = T0 + 5000;
  assert_int_equal(vn_offer_message(&rig->engine, (vn_text_t){"j/a", 3}, (const uint8_t *)payload,
                                    sizeof payload - 1, false),
                   VN_OK);
  rig->wall_ms = T0 + 60000;
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  flash_fake_power_up(flash);
  start_again(&rig, &flash->port);
  assert_int_equal(vn_engine_recovery(&rig->engine)->lost_from_ms, T0 + 5000);
  assert_int_equal(vn_engine_recovery(&rig->engine)->lost_to_ms, T0 + 60000);
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_changed_window_begins_anew_and_says_so(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = run(flash, -1, true);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  flash_fake_power_up(flash);
  rig = rig_new(&flash->port);
  rig->windows[0].size_ms = 5000;
  rig->windows[0].slide_ms = 5000;
  rig->wall_ms = T0 + 100000;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_restored, 2);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_reset, 0);
  assert_true(vn_engine_recovery(&rig->engine)->operators_reset >= 2);
  vn_accounting_t before = rig_accounting(rig, "a");
  rig_send(rig, "a", T0 + 1000, 2000, 100); /* the watermark stays: what was late is late */
  rig_send(rig, "a", T0 + 100000, 2000, 101);
  assert_int_equal(rig_accounting(rig, "a").accepted, before.accepted + 1);
  assert_int_equal(rig_accounting(rig, "a").late, before.late + 1);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig_free(rig);
  flash_fake_free(flash);
}

/* Fires at 81, stops, and goes on at 78: above 80 - 5, so that nothing has ended (the alarm of
 * home-assistant/core#133377 was wrong after each restart). */
static void hysteresis_is_remembered_over_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  rig->alerts[0].rule.for_ms = 0;
  rig->alerts[0].rule.keep_firing_for_ms = 0;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 8100, 0);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(rig->transition_count, 1);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  flash_fake_power_up(flash);
  start_again(&rig, &flash->port);
  rig->alerts[0].rule.for_ms = 0;
  rig->alerts[0].rule.keep_firing_for_ms = 0;
  rig_send(rig, "a", T0 + 1000, 7800, 1);
  rig_send(rig, "a", T0 + 2000, 8100, 2);
  assert_int_equal(rig->transition_count, 1);
  rig_send(rig, "a", T0 + 3000, 7500, 3);
  assert_int_equal(rig->transition_count, 2);
  assert_int_equal(rig->transitions[1].episode, 1);
  rig_free(rig);
  flash_fake_free(flash);
}

/* "No message for 30 s" is no alarm because the device itself was off for an hour. */
static void a_restart_is_no_silence_of_the_sensors(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 2000, 0);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  flash_fake_power_up(flash);
  rig->wall_ms += INT64_C(3600000);
  start_again(&rig, &flash->port);
  assert_int_equal(rig_wait(rig, 29000), VN_OK);
  assert_int_equal(rig->transition_count, 0);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(rig->transition_count, 1);
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_changed_limit_keeps_the_state(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = run(flash, -1, true);
  uint64_t received = rig_accounting(rig, "a").received;
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  flash_fake_power_up(flash);
  rig = rig_new(&flash->port);
  rig->alerts[0].rule.limit = 9000;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(rig_accounting(rig, "a").received, received);
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_flash_that_fails_is_reported_and_the_engine_goes_on(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  flash_fake_bad(flash, 0, shape.erase_size * shape.sector_count, false, true);
  for (uint32_t i = 0; i < 4; i++) {
    rig_send(rig, "a", T0 + i * 1000, 9000, i);
  }
  assert_int_not_equal(rig_step(rig), VN_OK);
  assert_true(rig->engine.flash_failed);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(rig->sent_count, 2);
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_region_too_small_for_the_plan_is_refused(void **state) {
  (void)state;
  const flash_fake_shape_t small = {
      .erase_size = 4096, .prog_size = 16, .sector_count = 8, .erased_value = 0xFF};
  flash_fake_t *flash = flash_fake_new(&small, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_ERR_PLAN);
  assert_int_equal(flash->operations, 0);
  rig_free(rig);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stop_at_any_reading_changes_no_result_and_no_transition),
      cmocka_unit_test(states_of_a_former_version_are_told_and_start_anew),
      cmocka_unit_test(a_state_without_figures_is_restored),
      cmocka_unit_test(nothing_leaves_before_it_is_committed),
      cmocka_unit_test(what_was_not_acknowledged_is_sent_again_byte_for_byte),
      cmocka_unit_test(every_start_has_a_higher_boot_and_messages_a_higher_seq),
      cmocka_unit_test(an_unclean_stop_tells_from_when_on_readings_may_be_missing),
      cmocka_unit_test(what_waits_in_the_queue_at_a_checkpoint_may_be_missing_too),
      cmocka_unit_test(a_changed_window_begins_anew_and_says_so),
      cmocka_unit_test(hysteresis_is_remembered_over_a_restart),
      cmocka_unit_test(a_restart_is_no_silence_of_the_sensors),
      cmocka_unit_test(a_changed_limit_keeps_the_state),
      cmocka_unit_test(a_flash_that_fails_is_reported_and_the_engine_goes_on),
      cmocka_unit_test(a_region_too_small_for_the_plan_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
