/* Alerts: what becomes of the keys in the plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"

static const char conditions[] =
    "pipelines:\n"
    "  - name: p\n"
    "    resolution: 0.1\n"
    "    range: [-40, 125]\n"
    "    windows:\n"
    "      - {name: ten, sliding: {size: 10m, slide: 1m}, statistics: [slope, stddev]}\n"
    "    alerts:\n"
    "      - {name: high, above: 80, hysteresis: 5, severity: warning}\n"
    "      - {name: band, outside: [0, 100], hysteresis: 1.5}\n"
    "      - {name: dead, inside: [-1, 1]}\n"
    "      - name: steps\n"
    "        hysteresis: 2\n"
    "        levels: [{severity: warning, above: 70}, {severity: critical, above: 90, below: -20,\n"
    "                 hysteresis: 3}]\n"
    "      - {name: rise, rate_of_change: {above: 5, per: 1m}, hysteresis: 1}\n"
    "      - {name: fall, rate_of_change: {below: -5, per: 10s}}\n"
    "      - {name: soon, of: ten.slope, reaches: 90, within: 30m}\n"
    "      - {name: empty, of: ten.slope, falls_to: -0.5, within: 1h}\n"
    "      - {name: noise, of: ten.stddev, above: 1.5, hysteresis: 0.25}\n"
    "      - {name: few, of: ten.count, below: 10}\n"
    "      - {name: stuck, unchanged_for: 5m}\n"
    "      - {name: gone, absent_for: 2m}\n"
    "      - {name: late, absent_for: {times: 5, at_least: 10s, at_most: 1h}}\n";

static void load_good(loaded_t *loaded, const char *text) {
  load_text(loaded, text);
  if (loaded->error_count > 0) {
    (void)fputs(loaded->output, stderr);
  }
  assert_int_equal(loaded->error_count, 0);
}

static void limits_are_scaled_integers(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, conditions);
  const vn_alert_plan_t *alerts = loaded.configuration->plan.pipelines[0].alerts;
  assert_int_equal(alerts[0].rule.condition, VN_ALERT_ABOVE);
  assert_int_equal(alerts[0].rule.limit, 800);
  assert_int_equal(alerts[0].rule.hysteresis, 50);
  assert_int_equal(alerts[0].exponent, -1);
  assert_string_equal(alerts[0].severity, "warning");
  assert_int_equal(alerts[1].rule.condition, VN_ALERT_OUTSIDE);
  assert_int_equal(alerts[1].rule.low, 0);
  assert_int_equal(alerts[1].rule.limit, 1000);
  assert_int_equal(alerts[1].rule.hysteresis, 15);
  assert_int_equal(alerts[2].rule.condition, VN_ALERT_INSIDE);
  assert_int_equal(alerts[2].rule.low, -10);
  assert_int_equal(alerts[2].rule.limit, 10);
  assert_int_equal(alerts[9].rule.condition, VN_ALERT_BELOW);
  assert_int_equal(alerts[9].rule.limit, 10);
  assert_int_equal(alerts[9].exponent, 0); /* counts */
  loaded_free(&loaded);
}

static void levels_have_limits_severities_and_a_hysteresis_each(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, conditions);
  const vn_alert_plan_t *alert = &loaded.configuration->plan.pipelines[0].alerts[3];
  assert_int_equal(alert->rule.condition, VN_ALERT_LEVELS);
  assert_int_equal(alert->rule.level_count, 2);
  assert_int_equal(alert->rule.levels[0].high, 700);
  assert_true(alert->rule.levels[0].low == VN_ALERT_NO_LOW);
  assert_int_equal(alert->rule.levels[0].hysteresis, 20);
  assert_int_equal(alert->rule.levels[1].high, 900);
  assert_int_equal(alert->rule.levels[1].low, -200);
  assert_int_equal(alert->rule.levels[1].hysteresis, 30);
  assert_string_equal(alert->severity, "");
  assert_string_equal(alert->severities[0], "warning");
  assert_string_equal(alert->severities[1], "critical");
  loaded_free(&loaded);
}

static void changes_lines_and_floats(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, conditions);
  const vn_alert_plan_t *alerts = loaded.configuration->plan.pipelines[0].alerts;
  assert_int_equal(alerts[4].rule.condition, VN_ALERT_RATE);
  assert_int_equal(alerts[4].rule.limit, 50);
  assert_true(alerts[4].rule.low == VN_ALERT_NO_LOW);
  assert_int_equal(alerts[4].rule.period_ms, 60000);
  assert_int_equal(alerts[5].rule.low, -50);
  assert_true(alerts[5].rule.limit == VN_ALERT_NO_HIGH);
  assert_int_equal(alerts[6].rule.condition, VN_ALERT_REACHES);
  assert_int_equal(alerts[6].rule.limit, 90000000000);
  assert_int_equal(alerts[6].rule.period_ms, 1800000);
  assert_int_equal(alerts[6].rule.within_ms, 0);
  assert_true(alerts[6].rule.real);
  assert_int_equal(alerts[6].exponent, VN_ALERT_REAL_EXPONENT);
  assert_int_equal(alerts[6].statistic, VN_STATISTIC_SLOPE);
  assert_int_equal(alerts[7].rule.condition, VN_ALERT_FALLS_TO);
  assert_int_equal(alerts[7].rule.limit, -500000000);
  assert_true(alerts[8].rule.real);
  assert_int_equal(alerts[8].rule.limit, 1500000000);
  assert_int_equal(alerts[8].rule.hysteresis, 250000000);
  assert_false(alerts[9].rule.real);
  loaded_free(&loaded);
}

static void silences(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, conditions);
  const vn_alert_plan_t *alerts = loaded.configuration->plan.pipelines[0].alerts;
  assert_int_equal(alerts[10].rule.condition, VN_ALERT_UNCHANGED_FOR);
  assert_int_equal(alerts[10].rule.period_ms, 300000);
  assert_int_equal(alerts[11].rule.condition, VN_ALERT_ABSENT_FOR);
  assert_int_equal(alerts[11].rule.period_ms, 120000);
  assert_int_equal(alerts[11].rule.times, 0);
  assert_int_equal(alerts[12].rule.times, 5);
  assert_int_equal(alerts[12].rule.least_ms, 10000);
  assert_int_equal(alerts[12].rule.period_ms, 3600000);
  loaded_free(&loaded);
}

static const char verdicts[] =
    "alerts: {flood: {alerts: 20, per: 1m}}\n"
    "pipelines:\n"
    "  - name: p\n"
    "    match: \"p*\"\n"
    "    out_of_order: 5s\n"
    "    reorder: 40\n"
    "    evidence: {before: 6, after: 2, bytes: 300}\n"
    "    alerts:\n"
    "      - {name: plain, above: 1}\n"
    "      - {name: few, above: 1, at_least: 3, of_last: 5, for: 1s, min_samples: 7, latch: true,\n"
    "         keep_firing_for: 2s, no_data_after: 3m, repeat_every: 4h, evaluate: event}\n"
    "      - {name: all, above: 1, consecutive: 4, after: few, within: 30s, group: east,\n"
    "         inhibited_by: [plain, quiet], urgent: true}\n"
    "      - {name: quiet, absent_for: 1m, publish: false, group: west}\n"
    "  - name: q\n"
    "    alerts:\n"
    "      - name: told\n"
    "        above: 1\n"
    "        group: west\n"
    "        labels: {team: plant, line: \"1\"}\n"
    "        annotations: {say: 'a \"b\" \\ ü'}\n";

static void defaults_of_an_alert(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, verdicts);
  const vn_alert_plan_t *alert = &loaded.configuration->plan.pipelines[0].alerts[0];
  assert_int_equal(alert->rule.hits, 0);
  assert_int_equal(alert->rule.hits_of, 0);
  assert_int_equal(alert->rule.min_samples, 1);
  assert_false(alert->rule.latch);
  assert_false(alert->rule.follows);
  assert_int_equal(alert->no_data_after_ms, 0);
  assert_int_equal(alert->repeat_every_ms, 0);
  assert_int_equal(alert->inhibited_by, 0);
  assert_int_equal(alert->group, 0);
  assert_false(alert->quiet);
  assert_false(alert->urgent);
  assert_false(alert->in_order);
  assert_null(alert->labels);
  assert_null(alert->annotations);
  assert_string_equal(alert->of, "value");
  loaded_free(&loaded);
}

static void verdicts_and_delays(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, verdicts);
  const vn_alert_plan_t *alerts = loaded.configuration->plan.pipelines[0].alerts;
  assert_int_equal(alerts[1].rule.hits, 3);
  assert_int_equal(alerts[1].rule.hits_of, 5);
  assert_int_equal(alerts[1].rule.for_ms, 1000);
  assert_int_equal(alerts[1].rule.min_samples, 7);
  assert_int_equal(alerts[1].rule.keep_firing_for_ms, 2000);
  assert_int_equal(alerts[1].no_data_after_ms, 180000);
  assert_int_equal(alerts[1].repeat_every_ms, 14400000);
  assert_true(alerts[1].rule.latch);
  assert_true(alerts[1].in_order);
  assert_int_equal(alerts[2].rule.hits, 4);
  assert_int_equal(alerts[2].rule.hits_of, 4);
  loaded_free(&loaded);
}

static void relations_are_indices_bits_and_numbers(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, verdicts);
  const vn_plan_t *plan = &loaded.configuration->plan;
  const vn_alert_plan_t *alerts = plan->pipelines[0].alerts;
  assert_true(alerts[2].rule.follows);
  assert_int_equal(alerts[2].follows, 1);
  assert_int_equal(alerts[2].rule.within_ms, 30000);
  assert_int_equal(alerts[2].inhibited_by, 1u << 0 | 1u << 3);
  assert_true(alerts[2].urgent);
  assert_true(alerts[3].quiet);
  assert_int_equal(plan->group_count, 2);
  assert_int_equal(alerts[2].group, 1);
  assert_int_equal(alerts[3].group, 2);
  assert_int_equal(plan->pipelines[1].alerts[0].group, 2);
  loaded_free(&loaded);
}

static void texts_are_json_objects(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, verdicts);
  const vn_alert_plan_t *alert = &loaded.configuration->plan.pipelines[1].alerts[0];
  assert_string_equal(alert->labels, "{\"team\":\"plant\",\"line\":\"1\"}");
  assert_string_equal(alert->annotations, "{\"say\":\"a \\\"b\\\" \\\\ ü\"}");
  loaded_free(&loaded);
}

static void floods_evidence_and_room_to_wait(void **state) {
  (void)state;
  loaded_t loaded;
  load_good(&loaded, verdicts);
  const vn_plan_t *plan = &loaded.configuration->plan;
  assert_int_equal(plan->flood.readings, 20);
  assert_int_equal(plan->flood.burst, 20);
  assert_int_equal(plan->flood.per_ms, 60000);
  assert_int_equal(plan->pipelines[0].evidence.before, 6);
  assert_int_equal(plan->pipelines[0].evidence.after, 2);
  assert_int_equal(plan->pipelines[0].evidence.bytes, 300);
  assert_int_equal(plan->pipelines[0].alert_reorder, 40);
  assert_int_equal(plan->pipelines[1].evidence.before, 0);
  assert_int_equal(plan->pipelines[1].alert_reorder, 0);
  loaded_free(&loaded);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits_are_scaled_integers),
      cmocka_unit_test(levels_have_limits_severities_and_a_hysteresis_each),
      cmocka_unit_test(changes_lines_and_floats),
      cmocka_unit_test(silences),
      cmocka_unit_test(defaults_of_an_alert),
      cmocka_unit_test(verdicts_and_delays),
      cmocka_unit_test(relations_are_indices_bits_and_numbers),
      cmocka_unit_test(texts_are_json_objects),
      cmocka_unit_test(floods_evidence_and_room_to_wait),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
