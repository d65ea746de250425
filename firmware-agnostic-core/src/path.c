#include <string.h>

#include "vn/payload.h"

/* The text of a path and the place that is read. */
typedef struct cursor {
  vn_text_t text;
  size_t at;
} cursor_t;

static bool more(const cursor_t *cursor) { return cursor->at < cursor->text.length; }

static char peek(const cursor_t *cursor) { return cursor->text.bytes[cursor->at]; }

/* "key": the text between the quotes. */
static const char *take_quoted(cursor_t *cursor, vn_path_segment_t *out) {
  size_t start = ++cursor->at;
  while (more(cursor) && peek(cursor) != '"') {
    cursor->at++;
  }
  if (!more(cursor)) {
    return "a \" is not closed";
  }
  out->key = (vn_text_t){cursor->text.bytes + start, cursor->at - start};
  cursor->at++;
  return NULL;
}

static const char *take_key(cursor_t *cursor, vn_path_segment_t *out) {
  out->kind = VN_SEGMENT_KEY;
  if (more(cursor) && peek(cursor) == '"') {
    return take_quoted(cursor, out);
  }
  size_t start = cursor->at;
  while (more(cursor) && peek(cursor) != '.' && peek(cursor) != '[') {
    cursor->at++;
  }
  out->key = (vn_text_t){cursor->text.bytes + start, cursor->at - start};
  return out->key.length == 0 ? "an empty key: write \"\" if the message really has one" : NULL;
}

/* The number in [n]. */
static const char *take_index(cursor_t *cursor, vn_path_segment_t *out) {
  size_t start = cursor->at;
  uint64_t index = 0;
  while (more(cursor) && peek(cursor) >= '0' && peek(cursor) <= '9' && index <= UINT32_MAX) {
    index = index * 10 + (uint64_t)(peek(cursor) - '0');
    cursor->at++;
  }
  size_t digits = cursor->at - start;
  if (digits == 0 || index > UINT32_MAX || (digits > 1 && cursor->text.bytes[start] == '0')) {
    return "brackets hold an index from 0 on, as in [0], or [*] for every element";
  }
  out->kind = VN_SEGMENT_INDEX;
  out->index = (uint32_t)index;
  return NULL;
}

static const char *take_brackets(cursor_t *cursor, vn_path_segment_t *out) {
  const char *problem = NULL;
  cursor->at++;
  if (more(cursor) && peek(cursor) == '*') {
    out->kind = VN_SEGMENT_EACH;
    cursor->at++;
  } else {
    problem = take_index(cursor, out);
  }
  if (problem == NULL && (!more(cursor) || peek(cursor) != ']')) {
    problem = "a [ is not closed: put keys that contain one in quotes";
  }
  cursor->at++;
  return problem;
}

/* Takes one segment, with the dot that stands before a key. */
static const char *take_segment(cursor_t *cursor, bool first, vn_path_segment_t *out) {
  if (peek(cursor) == '[') {
    return take_brackets(cursor, out);
  }
  if (!first) {
    if (peek(cursor) != '.') {
      return "a dot is missing in front of a key";
    }
    cursor->at++;
  }
  return take_key(cursor, out);
}

vn_err_t vn_path_compile(vn_text_t text, vn_path_t *out, const char **problem) {
  VN_ASSERT(text.bytes != NULL || text.length == 0);
  VN_ASSERT(out != NULL && problem != NULL);
  memset(out, 0, sizeof *out);
  cursor_t cursor = {text, 0};
  *problem = text.length == 0 ? "the path is empty: write a key, such as temperature" : NULL;
  while (*problem == NULL && more(&cursor)) {
    if (out->segment_count == VN_PATH_SEGMENTS_MAX) {
      *problem = "more than 8 segments";
      break;
    }
    bool first = out->segment_count == 0;
    *problem = take_segment(&cursor, first, &out->segments[out->segment_count++]);
  }
  return *problem == NULL ? VN_OK : VN_ERR_FORMAT;
}
