/* A random device at work, and the oracle of the simulation that is told the same readings. */
#ifndef ORACLE_BENCH_H
#define ORACLE_BENCH_H

#include "oracle.h"
#include "prng.h"
#include "vn/engine.h"

enum {
  BENCH_SERIES = 3,
  BENCH_WINDOWS_MAX = 4,
  BENCH_ALERTS_MAX = 2,
  BENCH_READINGS = 200,
  BENCH_TOLD_MAX = 4096,
  BENCH_TOPIC_MAX = 96
};

/* A message as it left the device: behind how many readings, BENCH_READINGS + 1: behind the end. */
typedef struct bench_told {
  size_t after, length;
  uint8_t *payload;
  char topic[BENCH_TOPIC_MAX]; /* whole, terminated */
} bench_told_t;

typedef struct bench {
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_window_t windows[BENCH_WINDOWS_MAX];
  vn_alert_plan_t alerts[BENCH_ALERTS_MAX];
  vn_oracle_reading_t readings[BENCH_READINGS];
  bench_told_t told[BENCH_TOLD_MAX];
  size_t told_count;
  vn_engine_t engine;
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_ports_t ports;
  void *block;
  int64_t now_ms;
  size_t taken;
  uint64_t pending[BENCH_TOLD_MAX];
  size_t pending_count;
} bench_t;

/* Draws a device and readings, lets an engine take them, and keeps what it told. */
void bench_run(bench_t *bench, prng_t *prng);

void bench_free(bench_t *bench);

/* An oracle of this device. forget_max as in its setup. */
vn_oracle_t *bench_oracle(const bench_t *bench, size_t forget_max);

/* Gives it readings [from, to), the end of input as the one behind the last. */
void bench_tell_readings(const bench_t *bench, vn_oracle_t *oracle, size_t from, size_t to);

/* Hands over a message. */
void bench_tell(vn_oracle_t *oracle, const bench_told_t *told);

/* Plays the whole story, the messages at their times; ends with vn_oracle_settle. */
void bench_play(const bench_t *bench, vn_oracle_t *oracle);

#endif
