/* Alerts of a whole device, played on a test bench: what subscribers are told, as text. */
#ifndef ALERT_STAGE_H
#define ALERT_STAGE_H

#include "engine_rig.h"

/* Midnight of a day; times of a stage are ms since then. */
#define STAGE_T0 INT64_C(1795219200000)

enum { STAGE_TEXT_MAX = 4096 };

typedef struct alert_stage {
  const vn_alert_plan_t *alerts;
  size_t alert_count;
  vn_rate_t flood;
  int64_t time_to_live_ms, idle_timeout_ms;
  bool restarts; /* after everything that happens the device stops and starts again */
  uint8_t group_count;
  unsigned starts;
  flash_fake_t *flash;
  rig_t *rig;
  char text[STAGE_TEXT_MAX];
} alert_stage_t;

/* Begins the play: the plan's parts above are filled in. */
void stage_begin(alert_stage_t *stage);
void stage_end(alert_stage_t *stage);

/* A reading of a series, at its arrival; one of another time; a tick; a command as JSON, with ' for
 * ". */
void stage_reading(alert_stage_t *stage, int64_t at_ms, const char *series, const char *value);
void stage_reading_of(alert_stage_t *stage, int64_t at_ms, int64_t time_ms, const char *series,
                      const char *value);
void stage_tick(alert_stage_t *stage, int64_t at_ms);
void stage_command(alert_stage_t *stage, int64_t at_ms, const char *command);

/* Nothing happens but a stop and a start, at a later time. */
void stage_restart(alert_stage_t *stage, int64_t at_ms);

/*
 * What was told since the last call: "hot a firing 1.0 @3000" (alert, series, phase,
 * episode.revision, time), with the level of a rule that has some as "L2" and "first" in its group;
 * one after the other with "; " between.
 */
const char *stage_told(alert_stage_t *stage);

/* The same of the changes of state: "hot a pending 0 @0". */
const char *stage_shown(alert_stage_t *stage);

/* Of a plan: what an alert of a value has. */
#define STAGE_VALUE .severity = "", .of = "value", .exponent = -2

/*
 * In a test: begins a play with these alerts, an array; with restarts if the test's state says so.
 * STAGE_WITH: and with more of the plan.
 */
#define STAGE_WITH(plans, ...)                                            \
  alert_stage_t stage = {.alerts = (plans),                               \
                         .alert_count = sizeof(plans) / sizeof(plans)[0], \
                         .restarts = *state != NULL,                      \
                         __VA_ARGS__};                                    \
  stage_begin(&stage)
#define STAGE(plans) STAGE_WITH(plans, .starts = 0)

#define TOLD(text) assert_string_equal(stage_told(&stage), text)

/* The entries of a test that is played as it is, and with restarts. */
#define STAGE_TEST(name) \
  {#name, name, NULL, NULL, NULL}, { "with restarts " #name, name, NULL, NULL, STAGE_RESTARTS }
#define STAGE_RESTARTS ((char[]){"restarts"})

#endif
