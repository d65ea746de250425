/*
 * What a CBOR back end provides: heads out, one item in. Two exist: cbor_codec_libcbor.c and
 * builtin/cbor_codec_builtin.c; a build contains one of them. Both write the same bytes and accept
 * and refuse the same bytes with the same reason.
 */
#ifndef VN_CBOR_CODEC_PRIV_H
#define VN_CBOR_CODEC_PRIV_H

#include "vn/cbor.h"

/* How a back end names its functions; the test that compares two of them overrides it. */
#ifndef VN__CBOR_CODEC
#define VN__CBOR_CODEC(name) vn__cbor_##name
#endif

#define VN__CBOR_HEAD_MAX 9u

typedef enum vn__cbor_major {
  VN__CBOR_MAJOR_UINT,
  VN__CBOR_MAJOR_NEGATIVE,
  VN__CBOR_MAJOR_BYTES,
  VN__CBOR_MAJOR_TEXT,
  VN__CBOR_MAJOR_ARRAY,
  VN__CBOR_MAJOR_MAP,
  VN__CBOR_MAJOR_TAG,
  VN__CBOR_MAJOR_SIMPLE /* argument 20 false, 21 true, 22 null, 23 undefined */
} vn__cbor_major_t;

/* Writes a head in its shortest form; returns its length. */
size_t VN__CBOR_CODEC(put_head)(vn__cbor_major_t major, uint64_t argument,
                                uint8_t out[VN__CBOR_HEAD_MAX]);

/* Writes an IEEE 754 value, given as its bits, in 2, 4 or 8 bytes behind the initial byte. */
size_t VN__CBOR_CODEC(put_float)(unsigned size, uint64_t bits, uint8_t out[VN__CBOR_HEAD_MAX]);

/*
 * Decodes the item at bytes[0] (length > 0): a head, or the whole of a definite string. Sets *used
 * on NONE. Refusals, and their order, are those of vn_cbor_next() without the UTF-8 check and
 * without a look into indefinite strings.
 */
VN_NODISCARD vn_reason_t VN__CBOR_CODEC(take)(const uint8_t *bytes, size_t length,
                                              vn_cbor_item_t *item, size_t *used);

/* True for the initial bytes of 8-byte lengths: 5B 7B 9B BB. */
static inline bool vn__cbor_is_long(uint8_t initial) {
  return (initial & 0x1Fu) == 27u && initial >= 0x5Bu && initial <= 0xBBu;
}

/*
 * Why an item with an 8-byte length is refused. A string whose end cannot even be counted in 64
 * bits is malformed; the others are merely too long for us. No library gets to see any of them.
 */
static inline vn_reason_t vn__cbor_refuse_long(const uint8_t *bytes, size_t length) {
  bool is_string = bytes[0] < 0x80u;
  uint8_t ones = 0xFFu;
  for (size_t i = 1; i < 8u && i < length; i++) {
    ones &= bytes[i];
  }
  bool wraps = length >= VN__CBOR_HEAD_MAX && ones == 0xFFu && bytes[8] >= 0xF7u;
  return is_string && wraps ? VN_REASON_CBOR : VN_REASON_LIMIT;
}

/* The refusal, or NONE, for an announced count or length with `left` bytes behind the head. */
static inline vn_reason_t vn__cbor_check_size(bool is_string, uint64_t size, size_t left) {
  if (size <= left) {
    return VN_REASON_NONE;
  }
  if (size >= VN_CBOR_SIZE_MAX) {
    return VN_REASON_LIMIT;
  }
  return is_string ? VN_REASON_CBOR : VN_REASON_NONE;
}

#endif
