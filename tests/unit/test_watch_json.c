/* JSON member by member: what is taken, what is left alone, and where it ends. */
#include "watch_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static vn_watch_json_t reader;

static void begin(const char *text) { vn_watch_json_begin(&reader, text, strlen(text)); }

static void members_are_read_in_their_order(void **state) {
  vn_text_t key;
  int64_t number = 0;
  double real = 0;
  bool truth = false;
  char text[16] = "";
  (void)state;
  begin("{\"n\": -12, \"x\": {\"a\": [1, {}]}, \"r\": 2.5e1, \"b\": true, \"t\": \"\\u00b0\\n\"}");
  assert_true(vn_watch_json_enter(&reader, VN_JSON_OBJECT_BEGIN));
  assert_true(vn_watch_json_member(&reader, &key));
  assert_true(vn_watch_text_is(key, "n"));
  assert_true(vn_watch_json_integer(&reader, &number));
  assert_int_equal(number, -12);
  assert_true(vn_watch_json_member(&reader, &key));
  vn_watch_json_skip(&reader);
  assert_true(vn_watch_json_member(&reader, &key));
  assert_true(vn_watch_json_number(&reader, &real));
  assert_true(real > 24.9 && real < 25.1);
  assert_true(vn_watch_json_member(&reader, &key));
  assert_true(vn_watch_json_bool(&reader, &truth) && truth);
  assert_true(vn_watch_json_member(&reader, &key));
  assert_true(vn_watch_json_text(&reader, text, sizeof text));
  assert_string_equal(text, "\xc2\xb0\n");
  assert_false(vn_watch_json_member(&reader, &key));
  assert_true(vn_watch_json_end(&reader));
}

static void elements_end_with_their_array(void **state) {
  int64_t sum = 0;
  int64_t number = 0;
  (void)state;
  begin("[1, 2, [], 3]");
  assert_true(vn_watch_json_enter(&reader, VN_JSON_ARRAY_BEGIN));
  while (vn_watch_json_element(&reader)) {
    sum += vn_watch_json_integer(&reader, &number) ? number : 100;
  }
  assert_int_equal(sum, 106);
  assert_true(vn_watch_json_end(&reader));
  begin("[]");
  assert_true(vn_watch_json_enter(&reader, VN_JSON_ARRAY_BEGIN));
  assert_false(vn_watch_json_element(&reader));
  assert_true(vn_watch_json_end(&reader));
}

static void a_value_of_another_kind_leaves_the_result_alone(void **state) {
  static const char *const texts[] = {"\"1\"", "null", "{\"a\": 1}",
                                      "[1]",   "1.5",  "9223372036854775808"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int64_t number = 7;
    begin(texts[i]);
    assert_false(vn_watch_json_integer(&reader, &number));
    assert_int_equal(number, 7);
    assert_true(vn_watch_json_end(&reader));
  }
  double real = 7;
  begin("1e999");
  assert_false(vn_watch_json_number(&reader, &real));
  assert_true(real > 6 && real < 8);
}

static void a_text_that_does_not_fit_is_left_out(void **state) {
  static const char *const texts[] = {"\"abcd\"", "\"\\u0061bcd\"", "\"a\\u0000b\"", "\"\\ud800\"",
                                      "12"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char out[4] = "x";
    begin(texts[i]);
    assert_false(vn_watch_json_text(&reader, out, sizeof out));
    assert_string_equal(out, "x");
  }
  char out[4];
  begin("\"abc\"");
  assert_true(vn_watch_json_text(&reader, out, sizeof out));
  assert_string_equal(out, "abc");
}

static void damage_ends_everything(void **state) {
  static const char *const texts[] = {"",
                                      "{",
                                      "{\"a\"",
                                      "{\"a\": 1",
                                      "{\"a\": 1} x",
                                      "{\"a\": tru}",
                                      "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
                                      "{\"a\": \"\xff\"}"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    vn_text_t key;
    unsigned turns = 0;
    begin(texts[i]);
    if (vn_watch_json_enter(&reader, VN_JSON_OBJECT_BEGIN)) {
      while (vn_watch_json_member(&reader, &key) && turns < 100) {
        vn_watch_json_skip(&reader);
        turns++;
      }
    }
    assert_true(turns < 2);
    assert_false(vn_watch_json_end(&reader));
  }
}

static void something_else_than_an_object_is_skipped_as_a_whole(void **state) {
  (void)state;
  begin("[{\"a\": 1}, 2]");
  assert_false(vn_watch_json_enter(&reader, VN_JSON_OBJECT_BEGIN));
  assert_true(vn_watch_json_end(&reader));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_are_read_in_their_order),
      cmocka_unit_test(elements_end_with_their_array),
      cmocka_unit_test(a_value_of_another_kind_leaves_the_result_alone),
      cmocka_unit_test(a_text_that_does_not_fit_is_left_out),
      cmocka_unit_test(damage_ends_everything),
      cmocka_unit_test(something_else_than_an_object_is_skipped_as_a_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
