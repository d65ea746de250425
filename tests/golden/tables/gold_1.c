/* Made by vnotch compile from gold_1.yaml; don't edit. */
#include "gold_1.h"

static const vn_field_t gold_1_plan_inputs_1_fields[] = {
    {
        .path = {.segments = {{.key = {"v", 1}}}, .segment_count = 1},
        .series = {.parts = {{.capture = 0}, {.literal = {"/", 1}, .capture = -1}, {.capture = 1}}, .part_count = 3},
    },
};

static const vn_input_t gold_1_plan_inputs[] = {
    {
        .pattern = {.text = {"s/#", 3}, .capture_count = 0},
        .series = {.parts = {{.capture = -3}}, .part_count = 1},
        .format = 4,
        .qos = 1,
    },
    {
        .pattern = {.text = {"j/{kind}/{sensor}", 17}, .captures = {{"kind", 4}, {"sensor", 6}}, .capture_count = 2},
        .fields = gold_1_plan_inputs_1_fields,
        .time_path = {.segments = {{.key = {"t", 1}}}, .segment_count = 1},
        .sequence_path = {.segments = {{.key = {"seq", 3}}}, .segment_count = 1},
        .field_count = 1,
        .format = 1,
        .time_unit = 1,
        .qos = 1,
        .has_time = true,
        .has_sequence = true,
    },
};

static const vn_window_t gold_1_plan_pipelines_0_summary_windows[] = {
    {
        .name = "minute",
        .size_ms = 60000,
        .slide_ms = 60000,
        .statistics = 4194303u,
        .sample = 4,
    },
    {
        .name = "trend",
        .size_ms = 180000,
        .slide_ms = 60000,
        .statistics = 16908416u,
        .shape = 1,
    },
    {
        .name = "visit",
        .gap_ms = 5000,
        .statistics = 5371,
        .sample = 4,
        .supersedes_max = 8,
        .shape = 2,
    },
    {
        .name = "hundreds",
        .size_readings = 200,
        .slide_readings = 100,
        .statistics = 9345,
        .shape = 3,
    },
    {
        .name = "steps",
        .every_ms = 300000,
        .statistics = 129,
        .error = 400,
        .sample = 16,
        .shape = 4,
    },
    {
        .name = "door",
        .every_ms = 600000,
        .statistics = 1,
        .error = 500,
        .sample = 16,
        .shape = 4,
        .method = 1,
    },
    {
        .name = "hot",
        .max_ms = 600000,
        .limit = 7000,
        .hysteresis = 300,
        .statistics = 153,
        .supersedes_max = 1,
        .shape = 5,
    },
};

static const char *const gold_1_plan_pipelines_0_alerts_1_severities[] = {
    "warning",
    "critical",
};

static const vn_alert_limits_t gold_1_plan_pipelines_0_alerts_1_rule_levels[] = {
    {
        .low = INT64_MIN,
        .high = 6000,
        .hysteresis = 900,
    },
    {
        .low = INT64_MIN,
        .high = 7000,
        .hysteresis = 900,
    },
};

static const vn_alert_plan_t gold_1_plan_pipelines_0_alerts[] = {
    {
        .name = "overheat",
        .severity = "critical",
        .of = "value",
        .rule = {
            .limit = 7500,
            .hysteresis = 500,
            .for_ms = 3000,
            .keep_firing_for_ms = 10000,
            .min_samples = 1,
        },
        .repeat_every_ms = 300000,
        .exponent = -2,
    },
    {
        .name = "levels",
        .severity = "",
        .of = "value",
        .severities = gold_1_plan_pipelines_0_alerts_1_severities,
        .rule = {
            .levels = gold_1_plan_pipelines_0_alerts_1_rule_levels,
            .min_samples = 1,
            .level_count = 2,
            .condition = 4,
        },
        .exponent = -2,
    },
    {
        .name = "rate",
        .severity = "",
        .of = "value",
        .rule = {
            .limit = 2500,
            .low = -2500,
            .period_ms = 1000,
            .min_samples = 1,
            .hits = 2,
            .hits_of = 3,
            .condition = 5,
        },
        .exponent = -2,
    },
    {
        .name = "stuck",
        .severity = "",
        .of = "value",
        .rule = {
            .period_ms = 12000,
            .min_samples = 1,
            .condition = 8,
        },
        .exponent = -2,
    },
    {
        .name = "odd",
        .severity = "",
        .of = "value",
        .rule = {
            .limit = 4000,
            .period_ms = 20000,
            .min_samples = 1,
            .condition = 9,
        },
        .warm_up = 50,
        .exponent = -2,
    },
    {
        .name = "silent",
        .severity = "warning",
        .of = "value",
        .rule = {
            .period_ms = 45000,
            .min_samples = 1,
            .condition = 10,
        },
        .exponent = -2,
    },
    {
        .name = "warm-minute",
        .severity = "",
        .of = "minute.mean",
        .rule = {
            .limit = 5500,
            .hysteresis = 200,
            .min_samples = 1,
        },
        .source = 1,
        .statistic = 7,
        .exponent = -2,
    },
    {
        .name = "in-order",
        .severity = "",
        .of = "value",
        .rule = {
            .limit = 6500,
            .low = 1000,
            .hysteresis = 1200,
            .min_samples = 1,
            .condition = 2,
        },
        .exponent = -2,
        .in_order = true,
    },
};

static const vn_window_t gold_1_plan_pipelines_1_summary_windows[] = {
    {
        .name = "minute",
        .size_ms = 60000,
        .slide_ms = 60000,
        .statistics = 12585371u,
    },
    {
        .name = "half",
        .size_ms = 30000,
        .slide_ms = 30000,
        .offset_ms = 15000,
        .statistics = 129,
    },
};

static const vn_alert_plan_t gold_1_plan_pipelines_1_alerts[] = {
    {
        .name = "low",
        .severity = "warning",
        .of = "value",
        .rule = {
            .limit = 1000,
            .hysteresis = 1500,
            .min_samples = 3,
            .condition = 1,
            .latch = true,
        },
        .exponent = -2,
    },
};

static const vn_window_t gold_1_plan_pipelines_2_summary_windows[] = {
    {
        .name = "five",
        .size_ms = 300000,
        .slide_ms = 300000,
        .statistics = 1179,
    },
};

static const vn_pipeline_t gold_1_plan_pipelines[] = {
    {
        .summary = {
            .name = "temperature",
            .unit = "Cel",
            .windows = gold_1_plan_pipelines_0_summary_windows,
            .window_count = 7,
            .exponent = -2,
        },
        .match = {"t/*", 3},
        .alerts = gold_1_plan_pipelines_0_alerts,
        .out_of_order_ms = 2000,
        .lateness_ms = 30000,
        .idle_timeout_ms = 60000,
        .max_future_ms = 10000,
        .expected_every_ms = 1000,
        .ordered = {
            .time_weighted = {
                .max_hold_ms = 30000,
            },
            .exponential = {
                .half_life_ms = 30000,
            },
            .reorder = 32,
        },
        .evidence = {
            .bytes = 256,
            .before = 3,
            .after = 2,
        },
        .range_low = -4000,
        .range_high = 12500,
        .series_max = 4,
        .alert_reorder = 32,
        .alert_count = 8,
        .deduplicate = 8,
    },
    {
        .summary = {
            .name = "flow",
            .unit = "m3/s",
            .windows = gold_1_plan_pipelines_1_summary_windows,
            .window_count = 2,
            .exponent = -2,
            .corrects = true,
        },
        .match = {"f/*", 3},
        .alerts = gold_1_plan_pipelines_1_alerts,
        .out_of_order_ms = 3000,
        .idle_timeout_ms = -1,
        .max_future_ms = 10000,
        .late_every_ms = 20000,
        .early_every_ms = 60000,
        .ordered = {
            .time_weighted = {
                .max_hold_ms = -1,
            },
            .counter_modulus = 10000,
            .reorder = 64,
        },
        .range_high = 12500,
        .series_max = 4,
        .corrections = 4,
        .alert_count = 1,
        .scope = 1,
    },
    {
        .summary = {
            .name = "derived",
            .unit = "",
            .windows = gold_1_plan_pipelines_2_summary_windows,
            .window_count = 1,
            .exponent = -3,
        },
        .match = {"d/*", 3},
        .out_of_order_ms = 120000,
        .idle_timeout_ms = -1,
        .max_future_ms = -1,
        .ordered = {
            .time_weighted = {
                .max_hold_ms = -1,
            },
            .reorder = 16,
        },
        .range_low = -1000000,
        .range_high = 1000000,
        .series_max = 4,
    },
};

static const vn_derivation_t gold_1_plan_derivations[] = {
    {
        .series = {.text = {"d/{n}", 5}, .captures = {{"n", 1}}, .capture_count = 1},
        .name = {.parts = {{.literal = {"d/", 2}, .capture = -1}, {.capture = 0}}, .part_count = 2},
        .operands = {{.text = {"t/{n}", 5}, .captures = {{"n", 1}}, .capture_count = 1}, {.text = {"f/{n}", 5}, .captures = {{"n", 1}}, .capture_count = 1}},
        .pipelines = {0, 1},
        .pipeline = 2,
        .operand_count = 2,
        .kind = 2,
        .statistic = 7,
        .ahead = 4,
    },
};

const vn_plan_t gold_1_plan = {
    .device = "gold-1",
    .prefix = "vnotch",
    .inputs = gold_1_plan_inputs,
    .pipelines = gold_1_plan_pipelines,
    .derivations = gold_1_plan_derivations,
    .flush_every_ms = 10000,
    .checkpoint_every_ms = 60000,
    .scrub_every_ms = 3600000,
    .state_bytes = 655360u,
    .erase_block_bytes = 8192,
    .program_unit_bytes = 16,
    .endurance_cycles = 100000u,
    .series_max = 12,
    .queue_messages = 4,
    .queue_bytes = 8192,
    .message_max_bytes = 1100,
    .outbox_bytes = 16384,
    .outbox_entries = 64,
    .batch_max = 8,
    .name_max = 16,
    .input_count = 2,
    .pipeline_count = 3,
    .derivation_count = 1,
    .encoding = 2,
    .durability = 2,
    .commands = true,
};
