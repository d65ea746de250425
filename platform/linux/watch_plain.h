/* What happens, a line of text each: for logs and pipes. */
#ifndef VN_WATCH_PLAIN_H
#define VN_WATCH_PLAIN_H

#include "watch_model.h"

/* Takes lines, each with its end of line; they have no control characters but that. */
typedef struct vn_watch_plain {
  void (*write)(void *context, const char *line, size_t length);
  void *context;
  int64_t now_ms; /* for what has no time of its own */
  bool utf8;
} vn_watch_plain_t;

/* A listener of the model that writes; `plain` outlives it. */
vn_watch_listener_t vn_watch_plain_listener(vn_watch_plain_t *plain);

#endif
