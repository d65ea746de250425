/* Between the threads of the connections and the loop that owns the engine. */
#include "clock_linux.h"
#include "daemon.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_QUEUE_LEAST_BYTES (64u * 1024u)
/* Topic, prefix and record head beside the payload. */
#define OUT_OVERHEAD_BYTES 2048u
/* What a message is reckoned to put into the outbox, with a margin. */
#define RESULTS_PER_MESSAGE 4u
#define BLOCKS_PER_RESULT 8u
/* A connection that was up, or is expected up, so recently is waited for. */
#define OUT_GRACE_MS 10000

static void on_changed(void *context, bool up) {
  vn_link_t *link = context;
  (void)up; /* the loop asks the connections */
  vn_wake_call(&link->wake);
}

static void on_sent(void *context, uint64_t token, bool ok) {
  vn_link_t *link = context;
  (void)pthread_mutex_lock(&link->mutex);
  VN_ASSERT(link->verdict_count < VN_VERDICTS_MAX);
  link->verdicts[link->verdict_count++] = (vn_verdict_t){token, ok};
  (void)pthread_mutex_unlock(&link->mutex);
  vn_wake_call(&link->wake);
}

static void count_drops(vn_link_t *link, uint64_t now, uint64_t *counted, vn_reason_t reason) {
  if (now == *counted) {
    return;
  }
  char before[24];
  vn_log(VN_LOG_WARNING, VN_LOG_QUEUE,
         reason == VN_REASON_TOO_BIG
             ? "messages longer than capacity.message are dropped: raise it, or send smaller ones"
             : "messages are dropped, the input queue stayed full: raise capacity.input_queue, or "
               "send less",
         "messages", vn_log_number((int64_t)(now - *counted), before), NULL);
  for (; *counted != now; (*counted)++) {
    vn_count_dropped(link->engine, reason);
  }
}

void vn_link_collect(vn_link_t *link, vn_status_t *status) {
  vn_verdict_t verdicts[VN_VERDICTS_MAX];
  (void)pthread_mutex_lock(&link->mutex);
  uint32_t count = link->verdict_count;
  memcpy(verdicts, link->verdicts, count * sizeof verdicts[0]);
  link->verdict_count = 0;
  (void)pthread_mutex_unlock(&link->mutex);
  for (uint32_t i = 0; i < count; i++) {
    if (vn_announce_verdict(&link->announcer, verdicts[i].token, verdicts[i].ok)) {
      continue;
    }
    if (verdicts[i].token == VN_TOKEN_SHADOW) {
      vn_shadow_run_verdict(link->shadow, verdicts[i].ok);
    } else if (verdicts[i].token >= VN_TOKEN_FIRST) {
      vn_status_verdict(status, verdicts[i].token, verdicts[i].ok);
    } else {
      vn_sent(link->engine, verdicts[i].token, verdicts[i].ok);
    }
  }
  count_drops(link, atomic_load(&link->dropped_full), &link->counted_full, VN_REASON_QUEUE_FULL);
  count_drops(link, atomic_load(&link->dropped_big), &link->counted_big, VN_REASON_TOO_BIG);
}

uint32_t vn_link_budget(vn_link_t *link, uint32_t most, int64_t now_ms) {
  if (vn_mqtt_is_up(link->out)) {
    link->out_up_ms = now_ms;
  } else if (now_ms - link->out_up_ms > OUT_GRACE_MS) {
    return most; /* nothing leaves for long: readings must not wait for it */
  }
  const vn_outbox_t *outbox = &link->engine->outbox;
  uint64_t room = outbox->free_count / BLOCKS_PER_RESULT;
  for (unsigned i = 0; i < VN_OUTBOX_QUEUES; i++) {
    const vn_outbox_line_t *line = &outbox->lines[i];
    uint64_t free_places = line->entries_max - (line->head - line->tail);
    room = room < free_places ? room : free_places;
  }
  uint64_t messages = room / RESULTS_PER_MESSAGE;
  return messages < most ? (uint32_t)messages : most;
}

bool vn_link_wants_room(const vn_link_t *link) { return atomic_load(&link->room_wanted); }

void vn_link_offer_room(vn_link_t *link) {
  if (vn_link_wants_room(link)) {
    (void)pthread_mutex_lock(&link->room_mutex);
    (void)pthread_cond_signal(&link->room);
    (void)pthread_mutex_unlock(&link->room_mutex);
  }
}

/* Notices of gaps are JSON where summaries aren't CBOR. */
static uint8_t content_of(const vn_link_t *link, uint8_t channel) {
  if (channel != VN_CHANNEL_SUMMARY && channel != VN_CHANNEL_GAP) {
    return VN_MQTT_JSON;
  }
  bool gap = channel == VN_CHANNEL_GAP;
  switch (link->encoding) {
    case VN_ENCODING_JSON:
      return VN_MQTT_JSON;
    case VN_ENCODING_SENML_CBOR:
      return gap ? VN_MQTT_JSON : VN_MQTT_SENML_CBOR;
    case VN_ENCODING_SENML_JSON:
      return gap ? VN_MQTT_JSON : VN_MQTT_SENML_JSON;
    default:
      return VN_MQTT_CBOR;
  }
}

/* The uplink port. Somebody else chose an absolute topic: that the broker doesn't let us publish
 * there must not hold up what is ours. */
static vn_err_t send_message(void *context, const vn_message_t *message) {
  vn_link_t *link = context;
  vn_mqtt_publication_t publication = {
      .prefix = link->topic_prefix,
      .prefix_length = message->absolute ? 0 : link->topic_prefix_length,
      .topic = {message->topic, message->topic_length},
      .correlation = {(const char *)message->correlation, message->correlation_length},
      .event = vn_cloud_event(message),
      .payload = message->payload,
      .length = message->payload_length,
      .token = message->index,
      .content = content_of(link, message->channel),
      .retained = message->retained,
      .once = message->absolute,
  };
  vn_err_t error = vn_mqtt_publish(link->out, &publication);
  if (error == VN_ERR_TOO_BIG) { /* would block what is behind it for ever */
    vn_log(VN_LOG_ERROR, VN_LOG_QUEUE, "a message is too big to be sent and is dropped", "bytes",
           vn_log_number((int64_t)message->payload_length, (char[24]){0}), NULL);
    on_sent(link, message->index, true);
    return VN_OK;
  }
  return error;
}

vn_err_t vn_link_announce(vn_link_t *link, const vn_announcement_t *announcement) {
  vn_mqtt_publication_t publication = {
      .prefix = link->topic_prefix,
      .prefix_length = announcement->absolute ? 0 : link->topic_prefix_length,
      .topic = announcement->topic,
      .payload = (const uint8_t *)announcement->payload.bytes,
      .length = announcement->payload.length,
      .token = VN_TOKEN_ANNOUNCEMENT,
      .content = VN_MQTT_JSON,
      .retained = true,
  };
  return vn_mqtt_publish(link->out, &publication);
}

vn_err_t vn_link_publish(vn_link_t *link, vn_text_t topic, vn_text_t payload, uint64_t token) {
  bool heartbeat = token == VN_TOKEN_HEARTBEAT;
  bool words = heartbeat || token == VN_TOKEN_STATUS;
  bool passing = heartbeat || token == VN_TOKEN_SHADOW;
  vn_mqtt_publication_t publication = {
      .prefix = link->topic_prefix,
      .prefix_length = link->topic_prefix_length,
      .topic = topic,
      .payload = (const uint8_t *)payload.bytes,
      .length = payload.length,
      .token = token,
      .content = words ? VN_MQTT_TEXT : VN_MQTT_JSON,
      .retained = !passing,
      .beside = words || token == VN_TOKEN_STATISTICS,
  };
  return vn_mqtt_publish(link->out, &publication);
}

static bool prepare_room(vn_link_t *link) {
  pthread_condattr_t monotonic;
  if (pthread_mutex_init(&link->mutex, NULL) != 0 ||
      pthread_mutex_init(&link->room_mutex, NULL) != 0 ||
      pthread_mutex_init(&link->engine_gate, NULL) != 0 ||
      pthread_mutex_init(&link->engine_mutex, NULL) != 0 ||
      pthread_condattr_init(&monotonic) != 0) {
    return false;
  }
  bool ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
            pthread_cond_init(&link->room, &monotonic) == 0;
  (void)pthread_condattr_destroy(&monotonic);
  return ok;
}

static bool prepare_topics(vn_link_t *link, const vn_plan_t *plan) {
  int length =
      snprintf(link->topic_prefix, sizeof link->topic_prefix, "%s/%s/", plan->prefix, plan->device);
  if (length <= 0 || (size_t)length >= sizeof link->topic_prefix) {
    return false;
  }
  link->topic_prefix_length = (size_t)length;
  (void)snprintf(link->source, sizeof link->source, "/%s/%s", plan->prefix, plan->device);
  (void)snprintf(link->status_topic, sizeof link->status_topic, "%sstatus", link->topic_prefix);
  (void)snprintf(link->command_topic, sizeof link->command_topic, "%scommand", link->topic_prefix);
  return true;
}

vn_err_t vn_link_prepare(vn_link_t *link, vn_daemon_t *daemon) {
  const vn_plan_t *plan = &daemon->configuration->plan;
  link->engine = &daemon->engine;
  link->journal = plan->durability == VN_DURABILITY_JOURNAL;
  link->encoding = plan->encoding;
  link->room_wait_ms = (int64_t)daemon->configuration->broker.keep_alive_s * 1000 / 2;
  link->out_up_ms = vn_clock_linux_mono_ms();
  link->uplink = (vn_uplink_t){.context = link, .send = send_message};
  return prepare_room(link) && prepare_topics(link, plan) && vn_wake_open(&link->wake)
             ? VN_OK
             : VN_ERR_STORE;
}

static void listen_to(vn_link_t *link, const char *topic) {
  link->filters[link->filter_count] = topic;
  link->qos[link->filter_count] = 1;
  link->filter_count++;
}

static bool prepare_filters(vn_link_t *link, const vn_plan_t *plan) {
  size_t bytes = 1;
  for (uint8_t i = 0; i < plan->input_count; i++) {
    bytes += plan->inputs[i].pattern.text.length + 2;
  }
  link->filter_bytes = calloc(1, bytes);
  if (link->filter_bytes == NULL) {
    return false;
  }
  char *next = link->filter_bytes;
  for (uint8_t i = 0; i < plan->input_count; i++) {
    size_t room = plan->inputs[i].pattern.text.length + 1;
    size_t length = vn_pattern_filter(&plan->inputs[i].pattern, next, room);
    if (length == 0) {
      return false;
    }
    next[length] = '\0';
    link->filters[i] = next;
    link->qos[i] = plan->inputs[i].qos;
    next += room + 1;
  }
  link->filter_count = plan->input_count;
  if (link->announcer.discovers) {
    listen_to(link, link->announcer.birth_topic);
  }
  if (plan->commands) {
    listen_to(link, link->command_topic);
  }
  return true;
}

/* Where results go to another broker than the one of the readings, who reads them is there. */
static void listen_upstream(vn_link_t *link, const vn_configuration_t *configuration,
                            vn_mqtt_setup_t *out) {
  int inputs = configuration->plan.input_count;
  if (link->filter_count > inputs &&
      strcmp(configuration->broker.uri, configuration->upstream.uri) != 0) {
    out->filters = &link->filters[inputs];
    out->qos = &link->qos[inputs];
    out->filter_count = link->filter_count - inputs;
    out->events.arrived = vn_link_arrived;
  }
}

static uint32_t out_queue_bytes(const vn_store_t *store, size_t longest) {
  longest = store->scratch_bytes > longest ? store->scratch_bytes : longest;
  longest = store->record_bytes > longest ? store->record_bytes : longest;
  size_t largest = longest + OUT_OVERHEAD_BYTES;
  uint32_t bytes = OUT_QUEUE_LEAST_BYTES;
  while (bytes / 2 < largest && bytes < UINT32_C(1) << 30) {
    bytes *= 2;
  }
  return bytes;
}

static int open_one(const vn_mqtt_setup_t *setup, vn_mqtt_t **out) {
  const char *problem = NULL;
  vn_err_t error = vn_mqtt_open(setup, out, &problem);
  if (error == VN_OK) {
    return VN_EXIT_OK;
  }
  vn_log(VN_LOG_ERROR, VN_LOG_START, problem != NULL ? problem : "no memory for a connection",
         "broker", setup->broker->uri, NULL);
  return error == VN_ERR_ARGUMENT ? VN_EXIT_CONFIGURATION : VN_EXIT_IO;
}

int vn_link_open(vn_link_t *link, vn_daemon_t *daemon) {
  const vn_configuration_t *configuration = daemon->configuration;
  if (!prepare_filters(link, &configuration->plan)) {
    vn_log(VN_LOG_ERROR, VN_LOG_START, "no memory for the topic filters", NULL);
    return VN_EXIT_IO;
  }
  vn_mqtt_setup_t out = {
      .broker = &configuration->upstream,
      .suffix = "-out",
      .will_topic = link->status_topic,
      .will = "offline",
      .device = configuration->plan.device,
      .source = link->source,
      .queue_bytes = out_queue_bytes(&daemon->store, vn_announcer_max(configuration)),
      .events = {.context = link, .changed = on_changed, .sent = on_sent}};
  vn_mqtt_setup_t in = {
      .broker = &configuration->broker,
      .suffix = "-in",
      .filters = link->filters,
      .qos = link->qos,
      .filter_count = link->filter_count,
      .session_expected =
          daemon->ports.flash != NULL && !vn_engine_recovery(&daemon->engine)->fresh,
      .events = {.context = link, .changed = on_changed, .arrived = vn_link_arrived}};
  listen_upstream(link, configuration, &out);
  int code = open_one(&out, &link->out);
  return code != VN_EXIT_OK ? code : open_one(&in, &link->in);
}
