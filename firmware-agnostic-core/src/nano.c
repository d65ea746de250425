/* The nano runtime: a reading's way, steps. The engine's, for a fixed shape. */
#include "nano_priv.h"
#include "vn/arith.h"

/* Silence is looked at this often; as in the engine. */
#define TICK_EVERY_MS 100
#define SLEEP_MAX_MS 1000

vn_text_t vn__nano_text(const char *text) {
  vn_text_t view = {text, 0};
  while (text[view.length] != '\0') {
    view.length++;
  }
  return view;
}

vn__nano_work_t vn__nano_work(vn_nano_t *nano, uint8_t series) {
  const vn_nano_store_t *store = nano->store;
  size_t pane = (size_t)series * store->pane_count;
  return (vn__nano_work_t){.nano = nano,
                           .pipeline = nano->plan->pipelines,
                           .window = nano->plan->pipelines->summary.windows,
                           .series = &store->series[series],
                           .panes = &store->panes[pane],
                           .members = store->members + pane * store->sample,
                           .index = series};
}

static void refuse(const vn__nano_work_t *work, vn_reason_t reason, vn_time_ms_t time_ms) {
  vn_accounting_t *readings = &work->nano->figures.readings;
  readings->received++;
  switch (reason) {
    case VN_REASON_LATE:
      readings->late++;
      break;
    case VN_REASON_FUTURE:
      readings->quarantined++;
      vn__nano_windows_refused(work, time_ms, VN_ACCOUNTED_QUARANTINED);
      break;
    case VN_REASON_RANGE:
      readings->rejected++;
      vn__nano_windows_refused(work, time_ms, VN_ACCOUNTED_REJECTED);
      break;
    default:
      readings->rejected++;
      break;
  }
}

/* A reading from the future would close windows of all that are right: it moves nothing (W9). */
static bool is_future(const vn__nano_work_t *work, vn_time_ms_t time_ms) {
  int64_t max_future_ms = work->pipeline->max_future_ms;
  vn_time_ms_t wall_ms;
  return max_future_ms != VN_DURATION_OFF && vn__nano_wall_ms(work->nano, &wall_ms) &&
         time_ms > vn_add_saturating(wall_ms, max_future_ms);
}

/* Whatever becomes of a reading, unless it is a quarantined one: it is an arrival. */
static vn_reason_t guard(const vn__nano_work_t *work, vn_time_ms_t time_ms, int32_t value) {
  if (time_ms < VN_TIME_LOWEST_MS || time_ms > VN_TIME_HIGHEST_MS) {
    return VN_REASON_TIME;
  }
  if (is_future(work, time_ms)) {
    return VN_REASON_FUTURE;
  }
  work->series->last_arrival_mono_ms = vn__nano_mono_ms(work->nano);
  return value < work->pipeline->range_low || value > work->pipeline->range_high ? VN_REASON_RANGE
                                                                                 : VN_REASON_NONE;
}

vn_reason_t vn_nano_take_reading(vn_nano_t *nano, uint8_t series, vn_time_ms_t time_ms,
                                 int32_t value) {
  VN_ASSERT(nano != NULL && nano->ready && series < nano->store->series_count);
  nano->changed = true;
  vn__nano_work_t work = vn__nano_work(nano, series);
  vn_reason_t reason = guard(&work, time_ms, value);
  if (reason != VN_REASON_NONE) {
    refuse(&work, reason, time_ms);
    return reason;
  }
  reason = vn__nano_windows_take(&work, time_ms, value);
  if (reason == VN_REASON_NONE) {
    nano->figures.readings.received++;
    nano->figures.readings.accepted++;
  } else if (reason == VN_REASON_LATE) {
    refuse(&work, reason, time_ms);
  }
  vn__nano_alert(&work, time_ms, value);
  return reason;
}

static void tick(vn_nano_t *nano, int64_t now_ms) {
  int64_t idle_ms = nano->plan->pipelines->idle_timeout_ms;
  nano->tick_mono_ms = now_ms;
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    vn__nano_work_t work = vn__nano_work(nano, i);
    if (now_ms - work.series->last_arrival_mono_ms >= idle_ms) {
      vn__nano_windows_close_idle(&work);
    }
  }
}

static int64_t sooner(int64_t a_ms, int64_t b_ms) { return a_ms < b_ms ? a_ms : b_ms; }

static bool is_due(const vn_nano_t *nano, int64_t now_ms) {
  return nano->owed &&
         (nano->urgent || now_ms - nano->owed_since_mono_ms >= nano->plan->flush_every_ms);
}

static bool is_checkpoint_due(const vn_nano_t *nano, int64_t now_ms) {
  return nano->commit != NULL && nano->changed &&
         now_ms - nano->commit_mono_ms >= nano->plan->checkpoint_every_ms;
}

/* Nothing leaves before the state that it came from is certain; a flash that fails is tried again
 * as often as there would be something to send. */
static void settle(vn_nano_t *nano, int64_t now_ms) {
  bool due = is_due(nano, now_ms);
  if (due) {
    vn__nano_cut(nano);
  }
  if (nano->commit != NULL && (due || is_checkpoint_due(nano, now_ms))) {
    nano->commit_mono_ms = now_ms;
    if (nano->commit(nano) != VN_OK) {
      nano->owed_since_mono_ms = now_ms;
      nano->urgent = false;
      return;
    }
    nano->changed = false;
  }
  if (due) {
    vn__nano_release(nano);
  }
}

static uint32_t sleep_for(const vn_nano_t *nano, bool ticks, int64_t now_ms) {
  int64_t left_ms = SLEEP_MAX_MS;
  if (ticks) {
    left_ms = sooner(left_ms, nano->tick_mono_ms + TICK_EVERY_MS - now_ms);
  }
  if (nano->owed) {
    left_ms = sooner(left_ms, nano->owed_since_mono_ms + nano->plan->flush_every_ms - now_ms);
  }
  if (nano->commit != NULL) {
    left_ms = sooner(left_ms, nano->commit_mono_ms + nano->plan->checkpoint_every_ms - now_ms);
  }
  return left_ms < 0 ? 0 : (uint32_t)left_ms;
}

uint32_t vn_nano_step(vn_nano_t *nano, uint32_t budget) {
  VN_ASSERT(nano != NULL && nano->ready && budget > 0);
  bool ticks = nano->plan->pipelines->idle_timeout_ms != VN_DURATION_OFF;
  int64_t now_ms = vn__nano_mono_ms(nano);
  if (ticks && now_ms - nano->tick_mono_ms >= TICK_EVERY_MS) {
    tick(nano, now_ms);
  }
  settle(nano, now_ms);
  return vn__nano_send(nano, budget) == budget ? 0 : sleep_for(nano, ticks, now_ms);
}

void vn_nano_flush(vn_nano_t *nano) {
  VN_ASSERT(nano != NULL && nano->ready);
  nano->changed = true;
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    vn__nano_work_t work = vn__nano_work(nano, i);
    vn__nano_windows_advance(&work, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME);
  }
}
