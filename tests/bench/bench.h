/* What the bench cases share: an engine over a plan made in C, with a clock that stands still. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

#include "vn/engine.h"

/* Decoded cases: each series reports ten times a second, 100 readings per pane. */
#define BENCH_PERIOD_MS 100
#define BENCH_PANE_MS 10000

#define BENCH_ALERTS 8

/* A sliding window of `panes` panes of 10 s, an alert, a sample of 8. */
typedef struct bench {
  vn_engine_t engine;
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_input_t inputs[4];
  vn_field_t field;
  vn_window_t window;
  vn_alert_plan_t alerts[BENCH_ALERTS];
  vn_store_t store;
  void *block;
  char (*names)[32];
  uint32_t *numbers;
  uint8_t *payload;
  size_t payload_capacity;
  size_t store_bytes;
  uint64_t summaries;
  int64_t now_ms; /* of the readings */
  uint32_t series;
  uint32_t panes; /* per window */
  uint32_t random;
} bench_t;

typedef struct bench_case {
  const char *name;
  void (*run)(bench_t *bench, uint64_t readings);
  uint32_t series;
  uint32_t panes;
  uint64_t readings;
  const char *alerts; /* NULL: one above a limit; else eight of this kind, or none */
} bench_case_t;

/* Where the state goes, and the results: cases without it keep nothing and send nothing. */
typedef struct bench_keep {
  const vn_flash_t *flash; /* NULL with VN_DURABILITY_VOLATILE */
  const vn_uplink_t *uplink;
  uint8_t durability;
} bench_keep_t;

bool bench_open(bench_t *bench, const bench_case_t *one);
/* The same with a state, and without series: those of the case come with their messages. */
bool bench_open_kept(bench_t *bench, const bench_case_t *one, const bench_keep_t *keep);
/* Gives the plan eight alerts of a kind; "none": no alert. */
void bench_alerts(bench_t *bench, const char *kind);
void bench_close(bench_t *bench);

/* The next value of a random walk's noise, scaled: 15.00 .. 25.23. */
static inline int32_t bench_value(bench_t *bench) {
  bench->random = bench->random * 1664525u + 1013904223u;
  return 1500 + (int32_t)(bench->random >> 22);
}

#define BENCH_PACK 100u

/* A payload made once; before each sending only its seconds are written anew. */
typedef struct bench_pack {
  size_t seconds_at[BENCH_PACK];
  size_t length;
  uint32_t records;
  bool binary;
} bench_pack_t;

/* JSON of so many records, in the bench's payload. */
void bench_make_json(bench_t *bench, bench_pack_t *pack, uint32_t records);
/* Moves it to the bench's clock. */
void bench_set_seconds(bench_t *bench, const bench_pack_t *pack);

void bench_known_series(bench_t *bench, uint64_t readings);
void bench_by_name(bench_t *bench, uint64_t readings);
void bench_by_name_shuffled(bench_t *bench, uint64_t readings);
void bench_naive_map(bench_t *bench, uint64_t readings);
void bench_naive(bench_t *bench, uint64_t readings);
void bench_json_pack(bench_t *bench, uint64_t readings);
void bench_json_single(bench_t *bench, uint64_t readings);
void bench_senml_json_pack(bench_t *bench, uint64_t readings);
void bench_senml_cbor_pack(bench_t *bench, uint64_t readings);
void bench_number_single(bench_t *bench, uint64_t readings);

#endif
