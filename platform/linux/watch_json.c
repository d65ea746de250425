#include "watch_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16u
#define NUMBER_MAX 64u

static void next(vn_watch_json_t *reader) {
  if (!reader->failed && vn_json_next(&reader->json, &reader->event) != VN_REASON_NONE) {
    reader->failed = true;
  }
  reader->text = reader->json.text;
  reader->escaped = reader->json.escaped;
}

void vn_watch_json_begin(vn_watch_json_t *reader, const void *bytes, size_t length) {
  memset(reader, 0, sizeof *reader);
  vn_json_init(&reader->json, bytes, length, DEPTH_MAX);
  next(reader);
}

bool vn_watch_json_end(vn_watch_json_t *reader) {
  return !reader->failed && reader->event == VN_JSON_DONE;
}

bool vn_watch_json_enter(vn_watch_json_t *reader, vn_json_event_t begin) {
  if (reader->failed || reader->event != begin) {
    vn_watch_json_skip(reader);
    return false;
  }
  next(reader);
  return !reader->failed;
}

bool vn_watch_json_member(vn_watch_json_t *reader, vn_text_t *key) {
  if (reader->failed) {
    return false;
  }
  bool more = reader->event == VN_JSON_KEY;
  *key = reader->text;
  next(reader);
  return more && !reader->failed;
}

bool vn_watch_json_element(vn_watch_json_t *reader) {
  if (reader->failed) {
    return false;
  }
  bool more = reader->event != VN_JSON_ARRAY_END;
  if (!more) {
    next(reader);
  }
  return more && !reader->failed;
}

void vn_watch_json_skip(vn_watch_json_t *reader) {
  unsigned depth = 0;
  if (reader->failed) {
    return;
  }
  do {
    if (reader->event == VN_JSON_OBJECT_BEGIN || reader->event == VN_JSON_ARRAY_BEGIN) {
      depth++;
    } else if (reader->event == VN_JSON_OBJECT_END || reader->event == VN_JSON_ARRAY_END) {
      depth--;
    }
    next(reader);
  } while (depth > 0 && !reader->failed);
}

/* A number as a C string; false: there is none, or it is absurdly long. */
static bool copy_number(const vn_watch_json_t *reader, char text[NUMBER_MAX]) {
  if (reader->failed || reader->event != VN_JSON_NUMBER || reader->text.length >= NUMBER_MAX) {
    return false;
  }
  memcpy(text, reader->text.bytes, reader->text.length);
  text[reader->text.length] = '\0';
  return true;
}

bool vn_watch_json_integer(vn_watch_json_t *reader, int64_t *out) {
  char text[NUMBER_MAX];
  bool taken = false;
  if (copy_number(reader, text)) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    taken = errno == 0 && *end == '\0';
    *out = taken ? value : *out;
  }
  vn_watch_json_skip(reader);
  return taken;
}

bool vn_watch_json_number(vn_watch_json_t *reader, double *out) {
  char text[NUMBER_MAX];
  bool taken = false;
  if (copy_number(reader, text)) {
    double value = strtod(text, NULL);
    taken = isfinite(value);
    *out = taken ? value : *out;
  }
  vn_watch_json_skip(reader);
  return taken;
}

bool vn_watch_json_bool(vn_watch_json_t *reader, bool *out) {
  bool taken = !reader->failed && (reader->event == VN_JSON_TRUE || reader->event == VN_JSON_FALSE);
  if (taken) {
    *out = reader->event == VN_JSON_TRUE;
  }
  vn_watch_json_skip(reader);
  return taken;
}

bool vn_watch_json_text(vn_watch_json_t *reader, char *out, size_t capacity) {
  size_t length = 0;
  bool fits = !reader->failed && reader->event == VN_JSON_STRING &&
              (reader->escaped || reader->text.length < capacity);
  if (fits && reader->escaped) {
    /* Into a copy: what doesn't fit must leave *out alone. */
    char text[1024];
    fits = vn_json_unescape(reader->text, text, sizeof text, &length) == VN_REASON_NONE &&
           length < capacity && memchr(text, 0, length) == NULL;
    if (fits) {
      memcpy(out, text, length);
    }
  } else if (fits) {
    length = reader->text.length;
    memcpy(out, reader->text.bytes, length);
  }
  if (fits) {
    out[length] = '\0';
  }
  vn_watch_json_skip(reader);
  return fits;
}

bool vn_watch_text_is(vn_text_t text, const char *literal) {
  return strlen(literal) == text.length && memcmp(text.bytes, literal, text.length) == 0;
}
