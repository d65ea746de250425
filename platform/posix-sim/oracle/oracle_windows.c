/* Which windows take a reading, and which ones it makes due (W1 to W5, W11, W13). */
#include "oracle_model.h"
#include "oracle_number.h"

#include <stdlib.h>

/* A window that is to be told. */
typedef struct due {
  int64_t start_ms, end_ms;
  size_t window;
  uint32_t session; /* 0: a window of the grid */
} due_t;

static bool is_session(const vn_oracle_window_t *window) {
  return window->kind == VN_ORACLE_SESSION;
}

bool vn__oracle_is_gone(const vn__pipeline_plan_t *pipeline, int64_t end_ms, int64_t mark_ms) {
  return end_ms - 1 + pipeline->given.allowed_lateness_ms <= mark_ms;
}

/* The last start that is not behind the time; earlier ones follow at each slide (W1). */
static int64_t last_start(const vn_oracle_window_t *window, int64_t time_ms) {
  int64_t steps = vn__oracle_floor_div(time_ms - window->offset_ms, window->slide_ms);
  return steps * window->slide_ms + window->offset_ms;
}

static bool covers(const vn_oracle_window_t *window, int64_t start_ms, int64_t time_ms) {
  return start_ms <= time_ms && time_ms < start_ms + window->size_ms;
}

static void add_due(vn__list_t *dues, due_t due) {
  for (size_t i = 0; i < dues->count; i++) {
    const due_t *other = vn__oracle_list_at(dues, i);
    if (other->window == due.window && other->start_ms == due.start_ms &&
        other->session == due.session) {
      return;
    }
  }
  *(due_t *)vn__oracle_list_add(dues) = due;
}

static int by_end(const void *left, const void *right) {
  const due_t *a = left;
  const due_t *b = right;
  if (a->end_ms != b->end_ms) {
    return a->end_ms < b->end_ms ? -1 : 1;
  }
  return (a->window > b->window) - (a->window < b->window);
}

static void tell(const vn__model_t *model, vn__list_t *dues, bool late) {
  if (dues->count > 1) {
    qsort(dues->items, dues->count, sizeof(due_t), by_end);
  }
  for (size_t i = 0; i < dues->count; i++) {
    const due_t *due = vn__oracle_list_at(dues, i);
    if (due->session == 0) {
      vn__oracle_tell_grid(model, due->window, due->start_ms, late);
    } else {
      vn__oracle_tell_session(model, due->window,
                              vn__oracle_session_find(model->state, due->session), late);
    }
  }
}

/* What judging a reading found out. */
typedef struct verdict {
  vn__taken_t taken;
  vn__list_t late; /* due at once */
  bool covered, accepted;
} verdict_t;

static void judge_grid(const vn__model_t *model, size_t place, verdict_t *verdict) {
  const vn_oracle_window_t *window = &model->plan->windows[place].given;
  int64_t time_ms = verdict->taken.time_ms;
  int64_t start_ms = last_start(window, time_ms);
  for (; covers(window, start_ms, time_ms); start_ms -= window->slide_ms) {
    int64_t end_ms = start_ms + window->size_ms;
    verdict->covered = true;
    if (vn__oracle_is_gone(model->pipeline, end_ms, model->state->mark_ms)) {
      continue;
    }
    verdict->accepted = true;
    if (end_ms - 1 <= model->state->mark_ms) {
      add_due(&verdict->late, (due_t){start_ms, end_ms, place, 0});
    }
  }
}

static void judge_session(const vn__model_t *model, size_t place, verdict_t *verdict) {
  const vn__window_plan_t *window = &model->plan->windows[place];
  uint32_t number = vn__oracle_session_join(model, window, &verdict->taken);
  verdict->covered = true;
  if (number == 0) {
    return;
  }
  verdict->accepted = true;
  const vn__session_t *session = vn__oracle_session_find(model->state, number);
  if (session->end_ms - 1 <= model->state->mark_ms) {
    add_due(&verdict->late, (due_t){session->start_ms, session->end_ms, place, number});
  }
}

/* Whether an end of the grid lies where the watermark passes it. */
static bool ends_between(const vn_oracle_window_t *window, int64_t from_ms, int64_t to_ms) {
  int64_t base_ms = window->offset_ms + window->size_ms - 1;
  return vn__oracle_floor_div(to_ms - base_ms, window->slide_ms) >
         vn__oracle_floor_div(from_ms - base_ms, window->slide_ms);
}

/* Windows that hold a reading and end where the watermark passes. */
static void find_due_grid(const vn__model_t *model, size_t place, int64_t to_ms, vn__list_t *dues) {
  const vn_oracle_window_t *window = &model->plan->windows[place].given;
  int64_t from_ms = model->state->mark_ms;
  bool far = from_ms == INT64_MIN || to_ms == INT64_MAX;
  if (!far && !ends_between(window, from_ms, to_ms)) {
    return;
  }
  int64_t latest_ms = far ? INT64_MAX : last_start(window, to_ms - window->size_ms + 1);
  for (size_t i = 0; i < model->state->taken.count; i++) {
    const vn__taken_t *taken = vn__oracle_list_at(&model->state->taken, i);
    int64_t start_ms = last_start(window, taken->time_ms);
    start_ms = start_ms < latest_ms ? start_ms : latest_ms;
    for (; covers(window, start_ms, taken->time_ms); start_ms -= window->slide_ms) {
      int64_t last_ms = start_ms + window->size_ms - 1;
      if (last_ms <= from_ms) {
        break;
      }
      if (last_ms <= to_ms) {
        add_due(dues, (due_t){start_ms, last_ms + 1, place, 0});
      }
    }
  }
}

static void find_due_sessions(const vn__model_t *model, size_t place, int64_t to_ms,
                              vn__list_t *dues) {
  uint8_t session_place = model->plan->windows[place].session_place;
  for (size_t i = 0; i < model->state->sessions.count; i++) {
    const vn__session_t *session = vn__oracle_list_at(&model->state->sessions, i);
    if (session->place == session_place && !session->told && session->end_ms - 1 <= to_ms) {
      add_due(dues, (due_t){session->start_ms, session->end_ms, place, session->number});
    }
  }
}

static void forget_gone_sessions(const vn__model_t *model) {
  vn__state_t *state = model->state;
  for (size_t i = state->sessions.count; i-- > 0;) {
    const vn__session_t *session = vn__oracle_list_at(&state->sessions, i);
    if (vn__oracle_is_gone(model->pipeline, session->end_ms, state->mark_ms)) {
      vn__oracle_session_forget(state, i);
    }
  }
}

/* Whether some window of the grid may still ask for the reading. */
static bool is_needed(const vn__model_t *model, const vn__taken_t *taken) {
  const vn__pipeline_plan_t *pipeline = model->pipeline;
  return pipeline->reach_ms > 0 &&
         !vn__oracle_is_gone(pipeline, taken->time_ms + pipeline->reach_ms, model->state->mark_ms);
}

/* The order of arrival stays. */
static void forget_old_readings(const vn__model_t *model) {
  vn__state_t *state = model->state;
  size_t kept = 0;
  for (size_t i = 0; i < state->taken.count; i++) {
    const vn__taken_t *taken = vn__oracle_list_at(&state->taken, i);
    if (is_needed(model, taken)) {
      *(vn__taken_t *)vn__oracle_list_at(&state->taken, kept++) = *taken;
    }
  }
  state->taken.count = kept;
  state->prune_at = 2 * kept + 8;
  for (size_t i = state->told.count; i-- > 0;) {
    const vn__told_t *told = vn__oracle_list_at(&state->told, i);
    int64_t end_ms = told->start_ms + model->plan->windows[told->window].given.size_ms;
    if (vn__oracle_is_gone(model->pipeline, end_ms, state->mark_ms)) {
      vn__oracle_list_drop(&state->told, i);
    }
  }
}

static void raise_mark(const vn__model_t *model, int64_t mark_ms) {
  vn__state_t *state = model->state;
  vn__list_t dues = VN__LIST(due_t);
  if (mark_ms <= state->mark_ms) {
    return;
  }
  for (size_t i = 0; i < model->pipeline->window_count; i++) {
    size_t place = model->pipeline->windows[i];
    if (is_session(&model->plan->windows[place].given)) {
      find_due_sessions(model, place, mark_ms, &dues);
    } else {
      find_due_grid(model, place, mark_ms, &dues);
    }
  }
  state->mark_ms = mark_ms;
  tell(model, &dues, false);
  vn__oracle_list_free(&dues);
  forget_gone_sessions(model);
  if (state->taken.count >= state->prune_at) {
    forget_old_readings(model);
  }
}

const char *vn__oracle_model_windows(const vn__model_t *model, const vn_oracle_reading_t *reading) {
  vn__state_t *state = model->state;
  uint64_t seed = model->plan->series[model->series].seed;
  verdict_t verdict = {
      .taken = {.time_ms = reading->time_ms,
                .mark_ms = state->mark_ms,
                .value = reading->value,
                .priority = vn__oracle_priority(seed, reading->time_ms, reading->value)},
      .late = VN__LIST(due_t)};
  for (size_t i = 0; i < model->pipeline->window_count; i++) {
    size_t place = model->pipeline->windows[i];
    if (is_session(&model->plan->windows[place].given)) {
      judge_session(model, place, &verdict);
    } else {
      judge_grid(model, place, &verdict);
    }
  }
  const char *refusal = verdict.covered ? "late" : "no_window";
  if (verdict.accepted) {
    refusal = NULL;
    *(vn__taken_t *)vn__oracle_list_add(&state->taken) = verdict.taken;
  } else {
    vn__oracle_model_drop(model, reading, refusal);
  }
  tell(model, &verdict.late, true);
  vn__oracle_list_free(&verdict.late);
  raise_mark(model, reading->time_ms - model->pipeline->given.out_of_order_ms - 1);
  return refusal;
}

void vn__oracle_model_end(const vn__model_t *model) {
  if (!model->state->ended) {
    model->state->ended = true;
    raise_mark(model, INT64_MAX);
  }
}
