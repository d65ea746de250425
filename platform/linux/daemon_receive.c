/* What comes from the broker: into the queue, in journal mode onto the flash first. */
#include "clock_linux.h"
#include "daemon.h"
#include "log.h"

#include <time.h>
#include <unistd.h>

/* A write that failed is tried again this often, also when nobody says that there is room. */
#define RETRY_MS 20

/*
 * Two mutexes, so that whoever waits is next: the loop, which hardly ever sleeps under load, would
 * otherwise lock again before the receiver wakes up.
 */
void vn_link_enter(vn_link_t *link) {
  if (link->journal) {
    (void)pthread_mutex_lock(&link->engine_gate);
    (void)pthread_mutex_lock(&link->engine_mutex);
    (void)pthread_mutex_unlock(&link->engine_gate);
  }
}

void vn_link_leave(vn_link_t *link) {
  if (link->journal) {
    (void)pthread_mutex_unlock(&link->engine_mutex);
  }
}

/* Returning would acknowledge. So the broker sends again what has no acknowledgement. */
void vn_link_give_up(const char *sentence, vn_err_t error) {
  vn_log(VN_LOG_ERROR, VN_LOG_STATE, sentence, "error", vn_err_text(error), NULL);
  _exit(VN_EXIT_IO);
}

static vn_err_t offer(vn_link_t *link, const vn_mqtt_arrival_t *arrival) {
  const vn_reply_t reply = {arrival->response_topic, arrival->correlation};
  if (!link->journal) {
    return vn_offer_request(link->engine, arrival->topic, arrival->payload, arrival->length,
                            arrival->retained, &reply);
  }
  vn_link_enter(link);
  vn_err_t error = vn_accept_request(link->engine, arrival->topic, arrival->payload,
                                     arrival->length, arrival->retained, &reply);
  vn_link_leave(link);
  return error;
}

static bool may_try_again(const vn_link_t *link, vn_err_t error) {
  return error == VN_ERR_FULL || error == VN_ERR_LOG_FULL ||
         (link->journal && error == VN_ERR_FLASH);
}

static struct timespec timespec_of(int64_t mono_ms) {
  return (struct timespec){.tv_sec = (time_t)(mono_ms / 1000),
                           .tv_nsec = (long)(mono_ms % 1000) * 1000000};
}

/*
 * Waits for room in the input queue. That is allowed although the library's lock is held by this
 * thread, because the loop, which makes the room, never calls the library (mqtt.h). It ends before
 * the broker could miss our pings: no PINGREQ leaves while a callback runs.
 */
static vn_err_t wait_for_room(vn_link_t *link, const vn_mqtt_arrival_t *arrival) {
  int64_t now_ms = vn_clock_linux_mono_ms();
  int64_t deadline_ms = now_ms + link->room_wait_ms;
  vn_err_t error = VN_ERR_FULL;
  atomic_fetch_add(&link->waits, 1);
  (void)pthread_mutex_lock(&link->room_mutex);
  atomic_store(&link->room_wanted, true);
  vn_wake_call(&link->wake);
  for (;;) {
    error = offer(link, arrival);
    now_ms = vn_clock_linux_mono_ms();
    if (!may_try_again(link, error) || now_ms >= deadline_ms) {
      break;
    }
    bool short_wait = link->journal && deadline_ms - now_ms > RETRY_MS;
    struct timespec until = timespec_of(short_wait ? now_ms + RETRY_MS : deadline_ms);
    (void)pthread_cond_timedwait(&link->room, &link->room_mutex, &until);
  }
  atomic_store(&link->room_wanted, false);
  (void)pthread_mutex_unlock(&link->room_mutex);
  return error;
}

void vn_link_arrived(void *context, const vn_mqtt_arrival_t *arrival) {
  vn_link_t *link = context;
  vn_text_t payload = {(const char *)arrival->payload, arrival->length};
  if (vn_announcer_takes(&link->announcer, arrival->topic, payload, arrival->retained)) {
    vn_wake_call(&link->wake);
    return;
  }
  vn_err_t error = offer(link, arrival);
  if (may_try_again(link, error)) {
    error = wait_for_room(link, arrival);
  }
  if (error == VN_ERR_TOO_BIG) {
    atomic_fetch_add(&link->dropped_big, 1);
  } else if (error != VN_OK && link->journal) {
    vn_link_give_up(
        error == VN_ERR_LOG_FULL
            ? "a message cannot be made durable, the state file has no room: ending without an "
              "acknowledgement, so that the broker sends it again; to move to a larger file: "
              "vnotch savepoint export, then import"
            : "a message cannot be made durable: ending without an acknowledgement, so that "
              "the broker sends it again; check the disk, or raise capacity.input_queue",
        error);
  } else if (error != VN_OK) {
    atomic_fetch_add(&link->dropped_full, 1);
  }
  vn_wake_call(&link->wake);
}
