/* Condition windows against a model that looks at the whole past; known answers; restarts. */
#include "vn/condition_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vn/hash.h"

#include "asked.h"
#include "prng.h"

#define READINGS_MAX 128
#define RESULTS_MAX 128
#define SAMPLE_MAX 4
#define SEED 13

typedef struct reading {
  int64_t time_ms;
  int32_t value;
} reading_t;

/* A result without padding, so that two compare by their bytes. */
typedef struct told {
  int64_t start_ms, end_ms, sum, first_ms, last_ms;
  vn_span_t supersedes;
  int32_t min, max, first, last;
  uint32_t count, sample_count, revision, kind, supersedes_count, nothing;
  vn_member_t sample[SAMPLE_MAX];
} told_t;

static told_t got[RESULTS_MAX];
static size_t got_count;

/* The model: every reading that a window took, and every result. */
typedef struct model {
  const vn_condition_window_t *window;
  reading_t content[READINGS_MAX];
  told_t results[RESULTS_MAX];
  size_t content_count, result_count;
  int64_t newest_ms;
  bool any, holds, open;
} model_t;

static model_t model;

static void collect(void *context, const vn_window_result_t *result) {
  const vn_aggregate_t *a = result->aggregate;
  (void)context;
  assert_true(got_count < RESULTS_MAX);
  assert_int_equal(result->window, 1);
  told_t *told = &got[got_count++];
  memset(told, 0, sizeof *told);
  *told = (told_t){.start_ms = result->start_ms,
                   .end_ms = result->end_ms,
                   .sum = a->sum,
                   .first_ms = a->first_ms,
                   .last_ms = a->last_ms,
                   .min = a->min,
                   .max = a->max,
                   .first = a->first,
                   .last = a->last,
                   .count = a->count,
                   .sample_count = result->sample_count,
                   .revision = result->revision,
                   .kind = result->kind,
                   .supersedes_count = result->supersedes_count};
  if (result->supersedes_count > 0) {
    told->supersedes = result->supersedes[0];
  }
  for (uint32_t i = 0; i < result->sample_count; i++) {
    told->sample[i] = result->sample[i];
  }
}

static const vn_window_sink_t sink = {.deliver = collect};

typedef struct series {
  vn_condition_window_t window;
  vn_condition_memory_t memory;
  vn_condition_state_t state;
} series_t;

static void begin(series_t *series, vn_condition_window_t window) {
  window.window = 1;
  series->window = window;
  assert_int_equal(vn_condition_window_check(&window), VN_OK);
  series->memory = (vn_condition_memory_t){.state = &series->state,
                                           .members = malloc(window.sample * sizeof(vn_member_t)),
                                           .sample_seed = SEED};
  vn_condition_window_reset(&series->window, &series->memory);
  memset(&model, 0, sizeof model);
  model.window = &series->window;
  got_count = 0;
}

static void end(series_t *series) { free(series->memory.members); }

static vn_reason_t take(series_t *series, int64_t time_ms, int32_t value) {
  vn_reason_t judged = vn_condition_window_judge(&series->window, &series->memory, time_ms, value);
  vn_reason_t taken =
      vn_condition_window_reading(&series->window, &series->memory, time_ms, value, &sink);
  assert_int_equal(judged, taken == VN_REASON_NO_WINDOW ? VN_REASON_NONE : taken);
  return taken;
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

static void model_summarise(told_t *told) {
  vn_member_t all[READINGS_MAX];
  told->min = INT32_MAX;
  told->max = INT32_MIN;
  told->count = (uint32_t)model.content_count;
  for (size_t i = 0; i < model.content_count; i++) {
    const reading_t *r = &model.content[i];
    all[i] = (vn_member_t){r->time_ms, r->value, vn_priority(SEED, r->time_ms, r->value)};
    told->sum += r->value;
    told->min = r->value < told->min ? r->value : told->min;
    told->max = r->value > told->max ? r->value : told->max;
  }
  told->first = model.content[0].value;
  told->last = model.content[model.content_count - 1].value;
  told->first_ms = model.content[0].time_ms;
  told->last_ms = model.content[model.content_count - 1].time_ms;
  qsort(all, model.content_count, sizeof all[0], by_priority);
  told->sample_count = told->count < model.window->sample ? told->count : model.window->sample;
  memcpy(told->sample, all, told->sample_count * sizeof all[0]);
}

/* Earlier results of a window are those before it that have the same start and hold less. */
static void model_close(int64_t end_ms, vn_kind_t kind) {
  assert_true(model.result_count < RESULTS_MAX);
  told_t *told = &model.results[model.result_count];
  memset(told, 0, sizeof *told);
  told->start_ms = model.content[0].time_ms;
  told->end_ms = end_ms;
  told->kind = (uint32_t)kind;
  model_summarise(told);
  for (size_t i = model.result_count; i > 0; i--) {
    const told_t *before = &model.results[i - 1];
    if (before->start_ms != told->start_ms) {
      break;
    }
    told->revision++;
    if (i == model.result_count && before->end_ms != end_ms) {
      told->supersedes = (vn_span_t){before->start_ms, before->end_ms};
      told->supersedes_count = 1;
    }
  }
  model.result_count++;
  model.open = false;
}

static bool model_condition(int32_t value) {
  int64_t hysteresis = model.holds ? model.window->rule.hysteresis : 0;
  return model.window->rule.condition == VN_ALERT_ABOVE
             ? value > model.window->rule.limit - hysteresis
             : value < model.window->rule.limit + hysteresis;
}

/* Opens a window, or goes on with the last one told when it covers this time already. */
static void model_open(int64_t time_ms) {
  if (!model.open && model.result_count > 0) {
    const told_t *before = &model.results[model.result_count - 1];
    bool again = time_ms < before->end_ms || time_ms == before->start_ms;
    model.content_count = again ? model.content_count : 0;
  }
  model.open = true;
}

static vn_reason_t model_reading(int64_t time_ms, int32_t value) {
  if (model.any && time_ms < model.newest_ms) {
    return VN_REASON_LATE;
  }
  model.any = true;
  model.newest_ms = time_ms;
  model.holds = model_condition(value);
  int64_t max_ms = model.window->max_ms;
  if (model.open && max_ms > 0 && time_ms >= model.content[0].time_ms + max_ms) {
    model_close(model.content[0].time_ms + max_ms, VN_KIND_FORCED);
  }
  if (model.open && !model.holds) {
    model_close(time_ms, VN_KIND_ON_TIME);
  }
  if (!model.holds) {
    return VN_REASON_NO_WINDOW;
  }
  model_open(time_ms);
  model.content[model.content_count++] = (reading_t){time_ms, value};
  return VN_REASON_NONE;
}

static void close_both(series_t *series, vn_kind_t kind) {
  vn_condition_window_close(&series->window, &series->memory, kind, &sink);
  if (model.open) {
    model_close(model.content[model.content_count - 1].time_ms + 1, kind);
  }
}

static void save_and_load(series_t *series) {
  size_t most = vn_condition_window_save_max(&series->window);
  uint8_t *bytes = malloc(most);
  size_t length = vn_condition_window_save(&series->window, &series->memory, bytes, most);
  assert_true(length <= most);
  assert_int_equal(vn_condition_window_save(&series->window, &series->memory, NULL, 0), length);
  bool holds = series->state.holds;
  memset(&series->state, 0x01, sizeof series->state);
  assert_int_equal(vn_condition_window_load(&series->window, &series->memory, bytes, length),
                   VN_OK);
  assert_int_equal(series->state.holds, holds);
  free(bytes);
}

static void random_case(uint64_t seed) {
  prng_t prng = prng_make(seed, 57);
  series_t series;
  begin(&series,
        (vn_condition_window_t){
            .rule = {.limit = prng_between(&prng, -5, 5),
                     .hysteresis = prng_between(&prng, 0, 6),
                     .condition = (uint8_t)prng_below(&prng, 2)},
            .max_ms = prng_chance(&prng, 50) ? VN_DURATION_OFF : prng_between(&prng, 1, 12),
            .sample = (uint16_t)prng_below(&prng, SAMPLE_MAX + 1)});
  int64_t now_ms = prng_between(&prng, -30, 30);
  for (int i = 0; i < 60; i++) {
    now_ms += (int64_t)prng_below(&prng, 2) * (int64_t)prng_below(&prng, 6);
    int64_t time_ms = now_ms - (prng_chance(&prng, 15) ? prng_below(&prng, 4) : 0);
    int32_t value = (int32_t)prng_between(&prng, -9, 9);
    vn_reason_t expected = model_reading(time_ms, value);
    assert_int_equal(take(&series, time_ms, value), expected);
    assert_int_equal(series.state.open, model.open);
    if (prng_chance(&prng, 5)) {
      close_both(&series, VN_KIND_IDLE);
    }
    if (prng_chance(&prng, 5)) {
      save_and_load(&series);
    }
  }
  close_both(&series, VN_KIND_ON_TIME);
  if (got_count != model.result_count ||
      memcmp(got, model.results, got_count * sizeof got[0]) != 0) {
    fail_msg("seed %llu: results differ", (unsigned long long)seed);
  }
  end(&series);
}

static void random_traces_equal_the_brute_force_model(void **state) {
  (void)state;
  const uint64_t first = 1, cases = rounds(20000);
  print_message("seeds %llu..%llu\n", (unsigned long long)first,
                (unsigned long long)(first + cases - 1));
  for (uint64_t seed = first; seed < first + cases; seed++) {
    random_case(seed);
  }
}

static void expect(size_t index, int64_t start_ms, int64_t end_ms, uint32_t count) {
  assert_true(index < got_count);
  assert_true(got[index].start_ms == start_ms && got[index].end_ms == end_ms);
  assert_int_equal(got[index].count, count);
}

static void a_window_lasts_while_the_condition_holds(void **state) {
  (void)state;
  series_t series;
  begin(&series,
        (vn_condition_window_t){.rule = {.limit = 30, .hysteresis = 2}, .max_ms = VN_DURATION_OFF});
  assert_int_equal(take(&series, 0, 30), VN_REASON_NO_WINDOW);
  assert_int_equal(take(&series, 10, 31), VN_REASON_NONE);
  assert_int_equal(take(&series, 20, 29), VN_REASON_NONE);
  assert_int_equal(take(&series, 15, 99), VN_REASON_LATE);
  assert_int_equal(got_count, 0);
  assert_int_equal(take(&series, 30, 28), VN_REASON_NO_WINDOW);
  expect(0, 10, 30, 2);
  assert_int_equal(got[0].kind, VN_KIND_ON_TIME);
  assert_int_equal(got[0].max, 31);
  assert_int_equal(take(&series, 40, 30), VN_REASON_NO_WINDOW);
  assert_int_equal(take(&series, 50, 31), VN_REASON_NONE);
  vn_condition_window_close(&series.window, &series.memory, VN_KIND_ON_TIME, &sink);
  vn_condition_window_close(&series.window, &series.memory, VN_KIND_ON_TIME, &sink);
  assert_int_equal(got_count, 2);
  expect(1, 50, 51, 1);
  end(&series);
}

static void a_window_at_its_greatest_length_is_closed_and_the_next_opened(void **state) {
  (void)state;
  series_t series;
  begin(&series,
        (vn_condition_window_t){.rule = {.limit = 0, .condition = VN_ALERT_BELOW}, .max_ms = 10});
  for (int64_t t = 0; t <= 25; t += 3) {
    assert_int_equal(take(&series, t, -1), VN_REASON_NONE);
  }
  assert_int_equal(take(&series, 40, 0), VN_REASON_NO_WINDOW);
  assert_int_equal(got_count, 3);
  expect(0, 0, 10, 4);
  expect(1, 12, 22, 4);
  expect(2, 24, 34, 1);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(got[i].kind, VN_KIND_FORCED);
    assert_int_equal(got[i].revision, 0);
  }
  end(&series);
}

static void a_condition_that_flaps_within_one_instant_is_one_window(void **state) {
  (void)state;
  series_t series;
  begin(&series, (vn_condition_window_t){.max_ms = VN_DURATION_OFF});
  const int32_t values[] = {1, 0, 2, 0, 3};
  for (size_t i = 0; i < 5; i++) {
    (void)!take(&series, 5, values[i]);
  }
  assert_int_equal(take(&series, 9, 0), VN_REASON_NO_WINDOW);
  assert_int_equal(got_count, 3);
  expect(0, 5, 5, 1);
  expect(1, 5, 5, 2);
  expect(2, 5, 9, 3);
  assert_int_equal(got[1].revision, 1);
  assert_int_equal(got[1].supersedes_count, 0);
  assert_int_equal(got[2].revision, 2);
  assert_int_equal(got[2].supersedes_count, 1);
  assert_true(got[2].supersedes.start_ms == 5 && got[2].supersedes.end_ms == 5);
  end(&series);
}

static void rules_outside_their_ranges_are_refused(void **state) {
  (void)state;
  const vn_condition_window_t wrong[] = {{.max_ms = 0},
                                         {.max_ms = -2},
                                         {.max_ms = VN_WINDOW_SPAN_MAX_MS + 1},
                                         {.max_ms = 1, .rule = {.hysteresis = -1}},
                                         {.max_ms = 1, .rule = {.condition = VN_ALERT_ABSENT_FOR}},
                                         {.max_ms = 1, .rule = {.for_ms = 1}},
                                         {.max_ms = 1, .rule = {.keep_firing_for_ms = 1}},
                                         {.max_ms = 1, .sample = VN_SAMPLE_MAX + 1}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(vn_condition_window_check(&wrong[i]), VN_ERR_PLAN);
  }
}

static void a_full_window_takes_no_more_readings(void **state) {
  (void)state;
  series_t series;
  begin(&series, (vn_condition_window_t){.max_ms = VN_DURATION_OFF});
  assert_int_equal(take(&series, 0, 1), VN_REASON_NONE);
  series.state.aggregate.count = UINT32_MAX;
  assert_int_equal(take(&series, 1, 1), VN_REASON_LIMITED);
  assert_int_equal(take(&series, 2, 0), VN_REASON_NO_WINDOW);
  expect(0, 0, 2, UINT32_MAX);
  end(&series);
}

static void damaged_states_are_refused_and_leave_a_fresh_one(void **state) {
  (void)state;
  series_t series;
  uint8_t bytes[256], bad[256];
  begin(&series, (vn_condition_window_t){.max_ms = VN_DURATION_OFF, .sample = 2});
  const int32_t values[] = {1, 0, 2, 0, 3};
  for (size_t i = 0; i < 5; i++) {
    (void)!take(&series, 5, values[i]);
  }
  size_t length = vn_condition_window_save(&series.window, &series.memory, bytes, sizeof bytes - 1);
  assert_in_range(length, 10, sizeof bytes - 1);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_condition_window_load(&series.window, &series.memory, bytes, cut),
                     VN_ERR_FORMAT);
    assert_false(series.state.open || series.state.results > 0);
  }
  memcpy(bad, bytes, length);
  bad[length] = 0;
  assert_int_equal(vn_condition_window_load(&series.window, &series.memory, bad, length + 1),
                   VN_ERR_FORMAT);
  /* Flipped bits: refused, or a state that goes on. */
  for (size_t bit = 0; bit < length * 8; bit++) {
    memcpy(bad, bytes, length);
    bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
    if (vn_condition_window_load(&series.window, &series.memory, bad, length) == VN_OK) {
      got_count = 0;
      (void)!take(&series, 1000, 0);
      (void)!take(&series, VN_TIME_HIGHEST_MS, 1);
      vn_condition_window_close(&series.window, &series.memory, VN_KIND_ON_TIME, &sink);
      assert_in_range(got_count, 1, 2);
    }
  }
  end(&series);
}

static void a_series_without_readings_comes_back(void **state) {
  (void)state;
  uint8_t bytes[64];
  vn_condition_state_t series;
  const vn_condition_window_t window = {.max_ms = VN_DURATION_OFF};
  const vn_condition_memory_t memory = {.state = &series};
  vn_condition_window_reset(&window, &memory);
  size_t length = vn_condition_window_save(&window, &memory, bytes, sizeof bytes);
  assert_int_equal(vn_condition_window_load(&window, &memory, bytes, length), VN_OK);
  assert_false(series.evaluated || series.open);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_traces_equal_the_brute_force_model),
      cmocka_unit_test(a_window_lasts_while_the_condition_holds),
      cmocka_unit_test(a_window_at_its_greatest_length_is_closed_and_the_next_opened),
      cmocka_unit_test(a_condition_that_flaps_within_one_instant_is_one_window),
      cmocka_unit_test(rules_outside_their_ranges_are_refused),
      cmocka_unit_test(a_full_window_takes_no_more_readings),
      cmocka_unit_test(damaged_states_are_refused_and_leave_a_fresh_one),
      cmocka_unit_test(a_series_without_readings_comes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
