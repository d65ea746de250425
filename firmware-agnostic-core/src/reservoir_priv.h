/* Samples in packed state. */
#ifndef VN_RESERVOIR_PRIV_H
#define VN_RESERVOIR_PRIV_H

#include "aggregate_priv.h"
#include "vn/reservoir.h"

/* The greatest length of one member. */
#define VN__MEMBER_SAVE_MAX (VN__PACK_U64_MAX + VN__PACK_U32_MAX)

/* A sample of the readings in `aggregate`: it has min(aggregate->count, capacity) members. */
typedef struct vn__sample {
  const vn_aggregate_t *aggregate;
  vn_member_t *members;
  uint32_t capacity;
  vn_draw_t draw;
} vn__sample_t;

static inline uint32_t vn__sample_count(const vn__sample_t *sample) {
  return sample->aggregate->count < sample->capacity ? sample->aggregate->count : sample->capacity;
}

/* Offers a reading; call it before the reading is added to the aggregate. */
void vn__sample_offer(const vn__sample_t *sample, uint64_t seed, vn_time_ms_t time_ms,
                      int32_t value);

/* Times and values; a priority is a function of them and of the seed. */
void vn__sample_save(vn__packer_t *packer, const vn__sample_t *sample);

/* After the times of all members have changed alike: priorities and order as of the new times. */
void vn__sample_rekey(const vn__sample_t *sample, uint64_t seed);

/* Unpacks the members of an aggregate that has been loaded; its times must hold theirs. */
void vn__sample_load(vn__unpacker_t *unpacker, const vn__sample_t *sample, uint64_t seed);

#endif
