/* Hostile times, repetitions and floods: what only several messages in a row can show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define YEAR_MS (INT64_C(365) * 86400 * 1000)

static int set_up(void **state) {
  rig_t *rig = rig_new(NULL);
  *state = rig;
  return rig_start(rig) == VN_OK ? 0 : -1;
}

static int tear_down(void **state) {
  rig_t *rig = *state;
  const vn_accounting_t *all = &vn_engine_figures(&rig->engine)->readings;
  assert_int_equal(all->received, all->accepted + all->late + all->no_window + all->duplicate +
                                      all->limited + all->quarantined + all->rejected);
  for (size_t i = 0; i < rig->result_count; i++) {
    for (size_t k = 0; k < i; k++) {
      const rig_result_t *a = &rig->results[i];
      const rig_result_t *b = &rig->results[k];
      assert_false(a->window == b->window && a->start_ms == b->start_ms &&
                   a->revision == b->revision && strcmp(a->series, b->series) == 0);
    }
  }
  rig_free(rig);
  return 0;
}

static uint64_t refused(const rig_t *rig, vn_reason_t reason) {
  return vn_engine_figures(&rig->engine)->reasons[reason];
}

/* The latest result of a ten-second window of a series; NULL: none. */
static const rig_result_t *window_of(const rig_t *rig, const char *series, int64_t start_ms) {
  const rig_result_t *found = NULL;
  for (size_t i = 0; i < rig->result_count; i++) {
    const rig_result_t *result = &rig->results[i];
    if (result->window == 0 && result->start_ms == start_ms &&
        strcmp(result->series, series) == 0) {
      found = result;
    }
  }
  return found;
}

static void a_clock_ten_years_ahead_harms_neither_its_series_nor_others(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0, 1000, 1);
  rig_send(rig, "b", T0, 1000, 1);
  for (uint32_t i = 2; i < 100; i++) {
    rig_send(rig, "a", T0 + 10 * YEAR_MS + i, 1000, i);
  }
  assert_int_equal(rig->result_count, 0);
  assert_int_equal(rig_accounting(rig, "a").quarantined, 98);
  rig_send(rig, "a", T0 + 1, 1000, 2);
  rig_send(rig, "b", T0 + 1, 1000, 2);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  assert_int_equal(rig_accounting(rig, "b").accepted, 2);
  assert_int_equal(rig_accounting(rig, "a").missing, 0);
}

static void windows_are_half_open_and_half_milliseconds_go_to_the_even_one(void **state) {
  rig_t *rig = *state;
  static const char *const times[] = {"1795219209999", "1795219210000", "1795219209998.5",
                                      "1795219209999.5", "1795219209999.4999999"};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    char payload[64];
    (void)snprintf(payload, sizeof payload, "{\"t\":%s,\"v\":1}", times[i]);
    rig_message(rig, "j/a", payload);
  }
  vn_flush(&rig->engine);
  assert_int_equal(window_of(rig, "a", T0)->count, 3);
  assert_int_equal(window_of(rig, "a", T0 + 10000)->count, 2);
}

static void late_by_what_is_allowed_gives_a_revision_and_a_millisecond_more_is_late(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0, 1000, 1);
  rig_send(rig, "a", T0 + 16999, 1000, 2);
  rig_send(rig, "a", T0, 2000, 3);
  assert_int_equal(window_of(rig, "a", T0)->revision, 1);
  assert_int_equal(window_of(rig, "a", T0)->sum, 3000);
  rig_send(rig, "a", T0 + 26999, 1000, 4);
  rig_send(rig, "a", T0, 2000, 5);
  assert_int_equal(rig_accounting(rig, "a").late, 0);
  assert_int_equal(window_of(rig, "a", T0)->revision, 1);
  rig_send(rig, "a", T0 + 27000, 1000, 6);
  rig_send(rig, "a", T0, 2000, 7);
  assert_int_equal(rig_accounting(rig, "a").late, 1);
}

/* A clock that can be set back, and a monotonic one that never goes back. */
typedef struct clocks {
  int64_t mono_ms, wall_ms;
} clocks_t;

static int64_t mono_of(void *context) { return ((const clocks_t *)context)->mono_ms; }

static bool wall_of(void *context, vn_time_ms_t *out) {
  *out = ((const clocks_t *)context)->wall_ms;
  return true;
}

static void an_hour_back_in_mid_window_gives_no_result_twice(void **state) {
  rig_t *rig = *state;
  clocks_t clocks = {1000, T0};
  rig->clock = (vn_clock_t){&clocks, mono_of, wall_of};
  for (int i = 0; i < 600; i++) {
    clocks.mono_ms += 1000;
    clocks.wall_ms += i == 300 ? -3600000 : 1000;
    rig_message(rig, "n/a", "20");
    assert_int_equal(rig_step(rig), VN_OK);
  }
  vn_flush(&rig->engine);
  vn_accounting_t seen = rig_accounting(rig, "a");
  assert_int_equal(seen.received, 600);
  assert_int_equal(seen.accepted, 300);
  assert_int_equal(seen.late, 300);
}

static void a_repeated_hour_with_other_values_balances(void **state) {
  rig_t *rig = *state;
  rig->wall_ms = T0 + 2 * 3600000;
  for (int32_t minute = 0; minute < 120; minute++) {
    int64_t shown = minute < 60 ? minute : minute - 60;
    char payload[64];
    (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%d}",
                   (long long)(T0 + shown * 60000), (int)minute / 4);
    rig_message(rig, "j/a", payload);
  }
  assert_int_equal(rig_accounting(rig, "a").received, 120);
  assert_int_equal(rig_accounting(rig, "a").accepted, 61);
  assert_int_equal(rig_accounting(rig, "a").late, 59);
}

static void a_sequence_from_0_is_a_new_epoch_and_a_hole_is_counted(void **state) {
  rig_t *rig = *state;
  rig_send(rig, "a", T0, 1000, 500000);
  rig_send(rig, "a", T0 + 1, 1000, 1500000);
  assert_int_equal(rig_accounting(rig, "a").missing, 999999);
  rig_send(rig, "a", T0 + 2, 1000, 0);
  rig_send(rig, "a", T0 + 3, 1000, 1);
  rig_send(rig, "a", T0 + 3, 1000, 1);
  vn_accounting_t seen = rig_accounting(rig, "a");
  assert_int_equal(seen.accepted, 4);
  assert_int_equal(seen.duplicate, 1);
  assert_int_equal(seen.missing, 999999);
}

static void a_flood_of_duplicates_costs_no_flash(void **state) {
  (void)state;
  static const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 1000, 7);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  uint64_t programs = flash->programs;
  uint64_t erases = flash->erases;
  for (int i = 0; i < 20000; i++) {
    rig_send(rig, "a", T0, 1000, 7);
    assert_int_equal(rig_step(rig), VN_OK);
  }
  assert_int_equal(rig_accounting(rig, "a").duplicate, 20000);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  assert_int_equal(flash->programs, programs);
  assert_int_equal(flash->erases, erases);
  rig_free(rig);
  flash_fake_free(flash);
}

/* The first letters go out with a commit each second at most; the flood itself is not stored. */
static void a_flood_of_garbage_costs_little_flash(void **state) {
  (void)state;
  static const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  uint64_t before = flash->bytes_programmed;
  for (int i = 0; i < 20000; i++) {
    rig_message(rig, "j/a", "{\"t\":");
    assert_int_equal(rig_step(rig), VN_OK);
  }
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 10);
  assert_in_range(flash->bytes_programmed - before, 1, 16384);
  rig_free(rig);
  flash_fake_free(flash);
}

static void endless_new_names_neither_move_nor_silence_the_known(void **state) {
  rig_t *rig = *state;
  static const char *const known[] = {"a", "b", "c", "d"};
  for (size_t i = 0; i < 4; i++) {
    rig_send(rig, known[i], T0, 8100, 1);
    rig_send(rig, known[i], T0 + 3000, 8100, 2);
  }
  size_t firing = rig->transition_count;
  assert_int_equal(firing, 8);
  for (uint32_t i = 0; i < 50000; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "x%u", (unsigned)i);
    rig_send(rig, name, T0 + 3000, 1000, 1);
  }
  assert_int_equal(refused(rig, VN_REASON_SERIES_FULL), 50000);
  assert_int_equal(vn_engine_figures(&rig->engine)->unassigned, 50000);
  assert_int_equal(rig->transition_count, firing);
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 10);
  for (size_t i = 0; i < 4; i++) {
    rig_send(rig, known[i], T0 + 4000, 8100, 3);
    assert_int_equal(rig_accounting(rig, known[i]).accepted, 3);
  }
  assert_int_equal(rig->transition_count, firing);
}

static void a_message_of_the_limit_is_taken_and_a_byte_more_is_not(void **state) {
  rig_t *rig = *state;
  char payload[520];
  memset(payload, ' ', sizeof payload);
  payload[0] = '5';
  payload[512 - 3] = 0; /* with the topic exactly message_max_bytes */
  rig_message(rig, "n/a", payload);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  payload[512 - 3] = ' ';
  payload[512 - 2] = 0;
  rig_message(rig, "n/a", payload);
  assert_int_equal(rig->last_drop, VN_REASON_TOO_BIG);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
}

static void a_topic_of_no_length_is_refused(void **state) {
  rig_t *rig = *state;
  rig_message(rig, "", "1");
  assert_int_equal(rig->last_drop, VN_REASON_TOPIC);
}

static void an_old_retained_reading_follows_the_ordinary_rules(void **state) {
  rig_t *rig = *state;
  const char *old = "{\"t\":1795219200000,\"v\":20}";
  vn_text_t topic = {"j/a", 3};
  vn_take_message(&rig->engine, topic, (const uint8_t *)old, strlen(old), true);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  rig_send(rig, "a", T0 + 60000, 1000, 0);
  vn_take_message(&rig->engine, topic, (const uint8_t *)old, strlen(old), true);
  assert_int_equal(rig_accounting(rig, "a").late, 1);
  vn_text_t arrival = {"n/b", 3};
  vn_take_message(&rig->engine, arrival, (const uint8_t *)"90", 2, true);
  assert_int_equal(refused(rig, VN_REASON_STALE), 1);
  assert_int_equal(vn_engine_figures(&rig->engine)->alerts, 0);
}

static void flapping_on_the_edges_is_one_episode(void **state) {
  rig_t *rig = *state;
  uint32_t sequence = 0;
  int64_t time_ms = T0;
  for (int i = 0; i < 100; i++, time_ms += 100) {
    rig_send(rig, "a", time_ms, 8000, sequence++);
  }
  assert_int_equal(rig->transition_count, 0); /* exactly equal is not above */
  for (int i = 0; i < 100; i++, time_ms += 100) {
    rig_send(rig, "a", time_ms, i % 2 == 0 ? 8001 : 7501, sequence++);
  }
  for (int i = 0; i < 100; i++, time_ms += 100) {
    rig_send(rig, "a", time_ms, i % 2 == 0 ? 8001 : 7500, sequence++);
  }
  unsigned firing = 0;
  for (size_t i = 0; i < rig->transition_count; i++) {
    bool hot = strcmp(rig->transitions[i].alert, "hot") == 0;
    firing += hot && rig->transitions[i].phase == VN_ALERT_FIRING &&
              rig->transitions[i].from == VN_ALERT_PENDING;
    assert_true(rig->transitions[i].episode <= 1);
  }
  assert_int_equal(firing, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_clock_ten_years_ahead_harms_neither_its_series_nor_others),
      CASE(windows_are_half_open_and_half_milliseconds_go_to_the_even_one),
      CASE(late_by_what_is_allowed_gives_a_revision_and_a_millisecond_more_is_late),
      CASE(an_hour_back_in_mid_window_gives_no_result_twice),
      CASE(a_repeated_hour_with_other_values_balances),
      CASE(a_sequence_from_0_is_a_new_epoch_and_a_hole_is_counted),
      cmocka_unit_test(a_flood_of_duplicates_costs_no_flash),
      cmocka_unit_test(a_flood_of_garbage_costs_little_flash),
      CASE(endless_new_names_neither_move_nor_silence_the_known),
      CASE(a_message_of_the_limit_is_taken_and_a_byte_more_is_not),
      CASE(a_topic_of_no_length_is_refused),
      CASE(an_old_retained_reading_follows_the_ordinary_rules),
      CASE(flapping_on_the_edges_is_one_episode),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
