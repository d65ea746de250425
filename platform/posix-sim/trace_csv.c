/* Trace lines as CSV: time,series,value. */
#include "trace_priv.h"
#include "vn/payload.h"

#include <string.h>

#define COLUMNS 3

bool vn__trace_is_csv(vn_text_t line) { return line.bytes[0] != '{' && line.bytes[0] != ' '; }

const char *vn__trace_csv_header(vn_text_t line) {
  static const char header[] = "time,series,value";
  bool good = line.length == sizeof header - 1 && memcmp(line.bytes, header, line.length) == 0;
  return good ? NULL
              : "the first line is neither a JSON object nor the CSV header "
                "\"time,series,value\"";
}

static vn_text_t without_quotes(vn_text_t text) {
  if (text.length >= 2 && text.bytes[0] == '"' && text.bytes[text.length - 1] == '"') {
    return (vn_text_t){text.bytes + 1, text.length - 2};
  }
  return text;
}

static bool split(vn_text_t line, vn_text_t columns[COLUMNS]) {
  for (unsigned i = 0; i < COLUMNS; i++) {
    const char *comma = line.length > 0 ? memchr(line.bytes, ',', line.length) : NULL;
    if ((comma == NULL) != (i == COLUMNS - 1)) {
      return false;
    }
    size_t length = comma == NULL ? line.length : (size_t)(comma - line.bytes);
    columns[i] = without_quotes((vn_text_t){line.bytes, length});
    line.bytes += length + (comma != NULL);
    line.length -= length + (comma != NULL);
  }
  return true;
}

/* "2014-04-01 00:00:00": a date and a time of day without a zone are UTC here. */
static bool calendar_time(vn_text_t text, vn_time_ms_t *out) {
  enum { DATE = 10, TIME_OF_DAY = 19, LONGEST = 40 };
  char full[LONGEST + 1];
  if (text.length < TIME_OF_DAY || text.length > LONGEST) {
    return false;
  }
  memcpy(full, text.bytes, text.length);
  vn_text_t time = {full, text.length};
  if (full[DATE] == ' ') {
    full[DATE] = 'T';
  }
  vn_text_t rest = {full + TIME_OF_DAY, text.length - TIME_OF_DAY};
  bool has_zone = rest.length > 0 && (memchr(rest.bytes, '+', rest.length) != NULL ||
                                      memchr(rest.bytes, '-', rest.length) != NULL ||
                                      (full[text.length - 1] | 0x20) == 'z');
  if (!has_zone) {
    full[time.length++] = 'Z';
  }
  return vn_time_from_rfc3339(time, out) == VN_REASON_NONE;
}

const char *vn__trace_csv_line(vn_text_t line, vn_trace_event_t *event) {
  vn_text_t columns[COLUMNS];
  if (!split(line, columns)) {
    return "a data line has three columns: time,series,value";
  }
  if (!vn__trace_time(columns[0], &event->time_ms) && !calendar_time(columns[0], &event->time_ms)) {
    return "the time is neither ms since 1970, nor RFC 3339, nor YYYY-MM-DD hh:mm:ss";
  }
  if (vn_number_from_text(columns[2].bytes, columns[2].length, &event->value) != VN_REASON_NONE) {
    return "the value is not a decimal number (with a point, without separators)";
  }
  event->kind = VN_TRACE_READING;
  event->series = columns[1];
  event->has_series = true;
  event->has_time = true;
  return NULL;
}
