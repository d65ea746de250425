/* Log lines on stderr: a sentence, then key=value pairs; escaped, and rate-limited per kind. */
#ifndef VN_LOG_H
#define VN_LOG_H

#include <stddef.h>
#include <stdint.h>

/* syslog's levels, of which four are used. */
typedef enum vn_log_level {
  VN_LOG_ERROR = 3,
  VN_LOG_WARNING = 4,
  VN_LOG_NOTICE = 5,
  VN_LOG_INFO = 6
} vn_log_level_t;

/* What a line is about; each kind has its own allowance. */
typedef enum vn_log_kind {
  VN_LOG_START,
  VN_LOG_STOP,
  VN_LOG_STATE,   /* flash, checkpoints, recovery */
  VN_LOG_BROKER,  /* connections */
  VN_LOG_REFUSED, /* what the broker refused */
  VN_LOG_TLS,
  VN_LOG_SESSION, /* a session that the broker has lost */
  VN_LOG_QUEUE,   /* messages dropped before the engine saw them */
  VN_LOG_SIGNAL,
  VN_LOG_KIND_COUNT
} vn_log_kind_t;

/* At most this many lines of one kind in VN_LOG_PERIOD_MS; the next one tells how many are missing.
 */
#define VN_LOG_ALLOWANCE 10u
#define VN_LOG_PERIOD_MS 10000

/*
 * Writes one line with one write(2); any thread. Behind the sentence come key, value pairs of
 * const char *, ended by NULL. Values are quoted where they need it; bytes that could move a
 * terminal are escaped. Lines are cut at 1000 bytes.
 */
void vn_log(vn_log_level_t level, vn_log_kind_t kind, const char *sentence, ...);

/*
 * For a program whose stderr is the screen: from now on lines go to `take` (from any thread, one at
 * a time), without the program's name and the end of line, valid during the call. NULL: to stderr
 * again. Call it while nothing logs.
 */
typedef void (*vn_log_take_fn)(void *context, const char *line, size_t length);
void vn_log_divert(vn_log_take_fn take, void *context);

/* A number as a value: vn_log(..., "count", vn_log_number(count, (char[24]){0}), NULL). */
const char *vn_log_number(int64_t value, char text[24]);

#endif
