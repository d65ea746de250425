/* Noise for tests: nearly Gaussian integers, the same on every machine. */
#ifndef NOISE_H
#define NOISE_H

#include "prng.h"

/* Mean 0 and the given standard deviation: the sum of 12 uniform numbers. */
static inline int32_t noise(prng_t *prng, int32_t deviation) {
  int64_t sum = -6 * 65536;
  for (int i = 0; i < 12; i++) {
    sum += prng_below(prng, 65536);
  }
  return (int32_t)(sum * deviation / 65536);
}

#endif
