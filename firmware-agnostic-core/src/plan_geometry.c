/* The geometry of a pipeline: windows by kind, slots counted. */
#include "vn/plan.h"

static bool is_of_time(const vn_window_t *window) {
  return window->shape == VN_WINDOW_TUMBLING || window->shape == VN_WINDOW_SLIDING;
}

static uint8_t count_of_time(const vn_summary_pipeline_t *summary) {
  uint8_t count = 0;
  while (count < summary->window_count && is_of_time(&summary->windows[count])) {
    count++;
  }
  return count;
}

/* Detectors have a state of their own per alert. */
static void count_detectors(const vn_pipeline_t *pipeline, vn_geometry_t *out) {
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    if (pipeline->alerts[i].rule.condition == VN_ALERT_DEVIATION) {
      bool composite = pipeline->alerts[i].detector == VN_DETECTOR_COMPOSITE;
      uint8_t *count = composite ? &out->composite_count : &out->residual_count;
      (*count)++;
    }
  }
}

static vn_extra_set_t extra_of(const vn_pipeline_t *pipeline, const vn_window_t *definition) {
  return vn_window_extra(definition->statistics, pipeline->range_low, pipeline->range_high);
}

/* Room for the extras of so many panes. */
static void add_extras(vn_geometry_t *out, uint8_t window, const vn_extra_set_t *set,
                       uint32_t panes) {
  out->extras[window] = out->extra_count;
  out->extra_count.trends += set->trend ? panes : 0;
  out->extra_count.counters += panes * vn_extra_counters(set);
  out->extra_count.registers += panes * set->registers;
}

static vn_err_t add_session(const vn_pipeline_t *pipeline, uint8_t window, vn_geometry_t *out) {
  const vn_window_t *definition = &pipeline->summary.windows[window];
  vn_session_set_t *set = &out->sessions[out->session_count];
  *set = (vn_session_set_t){.gap_ms = definition->gap_ms,
                            .out_of_order_ms = pipeline->out_of_order_ms,
                            .lateness_ms = pipeline->lateness_ms,
                            .extra = extra_of(pipeline, definition),
                            .draw = definition->draw,
                            .sample = definition->sample,
                            .window = window};
  vn_err_t error = vn_session_set_derive(set);
  out->session_count++;
  add_extras(out, window, &set->extra, set->capacity);
  out->session_slots += set->capacity;
  out->members += set->capacity * set->sample;
  return error;
}

static vn_err_t add_count(const vn_pipeline_t *pipeline, uint8_t window, vn_geometry_t *out) {
  const vn_window_t *definition = &pipeline->summary.windows[window];
  vn_count_window_t *count = &out->counts[out->count_count];
  *count = (vn_count_window_t){.size = definition->size_readings,
                               .slide = definition->slide_readings,
                               .extra = extra_of(pipeline, definition),
                               .draw = definition->draw,
                               .sample = definition->sample,
                               .window = window};
  vn_err_t error = vn_count_window_derive(count);
  out->count_count++;
  add_extras(out, window, &count->extra, count->pane_count);
  out->count_panes += count->pane_count;
  out->members += count->pane_count * count->sample;
  out->scratch = count->sample > out->scratch ? count->sample : out->scratch;
  return error;
}

static vn_err_t add_report(const vn_pipeline_t *pipeline, uint8_t window, vn_geometry_t *out) {
  const vn_window_t *definition = &pipeline->summary.windows[window];
  vn_report_t *report = &out->reports[out->report_count];
  *report = (vn_report_t){.every_ms = definition->every_ms,
                          .error = definition->error,
                          .points = definition->sample,
                          .method = definition->method,
                          .window = window};
  out->report_members[out->report_count++] = out->members;
  out->members += report->points;
  return vn_report_check(report);
}

vn_condition_window_t vn_geometry_condition(const vn_pipeline_t *pipeline,
                                            const vn_geometry_t *geometry, uint8_t index) {
  VN_ASSERT(index < geometry->condition_count);
  uint8_t first = (uint8_t)(pipeline->summary.window_count - geometry->condition_count);
  const vn_window_t *definition = &pipeline->summary.windows[first + index];
  return (vn_condition_window_t){.rule = {.limit = definition->limit,
                                          .hysteresis = definition->hysteresis,
                                          .condition = definition->condition},
                                 .extra = extra_of(pipeline, definition),
                                 .max_ms = definition->max_ms,
                                 .draw = definition->draw,
                                 .sample = definition->sample,
                                 .window = (uint8_t)(first + index)};
}

static vn_err_t add_condition(const vn_pipeline_t *pipeline, uint8_t window, vn_geometry_t *out) {
  out->condition_members = out->condition_count == 0 ? out->members : out->condition_members;
  out->condition_count++;
  vn_extra_set_t extra = extra_of(pipeline, &pipeline->summary.windows[window]);
  add_extras(out, window, &extra, 1);
  out->members += pipeline->summary.windows[window].sample;
  return VN_OK;
}

/* Each kind stands behind those before it: sessions, counts, reports, conditions. */
static vn_err_t add_window(const vn_pipeline_t *pipeline, uint8_t window, vn_geometry_t *out) {
  const vn_window_t *definition = &pipeline->summary.windows[window];
  if (window > 0 && definition[-1].shape > definition->shape) {
    return VN_ERR_PLAN;
  }
  switch (definition->shape) {
    case VN_WINDOW_SESSION:
      return add_session(pipeline, window, out);
    case VN_WINDOW_COUNT:
      return add_count(pipeline, window, out);
    case VN_WINDOW_REPORT:
      return add_report(pipeline, window, out);
    case VN_WINDOW_CONDITION:
      return add_condition(pipeline, window, out);
    default:
      return VN_ERR_PLAN;
  }
}

vn_err_t vn_geometry_derive(const vn_pipeline_t *pipeline, vn_geometry_t *out,
                            uint8_t *problem_window) {
  VN_ASSERT(pipeline != NULL && out != NULL);
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  uint8_t of_time = count_of_time(summary);
  *out = (vn_geometry_t){0};
  vn_err_t error =
      vn_window_set_derive(&out->set, summary->windows, of_time, pipeline->out_of_order_ms,
                           pipeline->lateness_ms, problem_window);
  if (error == VN_OK && pipeline->expected_every_ms > 0) {
    vn_window_set_expect(&out->set, pipeline->expected_every_ms);
  }
  if (error == VN_OK && pipeline->early_every_ms > 0) {
    error = vn_window_set_early(&out->set, problem_window);
  }
  out->set.late_waits = pipeline->late_every_ms > 0;
  out->set.extra.low = pipeline->range_low;
  out->set.extra.high = pipeline->range_high;
  out->set.ordered.rule = pipeline->ordered;
  if (out->set.ordered.kinds != 0 && pipeline->out_of_order_ms > 0) {
    out->set.ordered.capacity = pipeline->ordered.reorder;
  }
  add_extras(out, 0, &out->set.extra, out->set.pane_count);
  out->members = out->set.pane_count * out->set.sample;
  out->scratch = (uint16_t)out->set.sample;
  count_detectors(pipeline, out);
  for (uint8_t i = of_time; error == VN_OK && i < summary->window_count; i++) {
    *problem_window = i;
    error = add_window(pipeline, i, out);
  }
  return error;
}

uint64_t vn__results_at_once(const vn_window_set_t *set, const vn_window_t *window) {
  int64_t span_ms = (int64_t)set->pane_count * set->pane_ms + window->size_ms;
  return (uint64_t)vn_ceil_div(span_ms, window->slide_ms) + 1;
}
