/* What the nano runtime takes of a plan, and what it needs for it. */
#include "nano_priv.h"
#include "vn/arith.h"

#include <stddef.h>

#define EXPONENT_LEAST (-9)

/* A part of a plan that stays zero, since nano does without. */
typedef struct absent {
  const char *text;
  uint16_t offset;
  uint8_t size, of;
} absent_t;

enum { OF_PLAN, OF_PIPELINE, OF_WINDOW, OF_ALERT, OF_COUNT };

#define ABSENT(of, type, member, text) \
  { text, offsetof(type, member), sizeof(((const type *)0)->member), of }

static const absent_t absent[] = {
    ABSENT(OF_PLAN, vn_plan_t, limit, "rate limit"),
    ABSENT(OF_PLAN, vn_plan_t, flood.readings, "flood"),
    ABSENT(OF_PLAN, vn_plan_t, derivation_count, "derived series"),
    ABSENT(OF_PLAN, vn_plan_t, coarsen_count, "coarsen"),
    ABSENT(OF_PLAN, vn_plan_t, group_count, "groups of alerts"),
    ABSENT(OF_PLAN, vn_plan_t, encoding, "encoding"),
    ABSENT(OF_PLAN, vn_plan_t, commands, "commands"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, late_every_ms, "late_every"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, early_every_ms, "early_every"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, expected_every_ms, "expected_every"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, time_to_live_ms, "time_to_live"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, limit, "rate limit"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, evidence.before, "evidence"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, corrections, "corrections"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, time_mode, "time: arrival"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, scope, "scope: global"),
    ABSENT(OF_PIPELINE, vn_pipeline_t, deduplicate, "deduplicate"),
    ABSENT(OF_WINDOW, vn_window_t, shape, "windows that aren't tumbling"),
    ABSENT(OF_WINDOW, vn_window_t, draw.weight, "weighted samples"),
    ABSENT(OF_ALERT, vn_alert_plan_t, no_data_after_ms, "no_data_after"),
    ABSENT(OF_ALERT, vn_alert_plan_t, repeat_every_ms, "repeat_every"),
    ABSENT(OF_ALERT, vn_alert_plan_t, source, "alerts of windows"),
    ABSENT(OF_ALERT, vn_alert_plan_t, quiet, "quiet alerts"),
    ABSENT(OF_ALERT, vn_alert_plan_t, eager, "eager alerts"),
    ABSENT(OF_ALERT, vn_alert_plan_t, in_order, "evaluate: event"),
    ABSENT(OF_ALERT, vn_alert_plan_t, rule.latch, "latch"),
};

static bool fail(vn_plan_problem_t *problem, const char *text) {
  problem->text = text;
  return false;
}

static bool is_zero(const void *bytes, size_t size) {
  const uint8_t *next = bytes;
  uint8_t any = 0;
  for (size_t i = 0; i < size; i++) {
    any |= next[i];
  }
  return any == 0;
}

static bool check_absent(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  const vn_pipeline_t *pipeline = plan->pipelines;
  const void *const parts[OF_COUNT] = {plan, pipeline, pipeline->summary.windows,
                                       pipeline->alert_count > 0 ? pipeline->alerts : NULL};
  for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
    const uint8_t *part = parts[absent[i].of];
    if (part != NULL && !is_zero(part + absent[i].offset, absent[i].size)) {
      return fail(problem, absent[i].text);
    }
  }
  return true;
}

static bool check_numbers(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  const uint32_t statistics = (VN_STATISTICS_MERGEABLE & ~VN_STATISTIC_BIT(VN_STATISTIC_SUM_SQ)) |
                              VN_STATISTIC_BIT(VN_STATISTIC_MEAN) |
                              VN_STATISTIC_BIT(VN_STATISTIC_RANGE);
  const vn_summary_pipeline_t *summary = &plan->pipelines->summary;
  if (plan->durability > VN_DURABILITY_CHECKPOINT) {
    return fail(problem, "durability: journal");
  }
  if (plan->batch_max < 1 || plan->batch_max > UINT8_MAX) {
    return fail(problem, "batch above 255");
  }
  if (summary->exponent > 0 || summary->exponent < EXPONENT_LEAST) {
    return fail(problem, "resolution above 1 or below 0.000000001");
  }
  if ((summary->windows->statistics & ~statistics) != 0) {
    return fail(problem, "statistics beyond count, sum, min, max, first, last, mean, range");
  }
  return plan->pipelines->alert_count == 0 ||
         plan->pipelines->alerts->rule.condition <= VN_ALERT_BELOW ||
         fail(problem, "conditions but above and below");
}

vn_err_t vn_nano_check(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  VN_ASSERT(plan != NULL && problem != NULL);
  *problem = (vn_plan_problem_t){"", UINT8_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX, 0, 0};
  bool shaped = plan->pipeline_count == 1 && plan->pipelines->summary.window_count == 1 &&
                plan->pipelines->alert_count <= 1;
  if (!shaped) {
    problem->text = "more than one pipeline, window or alert";
    return VN_ERR_PLAN;
  }
  return check_absent(plan, problem) && check_numbers(plan, problem) ? VN_OK : VN_ERR_PLAN;
}

/* As it would be in JSON. */
static bool is_plain(const char *word) {
  for (; *word != '\0'; word++) {
    unsigned char byte = (unsigned char)*word;
    if (byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\') {
      return false;
    }
  }
  return true;
}

static bool has_plain_words(const vn_nano_t *nano) {
  const vn_pipeline_t *pipeline = nano->plan->pipelines;
  bool plain = is_plain(nano->plan->device) && is_plain(pipeline->summary.name) &&
               is_plain(pipeline->summary.unit);
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    plain = plain && is_plain(nano->names[i]) &&
            vn__nano_text(nano->names[i]).length <= nano->plan->name_max;
  }
  const vn_alert_plan_t *alert = pipeline->alerts;
  return plain && (pipeline->alert_count == 0 ||
                   (is_plain(alert->name) && is_plain(alert->severity) && is_plain(alert->of)));
}

static bool has_room(vn_nano_t *nano) {
  const vn_nano_store_t *store = nano->store;
  const vn_pipeline_t *pipeline = nano->plan->pipelines;
  int64_t size_ms = pipeline->summary.windows->size_ms;
  int64_t span_ms = size_ms + pipeline->out_of_order_ms + pipeline->lateness_ms;
  size_t record = vn__nano_record_max(nano);
  const vn__nano_content_t longest_head = {NULL, 0, UINT32_MAX, UINT32_MAX, UINT8_MAX};
  nano->envelope = (uint16_t)vn__nano_message(nano, &longest_head, NULL, 0);
  size_t longest = nano->envelope + record + VN__NANO_ACCOUNTING_MAX;
  size_t alert = pipeline->alert_count > 0 ? vn__nano_alert_max(nano) : 0;
  longest = alert > longest ? alert : longest;
  return vn_ceil_div(span_ms, size_ms) <= store->pane_count &&
         pipeline->summary.windows->sample == store->sample && longest <= store->scratch_bytes;
}

/* The same for every run, board and window, as the engine's. */
static uint64_t sample_seed(const vn_nano_t *nano, uint8_t series) {
  vn_text_t pipeline = vn__nano_text(nano->plan->pipelines->summary.name);
  vn_text_t name = vn__nano_text(nano->names[series]);
  uint64_t high = vn_murmur3_32(pipeline.bytes, pipeline.length, 0);
  uint64_t low = vn_murmur3_32(name.bytes, name.length, 0);
  return vn_splitmix64(nano->plan->seed ^ (high << 32 | low));
}

/* Upstream may remember boots of a run before this one: start above them, if the clock can tell. */
static uint32_t first_boot(const vn_nano_t *nano) {
  const uint32_t most = UINT32_MAX - (UINT32_C(1) << 20);
  vn_time_ms_t wall_ms;
  bool known = vn__nano_wall_ms(nano, &wall_ms) && wall_ms > 0;
  int64_t wall_s = known ? wall_ms / 1000 : 1;
  return wall_s < (int64_t)most ? (uint32_t)wall_s : most;
}

void vn__nano_begin(vn_nano_t *nano) {
  nano->figures = (vn_nano_figures_t){.summaries = 0};
  nano->used = nano->batch_bytes = 0;
  nano->batch_records = nano->notices = 0;
  nano->seq = 0;
  nano->tick_mono_ms = vn__nano_mono_ms(nano);
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    vn__nano_work_t work = vn__nano_work(nano, i);
    *work.series = (vn_nano_series_t){.sample_seed = sample_seed(nano, i),
                                      .last_arrival_mono_ms = nano->tick_mono_ms};
    vn__nano_windows_reset(&work);
  }
}

vn_err_t vn_nano_init_checked(vn_nano_t *nano, const vn_plan_t *plan, const char *const *names,
                              const vn_nano_store_t *store, const vn_nano_ports_t *ports,
                              size_t nano_size) {
  VN_ASSERT(nano != NULL && plan != NULL && names != NULL && store != NULL && ports != NULL);
  vn_plan_problem_t problem;
  if (nano_size != sizeof *nano) {
    return VN_ERR_ABI;
  }
  if (vn_nano_check(plan, &problem) != VN_OK) {
    return VN_ERR_PLAN;
  }
  *nano = (vn_nano_t){.plan = plan, .names = names, .store = store, .ports = ports};
  if (!has_plain_words(nano)) {
    return VN_ERR_ARGUMENT;
  }
  if (!has_room(nano)) {
    return VN_ERR_STORE;
  }
  nano->boot = first_boot(nano);
  nano->ready = plan->durability == VN_DURABILITY_VOLATILE;
  vn__nano_begin(nano);
  return VN_OK;
}
