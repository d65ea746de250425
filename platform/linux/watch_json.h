/* JSON of bounded size, member by member, over the core's reader: for messages that are watched. */
#ifndef VN_WATCH_JSON_H
#define VN_WATCH_JSON_H

#include "vn/json.h"

/*
 * Stands in front of a value, whose first event was read. After the first error `failed` stays true
 * and every call says that nothing follows.
 */
typedef struct vn_watch_json {
  vn_json_t json;
  vn_json_event_t event;
  vn_text_t text; /* of a string or number: as vn_json_t has it */
  bool escaped;
  bool failed;
} vn_watch_json_t;

/* The bytes outlive the reader. At most 16 levels. */
void vn_watch_json_begin(vn_watch_json_t *reader, const void *bytes, size_t length);

/* True when the whole input was one sound value; call it behind that. */
bool vn_watch_json_end(vn_watch_json_t *reader);

/*
 * At an object (array): moves to its first member (element), and on to the next one if the value
 * before has been read or skipped. False: at its end. Use:
 *   if (vn_watch_json_enter(r, VN_JSON_OBJECT_BEGIN)) while (vn_watch_json_member(r, &key)) ...
 * where each turn ends behind the value by one of the functions below. Keys are raw: those of the
 * messages have nothing to unescape.
 */
bool vn_watch_json_enter(vn_watch_json_t *reader, vn_json_event_t begin);
bool vn_watch_json_member(vn_watch_json_t *reader, vn_text_t *key);
bool vn_watch_json_element(vn_watch_json_t *reader);

/* Moves behind the value, whatever it is. */
void vn_watch_json_skip(vn_watch_json_t *reader);

/*
 * Take the value when it is of the kind and fits, otherwise leave *out alone; move behind it either
 * way. Integers are within 64 bits and have no fraction; texts are unescaped, without NUL, and
 * terminated in out[capacity]. They return whether the value was taken.
 */
bool vn_watch_json_integer(vn_watch_json_t *reader, int64_t *out);
bool vn_watch_json_number(vn_watch_json_t *reader, double *out);
bool vn_watch_json_bool(vn_watch_json_t *reader, bool *out);
bool vn_watch_json_text(vn_watch_json_t *reader, char *out, size_t capacity);

/* True when the text is the literal. */
bool vn_watch_text_is(vn_text_t text, const char *literal);

#endif
