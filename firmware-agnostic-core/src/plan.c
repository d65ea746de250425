/* The plan: relations that the engine relies on, and hashes that tell two plans apart. */
#include "vn/plan.h"

#include <string.h>

#include "vn/hash.h"

#define EXPONENT_MAX 9
#define NONE UINT8_MAX

/* Statistics that an alert can look at. */
#define ALERT_STATISTICS                                                        \
  (VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |  \
   VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |    \
   VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST) | \
   VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_RANGE))

static bool fail(vn_plan_problem_t *problem, const char *text) {
  problem->text = text;
  return false;
}

/* Short arguments: this is called some forty times, and firmware pays for each. */
static bool in_range(vn_plan_problem_t *problem, const char *text, uint32_t have, uint32_t low,
                     uint32_t high) {
  if (have >= low && have <= high) {
    return true;
  }
  problem->have = have;
  problem->limit = have < low ? low : high;
  return fail(problem, text);
}

/* A duration, or a length of time: at least `low`, at most what windows can count with. */
static bool in_span(vn_plan_problem_t *problem, const char *text, int64_t have_ms, int32_t low_ms) {
  if (have_ms >= low_ms && have_ms <= VN_WINDOW_SPAN_MAX_MS) {
    return true;
  }
  problem->have = have_ms;
  problem->limit = have_ms < low_ms ? low_ms : VN_WINDOW_SPAN_MAX_MS;
  return fail(problem, text);
}

static bool is_power_of_two(uint32_t number) { return number != 0 && (number & (number - 1)) == 0; }

static bool word_is_good(const char *word) {
  return word != NULL && word[0] != '\0' && strlen(word) <= VN_WORD_MAX;
}

static bool check_lists(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (!word_is_good(plan->device) || !word_is_good(plan->prefix)) {
    return fail(problem, "device or prefix: empty or too long");
  }
  if (plan->pipelines == NULL || (plan->inputs == NULL && plan->input_count > 0)) {
    return fail(problem, "the list of pipelines or inputs is missing");
  }
  return in_range(problem, "number of pipelines", plan->pipeline_count, 1, VN_PIPELINES_MAX) &&
         in_range(problem, "number of inputs", plan->input_count, 0, VN_INPUTS_MAX);
}

static bool check_sizes(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (!is_power_of_two(plan->outbox_entries)) {
    return fail(problem, "entries of the outbox: no power of two");
  }
  return in_range(problem, "number of series", plan->series_max, 1, INT32_MAX / 4) &&
         in_range(problem, "longest name of a series", plan->name_max, 16, UINT8_MAX) &&
         in_range(problem, "encoding", plan->encoding, 0, VN_ENCODING_SENML_JSON) &&
         in_range(problem, "results of a message", plan->batch_max, 1, UINT16_MAX) &&
         in_span(problem, "time to flush", plan->flush_every_ms, 0) &&
         in_range(problem, "entries of the outbox", plan->outbox_entries, 4, INT32_MAX) &&
         in_range(problem, "bytes of the outbox", plan->outbox_bytes, 128, INT32_MAX);
}

/* A queue of no bytes is none: such a port hands its messages over one by one. */
static bool check_queue(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (plan->queue_bytes == 0) {
    return true;
  }
  if (!is_power_of_two(plan->queue_bytes)) {
    return fail(problem, "bytes of the input queue: no power of two");
  }
  return in_range(problem, "messages that wait", plan->queue_messages, 1, UINT32_MAX) &&
         in_range(problem, "longest message: twice must fit the input queue",
                  plan->message_max_bytes, 1, plan->queue_bytes / 2 - 64u);
}

static bool check_state(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (plan->durability == VN_DURABILITY_VOLATILE) {
    return true;
  }
  uint32_t block = plan->erase_block_bytes;
  if (!is_power_of_two(block) || !is_power_of_two(plan->program_unit_bytes)) {
    return fail(problem, "erase block or program unit: no power of two");
  }
  if (plan->state_bytes % block != 0 || plan->state_bytes > UINT32_MAX) {
    return fail(problem, "the region: no whole erase blocks, or too large");
  }
  return in_range(problem, "durability", plan->durability, 0, VN_DURABILITY_CHECKPOINT) &&
         in_span(problem, "interval of checkpoints", plan->checkpoint_every_ms, 1) &&
         in_range(problem, "erase block", block, 512, 128 * 1024) &&
         in_range(problem, "program unit", plan->program_unit_bytes, 1, block / 4) &&
         in_range(problem, "erase blocks of the region", (uint32_t)plan->state_bytes / block, 8,
                  UINT16_MAX);
}

static bool check_input(const vn_input_t *input, vn_plan_problem_t *problem) {
  bool paths = input->format == VN_FORMAT_JSON || input->format == VN_FORMAT_CBOR;
  if (input->pattern.text.length == 0 || (input->field_count > 0 && input->fields == NULL)) {
    return fail(problem, "no topic, or its fields are missing");
  }
  if ((input->has_time || input->has_sequence) && !paths) {
    return fail(problem, "time and sequence: with json and cbor only");
  }
  return in_range(problem, "format", input->format, 0, VN_FORMAT_SENML_CBOR) &&
         in_range(problem, "unit of time", input->time_unit, 0, VN_UNIT_RFC3339) &&
         in_range(problem, "quality of service", input->qos, 0, 1) &&
         in_range(problem, "fields: with json and cbor only, there one at least",
                  input->field_count, paths, paths ? VN_FIELDS_MAX : 0);
}

static bool check_time_window(const vn_window_t *window, vn_plan_problem_t *problem) {
  if (!in_span(problem, "size of a window", window->size_ms, 1) ||
      !in_span(problem, "slide of a window", window->slide_ms, 1)) {
    return false;
  }
  if (window->offset_ms >= window->slide_ms || window->offset_ms <= -window->slide_ms) {
    return fail(problem, "the offset must be shorter than the slide");
  }
  if (window->shape == VN_WINDOW_TUMBLING && window->size_ms != window->slide_ms) {
    return fail(problem, "a tumbling window must slide by its size");
  }
  return true;
}

static bool check_shape(const vn_window_t *window, vn_plan_problem_t *problem) {
  switch (window->shape) {
    case VN_WINDOW_TUMBLING:
    case VN_WINDOW_SLIDING:
      return check_time_window(window, problem);
    case VN_WINDOW_SESSION:
      return in_span(problem, "gap of a session", window->gap_ms, 1);
    case VN_WINDOW_COUNT:
      return in_range(problem, "size in readings", window->size_readings, 1, UINT32_MAX) &&
             in_range(problem, "slide in readings", window->slide_readings, 1, UINT32_MAX);
    default:
      return in_range(problem, "shape of a window", window->shape, 0, VN_WINDOW_COUNT);
  }
}

static bool check_window(const vn_window_t *window, vn_plan_problem_t *problem) {
  if (!word_is_good(window->name)) {
    return fail(problem, "name of a window: empty or too long");
  }
  bool of_time = window->shape == VN_WINDOW_TUMBLING || window->shape == VN_WINDOW_SLIDING;
  if (!of_time && (window->statistics & VN_STATISTICS_EXTRA) != 0) {
    return fail(problem, "quantiles, slope and distinct are for windows of time");
  }
  return check_shape(window, problem) &&
         in_range(problem, "members of a sample", window->sample, 0, VN_SAMPLE_MAX) &&
         in_range(problem, "statistics", window->statistics, 0,
                  VN_STATISTIC_BIT(VN_STATISTIC_COUNT_OF) - 1);
}

/* A result must have room for all that it may replace. */
static bool check_supersedes(const vn_geometry_t *geometry, const vn_pipeline_t *pipeline,
                             vn_plan_problem_t *problem) {
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    const vn_session_set_t *set = &geometry->sessions[i];
    problem->window = set->window;
    if (!in_range(problem, "superseded results of a session",
                  pipeline->summary.windows[set->window].supersedes_max, set->capacity,
                  VN_SESSIONS_MAX)) {
      return false;
    }
  }
  problem->window = NONE;
  return true;
}

static bool check_geometry(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  vn_geometry_t geometry;
  uint8_t fault = 0;
  if (vn_geometry_derive(pipeline, &geometry, &fault) == VN_OK) {
    problem->window = NONE;
    return check_supersedes(&geometry, pipeline, problem);
  }
  problem->window = fault;
  switch (pipeline->summary.windows[fault].shape) {
    case VN_WINDOW_SESSION:
      return fail(problem, "the session window needs too many sessions, or stands behind counts");
    case VN_WINDOW_COUNT:
      return fail(problem, "the count window needs too many panes");
    default:
      return in_range(problem, "panes of the windows", geometry.set.pane_count, 0, VN_PANES_MAX) &&
             fail(problem, "too many counters of revisions, or windows of time behind others");
  }
}

static bool check_windows(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  for (uint8_t i = 0; i < summary->window_count; i++) {
    problem->window = i;
    if (!check_window(&summary->windows[i], problem)) {
      return false;
    }
  }
  return check_geometry(pipeline, problem);
}

/* What an alert compares. */
static bool check_alert_source(const vn_alert_plan_t *alert, const vn_pipeline_t *pipeline,
                               vn_plan_problem_t *problem) {
  if (alert->source == VN_ALERT_OF_VALUE) {
    return true;
  }
  if (alert->rule.condition > VN_ALERT_BELOW) {
    return fail(problem, "absence and standstill are of values, not of windows");
  }
  if (alert->statistic >= VN_STATISTIC_COUNT_OF ||
      (ALERT_STATISTICS & VN_STATISTIC_BIT(alert->statistic)) == 0) {
    return fail(problem, "no alert can look at this statistic");
  }
  return in_range(problem, "window of an alert", alert->window + 1u, 1,
                  pipeline->summary.window_count);
}

static bool check_rule(const vn_alert_rule_t *rule, vn_plan_problem_t *problem) {
  const int64_t most = INT64_MAX / 4;
  bool timed = rule->condition > VN_ALERT_BELOW;
  if (rule->limit > most || rule->limit < -most || rule->hysteresis > most ||
      rule->hysteresis < 0) {
    return fail(problem, "limit or hysteresis of an alert");
  }
  return in_span(problem, "delay of an alert", rule->for_ms, 0) &&
         in_span(problem, "delay of an alert", rule->keep_firing_for_ms, 0) &&
         in_span(problem, "period of an alert", rule->period_ms, timed);
}

static bool check_alert(const vn_alert_plan_t *alert, const vn_pipeline_t *pipeline,
                        vn_plan_problem_t *problem) {
  if (!word_is_good(alert->name) || alert->severity == NULL || alert->of == NULL) {
    return fail(problem, "a text of an alert: missing or too long");
  }
  return in_range(problem, "condition of an alert", alert->rule.condition, 0,
                  VN_ALERT_UNCHANGED_FOR) &&
         in_range(problem, "source of an alert", alert->source, 0, VN_ALERT_OF_WINDOW) &&
         check_rule(&alert->rule, problem) && check_alert_source(alert, pipeline, problem);
}

static bool check_alerts(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    problem->alert = i;
    if (!check_alert(&pipeline->alerts[i], pipeline, problem)) {
      return false;
    }
  }
  problem->alert = NONE;
  return true;
}

static bool check_clocks(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  return in_span(problem, "out_of_order", pipeline->out_of_order_ms, 0) &&
         in_span(problem, "allowed lateness", pipeline->lateness_ms, 0) &&
         in_span(problem, "idle timeout", pipeline->idle_timeout_ms, (int32_t)VN_DURATION_OFF) &&
         in_span(problem, "max_future", pipeline->max_future_ms, (int32_t)VN_DURATION_OFF) &&
         in_range(problem, "mode of time", pipeline->time_mode, 0, VN_TIME_ARRIVAL) &&
         in_range(problem, "scope of the watermark", pipeline->scope, 0, VN_SCOPE_GLOBAL);
}

static bool check_pipeline(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                           vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  if (!word_is_good(summary->name) || summary->unit == NULL || pipeline->match.length == 0) {
    return fail(problem, "a text of a pipeline: missing or too long");
  }
  if ((summary->windows == NULL && summary->window_count > 0) ||
      (pipeline->alerts == NULL && pipeline->alert_count > 0)) {
    return fail(problem, "the list of windows or alerts is missing");
  }
  if (pipeline->range_low > pipeline->range_high) {
    return fail(problem, "the range ends before it starts");
  }
  return in_range(problem, "resolution", (uint32_t)(summary->exponent + EXPONENT_MAX), 0,
                  2 * EXPONENT_MAX) &&
         in_range(problem, "windows of a pipeline", summary->window_count, 0, VN_WINDOWS_MAX) &&
         in_range(problem, "alerts of a pipeline", pipeline->alert_count, 0, VN_ALERTS_MAX) &&
         in_range(problem, "series of a pipeline", pipeline->series_max, 1, plan->series_max);
}

static bool check_parts(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  for (uint8_t i = 0; i < plan->input_count; i++) {
    problem->input = i;
    if (!check_input(&plan->inputs[i], problem)) {
      return false;
    }
  }
  problem->input = NONE;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    problem->pipeline = i;
    const vn_pipeline_t *pipeline = &plan->pipelines[i];
    if (!check_pipeline(plan, pipeline, problem) || !check_clocks(pipeline, problem) ||
        !check_windows(pipeline, problem) || !check_alerts(pipeline, problem)) {
      return false;
    }
  }
  return true;
}

vn_err_t vn_plan_check(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  VN_ASSERT(plan != NULL && problem != NULL);
  *problem = (vn_plan_problem_t){
      .text = "", .pipeline = NONE, .window = NONE, .alert = NONE, .input = NONE};
  bool good = check_lists(plan, problem) && check_sizes(plan, problem) &&
              check_queue(plan, problem) && check_state(plan, problem) &&
              check_parts(plan, problem);
  return good ? VN_OK : VN_ERR_PLAN;
}

/* Little-endian on every machine, so that a state can move to another one. */
static uint32_t hash_number(uint32_t hash, int64_t number) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
  }
  return vn_murmur3_32(bytes, sizeof bytes, hash);
}

static uint32_t hash_word(uint32_t hash, const char *word) {
  return vn_murmur3_32(word, strlen(word), hash);
}

uint32_t vn_pipeline_layout_hash(const vn_pipeline_t *pipeline) {
  VN_ASSERT(pipeline != NULL);
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  uint32_t hash = hash_number(summary->window_count, summary->exponent);
  vn_geometry_t geometry;
  uint8_t fault;
  vn_err_t derived = vn_geometry_derive(pipeline, &geometry, &fault);
  VN_ASSERT(derived == VN_OK);
  hash = hash_number(hash, geometry.set.pane_count);
  hash = hash_number(hash, geometry.session_slots);
  for (uint8_t i = 0; i < summary->window_count; i++) {
    const vn_window_t *window = &summary->windows[i];
    hash = hash_number(hash, window->shape >= VN_WINDOW_SESSION ? window->shape : 0);
    hash = hash_number(hash, window->size_ms + window->gap_ms + window->size_readings);
    hash = hash_number(hash, window->slide_ms + window->slide_readings);
    hash = hash_number(hash, window->offset_ms);
    hash = hash_number(hash, window->sample);
    hash = hash_number(hash, i < geometry.set.window_count ? geometry.set.revision_size[i] : 0);
  }
  return hash_number(hash, pipeline->alert_count);
}

uint64_t vn_plan_hash(const vn_plan_t *plan) {
  VN_ASSERT(plan != NULL);
  uint64_t hash = vn_splitmix64(plan->pipeline_count);
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    const vn_pipeline_t *pipeline = &plan->pipelines[i];
    uint32_t names = hash_word(0, pipeline->summary.name);
    for (uint8_t w = 0; w < pipeline->summary.window_count; w++) {
      names = hash_word(names, pipeline->summary.windows[w].name);
    }
    for (uint8_t a = 0; a < pipeline->alert_count; a++) {
      names = hash_word(names, pipeline->alerts[a].name);
    }
    uint64_t both = (uint64_t)names << 32 | vn_pipeline_layout_hash(pipeline);
    hash = vn_splitmix64(hash ^ both);
  }
  return hash;
}
