#include "vn/json_writer.h"

#include "json_writer_priv.h"
#include "utf8_priv.h"
#include "vn/assert.h"

#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"
#define ESCAPED_MAX 6u /* \u001f */

void vn_json_writer_init(vn_json_writer_t *writer, char *buffer, size_t capacity) {
  VN_ASSERT(buffer != NULL || capacity == 0);
  writer->buffer = buffer;
  writer->capacity = capacity;
  writer->length = 0;
  writer->overflow = false;
  writer->comma = false;
}

void vn__json_put(vn_json_writer_t *writer, const char *bytes, size_t length) {
  if (!writer->overflow && length <= writer->capacity - writer->length) {
    if (length > 0) {
      memcpy(writer->buffer + writer->length, bytes, length);
    }
  } else {
    writer->overflow = true;
  }
  writer->length += length;
}

void vn__json_item(vn_json_writer_t *writer) {
  if (writer->comma) {
    vn__json_put(writer, ",", 1);
  }
  writer->comma = true;
}

static void open(vn_json_writer_t *writer, const char *bracket) {
  vn__json_item(writer);
  vn__json_put(writer, bracket, 1);
  writer->comma = false;
}

static void close(vn_json_writer_t *writer, const char *bracket) {
  vn__json_put(writer, bracket, 1);
  writer->comma = true;
}

void vn_json_object_begin(vn_json_writer_t *writer) { open(writer, "{"); }
void vn_json_object_end(vn_json_writer_t *writer) { close(writer, "}"); }
void vn_json_array_begin(vn_json_writer_t *writer) { open(writer, "["); }
void vn_json_array_end(vn_json_writer_t *writer) { close(writer, "]"); }

void vn_json_raw(vn_json_writer_t *writer, const char *bytes, size_t length) {
  vn__json_item(writer);
  vn__json_put(writer, bytes, length);
}

void vn_json_key(vn_json_writer_t *writer, const char *key) {
  VN_ASSERT(key[0] != '\0');
  vn__json_item(writer);
  vn__json_put(writer, "\"", 1);
  vn__json_put(writer, key, strlen(key));
  vn__json_put(writer, "\":", 2);
  writer->comma = false;
}

vn_text_t vn__text(const char *text) {
  vn_text_t view = {text, strlen(text)};
  return view;
}

static bool is_plain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

static size_t escape_ascii(unsigned char byte, char out[ESCAPED_MAX]) {
  static const char plain[] = "\"\\\b\f\n\r\t";
  static const char letter[] = "\"\\bfnrt";
  out[0] = '\\';
  for (size_t i = 0; i < sizeof plain - 1; i++) {
    if (byte == (unsigned char)plain[i]) {
      out[1] = letter[i];
      return 2;
    }
  }
  static const char hex[] = "0123456789abcdef";
  memcpy(out + 1, "u00", 3);
  out[4] = hex[byte >> 4];
  out[5] = hex[byte & 15u];
  return ESCAPED_MAX;
}

/*
 * Escapes the character at the start of the text: its bytes in *taken, its form in out. A byte that
 * starts no valid sequence counts alone.
 */
static size_t escape_one(vn_text_t text, char out[ESCAPED_MAX], size_t *taken) {
  const unsigned char *bytes = (const unsigned char *)text.bytes;
  *taken = 1;
  if (is_plain(bytes[0])) {
    out[0] = text.bytes[0];
    return 1;
  }
  if (bytes[0] < 0x80) {
    return escape_ascii(bytes[0], out);
  }
  size_t length = 2u + (bytes[0] >= 0xE0) + (bytes[0] >= 0xF0);
  if (length <= text.length && vn__utf8_valid(bytes, length)) {
    memcpy(out, bytes, length);
    *taken = length;
    return length;
  }
  memcpy(out, REPLACEMENT, 3);
  return 3;
}

static size_t plain_run(vn_text_t text) {
  size_t length = 0;
  while (length < text.length && is_plain((unsigned char)text.bytes[length])) {
    length++;
  }
  return length;
}

static void put_escaped(vn_json_writer_t *writer, vn_text_t text) {
  for (;;) {
    size_t run = plain_run(text);
    vn__json_put(writer, text.bytes, run);
    if (run == text.length) {
      return;
    }
    text.bytes += run;
    text.length -= run;
    char out[ESCAPED_MAX];
    size_t taken;
    size_t length = escape_one(text, out, &taken);
    vn__json_put(writer, out, length);
    text.bytes += taken;
    text.length -= taken;
  }
}

size_t vn__json_fitting(vn_text_t text, size_t limit, size_t *escaped) {
  size_t fitting = 0;
  *escaped = 0;
  while (fitting < text.length) {
    vn_text_t rest = {text.bytes + fitting, text.length - fitting};
    char out[ESCAPED_MAX];
    size_t taken;
    size_t length = escape_one(rest, out, &taken);
    if (length > limit - *escaped) {
      break;
    }
    *escaped += length;
    fitting += taken;
  }
  return fitting;
}

void vn__json_string_begin(vn_json_writer_t *writer) {
  vn__json_item(writer);
  vn__json_put(writer, "\"", 1);
  writer->comma = false;
}

void vn__json_string_piece(vn_json_writer_t *writer, vn_text_t text) {
  put_escaped(writer, text);
  writer->comma = false;
}

void vn__json_string_literal(vn_json_writer_t *writer, const char *text) {
  vn__json_string_piece(writer, vn__text(text));
}

bool vn__json_string_cut(vn_json_writer_t *writer, vn_text_t text, size_t limit) {
  size_t escaped;
  vn_text_t begin = {text.bytes, vn__json_fitting(text, limit, &escaped)};
  vn__json_string_piece(writer, begin);
  return begin.length == text.length;
}

void vn__json_string_end(vn_json_writer_t *writer) {
  vn__json_put(writer, "\"", 1);
  writer->comma = true;
}

void vn_json_text(vn_json_writer_t *writer, vn_text_t text) {
  vn__json_string_begin(writer);
  vn__json_string_piece(writer, text);
  vn__json_string_end(writer);
}

void vn_json_key_text(vn_json_writer_t *writer, vn_text_t key) {
  vn_json_text(writer, key);
  vn__json_put(writer, ":", 1);
  writer->comma = false;
}

void vn_json_literal(vn_json_writer_t *writer, const char *text) {
  vn_json_text(writer, vn__text(text));
}

void vn_json_bool(vn_json_writer_t *writer, bool value) {
  vn_json_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void vn_json_null(vn_json_writer_t *writer) { vn_json_raw(writer, "null", 4); }
