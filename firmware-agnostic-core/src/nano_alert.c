/* The alert of the nano runtime: what an evaluation comes to, and who is told of it. */
#include "nano_priv.h"

static void tell(const vn__nano_work_t *work, vn_time_ms_t time_ms, int32_t value, bool firing) {
  vn_alert_state_t *state = &work->series->alert;
  vn__nano_notice_t notice = {.at_ms = time_ms,
                              .starts_ms = state->pending_since_ms,
                              .ends_ms = state->recovering_since_ms,
                              .seq = work->nano->seq,
                              .episode = state->episode,
                              .revision = state->revision,
                              .value = value,
                              .series = work->index,
                              .firing = firing,
                              .parts = {VN_OUTBOX_NEW, VN_OUTBOX_NEW},
                              .boot = work->nano->boot};
  state->revision++;
  work->nano->figures.alerts++;
  work->nano->seq += 2;
  vn__nano_put_notice(work->nano, &notice);
}

void vn__nano_alert(const vn__nano_work_t *work, vn_time_ms_t time_ms, int32_t value) {
  if (work->pipeline->alert_count == 0) {
    return;
  }
  vn_alert_step_t step =
      vn_alert_threshold(&work->pipeline->alerts->rule, &work->series->alert, time_ms, value);
  if ((step.what & (VN_ALERT_STEP_BEGAN | VN_ALERT_STEP_ENDED)) != 0) {
    tell(work, time_ms, value, (step.what & VN_ALERT_STEP_BEGAN) != 0);
  }
}
