/* Packing of state into bytes. */
#include "pack_priv.h"

#include "vn/assert.h"

#include <string.h>

static void put(vn__packer_t *packer, uint8_t byte) {
  if (packer->length < packer->capacity) {
    packer->bytes[packer->length] = byte;
  }
  packer->length++;
}

void vn__pack_unsigned(vn__packer_t *packer, uint64_t value) {
  VN_ASSERT(packer != NULL);
  for (; value > 0x7Fu; value >>= 7) {
    put(packer, (uint8_t)(value | 0x80u));
  }
  put(packer, (uint8_t)value);
}

void vn__pack_signed(vn__packer_t *packer, int64_t value) {
  uint64_t sign = value < 0 ? UINT64_MAX : 0;
  vn__pack_unsigned(packer, ((uint64_t)value << 1) ^ sign);
}

void vn__pack_bytes(vn__packer_t *packer, const void *bytes, size_t length) {
  VN_ASSERT(packer != NULL);
  if (packer->length <= packer->capacity && length <= packer->capacity - packer->length &&
      length > 0) {
    memcpy(packer->bytes + packer->length, bytes, length);
  }
  packer->length += length;
}

void vn__pack_word(vn__packer_t *packer, const char *word, size_t longest) {
  size_t length = strlen(word);
  if (length > longest) {
    word = "";
    length = 0;
  }
  vn__pack_unsigned(packer, length + 1u);
  vn__pack_bytes(packer, word, length + 1u);
}

void vn__pack_length(vn__packer_t *packer, size_t at) {
  VN_ASSERT(packer != NULL && at <= packer->length);
  uint8_t head[VN__PACK_U64_MAX];
  vn__packer_t length = {head, sizeof head, 0};
  vn__pack_unsigned(&length, packer->length - at);
  size_t end = packer->length + length.length;
  if (end <= packer->capacity) {
    memmove(packer->bytes + at + length.length, packer->bytes + at, packer->length - at);
    memcpy(packer->bytes + at, head, length.length);
  }
  packer->length = end;
}

uint64_t vn__unpack_unsigned(vn__unpacker_t *unpacker, uint64_t highest) {
  VN_ASSERT(unpacker != NULL);
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !unpacker->failed; shift += 7) {
    if (unpacker->position >= unpacker->length) {
      break;
    }
    uint8_t byte = unpacker->bytes[unpacker->position++];
    uint64_t part = byte & 0x7Fu;
    if (shift == 63 && part > 1) {
      break;
    }
    value |= part << shift;
    if ((byte & 0x80u) == 0) {
      unpacker->failed = value > highest;
      return unpacker->failed ? 0 : value;
    }
  }
  unpacker->failed = true;
  return 0;
}

int64_t vn__unpack_signed(vn__unpacker_t *unpacker) {
  uint64_t raw = vn__unpack_unsigned(unpacker, UINT64_MAX);
  uint64_t sign = (raw & 1u) != 0 ? UINT64_MAX : 0;
  return (int64_t)((raw >> 1) ^ sign);
}

int32_t vn__unpack_i32(vn__unpacker_t *unpacker) {
  int64_t value = vn__unpack_signed(unpacker);
  if (value < INT32_MIN || value > INT32_MAX) {
    unpacker->failed = true;
    return 0;
  }
  return (int32_t)value;
}

const char *vn__unpack_word(vn__unpacker_t *unpacker, size_t longest) {
  size_t length = (size_t)vn__unpack_unsigned(unpacker, longest + 1u);
  const char *word = (const char *)unpacker->bytes + unpacker->position;
  if (unpacker->failed || length == 0 || length > unpacker->length - unpacker->position ||
      word[length - 1u] != '\0' || strlen(word) != length - 1u) {
    unpacker->failed = true;
    return "";
  }
  unpacker->position += length;
  return word;
}

void vn__unpack_bytes(vn__unpacker_t *unpacker, void *bytes, size_t length) {
  VN_ASSERT(unpacker != NULL);
  if (unpacker->failed || length > unpacker->length - unpacker->position) {
    unpacker->failed = true;
    memset(bytes, 0, length);
    return;
  }
  memcpy(bytes, unpacker->bytes + unpacker->position, length);
  unpacker->position += length;
}
