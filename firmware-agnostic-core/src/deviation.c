#include "deviation_priv.h"

#include <string.h>

/*
 * The published constants: lengths of the means in readings. None was fitted to data.
 */
enum { LEVEL_LENGTH = 8, SIZE_LENGTH = 512, NEAR_LENGTH = 8, USUAL_LENGTH = 1024 };
enum { LEARNED_HIGHEST = 4 }; /* deviations of the short mean */
enum { SETTLED = 32 };        /* before that the usual size says too little to measure by */
enum { Z_BITS = 24, Z_HIGHEST = VN__Z_HIGHEST };
#define Z_ONE (INT64_C(1) << Z_BITS)

VN_STATIC_ASSERT(sizeof(vn_residual_t) <= 64, "a few bytes per series");
VN_STATIC_ASSERT(VN_RESIDUAL_SAVE_MAX == 2 * VN__PACK_U64_MAX + 4 * VN__PACK_U32_MAX,
                 "the bound names every packed field");

/* At whole and half deviations. */
enum { TAIL_STEP = 128, TAIL_STEPS = 32 };
static const uint16_t tail[TAIL_STEPS + 1] = {
    301,   511,   800,   1175,  1643,  2207,  2870,  3633,  4499,  5469,  6543,
    7721,  9006,  10396, 11893, 13496, 15206, 17023, 18947, 20979, 23118, 25365,
    27719, 30181, 32750, 35428, 38213, 41107, 44108, 47218, 50435, 53761, 57195};

uint32_t vn_gaussian_tail(int64_t deviations) {
  VN_ASSERT(tail[TAIL_STEPS] == VN_DEVIATION_SCORE_MAX);
  if (deviations <= 0) {
    return tail[0];
  }
  if (deviations >= TAIL_STEP * TAIL_STEPS) {
    return VN_DEVIATION_SCORE_MAX;
  }
  uint32_t at = (uint32_t)deviations / TAIL_STEP;
  uint32_t rest = (uint32_t)deviations % TAIL_STEP;
  return tail[at] + (uint32_t)(tail[at + 1] - tail[at]) * rest / TAIL_STEP;
}

/* Rounded down; x < 2^62. */
static uint64_t root_of(uint64_t x) {
  uint64_t root = 0;
  for (uint64_t digit = UINT64_C(1) << 60; digit > 0; digit >>= 2) {
    if (x >= root + digit) {
      x -= root + digit;
      root = root / 2 + digit;
    } else {
      root /= 2;
    }
  }
  return root;
}

/* size / deviation; size <= Z_HIGHEST * deviation and below 2^48. */
static int64_t ratio_of(uint64_t size, uint64_t deviation) {
  return (int64_t)((size << 16) / deviation) << (Z_BITS - 16);
}

/* How far `near` lies above its long mean, as a score. What it learns from is cut, too, so that
 * one incident doesn't hide the next. */
static uint32_t judge(vn_residual_t *residual, uint32_t readings) {
  const int64_t least = Z_ONE / 16;
  int64_t above = (int64_t)residual->near - (int64_t)residual->usual;
  int64_t deviation = (int64_t)root_of((uint64_t)residual->variance << Z_BITS);
  deviation = deviation < least ? least : deviation;
  uint32_t score = vn_gaussian_tail(above * 256 / deviation);
  if (readings >= SETTLED && above > LEARNED_HIGHEST * deviation) {
    above = LEARNED_HIGHEST * deviation;
  }
  int64_t move = vn__step(above, readings, USUAL_LENGTH);
  int64_t square = (above * (above - move)) >> Z_BITS;
  residual->usual = (uint32_t)(residual->usual + move);
  residual->variance =
      (uint32_t)(residual->variance +
                 vn__step(square - (int64_t)residual->variance, readings, USUAL_LENGTH));
  return score;
}

uint32_t vn_residual_add(vn_residual_t *residual, int32_t value) {
  VN_ASSERT(residual != NULL);
  uint32_t readings = residual->readings;
  residual->readings += readings < UINT32_MAX;
  if (readings == 0) {
    residual->level = value * VN__LEVEL_UNIT;
    return 0;
  }
  int64_t distance = value * VN__LEVEL_UNIT - residual->level;
  uint64_t size = vn__magnitude(distance);
  uint64_t deviation = vn__deviation_of(residual->size);
  if (readings >= SETTLED && size / Z_HIGHEST >= deviation) {
    size = deviation * Z_HIGHEST;
  }
  residual->level += vn__step(distance, readings, LEVEL_LENGTH);
  residual->size =
      (uint64_t)((int64_t)residual->size +
                 vn__step((int64_t)size - (int64_t)residual->size, readings - 1, SIZE_LENGTH));
  if (readings < SETTLED) {
    return 0;
  }
  readings -= SETTLED;
  int64_t z = ratio_of(size, deviation);
  residual->near =
      (uint32_t)(residual->near + vn__step(z - (int64_t)residual->near, readings, NEAR_LENGTH));
  uint32_t score = judge(residual, readings);
  return readings < SETTLED ? 0 : score;
}

void vn__residual_pack(vn__packer_t *packer, const vn_residual_t *residual) {
  VN_ASSERT(residual != NULL);
  vn__pack_signed(packer, residual->level);
  vn__pack_unsigned(packer, residual->size);
  vn__pack_unsigned(packer, residual->near);
  vn__pack_unsigned(packer, residual->usual);
  vn__pack_unsigned(packer, residual->variance);
  vn__pack_unsigned(packer, residual->readings);
}

void vn__residual_unpack(vn__unpacker_t *unpacker, vn_residual_t *residual) {
  VN_ASSERT(residual != NULL);
  const uint64_t z_highest = (uint64_t)(Z_HIGHEST * Z_ONE);
  residual->level = vn__unpack_signed(unpacker);
  residual->size = vn__unpack_unsigned(unpacker, VN__SIZE_LIMIT);
  residual->near = (uint32_t)vn__unpack_unsigned(unpacker, z_highest);
  residual->usual = (uint32_t)vn__unpack_unsigned(unpacker, z_highest);
  residual->variance = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  residual->readings = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  unpacker->failed = unpacker->failed || !vn__is_level(residual->level);
}

size_t vn_residual_save(const vn_residual_t *residual, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__residual_pack(&packer, residual);
  return packer.length;
}

vn_err_t vn_residual_load(vn_residual_t *residual, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__residual_unpack(&unpacker, residual);
  if (unpacker.failed || unpacker.position != length) {
    memset(residual, 0, sizeof *residual);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
