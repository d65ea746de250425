/* The rules: what follows from the readings of one series. Pure functions of plan and state. */
#ifndef VN_ORACLE_MODEL_H
#define VN_ORACLE_MODEL_H

#include "oracle.h"
#include "oracle_list.h"

/* A reading that some window took. */
typedef struct vn__taken {
  int64_t time_ms;
  int64_t mark_ms; /* the watermark before it: what it was judged by */
  int32_t value;
  uint32_t priority;
} vn__taken_t;

/* What is said of readings, but for a sample. `count` 0: of none. */
typedef struct vn__content {
  int64_t sum, first_ms, last_ms;
  uint64_t squares_high, squares_low;
  uint32_t count;
  int32_t min, max, first, last;
} vn__content_t;

/* A session that isn't gone. It may last for ever: its readings aren't kept. */
typedef struct vn__session {
  vn__content_t content;
  int64_t start_ms, end_ms;
  uint32_t number;  /* from 1 */
  uint32_t earlier; /* results of what became this session */
  uint8_t place;    /* of its window among the session windows of the pipeline */
  bool told;        /* in its present form */
} vn__session_t;

/* A member of a session's sample. */
typedef struct vn__drawn {
  vn_oracle_member_t member;
  uint32_t session;
} vn__drawn_t;

/* A result that stands for a part of a session until the next result of it. */
typedef struct vn__standing {
  vn_oracle_span_t span;
  uint32_t session;
} vn__standing_t;

/* How often a window of the grid has been told. */
typedef struct vn__told {
  int64_t start_ms;
  size_t window;
  uint32_t results;
} vn__told_t;

typedef enum vn__phase { VN__NORMAL, VN__PENDING, VN__FIRING, VN__RECOVERING } vn__phase_t;

/* An alert of a series. */
typedef struct vn__watch {
  vn_oracle_transition_t told; /* the last one that subscribers were to be told */
  int64_t evaluated_ms, since_ms, starts_ms;
  uint32_t episode;
  vn__phase_t phase;
  bool evaluated, holds, has_told;
} vn__watch_t;

enum { VN__NUMBERS_KNOWN = 64 };

/* Sequence numbers that came: bit n is that of `highest` - n. A byte of the reading of each. */
typedef struct vn__count {
  uint64_t numbers;
  uint32_t highest, lowest;
  uint8_t checks[VN__NUMBERS_KNOWN]; /* by the number's remainder */
} vn__count_t;

/* Everything that the future of a series depends on. */
typedef struct vn__state {
  vn__list_t taken, sessions, standing, drawn, told, watches;
  vn_oracle_counts_t counts;
  int64_t mark_ms, newest_ms, restart_ms;
  size_t prune_at;
  vn__count_t counted, counted_before; /* by the sensor, since it restarted and before that */
  uint32_t sessions_so_far;
  bool ended;
} vn__state_t;

/* What the setup says of a window, and what follows from it. */
typedef struct vn__window_plan {
  vn_oracle_window_t given;
  int64_t *slot_ends; /* ms from the start, slot_count */
  size_t slot_count;
  uint8_t session_place;
} vn__window_plan_t;

typedef struct vn__pipeline_plan {
  vn_oracle_pipeline_t given;
  size_t *windows; /* places of its windows, window_count */
  size_t *alerts;
  size_t window_count, alert_count;
  int64_t reach_ms; /* the longest window of the grid */
} vn__pipeline_plan_t;

typedef struct vn__series_plan {
  const char *name;
  size_t name_length;
  uint64_t seed;
  uint8_t pipeline;
} vn__series_plan_t;

typedef struct vn__plan {
  vn__pipeline_plan_t *pipelines;
  vn__window_plan_t *windows;
  vn_oracle_alert_t *alerts;
  vn__series_plan_t *series;
  size_t pipeline_count, window_count, alert_count, series_count;
} vn__plan_t;

/* Where the consequences go; members may be NULL. Results own their lists, the sink frees them. */
typedef struct vn__sink {
  void *context;
  void (*result)(void *context, vn_oracle_result_t *result);
  void (*transition)(void *context, const vn_oracle_transition_t *transition);
  void (*drop)(void *context, const vn_oracle_drop_t *drop);
} vn__sink_t;

/* One series at work. */
typedef struct vn__model {
  const vn__plan_t *plan;
  const vn__pipeline_plan_t *pipeline;
  const vn__sink_t *sink;
  vn__state_t *state;
  size_t series;
} vn__model_t;

void vn__oracle_plan_make(vn__plan_t *plan, const vn_oracle_setup_t *setup);
void vn__oracle_plan_free(vn__plan_t *plan);

void vn__oracle_state_init(vn__state_t *state, const vn__pipeline_plan_t *pipeline);
void vn__oracle_state_copy(vn__state_t *to, vn__state_t *from);
void vn__oracle_state_free(vn__state_t *state);

/* A reading, from the guards to the alerts. */
void vn__oracle_model_reading(const vn__model_t *model, const vn_oracle_reading_t *reading);

/* Whether the number came before; learns it otherwise. A conflict is refused as a repeat is: here
 * both are one. */
bool vn__oracle_model_repeat(vn__state_t *state, const vn_oracle_reading_t *reading,
                             int64_t time_ms);

/* Tells the windows that it makes due. NULL, or the word for why no window took it. */
const char *vn__oracle_model_windows(const vn__model_t *model, const vn_oracle_reading_t *reading);

void vn__oracle_model_alerts(const vn__model_t *model, const vn_oracle_reading_t *reading);

/* The end of input. */
void vn__oracle_model_end(const vn__model_t *model);

void vn__oracle_model_drop(const vn__model_t *model, const vn_oracle_reading_t *reading,
                           const char *reason);

/* A reading more, the latest to arrive. */
void vn__oracle_content_add(vn__content_t *content, const vn__taken_t *taken);

/* Sessions: joins a reading to what it touches; the number of the session, or 0: it is too late. */
uint32_t vn__oracle_session_join(const vn__model_t *model, const vn__window_plan_t *window,
                                 const vn__taken_t *taken);

/* Ends a session with all that is known of it. */
void vn__oracle_session_forget(vn__state_t *state, size_t place);

/* Whether a stands before b in a sample. */
bool vn__oracle_is_before(const vn_oracle_member_t *a, const vn_oracle_member_t *b);

vn__session_t *vn__oracle_session_find(const vn__state_t *state, uint32_t number);

/* `end` is that of a window: nothing more is taken into it. */
bool vn__oracle_is_gone(const vn__pipeline_plan_t *pipeline, int64_t end_ms, int64_t mark_ms);

/* The window's content, folded, to the sink. `session` is 0 for windows of the grid. */
void vn__oracle_tell_grid(const vn__model_t *model, size_t window, int64_t start_ms, bool late);
void vn__oracle_tell_session(const vn__model_t *model, size_t window, vn__session_t *session,
                             bool late);

#endif
