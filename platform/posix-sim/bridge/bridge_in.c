/* Messages of the broker wait here for the device. */
#include "bridge_priv.h"
#include "clock_linux.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define CLOSE_WAIT_MS 3000
#define CLOSE_LOOK_MS 5

static void wake(const vn__bridge_shared_t *shared) {
  uint64_t one = 1;
  ssize_t written = write(shared->wake_fd, &one, sizeof one);
  (void)written; /* a full counter wakes as well */
}

/*
 * Returning acknowledges, so it waits for the device, however long: nothing is lost then, and the
 * broker sends it again if it gives us up meanwhile. That is allowed although the library's lock is
 * held: the loop never calls the library.
 */
static void on_arrived(void *context, const vn_mqtt_arrival_t *arrival) {
  vn__bridge_shared_t *shared = context;
  (void)pthread_mutex_lock(&shared->mutex);
  shared->arrival = arrival;
  shared->taken = false;
  wake(shared);
  while (!shared->taken) {
    (void)pthread_cond_wait(&shared->answered, &shared->mutex);
  }
  (void)pthread_mutex_unlock(&shared->mutex);
}

int vn__bridge_connect(vn__bridge_t *bridge) {
  const vn__bridge_options_t *options = bridge->options;
  vn_mqtt_setup_t setup = {.broker = &options->broker,
                           .suffix = "-bridge-in",
                           .filters = options->filters,
                           .qos = options->qos,
                           .filter_count = options->filter_count,
                           .events = {&bridge->shared, .arrived = on_arrived}};
  const char *problem = "no memory for a connection";
  vn_err_t error = vn_mqtt_open(&setup, &bridge->mqtt, &problem);
  if (error != VN_OK) {
    (void)fprintf(stderr, "vnotch-sim: bridge: broker %s: %s\n", options->broker.uri, problem);
  }
  return error == VN_OK             ? VN__BRIDGE_OK
         : error == VN_ERR_ARGUMENT ? VN__BRIDGE_USAGE
                                    : VN__BRIDGE_UNAVAILABLE;
}

bool vn__bridge_disconnect(vn__bridge_t *bridge) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = CLOSE_LOOK_MS * 1000000L};
  int64_t until_ms = vn_clock_linux_mono_ms() + CLOSE_WAIT_MS;
  vn_mqtt_begin_close(bridge->mqtt);
  while (vn__bridge_waiting(bridge) == NULL && !vn_mqtt_is_closed(bridge->mqtt) &&
         vn_clock_linux_mono_ms() < until_ms) {
    (void)nanosleep(&pause, NULL);
  }
  if (!vn_mqtt_is_closed(bridge->mqtt)) {
    return false;
  }
  vn_mqtt_free(bridge->mqtt);
  return true;
}

const vn_mqtt_arrival_t *vn__bridge_waiting(vn__bridge_t *bridge) {
  (void)pthread_mutex_lock(&bridge->shared.mutex);
  const vn_mqtt_arrival_t *arrival = bridge->shared.arrival;
  (void)pthread_mutex_unlock(&bridge->shared.mutex);
  return arrival;
}

void vn__bridge_taken(vn__bridge_t *bridge) {
  vn__bridge_shared_t *shared = &bridge->shared;
  (void)pthread_mutex_lock(&shared->mutex);
  shared->arrival = NULL;
  shared->taken = true;
  (void)pthread_cond_signal(&shared->answered);
  (void)pthread_mutex_unlock(&shared->mutex);
  bridge->sent = false;
  bridge->too_big = 0;
  bridge->send_at_ms = 0;
  bridge->number++;
}
