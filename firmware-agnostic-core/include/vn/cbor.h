/* CBOR (RFC 8949): a sticky-error writer of deterministic encodings, a bounded event reader. */
#ifndef VN_CBOR_H
#define VN_CBOR_H

#include "vn/arith.h"
#include "vn/reason.h"
#include "vn/topic.h"

/*
 * The writer. When the buffer is too small `length` keeps counting, nothing more is written, and
 * `overflow` is set: one check at the end. With buffer NULL and capacity 0 it only measures, and
 * `overflow` stays false. Every function writes a whole piece (a head, the bytes of a string) or
 * nothing of it. Cost: O(bytes).
 */
typedef struct vn_cbor_writer {
  uint8_t *buffer;
  size_t capacity;
  size_t length;
  bool overflow;
} vn_cbor_writer_t;

void vn_cbor_writer_init(vn_cbor_writer_t *writer, uint8_t *buffer, size_t capacity);
void vn_cbor_uint(vn_cbor_writer_t *writer, uint64_t value);
void vn_cbor_int(vn_cbor_writer_t *writer, int64_t value);
void vn_cbor_u128(vn_cbor_writer_t *writer, vn_u128_t value); /* uint, or tag 2 beyond 64 bits */
void vn_cbor_text(vn_cbor_writer_t *writer, const char *bytes, size_t length);
void vn_cbor_bytes(vn_cbor_writer_t *writer, const uint8_t *bytes, size_t length);
void vn_cbor_array(vn_cbor_writer_t *writer, size_t items);
void vn_cbor_map(vn_cbor_writer_t *writer, size_t pairs);
void vn_cbor_bool(vn_cbor_writer_t *writer, bool value);
void vn_cbor_null(vn_cbor_writer_t *writer);
void vn_cbor_tag(vn_cbor_writer_t *writer, uint64_t tag);

/* Shortest float that keeps the value; NaN is f97e00; -0.0 is written as 0.0. */
void vn_cbor_float(vn_cbor_writer_t *writer, double value);

/* Copies bytes that are CBOR already. */
void vn_cbor_raw(vn_cbor_writer_t *writer, const uint8_t *bytes, size_t length);

typedef enum vn_cbor_kind {
  VN_CBOR_UINT,     /* unsigned_value */
  VN_CBOR_NEGATIVE, /* -1 - unsigned_value */
  VN_CBOR_BYTES,    /* text: view into the buffer */
  VN_CBOR_TEXT,     /* text: view into the buffer, UTF-8 checked */
  VN_CBOR_ARRAY,    /* unsigned_value items, or indefinite */
  VN_CBOR_MAP,      /* unsigned_value pairs, or indefinite */
  VN_CBOR_TAG,      /* unsigned_value */
  VN_CBOR_BOOL,     /* unsigned_value 0 or 1 */
  VN_CBOR_NULL,
  VN_CBOR_UNDEFINED,
  VN_CBOR_FLOAT, /* float_value */
  VN_CBOR_BREAK,
  VN_CBOR_SIMPLE /* unsigned_value */
} vn_cbor_kind_t;

typedef struct vn_cbor_item {
  vn_text_t text;
  double float_value;
  uint64_t unsigned_value;
  uint8_t kind; /* vn_cbor_kind_t */
  bool indefinite;
} vn_cbor_item_t;

typedef struct vn_cbor_reader {
  const uint8_t *bytes;
  size_t length;
  size_t position;
} vn_cbor_reader_t;

void vn_cbor_reader_init(vn_cbor_reader_t *reader, const uint8_t *bytes, size_t length);

/* Announced counts and lengths from here on are refused unless the buffer has as many bytes. */
#define VN_CBOR_SIZE_MAX (UINT32_C(1) << 20)

/*
 * Decodes one head (and the whole of a definite string). Nesting, and whether a break may stand
 * here, are the caller's business. Integers needn't be in their shortest form; every tag and every
 * simple value that RFC 8949 calls well-formed is handed over. Refused: VN_REASON_CBOR malformed or
 * truncated (also: nothing left), reserved additional information, simple values < 32 in two bytes;
 * VN_REASON_LIMIT for 8-byte lengths (5B 7B 9B BB; a string's that wraps 64 bits is CBOR) and for
 * counts and lengths >= VN_CBOR_SIZE_MAX beyond the buffer; VN_REASON_CHUNKS for indefinite strings
 * (5F 7F; CBOR when one of the first chunks is wrong); VN_REASON_UTF8. The position then stays at
 * the item's first byte. Cost: O(1), strings of text O(length). *item is undefined after a refusal;
 * its views live as long as the buffer.
 */
VN_NODISCARD vn_reason_t vn_cbor_next(vn_cbor_reader_t *reader, vn_cbor_item_t *item);

#endif
