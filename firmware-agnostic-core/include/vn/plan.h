/* The plan: everything the configuration says, as constant data that the engine only reads. */
#ifndef VN_PLAN_H
#define VN_PLAN_H

#include "vn/alert.h"
#include "vn/bucket.h"
#include "vn/coarse.h"
#include "vn/condition_window.h"
#include "vn/correction.h"
#include "vn/count_window.h"
#include "vn/derive.h"
#include "vn/deviation.h"
#include "vn/payload.h"
#include "vn/recent.h"
#include "vn/report.h"
#include "vn/session.h"
#include "vn/summary.h"
#include "vn/window.h"

#define VN_PIPELINES_MAX 32u
#define VN_ALERTS_MAX 16u /* per pipeline */
#define VN_ALERT_GROUPS_MAX 16u
#define VN_INPUTS_MAX 64u
#define VN_DERIVATIONS_MAX 16u

/* Longest name of a device, prefix, pipeline, window, alert; and of an alert's topic. */
#define VN_WORD_MAX 64u
#define VN_ALERT_TOPIC_MAX (sizeof "alert/" + VN_WORD_MAX + 1u + UINT8_MAX)

/* Longest text of the labels, and of the annotations, of an alert. */
#define VN_ALERT_TEXT_MAX 512u

/* Readings that evidence has at most, those before and after together; bytes of their text. */
#define VN_EVIDENCE_MAX 32u
#define VN_EVIDENCE_BYTES_MIN 64u
#define VN_EVIDENCE_BYTES_MAX 4096u

typedef enum vn_time_mode { VN_TIME_EVENT, VN_TIME_ARRIVAL } vn_time_mode_t;
typedef enum vn_scope { VN_SCOPE_SERIES, VN_SCOPE_GLOBAL } vn_scope_t;
/* A reading at the time of a remembered one, with another value. */
typedef enum vn_same_time { VN_SAME_TIME_KEEP, VN_SAME_TIME_CONFLICT } vn_same_time_t;
/* What becomes of a reading without an absolute time while the clock is not set. */
typedef enum vn_unset_clock {
  VN_UNSET_CLOCK_STAMP, /* it gets a provisional time */
  VN_UNSET_CLOCK_HOLD,  /* its message waits in the queue */
  VN_UNSET_CLOCK_REFUSE
} vn_unset_clock_t;
typedef enum vn_durability {
  VN_DURABILITY_VOLATILE,
  VN_DURABILITY_CHECKPOINT,
  VN_DURABILITY_JOURNAL
} vn_durability_t;

/* What an alert looks at. */
typedef enum vn_alert_source { VN_ALERT_OF_VALUE, VN_ALERT_OF_WINDOW } vn_alert_source_t;

/* What tells a DEVIATION. */
typedef enum vn_detector { VN_DETECTOR_RESIDUAL, VN_DETECTOR_COMPOSITE } vn_detector_t;

/*
 * exponent: limits, hysteresis and the value are integers times 10^exponent (0 for counts,
 * VN_ALERT_REAL_EXPONENT for floats). Of other alerts: those of the same pipeline, for the same
 * series.
 */
typedef struct vn_alert_plan {
  const char *name;
  const char *severity;          /* "" if not configured */
  const char *of;                /* "value", "minute.mean": for messages */
  const char *const *severities; /* LEVELS: of each level; else not looked at */
  const char *labels;            /* a JSON object of texts; NULL: none */
  const char *annotations;       /* the same */
  vn_alert_rule_t rule;
  int64_t no_data_after_ms; /* 0: never */
  int64_t repeat_every_ms;  /* 0: never */
  uint32_t warm_up;         /* DEVIATION: readings of a series before the first that can count */
  uint16_t inhibited_by;    /* a bit for each alert that mutes this one while it fires */
  uint8_t follows;          /* rule.follows: the alert that comes first; less than the own index */
  uint8_t group;            /* 1..vn_plan_t.group_count; 0: none */
  uint8_t source;           /* vn_alert_source_t */
  uint8_t window;           /* OF_WINDOW: index into the pipeline's windows */
  uint8_t statistic;        /* OF_WINDOW: one that the window has; REACHES, FALLS_TO: SLOPE */
  uint8_t detector;         /* DEVIATION: vn_detector_t */
  int8_t exponent;
  bool quiet;    /* nobody is told: the alert is there for others that follow it or are inhibited */
  bool urgent;   /* no flood mutes it */
  bool eager;    /* told before the commit */
  bool in_order; /* of values: evaluated in the order of time, behind the watermark */
} vn_alert_plan_t;

/* Readings that are kept of each series, to be told with alerts of values; bytes: of their text in
 * a message. before 0: none are. */
typedef struct vn_evidence {
  uint16_t bytes;
  uint8_t before, after; /* before: with the one that caused it */
} vn_evidence_t;

/* Room for the sample of a window in a message, where no evidence is configured. */
#define VN_EVIDENCE_SAMPLE_BYTES 256u

/* How many readings are kept of a series. */
static inline size_t vn_evidence_readings(const vn_evidence_t *evidence) {
  return evidence->before == 0 ? 0 : (size_t)evidence->before + evidence->after;
}

/*
 * windows: those of time (tumbling, sliding) come first, then sessions, counts, reports,
 * conditions.
 * series_max: at most so many series, what they need is reserved. range_* in scaled units.
 */
typedef struct vn_pipeline {
  vn_summary_pipeline_t summary; /* name, unit, windows, exponent: resolution is 10^exponent */
  vn_text_t match;               /* glob over series names */
  const vn_alert_plan_t *alerts;
  int64_t out_of_order_ms;
  int64_t lateness_ms;
  int64_t idle_timeout_ms;   /* VN_DURATION_OFF */
  int64_t max_future_ms;     /* VN_DURATION_OFF */
  int64_t late_every_ms;     /* how long deltas wait for others of their window; 0: for a tick */
  int64_t early_every_ms;    /* how often open windows of time are told; 0: never */
  int64_t expected_every_ms; /* how often a reading should come; 0: coverage counts panes */
  int64_t time_to_live_ms;   /* of a silent series; 0: it stays */
  vn_rate_t limit;           /* of each series */
  vn_ordered_rule_t ordered; /* where a window asks for it; else not looked at */
  vn_evidence_t evidence;
  int32_t range_low, range_high;
  uint32_t series_max;
  uint8_t corrections;    /* deltas of a series that may wait; 0: what is too late is dropped */
  uint16_t alert_reorder; /* readings that can wait for alerts in order; 0: there are none */
  uint8_t alert_count;
  uint8_t time_mode;   /* vn_time_mode_t */
  uint8_t scope;       /* vn_scope_t */
  uint8_t deduplicate; /* so many accepted readings of a series are remembered; 0: none */
  uint8_t same_time;   /* vn_same_time_t; CONFLICT needs deduplicate */
  uint8_t unset_clock; /* vn_unset_clock_t */
} vn_pipeline_t;

/*
 * Series that are computed from others: when all operands have the first result of the same window,
 * their value becomes a reading at end - 1. `series` are the names, `name` the same text to be
 * expanded; operand k's capture order[k][i] is capture i of `series`.
 */
typedef struct vn_derivation {
  vn_pattern_t series;
  vn_template_t name;
  vn_pattern_t operands[VN_OPERANDS_MAX]; /* names of the operands, with the same captures */
  uint8_t order[VN_OPERANDS_MAX][VN_CAPTURES_MAX];
  uint8_t pipelines[VN_OPERANDS_MAX]; /* that owns the operand; a series of another is none */
  uint8_t windows[VN_OPERANDS_MAX];   /* of time, all alike */
  uint8_t pipeline;                   /* that is to own the series: its series_max reserves */
  uint8_t operand_count;              /* 2, of a sum up to VN_OPERANDS_MAX */
  uint8_t kind;                       /* vn_derive_kind_t */
  uint8_t statistic;                  /* COUNT SUM MIN MAX FIRST LAST MEAN RANGE */
  uint8_t ahead; /* 0..64: results of an operand that may wait, beside those of one event */
} vn_derivation_t;

/* The whole. All pointers outlive the engine. Durations in ms, sizes in bytes. */
typedef struct vn_plan {
  const char *device;
  const char *prefix;
  const vn_input_t *inputs;
  const vn_pipeline_t *pipelines;
  const vn_derivation_t *derivations;
  vn_rate_t limit; /* of the whole device */
  vn_rate_t flood; /* alerts of the whole device that may fire; readings 0: no limit */
  uint64_t seed;   /* of the samples */
  int64_t flush_every_ms;
  int64_t checkpoint_every_ms;
  int64_t scrub_every_ms; /* how often idle time reads all of the flash that counts; 0: never */
  int64_t coarsen_ms[VN_COARSEN_MAX]; /* lengths that results grow to in a full outbox, ascending */
  uint64_t state_bytes;               /* 0 with volatile */
  uint32_t erase_block_bytes, program_unit_bytes;
  uint64_t journal_day_bytes;        /* journal: so much may be written a day; 0: no limit */
  uint64_t journal_source_day_bytes; /* of the messages of one topic; 0: no limit */
  uint32_t endurance_cycles;
  uint32_t lifetime_days;
  uint32_t series_max;
  uint32_t queue_messages;    /* input queue: messages that wait */
  uint32_t queue_bytes;       /* a power of two */
  uint32_t message_max_bytes; /* longest topic + payload taken */
  uint32_t outbox_bytes;
  uint32_t outbox_entries;
  uint16_t batch_max; /* records per summary message */
  uint16_t name_max;  /* bytes of a series name, 16..255 */
  uint8_t input_count, pipeline_count, derivation_count;
  uint8_t group_count;   /* of alerts, at most VN_ALERT_GROUPS_MAX */
  uint8_t coarsen_count; /* 0: nothing is made coarser; else CBOR alone is */
  uint8_t encoding;      /* vn_encoding_t */
  uint8_t durability;    /* vn_durability_t */
  bool commands;         /* those on <prefix>/<device>/command are carried out */
} vn_plan_t;

/* Which part of a plan an error is about; counts from 0, 255 = does not apply. */
typedef struct vn_plan_problem {
  const char *text; /* what is wrong, or the value that is out of bounds; static */
  uint8_t pipeline, window, alert, input, derivation;
  int64_t have, limit; /* of a value that is out of bounds; else both 0 */
} vn_plan_problem_t;

/*
 * Checks every relation of a plan that the engine relies on. VN_ERR_PLAN fills *problem with the
 * first one that doesn't hold. vn_init does this too.
 */
VN_NODISCARD vn_err_t vn_plan_check(const vn_plan_t *plan, vn_plan_problem_t *problem);

/* Hash of what decides the layout of a series' state in this pipeline: windows, resolution, number
 * of alerts
 * and their detectors, and of the delays what they make of panes and counters. Limits and names are
 * not in it. */
uint32_t vn_pipeline_layout_hash(const vn_pipeline_t *pipeline);

/* Hash over all layout hashes and names: tells a state of another plan. */
uint64_t vn_plan_hash(const vn_plan_t *plan);

/* Entries of the arrays of extras. */
typedef struct vn_extra_place {
  uint32_t trends, counters, registers;
} vn_extra_place_t;

/*
 * The windows of a pipeline by kind: those of time share one ring of panes, each session and each
 * count window has slots of its own. Counts are per series. `members` are those of the panes, then
 * of the sessions, counts, reports and conditions, in the order of the definitions.
 */
typedef struct vn_geometry {
  vn_window_set_t set;
  vn_session_set_t sessions[VN_WINDOWS_MAX];
  vn_count_window_t counts[VN_WINDOWS_MAX];
  vn_report_t reports[VN_WINDOWS_MAX];
  uint32_t report_members[VN_WINDOWS_MAX]; /* where the points of each start */
  uint32_t condition_members;              /* where the samples of the conditions start */
  vn_extra_place_t extras[VN_WINDOWS_MAX]; /* where those of each window start; of time: at 0 */
  vn_extra_place_t extra_count;            /* of all windows together */
  uint32_t session_slots;                  /* of all session windows together */
  uint32_t count_panes;                    /* of all count windows together */
  uint32_t members;
  uint16_t scratch; /* members of the largest sample that is folded */
  uint8_t session_count, count_count, report_count;
  uint8_t condition_count; /* the last windows of the pipeline: vn_geometry_condition */
  uint8_t residual_count, composite_count; /* detectors of deviations */
} vn_geometry_t;

/*
 * VN_ERR_PLAN: windows out of order (time, sessions, counts, reports, conditions), a value outside
 * its range, or more panes, counters or sessions than the limits; *problem_window tells whose fault
 * it is.
 */
VN_NODISCARD vn_err_t vn_geometry_derive(const vn_pipeline_t *pipeline, vn_geometry_t *out,
                                         uint8_t *problem_window);

/* Condition window `index` < condition_count. */
vn_condition_window_t vn_geometry_condition(const vn_pipeline_t *pipeline,
                                            const vn_geometry_t *geometry, uint8_t index);

#endif
