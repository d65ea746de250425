/* Maps with known keys, and one record of a summary message. */
#ifndef VN_DECODE_MAP_PRIV_H
#define VN_DECODE_MAP_PRIV_H

#include "decode_priv.h"

#define VN__KNOWN_MAX 64u

/* Where the values of a map's known keys lie; 0: absent (no value lies at the first byte). */
typedef struct vn__known {
  size_t at[VN__KNOWN_MAX];
} vn__known_t;

/* The text form of an integer key; NULL: there is no such key. */
typedef const char *(*vn__word_fn)(unsigned key);

/* The number of a key, integer or text; VN__KNOWN_MAX when it is none of ours. */
unsigned vn__known_number(const vn_cbor_item_t *key, vn__word_fn word);

/* Finds the known keys of the map at the reader. */
bool vn__known_scan(vn_cbor_reader_t reader, vn__word_fn word, vn__known_t *known,
                    vn__decode_problem_t *problem);

/* The value of a known key, when it is there and of this kind. */
bool vn__known_take(vn_cbor_reader_t reader, const vn__known_t *known, unsigned key,
                    vn_cbor_kind_t kind, vn_cbor_item_t *item);

/* A record and what it refers to. */
typedef struct vn__decode_record {
  vn_cbor_reader_t reader;    /* at its map */
  vn_cbor_reader_t pipelines; /* at the array */
  vn_text_t device;
  uint64_t boot, seq;
} vn__decode_record_t;

/* Renders a vn__decode_record_t as one JSON object. */
bool vn__decode_render_record(const void *subject, vn_json_writer_t *writer,
                              vn__decode_problem_t *problem);

#endif
