/* An engine on a test bench: a plan in C, a clock that is set, an uplink that remembers. */
#ifndef ENGINE_RIG_H
#define ENGINE_RIG_H

#include "flash_fake.h"
#include "vn/engine.h"

enum { RIG_SENT_MAX = 4096, RIG_RESULTS_MAX = 4096, RIG_SERIES_MAX = 4, RIG_INPUTS_MAX = 8 };

/* A message as it left, kept whole. */
typedef struct rig_message {
  uint64_t index;
  uint8_t channel;
  bool retained, absolute;
  size_t topic_length, payload_length;
  char topic[128];
  char correlation[32]; /* terminated */
  uint8_t payload[2048];
} rig_message_t;

typedef struct rig_result {
  char series[16];
  int64_t start_ms, end_ms, sum;
  uint32_t accounting[VN_ACCOUNTED_COUNT_OF];
  uint32_t revision, count;
  uint8_t window, kind, flags;
} rig_result_t;

typedef struct rig_transition {
  char alert[16], series[16];
  int64_t at_ms, starts_ms, ends_ms;
  uint32_t episode, revision;
  uint16_t flags;
  uint8_t from, phase, event, level;
  bool first_in_group;
} rig_transition_t;

/* What a device consists of besides its flash; made anew at every start. */
typedef struct rig {
  vn_plan_t plan;
  vn_pipeline_t pipelines[3]; /* two are in use */
  vn_window_t windows[2];
  vn_alert_plan_t alerts[3];
  vn_input_t inputs[RIG_INPUTS_MAX]; /* five are in use; a test may add some before rig_start */
  vn_field_t field;
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_observer_t observer;
  vn_ports_t ports;
  vn_store_t store;
  vn_engine_t engine;
  void *block;
  int64_t wall_ms;
  bool wall_valid;
  const bool *dead;          /* NULL, or: the power is off, nothing leaves any more */
  bool link_up, acknowledge; /* acknowledge: sends are completed at the end of rig_step */
  uint64_t pending[64];
  size_t pending_count;
  rig_message_t *sent;
  size_t sent_count;
  rig_result_t *results;
  size_t result_count;
  rig_transition_t *transitions;
  size_t transition_count;
  rig_transition_t *events; /* what subscribers are told */
  size_t event_count;
  char answer[4096]; /* the last one to a command, terminated */
  size_t answer_count;
  vn_reason_t last_drop;
  size_t drops;
} rig_t;

/*
 * One pipeline for "*" but "other*": "ten" (10 s tumbling, sample 2) and "slide" (20 s by 10 s),
 * out_of_order 2 s, lateness 5 s, resolution 0.01; alerts "hot" (above 80, hysteresis 5, for 3 s,
 * keep 4 s), "warm" (ten.mean above 50), "silent" (absent for 30 s). Inputs: "n/{s}" numbers by
 * arrival, "j/{s}" JSON with t, v and seq, "c/{s}" CBOR with v by arrival, "p/#" SenML-JSON and
 * "b/#" SenML-CBOR. Durability checkpoint, unless flash is NULL.
 */
rig_t *rig_new(const vn_flash_t *flash);
void rig_free(rig_t *rig);

/* Prepares and restores the engine; the error of vn_init or vn_restore. */
vn_err_t rig_start(rig_t *rig);

/*
 * `next` goes on where `rig` stopped, which is freed: at the same time, with the results told so
 * far. Returns it, started; NULL: it did not start, or not with the state of `rig`.
 */
rig_t *rig_go_on(rig_t *rig, rig_t *next);

/* What was told by one rig after the other. */
#define RIG_STORY_MAX 512u
typedef struct rig_story {
  rig_result_t results[RIG_STORY_MAX];
  size_t count;
} rig_story_t;
/* Appends what a rig has told; false: there is no room. */
bool rig_note(rig_story_t *story, const rig_t *rig);

/* A JSON message {"t", "v", "seq"}; value in hundredths. */
void rig_send(rig_t *rig, const char *series, int64_t time_ms, int32_t value, uint32_t sequence);

/* Any message whose payload is text. */
void rig_message(rig_t *rig, const char *topic, const char *payload);

/* Steps until nothing is left to do at this instant, acknowledging if it should. */
vn_err_t rig_step(rig_t *rig);

/* Moves the clock and steps. */
vn_err_t rig_wait(rig_t *rig, int64_t ms);

/* The accounting of a series by name; all zero when there is none. */
vn_accounting_t rig_accounting(const rig_t *rig, const char *series);

#endif
