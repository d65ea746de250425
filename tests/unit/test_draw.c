/*
 * Weighted draws: priorities as an exact model has them, the chances of a draw without replacement,
 * and the same choice for every order and every split.
 */
#include "vn/draw.h"

#include "vn/hash.h"
#include "vn/reservoir.h"
#include "vn/window.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 31
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define NOW_MS INT64_C(1795219200000)

/*
 * log2(-log2(1 - (p + 1/2) / 2^32)) - log2 weight + 64 by 40 decimal digits, in steps of 2^-24 and
 * 2^-20. The seeds give the hashes p = 0, 1, 5, 2^20, 2^26 - 1, 2^26, 2^31, 2^32 - 2, 2^32 - 1 and
 * five of no special kind.
 */
typedef struct known {
  uint64_t seed;
  vn_time_ms_t time_ms;
  int32_t value;
  int64_t half_life_ms;
  uint32_t by_value, by_recency;
} known_t;

static const known_t known[] = {
    {UINT64_C(0x9DC5084A9ADA5AE1), INT64_C(1795219200000), 1, INT64_C(600000), UINT32_C(528964923),
     UINT32_C(2281207252)},
    {UINT64_C(0x88C6A9A5A90E5FC4), INT64_C(0), INT32_MIN, INT64_C(1), UINT32_C(35462485),
     UINT32_C(34722261)},
    {UINT64_C(0x168A2A9BDA145895), INT64_C(2), -2137, INT64_C(1000), UINT32_C(401425541),
     UINT32_C(36685687)},
    {UINT64_C(0x082FE69AED0215F7), INT64_C(1795219200004), 100, INT64_C(3153600000000),
     UINT32_C(769824015), UINT32_C(54483676)},
    {UINT64_C(0x2C103BCDFF487699), INT64_C(12345678905), 2147483647, INT64_C(7),
     UINT32_C(462046399), UINT32_C(3887637580)},
    {UINT64_C(0x4A711E69A7E819AC), INT64_C(1795219200005), 1, INT64_C(600000), UINT32_C(982140095),
     UINT32_C(2309530692)},
    {UINT64_C(0x2496719AEDB8471B), INT64_C(5), INT32_MIN, INT64_C(1), UINT32_C(553648128),
     UINT32_C(61865984)},
    {UINT64_C(0x9C2A987105BBD882), INT64_C(7), -2137, INT64_C(1000), UINT32_C(971602337),
     UINT32_C(72316494)},
    {UINT64_C(0x8A982E611CFA51F7), INT64_C(1795219200009), 100, INT64_C(3153600000000),
     UINT32_C(1046907303), UINT32_C(71801381)},
    {UINT64_C(0x13E30289EBA4FF7B), INT64_C(12345678910), 2147483647, INT64_C(7),
     UINT32_C(551017818), UINT32_C(3892449311)},
    {UINT64_C(0x185B06A8BE8FB243), INT64_C(1795219200010), 1, INT64_C(600000), UINT32_C(1081368646),
     UINT32_C(2315732467)},
    {UINT64_C(0x99B82FA45F283824), INT64_C(10), INT32_MIN, INT64_C(1), UINT32_C(544105364),
     UINT32_C(56026681)},
    {UINT64_C(0xFC2BD0334B37A074), INT64_C(12), -2137, INT64_C(1000), UINT32_C(868748085),
     UINT32_C(65882860)},
    {UINT64_C(0x36F71991351C0048), INT64_C(1795219200014), 100, INT64_C(3153600000000),
     UINT32_C(925087530), UINT32_C(64187646)},
};

static uint32_t apart(uint32_t a, uint32_t b) { return a - b < b - a ? a - b : b - a; }

static void priorities_are_those_of_an_exact_model(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(known); i++) {
    const known_t *k = &known[i];
    const vn_draw_t value = {0, VN_WEIGHT_VALUE};
    const vn_draw_t recency = {k->half_life_ms, VN_WEIGHT_RECENCY};
    const vn_draw_t none = {0, VN_WEIGHT_NONE};
    assert_in_range(apart(vn_draw_priority(&value, k->seed, k->time_ms, k->value), k->by_value), 0,
                    2);
    assert_in_range(apart(vn_draw_priority(&recency, k->seed, k->time_ms, k->value), k->by_recency),
                    0, 2);
    assert_int_equal(vn_draw_priority(&none, k->seed, k->time_ms, k->value),
                     vn_priority(k->seed, k->time_ms, k->value));
  }
}

static void zero_is_behind_all_other_values(void **state) {
  (void)state;
  const vn_draw_t draw = {0, VN_WEIGHT_VALUE};
  for (int64_t t = 0; t < 10000; t++) {
    assert_true(vn_draw_priority(&draw, SEED, t, 0) >= UINT32_C(1) << 31);
    assert_true(vn_draw_priority(&draw, SEED, t, t % 2 == 0 ? 1 : -1) < UINT32_C(1) << 31);
  }
}

/* Drawn one by one without replacement, each time by weight: all ordered pairs of six readings. */
#define ITEMS 6u
#define TRIALS 200000u

/* 29 degrees of freedom: a fair draw exceeds this with p = 4e-6. */
#define LIMIT 77.0

static double chi_square_of_pairs(const vn_draw_t *draw, const int32_t *values,
                                  const double *weights) {
  static uint32_t counts[ITEMS][ITEMS];
  memset(counts, 0, sizeof counts);
  for (uint32_t trial = 0; trial < TRIALS; trial++) {
    vn_member_t members[2];
    uint32_t count = 0;
    for (uint32_t i = 0; i < ITEMS; i++) {
      vn_member_t member = {NOW_MS + i, values[i], 0};
      member.priority = vn_draw_priority(draw, trial, member.time_ms, member.value);
      count = vn_reservoir_offer_drawn(draw, members, count, 2, &member);
    }
    counts[members[0].time_ms - NOW_MS][members[1].time_ms - NOW_MS]++;
  }
  double total = 0.0, sum = 0.0;
  for (uint32_t i = 0; i < ITEMS; i++) {
    total += weights[i];
  }
  for (uint32_t i = 0; i < ITEMS; i++) {
    for (uint32_t k = 0; k < ITEMS; k++) {
      if (i != k) {
        double expected = TRIALS * (weights[i] / total) * (weights[k] / (total - weights[i]));
        double difference = counts[i][k] - expected;
        sum += difference * difference / expected;
      }
    }
  }
  return sum;
}

static void pairs_are_drawn_as_often_as_their_weights_say(void **state) {
  (void)state;
  const double weights[ITEMS] = {1, 2, 4, 8, 16, 32}, others[ITEMS] = {1, 2, 4, 8, 16, 30};
  const int32_t alike[ITEMS] = {7, 7, 7, 7, 7, 7}, doubled[ITEMS] = {1, -2, 4, 8, -16, 32};
  const vn_draw_t value = {0, VN_WEIGHT_VALUE}, recency = {1, VN_WEIGHT_RECENCY};
  double by_value = chi_square_of_pairs(&value, doubled, weights);
  double by_recency = chi_square_of_pairs(&recency, alike, weights);
  print_message("chi-square %.1f, %.1f\n", by_value, by_recency);
  assert_true(by_value < LIMIT);
  assert_true(by_recency < LIMIT);
  assert_true(chi_square_of_pairs(&value, doubled, others) > LIMIT);
  assert_true(chi_square_of_pairs(&value, alike, weights) > LIMIT);
}

#define READINGS 200u
#define KEPT 8u

typedef struct sample {
  vn_member_t members[KEPT];
  uint32_t count;
} sample_t;

static void offer(const vn_draw_t *draw, sample_t *sample, const vn_member_t *member) {
  sample->count = vn_reservoir_offer_drawn(draw, sample->members, sample->count, KEPT, member);
}

static void expect_same(const sample_t *a, const sample_t *b) {
  assert_int_equal(a->count, b->count);
  for (uint32_t i = 0; i < a->count; i++) {
    assert_true(a->members[i].time_ms == b->members[i].time_ms);
    assert_int_equal(a->members[i].value, b->members[i].value);
    assert_int_equal(a->members[i].priority, b->members[i].priority);
  }
}

/* Spans from a part of a half-life to far more than priorities can tell apart. */
static void order_and_split_change_nothing(void **state) {
  (void)state;
  print_message("seed %d\n", SEED);
  prng_t prng = prng_make(SEED, 0);
  for (uint32_t round = 0; round < 1000; round++) {
    const vn_draw_t draws[] = {{0, VN_WEIGHT_VALUE}, {10, VN_WEIGHT_RECENCY}};
    const vn_draw_t *draw = &draws[prng_below(&prng, 2)];
    const int64_t span_ms = (int64_t)1 << prng_below(&prng, 30);
    vn_member_t readings[READINGS];
    sample_t whole = {.count = 0}, shuffled = {.count = 0}, parts[4] = {{.count = 0}};
    for (uint32_t i = 0; i < READINGS; i++) {
      vn_member_t *m = &readings[i];
      m->time_ms = NOW_MS + prng_between(&prng, -span_ms, span_ms);
      m->value = (int32_t)prng_between(&prng, -3, 3);
      m->priority = vn_draw_priority(draw, SEED, m->time_ms, m->value);
      offer(draw, &whole, m);
    }
    for (uint32_t i = READINGS; i > 0; i--) {
      uint32_t place = prng_below(&prng, i);
      vn_member_t member = readings[place];
      readings[place] = readings[i - 1];
      offer(draw, &shuffled, &member);
      offer(draw, &parts[prng_below(&prng, 4)], &member);
    }
    for (uint32_t i = 1; i < 4; i++) {
      parts[0].count = vn_reservoir_merge_drawn(draw, parts[0].members, parts[0].count, KEPT,
                                                parts[i].members, parts[i].count);
    }
    expect_same(&whole, &shuffled);
    expect_same(&whole, &parts[0]);
  }
}

static void beyond_all_chance_the_newest_are_kept(void **state) {
  (void)state;
  const vn_draw_t draw = {1, VN_WEIGHT_RECENCY};
  sample_t sample = {.count = 0};
  for (int64_t i = 0; i < 100; i++) {
    vn_member_t member = {NOW_MS + i * 37 % 100 * 100, 5, 0};
    member.priority = vn_draw_priority(&draw, SEED, member.time_ms, member.value);
    offer(&draw, &sample, &member);
  }
  for (uint32_t i = 0; i < KEPT; i++) {
    assert_true(sample.members[i].time_ms == NOW_MS + (99 - i) * 100);
  }
}

/* The least half-life at the ends of time: the newer one, by one half-life, differs as elsewhere.
 */
static void the_ends_of_time_are_like_any_other(void **state) {
  (void)state;
  const vn_draw_t draw = {1, VN_WEIGHT_RECENCY};
  const vn_time_ms_t times[] = {VN_TIME_LOWEST_MS, -1, NOW_MS, VN_TIME_HIGHEST_MS};
  for (size_t i = 0; i < COUNT_OF(times); i++) {
    /* The seed takes the time out of the hash. */
    uint64_t seed = vn_splitmix64((uint64_t)times[i]);
    uint32_t here = vn_draw_priority(&draw, seed, times[i], 5);
    uint32_t origin = vn_draw_priority(&draw, vn_splitmix64(0), 0, 5);
    assert_int_equal(origin - here, (uint32_t)((uint64_t)times[i] << 20));
  }
}

static sample_t told;

static void keep(void *context, const vn_window_result_t *result) {
  (void)context;
  told.count = result->sample_count;
  memcpy(told.members, result->sample, result->sample_count * sizeof told.members[0]);
}

/* A window of 6000 half-lives in six panes; a comparison by priority alone would be lost. */
static void panes_make_the_sample_of_their_window(void **state) {
  (void)state;
  const vn_draw_t draw = {1, VN_WEIGHT_RECENCY};
  const vn_window_t window = {.name = "w",
                              .size_ms = 6000,
                              .slide_ms = 1000,
                              .draw = draw,
                              .sample = KEPT,
                              .shape = VN_WINDOW_SLIDING};
  vn_window_set_t set;
  uint8_t problem;
  assert_int_equal(vn_window_set_derive(&set, &window, 1, 0, 0, &problem), VN_OK);
  assert_int_equal(set.pane_count, 6);
  vn_window_state_t window_state;
  vn_pane_t panes[6];
  vn_member_t members[6 * KEPT], scratch[KEPT];
  vn_tally_t tallies[6];
  vn_waiting_t waiting;
  const vn_window_memory_t memory = {.state = &window_state,
                                     .panes = panes,
                                     .members = members,
                                     .tallies = tallies,
                                     .waiting = &waiting,
                                     .sample_seed = SEED};
  const vn_window_sink_t sink = {.deliver = keep, .scratch = scratch};
  sample_t want = {.count = 0};
  const vn_time_ms_t start_ms = NOW_MS;
  vn_window_reset(&set, &memory);
  for (int64_t i = 0; i < 10; i++) {
    vn_member_t member = {start_ms + i * 600, 5, 0};
    member.priority = vn_draw_priority(&draw, SEED, member.time_ms, member.value);
    offer(&draw, &want, &member);
    assert_int_equal(vn_window_reading(&set, &memory, member.time_ms, 5, &sink, NULL),
                     VN_REASON_NONE);
  }
  vn_window_advance(&set, &memory, start_ms + 5999, VN_KIND_ON_TIME, &sink);
  expect_same(&told, &want);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(priorities_are_those_of_an_exact_model),
      cmocka_unit_test(zero_is_behind_all_other_values),
      cmocka_unit_test(pairs_are_drawn_as_often_as_their_weights_say),
      cmocka_unit_test(order_and_split_change_nothing),
      cmocka_unit_test(the_ends_of_time_are_like_any_other),
      cmocka_unit_test(panes_make_the_sample_of_their_window),
      cmocka_unit_test(beyond_all_chance_the_newest_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
