/* Delays between attempts to connect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backoff.h"

static void delays_double_from_one_second_to_one_minute(void **state) {
  static const uint32_t middles[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
  (void)state;
  for (uint64_t seed = 0; seed < 200; seed++) {
    vn_backoff_t backoff;
    vn_backoff_init(&backoff, seed);
    for (size_t i = 0; i < sizeof middles / sizeof middles[0]; i++) {
      uint32_t delay = vn_backoff_next_ms(&backoff);
      assert_in_range(delay, middles[i] * 5 / 6, middles[i] * 6 / 5);
      assert_in_range(delay, 0, VN_BACKOFF_LAST_MS);
    }
  }
}

static void devices_come_back_at_different_times(void **state) {
  (void)state;
  unsigned equal = 0;
  for (uint64_t seed = 1; seed < 100; seed++) {
    vn_backoff_t a, b;
    vn_backoff_init(&a, seed * UINT64_C(0x9E3779B97F4A7C15));
    vn_backoff_init(&b, (seed + 1) * UINT64_C(0x9E3779B97F4A7C15));
    equal += vn_backoff_next_ms(&a) == vn_backoff_next_ms(&b) ? 1 : 0;
  }
  assert_in_range(equal, 0, 10);
}

static void a_connection_that_held_starts_over(void **state) {
  (void)state;
  vn_backoff_t backoff;
  vn_backoff_init(&backoff, 7);
  for (int i = 0; i < 5; i++) {
    (void)vn_backoff_next_ms(&backoff);
  }
  vn_backoff_connected_for(&backoff, VN_BACKOFF_STABLE_MS);
  assert_in_range(vn_backoff_next_ms(&backoff), 833, 1200);
}

static void two_clients_that_throw_each_other_out_slow_down(void **state) {
  (void)state;
  vn_backoff_t backoff;
  vn_backoff_init(&backoff, 7);
  for (int i = 0; i < 5; i++) {
    (void)vn_backoff_next_ms(&backoff);
    vn_backoff_connected_for(&backoff, 10);
  }
  assert_in_range(vn_backoff_next_ms(&backoff), 26666, 38400);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(delays_double_from_one_second_to_one_minute),
      cmocka_unit_test(devices_come_back_at_different_times),
      cmocka_unit_test(a_connection_that_held_starts_over),
      cmocka_unit_test(two_clients_that_throw_each_other_out_slow_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
