/* Windows that no plan has any more: their results, from the bytes of their state alone. */
#ifndef VN_WINDOW_FORMER_PRIV_H
#define VN_WINDOW_FORMER_PRIV_H

#include "pack_priv.h"
#include "vn/window.h"

/* What vn_window_save wrote of a set of which no more than this is known. */
typedef struct vn__former {
  vn__unpacker_t panes; /* how many, then each of them */
  int64_t pane_ms, anchor_ms;
  vn_time_ms_t watermark_ms;
} vn__former_t;

/* Results that a session may have swallowed, to be told of. */
#define VN__FORMER_SPANS_MAX 8u

/* The content of one window. */
typedef struct vn__former_result {
  vn_aggregate_t aggregate;
  vn_tally_t tally;
  vn_span_t superseded[VN__FORMER_SPANS_MAX];
  vn_time_ms_t start_ms, end_ms; /* of a count window: numbers of readings */
  uint16_t superseded_count;     /* more than there is room for: it can't be told */
  bool exact;                    /* else the counts left 32 bits */
} vn__former_result_t;

/* The bytes outlive *out; false: they are none. */
bool vn__former_open(vn__former_t *out, const vn__unpacker_t *state, int64_t pane_ms,
                     int64_t anchor_ms);

/*
 * The first window with readings whose end is > after_ms; size, slide and offset of `window` count,
 * which are whole panes. False: there is none, or the bytes are damaged. Reads all panes twice.
 */
bool vn__former_next(const vn__former_t *former, const vn_window_t *window, vn_time_ms_t after_ms,
                     vn__former_result_t *out);

/*
 * What another window than one of time holds that no result has told: the content of this index, in
 * order. False: there is none, or the bytes are damaged. Reads all of it.
 */
typedef bool (*vn__former_read_fn)(vn__unpacker_t state, uint32_t index, vn__former_result_t *out);
bool vn__session_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out);
bool vn__count_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out);
bool vn__report_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out);
bool vn__condition_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out);

/* The watermark, as one that ends can be counted from. */
vn_time_ms_t vn__former_watermark(const vn__former_t *former);

#endif
