/* Lines of a file of any size, without copying them. */
#ifndef VN_LINE_READER_H
#define VN_LINE_READER_H

#include "vn/topic.h"

#include <stdio.h>

typedef struct vn_line_reader {
  FILE *file;
  char *buffer;
  size_t capacity;
  size_t begin, end; /* what has been read and not been handed out */
  uint64_t lines;    /* handed out so far */
  bool at_end;
  bool failed; /* a read error, or no memory for a long line */
} vn_line_reader_t;

/* `file` stays the caller's. */
void vn_line_reader_init(vn_line_reader_t *reader, FILE *file);

/*
 * The next line without its end (LF or CR LF), valid until the next call. The last line counts
 * without a line end too. False: no more lines, or `failed`.
 */
bool vn_line_reader_next(vn_line_reader_t *reader, vn_text_t *line);

void vn_line_reader_free(vn_line_reader_t *reader);

#endif
