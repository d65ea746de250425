/* What will happen, in order of virtual time, and of insertion where times are equal. */
#ifndef VN_WORLD_EVENTS_H
#define VN_WORLD_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vn_event {
  int64_t at_us;
  uint64_t number; /* of the insertion */
  uint32_t epoch;  /* of what it belongs to: it means nothing once that has another one */
  uint32_t argument;
  uint8_t kind, device;
} vn_event_t;

/* A binary heap; grows, so that only set-up and new heights cost memory. */
typedef struct vn_events {
  vn_event_t *heap;
  size_t count, room;
  uint64_t inserted;
} vn_events_t;

void vn_events_add(vn_events_t *events, const vn_event_t *event);

/* The next one; false: there is none. */
bool vn_events_take(vn_events_t *events, vn_event_t *event);

void vn_events_free(vn_events_t *events);

#endif
