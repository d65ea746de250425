#include "time_text_priv.h"

#include "vn/arith.h"
#include "vn/assert.h"

enum {
  MS_PER_S = 1000,
  S_PER_DAY = 86400,
  DAYS_PER_ERA = 146097, /* 400 years */
  EPOCH_DAYS = 719468    /* from 0000-03-01 to 1970-01-01 */
};

typedef struct date {
  unsigned year, month, day;
} date_t;

/* Years begin in March here, so that the leap day is the last one. */
static date_t date_of(int64_t days_since_1970) {
  unsigned days = (unsigned)(days_since_1970 + EPOCH_DAYS);
  unsigned era = days / DAYS_PER_ERA;
  unsigned rest = days % DAYS_PER_ERA;
  unsigned year = (rest - rest / 1460 + rest / 36524 - rest / (DAYS_PER_ERA - 1)) / 365;
  unsigned day_of_year = rest - (365 * year + year / 4 - year / 100);
  unsigned month = (5 * day_of_year + 2) / 153; /* 0: March */
  date_t date = {era * 400 + year + (month >= 10), month < 10 ? month + 3 : month - 9,
                 day_of_year - (153 * month + 2) / 5 + 1};
  VN_ASSERT(date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31);
  return date;
}

static char *put_digits(char *out, unsigned value, unsigned digits, char after) {
  for (unsigned i = digits; i > 0; i--) {
    out[i - 1] = (char)('0' + (int)(value % 10));
    value /= 10;
  }
  VN_ASSERT(value == 0);
  out[digits] = after;
  return out + digits + 1;
}

unsigned vn__time_text(vn_time_ms_t time_ms, char out[VN__TIME_TEXT_MAX]) {
  time_ms = time_ms < VN_TIME_LOWEST_MS ? VN_TIME_LOWEST_MS : time_ms;
  time_ms = time_ms > VN_TIME_HIGHEST_MS ? VN_TIME_HIGHEST_MS : time_ms;
  int64_t seconds = vn_floor_div(time_ms, MS_PER_S);
  unsigned ms = (unsigned)(time_ms - seconds * MS_PER_S);
  int64_t days = vn_floor_div(seconds, S_PER_DAY);
  unsigned of_day = (unsigned)(seconds - days * S_PER_DAY);
  date_t date = date_of(days);
  char *end = put_digits(out, date.year, 4, '-');
  end = put_digits(end, date.month, 2, '-');
  end = put_digits(end, date.day, 2, 'T');
  end = put_digits(end, of_day / 3600, 2, ':');
  end = put_digits(end, of_day / 60 % 60, 2, ':');
  end = put_digits(end, of_day % 60, 2, ms == 0 ? 'Z' : '.');
  if (ms != 0) {
    end = put_digits(end, ms, 3, 'Z');
  }
  return (unsigned)(end - out);
}
