#include "vn/reservoir.h"

#include "vn/assert.h"

#include <stdbool.h>

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

uint32_t vn_reservoir_offer(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *member) {
  VN_ASSERT(count <= capacity);
  if (count == capacity) {
    if (count == 0 || !precedes(member, &members[count - 1])) {
      return count;
    }
    count--;
  }
  uint32_t place = count;
  for (; place > 0 && precedes(member, &members[place - 1]); place--) {
    members[place] = members[place - 1];
  }
  members[place] = *member;
  return count + 1;
}

uint32_t vn_reservoir_merge(vn_member_t *members, uint32_t count, uint32_t capacity,
                            const vn_member_t *other, uint32_t other_count) {
  VN_ASSERT(count <= capacity && other_count <= UINT32_MAX - count);
  uint32_t total = count + other_count < capacity ? count + other_count : capacity;
  uint32_t own = 0;
  uint32_t taken = 0;
  while (own + taken < total) {
    if (taken < other_count && (own == count || precedes(&other[taken], &members[own]))) {
      taken++;
    } else {
      own++;
    }
  }
  /* From the back, so that nothing is overwritten before it has moved. */
  for (uint32_t place = total; taken > 0; place--) {
    if (own > 0 && precedes(&other[taken - 1], &members[own - 1])) {
      members[place - 1] = members[--own];
    } else {
      members[place - 1] = other[--taken];
    }
  }
  return total;
}
