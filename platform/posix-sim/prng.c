#include "prng.h"

#include <assert.h>

prng_t prng_make(uint64_t seed, uint64_t stream) {
  prng_t prng = {0, stream << 1 | 1u};
  (void)prng_next(&prng);
  prng.state += seed;
  (void)prng_next(&prng);
  return prng;
}

uint32_t prng_below(prng_t *prng, uint32_t bound) {
  assert(bound > 0);
  uint64_t product = (uint64_t)prng_next(prng) * bound;
  if ((uint32_t)product < bound) {
    uint32_t refused = (0u - bound) % bound;
    while ((uint32_t)product < refused) {
      product = (uint64_t)prng_next(prng) * bound;
    }
  }
  return (uint32_t)(product >> 32);
}

uint64_t prng_u64(prng_t *prng) {
  uint64_t high = prng_next(prng);
  return high << 32 | prng_next(prng);
}

int64_t prng_between(prng_t *prng, int64_t low, int64_t high) {
  assert(low <= high);
  uint64_t span = (uint64_t)high - (uint64_t)low + 1u;
  if (span == 0) {
    return (int64_t)prng_u64(prng);
  }
  /* Refuses the last, incomplete multiple of span. */
  uint64_t refused = (0u - span) % span;
  uint64_t draw = prng_u64(prng);
  while (draw < refused) {
    draw = prng_u64(prng);
  }
  return (int64_t)((uint64_t)low + draw % span);
}

bool prng_chance(prng_t *prng, uint32_t percent) { return prng_below(prng, 100) < percent; }
