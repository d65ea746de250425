/* The reader's short way, for decoders on the hot path. */
#ifndef VN_CBOR_READER_PRIV_H
#define VN_CBOR_READER_PRIV_H

#include "vn/cbor.h"

/* What vn_cbor_next() does with items that don't fit into one byte. Something must be left. */
VN_NODISCARD vn_reason_t vn__cbor_next_long(vn_cbor_reader_t *reader, vn_cbor_item_t *item);

/*
 * vn_cbor_next() itself. Small integers, tags and counts need no back end: one byte says it all,
 * and most items of a pack are of them.
 */
static inline vn_reason_t vn__cbor_next(vn_cbor_reader_t *reader, vn_cbor_item_t *item) {
  const unsigned one_byte_kinds = 1u << VN_CBOR_UINT | 1u << VN_CBOR_NEGATIVE |
                                  1u << VN_CBOR_ARRAY | 1u << VN_CBOR_MAP | 1u << VN_CBOR_TAG;
  if (reader->position >= reader->length) {
    return VN_REASON_CBOR;
  }
  uint8_t initial = reader->bytes[reader->position];
  unsigned info = initial & 0x1Fu;
  unsigned kind = initial >> 5; /* the first seven kinds are the major types */
  if (info >= 24u || (one_byte_kinds >> kind & 1u) == 0) {
    return vn__cbor_next_long(reader, item);
  }
  item->kind = (uint8_t)kind;
  item->unsigned_value = info;
  item->indefinite = false;
  reader->position++;
  return VN_REASON_NONE;
}

#endif
