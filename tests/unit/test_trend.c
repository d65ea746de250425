/* Trends: known slopes, exact at the extremes, the same for every order, split and origin. */
#include "vn/trend.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 31
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define READINGS_MAX 60u

typedef struct reading {
  int64_t offset_ms;
  int32_t value;
} reading_t;

static void expect_double(double actual, double expected) {
  assert_memory_equal(&actual, &expected, sizeof actual);
}

static void expect_same(const vn_trend_t *a, const vn_trend_t *b) {
  assert_int_equal(a->count, b->count);
  assert_true(a->value_sum == b->value_sum && a->time_sum == b->time_sum);
  assert_true(a->time_squares_low == b->time_squares_low);
  assert_true(a->products_low == b->products_low);
  assert_int_equal(a->time_squares_high, b->time_squares_high);
  assert_int_equal(a->products_high, b->products_high);
  assert_int_equal(a->saturated, b->saturated);
}

static vn_trend_t trend_of(const reading_t *readings, size_t count, int64_t origin_ms) {
  vn_trend_t trend;
  vn_trend_clear(&trend);
  for (size_t i = 0; i < count; i++) {
    vn_trend_add(&trend, readings[i].offset_ms - origin_ms, readings[i].value);
  }
  return trend;
}

/* Both fractions have small terms. */
static void expect_slope(const vn_trend_t *trend, int64_t numerator, int64_t denominator) {
  vn_ratio_t slope;
  assert_true(vn_trend_result(trend, &slope));
  assert_true(slope.numerator.high == 0 && slope.denominator.high == 0);
  uint64_t magnitude = (uint64_t)(numerator < 0 ? -numerator : numerator);
  vn_u128_t left = vn_u128_mul(slope.numerator.low, (uint64_t)denominator);
  vn_u128_t right = vn_u128_mul(slope.denominator.low, magnitude);
  assert_int_equal(vn_u128_compare(left, right), 0);
  assert_int_equal(slope.negative, numerator < 0);
}

static void known_readings_have_the_known_slope(void **state) {
  (void)state;
  static const reading_t line[] = {{0, 0}, {10, 20}, {20, 40}};
  static const reading_t noisy[] = {{0, 1}, {10, 3}, {20, 2}, {30, 5}};
  vn_trend_t trend = trend_of(line, COUNT_OF(line), 0);
  expect_slope(&trend, 2, 1);
  trend = trend_of(noisy, COUNT_OF(noisy), 0);
  expect_slope(&trend, 11, 100);
  trend = trend_of(noisy, COUNT_OF(noisy), -1795219200000);
  expect_slope(&trend, 11, 100);
}

static void there_is_no_slope_without_two_different_times(void **state) {
  (void)state;
  static const reading_t at_once[] = {{3, 4}, {3, -9}, {3, 100}};
  vn_ratio_t slope;
  for (size_t count = 0; count <= COUNT_OF(at_once); count++) {
    vn_trend_t trend = trend_of(at_once, count, 0);
    assert_false(vn_trend_result(&trend, &slope));
  }
}

static void a_level_has_the_slope_zero(void **state) {
  (void)state;
  static const reading_t level[] = {{0, -7}, {5, -7}, {UINT32_MAX, -7}};
  vn_trend_t trend = trend_of(level, COUNT_OF(level), 0);
  vn_ratio_t slope;
  assert_true(vn_trend_result(&trend, &slope));
  expect_double(vn_ratio_to_double(&slope), 0.0);
  expect_double(vn_trend_per_second(&slope), 0.0);
}

typedef struct steep {
  reading_t readings[3];
  size_t count;
  double per_ms, per_second;
} steep_t;

static void extremes_of_value_and_time_lose_no_bit(void **state) {
  (void)state;
  static const steep_t cases[] = {
      {{{0, INT32_MIN}, {1, INT32_MAX}}, 2, 0x1.fffffffep+31, 0x1.f3fffffe0cp+41},
      {{{0, INT32_MAX}, {1, INT32_MIN}}, 2, -0x1.fffffffep+31, -0x1.f3fffffe0cp+41},
      {{{0, INT32_MIN}, {UINT32_MAX, INT32_MAX}}, 2, 1.0, 1000.0},
      {{{0, INT32_MAX}, {INT64_C(281474976710655), INT32_MIN}},
       2,
       -0x1.fffffffe0002p-17,
       -0x1.f3fffffe0c01fp-7},
      {{{INT64_C(1795219200000), 2137},
        {INT64_C(1795219201000), 2140},
        {INT64_C(1795219202500), 2133}},
       3,
       -0x1.e2e59771b7c7fp-10,
       -0x1.d79435e50d794p+0},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    vn_trend_t trend = trend_of(cases[i].readings, cases[i].count, 0);
    vn_ratio_t slope;
    assert_true(vn_trend_result(&trend, &slope));
    assert_false(trend.saturated);
    expect_double(vn_ratio_to_double(&slope), cases[i].per_ms);
    expect_double(vn_trend_per_second(&slope), cases[i].per_second);
  }
}

/* A trend merged with itself doubles: 2^31 full-scale readings over 49 days in 30 steps. */
static vn_trend_t doubled(const reading_t *readings, size_t count, unsigned times) {
  vn_trend_t trend = trend_of(readings, count, 0);
  for (unsigned i = 0; i < times; i++) {
    vn_trend_merge(&trend, &trend, 0);
  }
  return trend;
}

static const reading_t full_scale[] = {{0, INT32_MIN}, {UINT32_MAX, INT32_MAX}};

static void the_largest_sums_fit(void **state) {
  (void)state;
  vn_trend_t trend = doubled(full_scale, 2, 30);
  vn_trend_t expected = {
      .count = UINT32_C(1) << 31,
      .value_sum = -1073741824,
      .time_sum = UINT64_C(4611686017353646080),
      .time_squares_high = UINT32_C(0x3FFFFFFF),
      .time_squares_low = UINT64_C(0x8000000040000000),
      .products_high = UINT32_C(0x1FFFFFFF),
      .products_low = UINT64_C(0xA000000040000000),
  };
  expect_same(&trend, &expected);
  vn_ratio_t slope;
  assert_true(vn_trend_result(&trend, &slope));
  expect_double(vn_ratio_to_double(&slope), 1.0);
}

static void per_second_survives_a_numerator_near_the_end(void **state) {
  (void)state;
  vn_trend_t trend = doubled(full_scale, 2, 30);
  vn_ratio_t slope;
  assert_true(vn_trend_result(&trend, &slope));
  assert_true(slope.numerator.high > UINT64_MAX / 1000);
  expect_double(vn_trend_per_second(&slope), 1000.0);
}

static void too_many_readings_saturate_and_say_so(void **state) {
  (void)state;
  vn_trend_t trend = doubled(full_scale, 2, 30);
  vn_trend_t kept = trend;
  vn_trend_merge(&trend, &trend, 0);
  kept.saturated = true;
  expect_same(&trend, &kept);
  vn_trend_t few = trend_of(full_scale, 2, 0);
  vn_trend_merge(&trend, &few, 0); /* what was saturated once stays so */
  assert_true(trend.saturated);
  trend.count = UINT32_MAX;
  vn_trend_add(&trend, 1, 1);
  assert_int_equal(trend.count, UINT32_MAX);
  vn_trend_t whole;
  vn_trend_clear(&whole);
  vn_trend_merge(&whole, &trend, 0);
  assert_true(whole.saturated);
}

static void times_beyond_the_sum_of_squares_saturate_and_say_so(void **state) {
  (void)state;
  static const int64_t far_ms[] = {INT64_C(1) << 48, INT64_MAX};
  for (size_t i = 0; i < COUNT_OF(far_ms); i++) {
    vn_trend_t trend = trend_of(full_scale, 2, 0);
    vn_trend_t one = trend_of(full_scale + 1, 1, 0);
    vn_trend_t kept = trend;
    kept.saturated = true;
    vn_trend_add(&trend, far_ms[i], 5);
    expect_same(&trend, &kept);
    trend.saturated = false;
    vn_trend_merge(&trend, &one, far_ms[i]);
    expect_same(&trend, &kept);
  }
  /* 2^47 squared fits, the product of its double with a sum of times doesn't. */
  vn_trend_t late_many = doubled((const reading_t[]){{INT64_C(1) << 20, 1}}, 1, 30);
  vn_trend_t start;
  vn_trend_clear(&start);
  vn_trend_merge(&start, &late_many, INT64_C(1) << 47);
  assert_true(start.saturated && start.count == 0);
  /* Each part fits, the sum doesn't. */
  vn_trend_t trend = trend_of((const reading_t[]){{(INT64_C(1) << 48) - 1, 1}}, 1, 0);
  vn_trend_add(&trend, (INT64_C(1) << 48) - 1, 1);
  assert_true(trend.saturated);
  vn_trend_t many = doubled(full_scale, 2, 30);
  vn_trend_t whole;
  vn_trend_clear(&whole);
  vn_trend_merge(&whole, &many, INT64_C(1) << 33);
  assert_true(whole.saturated && whole.count == 0);
}

static void an_empty_trend_changes_nothing_at_any_distance(void **state) {
  (void)state;
  vn_trend_t trend = trend_of(full_scale, 2, 0);
  vn_trend_t kept = trend;
  vn_trend_t empty;
  vn_trend_clear(&empty);
  vn_trend_merge(&trend, &empty, INT64_MAX);
  expect_same(&trend, &kept);
}

typedef struct scene {
  reading_t readings[READINGS_MAX];
  size_t count;
  int64_t span_ms;
} scene_t;

static scene_t any_scene(prng_t *prng) {
  static const int64_t spans[] = {5, 1000, 86400000, UINT32_MAX};
  static const int64_t heights[] = {3, 5000, INT32_MAX};
  scene_t scene = {.count = prng_below(prng, READINGS_MAX + 1)};
  scene.span_ms = spans[prng_below(prng, COUNT_OF(spans))];
  int64_t height = heights[prng_below(prng, COUNT_OF(heights))];
  for (size_t i = 0; i < scene.count; i++) {
    scene.readings[i].offset_ms = prng_between(prng, 0, scene.span_ms);
    scene.readings[i].value = (int32_t)prng_between(prng, -height - 1, height);
  }
  return scene;
}

static void order_does_not_matter(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 2000; round++) {
    scene_t scene = any_scene(&prng);
    vn_trend_t before = trend_of(scene.readings, scene.count, 0);
    for (size_t i = scene.count; i > 1; i--) {
      size_t j = prng_below(&prng, (uint32_t)i);
      reading_t moved = scene.readings[i - 1];
      scene.readings[i - 1] = scene.readings[j];
      scene.readings[j] = moved;
    }
    vn_trend_t after = trend_of(scene.readings, scene.count, 0);
    expect_same(&after, &before);
  }
}

/* Panes with origins of their own, merged in any order, equal the whole. */
static void any_split_over_panes_merges_to_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 10000; round++) {
    scene_t scene = any_scene(&prng);
    vn_trend_t whole = trend_of(scene.readings, scene.count, 0);
    uint32_t panes = 1 + prng_below(&prng, 5);
    int64_t pane_ms = scene.span_ms / panes + 1;
    vn_trend_t merged;
    vn_trend_clear(&merged);
    for (uint32_t i = 0; i < panes; i++) {
      int64_t origin_ms = pane_ms * (int64_t)(panes - 1 - i);
      vn_trend_t pane;
      vn_trend_clear(&pane);
      for (size_t j = 0; j < scene.count; j++) {
        int64_t offset_ms = scene.readings[j].offset_ms - origin_ms;
        if (offset_ms >= 0 && offset_ms < pane_ms) {
          vn_trend_add(&pane, offset_ms, scene.readings[j].value);
        }
      }
      vn_trend_merge(&merged, &pane, origin_ms);
    }
    expect_same(&merged, &whole);
  }
}

/* The definition, in 64 bits, where the numbers are small enough for them. */
static void small_readings_have_the_slope_of_the_definition(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 3);
  for (int round = 0; round < 5000; round++) {
    vn_trend_t trend;
    vn_trend_clear(&trend);
    int64_t n = (int64_t)prng_below(&prng, 50) + 2;
    int64_t t = 0, v = 0, tt = 0, tv = 0;
    for (int64_t i = 0; i < n; i++) {
      int64_t time = i == 0 ? 5000 : prng_between(&prng, 0, 4000);
      int64_t value = prng_between(&prng, -4000, 4000);
      vn_trend_add(&trend, time, (int32_t)value);
      t += time;
      v += value;
      tt += time * time;
      tv += time * value;
    }
    expect_slope(&trend, n * tv - t * v, n * tt - t * t);
  }
}

static void what_is_saved_comes_back(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 4);
  for (int round = 0; round < 500; round++) {
    scene_t scene = any_scene(&prng);
    vn_trend_t trend = trend_of(scene.readings, scene.count, 0);
    trend.saturated = prng_chance(&prng, 20);
    uint8_t bytes[VN_TREND_SAVE_MAX + 1] = {0};
    size_t length = vn_trend_save(&trend, bytes, sizeof bytes);
    assert_in_range(length, 1, sizeof bytes - 1);
    vn_trend_t loaded;
    assert_int_equal(vn_trend_load(&loaded, bytes, length), VN_OK);
    expect_same(&loaded, &trend);
    assert_int_equal(vn_trend_load(&loaded, bytes, length + 1), VN_ERR_FORMAT);
    assert_int_equal(vn_trend_load(&loaded, bytes, length - 1), VN_ERR_FORMAT);
    assert_int_equal(loaded.count, 0);
  }
}

static void sums_that_no_readings_have_are_refused(void **state) {
  (void)state;
  vn_trend_t wrong[] = {trend_of(full_scale, 2, 0), trend_of(full_scale, 2, 0)};
  wrong[0].value_sum = INT64_MIN;
  wrong[1].time_sum *= 2;
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    uint8_t bytes[VN_TREND_SAVE_MAX];
    size_t length = vn_trend_save(&wrong[i], bytes, sizeof bytes);
    vn_trend_t loaded;
    assert_int_equal(vn_trend_load(&loaded, bytes, length), VN_ERR_FORMAT);
  }
}

static void a_save_without_room_tells_the_length(void **state) {
  (void)state;
  vn_trend_t trend = trend_of(full_scale, 2, 0);
  uint8_t bytes[VN_TREND_SAVE_MAX];
  size_t length = vn_trend_save(&trend, bytes, sizeof bytes);
  assert_int_equal(vn_trend_save(&trend, NULL, 0), length);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_readings_have_the_known_slope),
      cmocka_unit_test(there_is_no_slope_without_two_different_times),
      cmocka_unit_test(a_level_has_the_slope_zero),
      cmocka_unit_test(extremes_of_value_and_time_lose_no_bit),
      cmocka_unit_test(the_largest_sums_fit),
      cmocka_unit_test(per_second_survives_a_numerator_near_the_end),
      cmocka_unit_test(too_many_readings_saturate_and_say_so),
      cmocka_unit_test(times_beyond_the_sum_of_squares_saturate_and_say_so),
      cmocka_unit_test(an_empty_trend_changes_nothing_at_any_distance),
      cmocka_unit_test(order_does_not_matter),
      cmocka_unit_test(any_split_over_panes_merges_to_the_whole),
      cmocka_unit_test(small_readings_have_the_slope_of_the_definition),
      cmocka_unit_test(what_is_saved_comes_back),
      cmocka_unit_test(sums_that_no_readings_have_are_refused),
      cmocka_unit_test(a_save_without_room_tells_the_length),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
