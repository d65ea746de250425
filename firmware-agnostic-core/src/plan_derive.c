/* The plan: relations of the derived series to each other and to what they come from. */
#include "plan_priv.h"

#define AHEAD_MAX 64u
#define WAITING_MAX 1024u
#define SERIES_MAX (UINT32_C(1) << 28)

uint32_t vn__derived_max(const vn_plan_t *plan) {
  uint32_t most = 0;
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    most += plan->pipelines[plan->derivations[i].pipeline].series_max;
  }
  return most;
}

uint32_t vn__derived_windows(const vn_plan_t *plan) {
  uint32_t most = 0;
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    const vn_derivation_t *derivation = &plan->derivations[i];
    for (uint8_t k = 0; k < derivation->operand_count; k++) {
      const vn_pipeline_t *pipeline = &plan->pipelines[derivation->pipelines[k]];
      vn_geometry_t geometry;
      uint8_t fault;
      vn_err_t derived = vn_geometry_derive(pipeline, &geometry, &fault);
      VN_ASSERT(derived == VN_OK);
      const vn_window_t *window = &pipeline->summary.windows[derivation->windows[k]];
      uint32_t own = (uint32_t)vn__results_at_once(&geometry.set, window) + derivation->ahead;
      most = own > most ? own : most;
    }
  }
  return most;
}

/* The way of a derivation's values: one more than the longest way of those that it uses. */
static uint8_t level_of(const vn_plan_t *plan, const vn_derivation_t *derivation,
                        const uint8_t *levels) {
  uint8_t level = 1;
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    for (uint8_t k = 0; k < derivation->operand_count; k++) {
      const vn_derivation_t *other = &plan->derivations[i];
      bool uses = other->pipeline == derivation->pipelines[k] &&
                  vn_pattern_overlap(&other->series, &derivation->operands[k]);
      level = uses && levels[i] >= level ? (uint8_t)(levels[i] + 1u) : level;
    }
  }
  return level;
}

bool vn__derivation_levels(const vn_plan_t *plan, uint8_t levels[VN_DERIVATIONS_MAX]) {
  bool changed = true;
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    levels[i] = 1;
  }
  for (uint8_t round = 0; changed && round <= plan->derivation_count; round++) {
    changed = false;
    for (uint8_t i = 0; i < plan->derivation_count; i++) {
      uint8_t level = level_of(plan, &plan->derivations[i], levels);
      changed = changed || level != levels[i];
      levels[i] = level;
    }
  }
  return !changed;
}

static const vn_window_t *window_of(const vn_plan_t *plan, const vn_derivation_t *derivation,
                                    uint8_t operand) {
  const vn_summary_pipeline_t *summary = &plan->pipelines[derivation->pipelines[operand]].summary;
  return &summary->windows[derivation->windows[operand]];
}

static bool are_alike(const vn_window_t *a, const vn_window_t *b) {
  return a->size_ms == b->size_ms && a->slide_ms == b->slide_ms && a->offset_ms == b->offset_ms;
}

static bool check_operand(const vn_plan_t *plan, const vn_derivation_t *derivation, uint8_t operand,
                          vn_plan_problem_t *problem) {
  if (derivation->pipelines[operand] >= plan->pipeline_count) {
    return vn__fail(problem, "an operand: no such pipeline");
  }
  const vn_pipeline_t *pipeline = &plan->pipelines[derivation->pipelines[operand]];
  if (derivation->windows[operand] >= pipeline->summary.window_count) {
    return vn__fail(problem, "an operand: no such window");
  }
  const vn_window_t *window = window_of(plan, derivation, operand);
  if (window->shape > VN_WINDOW_SLIDING || !are_alike(window, window_of(plan, derivation, 0))) {
    return vn__fail(problem, "the operands' windows must be windows of time and alike");
  }
  if (derivation->operands[operand].capture_count != derivation->series.capture_count) {
    return vn__fail(problem, "all operands have the captures of the derived series");
  }
  for (uint8_t i = 0; i < derivation->series.capture_count; i++) {
    if (derivation->order[operand][i] >= derivation->series.capture_count) {
      return vn__fail(problem, "an operand: no such capture");
    }
  }
  return true;
}

static bool check_shape(const vn_plan_t *plan, const vn_derivation_t *derivation,
                        vn_plan_problem_t *problem) {
  uint32_t most = derivation->kind == VN_DERIVE_SUM ? VN_OPERANDS_MAX : 2;
  if (derivation->statistic >= VN_STATISTIC_COUNT_OF ||
      (VN__STATISTICS_EXACT & VN_STATISTIC_BIT(derivation->statistic)) == 0) {
    return vn__fail(problem, "nothing can be derived from this statistic");
  }
  return vn__in_range(problem, "kind of a derivation", derivation->kind, 0, VN_DERIVE_RATIO) &&
         vn__in_range(problem, "operands of a derivation", derivation->operand_count, 2, most) &&
         vn__in_range(problem, "results ahead", derivation->ahead, 0, AHEAD_MAX) &&
         vn__in_range(problem, "pipeline of a derived series", derivation->pipeline, 0,
                      plan->pipeline_count - 1u);
}

/* Only a watermark of its own waits for what is derived. */
static bool check_target(const vn_plan_t *plan, const vn_derivation_t *derivation,
                         vn_plan_problem_t *problem) {
  return plan->pipelines[derivation->pipeline].scope == VN_SCOPE_SERIES ||
         vn__fail(problem, "a derived series can't go into a pipeline with `scope: global`");
}

static bool check_derivation(const vn_plan_t *plan, uint8_t index, vn_plan_problem_t *problem) {
  const vn_derivation_t *derivation = &plan->derivations[index];
  if (!check_shape(plan, derivation, problem) || !check_target(plan, derivation, problem)) {
    return false;
  }
  for (uint8_t k = 0; k < derivation->operand_count; k++) {
    if (!check_operand(plan, derivation, k, problem)) {
      return false;
    }
  }
  for (uint8_t i = 0; i < index; i++) {
    if (vn_pattern_overlap(&plan->derivations[i].series, &derivation->series)) {
      return vn__fail(problem, "another derivation makes series of the same names");
    }
  }
  return true;
}

/* Derivations that are part of a circle never get a level that lasts. */
static bool check_order(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  uint8_t levels[VN_DERIVATIONS_MAX];
  if (vn__derivation_levels(plan, levels)) {
    return true;
  }
  problem->derivation = 0;
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    problem->derivation = levels[i] > levels[problem->derivation] ? i : problem->derivation;
  }
  return vn__fail(problem, "the derived series depends on itself, perhaps by others");
}

bool vn__check_derivations(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  if (!vn__in_range(problem, "number of derivations", plan->derivation_count, 0,
                    VN_DERIVATIONS_MAX) ||
      (plan->derivations == NULL && plan->derivation_count > 0)) {
    return vn__fail(problem, "the list of derivations is missing or too long");
  }
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    problem->derivation = i;
    if (!check_derivation(plan, i, problem)) {
      return false;
    }
  }
  problem->derivation = VN__NO_PART;
  return vn__in_range(problem, "results that can wait for other operands",
                      vn__derived_windows(plan), 0, WAITING_MAX) &&
         vn__in_range(problem, "derived series", vn__derived_max(plan), 0, SERIES_MAX) &&
         check_order(plan, problem);
}
