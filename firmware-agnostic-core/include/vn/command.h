/* Commands (docs/alerts.md, C1-C9): one JSON object, read strictly and into bounds. */
#ifndef VN_COMMAND_H
#define VN_COMMAND_H

#include "vn/alert.h"
#include "vn/topic.h"

/* X(name, word) */
#define VN_COMMAND_LIST(X)                       \
  X(VN_COMMAND_ACKNOWLEDGE, "acknowledge")       \
  X(VN_COMMAND_SHELVE, "shelve")                 \
  X(VN_COMMAND_UNSHELVE, "unshelve")             \
  X(VN_COMMAND_RESET, "reset")                   \
  X(VN_COMMAND_OUT_OF_SERVICE, "out_of_service") \
  X(VN_COMMAND_IN_SERVICE, "in_service")         \
  X(VN_COMMAND_LIST_ALERTS, "list")              \
  X(VN_COMMAND_SAVEPOINT, "savepoint")

typedef enum vn_command_kind {
#define VN_COMMAND_ENUM(name, word) name,
  VN_COMMAND_LIST(VN_COMMAND_ENUM)
#undef VN_COMMAND_ENUM
      VN_COMMAND_COUNT /* also: not known */
} vn_command_kind_t;

/* X(name, word, text): why a command is refused; the word is what answers carry. */
#define VN_COMMAND_ERROR_LIST(X)                                                                  \
  X(VN_COMMAND_ERROR_NONE, "none", "carried out")                                                 \
  X(VN_COMMAND_ERROR_JSON, "json", "no JSON, or no object; `text` has the byte")                  \
  X(VN_COMMAND_ERROR_MEMBER, "member", "a member is missing, unknown, twice there or unusable")   \
  X(VN_COMMAND_ERROR_COMMAND, "command", "no such command")                                       \
  X(VN_COMMAND_ERROR_ALERT, "alert", "the configuration has no alert of this name")               \
  X(VN_COMMAND_ERROR_SERIES, "series", "the alert has no such series")                            \
  X(VN_COMMAND_ERROR_STALE, "stale", "the alert is in another episode")                           \
  X(VN_COMMAND_ERROR_NO_EFFECT, "no_effect", "there is nothing to change")                        \
  X(VN_COMMAND_ERROR_RETAINED, "retained", "a retained command would come again and again")       \
  X(VN_COMMAND_ERROR_CLOCK, "clock", "the clock is not set: nothing can be shelved until a time") \
  X(VN_COMMAND_ERROR_SAVEPOINT, "savepoint", "no savepoint can be written, or not so soon again")

typedef enum vn_command_error {
#define VN_COMMAND_ERROR_ENUM(name, word, text) name,
  VN_COMMAND_ERROR_LIST(VN_COMMAND_ERROR_ENUM)
#undef VN_COMMAND_ERROR_ENUM
      VN_COMMAND_ERROR_COUNT
} vn_command_error_t;

/* Longest texts, in bytes once unescaped. */
#define VN_COMMAND_ALERT_MAX 64u
#define VN_COMMAND_SERIES_MAX 255u
#define VN_COMMAND_BY_MAX 64u
#define VN_COMMAND_COMMENT_MAX 128u
#define VN_COMMAND_ID_MAX 64u
#define VN_COMMAND_TEXT_MAX                                                                    \
  (VN_COMMAND_ALERT_MAX + VN_COMMAND_SERIES_MAX + VN_COMMAND_BY_MAX + VN_COMMAND_COMMENT_MAX + \
   VN_COMMAND_ID_MAX)

/* Longest time of a `shelve`. */
#define VN_COMMAND_SHELVE_MAX_MS (INT64_C(30) * 86400000)

/* What is to happen. Texts that weren't given are empty; they lie in `text`: do not copy. */
typedef struct vn_command {
  vn_text_t alert, series, by, comment, id;
  int64_t for_ms;   /* SHELVE: 1..VN_COMMAND_SHELVE_MAX_MS, or 0: until the end of an episode */
  uint32_t episode; /* ACKNOWLEDGE, RESET: from 1; 0: any */
  uint32_t after;   /* LIST_ALERTS: valid when has_after */
  uint8_t kind;     /* vn_command_kind_t */
  uint8_t state;    /* LIST_ALERTS: vn_alert_phase_t; valid when has_state */
  bool has_after, has_state;
  char text[VN_COMMAND_TEXT_MAX];
} vn_command_t;

/* What is wrong with a command. */
typedef struct vn_command_problem {
  vn_text_t member; /* whose fault it is, as it was written; empty: nobody's */
  const char *text; /* a sentence for people; static storage */
  size_t offset;    /* JSON: the byte at which the damage was found */
  uint8_t error;    /* vn_command_error_t */
} vn_command_problem_t;

/*
 * Reads a command. NONE, or why it is none: JSON, MEMBER or COMMAND, with *problem filled in; then
 * only `kind` and `id` are of use, which are filled in as far as they were found. No recursion;
 * O(length). `member` points into the bytes.
 */
VN_NODISCARD vn_command_error_t vn_command_read(const uint8_t *bytes, size_t length,
                                                vn_command_t *command,
                                                vn_command_problem_t *problem);

/* "acknowledge", ...; NULL for VN_COMMAND_COUNT. */
const char *vn_command_word(vn_command_kind_t kind);

/* "json", ...; static storage, never NULL. */
const char *vn_command_error_word(vn_command_error_t error);

#endif
