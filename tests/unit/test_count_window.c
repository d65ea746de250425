/* Count windows against a model that keeps every reading; known answers; restarts. */
#include "vn/count_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vn/hash.h"

#include "asked.h"
#include "prng.h"

#define READINGS_MAX 128
#define SAMPLE_MAX 4
#define SEED 11

typedef struct reading {
  int64_t time_ms;
  int32_t value;
} reading_t;

/* A result without padding, so that two compare by their bytes. */
typedef struct told {
  uint64_t start, end;
  int64_t from_ms, to_ms, sum, sum_sq;
  int32_t min, max, first, last;
  uint32_t count, sample_count;
  vn_member_t sample[SAMPLE_MAX];
} told_t;

/* One series with the results of its window so far. */
typedef struct series {
  vn_count_window_t window;
  vn_count_memory_t memory;
  vn_count_state_t state;
  vn_window_sink_t sink;
  vn_member_t scratch[SAMPLE_MAX];
  told_t told[READINGS_MAX];
  size_t count;
} series_t;

static void collect(void *context, const vn_window_result_t *result) {
  series_t *series = context;
  const vn_aggregate_t *a = result->aggregate;
  assert_true(series->count < READINGS_MAX);
  assert_int_equal(result->window, 2);
  assert_int_equal(result->kind, VN_KIND_COUNT);
  told_t *told = &series->told[series->count++];
  memset(told, 0, sizeof *told);
  *told = (told_t){.start = (uint64_t)result->start_ms,
                   .end = (uint64_t)result->end_ms,
                   .from_ms = result->aggregate->first_ms,
                   .to_ms = result->aggregate->last_ms,
                   .sum = a->sum,
                   .sum_sq = (int64_t)a->squares_low,
                   .min = a->min,
                   .max = a->max,
                   .first = a->first,
                   .last = a->last,
                   .count = a->count,
                   .sample_count = result->sample_count};
  for (uint32_t i = 0; i < result->sample_count; i++) {
    told->sample[i] = result->sample[i];
  }
}

/* Arrays of exactly the length that the window asks for. */
static void begin(series_t *series, uint32_t size, uint32_t slide, uint16_t sample) {
  memset(series, 0, sizeof *series);
  series->window = (vn_count_window_t){.size = size, .slide = slide, .sample = sample, .window = 2};
  assert_int_equal(vn_count_window_derive(&series->window), VN_OK);
  size_t panes = series->window.pane_count;
  series->memory = (vn_count_memory_t){.state = &series->state,
                                       .panes = malloc(panes * sizeof(vn_aggregate_t)),
                                       .members = malloc(panes * sample * sizeof(vn_member_t)),
                                       .sample_seed = SEED};
  series->sink =
      (vn_window_sink_t){.deliver = collect, .context = series, .scratch = series->scratch};
  vn_count_window_reset(&series->window, &series->memory);
}

static void end(series_t *series) {
  free(series->memory.panes);
  free(series->memory.members);
}

static void take(series_t *series, int64_t time_ms, int32_t value) {
  vn_count_window_reading(&series->window, &series->memory, time_ms, value, &series->sink);
}

static int by_priority(const void *a, const void *b) {
  const vn_member_t *x = a, *y = b;
  if (x->priority != y->priority) {
    return x->priority < y->priority ? -1 : 1;
  }
  if (x->time_ms != y->time_ms) {
    return x->time_ms < y->time_ms ? -1 : 1;
  }
  return (x->value > y->value) - (x->value < y->value);
}

/* What a result over these readings must be. */
static told_t model_result(const reading_t *readings, uint64_t start, uint64_t behind,
                           uint16_t sample) {
  vn_member_t all[READINGS_MAX];
  told_t told;
  memset(&told, 0, sizeof told);
  told.start = start;
  told.end = behind;
  told.from_ms = INT64_MAX;
  told.to_ms = INT64_MIN;
  told.min = INT32_MAX;
  told.max = INT32_MIN;
  for (uint64_t i = start; i < behind; i++) {
    const reading_t *r = &readings[i];
    all[told.count++] =
        (vn_member_t){r->time_ms, r->value, vn_priority(SEED, r->time_ms, r->value)};
    told.sum += r->value;
    told.sum_sq += (int64_t)r->value * r->value;
    told.min = r->value < told.min ? r->value : told.min;
    told.max = r->value > told.max ? r->value : told.max;
    told.first = r->time_ms < told.from_ms ? r->value : told.first;
    told.from_ms = r->time_ms < told.from_ms ? r->time_ms : told.from_ms;
    told.last = r->time_ms >= told.to_ms ? r->value : told.last;
    told.to_ms = r->time_ms >= told.to_ms ? r->time_ms : told.to_ms;
  }
  qsort(all, told.count, sizeof all[0], by_priority);
  told.sample_count = told.count < sample ? told.count : sample;
  memcpy(told.sample, all, told.sample_count * sizeof all[0]);
  return told;
}

static void save_and_load(series_t *series) {
  size_t most = vn_count_window_save_max(&series->window);
  uint8_t *bytes = malloc(most);
  size_t length = vn_count_window_save(&series->window, &series->memory, bytes, most);
  assert_true(length <= most);
  assert_int_equal(vn_count_window_save(&series->window, &series->memory, NULL, 0), length);
  memset(series->memory.panes, 0x5A, series->window.pane_count * sizeof(vn_aggregate_t));
  memset(&series->state, 0x5A, sizeof series->state);
  assert_int_equal(vn_count_window_load(&series->window, &series->memory, bytes, length), VN_OK);
  free(bytes);
}

static void random_case(uint64_t seed) {
  prng_t prng = prng_make(seed, 56);
  series_t series;
  reading_t readings[READINGS_MAX];
  uint32_t size = 1 + prng_below(&prng, 12);
  uint32_t slide = prng_chance(&prng, 40) ? size : 1 + prng_below(&prng, 15);
  size_t expected = 0;
  begin(&series, size, slide, (uint16_t)prng_below(&prng, SAMPLE_MAX + 1));
  for (uint32_t i = 0; i < 80; i++) {
    readings[i] =
        (reading_t){prng_between(&prng, -20, 20) + i, (int32_t)prng_between(&prng, -1000, 1000)};
    take(&series, readings[i].time_ms, readings[i].value);
    if ((i + 1) % slide == 0) {
      uint32_t start = i + 1 > size ? i + 1 - size : 0;
      told_t model = model_result(readings, start, i + 1, series.window.sample);
      if (series.count != expected + 1 ||
          memcmp(&series.told[expected], &model, sizeof model) != 0) {
        fail_msg("seed %llu: the result of [%u,%u) differs", (unsigned long long)seed, start,
                 i + 1);
      }
      expected++;
    }
    assert_int_equal(series.count, expected);
    if (prng_chance(&prng, 5)) {
      save_and_load(&series);
    }
  }
  end(&series);
}

static void random_traces_equal_the_brute_force_model(void **state) {
  (void)state;
  const uint64_t first = 1, cases = rounds(20000);
  print_message("seeds %llu..%llu\n", (unsigned long long)first,
                (unsigned long long)(first + cases - 1));
  for (uint64_t seed = first; seed < first + cases; seed++) {
    random_case(seed);
  }
}

static void a_tumbling_window_tells_each_third_reading(void **state) {
  (void)state;
  series_t series;
  begin(&series, 3, 3, 0);
  assert_int_equal(series.window.pane_count, 1);
  for (int32_t v = 1; v <= 7; v++) {
    take(&series, v, v);
  }
  assert_int_equal(series.count, 2);
  assert_int_equal(series.told[0].start, 0);
  assert_int_equal(series.told[0].end, 3);
  assert_int_equal(series.told[0].sum, 6);
  assert_int_equal(series.told[1].start, 3);
  assert_int_equal(series.told[1].end, 6);
  assert_int_equal(series.told[1].sum_sq, 77);
  end(&series);
}

static void a_sliding_window_begins_with_what_there_is(void **state) {
  (void)state;
  series_t series;
  const uint64_t starts[] = {0, 0, 2}, sums[] = {3, 10, 18};
  begin(&series, 4, 2, 0);
  for (int32_t v = 1; v <= 6; v++) {
    take(&series, v, v);
  }
  assert_int_equal(series.count, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(series.told[i].start, starts[i]);
    assert_int_equal(series.told[i].end, 2 * i + 2);
    assert_int_equal(series.told[i].sum, sums[i]);
  }
  end(&series);
}

static void time_tells_bounds_but_decides_nothing(void **state) {
  (void)state;
  series_t series;
  begin(&series, 3, 3, 0);
  take(&series, VN_TIME_HIGHEST_MS, 1);
  take(&series, VN_TIME_LOWEST_MS, 2);
  take(&series, 0, 3);
  assert_int_equal(series.count, 1);
  assert_true(series.told[0].from_ms == VN_TIME_LOWEST_MS);
  assert_true(series.told[0].to_ms == VN_TIME_HIGHEST_MS);
  assert_int_equal(series.told[0].first, 2);
  assert_int_equal(series.told[0].last, 1);
  end(&series);
}

static void the_ring_has_a_pane_per_common_divisor(void **state) {
  (void)state;
  vn_count_window_t window = {.size = 100, .slide = 30};
  assert_int_equal(vn_count_window_derive(&window), VN_OK);
  assert_int_equal(window.pane_readings, 10);
  assert_int_equal(window.pane_count, 10);
  window = (vn_count_window_t){.size = UINT32_MAX, .slide = UINT32_MAX};
  assert_int_equal(vn_count_window_derive(&window), VN_OK);
  assert_int_equal(window.pane_count, 1);
  window = (vn_count_window_t){.size = VN_PANES_MAX, .slide = 1};
  assert_int_equal(vn_count_window_derive(&window), VN_OK);
  window.size++;
  assert_int_equal(vn_count_window_derive(&window), VN_ERR_PLAN);
  assert_int_equal(window.pane_count, VN_PANES_MAX + 1);
  const vn_count_window_t wrong[] = {{.size = 0, .slide = 1},
                                     {.size = 1, .slide = 0},
                                     {.size = 1, .slide = 1, .sample = VN_SAMPLE_MAX + 1}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    window = wrong[i];
    assert_int_equal(vn_count_window_derive(&window), VN_ERR_PLAN);
    assert_int_equal(window.pane_count, 0);
  }
}

static void damaged_states_are_refused_and_leave_a_fresh_one(void **state) {
  (void)state;
  series_t series;
  uint8_t bytes[512], bad[512];
  begin(&series, 9, 6, 2);
  for (int32_t v = 1; v <= 11; v++) {
    take(&series, 10 * v, v);
  }
  size_t length = vn_count_window_save(&series.window, &series.memory, bytes, sizeof bytes - 1);
  assert_in_range(length, 20, sizeof bytes - 1);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_count_window_load(&series.window, &series.memory, bytes, cut),
                     VN_ERR_FORMAT);
    assert_int_equal(series.state.position, 0);
  }
  memcpy(bad, bytes, length);
  bad[length] = 0;
  assert_int_equal(vn_count_window_load(&series.window, &series.memory, bad, length + 1),
                   VN_ERR_FORMAT);
  /* Flipped bits: refused, or a state that goes on counting. */
  for (size_t bit = 0; bit < length * 8; bit++) {
    memcpy(bad, bytes, length);
    bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
    if (vn_count_window_load(&series.window, &series.memory, bad, length) == VN_OK) {
      series.count = 0;
      for (int32_t v = 0; v < 12; v++) {
        take(&series, 1000 + v, v);
      }
      assert_int_equal(series.count, 2);
      assert_int_equal(series.told[1].count, 9);
    }
  }
  end(&series);
}

static void a_series_without_readings_is_saved_and_moved(void **state) {
  (void)state;
  static series_t series;
  uint8_t bytes[64];
  begin(&series, 4, 2, 2);
  size_t length = vn_count_window_save(&series.window, &series.memory, bytes, sizeof bytes);
  assert_int_equal(length, 3); /* size, slide, no readings */
  assert_int_equal(vn_count_window_load(&series.window, &series.memory, bytes, length), VN_OK);
  vn_count_window_shift(&series.window, &series.memory, 1000);
  take(&series, 5, 1);
  take(&series, 6, 2);
  take(&series, 7, 3);
  vn_count_window_shift(&series.window, &series.memory, 1000);
  take(&series, 1008, 4);
  assert_int_equal(series.count, 2);
  assert_int_equal(series.told[1].from_ms, 1005);
  assert_int_equal(series.told[1].to_ms, 1008);
  assert_int_equal(series.told[1].sample_count, 2);
  assert_in_range(series.told[1].sample[0].time_ms, 1005, 1008);
  assert_in_range(series.told[1].sample[1].time_ms, 1005, 1008);
  end(&series);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_traces_equal_the_brute_force_model),
      cmocka_unit_test(a_tumbling_window_tells_each_third_reading),
      cmocka_unit_test(a_sliding_window_begins_with_what_there_is),
      cmocka_unit_test(time_tells_bounds_but_decides_nothing),
      cmocka_unit_test(the_ring_has_a_pane_per_common_divisor),
      cmocka_unit_test(damaged_states_are_refused_and_leave_a_fresh_one),
      cmocka_unit_test(a_series_without_readings_is_saved_and_moved),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
