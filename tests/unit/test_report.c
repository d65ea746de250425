/* Reports: the error that is never exceeded, over random series; known answers; restarts. */
#include "vn/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"

#define READINGS_MAX 120
#define RECORDS_MAX READINGS_MAX
#define POINTS_MAX 8
#define T0 INT64_C(1795219200000)

typedef struct record {
  int64_t start_ms, end_ms, sum;
  uint32_t count, points, revision, kind;
  vn_member_t point[POINTS_MAX];
} record_t;

/* A series at work, what came in and what came out. */
typedef struct series {
  vn_report_t report;
  vn_report_state_t state;
  vn_report_memory_t memory;
  vn_member_t members[POINTS_MAX];
  vn_window_sink_t sink;
  vn_member_t taken[READINGS_MAX];
  record_t records[RECORDS_MAX];
  size_t taken_count, record_count;
} series_t;

static void collect(void *context, const vn_window_result_t *result) {
  series_t *series = context;
  assert_true(series->record_count < RECORDS_MAX);
  assert_int_equal(result->window, 3);
  assert_true(result->sample_count <= series->report.points);
  record_t *record = &series->records[series->record_count++];
  memset(record, 0, sizeof *record);
  record->start_ms = result->start_ms;
  record->end_ms = result->end_ms;
  record->sum = result->aggregate->sum;
  record->count = result->aggregate->count;
  record->points = result->sample_count;
  record->revision = result->revision;
  record->kind = result->kind;
  memcpy(record->point, result->sample, result->sample_count * sizeof record->point[0]);
}

static void begin(series_t *series, vn_report_t report) {
  memset(series, 0, sizeof *series);
  report.window = 3;
  series->report = report;
  series->memory = (vn_report_memory_t){&series->state, series->members};
  series->sink = (vn_window_sink_t){.deliver = collect, .context = series};
  assert_int_equal(vn_report_check(&report), VN_OK);
  vn_report_reset(&series->memory);
}

static vn_reason_t take(series_t *series, int64_t time_ms, int32_t value) {
  vn_member_t reading = {time_ms, value, 0};
  vn_reason_t reason = vn_report_reading(&series->report, &series->memory, &reading, &series->sink);
  if (reason == VN_REASON_NONE) {
    series->taken[series->taken_count++] = reading;
  }
  return reason;
}

static void end_of_input(series_t *series) {
  vn_report_advance(&series->report, &series->memory, VN_TIME_PLUS_INFINITY, VN_KIND_ON_TIME,
                    &series->sink);
}

/* Numerator of |value - what the points say|, over *divisor. Values and times are small here. */
static int64_t distance(const record_t *record, bool door, const vn_member_t *reading,
                        int64_t *divisor) {
  uint32_t i = 0;
  while (i + 1 < record->points && record->point[i + 1].time_ms <= reading->time_ms) {
    i++;
  }
  const vn_member_t *a = &record->point[i];
  *divisor = 1;
  int64_t said = a->value;
  if (door && a->time_ms < reading->time_ms) {
    const vn_member_t *b = &record->point[i + 1];
    assert_true(i + 1 < record->points);
    *divisor = b->time_ms - a->time_ms;
    said = a->value * *divisor + ((int64_t)b->value - a->value) * (reading->time_ms - a->time_ms);
  }
  int64_t off = reading->value * *divisor - said;
  return off < 0 ? -off : off;
}

/* Records follow each other, hold every reading once, and no reading is too far aside. */
static void check_records(const series_t *series) {
  size_t next = 0;
  bool door = series->report.method == VN_REPORT_SWINGING_DOOR;
  for (size_t r = 0; r < series->record_count; r++) {
    const record_t *record = &series->records[r];
    int64_t sum = 0;
    assert_true(record->points >= 1 && record->points <= record->count);
    assert_int_equal(record->revision, 0);
    assert_int_equal(record->start_ms, series->taken[next].time_ms);
    for (uint32_t i = 0; i < record->count; i++, next++) {
      const vn_member_t *reading = &series->taken[next];
      int64_t divisor;
      int64_t off = distance(record, door, reading, &divisor);
      assert_true(off <= series->report.error * divisor);
      sum += reading->value;
    }
    assert_int_equal(record->sum, sum);
    assert_int_equal(record->end_ms, series->taken[next - 1].time_ms + 1);
    if (series->report.every_ms != VN_DURATION_OFF) {
      assert_true(record->end_ms - record->start_ms <= series->report.every_ms);
    }
  }
  assert_int_equal(next, series->taken_count);
}

static vn_report_t random_report(prng_t *prng) {
  return (vn_report_t){
      .every_ms = prng_below(prng, 3) == 0 ? VN_DURATION_OFF : 1 + (int64_t)prng_below(prng, 9000),
      .error = (int32_t)prng_below(prng, prng_below(prng, 4) == 0 ? 1 : 60),
      .points = (uint16_t)(2 + prng_below(prng, POINTS_MAX - 1)),
      .method = (uint8_t)prng_below(prng, 2)};
}

/* Walks, jumps and plateaus; sometimes a time that is not newer. */
static void random_reading(prng_t *prng, vn_member_t *reading) {
  static const int32_t steps[] = {0, 1, 5, 40, 400};
  int32_t step = steps[prng_below(prng, 5)];
  reading->value += (int32_t)prng_below(prng, 2u * (uint32_t)step + 1u) - step;
  reading->time_ms += (int64_t)prng_below(prng, prng_below(prng, 8) == 0 ? 4000 : 200) -
                      (prng_below(prng, 10) == 0 ? 100 : 0);
}

static void no_reading_is_further_aside_than_the_error(void **state) {
  (void)state;
  prng_t prng = prng_make(20261121, 0);
  static series_t series;
  size_t readings = 0, points = 0;
  for (int round = 0; round < 10000; round++) {
    begin(&series, random_report(&prng));
    vn_member_t reading = {T0, 0, 0};
    uint32_t count = prng_below(&prng, READINGS_MAX);
    for (uint32_t i = 0; i < count; i++) {
      random_reading(&prng, &reading);
      bool newer =
          series.taken_count == 0 || reading.time_ms > series.taken[series.taken_count - 1].time_ms;
      assert_int_equal(take(&series, reading.time_ms, reading.value),
                       newer ? VN_REASON_NONE : VN_REASON_LATE);
    }
    end_of_input(&series);
    check_records(&series);
    readings += series.taken_count;
    for (size_t i = 0; i < series.record_count; i++) {
      points += series.records[i].points;
    }
  }
  assert_true(points > 0 && points < readings);
}

static void a_state_that_was_saved_goes_on_as_if_nothing_had_happened(void **state) {
  (void)state;
  prng_t prng = prng_make(7, 0);
  static series_t whole, cut;
  for (int round = 0; round < 400; round++) {
    vn_report_t report = random_report(&prng);
    begin(&whole, report);
    begin(&cut, report);
    vn_member_t reading = {T0, 0, 0};
    for (int i = 0; i < 60; i++) {
      random_reading(&prng, &reading);
      assert_int_equal(take(&whole, reading.time_ms, reading.value),
                       take(&cut, reading.time_ms, reading.value));
      uint8_t bytes[512];
      size_t length = vn_report_save(&cut.report, &cut.memory, bytes, sizeof bytes);
      assert_true(length <= vn_report_save_max(&cut.report) && length <= sizeof bytes);
      assert_int_equal(vn_report_save(&cut.report, &cut.memory, NULL, 0), length);
      memset(cut.members, 0x55, sizeof cut.members);
      assert_int_equal(vn_report_load(&cut.report, &cut.memory, bytes, length), VN_OK);
      if (length > 1) {
        assert_int_equal(vn_report_load(&cut.report, &cut.memory, bytes, length - 1),
                         VN_ERR_FORMAT);
        assert_int_equal(cut.state.points, 0);
        assert_int_equal(vn_report_load(&cut.report, &cut.memory, bytes, length), VN_OK);
      }
    }
    end_of_input(&whole);
    end_of_input(&cut);
    assert_int_equal(cut.record_count, whole.record_count);
    assert_memory_equal(cut.records, whole.records, sizeof whole.records[0] * whole.record_count);
  }
}

static void damaged_states_are_refused_or_keep_their_bounds(void **state) {
  (void)state;
  prng_t prng = prng_make(11, 0);
  static series_t series;
  for (int round = 0; round < 3000; round++) {
    begin(&series, random_report(&prng));
    vn_member_t reading = {T0, 0, 0};
    for (int i = 0; i < 20; i++) {
      random_reading(&prng, &reading);
      (void)take(&series, reading.time_ms, reading.value);
    }
    uint8_t bytes[512];
    size_t length = vn_report_save(&series.report, &series.memory, bytes, sizeof bytes);
    bytes[prng_below(&prng, (uint32_t)length)] ^= (uint8_t)(1u << prng_below(&prng, 8));
    if (vn_report_load(&series.report, &series.memory, bytes, length) != VN_OK) {
      assert_int_equal(series.state.points, 0);
    }
    (void)!vn_report_reading(&series.report, &series.memory, &reading, &series.sink);
    end_of_input(&series);
  }
}

static void expect_points(const record_t *record, const int32_t (*points)[2], uint32_t count) {
  assert_int_equal(record->points, count);
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(record->point[i].time_ms, points[i][0]);
    assert_int_equal(record->point[i].value, points[i][1]);
  }
}

static void a_deadband_keeps_what_leaves_it(void **state) {
  (void)state;
  static series_t series;
  static const int32_t first[][2] = {{0, 10}, {30, 16}, {40, 10}};
  static const int32_t second[][2] = {{60, 5}};
  begin(&series, (vn_report_t){.every_ms = VN_DURATION_OFF, .error = 5, .points = 3});
  assert_int_equal(take(&series, 0, 10), VN_REASON_NONE);
  assert_int_equal(take(&series, 10, 15), VN_REASON_NONE);
  assert_int_equal(take(&series, 20, 5), VN_REASON_NONE);
  assert_int_equal(take(&series, 30, 16), VN_REASON_NONE);
  assert_int_equal(series.record_count, 0);
  assert_int_equal(take(&series, 40, 10), VN_REASON_NONE);
  assert_int_equal(series.record_count, 1);
  expect_points(&series.records[0], first, 3);
  assert_int_equal(take(&series, 40, 99), VN_REASON_LATE);
  assert_int_equal(take(&series, 60, 5), VN_REASON_NONE);
  assert_int_equal(vn_report_open_end(&series.memory), 60);
  vn_report_advance(&series.report, &series.memory, 60, VN_KIND_ON_TIME, &series.sink);
  assert_int_equal(series.record_count, 1);
  vn_report_advance(&series.report, &series.memory, 60, VN_KIND_IDLE, &series.sink);
  assert_int_equal(series.record_count, 2);
  expect_points(&series.records[1], second, 1);
  assert_int_equal(series.records[1].kind, VN_KIND_IDLE);
  assert_int_equal(vn_report_open_end(&series.memory), VN_TIME_MINUS_INFINITY);
}

/* A straight line needs its two ends; the corner before the line breaks is kept. */
static void a_door_keeps_the_corners(void **state) {
  (void)state;
  static series_t series;
  static const int32_t points[][2] = {{0, 0}, {400, 400}, {800, 0}};
  begin(&series,
        (vn_report_t){.every_ms = VN_DURATION_OFF, .points = 4, .method = VN_REPORT_SWINGING_DOOR});
  for (int32_t t = 0; t <= 800; t += 100) {
    assert_int_equal(take(&series, t, t <= 400 ? t : 800 - t), VN_REASON_NONE);
  }
  end_of_input(&series);
  assert_int_equal(series.record_count, 1);
  expect_points(&series.records[0], points, 3);
  assert_int_equal(series.records[0].count, 9);
}

static void a_record_is_no_longer_than_its_time(void **state) {
  (void)state;
  static series_t series;
  begin(&series, (vn_report_t){.every_ms = 100, .error = 5, .points = 8});
  (void)take(&series, 0, 1);
  (void)take(&series, 99, 1);
  assert_int_equal(series.record_count, 0);
  (void)take(&series, 100, 1);
  assert_int_equal(series.record_count, 1);
  assert_int_equal(series.records[0].end_ms, 100);
  vn_report_advance(&series.report, &series.memory, 198, VN_KIND_ON_TIME, &series.sink);
  assert_int_equal(series.record_count, 1);
  vn_report_advance(&series.report, &series.memory, 199, VN_KIND_ON_TIME, &series.sink);
  assert_int_equal(series.record_count, 2);
  assert_int_equal(series.records[1].start_ms, 100);
  assert_int_equal(series.records[1].end_ms, 101);
}

/* The products of the door at the ends of values and times. */
static void the_ends_of_all_ranges_are_safe(void **state) {
  (void)state;
  static series_t series;
  for (int method = 0; method <= VN_REPORT_SWINGING_DOOR; method++) {
    begin(&series, (vn_report_t){.every_ms = VN_DURATION_OFF,
                                 .error = INT32_MAX,
                                 .points = 8,
                                 .method = (uint8_t)method});
    (void)take(&series, VN_TIME_LOWEST_MS, INT32_MIN);
    (void)take(&series, 0, INT32_MAX);
    (void)take(&series, 1, INT32_MIN);
    (void)take(&series, VN_TIME_HIGHEST_MS, INT32_MAX);
    end_of_input(&series);
    assert_true(series.record_count >= 1);
    uint8_t bytes[256];
    size_t length = vn_report_save(&series.report, &series.memory, bytes, sizeof bytes);
    assert_int_equal(vn_report_load(&series.report, &series.memory, bytes, length), VN_OK);
  }
}

static void settings_outside_their_ranges_are_refused(void **state) {
  (void)state;
  const vn_report_t good = {.every_ms = 1, .error = 0, .points = 2};
  vn_report_t bad[] = {good, good, good, good, good, good};
  bad[0].every_ms = 0;
  bad[1].every_ms = VN_WINDOW_SPAN_MAX_MS + 1;
  bad[2].error = -1;
  bad[3].points = 1;
  bad[4].points = VN_SAMPLE_MAX + 1;
  bad[5].method = 2;
  assert_int_equal(vn_report_check(&good), VN_OK);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(vn_report_check(&bad[i]), VN_ERR_PLAN);
  }
}

/* Saves what the state says and loads it again. */
static vn_err_t come_back(series_t *series) {
  static uint8_t bytes[1024];
  size_t length = vn_report_save(&series->report, &series->memory, bytes, sizeof bytes);
  assert_in_range(length, 1, vn_report_save_max(&series->report));
  return vn_report_load(&series->report, &series->memory, bytes, length);
}

static void states_that_no_reading_left_are_refused(void **state) {
  (void)state;
  static series_t series;
  const vn_report_t door = {
      .every_ms = 1000, .error = 5, .points = 4, .method = VN_REPORT_SWINGING_DOOR};
  begin(&series, door);
  assert_int_equal(come_back(&series), VN_OK);
  series.state.last_ms = T0;
  assert_int_equal(come_back(&series), VN_OK);
  assert_int_equal(series.state.last_ms, T0);
  series.state.last_ms = VN_TIME_HIGHEST_MS + 1;
  assert_int_equal(come_back(&series), VN_ERR_FORMAT);
  series.state.last_ms = VN_TIME_LOWEST_MS - 1;
  assert_int_equal(come_back(&series), VN_ERR_FORMAT);
  for (int i = 0; i < 4; i++) {
    const int64_t most = INT64_C(1) << 33, rises[] = {-most, most, -most - 1, most + 1};
    begin(&series, door);
    assert_int_equal(take(&series, T0, 1), VN_REASON_NONE);
    assert_int_equal(take(&series, T0 + 10, 2), VN_REASON_NONE);
    series.state.lower.rise = rises[i];
    assert_int_equal(come_back(&series), i < 2 ? VN_OK : VN_ERR_FORMAT);
  }
  for (int i = 0; i < 3; i++) {
    begin(&series, (vn_report_t){.every_ms = 1000, .error = 5, .points = 4});
    assert_int_equal(take(&series, T0, 10), VN_REASON_NONE);
    assert_int_equal(take(&series, T0 + 10, 16), VN_REASON_NONE);
    if (i == 1) {
      series.state.last_ms++; /* of a reading that the record doesn't know */
    } else if (i == 2) {
      series.state.aggregate.count = 1; /* of two points */
      series.state.aggregate.sum = 13;
      series.state.aggregate.squares_low = 169;
    }
    assert_int_equal(come_back(&series), i == 0 ? VN_OK : VN_ERR_FORMAT);
  }
}

static void a_record_ends_early_when_the_series_is_idle_or_it_cannot_count_on(void **state) {
  (void)state;
  static series_t series;
  const vn_report_t dead_band = {
      .every_ms = 1000, .error = 5, .points = 4, .method = VN_REPORT_DEADBAND};
  const vn_kind_t kinds[] = {VN_KIND_IDLE, VN_KIND_FORCED, VN_KIND_ON_TIME};
  for (size_t i = 0; i < 3; i++) {
    begin(&series, dead_band);
    assert_int_equal(take(&series, T0, 1), VN_REASON_NONE);
    vn_report_advance(&series.report, &series.memory, T0, kinds[i], &series.sink);
    assert_int_equal(series.record_count, i < 2 ? 1 : 0);
  }
  series.state.aggregate.count = UINT32_MAX;
  assert_int_equal(take(&series, T0 + 1, 1), VN_REASON_NONE);
  assert_int_equal(series.record_count, 1);
  assert_int_equal(series.records[0].count, UINT32_MAX);
  assert_int_equal(series.state.aggregate.count, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_reading_is_further_aside_than_the_error),
      cmocka_unit_test(a_state_that_was_saved_goes_on_as_if_nothing_had_happened),
      cmocka_unit_test(damaged_states_are_refused_or_keep_their_bounds),
      cmocka_unit_test(a_deadband_keeps_what_leaves_it),
      cmocka_unit_test(a_door_keeps_the_corners),
      cmocka_unit_test(a_record_is_no_longer_than_its_time),
      cmocka_unit_test(the_ends_of_all_ranges_are_safe),
      cmocka_unit_test(settings_outside_their_ranges_are_refused),
      cmocka_unit_test(states_that_no_reading_left_are_refused),
      cmocka_unit_test(a_record_ends_early_when_the_series_is_idle_or_it_cannot_count_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
