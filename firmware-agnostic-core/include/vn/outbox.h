/* Outbox: messages that wait for their acknowledgement, in a ring of bytes. */
#ifndef VN_OUTBOX_H
#define VN_OUTBOX_H

#include "vn/port.h"

/* In flight at a time; below a broker's usual receive maximum of 20. */
#define VN_OUTBOX_WINDOW 16u

typedef enum vn_outbox_state {
  VN_OUTBOX_NEW,     /* not committed yet: must not leave */
  VN_OUTBOX_READY,   /* committed */
  VN_OUTBOX_SENT,    /* taken by the uplink */
  VN_OUTBOX_DONE,    /* acknowledged or dropped */
} vn_outbox_state_t;

/* Where an entry lies; entry i is at places[i % entries_max]. */
typedef struct vn_outbox_place {
  uint32_t offset, length; /* of the stored record in bytes[] */
  uint8_t state;           /* vn_outbox_state_t */
  uint8_t channel;         /* vn_channel_t */
  uint16_t topic_length;
} vn_outbox_place_t;

/*
 * Indices never repeat: head = next index, tail = oldest entry not done. Stored record: flags u8
 * (bit 0 retained), channel u8, topic_length u16, topic, payload: exactly what a checkpoint holds.
 */
typedef struct vn_outbox {
  uint8_t *bytes;
  vn_outbox_place_t *places;
  uint64_t head, tail;
  uint64_t next_alert, next_other; /* where the search for the next one to send starts */
  uint64_t dropped_summaries, dropped_alerts;
  uint32_t capacity;
  uint32_t entries_max;
  uint32_t write; /* next byte */
  uint32_t in_flight;
} vn_outbox_t;

/* entries_max a power of two. */
void vn_outbox_init(vn_outbox_t *outbox, uint8_t *bytes, uint32_t capacity,
                    vn_outbox_place_t *places, uint32_t entries_max);

/*
 * Adds a message, copied. When it doesn't fit the oldest entries that are neither alerts nor in
 * flight are dropped and counted until it does; VN_ERR_FULL: even so (counted too).
 */
VN_NODISCARD vn_err_t vn_outbox_add(vn_outbox_t *outbox, const vn_message_t *message,
                                    uint64_t *index);

/* Restores an entry with its index from a stored record; indices ascend. */
VN_NODISCARD vn_err_t vn_outbox_restore(vn_outbox_t *outbox, uint64_t index, const uint8_t *record,
                                        uint32_t length);

/* The stored record of an entry, NULL if it is done. */
const uint8_t *vn_outbox_record(const vn_outbox_t *outbox, uint64_t index, uint32_t *length);

/* Everything added so far may leave now. */
void vn_outbox_release(vn_outbox_t *outbox);

/* The next message to send: alerts and events first. False: none, or the window is full. */
bool vn_outbox_next(vn_outbox_t *outbox, vn_message_t *message);

/* The uplink took it / acknowledged it (ok) / gave it back (to be sent again). */
void vn_outbox_taken(vn_outbox_t *outbox, uint64_t index);
void vn_outbox_sent(vn_outbox_t *outbox, uint64_t index, bool ok);

/* The link was lost and gave no verdicts: everything in flight is ready again. */
void vn_outbox_rewind(vn_outbox_t *outbox);

#endif
