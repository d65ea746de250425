/* Integrals over time: known answers, the definition ms by ms, any split over panes. */
#include "vn/time_weighted.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 43
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define READINGS_MAX 12u
#define LOCF VN_TIME_WEIGHTED_LOCF
#define TRAPEZOID VN_TIME_WEIGHTED_TRAPEZOID
#define OFF VN_DURATION_OFF

/* Readings in time order around a window; the first of them may lie before it, the last after. */
typedef struct scene {
  vn_time_weighted_rule_t rule;
  vn_time_ms_t start_ms, end_ms;
  size_t count;
  vn_point_t readings[READINGS_MAX];
} scene_t;

/* The content of [start_ms, end_ms), a part of the scene's window. */
static vn_time_weighted_t content_of(const scene_t *scene, int64_t start_ms, int64_t end_ms) {
  vn_time_weighted_t content;
  vn_time_weighted_clear(&content);
  for (size_t i = 0; i < scene->count; i++) {
    int64_t time_ms = scene->readings[i].time_ms;
    if (time_ms >= start_ms && time_ms < end_ms) {
      assert_true(vn_time_weighted_add(&content, &scene->rule, &scene->readings[i]));
    }
  }
  return content;
}

static bool result_of(const scene_t *scene, const vn_time_weighted_t *content,
                      vn_time_weighted_result_t *result) {
  vn_time_weighted_window_t window = {scene->start_ms, scene->end_ms, NULL, NULL};
  for (size_t i = 0; i < scene->count; i++) {
    const vn_point_t *reading = &scene->readings[i];
    if (reading->time_ms < scene->start_ms) {
      window.before = reading;
    } else if (reading->time_ms >= scene->end_ms && window.after == NULL) {
      window.after = reading;
    }
  }
  return vn_time_weighted_result(content, &scene->rule, &window, result);
}

static bool result_of_scene(const scene_t *scene, vn_time_weighted_result_t *result) {
  vn_time_weighted_t content = content_of(scene, scene->start_ms, scene->end_ms);
  return result_of(scene, &content, result);
}

/* Fractions with small terms, equal or not in lowest terms. */
static void expect_integral(const vn_time_weighted_result_t *result, int64_t numerator,
                            uint64_t denominator) {
  const vn_ratio_t *integral = &result->integral;
  assert_true(integral->numerator.high == 0 && integral->denominator.high == 0);
  uint64_t magnitude = (uint64_t)(numerator < 0 ? -numerator : numerator);
  vn_u128_t left = vn_u128_mul(integral->numerator.low, denominator);
  vn_u128_t right = vn_u128_mul(integral->denominator.low, magnitude);
  assert_int_equal(vn_u128_compare(left, right), 0);
  assert_int_equal(integral->negative, numerator < 0);
  assert_false(result->rounded);
}

static void expect_double(double actual, double expected) {
  assert_memory_equal(&actual, &expected, sizeof actual);
}

typedef struct known {
  scene_t scene;
  int64_t integral;
  int64_t covered_ms;
  double mean;
} known_t;

static const known_t known_answers[] = {
    {{{OFF, LOCF}, 0, 10, 2, {{0, 10}, {5, 20}}}, 150, 10, 15.0},
    {{{OFF, LOCF}, 0, 100, 2, {{-50, 8}, {20, 10}}}, 960, 100, 9.6},
    {{{OFF, LOCF}, 0, 100, 1, {{-5, 3}}}, 300, 100, 3.0},
    {{{30, LOCF}, 0, 100, 2, {{-50, 8}, {20, 10}}}, 300, 30, 10.0},
    {{{OFF, LOCF}, -10, 0, 2, {{-12, -4}, {-5, 6}}}, 10, 10, 1.0},
    {{{OFF, TRAPEZOID}, 0, 10, 2, {{-10, 0}, {10, 20}}}, 150, 10, 15.0},
    {{{OFF, TRAPEZOID}, 0, 100, 3, {{0, 10}, {10, 30}, {100, 30}}}, 2900, 100, 29.0},
    /* The mean of two readings is 20; over time it is not. */
    {{{OFF, LOCF}, 0, 100, 2, {{0, 10}, {80, 30}}}, 1400, 100, 14.0},
    /* Of equal times the later arrival holds. */
    {{{OFF, LOCF}, 0, 10, 3, {{0, 1}, {4, 100}, {4, 2}}}, 16, 10, 1.6},
    {{{OFF, TRAPEZOID}, 0, 10, 4, {{0, 0}, {4, 4}, {4, 10}, {10, 10}}}, 68, 10, 6.8},
    /* A hold that reaches into the window, one that ends inside, one that covers nothing. */
    {{{10, LOCF}, 0, 100, 2, {{-4, 5}, {50, 7}}}, 100, 16, 6.25},
    {{{0, LOCF}, 0, 100, 2, {{-4, 5}, {50, 7}}}, 0, 0, 0.0},
    /* A span longer than the hold is left out whole, one as long is in. */
    {{{10, TRAPEZOID}, 0, 40, 4, {{0, 2}, {10, 4}, {21, 6}, {31, 8}}}, 100, 20, 5.0},
    {{{OFF, TRAPEZOID}, 0, 40, 1, {{10, 4}}}, 0, 0, 0.0},
    {{{OFF, LOCF}, 0, 40, 1, {{40, 4}}}, 0, 0, 0.0},
};

static void known_readings_have_the_known_integral_and_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(known_answers); i++) {
    const known_t *known = &known_answers[i];
    vn_time_weighted_result_t result;
    assert_int_equal(result_of_scene(&known->scene, &result), known->covered_ms > 0);
    expect_integral(&result, known->integral, 1);
    assert_true(result.covered_ms == known->covered_ms);
    if (known->covered_ms > 0) {
      expect_double(vn_time_weighted_mean(&result), known->mean);
    }
  }
}

typedef struct extreme {
  scene_t scene;
  int64_t covered_ms;
  double integral, mean;
  bool rounded;
} extreme_t;

#define LOWEST VN_TIME_LOWEST_MS
#define HIGHEST VN_TIME_HIGHEST_MS
#define NOW INT64_C(1795219200000)
#define DAY INT64_C(86400000)
#define TERA INT64_C(1000000000000)

static const extreme_t extremes[] = {
    {{{OFF, LOCF}, LOWEST, HIGHEST, 1, {{LOWEST, INT32_MIN}}},
     HIGHEST - LOWEST,
     -0x1.1efae44cb3ffp+79,
     -0x1p+31,
     false},
    {{{OFF, LOCF}, LOWEST, HIGHEST, 2, {{LOWEST, INT32_MAX}, {HIGHEST - 1, INT32_MIN}}},
     HIGHEST - LOWEST,
     0x1.1efae44a76073p+79,
     0x1.fffffffbfffc7p+30,
     false},
    {{{OFF, TRAPEZOID}, LOWEST, HIGHEST, 2, {{LOWEST, INT32_MIN}, {HIGHEST, INT32_MIN}}},
     HIGHEST - LOWEST,
     -0x1.1efae44cb3ffp+79,
     -0x1p+31,
     false},
    {{{OFF, TRAPEZOID}, LOWEST + 1, HIGHEST - 1, 2, {{LOWEST, INT32_MIN}, {HIGHEST, INT32_MAX}}},
     HIGHEST - LOWEST - 2,
     -0x1.1efae44cb3fdp+47,
     -0.5,
     false},
    {{{OFF, TRAPEZOID}, 0, 1, 2, {{LOWEST, INT32_MAX}, {HIGHEST, INT32_MIN}}},
     1,
     0x1.365ab5490e78fp+30,
     0x1.365ab5490e78fp+30,
     false},
    {{{OFF, TRAPEZOID},
      NOW,
      NOW + 60000,
      4,
      {{NOW - 7, 2137}, {NOW + 11, 2140}, {NOW + 30000, -5}, {NOW + 60013, INT32_MIN}}},
     60000,
     -0x1.d48be748f12b1p+44,
     -0x1.ffc718c02cf77p+28,
     false},
    {{{OFF, TRAPEZOID},
      NOW,
      NOW + 60000,
      3,
      {{NOW - 7 * DAY, INT32_MAX}, {NOW + 11, INT32_MIN}, {NOW + 60001 + 31 * DAY, INT32_MAX}}},
     60000,
     -0x1.d4bd501877329p+46,
     -0x1.fffd109ffac12p+30,
     false},
    /* The denominator alone takes more than 64 bits. */
    {{{OFF, TRAPEZOID},
      NOW,
      NOW + 1000,
      3,
      {{NOW - 200 * DAY - 1, INT32_MAX}, {NOW + 16, INT32_MIN}, {NOW + 300 * DAY + 7, INT32_MAX}}},
     1000,
     -0x1.f3fffec683bdap+40,
     -0x1.fffffebefdafcp+30,
     false},
    {{{OFF, TRAPEZOID},
      0,
      TERA,
      4,
      {{-1000000007, INT32_MAX},
       {3, INT32_MIN},
       {TERA - 5, INT32_MIN},
       {2 * TERA + 39, INT32_MAX}}},
     TERA,
     -0x1.d1a94a2p+70,
     -0x1p+31,
     true},
    {{{OFF, TRAPEZOID},
      0,
      100 * TERA,
      4,
      {{LOWEST, INT32_MAX}, {3, INT32_MIN}, {100 * TERA - 5, INT32_MIN}, {HIGHEST, INT32_MAX}}},
     100 * TERA,
     -0x1.6bcc41e9p+77,
     -0x1p+31,
     true},
};

static void extremes_of_value_and_time_lose_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(extremes); i++) {
    vn_time_weighted_result_t result;
    assert_true(result_of_scene(&extremes[i].scene, &result));
    assert_true(result.covered_ms == extremes[i].covered_ms);
    assert_int_equal(result.rounded, extremes[i].rounded);
    expect_double(vn_ratio_to_double(&result.integral), extremes[i].integral);
    expect_double(vn_time_weighted_mean(&result), extremes[i].mean);
  }
}

static scene_t any_scene(prng_t *prng) {
  scene_t scene = {.count = prng_below(prng, READINGS_MAX + 1)};
  scene.rule.mode = (uint8_t)prng_below(prng, 2);
  scene.rule.max_hold_ms = prng_chance(prng, 50) ? OFF : prng_between(prng, 0, 8);
  scene.start_ms = prng_between(prng, -20, 5);
  scene.end_ms = scene.start_ms + prng_between(prng, 1, 25);
  int64_t time_ms = scene.start_ms - prng_between(prng, 0, 12);
  for (size_t i = 0; i < scene.count; i++) {
    scene.readings[i].time_ms = time_ms;
    scene.readings[i].value = (int32_t)prng_between(prng, -50, 50);
    time_ms += prng_between(prng, 0, prng_chance(prng, 30) ? 12 : 3);
  }
  return scene;
}

#define COMMON                                                                       \
  INT64_C(720720) /* divisible by 2 and by every span up to 16, hence by 2 * 12, too \
                   */

/* Covers [at, at + 1)? Then its area, times COMMON: the height in the middle. */
static bool area_of_ms(const scene_t *scene, int64_t at, int64_t *area) {
  const vn_point_t *left = NULL;
  const vn_point_t *right = NULL;
  for (size_t i = 0; i < scene->count; i++) {
    if (scene->readings[i].time_ms <= at) {
      left = &scene->readings[i];
    } else if (right == NULL) {
      right = &scene->readings[i];
    }
  }
  int64_t hold_ms = scene->rule.max_hold_ms;
  if (left == NULL) {
    return false;
  }
  if (scene->rule.mode == LOCF) {
    *area = left->value * COMMON;
    return hold_ms == OFF || at < left->time_ms + hold_ms;
  }
  if (right == NULL || (hold_ms != OFF && right->time_ms - left->time_ms > hold_ms)) {
    return false;
  }
  int64_t span_ms = right->time_ms - left->time_ms;
  int64_t rise = (int64_t)right->value - left->value;
  *area = left->value * COMMON + rise * (2 * (at - left->time_ms) + 1) * (COMMON / (2 * span_ms));
  return true;
}

static void expect_definition(const scene_t *scene, const vn_time_weighted_result_t *result) {
  int64_t sum = 0;
  int64_t covered_ms = 0;
  for (int64_t at = scene->start_ms; at < scene->end_ms; at++) {
    int64_t area;
    if (area_of_ms(scene, at, &area)) {
      sum += area;
      covered_ms++;
    }
  }
  expect_integral(result, sum, (uint64_t)COMMON);
  assert_true(result->covered_ms == covered_ms);
}

static void any_readings_have_the_integral_of_the_definition(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 20000; round++) {
    scene_t scene = any_scene(&prng);
    vn_time_weighted_result_t result;
    bool covered = result_of_scene(&scene, &result);
    expect_definition(&scene, &result);
    assert_int_equal(covered, result.covered_ms > 0);
  }
}

static void expect_same(const vn_time_weighted_t *a, const vn_time_weighted_t *b) {
  assert_int_equal(a->used, b->used);
  if (a->used) {
    assert_true(a->first_ms == b->first_ms && a->last_ms == b->last_ms);
    assert_true(a->covered_ms == b->covered_ms && a->area_low == b->area_low);
    assert_int_equal(a->area_high, b->area_high);
    assert_int_equal(a->first, b->first);
    assert_int_equal(a->last, b->last);
  }
}

/* Merged from the left and from the right: panes may be folded as they lie. */
static void any_split_over_panes_merges_to_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 10000; round++) {
    scene_t scene = any_scene(&prng);
    int64_t first_cut = prng_between(&prng, scene.start_ms, scene.end_ms);
    int64_t second_cut = prng_between(&prng, first_cut, scene.end_ms);
    vn_time_weighted_t whole = content_of(&scene, scene.start_ms, scene.end_ms);
    vn_time_weighted_t left = content_of(&scene, scene.start_ms, first_cut);
    vn_time_weighted_t middle = content_of(&scene, first_cut, second_cut);
    vn_time_weighted_t right = content_of(&scene, second_cut, scene.end_ms);
    vn_time_weighted_t from_left = left;
    assert_true(vn_time_weighted_merge(&from_left, &scene.rule, &middle));
    assert_true(vn_time_weighted_merge(&from_left, &scene.rule, &right));
    assert_true(vn_time_weighted_merge(&middle, &scene.rule, &right));
    assert_true(vn_time_weighted_merge(&left, &scene.rule, &middle));
    expect_same(&from_left, &whole);
    expect_same(&left, &whole);
  }
}

static void what_comes_out_of_order_is_refused_whole(void **state) {
  (void)state;
  static const vn_time_weighted_rule_t rule = {OFF, LOCF};
  vn_time_weighted_t content;
  vn_time_weighted_t earlier;
  vn_time_weighted_clear(&content);
  vn_time_weighted_clear(&earlier);
  assert_true(vn_time_weighted_add(&content, &rule, &(vn_point_t){10, 1}));
  assert_true(vn_time_weighted_add(&content, &rule, &(vn_point_t){20, 2}));
  assert_true(vn_time_weighted_add(&earlier, &rule, &(vn_point_t){19, 3}));
  vn_time_weighted_t kept = content;
  assert_false(vn_time_weighted_add(&content, &rule, &(vn_point_t){19, 3}));
  expect_same(&content, &kept);
  assert_false(vn_time_weighted_merge(&content, &rule, &earlier));
  expect_same(&content, &kept);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_readings_have_the_known_integral_and_mean),
      cmocka_unit_test(extremes_of_value_and_time_lose_nothing),
      cmocka_unit_test(any_readings_have_the_integral_of_the_definition),
      cmocka_unit_test(any_split_over_panes_merges_to_the_whole),
      cmocka_unit_test(what_comes_out_of_order_is_refused_whole),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
