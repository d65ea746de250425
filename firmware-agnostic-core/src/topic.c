#include "vn/topic.h"

#include <string.h>

/* One level of a pattern or topic, and where the next one starts. */
typedef struct level {
  vn_text_t text;
  size_t next; /* index behind the separator */
  bool last;
} level_t;

static level_t level_at(vn_text_t text, size_t start) {
  size_t end = start;
  while (end < text.length && text.bytes[end] != '/') {
    end++;
  }
  level_t level = {{text.bytes + start, end - start}, end + 1, end == text.length};
  return level;
}

static bool same_text(vn_text_t a, vn_text_t b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static bool is_single(vn_text_t level, char byte) {
  return level.length == 1 && level.bytes[0] == byte;
}

static bool is_capture(vn_text_t level) { return level.length > 0 && level.bytes[0] == '{'; }

static bool matches_one(vn_text_t level) { return is_single(level, '+') || is_capture(level); }

static bool is_capture_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

/* What is wrong with the name inside the braces, or NULL. */
static const char *capture_problem(vn_text_t name, const vn_pattern_t *pattern) {
  if (name.length == 0) {
    return "a capture has no name: write {name}, or + for a level that needs none";
  }
  for (size_t i = 0; i < name.length; i++) {
    if (!is_capture_byte(name.bytes[i])) {
      return "a capture's name has a character other than letters, digits, _ and -";
    }
  }
  for (unsigned i = 0; i < pattern->capture_count; i++) {
    if (same_text(name, pattern->captures[i])) {
      return "the same capture occurs twice: give each its own name";
    }
  }
  return pattern->capture_count == VN_CAPTURES_MAX
             ? "more than 8 captures: replace those that no series name uses by +"
             : NULL;
}

static const char *add_capture(vn_text_t level, vn_pattern_t *pattern) {
  if (level.bytes[level.length - 1] != '}') {
    return "a { is not closed at the end of its level: a capture fills a whole level";
  }
  vn_text_t name = {level.bytes + 1, level.length - 2};
  const char *problem = capture_problem(name, pattern);
  if (problem == NULL) {
    pattern->captures[pattern->capture_count++] = name;
  }
  return problem;
}

/* What is wrong with a level without special meaning, or NULL. */
static const char *literal_problem(vn_text_t level) {
  for (size_t i = 0; i < level.length; i++) {
    switch (level.bytes[i]) {
      case '{':
      case '}':
        return "a brace inside a level: a capture fills a whole level, as in a/{b}/c";
      case '+':
      case '#':
        return "a + or # inside a level: a wildcard fills a whole level";
      case '\0':
        return "a NUL byte: topics cannot contain it";
      default:
        break;
    }
  }
  return NULL;
}

static const char *level_problem(const level_t *level, vn_pattern_t *pattern) {
  if (is_single(level->text, '#')) {
    return level->last ? NULL : "# is not the last level: it stands for all the levels that follow";
  }
  if (is_single(level->text, '+')) {
    return NULL;
  }
  return is_capture(level->text) ? add_capture(level->text, pattern) : literal_problem(level->text);
}

vn_err_t vn_pattern_compile(vn_text_t text, vn_pattern_t *out, const char **problem) {
  VN_ASSERT(text.bytes != NULL || text.length == 0);
  VN_ASSERT(out != NULL && problem != NULL);
  memset(out, 0, sizeof *out);
  out->text = text;
  *problem = text.length == 0      ? "the topic pattern is empty: write one, such as plant/{sensor}"
             : text.length > 65535 ? "the topic pattern is longer than MQTT's 65535 bytes"
                                   : NULL;
  bool last = false;
  for (size_t at = 0; *problem == NULL && !last;) {
    level_t level = level_at(text, at);
    *problem = level_problem(&level, out);
    at = level.next;
    last = level.last;
  }
  return *problem == NULL ? VN_OK : VN_ERR_FORMAT;
}

/* Wildcards at the first level don't match topics of the broker's own ($SYS). */
static bool hidden_from(vn_text_t first_level, vn_text_t topic) {
  return topic.length > 0 && topic.bytes[0] == '$' &&
         (matches_one(first_level) || is_single(first_level, '#'));
}

static bool level_matches(vn_text_t wanted, vn_text_t given) {
  return is_single(wanted, '+') || is_capture(wanted) || same_text(wanted, given);
}

bool vn_pattern_match(const vn_pattern_t *pattern, vn_text_t topic,
                      vn_text_t captures[VN_CAPTURES_MAX]) {
  VN_ASSERT(pattern != NULL && captures != NULL);
  level_t wanted = level_at(pattern->text, 0);
  if (topic.length == 0 || hidden_from(wanted.text, topic)) {
    return false;
  }
  unsigned captured = 0;
  level_t given = {{NULL, 0}, 0, false};
  while (!is_single(wanted.text, '#')) {
    if (given.last) {
      return false;
    }
    given = level_at(topic, given.next);
    if (!level_matches(wanted.text, given.text)) {
      return false;
    }
    if (is_capture(wanted.text)) {
      captures[captured++] = given.text;
    }
    if (wanted.last) {
      return given.last;
    }
    wanted = level_at(pattern->text, wanted.next);
  }
  return true; /* # needs no level: it matches the parent too */
}

size_t vn_pattern_filter(const vn_pattern_t *pattern, char *out, size_t capacity) {
  VN_ASSERT(pattern != NULL && (out != NULL || capacity == 0));
  size_t length = 0;
  bool inside = false; /* a capture's name */
  for (size_t i = 0; i < pattern->text.length; i++) {
    char byte = pattern->text.bytes[i];
    if (inside) {
      inside = byte != '}';
      continue;
    }
    inside = byte == '{';
    if (length == capacity) {
      return 0;
    }
    out[length++] = inside ? '+' : byte;
  }
  return length;
}

/* True when some level can match both. */
static bool levels_overlap(vn_text_t a, vn_text_t b) {
  return matches_one(a) || matches_one(b) || same_text(a, b);
}

static bool either_is_hash(vn_text_t a, vn_text_t b) {
  return is_single(a, '#') || is_single(b, '#');
}

/* True when a topic may end with this level: nothing follows, or # does. */
static bool end_overlaps(vn_text_t text, const level_t *level) {
  return level->last || is_single(level_at(text, level->next).text, '#');
}

bool vn_pattern_overlap(const vn_pattern_t *a, const vn_pattern_t *b) {
  VN_ASSERT(a != NULL && b != NULL);
  level_t left = level_at(a->text, 0);
  level_t right = level_at(b->text, 0);
  if (hidden_from(left.text, b->text) || hidden_from(right.text, a->text)) {
    return false;
  }
  while (!either_is_hash(left.text, right.text)) {
    if (!levels_overlap(left.text, right.text)) {
      return false;
    }
    if (left.last || right.last) {
      return end_overlaps(a->text, &left) && end_overlaps(b->text, &right);
    }
    left = level_at(a->text, left.next);
    right = level_at(b->text, right.next);
  }
  return true;
}
