/* What the parts of `vnotch watch` share: options, the connection, the loop. */
#ifndef VN_CMD_WATCH_PRIV_H
#define VN_CMD_WATCH_PRIV_H

#include "mqtt.h"
#include "vn/ring.h"

#include <pthread.h>
#include <stdatomic.h>

/* What the command line says; the texts are those of the arguments or of the configuration. */
typedef struct vn__watch_options {
  vn_configuration_t *configuration; /* NULL: none was named */
  vn_broker_t broker;
  const char *prefix;
  const char *device; /* "+": all */
  bool once;
} vn__watch_options_t;

/* -1: go on; otherwise the exit status, and everything has been said. */
int vn__watch_options(int argc, char **argv, vn__watch_options_t *options);

/* Messages on their way from the library's thread to ours. */
typedef struct vn__watch_link {
  vn_mqtt_t *mqtt;
  int wake_fd; /* an eventfd */
  vn_ring_t ring;
  char topics[7][256];
  char client_id[32];
  atomic_bool up, failed; /* failed: an attempt to connect has */
  bool stalled;           /* of the library's thread: there was no room, and waiting didn't help */
  _Atomic uint64_t missed;
  pthread_mutex_t mutex;
  char said[512]; /* the last line of the log; under the mutex */
} vn__watch_link_t;

/* A message; views into the ring. */
typedef struct vn__watch_arrival {
  vn_text_t topic;
  const uint8_t *payload;
  size_t length;
  bool retained;
} vn__watch_arrival_t;

/* Exit status; what went wrong has been said. The link and the options stay where they are. */
int vn__watch_open(vn__watch_link_t *link, const vn__watch_options_t *options);

/* The oldest message, to be released before the next one; false: there is none. */
bool vn__watch_next(vn__watch_link_t *link, vn__watch_arrival_t *arrival);
void vn__watch_release(vn__watch_link_t *link);

/* Publishes a command to a device; false: the connection is down or busy. */
bool vn__watch_publish(vn__watch_link_t *link, const char *prefix, const char *device,
                       const char *command, size_t length);

/* A copy of the last line of the log. */
void vn__watch_said(vn__watch_link_t *link, char *out, size_t capacity);

/* Ends the connection, and waits a little for it. */
void vn__watch_close(vn__watch_link_t *link);

#endif
