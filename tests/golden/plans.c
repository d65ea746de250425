/* The plans of the golden scenario: every kind of window, most kinds of alerts, a derived series.
 */
#include "device.h"

#include <string.h>

#define BIT(name) VN_STATISTIC_BIT(VN_STATISTIC_##name)

#define PLAIN                                                                            \
  (BIT(COUNT) | BIT(SUM) | BIT(SUM_SQ) | BIT(MIN) | BIT(MAX) | BIT(FIRST) | BIT(LAST) |  \
   BIT(MEAN) | BIT(VARIANCE) | BIT(VARIANCE_SAMPLE) | BIT(STDDEV) | BIT(STDDEV_SAMPLE) | \
   BIT(RANGE))

static const vn_window_t temperature_windows[] = {
    {.name = "minute",
     .size_ms = 60000,
     .slide_ms = 60000,
     .statistics = PLAIN | VN_STATISTICS_EXTRA | VN_STATISTICS_TIME_WEIGHTED,
     .sample = 4},
    {.name = "trend",
     .size_ms = 180000,
     .slide_ms = 60000,
     .statistics = BIT(MEAN) | BIT(SLOPE) | VN_STATISTICS_EXPONENTIAL,
     .shape = VN_WINDOW_SLIDING},
    {.name = "visit",
     .gap_ms = 5000,
     .statistics = PLAIN,
     .sample = 4,
     .supersedes_max = 16,
     .shape = VN_WINDOW_SESSION},
    {.name = "hundreds",
     .size_readings = 200,
     .slide_readings = 100,
     .statistics = PLAIN | BIT(P50),
     .shape = VN_WINDOW_COUNT},
    {.name = "steps",
     .every_ms = 300000,
     .statistics = BIT(COUNT) | BIT(MEAN),
     .error = 400,
     .sample = 16,
     .shape = VN_WINDOW_REPORT,
     .method = VN_REPORT_DEADBAND},
    {.name = "door",
     .every_ms = VN_DURATION_OFF,
     .statistics = BIT(COUNT),
     .error = 500,
     .sample = 16,
     .shape = VN_WINDOW_REPORT,
     .method = VN_REPORT_SWINGING_DOOR},
    {.name = "hot",
     .limit = 7000,
     .hysteresis = 300,
     .max_ms = 600000,
     .statistics = PLAIN,
     .supersedes_max = 1,
     .condition = VN_ALERT_ABOVE,
     .shape = VN_WINDOW_CONDITION},
};

static const vn_window_t flow_windows[] = {
    {.name = "minute",
     .size_ms = 60000,
     .slide_ms = 60000,
     .statistics = PLAIN | VN_STATISTICS_COUNTER},
    {.name = "half",
     .size_ms = 30000,
     .slide_ms = 30000,
     .offset_ms = 15000,
     .statistics = BIT(COUNT) | BIT(MEAN)},
};

static const vn_window_t derived_windows[] = {
    {.name = "five", .size_ms = 300000, .slide_ms = 300000, .statistics = PLAIN},
};

static const vn_alert_limits_t levels[] = {
    {VN_ALERT_NO_LOW, 6000, 900},
    {VN_ALERT_NO_LOW, 7000, 900},
};
static const char *const level_severities[] = {"warning", "critical"};

static const vn_alert_plan_t temperature_alerts[] = {
    {.name = "overheat",
     .severity = "critical",
     .of = "value",
     .rule = {.limit = 7500,
              .hysteresis = 500,
              .for_ms = 3000,
              .keep_firing_for_ms = 10000,
              .condition = VN_ALERT_ABOVE},
     .repeat_every_ms = 300000,
     .exponent = -2},
    {.name = "levels",
     .severity = "",
     .of = "value",
     .severities = level_severities,
     .rule = {.levels = levels, .level_count = 2, .condition = VN_ALERT_LEVELS},
     .exponent = -2},
    {.name = "rate",
     .severity = "",
     .of = "value",
     .rule = {.limit = 2500,
              .low = -2500,
              .period_ms = 1000,
              .hits = 2,
              .hits_of = 3,
              .condition = VN_ALERT_RATE},
     .exponent = -2},
    {.name = "stuck",
     .severity = "",
     .of = "value",
     .rule = {.period_ms = 12000, .condition = VN_ALERT_UNCHANGED_FOR},
     .exponent = -2},
    {.name = "odd",
     .severity = "",
     .of = "value",
     .rule = {.limit = 4000, .period_ms = 20000, .condition = VN_ALERT_DEVIATION},
     .warm_up = 50,
     .detector = VN_DETECTOR_RESIDUAL,
     .exponent = -2},
    {.name = "silent",
     .severity = "warning",
     .of = "value",
     .rule = {.period_ms = 45000, .condition = VN_ALERT_ABSENT_FOR},
     .exponent = -2},
    {.name = "warm-minute",
     .severity = "",
     .of = "minute.mean",
     .rule = {.limit = 5500, .hysteresis = 200, .condition = VN_ALERT_ABOVE},
     .source = VN_ALERT_OF_WINDOW,
     .window = 0,
     .statistic = VN_STATISTIC_MEAN,
     .exponent = -2},
    {.name = "in-order",
     .severity = "",
     .of = "value",
     .rule = {.limit = 6500, .low = 1000, .hysteresis = 1200, .condition = VN_ALERT_OUTSIDE},
     .exponent = -2,
     .in_order = true},
};

static const vn_alert_plan_t flow_alerts[] = {
    {.name = "low",
     .severity = "warning",
     .of = "value",
     .rule = {.limit = 1000,
              .hysteresis = 1500,
              .min_samples = 3,
              .latch = true,
              .condition = VN_ALERT_BELOW},
     .exponent = -2},
};

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static const vn_pipeline_t pipelines[] = {
    {.summary = {.name = "temperature",
                 .unit = "Cel",
                 .windows = temperature_windows,
                 .window_count = 7,
                 .exponent = -2},
     .match = TEXT("t/*"),
     .alerts = temperature_alerts,
     .out_of_order_ms = 2000,
     .lateness_ms = 30000,
     .idle_timeout_ms = 60000,
     .max_future_ms = 10000,
     .early_every_ms = 0,
     .expected_every_ms = 1000,
     .ordered = {.time_weighted = {.max_hold_ms = 30000},
                 .exponential = {.half_life_ms = 30000},
                 .reorder = 32},
     .evidence = {.bytes = 256, .before = 3, .after = 2},
     .range_low = -4000,
     .range_high = 12500,
     .series_max = 4,
     .alert_reorder = 32,
     .alert_count = 8,
     .deduplicate = 8},
    {.summary = {.name = "flow",
                 .unit = "m3/s",
                 .windows = flow_windows,
                 .window_count = 2,
                 .exponent = -2,
                 .corrects = true},
     .match = TEXT("f/*"),
     .alerts = flow_alerts,
     .out_of_order_ms = 3000,
     .idle_timeout_ms = VN_DURATION_OFF,
     .max_future_ms = 10000,
     .late_every_ms = 20000,
     .early_every_ms = 60000,
     .ordered = {.time_weighted = {.max_hold_ms = VN_DURATION_OFF},
                 .counter_modulus = 10000,
                 .reorder = 64},
     .range_low = 0,
     .range_high = 12500,
     .series_max = 4,
     .corrections = 4,
     .alert_count = 1,
     .scope = VN_SCOPE_GLOBAL},
    {.summary = {.name = "derived",
                 .unit = "",
                 .windows = derived_windows,
                 .window_count = 1,
                 .exponent = -3},
     .match = TEXT("d/*"),
     .out_of_order_ms = 120000,
     .idle_timeout_ms = VN_DURATION_OFF,
     .max_future_ms = VN_DURATION_OFF,
     .range_low = -1000000,
     .range_high = 1000000,
     .series_max = 8},
};

static vn_input_t inputs[2];
static vn_field_t fields[1];
static vn_derivation_t derivation;
static vn_plan_t plans[2];

static void compile(vn_pattern_t *pattern, vn_template_t *into, vn_text_t topic, vn_text_t series,
                    bool name_allowed) {
  const char *problem = NULL;
  vn_err_t error = vn_pattern_compile(topic, pattern, &problem);
  VN_ASSERT(error == VN_OK);
  if (into != NULL) {
    error = vn_template_compile(series, pattern, name_allowed, into, &problem);
    VN_ASSERT(error == VN_OK);
  }
}

static void make_path(vn_path_t *path, vn_text_t text) {
  const char *problem = NULL;
  vn_err_t error = vn_path_compile(text, path, &problem);
  VN_ASSERT(error == VN_OK);
}

static void make_inputs(void) {
  inputs[0] = (vn_input_t){.format = VN_FORMAT_SENML_CBOR, .qos = 1};
  compile(&inputs[0].pattern, &inputs[0].series, (vn_text_t)TEXT("s/#"), (vn_text_t)TEXT("{name}"),
          true);
  inputs[1] = (vn_input_t){.format = VN_FORMAT_JSON,
                           .qos = 1,
                           .fields = fields,
                           .field_count = 1,
                           .has_time = true,
                           .has_sequence = true,
                           .time_unit = VN_UNIT_MS};
  compile(&inputs[1].pattern, &fields[0].series, (vn_text_t)TEXT("j/{kind}/{sensor}"),
          (vn_text_t)TEXT("{kind}/{sensor}"), false);
  make_path(&fields[0].path, (vn_text_t)TEXT("v"));
  make_path(&inputs[1].time_path, (vn_text_t)TEXT("t"));
  make_path(&inputs[1].sequence_path, (vn_text_t)TEXT("seq"));
}

static void make_derivation(void) {
  derivation = (vn_derivation_t){.pipelines = {0, 1},
                                 .windows = {0, 0},
                                 .pipeline = 2,
                                 .operand_count = 2,
                                 .kind = VN_DERIVE_RATIO,
                                 .statistic = VN_STATISTIC_MEAN,
                                 .ahead = 4};
  compile(&derivation.series, &derivation.name, (vn_text_t)TEXT("d/{n}"), (vn_text_t)TEXT("d/{n}"),
          false);
  compile(&derivation.operands[0], NULL, (vn_text_t)TEXT("t/{n}"), (vn_text_t)TEXT(""), false);
  compile(&derivation.operands[1], NULL, (vn_text_t)TEXT("f/{n}"), (vn_text_t)TEXT(""), false);
}

/* Device 0 takes SenML and writes CBOR, with checkpoints; device 1 takes and writes JSON, and has a
 * journal. */
const vn_plan_t *golden_plan(unsigned device) {
  vn_plan_t *plan = &plans[device];
  if (plan->device != NULL) {
    return plan;
  }
  make_inputs();
  make_derivation();
  *plan = (vn_plan_t){.device = device == 0 ? "gold-0" : "gold-1",
                      .prefix = "vnotch",
                      .inputs = inputs,
                      .pipelines = pipelines,
                      .derivations = &derivation,
                      .seed = 7 + device,
                      .flush_every_ms = 10000,
                      .checkpoint_every_ms = 60000,
                      .scrub_every_ms = 3600000,
                      .state_bytes = DEVICE_FLASH,
                      .erase_block_bytes = device == 0 ? 4096 : 8192,
                      .program_unit_bytes = device == 0 ? 8 : 16,
                      .endurance_cycles = 100000,
                      .series_max = 12,
                      .queue_messages = 4,
                      .queue_bytes = 4096,
                      .message_max_bytes = 1100,
                      .outbox_bytes = 16384,
                      .outbox_entries = 128,
                      .batch_max = 8,
                      .name_max = 16,
                      .input_count = 2,
                      .pipeline_count = 3,
                      .derivation_count = 1,
                      .encoding = device == 0 ? VN_ENCODING_CBOR : VN_ENCODING_JSON,
                      .durability = device == 0 ? VN_DURABILITY_CHECKPOINT : VN_DURABILITY_JOURNAL};
  return plan;
}
