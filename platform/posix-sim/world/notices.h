/* Notices of gaps (docs/messages.md): numbers that a device said would not come. */
#ifndef VN_WORLD_NOTICES_H
#define VN_WORLD_NOTICES_H

#include "story.h"

typedef struct vn_notice {
  uint64_t seq; /* of the message that it came in */
  int64_t why, first, last, messages, results, alerts;
  uint8_t device;
} vn_notice_t;

#define VN_NOTICE_DROPPED 0
#define VN_NOTICE_COARSENED 1

/* Each once, however often it came. */
typedef struct vn_notices {
  vn_notice_t *all;
  size_t count, room;
} vn_notices_t;

/* False: one can't be read, `problem` says so. */
bool vn_notices_of(const vn_story_t *story, vn_notices_t *notices, char *problem, size_t room);

void vn_notices_free(vn_notices_t *notices);

#endif
