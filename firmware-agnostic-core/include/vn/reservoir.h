/* Reservoir sample by bottom-k: uniform, order-free, mergeable, the same after a replay. */
#ifndef VN_RESERVOIR_H
#define VN_RESERVOIR_H

#include "vn/draw.h"
#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

/* A member of a sample; `priority` is vn_priority(seed, time, value), or vn_draw_priority. */
typedef struct vn_member {
  vn_time_ms_t time_ms;
  int32_t value;
  uint32_t priority;
} vn_member_t;

/*
 * Most readings find no place in a full sample, and their priority says so before anything else is
 * looked at. capacity >= 1.
 */
static inline bool vn_reservoir_refuses(const vn_member_t *members, uint32_t capacity,
                                        uint32_t priority) {
  return priority > members[capacity - 1].priority;
}

/*
 * Offers a reading to a sample of at most `capacity` members that holds `count` now, sorted by
 * (priority, time, value). Returns the new count. Equal readings are separate members; no member is
 * replaced by an equal one. O(1) when refused, O(capacity) when taken.
 */
uint32_t vn_reservoir_offer(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *member);

/* Merges `other_count` members of another sample with the same seed; returns the new count. */
uint32_t vn_reservoir_merge(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *other, uint32_t other_count);

/* The same for samples with a weight: of the order that vn_draw_turn_ms describes. */
uint32_t vn_reservoir_offer_drawn(const vn_draw_t *draw, vn_member_t *members, uint32_t count,
                                  uint32_t capacity, const vn_member_t *member);
uint32_t vn_reservoir_merge_drawn(const vn_draw_t *draw, vn_member_t *members, uint32_t count,
                                  uint32_t capacity, const vn_member_t *other,
                                  uint32_t other_count);

#endif
