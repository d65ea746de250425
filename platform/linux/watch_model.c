/* Topics and tables: which message goes where. */
#include "watch_model.h"

#include "watch_model_priv.h"

#include <string.h>

const char *vn_watch_hygiene_word(vn_watch_hygiene_t figure) {
  static const char *const words[VN_WATCH_HYGIENE_COUNT] = {
      "active", "unacknowledged", "shelved", "out_of_service", "latched",  "suppressed",
      "stale",  "chattering",     "muted",   "activations",    "per_hour",
  };
  VN_ASSERT(figure < VN_WATCH_HYGIENE_COUNT);
  return words[figure];
}

void vn_watch_init(vn_watch_model_t *model, const char *prefix,
                   const vn_watch_listener_t *listener) {
  memset(model, 0, sizeof *model);
  bool fits =
      vn__watch_copy((vn_text_t){prefix, strlen(prefix)}, model->prefix, sizeof model->prefix);
  VN_ASSERT(fits);
  model->listener = *listener;
}

bool vn__watch_copy(vn_text_t text, char *out, size_t capacity) {
  if (text.length >= capacity || memchr(text.bytes, 0, text.length) != NULL) {
    return false;
  }
  memcpy(out, text.bytes, text.length);
  out[text.length] = '\0';
  return true;
}

/* FNV-1a. */
static uint64_t digest(uint64_t hash, const char *text) {
  const char *end = text + strlen(text) + 1;
  for (; text < end; text++) {
    hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
  }
  return hash;
}

static void note_beyond(vn_watch_beyond_t *beyond, const char *a, const char *b, const char *c) {
  uint64_t hash = digest(digest(digest(UINT64_C(0xCBF29CE484222325), a), b), c);
  size_t bit = (size_t)((hash ^ hash >> 32) % (8 * sizeof beyond->bits));
  uint8_t mask = (uint8_t)(1u << bit % 8);
  beyond->count += (beyond->bits[bit / 8] & mask) == 0 ? 1 : 0;
  beyond->bits[bit / 8] |= mask;
}

static vn_watch_device_t *device_row(vn_watch_model_t *model, const char *name) {
  for (uint32_t i = 0; i < model->device_count; i++) {
    if (strcmp(model->devices[i].name, name) == 0) {
      return &model->devices[i];
    }
  }
  if (model->device_count == VN_WATCH_DEVICES) {
    note_beyond(&model->devices_beyond, name, "", "");
    return NULL;
  }
  vn_watch_device_t *row = &model->devices[model->device_count++];
  memset(row, 0, sizeof *row);
  memcpy(row->name, name, strlen(name) + 1);
  return row;
}

static bool is_same_alert(const vn_watch_alert_t *a, const vn_watch_alert_t *b) {
  return strcmp(a->series, b->series) == 0 && strcmp(a->alert, b->alert) == 0 &&
         strcmp(a->device, b->device) == 0;
}

static vn_watch_alert_t *find_alert(vn_watch_model_t *model, const vn_watch_alert_t *alert) {
  for (uint32_t i = 0; i < model->alert_count; i++) {
    if (is_same_alert(&model->alerts[i], alert)) {
      return &model->alerts[i];
    }
  }
  return NULL;
}

const vn_watch_alert_t *vn_watch_alert_of(const vn_watch_model_t *model, uint64_t number) {
  for (uint32_t i = 0; number != 0 && i < model->alert_count; i++) {
    if (model->alerts[i].number == number) {
      return &model->alerts[i];
    }
  }
  return NULL;
}

/* Something is going on, or somebody has set it aside: more than a normal alert has to say. */
static bool is_plainly_normal(const vn_watch_alert_t *alert) {
  return strcmp(alert->state, "normal") == 0 && alert->shelved_until_ms == 0 &&
         !alert->shelved_once && !alert->out_of_service && !alert->latched;
}

/* A row for an alert that has none: the last free one, or that of a normal alert. */
static vn_watch_alert_t *new_alert_row(vn_watch_model_t *model, const vn_watch_alert_t *alert) {
  if (model->alert_count < VN_WATCH_ALERTS) {
    return &model->alerts[model->alert_count++];
  }
  for (uint32_t i = 0; !is_plainly_normal(alert) && i < VN_WATCH_ALERTS; i++) {
    vn_watch_alert_t *row = &model->alerts[i];
    if (is_plainly_normal(row)) {
      note_beyond(&model->alerts_beyond, row->device, row->alert, row->series);
      return row;
    }
  }
  note_beyond(&model->alerts_beyond, alert->device, alert->alert, alert->series);
  return NULL;
}

/* What people do is told without a value: the one that was seen last in the episode goes on. */
static void keep_value(const vn_watch_alert_t *row, vn_watch_alert_t *alert) {
  if (!alert->has_value && row->has_value && alert->episode == row->episode &&
      strcmp(alert->state, "no_data") != 0) {
    alert->has_value = true;
    alert->value = row->value;
  }
}

static void take_alert(vn_watch_model_t *model, vn_watch_alert_t *alert) {
  vn_watch_alert_t *row = find_alert(model, alert);
  if (row != NULL) {
    alert->number = row->number;
    keep_value(row, alert);
    *row = *alert;
    return;
  }
  row = new_alert_row(model, alert);
  if (row != NULL) {
    alert->number = ++model->rows_numbered;
    *row = *alert;
  }
}

/* An empty retained message takes the state away. */
static void forget_alert(vn_watch_model_t *model, const vn_watch_alert_t *alert) {
  vn_watch_alert_t *row = find_alert(model, alert);
  if (row != NULL) {
    *row = model->alerts[--model->alert_count];
  }
}

static bool is_same_series(const vn_watch_series_t *row, const vn_watch_result_t *result) {
  return strcmp(row->series, result->series) == 0 && strcmp(row->window, result->window) == 0 &&
         strcmp(row->device, result->device) == 0;
}

vn_watch_series_t *vn__watch_series_row(vn_watch_model_t *model, const vn_watch_result_t *result) {
  for (uint32_t i = 0; i < model->series_count; i++) {
    if (is_same_series(&model->series[i], result)) {
      return &model->series[i];
    }
  }
  if (model->series_count == VN_WATCH_SERIES) {
    note_beyond(&model->series_beyond, result->device, result->series, result->window);
    return NULL;
  }
  vn_watch_series_t *row = &model->series[model->series_count++];
  memset(row, 0, sizeof *row);
  memcpy(row->device, result->device, strlen(result->device) + 1);
  memcpy(row->series, result->series, sizeof row->series);
  memcpy(row->window, result->window, sizeof row->window);
  row->rate = -1;
  return row;
}

/* "alert/<alert>/<series>": the rest of the topic behind the device. */
static bool read_state(vn_watch_model_t *model, const vn__watch_message_t *message, vn_text_t rest,
                       bool retained) {
  vn_watch_alert_t alert = {.number = 0};
  const char *slash = memchr(rest.bytes, '/', rest.length);
  size_t length = slash == NULL ? rest.length : (size_t)(slash - rest.bytes);
  if (slash == NULL ||
      !vn__watch_copy((vn_text_t){rest.bytes, length}, alert.alert, sizeof alert.alert) ||
      !vn__watch_copy((vn_text_t){slash + 1, rest.length - length - 1}, alert.series,
                      sizeof alert.series)) {
    return false;
  }
  memcpy(alert.device, message->device, strlen(message->device) + 1);
  if (message->length == 0) {
    forget_alert(model, &alert);
    return true;
  }
  if (!vn__watch_read_alert(message, &alert)) {
    return false;
  }
  take_alert(model, &alert);
  if (model->listener.state != NULL) {
    model->listener.state(model->listener.context, &alert, retained);
  }
  return true;
}

static bool read_event(vn_watch_model_t *model, const vn__watch_message_t *message) {
  vn_watch_alert_t alert = {.number = 0};
  memcpy(alert.device, message->device, strlen(message->device) + 1);
  if (!vn__watch_read_alert(message, &alert) || alert.phase[0] == '\0') {
    return false;
  }
  if (model->listener.event != NULL) {
    model->listener.event(model->listener.context, &alert);
  }
  return true;
}

static bool read_status(vn_watch_model_t *model, const vn__watch_message_t *message) {
  vn_text_t text = {(const char *)message->payload, message->length};
  vn_watch_device_t *device = device_row(model, message->device);
  vn_watch_status_t status = vn_watch_text_is(text, "online")    ? VN_WATCH_ONLINE
                             : vn_watch_text_is(text, "offline") ? VN_WATCH_OFFLINE
                                                                 : VN_WATCH_UNKNOWN;
  if (device != NULL) {
    device->status = status;
  }
  if (model->listener.status != NULL && status != VN_WATCH_UNKNOWN) {
    model->listener.status(model->listener.context, message->device, status);
  }
  return status != VN_WATCH_UNKNOWN || message->length == 0;
}

static bool read_answer(vn_watch_model_t *model, const vn__watch_message_t *message) {
  vn_watch_answer_t answer = {.changed = 0};
  if (!vn__watch_read_answer(message, &answer)) {
    return false;
  }
  if (model->listener.answer != NULL) {
    model->listener.answer(model->listener.context, message->device, &answer);
  }
  return true;
}

static bool read_statistics(vn_watch_model_t *model, const vn__watch_message_t *message) {
  vn_watch_device_t *device = device_row(model, message->device);
  return device == NULL || message->length == 0 || vn__watch_read_statistics(message, device);
}

static bool starts_with(vn_text_t text, const char *start) {
  size_t length = strlen(start);
  return text.length > length && memcmp(text.bytes, start, length) == 0;
}

/* What lies behind the device; kinds that aren't shown are no mistake. */
static bool dispatch(vn_watch_model_t *model, const vn__watch_message_t *message, vn_text_t rest,
                     bool retained) {
  if (starts_with(rest, "alert/")) {
    return read_state(model, message, (vn_text_t){rest.bytes + 6, rest.length - 6}, retained);
  }
  if (starts_with(rest, "latest/")) {
    /* Only what was before we came: after that, summaries tell it, and more. */
    return !retained || message->length == 0 || vn__watch_read_latest(model, message);
  }
  if (vn_watch_text_is(rest, "event")) {
    return read_event(model, message);
  }
  if (vn_watch_text_is(rest, "summary")) {
    return vn__watch_read_summaries(model, message);
  }
  if (vn_watch_text_is(rest, "stats")) {
    return read_statistics(model, message);
  }
  if (vn_watch_text_is(rest, "status")) {
    return read_status(model, message);
  }
  return !vn_watch_text_is(rest, "response") || read_answer(model, message);
}

void vn_watch_take(vn_watch_model_t *model, vn_text_t topic, const uint8_t *payload, size_t length,
                   bool retained) {
  size_t prefix = strlen(model->prefix);
  if (!starts_with(topic, model->prefix) || topic.bytes[prefix] != '/') {
    return;
  }
  vn_text_t rest = {topic.bytes + prefix + 1, topic.length - prefix - 1};
  const char *slash = memchr(rest.bytes, '/', rest.length);
  char device[VN_WATCH_WORD_BYTES];
  if (slash == NULL) {
    return;
  }
  vn_text_t name = {rest.bytes, (size_t)(slash - rest.bytes)};
  rest = (vn_text_t){slash + 1, rest.length - name.length - 1};
  vn__watch_message_t message = {payload, length, device};
  if (!vn__watch_copy(name, device, sizeof device)) {
    model->unreadable++;
    return;
  }
  (void)device_row(model, device); /* whatever it says, it is there */
  if (!dispatch(model, &message, rest, retained)) {
    model->unreadable++;
  }
}
