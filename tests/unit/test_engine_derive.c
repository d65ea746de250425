/* Derived series in the engine: when they get a reading, what is counted, restarts, circles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define READINGS 60

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

static void compile(const char *text, vn_pattern_t *pattern, vn_template_t *name) {
  const char *problem;
  vn_text_t bytes = {text, strlen(text)};
  vn_template_t unused;
  assert_int_equal(vn_pattern_compile(bytes, pattern, &problem), VN_OK);
  assert_int_equal(
      vn_template_compile(bytes, pattern, false, name != NULL ? name : &unused, &problem), VN_OK);
}

/* Of the rig's window "ten": a, b and the like are in its pipeline 1, other* in pipeline 0. */
static vn_derivation_t derivation(vn_derive_kind_t kind, const char *series, const char *first,
                                  const char *second) {
  vn_derivation_t made = {.kind = (uint8_t)kind,
                          .statistic = VN_STATISTIC_MEAN,
                          .operand_count = 2,
                          .pipelines = {1, 1},
                          .ahead = 2};
  compile(series, &made.series, &made.name);
  compile(first, &made.operands[0], NULL);
  compile(second, &made.operands[1], NULL);
  return made;
}

static rig_t *derive_rig(const vn_flash_t *flash, const vn_derivation_t *derivations,
                         uint8_t count) {
  rig_t *rig = rig_new(flash);
  rig->plan.derivations = derivations;
  rig->plan.derivation_count = count;
  for (size_t i = 0; i < rig->plan.pipeline_count; i++) {
    rig->pipelines[i].out_of_order_ms = 0;
    rig->pipelines[i].lateness_ms = 0;
    rig->pipelines[i].idle_timeout_ms = VN_DURATION_OFF;
    rig->pipelines[i].max_future_ms = VN_DURATION_OFF;
    rig->pipelines[i].alert_count = 0;
  }
  return rig;
}

static const vn_figures_t *figures(const rig_t *rig) { return vn_engine_figures(&rig->engine); }

static void check_law(const rig_t *rig) {
  const vn_accounting_t *all = &figures(rig)->readings;
  assert_int_equal(all->received, all->accepted + all->late + all->no_window + all->duplicate +
                                      all->limited + all->quarantined + all->rejected);
}

static void a_value_is_derived_when_the_last_operand_has_its_result(void **state) {
  (void)state;
  vn_derivation_t one = derivation(VN_DERIVE_DIFFERENCE, "otherd", "a", "b");
  rig_t *rig = derive_rig(NULL, &one, 1);
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 2000, 0);
  rig_send(rig, "a", T0 + 1000, 2001, 1);
  rig_send(rig, "b", T0, 1500, 0);
  rig_send(rig, "a", T0 + 10000, 3000, 2);
  assert_int_equal(figures(rig)->derived, 0);
  rig_send(rig, "b", T0 + 10000, 1000, 1);
  assert_int_equal(figures(rig)->derived, 1);
  assert_int_equal(rig_accounting(rig, "otherd").received, 1);
  vn_flush(&rig->engine);
  assert_int_equal(figures(rig)->derived, 2);
  assert_int_equal(figures(rig)->underived, 0);
  int64_t sum = 0;
  for (size_t i = 0; i < rig->result_count; i++) {
    const rig_result_t *result = &rig->results[i];
    if (strcmp(result->series, "otherd") == 0 && result->window == 0) {
      assert_int_equal(result->count, 1);
      sum = sum * 10000 + result->sum;
    }
  }
  assert_int_equal(sum, 500 * 10000 + 2000);
  check_law(rig);
  rig_free(rig);
}

static void a_window_that_an_operand_has_not_is_given_up_and_counted(void **state) {
  (void)state;
  vn_derivation_t one = derivation(VN_DERIVE_SUM, "otherd", "a", "b");
  rig_t *rig = derive_rig(NULL, &one, 1);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < 30; i++) {
    rig_send(rig, "a", T0 + i * 10000, 2000, (uint32_t)i);
  }
  uint64_t waiting = rig->engine.derived_window_count;
  assert_true(waiting >= 3 && waiting < 20);
  assert_int_equal(figures(rig)->underived, 29 - waiting);
  rig_send(rig, "b", T0 + 270000, 1, 0);
  rig_send(rig, "b", T0 + 290000, 1, 1);
  assert_int_equal(figures(rig)->derived, 1);
  vn_flush(&rig->engine);
  assert_int_equal(figures(rig)->derived, 2);
  assert_int_equal(figures(rig)->underived, 28);
  check_law(rig);
  rig_free(rig);
}

static void revisions_change_nothing_and_zero_is_refused(void **state) {
  (void)state;
  vn_derivation_t one = derivation(VN_DERIVE_RATIO, "otherd", "a", "b");
  rig_t *rig = derive_rig(NULL, &one, 1);
  rig->pipelines[1].lateness_ms = 60000;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0, 2000, 0);
  rig_send(rig, "b", T0, 0, 0);
  rig_send(rig, "a", T0 + 10000, 2000, 1);
  rig_send(rig, "a", T0 + 1, 4000, 2);
  rig_send(rig, "b", T0 + 10000, 4000, 1);
  assert_int_equal(figures(rig)->derived, 1);
  assert_int_equal(figures(rig)->reasons[VN_REASON_ZERO], 1);
  assert_int_equal(rig_accounting(rig, "otherd").rejected, 1);
  rig_send(rig, "b", T0 + 1, 100, 2);
  assert_int_equal(figures(rig)->derived, 1);
  vn_flush(&rig->engine);
  assert_int_equal(rig_accounting(rig, "otherd").accepted, 1);
  check_law(rig);
  rig_free(rig);
}

static void send_named(rig_t *rig, const char *name, int64_t time_ms, int value) {
  char payload[96];
  (void)snprintf(payload, sizeof payload, "[{\"n\":\"%s\",\"t\":%lld.%03lld,\"v\":%d}]", name,
                 (long long)(time_ms / 1000), (long long)(time_ms % 1000), value);
  rig_message(rig, "p/x", payload);
}

static void captures_keep_instances_apart(void **state) {
  (void)state;
  vn_derivation_t one = derivation(VN_DERIVE_SUM, "other/{x}/{y}", "{y}/a/{x}", "{x}/b/{y}");
  one.order[0][0] = 1;
  one.order[0][1] = 0;
  one.order[1][0] = 0;
  one.order[1][1] = 1;
  rig_t *rig = derive_rig(NULL, &one, 1);
  rig->plan.series_max = 8;
  rig->pipelines[1].series_max = 6;
  assert_int_equal(rig_start(rig), VN_OK);
  send_named(rig, "2/a/1", T0, 10);
  send_named(rig, "1/b/2", T0, 20);
  send_named(rig, "1/a/2", T0, 30);
  send_named(rig, "2/b/1", T0, 40);
  send_named(rig, "3/a/3", T0, 5);
  vn_flush(&rig->engine);
  assert_int_equal(figures(rig)->derived, 2);
  assert_int_equal(figures(rig)->reasons[VN_REASON_SERIES_FULL], 1);
  int64_t sums[2] = {0, 0};
  for (size_t i = 0; i < rig->result_count; i++) {
    if (rig->results[i].window == 0 && strncmp(rig->results[i].series, "other", 5) == 0) {
      sums[rig->results[i].series[6] - '1'] += rig->results[i].sum;
    }
  }
  assert_int_equal(sums[0], 3000);
  assert_int_equal(sums[1], 7000);
  check_law(rig);
  rig_free(rig);
}

/* Chain: the sum of two, and its ratio to one of them; also through the end of input. */
static void make_chain(vn_derivation_t chain[2]) {
  chain[0] = derivation(VN_DERIVE_RATIO, "other2", "other1", "b");
  chain[0].pipelines[0] = 0;
  chain[1] = derivation(VN_DERIVE_SUM, "other1", "a", "b");
}

static void send_reading(rig_t *rig, int i) {
  static const int shift[] = {0, 0, 1500, -900, 0, -6500, 0, 300};
  rig_send(rig, i % 3 == 0 ? "b" : "a", T0 + i * 1000 + shift[i % 8], 2000 + 37 * i, (uint32_t)i);
}

static rig_t *chain_rig(flash_fake_t *flash, const vn_derivation_t *chain) {
  rig_t *rig = derive_rig(&flash->port, chain, 2);
  rig->pipelines[0].lateness_ms = 20000;
  rig->plan.series_max = 8;
  rig->plan.outbox_bytes = 4096;
  return rig;
}

/* Runs the trace; stops and starts again before reading `stop_at` (-1: never). */
static rig_t *run(flash_fake_t *flash, const vn_derivation_t *chain, int stop_at, bool everything) {
  rig_t *rig = chain_rig(flash, chain);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < READINGS; i++) {
    if (i == stop_at) {
      if (everything) {
        assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
      }
      flash_fake_power_up(flash);
      rig = rig_go_on(rig, chain_rig(flash, chain));
      assert_non_null(rig);
    }
    send_reading(rig, i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  vn_flush(&rig->engine);
  return rig;
}

static void a_stop_at_any_reading_changes_no_derived_value(void **state) {
  (void)state;
  vn_derivation_t chain[2];
  make_chain(chain);
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *whole = run(flash, chain, -1, true);
  assert_int_equal(figures(whole)->derived, 12);
  assert_int_equal(rig_accounting(whole, "other1").accepted, 6);
  assert_int_equal(rig_accounting(whole, "other2").accepted, 6);
  flash_fake_free(flash);
  for (int stop_at = 1; stop_at < READINGS; stop_at++) {
    flash = flash_fake_new(&shape, 1);
    rig_t *cut = run(flash, chain, stop_at, true);
    assert_int_equal(cut->result_count, whole->result_count);
    assert_memory_equal(cut->results, whole->results,
                        whole->result_count * sizeof whole->results[0]);
    assert_int_equal(figures(cut)->derived, 12);
    assert_int_equal(figures(cut)->underived, figures(whole)->underived);
    check_law(cut);
    rig_free(cut);
    flash_fake_free(flash);
  }
  rig_free(whole);
}

static bool has_first_result(const rig_t *rig, const char *series, int64_t start_ms) {
  for (size_t i = 0; i < rig->result_count; i++) {
    const rig_result_t *result = &rig->results[i];
    if (strcmp(result->series, series) == 0 && result->window == 0 && result->revision == 0 &&
        result->start_ms == start_ms) {
      return true;
    }
  }
  return false;
}

/* A cut may lose readings, but where both results were told, their value was derived, and once. */
static void a_cut_between_checkpoints_parts_no_result_from_its_value(void **state) {
  (void)state;
  vn_derivation_t chain[2];
  make_chain(chain);
  for (int stop_at = 1; stop_at < READINGS; stop_at++) {
    flash_fake_t *flash = flash_fake_new(&shape, 1);
    rig_t *cut = run(flash, chain, stop_at, false);
    uint64_t both = 0, lonely = 0;
    for (int64_t start_ms = T0 - 10000; start_ms < T0 + 70000; start_ms += 10000) {
      bool a = has_first_result(cut, "a", start_ms), b = has_first_result(cut, "b", start_ms);
      both += a && b;
      lonely += a != b;
      lonely += b != has_first_result(cut, "other1", start_ms);
    }
    assert_true(both >= 4);
    assert_int_equal(rig_accounting(cut, "other1").received, both);
    assert_int_equal(figures(cut)->underived, lonely);
    check_law(cut);
    rig_free(cut);
    flash_fake_free(flash);
  }
}

/* One derivation may have two instances here: more come one after another. */
static void series_that_fell_silent_make_room_for_others(void **state) {
  (void)state;
  vn_derivation_t one = derivation(VN_DERIVE_SUM, "other/{x}", "{x}/a", "{x}/b");
  rig_t *rig = derive_rig(NULL, &one, 1);
  rig->plan.series_max = 8;
  for (size_t i = 0; i < 2; i++) {
    rig->pipelines[i].time_to_live_ms = 60000;
  }
  assert_int_equal(rig_start(rig), VN_OK);
  for (int round = 0; round < 6; round++) {
    char a[] = "0/a", b[] = "0/b";
    a[0] = b[0] = (char)('0' + round);
    send_named(rig, a, rig->wall_ms, 10);
    send_named(rig, b, rig->wall_ms, 20);
    send_named(rig, a, rig->wall_ms + 10000, 1);
    assert_int_equal(rig_wait(rig, 70000), VN_OK);
    assert_int_equal(rig_wait(rig, 70000), VN_OK);
    assert_int_equal(figures(rig)->derived, round + 1);
    assert_int_equal(figures(rig)->underived, round + 1);
  }
  assert_int_equal(figures(rig)->series_expired, 18);
  assert_int_equal(figures(rig)->reasons[VN_REASON_SERIES_FULL], 0);
  assert_int_equal(rig->engine.derived_names.count, 0);
  check_law(rig);
  rig_free(rig);
}

static void circles_and_rivals_are_refused(void **state) {
  (void)state;
  vn_plan_problem_t problem;
  vn_derivation_t list[3] = {derivation(VN_DERIVE_SUM, "other1", "a", "b"),
                             derivation(VN_DERIVE_SUM, "other2", "other1", "b"),
                             derivation(VN_DERIVE_SUM, "other3", "other2", "b")};
  list[1].pipelines[0] = list[2].pipelines[0] = 0;
  rig_t *rig = derive_rig(NULL, list, 3);
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_OK);
  compile("other3", &list[0].operands[0], NULL);
  list[0].pipelines[0] = 0;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  assert_true(problem.derivation < 3);
  compile("other1", &list[0].operands[0], NULL);
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  compile("a", &list[0].operands[0], NULL);
  list[0].pipelines[0] = 1;
  compile("other2", &list[2].series, &list[2].name);
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  assert_int_equal(problem.derivation, 2);
  compile("other3", &list[2].series, &list[2].name);
  list[2].statistic = VN_STATISTIC_STDDEV;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  list[2].statistic = VN_STATISTIC_MAX;
  list[2].windows[1] = 1;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  list[2].windows[1] = 0;
  rig->pipelines[0].scope = VN_SCOPE_GLOBAL;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
  rig->pipelines[0].scope = VN_SCOPE_SERIES;
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_OK);
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_value_is_derived_when_the_last_operand_has_its_result),
      cmocka_unit_test(a_window_that_an_operand_has_not_is_given_up_and_counted),
      cmocka_unit_test(revisions_change_nothing_and_zero_is_refused),
      cmocka_unit_test(captures_keep_instances_apart),
      cmocka_unit_test(a_stop_at_any_reading_changes_no_derived_value),
      cmocka_unit_test(a_cut_between_checkpoints_parts_no_result_from_its_value),
      cmocka_unit_test(series_that_fell_silent_make_room_for_others),
      cmocka_unit_test(circles_and_rivals_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
