/* Ring of variable-length records: one producer, one consumer, no lock, never blocks. */
#ifndef VN_RING_H
#define VN_RING_H

#include "vn/assert.h"
#include "vn/error.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Free-running indices over a power of two of bytes; a record is contiguous. The producer's and the
 * consumer's thread may differ; more than one of either needs a lock around the calls.
 */
typedef struct vn_ring {
  uint8_t *bytes;
  uint32_t capacity;       /* bytes, a power of two >= 64 */
  uint32_t records_max;    /* at most this many records at a time */
  _Atomic uint32_t head;   /* next byte to write */
  _Atomic uint32_t tail;   /* next byte to read */
  _Atomic uint32_t pushed; /* records, modulo 2^32 */
  _Atomic uint32_t popped;
} vn_ring_t;

/* bytes 8-aligned. VN_ERR_ARGUMENT: capacity no power of two or below 64, records_max 0. */
VN_NODISCARD vn_err_t vn_ring_init(vn_ring_t *ring, uint8_t *bytes, uint32_t capacity,
                                   uint32_t records_max);

/*
 * Producer: room for a record of `length` bytes, 8-aligned, to be filled and then committed with
 * the same length. NULL: full now, or longer than capacity / 2 - 8 (never fits).
 */
uint8_t *vn_ring_claim(vn_ring_t *ring, uint32_t length);
void vn_ring_commit(vn_ring_t *ring, uint32_t length);

/* Consumer: the oldest record, or NULL; valid until released. */
const uint8_t *vn_ring_peek(vn_ring_t *ring, uint32_t *length);
void vn_ring_release(vn_ring_t *ring);

/*
 * Consumer that looks ahead of what it releases: the record at *at, an index that begins at 0 and
 * is moved behind the record; NULL: none yet.
 */
const uint8_t *vn_ring_look(vn_ring_t *ring, uint32_t *at, uint32_t *length);

/* Records waiting; exact in either thread only as a bound. */
uint32_t vn_ring_count(const vn_ring_t *ring);

#endif
