/* Reorder buffer: readings wait until the watermark passes them and leave in time order. */
#ifndef VN_REORDER_H
#define VN_REORDER_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/point.h"

#include <stddef.h>
#include <stdint.h>

/* Entries of a buffer. Rate times out-of-order bound are enough; 8 to 16 is usual. */
#define VN_REORDER_CAPACITY_MAX 1024u

/* A waiting reading, at a distance from the oldest one. */
typedef struct vn_reorder_entry {
  uint32_t offset_ms;
  int32_t value;
} vn_reorder_entry_t;

typedef struct vn_reorder_state {
  vn_time_ms_t base_ms; /* time of the oldest; undefined while count is 0 */
  uint32_t early;       /* readings released before their time; stops at 2^32 - 1 */
  uint16_t count;
} vn_reorder_state_t;

/*
 * The buffer of one series; the caller owns what it points to. The entries are ascending in (time,
 * arrival), entries[0].offset_ms is 0.
 *
 * What can't wait leaves early, the oldest first, and is counted: when the buffer is full, or when
 * the readings in it would lie more than 49 days (2^32 ms) apart. A caller who drains before it
 * adds, up to the watermark that the new reading brings, never sees the second with an out-of-order
 * bound below that.
 */
typedef struct vn_reorder {
  vn_reorder_state_t *state;
  vn_reorder_entry_t *entries; /* capacity */
  uint16_t capacity;           /* 1..VN_REORDER_CAPACITY_MAX */
} vn_reorder_t;

/* Takes released readings; it must not use the same buffer. */
typedef struct vn_reorder_sink {
  void (*deliver)(void *context, const vn_point_t *reading);
  void *context;
} vn_reorder_sink_t;

void vn_reorder_clear(const vn_reorder_t *reorder);

/*
 * Adds a reading; among equal times it comes last. Those that have to leave early go to `sink`; the
 * new reading itself is one of them when it is older than all that wait. After such a release, or
 * when a reading comes behind the watermark, the output isn't in time order, which the operators
 * behind it refuse. O(count), for each release again.
 */
void vn_reorder_add(const vn_reorder_t *reorder, const vn_point_t *reading,
                    const vn_reorder_sink_t *sink);

/* Releases all readings with a time up to `watermark_ms`, in (time, arrival) order; returns their
 * number. VN_TIME_PLUS_INFINITY releases all. O(count). */
uint32_t vn_reorder_drain(const vn_reorder_t *reorder, vn_time_ms_t watermark_ms,
                          const vn_reorder_sink_t *sink);

/* The greatest length vn_reorder_save can return. */
#define VN_REORDER_SAVE_MAX(capacity) (18u + 10u * (capacity))

/* Serialises into out[capacity]; returns the length, which may exceed capacity (then nothing is
 * usable). */
size_t vn_reorder_save(const vn_reorder_t *reorder, uint8_t *out, size_t capacity);

/* Restores what save wrote; VN_ERR_FORMAT, also for more readings than fit, leaves a cleared
 * buffer. */
VN_NODISCARD vn_err_t vn_reorder_load(const vn_reorder_t *reorder, const uint8_t *bytes,
                                      size_t length);

#endif
