/* Trace lines as JSON objects. */
#include "trace_priv.h"
#include "vn/json.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16

typedef enum member {
  MEMBER_AT,
  MEMBER_OP,
  MEMBER_PAYLOAD,
  MEMBER_PAYLOAD_HEX,
  MEMBER_RETAINED,
  MEMBER_SEQ,
  MEMBER_SERIES,
  MEMBER_SET,
  MEMBER_T,
  MEMBER_TOPIC,
  MEMBER_V,
  MEMBER_COUNT,
  MEMBER_UNKNOWN = MEMBER_COUNT
} member_t;

/* The present line while it is read. */
typedef struct object {
  vn_trace_t *trace;
  vn_trace_event_t *event;
  vn_text_t op;
  uint32_t seen; /* bit per member */
} object_t;

static const vn_text_t names[MEMBER_COUNT] = {
    [MEMBER_AT] = {"at", 2},
    [MEMBER_OP] = {"op", 2},
    [MEMBER_PAYLOAD] = {"payload", 7},
    [MEMBER_PAYLOAD_HEX] = {"payload_hex", 11},
    [MEMBER_RETAINED] = {"retained", 8},
    [MEMBER_SEQ] = {"seq", 3},
    [MEMBER_SERIES] = {"series", 6},
    [MEMBER_SET] = {"set", 3},
    [MEMBER_T] = {"t", 1},
    [MEMBER_TOPIC] = {"topic", 5},
    [MEMBER_V] = {"v", 1},
};

static bool is_text(vn_text_t text, vn_text_t other) {
  return text.length == other.length && memcmp(text.bytes, other.bytes, text.length) == 0;
}

static member_t find_member(vn_text_t key) {
  for (unsigned i = 0; i < MEMBER_COUNT; i++) {
    if (is_text(key, names[i])) {
      return (member_t)i;
    }
  }
  return MEMBER_UNKNOWN;
}

/* Room for the texts of one line: they are never longer than the line itself. */
static bool reserve_scratch(vn_trace_t *trace, size_t length) {
  if (trace->scratch_capacity >= length) {
    return true;
  }
  char *scratch = realloc(trace->scratch, 2 * length);
  if (scratch == NULL) {
    return false;
  }
  trace->scratch = scratch;
  trace->scratch_capacity = 2 * length;
  return true;
}

static const char *take_text(vn_trace_t *trace, const vn_json_t *json, vn_text_t *out) {
  *out = json->text;
  if (!json->escaped) {
    return NULL;
  }
  char *to = trace->scratch + trace->scratch_used;
  size_t length;
  if (vn_json_unescape(json->text, to, trace->scratch_capacity - trace->scratch_used, &length) !=
      VN_REASON_NONE) {
    return "a text holds an escape that is no character";
  }
  trace->scratch_used += length;
  *out = (vn_text_t){to, length};
  return NULL;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *take_hex(object_t *object, vn_text_t hex) {
  vn_trace_t *trace = object->trace;
  char *to = trace->scratch + trace->scratch_used;
  if (hex.length % 2 != 0) {
    return "\"payload_hex\" has an odd number of digits";
  }
  for (size_t i = 0; i < hex.length; i += 2) {
    int high = hex_digit(hex.bytes[i]);
    int low = hex_digit(hex.bytes[i + 1]);
    if (high < 0 || low < 0) {
      return "\"payload_hex\" holds something else than hexadecimal digits";
    }
    to[i / 2] = (char)(high << 4 | low);
  }
  trace->scratch_used += hex.length / 2;
  object->event->payload = (const uint8_t *)to;
  object->event->payload_length = hex.length / 2;
  return NULL;
}

static const char *on_string(object_t *object, member_t member, const vn_json_t *json) {
  vn_text_t text;
  const char *problem = take_text(object->trace, json, &text);
  if (problem != NULL) {
    return problem;
  }
  switch (member) {
    case MEMBER_OP:
      object->op = text;
      return NULL;
    case MEMBER_SERIES:
      object->event->series = text;
      object->event->has_series = true;
      return NULL;
    case MEMBER_TOPIC:
      object->event->topic = text;
      return NULL;
    case MEMBER_PAYLOAD:
      object->event->payload = (const uint8_t *)text.bytes;
      object->event->payload_length = text.length;
      return NULL;
    case MEMBER_PAYLOAD_HEX:
      return take_hex(object, text);
    case MEMBER_V:
      return "\"v\" is a text: write a number";
    case MEMBER_SET:
      return "\"set\" is true or false";
    default:
      return "\"at\", \"t\" and \"seq\" are integers";
  }
}

static const char *take_sequence(vn_trace_event_t *event, vn_text_t text) {
  int64_t number;
  if (!vn__trace_integer(text, &number) || number < 0 || number > UINT32_MAX) {
    return "\"seq\" is an integer from 0 to 4294967295";
  }
  event->sequence = (uint32_t)number;
  event->has_sequence = true;
  return NULL;
}

static const char *on_number(object_t *object, member_t member, vn_text_t text) {
  static const char bad_time[] = "a time is an integer in ms, from year 1 to year 9999";
  vn_trace_event_t *event = object->event;
  switch (member) {
    case MEMBER_AT:
      event->has_at = true;
      return vn__trace_time(text, &event->at_ms) ? NULL : bad_time;
    case MEMBER_T:
      event->has_time = true;
      return vn__trace_time(text, &event->time_ms) ? NULL : bad_time;
    case MEMBER_SEQ:
      return take_sequence(event, text);
    case MEMBER_V:
      return vn_number_from_text(text.bytes, text.length, &event->value) == VN_REASON_NONE
                 ? NULL
                 : "\"v\" is not a number";
    case MEMBER_SET:
      return "\"set\" is true or false";
    default:
      return "\"op\", \"series\", \"topic\" and \"payload\" are texts";
  }
}

static const char *skip_nested(vn_json_t *json) {
  vn_json_event_t event;
  unsigned level = json->depth;
  while (json->depth >= level) {
    if (vn_json_next(json, &event) != VN_REASON_NONE) {
      return "not a JSON object";
    }
  }
  return NULL;
}

static const char *on_word(object_t *object, member_t member, vn_json_event_t event) {
  if (event == VN_JSON_NULL || (member != MEMBER_RETAINED && member != MEMBER_SET)) {
    return "a member is true, false or null";
  }
  bool *target = member == MEMBER_SET ? &object->event->is_set : &object->event->retained;
  *target = event == VN_JSON_TRUE;
  return NULL;
}

static const char *on_value(object_t *object, member_t member, vn_json_t *json,
                            vn_json_event_t event) {
  if (event == VN_JSON_OBJECT_BEGIN || event == VN_JSON_ARRAY_BEGIN) {
    return member == MEMBER_UNKNOWN ? skip_nested(json) : "a member is an object or an array";
  }
  if (member == MEMBER_UNKNOWN) {
    return NULL;
  }
  object->seen |= UINT32_C(1) << member;
  if (event == VN_JSON_NUMBER) {
    return on_number(object, member, json->text);
  }
  if (event == VN_JSON_STRING) {
    return on_string(object, member, json);
  }
  return on_word(object, member, event);
}

static bool has(const object_t *object, member_t member) {
  return (object->seen & UINT32_C(1) << member) != 0;
}

static const char *finish_operation(const object_t *object) {
  static const struct {
    vn_text_t word;
    vn_trace_kind_t kind;
    member_t needed;
    const char *problem;
  } operations[] = {
      {{"tick", 4}, VN_TRACE_TICK, MEMBER_AT, "a tick needs \"at\""},
      {{"watermark", 9}, VN_TRACE_WATERMARK, MEMBER_T, "a watermark needs \"t\""},
      {{"flush", 5}, VN_TRACE_FLUSH, MEMBER_OP, NULL},
      {{"clock", 5}, VN_TRACE_CLOCK, MEMBER_SET, "a clock needs \"set\", true or false"},
  };
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    if (is_text(object->op, operations[i].word)) {
      object->event->kind = (uint8_t)operations[i].kind;
      return has(object, operations[i].needed) ? NULL : operations[i].problem;
    }
  }
  return "unknown \"op\": use tick, watermark, flush or clock";
}

static const char *finish(const object_t *object) {
  if (has(object, MEMBER_OP)) {
    return finish_operation(object);
  }
  if (has(object, MEMBER_TOPIC)) {
    object->event->kind = VN_TRACE_MESSAGE;
    return has(object, MEMBER_PAYLOAD) != has(object, MEMBER_PAYLOAD_HEX)
               ? NULL
               : "a message needs either \"payload\" or \"payload_hex\"";
  }
  object->event->kind = VN_TRACE_READING;
  if (!has(object, MEMBER_SERIES) || !has(object, MEMBER_V)) {
    return "neither a reading (\"series\", \"t\", \"v\"), nor a message (\"topic\", \"payload\"), "
           "nor an \"op\"";
  }
  return NULL;
}

const char *vn__trace_json_line(vn_trace_t *trace, vn_text_t line, vn_trace_event_t *event) {
  static const char not_json[] = "not a JSON object";
  object_t object = {trace, event, {NULL, 0}, 0};
  vn_json_t json;
  vn_json_event_t next;
  if (!reserve_scratch(trace, line.length)) {
    return "no memory for the line";
  }
  vn_json_init(&json, (const uint8_t *)line.bytes, line.length, DEPTH_MAX);
  if (vn_json_next(&json, &next) != VN_REASON_NONE || next != VN_JSON_OBJECT_BEGIN) {
    return not_json;
  }
  for (;;) {
    if (vn_json_next(&json, &next) != VN_REASON_NONE) {
      return not_json;
    }
    if (next == VN_JSON_OBJECT_END) {
      break;
    }
    member_t member = find_member(json.text);
    if (vn_json_next(&json, &next) != VN_REASON_NONE) {
      return not_json;
    }
    const char *problem = on_value(&object, member, &json, next);
    if (problem != NULL) {
      return problem;
    }
  }
  return vn_json_next(&json, &next) == VN_REASON_NONE ? finish(&object) : not_json;
}
