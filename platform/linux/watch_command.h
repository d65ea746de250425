/* Commands to a device, and what became of them. */
#ifndef VN_WATCH_COMMAND_H
#define VN_WATCH_COMMAND_H

#include "watch_layout.h"

/* The longest command; all its names at their longest. */
#define VN_WATCH_COMMAND_BYTES 4096u

/* A device that doesn't answer for so long is said not to. */
#define VN_WATCH_ANSWER_MS 5000

/* The command that was given last. */
typedef struct vn_watch_ask {
  char by[VN_WATCH_WORD_BYTES]; /* who gives commands; "": nobody in particular */
  char session[24];             /* start of the ids, not shared with other watchers */
  char id[48];
  char what[VN_WATCH_NOTICE_BYTES / 2]; /* for people: "acknowledge overheat line1/temp" */
  char device[VN_WATCH_WORD_BYTES];
  int64_t until_ms;
  uint32_t count;
  bool open; /* no answer yet */
} vn_watch_ask_t;

/*
 * Writes the command `word` of docs/alerts.md for one alert of one series as JSON into
 * out[VN_WATCH_COMMAND_BYTES], and remembers it: acknowledge and reset name the episode that is
 * seen, shelve is for 30 minutes. Returns the length.
 */
size_t vn_watch_command(vn_watch_ask_t *ask, const char *word, const vn_watch_alert_t *alert,
                        int64_t now_ms, char *out);

/* Says in the view what came of it; an answer to somebody else's command is left alone. */
void vn_watch_answered(vn_watch_ask_t *ask, const vn_watch_answer_t *answer, vn_watch_view_t *view);

/* Says that there was no answer, when it is time to. */
void vn_watch_waited(vn_watch_ask_t *ask, vn_watch_view_t *view, int64_t now_ms);

/* What a key asks for. */
typedef enum vn_watch_key {
  VN_WATCH_KEY_NONE,
  VN_WATCH_KEY_UP,
  VN_WATCH_KEY_DOWN,
  VN_WATCH_KEY_FIRST,
  VN_WATCH_KEY_LAST,
  VN_WATCH_KEY_PAGE_UP,
  VN_WATCH_KEY_PAGE_DOWN,
  VN_WATCH_KEY_WINDOW,
  VN_WATCH_KEY_REDRAW,
  VN_WATCH_KEY_QUIT,
  VN_WATCH_KEY_ACKNOWLEDGE,
  VN_WATCH_KEY_SHELVE,
  VN_WATCH_KEY_UNSHELVE,
  VN_WATCH_KEY_RESET,
  VN_WATCH_KEY_OUT_OF_SERVICE,
  VN_WATCH_KEY_IN_SERVICE
} vn_watch_key_t;

/* A key arrives in one to several bytes. Zeroed is the start. */
typedef struct vn_watch_keys {
  uint8_t state;
  uint8_t parameter;
} vn_watch_keys_t;

/* Takes a byte of input; NONE: it belongs to a longer key, or to one without a meaning. */
vn_watch_key_t vn_watch_take_key(vn_watch_keys_t *keys, uint8_t byte);

/* The command of a key; NULL: it has none. */
const char *vn_watch_key_command(vn_watch_key_t key);

#endif
