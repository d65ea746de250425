/* Traces: JSON lines and CSV, good and bad. */
#include "trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vn_trace_t trace;
static vn_trace_event_t event;
static FILE *file;

static void open_bytes(const char *bytes, size_t length) {
  file = tmpfile();
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, length, file), length);
  rewind(file);
  vn_trace_init(&trace, file);
}

static void open_text(const char *text) { open_bytes(text, strlen(text)); }

static int close_trace(void **state) {
  (void)state;
  vn_trace_free(&trace);
  if (file != NULL) {
    fclose(file);
    file = NULL;
  }
  return 0;
}

static void expect_text(vn_text_t text, const char *expected) {
  assert_int_equal(text.length, strlen(expected));
  assert_memory_equal(text.bytes, expected, text.length);
}

static void expect_event(vn_trace_kind_t kind, uint64_t index) {
  assert_int_equal(vn_trace_next(&trace, &event), VN_TRACE_EVENT);
  assert_int_equal(event.kind, kind);
  assert_int_equal(event.index, index);
}

static void expect_end(void) { assert_int_equal(vn_trace_next(&trace, &event), VN_TRACE_END); }

static void reads_every_kind_of_line(void **state) {
  (void)state;
  open_text(
      "{\"at\": 5, \"series\": \"a/b\", \"t\": -7, \"v\": 21.370, \"seq\": 4294967295}\n"
      "{\"at\":6,\"topic\":\"x/\\u00e4\",\"payload\":\"{\\\"v\\\":1}\",\"retained\":true}\n"
      "{\"topic\":\"t\",\"payload_hex\":\"00fFA5\"}\n"
      "{\"op\":\"tick\",\"at\":7}\n"
      "{\"op\":\"watermark\",\"t\":9}\n"
      "{\"op\":\"watermark\",\"t\":9,\"series\":\"a\"}\n"
      "{\"op\":\"flush\"}\n");
  expect_event(VN_TRACE_READING, 0);
  expect_text(event.series, "a/b");
  assert_true(event.has_at && event.at_ms == 5);
  assert_true(event.has_time && event.time_ms == -7);
  assert_true(event.has_sequence && event.sequence == UINT32_MAX);
  assert_int_equal(event.value.kind, VN_NUMBER_DECIMAL);
  int64_t scaled;
  assert_int_equal(vn_number_scale(&event.value, -3, 0, 99999, &scaled), VN_REASON_NONE);
  assert_int_equal(scaled, 21370);
  expect_event(VN_TRACE_MESSAGE, 1);
  expect_text(event.topic, "x/\xC3\xA4");
  assert_int_equal(event.payload_length, 7);
  assert_memory_equal(event.payload, "{\"v\":1}", 7);
  assert_true(event.retained);
  expect_event(VN_TRACE_MESSAGE, 2);
  assert_int_equal(event.payload_length, 3);
  assert_memory_equal(event.payload, "\x00\xFF\xA5", 3);
  assert_false(event.has_at || event.retained);
  expect_event(VN_TRACE_TICK, 3);
  expect_event(VN_TRACE_WATERMARK, 4);
  assert_false(event.has_series);
  expect_event(VN_TRACE_WATERMARK, 5);
  expect_text(event.series, "a");
  expect_event(VN_TRACE_FLUSH, 6);
  expect_end();
}

static void the_last_line_counts_without_its_end(void **state) {
  (void)state;
  open_text("{\"op\":\"flush\"}\r\n\n  \n{\"op\":\"flush\"}");
  expect_event(VN_TRACE_FLUSH, 0);
  expect_event(VN_TRACE_FLUSH, 3);
  expect_end();
}

static void unknown_members_are_ignored(void **state) {
  (void)state;
  open_text(
      "{\"note\":{\"v\":[1,{\"t\":2}]},\"series\":\"a\",\"x\":null,\"t\":1,\"v\":2,\"y\":\"z\"}");
  expect_event(VN_TRACE_READING, 0);
  expect_text(event.series, "a");
  assert_int_equal(event.time_ms, 1);
}

static void an_empty_trace_has_no_events(void **state) {
  (void)state;
  open_text("");
  expect_end();
}

static void reads_csv_with_all_kinds_of_times(void **state) {
  (void)state;
  open_text(
      "\xEF\xBB\xBFtime,series,value\r\n"
      "1396310400000,a,1.5\r\n"
      "2014-04-01 00:00:00,\"b/c\",-2\n"
      "2014-04-01T02:00:00+02:00,a,3e2\n"
      "2014-04-01 00:00:00.250,a,0\n"
      "2014-03-31T22:30:00-01:30,a,0");
  expect_event(VN_TRACE_READING, 0);
  expect_text(event.series, "a");
  assert_int_equal(event.time_ms, INT64_C(1396310400000));
  expect_event(VN_TRACE_READING, 1);
  expect_text(event.series, "b/c");
  assert_int_equal(event.time_ms, INT64_C(1396310400000));
  expect_event(VN_TRACE_READING, 2);
  assert_int_equal(event.time_ms, INT64_C(1396310400000));
  expect_event(VN_TRACE_READING, 3);
  assert_int_equal(event.time_ms, INT64_C(1396310400250));
  expect_event(VN_TRACE_READING, 4);
  assert_int_equal(event.time_ms, INT64_C(1396310400000));
  expect_end();
}

static void expect_bad(const char *text, uint64_t line, const char *problem) {
  open_text(text);
  vn_trace_result_t result;
  do {
    result = vn_trace_next(&trace, &event);
  } while (result == VN_TRACE_EVENT);
  assert_int_equal(result, VN_TRACE_BAD_LINE);
  assert_int_equal(trace.lines.lines, line);
  if (strstr(trace.problem, problem) == NULL) {
    fail_msg("%s: %s", text, trace.problem);
  }
  close_trace(NULL);
}

static void bad_lines_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t line;
    const char *problem;
  } cases[] = {
      {"{\"op\":\"flush\"}\n{\"series\":\"a\",\"t\":1,\"v\":}\n", 2, "not a JSON object"},
      {"{\"op\":\"flush\"}\n\n[1]", 3, "not a JSON object"},
      {"{\"op\":\"flush\"} x", 1, "not a JSON object"},
      {"{\"series\":\"a\",\"t\":1.5,\"v\":1}", 1, "integer in ms"},
      {"{\"series\":\"a\",\"t\":999999999999999999,\"v\":1}", 1, "integer in ms"},
      {"{\"series\":\"a\",\"t\":1,\"v\":\"1\"}", 1, "\"v\" is a text"},
      {"{\"series\":\"a\",\"t\":1,\"v\":null}", 1, "true, false or null"},
      {"{\"series\":\"a\",\"t\":1,\"v\":[1]}", 1, "object or an array"},
      {"{\"series\":\"a\",\"t\":1}", 1, "neither a reading"},
      {"{\"series\":\"a\",\"t\":1,\"v\":1,\"seq\":-1}", 1, "\"seq\""},
      {"{\"series\":\"\\ud800\",\"t\":1,\"v\":1}", 1, "not a JSON object"},
      {"{\"topic\":\"a\"}", 1, "payload"},
      {"{\"topic\":\"a\",\"payload\":\"\",\"payload_hex\":\"\"}", 1, "payload"},
      {"{\"topic\":\"a\",\"payload_hex\":\"abc\"}", 1, "odd"},
      {"{\"topic\":\"a\",\"payload_hex\":\"0g\"}", 1, "hexadecimal"},
      {"{\"op\":\"tick\"}", 1, "\"at\""},
      {"{\"op\":\"watermark\"}", 1, "\"t\""},
      {"{\"op\":\"stop\"}", 1, "unknown \"op\""},
      {"{\"op\":\"clock\",\"at\":5}", 1, "a clock needs \"set\", true or false"},
      {"{\"op\":\"clock\",\"set\":0}", 1, "\"set\" is true or false"},
      {"{\"op\":\"clock\",\"set\":\"no\"}", 1, "\"set\" is true or false"},
      {"timestamp,value\n", 1, "CSV header"},
      {"time,series,value\n1,a\n", 2, "three columns"},
      {"time,series,value\n1,a,1,2\n", 2, "three columns"},
      {"time,series,value\nyesterday,a,1\n", 2, "RFC 3339"},
      {"time,series,value\n1,a,1\n1,a,1;5\n", 3, "decimal number"},
      {"time,series,value\n1,a,\n", 2, "decimal number"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    expect_bad(cases[i].text, cases[i].line, cases[i].problem);
  }
}

/* Longer than the reader's buffer, and many lines across its ends. */
static void long_lines_and_long_files_pass(void **state) {
  (void)state;
  enum { LONG = 700000, LINES = 20000 };
  size_t capacity = LONG + 64 + (size_t)LINES * 64;
  char *text = malloc(capacity);
  assert_non_null(text);
  size_t length = (size_t)sprintf(text, "{\"topic\":\"t\",\"payload\":\"");
  memset(text + length, 'x', LONG);
  length += LONG;
  length += (size_t)sprintf(text + length, "\"}\n");
  for (int i = 0; i < LINES; i++) {
    length += (size_t)sprintf(text + length, "{\"series\":\"s%d\",\"t\":%d,\"v\":%d}\n", i, i, i);
  }
  open_bytes(text, length);
  free(text);
  expect_event(VN_TRACE_MESSAGE, 0);
  assert_int_equal(event.payload_length, LONG);
  for (int i = 0; i < LINES; i++) {
    expect_event(VN_TRACE_READING, (uint64_t)i + 1);
    assert_int_equal(event.time_ms, i);
    assert_int_equal(event.value.mantissa, i);
  }
  expect_end();
}

#define TEST(name) cmocka_unit_test_teardown(name, close_trace)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(reads_every_kind_of_line),          TEST(the_last_line_counts_without_its_end),
      TEST(unknown_members_are_ignored),       TEST(an_empty_trace_has_no_events),
      TEST(reads_csv_with_all_kinds_of_times), TEST(bad_lines_are_named),
      TEST(long_lines_and_long_files_pass),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
