/* Damages saved states as a flash or a forger might, most of the time in one place. */
#ifndef DAMAGE_H
#define DAMAGE_H

#include "prng.h"

#include <stddef.h>

/*
 * Changes bytes[length], of which `capacity` may be used: cut, longer, another byte, or a number of
 * variable length replaced by another one, which may be extreme. Returns the new length.
 */
size_t damage(prng_t *prng, uint8_t *bytes, size_t length, size_t capacity);

#endif
