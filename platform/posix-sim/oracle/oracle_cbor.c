#include "oracle_cbor.h"

#include <float.h>
#include <string.h>

enum { DEPTH_MAX = 16, TAG_BIGNUM = 2 };

static uint64_t spoil(vn__cbor_t *cbor) {
  cbor->bad = true;
  cbor->at = cbor->end;
  return 0;
}

static uint64_t big_endian(const uint8_t *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) {
    value = value << 8 | bytes[i];
  }
  return value;
}

unsigned vn__oracle_cbor_next(const vn__cbor_t *cbor) {
  return cbor->at == cbor->end ? VN__CBOR_OTHER : (unsigned)(*cbor->at >> 5);
}

/* The argument in 0, 1, 2, 4 or 8 bytes; *bytes says how many there were. */
static uint64_t argument(vn__cbor_t *cbor, size_t *bytes) {
  unsigned low = *cbor->at++ & 31u;
  *bytes = 0;
  if (low < 24) {
    return low;
  }
  *bytes = (size_t)1 << (low - 24);
  if (low > 27 || (size_t)(cbor->end - cbor->at) < *bytes) {
    return spoil(cbor);
  }
  uint64_t value = big_endian(cbor->at, *bytes);
  cbor->at += *bytes;
  return value;
}

static uint64_t long_head(vn__cbor_t *cbor, unsigned type) {
  static const uint64_t least[] = {0, 24, 0x100, 0, 0x10000, 0, 0, 0, UINT64_C(0x100000000)};
  size_t bytes;
  if (cbor->at == cbor->end || vn__oracle_cbor_next(cbor) != type) {
    return spoil(cbor);
  }
  uint64_t value = argument(cbor, &bytes);
  return cbor->bad || value < least[bytes] ? spoil(cbor) : value;
}

/* The head of an item of this type, with its argument in the fewest bytes: mostly none. */
static inline uint64_t head(vn__cbor_t *cbor, unsigned type) {
  uint64_t value = cbor->at == cbor->end ? 24 : *cbor->at ^ type << 5;
  if (value >= 24) {
    return long_head(cbor, type);
  }
  cbor->at++;
  return value;
}

uint64_t vn__oracle_cbor_unsigned(vn__cbor_t *cbor) { return head(cbor, VN__CBOR_UNSIGNED); }

int64_t vn__oracle_cbor_integer(vn__cbor_t *cbor) {
  bool negative = vn__oracle_cbor_next(cbor) == VN__CBOR_NEGATIVE;
  uint64_t value = head(cbor, negative ? VN__CBOR_NEGATIVE : VN__CBOR_UNSIGNED);
  if (value > INT64_MAX) {
    return (int64_t)spoil(cbor);
  }
  return negative ? -1 - (int64_t)value : (int64_t)value;
}

static vn__text_t string(vn__cbor_t *cbor, unsigned type) {
  uint64_t length = head(cbor, type);
  if (length > (uint64_t)(cbor->end - cbor->at)) {
    length = spoil(cbor);
  }
  vn__text_t text = {(const char *)cbor->at, (size_t)length};
  cbor->at += length;
  return text;
}

vn__text_t vn__oracle_cbor_text(vn__cbor_t *cbor) { return string(cbor, VN__CBOR_TEXT); }

/* Each item has at least a byte. */
static size_t container(vn__cbor_t *cbor, unsigned type) {
  uint64_t count = head(cbor, type);
  return (size_t)(count > (uint64_t)(cbor->end - cbor->at) ? spoil(cbor) : count);
}

size_t vn__oracle_cbor_array(vn__cbor_t *cbor) { return container(cbor, VN__CBOR_ARRAY); }

size_t vn__oracle_cbor_map(vn__cbor_t *cbor) { return container(cbor, VN__CBOR_MAP); }

void vn__oracle_cbor_wide(vn__cbor_t *cbor, uint64_t *high, uint64_t *low) {
  *high = 0;
  if (vn__oracle_cbor_next(cbor) != VN__CBOR_TAG) {
    *low = vn__oracle_cbor_unsigned(cbor);
    return;
  }
  uint64_t tag = head(cbor, VN__CBOR_TAG);
  vn__text_t bytes = string(cbor, VN__CBOR_BYTES);
  const uint8_t *at = (const uint8_t *)bytes.bytes;
  if (tag != TAG_BIGNUM || bytes.length <= 8 || bytes.length > 16 || *at == 0) {
    *low = spoil(cbor);
    return;
  }
  *high = big_endian(at, bytes.length - 8);
  *low = big_endian(at + bytes.length - 8, 8);
}

/* Sign, exponent and fraction of an IEEE number, put together by hand. */
static double ieee(uint64_t bits, unsigned exponent_bits, unsigned fraction_bits) {
  uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
  int exponent = (int)(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  int bias = (1 << (exponent_bits - 1)) - 1 + (int)fraction_bits;
  double value = (double)(fraction + (exponent > 0 ? UINT64_C(1) << fraction_bits : 0));
  exponent = (exponent > 0 ? exponent : 1) - bias;
  for (; exponent > 0; exponent--) {
    value *= 2;
  }
  for (; exponent < 0; exponent++) {
    value /= 2;
  }
  return bits >> (exponent_bits + fraction_bits) != 0 ? -value : value;
}

static double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* A half has 11 bits from 2^-24 on. */
static bool fits_half(double value) {
  double size = value < 0 ? -value : value;
  double unit = 0x1p-24;
  if (size > 65504) {
    return false;
  }
  while (size >= 2048 * unit) {
    unit *= 2;
  }
  return (double)(unsigned)(size / unit) == size / unit;
}

static bool fits_single(double value) {
  return value >= -FLT_MAX && value <= FLT_MAX && (double)(float)value == value;
}

double vn__oracle_cbor_float(vn__cbor_t *cbor) {
  size_t bytes;
  if (cbor->at == cbor->end || vn__oracle_cbor_next(cbor) != VN__CBOR_OTHER) {
    return (double)spoil(cbor);
  }
  uint64_t bits = argument(cbor, &bytes);
  double value = bytes == 2 ? ieee(bits, 5, 10) : bytes == 4 ? ieee(bits, 8, 23) : double_of(bits);
  bool longer = (bytes == 8 && fits_single(value)) || (bytes == 4 && fits_half(value));
  return bytes < 2 || longer ? (double)spoil(cbor) : value;
}

/* Reads the head of an item, and of a string its bytes; how many items are inside. */
static uint64_t items_of(vn__cbor_t *cbor) {
  unsigned type = vn__oracle_cbor_next(cbor);
  size_t bytes;
  switch (type) {
    case VN__CBOR_BYTES:
    case VN__CBOR_TEXT:
      (void)string(cbor, type);
      return 0;
    case VN__CBOR_ARRAY:
      return container(cbor, type);
    case VN__CBOR_MAP:
      return 2 * (uint64_t)container(cbor, type);
    case VN__CBOR_TAG:
      (void)head(cbor, type);
      return 1;
    case VN__CBOR_OTHER:
      (void)argument(cbor, &bytes);
      return 0;
    default:
      (void)head(cbor, type);
      return 0;
  }
}

static void skip(vn__cbor_t *cbor, unsigned depth) {
  if (depth == DEPTH_MAX || cbor->at == cbor->end) {
    (void)spoil(cbor);
    return;
  }
  for (uint64_t items = items_of(cbor); items > 0 && !cbor->bad; items--) {
    skip(cbor, depth + 1);
  }
}

void vn__oracle_cbor_skip(vn__cbor_t *cbor) { skip(cbor, 0); }

int64_t vn__oracle_cbor_key(vn__cbor_t *cbor, int64_t last) {
  uint64_t key = vn__oracle_cbor_unsigned(cbor);
  return key > INT32_MAX || (int64_t)key <= last ? (int64_t)spoil(cbor) : (int64_t)key;
}
