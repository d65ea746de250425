#include "vn/reservoir.h"

#include "vn/assert.h"

/* The order of a sample. Priorities collide, so that time and value must decide after them. */
static inline bool precedes(int64_t turn_ms, const vn_member_t *a, const vn_member_t *b) {
  if (turn_ms != 0) {
    if (a->time_ms - b->time_ms > turn_ms || b->time_ms - a->time_ms > turn_ms) {
      return a->time_ms > b->time_ms;
    }
    if (a->priority != b->priority) {
      return a->priority - b->priority > UINT32_MAX / 2;
    }
  }
  if (a->priority != b->priority) {
    return a->priority < b->priority;
  }
  if (a->time_ms != b->time_ms) {
    return a->time_ms < b->time_ms;
  }
  return a->value < b->value;
}

/* Puts a member where it belongs among `count` others; members[count] is free. */
static inline void insert(int64_t turn_ms, vn_member_t *members, uint32_t count,
                          const vn_member_t *member) {
  vn_member_t *place = members + count;
  for (; place > members && precedes(turn_ms, member, place - 1); place--) {
    *place = place[-1];
  }
  *place = *member;
}

static inline uint32_t offer(int64_t turn_ms, vn_member_t *members, uint32_t count,
                             uint32_t capacity, const vn_member_t *member) {
  VN_ASSERT(count <= capacity);
  if (count < capacity) {
    insert(turn_ms, members, count, member);
    return count + 1;
  }
  if (count > 0 && precedes(turn_ms, member, &members[count - 1])) {
    insert(turn_ms, members, count - 1, member);
  }
  return count;
}

/* Both are sorted: the first of the others that finds no place ends the merging. */
static inline uint32_t merge(int64_t turn_ms, vn_member_t *members, uint32_t count,
                             uint32_t capacity, const vn_member_t *other, uint32_t other_count) {
  VN_ASSERT(count <= capacity);
  for (uint32_t i = 0; i < other_count; i++) {
    if (count < capacity) {
      insert(turn_ms, members, count, &other[i]);
      count++;
    } else if (count > 0 && precedes(turn_ms, &other[i], &members[count - 1])) {
      insert(turn_ms, members, count - 1, &other[i]);
    } else {
      break;
    }
  }
  return count;
}

uint32_t vn_reservoir_offer(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *member) {
  return offer(0, members, count, capacity, member);
}

uint32_t vn_reservoir_merge(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *other, uint32_t other_count) {
  return merge(0, members, count, capacity, other, other_count);
}

uint32_t vn_reservoir_offer_drawn(const vn_draw_t *draw, vn_member_t *members, uint32_t count,
                                  uint32_t capacity, const vn_member_t *member) {
  return offer(vn_draw_turn_ms(draw), members, count, capacity, member);
}

uint32_t vn_reservoir_merge_drawn(const vn_draw_t *draw, vn_member_t *members, uint32_t count,
                                  uint32_t capacity, const vn_member_t *other,
                                  uint32_t other_count) {
  return merge(vn_draw_turn_ms(draw), members, count, capacity, other, other_count);
}
