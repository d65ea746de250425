/* The keeper: a thread per connection that connects, comes back after a loss, and sends. */
#include "clock_linux.h"
#include "log.h"
#include "mqtt_priv.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* The library gives a verdict on an attempt after 30 s at the latest; this is for when it doesn't.
 */
#define ATTEMPT_LIMIT_MS 90000
#define CLOSE_LIMIT_MS 3000
#define IDLE_WAIT_MS 60000
#define NOT_TAKEN_PAUSE_MS 100
/* Sent, status and statistics beside the window must stay below the receive maximum as well. */
#define BESIDE_WINDOW 3u

static void wake_keeper(vn_mqtt_t *mqtt) { (void)pthread_cond_signal(&mqtt->changed); }

static void tell_changed(vn_mqtt_t *mqtt, bool up) {
  atomic_store(&mqtt->up, up);
  if (mqtt->setup.events.changed != NULL) {
    mqtt->setup.events.changed(mqtt->setup.events.context, up);
  }
}

static void note_session(vn_mqtt_t *mqtt, bool session_present) {
  bool expected = atomic_exchange(&mqtt->session_known, true);
  bool matters = mqtt->setup.filter_count > 0 && !mqtt->setup.transient;
  if (expected && !session_present && matters) {
    atomic_fetch_add(&mqtt->sessions_lost, 1);
    vn_log(VN_LOG_WARNING, VN_LOG_SESSION,
           "the broker has forgotten our session: messages sent meanwhile may be missing; give the "
           "broker persistence and a longer session expiry",
           "broker", mqtt->setup.broker->uri, "client_id", mqtt->client_id, NULL);
  }
}

void vn__mqtt_connected(vn_mqtt_t *mqtt, bool session_present, uint32_t receive_maximum) {
  uint32_t window = receive_maximum > VN_MQTT_WINDOW + BESIDE_WINDOW ? VN_MQTT_WINDOW
                    : receive_maximum > BESIDE_WINDOW + 1 ? receive_maximum - BESIDE_WINDOW
                                                          : 1;
  atomic_store(&mqtt->window, window);
  atomic_fetch_add(&mqtt->connects, 1);
  (void)pthread_mutex_lock(&mqtt->mutex);
  if (mqtt->state == VN_MQTT_CONNECTING) {
    mqtt->state = VN_MQTT_CONNECTED;
  }
  mqtt->connected_since_ms = vn_clock_linux_mono_ms();
  (void)pthread_mutex_unlock(&mqtt->mutex);
  vn_log(VN_LOG_NOTICE, VN_LOG_BROKER, "connected to the broker", "broker", mqtt->setup.broker->uri,
         "client_id", mqtt->client_id, "session", session_present ? "kept" : "new", NULL);
  note_session(mqtt, session_present);
  if (mqtt->setup.filter_count == 0) {
    tell_changed(mqtt, true);
  }
}

void vn__mqtt_ready(vn_mqtt_t *mqtt) {
  vn_log(VN_LOG_INFO, VN_LOG_BROKER, "subscribed", "client_id", mqtt->client_id, "filters",
         vn_log_number(mqtt->setup.filter_count, (char[24]){0}), NULL);
  tell_changed(mqtt, true);
}

/* An attempt that failed: what to look at depends on whether the broker has answered. */
static const char *attempt_sentence(bool refused) {
  return refused ? "the broker refuses the connection, check the user name, the password and the "
                   "broker's list of who may connect"
                 : "cannot connect to the broker, check that it runs and is reachable";
}

static void end_connection(vn_mqtt_t *mqtt, const char *cause, bool refused) {
  int64_t now = vn_clock_linux_mono_ms();
  (void)pthread_mutex_lock(&mqtt->mutex);
  bool ours = mqtt->state == VN_MQTT_CONNECTED || mqtt->state == VN_MQTT_CONNECTING;
  bool was_connected = mqtt->state == VN_MQTT_CONNECTED;
  uint32_t delay = 0;
  if (ours) {
    if (was_connected) {
      vn_backoff_connected_for(&mqtt->backoff, now - mqtt->connected_since_ms);
    }
    delay = vn_backoff_next_ms(&mqtt->backoff);
    mqtt->state = VN_MQTT_DOWN;
    mqtt->next_attempt_ms = now + (int64_t)delay;
    wake_keeper(mqtt);
  }
  (void)pthread_mutex_unlock(&mqtt->mutex);
  if (ours) {
    vn_log(VN_LOG_WARNING, VN_LOG_BROKER,
           was_connected ? "the connection to the broker is lost" : attempt_sentence(refused),
           "broker", mqtt->setup.broker->uri, "client_id", mqtt->client_id, "reason", cause,
           "retry_ms", vn_log_number((int64_t)delay, (char[24]){0}), NULL);
    tell_changed(mqtt, false);
  }
}

void vn__mqtt_lost(vn_mqtt_t *mqtt, const char *cause) { end_connection(mqtt, cause, false); }

void vn__mqtt_refused(vn_mqtt_t *mqtt, const char *reason) { end_connection(mqtt, reason, true); }

void vn__mqtt_disconnected(vn_mqtt_t *mqtt) {
  (void)pthread_mutex_lock(&mqtt->mutex);
  if (mqtt->state == VN_MQTT_CLOSING) {
    mqtt->state = VN_MQTT_CLOSED;
    wake_keeper(mqtt);
  }
  (void)pthread_mutex_unlock(&mqtt->mutex);
}

static void give_verdict(vn_mqtt_t *mqtt, uint64_t token, bool beside, bool ok) {
  if (!beside) {
    atomic_fetch_sub(&mqtt->in_flight, 1);
  }
  if (mqtt->setup.events.sent != NULL) {
    mqtt->setup.events.sent(mqtt->setup.events.context, token, ok);
  }
}

void vn__mqtt_verdict(vn_mqtt_slot_t *slot, bool ok) {
  vn_mqtt_t *mqtt = slot->mqtt;
  uint64_t token = slot->token;
  bool beside = slot->beside;
  ok = ok || slot->once;
  atomic_store(&slot->used, false);
  give_verdict(mqtt, token, beside, ok);
}

static vn_mqtt_slot_t *take_slot(vn_mqtt_t *mqtt) {
  for (size_t i = 0; i < VN_MQTT_SLOTS; i++) {
    if (!atomic_exchange(&mqtt->slots[i].used, true)) {
      return &mqtt->slots[i];
    }
  }
  return NULL;
}

/* Hands the oldest queued message to the library, or back to its owner. */
static void send_one(vn_mqtt_t *mqtt, bool connected) {
  uint32_t length = 0;
  const uint8_t *bytes = vn_ring_peek(&mqtt->queue, &length);
  if (bytes == NULL) {
    return;
  }
  vn_mqtt_record_t record;
  memcpy(&record, bytes, sizeof record);
  const char *topic = (const char *)bytes + sizeof record;
  vn_mqtt_slot_t *slot = connected ? take_slot(mqtt) : NULL;
  bool taken = false;
  if (slot != NULL) {
    slot->mqtt = mqtt;
    slot->token = record.token;
    slot->beside = record.beside;
    slot->once = record.once;
    taken = vn__mqtt_library_send(slot, &record, topic,
                                  (const uint8_t *)topic + record.topic_bytes) == NULL;
    if (!taken) { /* the library knows of a loss before it says so: don't spin until then */
      atomic_store(&slot->used, false);
      atomic_store(&mqtt->paused_until_ms, vn_clock_linux_mono_ms() + NOT_TAKEN_PAUSE_MS);
    }
  }
  vn_ring_release(&mqtt->queue);
  if (!taken) {
    give_verdict(mqtt, record.token, record.beside, false);
  }
}

static void attempt(vn_mqtt_t *mqtt) {
  const char *problem = vn_broker_uri_resolve(&mqtt->uri);
  if (problem == NULL) {
    problem = vn__mqtt_library_connect(mqtt);
  }
  if (problem != NULL) {
    vn__mqtt_lost(mqtt, problem);
  }
}

static void wait_until(vn_mqtt_t *mqtt, int64_t until_ms) {
  struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                           .tv_nsec = (long)(until_ms % 1000) * 1000000};
  (void)pthread_cond_timedwait(&mqtt->changed, &mqtt->mutex, &until);
}

static bool anything_queued(vn_mqtt_t *mqtt) {
  return mqtt->queue_memory != NULL && vn_ring_count(&mqtt->queue) > 0;
}

/* One turn, with the mutex held; it is released around everything that calls the library. */
static void keep(vn_mqtt_t *mqtt) {
  int64_t now = vn_clock_linux_mono_ms();
  bool stale =
      mqtt->state == VN_MQTT_CONNECTING && now - mqtt->connecting_since_ms > ATTEMPT_LIMIT_MS;
  if ((mqtt->state == VN_MQTT_DOWN && now >= mqtt->next_attempt_ms) || stale) {
    mqtt->state = VN_MQTT_CONNECTING;
    mqtt->connecting_since_ms = now;
    (void)pthread_mutex_unlock(&mqtt->mutex);
    attempt(mqtt);
    (void)pthread_mutex_lock(&mqtt->mutex);
  } else if (anything_queued(mqtt)) {
    bool connected = mqtt->state == VN_MQTT_CONNECTED;
    (void)pthread_mutex_unlock(&mqtt->mutex);
    send_one(mqtt, connected);
    (void)pthread_mutex_lock(&mqtt->mutex);
  } else {
    wait_until(mqtt, mqtt->state == VN_MQTT_DOWN         ? mqtt->next_attempt_ms
                     : mqtt->state == VN_MQTT_CONNECTING ? now + 1000
                                                         : now + IDLE_WAIT_MS);
  }
}

/* The clean end, with the mutex held: what is queued goes first. */
static void close_down(vn_mqtt_t *mqtt) {
  bool connected = mqtt->state == VN_MQTT_CONNECTED;
  mqtt->state = VN_MQTT_CLOSING;
  (void)pthread_mutex_unlock(&mqtt->mutex);
  while (anything_queued(mqtt)) {
    send_one(mqtt, connected);
  }
  bool pending = vn__mqtt_library_disconnect(mqtt);
  (void)pthread_mutex_lock(&mqtt->mutex);
  int64_t deadline = vn_clock_linux_mono_ms() + CLOSE_LIMIT_MS;
  while (pending && mqtt->state == VN_MQTT_CLOSING && vn_clock_linux_mono_ms() < deadline) {
    wait_until(mqtt, deadline);
  }
  mqtt->state = VN_MQTT_CLOSED;
  (void)pthread_mutex_unlock(&mqtt->mutex);
  vn__mqtt_library_destroy(mqtt);
  tell_changed(mqtt, false);
  (void)pthread_mutex_lock(&mqtt->mutex);
}

void *vn__mqtt_keeper(void *context) {
  vn_mqtt_t *mqtt = context;
  (void)pthread_mutex_lock(&mqtt->mutex);
  while (!mqtt->stop) {
    keep(mqtt);
  }
  close_down(mqtt);
  (void)pthread_mutex_unlock(&mqtt->mutex);
  atomic_store(&mqtt->closed, true);
  if (mqtt->setup.events.changed != NULL) {
    mqtt->setup.events.changed(mqtt->setup.events.context, false);
  }
  return NULL;
}
