/* A board whose power goes off four times in four minutes of 32 thermometers, each time in the
 * middle of what the node writes: the same on a host and in an image. Runs the node's own main. */
#include "board.h"
#include "flash.h"
#include "ram_flash.h"
#include "semihosting.h"

enum { SENSORS = 32, EVERY_MS = 10000, READINGS = 4 * 6 * SENSORS, REGION = 128 * 1024 };

int node_main(void);

static const vn_time_ms_t begin_ms = INT64_C(1795219200000);
static uint8_t region[REGION];
static vn_ram_flash_t ram;
static uint32_t played, dice = 1;
static uint64_t waiting[64];
static uint32_t waiting_count;
static bool due; /* a round of readings */

static vn_err_t read(void *context, uint32_t offset, void *to, uint32_t length) {
  (void)context;
  return ram.port.read(&ram, offset, to, length);
}

static vn_err_t prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  (void)context;
  return ram.port.prog(&ram, offset, from, length);
}

static vn_err_t erase(void *context, uint32_t offset, uint32_t length) {
  (void)context;
  return ram.port.erase(&ram, offset, length);
}

static vn_err_t sync(void *context) {
  (void)context;
  return ram.port.sync(&ram);
}

const vn_flash_t board_flash = {.size_bytes = REGION,
                                .erase_size = 4096,
                                .prog_size = 8,
                                .read = read,
                                .prog = prog,
                                .erase = erase,
                                .sync = sync};

int64_t board_mono_ms(void *context) {
  (void)context;
  return (int64_t)(played / SENSORS) * EVERY_MS;
}

bool board_wall_ms(void *context, vn_time_ms_t *out) {
  *out = begin_ms + board_mono_ms(context);
  return true;
}

/* The sum of what was said, and its length, are enough to compare. */
vn_err_t board_send(void *context, const vn_message_t *message) {
  (void)context;
  char line[] = "00000000 00000000\n";
  uint32_t numbers[2] = {vn_murmur3_32(message->topic, message->topic_length, 0),
                         vn_murmur3_32(message->payload, message->payload_length, 0)};
  if (ram.dead || waiting_count == sizeof waiting / sizeof waiting[0]) {
    return VN_ERR_LINK;
  }
  waiting[waiting_count++] = message->index;
  for (uint32_t i = 0; i < 2; i++) {
    for (uint32_t digit = 0; digit < 8; digit++, numbers[i] >>= 4) {
      line[i * 9 + digit] = "0123456789abcdef"[numbers[i] & 15u];
    }
  }
  semihosting_print(line);
  return VN_OK;
}

bool board_sent(uint64_t *index) {
  if (waiting_count == 0) {
    return false;
  }
  *index = waiting[--waiting_count];
  return true;
}

bool board_reading(vn_text_t *sensor, int32_t *hundredths) {
  static char name[3] = {'t', '0', '0'};
  due = played % SENSORS != 0 || due;
  if (!due || played == READINGS || ram.dead) {
    return false;
  }
  uint32_t number = played % SENSORS + 1u;
  dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
  name[1] = (char)('0' + number / 10u);
  name[2] = (char)('0' + number % 10u);
  *sensor = (vn_text_t){name, sizeof name};
  *hundredths = (int32_t)(dice >> 16 & 0x7FFu) + (played / 256 % 2 == 0 ? 5000 : 6900);
  played++;
  due = played % SENSORS != 0;
  return true;
}

bool board_sleep(uint32_t ms) {
  (void)ms;
  due = true;
  return !ram.dead && (played < READINGS || waiting_count > 0);
}

int main(void) {
  static const uint32_t cuts[] = {40, 5, 333, 77, 0};
  int error = 0;
  vn_ram_flash_init(&ram, region, sizeof region, 4096, 8);
  for (uint32_t i = 0; i < sizeof cuts / sizeof cuts[0] && error == 0; i++) {
    vn_ram_flash_power_up(&ram);
    if (cuts[i] > 0) {
      vn_ram_flash_cut(&ram, cuts[i]);
    }
    waiting_count = 0;
    semihosting_print("power\n");
    error = node_main();
  }
  return played == READINGS ? error : 2;
}
