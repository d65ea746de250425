#define _DEFAULT_SOURCE /* TCP_QUICKACK */
#include "tcp_options.h"

#include "clock_linux.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#define DESCRIPTOR_FIRST 3
#define DESCRIPTOR_END 64

/* Descriptors belong to the process, and so does what is known about them. */
static _Atomic uint64_t tcp_descriptors;
static _Atomic int64_t renewed_ms;

static int set_option(int fd, int option) {
  int on = 1;
  return setsockopt(fd, IPPROTO_TCP, option, &on, sizeof on);
}

void vn_tcp_no_delay(void) {
  uint64_t found = 0;
  for (int fd = DESCRIPTOR_FIRST; fd < DESCRIPTOR_END; fd++) {
    /* What is no TCP socket refuses, harmlessly. */
    if (set_option(fd, TCP_NODELAY) == 0) {
      found |= UINT64_C(1) << fd;
    }
  }
  atomic_store(&tcp_descriptors, found);
}

void vn_tcp_quick_ack(void) {
  int64_t now = vn_clock_linux_mono_ms();
  if (atomic_exchange(&renewed_ms, now) == now) {
    return;
  }
  uint64_t found = atomic_load(&tcp_descriptors);
  for (int fd = DESCRIPTOR_FIRST; fd < DESCRIPTOR_END; fd++) {
    if ((found >> fd & 1u) != 0) {
      (void)set_option(fd, TCP_QUICKACK);
    }
  }
}
