/* The readers of the kinds of messages: each returns false when it can't make sense of one. */
#ifndef VN_WATCH_MODEL_PRIV_H
#define VN_WATCH_MODEL_PRIV_H

#include "watch_json.h"
#include "watch_model.h"

/* A payload and the names that its topic gave. */
typedef struct vn__watch_message {
  const uint8_t *payload;
  size_t length;
  const char *device;
} vn__watch_message_t;

/* A state or an event; device, alert and series are there already for a state. */
bool vn__watch_read_alert(const vn__watch_message_t *message, vn_watch_alert_t *alert);

/* All results of a message of summaries, in any encoding, handed to vn_watch_take_result. */
bool vn__watch_read_summaries(vn_watch_model_t *model, const vn__watch_message_t *message);

/* The latest result of a window, retained. */
bool vn__watch_read_latest(vn_watch_model_t *model, const vn__watch_message_t *message);

/* A SenML pack, at its array. */
bool vn__watch_read_senml(vn_watch_model_t *model, const char *device, vn_watch_json_t *reader);

/* The row of the result's series and window, made if there is room; NULL: there is none. */
vn_watch_series_t *vn__watch_series_row(vn_watch_model_t *model, const vn_watch_result_t *result);

bool vn__watch_read_statistics(const vn__watch_message_t *message, vn_watch_device_t *device);
bool vn__watch_read_answer(const vn__watch_message_t *message, vn_watch_answer_t *answer);

/* Where the value of a member goes: `at` bytes into a struct, and for texts how many there are. */
typedef enum vn__watch_kind {
  VN__WATCH_INTEGER, /* int64_t */
  VN__WATCH_NUMBER,  /* double */
  VN__WATCH_BOOL,
  VN__WATCH_TEXT
} vn__watch_kind_t;
typedef struct vn__watch_field {
  const char *word;
  vn__watch_kind_t kind;
  size_t at;
  size_t capacity;
  size_t has_at; /* of a bool that says the member was there; 0: nobody asks */
} vn__watch_field_t;

/* Reads the members of an object that the fields name, and skips the others. */
void vn__watch_read_fields(vn_watch_json_t *reader, const vn__watch_field_t *fields, size_t count,
                           void *out);

/* Reads the value at the reader if `key` is the word of a field; false: it is none, or no value of
 * that kind, and has been skipped. */
bool vn__watch_read_field(vn_watch_json_t *reader, vn_text_t key, const vn__watch_field_t *fields,
                          size_t count, void *out);

/* Copies with an end; false: it doesn't fit, or holds a NUL. */
bool vn__watch_copy(vn_text_t text, char *out, size_t capacity);

#endif
