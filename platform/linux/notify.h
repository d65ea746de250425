/* systemd's notification protocol: datagrams to $NOTIFY_SOCKET. Without one nothing happens. */
#ifndef VN_NOTIFY_H
#define VN_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct vn_notify {
  int fd;              /* -1: nobody listens */
  int64_t watchdog_ms; /* feed this often; 0: no watchdog */
  int64_t last_feed_ms;
} vn_notify_t;

/* Reads $NOTIFY_SOCKET (a path, or @name), $WATCHDOG_USEC and $WATCHDOG_PID. */
void vn_notify_open(vn_notify_t *notify);

/* "READY=1", "STOPPING=1", "STATUS=...". */
void vn_notify_send(const vn_notify_t *notify, const char *text);

/* WATCHDOG=1 when half the watchdog's time is over. Call it where work was really done. */
void vn_notify_feed(vn_notify_t *notify, int64_t now_ms);

void vn_notify_close(vn_notify_t *notify);

#endif
