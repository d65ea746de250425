/*
 * Every reading has the same chance to be kept: chi-square of the inclusion counts with fixed
 * seeds. The same statistic finds four classic sampler faults, so it would find them here.
 */
#include "vn/hash.h"
#include "vn/reservoir.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 29
#define ITEMS 100u
#define KEPT 16u
#define TRIALS 200000u

/* 99 degrees of freedom: a fair sampler exceeds this with p = 4e-6. */
#define LIMIT 175.0

typedef struct tally {
  uint32_t counts[ITEMS];
} tally_t;

/* Adjusted for draws without replacement: the counts of one trial always add up to KEPT. */
static double chi_square(const tally_t *tally) {
  double expected = (double)TRIALS * KEPT / ITEMS;
  double sum = 0.0;
  for (uint32_t i = 0; i < ITEMS; i++) {
    double difference = tally->counts[i] - expected;
    sum += difference * difference / expected;
  }
  return sum / ((1.0 - (double)KEPT / ITEMS) * ITEMS / (ITEMS - 1.0));
}

static void sample_is_uniform(void **state) {
  (void)state;
  static tally_t tally;
  for (uint32_t trial = 0; trial < TRIALS; trial++) {
    vn_member_t members[KEPT];
    uint32_t count = 0;
    for (uint32_t i = 0; i < ITEMS; i++) {
      vn_member_t member = {i, (int32_t)i, vn_priority(trial, i, (int32_t)i)};
      count = vn_reservoir_offer(members, count, KEPT, &member);
    }
    for (uint32_t i = 0; i < count; i++) {
      tally.counts[members[i].time_ms]++;
    }
  }
  double statistic = chi_square(&tally);
  print_message("chi-square %.1f\n", statistic);
  assert_true(statistic < LIMIT);
}

/* The classic reservoir of R, sound or with a fault. */
typedef enum fault { SOUND, DRAW_TOO_LOW, DRAW_TOO_HIGH, MODULO_OF_A_BYTE, FIRST_STAYS } fault_t;

static uint32_t draw(prng_t *prng, uint32_t i, fault_t fault) {
  switch (fault) {
    case DRAW_TOO_LOW:
      return prng_below(prng, i);
    case DRAW_TOO_HIGH:
      return prng_below(prng, i + 2);
    case MODULO_OF_A_BYTE:
      return (prng_next(prng) & 0xFFu) % (i + 1);
    case FIRST_STAYS: {
      uint32_t drawn = prng_below(prng, i + 1);
      return drawn == 0 ? ITEMS : drawn;
    }
    case SOUND:
    default:
      return prng_below(prng, i + 1);
  }
}

static double chi_square_of_classic_reservoir(fault_t fault) {
  tally_t tally = {{0}};
  prng_t prng = prng_make(SEED, (uint64_t)fault);
  for (uint32_t trial = 0; trial < TRIALS; trial++) {
    uint32_t kept[KEPT];
    for (uint32_t i = 0; i < KEPT; i++) {
      kept[i] = i;
    }
    for (uint32_t i = KEPT; i < ITEMS; i++) {
      uint32_t drawn = draw(&prng, i, fault);
      if (drawn < KEPT) {
        kept[drawn] = i;
      }
    }
    for (uint32_t i = 0; i < KEPT; i++) {
      tally.counts[kept[i]]++;
    }
  }
  return chi_square(&tally);
}

static void the_statistic_accepts_a_sound_sampler_and_finds_faulty_ones(void **state) {
  (void)state;
  assert_true(chi_square_of_classic_reservoir(SOUND) < LIMIT);
  for (fault_t fault = DRAW_TOO_LOW; fault <= FIRST_STAYS; fault++) {
    double statistic = chi_square_of_classic_reservoir(fault);
    print_message("fault %d: chi-square %.0f\n", (int)fault, statistic);
    assert_true(statistic > LIMIT);
  }
}

/* Pairs as well: neighbours in time must neither attract nor repel each other. */
static void pairs_are_kept_together_as_often_as_chance_has_it(void **state) {
  (void)state;
  enum { PAIR_ITEMS = 20, PAIR_KEPT = 5, PAIR_TRIALS = 100000 };
  static uint32_t together[PAIR_ITEMS][PAIR_ITEMS];
  for (uint32_t trial = 0; trial < PAIR_TRIALS; trial++) {
    vn_member_t members[PAIR_KEPT];
    uint32_t count = 0;
    for (int32_t i = 0; i < PAIR_ITEMS; i++) {
      vn_member_t member = {i, 7, vn_priority(trial, i, 7)};
      count = vn_reservoir_offer(members, count, PAIR_KEPT, &member);
    }
    for (uint32_t i = 0; i < count; i++) {
      for (uint32_t j = 0; j < count; j++) {
        together[members[i].time_ms][members[j].time_ms]++;
      }
    }
  }
  double chance = (double)(PAIR_KEPT * (PAIR_KEPT - 1)) / (PAIR_ITEMS * (PAIR_ITEMS - 1));
  double expected = PAIR_TRIALS * chance;
  for (int i = 0; i < PAIR_ITEMS; i++) {
    for (int j = 0; j < i; j++) {
      double difference = together[i][j] - expected;
      /* Five standard deviations; there are 190 pairs. */
      assert_true(difference * difference < 25.0 * expected * (1.0 - chance));
    }
  }
}

/* Two sensors that report the same values at the same times are told apart by their seeds. */
static void samples_of_two_series_are_not_in_lockstep(void **state) {
  (void)state;
  enum { LOCKSTEP_TRIALS = 20000 };
  uint32_t common = 0;
  for (uint64_t trial = 0; trial < LOCKSTEP_TRIALS; trial++) {
    vn_member_t members[2][KEPT];
    uint32_t counts[2] = {0, 0};
    for (uint32_t i = 0; i < 2 * ITEMS; i++) {
      uint64_t seed = 2 * trial + i % 2;
      vn_member_t member = {i / 2, 7, vn_priority(seed, i / 2, 7)};
      counts[i % 2] = vn_reservoir_offer(members[i % 2], counts[i % 2], KEPT, &member);
    }
    for (uint32_t i = 0; i < KEPT * KEPT; i++) {
      common += members[0][i / KEPT].time_ms == members[1][i % KEPT].time_ms;
    }
  }
  double expected = (double)KEPT * KEPT / ITEMS * LOCKSTEP_TRIALS;
  /* The variance of the overlap of one trial is 1.82: five standard deviations of the sum. */
  double difference = common - expected;
  assert_true(difference * difference < 25.0 * 1.82 * LOCKSTEP_TRIALS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sample_is_uniform),
      cmocka_unit_test(the_statistic_accepts_a_sound_sampler_and_finds_faulty_ones),
      cmocka_unit_test(pairs_are_kept_together_as_often_as_chance_has_it),
      cmocka_unit_test(samples_of_two_series_are_not_in_lockstep),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
