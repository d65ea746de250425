/* Outputs: summaries in batches, alerts and dead letters at once, all through the outbox. */
#include "engine_command_priv.h"
#include "engine_outbox_priv.h"

#include <string.h>

/* Dead letters: at most a burst of ten, then one a second. */
#define LETTER_EVERY_MS 1000
#define LETTER_BURST 10

/* Numbers it. Answers are for whoever asked: others would see a hole. */
bool vn__send_out(vn_engine_t *engine, vn_message_t *message) {
  message->numbered = message->channel != VN_CHANNEL_RESPONSE;
  message->boot = engine->head.boot;
  message->seq = engine->head.seq;
  /* What is refused, or dropped for it, is counted there. */
  vn_err_t added = vn_outbox_add(&engine->outbox, message);
  VN_ASSERT(added == VN_OK || added == VN_ERR_FULL);
  const uint64_t *dropped = engine->outbox.dropped;
  engine->figures.outbox_dropped = dropped[VN_OUTBOX_ALERTS] + dropped[VN_OUTBOX_OTHERS];
  engine->head.seq += message->numbered;
  return added == VN_OK;
}

/* Some output is not committed yet: from now on its time runs. */
void vn__note_output(vn_engine_t *engine, size_t bytes, bool urgent) {
  if (!engine->owed.outputs) {
    engine->owed.outputs = true;
    engine->owed.since_mono_ms = vn__mono_ms(engine);
  }
  engine->owed.bytes += bytes;
  engine->owed.urgent = engine->owed.urgent || urgent;
  engine->owed.globals = true;
}

void vn__owe(const vn__work_t *work) {
  vn_engine_t *engine = work->engine;
  vn__touch(engine, work->state);
  if ((work->state->flags & VN__SERIES_OWED) == 0) {
    work->state->flags |= VN__SERIES_OWED;
    work->state->next_owed = engine->owed.first;
    engine->owed.first = work->series;
    engine->owed.bytes += work->pipeline->slot_max;
  }
}

/* An output of a series, which goes with its state. */
static void owe_output(const vn__work_t *work, size_t bytes, bool urgent) {
  vn__note_output(work->engine, bytes, urgent);
  vn__owe(work);
}

void vn__compose_batch(vn_engine_t *engine, vn_message_t *message) {
  const vn_batch_t *batch = &engine->batch;
  const vn_summary_pipeline_t *pipelines[VN_PIPELINES_MAX];
  for (size_t i = 0; i < batch->pipeline_count; i++) {
    pipelines[i] = &engine->plan->pipelines[batch->pipelines[i]].summary;
  }
  vn_summary_batch_t content = {
      .head = {engine->head.device, engine->head.seq, engine->head.boot},
      .pipelines = pipelines,
      .accounting = &engine->figures.readings,
      .records = engine->store.batch,
      .records_length = batch->length,
      .record_count = batch->records,
      .pipeline_count = batch->pipeline_count,
  };
  size_t length = vn_summary_message((vn_encoding_t)engine->plan->encoding, &content,
                                     engine->store.scratch, engine->store.scratch_bytes);
  VN_ASSERT(length <= engine->store.scratch_bytes);
  *message = (vn_message_t){.topic = "summary",
                            .payload = engine->store.scratch,
                            .topic_length = strlen("summary"),
                            .payload_length = length,
                            .results = batch->records,
                            .channel = VN_CHANNEL_SUMMARY,
                            .numbered = true};
  if (!vn__wall_ms(engine, &message->time_ms)) {
    message->time_ms = VN_TIME_MINUS_INFINITY;
  }
}

void vn__cut_batch(vn_engine_t *engine) {
  vn_message_t message;
  if (engine->batch.records == 0) {
    return;
  }
  vn__compose_batch(engine, &message);
  (void)vn__send_out(engine, &message);
  engine->batch = (vn_batch_t){0};
  vn__coarsen(engine);
}

uint8_t vn__pipeline_place(vn_batch_t *batch, uint8_t pipeline) {
  for (uint8_t i = 0; i < batch->pipeline_count; i++) {
    if (batch->pipelines[i] == pipeline) {
      return i;
    }
  }
  batch->pipelines[batch->pipeline_count] = pipeline;
  return batch->pipeline_count++;
}

void vn__output_summary(vn__work_t *work, const vn_summary_t *summary) {
  vn_engine_t *engine = work->engine;
  if (engine->ports.uplink == NULL) {
    vn__touch(engine, work->state);
    return;
  }
  vn_batch_t *batch = &engine->batch;
  vn_encoding_t encoding = (vn_encoding_t)engine->plan->encoding;
  uint8_t pipeline = work->state->pipeline;
  size_t longest = vn_summary_record_max(encoding, summary->pipeline, summary->result->window,
                                         engine->plan->name_max);
  if (batch->records > 0 && longest > engine->store.batch_bytes - batch->length) {
    vn__cut_batch(engine);
  }
  size_t length = vn_summary_record(encoding, summary, vn__pipeline_place(batch, pipeline),
                                    batch->records == 0, engine->store.batch + batch->length,
                                    engine->store.batch_bytes - batch->length);
  VN_ASSERT(length <= longest && length <= engine->store.batch_bytes - batch->length);
  batch->length += length;
  batch->records++;
  owe_output(work, length, false);
  if (batch->records >= engine->plan->batch_max) {
    vn__cut_batch(engine);
  }
}

/* An alert that doesn't wait for the commit: what a crash undoes is told again, under its old id.
 */
static void send_alert(vn_engine_t *engine, vn_message_t *message, bool eager) {
  const vn_uplink_t *uplink = engine->ports.uplink;
  bool there = vn__send_out(engine, message);
  if (!there || !eager || !engine->sender.link_up ||
      !vn_outbox_hurry(&engine->outbox, &message->index)) {
    return;
  }
  if (uplink->send(uplink->context, message) == VN_OK) {
    vn_outbox_taken(&engine->outbox, message->index);
  }
}

/* "alert/<alert>/<series>" */
static size_t alert_topic(const vn_transition_t *transition, char *out) {
  static const char prefix[] = "alert/";
  size_t name = strlen(transition->alert);
  char *at = out;
  memcpy(at, prefix, sizeof prefix - 1);
  at += sizeof prefix - 1;
  memcpy(at, transition->alert, name);
  at += name;
  *at++ = '/';
  memcpy(at, transition->series.bytes, transition->series.length);
  return (size_t)(at - out) + transition->series.length;
}

/* Both return how many bytes they have put out. */
static size_t put_alert_state(vn_engine_t *engine, const vn_transition_t *transition) {
  char topic[VN_ALERT_TOPIC_MAX];
  vn_message_t message = {.topic = topic,
                          .payload = engine->store.scratch,
                          .topic_length = alert_topic(transition, topic),
                          .time_ms = transition->at_ms,
                          .channel = VN_CHANNEL_ALERT,
                          .retained = true};
  message.payload_length = vn_alert_state_message(
      &engine->head, transition, (char *)engine->store.scratch, engine->store.scratch_bytes);
  VN_ASSERT(message.payload_length <= engine->store.scratch_bytes);
  send_alert(engine, &message, transition->eager);
  return message.topic_length + message.payload_length;
}

static size_t put_alert_event(vn_engine_t *engine, const vn_transition_t *transition) {
  vn_message_t message = {.topic = "event",
                          .payload = engine->store.scratch,
                          .topic_length = strlen("event"),
                          .time_ms = transition->at_ms,
                          .channel = VN_CHANNEL_EVENT};
  message.payload_length = vn_alert_event_message(
      &engine->head, transition, (char *)engine->store.scratch, engine->store.scratch_bytes);
  VN_ASSERT(message.payload_length <= engine->store.scratch_bytes);
  send_alert(engine, &message, transition->eager);
  return message.topic_length + message.payload_length;
}

void vn__output_event(vn_engine_t *engine, const vn_transition_t *transition) {
  engine->figures.alerts++;
  if (engine->ports.uplink == NULL) {
    return;
  }
  /* Evidence changes nothing: the state goes on telling what it is evidence of. */
  bool changes = transition->event != VN_ALERT_EVENT_EVIDENCE;
  size_t bytes = changes ? put_alert_state(engine, transition) : 0;
  bytes += put_alert_event(engine, transition);
  vn__note_output(engine, bytes, true);
}

/* What was asked for goes where the request wants it, in the commit of what it changed. */
void vn__output_answer(vn_engine_t *engine, size_t length) {
  const vn_reply_t *reply = &engine->message.reply;
  static const char topic[] = "response";
  if (engine->ports.uplink == NULL) {
    return;
  }
  vn_message_t message = {.topic = topic,
                          .topic_length = sizeof topic - 1,
                          .payload = engine->store.scratch,
                          .payload_length = length,
                          .correlation = (const uint8_t *)reply->correlation.bytes,
                          .correlation_length = reply->correlation.length,
                          .channel = VN_CHANNEL_RESPONSE};
  if (reply->topic.length > 0) {
    message.topic = reply->topic.bytes;
    message.topic_length = reply->topic.length;
    message.absolute = true;
  }
  (void)vn__send_out(engine, &message);
  vn__note_output(engine, length + message.topic_length + message.correlation_length, true);
}

/* A flood of garbage must cost neither the uplink nor the flash. */
static bool letter_allowed(vn_engine_t *engine) {
  int64_t now_ms = vn__mono_ms(engine);
  int64_t most_ms = (int64_t)LETTER_EVERY_MS * LETTER_BURST;
  if (engine->letter_mono_ms == 0) {
    engine->letter_credit_ms = most_ms;
  } else {
    engine->letter_credit_ms += now_ms - engine->letter_mono_ms;
  }
  engine->letter_mono_ms = now_ms == 0 ? 1 : now_ms;
  if (engine->letter_credit_ms > most_ms) {
    engine->letter_credit_ms = most_ms;
  }
  if (engine->letter_credit_ms < LETTER_EVERY_MS) {
    engine->letters_suppressed++;
    return false;
  }
  engine->letter_credit_ms -= LETTER_EVERY_MS;
  return true;
}

void vn__output_dead_letter(vn_engine_t *engine, vn_reason_t reason, size_t offset) {
  if (engine->ports.uplink == NULL || !letter_allowed(engine)) {
    return;
  }
  vn_dead_letter_t letter = {
      .topic = engine->message.topic,
      .payload = engine->message.payload,
      .payload_length = engine->message.payload_length,
      .offset = offset,
      .at_ms = engine->arrival_ms,
      .suppressed = engine->letters_suppressed,
      .reason = (uint8_t)reason,
  };
  size_t length = vn_dead_letter_message(&engine->head, &letter, (char *)engine->store.scratch,
                                         engine->store.scratch_bytes);
  VN_ASSERT(length <= engine->store.scratch_bytes);
  vn_message_t message = {.topic = "dead-letter",
                          .payload = engine->store.scratch,
                          .topic_length = strlen("dead-letter"),
                          .payload_length = length,
                          .time_ms = letter.at_ms,
                          .channel = VN_CHANNEL_DEAD_LETTER};
  engine->letters_suppressed = 0;
  engine->figures.dead_letters++;
  (void)vn__send_out(engine, &message);
  vn__note_output(engine, length, false);
}
