/* The node of node.c in 8 KiB of RAM and 20 KiB of flash: the same plan, by the nano runtime. */
#include "board.h"

#include <string.h>

#define SERIES 8
#define SIZE_MS 60000
#define LATENESS_MS 60000
#define OUT_OF_ORDER_MS 5000
#define SAMPLE 4

static const vn_window_t minute = {.name = "minute",
                                   .size_ms = SIZE_MS,
                                   .slide_ms = SIZE_MS,
                                   .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN),
                                   .sample = SAMPLE};
static const vn_alert_plan_t hot = {.name = "hot",
                                    .severity = "critical",
                                    .of = "value",
                                    .rule = {.limit = 8000, .hysteresis = 500},
                                    .exponent = -2};
static const vn_pipeline_t temperature = {.summary = {"temperature", "Cel", &minute, 1, -2, false},
                                          .match = {"*", 1},
                                          .alerts = &hot,
                                          .alert_count = 1,
                                          .out_of_order_ms = OUT_OF_ORDER_MS,
                                          .lateness_ms = LATENESS_MS,
                                          .idle_timeout_ms = 5000,
                                          .max_future_ms = VN_DURATION_OFF,
                                          .range_low = -4000,
                                          .range_high = 12500,
                                          .series_max = SERIES};
static const vn_plan_t plan = {.device = "node",
                               .prefix = "vnotch",
                               .pipelines = &temperature,
                               .pipeline_count = 1,
                               .series_max = SERIES,
                               .outbox_bytes = 2048,
                               .outbox_entries = 8,
                               .batch_max = 4,
                               .name_max = 16};
static const char *const names[SERIES] = {"t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"};
static const vn_clock_t board_clock = {.mono_ms = board_mono_ms, .wall_ms = board_wall_ms};
static const vn_uplink_t uplink = {.send = board_send};
static const vn_nano_ports_t ports = {&board_clock, &uplink};
VN_NANO_DEFINE(store, SERIES, VN_NANO_PANES(SIZE_MS, OUT_OF_ORDER_MS, LATENESS_MS), SAMPLE, 1024,
               640);
static vn_nano_t nano;

/* The number of a sensor; SERIES: there is none of that name. */
static uint8_t find(vn_text_t sensor) {
  uint8_t i = 0;
  while (i < SERIES && (sensor.length != 2 || memcmp(names[i], sensor.bytes, 2) != 0)) {
    i++;
  }
  return i;
}

int main(void) {
  if (vn_nano_init(&nano, &plan, names, &store, &ports) != VN_OK) {
    return 1;
  }
  vn_text_t sensor;
  vn_time_ms_t time_ms;
  uint32_t sleep_ms;
  do {
    for (int32_t value; board_reading(&sensor, &value);) {
      uint8_t series = find(sensor);
      if (series < SERIES && board_wall_ms(NULL, &time_ms)) {
        (void)vn_nano_take_reading(&nano, series, time_ms, value); /* a refusal is counted */
      }
    }
    for (uint64_t index; board_sent(&index);) {
      vn_nano_sent(&nano, index, true);
    }
    sleep_ms = vn_nano_step(&nano, 16);
  } while (board_sleep(sleep_ms));
  return 0;
}
