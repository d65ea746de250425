#include "prng.h"

#include "vn/assert.h"

prng_t prng_make(uint64_t seed, uint64_t stream) {
  prng_t prng = {0, stream << 1 | 1u};
  (void)prng_next(&prng);
  prng.state += seed;
  (void)prng_next(&prng);
  return prng;
}

/* Four states in turn, each four steps behind its last: a multiplication needn't wait for the one
 * before. */
void prng_fill(prng_t *prng, uint8_t *to, size_t length) {
  const prng_t start = *prng;
  prng_t step = {1, 0}; /* four steps: state * step.state + step.increment */
  uint64_t states[4];
  size_t i = 0;
  for (size_t lane = 0; lane < 4; lane++) {
    states[lane] = start.state * step.state + step.increment;
    step.state *= PRNG_MULTIPLIER;
    step.increment = step.increment * PRNG_MULTIPLIER + start.increment;
  }
  uint64_t a = states[0];
  uint64_t b = states[1];
  uint64_t c = states[2];
  uint64_t d = states[3];
  for (; i + 4 <= length; i += 4) {
    to[i] = (uint8_t)prng_output(a);
    to[i + 1] = (uint8_t)prng_output(b);
    to[i + 2] = (uint8_t)prng_output(c);
    to[i + 3] = (uint8_t)prng_output(d);
    a = a * step.state + step.increment;
    b = b * step.state + step.increment;
    c = c * step.state + step.increment;
    d = d * step.state + step.increment;
  }
  prng->state = a;
  for (; i < length; i++) {
    to[i] = (uint8_t)prng_next(prng);
  }
}

uint32_t prng_below(prng_t *prng, uint32_t bound) {
  VN_ASSERT(bound > 0);
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
  VN_ASSERT(low <= high);
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
