/* Inside the journal: how a message lies in the queue and in an entry. */
#ifndef VN_JOURNAL_PRIV_H
#define VN_JOURNAL_PRIV_H

#include "pack_priv.h"
#include "vn/journal.h"

/* What lies in the queue in front of topic, payload and where the answer is to go. */
typedef struct vn__queued {
  int64_t arrival_ms; /* by the monotonic clock while the other one is not set */
  uint32_t payload_length;
  uint16_t topic_length;
  uint16_t reply_length;
  uint8_t correlation_length;
  bool arrival_valid;
  bool retained;
} vn__queued_t;

/* Bytes behind it. */
static inline uint32_t vn__body_length(const vn__queued_t *head) {
  return head->payload_length + head->topic_length + head->reply_length + head->correlation_length;
}

/* An entry begins with its head; the unpacker fails when it is none. */
void vn__entry_pack_head(vn__packer_t *packer, const vn__queued_t *head);
void vn__entry_unpack_head(vn__unpacker_t *unpacker, vn__queued_t *head);

/* Parts of an entry are numbered in the flags of their records; bit 0 is the log's. */
uint8_t vn__entry_flags(uint32_t part);
bool vn__entry_begins(uint8_t flags);

#endif
