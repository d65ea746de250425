/* Reorder buffers: out in (time, arrival) order, early only what can't wait. */
#include "vn/reorder.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 59
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define CAPACITY_MAX 20u
#define OUT_MAX 400u

/* A buffer with its memory and what has left it. */
typedef struct rig {
  vn_reorder_state_t state;
  vn_reorder_entry_t entries[CAPACITY_MAX];
  vn_reorder_t reorder;
  vn_reorder_sink_t sink;
  vn_point_t out[OUT_MAX];
  size_t out_count;
} rig_t;

static void take(void *context, const vn_point_t *reading) {
  rig_t *rig = context;
  assert_true(rig->out_count < OUT_MAX);
  rig->out[rig->out_count++] = *reading;
}

static void make(rig_t *rig, uint16_t capacity) {
  memset(rig, 0xA5, sizeof *rig);
  rig->reorder = (vn_reorder_t){&rig->state, rig->entries, capacity};
  rig->sink = (vn_reorder_sink_t){take, rig};
  rig->out_count = 0;
  vn_reorder_clear(&rig->reorder);
}

static void add(rig_t *rig, int64_t time_ms, int32_t value) {
  vn_point_t reading = {time_ms, value};
  vn_reorder_add(&rig->reorder, &reading, &rig->sink);
}

static void drain(rig_t *rig, int64_t watermark_ms, uint32_t expected) {
  size_t before = rig->out_count;
  assert_int_equal(vn_reorder_drain(&rig->reorder, watermark_ms, &rig->sink), expected);
  assert_int_equal(rig->out_count - before, expected);
}

static void expect_out(const rig_t *rig, const vn_point_t *expected, size_t count) {
  assert_int_equal(rig->out_count, count);
  for (size_t i = 0; i < count; i++) {
    assert_true(rig->out[i].time_ms == expected[i].time_ms);
    assert_int_equal(rig->out[i].value, expected[i].value);
  }
}

static void readings_leave_in_the_order_of_time_then_arrival(void **state) {
  (void)state;
  static const vn_point_t expected[] = {{-5, 4}, {10, 1}, {10, 3}, {10, 6}, {20, 2}, {30, 5}};
  rig_t rig;
  make(&rig, 8);
  drain(&rig, VN_TIME_PLUS_INFINITY, 0);
  add(&rig, 10, 1);
  add(&rig, 20, 2);
  add(&rig, 10, 3);
  add(&rig, -5, 4);
  add(&rig, 30, 5);
  add(&rig, 10, 6);
  assert_int_equal(rig.out_count, 0);
  drain(&rig, VN_TIME_MINUS_INFINITY, 0);
  drain(&rig, -6, 0);
  drain(&rig, -5, 1);
  drain(&rig, 19, 3);
  drain(&rig, VN_TIME_PLUS_INFINITY, 2);
  expect_out(&rig, expected, COUNT_OF(expected));
  assert_int_equal(rig.state.early, 0);
}

static void a_full_buffer_releases_the_oldest_early(void **state) {
  (void)state;
  static const vn_point_t expected[] = {{10, 1}, {5, 9}, {20, 2}, {30, 3}, {30, 4}};
  rig_t rig;
  make(&rig, 2);
  add(&rig, 10, 1);
  add(&rig, 20, 2);
  add(&rig, 30, 3);
  add(&rig, 5, 9); /* itself the oldest */
  assert_int_equal(rig.state.early, 2);
  add(&rig, 30, 4);
  assert_int_equal(rig.state.early, 3);
  drain(&rig, VN_TIME_PLUS_INFINITY, 2);
  expect_out(&rig, expected, COUNT_OF(expected));
}

static void of_equal_times_the_earlier_arrival_leaves_early(void **state) {
  (void)state;
  static const vn_point_t expected[] = {{10, 1}, {10, 2}};
  rig_t rig;
  make(&rig, 1);
  add(&rig, 10, 1);
  add(&rig, 10, 2);
  drain(&rig, 10, 1);
  expect_out(&rig, expected, COUNT_OF(expected));
}

static void readings_49_days_apart_wait_together(void **state) {
  (void)state;
  static const vn_point_t expected[] = {{-1, 3}, {7, 2}, {INT64_C(0xFFFFFFFE), 1}};
  rig_t rig;
  make(&rig, 8);
  add(&rig, INT64_C(0xFFFFFFFE), 1);
  add(&rig, 7, 2);
  add(&rig, -1, 3);
  assert_int_equal(rig.state.early, 0);
  drain(&rig, VN_TIME_PLUS_INFINITY, 3);
  expect_out(&rig, expected, COUNT_OF(expected));
}

static void of_readings_further_apart_the_oldest_leave_early(void **state) {
  (void)state;
  static const vn_point_t expected[] = {
      {0, 1}, {VN_TIME_LOWEST_MS, 4}, {1, 2}, {INT64_C(1) << 32, 3}};
  rig_t rig;
  make(&rig, 8);
  add(&rig, 0, 1);
  add(&rig, 1, 2);
  add(&rig, INT64_C(1) << 32, 3);
  assert_int_equal(rig.state.early, 1);
  add(&rig, VN_TIME_LOWEST_MS, 4); /* itself the oldest */
  assert_int_equal(rig.state.early, 2);
  drain(&rig, VN_TIME_PLUS_INFINITY, 2);
  expect_out(&rig, expected, COUNT_OF(expected));
}

static void a_leap_in_time_releases_all_that_wait(void **state) {
  (void)state;
  static const vn_point_t expected[] = {{-2, 3}, {0, 1}, {5, 2}, {VN_TIME_HIGHEST_MS, 4}};
  rig_t rig;
  make(&rig, 8);
  add(&rig, 0, 1);
  add(&rig, 5, 2);
  add(&rig, -2, 3);
  add(&rig, VN_TIME_HIGHEST_MS, 4);
  assert_int_equal(rig.state.early, 3);
  assert_int_equal(rig.state.count, 1);
  drain(&rig, VN_TIME_PLUS_INFINITY, 1);
  expect_out(&rig, expected, COUNT_OF(expected));
}

static void the_count_of_early_ones_stops_at_its_end(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, 1);
  rig.state.early = UINT32_MAX - 1;
  for (int i = 0; i < 4; i++) {
    add(&rig, i, i);
  }
  assert_int_equal(rig.state.early, UINT32_MAX);
}

/* The same by looking for the oldest each time. */
typedef struct model {
  vn_point_t waiting[CAPACITY_MAX + 1];
  size_t count;
  vn_point_t out[OUT_MAX];
  size_t out_count;
  uint32_t early;
} model_t;

static size_t oldest_of(const model_t *model) {
  size_t oldest = 0;
  for (size_t i = 1; i < model->count; i++) {
    if (model->waiting[i].time_ms < model->waiting[oldest].time_ms) {
      oldest = i;
    }
  }
  return oldest;
}

static void model_release(model_t *model) {
  size_t oldest = oldest_of(model);
  model->out[model->out_count++] = model->waiting[oldest];
  model->count--;
  memmove(model->waiting + oldest, model->waiting + oldest + 1,
          (model->count - oldest) * sizeof *model->waiting);
}

static void model_add(model_t *model, vn_point_t reading, size_t capacity) {
  model->waiting[model->count++] = reading;
  if (model->count > capacity) {
    model_release(model);
    model->early++;
  }
}

static void model_drain(model_t *model, int64_t watermark_ms) {
  while (model->count > 0 && model->waiting[oldest_of(model)].time_ms <= watermark_ms) {
    model_release(model);
  }
}

static void restart(rig_t *rig) {
  uint8_t bytes[VN_REORDER_SAVE_MAX(CAPACITY_MAX)];
  size_t length = vn_reorder_save(&rig->reorder, bytes, sizeof bytes);
  assert_in_range(length, 1, VN_REORDER_SAVE_MAX(rig->reorder.capacity));
  memset(&rig->state, 0xA5, sizeof rig->state);
  memset(rig->entries, 0xA5, sizeof rig->entries);
  assert_int_equal(vn_reorder_load(&rig->reorder, bytes, length), VN_OK);
}

/* Random readings and watermarks, with restarts from saved bytes in between. */
static void any_readings_leave_as_the_model_says(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 3000; round++) {
    rig_t rig;
    model_t model = {.count = 0};
    make(&rig, (uint16_t)prng_between(&prng, 1, CAPACITY_MAX));
    int64_t newest_ms = prng_between(&prng, -1000, 1000);
    int64_t scale_ms = prng_chance(&prng, 50) ? 1 : 1000000;
    for (int32_t i = 0; i < 200; i++) {
      int64_t behind_ms = prng_between(&prng, 0, 30) * scale_ms;
      newest_ms += prng_between(&prng, 0, 3) * scale_ms;
      add(&rig, newest_ms - behind_ms, i);
      model_add(&model, (vn_point_t){newest_ms - behind_ms, i}, rig.reorder.capacity);
      if (prng_chance(&prng, 30)) {
        int64_t watermark_ms = newest_ms - prng_between(&prng, 0, 30) * scale_ms;
        (void)vn_reorder_drain(&rig.reorder, watermark_ms, &rig.sink);
        model_drain(&model, watermark_ms);
      }
      if (prng_chance(&prng, 5)) {
        restart(&rig);
      }
    }
    expect_out(&rig, model.out, model.out_count);
    assert_int_equal(rig.state.early, model.early);
    assert_int_equal(rig.state.count, model.count);
  }
}

/* With room for all within the bound, any shuffle within it leaves as the sorted input. */
static void disorder_within_the_bound_does_not_show(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 1000; round++) {
    rig_t rig;
    make(&rig, CAPACITY_MAX);
    int64_t newest_ms = 0;
    for (int32_t i = 0; i < 100; i++) {
      /* Times 10 apart, each put back by up to 3 places. */
      int64_t time_ms = (i / 4 * 4 + 3 - (int64_t)(i % 4)) * 10;
      newest_ms = time_ms > newest_ms ? time_ms : newest_ms;
      (void)vn_reorder_drain(&rig.reorder, newest_ms - 31, &rig.sink);
      add(&rig, time_ms, (int32_t)prng_below(&prng, 5));
    }
    (void)vn_reorder_drain(&rig.reorder, VN_TIME_PLUS_INFINITY, &rig.sink);
    assert_int_equal(rig.out_count, 100);
    assert_int_equal(rig.state.early, 0);
    for (size_t i = 0; i < rig.out_count; i++) {
      assert_true(rig.out[i].time_ms == (int64_t)i * 10);
    }
  }
}

static void cut_bytes_are_refused(void **state) {
  (void)state;
  rig_t rig;
  make(&rig, 4);
  add(&rig, VN_TIME_LOWEST_MS + UINT32_MAX, INT32_MIN);
  add(&rig, VN_TIME_LOWEST_MS, INT32_MAX);
  uint8_t bytes[VN_REORDER_SAVE_MAX(4)] = {0};
  size_t length = vn_reorder_save(&rig.reorder, bytes, sizeof bytes);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_reorder_load(&rig.reorder, bytes, cut), VN_ERR_FORMAT);
    assert_int_equal(rig.state.count, 0);
  }
  assert_int_equal(vn_reorder_load(&rig.reorder, bytes, length + 1), VN_ERR_FORMAT);
  assert_int_equal(vn_reorder_load(&rig.reorder, bytes, length), VN_OK);
  rig.reorder.capacity = 1;
  assert_int_equal(vn_reorder_load(&rig.reorder, bytes, length), VN_ERR_FORMAT);
}

static void buffers_that_no_readings_leave_are_refused(void **state) {
  (void)state;
  static const struct {
    int64_t base_ms;
    vn_reorder_entry_t entries[2];
  } wrong[] = {
      {VN_TIME_LOWEST_MS - 1, {{0, 1}, {1, 2}}},
      {VN_TIME_HIGHEST_MS + 1, {{0, 1}, {1, 2}}},
      {VN_TIME_HIGHEST_MS, {{0, 1}, {1, 2}}},
      {0, {{1, 1}, {2, 2}}},
      {0, {{5, 1}, {4, 2}}},
  };
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    rig_t rig;
    make(&rig, 2);
    rig.state.base_ms = wrong[i].base_ms;
    rig.state.count = 2;
    memcpy(rig.entries, wrong[i].entries, sizeof wrong[i].entries);
    uint8_t bytes[VN_REORDER_SAVE_MAX(2)];
    size_t length = vn_reorder_save(&rig.reorder, bytes, sizeof bytes);
    assert_int_equal(vn_reorder_load(&rig.reorder, bytes, length), VN_ERR_FORMAT);
    assert_int_equal(rig.state.count, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(readings_leave_in_the_order_of_time_then_arrival),
      cmocka_unit_test(a_full_buffer_releases_the_oldest_early),
      cmocka_unit_test(of_equal_times_the_earlier_arrival_leaves_early),
      cmocka_unit_test(readings_49_days_apart_wait_together),
      cmocka_unit_test(of_readings_further_apart_the_oldest_leave_early),
      cmocka_unit_test(a_leap_in_time_releases_all_that_wait),
      cmocka_unit_test(the_count_of_early_ones_stops_at_its_end),
      cmocka_unit_test(any_readings_leave_as_the_model_says),
      cmocka_unit_test(disorder_within_the_bound_does_not_show),
      cmocka_unit_test(cut_bytes_are_refused),
      cmocka_unit_test(buffers_that_no_readings_leave_are_refused),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
