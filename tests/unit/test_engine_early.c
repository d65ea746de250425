/* Early results: when, of which windows, with which numbers, and who doesn't look at them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static rig_t *start(const vn_flash_t *flash, int64_t early_every_ms, int64_t now_ms) {
  rig_t *rig = rig_new(flash);
  for (size_t i = 0; i < 2; i++) {
    rig->pipelines[i].early_every_ms = early_every_ms;
  }
  rig->wall_ms = now_ms;
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

/* One result of "ten". */
typedef struct told {
  int64_t start_s;
  uint8_t kind;
  uint32_t revision, count;
} told_t;

static void assert_told(const rig_t *rig, const told_t *wanted, size_t count) {
  size_t seen = 0;
  for (size_t i = 0; i < rig->result_count; i++) {
    const rig_result_t *result = &rig->results[i];
    if (result->window != 0) {
      continue;
    }
    assert_true(seen < count);
    assert_int_equal(result->start_ms - T0, wanted[seen].start_s * 1000);
    assert_int_equal(result->kind, wanted[seen].kind);
    assert_int_equal(result->revision, wanted[seen].revision);
    assert_int_equal(result->count, wanted[seen].count);
    assert_true(result->kind != VN_KIND_EARLY || (result->flags & VN_FLAG_BIT(VN_FLAG_FINAL)) == 0);
    seen++;
  }
  assert_int_equal(seen, count);
}

static void send(rig_t *rig, int64_t seconds, int32_t value, uint32_t sequence) {
  rig_send(rig, "a", T0 + seconds * 1000, value, sequence);
  assert_int_equal(rig_step(rig), VN_OK);
}

static void open_windows_are_told_each_interval_if_they_changed(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 3000, T0);
  send(rig, 1, 2000, 0);
  assert_int_equal(rig_wait(rig, 2900), VN_OK);
  assert_told(rig, NULL, 0);
  assert_int_equal(rig_wait(rig, 200), VN_OK);
  assert_int_equal(rig_wait(rig, 9000), VN_OK); /* nothing new, nothing said */
  send(rig, 2, 2000, 1);
  assert_int_equal(rig_wait(rig, 2900), VN_OK);
  send(rig, 11, 2000, 2); /* the interval doesn't begin anew */
  assert_int_equal(rig_wait(rig, 200), VN_OK);
  send(rig, 13, 2000, 3); /* closes the first one, which nothing has changed since */
  send(rig, 3, 2000, 4);
  assert_int_equal(rig_wait(rig, 3100), VN_OK); /* of the closed one no word */
  const told_t wanted[] = {
      {0, VN_KIND_EARLY, 0, 1},   {0, VN_KIND_EARLY, 1, 2}, {10, VN_KIND_EARLY, 0, 1},
      {0, VN_KIND_ON_TIME, 2, 2}, {0, VN_KIND_LATE, 3, 3},  {10, VN_KIND_EARLY, 1, 2},
  };
  assert_told(rig, wanted, sizeof wanted / sizeof wanted[0]);
  rig_free(rig);
}

static void of_several_open_windows_those_that_changed_are_told(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 1000, T0);
  send(rig, 9, 2000, 0);
  send(rig, 10, 2000, 1);
  assert_int_equal(rig_wait(rig, 1100), VN_OK);
  send(rig, 11, 2000, 2);
  assert_int_equal(rig_wait(rig, 1100), VN_OK);
  send(rig, 8, 2000, 3);
  assert_int_equal(rig_wait(rig, 1100), VN_OK);
  const told_t wanted[] = {
      {0, VN_KIND_EARLY, 0, 1},
      {10, VN_KIND_EARLY, 0, 1},
      {10, VN_KIND_EARLY, 1, 2},
      {0, VN_KIND_EARLY, 1, 2},
  };
  assert_told(rig, wanted, sizeof wanted / sizeof wanted[0]);
  rig_free(rig);
}

/* Also a window that is gone at once when it closes goes on counting; early it isn't final. */
static void a_jump_of_the_time_ends_what_was_told_early(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  for (size_t i = 0; i < 2; i++) {
    rig->pipelines[i].early_every_ms = 1000;
    rig->pipelines[i].lateness_ms = 0;
  }
  rig->wall_ms = T0;
  assert_int_equal(rig_start(rig), VN_OK);
  send(rig, 1, 2000, 0);
  assert_int_equal(rig_wait(rig, 1100), VN_OK);
  rig->wall_ms += 100000;
  send(rig, 100, 2000, 1);
  assert_int_equal(rig_wait(rig, 1100), VN_OK);
  rig->wall_ms += 100000;
  send(rig, 200, 2000, 2); /* shares a counter with others before it */
  vn_flush(&rig->engine);
  assert_int_equal(rig_wait(rig, 5000), VN_OK);
  const told_t wanted[] = {
      {0, VN_KIND_EARLY, 0, 1},     {0, VN_KIND_ON_TIME, 1, 1},   {100, VN_KIND_EARLY, 0, 1},
      {100, VN_KIND_ON_TIME, 1, 1}, {200, VN_KIND_ON_TIME, 0, 1},
  };
  assert_told(rig, wanted, sizeof wanted / sizeof wanted[0]);
  rig_free(rig);
}

static size_t warnings(const rig_t *rig) {
  size_t count = 0;
  for (size_t i = 0; i < rig->transition_count; i++) {
    count += strcmp(rig->transitions[i].alert, "warm") == 0;
  }
  return count;
}

static void alerts_look_at_the_first_result_that_is_not_early(void **state) {
  (void)state;
  rig_t *rig = start(NULL, 1000, T0);
  send(rig, 1, 7000, 0); /* above the 50 of "warm", which looks at ten.mean */
  assert_int_equal(rig_wait(rig, 1100), VN_OK);
  assert_int_equal(rig->results[0].kind, VN_KIND_EARLY);
  assert_int_equal(warnings(rig), 0);
  send(rig, 12, 1000, 1);
  assert_int_equal(warnings(rig), 1);
  send(rig, 2, -3000, 2); /* a revision below it */
  assert_int_equal(warnings(rig), 1);
  rig_free(rig);
}

enum { LENGTH = 60 };

/* Readings with many late ones, one in 700 ms. */
static void send_some(rig_t *rig, int from, int to) {
  static const int back[] = {0, 0, 4000, 0, 6000, 1000, 0, 12000};
  for (int i = from; i < to; i++) {
    rig_send(rig, "a", T0 + i * 700 - back[i % 8], 2000 + i, (uint32_t)i);
    assert_int_equal(rig_wait(rig, 700), VN_OK);
  }
}

static void tell(rig_story_t *story, int64_t early_every_ms, int stop_at) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port, early_every_ms, T0);
  story->count = 0;
  send_some(rig, 0, stop_at);
  if (stop_at < LENGTH) {
    int64_t now_ms = rig->wall_ms;
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    assert_true(rig_note(story, rig));
    rig_free(rig);
    flash_fake_power_up(flash);
    rig = start(&flash->port, early_every_ms, now_ms);
    send_some(rig, stop_at, LENGTH);
  }
  vn_flush(&rig->engine);
  assert_true(rig_note(story, rig));
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_restart_changes_nothing(void **state) {
  (void)state;
  static rig_story_t whole, cut;
  tell(&whole, 2100, LENGTH);
  for (int stop_at = 1; stop_at < LENGTH; stop_at++) {
    tell(&cut, 2100, stop_at);
    assert_int_equal(cut.count, whole.count);
    for (size_t i = 0; i < whole.count; i++) {
      assert_memory_equal(&cut.results[i], &whole.results[i], sizeof cut.results[i]);
    }
  }
}

static void the_other_results_are_those_without(void **state) {
  (void)state;
  static rig_story_t with, without;
  size_t seen = 0, early = 0;
  tell(&with, 2100, LENGTH);
  tell(&without, 0, LENGTH);
  for (size_t i = 0; i < with.count; i++) {
    rig_result_t result = with.results[i];
    if (result.kind == VN_KIND_EARLY) {
      early++;
      continue;
    }
    assert_true(seen < without.count);
    assert_true(result.revision >= without.results[seen].revision);
    result.revision = without.results[seen].revision;
    assert_memory_equal(&result, &without.results[seen], sizeof result);
    seen++;
  }
  assert_int_equal(seen, without.count);
  assert_true(early > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(open_windows_are_told_each_interval_if_they_changed),
      cmocka_unit_test(of_several_open_windows_those_that_changed_are_told),
      cmocka_unit_test(a_jump_of_the_time_ends_what_was_told_early),
      cmocka_unit_test(alerts_look_at_the_first_result_that_is_not_early),
      cmocka_unit_test(a_restart_changes_nothing),
      cmocka_unit_test(the_other_results_are_those_without),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
