/* Alerts played reading by reading against what an operator expects to see. */
#ifndef ALERT_SCENE_H
#define ALERT_SCENE_H

#include "vn/alert.h"

enum { ALERT_SCENE_MAX = 12 };

/* A reading, or of a DEVIATION the score of one. */
typedef struct alert_reading {
  vn_time_ms_t time_ms;
  int32_t value;
} alert_reading_t;

typedef struct alert_scene {
  const char *name;
  vn_alert_rule_t rule;
  alert_reading_t readings[ALERT_SCENE_MAX];
  const char *phases;   /* after each reading, by letter: Normal, Pending, Firing, Recovering; its
                           length is the number of readings */
  const char *episodes; /* after each reading, one digit */
} alert_scene_t;

/*
 * Fails the test where a phase, an episode or a step is another one. `levels`: after each reading
 * the level of the open episode, one digit, '-' without an episode; NULL: not looked at. `leader`:
 * the rule of the alert that comes first, which gets the same readings; NULL unless the scene's
 * rule follows. Wherever an alert rests its evaluation must change nothing.
 */
void alert_scene_play(const alert_scene_t *scene, const char *levels,
                      const vn_alert_rule_t *leader);

/* Evaluates one reading, by the short way as well. */
vn_alert_step_t alert_scene_take(const vn_alert_rule_t *rule, vn_alert_state_t *state,
                                 const vn_alert_state_t *before, const alert_reading_t *reading);

#endif
