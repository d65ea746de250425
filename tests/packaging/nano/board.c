/* A board that plays nine minutes of eight thermometers, some of whose readings come late, and says
 * each message as hexadecimal digits: the same on a host and in an image. */
#include "board.h"

#include "board_end.h"
#include "semihosting.h"

enum { SENSORS = 8, EVERY_MS = 5000, READINGS = 9 * 60 / 5 * SENSORS, WAITING_MAX = 16 };

static const vn_time_ms_t begin_ms = INT64_C(1795219200000);
static const char names[SENSORS][2] = {"t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"};
static uint32_t played, dice = 1;
static uint64_t waiting[WAITING_MAX];
static uint32_t waiting_count;
static bool due; /* a round of readings */

int64_t board_mono_ms(void *context) {
  (void)context;
  return (int64_t)(played / SENSORS) * EVERY_MS;
}

/* That of the reading, which may be older than now. */
bool board_wall_ms(void *context, vn_time_ms_t *out) {
  uint32_t late = dice >> 8 & 15u;
  *out = begin_ms + board_mono_ms(context);
  *out -= late < 3 ? (vn_time_ms_t)late * 31000 : 0;
  return true;
}

static void say(const uint8_t *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  char line[33];
  uint32_t at = 0;
  for (size_t i = 0; i < length; i++) {
    line[at++] = digits[bytes[i] >> 4];
    line[at++] = digits[bytes[i] & 15u];
    if (at == sizeof line - 1 || i + 1 == length) {
      line[at] = 0;
      at = 0;
      semihosting_print(line);
    }
  }
}

/* Every fifth time the link has no room. */
vn_err_t board_send(void *context, const vn_message_t *message) {
  static uint32_t calls;
  (void)context;
  if (++calls % 5 == 0 || waiting_count == WAITING_MAX) {
    return VN_AGAIN;
  }
  waiting[waiting_count++] = message->index;
  say((const uint8_t *)message->topic, message->topic_length);
  semihosting_print(" ");
  say(message->payload, message->payload_length);
  semihosting_print("\n");
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
  due = played % SENSORS != 0 || due;
  if (!due || played == READINGS) {
    return false;
  }
  dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
  *sensor = (vn_text_t){names[played % SENSORS], sizeof names[0]};
  *hundredths = (int32_t)(dice >> 16 & 0x7FFu) + (played / 200 % 2 == 0 ? 6900 : 5000);
  played++;
  due = played % SENSORS != 0;
  return true;
}

bool board_sleep(uint32_t ms) {
  (void)ms;
  due = true;
  bool more = played < READINGS || waiting_count > 0;
  if (!more) {
    board_end();
  }
  return more;
}
