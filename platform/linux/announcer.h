/* Beside the outbox: series are announced to Home Assistant, latest results of windows go out. */
#ifndef VN_ANNOUNCER_H
#define VN_ANNOUNCER_H

#include "configuration.h"
#include "discovery.h"
#include "latest.h"
#include "vn/engine.h"

#include <stdatomic.h>

/* What subscribers have been told of a series, by its number; one more for the device itself. */
typedef struct vn_known {
  uint8_t length; /* of the name; 0: nothing */
  uint8_t pipeline;
  uint8_t step; /* what is told next: see announcer.c */
  bool leaving; /* the series is no more: what was told is taken back */
} vn_known_t;

/*
 * A message at a time, each waited for: none of this is urgent, and all of it is retained and said
 * again after each connect. The engine is only looked at.
 */
typedef struct vn_announcer {
  vn_discovery_t discovery;
  vn_latest_t latest;
  const vn_engine_t *engine;
  bool on;              /* there is anything to do */
  bool discovers;       /* Home Assistant is told */
  bool in_flight;       /* an announcement waits for its verdict */
  uint32_t current;     /* whose it is, */
  uint8_t current_step; /* and which of its steps */
  uint32_t latest_in_flight;
  vn_known_t *known; /* series_max + 1 */
  char *names;       /* of known series, name_max bytes each */
  char *text;        /* a message being put together */
  size_t text_bytes;
  uint32_t cursor, unseen; /* the next to look at, and how many are to be looked at */
  uint32_t series_seen;    /* the table when it was looked at last */
  uint64_t expired_seen, connect_seen;
  int64_t again_due_ms;  /* everything is told again then */
  atomic_bool born;      /* Home Assistant has come up */
  char birth_topic[128]; /* "<prefix>/status" */
  char own_topics[512];  /* "<prefix>/device/<device>" */
} vn_announcer_t;

/* What is to be published. */
typedef struct vn_announcement {
  vn_text_t topic;
  vn_text_t payload; /* empty: what is retained there is deleted */
  bool absolute;     /* the topic is not below <prefix>/<device>/ */
} vn_announcement_t;

/* Maps its memory, when the configuration wants any of it; the configuration and the engine
 * outlive it. VN_ERR_STORE: no memory. */
VN_NODISCARD vn_err_t vn_announcer_open(vn_announcer_t *announcer,
                                        const vn_configuration_t *configuration,
                                        const vn_engine_t *engine);

/* The longest topic and payload together; 0: it publishes nothing. */
size_t vn_announcer_max(const vn_configuration_t *configuration);

/* A result, from the engine's observer. */
void vn_announcer_note(vn_announcer_t *announcer, const vn_summary_t *summary);

/*
 * A message that arrived, from the receive thread. True: it was meant for us, or is ours, and is no
 * reading.
 */
bool vn_announcer_takes(vn_announcer_t *announcer, vn_text_t topic, vn_text_t payload,
                        bool retained);

/* Looks what has changed. `connect` counts the connections: after each one all is told again. */
void vn_announcer_look(vn_announcer_t *announcer, uint64_t connect, int64_t now_ms);

/* The announcement that is due, if none is in flight; call _sent when it has been taken. The views
 * are valid until the next call. A bounded number of series is looked at: *more then. */
bool vn_announcer_next(vn_announcer_t *announcer, vn_announcement_t *announcement, bool *more);
void vn_announcer_sent(vn_announcer_t *announcer);

/* What came of it; a failed one is due again. */
void vn_announcer_verdict(vn_announcer_t *announcer, bool ok);

/* When the next one is due by time; INT64_MAX: none is. */
int64_t vn_announcer_due_ms(const vn_announcer_t *announcer);

#endif
