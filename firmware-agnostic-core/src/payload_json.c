#include "fields_priv.h"
#include "number_priv.h"
#include "vn/json.h"

/* The place of `text`, minus `before` bytes. */
static uint32_t text_offset(const vn_json_t *json, size_t before) {
  return (uint32_t)((size_t)((const uint8_t *)json->text.bytes - json->bytes) - before);
}

/* The place of a token of `length` bytes that has just been read. */
static uint32_t token_offset(const vn_json_t *json, size_t length) {
  return (uint32_t)(json->position - length);
}

static void feed_escaped_key(vn__fields_t *fields, vn_text_t raw) {
  char key[VN_TOKEN_MAX];
  size_t length;
  if (vn_json_unescape(raw, key, sizeof key, &length) == VN_REASON_NONE) {
    vn__fields_key(fields, (vn_text_t){key, length});
  } else {
    vn__fields_other_key(fields);
  }
}

static void feed_key(const vn_json_t *json, vn__fields_t *fields) {
  if (json->escaped) {
    feed_escaped_key(fields, json->text);
  } else {
    vn__fields_key(fields, json->text);
  }
}

/* Hands one event to the matcher. */
static void feed(const vn_json_t *json, vn_json_event_t event, vn__fields_t *fields) {
  switch (event) {
    case VN_JSON_OBJECT_BEGIN:
    case VN_JSON_ARRAY_BEGIN:
      vn__fields_begin(fields, event == VN_JSON_ARRAY_BEGIN, token_offset(json, 1));
      break;
    case VN_JSON_OBJECT_END:
    case VN_JSON_ARRAY_END:
      vn__fields_end(fields);
      break;
    case VN_JSON_KEY:
      feed_key(json, fields);
      break;
    case VN_JSON_NUMBER:
      vn__fields_scalar(fields, text_offset(json, 0));
      break;
    case VN_JSON_STRING:
      vn__fields_scalar(fields, text_offset(json, 1));
      break;
    case VN_JSON_FALSE:
      vn__fields_scalar(fields, token_offset(json, 5));
      break;
    case VN_JSON_TRUE:
    case VN_JSON_NULL:
      vn__fields_scalar(fields, token_offset(json, 4));
      break;
    default:
      break;
  }
}

/* Looks for time and sequence up to the end of the container just begun, or up to damage. */
static void read_ahead(const vn_json_t *json, vn__fields_t *fields) {
  vn_json_t ahead = *json;
  vn_json_event_t event;
  uint8_t open = fields->open;
  vn__fields_ahead_begin(fields);
  while (fields->open >= open && vn_json_next(&ahead, &event) == VN_REASON_NONE) {
    feed(&ahead, event, fields);
  }
  vn__fields_ahead_end(fields, open);
}

/* The text of the string whose first quote is at `offset`. */
static void read_string(const vn__decode_t *decode, uint32_t offset, vn__value_t *out) {
  const char *start = (const char *)decode->payload + offset + 1;
  size_t length = 0;
  bool escaped = false;
  for (; start[length] != '"'; length++) {
    if (start[length] == '\\') {
      escaped = true;
      length++;
    }
  }
  out->kind = VN__VALUE_TEXT;
  out->text = (vn_text_t){start, length};
  if (escaped) {
    size_t used = 0;
    if (vn_json_unescape(out->text, out->unescaped, sizeof out->unescaped, &used) !=
        VN_REASON_NONE) {
      out->kind = VN__VALUE_OTHER; /* too long for a number or a time */
    }
    out->text = (vn_text_t){out->unescaped, used};
  }
}

static void read_value(const vn__decode_t *decode, uint32_t offset, vn__value_t *out) {
  const uint8_t *at = decode->payload + offset;
  VN_ASSERT(offset < decode->length);
  out->kind = VN__VALUE_OTHER;
  switch (*at) {
    case '"':
      read_string(decode, offset, out);
      break;
    case 't':
    case 'f':
      out->kind = VN__VALUE_BOOL;
      out->number = vn_number_from_integer(*at == 't');
      break;
    case 'n':
      out->kind = VN__VALUE_NULL;
      break;
    case '{':
    case '[':
      break;
    default:
      (void)vn__number_prefix(at, decode->length - offset, &out->number);
      out->kind = VN__VALUE_NUMBER;
      break;
  }
}

vn_reason_t vn__decode_json(const vn__decode_t *decode) {
  vn_json_t json;
  vn__fields_t fields;
  vn_json_event_t event = VN_JSON_NULL;
  vn_json_init(&json, decode->payload, decode->length, VN_JSON_DEPTH_MAX);
  vn__fields_init(&fields, decode, read_value);
  fields.texts_are_numbers = true;
  while (event != VN_JSON_DONE) {
    vn_reason_t reason = vn_json_next(&json, &event);
    if (reason != VN_REASON_NONE) {
      *decode->offset = json.position;
      return reason;
    }
    feed(&json, event, &fields);
    bool began = event == VN_JSON_OBJECT_BEGIN || event == VN_JSON_ARRAY_BEGIN;
    if (began && vn__fields_wants_ahead(&fields)) {
      read_ahead(&json, &fields);
    }
  }
  return VN_REASON_NONE;
}
