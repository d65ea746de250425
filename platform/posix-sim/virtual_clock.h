/* A clock that stands until it is told a time. */
#ifndef VN_VIRTUAL_CLOCK_H
#define VN_VIRTUAL_CLOCK_H

#include "vn/port.h"

typedef struct vn_virtual_clock {
  int64_t mono_ms;                 /* never goes back, however the wall clock jumps */
  vn_time_ms_t wall_ms, origin_ms; /* mono_ms counts from the first time told */
  bool is_set, hidden;
} vn_virtual_clock_t;

/* Not set yet: wall_ms is unknown. */
void vn_virtual_clock_init(vn_virtual_clock_t *clock);

/* Moves the wall clock to `at_ms`, and the monotonic one forward with it. */
void vn_virtual_clock_set(vn_virtual_clock_t *clock, vn_time_ms_t at_ms);

/* Not shown: the wall clock is as if not set, but goes on; the monotonic one moves with it. */
void vn_virtual_clock_show(vn_virtual_clock_t *clock, bool shown);

/* The port; `clock` outlives it. */
vn_clock_t vn_virtual_clock_port(vn_virtual_clock_t *clock);

#endif
