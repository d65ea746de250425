#include "trace.h"

#include "trace_priv.h"

#include <stdlib.h>
#include <string.h>

void vn_trace_init(vn_trace_t *trace, FILE *file) {
  memset(trace, 0, sizeof *trace);
  vn_line_reader_init(&trace->lines, file);
}

void vn_trace_free(vn_trace_t *trace) {
  vn_line_reader_free(&trace->lines);
  free(trace->scratch);
  trace->scratch = NULL;
}

bool vn__trace_integer(vn_text_t text, int64_t *out) {
  enum { DIGITS_MAX = 18 };
  size_t sign = text.length > 0 && text.bytes[0] == '-';
  size_t digits = text.length - sign;
  if (digits == 0 || digits > DIGITS_MAX) {
    return false;
  }
  int64_t value = 0;
  for (size_t i = sign; i < text.length; i++) {
    if (text.bytes[i] < '0' || text.bytes[i] > '9') {
      return false;
    }
    value = 10 * value + (text.bytes[i] - '0');
  }
  *out = sign ? -value : value;
  return true;
}

bool vn__trace_time(vn_text_t text, vn_time_ms_t *out) {
  return vn__trace_integer(text, out) && *out >= VN_TIME_LOWEST_MS && *out <= VN_TIME_HIGHEST_MS;
}

static bool is_blank(vn_text_t line) {
  for (size_t i = 0; i < line.length; i++) {
    if (line.bytes[i] != ' ' && line.bytes[i] != '\t') {
      return false;
    }
  }
  return true;
}

static vn_text_t without_mark(vn_text_t line) {
  static const char mark[] = "\xEF\xBB\xBF";
  size_t length = sizeof mark - 1;
  if (line.length >= length && memcmp(line.bytes, mark, length) == 0) {
    line.bytes += length;
    line.length -= length;
  }
  return line;
}

/* True when the line was the header of a CSV file, good or bad. */
static bool take_header(vn_trace_t *trace, vn_text_t line) {
  if (trace->started) {
    return false;
  }
  trace->started = true;
  trace->csv = vn__trace_is_csv(line);
  if (trace->csv) {
    trace->problem = vn__trace_csv_header(line);
  }
  return trace->csv;
}

static const char *parse(vn_trace_t *trace, vn_text_t line, vn_trace_event_t *event) {
  memset(event, 0, sizeof *event);
  trace->scratch_used = 0;
  const char *problem =
      trace->csv ? vn__trace_csv_line(line, event) : vn__trace_json_line(trace, line, event);
  event->index = trace->index;
  return problem;
}

vn_trace_result_t vn_trace_next(vn_trace_t *trace, vn_trace_event_t *event) {
  vn_text_t line;
  while (vn_line_reader_next(&trace->lines, &line)) {
    if (trace->lines.lines == 1) {
      line = without_mark(line);
    }
    bool blank = is_blank(line);
    if (!blank && take_header(trace, line)) {
      if (trace->problem != NULL) {
        return VN_TRACE_BAD_LINE;
      }
      continue;
    }
    if (!blank) {
      trace->problem = parse(trace, line, event);
    }
    trace->index++;
    if (!blank) {
      return trace->problem == NULL ? VN_TRACE_EVENT : VN_TRACE_BAD_LINE;
    }
  }
  return trace->lines.failed ? VN_TRACE_IO : VN_TRACE_END;
}
