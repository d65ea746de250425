/* What a pipeline says of what goes by time order: statistics, and alerts that wait. */
#include "build_priv.h"

#define ALPHA_EXPONENT (-9)
#define ALPHA_ONE INT64_C(1000000000)

/* A key that only some statistics look at. */
typedef struct use {
  uint8_t key, kinds;
  const char *statistics;
} use_t;

static const char areas[] = "`time_weighted_mean`, `integral` or `covered_ms`";
static const char means[] = "`exponential_mean`";
static const use_t uses[] = {
    {VN__PIPELINE_REORDER, UINT8_MAX,
     "a statistic that goes by time order, and no alert has `evaluate: event`"},
    {VN__PIPELINE_INTERPOLATION, VN_ORDERED_TIME_WEIGHTED, areas},
    {VN__PIPELINE_MAX_HOLD, VN_ORDERED_TIME_WEIGHTED, areas},
    {VN__PIPELINE_COUNTER_MODULUS, VN_ORDERED_COUNTER, "`increase` or `rate`"},
    {VN__PIPELINE_HALF_LIFE, VN_ORDERED_EXPONENTIAL, means},
    {VN__PIPELINE_ALPHA, VN_ORDERED_EXPONENTIAL, means},
};

/* Whoever writes a key that nothing looks at has something else in mind. */
static void check_uses(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                       const vn__value_t *values, uint8_t kinds) {
  for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
    const vn__value_t *value = &values[uses[i].key];
    bool waits = uses[i].key == VN__PIPELINE_REORDER && pipeline->alert_reorder > 0;
    if (value->given && (kinds & uses[i].kinds) == 0 && !waits) {
      vn__error(loader, value->key_mark, "`%s` does nothing: no window of the pipeline asks for %s",
                vn__pipeline_section.keys[uses[i].key].name, uses[i].statistics);
    }
  }
  const vn__value_t *reorder = &values[VN__PIPELINE_REORDER];
  if (reorder->given && kinds != 0 && pipeline->out_of_order_ms == 0) {
    vn__error(loader, reorder->key_mark,
              "`reorder` does nothing: no reading waits with `out_of_order: 0s`; leave it out, or "
              "say how far out of order readings come");
  }
}

static void build_modulus(vn__loader_t *loader, vn_pipeline_t *pipeline, const vn__value_t *value) {
  int exponent = pipeline->summary.exponent;
  int64_t modulus = 0;
  vn__scale_t scale = {
      exponent, 1, (int64_t)VN_COUNTER_MODULUS_MAX,
      vn__format(loader, "the resolution %s", vn__decimal_text(loader, 1, exponent))};
  if (value->given && value->good &&
      vn__scale_decimal(loader, "counter_modulus", value, &scale, &modulus)) {
    pipeline->ordered.counter_modulus = (uint64_t)modulus;
  }
}

static void build_alpha(vn__loader_t *loader, vn_pipeline_t *pipeline, const vn__value_t *value) {
  int64_t share = 0;
  vn__scale_t scale = {ALPHA_EXPONENT, 1, ALPHA_ONE, "nine decimals"};
  if (value->given && value->good && vn__scale_decimal(loader, "alpha", value, &scale, &share)) {
    int64_t alpha = (share * (int64_t)VN_EXPONENTIAL_ONE + ALPHA_ONE / 2) / ALPHA_ONE;
    pipeline->ordered.exponential.alpha = (uint32_t)alpha;
  }
}

/* Exactly one of half-life and alpha says how an exponential mean forgets. */
static void check_exponential(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                              const vn__value_t *values, const vn__pipeline_marks_t *marks) {
  const vn__value_t *half_life = &values[VN__PIPELINE_HALF_LIFE];
  const vn__value_t *alpha = &values[VN__PIPELINE_ALPHA];
  if (half_life->given && alpha->given) {
    vn__error(loader, alpha->key_mark,
              "`alpha`: how the mean forgets is said by `half_life` in line %u, column %u already; "
              "keep one of them",
              (unsigned)half_life->key_mark.line, (unsigned)half_life->key_mark.column);
  }
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    bool asked = (pipeline->summary.windows[i].statistics & VN_STATISTICS_EXPONENTIAL) != 0;
    if (asked && !half_life->given && !alpha->given) {
      vn__error(loader, marks->windows[i],
                "`exponential_mean` needs to know how fast to forget: add `half_life: 1m` or "
                "`alpha: 0.1` to the pipeline");
      return;
    }
  }
}

void vn__build_ordered(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *values,
                       const vn__pipeline_marks_t *marks) {
  vn__loader_t *loader = build->loader;
  const vn__value_t *max_hold = &values[VN__PIPELINE_MAX_HOLD];
  const vn__value_t *half_life = &values[VN__PIPELINE_HALF_LIFE];
  vn_ordered_rule_t *rule = &pipeline->ordered;
  rule->reorder = (uint16_t)values[VN__PIPELINE_REORDER].number;
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    if (pipeline->alerts[i].in_order) {
      pipeline->alert_reorder = rule->reorder;
    }
  }
  rule->time_weighted.mode = (uint8_t)values[VN__PIPELINE_INTERPOLATION].number;
  rule->time_weighted.max_hold_ms =
      max_hold->given && max_hold->good ? max_hold->number : VN_DURATION_OFF;
  rule->exponential.half_life_ms = half_life->given && half_life->good ? half_life->number : 0;
  build_modulus(loader, pipeline, &values[VN__PIPELINE_COUNTER_MODULUS]);
  build_alpha(loader, pipeline, &values[VN__PIPELINE_ALPHA]);
  if (loader->error_count > 0) {
    return; /* what windows ask for may be what was told already */
  }
  uint32_t statistics = 0;
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    statistics |= pipeline->summary.windows[i].statistics;
  }
  check_uses(loader, pipeline, values, vn_statistics_ordered_kinds(statistics));
  check_exponential(loader, pipeline, values, marks);
}
