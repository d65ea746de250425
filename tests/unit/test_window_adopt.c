/* Windows of time that are added to others or removed from them: those that stay go on as if the
 * others had never been there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "prng.h"

#define T0 INT64_C(1795219200000)
enum { READINGS = 120, WINDOWS = 3 };

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 100, .erased_value = FLASH_FAKE_NOISE};

/* All have panes of 10 s. */
static const vn_window_t all[WINDOWS] = {
    {.name = "ten", .size_ms = 10000, .slide_ms = 10000, .sample = 2},
    {.name = "slide", .size_ms = 30000, .slide_ms = 10000, .shape = VN_WINDOW_SLIDING},
    {.name = "minute", .size_ms = 60000, .slide_ms = 60000},
};

/* A device with some of the windows, in this order; "ten" is always there. */
typedef struct device {
  rig_t *rig;
  vn_window_t windows[WINDOWS];
} device_t;

static void make(device_t *device, flash_fake_t *flash, const uint8_t *order, uint8_t count) {
  device->rig = rig_new(&flash->port);
  for (uint8_t i = 0; i < count; i++) {
    device->windows[i] = all[order[i]];
    device->windows[i].statistics = device->rig->windows[0].statistics;
  }
  vn_pipeline_t *pipeline = &device->rig->pipelines[1];
  pipeline->summary.windows = device->windows;
  pipeline->summary.window_count = count;
  pipeline->alert_count = 0;
  pipeline->lateness_ms = 15000;
  pipeline->max_future_ms = 1000000;
}

static void send_readings(rig_t *rig, uint64_t seed, int from, int to) {
  prng_t prng = prng_make(seed, 0);
  for (int i = 0; i < to; i++) {
    int64_t late_ms = (int64_t)(prng_chance(&prng, 25) ? prng_below(&prng, 14000) : 0);
    int32_t value = (int32_t)(prng_below(&prng, 8000));
    if (i >= from) {
      rig_send(rig, "a", T0 + i * 1000 - late_ms, value, (uint32_t)i);
      assert_int_equal(rig_step(rig), VN_OK);
    }
  }
}

/* The results of one window, by name, without what the length of a run says. */
static size_t collect(const device_t *device, const char *name, rig_result_t *out) {
  size_t count = 0;
  for (size_t i = 0; i < device->rig->result_count; i++) {
    const rig_result_t *result = &device->rig->results[i];
    bool ended = (result->flags & VN_FLAG_BIT(VN_FLAG_RECONFIGURED)) != 0; /* of no window here */
    if (!ended && strcmp(device->windows[result->window].name, name) == 0) {
      out[count] = *result;
      out[count++].window = 0;
    }
  }
  return count;
}

static rig_result_t expected[RIG_RESULTS_MAX], had[RIG_RESULTS_MAX];

/* A whole run with the windows of one order, the results of one of them. */
static size_t whole(uint64_t seed, const uint8_t *order, uint8_t count, const char *name) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  device_t device;
  make(&device, flash, order, count);
  assert_int_equal(rig_start(device.rig), VN_OK);
  send_readings(device.rig, seed, 0, READINGS);
  size_t found = collect(&device, name, expected);
  rig_free(device.rig);
  flash_fake_free(flash);
  return found;
}

/* The first part with some windows, the second with others; a window that is in both must give what
 * it gives alone. */
static void check(uint64_t seed, const uint8_t *before, uint8_t before_count, const uint8_t *after,
                  uint8_t after_count, const char *name) {
  int at = (int)(10 + seed * 7 % (READINGS - 20));
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  device_t first, second;
  make(&first, flash, before, before_count);
  assert_int_equal(rig_start(first.rig), VN_OK);
  send_readings(first.rig, seed, 0, at);
  assert_int_equal(vn_stop(&first.rig->engine), VN_OK);
  size_t count = collect(&first, name, had);
  rig_free(first.rig);
  flash_fake_power_up(flash);
  make(&second, flash, after, after_count);
  assert_int_equal(rig_start(second.rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&second.rig->engine)->operators_reset, 0);
  send_readings(second.rig, seed, at, READINGS);
  count += collect(&second, name, had + count);
  rig_free(second.rig);
  flash_fake_free(flash);
  size_t wanted = whole(seed, before, before_count, name);
  if (count != wanted || memcmp(had, expected, count * sizeof had[0]) != 0) {
    fail_msg("seed %llu, %s: %zu results, not %zu, or others", (unsigned long long)seed, name,
             count, wanted);
  }
}

static void a_window_that_stays_goes_on(void **state) {
  (void)state;
  static const uint8_t ten[] = {0}, two[] = {0, 1}, three[] = {0, 1, 2}, turned[] = {2, 0, 1};
  for (uint64_t seed = 1; seed <= 40; seed++) {
    check(seed, ten, 1, three, 3, "ten");   /* longer ones are added */
    check(seed, two, 2, three, 3, "slide"); /* one of them */
    check(seed, three, 3, ten, 1, "ten");   /* removed: the ring is shorter */
    check(seed, three, 3, two, 2, "slide");
    check(seed, three, 3, turned, 3, "minute"); /* in another order */
    check(seed, turned, 3, two, 2, "ten");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_window_that_stays_goes_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
