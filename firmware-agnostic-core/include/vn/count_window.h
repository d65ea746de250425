/* Count windows: a result at each slide-th reading over the last `size` ones, in arrival order. */
#ifndef VN_COUNT_WINDOW_H
#define VN_COUNT_WINDOW_H

#include "vn/aggregate.h"
#include "vn/assert.h"
#include "vn/error.h"
#include "vn/reservoir.h"
#include "vn/time.h"
#include "vn/window.h"

#include <stddef.h>

/*
 * A count window of a pipeline (rule W7): tumbling when slide == size. Time, watermark, lateness
 * and the end of input play no part. The caller fills in size and slide (1..2^32 - 1), sample
 * (0..VN_SAMPLE_MAX), extra and window; vn_count_window_derive computes the rest. With slide > size
 * the readings between two windows are in no result.
 */
typedef struct vn_count_window {
  uint32_t size;
  uint32_t slide;
  uint32_t pane_readings; /* g: gcd of size and slide */
  uint32_t pane_count;    /* size / g */
  vn_extra_set_t extra;
  vn_draw_t draw; /* of the sample */
  uint16_t sample;
  uint8_t window; /* index of the definition; what results carry */
} vn_count_window_t;

/*
 * VN_ERR_PLAN: a value outside its range (pane_count is 0 then), or more than VN_PANES_MAX panes
 * (pane_count tells how many it would take).
 */
VN_NODISCARD vn_err_t vn_count_window_derive(vn_count_window_t *window);

/* State of a series' count window, its ring apart; vn_count_window_reset makes the first state. */
typedef struct vn_count_state {
  uint64_t position;  /* readings so far: the ordinal of the next one */
  uint32_t slot;      /* pane of the last reading */
  uint32_t until_due; /* readings until the next result */
} vn_count_state_t;

/* Where a series' variable parts lie; the caller owns them. */
typedef struct vn_count_memory {
  vn_count_state_t *state;
  vn_aggregate_t *panes;   /* pane_count */
  vn_member_t *members;    /* pane_count * sample */
  vn_extra_memory_t extra; /* over pane_count panes */
  uint64_t sample_seed;
} vn_count_memory_t;

void vn_count_window_reset(const vn_count_window_t *window, const vn_count_memory_t *memory);

/* Moves the times of all readings that it holds. */
void vn_count_window_shift(const vn_count_window_t *window, const vn_count_memory_t *memory,
                           int64_t shift_ms);

/*
 * Takes one reading, in order of arrival, and tells the result that it completes, if any: of fewer
 * than `size` readings while there are no more. It has the kind count, revision 0, and the ordinals
 * of its readings, counted from 0, as its bounds. O(sample); a result O(pane_count * sample).
 */
void vn_count_window_reading(const vn_count_window_t *window, const vn_count_memory_t *memory,
                             vn_time_ms_t time_ms, int32_t value, const vn_window_sink_t *sink);

/*
 * Serialises the ordinal and the panes in use into out[capacity], little-endian; returns the
 * length, which may exceed capacity (then nothing is usable).
 */
size_t vn_count_window_save(const vn_count_window_t *window, const vn_count_memory_t *memory,
                            uint8_t *out, size_t capacity);

/* The greatest length vn_count_window_save can return. */
size_t vn_count_window_save_max(const vn_count_window_t *window);

/* Restores what save wrote; VN_ERR_FORMAT leaves a reset state. */
VN_NODISCARD vn_err_t vn_count_window_load(const vn_count_window_t *window,
                                           const vn_count_memory_t *memory, const uint8_t *bytes,
                                           size_t length);

#endif
