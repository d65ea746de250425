#include "json_members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(vn_text_t text, const char *why) {
  fprintf(stderr, "%s: %.*s\n", why, (int)(text.length < 200 ? text.length : 200), text.bytes);
  exit(1);
}

static vn_json_event_t next(vn_json_t *json, vn_text_t text) {
  vn_json_event_t event = VN_JSON_DONE;
  if (vn_json_next(json, &event) != VN_REASON_NONE) {
    give_up(text, "no JSON");
  }
  return event;
}

/* The whole of the value that `event` began. */
static vn_text_t value_of(vn_json_t *json, vn_text_t text, vn_json_event_t event) {
  if (event != VN_JSON_OBJECT_BEGIN && event != VN_JSON_ARRAY_BEGIN) {
    return json->text;
  }
  size_t start = json->position - 1;
  for (int depth = 1; depth > 0;) {
    event = next(json, text);
    depth += event == VN_JSON_OBJECT_BEGIN || event == VN_JSON_ARRAY_BEGIN;
    depth -= event == VN_JSON_OBJECT_END || event == VN_JSON_ARRAY_END;
  }
  return (vn_text_t){text.bytes + start, json->position - start};
}

json_object_t json_object(vn_text_t text) {
  vn_json_t json;
  json_object_t object = {.count = 0};
  vn_json_init(&json, (const uint8_t *)text.bytes, text.length, 16);
  if (next(&json, text) != VN_JSON_OBJECT_BEGIN) {
    give_up(text, "no object");
  }
  while (next(&json, text) == VN_JSON_KEY) {
    if (object.count == JSON_MEMBERS_MAX) {
      give_up(text, "too many members");
    }
    json_member_t *member = &object.members[object.count++];
    member->key = json.text;
    member->value = value_of(&json, text, next(&json, text));
  }
  return object;
}

size_t json_elements(vn_text_t array, vn_text_t *out, size_t most) {
  vn_json_t json;
  size_t count = 0;
  vn_json_init(&json, (const uint8_t *)array.bytes, array.length, 16);
  if (next(&json, array) != VN_JSON_ARRAY_BEGIN) {
    give_up(array, "no array");
  }
  for (vn_json_event_t event = next(&json, array); event != VN_JSON_ARRAY_END;
       event = next(&json, array)) {
    if (count == most) {
      give_up(array, "too many elements");
    }
    out[count++] = value_of(&json, array, event);
  }
  return count;
}

bool json_text_is(vn_text_t text, const char *literal) {
  return text.length == strlen(literal) && memcmp(text.bytes, literal, text.length) == 0;
}

const vn_text_t *json_member(const json_object_t *object, const char *key) {
  for (size_t i = 0; i < object->count; i++) {
    if (json_text_is(object->members[i].key, key)) {
      return &object->members[i].value;
    }
  }
  return NULL;
}

int64_t json_integer(const json_object_t *object, const char *key, int64_t otherwise) {
  const vn_text_t *value = json_member(object, key);
  char digits[32] = "";
  if (value == NULL) {
    return otherwise;
  }
  if (value->length >= sizeof digits) {
    give_up(*value, "no 64-bit integer");
  }
  memcpy(digits, value->bytes, value->length);
  return strtoll(digits, NULL, 10);
}
