/* Reports: the readings themselves, thinned, with an error that is never exceeded. */
#ifndef VN_REPORT_H
#define VN_REPORT_H

#include "vn/aggregate.h"
#include "vn/assert.h"
#include "vn/error.h"
#include "vn/reason.h"
#include "vn/reservoir.h"
#include "vn/time.h"
#include "vn/window.h"

#include <stddef.h>

/*
 * A report of a pipeline: records that follow each other, each with points that stand for all its
 * readings. No reading lies further than `error` from what the points say:
 *   DEADBAND       the value of the last point at or before it; a reading further off is a point
 *   SWINGING_DOOR  the straight line between the points around it; the first and the last reading
 *                  of a record are points
 * Every point is a reading. Time order decides, not the watermark: a reading that is not newer than
 * the last one is not used. A record ends when it holds `points` points, and before a reading
 * every_ms or more behind its start.
 *   start    the time of its first reading
 *   end      the time of its last reading + 1
 *   content  its readings; `sample` are the points, in order of time
 */
typedef struct vn_report {
  int64_t every_ms; /* 1..VN_WINDOW_SPAN_MAX_MS, or VN_DURATION_OFF */
  int32_t error;    /* scaled, >= 0 */
  uint16_t points;  /* 2..VN_SAMPLE_MAX */
  uint8_t method;   /* vn_report_method_t */
  uint8_t window;   /* index of the definition; what results carry */
} vn_report_t;

/* VN_ERR_PLAN: a value outside its range. */
VN_NODISCARD vn_err_t vn_report_check(const vn_report_t *report);

/* A slope; run_ms 0: there is no bound. */
typedef struct vn_report_slope {
  int64_t rise;
  int64_t run_ms;
} vn_report_slope_t;

/* State for one series; vn_report_reset makes the first one. */
typedef struct vn_report_state {
  vn_aggregate_t aggregate;       /* of the open record; empty: none is open */
  vn_report_slope_t upper, lower; /* door: lines from the last point that keep to the error */
  vn_time_ms_t last_ms;           /* of the last reading; MINUS_INFINITY: there was none */
  uint32_t points;                /* of the open record */
} vn_report_state_t;

/* Where a series' parts lie; the caller owns them. */
typedef struct vn_report_memory {
  vn_report_state_t *state;
  vn_member_t *members; /* points; their priorities are 0 */
} vn_report_memory_t;

void vn_report_reset(const vn_report_memory_t *memory);

/* Whether the report uses a reading of this time: NONE or LATE. */
VN_NODISCARD vn_reason_t vn_report_judge(const vn_report_memory_t *memory, vn_time_ms_t time_ms);

/*
 * Takes one reading and tells the record that it ends, if any, kind on_time, revision 0; at most
 * one. Of the sink only deliver and context are used. LATE: it is not newer than the last one,
 * nothing changed. The time lies within [VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS]. O(1).
 */
VN_NODISCARD vn_reason_t vn_report_reading(const vn_report_t *report,
                                           const vn_report_memory_t *memory,
                                           const vn_member_t *reading,
                                           const vn_window_sink_t *sink);

/*
 * The watermark moved: ends the open record when that has reached its last moment, start + every_ms
 * - 1; with the kinds idle (W10) and forced already when it has reached the last reading.
 */
void vn_report_advance(const vn_report_t *report, const vn_report_memory_t *memory,
                       vn_time_ms_t watermark_ms, vn_kind_t kind, const vn_window_sink_t *sink);

/* The time of the last reading of the open record; MINUS_INFINITY if none is open. */
vn_time_ms_t vn_report_open_end(const vn_report_memory_t *memory);

/*
 * Serialises the state into out[capacity], little-endian; returns the length, which may exceed
 * capacity (then nothing is usable).
 */
size_t vn_report_save(const vn_report_t *report, const vn_report_memory_t *memory, uint8_t *out,
                      size_t capacity);

/* The greatest length vn_report_save can return. */
size_t vn_report_save_max(const vn_report_t *report);

/* Restores what save wrote; VN_ERR_FORMAT leaves a reset state. */
VN_NODISCARD vn_err_t vn_report_load(const vn_report_t *report, const vn_report_memory_t *memory,
                                     const uint8_t *bytes, size_t length);

#endif
