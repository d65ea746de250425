/* The state's region and what must live in it. */
#include "build_priv.h"
#include "wear.h"

#include <string.h>

#define OUTBOX_LEAST (16u * 1024u)
#define STEP 4096u
#define JOURNAL_LEAST (64u * 1024u) /* a day */

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

/* What would do, or, when nothing does by itself, what would help. */
static const char *remedies_text(vn__loader_t *loader, const vn_plan_t *plan) {
  vn_wear_remedy_t remedies[VN_WEAR_REMEDIES];
  vn_wear_remedies(plan, plan->lifetime_days, remedies);
  bool enough = false;
  for (unsigned i = 0; i < VN_WEAR_REMEDIES; i++) {
    enough = enough || remedies[i].enough;
  }
  const char *text = "";
  for (unsigned i = 0; i < VN_WEAR_REMEDIES; i++) {
    if (remedies[i].value > 0 && remedies[i].enough == enough) {
      char remedy[VN_WEAR_TEXT_MAX];
      (void)vn_wear_remedy_text((vn_wear_remedy_kind_t)i, &remedies[i], remedy);
      text = vn__format(loader, "%s%s%s", text, text[0] == '\0' ? "" : ", or ", remedy);
    }
  }
  if (text[0] == '\0') {
    return "less of it, or a shorter `lifetime`, would do";
  }
  return vn__format(loader, "%s: %s", enough ? "what would do" : "what helps, but not enough",
                    text);
}

static void compare_lifetime(const vn__build_t *build, const vn_budget_t *budget) {
  const double days_per_year = 365.25, mega = 1e6;
  const vn_plan_t *plan = &build->configuration->plan;
  vn_wear_t wear = vn_wear_estimate(plan, budget, &vn_wear_usual);
  double wanted_years = plan->lifetime_days / days_per_year;
  if (wear.years >= wanted_years) {
    return;
  }
  vn_wear_part_t greatest = vn_wear_greatest(&wear);
  vn__error(build->loader, build->lifetime_mark,
            "`lifetime`: the flash lasts %.1f years in usual use, %.1f are asked for, which is "
            "%.1f times as long: of %.1f MB a day %.1f MB are written for %s; %s",
            wear.years, wanted_years, wanted_years / wear.years, wear.bytes_per_day / mega,
            wear.part_bytes_per_day[greatest] / mega, vn_wear_part_name(greatest),
            remedies_text(build->loader, plan));
}

/* One that is given may be more: it is the user's to decide, but not to overlook. */
static void fit_journal(vn__build_t *build, const vn_budget_t *budget) {
  const double days_per_year = 365.25, mega = 1e6;
  vn_plan_t *plan = &build->configuration->plan;
  double left = vn_wear_left_for_journal(plan, budget, plan->lifetime_days);
  if (plan->journal_day_bytes == 0) {
    plan->journal_day_bytes = left > JOURNAL_LEAST ? (uint64_t)left : JOURNAL_LEAST;
  } else if ((double)plan->journal_day_bytes > left) {
    vn__warning(
        build->loader, build->journal_mark,
        "`journal_per_day` is more than the %.1f MB that a `lifetime` of %.1f years leaves: who "
        "sends so much wears the flash out sooner",
        left / mega, plan->lifetime_days / days_per_year);
  }
}

/* Sources share what the device may write, unless there is but one. */
static bool has_one_topic(const vn_plan_t *plan) {
  if (plan->input_count != 1) {
    return plan->input_count == 0;
  }
  vn_text_t text = plan->inputs[0].pattern.text;
  return memchr(text.bytes, '+', text.length) == NULL &&
         memchr(text.bytes, '#', text.length) == NULL && plan->inputs[0].pattern.capture_count == 0;
}

static void share_journal(vn_plan_t *plan) {
  const uint64_t sources = 4;
  if (plan->journal_day_bytes > 0 && plan->journal_source_day_bytes == 0 && !has_one_topic(plan)) {
    uint64_t share = plan->journal_day_bytes / sources;
    plan->journal_source_day_bytes = share > JOURNAL_LEAST ? share : JOURNAL_LEAST;
  }
}

void vn__check_lifetime(vn__build_t *build) {
  vn_budget_t budget;
  vn_plan_t *plan = &build->configuration->plan;
  if (plan->lifetime_days > 0 && plan->durability != VN_DURABILITY_VOLATILE &&
      vn_budget(plan, &budget) == VN_OK) {
    compare_lifetime(build, &budget);
    if (plan->durability == VN_DURABILITY_JOURNAL && build->loader->error_count == 0) {
      fit_journal(build, &budget);
    }
  }
  share_journal(plan);
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
