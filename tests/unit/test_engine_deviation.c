/* Alerts on deviations in the whole engine: warm-up, refractory period, old readings, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "noise.h"
#include "vn/budget.h"

#define T0 INT64_C(1795219200000)
#define SEED 17

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE};

enum {
  READINGS = 420,
  FIRST_SPIKE = 300,
  SECOND_SPIKE = 310,
  THIRD_SPIKE = 380,
  REFRACTORY_S = 60
};

/* The last two alerts of the rig become deviations: "odd", and "calm", a composite that is never
 * warm. */
static rig_t *make(const vn_flash_t *flash) {
  rig_t *rig = rig_new(flash);
  const vn_alert_rule_t rule = {
      .limit = 6000, .period_ms = REFRACTORY_S * 1000, .condition = VN_ALERT_DEVIATION};
  vn_alert_plan_t odd = {
      .name = "odd", .severity = "", .of = "value", .rule = rule, .warm_up = 200, .exponent = -2};
  rig->alerts[1] = odd;
  rig->alerts[2] = odd;
  rig->alerts[2].name = "calm";
  rig->alerts[2].detector = VN_DETECTOR_COMPOSITE;
  rig->alerts[2].warm_up = 100000;
  return rig;
}

static int32_t value_of(prng_t *prng, int i) {
  bool spike = i == FIRST_SPIKE || i == SECOND_SPIKE || i == THIRD_SPIKE;
  return 2000 + noise(prng, 50) + (spike ? 2000 : 0);
}

/* Runs the trace with a start in the middle before reading `stop_at` (-1: none). */
static rig_t *run(flash_fake_t *flash, int stop_at) {
  rig_t *rig = make(&flash->port);
  prng_t prng = prng_make(SEED, 0);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < READINGS; i++) {
    if (i == stop_at) {
      assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
      flash_fake_power_up(flash);
      rig_t *next = make(&flash->port);
      next->wall_ms = rig->wall_ms;
      next->transition_count = rig->transition_count;
      memcpy(next->transitions, rig->transitions,
             rig->transition_count * sizeof rig->transitions[0]);
      rig_free(rig);
      rig = next;
      assert_int_equal(rig_start(rig), VN_OK);
    }
    rig_send(rig, "a", T0 + i * 1000, value_of(&prng, i), (uint32_t)i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  return rig;
}

static void one_incident_is_one_alert(void **state) {
  (void)state;
  static const struct {
    int at_s;
    uint32_t episode;
    vn_alert_phase_t phase;
  } expected[] = {{FIRST_SPIKE, 1, VN_ALERT_FIRING},
                  {FIRST_SPIKE + REFRACTORY_S, 1, VN_ALERT_NORMAL},
                  {THIRD_SPIKE, 2, VN_ALERT_FIRING}};
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = run(flash, -1);
  assert_int_equal(rig->transition_count, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_string_equal(rig->transitions[i].alert, "odd");
    assert_true(rig->transitions[i].at_ms == T0 + expected[i].at_s * 1000);
    assert_int_equal(rig->transitions[i].episode, expected[i].episode);
    assert_int_equal(rig->transitions[i].phase, expected[i].phase);
  }
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_restart_at_any_time_changes_no_transition(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *whole = run(flash, -1);
  flash_fake_free(flash);
  for (int stop_at = 1; stop_at < READINGS; stop_at += stop_at < FIRST_SPIKE - 2 ? 37 : 9) {
    flash = flash_fake_new(&shape, 1);
    rig_t *cut = run(flash, stop_at);
    assert_int_equal(cut->transition_count, whole->transition_count);
    assert_memory_equal(cut->transitions, whole->transitions,
                        whole->transition_count * sizeof whole->transitions[0]);
    assert_memory_equal(cut->engine.store.residuals, whole->engine.store.residuals,
                        sizeof(vn_residual_t));
    assert_memory_equal(cut->engine.store.composites, whole->engine.store.composites,
                        sizeof(vn_composite_t));
    rig_free(cut);
    flash_fake_free(flash);
  }
  rig_free(whole);
}

static void a_reading_older_than_the_last_teaches_nothing(void **state) {
  (void)state;
  rig_t *rig = make(NULL);
  prng_t prng = prng_make(SEED, 0);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < 250; i++) {
    rig_send(rig, "a", T0 + i * 1000, value_of(&prng, i), (uint32_t)(2 * i));
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
    vn_residual_t before = rig->engine.store.residuals[0];
    vn_composite_t also = rig->engine.store.composites[0];
    assert_int_equal(before.readings, i + 1);
    assert_int_equal(also.readings, i + 1);
    rig_send(rig, "a", T0 + i * 1000 - 500, 12000, (uint32_t)(2 * i + 1));
    assert_int_equal(rig_step(rig), VN_OK);
    assert_memory_equal(&rig->engine.store.residuals[0], &before, sizeof before);
    assert_memory_equal(&rig->engine.store.composites[0], &also, sizeof also);
  }
  for (size_t i = 0; i < rig->transition_count; i++) {
    assert_string_equal(rig->transitions[i].alert, "hot");
  }
  assert_true(vn_engine_figures(&rig->engine)->late_for_alerts >= 500);
  rig_free(rig);
}

static void only_pipelines_that_ask_for_it_pay(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  vn_store_t need;
  vn_budget_t without, with;
  assert_int_equal(vn_store_need(&rig->plan, &need), VN_OK);
  assert_int_equal(need.residual_count + need.composite_count, 0);
  assert_int_equal(vn_budget(&rig->plan, &without), VN_OK);
  rig_free(rig);
  rig = make(NULL);
  assert_int_equal(vn_store_need(&rig->plan, &need), VN_OK);
  assert_int_equal(need.residual_count, RIG_SERIES_MAX);
  assert_int_equal(need.composite_count, RIG_SERIES_MAX);
  assert_int_equal(vn_budget(&rig->plan, &with), VN_OK);
  assert_int_equal(with.pipelines[0].alert_bytes, without.pipelines[0].alert_bytes);
  assert_int_equal(
      with.pipelines[1].alert_bytes,
      without.pipelines[1].alert_bytes + sizeof(vn_residual_t) + sizeof(vn_composite_t));
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_incident_is_one_alert),
      cmocka_unit_test(a_restart_at_any_time_changes_no_transition),
      cmocka_unit_test(a_reading_older_than_the_last_teaches_nothing),
      cmocka_unit_test(only_pipelines_that_ask_for_it_pay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
