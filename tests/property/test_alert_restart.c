/*
 * Alerts over a stop and a start: every change of state and everything that subscribers are told
 * afterwards is what would have been told without it, with the same episode and number. All kinds
 * of conditions, patterns and delays, with what people do to alerts, floods, groups and evidence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"
#include "trace_rig.h"

#define SEED 67u
#define TRACES 200u
#define COMMAND_MAX 96
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

enum {
  STEPS = 50,
  SERIES = TRACE_SERIES,
  TOLD_MAX = 16384,
  READINGS_MAX = 8, /* of evidence */
  PERIOD_MS = 1000, /* of the readings, in processing time */
  LEARNED = 12      /* behind so many steps the periods of all series are known, one gap or not */
};

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 256, .sector_count = 1024, .erased_value = 0xFF};

/* A change of state (event VN_ALERT_EVENT_COUNT) or an event. */
typedef struct told {
  int64_t at_ms, starts_ms, ends_ms, shelved_until_ms, value;
  uint64_t divisor;
  vn_recent_t readings[READINGS_MAX];
  char alert[16], series[16];
  uint32_t episode;
  uint32_t revision;
  uint16_t flags;
  uint8_t from, phase, event, level, count;
  bool first_in_group, has_end;
} told_t;

typedef struct watched {
  trace_run_t run; /* first: it is the context of the observer */
  told_t told[TOLD_MAX];
  vn_alert_figures_t figures[STEPS]; /* behind each step, and a restart, but those of this run */
  size_t count, steps;
} watched_t;

typedef struct step {
  trace_reading_t readings[SERIES];
  char command[COMMAND_MAX]; /* empty: none */
  int ticks;                 /* before the readings */
} step_t;

typedef struct bench {
  trace_setup_t setup;
  step_t steps[STEPS];
  watched_t whole, cut;
} bench_t;

static void note(void *context, const vn_transition_t *transition) {
  watched_t *watched = context;
  assert_true(watched->count < TOLD_MAX && transition->readings.count <= READINGS_MAX);
  told_t *told = &watched->told[watched->count++];
  memset(told, 0, sizeof *told); /* its padding too: they compare by their bytes */
  told->at_ms = transition->at_ms;
  told->starts_ms = transition->starts_ms;
  told->ends_ms = transition->has_end ? transition->ends_ms : 0;
  told->shelved_until_ms = transition->shelved_until_ms;
  told->value = transition->value.numerator;
  told->divisor = transition->value.denominator;
  told->episode = transition->episode;
  told->revision = transition->revision;
  told->flags = transition->flags;
  told->from = transition->from;
  told->phase = transition->phase;
  told->event = transition->event;
  told->level = transition->level;
  told->first_in_group = transition->first_in_group;
  told->has_end = transition->has_end;
  (void)snprintf(told->alert, sizeof told->alert, "%s", transition->alert);
  memcpy(told->series, transition->series.bytes, transition->series.length);
  const vn_readings_t *readings = &transition->readings;
  told->count = readings->count;
  for (uint8_t i = 0; i < readings->count; i++) {
    const vn_recent_t *reading = &readings->ring[(readings->first + i) % readings->size];
    told->readings[i].time_ms = reading->time_ms;
    told->readings[i].value = reading->value;
  }
}

/* Setups */

static const char *const severities[] = {"minor", "major", "critical"};
static const vn_alert_limits_t levels[] = {
    {VN_ALERT_NO_LOW, -20, 4}, {VN_ALERT_NO_LOW, 10, 4}, {VN_ALERT_NO_LOW, 40, 8}};

static const vn_alert_plan_t kinds[] = {
    {.name = "above", .rule = {.condition = VN_ALERT_ABOVE, .limit = 20, .hysteresis = 15}},
    {.name = "latched", .rule = {.condition = VN_ALERT_BELOW, .limit = -30, .latch = true}},
    {.name = "outside", .rule = {.condition = VN_ALERT_OUTSIDE, .low = -40, .limit = 40}},
    {.name = "inside",
     .rule = {.condition = VN_ALERT_INSIDE, .low = -20, .limit = 20, .hysteresis = 5}},
    {.name = "levels",
     .severities = severities,
     .rule = {.condition = VN_ALERT_LEVELS, .levels = levels, .level_count = COUNT_OF(levels)}},
    {.name = "rate",
     .rule = {.condition = VN_ALERT_RATE, .low = -9000, .limit = 9000, .period_ms = 1000}},
    {.name = "unchanged", .rule = {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = 6}},
    {.name = "hits", .rule = {.condition = VN_ALERT_ABOVE, .hits = 2, .hits_of = 4}},
    {.name = "after",
     .follows = 0,
     .rule = {.condition = VN_ALERT_BELOW, .limit = 0, .follows = true, .within_ms = 9}},
    {.name = "quiet", .quiet = true, .rule = {.condition = VN_ALERT_ABOVE, .limit = 30}},
    {.name = "muted",
     .inhibited_by = 1u << 9 | 1u,
     .rule = {.condition = VN_ALERT_ABOVE, .limit = -10}},
    {.name = "silent", .rule = {.condition = VN_ALERT_ABSENT_FOR, .period_ms = 6 * PERIOD_MS}},
    {.name = "mean",
     .source = VN_ALERT_OF_WINDOW,
     .statistic = VN_STATISTIC_MEAN,
     .rule = {.condition = VN_ALERT_ABOVE, .limit = 3, .hysteresis = 2}},
    {.name = "later", .in_order = true, .rule = {.condition = VN_ALERT_ABOVE, .limit = 15}},
    {.name = "learned",
     .rule =
         {.condition = VN_ALERT_ABSENT_FOR, .times = 3, .least_ms = 1, .period_ms = 9 * PERIOD_MS}},
};

/* Evaluations, unlike silences, can have delays, and can be told again. */
static void make_delays(vn_alert_plan_t *alert, prng_t *prng) {
  alert->rule.for_ms = (int64_t)prng_below(prng, 3) * 5;
  alert->rule.keep_firing_for_ms = (int64_t)prng_below(prng, 3) * 7;
  alert->rule.min_samples = prng_below(prng, 3);
  alert->rule.latch = alert->rule.latch || prng_chance(prng, 15);
  alert->no_data_after_ms = prng_chance(prng, 40) ? 4 * PERIOD_MS : 0;
  alert->repeat_every_ms = prng_chance(prng, 40) ? 10 + (int64_t)prng_below(prng, 20) : 0;
}

static void make_alerts(bench_t *bench, vn_alert_plan_t alerts[COUNT_OF(kinds)], prng_t *prng,
                        bool learns) {
  vn_pipeline_t *pipeline = &bench->setup.pipeline;
  memcpy(alerts, kinds, sizeof kinds);
  for (size_t i = 0; i < COUNT_OF(kinds); i++) {
    vn_alert_plan_t *alert = &alerts[i];
    alert->severity = "";
    alert->of = "value";
    alert->group = (uint8_t)prng_below(prng, 3);
    alert->urgent = prng_chance(prng, 20);
    if (alert->rule.condition != VN_ALERT_ABSENT_FOR) {
      make_delays(alert, prng);
    }
  }
  pipeline->alerts = alerts;
  pipeline->alert_count = (uint8_t)(COUNT_OF(kinds) - (learns ? 0 : 1));
  pipeline->alert_reorder = (uint16_t)(1 + prng_below(prng, 8));
  pipeline->evidence =
      (vn_evidence_t){.bytes = 256, .before = (uint8_t)prng_below(prng, 5), .after = 0};
  pipeline->evidence.after = pipeline->evidence.before > 0 ? (uint8_t)prng_below(prng, 4) : 0;
  bench->setup.plan.commands = true;
  bench->setup.plan.group_count = 2;
  bench->setup.plan.flood = (vn_rate_t){prng_chance(prng, 50) ? 4 : 0, 5 * PERIOD_MS, 4};
  bench->setup.plan.message_max_bytes = 256;
  bench->setup.plan.queue_bytes = 1024;
}

/* Traces */

static void make_command(char command[COMMAND_MAX], prng_t *prng) {
  static const char *const words[] = {"acknowledge",
                                      "unshelve",
                                      "reset",
                                      "out_of_service",
                                      "in_service",
                                      "shelve\",\"once\":true,\"by\":\"ann",
                                      "shelve\",\"for\":\"5s",
                                      "shelve\",\"for\":\"2s"};
  const char *series = prng_chance(prng, 50) ? ",\"series\":\"a\"" : "";
  int length = snprintf(command, COMMAND_MAX, "{\"alert\":\"%s\"%s,\"command\":\"%s\"}",
                        kinds[prng_below(prng, COUNT_OF(kinds))].name, series,
                        words[prng_below(prng, COUNT_OF(words))]);
  assert_true(length > 0 && length < COMMAND_MAX);
}

static void make_steps(bench_t *bench, prng_t *prng) {
  int64_t bound_ms = bench->setup.pipeline.out_of_order_ms + 2;
  int64_t front_ms = 1000;
  int32_t value = 0;
  for (size_t i = 0; i < STEPS; i++) {
    step_t *step = &bench->steps[i];
    memset(step, 0, sizeof *step);
    front_ms += prng_chance(prng, 5) ? 40000 : 1 + (int64_t)prng_below(prng, 6);
    for (uint32_t s = 0; s < SERIES; s++) {
      value = prng_chance(prng, 25) ? value : (int32_t)prng_between(prng, -60, 60);
      int64_t delay_ms = prng_chance(prng, 40) ? prng_between(prng, 0, bound_ms) : 0;
      step->readings[s] = (trace_reading_t){front_ms - delay_ms, value, s};
    }
    step->ticks = i > LEARNED && prng_chance(prng, 8) ? 7 + (int)prng_below(prng, 6) : 1;
    if (prng_chance(prng, 25)) {
      make_command(step->command, prng);
    }
  }
}

/* Runs */

static void start(watched_t *watched, const trace_setup_t *setup, const vn_flash_t *flash) {
  trace_start(&watched->run, setup, flash);
  watched->run.observer.alert = note;
  watched->run.observer.event = note;
}

static void take(watched_t *watched, const step_t *step) {
  const vn_text_t topic = {"p/d/command", strlen("p/d/command")};
  trace_run_t *run = &watched->run;
  for (int i = 0; i < step->ticks; i++) {
    run->now_ms += PERIOD_MS;
    vn_tick(&run->engine);
  }
  for (uint32_t s = 0; s < SERIES; s++) {
    trace_take(run, &step->readings[s]);
  }
  if (step->command[0] != 0) {
    vn_take_message(&run->engine, topic, (const uint8_t *)step->command, strlen(step->command),
                    false);
  }
}

static void note_figures(watched_t *watched) {
  vn_alert_figures_t *figures = &watched->figures[watched->steps++];
  vn_engine_alert_figures(&watched->run.engine, figures);
  figures->per_hour = 0;
}

/* Half of the times without a clean end; goes on from the flash at the same moment. */
static void stop_and_start(watched_t *watched, flash_fake_t *flash, bool clean) {
  vn_engine_t *engine = &watched->run.engine;
  assert_int_equal(clean ? vn_stop(engine) : vn_checkpoint(engine), VN_OK);
  flash_fake_power_up(flash);
  start(watched, watched->run.setup, &flash->port);
  assert_false(vn_engine_recovery(engine)->fresh);
  assert_int_equal(vn_engine_recovery(engine)->series_reset, 0);
}

static void begin(watched_t *watched) {
  watched->run.now_ms = 0;
  watched->count = watched->steps = 0;
  trace_forget(&watched->run);
}

static void run_whole(bench_t *bench) {
  begin(&bench->whole);
  start(&bench->whole, &bench->setup, NULL);
  for (size_t i = 0; i < STEPS; i++) {
    take(&bench->whole, &bench->steps[i]);
    note_figures(&bench->whole);
  }
  vn_flush(&bench->whole.run.engine);
}

static void make(bench_t *bench, vn_alert_plan_t alerts[COUNT_OF(kinds)], uint32_t number,
                 bool learns) {
  prng_t prng = prng_make(trace_seed(SEED) + learns, number);
  trace_setup_random(&bench->setup, &prng, TRACE_TIME | TRACE_SESSIONS | TRACE_COUNTS);
  make_alerts(bench, alerts, &prng, learns);
  make_steps(bench, &prng);
  run_whole(bench);
}

static bool is_same_figures(const watched_t *a, const watched_t *b) {
  for (size_t i = 0; i < STEPS; i++) {
    const vn_alert_figures_t *of_a = &a->figures[i];
    const vn_alert_figures_t *of_b = &b->figures[i];
    if (memcmp(of_a, of_b, offsetof(vn_alert_figures_t, flood)) != 0 ||
        of_a->flood != of_b->flood) {
      return false;
    }
  }
  return vn_engine_figures(&a->run.engine)->late_for_alerts ==
         vn_engine_figures(&b->run.engine)->late_for_alerts;
}

static void check(const bench_t *bench, uint32_t number, size_t stop) {
  const watched_t *whole = &bench->whole;
  const watched_t *cut = &bench->cut;
  size_t least = whole->count < cut->count ? whole->count : cut->count;
  size_t same = 0;
  while (same < least && memcmp(&whole->told[same], &cut->told[same], sizeof(told_t)) == 0) {
    same++;
  }
  if (same < whole->count || same < cut->count) {
    const told_t *told = same < cut->count ? &cut->told[same] : &whole->told[same];
    fail_msg("seed %u, trace %u, stop %zu: line %zu of %zu and %zu: %s of %s, event %d, at %lld",
             (unsigned)trace_seed(SEED), (unsigned)number, stop, same, whole->count, cut->count,
             told->alert, told->series, told->event, (long long)told->at_ms);
  }
  assert_true(is_same_figures(whole, cut));
}

/* Stops behind step `stop`, or behind every one (STEPS). */
static void run_cut(bench_t *bench, uint32_t number, size_t stop) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  begin(&bench->cut);
  start(&bench->cut, &bench->setup, &flash->port);
  for (size_t i = 0; i < STEPS; i++) {
    take(&bench->cut, &bench->steps[i]);
    if (i == stop || stop == STEPS) {
      stop_and_start(&bench->cut, flash, i % 2 == 0);
    }
    note_figures(&bench->cut);
  }
  vn_flush(&bench->cut.run.engine);
  assert_null(flash->violation);
  check(bench, number, stop);
  flash_fake_free(flash);
}

static void count_events(const watched_t *watched, size_t seen[VN_ALERT_EVENT_COUNT + 1]) {
  for (size_t i = 0; i < watched->count; i++) {
    seen[watched->told[i].event]++;
  }
}

static void check_seen(const size_t seen[VN_ALERT_EVENT_COUNT + 1], uint32_t traces) {
  for (int event = 0; event < VN_ALERT_EVENT_COUNT; event++) {
    print_message("%s: %zu\n", vn_alert_event_word((vn_alert_event_t)event), seen[event]);
    assert_true(traces < TRACES || seen[event] > 0);
  }
}

static void a_stop_behind_every_reading_changes_nothing_told_of_alerts(void **state) {
  (void)state;
  static bench_t bench;
  size_t seen[VN_ALERT_EVENT_COUNT + 1] = {0};
  vn_alert_plan_t alerts[COUNT_OF(kinds)];
  for (uint32_t number = 0; number < trace_count(TRACES); number++) {
    make(&bench, alerts, number, false);
    run_cut(&bench, number, STEPS);
    count_events(&bench.whole, seen);
  }
  check_seen(seen, trace_count(TRACES));
  trace_free(&bench.whole.run);
  trace_free(&bench.cut.run);
}

/* The gap in which it stopped isn't learned: one less of many equal ones. */
static void one_stop_anywhere_changes_no_silence_that_was_learned(void **state) {
  (void)state;
  static bench_t bench;
  vn_alert_plan_t alerts[COUNT_OF(kinds)];
  size_t learned = 0;
  for (uint32_t number = 0; number < trace_count(TRACES) / 10; number++) {
    make(&bench, alerts, number, true);
    for (size_t stop = 0; stop < STEPS; stop++) {
      run_cut(&bench, number, stop);
    }
    for (size_t i = 0; i < bench.whole.count; i++) {
      learned += strcmp(bench.whole.told[i].alert, "learned") == 0;
    }
  }
  print_message("%zu lines of learned silences\n", learned);
  assert_true(learned > 0);
  trace_free(&bench.whole.run);
  trace_free(&bench.cut.run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stop_behind_every_reading_changes_nothing_told_of_alerts),
      cmocka_unit_test(one_stop_anywhere_changes_no_silence_that_was_learned),
  };
  print_message("seed %u\n", (unsigned)trace_seed(SEED));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
