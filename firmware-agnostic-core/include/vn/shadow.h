/* A second rule set that runs live beside the first one, and what comes out differently. */
#ifndef VN_SHADOW_H
#define VN_SHADOW_H

#include "vn/engine.h"

/* Different names of alerts in both plans; those beyond are not compared. */
#define VN_SHADOW_ALERTS_MAX 64u
/* Changes of alerts that one message causes; with more, all alerts are looked at. */
#define VN_SHADOW_TOUCHED_MAX 8u
/* The members of a result as text; a longer one is compared, but not shown. */
#define VN_SHADOW_RESULT_BYTES 480u
#define VN_SHADOW_MESSAGE_BYTES 2048u

/* A result that waits for that of the other side. */
typedef struct vn_shadow_result {
  uint64_t key;     /* of pipeline, window, series, bounds and revision */
  uint64_t digest;  /* of the text */
  uint64_t message; /* that caused it, counted */
  uint32_t length;  /* of the text, which may be cut */
  bool used, live;  /* live: of the first rule set */
  char text[VN_SHADOW_RESULT_BYTES];
} vn_shadow_result_t;

typedef struct vn_shadow_touched {
  uint32_t series; /* of the second engine */
  uint8_t alert;
  vn_time_ms_t at_ms;
} vn_shadow_touched_t;

/* Totals since the start. */
typedef struct vn_shadow_figures {
  uint64_t alerts_apart, alerts_together; /* notices: they began to differ, and ceased to */
  uint64_t results_equal, results_differ;
  uint64_t results_alone;      /* the other side had none */
  uint64_t results_uncompared; /* one message gave more than there is room for */
  uint32_t apart;              /* alerts of series that differ at present */
} vn_shadow_figures_t;

/* All owned by the caller. */
typedef struct vn_shadow_setup {
  const vn_engine_t *live;
  vn_engine_t *candidate;      /* its ports: clock and observer of vn_shadow_t, nothing else */
  uint8_t *marks;              /* vn_shadow_marks(...) bytes, zeroed */
  vn_shadow_result_t *results; /* zeroed */
  uint32_t result_count;
  void (*tell)(void *context, vn_text_t notice); /* a JSON object; valid during the call */
  void *context;
} vn_shadow_setup_t;

/* Its fields are its own business, but for clock, observer and figures. */
typedef struct vn_shadow {
  vn_shadow_setup_t setup;
  vn_clock_t clock;
  vn_observer_t observer;
  vn_shadow_figures_t figures;
  const char *alerts[VN_SHADOW_ALERTS_MAX];
  vn_shadow_touched_t touched[VN_SHADOW_TOUCHED_MAX];
  vn_time_ms_t wall_ms;
  int64_t mono_ms;
  uint64_t message; /* counts what both have seen */
  uint32_t touched_count, next_result;
  uint8_t alert_count;
  bool wall_valid, overflow;
  bool blind; /* results of the message at hand have no room: theirs can't be found */
  char text[VN_SHADOW_MESSAGE_BYTES];
  char result[VN_SHADOW_MESSAGE_BYTES];
} vn_shadow_t;

/* Bytes of marks for these plans. */
size_t vn_shadow_marks(const vn_plan_t *live, const vn_plan_t *candidate);

/*
 * Before the engines are prepared: clock and observer are for the second one's ports. The setup's
 * engines may be prepared afterwards.
 */
void vn_shadow_init(vn_shadow_t *shadow, const vn_shadow_setup_t *setup, const vn_plan_t *live,
                    const vn_plan_t *candidate);

/* From the first engine's observer: what it takes, its results, its changes of state. */
void vn_shadow_message(vn_shadow_t *shadow, const vn_observed_message_t *message);
void vn_shadow_summary(vn_shadow_t *shadow, const vn_summary_t *summary);
void vn_shadow_alert(vn_shadow_t *shadow, const vn_transition_t *transition);

/* Outside of the first engine's calls: tells which alerts differ since the last call. */
void vn_shadow_settle(vn_shadow_t *shadow);

/* Time goes on, outside of the first engine's calls: ticks the second one, and settles. */
void vn_shadow_tick(vn_shadow_t *shadow, const vn_clock_t *clock);

/* The end: what waits for the other side will wait for ever. */
void vn_shadow_finish(vn_shadow_t *shadow);

#endif
