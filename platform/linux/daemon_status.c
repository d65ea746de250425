/* What the daemon says of itself: status, heartbeat, readiness. */
#include "clock_linux.h"
#include "daemon.h"
#include "log.h"

#include <string.h>

#define HEARTBEAT_EVERY_MS 500
/*
 * The service manager waits for READY. A broker that is down for longer than this must not make it
 * kill a daemon that does its work (time goes on, alerts of absence fire) and keeps trying.
 */
#define READY_AT_LATEST_MS 20000
#define RETRY_MS 1000
#define NOTHING_DUE_MS 60000

static vn_text_t text_of(const char *text) { return (vn_text_t){text, strlen(text)}; }

static int64_t nearer(int64_t a, int64_t b) { return a < b ? a : b; }

/* "online" once per connection: the broker has published the will when the last one broke. */
static void announce(vn_daemon_t *daemon) {
  vn_status_t *status = &daemon->status;
  vn_link_t *link = &daemon->link;
  if (!vn_mqtt_is_up(link->out) || !vn_mqtt_is_up(link->in)) {
    return;
  }
  uint64_t connect = vn_mqtt_figures(link->out).connects;
  if (status->announced_connect != connect &&
      vn_link_publish(link, text_of("status"), text_of("online"), VN_TOKEN_STATUS) == VN_OK) {
    status->announced_connect = connect;
    status->statistics_wanted = true;
  }
}

void vn_status_begin(vn_status_t *status, int64_t now_ms) {
  status->started_ms = now_ms;
  status->ready_due_ms = now_ms + READY_AT_LATEST_MS;
}

static void be_ready(vn_daemon_t *daemon, int64_t now_ms) {
  vn_status_t *status = &daemon->status;
  bool subscribed = vn_mqtt_is_up(daemon->link.in);
  if (status->ready || (!subscribed && now_ms < status->ready_due_ms)) {
    return;
  }
  status->ready = true;
  vn_notify_send(&daemon->notify, subscribed ? "READY=1\nSTATUS=receiving"
                                             : "READY=1\nSTATUS=waiting for the broker");
}

static void publish_statistics(vn_daemon_t *daemon, int64_t now_ms) {
  vn_status_t *status = &daemon->status;
  int64_t every = daemon->configuration->stats_every_ms;
  if (every <= 0 || status->statistics_in_flight || !vn_mqtt_is_up(daemon->link.out) ||
      (now_ms < status->statistics_due_ms && !status->statistics_wanted)) {
    return;
  }
  vn_text_t payload = {status->text, vn_statistics_write(daemon, &status->next_series, status->text,
                                                         sizeof status->text)};
  if (payload.length > 0 &&
      vn_link_publish(&daemon->link, text_of("stats"), payload, VN_TOKEN_STATISTICS) == VN_OK) {
    status->statistics_in_flight = true;
    status->statistics_wanted = false;
  }
  status->statistics_due_ms = now_ms + (status->statistics_in_flight ? every : RETRY_MS);
}

/*
 * Its PUBACK is an arrival, and arrivals on any connection keep the library's receive thread from
 * falling asleep: it must come more often than once a second. Returns how long none is due.
 */
static int64_t beat(vn_daemon_t *daemon, int64_t now_ms) {
  vn_status_t *status = &daemon->status;
  if (now_ms < status->heartbeat_due_ms) {
    return status->heartbeat_due_ms - now_ms;
  }
  if (!status->heartbeat_in_flight && vn_mqtt_is_up(daemon->link.out)) {
    status->heartbeat_in_flight = vn_link_publish(&daemon->link, text_of("heartbeat"), text_of("1"),
                                                  VN_TOKEN_HEARTBEAT) == VN_OK;
  }
  status->heartbeat_due_ms = now_ms + HEARTBEAT_EVERY_MS;
  return HEARTBEAT_EVERY_MS;
}

/* Both connections share the receive thread: one that is to be fast needs it awake. */
static bool wants_heartbeat(const vn_configuration_t *configuration) {
  return configuration->broker.low_latency || configuration->upstream.low_latency;
}

int64_t vn_status_step(vn_daemon_t *daemon, int64_t now_ms) {
  vn_status_t *status = &daemon->status;
  int64_t sleep_ms = NOTHING_DUE_MS;
  announce(daemon);
  be_ready(daemon, now_ms);
  publish_statistics(daemon, now_ms);
  if (!status->ready) {
    sleep_ms = nearer(sleep_ms, status->ready_due_ms - now_ms);
  }
  if (daemon->configuration->stats_every_ms > 0 && vn_mqtt_is_up(daemon->link.out)) {
    sleep_ms = nearer(sleep_ms, status->statistics_due_ms - now_ms);
  }
  if (wants_heartbeat(daemon->configuration)) {
    sleep_ms = nearer(sleep_ms, beat(daemon, now_ms));
  }
  sleep_ms = nearer(sleep_ms, vn_flash_watch(daemon, now_ms));
  if (daemon->notify.watchdog_ms > 0) {
    sleep_ms = nearer(sleep_ms, daemon->notify.watchdog_ms);
  }
  return sleep_ms > 0 ? sleep_ms : 1;
}

void vn_status_verdict(vn_status_t *status, uint64_t token, bool ok) {
  if (token == VN_TOKEN_STATISTICS) {
    status->statistics_in_flight = false;
  } else if (token == VN_TOKEN_HEARTBEAT) {
    status->heartbeat_in_flight = false;
  } else if (status->offline_wanted) {
    status->offline_done = true;
  } else if (!ok) {
    status->announced_connect = 0; /* say it again */
  }
}

bool vn_status_say_offline(vn_daemon_t *daemon) {
  vn_status_t *status = &daemon->status;
  vn_link_t *link = &daemon->link;
  status->offline_wanted = true;
  if (!vn_mqtt_is_up(link->out)) {
    return false;
  }
  vn_text_t payload = {status->text, vn_statistics_write(daemon, &status->next_series, status->text,
                                                         sizeof status->text)};
  if (payload.length > 0 && daemon->configuration->stats_every_ms > 0) {
    vn_err_t error = vn_link_publish(link, text_of("stats"), payload, VN_TOKEN_STATISTICS);
    (void)error; /* the last figures are a courtesy */
  }
  return vn_link_publish(link, text_of("status"), text_of("offline"), VN_TOKEN_STATUS) == VN_OK;
}
