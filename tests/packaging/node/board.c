/* A board for node.c under a virtual clock: 21 minutes of eight thermometers, one of which gets
 * hot. What the node sends is printed, a line of topic and payload in hex each. */
#include "board.h"

#include <inttypes.h>
#include <stdio.h>

enum { SENSORS = 8, EVERY_MS = 2500, MINUTES = 21, FIRST_HOT_MS = 300000, LAST_HOT_MS = 420000 };

static int64_t now_ms;
static uint32_t next_sensor;
static uint64_t outstanding;
static bool is_outstanding;

int64_t board_mono_ms(void *context) {
  (void)context;
  return now_ms;
}

bool board_wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = INT64_C(1700000040000) + now_ms; /* a whole minute */
  return true;
}

/* One message at a time, as a slow line takes them. */
vn_err_t board_send(void *context, const vn_message_t *message) {
  (void)context;
  if (is_outstanding) {
    return VN_AGAIN;
  }
  printf("%.*s ", (int)message->topic_length, message->topic);
  for (size_t i = 0; i < message->payload_length; i++) {
    printf("%02x", (unsigned)message->payload[i]);
  }
  printf("\n");
  outstanding = message->index;
  is_outstanding = true;
  return VN_OK;
}

bool board_sent(uint64_t *index) {
  bool told = is_outstanding;
  *index = outstanding;
  is_outstanding = false;
  return told;
}

bool board_reading(vn_text_t *sensor, int32_t *hundredths) {
  static const char names[SENSORS][2] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"};
  if (next_sensor == SENSORS || now_ms % EVERY_MS != 0 || now_ms >= (MINUTES - 1) * 60000) {
    return false;
  }
  bool hot = next_sensor == 3 && now_ms >= FIRST_HOT_MS && now_ms < LAST_HOT_MS;
  *sensor = (vn_text_t){names[next_sensor], 2};
  *hundredths = (int32_t)(2000 + now_ms / 1000 + 10 * (int64_t)next_sensor) + (hot ? 7000 : 0);
  next_sensor++;
  return true;
}

/* At most until the next reading. */
bool board_sleep(uint32_t ms) {
  int64_t until_reading = EVERY_MS - now_ms % EVERY_MS;
  int64_t wanted = ms > 0 ? (int64_t)ms : 1;
  int64_t slept = wanted < until_reading ? wanted : until_reading;
  next_sensor = (now_ms + slept) % EVERY_MS == 0 ? 0 : next_sensor;
  now_ms += slept;
  return now_ms < MINUTES * INT64_C(60000);
}
