#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool address_of(const char *path, struct sockaddr_un *address, socklen_t *length) {
  size_t bytes = strlen(path);
  if ((path[0] != '/' && path[0] != '@') || bytes < 2 || bytes >= sizeof address->sun_path) {
    return false;
  }
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, bytes);
  if (path[0] == '@') {
    address->sun_path[0] = '\0';
  }
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
  return true;
}

static int64_t watchdog_period_ms(void) {
  const char *owner = getenv("WATCHDOG_PID");
  if (owner != NULL && strtoll(owner, NULL, 10) != (long long)getpid()) {
    return 0;
  }
  const char *period = getenv("WATCHDOG_USEC");
  long long us = period == NULL ? 0 : strtoll(period, NULL, 10);
  return us <= 0 ? 0 : (us / 2000 > 0 ? us / 2000 : 1);
}

void vn_notify_open(vn_notify_t *notify) {
  struct sockaddr_un address;
  socklen_t length = 0;
  const char *path = getenv("NOTIFY_SOCKET");
  *notify = (vn_notify_t){.fd = -1};
  if (path == NULL || !address_of(path, &address, &length)) {
    return;
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return;
  }
  if (connect(fd, (const struct sockaddr *)&address, length) != 0) {
    (void)close(fd);
    return;
  }
  notify->fd = fd;
  notify->watchdog_ms = watchdog_period_ms();
}

void vn_notify_send(const vn_notify_t *notify, const char *text) {
  if (notify->fd >= 0) {
    ssize_t sent = send(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
  }
}

void vn_notify_feed(vn_notify_t *notify, int64_t now_ms) {
  if (notify->watchdog_ms == 0 || now_ms - notify->last_feed_ms < notify->watchdog_ms) {
    return;
  }
  notify->last_feed_ms = now_ms;
  vn_notify_send(notify, "WATCHDOG=1");
}

void vn_notify_close(vn_notify_t *notify) {
  if (notify->fd >= 0) {
    (void)close(notify->fd);
    notify->fd = -1;
  }
}
