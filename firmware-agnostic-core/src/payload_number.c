#include <string.h>

#include "number_priv.h"
#include "payload_priv.h"
#include "vn/json.h"

static void deliver_one(const vn__decode_t *decode, vn_reason_t reason, const vn_number_t *value) {
  vn_decoded_t decoded;
  memset(&decoded, 0, sizeof decoded);
  decoded.reason = (uint8_t)reason;
  if (reason == VN_REASON_NONE) {
    decoded.value = *value;
  }
  decode->deliver(decode->context, &decoded);
}

static bool text_is(vn_text_t text, const char *word) {
  return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

/* Words that say something about one reading, where anything else is no number at all. */
static vn_reason_t word_reason(vn_text_t text) {
  if (text_is(text, "null")) {
    return VN_REASON_MISSING;
  }
  return text_is(text, "true") || text_is(text, "false") ? VN_REASON_TYPE : VN_REASON_NUMBER;
}

/* The whole payload is one number; `text` is without the spaces around it. */
static vn_reason_t decode_plain(const vn__decode_t *decode, vn_text_t text) {
  vn_number_t value;
  vn_reason_t reason = vn_number_from_text(text.bytes, text.length, &value);
  if (reason == VN_REASON_NUMBER) {
    reason = word_reason(text);
  }
  if (reason == VN_REASON_NUMBER) {
    const uint8_t *start = (const uint8_t *)text.bytes;
    *decode->offset = (size_t)(start - decode->payload) + vn__number_stop(start, text.length);
    return reason;
  }
  deliver_one(decode, reason, &value);
  return VN_REASON_NONE;
}

/* A string in an array of numbers: only the words for NaN and the infinities say more. */
static vn_reason_t string_reason(vn_text_t text) {
  vn_number_t unused;
  vn_reason_t reason = vn_number_from_text(text.bytes, text.length, &unused);
  return reason == VN_REASON_NAN || reason == VN_REASON_INF ? reason : VN_REASON_TYPE;
}

static void deliver_item(const vn__decode_t *decode, const vn_json_t *json, vn_json_event_t event) {
  vn_number_t value = vn_number_from_integer(0);
  vn_reason_t reason = VN_REASON_TYPE;
  if (event == VN_JSON_NUMBER) {
    reason = vn_number_from_text(json->text.bytes, json->text.length, &value);
  } else if (event == VN_JSON_STRING) {
    reason = string_reason(json->text);
  } else if (event == VN_JSON_NULL) {
    reason = VN_REASON_MISSING;
  }
  deliver_one(decode, reason, &value);
}

/* True for events that complete an item of the outermost array. */
static bool completes_item(const vn_json_t *json, vn_json_event_t event) {
  bool opens = event == VN_JSON_OBJECT_BEGIN || event == VN_JSON_ARRAY_BEGIN;
  return json->depth == 1 && !opens && event != VN_JSON_KEY;
}

static vn_reason_t decode_array(const vn__decode_t *decode) {
  vn_json_t json;
  vn_json_event_t event = VN_JSON_NULL;
  vn_json_init(&json, decode->payload, decode->length, VN_JSON_DEPTH_MAX);
  while (event != VN_JSON_DONE) {
    vn_reason_t reason = vn_json_next(&json, &event);
    if (reason != VN_REASON_NONE) {
      *decode->offset = json.position;
      return reason;
    }
    if (completes_item(&json, event)) {
      deliver_item(decode, &json, event);
    }
  }
  return VN_REASON_NONE;
}

static bool is_space(uint8_t byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

vn_reason_t vn__decode_number(const vn__decode_t *decode) {
  VN_ASSERT(decode->length > 0);
  size_t start = 0;
  size_t end = decode->length;
  while (start < end && is_space(decode->payload[start])) {
    start++;
  }
  while (end > start && is_space(decode->payload[end - 1])) {
    end--;
  }
  if (start < end && decode->payload[start] == '[') {
    return decode_array(decode);
  }
  return decode_plain(decode, (vn_text_t){(const char *)decode->payload + start, end - start});
}
