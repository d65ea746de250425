#include "cbor_walk.h"

/* In two, four or eight bytes: compilers make one load of each. */
static uint64_t two(const uint8_t *at) { return (uint64_t)at[0] << 8 | at[1]; }
static uint64_t four(const uint8_t *at) { return two(at) << 16 | two(at + 2); }
static uint64_t eight(const uint8_t *at) { return four(at) << 32 | four(at + 4); }

static uint64_t number_at(const uint8_t *at, size_t bytes) {
  switch (bytes) {
    case 1:
      return *at;
    case 2:
      return two(at);
    case 4:
      return four(at);
    default:
      return eight(at);
  }
}

unsigned vn__walk_long_head(vn_walk_t *walk, uint64_t *argument) {
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
  *argument = number_at(walk->at, bytes);
  walk->at += bytes;
  return first >> 5;
}

static void skip_bytes(vn_walk_t *walk, uint64_t count) {
  bool fits = !walk->failed && count <= (uint64_t)(walk->end - walk->at);
  walk->failed = !fits;
  walk->at += fits ? count : 0;
}

const uint8_t *vn_walk_skip(vn_walk_t *walk) {
  const uint8_t *begin = walk->at;
  for (uint64_t left = 1; left > 0 && !walk->failed; left--) {
    uint64_t argument;
    unsigned major = vn_walk_head(walk, &argument);
    if (major == 2 || major == 3) {
      skip_bytes(walk, argument);
    } else if (major >= 4 && major <= 6) {
      left += major == 4 ? argument : major == 5 ? argument * 2u : 1u;
    }
  }
  return begin;
}

uint64_t vn_walk_container(vn_walk_t *walk, unsigned major) {
  uint64_t argument;
  walk->failed = vn_walk_head(walk, &argument) != major || walk->failed;
  return walk->failed ? 0 : argument;
}
