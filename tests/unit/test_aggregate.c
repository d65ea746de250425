/* Aggregates: exact at the extremes, and the same for every order and every split. */
#include "vn/aggregate.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 17
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

typedef struct reading {
  vn_time_ms_t time_ms;
  int32_t value;
} reading_t;

/* Doubles compared by bits: the contract is one rounding, not "close". */
static void expect_double(double actual, double expected) {
  assert_memory_equal(&actual, &expected, sizeof actual);
}

static void expect_squares(const vn_aggregate_t *aggregate, const char *digits) {
  char text[39];
  unsigned length = vn_u128_to_text(vn_aggregate_squares(aggregate), text);
  assert_int_equal(length, strlen(digits));
  assert_memory_equal(text, digits, length);
}

/* Content, not representation: padding and what `count` 0 leaves undefined don't matter. */
static void expect_same(const vn_aggregate_t *a, const vn_aggregate_t *b) {
  assert_int_equal(a->count, b->count);
  if (a->count == 0) {
    return;
  }
  assert_true(a->sum == b->sum);
  assert_true(a->squares_low == b->squares_low && a->squares_high == b->squares_high);
  assert_int_equal(a->min, b->min);
  assert_int_equal(a->max, b->max);
  assert_int_equal(a->first, b->first);
  assert_int_equal(a->last, b->last);
  assert_true(a->first_ms == b->first_ms && a->last_ms == b->last_ms);
}

static vn_aggregate_t aggregate_of(const reading_t *readings, size_t count) {
  vn_aggregate_t aggregate;
  vn_aggregate_clear(&aggregate);
  for (size_t i = 0; i < count; i++) {
    vn_aggregate_add(&aggregate, readings[i].time_ms, readings[i].value);
  }
  return aggregate;
}

typedef struct statistics_case {
  int32_t values[8];
  uint32_t count;
  int64_t sum;
  const char *squares;
  double mean, variance, variance_sample;
} statistics_case_t;

static const statistics_case_t statistics_cases[] = {
    {{5}, 1, 5, "25", 5.0, 0.0, 0.0},
    {{INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX},
     5,
     INT64_C(10737418235),
     "23058430070662103045",
     2147483647.0,
     0.0,
     0.0},
    {{1000000001, 1000000000, 999999999, 1000000002, 999999998, 1000000000, 1000000001, 999999999},
     8,
     INT64_C(8000000000),
     "8000000000000000012",
     1000000000.0,
     1.5,
     1.7142857142857142},
    {{2137, 2138, 2136, 2140, 2135, 2139}, 6, 12825, "27413455", 2137.5, 2.9166666666666665, 3.5},
};

static void statistics_of_known_values_are_exact(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(statistics_cases); i++) {
    const statistics_case_t *c = &statistics_cases[i];
    vn_aggregate_t aggregate;
    vn_aggregate_clear(&aggregate);
    for (uint32_t j = 0; j < c->count; j++) {
      vn_aggregate_add(&aggregate, j, c->values[j]);
    }
    assert_int_equal(aggregate.count, c->count);
    assert_true(aggregate.sum == c->sum);
    expect_squares(&aggregate, c->squares);
    expect_double(vn_aggregate_mean(&aggregate), c->mean);
    expect_double(vn_aggregate_variance(&aggregate), c->variance);
    if (c->count > 1) {
      expect_double(vn_aggregate_variance_sample(&aggregate), c->variance_sample);
    }
  }
}

static void a_million_alternating_extremes_lose_no_bit(void **state) {
  (void)state;
  vn_aggregate_t aggregate;
  vn_aggregate_clear(&aggregate);
  for (int32_t i = 0; i < 1000001; i++) {
    vn_aggregate_add(&aggregate, i, i % 2 == 0 ? INT32_MAX : -INT32_MAX);
  }
  assert_true(aggregate.sum == INT64_C(2147483647));
  expect_squares(&aggregate, "4611690625818434741420609");
  expect_double(vn_aggregate_mean(&aggregate), 2147.4814995185006);
  expect_double(vn_aggregate_variance(&aggregate), 4.611686014127809e+18);
  expect_double(vn_aggregate_variance_sample(&aggregate), 4.611690625813823e+18);
}

/* Doubles a small aggregate until it holds 2^31 readings of the lowest value. */
static void the_largest_sums_fit(void **state) {
  (void)state;
  reading_t lowest = {0, INT32_MIN};
  vn_aggregate_t aggregate = aggregate_of(&lowest, 1);
  vn_aggregate_t total = aggregate;
  for (int i = 0; i < 31; i++) {
    vn_aggregate_t copy = aggregate;
    assert_true(vn_aggregate_merge(&aggregate, &copy));
    assert_true(i == 30 || vn_aggregate_merge(&total, &aggregate));
  }
  assert_int_equal(aggregate.count, UINT32_C(1) << 31);
  assert_int_equal(total.count, (UINT32_C(1) << 31) - 1u);
  assert_true(vn_aggregate_merge(&total, &aggregate));
  assert_int_equal(total.count, UINT32_MAX);
  assert_true(total.sum == INT64_MIN + (INT64_C(1) << 31));
  expect_squares(&total, "19807040623954398379958599680");
  expect_double(vn_aggregate_mean(&total), -2147483648.0);
  expect_double(vn_aggregate_variance(&total), 0.0);
}

static void a_merge_beyond_the_count_is_refused_whole(void **state) {
  (void)state;
  reading_t reading = {5, 7};
  vn_aggregate_t many = aggregate_of(&reading, 1);
  many.count = UINT32_MAX;
  vn_aggregate_t one = aggregate_of(&reading, 1);
  vn_aggregate_t before = many;
  assert_false(vn_aggregate_merge(&many, &one));
  assert_false(vn_aggregate_merge(&one, &many));
  assert_memory_equal(&many, &before, sizeof many);
  assert_int_equal(one.count, 1);
  many.count = UINT32_MAX - 1;
  assert_true(vn_aggregate_merge(&many, &one));
}

static void equal_times_keep_first_arrival_first_and_last_arrival_last(void **state) {
  (void)state;
  static const reading_t readings[] = {{10, 1}, {10, 2}, {10, 3}, {9, 4}, {9, 5}, {11, 6}, {11, 7}};
  vn_aggregate_t aggregate = aggregate_of(readings, COUNT_OF(readings));
  assert_int_equal(aggregate.first, 4);
  assert_int_equal(aggregate.last, 7);
  vn_aggregate_t earlier = aggregate_of(readings, 2);
  vn_aggregate_t later = aggregate_of(readings + 2, 1);
  assert_true(vn_aggregate_merge(&earlier, &later));
  assert_int_equal(earlier.first, 1);
  assert_int_equal(earlier.last, 3);
}

static void empty_aggregates_merge_to_nothing(void **state) {
  (void)state;
  vn_aggregate_t empty;
  memset(&empty, 0xA5, sizeof empty);
  vn_aggregate_clear(&empty);
  reading_t reading = {-5, -7};
  vn_aggregate_t one = aggregate_of(&reading, 1);
  vn_aggregate_t copy = one;
  assert_true(vn_aggregate_merge(&one, &empty));
  expect_same(&one, &copy);
  assert_true(vn_aggregate_merge(&empty, &one));
  expect_same(&empty, &one);
  vn_aggregate_clear(&empty);
  assert_int_equal(vn_u128_compare(vn_aggregate_squares(&empty), (vn_u128_t){0, 0}), 0);
}

#define READINGS_MAX 200u

static int32_t any_value(prng_t *prng) {
  switch (prng_below(prng, 4)) {
    case 0:
      return INT32_MIN;
    case 1:
      return INT32_MAX;
    case 2:
      return (int32_t)prng_between(prng, -10, 10);
    default:
      return (int32_t)prng_between(prng, INT32_MIN, INT32_MAX);
  }
}

static uint32_t any_readings(prng_t *prng, reading_t *readings) {
  uint32_t count = 1 + prng_below(prng, READINGS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    readings[i].time_ms = prng_between(prng, -1000000, 1000000) * 1000 + i;
    readings[i].value = any_value(prng);
  }
  return count;
}

static void order_of_arrival_does_not_matter(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  static reading_t readings[READINGS_MAX];
  for (int round = 0; round < 2000; round++) {
    uint32_t count = any_readings(&prng, readings);
    vn_aggregate_t ordered = aggregate_of(readings, count);
    for (uint32_t i = count - 1; i > 0; i--) {
      uint32_t other = prng_below(&prng, i + 1);
      reading_t swapped = readings[i];
      readings[i] = readings[other];
      readings[other] = swapped;
    }
    vn_aggregate_t shuffled = aggregate_of(readings, count);
    expect_same(&shuffled, &ordered);
  }
}

static void any_split_merges_to_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  static reading_t readings[READINGS_MAX];
  for (int round = 0; round < 10000; round++) {
    uint32_t count = any_readings(&prng, readings);
    vn_aggregate_t parts[5];
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
      vn_aggregate_clear(&parts[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
      vn_aggregate_t *part = &parts[prng_below(&prng, COUNT_OF(parts))];
      vn_aggregate_add(part, readings[i].time_ms, readings[i].value);
    }
    /* ((0 + 1) + (2 + 3)) + 4 against the plain order: associative as well. */
    assert_true(vn_aggregate_merge(&parts[0], &parts[1]));
    assert_true(vn_aggregate_merge(&parts[2], &parts[3]));
    assert_true(vn_aggregate_merge(&parts[0], &parts[2]));
    assert_true(vn_aggregate_merge(&parts[0], &parts[4]));
    vn_aggregate_t whole = aggregate_of(readings, count);
    expect_same(&parts[0], &whole);
  }
}

/* Expected values: exact fractions, rounded once. */
static void mean_is_the_nearest_double(void **state) {
  (void)state;
  static const struct {
    int64_t sum;
    uint32_t count;
    double mean;
  } cases[] = {
      {INT64_C(1), 3u, 0x1.5555555555555p-2},
      {INT64_C(-1), 3u, -0x1.5555555555555p-2},
      {INT64_C(9007199254740993), 1u, 0x1.0000000000000p+53},
      {INT64_C(9007199254740993), 2u, 0x1.0000000000000p+52},
      {INT64_C(-9007199254740995), 2u, -0x1.0000000000002p+52},
      {INT64_C(4611686018427387905), 3u, 0x1.5555555555555p+60},
      {INT64_C(-9223372034707292160), 4294967295u, -0x1.0000000000000p+31},
      {INT64_C(9223372032559808511), 4294967295u, 0x1.fffffffe00000p+30},
      {INT64_C(9007199254740993), 7u, 0x1.2492492492493p+50},
      {INT64_C(0), 5u, 0x0.0p+0},
      {INT64_C(123456789012345678), 4294967291u, 0x1.b69b4baec1fbdp+24},
      {INT64_C(100442833709071429), 3185950874u, 0x1.e10f8f46c2328p+24},
      {INT64_C(-4076634044275576539), 3609267712u, -0x1.0d4aa304817b0p+30},
      {INT64_C(-17475401831951500), 2787324502u, -0x1.7eaa74b649961p+22},
      {INT64_C(-2523404516789360499), 1596840320u, -0x1.78c2b6c6e819dp+30},
      {INT64_C(2412057817790768552), 2335435113u, 0x1.ec7b49693df12p+29},
      {INT64_C(-4369771911394876583), 3140410145u, -0x1.4bc04e248830dp+30},
      {INT64_C(2917372050160720546), 1200367646u, 0x1.21b9e2639fd3bp+31},
      {INT64_C(-1667507934169257487), 3272444791u, -0x1.e5f45e755bedcp+28},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    vn_aggregate_t aggregate = {.sum = cases[i].sum, .count = cases[i].count};
    expect_double(vn_aggregate_mean(&aggregate), cases[i].mean);
  }
}

static void variance_is_the_nearest_double(void **state) {
  (void)state;
  static const struct {
    uint32_t squares_high;
    uint64_t squares_low;
    int64_t sum;
    uint32_t count;
    double variance, variance_sample;
  } cases[] = {
      /* Quotients whose 64 bits look like a tie: only the remainder tells that they are above it.
       */
      {54330430u, UINT64_C(0x26CF739BDCD49B61), INT64_C(1742148467003923533), 3720235689u,
       0x1.63fdfcf33ababp+55, 0x1.63fdfcf4d5b7cp+55},
      {839138474u, UINT64_C(0x241D11E3C0A9E0F3), INT64_C(-1144006336603848121), 3883368525u,
       0x1.b0e85440c4317p+61, 0x1.b0e85442a2fc0p+61},
      /* Extremes and mixtures of them. */
      {1073741823u, UINT64_C(0x400000017FFFFFFF), INT64_C(-4294967295), 4294967295u,
       0x1.fffffffc00000p+61, 0x1.fffffffe00000p+61},
      {1073741823u, UINT64_C(0xBFFFFFFF00000001), INT64_C(-9223372030412324865), 4294967295u,
       0x1.fffffffc00000p+31, 0x1.fffffffe00000p+31},
      {1073741822u, UINT64_C(0xC000000100000002), INT64_C(9223372030412324864), 4294967295u,
       0x1.0000000000000p-32, 0x1.0000000100000p-32},
      {0u, UINT64_C(0x1), INT64_C(1), 4294967295u, 0x1.0000000000000p-32, 0x1.0000000100000p-32},
      {108420217u, UINT64_C(0x850491FAEAEE0E03), INT64_C(2000000003999999997), 2000000003u,
       0x1.000000338a23bp-2, 0x1.00000035afe53p-2},
      {2648290u, UINT64_C(0xD4831D9D2B1D258A), INT64_C(59616133487555766), 141747207u,
       0x1.29fe9dbf81678p+57, 0x1.29fe9de2c6b28p+57},
      {59495813u, UINT64_C(0xA659B12EB209C5FB), INT64_C(811463083487370553), 683791307u,
       0x1.5d7c831c2c10bp+57, 0x1.5d7c8324bf3a2p+57},
      {160491001u, UINT64_C(0xFE49AA36BDE56514), INT64_C(-479324639818570790), 836268067u,
       0x1.64909ed55aa42p+61, 0x1.64909edc81e9ep+61},
      {74480210u, UINT64_C(0x329D951A688009D6), INT64_C(-1147291216932445608), 1240483541u,
       0x1.bff3536ecff53p+57, 0x1.bff35374dee96p+57},
      {140591362u, UINT64_C(0x369DA4261CA4E45B), INT64_C(1319829187557568645), 1577742935u,
       0x1.a3376ed4ed7bbp+59, 0x1.a3376ed962af1p+59},
      {146284294u, UINT64_C(0xE1F957209915C2DE), INT64_C(431392559125639362), 1666961052u,
       0x1.5892f09f759b6p+60, 0x1.5892f0a2ed692p+60},
      {119465351u, UINT64_C(0x130C02FADDB31356), INT64_C(-95338078059060392), 1619528266u,
       0x1.2d5fc59359d52p+60, 0x1.2d5fc5967912ap+60},
      {2738052u, UINT64_C(0xA657D181D5DA9D04), INT64_C(88318379271087420), 328474900u,
       0x1.2172b539e2a86p+56, 0x1.2172b548ab54ap+56},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    vn_aggregate_t aggregate = {.squares_high = cases[i].squares_high,
                                .squares_low = cases[i].squares_low,
                                .sum = cases[i].sum,
                                .count = cases[i].count};
    expect_double(vn_aggregate_variance(&aggregate), cases[i].variance);
    expect_double(vn_aggregate_variance_sample(&aggregate), cases[i].variance_sample);
  }
}

static void moving_an_empty_aggregate_changes_nothing(void **state) {
  (void)state;
  vn_aggregate_t moved = {.first_ms = 7, .last_ms = 8};
  vn_aggregate_shift(&moved, 1000);
  assert_int_equal(moved.first_ms, 7);
  assert_int_equal(moved.last_ms, 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statistics_of_known_values_are_exact),
      cmocka_unit_test(a_million_alternating_extremes_lose_no_bit),
      cmocka_unit_test(the_largest_sums_fit),
      cmocka_unit_test(a_merge_beyond_the_count_is_refused_whole),
      cmocka_unit_test(equal_times_keep_first_arrival_first_and_last_arrival_last),
      cmocka_unit_test(empty_aggregates_merge_to_nothing),
      cmocka_unit_test(order_of_arrival_does_not_matter),
      cmocka_unit_test(any_split_merges_to_the_whole),
      cmocka_unit_test(mean_is_the_nearest_double),
      cmocka_unit_test(variance_is_the_nearest_double),
      cmocka_unit_test(moving_an_empty_aggregate_changes_nothing),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
