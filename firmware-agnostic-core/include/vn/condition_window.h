/* Condition windows: open while a value is above or below a limit, in order of arrival. */
#ifndef VN_CONDITION_WINDOW_H
#define VN_CONDITION_WINDOW_H

#include "vn/aggregate.h"
#include "vn/alert.h"
#include "vn/assert.h"
#include "vn/error.h"
#include "vn/reason.h"
#include "vn/reservoir.h"
#include "vn/session.h"
#include "vn/time.h"
#include "vn/window.h"

#include <stddef.h>

/*
 * A condition window of a pipeline. It opens at the first reading for which the condition is true
 * and ends at the reading for which it is false, by the rules A1 and A2 of alerts: hysteresis
 * counts, readings are evaluated as they arrive, older ones than the last evaluated are ignored.
 * Watermark and lateness play no part.
 *   start    the time of the first reading
 *   end      the time of the reading that made the condition false, which isn't in the window
 *   content  the readings for which it was true
 * With max_ms a window is never longer: a reading at start + max_ms or later first closes it with
 * the end start + max_ms, kind forced; while the condition goes on, that reading opens the next.
 */
typedef struct vn_condition_window {
  vn_alert_rule_t rule; /* ABOVE or BELOW, limit, hysteresis >= 0; its durations are 0 */
  vn_extra_set_t extra;
  int64_t max_ms;  /* 1..VN_WINDOW_SPAN_MAX_MS, or VN_DURATION_OFF */
  vn_draw_t draw;  /* of the sample */
  uint16_t sample; /* 0..VN_SAMPLE_MAX */
  uint8_t window;  /* index of the definition; what results carry */
} vn_condition_window_t;

/* VN_ERR_PLAN: a value outside its range. */
VN_NODISCARD vn_err_t vn_condition_window_check(const vn_condition_window_t *window);

/* State for one series; vn_condition_window_reset makes the first one. */
typedef struct vn_condition_state {
  vn_time_ms_t last_ms;     /* of the last reading evaluated; valid when `evaluated` */
  vn_aggregate_t aggregate; /* of the open window, or of the last result; its first time is start */
  vn_time_ms_t end_ms;      /* of the last result; valid when results > 0 */
  uint32_t results;         /* told of this window */
  bool evaluated, holds;    /* the condition, with its hysteresis */
  bool open;
} vn_condition_state_t;

/* Where a series' parts lie; the caller owns them. */
typedef struct vn_condition_memory {
  vn_condition_state_t *state;
  vn_member_t *members;    /* sample */
  vn_extra_memory_t extra; /* of one pane */
  uint64_t sample_seed;
} vn_condition_memory_t;

/*
 * Results have the kind on_time, forced, or that given to vn_condition_window_close. Revision 0
 * supersedes nothing. A window that has been told goes on when the condition is true again before
 * its end, or at its end if that is its start too (times repeat, and silence ends it early): the
 * next result holds everything, counts the revision up and supersedes the bounds told before,
 * unless they are its own. Nothing is folded: the sink needs no scratch.
 */

void vn_condition_window_reset(const vn_condition_window_t *window,
                               const vn_condition_memory_t *memory);

/*
 * What vn_condition_window_reading would say of a reading, but for NO_WINDOW: it is NONE as well,
 * as the reading serves. O(1).
 */
VN_NODISCARD vn_reason_t vn_condition_window_judge(const vn_condition_window_t *window,
                                                   const vn_condition_memory_t *memory,
                                                   vn_time_ms_t time_ms, int32_t value);

/*
 * Evaluates one reading and tells the window that it closes, if any; at most one. Returns NONE when
 * a window took it, NO_WINDOW when the condition is false, LATE when it is older than the last one
 * evaluated (nothing changed), LIMITED when the window holds 2^32 - 1 readings. The time lies
 * within [VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS]. O(sample).
 */
VN_NODISCARD vn_reason_t vn_condition_window_reading(const vn_condition_window_t *window,
                                                     const vn_condition_memory_t *memory,
                                                     vn_time_ms_t time_ms, int32_t value,
                                                     const vn_window_sink_t *sink);

/*
 * Closes an open window that no reading ends: the end of input (kind on_time, W13) or silence (kind
 * idle, W10). Its end is its last time + 1. The condition itself keeps its state.
 */
void vn_condition_window_close(const vn_condition_window_t *window,
                               const vn_condition_memory_t *memory, vn_kind_t kind,
                               const vn_window_sink_t *sink);

/*
 * Serialises the state into out[capacity], little-endian; returns the length, which may exceed
 * capacity (then nothing is usable).
 */
size_t vn_condition_window_save(const vn_condition_window_t *window,
                                const vn_condition_memory_t *memory, uint8_t *out, size_t capacity);

/* The greatest length vn_condition_window_save can return. */
size_t vn_condition_window_save_max(const vn_condition_window_t *window);

/* Restores what save wrote; VN_ERR_FORMAT leaves a reset state. */
VN_NODISCARD vn_err_t vn_condition_window_load(const vn_condition_window_t *window,
                                               const vn_condition_memory_t *memory,
                                               const uint8_t *bytes, size_t length);

#endif
