/* The plan: relations that the engine relies on, and hashes that tell two plans apart. */
#include "vn/plan.h"

#include <string.h>

#include "vn/arith.h"
#include "vn/hash.h"

#define EXPONENT_MAX 9
#define NONE UINT8_MAX

/* Statistics that an alert can look at. */
#define ALERT_STATISTICS                                                        \
  (VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |  \
   VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |    \
   VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST) | \
   VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_RANGE))

/* One number and its bounds. */
typedef struct bound {
  const char *text;
  int64_t have, low, high;
} bound_t;

static bool fail(vn_plan_problem_t *problem, const char *text, int64_t have, int64_t limit) {
  problem->text = text;
  problem->have = have;
  problem->limit = limit;
  return false;
}

static bool check_bounds(const bound_t *bounds, size_t count, vn_plan_problem_t *problem) {
  for (size_t i = 0; i < count; i++) {
    const bound_t *one = &bounds[i];
    if (one->have < one->low || one->have > one->high) {
      return fail(problem, one->text, one->have, one->have < one->low ? one->low : one->high);
    }
  }
  return true;
}

static bool is_power_of_two(uint32_t number) { return number != 0 && (number & (number - 1)) == 0; }

static bool word_is_good(const char *word) {
  return word != NULL && word[0] != '\0' && strlen(word) <= VN_WORD_MAX;
}

static bool check_sizes(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  const bound_t bounds[] = {
      {"pipelines: one at least, and not too many", plan->pipeline_count, 1, VN_PIPELINES_MAX},
      {"too many inputs", plan->input_count, 0, VN_INPUTS_MAX},
      {"number of series out of bounds", plan->series_max, 1, INT32_MAX / 4},
      {"longest name of a series out of bounds", plan->name_max, 16, UINT8_MAX},
      {"unknown encoding of summaries", plan->encoding, 0, VN_ENCODING_SENML_JSON},
      {"results of a message: one at least", plan->batch_max, 1, UINT16_MAX},
      {"the time to flush is negative", plan->flush_every_ms, 0, VN_WINDOW_SPAN_MAX_MS},
      {"entries of the outbox: 4 at least", plan->outbox_entries, 4, INT32_MAX},
      {"the outbox is too small", plan->outbox_bytes, 128, INT32_MAX},
  };
  if (!word_is_good(plan->device) || !word_is_good(plan->prefix)) {
    return fail(problem, "the device or the prefix of its topics has no name, or too long a one", 0,
                0);
  }
  if (plan->pipelines == NULL || (plan->inputs == NULL && plan->input_count > 0)) {
    return fail(problem, "the list of pipelines or of inputs is missing", 0, 0);
  }
  if (!is_power_of_two(plan->outbox_entries)) {
    return fail(problem, "the entries of the outbox are no power of two", 0, 0);
  }
  return check_bounds(bounds, sizeof bounds / sizeof bounds[0], problem);
}

/* A queue of no bytes is none: such a port hands its messages over one by one. */
static bool check_queue(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (plan->queue_bytes == 0) {
    return true;
  }
  const bound_t bounds[] = {
      {"messages that may wait: one at least", plan->queue_messages, 1, UINT32_MAX},
      {"the input queue can't hold the longest message twice", plan->queue_bytes,
       2 * ((int64_t)plan->message_max_bytes + 64), UINT32_MAX},
  };
  if (!is_power_of_two(plan->queue_bytes)) {
    return fail(problem, "the bytes of the input queue are no power of two", 0, 0);
  }
  return check_bounds(bounds, sizeof bounds / sizeof bounds[0], problem);
}

static bool check_state(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (plan->durability == VN_DURABILITY_VOLATILE) {
    return true;
  }
  const bound_t bounds[] = {
      {"this durability is not available", plan->durability, 0, VN_DURABILITY_CHECKPOINT},
      {"the interval of checkpoints is too short", plan->checkpoint_every_ms, 1,
       VN_WINDOW_SPAN_MAX_MS},
      {"erase block out of bounds", plan->erase_block_bytes, 512, 128 * 1024},
      {"program unit out of bounds", plan->program_unit_bytes, 1, plan->erase_block_bytes / 4},
      {"the region holds too few erase blocks",
       (int64_t)(plan->state_bytes / (plan->erase_block_bytes + (plan->erase_block_bytes == 0))), 8,
       UINT16_MAX},
      {"the region is too large", (int64_t)(plan->state_bytes >> 1), 0, INT32_MAX},
  };
  if (!is_power_of_two(plan->erase_block_bytes) || !is_power_of_two(plan->program_unit_bytes) ||
      plan->state_bytes % plan->erase_block_bytes != 0) {
    return fail(problem,
                "the geometry of the flash: powers of two, and a region of whole erase blocks", 0,
                0);
  }
  return check_bounds(bounds, sizeof bounds / sizeof bounds[0], problem);
}

static bool has_paths(uint8_t format) {
  return format == VN_FORMAT_JSON || format == VN_FORMAT_CBOR;
}

static bool check_input(const vn_input_t *input, vn_plan_problem_t *problem) {
  const bound_t bounds[] = {
      {"unknown format of an input", input->format, 0, VN_FORMAT_SENML_CBOR},
      {"unknown unit of time", input->time_unit, 0, VN_UNIT_RFC3339},
      {"quality of service above 1", input->qos, 0, 1},
      {"fields: only with json and cbor, there one at least", input->field_count,
       has_paths(input->format) ? 1 : 0, has_paths(input->format) ? VN_FIELDS_MAX : 0},
  };
  if (input->pattern.text.length == 0 || (input->field_count > 0 && input->fields == NULL)) {
    return fail(problem, "the input has no topic, or its fields are missing", 0, 0);
  }
  if ((input->has_time || input->has_sequence) && !has_paths(input->format)) {
    return fail(problem, "paths of time and sequence: only with json and cbor", 0, 0);
  }
  return check_bounds(bounds, sizeof bounds / sizeof bounds[0], problem);
}

static bool check_window(const vn_window_t *window, vn_plan_problem_t *problem) {
  const bound_t bounds[] = {
      {"size of a window out of bounds", window->size_ms, 1, VN_WINDOW_SPAN_MAX_MS},
      {"slide of a window out of bounds", window->slide_ms, 1, VN_WINDOW_SPAN_MAX_MS},
      {"the offset must be shorter than the slide", window->offset_ms,
       vn_sub_saturating(1, window->slide_ms), vn_sub_saturating(window->slide_ms, 1)},
      {"too many members of a sample", window->sample, 0, VN_SAMPLE_MAX},
      {"unknown shape of a window", window->shape, 0, VN_WINDOW_SLIDING},
      {"unknown statistics", window->statistics, 0,
       (int64_t)VN_STATISTIC_BIT(VN_STATISTIC_COUNT_OF) - 1},
  };
  if (!word_is_good(window->name)) {
    return fail(problem, "the window has no name, or too long a one", 0, 0);
  }
  if (window->shape == VN_WINDOW_TUMBLING && window->size_ms != window->slide_ms) {
    return fail(problem, "a tumbling window must slide by its size", 0, 0);
  }
  return check_bounds(bounds, sizeof bounds / sizeof bounds[0], problem);
}

static bool check_windows(const vn_pipeline_t *pipeline, vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  for (uint8_t i = 0; i < summary->window_count; i++) {
    problem->window = i;
    if (!check_window(&summary->windows[i], problem)) {
      return false;
    }
  }
  vn_window_set_t set;
  uint8_t fault = 0;
  if (vn_window_set_derive(&set, summary->windows, summary->window_count, pipeline->out_of_order_ms,
                           pipeline->lateness_ms, &fault) == VN_OK) {
    problem->window = NONE;
    return true;
  }
  problem->window = fault;
  if (set.pane_count > VN_PANES_MAX) {
    return fail(problem, "the windows of the pipeline need too many panes", set.pane_count,
                VN_PANES_MAX);
  }
  return fail(problem, "the allowed lateness needs too many counters of revisions", 0, 0);
}

/* What an alert compares. */
static bool check_alert_source(const vn_alert_plan_t *alert, const vn_pipeline_t *pipeline,
                               vn_plan_problem_t *problem) {
  if (alert->source == VN_ALERT_OF_VALUE) {
    return true;
  }
  if (alert->rule.condition != VN_ALERT_ABOVE && alert->rule.condition != VN_ALERT_BELOW) {
    return fail(problem, "absence and standstill are conditions of values, not of windows", 0, 0);
  }
  if (alert->statistic >= VN_STATISTIC_COUNT_OF ||
      (ALERT_STATISTICS & VN_STATISTIC_BIT(alert->statistic)) == 0) {
    return fail(problem, "an alert can't look at this statistic", 0, 0);
  }
  if (alert->window >= pipeline->summary.window_count) {
    return fail(problem, "the alert's window is none of the pipeline's", 0, 0);
  }
  return true;
}

static bool check_alert(const vn_alert_plan_t *alert, const vn_pipeline_t *pipeline,
                        vn_plan_problem_t *problem) {
  bool timed = alert->rule.condition == VN_ALERT_ABSENT_FOR ||
               alert->rule.condition == VN_ALERT_UNCHANGED_FOR;
  const int64_t most = INT64_MAX / 4;
  const bound_t bounds[] = {
      {"unknown condition of an alert", alert->rule.condition, 0, VN_ALERT_UNCHANGED_FOR},
      {"unknown source of an alert", alert->source, 0, VN_ALERT_OF_WINDOW},
      {"limit of an alert out of bounds", alert->rule.limit, -most - 1, most},
      {"hysteresis of an alert out of bounds", alert->rule.hysteresis, 0, most},
      {"delay of an alert out of bounds", alert->rule.for_ms, 0, VN_WINDOW_SPAN_MAX_MS},
      {"delay of an alert out of bounds", alert->rule.keep_firing_for_ms, 0, VN_WINDOW_SPAN_MAX_MS},
      {"period of an alert out of bounds", alert->rule.period_ms, timed ? 1 : 0,
       VN_WINDOW_SPAN_MAX_MS},
  };
  if (!word_is_good(alert->name) || alert->severity == NULL || alert->of == NULL) {
    return fail(problem, "a text of the alert is missing, or its name is too long", 0, 0);
  }
  return check_bounds(bounds, sizeof bounds / sizeof bounds[0], problem) &&
         check_alert_source(alert, pipeline, problem);
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

static bool check_pipeline(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                           vn_plan_problem_t *problem) {
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  const bound_t bounds[] = {
      {"resolution out of bounds", summary->exponent, -EXPONENT_MAX, EXPONENT_MAX},
      {"too many windows in a pipeline", summary->window_count, 0, VN_WINDOWS_MAX},
      {"too many alerts in a pipeline", pipeline->alert_count, 0, VN_ALERTS_MAX},
      {"series of a pipeline: at least one, at most those of all", pipeline->series_max, 1,
       plan->series_max},
      {"the range ends before it starts", pipeline->range_low, INT32_MIN, pipeline->range_high},
      {"out_of_order out of bounds", pipeline->out_of_order_ms, 0, VN_WINDOW_SPAN_MAX_MS},
      {"allowed lateness out of bounds", pipeline->lateness_ms, 0, VN_WINDOW_SPAN_MAX_MS},
      {"idle timeout out of bounds", pipeline->idle_timeout_ms, VN_DURATION_OFF,
       VN_WINDOW_SPAN_MAX_MS},
      {"max_future out of bounds", pipeline->max_future_ms, VN_DURATION_OFF, VN_WINDOW_SPAN_MAX_MS},
      {"unknown mode of time", pipeline->time_mode, 0, VN_TIME_ARRIVAL},
      {"unknown scope of the watermark", pipeline->scope, 0, VN_SCOPE_GLOBAL},
  };
  if (!word_is_good(summary->name) || summary->unit == NULL || pipeline->match.length == 0) {
    return fail(problem, "a text of the pipeline is missing, or its name is too long", 0, 0);
  }
  if ((summary->windows == NULL && summary->window_count > 0) ||
      (pipeline->alerts == NULL && pipeline->alert_count > 0)) {
    return fail(problem, "the list of windows or of alerts is missing", 0, 0);
  }
  return check_bounds(bounds, sizeof bounds / sizeof bounds[0], problem) &&
         check_windows(pipeline, problem) && check_alerts(pipeline, problem);
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
    if (!check_pipeline(plan, &plan->pipelines[i], problem)) {
      return false;
    }
  }
  return true;
}

vn_err_t vn_plan_check(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  VN_ASSERT(plan != NULL && problem != NULL);
  *problem = (vn_plan_problem_t){
      .text = "", .pipeline = NONE, .window = NONE, .alert = NONE, .input = NONE};
  bool good = check_sizes(plan, problem) && check_queue(plan, problem) &&
              check_state(plan, problem) && check_parts(plan, problem);
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
  vn_window_set_t set;
  uint8_t fault;
  vn_err_t derived = vn_window_set_derive(&set, summary->windows, summary->window_count,
                                          pipeline->out_of_order_ms, pipeline->lateness_ms, &fault);
  VN_ASSERT(derived == VN_OK);
  hash = hash_number(hash, set.pane_count);
  for (uint8_t i = 0; i < summary->window_count; i++) {
    const vn_window_t *window = &summary->windows[i];
    hash = hash_number(hash, window->size_ms);
    hash = hash_number(hash, window->slide_ms);
    hash = hash_number(hash, window->offset_ms);
    hash = hash_number(hash, window->sample);
    hash = hash_number(hash, set.revision_size[i]);
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
