/* Sessions against a brute-force model that keeps every reading of every live session. */
#include "vn/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vn/hash.h"

#include "asked.h"
#include "prng.h"

#define READINGS_MAX 128
#define SESSIONS_MAX 128
#define SPANS_MAX 32
#define RESULTS_MAX 512
#define SAMPLE_MAX 4
#define SEED 7

typedef struct reading {
  int64_t time_ms;
  int32_t value;
} reading_t;

/* A live session of the model: its readings in order of arrival, and what was said about it. */
typedef struct known {
  reading_t readings[READINGS_MAX];
  vn_span_t standing[SPANS_MAX];
  size_t count, standing_count;
  uint32_t results;
  bool fired;
} known_t;

/* A result without padding, so that two compare by their bytes. */
typedef struct told {
  int64_t start_ms, end_ms, sum, sum_sq;
  uint32_t kind, revision, count, supersedes_count, sample_count;
  int32_t min, max, first, last;
  uint32_t nothing;
  vn_span_t supersedes[SPANS_MAX];
  vn_member_t sample[SAMPLE_MAX];
} told_t;

typedef struct model {
  const vn_session_set_t *set;
  known_t sessions[SESSIONS_MAX];
  size_t session_count;
  told_t results[RESULTS_MAX];
  size_t result_count;
  int64_t watermark_ms;
} model_t;

static model_t model;
static told_t got[RESULTS_MAX];
static size_t got_count;
static uint32_t fullest_sessions, fullest_standing; /* arrays that were filled to the end */

static int64_t start_of(const known_t *session) {
  int64_t start_ms = INT64_MAX;
  for (size_t i = 0; i < session->count; i++) {
    int64_t time_ms = session->readings[i].time_ms;
    start_ms = time_ms < start_ms ? time_ms : start_ms;
  }
  return start_ms;
}

static int64_t end_of(const known_t *session) {
  int64_t end_ms = INT64_MIN;
  for (size_t i = 0; i < session->count; i++) {
    int64_t its_ms = session->readings[i].time_ms + model.set->gap_ms;
    end_ms = its_ms > end_ms ? its_ms : end_ms;
  }
  return end_ms;
}

static bool is_gone(const known_t *session, int64_t watermark_ms) {
  return end_of(session) - 1 + model.set->lateness_ms <= watermark_ms;
}

static int by_start(const void *a, const void *b) {
  const vn_span_t *x = a, *y = b;
  return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
}

static int by_priority(const void *a, const void *b) {
  const vn_member_t *x = a, *y = b;
  if (x->priority != y->priority) {
    return x->priority < y->priority ? -1 : 1;
  }
  if (x->time_ms != y->time_ms) {
    return x->time_ms < y->time_ms ? -1 : 1;
  }
  return (x->value > y->value) - (x->value < y->value);
}

static void choose_sample(told_t *result, const known_t *session) {
  vn_member_t all[READINGS_MAX];
  for (size_t i = 0; i < session->count; i++) {
    const reading_t *r = &session->readings[i];
    all[i] = (vn_member_t){r->time_ms, r->value, vn_priority(SEED, r->time_ms, r->value)};
  }
  qsort(all, session->count, sizeof all[0], by_priority);
  result->sample_count =
      session->count < model.set->sample ? (uint32_t)session->count : model.set->sample;
  memcpy(result->sample, all, result->sample_count * sizeof all[0]);
}

static void summarise(told_t *result, const known_t *session) {
  int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
  result->min = INT32_MAX;
  result->max = INT32_MIN;
  for (size_t i = 0; i < session->count; i++) {
    const reading_t *r = &session->readings[i];
    result->count++;
    result->sum += r->value;
    result->sum_sq += (int64_t)r->value * r->value;
    result->min = r->value < result->min ? r->value : result->min;
    result->max = r->value > result->max ? r->value : result->max;
    result->first = r->time_ms < first_ms ? r->value : result->first;
    first_ms = r->time_ms < first_ms ? r->time_ms : first_ms;
    result->last = r->time_ms >= last_ms ? r->value : result->last;
    last_ms = r->time_ms >= last_ms ? r->time_ms : last_ms;
  }
}

static void model_fire(known_t *session, vn_kind_t kind) {
  vn_span_t bounds = {start_of(session), end_of(session)};
  assert_true(model.result_count < RESULTS_MAX);
  told_t *result = &model.results[model.result_count++];
  memset(result, 0, sizeof *result);
  result->start_ms = bounds.start_ms;
  result->end_ms = bounds.end_ms;
  result->kind = (uint32_t)kind;
  result->revision = session->results++;
  summarise(result, session);
  choose_sample(result, session);
  for (size_t i = 0; i < session->standing_count; i++) {
    if (memcmp(&session->standing[i], &bounds, sizeof bounds) != 0) {
      result->supersedes[result->supersedes_count++] = session->standing[i];
    }
  }
  qsort(result->supersedes, result->supersedes_count, sizeof(vn_span_t), by_start);
  session->standing[0] = bounds;
  session->standing_count = 1;
  session->fired = true;
}

static void model_remove(size_t index) {
  model.sessions[index] = model.sessions[--model.session_count];
}

/* The unfired session that ends first, if the watermark has passed it. */
static known_t *model_next_due(void) {
  known_t *next = NULL;
  for (size_t i = 0; i < model.session_count; i++) {
    known_t *s = &model.sessions[i];
    bool due = !s->fired && end_of(s) - 1 <= model.watermark_ms;
    next = due && (next == NULL || end_of(s) < end_of(next)) ? s : next;
  }
  return next;
}

static void model_advance(int64_t watermark_ms, vn_kind_t kind) {
  known_t *due;
  if (watermark_ms <= model.watermark_ms) {
    return;
  }
  model.watermark_ms = watermark_ms;
  while ((due = model_next_due()) != NULL) {
    model_fire(due, kind);
  }
  for (size_t i = model.session_count; i > 0; i--) {
    if (is_gone(&model.sessions[i - 1], watermark_ms)) {
      model_remove(i - 1);
    }
  }
}

static void swallow(known_t *into, const known_t *other) {
  assert_true(into->count + other->count <= READINGS_MAX);
  memcpy(into->readings + into->count, other->readings, other->count * sizeof(reading_t));
  memcpy(into->standing + into->standing_count, other->standing,
         other->standing_count * sizeof(vn_span_t));
  into->count += other->count;
  into->standing_count += other->standing_count;
  into->results += other->results;
}

static bool touches(const known_t *session, int64_t time_ms) {
  return start_of(session) <= time_ms + model.set->gap_ms && end_of(session) >= time_ms;
}

static vn_reason_t model_reading(int64_t time_ms, int32_t value) {
  static known_t merged;
  memset(&merged, 0, sizeof merged);
  for (size_t i = 0; i < model.session_count; i++) {
    if (touches(&model.sessions[i], time_ms)) {
      swallow(&merged, &model.sessions[i]);
    }
  }
  merged.readings[merged.count++] = (reading_t){time_ms, value};
  if (is_gone(&merged, model.watermark_ms)) {
    return VN_REASON_LATE;
  }
  for (size_t i = model.session_count; i > 0; i--) {
    if (touches(&model.sessions[i - 1], time_ms)) {
      model_remove(i - 1);
    }
  }
  if (end_of(&merged) - 1 <= model.watermark_ms) {
    model_fire(&merged, VN_KIND_LATE);
  }
  model.sessions[model.session_count++] = merged;
  return VN_REASON_NONE;
}

static int64_t model_open_end(void) {
  int64_t open_ms = INT64_MIN;
  for (size_t i = 0; i < model.session_count; i++) {
    const known_t *s = &model.sessions[i];
    open_ms = !s->fired && end_of(s) - 1 > open_ms ? end_of(s) - 1 : open_ms;
  }
  return open_ms;
}

static void collect(void *context, const vn_window_result_t *result) {
  const vn_aggregate_t *a = result->aggregate;
  (void)context;
  assert_true(got_count < RESULTS_MAX && result->supersedes_count <= SPANS_MAX);
  told_t *told = &got[got_count++];
  memset(told, 0, sizeof *told);
  *told = (told_t){.start_ms = result->start_ms,
                   .end_ms = result->end_ms,
                   .sum = a->sum,
                   .sum_sq = (int64_t)a->squares_low,
                   .kind = result->kind,
                   .revision = result->revision,
                   .count = a->count,
                   .supersedes_count = result->supersedes_count,
                   .sample_count = result->sample_count,
                   .min = a->min,
                   .max = a->max,
                   .first = a->first,
                   .last = a->last};
  memcpy(told->supersedes, result->supersedes, result->supersedes_count * sizeof(vn_span_t));
  for (uint32_t i = 0; i < result->sample_count; i++) {
    told->sample[i] = result->sample[i];
  }
  assert_int_equal(result->window, 3);
}

/* A series with arrays of exactly the length that the set asks for. */
typedef struct series {
  vn_session_set_t set;
  vn_session_memory_t memory;
  vn_session_state_t state;
  vn_time_ms_t watermark_ms;
} series_t;

static const vn_window_sink_t sink = {.deliver = collect};

static void series_begin(series_t *series, int64_t gap_ms, int64_t out_of_order_ms,
                         int64_t lateness_ms, uint16_t sample) {
  series->set = (vn_session_set_t){.gap_ms = gap_ms,
                                   .out_of_order_ms = out_of_order_ms,
                                   .lateness_ms = lateness_ms,
                                   .sample = sample,
                                   .window = 3};
  assert_int_equal(vn_session_set_derive(&series->set), VN_OK);
  size_t count = series->set.capacity;
  series->memory = (vn_session_memory_t){.state = &series->state,
                                         .sessions = malloc(count * sizeof(vn_session_t)),
                                         .standing = malloc(count * sizeof(vn_span_t)),
                                         .members = malloc(count * sample * sizeof(vn_member_t)),
                                         .sample_seed = SEED};
  series->watermark_ms = VN_TIME_MINUS_INFINITY;
  vn_session_reset(&series->set, &series->memory);
  memset(&model, 0, sizeof model);
  model.set = &series->set;
  model.watermark_ms = INT64_MIN;
  got_count = 0;
}

static void series_end(series_t *series) {
  free(series->memory.sessions);
  free(series->memory.standing);
  free(series->memory.members);
}

static void advance(series_t *series, int64_t watermark_ms, vn_kind_t kind) {
  if (watermark_ms > series->watermark_ms) {
    series->watermark_ms = watermark_ms;
    vn_session_advance(&series->set, &series->memory, watermark_ms, kind, &sink);
  }
}

static vn_reason_t take(series_t *series, int64_t time_ms, int32_t value) {
  vn_session_reading_t reading = {time_ms, series->watermark_ms, value};
  vn_reason_t verdict = vn_session_judge(&series->set, &series->memory, &reading);
  if (verdict == VN_REASON_NONE) {
    vn_session_insert(&series->set, &series->memory, &reading, &sink);
  }
  fullest_sessions += series->state.live == series->set.capacity ? 1 : 0;
  fullest_standing += series->state.standing == series->set.capacity ? 1 : 0;
  advance(series, time_ms - series->set.out_of_order_ms - 1, VN_KIND_ON_TIME);
  return verdict;
}

static void save_and_load(series_t *series) {
  size_t most = vn_session_save_max(&series->set);
  uint8_t *bytes = malloc(most);
  size_t length = vn_session_save(&series->set, &series->memory, bytes, most);
  assert_true(length <= most);
  assert_int_equal(vn_session_save(&series->set, &series->memory, NULL, 0), length);
  memset(series->memory.sessions, 0x5A, series->set.capacity * sizeof(vn_session_t));
  memset(&series->state, 0x5A, sizeof series->state);
  assert_int_equal(vn_session_load(&series->set, &series->memory, bytes, length), VN_OK);
  free(bytes);
}

static void compare(uint64_t seed) {
  for (size_t i = 0; i < got_count || i < model.result_count; i++) {
    const told_t *g = &got[i], *m = &model.results[i];
    if (i >= got_count || i >= model.result_count || memcmp(g, m, sizeof *g) != 0) {
      fail_msg(
          "seed %llu, result %zu of %zu and %zu: [%lld,%lld) kind %u rev %u n %u over %u; "
          "the model has [%lld,%lld) kind %u rev %u n %u over %u",
          (unsigned long long)seed, i, got_count, model.result_count, (long long)g->start_ms,
          (long long)g->end_ms, g->kind, g->revision, g->count, g->supersedes_count,
          (long long)m->start_ms, (long long)m->end_ms, m->kind, m->revision, m->count,
          m->supersedes_count);
    }
  }
}

/* Something else than a reading: a mark, silence, a restart. */
static void random_mark(prng_t *prng, series_t *series, int64_t now_ms) {
  switch (prng_below(prng, 3)) {
    case 0: {
      int64_t mark_ms = now_ms + prng_between(prng, -30, 10);
      advance(series, mark_ms, VN_KIND_ON_TIME);
      model_advance(mark_ms, VN_KIND_ON_TIME);
      break;
    }
    case 1: {
      int64_t open_ms = model_open_end();
      assert_true(vn_session_open_end(&series->set, &series->memory) == open_ms);
      advance(series, open_ms, VN_KIND_IDLE);
      model_advance(open_ms, VN_KIND_IDLE);
      break;
    }
    default:
      save_and_load(series);
      break;
  }
}

/* Steps and delays mostly lie on the edges of the gap and of the bounds. */
static void random_reading(prng_t *prng, series_t *series, int64_t *now_ms) {
  const vn_session_set_t *set = &series->set;
  int64_t edge_ms = set->out_of_order_ms + set->lateness_ms;
  const int64_t steps_ms[] = {0,
                              1,
                              set->gap_ms,
                              set->gap_ms + 1,
                              prng_between(prng, 0, 3),
                              prng_between(prng, 0, 2 * set->gap_ms),
                              prng_chance(prng, 5) ? 100000 : 2};
  const int64_t delays_ms[] = {0,
                               0,
                               0,
                               prng_between(prng, 0, 3),
                               prng_between(prng, 0, edge_ms + set->gap_ms + 2),
                               prng_between(prng, 0, edge_ms + set->gap_ms + 2)};
  *now_ms += steps_ms[prng_below(prng, 7)];
  int64_t time_ms = *now_ms - delays_ms[prng_below(prng, 6)];
  int32_t value = (int32_t)prng_between(prng, -1000, 1000);
  vn_reason_t expected = model_reading(time_ms, value);
  model_advance(time_ms - set->out_of_order_ms - 1, VN_KIND_ON_TIME);
  assert_int_equal(take(series, time_ms, value), expected);
}

static void random_case(uint64_t seed) {
  prng_t prng = prng_make(seed, 55);
  series_t series;
  int64_t bound_ms = prng_chance(&prng, 50) ? 12 : 60;
  series_begin(&series, prng_between(&prng, 1, 6),
               prng_chance(&prng, 60) ? prng_between(&prng, 0, bound_ms) : 0,
               prng_chance(&prng, 70) ? prng_between(&prng, 0, bound_ms) : 0,
               (uint16_t)prng_below(&prng, SAMPLE_MAX + 1));
  int64_t now_ms = prng_between(&prng, -60, 60);
  uint32_t marks = prng_chance(&prng, 50) ? 10 : 0;
  for (int i = 0; i < 60; i++) {
    if (prng_chance(&prng, marks)) {
      random_mark(&prng, &series, now_ms);
    } else {
      random_reading(&prng, &series, &now_ms);
    }
  }
  advance(&series, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME);
  model_advance(INT64_MAX, VN_KIND_ON_TIME);
  compare(seed);
  assert_int_equal(series.state.live, 0);
  assert_int_equal(series.state.standing, 0);
  series_end(&series);
}

static void random_traces_equal_the_brute_force_model(void **state) {
  (void)state;
  const uint64_t first = 1, cases = rounds(24000);
  print_message("seeds %llu..%llu\n", (unsigned long long)first,
                (unsigned long long)(first + cases - 1));
  fullest_sessions = fullest_standing = 0;
  for (uint64_t seed = first; seed < first + cases; seed++) {
    random_case(seed);
  }
  assert_true(fullest_sessions > 0 && fullest_standing > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_traces_equal_the_brute_force_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
