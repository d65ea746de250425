/* Made by vnotch compile from node.yaml; don't edit. */
#include "node.h"

static const vn_input_t node_plan_inputs[] = {
    {
        .pattern = {.text = {"s/#", 3}, .capture_count = 0},
        .series = {.parts = {{.capture = -3}}, .part_count = 1},
        .format = 4,
        .qos = 1,
    },
};

static const vn_window_t node_plan_pipelines_0_summary_windows[] = {
    {
        .name = "ten",
        .size_ms = 10000,
        .slide_ms = 10000,
        .statistics = 1153,
        .sample = 4,
    },
};

static const vn_alert_plan_t node_plan_pipelines_0_alerts[] = {
    {
        .name = "hot",
        .severity = "critical",
        .of = "value",
        .rule = {
            .limit = 8000,
            .hysteresis = 500,
            .min_samples = 1,
        },
        .exponent = -2,
    },
};

static const vn_pipeline_t node_plan_pipelines[] = {
    {
        .summary = {
            .name = "temperature",
            .unit = "Cel",
            .windows = node_plan_pipelines_0_summary_windows,
            .window_count = 1,
            .exponent = -2,
        },
        .match = {"*", 1},
        .alerts = node_plan_pipelines_0_alerts,
        .out_of_order_ms = 1000,
        .idle_timeout_ms = -1,
        .max_future_ms = -1,
        .ordered = {
            .time_weighted = {
                .max_hold_ms = -1,
            },
            .reorder = 16,
        },
        .range_low = -4000,
        .range_high = 12500,
        .series_max = 8,
        .alert_count = 1,
        .deduplicate = 8,
    },
};

const vn_plan_t node_plan = {
    .device = "node-1",
    .prefix = "vnotch",
    .inputs = node_plan_inputs,
    .pipelines = node_plan_pipelines,
    .flush_every_ms = 1000,
    .checkpoint_every_ms = 10000,
    .scrub_every_ms = 86400000,
    .state_bytes = 262144u,
    .erase_block_bytes = 4096,
    .program_unit_bytes = 16,
    .endurance_cycles = 100000u,
    .series_max = 8,
    .queue_messages = 2,
    .queue_bytes = 2048,
    .message_max_bytes = 512,
    .outbox_bytes = 4096,
    .outbox_entries = 64,
    .batch_max = 4,
    .name_max = 16,
    .input_count = 1,
    .pipeline_count = 1,
    .durability = 2,
    .commands = true,
};
