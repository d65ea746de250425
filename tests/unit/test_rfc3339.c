/* RFC 3339 times with a zone, rounded to milliseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "prng.h"
#include "vn/payload.h"

#define SEED UINT64_C(3339)
#define REFUSED INT64_MIN

/* Reads a heap copy, so that a sanitizer sees a look behind the end. */
static vn_time_ms_t read_time(const char *text) {
  size_t length = strlen(text);
  char *copy = malloc(length + (length == 0));
  assert_non_null(copy);
  memcpy(copy, text, length);
  vn_time_ms_t result = REFUSED;
  vn_reason_t reason = vn_time_from_rfc3339((vn_text_t){copy, length}, &result);
  free(copy);
  if (reason != VN_REASON_NONE) {
    assert_int_equal(reason, VN_REASON_TIME);
    assert_true(result == REFUSED);
  }
  return result;
}

static void known_times(void **state) {
  (void)state;
  assert_int_equal(read_time("1970-01-01T00:00:00Z"), 0);
  assert_int_equal(read_time("1970-01-01T00:00:00.001Z"), 1);
  assert_int_equal(read_time("1969-12-31T23:59:59.999Z"), -1);
  assert_int_equal(read_time("2001-09-09T01:46:40Z"), INT64_C(1000000000000));
  assert_int_equal(read_time("2000-02-29T12:00:00Z"), INT64_C(951825600000));
  assert_int_equal(read_time("2026-11-21T00:00:00Z"), INT64_C(1795219200000));
  assert_int_equal(read_time("0001-01-01T00:00:00Z"), VN_TIME_LOWEST_MS);
  assert_int_equal(read_time("9999-12-31T23:59:59.999Z"), VN_TIME_HIGHEST_MS);
}

static void zones_are_subtracted(void **state) {
  (void)state;
  assert_int_equal(read_time("1970-01-01T01:00:00+01:00"), 0);
  assert_int_equal(read_time("1969-12-31T19:00:00-05:00"), 0);
  assert_int_equal(read_time("1970-01-01T05:45:00+05:45"), 0);
  assert_int_equal(read_time("1970-01-01T00:00:00-00:00"), 0);
  assert_int_equal(read_time("1970-01-01T23:59:00+23:59"), 0);
}

static void case_and_a_space_instead_of_t_are_allowed(void **state) {
  (void)state;
  assert_int_equal(read_time("1970-01-01t00:00:01z"), 1000);
  assert_int_equal(read_time("1970-01-01 00:00:01Z"), 1000);
}

static void row_40_digits_below_the_millisecond_round_half_to_even(void **state) {
  (void)state;
  assert_int_equal(read_time("1970-01-01T00:00:00.1Z"), 100);
  assert_int_equal(read_time("1970-01-01T00:00:00.12Z"), 120);
  assert_int_equal(read_time("1970-01-01T00:00:00.0004Z"), 0);
  assert_int_equal(read_time("1970-01-01T00:00:00.0005Z"), 0);
  assert_int_equal(read_time("1970-01-01T00:00:00.0015Z"), 2);
  assert_int_equal(read_time("1970-01-01T00:00:00.0025Z"), 2);
  assert_int_equal(read_time("1970-01-01T00:00:00.00250000000000000000001Z"), 3);
  assert_int_equal(read_time("1970-01-01T00:00:00.123456789Z"), 123);
  assert_int_equal(read_time("1970-01-01T00:00:00.9995Z"), 1000);
  assert_int_equal(read_time("1969-12-31T23:59:59.9985Z"), -2);
}

static void row_44_a_leap_second_is_the_next_seconds_start(void **state) {
  (void)state;
  assert_int_equal(read_time("2016-12-31T23:59:60Z"), INT64_C(1483228800000));
  assert_int_equal(read_time("2017-01-01T00:59:60.5+01:00"), INT64_C(1483228800500));
}

static void row_43_years_2038_and_2106_are_ordinary(void **state) {
  (void)state;
  assert_int_equal(read_time("2038-01-19T03:14:08Z"), INT64_C(2147483648000));
  assert_int_equal(read_time("2106-02-07T06:28:16Z"), INT64_C(4294967296000));
}

static void row_87_a_time_without_zone_is_refused(void **state) {
  (void)state;
  assert_true(read_time("2026-11-21T08:24:54") == REFUSED);
  assert_true(read_time("2026-11-21T08:24:54.123") == REFUSED);
}

static void other_texts_are_refused(void **state) {
  (void)state;
  static const char *const kTexts[] = {"",
                                       "2026",
                                       "now",
                                       "2026-11-21",
                                       "2026-11-21Z",
                                       "2026-11-21T08:24Z",
                                       "2026-11-21T08:24:54.Z",
                                       "2026-00-21T08:24:54Z",
                                       "2026-13-21T08:24:54Z",
                                       "2026-11-00T08:24:54Z",
                                       "2026-11-31T08:24:54Z",
                                       "2026-02-29T08:24:54Z",
                                       "1900-02-29T08:24:54Z",
                                       "2026-11-21T24:00:00Z",
                                       "2026-11-21T08:60:54Z",
                                       "2026-11-21T08:24:61Z",
                                       "2026-11-21T08:24:54+0100",
                                       "2026-11-21T08:24:54+01",
                                       "2026-11-21T08:24:54+24:00",
                                       "2026-11-21T08:24:54+01:60",
                                       "2026-11-21T08:24:54Z ",
                                       " 2026-11-21T08:24:54Z",
                                       "2026-11-21T08:24:54ZZ",
                                       "2026-11-21T8:24:54Z",
                                       "26-11-21T08:24:54Z",
                                       "+2026-11-21T08:24:54Z",
                                       "2026/11/21T08:24:54Z",
                                       "2026-11-21_08:24:54Z",
                                       "2026-11-21T08:24:54,5Z",
                                       "0000-12-31T23:59:59Z",
                                       "0001-01-01T00:00:00+00:01",
                                       "9999-12-31T23:59:59-00:01",
                                       "9999-12-31T23:59:59.9999Z",
                                       "20261121T082454Z",
                                       "2026-11-21T08:24:54 Z",
                                       "2026-1 -21T08:24:54Z"};
  for (size_t i = 0; i < sizeof kTexts / sizeof kTexts[0]; i++) {
    if (read_time(kTexts[i]) != REFUSED) {
      fail_msg("accepted: '%s'", kTexts[i]);
    }
  }
}

static void every_cut_of_a_time_is_refused(void **state) {
  (void)state;
  static const char kText[] = "2026-11-21T08:24:54.123+01:00";
  char text[sizeof kText];
  for (size_t length = 0; length < sizeof kText - 1; length++) {
    memcpy(text, kText, length);
    text[length] = '\0';
    assert_true(read_time(text) == REFUSED);
  }
}

/* Counts days one by one from 1970: slow, and too simple to be wrong. */
static void days_agree_with_a_count_of_all_days(void **state) {
  (void)state;
  static const int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t days = 0;
  for (int year = 1970; year <= 2410; year++) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int month = 1; month <= 12; month++) {
      int length = kLengths[month - 1] + (month == 2 && leap);
      for (int day = 1; day <= length; day++) {
        char text[64];
        (void)snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
        assert_int_equal(read_time(text), days * INT64_C(86400000));
        days++;
      }
    }
  }
}

static void random_times_agree_with_the_c_library(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 0);
  for (unsigned i = 0; i < 20000; i++) {
    int64_t time_ms =
        prng_between(&prng, VN_TIME_LOWEST_MS / 1000, VN_TIME_HIGHEST_MS / 1000) * 1000;
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts = *gmtime(&seconds);
    char text[64];
    (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", parts.tm_year + 1900,
                   parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                   i % 1000);
    if (read_time(text) != time_ms + (int64_t)(i % 1000)) {
      fail_msg("seed %" PRIu64 ": %s", SEED, text);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_times),
      cmocka_unit_test(zones_are_subtracted),
      cmocka_unit_test(case_and_a_space_instead_of_t_are_allowed),
      cmocka_unit_test(row_40_digits_below_the_millisecond_round_half_to_even),
      cmocka_unit_test(row_44_a_leap_second_is_the_next_seconds_start),
      cmocka_unit_test(row_43_years_2038_and_2106_are_ordinary),
      cmocka_unit_test(row_87_a_time_without_zone_is_refused),
      cmocka_unit_test(other_texts_are_refused),
      cmocka_unit_test(every_cut_of_a_time_is_refused),
      cmocka_unit_test(days_agree_with_a_count_of_all_days),
      cmocka_unit_test(random_times_agree_with_the_c_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
