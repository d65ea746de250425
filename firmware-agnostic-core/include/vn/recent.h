/* The last accepted readings of a series, exactly: finds repeats that carry no number. */
#ifndef VN_RECENT_H
#define VN_RECENT_H

#include "vn/time.h"

#include <stdint.h>

#define VN_RECENT_MAX 64u

typedef struct vn_recent {
  vn_time_ms_t time_ms;
  int32_t value;
} vn_recent_t;

/* A ring over `size` (1..VN_RECENT_MAX) readings, the caller's; all zero: none is remembered. */
typedef struct vn_recent_state {
  uint8_t count, next;
} vn_recent_state_t;

typedef enum vn_recent_verdict {
  VN_RECENT_NEW,
  VN_RECENT_SAME,     /* time and value are there */
  VN_RECENT_SAME_TIME /* the time is there, with other values only */
} vn_recent_verdict_t;

/* O(count). */
vn_recent_verdict_t vn_recent_find(const vn_recent_state_t *state, const vn_recent_t *readings,
                                   const vn_recent_t *reading);

/* Remembers one in place of the oldest. O(1). */
void vn_recent_add(vn_recent_state_t *state, vn_recent_t *readings, uint8_t size,
                   const vn_recent_t *reading);

#endif
