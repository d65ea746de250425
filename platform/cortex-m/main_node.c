/* A node on QEMU's boards: SenML-CBOR packs come in by the UART, summaries and alerts go out. Its
 * plan is node.yaml as vnotch compile makes tables of it, or what a frame brings. Its flash is an
 * array in RAM; with the argument "garbage" it holds anything at the start. With "flash=PATH" it is
 * a file of the host, and with "cut=N" the power goes off in the middle of its N-th operation. */
#include <string.h>

#include "file_flash.h"
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
static vn_file_flash_t file_flash, file_place;
static vn_host_file_t file;

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

/* What stands behind `name` in the arguments, which are separated by spaces; NULL: nothing does. */
static char *value_of(char *words, const char *name) {
  size_t length = strlen(name);
  for (char *word = words; word != NULL && strlen(word) >= length;) {
    if (memcmp(word, name, length) == 0) {
      return word + length;
    }
    while (*word != ' ' && *word != 0) {
      word++;
    }
    word += *word == ' ';
    word = *word == 0 ? NULL : word;
  }
  return NULL;
}

static uint32_t number_of(const char *digits) {
  uint32_t value = 0;
  while (digits != NULL && *digits >= '0' && *digits <= '9') {
    value = value * 10u + (uint32_t)(*digits++ - '0');
  }
  return value;
}

static bool open_file(char *words) {
  uint32_t cut_at = number_of(value_of(words, "cut="));
  char *path = value_of(words, "flash=");
  for (char *end = path; *end != 0; end++) {
    if (*end == ' ') {
      *end = 0;
      break;
    }
  }
  return vn_host_file_open(&file, path, FLASH_BYTES + PLACE_BYTES, cut_at);
}

/* As the arguments say; false: they can't be followed. */
static bool prepare_flash(const vn_flash_t **port, const vn_flash_t **place_port) {
  static char words[512];
  memset(flash_bytes, 0xFF, sizeof flash_bytes);
  memset(place_bytes, 0xFF, sizeof place_bytes);
  bool told = semihosting_arguments(words, sizeof words);
  if (told && value_of(words, "garbage") != NULL) {
    fill_with_garbage();
  }
  vn_ram_flash_init(&flash, flash_bytes, sizeof flash_bytes, ERASE_BYTES, PROGRAM_BYTES);
  vn_ram_flash_init(&place, place_bytes, sizeof place_bytes, ERASE_BYTES, PROGRAM_BYTES);
  *port = &flash.port;
  *place_port = &place.port;
  if (!told || value_of(words, "flash=") == NULL) {
    return true;
  }
  vn_file_flash_init(&file_flash, &file, 0, &flash.port);
  vn_file_flash_init(&file_place, &file, FLASH_BYTES, &place.port);
  *port = &file_flash.port;
  *place_port = &file_place.port;
  return open_file(words);
}

int main(void) {
  static const vn_line_t line = {NULL, uart_write};
  static vn_node_room_t room = {memory, sizeof memory, plan_bytes, PLAN_BYTES, NULL};
  const vn_flash_t *flash_port = NULL;
  if (!prepare_flash(&flash_port, &room.place)) {
    semihosting_print("node: the flash's file can't be opened\n");
    return 3;
  }
  const vn_node_parts_t parts = {.plan = &node_plan,
                                 .room = &room,
                                 .flash = flash_port,
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
