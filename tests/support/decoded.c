#include "decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 6

typedef struct transcript {
  char text[16384];
  size_t length;
} transcript_t;

static transcript_t transcript;

static void check(bool good, const char *what) {
  if (!good) {
    (void)fprintf(stderr, "decoded.c: %s\n", what);
    abort();
  }
}

static void append(const char *text) {
  size_t length = strlen(text);
  check(transcript.length + length < sizeof transcript.text, "the transcript is full");
  memcpy(transcript.text + transcript.length, text, length + 1);
  transcript.length += length;
}

void decoded_input_init(decoded_input_t *input, vn_format_t format) {
  memset(input, 0, sizeof *input);
  input->input.format = (uint8_t)format;
  input->input.fields = input->fields;
}

static void compile(const char *path, vn_path_t *out) {
  const char *problem;
  check(vn_path_compile((vn_text_t){path, strlen(path)}, out, &problem) == VN_OK, path);
}

void decoded_input_field(decoded_input_t *input, const char *path, const char *missing) {
  vn_field_t *field = &input->fields[input->input.field_count++];
  compile(path, &field->path);
  if (missing != NULL) {
    field->has_missing = true;
    check(vn_number_from_text(missing, strlen(missing), &field->missing) == VN_REASON_NONE,
          missing);
  }
}

void decoded_input_time(decoded_input_t *input, const char *path, vn_time_unit_t unit) {
  compile(path, &input->input.time_path);
  input->input.has_time = true;
  input->input.time_unit = (uint8_t)unit;
}

void decoded_input_sequence(decoded_input_t *input, const char *path) {
  compile(path, &input->input.sequence_path);
  input->input.has_sequence = true;
}

static void append_value(const vn_number_t *value) {
  char digits[24];
  char text[65];
  int64_t scaled;
  if (vn_number_scale(value, -PLACES, INT64_MIN, INT64_MAX, &scaled) != VN_REASON_NONE) {
    append(" range");
    return;
  }
  uint64_t magnitude = scaled < 0 ? 0u - (uint64_t)scaled : (uint64_t)scaled;
  int exponent = -PLACES;
  while (exponent < 0 && magnitude % 10 == 0) {
    magnitude /= 10;
    exponent++;
  }
  int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)magnitude);
  unsigned length = vn_decimal_to_text(scaled < 0, digits, (unsigned)count, exponent, text);
  text[length] = '\0';
  append(" ");
  append(text);
}

static void take(void *context, const vn_decoded_t *decoded) {
  char line[64];
  (void)context;
  (void)snprintf(line, sizeof line, "%u", decoded->field);
  append(line);
  if (decoded->reason == VN_REASON_NONE) {
    append_value(&decoded->value);
  } else {
    append(" !");
    append(vn_reason_word((vn_reason_t)decoded->reason));
  }
  if (decoded->has_time) {
    (void)snprintf(line, sizeof line, " @%lld", (long long)decoded->time_ms);
    append(line);
  }
  if (decoded->has_sequence) {
    (void)snprintf(line, sizeof line, " #%lu", (unsigned long)decoded->sequence);
    append(line);
  }
  append("\n");
}

const char *decoded_bytes(const decoded_input_t *input, const void *payload, size_t length) {
  char line[64];
  size_t offset = 0;
  uint8_t *copy = malloc(length == 0 ? 1 : length);
  vn_input_t checked = input->input;
  check(copy != NULL, "no memory");
  if (length > 0) {
    memcpy(copy, payload, length);
  }
  checked.fields = input->fields;
  transcript.length = 0;
  transcript.text[0] = '\0';
  vn_reason_t reason = vn_payload_decode(&checked, copy, length, 0, take, NULL, &offset);
  free(copy);
  if (reason != VN_REASON_NONE) {
    (void)snprintf(line, sizeof line, "%s %zu\n", vn_reason_word(reason), offset);
    append(line);
  }
  return transcript.text;
}

const char *decoded_text(const decoded_input_t *input, const char *payload) {
  return decoded_bytes(input, payload, strlen(payload));
}

const char *decoded_hex(const decoded_input_t *input, const char *hex) {
  uint8_t bytes[4096];
  size_t length = 0;
  for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
    unsigned byte = 0;
    check(length < sizeof bytes && sscanf(hex, "%2x", &byte) == 1, "hexadecimal digits");
    bytes[length++] = (uint8_t)byte;
  }
  check(hex[0] == '\0', "an odd number of digits");
  return decoded_bytes(input, bytes, length);
}
