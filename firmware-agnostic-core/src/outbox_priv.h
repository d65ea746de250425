/* What the outbox' files share: places, chains of blocks, stored records. */
#ifndef VN_OUTBOX_PRIV_H
#define VN_OUTBOX_PRIV_H

#include "vn/outbox.h"

#define VN__NO_BLOCK UINT32_MAX

/* Flags of a stored record. */
#define VN__RECORD_RETAINED 1u
#define VN__RECORD_ABSOLUTE 2u
#define VN__RECORD_CORRELATION 4u
#define VN__RECORD_NUMBERED 8u
#define VN__RECORD_OFFERED 16u
#define VN__RECORD_RESULTS 32u
#define VN__RECORD_COARSEST 64u
#define VN__RECORD_FLAGS 127u

static inline vn_outbox_line_t *vn__line_of(vn_outbox_t *outbox, uint64_t index) {
  return &outbox->lines[index % VN_OUTBOX_QUEUES];
}

static inline vn_outbox_place_t *vn__place_of(const vn_outbox_line_t *line, uint64_t number) {
  return &line->places[number & (line->entries_max - 1u)];
}

static inline bool vn__is_known(const vn_outbox_line_t *line, uint64_t number) {
  return number >= line->tail && number < line->head;
}

static inline uint32_t vn__blocks_for(size_t length) {
  return (uint32_t)((length + VN_OUTBOX_BLOCK_DATA - 1u) / VN_OUTBOX_BLOCK_DATA);
}

/* The blocks of an entry are free again, and it is done. */
void vn__outbox_free(vn_outbox_t *outbox, vn_outbox_place_t *place);

/* The tail passes what is done. */
void vn__outbox_move_tail(vn_outbox_line_t *line);

/* An empty chain for `length` bytes; there are enough free blocks. */
uint32_t vn__outbox_chain(vn_outbox_t *outbox, size_t length);

/* A place in a chain, moved on by writing. */
typedef struct vn__chain_cursor {
  uint32_t block, used;
} vn__chain_cursor_t;
void vn__chain_write(vn_outbox_t *outbox, vn__chain_cursor_t *at, const void *bytes, size_t length);

/* Copies a chain; the entry is there and fits. */
void vn__chain_read(const vn_outbox_t *outbox, const vn_outbox_place_t *place, uint8_t *out);

/* Stored records: their length, writing into a chain that is long enough, reading. */
size_t vn__record_length(const vn_message_t *message);
void vn__record_write(vn_outbox_t *outbox, uint32_t chain, const vn_message_t *message);
/* Of the head only what has a fixed place, which lies in the first block. */
vn_message_t vn__record_head(const uint8_t *record);
vn_message_t vn__record_read(const uint8_t *record, size_t length, uint64_t index);
bool vn__record_is_good(const uint8_t *record, uint32_t length);

#endif
