/* The golden scenario: two devices, their gateway and their bad days, the same on every processor.
 * Their plans come from gold_0.yaml and gold_1.yaml. No libc but the five functions that the core
 * has. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "node.h"
#include "prng.h"
#include "ram_flash.h"

enum { GOLDEN_DEVICES = 2 };

/* A message of the sensors. */
typedef struct golden_pack {
  const char *topic;
  uint8_t payload[1024];
  size_t length;
  uint32_t readings;
} golden_pack_t;

/* The sensors of one device. */
typedef struct golden_sensors {
  prng_t prng;
  int32_t level[16]; /* of each sensor's walk, in hundredths */
  uint32_t round, count;
  bool json;
} golden_sensors_t;

/* Sums over bytes as they left. */
typedef struct golden_sums {
  uint64_t bytes, hash;
  uint32_t crc;
} golden_sums_t;

typedef struct golden_result {
  golden_sums_t output[2];    /* of each half: all frames of both devices */
  golden_sums_t savepoint[2]; /* behind each half: those of both devices */
  uint64_t readings;          /* that the sensors sent, of the halves that were played */
  uint64_t accepted, corrected, duplicates, summaries, alerts, dead_letters;
  uint32_t cuts, frames_refused;
} golden_result_t;

/* Of device 0 or 1; NULL: it can't be had. */
const vn_plan_t *golden_plan(unsigned device);

void golden_sensors_init(golden_sensors_t *sensors, unsigned device);
/* The next message of the sensors at this time. */
void golden_sensors_next(golden_sensors_t *sensors, int64_t now_ms, golden_pack_t *pack);

void golden_sum(golden_sums_t *sums, const uint8_t *bytes, size_t length);

/* The whole scenario goes on with the savepoints of its first half, on erased flashes. */
typedef enum golden_part { GOLDEN_WHOLE, GOLDEN_FIRST_HALF, GOLDEN_SECOND_HALF } golden_part_t;

/* Where savepoints go behind a half, and where those that the second half begins with come from;
 * needed by the halves alone. False, and 0: it failed. */
typedef struct golden_files {
  bool (*save)(unsigned device, const uint8_t *bytes, size_t length);
  size_t (*load)(unsigned device, uint8_t *bytes, size_t capacity);
} golden_files_t;

/* Plays it; NULL, or what went wrong. */
const char *golden_play(golden_part_t part, const golden_files_t *files, golden_result_t *result);

#endif
