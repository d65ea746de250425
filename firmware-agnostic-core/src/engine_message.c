/* A message's way: into the queue, to its input, through its decoder, to its series. */
#include "engine_command_priv.h"
#include "engine_journal_priv.h"
#include "payload_priv.h"

#include <string.h>

const bool vn__has_messages = true;

static const vn_reply_t no_reply;

/* Only commands are answered, and not just anywhere. */
static const vn_reply_t *usable_reply(const vn_engine_t *engine, vn_text_t topic, size_t length,
                                      const vn_reply_t *reply) {
  const vn_plan_t *plan = engine->plan;
  if (reply == NULL || !vn__is_command_topic(plan, topic) ||
      reply->correlation.length > VN_REPLY_CORRELATION_MAX ||
      (reply->topic.length > 0 && !vn__is_reply_topic(plan, reply->topic)) ||
      topic.length + length + reply->topic.length + reply->correlation.length >
          plan->message_max_bytes) {
    return &no_reply;
  }
  return reply;
}

static uint8_t *append(uint8_t *to, const void *bytes, size_t length) {
  if (length > 0) {
    memcpy(to, bytes, length);
  }
  return to + length;
}

bool vn__is_too_big(const vn_engine_t *engine, vn_text_t topic, size_t length) {
  return topic.length + length > engine->plan->message_max_bytes || topic.length > UINT16_MAX;
}

uint8_t *vn__queue_claim(vn_engine_t *engine, const vn__arrival_t *arrival, uint32_t *total) {
  const vn_reply_t *reply = usable_reply(engine, arrival->topic, arrival->length, arrival->reply);
  vn__queued_t head = {.payload_length = (uint32_t)arrival->length,
                       .topic_length = (uint16_t)arrival->topic.length,
                       .reply_length = (uint16_t)reply->topic.length,
                       .correlation_length = (uint8_t)reply->correlation.length,
                       .retained = arrival->retained};
  *total = (uint32_t)sizeof head + vn__body_length(&head);
  uint8_t *record = vn_ring_claim(&engine->queue, *total);
  if (record == NULL) {
    return NULL;
  }
  head.arrival_valid = vn__wall_ms(engine, &head.arrival_ms);
  head.arrival_ms = head.arrival_valid ? head.arrival_ms : vn__mono_ms(engine);
  uint8_t *to = append(record, &head, sizeof head);
  to = append(to, arrival->topic.bytes, arrival->topic.length);
  to = append(to, arrival->payload, arrival->length);
  to = append(to, reply->topic.bytes, reply->topic.length);
  (void)append(to, reply->correlation.bytes, reply->correlation.length);
  return record;
}

vn_err_t vn_offer_request(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload,
                          size_t length, bool retained, const vn_reply_t *reply) {
  VN_ASSERT(engine != NULL && engine->plan->queue_bytes > 0);
  VN_ASSERT(!engine->journal.on);
  vn__arrival_t arrival = {topic, payload, length, reply, retained};
  uint32_t total;
  if (vn__is_too_big(engine, topic, length)) {
    return VN_ERR_TOO_BIG;
  }
  if (vn__queue_claim(engine, &arrival, &total) == NULL) {
    return VN_ERR_FULL;
  }
  vn_ring_commit(&engine->queue, total);
  return VN_OK;
}

vn_err_t vn_offer_message(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload,
                          size_t length, bool retained) {
  return vn_offer_request(engine, topic, payload, length, retained, NULL);
}

void vn_count_dropped(vn_engine_t *engine, vn_reason_t reason) {
  VN_ASSERT(reason > VN_REASON_NONE && reason < VN_REASON_COUNT);
  engine->figures.messages_dropped++;
  engine->figures.reasons[reason]++;
  engine->owed.globals = true;
}

static bool starts_with(vn_text_t text, const char *prefix) {
  size_t length = strlen(prefix);
  return text.length >= length && memcmp(text.bytes, prefix, length) == 0;
}

/* The broker's own topics and ours never enter, also not through a wildcard. */
static bool is_loop(const vn_engine_t *engine, vn_text_t topic) {
  if (starts_with(topic, "$SYS/")) {
    return true;
  }
  if (engine->ports.uplink == NULL || !starts_with(topic, engine->plan->prefix)) {
    return false;
  }
  size_t prefix = strlen(engine->plan->prefix);
  size_t device = strlen(engine->plan->device);
  return topic.length > prefix + 1 + device && topic.bytes[prefix] == '/' &&
         memcmp(topic.bytes + prefix + 1, engine->plan->device, device) == 0 &&
         topic.bytes[prefix + 1 + device] == '/';
}

static const vn_input_t *find_input(vn_engine_t *engine, vn_text_t topic) {
  for (size_t i = 0; i < engine->plan->input_count; i++) {
    const vn_input_t *input = &engine->plan->inputs[i];
    if (vn_pattern_match(&input->pattern, topic, engine->message.captures)) {
      return input;
    }
  }
  return NULL;
}

/* Is the sender to blame, so that somebody should see the bytes? */
static bool deserves_letter(vn_reason_t reason) {
  switch (reason) {
    case VN_REASON_NONE:
    case VN_REASON_MISSING:
    case VN_REASON_LATE:
    case VN_REASON_NO_WINDOW:
    case VN_REASON_DUPLICATE:
    case VN_REASON_LIMITED:
    case VN_REASON_STALE:
      return false;
    default:
      return true;
  }
}

/* A value that never reached its series. */
static void refuse_decoded(vn_engine_t *engine, uint32_t series, vn_reason_t reason,
                           const vn_decoded_t *decoded) {
  vn_drop_t drop = {
      .time_ms = decoded->time_ms, .reason = (uint8_t)reason, .has_time = decoded->has_time};
  vn_series_state_t *state = NULL;
  if (series != VN_SERIES_NONE) {
    state = &engine->store.series[series];
    drop.series = vn_series_name(&engine->table, series);
  }
  if (reason != VN_REASON_MISSING) {
    if (state != NULL) {
      vn__touch(engine, state);
    } else {
      engine->figures.unassigned++;
    }
  }
  vn__refuse(engine, state, reason, &drop);
}

static vn_reason_t series_name(const vn_engine_t *engine, const vn_decoded_t *decoded, char *name,
                               size_t *length) {
  const vn_message_at_work_t *message = &engine->message;
  const vn_template_t *template_ = message->input->field_count > 0
                                       ? &message->input->fields[decoded->field].series
                                       : &message->input->series;
  return vn_template_expand(template_, message->topic, message->captures, decoded->name, name,
                            engine->plan->name_max, length);
}

/* The series of a decoded value; a value that is refused anyway makes no new series. */
static vn_reason_t series_of(vn_engine_t *engine, const vn_decoded_t *decoded, uint32_t *series) {
  char name[UINT8_MAX];
  size_t length = 0;
  vn_reason_t named = series_name(engine, decoded, name, &length);
  vn_text_t text = {name, length};
  *series = VN_SERIES_NONE;
  if (decoded->reason != VN_REASON_NONE) {
    if (named == VN_REASON_NONE) {
      *series = vn_series_find(&engine->table, text, vn_series_hash(text));
    }
    return (vn_reason_t)decoded->reason;
  }
  if (named != VN_REASON_NONE) {
    return named;
  }
  if (engine->message.retained && !decoded->has_time) {
    *series = vn_series_find(&engine->table, text, vn_series_hash(text));
    return VN_REASON_STALE;
  }
  return vn_series_open(engine, text, series);
}

static vn_reading_t reading_of(const vn_decoded_t *decoded) {
  return (vn_reading_t){.number = decoded->value,
                        .time_ms = decoded->time_ms,
                        .sequence = decoded->sequence,
                        .has_time = decoded->has_time,
                        .is_relative = decoded->is_relative,
                        .has_sequence = decoded->has_sequence};
}

static void take_decoded(void *context, const vn_decoded_t *decoded) {
  vn_engine_t *engine = context;
  uint32_t series;
  vn_reason_t reason = series_of(engine, decoded, &series);
  if (reason != VN_REASON_NONE) {
    refuse_decoded(engine, series, reason, decoded);
  } else {
    vn_reading_t reading = reading_of(decoded);
    reason = vn__take_reading(engine, series, &reading);
  }
  if (deserves_letter(reason)) {
    vn__output_dead_letter(engine, reason, 0);
  }
}

static void refuse_message(vn_engine_t *engine, vn_reason_t reason, size_t offset) {
  engine->figures.messages_refused++;
  engine->figures.reasons[reason]++;
  engine->owed.globals = true;
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->drop != NULL) {
    vn_drop_t drop = {.reason = (uint8_t)reason};
    observer->drop(observer->context, &drop);
  }
  bool deletion = reason == VN_REASON_EMPTY && engine->message.retained;
  if (reason != VN_REASON_LOOP && !deletion) {
    vn__output_dead_letter(engine, reason, offset);
  }
}

static void show(const vn_engine_t *engine) {
  const vn_observer_t *observer = engine->ports.observer;
  const vn_message_at_work_t *message = &engine->message;
  if (observer != NULL && observer->message != NULL) {
    const vn_observed_message_t observed = {
        message->topic,      message->payload,      message->payload_length, engine->arrival_ms,
        vn__mono_ms(engine), engine->arrival_valid, message->retained};
    observer->message(observer->context, &observed);
  }
}

/* The message at work has its arrival set. */
static void take(vn_engine_t *engine) {
  vn_message_at_work_t *message = &engine->message;
  size_t offset = 0;
  show(engine);
  if (vn__is_command_topic(engine->plan, message->topic)) {
    vn__take_command(engine);
    return;
  }
  engine->figures.messages++;
  if (is_loop(engine, message->topic)) {
    refuse_message(engine, VN_REASON_LOOP, 0);
    return;
  }
  message->input = find_input(engine, message->topic);
  if (message->input == NULL) {
    refuse_message(engine, VN_REASON_TOPIC, 0);
    return;
  }
  vn_reason_t damage = vn_payload_decode(message->input, message->payload, message->payload_length,
                                         engine->arrival_ms, take_decoded, engine, &offset);
  if (damage != VN_REASON_NONE) {
    refuse_message(engine, damage, offset);
  }
}

void vn__refuse_limited(vn_engine_t *engine, const vn__arrival_t *arrival) {
  vn__set_arrival(engine);
  engine->journal.limited++;
  if (vn__is_command_topic(engine->plan, arrival->topic)) {
    vn__suppress_command(engine);
    return;
  }
  engine->message = (vn_message_at_work_t){.payload = arrival->payload,
                                           .payload_length = arrival->length,
                                           .topic = arrival->topic,
                                           .retained = arrival->retained};
  engine->figures.messages++;
  refuse_message(engine, VN_REASON_LIMITED, 0);
}

/* What a look at a message finds that may have been there before. */
typedef struct search {
  vn_engine_t *engine;
  uint32_t repeats;
  bool behind; /* others wait in front of it */
  bool fresh;  /* something in it is no repeat */
} search_t;

static bool is_repeat(const search_t *search, const vn_decoded_t *decoded) {
  vn_engine_t *engine = search->engine;
  char name[UINT8_MAX];
  size_t length = 0;
  if (decoded->reason != VN_REASON_NONE || (engine->message.retained && !decoded->has_time) ||
      series_name(engine, decoded, name, &length) != VN_REASON_NONE) {
    return false;
  }
  vn_text_t text = {name, length};
  uint32_t series = vn_series_find(&engine->table, text, vn_series_hash(text));
  vn_reading_t reading = reading_of(decoded);
  return series != VN_SERIES_NONE && vn__is_repeat(engine, series, &reading, search->behind);
}

static void look_for_news(void *context, const vn_decoded_t *decoded) {
  search_t *search = context;
  search->fresh = search->fresh || !is_repeat(search, decoded);
  search->repeats++;
}

bool vn__take_repeat(vn_engine_t *engine, const vn__arrival_t *arrival) {
  vn_message_at_work_t *message = &engine->message;
  search_t search = {.engine = engine, .behind = vn_waiting(engine) > 0};
  size_t offset;
  bool told = engine->store.check_count > 0 || engine->store.recent_count > 0;
  vn__set_arrival(engine);
  if (!told || !engine->arrival_valid || engine->unsettled || is_loop(engine, arrival->topic) ||
      vn__is_command_topic(engine->plan, arrival->topic)) {
    return false;
  }
  *message = (vn_message_at_work_t){.payload = arrival->payload,
                                    .payload_length = arrival->length,
                                    .topic = arrival->topic,
                                    .retained = arrival->retained};
  message->input = find_input(engine, message->topic);
  const vn__decode_t decode = {message->input,
                               message->payload,
                               message->payload_length,
                               engine->arrival_ms,
                               look_for_news,
                               &search,
                               &offset,
                               &search.fresh};
  if (message->input == NULL || vn__payload_look(&decode) != VN_REASON_NONE || search.fresh ||
      search.repeats == 0) {
    return false;
  }
  take(engine);
  return true;
}

/* What a look at a message, before it is taken, finds out. */
typedef struct glance {
  vn_engine_t *engine;
  bool needs_clock;
} glance_t;

static void look_at_decoded(void *context, const vn_decoded_t *decoded) {
  glance_t *glance = context;
  char name[UINT8_MAX];
  size_t length = 0;
  uint8_t index;
  if (decoded->reason != VN_REASON_NONE ||
      series_name(glance->engine, decoded, name, &length) != VN_REASON_NONE ||
      !vn__find_pipeline(glance->engine, (vn_text_t){name, length}, &index)) {
    return;
  }
  const vn_pipeline_t *plan = &glance->engine->plan->pipelines[index];
  bool absolute = plan->time_mode == VN_TIME_EVENT && decoded->has_time && !decoded->is_relative;
  glance->needs_clock =
      glance->needs_clock || (!absolute && plan->unset_clock == VN_UNSET_CLOCK_HOLD);
}

/* Whether the message at work has readings that are held until the clock is set. */
static bool must_wait(vn_engine_t *engine) {
  vn_message_at_work_t *message = &engine->message;
  glance_t glance = {engine, false};
  size_t offset;
  if (engine->arrival_valid || !engine->has_hold || is_loop(engine, message->topic) ||
      vn__is_command_topic(engine->plan, message->topic)) {
    return false;
  }
  message->input = find_input(engine, message->topic);
  if (message->input != NULL) {
    (void)!vn_payload_decode(message->input, message->payload, message->payload_length,
                             engine->arrival_ms, look_at_decoded, &glance, &offset);
  }
  return glance.needs_clock;
}

static void put_aside(vn_engine_t *engine) {
  const vn_message_at_work_t *message = &engine->message;
  if (vn_offer_message(engine, message->topic, message->payload, message->payload_length,
                       message->retained) == VN_OK) {
    engine->put_aside = engine->unsettled = true;
  } else {
    vn_count_dropped(engine, VN_REASON_QUEUE_FULL);
  }
}

void vn_take_message(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload, size_t length,
                     bool retained) {
  VN_ASSERT(engine != NULL && engine->restored);
  VN_ASSERT(!engine->journal.on);
  vn__arrive(engine);
  engine->message = (vn_message_at_work_t){
      .payload = payload, .payload_length = length, .topic = topic, .retained = retained};
  if (topic.length + length > engine->plan->message_max_bytes) {
    engine->figures.messages++;
    refuse_message(engine, VN_REASON_TOO_BIG, 0);
    return;
  }
  if (must_wait(engine)) {
    put_aside(engine);
    return;
  }
  take(engine);
}

/* The clock may have been set while the message waited. */
static void set_arrival(vn_engine_t *engine, const vn__queued_t *head) {
  vn_time_ms_t wall_ms;
  engine->arrival_valid = head->arrival_valid || vn__wall_ms(engine, &wall_ms);
  if (head->arrival_valid) {
    engine->arrival_ms = head->arrival_ms;
  } else if (engine->arrival_valid) {
    engine->arrival_ms = wall_ms - (vn__mono_ms(engine) - head->arrival_ms);
  } else {
    engine->arrival_ms = vn__provisional_ms(engine, head->arrival_ms);
  }
}

/* The message at work is the one of this record. */
static void read_queued(vn_engine_t *engine, const uint8_t *record, uint32_t length) {
  vn__queued_t head;
  VN_ASSERT(length >= sizeof head);
  memcpy(&head, record, sizeof head);
  const char *topic = (const char *)record + sizeof head;
  const char *reply = topic + head.topic_length + head.payload_length;
  VN_ASSERT(length == sizeof head + vn__body_length(&head));
  set_arrival(engine, &head);
  engine->message = (vn_message_at_work_t){
      .payload = record + sizeof head + head.topic_length,
      .payload_length = head.payload_length,
      .topic = {topic, head.topic_length},
      .reply = {{reply, head.reply_length}, {reply + head.reply_length, head.correlation_length}},
      .retained = head.retained,
  };
}

/* A message of the journal leaves the queue with the commit that holds its effect. */
static bool take_journalled(vn_engine_t *engine) {
  uint32_t length;
  uint32_t at = engine->journal.at;
  const uint8_t *record = vn_ring_look(&engine->queue, &at, &length);
  if (record == NULL) {
    return false;
  }
  if (length > 0) { /* else it was damaged, which the log has counted */
    read_queued(engine, record, length);
    if (must_wait(engine)) {
      return false;
    }
    take(engine);
  }
  engine->journal.at = at;
  engine->journal.taken++;
  return true;
}

bool vn__take_queued(vn_engine_t *engine) {
  uint32_t length;
  if (engine->journal.on) {
    return take_journalled(engine);
  }
  const uint8_t *record = vn_ring_peek(&engine->queue, &length);
  if (record == NULL) {
    return false;
  }
  if (length > 0) {
    read_queued(engine, record, length);
    if (must_wait(engine)) {
      return false;
    }
    take(engine);
  }
  vn_ring_release(&engine->queue);
  return true;
}
