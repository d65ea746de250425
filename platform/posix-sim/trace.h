/* Recorded traces: JSON lines, or CSV with the header time,series,value. */
#ifndef VN_TRACE_H
#define VN_TRACE_H

#include "line_reader.h"
#include "vn/number.h"
#include "vn/time.h"

typedef enum vn_trace_kind {
  VN_TRACE_READING, /* series, value; time unless the arrival is the time */
  VN_TRACE_MESSAGE, /* topic, payload */
  VN_TRACE_TICK,
  VN_TRACE_WATERMARK, /* time; series, or all of them */
  VN_TRACE_FLUSH,
  VN_TRACE_CLOCK /* is_set */
} vn_trace_kind_t;

/* One line. Pointers are valid until the next call. */
typedef struct vn_trace_event {
  vn_text_t series, topic;
  const uint8_t *payload;
  size_t payload_length;
  vn_number_t value;
  vn_time_ms_t time_ms, at_ms;
  uint64_t index; /* of the line, from 0; in CSV of the data line */
  uint32_t sequence;
  uint8_t kind; /* vn_trace_kind_t */
  bool has_series, has_time, has_at, has_sequence, retained, is_set;
} vn_trace_event_t;

typedef struct vn_trace {
  vn_line_reader_t lines;
  char *scratch; /* unescaped texts of the present line */
  size_t scratch_capacity, scratch_used;
  const char *problem; /* what is wrong with the present line */
  uint64_t index;
  bool started, csv;
} vn_trace_t;

typedef enum vn_trace_result {
  VN_TRACE_EVENT,
  VN_TRACE_END,
  VN_TRACE_BAD_LINE,
  VN_TRACE_IO
} vn_trace_result_t;

/* The format shows in the first line. `file` stays the caller's. */
void vn_trace_init(vn_trace_t *trace, FILE *file);

/*
 * The next event; empty lines are skipped, but counted. BAD_LINE: trace->problem says what is wrong
 * in line trace->lines.lines (from 1).
 */
vn_trace_result_t vn_trace_next(vn_trace_t *trace, vn_trace_event_t *event);

void vn_trace_free(vn_trace_t *trace);

#endif
