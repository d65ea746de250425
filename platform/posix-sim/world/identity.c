/* One message, one content; and no message without its number. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbor_walk.h"
#include "records.h"
#include "room.h"

#define HASH_FACTOR UINT64_C(0x9E3779B97F4A7C15)

/* Eight bytes at a time, the last of them filled up: it means something within one run. */
static uint64_t hash_of(const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  uint64_t hash = length;
  uint64_t word;
  for (; length >= sizeof word; length -= sizeof word) {
    memcpy(&word, from, sizeof word);
    hash = (hash ^ word) * HASH_FACTOR;
    hash ^= hash >> 32;
    from += sizeof word;
  }
  word = 0;
  memcpy(&word, from, length);
  hash = (hash ^ word) * HASH_FACTOR;
  return hash ^ hash >> 32;
}

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

/* Answers have no number of their own. */
static bool is_answer(const char *topic) {
  const char *name = strrchr(topic, '/');
  return name != NULL && strcmp(name, "/response") == 0;
}

static bool identify(const vn_story_t *story, size_t number, identity_t *identity) {
  const vn_story_message_t *message = &story->messages[number];
  const char *topic = story->bytes + message->at;
  const uint8_t *payload = (const uint8_t *)topic + message->topic_length + 1u;
  identity->device = message->device;
  identity->message = number;
  identity->topic = hash_of(topic, message->topic_length);
  identity->content = hash_of(payload, message->payload_length);
  if (is_answer(topic)) {
    return false;
  }
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

static bool is_sorted(const identity_t *identities, size_t count) {
  size_t i = 1;
  while (i < count && by_number(&identities[i - 1u], &identities[i]) < 0) {
    i++;
  }
  return i >= count;
}

static bool is_told(const vn_notices_t *notices, uint8_t device, uint64_t seq) {
  for (size_t i = 0; i < notices->count; i++) {
    const vn_notice_t *notice = &notices->all[i];
    if (notice->device == device && (uint64_t)notice->first <= seq &&
        seq <= (uint64_t)notice->last) {
      return true;
    }
  }
  return false;
}

/* All numbers in between are within notices. */
static bool is_hole_told(const vn_notices_t *notices, uint8_t device, uint64_t from, uint64_t to) {
  for (; from < to; from++) {
    if (!is_told(notices, device, from)) {
      return false;
    }
  }
  return true;
}

/* Numbers that a device told of, and those that didn't come. */
typedef struct balance {
  uint64_t told, holes;
} balance_t;

static bool fits(const identity_t *a, const identity_t *b, const vn_notices_t *notices,
                 balance_t *balance, char *problem, size_t room) {
  bool same = a->device == b->device && a->seq == b->seq && a->topic == b->topic;
  if (same && a->content != b->content) {
    (void)snprintf(problem, room, "d%u sent number %" PRIu64 " again with another content",
                   (unsigned)a->device, a->seq);
    return false;
  }
  if (a->device != b->device || b->seq <= a->seq + 1u) {
    return true;
  }
  balance->holes += b->seq - a->seq - 1u;
  if (!is_hole_told(notices, a->device, a->seq + 1u, b->seq)) {
    (void)snprintf(problem, room,
                   "d%u never sent what is between the numbers %" PRIu64 " and %" PRIu64,
                   (unsigned)a->device, a->seq, b->seq);
    return false;
  }
  return true;
}

/* In front of the first one that came. */
static uint64_t first_holes(const vn_notices_t *notices, const identity_t *first) {
  uint64_t from = first->seq;
  for (size_t i = 0; i < notices->count; i++) {
    const vn_notice_t *notice = &notices->all[i];
    bool before = notice->device == first->device && (uint64_t)notice->first < from;
    from = before ? (uint64_t)notice->first : from;
  }
  return first->seq - from;
}

/* What was on its way when a link broke may have come and be told of as gone; so may what was
 * acknowledged just before a power cut. */
static bool adds_up(const balance_t *balance, uint64_t doubtful, char *problem, size_t room) {
  if (balance->holes <= balance->told && balance->told - balance->holes <= doubtful) {
    return true;
  }
  (void)snprintf(problem, room,
                 "%" PRIu64 " numbers never came, and notices tell of %" PRIu64
                 ", of which %" PRIu64 " may have come",
                 balance->holes, balance->told, doubtful);
  return false;
}

static bool is_complete(const identity_t *identities, size_t count, const vn_notices_t *notices,
                        uint64_t doubtful, char *problem, size_t room) {
  balance_t balance = {0, 0};
  bool good = true;
  for (size_t i = 0; i < notices->count; i++) {
    balance.told += (uint64_t)notices->all[i].messages;
  }
  for (size_t i = 0; i < count && good; i++) {
    if (i == 0 || identities[i - 1u].device != identities[i].device) {
      balance.holes += first_holes(notices, &identities[i]);
    } else {
      good = fits(&identities[i - 1u], &identities[i], notices, &balance, problem, room);
    }
  }
  return good && adds_up(&balance, doubtful, problem, room);
}

bool vn_story_is_consistent(const vn_story_t *story, const vn_notices_t *notices, uint64_t doubtful,
                            char *problem, size_t room) {
  identity_t *identities = vn_room_new((story->message_count + 1u) * sizeof *identities);
  size_t count = 0;
  for (size_t i = 0; i < story->message_count; i++) {
    count += identify(story, i, &identities[count]);
  }
  if (!is_sorted(identities, count)) { /* nearly always it is */
    qsort(identities, count, sizeof *identities, by_number);
  }
  bool good = is_complete(identities, count, notices, doubtful, problem, room);
  vn_room_free(identities);
  return good;
}
