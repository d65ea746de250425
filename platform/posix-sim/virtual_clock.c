#include "virtual_clock.h"

void vn_virtual_clock_init(vn_virtual_clock_t *clock) {
  *clock = (vn_virtual_clock_t){.is_set = false};
}

void vn_virtual_clock_set(vn_virtual_clock_t *clock, vn_time_ms_t at_ms) {
  clock->origin_ms = clock->is_set ? clock->origin_ms : at_ms;
  clock->wall_ms = at_ms;
  clock->is_set = true;
  int64_t mono_ms = at_ms - clock->origin_ms;
  clock->mono_ms = mono_ms > clock->mono_ms ? mono_ms : clock->mono_ms;
}

void vn_virtual_clock_show(vn_virtual_clock_t *clock, bool shown) { clock->hidden = !shown; }

static int64_t mono_ms(void *context) {
  const vn_virtual_clock_t *clock = context;
  return clock->mono_ms;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const vn_virtual_clock_t *clock = context;
  *out = clock->wall_ms;
  return clock->is_set && !clock->hidden;
}

vn_clock_t vn_virtual_clock_port(vn_virtual_clock_t *clock) {
  return (vn_clock_t){clock, mono_ms, wall_ms};
}
