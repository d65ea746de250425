/* Alerts in order of time: readings wait until the watermark has passed them (A20). */
#include "engine_alert_priv.h"

#include "reorder_priv.h"

#include <string.h>

static vn_reorder_t buffer_of(const vn__work_t *work) {
  const vn_store_t *store = &work->engine->store;
  const vn_pipeline_state_t *pipeline = work->pipeline;
  size_t local = work->state->local;
  uint16_t capacity = pipeline->plan->alert_reorder;
  return (vn_reorder_t){
      .state = store->alert_orders + pipeline->alert_order_base + local,
      .entries = store->alert_entries + pipeline->alert_entry_base + local * capacity,
      .capacity = capacity};
}

static void evaluate(void *context, const vn_point_t *reading) {
  vn__work_t *work = context;
  vn__alerts_evaluate(work, work->pipeline->in_order, reading->time_ms, reading->value);
}

void vn__alerts_pass(vn__work_t *work, vn_time_ms_t watermark_ms) {
  if (!vn__alerts_wait(work)) {
    return;
  }
  vn_reorder_t buffer = buffer_of(work);
  vn_reorder_sink_t sink = {evaluate, work};
  if (vn_reorder_drain(&buffer, watermark_ms, &sink) > 0) {
    vn__touch(work->engine, work->state);
  }
}

/* Where it stands, or where this reading takes it. */
static vn_time_ms_t watermark_with(const vn__work_t *work) {
  vn_time_ms_t own_ms = work->time_ms - work->pipeline->plan->out_of_order_ms - 1;
  vn_time_ms_t watermark_ms = work->state->window.watermark_ms;
  return own_ms > watermark_ms ? own_ms : watermark_ms;
}

/* What leaves first makes room for it; then it may be behind the watermark itself. A common
 * watermark that others took further passes it later, with the windows. */
void vn__alerts_put(vn__work_t *work, int32_t value) {
  vn_time_ms_t watermark_ms = watermark_with(work);
  vn_reorder_t buffer = buffer_of(work);
  vn_reorder_sink_t sink = {evaluate, work};
  vn_point_t reading = {work->time_ms, value};
  (void)vn_reorder_drain(&buffer, watermark_ms, &sink);
  vn_reorder_add(&buffer, &reading, &sink);
  if (work->time_ms <= watermark_ms) {
    (void)vn_reorder_drain(&buffer, watermark_ms, &sink);
  }
  if (work->pipeline->plan->summary.window_count == 0) {
    work->state->window.watermark_ms = watermark_ms; /* no window does it */
  }
}

vn_time_ms_t vn__alerts_newest(const vn__work_t *work) {
  vn_reorder_t buffer = buffer_of(work);
  bool waits = vn__alerts_wait(work) && buffer.state->count > 0;
  return waits ? buffer.state->base_ms + buffer.entries[buffer.state->count - 1].offset_ms
               : VN_TIME_MINUS_INFINITY;
}

void vn__alerts_shift_waiting(const vn__work_t *work, int64_t shift_ms) {
  if (vn__alerts_wait(work)) {
    vn_reorder_state_t *state = buffer_of(work).state;
    state->base_ms = vn_add_saturating(state->base_ms, shift_ms);
  }
}

void vn__alerts_drop_waiting(const vn__work_t *work) {
  if (vn__alerts_wait(work)) {
    vn_reorder_t buffer = buffer_of(work);
    vn_reorder_clear(&buffer);
  }
}

void vn__alerts_reset(const vn__work_t *work) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  if (plan->alert_count > 0) {
    memset(vn__alerts(work), 0, plan->alert_count * sizeof(vn_alert_state_t));
  }
  vn__alerts_drop_waiting(work);
}

size_t vn__alerts_waiting_max(const vn_pipeline_t *pipeline) {
  return pipeline->alert_reorder > 0 ? VN_REORDER_SAVE_MAX((size_t)pipeline->alert_reorder) : 0;
}

void vn__alerts_pack_waiting(vn__packer_t *packer, const vn__work_t *work) {
  if (vn__alerts_wait(work)) {
    vn_reorder_t buffer = buffer_of(work);
    vn__reorder_pack(packer, &buffer);
  }
}

void vn__alerts_unpack_waiting(vn__unpacker_t *unpacker, const vn__work_t *work) {
  if (vn__alerts_wait(work)) {
    vn_reorder_t buffer = buffer_of(work);
    vn__reorder_unpack(unpacker, &buffer);
  }
}
