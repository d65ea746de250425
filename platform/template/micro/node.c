/* A node of 32 thermometers in 32 KiB of RAM: as that of nano/, and its state is on flash.
 */
#include "board.h"
#include "flash.h"

#include <string.h>

#define SERIES 32
#define SIZE_MS 60000
#define LATENESS_MS 60000
#define OUT_OF_ORDER_MS 5000
#define SAMPLE 8

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
                               .flush_every_ms = 30000,
                               .checkpoint_every_ms = 60000,
                               .series_max = SERIES,
                               .batch_max = 4,
                               .name_max = 16,
                               .durability = VN_DURABILITY_CHECKPOINT};
static const char *const names[SERIES] = {"t01", "t02", "t03", "t04", "t05", "t06", "t07", "t08",
                                          "t09", "t10", "t11", "t12", "t13", "t14", "t15", "t16",
                                          "t17", "t18", "t19", "t20", "t21", "t22", "t23", "t24",
                                          "t25", "t26", "t27", "t28", "t29", "t30", "t31", "t32"};
static const vn_clock_t board_clock = {.mono_ms = board_mono_ms, .wall_ms = board_wall_ms};
static const vn_uplink_t uplink = {.send = board_send};
static const vn_nano_ports_t ports = {&board_clock, &uplink};
VN_NANO_DEFINE(store, SERIES, VN_NANO_PANES(SIZE_MS, OUT_OF_ORDER_MS, LATENESS_MS), SAMPLE, 4096,
               1024);
static uint8_t page[256];
static vn_nano_keep_t keep;
static vn_nano_t nano;

/* The number of a sensor; SERIES: there is none of that name. */
static uint8_t find(vn_text_t sensor) {
  uint8_t i = 0;
  while (i < SERIES && (sensor.length != 3 || memcmp(names[i], sensor.bytes, 3) != 0)) {
    i++;
  }
  return i;
}

int main(void) {
  vn_text_t sensor;
  vn_time_ms_t time_ms;
  uint32_t sleep_ms;
  if (vn_nano_init(&nano, &plan, names, &store, &ports) != VN_OK ||
      vn_nano_restore(&nano, &keep, &board_flash, page, sizeof page) == VN_ERR_STORE) {
    return 1; /* all other errors say that there is no state yet */
  }
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
