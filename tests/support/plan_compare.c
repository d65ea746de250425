#include "plan_compare.h"

#include <stdio.h>
#include <string.h>

#include "vn/plan_shape.h"

static bool same_text(vn_text_t a, vn_text_t b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static bool same_word(const void *a, const void *b) {
  const char *left, *right;
  memcpy(&left, a, sizeof left);
  memcpy(&right, b, sizeof right);
  return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static bool same_pattern(const vn_pattern_t *a, const vn_pattern_t *b) {
  bool same = same_text(a->text, b->text) && a->capture_count == b->capture_count;
  for (unsigned i = 0; same && i < a->capture_count; i++) {
    same = same_text(a->captures[i], b->captures[i]);
  }
  return same;
}

static bool same_template(const vn_template_t *a, const vn_template_t *b) {
  bool same = a->part_count == b->part_count;
  for (unsigned i = 0; same && i < a->part_count; i++) {
    same = a->parts[i].capture == b->parts[i].capture &&
           same_text(a->parts[i].literal, b->parts[i].literal);
  }
  return same;
}

static bool same_path(const vn_path_t *a, const vn_path_t *b) {
  bool same = a->segment_count == b->segment_count;
  for (unsigned i = 0; same && i < a->segment_count; i++) {
    const vn_path_segment_t *x = &a->segments[i], *y = &b->segments[i];
    same = x->kind == y->kind && x->index == y->index && same_text(x->key, y->key);
  }
  return same;
}

static bool same_one(const void *a, const void *b, vn_shape_kind_t kind) {
  switch (kind) {
    case VN_SHAPE_KIND_WORD:
      return same_word(a, b);
    case VN_SHAPE_KIND_TEXT:
      return same_text(*(const vn_text_t *)a, *(const vn_text_t *)b);
    case VN_SHAPE_KIND_PATTERN:
      return same_pattern(a, b);
    case VN_SHAPE_KIND_TEMPLATE:
      return same_template(a, b);
    case VN_SHAPE_KIND_PATH:
      return same_path(a, b);
    default:
      return memcmp(a, b, vn_shape_kind_size(kind)) == 0;
  }
}

static bool same_struct(const uint8_t *a, const uint8_t *b, vn_shape_id_t id);

static bool same_list(const uint8_t *a, const uint8_t *b, const vn_shape_member_t *member) {
  const uint8_t *left, *right;
  uint8_t count = a[member->counted_by];
  memcpy(&left, a + member->offset, sizeof left);
  memcpy(&right, b + member->offset, sizeof right);
  bool same = count == b[member->counted_by];
  bool words = member->shape == VN_SHAPE_ID_WORDS;
  if (words && (left == NULL || right == NULL)) {
    return same && left == right;
  }
  size_t size = words ? sizeof(char *) : vn_shape((vn_shape_id_t)member->shape)->size;
  for (unsigned i = 0; same && i < count; i++) {
    same = words ? same_word(left + i * size, right + i * size)
                 : same_struct(left + i * size, right + i * size, (vn_shape_id_t)member->shape);
  }
  return same;
}

static bool same_member(const uint8_t *a, const uint8_t *b, const vn_shape_member_t *member) {
  if (member->kind == VN_SHAPE_KIND_LIST) {
    return same_list(a, b, member);
  }
  a += member->offset;
  b += member->offset;
  if (member->kind == VN_SHAPE_KIND_PART) {
    return same_struct(a, b, (vn_shape_id_t)member->shape);
  }
  size_t size = vn_shape_kind_size((vn_shape_kind_t)member->kind);
  bool same = true;
  for (unsigned i = 0; same && i < member->entries; i++) {
    same = same_one(a + i * size, b + i * size, (vn_shape_kind_t)member->kind);
  }
  return same;
}

static bool same_struct(const uint8_t *a, const uint8_t *b, vn_shape_id_t id) {
  const vn_shape_t *shape = vn_shape(id);
  for (uint8_t i = 0; i < shape->member_count; i++) {
    if (!same_member(a, b, &shape->members[i])) {
      (void)fprintf(stderr, "plans differ: member %u of shape %u\n", (unsigned)i, (unsigned)id);
      return false;
    }
  }
  return true;
}

bool plan_same(const vn_plan_t *a, const vn_plan_t *b) {
  return same_struct((const uint8_t *)a, (const uint8_t *)b, VN_SHAPE_ID_PLAN);
}
