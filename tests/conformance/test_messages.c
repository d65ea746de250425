/*
 * Random messages of every kind: within their bounds, and the same each time. With the argument
 * "emit" it prints them instead, one per line ("cbor <hex>", "json <text>", ...), and the examples
 * of docs/messages.md, for checkers that share no code with the encoders.
 */
#include "alert_examples.h"
#include "prng.h"
#include "vn/alert_message.h"
#include "vn/gap.h"
#include "vn/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEED 20261121u
#define ROUNDS 400
#define PIPELINES 2
#define RECORDS_MAX 5
#define ENCODINGS 5
#define SPANS_MAX 20
#define MESSAGE_BYTES 65536

static const char *const encoding_words[ENCODINGS] = {"cbor", "cbor-named", "json", "senml+cbor",
                                                      "senml+json"};

/* Everything that a message is made of. */
typedef struct content {
  vn_window_t windows[PIPELINES][2];
  vn_summary_pipeline_t pipelines[PIPELINES];
  const vn_summary_pipeline_t *list[PIPELINES];
  uint8_t pipeline_count;
  vn_aggregate_t aggregates[RECORDS_MAX];
  vn_member_t samples[RECORDS_MAX][8];
  vn_span_t spans[RECORDS_MAX][SPANS_MAX];
  vn_extra_values_t extras[RECORDS_MAX];
  vn_ordered_values_t ordered[RECORDS_MAX];
  vn_window_result_t results[RECORDS_MAX];
  vn_summary_t summaries[RECORDS_MAX];
  uint8_t pipeline_index[RECORDS_MAX];
  uint32_t record_count;
  vn_summary_head_t head;
  vn_accounting_t accounting;
  bool quiet; /* the message tells nothing of the device */
} content_t;

static content_t content;
static uint8_t records[MESSAGE_BYTES];
static uint8_t message[MESSAGE_BYTES];

static int32_t any_value(prng_t *prng) {
  return prng_chance(prng, 70) ? (int32_t)prng_between(prng, -3000, 3000)
                               : (int32_t)prng_between(prng, INT32_MIN, INT32_MAX);
}

static void make_aggregate(prng_t *prng, vn_aggregate_t *aggregate, vn_time_ms_t start_ms) {
  vn_aggregate_clear(aggregate);
  uint32_t count = prng_chance(prng, 30) ? 1 : 1 + prng_below(prng, 40);
  for (uint32_t i = 0; i < count; i++) {
    vn_aggregate_add(aggregate, start_ms + prng_below(prng, 1000), any_value(prng));
  }
}

/* What its shape adds to a result. */
static void shape_result(prng_t *prng, const vn_window_t *window, uint32_t i) {
  vn_window_result_t *result = &content.results[i];
  if (window->shape == VN_WINDOW_COUNT) {
    result->start_ms = prng_between(prng, 0, INT64_C(5000000000));
    result->end_ms = result->start_ms + result->aggregate->count;
    result->revision = 0;
    result->kind = VN_KIND_COUNT;
  }
  if (window->shape == VN_WINDOW_SESSION) {
    vn_time_ms_t at_ms = result->start_ms;
    result->supersedes = content.spans[i];
    result->supersedes_count = (uint8_t)prng_below(prng, window->supersedes_max + 1u);
    for (unsigned k = 0; k < result->supersedes_count; k++) {
      content.spans[i][k].start_ms = at_ms;
      content.spans[i][k].end_ms = at_ms + prng_between(prng, 1, 100000);
      at_ms = content.spans[i][k].end_ms + prng_between(prng, 0, 1000);
    }
  }
}

/* A slope needs two readings. */
static void add_extras(prng_t *prng, const vn_window_t *window, uint32_t i) {
  vn_window_result_t *result = &content.results[i];
  vn_extra_values_t *extra = &content.extras[i];
  if ((window->statistics & VN_STATISTICS_EXTRA) == 0) {
    return;
  }
  *extra =
      (vn_extra_values_t){.slope_per_s = (double)prng_between(prng, -1000000, 1000000) / 8192.0,
                          .distinct = 1u + prng_below(prng, result->aggregate->count),
                          .has_slope = result->aggregate->count > 1,
                          .has_distinct = true,
                          .has_quantiles = true};
  for (unsigned k = 0; k < VN_EXTRA_QUANTILES; k++) {
    extra->quantiles[k] = any_value(prng);
  }
  result->extra = extra;
}

/* How its readings came; sessions and count windows don't tell. */
static void add_accounting(prng_t *prng, const vn_window_t *window, uint32_t i) {
  vn_window_result_t *result = &content.results[i];
  result->flags = (uint8_t)prng_below(prng, VN_FLAG_BIT(VN_FLAG_COUNT_OF));
  if (window->shape >= VN_WINDOW_SESSION) {
    return;
  }
  for (unsigned k = 0; k < VN_ACCOUNTED_COUNT_OF; k++) {
    result->accounting[k] = prng_chance(prng, 60) ? 0 : prng_next(prng) >> prng_below(prng, 32);
  }
  result->accounting[VN_ACCOUNTED_COVERAGE] %= 1000;
}

/* And values in time order, of which some or all may be missing. */
static void add_ordered(prng_t *prng, const vn_window_t *window, uint32_t i) {
  if ((window->statistics & VN_STATISTICS_ORDERED) == 0 || window->shape >= VN_WINDOW_SESSION) {
    return;
  }
  content.ordered[i] =
      (vn_ordered_values_t){.mean = (double)prng_between(prng, -1000000, 1000000) / 7.0,
                            .integral_s = (double)prng_between(prng, -1000000, 1000000) * 1e12,
                            .rate_per_s = (double)prng_below(prng, 1000000) / 8192.0,
                            .exponential_mean = any_value(prng) / 1024.0,
                            .covered_ms = prng_between(prng, 1, INT64_C(10000000000000)),
                            .increase = prng_between(prng, 0, INT64_MAX),
                            .has_mean = prng_chance(prng, 80),
                            .has_increase = prng_chance(prng, 80),
                            .has_rate = prng_chance(prng, 80),
                            .has_exponential = prng_chance(prng, 80)};
  content.results[i].ordered = &content.ordered[i];
}

static void make_record(prng_t *prng, uint32_t i) {
  static const char *const names[] = {"a", "site/a/temp", "x:9/long-name_with.many/levels/in/it"};
  vn_window_result_t *result = &content.results[i];
  const char *name = names[prng_below(prng, 3)];
  uint8_t pipeline = (uint8_t)prng_below(prng, PIPELINES);
  vn_time_ms_t start_ms = prng_chance(prng, 20) ? prng_between(prng, -100000, 100000)
                                                : prng_between(prng, 0, INT64_C(4000000000000));
  make_aggregate(prng, &content.aggregates[i], start_ms);
  *result = (vn_window_result_t){.aggregate = &content.aggregates[i],
                                 .sample = content.samples[i],
                                 .start_ms = start_ms,
                                 .end_ms = start_ms + prng_between(prng, 1, 100000),
                                 .revision = prng_chance(prng, 80) ? 0 : prng_next(prng),
                                 .window = (uint8_t)prng_below(prng, 2),
                                 .kind = (uint8_t)prng_below(prng, VN_KIND_COUNT)};
  const vn_window_t *window = &content.windows[pipeline][result->window];
  shape_result(prng, window, i);
  add_extras(prng, window, i);
  add_accounting(prng, window, i);
  add_ordered(prng, window, i);
  uint32_t capacity = window->sample;
  uint32_t count = content.aggregates[i].count;
  result->sample_count = capacity < count ? capacity : count;
  for (uint32_t k = 0; k < result->sample_count; k++) {
    content.samples[i][k] = (vn_member_t){result->aggregate->first_ms + prng_below(prng, 1000),
                                          any_value(prng), prng_next(prng)};
  }
  content.pipeline_index[i] = pipeline;
  content.summaries[i] = (vn_summary_t){&content.pipelines[pipeline], {name, strlen(name)}, result};
}

static void make_window(prng_t *prng, vn_window_t *window, const char *name) {
  *window =
      (vn_window_t){.name = name,
                    .statistics = prng_next(prng) & (VN_STATISTIC_BIT(VN_STATISTIC_COUNT_OF) - 1u),
                    .sample = (uint16_t)(prng_chance(prng, 50) ? 0 : prng_below(prng, 9)),
                    .shape = (uint8_t)prng_between(prng, VN_WINDOW_TUMBLING, VN_WINDOW_COUNT)};
  if (window->shape == VN_WINDOW_SESSION) {
    window->supersedes_max = (uint8_t)(1 + prng_below(prng, SPANS_MAX));
  }
}

static void make_content(prng_t *prng) {
  static const char *const units[] = {"Cel", "", "%RH"};
  for (unsigned p = 0; p < PIPELINES; p++) {
    for (unsigned w = 0; w < 2; w++) {
      make_window(prng, &content.windows[p][w], w == 0 ? "minute" : "trend");
    }
    content.pipelines[p] = (vn_summary_pipeline_t){.name = p == 0 ? "temperature" : "humidity",
                                                   .unit = units[prng_below(prng, 3)],
                                                   .windows = content.windows[p],
                                                   .window_count = 2,
                                                   .corrects = true,
                                                   .exponent = (int8_t)prng_between(prng, -6, 3)};
    content.list[p] = &content.pipelines[p];
  }
  content.pipeline_count = PIPELINES;
  content.record_count = 1 + prng_below(prng, RECORDS_MAX);
  for (uint32_t i = 0; i < content.record_count; i++) {
    make_record(prng, i);
  }
  content.head = (vn_summary_head_t){"gw-17", prng_u64(prng), prng_next(prng)};
  content.quiet = prng_chance(prng, 20);
#define COUNTER(name) content.accounting.name = prng_u64(prng) >> prng_below(prng, 64);
  VN_ACCOUNTING_LIST(COUNTER)
#undef COUNTER
}

/* Puts the message together as the engine does; asserts the bounds on the way. */
static size_t build(vn_encoding_t encoding) {
  size_t length = 0;
  for (uint32_t i = 0; i < content.record_count; i++) {
    const vn_summary_t *summary = &content.summaries[i];
    size_t one = vn_summary_record(encoding, summary, content.pipeline_index[i], i == 0,
                                   records + length, sizeof records - length);
    assert_true(one <= vn_summary_record_max(encoding, summary->pipeline, summary->result->window,
                                             (uint16_t)summary->series.length));
    length += one;
  }
  vn_summary_batch_t batch = {.head = content.head,
                              .pipelines = content.list,
                              .accounting = content.quiet ? NULL : &content.accounting,
                              .records = records,
                              .records_length = length,
                              .record_count = content.record_count,
                              .pipeline_count = content.pipeline_count};
  size_t total = vn_summary_message(encoding, &batch, message, sizeof message);
  assert_true(total <= sizeof message);
  assert_true(total - length <= vn_summary_envelope_max(encoding, content.head.device, content.list,
                                                        content.pipeline_count));
  return total;
}

static void random_messages_stay_within_their_bounds(void **state) {
  (void)state;
  print_message("seed %u\n", SEED);
  prng_t prng = prng_make(SEED, 0);
  for (int round = 0; round < ROUNDS; round++) {
    make_content(&prng);
    for (int encoding = 0; encoding < ENCODINGS; encoding++) {
      assert_true(build((vn_encoding_t)encoding) > 0);
    }
  }
}

static void equal_content_is_equal_bytes(void **state) {
  (void)state;
  static uint8_t before[MESSAGE_BYTES];
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 50; round++) {
    make_content(&prng);
    for (int encoding = 0; encoding < ENCODINGS; encoding++) {
      size_t length = build((vn_encoding_t)encoding);
      memcpy(before, message, length);
      memset(message, 0xA5, sizeof message);
      memset(records, 0x5A, sizeof records);
      assert_int_equal(build((vn_encoding_t)encoding), length);
      assert_memory_equal(message, before, length);
    }
  }
}

static void print_line(const char *word, const void *bytes, size_t length, bool as_hex) {
  printf("%s ", word);
  for (size_t i = 0; i < length; i++) {
    printf(as_hex ? "%02x" : "%c", ((const uint8_t *)bytes)[i]);
  }
  putchar('\n');
}

static void emit_summary(const char *prefix, int encoding) {
  char word[40];
  snprintf(word, sizeof word, "%s%s", prefix, encoding_words[encoding]);
  size_t length = build((vn_encoding_t)encoding);
  print_line(word, message, length,
             encoding != VN_ENCODING_JSON && encoding != VN_ENCODING_SENML_JSON);
}

/* One minute of one sensor: the example of docs/messages.md. */
static void make_example(void) {
  prng_t prng = prng_make(1, 1);
  make_content(&prng);
  content.windows[0][0] = (vn_window_t){.name = "minute", .sample = 2};
  content.windows[0][0].statistics =
      VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_MIN) |
      VN_STATISTIC_BIT(VN_STATISTIC_MAX) | VN_STATISTIC_BIT(VN_STATISTIC_MEAN);
  content.pipelines[0].unit = "Cel";
  content.pipelines[0].exponent = -2;
  content.pipelines[0].window_count = 1;
  content.head = (vn_summary_head_t){"gw-17", 42, 7};
  content.quiet = false;
  content.accounting = (vn_accounting_t){.received = 1207, .accepted = 1203, .duplicate = 4};
  content.record_count = 1;
  content.pipeline_count = 1;
  content.pipeline_index[0] = 0;
  vn_window_result_t *result = &content.results[0];
  vn_aggregate_clear(&content.aggregates[0]);
  static const int32_t values[] = {2137, 2140, 2152, 2149};
  for (int i = 0; i < 4; i++) {
    vn_time_ms_t time_ms = INT64_C(1795225600000) + 15000 * i;
    vn_aggregate_add(&content.aggregates[0], time_ms, values[i]);
    content.samples[0][i] = (vn_member_t){time_ms, values[i], 0};
  }
  *result = (vn_window_result_t){.aggregate = &content.aggregates[0],
                                 .sample = content.samples[0],
                                 .start_ms = INT64_C(1795225600000),
                                 .end_ms = INT64_C(1795225660000),
                                 .sample_count = 2,
                                 .flags = VN_FLAG_BIT(VN_FLAG_FINAL)};
  content.summaries[0] = (vn_summary_t){&content.pipelines[0], {"line1/temp", 10}, result};
}

/* A revision: one reading came late, another one twice, and a quarter of the minute was silent. */
static void emit_late_example(void) {
  vn_window_result_t *result = &content.results[0];
  content.head.seq = 46;
  content.quiet = true; /* once is enough */
  result->kind = VN_KIND_LATE;
  result->revision = 1;
  result->flags = 0;
  result->accounting[VN_ACCOUNTED_LATE] = 1;
  result->accounting[VN_ACCOUNTED_DUPLICATE] = 1;
  result->accounting[VN_ACCOUNTED_GAPS] = 1;
  result->accounting[VN_ACCOUNTED_COVERAGE] = 750;
  print_line("example-json-late", message, build(VN_ENCODING_JSON), false);
}

/* The same readings in a session, in a count window and in a report. */
static void emit_shape_examples(void) {
  vn_window_t *window = &content.windows[0][0];
  vn_window_result_t *result = &content.results[0];
  *window = (vn_window_t){.name = "visit",
                          .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN),
                          .supersedes_max = 1,
                          .shape = VN_WINDOW_SESSION};
  content.spans[0][0] = (vn_span_t){INT64_C(1795225600000), INT64_C(1795225660000)};
  content.head.seq = 44;
  result->end_ms = INT64_C(1795225675000);
  result->kind = VN_KIND_LATE;
  result->revision = 1;
  memset(result->accounting, 0, sizeof result->accounting);
  result->supersedes = content.spans[0];
  result->supersedes_count = 1;
  print_line("example-json-session", message, build(VN_ENCODING_JSON), false);
  *window = (vn_window_t){
      .name = "four", .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN), .shape = VN_WINDOW_COUNT};
  content.head.seq = 45;
  *result = (vn_window_result_t){.aggregate = &content.aggregates[0],
                                 .start_ms = 96,
                                 .end_ms = 100,
                                 .kind = VN_KIND_COUNT,
                                 .flags = VN_FLAG_BIT(VN_FLAG_FINAL)};
  print_line("example-json-count", message, build(VN_ENCODING_JSON), false);
  static const vn_member_t points[] = {{INT64_C(1795225600000), 2137, 0},
                                       {INT64_C(1795225645000), 2152, 0}};
  *window = (vn_window_t){.name = "trail", .sample = 8, .shape = VN_WINDOW_REPORT};
  content.head.seq = 46;
  *result = (vn_window_result_t){.aggregate = &content.aggregates[0],
                                 .sample = points,
                                 .start_ms = INT64_C(1795225600000),
                                 .end_ms = INT64_C(1795225645001),
                                 .sample_count = 2};
  print_line("example-json-report", message, build(VN_ENCODING_JSON), false);
}

static void emit_alert(const char *word, const char *text, size_t length) {
  print_line(word, text, length, false);
}

static void emit_dead_letter_example(void) {
  static const char payload[] = "{\"v\": 21,37}";
  const vn_dead_letter_t letter = {.topic = {"plant/line1/temp", 16},
                                   .payload = (const uint8_t *)payload,
                                   .payload_length = sizeof payload - 1,
                                   .offset = 8,
                                   .at_ms = INT64_C(1795225672000),
                                   .reason = VN_REASON_JSON};
  static const vn_message_head_t head = {"gw-17", 43, 7};
  char *text = (char *)message;
  print_line("example-dead-letter", text,
             vn_dead_letter_message(&head, &letter, text, sizeof message), false);
}

/* The notice of the document, and each of a few others in all forms. */
static void emit_gaps(void) {
  const vn_summary_head_t head = {"gw-17", 310, 7};
  vn_gap_t gaps[VN_GAP_REASONS] = {{.first_seq = 47,
                                    .last_seq = 301,
                                    .messages = 198,
                                    .results = 3960,
                                    .from_ms = INT64_C(1795225660000),
                                    .to_ms = INT64_C(1795240060000)}};
  print_line("example-json-gap", message,
             vn_gap_notice(VN_ENCODING_JSON, &head, gaps, message, sizeof message), false);
  for (int round = 0; round < 3; round++) {
    gaps[VN_GAP_COARSENED] = (vn_gap_t){.first_seq = 5,
                                        .last_seq = UINT64_MAX,
                                        .messages = (uint64_t)round,
                                        .alerts = (uint64_t)round,
                                        .from_ms = round,
                                        .to_ms = 1};
    print_line("gap", message,
               vn_gap_notice(VN_ENCODING_CBOR, &head, gaps, message, sizeof message), true);
    print_line("gap-named", message,
               vn_gap_notice(VN_ENCODING_CBOR_NAMED, &head, gaps, message, sizeof message), true);
    print_line("gap-json", message,
               vn_gap_notice(VN_ENCODING_SENML_CBOR, &head, gaps, message, sizeof message), false);
  }
}

static int emit(void) {
  prng_t prng = prng_make(SEED, 0);
  for (int round = 0; round < ROUNDS; round++) {
    make_content(&prng);
    for (int encoding = 0; encoding < ENCODINGS; encoding++) {
      emit_summary("", encoding);
    }
  }
  make_example();
  for (int encoding = 0; encoding < ENCODINGS; encoding++) {
    emit_summary("example-", encoding);
  }
  emit_late_example();
  emit_shape_examples();
  alert_examples(emit_alert);
  emit_dead_letter_example();
  emit_gaps();
  return 0;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_messages_stay_within_their_bounds),
      cmocka_unit_test(equal_content_is_equal_bytes),
  };
  if (argc == 2 && strcmp(argv[1], "emit") == 0) {
    return emit();
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
