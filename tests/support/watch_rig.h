/* Messages of a plant, as a broker would bring them to `vnotch watch`. */
#ifndef WATCH_RIG_H
#define WATCH_RIG_H

#include "watch_layout.h"

/* 2026-11-21T01:49:00Z, shortly behind the newest message. */
#define WATCH_RIG_NOW_MS INT64_C(1795225740000)

/* A text message, not retained. */
void watch_rig_say(vn_watch_model_t *model, const char *topic, const char *payload);

/* gw-17 with eight alerts in all states, four series in several windows, and figures. */
void watch_rig_plant(vn_watch_model_t *model);

/* gw-18, which floods, and whose names are a trial for a terminal. */
void watch_rig_hostile(vn_watch_model_t *model);

/* A summary of one window in JSON, of a device called gw-17. */
void watch_rig_window(vn_watch_model_t *model, const char *series, const char *window,
                      int64_t start_ms, int64_t end_ms, const char *statistics);

/* The screen as text, a line a row. */
const char *watch_rig_text(const vn_watch_screen_t *screen);

#endif
