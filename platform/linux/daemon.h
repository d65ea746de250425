/* vnotchd: the engine between two MQTT connections. */
#ifndef VN_DAEMON_H
#define VN_DAEMON_H

#include "announcer.h"
#include "daemon_shadow.h"
#include "flash_file.h"
#include "mqtt.h"
#include "notify.h"
#include "safe_file.h"
#include "vn/engine.h"
#include "vn/savepoint.h"
#include "wake.h"

#include <pthread.h>

/* Exit codes of sysexits(3). */
#define VN_EXIT_OK 0
#define VN_EXIT_USAGE 64
#define VN_EXIT_DATA 65
#define VN_EXIT_UNAVAILABLE 69
#define VN_EXIT_IO 74
#define VN_EXIT_CONFIGURATION 78

/* Verdicts that wait for the engine: never more than messages without verdict. */
#define VN_VERDICTS_MAX 64u

/* Tokens of messages that are not from the outbox. */
#define VN_TOKEN_STATUS (UINT64_MAX - 0u)
#define VN_TOKEN_STATISTICS (UINT64_MAX - 1u)
#define VN_TOKEN_HEARTBEAT (UINT64_MAX - 2u)
#define VN_TOKEN_ANNOUNCEMENT (UINT64_MAX - 3u)
#define VN_TOKEN_SHADOW (UINT64_MAX - 4u)
#define VN_TOKEN_LATEST (UINT64_C(1) << 63) /* and the slot */
#define VN_TOKEN_FIRST VN_TOKEN_LATEST

#define VN_STATISTICS_MAX_BYTES 16384u

typedef struct vn_verdict {
  uint64_t token;
  bool ok;
} vn_verdict_t;

/* What lies between the connections' threads and the loop's thread. */
typedef struct vn_link {
  vn_mqtt_t *in, *out;
  vn_wake_t wake;
  vn_engine_t *engine;

  pthread_mutex_t mutex; /* verdicts; held for a copy only */
  vn_verdict_t verdicts[VN_VERDICTS_MAX];
  uint32_t verdict_count;

  bool journal; /* messages are durable before they are acknowledged */
  /* Around all calls of the engine, in journal mode only; never held around a wait. */
  pthread_mutex_t engine_gate, engine_mutex;

  pthread_mutex_t room_mutex; /* taken before the engine's, never within */
  pthread_cond_t room;        /* the input queue has room again */
  atomic_bool room_wanted;
  atomic_bool stopping;
  int64_t room_wait_ms;
  int64_t out_up_ms; /* when results could leave last */
  _Atomic uint64_t dropped_full, dropped_big, waits;
  uint64_t counted_full, counted_big; /* told to the engine so far */

  vn_uplink_t uplink;
  const char *filters[VN_INPUTS_MAX + 2]; /* of the inputs, then what else is listened to */
  int qos[VN_INPUTS_MAX + 2];
  int filter_count;
  char *filter_bytes;
  char topic_prefix[512]; /* "<prefix>/<device>/" */
  size_t topic_prefix_length;
  char status_topic[520];
  char source[520]; /* of events: "/<prefix>/<device>" */
  char command_topic[520];
  uint8_t encoding; /* vn_encoding_t of summaries */
  vn_announcer_t announcer;
  vn_shadow_run_t *shadow; /* NULL: there are no other rules */
} vn_link_t;

/* What is published beside the outbox, and when it is due. */
typedef struct vn_status {
  uint64_t announced_connect; /* the connection on which "online" was published */
  int64_t statistics_due_ms, heartbeat_due_ms, ready_due_ms;
  int64_t flash_due_ms, flash_tell_ms; /* when its wear is looked at, and may be told again */
  int64_t started_ms;
  bool statistics_in_flight, statistics_wanted, heartbeat_in_flight;
  bool ready;
  uint32_t next_series; /* whose accounting is told next */
  bool offline_wanted, offline_done;
  char text[VN_STATISTICS_MAX_BYTES];
} vn_status_t;

typedef struct vn_daemon {
  vn_configuration_t *configuration;
  vn_engine_t engine;
  vn_store_t store;
  vn_ports_t ports;
  vn_observer_t observer;
  vn_flash_file_t flash;
  bool room_told;           /* that the state file has no room */
  vn_safe_file_t savepoint; /* being written */
  char savepoint_path[PATH_MAX];
  vn_keeper_t keeper;
  vn_link_t link;
  vn_status_t status;
  vn_notify_t notify;
} vn_daemon_t;

/* Each step returns 0 or the exit code, having said why. */
int vn_daemon_load(vn_daemon_t *daemon, const char *path);
int vn_daemon_restore(vn_daemon_t *daemon);
/* The command "savepoint" has a place for its file from now on, if the configuration names one. */
void vn_daemon_keep_savepoints(vn_daemon_t *daemon);
int vn_daemon_connect(vn_daemon_t *daemon);
int vn_daemon_run(vn_daemon_t *daemon);
void vn_daemon_free(vn_daemon_t *daemon);

/* Around what uses the engine: in journal mode the receiver uses it, too; else they do nothing. */
void vn_link_enter(vn_link_t *link);
void vn_link_leave(vn_link_t *link);
/* Ends the process, saying why: what is not durable must not be acknowledged. */
void vn_link_give_up(const char *sentence, vn_err_t error);
/* In the library's receive thread; the message is acknowledged when this returns. */
void vn_link_arrived(void *context, const vn_mqtt_arrival_t *arrival);

/* Link: loop's side. */
vn_err_t vn_link_prepare(vn_link_t *link, vn_daemon_t *daemon);
int vn_link_open(vn_link_t *link, vn_daemon_t *daemon);
/* Hands verdicts and drop counts to the engine; verdicts on other messages to the status. */
void vn_link_collect(vn_link_t *link, vn_status_t *status);
/* How many messages, at most so many, may be taken before results must leave; 0: none. */
uint32_t vn_link_budget(vn_link_t *link, uint32_t most, int64_t now_ms);
/* True while a receiver waits for room in the input queue. */
bool vn_link_wants_room(const vn_link_t *link);
/* Lets it try again. */
void vn_link_offer_room(vn_link_t *link);
VN_NODISCARD vn_err_t vn_link_publish(vn_link_t *link, vn_text_t topic, vn_text_t payload,
                                      uint64_t token);

VN_NODISCARD vn_err_t vn_link_announce(vn_link_t *link, const vn_announcement_t *announcement);

/* Announcements: before the engine is prepared; what is due now, returns how long nothing is; true:
 * the verdict was about one of them. */
VN_NODISCARD vn_err_t vn_announce_prepare(vn_daemon_t *daemon);
int64_t vn_announce_step(vn_daemon_t *daemon, int64_t now_ms);
bool vn_announce_verdict(vn_announcer_t *announcer, uint64_t token, bool ok);

/* What the engine shows as it happens goes to the latest results and to the other rules. */
VN_NODISCARD vn_err_t vn_observe_prepare(vn_daemon_t *daemon);
/* The other rules: what is due now; returns how long nothing is. */
int64_t vn_observe_step(vn_daemon_t *daemon, int64_t now_ms);

/* Status: what is due now; returns how long nothing is. */
void vn_status_begin(vn_status_t *status, int64_t now_ms);
int64_t vn_status_step(vn_daemon_t *daemon, int64_t now_ms);
void vn_status_verdict(vn_status_t *status, uint64_t token, bool ok);
/* Publishes the last statistics and "offline". False: the link is down. */
bool vn_status_say_offline(vn_daemon_t *daemon);
/* The statistics message; its length, 0 when it doesn't fit. */
size_t vn_statistics_write(const vn_daemon_t *daemon, uint32_t *next_series, char *text,
                           size_t capacity);
/* Warns when the flash wears out too fast, once a day; returns how long nothing is due. */
int64_t vn_flash_watch(vn_daemon_t *daemon, int64_t now_ms);
/* The same figures, the most important ones, as a line of the log. */
void vn_statistics_log(const vn_daemon_t *daemon);

#endif
