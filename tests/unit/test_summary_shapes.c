/* Summaries of sessions and count windows: what they replace, and when their readings were. */
#include "vn/cbor.h"
#include "vn/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define BIT(name) VN_STATISTIC_BIT(VN_STATISTIC_##name)

static vn_window_t window;
static vn_summary_pipeline_t pipeline;
static vn_aggregate_t aggregate;
static vn_window_result_t result;
static vn_summary_t summary;
static vn_member_t sample[2];
static char record[32768];
static size_t length;

/* 58 readings at a resolution of 0.01; only their count is told. */
static int prepare(void **state) {
  (void)state;
  window = (vn_window_t){.name = "w", .statistics = BIT(COUNT)};
  pipeline = (vn_summary_pipeline_t){
      .name = "p", .unit = "Cel", .windows = &window, .window_count = 1, .exponent = -2};
  aggregate = (vn_aggregate_t){
      .count = 58, .first_ms = INT64_C(1795225600100), .last_ms = INT64_C(1795225659999)};
  result = (vn_window_result_t){.aggregate = &aggregate,
                                .sample = sample,
                                .start_ms = INT64_C(1795225600000),
                                .end_ms = INT64_C(1795225660000)};
  summary = (vn_summary_t){&pipeline, {"a", 1}, &result};
  sample[0] = (vn_member_t){INT64_C(1795225600123), 2040, 7};
  sample[1] = (vn_member_t){INT64_C(1795225659999), -5, 9};
  return 0;
}

static void encode(vn_encoding_t encoding) {
  length = vn_summary_record(encoding, &summary, 0, true, (uint8_t *)record, sizeof record - 1);
  assert_true(length < sizeof record);
  record[length] = '\0';
}

static void expect_hex(const char *hex) {
  static const char digits[] = "0123456789abcdef";
  char text[512];
  assert_true(2 * length < sizeof text);
  for (size_t i = 0; i < length; i++) {
    text[2 * i] = digits[(unsigned char)record[i] >> 4];
    text[2 * i + 1] = digits[record[i] & 15];
  }
  text[2 * length] = '\0';
  assert_string_equal(text, hex);
}

static const vn_span_t replaced[] = {{-7, 5}, {INT64_C(1795225600000), INT64_C(1795225601000)}};

/* A session that replaces two results. */
static void make_session(void) {
  window.shape = VN_WINDOW_SESSION;
  window.supersedes_max = 2;
  result.supersedes = replaced;
  result.supersedes_count = 2;
}

/* The readings number 300 to 357. */
static void make_count_window(void) {
  window.shape = VN_WINDOW_COUNT;
  result.start_ms = 300;
  result.end_ms = 358;
  result.kind = VN_KIND_COUNT;
}

static void cbor_names_what_a_session_supersedes(void **state) {
  (void)state;
  make_session();
  encode(VN_ENCODING_CBOR);
  expect_hex(
      "a900000100026161031b000001a1fbc8c000041b000001a1fbc9aa600500060007183a"
      "0f82822605821b000001a1fbc8c0001b000001a1fbc8c3e8");
  result.supersedes_count = 0;
  encode(VN_ENCODING_CBOR);
  expect_hex("a800000100026161031b000001a1fbc8c000041b000001a1fbc9aa600500060007183a");
}

static void json_names_what_a_session_supersedes_behind_the_sample(void **state) {
  (void)state;
  make_session();
  window.sample = 2;
  result.sample_count = 1;
  encode(VN_ENCODING_JSON);
  assert_string_equal(record,
                      "{\"pipeline\":\"p\",\"window\":\"w\",\"series\":\"a\","
                      "\"start\":1795225600000,\"end\":1795225660000,\"kind\":\"on_time\","
                      "\"rev\":0,\"count\":58,\"sample\":[[1795225600123,20.4]],"
                      "\"supersedes\":[[-7,5],[1795225600000,1795225601000]]}");
  result.supersedes_count = 0;
  encode(VN_ENCODING_JSON);
  assert_null(strstr(record, "supersedes"));
}

static void cbor_count_windows_carry_their_times_and_samples_count_from_the_first(void **state) {
  (void)state;
  make_count_window();
  window.sample = 2;
  result.sample_count = 2;
  encode(VN_ENCODING_CBOR);
  expect_hex(
      "ab000001000261610319012c04190166050006060718"
      "3a0e8282171907f88219e9fb24"
      "18181b000001a1fbc8c06418191b000001a1fbc9aa5f");
}

static void json_count_windows_carry_their_times_behind_the_end(void **state) {
  (void)state;
  make_count_window();
  window.sample = 1;
  result.sample_count = 1;
  encode(VN_ENCODING_JSON);
  assert_string_equal(record,
                      "{\"pipeline\":\"p\",\"window\":\"w\",\"series\":\"a\","
                      "\"start\":300,\"end\":358,\"from\":1795225600100,\"to\":1795225659999,"
                      "\"kind\":\"count\",\"rev\":0,\"count\":58,"
                      "\"sample\":[[1795225600123,20.4]]}");
}

static void senml_times_of_count_windows_are_those_of_the_last_reading(void **state) {
  (void)state;
  make_count_window();
  encode(VN_ENCODING_SENML_JSON);
  assert_string_equal(record, ",{\"bt\":1795225659.999,\"n\":\"a/w/count\",\"v\":58}");
  aggregate.last_ms = INT64_C(1795225660000);
  encode(VN_ENCODING_SENML_CBOR);
  expect_hex("a30069612f772f636f756e7402183a221a6b00f83c");
}

/* All that can be said of how a window's readings came. */
static void account_for_all(void) {
  static const vn_accounted_t per_pane[] = {VN_ACCOUNTED_LATE, VN_ACCOUNTED_DUPLICATE,
                                            VN_ACCOUNTED_REJECTED, VN_ACCOUNTED_LIMITED,
                                            VN_ACCOUNTED_QUARANTINED};
  for (size_t i = 0; i < sizeof per_pane / sizeof *per_pane; i++) {
    result.accounting[per_pane[i]] = UINT32_MAX;
  }
  result.accounting[VN_ACCOUNTED_GAPS] = 3;
  result.accounting[VN_ACCOUNTED_COVERAGE] = 999;
  result.flags = VN_FLAG_BIT(VN_FLAG_COUNT_OF) - 1u;
}

static void cbor_tells_only_what_is_not_zero_of_the_accounting(void **state) {
  (void)state;
  result.accounting[VN_ACCOUNTED_LATE] = 2;
  result.accounting[VN_ACCOUNTED_COVERAGE] = 750;
  result.flags = VN_FLAG_BIT(VN_FLAG_FINAL);
  encode(VN_ENCODING_CBOR);
  expect_hex(
      "aa00000100026161031b000001a1fbc8c000041b000001a1fbc9aa600500060007183a"
      "10a20002061902ee"
      "1110");
  result.accounting[VN_ACCOUNTED_GAPS] = 1;
  encode(VN_ENCODING_CBOR_NAMED);
  static const char tail[] =
      "\x6a"
      "accounting\xa3\x64gaps\x01\x64late\x02\x68"
      "coverage\x19\x02\xee";
  assert_memory_equal(record + length - (sizeof tail - 1), tail, sizeof tail - 1);
}

static void json_tells_the_accounting_and_the_flags_at_the_end(void **state) {
  (void)state;
  account_for_all();
  encode(VN_ENCODING_JSON);
  assert_non_null(strstr(record,
                         "\"count\":58,\"accounting\":{\"late\":4294967295,"
                         "\"duplicate\":4294967295,\"rejected\":4294967295,"
                         "\"limited\":4294967295,\"quarantined\":4294967295,\"gaps\":3,"
                         "\"coverage\":999},\"flags\":[\"time_quality\",\"coarsened\","
                         "\"partial\",\"degraded\",\"final\",\"reconfigured\"]}"));
}

static void check_bound(vn_encoding_t encoding) {
  encode(encoding);
  size_t bound = vn_summary_record_max(encoding, &pipeline, 0, 1);
  assert_true(length <= bound);
  assert_true(bound <= 2 * length + 64);
}

/* -2^62 is as long as times get. */
static void bounds_hold_with_a_full_accounting(void **state) {
  (void)state;
  aggregate.first_ms = aggregate.last_ms = result.start_ms = -(INT64_C(1) << 62);
  result.end_ms = result.start_ms + 1;
  account_for_all();
  for (int encoding = VN_ENCODING_CBOR; encoding <= VN_ENCODING_JSON; encoding++) {
    check_bound((vn_encoding_t)encoding);
  }
}

static void bounds_hold_for_all_that_can_be_superseded_and_for_counts(void **state) {
  (void)state;
  static vn_span_t spans[UINT8_MAX];
  aggregate.first_ms = aggregate.last_ms = result.start_ms = -(INT64_C(1) << 62);
  result.end_ms = result.start_ms + 1;
  for (unsigned i = 0; i < UINT8_MAX; i++) {
    spans[i] = (vn_span_t){result.start_ms, result.end_ms};
  }
  result.supersedes = spans;
  result.flags = VN_FLAG_BIT(VN_FLAG_COUNT_OF) - 1u;
  for (int encoding = VN_ENCODING_CBOR; encoding <= VN_ENCODING_JSON; encoding++) {
    window.shape = VN_WINDOW_SESSION;
    for (unsigned count = 1; count <= UINT8_MAX; count++) {
      window.supersedes_max = result.supersedes_count = (uint8_t)count;
      check_bound((vn_encoding_t)encoding);
    }
    window.shape = VN_WINDOW_COUNT;
    window.supersedes_max = result.supersedes_count = 0;
    check_bound((vn_encoding_t)encoding);
  }
}

#define TEST(name) cmocka_unit_test_setup(name, prepare)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(cbor_names_what_a_session_supersedes),
      TEST(json_names_what_a_session_supersedes_behind_the_sample),
      TEST(cbor_count_windows_carry_their_times_and_samples_count_from_the_first),
      TEST(json_count_windows_carry_their_times_behind_the_end),
      TEST(senml_times_of_count_windows_are_those_of_the_last_reading),
      TEST(cbor_tells_only_what_is_not_zero_of_the_accounting),
      TEST(json_tells_the_accounting_and_the_flags_at_the_end),
      TEST(bounds_hold_with_a_full_accounting),
      TEST(bounds_hold_for_all_that_can_be_superseded_and_for_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
