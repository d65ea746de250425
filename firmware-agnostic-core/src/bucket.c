#include "vn/bucket.h"

#include "vn/assert.h"

vn_bucket_rate_t vn_bucket_rate(const vn_rate_t *rate) {
  if (rate->readings == 0) {
    return (vn_bucket_rate_t){0};
  }
  VN_ASSERT(rate->readings <= VN_RATE_MAX);
  VN_ASSERT(rate->burst >= 1 && rate->burst <= VN_RATE_MAX);
  VN_ASSERT(rate->per_ms >= 1 && rate->per_ms <= VN_RATE_PER_MAX_MS);
  int64_t most = (int64_t)rate->per_ms * rate->burst;
  return (vn_bucket_rate_t){
      .step_ms = rate->per_ms / rate->readings,
      .step_part = (uint32_t)(rate->per_ms % rate->readings),
      .most_ms = most / rate->readings,
      .most_part = (uint32_t)(most % rate->readings),
      .readings = rate->readings,
  };
}

void vn_bucket_fill(vn_bucket_t *bucket) { *bucket = (vn_bucket_t){.full_ms = INT64_MIN}; }

/* The bucket with one token less. */
static vn_bucket_t taken(const vn_bucket_rate_t *rate, const vn_bucket_t *bucket, int64_t now_ms) {
  vn_bucket_t next = bucket->full_ms < now_ms ? (vn_bucket_t){.full_ms = now_ms} : *bucket;
  uint32_t part = next.full_part + rate->step_part;
  bool carry = part >= rate->readings;
  next.full_ms += rate->step_ms + carry;
  next.full_part = carry ? part - rate->readings : part;
  return next;
}

bool vn_bucket_has(const vn_bucket_rate_t *rate, const vn_bucket_t *bucket, int64_t now_ms) {
  if (rate->readings == 0) {
    return true;
  }
  vn_bucket_t next = taken(rate, bucket, now_ms);
  int64_t owed_ms = next.full_ms - now_ms;
  return owed_ms < rate->most_ms || (owed_ms == rate->most_ms && next.full_part <= rate->most_part);
}

void vn_bucket_take(const vn_bucket_rate_t *rate, vn_bucket_t *bucket, int64_t now_ms) {
  if (rate->readings > 0) {
    *bucket = taken(rate, bucket, now_ms);
  }
}
