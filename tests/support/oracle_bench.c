#include "oracle_bench.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICK(prng, ...)                         \
  (((const int64_t[]){__VA_ARGS__})[prng_below( \
      prng, (uint32_t)(sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t)))])

static const char *const series_names[BENCH_SERIES] = {"a", "b/temp", "c"};
static const char *const window_names[BENCH_WINDOWS_MAX] = {"w0", "w1", "w2", "w3"};
static const char *const alert_names[BENCH_ALERTS_MAX] = {"hot", "cold"};

/* ---- The device. */

static void make_window(bench_t *bench, prng_t *prng, vn_window_shape_t shape) {
  uint8_t place = bench->pipeline.summary.window_count++;
  vn_window_t *window = &bench->windows[place];
  *window = (vn_window_t){.name = window_names[place],
                          .shape = (uint8_t)shape,
                          .statistics = (prng_next(prng) & 0x1FFE) | 1,
                          .sample = (uint16_t)PICK(prng, 0, 1, 3, 8)};
  if (shape == VN_WINDOW_SESSION) {
    window->gap_ms = PICK(prng, 1, 5, 15, 40);
    return;
  }
  window->size_ms = PICK(prng, 5, 10, 30, 60);
  window->slide_ms = shape == VN_WINDOW_SLIDING ? PICK(prng, 5, 10, 20, 75) : window->size_ms;
  window->offset_ms = prng_chance(prng, 30) ? prng_between(prng, 0, window->slide_ms - 1) : 0;
}

static void make_windows(bench_t *bench, prng_t *prng) {
  make_window(bench, prng, prng_chance(prng, 50) ? VN_WINDOW_SLIDING : VN_WINDOW_TUMBLING);
  if (prng_chance(prng, 50)) {
    make_window(bench, prng, VN_WINDOW_TUMBLING);
  }
  while (bench->pipeline.summary.window_count < BENCH_WINDOWS_MAX && prng_chance(prng, 50)) {
    make_window(bench, prng, VN_WINDOW_SESSION);
  }
  vn_geometry_t geometry;
  uint8_t problem;
  vn_err_t error = vn_geometry_derive(&bench->pipeline, &geometry, &problem);
  assert(error == VN_OK);
  for (uint8_t i = 0; i < geometry.session_count; i++) {
    bench->windows[geometry.sessions[i].window].supersedes_max =
        (uint8_t)geometry.sessions[i].capacity;
  }
  (void)error;
}

static void make_alerts(bench_t *bench, prng_t *prng) {
  for (size_t i = 0; i < BENCH_ALERTS_MAX; i++) {
    bench->alerts[i] = (vn_alert_plan_t){
        .name = alert_names[i],
        .severity = "",
        .of = "value",
        .rule = {.limit = i == 0 ? 40 : -40,
                 .hysteresis = PICK(prng, 0, 10, 30),
                 .for_ms = PICK(prng, 0, 0, 10),
                 .keep_firing_for_ms = PICK(prng, 0, 0, 10),
                 .condition = (uint8_t)(i == 0 ? VN_ALERT_ABOVE : VN_ALERT_BELOW)},
        .exponent = bench->pipeline.summary.exponent};
  }
  bench->pipeline.alert_count = BENCH_ALERTS_MAX;
}

static void make_plan(bench_t *bench, prng_t *prng) {
  bench->pipeline = (vn_pipeline_t){.summary = {.name = "plant",
                                                .unit = "Cel",
                                                .windows = bench->windows,
                                                .exponent = (int8_t)-PICK(prng, 0, 1, 2, 6)},
                                    .match = {"*", 1},
                                    .alerts = bench->alerts,
                                    .out_of_order_ms = PICK(prng, 0, 1, 5, 20),
                                    .lateness_ms = PICK(prng, 0, 3, 10, 40),
                                    .idle_timeout_ms = VN_DURATION_OFF,
                                    .max_future_ms = prng_chance(prng, 50) ? VN_DURATION_OFF : 5,
                                    .expected_every_ms = PICK(prng, 0, 0, 1, 7),
                                    .range_low = INT32_MIN,
                                    .range_high = INT32_MAX,
                                    .series_max = BENCH_SERIES};
  bench->plan = (vn_plan_t){.device = "gw-1",
                            .prefix = "vnotch",
                            .pipelines = &bench->pipeline,
                            .seed = prng_u64(prng),
                            .flush_every_ms = 1000,
                            .checkpoint_every_ms = 10000,
                            .endurance_cycles = 100000,
                            .series_max = BENCH_SERIES,
                            .queue_messages = 1,
                            .queue_bytes = 256,
                            .message_max_bytes = 64,
                            .outbox_bytes = 1u << 20,
                            .outbox_entries = 1024,
                            .batch_max = (uint16_t)PICK(prng, 1, 3, 20),
                            .name_max = 16,
                            .pipeline_count = 1};
  make_windows(bench, prng);
  make_alerts(bench, prng);
}

static int64_t mono_ms(void *context) { return ((const bench_t *)context)->now_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  *out = ((const bench_t *)context)->now_ms;
  return true;
}

static vn_err_t send_up(void *context, const vn_message_t *message) {
  bench_t *bench = context;
  assert(bench->told_count < BENCH_TOLD_MAX);
  bench_told_t *told = &bench->told[bench->told_count++];
  told->after = bench->taken;
  told->length = message->payload_length;
  told->payload = malloc(message->payload_length);
  assert(told->payload != NULL);
  memcpy(told->payload, message->payload, message->payload_length);
  int length = snprintf(told->topic, sizeof told->topic, "vnotch/gw-1/%.*s",
                        (int)message->topic_length, message->topic);
  assert(length > 0 && (size_t)length < sizeof told->topic);
  (void)length;
  bench->pending[bench->pending_count++] = message->index;
  return VN_OK;
}

static void step(bench_t *bench) {
  uint32_t sleep_ms = 0;
  do {
    vn_err_t error = vn_step(&bench->engine, 64, &sleep_ms);
    assert(error == VN_OK);
    (void)error;
    for (; bench->pending_count > 0; bench->pending_count--) {
      vn_sent(&bench->engine, bench->pending[bench->pending_count - 1], true);
    }
  } while (sleep_ms == 0);
}

static void start(bench_t *bench) {
  vn_store_t store;
  bench->clock = (vn_clock_t){bench, mono_ms, wall_ms};
  bench->uplink = (vn_uplink_t){bench, send_up};
  bench->ports = (vn_ports_t){&bench->clock, NULL, &bench->uplink, NULL};
  vn_err_t error = vn_store_need(&bench->plan, &store);
  assert(error == VN_OK);
  bench->block = aligned_alloc(64, (vn_store_bytes(&store) + 63) / 64 * 64);
  assert(bench->block != NULL);
  vn_store_layout(&store, bench->block);
  error = vn_init(&bench->engine, &bench->plan, &store, &bench->ports);
  assert(error == VN_OK);
  error = vn_restore(&bench->engine);
  assert(error == VN_OK);
  (void)error;
}

/* ---- Its readings. */

static void draw_readings(bench_t *bench, prng_t *prng) {
  int64_t front_ms = prng_between(prng, -1000, INT64_C(1795219200000));
  int64_t edge_ms = bench->pipeline.out_of_order_ms + bench->pipeline.lateness_ms;
  for (size_t i = 0; i < BENCH_READINGS; i++) {
    front_ms += PICK(prng, 0, 1, 2, 7, 15);
    bool wide = prng_chance(prng, 10);
    bench->readings[i] = (vn_oracle_reading_t){
        .series = prng_below(prng, BENCH_SERIES),
        .time_ms = front_ms - (prng_chance(prng, 70) ? 0 : prng_between(prng, 0, edge_ms + 20)),
        .arrival_ms = front_ms - (prng_chance(prng, 95) ? 0 : 10),
        .value = wide ? (int32_t)prng_next(prng) : (int32_t)prng_between(prng, -60, 60),
        .sequence = (uint32_t)i};
    if (i > 0 && prng_chance(prng, 5)) { /* once more */
      bench->readings[i] = bench->readings[i - 1 - prng_below(prng, (uint32_t)(i < 9 ? i : 9))];
      bench->readings[i].arrival_ms = front_ms;
    }
  }
}

static void take_readings(bench_t *bench) {
  for (size_t i = 0; i < BENCH_READINGS; i++) {
    const vn_oracle_reading_t *reading = &bench->readings[i];
    const char *name = series_names[reading->series];
    uint32_t series;
    bench->now_ms = reading->arrival_ms;
    vn_reason_t reason = vn_series_open(&bench->engine, (vn_text_t){name, strlen(name)}, &series);
    assert(reason == VN_REASON_NONE);
    (void)reason;
    const vn_reading_t taken = {.time_ms = reading->time_ms,
                                .scaled = reading->value,
                                .sequence = reading->sequence,
                                .is_scaled = true,
                                .has_time = true,
                                .has_sequence = true};
    (void)vn_take_reading(&bench->engine, series, &taken);
    bench->taken = i + 1;
    step(bench);
  }
}

void bench_run(bench_t *bench, prng_t *prng) {
  make_plan(bench, prng);
  draw_readings(bench, prng);
  bench->now_ms = bench->readings[0].arrival_ms;
  start(bench);
  take_readings(bench);
  vn_flush(&bench->engine);
  bench->taken = BENCH_READINGS + 1;
  bench->now_ms += 2000;
  step(bench);
}

void bench_free(bench_t *bench) {
  for (size_t i = 0; i < bench->told_count; i++) {
    free(bench->told[i].payload);
  }
  free(bench->block);
  memset(bench, 0, sizeof *bench);
}

/* ---- The oracle. */

vn_oracle_t *bench_oracle(const bench_t *bench, size_t forget_max) {
  const vn_pipeline_t *given = &bench->pipeline;
  vn_oracle_window_t windows[BENCH_WINDOWS_MAX];
  vn_oracle_alert_t alerts[BENCH_ALERTS_MAX];
  vn_oracle_series_t series[BENCH_SERIES];
  const vn_oracle_pipeline_t pipeline = {
      .name = given->summary.name,
      .unit = given->summary.unit,
      .out_of_order_ms = given->out_of_order_ms,
      .allowed_lateness_ms = given->lateness_ms,
      .max_future_ms = given->max_future_ms == VN_DURATION_OFF ? -1 : given->max_future_ms,
      .expected_every_ms = given->expected_every_ms,
      .decimals = (uint8_t)-given->summary.exponent,
      .sequences = true};
  for (size_t i = 0; i < given->summary.window_count; i++) {
    const vn_window_t *window = &bench->windows[i];
    windows[i] = (vn_oracle_window_t){
        .name = window->name,
        .size_ms = window->size_ms,
        .slide_ms = window->slide_ms,
        .offset_ms = window->offset_ms,
        .gap_ms = window->gap_ms,
        .statistics = window->statistics >> 1, /* in the same order, without count */
        .sample = window->sample,
        .kind = (uint8_t)(window->shape == VN_WINDOW_SESSION   ? VN_ORACLE_SESSION
                          : window->shape == VN_WINDOW_SLIDING ? VN_ORACLE_SLIDING
                                                               : VN_ORACLE_TUMBLING)};
  }
  for (size_t i = 0; i < given->alert_count; i++) {
    const vn_alert_rule_t *rule = &bench->alerts[i].rule;
    bool below = rule->condition == VN_ALERT_BELOW;
    alerts[i] = (vn_oracle_alert_t){.name = bench->alerts[i].name,
                                    .limit = rule->limit,
                                    .clear = rule->limit + (below ? 1 : -1) * rule->hysteresis,
                                    .for_ms = rule->for_ms,
                                    .keep_ms = rule->keep_firing_for_ms,
                                    .below = below};
  }
  for (size_t i = 0; i < BENCH_SERIES; i++) {
    series[i] = (vn_oracle_series_t){series_names[i], 0};
  }
  const vn_oracle_setup_t setup = {.prefix = bench->plan.prefix,
                                   .device = bench->plan.device,
                                   .pipelines = &pipeline,
                                   .windows = windows,
                                   .alerts = alerts,
                                   .series = series,
                                   .pipeline_count = 1,
                                   .window_count = given->summary.window_count,
                                   .alert_count = given->alert_count,
                                   .series_count = BENCH_SERIES,
                                   .sample_seed = bench->plan.seed,
                                   .forget_max = forget_max};
  return vn_oracle_new(&setup);
}

void bench_tell_readings(const bench_t *bench, vn_oracle_t *oracle, size_t from, size_t to) {
  for (; from < to; from++) {
    if (from == BENCH_READINGS) {
      vn_oracle_end(oracle);
    } else {
      vn_oracle_reading(oracle, &bench->readings[from]);
    }
  }
}

void bench_tell(vn_oracle_t *oracle, const bench_told_t *told) {
  vn_oracle_message(oracle, told->topic, told->payload, told->length);
}

void bench_play(const bench_t *bench, vn_oracle_t *oracle) {
  size_t given = 0;
  for (size_t i = 0; i < bench->told_count; i++) {
    bench_tell_readings(bench, oracle, given, bench->told[i].after);
    given = bench->told[i].after;
    bench_tell(oracle, &bench->told[i]);
  }
  bench_tell_readings(bench, oracle, given, BENCH_READINGS + 1);
  vn_oracle_settle(oracle);
}
