#include "wake.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool vn_wake_open(vn_wake_t *wake) {
  atomic_init(&wake->calls, 0);
  atomic_init(&wake->asleep, false);
  wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return wake->fd >= 0;
}

void vn_wake_call(vn_wake_t *wake) {
  atomic_fetch_add(&wake->calls, 1);
  if (atomic_exchange(&wake->asleep, false)) {
    uint64_t one = 1;
    ssize_t written = write(wake->fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
  }
}

uint32_t vn_wake_seen(const vn_wake_t *wake) { return atomic_load(&wake->calls); }

void vn_wake_sleep(vn_wake_t *wake, uint32_t seen, int64_t sleep_ms) {
  /* Announced first, looked second: a call in between sees one or the other. */
  atomic_store(&wake->asleep, true);
  if (atomic_load(&wake->calls) == seen) {
    struct pollfd descriptor = {.fd = wake->fd, .events = POLLIN};
    (void)poll(&descriptor, 1, sleep_ms > INT_MAX ? INT_MAX : (int)sleep_ms);
  }
  atomic_store(&wake->asleep, false);
  uint64_t count = 0;
  ssize_t got = read(wake->fd, &count, sizeof count);
  (void)got;
}
