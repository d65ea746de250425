/* The plain-number format: one number, or a JSON array of them as a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "decoded.h"

static const char *decode(const char *payload) {
  static decoded_input_t input;
  decoded_input_init(&input, VN_FORMAT_NUMBER);
  return decoded_text(&input, payload);
}

static void numbers_are_taken_exactly(void **state) {
  (void)state;
  assert_string_equal(decode("21.37"), "0 21.37\n");
  assert_string_equal(decode("-0"), "0 0\n");
  assert_string_equal(decode("1e3"), "0 1000\n");
  assert_string_equal(decode("1.276020076001e+9"), "0 1276020076.001\n");
}

static void spaces_and_line_ends_around_the_number_are_allowed(void **state) {
  (void)state;
  assert_string_equal(decode("  21.5\r\n"), "0 21.5\n");
  assert_string_equal(decode("\t7 "), "0 7\n");
}

static void row_1_an_empty_payload_is_empty(void **state) {
  (void)state;
  assert_string_equal(decode(""), "empty 0\n");
}

static void spaces_alone_are_no_number(void **state) {
  (void)state;
  assert_string_equal(decode(" \n"), "number 2\n");
}

static void row_85_other_spellings_are_refused_at_the_byte(void **state) {
  (void)state;
  assert_string_equal(decode("01"), "number 1\n");
  assert_string_equal(decode("+1"), "number 0\n");
  assert_string_equal(decode(".5"), "number 0\n");
  assert_string_equal(decode("1."), "number 2\n");
  assert_string_equal(decode("0x10"), "number 1\n");
  assert_string_equal(decode("21,5"), "number 2\n");
  assert_string_equal(decode("-"), "number 1\n");
  assert_string_equal(decode(" 1e"), "number 3\n");
  assert_string_equal(decode("1 2"), "number 1\n");
  assert_string_equal(decode("\"1\""), "number 0\n");
  assert_string_equal(decode("{}"), "number 0\n");
}

static void rows_17_and_18_nan_and_infinities_are_refused_readings(void **state) {
  (void)state;
  assert_string_equal(decode("NaN"), "0 !nan\n");
  assert_string_equal(decode("-Infinity"), "0 !inf\n");
  assert_string_equal(decode("inf"), "0 !inf\n");
}

static void rows_24_and_86_words_of_json_say_type_or_missing(void **state) {
  (void)state;
  assert_string_equal(decode("true"), "0 !type\n");
  assert_string_equal(decode("false"), "0 !type\n");
  assert_string_equal(decode("null"), "0 !missing\n");
}

static void an_array_is_a_batch(void **state) {
  (void)state;
  assert_string_equal(decode(" [1, -2.5,3e1] "), "0 1\n0 -2.5\n0 30\n");
  assert_string_equal(decode("[]"), "");
}

static void items_of_other_types_are_refused_one_by_one(void **state) {
  (void)state;
  assert_string_equal(decode("[1,\"2\",true,null,\"NaN\",[5,[6]],{\"a\":7},8]"),
                      "0 1\n0 !type\n0 !type\n0 !missing\n0 !nan\n0 !type\n0 !type\n0 8\n");
}

static void items_before_damage_count(void **state) {
  (void)state;
  assert_string_equal(decode("[1,2,x,4]"), "0 1\n0 2\njson 5\n");
  assert_string_equal(decode("[1,2"), "0 1\n0 2\njson 4\n");
  assert_string_equal(decode("[1]2"), "0 1\ntrailing 3\n");
}

static void row_8_nesting_is_limited(void **state) {
  (void)state;
  assert_string_equal(decode("[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]"), "0 !type\n");
  assert_string_equal(decode("[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]"), "depth 16\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_taken_exactly),
      cmocka_unit_test(spaces_and_line_ends_around_the_number_are_allowed),
      cmocka_unit_test(row_1_an_empty_payload_is_empty),
      cmocka_unit_test(spaces_alone_are_no_number),
      cmocka_unit_test(row_85_other_spellings_are_refused_at_the_byte),
      cmocka_unit_test(rows_17_and_18_nan_and_infinities_are_refused_readings),
      cmocka_unit_test(rows_24_and_86_words_of_json_say_type_or_missing),
      cmocka_unit_test(an_array_is_a_batch),
      cmocka_unit_test(items_of_other_types_are_refused_one_by_one),
      cmocka_unit_test(items_before_damage_count),
      cmocka_unit_test(row_8_nesting_is_limited),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
