#include "wear.h"

#include "vn/arith.h"

#define DAY_MS 86400000.0
#define SECTOR_HEADER 64.0
#define RECORD_BYTES 24.0 /* header and rounding of a record */
#define COMMIT_BYTES 144.0
#define STORM_SECTORS 8.0

const vn_wear_load_t vn_wear_worst = {
    .dirty_share = 1, .size_share = 1, .each_series = true, .worst = true};
const vn_wear_load_t vn_wear_usual = {.dirty_share = 0.1, .size_share = 0.5, .worst = false};

static double round_up(double bytes, double unit) {
  double units = (double)(int64_t)(bytes / unit);
  return units * unit < bytes ? (units + 1) * unit : bytes;
}

/* Bytes of a sector that records can use; its end may be too short for the next one. */
static double usable_bytes(const vn_plan_t *plan) {
  double unit = plan->program_unit_bytes;
  return plan->erase_block_bytes - round_up(SECTOR_HEADER, unit) - unit;
}

static double sectors_of(const vn_plan_t *plan) {
  uint64_t sectors = plan->state_bytes / plan->erase_block_bytes;
  return (double)sectors;
}

/* Live bytes over what one pass of cleaning writes: what each fresh byte costs besides itself. */
static double pacing(const vn_plan_t *plan, const vn_budget_t *budget, double usable) {
  double sectors = sectors_of(plan);
  double live = (double)budget->live_bytes_max;
  double alpha = 0;
  for (int round = 0; round < 8; round++) {
    double reserve = (double)budget->commit_bytes_max * (1 + alpha) / usable + 4 +
                     (sectors >= 32 ? STORM_SECTORS : 0);
    double pass = (sectors * usable - live - reserve * usable) / 2;
    alpha = pass > live / 16 ? live / pass : 16;
  }
  return alpha;
}

/* Of a log in ordinary use, by how full the region is: between points of measurement. */
static double usual_amplification(double fill) {
  static const double points[][2] = {{0, 1},       {0.08, 1.05}, {0.3, 1.3},
                                     {0.48, 1.45}, {0.6, 1.95},  {0.7, 2.8}};
  const unsigned last = sizeof points / sizeof points[0] - 1;
  for (unsigned i = 1; i <= last; i++) {
    if (fill <= points[i][0]) {
      double part = (fill - points[i - 1][0]) / (points[i][0] - points[i - 1][0]);
      return points[i - 1][1] + part * (points[i][1] - points[i - 1][1]);
    }
  }
  return points[last][1];
}

/* Of a report whose points come once a minute. */
static double longest_record_ms(const vn_window_t *window) {
  const double point_ms = 60000.0;
  double full_ms = window->sample * point_ms;
  bool never_due = window->every_ms == VN_DURATION_OFF || (double)window->every_ms > full_ms;
  return never_due ? full_ms : (double)window->every_ms;
}

/* How often a window gives a result: sessions no more often than their gap, counts as if readings
 * came once a second, conditions as if they were true once an hour. */
static double period_ms(const vn_window_t *window) {
  const double reading_ms = 1000.0, condition_ms = 3600000.0;
  switch (window->shape) {
    case VN_WINDOW_SESSION:
      return (double)window->gap_ms;
    case VN_WINDOW_COUNT:
      return (double)window->slide_readings * reading_ms;
    case VN_WINDOW_CONDITION:
      return condition_ms;
    case VN_WINDOW_REPORT:
      return longest_record_ms(window);
    default:
      return (double)window->slide_ms;
  }
}

/* Each series gives one result in each period of a window. */
static double outputs_per_day(const vn_plan_t *plan) {
  double bytes = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    const vn_pipeline_t *pipeline = &plan->pipelines[i];
    for (uint8_t w = 0; w < pipeline->summary.window_count; w++) {
      double record = (double)vn_summary_record_max((vn_encoding_t)plan->encoding,
                                                    &pipeline->summary, w, plan->name_max);
      bytes += record * pipeline->series_max * DAY_MS / period_ms(&pipeline->summary.windows[w]);
    }
  }
  return bytes;
}

static double slots_per_interval(const vn_plan_t *plan, const vn_budget_t *budget,
                                 const vn_wear_load_t *load) {
  double bytes = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    const vn_budget_pipeline_t *pipeline = &budget->pipelines[i];
    double slot = (double)pipeline->slot_bytes_max * load->size_share + RECORD_BYTES;
    bytes += slot * pipeline->series * load->dirty_share;
  }
  return bytes;
}

static double journal_per_day(const vn_plan_t *plan, const vn_budget_t *budget,
                              const vn_wear_load_t *load) {
  const double seconds = 86400.0;
  return seconds * (double)budget->journal_message_bytes *
         (load->each_series ? plan->series_max : 1);
}

vn_wear_t vn_wear_estimate(const vn_plan_t *plan, const vn_budget_t *budget,
                           const vn_wear_load_t *load) {
  VN_ASSERT(plan->state_bytes > 0 && plan->checkpoint_every_ms > 0);
  double commits = DAY_MS / (double)plan->checkpoint_every_ms;
  double usable = usable_bytes(plan);
  vn_wear_t wear = {
      .state_bytes_per_day = commits * slots_per_interval(plan, budget, load),
      .outputs_bytes_per_day = outputs_per_day(plan) * load->size_share,
      .commit_bytes_per_day = commits * (COMMIT_BYTES + plan->program_unit_bytes / 2.0),
      .journal_bytes_per_day = journal_per_day(plan, budget, load),
  };
  double fill = (double)budget->live_bytes_max / (double)plan->state_bytes;
  wear.amplification = load->worst ? 1 + pacing(plan, budget, usable) : usual_amplification(fill);
  double bytes = wear.state_bytes_per_day + wear.outputs_bytes_per_day + wear.commit_bytes_per_day +
                 wear.journal_bytes_per_day;
  wear.erases_per_day = bytes * wear.amplification / usable;
  double sectors = sectors_of(plan);
  wear.years = plan->endurance_cycles / (365.25 * wear.erases_per_day / sectors);
  return wear;
}
