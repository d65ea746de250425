/* The guards in front of the windows, and the way of a reading past all of them. */
#include "oracle_model.h"

#include <string.h>

void vn__oracle_state_init(vn__state_t *state, const vn__pipeline_plan_t *pipeline) {
  *state = (vn__state_t){.taken = VN__LIST(vn__taken_t),
                         .sessions = VN__LIST(vn__session_t),
                         .standing = VN__LIST(vn__standing_t),
                         .drawn = VN__LIST(vn__drawn_t),
                         .told = VN__LIST(vn__told_t),
                         .watches = VN__LIST(vn__watch_t),
                         .mark_ms = INT64_MIN,
                         .newest_ms = INT64_MIN};
  for (size_t i = 0; i < pipeline->alert_count; i++) {
    (void)vn__oracle_list_add(&state->watches);
  }
}

enum { LISTS = 6 };

static void lists_of(vn__state_t *state, vn__list_t *lists[LISTS]) {
  vn__list_t *const all[LISTS] = {&state->taken, &state->sessions, &state->standing,
                                  &state->drawn, &state->told,     &state->watches};
  memcpy(lists, all, sizeof all);
}

void vn__oracle_state_copy(vn__state_t *to, vn__state_t *from) {
  vn__list_t *targets[LISTS];
  vn__list_t *sources[LISTS];
  vn__list_t kept[LISTS];
  lists_of(to, targets);
  lists_of(from, sources);
  for (size_t i = 0; i < LISTS; i++) {
    vn__oracle_list_copy(targets[i], sources[i]);
    kept[i] = *targets[i];
  }
  *to = *from;
  for (size_t i = 0; i < LISTS; i++) {
    *targets[i] = kept[i];
  }
}

void vn__oracle_state_free(vn__state_t *state) {
  vn__list_t *lists[LISTS];
  lists_of(state, lists);
  for (size_t i = 0; i < LISTS; i++) {
    vn__oracle_list_free(lists[i]);
  }
}

void vn__oracle_model_drop(const vn__model_t *model, const vn_oracle_reading_t *reading,
                           const char *reason) {
  const vn_oracle_drop_t drop = {reason, reading->time_ms, model->series};
  if (model->sink->drop != NULL) {
    model->sink->drop(model->sink->context, &drop);
  }
}

static void take(const vn__model_t *model, const vn_oracle_reading_t *reading) {
  vn_oracle_counts_t *counts = &model->state->counts;
  const char *refusal = vn__oracle_model_windows(model, reading);
  if (refusal == NULL) {
    counts->accepted++;
  } else {
    *(refusal[0] == 'l' ? &counts->late : &counts->no_window) += 1;
  }
  vn__oracle_model_alerts(model, reading);
}

static const char *guard(const vn__model_t *model, const vn_oracle_reading_t *reading) {
  vn__state_t *state = model->state;
  const vn_oracle_pipeline_t *pipeline = &model->pipeline->given;
  if (pipeline->max_future_ms >= 0 &&
      reading->time_ms > reading->arrival_ms + pipeline->max_future_ms) {
    state->counts.quarantined++;
    /* A number that came is known, whatever became of its reading. */
    (void)vn__oracle_model_repeat(state, reading, state->newest_ms);
    return "future";
  }
  if (pipeline->sequences && vn__oracle_model_repeat(state, reading, reading->time_ms)) {
    state->counts.duplicate++;
    return "duplicate";
  }
  if (reading->time_ms > state->newest_ms) {
    state->newest_ms = reading->time_ms;
  }
  if (reading->refused) {
    state->counts.rejected++;
    return "range";
  }
  return NULL;
}

void vn__oracle_model_reading(const vn__model_t *model, const vn_oracle_reading_t *reading) {
  model->state->counts.received++;
  const char *refusal = guard(model, reading);
  if (refusal == NULL) {
    take(model, reading);
  } else {
    vn__oracle_model_drop(model, reading, refusal);
  }
}
