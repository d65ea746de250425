/* Decodes a payload and writes down what came out, for tests of the payload formats. */
#ifndef VN_TEST_DECODED_H
#define VN_TEST_DECODED_H

#include "vn/payload.h"

#define DECODED_FIELDS_MAX VN_FIELDS_MAX

/* An input and what its pointers point to. */
typedef struct decoded_input {
  vn_input_t input;
  vn_field_t fields[DECODED_FIELDS_MAX];
} decoded_input_t;

/* Clears the input and sets its format. */
void decoded_input_init(decoded_input_t *input, vn_format_t format);

/* Adds a field; missing is the sentinel's text or NULL. The path must compile. */
void decoded_input_field(decoded_input_t *input, const char *path, const char *missing);

void decoded_input_time(decoded_input_t *input, const char *path, vn_time_unit_t unit);
void decoded_input_sequence(decoded_input_t *input, const char *path);

/*
 * Decodes the payload from a heap copy of exactly its size, so that a sanitizer sees each read
 * beyond it. Returns one line per decoded item and a last one for the message:
 *   "0 21.37 @1000 #5"   field, value (rounded to 10^-6), time, sequence
 *   "0 !missing"         field, reason (and time, sequence as above)
 *   "json 17"            the message's reason and offset, nothing when it is accepted
 * Static storage, overwritten by the next call.
 */
const char *decoded_bytes(const decoded_input_t *input, const void *payload, size_t length);

/* The same for text, and for hexadecimal digits. */
const char *decoded_text(const decoded_input_t *input, const char *payload);
const char *decoded_hex(const decoded_input_t *input, const char *hex);

#endif
