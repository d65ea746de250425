/* Says so when the flash wears out faster than it may. */
#include "daemon.h"
#include "flash_life.h"
#include "log.h"

#include <stdio.h>

#define LOOK_EVERY_MS 2000
#define TELL_EVERY_MS 86400000
#define NUMBER_MAX 32

static const char *number(double value, char out[NUMBER_MAX]) {
  (void)snprintf(out, NUMBER_MAX, "%.2f", value);
  return out;
}

static void tell(const vn_flash_life_t *life) {
  vn_log(VN_LOG_WARNING, VN_LOG_STATE,
         "the flash wears out before its lifetime at the pace of this run: see flash in stats, and "
         "vnotch budget for what would help",
         "years", number(life->years, (char[NUMBER_MAX]){0}), "lifetime",
         number(life->lifetime_years, (char[NUMBER_MAX]){0}), "years_left",
         number(life->years_left, (char[NUMBER_MAX]){0}), "bytes_per_day",
         number(life->bytes_per_day, (char[NUMBER_MAX]){0}), NULL);
}

int64_t vn_flash_watch(vn_daemon_t *daemon, int64_t now_ms) {
  vn_status_t *status = &daemon->status;
  const vn_plan_t *plan = &daemon->configuration->plan;
  vn_flash_figures_t figures;
  if (plan->lifetime_days == 0) {
    return INT64_MAX;
  }
  if (now_ms < status->flash_due_ms) {
    return status->flash_due_ms - now_ms;
  }
  status->flash_due_ms = now_ms + LOOK_EVERY_MS;
  if (now_ms >= status->flash_tell_ms && vn_engine_flash_figures(&daemon->engine, &figures)) {
    vn_flash_life_t life = vn_flash_life(plan, &figures);
    if (life.is_short) {
      status->flash_tell_ms = now_ms + TELL_EVERY_MS;
      tell(&life);
    }
  }
  return LOOK_EVERY_MS;
}
