/* Eight thermometers: means and samples of each minute, an alert above 80 degrees. */
#include "board.h"

static const vn_window_t minute = {.name = "minute",
                                   .size_ms = 60000,
                                   .slide_ms = 60000,
                                   .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN),
                                   .sample = 4};
static const vn_alert_plan_t hot = {.name = "hot",
                                    .severity = "critical",
                                    .of = "value",
                                    .rule = {.limit = 8000, .hysteresis = 500},
                                    .exponent = -2};
static const vn_pipeline_t temperature = {.summary = {"temperature", "Cel", &minute, 1, -2, false},
                                          .match = {"*", 1},
                                          .alerts = &hot,
                                          .alert_count = 1,
                                          .idle_timeout_ms = 5000,
                                          .max_future_ms = VN_DURATION_OFF,
                                          .range_low = -4000,
                                          .range_high = 12500,
                                          .series_max = 8};
static const vn_plan_t plan = {.device = "node",
                               .prefix = "vnotch",
                               .pipelines = &temperature,
                               .pipeline_count = 1,
                               .series_max = 8,
                               .outbox_bytes = 2048,
                               .outbox_entries = 8,
                               .batch_max = 8,
                               .name_max = 16};
static const vn_clock_t board_clock = {.mono_ms = board_mono_ms, .wall_ms = board_wall_ms};
static const vn_uplink_t uplink = {.send = board_send};
static const vn_ports_t ports = {.clock = &board_clock, .uplink = &uplink};
static _Alignas(64) uint8_t memory[14 * 1024];
static vn_engine_t engine;
static vn_store_t store;

int main(void) {
  if (vn_store_need(&plan, &store) != VN_OK || vn_store_bytes(&store) > sizeof memory) {
    return 1;
  }
  vn_store_layout(&store, memory);
  if (vn_init(&engine, &plan, &store, &ports) != VN_OK || vn_restore(&engine) != VN_OK) {
    return 1;
  }
  vn_text_t sensor;
  uint32_t series, sleep_ms;
  do {
    for (vn_reading_t reading = {.is_scaled = true}; board_reading(&sensor, &reading.scaled);) {
      if (vn_series_open(&engine, sensor, &series) == VN_REASON_NONE) {
        (void)vn_take_reading(&engine, series, &reading); /* what is refused is counted */
      }
    }
    for (uint64_t index; board_sent(&index);) {
      vn_sent(&engine, index, true);
    }
  } while (vn_step(&engine, 16, &sleep_ms) == VN_OK && board_sleep(sleep_ms));
  return (int)vn_stop(&engine); /* VN_OK is 0 */
}
