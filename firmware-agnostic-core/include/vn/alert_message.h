/* Alert messages: retained state, events; and dead letters. JSON, bounded. */
#ifndef VN_ALERT_MESSAGE_H
#define VN_ALERT_MESSAGE_H

#include "vn/alert.h"
#include "vn/json_writer.h"
#include "vn/reason.h"
#include "vn/recent.h"
#include "vn/window.h"

/*
 * What subscribers are told (A25): a name and the word that messages have. The first two come once
 * in an episode, the others as often as they like.
 */
#define VN_ALERT_EVENT_LIST(X)                       \
  X(VN_ALERT_EVENT_FIRING, "firing")                 \
  X(VN_ALERT_EVENT_RESOLVED, "resolved")             \
  X(VN_ALERT_EVENT_ESCALATED, "escalated")           \
  X(VN_ALERT_EVENT_EASED, "eased")                   \
  X(VN_ALERT_EVENT_LATCHED, "latched")               \
  X(VN_ALERT_EVENT_REPEATED, "repeated")             \
  X(VN_ALERT_EVENT_ACKNOWLEDGED, "acknowledged")     \
  X(VN_ALERT_EVENT_EVIDENCE, "evidence")             \
  X(VN_ALERT_EVENT_NO_DATA, "no_data")               \
  X(VN_ALERT_EVENT_DATA, "data")                     \
  X(VN_ALERT_EVENT_SHELVED, "shelved")               \
  X(VN_ALERT_EVENT_UNSHELVED, "unshelved")           \
  X(VN_ALERT_EVENT_OUT_OF_SERVICE, "out_of_service") \
  X(VN_ALERT_EVENT_IN_SERVICE, "in_service")

typedef enum vn_alert_event {
#define VN_ALERT_EVENT_ENUM(name, word) name,
  VN_ALERT_EVENT_LIST(VN_ALERT_EVENT_ENUM)
#undef VN_ALERT_EVENT_ENUM
      VN_ALERT_EVENT_COUNT
} vn_alert_event_t;

/* "firing", "resolved", ...; static storage. */
const char *vn_alert_event_word(vn_alert_event_t event);

/* Readings in order of arrival: `count` of a ring of `size`, the oldest at `first`. */
typedef struct vn_readings {
  const vn_recent_t *ring;
  uint8_t size, first, count;
} vn_readings_t;

/*
 * An alert of a series changed its state, or an event is told of it. Times in ms; pointers valid
 * during the call.
 */
typedef struct vn_transition {
  const char *alert;
  const char *severity; /* of the level, with LEVELS; "" if none is configured */
  const char *pipeline;
  const char *unit;
  const char *of;          /* "value", "minute.mean", ... */
  const char *labels;      /* a JSON object; NULL: none */
  const char *annotations; /* the same */
  vn_text_t series;
  const vn_alert_rule_t *rule;
  vn_time_ms_t at_ms;            /* of the reading, window end or timer that caused it */
  vn_time_ms_t starts_ms;        /* pending since */
  vn_time_ms_t ends_ms;          /* recovering since; valid when has_end */
  vn_time_ms_t shelved_until_ms; /* with VN_ALERT_FLAG_SHELVED, not SHELVED_ONCE */
  vn_alert_value_t value;
  vn_text_t by, comment;            /* who did it, and what they say; empty: nobody said so */
  const vn_window_result_t *result; /* the window that caused it; NULL: none did */
  const vn_window_t *window;        /* with a result: its definition */
  vn_readings_t readings;           /* evidence; none: count 0 */
  int64_t no_data_after_ms;         /* of the alert */
  uint32_t episode;
  uint32_t revision;        /* numbers the events of the episode */
  uint16_t flags;           /* vn_alert_state_t.flags, after it */
  uint16_t evidence_bytes;  /* of readings, or of the sample of a window */
  int8_t exponent;          /* of value, limit, hysteresis */
  int8_t pipeline_exponent; /* of readings and windows */
  uint8_t from, phase;      /* vn_alert_phase_t */
  uint8_t event;  /* vn_alert_event_t; VN_ALERT_EVENT_COUNT: a change of state, not told */
  uint8_t level;  /* of the episode, with LEVELS; else 0 or 1 */
  bool high_side; /* the limit that was passed last is the upper one */
  bool has_value; /* false: silence, or a command, is what is told */
  bool has_end;   /* the condition is over */
  bool has_group;
  bool first_in_group; /* the episode began when no other alert of the group was firing */
  bool eager;          /* told before the commit */
} vn_transition_t;

typedef struct vn_message_head {
  const char *device;
  uint64_t seq;
  uint32_t boot;
} vn_message_head_t;

/*
 * The retained state: a flat JSON object, members as docs/messages.md has them. The event of the
 * transition must be one that is told. Returns the length, which may exceed capacity.
 */
size_t vn_alert_state_message(const vn_message_head_t *head, const vn_transition_t *transition,
                              char *out, size_t capacity);

/* The event: the same members and "phase", its word. */
size_t vn_alert_event_message(const vn_message_head_t *head, const vn_transition_t *transition,
                              char *out, size_t capacity);

/* What decides how long messages can be. */
typedef struct vn_alert_message_size {
  const char *device;
  size_t texts_max;                  /* labels and annotations of one alert together */
  uint16_t readings_max, sample_max; /* bytes of evidence */
  uint16_t name_max;                 /* of series */
  bool has_windows;                  /* some alert looks at a window */
} vn_alert_message_size_t;

/* Upper bound of both for names that pass vn_name_check and words of up to 64 bytes (of: 80);
 * others are cut. */
size_t vn_alert_message_max(const vn_alert_message_size_t *size);

/* A message or value that could not be used: topic, reason, byte offset, first bytes as hex. */
typedef struct vn_dead_letter {
  vn_text_t topic;
  vn_text_t series; /* empty if unknown */
  const uint8_t *payload;
  size_t payload_length;
  size_t offset;
  vn_time_ms_t at_ms;
  uint64_t suppressed; /* letters not sent since the last one, because of the rate limit */
  uint8_t reason;      /* vn_reason_t */
} vn_dead_letter_t;
size_t vn_dead_letter_message(const vn_message_head_t *head, const vn_dead_letter_t *letter,
                              char *out, size_t capacity);

#define VN_DEAD_LETTER_MAX 1024u
#define VN_DEAD_LETTER_BYTES 64u /* of the payload, and of a hostile topic 256 */

#endif
