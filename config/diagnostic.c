#include <stdlib.h>
#include <string.h>

#include "loader_priv.h"

#define EXCERPT_MAX 120u /* characters of a source line that are shown */
#define QUOTE_MAX 60u    /* bytes of a user's text inside a sentence */

static const char *format_arguments(vn__loader_t *loader, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  VN_ASSERT(length >= 0);
  char *text = vn__arena_take(&loader->arena, (size_t)length + 1);
  (void)vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

const char *vn__format(vn__loader_t *loader, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *text = format_arguments(loader, format, arguments);
  va_end(arguments);
  return text;
}

static void add(vn__loader_t *loader, vn__mark_t mark, bool warning, const char *text) {
  vn__diagnostic_t *diagnostic = vn__arena_take(&loader->arena, sizeof(*diagnostic));
  diagnostic->text = text;
  diagnostic->mark = mark;
  diagnostic->warning = warning;
  diagnostic->order = loader->diagnostic_count++;
  diagnostic->next = loader->diagnostics;
  loader->diagnostics = diagnostic;
  if (!warning) {
    loader->error_count++;
  }
}

void vn__error(vn__loader_t *loader, vn__mark_t mark, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(loader, mark, false, format_arguments(loader, format, arguments));
  va_end(arguments);
}

void vn__warning(vn__loader_t *loader, vn__mark_t mark, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(loader, mark, true, format_arguments(loader, format, arguments));
  va_end(arguments);
}

/* Bytes of a well-formed character that isn't ASCII; 0: it is none. */
static size_t wide_length(const char *bytes, size_t left) {
  unsigned char first = (unsigned char)bytes[0];
  size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || length > left) {
    return 0;
  }
  for (size_t i = 1; i < length; i++) {
    if (((unsigned char)bytes[i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  return length;
}

/* Bytes of the character at `bytes` if it may be shown; 0 for control characters, those that turn
 * the direction of writing (U+2000..U+207F) and damage. */
static size_t printable_length(const char *bytes, size_t left) {
  unsigned char first = (unsigned char)bytes[0];
  if (first < 0x80) {
    return first >= 0x20 && first != 0x7F;
  }
  size_t length = wide_length(bytes, left);
  if (length == 0 || (first == 0xC2 && (unsigned char)bytes[1] < 0xA0)) {
    return 0;
  }
  return first == 0xE2 && ((unsigned char)bytes[1] & 0xFE) == 0x80 ? 0 : length;
}

/* Bytes that one character takes, damaged ones count alone. */
static size_t character_length(const char *bytes, size_t left) {
  size_t length = 1;
  while (length < left && ((unsigned char)bytes[length] & 0xC0) == 0x80) {
    length++;
  }
  return length;
}

const char *vn__quote(vn__loader_t *loader, vn_text_t text) {
  size_t length = text.length < QUOTE_MAX ? text.length : QUOTE_MAX;
  char *quoted = vn__arena_take(&loader->arena, length + sizeof("`...`"));
  size_t used = 0;
  quoted[used++] = '`';
  for (size_t i = 0; i < length;) {
    size_t bytes = printable_length(text.bytes + i, length - i);
    if (bytes == 0) {
      quoted[used++] = '?';
      i += character_length(text.bytes + i, length - i);
      continue;
    }
    memcpy(quoted + used, text.bytes + i, bytes);
    used += bytes;
    i += bytes;
  }
  memcpy(quoted + used, length < text.length ? "...`" : "`", length < text.length ? 5 : 2);
  return quoted;
}

/* The source line around the column, then a caret below the column. */
static void print_excerpt(const vn__source_t *source, vn__mark_t mark, FILE *out) {
  vn_text_t line = vn__source_line(source, mark.line);
  uint32_t first = mark.column > EXCERPT_MAX - 20 ? mark.column - EXCERPT_MAX / 2 : 1;
  uint32_t column = 1;
  fputs("    ", out);
  for (size_t i = 0; i < line.length && column < first + EXCERPT_MAX; column++) {
    size_t all = character_length(line.bytes + i, line.length - i);
    size_t shown = printable_length(line.bytes + i, line.length - i);
    if (column >= first && shown > 0) {
      fwrite(line.bytes + i, 1, shown, out);
    } else if (column >= first) {
      fputc(line.bytes[i] == '\t' ? ' ' : '?', out);
    }
    i += all;
  }
  fprintf(out, "\n    %*s^\n", (int)(mark.column - first), "");
}

static int by_position(const void *left, const void *right) {
  const vn__diagnostic_t *a = *(const vn__diagnostic_t *const *)left;
  const vn__diagnostic_t *b = *(const vn__diagnostic_t *const *)right;
  if (a->mark.line != b->mark.line) {
    return a->mark.line < b->mark.line ? -1 : 1;
  }
  if (a->mark.column != b->mark.column) {
    return a->mark.column < b->mark.column ? -1 : 1;
  }
  return a->order < b->order ? -1 : a->order > b->order;
}

static void print_one(const vn__source_t *source, const vn__diagnostic_t *diagnostic, FILE *out) {
  const char *level = diagnostic->warning ? "warning" : "error";
  vn__mark_t mark = diagnostic->mark;
  if (mark.line == 0) {
    fprintf(out, "%s: %s: %s\n", source->path, level, diagnostic->text);
    return;
  }
  fprintf(out, "%s:%u:%u: %s: %s\n", source->path, (unsigned)mark.line, (unsigned)mark.column,
          level, diagnostic->text);
  if (mark.line <= source->line_count) {
    print_excerpt(source, mark, out);
  }
}

void vn__diagnostics_print(vn__loader_t *loader, FILE *out) {
  size_t count = loader->diagnostic_count;
  const vn__diagnostic_t **sorted = vn__arena_take(&loader->arena, (count + 1) * sizeof(*sorted));
  size_t used = 0;
  for (const vn__diagnostic_t *one = loader->diagnostics; one != NULL; one = one->next) {
    sorted[used++] = one;
  }
  VN_ASSERT(used == count);
  qsort(sorted, used, sizeof(*sorted), by_position);
  for (size_t i = 0; i < used; i++) {
    print_one(&loader->source, sorted[i], out);
  }
}
