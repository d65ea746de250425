/* Histograms: the right bin for every value, quantiles within the true quantile's bin. */
#include "vn/histogram.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 37
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define COUNTERS_MAX VN_HISTOGRAM_COUNTERS(VN_HISTOGRAM_BINS_MAX)
#define VALUES_MAX 400u

/* A histogram with room for its counters. */
typedef struct rig {
  uint32_t counters[COUNTERS_MAX];
  vn_histogram_t histogram;
} rig_t;

static void make(rig_t *rig, int32_t low, int32_t high, uint16_t bins) {
  memset(rig->counters, 0xA5, sizeof rig->counters);
  rig->histogram = (vn_histogram_t){rig->counters, low, high, bins};
  vn_histogram_clear(&rig->histogram);
}

static void expect_same(const rig_t *a, const rig_t *b) {
  assert_memory_equal(a->counters, b->counters,
                      VN_HISTOGRAM_COUNTERS(a->histogram.bins) * sizeof *a->counters);
}

static void expect_quantile(const rig_t *rig, uint32_t per_million, int32_t value,
                            vn_histogram_place_t place) {
  vn_histogram_quantile_t quantile;
  assert_true(vn_histogram_result(&rig->histogram, per_million, &quantile));
  assert_int_equal(quantile.value, value);
  assert_int_equal(quantile.place, place);
}

static void values_fall_into_the_bin_of_the_definition(void **state) {
  (void)state;
  static const struct {
    int32_t low, high;
    uint16_t bins;
    int32_t value;
    uint32_t counter;
  } cases[] = {
      {0, 99, 20, 0, 1},
      {0, 99, 20, 4, 1},
      {0, 99, 20, 5, 2},
      {0, 99, 20, 99, 20},
      {0, 99, 20, 100, 21},
      {0, 99, 20, -1, 0},
      {-50, 50, 16, 0, 8}, /* 50 * 16 / 101 = 7.9 */
      {-50, 50, 16, 1, 9},
      {0, 1, 16, 0, 1},
      {0, 1, 16, 1, 9},
      {INT32_MIN, INT32_MAX, 256, INT32_MIN, 1},
      {INT32_MIN, INT32_MAX, 256, -1, 128},
      {INT32_MIN, INT32_MAX, 256, 0, 129},
      {INT32_MIN, INT32_MAX, 256, INT32_MAX, 256},
      {INT32_MIN, INT32_MAX - 1, 255, INT32_MAX, 256},
      {INT32_MIN + 1, INT32_MAX, 255, INT32_MIN, 0},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    rig_t rig;
    make(&rig, cases[i].low, cases[i].high, cases[i].bins);
    vn_histogram_add(&rig.histogram, cases[i].value);
    assert_int_equal(rig.counters[cases[i].counter], 1);
    assert_int_equal(vn_histogram_count(&rig.histogram), 1);
  }
}

static void an_even_spread_has_even_quantiles(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, 0, 999, 100);
  for (int32_t i = 0; i < 1000; i++) {
    vn_histogram_add(&rig.histogram, i);
  }
  expect_quantile(&rig, 0, 0, VN_HISTOGRAM_INSIDE);
  expect_quantile(&rig, 500000, 499, VN_HISTOGRAM_INSIDE);
  expect_quantile(&rig, 950000, 949, VN_HISTOGRAM_INSIDE);
  expect_quantile(&rig, 999000, 998, VN_HISTOGRAM_INSIDE);
  expect_quantile(&rig, VN_HISTOGRAM_MILLION, 999, VN_HISTOGRAM_INSIDE);
}

static void values_of_one_bin_are_taken_to_lie_evenly(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, 0, 1599, 16);
  for (int i = 0; i < 4; i++) {
    vn_histogram_add(&rig.histogram, 250);
  }
  expect_quantile(&rig, 250000, 212, VN_HISTOGRAM_INSIDE); /* 200 + 100 / 8 */
  expect_quantile(&rig, 250001, 237, VN_HISTOGRAM_INSIDE);
  expect_quantile(&rig, 1000000, 287, VN_HISTOGRAM_INSIDE);
}

static void quantiles_outside_of_the_range_say_so(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, -10, 10, 21);
  vn_histogram_quantile_t quantile;
  assert_false(vn_histogram_result(&rig.histogram, 500000, &quantile));
  vn_histogram_add(&rig.histogram, INT32_MIN);
  vn_histogram_add(&rig.histogram, 3);
  vn_histogram_add(&rig.histogram, INT32_MAX);
  expect_quantile(&rig, 333333, -10, VN_HISTOGRAM_BELOW);
  expect_quantile(&rig, 333334, 3, VN_HISTOGRAM_INSIDE);
  expect_quantile(&rig, 666667, 10, VN_HISTOGRAM_ABOVE);
}

static void full_counters_saturate_and_say_so(void **state) {
  (void)state;
  rig_t a;
  rig_t b;
  make(&a, INT32_MIN, INT32_MAX, 16);
  make(&b, INT32_MIN, INT32_MAX, 16);
  a.counters[16] = UINT32_MAX - 1;
  assert_false(vn_histogram_is_saturated(&a.histogram));
  vn_histogram_add(&a.histogram, INT32_MAX);
  vn_histogram_add(&a.histogram, INT32_MAX);
  assert_int_equal(a.counters[16], UINT32_MAX);
  assert_true(vn_histogram_is_saturated(&a.histogram));
  b.counters[16] = 7;
  vn_histogram_merge(&b.histogram, &a.histogram);
  assert_int_equal(b.counters[16], UINT32_MAX);
  for (uint32_t i = 0; i < 18; i++) {
    b.counters[i] = UINT32_MAX;
  }
  assert_true(vn_histogram_count(&b.histogram) == UINT64_C(18) * UINT32_MAX);
  expect_quantile(&b, VN_HISTOGRAM_MILLION, INT32_MAX, VN_HISTOGRAM_ABOVE);
  expect_quantile(&b, 0, INT32_MIN, VN_HISTOGRAM_BELOW);
  expect_quantile(&b, 500000, -1, VN_HISTOGRAM_INSIDE);
  b.counters[0] = 0;
  b.counters[17] = 0;
  expect_quantile(&b, 0, INT32_MIN, VN_HISTOGRAM_INSIDE);
  expect_quantile(&b, VN_HISTOGRAM_MILLION, INT32_MAX, VN_HISTOGRAM_INSIDE);
}

typedef struct scene {
  int32_t values[VALUES_MAX];
  size_t count;
  int32_t low, high;
  uint16_t bins;
} scene_t;

/* Narrow and wide ranges, clustered and spread values, some of them outside. */
static scene_t any_scene(prng_t *prng) {
  static const int64_t widths[] = {2, 15, 100, 4000, 70000, INT64_C(3000000000), INT64_C(1) << 32};
  scene_t scene = {.count = prng_below(prng, VALUES_MAX) + 1};
  int64_t width = widths[prng_below(prng, COUNT_OF(widths))];
  int64_t low = prng_between(prng, INT32_MIN, INT32_MAX - width + 1);
  scene.low = (int32_t)low;
  scene.high = (int32_t)(low + width - 1);
  scene.bins = (uint16_t)prng_between(prng, VN_HISTOGRAM_BINS_MIN, VN_HISTOGRAM_BINS_MAX);
  int64_t least = low - width / 4 < INT32_MIN ? INT32_MIN : low - width / 4;
  int64_t most = scene.high + width / 4 > INT32_MAX ? INT32_MAX : scene.high + width / 4;
  int64_t from = prng_between(prng, least, scene.high);
  int64_t to = prng_between(prng, from, most);
  for (size_t i = 0; i < scene.count; i++) {
    scene.values[i] = (int32_t)prng_between(prng, from, to);
  }
  return scene;
}

static void fill(rig_t *rig, const scene_t *scene, size_t from, size_t to) {
  make(rig, scene->low, scene->high, scene->bins);
  for (size_t i = from; i < to; i++) {
    vn_histogram_add(&rig->histogram, scene->values[i]);
  }
}

static void any_split_merges_to_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 10000; round++) {
    scene_t scene = any_scene(&prng);
    rig_t whole;
    rig_t first;
    rig_t second;
    size_t cut = prng_below(&prng, (uint32_t)scene.count + 1);
    fill(&whole, &scene, 0, scene.count);
    fill(&first, &scene, 0, cut);
    fill(&second, &scene, cut, scene.count);
    if (prng_chance(&prng, 50)) {
      vn_histogram_merge(&first.histogram, &second.histogram);
      expect_same(&first, &whole);
    } else {
      vn_histogram_merge(&second.histogram, &first.histogram);
      expect_same(&second, &whole);
    }
  }
}

static int ascending(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a;
  int32_t y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

static uint64_t bin_by_definition(const scene_t *scene, int32_t value) {
  uint64_t width = (uint64_t)((int64_t)scene->high - scene->low) + 1;
  return (uint64_t)((int64_t)value - scene->low) * scene->bins / width;
}

/* In the bin of the true quantile: then the rank is wrong by less than the bin's content. */
static void expect_in_bin_of(const scene_t *scene, const vn_histogram_quantile_t *quantile,
                             int32_t truth) {
  if (truth < scene->low) {
    assert_int_equal(quantile->place, VN_HISTOGRAM_BELOW);
    assert_int_equal(quantile->value, scene->low);
  } else if (truth > scene->high) {
    assert_int_equal(quantile->place, VN_HISTOGRAM_ABOVE);
    assert_int_equal(quantile->value, scene->high);
  } else {
    assert_int_equal(quantile->place, VN_HISTOGRAM_INSIDE);
    assert_in_range((uint64_t)((int64_t)quantile->value - scene->low), 0,
                    (uint64_t)((int64_t)scene->high - scene->low));
    assert_true(bin_by_definition(scene, quantile->value) == bin_by_definition(scene, truth));
  }
}

static void quantiles_lie_in_the_bin_of_the_true_one(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 3000; round++) {
    scene_t scene = any_scene(&prng);
    rig_t rig;
    fill(&rig, &scene, 0, scene.count);
    qsort(scene.values, scene.count, sizeof *scene.values, ascending);
    int32_t before = INT32_MIN;
    for (uint32_t step = 0; step <= 20; step++) {
      uint32_t per_million = step * 50000;
      size_t rank = (scene.count * per_million + 999999) / 1000000;
      vn_histogram_quantile_t quantile;
      assert_true(vn_histogram_result(&rig.histogram, per_million, &quantile));
      expect_in_bin_of(&scene, &quantile, scene.values[rank == 0 ? 0 : rank - 1]);
      assert_true(quantile.value >= before);
      before = quantile.value;
    }
  }
}

static void order_does_not_matter(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 3);
  for (int round = 0; round < 500; round++) {
    scene_t scene = any_scene(&prng);
    rig_t arrived;
    rig_t sorted;
    fill(&arrived, &scene, 0, scene.count);
    qsort(scene.values, scene.count, sizeof *scene.values, ascending);
    fill(&sorted, &scene, 0, scene.count);
    expect_same(&sorted, &arrived);
  }
}

static void what_is_saved_comes_back(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 4);
  for (int round = 0; round < 1000; round++) {
    scene_t scene = any_scene(&prng);
    rig_t rig;
    rig_t loaded;
    fill(&rig, &scene, 0, scene.count);
    make(&loaded, scene.low, scene.high, scene.bins);
    uint8_t bytes[VN_HISTOGRAM_SAVE_MAX(VN_HISTOGRAM_BINS_MAX)];
    size_t length = vn_histogram_save(&rig.histogram, bytes, sizeof bytes);
    assert_in_range(length, 1, VN_HISTOGRAM_SAVE_MAX(scene.bins));
    assert_int_equal(vn_histogram_load(&loaded.histogram, bytes, length), VN_OK);
    expect_same(&loaded, &rig);
    assert_int_equal(vn_histogram_load(&loaded.histogram, bytes, length - 1), VN_ERR_FORMAT);
    assert_true(vn_histogram_count(&loaded.histogram) == 0);
  }
}

static void the_longest_save_keeps_its_bound(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, 0, 100, 16);
  for (uint32_t i = 0; i < VN_HISTOGRAM_COUNTERS(16); i++) {
    rig.counters[i] = UINT32_MAX;
  }
  assert_int_equal(vn_histogram_save(&rig.histogram, NULL, 0), VN_HISTOGRAM_SAVE_MAX(16));
  make(&rig, 0, 100, 256);
  assert_int_equal(vn_histogram_save(&rig.histogram, NULL, 0), 3);
}

static void damaged_bytes_are_refused(void **state) {
  (void)state;
  static const uint8_t too_many_zeros[] = {0, 18};
  static const uint8_t rest[] = {0, 17, 0};
  rig_t rig;
  make(&rig, 0, 100, 16);
  assert_int_equal(vn_histogram_load(&rig.histogram, too_many_zeros, 2), VN_ERR_FORMAT);
  assert_int_equal(vn_histogram_load(&rig.histogram, rest, 3), VN_ERR_FORMAT);
  assert_int_equal(vn_histogram_load(&rig.histogram, rest, 2), VN_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_fall_into_the_bin_of_the_definition),
      cmocka_unit_test(an_even_spread_has_even_quantiles),
      cmocka_unit_test(values_of_one_bin_are_taken_to_lie_evenly),
      cmocka_unit_test(quantiles_outside_of_the_range_say_so),
      cmocka_unit_test(full_counters_saturate_and_say_so),
      cmocka_unit_test(any_split_merges_to_the_whole),
      cmocka_unit_test(quantiles_lie_in_the_bin_of_the_true_one),
      cmocka_unit_test(order_does_not_matter),
      cmocka_unit_test(what_is_saved_comes_back),
      cmocka_unit_test(the_longest_save_keeps_its_bound),
      cmocka_unit_test(damaged_bytes_are_refused),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
