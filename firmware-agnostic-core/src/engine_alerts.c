/* Alerts of a series: which rules look at what. What comes of it: engine_alert_tell.c. */
#include "engine_alert_priv.h"

#include "summary_priv.h"

/* The alert that comes first in a pattern. */
static const vn_alert_state_t *leader(const vn__work_t *work, const vn_alert_plan_t *alert) {
  return alert->rule.follows ? &vn__alerts(work)[alert->follows] : NULL;
}

/* Whether it was an evaluation. */
static bool evaluate_value(vn__work_t *work, size_t rule, vn__detectors_t *detectors,
                           vn_time_ms_t time_ms, int32_t value) {
  const vn_alert_plan_t *alert = &work->pipeline->plan->alerts[rule];
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  vn__cause_t cause = {.at_ms = time_ms,
                       .value = {value, 1, 0, 0},
                       .has_value = true,
                       .was_firing = state->phase == VN_ALERT_FIRING};
  vn_alert_step_t step;
  if (alert->rule.condition == VN_ALERT_DEVIATION) {
    step = vn__detectors_evaluate(work, rule, detectors, time_ms, value);
  } else {
    if (alert->rule.condition == VN_ALERT_RATE) {
      cause.value = vn_alert_rate(&alert->rule, state, time_ms, value);
    }
    step = vn_alert_value(&alert->rule, state, leader(work, alert), time_ms, value);
  }
  return vn__alert_evaluated(work, rule, step, &cause);
}

bool vn__alerts_rest_in_time(const vn__work_t *work, int32_t value) {
  const vn_alert_plan_t *alert = work->pipeline->plan->alerts;
  vn_alert_state_t *state = vn__alerts(work);
  for (unsigned left = work->pipeline->by_time; left != 0; left >>= 1, state++, alert++) {
    if ((left & 1u) != 0 && !vn_alert_rests_in_time(&alert->rule, state, work->time_ms, value)) {
      return false;
    }
  }
  return true;
}

/* The short way, for conditions of all kinds. */
static bool rests(const vn_alert_rule_t *rule, vn_alert_state_t *state, vn_time_ms_t time_ms,
                  int32_t value) {
  return vn_alert_goes_by_time(rule) ? vn_alert_rests_in_time(rule, state, time_ms, value)
                                     : vn_alert_rests(state, time_ms, value);
}

/* One that fires and has more to tell is looked at in full each time. */
static bool has_more_to_tell(const vn_alert_plan_t *alert, const vn_alert_state_t *state) {
  bool told = alert->quiet || (state->flags & VN_ALERT_FLAG_TOLD) != 0;
  return state->phase == VN_ALERT_FIRING && (!told || alert->repeat_every_ms > 0);
}

void vn__alerts_evaluate(vn__work_t *work, unsigned alerts, vn_time_ms_t time_ms, int32_t value) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  vn_alert_state_t *states = vn__alerts(work);
  vn__detectors_t detectors = vn__detectors(work);
  bool evaluated = false;
  for (size_t i = 0; i < plan->alert_count; i++) {
    const vn_alert_plan_t *alert = &plan->alerts[i];
    if ((alerts >> i & 1u) == 0) {
      vn__detectors_skip(alert, &detectors);
    } else if (rests(&alert->rule, &states[i], time_ms, value)) {
      evaluated = true;
    } else if (evaluate_value(work, i, &detectors, time_ms, value)) {
      evaluated = true;
      if (has_more_to_tell(alert, &states[i])) {
        vn_alert_wake(&states[i]);
      }
    }
  }
  if (evaluated) {
    vn__alerts_tell_muted(work, time_ms);
  }
}

void vn__alerts_on_value(vn__work_t *work, int32_t value) {
  unsigned alerts = (unsigned)work->pipeline->by_value | work->pipeline->by_time;
  vn__alerts_evaluate(work, alerts, work->time_ms, value);
}

/* The mean is exact as a quotient, what is an integer as such; the rest are floats. */
static vn_alert_value_t statistic_value(const vn_alert_plan_t *alert, int exponent,
                                        const vn_window_result_t *result) {
  vn_statistic_t statistic = (vn_statistic_t)alert->statistic;
  if (alert->rule.real) {
    return (vn_alert_value_t){.real = vn__statistic_float(result, statistic, exponent)};
  }
  if (statistic == VN_STATISTIC_MEAN) {
    return (vn_alert_value_t){result->aggregate->sum, result->aggregate->count, 0, 0};
  }
  return (vn_alert_value_t){vn__statistic_integer(result, statistic), 1, 0, 0};
}

/* The least-squares line of a window at its end, and later (A15). */
static vn_alert_value_t line_value(const vn_alert_plan_t *alert, int exponent,
                                   vn_time_ms_t begin_ms, vn_time_ms_t end_ms,
                                   const vn_window_result_t *result) {
  const double second_ms = 1000.0;
  double mean = vn__statistic_float(result, VN_STATISTIC_MEAN, exponent);
  double slope = vn__statistic_float(result, VN_STATISTIC_SLOPE, exponent);
  double since_ms = (double)vn_sub_saturating(end_ms, begin_ms) - result->extra->middle_ms;
  double later_ms = since_ms + (double)alert->rule.period_ms;
  return (vn_alert_value_t){.real = mean + slope * (later_ms / second_ms),
                            .real_end = mean + slope * (since_ms / second_ms)};
}

static bool is_line(const vn_alert_rule_t *rule) {
  return rule->condition == VN_ALERT_REACHES || rule->condition == VN_ALERT_FALLS_TO;
}

/* When it is evaluated: a count window ends with its last reading. */
static vn_time_ms_t evaluated_ms(const vn_pipeline_t *plan, const vn_window_result_t *result) {
  bool counts = plan->summary.windows[result->window].shape == VN_WINDOW_COUNT;
  return counts ? result->aggregate->last_ms : result->end_ms;
}

/* Whether it was an evaluation. */
static bool evaluate_result(vn__work_t *work, size_t rule, const vn_window_result_t *result) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  const vn_alert_plan_t *alert = &plan->alerts[rule];
  if (vn__statistics_of(result, VN_STATISTIC_BIT(alert->statistic)) == 0) {
    return false;
  }
  bool counts = plan->summary.windows[alert->window].shape == VN_WINDOW_COUNT;
  vn_time_ms_t begin_ms = counts ? result->aggregate->first_ms : result->start_ms;
  vn_time_ms_t end_ms = evaluated_ms(plan, result);
  int exponent = plan->summary.exponent;
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  vn__cause_t cause = {.at_ms = end_ms,
                       .has_value = true,
                       .result = result,
                       .was_firing = state->phase == VN_ALERT_FIRING};
  cause.value = is_line(&alert->rule) ? line_value(alert, exponent, begin_ms, end_ms, result)
                                      : statistic_value(alert, exponent, result);
  vn_alert_step_t step =
      vn_alert_statistic(&alert->rule, state, leader(work, alert), end_ms, &cause.value);
  return vn__alert_evaluated(work, rule, step, &cause);
}

/* Once per window, at its first result that isn't early; revisions change nothing (A10). */
void vn__alerts_on_result(vn__work_t *work, const vn_window_result_t *result) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  if (!vn_window_result_is_first(result)) {
    return;
  }
  bool evaluated = false;
  for (size_t i = 0; i < plan->alert_count; i++) {
    const vn_alert_plan_t *alert = &plan->alerts[i];
    if (alert->source == VN_ALERT_OF_WINDOW && alert->window == result->window) {
      bool one = evaluate_result(work, i, result);
      evaluated = evaluated || one;
    }
  }
  if (evaluated) {
    vn__alerts_tell_muted(work, evaluated_ms(plan, result));
  }
}

/* The clock was wrong by so much; delays go on from where they are. */
void vn__alerts_shift(vn__work_t *work, int64_t shift_ms) {
  vn__evidence_shift(work, shift_ms);
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    vn_alert_state_t *state = &vn__alerts(work)[i];
    vn_time_ms_t *const times[] = {
        &state->last_ms,          &state->pending_since_ms, &state->recovering_since_ms,
        &state->period_since_ms,  &state->verdict_ms,       &state->told_ms,
        &state->shelved_until_ms, &state->begun_ms};
    for (size_t t = 0; t < sizeof times / sizeof *times; t++) {
      *times[t] = vn_add_saturating(*times[t], shift_ms);
    }
  }
  vn__alerts_shift_waiting(work, shift_ms);
}

/* Nobody will ever resolve what a series leaves behind: all of it ends now (A32). */
void vn__alerts_on_end(vn__work_t *work, vn_time_ms_t at_ms) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  for (size_t i = 0; i < plan->alert_count; i++) {
    vn__cause_t cause = {.at_ms = at_ms};
    vn_alert_state_t *state = &vn__alerts(work)[i];
    state->flags = (uint16_t)(state->flags & ~VN_ALERT_FLAG_TOLD_NO_DATA); /* no data came */
    vn__alert_moved(work, i, vn_alert_end(state, at_ms), &cause);
  }
}
