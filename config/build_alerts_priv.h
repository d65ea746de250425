/* Private to the build_alert files: one alert on its way from the file to the plan. */
#ifndef VN_BUILD_ALERTS_PRIV_H
#define VN_BUILD_ALERTS_PRIV_H

#include "build_priv.h"

/* An alert at work: what the file says, and what becomes of it. */
typedef struct vn__alert_build {
  vn__build_t *build;
  vn__loader_t *loader;
  const vn_pipeline_t *pipeline;
  const vn__value_t *values; /* VN__ALERT_KEYS of them */
  vn_alert_plan_t *alert;
  vn__mark_t mark; /* of the alert */
} vn__alert_build_t;

/* Keys that something can't use, and why, so that none is ignored silently. */
typedef struct vn__refusal {
  const char *with; /* the key that they don't go with */
  const char *why;
  const uint8_t *keys; /* enum vn__alert_key */
  size_t count;
} vn__refusal_t;
void vn__refuse_keys(const vn__alert_build_t *at, const vn__refusal_t *refusal);

/* build_alert_of.c: `of`, into source, window, statistic, exponent and rule.real. */
bool vn__read_of(const vn__alert_build_t *at);

/* What limits of an alert are compared with, once `of` is known. */
vn__measure_t vn__measure_of(const vn__alert_build_t *at);

/* build_alert_condition.c: `of` and exactly one condition, into the rule. */
void vn__build_condition(const vn__alert_build_t *at);

/* Two sides of one limit: some value must lie between them; tells what is wrong. */
bool vn__check_sides(vn__loader_t *loader, const vn__value_t *below, const vn__value_t *width,
                     const vn_alert_limits_t *limits);

/* build_alert_levels.c */
void vn__build_levels(const vn__alert_build_t *at);

/* build_alert_verdict.c: what stands between the condition and who is told. */
void vn__build_verdict(const vn__alert_build_t *at);

/* build_alert_texts.c: labels and annotations as JSON objects; NULL: none. */
const char *vn__build_texts(vn__loader_t *loader, const char *key, const vn__value_t *pairs);

/* build_alert_relations.c */

/* "; did you mean `x`?", or which names there are; `none` when there are none. */
const char *vn__suggest_name(vn__loader_t *loader, vn_text_t name, const char *const *names,
                             uint32_t count, const char *none);

/* What an alert says of others of its pipeline. */
typedef struct vn__relations {
  vn__value_t after, inhibited_by;
} vn__relations_t;
void vn__build_relations(vn__loader_t *loader, vn_alert_plan_t *alerts,
                         const vn__relations_t *relations, uint32_t count);

#endif
