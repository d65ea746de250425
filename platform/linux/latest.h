/* The latest result of each window of each series, waiting to be published: newer ones replace. */
#ifndef VN_LATEST_H
#define VN_LATEST_H

#include "vn/plan.h"

/*
 * One slot for each window of each series, so that nothing is ever dropped for want of room; pages
 * of slots that no result has used cost nothing. Slots are numbered from 0.
 */
typedef struct vn_latest {
  const vn_plan_t *plan;
  uint8_t *slots;    /* slot_count * slot_bytes */
  uint32_t *waiting; /* a ring of slots in the order in which they have something to say */
  size_t slot_bytes;
  uint32_t windows; /* slots of each series */
  uint32_t slot_count, first, count;
} vn_latest_t;

/* A message that waits; the views are valid until the next call. */
typedef struct vn_latest_message {
  vn_text_t topic; /* "latest/<window>/<series>" */
  vn_text_t payload;
  uint32_t slot;
} vn_latest_message_t;

/* The longest message, topic included. */
size_t vn_latest_message_max(const vn_plan_t *plan);

/* Maps the memory; never given back. The plan outlives it. VN_ERR_STORE: there is none. */
VN_NODISCARD vn_err_t vn_latest_open(vn_latest_t *latest, const vn_plan_t *plan);

/*
 * A result of a series (its number in the engine's table), told by this start. Only the first one
 * of a window that counts is kept: revisions, deltas and early results are no news of a later
 * window.
 */
void vn_latest_note(vn_latest_t *latest, uint32_t series, uint32_t boot,
                    const vn_summary_t *summary);

/* The oldest that waits; false: none does. */
bool vn_latest_next(vn_latest_t *latest, vn_latest_message_t *message);

/* It is on its way, and what came of that: ok, or it waits again. */
void vn_latest_taken(vn_latest_t *latest, uint32_t slot);
void vn_latest_verdict(vn_latest_t *latest, uint32_t slot, bool ok);

/* Drops what waits of a series that is no more, and keeps what has come of a new one with its
 * number. */
void vn_latest_forget(vn_latest_t *latest, uint32_t series, vn_text_t name);

#endif
