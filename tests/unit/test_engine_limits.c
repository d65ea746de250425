/* Limits through the engine: of each series, of the device, by processing time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static rig_t *start(const vn_flash_t *flash, vn_rate_t series, vn_rate_t device) {
  rig_t *rig = rig_new(flash);
  rig->pipelines[1].limit = series;
  rig->plan.limit = device;
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static void send(rig_t *rig, const char *topic, int count) {
  for (int i = 0; i < count; i++) {
    rig_message(rig, topic, "20");
  }
}

static void each_series_has_its_own_tokens(void **state) {
  (void)state;
  rig_t *rig = start(NULL, (vn_rate_t){10, 1000, 20}, (vn_rate_t){0});
  send(rig, "n/a", 30);
  send(rig, "n/b", 5);
  send(rig, "n/other", 100); /* of a pipeline without a limit */
  assert_int_equal(rig_accounting(rig, "a").accepted, 20);
  assert_int_equal(rig_accounting(rig, "a").limited, 10);
  assert_int_equal(rig_accounting(rig, "b").accepted, 5);
  assert_int_equal(rig_accounting(rig, "other").accepted, 100);
  assert_int_equal(vn_engine_figures(&rig->engine)->reasons[VN_REASON_LIMITED], 10);
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, 0);
  rig->wall_ms += 150;
  send(rig, "n/a", 3);
  assert_int_equal(rig_accounting(rig, "a").accepted, 21);
  rig_free(rig);
}

static void all_series_share_the_tokens_of_the_device(void **state) {
  (void)state;
  rig_t *rig = start(NULL, (vn_rate_t){1, 1000, 4}, (vn_rate_t){10, 1000, 10});
  send(rig, "n/a", 8); /* those above its own limit take none of the others' */
  send(rig, "n/other", 5);
  assert_int_equal(rig_accounting(rig, "other").limited, 0);
  send(rig, "n/b", 4);
  assert_int_equal(rig_accounting(rig, "b").accepted, 1);
  rig->wall_ms += 1000;
  send(rig, "n/b", 4); /* and what the device refused cost the series nothing */
  assert_int_equal(rig_accounting(rig, "b").accepted, 5);
  rig_free(rig);
}

static void repeats_and_the_future_cost_no_token_and_a_bad_value_does(void **state) {
  (void)state;
  rig_t *rig = start(NULL, (vn_rate_t){1, 1000, 3}, (vn_rate_t){0});
  rig_send(rig, "a", T0 + 90000, 2000, 9);
  assert_int_equal(rig->last_drop, VN_REASON_FUTURE);
  rig_send(rig, "a", T0, 2000, 1);
  rig_send(rig, "a", T0, 2000, 1);
  assert_int_equal(rig->last_drop, VN_REASON_DUPLICATE);
  rig_send(rig, "a", T0, 13000, 2);
  assert_int_equal(rig->last_drop, VN_REASON_RANGE);
  rig_send(rig, "a", T0, 2000, 3);
  rig_send(rig, "a", T0, 13000, 4);
  assert_int_equal(rig->last_drop, VN_REASON_LIMITED);
  vn_accounting_t a = rig_accounting(rig, "a");
  assert_int_equal(a.accepted, 2);
  assert_int_equal(a.missing, 4); /* 5 to 8; a number that was limited has come */
  assert_int_equal(a.received, a.accepted + a.duplicate + a.limited + a.quarantined + a.rejected);
  rig_free(rig);
}

/* Silence is judged by arrivals, and what is above the limit has arrived. */
static void a_limited_reading_is_an_arrival(void **state) {
  (void)state;
  rig_t *rig = start(NULL, (vn_rate_t){1, 3600000, 1}, (vn_rate_t){0});
  for (int i = 0; i < 6; i++) {
    send(rig, "n/a", 1);
    assert_int_equal(rig_wait(rig, 20000), VN_OK);
  }
  assert_int_equal(rig_accounting(rig, "a").limited, 5);
  assert_int_equal(rig->transition_count, 0);
  rig_free(rig);
}

static void buckets_are_full_after_a_restart(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  const vn_rate_t rate = {1, 3600000, 3};
  rig_t *rig = start(&flash->port, rate, (vn_rate_t){0});
  send(rig, "n/a", 5);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  rig = start(&flash->port, rate, (vn_rate_t){0});
  send(rig, "n/a", 5);
  assert_int_equal(rig_accounting(rig, "a").accepted, 6);
  assert_int_equal(rig_accounting(rig, "a").limited, 4);
  rig_free(rig);
  flash_fake_free(flash);
}

#define CASE(name) cmocka_unit_test(name)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(each_series_has_its_own_tokens),
      CASE(all_series_share_the_tokens_of_the_device),
      CASE(repeats_and_the_future_cost_no_token_and_a_bad_value_does),
      CASE(a_limited_reading_is_an_arrival),
      CASE(buckets_are_full_after_a_restart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
