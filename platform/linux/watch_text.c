#include "watch_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DIGITS 7
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

typedef struct range {
  uint32_t first, last;
} range_t;

/* One column each, and nothing that combines or formats. */
static const range_t shown_as_they_are[] = {
    {0x00A1, 0x00AC}, {0x00AE, 0x02FF}, {0x0370, 0x0377}, {0x037A, 0x037F}, {0x0384, 0x038A},
    {0x038C, 0x038C}, {0x038E, 0x03A1}, {0x03A3, 0x0482}, {0x048A, 0x052F}, {0x2030, 0x2030},
    {0x20AC, 0x20AC}, {0x2103, 0x2103}, {0x2126, 0x2126},
};

static bool is_shown(uint32_t character) {
  for (size_t i = 0; i < sizeof shown_as_they_are / sizeof *shown_as_they_are; i++) {
    if (character >= shown_as_they_are[i].first && character <= shown_as_they_are[i].last) {
      return true;
    }
  }
  return false;
}

static bool is_sound(uint32_t character, size_t bytes) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return character >= least[bytes] && character <= 0x10FFFF &&
         (character < 0xD800 || character > 0xDFFF);
}

/* Bytes that a first byte announces; 0: none begins with it. */
static size_t announced(unsigned char first) {
  return first < 0x80   ? 1
         : first < 0xC0 ? 0
         : first < 0xE0 ? 2
         : first < 0xF0 ? 3
         : first < 0xF8 ? 4
                        : 0;
}

/* Bytes of the sequence at the start of the text; 0: it is no UTF-8. */
static size_t decode(vn_text_t text, uint32_t *character) {
  unsigned char first = (unsigned char)text.bytes[0];
  size_t bytes = announced(first);
  if (bytes == 0 || bytes > text.length) {
    return 0;
  }
  *character = bytes == 1 ? first : first & (0xFFu >> (bytes + 1));
  for (size_t i = 1; i < bytes; i++) {
    unsigned char next = (unsigned char)text.bytes[i];
    if ((next & 0xC0u) != 0x80) {
      return 0;
    }
    *character = *character << 6 | (next & 0x3Fu);
  }
  return is_sound(*character, bytes) ? bytes : 0;
}

size_t vn_watch_show(vn_text_t text, bool utf8, char shown[VN_WATCH_SHOWN_MAX]) {
  VN_ASSERT(text.length > 0);
  uint32_t character = 0;
  size_t bytes = decode(text, &character);
  bool plain = bytes == 1 && character >= ' ' && character < 0x7F;
  if (plain || (bytes > 1 && utf8 && is_shown(character))) {
    memcpy(shown, text.bytes, bytes);
    shown[bytes] = '\0';
    return bytes;
  }
  if (bytes > 1) {
    (void)snprintf(shown, VN_WATCH_SHOWN_MAX, "\\u{%" PRIx32 "}", character & 0x1FFFFFu);
    return bytes;
  }
  (void)snprintf(shown, VN_WATCH_SHOWN_MAX, "\\x%02x", (unsigned)(unsigned char)text.bytes[0]);
  return 1;
}

size_t vn_watch_show_all(vn_text_t text, bool utf8, char *out, size_t capacity) {
  VN_ASSERT(capacity > 0);
  size_t length = 0;
  while (text.length > 0) {
    char shown[VN_WATCH_SHOWN_MAX];
    size_t taken = vn_watch_show(text, utf8, shown);
    size_t more = strlen(shown);
    if (length + more >= capacity) {
      break;
    }
    memcpy(out + length, shown, more);
    length += more;
    text.bytes += taken;
    text.length -= taken;
  }
  out[length] = '\0';
  return length;
}

void vn_watch_duration(int64_t duration_ms, char out[VN_WATCH_DURATION_MAX]) {
  const char *sign = duration_ms <= -SECOND ? "-" : "";
  int64_t ms =
      duration_ms < 0 ? (duration_ms < -INT64_MAX ? INT64_MAX : -duration_ms) : duration_ms;
  if (ms < MINUTE) {
    (void)snprintf(out, VN_WATCH_DURATION_MAX, "%s%" PRId64 "s", sign, ms / SECOND);
  } else if (ms < HOUR) {
    (void)snprintf(out, VN_WATCH_DURATION_MAX, "%s%" PRId64 "m%02" PRId64 "s", sign, ms / MINUTE,
                   ms % MINUTE / SECOND);
  } else if (ms < DAY) {
    (void)snprintf(out, VN_WATCH_DURATION_MAX, "%s%" PRId64 "h%02" PRId64 "m", sign, ms / HOUR,
                   ms % HOUR / MINUTE);
  } else if (ms < 100 * DAY) {
    (void)snprintf(out, VN_WATCH_DURATION_MAX, "%s%" PRId64 "d%02" PRId64 "h", sign, ms / DAY,
                   ms % DAY / HOUR);
  } else if (ms / DAY <= 9999999) {
    (void)snprintf(out, VN_WATCH_DURATION_MAX, "%s%" PRId64 "d", sign, ms / DAY);
  } else {
    (void)snprintf(out, VN_WATCH_DURATION_MAX, "-");
  }
}

void vn_watch_time(int64_t time_ms, char out[VN_WATCH_TIME_MAX]) {
  const int64_t first = INT64_C(-62167219200000);
  const int64_t last = INT64_C(253402300799999);
  struct tm parts;
  bool shown = time_ms >= first && time_ms <= last;
  time_t seconds = (time_t)((time_ms - (shown ? first : time_ms)) / SECOND + first / SECOND);
  if (!shown || gmtime_r(&seconds, &parts) == NULL ||
      strftime(out, VN_WATCH_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
    (void)snprintf(out, VN_WATCH_TIME_MAX, "%" PRId64, time_ms);
  }
}

void vn_watch_number(double value, unsigned columns, char out[VN_WATCH_NUMBER_MAX]) {
  VN_ASSERT(columns >= 8 && columns <= 20);
  (void)snprintf(out, VN_WATCH_NUMBER_MAX, "-");
  if (!isfinite(value)) {
    return;
  }
  for (int digits = DIGITS; digits > 0; digits--) {
    char text[VN_WATCH_NUMBER_MAX];
    int length = snprintf(text, sizeof text, "%.*g", digits, value);
    if (length > 0 && (unsigned)length <= columns) {
      memcpy(out, text, (size_t)length + 1);
      return;
    }
  }
}
