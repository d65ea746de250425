/* CBOR summary messages, and any other CBOR, as lines of JSON: what the parts share. */
#ifndef VN_DECODE_PRIV_H
#define VN_DECODE_PRIV_H

#include "vn/cbor.h"
#include "vn/json_writer.h"

#include <stdio.h>

/* Why an item can't be shown, and at which byte of the input. text NULL: nothing is wrong. */
typedef struct vn__decode_problem {
  const char *text;
  size_t offset;
} vn__decode_problem_t;

/* Notes the problem; false, so that callers can return it. */
bool vn__decode_fail(vn__decode_problem_t *problem, const char *text, size_t offset);

/* The next head; false with the reason of the reader. */
bool vn__decode_next(vn_cbor_reader_t *reader, vn_cbor_item_t *item, vn__decode_problem_t *problem);

/* Moves the reader behind one item of any kind. */
bool vn__decode_skip(vn_cbor_reader_t *reader, vn__decode_problem_t *problem);

/* Renders one item as JSON and moves the reader behind it. */
bool vn__decode_item(vn_cbor_reader_t *reader, vn_json_writer_t *writer,
                     vn__decode_problem_t *problem);

/* A finite double with as few digits as read back as it; a text for the others. */
void vn__decode_double(vn_json_writer_t *writer, double value);

/* Lines of output; the buffer grows to the longest. */
typedef struct vn__decode_output {
  FILE *file;
  char *buffer;
  size_t capacity;
} vn__decode_output_t;

typedef bool (*vn__decode_render_fn)(const void *subject, vn_json_writer_t *writer,
                                     vn__decode_problem_t *problem);

/* Renders the subject into the buffer, twice if it has to grow, and writes it as a line. */
bool vn__decode_line(vn__decode_output_t *output, vn__decode_render_fn render, const void *subject,
                     vn__decode_problem_t *problem);

/* True when the item at the reader is a summary message of a version that this program knows. */
bool vn__decode_is_summary(vn_cbor_reader_t reader);

/* True when the item at the reader is a notice of gaps that this program knows; as one line. */
bool vn__decode_is_gap(vn_cbor_reader_t reader);
bool vn__decode_render_gap(const void *subject, vn_json_writer_t *writer,
                           vn__decode_problem_t *problem);

/* One line per record of the message at the reader, which passes vn__decode_is_summary. */
bool vn__decode_summary(vn_cbor_reader_t reader, vn__decode_output_t *output,
                        vn__decode_problem_t *problem);

#endif
