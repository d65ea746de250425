/* What the checks of a plan share. */
#ifndef VN_PLAN_PRIV_H
#define VN_PLAN_PRIV_H

#include "vn/plan.h"

/* Of the states of series in a checkpoint: raised when their bytes change, so that those of a
 * former version start anew instead of being read as something else. COMMITs carry it: data of a
 * later version are refused. */
#define VN__STATE_VERSION 8u

/* The same of what belongs to no series. */
#define VN__GLOBAL_VERSION 5u

/*
 * What the bytes of states depend on, in this pipeline: of panes, which windows of time share, of
 * all these windows together, and of another window. Limits and names are not in it.
 */
uint32_t vn__pane_specification(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry);
uint32_t vn__time_specification(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry);
uint32_t vn__window_specification(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry,
                                  uint8_t window);

/* No part of this kind is at fault. */
#define VN__NO_PART UINT8_MAX

/* Notes what is wrong; always false. */
bool vn__fail(vn_plan_problem_t *problem, const char *text);

/* Short arguments: this is called some forty times, and firmware pays for each. */
bool vn__in_range(vn_plan_problem_t *problem, const char *text, uint32_t have, uint32_t low,
                  uint32_t high);

/* A duration, or a length of time: at least `low`, at most what windows can count with. */
bool vn__in_span(vn_plan_problem_t *problem, const char *text, int64_t have_ms, int32_t low_ms);

/* A name: there, not empty, not longer than VN_WORD_MAX. */
bool vn__word_is_good(const char *word);

/* A limit, or none. */
bool vn__check_rate(const vn_rate_t *rate, vn_plan_problem_t *problem);

/* What values are compared with, by a window or an alert. */
bool vn__check_limit(int64_t limit, int64_t hysteresis, vn_plan_problem_t *problem);

/* Statistics that are quotients of integers: those that derivations can look at, and
 * that alerts compare exactly. */
#define VN__STATISTICS_EXACT                                                    \
  (VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |  \
   VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |    \
   VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST) | \
   VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_RANGE))

/* What this build has: each is there, or src/without/ stands in for it (features.txt). */
extern const bool vn__has_coarsening, vn__has_commands, vn__has_derived, vn__has_flash,
    vn__has_messages;

/* Everything of one pipeline. */
bool vn__check_pipeline(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                        vn_plan_problem_t *problem);

/* The alerts of a pipeline whose windows have been checked. */
bool vn__check_alerts(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                      vn_plan_problem_t *problem);

/* The derivations of a plan whose pipelines have been checked. */
bool vn__check_derivations(const vn_plan_t *plan, vn_plan_problem_t *problem);

/* How far each derivation is from readings: 1, or more than all that it uses. False: a circle. */
bool vn__derivation_levels(const vn_plan_t *plan, uint8_t levels[VN_DERIVATIONS_MAX]);

/* Instances of all derivations, and the results of an operand that may wait in one. */
uint32_t vn__derived_max(const vn_plan_t *plan);
uint32_t vn__derived_windows(const vn_plan_t *plan);

/* Results of a window of time that one event can cause: those that can hold live panes. */
uint64_t vn__results_at_once(const vn_window_set_t *set, const vn_window_t *window);

#endif
