/* The process that publishes what the device tells, and tells what became of it. */
#include "bridge_priv.h"
#include "clock_linux.h"
#include "log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_BYTES (UINT32_C(1) << 19)
#define CLOSE_WAIT_MS 3000
#define CLOSE_LOOK_MS 5

typedef struct publisher {
  vn_mqtt_t *mqtt;
  int fd;
  char start[VN__BRIDGE_TOPIC_MAX]; /* of the topics of the device */
  char status_topic[VN__BRIDGE_TOPIC_MAX + sizeof "status"];
  uint8_t errand[sizeof(vn__errand_t) + VN__BRIDGE_MESSAGE_BYTES];
} publisher_t;

static void tell(const publisher_t *publisher, uint64_t flight, vn__verdict_kind_t kind) {
  const vn__verdict_t verdict = {.flight = flight, .kind = (uint8_t)kind};
  ssize_t sent = send(publisher->fd, &verdict, sizeof verdict, MSG_NOSIGNAL);
  (void)sent; /* nobody is there: the end of the way is read next */
}

static void on_changed(void *context, bool up) {
  tell(context, VN__NO_FLIGHT, up ? VN__VERDICT_UP : VN__VERDICT_DOWN);
}

static void on_sent(void *context, uint64_t token, bool ok) {
  if (token != VN__NO_FLIGHT) {
    tell(context, token, ok ? VN__VERDICT_TAKEN : VN__VERDICT_NOT_NOW);
  }
}

/* What content type the bytes have: the first one tells. */
static uint8_t content_of(const uint8_t *payload, size_t length) {
  uint8_t first = length > 0 ? payload[0] : 0;
  if (first == '{') {
    return VN_MQTT_JSON;
  }
  if (first == '[') {
    return VN_MQTT_SENML_JSON;
  }
  if (first >> 5 == 5) { /* a map of CBOR */
    return VN_MQTT_CBOR;
  }
  return first >> 5 == 4 ? VN_MQTT_SENML_CBOR : VN_MQTT_TEXT;
}

/* One that isn't under the prefix somebody else chose: the broker may judge it, once. */
static bool is_good_topic(vn_text_t topic, bool absolute) {
  for (size_t i = 0; i < topic.length; i++) {
    char byte = topic.bytes[i];
    if (!absolute && (byte <= ' ' || byte > '~' || byte == '+' || byte == '#')) {
      return false;
    }
  }
  return topic.length > 0;
}

static vn_err_t publish(publisher_t *publisher, const vn__errand_t *errand) {
  const uint8_t *topic = publisher->errand + sizeof *errand;
  const vn_mqtt_publication_t publication = {
      .prefix = publisher->start,
      .prefix_length = errand->absolute ? 0 : strlen(publisher->start),
      .topic = {(const char *)topic, errand->topic_length},
      .payload = topic + errand->topic_length,
      .length = errand->length,
      .token = errand->flight,
      .content = content_of(topic + errand->topic_length, errand->length),
      .retained = errand->retained,
      .beside = errand->flight == VN__NO_FLIGHT,
      .once = errand->absolute};
  return is_good_topic(publication.topic, errand->absolute)
             ? vn_mqtt_publish(publisher->mqtt, &publication)
             : VN_ERR_TOO_BIG;
}

static void run_errand(publisher_t *publisher) {
  vn__errand_t errand;
  memcpy(&errand, publisher->errand, sizeof errand);
  vn_err_t error = publish(publisher, &errand);
  if (error != VN_OK && errand.flight != VN__NO_FLIGHT) {
    tell(publisher, errand.flight,
         error == VN_ERR_TOO_BIG ? VN__VERDICT_NEVER : VN__VERDICT_NOT_NOW);
  }
}

static bool open_connection(publisher_t *publisher, const vn__bridge_options_t *options) {
  (void)snprintf(publisher->start, sizeof publisher->start, "%s/%s/", options->prefix,
                 options->device);
  (void)snprintf(publisher->status_topic, sizeof publisher->status_topic, "%sstatus",
                 publisher->start);
  vn_mqtt_setup_t setup = {.broker = &options->broker,
                           .suffix = "-bridge-out",
                           .will_topic = publisher->status_topic,
                           .will = "offline",
                           .queue_bytes = QUEUE_BYTES,
                           .events = {publisher, .changed = on_changed, .sent = on_sent}};
  const char *problem = NULL; /* the other process says the same */
  return vn_mqtt_open(&setup, &publisher->mqtt, &problem) == VN_OK;
}

static void close_connection(publisher_t *publisher) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = CLOSE_LOOK_MS * 1000000L};
  int64_t until_ms = vn_clock_linux_mono_ms() + CLOSE_WAIT_MS;
  const vn_mqtt_publication_t offline = {.prefix = publisher->start,
                                         .prefix_length = strlen(publisher->start),
                                         .topic = {"status", 6},
                                         .payload = (const uint8_t *)"offline",
                                         .length = 7,
                                         .token = VN__NO_FLIGHT,
                                         .content = VN_MQTT_TEXT,
                                         .retained = true,
                                         .beside = true};
  vn_err_t error = vn_mqtt_publish(publisher->mqtt, &offline);
  (void)error; /* while the broker is away the will speaks */
  vn_mqtt_begin_close(publisher->mqtt);
  while (!vn_mqtt_is_closed(publisher->mqtt) && vn_clock_linux_mono_ms() < until_ms) {
    (void)nanosleep(&pause, NULL);
  }
}

_Noreturn void vn__bridge_publisher(const vn__bridge_options_t *options, int fd) {
  publisher_t *publisher = calloc(1, sizeof *publisher);
  /* It ends when the bridge does, which closes its end of the way. */
  (void)signal(SIGTERM, SIG_IGN);
  (void)signal(SIGINT, SIG_IGN);
  if (publisher == NULL) {
    _exit(VN__BRIDGE_UNAVAILABLE);
  }
  publisher->fd = fd;
  if (!open_connection(publisher, options)) {
    _exit(VN__BRIDGE_UNAVAILABLE);
  }
  while (recv(fd, publisher->errand, sizeof publisher->errand, 0) >=
         (ssize_t)sizeof(vn__errand_t)) {
    run_errand(publisher);
  }
  close_connection(publisher);
  _exit(VN__BRIDGE_OK);
}
