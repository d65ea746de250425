/* Private to config/: bytes -> nodes -> checked values -> plan. */
#ifndef VN_LOADER_PRIV_H
#define VN_LOADER_PRIV_H

#include "configuration.h"
#include "vn/assert.h"
#include "vn/number.h"

#include <stdarg.h>

#define VN__FILE_MAX (1024u * 1024u)
#define VN__DEPTH_MAX 16u         /* nesting of mappings and lists */
#define VN__MAPPING_KEYS_MAX 256u /* keys of one mapping: duplicates are found by comparing all */
#define VN__NODES_MAX 65536u

#if defined(__GNUC__)
#define VN__PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define VN__PRINTF(text, first)
#endif

/* Memory of one load: blocks that are freed together. No memory at all ends the process. */
typedef struct vn__arena {
  struct vn__block *blocks;
} vn__arena_t;

void *vn__arena_take(vn__arena_t *arena, size_t bytes); /* zeroed, 16-aligned */
char *vn__arena_text(vn__arena_t *arena, const char *bytes, size_t length);
void vn__arena_free(vn__arena_t *arena);

/* The file's bytes and where its lines start. */
typedef struct vn__source {
  const char *path;
  const char *bytes;
  size_t length;
  const uint32_t *lines;
  uint32_t line_count;
} vn__source_t;

/* A place in the file, both counted from 1, columns in characters. line 0: the file as a whole. */
typedef struct vn__mark {
  uint32_t line, column;
} vn__mark_t;

typedef struct vn__diagnostic {
  struct vn__diagnostic *next;
  const char *text;
  vn__mark_t mark;
  uint32_t order;
  bool warning;
} vn__diagnostic_t;

typedef enum vn__kind { VN__SCALAR, VN__MAPPING, VN__LIST } vn__kind_t;

/* A node of the file. Children of a mapping are its keys; each key has a value. */
typedef struct vn__node {
  vn_text_t text; /* scalars; NUL-terminated too */
  struct vn__node *child, *last, *next, *value;
  vn__mark_t mark, end;
  uint32_t count; /* children */
  uint8_t kind;   /* vn__kind_t */
  bool quoted;
} vn__node_t;

typedef struct vn__loader {
  vn__arena_t arena;
  vn__source_t source;
  vn__diagnostic_t *diagnostics;
  uint32_t diagnostic_count;
  unsigned error_count;
} vn__loader_t;

/* source.c: false when the file can't be read or is refused (an error was added). */
bool vn__source_read(vn__loader_t *loader, const char *path);
/* The line's bytes without its end; empty text for a line that isn't there. */
vn_text_t vn__source_line(const vn__source_t *source, uint32_t line);
vn__mark_t vn__source_mark(const vn__source_t *source, size_t offset);
/* secrets.c: refuses a secret file that others can read or replace; a missing one is no error. */
void vn__secret_check(vn__loader_t *loader, vn__mark_t mark, const char *key, const char *path);
/* What makes a file's content somebody else's to decide; NULL: nothing. */
const char *vn__file_untrusted(const char *path);

/* diagnostic.c */
void vn__error(vn__loader_t *loader, vn__mark_t mark, const char *format, ...) VN__PRINTF(3, 4);
void vn__warning(vn__loader_t *loader, vn__mark_t mark, const char *format, ...) VN__PRINTF(3, 4);
void vn__diagnostics_print(vn__loader_t *loader, FILE *out);
const char *vn__format(vn__loader_t *loader, const char *format, ...) VN__PRINTF(2, 3);
/* A user's text for a message: `text`, shortened, nothing in it that a terminal would obey. */
const char *vn__quote(vn__loader_t *loader, vn_text_t text);

/* yaml_reader.c: the root node, or NULL (errors were added). */
const vn__node_t *vn__yaml_read(vn__loader_t *loader);
/* yaml_trap.c: the sentence for a syntax error that the YAML reader found. */
const char *vn__yaml_sentence(vn__loader_t *loader, const char *problem, const char *context,
                              vn__mark_t mark);
/* True when a plain scalar was cut by a # that was meant as its part. */
bool vn__yaml_cut_by_comment(const vn__loader_t *loader, const vn__node_t *node);

/* value.c: texts to numbers. The problem is a sentence without subject; NULL: fine. */
const char *vn__parse_duration(vn_text_t text, int64_t *out_ms);
const char *vn__parse_size(vn_text_t text, int64_t *out_bytes);
const char *vn__parse_integer(vn_text_t text, int64_t *out);
const char *vn__parse_decimal(vn_text_t text, vn_number_t *out);
const char *vn__duration_text(vn__loader_t *loader, int64_t ms);
const char *vn__size_text(vn__loader_t *loader, int64_t bytes);
const char *vn__decimal_text(vn__loader_t *loader, int64_t value, int exponent);

/* suggest.c */
unsigned vn__edit_distance(vn_text_t a, const char *b, unsigned limit);
/* What a peer calls a thing that is known here under another name; NULL: nothing. */
const char *vn__peer_word(vn_text_t word, unsigned index);

static inline vn_text_t vn__text(const char *text) {
  vn_text_t result = {text, 0};
  while (text[result.length] != '\0') {
    result.length++;
  }
  return result;
}

bool vn__text_is(vn_text_t text, const char *word);

#endif
