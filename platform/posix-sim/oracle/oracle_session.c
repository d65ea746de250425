/* Sessions (W6): what touches becomes one, and that one is judged. */
#include "oracle_model.h"
#include "oracle_number.h"

vn__session_t *vn__oracle_session_find(const vn__state_t *state, uint32_t number) {
  for (size_t i = 0; i < state->sessions.count; i++) {
    vn__session_t *session = vn__oracle_list_at(&state->sessions, i);
    if (session->number == number) {
      return session;
    }
  }
  return NULL;
}

static vn__standing_t *standing_at(const vn__state_t *state, size_t place) {
  return vn__oracle_list_at(&state->standing, place);
}

static vn__drawn_t *drawn_at(const vn__state_t *state, size_t place) {
  return vn__oracle_list_at(&state->drawn, place);
}

static void drop_standing(vn__state_t *state, uint32_t session) {
  for (size_t i = state->standing.count; i-- > 0;) {
    if (standing_at(state, i)->session == session) {
      vn__oracle_list_drop(&state->standing, i);
    }
  }
}

void vn__oracle_session_forget(vn__state_t *state, size_t place) {
  const vn__session_t *session = vn__oracle_list_at(&state->sessions, place);
  drop_standing(state, session->number);
  for (size_t i = state->drawn.count; i-- > 0;) {
    if (drawn_at(state, i)->session == session->number) {
      vn__oracle_list_drop(&state->drawn, i);
    }
  }
  vn__oracle_list_drop(&state->sessions, place);
}

/* Sessions exactly a gap away are touched too. Those that are gone aren't in the list any more. */
static bool touches(const vn__session_t *session, const vn__window_plan_t *window,
                    int64_t time_ms) {
  return session->place == window->session_place &&
         session->start_ms <= time_ms + window->given.gap_ms && session->end_ms >= time_ms;
}

/* Results that stand for a part of a session, and its sample, are another one's now. */
static void hand_over(vn__state_t *state, uint32_t from, uint32_t to) {
  for (size_t i = 0; i < state->standing.count; i++) {
    vn__standing_t *standing = standing_at(state, i);
    standing->session = standing->session == from ? to : standing->session;
  }
  for (size_t i = 0; i < state->drawn.count; i++) {
    vn__drawn_t *drawn = drawn_at(state, i);
    drawn->session = drawn->session == from ? to : drawn->session;
  }
}

/* Sessions lie apart: no times are equal. */
static void add_content(vn__content_t *into, const vn__content_t *other) {
  if (into->count == 0) {
    *into = *other;
    return;
  }
  vn__wide_t squares = vn__oracle_wide_sum((vn__wide_t){into->squares_high, into->squares_low},
                                           (vn__wide_t){other->squares_high, other->squares_low});
  into->squares_high = squares.high;
  into->squares_low = squares.low;
  into->count += other->count;
  into->sum += other->sum;
  into->min = other->min < into->min ? other->min : into->min;
  into->max = other->max > into->max ? other->max : into->max;
  if (other->first_ms < into->first_ms) {
    into->first_ms = other->first_ms;
    into->first = other->first;
  }
  if (other->last_ms > into->last_ms) {
    into->last_ms = other->last_ms;
    into->last = other->last;
  }
}

/*
 * A session ends in the union. When it was told in its last form that result stands for it and for
 * whatever it had superseded; else what stood for its parts still does.
 */
static void swallow(vn__state_t *state, size_t at, vn__session_t *whole) {
  vn__session_t part = *(vn__session_t *)vn__oracle_list_at(&state->sessions, at);
  whole->start_ms = part.start_ms < whole->start_ms ? part.start_ms : whole->start_ms;
  whole->end_ms = part.end_ms > whole->end_ms ? part.end_ms : whole->end_ms;
  whole->earlier += part.earlier + part.told;
  add_content(&whole->content, &part.content);
  if (part.told) {
    drop_standing(state, part.number);
    *(vn__standing_t *)vn__oracle_list_add(&state->standing) =
        (vn__standing_t){{part.start_ms, part.end_ms}, part.number};
  }
  hand_over(state, part.number, whole->number);
  vn__oracle_list_drop(&state->sessions, at);
}

/* Among so many of a session the last one in the order of samples has to go. */
static void draw(vn__state_t *state, uint32_t session, const vn__taken_t *taken, uint32_t most) {
  *(vn__drawn_t *)vn__oracle_list_add(&state->drawn) =
      (vn__drawn_t){{taken->time_ms, taken->value, taken->priority}, session};
  for (;;) {
    uint32_t count = 0;
    size_t last = 0;
    for (size_t i = 0; i < state->drawn.count; i++) {
      if (drawn_at(state, i)->session == session) {
        bool is_last = count++ == 0 || vn__oracle_is_before(&drawn_at(state, last)->member,
                                                            &drawn_at(state, i)->member);
        last = is_last ? i : last;
      }
    }
    if (count <= most) {
      return;
    }
    vn__oracle_list_drop(&state->drawn, last);
  }
}

static int64_t joint_end(const vn__state_t *state, const vn__window_plan_t *window,
                         int64_t time_ms) {
  int64_t end_ms = time_ms + window->given.gap_ms;
  for (size_t i = 0; i < state->sessions.count; i++) {
    const vn__session_t *session = vn__oracle_list_at(&state->sessions, i);
    if (touches(session, window, time_ms) && session->end_ms > end_ms) {
      end_ms = session->end_ms;
    }
  }
  return end_ms;
}

uint32_t vn__oracle_session_join(const vn__model_t *model, const vn__window_plan_t *window,
                                 const vn__taken_t *taken) {
  vn__state_t *state = model->state;
  int64_t time_ms = taken->time_ms;
  if (vn__oracle_is_gone(model->pipeline, joint_end(state, window, time_ms), state->mark_ms)) {
    return 0;
  }
  vn__session_t whole = {.start_ms = time_ms,
                         .end_ms = time_ms + window->given.gap_ms,
                         .number = ++state->sessions_so_far,
                         .place = window->session_place};
  for (size_t i = state->sessions.count; i-- > 0;) {
    if (touches(vn__oracle_list_at(&state->sessions, i), window, time_ms)) {
      swallow(state, i, &whole);
    }
  }
  vn__oracle_content_add(&whole.content, taken);
  draw(state, whole.number, taken, window->given.sample);
  *(vn__session_t *)vn__oracle_list_add(&state->sessions) = whole;
  return whole.number;
}
