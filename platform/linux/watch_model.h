/* What `vnotch watch` knows: tables filled from MQTT messages alone. No terminal, no network. */
#ifndef VN_WATCH_MODEL_H
#define VN_WATCH_MODEL_H

#include "vn/plan.h"

/* Fixed capacities; what is beyond them is counted. */
#define VN_WATCH_DEVICES 16u
#define VN_WATCH_ALERTS 1024u
#define VN_WATCH_SERIES 1024u
#define VN_WATCH_POINTS 64u

#define VN_WATCH_WORD_BYTES (VN_WORD_MAX + 1u)
#define VN_WATCH_SERIES_BYTES (UINT8_MAX + 1u)

/* Foreign names are kept as they came, because commands name them; only the layout escapes them. */

/* Figures of alert hygiene, in the order of vn_watch_hygiene_word. */
typedef enum vn_watch_hygiene {
  VN_WATCH_ACTIVE,
  VN_WATCH_UNACKNOWLEDGED,
  VN_WATCH_SHELVED,
  VN_WATCH_OUT_OF_SERVICE,
  VN_WATCH_LATCHED,
  VN_WATCH_SUPPRESSED,
  VN_WATCH_STALE,
  VN_WATCH_CHATTERING,
  VN_WATCH_MUTED,
  VN_WATCH_ACTIVATIONS,
  VN_WATCH_PER_HOUR,
  VN_WATCH_HYGIENE_COUNT
} vn_watch_hygiene_t;

typedef enum vn_watch_status {
  VN_WATCH_UNKNOWN,
  VN_WATCH_ONLINE,
  VN_WATCH_OFFLINE
} vn_watch_status_t;

/* Counters of a device as its newest statistics have them; -1: not told. */
typedef struct vn_watch_figures {
  int64_t boot, uptime_ms, series;
  int64_t received, late, duplicate, rejected;
  int64_t waiting; /* messages in the outbox */
} vn_watch_figures_t;

typedef struct vn_watch_device {
  char name[VN_WATCH_WORD_BYTES];
  vn_watch_status_t status;
  bool has_figures, has_rate, has_hygiene, flood;
  vn_watch_figures_t figures;
  double rate; /* readings per second between the last two statistics */
  double hygiene[VN_WATCH_HYGIENE_COUNT];
} vn_watch_device_t;

/* The retained state of an alert of a series, or an event, as its message has it. */
typedef struct vn_watch_alert {
  uint64_t number; /* of the row, never used again; 0: no row */
  char device[VN_WATCH_WORD_BYTES];
  char alert[VN_WATCH_WORD_BYTES];
  char series[VN_WATCH_SERIES_BYTES];
  char state[24];
  char phase[24]; /* of an event; otherwise "" */
  char severity[VN_WATCH_WORD_BYTES];
  char unit[VN_WATCH_WORD_BYTES];
  char of[2 * VN_WATCH_WORD_BYTES];
  char summary[640];
  char by[VN_WATCH_WORD_BYTES];
  char comment[160];
  int64_t episode, level, starts_ms, ends_ms, at_ms;
  int64_t shelved_until_ms; /* 0: not for a duration */
  double value, limit;
  bool has_value, has_limit, has_starts, has_ends;
  bool acknowledged, latched, shelved_once, out_of_service, first_in_group;
} vn_watch_alert_t;

/* Statistics that are looked for in results; the first one there is the series' line. */
typedef enum vn_watch_statistic {
  VN_WATCH_MEAN,
  VN_WATCH_TIME_WEIGHTED_MEAN,
  VN_WATCH_EXPONENTIAL_MEAN,
  VN_WATCH_P50,
  VN_WATCH_LAST,
  VN_WATCH_MAX,
  VN_WATCH_MIN,
  VN_WATCH_RATE,
  VN_WATCH_INCREASE,
  VN_WATCH_SUM,
  VN_WATCH_COUNT,
  VN_WATCH_STATISTIC_COUNT
} vn_watch_statistic_t;

#define VN_WATCH_SUPERSEDES 16u

/* One result of a window. Texts are views, valid during the call. */
typedef struct vn_watch_result {
  const char *device;
  char series[VN_WATCH_SERIES_BYTES];
  char window[VN_WATCH_WORD_BYTES];
  char kind[16];
  int64_t start, end;     /* ms, or numbers of readings */
  int64_t from_ms, to_ms; /* times of a count window */
  int64_t rev;
  bool has_bounds; /* start and end are both known: SenML tells only the end */
  bool retained;   /* it was so before we came */
  bool counted;    /* a count window */
  double statistics[VN_WATCH_STATISTIC_COUNT];
  bool has[VN_WATCH_STATISTIC_COUNT];
  int64_t supersedes[VN_WATCH_SUPERSEDES][2];
  uint32_t supersedes_count;
} vn_watch_result_t;

typedef struct vn_watch_point {
  int64_t start, end, at_ms, rev;
  double value;
} vn_watch_point_t;

/* A window of a series, with the results that it gave last. */
typedef struct vn_watch_series {
  char device[VN_WATCH_WORD_BYTES];
  char series[VN_WATCH_SERIES_BYTES];
  char window[VN_WATCH_WORD_BYTES];
  int64_t end_ms; /* of the newest window */
  double rate;    /* readings per second in it; negative: not known */
  double statistics[VN_WATCH_STATISTIC_COUNT];
  bool has[VN_WATCH_STATISTIC_COUNT];
  vn_watch_statistic_t shown;               /* what the points are */
  vn_watch_point_t points[VN_WATCH_POINTS]; /* by time, the newest last */
  uint32_t point_count;
} vn_watch_series_t;

/* An answer to a command. */
typedef struct vn_watch_answer {
  char id[VN_WATCH_WORD_BYTES];
  char command[24], result[16], error[24], text[256];
  int64_t changed;
} vn_watch_answer_t;

/* Different names that had no room: 1 in 4096 bits each, so that a few more are told as one. */
typedef struct vn_watch_beyond {
  uint8_t bits[512];
  uint32_t count;
} vn_watch_beyond_t;

/* Who else wants to know; any may be NULL. Called from vn_watch_take, arguments valid until then.
 */
typedef struct vn_watch_listener {
  void *context;
  void (*state)(void *context, const vn_watch_alert_t *alert, bool retained);
  void (*event)(void *context, const vn_watch_alert_t *alert);
  void (*result)(void *context, const vn_watch_result_t *result);
  void (*status)(void *context, const char *device, vn_watch_status_t status);
  void (*answer)(void *context, const char *device, const vn_watch_answer_t *answer);
} vn_watch_listener_t;

/* About 5 MB; the fields are to be read. */
typedef struct vn_watch_model {
  char prefix[VN_WATCH_WORD_BYTES];
  vn_watch_listener_t listener;
  vn_watch_device_t devices[VN_WATCH_DEVICES];
  vn_watch_alert_t alerts[VN_WATCH_ALERTS];
  vn_watch_series_t series[VN_WATCH_SERIES];
  uint32_t device_count, alert_count, series_count; /* rows are 0 ... count - 1, in no order */
  vn_watch_beyond_t devices_beyond, alerts_beyond, series_beyond;
  uint64_t rows_numbered;
  uint64_t unreadable; /* messages below the prefix that make no sense */
} vn_watch_model_t;

/* prefix: at most VN_WORD_MAX bytes, copied. listener: copied. */
void vn_watch_init(vn_watch_model_t *model, const char *prefix,
                   const vn_watch_listener_t *listener);

/*
 * Takes a message. One that is not below the prefix, or of a kind that isn't shown, changes
 * nothing; one that can't be read is counted.
 */
void vn_watch_take(vn_watch_model_t *model, vn_text_t topic, const uint8_t *payload, size_t length,
                   bool retained);

/* Takes one result, as a message of summaries brings it. */
void vn_watch_take_result(vn_watch_model_t *model, const vn_watch_result_t *result);

/* The alert of this number; NULL: it is gone. */
const vn_watch_alert_t *vn_watch_alert_of(const vn_watch_model_t *model, uint64_t number);

/* Words as messages have them. */
const char *vn_watch_hygiene_word(vn_watch_hygiene_t figure);
const char *vn_watch_statistic_word(vn_watch_statistic_t statistic);

#endif
