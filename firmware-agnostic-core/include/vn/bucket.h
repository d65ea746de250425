/* Token buckets: a rate with bursts, exact, by one time each (GCRA). */
#ifndef VN_BUCKET_H
#define VN_BUCKET_H

#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

#define VN_RATE_MAX 1000000u
#define VN_RATE_PER_MAX_MS 86400000u

/*
 * At most `readings` per `per_ms` in the long run, `burst` at once: both 1..VN_RATE_MAX;
 * per_ms 1..VN_RATE_PER_MAX_MS. readings 0: no limit.
 */
typedef struct vn_rate {
  uint32_t readings, per_ms, burst;
} vn_rate_t;

/* A rate as the bucket needs it: whole ms, and parts of which `readings` are one. */
typedef struct vn_bucket_rate {
  int64_t step_ms, most_ms; /* what one reading costs, and what a full bucket holds */
  uint32_t step_part, most_part;
  uint32_t readings; /* 0: no limit */
} vn_bucket_rate_t;

/* When the bucket is full again. */
typedef struct vn_bucket {
  int64_t full_ms;
  uint32_t full_part;
} vn_bucket_t;

vn_bucket_rate_t vn_bucket_rate(const vn_rate_t *rate);

void vn_bucket_fill(vn_bucket_t *bucket);

/* Whether there is a token at now_ms, which never goes back. No limit: always. O(1), no division.
 */
bool vn_bucket_has(const vn_bucket_rate_t *rate, const vn_bucket_t *bucket, int64_t now_ms);

/* Takes a token that is there. */
void vn_bucket_take(const vn_bucket_rate_t *rate, vn_bucket_t *bucket, int64_t now_ms);

#endif
