/* The composite detector of deviations: six views of a reading, ranked among those before it. */
#include "asked.h"
#include "noise.h"
#include "vn/deviation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 83
#define NOISE 100
#define THRESHOLD 6000u /* the default of the configuration */
#define STEP_MS INT64_C(300000)
#define DAY 288
#define BASELINE (10 * DAY)

static vn_composite_t composite;

static void begin(void) { memset(&composite, 0, sizeof composite); }

static uint32_t add(int i, int32_t value) {
  return vn_composite_add(&composite, i * STEP_MS, value);
}

static void a_state_is_small(void **state) {
  (void)state;
  assert_true(sizeof(vn_composite_t) <= 2048);
}

static void the_same_readings_give_the_same_scores_everywhere(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 0);
  uint64_t digest = 0;
  begin();
  for (int i = 0; i < 20000; i++) {
    int32_t value = i % 977 == 0 ? (int32_t)prng_next(&prng) : noise(&prng, NOISE);
    digest = digest * 31 + add(i, value);
  }
  assert_true(digest == UINT64_C(9715866064201819707));
}

typedef struct fault {
  const char *name;
  int32_t shift, slope;
  int32_t deviation; /* of the noise */
  int length;        /* readings */
  int last;          /* readings until the detection */
} fault_t;

/* Readings until the score passes after a quiet baseline; 0: it never does. */
static int delay_of(const fault_t *fault, uint64_t stream) {
  prng_t prng = prng_make(SEED, stream);
  begin();
  for (int i = 0; i < BASELINE; i++) {
    (void)add(i, 2000 + noise(&prng, NOISE));
  }
  for (int i = 1; i <= DAY; i++) {
    bool on = i <= fault->length;
    int32_t value = 2000 + noise(&prng, on ? fault->deviation : NOISE);
    value += on ? fault->shift + fault->slope * i / 10 : 0;
    if (add(BASELINE + i, value) > THRESHOLD) {
      return i;
    }
  }
  return 0;
}

static void every_fault_that_is_claimed_is_told(void **state) {
  (void)state;
  static const fault_t faults[] = {{"spike of 12 deviations", 12 * NOISE, 0, NOISE, 1, 1},
                                   {"spike down", -12 * NOISE, 0, NOISE, 1, 1},
                                   {"step of 8 deviations", 8 * NOISE, 0, NOISE, DAY, 4},
                                   {"a tenth of a deviation at each", 0, NOISE, NOISE, DAY, 120},
                                   {"four times the noise", 0, 0, 4 * NOISE, DAY, 20},
                                   {"stuck", 0, 0, 0, DAY, 60},
                                   {"dropout to 0", -2000, 0, 0, DAY, 1}};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    for (uint64_t stream = 0; stream < 20; stream++) {
      int delay = delay_of(&faults[i], stream);
      if (delay < 1 || delay > faults[i].last) {
        fail_msg("%s, seed %d, stream %d: told after %d", faults[i].name, SEED, (int)stream, delay);
      }
    }
  }
}

/* A square wave: 0 by day, 2000 at night. */
static int32_t value_by_day(prng_t *prng, int i) {
  return noise(prng, NOISE) + (i % DAY < DAY / 2 ? 2000 : 0);
}

static void an_ordinary_value_at_an_unusual_time_is_told(void **state) {
  (void)state;
  for (uint64_t stream = 0; stream < 20; stream++) {
    prng_t prng = prng_make(SEED, stream);
    begin();
    for (int i = 0; i < BASELINE + DAY / 4; i++) {
      (void)add(i, value_by_day(&prng, i));
    }
    uint32_t highest = 0;
    for (int i = BASELINE + DAY / 4; i < BASELINE + DAY / 4 + 12; i++) {
      uint32_t score = add(i, noise(&prng, NOISE)); /* as by day */
      highest = score > highest ? score : highest;
    }
    assert_true(highest > THRESHOLD);
  }
}

static void a_repeated_incident_is_told_again(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 4);
  begin();
  for (int i = 0; i < 8000; i++) {
    bool spike = i >= 2000 && i % 1000 == 0;
    uint32_t score = add(i, noise(&prng, NOISE) + (spike ? 30 * NOISE : 0));
    assert_true(!spike || score > THRESHOLD);
  }
}

/* One absurd reading, and nothing for the rest of the week. */
static void a_glitch_spoils_nothing(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 10);
  begin();
  for (int i = 0; i < BASELINE; i++) {
    (void)add(i, noise(&prng, NOISE));
  }
  assert_true(add(BASELINE, INT32_MAX) > THRESHOLD);
  for (int i = BASELINE + 1; i < BASELINE + 7 * DAY; i++) {
    uint32_t score = add(i, noise(&prng, NOISE));
    assert_true(score <= THRESHOLD || i < BASELINE + DAY / 2);
  }
}

static void noise_alone_is_seldom_a_deviation(void **state) {
  (void)state;
  static const int32_t deviations[] = {1, 30, 100000, 100000000};
  for (uint64_t i = 0; i < 4; i++) {
    prng_t prng = prng_make(SEED, 1000 + i);
    unsigned passes = 0;
    begin();
    for (int k = 0; k < 50000; k++) {
      passes += add(k, noise(&prng, deviations[i])) > THRESHOLD && k >= 300;
    }
    assert_in_range(passes, 0, 25);
  }
}

static void the_first_readings_have_no_score(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 5);
  begin();
  for (int i = 0; i < 192; i++) {
    assert_int_equal(add(i, (int32_t)prng_next(&prng)), 0);
  }
}

static void very_many_equal_readings_and_then_the_extremes(void **state) {
  (void)state;
  static const int32_t ends[] = {INT32_MIN, INT32_MAX};
  const int readings = (int)rounds(1000000);
  for (size_t i = 0; i < 2; i++) {
    begin();
    for (int k = 0; k < readings; k++) {
      assert_true(vn_composite_add(&composite, k, ends[i]) <= 1000);
    }
    assert_true(vn_composite_add(&composite, readings, ends[1 - i]) > THRESHOLD);
    for (int k = 0; k < 10000; k++) {
      assert_true(vn_composite_add(&composite, k, ends[k % 3 == 0]) <= VN_DEVIATION_SCORE_MAX);
    }
  }
}

static void times_may_be_any_and_go_back(void **state) {
  (void)state;
  static const vn_time_ms_t ends[] = {VN_TIME_LOWEST_MS, -1, 0, VN_TIME_HIGHEST_MS};
  prng_t prng = prng_make(SEED, 6);
  begin();
  for (int i = 0; i < 20000; i++) {
    vn_time_ms_t time_ms = prng_chance(&prng, 50)
                               ? ends[prng_below(&prng, 4)]
                               : prng_between(&prng, VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS);
    int32_t value = (int32_t)prng_next(&prng);
    assert_true(vn_composite_add(&composite, time_ms, value) <= VN_DEVIATION_SCORE_MAX);
  }
}

static void counts_stay_high(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 7);
  begin();
  for (int i = 0; i < 1000; i++) {
    (void)add(i, noise(&prng, NOISE));
  }
  composite.readings = UINT32_MAX;
  composite.season_readings = UINT32_MAX;
  composite.visit_readings = UINT32_MAX;
  composite.visit_sum = (INT64_C(1) << 31) * -INT64_C(4294967295);
  for (int i = 1000; i < 2000; i++) {
    assert_true(add(i, INT32_MIN) <= VN_DEVIATION_SCORE_MAX);
  }
  assert_int_equal(composite.readings, (UINT32_C(1) << 31) + 999);
}

static void a_saved_state_goes_on_as_if_nothing_had_been(void **state) {
  (void)state;
  static vn_composite_t whole;
  static uint8_t bytes[VN_COMPOSITE_SAVE_MAX];
  prng_t prng = prng_make(SEED, 8);
  begin();
  memset(&whole, 0, sizeof whole);
  for (int i = 0; i < 9000; i++) {
    int32_t value = i % 500 == 499 ? (int32_t)prng_next(&prng) : noise(&prng, NOISE);
    if (i % 23 == 0) {
      size_t length = vn_composite_save(&composite, bytes, sizeof bytes);
      assert_true(length <= sizeof bytes);
      assert_int_equal(vn_composite_save(&composite, bytes, 100), length);
      assert_int_equal(vn_composite_save(&composite, bytes, sizeof bytes), length);
      memset(&composite, 0xA5, sizeof composite);
      assert_int_equal(vn_composite_load(&composite, bytes, length), VN_OK);
    }
    assert_int_equal(add(i, value), vn_composite_add(&whole, i * STEP_MS, value));
  }
}

static void damaged_states_are_refused_or_harmless(void **state) {
  (void)state;
  static uint8_t bytes[VN_COMPOSITE_SAVE_MAX + 1];
  prng_t prng = prng_make(SEED, 9);
  begin();
  for (int i = 0; i < 2000; i++) {
    (void)add(i, noise(&prng, NOISE));
  }
  size_t length = vn_composite_save(&composite, bytes, sizeof bytes);
  static vn_composite_t loaded;
  loaded = composite;
  loaded.visit_sum = ((int64_t)loaded.visit_readings << 31) + 1;
  static uint8_t beyond[VN_COMPOSITE_SAVE_MAX];
  size_t beyond_length = vn_composite_save(&loaded, beyond, sizeof beyond);
  assert_int_equal(vn_composite_load(&loaded, beyond, beyond_length), VN_ERR_FORMAT);
  assert_int_equal(vn_composite_load(&loaded, bytes, length - 1), VN_ERR_FORMAT);
  assert_int_equal(vn_composite_load(&loaded, bytes, length + 1), VN_ERR_FORMAT);
  assert_int_equal(loaded.readings, 0);
  unsigned taken = 0;
  for (int i = 0; i < 20000; i++) {
    static uint8_t damaged[VN_COMPOSITE_SAVE_MAX + 1];
    memcpy(damaged, bytes, sizeof damaged);
    for (int k = 0; k < 3; k++) {
      damaged[prng_below(&prng, (uint32_t)length)] ^= (uint8_t)prng_next(&prng);
    }
    if (vn_composite_load(&loaded, damaged, length) == VN_OK) {
      taken++;
      for (int k = 0; k < 10; k++) {
        int32_t value = (int32_t)prng_next(&prng);
        assert_true(vn_composite_add(&loaded, k * STEP_MS, value) <= VN_DEVIATION_SCORE_MAX);
      }
    }
  }
  assert_true(taken > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_state_is_small),
      cmocka_unit_test(the_same_readings_give_the_same_scores_everywhere),
      cmocka_unit_test(every_fault_that_is_claimed_is_told),
      cmocka_unit_test(an_ordinary_value_at_an_unusual_time_is_told),
      cmocka_unit_test(a_repeated_incident_is_told_again),
      cmocka_unit_test(a_glitch_spoils_nothing),
      cmocka_unit_test(noise_alone_is_seldom_a_deviation),
      cmocka_unit_test(the_first_readings_have_no_score),
      cmocka_unit_test(very_many_equal_readings_and_then_the_extremes),
      cmocka_unit_test(times_may_be_any_and_go_back),
      cmocka_unit_test(counts_stay_high),
      cmocka_unit_test(a_saved_state_goes_on_as_if_nothing_had_been),
      cmocka_unit_test(damaged_states_are_refused_or_harmless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
