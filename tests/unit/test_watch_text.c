/* Text for terminals: what is escaped, and how times and numbers are shortened. */
#include "watch_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static const char *shown(const char *text, bool utf8) {
  static char out[256];
  (void)vn_watch_show_all((vn_text_t){text, strlen(text)}, utf8, out, sizeof out);
  return out;
}

static void plain_text_stays(void **state) {
  (void)state;
  assert_string_equal(shown("line1/temp ~ \"x\" \\", true), "line1/temp ~ \"x\" \\");
  assert_string_equal(shown("\xc2\xb0\x43 \xc2\xb5m \xce\xa9 \xd1\x82\xd0\xb5 \xe2\x82\xac", true),
                      "\xc2\xb0\x43 \xc2\xb5m \xce\xa9 \xd1\x82\xd0\xb5 \xe2\x82\xac");
}

static void what_could_move_a_terminal_is_escaped(void **state) {
  (void)state;
  assert_string_equal(shown("\x1b[2J\n\r\t\b\x07\x7f", true),
                      "\\x1b[2J\\x0a\\x0d\\x09\\x08\\x07\\x7f");
  assert_string_equal(shown("\xc2\x9b", true), "\\u{9b}");       /* CSI of 8 bits */
  assert_string_equal(shown("\xe2\x80\xae", true), "\\u{202e}"); /* right to left */
  assert_string_equal(shown("\xe2\x80\x8b", true), "\\u{200b}"); /* no column */
  assert_string_equal(shown("e\xcc\x81", true), "e\\u{301}");    /* combines */
  assert_string_equal(shown("\xe4\xbd\xa0", true), "\\u{4f60}"); /* two columns */
  assert_string_equal(shown("\xf0\x9f\x98\x80", true), "\\u{1f600}");
  assert_string_equal(shown("\xf4\x8f\xbf\xbf", true), "\\u{10ffff}");
  assert_string_equal(shown("\xc2\xad", true), "\\u{ad}");
}

static void bytes_that_are_no_utf8_are_shown_as_bytes(void **state) {
  (void)state;
  assert_string_equal(shown("a\xff\xc2", true), "a\\xff\\xc2");
  assert_string_equal(shown("\xc0\xaf", true), "\\xc0\\xaf");          /* overlong */
  assert_string_equal(shown("\xed\xa0\x80", true), "\\xed\\xa0\\x80"); /* surrogate */
  assert_string_equal(shown("\xf4\x90\x80\x80", true), "\\xf4\\x90\\x80\\x80");
  assert_string_equal(shown("\xf8\x88\x80\x80", true), "\\xf8\\x88\\x80\\x80");
  assert_string_equal(shown("\xe2\x82", true), "\\xe2\\x82"); /* cut off */
  assert_string_equal(shown("\xe2\x82x", true), "\\xe2\\x82x");
}

static void without_utf8_only_ascii_is_shown(void **state) {
  (void)state;
  assert_string_equal(shown("\xc2\xb0\x43", false), "\\u{b0}C");
}

static void text_is_cut_between_characters(void **state) {
  char out[8];
  (void)state;
  assert_int_equal(vn_watch_show_all((vn_text_t){"ab\x1b\x1b", 4}, true, out, sizeof out), 6);
  assert_string_equal(out, "ab\\x1b");
  assert_int_equal(vn_watch_show_all((vn_text_t){"abc", 3}, true, out, 1), 0);
  assert_string_equal(out, "");
}

static void durations_have_two_units(void **state) {
  static const struct {
    int64_t ms;
    const char *text;
  } cases[] = {{0, "0s"},
               {999, "0s"},
               {59999, "59s"},
               {60000, "1m00s"},
               {3599999, "59m59s"},
               {3600000, "1h00m"},
               {86399999, "23h59m"},
               {86400000, "1d00h"},
               {INT64_C(8640000000), "100d"},
               {-999, "0s"},
               {-90000, "-1m30s"},
               {INT64_MAX, "-"},
               {INT64_MIN, "-"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[VN_WATCH_DURATION_MAX];
    vn_watch_duration(cases[i].ms, out);
    assert_string_equal(out, cases[i].text);
  }
}

static void times_are_those_of_rfc_3339(void **state) {
  static const struct {
    int64_t ms;
    const char *text;
  } cases[] = {{INT64_C(1795225672999), "2026-11-21T01:47:52Z"},
               {0, "1970-01-01T00:00:00Z"},
               {-1, "1969-12-31T23:59:59Z"},
               {INT64_C(253402300799999), "9999-12-31T23:59:59Z"},
               {INT64_C(253402300800000), "253402300800000"},
               {INT64_MIN, "-9223372036854775808"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[VN_WATCH_TIME_MAX];
    vn_watch_time(cases[i].ms, out);
    assert_string_equal(out, cases[i].text);
  }
}

static void numbers_fit_their_columns(void **state) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{21.445, "21.445"},      {0, "0"},
               {1234.5678, "1234.568"}, {-1234.5678, "-1234.57"},
               {0.1 + 0.2, "0.3"},      {123456789, "1.23e+08"},
               {-1e300, "-1e+300"},     {-1.5e-300, "-2e-300"},
               {(double)INFINITY, "-"}, {(double)NAN, "-"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[VN_WATCH_NUMBER_MAX];
    vn_watch_number(cases[i].value, 8, out);
    assert_string_equal(out, cases[i].text);
    assert_true(strlen(out) <= 8);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_text_stays),
      cmocka_unit_test(what_could_move_a_terminal_is_escaped),
      cmocka_unit_test(bytes_that_are_no_utf8_are_shown_as_bytes),
      cmocka_unit_test(without_utf8_only_ascii_is_shown),
      cmocka_unit_test(text_is_cut_between_characters),
      cmocka_unit_test(durations_have_two_units),
      cmocka_unit_test(times_are_those_of_rfc_3339),
      cmocka_unit_test(numbers_fit_their_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
