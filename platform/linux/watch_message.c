/* JSON messages of alerts, commands and statistics, member by member. */
#include "watch_model_priv.h"

#include <stddef.h>
#include <string.h>

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))
#define ALERT(member) offsetof(vn_watch_alert_t, member)
#define ALERT_TEXT(word, member) \
  { word, VN__WATCH_TEXT, ALERT(member), sizeof(((vn_watch_alert_t *)0)->member), 0 }
#define ANSWER_TEXT(word, member)                              \
  {                                                            \
    word, VN__WATCH_TEXT, offsetof(vn_watch_answer_t, member), \
        sizeof(((vn_watch_answer_t *)0)->member), 0            \
  }
#define FIGURE(word, member) \
  { word, VN__WATCH_INTEGER, offsetof(vn_watch_figures_t, member), 0, 0 }

static const vn__watch_field_t alert_fields[] = {
    ALERT_TEXT("state", state),
    ALERT_TEXT("phase", phase),
    ALERT_TEXT("severity", severity),
    ALERT_TEXT("unit", unit),
    ALERT_TEXT("of", of),
    ALERT_TEXT("summary", summary),
    ALERT_TEXT("by", by),
    ALERT_TEXT("comment", comment),
    {"episode", VN__WATCH_INTEGER, ALERT(episode), 0, 0},
    {"level", VN__WATCH_INTEGER, ALERT(level), 0, 0},
    {"starts_at", VN__WATCH_INTEGER, ALERT(starts_ms), 0, ALERT(has_starts)},
    {"ends_at", VN__WATCH_INTEGER, ALERT(ends_ms), 0, ALERT(has_ends)},
    {"at", VN__WATCH_INTEGER, ALERT(at_ms), 0, 0},
    {"shelved_until", VN__WATCH_INTEGER, ALERT(shelved_until_ms), 0, 0},
    {"value", VN__WATCH_NUMBER, ALERT(value), 0, ALERT(has_value)},
    {"limit", VN__WATCH_NUMBER, ALERT(limit), 0, ALERT(has_limit)},
    {"acknowledged", VN__WATCH_BOOL, ALERT(acknowledged), 0, 0},
    {"latched", VN__WATCH_BOOL, ALERT(latched), 0, 0},
    {"shelved_once", VN__WATCH_BOOL, ALERT(shelved_once), 0, 0},
    {"out_of_service", VN__WATCH_BOOL, ALERT(out_of_service), 0, 0},
    {"first_in_group", VN__WATCH_BOOL, ALERT(first_in_group), 0, 0},
};

/* Events name what a state's topic names. */
static const vn__watch_field_t name_fields[] = {
    ALERT_TEXT("alert", alert),
    ALERT_TEXT("series", series),
};

static const vn__watch_field_t answer_fields[] = {
    ANSWER_TEXT("id", id),
    ANSWER_TEXT("command", command),
    ANSWER_TEXT("result", result),
    ANSWER_TEXT("error", error),
    ANSWER_TEXT("text", text),
    {"changed", VN__WATCH_INTEGER, offsetof(vn_watch_answer_t, changed), 0, 0},
};

static const vn__watch_field_t top_fields[] = {
    FIGURE("boot", boot),
    FIGURE("uptime_ms", uptime_ms),
    FIGURE("series", series),
};

static const vn__watch_field_t reading_fields[] = {
    FIGURE("received", received),
    FIGURE("late", late),
    FIGURE("duplicate", duplicate),
    FIGURE("rejected", rejected),
};

static const vn__watch_field_t output_fields[] = {FIGURE("waiting", waiting)};

static bool read_value(vn_watch_json_t *reader, const vn__watch_field_t *field, char *to) {
  switch (field->kind) {
    case VN__WATCH_INTEGER:
      return vn_watch_json_integer(reader, (int64_t *)(void *)to);
    case VN__WATCH_NUMBER:
      return vn_watch_json_number(reader, (double *)(void *)to);
    case VN__WATCH_BOOL:
      return vn_watch_json_bool(reader, (bool *)(void *)to);
    default:
      return vn_watch_json_text(reader, to, field->capacity);
  }
}

bool vn__watch_read_field(vn_watch_json_t *reader, vn_text_t key, const vn__watch_field_t *fields,
                          size_t count, void *out) {
  for (size_t i = 0; i < count; i++) {
    if (vn_watch_text_is(key, fields[i].word)) {
      bool taken = read_value(reader, &fields[i], (char *)out + fields[i].at);
      if (fields[i].has_at != 0) {
        *(bool *)(void *)((char *)out + fields[i].has_at) = taken;
      }
      return taken;
    }
  }
  vn_watch_json_skip(reader);
  return false;
}

void vn__watch_read_fields(vn_watch_json_t *reader, const vn__watch_field_t *fields, size_t count,
                           void *out) {
  vn_text_t key;
  if (vn_watch_json_enter(reader, VN_JSON_OBJECT_BEGIN)) {
    while (vn_watch_json_member(reader, &key)) {
      (void)vn__watch_read_field(reader, key, fields, count, out);
    }
  }
}

bool vn__watch_read_alert(const vn__watch_message_t *message, vn_watch_alert_t *alert) {
  bool named = alert->alert[0] != '\0';
  vn_watch_json_t reader;
  vn_watch_json_begin(&reader, message->payload, message->length);
  vn__watch_read_fields(&reader, alert_fields, COUNT_OF(alert_fields), alert);
  if (!named) {
    vn_watch_json_t again;
    vn_watch_json_begin(&again, message->payload, message->length);
    vn__watch_read_fields(&again, name_fields, COUNT_OF(name_fields), alert);
  }
  return vn_watch_json_end(&reader) && alert->state[0] != '\0' && alert->alert[0] != '\0' &&
         alert->series[0] != '\0';
}

bool vn__watch_read_answer(const vn__watch_message_t *message, vn_watch_answer_t *answer) {
  vn_watch_json_t reader;
  vn_watch_json_begin(&reader, message->payload, message->length);
  vn__watch_read_fields(&reader, answer_fields, COUNT_OF(answer_fields), answer);
  return vn_watch_json_end(&reader) && answer->result[0] != '\0';
}

/* Figures that aren't there are 0: a version that doesn't tell one has nothing of it to tell. */
static void read_hygiene(vn_watch_json_t *reader, vn_watch_device_t *device) {
  vn_text_t key;
  memset(device->hygiene, 0, sizeof device->hygiene);
  device->flood = false;
  device->has_hygiene = reader->event == VN_JSON_OBJECT_BEGIN;
  if (!vn_watch_json_enter(reader, VN_JSON_OBJECT_BEGIN)) {
    return;
  }
  while (vn_watch_json_member(reader, &key)) {
    unsigned figure = 0;
    while (figure < VN_WATCH_HYGIENE_COUNT &&
           !vn_watch_text_is(key, vn_watch_hygiene_word((vn_watch_hygiene_t)figure))) {
      figure++;
    }
    if (figure < VN_WATCH_HYGIENE_COUNT) {
      (void)vn_watch_json_number(reader, &device->hygiene[figure]);
    } else if (vn_watch_text_is(key, "flood")) {
      (void)vn_watch_json_bool(reader, &device->flood);
    } else {
      vn_watch_json_skip(reader);
    }
  }
}

/* By the device's own clock; a device that was started anew begins anew. */
static void compute_rate(vn_watch_device_t *device, const vn_watch_figures_t *now) {
  const vn_watch_figures_t *before = &device->figures;
  int64_t passed_ms = 0;
  int64_t readings = 0;
  bool same = device->has_figures && before->boot == now->boot && before->received >= 0 &&
              now->received >= before->received && before->uptime_ms >= 0 &&
              now->uptime_ms >= before->uptime_ms;
  if (same) {
    passed_ms = now->uptime_ms - before->uptime_ms;
    readings = now->received - before->received;
  }
  if (!same || passed_ms > 0) {
    device->has_rate = same;
    device->rate = same ? (double)readings * 1000 / (double)passed_ms : 0;
  }
}

bool vn__watch_read_statistics(const vn__watch_message_t *message, vn_watch_device_t *device) {
  vn_watch_figures_t figures = {-1, -1, -1, -1, -1, -1, -1, -1};
  vn_watch_device_t told = *device;
  vn_watch_json_t reader;
  vn_text_t key;
  vn_watch_json_begin(&reader, message->payload, message->length);
  told.has_hygiene = false;
  if (!vn_watch_json_enter(&reader, VN_JSON_OBJECT_BEGIN)) {
    return false;
  }
  while (vn_watch_json_member(&reader, &key)) {
    if (vn_watch_text_is(key, "readings")) {
      vn__watch_read_fields(&reader, reading_fields, COUNT_OF(reading_fields), &figures);
    } else if (vn_watch_text_is(key, "outputs")) {
      vn__watch_read_fields(&reader, output_fields, COUNT_OF(output_fields), &figures);
    } else if (vn_watch_text_is(key, "alerts")) {
      read_hygiene(&reader, &told);
    } else {
      (void)vn__watch_read_field(&reader, key, top_fields, COUNT_OF(top_fields), &figures);
    }
  }
  if (!vn_watch_json_end(&reader)) {
    return false;
  }
  *device = told;
  compute_rate(device, &figures);
  device->figures = figures;
  device->has_figures = true;
  return true;
}
