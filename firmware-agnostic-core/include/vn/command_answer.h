/* Answers to commands: one JSON object each, bounded. */
#ifndef VN_COMMAND_ANSWER_H
#define VN_COMMAND_ANSWER_H

#include "vn/alert_message.h"
#include "vn/command.h"

/* What became of a command. */
typedef struct vn_answer {
  const vn_command_t *command;
  vn_command_problem_t problem; /* error NONE: it is done */
  vn_time_ms_t at_ms;           /* of its arrival */
  uint64_t suppressed;          /* commands above the rate, since the last answer; they have none */
  uint32_t changed;             /* alerts, each of one series */
  vn_text_t file;               /* SAVEPOINT: what was written */
  uint64_t bytes, seq;          /* of it */
} vn_answer_t;

/* One alert of one series, for `list`. */
typedef struct vn_answer_alert {
  const char *alert;
  const char *severity;
  vn_text_t series;
  const vn_alert_state_t *state;
} vn_answer_alert_t;

/* An answer that is being written. */
typedef struct vn_answer_writer {
  vn_json_writer_t json;
  const vn_message_head_t *head;
  vn_time_ms_t at_ms;
  uint64_t suppressed;
} vn_answer_writer_t;

/* The whole answer to any command but a `list` that is done. Returns the length, which may exceed
 * capacity; at most vn_answer_max. */
size_t vn_answer_message(const vn_message_head_t *head, const vn_answer_t *answer, char *out,
                         size_t capacity);

/* A `list` that is done: begin, any number of alerts, end. */
void vn_answer_list_begin(vn_answer_writer_t *writer, const vn_message_head_t *head,
                          const vn_answer_t *answer, char *out, size_t capacity);

/* Adds an alert; false: it doesn't fit, and nothing was added. With vn_answer_max one fits. */
bool vn_answer_list_add(vn_answer_writer_t *writer, const vn_answer_alert_t *alert);

/* Ends it; `next` NULL: all were told. Returns the length. */
size_t vn_answer_list_end(vn_answer_writer_t *writer, const uint32_t *next);

/* Upper bound of any answer with at most one alert, for names of series of name_max bytes. */
size_t vn_answer_max(const char *device, uint16_t name_max);

#endif
