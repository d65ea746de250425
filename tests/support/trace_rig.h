/* Random pipelines, random traces, and everything that an engine tells about them. */
#ifndef TRACE_RIG_H
#define TRACE_RIG_H

#include "prng.h"
#include "vn/engine.h"

enum {
  TRACE_SERIES = 3,
  TRACE_WINDOWS_MAX = 4,
  TRACE_READINGS_MAX = 128,
  TRACE_SAMPLE_MAX = 8,
  TRACE_RECORD_MAX = 704
};

/* Which windows a random setup may have, and which traces are drawn for it. */
typedef enum trace_kind {
  TRACE_TIME = 1,       /* tumbling and sliding */
  TRACE_SESSIONS = 2,   /* session windows as well */
  TRACE_COUNTS = 4,     /* count windows as well */
  TRACE_TIES = 8,       /* equal times in a series; then without first and last */
  TRACE_ORDERED = 16,   /* windows of time with statistics in time order */
  TRACE_CONDITIONS = 32 /* condition windows as well */
} trace_kind_t;

/* A plan with one pipeline; it points into itself: do not copy. */
typedef struct trace_setup {
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_window_t windows[TRACE_WINDOWS_MAX];
  unsigned kinds; /* trace_kind_t bits */
} trace_setup_t;

typedef struct trace_reading {
  vn_time_ms_t time_ms;
  int32_t value;
  uint32_t series; /* 0..TRACE_SERIES - 1 */
} trace_reading_t;

typedef struct trace {
  trace_reading_t readings[TRACE_READINGS_MAX];
  size_t count;
} trace_t;

/* A result as it was told. `record` is that of a CBOR message. */
typedef struct trace_result {
  vn_time_ms_t start_ms, end_ms;
  vn_aggregate_t aggregate;
  vn_extra_values_t extra; /* all zero without extras */
  vn_member_t sample[TRACE_SAMPLE_MAX];
  size_t superseded; /* place of the first one in the list of spans */
  uint32_t series, revision, sample_count;
  uint16_t length;
  uint8_t superseded_count, window, kind;
  uint8_t record[TRACE_RECORD_MAX];
} trace_result_t;

typedef struct trace_results {
  trace_result_t *results;
  vn_span_t *spans;
  size_t count, capacity, span_count, span_capacity;
} trace_results_t;

/* An engine at work on a setup. */
typedef struct trace_run {
  const trace_setup_t *setup;
  const vn_flash_t *flash; /* NULL: volatile */
  vn_engine_t engine;
  vn_clock_t clock;
  vn_observer_t observer;
  vn_ports_t ports;
  vn_plan_t plan;
  void *block;
  int64_t now_ms;
  bool contents_only; /* records without kind, revision and superseded results */
  uint32_t series[TRACE_SERIES];
  trace_results_t told;
} trace_run_t;

/* 1..TRACE_WINDOWS_MAX windows of some of the kinds, delays, scope, range. All readings of a trace
 * can wait for their turn. */
void trace_setup_random(trace_setup_t *setup, prng_t *prng, unsigned kinds);

/* These windows (with their statistics and samples) and delays; the range is all of int32. */
void trace_setup_make(trace_setup_t *setup, const vn_window_t *windows, uint8_t count,
                      int64_t out_of_order_ms, int64_t lateness_ms);

bool trace_has_sessions(const trace_setup_t *setup);

/* `count` readings in order of their times, which may be negative; equal only with TRACE_TIES. */
void trace_random(trace_t *trace, prng_t *prng, const trace_setup_t *setup, size_t count);

/* Brings it into another order: no time lies more than `displacement_ms` behind an earlier one. */
void trace_shuffle(trace_t *trace, prng_t *prng, int64_t displacement_ms);

/* Starts an engine; with a flash it goes on from what is there. What was told before stays. */
void trace_start(trace_run_t *run, const trace_setup_t *setup, const vn_flash_t *flash);

void trace_take(trace_run_t *run, const trace_reading_t *reading);

/* A new engine, all readings, the end of input. */
void trace_whole(trace_run_t *run, const trace_setup_t *setup, const trace_t *trace);

/* How many traces a law is tried on and from which seed: VN_TRACES, VN_SEED, else these. */
uint32_t trace_count(uint32_t otherwise);
uint32_t trace_seed(uint32_t otherwise);

/* Forgets what was told. */
void trace_forget(trace_run_t *run);
void trace_free(trace_run_t *run);

/*
 * What stands in the end, as a receiver keeps it: of each window's results the last, without what
 * later ones superseded, by series, window and bounds. `standing` has room for all that was told
 * and points into it. Returns how many.
 */
size_t trace_standing(const trace_results_t *told, const trace_result_t **standing);

/* Whether both told the same in the same order, byte for byte. */
bool trace_same(const trace_results_t *a, const trace_results_t *b);

/* Whether what stands after both runs has the same records, byte for byte. */
bool trace_same_standing(const trace_results_t *a, const trace_results_t *b);

/* Writes setup and trace to standard error, for whoever looks for a fault. */
void trace_print(const trace_setup_t *setup, const trace_t *trace);

#endif
