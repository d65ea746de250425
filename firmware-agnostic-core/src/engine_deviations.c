/* Detectors of deviations: their states beside a series, and what they say to its alerts. */
#include "deviation_priv.h"
#include "engine_slot_priv.h"

#include <string.h>

vn__detectors_t vn__detectors(const vn__work_t *work) {
  const vn_store_t *store = &work->engine->store;
  const vn_pipeline_state_t *pipeline = work->pipeline;
  size_t local = work->state->local;
  return (vn__detectors_t){.residual = store->residuals + pipeline->residual_base +
                                       local * pipeline->geometry.residual_count,
                           .composite = store->composites + pipeline->composite_base +
                                        local * pipeline->geometry.composite_count};
}

void vn__detectors_reset(const vn__work_t *work) {
  const vn_geometry_t *geometry = &work->pipeline->geometry;
  vn__detectors_t first = vn__detectors(work);
  if (geometry->residual_count > 0) {
    memset(first.residual, 0, geometry->residual_count * sizeof *first.residual);
  }
  if (geometry->composite_count > 0) {
    memset(first.composite, 0, geometry->composite_count * sizeof *first.composite);
  }
}

/* That of an alert, in front of those behind it. */
static vn__detectors_t detector_of(const vn__work_t *work, size_t rule) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  vn__detectors_t next = vn__detectors(work);
  for (size_t i = 0; i < rule; i++) {
    vn__detectors_skip(&plan->alerts[i], &next);
  }
  return next;
}

static bool is_composite(const vn__work_t *work, size_t rule) {
  return work->pipeline->plan->alerts[rule].detector == VN_DETECTOR_COMPOSITE;
}

void vn__detector_reset(const vn__work_t *work, size_t rule) {
  vn__detectors_t own = detector_of(work, rule);
  if (is_composite(work, rule)) {
    memset(own.composite, 0, sizeof *own.composite);
  } else {
    memset(own.residual, 0, sizeof *own.residual);
  }
}

void vn__detector_pack(vn__packer_t *packer, const vn__work_t *work, size_t rule) {
  vn__detectors_t own = detector_of(work, rule);
  if (is_composite(work, rule)) {
    vn__composite_pack(packer, own.composite);
  } else {
    vn__residual_pack(packer, own.residual);
  }
}

void vn__detector_unpack(vn__unpacker_t *unpacker, const vn__work_t *work, size_t rule) {
  vn__detectors_t own = detector_of(work, rule);
  if (is_composite(work, rule)) {
    vn__composite_unpack(unpacker, own.composite);
  } else {
    vn__residual_unpack(unpacker, own.residual);
  }
}

static void tell_score(const vn__work_t *work, const vn_alert_plan_t *alert, vn_time_ms_t time_ms,
                       uint32_t score) {
  const vn_observer_t *observer = work->engine->ports.observer;
  if (observer != NULL && observer->score != NULL) {
    vn_score_t told = {alert->name, vn_series_name(&work->engine->table, work->series), time_ms,
                       score};
    observer->score(observer->context, &told);
  }
}

/* The detector learns from the reading, whether it is warm or not. */
static uint32_t score_of(const vn_alert_plan_t *alert, const vn__detectors_t *next,
                         vn_time_ms_t time_ms, int32_t value) {
  bool composite = alert->detector == VN_DETECTOR_COMPOSITE;
  uint32_t readings = composite ? next->composite->readings : next->residual->readings;
  uint32_t score = composite ? vn_composite_add(next->composite, time_ms, value)
                             : vn_residual_add(next->residual, value);
  return readings >= alert->warm_up ? score : 0;
}

void vn__detectors_skip(const vn_alert_plan_t *alert, vn__detectors_t *next) {
  if (alert->rule.condition != VN_ALERT_DEVIATION) {
    return;
  }
  if (alert->detector == VN_DETECTOR_COMPOSITE) {
    next->composite++;
  } else {
    next->residual++;
  }
}

vn_alert_step_t vn__detectors_evaluate(const vn__work_t *work, size_t rule, vn__detectors_t *next,
                                       vn_time_ms_t time_ms, int32_t value) {
  const vn_alert_plan_t *alert = &work->pipeline->plan->alerts[rule];
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  uint32_t score = 0;
  if (!vn_alert_is_late(state, time_ms)) { /* what the alert leaves out teaches nothing either */
    score = score_of(alert, next, time_ms, value);
    tell_score(work, alert, time_ms, score);
  }
  vn__detectors_skip(alert, next);
  const vn_alert_state_t *before = alert->rule.follows ? &vn__alerts(work)[alert->follows] : NULL;
  return vn_alert_score(&alert->rule, state, before, time_ms, score);
}
