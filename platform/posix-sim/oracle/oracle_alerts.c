/* Alerts of values with one limit: A1 to A7. */
#include "oracle_model.h"

static const char *const words[] = {"normal", "pending", "firing", "recovering"};

/* A step, for whoever prints them; and, at the begin and the end of an episode, for subscribers. */
static void go(const vn__model_t *model, size_t alert, vn__watch_t *watch, vn__phase_t phase,
               const vn_oracle_reading_t *reading) {
  const vn_oracle_transition_t transition = {
      .state = words[phase],
      .at_ms = reading->time_ms,
      .starts_ms = watch->starts_ms,
      .ends_ms = watch->since_ms,
      .cause = model->state->counts.received,
      .series = model->series,
      .alert = alert,
      .episode = watch->episode,
      .value = reading->value,
      .told = (phase == VN__FIRING && watch->phase != VN__RECOVERING) ||
              (phase == VN__NORMAL && watch->phase != VN__PENDING)};
  watch->phase = phase;
  if (transition.told) {
    watch->told = transition;
    watch->has_told = true;
  }
  if (model->sink->transition != NULL) {
    model->sink->transition(model->sink->context, &transition);
  }
}

static bool holds(const vn_oracle_alert_t *alert, bool held, int64_t value) {
  int64_t limit = held ? alert->clear : alert->limit;
  return alert->below ? value < limit : value > limit;
}

static void step_closed(const vn__model_t *model, size_t place, vn__watch_t *watch,
                        const vn_oracle_reading_t *reading) {
  const vn_oracle_alert_t *alert = &model->plan->alerts[place];
  if (!watch->holds) {
    if (watch->phase == VN__PENDING) {
      go(model, place, watch, VN__NORMAL, reading);
    }
    return;
  }
  if (watch->phase == VN__NORMAL) {
    watch->starts_ms = reading->time_ms;
  }
  if (reading->time_ms >= watch->starts_ms + alert->for_ms) {
    watch->episode++;
    go(model, place, watch, VN__FIRING, reading);
  } else if (watch->phase == VN__NORMAL) {
    go(model, place, watch, VN__PENDING, reading);
  }
}

static void step_open(const vn__model_t *model, size_t place, vn__watch_t *watch,
                      const vn_oracle_reading_t *reading) {
  const vn_oracle_alert_t *alert = &model->plan->alerts[place];
  if (watch->holds) {
    if (watch->phase == VN__RECOVERING) {
      go(model, place, watch, VN__FIRING, reading);
    }
    return;
  }
  if (watch->phase == VN__FIRING) {
    watch->since_ms = reading->time_ms;
    go(model, place, watch, alert->keep_ms > 0 ? VN__RECOVERING : VN__NORMAL, reading);
  } else if (reading->time_ms >= watch->since_ms + alert->keep_ms) {
    go(model, place, watch, VN__NORMAL, reading);
  }
}

void vn__oracle_model_alerts(const vn__model_t *model, const vn_oracle_reading_t *reading) {
  for (size_t i = 0; i < model->pipeline->alert_count; i++) {
    size_t place = model->pipeline->alerts[i];
    vn__watch_t *watch = vn__oracle_list_at(&model->state->watches, i);
    if (watch->evaluated && reading->time_ms < watch->evaluated_ms) {
      continue;
    }
    watch->evaluated = true;
    watch->evaluated_ms = reading->time_ms;
    watch->holds = holds(&model->plan->alerts[place], watch->holds, reading->value);
    if (watch->phase == VN__NORMAL || watch->phase == VN__PENDING) {
      step_closed(model, place, watch, reading);
    } else {
      step_open(model, place, watch, reading);
    }
  }
}
