#include "trace_rig.h"

#include "asked.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[TRACE_SERIES] = {"a", "b", "line/c"};

static int64_t mono_ms(void *context) { return ((const trace_run_t *)context)->now_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  *out = ((const trace_run_t *)context)->now_ms;
  return true;
}

static uint32_t series_of(vn_text_t name) {
  for (uint32_t i = 0; i < TRACE_SERIES; i++) {
    if (name.length == strlen(names[i]) && memcmp(name.bytes, names[i], name.length) == 0) {
      return i;
    }
  }
  abort();
}

static uint16_t encode(const vn_summary_t *summary, uint8_t out[TRACE_RECORD_MAX]) {
  size_t length = vn_summary_record(VN_ENCODING_CBOR, summary, 0, true, out, TRACE_RECORD_MAX);
  assert(length <= TRACE_RECORD_MAX);
  return (uint16_t)length;
}

/* As if it were the first result, on time and not the last: what is left is its content. */
static uint16_t encode_content(const vn_summary_t *summary, uint8_t out[TRACE_RECORD_MAX]) {
  vn_window_result_t result = *summary->result;
  result.kind = VN_KIND_ON_TIME;
  result.revision = 0;
  result.supersedes_count = 0;
  result.flags = 0;
  result.accounting[VN_ACCOUNTED_LATE] = 0;
  vn_summary_t content = *summary;
  content.result = &result;
  return encode(&content, out);
}

static void *grow(void *array, size_t *capacity, size_t needed, size_t size) {
  if (needed > *capacity) {
    *capacity = 2 * needed + 64;
    array = realloc(array, *capacity * size);
    assert(array != NULL);
  }
  return array;
}

static void on_summary(void *context, const vn_summary_t *summary) {
  trace_run_t *run = context;
  trace_results_t *told = &run->told;
  const vn_window_result_t *result = summary->result;
  told->results = grow(told->results, &told->capacity, told->count + 1, sizeof told->results[0]);
  told->spans = grow(told->spans, &told->span_capacity, told->span_count + result->supersedes_count,
                     sizeof told->spans[0]);
  trace_result_t *copy = &told->results[told->count];
  copy->start_ms = result->start_ms;
  copy->end_ms = result->end_ms;
  copy->aggregate = *result->aggregate;
  copy->extra = result->extra != NULL ? *result->extra : (vn_extra_values_t){0};
  copy->superseded = told->span_count;
  copy->series = series_of(summary->series);
  copy->revision = result->revision;
  copy->sample_count = result->sample_count;
  copy->superseded_count = result->supersedes_count;
  copy->window = result->window;
  copy->kind = result->kind;
  if (result->sample_count > 0) {
    memcpy(copy->sample, result->sample, result->sample_count * sizeof copy->sample[0]);
  }
  if (result->supersedes_count > 0) {
    memcpy(told->spans + told->span_count, result->supersedes,
           result->supersedes_count * sizeof told->spans[0]);
  }
  copy->length =
      run->contents_only ? encode_content(summary, copy->record) : encode(summary, copy->record);
  told->span_count += result->supersedes_count;
  told->count++;
}

/* Windows */

static uint32_t pick(prng_t *prng, const uint32_t *choices, uint32_t count) {
  return choices[prng_below(prng, count)];
}
#define PICK(prng, ...)                         \
  pick((prng), (const uint32_t[]){__VA_ARGS__}, \
       (uint32_t)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)))

static void make_time_window(vn_window_t *window, prng_t *prng) {
  window->size_ms = PICK(prng, 1, 5, 10, 12, 30, 60);
  window->slide_ms = window->size_ms;
  if (prng_chance(prng, 50)) {
    window->shape = VN_WINDOW_SLIDING;
    window->slide_ms = PICK(prng, 5, 6, 10, 20, 75);
  }
  if (prng_chance(prng, 40)) {
    window->offset_ms = prng_between(prng, 1 - window->slide_ms, window->slide_ms - 1);
  }
}

static void make_count_window(vn_window_t *window, prng_t *prng) {
  window->shape = VN_WINDOW_COUNT;
  window->size_readings = 1 + prng_below(prng, 9);
  window->slide_readings = prng_chance(prng, 50) ? window->size_readings : 1 + prng_below(prng, 7);
}

static void make_condition_window(vn_window_t *window, prng_t *prng,
                                  const vn_pipeline_t *pipeline) {
  window->limit = prng_between(prng, pipeline->range_low, pipeline->range_high);
  window->hysteresis = prng_chance(prng, 50) ? prng_below(prng, 20) : 0;
  window->max_ms = prng_chance(prng, 50) ? VN_DURATION_OFF : PICK(prng, 1, 3, 10, 40);
  window->condition = prng_chance(prng, 50) ? VN_ALERT_ABOVE : VN_ALERT_BELOW;
  window->supersedes_max = 1;
}

static void make_window(trace_setup_t *setup, prng_t *prng, vn_window_shape_t shape) {
  static const char *const window_names[TRACE_WINDOWS_MAX] = {"w0", "w1", "w2", "w3"};
  uint8_t number = setup->pipeline.summary.window_count++;
  vn_window_t *window = &setup->windows[number];
  const uint32_t ends = VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST);
  uint32_t statistics = (VN_STATISTIC_BIT(VN_STATISTIC_RANGE) << 1) - 1;
  window->name = window_names[number];
  window->shape = (uint8_t)shape;
  window->sample = prng_chance(prng, 60) ? (uint16_t)(1 + prng_below(prng, TRACE_SAMPLE_MAX)) : 0;
  if (shape == VN_WINDOW_SESSION) {
    window->gap_ms = PICK(prng, 1, 2, 3, 5, 7, 15, 40);
  } else if (shape == VN_WINDOW_COUNT) {
    make_count_window(window, prng);
  } else if (shape == VN_WINDOW_CONDITION) {
    make_condition_window(window, prng, &setup->pipeline);
  } else {
    make_time_window(window, prng);
    statistics |= (setup->kinds & TRACE_ORDERED) != 0 ? VN_STATISTICS_ORDERED : 0;
  }
  statistics |= prng_chance(prng, 50) ? VN_STATISTICS_EXTRA : 0;
  window->statistics = (setup->kinds & TRACE_TIES) != 0 ? statistics & ~ends : statistics;
}

/* Those of time first, then sessions, counts, conditions, as a pipeline wants them. */
static void make_windows(trace_setup_t *setup, prng_t *prng) {
  uint32_t left = 1 + prng_below(prng, TRACE_WINDOWS_MAX);
  setup->pipeline.expected_every_ms = PICK(prng, 0, 0, 1, 3, 10, 40);
  while (left > 0 && (setup->kinds & TRACE_TIME) != 0 && prng_chance(prng, 70)) {
    make_window(setup, prng, VN_WINDOW_TUMBLING);
    left--;
  }
  while (left > 0 && (setup->kinds & TRACE_SESSIONS) != 0 && prng_chance(prng, 60)) {
    make_window(setup, prng, VN_WINDOW_SESSION);
    left--;
  }
  while (left > 0 && (setup->kinds & TRACE_COUNTS) != 0 && prng_chance(prng, 60)) {
    make_window(setup, prng, VN_WINDOW_COUNT);
    left--;
  }
  while (left > 0 && (setup->kinds & TRACE_CONDITIONS) != 0 && prng_chance(prng, 60)) {
    make_window(setup, prng, VN_WINDOW_CONDITION);
    left--;
  }
  if (setup->pipeline.summary.window_count == 0) {
    make_window(setup, prng, VN_WINDOW_TUMBLING);
  }
}

static void make_draws(trace_setup_t *setup, uint32_t drawn) {
  const vn_draw_t draws[] = {{0}, {0, VN_WEIGHT_VALUE}, {20, VN_WEIGHT_RECENCY}};
  for (uint8_t i = 0; i < setup->pipeline.summary.window_count; i++) {
    setup->windows[i].draw = setup->windows[i].sample > 0 ? draws[drawn] : draws[0];
  }
}

static void make_order(vn_ordered_rule_t *rule, prng_t *prng) {
  rule->reorder = TRACE_READINGS_MAX;
  rule->time_weighted.mode = (uint8_t)prng_below(prng, 2);
  rule->time_weighted.max_hold_ms = prng_chance(prng, 50) ? VN_DURATION_OFF : PICK(prng, 0, 3, 40);
  rule->counter_modulus = prng_chance(prng, 50) ? 0 : PICK(prng, 1, 100, UINT32_MAX);
  rule->exponential.half_life_ms = prng_chance(prng, 50) ? 0 : PICK(prng, 1, 20, 100000);
  rule->exponential.alpha = rule->exponential.half_life_ms > 0 ? 0 : VN_EXPONENTIAL_ONE / 5;
}

/* What a session may replace follows from the delays, as the loader works it out. */
static void derive_superseded(trace_setup_t *setup) {
  vn_geometry_t geometry;
  uint8_t problem;
  vn_err_t error = vn_geometry_derive(&setup->pipeline, &geometry, &problem);
  assert(error == VN_OK);
  for (uint8_t i = 0; i < geometry.session_count; i++) {
    setup->windows[geometry.sessions[i].window].supersedes_max =
        (uint8_t)geometry.sessions[i].capacity;
  }
  (void)error;
}

static void make_plan(trace_setup_t *setup) {
  setup->plan = (vn_plan_t){
      .device = "d",
      .prefix = "p",
      .pipelines = &setup->pipeline,
      .seed = 7,
      .flush_every_ms = 1000,
      .checkpoint_every_ms = 10000,
      .endurance_cycles = 100000,
      .series_max = TRACE_SERIES,
      .queue_messages = 1,
      .queue_bytes = 256,
      .message_max_bytes = 64,
      .outbox_bytes = 1024,
      .outbox_entries = 4,
      .batch_max = 1,
      .name_max = 16,
      .pipeline_count = 1,
  };
}

static void set_up(trace_setup_t *setup, int64_t out_of_order_ms, int64_t lateness_ms) {
  memset(setup, 0, sizeof *setup);
  setup->pipeline = (vn_pipeline_t){
      .summary = {.name = "p", .unit = "", .windows = setup->windows},
      .match = {"*", 1},
      .out_of_order_ms = out_of_order_ms,
      .lateness_ms = lateness_ms,
      .idle_timeout_ms = VN_DURATION_OFF,
      .max_future_ms = VN_DURATION_OFF,
      .range_low = INT32_MIN,
      .range_high = INT32_MAX,
      .series_max = TRACE_SERIES,
  };
  make_plan(setup);
}

void trace_setup_make(trace_setup_t *setup, const vn_window_t *windows, uint8_t count,
                      int64_t out_of_order_ms, int64_t lateness_ms) {
  assert(count <= TRACE_WINDOWS_MAX);
  set_up(setup, out_of_order_ms, lateness_ms);
  memcpy(setup->windows, windows, count * sizeof windows[0]);
  setup->pipeline.summary.window_count = count;
  derive_superseded(setup);
}

void trace_setup_random(trace_setup_t *setup, prng_t *prng, unsigned kinds) {
  int64_t out_of_order_ms = PICK(prng, 0, 1, 5, 20);
  set_up(setup, out_of_order_ms, PICK(prng, 0, 3, 10, 40));
  setup->kinds = kinds;
  if (prng_chance(prng, 70)) {
    setup->pipeline.range_low = -60;
    setup->pipeline.range_high = 60;
  }
  setup->pipeline.scope = prng_chance(prng, 30) ? VN_SCOPE_GLOBAL : VN_SCOPE_SERIES;
  if ((kinds & TRACE_ORDERED) != 0) {
    make_order(&setup->pipeline.ordered, prng);
  }
  make_windows(setup, prng);
  make_draws(setup, prng_below(prng, 3));
  derive_superseded(setup);
}

bool trace_has_sessions(const trace_setup_t *setup) {
  for (uint8_t i = 0; i < setup->pipeline.summary.window_count; i++) {
    if (setup->windows[i].shape == VN_WINDOW_SESSION) {
      return true;
    }
  }
  return false;
}

/* Traces */

static int32_t random_value(prng_t *prng, const vn_pipeline_t *pipeline) {
  switch (prng_below(prng, 12)) {
    case 0:
      return pipeline->range_low;
    case 1:
      return pipeline->range_high;
    default:
      return (int32_t)prng_between(prng, pipeline->range_low, pipeline->range_high);
  }
}

void trace_random(trace_t *trace, prng_t *prng, const trace_setup_t *setup, size_t count) {
  static const int64_t epochs[] = {0, -100, -10000000000000, 1795219200000, VN_TIME_LOWEST_MS + 9};
  assert(count <= TRACE_READINGS_MAX);
  int64_t front = epochs[prng_below(prng, 5)];
  uint32_t tie_percent = (setup->kinds & TRACE_TIES) != 0 ? 25 : 0;
  uint32_t series = 1 + prng_below(prng, TRACE_SERIES);
  trace->count = count;
  for (size_t i = 0; i < count; i++) {
    front += prng_chance(prng, tie_percent) ? 0 : PICK(prng, 1, 1, 1, 2, 3, 7, 15);
    front += prng_chance(prng, 2) ? PICK(prng, 200, 1000000000) : 0;
    trace->readings[i] =
        (trace_reading_t){front, random_value(prng, &setup->pipeline), prng_below(prng, series)};
  }
}

typedef struct keyed {
  int64_t key;
  size_t place;
  trace_reading_t reading;
} keyed_t;

static int by_key(const void *left, const void *right) {
  const keyed_t *a = left;
  const keyed_t *b = right;
  if (a->key != b->key) {
    return a->key < b->key ? -1 : 1;
  }
  return a->place < b->place ? -1 : 1;
}

/* Each reading comes at most so much later than its time says; ties in any order. */
void trace_shuffle(trace_t *trace, prng_t *prng, int64_t displacement_ms) {
  keyed_t keyed[TRACE_READINGS_MAX];
  for (size_t i = 0; i < trace->count; i++) {
    int64_t delay = prng_chance(prng, 30) ? displacement_ms * (int64_t)prng_below(prng, 2)
                                          : prng_between(prng, 0, displacement_ms);
    keyed[i] = (keyed_t){trace->readings[i].time_ms + delay, prng_next(prng), trace->readings[i]};
  }
  qsort(keyed, trace->count, sizeof keyed[0], by_key);
  for (size_t i = 0; i < trace->count; i++) {
    trace->readings[i] = keyed[i].reading;
  }
}

/* Runs */

void trace_start(trace_run_t *run, const trace_setup_t *setup, const vn_flash_t *flash) {
  run->setup = setup;
  run->flash = flash;
  run->plan = setup->plan;
  if (flash != NULL) {
    run->plan.durability = VN_DURABILITY_CHECKPOINT;
    run->plan.state_bytes = flash->size_bytes;
    run->plan.erase_block_bytes = flash->erase_size;
    run->plan.program_unit_bytes = flash->prog_size;
  } else {
    run->plan.durability = VN_DURABILITY_VOLATILE;
  }
  run->clock = (vn_clock_t){run, mono_ms, wall_ms};
  run->observer = (vn_observer_t){.context = run, .summary = on_summary};
  run->ports = (vn_ports_t){&run->clock, flash, NULL, &run->observer};
  vn_store_t store;
  vn_err_t error = vn_store_need(&run->plan, &store);
  assert(error == VN_OK);
  free(run->block);
  run->block = aligned_alloc(64, (vn_store_bytes(&store) + 63) / 64 * 64);
  assert(run->block != NULL);
  vn_store_layout(&store, run->block);
  error = vn_init(&run->engine, &run->plan, &store, &run->ports);
  assert(error == VN_OK);
  error = vn_restore(&run->engine);
  assert(error == VN_OK);
  (void)error;
  for (uint32_t i = 0; i < TRACE_SERIES; i++) {
    vn_text_t name = {names[i], strlen(names[i])};
    vn_reason_t reason = vn_series_open(&run->engine, name, &run->series[i]);
    assert(reason == VN_REASON_NONE);
    (void)reason;
  }
}

void trace_take(trace_run_t *run, const trace_reading_t *reading) {
  const vn_reading_t taken = {
      .time_ms = reading->time_ms, .scaled = reading->value, .is_scaled = true, .has_time = true};
  (void)vn_take_reading(&run->engine, run->series[reading->series], &taken);
}

void trace_whole(trace_run_t *run, const trace_setup_t *setup, const trace_t *trace) {
  trace_forget(run);
  trace_start(run, setup, NULL);
  for (size_t i = 0; i < trace->count; i++) {
    trace_take(run, &trace->readings[i]);
  }
  vn_flush(&run->engine);
}

uint32_t trace_count(uint32_t otherwise) { return asked("VN_TRACES", otherwise); }

uint32_t trace_seed(uint32_t otherwise) { return asked("VN_SEED", otherwise); }

void trace_forget(trace_run_t *run) { run->told.count = run->told.span_count = 0; }

void trace_free(trace_run_t *run) {
  free(run->block);
  free(run->told.results);
  free(run->told.spans);
  memset(run, 0, sizeof *run);
}

/* What stands */

static int compare(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

/* Kept results ascend by series, window and bounds; of equal ones the last told comes first. */
static int by_window(const void *left, const void *right) {
  const trace_result_t *a = *(const trace_result_t *const *)left;
  const trace_result_t *b = *(const trace_result_t *const *)right;
  const int orders[] = {compare(a->series, b->series), compare(a->window, b->window),
                        compare(a->start_ms, b->start_ms), compare(a->end_ms, b->end_ms),
                        b < a ? -1 : b > a};
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
    if (orders[i] != 0) {
      return orders[i];
    }
  }
  return 0;
}

static bool is_of_one_window(const trace_result_t *a, const trace_result_t *b) {
  return a->series == b->series && a->window == b->window && a->start_ms == b->start_ms &&
         a->end_ms == b->end_ms;
}

/* Whether a result that was told later names this one. */
static bool is_superseded(const trace_results_t *told, const trace_result_t *result) {
  for (const trace_result_t *later = result + 1; later < told->results + told->count; later++) {
    if (later->series != result->series || later->window != result->window) {
      continue;
    }
    for (size_t i = 0; i < later->superseded_count; i++) {
      const vn_span_t *span = &told->spans[later->superseded + i];
      if (span->start_ms == result->start_ms && span->end_ms == result->end_ms) {
        return true;
      }
    }
  }
  return false;
}

size_t trace_standing(const trace_results_t *told, const trace_result_t **standing) {
  size_t count = 0;
  for (size_t i = 0; i < told->count; i++) {
    standing[i] = &told->results[i];
  }
  qsort(standing, told->count, sizeof standing[0], by_window);
  for (size_t i = 0; i < told->count; i++) {
    bool again = i > 0 && is_of_one_window(standing[i], standing[i - 1]);
    if (!again && !is_superseded(told, standing[i])) {
      standing[count++] = standing[i];
    }
  }
  return count;
}

static bool is_same(const trace_result_t *a, const trace_result_t *b) {
  return is_of_one_window(a, b) && a->length == b->length &&
         memcmp(a->record, b->record, a->length) == 0;
}

bool trace_same(const trace_results_t *a, const trace_results_t *b) {
  bool same = a->count == b->count;
  for (size_t i = 0; same && i < a->count; i++) {
    same = is_same(&a->results[i], &b->results[i]);
  }
  return same;
}

bool trace_same_standing(const trace_results_t *a, const trace_results_t *b) {
  const trace_result_t **of_a = malloc((a->count + 1) * sizeof of_a[0]);
  const trace_result_t **of_b = malloc((b->count + 1) * sizeof of_b[0]);
  assert(of_a != NULL && of_b != NULL);
  size_t count = trace_standing(a, of_a);
  bool same = count == trace_standing(b, of_b);
  for (size_t i = 0; same && i < count; i++) {
    same = is_same(of_a[i], of_b[i]);
  }
  free(of_a);
  free(of_b);
  return same;
}

void trace_print(const trace_setup_t *setup, const trace_t *trace) {
  const vn_pipeline_t *pipeline = &setup->pipeline;
  fprintf(stderr, "out_of_order %lld, lateness %lld, scope %d, range %d..%d\n",
          (long long)pipeline->out_of_order_ms, (long long)pipeline->lateness_ms,
          (int)pipeline->scope, (int)pipeline->range_low, (int)pipeline->range_high);
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    const vn_window_t *window = &setup->windows[i];
    fprintf(stderr,
            "%s: shape %d, size %lld, slide %lld, offset %lld, gap %lld, %u by %u, "
            "sample %u, statistics %x\n",
            window->name, (int)window->shape, (long long)window->size_ms,
            (long long)window->slide_ms, (long long)window->offset_ms, (long long)window->gap_ms,
            (unsigned)window->size_readings, (unsigned)window->slide_readings,
            (unsigned)window->sample, (unsigned)window->statistics);
  }
  for (size_t i = 0; i < trace->count; i++) {
    const trace_reading_t *reading = &trace->readings[i];
    fprintf(stderr, "%s %lld %d\n", names[reading->series], (long long)reading->time_ms,
            (int)reading->value);
  }
}
