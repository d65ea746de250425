/* What mutes an alert, and what is told when nothing does so any more (A24, A26 to A30). */
#include "engine_alert_priv.h"

static bool is_shelved_for_a_time(const vn_alert_state_t *state) {
  return (state->flags & (VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_SHELVED_ONCE)) ==
         VN_ALERT_FLAG_SHELVED;
}

bool vn__alert_is_aside(const vn__work_t *work, size_t rule) {
  const vn_alert_state_t *state = &vn__alerts(work)[rule];
  if (work->pipeline->plan->alerts[rule].quiet ||
      (state->flags & (VN_ALERT_FLAG_OUT_OF_SERVICE | VN_ALERT_FLAG_SHELVED_ONCE)) != 0) {
    return true;
  }
  return is_shelved_for_a_time(state) && vn__now_ms(work->engine) < state->shelved_until_ms;
}

/* A cause that fires, or recovers; neither one that waits for a reset nor one without data. */
static bool inhibits(const vn_alert_state_t *state) {
  return vn_alert_is_open(state) &&
         (state->flags & (VN_ALERT_FLAG_LATCHED | VN_ALERT_FLAG_NO_DATA)) == 0;
}

static bool is_inhibited(const vn__work_t *work, const vn_alert_plan_t *alert) {
  const vn_alert_state_t *states = vn__alerts(work);
  unsigned causes = alert->inhibited_by;
  for (size_t i = 0; causes >> i != 0; i++) {
    if ((causes >> i & 1u) != 0 && inhibits(&states[i])) {
      return true;
    }
  }
  return false;
}

/* Fires, and nobody was told, though somebody may be. */
static bool is_untold(const vn_alert_plan_t *alert, const vn_alert_state_t *state) {
  return !alert->quiet && state->phase == VN_ALERT_FIRING &&
         (state->flags & VN_ALERT_FLAG_TOLD) == 0;
}

void vn__alert_watch(vn__work_t *work, size_t rule) {
  const vn_alert_state_t *state = &vn__alerts(work)[rule];
  if (is_untold(&work->pipeline->plan->alerts[rule], state) || is_shelved_for_a_time(state)) {
    work->state->flags |= VN__SERIES_WATCHED;
    work->engine->watching = true;
  }
}

bool vn__alert_tell_firing(vn__work_t *work, size_t rule, const vn__cause_t *cause) {
  const vn_alert_plan_t *alert = &work->pipeline->plan->alerts[rule];
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  if (!is_untold(alert, state) || vn__alert_is_aside(work, rule) || is_inhibited(work, alert) ||
      (!alert->urgent && !vn__flood_admits(work->engine, vn__now_ms(work->engine)))) {
    return false;
  }
  state->flags |= VN_ALERT_FLAG_TOLD;
  state->told_ms = cause->at_ms;
  vn__alert_tell(work, rule, VN_ALERT_EVENT_FIRING, cause);
  return true;
}

void vn__alert_repeat(vn__work_t *work, size_t rule, const vn__cause_t *cause) {
  const vn_alert_plan_t *alert = &work->pipeline->plan->alerts[rule];
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  unsigned wanted = VN_ALERT_FLAG_TOLD;
  if (alert->repeat_every_ms == 0 ||
      (state->flags & (VN_ALERT_FLAG_TOLD | VN_ALERT_FLAG_ACKNOWLEDGED)) != wanted ||
      cause->at_ms < vn_add_saturating(state->told_ms, alert->repeat_every_ms) ||
      (!alert->urgent && work->engine->flood.on) || vn__alert_is_aside(work, rule)) {
    return;
  }
  state->told_ms = cause->at_ms;
  vn__alert_tell(work, rule, VN_ALERT_EVENT_REPEATED, cause);
}

void vn__alerts_tell_muted(vn__work_t *work, vn_time_ms_t at_ms) {
  if ((work->state->flags & VN__SERIES_WATCHED) == 0) {
    return;
  }
  const vn__cause_t cause = {.at_ms = at_ms};
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    (void)vn__alert_tell_firing(work, i, &cause);
  }
}

static void end_shelving(vn__work_t *work, vn_time_ms_t at_ms) {
  const vn__cause_t cause = {.at_ms = at_ms};
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    vn_alert_state_t *state = &vn__alerts(work)[i];
    if (is_shelved_for_a_time(state) && at_ms >= state->shelved_until_ms) {
      state->flags = (uint16_t)(state->flags & ~VN_ALERT_FLAG_SHELVED);
      vn__touch(work->engine, work->state);
      vn__alert_tell(work, i, VN_ALERT_EVENT_UNSHELVED, &cause);
    }
  }
}

void vn__alerts_begin_tick(vn_engine_t *engine) {
  vn__flood_end(engine, vn__now_ms(engine));
  engine->watching = false; /* unless one of the series that are looked at now still waits */
}

static void repeat_absences(vn__work_t *work, vn_time_ms_t at_ms) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  const vn__cause_t cause = {.at_ms = at_ms};
  for (size_t i = 0; i < plan->alert_count; i++) {
    if (plan->alerts[i].rule.condition == VN_ALERT_ABSENT_FOR &&
        vn__alerts(work)[i].phase == VN_ALERT_FIRING) {
      vn__alert_repeat(work, i, &cause);
    }
  }
}

void vn__alerts_on_tick(vn__work_t *work, int64_t now_mono_ms) {
  if ((work->state->flags & VN__SERIES_WATCHED) != 0) {
    end_shelving(work, vn__now_ms(work->engine));
  }
  if (work->pipeline->has_absence) {
    repeat_absences(work, vn__now_ms(work->engine));
    vn__alerts_on_silence(work, now_mono_ms);
  }
}

void vn__alerts_end_tick(vn__work_t *work) {
  if ((work->state->flags & VN__SERIES_WATCHED) == 0) {
    return;
  }
  vn__alerts_tell_muted(work, vn__now_ms(work->engine));
  work->state->flags &= (uint8_t)~VN__SERIES_WATCHED;
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    vn__alert_watch(work, i);
  }
}
