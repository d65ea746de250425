/* The other rules: a plan like the first one, with pipelines of its own. */
#include "build_priv.h"

/* It tells nobody by itself, and keeps nothing. */
#define OUTBOX_BYTES 128u
#define OUTBOX_ENTRIES 4u

void vn__build_shadow(const vn__build_t *build, const vn__value_t *section) {
  vn__loader_t *loader = build->loader;
  vn__value_t values[VN__SHADOW_KEYS];
  if (!section->good || !section->given || loader->error_count > 0 ||
      !vn__read_section(loader, &vn__shadow_section, section->node, values)) {
    return;
  }
  vn_configuration_t *other = vn__arena_take(&loader->arena, sizeof *other);
  vn__build_t second = *build;
  *other = *build->configuration;
  second.configuration = other;
  vn_plan_t *plan = &other->plan;
  plan->durability = VN_DURABILITY_VOLATILE;
  plan->state_bytes = 0;
  plan->outbox_bytes = OUTBOX_BYTES;
  plan->outbox_entries = OUTBOX_ENTRIES;
  plan->derivations = NULL;
  plan->derivation_count = 0;
  vn__build_pipelines(&second, &values[VN__SHADOW_PIPELINES]);
  if (loader->error_count == 0) {
    vn__check_plan(&second);
  }
  build->configuration->shadow = plan;
}
