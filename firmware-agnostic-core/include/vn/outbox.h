/* Outbox: messages that wait for their acknowledgement, in a fixed pool of blocks. */
#ifndef VN_OUTBOX_H
#define VN_OUTBOX_H

#include "vn/gap.h"
#include "vn/port.h"

/* Alerts, events and notices of gaps go first and are never dropped for anything else. */
typedef enum vn_outbox_queue {
  VN_OUTBOX_ALERTS,
  VN_OUTBOX_OTHERS,
  VN_OUTBOX_QUEUES
} vn_outbox_queue_t;

typedef enum vn_outbox_entry_state {
  VN_OUTBOX_DONE,  /* acknowledged, dropped, or never there */
  VN_OUTBOX_NEW,   /* not committed yet: must not leave */
  VN_OUTBOX_READY, /* committed: may be sent */
  VN_OUTBOX_SENT   /* taken by the uplink */
} vn_outbox_entry_state_t;

/* A block of the pool; records are chains of them. */
#define VN_OUTBOX_BLOCK_DATA 124u
typedef struct vn_outbox_block {
  uint32_t next;
  uint8_t data[VN_OUTBOX_BLOCK_DATA];
} vn_outbox_block_t;

/* Marks of an entry. */
#define VN_OUTBOX_OFFERED 1u  /* the uplink may have had it: it is never rewritten */
#define VN_OUTBOX_TOMB 2u     /* gone, while the last commit still has it */
#define VN_OUTBOX_COARSEST 4u /* its results are as coarse as they get */

/* An entry: number i of a queue is at places[i modulo entries_max]. */
typedef struct vn_outbox_place {
  uint32_t first_block;
  uint32_t length; /* of the stored record */
  uint8_t state;   /* vn_outbox_entry_state_t */
  uint8_t marks;
} vn_outbox_place_t;

/* Numbers ascend and never repeat: head = the next one, tail = the oldest not done. */
typedef struct vn_outbox_line {
  vn_outbox_place_t *places;
  uint64_t head, tail;
  uint64_t next;        /* where the search for the next one to send starts */
  uint64_t limit;       /* only numbers below may be offered to the uplink */
  uint64_t released;    /* numbers below are in a commit, or were released without one */
  uint32_t entries_max; /* a power of two */
} vn_outbox_line_t;

/*
 * A stored record is what a checkpoint holds: flags u8 (bit 0: retained, 1: absolute topic, 2: with
 * correlation data, 3: numbered, 4: it may have been sent before it got this place, 5: with
 * results, 6: they are as coarse as they get), channel u8, topic length u16, with bit 3 boot u32,
 * seq u64 and time_ms i64, with bit 5 the number of results u16, topic, with bit 2 the length u8 of
 * the correlation data and its bytes, payload; all little-endian. A message's `index` is number *
 * VN_OUTBOX_QUEUES + queue.
 */
typedef struct vn_outbox {
  vn_outbox_block_t *blocks;
  vn_outbox_line_t lines[VN_OUTBOX_QUEUES];
  uint64_t dropped[VN_OUTBOX_QUEUES];
  vn_gap_t gaps[VN_GAP_REASONS]; /* what is gone and not told yet */
  uint32_t tombs;                /* at most so many entries have that mark */
  uint32_t reserved_blocks;      /* that notices of gaps alone may take */
  uint32_t block_count;
  uint32_t free_block;  /* chain of those that have been used */
  uint32_t fresh_block; /* this one and all behind it have never been used */
  uint32_t free_count;
} vn_outbox_t;

/* What the engine keeps beside it. */
typedef struct vn_sender {
  uint64_t restored_tail[VN_OUTBOX_QUEUES], restored_head[VN_OUTBOX_QUEUES];
  uint64_t restored_limit[VN_OUTBOX_QUEUES];
  uint64_t coarsen_next; /* entry of the others before which no pass of coarsening begins */
  uint16_t sample_max;   /* members of a result that is made coarser */
  bool link_up;          /* the last thing that the uplink said */
  bool notice_waits;     /* of a gap: until something is acknowledged there is no room for it */
} vn_sender_t;

#define VN_OUTBOX_HEADER_BYTES 4u
#define VN_OUTBOX_NUMBER_BYTES 20u /* of a message that is numbered */
#define VN_OUTBOX_RESULTS_BYTES 2u /* of one that has results */

/* places[q] holds entries_max[q] entries, powers of two. */
void vn_outbox_init(vn_outbox_t *outbox, vn_outbox_block_t *blocks, uint32_t block_count,
                    vn_outbox_place_t *const places[VN_OUTBOX_QUEUES],
                    const uint32_t entries_max[VN_OUTBOX_QUEUES]);

/*
 * Keeps room for one record of so many bytes, and a place where the line has eight or more, for
 * notices of gaps alone. Where that would be more than an eighth of the blocks nothing is kept.
 */
void vn_outbox_reserve(vn_outbox_t *outbox, uint32_t bytes);

/*
 * Adds a message, copied; its channel chooses the queue: answers go with the alerts as long as half
 * of the places there are free, so that commands never take what an alert needs. Without room the
 * oldest of the others that are not in flight are dropped and counted, those that have never been
 * sent first. VN_ERR_FULL: no room even so; then only the message itself is dropped, and counted.
 * What is dropped is noted in `gaps`; a notice of a gap that doesn't fit is neither.
 */
VN_NODISCARD vn_err_t vn_outbox_add(vn_outbox_t *outbox, const vn_message_t *message);

/* The entry is gone for this reason: noted in `gaps`, its blocks are free. It is not in flight. */
void vn_outbox_give_up(vn_outbox_t *outbox, uint64_t index, vn_gap_reason_t reason);

/*
 * Puts a stored record back, in any order, ready to be sent; one that is there already is replaced.
 * When room runs out the lowest number is given up: what was committed last has always fitted.
 * VN_ERR_FORMAT: not a stored record.
 */
VN_NODISCARD vn_err_t vn_outbox_restore(vn_outbox_t *outbox, uint64_t index, const uint8_t *record,
                                        uint32_t length);

/* Whether a message fits without dropping any other. */
bool vn_outbox_has_room(const vn_outbox_t *outbox, const vn_message_t *message);

/* Drops what it would drop for other messages until so many blocks are free, as far as that goes.
 */
void vn_outbox_shed(vn_outbox_t *outbox, uint32_t blocks);

/* Takes the newest of the others back, down to number `head`: all of them are new. */
void vn_outbox_take_back(vn_outbox_t *outbox, uint64_t head);

/*
 * One of the others gets the next number of its line, with the same bytes, and is new again. A
 * verdict on the old number counts no more. The line has a place.
 */
void vn_outbox_move(vn_outbox_t *outbox, uint64_t index);

/* A later commit says that the entry is gone. */
void vn_outbox_forget(vn_outbox_t *outbox, uint64_t index);

/* While restoring: a later commit says that numbers below tail are done. */
void vn_outbox_trim(vn_outbox_t *outbox, vn_outbox_queue_t queue, uint64_t tail);

/* Ends the restoring of a queue: numbers below tail are done, the next one is head. All that is
 * left may have been sent. */
void vn_outbox_resume(vn_outbox_t *outbox, vn_outbox_queue_t queue, uint64_t tail, uint64_t head);

/* Behind that: numbers from `limit` on have never been offered, and wait for a release. */
void vn_outbox_resume_limit(vn_outbox_t *outbox, vn_outbox_queue_t queue, uint64_t limit);

/* Copies the stored record of an entry; its length, or 0: done, or longer than capacity. */
uint32_t vn_outbox_record(const vn_outbox_t *outbox, uint64_t index, uint8_t *out,
                          uint32_t capacity);

/* Everything added so far may leave now. */
void vn_outbox_release(vn_outbox_t *outbox);

/*
 * Everything added so far is committed, with this limit: alerts may leave, of the others `ahead`
 * from the next one on. What is behind the limit can still be rewritten.
 */
void vn_outbox_release_ahead(vn_outbox_t *outbox, uint32_t ahead);
/* The same without a commit: what the last one has of those that are gone is remembered. */
void vn_outbox_let_go(vn_outbox_t *outbox, uint32_t ahead);
uint64_t vn_outbox_limit(const vn_outbox_t *outbox, vn_outbox_queue_t queue, uint32_t ahead);

/* All that may leave has left, and more is committed: a release would let it go. */
bool vn_outbox_wants_release(const vn_outbox_t *outbox);

/*
 * The next message to send, alerts first, in order of making within a queue. It points into
 * scratch[capacity], which must hold the longest record. False: none.
 */
bool vn_outbox_next(vn_outbox_t *outbox, vn_message_t *message, uint8_t *scratch,
                    uint32_t capacity);

/* The message of an entry, as above. False: it is done. */
bool vn_outbox_look(const vn_outbox_t *outbox, uint64_t index, vn_message_t *message,
                    uint8_t *scratch, uint32_t capacity);

/*
 * The newest of the alerts may be sent although it is not committed. False: older ones wait to be
 * sent, which it must not overtake.
 */
bool vn_outbox_hurry(vn_outbox_t *outbox, uint64_t *index);

/* The uplink took it. */
void vn_outbox_taken(vn_outbox_t *outbox, uint64_t index);

/* Acknowledged (ok), or to be sent again. Unknown and finished indices are ignored. */
void vn_outbox_sent(vn_outbox_t *outbox, uint64_t index, bool ok);

/* The link gave no verdicts: everything in flight is to be sent again. */
void vn_outbox_rewind(vn_outbox_t *outbox);

/* True when nothing waits. */
bool vn_outbox_empty(const vn_outbox_t *outbox);

#endif
