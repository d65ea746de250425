/* What comes of a step of an alert: who is told what. */
#include "engine_alert_priv.h"

static bool is_plain_number(const vn_alert_plan_t *alert) {
  return alert->source == VN_ALERT_OF_WINDOW &&
         (alert->statistic == VN_STATISTIC_COUNT || alert->statistic == VN_STATISTIC_DISTINCT);
}

static const char *severity_of(const vn_alert_plan_t *alert, const vn_alert_state_t *state) {
  bool graded = alert->rule.condition == VN_ALERT_LEVELS && state->level > 0;
  return graded ? alert->severities[state->level - 1] : alert->severity;
}

/* An episode that recovers, or the last one when it is over and no other begins. */
static bool has_end(const vn_alert_state_t *state) {
  return state->phase == VN_ALERT_RECOVERING ||
         (state->phase == VN_ALERT_NORMAL && state->episode > 0);
}

static vn_transition_t transition_of(const vn__work_t *work, size_t rule,
                                     const vn__cause_t *cause) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  const vn_alert_plan_t *alert = &plan->alerts[rule];
  const vn_alert_state_t *state = &vn__alerts(work)[rule];
  uint8_t phase = (uint8_t)vn_alert_shown(state);
  return (vn_transition_t){
      .alert = alert->name,
      .severity = severity_of(alert, state),
      .pipeline = plan->summary.name,
      .unit = is_plain_number(alert) ? "" : plan->summary.unit,
      .of = alert->of,
      .labels = alert->labels,
      .annotations = alert->annotations,
      .series = vn_series_name(&work->engine->table, work->series),
      .rule = &alert->rule,
      .at_ms = cause->at_ms,
      .starts_ms = state->pending_since_ms,
      .ends_ms = state->recovering_since_ms,
      .shelved_until_ms = state->shelved_until_ms,
      .value = cause->value,
      .by = cause->by,
      .comment = cause->comment,
      .result = cause->result,
      .window = cause->result != NULL ? &plan->summary.windows[cause->result->window] : NULL,
      .no_data_after_ms = alert->no_data_after_ms,
      .episode = state->episode,
      .revision = state->revision,
      .flags = state->flags,
      .exponent = alert->exponent,
      .from = phase,
      .phase = phase,
      .event = VN_ALERT_EVENT_COUNT,
      .level = state->level,
      .high_side = (state->flags & VN_ALERT_FLAG_HIGH) != 0,
      .has_value = cause->has_value,
      .has_end = has_end(state),
      .has_group = alert->group > 0,
      .first_in_group = (state->flags & VN_ALERT_FLAG_FIRST) != 0,
  };
}

void vn__alert_tell(vn__work_t *work, size_t rule, vn_alert_event_t event,
                    const vn__cause_t *cause) {
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  vn_transition_t transition = transition_of(work, rule, cause);
  transition.event = (uint8_t)event;
  if (state->revision < UINT16_MAX) {
    state->revision++;
  }
  vn__touch(work->engine, work->state);
  const vn_observer_t *observer = work->engine->ports.observer;
  if (observer != NULL && observer->event != NULL) {
    observer->event(observer->context, &transition);
  }
  vn__output_event(work, &transition);
}

static void show(const vn__work_t *work, size_t rule, vn_alert_step_t step,
                 const vn__cause_t *cause) {
  const vn_observer_t *observer = work->engine->ports.observer;
  if ((step.what & VN_ALERT_STEP_PHASE) != 0 && observer != NULL && observer->alert != NULL) {
    vn_transition_t transition = transition_of(work, rule, cause);
    transition.from = step.from;
    observer->alert(observer->context, &transition);
  }
}

void vn__alert_moved(vn__work_t *work, size_t rule, vn_alert_step_t step,
                     const vn__cause_t *cause) {
  if ((step.what & ~VN_ALERT_STEP_LATE) == 0) {
    return;
  }
  vn__touch(work->engine, work->state);
  show(work, rule, step, cause);
  if ((step.what & VN_ALERT_STEP_BEGAN) != 0) {
    vn__alert_tell(work, rule, VN_ALERT_EVENT_FIRING, cause);
  }
  if ((step.what & VN_ALERT_STEP_ENDED) != 0) {
    vn__alert_tell(work, rule, VN_ALERT_EVENT_RESOLVED, cause);
  }
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
