/* Exponential means: known bits, and never far from the formula in doubles. */
#include "vn/exponential.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 53
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define ONE VN_EXPONENTIAL_ONE

static void add(vn_exponential_t *exponential, const vn_exponential_rule_t *rule, int64_t time_ms,
                int32_t value) {
  vn_point_t reading = {time_ms, value};
  assert_true(vn_exponential_add(exponential, rule, &reading));
}

static double mean_of(const vn_exponential_t *exponential) {
  double mean;
  assert_true(vn_exponential_result(exponential, &mean));
  return mean;
}

typedef struct known {
  vn_exponential_rule_t rule;
  int64_t means[8];
} known_t;

static const vn_point_t course[8] = {{0, 100},           {10, 200},   {30, 200},
                                     {1030, -50},        {1030, 7},   {61030, INT32_MAX},
                                     {61031, INT32_MIN}, {1000000, 0}};

static const known_t known_means[] = {
    {{0, ONE / 8},
     {107374182400, 120795955200, 132540006400, 109261619200, 96543440896, 288230460493004800,
      -36028723220332544, -31525132817790976}},
    {{0, 1},
     {107374182400, 107374182500, 107374182600, 107374182450, 107374182357, 109521665904,
      107374182154, 107374182054}},
    {{0, ONE},
     {107374182400, 214748364800, 214748364800, -53687091200, 7516192768, 2305843008139952128,
      -INT64_C(2305843009213693952), 0}},
    {{1000, 0},
     {107374182400, 108115870000, 109583911068, 27948409934, 27948409934, 2305843008139952128,
      2302647535292602948, 0}},
    {{10000000, 0},
     {107374182400, 107374256800, 107374405600, 107363241985, 107363241985, 9569923261398661,
      9569763688069977, 8966757622764695}},
};

static void known_readings_have_the_known_mean_to_the_last_bit(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(known_means); i++) {
    vn_exponential_t exponential;
    vn_exponential_clear(&exponential);
    for (size_t j = 0; j < COUNT_OF(course); j++) {
      assert_true(vn_exponential_add(&exponential, &known_means[i].rule, &course[j]));
      assert_true(exponential.mean == known_means[i].means[j]);
    }
  }
}

/* A step from 0 to 1 leaves the share itself in the mean. */
static int64_t share_of(int64_t half_life_ms, int64_t elapsed_ms) {
  vn_exponential_rule_t rule = {half_life_ms, 0};
  vn_exponential_t exponential;
  vn_exponential_clear(&exponential);
  add(&exponential, &rule, VN_TIME_LOWEST_MS, 0);
  add(&exponential, &rule, VN_TIME_LOWEST_MS + elapsed_ms, 1);
  return exponential.mean;
}

static void known_times_have_the_known_share(void **state) {
  (void)state;
  static const struct {
    int64_t half_life_ms, elapsed_ms, share;
  } cases[] = {
      {1000, 0, 0},
      {1000, 1, 744004},
      {1000, 62, 45166714},
      {1000, 63, 45879423},
      {1000, 250, 170836173},
      {1000, 500, 314491699},
      {1000, 999, 536498652},
      {1000, 1000, ONE / 2},
      {1000, 1500, 694116762},
      {1000, 30999, ONE},
      {1000, 1000000000, ONE},
      {86400000, 1, 8},
      {86400000, 1000, 8614},
      {86400000, 60000, 516724},
      {1, 1, ONE / 2},
      {1, 2, ONE - ONE / 4},
      {1, 30, ONE - 1},
      {1, 31, ONE},
      {INT64_C(10000000000000), INT64_C(5000000000000), 314491699},
      {INT64_MAX, VN_TIME_HIGHEST_MS - VN_TIME_LOWEST_MS, 25461},
      /* Elapsed and half-life are too long for their difference of 1 ms to count. */
      {VN_TIME_HIGHEST_MS - VN_TIME_LOWEST_MS + 1, VN_TIME_HIGHEST_MS - VN_TIME_LOWEST_MS,
       536870912},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    assert_true(share_of(cases[i].half_life_ms, cases[i].elapsed_ms) == cases[i].share);
  }
}

/* 2^-x without a library: the series of e^(-f ln 2) for the fraction, halves for the rest. */
static double falling(double x) {
  double power = 1.0;
  for (; x >= 1.0 && power > 0.0; x -= 1.0) {
    power /= 2.0;
  }
  double u = x * 0.69314718055994530942;
  double term = 1.0;
  double sum = 1.0;
  for (int i = 1; i < 20; i++) {
    term *= -u / i;
    sum += term;
  }
  return power * sum;
}

static double distance(double a, double b) { return a < b ? b - a : a - b; }

static void the_share_by_time_follows_the_power_of_two(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 20000; round++) {
    int64_t half_life_ms = prng_between(&prng, 1, prng_chance(&prng, 50) ? 1000 : 86400000);
    int64_t elapsed_ms = prng_between(&prng, 0, half_life_ms * (prng_chance(&prng, 50) ? 1 : 30));
    double expected = 1.0 - falling((double)elapsed_ms / (double)half_life_ms);
    double actual = (double)share_of(half_life_ms, elapsed_ms) / ONE;
    assert_true(distance(actual, expected) < 4e-9);
    if (elapsed_ms >= half_life_ms / 1000000 + 1) {
      assert_true(distance(actual, expected) <= expected * 2e-3);
    }
  }
}

/* Each step rounds by half a last place, and the rule forgets it: half of it / alpha at most. */
static void a_mean_by_alpha_stays_near_the_formula(void **state) {
  (void)state;
  static const uint32_t alphas[] = {1u << 10, 1u << 20, 107374182u, 1u << 29, ONE};
  prng_t prng = prng_make(SEED, 2);
  for (size_t i = 0; i < COUNT_OF(alphas); i++) {
    vn_exponential_rule_t rule = {0, alphas[i]};
    double alpha = (double)alphas[i] / ONE;
    double bound = 0.5 / ONE / alpha + 1e-5;
    vn_exponential_t exponential;
    vn_exponential_clear(&exponential);
    double mean = 0.0;
    for (int j = 0; j < 20000; j++) {
      int32_t value = (int32_t)prng_between(&prng, -100000, 100000);
      add(&exponential, &rule, 0, value);
      mean = j == 0 ? value : mean + alpha * (value - mean);
      assert_true(distance(mean_of(&exponential), mean) <= bound);
    }
  }
}

static void a_mean_by_time_stays_near_the_formula(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 3);
  for (int round = 0; round < 20; round++) {
    vn_exponential_rule_t rule = {prng_between(&prng, 100, 100000), 0};
    vn_exponential_t exponential;
    vn_exponential_clear(&exponential);
    double mean = 0.0;
    int64_t time_ms = 0;
    for (int j = 0; j < 2000; j++) {
      int64_t elapsed_ms = prng_between(&prng, 0, 1000);
      int32_t value = (int32_t)prng_between(&prng, -100000, 100000);
      time_ms += elapsed_ms;
      add(&exponential, &rule, time_ms, value);
      double share = 1.0 - falling((double)elapsed_ms / (double)rule.half_life_ms);
      mean = j == 0 ? value : mean + share * (value - mean);
      /* A share is wrong by 4e-9 of at most 200,000, and later ones forget it. */
      assert_true(distance(mean_of(&exponential), mean) <= 0.1);
    }
  }
}

static void the_mean_never_leaves_the_range_of_the_readings(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 4);
  for (int round = 0; round < 200; round++) {
    vn_exponential_rule_t by_alpha = {0, (uint32_t)prng_between(&prng, 1, ONE)};
    vn_exponential_rule_t by_time = {prng_between(&prng, 1, 5000), 0};
    const vn_exponential_rule_t *rule = prng_chance(&prng, 50) ? &by_alpha : &by_time;
    vn_exponential_t exponential;
    vn_exponential_clear(&exponential);
    for (int j = 0; j < 100; j++) {
      add(&exponential, rule, j * 100, prng_chance(&prng, 50) ? INT32_MIN : INT32_MAX);
      double mean = mean_of(&exponential);
      assert_true(mean >= INT32_MIN && mean <= INT32_MAX);
    }
  }
}

static void a_level_is_its_own_mean(void **state) {
  (void)state;
  static const int32_t levels[] = {INT32_MIN, -1, 0, 2137, INT32_MAX};
  for (size_t i = 0; i < COUNT_OF(levels); i++) {
    static const vn_exponential_rule_t rule = {1000, 0};
    vn_exponential_t exponential;
    vn_exponential_clear(&exponential);
    for (int j = 0; j < 100; j++) {
      add(&exponential, &rule, j * 77, levels[i]);
    }
    double mean = mean_of(&exponential);
    double expected = levels[i];
    assert_memory_equal(&mean, &expected, sizeof mean);
  }
}

static void by_time_the_past_is_refused_and_the_present_changes_nothing(void **state) {
  (void)state;
  static const vn_exponential_rule_t rule = {1000, 0};
  vn_exponential_t exponential;
  double mean;
  vn_exponential_clear(&exponential);
  assert_false(vn_exponential_result(&exponential, &mean));
  add(&exponential, &rule, 100, 5);
  add(&exponential, &rule, 100, 1000);
  vn_point_t past = {99, 1000};
  assert_false(vn_exponential_add(&exponential, &rule, &past));
  assert_true(exponential.mean == 5 * (int64_t)ONE && exponential.last_ms == 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_readings_have_the_known_mean_to_the_last_bit),
      cmocka_unit_test(known_times_have_the_known_share),
      cmocka_unit_test(the_share_by_time_follows_the_power_of_two),
      cmocka_unit_test(a_mean_by_alpha_stays_near_the_formula),
      cmocka_unit_test(a_mean_by_time_stays_near_the_formula),
      cmocka_unit_test(the_mean_never_leaves_the_range_of_the_readings),
      cmocka_unit_test(a_level_is_its_own_mean),
      cmocka_unit_test(by_time_the_past_is_refused_and_the_present_changes_nothing),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
