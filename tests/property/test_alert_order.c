/*
 * Alerts and the order of arrival. On windows: each window is looked at once, at its first result,
 * so within out_of_order the same transitions happen at the same times. On values that are
 * evaluated in order of time: the same ones as if the readings had come in that order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "trace_rig.h"

#define SEED 61u
#define TRACES 4000u
#define TRACES_OF_VALUES 1000u

enum { READINGS = 60, READINGS_OF_VALUES = 120, TRANSITIONS_MAX = 1024, ALERTS = 8, OF_WINDOW = 1 };

typedef struct step {
  int64_t at_ms, starts_ms, value;
  uint64_t divisor;
  uint32_t episode;
  uint8_t alert, level, from, phase;
} step_t;

/* A run and what its alert did, series by series. */
typedef struct watched {
  trace_run_t run; /* first: it is the context of the observer */
  step_t steps[TRACE_SERIES][TRANSITIONS_MAX];
  size_t counts[TRACE_SERIES];
} watched_t;

typedef struct bench {
  trace_setup_t setup;
  vn_alert_plan_t alerts[ALERTS];
  trace_t trace, mixed;
  watched_t ordered, other;
} bench_t;

static void on_alert(void *context, const vn_transition_t *transition) {
  watched_t *watched = context;
  const vn_pipeline_t *pipeline = &watched->run.setup->pipeline;
  size_t series = transition->series.length > 1 ? 2 : (size_t)(transition->series.bytes[0] - 'a');
  size_t *count = &watched->counts[series];
  assert_true(*count < TRANSITIONS_MAX);
  step_t *step = &watched->steps[series][(*count)++];
  memset(step, 0, sizeof *step); /* its padding too: steps compare by their bytes */
  step->at_ms = transition->at_ms;
  step->starts_ms = transition->starts_ms;
  step->value = transition->value.numerator;
  step->divisor = transition->value.denominator;
  step->episode = transition->episode;
  while (strcmp(pipeline->alerts[step->alert].name, transition->alert) != 0) {
    step->alert++;
  }
  step->level = transition->level;
  step->from = transition->from;
  step->phase = transition->phase;
}

/* Above a limit that the statistic crosses now and then, with delays of some windows. */
static void watch(bench_t *bench, prng_t *prng) {
  static const uint8_t statistics[] = {VN_STATISTIC_COUNT, VN_STATISTIC_SUM, VN_STATISTIC_MIN,
                                       VN_STATISTIC_MAX, VN_STATISTIC_MEAN};
  uint8_t statistic = statistics[prng_below(prng, sizeof statistics)];
  bench->alerts[0] = (vn_alert_plan_t){
      .name = "watch",
      .severity = "",
      .of = "w0.statistic",
      .rule = {.limit = statistic == VN_STATISTIC_COUNT ? 2 : 0,
               .hysteresis = (int32_t)prng_below(prng, 3),
               .for_ms = (int64_t)prng_below(prng, 3) * 9,
               .keep_firing_for_ms = (int64_t)prng_below(prng, 3) * 9,
               .condition = prng_chance(prng, 50) ? VN_ALERT_ABOVE : VN_ALERT_BELOW},
      .source = VN_ALERT_OF_WINDOW,
      .statistic = statistic};
  bench->setup.pipeline.alerts = bench->alerts;
  bench->setup.pipeline.alert_count = OF_WINDOW;
}

static const char *const severities[] = {"minor", "major"};
static const vn_alert_limits_t levels[] = {{VN_ALERT_NO_LOW, 0, 1}, {VN_ALERT_NO_LOW, 30, 5}};

/* One alert of each kind of condition, some of them with delays, patterns, N of M. */
static void watch_values(bench_t *bench, prng_t *prng) {
  static const vn_alert_plan_t kinds[ALERTS] = {
      {.name = "above", .rule = {.condition = VN_ALERT_ABOVE, .limit = 10, .hysteresis = 3}},
      {.name = "outside", .rule = {.condition = VN_ALERT_OUTSIDE, .low = -40, .limit = 40}},
      {.name = "inside", .rule = {.condition = VN_ALERT_INSIDE, .low = -20, .limit = 20}},
      {.name = "levels",
       .severities = severities,
       .rule = {.condition = VN_ALERT_LEVELS, .levels = levels, .level_count = 2}},
      {.name = "rate",
       .rule = {.condition = VN_ALERT_RATE,
                .low = -9000,
                .limit = VN_ALERT_NO_HIGH,
                .period_ms = 1000}},
      {.name = "unchanged", .rule = {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 3}},
      {.name = "after",
       .rule = {.condition = VN_ALERT_BELOW, .limit = 0, .follows = true, .within_ms = 4}},
      {.name = "deviation",
       .warm_up = 5,
       .rule = {.condition = VN_ALERT_DEVIATION, .limit = 400, .period_ms = 2}},
  };
  for (size_t i = 0; i < ALERTS; i++) {
    vn_alert_plan_t *alert = &bench->alerts[i];
    *alert = kinds[i];
    alert->severity = "";
    alert->of = "value";
    alert->in_order = true;
    alert->rule.for_ms = (int64_t)prng_below(prng, 3) * 4;
    alert->rule.keep_firing_for_ms = (int64_t)prng_below(prng, 3) * 4;
    alert->rule.hits_of = (uint8_t)(prng_chance(prng, 30) ? 3 : 0);
    alert->rule.hits = alert->rule.hits_of > 0 ? 2 : 0;
    alert->rule.min_samples = prng_below(prng, 4);
  }
  bench->setup.pipeline.alerts = bench->alerts;
  bench->setup.pipeline.alert_count = ALERTS;
  bench->setup.pipeline.alert_reorder = READINGS_OF_VALUES;
  bench->setup.pipeline.summary.window_count *= prng_chance(prng, 80);
}

static void run(watched_t *watched, const trace_setup_t *setup, const trace_t *trace) {
  memset(watched->counts, 0, sizeof watched->counts);
  trace_forget(&watched->run);
  trace_start(&watched->run, setup, NULL);
  watched->run.observer.alert = on_alert;
  for (size_t i = 0; i < trace->count; i++) {
    trace_take(&watched->run, &trace->readings[i]);
  }
  vn_flush(&watched->run.engine);
}

static bool is_same(const watched_t *a, const watched_t *b) {
  for (size_t series = 0; series < TRACE_SERIES; series++) {
    if (a->counts[series] != b->counts[series] ||
        memcmp(a->steps[series], b->steps[series], a->counts[series] * sizeof(step_t)) != 0) {
      return false;
    }
  }
  return true;
}

/* With sessions, and ends in common time, below the bound: see the law of results. */
static int64_t forgiven(const trace_setup_t *setup) {
  int64_t bound_ms = setup->pipeline.out_of_order_ms;
  return trace_has_sessions(setup) && bound_ms > 0 ? bound_ms - 1 : bound_ms;
}

static void order_within_the_bound_changes_no_transition(void **state) {
  (void)state;
  static bench_t bench;
  size_t transitions = 0;
  for (uint32_t number = 0; number < trace_count(TRACES); number++) {
    prng_t prng = prng_make(trace_seed(SEED), number);
    trace_setup_random(&bench.setup, &prng, TRACE_TIME | TRACE_SESSIONS);
    if (bench.setup.pipeline.out_of_order_ms == 0) {
      bench.setup.pipeline.scope = VN_SCOPE_SERIES;
    }
    watch(&bench, &prng);
    trace_random(&bench.trace, &prng, &bench.setup, READINGS);
    bench.mixed = bench.trace;
    trace_shuffle(&bench.mixed, &prng, forgiven(&bench.setup));
    run(&bench.ordered, &bench.setup, &bench.trace);
    run(&bench.other, &bench.setup, &bench.mixed);
    bool same = is_same(&bench.ordered, &bench.other);
    if (!same) {
      print_error("seed %u, trace %u\n", (unsigned)trace_seed(SEED), (unsigned)number);
      trace_print(&bench.setup, &bench.mixed);
    }
    assert_true(same);
    for (size_t series = 0; series < TRACE_SERIES; series++) {
      transitions += bench.ordered.counts[series];
    }
  }
  print_message("%u traces: %zu transitions\n", (unsigned)trace_count(TRACES), transitions);
  assert_true(transitions > trace_count(TRACES));
  trace_free(&bench.ordered.run);
  trace_free(&bench.other.run);
}

/* The same alerts by arrival, for a trace that arrives in order. */
static void run_in_order(bench_t *bench) {
  for (size_t i = 0; i < ALERTS; i++) {
    bench->alerts[i].in_order = false;
  }
  bench->setup.pipeline.alert_reorder = 0;
  run(&bench->ordered, &bench->setup, &bench->trace);
}

static void alerts_in_order_do_what_they_would_if_readings_came_in_order(void **state) {
  (void)state;
  static bench_t bench;
  size_t transitions[ALERTS] = {0};
  for (uint32_t number = 0; number < trace_count(TRACES_OF_VALUES); number++) {
    prng_t prng = prng_make(trace_seed(SEED) + 1, number);
    trace_setup_random(&bench.setup, &prng, TRACE_TIME | TRACE_SESSIONS | TRACE_COUNTS);
    watch_values(&bench, &prng);
    trace_random(&bench.trace, &prng, &bench.setup, READINGS_OF_VALUES);
    bench.mixed = bench.trace;
    trace_shuffle(&bench.mixed, &prng, bench.setup.pipeline.out_of_order_ms);
    run(&bench.other, &bench.setup, &bench.mixed);
    assert_int_equal(vn_engine_figures(&bench.other.run.engine)->late_for_alerts, 0);
    run_in_order(&bench);
    bool same = is_same(&bench.ordered, &bench.other);
    if (!same) {
      print_error("seed %u, trace %u\n", (unsigned)trace_seed(SEED) + 1, (unsigned)number);
      trace_print(&bench.setup, &bench.mixed);
    }
    assert_true(same);
    for (size_t series = 0; series < TRACE_SERIES; series++) {
      for (size_t i = 0; i < bench.ordered.counts[series]; i++) {
        transitions[bench.ordered.steps[series][i].alert]++;
      }
    }
  }
  for (size_t i = 0; i < ALERTS; i++) {
    print_message("%s: %zu transitions\n", bench.alerts[i].name, transitions[i]);
    assert_true(transitions[i] > trace_count(TRACES_OF_VALUES) / 20);
  }
  trace_free(&bench.ordered.run);
  trace_free(&bench.other.run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(alerts_in_order_do_what_they_would_if_readings_came_in_order),
      cmocka_unit_test(order_within_the_bound_changes_no_transition),
  };
  print_message("seed %u\n", (unsigned)trace_seed(SEED));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
