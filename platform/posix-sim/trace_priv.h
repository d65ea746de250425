/* What the two trace formats share. */
#ifndef VN_TRACE_PRIV_H
#define VN_TRACE_PRIV_H

#include "trace.h"

/* Each parses one line into *event (all zero before); NULL, or what is wrong with it. */
const char *vn__trace_json_line(vn_trace_t *trace, vn_text_t line, vn_trace_event_t *event);
const char *vn__trace_csv_line(vn_text_t line, vn_trace_event_t *event);
const char *vn__trace_csv_header(vn_text_t line);

/* True when the first line is a CSV header. */
bool vn__trace_is_csv(vn_text_t line);

/* An integer of at most 18 digits, nothing else. */
bool vn__trace_integer(vn_text_t text, int64_t *out);

/* A time in ms that the engine can take. */
bool vn__trace_time(vn_text_t text, vn_time_ms_t *out);

#endif
