/* Series that fell silent: their goodbye, their place, their books, and that they stay away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "prng.h"

#define T0 INT64_C(1795219200000)
#define SEED 47

enum { LIFE_MS = 60000 };

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static rig_t *make(const vn_flash_t *flash) {
  rig_t *rig = rig_new(flash);
  rig->pipelines[0].time_to_live_ms = LIFE_MS;
  rig->pipelines[1].time_to_live_ms = LIFE_MS;
  return rig;
}

static rig_t *start(const vn_flash_t *flash) {
  rig_t *rig = make(flash);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static rig_t *start_again(rig_t *old, const vn_flash_t *flash, int64_t away_ms) {
  rig_t *rig = make(flash);
  rig->wall_ms = old->wall_ms + away_ms;
  rig->pipelines[1].alert_count = old->pipelines[1].alert_count;
  rig_free(old);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static bool is_there(const rig_t *rig, const char *name) {
  vn_text_t text = {name, strlen(name)};
  return vn_series_find(&rig->engine.table, text, vn_series_hash(text)) != VN_SERIES_NONE;
}

static uint64_t expired(const rig_t *rig) {
  return vn_engine_figures(&rig->engine)->series_expired;
}

/* Every reading is in the books of a series, or in those of the series that are gone. */
static void check_books(const rig_t *rig) {
  const vn_figures_t *figures = vn_engine_figures(&rig->engine);
  vn_accounting_t sum = figures->expired;
  for (uint32_t i = 0; i < RIG_SERIES_MAX; i++) {
    if (rig->engine.table.name_lengths[i] > 0) {
      const vn_accounting_t *own = &vn_engine_series(&rig->engine, i)->accounting;
      sum.received += own->received;
      sum.accepted += own->accepted;
      sum.late += own->late;
      sum.quarantined += own->quarantined;
    }
  }
  assert_int_equal(sum.received + figures->unassigned, figures->readings.received);
  assert_int_equal(sum.accepted, figures->readings.accepted);
  assert_int_equal(sum.late, figures->readings.late);
  assert_int_equal(sum.quarantined, figures->readings.quarantined);
}

static void what_is_open_is_told_and_alerts_are_resolved(void **state) {
  (void)state;
  rig_t *rig = start(NULL);
  rig_send(rig, "a", T0, 9000, 1);
  rig_send(rig, "a", T0 + 3000, 9000, 2);
  rig_send(rig, "a", T0 + 4000, 9000, 3);
  assert_int_equal(rig->transition_count, 2); /* hot: pending, firing */
  assert_int_equal(rig_wait(rig, LIFE_MS - 1), VN_OK);
  assert_int_equal(rig->result_count, 0);
  assert_true(is_there(rig, "a"));
  assert_int_equal(rig_wait(rig, 100), VN_OK);
  assert_false(is_there(rig, "a"));
  assert_int_equal(expired(rig), 1);
  assert_int_equal(rig->result_count, 3); /* ten; slide twice */
  for (size_t i = 0; i < rig->result_count; i++) {
    assert_int_equal(rig->results[i].kind, VN_KIND_IDLE);
    assert_int_equal(rig->results[i].count, 3);
  }
  /* silent fires after 30 s, warm at the last result; then all three are resolved. */
  assert_int_equal(rig->transition_count, 7);
  for (size_t i = 4; i < 7; i++) {
    assert_int_equal(rig->transitions[i].phase, VN_ALERT_NORMAL);
    assert_int_equal(rig->transitions[i].ends_ms, T0 + LIFE_MS);
  }
  check_books(rig);
  assert_int_equal(vn_engine_figures(&rig->engine)->expired.accepted, 3);
  rig_free(rig);
}

static void a_series_that_comes_back_begins_anew(void **state) {
  (void)state;
  rig_t *rig = start(NULL);
  rig_send(rig, "a", T0, 1000, 1);
  assert_int_equal(rig_wait(rig, LIFE_MS), VN_OK);
  assert_false(is_there(rig, "a"));
  rig_send(rig, "a", T0, 1000, 1); /* neither late nor a duplicate: nothing is known of it */
  assert_int_equal(rig_accounting(rig, "a").received, 1);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  check_books(rig);
  rig_free(rig);
}

static void any_arrival_keeps_a_series_alive(void **state) {
  (void)state;
  rig_t *rig = start(NULL);
  rig_send(rig, "a", T0, 1000, 1);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(rig_wait(rig, LIFE_MS / 2), VN_OK);
    rig_send(rig, "a", T0, 1000, 1);
  }
  assert_true(is_there(rig, "a"));
  assert_int_equal(rig_accounting(rig, "a").duplicate, 10);
  rig_free(rig);
}

/* More names than places, again and again; each begins with empty windows. */
static void places_are_given_away_again(void **state) {
  (void)state;
  rig_t *rig = start(NULL);
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < RIG_SERIES_MAX + 1; i++) {
      char name[16];
      (void)snprintf(name, sizeof name, i < 2 ? "other%d-%d" : "s%d-%d", round, i);
      rig_send(rig, name, rig->wall_ms, (round + 1) * 100 + i, 1);
    }
    assert_int_equal(rig->last_drop, VN_REASON_SERIES_FULL);
    assert_int_equal(rig->engine.table.count, RIG_SERIES_MAX);
    assert_int_equal(rig_wait(rig, LIFE_MS), VN_OK);
    assert_int_equal(rig->engine.table.count, 0);
    check_books(rig);
  }
  assert_int_equal(expired(rig), 20 * RIG_SERIES_MAX);
  assert_true(rig->result_count > 0);
  for (size_t i = 0; i < rig->result_count; i++) {
    assert_int_equal(rig->results[i].count, 1);
  }
  rig_free(rig);
}

static void the_dead_stay_dead_over_restarts(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port);
  rig_send(rig, "a", T0, 1000, 1);
  rig_send(rig, "b", T0, 1000, 1);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig->wall_ms += LIFE_MS - 1000;
  rig_send(rig, "b", T0 + 1000, 1000, 2);
  assert_int_equal(rig_wait(rig, 2000), VN_OK);
  assert_false(is_there(rig, "a"));
  rig = start_again(rig, &flash->port, 0); /* a cut: the goodbye was committed by itself */
  assert_false(is_there(rig, "a"));
  assert_true(is_there(rig, "b"));
  assert_int_equal(expired(rig), 1);
  assert_int_equal(vn_engine_figures(&rig->engine)->expired.accepted, 1);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_reset, 0);
  check_books(rig);
  rig_send(rig, "c", T0 + 2000, 1000, 1); /* in the place of a */
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  rig = start_again(rig, &flash->port, 0);
  assert_true(is_there(rig, "b"));
  assert_int_equal(rig_accounting(rig, "c").accepted, 1);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_reset, 0);
  rig_free(rig);
  flash_fake_free(flash);
}

static void silence_goes_on_while_the_device_is_off(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = start(&flash->port);
  rig->pipelines[1].alert_count = 3;
  rig_send(rig, "a", T0, 1000, 1);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig = start_again(rig, &flash->port, LIFE_MS - 1000);
  assert_int_equal(rig_wait(rig, 500), VN_OK);
  assert_true(is_there(rig, "a"));
  assert_int_equal(rig->transition_count, 0); /* absence counts from the restart */
  assert_int_equal(rig_wait(rig, 500), VN_OK);
  assert_false(is_there(rig, "a"));
  rig_free(rig);
  flash_fake_free(flash);
}

/* Two readings, a checkpoint, a goodbye; the power fails at operation n behind the checkpoint. */
static bool say_goodbye(flash_fake_t *flash, uint64_t n, flash_fake_cut_t cut) {
  rig_t *rig = start(&flash->port);
  rig->dead = &flash->dead;
  rig_send(rig, "a", T0, 1000, 1);
  rig_send(rig, "a", T0 + 1, 1000, 2);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  flash_fake_cut_at(flash, n, cut, CUT_ERASE_OLD);
  vn_err_t ended = rig_wait(rig, LIFE_MS);
  bool whole = !flash->dead;
  assert_true(!whole || (ended == VN_OK && expired(rig) == 1));
  rig->wall_ms += 1;
  flash_fake_power_up(flash);
  rig = start_again(rig, &flash->port, 0);
  check_books(rig);
  assert_int_equal(vn_engine_figures(&rig->engine)->readings.accepted, 2);
  assert_true(is_there(rig, "a") == (expired(rig) == 0));
  assert_int_equal(rig_wait(rig, LIFE_MS), VN_OK);
  assert_false(is_there(rig, "a"));
  assert_int_equal(expired(rig), 1);
  assert_int_equal(vn_engine_figures(&rig->engine)->readings.accepted, 2);
  check_books(rig);
  assert_null(flash->violation);
  rig_free(rig);
  return whole;
}

static void a_cut_in_the_goodbye_neither_loses_nor_doubles_its_books(void **state) {
  (void)state;
  for (unsigned cut = 0; cut < CUT_KINDS; cut++) {
    bool whole = false;
    for (uint64_t n = 1; !whole; n++) {
      flash_fake_t *flash = flash_fake_new(&shape, n);
      whole = say_goodbye(flash, n, (flash_fake_cut_t)cut);
      flash_fake_free(flash);
    }
  }
}

/* A year of names that come and go, with restarts: as if there had been none. */
typedef struct step {
  char name[8];
  int64_t wait_ms;
  int32_t value;
  bool restart;
} step_t;

enum { STEPS = 1500 };

static rig_t *run(const step_t *steps, const vn_flash_t *flash) {
  rig_t *rig = make(flash);
  rig->pipelines[1].alert_count = 2; /* absence would count from each restart */
  assert_int_equal(rig_start(rig), VN_OK);
  static rig_result_t results[RIG_RESULTS_MAX];
  size_t count = 0;
  for (uint32_t i = 0; i < STEPS; i++) {
    if (steps[i].restart && flash != NULL) {
      assert_int_equal(i % 2 == 0 ? vn_stop(&rig->engine) : vn_checkpoint(&rig->engine), VN_OK);
      memcpy(results + count, rig->results, rig->result_count * sizeof results[0]);
      count += rig->result_count;
      rig = start_again(rig, flash, 0);
      assert_int_equal(vn_engine_recovery(&rig->engine)->series_reset, 0);
    }
    rig_send(rig, steps[i].name, rig->wall_ms, steps[i].value, i);
    assert_int_equal(rig_wait(rig, steps[i].wait_ms), VN_OK);
    check_books(rig);
  }
  memmove(rig->results + count, rig->results, rig->result_count * sizeof results[0]);
  memcpy(rig->results, results, count * sizeof results[0]);
  rig->result_count += count;
  assert_true(rig->result_count < RIG_RESULTS_MAX);
  return rig;
}

static void restarts_change_nothing_while_names_come_and_go(void **state) {
  (void)state;
  static step_t steps[STEPS];
  prng_t prng = prng_make(SEED, 1);
  for (size_t i = 0; i < STEPS; i++) {
    (void)snprintf(steps[i].name, sizeof steps[i].name, "s%d", (int)prng_below(&prng, 12));
    steps[i].wait_ms =
        prng_below(&prng, 4) == 0 ? prng_between(&prng, 0, 50000) : prng_between(&prng, 0, 5000);
    steps[i].value = (int32_t)prng_between(&prng, 0, 12000);
    steps[i].restart = prng_below(&prng, 5) == 0;
  }
  rig_t *whole = run(steps, NULL);
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *cut = run(steps, &flash->port);
  assert_int_equal(cut->result_count, whole->result_count);
  assert_memory_equal(cut->results, whole->results, whole->result_count * sizeof whole->results[0]);
  assert_true(expired(whole) > 100);
  assert_int_equal(expired(cut), expired(whole));
  assert_int_equal(cut->engine.table.count, whole->engine.table.count);
  const vn_accounting_t *a = &vn_engine_figures(&whole->engine)->readings;
  const vn_accounting_t *b = &vn_engine_figures(&cut->engine)->readings;
  assert_memory_equal(a, b, sizeof *a);
  assert_true(flash->erases > 64); /* the log has gone round */
  rig_free(whole);
  rig_free(cut);
  flash_fake_free(flash);
}

#define CASE(name) cmocka_unit_test(name)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(what_is_open_is_told_and_alerts_are_resolved),
      CASE(a_series_that_comes_back_begins_anew),
      CASE(any_arrival_keeps_a_series_alive),
      CASE(places_are_given_away_again),
      CASE(the_dead_stay_dead_over_restarts),
      CASE(silence_goes_on_while_the_device_is_off),
      CASE(a_cut_in_the_goodbye_neither_loses_nor_doubles_its_books),
      CASE(restarts_change_nothing_while_names_come_and_go),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
