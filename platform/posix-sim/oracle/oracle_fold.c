/* The content of a window, looked at reading by reading, and what a result says of it. */
#include "oracle_model.h"
#include "oracle_number.h"

#include <stdlib.h>
#include <string.h>

/* A result in the making. */
typedef struct fold {
  vn_oracle_result_t result;
  vn__content_t content;
  const vn__window_plan_t *window;
  bool *heard; /* slots that have a reading */
} fold_t;

void vn__oracle_content_add(vn__content_t *content, const vn__taken_t *taken) {
  uint64_t square = (uint64_t)((int64_t)taken->value * taken->value);
  bool is_first = content->count == 0;
  vn__wide_t squares = vn__oracle_wide_sum(
      (vn__wide_t){content->squares_high, content->squares_low}, (vn__wide_t){0, square});
  content->squares_high = squares.high;
  content->squares_low = squares.low;
  content->count++;
  content->sum += taken->value;
  content->min = is_first || taken->value < content->min ? taken->value : content->min;
  content->max = is_first || taken->value > content->max ? taken->value : content->max;
  if (is_first || taken->time_ms < content->first_ms) {
    content->first_ms = taken->time_ms;
    content->first = taken->value;
  }
  if (is_first || taken->time_ms >= content->last_ms) {
    content->last_ms = taken->time_ms;
    content->last = taken->value;
  }
}

bool vn__oracle_is_before(const vn_oracle_member_t *a, const vn_oracle_member_t *b) {
  if (a->priority != b->priority) {
    return a->priority < b->priority;
  }
  return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->value < b->value;
}

/* Sorted in, where there is room or somebody behind. */
static void fold_member(fold_t *fold, vn_oracle_member_t member) {
  vn_oracle_result_t *result = &fold->result;
  uint32_t most = fold->window->given.sample;
  uint32_t place = result->sample_count;
  if (place == most && (most == 0 || !vn__oracle_is_before(&member, &result->sample[most - 1]))) {
    return;
  }
  if (place == most) {
    place--;
  } else {
    result->sample_count++;
  }
  for (; place > 0 && vn__oracle_is_before(&member, &result->sample[place - 1]); place--) {
    result->sample[place] = result->sample[place - 1];
  }
  result->sample[place] = member;
}

/* The first slot that ends behind the reading has heard it. */
static void fold_slot(fold_t *fold, const vn__taken_t *taken) {
  int64_t offset_ms = taken->time_ms - fold->result.start_ms;
  size_t low = 0;
  size_t high = fold->window->slot_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (fold->window->slot_ends[middle] <= offset_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  fold->heard[low] = true;
}

static void count_slots(fold_t *fold) {
  vn_oracle_result_t *result = &fold->result;
  size_t heard = 0;
  for (size_t i = 0; i < fold->window->slot_count; i++) {
    heard += fold->heard[i];
    result->gaps += !fold->heard[i] && (i == 0 || fold->heard[i - 1]);
  }
  if (heard < fold->window->slot_count) {
    uint32_t permille = (uint32_t)(1000 * heard / fold->window->slot_count);
    result->coverage = permille > 0 ? permille : 1;
  }
}

static void fold_begin(fold_t *fold, const vn__model_t *model, size_t window, bool late) {
  vn_oracle_result_t *result = &fold->result;
  fold->window = &model->plan->windows[window];
  result->cause = model->state->counts.received;
  result->series = model->series;
  result->window = window;
  result->kind = late ? VN_ORACLE_LATE : VN_ORACLE_ON_TIME;
  result->final = model->pipeline->given.allowed_lateness_ms == 0 || model->state->ended;
  result->sample = vn__oracle_memory(fold->window->given.sample, sizeof *result->sample);
}

static void fold_end(fold_t *fold, const vn__model_t *model) {
  vn_oracle_result_t *result = &fold->result;
  const vn__content_t *content = &fold->content;
  result->count = content->count;
  result->sum = content->sum;
  result->squares_high = content->squares_high;
  result->squares_low = content->squares_low;
  result->min = content->min;
  result->max = content->max;
  result->first = content->first;
  result->last = content->last;
  model->sink->result(model->sink->context, result);
}

/* The window's place in the list of those that were told. */
static vn__told_t *told_of(vn__state_t *state, size_t window, int64_t start_ms) {
  for (size_t i = 0; i < state->told.count; i++) {
    vn__told_t *told = vn__oracle_list_at(&state->told, i);
    if (told->window == window && told->start_ms == start_ms) {
      return told;
    }
  }
  vn__told_t *told = vn__oracle_list_add(&state->told);
  *told = (vn__told_t){start_ms, window, 0};
  return told;
}

/* A reading of its time is in the window if the window wasn't gone when it came (W4). */
static bool is_in_grid(const vn__model_t *model, const vn_oracle_result_t *result,
                       const vn__taken_t *taken) {
  return result->start_ms <= taken->time_ms && taken->time_ms < result->end_ms &&
         !vn__oracle_is_gone(model->pipeline, result->end_ms, taken->mark_ms);
}

void vn__oracle_tell_grid(const vn__model_t *model, size_t window, int64_t start_ms, bool late) {
  vn__state_t *state = model->state;
  uint32_t revision = told_of(state, window, start_ms)->results++;
  if (model->sink->result == NULL) {
    return;
  }
  fold_t fold = {.result = {.start_ms = start_ms, .revision = revision}};
  fold_begin(&fold, model, window, late);
  fold.result.end_ms = start_ms + fold.window->given.size_ms;
  fold.heard = vn__oracle_memory(fold.window->slot_count, sizeof *fold.heard);
  for (size_t i = 0; i < state->taken.count; i++) {
    const vn__taken_t *taken = vn__oracle_list_at(&state->taken, i);
    if (is_in_grid(model, &fold.result, taken)) {
      vn__oracle_content_add(&fold.content, taken);
      fold_member(&fold, (vn_oracle_member_t){taken->time_ms, taken->value, taken->priority});
      fold_slot(&fold, taken);
      fold.result.late += taken->time_ms <= taken->mark_ms;
    }
  }
  count_slots(&fold);
  free(fold.heard);
  fold_end(&fold, model);
}

static int by_start(const void *left, const void *right) {
  const vn_oracle_span_t *a = left;
  const vn_oracle_span_t *b = right;
  if (a->start_ms != b->start_ms) {
    return a->start_ms < b->start_ms ? -1 : 1;
  }
  return (a->end_ms > b->end_ms) - (a->end_ms < b->end_ms);
}

/* The bounds of results that stood for parts of the session, but for its own. They are used up. */
static void supersede(vn__state_t *state, const vn__session_t *session, vn_oracle_result_t *into) {
  into->superseded = vn__oracle_memory(state->standing.count, sizeof *into->superseded);
  for (size_t i = state->standing.count; i-- > 0;) {
    vn__standing_t standing = *(vn__standing_t *)vn__oracle_list_at(&state->standing, i);
    if (standing.session != session->number) {
      continue;
    }
    vn__oracle_list_drop(&state->standing, i);
    if (standing.span.start_ms != session->start_ms || standing.span.end_ms != session->end_ms) {
      into->superseded[into->superseded_count++] = standing.span;
    }
  }
  qsort(into->superseded, into->superseded_count, sizeof *into->superseded, by_start);
}

void vn__oracle_tell_session(const vn__model_t *model, size_t window, vn__session_t *session,
                             bool late) {
  vn__state_t *state = model->state;
  fold_t fold = {.result = {.start_ms = session->start_ms,
                            .end_ms = session->end_ms,
                            .revision = session->earlier}};
  supersede(state, session, &fold.result);
  session->told = true;
  if (model->sink->result == NULL) {
    free(fold.result.superseded);
    return;
  }
  fold_begin(&fold, model, window, late);
  fold.content = session->content;
  for (size_t i = 0; i < state->drawn.count; i++) {
    const vn__drawn_t *drawn = vn__oracle_list_at(&state->drawn, i);
    if (drawn->session == session->number) {
      fold_member(&fold, drawn->member);
    }
  }
  fold_end(&fold, model);
}
