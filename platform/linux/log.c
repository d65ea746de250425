#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000u

typedef struct line {
  char bytes[LINE_MAX_BYTES + 2];
  size_t length;
} line_t;

typedef struct allowance {
  int64_t period_began_ms;
  uint32_t used;
  uint32_t suppressed;
} allowance_t;

/* One log per process: it belongs to stderr. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static allowance_t allowances[VN_LOG_KIND_COUNT];
static vn_log_take_fn taker;
static void *taker_context;

void vn_log_divert(vn_log_take_fn take, void *context) {
  taker = take;
  taker_context = context;
}

static void put(line_t *line, const char *bytes, size_t length) {
  size_t room = LINE_MAX_BYTES - line->length;
  size_t take = length < room ? length : room;
  memcpy(line->bytes + line->length, bytes, take);
  line->length += take;
}

static void put_text(line_t *line, const char *text) { put(line, text, strlen(text)); }

static bool is_plain(const char *value) {
  for (const char *p = value; *p != '\0'; p++) {
    if (*p <= ' ' || *p == '"' || *p == '\\' || *p == '=' || *p >= 0x7f) {
      return false;
    }
  }
  return *value != '\0';
}

static void put_value(line_t *line, const char *value) {
  if (is_plain(value)) {
    put_text(line, value);
    return;
  }
  put(line, "\"", 1);
  for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\') {
      char escaped[2] = {'\\', (char)*p};
      put(line, escaped, sizeof escaped);
    } else if (*p < ' ' || *p >= 0x7f) {
      char escaped[8];
      int length = snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)*p);
      put(line, escaped, (size_t)length);
    } else {
      put(line, (const char *)p, 1);
    }
  }
  put(line, "\"", 1);
}

static void put_pair(line_t *line, const char *key, const char *value) {
  put(line, " ", 1);
  put_text(line, key);
  put(line, "=", 1);
  put_value(line, value);
}

static int64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Under the lock. False: this line is one too many; *suppressed: lines missing before this one. */
static bool allowed(vn_log_kind_t kind, uint32_t *suppressed) {
  allowance_t *allowance = &allowances[kind];
  int64_t now = now_ms();
  if (allowance->used == 0 || now - allowance->period_began_ms >= VN_LOG_PERIOD_MS) {
    allowance->period_began_ms = now;
    allowance->used = 0;
  }
  if (allowance->used == VN_LOG_ALLOWANCE) {
    allowance->suppressed++;
    return false;
  }
  allowance->used++;
  *suppressed = allowance->suppressed;
  allowance->suppressed = 0;
  return true;
}

static void begin_line(line_t *line, vn_log_level_t level, const char *sentence) {
  line->length = 0;
  if (taker == NULL && getenv("JOURNAL_STREAM") != NULL) {
    char priority[4] = {'<', (char)('0' + (int)level), '>', '\0'};
    put_text(line, priority);
  } else if (taker == NULL) {
    put_text(line, "vnotchd: ");
  }
  put_text(line, sentence);
}

static void write_line(line_t *line) {
  if (taker != NULL) {
    (void)pthread_mutex_lock(&lock);
    taker(taker_context, line->bytes, line->length);
    (void)pthread_mutex_unlock(&lock);
    return;
  }
  line->bytes[line->length++] = '\n';
  /* A log that cannot be written has nobody to be told to. */
  ssize_t written = write(STDERR_FILENO, line->bytes, line->length);
  (void)written;
}

void vn_log(vn_log_level_t level, vn_log_kind_t kind, const char *sentence, ...) {
  uint32_t suppressed = 0;
  (void)pthread_mutex_lock(&lock);
  bool speak = allowed(kind, &suppressed);
  (void)pthread_mutex_unlock(&lock);
  if (!speak) {
    return;
  }
  line_t line;
  begin_line(&line, level, sentence);
  va_list pairs;
  va_start(pairs, sentence);
  for (const char *key = va_arg(pairs, const char *); key != NULL;
       key = va_arg(pairs, const char *)) {
    const char *value = va_arg(pairs, const char *);
    put_pair(&line, key, value == NULL ? "" : value);
  }
  va_end(pairs);
  if (suppressed > 0) {
    put_pair(&line, "suppressed", vn_log_number((int64_t)suppressed, (char[24]){0}));
  }
  write_line(&line);
}

const char *vn_log_number(int64_t value, char text[24]) {
  (void)snprintf(text, 24, "%lld", (long long)value);
  return text;
}
