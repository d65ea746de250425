/* Deviation from a series' own baseline: residual likelihood, and the tail that scores it. */
#include "vn/deviation.h"

#include "noise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 71
#define BASELINE 1000
#define NOISE 100
#define THRESHOLD 6000u /* the default of the configuration */

static void the_tail_is_that_of_the_gaussian(void **state) {
  (void)state;
  /* -1000 log10 Q(z), from tables. */
  static const struct {
    int64_t deviations; /* in 256ths */
    uint32_t score;
  } known[] = {{INT64_MIN, 301}, {0, 301},      {256, 800},    {421, 1301},  {512, 1643},
               {595, 1996},      {768, 2870},   {791, 2999},   {952, 4001},  {1280, 6543},
               {1331, 7004},     {1664, 10396}, {2560, 23118}, {4096, 57195}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    uint32_t score = vn_gaussian_tail(known[i].deviations);
    assert_in_range(score + 25, known[i].score, known[i].score + 50);
  }
  uint32_t last = 0;
  for (int64_t z = -10; z < 5000; z++) {
    assert_true(vn_gaussian_tail(z) >= last);
    last = vn_gaussian_tail(z);
  }
  assert_int_equal(last, VN_DEVIATION_SCORE_MAX);
  assert_int_equal(vn_gaussian_tail(INT64_MAX), VN_DEVIATION_SCORE_MAX);
}

/* Known bits: every platform must give them. */
static void the_same_readings_give_the_same_scores_everywhere(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 0);
  vn_residual_t residual = {0};
  uint64_t digest = 0;
  for (int i = 0; i < 5000; i++) {
    int32_t value = i % 977 == 0 ? (int32_t)prng_next(&prng) : noise(&prng, NOISE);
    digest = digest * 31 + vn_residual_add(&residual, value);
  }
  assert_true(digest == UINT64_C(488518370724762533));
}

static void a_state_is_small(void **state) {
  (void)state;
  assert_true(sizeof(vn_residual_t) == 32);
}

typedef struct fault {
  const char *name;
  int32_t shift, slope;
  int32_t deviation; /* of the noise */
  int length;        /* readings */
  int first, last;   /* readings until the detection */
} fault_t;

/* Readings until the score passes after a quiet baseline; 0: it never does. */
static int delay_of(const fault_t *fault, uint64_t stream) {
  prng_t prng = prng_make(SEED, stream);
  vn_residual_t residual = {0};
  for (int i = 0; i < BASELINE; i++) {
    uint32_t score = vn_residual_add(&residual, 2000 + noise(&prng, NOISE));
    assert_true(i < 100 || score <= THRESHOLD + 2000);
  }
  for (int i = 1; i <= 200; i++) {
    bool on = i <= fault->length;
    int32_t value = 2000 + noise(&prng, on ? fault->deviation : NOISE);
    value += on ? fault->shift + fault->slope * i : 0;
    if (vn_residual_add(&residual, value) > THRESHOLD) {
      return i;
    }
  }
  return 0;
}

static void spikes_steps_ramps_and_noise_are_told(void **state) {
  (void)state;
  static const fault_t faults[] = {{"spike of 12 deviations", 12 * NOISE, 0, NOISE, 1, 1, 1},
                                   {"spike down", -12 * NOISE, 0, NOISE, 1, 1, 1},
                                   {"step of 6 deviations", 6 * NOISE, 0, NOISE, 200, 1, 3},
                                   {"step down of 6", -6 * NOISE, 0, NOISE, 200, 1, 3},
                                   {"one deviation more at each", 0, NOISE, NOISE, 200, 1, 10},
                                   {"four times the noise", 0, 0, 4 * NOISE, 200, 1, 10},
                                   {"dropout to 0", -2000, 0, 0, 200, 1, 1}};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    for (uint64_t stream = 0; stream < 50; stream++) {
      int delay = delay_of(&faults[i], stream);
      if (delay < faults[i].first || delay > faults[i].last) {
        fail_msg("%s, seed %d, stream %d: told after %d", faults[i].name, SEED, (int)stream, delay);
      }
    }
  }
}

/* 200,000 readings of several kinds of noise: at the default threshold one alarm is a rarity. */
static void noise_alone_is_no_deviation(void **state) {
  (void)state;
  static const int32_t deviations[] = {1, 10, 1000, 1000000, 100000000};
  for (uint64_t i = 0; i < 5; i++) {
    prng_t prng = prng_make(SEED, 1000 + i);
    vn_residual_t residual = {0};
    unsigned passes = 0;
    for (int k = 0; k < 200000; k++) {
      passes += vn_residual_add(&residual, noise(&prng, deviations[i])) > THRESHOLD;
    }
    assert_in_range(passes, 0, 6);
  }
}

static void a_step_of_the_resolution_is_no_deviation(void **state) {
  (void)state;
  vn_residual_t residual = {0};
  for (int i = 0; i < 100000; i++) {
    assert_true(vn_residual_add(&residual, 2000 + (i % 1000 == 0)) <= THRESHOLD);
  }
}

static void a_million_equal_readings_and_then_the_extremes(void **state) {
  (void)state;
  static const int32_t ends[] = {INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < 2; i++) {
    vn_residual_t residual = {0};
    uint32_t highest = 0;
    for (int k = 0; k < 1000000; k++) {
      uint32_t score = vn_residual_add(&residual, ends[i]);
      highest = score > highest ? score : highest;
    }
    assert_in_range(highest, 0, 301);
    assert_true(vn_residual_add(&residual, ends[1 - i]) > THRESHOLD);
    for (int k = 0; k < 10000; k++) {
      assert_true(vn_residual_add(&residual, ends[k % 3 == 0]) <= VN_DEVIATION_SCORE_MAX);
    }
    assert_true(residual.level >= INT32_MIN * (INT64_C(1) << 16));
    assert_true(residual.level <= INT32_MAX * (INT64_C(1) << 16));
  }
}

static void the_count_of_readings_stays_at_its_highest(void **state) {
  (void)state;
  vn_residual_t residual = {0};
  for (int i = 0; i < 200; i++) {
    (void)vn_residual_add(&residual, i % 7);
  }
  residual.readings = UINT32_MAX;
  (void)vn_residual_add(&residual, 3);
  assert_int_equal(residual.readings, UINT32_MAX);
}

static void a_saved_state_goes_on_as_if_nothing_had_been(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  vn_residual_t whole = {0}, cut = {0};
  for (int i = 0; i < 3000; i++) {
    int32_t value = i % 500 == 499 ? (int32_t)prng_next(&prng) : noise(&prng, NOISE);
    uint8_t bytes[VN_RESIDUAL_SAVE_MAX];
    size_t length = vn_residual_save(&cut, bytes, sizeof bytes);
    assert_true(length <= sizeof bytes);
    assert_int_equal(vn_residual_save(&cut, bytes, 3), length); /* the length goes on counting */
    assert_int_equal(vn_residual_save(&cut, bytes, sizeof bytes), length);
    memset(&cut, 0xA5, sizeof cut);
    assert_int_equal(vn_residual_load(&cut, bytes, length), VN_OK);
    assert_int_equal(vn_residual_add(&cut, value), vn_residual_add(&whole, value));
    assert_memory_equal(&cut, &whole, sizeof cut);
  }
}

static void damaged_states_are_refused_or_harmless(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 3);
  vn_residual_t residual = {0};
  for (int i = 0; i < 500; i++) {
    (void)vn_residual_add(&residual, noise(&prng, NOISE));
  }
  uint8_t bytes[VN_RESIDUAL_SAVE_MAX + 1] = {0};
  size_t length = vn_residual_save(&residual, bytes, sizeof bytes);
  assert_int_equal(vn_residual_load(&residual, bytes, length - 1), VN_ERR_FORMAT);
  assert_int_equal(vn_residual_load(&residual, bytes, length + 1), VN_ERR_FORMAT);
  assert_int_equal(residual.readings, 0);
  for (int i = 0; i < 100000; i++) {
    uint8_t damaged[VN_RESIDUAL_SAVE_MAX];
    for (size_t k = 0; k < sizeof damaged; k++) {
      damaged[k] = prng_chance(&prng, 60) ? 0xFF : (uint8_t)prng_next(&prng);
    }
    size_t used = (size_t)prng_between(&prng, 6, sizeof damaged);
    if (vn_residual_load(&residual, damaged, used) == VN_OK) {
      for (int k = 0; k < 20; k++) {
        int32_t value = (int32_t)prng_next(&prng);
        assert_true(vn_residual_add(&residual, value) <= VN_DEVIATION_SCORE_MAX);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_tail_is_that_of_the_gaussian),
      cmocka_unit_test(the_same_readings_give_the_same_scores_everywhere),
      cmocka_unit_test(a_state_is_small),
      cmocka_unit_test(spikes_steps_ramps_and_noise_are_told),
      cmocka_unit_test(noise_alone_is_no_deviation),
      cmocka_unit_test(a_step_of_the_resolution_is_no_deviation),
      cmocka_unit_test(a_million_equal_readings_and_then_the_extremes),
      cmocka_unit_test(the_count_of_readings_stays_at_its_highest),
      cmocka_unit_test(a_saved_state_goes_on_as_if_nothing_had_been),
      cmocka_unit_test(damaged_states_are_refused_or_harmless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
