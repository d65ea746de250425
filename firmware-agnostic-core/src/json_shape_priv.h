/*
 * The shape of a batch's items. Senders write the items of an array with one format string: the
 * text between the values is the same in each. An item that repeats it needs no tokens, keys and
 * paths, only a comparison and its values. Whatever differs goes the ordinary way.
 */
#ifndef VN_JSON_SHAPE_PRIV_H
#define VN_JSON_SHAPE_PRIV_H

#include "fields_priv.h"

#define VN__SLOTS_MAX 8u

/* A value: the text [literal, value) of the payload stands in front of it. */
typedef struct vn__slot {
  uint64_t paths; /* whose value it is */
  uint32_t literal;
  uint32_t value;
} vn__slot_t;

typedef struct vn__shape {
  vn__slot_t slots[VN__SLOTS_MAX];
  uint32_t last_end; /* of the item's last value so far, or of the item before */
  uint32_t item_end; /* of the last item; 0: there was none */
  uint8_t count;
  bool usable;
} vn__shape_t;

void vn__shape_init(vn__shape_t *shape);

/* What the ordinary way sees: an item that is a container begins; a scalar or the begin of a
 * container inside it, with the paths that end there; the item ends. */
void vn__shape_begin(vn__shape_t *shape);
void vn__shape_scalar(vn__shape_t *shape, uint64_t paths, uint32_t start, size_t end);
void vn__shape_container(vn__shape_t *shape, uint64_t paths);
void vn__shape_end(vn__shape_t *shape, size_t end);

/* Delivers the items that follow as long as they repeat the shape; returns where they end. */
size_t vn__shape_repeat(vn__shape_t *shape, vn__fields_t *fields);

#endif
