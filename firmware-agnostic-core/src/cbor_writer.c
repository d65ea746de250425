#include <string.h>

#include "cbor_codec_priv.h"
#include "vn/assert.h"
#include "vn/cbor.h"

#define HALF_NAN 0x7E00u
#define TAG_UNSIGNED_BIGNUM 2u

void vn_cbor_writer_init(vn_cbor_writer_t *writer, uint8_t *buffer, size_t capacity) {
  VN_ASSERT(buffer != NULL || capacity == 0);
  *writer = (vn_cbor_writer_t){buffer, capacity, 0, false};
}

void vn_cbor_raw(vn_cbor_writer_t *writer, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  VN_ASSERT(length <= SIZE_MAX - writer->length);
  /* After an overflow the length is beyond the capacity. */
  bool fits = writer->length <= writer->capacity && length <= writer->capacity - writer->length;
  if (fits && length > 0) {
    memcpy(&writer->buffer[writer->length], bytes, length);
  }
  /* Measuring is no overflow. */
  writer->overflow = !fits && writer->buffer != NULL;
  writer->length += length;
}

static void put_head(vn_cbor_writer_t *writer, vn__cbor_major_t major, uint64_t argument) {
  uint8_t head[VN__CBOR_HEAD_MAX];
  bool fits =
      writer->length <= writer->capacity && writer->capacity - writer->length >= sizeof head;
  if (fits) {
    writer->length += vn__cbor_put_head(major, argument, &writer->buffer[writer->length]);
    return;
  }
  vn_cbor_raw(writer, head, vn__cbor_put_head(major, argument, head));
}

void vn_cbor_uint(vn_cbor_writer_t *writer, uint64_t value) {
  put_head(writer, VN__CBOR_MAJOR_UINT, value);
}

void vn_cbor_int(vn_cbor_writer_t *writer, int64_t value) {
  if (value >= 0) {
    put_head(writer, VN__CBOR_MAJOR_UINT, (uint64_t)value);
  } else {
    put_head(writer, VN__CBOR_MAJOR_NEGATIVE, (uint64_t) - (value + 1));
  }
}

void vn_cbor_u128(vn_cbor_writer_t *writer, vn_u128_t value) {
  if (value.high == 0) {
    vn_cbor_uint(writer, value.low);
    return;
  }
  uint8_t bytes[16];
  for (unsigned i = 0; i < 8u; i++) {
    bytes[i] = (uint8_t)(value.high >> (56u - 8u * i));
    bytes[8u + i] = (uint8_t)(value.low >> (56u - 8u * i));
  }
  size_t zeros = 0;
  while (bytes[zeros] == 0) {
    zeros++;
  }
  vn_cbor_tag(writer, TAG_UNSIGNED_BIGNUM);
  vn_cbor_bytes(writer, &bytes[zeros], sizeof bytes - zeros);
}

void vn_cbor_text(vn_cbor_writer_t *writer, const char *bytes, size_t length) {
  put_head(writer, VN__CBOR_MAJOR_TEXT, length);
  vn_cbor_raw(writer, (const uint8_t *)bytes, length);
}

void vn_cbor_bytes(vn_cbor_writer_t *writer, const uint8_t *bytes, size_t length) {
  put_head(writer, VN__CBOR_MAJOR_BYTES, length);
  vn_cbor_raw(writer, bytes, length);
}

void vn_cbor_array(vn_cbor_writer_t *writer, size_t items) {
  put_head(writer, VN__CBOR_MAJOR_ARRAY, items);
}

void vn_cbor_map(vn_cbor_writer_t *writer, size_t pairs) {
  put_head(writer, VN__CBOR_MAJOR_MAP, pairs);
}

void vn_cbor_bool(vn_cbor_writer_t *writer, bool value) {
  put_head(writer, VN__CBOR_MAJOR_SIMPLE, value ? 21u : 20u);
}

void vn_cbor_null(vn_cbor_writer_t *writer) { put_head(writer, VN__CBOR_MAJOR_SIMPLE, 22u); }

void vn_cbor_tag(vn_cbor_writer_t *writer, uint64_t tag) {
  put_head(writer, VN__CBOR_MAJOR_TAG, tag);
}

/* A narrower binary format of IEEE 754 with room for `fraction_bits` behind the point. */
typedef struct float_format {
  int exponent_max; /* of normal numbers; also the bias */
  unsigned fraction_bits;
  unsigned total_bits;
} float_format_t;

/*
 * True when a finite double, given as its bits and not zero, is a value of `format`, whose bits are
 * then in *narrow. Only bits move: nothing rounds.
 */
static bool narrow_bits(uint64_t bits, float_format_t format, uint64_t *narrow) {
  int exponent = (int)((bits >> 52) & 0x7FFu) - 1023;
  uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1u);
  int exponent_min = 1 - format.exponent_max;
  unsigned dropped = 52u - format.fraction_bits;
  int biased = exponent + format.exponent_max;
  if (exponent > format.exponent_max || exponent < exponent_min - (int)format.fraction_bits) {
    return false;
  }
  if (exponent < exponent_min) {
    /* Subnormal there: the leading 1 becomes part of the fraction. */
    fraction |= UINT64_C(1) << 52;
    dropped += (unsigned)(exponent_min - exponent);
    biased = 0;
  }
  if ((fraction & ((UINT64_C(1) << dropped) - 1u)) != 0) {
    return false;
  }
  *narrow = (bits >> 63) << (format.total_bits - 1u) | (uint64_t)biased << format.fraction_bits |
            fraction >> dropped;
  return true;
}

void vn_cbor_float(vn_cbor_writer_t *writer, double value) {
  static const float_format_t half = {15, 10, 16};
  static const float_format_t single = {127, 23, 32};
  uint8_t out[VN__CBOR_HEAD_MAX];
  uint64_t bits;
  uint64_t narrow = 0;
  unsigned size = 2u;
  memcpy(&bits, &value, sizeof bits);
  uint64_t magnitude = bits & (UINT64_MAX >> 1);
  uint64_t infinity = UINT64_C(0x7FF) << 52;
  if (magnitude > infinity) {
    narrow = HALF_NAN;
  } else if (magnitude == infinity) {
    narrow = 0x7C00u | (bits >> 63) << 15;
  } else if (magnitude != 0 && !narrow_bits(bits, half, &narrow)) {
    size = narrow_bits(bits, single, &narrow) ? 4u : 8u;
    narrow = size == 4u ? narrow : bits;
  }
  vn_cbor_raw(writer, out, vn__cbor_put_float(size, narrow, out));
}
