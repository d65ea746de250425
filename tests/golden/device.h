/* One device of the golden scenario: a node with its flash, and the gateway at its line. */
#ifndef DEVICE_H
#define DEVICE_H

#include "golden.h"

enum {
  DEVICE_BLOCK = 128 * 1024,
  DEVICE_FLASH = 640 * 1024,
  DEVICE_FRAME = 16384,
  DEVICE_FRAME_IN = 1200,
  DEVICE_PENDING = 64,
  SAVEPOINT_MAX = 64 * 1024
};

typedef struct device {
  vn_node_t node;
  vn_ram_flash_t flash;
  vn_line_t line;
  vn_frame_reader_t gateway; /* reads what the node sends */
  golden_sensors_t sensors;
  golden_sums_t *output;
  const vn_plan_t *plan;
  vn_store_t store;
  int64_t now_ms;                   /* by which everything goes */
  uint64_t pending[DEVICE_PENDING]; /* messages that the gateway has not acknowledged */
  size_t pending_count, sent_length;
  uint64_t next_number;
  uint32_t refused, restarts;
  bool gateway_up, unacknowledged, hide_time;
  golden_pack_t pack; /* the last one */
  uint8_t gateway_in[DEVICE_FRAME], sent[DEVICE_FRAME], in[DEVICE_FRAME_IN];
  _Alignas(64) uint8_t block[DEVICE_BLOCK];
  _Alignas(64) uint8_t bytes[DEVICE_FLASH];
} device_t;

/* An empty flash, sensors at their begin. NULL, or what is wrong. */
const char *device_make(device_t *device, unsigned index, int64_t now_ms);

/* Power on: a start from what the flash holds, with nothing in RAM. */
const char *device_start(device_t *device);

/* The gateway says the time, and that it begins anew. */
void device_greet(device_t *device);

/* The pack goes out, until it is acknowledged also behind a power cut. */
void device_send(device_t *device);

/* The last frame once more, with a byte changed on the way. */
void device_spoil(device_t *device);

/* Works and acknowledges until nothing is left to do now; starts again when the power went off. */
const char *device_settle(device_t *device);

/* A clean stop, then the savepoint of what the flash holds; its length, or 0. */
size_t device_export(device_t *device, uint8_t *out, size_t capacity);

/* An erased flash, and on it what the savepoint holds. */
const char *device_import(device_t *device, const uint8_t *bytes, size_t length);

#endif
