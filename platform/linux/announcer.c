#include "announcer.h"

#include "memory.h"

#include <stdio.h>
#include <string.h>

/* Series looked at in one turn of the loop. */
#define LOOKS_MAX 256u
/* Home Assistant has just come up, and so have others to tell it what they are: not all at once. */
#define BIRTH_DELAY_MS 1000
#define BIRTH_SPREAD_MS 4000
/* Topics of discovery: prefix, device, series, and what is between them. */
#define TOPIC_MAX 1024u

/*
 * The steps of a series that is there: the discovery message, then for each alert its state, if
 * nothing has ever been told of it. Of one that leaves: the discovery message, for each alert its
 * state, for each window its latest result: all deleted.
 */
#define STEP_DISCOVERY 0u
#define STEP_ALERTS 1u
#define STEP_DONE UINT8_MAX

static vn_text_t text_of(const char *text) { return (vn_text_t){text, strlen(text)}; }

static bool is_wanted(const vn_configuration_t *configuration) {
  return configuration->latest || configuration->discovery_prefix[0] != '\0';
}

static vn_discovery_t discovery_of(const vn_configuration_t *configuration) {
  return (vn_discovery_t){.plan = &configuration->plan,
                          .prefix = configuration->discovery_prefix,
                          .version = VN_VERSION_TEXT,
                          .latest = configuration->latest};
}

size_t vn_announcer_max(const vn_configuration_t *configuration) {
  vn_discovery_t discovery = discovery_of(configuration);
  size_t latest = vn_latest_message_max(&configuration->plan);
  size_t message = TOPIC_MAX + vn_discovery_max(&discovery);
  return !is_wanted(configuration) ? 0 : latest > message ? latest : message;
}

/* The device itself stands behind all series. */
static uint32_t device_number(const vn_announcer_t *announcer) {
  return announcer->discovery.plan->series_max;
}

static bool open_topics(vn_announcer_t *announcer) {
  char topic[TOPIC_MAX];
  const vn_discovery_t *discovery = &announcer->discovery;
  int birth = snprintf(announcer->birth_topic, sizeof announcer->birth_topic, "%s/status",
                       discovery->prefix);
  size_t own = vn_discovery_topic(discovery, VN_DISCOVERY_DEVICE, text_of(""), topic, sizeof topic);
  size_t length = own - strlen("config");
  if (birth <= 0 || (size_t)birth >= sizeof announcer->birth_topic || own == 0 ||
      length >= sizeof announcer->own_topics) {
    return false;
  }
  memcpy(announcer->own_topics, topic, length);
  announcer->own_topics[length] = '\0';
  return true;
}

vn_err_t vn_announcer_open(vn_announcer_t *announcer, const vn_configuration_t *configuration,
                           const vn_engine_t *engine) {
  const vn_plan_t *plan = &configuration->plan;
  atomic_init(&announcer->born, false);
  announcer->on = is_wanted(configuration);
  announcer->again_due_ms = INT64_MAX;
  if (!announcer->on) {
    return VN_OK;
  }
  announcer->discovery = discovery_of(configuration);
  announcer->discovers = configuration->discovery_prefix[0] != '\0';
  announcer->engine = engine;
  announcer->text_bytes = vn_announcer_max(configuration);
  size_t count = (size_t)plan->series_max + 1;
  size_t name_bytes = (size_t)plan->series_max * plan->name_max + VN_WORD_MAX;
  announcer->known = vn_memory_map(count * sizeof announcer->known[0]);
  announcer->names = vn_memory_map(name_bytes);
  announcer->text = vn_memory_map(announcer->text_bytes);
  if (announcer->known == NULL || announcer->names == NULL || announcer->text == NULL ||
      !open_topics(announcer)) {
    return VN_ERR_STORE;
  }
  return configuration->latest ? vn_latest_open(&announcer->latest, plan) : VN_OK;
}

void vn_announcer_note(vn_announcer_t *announcer, const vn_summary_t *summary) {
  const vn_series_table_t *table = &announcer->engine->table;
  uint32_t series = vn_series_find(table, summary->series, vn_series_hash(summary->series));
  VN_ASSERT(series != VN_SERIES_NONE);
  vn_latest_note(&announcer->latest, series, announcer->engine->head.boot, summary);
}

static bool equals(vn_text_t a, vn_text_t b) {
  return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

bool vn_announcer_takes(vn_announcer_t *announcer, vn_text_t topic, vn_text_t payload,
                        bool retained) {
  if (!announcer->discovers) {
    return false;
  }
  if (equals(topic, text_of(announcer->birth_topic))) {
    /* A retained one is of an earlier start; what it asked for is retained as well. */
    if (!retained && equals(payload, text_of("online"))) {
      atomic_store(&announcer->born, true);
    }
    return true;
  }
  vn_text_t own = text_of(announcer->own_topics);
  return topic.length > own.length && memcmp(topic.bytes, own.bytes, own.length) == 0;
}

static void look_at_all(vn_announcer_t *announcer) {
  announcer->unseen = device_number(announcer) + 1;
}

static void tell_all(vn_announcer_t *announcer) {
  for (uint32_t i = 0; i <= device_number(announcer); i++) {
    announcer->known[i].step = STEP_DISCOVERY;
  }
  announcer->again_due_ms = INT64_MAX;
  look_at_all(announcer);
}

/* Another moment for each device and each time. */
static int64_t birth_delay(const vn_announcer_t *announcer, int64_t now_ms) {
  uint32_t draw = vn_series_hash(text_of(announcer->discovery.plan->device)) + (uint32_t)now_ms;
  return BIRTH_DELAY_MS + (int64_t)((draw * UINT32_C(2654435761) >> 16) % BIRTH_SPREAD_MS);
}

void vn_announcer_look(vn_announcer_t *announcer, uint64_t connect, int64_t now_ms) {
  uint64_t expired = vn_engine_figures(announcer->engine)->series_expired;
  uint32_t series = announcer->engine->table.count;
  announcer->discovery.boot = announcer->engine->head.boot;
  if (atomic_exchange(&announcer->born, false)) {
    announcer->again_due_ms = now_ms + birth_delay(announcer, now_ms);
  }
  if (connect != announcer->connect_seen || now_ms >= announcer->again_due_ms) {
    announcer->connect_seen = connect;
    tell_all(announcer);
  }
  if (series != announcer->series_seen || expired != announcer->expired_seen) {
    announcer->series_seen = series;
    announcer->expired_seen = expired;
    look_at_all(announcer);
  }
}

static vn_text_t name_of(const vn_announcer_t *announcer, uint32_t number) {
  size_t at = (size_t)number * announcer->discovery.plan->name_max;
  return (vn_text_t){announcer->names + at, announcer->known[number].length};
}

/* The name that a number has now; empty: none. */
static vn_text_t present_name(const vn_announcer_t *announcer, uint32_t number) {
  const vn_discovery_t *discovery = &announcer->discovery;
  if (number < device_number(announcer)) {
    return vn_series_name(&announcer->engine->table, number);
  }
  return text_of(announcer->discovers && vn_discovery_has_any(discovery, VN_DISCOVERY_DEVICE)
                     ? discovery->plan->device
                     : "");
}

static void become_known(vn_announcer_t *announcer, uint32_t number, vn_text_t name) {
  bool own = number == device_number(announcer);
  size_t at = (size_t)number * announcer->discovery.plan->name_max;
  memcpy(announcer->names + at, name.bytes, name.length);
  announcer->known[number] = (vn_known_t){
      .length = (uint8_t)name.length,
      .pipeline = own ? VN_DISCOVERY_DEVICE : vn_engine_series(announcer->engine, number)->pipeline,
      .step = STEP_DISCOVERY};
}

/* Brings what is known of a number up to date with the table. */
static void compare(vn_announcer_t *announcer, uint32_t number) {
  vn_known_t *known = &announcer->known[number];
  vn_text_t name = present_name(announcer, number);
  if (known->length > 0 && !known->leaving && !equals(name, name_of(announcer, number))) {
    known->leaving = true;
    known->step = STEP_DISCOVERY;
    if (announcer->latest.slot_count > 0) {
      vn_latest_forget(&announcer->latest, number, name_of(announcer, number));
    }
  }
  if (known->length == 0 && name.length > 0) {
    become_known(announcer, number, name);
  }
}

static bool never_told(const vn_announcer_t *announcer, uint32_t number, uint8_t alert) {
  const vn_engine_t *engine = announcer->engine;
  if (number == device_number(announcer)) {
    return engine->flood.episode == 0;
  }
  const vn_series_state_t *series = vn_engine_series(engine, number);
  const vn_pipeline_state_t *pipeline = &engine->store.pipelines[series->pipeline];
  size_t first = pipeline->alert_base + (size_t)series->local * pipeline->plan->alert_count;
  const vn_alert_state_t *state = &engine->store.alerts[first + alert];
  return state->episode == 0 && state->revision == 0;
}

static vn_text_t take_text(const vn_announcer_t *announcer, size_t length) {
  VN_ASSERT(length > 0 && TOPIC_MAX + length <= announcer->text_bytes);
  return (vn_text_t){announcer->text + TOPIC_MAX, length};
}

static bool put_discovery(vn_announcer_t *announcer, uint32_t number, vn_announcement_t *out) {
  const vn_known_t *known = &announcer->known[number];
  vn_text_t name = name_of(announcer, number);
  if (!announcer->discovers || !vn_discovery_has_any(&announcer->discovery, known->pipeline)) {
    return false;
  }
  out->absolute = true;
  out->topic.length =
      vn_discovery_topic(&announcer->discovery, known->pipeline, name, announcer->text, TOPIC_MAX);
  if (!known->leaving) {
    out->payload = take_text(announcer, vn_discovery_message(&announcer->discovery, known->pipeline,
                                                             name, announcer->text + TOPIC_MAX,
                                                             announcer->text_bytes - TOPIC_MAX));
  }
  return true;
}

static bool put_alert(vn_announcer_t *announcer, uint32_t number, uint8_t alert,
                      vn_announcement_t *out) {
  const vn_known_t *known = &announcer->known[number];
  vn_text_t name = name_of(announcer, number);
  const char *word = vn_discovery_alert(&announcer->discovery, known->pipeline, alert);
  if (!announcer->discovers || word == NULL ||
      (!known->leaving && !never_told(announcer, number, alert))) {
    return false;
  }
  out->topic.length = vn_discovery_alert_topic(word, name, announcer->text, TOPIC_MAX);
  if (!known->leaving) {
    out->payload =
        take_text(announcer, vn_discovery_normal(&announcer->discovery, known->pipeline, alert,
                                                 name, announcer->text + TOPIC_MAX,
                                                 announcer->text_bytes - TOPIC_MAX));
  }
  return true;
}

static bool put_latest(vn_announcer_t *announcer, uint32_t number, uint8_t window,
                       vn_announcement_t *out) {
  const vn_known_t *known = &announcer->known[number];
  const vn_pipeline_t *plan = &announcer->discovery.plan->pipelines[known->pipeline];
  out->topic.length = vn_discovery_latest_topic(
      plan->summary.windows[window].name, name_of(announcer, number), announcer->text, TOPIC_MAX);
  return announcer->latest.slot_count > 0;
}

/* What the present step of a number says; false: nothing. */
static bool put_step(vn_announcer_t *announcer, uint32_t number, vn_announcement_t *out) {
  const vn_known_t *known = &announcer->known[number];
  uint8_t alerts = vn_discovery_alerts(&announcer->discovery, known->pipeline);
  *out = (vn_announcement_t){.topic = {announcer->text, 0}, .payload = {"", 0}};
  if (known->step == STEP_DISCOVERY) {
    return put_discovery(announcer, number, out);
  }
  uint8_t place = (uint8_t)(known->step - STEP_ALERTS);
  return place < alerts ? put_alert(announcer, number, place, out)
                        : put_latest(announcer, number, (uint8_t)(place - alerts), out);
}

static uint8_t step_count(const vn_announcer_t *announcer, const vn_known_t *known) {
  const vn_plan_t *plan = announcer->discovery.plan;
  uint8_t alerts = vn_discovery_alerts(&announcer->discovery, known->pipeline);
  bool windows = known->leaving && known->pipeline != VN_DISCOVERY_DEVICE;
  return (uint8_t)(STEP_ALERTS + alerts +
                   (windows ? plan->pipelines[known->pipeline].summary.window_count : 0));
}

static void end_step(vn_announcer_t *announcer, uint32_t number) {
  vn_known_t *known = &announcer->known[number];
  known->step++;
  if (known->step < step_count(announcer, known)) {
    return;
  }
  bool left = known->leaving;
  known->step = STEP_DONE;
  if (left) {
    *known = (vn_known_t){0}; /* the number may have another series by now */
    compare(announcer, number);
  }
}

/* The last words of a series' alerts come first: what they leave behind is what is deleted. */
static bool must_wait(const vn_announcer_t *announcer, const vn_known_t *known) {
  const vn_outbox_line_t *alerts = &announcer->engine->outbox.lines[VN_OUTBOX_ALERTS];
  return known->leaving && alerts->head != alerts->tail;
}

bool vn_announcer_next(vn_announcer_t *announcer, vn_announcement_t *announcement, bool *more) {
  uint32_t looks = 0;
  *more = false;
  while (!announcer->in_flight && announcer->unseen > 0) {
    *more = ++looks > LOOKS_MAX;
    if (*more) {
      return false;
    }
    compare(announcer, announcer->cursor);
    vn_known_t *known = &announcer->known[announcer->cursor];
    if (known->length > 0 && known->step != STEP_DONE) {
      if (must_wait(announcer, known)) {
        return false;
      }
      if (put_step(announcer, announcer->cursor, announcement)) {
        return true;
      }
      end_step(announcer, announcer->cursor);
      continue;
    }
    announcer->cursor = announcer->cursor < device_number(announcer) ? announcer->cursor + 1 : 0;
    announcer->unseen--;
  }
  return false;
}

void vn_announcer_sent(vn_announcer_t *announcer) {
  announcer->in_flight = true;
  announcer->current = announcer->cursor;
  announcer->current_step = announcer->known[announcer->cursor].step;
}

void vn_announcer_verdict(vn_announcer_t *announcer, bool ok) {
  announcer->in_flight = false;
  /* Meanwhile everything may have become due again. */
  if (ok && announcer->known[announcer->current].step == announcer->current_step) {
    end_step(announcer, announcer->current);
  }
}

int64_t vn_announcer_due_ms(const vn_announcer_t *announcer) { return announcer->again_due_ms; }
