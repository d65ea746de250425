/* Token buckets: exact rates, bursts, and nothing saved up beyond them. */
#include "vn/bucket.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SEED 43

/* Takes tokens until none is left; how many there were. */
static uint32_t drain(const vn_bucket_rate_t *rate, vn_bucket_t *bucket, int64_t now_ms) {
  uint32_t count = 0;
  while (vn_bucket_has(rate, bucket, now_ms)) {
    vn_bucket_take(rate, bucket, now_ms);
    count++;
  }
  return count;
}

static void a_full_bucket_holds_its_burst(void **state) {
  (void)state;
  vn_bucket_rate_t rate = vn_bucket_rate(&(vn_rate_t){100, 1000, 200});
  vn_bucket_t bucket;
  vn_bucket_fill(&bucket);
  assert_int_equal(drain(&rate, &bucket, -77), 200);
  assert_int_equal(drain(&rate, &bucket, -77 + 9), 0);
  assert_int_equal(drain(&rate, &bucket, -77 + 10), 1);
  assert_int_equal(drain(&rate, &bucket, -77 + 10 + 500), 50);
  assert_int_equal(drain(&rate, &bucket, INT64_C(1) << 40), 200);
}

static void no_limit_is_none(void **state) {
  (void)state;
  vn_bucket_rate_t rate = vn_bucket_rate(&(vn_rate_t){0});
  vn_bucket_t bucket;
  vn_bucket_fill(&bucket);
  for (int i = 0; i < 1000; i++) {
    assert_true(vn_bucket_has(&rate, &bucket, 5));
    vn_bucket_take(&rate, &bucket, 5);
  }
}

static void a_rate_that_divides_no_millisecond_is_exact(void **state) {
  (void)state;
  static const vn_rate_t rates[] = {{3, 1000, 2},      {300, 1000, 2}, {1000000, 7, 5},
                                    {1, 86400000, 1},  {7, 1, 3},      {1000, 999, 1000000},
                                    {999999, 1000, 1}, {7, 60000, 7}};
  for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
    vn_bucket_rate_t rate = vn_bucket_rate(&rates[i]);
    vn_bucket_t bucket;
    vn_bucket_fill(&bucket);
    uint64_t count = drain(&rate, &bucket, 0);
    assert_int_equal(count, rates[i].burst);
    int64_t per_ms = rates[i].per_ms;
    int64_t step_ms = per_ms > 2000 ? per_ms / 7 : 1;
    for (int64_t ms = 0; ms < 20 * per_ms; ms += step_ms) {
      count += drain(&rate, &bucket, ms);
    }
    count += drain(&rate, &bucket, 20 * per_ms);
    assert_true(count <= rates[i].burst + 20u * rates[i].readings);
    /* Room for what comes between two looks: nothing runs over. */
    if ((rates[i].burst - 1) * (int64_t)rates[i].per_ms >= rates[i].readings * step_ms) {
      assert_int_equal(count, rates[i].burst + 20u * rates[i].readings);
    }
  }
}

/* Tokens as a level in units of 1 / readings ms, in 128 bits' worth of room. */
static void random_arrivals_agree_with_a_level_that_fills(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 2000; round++) {
    vn_rate_t rate = {(uint32_t)prng_between(&prng, 1, 3000),
                      (uint32_t)prng_between(&prng, 1, 5000), (uint32_t)prng_between(&prng, 1, 50)};
    vn_bucket_rate_t derived = vn_bucket_rate(&rate);
    vn_bucket_t bucket;
    vn_bucket_fill(&bucket);
    int64_t most = (int64_t)rate.per_ms * rate.burst;
    int64_t level = most;
    int64_t now_ms = prng_between(&prng, -1000000, 1000000);
    for (int i = 0; i < 200; i++) {
      int64_t passed_ms = prng_below(&prng, 3) == 0 ? prng_between(&prng, 0, 300) : 0;
      now_ms += passed_ms;
      level += passed_ms * rate.readings;
      level = level > most ? most : level;
      bool expected = level >= rate.per_ms;
      assert_int_equal(vn_bucket_has(&derived, &bucket, now_ms), expected);
      if (expected) {
        level -= rate.per_ms;
        vn_bucket_take(&derived, &bucket, now_ms);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_full_bucket_holds_its_burst),
      cmocka_unit_test(no_limit_is_none),
      cmocka_unit_test(a_rate_that_divides_no_millisecond_is_exact),
      cmocka_unit_test(random_arrivals_agree_with_a_level_that_fills),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
