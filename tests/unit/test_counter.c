/* Counters: known increases, resets and wraps, any split over panes. */
#include "vn/counter.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 47
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define READINGS_MAX 30u

static void expect_same(const vn_counter_t *a, const vn_counter_t *b) {
  assert_int_equal(a->used, b->used);
  if (a->used) {
    assert_true(a->first_ms == b->first_ms && a->last_ms == b->last_ms);
    assert_true(a->increase == b->increase);
    assert_int_equal(a->first, b->first);
    assert_int_equal(a->last, b->last);
    assert_int_equal(a->saturated, b->saturated);
  }
}

typedef struct scene {
  uint64_t modulus;
  size_t count;
  vn_point_t readings[READINGS_MAX];
} scene_t;

static vn_counter_t counter_of(const scene_t *scene, size_t from, size_t to) {
  vn_counter_t counter;
  vn_counter_clear(&counter);
  for (size_t i = from; i < to; i++) {
    assert_true(vn_counter_add(&counter, scene->modulus, &scene->readings[i]));
  }
  return counter;
}

typedef struct known {
  uint64_t modulus;
  size_t count;
  int32_t values[4];
  uint64_t increase;
} known_t;

static const known_t known_answers[] = {
    {0, 3, {1, 5, 9}, 8},
    {65536, 4, {65530, 65535, 4, 10}, 16},
    {0, 1, {7}, 0},
    {0, 4, {90, 100, 3, 8}, 18},
    {0, 3, {5, 5, 5}, 0},
    {10, 3, {9, 0, 9}, 10},
    /* Further down than the modulus: no wrap, a new beginning. */
    {10, 2, {100, 4}, 4},
    {10, 2, {14, 4}, 0},
    {0, 2, {INT32_MIN, INT32_MAX}, UINT32_MAX},
    {0, 2, {INT32_MAX, INT32_MIN}, 0},
    {0, 3, {5, -3, 2}, 5},
    {VN_COUNTER_MODULUS_MAX, 2, {INT32_MAX, INT32_MIN}, 1},
    {VN_COUNTER_MODULUS_MAX, 2, {1, 0}, UINT32_MAX},
};

static void known_values_have_the_known_increase(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(known_answers); i++) {
    scene_t scene = {.modulus = known_answers[i].modulus, .count = known_answers[i].count};
    for (size_t j = 0; j < scene.count; j++) {
      scene.readings[j] = (vn_point_t){(int64_t)j * 500, known_answers[i].values[j]};
    }
    vn_counter_t counter = counter_of(&scene, 0, scene.count);
    vn_counter_result_t result;
    assert_true(vn_counter_result(&counter, scene.modulus, NULL, &result));
    assert_true(result.increase == known_answers[i].increase);
    assert_true(result.covered_ms == (int64_t)(scene.count - 1) * 500);
    assert_false(result.saturated);
  }
}

static void expect_rate(const vn_counter_result_t *result, double expected) {
  vn_ratio_t per_second;
  assert_true(vn_counter_rate(result, &per_second));
  double rate = vn_ratio_to_double(&per_second);
  assert_memory_equal(&rate, &expected, sizeof rate);
}

static void the_rate_is_per_second_of_covered_time(void **state) {
  (void)state;
  static const scene_t scene = {0, 2, {{10000, 50}, {14000, 60}}};
  static const vn_point_t before = {9000, 20};
  vn_counter_t counter = counter_of(&scene, 0, 2);
  vn_counter_result_t result;
  assert_true(vn_counter_result(&counter, 0, NULL, &result));
  expect_rate(&result, 2.5);
  assert_true(vn_counter_result(&counter, 0, &before, &result));
  assert_true(result.increase == 40 && result.covered_ms == 5000);
  expect_rate(&result, 8.0);
}

static void there_is_no_rate_without_time(void **state) {
  (void)state;
  static const scene_t at_once = {0, 2, {{10000, 50}, {10000, 60}}};
  vn_counter_t counter = counter_of(&at_once, 0, 2);
  vn_counter_result_t result;
  vn_ratio_t per_second;
  assert_true(vn_counter_result(&counter, 0, NULL, &result));
  assert_true(result.increase == 10);
  assert_false(vn_counter_rate(&result, &per_second));
  vn_counter_clear(&counter);
  assert_false(vn_counter_result(&counter, 0, NULL, &result));
  assert_false(vn_counter_result(&counter, 0, &at_once.readings[0], &result));
}

static void the_largest_rate_is_exact(void **state) {
  (void)state;
  vn_counter_result_t result = {UINT64_MAX, 1, true};
  expect_rate(&result, 0x1.f4p+73);
  result.covered_ms = VN_TIME_HIGHEST_MS - VN_TIME_LOWEST_MS;
  expect_rate(&result, 0x1.be0627969308fp+25);
}

static scene_t any_scene(prng_t *prng) {
  static const uint64_t moduli[] = {0, 0, 10, 65536, VN_COUNTER_MODULUS_MAX};
  scene_t scene = {.modulus = moduli[prng_below(prng, COUNT_OF(moduli))],
                   .count = prng_below(prng, READINGS_MAX + 1)};
  int64_t highest = prng_chance(prng, 50) ? 20 : INT32_MAX;
  int64_t time_ms = prng_between(prng, -50, 50);
  for (size_t i = 0; i < scene.count; i++) {
    scene.readings[i] = (vn_point_t){time_ms, (int32_t)prng_between(prng, -highest / 8, highest)};
    time_ms += prng_between(prng, 0, 5);
  }
  return scene;
}

static uint64_t step_by_definition(uint64_t modulus, int64_t p, int64_t q) {
  int64_t wrapped = q + (int64_t)modulus - p;
  if (q >= p) {
    return (uint64_t)(q - p);
  }
  if (modulus != 0 && wrapped >= 0) {
    return (uint64_t)wrapped;
  }
  return q < 0 ? 0 : (uint64_t)q;
}

static void any_readings_have_the_increase_of_the_definition(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 5000; round++) {
    scene_t scene = any_scene(&prng);
    vn_counter_t counter = counter_of(&scene, 0, scene.count);
    uint64_t expected = 0;
    for (size_t i = 1; i < scene.count; i++) {
      expected +=
          step_by_definition(scene.modulus, scene.readings[i - 1].value, scene.readings[i].value);
    }
    vn_counter_result_t result;
    assert_int_equal(vn_counter_result(&counter, scene.modulus, NULL, &result), scene.count > 0);
    assert_true(scene.count == 0 || result.increase == expected);
  }
}

static void any_split_over_panes_merges_to_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 10000; round++) {
    scene_t scene = any_scene(&prng);
    size_t first_cut = prng_below(&prng, (uint32_t)scene.count + 1);
    size_t second_cut = (size_t)prng_between(&prng, (int64_t)first_cut, (int64_t)scene.count);
    vn_counter_t whole = counter_of(&scene, 0, scene.count);
    vn_counter_t left = counter_of(&scene, 0, first_cut);
    vn_counter_t middle = counter_of(&scene, first_cut, second_cut);
    vn_counter_t right = counter_of(&scene, second_cut, scene.count);
    vn_counter_t from_left = left;
    assert_true(vn_counter_merge(&from_left, scene.modulus, &middle));
    assert_true(vn_counter_merge(&from_left, scene.modulus, &right));
    assert_true(vn_counter_merge(&middle, scene.modulus, &right));
    assert_true(vn_counter_merge(&left, scene.modulus, &middle));
    expect_same(&from_left, &whole);
    expect_same(&left, &whole);
  }
}

/* Windows in a row, each told with the last reading before it, lose no step between them. */
static void increases_of_windows_in_a_row_add_up(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 3);
  for (int round = 0; round < 2000; round++) {
    scene_t scene = any_scene(&prng);
    vn_counter_t whole = counter_of(&scene, 0, scene.count);
    uint64_t sum = 0;
    int64_t covered_ms = 0;
    for (size_t from = 0, to; from < scene.count; from = to) {
      to = (size_t)prng_between(&prng, (int64_t)from + 1, (int64_t)scene.count);
      vn_counter_t window = counter_of(&scene, from, to);
      vn_counter_result_t result;
      const vn_point_t *before = from == 0 ? NULL : &scene.readings[from - 1];
      assert_true(vn_counter_result(&window, scene.modulus, before, &result));
      sum += result.increase;
      covered_ms += result.covered_ms;
    }
    assert_true(scene.count == 0 || sum == whole.increase);
    assert_true(scene.count == 0 || covered_ms == whole.last_ms - whole.first_ms);
  }
}

static void an_increase_beyond_the_end_saturates_and_says_so(void **state) {
  (void)state;
  vn_counter_t counter = {.increase = UINT64_MAX - 10, .last = 5, .used = true};
  assert_true(vn_counter_add(&counter, 0, &(vn_point_t){1, 15}));
  assert_true(counter.increase == UINT64_MAX && !counter.saturated);
  assert_true(vn_counter_add(&counter, 0, &(vn_point_t){2, 16}));
  assert_true(counter.increase == UINT64_MAX && counter.saturated);
  vn_counter_t whole = {.used = true};
  assert_true(vn_counter_merge(&whole, 0, &counter));
  assert_true(whole.saturated);
  vn_counter_t next = {.first_ms = 9, .last_ms = 9, .used = true};
  assert_true(vn_counter_merge(&whole, 0, &next)); /* what was saturated once stays so */
  assert_true(whole.saturated);
  counter.saturated = false;
  counter.first = 9;
  vn_counter_result_t result;
  assert_true(vn_counter_result(&counter, 0, &(vn_point_t){-5, 8}, &result));
  assert_true(result.increase == UINT64_MAX && result.saturated);
}

static void what_comes_out_of_order_is_refused_whole(void **state) {
  (void)state;
  static const scene_t scene = {0, 2, {{10, 1}, {20, 2}}};
  static const scene_t overlapping = {0, 2, {{19, 1}, {30, 2}}};
  vn_counter_t counter = counter_of(&scene, 0, 2);
  vn_counter_t kept = counter;
  vn_counter_t other = counter_of(&overlapping, 0, 2);
  assert_false(vn_counter_add(&counter, 0, &(vn_point_t){19, 3}));
  expect_same(&counter, &kept);
  assert_false(vn_counter_merge(&counter, 0, &other));
  expect_same(&counter, &kept);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_values_have_the_known_increase),
      cmocka_unit_test(the_rate_is_per_second_of_covered_time),
      cmocka_unit_test(there_is_no_rate_without_time),
      cmocka_unit_test(the_largest_rate_is_exact),
      cmocka_unit_test(any_readings_have_the_increase_of_the_definition),
      cmocka_unit_test(any_split_over_panes_merges_to_the_whole),
      cmocka_unit_test(increases_of_windows_in_a_row_add_up),
      cmocka_unit_test(an_increase_beyond_the_end_saturates_and_says_so),
      cmocka_unit_test(what_comes_out_of_order_is_refused_whole),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
