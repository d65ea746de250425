/* Histograms with bins of equal width over a fixed range: quantiles, exact to merge, order-free. */
#ifndef VN_HISTOGRAM_H
#define VN_HISTOGRAM_H

#include "vn/assert.h"
#include "vn/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VN_HISTOGRAM_BINS_MIN 16u
#define VN_HISTOGRAM_BINS_MAX 256u

/* Counters of a histogram: its bins, and one for each side of the range. */
#define VN_HISTOGRAM_COUNTERS(bins) ((bins) + 2u)

/*
 * A histogram over the scaled values low..high, both included, low < high. With W = high - low + 1
 * values in the range, bin i holds the values v with floor((v - low) * bins / W) = i; more bins
 * than values leave bins that stay empty. The counters are the caller's: first the values below
 * the range, then the bins, then the values above it. Two histograms are of one shape when low,
 * high and bins are equal. A counter that would pass 2^32 - 1 stays there.
 */
typedef struct vn_histogram {
  uint32_t *counters; /* VN_HISTOGRAM_COUNTERS(bins) */
  int32_t low, high;
  uint16_t bins; /* VN_HISTOGRAM_BINS_MIN..VN_HISTOGRAM_BINS_MAX */
} vn_histogram_t;

void vn_histogram_clear(const vn_histogram_t *histogram);

/* Adds one value. One division: of 32 bits while W * bins < 2^32, else of 64. */
void vn_histogram_add(const vn_histogram_t *histogram, int32_t value);

/* Adds the counts of `other`, which is of the same shape. O(bins). */
void vn_histogram_merge(const vn_histogram_t *into, const vn_histogram_t *other);

/* Values counted, those outside the range included. O(bins). */
uint64_t vn_histogram_count(const vn_histogram_t *histogram);

/* True when a counter is at its end: counts and quantiles are no longer exact. O(bins). */
bool vn_histogram_is_saturated(const vn_histogram_t *histogram);

typedef enum vn_histogram_place {
  VN_HISTOGRAM_INSIDE,
  VN_HISTOGRAM_BELOW, /* the quantile is less than low; the result is low */
  VN_HISTOGRAM_ABOVE  /* the quantile is greater than high; the result is high */
} vn_histogram_place_t;

typedef struct vn_histogram_quantile {
  int32_t value; /* scaled */
  vn_histogram_place_t place;
} vn_histogram_quantile_t;

#define VN_HISTOGRAM_MILLION 1000000u

/*
 * The quantile `per_million`, 0..VN_HISTOGRAM_MILLION: of the n values in ascending order the one
 * of rank ceil(n * per_million / 1000000), at least 1. Within its bin the values are taken to lie
 * evenly, the k-th of c at the middle of the k-th part; rounded down. The result lies in the bin of
 * the true quantile, so its rank is wrong by less than the bin's content, and it never falls when
 * `per_million` rises. False when nothing has been counted. O(bins), no floats.
 */
VN_NODISCARD bool vn_histogram_result(const vn_histogram_t *histogram, uint32_t per_million,
                                      vn_histogram_quantile_t *quantile);

/* The greatest length vn_histogram_save can return. */
#define VN_HISTOGRAM_SAVE_MAX(bins) (5u * VN_HISTOGRAM_COUNTERS(bins))

/*
 * Serialises the counters into out[capacity], a run of zeros as two or three bytes; returns the
 * length, which may exceed capacity (then nothing is usable). The shape is the caller's to keep.
 */
size_t vn_histogram_save(const vn_histogram_t *histogram, uint8_t *out, size_t capacity);

/* Restores what save wrote for a histogram of the same number of bins; VN_ERR_FORMAT leaves it
 * cleared. */
VN_NODISCARD vn_err_t vn_histogram_load(const vn_histogram_t *histogram, const uint8_t *bytes,
                                        size_t length);

#endif
