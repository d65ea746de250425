#include "vn/reservoir.h"

#include "vn/assert.h"

/* The order of a sample. Priorities collide, so that time and value must decide after them. */
static bool precedes(const vn_member_t *a, const vn_member_t *b) {
  if (a->priority != b->priority) {
    return a->priority < b->priority;
  }
  if (a->time_ms != b->time_ms) {
    return a->time_ms < b->time_ms;
  }
  return a->value < b->value;
}

/* Puts a member where it belongs among `count` others; members[count] is free. */
static void insert(vn_member_t *members, uint32_t count, const vn_member_t *member) {
  vn_member_t *place = members + count;
  for (; place > members && precedes(member, place - 1); place--) {
    *place = place[-1];
  }
  *place = *member;
}

uint32_t vn_reservoir_offer(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *member) {
  VN_ASSERT(count <= capacity);
  if (count < capacity) {
    insert(members, count, member);
    return count + 1;
  }
  if (count > 0 && precedes(member, &members[count - 1])) {
    insert(members, count - 1, member);
  }
  return count;
}

/* Both are sorted: the first of the others that finds no place ends the merging. */
uint32_t vn_reservoir_merge(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *other, uint32_t other_count) {
  VN_ASSERT(count <= capacity);
  for (uint32_t i = 0; i < other_count; i++) {
    if (count < capacity) {
      insert(members, count, &other[i]);
      count++;
    } else if (count > 0 && precedes(&other[i], &members[count - 1])) {
      insert(members, count - 1, &other[i]);
    } else {
      break;
    }
  }
  return count;
}
