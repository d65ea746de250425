/* Weighted draws: the race of exponential times, in logarithms and integers. */
#include "vn/draw.h"

#include "vn/arith.h"
#include "vn/assert.h"
#include "vn/hash.h"

#define ONE (UINT64_C(1) << 32)
#define ONE_BY_LN2_Q30 UINT64_C(1549082005)
#define LOG2_ONE_BY_LN2_Q32 INT64_C(2271034279)
#define UNIFORM_BITS 33u

/* log2(1 + i / 64) in units of 2^-32. */
static const uint32_t log2_table[64] = {
    UINT32_C(0),          UINT32_C(96069025),   UINT32_C(190671291),  UINT32_C(283850912),
    UINT32_C(375650043),  UINT32_C(466108993),  UINT32_C(555266330),  UINT32_C(643158981),
    UINT32_C(729822324),  UINT32_C(815290272),  UINT32_C(899595355),  UINT32_C(982768792),
    UINT32_C(1064840562), UINT32_C(1145839467), UINT32_C(1225793196), UINT32_C(1304728379),
    UINT32_C(1382670639), UINT32_C(1459644648), UINT32_C(1535674166), UINT32_C(1610782092),
    UINT32_C(1684990500), UINT32_C(1758320682), UINT32_C(1830793181), UINT32_C(1902427829),
    UINT32_C(1973243777), UINT32_C(2043259528), UINT32_C(2112492963), UINT32_C(2180961373),
    UINT32_C(2248681479), UINT32_C(2315669461), UINT32_C(2381940981), UINT32_C(2447511201),
    UINT32_C(2512394810), UINT32_C(2576606038), UINT32_C(2640158677), UINT32_C(2703066101),
    UINT32_C(2765341278), UINT32_C(2826996792), UINT32_C(2888044853), UINT32_C(2948497313),
    UINT32_C(3008365682), UINT32_C(3067661140), UINT32_C(3126394546), UINT32_C(3184576458),
    UINT32_C(3242217134), UINT32_C(3299326552), UINT32_C(3355914416), UINT32_C(3411990165),
    UINT32_C(3467562987), UINT32_C(3522641820), UINT32_C(3577235372), UINT32_C(3631352118),
    UINT32_C(3685000315), UINT32_C(3738188006), UINT32_C(3790923031), UINT32_C(3843213029),
    UINT32_C(3895065449), UINT32_C(3946487554), UINT32_C(3997486426), UINT32_C(4048068976),
    UINT32_C(4098241947), UINT32_C(4148011918), UINT32_C(4197385310), UINT32_C(4246368396),
};

/* log2(x) in units of 2^-32, x >= 1; wrong by less than 2^-29. */
static int64_t log2_q32(uint64_t x) {
  VN_ASSERT(x > 0);
  int64_t whole = 63;
  for (; x >> 63 == 0; x <<= 1) {
    whole--;
  }
  uint64_t mantissa = x >> 31;
  uint32_t place = (uint32_t)(mantissa >> 26) & 63u;
  uint64_t step = ONE + ((uint64_t)place << 26);
  uint64_t d = ((mantissa - step) << 32) / step;
  uint64_t d2 = d * d >> 32, d3 = d2 * d >> 32, d4 = d3 * d >> 32;
  uint64_t natural = d - d2 / 2 + d3 / 3 - d4 / 4;
  return whole * (int64_t)ONE + log2_table[place] + (int64_t)(natural * ONE_BY_LN2_Q30 >> 30);
}

/*
 * log2(-log2(1 - x)) in units of 2^-32, x = odd / 2^33: between -33 and 6, wrong by less than
 * 2^-22. Where x is small the logarithm would lose its digits, so that there it is a series.
 */
static int64_t log2_race(uint64_t odd) {
  if (odd >> (UNIFORM_BITS - 6) != 0) {
    int64_t time = (int64_t)(UNIFORM_BITS * ONE) - log2_q32((ONE << 1) - odd);
    return log2_q32((uint64_t)time) - (int64_t)(32 * ONE);
  }
  uint64_t x = odd >> 1, x2 = x * x >> 32, x3 = x2 * x >> 32, x4 = x3 * x >> 32;
  uint64_t factor = ONE + x / 2 + x2 / 3 + x3 / 4 + x4 / 5;
  return log2_q32(odd) + log2_q32(factor) - (int64_t)((UNIFORM_BITS + 32) * ONE) +
         LOG2_ONE_BY_LN2_Q32;
}

/* time / half-life in units of 2^-20, modulo 2^64; floors, so that times stay in order. */
static uint64_t age_q20(int64_t half_life_ms, vn_time_ms_t time_ms) {
  int64_t whole = vn_floor_div(time_ms, half_life_ms);
  int64_t rest_ms = time_ms - whole * half_life_ms;
  return ((uint64_t)whole << 20) + ((uint64_t)rest_ms << 20) / (uint64_t)half_life_ms;
}

uint32_t vn_draw_priority(const vn_draw_t *draw, uint64_t seed, vn_time_ms_t time_ms,
                          int32_t value) {
  VN_ASSERT(draw != NULL);
  uint32_t uniform = vn_priority(seed, time_ms, value);
  if (draw->weight == VN_WEIGHT_NONE) {
    return uniform;
  }
  int64_t race = log2_race(2 * (uint64_t)uniform + 1) + (int64_t)(64 * ONE);
  if (draw->weight == VN_WEIGHT_RECENCY) {
    VN_ASSERT(draw->half_life_ms >= 1 && draw->half_life_ms <= VN_HALF_LIFE_MAX_MS);
    return (uint32_t)((uint64_t)(race >> 12) - age_q20(draw->half_life_ms, time_ms));
  }
  if (value == 0) {
    return UINT32_C(1) << 31 | uniform >> 1;
  }
  uint64_t magnitude = value < 0 ? (uint64_t)(-(int64_t)value) : (uint64_t)value;
  return (uint32_t)((race - log2_q32(magnitude)) >> 8);
}
