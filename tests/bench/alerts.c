/* What an alert costs: eight of one kind, and readings that change nothing. Values are 15.00 to
 * 25.23. */
#include <string.h>

#include "bench.h"

#define HOUR_MS INT64_C(3600000)
#define ABOVE_80 .condition = VN_ALERT_ABOVE, .limit = 8000, .hysteresis = 500

static const char *const severities[] = {"minor", "major", "critical", "emergency"};
static const vn_alert_limits_t levels[] = {{VN_ALERT_NO_LOW, 5000, 500},
                                           {VN_ALERT_NO_LOW, 6000, 500},
                                           {VN_ALERT_NO_LOW, 7000, 500},
                                           {VN_ALERT_NO_LOW, 8000, 500}};

/* Another name than those of the table: no alert at all. */
static const vn_alert_plan_t kinds[] = {
    {.name = "above", .rule = {ABOVE_80}},
    {.name = "firing", .rule = {.condition = VN_ALERT_ABOVE, .limit = 0}},
    {.name = "outside",
     .rule = {.condition = VN_ALERT_OUTSIDE, .low = 0, .limit = 8000, .hysteresis = 500}},
    {.name = "inside",
     .rule = {.condition = VN_ALERT_INSIDE, .low = 7000, .limit = 8000, .hysteresis = 500}},
    {.name = "levels",
     .severities = severities,
     .rule = {.condition = VN_ALERT_LEVELS, .levels = levels, .level_count = 4}},
    {.name = "rate",
     .rule =
         {.condition = VN_ALERT_RATE, .low = -1000000000, .limit = 1000000000, .period_ms = 1000}},
    {.name = "unchanged", .rule = {.condition = VN_ALERT_UNCHANGED_FOR, .period_ms = HOUR_MS}},
    {.name = "hits", .rule = {ABOVE_80, .hits = 3, .hits_of = 5}},
    {.name = "after", .rule = {ABOVE_80, .follows = true, .within_ms = HOUR_MS}},
    {.name = "absent",
     .rule = {.condition = VN_ALERT_ABSENT_FOR,
              .times = 3,
              .least_ms = HOUR_MS,
              .period_ms = 24 * HOUR_MS}},
    {.name = "no_data", .rule = {ABOVE_80}, .no_data_after_ms = HOUR_MS},
    {.name = "in_order", .rule = {ABOVE_80}, .in_order = true},
};

/* The first one of a pattern has nobody to follow. */
void bench_alerts(bench_t *bench, const char *kind) {
  vn_pipeline_t *pipeline = &bench->pipeline;
  pipeline->alerts = bench->alerts;
  pipeline->alert_count = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(kinds[i].name, kind) != 0) {
      continue;
    }
    for (uint8_t k = 0; k < BENCH_ALERTS; k++) {
      bench->alerts[k] = kinds[i];
      bench->alerts[k].severity = "";
      bench->alerts[k].of = "value";
      bench->alerts[k].exponent = -2;
      bench->alerts[k].rule.follows = kinds[i].rule.follows && k > 0;
    }
    pipeline->alert_count = BENCH_ALERTS;
    pipeline->alert_reorder = kinds[i].in_order ? 32 : 0;
  }
}
