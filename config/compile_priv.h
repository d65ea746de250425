/* What the ways of compiling a plan share. */
#ifndef VN_COMPILE_PRIV_H
#define VN_COMPILE_PRIV_H

#include "compile.h"
#include "vn/plan_shape.h"

/* The name of a struct's member, and of its type; static storage. */
const char *vn__member_name(vn_shape_id_t shape, uint8_t member);
const char *vn__shape_type(vn_shape_id_t shape);

/* Where a member of a struct lies. */
static inline const void *vn__member_at(const void *base, const vn_shape_member_t *member) {
  return (const uint8_t *)base + member->offset;
}

/* The entries of a list; those of WORDS are `const char *`. */
typedef struct vn__list {
  const uint8_t *entries;
  size_t size; /* of each */
  uint8_t count;
} vn__list_t;

vn__list_t vn__list_of(const void *base, const vn_shape_member_t *member);

/* An integer of any kind as 64 bits; *is_negative tells how to read them. */
uint64_t vn__integer_at(const void *at, vn_shape_kind_t kind, bool *is_negative);

#endif
