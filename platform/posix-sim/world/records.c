#include "records.h"

#include <inttypes.h>
#include <stdio.h>
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

/* What a record says, in the making: of a result the members as they came, but for the times. */
typedef struct content {
  uint8_t bytes[CONTENT_MAX];
  size_t length;
} content_t;

static void put_bytes(content_t *content, const uint8_t *from, size_t length) {
  if (content->length + length < sizeof content->bytes) {
    memcpy(content->bytes + content->length, from, length);
    content->length += length;
  }
}

/* In the fewest bytes, as devices write it. */
static void put_time(content_t *content, int64_t time_ms) {
  uint64_t rest = time_ms < 0 ? ~(uint64_t)time_ms : (uint64_t)time_ms;
  unsigned power = 4; /* of two: bytes of the number */
  while (power > 1u && rest >> (4u << (power - 1u)) == 0) {
    power--;
  }
  uint8_t item[9];
  size_t bytes = rest < 24 ? 0 : (size_t)1 << (power - 1u);
  item[0] = (uint8_t)((time_ms < 0 ? 0x20u : 0u) | (bytes == 0 ? rest : 23u + power));
  for (size_t i = bytes; i > 0; i--) {
    item[i] = (uint8_t)rest;
    rest >>= 8;
  }
  put_bytes(content, item, bytes + 1u);
}

/* To where it stays. */
static const uint8_t *keep(vn_records_t *records, const content_t *content) {
  if (records->block_count == 0 || BLOCK_BYTES - records->block_used < content->length) {
    if (records->block_count == records->block_room) {
      records->blocks = vn_room_grow(records->blocks, &records->block_room, sizeof(uint8_t *));
    }
    records->blocks[records->block_count++] = vn_room_new(BLOCK_BYTES);
    records->block_used = 0;
  }
  uint8_t *kept = records->blocks[records->block_count - 1u] + records->block_used;
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
  return key == KEY_ACCOUNTING || key == KEY_FLAGS || key == 0 ||
         (key == KEY_SAMPLE && (without & VN_RECORD_NO_SAMPLE) != 0) ||
         (end && (without & VN_RECORD_NO_ENDS) != 0);
}

static void take_series(vn_walk_t *walk, vn_record_t *record) {
  uint64_t length;
  bool good = vn_walk_head(walk, &length) == 3 && length >= 2 && length < 8 && walk->at[0] == 's';
  walk->failed = walk->failed || !good || length > (uint64_t)(walk->end - walk->at);
  for (uint64_t i = 1; !walk->failed && i < length; i++) {
    record->series = record->series * 10u + (uint32_t)(walk->at[i] - '0');
  }
  walk->at += walk->failed ? 0 : length;
}

/* A record that is being read. */
typedef struct taking {
  vn_walk_t *walk;
  const uint8_t *copied; /* what lies before it is in the content, or left out */
  int64_t shift_ms;
  unsigned without;
  vn_record_t record;
  content_t content;
} taking_t;

static void copy_to(taking_t *taking, const uint8_t *end) {
  put_bytes(&taking->content, taking->copied, (size_t)(end - taking->copied));
  taking->copied = end;
}

/* Told anew where it is shifted. */
static int64_t take_time(taking_t *taking) {
  const uint8_t *from = taking->walk->at;
  int64_t time_ms = vn_walk_integer(taking->walk) - taking->shift_ms;
  if (taking->shift_ms != 0) {
    copy_to(taking, from);
    put_time(&taking->content, time_ms);
    taking->copied = taking->walk->at;
  }
  return time_ms;
}

static void take_superseded(taking_t *taking) {
  uint64_t count = vn_walk_container(taking->walk, 4);
  for (uint64_t i = 0; i < count && !taking->walk->failed; i++) {
    (void)vn_walk_container(taking->walk, 4);
    (void)take_time(taking);
    (void)take_time(taking);
  }
}

static void take_value(taking_t *taking, int64_t key) {
  vn_walk_t *walk = taking->walk;
  vn_record_t *record = &taking->record;
  int64_t *kept = figure(record, key);
  if (key == KEY_START || key == KEY_END) {
    *kept = take_time(taking);
  } else if (kept != NULL && walk->at < walk->end && walk->at[0] < 0x40) {
    *kept = vn_walk_integer(walk);
  } else if (key == KEY_SERIES) {
    take_series(walk, record);
  } else if (key == KEY_WINDOW) {
    record->window = (uint8_t)vn_walk_integer(walk);
  } else if (key == KEY_SUPERSEDES) {
    take_superseded(taking);
  } else if (key == KEY_FLAGS) {
    record->coarse = (vn_walk_integer(walk) & COARSENED) != 0;
  } else {
    (void)vn_walk_skip(walk);
  }
}

/* What is kept as it came is copied in one piece as long as nothing comes in between. */
static void take_member(taking_t *taking) {
  const uint8_t *begin = taking->walk->at;
  int64_t key = vn_walk_integer(taking->walk);
  bool left_out = is_left_out(key, taking->without);
  if (left_out) {
    copy_to(taking, begin);
  }
  take_value(taking, key);
  taking->copied = left_out ? taking->walk->at : taking->copied;
}

static void take_record(vn_walk_t *walk, vn_records_t *records, unsigned without,
                        int64_t shift_ms) {
  taking_t taking; /* its content is filled as far as it is used */
  uint64_t members = vn_walk_container(walk, 5);
  taking.walk = walk;
  taking.copied = walk->at;
  taking.shift_ms = shift_ms;
  taking.without = without;
  taking.record = (vn_record_t){.is_result = true};
  taking.content.length = 0;
  for (uint64_t i = 0; i < members && !walk->failed; i++) {
    take_member(&taking);
  }
  copy_to(&taking, walk->at);
  records->coarse = records->coarse || taking.record.coarse;
  add(records, &taking.record, &taking.content);
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
  vn__records_sort(records);
  return good;
}

static void write_superseded(vn_walk_t *walk, FILE *to) {
  for (uint64_t count = vn_walk_container(walk, 4); count > 0 && !walk->failed; count--) {
    (void)vn_walk_container(walk, 4);
    fprintf(to, " over %" PRId64, vn_walk_integer(walk));
    fprintf(to, "..%" PRId64, vn_walk_integer(walk));
  }
}

static void write_member(vn_walk_t *walk, const vn_record_t *record, FILE *to) {
  int64_t key = vn_walk_integer(walk);
  if (key == KEY_SUPERSEDES) {
    write_superseded(walk, to);
    return;
  }
  const uint8_t *from = walk->at;
  if (key == KEY_WINDOW || key == KEY_SERIES) {
    fprintf(to, key == KEY_WINDOW ? "w%u" : " s%u",
            key == KEY_WINDOW ? (unsigned)record->window : (unsigned)record->series);
    (void)vn_walk_skip(walk);
  } else if (from < walk->end && *from < 0x40) {
    fprintf(to, " %" PRId64 ":%" PRId64, key, vn_walk_integer(walk));
  } else {
    fprintf(to, " %" PRId64 ":", key);
    (void)vn_walk_skip(walk);
    for (; from < walk->at; from++) {
      fprintf(to, "%02x", (unsigned)*from);
    }
  }
}

void vn_record_text(const vn_record_t *record, char *text, size_t room) {
  vn_walk_t walk = {record->content, record->content + record->length, false};
  FILE *to = fmemopen(text, room, "w");
  text[0] = '\0';
  if (to != NULL && !record->is_result) {
    (void)fwrite(record->content, 1, record->length, to);
  }
  while (to != NULL && record->is_result && walk.at < walk.end && !walk.failed) {
    write_member(&walk, record, to);
  }
  if (to != NULL) {
    (void)fclose(to);
  }
  text[room - 1u] = '\0';
}

bool vn_records_equal(const vn_records_t *a, const vn_records_t *b, const char *what, char *problem,
                      size_t room) {
  size_t i = 0;
  size_t k = 0;
  while (i < a->count && k < b->count && vn_record_order(&a->records[i], &b->records[k]) == 0) {
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
