/* Numbers of the oracle by known answers: the hash of samples, quotients, decimal text, CBOR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "oracle_json.h"
#include "oracle_number.h"
#include "prng.h"

#define SEED 29

static void priorities_are_those_of_the_published_vectors(void **state) {
  (void)state;
  assert_true(vn__oracle_split_mix(0) == UINT64_C(0xE220A8397B1DCDAF));
  assert_true(vn__oracle_split_mix(1) == UINT64_C(0x910A2DEC89025CC1));
  assert_true(vn__oracle_split_mix(UINT64_MAX) == UINT64_C(0xE4D971771B652C20));
  assert_int_equal(vn__oracle_priority(1, 0, 0), 0x2171513C);
  assert_int_equal(vn__oracle_priority(1, 2, 4), 0x0127A55F);
  assert_true(vn__oracle_priority(1, -1, -3) == 0x97FDDAA1);
  assert_true(vn__oracle_priority(0xDEADBEEF, INT64_C(1795219200000), -2137) == 0xB2C844D3);
  assert_int_equal(vn__oracle_priority(1, 5, 9), 0x5A85C491);
  assert_true(vn__oracle_priority(1, 9, 5) == 0x8FE790C6);
}

/* Values of the reference implementation's own tests, seed 0. */
static void names_hash_as_murmur3_does(void **state) {
  (void)state;
  assert_true(vn__oracle_murmur("") == 0);
  assert_true(vn__oracle_murmur("a") == 0x3C2569B2);
  assert_true(vn__oracle_murmur("ab") == 0x9BBFD75F);
  assert_true(vn__oracle_murmur("abc") == 0xB3DD93FA);
  assert_true(vn__oracle_murmur("abcd") == 0x43ED676A);
  assert_true(vn__oracle_murmur("Hello, world!") == 0xC0363E43);
}

static vn__wide_t wide(uint64_t low) { return (vn__wide_t){0, low}; }

static void quotients_are_rounded_once(void **state) {
  (void)state;
  assert_true(vn__oracle_nearest(wide(0), wide(7)) == 0);
  assert_true(vn__oracle_nearest(wide(2137), wide(100)) == 21.37);
  assert_true(vn__oracle_nearest(wide(1), wide(3)) == 1.0 / 3.0);
  assert_true(vn__oracle_nearest(wide(UINT64_C(1) << 53 | 1), wide(1)) ==
              0x1p53); /* a tie, to even */
  assert_true(vn__oracle_nearest(wide((UINT64_C(1) << 53) + 3), wide(1)) == 0x1p53 + 4);
  assert_true(vn__oracle_nearest((vn__wide_t){1, 0}, wide(1)) == 0x1p64);
  assert_true(vn__oracle_nearest((vn__wide_t){1, 0}, (vn__wide_t){UINT64_C(1) << 61, 0}) ==
              0x1p-61);
  /* 2^63 + 1 of 3: 3074457345618258603 exactly, 2^9 between doubles there */
  assert_true(vn__oracle_nearest(wide((UINT64_C(1) << 63) + 1), wide(3)) == 3074457345618258432.0);
}

/* A quotient of small numbers is that of both by 2^60, which no double holds. */
static void small_quotients_are_those_of_long_division(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int i = 0; i < 20000; i++) {
    uint64_t p = prng_u64(&prng) >> (11u + prng_below(&prng, 53));
    uint64_t q = (prng_u64(&prng) >> (11u + prng_below(&prng, 53))) | 1u;
    const vn__wide_t long_p = {p >> 4, p << 60};
    const vn__wide_t long_q = {q >> 4, q << 60};
    assert_true(vn__oracle_nearest(wide(p), wide(q)) == vn__oracle_nearest(long_p, long_q));
  }
}

static void products_and_differences_carry(void **state) {
  (void)state;
  vn__wide_t product = vn__oracle_wide_product(UINT64_MAX, UINT64_MAX);
  assert_true(product.high == UINT64_MAX - 1 && product.low == 1);
  product = vn__oracle_wide_times((vn__wide_t){1, UINT64_MAX}, 3);
  assert_true(product.high == 5 && product.low == UINT64_MAX - 2);
  vn__wide_t less = vn__oracle_wide_difference((vn__wide_t){2, 0}, (vn__wide_t){0, 1});
  assert_true(less.high == 1 && less.low == UINT64_MAX);
  assert_true(vn__oracle_wide_less(less, (vn__wide_t){2, 0}));
  assert_false(vn__oracle_wide_less(less, less));
}

static void division_rounds_towards_minus_infinity(void **state) {
  (void)state;
  assert_int_equal(vn__oracle_floor_div(5, 10), 0);
  assert_int_equal(vn__oracle_floor_div(-5, 10), -1);
  assert_int_equal(vn__oracle_floor_div(-10, 10), -1);
  assert_int_equal(vn__oracle_floor_div(-11, 10), -2);
}

static bool decimal_is(const char *text, unsigned decimals, int64_t expected) {
  const vn__text_t value = {text, strlen(text)};
  int64_t scaled;
  return vn__oracle_json_decimal(&value, decimals, &scaled) && scaled == expected;
}

static void decimal_text_is_scaled_exactly(void **state) {
  (void)state;
  int64_t scaled;
  const vn__text_t too_fine = {"1.234", 5};
  const vn__text_t words = {"null", 4};
  assert_true(decimal_is("81.2", 2, 8120));
  assert_true(decimal_is("-0.05", 2, -5));
  assert_true(decimal_is("80", 2, 8000));
  assert_true(decimal_is("1795225661000", 0, INT64_C(1795225661000)));
  assert_false(vn__oracle_json_decimal(&too_fine, 2, &scaled));
  assert_false(vn__oracle_json_decimal(&words, 2, &scaled));
}

static bool is_object(const char *text) {
  vn__object_t object;
  return vn__oracle_json_object(&object, text, strlen(text));
}

static void json_is_read_strictly(void **state) {
  (void)state;
  assert_true(is_object("{\"a\": 1, \"b\": [1, {\"c\": \"\\u00e4\\n\"}, null], \"d\": -1.5e3}"));
  assert_false(is_object("{\"a\": 1"));
  assert_false(is_object("{\"a\": 1} x"));
  assert_false(is_object("{\"a\": 1, \"a\": 2}"));
  assert_false(is_object("{\"a\": 01}"));
  assert_false(is_object("{\"a\": \"\\x\"}"));
  assert_false(is_object("[1]"));
}

/* The item, and whether all of it was read. */
static bool float_is(const char *bytes, size_t length, double expected) {
  vn__cbor_t cbor = {(const uint8_t *)bytes, (const uint8_t *)bytes + length, false};
  double value = vn__oracle_cbor_float(&cbor);
  return !cbor.bad && cbor.at == cbor.end && value == expected;
}

static void floats_must_have_their_shortest_form(void **state) {
  (void)state;
  assert_true(float_is("\xf9\x3c\x00", 3, 1.0));
  assert_true(float_is("\xf9\x7b\xff", 3, 65504.0));
  assert_true(float_is("\xf9\x00\x01", 3, 0x1p-24));
  assert_true(float_is("\xf9\xc4\x00", 3, -4.0));
  assert_true(float_is("\xfa\x47\xc3\x50\x00", 5, 100000.0));
  assert_true(float_is("\xfb\x40\x35\x71\xeb\x85\x1e\xb8\x52", 9, 21.445));
  assert_false(float_is("\xfa\x3f\x80\x00\x00", 5, 1.0)); /* a half would do */
  assert_false(float_is("\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", 9, 1.0));
  assert_false(float_is("\xfb\x40\xf8\x6a\x00\x00\x00\x00\x00", 9, 100000.0)); /* a single */
  assert_false(float_is("\xf9\x3c", 2, 1.0));
}

static void integers_must_have_their_shortest_form(void **state) {
  (void)state;
  const uint8_t good[] = {0x18, 0x18, 0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const uint8_t longer[] = {0x18, 0x17};
  const uint8_t big[] = {0xc2, 0x49, 0x01, 0, 0, 0, 0, 0, 0, 0, 0x05};
  vn__cbor_t cbor = {good, good + sizeof good, false};
  assert_true(vn__oracle_cbor_unsigned(&cbor) == 24);
  assert_true(vn__oracle_cbor_integer(&cbor) == INT64_MIN);
  assert_true(!cbor.bad && cbor.at == cbor.end);
  cbor = (vn__cbor_t){longer, longer + sizeof longer, false};
  (void)vn__oracle_cbor_unsigned(&cbor);
  assert_true(cbor.bad);
  uint64_t high;
  uint64_t low;
  cbor = (vn__cbor_t){big, big + sizeof big, false};
  vn__oracle_cbor_wide(&cbor, &high, &low);
  assert_true(!cbor.bad && high == 1 && low == 5);
}

static void skipping_ends_behind_the_item(void **state) {
  (void)state;
  const uint8_t item[] = {0xa2, 0x00, 0x82, 0x01, 0x61, 'x', 0x01, 0xf9, 0x3c, 0x00, 0x07};
  const uint8_t cut[] = {0x82, 0x01};
  vn__cbor_t cbor = {item, item + sizeof item, false};
  vn__oracle_cbor_skip(&cbor);
  assert_true(!cbor.bad && vn__oracle_cbor_unsigned(&cbor) == 7);
  cbor = (vn__cbor_t){cut, cut + sizeof cut, false};
  vn__oracle_cbor_skip(&cbor);
  assert_true(cbor.bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(priorities_are_those_of_the_published_vectors),
      cmocka_unit_test(names_hash_as_murmur3_does),
      cmocka_unit_test(quotients_are_rounded_once),
      cmocka_unit_test(small_quotients_are_those_of_long_division),
      cmocka_unit_test(products_and_differences_carry),
      cmocka_unit_test(division_rounds_towards_minus_infinity),
      cmocka_unit_test(decimal_text_is_scaled_exactly),
      cmocka_unit_test(json_is_read_strictly),
      cmocka_unit_test(floats_must_have_their_shortest_form),
      cmocka_unit_test(integers_must_have_their_shortest_form),
      cmocka_unit_test(skipping_ends_behind_the_item),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
