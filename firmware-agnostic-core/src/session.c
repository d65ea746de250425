/* Session windows: judging, merging, firing (rule W6 of docs/semantics.md). */
#include "session_priv.h"

#include <string.h>

/* The sessions that a reading touches lie side by side: sessions[first] and the next ones. */
typedef struct range {
  uint16_t first, count;
} range_t;

static bool span_is_sane(int64_t span_ms) {
  return span_ms >= 0 && span_ms <= VN_WINDOW_SPAN_MAX_MS;
}

vn_err_t vn_session_set_derive(vn_session_set_t *set) {
  VN_ASSERT(set != NULL);
  set->capacity = 0;
  if (!span_is_sane(set->gap_ms) || set->gap_ms == 0 || !span_is_sane(set->out_of_order_ms) ||
      !span_is_sane(set->lateness_ms) || set->sample > VN_SAMPLE_MAX) {
    return VN_ERR_PLAN;
  }
  int64_t span_ms = set->out_of_order_ms + set->lateness_ms + 2 * set->gap_ms;
  int64_t sessions = span_ms / (set->gap_ms + 1);
  set->capacity = sessions > UINT32_MAX ? UINT32_MAX : (uint32_t)sessions;
  return sessions > VN_SESSIONS_MAX ? VN_ERR_PLAN : VN_OK;
}

void vn_session_reset(const vn_session_set_t *set, const vn_session_memory_t *memory) {
  VN_ASSERT(set->capacity >= 1 && set->capacity <= VN_SESSIONS_MAX);
  *memory->state = (vn_session_state_t){.live = 0, .fired = 0, .standing = 0};
  for (uint32_t i = 0; i < set->capacity; i++) {
    memory->sessions[i] = (vn_session_t){.block = (uint16_t)i};
  }
}

static bool is_gone(const vn_session_set_t *set, vn_time_ms_t end_ms, vn_time_ms_t watermark_ms) {
  return vn_add_saturating(end_ms - 1, set->lateness_ms) <= watermark_ms;
}

/* Both ends inclusive: exactly a gap apart is one session. Most readings belong to the last one. */
static range_t touched_by(const vn_session_set_t *set, const vn_session_memory_t *memory,
                          vn_time_ms_t time_ms) {
  uint16_t live = memory->state->live, first = live, behind;
  while (first > 0 && vn__session_end(set, &memory->sessions[first - 1]) >= time_ms) {
    first--;
  }
  for (behind = first; behind < live; behind++) {
    if (vn__session_start(&memory->sessions[behind]) > time_ms + set->gap_ms) {
      break;
    }
  }
  return (range_t){first, (uint16_t)(behind - first)};
}

vn_reason_t vn_session_judge(const vn_session_set_t *set, const vn_session_memory_t *memory,
                             const vn_session_reading_t *reading) {
  VN_ASSERT(reading->time_ms >= VN_TIME_LOWEST_MS && reading->time_ms <= VN_TIME_HIGHEST_MS);
  range_t touched = touched_by(set, memory, reading->time_ms);
  vn_time_ms_t end_ms = reading->time_ms + set->gap_ms;
  uint64_t readings = 1;
  for (uint16_t i = 0; i < touched.count; i++) {
    const vn_session_t *session = &memory->sessions[touched.first + i];
    vn_time_ms_t its_end_ms = vn__session_end(set, session);
    end_ms = its_end_ms > end_ms ? its_end_ms : end_ms;
    readings += session->aggregate.count;
  }
  if (is_gone(set, end_ms, reading->watermark_ms)) {
    return VN_REASON_LATE;
  }
  return readings > UINT32_MAX ? VN_REASON_LIMITED : VN_REASON_NONE;
}

/* Where a session's standing results begin: spans lie in the order of their sessions. */
static vn_span_t *standing_of(const vn_session_memory_t *memory, uint16_t index) {
  uint32_t place = 0;
  for (uint16_t i = 0; i < index; i++) {
    place += memory->sessions[i].standing;
  }
  return memory->standing + place;
}

/* Exchanges a session's standing results for `count` (0 or 1) others. */
static void replace_standing(const vn_session_set_t *set, const vn_session_memory_t *memory,
                             uint16_t index, uint16_t count) {
  vn_session_t *session = &memory->sessions[index];
  vn_span_t *spans = standing_of(memory, index);
  const vn_span_t *behind = spans + session->standing;
  size_t rest = (size_t)(memory->standing + memory->state->standing - behind);
  uint16_t total = (uint16_t)(memory->state->standing - session->standing + count);
  VN_ASSERT(count <= 1 && total <= set->capacity);
  memmove(spans + count, behind, rest * sizeof spans[0]);
  if (count == 1) {
    spans[0] = (vn_span_t){vn__session_start(session), vn__session_end(set, session)};
  }
  session->standing = count;
  memory->state->standing = total;
}

/* Takes one entry out of the array; its block of members stays with the free ones. */
static void take_out(const vn_session_memory_t *memory, uint16_t index) {
  vn_session_state_t *state = memory->state;
  VN_ASSERT(index < state->live);
  uint16_t block = memory->sessions[index].block;
  state->live--;
  memmove(&memory->sessions[index], &memory->sessions[index + 1],
          (size_t)(state->live - index) * sizeof memory->sessions[0]);
  memory->sessions[state->live].block = block;
}

/* Tells a session's content; a result can't supersede one with the same bounds. */
static void tell(const vn_session_set_t *set, const vn_session_memory_t *memory, uint16_t index,
                 vn_kind_t kind, const vn_window_sink_t *sink) {
  vn_session_t *session = &memory->sessions[index];
  vn__sample_t sample = vn__session_sample(set, memory, session);
  const vn_span_t *spans = standing_of(memory, index);
  vn_extra_values_t extra;
  vn_window_result_t result = {.aggregate = &session->aggregate,
                               .sample = sample.members,
                               .supersedes = spans,
                               .extra = vn_extra_tell(&set->extra, &memory->extra, session->block,
                                                      &session->aggregate, &extra),
                               .start_ms = vn__session_start(session),
                               .end_ms = vn__session_end(set, session),
                               .sample_count = vn__sample_count(&sample),
                               .revision = session->results,
                               .supersedes_count = (uint8_t)session->standing,
                               .window = set->window,
                               .kind = (uint8_t)kind};
  if (session->standing == 1 && spans[0].start_ms == result.start_ms &&
      spans[0].end_ms == result.end_ms) {
    result.supersedes_count = 0;
  }
  sink->deliver(sink->context, &result);
  session->results++;
}

/* The first session is gone: with it go its standing results. */
static void forget_first(const vn_session_set_t *set, const vn_session_memory_t *memory) {
  replace_standing(set, memory, 0, 0);
  take_out(memory, 0);
}

void vn_session_advance(const vn_session_set_t *set, const vn_session_memory_t *memory,
                        vn_time_ms_t watermark_ms, vn_kind_t kind, const vn_window_sink_t *sink) {
  vn_session_state_t *state = memory->state;
  while (state->fired > 0 &&
         is_gone(set, vn__session_end(set, &memory->sessions[0]), watermark_ms)) {
    forget_first(set, memory);
    state->fired--;
  }
  while (state->fired < state->live) {
    vn_time_ms_t end_ms = vn__session_end(set, &memory->sessions[state->fired]);
    if (end_ms - 1 > watermark_ms) {
      return;
    }
    tell(set, memory, state->fired, kind, sink);
    if (is_gone(set, end_ms, watermark_ms)) {
      VN_ASSERT(state->fired == 0);
      forget_first(set, memory);
    } else {
      replace_standing(set, memory, state->fired, 1);
      state->fired++;
    }
  }
}

/* Makes one session of those touched, which keeps the place of the first. */
static void unite(const vn_session_set_t *set, const vn_session_memory_t *memory, range_t touched) {
  vn_session_t *first = &memory->sessions[touched.first];
  vn__sample_t sample = vn__session_sample(set, memory, first);
  vn_extra_memory_t extra = vn_extra_at(&set->extra, &memory->extra, first->block);
  for (uint16_t i = 1; i < touched.count; i++) {
    const vn_session_t *other = &memory->sessions[touched.first + 1];
    vn__sample_t others = vn__session_sample(set, memory, other);
    (void)vn_reservoir_merge_drawn(&set->draw, sample.members, vn__sample_count(&sample),
                                   set->sample, others.members, vn__sample_count(&others));
    vn_extra_merge(&set->extra, &extra, &memory->extra, other->block,
                   vn__session_start(other) - vn__session_start(first));
    bool merged = vn_aggregate_merge(&first->aggregate, &other->aggregate);
    VN_ASSERT(merged);
    first->results += other->results;
    first->standing = (uint16_t)(first->standing + other->standing);
    take_out(memory, (uint16_t)(touched.first + 1));
  }
}

/* An empty session at this place. */
static void open_at(const vn_session_set_t *set, const vn_session_memory_t *memory,
                    uint16_t index) {
  vn_session_state_t *state = memory->state;
  VN_ASSERT(state->live < set->capacity && index <= state->live);
  vn_session_t *place = &memory->sessions[index];
  uint16_t block = memory->sessions[state->live].block;
  memmove(place + 1, place, (size_t)(state->live - index) * sizeof *place);
  *place = (vn_session_t){.block = block};
  state->live++;
}

/* The place of the session that takes the reading; what it swallows counts as unfired. */
static uint16_t place_for(const vn_session_set_t *set, const vn_session_memory_t *memory,
                          const vn_session_reading_t *reading, const vn_window_sink_t *sink) {
  vn_session_state_t *state = memory->state;
  range_t touched = touched_by(set, memory, reading->time_ms);
  if (touched.count == 0) {
    vn_time_ms_t raised_ms = reading->time_ms - set->out_of_order_ms - 1;
    if (raised_ms > reading->watermark_ms) {
      vn_session_advance(set, memory, raised_ms, VN_KIND_ON_TIME, sink);
      touched = touched_by(set, memory, reading->time_ms);
    }
    open_at(set, memory, touched.first);
    return touched.first;
  }
  if (state->fired > touched.first) {
    uint16_t behind = (uint16_t)(touched.first + touched.count);
    state->fired = (uint16_t)(state->fired < behind ? touched.first : state->fired - touched.count);
  }
  unite(set, memory, touched);
  return touched.first;
}

void vn_session_insert(const vn_session_set_t *set, const vn_session_memory_t *memory,
                       const vn_session_reading_t *reading, const vn_window_sink_t *sink) {
  vn_session_advance(set, memory, reading->watermark_ms, VN_KIND_ON_TIME, sink);
  uint16_t place = place_for(set, memory, reading, sink);
  vn_session_t *session = &memory->sessions[place];
  VN_ASSERT(session->aggregate.count < UINT32_MAX);
  vn__sample_t sample = vn__session_sample(set, memory, session);
  vn__sample_offer(&sample, memory->sample_seed, reading->time_ms, reading->value);
  vn_extra_take(&set->extra, &memory->extra, session->block, &session->aggregate, reading->time_ms,
                reading->value);
  vn_aggregate_add(&session->aggregate, reading->time_ms, reading->value);
  vn_time_ms_t end_ms = vn__session_end(set, session);
  VN_ASSERT(!is_gone(set, end_ms, reading->watermark_ms));
  if (end_ms - 1 <= reading->watermark_ms) {
    VN_ASSERT(place <= memory->state->fired);
    tell(set, memory, place, VN_KIND_LATE, sink);
    replace_standing(set, memory, place, 1);
    memory->state->fired++;
  }
}

vn_time_ms_t vn_session_open_end(const vn_session_set_t *set, const vn_session_memory_t *memory) {
  const vn_session_state_t *state = memory->state;
  VN_ASSERT(state->fired <= state->live);
  return state->fired == state->live ? VN_TIME_MINUS_INFINITY
                                     : vn__session_end(set, &memory->sessions[state->live - 1]) - 1;
}
