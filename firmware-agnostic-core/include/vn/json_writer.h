/* JSON writer: compact, sticky overflow, exact decimals, no printf. */
#ifndef VN_JSON_WRITER_H
#define VN_JSON_WRITER_H

#include "vn/arith.h"
#include "vn/topic.h"

/* Commas are placed by the writer. `length` counts on past the end; nothing is written then. */
typedef struct vn_json_writer {
  char *buffer;
  size_t capacity;
  size_t length;
  bool overflow;
  bool comma; /* private: the next item needs one before it */
} vn_json_writer_t;

void vn_json_writer_init(vn_json_writer_t *writer, char *buffer, size_t capacity);
void vn_json_object_begin(vn_json_writer_t *writer);
void vn_json_object_end(vn_json_writer_t *writer);
void vn_json_array_begin(vn_json_writer_t *writer);
void vn_json_array_end(vn_json_writer_t *writer);

/* A key of an object; `key` is a literal without characters to escape. */
void vn_json_key(vn_json_writer_t *writer, const char *key);

/* A key that comes from data: escaped like a text. */
void vn_json_key_text(vn_json_writer_t *writer, vn_text_t key);

/* A string, escaped (control bytes, quotes, backslash, DEL); invalid UTF-8 becomes U+FFFD. */
void vn_json_text(vn_json_writer_t *writer, vn_text_t text);
void vn_json_literal(vn_json_writer_t *writer, const char *text); /* the same for a C string */
void vn_json_integer(vn_json_writer_t *writer, int64_t value);
void vn_json_unsigned(vn_json_writer_t *writer, uint64_t value);
void vn_json_bool(vn_json_writer_t *writer, bool value);
void vn_json_null(vn_json_writer_t *writer);

/* value * 10^exponent as an exact decimal without exponent; zeros behind the point are cut. */
void vn_json_decimal(vn_json_writer_t *writer, int64_t value, int exponent);
void vn_json_decimal_u128(vn_json_writer_t *writer, vn_u128_t value, int exponent);

/*
 * numerator / denominator * 10^exponent with 17 significant digits, correctly rounded (half to
 * even), trailing zeros cut: within 5 units of the 18th digit, so that it reads back as the double
 * nearest to the exact quotient or, next to a tie, as its neighbour. denominator > 0.
 */
void vn_json_ratio(vn_json_writer_t *writer, bool negative, vn_u128_t numerator,
                   uint64_t denominator, int exponent);

/* A finite double of magnitude 0 or 2^-64 .. 2^63, times 10^exponent, 17 significant digits. */
void vn_json_double(vn_json_writer_t *writer, double value, int exponent);

/* Characters that are JSON already. */
void vn_json_raw(vn_json_writer_t *writer, const char *bytes, size_t length);

#endif
