/* The loader: file, nodes, values, plan; then the core's own check of the plan. */
#include <stdlib.h>
#include <string.h>

#include "build_priv.h"

/* What vn_configuration_free gets back; the arena holds everything, this too. */
typedef struct owned {
  vn_configuration_t configuration;
  vn__arena_t arena;
} owned_t;

static vn__mark_t mark_of_problem(const vn__build_t *build, const vn_plan_problem_t *problem) {
  vn__mark_t mark = {1, 1};
  const vn_plan_t *plan = &build->configuration->plan;
  if (problem->derivation < plan->derivation_count) {
    return build->derivation_marks[problem->derivation];
  }
  if (problem->input < plan->input_count) {
    return build->input_marks[problem->input];
  }
  if (problem->pipeline >= plan->pipeline_count) {
    return mark;
  }
  const vn__pipeline_marks_t *marks = &build->pipeline_marks[problem->pipeline];
  const vn_pipeline_t *pipeline = &plan->pipelines[problem->pipeline];
  if (problem->window < pipeline->summary.window_count) {
    return marks->windows[problem->window];
  }
  if (problem->alert < pipeline->alert_count) {
    return marks->alerts[problem->alert];
  }
  return marks->pipeline;
}

/* The relations of the engine once more, by the engine's own words: the loader's checks are finer,
 * but these are the ones that count. */
void vn__check_plan(const vn__build_t *build) {
  vn_plan_problem_t problem;
  if (vn_plan_check(&build->configuration->plan, &problem) == VN_OK) {
    return;
  }
  vn__mark_t mark = mark_of_problem(build, &problem);
  if (problem.have == 0 && problem.limit == 0) {
    vn__error(build->loader, mark, "%s", problem.text);
  } else {
    vn__error(build->loader, mark, "%s: out of bounds (%lld, the limit is %lld)", problem.text,
              (long long)problem.have, (long long)problem.limit);
  }
}

static void build_all(vn__loader_t *loader, const vn__node_t *root,
                      vn_configuration_t *configuration) {
  vn__build_t build = {.loader = loader, .configuration = configuration};
  vn__value_t values[VN__ROOT_KEYS];
  (void)vn__read_section(loader, &vn__root_section, root, values);
  vn__build_device(&build, values);
  vn__build_brokers(&build, values);
  vn__build_inputs(&build, &values[VN__ROOT_INPUTS]);
  vn__build_alerting(&build, &values[VN__ROOT_ALERTS]);
  vn__build_pipelines(&build, &values[VN__ROOT_PIPELINES]);
  vn__build_derivations(&build, &values[VN__ROOT_DERIVE]);
  if (loader->error_count == 0) {
    vn__check_plan(&build);
  }
  if (loader->error_count == 0) {
    vn__fit_region(&build);
    vn__check_memory(&build);
    vn__check_lifetime(&build);
    vn__check_journal(&build);
    vn__build_shadow(&build, &values[VN__ROOT_SHADOW]);
  }
}

static void read_configuration(vn__loader_t *loader, const char *path, owned_t *owned) {
  if (!vn__source_read(loader, path)) {
    return;
  }
  const vn__node_t *root = vn__yaml_read(loader);
  if (root == NULL) {
    return;
  }
  if (root->kind != VN__MAPPING) {
    vn__error(loader, root->mark,
              "the file is no mapping: it starts with a key such as `pipelines:`");
    return;
  }
  build_all(loader, root, &owned->configuration);
}

vn_configuration_t *vn_configuration_load(const char *path, FILE *errors, unsigned *error_count) {
  VN_ASSERT(path != NULL && errors != NULL && error_count != NULL);
  vn__loader_t loader = {.error_count = 0};
  owned_t *owned = vn__arena_take(&loader.arena, sizeof(*owned));
  read_configuration(&loader, path, owned);
  vn__diagnostics_print(&loader, errors);
  *error_count = loader.error_count;
  if (loader.error_count > 0) {
    vn__arena_free(&loader.arena);
    return NULL;
  }
  owned->arena = loader.arena;
  return &owned->configuration;
}

void vn_configuration_free(vn_configuration_t *configuration) {
  if (configuration != NULL) {
    vn__arena_t arena = ((owned_t *)(void *)configuration)->arena;
    vn__arena_free(&arena);
  }
}
