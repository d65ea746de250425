/* What the files of alert messages share. */
#ifndef VN_ALERT_MESSAGE_PRIV_H
#define VN_ALERT_MESSAGE_PRIV_H

#include "json_writer_priv.h"
#include "time_text_priv.h"
#include "vn/alert_message.h"

/*
 * Words of a plan have at most 64 bytes and need no escapes; where one does all the same, it is cut
 * to this length, so that the bound of a message holds for every plan.
 */
#define VN__WORD_ESCAPED_MAX 64u
#define VN__OF_ESCAPED_MAX 80u       /* window.statistic */
#define VN__COMMENT_ESCAPED_MAX 128u /* what people say */

/* The limit that the value is measured by; false: the condition has none. */
bool vn__alert_limit(const vn_transition_t *transition, int64_t *limit);

/* What the writer of floats can take: 2^-64 .. 2^63. */
double vn__alert_printable(double value);

/* A part of a string, cut to `limit` bytes. */
void vn__alert_say(vn_json_writer_t *writer, const char *word, size_t limit);

/* The member `summary`: a sentence for people; and the most bytes that its words have, beside names
 * and numbers. */
#define VN__ALERT_SENTENCE_MAX 120u
void vn__alert_summary(vn_json_writer_t *writer, const vn_transition_t *transition);

/* The members `window` and `readings`, and the most bytes that they have. Only events have
 * readings and samples: the retained state is to be short. */
void vn__alert_evidence(vn_json_writer_t *writer, const vn_transition_t *transition, bool event);
size_t vn__alert_evidence_max(const vn_alert_message_size_t *size);

#endif
