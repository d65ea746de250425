/* The oracle: what is due, and what has come. */
#ifndef VN_ORACLE_PRIV_H
#define VN_ORACLE_PRIV_H

#include "oracle_json.h"
#include "oracle_model.h"

enum { VN__DIFFERENCE_MAX = 1024, VN__NUMBERS_KEPT = 1 << 17 };

/*
 * A result that is due; told: it has come, and goes from the list with those in front of it that
 * have. excused: a coarser one stands for its window, but it may come yet.
 */
typedef struct vn__due {
  vn_oracle_result_t result;
  bool told, excused, in_whole;
  bool superseded; /* of its window a later one was told; known when all is settled */
} vn__due_t;

/* What subscribers are to be told of an alert: an event and a retained state. */
typedef struct vn__owed {
  vn_oracle_transition_t step;
  bool event_told, state_told;
} vn__owed_t;

/* The retained state of an alert of a series, as it came last. */
typedef struct vn__retained {
  uint64_t episode;
  bool has_come, firing;
  bool excused; /* a later one was given up, as a notice says */
} vn__retained_t;

/* A series. With a past to go back to there is a state that lags, and what was sent since. */
typedef struct vn__line {
  vn__state_t state, base;
  vn__list_t log;      /* vn_oracle_reading_t, those behind `base` */
  vn__list_t dues;     /* vn__due_t; before first_due all have been told */
  vn__list_t owed;     /* vn__owed_t; before first_owed all have been told */
  vn__list_t retained; /* vn__retained_t, by alert of the pipeline */
  size_t first_due, first_owed;
  size_t next_due;     /* where the next result is looked for first: they come in order */
  uint64_t told_cause; /* the greatest `cause` of what has come */
} vn__line_t;

/* A message by its sequence number. */
typedef struct vn__numbered {
  uint64_t hash;
  uint32_t boot;
  bool there;
} vn__numbered_t;

enum { VN__GAP_DROPPED, VN__GAP_COARSENED };

/* A notice: `messages` of the numbers from first to last will not come, and what was in them. */
typedef struct vn__gap {
  uint64_t why, first, last, messages, results, alerts;
} vn__gap_t;

struct vn_oracle {
  vn__plan_t plan;
  vn_oracle_listener_t listener;
  vn__sink_t sink;
  const char *prefix, *device;
  vn__line_t *lines;
  vn__numbered_t *numbers;  /* VN__NUMBERS_KEPT, by seq modulo that */
  uint64_t numbers_end;     /* one more than the greatest seq so far */
  uint64_t numbers_checked; /* all below: there, or accounted for */
  vn__list_t gaps;          /* vn__gap_t */
  vn__gap_t unaccounted;    /* what notices told of, less what was found to be missing */
  uint64_t merged;          /* results that notices call coarsened, the same */
  bool has_dropped;
  size_t forget_max;
  vn_oracle_figures_t figures;
  uint32_t boot_checked;
  bool wrong;
  char difference[VN__DIFFERENCE_MAX];
};

/* Who a message is from, and which one it is. */
typedef struct vn__identity {
  uint64_t boot, seq, hash;
} vn__identity_t;

typedef enum vn__news { VN__NEW, VN__REPEAT, VN__WRONG } vn__news_t;

/* Keeps the first one. printf's format. */
void vn__oracle_differ(vn_oracle_t *oracle, const char *format, ...);

/* By name; the count of them: there is none. */
size_t vn__oracle_find_series(const vn_oracle_t *oracle, vn__text_t name);

/* Whether it is here for the first time; a repeat with other bytes is a difference. */
vn__news_t vn__oracle_identify(vn_oracle_t *oracle, const vn__identity_t *identity);

/* Holes below `end` that no notice accounts for are differences from now on. */
void vn__oracle_check_numbers(vn_oracle_t *oracle, uint64_t end);

/* Whether a notice may be about it. */
bool vn__oracle_is_gap(const vn_oracle_t *oracle, uint64_t seq);

/* The first four members of messages in CBOR; how many others follow. */
size_t vn__oracle_take_head(const vn_oracle_t *oracle, vn__cbor_t *cbor, vn__identity_t *identity);

/* Of topic and payload: the same for the same bytes, on this machine. */
uint64_t vn__oracle_hash_message(const char *topic, const void *payload, size_t length);

void vn__oracle_take_summary(vn_oracle_t *oracle, const void *payload, size_t length,
                             uint64_t hash);
void vn__oracle_take_gap(vn_oracle_t *oracle, const void *payload, size_t length, uint64_t hash);
void vn__oracle_take_event(vn_oracle_t *oracle, const void *payload, size_t length, uint64_t hash);
/* `name` is the topic behind "alert/". */
void vn__oracle_take_state(vn_oracle_t *oracle, const char *name, const void *payload,
                           size_t length, uint64_t hash);
void vn__oracle_take_other(vn_oracle_t *oracle, const void *payload, size_t length, uint64_t hash);

/* The due result with this identity, which is told now; NULL: there is none. */
const vn_oracle_result_t *vn__oracle_find_due(const vn_oracle_t *oracle,
                                              const vn_oracle_result_t *identity);
void vn__oracle_result_told(vn_oracle_t *oracle, const vn_oracle_result_t *result);

/* Nobody waits for it any more. */
void vn__oracle_give_up(vn__line_t *line, size_t due);

/* What is done with leaves the front of the lists. */
void vn__oracle_leave_dues(vn__line_t *line);
void vn__oracle_leave_owed(vn__line_t *line);

#endif
