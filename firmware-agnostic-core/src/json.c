#include "vn/json.h"

#include <string.h>

#include "json_priv.h"
#include "utf8_priv.h"

/* What may come next: the handler in kHandlers. */
enum {
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END, /* behind [ */
  EXPECT_KEY,
  EXPECT_KEY_OR_END,  /* behind { */
  EXPECT_NEXT_ITEM,   /* behind a value in an array: a comma or the end */
  EXPECT_NEXT_MEMBER, /* the same in an object */
  EXPECT_DONE,        /* behind the top-level value */
  EXPECT_NOTHING      /* behind an error */
};

/* Bits of kClass. */
enum {
  CLASS_PLAIN = 1, /* stands for itself in a string: ASCII without controls, quote, backslash */
  CLASS_DIGIT = 2,
  CLASS_SPACE = 4,
  CLASS_WORD = 8 /* can't follow a number or a word: letters, digits, + - . */
};

/* Bytes from 0x80 on are 0. */
static const uint8_t kClass[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  4,  4, 0, 0, 4, 0, 0, /* controls */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* controls */
    5,  1,  0,  1,  1,  1,  1,  1,  1,  1,  1, 9, 1, 9, 9, 1, /* space ! " # ... */
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 1, 1, 1, 1, 1, 1, /* 0 ... */
    1,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9, 9, 9, 9, 9, 9, /* @ A ... */
    9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9, 1, 0, 1, 1, 1, /* P ... [ \ ] ^ _ */
    1,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9, 9, 9, 9, 9, 9, /* ` a ... */
    9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9, 1, 1, 1, 1, 1, /* p ... { | } ~ DEL */
};

void vn_json_init(vn_json_t *json, const uint8_t *bytes, size_t length, uint8_t depth_max) {
  VN_ASSERT(json != NULL && (bytes != NULL || length == 0));
  VN_ASSERT(depth_max >= 1 && depth_max <= 32);
  memset(json, 0, sizeof *json);
  json->bytes = bytes;
  json->length = length;
  json->depth_max = depth_max;
  json->expect = EXPECT_VALUE;
  json->after = EXPECT_DONE;
}

static vn_reason_t fail(vn_json_t *json, const uint8_t *at, vn_reason_t reason) {
  json->position = (size_t)(at - json->bytes);
  json->expect = EXPECT_NOTHING;
  return reason;
}

/* A value or key ends before `at`: what comes next is `expect`. */
static void move_to(vn_json_t *json, const uint8_t *at, uint8_t expect) {
  json->position = (size_t)(at - json->bytes);
  json->expect = expect;
}

/* Length of the UTF-8 sequence at `at`, 0 when there is none. */
static size_t utf8_length(const uint8_t *at, const uint8_t *end) {
  size_t length = *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;
  return (size_t)(end - at) >= length && vn__utf8_valid(at, length) ? length : 0;
}

static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end) {
  while (at < end && (kClass[*at] & CLASS_PLAIN) != 0) {
    at++;
  }
  return at;
}

static const uint8_t *skip_spaces(const uint8_t *at, const uint8_t *end) {
  while (at < end && (kClass[*at] & CLASS_SPACE) != 0) {
    at++;
  }
  return at;
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end) {
  while (at < end && (kClass[*at] & CLASS_DIGIT) != 0) {
    at++;
  }
  return at;
}

/*
 * Reads on in a string at something that doesn't stand for itself. Returns the last quote, or NULL
 * with *reason and json->position set.
 */
static const uint8_t *scan_rest(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                                vn_reason_t *reason) {
  while (at < end && *at != '"') {
    size_t length;
    if (*at == '\\') {
      json->escaped = true;
      length = vn__json_escape_length(at, end);
    } else {
      length = *at < 0x20 ? 0 : utf8_length(at, end);
    }
    if (length == 0) {
      *reason = fail(json, at, *at < 0x80 ? VN_REASON_JSON : VN_REASON_UTF8);
      return NULL;
    }
    at = skip_plain(at + length, end);
  }
  if (at == end) {
    *reason = fail(json, at, VN_REASON_JSON);
    return NULL;
  }
  return at;
}

/* Scans the string behind its first quote. Returns the last quote, or NULL as scan_rest does. */
static const uint8_t *scan_text(vn_json_t *json, const uint8_t *start, const uint8_t *end,
                                vn_reason_t *reason) {
  const uint8_t *at = skip_plain(start, end);
  json->escaped = false;
  if (at == end || *at != '"') {
    at = scan_rest(json, at, end, reason);
    if (at == NULL) {
      return NULL;
    }
  }
  json->text.bytes = (const char *)start;
  json->text.length = (size_t)(at - start);
  return at;
}

static vn_reason_t scan_string(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                               vn_json_event_t *event) {
  vn_reason_t reason = VN_REASON_JSON;
  at = scan_text(json, at + 1, end, &reason);
  if (at == NULL) {
    return reason;
  }
  move_to(json, at + 1, json->after);
  *event = VN_JSON_STRING;
  return VN_REASON_NONE;
}

static vn_reason_t scan_key(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                            vn_json_event_t *event) {
  if (*at != '"') {
    return fail(json, at, VN_REASON_JSON);
  }
  vn_reason_t reason = VN_REASON_JSON;
  at = scan_text(json, at + 1, end, &reason);
  if (at == NULL) {
    return reason;
  }
  at = skip_spaces(at + 1, end);
  if (at == end || *at != ':') {
    return fail(json, at, VN_REASON_JSON);
  }
  move_to(json, at + 1, EXPECT_VALUE);
  *event = VN_JSON_KEY;
  return VN_REASON_NONE;
}

/* The end of the exponent at `at` (its e), or NULL with *bad at the offending byte. */
static const uint8_t *scan_exponent(const uint8_t *at, const uint8_t *end, const uint8_t **bad) {
  at++;
  if (at < end && (*at == '+' || *at == '-')) {
    at++;
  }
  const uint8_t *digits = at;
  at = skip_digits(at, end);
  *bad = at;
  return at == digits ? NULL : at;
}

/* The end of the number at `at`, or NULL with *bad at the offending byte. */
static const uint8_t *number_end(const uint8_t *at, const uint8_t *end, const uint8_t **bad) {
  at += *at == '-';
  const uint8_t *digits = at;
  at = skip_digits(at, end);
  if (at == digits) {
    *bad = at;
    return NULL;
  }
  if (*digits == '0' && at > digits + 1) {
    *bad = digits + 1;
    return NULL;
  }
  if (at < end && *at == '.') {
    digits = ++at;
    at = skip_digits(at, end);
    if (at == digits) {
      *bad = at;
      return NULL;
    }
  }
  if (at < end && (*at | 0x20u) == 'e') {
    return scan_exponent(at, end, bad);
  }
  return at;
}

static vn_reason_t scan_number(vn_json_t *json, const uint8_t *start, const uint8_t *end,
                               vn_json_event_t *event) {
  const uint8_t *bad = start;
  const uint8_t *at = number_end(start, end, &bad);
  if (at == NULL) {
    return fail(json, bad, VN_REASON_JSON);
  }
  if (at < end && (kClass[*at] & CLASS_WORD) != 0) {
    return fail(json, at, VN_REASON_JSON);
  }
  json->text.bytes = (const char *)start;
  json->text.length = (size_t)(at - start);
  move_to(json, at, json->after);
  *event = VN_JSON_NUMBER;
  return VN_REASON_NONE;
}

/*
 * The end of the true, false or null at `at`, or NULL with *bad at the offending byte. *which is
 * its place in that list.
 */
static const uint8_t *word_end(const uint8_t *at, const uint8_t *end, unsigned *which,
                               const uint8_t **bad) {
  static const char kWords[3][6] = {"true", "false", "null"};
  *which = *at == 't' ? 0 : *at == 'f' ? 1 : 2;
  const char *word = kWords[*which];
  for (; *word != '\0'; word++, at++) {
    if (at == end || *at != (uint8_t)*word) {
      *bad = at;
      return NULL;
    }
  }
  return at;
}

static vn_reason_t scan_word(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                             vn_json_event_t *event) {
  const uint8_t *bad = at;
  unsigned which;
  at = word_end(at, end, &which, &bad);
  if (at == NULL) {
    return fail(json, bad, VN_REASON_JSON);
  }
  if (at < end && (kClass[*at] & CLASS_WORD) != 0) {
    return fail(json, at, VN_REASON_JSON);
  }
  move_to(json, at, json->after);
  *event = (vn_json_event_t)(VN_JSON_TRUE + which);
  return VN_REASON_NONE;
}

/* The position moves behind the bracket, into or out of a container of json->depth. */
static void enter(vn_json_t *json, const uint8_t *at, uint8_t expect) {
  bool object = json->depth > 0 && (json->objects >> (json->depth - 1u) & 1u) != 0;
  json->after = json->depth == 0 ? EXPECT_DONE : object ? EXPECT_NEXT_MEMBER : EXPECT_NEXT_ITEM;
  move_to(json, at + 1, expect == EXPECT_DONE ? json->after : expect);
}

static vn_reason_t open_container(vn_json_t *json, const uint8_t *at, vn_json_event_t *event) {
  if (json->depth == json->depth_max) {
    return fail(json, at, VN_REASON_DEPTH);
  }
  uint32_t bit = UINT32_C(1) << json->depth;
  bool object = *at == '{';
  json->depth++;
  json->objects = object ? json->objects | bit : json->objects & ~bit;
  enter(json, at, object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END);
  *event = object ? VN_JSON_OBJECT_BEGIN : VN_JSON_ARRAY_BEGIN;
  return VN_REASON_NONE;
}

static vn_reason_t close_object(vn_json_t *json, const uint8_t *at, vn_json_event_t *event) {
  if (*at != '}') {
    return fail(json, at, VN_REASON_JSON);
  }
  json->depth--;
  enter(json, at, EXPECT_DONE);
  *event = VN_JSON_OBJECT_END;
  return VN_REASON_NONE;
}

static vn_reason_t close_array(vn_json_t *json, const uint8_t *at, vn_json_event_t *event) {
  if (*at != ']') {
    return fail(json, at, VN_REASON_JSON);
  }
  json->depth--;
  enter(json, at, EXPECT_DONE);
  *event = VN_JSON_ARRAY_END;
  return VN_REASON_NONE;
}

static vn_reason_t scan_value(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                              vn_json_event_t *event) {
  switch (*at) {
    case '"':
      return scan_string(json, at, end, event);
    case '{':
    case '[':
      return open_container(json, at, event);
    case 't':
    case 'f':
    case 'n':
      return scan_word(json, at, end, event);
    default:
      return scan_number(json, at, end, event);
  }
}

static vn_reason_t scan_first_item(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                                   vn_json_event_t *event) {
  return *at == ']' ? close_array(json, at, event) : scan_value(json, at, end, event);
}

static vn_reason_t scan_first_key(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                                  vn_json_event_t *event) {
  return *at == '}' ? close_object(json, at, event) : scan_key(json, at, end, event);
}

static vn_reason_t scan_next_item(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                                  vn_json_event_t *event) {
  if (*at != ',') {
    return close_array(json, at, event);
  }
  at = skip_spaces(at + 1, end);
  return at == end ? fail(json, at, VN_REASON_JSON) : scan_value(json, at, end, event);
}

static vn_reason_t scan_next_member(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                                    vn_json_event_t *event) {
  if (*at != ',') {
    return close_object(json, at, event);
  }
  at = skip_spaces(at + 1, end);
  return at == end ? fail(json, at, VN_REASON_JSON) : scan_key(json, at, end, event);
}

static vn_reason_t scan_trailing(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                                 vn_json_event_t *event) {
  (void)end;
  (void)event;
  return fail(json, at, VN_REASON_TRAILING);
}

/* The input ends at `at`. */
static vn_reason_t end_of_input(vn_json_t *json, const uint8_t *at, vn_json_event_t *event) {
  if (json->expect != EXPECT_DONE) {
    return fail(json, at, json->length == 0 ? VN_REASON_EMPTY : VN_REASON_JSON);
  }
  json->position = json->length;
  *event = VN_JSON_DONE;
  return VN_REASON_NONE;
}

typedef vn_reason_t (*handler_t)(vn_json_t *json, const uint8_t *at, const uint8_t *end,
                                 vn_json_event_t *event);

static const handler_t kHandlers[] = {
    [EXPECT_VALUE] = scan_value,
    [EXPECT_VALUE_OR_END] = scan_first_item,
    [EXPECT_KEY] = scan_key,
    [EXPECT_KEY_OR_END] = scan_first_key,
    [EXPECT_NEXT_ITEM] = scan_next_item,
    [EXPECT_NEXT_MEMBER] = scan_next_member,
    [EXPECT_DONE] = scan_trailing,
};

vn_reason_t vn_json_next(vn_json_t *json, vn_json_event_t *event) {
  VN_ASSERT(json->expect < EXPECT_NOTHING);
  const uint8_t *end = json->bytes + json->length;
  const uint8_t *at = skip_spaces(json->bytes + json->position, end);
  return at == end ? end_of_input(json, at, event) : kHandlers[json->expect](json, at, end, event);
}

const uint8_t *vn__json_simple_value(const uint8_t *at, const uint8_t *end) {
  const uint8_t *bad;
  unsigned which;
  if (at == end) {
    return NULL;
  }
  if (*at == '"') {
    at = skip_plain(at + 1, end);
    return at < end && *at == '"' ? at + 1 : NULL;
  }
  return *at <= '9' ? number_end(at, end, &bad) : word_end(at, end, &which, &bad);
}
