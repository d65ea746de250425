/* How long to wait before the next attempt: doubling, with jitter. */
#ifndef VN_BACKOFF_H
#define VN_BACKOFF_H

#include <stdint.h>

#define VN_BACKOFF_FIRST_MS 1000
#define VN_BACKOFF_LAST_MS 60000
/* A connection that held this long starts over with the first delay. */
#define VN_BACKOFF_STABLE_MS 10000

typedef struct vn_backoff {
  uint64_t random; /* state of the jitter; not 0 */
  uint32_t delay_ms;
} vn_backoff_t;

/* Devices with different seeds come back at different times. */
void vn_backoff_init(vn_backoff_t *backoff, uint64_t seed);

/* The delay before the next attempt, within 1/1.2 .. 1.2 of 1 s, 2 s, 4 s .. 60 s, never above 60
 * s. */
uint32_t vn_backoff_next_ms(vn_backoff_t *backoff);

/* Tells how long the last connection held; a short one (two clients with one name that throw each
 * other out) doesn't start over. */
void vn_backoff_connected_for(vn_backoff_t *backoff, int64_t held_ms);

#endif
