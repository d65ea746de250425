/* Gaps: what was taken out of the outbox before it was sent, told upstream in its place. */
#ifndef VN_GAP_H
#define VN_GAP_H

#include "vn/summary.h"

typedef enum vn_gap_reason {
  VN_GAP_DROPPED,   /* no room: it is lost */
  VN_GAP_COARSENED, /* its results are part of coarser ones, or repeated in another message */
  VN_GAP_REASONS
} vn_gap_reason_t;

/* "dropped", "coarsened"; static storage. */
const char *vn_gap_word(vn_gap_reason_t reason);

/*
 * Messages that will not come, `messages` of the numbers from first_seq to last_seq: others between
 * them come. messages 0: there are none, and the rest is not looked at.
 */
typedef struct vn_gap {
  uint64_t first_seq, last_seq;
  uint64_t messages;
  uint64_t results;            /* in these messages */
  uint64_t alerts;             /* of these messages: states and events of alerts */
  vn_time_ms_t from_ms, to_ms; /* when they were made; from > to: nobody knows */
} vn_gap_t;

/* One more message. at_ms: VN_TIME_MINUS_INFINITY when it isn't known. */
typedef struct vn_gap_message {
  uint64_t seq;
  vn_time_ms_t at_ms;
  uint32_t results;
  bool alert;
} vn_gap_message_t;
void vn_gap_add(vn_gap_t *gap, const vn_gap_message_t *message);

/* Whether there is anything to tell. */
bool vn_gap_any(const vn_gap_t gaps[VN_GAP_REASONS]);

/*
 * The notice (docs/messages.md): CBOR as summaries where they are CBOR, else JSON. Returns its
 * length, which may exceed capacity: then it is unusable.
 */
size_t vn_gap_notice(vn_encoding_t encoding, const vn_summary_head_t *head,
                     const vn_gap_t gaps[VN_GAP_REASONS], uint8_t *out, size_t capacity);

/* Its greatest length, whatever it tells. */
size_t vn_gap_notice_max(vn_encoding_t encoding, const char *device);

#endif
