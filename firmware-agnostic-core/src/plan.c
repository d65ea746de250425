/* The plan: relations of the whole that the engine relies on. */
#include "plan_priv.h"

#include <string.h>

bool vn__fail(vn_plan_problem_t *problem, const char *text) {
  problem->text = text;
  return false;
}

bool vn__in_range(vn_plan_problem_t *problem, const char *text, uint32_t have, uint32_t low,
                  uint32_t high) {
  if (have >= low && have <= high) {
    return true;
  }
  problem->have = have;
  problem->limit = have < low ? low : high;
  return vn__fail(problem, text);
}

bool vn__in_span(vn_plan_problem_t *problem, const char *text, int64_t have_ms, int32_t low_ms) {
  if (have_ms >= low_ms && have_ms <= VN_WINDOW_SPAN_MAX_MS) {
    return true;
  }
  problem->have = have_ms;
  problem->limit = have_ms < low_ms ? low_ms : VN_WINDOW_SPAN_MAX_MS;
  return vn__fail(problem, text);
}

bool vn__word_is_good(const char *word) {
  return word != NULL && word[0] != '\0' && strlen(word) <= VN_WORD_MAX;
}

bool vn__check_rate(const vn_rate_t *rate, vn_plan_problem_t *problem) {
  if (rate->readings == 0) {
    return true;
  }
  return vn__in_range(problem, "readings of a limit", rate->readings, 1, VN_RATE_MAX) &&
         vn__in_range(problem, "burst of a limit", rate->burst, 1, VN_RATE_MAX) &&
         vn__in_range(problem, "time of a limit", rate->per_ms, 1, VN_RATE_PER_MAX_MS);
}

static bool is_power_of_two(uint32_t number) { return number != 0 && (number & (number - 1)) == 0; }

static bool check_lists(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (!vn__word_is_good(plan->device) || !vn__word_is_good(plan->prefix)) {
    return vn__fail(problem, "device or prefix: empty or too long");
  }
  if (plan->pipelines == NULL || (plan->inputs == NULL && plan->input_count > 0)) {
    return vn__fail(problem, "the list of pipelines or inputs is missing");
  }
  return vn__in_range(problem, "number of pipelines", plan->pipeline_count, 1, VN_PIPELINES_MAX) &&
         vn__in_range(problem, "number of inputs", plan->input_count, 0, VN_INPUTS_MAX);
}

/* What the journal may write: so that the time it takes fits 64 bits. */
static bool check_journal(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  const uint64_t least = 4096, most = UINT64_C(1) << 50;
  uint64_t day = plan->journal_day_bytes, source = plan->journal_source_day_bytes;
  bool good = (day == 0 || (day >= least && day <= most)) &&
              (source == 0 || (source >= least && source <= most));
  return good ||
         vn__fail(problem, "bytes that the journal may write a day: none, or 4 KiB to 1 PiB");
}

static bool check_ladder(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  bool good =
      vn__in_range(problem, "lengths to coarsen to", plan->coarsen_count, 0, VN_COARSEN_MAX);
  for (uint8_t i = 0; good && i < plan->coarsen_count; i++) {
    good = vn__in_span(problem, "length to coarsen to", plan->coarsen_ms[i], 1);
    if (good && i > 0 && plan->coarsen_ms[i] <= plan->coarsen_ms[i - 1u]) {
      return vn__fail(problem, "lengths to coarsen to: not ascending");
    }
  }
  return good;
}

static bool check_sizes(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (!is_power_of_two(plan->outbox_entries)) {
    return vn__fail(problem, "entries of the outbox: no power of two");
  }
  return check_ladder(plan, problem) && vn__check_rate(&plan->limit, problem) &&
         vn__check_rate(&plan->flood, problem) && check_journal(plan, problem) &&
         vn__in_range(problem, "groups of alerts", plan->group_count, 0, VN_ALERT_GROUPS_MAX) &&
         vn__in_range(problem, "number of series", plan->series_max, 1, INT32_MAX / 4) &&
         vn__in_range(problem, "longest name of a series", plan->name_max, 16, UINT8_MAX) &&
         vn__in_range(problem, "encoding", plan->encoding, 0, VN_ENCODING_SENML_JSON) &&
         vn__in_range(problem, "results of a message", plan->batch_max, 1, UINT16_MAX) &&
         vn__in_span(problem, "time to flush", plan->flush_every_ms, 0) &&
         vn__in_range(problem, "entries of the outbox", plan->outbox_entries, 4, INT32_MAX) &&
         vn__in_range(problem, "bytes of the outbox", plan->outbox_bytes, 128, INT32_MAX);
}

/* A queue of no bytes is none: such a port hands its messages over one by one. */
static bool check_queue(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (plan->queue_bytes == 0) {
    return true;
  }
  if (!is_power_of_two(plan->queue_bytes)) {
    return vn__fail(problem, "bytes of the input queue: no power of two");
  }
  return vn__in_range(problem, "messages that wait", plan->queue_messages, 1, UINT32_MAX) &&
         vn__in_range(problem, "longest message: twice must fit the input queue",
                      plan->message_max_bytes, 1, plan->queue_bytes / 2 - 64u);
}

static bool check_state(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (plan->durability == VN_DURABILITY_VOLATILE) {
    return true;
  }
  uint32_t block = plan->erase_block_bytes;
  if (!is_power_of_two(block) || !is_power_of_two(plan->program_unit_bytes)) {
    return vn__fail(problem, "erase block or program unit: no power of two");
  }
  if (plan->state_bytes % block != 0 || plan->state_bytes > UINT32_MAX) {
    return vn__fail(problem, "the region: no whole erase blocks, or too large");
  }
  if (plan->durability == VN_DURABILITY_JOURNAL && plan->queue_bytes == 0) {
    return vn__fail(problem, "a journal needs an input queue");
  }
  return vn__in_range(problem, "durability", plan->durability, 0, VN_DURABILITY_JOURNAL) &&
         vn__in_span(problem, "interval of checkpoints", plan->checkpoint_every_ms, 1) &&
         vn__in_range(problem, "erase block", block, 512, 128 * 1024) &&
         vn__in_range(problem, "program unit", plan->program_unit_bytes, 1, block / 4) &&
         vn__in_range(problem, "erase blocks of the region", (uint32_t)plan->state_bytes / block, 8,
                      UINT16_MAX);
}

static bool check_input(const vn_input_t *input, vn_plan_problem_t *problem) {
  bool paths = input->format == VN_FORMAT_JSON || input->format == VN_FORMAT_CBOR;
  if (input->pattern.text.length == 0 || (input->field_count > 0 && input->fields == NULL)) {
    return vn__fail(problem, "no topic, or its fields are missing");
  }
  if ((input->has_time || input->has_sequence) && !paths) {
    return vn__fail(problem, "time and sequence: with json and cbor only");
  }
  return vn__in_range(problem, "format", input->format, 0, VN_FORMAT_SENML_CBOR) &&
         vn__in_range(problem, "unit of time", input->time_unit, 0, VN_UNIT_RFC3339) &&
         vn__in_range(problem, "quality of service", input->qos, 0, 1) &&
         vn__in_range(problem, "fields: with json and cbor only, there one at least",
                      input->field_count, paths, paths ? VN_FIELDS_MAX : 0);
}

static bool check_parts(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  for (uint8_t i = 0; i < plan->input_count; i++) {
    problem->input = i;
    if (!check_input(&plan->inputs[i], problem)) {
      return false;
    }
  }
  problem->input = VN__NO_PART;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    problem->pipeline = i;
    if (!vn__check_pipeline(plan, &plan->pipelines[i], problem)) {
      return false;
    }
  }
  problem->pipeline = VN__NO_PART;
  return true;
}

static bool check_feature(vn_plan_problem_t *problem, bool has, bool wants, const char *text) {
  return has || !wants || vn__fail(problem, text);
}

/* Whether the core has been built with what the plan asks for. */
static bool check_build(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  bool durable = plan->durability != VN_DURABILITY_VOLATILE;
  bool good = check_feature(problem, vn__has_messages, plan->input_count + plan->queue_bytes > 0,
                            "inputs or their queue: this core is built without messages");
  good = good && check_feature(problem, vn__has_flash, durable,
                               "durability: this core is built without a flash log");
  good = good && check_feature(problem, vn__has_commands, plan->commands,
                               "commands: this core is built without them");
  good = good && check_feature(problem, vn__has_coarsening, plan->coarsen_count > 0,
                               "lengths to coarsen to: this core is built without coarsening");
  return good && check_feature(problem, vn__has_derived, plan->derivation_count > 0,
                               "derived series: this core is built without them");
}

vn_err_t vn_plan_check(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  VN_ASSERT(plan != NULL && problem != NULL);
  *problem = (vn_plan_problem_t){.text = "",
                                 .pipeline = VN__NO_PART,
                                 .window = VN__NO_PART,
                                 .alert = VN__NO_PART,
                                 .input = VN__NO_PART,
                                 .derivation = VN__NO_PART};
  bool good = check_build(plan, problem) && check_lists(plan, problem) &&
              check_sizes(plan, problem) && check_queue(plan, problem) &&
              check_state(plan, problem) && check_parts(plan, problem) &&
              vn__check_derivations(plan, problem);
  return good ? VN_OK : VN_ERR_PLAN;
}
