/* The table of hostile messages, tests/data/hostile/messages.txt. */
#ifndef HOSTILE_TABLE_H
#define HOSTILE_TABLE_H

#include "vn/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOSTILE_PAYLOAD_MAX = 300000, HOSTILE_TOPIC_MAX = 64, HOSTILE_KIND_MAX = 16 };

/* One message, and what must become of it. */
typedef struct hostile_case {
  char kind[HOSTILE_KIND_MAX];
  char topic[HOSTILE_TOPIC_MAX];
  size_t topic_length, payload_length;
  int64_t sum; /* of the accepted values, in hundredths */
  unsigned line, accepted, refused;
  uint8_t reason; /* vn_reason_t; NONE when nothing is refused */
  bool retained, clock_unset;
  uint8_t payload[HOSTILE_PAYLOAD_MAX];
} hostile_case_t;

typedef void (*hostile_case_fn)(void *context, const hostile_case_t *message);

/*
 * Reads the table and hands over its messages one by one, made for an arrival at `now_ms`. Ends the
 * program with a sentence on stderr when a line is no message. The number of messages.
 */
unsigned hostile_table_each(int64_t now_ms, hostile_case_fn each, void *context);

#endif
