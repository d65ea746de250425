/* The engine of the bench cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define PAYLOAD_CAPACITY 65536u
/* Beside those of the decoded cases: for the series of the message cases. */
#define SPARE_SERIES 16u

static const vn_alert_plan_t alerts[] = {{.name = "hot",
                                          .severity = "",
                                          .of = "value",
                                          .rule = {.limit = 8000, .hysteresis = 500},
                                          .exponent = -2}};

static int64_t mono(void *context) { return ((const bench_t *)context)->now_ms; }

static bool wall(void *context, vn_time_ms_t *out) {
  *out = ((const bench_t *)context)->now_ms;
  return true;
}

static void count(void *context, const vn_summary_t *summary) {
  (void)summary;
  ((bench_t *)context)->summaries++;
}

static vn_text_t text(const char *literal) { return (vn_text_t){literal, strlen(literal)}; }

static bool make_input(vn_input_t *input, vn_format_t format, const char *pattern,
                       const char *series) {
  const char *problem;
  *input = (vn_input_t){.format = (uint8_t)format, .qos = 1};
  return vn_pattern_compile(text(pattern), &input->pattern, &problem) == VN_OK &&
         vn_template_compile(text(series), &input->pattern, true, &input->series, &problem) ==
             VN_OK;
}

static bool make_inputs(bench_t *bench) {
  const char *problem;
  vn_input_t *json = &bench->inputs[0];
  bool made = make_input(json, VN_FORMAT_JSON, "json/{s}", "{s}") &&
              make_input(&bench->inputs[1], VN_FORMAT_SENML_JSON, "senml-json", "{name}") &&
              make_input(&bench->inputs[2], VN_FORMAT_SENML_CBOR, "senml-cbor", "{name}") &&
              make_input(&bench->inputs[3], VN_FORMAT_NUMBER, "number/{s}", "{s}") &&
              vn_path_compile(text("v"), &bench->field.path, &problem) == VN_OK &&
              vn_path_compile(text("t"), &json->time_path, &problem) == VN_OK;
  bench->field.series = json->series;
  json->fields = &bench->field;
  json->field_count = 1;
  json->has_time = true;
  json->time_unit = VN_UNIT_MS;
  return made;
}

static void make_plan(bench_t *bench) {
  bench->window = (vn_window_t){.name = "window",
                                .size_ms = (int64_t)bench->panes * BENCH_PANE_MS,
                                .slide_ms = BENCH_PANE_MS,
                                .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN),
                                .sample = 8,
                                .shape = VN_WINDOW_SLIDING};
  bench->pipeline = (vn_pipeline_t){
      .summary = {.name = "bench",
                  .unit = "Cel",
                  .windows = &bench->window,
                  .window_count = 1,
                  .exponent = -2},
      .match = text("*"),
      .alerts = alerts,
      .out_of_order_ms = 2000,
      .idle_timeout_ms = VN_DURATION_OFF,
      .max_future_ms = VN_DURATION_OFF,
      .range_low = INT32_MIN,
      .range_high = INT32_MAX,
      .series_max = bench->series + SPARE_SERIES,
      .alert_count = 1,
  };
  bench->plan = (vn_plan_t){
      .device = "bench",
      .prefix = "vnotch",
      .inputs = bench->inputs,
      .pipelines = &bench->pipeline,
      .flush_every_ms = 1000,
      .checkpoint_every_ms = 10000,
      .series_max = bench->series + SPARE_SERIES,
      .queue_messages = 16,
      .queue_bytes = 1u << 18,
      .message_max_bytes = PAYLOAD_CAPACITY,
      .outbox_bytes = 65536,
      .outbox_entries = 256,
      .batch_max = 20,
      .name_max = 32,
      .input_count = 4,
      .pipeline_count = 1,
  };
}

static bool allocate(bench_t *bench) {
  if (vn_store_need(&bench->plan, &bench->store) != VN_OK) {
    return false;
  }
  bench->store_bytes = vn_store_bytes(&bench->store);
  bench->block = aligned_alloc(64, bench->store_bytes);
  bench->names = calloc(bench->series, sizeof bench->names[0]);
  bench->numbers = calloc(bench->series, sizeof bench->numbers[0]);
  bench->payload = malloc(PAYLOAD_CAPACITY);
  bench->payload_capacity = PAYLOAD_CAPACITY;
  if (bench->block == NULL || bench->names == NULL || bench->numbers == NULL ||
      bench->payload == NULL) {
    bench_close(bench);
    return false;
  }
  vn_store_layout(&bench->store, bench->block);
  return true;
}

static bool open_series(bench_t *bench) {
  for (uint32_t i = 0; i < bench->series; i++) {
    int length = snprintf(bench->names[i], sizeof bench->names[i], "line%u/dev%06u/temp",
                          (unsigned)(i % 100), (unsigned)i);
    vn_text_t name = {bench->names[i], (size_t)length};
    if (vn_series_open(&bench->engine, name, &bench->numbers[i]) != VN_REASON_NONE) {
      return false;
    }
  }
  return true;
}

static void keep_state(bench_t *bench, const bench_keep_t *keep) {
  bench->plan.durability = keep->durability;
  bench->plan.queue_messages = 4096;
  bench->plan.queue_bytes = 1u << 20;
  bench->pipeline.deduplicate = 8; /* a message that comes again is known by its time and value */
  if (keep->flash != NULL) {
    bench->plan.state_bytes = keep->flash->size_bytes;
    bench->plan.erase_block_bytes = keep->flash->erase_size;
    bench->plan.program_unit_bytes = keep->flash->prog_size;
    bench->plan.endurance_cycles = 100000;
  }
}

static bool open_engine(bench_t *bench, const bench_case_t *one, const bench_keep_t *keep) {
  memset(bench, 0, sizeof *bench);
  bench->series = one->series;
  bench->panes = one->panes;
  bench->random = 12345;
  bench->now_ms = INT64_C(1795219200000);
  make_plan(bench);
  if (one->alerts != NULL) {
    bench_alerts(bench, one->alerts);
  }
  static vn_clock_t clock;
  static vn_observer_t observer;
  clock = (vn_clock_t){bench, mono, wall};
  observer = (vn_observer_t){.context = bench, .summary = count};
  vn_ports_t ports = {.clock = &clock, .observer = &observer};
  if (keep != NULL) {
    keep_state(bench, keep);
    ports.flash = keep->flash;
    ports.uplink = keep->uplink;
  }
  return make_inputs(bench) && allocate(bench) &&
         vn_init(&bench->engine, &bench->plan, &bench->store, &ports) == VN_OK &&
         vn_restore(&bench->engine) == VN_OK;
}

bool bench_open(bench_t *bench, const bench_case_t *one) {
  return open_engine(bench, one, NULL) && open_series(bench);
}

bool bench_open_kept(bench_t *bench, const bench_case_t *one, const bench_keep_t *keep) {
  return open_engine(bench, one, keep);
}

void bench_close(bench_t *bench) {
  free(bench->block);
  free(bench->names);
  free(bench->numbers);
  free(bench->payload);
}
