/* The shape of a plan with its names, for people and for C. */
#include "compile_priv.h"

#include <string.h>

#define ONE(type, kind, member) #member,
#define MANY(type, kind, member, entries, row) #member,
#define PART(type, shape, member) #member,
#define LIST(type, shape, member, counter) #member,

#define NAMES(shape, type) \
  static const char *const names_of_##shape[] = {VN_SHAPE_##shape(ONE, MANY, PART, LIST)};
VN_SHAPE_LIST(NAMES)

typedef struct words {
  const char *type;
  const char *const *members;
} words_t;

#define WORDS(shape, type) {#type, names_of_##shape},
static const words_t words[] = {VN_SHAPE_LIST(WORDS)};

const char *vn__member_name(vn_shape_id_t shape, uint8_t member) {
  VN_ASSERT(shape < VN_SHAPE_ID_WORDS && member < vn_shape(shape)->member_count);
  return words[shape].members[member];
}

const char *vn__shape_type(vn_shape_id_t shape) {
  return shape == VN_SHAPE_ID_WORDS ? "char *const" : words[shape].type;
}

vn__list_t vn__list_of(const void *base, const vn_shape_member_t *member) {
  vn__list_t list = {.count = *((const uint8_t *)base + member->counted_by)};
  bool words_only = member->shape == VN_SHAPE_ID_WORDS;
  list.size = words_only ? sizeof(const char *) : vn_shape((vn_shape_id_t)member->shape)->size;
  memcpy(&list.entries, vn__member_at(base, member), sizeof list.entries);
  list.count = list.entries == NULL ? 0 : list.count;
  return list;
}

#define WIDEN(type, at, value)          \
  do {                                  \
    type narrow;                        \
    memcpy(&narrow, at, sizeof narrow); \
    (value) = (uint64_t)narrow;         \
  } while (false)

uint64_t vn__integer_at(const void *at, vn_shape_kind_t kind, bool *is_negative) {
  uint64_t value = 0;
  bool is_signed = false;
  switch (kind) {
    case VN_SHAPE_KIND_U8:
    case VN_SHAPE_KIND_COUNT:
      WIDEN(uint8_t, at, value);
      break;
    case VN_SHAPE_KIND_BOOL:
      WIDEN(bool, at, value);
      break;
    case VN_SHAPE_KIND_U16:
      WIDEN(uint16_t, at, value);
      break;
    case VN_SHAPE_KIND_U32:
      WIDEN(uint32_t, at, value);
      break;
    case VN_SHAPE_KIND_U64:
      WIDEN(uint64_t, at, value);
      break;
    case VN_SHAPE_KIND_I8:
      WIDEN(int8_t, at, value);
      is_signed = true;
      break;
    case VN_SHAPE_KIND_I32:
      WIDEN(int32_t, at, value);
      is_signed = true;
      break;
    default:
      VN_ASSERT(kind == VN_SHAPE_KIND_I64);
      WIDEN(int64_t, at, value);
      is_signed = true;
      break;
  }
  *is_negative = is_signed && value > INT64_MAX;
  return value;
}
