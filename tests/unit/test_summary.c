/* Summary messages in five encodings, against known bytes. */
#include "vn/cbor.h"
#include "vn/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define ALL_STATISTICS (VN_STATISTIC_BIT(VN_STATISTIC_COUNT_OF) - 1u)
#define UP_TO_LAST (VN_STATISTIC_BIT(VN_STATISTIC_MEAN) - 1u)
#define BIT(name) VN_STATISTIC_BIT(VN_STATISTIC_##name)
#define ENCODINGS 5

static vn_window_t window;
static vn_summary_pipeline_t pipeline;
static vn_aggregate_t aggregate;
static vn_window_result_t result;
static vn_summary_t summary;
static vn_member_t sample[2];
static uint8_t record[32768];
static uint8_t message[40000];

static vn_text_t text_of(const char *text) {
  vn_text_t view = {text, strlen(text)};
  return view;
}

/* 58 readings of one minute, at a resolution of 0.01. */
static int prepare(void **state) {
  (void)state;
  window = (vn_window_t){.name = "minute",
                         .size_ms = 60000,
                         .slide_ms = 60000,
                         .statistics = UP_TO_LAST,
                         .shape = VN_WINDOW_TUMBLING};
  pipeline = (vn_summary_pipeline_t){
      .name = "temp", .unit = "Cel", .windows = &window, .window_count = 1, .exponent = -2};
  aggregate = (vn_aggregate_t){.sum = 130580,
                               .squares_low = 294172310,
                               .count = 58,
                               .min = 2010,
                               .max = 2490,
                               .first = 2040,
                               .last = 2410};
  result = (vn_window_result_t){.aggregate = &aggregate,
                                .sample = sample,
                                .start_ms = INT64_C(1795225600000),
                                .end_ms = INT64_C(1795225660000),
                                .kind = VN_KIND_ON_TIME};
  summary = (vn_summary_t){&pipeline, text_of("site/a/temp"), &result};
  sample[0] = (vn_member_t){INT64_C(1795225600123), 2040, 7};
  sample[1] = (vn_member_t){INT64_C(1795225659999), -5, 9};
  return 0;
}

static size_t build(vn_encoding_t encoding) {
  const vn_summary_pipeline_t *pipelines[] = {&pipeline};
  size_t length = vn_summary_record(encoding, &summary, 0, true, record, sizeof record);
  assert_true(length <= sizeof record);
  vn_summary_batch_t batch = {.head = {"gw-1", 42, 7},
                              .pipelines = pipelines,
                              .records = record,
                              .records_length = length,
                              .record_count = 1,
                              .pipeline_count = 1};
  size_t total = vn_summary_message(encoding, &batch, message, sizeof message);
  assert_true(total < sizeof message);
  message[total] = '\0';
  return total;
}

static void expect_hex(const uint8_t *bytes, size_t length, const char *hex) {
  static const char digits[] = "0123456789abcdef";
  char text[2048];
  assert_true(2 * length < sizeof text);
  for (size_t i = 0; i < length; i++) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  text[2 * length] = '\0';
  assert_string_equal(text, hex);
}

static void cbor_is_the_documented_example(void **state) {
  (void)state;
  size_t length = build(VN_ENCODING_CBOR);
  expect_hex(message, length,
             "a60001016467772d31020703182a0481a4006474656d70016343656c02210381666d696e757465"
             "0581ae00000100026b736974652f612f74656d70031b000001a1fbc8c000041b000001a1fbc9aa60"
             "0500060007183a081a0001fe14091a1188b6960a1907da0b1909ba0c1907f80d19096a");
}

static void cbor_carries_only_the_statistics_asked_for(void **state) {
  (void)state;
  window.statistics = BIT(MEAN) | BIT(RANGE) | BIT(MIN);
  result.kind = VN_KIND_LATE;
  result.revision = 3;
  result.start_ms = -60000;
  result.end_ms = 0;
  size_t length = vn_summary_record(VN_ENCODING_CBOR, &summary, 2, false, record, sizeof record);
  /* mean 22.513793103448275 */
  expect_hex(record, length,
             "ab00020100026b736974652f612f74656d700339ea5f04000503060107183a"
             "0a1907da12fb40368387f1e0387f171901e0");
}

static void cbor_sample_counts_from_the_start(void **state) {
  (void)state;
  window.statistics = BIT(COUNT);
  window.sample = 8;
  result.sample_count = 2;
  size_t length = vn_summary_record(VN_ENCODING_CBOR, &summary, 0, true, record, sizeof record);
  expect_hex(record, length,
             "a900000100026b736974652f612f74656d70031b000001a1fbc8c000041b000001a1fbc9aa60"
             "0500060007183a0e8282187b1907f88219ea5f24");
}

static void cbor_floats_are_shortest_and_physical(void **state) {
  (void)state;
  aggregate =
      (vn_aggregate_t){.sum = 300, .squares_low = 50000, .count = 2, .min = 100, .max = 200};
  window.statistics =
      BIT(MEAN) | BIT(VARIANCE) | BIT(VARIANCE_SAMPLE) | BIT(STDDEV) | BIT(STDDEV_SAMPLE);
  result.start_ms = 0;
  result.end_ms = 1;
  summary.series = text_of("a");
  size_t length = vn_summary_record(VN_ENCODING_CBOR, &summary, 0, true, record, sizeof record);
  /* 1.5, 0.25, 0.5, 0.5, sqrt(0.5) */
  expect_hex(record, length,
             "ad000001000261610300040105000600070212f93e0013f9340014f9380015f9380016"
             "fb3fe6a09e667f3bcd");
}

static void a_single_reading_has_no_sample_variance(void **state) {
  (void)state;
  aggregate = (vn_aggregate_t){.sum = 3, .squares_low = 9, .count = 1, .min = 3, .max = 3};
  window.statistics = ALL_STATISTICS;
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, (char *)message, sizeof message);
  vn_summary_members(&writer, &summary, false);
  message[writer.length] = '\0';
  assert_null(strstr((char *)message, "sample"));
  assert_non_null(strstr((char *)message, "\"variance\":0,\"stddev\":0,\"range\":0"));
  size_t length = vn_summary_record(VN_ENCODING_CBOR, &summary, 0, true, record, sizeof record);
  assert_int_equal(record[0], 0xA0 + 14 + 4);
  assert_true(length > 0);
}

static void wide_sums_of_squares_become_bignums(void **state) {
  (void)state;
  aggregate.squares_high = 1;
  aggregate.squares_low = 2;
  window.statistics = BIT(SUM_SQ);
  summary.series = text_of("a");
  result.start_ms = 0;
  result.end_ms = 1;
  size_t length = vn_summary_record(VN_ENCODING_CBOR, &summary, 0, true, record, sizeof record);
  expect_hex(record, length, "a900000100026161030004010500060007183a09c249010000000000000002");
}

/* The keys of the record, each greater than the one before; values hold no other item. */
static void expect_sorted_keys(size_t expected_pairs) {
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  vn_cbor_reader_init(
      &reader, record,
      vn_summary_record(VN_ENCODING_CBOR_NAMED, &summary, 0, true, record, sizeof record));
  assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
  size_t pairs = (size_t)item.unsigned_value;
  assert_int_equal(pairs, expected_pairs);
  size_t before_start = 0;
  size_t before_length = 0;
  for (size_t i = 0; i < pairs; i++) {
    size_t start = reader.position;
    assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
    size_t key_length = reader.position - start;
    size_t common = key_length < before_length ? key_length : before_length;
    assert_true(i == 0 || memcmp(record + before_start, record + start, common) < 0);
    before_start = start;
    before_length = key_length;
    assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE); /* the sample is empty */
  }
}

static void named_keys_are_sorted_by_length_then_bytes(void **state) {
  (void)state;
  window.statistics = ALL_STATISTICS;
  window.sample = 1;
  size_t length = build(VN_ENCODING_CBOR_NAMED);
  expect_sorted_keys(21);
  expect_hex(message, 53,
             "a663736571182a64626f6f7407666465766963656467772d31677265636f72647381b563656e64"
             "1b000001a1fbc9aa60636d617819");
  assert_true(length > 54);
  window.shape = VN_WINDOW_COUNT;
  expect_sorted_keys(23);
}

static void json_is_the_objects_of_result_lines(void **state) {
  (void)state;
  window.statistics = BIT(SUM) | BIT(SUM_SQ) | BIT(MEAN) | BIT(STDDEV);
  window.sample = 2;
  result.sample_count = 2;
  build(VN_ENCODING_JSON);
  assert_string_equal(
      (char *)message,
      "{\"device\":\"gw-1\",\"boot\":7,\"seq\":42,\"summaries\":[{\"pipeline\":\"temp\","
      "\"window\":\"minute\",\"series\":\"site/a/temp\",\"start\":1795225600000,"
      "\"end\":1795225660000,\"kind\":\"on_time\",\"rev\":0,\"count\":58,\"sum\":1305.8,"
      "\"sum_sq\":29417.231,\"mean\":22.513793103448276,\"stddev\":0.56811796852355769,"
      "\"sample\":[[1795225600123,20.4],[1795225659999,-0.05]]}]}");
  size_t length = vn_summary_record(VN_ENCODING_JSON, &summary, 0, false, record, sizeof record);
  assert_true(length > 2);
  assert_memory_equal(record, ",{", 2);
}

static void replay_members_have_the_base_statistics_always(void **state) {
  (void)state;
  window.statistics = 0;
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, (char *)message, sizeof message);
  vn_summary_members(&writer, &summary, true);
  message[writer.length] = '\0';
  assert_string_equal(
      (char *)message,
      "\"pipeline\":\"temp\",\"window\":\"minute\",\"series\":\"site/a/temp\","
      "\"start\":1795225600000,\"end\":1795225660000,\"kind\":\"on_time\",\"rev\":0,"
      "\"count\":58,\"sum\":1305.8,\"sum_sq\":29417.231,\"min\":20.1,\"max\":24.9,"
      "\"first\":20.4,\"last\":24.1,\"mean\":22.513793103448276,"
      "\"variance\":0.32275802615933413");
}

static void senml_json_has_one_record_per_statistic(void **state) {
  (void)state;
  window.statistics = BIT(MEAN) | BIT(VARIANCE) | BIT(MAX);
  result.end_ms = INT64_C(1795225660250);
  build(VN_ENCODING_SENML_JSON);
  assert_string_equal((char *)message,
                      "[{\"bn\":\"gw-1/\"},"
                      "{\"bt\":1795225660.25,\"n\":\"site/a/temp/minute/count\",\"v\":58},"
                      "{\"n\":\"site/a/temp/minute/max\",\"u\":\"Cel\",\"v\":24.9},"
                      "{\"n\":\"site/a/temp/minute/mean\",\"u\":\"Cel\",\"v\":22.513793103448276},"
                      "{\"n\":\"site/a/temp/minute/variance\",\"v\":0.32275802615933413}]");
}

static void senml_cbor_says_the_same(void **state) {
  (void)state;
  window.statistics = BIT(MAX);
  summary.series = text_of("a");
  size_t length = build(VN_ENCODING_SENML_CBOR);
  expect_hex(message, length,
             "83"
             "a1216567772d312f"
             "a3006e612f6d696e7574652f636f756e7402183a221a6b00f83c"
             "a3006c612f6d696e7574652f6d6178016343656c02fb4038e66666666666");
}

static void make_worst(void) {
  static char series[256];
  static const vn_ordered_values_t ordered = {.mean = -1e9 - 0.12345678,
                                              .integral_s = -9223372036854775807.0,
                                              .rate_per_s = 1.2345678901234567e-9,
                                              .exponential_mean = -1.2345678901234567e-9,
                                              .covered_ms = INT64_MAX,
                                              .increase = INT64_MAX,
                                              .has_mean = true,
                                              .has_increase = true,
                                              .has_rate = true,
                                              .has_exponential = true};
  memset(series, 's', sizeof series);
  aggregate = (vn_aggregate_t){.sum = INT64_MIN + 1,
                               .squares_low = UINT64_MAX,
                               .squares_high = UINT32_MAX,
                               .count = UINT32_MAX,
                               .min = INT32_MIN,
                               .max = INT32_MAX,
                               .first = INT32_MIN,
                               .last = INT32_MIN};
  result.start_ms = -(INT64_C(1) << 62);
  result.end_ms = result.start_ms + 1;
  result.revision = UINT32_MAX;
  result.ordered = &ordered;
  result.kind = VN_KIND_ON_TIME;
  summary.series = (vn_text_t){series, 200};
}

static void check_bounds(uint8_t encoding_number) {
  vn_encoding_t encoding = (vn_encoding_t)encoding_number;
  const vn_summary_pipeline_t *pipelines[] = {&pipeline};
  size_t bound = vn_summary_record_max(encoding, &pipeline, 0, 200);
  size_t length = vn_summary_record(encoding, &summary, 255, false, record, sizeof record);
  assert_true(length <= bound);
  assert_true(bound <= 2 * length + 64);
  vn_summary_batch_t batch = {.head = {"gw-1", UINT64_MAX, UINT32_MAX},
                              .pipelines = pipelines,
                              .records = record,
                              .records_length = length,
                              .record_count = 1,
                              .pipeline_count = 1};
  size_t total = vn_summary_message(encoding, &batch, message, sizeof message);
  assert_true(total - length <= vn_summary_envelope_max(encoding, "gw-1", pipelines, 1));
}

static void bounds_hold_in_the_worst_cases(void **state) {
  (void)state;
  static vn_member_t members[VN_SAMPLE_MAX];
  static const int8_t exponents[] = {-18, -9, -2, 0, 3, 18};
  make_worst();
  for (unsigned i = 0; i < VN_SAMPLE_MAX; i++) {
    members[i] = (vn_member_t){(INT64_C(1) << 62) - 1, INT32_MIN, 0};
  }
  window.name = "a \"window\" of a rather long name";
  pipeline.name = "p\x01\x02";
  window.sample = VN_SAMPLE_MAX;
  result.sample = members;
  result.sample_count = VN_SAMPLE_MAX;
  for (size_t e = 0; e < sizeof exponents; e++) {
    pipeline.exponent = exponents[e];
    for (uint8_t encoding = 0; encoding < ENCODINGS; encoding++) {
      window.statistics = ALL_STATISTICS;
      check_bounds(encoding);
      for (unsigned statistic = 0; statistic < VN_STATISTIC_COUNT_OF; statistic++) {
        window.statistics = VN_STATISTIC_BIT(statistic);
        check_bounds(encoding);
      }
    }
  }
}

/* The smallest quotients have the longest decimals. */
static void bounds_hold_for_tiny_quotients(void **state) {
  (void)state;
  make_worst();
  aggregate = (vn_aggregate_t){.sum = -1, .squares_low = 1, .count = UINT32_MAX, .min = -1};
  pipeline.exponent = -18;
  for (uint8_t encoding = 0; encoding < ENCODINGS; encoding++) {
    for (unsigned statistic = 0; statistic < VN_STATISTIC_COUNT_OF; statistic++) {
      window.statistics = VN_STATISTIC_BIT(statistic);
      check_bounds(encoding);
    }
  }
}

static void measures_without_a_buffer(void **state) {
  (void)state;
  window.statistics = ALL_STATISTICS;
  for (int encoding = 0; encoding < ENCODINGS; encoding++) {
    size_t length = build((vn_encoding_t)encoding);
    assert_true(length > 0);
    size_t full =
        vn_summary_record((vn_encoding_t)encoding, &summary, 0, true, record, sizeof record);
    uint8_t narrow[8] = {0};
    assert_int_equal(vn_summary_record((vn_encoding_t)encoding, &summary, 0, true, narrow, 7),
                     full);
    assert_int_equal(narrow[7], 0);
    assert_int_equal(vn_summary_record((vn_encoding_t)encoding, &summary, 0, true, NULL, 0), full);
  }
}

static void content_types_are_registered_names(void **state) {
  (void)state;
  assert_string_equal(vn_encoding_content_type(VN_ENCODING_CBOR), "application/cbor");
  assert_string_equal(vn_encoding_content_type(VN_ENCODING_CBOR_NAMED), "application/cbor");
  assert_string_equal(vn_encoding_content_type(VN_ENCODING_JSON), "application/json");
  assert_string_equal(vn_encoding_content_type(VN_ENCODING_SENML_CBOR), "application/senml+cbor");
  assert_string_equal(vn_encoding_content_type(VN_ENCODING_SENML_JSON), "application/senml+json");
}

#define TEST(name) cmocka_unit_test_setup(name, prepare)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(cbor_is_the_documented_example),
      TEST(cbor_carries_only_the_statistics_asked_for),
      TEST(cbor_sample_counts_from_the_start),
      TEST(cbor_floats_are_shortest_and_physical),
      TEST(a_single_reading_has_no_sample_variance),
      TEST(wide_sums_of_squares_become_bignums),
      TEST(named_keys_are_sorted_by_length_then_bytes),
      TEST(json_is_the_objects_of_result_lines),
      TEST(replay_members_have_the_base_statistics_always),
      TEST(senml_json_has_one_record_per_statistic),
      TEST(senml_cbor_says_the_same),
      TEST(bounds_hold_in_the_worst_cases),
      TEST(bounds_hold_for_tiny_quotients),
      TEST(measures_without_a_buffer),
      TEST(content_types_are_registered_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
