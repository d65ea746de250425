/* The plan: relations of the alerts of a pipeline. */
#include "plan_priv.h"

#include <string.h>

#define LIMIT_MAX (INT64_MAX / 4)
#define TIMES_MIN 2u
#define TIMES_MAX 100u

bool vn__check_limit(int64_t limit, int64_t hysteresis, vn_plan_problem_t *problem) {
  if (limit > LIMIT_MAX || limit < -LIMIT_MAX || hysteresis > LIMIT_MAX || hysteresis < 0) {
    return vn__fail(problem, "limit or hysteresis");
  }
  return true;
}

/* One side at least, and nothing that is always true. */
static bool check_sides(const vn_alert_limits_t *limits, vn_plan_problem_t *problem) {
  bool low = limits->low != VN_ALERT_NO_LOW, high = limits->high != VN_ALERT_NO_HIGH;
  if ((!low && !high) || limits->low >= limits->high) {
    return vn__fail(problem, "two limits of an alert: none is there, or they overlap");
  }
  return vn__check_limit(low ? limits->low : 0, limits->hysteresis, problem) &&
         vn__check_limit(high ? limits->high : 0, limits->hysteresis, problem);
}

static bool check_levels(const vn_alert_plan_t *alert, vn_plan_problem_t *problem) {
  const vn_alert_rule_t *rule = &alert->rule;
  if (rule->levels == NULL || alert->severities == NULL) {
    return vn__fail(problem, "the levels of an alert are missing");
  }
  if (!vn__in_range(problem, "levels of an alert", rule->level_count, 2, VN_ALERT_LEVELS_MAX)) {
    return false;
  }
  for (uint8_t i = 0; i < rule->level_count; i++) {
    if (alert->severities[i] == NULL) {
      return vn__fail(problem, "the severity of a level is missing");
    }
    if (!check_sides(&rule->levels[i], problem)) {
      return false;
    }
  }
  return true;
}

/* A learned silence lies between two bounds. */
static bool check_silence(const vn_alert_rule_t *rule, vn_plan_problem_t *problem) {
  if (rule->times == 0) {
    return true;
  }
  return vn__in_range(problem, "periods of a silence", rule->times, TIMES_MIN, TIMES_MAX) &&
         vn__in_span(problem, "shortest silence", rule->least_ms, 1) &&
         (rule->least_ms <= rule->period_ms || vn__fail(problem, "shortest silence"));
}

static bool is_line(const vn_alert_rule_t *rule) {
  return rule->condition == VN_ALERT_REACHES || rule->condition == VN_ALERT_FALLS_TO;
}

/* What the condition needs: two sides, levels, a time. */
static bool check_condition(const vn_alert_plan_t *alert, vn_plan_problem_t *problem) {
  const vn_alert_rule_t *rule = &alert->rule;
  vn_alert_limits_t band = {rule->low, rule->limit, rule->hysteresis};
  bool timed = rule->condition > VN_ALERT_LEVELS;
  if (!vn__in_span(problem, "period of an alert", rule->period_ms, timed)) {
    return false;
  }
  switch ((vn_alert_condition_t)rule->condition) {
    case VN_ALERT_OUTSIDE:
    case VN_ALERT_INSIDE:
      return vn__check_limit(rule->low, rule->hysteresis, problem) &&
             vn__check_limit(rule->limit, rule->hysteresis, problem) && check_sides(&band, problem);
    case VN_ALERT_LEVELS:
      return check_levels(alert, problem);
    case VN_ALERT_RATE:
      return check_sides(&band, problem) &&
             (rule->period_ms <= VN_RATE_PER_MAX_MS || vn__fail(problem, "period of a rate"));
    case VN_ALERT_ABSENT_FOR:
      return check_silence(rule, problem);
    default:
      return vn__check_limit(rule->limit, rule->hysteresis, problem);
  }
}

/* A statistic that the window has, compared as what it is. */
static bool check_statistic(const vn_alert_plan_t *alert, uint32_t statistics,
                            vn_plan_problem_t *problem) {
  const vn_alert_rule_t *rule = &alert->rule;
  uint32_t bit = VN_STATISTIC_BIT((uint32_t)alert->statistic);
  bool exact = (VN__STATISTICS_EXACT & bit) != 0;
  bool there = exact || (statistics & bit) != 0;
  bool fits = exact ? !rule->real : rule->real && alert->exponent == VN_ALERT_REAL_EXPONENT;
  if (!there || !fits || (is_line(rule) && alert->statistic != VN_STATISTIC_SLOPE)) {
    return vn__fail(problem, "no alert can look at this statistic in this way");
  }
  return true;
}

/* What an alert compares. */
static bool check_source(const vn_alert_plan_t *alert, const vn_pipeline_t *pipeline,
                         vn_plan_problem_t *problem) {
  const vn_alert_rule_t *rule = &alert->rule;
  if (alert->source == VN_ALERT_OF_VALUE) {
    return (!is_line(rule) && !rule->real) ||
           vn__fail(problem, "values of readings are integers, and have no line");
  }
  if (rule->condition > VN_ALERT_LEVELS && !is_line(rule)) {
    return vn__fail(problem, "change, standstill, deviation and absence are of values");
  }
  return vn__in_range(problem, "window of an alert", alert->window + 1u, 1,
                      pipeline->summary.window_count) &&
         vn__in_range(problem, "statistic of an alert", alert->statistic, 0,
                      VN_STATISTIC_COUNT_OF - 1) &&
         check_statistic(alert, pipeline->summary.windows[alert->window].statistics, problem);
}

/* From the condition to the verdict. */
static bool check_rule(const vn_alert_rule_t *rule, vn_plan_problem_t *problem) {
  bool absent = rule->condition == VN_ALERT_ABSENT_FOR;
  if (absent && (rule->latch || rule->follows || rule->hits_of > 0)) {
    return vn__fail(problem, "an absence is no evaluation");
  }
  return vn__in_span(problem, "delay of an alert", rule->for_ms, 0) &&
         vn__in_span(problem, "delay of an alert", rule->keep_firing_for_ms, 0) &&
         vn__in_span(problem, "time between two alerts", rule->within_ms, 0) &&
         vn__in_range(problem, "evaluations to look back at", rule->hits_of, 0,
                      VN_ALERT_HISTORY_MAX) &&
         vn__in_range(problem, "evaluations that are true", rule->hits, rule->hits_of > 0,
                      rule->hits_of);
}

/* What an alert says of others. */
static bool check_relations(const vn_plan_t *plan, const vn_pipeline_t *pipeline, uint8_t index,
                            vn_plan_problem_t *problem) {
  const vn_alert_plan_t *alert = &pipeline->alerts[index];
  uint32_t others = ((1u << pipeline->alert_count) - 1u) & ~(1u << index);
  if (alert->rule.follows &&
      (alert->follows >= index ||
       pipeline->alerts[alert->follows].rule.condition == VN_ALERT_ABSENT_FOR)) {
    return vn__fail(problem, "an alert follows one behind it, or an absence");
  }
  if ((alert->inhibited_by & ~others) != 0) {
    return vn__fail(problem, "an alert is muted by itself, or by one that isn't there");
  }
  return vn__in_range(problem, "group of an alert", alert->group, 0, plan->group_count);
}

static bool text_is_good(const char *text) {
  return text == NULL || strlen(text) <= VN_ALERT_TEXT_MAX;
}

/* When and to whom it is told. */
static bool check_telling(const vn_alert_plan_t *alert, const vn_pipeline_t *pipeline,
                          vn_plan_problem_t *problem) {
  bool absent = alert->rule.condition == VN_ALERT_ABSENT_FOR;
  if (absent && alert->no_data_after_ms != 0) {
    return vn__fail(problem, "an absence knows by itself when data is missing");
  }
  if (alert->in_order &&
      (absent || alert->source != VN_ALERT_OF_VALUE || pipeline->alert_reorder == 0)) {
    return vn__fail(problem, "only readings can be put in order, and they need room to wait");
  }
  return vn__in_span(problem, "time without data", alert->no_data_after_ms, 0) &&
         vn__in_span(problem, "time to repeat", alert->repeat_every_ms, 0);
}

static bool check_alert(const vn_plan_t *plan, const vn_pipeline_t *pipeline, uint8_t index,
                        vn_plan_problem_t *problem) {
  const vn_alert_plan_t *alert = &pipeline->alerts[index];
  if (!vn__word_is_good(alert->name) || alert->severity == NULL || alert->of == NULL ||
      !text_is_good(alert->labels) || !text_is_good(alert->annotations)) {
    return vn__fail(problem, "a text of an alert: missing or too long");
  }
  return vn__in_range(problem, "condition of an alert", alert->rule.condition, 0,
                      VN_ALERT_CONDITION_COUNT - 1) &&
         vn__in_range(problem, "detector of an alert", alert->detector, 0, VN_DETECTOR_COMPOSITE) &&
         vn__in_range(problem, "source of an alert", alert->source, 0, VN_ALERT_OF_WINDOW) &&
         check_rule(&alert->rule, problem) && check_condition(alert, problem) &&
         check_source(alert, pipeline, problem) &&
         check_relations(plan, pipeline, index, problem) && check_telling(alert, pipeline, problem);
}

static bool check_evidence(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  const vn_evidence_t *evidence = &pipeline->evidence;
  if (evidence->before == 0) {
    return evidence->after == 0 || vn__fail(problem, "evidence after an alert, but none before");
  }
  return vn__in_range(problem, "readings of evidence", evidence->before + evidence->after, 1,
                      VN_EVIDENCE_MAX) &&
         vn__in_range(problem, "bytes of evidence", evidence->bytes, VN_EVIDENCE_BYTES_MIN,
                      VN_EVIDENCE_BYTES_MAX);
}

bool vn__check_alerts(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                      vn_plan_problem_t *problem) {
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    problem->alert = i;
    if (!check_alert(plan, pipeline, i, problem)) {
      return false;
    }
  }
  problem->alert = VN__NO_PART;
  return check_evidence(pipeline, problem) &&
         vn__in_range(problem, "readings that wait for alerts", pipeline->alert_reorder, 0,
                      VN_REORDER_CAPACITY_MAX);
}
