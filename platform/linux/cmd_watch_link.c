/* The connection of `vnotch watch`: the library's thread puts messages into a ring, ours takes
 * them. */
#include "clock_linux.h"
#include "cmd_watch_priv.h"
#include "commands.h"
#include "log.h"
#include "memory.h"
#include "vn/hash.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES (UINT32_C(1) << 22)
#define RING_MESSAGES 16384u
#define COMMANDS_BYTES (UINT32_C(1) << 16)
#define ROOM_WAIT_MS 2000
#define ROOM_LOOK_MS 5
#define CLOSE_WAIT_MS 1500

/* Before topic and payload in the ring. */
typedef struct record {
  uint32_t topic_bytes;
  uint32_t length;
  bool retained;
} record_t;

static void wake(const vn__watch_link_t *link) {
  uint64_t one = 1;
  ssize_t written = write(link->wake_fd, &one, sizeof one);
  (void)written; /* a full counter wakes as well */
}

static void sleep_ms(long ms) {
  struct timespec time = {.tv_sec = 0, .tv_nsec = ms * 1000000};
  (void)nanosleep(&time, NULL);
}

/* Who looks slowly makes the broker wait; who doesn't look at all misses something, and is told. */
static uint8_t *claim(vn__watch_link_t *link, uint32_t length) {
  uint8_t *to = vn_ring_claim(&link->ring, length);
  if (length > RING_BYTES / 2 - 8) {
    return NULL;
  }
  for (int waited = 0; to == NULL && !link->stalled && waited < ROOM_WAIT_MS;
       waited += ROOM_LOOK_MS) {
    sleep_ms(ROOM_LOOK_MS);
    to = vn_ring_claim(&link->ring, length);
  }
  link->stalled = to == NULL;
  return to;
}

static void on_arrived(void *context, const vn_mqtt_arrival_t *arrival) {
  vn__watch_link_t *link = context;
  vn_text_t topic = arrival->topic;
  record_t record = {(uint32_t)topic.length, (uint32_t)arrival->length, arrival->retained};
  uint32_t bytes = (uint32_t)(sizeof record + topic.length + arrival->length);
  uint8_t *to = claim(link, bytes);
  if (to == NULL) {
    atomic_fetch_add(&link->missed, 1);
  } else {
    memcpy(to, &record, sizeof record);
    memcpy(to + sizeof record, topic.bytes, topic.length);
    if (arrival->length > 0) {
      memcpy(to + sizeof record + topic.length, arrival->payload, arrival->length);
    }
    vn_ring_commit(&link->ring, bytes);
  }
  wake(link);
}

static void on_changed(void *context, bool up) {
  vn__watch_link_t *link = context;
  atomic_store(&link->up, up);
  if (!up) {
    atomic_store(&link->failed, true);
  }
  wake(link);
}

static void on_log(void *context, const char *line, size_t length) {
  vn__watch_link_t *link = context;
  size_t take = length < sizeof link->said - 1 ? length : sizeof link->said - 1;
  (void)pthread_mutex_lock(&link->mutex);
  memcpy(link->said, line, take);
  link->said[take] = '\0';
  (void)pthread_mutex_unlock(&link->mutex);
}

void vn__watch_said(vn__watch_link_t *link, char *out, size_t capacity) {
  (void)pthread_mutex_lock(&link->mutex);
  (void)snprintf(out, capacity, "%s", link->said);
  (void)pthread_mutex_unlock(&link->mutex);
}

/* Two watchers of one broker must not have one name. */
static void make_client_id(vn__watch_link_t *link) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  uint64_t seed = (uint64_t)now.tv_sec ^ (uint64_t)now.tv_nsec << 32 ^ (uint64_t)getpid() << 16;
  (void)snprintf(link->client_id, sizeof link->client_id, "vnotch-watch-%08lx",
                 (unsigned long)(vn_splitmix64(seed) & UINT32_MAX));
}

static int refuse(const char *problem) {
  (void)fprintf(stderr, "vnotch: %s\n", problem);
  return VN_STATUS_UNAVAILABLE;
}

int vn__watch_open(vn__watch_link_t *link, const vn__watch_options_t *options) {
  enum { FILTERS = 7 };
  static const char *const tails[FILTERS] = {"alert/#", "event",    "summary", "stats",
                                             "status",  "response", "latest/#"};
  static const int qos[FILTERS] = {1, 1, 1, 1, 1, 1, 1};
  static const char *filters[FILTERS];
  static vn_broker_t broker;
  uint8_t *memory = vn_memory_map(RING_BYTES);
  for (size_t i = 0; i < FILTERS; i++) {
    (void)snprintf(link->topics[i], sizeof link->topics[i], "%s/%s/%s", options->prefix,
                   options->device, tails[i]);
    filters[i] = link->topics[i];
  }
  link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (memory == NULL || link->wake_fd < 0 || pthread_mutex_init(&link->mutex, NULL) != 0 ||
      vn_ring_init(&link->ring, memory, RING_BYTES, RING_MESSAGES) != VN_OK) {
    return refuse("the system has no memory or no descriptor left");
  }
  make_client_id(link);
  broker = options->broker;
  broker.client_id = link->client_id;
  vn_log_divert(on_log, link);
  vn_mqtt_setup_t setup = {
      .broker = &broker,
      .suffix = "",
      .filters = filters,
      .qos = qos,
      .filter_count = FILTERS,
      .queue_bytes = COMMANDS_BYTES,
      .transient = true,
      .events = {.context = link, .arrived = on_arrived, .changed = on_changed}};
  const char *problem = NULL;
  vn_err_t error = vn_mqtt_open(&setup, &link->mqtt, &problem);
  if (error == VN_ERR_ARGUMENT) {
    (void)fprintf(stderr, "vnotch: broker %s: %s\n", broker.uri, problem);
    return options->configuration != NULL ? VN_STATUS_CONFIGURATION : VN_STATUS_USAGE;
  }
  return error == VN_OK ? VN_STATUS_OK : refuse("no memory for a connection");
}

bool vn__watch_next(vn__watch_link_t *link, vn__watch_arrival_t *arrival) {
  uint32_t bytes = 0;
  const uint8_t *from = vn_ring_peek(&link->ring, &bytes);
  record_t record;
  if (from == NULL) {
    return false;
  }
  memcpy(&record, from, sizeof record);
  arrival->topic = (vn_text_t){(const char *)from + sizeof record, record.topic_bytes};
  arrival->payload = from + sizeof record + record.topic_bytes;
  arrival->length = record.length;
  arrival->retained = record.retained;
  return true;
}

void vn__watch_release(vn__watch_link_t *link) { vn_ring_release(&link->ring); }

bool vn__watch_publish(vn__watch_link_t *link, const char *prefix, const char *device,
                       const char *command, size_t length) {
  char topic[3 * VN_WORD_MAX];
  int topic_length = snprintf(topic, sizeof topic, "%s/%s/command", prefix, device);
  vn_mqtt_publication_t publication = {.prefix = "",
                                       .topic = {topic, (size_t)topic_length},
                                       .payload = (const uint8_t *)command,
                                       .length = length,
                                       .content = VN_MQTT_JSON};
  return vn_mqtt_publish(link->mqtt, &publication) == VN_OK;
}

void vn__watch_close(vn__watch_link_t *link) {
  if (link->mqtt == NULL) {
    return;
  }
  int64_t until_ms = vn_clock_linux_mono_ms() + CLOSE_WAIT_MS;
  vn_mqtt_begin_close(link->mqtt);
  while (!vn_mqtt_is_closed(link->mqtt) && vn_clock_linux_mono_ms() < until_ms) {
    sleep_ms(ROOM_LOOK_MS);
  }
  if (vn_mqtt_is_closed(link->mqtt)) {
    vn_mqtt_free(link->mqtt);
  }
  link->mqtt = NULL;
}
