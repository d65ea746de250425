/* A node on QEMU's boards: SenML-CBOR packs come in by the UART, summaries and alerts go out. Its
 * flash is an array in RAM; with the argument "garbage" it holds anything at the start. */
#include <string.h>

#include "node.h"
#include "ram_flash.h"
#include "semihosting.h"
#include "uart.h"

enum { MEMORY_BYTES = 40 * 1024, FLASH_BYTES = 128 * 1024, ERASE_BYTES = 4096, PROGRAM_BYTES = 16 };
enum { MESSAGE_BYTES = 512, TICK_READS = 2000 };

int main(void);

static const vn_window_t windows[] = {{.name = "ten",
                                       .size_ms = 10000,
                                       .slide_ms = 10000,
                                       .statistics = VN_STATISTIC_BIT(VN_STATISTIC_COUNT) |
                                                     VN_STATISTIC_BIT(VN_STATISTIC_MEAN) |
                                                     VN_STATISTIC_BIT(VN_STATISTIC_STDDEV),
                                       .sample = 4}};

static const vn_alert_plan_t alerts[] = {
    {.name = "hot",
     .severity = "critical",
     .of = "value",
     .rule = {.limit = 8000, .hysteresis = 500, .condition = VN_ALERT_ABOVE},
     .exponent = -2}};

static const vn_pipeline_t pipelines[] = {{.summary = {.name = "temperature",
                                                       .unit = "Cel",
                                                       .windows = windows,
                                                       .window_count = 1,
                                                       .exponent = -2},
                                           .match = {"*", 1},
                                           .alerts = alerts,
                                           .out_of_order_ms = 1000,
                                           .idle_timeout_ms = VN_DURATION_OFF,
                                           .max_future_ms = VN_DURATION_OFF,
                                           .range_low = -4000,
                                           .range_high = 12500,
                                           .series_max = 8,
                                           .alert_count = 1}};

static vn_input_t input = {.format = VN_FORMAT_SENML_CBOR, .qos = 1};

static const vn_plan_t plan = {.device = "node-1",
                               .prefix = "vnotch",
                               .inputs = &input,
                               .pipelines = pipelines,
                               .seed = 1,
                               .checkpoint_every_ms = 10000,
                               .state_bytes = FLASH_BYTES,
                               .erase_block_bytes = ERASE_BYTES,
                               .program_unit_bytes = PROGRAM_BYTES,
                               .endurance_cycles = 100000,
                               .series_max = 8,
                               .queue_messages = 2,
                               .queue_bytes = 2048,
                               .message_max_bytes = MESSAGE_BYTES,
                               .outbox_bytes = 4096,
                               .outbox_entries = 16,
                               .batch_max = 4,
                               .name_max = 16,
                               .input_count = 1,
                               .pipeline_count = 1,
                               .durability = VN_DURABILITY_JOURNAL};

static _Alignas(64) uint8_t memory[MEMORY_BYTES];
static uint8_t flash_bytes[FLASH_BYTES], frame_bytes[MESSAGE_BYTES + VN_NODE_FRAME_BYTES];
static vn_node_t node;
static vn_ram_flash_t flash;
static vn_store_t store;

/* The board's own time is of no use under an emulator: it passes by looks at the line. */
static int64_t looks;

static int64_t mono_ms(void *context) {
  (void)context;
  return looks / TICK_READS;
}

static bool prepare(void) {
  static const char topic[] = "s/#", series[] = "{name}";
  const char *problem = NULL;
  return vn_pattern_compile((vn_text_t){topic, strlen(topic)}, &input.pattern, &problem) == VN_OK &&
         vn_template_compile((vn_text_t){series, strlen(series)}, &input.pattern, true,
                             &input.series, &problem) == VN_OK &&
         vn_store_need(&plan, &store) == VN_OK && vn_store_bytes(&store) <= sizeof memory;
}

/* Sector headers, and behind them what nobody has written. */
static void fill_with_garbage(void) {
  uint32_t state = 1;
  for (size_t i = 0; i < sizeof flash_bytes; i++) {
    state = state * 1664525u + 1013904223u;
    flash_bytes[i] = (uint8_t)(state >> 24);
  }
}

int main(void) {
  static char words[64];
  static const vn_line_t line = {NULL, uart_write};
  memset(flash_bytes, 0xFF, sizeof flash_bytes);
  if (semihosting_arguments(words, sizeof words) && strlen(words) > 7 &&
      memcmp(words + strlen(words) - 7, "garbage", 7) == 0) {
    fill_with_garbage();
  }
  if (!prepare()) {
    return 1;
  }
  vn_store_layout(&store, memory);
  vn_ram_flash_init(&flash, flash_bytes, sizeof flash_bytes, ERASE_BYTES, PROGRAM_BYTES);
  const vn_node_parts_t parts = {.plan = &plan,
                                 .store = &store,
                                 .flash = &flash.port,
                                 .line = &line,
                                 .mono_ms = mono_ms,
                                 .in = frame_bytes,
                                 .in_bytes = sizeof frame_bytes};
  uart_open();
  if (vn_node_start(&node, &parts) != VN_OK) {
    return 1;
  }
  while (!node.stopped) {
    uint32_t sleep_ms = 0;
    for (int byte = uart_receive(); byte >= 0; byte = uart_receive()) {
      const uint8_t one = (uint8_t)byte;
      vn_node_receive(&node, &one, 1);
    }
    looks++;
    vn_err_t error = vn_node_step(&node, &sleep_ms);
    if (error < 0 && !node.stopped) {
      return 2;
    }
  }
  return 0;
}
