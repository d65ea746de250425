/* The observer: what an engine tells as it happens, beside its messages. */
#ifndef VN_OBSERVER_H
#define VN_OBSERVER_H

#include "vn/alert_message.h"
#include "vn/summary.h"

/* What a drop line says. */
typedef struct vn_drop {
  vn_text_t series;
  vn_time_ms_t time_ms;
  uint8_t reason; /* vn_reason_t */
  bool has_time;
} vn_drop_t;

/* How far a reading deviates for one alert; pointers valid during the call. */
typedef struct vn_score {
  const char *alert;
  vn_text_t series;
  vn_time_ms_t time_ms;
  uint32_t score; /* in thousandths; 0 during the warm-up */
} vn_score_t;

/* A message that is about to be taken; pointers valid during the call. */
typedef struct vn_observed_message {
  vn_text_t topic;
  const uint8_t *payload;
  size_t length;
  vn_time_ms_t arrival_ms; /* provisional unless arrival_valid */
  int64_t arrival_mono_ms;
  bool arrival_valid, retained;
} vn_observed_message_t;

/* Tells everything as it happens; any pointer may be NULL. Callbacks don't call the engine. */
typedef struct vn_observer {
  void *context;
  void (*message)(void *context, const vn_observed_message_t *message);
  void (*summary)(void *context, const vn_summary_t *summary);
  void (*drop)(void *context, const vn_drop_t *drop);
  void (*alert)(void *context, const vn_transition_t *transition); /* a change of state */
  void (*score)(void *context, const vn_score_t *score);
  void (*event)(void *context, const vn_transition_t *transition); /* what subscribers are told */
  void (*answer)(void *context, vn_text_t message); /* to a command: the JSON object */
} vn_observer_t;

#endif
