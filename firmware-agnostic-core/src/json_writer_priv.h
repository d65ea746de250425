/* What the parts of the JSON writer share, and strings made of pieces. */
#ifndef VN_JSON_WRITER_PRIV_H
#define VN_JSON_WRITER_PRIV_H

#include "vn/json_writer.h"

/* Bytes as they are: no comma, no escaping. */
void vn__json_put(vn_json_writer_t *writer, const char *bytes, size_t length);

/* The comma that the next item needs, if any; that item leaves the writer wanting one. */
void vn__json_item(vn_json_writer_t *writer);

/*
 * A string made of pieces: begin, then any mix of pieces and of number functions, which stand
 * inside the quotes, then end.
 */
void vn__json_string_begin(vn_json_writer_t *writer);
void vn__json_string_piece(vn_json_writer_t *writer, vn_text_t text);
void vn__json_string_literal(vn_json_writer_t *writer, const char *text);
void vn__json_string_end(vn_json_writer_t *writer);

/* As much of a piece as escapes to at most `limit` bytes; true: all of it. */
bool vn__json_string_cut(vn_json_writer_t *writer, vn_text_t text, size_t limit);

/* A view of a C string. */
vn_text_t vn__text(const char *text);

/*
 * How many bytes of `text` escape to at most `limit` bytes; never cuts a character. *escaped is
 * their length.
 */
size_t vn__json_fitting(vn_text_t text, size_t limit, size_t *escaped);

#endif
