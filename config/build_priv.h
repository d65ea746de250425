/* Private to config/: from checked values to the plan. */
#ifndef VN_BUILD_PRIV_H
#define VN_BUILD_PRIV_H

#include "schema_priv.h"

/* Where the parts of a pipeline stand in the file. */
typedef struct vn__pipeline_marks {
  vn__mark_t pipeline;
  vn__mark_t windows[VN_WINDOWS_MAX];
  vn__mark_t alerts[VN_ALERTS_MAX];
} vn__pipeline_marks_t;

/* Where the capacities stand in the file. */
typedef struct vn__capacity_marks {
  vn__mark_t memory, series, queue, outbox;
} vn__capacity_marks_t;

/* One load. The configuration lies in the loader's arena. */
typedef struct vn__build {
  vn__loader_t *loader;
  vn_configuration_t *configuration;
  vn_pipeline_t *pipelines;
  vn__pipeline_marks_t *pipeline_marks;
  vn__mark_t input_marks[VN_INPUTS_MAX];
  vn__mark_t derivation_marks[VN_DERIVATIONS_MAX];
  vn__mark_t lifetime_mark; /* of `state.flash.lifetime` */
  vn__mark_t state_mark;    /* of the size, or of the state */
  vn__mark_t journal_mark;  /* of `state.journal_per_day` */
  vn__capacity_marks_t capacity_marks;
  uint64_t memory_bytes;                   /* 0: no limit */
  const char *groups[VN_ALERT_GROUPS_MAX]; /* of alerts; how many: the plan's group_count */
  bool outbox_given;
} vn__build_t;

/* build_device.c */
void vn__build_device(vn__build_t *build, const vn__value_t root[VN__ROOT_KEYS]);
/* Entries that an outbox of so many bytes is planned with. */
uint32_t vn__outbox_entries(uint32_t bytes);
/* build_region.c: a checked plan's outbox shrinks to what the region of the state can hold. */
void vn__fit_region(vn__build_t *build);

/* Refuses a plan whose flash would die before `lifetime` in usual use. Without limits of their own
 * messages may write what `lifetime` leaves. */
void vn__check_lifetime(vn__build_t *build);
/* build_journal.c: warns of inputs whose repeats can't be told. */
void vn__check_journal(const vn__build_t *build);
/* build_memory.c: a plan must not need more memory than it may. */
void vn__check_memory(const vn__build_t *build);
/* build_broker.c */
void vn__build_brokers(vn__build_t *build, const vn__value_t root[VN__ROOT_KEYS]);
/* build_inputs.c */
void vn__build_inputs(vn__build_t *build, const vn__value_t *list);
/* build_pipelines.c */
void vn__build_pipelines(vn__build_t *build, const vn__value_t *list);
/* A limit of a pipeline or of the device; none is given: no limit. */
void vn__build_limit(vn__loader_t *loader, const vn__value_t *section, vn_rate_t *out);
/* build_windows.c */
void vn__build_windows(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *list,
                       vn__pipeline_marks_t *marks);
/* build_report.c: a report of this pipeline, from its section; tells what is wrong. */
bool vn__read_report(vn__build_t *build, const vn_pipeline_t *pipeline, const vn__value_t *shape,
                     vn_window_t *window);
/* build_ordered.c: after the windows and alerts, which say what is asked for. */
void vn__build_ordered(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *values,
                       const vn__pipeline_marks_t *marks);
/* build_shadow.c: behind everything, when nothing is wrong so far: the plan of the other rules. */
void vn__build_shadow(const vn__build_t *build, const vn__value_t *section);
/* load.c: the relations of a plan by the engine's own words. */
void vn__check_plan(const vn__build_t *build);
/* build_derive.c: behind the pipelines. */
void vn__build_derivations(vn__build_t *build, const vn__value_t *list);
/*
 * decimal / 10^exponent as an integer, exactly and within [low, high]; tells what is wrong with the
 * key's value and which values would do.
 */
typedef struct vn__scale {
  int exponent;
  int64_t low, high;
  const char *step; /* what the value must be a multiple of, in words */
} vn__scale_t;
bool vn__scale_decimal(vn__loader_t *loader, const char *key, const vn__value_t *value,
                       const vn__scale_t *scale, int64_t *out);

/* One of the two numbers of an interval, the same way. */
bool vn__scale_bound(vn__loader_t *loader, const char *key, const vn__node_t *node,
                     const vn__scale_t *scale, int64_t *out);

/* build_limits.c */

/* What limits are compared with. Limits are integers as `scale` says; what is compared lies within
 * [low, high], VN__NO_LOW and VN__NO_HIGH: nobody knows how far it goes. */
#define VN__NO_LOW INT64_MIN
#define VN__NO_HIGH INT64_MAX
typedef struct vn__measure {
  vn__scale_t scale;
  int64_t low, high;
  const char *ends; /* what ends there: "the range" */
} vn__measure_t;

/* build_alert_of.c: what condition windows and alerts of values compare. */
vn__measure_t vn__measure_of_values(vn__loader_t *loader, const vn_pipeline_t *pipeline);

/* A limit and its hysteresis as they are given, for an alert or a window. */
typedef struct vn__threshold {
  const char *of; /* what would never end: "alert", "window" */
  const vn__value_t *above, *below, *hysteresis;
} vn__threshold_t;

/* The limit of rule->condition, above or below, in scaled units; false: something is told. */
bool vn__read_threshold(vn__loader_t *loader, const vn__threshold_t *given,
                        const vn__measure_t *measure, vn_alert_rule_t *rule);

bool vn__read_limit(vn__loader_t *loader, const char *key, const vn__value_t *value,
                    const vn__measure_t *measure, int64_t *out);
bool vn__read_hysteresis(vn__loader_t *loader, const vn__value_t *value,
                         const vn__measure_t *measure, int64_t *out);

/* One side of a condition: it must be possible to pass it, and to come back. */
typedef struct vn__limit {
  const char *of;  /* what would never end */
  const char *key; /* of the limit, and where it stands */
  vn__mark_t mark;
  const vn__value_t *width; /* the hysteresis as it is given */
  int64_t at, hysteresis;
  bool above;
} vn__limit_t;
bool vn__check_reach(vn__loader_t *loader, const vn__limit_t *limit, const vn__measure_t *measure);

/* build_alerts.c */
void vn__build_alerts(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *list,
                      vn__pipeline_marks_t *marks);
/* The evidence of a pipeline whose alerts are built. */
void vn__build_evidence(vn__loader_t *loader, vn_pipeline_t *pipeline, const vn__value_t *section);
/* What holds for the alerts of all pipelines; in front of them. */
void vn__build_alerting(vn__build_t *build, const vn__value_t *section);

/* Tells about a name that an earlier entry of the list has already. */
void vn__check_duplicate(vn__loader_t *loader, const char *what, const vn__value_t *names,
                         uint32_t count);

#endif
