/* Deviation of a series from its own baseline: how unlikely a reading is; integers, no libm. */
#ifndef VN_DEVIATION_H
#define VN_DEVIATION_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/time.h"

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

/*
 * A conformal histogram: how many of the readings so far had as much of something, by a logarithmic
 * scale of four bins per octave. It forgets: at its highest total all counts are halved.
 */
#define VN_CONFORMAL_BINS 64u
typedef struct vn_conformal {
  uint16_t counts[VN_CONFORMAL_BINS];
  uint16_t total;
} vn_conformal_t;

/* A mean and the usual distance from it, 16 bits of fraction. */
typedef struct vn_baseline {
  int64_t mean;
  uint64_t size;
} vn_baseline_t;

enum { VN_COMPOSITE_PARTS = 6, VN_COMPOSITE_SYMBOLS = 7, VN_COMPOSITE_SLOTS = 48 };
enum { VN_COMPOSITE_DELAY = 32 };

/*
 * Composite: six views of a reading, each against its own past in a conformal histogram: distance
 * from a slow mean, distance from a fast one, shift of the level, surprise of the latest three
 * steps, distance from other days at this half-hour (UTC), and more or less noise than usual.
 * The score is the greatest of the six and a quarter of the others. A histogram learns a reading
 * VN_COMPOSITE_DELAY readings later: what has just begun is not the past yet.
 *
 * All zero bytes is the state before the first reading.
 */
typedef struct vn_composite {
  vn_baseline_t slow, fast;
  int64_t near;                       /* short mean: the level now */
  uint64_t noise;                     /* short mean of the distance from the fast mean */
  uint64_t step_size;                 /* usual distance of a reading from the one before */
  int64_t season[VN_COMPOSITE_SLOTS]; /* mean of the half-hour on other days */
  uint64_t season_size;               /* usual distance from it */
  int64_t visit;                      /* the half-hour at work, since 1970 */
  int64_t visit_sum;                  /* of its readings */
  uint32_t visit_readings;            /* in visit_sum */
  uint32_t season_readings;           /* that had a season to compare with */
  uint32_t readings;                  /* taken so far; goes round from 2^32 to 2^31 */
  int32_t last;
  uint32_t gram_total;
  uint32_t surprise; /* short mean, bits with 16 bits of fraction */
  vn_conformal_t parts[VN_COMPOSITE_PARTS];
  uint8_t season_days[VN_COMPOSITE_SLOTS]; /* that made the slot's mean; stays at its highest */
  uint8_t grams[VN_COMPOSITE_SYMBOLS * VN_COMPOSITE_SYMBOLS * VN_COMPOSITE_SYMBOLS];
  uint8_t recent[VN_COMPOSITE_DELAY][VN_COMPOSITE_PARTS]; /* bins that are not learned yet */
  uint8_t symbols[2]; /* the last two steps, the later one last */
} vn_composite_t;

/*
 * Takes the next reading, in scaled units; returns its score. Times within those of vn/time.h;
 * they decide the half-hour only, order is the caller's matter. Some 500 steps.
 */
uint32_t vn_composite_add(vn_composite_t *composite, vn_time_ms_t time_ms, int32_t value);

/* The greatest length vn_composite_save can return. */
#define VN_COMPOSITE_SAVE_MAX 1958u

/* As with vn_residual_save and vn_residual_load. */
size_t vn_composite_save(const vn_composite_t *composite, uint8_t *out, size_t capacity);
VN_NODISCARD vn_err_t vn_composite_load(vn_composite_t *composite, const uint8_t *bytes,
                                        size_t length);

/* The greatest length vn_residual_save can return. */
#define VN_RESIDUAL_SAVE_MAX 40u

/* Serialises into out[capacity]; returns the length, which may exceed capacity (then nothing is
 * usable). */
size_t vn_residual_save(const vn_residual_t *residual, uint8_t *out, size_t capacity);

/* Restores what save wrote; VN_ERR_FORMAT leaves a cleared state. */
VN_NODISCARD vn_err_t vn_residual_load(vn_residual_t *residual, const uint8_t *bytes,
                                       size_t length);

#endif
