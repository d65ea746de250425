/* Event-time windows over one pane ring per series: Flink's rules, in constant memory. */
#ifndef VN_WINDOW_H
#define VN_WINDOW_H

#include "vn/aggregate.h"
#include "vn/assert.h"
#include "vn/error.h"
#include "vn/extra.h"
#include "vn/hash.h"
#include "vn/ordered.h"
#include "vn/reason.h"
#include "vn/reservoir.h"
#include "vn/tally.h"
#include "vn/time.h"

#include <stddef.h>

typedef enum vn_window_shape {
  VN_WINDOW_TUMBLING, /* slide_ms == size_ms */
  VN_WINDOW_SLIDING,
  VN_WINDOW_SESSION,  /* gap_ms; session.h */
  VN_WINDOW_COUNT,    /* size_readings, slide_readings; count_window.h */
  VN_WINDOW_REPORT,   /* error, method, every_ms; the points are its sample; report.h */
  VN_WINDOW_CONDITION /* condition, limit, hysteresis, max_ms; condition_window.h */
} vn_window_shape_t;

typedef enum vn_report_method { VN_REPORT_DEADBAND, VN_REPORT_SWINGING_DOOR } vn_report_method_t;

/* Statistics of a summary, as bits of vn_window_t.statistics. X(NAME, "word"). */
#define VN_STATISTIC_LIST(X)                  \
  X(COUNT, "count")                           \
  X(SUM, "sum")                               \
  X(SUM_SQ, "sum_sq")                         \
  X(MIN, "min")                               \
  X(MAX, "max")                               \
  X(FIRST, "first")                           \
  X(LAST, "last")                             \
  X(MEAN, "mean")                             \
  X(VARIANCE, "variance")                     \
  X(VARIANCE_SAMPLE, "variance_sample")       \
  X(STDDEV, "stddev")                         \
  X(STDDEV_SAMPLE, "stddev_sample")           \
  X(RANGE, "range")                           \
  X(P50, "p50")                               \
  X(P90, "p90")                               \
  X(P95, "p95")                               \
  X(P99, "p99")                               \
  X(SLOPE, "slope")                           \
  X(DISTINCT, "distinct")                     \
  X(TIME_WEIGHTED_MEAN, "time_weighted_mean") \
  X(INTEGRAL, "integral")                     \
  X(COVERED_MS, "covered_ms")                 \
  X(INCREASE, "increase")                     \
  X(RATE, "rate")                             \
  X(EXPONENTIAL_MEAN, "exponential_mean")

typedef enum vn_statistic {
#define VN_STATISTIC_ENUM(name, word) VN_STATISTIC_##name,
  VN_STATISTIC_LIST(VN_STATISTIC_ENUM)
#undef VN_STATISTIC_ENUM
      VN_STATISTIC_COUNT_OF
} vn_statistic_t;

#define VN_STATISTIC_BIT(statistic) (UINT32_C(1) << (statistic))

/* Those that deltas carry: they can be added up. */
#define VN_STATISTICS_MERGEABLE (VN_STATISTIC_BIT(VN_STATISTIC_LAST + 1) - 1u)

/* Those that need extras in every pane; all windows but reports. */
#define VN_STATISTICS_QUANTILES                                              \
  (VN_STATISTIC_BIT(VN_STATISTIC_P50) | VN_STATISTIC_BIT(VN_STATISTIC_P90) | \
   VN_STATISTIC_BIT(VN_STATISTIC_P95) | VN_STATISTIC_BIT(VN_STATISTIC_P99))
#define VN_STATISTICS_EXTRA                                         \
  (VN_STATISTICS_QUANTILES | VN_STATISTIC_BIT(VN_STATISTIC_SLOPE) | \
   VN_STATISTIC_BIT(VN_STATISTIC_DISTINCT))

/* Those that need readings in time order; windows of time only. */
#define VN_STATISTICS_TIME_WEIGHTED                                                              \
  (VN_STATISTIC_BIT(VN_STATISTIC_TIME_WEIGHTED_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_INTEGRAL) | \
   VN_STATISTIC_BIT(VN_STATISTIC_COVERED_MS))
#define VN_STATISTICS_COUNTER \
  (VN_STATISTIC_BIT(VN_STATISTIC_INCREASE) | VN_STATISTIC_BIT(VN_STATISTIC_RATE))
#define VN_STATISTICS_EXPONENTIAL VN_STATISTIC_BIT(VN_STATISTIC_EXPONENTIAL_MEAN)
#define VN_STATISTICS_ORDERED \
  (VN_STATISTICS_TIME_WEIGHTED | VN_STATISTICS_COUNTER | VN_STATISTICS_EXPONENTIAL)

/* The kinds of ordered content (VN_ORDERED_...) that these statistics need. */
uint8_t vn_statistics_ordered_kinds(uint32_t statistics);

/* "count", "mean", ...; static storage. */
const char *vn_statistic_word(vn_statistic_t statistic);

/*
 * A window definition; what its shape doesn't use is 0. size_ms, slide_ms >= 1; |offset_ms| <
 * slide_ms; gap_ms >= 1; size_readings, slide_readings >= 1; sample 0..VN_SAMPLE_MAX; reports as
 * vn_report_t; max_ms >= 1 or VN_DURATION_OFF; limit and hysteresis >= 0 in scaled units.
 */
typedef struct vn_window {
  const char *name;
  int64_t size_ms;
  int64_t slide_ms;
  int64_t offset_ms;
  int64_t gap_ms;
  int64_t max_ms; /* conditions: the longest window, or VN_DURATION_OFF */
  int64_t limit, hysteresis;
  int64_t every_ms; /* reports: the longest record, or VN_DURATION_OFF */
  uint32_t size_readings, slide_readings;
  uint32_t statistics; /* VN_STATISTIC_BIT set; what messages carry */
  int32_t error;       /* reports: never exceeded, scaled */
  vn_draw_t draw;      /* of the sample; reports: 0 */
  uint16_t sample;     /* members of the reservoir sample; points of a report */
  uint8_t
      supersedes_max; /* results that one may replace; sessions: their capacity, conditions: 1 */
  uint8_t condition;  /* vn_alert_condition_t: above or below */
  uint8_t shape;      /* vn_window_shape_t */
  uint8_t method;     /* reports: vn_report_method_t */
} vn_window_t;

/* The extras that these statistics need; low and high are those of the histogram. */
vn_extra_set_t vn_window_extra(uint32_t statistics, int32_t low, int32_t high);

#define VN_WINDOWS_MAX 8u
#define VN_SAMPLE_MAX 64u
#define VN_PANES_MAX 4096u
#define VN_REVISIONS_MAX 4096u

/* Longest size, slide, out_of_order and lateness: about 317 years. */
#define VN_WINDOW_SPAN_MAX_MS INT64_C(10000000000000)

typedef enum vn_kind {
  VN_KIND_ON_TIME,
  VN_KIND_LATE,
  VN_KIND_IDLE,
  VN_KIND_EARLY,
  VN_KIND_FORCED,
  VN_KIND_PARTIAL,
  VN_KIND_COUNT, /* of a count window */
  VN_KINDS
} vn_kind_t;

/* "on_time", "late", ...; static storage. */
const char *vn_kind_word(vn_kind_t kind);

/* What the windows of a pipeline have in common, derived once. */
typedef struct vn_window_set {
  const vn_window_t *windows;
  int64_t out_of_order_ms;
  int64_t lateness_ms;
  int64_t pane_ms;         /* g: gcd of sizes, slides and offset differences */
  int64_t anchor_ms;       /* offset of the first window: where the pane grid starts */
  uint32_t pane_count;     /* N = ceil((size + lateness + out_of_order) / g), size the largest */
  uint32_t sample;         /* the largest sample */
  vn_draw_t draw;          /* of all samples: they share the panes */
  uint32_t revision_count; /* of all windows together */
  uint16_t revision_base[VN_WINDOWS_MAX]; /* where each window's counters start */
  uint16_t revision_size[VN_WINDOWS_MAX]; /* ceil(lateness / slide): windows that may fire again */
  uint32_t early; /* early results: so many counters, then their tags, then a bit for each pane */
  vn_extra_set_t extra; /* the caller sets the histogram's range; derive the rest */
  bool late_waits;     /* revisions wait until vn_window_tell_late, or until their window is gone */
  uint32_t slot_panes; /* coverage: a slot is so many panes, */
  uint8_t slots;       /* or a pane has so many slots; one of the two is 1 */
  vn_ordered_set_t ordered; /* the caller sets rule and capacity; derive the kinds */
  uint8_t window_count;
  bool keeps_more; /* extras or ordered content beside the aggregates */
} vn_window_set_t;

/*
 * Derives the common geometry; 1..VN_WINDOWS_MAX windows, or 0 (then there are no panes).
 * VN_ERR_PLAN: a value outside its range, or more than VN_PANES_MAX panes or VN_REVISIONS_MAX
 * counters; *problem_window tells whose fault it is and out->pane_ms, pane_count say how much it
 * would have been.
 */
VN_NODISCARD vn_err_t vn_window_set_derive(vn_window_set_t *out, const vn_window_t *windows,
                                           uint8_t window_count, int64_t out_of_order_ms,
                                           int64_t lateness_ms, uint8_t *problem_window);

#define VN_PANE_SLOTS_MAX 64u

/*
 * Coverage is counted in slots of at least expected_every_ms >= 1 (how often a reading should
 * come), as short as panes allow. Without this call a slot is a pane.
 */
void vn_window_set_expect(vn_window_set_t *set, int64_t expected_every_ms);

/*
 * Windows give early results: open ones are counted too, and what changed is known. Errors as
 * vn_window_set_derive, which comes first.
 */
VN_NODISCARD vn_err_t vn_window_set_early(vn_window_set_t *set, uint8_t *problem_window);

/* Entries of a series' `heard`; 0: none are needed. */
static inline uint32_t vn_window_heard(const vn_window_set_t *set) {
  return set->slots > 1 ? set->pane_count : 0;
}

/* A pane of the ring. Its sample has min(sample, aggregate.count) members. */
typedef struct vn_pane {
  int64_t number; /* floor((t - anchor) / pane) */
  vn_aggregate_t aggregate;
} vn_pane_t;

/* Refusals of a pane that has no slot yet: the one before it in its slot is still needed. */
typedef struct vn_waiting {
  int64_t number; /* INT64_MIN: nothing waits */
  vn_tally_t tally;
} vn_waiting_t;

/* State of a series' windows, its ring and its tallies apart; vn_window_reset makes the first
 * state. */
typedef struct vn_window_state {
  vn_time_ms_t watermark_ms;
  vn_time_ms_t pane_low_ms,
      pane_high_ms;         /* bounds of the pane of the last reading; low > high: none */
  vn_time_ms_t next_due_ms; /* no window fires while the watermark is below this */
  uint32_t pane_slot;
  bool late;  /* a revision waits */
  bool early; /* a reading came since the last early results */
} vn_window_state_t;

/* Where a series' variable parts lie; the engine owns them. */
typedef struct vn_window_memory {
  vn_window_state_t *state;
  vn_pane_t *panes;        /* pane_count */
  vn_member_t *members;    /* pane_count * sample */
  uint16_t *revisions;     /* revision_count */
  vn_extra_memory_t extra; /* over pane_count panes */
  vn_tally_t *tallies;     /* pane_count */
  vn_waiting_t *waiting;
  uint64_t *heard; /* pane_count, where slots > 1: a bit for each slot with a reading */
  vn_ordered_memory_t ordered;
  uint64_t sample_seed;
} vn_window_memory_t;

/* Bounds [start_ms, end_ms). */
typedef struct vn_span {
  vn_time_ms_t start_ms, end_ms;
} vn_span_t;

/*
 * A result: the content of one window at this moment. Pointers are valid during the call. For count
 * windows start and end number the readings of the series, from 0; their times are the aggregate's.
 */
typedef struct vn_window_result {
  const vn_aggregate_t *aggregate;
  const vn_member_t *sample;
  const vn_span_t *supersedes;        /* earlier results that this one replaces */
  const vn_extra_values_t *extra;     /* NULL: the window asks for none */
  const vn_ordered_values_t *ordered; /* NULL: the window asks for none */
  vn_time_ms_t start_ms, end_ms;
  uint32_t sample_count;
  uint32_t revision;
  uint32_t accounting[VN_ACCOUNTED_COUNT_OF]; /* coverage in permille; 0: whole, or not known */
  uint32_t lacks; /* VN_STATISTIC_BIT set: statistics of the window that this one doesn't have */
  uint8_t supersedes_count;
  uint8_t window;  /* index of the definition */
  uint8_t kind;    /* vn_kind_t */
  uint8_t flags;   /* VN_FLAG_BIT set; FINAL is the engine's to say */
  bool early_only; /* the results of it before this one were all early */
} vn_window_result_t;

/* Whether it is the first one that counts: neither early, nor a delta, nor a revision. */
static inline bool vn_window_result_is_first(const vn_window_result_t *result) {
  return result->kind != VN_KIND_EARLY && result->kind != VN_KIND_PARTIAL &&
         (result->revision == 0 || result->early_only);
}

typedef void (*vn_window_result_fn)(void *context, const vn_window_result_t *result);

/* Room for folding: at least `sample` members, and extras of one pane. */
typedef struct vn_window_sink {
  vn_window_result_fn deliver;
  void *context;
  vn_member_t *scratch;
  vn_extra_memory_t extra_scratch;
} vn_window_sink_t;

/* Whether any window takes a reading of this time, by the watermark before it: NONE, LATE,
 * NO_WINDOW. */
VN_NODISCARD vn_reason_t vn_window_judge(const vn_window_set_t *set, vn_time_ms_t watermark_ms,
                                         vn_time_ms_t time_ms);

void vn_window_reset(const vn_window_set_t *set, const vn_window_memory_t *memory);

/*
 * Takes one reading: judges it by the watermark before it, advances, fires what is due in ascending
 * order of end, inserts, fires again what it changed (rules W1-W5, W11).
 * Returns NONE, LATE, NO_WINDOW, or LIMITED when the pane's count is at its end. `refused` is
 * called between judging and firing, so that a drop is told before the results that its time
 * causes; it may be NULL. The time lies within [VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS]. Cost: O(1)
 * within the last reading's pane; O(windows) in another; a fold for each result.
 */
typedef void (*vn_window_drop_fn)(void *context, vn_reason_t reason);
VN_NODISCARD vn_reason_t vn_window_reading(const vn_window_set_t *set,
                                           const vn_window_memory_t *memory, vn_time_ms_t time_ms,
                                           int32_t value, const vn_window_sink_t *sink,
                                           vn_window_drop_fn refused);

/*
 * Counts a reading that was refused before it came here, for the windows that its time lies in, if
 * one of them can still tell it. It moves nothing and takes nobody's slot; where its pane has none
 * yet, one pane per series may wait for it. The time as above.
 */
void vn_window_refused(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       vn_time_ms_t time_ms, vn_accounted_t item);

/* Tells the revisions that wait, ascending by end. */
void vn_window_tell_late(const vn_window_set_t *set, const vn_window_memory_t *memory,
                         const vn_window_sink_t *sink);

/*
 * Tells the open windows that changed since the last call, ascending by end, kind early; of a set
 * with early results. Cost: O(panes) and a fold for each result.
 */
void vn_window_tell_early(const vn_window_set_t *set, const vn_window_memory_t *memory,
                          const vn_window_sink_t *sink);

/* Raises the watermark (W12, W13 with VN_TIME_PLUS_INFINITY); results have the given kind. */
void vn_window_advance(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       vn_time_ms_t watermark_ms, vn_kind_t kind, const vn_window_sink_t *sink);

/* Closes everything unfired that holds readings, kind idle (W10). */
void vn_window_close_idle(const vn_window_set_t *set, const vn_window_memory_t *memory,
                          const vn_window_sink_t *sink);

/* The greatest end - 1 over unfired windows that hold readings; MINUS_INFINITY if there is none. */
vn_time_ms_t vn_window_open_end(const vn_window_set_t *set, const vn_window_memory_t *memory);

/*
 * Serialises the live part (watermark, live panes with samples, counters) into out[capacity],
 * little-endian; returns the length, which may exceed capacity (then nothing is usable).
 */
size_t vn_window_save(const vn_window_set_t *set, const vn_window_memory_t *memory, uint8_t *out,
                      size_t capacity);

/* The greatest length vn_window_save can return. */
size_t vn_window_save_max(const vn_window_set_t *set);

/* Restores what save wrote; VN_ERR_FORMAT leaves a reset state. */
VN_NODISCARD vn_err_t vn_window_load(const vn_window_set_t *set, const vn_window_memory_t *memory,
                                     const uint8_t *bytes, size_t length);

/* The windows that a state was saved with: which of this set each of them is (VN_WINDOWS_MAX:
 * none), and how many counters it had. */
typedef struct vn_window_origin {
  uint16_t revision_size[VN_WINDOWS_MAX];
  uint8_t own[VN_WINDOWS_MAX];
  uint8_t window_count;
} vn_window_origin_t;

/*
 * Restores what another set saved, whose panes were the same (length, grid, content, out_of_order),
 * of a set without early results; what no window here has a use for is left out. VN_ERR_FORMAT
 * leaves a reset state. Reads each pane twice.
 */
VN_NODISCARD vn_err_t vn_window_adopt(const vn_window_set_t *set, const vn_window_memory_t *memory,
                                      const vn_window_origin_t *origin, const uint8_t *bytes,
                                      size_t length);

#endif
