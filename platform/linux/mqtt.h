/* One MQTT connection that keeps itself up: connects, reconnects, subscribes, publishes. */
#ifndef VN_MQTT_H
#define VN_MQTT_H

#include "cloud_event.h"
#include "configuration.h"

/*
 * Threads. The library calls back from two threads of its own, and holds one lock of the process
 * while it does; most of its functions take that lock. Each connection therefore has a thread of
 * ours, the keeper, and only keepers call the library: whoever uses this interface never waits for
 * the library, and a callback may wait for its user (for room in a queue) without any risk that the
 * user is waiting for that callback.
 */

/* Opaque. */
typedef struct vn_mqtt vn_mqtt_t;

/* What the content type of MQTT 5 says; 3.1.1 has none. */
typedef enum vn_mqtt_content {
  VN_MQTT_TEXT,
  VN_MQTT_JSON,
  VN_MQTT_CBOR,
  VN_MQTT_SENML_JSON,
  VN_MQTT_SENML_CBOR
} vn_mqtt_content_t;
#define VN_MQTT_CONTENTS 5u

/* A message that came. Views are valid during the call. */
typedef struct vn_mqtt_arrival {
  vn_text_t topic;
  const uint8_t *payload;
  size_t length;
  vn_text_t response_topic; /* of MQTT 5; both may be empty */
  vn_text_t correlation;
  bool retained;
} vn_mqtt_arrival_t;

/* All are called from threads of the connection or of the library; any may be NULL. */
typedef struct vn_mqtt_events {
  void *context;
  /* A message; acknowledged when this returns. May wait, but for less than the keepalive time in
   * all. */
  void (*arrived)(void *context, const vn_mqtt_arrival_t *arrival);
  /* up: connected, and what was to be subscribed is. */
  void (*changed)(void *context, bool up);
  /* The verdict on a published message, exactly one each. ok: the broker has it (or will never take
   * it, which is logged). Otherwise it may be published again. */
  void (*sent)(void *context, uint64_t token, bool ok);
} vn_mqtt_events_t;

/* How a connection is to be. Everything outlives it. */
typedef struct vn_mqtt_setup {
  const vn_broker_t *broker;
  const char *suffix;         /* of the client id: "-in" */
  const char *const *filters; /* to subscribe to at every connect */
  const int *qos;             /* one per filter */
  int filter_count;
  const char *will_topic; /* NULL: no will */
  const char *will;       /* retained text */
  const char *device;     /* of the events that are published, with their source; NULL: none are */
  const char *source;
  uint32_t queue_bytes;  /* room for messages to publish, a power of two; 0: publishes nothing */
  bool session_expected; /* the broker should know us: say so if it doesn't */
  bool transient;        /* begin without a session and leave none behind */
  vn_mqtt_events_t events;
} vn_mqtt_setup_t;

/* A message to publish; copied. */
typedef struct vn_mqtt_publication {
  const char *prefix; /* put before the topic, not terminated */
  size_t prefix_length;
  vn_text_t topic;
  const uint8_t *payload;
  size_t length;
  vn_text_t correlation;  /* correlation data of MQTT 5; at most UINT8_MAX bytes, may be empty */
  vn_cloud_event_t event; /* user properties of MQTT 5 */
  uint64_t token;         /* comes back with `sent` */
  uint8_t content;        /* vn_mqtt_content_t */
  bool retained;
  bool beside; /* doesn't count in the window of those in flight */
  bool once;   /* one attempt: a refusal or a loss on the way ends it, as if the broker had it */
} vn_mqtt_publication_t;

/* Figures since the start. */
typedef struct vn_mqtt_figures {
  uint64_t connects;
  uint64_t sessions_lost; /* the broker had forgotten us: readings may be missing */
  uint64_t refused;       /* messages that the broker will never take */
} vn_mqtt_figures_t;

/* At most so many messages without a verdict, and fewer when the broker's receive maximum says so.
 */
#define VN_MQTT_WINDOW 16u

/*
 * Starts a connection; it comes up later, by itself. VN_ERR_ARGUMENT: *problem says what is wrong
 * with the setup, in a sentence for the user. VN_ERR_STORE: no memory, or no thread.
 */
VN_NODISCARD vn_err_t vn_mqtt_open(const vn_mqtt_setup_t *setup, vn_mqtt_t **out,
                                   const char **problem);

/*
 * Queues a message (QoS 1); one thread at a time. VN_AGAIN: the window or the queue is full;
 * VN_ERR_LINK: down; VN_ERR_TOO_BIG: never fits. VN_OK: `sent` will come. Never blocks.
 */
VN_NODISCARD vn_err_t vn_mqtt_publish(vn_mqtt_t *mqtt, const vn_mqtt_publication_t *publication);

bool vn_mqtt_is_up(const vn_mqtt_t *mqtt);
vn_mqtt_figures_t vn_mqtt_figures(const vn_mqtt_t *mqtt);

/* Asks for a DISCONNECT when what is queued has gone out; returns at once. */
void vn_mqtt_begin_close(vn_mqtt_t *mqtt);

/* True when that is done: no callback comes any more. */
bool vn_mqtt_is_closed(const vn_mqtt_t *mqtt);

/* Joins and frees a closed connection. NULL is allowed. */
void vn_mqtt_free(vn_mqtt_t *mqtt);

#endif
