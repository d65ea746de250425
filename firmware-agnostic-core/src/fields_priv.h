/*
 * Field paths over a stream of events, the same for JSON and CBOR.
 *
 * The unit of delivery is an element: a message of the batch, or what the last [*] of a path opens.
 * While an element is read only the places of its values are noted (so the last of duplicate keys
 * wins); at its end the values are read there and delivered with the element's time and sequence.
 */
#ifndef VN_FIELDS_PRIV_H
#define VN_FIELDS_PRIV_H

#include "payload_priv.h"

/* The input's fields in their order, then the time's and the sequence's path if there are any. */
#define VN__PATHS_MAX (VN_FIELDS_MAX + 2u)
#define VN__NO_PATH UINT8_MAX

typedef enum vn__value_kind {
  VN__VALUE_NUMBER, /* number */
  VN__VALUE_BOOL,   /* number: 0 or 1 */
  VN__VALUE_TEXT,   /* text */
  VN__VALUE_NULL,
  VN__VALUE_NAN,
  VN__VALUE_INF,
  VN__VALUE_OTHER
} vn__value_kind_t;

/* A value as the payload has it. The text is a view into the payload or into `unescaped`. */
typedef struct vn__value {
  vn_number_t number;
  vn_text_t text;
  char unescaped[64];
  uint8_t kind; /* vn__value_kind_t */
} vn__value_t;

/* Reads the value at payload[offset], which the format's reader has found well-formed. */
typedef void (*vn__read_fn)(const vn__decode_t *decode, uint32_t offset, vn__value_t *out);

/*
 * The matcher. A value at depth d has been reached by d segments; `sets` holds, per open container,
 * the paths that lead to or through it (bit i = path i).
 */
typedef struct vn__fields {
  const vn__decode_t *decode;
  vn__read_fn read;
  uint64_t all;     /* the paths there are */
  uint64_t enabled; /* those that are looked for now */
  uint64_t child;   /* those that the last key continues */
  uint64_t sets[VN_PATH_SEGMENTS_MAX + 1u];
  uint32_t next_index[VN_PATH_SEGMENTS_MAX + 1u];
  uint32_t offsets[VN__PATHS_MAX];
  uint8_t element_depths[VN__PATHS_MAX]; /* depth of the element that a path's value belongs to */
  uint8_t lengths[VN__PATHS_MAX];        /* segments */
  uint32_t skipped;                      /* open containers that no path enters */
  uint32_t arrays;                       /* bit per depth: the container is an array */
  uint8_t open; /* open containers, without a batch's array and the skipped ones */
  uint8_t path_count;
  uint8_t time_path;     /* its number; VN__NO_PATH without one */
  uint8_t sequence_path; /* the same */
  uint8_t deepest_element;
  bool texts_are_numbers; /* "21.37" is a number (JSON only) */
  bool batch;             /* a top-level array is a batch */
  bool in_batch;
  bool ahead; /* only time and sequence are looked for, nothing is delivered */
} vn__fields_t;

void vn__fields_init(vn__fields_t *fields, const vn__decode_t *decode, vn__read_fn read);

/*
 * Events, in the order of the payload. Keys belong to the next value; `escaped`: JSON's escapes are
 * in it. Values return the paths that they are the values of.
 */
void vn__fields_key(vn__fields_t *fields, vn_text_t key, bool escaped);
void vn__fields_other_key(vn__fields_t *fields); /* one that no path can name */
uint64_t vn__fields_scalar(vn__fields_t *fields, uint32_t offset);
uint64_t vn__fields_begin(vn__fields_t *fields, bool array, uint32_t offset);
void vn__fields_end(vn__fields_t *fields);

/*
 * The same for an item of a batch that is known without events: begin, the places of its values,
 * end. For inputs without [*] only.
 */
void vn__fields_item_begin(vn__fields_t *fields);
void vn__fields_item_end(vn__fields_t *fields);

static inline void vn__fields_place(vn__fields_t *fields, uint64_t paths, uint32_t offset) {
  for (unsigned path = 0; paths != 0; path++, paths >>= 1) {
    if ((paths & 1u) != 0) {
      fields->offsets[path] = offset;
    }
  }
}

/*
 * True when the container just begun is an element whose time or sequence belongs to elements
 * inside it: they may stand behind them, so the caller reads ahead to the container's end, feeding
 * the same events between these two calls, and then once more.
 */
bool vn__fields_wants_ahead(const vn__fields_t *fields);
void vn__fields_ahead_begin(vn__fields_t *fields);
void vn__fields_ahead_end(vn__fields_t *fields, uint8_t open);

/* The reading's value, or the reason why there is none; missing_of NULL: no sentinel. */
vn_reason_t vn__value_reading(const vn__value_t *value, bool texts_are_numbers, vn_number_t *out);

/* A time in the input's unit. */
vn_reason_t vn__value_time(const vn__value_t *value, uint8_t unit, vn_time_ms_t *out);

/* A sequence number: an integer from 0 on, modulo 2^32; false when the value is none. */
bool vn__value_sequence(const vn__value_t *value, uint32_t *out);

/* True when the two numbers are equal; a decimal and a binary when the double nearest to it is. */
bool vn__same_number(const vn_number_t *a, const vn_number_t *b);

#endif
