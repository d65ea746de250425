#include "cbor_walk.h"

/* With the argument behind the first byte, or none. */
static unsigned long_head(vn_walk_t *walk, uint64_t *argument) {
  *argument = 0;
  if (walk->failed || walk->at == walk->end) {
    walk->failed = true;
    return 8;
  }
  uint8_t first = *walk->at++;
  unsigned info = first & 31u;
  size_t bytes = info > 27 ? SIZE_MAX : (size_t)1 << (info - 24u);
  if (bytes > (size_t)(walk->end - walk->at)) {
    walk->failed = true;
    return 8;
  }
  *argument = 0;
  for (size_t i = 0; i < bytes; i++) {
    *argument = *argument << 8 | *walk->at++;
  }
  return first >> 5;
}

/* Nearly all are short. */
static inline unsigned head(vn_walk_t *walk, uint64_t *argument) {
  if (!walk->failed && walk->at < walk->end && (*walk->at & 31u) < 24) {
    *argument = *walk->at & 31u;
    return *walk->at++ >> 5;
  }
  return long_head(walk, argument);
}

unsigned vn_walk_head(vn_walk_t *walk, uint64_t *argument) { return head(walk, argument); }

static void skip_bytes(vn_walk_t *walk, uint64_t count) {
  bool fits = !walk->failed && count <= (uint64_t)(walk->end - walk->at);
  walk->failed = !fits;
  walk->at += fits ? count : 0;
}

const uint8_t *vn_walk_skip(vn_walk_t *walk) {
  const uint8_t *begin = walk->at;
  uint64_t left = 1;
  while (left > 0 && !walk->failed) {
    uint64_t argument;
    unsigned major = head(walk, &argument);
    left--;
    if (major == 2 || major == 3) {
      skip_bytes(walk, argument);
    } else if (major >= 4 && major <= 6) {
      left += major == 4 ? argument : major == 5 ? argument * 2u : 1u;
    }
  }
  return begin;
}

int64_t vn_walk_integer(vn_walk_t *walk) {
  uint64_t argument;
  unsigned major = head(walk, &argument);
  walk->failed = walk->failed || major > 1 || argument > INT64_MAX;
  return major == 1 ? -1 - (int64_t)argument : (int64_t)argument;
}

uint64_t vn_walk_container(vn_walk_t *walk, unsigned major) {
  uint64_t argument;
  walk->failed = head(walk, &argument) != major || walk->failed;
  return walk->failed ? 0 : argument;
}
