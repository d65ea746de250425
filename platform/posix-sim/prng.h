/* Pseudo-random numbers for simulations and tests: PCG32, the same sequence on every machine. */
#ifndef PRNG_H
#define PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* State of PCG-XSH-RR 64/32 (O'Neill 2014). */
typedef struct prng {
  uint64_t state;
  uint64_t increment;
} prng_t;

/* A generator per seed and stream; streams of one seed are independent. */
prng_t prng_make(uint64_t seed, uint64_t stream);

#define PRNG_MULTIPLIER UINT64_C(6364136223846793005)

/* What a state gives. */
static inline uint32_t prng_output(uint64_t state) {
  uint32_t mixed = (uint32_t)(((state >> 18) ^ state) >> 27);
  unsigned rotation = (unsigned)(state >> 59);
  return mixed >> rotation | mixed << ((32u - rotation) % 32u);
}

static inline uint32_t prng_next(prng_t *prng) {
  uint64_t old = prng->state;
  prng->state = old * PRNG_MULTIPLIER + prng->increment;
  return prng_output(old);
}

/* As many bytes, each the lowest one of what prng_next would have given. */
void prng_fill(prng_t *prng, uint8_t *to, size_t length);

/* Uniform in [0, bound), without bias (Lemire 2019); bound > 0. */
uint32_t prng_below(prng_t *prng, uint32_t bound);

/* Uniform in [low, high], low <= high. */
int64_t prng_between(prng_t *prng, int64_t low, int64_t high);

/* Any 64 bits. */
uint64_t prng_u64(prng_t *prng);

/* True in `percent` of 100 cases. */
bool prng_chance(prng_t *prng, uint32_t percent);

#endif
