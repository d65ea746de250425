#include "vn/payload.h"

#define SECONDS_PER_DAY 86400
#define DAYS_TO_1970 719162 /* from 0001-01-01 */

/* The text of a time and the place that is read; `good` turns false at the first surprise. */
typedef struct scanner {
  vn_text_t text;
  size_t at;
  bool good;
} scanner_t;

static bool next_is(const scanner_t *scanner, char byte) {
  return scanner->at < scanner->text.length && scanner->text.bytes[scanner->at] == byte;
}

static bool next_is_digit(const scanner_t *scanner) {
  return scanner->at < scanner->text.length && scanner->text.bytes[scanner->at] >= '0' &&
         scanner->text.bytes[scanner->at] <= '9';
}

static void expect(scanner_t *scanner, char byte) {
  scanner->good = scanner->good && next_is(scanner, byte);
  scanner->at++;
}

/* Exactly `digits` digits with a value in [lowest, highest]. */
static int32_t field(scanner_t *scanner, unsigned digits, int32_t lowest, int32_t highest) {
  int32_t value = 0;
  for (unsigned i = 0; i < digits; i++) {
    if (!next_is_digit(scanner)) {
      scanner->good = false;
      return lowest;
    }
    value = value * 10 + (scanner->text.bytes[scanner->at++] - '0');
  }
  if (value < lowest || value > highest) {
    scanner->good = false;
    return lowest;
  }
  return value;
}

static bool is_leap(int32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/* Days since 1970-01-01 of the date, year >= 1. */
static int64_t take_date(scanner_t *scanner) {
  static const int16_t kDaysBefore[13] = {0,   31,  59,  90,  120, 151, 181,
                                          212, 243, 273, 304, 334, 365};
  int32_t year = field(scanner, 4, 1, 9999);
  expect(scanner, '-');
  int32_t month = field(scanner, 2, 1, 12);
  expect(scanner, '-');
  int32_t leap_day = is_leap(year) ? 1 : 0;
  int32_t length = kDaysBefore[month] - kDaysBefore[month - 1] + (month == 2 ? leap_day : 0);
  int32_t day = field(scanner, 2, 1, length);
  int32_t past = year - 1;
  int64_t days = (int64_t)past * 365 + past / 4 - past / 100 + past / 400;
  return days + kDaysBefore[month - 1] + (month > 2 ? leap_day : 0) + day - 1 - DAYS_TO_1970;
}

/* Seconds since midnight; second 60 is the next minute's 0. */
static int32_t take_clock(scanner_t *scanner) {
  int32_t hour = field(scanner, 2, 0, 23);
  expect(scanner, ':');
  int32_t minute = field(scanner, 2, 0, 59);
  expect(scanner, ':');
  int32_t second = field(scanner, 2, 0, 60);
  return hour * 3600 + minute * 60 + second;
}

/* How the digits from here on compare to one half of the digit before: -1, 0, 1. */
static int take_rest(scanner_t *scanner) {
  if (!next_is_digit(scanner)) {
    return -1;
  }
  int order = scanner->text.bytes[scanner->at++] - '5';
  for (; next_is_digit(scanner); scanner->at++) {
    if (order == 0 && !next_is(scanner, '0')) {
      order = 1;
    }
  }
  return order;
}

/* The milliseconds of ".123...", rounded half to even: 0..1000. */
static int32_t take_fraction(scanner_t *scanner) {
  if (!next_is(scanner, '.')) {
    return 0;
  }
  size_t start = ++scanner->at;
  int32_t value = 0;
  for (unsigned digits = 0; digits < 3; digits++) {
    value *= 10;
    if (next_is_digit(scanner)) {
      value += scanner->text.bytes[scanner->at++] - '0';
    }
  }
  int rest = take_rest(scanner);
  scanner->good = scanner->good && scanner->at > start;
  return value + (rest > 0 || (rest == 0 && value % 2 != 0));
}

/* The zone's distance from UTC in seconds; a text without zone is not good. */
static int32_t take_zone(scanner_t *scanner) {
  if (next_is(scanner, 'Z') || next_is(scanner, 'z')) {
    scanner->at++;
    return 0;
  }
  bool west = next_is(scanner, '-');
  if (!west) {
    expect(scanner, '+');
  } else {
    scanner->at++;
  }
  int32_t hours = field(scanner, 2, 0, 23);
  expect(scanner, ':');
  int32_t minutes = field(scanner, 2, 0, 59);
  int32_t distance = hours * 3600 + minutes * 60;
  return west ? -distance : distance;
}

vn_reason_t vn_time_from_rfc3339(vn_text_t text, vn_time_ms_t *out) {
  VN_ASSERT(text.bytes != NULL || text.length == 0);
  VN_ASSERT(out != NULL);
  scanner_t scanner = {text, 0, true};
  int64_t days = take_date(&scanner);
  scanner.good =
      scanner.good && (next_is(&scanner, 'T') || next_is(&scanner, 't') || next_is(&scanner, ' '));
  scanner.at++;
  int64_t seconds = days * SECONDS_PER_DAY + take_clock(&scanner);
  int32_t fraction_ms = take_fraction(&scanner);
  seconds -= take_zone(&scanner);
  int64_t time_ms = seconds * 1000 + fraction_ms;
  if (!scanner.good || scanner.at != text.length || time_ms < VN_TIME_LOWEST_MS ||
      time_ms > VN_TIME_HIGHEST_MS) {
    return VN_REASON_TIME;
  }
  *out = time_ms;
  return VN_REASON_NONE;
}
