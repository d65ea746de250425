/* Exact numbers: known answers, and spellings that must agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prng.h"
#include "scaled.h"

#define SEED UINT64_C(20261121)

static void decimal_text_is_taken_exactly(void **state) {
  (void)state;
  assert_int_equal(scale_text("21.37", -2), 2137);
  assert_int_equal(scale_text("-21.37", -2), -2137);
  assert_int_equal(scale_text("-0", 0), 0);
  assert_int_equal(scale_text("0.0", -18), 0);
  assert_int_equal(scale_text("1e3", 0), 1000);
  assert_int_equal(scale_text("1E+3", 2), 10);
  assert_int_equal(scale_text("1.276020076001e+9", -3), INT64_C(1276020076001));
  assert_int_equal(scale_text("0.1", -18), INT64_C(100000000000000000));
}

static void more_digits_than_the_resolution_round_half_to_even(void **state) {
  (void)state;
  assert_int_equal(scale_text("0.125", -2), 12);
  assert_int_equal(scale_text("0.135", -2), 14);
  assert_int_equal(scale_text("-0.125", -2), -12);
  assert_int_equal(scale_text("-0.135", -2), -14);
  assert_int_equal(scale_text("0.5", 0), 0);
  assert_int_equal(scale_text("1.5", 0), 2);
  assert_int_equal(scale_text("0.50000000000000000000000001", 0), 1);
  assert_int_equal(scale_text("1.49999999999999999999999999", 0), 1);
  assert_int_equal(scale_text("2.50000000000000000000000000", 0), 2);
  assert_int_equal(scale_text("15", 1), 2);
  assert_int_equal(scale_text("25", 1), 2);
  assert_int_equal(scale_text("5000000000000000000", 18), 5);
  assert_int_equal(scale_text("5000000000000000000e-19", 0), 0);
  assert_int_equal(scale_text("5000000000000000001e-19", 0), 1);
}

static void row_21_ends_of_the_integer_range_are_exact(void **state) {
  (void)state;
  assert_int_equal(scale_text("9223372036854775807", 0), INT64_MAX);
  assert_true(scale_text("-9223372036854775808", 0) == INT64_MIN);
  assert_int_equal(scale_text("9223372036854775808", 0), REFUSED);
  assert_int_equal(scale_text("-9223372036854775809", 0), REFUSED);
  assert_int_equal(scale_text("18446744073709551615", 0), REFUSED);
  assert_int_equal(scale_text("-18446744073709551616", 0), REFUSED);
  assert_int_equal(scale_text("18446744073709551615", 3), INT64_C(18446744073709552));
  assert_int_equal(scale_text("9007199254740993", 0), INT64_C(9007199254740993));
  assert_int_equal(scale_text("9.223372036854775807", -18), INT64_MAX);
  assert_int_equal(scale_text("9.223372036854775808", -18), REFUSED);
}

static void row_21_the_limits_given_are_kept(void **state) {
  (void)state;
  int64_t result = 7;
  vn_number_t number = parse("21474836.47");
  assert_int_equal(vn_number_scale(&number, -2, INT32_MIN, INT32_MAX, &result), VN_REASON_NONE);
  assert_int_equal(result, INT32_MAX);
  result = 7;
  number = parse("21474836.48");
  assert_int_equal(vn_number_scale(&number, -2, INT32_MIN, INT32_MAX, &result), VN_REASON_RANGE);
  number = parse("-21474836.49");
  assert_int_equal(vn_number_scale(&number, -2, INT32_MIN, INT32_MAX, &result), VN_REASON_RANGE);
  assert_int_equal(result, 7);
  number = parse("-21474836.48");
  assert_int_equal(vn_number_scale(&number, -2, INT32_MIN, INT32_MAX, &result), VN_REASON_NONE);
  assert_int_equal(result, INT32_MIN);
}

static void row_85_huge_exponents_end_as_range_or_zero(void **state) {
  (void)state;
  assert_int_equal(scale_text("1e400", 0), REFUSED);
  assert_int_equal(scale_text("-1e400", 0), REFUSED);
  assert_int_equal(scale_text("1e99999999999999999999999", 0), REFUSED);
  assert_int_equal(scale_text("1e-400", 0), 0);
  assert_int_equal(scale_text("-1e-99999999999999999999999", 0), 0);
  assert_int_equal(scale_text("0e99999999999999999999999", 0), 0);
  assert_int_equal(parse("1e99999999999999999999999").exponent, 100000);
  assert_int_equal(parse("1e-99999999999999999999999").exponent, -100000);
}

static void zeros_beyond_any_mantissa_shift_the_point_only(void **state) {
  (void)state;
  enum { ZEROS = 200000 };
  char *text = malloc(ZEROS + 32);
  assert_non_null(text);
  int length = sprintf(text, "0.%0*d", ZEROS, 0);
  (void)sprintf(text + length, "25e%d", ZEROS);
  assert_int_equal(scale_text(text, -2), 25);
  length = sprintf(text, "25%0*d", ZEROS, 0);
  (void)sprintf(text + length, "e-%d", ZEROS);
  assert_int_equal(scale_text(text, 0), 25);
  free(text);
}

static void what_is_no_number_is_refused(void **state) {
  (void)state;
  static const char *const kTexts[] = {
      "",    "-",    "+1", "01",   "-01", "00",  ".5",    "1.",  "1.e3", "1e",  "1e+",
      "1e-", " 1",   "1 ", "1,5",  "0x1", "1_0", "1.2.3", "--1", "1-",   "e5",  "1e5.5",
      "abc", "true", "n",  "nann", "in",  "i",   "1d",    "1f",  "infi", "\xff"};
  vn_number_t number;
  for (size_t i = 0; i < sizeof kTexts / sizeof kTexts[0]; i++) {
    assert_int_equal(vn_number_from_text(kTexts[i], strlen(kTexts[i]), &number), VN_REASON_NUMBER);
  }
  assert_int_equal(vn_number_from_text("1\0", 2, &number), VN_REASON_NUMBER);
  assert_int_equal(vn_number_from_text(NULL, 0, &number), VN_REASON_NUMBER);
}

static void rows_17_and_18_words_for_nan_and_infinities_are_told_apart(void **state) {
  (void)state;
  vn_number_t number;
  assert_int_equal(vn_number_from_text("NaN", 3, &number), VN_REASON_NAN);
  assert_int_equal(vn_number_from_text("-nan", 4, &number), VN_REASON_NAN);
  assert_int_equal(vn_number_from_text("INF", 3, &number), VN_REASON_INF);
  assert_int_equal(vn_number_from_text("-Infinity", 9, &number), VN_REASON_INF);
  assert_int_equal(vn_number_from_text("+inf", 4, &number), VN_REASON_INF);
}

static void rows_17_and_18_binary_nan_and_infinities_are_refused(void **state) {
  (void)state;
  vn_number_t number = vn_number_from_integer(5);
  uint64_t signalling = UINT64_C(0xFFF0000000000001);
  double value;
  memcpy(&value, &signalling, sizeof value);
  assert_int_equal(vn_number_from_double(value, &number), VN_REASON_NAN);
  assert_int_equal(vn_number_from_double(NAN, &number), VN_REASON_NAN);
  assert_int_equal(vn_number_from_double(INFINITY, &number), VN_REASON_INF);
  assert_int_equal(vn_number_from_double(-INFINITY, &number), VN_REASON_INF);
  assert_int_equal(number.mantissa, 5);
}

static void row_19_doubles_at_the_edges(void **state) {
  (void)state;
  assert_int_equal(scale_double(-0.0, -2), 0);
  assert_int_equal(scale_double(5e-324, -18), 0);
  assert_int_equal(scale_double(-DBL_MIN, -18), 0);
  assert_int_equal(scale_double(DBL_MAX, 18), REFUSED);
  assert_int_equal(scale_double(-DBL_MAX, -18), REFUSED);
  assert_int_equal(scale_double(1e308, 0), REFUSED);
}

static void doubles_are_taken_at_their_exact_binary_value(void **state) {
  (void)state;
  assert_int_equal(scale_double(21.37, -2), 2137);
  assert_int_equal(scale_double(1.001, -3), 1001);
  assert_int_equal(scale_double(0.125, -2), 12);
  assert_int_equal(scale_double(0.375, -2), 38);
  assert_int_equal(scale_double(-0.125, -2), -12);
  assert_int_equal(scale_double(1.005, -2), 100); /* the double is a little less than 1.005 */
  assert_int_equal(scale_double(0.5, 0), 0);
  assert_int_equal(scale_double(1.5, 0), 2);
  assert_int_equal(scale_double(9007199254740993.0, 0), INT64_C(9007199254740992));
  assert_true(scale_double(-9223372036854775808.0, 0) == INT64_MIN);
  assert_int_equal(scale_double(9223372036854775808.0, 0), REFUSED);
  assert_int_equal(scale_double(1e18, 18), 1);
  assert_int_equal(scale_double(5e17, 18), 0);
  assert_int_equal(scale_double(1.5e18, 18), 2);
  assert_int_equal(scale_double(2.5e18, 18), 2);
  assert_int_equal(scale_double(0.1, -18), INT64_C(100000000000000006));
}

static void row_16_the_same_value_in_every_form_gives_one_reading(void **state) {
  (void)state;
  assert_int_equal(scale_double((double)1.5f, -2), 150);
  assert_int_equal(scale_text("1.5", -2), 150);
  assert_int_equal(scale_text("15e-1", -2), 150);
  vn_number_t integer = vn_number_from_integer(-3);
  assert_int_equal(scale(&integer, -2), -300);
  assert_int_equal(scale_double(-3.0, -2), -300);
}

static void spellings_of_one_decimal_are_one_number(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 3);
  for (unsigned i = 0; i < 20000; i++) {
    uint64_t whole = prng_below(&prng, 1000000);
    uint64_t fraction = prng_below(&prng, 1000000);
    char plain[64];
    char scientific[64];
    (void)snprintf(plain, sizeof plain, "-%" PRIu64 ".%06" PRIu64 "000000000000000", whole,
                   fraction);
    (void)snprintf(scientific, sizeof scientific, "-%" PRIu64 "e-6", whole * 1000000 + fraction);
    for (int exponent = -9; exponent <= 3; exponent++) {
      assert_int_equal(scale_text(plain, exponent), scale_text(scientific, exponent));
    }
  }
}

static vn_reason_t add(const vn_number_t *a, const vn_number_t *b, int exponent, int64_t *out) {
  vn_number_t sum;
  vn_reason_t reason = vn_number_add(a, b, &sum);
  return reason == VN_REASON_NONE ? vn_number_scale(&sum, exponent, INT64_MIN, INT64_MAX, out)
                                  : reason;
}

static int64_t add_texts(const char *a, const char *b, int exponent) {
  vn_number_t left = parse(a);
  vn_number_t right = parse(b);
  int64_t sum = REFUSED;
  int64_t other = REFUSED;
  assert_int_equal(add(&left, &right, exponent, &sum), add(&right, &left, exponent, &other));
  assert_int_equal(sum, other);
  return sum;
}

static void sums_of_decimals_are_exact(void **state) {
  (void)state;
  assert_int_equal(add_texts("1.276020076001e+9", "-5", -3), INT64_C(1276020071001));
  assert_int_equal(add_texts("0.1", "0.2", -18), INT64_C(300000000000000000));
  assert_int_equal(add_texts("1.000000000000000000", "100", 0), 101);
  assert_int_equal(add_texts("1e300", "0", 0), REFUSED);
  assert_int_equal(add_texts("1e300", "1", 0), REFUSED);
  assert_int_equal(add_texts("9223372036854775807", "1", 0), REFUSED);
  assert_int_equal(add_texts("9223372036854775807", "-1", 0), INT64_MAX - 1);
  assert_int_equal(add_texts("9223372036854775807", "0.1", 0), REFUSED);
  assert_int_equal(add_texts("12345678901234567890123", "1", 6), REFUSED);
}

static void sums_with_a_double_round_once(void **state) {
  (void)state;
  vn_number_t double_part;
  vn_number_t integer = vn_number_from_integer(-5);
  vn_number_t decimal = parse("0.001");
  int64_t sum = 0;
  assert_int_equal(vn_number_from_double(1276020076.0009999, &double_part), VN_REASON_NONE);
  assert_int_equal(add(&double_part, &integer, -3, &sum), VN_REASON_NONE);
  assert_int_equal(sum, INT64_C(1276020071001));
  assert_int_equal(vn_number_from_double(0.5, &double_part), VN_REASON_NONE);
  assert_int_equal(add(&decimal, &double_part, -3, &sum), VN_REASON_NONE);
  assert_int_equal(sum, 501);
  assert_int_equal(vn_number_from_double(DBL_MAX, &double_part), VN_REASON_NONE);
  assert_int_equal(add(&double_part, &double_part, 0, &sum), VN_REASON_RANGE);
  decimal = parse("1e20");
  assert_int_equal(add(&decimal, &double_part, 0, &sum), VN_REASON_RANGE);
}

static void a_decimal_beside_a_double_becomes_the_nearest_double(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 4);
  vn_number_t zero;
  assert_int_equal(vn_number_from_double(0.0, &zero), VN_REASON_NONE);
  for (unsigned i = 0; i < 50000; i++) {
    uint64_t mantissa = prng_u64(&prng) >> (1 + prng_below(&prng, 63));
    int exponent = (int)prng_below(&prng, 39) - 19;
    char text[64];
    (void)snprintf(text, sizeof text, "-%" PRIu64 "e%d", mantissa, exponent);
    vn_number_t decimal = parse(text);
    vn_number_t sum;
    if (mantissa == 0) {
      continue;
    }
    assert_int_equal(vn_number_add(&decimal, &zero, &sum), VN_REASON_NONE);
    double expected = strtod(text, NULL);
    assert_int_equal(sum.kind, VN_NUMBER_BINARY);
    assert_memory_equal(&sum.binary, &expected, sizeof expected);
  }
}

static double sum_with_zero(int64_t mantissa, int32_t exponent) {
  vn_number_t decimal = {.mantissa = mantissa, .exponent = exponent, .kind = VN_NUMBER_DECIMAL};
  vn_number_t zero, sum;
  assert_int_equal(vn_number_from_double(0.0, &zero), VN_REASON_NONE);
  assert_int_equal(vn_number_add(&decimal, &zero, &sum), VN_REASON_NONE);
  return sum.binary;
}

/* 10^19 is the highest power that 64 bits hold: below 10^-19 digits are cut, then nothing is left.
 */
static void decimals_with_many_places_lose_their_last_digits_beside_a_double(void **state) {
  (void)state;
  assert_true(sum_with_zero(INT64_C(1234567890123456789), -20) == 0.0123456789012345678);
  assert_true(sum_with_zero(-INT64_C(9000000000000000000), -37) == -9e-19);
  assert_true(sum_with_zero(9, -25) == 0.0);
  assert_true(sum_with_zero(INT64_C(1234567890123456789), -39) == 0.0);
  assert_true(sum_with_zero(INT64_C(1234567890123456789), -40) == 0.0);
}

/* Not even a 1 more in the last place may come of digits that were dropped. */
static void a_decimal_that_lost_digits_is_rounded_by_what_it_lost(void **state) {
  (void)state;
  vn_number_t number = parse("1234567890123456789.5000000000000000000001");
  assert_true(number.inexact);
  int64_t result = 0;
  assert_int_equal(vn_number_scale(&number, number.exponent, INT64_MIN, INT64_MAX, &result),
                   VN_REASON_RANGE);
  assert_int_equal(scale_text("18446744073709551615", 0), REFUSED);
  assert_int_equal(scale_text("184467440737095516155", 1), REFUSED);
}

static const char *to_text(bool negative, const char *digits, int exponent) {
  static char text[65];
  memset(text, '#', sizeof text);
  unsigned length = vn_decimal_to_text(negative, digits, (unsigned)strlen(digits), exponent, text);
  assert_true(length <= 64);
  assert_int_equal(text[length], '#');
  text[length] = '\0';
  return text;
}

static void decimals_are_written_plainly(void **state) {
  (void)state;
  assert_string_equal(to_text(false, "2137", -2), "21.37");
  assert_string_equal(to_text(true, "5", -2), "-0.05");
  assert_string_equal(to_text(false, "21", 2), "2100");
  assert_string_equal(to_text(false, "2100", -2), "21.00");
  assert_string_equal(to_text(false, "0", 3), "0");
  assert_string_equal(to_text(false, "7", 3), "7000");
  assert_string_equal(to_text(false, "0", -2), "0.00");
  assert_string_equal(to_text(true, "37", -2), "-0.37");
  assert_string_equal(to_text(true, "340282366920938463463374607431768211455", -18),
                      "-340282366920938463463.374607431768211455");
  assert_string_equal(to_text(false, "1", -36), "0.000000000000000000000000000000000001");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decimal_text_is_taken_exactly),
      cmocka_unit_test(more_digits_than_the_resolution_round_half_to_even),
      cmocka_unit_test(row_21_ends_of_the_integer_range_are_exact),
      cmocka_unit_test(row_21_the_limits_given_are_kept),
      cmocka_unit_test(row_85_huge_exponents_end_as_range_or_zero),
      cmocka_unit_test(zeros_beyond_any_mantissa_shift_the_point_only),
      cmocka_unit_test(what_is_no_number_is_refused),
      cmocka_unit_test(rows_17_and_18_words_for_nan_and_infinities_are_told_apart),
      cmocka_unit_test(rows_17_and_18_binary_nan_and_infinities_are_refused),
      cmocka_unit_test(row_19_doubles_at_the_edges),
      cmocka_unit_test(doubles_are_taken_at_their_exact_binary_value),
      cmocka_unit_test(row_16_the_same_value_in_every_form_gives_one_reading),
      cmocka_unit_test(spellings_of_one_decimal_are_one_number),
      cmocka_unit_test(sums_of_decimals_are_exact),
      cmocka_unit_test(sums_with_a_double_round_once),
      cmocka_unit_test(a_decimal_beside_a_double_becomes_the_nearest_double),
      cmocka_unit_test(decimals_with_many_places_lose_their_last_digits_beside_a_double),
      cmocka_unit_test(a_decimal_that_lost_digits_is_rounded_by_what_it_lost),
      cmocka_unit_test(decimals_are_written_plainly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
