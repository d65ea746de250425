/* Conformal histograms: the rank of a reading among those before it. */
#include "deviation_priv.h"

/* log10 of 2, in thousandths, is also what the fourth power of a quarter of an octave is worth. */
enum { BIT = 301, USUAL = 128, USUAL_SCORE = 7 * BIT };

uint32_t vn__log2(uint64_t x) {
  VN_ASSERT(x > 0);
  unsigned whole = 0;
  for (unsigned half = 32; half > 0; half /= 2) {
    if (x >> (whole + half) != 0) {
      whole += half;
    }
  }
  uint64_t rest = whole >= 8 ? x >> (whole - 8) : x << (8 - whole);
  return whole * 256u + (uint32_t)(rest & 255u);
}

static void halve(vn_conformal_t *conformal) {
  conformal->total = 0;
  for (unsigned i = 0; i < VN_CONFORMAL_BINS; i++) {
    conformal->counts[i] /= 2;
    conformal->total = (uint16_t)(conformal->total + conformal->counts[i]);
  }
}

/* Where a bin stands in the histogram. */
typedef struct place {
  uint32_t as_much; /* readings in this bin and above */
  unsigned highest; /* bin in use */
  unsigned usual;   /* highest bin that one reading of USUAL reaches */
} place_t;

static place_t find(const vn_conformal_t *conformal, unsigned bin) {
  place_t place = {0, 0, 0};
  uint32_t above = 0;
  for (unsigned i = VN_CONFORMAL_BINS; i-- > 0;) {
    place.highest = above == 0 ? i : place.highest;
    place.usual = above * USUAL < conformal->total ? i : place.usual;
    above += conformal->counts[i];
    place.as_much = i >= bin ? above : place.as_much;
  }
  return place;
}

uint32_t vn__conformal_score(const vn_conformal_t *conformal, unsigned bin) {
  VN_ASSERT(bin < VN_CONFORMAL_BINS);
  if (conformal->total < USUAL) {
    return 0;
  }
  place_t place = find(conformal, bin);
  uint32_t score = (vn__log2(conformal->total + 1u) - vn__log2(place.as_much + 1u)) * BIT / 256u;
  if (bin > place.highest) {
    score += (bin - place.highest) * BIT;
  }
  uint32_t least = bin > place.usual ? USUAL_SCORE + (bin - place.usual) * BIT : 0;
  return score > least ? score : least;
}

void vn__conformal_learn(vn_conformal_t *conformal, unsigned bin) {
  VN_ASSERT(bin < VN_CONFORMAL_BINS);
  if (conformal->total == VN__CONFORMAL_TOTAL_HIGHEST) {
    halve(conformal);
  }
  conformal->counts[bin]++;
  conformal->total++;
}
