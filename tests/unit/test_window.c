/* Windows against a brute-force model that keeps every reading of every window. */
#include "vn/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "prng.h"

#define CONTENT_MAX 8192
#define RESULTS_MAX 4096
#define MODEL_NEVER INT64_MIN

/* How often a window has been told. */
typedef struct told {
  uint8_t window;
  int64_t start_ms;
  uint32_t times;
} told_t;

/* One reading in one window. */
typedef struct content {
  uint8_t window;
  int64_t start_ms, time_ms;
  int32_t value;
  const told_t *told; /* of its window, so that nobody searches for it again */
} content_t;

/* A result without padding, so that two compare by their bytes. */
typedef struct expected {
  uint32_t window, kind;
  int64_t start_ms, end_ms;
  uint32_t revision, count;
  int64_t sum;
  int32_t min, max, first, last;
} expected_t;

typedef struct model {
  const vn_window_t *windows;
  uint8_t window_count;
  int64_t out_of_order_ms, lateness_ms, watermark_ms;
  content_t content[CONTENT_MAX];
  told_t told[CONTENT_MAX];
  expected_t results[RESULTS_MAX];
  size_t content_count, told_count, result_count;
} model_t;

/* The extras of each result, beside it. */
static vn_extra_values_t want_extra[RESULTS_MAX], got_extra[RESULTS_MAX];
static vn_extra_set_t want_set;
static vn_trend_t want_trend;
static uint32_t want_counters[VN_HISTOGRAM_COUNTERS(VN_HISTOGRAM_BINS_MAX)];
static uint8_t want_registers[VN_DISTINCT_REGISTERS_MANY];
static const vn_extra_memory_t want_memory = {&want_trend, want_counters, want_registers};

static model_t model;
static expected_t got[RESULTS_MAX];
static size_t got_count;

static int64_t floored(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

static told_t *told_of(uint8_t window, int64_t start_ms) {
  for (size_t i = 0; i < model.told_count; i++) {
    if (model.told[i].window == window && model.told[i].start_ms == start_ms) {
      return &model.told[i];
    }
  }
  model.told[model.told_count] = (told_t){window, start_ms, 0};
  return &model.told[model.told_count++];
}

/* The bounds in time of what a result holds so far. */
typedef struct bounds {
  int64_t first_ms, last_ms;
} bounds_t;

static void model_add(expected_t *result, bounds_t *bounds, const content_t *c) {
  bool first = result->count == 0;
  result->min = first || c->value < result->min ? c->value : result->min;
  result->max = first || c->value > result->max ? c->value : result->max;
  if (first || c->time_ms < bounds->first_ms) {
    result->first = c->value;
    bounds->first_ms = c->time_ms;
  }
  if (first || c->time_ms >= bounds->last_ms) {
    result->last = c->value;
    bounds->last_ms = c->time_ms;
  }
  result->sum += c->value;
  result->count++;
}

/* All readings of the window in one pane. */
static vn_extra_values_t model_extras(uint8_t window, int64_t start_ms, const expected_t *result) {
  vn_aggregate_t bounds = {.count = result->count, .min = result->min, .max = result->max};
  vn_extra_values_t none = {0};
  if ((model.windows[window].statistics & VN_STATISTICS_EXTRA) == 0) {
    return none;
  }
  vn_extra_clear(&want_set, &want_memory, 0);
  for (size_t i = 0; i < model.content_count; i++) {
    const content_t *c = &model.content[i];
    if (c->window == window && c->start_ms == start_ms) {
      vn_extra_add(&want_set, &want_memory, 0, c->time_ms - start_ms, c->value);
    }
  }
  return vn_extra_result(&want_set, &want_memory, &bounds);
}

static void model_tell(uint8_t window, int64_t start_ms, vn_kind_t kind) {
  expected_t result;
  bounds_t bounds = {0, 0};
  memset(&result, 0, sizeof result);
  result.window = window;
  result.kind = (uint32_t)kind;
  result.start_ms = start_ms;
  result.end_ms = start_ms + model.windows[window].size_ms;
  for (size_t i = 0; i < model.content_count; i++) {
    if (model.content[i].window == window && model.content[i].start_ms == start_ms) {
      model_add(&result, &bounds, &model.content[i]);
    }
  }
  result.revision = told_of(window, start_ms)->times++;
  assert_true(model.result_count < RESULTS_MAX);
  want_extra[model.result_count] = model_extras(window, start_ms, &result);
  model.results[model.result_count++] = result;
}

/* The unfired window with content that ends first, if it ends by the watermark. */
static bool model_next_due(int64_t watermark_ms, uint8_t *window, int64_t *start_ms) {
  int64_t best_end_ms = INT64_MAX;
  for (size_t i = 0; i < model.content_count; i++) {
    const content_t *c = &model.content[i];
    int64_t end_ms = c->start_ms + model.windows[c->window].size_ms;
    bool due = end_ms - 1 <= watermark_ms && c->told->times == 0;
    bool first = end_ms < best_end_ms || (end_ms == best_end_ms && c->window < *window);
    if (due && first) {
      best_end_ms = end_ms;
      *window = c->window;
      *start_ms = c->start_ms;
    }
  }
  return best_end_ms != INT64_MAX;
}

static void model_advance(int64_t watermark_ms, vn_kind_t kind) {
  uint8_t window = UINT8_MAX;
  int64_t start_ms = 0;
  if (watermark_ms <= model.watermark_ms) {
    return;
  }
  model.watermark_ms = watermark_ms;
  while (model_next_due(watermark_ms, &window, &start_ms)) {
    model_tell(window, start_ms, kind);
  }
}

static bool model_gone(int64_t end_ms, int64_t watermark_ms) {
  return watermark_ms == INT64_MAX ||
         (watermark_ms != MODEL_NEVER && end_ms - 1 + model.lateness_ms <= watermark_ms);
}

static int by_end(const void *a, const void *b) {
  const content_t *x = a, *y = b;
  int64_t x_end = x->start_ms + model.windows[x->window].size_ms;
  int64_t y_end = y->start_ms + model.windows[y->window].size_ms;
  if (x_end != y_end) {
    return x_end < y_end ? -1 : 1;
  }
  return (int)x->window - (int)y->window;
}

static vn_reason_t model_reading(int64_t time_ms, int32_t value) {
  content_t hits[256];
  size_t hit_count = 0;
  int64_t before_ms = model.watermark_ms;
  vn_reason_t verdict = VN_REASON_NO_WINDOW;
  for (uint8_t w = 0; w < model.window_count; w++) {
    const vn_window_t *window = &model.windows[w];
    int64_t start_ms = floored(time_ms - window->offset_ms, window->slide_ms) * window->slide_ms +
                       window->offset_ms;
    for (; start_ms > time_ms - window->size_ms; start_ms -= window->slide_ms) {
      verdict = verdict == VN_REASON_NO_WINDOW ? VN_REASON_LATE : verdict;
      if (!model_gone(start_ms + window->size_ms, before_ms)) {
        verdict = VN_REASON_NONE;
        assert_true(hit_count < 256);
        hits[hit_count++] = (content_t){w, start_ms, time_ms, value, NULL};
      }
    }
  }
  model_advance(time_ms - model.out_of_order_ms - 1, VN_KIND_ON_TIME);
  qsort(hits, hit_count, sizeof hits[0], by_end);
  for (size_t i = 0; i < hit_count; i++) {
    assert_true(model.content_count < CONTENT_MAX);
    model.content[model.content_count] = hits[i];
    model.content[model.content_count++].told = told_of(hits[i].window, hits[i].start_ms);
  }
  for (size_t i = 0; i < hit_count; i++) {
    if (hits[i].start_ms + model.windows[hits[i].window].size_ms - 1 <= before_ms) {
      model_tell(hits[i].window, hits[i].start_ms, VN_KIND_LATE);
    }
  }
  return verdict;
}

static int64_t model_open_end(void) {
  int64_t open_ms = INT64_MIN;
  for (size_t i = 0; i < model.content_count; i++) {
    const content_t *c = &model.content[i];
    int64_t last_ms = c->start_ms + model.windows[c->window].size_ms - 1;
    if (c->told->times == 0 && last_ms > open_ms) {
      open_ms = last_ms;
    }
  }
  return open_ms;
}

static void collect(void *context, const vn_window_result_t *result) {
  (void)context;
  const vn_aggregate_t *a = result->aggregate;
  assert_true(got_count < RESULTS_MAX);
  assert_int_equal(result->sample_count, a->count < model.windows[result->window].sample
                                             ? a->count
                                             : model.windows[result->window].sample);
  for (uint32_t i = 0; i < result->sample_count; i++) {
    assert_in_range(result->sample[i].time_ms - result->start_ms, 0,
                    result->end_ms - result->start_ms - 1);
  }
  got_extra[got_count] = result->extra != NULL ? *result->extra : (vn_extra_values_t){0};
  got[got_count++] = (expected_t){result->window,   result->kind, result->start_ms, result->end_ms,
                                  result->revision, a->count,     a->sum,           a->min,
                                  a->max,           a->first,     a->last};
}

/* An engine's share of a series, with guard words behind every array. */
typedef struct series {
  vn_window_set_t set;
  vn_window_memory_t memory;
  vn_window_state_t state;
  vn_waiting_t waiting;
  vn_window_sink_t sink;
  vn_member_t scratch[VN_SAMPLE_MAX];
  vn_trend_t trend;
  uint32_t counters[VN_HISTOGRAM_COUNTERS(VN_HISTOGRAM_BINS_MAX)];
  uint8_t registers[VN_DISTINCT_REGISTERS_MANY];
} series_t;

static void series_begin(series_t *series, const vn_window_t *windows, uint8_t window_count,
                         int64_t out_of_order_ms, int64_t lateness_ms) {
  uint8_t problem;
  assert_int_equal(vn_window_set_derive(&series->set, windows, window_count, out_of_order_ms,
                                        lateness_ms, &problem),
                   VN_OK);
  series->memory = (vn_window_memory_t){
      .state = &series->state,
      .panes = calloc(series->set.pane_count, sizeof(vn_pane_t)),
      .members =
          calloc((size_t)series->set.pane_count * series->set.sample + 1, sizeof(vn_member_t)),
      .revisions = calloc(series->set.revision_count + 1, sizeof(uint16_t)),
      .extra = {.trends = calloc(series->set.pane_count, sizeof(vn_trend_t)),
                .counters = calloc(
                    (size_t)series->set.pane_count * vn_extra_counters(&series->set.extra) + 1,
                    sizeof(uint32_t)),
                .registers =
                    calloc((size_t)series->set.pane_count * series->set.extra.registers + 1, 1)},
      .waiting = &series->waiting,
      .tallies = calloc(series->set.pane_count, sizeof(vn_tally_t)),
      .heard = calloc(series->set.pane_count, sizeof(uint64_t)),
      .sample_seed = 7};
  series->set.extra.low = -1000;
  series->set.extra.high = 1000;
  want_set = series->set.extra;
  series->sink = (vn_window_sink_t){
      collect, NULL, series->scratch, {&series->trend, series->counters, series->registers}};
  vn_window_reset(&series->set, &series->memory);
}

static void series_end(series_t *series) {
  free(series->memory.panes);
  free(series->memory.members);
  free(series->memory.revisions);
  free(series->memory.extra.trends);
  free(series->memory.extra.counters);
  free(series->memory.extra.registers);
  free(series->memory.tallies);
  free(series->memory.heard);
}

static void save_and_load(series_t *series) {
  size_t most = vn_window_save_max(&series->set);
  uint8_t *bytes = malloc(most);
  size_t length = vn_window_save(&series->set, &series->memory, bytes, most);
  assert_true(length <= most);
  memset(series->memory.panes, 0x5A, series->set.pane_count * sizeof(vn_pane_t));
  memset(series->memory.tallies, 0x5A, series->set.pane_count * sizeof(vn_tally_t));
  memset(&series->state, 0x5A, sizeof series->state);
  assert_int_equal(vn_window_load(&series->set, &series->memory, bytes, length), VN_OK);
  free(bytes);
}

static void compare(uint64_t seed) {
  if (got_count != model.result_count ||
      memcmp(got, model.results, got_count * sizeof got[0]) != 0) {
    for (size_t i = 0; i < got_count || i < model.result_count; i++) {
      const expected_t *g = &got[i], *m = &model.results[i];
      printf(
          "%zu: got w%u k%u [%lld,%lld) rev %u n %u sum %lld; want w%u k%u [%lld,%lld) rev %u "
          "n %u sum %lld\n",
          i, g->window, g->kind, (long long)g->start_ms, (long long)g->end_ms, g->revision,
          g->count, (long long)g->sum, m->window, m->kind, (long long)m->start_ms,
          (long long)m->end_ms, m->revision, m->count, (long long)m->sum);
    }
    fail_msg("seed %llu: results differ", (unsigned long long)seed);
  }
  for (size_t i = 0; i < got_count; i++) {
    const vn_extra_values_t *g = &got_extra[i], *w = &want_extra[i];
    bool slopes = g->has_slope == w->has_slope && g->slope_per_s >= w->slope_per_s &&
                  g->slope_per_s <= w->slope_per_s;
    if (!slopes || g->distinct != w->distinct || g->has_quantiles != w->has_quantiles ||
        memcmp(g->quantiles, w->quantiles, sizeof g->quantiles) != 0) {
      fail_msg("seed %llu: extras of result %zu differ", (unsigned long long)seed, i);
    }
  }
}

static uint8_t random_windows(prng_t *prng, vn_window_t *windows) {
  uint8_t count = (uint8_t)(1 + prng_below(prng, 3));
  bool extras = prng_below(prng, 4) == 0;
  for (uint8_t i = 0; i < count; i++) {
    int64_t size_ms = 1 + prng_below(prng, 30);
    bool tumbling = prng_below(prng, 2) == 0;
    int64_t slide_ms = tumbling ? size_ms : 1 + prng_below(prng, 30);
    int64_t offset_ms = (int64_t)prng_below(prng, (uint32_t)(2 * slide_ms - 1)) - (slide_ms - 1);
    windows[i] = (vn_window_t){.name = "w",
                               .size_ms = size_ms,
                               .slide_ms = slide_ms,
                               .offset_ms = offset_ms,
                               .statistics = extras ? VN_STATISTICS_EXTRA : 0,
                               .sample = (uint16_t)prng_below(prng, 5)};
  }
  return count;
}

static void random_event(prng_t *prng, series_t *series, int64_t *now_ms) {
  uint32_t what = prng_below(prng, 40);
  if (what == 0) {
    int64_t mark_ms = *now_ms + (int64_t)prng_below(prng, 60) - 40;
    vn_window_advance(&series->set, &series->memory, mark_ms, VN_KIND_ON_TIME, &series->sink);
    model_advance(mark_ms, VN_KIND_ON_TIME);
    return;
  }
  if (what == 1) {
    int64_t open_ms = model_open_end();
    vn_window_close_idle(&series->set, &series->memory, &series->sink);
    if (open_ms != INT64_MIN) {
      model_advance(open_ms, VN_KIND_IDLE);
    }
    return;
  }
  if (what == 2) {
    save_and_load(series);
    return;
  }
  uint32_t jump = prng_below(prng, 50);
  *now_ms += jump == 0 ? 1000 : (int64_t)(jump % 8);
  int64_t time_ms = *now_ms - (int64_t)prng_below(prng, 3) * (int64_t)prng_below(prng, 30);
  int32_t value = (int32_t)prng_below(prng, 2001) - 1000;
  vn_reason_t expected = model_reading(time_ms, value);
  assert_int_equal(
      vn_window_reading(&series->set, &series->memory, time_ms, value, &series->sink, NULL),
      expected);
}

static void random_case(uint64_t seed) {
  prng_t prng = prng_make(seed, 54);
  vn_window_t windows[3];
  series_t series;
  uint8_t count = random_windows(&prng, windows);
  memset(&model, 0, sizeof model);
  model.windows = windows;
  model.window_count = count;
  model.out_of_order_ms = prng_below(&prng, 2) * prng_below(&prng, 20);
  model.lateness_ms = prng_below(&prng, 2) * prng_below(&prng, 50);
  model.watermark_ms = MODEL_NEVER;
  got_count = 0;
  series_begin(&series, windows, count, model.out_of_order_ms, model.lateness_ms);
  int64_t now_ms = (int64_t)prng_below(&prng, 400) - 200;
  for (int i = 0; i < 60; i++) {
    random_event(&prng, &series, &now_ms);
  }
  vn_window_advance(&series.set, &series.memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME,
                    &series.sink);
  model_advance(INT64_MAX, VN_KIND_ON_TIME);
  compare(seed);
  series_end(&series);
}

static void random_traces_equal_the_brute_force_model(void **state) {
  (void)state;
  const uint64_t first = 1, cases = rounds(4000);
  print_message("seeds %llu..%llu\n", (unsigned long long)first,
                (unsigned long long)(first + cases - 1));
  for (uint64_t seed = first; seed < first + cases; seed++) {
    random_case(seed);
  }
}

static void a_jump_from_1970_to_today_costs_no_loop(void **state) {
  (void)state;
  const vn_window_t second = {.name = "s", .size_ms = 1000, .slide_ms = 1000};
  series_t series;
  memset(&model, 0, sizeof model);
  model.windows = &second;
  got_count = 0;
  series_begin(&series, &second, 1, 0, 0);
  assert_int_equal(vn_window_reading(&series.set, &series.memory, 5, 1, &series.sink, NULL),
                   VN_REASON_NONE);
  assert_int_equal(
      vn_window_reading(&series.set, &series.memory, INT64_C(1795219200000), 2, &series.sink, NULL),
      VN_REASON_NONE);
  assert_int_equal(got_count, 1);
  assert_int_equal(got[0].end_ms, 1000);
  series_end(&series);
}

static void the_ring_is_as_long_as_the_bound_says(void **state) {
  (void)state;
  const vn_window_t windows[] = {
      {.name = "a", .size_ms = 600000, .slide_ms = 60000},
      {.name = "b", .size_ms = 10000, .slide_ms = 10000, .offset_ms = 137}};
  vn_window_set_t set;
  uint8_t problem;
  assert_int_equal(vn_window_set_derive(&set, windows, 1, 5000, 60000, &problem), VN_OK);
  assert_int_equal(set.pane_ms, 60000);
  assert_int_equal(set.pane_count, 12);
  assert_int_equal(vn_window_set_derive(&set, windows + 1, 1, 0, 0, &problem), VN_OK);
  assert_int_equal(set.pane_count, 1);
  assert_int_equal(vn_window_set_derive(&set, windows, 2, 0, 0, &problem), VN_ERR_PLAN);
  assert_int_equal(problem, 0);
  assert_int_equal(set.pane_ms, 1);
}

static void damaged_states_are_refused_and_leave_a_fresh_one(void **state) {
  (void)state;
  const vn_window_t minute = {.name = "m", .size_ms = 60, .slide_ms = 60, .sample = 3};
  series_t series;
  uint8_t bytes[1024];
  model.windows = &minute;
  series_begin(&series, &minute, 1, 5, 60);
  for (int64_t t = 0; t < 50; t += 7) {
    assert_int_equal(vn_window_reading(&series.set, &series.memory, t, 3, &series.sink, NULL),
                     VN_REASON_NONE);
  }
  size_t length = vn_window_save(&series.set, &series.memory, bytes, sizeof bytes);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_window_load(&series.set, &series.memory, bytes, cut), VN_ERR_FORMAT);
    assert_true(series.state.watermark_ms == VN_TIME_MINUS_INFINITY);
  }
  series_end(&series);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_traces_equal_the_brute_force_model),
      cmocka_unit_test(a_jump_from_1970_to_today_costs_no_loop),
      cmocka_unit_test(the_ring_is_as_long_as_the_bound_says),
      cmocka_unit_test(damaged_states_are_refused_and_leave_a_fresh_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
