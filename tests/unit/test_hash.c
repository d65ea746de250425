/* Hashes and priorities: the same bits on every platform, or samples and tables can't be merged. */
#include "vn/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void murmur3_gives_the_published_hashes(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t hash;
  } cases[] = {{"", 0},
               {"a", 1009084850u},
               {"ab", 2613040991u},
               {"abc", 3017643002u},
               {"abcd", 1139631978u},
               {"site/07/line/117/dev/000117/temp", 2133532284u}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    assert_int_equal(vn_murmur3_32(cases[i].text, strlen(cases[i].text), 0), cases[i].hash);
  }
}

static void murmur3_does_not_depend_on_alignment(void **state) {
  (void)state;
  static const char text[] = "site/07/line/117/dev/000117/temp";
  char shifted[sizeof text + 4];
  for (size_t offset = 0; offset < 4; offset++) {
    memcpy(shifted + offset, text, sizeof text);
    assert_int_equal(vn_murmur3_32(shifted + offset, sizeof text - 1, 0), 2133532284u);
  }
}

static void murmur3_distinguishes_zero_bytes_and_seeds(void **state) {
  (void)state;
  static const uint8_t zeros[8] = {0};
  for (size_t length = 1; length <= sizeof zeros; length++) {
    assert_int_not_equal(vn_murmur3_32(zeros, length, 0), vn_murmur3_32(zeros, length - 1, 0));
  }
  assert_int_not_equal(vn_murmur3_32("a", 1, 0), vn_murmur3_32("a", 1, 1));
  assert_int_equal(vn_murmur3_32(NULL, 0, 0), 0);
}

/* State x of the generator gives output function of x; each step adds the golden gamma. */
static void expect_splitmix64(uint64_t seed, const uint64_t *expected, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t state = seed + (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15);
    assert_true(vn_splitmix64(state) == expected[i]);
  }
}

static void splitmix64_gives_the_published_sequences(void **state) {
  (void)state;
  static const uint64_t seed0[] = {UINT64_C(16294208416658607535), UINT64_C(7960286522194355700),
                                   UINT64_C(487617019471545679), UINT64_C(17909611376780542444)};
  static const uint64_t seed1234567[] = {
      UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
      UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
  expect_splitmix64(0, seed0, COUNT_OF(seed0));
  expect_splitmix64(1234567, seed1234567, COUNT_OF(seed1234567));
  assert_true(vn_splitmix64(0) == UINT64_C(0xE220A8397B1DCDAF));
  assert_true(vn_splitmix64(1) == UINT64_C(0x910A2DEC89025CC1));
  assert_true(vn_splitmix64(UINT64_MAX) == UINT64_C(0xE4D971771B652C20));
}

static void priorities_have_the_documented_bits(void **state) {
  (void)state;
  assert_int_equal(vn_priority(1, 0, 0), 0x2171513Cu);
  assert_int_equal(vn_priority(1, 2, 4), 0x0127A55Fu);
  assert_int_equal(vn_priority(1, -1, -3), 0x97FDDAA1u);
  assert_int_equal(vn_priority(0xDEADBEEFu, INT64_C(1795219200000), -2137), 0xB2C844D3u);
}

static void time_and_value_are_not_exchangeable_in_a_priority(void **state) {
  (void)state;
  assert_int_equal(vn_priority(1, 5, 9), 0x5A85C491u);
  assert_int_equal(vn_priority(1, 9, 5), 0x8FE790C6u);
  for (int32_t i = 0; i < 100; i++) {
    assert_int_not_equal(vn_priority(1, i + 1, i + 1), vn_priority(1, i, i));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(murmur3_gives_the_published_hashes),
      cmocka_unit_test(murmur3_does_not_depend_on_alignment),
      cmocka_unit_test(murmur3_distinguishes_zero_bytes_and_seeds),
      cmocka_unit_test(splitmix64_gives_the_published_sequences),
      cmocka_unit_test(priorities_have_the_documented_bits),
      cmocka_unit_test(time_and_value_are_not_exchangeable_in_a_priority),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
