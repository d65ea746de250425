/* Topic patterns with named captures, templates made of them, globs over series names. */
#ifndef VN_TOPIC_H
#define VN_TOPIC_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VN_CAPTURES_MAX 8u
#define VN_TEMPLATE_PARTS_MAX 12u

/* A piece of text that somebody else owns. Not terminated. */
typedef struct vn_text {
  const char *bytes;
  size_t length;
} vn_text_t;

/*
 * A pattern such as "plant/{line}/+/{sensor}/#": a brace is a + with a name and fills a whole
 * level. `captures` names them in order.
 */
typedef struct vn_pattern {
  vn_text_t text;
  vn_text_t captures[VN_CAPTURES_MAX];
  uint8_t capture_count;
} vn_pattern_t;

/* capture >= 0: that capture; otherwise one of these. */
#define VN_PART_LITERAL (-1)
#define VN_PART_TOPIC (-2) /* the whole topic */
#define VN_PART_NAME (-3)  /* SenML's resolved name */

typedef struct vn_template_part {
  vn_text_t literal;
  int8_t capture;
} vn_template_part_t;

typedef struct vn_template {
  vn_template_part_t parts[VN_TEMPLATE_PARTS_MAX];
  uint8_t part_count;
} vn_template_t;

/*
 * Compiles pattern text, which must outlive the pattern. On VN_ERR_FORMAT *problem says what is
 * wrong in a sentence for the user (static): a capture twice, a brace inside a level, an empty
 * capture name, # not last, + or # inside a level, empty pattern, too many captures, a NUL.
 */
VN_NODISCARD vn_err_t vn_pattern_compile(vn_text_t text, vn_pattern_t *out, const char **problem);

/*
 * MQTT matching (section 4.7 of MQTT 5): # matches the parent level too, wildcards at the first
 * level don't match topics that start with $, empty levels are levels. On a match captures[] holds
 * views into the topic.
 */
bool vn_pattern_match(const vn_pattern_t *pattern, vn_text_t topic,
                      vn_text_t captures[VN_CAPTURES_MAX]);

/* The filter to subscribe to: braces replaced by +. Returns the length; 0 when it doesn't fit. */
size_t vn_pattern_filter(const vn_pattern_t *pattern, char *out, size_t capacity);

/* True when some topic can match both patterns. */
bool vn_pattern_overlap(const vn_pattern_t *a, const vn_pattern_t *b);

/*
 * Compiles "{line}/{sensor}" against the pattern's captures; "{topic}" is the whole topic; "{name}"
 * is the resolved SenML name when `name_allowed` (a capture of either name comes first). The text
 * must outlive the template. VN_ERR_FORMAT with *problem as above: unknown capture, unclosed brace,
 * empty, too many parts, literal text that no series name can contain or start with.
 */
VN_NODISCARD vn_err_t vn_template_compile(vn_text_t text, const vn_pattern_t *pattern,
                                          bool name_allowed, vn_template_t *out,
                                          const char **problem);

/*
 * Expands into out[capacity] and checks the result as a series name: 1..capacity bytes of
 * [A-Za-z0-9][A-Za-z0-9:./_-]*. VN_REASON_NAME when empty or too long, VN_REASON_CHARSET otherwise.
 */
VN_NODISCARD vn_reason_t vn_template_expand(const vn_template_t *template_, vn_text_t topic,
                                            const vn_text_t captures[VN_CAPTURES_MAX],
                                            vn_text_t name, char *out, size_t capacity,
                                            size_t *length);

/* The check of vn_template_expand alone. */
VN_NODISCARD vn_reason_t vn_name_check(vn_text_t name, size_t capacity);

/* True when `glob` matches all of `text`: * any run of bytes ('/' too), ? one byte. No recursion,
 * O(glob * text). */
bool vn_glob_match(vn_text_t glob, vn_text_t text);

#endif
