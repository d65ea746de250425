/* The plan: what the check refuses, whose fault it names, and what the hashes tell apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "vn/plan.h"

/* A whole plan in one struct, so that a test can spoil any part of it. */
typedef struct sample {
  vn_window_t windows[2];
  vn_alert_plan_t alerts[2];
  vn_field_t fields[1];
  vn_input_t inputs[2];
  vn_pipeline_t pipelines[2];
  vn_plan_t plan;
} sample_t;

static const vn_window_t minute = {.name = "minute",
                                   .size_ms = 60000,
                                   .slide_ms = 60000,
                                   .statistics = 1,
                                   .sample = 8,
                                   .shape = VN_WINDOW_TUMBLING};
static const vn_window_t trend = {.name = "trend",
                                  .size_ms = 600000,
                                  .slide_ms = 60000,
                                  .statistics = 1,
                                  .shape = VN_WINDOW_SLIDING};

static void make_pipeline(sample_t *sample, unsigned index, const char *name) {
  sample->pipelines[index] = (vn_pipeline_t){
      .summary = {.name = name,
                  .unit = "Cel",
                  .windows = sample->windows,
                  .window_count = 2,
                  .exponent = -2},
      .match = {"*", 1},
      .alerts = sample->alerts,
      .lateness_ms = 60000,
      .idle_timeout_ms = VN_DURATION_OFF,
      .max_future_ms = VN_DURATION_OFF,
      .range_low = -4000,
      .range_high = 12500,
      .series_max = 10,
      .alert_count = 2,
  };
}

static void make(sample_t *sample) {
  memset(sample, 0, sizeof *sample);
  sample->windows[0] = minute;
  sample->windows[1] = trend;
  sample->alerts[0] = (vn_alert_plan_t){
      .name = "hot", .severity = "", .of = "value", .rule = {.limit = 8000}, .exponent = -2};
  sample->alerts[1] = (vn_alert_plan_t){.name = "mean",
                                        .severity = "",
                                        .of = "minute.mean",
                                        .source = VN_ALERT_OF_WINDOW,
                                        .statistic = VN_STATISTIC_MEAN,
                                        .exponent = -2};
  sample->inputs[0] = (vn_input_t){.pattern = {.text = {"a", 1}}, .format = VN_FORMAT_NUMBER};
  sample->inputs[1] = (vn_input_t){.pattern = {.text = {"b", 1}},
                                   .format = VN_FORMAT_JSON,
                                   .fields = sample->fields,
                                   .field_count = 1};
  make_pipeline(sample, 0, "p");
  make_pipeline(sample, 1, "q");
  sample->plan = (vn_plan_t){
      .device = "gw",
      .prefix = "vnotch",
      .inputs = sample->inputs,
      .pipelines = sample->pipelines,
      .checkpoint_every_ms = 10000,
      .state_bytes = 1048576,
      .erase_block_bytes = 4096,
      .program_unit_bytes = 256,
      .series_max = 20,
      .queue_messages = 16,
      .queue_bytes = 4096,
      .message_max_bytes = 1024,
      .outbox_bytes = 16384,
      .outbox_entries = 64,
      .batch_max = 20,
      .name_max = 64,
      .input_count = 2,
      .pipeline_count = 2,
      .durability = VN_DURABILITY_CHECKPOINT,
  };
}

static void expect_refusal(const sample_t *sample, unsigned pipeline, unsigned window,
                           unsigned alert, unsigned input) {
  vn_plan_problem_t problem;
  assert_int_equal(vn_plan_check(&sample->plan, &problem), VN_ERR_PLAN);
  assert_true(strlen(problem.text) > 5);
  assert_int_equal(problem.pipeline, pipeline);
  assert_int_equal(problem.window, window);
  assert_int_equal(problem.alert, alert);
  assert_int_equal(problem.input, input);
}

static void a_good_plan_passes(void **state) {
  (void)state;
  sample_t sample;
  vn_plan_problem_t problem;
  make(&sample);
  assert_int_equal(vn_plan_check(&sample.plan, &problem), VN_OK);
  sample.plan.durability = VN_DURABILITY_VOLATILE;
  sample.plan.state_bytes = 0;
  sample.plan.erase_block_bytes = 0;
  sample.plan.queue_bytes = 0; /* a port without a queue */
  sample.plan.inputs = NULL;
  sample.plan.input_count = 0;
  assert_int_equal(vn_plan_check(&sample.plan, &problem), VN_OK);
}

/* Sets one member of a fresh sample and expects the refusal. */
#define SPOIL(member, value, pipeline, window, alert, input)          \
  do {                                                                \
    sample_t sample_;                                                 \
    make(&sample_);                                                   \
    sample_.member = (value);                                         \
    expect_refusal(&sample_, (pipeline), (window), (alert), (input)); \
  } while (0)
#define SPOIL_PLAN(member, value) SPOIL(plan.member, value, 255, 255, 255, 255)

static void sizes(void **state) {
  (void)state;
  SPOIL_PLAN(device, "");
  SPOIL_PLAN(device, NULL);
  SPOIL_PLAN(prefix, "12345678901234567890123456789012345678901234567890123456789012345");
  SPOIL_PLAN(pipeline_count, 0);
  SPOIL_PLAN(pipeline_count, 33);
  SPOIL_PLAN(input_count, 65);
  SPOIL_PLAN(inputs, NULL);
  SPOIL_PLAN(pipelines, NULL);
  SPOIL_PLAN(series_max, 0);
  SPOIL_PLAN(limit, ((vn_rate_t){1, VN_RATE_PER_MAX_MS + 1, 1}));
  SPOIL_PLAN(name_max, 15);
  SPOIL_PLAN(name_max, 256);
  SPOIL_PLAN(encoding, 5);
  SPOIL_PLAN(batch_max, 0);
  SPOIL_PLAN(flush_every_ms, -1);
  SPOIL_PLAN(outbox_entries, 0);
  SPOIL_PLAN(outbox_entries, 48);
  SPOIL_PLAN(outbox_entries, 2);
  SPOIL_PLAN(outbox_bytes, 64);
  SPOIL_PLAN(queue_bytes, 4000);
  SPOIL_PLAN(queue_bytes, 2048);
  SPOIL_PLAN(queue_messages, 0);
}

static void geometry_of_the_state(void **state) {
  (void)state;
  SPOIL_PLAN(durability, 3);
  SPOIL_PLAN(checkpoint_every_ms, 0);
  SPOIL_PLAN(state_bytes, 7 * 4096);
  SPOIL_PLAN(state_bytes, 1048577);
  SPOIL_PLAN(state_bytes, UINT64_C(1) << 40);
  SPOIL_PLAN(erase_block_bytes, 0);
  SPOIL_PLAN(erase_block_bytes, 256);
  SPOIL_PLAN(erase_block_bytes, 12288);
  SPOIL_PLAN(program_unit_bytes, 0);
  SPOIL_PLAN(program_unit_bytes, 100);
  SPOIL_PLAN(program_unit_bytes, 2048);
}

static void a_journal_needs_a_queue(void **state) {
  (void)state;
  sample_t sample;
  make(&sample);
  vn_plan_problem_t problem;
  sample.plan.durability = VN_DURABILITY_JOURNAL;
  assert_int_equal(vn_plan_check(&sample.plan, &problem), VN_OK);
  sample.plan.queue_bytes = 0;
  expect_refusal(&sample, 255, 255, 255, 255);
}

static void inputs(void **state) {
  (void)state;
  SPOIL(inputs[0].format, 5, 255, 255, 255, 0);
  SPOIL(inputs[1].time_unit, 4, 255, 255, 255, 1);
  SPOIL(inputs[1].qos, 2, 255, 255, 255, 1);
  SPOIL(inputs[1].field_count, 0, 255, 255, 255, 1);
  SPOIL(inputs[1].fields, NULL, 255, 255, 255, 1);
  SPOIL(inputs[0].field_count, 1, 255, 255, 255, 0);
  SPOIL(inputs[0].pattern.text.length, 0, 255, 255, 255, 0);
  SPOIL(inputs[0].has_time, true, 255, 255, 255, 0);
  SPOIL(inputs[0].has_sequence, true, 255, 255, 255, 0);
}

static void pipelines(void **state) {
  (void)state;
  SPOIL(pipelines[1].summary.name, "", 1, 255, 255, 255);
  SPOIL(pipelines[1].summary.unit, NULL, 1, 255, 255, 255);
  SPOIL(pipelines[0].match.length, 0, 0, 255, 255, 255);
  SPOIL(pipelines[0].summary.exponent, 10, 0, 255, 255, 255);
  SPOIL(pipelines[0].summary.window_count, 9, 0, 255, 255, 255);
  SPOIL(pipelines[0].summary.windows, NULL, 0, 255, 255, 255);
  SPOIL(pipelines[0].alert_count, 17, 0, 255, 255, 255);
  SPOIL(pipelines[0].alerts, NULL, 0, 255, 255, 255);
  SPOIL(pipelines[0].series_max, 0, 0, 255, 255, 255);
  SPOIL(pipelines[0].series_max, 21, 0, 255, 255, 255);
  SPOIL(pipelines[0].range_low, 12501, 0, 255, 255, 255);
  SPOIL(pipelines[0].out_of_order_ms, -1, 0, 255, 255, 255);
  SPOIL(pipelines[0].lateness_ms, INT64_MAX, 0, 255, 255, 255);
  SPOIL(pipelines[0].idle_timeout_ms, -2, 0, 255, 255, 255);
  SPOIL(pipelines[0].max_future_ms, -2, 0, 255, 255, 255);
  SPOIL(pipelines[0].time_mode, 2, 0, 255, 255, 255);
  SPOIL(pipelines[1].scope, 2, 1, 255, 255, 255);
  SPOIL(pipelines[0].limit, ((vn_rate_t){VN_RATE_MAX + 1, 1000, 1}), 0, 255, 255, 255);
  SPOIL(pipelines[0].limit, ((vn_rate_t){1, 1000, 0}), 0, 255, 255, 255);
  SPOIL(pipelines[1].limit, ((vn_rate_t){1, 0, 1}), 1, 255, 255, 255);
  SPOIL(pipelines[0].unset_clock, 3, 0, 255, 255, 255);
  SPOIL(pipelines[0].time_to_live_ms, -1, 0, 255, 255, 255);
  SPOIL(pipelines[0].deduplicate, 65, 0, 255, 255, 255);
  SPOIL(pipelines[0].same_time, VN_SAME_TIME_CONFLICT, 0, 255, 255, 255);
}

static void windows(void **state) {
  (void)state;
  SPOIL(windows[0].name, NULL, 0, 0, 255, 255);
  SPOIL(windows[1].size_ms, 0, 0, 1, 255, 255);
  SPOIL(windows[1].size_ms, INT64_MAX, 0, 1, 255, 255);
  SPOIL(windows[1].slide_ms, INT64_MIN, 0, 1, 255, 255);
  SPOIL(windows[1].offset_ms, 60000, 0, 1, 255, 255);
  SPOIL(windows[1].offset_ms, -60000, 0, 1, 255, 255);
  SPOIL(windows[0].sample, 65, 0, 0, 255, 255);
  SPOIL(windows[0].draw.weight, 3, 0, 0, 255, 255);
  SPOIL(windows[0].draw.weight, VN_WEIGHT_RECENCY, 0, 0, 255, 255);
  SPOIL(windows[0].draw.half_life_ms, 1, 0, 0, 255, 255);
  SPOIL(windows[0].shape, 2, 0, 0, 255, 255);
  SPOIL(windows[0].slide_ms, 1000, 0, 0, 255, 255); /* tumbling */
  SPOIL(windows[0].statistics, 1u << VN_STATISTIC_COUNT_OF, 0, 0, 255, 255);
  SPOIL(windows[1].offset_ms, 1, 0, 1, 255, 255); /* panes of 1 ms */
}

static void too_many_panes_come_with_numbers(void **state) {
  (void)state;
  sample_t sample;
  vn_plan_problem_t problem;
  make(&sample);
  sample.windows[1].slide_ms = 100;
  assert_int_equal(vn_plan_check(&sample.plan, &problem), VN_ERR_PLAN);
  assert_int_equal(problem.window, 1);
  assert_int_equal(problem.have, 6600); /* 10 min + 1 min of lateness */
  assert_int_equal(problem.limit, VN_PANES_MAX);
}

static void alerts(void **state) {
  (void)state;
  SPOIL(alerts[0].name, "", 0, 255, 0, 255);
  SPOIL(alerts[0].severity, NULL, 0, 255, 0, 255);
  SPOIL(alerts[1].of, NULL, 0, 255, 1, 255);
  SPOIL(alerts[0].rule.condition, 5, 0, 255, 0, 255);
  SPOIL(alerts[0].rule.condition, VN_ALERT_ABSENT_FOR, 0, 255, 0, 255); /* without a period */
  SPOIL(alerts[1].rule.condition, VN_ALERT_UNCHANGED_FOR, 0, 255, 1, 255);
  SPOIL(alerts[1].rule.condition, VN_ALERT_DEVIATION, 0, 255, 1, 255);
  SPOIL(alerts[0].detector, 2, 0, 255, 0, 255);
  SPOIL(alerts[0].rule.limit, INT64_MAX, 0, 255, 0, 255);
  SPOIL(alerts[0].rule.hysteresis, -1, 0, 255, 0, 255);
  SPOIL(alerts[0].rule.for_ms, -1, 0, 255, 0, 255);
  SPOIL(alerts[0].rule.keep_firing_for_ms, -1, 0, 255, 0, 255);
  SPOIL(alerts[0].source, 2, 0, 255, 0, 255);
  SPOIL(alerts[1].window, 2, 0, 255, 1, 255);
  SPOIL(alerts[1].statistic, VN_STATISTIC_VARIANCE, 0, 255, 1, 255);
  SPOIL(alerts[1].statistic, 200, 0, 255, 1, 255);
}

/* The layout hash of the sample after one change. */
#define CHANGED_LAYOUT(member, value)                      \
  do {                                                     \
    sample_t sample_;                                      \
    make(&sample_);                                        \
    sample_.member = (value);                              \
    hash = vn_pipeline_layout_hash(&sample_.pipelines[0]); \
  } while (0)

static void the_layout_hash_knows_what_a_state_consists_of(void **state) {
  (void)state;
  sample_t sample;
  uint32_t hash;
  make(&sample);
  uint32_t first = vn_pipeline_layout_hash(&sample.pipelines[0]);
  assert_int_equal(first, vn_pipeline_layout_hash(&sample.pipelines[1])); /* names don't count */
  CHANGED_LAYOUT(alerts[0].rule.limit, 1);
  assert_int_equal(hash, first);
  CHANGED_LAYOUT(alerts[0].rule.for_ms, 1);
  assert_int_equal(hash, first);
  CHANGED_LAYOUT(alerts[0].rule.condition, VN_ALERT_DEVIATION);
  assert_int_not_equal(hash, first);
  sample.alerts[0].rule.condition = VN_ALERT_DEVIATION;
  sample.alerts[0].detector = VN_DETECTOR_COMPOSITE;
  assert_int_not_equal(hash, vn_pipeline_layout_hash(&sample.pipelines[0]));
  CHANGED_LAYOUT(pipelines[0].range_low, 1);
  assert_int_equal(hash, first);
  CHANGED_LAYOUT(windows[0].statistics, 3);
  assert_int_equal(hash, first);
  CHANGED_LAYOUT(windows[0].sample, 9);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(windows[0].draw.weight, VN_WEIGHT_VALUE);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(windows[1].size_ms, 1200000);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(windows[1].slide_ms, 30000);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(windows[0].offset_ms, 30000);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(pipelines[0].summary.exponent, -1);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(pipelines[0].alert_count, 1);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(pipelines[0].summary.window_count, 1);
  assert_int_not_equal(hash, first);
  CHANGED_LAYOUT(pipelines[0].lateness_ms, 120000);
  assert_int_not_equal(hash, first);
}

/* A session, a count and a condition window, each with another extra. */
static const vn_window_t other_shapes[] = {
    {.name = "s",
     .gap_ms = 10,
     .statistics = VN_STATISTIC_BIT(VN_STATISTIC_SLOPE),
     .supersedes_max = VN_SESSIONS_MAX,
     .shape = VN_WINDOW_SESSION},
    {.name = "c",
     .size_readings = 6,
     .slide_readings = 4,
     .statistics = VN_STATISTIC_BIT(VN_STATISTIC_DISTINCT),
     .shape = VN_WINDOW_COUNT},
    {.name = "h",
     .max_ms = VN_DURATION_OFF,
     .statistics = VN_STATISTIC_BIT(VN_STATISTIC_P99),
     .supersedes_max = 1,
     .shape = VN_WINDOW_CONDITION},
};

static void extras_are_reserved_where_a_window_asks_for_them(void **state) {
  (void)state;
  sample_t sample;
  vn_geometry_t geometry;
  uint8_t problem;
  vn_window_t windows[3];
  make(&sample);
  memcpy(windows, other_shapes, sizeof windows);
  vn_pipeline_t *pipeline = &sample.pipelines[0];
  pipeline->summary.windows = windows;
  pipeline->summary.window_count = 3;
  pipeline->lateness_ms = 100;
  pipeline->out_of_order_ms = 0;
  assert_int_equal(vn_geometry_derive(pipeline, &geometry, &problem), VN_OK);
  assert_int_equal(geometry.extra_count.trends, geometry.sessions[0].capacity);
  assert_int_equal(geometry.extra_count.registers, 3 * VN_DISTINCT_REGISTERS_FEW);
  assert_int_equal(geometry.extra_count.counters, VN_HISTOGRAM_COUNTERS(64));
  uint32_t first = vn_pipeline_layout_hash(pipeline);
  pipeline->range_low--;
  assert_int_not_equal(vn_pipeline_layout_hash(pipeline), first); /* other bins */
  pipeline->range_low++;
  windows[1].statistics = windows[2].statistics = 0;
  assert_int_equal(vn_geometry_derive(pipeline, &geometry, &problem), VN_OK);
  assert_int_equal(geometry.extra_count.registers + geometry.extra_count.counters, 0);
  uint32_t fewer = vn_pipeline_layout_hash(pipeline);
  assert_int_not_equal(fewer, first);
  pipeline->range_low--;
  assert_int_equal(vn_pipeline_layout_hash(pipeline), fewer);
}

static void the_plan_hash_knows_names_and_order(void **state) {
  (void)state;
  sample_t sample, other;
  make(&sample);
  make(&other);
  uint64_t first = vn_plan_hash(&sample.plan);
  assert_true(vn_plan_hash(&other.plan) == first);
  other.pipelines[0].summary.name = "x";
  assert_true(vn_plan_hash(&other.plan) != first);
  make(&other);
  other.windows[0].name = "x";
  assert_true(vn_plan_hash(&other.plan) != first);
  make(&other);
  other.alerts[0].name = "x";
  assert_true(vn_plan_hash(&other.plan) != first);
  make(&other);
  other.pipelines[0].summary.name = "q";
  other.pipelines[1].summary.name = "p";
  assert_true(vn_plan_hash(&other.plan) != first);
  make(&other);
  other.plan.pipeline_count = 1;
  assert_true(vn_plan_hash(&other.plan) != first);
  make(&other);
  other.alerts[0].rule.limit = 7;
  assert_true(vn_plan_hash(&other.plan) == first);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_plan_passes),
      cmocka_unit_test(sizes),
      cmocka_unit_test(geometry_of_the_state),
      cmocka_unit_test(a_journal_needs_a_queue),
      cmocka_unit_test(inputs),
      cmocka_unit_test(pipelines),
      cmocka_unit_test(windows),
      cmocka_unit_test(too_many_panes_come_with_numbers),
      cmocka_unit_test(alerts),
      cmocka_unit_test(the_layout_hash_knows_what_a_state_consists_of),
      cmocka_unit_test(extras_are_reserved_where_a_window_asks_for_them),
      cmocka_unit_test(the_plan_hash_knows_names_and_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
