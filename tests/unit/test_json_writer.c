/* The JSON writer: layout, escaping, exact numbers. */
#include "vn/json_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 20000
#define SEED UINT64_C(20260731)

static char buffer[512];
static vn_json_writer_t writer;

static void begin(void) { vn_json_writer_init(&writer, buffer, sizeof buffer - 1); }

static const char *text(void) {
  assert_false(writer.overflow);
  assert_true(writer.length < sizeof buffer);
  buffer[writer.length] = '\0';
  return buffer;
}

static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static void places_commas_between_items_only(void **state) {
  (void)state;
  begin();
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "a");
  vn_json_array_begin(&writer);
  vn_json_array_end(&writer);
  vn_json_key(&writer, "b");
  vn_json_array_begin(&writer);
  vn_json_integer(&writer, -1);
  vn_json_object_begin(&writer);
  vn_json_object_end(&writer);
  vn_json_bool(&writer, true);
  vn_json_bool(&writer, false);
  vn_json_null(&writer);
  vn_json_raw(&writer, "[2]", 3);
  vn_json_literal(&writer, "x");
  vn_json_array_end(&writer);
  vn_text_t key = {"c\n", 2};
  vn_json_key_text(&writer, key);
  vn_json_integer(&writer, 1);
  vn_json_object_end(&writer);
  assert_string_equal(text(), "{\"a\":[],\"b\":[-1,{},true,false,null,[2],\"x\"],\"c\\n\":1}");
}

static void writes_integers_to_their_ends(void **state) {
  (void)state;
  begin();
  vn_json_array_begin(&writer);
  vn_json_integer(&writer, INT64_MIN);
  vn_json_integer(&writer, INT64_MAX);
  vn_json_integer(&writer, 0);
  vn_json_unsigned(&writer, UINT64_MAX);
  vn_json_array_end(&writer);
  assert_string_equal(text(), "[-9223372036854775808,9223372036854775807,0,18446744073709551615]");
}

static void expect_text(const char *in, size_t length, const char *expected) {
  begin();
  vn_text_t view = {in, length};
  vn_json_text(&writer, view);
  assert_string_equal(text(), expected);
}

static void escapes_what_json_demands(void **state) {
  (void)state;
  expect_text("a\"b\\c\n\t\r\b\f", 10, "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\"");
  expect_text("\0\x1F\x7F", 3, "\"\\u0000\\u001f\\u007f\"");
  expect_text("", 0, "\"\"");
  expect_text("/<&'", 4, "\"/<&'\"");
}

static void keeps_valid_utf8_and_replaces_the_rest(void **state) {
  (void)state;
  expect_text(
      "\xC2\xB0"
      "C \xE2\x82\xAC \xF0\x9F\x98\x80",
      12,
      "\"\xC2\xB0"
      "C \xE2\x82\xAC \xF0\x9F\x98\x80\"");
  expect_text("\xFF", 1, "\"\xEF\xBF\xBD\"");
  expect_text("\xC0\x80", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                 /* overlong */
  expect_text("\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""); /* surrogate */
  expect_text("a\xE2\x82", 3, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");               /* cut off */
}

static void expect_decimal(int64_t value, int exponent, const char *expected) {
  begin();
  vn_json_decimal(&writer, value, exponent);
  assert_string_equal(text(), expected);
}

static void writes_decimals_without_exponents(void **state) {
  (void)state;
  expect_decimal(2137, -2, "21.37");
  expect_decimal(-5, -2, "-0.05");
  expect_decimal(21, 2, "2100");
  expect_decimal(2100, -2, "21");
  expect_decimal(2110, -2, "21.1");
  expect_decimal(0, -5, "0");
  expect_decimal(0, 5, "0");
  expect_decimal(1, -18, "0.000000000000000001");
  expect_decimal(-1, 18, "-1000000000000000000");
  expect_decimal(INT64_MIN, 0, "-9223372036854775808");
  expect_decimal(INT64_MIN, -19, "-0.9223372036854775808");
  expect_decimal(INT64_MIN, -18, "-9.223372036854775808");
}

static void writes_wide_decimals(void **state) {
  (void)state;
  begin();
  vn_u128_t most = {UINT64_MAX, UINT64_MAX};
  vn_json_decimal_u128(&writer, most, -4);
  assert_string_equal(text(), "34028236692093846346337460743176821.1455");
  begin();
  vn_json_decimal_u128(&writer, most, 36);
  assert_string_equal(text(),
                      "340282366920938463463374607431768211455"
                      "000000000000000000000000000000000000");
}

typedef struct ratio_case {
  bool negative;
  vn_u128_t numerator;
  uint64_t denominator;
  int exponent;
  const char *expected;
} ratio_case_t;

/* Computed with exact fractions. */
static const ratio_case_t ratios[] = {
    {false, {0, 0}, 7, -2, "0"},
    {true, {0, 0}, 7, -2, "0"},
    {false, {0, 1}, 3, 0, "0.33333333333333333"},
    {true, {0, 2}, 3, -2, "-0.0066666666666666667"},
    {true, {0, 2137}, 1, -2, "-21.37"},
    {false, {0, 1}, 7, 18, "142857142857142860"},
    {false, {UINT64_MAX, UINT64_MAX}, UINT64_MAX, 0, "18446744073709552000"},
    {false, {UINT64_MAX, UINT64_MAX}, 1, -18, "340282366920938460000"},
    {false, {0, 1}, UINT64_MAX, -18, "0.000000000000000000000000000000000000054210108624275222"},
    {false, {0, UINT64_MAX - 1}, UINT64_MAX, 0, "1"},
    {false, {0, 999999999999999999u}, 1, 0, "1000000000000000000"},
    {false, {0, 100000000000000005u}, 1, 0, "100000000000000000"}, /* ties to even */
    {false, {0, 100000000000000015u}, 1, 0, "100000000000000020"},
    {false, {0, 44444444444444445u}, 2, 0, "22222222222222222"},
    {false, {0, 44444444444444447u}, 2, 0, "22222222222222224"},
    {false,
     {0x4b3b4ca85a86c47au, 0x98a223fffffffffu},
     1000000000000000000u,
     0,
     "100000000000000000000"},
    {false,
     {0x4000000000000000u, 0},
     0xfffffffe00000001u,
     -36,
     "0.0000000000000000046116860205748716"},
};

static void rounds_ratios_once(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
    const ratio_case_t *one = &ratios[i];
    begin();
    vn_json_ratio(&writer, one->negative, one->numerator, one->denominator, one->exponent);
    assert_string_equal(text(), one->expected);
  }
}

static void ratios_read_back_as_the_quotient(void **state) {
  (void)state;
  uint64_t seed = SEED;
  print_message("seed %" PRIu64 "\n", seed);
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t numerator = next_random(&seed) >> (11 + next_random(&seed) % 50);
    uint64_t denominator = (next_random(&seed) >> (11 + next_random(&seed) % 50)) + 1;
    vn_u128_t wide = {0, numerator};
    begin();
    vn_json_ratio(&writer, false, wide, denominator, 0);
    double expected = (double)numerator / (double)denominator;
    double got = strtod(text(), NULL);
    assert_true(fabs(got - expected) <= expected * 2.3e-16);
  }
}

static void doubles_read_back_bit_by_bit(void **state) {
  (void)state;
  uint64_t seed = SEED;
  print_message("seed %" PRIu64 "\n", seed);
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t fraction = next_random(&seed) >> 12;
    uint64_t bits = (959 + next_random(&seed) % 128) << 52 | fraction;
    double value;
    memcpy(&value, &bits, sizeof value);
    begin();
    vn_json_double(&writer, i % 2 == 0 ? value : -value, 0);
    assert_true(strtod(text(), NULL) == (i % 2 == 0 ? value : -value));
  }
}

static void writes_doubles_with_seventeen_digits(void **state) {
  (void)state;
  static const struct {
    double value;
    int exponent;
    const char *expected;
  } cases[] = {
      {0.0, -2, "0"},
      {-0.0, 0, "0"},
      {0.1, 0, "0.10000000000000001"},
      {-2.5, -2, "-0.025"},
      {1.5, 2, "150"},
      {9223372036854775808.0, 0, "9223372036854775800"},
      {5.421010862427522e-20, 0, "0.000000000000000000054210108624275222"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin();
    vn_json_double(&writer, cases[i].value, cases[i].exponent);
    assert_string_equal(text(), cases[i].expected);
  }
}

static void counts_on_when_the_buffer_is_full(void **state) {
  (void)state;
  char small[4] = {'#', '#', '#', '#'};
  vn_json_writer_t narrow;
  vn_json_writer_init(&narrow, small, 3);
  vn_json_literal(&narrow, "abc");
  vn_json_integer(&narrow, 7);
  assert_true(narrow.overflow);
  assert_int_equal(narrow.length, 7);
  assert_memory_equal(small, "\"##", 3);
  assert_int_equal(small[3], '#');

  vn_json_writer_t measure;
  vn_json_writer_init(&measure, NULL, 0);
  vn_json_literal(&measure, "\n");
  assert_int_equal(measure.length, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(places_commas_between_items_only),
      cmocka_unit_test(writes_integers_to_their_ends),
      cmocka_unit_test(escapes_what_json_demands),
      cmocka_unit_test(keeps_valid_utf8_and_replaces_the_rest),
      cmocka_unit_test(writes_decimals_without_exponents),
      cmocka_unit_test(writes_wide_decimals),
      cmocka_unit_test(rounds_ratios_once),
      cmocka_unit_test(ratios_read_back_as_the_quotient),
      cmocka_unit_test(writes_doubles_with_seventeen_digits),
      cmocka_unit_test(doubles_read_back_bit_by_bit),
      cmocka_unit_test(counts_on_when_the_buffer_is_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
