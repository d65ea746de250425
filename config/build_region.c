/* The state's region and what must live in it. */
#include "build_priv.h"
#include "wear.h"

#define OUTBOX_LEAST (16u * 1024u)
#define STEP 4096u

/* Whether the log's sizing rules hold; they say which size would do. */
static bool region_holds(const vn_plan_t *plan, uint64_t *needed_bytes) {
  vn_budget_t budget;
  bool fits = vn_budget(plan, &budget) == VN_OK;
  *needed_bytes = budget.region_bytes_needed;
  return fits;
}

static void tell_too_small(const vn__build_t *build, uint64_t needed_bytes) {
  const vn_plan_t *plan = &build->configuration->plan;
  if (needed_bytes > UINT32_MAX) {
    vn__error(build->loader, build->state_mark,
              "no `size` of the state is enough with erase blocks of %s: enlarge `erase_block`, or "
              "lower `capacity.outbox`, the series or the samples",
              vn__size_text(build->loader, plan->erase_block_bytes));
    return;
  }
  vn__error(build->loader, build->state_mark,
            "`size` of the state: %s is too small, %s would do; or lower `capacity.outbox`, the "
            "series or the samples",
            vn__size_text(build->loader, (int64_t)plan->state_bytes),
            vn__size_text(build->loader, (int64_t)needed_bytes));
}

/* An estimate is no reason to refuse, but the user should know before the flash does. */
static void compare_lifetime(const vn__build_t *build, const vn_budget_t *budget) {
  const double days_per_year = 365.25;
  const vn_plan_t *plan = &build->configuration->plan;
  vn_wear_t wear = vn_wear_estimate(plan, budget, &vn_wear_usual);
  if (wear.years * days_per_year < plan->lifetime_days) {
    vn__warning(build->loader, build->lifetime_mark,
                "`lifetime`: in usual use the flash lasts about %.1f years only; `vnotch budget` "
                "tells what wears it",
                wear.years);
  }
}

void vn__check_lifetime(const vn__build_t *build) {
  vn_budget_t budget;
  const vn_plan_t *plan = &build->configuration->plan;
  if (plan->lifetime_days > 0 && plan->durability != VN_DURABILITY_VOLATILE &&
      vn_budget(plan, &budget) == VN_OK) {
    compare_lifetime(build, &budget);
  }
}

/* The series must fit. The outbox takes what is left: a shorter one holds less of an outage, which
 * is no reason to refuse a device its start. */
void vn__fit_region(vn__build_t *build) {
  vn_plan_t *plan = &build->configuration->plan;
  uint32_t wanted = plan->outbox_bytes;
  uint64_t needed_bytes, ignored;
  if (region_holds(plan, &needed_bytes)) {
    return;
  }
  bool fits = false;
  while (!fits && plan->outbox_bytes > OUTBOX_LEAST) {
    uint32_t less = plan->outbox_bytes / 8 * 7 / STEP * STEP;
    plan->outbox_bytes = less < OUTBOX_LEAST ? OUTBOX_LEAST : less;
    plan->outbox_entries = vn__outbox_entries(plan->outbox_bytes);
    fits = region_holds(plan, &ignored);
  }
  if (!fits) {
    tell_too_small(build, needed_bytes);
  } else if (build->outbox_given) {
    vn__warning(
        build->loader, build->capacity_marks.outbox,
        "`outbox`: %s doesn't fit into the region of the state beside the series: %s is used; "
        "for all of it %s of `state.size` would do",
        vn__size_text(build->loader, wanted), vn__size_text(build->loader, plan->outbox_bytes),
        vn__size_text(build->loader, (int64_t)needed_bytes));
  }
}
