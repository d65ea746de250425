/* Session windows: readings not more than a gap apart, merged on touch, in constant memory. */
#ifndef VN_SESSION_H
#define VN_SESSION_H

#include "vn/aggregate.h"
#include "vn/assert.h"
#include "vn/error.h"
#include "vn/reason.h"
#include "vn/reservoir.h"
#include "vn/time.h"
#include "vn/window.h"

#include <stddef.h>

/* Live sessions of one series; a result names at most so many others. */
#define VN_SESSIONS_MAX 255u

/*
 * A session window of a pipeline (rule W6). The caller fills in all but `capacity`, which
 * vn_session_set_derive computes. gap_ms 1..VN_WINDOW_SPAN_MAX_MS, the other two from 0;
 * sample 0..VN_SAMPLE_MAX.
 */
typedef struct vn_session_set {
  int64_t gap_ms;
  int64_t out_of_order_ms;
  int64_t lateness_ms;
  vn_extra_set_t extra;
  uint32_t capacity; /* K = (out_of_order + lateness + 2 gap) / (gap + 1): most live sessions */
  vn_draw_t draw;    /* of the sample */
  uint16_t sample;   /* members of a session's reservoir sample */
  uint8_t window;    /* index of the definition; what results carry */
} vn_session_set_t;

/*
 * VN_ERR_PLAN: a value outside its range (capacity is 0 then), or more than VN_SESSIONS_MAX
 * sessions (capacity tells how many it would take).
 */
VN_NODISCARD vn_err_t vn_session_set_derive(vn_session_set_t *set);

/*
 * A live session: [aggregate.first_ms, aggregate.last_ms + gap). Live ones of a series lie more
 * than a gap apart and are kept ascending.
 */
typedef struct vn_session {
  vn_aggregate_t aggregate;
  uint32_t results;  /* told so far, those of swallowed sessions included */
  uint16_t block;    /* its sample: members[block * sample]; its pane of extras */
  uint16_t standing; /* results that nothing has superseded yet */
} vn_session_t;

/* State of a series' sessions, its arrays apart; vn_session_reset makes the first state. */
typedef struct vn_session_state {
  uint16_t live;     /* sessions in use, from the front */
  uint16_t fired;    /* the first of them: those whose present form has been told */
  uint16_t standing; /* spans in use, in the order of their sessions */
} vn_session_state_t;

/* Where a series' variable parts lie; the caller owns them. */
typedef struct vn_session_memory {
  vn_session_state_t *state;
  vn_session_t *sessions;  /* capacity */
  vn_span_t *standing;     /* capacity: results of all live sessions that may be superseded */
  vn_member_t *members;    /* capacity * sample */
  vn_extra_memory_t extra; /* over capacity panes */
  uint64_t sample_seed;
} vn_session_memory_t;

/*
 * A result is the content of one session at this moment. It replaces the results that `supersedes`
 * names (ascending, never its own bounds); `revision` counts the earlier results of the session and
 * of all that it swallowed. Nothing is folded: the sink needs no scratch.
 */

/*
 * A reading and the watermark of its series before it, which the caller holds: all windows of a
 * series share one. The time lies within [VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS].
 *
 * A caller takes a reading in this order:
 *   1. vn_session_judge; if that isn't NONE, tell the drop and skip 2.
 *   2. vn_session_insert
 *   3. raise the watermark to time - out_of_order - 1, if that is higher: vn_session_advance
 * Inserting first is what makes readings exactly a gap apart one session without out_of_order too.
 */
typedef struct vn_session_reading {
  vn_time_ms_t time_ms;
  vn_time_ms_t watermark_ms;
  int32_t value;
} vn_session_reading_t;

void vn_session_reset(const vn_session_set_t *set, const vn_session_memory_t *memory);

/*
 * Judges the session that the reading would make together with those that it touches: NONE, LATE
 * when that would be gone already, LIMITED when it would hold more than 2^32 - 1 readings. Changes
 * nothing. O(sessions behind the reading).
 */
VN_NODISCARD vn_reason_t vn_session_judge(const vn_session_set_t *set,
                                          const vn_session_memory_t *memory,
                                          const vn_session_reading_t *reading);

/*
 * Takes a reading that was judged NONE: it opens a session or joins those that it touches, which
 * become one. A session that the watermark has passed fires at once, kind late. A reading that
 * touches nothing makes room first: what its own time closes fires here, kind on_time, ahead of
 * step 3; without that, `capacity` slots would not suffice. O(capacity + sample).
 */
void vn_session_insert(const vn_session_set_t *set, const vn_session_memory_t *memory,
                       const vn_session_reading_t *reading, const vn_window_sink_t *sink);

/*
 * Fires what the watermark has passed, ascending by end, with the given kind (W3, W12, W13 with
 * VN_TIME_PLUS_INFINITY), and forgets what is gone. O(1) when there is nothing to do; a lower
 * watermark than before does nothing.
 */
void vn_session_advance(const vn_session_set_t *set, const vn_session_memory_t *memory,
                        vn_time_ms_t watermark_ms, vn_kind_t kind, const vn_window_sink_t *sink);

/* The greatest end - 1 over unfired sessions (W10); VN_TIME_MINUS_INFINITY if there is none. */
vn_time_ms_t vn_session_open_end(const vn_session_set_t *set, const vn_session_memory_t *memory);

/*
 * Serialises the live sessions into out[capacity], little-endian; returns the length, which may
 * exceed capacity (then nothing is usable). The watermark is the caller's to save.
 */
size_t vn_session_save(const vn_session_set_t *set, const vn_session_memory_t *memory, uint8_t *out,
                       size_t capacity);

/* The greatest length vn_session_save can return. */
size_t vn_session_save_max(const vn_session_set_t *set);

/* Restores what save wrote; VN_ERR_FORMAT leaves a reset state. */
VN_NODISCARD vn_err_t vn_session_load(const vn_session_set_t *set,
                                      const vn_session_memory_t *memory, const uint8_t *bytes,
                                      size_t length);

#endif
