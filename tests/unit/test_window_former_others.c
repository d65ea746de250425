/* Sessions, counts, reports and conditions that no plan has any more: what their bytes say, and
 * that damaged ones say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../firmware-agnostic-core/src/aggregate_priv.h"
#include "../../firmware-agnostic-core/src/window_former_priv.h"
#include "vn/condition_window.h"
#include "vn/count_window.h"
#include "vn/report.h"
#include "vn/session.h"

enum { BYTES = 2048, PLACES = 16 };

static uint8_t bytes[BYTES];
static vn__packer_t packer;
static vn__former_result_t result;

static bool read_as(vn__former_read_fn read, size_t length, uint32_t index) {
  return read((vn__unpacker_t){bytes, length, 0, false}, index, &result);
}

static void expect(int64_t start, int64_t end, uint32_t count, uint16_t superseded) {
  assert_int_equal(result.start_ms, start);
  assert_int_equal(result.end_ms, end);
  assert_int_equal(result.aggregate.count, count);
  assert_int_equal(result.superseded_count, superseded);
  assert_true(result.exact);
}

static void ignore(void *context, const vn_window_result_t *told) {
  (void)told;
  (*(uint32_t *)context)++;
}

static uint32_t told_count;
static const vn_window_sink_t sink = {.deliver = ignore, .context = &told_count};

/* `count` readings of the value 0, from first_ms to last_ms. */
static void put_readings(uint32_t count, vn_time_ms_t first_ms, vn_time_ms_t last_ms) {
  const vn_aggregate_t aggregate = {.count = count, .first_ms = first_ms, .last_ms = last_ms};
  vn__aggregate_save(&packer, &aggregate);
}

static void begin(void) { packer = (vn__packer_t){bytes, sizeof bytes, 0}; }

static void assert_nothing_of_a_part(vn__former_read_fn read, size_t length) {
  for (size_t cut = 0; cut < length; cut++) {
    assert_false(read_as(read, cut, 0));
  }
}

/* Of gap 5 and out_of_order 10, with what late readings may still join. */
static size_t save_sessions(const int64_t *times_ms, size_t count, uint16_t sample) {
  static vn_session_state_t state;
  static vn_session_t sessions[PLACES * 4];
  static vn_span_t standing[PLACES * 4];
  static vn_member_t members[PLACES * 8];
  vn_session_set_t set = {.gap_ms = 5, .out_of_order_ms = 10, .lateness_ms = 100, .sample = sample};
  vn_session_memory_t memory = {&state, sessions, standing, members, .sample_seed = 1};
  vn_time_ms_t watermark_ms = VN_TIME_MINUS_INFINITY;
  assert_int_equal(vn_session_set_derive(&set), VN_OK);
  assert_in_range(set.capacity, 1, PLACES * 4);
  vn_session_reset(&set, &memory);
  for (size_t i = 0; i < count; i++) {
    vn_session_reading_t reading = {times_ms[i], watermark_ms, 7};
    assert_int_equal(vn_session_judge(&set, &memory, &reading), VN_REASON_NONE);
    vn_session_insert(&set, &memory, &reading, &sink);
    vn_time_ms_t raised_ms = times_ms[i] - set.out_of_order_ms - 1;
    watermark_ms = raised_ms > watermark_ms ? raised_ms : watermark_ms;
    vn_session_advance(&set, &memory, watermark_ms, VN_KIND_ON_TIME, &sink);
  }
  return vn_session_save(&set, &memory, bytes, sizeof bytes);
}

static void open_sessions_are_told_with_what_they_replace(void **state) {
  (void)state;
  static const int64_t times_ms[] = {0, 16, 4, 27};
  for (uint16_t sample = 0; sample <= 2; sample += 2) {
    size_t length = save_sessions(times_ms, 3, sample);
    assert_true(read_as(vn__session_former, length, 0));
    expect(0, 9, 2, 1);
    assert_int_equal(result.superseded[0].start_ms, 0);
    assert_int_equal(result.superseded[0].end_ms, 5);
    assert_true(read_as(vn__session_former, length, 1));
    expect(16, 21, 1, 0);
    assert_false(read_as(vn__session_former, length, 2));
    length = save_sessions(times_ms, 4, sample); /* the first has been told by then */
    assert_true(read_as(vn__session_former, length, 0));
    expect(16, 21, 1, 0);
    assert_true(read_as(vn__session_former, length, 1));
    expect(27, 32, 1, 0);
    assert_false(read_as(vn__session_former, length, 2));
  }
}

static void sessions_that_end_early_say_nothing(void **state) {
  (void)state;
  static const int64_t times_ms[] = {0, 16, 4};
  assert_nothing_of_a_part(vn__session_former, save_sessions(times_ms, 3, 0));
}

/* One session of 0 to 100 ms, with so many results that stand: of this length, so far apart. */
static bool says(uint32_t standing, int64_t each_ms, int64_t apart_ms) {
  begin();
  vn__pack_unsigned(&packer, 5);
  vn__pack_unsigned(&packer, 1);
  vn__pack_unsigned(&packer, 0);
  put_readings(3, 0, 100);
  vn__pack_unsigned(&packer, 1);
  vn__pack_unsigned(&packer, standing);
  for (uint32_t i = 0; i < standing; i++) {
    vn__pack_signed(&packer, i * apart_ms);
    vn__pack_signed(&packer, each_ms);
  }
  return read_as(vn__session_former, packer.length, 0);
}

static void sessions_that_cannot_be_say_nothing(void **state) {
  (void)state;
  assert_true(says(2, 5, 10));
  expect(0, 105, 3, 2);
  assert_true(says(VN__FORMER_SPANS_MAX + 1, 5, 10));
  expect(0, 105, 3, VN__FORMER_SPANS_MAX + 1); /* all are read, some have no room */
  assert_false(says(2, 5, 4));                 /* they overlap */
  assert_false(says(3, 5, 4));
  assert_false(says(1, 0, 0));
  assert_false(says(1, 106, 0));
  assert_false(says(2, 5, -10));
  assert_false(says(VN_SESSIONS_MAX + 1, 0, 0));
}

/* After so many readings at 1000, 1001, ...; the sample is of no importance. */
static size_t save_counts(uint32_t size, uint32_t slide, uint32_t readings, uint16_t sample) {
  static vn_count_state_t state;
  static vn_aggregate_t panes[PLACES];
  static vn_member_t members[PLACES * 2];
  vn_count_window_t window = {.size = size, .slide = slide, .sample = sample};
  vn_count_memory_t memory = {&state, panes, members, .sample_seed = 1};
  vn_member_t scratch[2];
  vn_window_sink_t to = {.deliver = ignore, .context = &told_count, .scratch = scratch};
  assert_int_equal(vn_count_window_derive(&window), VN_OK);
  assert_in_range(window.pane_count, 1, PLACES);
  vn_count_window_reset(&window, &memory);
  told_count = 0;
  for (uint32_t i = 0; i < readings; i++) {
    vn_count_window_reading(&window, &memory, 1000 + i, 2, &to);
  }
  return vn_count_window_save(&window, &memory, bytes, sizeof bytes);
}

static void a_count_tells_what_came_of_its_next_window(void **state) {
  (void)state;
  static const struct {
    uint32_t size, slide, readings;
    int64_t start, end; /* equal: nothing is told */
  } cases[] = {
      {3, 3, 5, 3, 5}, {3, 3, 6, 0, 0},   {3, 3, 0, 0, 0}, {4, 3, 5, 2, 5},   {2, 5, 3, 0, 0},
      {2, 5, 4, 3, 4}, {10, 10, 4, 0, 4}, {6, 2, 5, 0, 5}, {6, 2, 11, 6, 11},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (uint16_t sample = 0; sample <= 2; sample += 2) {
      size_t length = save_counts(cases[i].size, cases[i].slide, cases[i].readings, sample);
      bool told = read_as(vn__count_former, length, 0);
      assert_int_equal(told, cases[i].start < cases[i].end);
      if (told) {
        uint32_t count = (uint32_t)(cases[i].end - cases[i].start);
        expect(cases[i].start, cases[i].end, count, 0);
        assert_int_equal(result.aggregate.first_ms, 1000 + cases[i].start);
        assert_int_equal(result.aggregate.last_ms, 1000 + cases[i].end - 1);
        assert_int_equal(result.aggregate.sum, 2 * (int64_t)count);
      }
      assert_false(read_as(vn__count_former, length, 1));
    }
  }
}

/* With its results it has every reading once. */
static void a_tumbling_count_loses_no_reading(void **state) {
  (void)state;
  for (uint32_t readings = 0; readings < 40; readings++) {
    size_t length = save_counts(7, 7, readings, 0);
    uint32_t left = read_as(vn__count_former, length, 0) ? result.aggregate.count : 0;
    assert_int_equal(told_count * 7 + left, readings);
  }
}

static void counts_that_end_early_say_nothing(void **state) {
  (void)state;
  assert_nothing_of_a_part(vn__count_former, save_counts(6, 2, 11, 0));
}

/* Two panes of so many readings each, of which the first is counted in. */
static bool counts(uint64_t size, uint64_t slide, uint64_t position, uint32_t each) {
  begin();
  vn__pack_unsigned(&packer, size);
  vn__pack_unsigned(&packer, slide);
  vn__pack_unsigned(&packer, position);
  put_readings(each, 1000, 1001);
  put_readings(each, 1002, 1003);
  return read_as(vn__count_former, packer.length, 0);
}

static void counts_that_cannot_be_say_nothing(void **state) {
  (void)state;
  assert_true(counts(4, 6, 4, 2));
  expect(2, 4, 2, 0);
  assert_false(counts(6, 4, 3, 2)); /* the second pane has one reading by then */
  assert_false(counts(0, 4, 4, 2));
  assert_false(counts(4, 0, 4, 2));
  assert_false(counts(VN_PANES_MAX + 1, 1, 4, 2));
  assert_false(counts(4, 4, UINT64_MAX, 2));
  assert_false(counts(UINT64_C(1) << 32, 4, 4, 2));
  assert_false(counts(6, 4, 3, UINT32_MAX)); /* more than can be counted */
}

typedef struct condition {
  vn_condition_window_t window;
  vn_condition_state_t state;
  vn_member_t members[2];
} condition_t;

static vn_condition_memory_t condition_memory(condition_t *of) {
  return (vn_condition_memory_t){&of->state, of->members, .sample_seed = 1};
}

static void take_condition(condition_t *of, vn_time_ms_t time_ms, int32_t value) {
  vn_condition_memory_t memory = condition_memory(of);
  (void)!vn_condition_window_reading(&of->window, &memory, time_ms, value, &sink);
}

static bool told_of_condition(condition_t *of, size_t *length) {
  vn_condition_memory_t memory = condition_memory(of);
  *length = vn_condition_window_save(&of->window, &memory, bytes, sizeof bytes);
  return read_as(vn__condition_former, *length, 0);
}

static void an_open_condition_is_told_up_to_its_last_reading(void **state) {
  (void)state;
  static const vn_alert_rule_t above = {.limit = 30, .condition = VN_ALERT_ABOVE};
  condition_t of = {.window = {.rule = above, .max_ms = VN_DURATION_OFF}};
  size_t length;
  assert_false(told_of_condition(&of, &length));
  take_condition(&of, 5, 31);
  take_condition(&of, 10, 40);
  assert_true(told_of_condition(&of, &length));
  expect(5, 11, 2, 0);
  assert_false(read_as(vn__condition_former, length, 1));
  assert_nothing_of_a_part(vn__condition_former, length);
  take_condition(&of, 12, 20);
  assert_false(told_of_condition(&of, &length));
}

static void a_condition_that_goes_on_replaces_its_result(void **state) {
  (void)state;
  static const vn_alert_rule_t above = {.limit = 30, .condition = VN_ALERT_ABOVE};
  condition_t of = {.window = {.rule = above, .max_ms = VN_DURATION_OFF, .sample = 2}};
  vn_condition_memory_t memory = condition_memory(&of);
  size_t length;
  take_condition(&of, 5, 31);
  vn_condition_window_close(&of.window, &memory, VN_KIND_IDLE, &sink);
  assert_false(told_of_condition(&of, &length));
  take_condition(&of, 5, 40);
  assert_true(told_of_condition(&of, &length));
  expect(5, 6, 2, 1);
  assert_int_equal(result.superseded[0].start_ms, 5);
  assert_int_equal(result.superseded[0].end_ms, 6);
}

static void a_condition_that_was_told_before_it_began_says_nothing(void **state) {
  (void)state;
  for (int64_t told_ms = 4; told_ms <= 5; told_ms++) {
    begin();
    vn__pack_unsigned(&packer, 7); /* evaluated, holds, open */
    vn__pack_unsigned(&packer, 1);
    vn__pack_signed(&packer, 9);
    vn__pack_signed(&packer, told_ms);
    put_readings(2, 5, 9);
    assert_int_equal(read_as(vn__condition_former, packer.length, 0), told_ms == 5);
  }
}

static void an_open_record_is_told_up_to_its_last_reading(void **state) {
  (void)state;
  for (uint8_t method = VN_REPORT_DEADBAND; method <= VN_REPORT_SWINGING_DOOR; method++) {
    static vn_report_state_t own;
    static vn_member_t members[8];
    const vn_report_t report = {
        .every_ms = VN_DURATION_OFF, .error = 2, .points = 8, .method = method};
    vn_report_memory_t memory = {&own, members};
    vn_report_reset(&memory);
    size_t length = vn_report_save(&report, &memory, bytes, sizeof bytes);
    assert_false(read_as(vn__report_former, length, 0));
    static const vn_member_t readings[] = {{0, 10, 0}, {1, 11, 0}, {3, 14, 0}};
    for (size_t i = 0; i < 3; i++) {
      assert_int_equal(vn_report_reading(&report, &memory, &readings[i], &sink), VN_REASON_NONE);
    }
    length = vn_report_save(&report, &memory, bytes, sizeof bytes);
    assert_true(read_as(vn__report_former, length, 0));
    expect(0, 4, 3, 0);
    assert_int_equal(result.aggregate.last, 14);
    assert_false(read_as(vn__report_former, length, 1));
    assert_nothing_of_a_part(vn__report_former, 8);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(open_sessions_are_told_with_what_they_replace),
      cmocka_unit_test(sessions_that_end_early_say_nothing),
      cmocka_unit_test(sessions_that_cannot_be_say_nothing),
      cmocka_unit_test(a_count_tells_what_came_of_its_next_window),
      cmocka_unit_test(a_tumbling_count_loses_no_reading),
      cmocka_unit_test(counts_that_end_early_say_nothing),
      cmocka_unit_test(counts_that_cannot_be_say_nothing),
      cmocka_unit_test(an_open_condition_is_told_up_to_its_last_reading),
      cmocka_unit_test(a_condition_that_goes_on_replaces_its_result),
      cmocka_unit_test(a_condition_that_was_told_before_it_began_says_nothing),
      cmocka_unit_test(an_open_record_is_told_up_to_its_last_reading),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
