#include "notices.h"

#include <stdio.h>
#include <string.h>

#include "cbor_walk.h"
#include "room.h"

#define KEY_SEQ 3
#define KEY_GAPS 7

static bool is_notice(const vn_story_t *story, const vn_story_message_t *message) {
  static const char name[] = "/gap";
  const size_t size = sizeof name - 1u;
  const char *end = story->bytes + message->at + message->topic_length;
  return message->topic_length >= size && memcmp(end - size, name, size) == 0;
}

static bool is_there(const vn_notices_t *notices, uint8_t device, uint64_t seq) {
  for (size_t i = 0; i < notices->count; i++) {
    if (notices->all[i].device == device && notices->all[i].seq == seq) {
      return true;
    }
  }
  return false;
}

static void take_gap(vn_walk_t *walk, vn_notice_t *notice) {
  int64_t *const members[] = {&notice->why,      &notice->first,   &notice->last,
                              &notice->messages, &notice->results, &notice->alerts};
  uint64_t pairs = vn_walk_container(walk, 5);
  for (; pairs > 0 && !walk->failed; pairs--) {
    int64_t key = vn_walk_integer(walk);
    if (key >= 0 && (uint64_t)key < sizeof members / sizeof members[0]) {
      *members[key] = vn_walk_integer(walk);
    } else {
      (void)vn_walk_skip(walk);
    }
  }
  int64_t numbers = notice->last - notice->first + 1;
  walk->failed = walk->failed || notice->messages < 1 || notice->messages > numbers;
}

static void add(vn_notices_t *notices, const vn_notice_t *notice) {
  if (notices->count == notices->room) {
    notices->all = vn_room_grow(notices->all, &notices->room, sizeof *notices->all);
  }
  notices->all[notices->count++] = *notice;
}

/* The number stands in front of what is told. */
static bool take(const vn_story_t *story, const vn_story_message_t *message,
                 vn_notices_t *notices) {
  const uint8_t *payload = (const uint8_t *)story->bytes + message->at + message->topic_length + 1u;
  vn_walk_t walk = {payload, payload + message->payload_length, false};
  vn_notice_t notice = {.device = message->device};
  uint64_t members = vn_walk_container(&walk, 5);
  for (; members > 0 && !walk.failed; members--) {
    int64_t key = vn_walk_integer(&walk);
    if (key == KEY_SEQ) {
      notice.seq = (uint64_t)vn_walk_integer(&walk);
    } else if (key != KEY_GAPS || is_there(notices, notice.device, notice.seq)) {
      (void)vn_walk_skip(&walk);
    } else {
      for (uint64_t gaps = vn_walk_container(&walk, 4); gaps > 0 && !walk.failed; gaps--) {
        vn_notice_t gap = {.device = notice.device, .seq = notice.seq};
        take_gap(&walk, &gap);
        add(notices, &gap);
      }
    }
  }
  return !walk.failed;
}

bool vn_notices_of(const vn_story_t *story, vn_notices_t *notices, char *problem, size_t room) {
  bool good = true;
  *notices = (vn_notices_t){.count = 0};
  for (size_t i = 0; i < story->message_count && good; i++) {
    if (is_notice(story, &story->messages[i])) {
      good = take(story, &story->messages[i], notices);
    }
  }
  if (!good) {
    (void)snprintf(problem, room, "a notice of gaps can't be understood");
  }
  return good;
}

void vn_notices_free(vn_notices_t *notices) {
  vn_room_free(notices->all);
  *notices = (vn_notices_t){.count = 0};
}
