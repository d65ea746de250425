/* The plan: what the check refuses of alerts, evidence, groups and floods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "vn/plan.h"

/* A plan with one alert of each kind, so that a test can spoil any part of it. */
typedef struct sample {
  vn_alert_limits_t limits[2];
  const char *severities[2];
  vn_window_t window;
  vn_alert_plan_t alerts[7];
  vn_pipeline_t pipeline;
  vn_plan_t plan;
} sample_t;

enum { HIGH, BAND, LEVELS, RATE, SILENCE, FLOAT, LINE };

/* One byte more than there is room for. */
static char long_text[VN_ALERT_TEXT_MAX + 2];

static void make_alerts(sample_t *sample) {
  vn_alert_plan_t *alerts = sample->alerts;
  for (unsigned i = 0; i < 7; i++) {
    alerts[i] = (vn_alert_plan_t){.name = "a", .severity = "", .of = "value", .exponent = -2};
  }
  sample->limits[0] = (vn_alert_limits_t){VN_ALERT_NO_LOW, 7000, 100};
  sample->limits[1] = (vn_alert_limits_t){-500, 9000, 100};
  sample->severities[0] = "warning";
  sample->severities[1] = "critical";
  alerts[HIGH].rule = (vn_alert_rule_t){.limit = 8000, .hits = 2, .hits_of = 3};
  alerts[BAND].rule =
      (vn_alert_rule_t){.condition = VN_ALERT_OUTSIDE, .low = 0, .limit = 100, .follows = true};
  alerts[LEVELS].rule =
      (vn_alert_rule_t){.condition = VN_ALERT_LEVELS, .levels = sample->limits, .level_count = 2};
  alerts[LEVELS].severities = sample->severities;
  alerts[RATE].rule = (vn_alert_rule_t){
      .condition = VN_ALERT_RATE, .low = VN_ALERT_NO_LOW, .limit = 5, .period_ms = 60000};
  alerts[SILENCE].rule = (vn_alert_rule_t){
      .condition = VN_ALERT_ABSENT_FOR, .times = 5, .least_ms = 1000, .period_ms = 9000};
  alerts[FLOAT].rule = (vn_alert_rule_t){.limit = 5, .real = true};
  alerts[FLOAT].statistic = VN_STATISTIC_STDDEV;
  alerts[LINE].rule =
      (vn_alert_rule_t){.condition = VN_ALERT_REACHES, .real = true, .period_ms = 1000};
  alerts[LINE].statistic = VN_STATISTIC_SLOPE;
  alerts[FLOAT].source = alerts[LINE].source = VN_ALERT_OF_WINDOW;
  alerts[FLOAT].exponent = alerts[LINE].exponent = VN_ALERT_REAL_EXPONENT;
}

static void make(sample_t *sample) {
  memset(sample, 0, sizeof *sample);
  make_alerts(sample);
  sample->window = (vn_window_t){
      .name = "minute",
      .size_ms = 60000,
      .slide_ms = 60000,
      .statistics = VN_STATISTIC_BIT(VN_STATISTIC_STDDEV) | VN_STATISTIC_BIT(VN_STATISTIC_SLOPE),
      .shape = VN_WINDOW_TUMBLING};
  sample->pipeline = (vn_pipeline_t){
      .summary = {.name = "p", .unit = "", .windows = &sample->window, .window_count = 1},
      .match = {"*", 1},
      .alerts = sample->alerts,
      .idle_timeout_ms = VN_DURATION_OFF,
      .max_future_ms = VN_DURATION_OFF,
      .range_high = 100,
      .series_max = 10,
      .alert_count = 7,
  };
  sample->plan = (vn_plan_t){
      .device = "gw",
      .prefix = "vnotch",
      .pipelines = &sample->pipeline,
      .series_max = 20,
      .outbox_bytes = 16384,
      .outbox_entries = 64,
      .batch_max = 20,
      .name_max = 64,
      .pipeline_count = 1,
      .group_count = 2,
  };
}

static vn_err_t check(const sample_t *sample, uint8_t *alert) {
  vn_plan_problem_t problem;
  vn_err_t result = vn_plan_check(&sample->plan, &problem);
  *alert = problem.alert;
  assert_true(result == VN_OK || strlen(problem.text) > 5);
  return result;
}

/* Sets one member of a fresh sample and expects that this alert is refused. */
#define SPOIL(index, member, value)                          \
  do {                                                       \
    sample_t sample_;                                        \
    uint8_t alert_;                                          \
    make(&sample_);                                          \
    sample_.alerts[index].member = (value);                  \
    assert_int_equal(check(&sample_, &alert_), VN_ERR_PLAN); \
    assert_int_equal(alert_, (index));                       \
  } while (0)

/* The same with a member of the whole. */
#define SPOIL_WHOLE(member, value, index)                    \
  do {                                                       \
    sample_t sample_;                                        \
    uint8_t alert_;                                          \
    make(&sample_);                                          \
    sample_.member = (value);                                \
    assert_int_equal(check(&sample_, &alert_), VN_ERR_PLAN); \
    assert_int_equal(alert_, (index));                       \
  } while (0)

#define ACCEPT(member, value)                          \
  do {                                                 \
    sample_t sample_;                                  \
    uint8_t alert_;                                    \
    make(&sample_);                                    \
    sample_.member = (value);                          \
    assert_int_equal(check(&sample_, &alert_), VN_OK); \
  } while (0)

static void good_alerts_pass(void **state) {
  (void)state;
  ACCEPT(alerts[HIGH].labels, NULL);
  ACCEPT(alerts[HIGH].labels, "{}");
  ACCEPT(alerts[HIGH].rule.hits_of, VN_ALERT_HISTORY_MAX);
  ACCEPT(alerts[RATE].rule.low, -5);
  ACCEPT(alerts[SILENCE].rule.times, 0);
  ACCEPT(alerts[LEVELS].inhibited_by, 1u << HIGH | 1u << LINE);
  ACCEPT(alerts[BAND].follows, HIGH);
  ACCEPT(alerts[LINE].group, 2);
  ACCEPT(pipeline.evidence, ((vn_evidence_t){64, 32, 0}));
  ACCEPT(pipeline.alert_reorder, VN_REORDER_CAPACITY_MAX);
  ACCEPT(plan.flood, ((vn_rate_t){5, 60000, 5}));
}

static void limits(void **state) {
  (void)state;
  SPOIL(BAND, rule.low, 100);
  SPOIL(BAND, rule.low, VN_ALERT_NO_LOW);
  SPOIL(BAND, rule.limit, VN_ALERT_NO_HIGH);
  SPOIL(BAND, rule.hysteresis, -1);
  SPOIL(BAND, rule.hysteresis, INT64_MAX);
  SPOIL(LEVELS, rule.levels, NULL);
  SPOIL(LEVELS, severities, NULL);
  SPOIL(LEVELS, rule.level_count, 1);
  SPOIL(LEVELS, rule.level_count, VN_ALERT_LEVELS_MAX + 1);
  SPOIL_WHOLE(severities[1], NULL, LEVELS);
  SPOIL_WHOLE(limits[0].high, VN_ALERT_NO_HIGH, LEVELS);
  SPOIL_WHOLE(limits[0].high, INT64_MAX - 1, LEVELS);
  SPOIL_WHOLE(limits[1].low, INT64_MIN + 1, LEVELS);
  SPOIL_WHOLE(limits[1].low, 9000, LEVELS);
  SPOIL_WHOLE(limits[1].hysteresis, -1, LEVELS);
  SPOIL(RATE, rule.limit, VN_ALERT_NO_HIGH);
  SPOIL(RATE, rule.low, 5);
  SPOIL(RATE, rule.period_ms, 0);
  SPOIL(RATE, rule.period_ms, VN_RATE_PER_MAX_MS + INT64_C(1));
}

static void silences(void **state) {
  (void)state;
  SPOIL(SILENCE, rule.times, 1);
  SPOIL(SILENCE, rule.times, 101);
  SPOIL(SILENCE, rule.least_ms, 0);
  SPOIL(SILENCE, rule.least_ms, 9001);
  SPOIL(SILENCE, rule.period_ms, 0);
  SPOIL(SILENCE, rule.period_ms, INT64_MAX);
  SPOIL(SILENCE, rule.latch, true);
  SPOIL(SILENCE, rule.follows, true);
  SPOIL(SILENCE, rule.hits_of, 1);
  SPOIL(SILENCE, no_data_after_ms, 1);
  SPOIL(SILENCE, in_order, true);
  SPOIL(SILENCE, source, VN_ALERT_OF_WINDOW);
}

static void what_is_compared(void **state) {
  (void)state;
  SPOIL(HIGH, rule.real, true);
  SPOIL(RATE, source, VN_ALERT_OF_WINDOW);
  SPOIL(FLOAT, source, VN_ALERT_OF_VALUE);
  SPOIL(FLOAT, rule.real, false);
  SPOIL(FLOAT, statistic, VN_STATISTIC_MEAN);     /* an exact one as a float */
  SPOIL(FLOAT, statistic, VN_STATISTIC_VARIANCE); /* the window hasn't it */
  SPOIL(FLOAT, statistic, VN_STATISTIC_COUNT_OF);
  SPOIL(FLOAT, statistic, UINT8_MAX);
  SPOIL(FLOAT, exponent, -2);
  SPOIL(FLOAT, window, 1);
  SPOIL(LINE, source, VN_ALERT_OF_VALUE);
  SPOIL(LINE, statistic, VN_STATISTIC_STDDEV);
  SPOIL(LINE, rule.real, false);
  SPOIL(LINE, rule.period_ms, 0);
  SPOIL(LINE, window, UINT8_MAX);
}

static void verdicts(void **state) {
  (void)state;
  SPOIL(HIGH, rule.hits_of, VN_ALERT_HISTORY_MAX + 1);
  SPOIL(HIGH, rule.hits, 4);
  SPOIL(HIGH, rule.hits, 0);
  SPOIL(HIGH, rule.hits_of, 0);
  SPOIL(HIGH, rule.within_ms, -1);
  SPOIL(HIGH, rule.for_ms, INT64_MAX);
  SPOIL(HIGH, no_data_after_ms, -1);
  SPOIL(HIGH, repeat_every_ms, -1);
  SPOIL(HIGH, repeat_every_ms, INT64_MAX);
  SPOIL(HIGH, in_order, true); /* no room to wait */
  SPOIL(FLOAT, in_order, true);
}

static void relations(void **state) {
  (void)state;
  SPOIL(BAND, follows, BAND);
  SPOIL(BAND, follows, LEVELS);
  SPOIL(BAND, follows, UINT8_MAX);
  SPOIL(HIGH, rule.follows, true);
  SPOIL_WHOLE(alerts[HIGH].rule,
              ((vn_alert_rule_t){.condition = VN_ALERT_ABSENT_FOR, .period_ms = 1}), BAND);
  SPOIL(BAND, inhibited_by, 1u << BAND);
  SPOIL(BAND, inhibited_by, 1u << 7);
  SPOIL(BAND, group, 3);
  SPOIL(BAND, labels, long_text);
  SPOIL(BAND, annotations, long_text);
}

static void evidence_and_the_whole_device(void **state) {
  (void)state;
  const uint8_t none = UINT8_MAX;
  SPOIL_WHOLE(pipeline.evidence, ((vn_evidence_t){512, 30, 3}), none);
  SPOIL_WHOLE(pipeline.evidence, ((vn_evidence_t){512, VN_EVIDENCE_MAX + 1, 0}), none);
  SPOIL_WHOLE(pipeline.evidence, ((vn_evidence_t){512, 255, 255}), none);
  SPOIL_WHOLE(pipeline.evidence, ((vn_evidence_t){512, 0, 3}), none);
  SPOIL_WHOLE(pipeline.evidence, ((vn_evidence_t){63, 8, 3}), none);
  SPOIL_WHOLE(pipeline.evidence, ((vn_evidence_t){VN_EVIDENCE_BYTES_MAX + 1, 8, 3}), none);
  SPOIL_WHOLE(pipeline.alert_reorder, VN_REORDER_CAPACITY_MAX + 1, none);
  SPOIL_WHOLE(plan.flood, ((vn_rate_t){5, 0, 5}), none);
  SPOIL_WHOLE(plan.group_count, VN_ALERT_GROUPS_MAX + 1, none);
}

int main(void) {
  memset(long_text, 'x', sizeof long_text - 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_alerts_pass),
      cmocka_unit_test(limits),
      cmocka_unit_test(silences),
      cmocka_unit_test(what_is_compared),
      cmocka_unit_test(verdicts),
      cmocka_unit_test(relations),
      cmocka_unit_test(evidence_and_the_whole_device),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
