#include "line_reader.h"

#include <stdlib.h>
#include <string.h>

#define START_BYTES ((size_t)1 << 18)

void vn_line_reader_init(vn_line_reader_t *reader, FILE *file) {
  *reader = (vn_line_reader_t){.file = file};
}

void vn_line_reader_free(vn_line_reader_t *reader) {
  free(reader->buffer);
  reader->buffer = NULL;
}

static bool make_room(vn_line_reader_t *reader) {
  if (reader->begin > 0) {
    memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
    reader->end -= reader->begin;
    reader->begin = 0;
  }
  if (reader->end < reader->capacity) {
    return true;
  }
  size_t capacity = reader->capacity == 0 ? START_BYTES : 2 * reader->capacity;
  char *buffer = realloc(reader->buffer, capacity);
  if (buffer == NULL) {
    return false;
  }
  reader->buffer = buffer;
  reader->capacity = capacity;
  return true;
}

static void fill(vn_line_reader_t *reader) {
  if (!make_room(reader)) {
    reader->failed = true;
    return;
  }
  size_t got = fread(reader->buffer + reader->end, 1, reader->capacity - reader->end, reader->file);
  reader->end += got;
  if (got == 0) {
    reader->at_end = true;
    reader->failed = ferror(reader->file) != 0;
  }
}

/* Finds the end of the first line, reading on until there is one. */
static char *find_line_end(vn_line_reader_t *reader) {
  size_t seen = 0;
  for (;;) {
    size_t length = reader->end - reader->begin;
    char *found =
        length > seen ? memchr(reader->buffer + reader->begin + seen, '\n', length - seen) : NULL;
    if (found != NULL || reader->at_end || reader->failed) {
      return found;
    }
    seen = length;
    fill(reader);
  }
}

bool vn_line_reader_next(vn_line_reader_t *reader, vn_text_t *line) {
  char *end = find_line_end(reader);
  if (reader->failed || (end == NULL && reader->begin == reader->end)) {
    return false;
  }
  char *start = reader->buffer + reader->begin;
  size_t length = end == NULL ? reader->end - reader->begin : (size_t)(end - start);
  reader->begin += length + (end == NULL ? 0 : 1);
  if (length > 0 && start[length - 1] == '\r') {
    length--;
  }
  *line = (vn_text_t){start, length};
  reader->lines++;
  return true;
}
