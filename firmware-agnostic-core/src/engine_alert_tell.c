/* What comes of a step of an alert: what is told of it (A8, A12, A25, A26). */
#include "engine_alert_priv.h"

bool vn__alert_has_unit(const vn_alert_plan_t *alert) {
  return alert->source != VN_ALERT_OF_WINDOW ||
         (alert->statistic != VN_STATISTIC_COUNT && alert->statistic != VN_STATISTIC_DISTINCT);
}

const char *vn__alert_severity(const vn_alert_plan_t *alert, const vn_alert_state_t *state) {
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
      .severity = vn__alert_severity(alert, state),
      .pipeline = plan->summary.name,
      .unit = vn__alert_has_unit(alert) ? plan->summary.unit : "",
      .of = alert->of,
      .labels = alert->labels,
      .annotations = alert->annotations,
      .series = vn_series_name(&work->engine->table, work->series),
      .rule = &alert->rule,
      .eager = alert->eager,
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
  vn_engine_t *engine = work->engine;
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  vn__touch(engine, work->state);
  vn__alert_watch(work, rule);
  if (work->pipeline->plan->alerts[rule].quiet) {
    return;
  }
  vn_transition_t transition = transition_of(work, rule, cause);
  transition.event = (uint8_t)event;
  vn__evidence_attach(work, rule, &transition);
  state->revision++;
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->event != NULL) {
    observer->event(observer->context, &transition);
  }
  vn__output_event(engine, &transition);
  if (engine->ports.uplink != NULL) {
    vn__owe(work);
  }
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

static bool is_open(uint8_t shown) {
  return shown == VN_ALERT_FIRING || shown == VN_ALERT_RECOVERING;
}

/* Who is the first of a group is known before it counts itself (A31). */
static void count_in_group(const vn__work_t *work, size_t rule, vn_alert_step_t step) {
  uint8_t group = work->pipeline->plan->alerts[rule].group;
  if (group == 0) {
    return;
  }
  uint32_t *open = &work->engine->group_open[group - 1];
  if ((step.what & VN_ALERT_STEP_BEGAN) != 0 && *open == 0) {
    vn__alerts(work)[rule].flags |= VN_ALERT_FLAG_FIRST;
  }
  VN_ASSERT(!is_open(step.from) || *open > 0);
  *open = *open + is_open(step.to) - is_open(step.from);
}

static void begin(vn__work_t *work, size_t rule, const vn__cause_t *cause) {
  if (work->pipeline->plan->alerts[rule].quiet) {
    return;
  }
  vn__alert_count_begun(work->engine);
  if (!vn__alert_tell_firing(work, rule, cause)) {
    work->engine->figures.muted++;
  }
}

/* Those who know that it began learn that it ended; who shelved it for once is served (A27). */
static void end(vn__work_t *work, size_t rule, const vn__cause_t *cause) {
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  vn__evidence_end(work, rule, cause->at_ms);
  if ((state->flags & VN_ALERT_FLAG_TOLD) != 0) {
    vn__alert_tell(work, rule, VN_ALERT_EVENT_RESOLVED, cause);
  }
  if ((state->flags & VN_ALERT_FLAG_SHELVED_ONCE) != 0) {
    state->flags = (uint16_t)(state->flags & ~(VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_SHELVED_ONCE));
    vn__alert_tell(work, rule, VN_ALERT_EVENT_UNSHELVED, cause);
  }
}

static void tell_silence(vn__work_t *work, size_t rule, vn_alert_step_t step,
                         const vn__cause_t *cause) {
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  bool lost = step.to == VN_ALERT_NO_DATA && step.from != VN_ALERT_NO_DATA;
  bool found = step.from == VN_ALERT_NO_DATA && step.to != VN_ALERT_NO_DATA;
  if (lost && !vn__alert_is_aside(work, rule)) {
    state->flags |= VN_ALERT_FLAG_TOLD_NO_DATA;
    vn__alert_tell(work, rule, VN_ALERT_EVENT_NO_DATA, cause);
  }
  if (found && (state->flags & VN_ALERT_FLAG_TOLD_NO_DATA) != 0) {
    state->flags = (uint16_t)(state->flags & ~VN_ALERT_FLAG_TOLD_NO_DATA);
    vn__alert_tell(work, rule, VN_ALERT_EVENT_DATA, cause);
  }
}

/* Those who know that it fires learn what becomes of that, unless it is set aside (A26). */
static bool is_followed(const vn__work_t *work, size_t rule) {
  return (vn__alerts(work)[rule].flags & VN_ALERT_FLAG_TOLD) != 0 &&
         !vn__alert_is_aside(work, rule);
}

void vn__alert_moved(vn__work_t *work, size_t rule, vn_alert_step_t step,
                     const vn__cause_t *cause) {
  if (step.what == 0) {
    return;
  }
  vn__touch(work->engine, work->state);
  count_in_group(work, rule, step);
  show(work, rule, step, cause);
  tell_silence(work, rule, step, cause);
  if ((step.what & VN_ALERT_STEP_BEGAN) != 0) {
    begin(work, rule, cause);
  }
  if ((step.what & VN_ALERT_STEP_LATCHED) != 0 && is_followed(work, rule)) {
    vn__alert_tell(work, rule, VN_ALERT_EVENT_LATCHED, cause);
  }
  if ((step.what & VN_ALERT_STEP_ENDED) != 0) {
    end(work, rule, cause);
  }
  vn__alert_watch(work, rule);
}

/* An evaluation that found an episode and leaves it firing (A12, A24, A26). */
static void go_on(vn__work_t *work, size_t rule, vn_alert_step_t step, const vn__cause_t *cause) {
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  if ((state->flags & VN_ALERT_FLAG_TOLD) == 0) {
    (void)vn__alert_tell_firing(work, rule, cause);
  } else if ((step.what & VN_ALERT_STEP_LEVEL) != 0) {
    if (is_followed(work, rule)) {
      bool higher = state->level > step.from_level;
      state->told_ms = cause->at_ms;
      vn__alert_tell(work, rule, higher ? VN_ALERT_EVENT_ESCALATED : VN_ALERT_EVENT_EASED, cause);
    }
  } else if (cause->was_firing) {
    vn__alert_repeat(work, rule, cause);
  }
}

bool vn__alert_evaluated(vn__work_t *work, size_t rule, vn_alert_step_t step,
                         const vn__cause_t *cause) {
  if ((step.what & (VN_ALERT_STEP_LATE | VN_ALERT_STEP_NONE)) != 0) {
    work->engine->figures.late_for_alerts += (step.what & VN_ALERT_STEP_LATE) != 0;
    return false;
  }
  vn__alert_moved(work, rule, step, cause);
  if (vn__alerts(work)[rule].phase == VN_ALERT_FIRING && (step.what & VN_ALERT_STEP_BEGAN) == 0) {
    go_on(work, rule, step, cause);
  }
  return true;
}

void vn__alerts_resume(vn__work_t *work) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  for (size_t i = 0; i < plan->alert_count; i++) {
    uint8_t group = plan->alerts[i].group;
    if (group > 0 && is_open((uint8_t)vn_alert_shown(&vn__alerts(work)[i]))) {
      work->engine->group_open[group - 1]++;
    }
    /* A plan before this one may have waited for data: their return is still to be told. */
    bool silent = (vn__alerts(work)[i].flags & VN_ALERT_FLAG_NO_DATA) != 0;
    work->pipeline->has_absence = work->pipeline->has_absence || silent;
    vn__alert_watch(work, i);
  }
}
