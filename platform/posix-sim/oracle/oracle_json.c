#include "oracle_json.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

typedef struct cursor {
  const char *at, *end;
} cursor_t;

static bool value(cursor_t *cursor, unsigned depth);

static char peek(const cursor_t *cursor) { return cursor->at == cursor->end ? '\0' : *cursor->at; }

static bool take(cursor_t *cursor, char c) {
  bool there = cursor->at != cursor->end && *cursor->at == c;
  cursor->at += there;
  return there;
}

static void space(cursor_t *cursor) {
  while (cursor->at != cursor->end && strchr(" \t\r\n", *cursor->at) != NULL && *cursor->at != 0) {
    cursor->at++;
  }
}

static bool word(cursor_t *cursor, const char *text) {
  size_t length = strlen(text);
  if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, text, length) != 0) {
    return false;
  }
  cursor->at += length;
  return true;
}

static bool hex_digits(cursor_t *cursor) {
  for (int i = 0; i < 4; i++, cursor->at++) {
    if (peek(cursor) == '\0' || strchr("0123456789abcdefABCDEF", peek(cursor)) == NULL) {
      return false;
    }
  }
  return true;
}

/* From quote to quote. */
static bool string(cursor_t *cursor, vn__text_t *text) {
  if (!take(cursor, '"')) {
    return false;
  }
  text->bytes = cursor->at;
  while (cursor->at != cursor->end && *cursor->at != '"') {
    if ((unsigned char)*cursor->at < ' ') {
      return false;
    }
    if (take(cursor, '\\')) {
      char c = peek(cursor);
      cursor->at += c != '\0';
      if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL || (c == 'u' && !hex_digits(cursor))) {
        return false;
      }
    } else {
      cursor->at++;
    }
  }
  text->length = (size_t)(cursor->at - text->bytes);
  return take(cursor, '"');
}

static bool digits(cursor_t *cursor) {
  const char *from = cursor->at;
  while (peek(cursor) >= '0' && peek(cursor) <= '9') {
    cursor->at++;
  }
  return cursor->at != from;
}

static bool number(cursor_t *cursor) {
  (void)take(cursor, '-');
  if (!take(cursor, '0') && !digits(cursor)) {
    return false;
  }
  if (take(cursor, '.') && !digits(cursor)) {
    return false;
  }
  if (take(cursor, 'e') || take(cursor, 'E')) {
    (void)(take(cursor, '+') || take(cursor, '-'));
    return digits(cursor);
  }
  return true;
}

/* The next member; false: it is bad. */
static bool member(cursor_t *cursor, vn__member_t *into, unsigned depth) {
  space(cursor);
  if (!string(cursor, &into->key)) {
    return false;
  }
  space(cursor);
  if (!take(cursor, ':')) {
    return false;
  }
  space(cursor);
  into->value.bytes = cursor->at;
  bool good = value(cursor, depth);
  into->value.length = (size_t)(cursor->at - into->value.bytes);
  space(cursor);
  return good;
}

static bool object(cursor_t *cursor, unsigned depth) {
  vn__member_t unused;
  space(cursor);
  if (take(cursor, '}')) {
    return true;
  }
  do {
    if (!member(cursor, &unused, depth)) {
      return false;
    }
  } while (take(cursor, ','));
  return take(cursor, '}');
}

static bool array(cursor_t *cursor, unsigned depth) {
  space(cursor);
  if (take(cursor, ']')) {
    return true;
  }
  do {
    space(cursor);
    if (!value(cursor, depth)) {
      return false;
    }
    space(cursor);
  } while (take(cursor, ','));
  return take(cursor, ']');
}

static bool value(cursor_t *cursor, unsigned depth) {
  vn__text_t unused;
  if (depth == DEPTH_MAX) {
    return false;
  }
  switch (peek(cursor)) {
    case '{':
      cursor->at++;
      return object(cursor, depth + 1);
    case '[':
      cursor->at++;
      return array(cursor, depth + 1);
    case '"':
      return string(cursor, &unused);
    case 't':
      return word(cursor, "true");
    case 'f':
      return word(cursor, "false");
    case 'n':
      return word(cursor, "null");
    default:
      return number(cursor);
  }
}

bool vn__oracle_json_object(vn__object_t *object_, const void *bytes, size_t length) {
  cursor_t cursor = {bytes, (const char *)bytes + length};
  object_->count = 0;
  space(&cursor);
  if (!take(&cursor, '{')) {
    return false;
  }
  do {
    vn__member_t next;
    if (object_->count == VN__JSON_MEMBERS_MAX || !member(&cursor, &next, 1)) {
      return false;
    }
    for (size_t i = 0; i < object_->count; i++) {
      const vn__text_t *key = &object_->members[i].key;
      if (key->length == next.key.length && memcmp(key->bytes, next.key.bytes, key->length) == 0) {
        return false;
      }
    }
    object_->members[object_->count++] = next;
  } while (take(&cursor, ','));
  bool closed = take(&cursor, '}');
  space(&cursor);
  return closed && cursor.at == cursor.end;
}

bool vn__oracle_text_is(vn__text_t text, const char *other) {
  return text.length == strlen(other) && memcmp(text.bytes, other, text.length) == 0;
}

const vn__text_t *vn__oracle_json_find(const vn__object_t *object_, const char *key) {
  for (size_t i = 0; i < object_->count; i++) {
    if (vn__oracle_text_is(object_->members[i].key, key)) {
      return &object_->members[i].value;
    }
  }
  return NULL;
}

bool vn__oracle_json_is(const vn__text_t *value_, const char *text) {
  return value_ != NULL && value_->length == strlen(text) + 2 && value_->bytes[0] == '"' &&
         memcmp(value_->bytes + 1, text, value_->length - 2) == 0;
}

/* A number without its sign, digit by digit. */
typedef struct decimal {
  int64_t magnitude;
  unsigned digits, behind; /* the point */
} decimal_t;

enum { DIGITS_MAX = 18 }; /* what vnotch tells of values, times and numbers is shorter */

static bool read_decimal(const char *text, size_t length, decimal_t *decimal) {
  bool point = false;
  *decimal = (decimal_t){0, 0, 0};
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '.') {
      point = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9' || ++decimal->digits > DIGITS_MAX) {
      return false;
    }
    decimal->magnitude = 10 * decimal->magnitude + (text[i] - '0');
    decimal->behind += point;
  }
  return decimal->digits > 0;
}

bool vn__oracle_json_decimal(const vn__text_t *value_, unsigned decimals, int64_t *scaled) {
  decimal_t decimal;
  bool negative = value_ != NULL && value_->length > 0 && value_->bytes[0] == '-';
  if (value_ == NULL ||
      !read_decimal(value_->bytes + negative, value_->length - negative, &decimal) ||
      decimal.behind > decimals || decimal.digits + decimals - decimal.behind > DIGITS_MAX) {
    return false;
  }
  for (; decimal.behind < decimals; decimal.behind++) {
    decimal.magnitude *= 10;
  }
  *scaled = negative ? -decimal.magnitude : decimal.magnitude;
  return true;
}
