#include "alert_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 256, .erased_value = FLASH_FAKE_NOISE};

static void give_up(const char *why) {
  fprintf(stderr, "alert_stage: %s\n", why);
  abort();
}

static rig_t *new_rig(const alert_stage_t *stage, int64_t wall_ms) {
  rig_t *rig = rig_new(&stage->flash->port);
  vn_pipeline_t *pipeline = &rig->pipelines[1];
  pipeline->alerts = stage->alerts;
  pipeline->alert_count = (uint8_t)stage->alert_count;
  pipeline->time_to_live_ms = stage->time_to_live_ms;
  if (stage->idle_timeout_ms > 0) {
    pipeline->idle_timeout_ms = stage->idle_timeout_ms;
  }
  rig->pipelines[0].idle_timeout_ms = VN_DURATION_OFF; /* nothing but alerts asks for ticks */
  rig->plan.flood = stage->flood;
  rig->plan.group_count = stage->group_count;
  rig->plan.commands = true;
  rig->plan.outbox_bytes = 64u * 1024u;
  rig->plan.outbox_entries = 256;
  rig->wall_ms = wall_ms;
  return rig;
}

void stage_begin(alert_stage_t *stage) {
  stage->flash = flash_fake_new(&shape, 1);
  stage->rig = new_rig(stage, STAGE_T0);
  if (rig_start(stage->rig) != VN_OK) {
    give_up("the device doesn't start");
  }
}

void stage_end(alert_stage_t *stage) {
  rig_free(stage->rig);
  flash_fake_free(stage->flash);
}

/* Every other time without a word: all it knew is in a checkpoint all the same. */
static void start_again(alert_stage_t *stage) {
  rig_t *old = stage->rig;
  vn_err_t stopped = stage->starts++ % 2 == 0 ? vn_stop(&old->engine) : vn_checkpoint(&old->engine);
  if (stopped != VN_OK) {
    give_up("the device doesn't stop");
  }
  flash_fake_power_up(stage->flash);
  rig_t *next = new_rig(stage, old->wall_ms);
  memcpy(next->events, old->events, old->event_count * sizeof old->events[0]);
  memcpy(next->transitions, old->transitions, old->transition_count * sizeof old->transitions[0]);
  next->event_count = old->event_count;
  next->transition_count = old->transition_count;
  rig_free(old);
  stage->rig = next;
  if (rig_start(next) != VN_OK || vn_engine_recovery(&next->engine)->series_reset > 0) {
    give_up("the device doesn't start again");
  }
}

static void set_clock(alert_stage_t *stage, int64_t at_ms) {
  stage->rig->wall_ms = STAGE_T0 + at_ms;
}

static void happened(alert_stage_t *stage) {
  if (stage->restarts) {
    start_again(stage);
  }
}

void stage_reading(alert_stage_t *stage, int64_t at_ms, const char *series, const char *value) {
  char topic[32];
  (void)snprintf(topic, sizeof topic, "n/%s", series);
  set_clock(stage, at_ms);
  rig_message(stage->rig, topic, value);
  happened(stage);
}

void stage_reading_of(alert_stage_t *stage, int64_t at_ms, int64_t time_ms, const char *series,
                      const char *value) {
  char topic[32], payload[64];
  (void)snprintf(topic, sizeof topic, "j/%s", series);
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%s}", (long long)(STAGE_T0 + time_ms),
                 value);
  set_clock(stage, at_ms);
  rig_message(stage->rig, topic, payload);
  happened(stage);
}

void stage_tick(alert_stage_t *stage, int64_t at_ms) {
  set_clock(stage, at_ms);
  vn_tick(&stage->rig->engine);
  if (rig_step(stage->rig) != VN_OK) {
    give_up("a step fails");
  }
  happened(stage);
}

void stage_command(alert_stage_t *stage, int64_t at_ms, const char *command) {
  char payload[256];
  size_t length = strlen(command);
  if (length >= sizeof payload) {
    give_up("the command is too long");
  }
  memcpy(payload, command, length + 1);
  for (char *at = payload; *at != '\0'; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  set_clock(stage, at_ms);
  rig_message(stage->rig, "vnotch/gw-1/command", payload);
  happened(stage);
}

void stage_restart(alert_stage_t *stage, int64_t at_ms) {
  set_clock(stage, at_ms);
  start_again(stage);
}

static bool has_levels(const alert_stage_t *stage, const char *alert) {
  for (size_t i = 0; i < stage->alert_count; i++) {
    if (strcmp(stage->alerts[i].name, alert) == 0) {
      return stage->alerts[i].rule.condition == VN_ALERT_LEVELS;
    }
  }
  return false;
}

/* Appends to the text what fits; a play that tells more is too long to be read anyway. */
static size_t append(alert_stage_t *stage, size_t used, const char *piece) {
  size_t length = strlen(piece);
  if (length >= STAGE_TEXT_MAX - used) {
    give_up("more is told than there is room for");
  }
  memcpy(stage->text + used, piece, length + 1);
  return used + length;
}

const char *stage_told(alert_stage_t *stage) {
  size_t used = append(stage, 0, "");
  for (size_t i = 0; i < stage->rig->event_count; i++) {
    const rig_transition_t *event = &stage->rig->events[i];
    char piece[128], level[16] = "";
    if (has_levels(stage, event->alert)) {
      (void)snprintf(level, sizeof level, " L%u", (unsigned)event->level);
    }
    (void)snprintf(piece, sizeof piece, "%s%s %s %s %u.%u @%lld%s%s", i > 0 ? "; " : "",
                   event->alert, event->series, vn_alert_event_word((vn_alert_event_t)event->event),
                   (unsigned)event->episode, (unsigned)event->revision,
                   (long long)(event->at_ms - STAGE_T0), level,
                   event->first_in_group ? " first" : "");
    used = append(stage, used, piece);
  }
  stage->rig->event_count = 0;
  return stage->text;
}

const char *stage_shown(alert_stage_t *stage) {
  size_t used = append(stage, 0, "");
  for (size_t i = 0; i < stage->rig->transition_count; i++) {
    const rig_transition_t *step = &stage->rig->transitions[i];
    char piece[128];
    (void)snprintf(piece, sizeof piece, "%s%s %s %s %u @%lld", i > 0 ? "; " : "", step->alert,
                   step->series, vn_alert_phase_word((vn_alert_phase_t)step->phase),
                   (unsigned)step->episode, (long long)(step->at_ms - STAGE_T0));
    used = append(stage, used, piece);
  }
  stage->rig->transition_count = 0;
  return stage->text;
}
