/* Series table: name -> number, open addressing with linear probing, fixed capacity. */
#ifndef VN_SERIES_H
#define VN_SERIES_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/topic.h"

#define VN_SERIES_NONE UINT32_MAX

/* No series stands this many buckets behind its own: the cost of a search has a bound even for
 * names made to collide. */
#define VN_SERIES_PROBES_MAX 32u

/* A bucket: hash and number + 1 (0: empty). */
typedef struct vn_series_bucket {
  uint32_t hash;
  uint32_t number_plus_1;
} vn_series_bucket_t;

/* Names are compared byte by byte; equal hashes never merge two series. */
typedef struct vn_series_table {
  vn_series_bucket_t *buckets; /* bucket_count, a power of two >= capacity / 0.7 */
  char *names;                 /* capacity * name_max bytes */
  uint8_t *name_lengths;       /* capacity; 0: free */
  uint32_t bucket_count;
  uint32_t capacity;
  uint32_t count;
  uint32_t next_free; /* where the search for a free number starts */
  uint16_t name_max;  /* 1..255 */
} vn_series_table_t;

/* Buckets for `capacity` series: the power of two at load <= 0.7. capacity <= 2^30. */
uint32_t vn_series_buckets_for(uint32_t capacity);

/*
 * Empties the table; the caller has set the pointers, bucket_count, capacity and name_max. The
 * names' memory is not touched: pages of it that no series uses cost nothing.
 */
void vn_series_init(vn_series_table_t *table);

uint32_t vn_series_hash(vn_text_t name);

/* Whether a series has this name; false for a number that is free or not there. */
bool vn_series_has_name(const vn_series_table_t *table, uint32_t number, vn_text_t name);

/* The number of a name, or VN_SERIES_NONE. */
uint32_t vn_series_find(const vn_series_table_t *table, vn_text_t name, uint32_t hash);

/*
 * Adds a name (not empty) that is not there, under the lowest free number; `hash` is its
 * vn_series_hash. VN_ERR_FULL: no free number, or VN_SERIES_PROBES_MAX names collide;
 * VN_ERR_TOO_BIG: name_max exceeded.
 */
VN_NODISCARD vn_err_t vn_series_add(vn_series_table_t *table, vn_text_t name, uint32_t hash,
                                    uint32_t *number);

/*
 * Puts a name (not empty) that is not there at a given free number (restoring a checkpoint).
 * VN_ERR_ARGUMENT: taken or too high; the other errors as above. A set of names that fitted once
 * fits in any order into a table with as many buckets.
 */
VN_NODISCARD vn_err_t vn_series_put(vn_series_table_t *table, vn_text_t name, uint32_t number);

/* Frees a number; backward-shift deletion, no tombstones. */
void vn_series_remove(vn_series_table_t *table, uint32_t number);

static inline vn_text_t vn_series_name(const vn_series_table_t *table, uint32_t number) {
  vn_text_t name = {table->names + (size_t)number * table->name_max, table->name_lengths[number]};
  return name;
}

#endif
