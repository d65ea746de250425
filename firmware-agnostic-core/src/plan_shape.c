/* The shape of a plan as tables. */
#include "vn/plan_shape.h"

#define ONE(type, kind, member) \
  {offsetof(type, member), 0, VN_SHAPE_KIND_##kind, 1, 1, VN_SHAPE_ID_NONE},
#define MANY(type, kind, member, entries, row) \
  {offsetof(type, member), 0, VN_SHAPE_KIND_##kind, entries, row, VN_SHAPE_ID_NONE},
#define PART(type, shape, member) \
  {offsetof(type, member), 0, VN_SHAPE_KIND_PART, 1, 1, VN_SHAPE_ID_##shape},
#define LIST(type, shape, member, counter) \
  {offsetof(type, member), offsetof(type, counter), VN_SHAPE_KIND_LIST, 1, 1, VN_SHAPE_ID_##shape},

#define MEMBERS(shape, type) \
  static const vn_shape_member_t members_of_##shape[] = {VN_SHAPE_##shape(ONE, MANY, PART, LIST)};
VN_SHAPE_LIST(MEMBERS)

#define SHAPE(shape, type) \
  {members_of_##shape, sizeof(type), sizeof members_of_##shape / sizeof(vn_shape_member_t)},
static const vn_shape_t shapes[] = {VN_SHAPE_LIST(SHAPE)};

const vn_shape_t *vn_shape(vn_shape_id_t shape) {
  VN_ASSERT(shape < VN_SHAPE_ID_WORDS);
  return &shapes[shape];
}

size_t vn_shape_kind_size(vn_shape_kind_t kind) {
  static const uint16_t sizes[] = {
      [VN_SHAPE_KIND_U8] = sizeof(uint8_t),
      [VN_SHAPE_KIND_U16] = sizeof(uint16_t),
      [VN_SHAPE_KIND_U32] = sizeof(uint32_t),
      [VN_SHAPE_KIND_U64] = sizeof(uint64_t),
      [VN_SHAPE_KIND_I8] = sizeof(int8_t),
      [VN_SHAPE_KIND_I32] = sizeof(int32_t),
      [VN_SHAPE_KIND_I64] = sizeof(int64_t),
      [VN_SHAPE_KIND_BOOL] = sizeof(bool),
      [VN_SHAPE_KIND_REAL] = sizeof(double),
      [VN_SHAPE_KIND_COUNT] = sizeof(uint8_t),
      [VN_SHAPE_KIND_WORD] = sizeof(const char *),
      [VN_SHAPE_KIND_TEXT] = sizeof(vn_text_t),
      [VN_SHAPE_KIND_PATTERN] = sizeof(vn_pattern_t),
      [VN_SHAPE_KIND_TEMPLATE] = sizeof(vn_template_t),
      [VN_SHAPE_KIND_PATH] = sizeof(vn_path_t),
  };
  VN_ASSERT(kind < VN_SHAPE_KIND_PART);
  return sizes[kind];
}
