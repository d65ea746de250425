#include "cbor_codec_priv.h"
#include "cbor_reader_priv.h"
#include "utf8_priv.h"
#include "vn/assert.h"
#include "vn/cbor.h"

/* So many chunks of an indefinite string are looked at before it is refused for having them. */
#define CHUNKS_LOOKED_AT 16u

void vn_cbor_reader_init(vn_cbor_reader_t *reader, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  *reader = (vn_cbor_reader_t){bytes, length, 0};
}

/*
 * Indefinite strings are refused in any case; whether as malformed or as chunked shows in their
 * first chunks.
 */
static vn_reason_t refuse_chunks(const uint8_t *bytes, size_t length) {
  uint8_t kind = bytes[0] == 0x5Fu ? VN_CBOR_BYTES : VN_CBOR_TEXT;
  size_t position = 1u;
  for (unsigned i = 0; i < CHUNKS_LOOKED_AT; i++) {
    vn_cbor_item_t chunk;
    size_t used;
    if (position == length) {
      return VN_REASON_CBOR;
    }
    vn_reason_t reason = vn__cbor_take(&bytes[position], length - position, &chunk, &used);
    if (reason != VN_REASON_NONE) {
      return reason == VN_REASON_CHUNKS ? VN_REASON_CBOR : reason;
    }
    if (chunk.kind == VN_CBOR_BREAK) {
      break;
    }
    if (chunk.kind != kind) {
      return VN_REASON_CBOR;
    }
    position += used;
  }
  return VN_REASON_CHUNKS;
}

vn_reason_t vn__cbor_next_long(vn_cbor_reader_t *reader, vn_cbor_item_t *item) {
  VN_ASSERT(reader->position < reader->length);
  const uint8_t *bytes = &reader->bytes[reader->position];
  size_t left = reader->length - reader->position;
  size_t used;
  vn_reason_t reason = vn__cbor_take(bytes, left, item, &used);
  if (reason != VN_REASON_NONE) {
    return reason == VN_REASON_CHUNKS ? refuse_chunks(bytes, left) : reason;
  }
  if (item->kind == VN_CBOR_TEXT &&
      !vn__utf8_valid((const uint8_t *)item->text.bytes, item->text.length)) {
    return VN_REASON_UTF8;
  }
  reader->position += used;
  return VN_REASON_NONE;
}

vn_reason_t vn_cbor_next(vn_cbor_reader_t *reader, vn_cbor_item_t *item) {
  VN_STATIC_ASSERT((int)VN_CBOR_TAG == (int)VN__CBOR_MAJOR_TAG, "kinds follow major types");
  VN_ASSERT(reader->position <= reader->length);
  return vn__cbor_next(reader, item);
}
