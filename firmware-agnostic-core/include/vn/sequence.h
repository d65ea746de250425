/* Duplicate detection and gap counting by sequence number: a window of 64 numbers per series. */
#ifndef VN_SEQUENCE_H
#define VN_SEQUENCE_H

#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * All zero bytes is the state before the first reading. `seen` bit i: highest - i was taken.
 * `missing`: numbers that were skipped so far and have not come since. `span`: distance from the
 * highest number back to the lowest of this epoch, at most 64; it tells a number that was skipped
 * from one that was never due. `previous_...`: the same of the epoch before the last restart, so
 * that what comes again of it is known; previous_seen 0: there is none.
 */
typedef struct vn_sequence {
  uint64_t seen;
  uint64_t missing;
  uint64_t previous_seen;
  vn_time_ms_t last_ms; /* greatest time accepted: tells a restarted sensor from an old reading */
  vn_time_ms_t restart_ms; /* time of the reading that began this epoch, if another was before */
  uint32_t highest;
  uint32_t previous_highest;
  uint32_t epochs;
  bool started;
  uint8_t span;
  uint8_t previous_span;
} vn_sequence_t;

#define VN_SEQUENCE_WINDOW 64u

typedef enum vn_sequence_verdict {
  VN_SEQUENCE_NEW,
  VN_SEQUENCE_DUPLICATE,
  VN_SEQUENCE_CONFLICT, /* a number that is known, of another reading */
  VN_SEQUENCE_RESTARTED /* accepted; the sensor began to count anew */
} vn_sequence_verdict_t;

/*
 * Judges and records `number` (modulo 2^32). Below the window of 64 and newer than the last time:
 * the sensor restarted, a new epoch; below and not newer: duplicate. Of the epoch before, what is
 * older than the restart is judged by its own window: taken then is a duplicate, else new. O(1).
 */
vn_sequence_verdict_t vn_sequence_take(vn_sequence_t *sequence, uint32_t number,
                                       vn_time_ms_t time_ms);

/*
 * The same with a byte of each number of the window, VN_SEQUENCE_WINDOW of them, all zero at first:
 * a known number whose check differs is a conflict, or, if it is 0 or 1 and newer than all before,
 * a restart. `check` is a hash of the reading, never 0; one difference in 255 isn't noticed.
 * Changed state: as a duplicate, none. O(1).
 */
vn_sequence_verdict_t vn_sequence_take_checked(vn_sequence_t *sequence, uint8_t *checks,
                                               uint32_t number, vn_time_ms_t time_ms,
                                               uint8_t check);

/*
 * Whether vn_sequence_take_checked (checks NULL: vn_sequence_take) would say DUPLICATE; changes
 * nothing. With VN_TIME_PLUS_INFINITY only what a window still knows is one. O(1).
 */
bool vn_sequence_is_repeat(const vn_sequence_t *sequence, const uint8_t *checks, uint32_t number,
                           vn_time_ms_t time_ms, uint8_t check);

/* Whether checks[place], place < VN_SEQUENCE_WINDOW, is of a number of either epoch: the others
 * need not be kept. O(1). */
bool vn_sequence_has_check(const vn_sequence_t *sequence, uint32_t place);

#endif
