#include "events.h"

#include "room.h"

static bool is_before(const vn_event_t *a, const vn_event_t *b) {
  return a->at_us != b->at_us ? a->at_us < b->at_us : a->number < b->number;
}

void vn_events_add(vn_events_t *events, const vn_event_t *event) {
  if (events->count == events->room) {
    events->heap = vn_room_grow(events->heap, &events->room, sizeof *events->heap);
  }
  vn_event_t added = *event;
  added.number = events->inserted++;
  size_t at = events->count++;
  while (at > 0 && is_before(&added, &events->heap[(at - 1) / 2])) {
    events->heap[at] = events->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  events->heap[at] = added;
}

bool vn_events_take(vn_events_t *events, vn_event_t *event) {
  if (events->count == 0) {
    return false;
  }
  *event = events->heap[0];
  const vn_event_t last = events->heap[--events->count];
  size_t at = 0;
  for (size_t child = 1; child < events->count; child = 2 * at + 1) {
    bool right =
        child + 1 < events->count && is_before(&events->heap[child + 1], &events->heap[child]);
    child += right;
    if (!is_before(&events->heap[child], &last)) {
      break;
    }
    events->heap[at] = events->heap[child];
    at = child;
  }
  events->heap[at] = last;
  return true;
}

void vn_events_free(vn_events_t *events) {
  vn_room_free(events->heap);
  *events = (vn_events_t){0};
}
