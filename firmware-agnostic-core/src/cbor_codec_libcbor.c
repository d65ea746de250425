#include <cbor/configuration.h>
#include <cbor/encoding.h>
#include <cbor/streaming.h>
#include <string.h>

#include "cbor_codec_priv.h"
#include "vn/assert.h"

/* What the callbacks for strings, arrays and maps are given changed its type with 0.9.0. */
#if CBOR_MAJOR_VERSION == 0 && CBOR_MINOR_VERSION < 9
typedef size_t libcbor_size_t;
#else
typedef uint64_t libcbor_size_t;
#endif

size_t VN__CBOR_CODEC(put_head)(vn__cbor_major_t major, uint64_t argument,
                                uint8_t out[VN__CBOR_HEAD_MAX]) {
  if (argument < 24u) { /* most heads are one byte: no need to ask the library */
    out[0] = (uint8_t)((unsigned)major << 5 | (unsigned)argument);
    return 1u;
  }
  switch (major) {
    case VN__CBOR_MAJOR_UINT:
      return cbor_encode_uint(argument, out, VN__CBOR_HEAD_MAX);
    case VN__CBOR_MAJOR_NEGATIVE:
      return cbor_encode_negint(argument, out, VN__CBOR_HEAD_MAX);
    case VN__CBOR_MAJOR_BYTES:
      return cbor_encode_bytestring_start((size_t)argument, out, VN__CBOR_HEAD_MAX);
    case VN__CBOR_MAJOR_TEXT:
      return cbor_encode_string_start((size_t)argument, out, VN__CBOR_HEAD_MAX);
    case VN__CBOR_MAJOR_ARRAY:
      return cbor_encode_array_start((size_t)argument, out, VN__CBOR_HEAD_MAX);
    case VN__CBOR_MAJOR_MAP:
      return cbor_encode_map_start((size_t)argument, out, VN__CBOR_HEAD_MAX);
    default: /* simple values are all short */
      VN_ASSERT(major == VN__CBOR_MAJOR_TAG);
      return cbor_encode_tag(argument, out, VN__CBOR_HEAD_MAX);
  }
}

size_t VN__CBOR_CODEC(put_float)(unsigned size, uint64_t bits, uint8_t out[VN__CBOR_HEAD_MAX]) {
  if (size == 2u) {
    /* Not the library's: before 0.10.0 it loses the digits of subnormal halves. */
    out[0] = 0xF9u;
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
    return 3u;
  }
  if (size == 4u) {
    uint32_t low = (uint32_t)bits;
    float single;
    memcpy(&single, &low, sizeof single);
    return cbor_encode_single(single, out, VN__CBOR_HEAD_MAX);
  }
  VN_ASSERT(size == 8u);
  double value;
  memcpy(&value, &bits, sizeof value);
  return cbor_encode_double(value, out, VN__CBOR_HEAD_MAX);
}

static void libcbor_value(void *context, vn_cbor_kind_t kind, uint64_t value) {
  vn_cbor_item_t *item = context;
  item->kind = (uint8_t)kind;
  item->unsigned_value = value;
}

static void libcbor_uint8(void *context, uint8_t value) {
  libcbor_value(context, VN_CBOR_UINT, value);
}
static void libcbor_uint16(void *context, uint16_t value) {
  libcbor_value(context, VN_CBOR_UINT, value);
}
static void libcbor_uint32(void *context, uint32_t value) {
  libcbor_value(context, VN_CBOR_UINT, value);
}
static void libcbor_uint64(void *context, uint64_t value) {
  libcbor_value(context, VN_CBOR_UINT, value);
}
static void libcbor_negative8(void *context, uint8_t value) {
  libcbor_value(context, VN_CBOR_NEGATIVE, value);
}
static void libcbor_negative16(void *context, uint16_t value) {
  libcbor_value(context, VN_CBOR_NEGATIVE, value);
}
static void libcbor_negative32(void *context, uint32_t value) {
  libcbor_value(context, VN_CBOR_NEGATIVE, value);
}
static void libcbor_negative64(void *context, uint64_t value) {
  libcbor_value(context, VN_CBOR_NEGATIVE, value);
}
static void libcbor_tag(void *context, uint64_t value) {
  libcbor_value(context, VN_CBOR_TAG, value);
}
static void libcbor_array(void *context, libcbor_size_t count) {
  libcbor_value(context, VN_CBOR_ARRAY, count);
}
static void libcbor_map(void *context, libcbor_size_t count) {
  libcbor_value(context, VN_CBOR_MAP, count);
}
static void libcbor_bool(void *context, bool value) {
  libcbor_value(context, VN_CBOR_BOOL, value ? 1u : 0u);
}
static void libcbor_null(void *context) { libcbor_value(context, VN_CBOR_NULL, 22u); }
static void libcbor_undefined(void *context) { libcbor_value(context, VN_CBOR_UNDEFINED, 23u); }
static void libcbor_break(void *context) { libcbor_value(context, VN_CBOR_BREAK, 0u); }

static void libcbor_indefinite_array(void *context) {
  ((vn_cbor_item_t *)context)->indefinite = true;
  libcbor_value(context, VN_CBOR_ARRAY, 0u);
}
static void libcbor_indefinite_map(void *context) {
  ((vn_cbor_item_t *)context)->indefinite = true;
  libcbor_value(context, VN_CBOR_MAP, 0u);
}

static void libcbor_string(void *context, vn_cbor_kind_t kind, vn_text_t text) {
  libcbor_value(context, kind, text.length);
  ((vn_cbor_item_t *)context)->text = text;
}
static void libcbor_bytes(void *context, cbor_data bytes, libcbor_size_t length) {
  libcbor_string(context, VN_CBOR_BYTES, (vn_text_t){(const char *)bytes, (size_t)length});
}
static void libcbor_text(void *context, cbor_data bytes, libcbor_size_t length) {
  libcbor_string(context, VN_CBOR_TEXT, (vn_text_t){(const char *)bytes, (size_t)length});
}

static void libcbor_double(void *context, double value) {
  vn_cbor_item_t *item = context;
  item->kind = VN_CBOR_FLOAT;
  item->float_value = value;
}
static void libcbor_float(void *context, float value) { libcbor_double(context, (double)value); }

/* The library calls without looking: every pointer is set. Indefinite strings never get there. */
static const struct cbor_callbacks libcbor_callbacks = {
    .uint8 = libcbor_uint8,
    .uint16 = libcbor_uint16,
    .uint32 = libcbor_uint32,
    .uint64 = libcbor_uint64,
    .negint64 = libcbor_negative64,
    .negint32 = libcbor_negative32,
    .negint16 = libcbor_negative16,
    .negint8 = libcbor_negative8,
    .byte_string_start = libcbor_break,
    .byte_string = libcbor_bytes,
    .string = libcbor_text,
    .string_start = libcbor_break,
    .indef_array_start = libcbor_indefinite_array,
    .array_start = libcbor_array,
    .indef_map_start = libcbor_indefinite_map,
    .map_start = libcbor_map,
    .tag = libcbor_tag,
    .float2 = libcbor_float,
    .float4 = libcbor_float,
    .float8 = libcbor_double,
    .undefined = libcbor_undefined,
    .null = libcbor_null,
    .boolean = libcbor_bool,
    .indef_break = libcbor_break,
};

/* Simple values without a meaning: 0.8.0 calls all of them errors. */
static vn_reason_t libcbor_guard_simple(const uint8_t *bytes, size_t length, vn_cbor_item_t *item,
                                        size_t *used) {
  bool two_bytes = bytes[0] == 0xF8u;
  if (two_bytes && (length < 2u || bytes[1] < 32u)) {
    return VN_REASON_CBOR;
  }
  libcbor_value(item, VN_CBOR_SIMPLE, two_bytes ? bytes[1] : bytes[0] & 0x1Fu);
  *used = two_bytes ? 2u : 1u;
  return VN_REASON_NONE;
}

/* A 4-byte length, where `required` of the library may wrap on 32 bits. */
static vn_reason_t libcbor_guard_length(const uint8_t *bytes, size_t length) {
  if (length < 5u) {
    return VN_REASON_CBOR;
  }
  uint32_t size = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
                  (uint32_t)bytes[4];
  return vn__cbor_check_size(true, size, length - 5u);
}

/*
 * What versions of the library disagree on, or what they do wrong with, is decided here. *used is
 * set when the item is taken; otherwise NONE means that the library may have it.
 */
static vn_reason_t libcbor_guard(const uint8_t *bytes, size_t length, vn_cbor_item_t *item,
                                 size_t *used) {
  uint8_t initial = bytes[0];
  if (vn__cbor_is_long(initial)) {
    return vn__cbor_refuse_long(bytes, length);
  }
  switch (initial) {
    case 0x5Fu:
    case 0x7Fu:
      return VN_REASON_CHUNKS;
    case 0x5Au:
    case 0x7Au:
      return libcbor_guard_length(bytes, length);
    case 0xF8u:
      return libcbor_guard_simple(bytes, length, item, used);
    default:
      break;
  }
  if (initial >= 0xE0u && initial < 0xF4u) {
    return libcbor_guard_simple(bytes, length, item, used);
  }
  if (initial >= 0xC0u && initial < 0xD8u) {
    libcbor_value(item, VN_CBOR_TAG, initial & 0x1Fu);
    *used = 1u;
  }
  return VN_REASON_NONE;
}

vn_reason_t VN__CBOR_CODEC(take)(const uint8_t *bytes, size_t length, vn_cbor_item_t *item,
                                 size_t *used) {
  VN_ASSERT(length > 0);
  *used = 0;
  item->indefinite = false;
  vn_reason_t reason = libcbor_guard(bytes, length, item, used);
  if (reason != VN_REASON_NONE || *used > 0) {
    return reason;
  }
  struct cbor_decoder_result result = cbor_stream_decode(bytes, length, &libcbor_callbacks, item);
  if (result.status != CBOR_DECODER_FINISHED) {
    return VN_REASON_CBOR;
  }
  VN_ASSERT(result.read > 0 && result.read <= length);
  *used = result.read;
  if (item->kind == VN_CBOR_ARRAY || item->kind == VN_CBOR_MAP) {
    return vn__cbor_check_size(false, item->unsigned_value, length - result.read);
  }
  return VN_REASON_NONE;
}
