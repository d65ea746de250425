/* The tests' own generator: what it draws must be the same everywhere, or seeds mean nothing. */
#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void sequence_is_that_of_the_published_generator(void **state) {
  (void)state;
  static const uint32_t expected[] = {2707161783u, 2068313097u, 3122475824u,
                                      2211639955u, 3215226955u, 3421331566u};
  prng_t prng = prng_make(42, 54);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    assert_int_equal(prng_next(&prng), expected[i]);
  }
}

static void filled_bytes_are_those_of_single_draws(void **state) {
  (void)state;
  for (size_t length = 0; length < 40; length++) {
    uint8_t bytes[41] = {[40] = 0xA5};
    prng_t filled = prng_make(7, length);
    prng_t single = filled;
    prng_fill(&filled, bytes + 40 - length, length);
    for (size_t i = 0; i < length; i++) {
      assert_int_equal(bytes[40 - length + i], (uint8_t)prng_next(&single));
    }
    assert_int_equal(bytes[40], 0xA5);
    assert_int_equal(prng_next(&filled), prng_next(&single));
  }
}

static void bounded_draw_refuses_what_would_bias_it(void **state) {
  (void)state;
  static const uint32_t expected[] = {2030371337u, 1551234822u, 1658729966u, 2411420216u,
                                      2565998674u, 2413099713u, 1625554833u, 2895602755u,
                                      639935806u,  374351994u,  2988068380u, 706327317u,
                                      548982497u,  356819240u,  2040967183u, 1671679082u};
  prng_t prng = prng_make(42, 54);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    assert_int_equal(prng_below(&prng, UINT32_C(3) << 30), expected[i]);
  }
}

static void small_bounds_are_drawn_as_published(void **state) {
  (void)state;
  static const uint32_t expected[] = {6, 4, 7, 5, 7, 7, 7, 5, 8, 9, 1, 1, 9, 2, 1, 1};
  prng_t prng = prng_make(42, 54);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    assert_int_equal(prng_below(&prng, 10), expected[i]);
  }
}

static void ranges_include_both_ends_and_nothing_else(void **state) {
  (void)state;
  prng_t prng = prng_make(1, 1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; i++) {
    int64_t drawn = prng_between(&prng, -3, 3);
    assert_true(drawn >= -3 && drawn <= 3);
    low = low || drawn == -3;
    high = high || drawn == 3;
  }
  assert_true(low && high);
  assert_true(prng_between(&prng, INT64_MAX, INT64_MAX) == INT64_MAX);
  (void)prng_between(&prng, INT64_MIN, INT64_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sequence_is_that_of_the_published_generator),
      cmocka_unit_test(filled_bytes_are_those_of_single_draws),
      cmocka_unit_test(bounded_draw_refuses_what_would_bias_it),
      cmocka_unit_test(small_bounds_are_drawn_as_published),
      cmocka_unit_test(ranges_include_both_ends_and_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
