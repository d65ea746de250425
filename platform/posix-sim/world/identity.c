/* One message, one content; and no message without its number. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbor_walk.h"
#include "records.h"
#include "room.h"

#define HASH_BEGIN UINT64_C(0xCBF29CE484222325)

typedef struct identity {
  uint64_t seq, topic, content;
  size_t message;
  uint8_t device;
} identity_t;

static bool read_summary(const uint8_t *payload, size_t length, uint64_t *seq) {
  vn_walk_t walk = {payload, payload + length, false};
  uint64_t members = vn_walk_container(&walk, 5);
  for (uint64_t i = 0; i < members && !walk.failed; i++) {
    if (vn_walk_integer(&walk) == 3) {
      *seq = (uint64_t)vn_walk_integer(&walk);
      return !walk.failed;
    }
    (void)vn_walk_skip(&walk);
  }
  return false;
}

/* The last one: texts of others stand in front of it. */
static bool read_json(const uint8_t *payload, size_t length, uint64_t *seq) {
  static const char name[] = "\"seq\":";
  size_t size = sizeof name - 1u;
  for (size_t i = length > size ? length - size : 0; i > 0; i--) {
    if (memcmp(payload + i, name, size) != 0) {
      continue;
    }
    *seq = 0;
    for (i += size; i < length && payload[i] >= '0' && payload[i] <= '9'; i++) {
      *seq = *seq * 10u + (uint64_t)(payload[i] - '0');
    }
    return true;
  }
  return false;
}

static bool identify(const vn_story_t *story, size_t number, identity_t *identity) {
  const vn_story_message_t *message = &story->messages[number];
  const char *topic = story->bytes + message->at;
  const uint8_t *payload = (const uint8_t *)topic + message->topic_length + 1u;
  identity->device = message->device;
  identity->message = number;
  identity->topic = vn_story_hash(HASH_BEGIN, topic, message->topic_length);
  identity->content = vn_story_hash(HASH_BEGIN, payload, message->payload_length);
  return message->payload_length > 0 && payload[0] == '{'
             ? read_json(payload, message->payload_length, &identity->seq)
             : read_summary(payload, message->payload_length, &identity->seq);
}

static int compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

static int by_number(const void *left, const void *right) {
  const identity_t *a = left;
  const identity_t *b = right;
  int order = compare(a->device, b->device);
  order = order != 0 ? order : compare(a->seq, b->seq);
  order = order != 0 ? order : compare(a->topic, b->topic);
  return order != 0 ? order : compare(a->message, b->message);
}

static bool fits(const identity_t *a, const identity_t *b, bool noticed, char *problem,
                 size_t room) {
  bool same = a->device == b->device && a->seq == b->seq && a->topic == b->topic;
  if (same && a->content != b->content) {
    (void)snprintf(problem, room, "d%u sent number %" PRIu64 " again with another content",
                   (unsigned)a->device, a->seq);
    return false;
  }
  if (a->device == b->device && b->seq > a->seq + 1u && !noticed) {
    (void)snprintf(problem, room,
                   "d%u never sent what is between the numbers %" PRIu64 " and %" PRIu64,
                   (unsigned)a->device, a->seq, b->seq);
    return false;
  }
  return true;
}

/* Some device told of numbers that will not come: which ones they are is the oracle's to judge. */
static bool has_notices(const vn_story_t *story) {
  static const char name[] = "/gap";
  const size_t size = sizeof name - 1u;
  bool found = false;
  for (size_t i = 0; i < story->message_count && !found; i++) {
    const vn_story_message_t *message = &story->messages[i];
    const char *end = story->bytes + message->at + message->topic_length;
    found = message->topic_length >= size && memcmp(end - size, name, size) == 0;
  }
  return found;
}

bool vn_story_is_consistent(const vn_story_t *story, char *problem, size_t room) {
  identity_t *identities = vn_room_new((story->message_count + 1u) * sizeof *identities);
  const bool noticed = has_notices(story);
  bool good = true;
  size_t count = 0;
  for (size_t i = 0; i < story->message_count; i++) {
    count += identify(story, i, &identities[count]);
  }
  qsort(identities, count, sizeof *identities, by_number);
  for (size_t i = 1; i < count && good; i++) {
    good = fits(&identities[i - 1u], &identities[i], noticed, problem, room);
  }
  vn_room_free(identities);
  return good;
}
