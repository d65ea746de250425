/* Wakes a loop that sleeps in poll(); costs no system call while it is awake. */
#ifndef VN_WAKE_H
#define VN_WAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct vn_wake {
  int fd; /* an eventfd; a signal handler may write to it */
  _Atomic uint32_t calls;
  atomic_bool asleep;
} vn_wake_t;

/* False: the system has no descriptor left. */
bool vn_wake_open(vn_wake_t *wake);

/* Any thread: the loop shall look again. */
void vn_wake_call(vn_wake_t *wake);

/* The loop, before it looks for work: what has been called so far. */
uint32_t vn_wake_seen(const vn_wake_t *wake);

/* The loop: sleeps up to sleep_ms unless something was called since `seen`. */
void vn_wake_sleep(vn_wake_t *wake, uint32_t seen, int64_t sleep_ms);

#endif
