/* What would make the flash last longer: the estimate again, with one thing changed. */
#include "wear.h"

#include <stdio.h>

#define DAYS_PER_YEAR 365.25
#define INTERVAL_MAX_MS INT64_C(86400000)
#define REGION_MAX (UINT64_C(1) << 31)
#define UNIT_MIN 1u
#define READINGS_MAX 64u
/* Less than a tenth more is no help. */
#define WORTH 1.1

/* A plan and a load of one's own. */
typedef struct trial {
  vn_plan_t plan;
  vn_wear_load_t load;
} trial_t;

/* One step further; false: there is none. */
static bool go_further(trial_t *trial, vn_wear_remedy_kind_t kind) {
  vn_plan_t *plan = &trial->plan;
  switch (kind) {
    case VN_WEAR_INTERVAL:
      plan->checkpoint_every_ms *= 2;
      return plan->checkpoint_every_ms <= INTERVAL_MAX_MS;
    case VN_WEAR_REGION:
      plan->state_bytes *= 2;
      return plan->state_bytes <= REGION_MAX;
    case VN_WEAR_UNIT:
      plan->program_unit_bytes /= 2;
      return plan->program_unit_bytes >= UNIT_MIN;
    default:
      trial->load.readings *= 2;
      return plan->durability == VN_DURABILITY_JOURNAL && trial->load.readings <= READINGS_MAX;
  }
}

static uint64_t value_of(const trial_t *trial, vn_wear_remedy_kind_t kind) {
  switch (kind) {
    case VN_WEAR_INTERVAL:
      return (uint64_t)trial->plan.checkpoint_every_ms;
    case VN_WEAR_REGION:
      return trial->plan.state_bytes;
    case VN_WEAR_UNIT:
      return trial->plan.program_unit_bytes;
    default:
      return trial->load.readings;
  }
}

static double years_of(const trial_t *trial) {
  vn_budget_t budget;
  return vn_budget(&trial->plan, &budget) == VN_OK
             ? vn_wear_estimate(&trial->plan, &budget, &trial->load).years
             : 0;
}

static vn_wear_remedy_t try_out(const vn_plan_t *plan, vn_wear_remedy_kind_t kind, double days) {
  trial_t trial = {*plan, vn_wear_usual};
  vn_wear_remedy_t best = {.years = years_of(&trial)};
  while (!best.enough && go_further(&trial, kind)) {
    double years = years_of(&trial);
    if (years < best.years * WORTH) {
      break;
    }
    best = (vn_wear_remedy_t){value_of(&trial, kind), years, years * DAYS_PER_YEAR >= days};
  }
  return best;
}

void vn_wear_remedies(const vn_plan_t *plan, double days, vn_wear_remedy_t out[VN_WEAR_REMEDIES]) {
  for (unsigned i = 0; i < VN_WEAR_REMEDIES; i++) {
    out[i] = try_out(plan, (vn_wear_remedy_kind_t)i, days);
  }
}

static void write_size(uint64_t bytes, const char **unit, uint64_t *number) {
  static const struct {
    const char *unit;
    uint64_t bytes;
  } units[] = {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}, {"B", 1}};
  size_t i = 0;
  while (bytes % units[i].bytes != 0) {
    i++;
  }
  *unit = units[i].unit;
  *number = bytes / units[i].bytes;
}

unsigned vn_wear_remedy_text(vn_wear_remedy_kind_t kind, const vn_wear_remedy_t *remedy,
                             char out[VN_WEAR_TEXT_MAX]) {
  static const char *const keys[VN_WEAR_REMEDIES] = {"checkpoint_every", "size", "program_unit"};
  const char *unit = remedy->value % 1000 == 0 ? "s" : "ms";
  uint64_t number = remedy->value % 1000 == 0 ? remedy->value / 1000 : remedy->value;
  int length;
  if (kind == VN_WEAR_PACKS) {
    length = snprintf(out, VN_WEAR_TEXT_MAX, "%llu readings in a message (%.1f years)",
                      (unsigned long long)remedy->value, remedy->years);
  } else {
    if (kind != VN_WEAR_INTERVAL) {
      write_size(remedy->value, &unit, &number);
    }
    length = snprintf(out, VN_WEAR_TEXT_MAX, "`%s: %llu%s` (%.1f years)", keys[kind],
                      (unsigned long long)number, unit, remedy->years);
  }
  VN_ASSERT(length > 0 && length < (int)VN_WEAR_TEXT_MAX);
  return (unsigned)length;
}
