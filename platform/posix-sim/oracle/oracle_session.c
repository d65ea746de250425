/* Sessions (W6): what touches becomes one, and that one is judged. */
#include "oracle_model.h"

vn__session_t *vn__oracle_session_find(const vn__state_t *state, uint32_t number) {
  for (size_t i = 0; i < state->sessions.count; i++) {
    vn__session_t *session = vn__oracle_list_at(&state->sessions, i);
    if (session->number == number) {
      return session;
    }
  }
  return NULL;
}

/* Sessions exactly a gap away are touched too. Those that are gone aren't in the list any more. */
static bool touches(const vn__session_t *session, uint8_t place, int64_t time_ms, int64_t gap_ms) {
  return session->place == place && session->start_ms <= time_ms + gap_ms &&
         session->end_ms >= time_ms;
}

/* What was of one session is of another: readings, and results that stand for a part of it. */
static void rename_session(vn__state_t *state, uint8_t place, uint32_t from, uint32_t to) {
  for (size_t i = 0; i < state->taken.count; i++) {
    vn__taken_t *taken = vn__oracle_list_at(&state->taken, i);
    if (taken->session[place] == from) {
      taken->session[place] = to;
    }
  }
  for (size_t i = 0; i < state->standing.count; i++) {
    vn__standing_t *standing = vn__oracle_list_at(&state->standing, i);
    if (standing->session == from) {
      standing->session = to;
    }
  }
}

static void drop_standing(vn__state_t *state, uint32_t session) {
  for (size_t i = state->standing.count; i-- > 0;) {
    if (((vn__standing_t *)vn__oracle_list_at(&state->standing, i))->session == session) {
      vn__oracle_list_drop(&state->standing, i);
    }
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
  if (part.told) {
    drop_standing(state, part.number);
    *(vn__standing_t *)vn__oracle_list_add(&state->standing) =
        (vn__standing_t){{part.start_ms, part.end_ms}, part.number};
  }
  rename_session(state, part.place, part.number, whole->number);
  vn__oracle_list_drop(&state->sessions, at);
}

uint32_t vn__oracle_session_join(const vn__model_t *model, const vn_oracle_window_t *window,
                                 uint8_t place, int64_t time_ms) {
  vn__state_t *state = model->state;
  int64_t end_ms = time_ms + window->gap_ms;
  for (size_t i = 0; i < state->sessions.count; i++) {
    const vn__session_t *session = vn__oracle_list_at(&state->sessions, i);
    if (touches(session, place, time_ms, window->gap_ms) && session->end_ms > end_ms) {
      end_ms = session->end_ms;
    }
  }
  if (vn__oracle_is_gone(model->pipeline, end_ms, state->mark_ms)) {
    return 0;
  }
  vn__session_t whole = {.start_ms = time_ms,
                         .end_ms = time_ms + window->gap_ms,
                         .number = ++state->sessions_so_far,
                         .place = place};
  for (size_t i = state->sessions.count; i-- > 0;) {
    if (touches(vn__oracle_list_at(&state->sessions, i), place, time_ms, window->gap_ms)) {
      swallow(state, i, &whole);
    }
  }
  *(vn__session_t *)vn__oracle_list_add(&state->sessions) = whole;
  return whole.number;
}
