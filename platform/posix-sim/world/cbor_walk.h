/* Just enough of CBOR to walk through a summary: a reader of its own, that owes the core nothing.
 */
#ifndef VN_WORLD_CBOR_WALK_H
#define VN_WORLD_CBOR_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vn_walk {
  const uint8_t *at, *end;
  bool failed;
} vn_walk_t;

/* The next item with a number behind its first byte, or none. */
unsigned vn__walk_long_head(vn_walk_t *walk, uint64_t *argument);

/* The head of the next item: its major type, 8 when it can't be read; *argument is its number. */
static inline unsigned vn_walk_head(vn_walk_t *walk, uint64_t *argument) {
  if (!walk->failed && walk->at < walk->end && (*walk->at & 31u) < 24) { /* nearly all */
    *argument = *walk->at & 31u;
    return *walk->at++ >> 5;
  }
  return vn__walk_long_head(walk, argument);
}

/* Behind the next item, with all that is in it; returns where it began. */
const uint8_t *vn_walk_skip(vn_walk_t *walk);

/* An integer; fails for anything else. */
static inline int64_t vn_walk_integer(vn_walk_t *walk) {
  uint64_t argument;
  unsigned major = vn_walk_head(walk, &argument);
  walk->failed = walk->failed || major > 1 || argument > INT64_MAX;
  return major == 1 ? -1 - (int64_t)argument : (int64_t)argument;
}

/* The number of items of an array, or of pairs of a map. */
uint64_t vn_walk_container(vn_walk_t *walk, unsigned major);

#endif
