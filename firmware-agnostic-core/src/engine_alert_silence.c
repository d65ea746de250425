/* Silence: alerts that fire for it, alerts that have no data meanwhile, and the next arrival. */
#include "engine_alert_priv.h"

static void fall_silent(vn__work_t *work, size_t rule, int64_t quiet_ms) {
  const vn_alert_plan_t *alert = &work->pipeline->plan->alerts[rule];
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  bool absence = alert->rule.condition == VN_ALERT_ABSENT_FOR;
  int64_t patience_ms =
      absence ? vn_alert_patience_ms(&alert->rule, state) : alert->no_data_after_ms;
  bool is_silent = absence ? state->phase != VN_ALERT_NORMAL
                           : (state->flags & VN_ALERT_FLAG_NO_DATA) != 0 || patience_ms == 0;
  if (is_silent || quiet_ms < patience_ms) {
    return;
  }
  vn__cause_t cause = {.at_ms = vn_add_saturating(work->state->last_arrival_wall_ms, patience_ms)};
  work->state->silent = true;
  vn__alert_moved(work, rule,
                  absence ? vn_alert_fall_silent(state, cause.at_ms) : vn_alert_lose_data(state),
                  &cause);
}

void vn__alerts_on_silence(vn__work_t *work, int64_t now_mono_ms) {
  int64_t quiet_ms = now_mono_ms - vn__quiet_since(work->engine, work->state);
  if (quiet_ms < work->pipeline->patience_ms) {
    return;
  }
  for (size_t i = 0; i < work->pipeline->plan->alert_count; i++) {
    fall_silent(work, i, quiet_ms);
  }
}

/* The next arrival resolves an absence (A9), and is data again (A21). */
void vn__alerts_on_arrival(vn__work_t *work, int64_t gap_ms) {
  const vn_pipeline_t *plan = work->pipeline->plan;
  vn__cause_t cause = {.at_ms = work->engine->arrival_ms};
  for (size_t i = 0; i < plan->alert_count; i++) {
    vn_alert_state_t *state = &vn__alerts(work)[i];
    if ((state->flags & VN_ALERT_FLAG_NO_DATA) != 0) {
      vn__alert_moved(work, i, vn_alert_find_data(state), &cause);
    }
    if (plan->alerts[i].rule.condition != VN_ALERT_ABSENT_FOR) {
      continue;
    }
    if (state->phase == VN_ALERT_FIRING) {
      vn__alert_moved(work, i, vn_alert_speak(state, cause.at_ms), &cause);
    } else if (gap_ms >= 0 && plan->alerts[i].rule.times > 0) {
      vn_alert_learn_gap(state, gap_ms);
    }
  }
}

void vn__alerts_learn_gap(const vn__work_t *work, int64_t gap_ms) {
  vn_alert_state_t *state = vn__alerts(work);
  for (unsigned left = work->pipeline->learning; left != 0; left >>= 1, state++) {
    if ((left & 1u) != 0) {
      vn_alert_learn_gap(state, gap_ms);
    }
  }
}
