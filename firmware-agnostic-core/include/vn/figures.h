/* Figures of the whole device: what came, what was told, how its alerts do. */
#ifndef VN_FIGURES_H
#define VN_FIGURES_H

#include "vn/bucket.h"
#include "vn/reason.h"
#include "vn/tally.h"

/* Figures of the whole device since its first start (restored with the state). */
typedef struct vn_figures {
  vn_accounting_t readings;          /* of all series, and what is unassigned */
  vn_accounting_t expired;           /* of series that are gone; part of readings */
  uint64_t reasons[VN_REASON_COUNT]; /* every refusal, readings and messages */
  uint64_t messages, messages_refused, messages_dropped;
  uint64_t unassigned; /* readings refused before they had a series; part of readings.received */
  uint64_t derived;    /* readings of derived series; part of readings.received */
  uint64_t underived;  /* windows that were given up, since an operand never came */
  uint64_t summaries, late_for_alerts, dead_letters;
  uint64_t alerts;      /* events that were told of them */
  uint64_t activations; /* episodes that began */
  uint64_t muted;       /* of which nobody was told at once */
  uint64_t outbox_dropped;
  uint64_t outbox_coarsened; /* messages that others replaced */
  uint64_t series_expired;
  uint64_t commands, commands_refused; /* they are no part of messages */
} vn_figures_t;

/* How alerts do as a whole: how many are in which state now, without those that are not published,
 * and how many there were. */
typedef struct vn_alert_figures {
  uint32_t active;         /* firing or recovering */
  uint32_t unacknowledged; /* of these */
  uint32_t latched;        /* of these */
  uint32_t suppressed;     /* firing, and nobody was told yet */
  uint32_t stale;          /* firing for more than a day */
  uint32_t shelved, out_of_service, no_data;
  uint32_t chattering;  /* three episodes began within a minute, the last one in the last minute */
  uint32_t per_hour;    /* episodes that began in the last hour of this run */
  uint64_t activations; /* vn_figures_t */
  uint64_t muted;
  bool flood; /* there is one now */
} vn_alert_figures_t;

/* Floods of alerts (A30). */
typedef struct vn_alert_flood {
  vn_bucket_rate_t rate;
  vn_bucket_t tokens;
  vn_time_ms_t starts_ms, ends_ms;
  uint32_t episode;
  bool on;
} vn_alert_flood_t;

#define VN_ALERT_RATE_MINUTES 60

/* Episodes by the minute of the monotonic clock in which they began: the last hour of them. */
typedef struct vn_alert_rate {
  int64_t minute; /* the newest */
  uint16_t begun[VN_ALERT_RATE_MINUTES];
} vn_alert_rate_t;

#endif
