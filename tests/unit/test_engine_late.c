/* What comes after a window is gone: deltas, their restart, and who doesn't look at them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/correction.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static rig_t *start(const vn_flash_t *flash, uint8_t corrections, int64_t late_every_ms) {
  rig_t *rig = rig_new(flash);
  for (size_t i = 0; i < 2; i++) {
    rig->pipelines[i].corrections = corrections;
    rig->pipelines[i].summary.corrects = corrections > 0;
    rig->pipelines[i].late_every_ms = late_every_ms;
  }
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static size_t deltas(const rig_t *rig, rig_result_t *last) {
  size_t count = 0;
  for (size_t i = 0; i < rig->result_count; i++) {
    if (rig->results[i].kind == VN_KIND_PARTIAL) {
      *last = rig->results[i];
      count++;
    }
  }
  return count;
}

static void deltas_that_wait_survive_a_restart_and_keep_counting(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 8, 5000);
  rig_result_t last;
  rig_send(rig, "a", T0 + 1000, 2000, 0);
  rig_send(rig, "a", T0 + 50000, 2000, 1);
  rig_send(rig, "a", T0 + 2000, 2100, 2);
  assert_int_equal(rig_wait(rig, 6000), VN_OK);
  size_t told = deltas(rig, &last);
  assert_int_equal(told, 3); /* "ten" and two of "slide" */
  assert_int_equal(last.revision, 2);
  rig_send(rig, "a", T0 + 3000, 2200, 3);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(deltas(rig, &last), told);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  int64_t now_ms = rig->wall_ms;
  rig_free(rig);
  flash_fake_power_up(flash);
  rig = rig_new(&flash->port);
  for (size_t i = 0; i < 2; i++) {
    rig->pipelines[i].corrections = 8;
    rig->pipelines[i].summary.corrects = true;
    rig->pipelines[i].late_every_ms = 5000;
  }
  rig->wall_ms = now_ms;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(rig_accounting(rig, "a").corrected, 2);
  rig_send(rig, "a", T0 + 4000, 2300, 4);
  assert_int_equal(rig_wait(rig, 4000), VN_OK);
  assert_int_equal(deltas(rig, &last), 0);
  assert_int_equal(rig_wait(rig, 2000), VN_OK);
  assert_int_equal(deltas(rig, &last), 3);
  assert_int_equal(last.revision, 5);
  assert_int_equal(last.count, 2);
  assert_int_equal(last.sum, 4500);
  rig_free(rig);
  flash_fake_free(flash);
}

/* A consumer adds each (key, rev) once: what comes back must not be taken for what it has. */
static void a_name_that_comes_back_counts_its_deltas_on(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 2);
  rig_t *rig = rig_new(&flash->port);
  for (uint32_t restart = 0; restart < 2; restart++) {
    for (size_t i = 0; i < 2; i++) {
      rig->pipelines[i].corrections = 8;
      rig->pipelines[i].summary.corrects = true;
      rig->pipelines[i].time_to_live_ms = 60000;
    }
    assert_int_equal(rig_start(rig), VN_OK);
    rig_send(rig, "a", rig->wall_ms, 2000, 0);
    rig_send(rig, "a", rig->wall_ms - 50000, 2100, 1);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
    rig_result_t last;
    assert_int_equal(deltas(rig, &last), 3);
    assert_int_equal(last.revision, 3 * restart + 2);
    assert_int_equal(rig_wait(rig, 70000), VN_OK);
    assert_int_equal(rig->engine.table.count, 0);
    int64_t now_ms = rig->wall_ms;
    rig_free(rig);
    flash_fake_power_up(flash);
    rig = rig_new(&flash->port);
    rig->wall_ms = now_ms;
  }
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_clean_stop_tells_what_waits(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 2, 60000);
  rig_result_t last;
  rig_send(rig, "a", T0 + 50000, 2000, 0);
  rig_send(rig, "a", T0 + 12000, 9900, 1);
  assert_int_equal(deltas(rig, &last), 1); /* the third one had no room beside the others */
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  assert_int_equal(deltas(rig, &last), 3);
  assert_int_equal(rig_accounting(rig, "a").late, 0);
  assert_int_equal(rig_accounting(rig, "a").accepted, 2);
  rig_free(rig);
}

static void alerts_look_at_no_delta(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 4, 0);
  rig_result_t last;
  rig_send(rig, "a", T0 + 50000, 2000, 0);
  rig_send(rig, "a", T0 + 12000, 7000, 1); /* above the 50 of "warm", which looks at ten.mean */
  assert_int_equal(rig_wait(rig, 200), VN_OK);
  assert_int_equal(deltas(rig, &last), 3);
  for (size_t i = 0; i < rig->transition_count; i++) {
    assert_string_not_equal(rig->transitions[i].alert, "warm");
  }
  rig_free(rig);
}

/* Readings of a trace with many late ones, at one a second. */
static void send_some(rig_t *rig, int from, int to) {
  static const int back[] = {0, 0, 4000, 0, 9000, 5000, 0, 12000};
  for (int i = from; i < to; i++) {
    rig_send(rig, "a", T0 + i * 1000 - back[i % 8], 2000 + i, (uint32_t)i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
}

enum { LENGTH = 60 };

static void tell(rig_story_t *story, int stop_at) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, 0, 3000);
  story->count = 0;
  send_some(rig, 0, stop_at);
  if (stop_at < LENGTH) {
    int64_t now_ms = rig->wall_ms;
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    assert_true(rig_note(story, rig));
    rig_free(rig);
    flash_fake_power_up(flash);
    rig = rig_new(&flash->port);
    rig->pipelines[0].late_every_ms = rig->pipelines[1].late_every_ms = 3000;
    rig->wall_ms = now_ms;
    assert_int_equal(rig_start(rig), VN_OK);
    send_some(rig, stop_at, LENGTH);
  }
  vn_flush(&rig->engine);
  assert_true(rig_note(story, rig));
  rig_free(rig);
  flash_fake_free(flash);
}

static const rig_result_t *last_of(const rig_story_t *story, const rig_result_t *window) {
  const rig_result_t *last = NULL;
  for (size_t i = 0; i < story->count; i++) {
    const rig_result_t *result = &story->results[i];
    bool same = result->window == window->window && result->start_ms == window->start_ms;
    last = same ? result : last;
  }
  return last;
}

/* The interval may begin anew, so that the numbers of revisions differ; their last content not. */
static void revisions_that_wait_survive_a_restart(void **state) {
  (void)state;
  static rig_story_t whole, cut;
  tell(&whole, LENGTH);
  for (int stop_at = 1; stop_at < LENGTH; stop_at += 7) {
    tell(&cut, stop_at);
    for (size_t i = 0; i < whole.count; i++) {
      const rig_result_t *wanted = last_of(&whole, &whole.results[i]);
      const rig_result_t *told = last_of(&cut, &whole.results[i]);
      assert_non_null(told);
      assert_int_equal(told->count, wanted->count);
      assert_int_equal(told->sum, wanted->sum);
    }
  }
}

static void damaged_deltas_are_refused(void **state) {
  (void)state;
  static const vn_window_t ten = {.name = "ten", .size_ms = 10, .slide_ms = 10};
  vn_window_set_t set;
  uint8_t problem, bytes[512];
  vn_delta_t room[3];
  vn_correction_state_t books = {0};
  const vn_correction_memory_t memory = {&books, room, 3};
  assert_int_equal(vn_window_set_derive(&set, &ten, 1, 0, 0, &problem), VN_OK);
  for (int64_t t = 0; t < 30; t += 10) {
    assert_true(vn_correction_take(&set, &memory, 100, t + 3, 7, NULL));
  }
  assert_false(vn_correction_take(&set, &memory, 100, 101, 7, NULL));
  size_t length = vn_correction_save(&memory, bytes, sizeof bytes);
  assert_true(length <= vn_correction_save_max(3) && length <= sizeof bytes);
  for (size_t cut = 0; cut < length; cut++) {
    assert_int_equal(vn_correction_load(&set, &memory, bytes, cut), VN_ERR_FORMAT);
    assert_int_equal(books.count, 0);
  }
  assert_int_equal(vn_correction_load(&set, &memory, bytes, length), VN_OK);
  assert_int_equal(books.count, 3);
  assert_int_equal(room[2].start_ms, 20);
  bytes[length] = 0;
  assert_int_equal(vn_correction_load(&set, &memory, bytes, length + 1), VN_ERR_FORMAT);
}

/* What no readings can have left: a window off the grid or out of time, readings beside it. */
static void impossible_deltas_are_refused(void **state) {
  (void)state;
  static const vn_window_t ten = {.name = "ten", .size_ms = 10, .slide_ms = 10};
  static const struct {
    int64_t start_ms, first_ms, last_ms;
    vn_err_t loaded;
  } cases[] = {
      {20, 20, 29, VN_OK},
      {21, 22, 23, VN_ERR_FORMAT},
      {20, 19, 23, VN_ERR_FORMAT},
      {20, 23, 30, VN_ERR_FORMAT},
      {VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS - 1, 23, 23, VN_ERR_FORMAT},
      {VN_TIME_HIGHEST_MS + 1, 23, 23, VN_ERR_FORMAT},
      {20, VN_TIME_LOWEST_MS - 1, 23, VN_ERR_FORMAT},
  };
  vn_window_set_t set;
  uint8_t problem, bytes[512];
  vn_delta_t delta;
  vn_correction_state_t books = {0};
  const vn_correction_memory_t memory = {&books, &delta, 1};
  assert_int_equal(vn_window_set_derive(&set, &ten, 1, 0, 0, &problem), VN_OK);
  assert_true(vn_correction_take(&set, &memory, 100, 23, 7, NULL));
  const vn_delta_t good = delta;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    books.count = 1;
    delta = good;
    delta.start_ms = cases[i].start_ms;
    delta.aggregate.first_ms = cases[i].first_ms;
    delta.aggregate.last_ms = cases[i].last_ms;
    size_t length = vn_correction_save(&memory, bytes, sizeof bytes);
    assert_int_equal(vn_correction_load(&set, &memory, bytes, length), cases[i].loaded);
  }
}

static void a_delta_that_is_full_gets_a_second_one(void **state) {
  (void)state;
  static const vn_window_t ten = {.name = "ten", .size_ms = 10, .slide_ms = 10};
  vn_window_set_t set;
  uint8_t problem;
  vn_delta_t room[2];
  vn_correction_state_t books = {0};
  const vn_correction_memory_t memory = {&books, room, 2};
  assert_int_equal(vn_window_set_derive(&set, &ten, 1, 0, 0, &problem), VN_OK);
  assert_true(vn_correction_take(&set, &memory, 100, 23, 7, NULL));
  room[0].aggregate.count = UINT32_MAX;
  assert_true(vn_correction_take(&set, &memory, 100, 24, 8, NULL));
  assert_int_equal(books.count, 2);
  assert_int_equal(room[1].aggregate.count, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(deltas_that_wait_survive_a_restart_and_keep_counting),
      cmocka_unit_test(a_name_that_comes_back_counts_its_deltas_on),
      cmocka_unit_test(a_clean_stop_tells_what_waits),
      cmocka_unit_test(alerts_look_at_no_delta),
      cmocka_unit_test(revisions_that_wait_survive_a_restart),
      cmocka_unit_test(damaged_deltas_are_refused),
      cmocka_unit_test(impossible_deltas_are_refused),
      cmocka_unit_test(a_delta_that_is_full_gets_a_second_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
