/* Alert events and retained states against the steps that are due; other numbered messages. */
#include "oracle_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An event or a state as it came. */
typedef struct alert_message {
  vn__object_t object;
  vn__identity_t identity;
  const vn_oracle_alert_t *alert;
  size_t series, alert_place;
  int64_t episode;
  bool firing;
} alert_message_t;

static const char *kind_of(bool event) { return event ? "event" : "state"; }

/* Boot and seq of any JSON message. */
static bool read_identity(vn_oracle_t *oracle, const vn__object_t *object,
                          vn__identity_t *identity) {
  int64_t boot;
  int64_t seq;
  if (!vn__oracle_json_decimal(vn__oracle_json_find(object, "boot"), 0, &boot) ||
      !vn__oracle_json_decimal(vn__oracle_json_find(object, "seq"), 0, &seq) || boot < 0 ||
      seq < 0 || !vn__oracle_json_is(vn__oracle_json_find(object, "device"), oracle->device)) {
    return false;
  }
  identity->boot = (uint64_t)boot;
  identity->seq = (uint64_t)seq;
  return boot <= UINT32_MAX;
}

/* The alert of the setup that a message names; the count of alerts: none. */
static size_t find_alert(const vn_oracle_t *oracle, const vn__object_t *object, size_t series) {
  size_t place = 0;
  for (; place < oracle->plan.alert_count; place++) {
    const vn_oracle_alert_t *alert = &oracle->plan.alerts[place];
    const char *pipeline = oracle->plan.pipelines[alert->pipeline].given.name;
    if (alert->pipeline == oracle->plan.series[series].pipeline &&
        vn__oracle_json_is(vn__oracle_json_find(object, "alert"), alert->name) &&
        vn__oracle_json_is(vn__oracle_json_find(object, "pipeline"), pipeline)) {
      break;
    }
  }
  return place;
}

static bool read_names(vn_oracle_t *oracle, alert_message_t *message) {
  const vn__text_t *series = vn__oracle_json_find(&message->object, "series");
  if (series == NULL || series->length < 2 || series->bytes[0] != '"') {
    return false;
  }
  message->series =
      vn__oracle_find_series(oracle, (vn__text_t){series->bytes + 1, series->length - 2});
  if (message->series == oracle->plan.series_count) {
    return false;
  }
  message->alert_place = find_alert(oracle, &message->object, message->series);
  if (message->alert_place == oracle->plan.alert_count) {
    return false;
  }
  message->alert = &oracle->plan.alerts[message->alert_place];
  return true;
}

/* "firing" and "normal" are all that is ever told of these alerts. */
static bool read_state(alert_message_t *message, bool event) {
  const vn__text_t *state = vn__oracle_json_find(&message->object, "state");
  const vn__text_t *phase = vn__oracle_json_find(&message->object, "phase");
  message->firing = vn__oracle_json_is(state, "firing");
  return (message->firing || vn__oracle_json_is(state, "normal")) &&
         (event ? vn__oracle_json_is(phase, message->firing ? "firing" : "resolved")
                : phase == NULL) &&
         vn__oracle_json_decimal(vn__oracle_json_find(&message->object, "episode"), 0,
                                 &message->episode);
}

static bool read_message(vn_oracle_t *oracle, alert_message_t *message, bool event) {
  if (!read_names(oracle, message) || !read_state(message, event)) {
    vn__oracle_differ(
        oracle,
        "message seq %" PRIu64 " of boot %" PRIu64
        ": this %s is of no alert and series that there are, or says what none can say",
        message->identity.seq, message->identity.boot, kind_of(event));
    return false;
  }
  return true;
}

static vn__owed_t *find_owed(vn_oracle_t *oracle, const alert_message_t *message, bool event) {
  vn__line_t *line = &oracle->lines[message->series];
  for (size_t i = line->first_owed; i < line->owed.count; i++) {
    vn__owed_t *owed = vn__oracle_list_at(&line->owed, i);
    bool told = event ? owed->event_told : owed->state_told;
    if (!told && owed->step.alert == message->alert_place &&
        (int64_t)owed->step.episode == message->episode &&
        (strcmp(owed->step.state, "firing") == 0) == message->firing) {
      return owed;
    }
  }
  return NULL;
}

static bool same(vn_oracle_t *oracle, const alert_message_t *message, const char *key,
                 unsigned decimals, int64_t due) {
  const vn__text_t *value = vn__oracle_json_find(&message->object, key);
  int64_t came;
  if (vn__oracle_json_decimal(value, decimals, &came) && came == due) {
    return true;
  }
  vn__oracle_differ(oracle,
                    "message seq %" PRIu64 " of boot %" PRIu64 ": alert %s of %s, episode %" PRId64
                    ", %s: %s: expected %" PRId64 " (scaled), got %.*s",
                    message->identity.seq, message->identity.boot, message->alert->name,
                    oracle->plan.series[message->series].name, message->episode,
                    message->firing ? "firing" : "resolved", key, due,
                    value == NULL ? 7 : (int)value->length,
                    value == NULL ? "nothing" : value->bytes);
  return false;
}

static bool same_id(vn_oracle_t *oracle, const alert_message_t *message) {
  char id[512];
  (void)snprintf(id, sizeof id, "%s:%s:%s:%" PRId64 ":%s", oracle->device, message->alert->name,
                 oracle->plan.series[message->series].name, message->episode,
                 message->firing ? "firing" : "resolved");
  if (!vn__oracle_json_is(vn__oracle_json_find(&message->object, "id"), id)) {
    vn__oracle_differ(oracle, "message seq %" PRIu64 ": id: expected %s", message->identity.seq,
                      id);
    return false;
  }
  return true;
}

static bool same_step(vn_oracle_t *oracle, const alert_message_t *message,
                      const vn_oracle_transition_t *due) {
  unsigned decimals = oracle->plan.pipelines[message->alert->pipeline].given.decimals;
  const vn__text_t *ends = vn__oracle_json_find(&message->object, "ends_at");
  if (message->firing && (ends == NULL || !vn__oracle_text_is(*ends, "null"))) {
    vn__oracle_differ(oracle, "message seq %" PRIu64 ": it fires, and yet `ends_at` isn't null",
                      message->identity.seq);
    return false;
  }
  return same(oracle, message, "rev", 0, message->firing ? 0 : 1) &&
         same(oracle, message, "value", decimals, due->value) &&
         same(oracle, message, "limit", decimals, message->alert->limit) &&
         same(oracle, message, "starts_at", 0, due->starts_ms) &&
         (message->firing || same(oracle, message, "ends_at", 0, due->ends_ms)) &&
         same(oracle, message, "at", 0, due->at_ms) && same_id(oracle, message);
}

static void take_step(vn_oracle_t *oracle, const alert_message_t *message, bool event) {
  vn__line_t *line = &oracle->lines[message->series];
  vn__owed_t *owed = find_owed(oracle, message, event);
  if (owed == NULL) {
    vn__oracle_differ(oracle,
                      "message seq %" PRIu64 " of boot %" PRIu64
                      ": alert %s of %s, episode %" PRId64
                      ": no %s is due that says %s: none was expected, or it was told before",
                      message->identity.seq, message->identity.boot, message->alert->name,
                      oracle->plan.series[message->series].name, message->episode, kind_of(event),
                      message->firing ? "firing" : "resolved");
    return;
  }
  if (!same_step(oracle, message, &owed->step)) {
    return;
  }
  line->told_cause = owed->step.cause > line->told_cause ? owed->step.cause : line->told_cause;
  if (event) {
    oracle->figures.events_compared++;
    owed->event_told = true;
  } else {
    oracle->figures.states_compared++;
    owed->state_told = true;
  }
  vn__oracle_leave_owed(line);
}

/* Reads it, and says whether it is new; repeats of states are states all the same. */
static vn__news_t open_message(vn_oracle_t *oracle, alert_message_t *message, const void *payload,
                               size_t length) {
  if (!vn__oracle_json_object(&message->object, payload, length) ||
      !read_identity(oracle, &message->object, &message->identity)) {
    vn__oracle_differ(oracle, "an alert's message isn't what docs/messages.md says: %.*s",
                      (int)(length < 200 ? length : 200), (const char *)payload);
    return VN__WRONG;
  }
  return vn__oracle_identify(oracle, &message->identity);
}

void vn__oracle_take_event(vn_oracle_t *oracle, const void *payload, size_t length, uint64_t hash) {
  alert_message_t message = {.identity.hash = hash};
  if (open_message(oracle, &message, payload, length) == VN__NEW &&
      read_message(oracle, &message, true)) {
    take_step(oracle, &message, true);
  }
}

/* The topic names the alert and the series, too. */
static bool is_of_topic(const vn_oracle_t *oracle, const alert_message_t *message,
                        const char *name) {
  size_t length = strlen(message->alert->name);
  return strncmp(name, message->alert->name, length) == 0 && name[length] == '/' &&
         strcmp(name + length + 1, oracle->plan.series[message->series].name) == 0;
}

void vn__oracle_take_state(vn_oracle_t *oracle, const char *name, const void *payload,
                           size_t length, uint64_t hash) {
  alert_message_t message = {.identity.hash = hash};
  vn__news_t news = open_message(oracle, &message, payload, length);
  if (news == VN__WRONG || !read_message(oracle, &message, false)) {
    return;
  }
  if (!is_of_topic(oracle, &message, name)) {
    vn__oracle_differ(oracle, "message seq %" PRIu64 ": the topic alert/%s is of another alert",
                      message.identity.seq, name);
    return;
  }
  const vn__pipeline_plan_t *pipeline = &oracle->plan.pipelines[message.alert->pipeline];
  size_t place = 0;
  while (pipeline->alerts[place] != message.alert_place) {
    place++;
  }
  vn__retained_t *retained = vn__oracle_list_at(&oracle->lines[message.series].retained, place);
  *retained = (vn__retained_t){(uint64_t)message.episode, true, message.firing, false};
  if (news == VN__NEW) {
    take_step(oracle, &message, false);
  }
}

void vn__oracle_take_other(vn_oracle_t *oracle, const void *payload, size_t length, uint64_t hash) {
  alert_message_t message = {.identity.hash = hash};
  (void)open_message(oracle, &message, payload, length);
}
