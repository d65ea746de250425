/*
 * What a device must have told, worked out a second time from what was sent to it. Nothing of the
 * core is used here: not its headers, not its arithmetic, not its readers. The rules are those of
 * docs/semantics.md (W1 to W6, W9, W11, W13, A1 to A8), docs/alerts.md and docs/messages.md, with
 * the simplest algorithms: a window's result is a loop over readings.
 *
 * The caller tells which readings were sent, in the order in which the device gets them, then hands
 * over each message that reached the other end. What doesn't agree becomes a difference; the first
 * one is kept. A message must not come before the readings that it tells of.
 *
 * Covered: tumbling, sliding and session windows by event time with `scope: series`; alerts of
 * values with one limit; summaries with `encoding: cbor`. Not covered: what goes by processing time
 * (idle timeouts, absence, early results), commands, statistics in time order, sketches.
 */
#ifndef VN_ORACLE_H
#define VN_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vn_oracle_kind {
  VN_ORACLE_TUMBLING,
  VN_ORACLE_SLIDING,
  VN_ORACLE_SESSION
} vn_oracle_kind_t;

/* What a window's summaries carry beside `count`, which they always do. */
typedef enum vn_oracle_statistic {
  VN_ORACLE_SUM = 1,
  VN_ORACLE_SUM_SQ = 2,
  VN_ORACLE_MIN = 4,
  VN_ORACLE_MAX = 8,
  VN_ORACLE_FIRST = 16,
  VN_ORACLE_LAST = 32,
  VN_ORACLE_MEAN = 64,
  VN_ORACLE_VARIANCE = 128,
  VN_ORACLE_VARIANCE_SAMPLE = 256,
  VN_ORACLE_STDDEV = 512,
  VN_ORACLE_STDDEV_SAMPLE = 1024,
  VN_ORACLE_RANGE = 2048
} vn_oracle_statistic_t;

enum { VN_ORACLE_SESSIONS_MAX = 4 }; /* session windows of one pipeline */

/* Names are the caller's and live as long as the oracle. */
typedef struct vn_oracle_pipeline {
  const char *name;
  const char *unit; /* NULL: whatever it is */
  int64_t out_of_order_ms;
  int64_t allowed_lateness_ms;
  int64_t max_future_ms;     /* negative: no such limit */
  int64_t expected_every_ms; /* 0: a pane of its windows, as in the configuration */
  uint8_t decimals;          /* of the resolution, 0..9: 2 for 0.01 */
  bool sequences;            /* repeats are told by sequence numbers */
} vn_oracle_pipeline_t;

typedef struct vn_oracle_window {
  const char *name;
  int64_t size_ms, slide_ms, offset_ms; /* tumbling: slide_ms is ignored */
  int64_t gap_ms;                       /* sessions */
  uint32_t statistics;                  /* vn_oracle_statistic_t bits */
  uint32_t sample;                      /* readings, 0 for none */
  uint8_t pipeline;                     /* place in vn_oracle_setup_t.pipelines */
  uint8_t kind;                         /* vn_oracle_kind_t */
} vn_oracle_window_t;

/* True at a value beyond the limit, until one at the clear limit or on its other side (A2). */
typedef struct vn_oracle_alert {
  const char *name;
  int64_t limit, clear; /* scaled */
  int64_t for_ms, keep_ms;
  uint8_t pipeline;
  bool below; /* else above */
} vn_oracle_alert_t;

typedef struct vn_oracle_series {
  const char *name;
  uint8_t pipeline;
} vn_oracle_series_t;

/* All of it is copied but the names. */
typedef struct vn_oracle_setup {
  const char *prefix, *device; /* of the topics */
  const vn_oracle_pipeline_t *pipelines;
  const vn_oracle_window_t *windows; /* those of a pipeline in the order of its configuration */
  const vn_oracle_alert_t *alerts;
  const vn_oracle_series_t *series;
  size_t pipeline_count, window_count, alert_count, series_count;
  uint64_t sample_seed; /* of the configuration: the plan's `seed` */
  /*
   * How many readings of a series may be taken back (vn_oracle_forget); 0: none ever. What it
   * costs: each reading is worked through twice.
   */
  size_t forget_max;
} vn_oracle_setup_t;

typedef struct vn_oracle_reading {
  int64_t time_ms;
  int64_t arrival_ms; /* by the device's clock; matters where max_future_ms is set */
  int32_t value;      /* scaled */
  uint32_t sequence;  /* where the pipeline has sequences */
  size_t series;      /* place in vn_oracle_setup_t.series */
  bool refused;       /* its value is none, or out of range; time and sequence are good */
} vn_oracle_reading_t;

/*
 * What became of the readings of a series: received is the sum of the others. Here a conflict of
 * sequence numbers counts as a duplicate.
 */
typedef struct vn_oracle_counts {
  uint64_t received, accepted, late, no_window, duplicate, quarantined, rejected;
} vn_oracle_counts_t;

/* given_up: results, events and states that didn't come, as a notice of gaps said. */
typedef struct vn_oracle_figures {
  uint64_t readings, results, results_compared, events_compared, states_compared;
  uint64_t messages, repeats, gap_entries, coarse_results, given_up, forgotten;
} vn_oracle_figures_t;

typedef struct vn_oracle vn_oracle_t;

/* Ends the process when there is no memory; so does every call below. */
vn_oracle_t *vn_oracle_new(const vn_oracle_setup_t *setup);

void vn_oracle_free(vn_oracle_t *oracle);

/*
 * A reading, as often as the sensor sent it. What the network repeated may be told or not, but for
 * one case: behind a restart of its numbers a reading that was refused may be taken then.
 */
void vn_oracle_reading(vn_oracle_t *oracle, const vn_oracle_reading_t *reading);

/* The end of input (W13): everything that is open must be told. No readings after that. */
void vn_oracle_end(vn_oracle_t *oracle);

/*
 * A publication as it came out: `topic` whole, terminated; the payload isn't kept. Repeats of the
 * network too, from any boot. Other topics than those of the device, and topics without a sequence
 * number (status, stats, latest, response), are ignored.
 */
void vn_oracle_message(vn_oracle_t *oracle, const char *topic, const void *payload, size_t length);

/*
 * After a restart that lost readings: the state of this series holds the first `received` readings
 * of those that were told here, and the others are as if they had never been sent. An error of
 * the device if something of the others was told already. At most forget_max of them.
 */
void vn_oracle_forget(vn_oracle_t *oracle, size_t series, uint64_t received);

/*
 * When the device has had every chance to tell: whatever is due and hasn't come is a difference, as
 * is a hole in the sequence numbers that nothing accounts for, or a retained state that isn't the
 * last one. May be called again.
 */
void vn_oracle_settle(vn_oracle_t *oracle);

/* NULL, or the first thing that was wrong: what was expected, what came, and of what. */
const char *vn_oracle_difference(const vn_oracle_t *oracle);

vn_oracle_counts_t vn_oracle_counts(const vn_oracle_t *oracle, size_t series);

vn_oracle_figures_t vn_oracle_figures(const vn_oracle_t *oracle);

/* Results and events that are due and haven't come. */
size_t vn_oracle_owed(const vn_oracle_t *oracle);

/* ---- What is expected, for tests of the oracle itself. */

typedef struct vn_oracle_member {
  int64_t time_ms;
  int32_t value;
  uint32_t priority;
} vn_oracle_member_t;

typedef struct vn_oracle_span {
  int64_t start_ms, end_ms;
} vn_oracle_span_t;

/* Kinds of results, as in docs/summary.cddl. */
typedef enum vn_oracle_result_kind { VN_ORACLE_ON_TIME, VN_ORACLE_LATE } vn_oracle_result_kind_t;

/* A result of a window: what docs/messages.md says of each member. */
typedef struct vn_oracle_result {
  int64_t start_ms, end_ms;
  uint64_t cause; /* how many readings of the series had been received then, the one included */
  int64_t sum;
  uint64_t squares_high, squares_low;
  vn_oracle_member_t *sample;   /* sample_count, in the order of the rule */
  vn_oracle_span_t *superseded; /* superseded_count, ascending */
  size_t series, window;        /* places in the setup */
  uint32_t sample_count, superseded_count;
  uint32_t revision, count;
  uint32_t late, gaps, coverage; /* coverage in permille, 0: all of it */
  int32_t min, max, first, last;
  uint8_t kind; /* vn_oracle_result_kind_t */
  bool final;
} vn_oracle_result_t;

/* A step of an alert; `state` is a word of docs/alerts.md. */
typedef struct vn_oracle_transition {
  const char *state;
  int64_t at_ms, starts_ms, ends_ms; /* ends_ms: of an episode that is over */
  uint64_t cause;                    /* as in a result */
  size_t series, alert;
  uint32_t episode;
  int32_t value;
  bool told; /* subscribers are told: firing, or resolved */
} vn_oracle_transition_t;

/* A reading that no window took; `reason` is the word of the engine for it. */
typedef struct vn_oracle_drop {
  const char *reason;
  int64_t time_ms;
  size_t series;
} vn_oracle_drop_t;

/* Called at once, from within vn_oracle_reading and vn_oracle_end; members may be NULL. */
typedef struct vn_oracle_listener {
  void *context;
  void (*result)(void *context, const vn_oracle_result_t *result);
  void (*transition)(void *context, const vn_oracle_transition_t *transition);
  void (*drop)(void *context, const vn_oracle_drop_t *drop);
} vn_oracle_listener_t;

void vn_oracle_listen(vn_oracle_t *oracle, const vn_oracle_listener_t *listener);

#endif
