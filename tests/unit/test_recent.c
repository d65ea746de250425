/* The last readings of a series, remembered exactly. */
#include "vn/recent.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SEED 41

static vn_recent_verdict_t find(const vn_recent_state_t *state, const vn_recent_t *readings,
                                vn_time_ms_t time_ms, int32_t value) {
  vn_recent_t reading = {time_ms, value};
  return vn_recent_find(state, readings, &reading);
}

static void time_and_value_together_are_the_identity(void **state) {
  (void)state;
  vn_recent_t readings[4] = {0};
  vn_recent_state_t recent = {0};
  assert_int_equal(find(&recent, readings, 0, 0), VN_RECENT_NEW);
  vn_recent_add(&recent, readings, 4, &(vn_recent_t){-5, 7});
  assert_int_equal(find(&recent, readings, -5, 7), VN_RECENT_SAME);
  assert_int_equal(find(&recent, readings, -5, 8), VN_RECENT_SAME_TIME);
  assert_int_equal(find(&recent, readings, -4, 7), VN_RECENT_NEW);
}

static void one_of_several_values_of_a_time_is_enough(void **state) {
  (void)state;
  vn_recent_t readings[2] = {0};
  vn_recent_state_t recent = {0};
  vn_recent_add(&recent, readings, 2, &(vn_recent_t){1, 10});
  vn_recent_add(&recent, readings, 2, &(vn_recent_t){1, 11});
  assert_int_equal(find(&recent, readings, 1, 10), VN_RECENT_SAME);
  assert_int_equal(find(&recent, readings, 1, 11), VN_RECENT_SAME);
  assert_int_equal(find(&recent, readings, 1, 12), VN_RECENT_SAME_TIME);
}

static void only_the_last_ones_are_remembered(void **state) {
  (void)state;
  vn_recent_t readings[VN_RECENT_MAX] = {0};
  prng_t prng = prng_make(SEED, 1);
  for (uint8_t size = 1; size <= VN_RECENT_MAX; size++) {
    vn_recent_state_t recent = {0};
    int64_t times[200];
    for (int i = 0; i < 200; i++) {
      times[i] = prng_between(&prng, 0, 300);
      bool there = false;
      for (int k = i > size ? i - size : 0; k < i; k++) {
        there = there || times[k] == times[i];
      }
      assert_int_equal(find(&recent, readings, times[i], 1),
                       there ? VN_RECENT_SAME : VN_RECENT_NEW);
      vn_recent_add(&recent, readings, size, &(vn_recent_t){times[i], 1});
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(time_and_value_together_are_the_identity),
      cmocka_unit_test(one_of_several_values_of_a_time_is_enough),
      cmocka_unit_test(only_the_last_ones_are_remembered),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
