/* Tumbling windows of the nano runtime: rules W1-W5, W10-W13 of docs/semantics.md for a ring of
 * panes that are windows themselves. */
#include "nano_priv.h"
#include "vn/arith.h"

/* Where the revision of a window stops counting: as in the engine. */
#define REVISION_MOST 0x7FFFu

bool vn__nano_is_gone(const vn__nano_work_t *work, vn_time_ms_t last_ms,
                      vn_time_ms_t watermark_ms) {
  return last_ms == VN_TIME_MINUS_INFINITY ||
         vn_add_saturating(last_ms, work->pipeline->lateness_ms) <= watermark_ms;
}

/* The window of a time: its slot, and its last millisecond. */
static uint8_t find_slot(const vn__nano_work_t *work, vn_time_ms_t time_ms, vn_time_ms_t *last_ms) {
  int64_t size_ms = work->window->size_ms;
  const vn_nano_pane_t *pane = &work->panes[work->series->slot];
  if (time_ms <= pane->last_ms && time_ms > pane->last_ms - size_ms) {
    *last_ms = pane->last_ms;
    return work->series->slot;
  }
  int64_t number = vn_floor_div(time_ms - work->window->offset_ms, size_ms);
  int64_t count = work->nano->store->pane_count;
  *last_ms = number * size_ms + work->window->offset_ms + size_ms - 1;
  return (uint8_t)(number - vn_floor_div(number, count) * count);
}

void vn__nano_windows_reset(const vn__nano_work_t *work) {
  work->series->watermark_ms = VN_TIME_MINUS_INFINITY;
  work->series->waiting = (vn_waiting_t){.number = VN_TIME_MINUS_INFINITY};
  work->series->slot = 0;
  for (uint8_t i = 0; i < work->nano->store->pane_count; i++) {
    work->panes[i] = (vn_nano_pane_t){.last_ms = VN_TIME_MINUS_INFINITY};
  }
}

/* One place to wait in: the nearest pane has it, whatever comes first. */
static void wait_for(const vn__nano_work_t *work, vn_time_ms_t last_ms, const vn_tally_t *tally) {
  vn_waiting_t *waiting = &work->series->waiting;
  if (waiting->number < last_ms &&
      !vn__nano_is_gone(work, waiting->number, work->series->watermark_ms)) {
    return;
  }
  if (waiting->number != last_ms) {
    vn_tally_clear(&waiting->tally);
    waiting->number = last_ms;
  }
  vn_tally_merge(&waiting->tally, tally);
}

/* Gives a slot to a window; what was counted for the one before, or waits for this one, stays. */
static void begin(const vn__nano_work_t *work, vn_nano_pane_t *pane, vn_time_ms_t last_ms) {
  vn_waiting_t *waiting = &work->series->waiting;
  if (pane->aggregate.count == 0 &&
      !vn__nano_is_gone(work, pane->last_ms, work->series->watermark_ms) &&
      !vn_tally_is_empty(&pane->tally)) {
    wait_for(work, pane->last_ms, &pane->tally);
  }
  pane->last_ms = last_ms;
  vn_aggregate_clear(&pane->aggregate);
  vn_tally_clear(&pane->tally);
  if (waiting->number == last_ms) {
    vn_tally_merge(&pane->tally, &waiting->tally);
    vn_tally_clear(&waiting->tally);
    waiting->number = VN_TIME_MINUS_INFINITY;
  }
}

/* Takes a slot that nobody needs: of a window that is gone, or further ahead and empty. */
static bool claim(const vn__nano_work_t *work, uint8_t slot, vn_time_ms_t last_ms) {
  vn_nano_pane_t *pane = &work->panes[slot];
  bool ahead = pane->aggregate.count == 0 && pane->last_ms > last_ms;
  if (!ahead && !vn__nano_is_gone(work, pane->last_ms, work->series->watermark_ms)) {
    return false;
  }
  begin(work, pane, last_ms);
  return true;
}

void vn__nano_windows_refused(const vn__nano_work_t *work, vn_time_ms_t time_ms,
                              vn_accounted_t item) {
  vn_time_ms_t last_ms;
  vn_time_ms_t waiting_ms = work->series->waiting.number;
  uint8_t slot = find_slot(work, time_ms, &last_ms);
  if (vn__nano_is_gone(work, last_ms, work->series->watermark_ms)) {
    return;
  }
  if (!vn__nano_is_gone(work, waiting_ms, work->series->watermark_ms)) {
    (void)claim(work, find_slot(work, waiting_ms, &waiting_ms), waiting_ms);
  }
  if (work->panes[slot].last_ms == last_ms || claim(work, slot, last_ms)) {
    vn_tally_bump(&work->panes[slot].tally, item);
  } else {
    vn_tally_t one = {{0}};
    vn_tally_bump(&one, item);
    wait_for(work, last_ms, &one);
  }
}

/* The number of earlier results; a window that is gone has no further ones to number. */
static uint32_t count_revision(vn_nano_pane_t *pane, bool gone, vn_kind_t kind) {
  if (gone) {
    return 0;
  }
  uint16_t earlier = pane->aggregate.count == 1 || kind != VN_KIND_LATE ? 0 : pane->revision;
  pane->revision = (uint16_t)(earlier < REVISION_MOST ? earlier + 1u : REVISION_MOST);
  return earlier;
}

static void fire(const vn__nano_work_t *work, vn_nano_pane_t *pane, vn_kind_t kind,
                 vn_time_ms_t watermark_ms) {
  bool gone = vn__nano_is_gone(work, pane->last_ms, watermark_ms);
  bool final =
      work->pipeline->lateness_ms == 0 || work->series->watermark_ms == VN_TIME_PLUS_INFINITY;
  vn__nano_result_t result = {
      .pane = pane,
      .sample = work->members + (size_t)(pane - work->panes) * work->nano->store->sample,
      .revision = count_revision(pane, gone, kind),
      .kind = (uint8_t)kind,
      .flags = (uint8_t)(final ? VN_FLAG_BIT(VN_FLAG_FINAL) : 0)};
  vn__nano_tell(work, &result);
}

/* The first window with readings that ends behind from_ms and not behind to_ms; NULL: none. */
static vn_nano_pane_t *next_due(const vn__nano_work_t *work, vn_time_ms_t from_ms,
                                vn_time_ms_t to_ms) {
  vn_nano_pane_t *next = NULL;
  for (uint8_t i = 0; i < work->nano->store->pane_count; i++) {
    vn_nano_pane_t *pane = &work->panes[i];
    if (pane->aggregate.count > 0 && pane->last_ms > from_ms && pane->last_ms <= to_ms &&
        (next == NULL || pane->last_ms < next->last_ms)) {
      next = pane;
    }
  }
  return next;
}

void vn__nano_windows_advance(const vn__nano_work_t *work, vn_time_ms_t watermark_ms,
                              vn_kind_t kind) {
  vn_time_ms_t from_ms = work->series->watermark_ms;
  if (watermark_ms <= from_ms) {
    return;
  }
  work->series->watermark_ms = watermark_ms;
  for (vn_nano_pane_t *pane = next_due(work, from_ms, watermark_ms); pane != NULL;
       pane = next_due(work, pane->last_ms, watermark_ms)) {
    fire(work, pane, kind, watermark_ms);
  }
}

void vn__nano_windows_close_idle(const vn__nano_work_t *work) {
  vn_time_ms_t open_ms = work->series->watermark_ms;
  for (uint8_t i = 0; i < work->nano->store->pane_count; i++) {
    const vn_nano_pane_t *pane = &work->panes[i];
    if (pane->aggregate.count > 0 && pane->last_ms > open_ms) {
      open_ms = pane->last_ms;
    }
  }
  vn__nano_windows_advance(work, open_ms, VN_KIND_IDLE);
}

static void insert(const vn__nano_work_t *work, uint8_t slot, vn_time_ms_t time_ms, int32_t value) {
  uint32_t capacity = work->window->sample;
  vn_aggregate_t *aggregate = &work->panes[slot].aggregate;
  if (capacity > 0) {
    vn_member_t member = {time_ms, value, vn_priority(work->series->sample_seed, time_ms, value)};
    uint32_t held = aggregate->count < capacity ? aggregate->count : capacity;
    vn_member_t *members = work->members + (size_t)slot * work->nano->store->sample;
    (void)vn_reservoir_offer(members, held, capacity, &member);
  }
  vn_aggregate_add(aggregate, time_ms, value);
}

vn_reason_t vn__nano_windows_take(const vn__nano_work_t *work, vn_time_ms_t time_ms,
                                  int32_t value) {
  vn_time_ms_t before_ms = work->series->watermark_ms;
  vn_time_ms_t last_ms;
  uint8_t slot = find_slot(work, time_ms, &last_ms);
  vn_nano_pane_t *pane = &work->panes[slot];
  if (vn__nano_is_gone(work, last_ms, before_ms)) {
    return VN_REASON_LATE;
  }
  vn__nano_windows_advance(work, time_ms - work->pipeline->out_of_order_ms - 1, VN_KIND_ON_TIME);
  work->series->slot = slot;
  if (pane->last_ms != last_ms) {
    begin(work, pane, last_ms);
  }
  if (pane->aggregate.count == UINT32_MAX) {
    return VN_REASON_LIMITED;
  }
  insert(work, slot, time_ms, value);
  if (time_ms <= before_ms) {
    vn_tally_bump(&pane->tally, VN_ACCOUNTED_LATE);
    if (last_ms <= before_ms) {
      fire(work, pane, VN_KIND_LATE, before_ms);
    }
  }
  return VN_REASON_NONE;
}
