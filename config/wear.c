#include "wear.h"

#include "vn/arith.h"

#define DAY_MS 86400000.0
#define DAYS_PER_YEAR 365.25
#define SECTOR_HEADER 64.0
#define RECORD_HEADER 16.0
#define COMMIT_BYTES 144.0
#define ARRIVAL_BYTES 12.0 /* what the journal keeps of a message beside topic and payload */
#define FURTHER_BYTES 30.0 /* of each further reading in a pack */
#define MESSAGE_BYTES 40.0 /* of a result: index, header, number, topic */
#define STORM_SECTORS 8.0
#define STORM_FROM_SECTORS 32.0

#define SECOND_MS 1000.0
#define MINUTE_MS 60000.0
#define HOUR_MS 3600000.0

const vn_wear_load_t vn_wear_worst = {.active_share = 1,
                                      .reading_ms = 1000,
                                      .slot_share = 1,
                                      .result_share = 1,
                                      .readings = 1,
                                      .worst = true};
const vn_wear_load_t vn_wear_usual = {.active_share = 0.1,
                                      .slot_share = 0.2,
                                      .result_share = 0.5,
                                      .readings = 1,
                                      .session_end_ms = 3600000};

/* A plan under a load. */
typedef struct model {
  const vn_plan_t *plan;
  const vn_budget_t *budget;
  const vn_wear_load_t *load;
  double share; /* of the series that pipelines reserve: there are no more than the device's */
  double ends;  /* of windows a day: commits, as far as `flush_every` lets them */
  double busy;  /* share of the time in which such commits come anyway */
} model_t;

static double round_up(double bytes, double unit) {
  double units = (double)(int64_t)(bytes / unit);
  return units * unit < bytes ? (units + 1) * unit : bytes;
}

static double larger(double a, double b) { return a > b ? a : b; }

static double smaller(double a, double b) { return a < b ? a : b; }

static double expected_ms(const model_t *model, uint8_t pipeline) {
  return (double)model->plan->pipelines[pipeline].expected_every_ms;
}

/* Series of the pipeline that are at work. */
static double active_series(const model_t *model, uint8_t pipeline) {
  double share = expected_ms(model, pipeline) > 0 ? 1 : model->load->active_share;
  return share * model->share * model->plan->pipelines[pipeline].series_max;
}

/* How often each of these has a reading. */
static double reading_ms(const model_t *model, uint8_t pipeline) {
  double said_ms = expected_ms(model, pipeline);
  double assumed_ms = (double)(model->load->reading_ms > 0 ? model->load->reading_ms
                                                           : model->plan->checkpoint_every_ms);
  return said_ms > 0 ? said_ms : assumed_ms;
}

static double share_of_series(const vn_plan_t *plan) {
  double reserved = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    reserved += plan->pipelines[i].series_max;
  }
  return reserved > plan->series_max ? plan->series_max / reserved : 1;
}

/* In the log, in as many parts as it takes. */
static double stored_bytes(const model_t *model, double payload) {
  double part = (double)model->budget->record_bytes_max;
  return round_up(payload, 8) + RECORD_HEADER * larger(1, round_up(payload, part) / part);
}

/* Of a report whose points come once a minute. */
static double longest_record_ms(const vn_window_t *window) {
  double full_ms = window->sample * MINUTE_MS;
  bool never_due = window->every_ms == VN_DURATION_OFF || (double)window->every_ms > full_ms;
  return never_due ? full_ms : (double)window->every_ms;
}

/* How often a window of a series gives a result; no more often than readings come. */
static double period_ms(const model_t *model, uint8_t pipeline, const vn_window_t *window) {
  double every_ms = reading_ms(model, pipeline);
  switch (window->shape) {
    case VN_WINDOW_SESSION:
      return larger(every_ms, larger((double)window->gap_ms, (double)model->load->session_end_ms));
    case VN_WINDOW_COUNT:
      return window->slide_readings * every_ms;
    case VN_WINDOW_CONDITION:
      return larger(every_ms, HOUR_MS);
    case VN_WINDOW_REPORT:
      return larger(every_ms, longest_record_ms(window));
    default:
      return larger(every_ms, (double)window->slide_ms);
  }
}

static bool is_of_time(const vn_window_t *window) {
  return window->shape == VN_WINDOW_TUMBLING || window->shape == VN_WINDOW_SLIDING;
}

/* A slot as it is written, with its records' headers. */
static double slot_bytes(const model_t *model, uint8_t pipeline) {
  double slot = (double)model->budget->pipelines[pipeline].slot_bytes_max;
  return stored_bytes(model, slot * model->load->slot_share);
}

static double envelope_bytes(const model_t *model) {
  const vn_summary_pipeline_t *pipelines[VN_PIPELINES_MAX];
  const vn_plan_t *plan = model->plan;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    pipelines[i] = &plan->pipelines[i].summary;
  }
  return (double)vn_summary_envelope_max((vn_encoding_t)plan->encoding, plan->device, pipelines,
                                         plan->pipeline_count) *
         model->load->result_share;
}

/*
 * A window of time ends for all series, but each notices it with its next reading: their results
 * come as long as it takes until all had one. So many commits take them; at worst each has its own.
 */
static double commits_of_end(const model_t *model, uint8_t pipeline) {
  double series = active_series(model, pipeline);
  double flush_ms = larger((double)model->plan->flush_every_ms, 1);
  double flushes = larger(1, reading_ms(model, pipeline) / flush_ms);
  return model->load->worst ? series : smaller(series, flushes);
}

static double output_bytes(const model_t *model, uint8_t pipeline, uint8_t window, double results) {
  const vn_plan_t *plan = model->plan;
  const vn_summary_pipeline_t *summary = &plan->pipelines[pipeline].summary;
  double record =
      (double)vn_summary_record_max((vn_encoding_t)plan->encoding, summary, window, plan->name_max);
  double batch = active_series(model, pipeline) / commits_of_end(model, pipeline);
  batch = is_of_time(&summary->windows[window]) ? smaller(plan->batch_max, batch) : 1;
  double message = record * model->load->result_share * batch + envelope_bytes(model);
  return results / batch * stored_bytes(model, message + MESSAGE_BYTES);
}

static double sooner(double a_ms, double b_ms) { return a_ms > 0 ? smaller(a_ms, b_ms) : b_ms; }

/* How often the state of a series at work is written: in each interval in which it has changed, and
 * with its results; but without a reading in between it is the same. */
static double states_of_series(const model_t *model, uint8_t pipeline, double with_results) {
  double readings = DAY_MS / reading_ms(model, pipeline);
  double intervals = DAY_MS / (double)model->plan->checkpoint_every_ms;
  return smaller(readings, smaller(readings, intervals) + with_results);
}

/* Windows of time that end at once share messages, states and commits; at worst they don't. */
static void add_pipeline(model_t *model, uint8_t index, vn_wear_t *wear) {
  const vn_summary_pipeline_t *pipeline = &model->plan->pipelines[index].summary;
  double series = active_series(model, index);
  double together_ms = 0, apart = 0;
  for (uint8_t w = 0; w < pipeline->window_count; w++) {
    double every_ms = period_ms(model, index, &pipeline->windows[w]);
    double results = series * DAY_MS / every_ms;
    wear->results_per_day += results;
    wear->part_bytes_per_day[VN_WEAR_OUTPUTS] += output_bytes(model, index, w, results);
    if (is_of_time(&pipeline->windows[w]) && !model->load->worst) {
      together_ms = sooner(together_ms, every_ms);
    } else {
      apart += DAY_MS / every_ms;
    }
  }
  model->ends += series * apart;
  if (together_ms > 0) {
    apart += DAY_MS / together_ms;
    model->ends += DAY_MS / together_ms * commits_of_end(model, index);
    model->busy = larger(model->busy, smaller(1, reading_ms(model, index) / together_ms));
  }
  wear->part_bytes_per_day[VN_WEAR_STATE] +=
      series * states_of_series(model, index, apart) * slot_bytes(model, index);
}

/* As many as there are readings, where it is said how often these come; else one a second of all
 * of these series together, at worst of each. */
static double messages_per_day(const model_t *model) {
  const vn_plan_t *plan = model->plan;
  double messages = 0, unsaid = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    bool said = expected_ms(model, i) > 0;
    double series = model->share * plan->pipelines[i].series_max;
    messages += said ? series * DAY_MS / expected_ms(model, i) : 0;
    unsaid += said ? 0 : series;
  }
  unsaid = model->load->worst ? unsaid : smaller(unsaid, 1);
  return (messages + unsaid * DAY_MS / SECOND_MS) / model->load->readings;
}

/* One that doesn't fit a record comes in parts and has a COMMIT of its own. */
static double entry_bytes(const model_t *model) {
  double unit = larger(model->plan->program_unit_bytes, 8);
  double body =
      ARRIVAL_BYTES + VN_BUDGET_MESSAGE_BYTES + (model->load->readings - 1) * FURTHER_BYTES;
  bool is_long = body > (double)model->budget->record_bytes_max;
  return round_up(stored_bytes(model, body) + (is_long ? COMMIT_BYTES : 0), unit);
}

/* Returns the commits that make room for it: when half of it, or of the queue, is used. */
static double add_journal(const model_t *model, vn_wear_t *wear) {
  const vn_plan_t *plan = model->plan;
  if (plan->durability != VN_DURABILITY_JOURNAL) {
    return 0;
  }
  double messages = messages_per_day(model);
  double bytes = messages * entry_bytes(model);
  if (plan->journal_day_bytes > 0 && bytes > (double)plan->journal_day_bytes) {
    messages *= (double)plan->journal_day_bytes / bytes; /* the others are refused */
    bytes = (double)plan->journal_day_bytes;
  }
  wear->messages_per_day = messages;
  wear->part_bytes_per_day[VN_WEAR_JOURNAL] = bytes;
  return larger(2 * bytes / (double)model->budget->journal_bytes_max,
                2 * messages / plan->queue_messages);
}

/* Bytes of a sector that records can use: at its end the next one may not fit. */
static double usable_bytes(const model_t *model) {
  const vn_plan_t *plan = model->plan;
  double unit = plan->program_unit_bytes;
  double record =
      larger(RECORD_HEADER + round_up((double)model->budget->record_bytes_max, 8), COMMIT_BYTES);
  double lost = model->load->worst ? record : record / 2;
  return plan->erase_block_bytes - larger(SECTOR_HEADER, unit) - lost - unit;
}

static double sectors_of(const vn_plan_t *plan) {
  uint64_t sectors = plan->state_bytes / plan->erase_block_bytes;
  return (double)sectors;
}

/* Bytes that cleaning moves for each fresh byte, at most: live bytes over what one pass writes. */
static double pacing(const model_t *model, double usable) {
  const double most = 32768.0;
  const vn_plan_t *plan = model->plan;
  double sectors = sectors_of(plan);
  double live = (double)model->budget->live_bytes_max + COMMIT_BYTES;
  double fresh = (double)model->budget->commit_bytes_max + COMMIT_BYTES + plan->program_unit_bytes;
  double storm = sectors >= STORM_FROM_SECTORS ? STORM_SECTORS : 0;
  double alpha = 0, reserve = 0;
  for (int round = 0; round < 64; round++) {
    double pass = (sectors * usable - live - reserve * usable) / 2;
    alpha = pass > live / most ? live / pass : most;
    double next = round_up(fresh * (1 + alpha), usable) / usable + 1 +
                  round_up(plan->erase_block_bytes * (1 + alpha), usable) / usable + 2 + storm;
    if (next <= reserve || alpha >= most) {
      break;
    }
    reserve = next;
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

/* What is live most of the time; the outbox is all but empty. */
static double live_bytes(const model_t *model) {
  double bytes = (double)model->budget->journal_bytes_max / 2;
  bytes *= model->plan->durability == VN_DURABILITY_JOURNAL;
  for (uint8_t i = 0; i < model->plan->pipeline_count; i++) {
    bytes += model->share * model->plan->pipelines[i].series_max * slot_bytes(model, i);
  }
  return bytes;
}

static double amplification(const model_t *model, double usable) {
  double worst = 1 + pacing(model, usable);
  double fill = live_bytes(model) / (double)model->plan->state_bytes;
  return model->load->worst ? worst : smaller(worst, usual_amplification(fill));
}

/* With a journal each commit holds everything, and the interval begins anew. */
static double commits_per_day(const model_t *model) {
  const vn_plan_t *plan = model->plan;
  double intervals = DAY_MS / (double)plan->checkpoint_every_ms;
  double flushes = DAY_MS / larger((double)plan->flush_every_ms, 1);
  bool journal = plan->durability == VN_DURABILITY_JOURNAL;
  return intervals * (journal ? 1 - model->busy : 1) + smaller(model->ends, flushes);
}

vn_wear_t vn_wear_estimate(const vn_plan_t *plan, const vn_budget_t *budget,
                           const vn_wear_load_t *load) {
  VN_ASSERT(plan->state_bytes > 0 && plan->checkpoint_every_ms > 0);
  VN_ASSERT(budget->record_bytes_max > 0 && load->readings > 0);
  model_t model = {plan, budget, load, share_of_series(plan), 0, 0};
  vn_wear_t wear = {0};
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    add_pipeline(&model, i, &wear);
  }
  wear.commits_per_day = add_journal(&model, &wear) + commits_per_day(&model);
  double unit = plan->program_unit_bytes;
  double global = stored_bytes(&model, (double)budget->global_bytes_max * load->slot_share);
  wear.part_bytes_per_day[VN_WEAR_COMMITS] =
      wear.commits_per_day * (COMMIT_BYTES + global + (load->worst ? unit : unit / 2));
  for (unsigned i = 0; i < VN_WEAR_PARTS; i++) {
    wear.bytes_per_day += wear.part_bytes_per_day[i];
  }
  double usable = usable_bytes(&model);
  wear.amplification = amplification(&model, usable);
  wear.erases_per_day = wear.bytes_per_day * wear.amplification / usable;
  wear.cycles_per_day = wear.erases_per_day / sectors_of(plan);
  wear.years = plan->endurance_cycles / (DAYS_PER_YEAR * wear.cycles_per_day);
  return wear;
}

double vn_wear_left_for_journal(const vn_plan_t *plan, const vn_budget_t *budget, double days) {
  vn_wear_t wear = vn_wear_estimate(plan, budget, &vn_wear_usual);
  double others = wear.bytes_per_day - wear.part_bytes_per_day[VN_WEAR_JOURNAL];
  double years = days / DAYS_PER_YEAR;
  double left = wear.bytes_per_day * (wear.years / years) - others;
  return larger(left, 0);
}

vn_wear_part_t vn_wear_greatest(const vn_wear_t *wear) {
  unsigned greatest = 0;
  for (unsigned i = 1; i < VN_WEAR_PARTS; i++) {
    greatest = wear->part_bytes_per_day[i] > wear->part_bytes_per_day[greatest] ? i : greatest;
  }
  return (vn_wear_part_t)greatest;
}

const char *vn_wear_part_key(vn_wear_part_t part) {
  static const char *const keys[VN_WEAR_PARTS] = {"state", "outputs", "commits", "journal"};
  VN_ASSERT(part < VN_WEAR_PARTS);
  return keys[part];
}

const char *vn_wear_part_name(vn_wear_part_t part) {
  static const char *const names[VN_WEAR_PARTS] = {"states of series", "results", "commits",
                                                   "the journal"};
  VN_ASSERT(part < VN_WEAR_PARTS);
  return names[part];
}
