/* The composite detector: six views of a reading, each ranked among those before it. */
#include "deviation_priv.h"

#include "vn/arith.h"

/*
 * The published constants: lengths of the means, in readings, days for the season. None was fitted
 * to data.
 */
enum { SLOW_LENGTH = 512, FAST_LENGTH = 8, SIZE_LENGTH = 512, SHORT_LENGTH = 16 };
enum { SEASON_DAYS = 8, SEASON_DAYS_LEAST = 2, SURPRISE_LENGTH = 8 };
enum { SETTLED = 32 }; /* before that the usual sizes say too little to measure by */
enum { PART_LEVEL, PART_RESIDUAL, PART_SHIFT, PART_SURPRISE, PART_SEASON, PART_NOISE };

#define GRAMS ((uint32_t)sizeof(((vn_composite_t *)0)->grams))
#define SYMBOLS ((unsigned)VN_COMPOSITE_SYMBOLS)
#define UNCHANGED 3u
#define GOES_ROUND (UINT32_C(1) << 31) /* a multiple of the delay, and more than any length */
#define HALF_HOUR_MS INT64_C(1800000)

VN_STATIC_ASSERT(sizeof(vn_composite_t) <= 2048, "two kilobytes per series");

/* Four bins per octave of a value with 8 bits of fraction in its logarithm. */
static uint8_t bin_of(uint32_t logarithm) {
  uint32_t bin = logarithm / 64u;
  return (uint8_t)(bin < VN_CONFORMAL_BINS ? bin : VN_CONFORMAL_BINS - 1u);
}

/* From a sixteenth of the usual deviation on. */
static uint8_t bin_of_distance(uint64_t size, uint64_t usual_size) {
  const uint32_t least = 4 * 256;
  VN_ASSERT(size <= VN__SIZE_LIMIT);
  uint64_t ratio = (size << 8) / vn__deviation_of(usual_size);
  uint32_t logarithm = ratio > 0 ? vn__log2(ratio) : 0;
  return bin_of(logarithm > least ? logarithm - least : 0);
}

/* What one reading can teach: no more than so many deviations, once there are any. */
static int64_t cut(int64_t distance, uint64_t usual_size, uint32_t readings) {
  int64_t highest = (int64_t)(vn__deviation_of(usual_size) * VN__Z_HIGHEST);
  if (readings < SETTLED || (distance <= highest && distance >= -highest)) {
    return distance;
  }
  return distance < 0 ? -highest : highest;
}

static void learn_size(uint64_t *size, uint64_t distance, uint32_t readings, uint32_t length) {
  int64_t taught = cut((int64_t)distance, *size, readings);
  *size = (uint64_t)((int64_t)*size + vn__step(taught - (int64_t)*size, readings, length));
}

/* The distance of a value from the mean so far; then both learn from it. The fast mean follows
 * everything, the slow one isn't moved far by a single reading. */
static uint8_t baseline_add(vn_baseline_t *baseline, int64_t level, uint32_t readings,
                            uint32_t length) {
  int64_t distance = level - baseline->mean;
  uint8_t bin = bin_of_distance(vn__magnitude(distance), baseline->size);
  int64_t taught = length > FAST_LENGTH ? cut(distance, baseline->size, readings) : distance;
  learn_size(&baseline->size, vn__magnitude(distance), readings - 1, SIZE_LENGTH);
  baseline->mean += vn__step(taught, readings, length);
  return bin;
}

/* Down or up, by less than the usual step, less than three of them, or more; or not at all. */
static unsigned symbol_of(int64_t step, uint64_t usual) {
  uint64_t size = vn__magnitude(step);
  unsigned strength = size == 0 ? 0 : size < usual ? 1 : size / 3 < usual ? 2 : 3;
  return step < 0 ? UNCHANGED - strength : UNCHANGED + strength;
}

static void halve_grams(vn_composite_t *composite) {
  composite->gram_total = 0;
  for (unsigned i = 0; i < GRAMS; i++) {
    composite->grams[i] /= 2;
    composite->gram_total += composite->grams[i];
  }
}

/* How surprising the last two steps and this one are together: bits, 8 more of fraction. */
static uint32_t gram_add(vn_composite_t *composite, unsigned symbol) {
  unsigned before = composite->symbols[0] * SYMBOLS + composite->symbols[1];
  uint8_t *gram = &composite->grams[before * SYMBOLS + symbol];
  uint32_t surprise = vn__log2(composite->gram_total + GRAMS) - vn__log2(*gram + 1u);
  if (*gram == UINT8_MAX) {
    halve_grams(composite);
  }
  (*gram)++;
  composite->gram_total++;
  composite->symbols[0] = composite->symbols[1];
  composite->symbols[1] = (uint8_t)symbol;
  return surprise;
}

static uint8_t surprise_add(vn_composite_t *composite, int32_t value, uint32_t readings) {
  int64_t step = ((int64_t)value - composite->last) * VN__LEVEL_UNIT;
  uint32_t surprise = gram_add(composite, symbol_of(step, composite->step_size));
  learn_size(&composite->step_size, vn__magnitude(step), readings - 1, SIZE_LENGTH);
  int64_t distance = ((int64_t)surprise << 8) - (int64_t)composite->surprise;
  composite->surprise =
      (uint32_t)(composite->surprise + vn__step(distance, readings, SURPRISE_LENGTH));
  composite->last = value;
  return bin_of(composite->surprise >> 8);
}

static unsigned slot_of(int64_t visit) {
  return (unsigned)(visit - vn_floor_div(visit, VN_COMPOSITE_SLOTS) * VN_COMPOSITE_SLOTS);
}

/* A half-hour is over: its mean goes into that of the other days. */
static void end_visit(vn_composite_t *composite) {
  unsigned slot = slot_of(composite->visit);
  int64_t count = composite->visit_readings;
  int64_t whole = composite->visit_sum / count;
  int64_t level = whole * VN__LEVEL_UNIT + composite->visit_sum % count * VN__LEVEL_UNIT / count;
  uint8_t *days = &composite->season_days[slot];
  composite->season[slot] += vn__step(level - composite->season[slot], *days, SEASON_DAYS);
  *days = (uint8_t)(*days + (*days < UINT8_MAX));
  composite->visit_sum = 0;
  composite->visit_readings = 0;
}

/* Into the half-hour at work, in whole units. */
static void visit_add(vn_composite_t *composite, int64_t level) {
  if (composite->visit_readings < UINT32_MAX) {
    composite->visit_readings++;
    composite->visit_sum += level / VN__LEVEL_UNIT;
  }
}

static uint8_t season_add(vn_composite_t *composite, vn_time_ms_t time_ms, int64_t level) {
  int64_t visit = vn_floor_div(time_ms, HALF_HOUR_MS);
  if (visit != composite->visit && composite->visit_readings > 0) {
    end_visit(composite);
  }
  composite->visit = visit;
  unsigned slot = slot_of(visit);
  if (composite->season_days[slot] < SEASON_DAYS_LEAST) {
    visit_add(composite, level);
    return VN__NO_BIN;
  }
  int64_t distance = level - composite->season[slot];
  uint32_t readings = composite->season_readings;
  uint8_t bin = bin_of_distance(vn__magnitude(distance), composite->season_size);
  visit_add(composite, composite->season[slot] + cut(distance, composite->season_size, readings));
  learn_size(&composite->season_size, vn__magnitude(distance), readings, SIZE_LENGTH);
  composite->season_readings += readings < UINT32_MAX;
  return readings < SETTLED ? VN__NO_BIN : bin;
}

/* How far the noise now is from the usual one, in either direction. */
static uint8_t noise_add(vn_composite_t *composite, uint64_t distance, uint32_t readings) {
  learn_size(&composite->noise, distance, readings - 1, SHORT_LENGTH);
  uint32_t now = vn__log2(vn__deviation_of(composite->noise));
  uint32_t usual = vn__log2(vn__deviation_of(composite->fast.size));
  return bin_of(now > usual ? now - usual : usual - now);
}

static uint8_t shift_add(vn_composite_t *composite, int64_t level, uint32_t readings) {
  composite->near += vn__step(level - composite->near, readings, SHORT_LENGTH);
  return bin_of_distance(vn__magnitude(composite->near - composite->slow.mean),
                         composite->slow.size);
}

static void begin(vn_composite_t *composite, vn_time_ms_t time_ms, int32_t value) {
  composite->slow.mean = value * VN__LEVEL_UNIT;
  composite->fast.mean = composite->slow.mean;
  composite->near = composite->slow.mean;
  composite->last = value;
  composite->symbols[0] = UNCHANGED;
  composite->symbols[1] = UNCHANGED;
  (void)season_add(composite, time_ms, composite->near);
}

static uint32_t score_of(const vn_composite_t *composite, const uint8_t *bins) {
  uint32_t sum = 0, highest = 0;
  for (unsigned i = 0; i < VN_COMPOSITE_PARTS; i++) {
    if (bins[i] != VN__NO_BIN) {
      uint32_t score = vn__conformal_score(&composite->parts[i], bins[i]);
      highest = score > highest ? score : highest;
      sum += score;
    }
  }
  return highest + (sum - highest) / 4;
}

/* The oldest of the recent readings makes room for this one. */
static void learn(vn_composite_t *composite, const uint8_t *bins, uint32_t readings) {
  uint8_t *place = composite->recent[readings % VN_COMPOSITE_DELAY];
  for (unsigned i = 0; i < VN_COMPOSITE_PARTS; i++) {
    if (readings >= SETTLED + VN_COMPOSITE_DELAY && place[i] != VN__NO_BIN) {
      vn__conformal_learn(&composite->parts[i], place[i]);
    }
    place[i] = bins[i];
  }
}

uint32_t vn_composite_add(vn_composite_t *composite, vn_time_ms_t time_ms, int32_t value) {
  VN_ASSERT(composite != NULL);
  VN_ASSERT(time_ms >= VN_TIME_LOWEST_MS && time_ms <= VN_TIME_HIGHEST_MS);
  uint32_t readings = composite->readings;
  composite->readings = readings < UINT32_MAX ? readings + 1 : GOES_ROUND;
  if (readings == 0) {
    begin(composite, time_ms, value);
    return 0;
  }
  int64_t level = value * VN__LEVEL_UNIT;
  uint64_t residual = vn__magnitude(level - composite->fast.mean);
  uint8_t bins[VN_COMPOSITE_PARTS];
  bins[PART_SEASON] = season_add(composite, time_ms, level);
  bins[PART_NOISE] = noise_add(composite, residual, readings);
  bins[PART_SHIFT] = shift_add(composite, level, readings);
  bins[PART_LEVEL] = baseline_add(&composite->slow, level, readings, SLOW_LENGTH);
  bins[PART_RESIDUAL] = baseline_add(&composite->fast, level, readings, FAST_LENGTH);
  bins[PART_SURPRISE] = surprise_add(composite, value, readings);
  if (readings < SETTLED) {
    return 0;
  }
  uint32_t score = score_of(composite, bins);
  learn(composite, bins, readings);
  return score;
}
