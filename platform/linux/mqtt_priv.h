/* The two halves of a connection: the keeper (our thread) and the calls into the library. */
#ifndef VN_MQTT_PRIV_H
#define VN_MQTT_PRIV_H

#include "backoff.h"
#include "broker_uri.h"
#include "mqtt.h"
#include "vn/ring.h"

#include <pthread.h>
#include <stdatomic.h>

typedef enum vn_mqtt_state {
  VN_MQTT_DOWN,       /* the next attempt is due at next_attempt_ms */
  VN_MQTT_CONNECTING, /* the library works on it */
  VN_MQTT_CONNECTED,
  VN_MQTT_CLOSING,
  VN_MQTT_CLOSED
} vn_mqtt_state_t;

/* More than the window and what goes beside it. */
#define VN_MQTT_SLOTS 24u

/* A message that waits for its verdict: what the library hands back as context. */
typedef struct vn_mqtt_slot {
  vn_mqtt_t *mqtt;
  uint64_t token;
  atomic_bool used;
  bool beside, once;
} vn_mqtt_slot_t;

/* Stored before topic (terminated), payload and correlation data in the queue. */
typedef struct vn_mqtt_record {
  vn_cloud_event_t event;
  uint64_t token;
  uint32_t topic_bytes; /* the terminator included */
  uint32_t length;
  uint8_t correlation_length;
  uint8_t content;
  bool retained;
  bool beside;
  bool once;
} vn_mqtt_record_t;

struct vn_mqtt {
  vn_mqtt_setup_t setup;
  vn_broker_uri_t uri;
  char client_id[256];
  char password[512];
  void *library; /* what only the library's file knows */
  pthread_t thread;

  /* mutex: state, times, stop; never held around a call into the library. */
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  vn_mqtt_state_t state;
  int64_t next_attempt_ms, connecting_since_ms, connected_since_ms;
  bool stop;
  vn_backoff_t backoff; /* keeper and callbacks, under the mutex */

  vn_ring_t queue; /* producer: the user's thread; consumer: the keeper */
  uint8_t *queue_memory;
  vn_mqtt_slot_t slots[VN_MQTT_SLOTS];
  atomic_uint in_flight; /* queued or sent, without verdict, those beside the window excluded */
  atomic_uint window;
  atomic_bool up;
  atomic_bool closed;
  _Atomic int64_t paused_until_ms; /* the broker refused a message for now */
  atomic_bool session_known;       /* there was a session that the broker should still have */
  _Atomic uint64_t connects, sessions_lost, refused;
};

/* The thread; its context is the connection. */
void *vn__mqtt_keeper(void *context);

/* keeper: told from the library's callbacks; none of them waits. */
void vn__mqtt_connected(vn_mqtt_t *mqtt, bool session_present, uint32_t receive_maximum);
void vn__mqtt_ready(vn_mqtt_t *mqtt);
void vn__mqtt_lost(vn_mqtt_t *mqtt, const char *cause);

/* The broker has answered an attempt, with a no. */
void vn__mqtt_refused(vn_mqtt_t *mqtt, const char *reason);
void vn__mqtt_disconnected(vn_mqtt_t *mqtt);
void vn__mqtt_verdict(vn_mqtt_slot_t *slot, bool ok);

/* library: called by the keeper only. */
VN_NODISCARD bool vn__mqtt_library_create(vn_mqtt_t *mqtt, const char **problem);
/* NULL: the verdict comes by vn__mqtt_connected or vn__mqtt_lost; otherwise why not. */
const char *vn__mqtt_library_connect(vn_mqtt_t *mqtt);
/* NULL: the verdict comes by vn__mqtt_verdict; otherwise why not. */
const char *vn__mqtt_library_send(vn_mqtt_slot_t *slot, const vn_mqtt_record_t *record,
                                  const char *topic, const uint8_t *payload);
/* False: nothing to disconnect; otherwise vn__mqtt_disconnected comes. */
bool vn__mqtt_library_disconnect(vn_mqtt_t *mqtt);
void vn__mqtt_library_destroy(vn_mqtt_t *mqtt);

#endif
