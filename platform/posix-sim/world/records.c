#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbor_walk.h"
#include "room.h"

#define CONTENT_MAX 8192u
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

/* What a record says, in the making: words, and these with a number or bytes behind them. */
enum { NUMBER = 1, BYTES = 2 };

typedef struct content {
  char bytes[CONTENT_MAX];
  size_t length;
} content_t;

static void put_bytes(content_t *content, const void *from, size_t length) {
  if (content->length + length < sizeof content->bytes) {
    memcpy(content->bytes + content->length, from, length);
    content->length += length;
  }
}

static inline void put(content_t *content, const char *words) {
  put_bytes(content, words, strlen(words));
}

static void put_number(content_t *content, int64_t number) {
  char item[1 + sizeof number] = {NUMBER};
  memcpy(item + 1, &number, sizeof number);
  put_bytes(content, item, sizeof item);
}

static void put_raw(content_t *content, const uint8_t *from, const uint8_t *end) {
  size_t length = (size_t)(end - from);
  char item[1 + sizeof length] = {BYTES};
  memcpy(item + 1, &length, sizeof length);
  put_bytes(content, item, sizeof item);
  put_bytes(content, from, length);
}

/* To where it stays. */
static const char *keep(vn_records_t *records, const content_t *content) {
  if (records->block_count == 0 || BLOCK_BYTES - records->block_used < content->length) {
    if (records->block_count == records->block_room) {
      records->blocks = vn_room_grow(records->blocks, &records->block_room, sizeof(char *));
    }
    records->blocks[records->block_count++] = vn_room_new(BLOCK_BYTES);
    records->block_used = 0;
  }
  char *kept = records->blocks[records->block_count - 1u] + records->block_used;
  memcpy(kept, content->bytes, content->length);
  records->block_used += content->length;
  return kept;
}

static void add(vn_records_t *records, const vn_record_t *record, const content_t *content) {
  if (records->count == records->room) {
    records->records = vn_room_grow(records->records, &records->room, sizeof *records->records);
  }
  vn_record_t *added = &records->records[records->count++];
  *added = *record;
  added->content = keep(records, content);
  added->length = content->length;
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

static void take_series(vn_walk_t *walk, vn_record_t *record, content_t *content) {
  uint64_t length;
  bool good = vn_walk_head(walk, &length) == 3 && length >= 2 && length < 8 && walk->at[0] == 's';
  walk->failed = walk->failed || !good;
  for (uint64_t i = 1; !walk->failed && i < length; i++) {
    record->series = record->series * 10u + (uint32_t)(walk->at[i] - '0');
  }
  walk->at += walk->failed ? 0 : length;
  put(content, " s");
  put_number(content, record->series);
}

static void take_superseded(vn_walk_t *walk, int64_t shift_ms, content_t *content) {
  uint64_t count = vn_walk_container(walk, 4);
  for (uint64_t i = 0; i < count && !walk->failed; i++) {
    (void)vn_walk_container(walk, 4);
    int64_t start_ms = vn_walk_integer(walk) - shift_ms;
    put(content, " over ");
    put_number(content, start_ms);
    put(content, "..");
    put_number(content, vn_walk_integer(walk) - shift_ms);
  }
}

static void take_figure(vn_walk_t *walk, vn_record_t *record, content_t *content, int64_t key,
                        int64_t shift_ms) {
  int64_t *kept = figure(record, key);
  put(content, " ");
  put_number(content, key);
  put(content, ":");
  if (kept != NULL && walk->at < walk->end && walk->at[0] < 0x40) {
    *kept = vn_walk_integer(walk) - (key == KEY_START || key == KEY_END ? shift_ms : 0);
    put_number(content, *kept);
    return;
  }
  const uint8_t *from = vn_walk_skip(walk);
  put_raw(content, from, walk->at);
}

static void take_member(vn_walk_t *walk, vn_record_t *record, content_t *content, unsigned without,
                        int64_t shift_ms) {
  int64_t key = vn_walk_integer(walk);
  if (key == KEY_FLAGS) {
    record->coarse = (vn_walk_integer(walk) & COARSENED) != 0;
  } else if (is_left_out(key, without)) {
    (void)vn_walk_skip(walk);
  } else if (key == KEY_SERIES) {
    take_series(walk, record, content);
  } else if (key == KEY_WINDOW) {
    record->window = (uint8_t)vn_walk_integer(walk);
    put(content, "w");
    put_number(content, record->window);
  } else if (key == KEY_SUPERSEDES) {
    take_superseded(walk, shift_ms, content);
  } else {
    take_figure(walk, record, content, key, shift_ms);
  }
}

static void take_record(vn_walk_t *walk, vn_records_t *records, unsigned without,
                        int64_t shift_ms) {
  vn_record_t record = {.is_result = true};
  content_t content;
  content.length = 0;
  uint64_t members = vn_walk_container(walk, 5);
  for (uint64_t i = 0; i < members && !walk->failed; i++) {
    take_member(walk, &record, &content, without, shift_ms);
  }
  records->coarse = records->coarse || record.coarse;
  add(records, &record, &content);
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
  while (length < message->payload_length && length < CONTENT_MAX - 1u &&
         (length + sizeof behind > message->payload_length ||
          memcmp(payload + length, behind, sizeof behind - 1u) != 0)) {
    length++;
  }
  content_t content;
  const vn_record_t record = {.is_result = false};
  content.length = length;
  memcpy(content.bytes, payload, length);
  add(records, &record, &content);
  return length < message->payload_length;
}

/* The contents decide; figures of them are faster, and in an order that can be read. */
int vn_record_order(const vn_record_t *a, const vn_record_t *b) {
  if (a->window != b->window) {
    return a->window < b->window ? -1 : 1;
  }
  if (a->series != b->series) {
    return a->series < b->series ? -1 : 1;
  }
  if (a->start_ms != b->start_ms) {
    return a->start_ms < b->start_ms ? -1 : 1;
  }
  if (a->length != b->length) {
    return a->length < b->length ? -1 : 1;
  }
  return memcmp(a->content, b->content, a->length);
}

static int by_content(const void *left, const void *right) { return vn_record_order(left, right); }

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

/* Of a number or of bytes; returns where the next begins. */
static const char *write_item(const char *from, FILE *to) {
  int64_t number;
  size_t length;
  if (*from == NUMBER) {
    memcpy(&number, from + 1, sizeof number);
    fprintf(to, "%" PRId64, number);
    return from + 1 + sizeof number;
  }
  memcpy(&length, from + 1, sizeof length);
  from += 1 + sizeof length;
  for (size_t i = 0; i < length; i++) {
    fprintf(to, "%02x", (unsigned)(uint8_t)from[i]);
  }
  return from + length;
}

void vn_record_text(const vn_record_t *record, char *text, size_t room) {
  const char *end = record->content + record->length;
  FILE *to = fmemopen(text, room, "w");
  for (const char *from = record->content; to != NULL && from < end;) {
    if (*from == NUMBER || *from == BYTES) {
      from = write_item(from, to);
    } else {
      fputc(*from++, to);
    }
  }
  text[0] = to == NULL ? '\0' : text[0];
  if (to != NULL) {
    (void)fclose(to);
  }
  text[room - 1u] = '\0';
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
  char told[TEXT_MAX] = "nothing more";
  char due[TEXT_MAX] = "nothing more";
  if (i < a->count) {
    vn_record_text(&a->records[i], told, sizeof told);
  }
  if (k < b->count) {
    vn_record_text(&b->records[k], due, sizeof due);
  }
  (void)snprintf(problem, room, "%s differs: it was told '%s', and should have been '%s'", what,
                 told, due);
  return false;
}

void vn_records_free(vn_records_t *records) {
  for (size_t i = 0; i < records->block_count; i++) {
    vn_room_free(records->blocks[i]);
  }
  vn_room_free(records->blocks);
  vn_room_free(records->records);
  *records = (vn_records_t){.count = 0};
}
