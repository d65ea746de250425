/* Packing of state into bytes: variable-length integers with a sticky error, both ways. */
#ifndef VN_PACK_PRIV_H
#define VN_PACK_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest encodings: LEB128 of 32 and 64 bits. */
#define VN__PACK_U32_MAX 5u
#define VN__PACK_U64_MAX 10u

/* `length` keeps counting past the capacity; nothing is written there. */
typedef struct vn__packer {
  uint8_t *bytes;
  size_t capacity;
  size_t length;
} vn__packer_t;

/* `failed` stays set; what is read afterwards is 0. */
typedef struct vn__unpacker {
  const uint8_t *bytes;
  size_t length;
  size_t position;
  bool failed;
} vn__unpacker_t;

void vn__pack_unsigned(vn__packer_t *packer, uint64_t value);
void vn__pack_signed(vn__packer_t *packer, int64_t value); /* zigzag: small magnitudes are short */
void vn__pack_bytes(vn__packer_t *packer, const void *bytes, size_t length);
/* With its length in front and its end behind; one that is longer than `longest` is left out. */
void vn__pack_word(vn__packer_t *packer, const char *word, size_t longest);
#define VN__PACK_WORD_MAX(length) ((length) + 2u) /* of at most 126 bytes */
/* The length of what was packed from `at` on goes in front of it, which moves. */
void vn__pack_length(vn__packer_t *packer, size_t at);

uint64_t vn__unpack_unsigned(vn__unpacker_t *unpacker, uint64_t highest);
int64_t vn__unpack_signed(vn__unpacker_t *unpacker);
int32_t vn__unpack_i32(vn__unpacker_t *unpacker);
/* In place: its end is among the bytes. */
const char *vn__unpack_word(vn__unpacker_t *unpacker, size_t longest);
void vn__unpack_bytes(vn__unpacker_t *unpacker, void *bytes, size_t length);

#endif
