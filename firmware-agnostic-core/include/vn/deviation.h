/* Deviation of a series from its own baseline: how unlikely a reading is; integers, no libm. */
#ifndef VN_DEVIATION_H
#define VN_DEVIATION_H

#include "vn/assert.h"
#include "vn/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A score is -log10 of a probability, in thousandths: 3000 says that one reading in a thousand
 * deviates as much, if the series goes on as before. 0 at the first reading.
 */
#define VN_DEVIATION_SCORE_MAX 57195u

/* -log10 of the upper tail of the Gaussian at `deviations`, in 256ths; below 0 it is that of 0.
 * Within 0.02 of the true one; from 16 deviations on VN_DEVIATION_SCORE_MAX. Never falls. */
uint32_t vn_gaussian_tail(int64_t deviations);

/*
 * Residual likelihood. The residual, a reading's distance from a fast exponential mean, in units of
 * its own usual size, is averaged over a few readings; the score is how far in the tail this short
 * mean lies, by its own long mean and deviation. It tells spikes, steps and more noise, not
 * silence, standstill or what creeps more slowly than the long mean.
 *
 * Readings count, not their times. Until a mean has its length all its readings weigh the same.
 * All zero bytes is the state before the first reading.
 */
typedef struct vn_residual {
  int64_t level;     /* fast mean, scaled units, 16 bits of fraction */
  uint64_t size;     /* usual size of the residual, the same units */
  uint32_t near;     /* short mean of the residual in its usual size, 24 bits of fraction */
  uint32_t usual;    /* long mean of `near` */
  uint32_t variance; /* of `near` around `usual`, 24 bits of fraction */
  uint32_t readings; /* taken so far; stays at its highest */
} vn_residual_t;

/* Takes the next reading, in scaled units; returns its score. O(1): three divisions, one root. */
uint32_t vn_residual_add(vn_residual_t *residual, int32_t value);

/* The greatest length vn_residual_save can return. */
#define VN_RESIDUAL_SAVE_MAX 40u

/* Serialises into out[capacity]; returns the length, which may exceed capacity (then nothing is
 * usable). */
size_t vn_residual_save(const vn_residual_t *residual, uint8_t *out, size_t capacity);

/* Restores what save wrote; VN_ERR_FORMAT leaves a cleared state. */
VN_NODISCARD vn_err_t vn_residual_load(vn_residual_t *residual, const uint8_t *bytes,
                                       size_t length);

#endif
