/* Summary messages in CBOR, with integer or text keys, and in JSON. */
#include "decode_priv.h"
#include "watch_model.h"
#include "watch_model_priv.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))
#define RESULT(member) offsetof(vn_watch_result_t, member)
#define RESULT_TEXT(word, member) \
  { word, VN__WATCH_TEXT, RESULT(member), sizeof(((vn_watch_result_t *)0)->member), 0 }

static const vn__watch_field_t result_fields[] = {
    RESULT_TEXT("series", series),
    RESULT_TEXT("window", window),
    RESULT_TEXT("kind", kind),
    {"start", VN__WATCH_INTEGER, RESULT(start), 0, RESULT(has_bounds)},
    {"end", VN__WATCH_INTEGER, RESULT(end), 0, 0},
    {"from", VN__WATCH_INTEGER, RESULT(from_ms), 0, 0},
    {"to", VN__WATCH_INTEGER, RESULT(to_ms), 0, RESULT(counted)},
    {"rev", VN__WATCH_INTEGER, RESULT(rev), 0, 0},
};

/* [[start, end], ...]; what is beyond the capacity stays in the line until it is pushed out. */
static void read_supersedes(vn_watch_json_t *reader, vn_watch_result_t *result) {
  if (!vn_watch_json_enter(reader, VN_JSON_ARRAY_BEGIN)) {
    return;
  }
  while (vn_watch_json_element(reader)) {
    int64_t bounds[2] = {0, 0};
    unsigned count = 0;
    if (vn_watch_json_enter(reader, VN_JSON_ARRAY_BEGIN)) {
      while (vn_watch_json_element(reader)) {
        (void)vn_watch_json_integer(reader, &bounds[count < 2 ? count : 1]);
        count++;
      }
    }
    if (count == 2 && result->supersedes_count < VN_WATCH_SUPERSEDES) {
      memcpy(result->supersedes[result->supersedes_count++], bounds, sizeof bounds);
    }
  }
}

static void read_member(vn_watch_json_t *reader, vn_text_t key, vn_watch_result_t *result) {
  for (unsigned i = 0; i < VN_WATCH_STATISTIC_COUNT; i++) {
    if (vn_watch_text_is(key, vn_watch_statistic_word((vn_watch_statistic_t)i))) {
      result->has[i] = vn_watch_json_number(reader, &result->statistics[i]);
      return;
    }
  }
  if (vn_watch_text_is(key, "supersedes")) {
    read_supersedes(reader, result);
  } else {
    (void)vn__watch_read_field(reader, key, result_fields, COUNT_OF(result_fields), result);
  }
}

/* One result, an object. */
static bool read_result(vn_watch_model_t *model, const char *device, bool retained,
                        vn_watch_json_t *reader) {
  vn_watch_result_t result = {.device = device, .retained = retained};
  vn_text_t key;
  if (!vn_watch_json_enter(reader, VN_JSON_OBJECT_BEGIN)) {
    return false;
  }
  while (vn_watch_json_member(reader, &key)) {
    read_member(reader, key, &result);
  }
  if (reader->failed || result.series[0] == '\0' || result.window[0] == '\0') {
    return false;
  }
  vn_watch_take_result(model, &result);
  return true;
}

/* {"device": ..., "summaries": [...]} */
static bool read_json(vn_watch_model_t *model, const vn__watch_message_t *message) {
  vn_watch_json_t reader;
  vn_text_t key;
  bool sound = true;
  vn_watch_json_begin(&reader, message->payload, message->length);
  if (!vn_watch_json_enter(&reader, VN_JSON_OBJECT_BEGIN)) {
    return false;
  }
  while (vn_watch_json_member(&reader, &key)) {
    if (!vn_watch_text_is(key, "summaries")) {
      vn_watch_json_skip(&reader);
    } else if (vn_watch_json_enter(&reader, VN_JSON_ARRAY_BEGIN)) {
      while (vn_watch_json_element(&reader)) {
        sound = read_result(model, message->device, false, &reader) && sound;
      }
    }
  }
  return sound && vn_watch_json_end(&reader);
}

/* Lines of JSON as `vnotch decode` prints them. */
static bool read_lines(vn_watch_model_t *model, const char *device, const char *text,
                       size_t length) {
  bool sound = true;
  while (length > 0) {
    const char *end = memchr(text, '\n', length);
    size_t line = end == NULL ? length : (size_t)(end - text);
    vn_watch_json_t reader;
    vn_watch_json_begin(&reader, text, line);
    sound = read_result(model, device, false, &reader) && sound;
    line += end == NULL ? 0 : 1;
    text += line;
    length -= line;
  }
  return sound;
}

/* The packs of SenML have integers for keys: as JSON they are texts of those. */
static bool read_item(vn_watch_model_t *model, const char *device, const char *text,
                      size_t length) {
  vn_watch_json_t reader;
  vn_watch_json_begin(&reader, text, length);
  return vn__watch_read_senml(model, device, &reader);
}

static bool render_item(const void *subject, vn_json_writer_t *writer,
                        vn__decode_problem_t *problem) {
  vn_cbor_reader_t reader = *(const vn_cbor_reader_t *)subject;
  return vn__decode_item(&reader, writer, problem);
}

static bool read_cbor(vn_watch_model_t *model, const vn__watch_message_t *message) {
  char *text = NULL;
  size_t length = 0;
  vn_cbor_reader_t reader;
  vn__decode_problem_t problem = {NULL, 0};
  vn__decode_output_t output = {.file = open_memstream(&text, &length)};
  if (output.file == NULL) {
    return false;
  }
  vn_cbor_reader_init(&reader, message->payload, message->length);
  bool summary = vn__decode_is_summary(reader);
  bool sound = summary ? vn__decode_summary(reader, &output, &problem)
                       : vn__decode_line(&output, render_item, &reader, &problem);
  sound = fclose(output.file) == 0 && sound;
  if (sound) {
    sound = summary ? read_lines(model, message->device, text, length)
                    : read_item(model, message->device, text, length);
  }
  free(text);
  free(output.buffer);
  return sound;
}

bool vn__watch_read_latest(vn_watch_model_t *model, const vn__watch_message_t *message) {
  vn_watch_json_t reader;
  vn_watch_json_begin(&reader, message->payload, message->length);
  return read_result(model, message->device, true, &reader) && vn_watch_json_end(&reader);
}

/* JSON begins with a bracket, which no map or array of CBOR does. */
bool vn__watch_read_summaries(vn_watch_model_t *model, const vn__watch_message_t *message) {
  static const char spaces[] = " \t\r\n";
  size_t at = 0;
  while (at < message->length && memchr(spaces, message->payload[at], sizeof spaces - 1) != NULL) {
    at++;
  }
  if (at < message->length && message->payload[at] == '[') {
    return read_item(model, message->device, (const char *)message->payload, message->length);
  }
  bool json = at < message->length && message->payload[at] == '{';
  return message->length > 0 && (json ? read_json(model, message) : read_cbor(model, message));
}
