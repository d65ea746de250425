/* The plan: relations of one pipeline and its windows. */
#include "plan_priv.h"

#define EXPONENT_MAX 9

static bool check_time_window(const vn_window_t *window, vn_plan_problem_t *problem) {
  if (!vn__in_span(problem, "size of a window", window->size_ms, 1) ||
      !vn__in_span(problem, "slide of a window", window->slide_ms, 1)) {
    return false;
  }
  if (window->offset_ms >= window->slide_ms || window->offset_ms <= -window->slide_ms) {
    return vn__fail(problem, "the offset must be shorter than the slide");
  }
  if (window->shape == VN_WINDOW_TUMBLING && window->size_ms != window->slide_ms) {
    return vn__fail(problem, "a tumbling window must slide by its size");
  }
  return true;
}

static bool check_report(const vn_window_t *window, vn_plan_problem_t *problem) {
  if (window->error < 0 || window->sample < 2) {
    return vn__fail(problem, "a report: its error is negative, or it has less than two points");
  }
  return vn__in_range(problem, "method of a report", window->method, 0, VN_REPORT_SWINGING_DOOR) &&
         vn__in_span(problem, "longest record of a report", window->every_ms,
                     window->every_ms == VN_DURATION_OFF ? (int32_t)VN_DURATION_OFF : 1);
}

/* SenML tells statistics only: the points would be lost. */
static bool check_points_are_told(const vn_plan_t *plan, const vn_summary_pipeline_t *summary,
                                  vn_plan_problem_t *problem) {
  for (uint8_t i = 0; i < summary->window_count; i++) {
    if (summary->windows[i].shape == VN_WINDOW_REPORT && plan->encoding > VN_ENCODING_JSON) {
      problem->window = i;
      return vn__fail(problem, "SenML has no place for the points of a report");
    }
  }
  return true;
}

static bool check_condition(const vn_window_t *window, vn_plan_problem_t *problem) {
  return vn__in_range(problem, "condition of a window", window->condition, 0, VN_ALERT_BELOW) &&
         (window->max_ms == VN_DURATION_OFF ||
          vn__in_span(problem, "longest length of a window", window->max_ms, 1)) &&
         vn__check_limit(window->limit, window->hysteresis, problem);
}

static bool check_shape(const vn_window_t *window, vn_plan_problem_t *problem) {
  switch (window->shape) {
    case VN_WINDOW_TUMBLING:
    case VN_WINDOW_SLIDING:
      return check_time_window(window, problem);
    case VN_WINDOW_SESSION:
      return vn__in_span(problem, "gap of a session", window->gap_ms, 1);
    case VN_WINDOW_COUNT:
      return vn__in_range(problem, "size in readings", window->size_readings, 1, UINT32_MAX) &&
             vn__in_range(problem, "slide in readings", window->slide_readings, 1, UINT32_MAX);
    case VN_WINDOW_REPORT:
      return check_report(window, problem);
    case VN_WINDOW_CONDITION:
      return check_condition(window, problem);
    default:
      return vn__in_range(problem, "shape of a window", window->shape, 0, VN_WINDOW_CONDITION);
  }
}

static bool check_draw(const vn_window_t *window, vn_plan_problem_t *problem) {
  const vn_draw_t *draw = &window->draw;
  bool recent = draw->weight == VN_WEIGHT_RECENCY;
  if (draw->weight != VN_WEIGHT_NONE &&
      (window->sample == 0 || window->shape == VN_WINDOW_REPORT)) {
    return vn__fail(problem, "a weight is for samples");
  }
  if (recent ? draw->half_life_ms < 1 || draw->half_life_ms > VN_HALF_LIFE_MAX_MS
             : draw->half_life_ms != 0) {
    return vn__fail(problem, "half-life of a sample");
  }
  return vn__in_range(problem, "weight of a sample", draw->weight, 0, VN_WEIGHT_RECENCY);
}

static bool check_window(const vn_window_t *window, vn_plan_problem_t *problem) {
  if (!vn__word_is_good(window->name)) {
    return vn__fail(problem, "name of a window: empty or too long");
  }
  bool of_time = window->shape == VN_WINDOW_TUMBLING || window->shape == VN_WINDOW_SLIDING;
  if (!of_time && (window->statistics & VN_STATISTICS_ORDERED) != 0) {
    return vn__fail(problem, "this statistic is for windows of time");
  }
  if (window->shape == VN_WINDOW_REPORT && (window->statistics & VN_STATISTICS_EXTRA) != 0) {
    return vn__fail(problem, "quantiles, slope and distinct don't go with reports");
  }
  return check_shape(window, problem) && check_draw(window, problem) &&
         vn__in_range(problem, "members of a sample", window->sample, 0, VN_SAMPLE_MAX) &&
         vn__in_range(problem, "statistics", window->statistics, 0,
                      VN_STATISTIC_BIT(VN_STATISTIC_COUNT_OF) - 1);
}

/* A result must have room for all that it may replace. */
static bool check_supersedes(const vn_geometry_t *geometry, const vn_pipeline_t *pipeline,
                             vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  uint32_t least[VN_WINDOWS_MAX] = {0};
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    least[geometry->sessions[i].window] = geometry->sessions[i].capacity;
  }
  for (uint8_t i = 0; i < geometry->condition_count; i++) {
    least[summary->window_count - 1 - i] = 1;
  }
  for (uint8_t i = 0; i < summary->window_count; i++) {
    problem->window = i;
    if (!vn__in_range(problem, "superseded results of a window", summary->windows[i].supersedes_max,
                      least[i], VN_SESSIONS_MAX)) {
      return false;
    }
  }
  problem->window = VN__NO_PART;
  return true;
}

static bool check_geometry(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  vn_geometry_t geometry;
  uint8_t fault = 0;
  if (vn_geometry_derive(pipeline, &geometry, &fault) == VN_OK) {
    problem->window = VN__NO_PART;
    return check_supersedes(&geometry, pipeline, problem);
  }
  problem->window = fault;
  switch (pipeline->summary.windows[fault].shape) {
    case VN_WINDOW_SESSION:
      return vn__fail(problem,
                      "the session window needs too many sessions, or stands behind other kinds");
    case VN_WINDOW_COUNT:
      return vn__fail(problem,
                      "the count window needs too many panes, or stands behind other kinds");
    default:
      return vn__in_range(problem, "panes of the windows", geometry.set.pane_count, 0,
                          VN_PANES_MAX) &&
             vn__fail(problem,
                      "too many counters of revisions, windows of time behind others, or "
                      "weights that differ");
  }
}

static bool check_exponential(const vn_exponential_rule_t *rule, vn_plan_problem_t *problem) {
  if ((rule->half_life_ms > 0) == (rule->alpha > 0)) {
    return vn__fail(problem, "an exponential mean needs a half-life or an alpha, not both");
  }
  return vn__in_span(problem, "half-life", rule->half_life_ms, 0) &&
         vn__in_range(problem, "alpha", rule->alpha, 0, VN_EXPONENTIAL_ONE);
}

/* What the windows keep of readings in time order. */
static bool check_ordered(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  const vn_ordered_rule_t *rule = &pipeline->ordered;
  uint32_t statistics = 0;
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    statistics |= pipeline->summary.windows[i].statistics;
  }
  uint8_t kinds = vn_statistics_ordered_kinds(statistics);
  if (kinds == 0) {
    return true;
  }
  if (rule->counter_modulus > VN_COUNTER_MODULUS_MAX) {
    return vn__fail(problem, "the modulus of a counter is above 2^32");
  }
  return vn__in_range(problem, "waiting readings", rule->reorder, 1, VN_REORDER_CAPACITY_MAX) &&
         vn__in_range(problem, "mode of integrals", rule->time_weighted.mode, 0,
                      VN_TIME_WEIGHTED_TRAPEZOID) &&
         vn__in_span(problem, "max_hold", rule->time_weighted.max_hold_ms,
                     (int32_t)VN_DURATION_OFF) &&
         ((kinds & VN_ORDERED_EXPONENTIAL) == 0 || check_exponential(&rule->exponential, problem));
}

static bool check_windows(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  for (uint8_t i = 0; i < summary->window_count; i++) {
    problem->window = i;
    if (!check_window(&summary->windows[i], problem)) {
      return false;
    }
  }
  problem->window = VN__NO_PART;
  return check_ordered(pipeline, problem) && check_geometry(pipeline, problem);
}

static bool check_clocks(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  return vn__in_span(problem, "out_of_order", pipeline->out_of_order_ms, 0) &&
         vn__in_span(problem, "allowed lateness", pipeline->lateness_ms, 0) &&
         vn__in_span(problem, "idle timeout", pipeline->idle_timeout_ms,
                     (int32_t)VN_DURATION_OFF) &&
         vn__in_span(problem, "max_future", pipeline->max_future_ms, (int32_t)VN_DURATION_OFF) &&
         vn__in_span(problem, "interval of late results", pipeline->late_every_ms, 0) &&
         vn__in_span(problem, "interval of early results", pipeline->early_every_ms, 0) &&
         vn__in_span(problem, "expected interval", pipeline->expected_every_ms, 0) &&
         vn__in_span(problem, "time to live", pipeline->time_to_live_ms, 0) &&
         vn__in_range(problem, "policy for an unset clock", pipeline->unset_clock, 0,
                      VN_UNSET_CLOCK_REFUSE) &&
         vn__in_range(problem, "mode of time", pipeline->time_mode, 0, VN_TIME_ARRIVAL) &&
         vn__in_range(problem, "scope of the watermark", pipeline->scope, 0, VN_SCOPE_GLOBAL);
}

static bool check_identity(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  uint8_t same_time_max = pipeline->deduplicate > 0 ? VN_SAME_TIME_CONFLICT : VN_SAME_TIME_KEEP;
  return vn__in_range(problem, "readings to remember", pipeline->deduplicate, 0, VN_RECENT_MAX) &&
         vn__in_range(problem, "same_time without deduplicate", pipeline->same_time, 0,
                      same_time_max);
}

/* Deltas need windows of time that they belong to, and an encoding that tells them apart. */
static bool check_corrections(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                              vn_plan_problem_t *problem) {
  bool corrects = pipeline->corrections > 0;
  bool of_time =
      pipeline->summary.window_count > 0 && pipeline->summary.windows[0].shape < VN_WINDOW_SESSION;
  if (corrects != pipeline->summary.corrects || (corrects && !of_time)) {
    return vn__fail(problem, "corrections need windows of time, and the summaries have to know");
  }
  if (corrects && plan->encoding >= VN_ENCODING_SENML_CBOR) {
    return vn__fail(problem, "corrections can't be told in SenML");
  }
  return vn__in_range(problem, "corrections that wait", pipeline->corrections, 0,
                      VN_CORRECTIONS_MAX);
}

static bool check_early(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  bool of_time = summary->window_count > 0 && summary->windows[0].shape < VN_WINDOW_SESSION;
  return pipeline->early_every_ms == 0 || of_time ||
         vn__fail(problem, "early results need windows of time");
}

static bool check_head(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                       vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  if (!vn__word_is_good(summary->name) || summary->unit == NULL || pipeline->match.length == 0) {
    return vn__fail(problem, "a text of a pipeline: missing or too long");
  }
  if ((summary->windows == NULL && summary->window_count > 0) ||
      (pipeline->alerts == NULL && pipeline->alert_count > 0)) {
    return vn__fail(problem, "the list of windows or alerts is missing");
  }
  if (pipeline->range_low > pipeline->range_high) {
    return vn__fail(problem, "the range ends before it starts");
  }
  return vn__in_range(problem, "resolution", (uint32_t)(summary->exponent + EXPONENT_MAX), 0,
                      2 * EXPONENT_MAX) &&
         vn__in_range(problem, "windows of a pipeline", summary->window_count, 0, VN_WINDOWS_MAX) &&
         vn__in_range(problem, "alerts of a pipeline", pipeline->alert_count, 0, VN_ALERTS_MAX) &&
         vn__in_range(problem, "series of a pipeline", pipeline->series_max, 1, plan->series_max);
}

bool vn__check_pipeline(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                        vn_plan_problem_t *problem) {
  return check_head(plan, pipeline, problem) && check_clocks(pipeline, problem) &&
         check_identity(pipeline, problem) && vn__check_rate(&pipeline->limit, problem) &&
         check_windows(pipeline, problem) && check_corrections(plan, pipeline, problem) &&
         check_early(pipeline, problem) &&
         check_points_are_told(plan, &pipeline->summary, problem) &&
         vn__check_alerts(plan, pipeline, problem);
}
