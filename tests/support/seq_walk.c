#include "seq_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vn/cbor.h"
#include "vn/crc32c.h"

static void give_up(const char *why) {
  fprintf(stderr, "seq_walk: %s\n", why);
  abort();
}

/* The number behind `"key":`, from `at` on. */
static uint64_t json_number(const char *at, const char *key, uint64_t fallback) {
  char quoted[32];
  (void)snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *found = strstr(at, quoted);
  return found == NULL ? fallback : strtoull(found + strlen(quoted), NULL, 10);
}

static void add_gap(seq_walk_t *walk, const seq_gap_t *gap) {
  if (walk->gap_count == SEQ_WALK_GAPS_MAX) {
    give_up("too many gaps");
  }
  walk->gaps[walk->gap_count++] = *gap;
}

static void json_gaps(seq_walk_t *walk, char *text) {
  for (char *at = strstr(text, "{\"why\""); at != NULL;) {
    char *end = strchr(at, '}');
    *end = '\0';
    const seq_gap_t gap = {json_number(at, "first", 0),    json_number(at, "last", 0),
                           json_number(at, "messages", 0), json_number(at, "results", 0),
                           json_number(at, "alerts", 0),   strstr(at, "coarsened") != NULL};
    add_gap(walk, &gap);
    at = strstr(end + 1, "{\"why\"");
  }
}

static vn_cbor_item_t next(vn_cbor_reader_t *reader) {
  vn_cbor_item_t item;
  if (vn_cbor_next(reader, &item) != VN_REASON_NONE) {
    give_up("malformed CBOR");
  }
  return item;
}

/* Moves behind one item of definite length. */
static void skip(vn_cbor_reader_t *reader) {
  for (uint64_t left = 1; left > 0; left--) {
    vn_cbor_item_t item = next(reader);
    left += item.kind == VN_CBOR_ARRAY ? item.unsigned_value : 0;
    left += item.kind == VN_CBOR_MAP ? 2 * item.unsigned_value : 0;
    left += item.kind == VN_CBOR_TAG ? 1 : 0;
  }
}

static void cbor_gap(seq_walk_t *walk, vn_cbor_reader_t *reader) {
  uint64_t members[8] = {0};
  for (uint64_t left = next(reader).unsigned_value; left > 0; left--) {
    uint64_t key = next(reader).unsigned_value;
    members[key & 7u] = next(reader).unsigned_value;
  }
  const seq_gap_t gap = {members[1], members[2], members[3],
                         members[4], members[5], members[0] == 1};
  add_gap(walk, &gap);
}

/* The number of a message with integer keys; takes its gaps. */
static uint64_t cbor_message(seq_walk_t *walk, const rig_message_t *message) {
  vn_cbor_reader_t reader;
  uint64_t seq = 0;
  vn_cbor_reader_init(&reader, message->payload, message->payload_length);
  for (uint64_t left = next(&reader).unsigned_value; left > 0; left--) {
    uint64_t key = next(&reader).unsigned_value;
    if (key == 3) {
      seq = next(&reader).unsigned_value;
    } else if (key == 7) {
      for (uint64_t gaps = next(&reader).unsigned_value; gaps > 0; gaps--) {
        cbor_gap(walk, &reader);
      }
    } else {
      skip(&reader);
    }
  }
  return seq;
}

static uint64_t json_message(seq_walk_t *walk, const rig_message_t *message) {
  char text[sizeof message->payload + 1];
  memcpy(text, message->payload, message->payload_length);
  text[message->payload_length] = '\0';
  uint64_t seq = json_number(text, "seq", SEQ_WALK_MAX);
  if (message->channel == VN_CHANNEL_GAP) {
    json_gaps(walk, text);
  }
  return seq;
}

/* All that comes under a number has the same bytes. */
static void note_bytes(seq_walk_t *walk, uint64_t seq, const rig_message_t *message) {
  uint32_t bytes = vn_crc32c(0, message->payload, message->payload_length);
  if (walk->came[seq] > 0 && walk->bytes[seq] != bytes) {
    give_up("two messages of one number differ");
  }
  walk->bytes[seq] = bytes;
}

static void note_message(seq_walk_t *walk, const rig_message_t *message) {
  size_t gaps = walk->gap_count;
  uint64_t seq =
      message->payload[0] == '{' ? json_message(walk, message) : cbor_message(walk, message);
  if (seq >= SEQ_WALK_MAX) {
    give_up("a number beyond those that are remembered");
  }
  note_bytes(walk, seq, message);
  bool again = walk->came[seq] > 0;
  walk->gap_count = again ? gaps : walk->gap_count; /* the same notice */
  walk->again += again;
  walk->came[seq] = (uint8_t)(walk->came[seq] + (walk->came[seq] < UINT8_MAX ? 1 : 0));
  walk->next = seq >= walk->next ? seq + 1 : walk->next;
}

void seq_walk_note(seq_walk_t *walk, const rig_t *rig, size_t *from) {
  if (rig->sent_count == RIG_SENT_MAX) {
    give_up("more messages than the rig remembers");
  }
  for (; *from < rig->sent_count; (*from)++) {
    if (rig->sent[*from].channel != VN_CHANNEL_RESPONSE) {
      note_message(walk, &rig->sent[*from]);
    }
  }
}

static bool is_named(const seq_walk_t *walk, uint64_t seq) {
  for (size_t i = 0; i < walk->gap_count; i++) {
    if (seq >= walk->gaps[i].first && seq <= walk->gaps[i].last) {
      return true;
    }
  }
  return false;
}

uint64_t seq_walk_gone(const seq_walk_t *walk, bool coarsened) {
  uint64_t gone = 0;
  for (size_t i = 0; i < walk->gap_count; i++) {
    gone += walk->gaps[i].coarsened == coarsened ? walk->gaps[i].messages : 0;
  }
  return gone;
}

const char *seq_walk_problem(const seq_walk_t *walk) {
  static char text[128];
  uint64_t missing = 0;
  for (uint64_t seq = 0; seq < walk->next; seq++) {
    if (walk->came[seq] > 0) {
      continue;
    }
    missing++;
    if (!is_named(walk, seq)) {
      (void)snprintf(text, sizeof text, "%llu is missing and no gap names it",
                     (unsigned long long)seq);
      return text;
    }
  }
  uint64_t gone = seq_walk_gone(walk, false) + seq_walk_gone(walk, true);
  if (gone != missing) {
    (void)snprintf(text, sizeof text, "%llu are missing, the gaps name %llu",
                   (unsigned long long)missing, (unsigned long long)gone);
    return text;
  }
  return NULL;
}
