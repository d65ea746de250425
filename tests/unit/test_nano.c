/* The nano runtime: what it refuses, and what becomes of messages that find no room. What it tells
 * is compared with the engine in tests/property. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "vn/nano.h"

enum { SERIES = 2, SAMPLE = 4, OUTBOX = 1024, SCRATCH = 640, SENT_MAX = 65536 };

static const vn_window_t minute = {.name = "minute",
                                   .size_ms = 60000,
                                   .slide_ms = 60000,
                                   .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN),
                                   .sample = SAMPLE};
static const vn_alert_plan_t hot = {.name = "hot",
                                    .severity = "critical",
                                    .of = "value",
                                    .rule = {.limit = 8000, .hysteresis = 500},
                                    .exponent = -2};
static const char *const names[SERIES] = {"t1", "t2"};

/* A plan that tests may spoil, and the device that runs it. */
typedef struct bench {
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_window_t window;
  vn_alert_plan_t alert;
  vn_nano_t nano;
  int64_t now_ms;
  bool link_up, link_deaf;
  vn_message_t last;
  char text[SCRATCH + 1];
  uint64_t newest[2]; /* seq + 1 of the last one: of alerts, of summaries */
  uint8_t seen[SENT_MAX];
  size_t sent, alerts, waiting_count;
  uint64_t waiting[SENT_MAX];
} bench_t;

static bench_t bench;

static int64_t mono_ms(void *context) {
  (void)context;
  return bench.now_ms;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = bench.now_ms;
  return true;
}

static vn_err_t send_up(void *context, const vn_message_t *message) {
  (void)context;
  if (!bench.link_up) {
    return VN_ERR_LINK;
  }
  bool alert = message->channel != VN_CHANNEL_SUMMARY;
  assert_true(message->seq < SENT_MAX && message->payload_length <= SCRATCH);
  assert_true(bench.seen[message->seq] == 0);
  bench.seen[message->seq] = 1;
  assert_true(message->seq >= bench.newest[!alert]); /* each kind in its order */
  bench.newest[!alert] = message->seq + 1;
  bench.last = *message;
  memcpy(bench.text, message->payload, message->payload_length);
  bench.text[message->payload_length] = 0;
  bench.waiting[bench.waiting_count++] = message->index;
  bench.sent++;
  bench.alerts += alert;
  return VN_OK;
}

static const vn_clock_t test_clock = {NULL, mono_ms, wall_ms};
static const vn_uplink_t uplink = {NULL, send_up};
static const vn_nano_ports_t ports = {&test_clock, &uplink};
VN_NANO_DEFINE(store, SERIES, VN_NANO_PANES(60000, 5000, 60000), SAMPLE, OUTBOX, SCRATCH);
VN_STATIC_ASSERT(VN_NANO_RAM_BYTES(SERIES, 3, SAMPLE, OUTBOX, SCRATCH) ==
                     sizeof store_series_ + sizeof store_panes_ + sizeof store_members_ +
                         sizeof store_outbox_ + sizeof store_scratch_,
                 "the sum that is told is that of the arrays");

static void make_plan(void) {
  memset(&bench, 0, sizeof bench);
  bench.now_ms = INT64_C(1795219200000);
  bench.window = minute;
  bench.alert = hot;
  bench.pipeline = (vn_pipeline_t){.summary = {"plant", "Cel", &bench.window, 1, -2, false},
                                   .match = {"*", 1},
                                   .alerts = &bench.alert,
                                   .alert_count = 1,
                                   .out_of_order_ms = 5000,
                                   .lateness_ms = 60000,
                                   .idle_timeout_ms = 5000,
                                   .max_future_ms = VN_DURATION_OFF,
                                   .range_low = -4000,
                                   .range_high = 12500,
                                   .series_max = SERIES};
  bench.plan = (vn_plan_t){.device = "node",
                           .prefix = "vnotch",
                           .pipelines = &bench.pipeline,
                           .pipeline_count = 1,
                           .series_max = SERIES,
                           .outbox_bytes = 2048,
                           .outbox_entries = 8,
                           .batch_max = 4,
                           .name_max = 16};
}

static vn_err_t begin(void) {
  return vn_nano_init(&bench.nano, &bench.plan, names, &store, &ports);
}

static void refused_as(const char *text) {
  vn_plan_problem_t problem;
  assert_int_equal(vn_nano_check(&bench.plan, &problem), VN_ERR_PLAN);
  assert_string_equal(problem.text, text);
  assert_int_equal(begin(), VN_ERR_PLAN);
  make_plan();
  assert_int_equal(vn_nano_check(&bench.plan, &problem), VN_OK);
}

static void a_plan_that_asks_for_more_is_refused_by_name(void **state) {
  (void)state;
  make_plan();
  bench.plan.durability = VN_DURABILITY_JOURNAL;
  refused_as("durability: journal");
  bench.plan.commands = true;
  refused_as("commands");
  bench.plan.encoding = VN_ENCODING_JSON;
  refused_as("encoding");
  bench.plan.flood.readings = 1;
  refused_as("flood");
  bench.plan.pipeline_count = 2;
  refused_as("more than one pipeline, window or alert");
  bench.pipeline.scope = VN_SCOPE_GLOBAL;
  refused_as("scope: global");
  bench.pipeline.late_every_ms = INT64_C(1) << 40;
  refused_as("late_every");
  bench.pipeline.summary.exponent = 1;
  refused_as("resolution above 1 or below 0.000000001");
  bench.window.shape = VN_WINDOW_SLIDING;
  refused_as("windows that aren't tumbling");
  bench.window.statistics |= VN_STATISTIC_BIT(VN_STATISTIC_STDDEV);
  refused_as("statistics beyond count, sum, min, max, first, last, mean, range");
  bench.alert.rule.condition = VN_ALERT_OUTSIDE;
  refused_as("conditions but above and below");
  bench.alert.rule.latch = true;
  refused_as("latch");
  bench.alert.source = VN_ALERT_OF_WINDOW;
  refused_as("alerts of windows");
}

static void a_store_or_a_word_that_does_not_fit_is_refused(void **state) {
  (void)state;
  static const char *const quoted[SERIES] = {"t1", "t\"2"};
  static const char *const longer[SERIES] = {"t1", "seventeen letters"};
  make_plan();
  assert_int_equal(begin(), VN_OK);
  assert_int_equal(vn_nano_init(&bench.nano, &bench.plan, quoted, &store, &ports), VN_ERR_ARGUMENT);
  assert_int_equal(vn_nano_init(&bench.nano, &bench.plan, longer, &store, &ports), VN_ERR_ARGUMENT);
  assert_int_equal(
      vn_nano_init_checked(&bench.nano, &bench.plan, names, &store, &ports, sizeof(vn_nano_t) - 1),
      VN_ERR_ABI);
  bench.alert.severity = "back\\slash";
  assert_int_equal(begin(), VN_ERR_ARGUMENT);
  make_plan();
  bench.pipeline.lateness_ms = 120000;
  assert_int_equal(begin(), VN_ERR_STORE);
  make_plan();
  bench.window.sample = SAMPLE + 1;
  assert_int_equal(begin(), VN_ERR_STORE);
  make_plan();
  char labels[256] = "";
  memset(labels, 'x', sizeof labels - 1);
  bench.alert.labels = labels;
  assert_int_equal(begin(), VN_ERR_STORE);
}

static void settle(void) {
  for (size_t i = 0; i < bench.waiting_count; i++) {
    vn_nano_sent(&bench.nano, bench.waiting[i], true);
  }
  bench.waiting_count = 0;
}

static void read_value(uint8_t series, int32_t value) {
  assert_int_equal(vn_nano_take_reading(&bench.nano, series, bench.now_ms, value), VN_REASON_NONE);
}

static void a_message_of_an_alert_tells_what_was_passed(void **state) {
  (void)state;
  make_plan();
  bench.link_up = true;
  assert_int_equal(begin(), VN_OK);
  read_value(1, 8123);
  assert_int_equal(vn_nano_step(&bench.nano, 16), 100);
  assert_int_equal(bench.sent, 2);
  assert_string_equal(
      bench.text,
      "{\"alert\":\"hot\",\"series\":\"t2\",\"pipeline\":\"plant\",\"of\":\"value\",\"state\":"
      "\"firing\",\"phase\":\"firing\",\"severity\":\"critical\",\"episode\":1,\"rev\":0,\"value\":"
      "81.23,\"limit\":80,\"unit\":\"Cel\",\"starts_at\":1795219200000,\"ends_at\":null,\"at\":"
      "1795219200000,\"acknowledged\":false,\"summary\":\"hot firing: t2 value 81.23 Cel, limit "
      "above 80 Cel, at 2026-11-21T00:00:00Z\",\"device\":\"node\",\"boot\":1795219200,\"seq\":1,"
      "\"id\":\"node:hot:t2:1:firing\"}");
}

/* An hour without a link, in 1 KiB. */
static void alerts_stay_when_the_outbox_is_full_and_the_oldest_summaries_go(void **state) {
  (void)state;
  make_plan();
  assert_int_equal(begin(), VN_OK);
  bench.link_up = true;
  read_value(0, 2000);
  bench.now_ms += 5000;
  (void)vn_nano_step(&bench.nano, 16);
  assert_int_equal(bench.sent, 1); /* this one is on its way all the time */
  bench.link_up = false;
  for (int i = 0; i < 60; i++) {
    bench.now_ms += 60000;
    read_value(0, 2000 + i);
    read_value(1, i % 12 < 6 ? 9000 : 1000);
    (void)vn_nano_step(&bench.nano, 16);
  }
  const vn_nano_figures_t *figures = &bench.nano.figures;
  assert_int_equal(figures->alerts, 10);
  assert_true(figures->outbox_dropped > 10);
  bench.link_up = true;
  (void)vn_nano_step(&bench.nano, 1000);
  assert_int_equal(bench.alerts, 20);
  assert_int_equal(bench.sent + figures->outbox_dropped, bench.nano.seq);
  assert_int_equal(bench.seen[bench.nano.seq - 1], 1);
  settle();
  read_value(0, 2000);
  assert_int_equal(figures->readings.received, 122);
  assert_int_equal(figures->readings.accepted, 122);
}

/* Whatever comes, each message is sent in its order or counted as dropped. */
static void no_message_goes_without_being_counted(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 300; seed++) {
    prng_t prng = prng_make(seed, 0);
    make_plan();
    assert_int_equal(begin(), VN_OK);
    uint32_t busy = prng_below(&prng, 90);
    for (int i = 0; i < 300; i++) {
      bench.link_up = prng_chance(&prng, busy);
      bench.now_ms += prng_below(&prng, 90000);
      (void)vn_nano_take_reading(&bench.nano, (uint8_t)prng_below(&prng, SERIES),
                                 bench.now_ms - prng_below(&prng, 80000),
                                 (int32_t)prng_between(&prng, 7000, 9000));
      if (prng_chance(&prng, 50)) {
        (void)vn_nano_step(&bench.nano, 1 + prng_below(&prng, 4));
      }
      if (prng_chance(&prng, 40)) {
        settle();
      }
    }
    bench.link_up = true;
    bench.now_ms += 60000;
    while (vn_nano_step(&bench.nano, 3) == 0) {
      settle();
    }
    settle();
    uint64_t told = bench.sent + bench.nano.figures.outbox_dropped;
    if (told < bench.nano.seq || bench.sent > bench.nano.seq) {
      print_error("seed %u: %llu of %u messages\n", (unsigned)seed, (unsigned long long)told,
                  (unsigned)bench.nano.seq);
    }
    /* One on its way may have to make room, too: it arrived, and is counted. */
    assert_true(told >= bench.nano.seq && bench.sent <= bench.nano.seq);
    assert_int_equal(bench.nano.used + bench.nano.notices, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plan_that_asks_for_more_is_refused_by_name),
      cmocka_unit_test(a_store_or_a_word_that_does_not_fit_is_refused),
      cmocka_unit_test(a_message_of_an_alert_tells_what_was_passed),
      cmocka_unit_test(alerts_stay_when_the_outbox_is_full_and_the_oldest_summaries_go),
      cmocka_unit_test(no_message_goes_without_being_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
