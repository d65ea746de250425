/* Made by vnotch compile from cost.yaml; don't edit. */
#include "cost.h"

static const vn_window_t cost_plan_pipelines_0_summary_windows[] = {
    {
        .name = "minute",
        .size_ms = 60000,
        .slide_ms = 10000,
        .statistics = 153,
        .sample = 8,
        .shape = 1,
    },
};

static const vn_alert_plan_t cost_plan_pipelines_0_alerts[] = {
    {
        .name = "hot",
        .severity = "",
        .of = "value",
        .rule = {
            .limit = 8000,
            .hysteresis = 500,
            .min_samples = 1,
        },
        .exponent = -2,
    },
};

static const vn_pipeline_t cost_plan_pipelines[] = {
    {
        .summary = {
            .name = "temperature",
            .unit = "Cel",
            .windows = cost_plan_pipelines_0_summary_windows,
            .window_count = 1,
            .exponent = -2,
        },
        .match = {"*", 1},
        .alerts = cost_plan_pipelines_0_alerts,
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
    },
};

const vn_plan_t cost_plan = {
    .device = "cost",
    .prefix = "vnotch",
    .pipelines = cost_plan_pipelines,
    .flush_every_ms = 1000,
    .checkpoint_every_ms = 10000,
    .scrub_every_ms = 86400000,
    .erase_block_bytes = 65536u,
    .program_unit_bytes = 512,
    .endurance_cycles = 100000u,
    .series_max = 8,
    .queue_messages = 1,
    .queue_bytes = 1024,
    .message_max_bytes = 256,
    .outbox_bytes = 4096,
    .outbox_entries = 64,
    .batch_max = 20,
    .name_max = 16,
    .pipeline_count = 1,
    .commands = true,
};
