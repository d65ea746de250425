#include "clock_linux.h"

#include <time.h>

static int64_t read_ms(clockid_t id) {
  struct timespec now;
  if (clock_gettime(id, &now) != 0) {
    return 0;
  }
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t vn_clock_linux_mono_ms(void) { return read_ms(CLOCK_MONOTONIC); }

static int64_t mono_ms(void *context) {
  (void)context;
  return vn_clock_linux_mono_ms();
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = read_ms(CLOCK_REALTIME);
  return *out >= VN_CLOCK_NOT_SET_BEFORE_MS;
}

const vn_clock_t vn_clock_linux = {NULL, mono_ms, wall_ms};
