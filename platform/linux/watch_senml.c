/* Summaries in SenML: one record per statistic, put together to results again. */
#include "watch_model.h"
#include "watch_model_priv.h"

#include <string.h>

/* Labels, and what CBOR has for them; a map key is shown as text. */
enum { LABEL_BASE_NAME, LABEL_BASE_TIME, LABEL_NAME, LABEL_VALUE, LABEL_TIME, LABEL_COUNT };
static const char *const labels[LABEL_COUNT][2] = {
    {"bn", "-2"}, {"bt", "-3"}, {"n", "0"}, {"v", "2"}, {"t", "6"}};

#define NAME_BYTES (VN_WATCH_WORD_BYTES + VN_WATCH_SERIES_BYTES + 2 * VN_WATCH_WORD_BYTES)

typedef struct pack {
  vn_watch_model_t *model;
  char base_name[NAME_BYTES];
  double base_time;
  vn_watch_result_t result; /* what belongs together so far; no window: nothing yet */
} pack_t;

/* One record. */
typedef struct record {
  char name[NAME_BYTES];
  double value, time;
  bool has_value;
} record_t;

static void flush(pack_t *pack) {
  if (pack->result.window[0] != '\0') {
    vn_watch_take_result(pack->model, &pack->result);
  }
  const char *device = pack->result.device;
  memset(&pack->result, 0, sizeof pack->result);
  pack->result.device = device;
}

static void read_label(pack_t *pack, vn_watch_json_t *reader, unsigned label, record_t *record) {
  switch (label) {
    case LABEL_BASE_NAME:
      (void)vn_watch_json_text(reader, pack->base_name, sizeof pack->base_name);
      return;
    case LABEL_BASE_TIME:
      (void)vn_watch_json_number(reader, &pack->base_time);
      return;
    case LABEL_NAME:
      (void)vn_watch_json_text(reader, record->name, sizeof record->name);
      return;
    case LABEL_VALUE:
      record->has_value = vn_watch_json_number(reader, &record->value);
      return;
    case LABEL_TIME:
      (void)vn_watch_json_number(reader, &record->time);
      return;
    default:
      vn_watch_json_skip(reader);
  }
}

static bool read_record(pack_t *pack, vn_watch_json_t *reader, record_t *record) {
  vn_text_t key;
  memset(record, 0, sizeof *record);
  if (!vn_watch_json_enter(reader, VN_JSON_OBJECT_BEGIN)) {
    return false;
  }
  while (vn_watch_json_member(reader, &key)) {
    unsigned label = 0;
    while (label < LABEL_COUNT && !vn_watch_text_is(key, labels[label][0]) &&
           !vn_watch_text_is(key, labels[label][1])) {
      label++;
    }
    read_label(pack, reader, label, record);
  }
  return !reader->failed;
}

/* Takes the last level off the text. */
static vn_text_t last_level(vn_text_t *text) {
  size_t length = text->length;
  while (length > 0 && text->bytes[length - 1] != '/') {
    length--;
  }
  vn_text_t level = {text->bytes + length, text->length - length};
  text->length = length > 0 ? length - 1 : 0;
  return level;
}

/* Milliseconds of a time in seconds; those that no window has are pressed to the bounds. */
static int64_t to_ms(double seconds) {
  const double limit = 9e15;
  double ms = seconds * 1000;
  ms = ms > limit ? limit : ms < -limit ? -limit : ms;
  return (int64_t)(ms < 0 ? ms - 0.5 : ms + 0.5);
}

static bool splits(const pack_t *pack, const record_t *record, vn_text_t *series, vn_text_t *window,
                   vn_text_t *statistic, char full[2 * NAME_BYTES]) {
  size_t base = strlen(pack->base_name);
  memcpy(full, pack->base_name, base);
  memcpy(full + base, record->name, strlen(record->name) + 1);
  size_t device = strlen(pack->result.device);
  *series = (vn_text_t){full, strlen(full)};
  if (series->length <= device || memcmp(full, pack->result.device, device) != 0 ||
      full[device] != '/') {
    return false;
  }
  series->bytes += device + 1;
  series->length -= device + 1;
  *statistic = last_level(series);
  *window = last_level(series);
  return series->length > 0 && window->length > 0 && statistic->length > 0;
}

/* A statistic of the window that is being put together, or of the next one. */
static bool take_record(pack_t *pack, const record_t *record) {
  char full[2 * NAME_BYTES];
  vn_text_t series;
  vn_text_t window;
  vn_text_t statistic;
  vn_watch_result_t *result = &pack->result;
  if (!splits(pack, record, &series, &window, &statistic, full)) {
    return false;
  }
  int64_t end_ms = to_ms(pack->base_time + record->time);
  bool same = end_ms == result->end && vn_watch_text_is(window, result->window) &&
              vn_watch_text_is(series, result->series);
  if (!same) {
    flush(pack);
    if (!vn__watch_copy(series, result->series, sizeof result->series) ||
        !vn__watch_copy(window, result->window, sizeof result->window)) {
      result->window[0] = '\0';
      return false;
    }
    result->start = end_ms;
    result->end = end_ms;
  }
  for (unsigned i = 0; i < VN_WATCH_STATISTIC_COUNT; i++) {
    if (vn_watch_text_is(statistic, vn_watch_statistic_word((vn_watch_statistic_t)i))) {
      result->statistics[i] = record->value;
      result->has[i] = true;
    }
  }
  return true;
}

bool vn__watch_read_senml(vn_watch_model_t *model, const char *device, vn_watch_json_t *reader) {
  pack_t pack = {.model = model, .result = {.device = device}};
  record_t record;
  bool sound = true;
  if (!vn_watch_json_enter(reader, VN_JSON_ARRAY_BEGIN)) {
    return false;
  }
  while (sound && vn_watch_json_element(reader)) {
    sound = read_record(&pack, reader, &record);
    if (sound && record.has_value) {
      sound = take_record(&pack, &record);
    }
  }
  flush(&pack);
  return sound && vn_watch_json_end(reader);
}
