/*
 * Topic patterns, templates and globs: three lines of input are two patterns and a topic, two more
 * a template and a glob. What matches is what simple code says, on texts of any bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "vn/topic.h"

#define LINES 5u
#define GLOB_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts off the next line. */
static vn_text_t next_line(const char **at, size_t *left) {
  const char *end = *left > 0 ? memchr(*at, '\n', *left) : NULL;
  size_t length = end != NULL ? (size_t)(end - *at) : *left;
  vn_text_t line = {*at, length};
  size_t used = end != NULL ? length + 1 : length;
  *at += used;
  *left -= used;
  return line;
}

/* A level of a topic, and what follows it. */
static vn_text_t next_level(vn_text_t *rest, bool *more) {
  size_t length = 0;
  while (length < rest->length && rest->bytes[length] != '/') {
    length++;
  }
  vn_text_t level = {rest->bytes, length};
  *more = length < rest->length;
  rest->bytes += length + *more;
  rest->length -= length + *more;
  return level;
}

static bool is(vn_text_t text, const char *literal) {
  return text.length == strlen(literal) && memcmp(text.bytes, literal, text.length) == 0;
}

static bool same(vn_text_t a, vn_text_t b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

/* MQTT's rule for a filter without braces, level by level. */
static bool filter_matches(vn_text_t filter, vn_text_t topic) {
  bool filter_more = true;
  bool topic_more = true;
  bool first = true;
  while (filter_more) {
    vn_text_t wanted = next_level(&filter, &filter_more);
    bool hidden = first && topic.length > 0 && topic.bytes[0] == '$';
    if (is(wanted, "#")) {
      return !hidden;
    }
    if (!topic_more) {
      return false;
    }
    vn_text_t given = next_level(&topic, &topic_more);
    if (is(wanted, "+") ? hidden : !same(wanted, given)) {
      return false;
    }
    first = false;
  }
  return !topic_more;
}

/* One row per byte of the glob. */
static bool glob_matches(vn_text_t glob, vn_text_t text) {
  bool reached[GLOB_MAX + 1] = {true};
  for (size_t g = 0; g < glob.length; g++) {
    bool star = glob.bytes[g] == '*';
    bool diagonal = reached[0];
    reached[0] = star && reached[0];
    for (size_t t = 1; t <= text.length; t++) {
      bool above = reached[t];
      bool fits = glob.bytes[g] == '?' || glob.bytes[g] == text.bytes[t - 1];
      reached[t] = star ? above || reached[t - 1] : diagonal && fits;
      diagonal = above;
    }
  }
  return reached[text.length];
}

/* What a pattern says about a topic; its captures are levels of the topic. */
static bool check_pattern(const vn_pattern_t *pattern, vn_text_t topic,
                          vn_text_t captures[VN_CAPTURES_MAX]) {
  char *filter = malloc(pattern->text.length + 1);
  VN_ASSERT(filter != NULL);
  size_t length = vn_pattern_filter(pattern, filter, pattern->text.length);
  VN_ASSERT(length > 0 && length <= pattern->text.length);
  VN_ASSERT(vn_pattern_filter(pattern, filter, length - 1) == 0);
  bool matches = vn_pattern_match(pattern, topic, captures);
  VN_ASSERT(matches == (topic.length > 0 && filter_matches((vn_text_t){filter, length}, topic)));
  for (unsigned i = 0; matches && i < pattern->capture_count; i++) {
    VN_ASSERT(captures[i].bytes >= topic.bytes &&
              captures[i].bytes + captures[i].length <= topic.bytes + topic.length);
    VN_ASSERT(captures[i].length == 0 ||
              memchr(captures[i].bytes, '/', captures[i].length) == NULL);
  }
  free(filter);
  return matches;
}

static void check_template(vn_text_t text, const vn_pattern_t *pattern, vn_text_t topic,
                           const vn_text_t captures[VN_CAPTURES_MAX]) {
  vn_template_t compiled;
  const char *problem = NULL;
  char out[32];
  size_t length = 0;
  if (vn_template_compile(text, pattern, true, &compiled, &problem) != VN_OK) {
    VN_ASSERT(problem != NULL);
    return;
  }
  vn_reason_t reason = vn_template_expand(&compiled, topic, captures, (vn_text_t){"name", 4}, out,
                                          sizeof out, &length);
  VN_ASSERT(length <= sizeof out);
  VN_ASSERT(reason == VN_REASON_NONE || reason == VN_REASON_NAME || reason == VN_REASON_CHARSET);
  VN_ASSERT(reason != VN_REASON_NONE ||
            vn_name_check((vn_text_t){out, length}, sizeof out) == VN_REASON_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  vn_text_t lines[LINES];
  vn_pattern_t patterns[2];
  vn_text_t captures[VN_CAPTURES_MAX];
  bool matches[2] = {false, false};
  bool good[2];
  const char *at = (const char *)data;
  for (size_t i = 0; i < LINES; i++) {
    lines[i] = next_line(&at, &size);
  }
  for (size_t i = 2; i-- > 0;) {
    const char *problem = NULL;
    good[i] = vn_pattern_compile(lines[i], &patterns[i], &problem) == VN_OK;
    VN_ASSERT(good[i] == (problem == NULL));
    matches[i] = good[i] && check_pattern(&patterns[i], lines[2], captures);
  }
  if (good[0] && good[1]) {
    bool overlap = vn_pattern_overlap(&patterns[0], &patterns[1]);
    VN_ASSERT(overlap == vn_pattern_overlap(&patterns[1], &patterns[0]));
    VN_ASSERT(overlap || !(matches[0] && matches[1]));
  }
  if (matches[0]) {
    check_template(lines[3], &patterns[0], lines[2], captures);
  }
  if (lines[2].length <= GLOB_MAX) {
    VN_ASSERT(vn_glob_match(lines[4], lines[2]) == glob_matches(lines[4], lines[2]));
  }
  return 0;
}
