/* Samples beside their aggregates: taking readings, into packed state and back. */
#include "reservoir_priv.h"
#include "vn/assert.h"

void vn__sample_offer(const vn__sample_t *sample, uint64_t seed, vn_time_ms_t time_ms,
                      int32_t value) {
  VN_ASSERT(sample != NULL && sample->aggregate != NULL);
  if (sample->capacity > 0) {
    vn_member_t member = {time_ms, value, vn_draw_priority(&sample->draw, seed, time_ms, value)};
    (void)vn_reservoir_offer_drawn(&sample->draw, sample->members, vn__sample_count(sample),
                                   sample->capacity, &member);
  }
}

void vn__sample_rekey(const vn__sample_t *sample, uint64_t seed) {
  for (uint32_t i = 0; i < vn__sample_count(sample); i++) {
    vn_member_t member = sample->members[i];
    member.priority = vn_draw_priority(&sample->draw, seed, member.time_ms, member.value);
    (void)vn_reservoir_offer_drawn(&sample->draw, sample->members, i, sample->capacity, &member);
  }
}

void vn__sample_save(vn__packer_t *packer, const vn__sample_t *sample) {
  VN_ASSERT(sample != NULL && sample->aggregate != NULL);
  for (uint32_t i = 0; i < vn__sample_count(sample); i++) {
    vn__pack_unsigned(packer, (uint64_t)(sample->members[i].time_ms - sample->aggregate->first_ms));
    vn__pack_signed(packer, sample->members[i].value);
  }
}

void vn__sample_load(vn__unpacker_t *unpacker, const vn__sample_t *sample, uint64_t seed) {
  VN_ASSERT(sample != NULL && sample->aggregate != NULL);
  if (unpacker->failed) {
    return;
  }
  uint64_t span_ms = (uint64_t)(sample->aggregate->last_ms - sample->aggregate->first_ms);
  for (uint32_t i = 0; i < vn__sample_count(sample); i++) {
    vn_member_t *member = &sample->members[i];
    member->time_ms = sample->aggregate->first_ms + (int64_t)vn__unpack_unsigned(unpacker, span_ms);
    member->value = vn__unpack_i32(unpacker);
    member->priority = vn_draw_priority(&sample->draw, seed, member->time_ms, member->value);
  }
}
