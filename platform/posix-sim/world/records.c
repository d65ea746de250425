#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbor_walk.h"
#include "room.h"

#define TEXT_MAX 4096u
#define BLOCK_BYTES 65536u
#define COARSENED 2 /* a bit of the flags */

enum {
  KEY_WINDOW = 1,
  KEY_SERIES = 2,
  KEY_START = 3,
  KEY_END = 4,
  KEY_REVISION = 5,
  KEY_KIND = 6,
  KEY_COUNT = 7,
  KEY_SUM = 8,
  KEY_MIN = 10,
  KEY_MAX = 11,
  KEY_FIRST = 12,
  KEY_LAST = 13,
  KEY_SAMPLE = 14,
  KEY_SUPERSEDES = 15,
  KEY_ACCOUNTING = 16,
  KEY_FLAGS = 17
};

typedef struct text {
  char bytes[TEXT_MAX];
  size_t length;
} text_t;

static void put(text_t *text, const char *words) {
  size_t length = strlen(words);
  if (text->length + length < sizeof text->bytes) {
    memcpy(text->bytes + text->length, words, length);
    text->length += length;
  }
}

static void put_number(text_t *text, int64_t number) {
  char digits[24];
  size_t at = sizeof digits - 1u;
  uint64_t rest = number < 0 ? 0u - (uint64_t)number : (uint64_t)number;
  digits[at] = '\0';
  do {
    digits[--at] = (char)('0' + rest % 10u);
    rest /= 10u;
  } while (rest > 0);
  if (number < 0) {
    digits[--at] = '-';
  }
  put(text, digits + at);
}

static void put_bytes(text_t *text, const uint8_t *from, const uint8_t *end) {
  static const char digits[] = "0123456789abcdef";
  for (; from < end && text->length + 3u < sizeof text->bytes; from++) {
    text->bytes[text->length++] = digits[*from >> 4];
    text->bytes[text->length++] = digits[*from & 15u];
  }
}

/* The text, where it stays. */
static const char *keep(vn_records_t *records, const text_t *text) {
  if (records->text_count == 0 || BLOCK_BYTES - records->text_used < text->length + 1u) {
    if (records->text_count == records->text_room) {
      records->texts = vn_room_grow(records->texts, &records->text_room, sizeof *records->texts);
    }
    records->texts[records->text_count++] = vn_room_new(BLOCK_BYTES);
    records->text_used = 0;
  }
  char *kept = records->texts[records->text_count - 1u] + records->text_used;
  memcpy(kept, text->bytes, text->length);
  kept[text->length] = '\0';
  records->text_used += text->length + 1u;
  return kept;
}

static void add(vn_records_t *records, const vn_record_t *record, const text_t *text) {
  if (records->count == records->room) {
    records->records = vn_room_grow(records->records, &records->room, sizeof *records->records);
  }
  vn_record_t *added = &records->records[records->count++];
  *added = *record;
  added->text = keep(records, text);
}

/* Where a figure of a result is kept; NULL: it is text alone. */
static int64_t *figure(vn_record_t *record, int64_t key) {
  switch (key) {
    case KEY_START:
      return &record->start_ms;
    case KEY_END:
      return &record->end_ms;
    case KEY_REVISION:
      return &record->revision;
    case KEY_KIND:
      return &record->kind;
    case KEY_COUNT:
      return &record->count;
    case KEY_SUM:
      return &record->sum;
    case KEY_MIN:
      return &record->min;
    case KEY_MAX:
      return &record->max;
    default:
      return NULL;
  }
}

static bool is_left_out(int64_t key, unsigned without) {
  bool end = key == KEY_FIRST || key == KEY_LAST;
  return key == KEY_ACCOUNTING || key == 0 ||
         (key == KEY_SAMPLE && (without & VN_RECORD_NO_SAMPLE) != 0) ||
         (end && (without & VN_RECORD_NO_ENDS) != 0);
}

static void take_series(vn_walk_t *walk, vn_record_t *record, text_t *text) {
  uint64_t length;
  bool good = vn_walk_head(walk, &length) == 3 && length >= 2 && length < 8 && walk->at[0] == 's';
  walk->failed = walk->failed || !good;
  for (uint64_t i = 1; !walk->failed && i < length; i++) {
    record->series = record->series * 10u + (uint32_t)(walk->at[i] - '0');
  }
  walk->at += walk->failed ? 0 : length;
  put(text, " s");
  put_number(text, record->series);
}

static void take_superseded(vn_walk_t *walk, int64_t shift_ms, text_t *text) {
  uint64_t count = vn_walk_container(walk, 4);
  for (uint64_t i = 0; i < count && !walk->failed; i++) {
    (void)vn_walk_container(walk, 4);
    int64_t start_ms = vn_walk_integer(walk) - shift_ms;
    put(text, " over ");
    put_number(text, start_ms);
    put(text, "..");
    put_number(text, vn_walk_integer(walk) - shift_ms);
  }
}

static void take_figure(vn_walk_t *walk, vn_record_t *record, text_t *text, int64_t key,
                        int64_t shift_ms) {
  int64_t *kept = figure(record, key);
  put(text, " ");
  put_number(text, key);
  put(text, ":");
  if (kept != NULL && walk->at < walk->end && walk->at[0] < 0x40) {
    *kept = vn_walk_integer(walk) - (key == KEY_START || key == KEY_END ? shift_ms : 0);
    put_number(text, *kept);
    return;
  }
  const uint8_t *from = vn_walk_skip(walk);
  put_bytes(text, from, walk->at);
}

static void take_member(vn_walk_t *walk, vn_record_t *record, text_t *text, unsigned without,
                        int64_t shift_ms, bool *coarse) {
  int64_t key = vn_walk_integer(walk);
  if (key == KEY_FLAGS) {
    *coarse = (vn_walk_integer(walk) & COARSENED) != 0 || *coarse;
  } else if (is_left_out(key, without)) {
    (void)vn_walk_skip(walk);
  } else if (key == KEY_SERIES) {
    take_series(walk, record, text);
  } else if (key == KEY_WINDOW) {
    record->window = (uint8_t)vn_walk_integer(walk);
    put(text, "w");
    put_number(text, record->window);
  } else if (key == KEY_SUPERSEDES) {
    take_superseded(walk, shift_ms, text);
  } else {
    take_figure(walk, record, text, key, shift_ms);
  }
}

static void take_record(vn_walk_t *walk, vn_records_t *records, unsigned without,
                        int64_t shift_ms) {
  vn_record_t record = {.is_result = true};
  text_t text;
  text.length = 0;
  uint64_t members = vn_walk_container(walk, 5);
  for (uint64_t i = 0; i < members && !walk->failed; i++) {
    take_member(walk, &record, &text, without, shift_ms, &records->coarse);
  }
  add(records, &record, &text);
}

static bool take_summary(const vn_story_t *story, const vn_story_message_t *message,
                         vn_records_t *records, unsigned without, int64_t shift_ms) {
  const uint8_t *payload = (const uint8_t *)story->bytes + message->at + message->topic_length + 1u;
  vn_walk_t walk = {payload, payload + message->payload_length, false};
  uint64_t members = vn_walk_container(&walk, 5);
  for (uint64_t i = 0; i < members && !walk.failed; i++) {
    if (vn_walk_integer(&walk) != 5) {
      (void)vn_walk_skip(&walk);
      continue;
    }
    uint64_t count = vn_walk_container(&walk, 4);
    for (uint64_t k = 0; k < count && !walk.failed; k++) {
      take_record(&walk, records, without, shift_ms);
    }
  }
  return !walk.failed;
}

/* An event up to what differs from start to start. */
static bool take_event(const vn_story_t *story, const vn_story_message_t *message,
                       vn_records_t *records) {
  static const char behind[] = ",\"device\"";
  const char *payload = story->bytes + message->at + message->topic_length + 1u;
  size_t length = 0;
  while (length < message->payload_length && length < TEXT_MAX - 1u &&
         (length + sizeof behind > message->payload_length ||
          memcmp(payload + length, behind, sizeof behind - 1u) != 0)) {
    length++;
  }
  text_t text;
  const vn_record_t record = {.is_result = false};
  text.length = length;
  memcpy(text.bytes, payload, length);
  add(records, &record, &text);
  return length < message->payload_length;
}

/* The texts decide; figures of them are faster. */
static int by_content(const void *left, const void *right) {
  const vn_record_t *a = left;
  const vn_record_t *b = right;
  if (a->window != b->window) {
    return a->window < b->window ? -1 : 1;
  }
  if (a->series != b->series) {
    return a->series < b->series ? -1 : 1;
  }
  if (a->start_ms != b->start_ms) {
    return a->start_ms < b->start_ms ? -1 : 1;
  }
  return strcmp(a->text, b->text);
}

static void sort(vn_records_t *records) {
  size_t kept = 0;
  if (records->count == 0) {
    return;
  }
  qsort(records->records, records->count, sizeof *records->records, by_content);
  for (size_t i = 1; i < records->count; i++) {
    if (by_content(&records->records[kept], &records->records[i]) != 0) {
      records->records[++kept] = records->records[i];
    }
  }
  records->count = kept + 1u;
}

bool vn_records_of(const vn_story_t *story, unsigned without, int64_t shift_ms,
                   vn_records_t *records, char *problem, size_t room) {
  bool good = true;
  *records = (vn_records_t){.count = 0};
  for (size_t i = 0; i < story->message_count && good; i++) {
    const vn_story_message_t *message = &story->messages[i];
    const char *name = strrchr(story->bytes + message->at, '/');
    if (name != NULL && strcmp(name, "/summary") == 0) {
      good = take_summary(story, message, records, without, shift_ms);
    } else if (name != NULL && strcmp(name, "/event") == 0) {
      good = take_event(story, message, records);
    }
    if (!good) {
      (void)snprintf(problem, room, "message %zu can't be read", i);
    }
  }
  sort(records);
  return good;
}

bool vn_records_equal(const vn_records_t *a, const vn_records_t *b, const char *what, char *problem,
                      size_t room) {
  size_t i = 0;
  size_t k = 0;
  while (i < a->count && k < b->count && by_content(&a->records[i], &b->records[k]) == 0) {
    i++;
    k++;
  }
  if (i == a->count && k == b->count) {
    return true;
  }
  (void)snprintf(problem, room, "%s differs: it was told '%s', and should have been '%s'", what,
                 i < a->count ? a->records[i].text : "nothing more",
                 k < b->count ? b->records[k].text : "nothing more");
  return false;
}

void vn_records_free(vn_records_t *records) {
  for (size_t i = 0; i < records->text_count; i++) {
    vn_room_free(records->texts[i]);
  }
  vn_room_free(records->texts);
  vn_room_free(records->records);
  *records = (vn_records_t){.count = 0};
}
