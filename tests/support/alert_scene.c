#include "alert_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char letter(uint8_t phase) { return "NPFR"[phase]; }

static char level_of(const vn_alert_state_t *state) {
  return vn_alert_is_open(state) ? (char)('0' + state->level) : '-';
}

vn_alert_step_t alert_scene_take(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                 const vn_alert_state_t *before, const alert_reading_t *reading) {
  vn_time_ms_t time_ms = reading->time_ms;
  if (rule->condition == VN_ALERT_DEVIATION) {
    return vn_alert_score(rule, state, before, time_ms, (uint32_t)reading->value);
  }
  vn_alert_state_t rested = *state;
  bool rests = vn_alert_goes_by_time(rule)
                   ? vn_alert_rests_in_time(rule, &rested, time_ms, reading->value)
                   : vn_alert_rests(&rested, time_ms, reading->value);
  vn_alert_step_t step = vn_alert_value(rule, state, before, time_ms, reading->value);
  if (rests) {
    assert_int_equal(step.what, 0);
    assert_memory_equal(&rested, state, sizeof rested);
  }
  return step;
}

static void check_step(vn_alert_step_t step, const vn_alert_state_t *old,
                       const vn_alert_state_t *state) {
  assert_int_equal(step.from, old->phase);
  assert_int_equal(step.to, state->phase);
  assert_int_equal(step.from_level, old->level);
  assert_int_equal((step.what & VN_ALERT_STEP_PHASE) != 0, old->phase != state->phase);
  bool stays_open = vn_alert_is_open(old) && vn_alert_is_open(state);
  assert_int_equal((step.what & VN_ALERT_STEP_BEGAN) != 0,
                   !vn_alert_is_open(old) && vn_alert_is_open(state));
  assert_int_equal((step.what & VN_ALERT_STEP_ENDED) != 0,
                   vn_alert_is_open(old) && !vn_alert_is_open(state));
  assert_int_equal((step.what & VN_ALERT_STEP_LEVEL) != 0,
                   stays_open && old->level != state->level);
}

void alert_scene_play(const alert_scene_t *scene, const char *levels,
                      const vn_alert_rule_t *leader) {
  vn_alert_state_t state, before;
  memset(&state, 0, sizeof state);
  memset(&before, 0, sizeof before);
  size_t count = strlen(scene->phases);
  assert_true(count <= ALERT_SCENE_MAX && strlen(scene->episodes) == count);
  assert_true(levels == NULL || strlen(levels) == count);
  for (size_t i = 0; i < count; i++) {
    vn_alert_state_t old = state;
    if (leader != NULL) {
      (void)alert_scene_take(leader, &before, NULL, &scene->readings[i]);
    }
    vn_alert_step_t step = alert_scene_take(&scene->rule, &state, leader != NULL ? &before : NULL,
                                            &scene->readings[i]);
    if (letter(state.phase) != scene->phases[i] ||
        state.episode != (uint32_t)(scene->episodes[i] - '0') ||
        (levels != NULL && level_of(&state) != levels[i])) {
      fail_msg("%s: reading %zu: phase %c, episode %u, level %c", scene->name, i,
               letter(state.phase), (unsigned)state.episode, level_of(&state));
    }
    check_step(step, &old, &state);
  }
}
