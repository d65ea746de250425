#include <string.h>

#include "vn/topic.h"

/* Bits of kNameClass: what a series name may contain, and start with. */
enum { NAME_BYTE = 1, NAME_FIRST = 2 };

static const uint8_t kNameClass[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, /* - . / */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 0, 0, 0, 0, 0, /* 0 ... 9 : */
    0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* A ... */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 1, /* P ... Z _ */
    0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* a ... */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, /* p ... z */
};

static uint8_t class_of(char byte) { return kNameClass[(uint8_t)byte]; }

static bool text_is(vn_text_t text, const char *word) {
  size_t length = strlen(word);
  return text.length == length && memcmp(text.bytes, word, length) == 0;
}

/* The part that {name} stands for: a capture, a word of ours, or VN_PART_LITERAL when unknown. */
static int8_t find_part(vn_text_t name, const vn_pattern_t *pattern, bool name_allowed) {
  for (unsigned i = 0; i < pattern->capture_count; i++) {
    vn_text_t capture = pattern->captures[i];
    if (capture.length == name.length && memcmp(capture.bytes, name.bytes, name.length) == 0) {
      return (int8_t)i;
    }
  }
  if (text_is(name, "topic")) {
    return VN_PART_TOPIC;
  }
  return name_allowed && text_is(name, "name") ? VN_PART_NAME : VN_PART_LITERAL;
}

static size_t index_of(vn_text_t text, size_t from, char byte) {
  while (from < text.length && text.bytes[from] != byte) {
    from++;
  }
  return from;
}

static const char *literal_problem(vn_text_t literal, bool first) {
  if (first && (class_of(literal.bytes[0]) & NAME_FIRST) == 0) {
    return "a series name starts with a letter or a digit";
  }
  for (size_t i = 0; i < literal.length; i++) {
    if (literal.bytes[i] == '}') {
      return "a } without its {";
    }
    if ((class_of(literal.bytes[i]) & NAME_BYTE) == 0) {
      return "a character that series names cannot contain: letters, digits and : . / _ - can";
    }
  }
  return NULL;
}

/* Takes the literal at text[*at] and moves *at behind it. */
static const char *take_literal(vn_text_t text, size_t *at, vn_template_part_t *part) {
  size_t start = *at;
  *at = index_of(text, start, '{');
  part->literal = (vn_text_t){text.bytes + start, *at - start};
  part->capture = VN_PART_LITERAL;
  return literal_problem(part->literal, start == 0);
}

/* Takes the braces at text[*at] and moves *at behind them. */
static const char *take_capture(vn_text_t text, size_t *at, const vn_pattern_t *pattern,
                                bool name_allowed, vn_template_part_t *part) {
  size_t close = index_of(text, *at, '}');
  if (close == text.length) {
    return "a { is not closed";
  }
  vn_text_t name = {text.bytes + *at + 1, close - *at - 1};
  *at = close + 1;
  part->capture = find_part(name, pattern, name_allowed);
  return part->capture == VN_PART_LITERAL
             ? "an unknown capture: the topic pattern has none of this name"
             : NULL;
}

vn_err_t vn_template_compile(vn_text_t text, const vn_pattern_t *pattern, bool name_allowed,
                             vn_template_t *out, const char **problem) {
  VN_ASSERT(text.bytes != NULL || text.length == 0);
  VN_ASSERT(pattern != NULL && out != NULL && problem != NULL);
  memset(out, 0, sizeof *out);
  *problem = text.length == 0 ? "the series name is empty: write one, such as {topic}" : NULL;
  size_t at = 0;
  while (*problem == NULL && at < text.length) {
    if (out->part_count == VN_TEMPLATE_PARTS_MAX) {
      *problem = "more than 12 parts: literal text and captures together";
      break;
    }
    vn_template_part_t *part = &out->parts[out->part_count++];
    *problem = text.bytes[at] == '{' ? take_capture(text, &at, pattern, name_allowed, part)
                                     : take_literal(text, &at, part);
  }
  return *problem == NULL ? VN_OK : VN_ERR_FORMAT;
}

static vn_text_t part_text(const vn_template_part_t *part, vn_text_t topic,
                           const vn_text_t *captures, vn_text_t name) {
  switch (part->capture) {
    case VN_PART_LITERAL:
      return part->literal;
    case VN_PART_TOPIC:
      return topic;
    case VN_PART_NAME:
      return name;
    default:
      VN_ASSERT(part->capture >= 0 && part->capture < (int8_t)VN_CAPTURES_MAX);
      return captures[part->capture];
  }
}

vn_reason_t vn_template_expand(const vn_template_t *template_, vn_text_t topic,
                               const vn_text_t captures[VN_CAPTURES_MAX], vn_text_t name, char *out,
                               size_t capacity, size_t *length) {
  VN_ASSERT(template_ != NULL && out != NULL && length != NULL);
  size_t used = 0;
  for (unsigned i = 0; i < template_->part_count; i++) {
    vn_text_t text = part_text(&template_->parts[i], topic, captures, name);
    if (text.length > capacity - used) {
      return VN_REASON_NAME;
    }
    if (text.length > 0) {
      memcpy(out + used, text.bytes, text.length);
      used += text.length;
    }
  }
  *length = used;
  return vn_name_check((vn_text_t){out, used}, capacity);
}

vn_reason_t vn_name_check(vn_text_t name, size_t capacity) {
  VN_ASSERT(name.bytes != NULL || name.length == 0);
  if (name.length == 0 || name.length > capacity) {
    return VN_REASON_NAME;
  }
  unsigned all = class_of(name.bytes[0]) >> 1;
  for (size_t i = 0; i < name.length; i++) {
    all &= class_of(name.bytes[i]);
  }
  return (all & NAME_BYTE) != 0 ? VN_REASON_NONE : VN_REASON_CHARSET;
}
