/* The named window cases of tests/data/windows.jsonl through the functions of the engine. */
#include "json_members.h"
#include "vn/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS_MAX = 256, LINES_MAX = 512, SERIES_MAX = 8, LINE_BYTES = 1 << 16, TOLD_BYTES = 256 };

/* A device without flash and uplink that writes down what it is told to. */
typedef struct device {
  vn_window_t windows[VN_WINDOWS_MAX];
  char names[VN_WINDOWS_MAX][16];
  vn_pipeline_t pipeline;
  vn_plan_t plan;
  vn_clock_t clock;
  vn_observer_t observer;
  vn_ports_t ports;
  vn_store_t store;
  vn_engine_t engine;
  void *block;
  int64_t now_ms;
  unsigned index;
  bool now_given;
  char told[LINES_MAX][TOLD_BYTES];
  size_t told_count;
} device_t;

static int64_t mono_ms(void *context) { return ((const device_t *)context)->now_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  *out = ((const device_t *)context)->now_ms;
  return true;
}

static char *new_line(device_t *device) {
  assert_true(device->told_count < LINES_MAX);
  return device->told[device->told_count++];
}

/* One form for results told and results expected. */
typedef struct row {
  long long index, start, end, rev, count, sum, min, max, first, last;
  char window[16], series[16], kind[16], supersedes[96];
} row_t;

static void write_row(char *out, const row_t *row) {
  int length = snprintf(
      out, TOLD_BYTES, "%lld %s %s [%lld,%lld) %s rev %lld n %lld sum %lld %lld..%lld %lld %lld %s",
      row->index, row->window, row->series, row->start, row->end, row->kind, row->rev, row->count,
      row->sum, row->min, row->max, row->first, row->last, row->supersedes);
  assert_in_range(length, 1, TOLD_BYTES - 1);
}

static vn_text_t text_of(const char *word) { return (vn_text_t){word, strlen(word)}; }

static void copy_text(char out[16], vn_text_t text) {
  assert_true(text.length < 16);
  memcpy(out, text.bytes, text.length);
  out[text.length] = '\0';
}

static void on_summary(void *context, const vn_summary_t *summary) {
  device_t *device = context;
  const vn_window_result_t *result = summary->result;
  const vn_aggregate_t *a = result->aggregate;
  row_t row = {device->index, result->start_ms, result->end_ms,  result->revision,
               a->count,      a->sum,           a->min,          a->max,
               a->first,      a->last,          .supersedes = ""};
  copy_text(row.series, summary->series);
  copy_text(row.window, text_of(device->windows[result->window].name));
  copy_text(row.kind, text_of(vn_kind_word((vn_kind_t)result->kind)));
  int length = 0;
  for (unsigned i = 0; i < result->supersedes_count; i++) {
    length += snprintf(row.supersedes + length, sizeof row.supersedes - (size_t)length,
                       "%lld,%lld;", (long long)result->supersedes[i].start_ms,
                       (long long)result->supersedes[i].end_ms);
  }
  write_row(new_line(device), &row);
}

static void on_drop(void *context, const vn_drop_t *drop) {
  device_t *device = context;
  (void)snprintf(new_line(device), TOLD_BYTES, "%u drop %s %.*s %lld", device->index,
                 vn_reason_word((vn_reason_t)drop->reason), (int)drop->series.length,
                 drop->series.bytes, (long long)drop->time_ms);
}

static void write_expected(char *out, vn_text_t line) {
  json_object_t object = json_object(line);
  if (json_text_is(*json_member(&object, "type"), "drop")) {
    const vn_text_t *series = json_member(&object, "series");
    const vn_text_t *reason = json_member(&object, "reason");
    (void)snprintf(out, TOLD_BYTES, "%lld drop %.*s %.*s %lld",
                   (long long)json_integer(&object, "index", -1), (int)reason->length,
                   reason->bytes, (int)series->length, series->bytes,
                   (long long)json_integer(&object, "t", 0));
    return;
  }
  row_t row = {.supersedes = ""};
  const struct {
    const char *key;
    long long *value;
  } numbers[] = {{"index", &row.index}, {"start", &row.start}, {"end", &row.end}, {"rev", &row.rev},
                 {"count", &row.count}, {"sum", &row.sum},     {"min", &row.min}, {"max", &row.max},
                 {"first", &row.first}, {"last", &row.last}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    assert_non_null(json_member(&object, numbers[i].key));
    *numbers[i].value = json_integer(&object, numbers[i].key, 0);
  }
  copy_text(row.window, *json_member(&object, "window"));
  copy_text(row.series, *json_member(&object, "series"));
  copy_text(row.kind, *json_member(&object, "kind"));
  const vn_text_t *supersedes = json_member(&object, "supersedes");
  vn_text_t spans[16];
  size_t count = supersedes != NULL ? json_elements(*supersedes, spans, 16) : 0;
  int length = 0;
  for (size_t i = 0; i < count; i++) { /* "[1,2]" */
    length += snprintf(row.supersedes + length, sizeof row.supersedes - (size_t)length, "%.*s;",
                       (int)spans[i].length - 2, spans[i].bytes + 1);
  }
  write_row(out, &row);
}

static vn_window_t window_of(vn_text_t text, char name[16]) {
  json_object_t object = json_object(text);
  vn_window_t window = {.name = name};
  copy_text(name, *json_member(&object, "name"));
  window.sample = (uint16_t)json_integer(&object, "sample", 0);
  if (json_member(&object, "gap") != NULL) {
    window.shape = VN_WINDOW_SESSION;
    window.gap_ms = json_integer(&object, "gap", 0);
    window.supersedes_max = VN_SESSIONS_MAX;
  } else if (json_member(&object, "count") != NULL) {
    window.shape = VN_WINDOW_COUNT;
    window.size_readings = (uint32_t)json_integer(&object, "count", 0);
    window.slide_readings = (uint32_t)json_integer(&object, "slide", window.size_readings);
  } else if (json_member(&object, "above") != NULL || json_member(&object, "below") != NULL) {
    bool above = json_member(&object, "above") != NULL;
    window.shape = VN_WINDOW_CONDITION;
    window.condition = above ? VN_ALERT_ABOVE : VN_ALERT_BELOW;
    window.limit = json_integer(&object, above ? "above" : "below", 0);
    window.hysteresis = json_integer(&object, "hysteresis", 0);
    window.max_ms = json_integer(&object, "max", VN_DURATION_OFF);
    window.supersedes_max = 1;
  } else {
    window.size_ms = json_integer(&object, "size", 0);
    window.slide_ms = json_integer(&object, "slide", window.size_ms);
    window.offset_ms = json_integer(&object, "offset", 0);
    window.shape = window.size_ms == window.slide_ms ? VN_WINDOW_TUMBLING : VN_WINDOW_SLIDING;
  }
  return window;
}

static void plan_of(device_t *device, vn_text_t text) {
  json_object_t cfg = json_object(text);
  vn_text_t windows[VN_WINDOWS_MAX];
  size_t count = json_elements(*json_member(&cfg, "windows"), windows, VN_WINDOWS_MAX);
  for (size_t i = 0; i < count; i++) {
    device->windows[i] = window_of(windows[i], device->names[i]);
  }
  const vn_text_t *scope = json_member(&cfg, "scope");
  device->pipeline = (vn_pipeline_t){
      .summary = {.name = "p",
                  .unit = "",
                  .windows = device->windows,
                  .window_count = (uint8_t)count},
      .match = {"*", 1},
      .out_of_order_ms = json_integer(&cfg, "ooo", 0),
      .lateness_ms = json_integer(&cfg, "lateness", 0),
      .idle_timeout_ms = json_integer(&cfg, "idle_timeout", VN_DURATION_OFF),
      .max_future_ms = json_integer(&cfg, "max_future", VN_DURATION_OFF),
      .range_low = INT32_MIN,
      .range_high = INT32_MAX,
      .series_max = SERIES_MAX,
      .scope = scope != NULL && json_text_is(*scope, "global") ? VN_SCOPE_GLOBAL : VN_SCOPE_SERIES,
  };
  device->plan = (vn_plan_t){.device = "d",
                             .prefix = "v",
                             .pipelines = &device->pipeline,
                             .series_max = SERIES_MAX,
                             .outbox_bytes = 65536,
                             .outbox_entries = 16,
                             .batch_max = 1,
                             .name_max = 32,
                             .pipeline_count = 1,
                             .durability = VN_DURABILITY_VOLATILE};
}

static void begin(device_t *device, vn_text_t cfg) {
  vn_store_t need;
  plan_of(device, cfg);
  device->clock = (vn_clock_t){.context = device, .mono_ms = mono_ms, .wall_ms = wall_ms};
  device->observer = (vn_observer_t){.context = device, .summary = on_summary, .drop = on_drop};
  device->ports = (vn_ports_t){.clock = &device->clock, .observer = &device->observer};
  vn_plan_problem_t problem;
  if (vn_plan_check(&device->plan, &problem) != VN_OK) {
    fail_msg("%s: %lld", problem.text, (long long)problem.have);
  }
  assert_int_equal(vn_store_need(&device->plan, &need), VN_OK);
  device->store = need;
  size_t bytes = (vn_store_bytes(&need) + 63u) & ~(size_t)63u;
  device->block = aligned_alloc(64, bytes);
  assert_non_null(device->block);
  memset(device->block, 0, bytes);
  vn_store_layout(&device->store, device->block);
  assert_int_equal(vn_init(&device->engine, &device->plan, &device->store, &device->ports), VN_OK);
  assert_int_equal(vn_restore(&device->engine), VN_OK);
}

static void take_reading(device_t *device, const json_object_t *event, vn_text_t name) {
  vn_reading_t reading = {.time_ms = json_integer(event, "t", 0),
                          .scaled = (int32_t)json_integer(event, "v", 0),
                          .is_scaled = true,
                          .has_time = true};
  uint32_t series;
  if (!device->now_given) {
    device->now_ms = reading.time_ms;
  }
  assert_int_equal(vn_series_open(&device->engine, name, &series), VN_REASON_NONE);
  (void)vn_take_reading(&device->engine, series, &reading);
}

static void take_mark(device_t *device, const json_object_t *event, const vn_text_t *name) {
  uint32_t series = VN_SERIES_NONE;
  if (name != NULL) {
    series = vn_series_find(&device->engine.table, *name, vn_series_hash(*name));
    if (series == VN_SERIES_NONE) {
      return;
    }
  }
  vn_watermark(&device->engine, series, json_integer(event, "t", 0));
}

static void take_event(device_t *device, vn_text_t text) {
  json_object_t event = json_object(text);
  const vn_text_t *op = json_member(&event, "op");
  const vn_text_t *series = json_member(&event, "series");
  if (json_member(&event, "at") != NULL) {
    device->now_ms = json_integer(&event, "at", 0);
    device->now_given = true;
  }
  if (op == NULL) {
    take_reading(device, &event, *series);
  } else if (json_text_is(*op, "tick")) {
    vn_tick(&device->engine);
  } else if (json_text_is(*op, "watermark")) {
    take_mark(device, &event, series);
  } else {
    assert_true(json_text_is(*op, "flush"));
    vn_flush(&device->engine);
  }
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* Within one event the order over series is free: both sides are sorted. */
static void compare(device_t *device, const json_object_t *line) {
  static char expected[LINES_MAX][TOLD_BYTES];
  static vn_text_t lines[LINES_MAX];
  const vn_text_t *name = json_member(line, "name");
  size_t count = json_elements(*json_member(line, "expect"), lines, LINES_MAX);
  for (size_t i = 0; i < count; i++) {
    write_expected(expected[i], lines[i]);
  }
  qsort(expected, count, TOLD_BYTES, by_text);
  qsort(device->told, device->told_count, TOLD_BYTES, by_text);
  for (size_t i = 0; i < count && i < device->told_count; i++) {
    if (strcmp(expected[i], device->told[i]) != 0) {
      fail_msg("%.*s: want %s\n  got %s", (int)name->length, name->bytes, expected[i],
               device->told[i]);
    }
  }
  if (count != device->told_count) {
    fail_msg("%.*s: want %zu lines, got %zu", (int)name->length, name->bytes, count,
             device->told_count);
  }
}

static void run_case(vn_text_t text) {
  static vn_text_t events[EVENTS_MAX];
  device_t *device = calloc(1, sizeof *device);
  assert_non_null(device);
  json_object_t line = json_object(text);
  begin(device, *json_member(&line, "cfg"));
  size_t count = json_elements(*json_member(&line, "events"), events, EVENTS_MAX);
  for (size_t i = 0; i < count; i++) {
    device->index = (unsigned)i;
    take_event(device, events[i]);
  }
  uint32_t sleep_ms; /* this device has no queue of messages, no flash, no uplink: nothing to do */
  assert_int_equal(vn_step(&device->engine, 1, &sleep_ms), VN_OK);
  assert_true(vn_idle(&device->engine));
  compare(device, &line);
  free(device->block);
  free(device);
}

static void named_cases_come_out_as_the_rules_say(void **state) {
  (void)state;
  static char line[LINE_BYTES];
  const char *path = getenv("VN_WINDOW_CASES");
  FILE *file = fopen(path != NULL ? path : VN_SOURCE_DIR "/tests/data/windows.jsonl", "r");
  assert_non_null(file);
  unsigned cases = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    run_case((vn_text_t){line, strcspn(line, "\n")});
    cases++;
  }
  fclose(file);
  print_message("%u cases\n", cases);
  assert_true(cases > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(named_cases_come_out_as_the_rules_say)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
