/* Sketches of sets: known registers and estimates, errors as small as the theory promises. */
#include "vn/distinct.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 41
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* A sketch with room for its registers. */
typedef struct rig {
  uint8_t registers[VN_DISTINCT_REGISTERS_MANY];
  vn_distinct_t distinct;
} rig_t;

static void make(rig_t *rig, uint16_t register_count) {
  memset(rig->registers, 0xA5, sizeof rig->registers);
  rig->distinct = (vn_distinct_t){rig->registers, register_count};
  vn_distinct_clear(&rig->distinct);
}

static uint16_t any_size(prng_t *prng) {
  return prng_chance(prng, 50) ? VN_DISTINCT_REGISTERS_FEW : VN_DISTINCT_REGISTERS_MANY;
}

static void expect_same(const rig_t *a, const rig_t *b) {
  assert_memory_equal(a->registers, b->registers, a->distinct.register_count);
}

static void known_values_reach_their_registers(void **state) {
  (void)state;
  static const int32_t values[] = {0, 1, -1, INT32_MIN, INT32_MAX, 2137};
  static const uint8_t expected[VN_DISTINCT_REGISTERS_FEW] = {
      [1] = 1, [5] = 1, [32] = 1, [33] = 1, [39] = 2, [47] = 1};
  rig_t rig;
  make(&rig, VN_DISTINCT_REGISTERS_FEW);
  for (size_t i = 0; i < COUNT_OF(values); i++) {
    vn_distinct_add(&rig.distinct, values[i]);
  }
  assert_memory_equal(rig.registers, expected, sizeof expected);
}

/* What the formula gives in floats; the factor's 16 bits of fraction cost 5 in a million. */
static void expect_estimate(const rig_t *rig, uint64_t expected) {
  uint64_t slack = expected / 100000;
  assert_in_range(vn_distinct_result(&rig->distinct), expected - slack, expected + slack);
}

static void known_sets_have_the_known_estimate(void **state) {
  (void)state;
  static const struct {
    int32_t low, high;
    uint64_t few, many;
  } cases[] = {
      {0, 0, 1, 1},
      {0, 9, 11, 10},
      {-500, 499, 877, 997},
      {0, 19999, 14994, 18331},
      {1000000, 1099999, 99523, 105309},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    rig_t few;
    rig_t many;
    make(&few, VN_DISTINCT_REGISTERS_FEW);
    make(&many, VN_DISTINCT_REGISTERS_MANY);
    for (int32_t value = cases[i].low; value <= cases[i].high; value++) {
      vn_distinct_add(&few.distinct, value);
      vn_distinct_add(&many.distinct, value);
    }
    expect_estimate(&few, cases[i].few);
    expect_estimate(&many, cases[i].many);
  }
}

static void extreme_registers_have_an_estimate(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, VN_DISTINCT_REGISTERS_MANY);
  assert_true(vn_distinct_result(&rig.distinct) == 0);
  rig.registers[255] = 31;
  expect_estimate(&rig, 1);
  memset(rig.registers, 1, sizeof rig.registers);
  expect_estimate(&rig, 369);
  memset(rig.registers, 31, sizeof rig.registers);
  expect_estimate(&rig, UINT64_C(396564993198));
  make(&rig, VN_DISTINCT_REGISTERS_FEW);
  memset(rig.registers, 31, VN_DISTINCT_REGISTERS_FEW);
  expect_estimate(&rig, UINT64_C(99141248300));
}

/* Mean of the squared relative error over sets of `count` values, in millionths. */
static uint64_t mean_square_error(uint16_t register_count, uint32_t count, uint32_t runs) {
  prng_t prng = prng_make(SEED, count);
  uint64_t sum = 0;
  rig_t rig;
  for (uint32_t run = 0; run < runs; run++) {
    make(&rig, register_count);
    uint32_t value = prng_next(&prng);
    uint32_t step = prng_next(&prng) | 1u;
    for (uint32_t i = 0; i < count; i++) {
      vn_distinct_add(&rig.distinct, (int32_t)(int64_t)(value + (uint64_t)INT32_MIN));
      value += step;
    }
    int64_t error = ((int64_t)vn_distinct_result(&rig.distinct) - count) * 100000 / count;
    sum += (uint64_t)(error * error);
  }
  return sum / runs / 10000;
}

/* The bounds: 15 % and 7.5 %, squared, in millionths. */
static void errors_stay_within_the_bounds_from_one_to_many(void **state) {
  (void)state;
  static const uint32_t counts[] = {1, 3, 10, 30, 64, 160, 256, 320, 640, 1280, 5000, 20000};
  for (size_t i = 0; i < COUNT_OF(counts); i++) {
    assert_in_range(mean_square_error(VN_DISTINCT_REGISTERS_FEW, counts[i], 200), 0, 22500);
    assert_in_range(mean_square_error(VN_DISTINCT_REGISTERS_MANY, counts[i], 200), 0, 5625);
  }
}

static void repeats_and_order_do_not_matter(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 1000; round++) {
    rig_t once;
    rig_t again;
    make(&once, any_size(&prng));
    make(&again, once.distinct.register_count);
    int32_t count = (int32_t)prng_below(&prng, 300);
    for (int32_t i = 0; i < count; i++) {
      vn_distinct_add(&once.distinct, i * 7);
      vn_distinct_add(&again.distinct, (count - 1 - i) * 7);
      vn_distinct_add(&again.distinct, (int32_t)prng_below(&prng, (uint32_t)count) * 7);
    }
    expect_same(&once, &again);
  }
}

static void any_split_merges_to_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 10000; round++) {
    rig_t whole;
    rig_t parts[3];
    make(&whole, any_size(&prng));
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
      make(&parts[i], whole.distinct.register_count);
    }
    uint32_t count = prng_below(&prng, 200);
    for (uint32_t i = 0; i < count; i++) {
      int32_t value = (int32_t)prng_between(&prng, INT32_MIN, INT32_MAX);
      vn_distinct_add(&whole.distinct, value);
      vn_distinct_add(&parts[prng_below(&prng, 3)].distinct, value);
    }
    vn_distinct_merge(&parts[2].distinct, &parts[0].distinct);
    vn_distinct_merge(&parts[2].distinct, &parts[1].distinct);
    expect_same(&parts[2], &whole);
  }
}

static void what_is_saved_comes_back(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 3);
  for (int round = 0; round < 1000; round++) {
    rig_t rig;
    rig_t loaded;
    make(&rig, any_size(&prng));
    make(&loaded, rig.distinct.register_count);
    for (uint32_t i = 0; i < rig.distinct.register_count; i++) {
      rig.registers[i] = (uint8_t)prng_below(&prng, 32);
    }
    uint8_t bytes[VN_DISTINCT_SAVE_MAX(VN_DISTINCT_REGISTERS_MANY) + 1] = {0};
    size_t length = vn_distinct_save(&rig.distinct, bytes, sizeof bytes);
    assert_int_equal(length, VN_DISTINCT_SAVE_MAX(rig.distinct.register_count));
    assert_int_equal(vn_distinct_load(&loaded.distinct, bytes, length), VN_OK);
    expect_same(&loaded, &rig);
    assert_int_equal(vn_distinct_load(&loaded.distinct, bytes, length - 1), VN_ERR_FORMAT);
    assert_true(vn_distinct_result(&loaded.distinct) == 0);
    assert_int_equal(vn_distinct_load(&loaded.distinct, bytes, length + 1), VN_ERR_FORMAT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_values_reach_their_registers),
      cmocka_unit_test(known_sets_have_the_known_estimate),
      cmocka_unit_test(extreme_registers_have_an_estimate),
      cmocka_unit_test(errors_stay_within_the_bounds_from_one_to_many),
      cmocka_unit_test(repeats_and_order_do_not_matter),
      cmocka_unit_test(any_split_merges_to_the_whole),
      cmocka_unit_test(what_is_saved_comes_back),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
