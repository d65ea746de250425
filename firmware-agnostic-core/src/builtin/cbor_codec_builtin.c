#include <string.h>

#include "../cbor_codec_priv.h"
#include "vn/assert.h"

static void builtin_put_big_endian(uint64_t value, unsigned size, uint8_t *out) {
  for (unsigned i = size; i > 0; i--) {
    out[i - 1u] = (uint8_t)value;
    value >>= 8;
  }
}

static uint32_t builtin_get_32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t builtin_get_big_endian(const uint8_t *bytes, unsigned size) {
  switch (size) {
    case 1u:
      return bytes[0];
    case 2u:
      return (uint64_t)bytes[0] << 8 | bytes[1];
    case 4u:
      return builtin_get_32(bytes);
    default:
      return (uint64_t)builtin_get_32(bytes) << 32 | builtin_get_32(&bytes[4]);
  }
}

size_t VN__CBOR_CODEC(put_head)(vn__cbor_major_t major, uint64_t argument,
                                uint8_t out[VN__CBOR_HEAD_MAX]) {
  VN_ASSERT(major <= VN__CBOR_MAJOR_SIMPLE);
  uint8_t high = (uint8_t)((unsigned)major << 5);
  if (argument < 24u) {
    out[0] = (uint8_t)(high | argument);
    return 1u;
  }
  VN_ASSERT(major != VN__CBOR_MAJOR_SIMPLE);
  unsigned power = argument <= UINT8_MAX    ? 0u
                   : argument <= UINT16_MAX ? 1u
                   : argument <= UINT32_MAX ? 2u
                                            : 3u;
  out[0] = (uint8_t)(high | (24u + power));
  builtin_put_big_endian(argument, 1u << power, &out[1]);
  return 1u + (1u << power);
}

size_t VN__CBOR_CODEC(put_float)(unsigned size, uint64_t bits, uint8_t out[VN__CBOR_HEAD_MAX]) {
  VN_ASSERT(size == 2u || size == 4u || size == 8u);
  out[0] = size == 2u ? 0xF9u : size == 4u ? 0xFAu : 0xFBu;
  builtin_put_big_endian(bits, size, &out[1]);
  return 1u + size;
}

/* Every half is a double: only the exponent's bias and the field widths differ. */
static double builtin_half_to_double(unsigned half) {
  uint64_t sign = (uint64_t)(half >> 15) << 63;
  unsigned exponent = (half >> 10) & 0x1Fu;
  uint64_t fraction = half & 0x3FFu;
  double value;
  if (exponent == 0) {
    value = (double)fraction * 0x1p-24;
    return sign != 0 ? -value : value;
  }
  uint64_t wide = exponent == 0x1Fu ? 0x7FFu : exponent + (1023u - 15u);
  uint64_t bits = sign | (wide << 52) | (fraction << 42);
  memcpy(&value, &bits, sizeof value);
  return value;
}

static vn_reason_t builtin_take_float(unsigned info, uint64_t argument, vn_cbor_item_t *item) {
  item->kind = VN_CBOR_FLOAT;
  if (info == 25u) {
    item->float_value = builtin_half_to_double((unsigned)argument);
  } else if (info == 26u) {
    uint32_t bits = (uint32_t)argument;
    float single;
    memcpy(&single, &bits, sizeof single);
    item->float_value = (double)single;
  } else {
    memcpy(&item->float_value, &argument, sizeof argument);
  }
  return VN_REASON_NONE;
}

static vn_reason_t builtin_take_simple(unsigned info, uint64_t argument, vn_cbor_item_t *item) {
  if (info > 24u) {
    return builtin_take_float(info, argument, item);
  }
  if (info == 24u && argument < 32u) {
    return VN_REASON_CBOR;
  }
  item->unsigned_value = argument;
  switch (argument) {
    case 20u:
    case 21u:
      item->kind = VN_CBOR_BOOL;
      item->unsigned_value = argument - 20u;
      break;
    case 22u:
      item->kind = VN_CBOR_NULL;
      break;
    case 23u:
      item->kind = VN_CBOR_UNDEFINED;
      break;
    default:
      item->kind = VN_CBOR_SIMPLE;
      break;
  }
  return VN_REASON_NONE;
}

/* Additional information 28 to 31. */
static vn_reason_t builtin_take_special(uint8_t initial, vn_cbor_item_t *item) {
  item->unsigned_value = 0;
  item->indefinite = true;
  switch (initial) {
    case 0x5Fu:
    case 0x7Fu:
      return VN_REASON_CHUNKS;
    case 0x9Fu:
      item->kind = VN_CBOR_ARRAY;
      return VN_REASON_NONE;
    case 0xBFu:
      item->kind = VN_CBOR_MAP;
      return VN_REASON_NONE;
    case 0xFFu:
      item->kind = VN_CBOR_BREAK;
      item->indefinite = false;
      return VN_REASON_NONE;
    default:
      return VN_REASON_CBOR;
  }
}

/* Arrays, maps and strings: *used is the head's length and grows by the string's. */
static vn_reason_t builtin_take_sized(const uint8_t *bytes, size_t length, vn_cbor_item_t *item,
                                      size_t *used) {
  bool is_string = bytes[0] < 0x80u;
  size_t left = length - *used;
  vn_reason_t reason = vn__cbor_check_size(is_string, item->unsigned_value, left);
  if (reason == VN_REASON_NONE && is_string) {
    item->text.bytes = (const char *)&bytes[*used];
    item->text.length = (size_t)item->unsigned_value;
    *used += item->text.length;
  }
  return reason;
}

vn_reason_t VN__CBOR_CODEC(take)(const uint8_t *bytes, size_t length, vn_cbor_item_t *item,
                                 size_t *used) {
  VN_ASSERT(length > 0);
  /* The public kinds of the first seven major types stand in the order of those types. */
  VN_STATIC_ASSERT((int)VN_CBOR_TAG == (int)VN__CBOR_MAJOR_TAG, "kinds follow major types");
  uint8_t initial = bytes[0];
  unsigned info = initial & 0x1Fu;
  unsigned major = initial >> 5;
  uint64_t argument = info;
  size_t head = 1u;
  item->indefinite = false;
  *used = 1u;
  if (info >= 24u) {
    if (info > 27u) {
      return builtin_take_special(initial, item);
    }
    if (vn__cbor_is_long(initial)) {
      return vn__cbor_refuse_long(bytes, length);
    }
    unsigned size = 1u << (info - 24u);
    if (length <= size) {
      return VN_REASON_CBOR;
    }
    argument = builtin_get_big_endian(&bytes[1], size);
    head += size;
    *used = head;
  }
  item->kind = (uint8_t)major;
  item->unsigned_value = argument;
  if (major - VN__CBOR_MAJOR_BYTES <= VN__CBOR_MAJOR_MAP - VN__CBOR_MAJOR_BYTES) {
    return builtin_take_sized(bytes, length, item, used);
  }
  return major == VN__CBOR_MAJOR_SIMPLE ? builtin_take_simple(info, argument, item)
                                        : VN_REASON_NONE;
}
