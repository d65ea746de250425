/*
 * Messages through a whole engine with an input for each format: the input is messages, each one
 * byte that chooses a topic, two bytes of length, a payload. Whatever comes, the books balance, a
 * series that is not spoken to keeps its state, dead letters keep their rate, and everything
 * that goes out is well-formed.
 */
#include <stdlib.h>
#include <string.h>

#include "../../firmware-agnostic-core/src/engine_priv.h"
#include "vn/cbor.h"
#include "vn/json.h"

#define T0 INT64_C(1795219200000)
#define SERIES 4u
#define STATE_MAX 4096u
#define LETTERS_AT_ONCE 10u
#define MESSAGES_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The plan that all runs share, and the memory of one engine. */
typedef struct bench {
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_window_t windows[2];
  vn_alert_plan_t alert;
  vn_input_t inputs[6];
  vn_field_t fields[2];
  vn_engine_t engine;
  vn_store_t store;
  void *block;
  int64_t now_ms;
} bench_t;

static int64_t mono_ms(void *context) { return ((const bench_t *)context)->now_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  *out = ((const bench_t *)context)->now_ms;
  return true;
}

static void check_json(const uint8_t *bytes, size_t length) {
  vn_json_t json;
  vn_json_event_t event = VN_JSON_NULL;
  vn_json_init(&json, bytes, length, VN_JSON_DEPTH_MAX);
  while (event != VN_JSON_DONE) {
    VN_ASSERT(vn_json_next(&json, &event) == VN_REASON_NONE);
  }
}

static void check_cbor(const uint8_t *bytes, size_t length) {
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  vn_cbor_reader_init(&reader, bytes, length);
  while (reader.position < reader.length) {
    VN_ASSERT(vn_cbor_next(&reader, &item) == VN_REASON_NONE);
  }
}

static vn_err_t send_up(void *context, const vn_message_t *message) {
  VN_ASSERT(context != NULL && message->topic_length > 0 && message->payload_length > 0);
  if (message->channel == VN_CHANNEL_SUMMARY) {
    check_cbor(message->payload, message->payload_length);
  } else {
    check_json(message->payload, message->payload_length);
  }
  return VN_OK;
}

static vn_text_t text(const char *literal) { return (vn_text_t){literal, strlen(literal)}; }

static void make_input(vn_input_t *input, vn_format_t format, const char *pattern) {
  const char *problem;
  bool senml = format == VN_FORMAT_SENML_JSON || format == VN_FORMAT_SENML_CBOR;
  input->format = (uint8_t)format;
  VN_ASSERT(vn_pattern_compile(text(pattern), &input->pattern, &problem) == VN_OK);
  VN_ASSERT(vn_template_compile(text(senml ? "{name}" : "{s}"), &input->pattern, senml,
                                &input->series, &problem) == VN_OK);
}

static void make_inputs(bench_t *bench) {
  const char *problem;
  make_input(&bench->inputs[0], VN_FORMAT_NUMBER, "n/{s}");
  make_input(&bench->inputs[1], VN_FORMAT_JSON, "j/{s}");
  make_input(&bench->inputs[2], VN_FORMAT_CBOR, "c/{s}");
  make_input(&bench->inputs[3], VN_FORMAT_SENML_JSON, "p/#");
  make_input(&bench->inputs[4], VN_FORMAT_SENML_CBOR, "b/#");
  make_input(&bench->inputs[5], VN_FORMAT_JSON, "r/{s}");
  VN_ASSERT(vn_path_compile(text("v"), &bench->fields[0].path, &problem) == VN_OK);
  VN_ASSERT(vn_path_compile(text("z[*].v"), &bench->fields[1].path, &problem) == VN_OK);
  for (unsigned i = 1; i < 6; i++) {
    vn_input_t *input = &bench->inputs[i];
    if (input->format == VN_FORMAT_JSON || input->format == VN_FORMAT_CBOR) {
      bench->fields[0].series = bench->fields[1].series = input->series;
      input->fields = bench->fields;
      input->field_count = 2;
      input->has_time = input->has_sequence = true;
      input->time_unit = i == 5 ? VN_UNIT_RFC3339 : VN_UNIT_MS;
      VN_ASSERT(vn_path_compile(text("t"), &input->time_path, &problem) == VN_OK);
      VN_ASSERT(vn_path_compile(text("q"), &input->sequence_path, &problem) == VN_OK);
    }
  }
}

static void make_pipeline(bench_t *bench) {
  bench->windows[0] = (vn_window_t){.name = "ten",
                                    .size_ms = 10000,
                                    .slide_ms = 10000,
                                    .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN),
                                    .sample = 2};
  bench->windows[1] = (vn_window_t){.name = "slide",
                                    .size_ms = 20000,
                                    .slide_ms = 10000,
                                    .statistics = VN_STATISTIC_BIT(VN_STATISTIC_SUM),
                                    .shape = VN_WINDOW_SLIDING};
  bench->alert = (vn_alert_plan_t){.name = "hot",
                                   .severity = "critical",
                                   .of = "value",
                                   .rule = {.limit = 8000, .condition = VN_ALERT_ABOVE},
                                   .exponent = -2};
  bench->pipeline = (vn_pipeline_t){
      .summary = {.name = "p",
                  .unit = "Cel",
                  .windows = bench->windows,
                  .window_count = 2,
                  .exponent = -2},
      .match = text("*"),
      .alerts = &bench->alert,
      .alert_count = 1,
      .out_of_order_ms = 2000,
      .lateness_ms = 5000,
      .idle_timeout_ms = VN_DURATION_OFF,
      .max_future_ms = VN_DURATION_OFF,
      .range_low = INT32_MIN,
      .range_high = INT32_MAX,
      .series_max = SERIES,
  };
}

static bench_t *make_bench(void) {
  bench_t *bench = calloc(1, sizeof *bench);
  VN_ASSERT(bench != NULL);
  make_inputs(bench);
  make_pipeline(bench);
  bench->plan = (vn_plan_t){
      .device = "gw",
      .prefix = "vnotch",
      .inputs = bench->inputs,
      .pipelines = &bench->pipeline,
      .flush_every_ms = 1000,
      .checkpoint_every_ms = 10000,
      .series_max = SERIES,
      .queue_messages = 8,
      .queue_bytes = 1u << 18,
      .message_max_bytes = 65536,
      .outbox_bytes = 32768,
      .outbox_entries = 64,
      .batch_max = 4,
      .name_max = 16,
      .input_count = 6,
      .pipeline_count = 1,
      .durability = VN_DURABILITY_VOLATILE,
  };
  VN_ASSERT(vn_store_need(&bench->plan, &bench->store) == VN_OK);
  bench->block = aligned_alloc(64, vn_store_bytes(&bench->store));
  VN_ASSERT(bench->block != NULL);
  vn_store_layout(&bench->store, bench->block);
  return bench;
}

static size_t save_bystander(bench_t *bench, uint8_t out[STATE_MAX]) {
  uint32_t number = vn_series_find(&bench->engine.table, text("by"), vn_series_hash(text("by")));
  VN_ASSERT(number != VN_SERIES_NONE);
  size_t length = vn__slot_save(&bench->engine, number, out, STATE_MAX);
  VN_ASSERT(length <= STATE_MAX);
  return length;
}

/* An escape may spell its name too. */
static bool mentions_bystander(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (data[i] == '\\' || (data[i] == 'b' && i + 1 < size && data[i + 1] == 'y')) {
      return true;
    }
  }
  return false;
}

static void step(bench_t *bench) {
  uint32_t sleep_ms = 0;
  while (sleep_ms == 0) {
    VN_ASSERT(vn_step(&bench->engine, 8, &sleep_ms) == VN_OK);
    const vn_outbox_line_t *lines = bench->engine.outbox.lines;
    for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
      for (uint64_t i = lines[q].tail; i < lines[q].head; i++) {
        vn_sent(&bench->engine, i * VN_OUTBOX_QUEUES + q, true);
      }
    }
  }
}

static void check_books(const bench_t *bench) {
  const vn_accounting_t *all = &vn_engine_figures(&bench->engine)->readings;
  VN_ASSERT(all->received == all->accepted + all->late + all->no_window + all->duplicate +
                                 all->limited + all->quarantined + all->rejected);
  uint64_t allowed = LETTERS_AT_ONCE + (uint64_t)(bench->now_ms - T0) / 1000;
  VN_ASSERT(vn_engine_figures(&bench->engine)->dead_letters <= allowed);
}

/* Takes one message off the input; false: none is left. */
static bool take_message(bench_t *bench, const uint8_t **at, size_t *left) {
  static const char *const topics[] = {"n/a", "j/a", "c/a", "p/x", "b/x", "r/a", "n/b c", "x"};
  if (*left < 3) {
    return false;
  }
  size_t length = (size_t)(*at)[1] | (size_t)(*at)[2] << 8;
  length = length < *left - 3 ? length : *left - 3;
  vn_text_t topic = text(topics[(*at)[0] & 7u]);
  bench->now_ms += ((*at)[0] >> 4) * 500;
  vn_take_message(&bench->engine, topic, *at + 3, length, ((*at)[0] & 8u) != 0);
  *at += 3 + length;
  *left -= 3 + length;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bench_t *bench;
  uint8_t before[STATE_MAX];
  uint8_t after[STATE_MAX];
  if (bench == NULL) {
    bench = make_bench();
  }
  const vn_clock_t clock = {bench, mono_ms, wall_ms};
  const vn_uplink_t uplink = {bench, send_up};
  const vn_ports_t ports = {&clock, NULL, &uplink, NULL};
  bench->now_ms = T0;
  VN_ASSERT(vn_init(&bench->engine, &bench->plan, &bench->store, &ports) == VN_OK);
  VN_ASSERT(vn_restore(&bench->engine) == VN_OK);
  vn_take_message(&bench->engine, text("n/by"), (const uint8_t *)"79", 2, false);
  size_t length = save_bystander(bench, before);
  bool spoken_to = mentions_bystander(data, size);
  for (unsigned i = 0; i < MESSAGES_MAX && take_message(bench, &data, &size); i++) {
    if ((i & 3u) == 3u) {
      step(bench);
    }
  }
  VN_ASSERT(save_bystander(bench, after) == length || spoken_to);
  VN_ASSERT(memcmp(before, after, length) == 0 || spoken_to);
  vn_flush(&bench->engine);
  bench->now_ms += 1000;
  step(bench);
  VN_ASSERT(vn_idle(&bench->engine));
  check_books(bench);
  return 0;
}
