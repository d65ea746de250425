/* Alerts of a series: which rules look at what, and telling their transitions. */
#include "engine_priv.h"

/* What caused an evaluation. */
typedef struct cause {
  vn_time_ms_t at_ms;
  int64_t value;
  uint32_t divisor; /* 0: there is no value */
} cause_t;

static bool is_plain_count(const vn_alert_plan_t *alert) {
  return alert->source == VN_ALERT_OF_WINDOW && alert->statistic == VN_STATISTIC_COUNT;
}

static void tell(vn__work_t *work, size_t rule, const vn_alert_step_t *step, const cause_t *cause) {
  vn_engine_t *engine = work->engine;
  const vn_pipeline_t *plan = work->pipeline->plan;
  const vn_alert_plan_t *alert = &plan->alerts[rule];
  const vn_alert_state_t *state = &vn__alerts(work)[rule];
  vn_transition_t transition = {
      .alert = alert->name,
      .severity = alert->severity,
      .pipeline = plan->summary.name,
      .unit = is_plain_count(alert) ? "" : plan->summary.unit,
      .of = alert->of,
      .series = vn_series_name(&engine->table, work->series),
      .rule = &alert->rule,
      .at_ms = cause->at_ms,
      .starts_ms = state->pending_since_ms,
      .ends_ms = state->recovering_since_ms,
      .value = cause->value,
      .value_divisor = cause->divisor,
      .episode = state->episode,
      .exponent = alert->exponent,
      .from = step->from,
      .phase = step->to,
  };
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->alert != NULL) {
    observer->alert(observer->context, &transition);
  }
  vn__output_transition(work, &transition);
}

static void follow(vn__work_t *work, size_t rule, vn_alert_step_t step, const cause_t *cause) {
  if (step.late) {
    work->engine->figures.late_for_alerts++;
  }
  if (step.changed) {
    vn__touch(work->engine, work->state);
    tell(work, rule, &step, cause);
  }
}

void vn__alerts_on_value(vn__work_t *work, vn_time_ms_t time_ms, int32_t value) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  vn__detectors_t detectors = vn__detectors(work);
  for (size_t i = 0; i < plan->alert_count; i++) {
    const vn_alert_plan_t *alert = &plan->alerts[i];
    if (!vn__looks_at_values(alert)) {
      continue;
    }
    vn_alert_step_t step = alert->rule.condition == VN_ALERT_DEVIATION
                               ? vn__detectors_evaluate(work, i, &detectors, time_ms, value)
                               : vn_alert_value(&alert->rule, &vn__alerts(work)[i], time_ms, value);
    if (step.changed || step.late) {
      cause_t cause = {time_ms, value, 1};
      follow(work, i, step, &cause);
    }
  }
}

vn__quotient_t vn__exact_statistic(const vn_window_result_t *result, uint8_t statistic) {
  const vn_aggregate_t *content = result->aggregate;
  switch (statistic) {
    case VN_STATISTIC_COUNT:
      return (vn__quotient_t){content->count, 1};
    case VN_STATISTIC_MIN:
      return (vn__quotient_t){content->min, 1};
    case VN_STATISTIC_MAX:
      return (vn__quotient_t){content->max, 1};
    case VN_STATISTIC_FIRST:
      return (vn__quotient_t){content->first, 1};
    case VN_STATISTIC_LAST:
      return (vn__quotient_t){content->last, 1};
    case VN_STATISTIC_RANGE:
      return (vn__quotient_t){(int64_t)content->max - content->min, 1};
    case VN_STATISTIC_MEAN:
      return (vn__quotient_t){content->sum, content->count};
    default:
      VN_ASSERT(statistic == VN_STATISTIC_SUM);
      return (vn__quotient_t){content->sum, 1};
  }
}

/* Once per window, at its first result that isn't early; revisions change nothing (A10). */
void vn__alerts_on_result(vn__work_t *work, const vn_window_result_t *result) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  if (!vn_window_result_is_first(result)) {
    return;
  }
  for (size_t i = 0; i < plan->alert_count; i++) {
    const vn_alert_plan_t *alert = &plan->alerts[i];
    if (alert->source != VN_ALERT_OF_WINDOW || alert->window != result->window) {
      continue;
    }
    vn__quotient_t value = vn__exact_statistic(result, alert->statistic);
    cause_t cause = {result->end_ms, value.numerator, value.denominator};
    vn_alert_step_t step =
        vn_alert_ratio(&alert->rule, &vn__alerts(work)[i], cause.at_ms, cause.value, cause.divisor);
    follow(work, i, step, &cause);
  }
}

/* The next arrival resolves an absence (A9). */
void vn__alerts_on_arrival(vn__work_t *work) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  for (size_t i = 0; i < plan->alert_count; i++) {
    vn_alert_state_t *state = &vn__alerts(work)[i];
    if (plan->alerts[i].rule.condition != VN_ALERT_ABSENT_FOR || state->phase != VN_ALERT_FIRING) {
      continue;
    }
    vn_alert_step_t step = {.changed = true, .from = VN_ALERT_FIRING, .to = VN_ALERT_NORMAL};
    cause_t cause = {work->engine->arrival_ms, 0, 0};
    state->phase = VN_ALERT_NORMAL;
    state->recovering_since_ms = cause.at_ms;
    follow(work, i, step, &cause);
  }
}

void vn__alerts_on_silence(vn__work_t *work, int64_t now_mono_ms) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  for (size_t i = 0; i < plan->alert_count; i++) {
    const vn_alert_rule_t *rule = &plan->alerts[i].rule;
    vn_alert_state_t *state = &vn__alerts(work)[i];
    if (rule->condition != VN_ALERT_ABSENT_FOR || state->phase != VN_ALERT_NORMAL ||
        now_mono_ms - vn__quiet_since(work->engine, work->state) < rule->period_ms) {
      continue;
    }
    vn_alert_step_t step = {.changed = true, .from = VN_ALERT_NORMAL, .to = VN_ALERT_FIRING};
    cause_t cause = {vn_add_saturating(work->state->last_arrival_wall_ms, rule->period_ms), 0, 0};
    state->phase = VN_ALERT_FIRING;
    state->episode++;
    state->pending_since_ms = cause.at_ms;
    follow(work, i, step, &cause);
  }
}

/* The clock was wrong by so much; delays go on from where they are. */
void vn__alerts_shift(vn__work_t *work, int64_t shift_ms) {
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    vn_alert_state_t *state = &vn__alerts(work)[i];
    state->pending_since_ms = vn_add_saturating(state->pending_since_ms, shift_ms);
    state->recovering_since_ms = vn_add_saturating(state->recovering_since_ms, shift_ms);
    state->last_ms = vn_add_saturating(state->last_ms, shift_ms);
    state->period_since_ms = vn_add_saturating(state->period_since_ms, shift_ms);
  }
}

/* Nobody will ever resolve what a series leaves behind: all of it ends now. */
void vn__alerts_on_end(vn__work_t *work, vn_time_ms_t at_ms) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  for (size_t i = 0; i < plan->alert_count; i++) {
    vn_alert_state_t *state = &vn__alerts(work)[i];
    if (state->phase == VN_ALERT_NORMAL) {
      continue;
    }
    vn_alert_step_t step = {.changed = true, .from = state->phase, .to = VN_ALERT_NORMAL};
    cause_t cause = {at_ms, 0, 0};
    if (state->phase != VN_ALERT_RECOVERING) {
      state->recovering_since_ms = at_ms;
    }
    state->phase = VN_ALERT_NORMAL;
    follow(work, i, step, &cause);
  }
}
