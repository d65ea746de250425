/* A clock that is not set yet: provisional times, and what becomes of them when it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200123)
#define QUALITY VN_FLAG_BIT(VN_FLAG_TIME_QUALITY)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

/* The monotonic clock runs; the other one is not set. */
static rig_t *make(const vn_flash_t *flash) {
  rig_t *rig = rig_new(flash);
  rig->wall_ms = T0;
  rig->wall_valid = false;
  return rig;
}

static rig_t *start(void) {
  rig_t *rig = make(NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

/* A reading without a time, so many ms after the start. */
static void send_at(rig_t *rig, int64_t after_ms, const char *value) {
  rig->wall_ms = T0 + after_ms;
  rig_message(rig, "n/a", value);
}

static void set_clock(rig_t *rig, int64_t after_ms) {
  rig->wall_ms = T0 + after_ms;
  rig->wall_valid = true;
  assert_int_equal(rig_step(rig), VN_OK);
}

static void check_result(const rig_t *rig, size_t i, int64_t start_ms, int64_t end_ms,
                         vn_kind_t kind, uint32_t count) {
  assert_true(i < rig->result_count);
  assert_int_equal(rig->results[i].start_ms, start_ms);
  assert_int_equal(rig->results[i].end_ms, end_ms);
  assert_int_equal(rig->results[i].kind, kind);
  assert_int_equal(rig->results[i].count, count);
  assert_int_equal(rig->results[i].flags & QUALITY, QUALITY);
}

static void readings_are_taken_with_the_time_since_the_start(void **state) {
  (void)state;
  rig_t *rig = start();
  send_at(rig, 1000, "20");
  send_at(rig, 9000, "20");
  send_at(rig, 12000, "20");
  assert_int_equal(rig_accounting(rig, "a").accepted, 3);
  assert_int_equal(rig->result_count, 2);
  check_result(rig, 0, 0, 10000, VN_KIND_ON_TIME, 2);
  check_result(rig, 1, -10000, 10000, VN_KIND_ON_TIME, 2);
  rig_free(rig);
}

static void what_is_open_is_told_at_true_times_when_the_clock_is_set(void **state) {
  (void)state;
  rig_t *rig = start();
  send_at(rig, 1000, "20");
  send_at(rig, 3000, "20");
  set_clock(rig, 5000);
  assert_int_equal(rig->result_count, 3);
  check_result(rig, 0, T0, T0 + 10000, VN_KIND_FORCED, 2);
  check_result(rig, 1, T0 - 10000, T0 + 10000, VN_KIND_FORCED, 2);
  check_result(rig, 2, T0, T0 + 20000, VN_KIND_FORCED, 2);
  send_at(rig, 6000, "21"); /* a fresh start, at true times, on the usual grid */
  vn_flush(&rig->engine);
  assert_int_equal(rig->results[3].count, 1);
  assert_int_equal(rig->results[3].start_ms, (T0 + 6000) / 10000 * 10000);
  assert_int_equal(rig->results[3].flags & QUALITY, 0);
  assert_int_equal(rig_accounting(rig, "a").accepted, 3);
  rig_free(rig);
}

static void a_clock_that_was_known_goes_on_and_its_windows_with_it(void **state) {
  (void)state;
  rig_t *rig = make(NULL);
  rig->wall_valid = true;
  assert_int_equal(rig_start(rig), VN_OK);
  send_at(rig, 0, "20");
  rig->wall_valid = false;
  send_at(rig, 1000, "20");
  set_clock(rig, 3600000); /* nothing is moved: one of the readings was right */
  int64_t first_ms = T0 / 10000 * 10000;
  assert_int_equal(rig->result_count, 3);
  check_result(rig, 0, first_ms, first_ms + 10000, VN_KIND_FORCED, 2);
  rig_free(rig);
}

static void absolute_times_count_as_they_are(void **state) {
  (void)state;
  rig_t *rig = start();
  rig_send(rig, "a", T0 + 900000, 2000, 1); /* the future can't be judged */
  set_clock(rig, 1000);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  assert_int_equal(rig->result_count, 0);
  vn_flush(&rig->engine);
  assert_int_equal(rig->results[0].flags & QUALITY, 0);
  rig_free(rig);
}

static void relative_times_are_relative_to_the_provisional_one(void **state) {
  (void)state;
  rig_t *rig = start();
  rig->wall_ms = T0 + 60000;
  rig_message(rig, "p/x", "[{\"n\":\"a\",\"v\":20,\"t\":-5},{\"n\":\"a\",\"v\":20}]");
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  set_clock(rig, 60000);
  check_result(rig, 0, T0 + 50000, T0 + 60000, VN_KIND_FORCED, 1);
  rig_free(rig);
}

static void without_stamping_they_are_refused(void **state) {
  (void)state;
  rig_t *rig = make(NULL);
  rig->pipelines[1].unset_clock = VN_UNSET_CLOCK_REFUSE;
  assert_int_equal(rig_start(rig), VN_OK);
  send_at(rig, 0, "20");
  rig_message(rig, "p/x", "[{\"n\":\"a\",\"v\":20,\"t\":-5},{\"n\":\"a\",\"v\":20}]");
  assert_int_equal(rig->last_drop, VN_REASON_TIME);
  rig_send(rig, "a", T0, 2000, 1);
  assert_int_equal(rig_accounting(rig, "a").rejected, 3);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  rig_free(rig);
}

static void delays_of_alerts_go_on_over_the_setting_of_the_clock(void **state) {
  (void)state;
  rig_t *rig = start();
  send_at(rig, 1000, "90");
  assert_int_equal(rig->transition_count, 1);
  assert_int_equal(rig->transitions[0].at_ms, 1000);
  set_clock(rig, 2000);
  send_at(rig, 3999, "90");
  assert_int_equal(rig->transitions[rig->transition_count - 1].phase, VN_ALERT_FIRING);
  assert_string_equal(rig->transitions[rig->transition_count - 1].alert, "warm");
  size_t before = rig->transition_count; /* warm: at the forced result */
  send_at(rig, 4000, "90");
  assert_int_equal(rig->transition_count, before + 1);
  assert_string_equal(rig->transitions[before].alert, "hot");
  assert_int_equal(rig->transitions[before].starts_ms, T0 + 1000);
  rig_free(rig);
}

static void times_go_on_after_a_restart_without_a_clock(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = make(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  send_at(rig, 1000, "20");
  rig->wall_ms = T0 + 4000;
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  rig = make(&flash->port);
  rig->wall_ms = 77; /* the monotonic clock begins anew, too */
  assert_int_equal(rig_start(rig), VN_OK);
  rig->wall_ms += 1000;
  rig_message(rig, "n/a", "20");
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  vn_flush(&rig->engine);
  check_result(rig, 0, 0, 10000, VN_KIND_ON_TIME, 2);
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_clock_set_at_the_restart_settles_what_was_provisional(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = make(&flash->port);
  rig->pipelines[1].time_to_live_ms = 60000;
  assert_int_equal(rig_start(rig), VN_OK);
  send_at(rig, 1000, "20");
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  rig = make(&flash->port);
  rig->wall_valid = true;
  rig->wall_ms = T0 + 1000;
  rig->pipelines[1].time_to_live_ms = 60000;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(vn_engine_figures(&rig->engine)->series_expired, 0); /* since 1970? */
  check_result(rig, 0, T0, T0 + 10000, VN_KIND_FORCED, 1);
  rig_free(rig);
  flash_fake_free(flash);
}

static void messages_that_waited_for_the_clock_get_their_true_times(void **state) {
  (void)state;
  rig_t *rig = start();
  const vn_text_t topic = {"n/a", 3};
  const uint8_t payload[] = "20";
  rig->wall_ms = T0 + 1000;
  assert_int_equal(vn_offer_message(&rig->engine, topic, payload, 2, false), VN_OK);
  set_clock(rig, 31000);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  vn_flush(&rig->engine);
  assert_int_equal(rig->results[0].start_ms, (T0 + 1000) / 10000 * 10000);
  assert_int_equal(rig->results[0].flags & QUALITY, 0);
  rig_free(rig);
}

static rig_t *start_holding(void) {
  rig_t *rig = make(NULL);
  rig->pipelines[1].unset_clock = VN_UNSET_CLOCK_HOLD;
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static vn_err_t offer(rig_t *rig, const char *topic, const char *payload) {
  vn_text_t text = {topic, strlen(topic)};
  return vn_offer_message(&rig->engine, text, (const uint8_t *)payload, strlen(payload), false);
}

static void held_messages_wait_in_the_queue_for_their_true_times(void **state) {
  (void)state;
  rig_t *rig = start_holding();
  rig_send(rig, "a", T0, 2000, 1); /* an absolute time needs no clock */
  assert_int_equal(offer(rig, "j/a", "{\"t\":1795219200124,\"v\":20,\"seq\":2}"), VN_OK);
  assert_int_equal(offer(rig, "p/x", "[{\"n\":\"a\",\"v\":20,\"t\":-1}]"), VN_OK);
  assert_int_equal(offer(rig, "n/other", "20"), VN_OK); /* behind one that waits */
  assert_int_equal(rig_wait(rig, 5000), VN_OK);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  assert_int_equal(rig_accounting(rig, "other").accepted, 0);
  set_clock(rig, 15000);
  assert_int_equal(rig_accounting(rig, "a").accepted, 3);
  assert_int_equal(rig_accounting(rig, "other").accepted, 1);
  vn_flush(&rig->engine);
  for (size_t i = 0; i < rig->result_count; i++) {
    assert_int_equal(rig->results[i].flags & QUALITY, 0);
    assert_true(rig->results[i].end_ms > T0 - 1000 && rig->results[i].start_ms <= T0);
  }
  rig_free(rig);
}

static void what_is_too_much_for_the_queue_is_dropped_and_counted(void **state) {
  (void)state;
  rig_t *rig = start_holding();
  for (int i = 0; i < 10; i++) {
    rig_message(rig, "n/a", "20"); /* without vn_step, too */
  }
  assert_int_equal(vn_engine_figures(&rig->engine)->messages_dropped, 2);
  assert_int_equal(vn_engine_figures(&rig->engine)->reasons[VN_REASON_QUEUE_FULL], 2);
  assert_int_equal(offer(rig, "n/a", "20"), VN_ERR_FULL);
  assert_int_equal(rig_accounting(rig, "a").received, 0);
  rig->wall_ms += 60000;
  rig->wall_valid = true;
  rig_message(rig, "n/a", "21"); /* the first one after the clock is set takes those before it */
  assert_int_equal(rig_accounting(rig, "a").accepted, 9);
  vn_flush(&rig->engine);
  assert_int_equal(rig->results[0].count, 8);
  assert_int_equal(rig->results[0].start_ms, T0 / 10000 * 10000);
  rig_free(rig);
}

static void a_reading_that_cannot_wait_is_refused(void **state) {
  (void)state;
  rig_t *rig = start_holding();
  uint32_t series;
  vn_reading_t reading = {.scaled = 2000, .is_scaled = true};
  assert_int_equal(vn_series_open(&rig->engine, (vn_text_t){"a", 1}, &series), VN_REASON_NONE);
  assert_int_equal(vn_take_reading(&rig->engine, series, &reading), VN_REASON_TIME);
  rig_free(rig);
}

#define CASE(name) cmocka_unit_test(name)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(readings_are_taken_with_the_time_since_the_start),
      CASE(what_is_open_is_told_at_true_times_when_the_clock_is_set),
      CASE(a_clock_that_was_known_goes_on_and_its_windows_with_it),
      CASE(absolute_times_count_as_they_are),
      CASE(relative_times_are_relative_to_the_provisional_one),
      CASE(without_stamping_they_are_refused),
      CASE(delays_of_alerts_go_on_over_the_setting_of_the_clock),
      CASE(times_go_on_after_a_restart_without_a_clock),
      CASE(a_clock_set_at_the_restart_settles_what_was_provisional),
      CASE(held_messages_wait_in_the_queue_for_their_true_times),
      CASE(what_is_too_much_for_the_queue_is_dropped_and_counted),
      CASE(a_reading_that_cannot_wait_is_refused),
      CASE(messages_that_waited_for_the_clock_get_their_true_times),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
