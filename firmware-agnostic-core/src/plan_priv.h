/* What the checks of a plan share. */
#ifndef VN_PLAN_PRIV_H
#define VN_PLAN_PRIV_H

#include "vn/plan.h"

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

/* Everything of one pipeline. */
bool vn__check_pipeline(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                        vn_plan_problem_t *problem);

#endif
