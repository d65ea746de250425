/* A node on QEMU's boards: SenML-CBOR packs come in by the UART, summaries and alerts go out. Its
 * plan is node.yaml as vnotch compile makes tables of it, or what a frame brings. Its flash is an
 * array in RAM; with the argument "garbage" it holds anything at the start. */
#include <string.h>

#include "node.h"
#include "ram_flash.h"
#include "semihosting.h"
#include "tables/node.h"
#include "uart.h"
#include "vn/plan_load.h"

enum { MEMORY_BYTES = 24 * 1024, FLASH_BYTES = 256 * 1024, ERASE_BYTES = 4096, PROGRAM_BYTES = 16 };
enum { FRAME_BYTES = 1024, PLAN_BYTES = 4096, PLACE_BYTES = 2 * ERASE_BYTES, TICK_READS = 2000 };
VN_STATIC_ASSERT(VN_RAM_BYTES(node) <= MEMORY_BYTES, "node.yaml needs more memory");

int main(void);

static _Alignas(64) uint8_t memory[MEMORY_BYTES];
static _Alignas(VN_PLAN_ALIGNMENT) uint8_t plan_bytes[2 * PLAN_BYTES];
static uint8_t flash_bytes[FLASH_BYTES], place_bytes[PLACE_BYTES], frame_bytes[FRAME_BYTES];
static vn_node_t node;
static vn_ram_flash_t flash, place;

/* The board's own time is of no use under an emulator: it passes by looks at the line. */
static int64_t looks;

static int64_t mono_ms(void *context) {
  (void)context;
  return looks / TICK_READS;
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
  static const vn_node_room_t room = {memory, sizeof memory, plan_bytes, PLAN_BYTES, &place.port};
  memset(flash_bytes, 0xFF, sizeof flash_bytes);
  memset(place_bytes, 0xFF, sizeof place_bytes);
  if (semihosting_arguments(words, sizeof words) && strlen(words) > 7 &&
      memcmp(words + strlen(words) - 7, "garbage", 7) == 0) {
    fill_with_garbage();
  }
  vn_ram_flash_init(&flash, flash_bytes, sizeof flash_bytes, ERASE_BYTES, PROGRAM_BYTES);
  vn_ram_flash_init(&place, place_bytes, sizeof place_bytes, ERASE_BYTES, PROGRAM_BYTES);
  const vn_node_parts_t parts = {.plan = &node_plan,
                                 .room = &room,
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
