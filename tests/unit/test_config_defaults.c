/* What a configuration becomes: defaults, and every key's way into the plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"

static const char minimal[] =
    "pipelines:\n"
    "  - name: p\n"
    "    windows: [{name: w, tumbling: 10ms}]\n"
    "    alerts: [{name: a, above: 5}]\n";

static vn_configuration_t *load_good(loaded_t *loaded, const char *text) {
  load_text(loaded, text);
  if (loaded->configuration == NULL) {
    print_error("%s", loaded->output);
  }
  assert_non_null(loaded->configuration);
  assert_int_equal(loaded->error_count, 0);
  return loaded->configuration;
}

static void defaults_of_the_device(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_configuration_t *configuration = load_good(&loaded, minimal);
  const vn_plan_t *plan = &configuration->plan;
  assert_string_equal(plan->device, "vnotch");
  assert_string_equal(plan->prefix, "vnotch");
  assert_string_equal(configuration->state_file, "");
  assert_int_equal(configuration->stats_every_ms, 10000);
  assert_int_equal(plan->seed, 0);
  assert_int_equal(plan->flush_every_ms, 1000);
  assert_int_equal(plan->batch_max, 20);
  assert_int_equal(plan->encoding, VN_ENCODING_CBOR);
  assert_int_equal(plan->coarsen_count, 2);
  assert_int_equal(plan->coarsen_ms[0], 300000);
  assert_int_equal(plan->coarsen_ms[1], 3600000);
  assert_int_equal(plan->durability, VN_DURABILITY_VOLATILE);
  assert_int_equal(plan->checkpoint_every_ms, 10000);
  assert_int_equal(plan->state_bytes, 0);
  assert_int_equal(plan->erase_block_bytes, 65536);
  assert_int_equal(plan->program_unit_bytes, 512);
  assert_int_equal(plan->endurance_cycles, 100000);
  assert_int_equal(plan->lifetime_days, 0);
  assert_int_equal(plan->scrub_every_ms, 86400000);
  loaded_free(&loaded);
}

static void defaults_of_the_capacities(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_plan_t *plan = &load_good(&loaded, minimal)->plan;
  assert_int_equal(plan->series_max, 1000);
  assert_int_equal(plan->queue_messages, 4096);
  assert_int_equal(plan->queue_bytes, 1048576);
  assert_int_equal(plan->message_max_bytes, 65536);
  assert_int_equal(plan->outbox_bytes, 4194304);
  assert_int_equal(plan->outbox_entries, 16384);
  assert_int_equal(plan->name_max, 64);
  assert_int_equal(plan->input_count, 0);
  assert_int_equal(plan->pipeline_count, 1);
  loaded_free(&loaded);
}

static void defaults_of_the_broker(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_broker_t *broker = &load_good(&loaded, minimal)->broker;
  assert_string_equal(broker->uri, "");
  assert_string_equal(broker->client_id, "vnotch-vnotch");
  assert_string_equal(broker->username, "");
  assert_string_equal(broker->password_file, "");
  assert_string_equal(broker->ca_file, "");
  assert_string_equal(broker->cert_file, "");
  assert_string_equal(broker->key_file, "");
  assert_int_equal(broker->mqtt_version, 5);
  assert_int_equal(broker->keep_alive_s, 20);
  assert_int_equal(broker->session_expiry_s, 3600);
  assert_false(broker->low_latency);
  loaded_free(&loaded);
}

static void defaults_of_a_pipeline(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_pipeline_t *pipeline = load_good(&loaded, minimal)->plan.pipelines;
  assert_string_equal(pipeline->summary.name, "p");
  assert_string_equal(pipeline->summary.unit, "");
  assert_int_equal(pipeline->summary.exponent, -2);
  assert_int_equal(pipeline->match.length, 1);
  assert_memory_equal(pipeline->match.bytes, "*", 1);
  assert_int_equal(pipeline->out_of_order_ms, 0);
  assert_int_equal(pipeline->lateness_ms, 0);
  assert_int_equal(pipeline->idle_timeout_ms, VN_DURATION_OFF);
  assert_int_equal(pipeline->max_future_ms, VN_DURATION_OFF);
  assert_int_equal(pipeline->range_low, INT32_MIN);
  assert_int_equal(pipeline->range_high, INT32_MAX);
  assert_int_equal(pipeline->series_max, 1000);
  assert_int_equal(pipeline->time_mode, VN_TIME_EVENT);
  assert_int_equal(pipeline->scope, VN_SCOPE_SERIES);
  loaded_free(&loaded);
}

static void defaults_of_windows_and_alerts(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_pipeline_t *pipeline = load_good(&loaded, minimal)->plan.pipelines;
  const vn_window_t *window = &pipeline->summary.windows[0];
  assert_int_equal(window->shape, VN_WINDOW_TUMBLING);
  assert_int_equal(window->size_ms, 10);
  assert_int_equal(window->slide_ms, 10);
  assert_int_equal(window->offset_ms, 0);
  assert_int_equal(window->sample, 0);
  uint32_t usual = VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_MEAN) |
                   VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX);
  assert_int_equal(window->statistics, usual);
  const vn_alert_plan_t *alert = &pipeline->alerts[0];
  assert_string_equal(alert->of, "value");
  assert_string_equal(alert->severity, "");
  assert_int_equal(alert->source, VN_ALERT_OF_VALUE);
  assert_int_equal(alert->rule.condition, VN_ALERT_ABOVE);
  assert_int_equal(alert->rule.limit, 500);
  assert_int_equal(alert->rule.hysteresis, 0);
  assert_int_equal(alert->rule.for_ms, 0);
  assert_int_equal(alert->rule.keep_firing_for_ms, 0);
  assert_int_equal(alert->exponent, -2);
  loaded_free(&loaded);
}

static void a_state_file_makes_the_state_durable(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_configuration_t *configuration =
      load_good(&loaded,
                "state: {file: run/x.flash, size: 32MiB, checkpoint_every: 5s,\n"
                "        flash: {erase_block: 64KiB, program_unit: 4KiB, endurance: 3000}}\n"
                "capacity: {series: 10, outbox: 64KiB}\n"
                "pipelines: [{name: p}]\n");
  const vn_plan_t *plan = &configuration->plan;
  assert_string_equal(configuration->state_file, "run/x.flash");
  assert_int_equal(plan->durability, VN_DURABILITY_CHECKPOINT);
  assert_int_equal(plan->state_bytes, 32 * 1024 * 1024);
  assert_int_equal(plan->erase_block_bytes, 65536);
  assert_int_equal(plan->program_unit_bytes, 4096);
  assert_int_equal(plan->endurance_cycles, 3000);
  assert_int_equal(plan->checkpoint_every_ms, 5000);
  loaded_free(&loaded);
  configuration =
      load_good(&loaded, "state: {file: x.flash, durability: volatile}\npipelines: [{name: p}]\n");
  assert_string_equal(configuration->state_file, "");
  assert_int_equal(configuration->plan.state_bytes, 0);
  loaded_free(&loaded);
}

static void sizes_of_queue_and_outbox_are_derived(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_plan_t *plan = &load_good(&loaded,
                                     "capacity: {series: 3, input_queue: 1000, outbox: 100kB,\n"
                                     "           name: 255B, message: 1KiB, on_full: reject}\n"
                                     "pipelines: [{name: p}]\n")
                               ->plan;
  assert_int_equal(plan->series_max, 3);
  assert_int_equal(plan->queue_messages, 1000);
  assert_int_equal(plan->queue_bytes, 262144); /* 256 each */
  assert_int_equal(plan->outbox_bytes, 100000);
  assert_int_equal(plan->outbox_entries, 512); /* 390 */
  assert_int_equal(plan->name_max, 255);
  assert_int_equal(plan->message_max_bytes, 1024);
  loaded_free(&loaded);
  plan =
      &load_good(&loaded, "capacity: {input_queue: 10, message: 100KiB}\npipelines: [{name: p}]\n")
           ->plan;
  assert_int_equal(plan->queue_bytes, 524288); /* 4 of the longest messages */
  loaded_free(&loaded);
}

static void broker_and_upstream(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_configuration_t *configuration =
      load_good(&loaded,
                "device: gw-1\n"
                "broker: {uri: mqtt://10.0.0.1:1884, mqtt: 3.1.1, username: u, latency: low,\n"
                "         client_id: me, keep_alive: 1m, session_expiry: 2h}\n"
                "upstream:\n"
                "  uri: mqtts://cloud.example\n"
                "  tls: {ca_file: ca.pem, cert_file: none/c.pem, key_file: none/k.pem}\n"
                "pipelines: [{name: p}]\n");
  assert_string_equal(configuration->broker.uri, "mqtt://10.0.0.1:1884");
  assert_int_equal(configuration->broker.mqtt_version, 4);
  assert_string_equal(configuration->broker.username, "u");
  assert_string_equal(configuration->broker.client_id, "me");
  assert_int_equal(configuration->broker.keep_alive_s, 60);
  assert_int_equal(configuration->broker.session_expiry_s, 7200);
  assert_true(configuration->broker.low_latency);
  assert_string_equal(configuration->upstream.uri, "mqtts://cloud.example");
  assert_string_equal(configuration->upstream.ca_file, "ca.pem");
  assert_string_equal(configuration->upstream.cert_file, "none/c.pem");
  assert_string_equal(configuration->upstream.key_file, "none/k.pem");
  assert_string_equal(configuration->upstream.client_id, "vnotch-gw-1");
  assert_string_equal(configuration->upstream.username, "");
  assert_int_equal(configuration->upstream.mqtt_version, 5);
  loaded_free(&loaded);
  configuration = load_good(&loaded, "broker: {uri: \"mqtt://h\"}\npipelines: [{name: p}]\n");
  assert_string_equal(configuration->upstream.uri, "mqtt://h");
  loaded_free(&loaded);
}

static void the_latest_results_come_with_discovery_unless_told_otherwise(void **state) {
  (void)state;
  static const struct {
    const char *text, *prefix;
    bool latest;
  } cases[] = {
      {"pipelines: [{name: p}]\n", "", false},
      {"summaries: {latest: true}\npipelines: [{name: p}]\n", "", true},
      {"homeassistant: {prefix: ha}\npipelines: [{name: p}]\n", "", false},
      {"homeassistant: {discovery: true}\npipelines: [{name: p}]\n", "homeassistant", true},
      {"homeassistant: {discovery: true, prefix: ha/x}\nsummaries: {latest: false}\n"
       "pipelines: [{name: p}]\n",
       "ha/x", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    loaded_t loaded;
    const vn_configuration_t *configuration = load_good(&loaded, cases[i].text);
    assert_string_equal(configuration->discovery_prefix, cases[i].prefix);
    assert_int_equal(configuration->latest, cases[i].latest);
    loaded_free(&loaded);
  }
}

static void inputs(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_plan_t *plan = &load_good(&loaded,
                                     "inputs:\n"
                                     "  - {topic: \"a/{x}/b\", format: number}\n"
                                     "  - {topic: s/+, qos: 0, format: senml+cbor}\n"
                                     "  - topic: \"z/{name}\"\n"
                                     "    format: json\n"
                                     "    series: \"{name}\"\n"
                                     "    fields:\n"
                                     "      - {path: t, missing: -200.5}\n"
                                     "      - {path: \"a.b[2]\", series: \"{name}/h\"}\n"
                                     "    time: {path: ts, unit: us}\n"
                                     "    sequence: {path: n}\n"
                                     "pipelines: [{name: p}]\n")
                               ->plan;
  const vn_input_t *input = plan->inputs;
  assert_int_equal(plan->input_count, 3);
  assert_int_equal(input[0].format, VN_FORMAT_NUMBER);
  assert_int_equal(input[0].qos, 1);
  assert_int_equal(input[0].pattern.capture_count, 1);
  assert_int_equal(input[0].series.part_count, 1);
  assert_int_equal(input[0].series.parts[0].capture, VN_PART_TOPIC);
  assert_int_equal(input[1].format, VN_FORMAT_SENML_CBOR);
  assert_int_equal(input[1].qos, 0);
  assert_int_equal(input[1].series.parts[0].capture, VN_PART_NAME);
  assert_int_equal(input[2].field_count, 2);
  assert_int_equal(input[2].fields[0].series.parts[0].capture, 0);
  assert_true(input[2].fields[0].has_missing);
  assert_int_equal(input[2].fields[0].missing.mantissa, -2005);
  assert_int_equal(input[2].fields[0].missing.exponent, -1);
  assert_false(input[2].fields[1].has_missing);
  assert_int_equal(input[2].fields[1].path.segment_count, 3);
  assert_int_equal(input[2].fields[1].series.part_count, 2);
  assert_true(input[2].has_time);
  assert_int_equal(input[2].time_unit, VN_UNIT_US);
  assert_true(input[2].has_sequence);
  loaded_free(&loaded);
}

static void a_pipeline_in_full(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_pipeline_t *pipeline = load_good(&loaded,
                                            "pipelines:\n"
                                            "  - name: t\n"
                                            "    match: \"*/temp*\"\n"
                                            "    series: 20\n"
                                            "    unit: Cel\n"
                                            "    resolution: 0.1\n"
                                            "    range: [-40, 125.5]\n"
                                            "    time: arrival\n"
                                            "    scope: global\n"
                                            "    out_of_order: 2s\n"
                                            "    allowed_lateness: 1m\n"
                                            "    idle_timeout: 30s\n"
                                            "    max_future: 0s\n")
                                      ->plan.pipelines;
  assert_memory_equal(pipeline->match.bytes, "*/temp*", 7);
  assert_int_equal(pipeline->series_max, 20);
  assert_string_equal(pipeline->summary.unit, "Cel");
  assert_int_equal(pipeline->summary.exponent, -1);
  assert_int_equal(pipeline->range_low, -400);
  assert_int_equal(pipeline->range_high, 1255);
  assert_int_equal(pipeline->time_mode, VN_TIME_ARRIVAL);
  assert_int_equal(pipeline->scope, VN_SCOPE_GLOBAL);
  assert_int_equal(pipeline->out_of_order_ms, 2000);
  assert_int_equal(pipeline->lateness_ms, 60000);
  assert_int_equal(pipeline->idle_timeout_ms, 30000);
  assert_int_equal(pipeline->max_future_ms, 0);
  assert_int_equal(pipeline->summary.window_count, 0);
  loaded_free(&loaded);
}

static void shapes_of_windows(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_window_t *windows =
      load_good(
          &loaded,
          "pipelines:\n"
          "  - name: p\n"
          "    windows:\n"
          "      - {name: a, tumbling: {size: 10s, offset: -3s}, sample: 64}\n"
          "      - {name: b, tumbling: 10s, offset: 1s, statistics: [sum_sq, variance_sample]}\n"
          "      - {name: c, sliding: {size: 10s, slide: 20s}, offset: -19s}\n"
          "      - {name: d, sliding: {size: 20s, slide: 5s, offset: 4s}}\n"
          "      - {name: e, tumbling: {size: 1h}}\n")
          ->plan.pipelines->summary.windows;
  assert_int_equal(windows[0].offset_ms, -3000);
  assert_int_equal(windows[0].sample, 64);
  assert_int_equal(windows[1].offset_ms, 1000);
  assert_int_equal(windows[1].statistics, VN_STATISTIC_BIT(VN_STATISTIC_SUM_SQ) |
                                              VN_STATISTIC_BIT(VN_STATISTIC_VARIANCE_SAMPLE));
  assert_int_equal(windows[2].shape, VN_WINDOW_SLIDING);
  assert_int_equal(windows[2].size_ms, 10000);
  assert_int_equal(windows[2].slide_ms, 20000);
  assert_int_equal(windows[2].offset_ms, -19000);
  assert_int_equal(windows[3].offset_ms, 4000);
  assert_int_equal(windows[4].size_ms, 3600000);
  assert_int_equal(windows[4].slide_ms, 3600000);
  loaded_free(&loaded);
}

static void kinds_of_alerts(void **state) {
  (void)state;
  loaded_t loaded;
  const vn_alert_plan_t *alerts =
      load_good(
          &loaded,
          "pipelines:\n"
          "  - name: p\n"
          "    windows: [{name: m, tumbling: 1m}, {name: m.x, tumbling: 2m}]\n"
          "    alerts:\n"
          "      - {name: a, of: value, above: 80, hysteresis: 5.05, for: 10s,\n"
          "         keep_firing_for: 30s, severity: critical}\n"
          "      - {name: b, of: m.x.mean, below: -1.5}\n"
          "      - {name: c, of: m.count, below: 3}\n"
          "      - {name: d, absent_for: 1m}\n"
          "      - {name: e, unchanged_for: 10m, for: 1s}\n"
          "      - {name: f, of: m.sum, above: 1e9}\n"
          "      - {name: g, deviation: {}, for: 1s}\n"
          "      - {name: h, deviation: {detector: composite, threshold: 4.125, warm_up: 50,\n"
          "         refractory: 1d}}\n")
          ->plan.pipelines->alerts;
  assert_int_equal(alerts[0].rule.limit, 8000);
  assert_int_equal(alerts[0].rule.hysteresis, 505);
  assert_int_equal(alerts[0].rule.for_ms, 10000);
  assert_int_equal(alerts[0].rule.keep_firing_for_ms, 30000);
  assert_string_equal(alerts[0].severity, "critical");
  assert_int_equal(alerts[1].source, VN_ALERT_OF_WINDOW);
  assert_int_equal(alerts[1].window, 1);
  assert_int_equal(alerts[1].statistic, VN_STATISTIC_MEAN);
  assert_int_equal(alerts[1].rule.condition, VN_ALERT_BELOW);
  assert_int_equal(alerts[1].rule.limit, -150);
  assert_string_equal(alerts[1].of, "m.x.mean");
  assert_int_equal(alerts[2].statistic, VN_STATISTIC_COUNT);
  assert_int_equal(alerts[2].rule.limit, 3);
  assert_int_equal(alerts[2].exponent, 0);
  assert_int_equal(alerts[3].rule.condition, VN_ALERT_ABSENT_FOR);
  assert_int_equal(alerts[3].rule.period_ms, 60000);
  assert_int_equal(alerts[4].rule.condition, VN_ALERT_UNCHANGED_FOR);
  assert_int_equal(alerts[4].rule.period_ms, 600000);
  assert_int_equal(alerts[6].rule.condition, VN_ALERT_DEVIATION);
  assert_int_equal(alerts[6].rule.limit, 6000);
  assert_int_equal(alerts[6].rule.period_ms, 3600000);
  assert_int_equal(alerts[6].rule.for_ms, 1000);
  assert_int_equal(alerts[6].warm_up, 300);
  assert_int_equal(alerts[7].detector, VN_DETECTOR_COMPOSITE);
  assert_int_equal(alerts[7].rule.limit, 4125);
  assert_int_equal(alerts[7].rule.period_ms, 86400000);
  assert_int_equal(alerts[7].warm_up, 50);
  assert_int_equal(alerts[4].rule.for_ms, 1000);
  assert_int_equal(alerts[5].rule.limit, INT64_C(100000000000));
  loaded_free(&loaded);
}

static void resolutions_are_powers_of_ten(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int exponent;
  } cases[] = {{"1", 0},          {"10", 1},    {"1e3", 3},          {"0.001", -3},
               {"1000000000", 9}, {"1e-9", -9}, {"0.000000001", -9}, {"100e-3", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[128];
    loaded_t loaded;
    (void)snprintf(text, sizeof text, "pipelines: [{name: p, resolution: %s}]\n", cases[i].text);
    assert_int_equal(load_good(&loaded, text)->plan.pipelines->summary.exponent, cases[i].exponent);
    loaded_free(&loaded);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_of_the_device),
      cmocka_unit_test(defaults_of_the_capacities),
      cmocka_unit_test(defaults_of_the_broker),
      cmocka_unit_test(defaults_of_a_pipeline),
      cmocka_unit_test(defaults_of_windows_and_alerts),
      cmocka_unit_test(a_state_file_makes_the_state_durable),
      cmocka_unit_test(sizes_of_queue_and_outbox_are_derived),
      cmocka_unit_test(broker_and_upstream),
      cmocka_unit_test(the_latest_results_come_with_discovery_unless_told_otherwise),
      cmocka_unit_test(inputs),
      cmocka_unit_test(a_pipeline_in_full),
      cmocka_unit_test(shapes_of_windows),
      cmocka_unit_test(kinds_of_alerts),
      cmocka_unit_test(resolutions_are_powers_of_ten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
