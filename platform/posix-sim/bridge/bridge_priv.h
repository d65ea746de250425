/* The parts of the bridge. The loop has the line. What comes from the broker waits in the MQTT
 * library's thread until the device has taken it, and the library has one lock for all connections
 * of a process (mqtt.h): so a process of its own publishes. */
#ifndef VN_BRIDGE_PRIV_H
#define VN_BRIDGE_PRIV_H

#include "configuration.h"
#include "mqtt.h"
#include "serial_end.h"
#include "vn/frame.h"

#include <pthread.h>
#include <sys/types.h>

/* Exit codes of sysexits(3). */
enum {
  VN__BRIDGE_OK = 0,
  VN__BRIDGE_USAGE = 64,
  VN__BRIDGE_UNAVAILABLE = 69,
  VN__BRIDGE_CONFIGURATION = 78
};

enum {
  VN__BRIDGE_FILTERS_MAX = 64,
  VN__BRIDGE_TOPIC_MAX = 256,
  VN__BRIDGE_CODES = 128,
  VN__BRIDGE_FLIGHTS = 32 /* more than the connection's window */
};

/* Topic and payload of the longest message, either way. */
#define VN__BRIDGE_MESSAGE_BYTES (64u * 1024u)

/* What the process that publishes is given, before topic and payload. */
typedef struct vn__errand {
  uint64_t flight;
  uint32_t topic_length, length;
  bool absolute, retained;
} vn__errand_t;
#define VN__NO_FLIGHT UINT64_MAX /* the status: nobody waits for it */

/* What the command line says. Everything outlives the bridge. */
typedef struct vn__bridge_options {
  const char *serial;
  const char *prefix, *device;
  const char *filters[VN__BRIDGE_FILTERS_MAX];
  int qos[VN__BRIDGE_FILTERS_MAX];
  int filter_count;
  int64_t time_every_ms;
  uint32_t baud;
  bool stop_device;
  vn_broker_t broker;
  char *filter_bytes; /* of a configuration's; NULL: none was read */
  vn_configuration_t *configuration;
} vn__bridge_options_t;

/* -1: go on; otherwise an exit code, and all is said. */
int vn__bridge_options(int argc, char **argv, vn__bridge_options_t *options);

/* A message of the device that the broker hasn't taken yet. */
typedef struct vn__flight {
  uint64_t number;
  uint32_t line; /* which opening of the line it came by: later ones may number anew */
  bool used;
} vn__flight_t;

/* What the process that publishes tells. */
typedef enum vn__verdict_kind {
  VN__VERDICT_TAKEN,
  VN__VERDICT_NOT_NOW, /* it has to come again */
  VN__VERDICT_NEVER,   /* it can't be published */
  VN__VERDICT_UP,      /* the connection, without a flight */
  VN__VERDICT_DOWN
} vn__verdict_kind_t;

typedef struct vn__verdict {
  uint64_t flight;
  uint8_t kind;
} vn__verdict_t;

typedef struct vn__bridge_figures {
  uint64_t frames_in, frames_out;
  uint64_t to_device;   /* messages of the broker that the device has taken */
  uint64_t from_device; /* messages of the device that the broker has taken */
  uint64_t sent_again;  /* to the device, for want of an answer or because it had no room */
  uint64_t dropped;     /* messages that can't be passed on, either way */
  uint64_t noise_frames, noise_bytes; /* what came from the device and is no frame */
  uint64_t line_opens, begins;
  uint64_t refused[VN__BRIDGE_CODES]; /* by the device, by its return code without the sign */
} vn__bridge_figures_t;

/* What the library's threads and the loop share. */
typedef struct vn__bridge_shared {
  pthread_mutex_t mutex;
  pthread_cond_t answered;
  const vn_mqtt_arrival_t *arrival; /* waits for the device; NULL: none does */
  bool taken;                       /* it has been dealt with */
  int wake_fd;
} vn__bridge_shared_t;

typedef struct vn__bridge {
  const vn__bridge_options_t *options;
  vn__bridge_shared_t shared;
  vn_mqtt_t *mqtt;
  vn__flight_t flights[VN__BRIDGE_FLIGHTS];
  pid_t publisher; /* its process, */
  int out_fd;      /* the way to it, */
  bool out_up;     /* and whether it is connected to the broker */
  bool out_lost;   /* the process is gone */
  vn_line_t line;
  vn_frame_reader_t reader;
  vn_frame_writer_t writer;
  vn__bridge_figures_t figures;
  uint64_t number; /* of the last message to the device */
  uint32_t opening;
  uint32_t too_big;  /* how often the device told of a frame too big since the message was sent */
  bool sent;         /* the message that waits is on the line */
  bool begin_wanted; /* the device shall send again what has no acknowledgement */
  bool leaving;      /* no new message goes to the device */
  bool stop_sent, stop_answered;
  bool told_absent;   /* that the line can't be opened has been said */
  int64_t send_at_ms; /* the message that waits: send it (again) then */
  int64_t open_at_ms, time_at_ms, begin_at_ms, hold_until_ms;
  size_t since_frame; /* bytes since the end of the last frame */
  uint8_t in[VN__BRIDGE_MESSAGE_BYTES + VN_FRAME_HEAD_BYTES + VN_FRAME_CRC_BYTES];
  vn_serial_end_t serial;
} vn__bridge_t;

/* in: messages of the broker wait here for the device. */
int vn__bridge_connect(vn__bridge_t *bridge);
/* False: the connection couldn't be closed in time, a message waits in it for the device. */
bool vn__bridge_disconnect(vn__bridge_t *bridge);
/* The message that waits; NULL: none. It stays until vn__bridge_taken. */
const vn_mqtt_arrival_t *vn__bridge_waiting(vn__bridge_t *bridge);
void vn__bridge_taken(vn__bridge_t *bridge);

/* out: to be started while there is one thread. */
bool vn__bridge_start_out(vn__bridge_t *bridge);
void vn__bridge_end_out(vn__bridge_t *bridge);
/* Publishes a message of the device. False: not now; it has to come again. */
bool vn__bridge_publish(vn__bridge_t *bridge, const vn_frame_t *frame);
void vn__bridge_tell_status(vn__bridge_t *bridge, bool online);
/* Acknowledges to the device what the broker has taken. */
void vn__bridge_collect(vn__bridge_t *bridge);
/* How many messages of the device are on their way. */
unsigned vn__bridge_flying(const vn__bridge_t *bridge);
/* The process that publishes: never returns. */
_Noreturn void vn__bridge_publisher(const vn__bridge_options_t *options, int fd);

/* line: its end. */
void vn__bridge_write(vn__bridge_t *bridge, const vn_frame_t *frame);
void vn__bridge_keep_line(vn__bridge_t *bridge, int64_t now_ms);
void vn__bridge_offer(vn__bridge_t *bridge, int64_t now_ms);
void vn__bridge_listen(vn__bridge_t *bridge, int64_t now_ms);

void vn__bridge_print(const vn__bridge_t *bridge);

#endif
