#include "json_shape_priv.h"

#include <string.h>

#include "json_priv.h"

void vn__shape_init(vn__shape_t *shape) {
  shape->count = 0;
  shape->item_end = 0;
  shape->last_end = 0;
  shape->usable = false;
}

void vn__shape_begin(vn__shape_t *shape) {
  shape->count = 0;
  shape->last_end = shape->item_end;
  shape->usable = shape->item_end != 0; /* the comma in front belongs to the shape */
}

void vn__shape_scalar(vn__shape_t *shape, uint64_t paths, uint32_t start, size_t end) {
  if (shape->count == VN__SLOTS_MAX) {
    shape->usable = false;
    return;
  }
  shape->slots[shape->count++] = (vn__slot_t){paths, shape->last_end, start};
  shape->last_end = (uint32_t)end;
}

void vn__shape_container(vn__shape_t *shape, uint64_t paths) {
  if (paths != 0) {
    shape->usable = false; /* its place would have to be noted, too */
  }
}

void vn__shape_end(vn__shape_t *shape, size_t end) { shape->item_end = (uint32_t)end; }

/* The place behind a repetition of `literal` at `at`, or NULL. */
static const uint8_t *match(const uint8_t *at, const uint8_t *end, const uint8_t *literal,
                            size_t length) {
  return (size_t)(end - at) >= length && memcmp(at, literal, length) == 0 ? at + length : NULL;
}

/* Notes the places of one item's values; returns its end, or NULL when it has another shape. */
static const uint8_t *match_item(const vn__shape_t *shape, vn__fields_t *fields,
                                 const uint8_t *at) {
  const uint8_t *bytes = fields->decode->payload;
  const uint8_t *end = bytes + fields->decode->length;
  vn__fields_item_begin(fields);
  for (unsigned i = 0; i < shape->count; i++) {
    const vn__slot_t *slot = &shape->slots[i];
    at = match(at, end, bytes + slot->literal, slot->value - slot->literal);
    if (at == NULL) {
      return NULL;
    }
    vn__fields_place(fields, slot->paths, (uint32_t)(at - bytes));
    at = vn__json_simple_value(at, end);
    if (at == NULL) {
      return NULL;
    }
  }
  /* The text behind the last value starts with what may follow a value. */
  return match(at, end, bytes + shape->last_end, shape->item_end - shape->last_end);
}

size_t vn__shape_repeat(vn__shape_t *shape, vn__fields_t *fields) {
  const uint8_t *bytes = fields->decode->payload;
  const uint8_t *at = bytes + shape->item_end;
  const uint8_t *next = shape->usable ? match_item(shape, fields, at) : NULL;
  while (next != NULL) {
    vn__fields_item_end(fields);
    at = next;
    next = match_item(shape, fields, at);
  }
  shape->item_end = (uint32_t)(at - bytes);
  return (size_t)(at - bytes);
}
