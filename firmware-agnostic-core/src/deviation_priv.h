/* What the detectors of deviations share; their states in packed form. */
#ifndef VN_DEVIATION_PRIV_H
#define VN_DEVIATION_PRIV_H

#include "pack_priv.h"
#include "vn/deviation.h"
#include "wide_priv.h"

/* Levels and sizes have 16 bits of fraction. */
#define VN__LEVEL_UNIT (INT64_C(1) << 16)
#define VN__SIZE_LIMIT (UINT64_C(1) << 48)

/* What is more deviations off doesn't count for more, so that one reading can't spoil a mean. */
#define VN__Z_HIGHEST 16

/* What a mean moves by: all readings weigh the same until there are `length` of them. */
static inline int64_t vn__step(int64_t distance, uint32_t readings, uint32_t length) {
  return distance / (readings < length ? (int64_t)readings + 1 : (int64_t)length);
}

/* The deviation that goes with a usual size, 5/4 of it; one unit at least: what the resolution
 * can't tell is no deviation. */
static inline uint64_t vn__deviation_of(uint64_t size) {
  return size + size / 4 + (uint64_t)VN__LEVEL_UNIT;
}

/* Whether readings can have left this level. */
static inline bool vn__is_level(int64_t level) {
  return level >= -(INT64_C(1) << 47) && level < INT64_C(1) << 47;
}

void vn__residual_pack(vn__packer_t *packer, const vn_residual_t *residual);

/* What no readings can have left sets `failed`; the content is of no use then. */
void vn__residual_unpack(vn__unpacker_t *unpacker, vn_residual_t *residual);

/* log2 of x > 0 with 8 bits of fraction, linear between powers of two: never off by more than 0.09,
 * never falls. */
uint32_t vn__log2(uint64_t x);

/*
 * -log10 of the share of what the histogram holds in this bin and above, in thousandths. Beyond the
 * highest bin so far the tail falls with the fourth power; and at least as much beyond the bin that
 * one reading of 128 reaches, so that one incident doesn't hide the next. 0
 * while it holds fewer than 128. At most 23200.
 */
uint32_t vn__conformal_score(const vn_conformal_t *conformal, unsigned bin);

#define VN__CONFORMAL_TOTAL_HIGHEST ((1u << 14) - 1u)
void vn__conformal_learn(vn_conformal_t *conformal, unsigned bin);

/* Of a part that has nothing to say about a reading. */
#define VN__NO_BIN UINT8_MAX

/* Mean surprise, with 16 bits of fraction: no three steps are rarer than one of 2^17. */
#define VN__SURPRISE_HIGHEST (UINT32_C(17) << 16)

void vn__composite_pack(vn__packer_t *packer, const vn_composite_t *composite);
void vn__composite_unpack(vn__unpacker_t *unpacker, vn_composite_t *composite);

#endif
