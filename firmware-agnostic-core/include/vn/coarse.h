/* Coarser results: those of adjacent windows as one, exactly. */
#ifndef VN_COARSE_H
#define VN_COARSE_H

#include "vn/summary.h"

/* Lengths of a ladder, at most. */
#define VN_COARSEN_MAX 4u

/* Results of tumbling windows on the way to becoming one; fields that the engine alone uses last.
 */
typedef struct vn_coarse {
  vn_aggregate_t aggregate; /* first_ms and last_ms are those of the windows */
  vn_time_ms_t start_ms, end_ms;
  uint32_t known; /* VN_STATISTIC_BIT set of what the aggregate really holds */
  uint32_t accounting[VN_ACCOUNTED_COUNT_OF];
  uint32_t windows; /* results that it stands for; 0: none can be added to it */
  uint32_t revision;
  uint8_t flags;        /* vn_flag_t bits that hold for all or any of them */
  uint8_t kind;         /* VN_KIND_ON_TIME, if they differ */
  uint8_t sample_count; /* members */
  uint8_t window;       /* of the pipeline of the series */
  uint32_t series;
  uint64_t number; /* where the first one stands: entry of the outbox, */
  uint32_t place;  /* and which record of it */
  bool told;       /* it goes into another message as it is, or as one */
} vn_coarse_t;

/* A sample that goes with it: capacity members, drawn this way with this seed. */
typedef struct vn_coarse_sample {
  vn_member_t *members;
  vn_draw_t draw;
  uint16_t capacity;
} vn_coarse_sample_t;

/*
 * Adds `other`, which ends where `into` starts or starts where it ends, and its members. False, and
 * nothing changed: they aren't adjacent, or their counts together exceed 2^32 - 1.
 */
bool vn_coarse_merge(vn_coarse_t *into, const vn_coarse_sample_t *sample, const vn_coarse_t *other,
                     const vn_member_t *members);

/* The statistics of `asked` that follow from what is known. */
uint32_t vn_coarse_statistics(uint32_t known, uint32_t asked);

#endif
