/* What users of a connection call: open, publish, look, close. None of it enters the library. */
#include "clock_linux.h"
#include "memory.h"
#include "mqtt_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The resolver wants more than the smallest stack. */
#define KEEPER_STACK_BYTES (256u * 1024u)

static uint64_t seed_of(const vn_mqtt_t *mqtt) {
  uint64_t seed = UINT64_C(0xCBF29CE484222325) ^ (uint64_t)vn_clock_linux_mono_ms();
  for (const char *p = mqtt->client_id; *p != '\0'; p++) {
    seed = (seed ^ (unsigned char)*p) * UINT64_C(0x100000001B3);
  }
  return seed ^ ((uint64_t)getpid() << 32);
}

static bool read_password(vn_mqtt_t *mqtt, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  ssize_t length = read(fd, mqtt->password, sizeof mqtt->password - 1);
  (void)close(fd);
  if (length < 0 || (size_t)length == sizeof mqtt->password - 1) {
    return false;
  }
  mqtt->password[length] = '\0';
  mqtt->password[strcspn(mqtt->password, "\r\n")] = '\0';
  return true;
}

static const char *prepare(vn_mqtt_t *mqtt) {
  const vn_broker_t *broker = mqtt->setup.broker;
  if (!vn_broker_uri_parse(broker->uri, &mqtt->uri)) {
    return "the broker's uri must be mqtt://, mqtts://, ws:// or wss:// and a host";
  }
  int length = snprintf(mqtt->client_id, sizeof mqtt->client_id, "%s%s", broker->client_id,
                        mqtt->setup.suffix);
  if (length <= 0 || (size_t)length >= sizeof mqtt->client_id) {
    return "the client_id is too long: at most 240 bytes";
  }
  if (broker->password_file[0] != '\0' && !read_password(mqtt, broker->password_file)) {
    return "the password_file cannot be read, or holds more than 510 bytes";
  }
  return NULL;
}

static bool prepare_queue(vn_mqtt_t *mqtt) {
  if (mqtt->setup.queue_bytes == 0) {
    return true;
  }
  mqtt->queue_memory = vn_memory_map(mqtt->setup.queue_bytes);
  return mqtt->queue_memory != NULL &&
         vn_ring_init(&mqtt->queue, mqtt->queue_memory, mqtt->setup.queue_bytes, VN_MQTT_SLOTS) ==
             VN_OK;
}

static bool prepare_threads(vn_mqtt_t *mqtt) {
  pthread_condattr_t monotonic;
  bool ok = pthread_mutex_init(&mqtt->mutex, NULL) == 0 && pthread_condattr_init(&monotonic) == 0;
  if (!ok) {
    return false;
  }
  ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
       pthread_cond_init(&mqtt->changed, &monotonic) == 0;
  (void)pthread_condattr_destroy(&monotonic);
  return ok;
}

static bool start_keeper(vn_mqtt_t *mqtt) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) {
    return false;
  }
  bool ok = pthread_attr_setstacksize(&attributes, KEEPER_STACK_BYTES) == 0 &&
            pthread_create(&mqtt->thread, &attributes, vn__mqtt_keeper, mqtt) == 0;
  (void)pthread_attr_destroy(&attributes);
  return ok;
}

static vn_mqtt_t *make(const vn_mqtt_setup_t *setup) {
  vn_mqtt_t *mqtt = calloc(1, sizeof *mqtt);
  if (mqtt == NULL) {
    return NULL;
  }
  mqtt->setup = *setup;
  atomic_store(&mqtt->window, VN_MQTT_WINDOW);
  atomic_store(&mqtt->session_known, setup->session_expected);
  if (!prepare_threads(mqtt) || !prepare_queue(mqtt)) {
    free(mqtt);
    return NULL;
  }
  return mqtt;
}

vn_err_t vn_mqtt_open(const vn_mqtt_setup_t *setup, vn_mqtt_t **out, const char **problem) {
  VN_ASSERT(setup->broker != NULL && setup->suffix != NULL);
  vn_mqtt_t *mqtt = make(setup);
  if (mqtt == NULL) {
    return VN_ERR_STORE;
  }
  *problem = prepare(mqtt);
  if (*problem != NULL || !vn__mqtt_library_create(mqtt, problem)) {
    free(mqtt);
    return VN_ERR_ARGUMENT;
  }
  vn_backoff_init(&mqtt->backoff, seed_of(mqtt));
  if (!start_keeper(mqtt)) {
    vn__mqtt_library_destroy(mqtt);
    free(mqtt);
    return VN_ERR_STORE;
  }
  *out = mqtt;
  return VN_OK;
}

static vn_err_t may_publish(vn_mqtt_t *mqtt, bool beside) {
  if (!atomic_load(&mqtt->up)) {
    return VN_ERR_LINK;
  }
  if (beside) {
    return VN_OK;
  }
  bool full = atomic_load(&mqtt->in_flight) >= atomic_load(&mqtt->window);
  bool paused = vn_clock_linux_mono_ms() < atomic_load(&mqtt->paused_until_ms);
  return full || paused ? VN_AGAIN : VN_OK;
}

static uint8_t *append(uint8_t *to, const void *from, size_t length) {
  if (length > 0) {
    memcpy(to, from, length);
  }
  return to + length;
}

vn_err_t vn_mqtt_publish(vn_mqtt_t *mqtt, const vn_mqtt_publication_t *publication) {
  VN_ASSERT(mqtt->queue_memory != NULL);
  vn_err_t error = may_publish(mqtt, publication->beside);
  if (error != VN_OK) {
    return error;
  }
  size_t topic_bytes = publication->prefix_length + publication->topic.length + 1;
  size_t length = sizeof(vn_mqtt_record_t) + topic_bytes + publication->length +
                  publication->correlation.length;
  VN_ASSERT(publication->correlation.length <= UINT8_MAX);
  if (length > mqtt->setup.queue_bytes / 2 - 8) {
    return VN_ERR_TOO_BIG;
  }
  uint8_t *to = vn_ring_claim(&mqtt->queue, (uint32_t)length);
  if (to == NULL) {
    return VN_AGAIN;
  }
  vn_mqtt_record_t record = {.event = publication->event,
                             .token = publication->token,
                             .topic_bytes = (uint32_t)topic_bytes,
                             .length = (uint32_t)publication->length,
                             .correlation_length = (uint8_t)publication->correlation.length,
                             .content = publication->content,
                             .retained = publication->retained,
                             .beside = publication->beside,
                             .once = publication->once};
  to = append(to, &record, sizeof record);
  to = append(to, publication->prefix, publication->prefix_length);
  to = append(to, publication->topic.bytes, publication->topic.length);
  *to++ = '\0';
  to = append(to, publication->payload, publication->length);
  (void)append(to, publication->correlation.bytes, publication->correlation.length);
  if (!publication->beside) {
    atomic_fetch_add(&mqtt->in_flight, 1);
  }
  vn_ring_commit(&mqtt->queue, (uint32_t)length);
  (void)pthread_mutex_lock(&mqtt->mutex);
  (void)pthread_cond_signal(&mqtt->changed);
  (void)pthread_mutex_unlock(&mqtt->mutex);
  return VN_OK;
}

bool vn_mqtt_is_up(const vn_mqtt_t *mqtt) { return atomic_load(&mqtt->up); }

vn_mqtt_figures_t vn_mqtt_figures(const vn_mqtt_t *mqtt) {
  return (vn_mqtt_figures_t){.connects = atomic_load(&mqtt->connects),
                             .sessions_lost = atomic_load(&mqtt->sessions_lost),
                             .refused = atomic_load(&mqtt->refused)};
}

void vn_mqtt_begin_close(vn_mqtt_t *mqtt) {
  (void)pthread_mutex_lock(&mqtt->mutex);
  mqtt->stop = true;
  (void)pthread_cond_signal(&mqtt->changed);
  (void)pthread_mutex_unlock(&mqtt->mutex);
}

bool vn_mqtt_is_closed(const vn_mqtt_t *mqtt) { return atomic_load(&mqtt->closed); }

void vn_mqtt_free(vn_mqtt_t *mqtt) {
  if (mqtt == NULL) {
    return;
  }
  (void)pthread_join(mqtt->thread, NULL);
  free(mqtt);
}
