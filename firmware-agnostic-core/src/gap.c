/* Gaps: counting what is gone, and the notice of it. */
#include "vn/gap.h"

#include "vn/cbor.h"

#include <string.h>

#define VERSION 1u
#define KEY_GAPS 7u /* beside those of summary messages */

const char *vn_gap_word(vn_gap_reason_t reason) {
  VN_ASSERT(reason < VN_GAP_REASONS);
  return reason == VN_GAP_DROPPED ? "dropped" : "coarsened";
}

void vn_gap_add(vn_gap_t *gap, const vn_gap_message_t *message) {
  if (gap->messages == 0) {
    *gap = (vn_gap_t){.first_seq = message->seq,
                      .last_seq = message->seq,
                      .from_ms = VN_TIME_PLUS_INFINITY,
                      .to_ms = VN_TIME_MINUS_INFINITY};
  }
  gap->first_seq = message->seq < gap->first_seq ? message->seq : gap->first_seq;
  gap->last_seq = message->seq > gap->last_seq ? message->seq : gap->last_seq;
  gap->messages++;
  gap->results += message->results;
  gap->alerts += message->alert;
  if (message->at_ms != VN_TIME_MINUS_INFINITY) {
    gap->from_ms = message->at_ms < gap->from_ms ? message->at_ms : gap->from_ms;
    gap->to_ms = message->at_ms > gap->to_ms ? message->at_ms : gap->to_ms;
  }
}

bool vn_gap_any(const vn_gap_t gaps[VN_GAP_REASONS]) {
  return gaps[VN_GAP_DROPPED].messages > 0 || gaps[VN_GAP_COARSENED].messages > 0;
}

/* Members of a gap; the place is the integer key. */
typedef enum member {
  MEMBER_WHY,
  MEMBER_FIRST,
  MEMBER_LAST,
  MEMBER_MESSAGES,
  MEMBER_RESULTS,
  MEMBER_ALERTS,
  MEMBER_FROM,
  MEMBER_TO,
  MEMBERS
} member_t;
static const char *const member_words[MEMBERS] = {"why",     "first",  "last", "messages",
                                                  "results", "alerts", "from", "to"};
/* RFC 8949, 4.2.1: text keys by length first. */
static const uint8_t named_order[MEMBERS] = {MEMBER_TO,      MEMBER_WHY,     MEMBER_FROM,
                                             MEMBER_LAST,    MEMBER_FIRST,   MEMBER_ALERTS,
                                             MEMBER_RESULTS, MEMBER_MESSAGES};

static bool is_told(const vn_gap_t *gap, member_t member) {
  switch (member) {
    case MEMBER_RESULTS:
      return gap->results > 0;
    case MEMBER_ALERTS:
      return gap->alerts > 0;
    case MEMBER_FROM:
    case MEMBER_TO:
      return gap->from_ms <= gap->to_ms;
    default:
      return true;
  }
}

static uint64_t count_of(const vn_gap_t *gap, member_t member) {
  switch (member) {
    case MEMBER_FIRST:
      return gap->first_seq;
    case MEMBER_LAST:
      return gap->last_seq;
    case MEMBER_MESSAGES:
      return gap->messages;
    case MEMBER_RESULTS:
      return gap->results;
    default:
      VN_ASSERT(member == MEMBER_ALERTS);
      return gap->alerts;
  }
}

static void put_text(vn_cbor_writer_t *writer, const char *text) {
  vn_cbor_text(writer, text, strlen(text));
}

static void put_key(vn_cbor_writer_t *writer, bool named, unsigned key, const char *word) {
  if (named) {
    put_text(writer, word);
  } else {
    vn_cbor_uint(writer, key);
  }
}

static void put_member(vn_cbor_writer_t *writer, const vn_gap_t *gap, vn_gap_reason_t why,
                       member_t member) {
  if (member == MEMBER_WHY) {
    vn_cbor_uint(writer, why);
  } else if (member == MEMBER_FROM || member == MEMBER_TO) {
    vn_cbor_int(writer, member == MEMBER_FROM ? gap->from_ms : gap->to_ms);
  } else {
    vn_cbor_uint(writer, count_of(gap, member));
  }
}

static void put_gap(vn_cbor_writer_t *writer, bool named, const vn_gap_t *gap,
                    vn_gap_reason_t why) {
  unsigned told = 0;
  for (unsigned i = 0; i < MEMBERS; i++) {
    told += is_told(gap, (member_t)i) ? 1u : 0u;
  }
  vn_cbor_map(writer, told);
  for (unsigned i = 0; i < MEMBERS; i++) {
    member_t member = (member_t)(named ? named_order[i] : i);
    if (is_told(gap, member)) {
      put_key(writer, named, member, member_words[member]);
      put_member(writer, gap, why, member);
    }
  }
}

static void put_gaps(vn_cbor_writer_t *writer, bool named, const vn_gap_t *gaps) {
  put_key(writer, named, KEY_GAPS, "gaps");
  vn_cbor_array(writer, (gaps[VN_GAP_DROPPED].messages > 0 ? 1u : 0u) +
                            (gaps[VN_GAP_COARSENED].messages > 0 ? 1u : 0u));
  for (unsigned i = 0; i < VN_GAP_REASONS; i++) {
    if (gaps[i].messages > 0) {
      put_gap(writer, named, &gaps[i], (vn_gap_reason_t)i);
    }
  }
}

static size_t cbor_notice(bool named, const vn_summary_head_t *head, const vn_gap_t *gaps,
                          uint8_t *out, size_t capacity) {
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, out, capacity);
  vn_cbor_map(&writer, 5);
  if (named) { /* by length: seq, boot, gaps, device, version */
    put_text(&writer, "seq");
    vn_cbor_uint(&writer, head->seq);
  } else {
    vn_cbor_uint(&writer, 0);
    vn_cbor_uint(&writer, VERSION);
    vn_cbor_uint(&writer, 1);
    put_text(&writer, head->device);
  }
  put_key(&writer, named, 2, "boot");
  vn_cbor_uint(&writer, head->boot);
  if (named) {
    put_gaps(&writer, named, gaps);
    put_text(&writer, "device");
    put_text(&writer, head->device);
    put_text(&writer, "version");
    vn_cbor_uint(&writer, VERSION);
  } else {
    vn_cbor_uint(&writer, 3);
    vn_cbor_uint(&writer, head->seq);
    put_gaps(&writer, named, gaps);
  }
  return writer.length;
}

static void put_json_gap(vn_json_writer_t *writer, const vn_gap_t *gap, vn_gap_reason_t why) {
  vn_json_object_begin(writer);
  for (unsigned i = 0; i < MEMBERS; i++) {
    member_t member = (member_t)i;
    if (!is_told(gap, member)) {
      continue;
    }
    vn_json_key(writer, member_words[member]);
    if (member == MEMBER_WHY) {
      vn_json_literal(writer, vn_gap_word(why));
    } else if (member == MEMBER_FROM || member == MEMBER_TO) {
      vn_json_integer(writer, member == MEMBER_FROM ? gap->from_ms : gap->to_ms);
    } else {
      vn_json_unsigned(writer, count_of(gap, member));
    }
  }
  vn_json_object_end(writer);
}

static size_t json_notice(const vn_summary_head_t *head, const vn_gap_t *gaps, char *out,
                          size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "device");
  vn_json_literal(&writer, head->device);
  vn_json_key(&writer, "boot");
  vn_json_unsigned(&writer, head->boot);
  vn_json_key(&writer, "seq");
  vn_json_unsigned(&writer, head->seq);
  vn_json_key(&writer, "gaps");
  vn_json_array_begin(&writer);
  for (unsigned i = 0; i < VN_GAP_REASONS; i++) {
    if (gaps[i].messages > 0) {
      put_json_gap(&writer, &gaps[i], (vn_gap_reason_t)i);
    }
  }
  vn_json_array_end(&writer);
  vn_json_object_end(&writer);
  return writer.length;
}

size_t vn_gap_notice(vn_encoding_t encoding, const vn_summary_head_t *head,
                     const vn_gap_t gaps[VN_GAP_REASONS], uint8_t *out, size_t capacity) {
  VN_ASSERT(head != NULL && gaps != NULL);
  VN_ASSERT(vn_gap_any(gaps));
  bool cbor = encoding == VN_ENCODING_CBOR || encoding == VN_ENCODING_CBOR_NAMED;
  return cbor ? cbor_notice(encoding == VN_ENCODING_CBOR_NAMED, head, gaps, out, capacity)
              : json_notice(head, gaps, (char *)out, capacity);
}

size_t vn_gap_notice_max(vn_encoding_t encoding, const char *device) {
  const vn_gap_t most = {.first_seq = UINT64_MAX,
                         .last_seq = UINT64_MAX,
                         .messages = UINT64_MAX,
                         .results = UINT64_MAX,
                         .alerts = UINT64_MAX,
                         .from_ms = VN_TIME_LOWEST_MS,
                         .to_ms = VN_TIME_LOWEST_MS};
  const vn_gap_t gaps[VN_GAP_REASONS] = {most, most};
  const vn_summary_head_t head = {device, UINT64_MAX, UINT32_MAX};
  return vn_gap_notice(encoding, &head, gaps, NULL, 0);
}
