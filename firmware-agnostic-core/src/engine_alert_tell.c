/* What comes of a step of an alert: who is told what. */
#include "engine_alert_priv.h"

static bool is_plain_number(const vn_alert_plan_t *alert) {
  return alert->source == VN_ALERT_OF_WINDOW &&
         (alert->statistic == VN_STATISTIC_COUNT || alert->statistic == VN_STATISTIC_DISTINCT);
}

static vn_transition_t transition_of(const vn__work_t *work, size_t rule,
                                     const vn_alert_step_t *step, const vn__cause_t *cause) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  const vn_alert_plan_t *alert = &plan->alerts[rule];
  const vn_alert_state_t *state = &vn__alerts(work)[rule];
  return (vn_transition_t){
      .alert = alert->name,
      .severity = alert->severity,
      .pipeline = plan->summary.name,
      .unit = is_plain_number(alert) ? "" : plan->summary.unit,
      .of = alert->of,
      .series = vn_series_name(&work->engine->table, work->series),
      .rule = &alert->rule,
      .at_ms = cause->at_ms,
      .starts_ms = state->pending_since_ms,
      .ends_ms = state->recovering_since_ms,
      .value = cause->value,
      .episode = state->episode,
      .exponent = alert->exponent,
      .from = step->from,
      .phase = step->to,
      .level = state->level,
      .high_side = (state->flags & VN_ALERT_FLAG_HIGH) != 0,
      .has_value = cause->has_value,
  };
}

void vn__alert_moved(vn__work_t *work, size_t rule, vn_alert_step_t step,
                     const vn__cause_t *cause) {
  vn_engine_t *engine = work->engine;
  if ((step.what & VN_ALERT_STEP_PHASE) == 0) {
    return;
  }
  vn__touch(engine, work->state);
  vn_transition_t transition = transition_of(work, rule, &step, cause);
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->alert != NULL) {
    observer->alert(observer->context, &transition);
  }
  vn__output_transition(work, &transition);
}

void vn__alert_evaluated(vn__work_t *work, size_t rule, vn_alert_step_t step,
                         const vn__cause_t *cause) {
  if ((step.what & VN_ALERT_STEP_LATE) != 0) {
    work->engine->figures.late_for_alerts++;
  }
  vn__alert_moved(work, rule, step, cause);
}

void vn__alerts_tell_muted(vn__work_t *work, vn_time_ms_t at_ms) {
  (void)work;
  (void)at_ms;
}
