#include "histogram_priv.h"

#include <string.h>

static uint32_t counters_of(const vn_histogram_t *histogram) {
  VN_ASSERT(histogram != NULL && histogram->counters != NULL && histogram->low < histogram->high);
  VN_ASSERT(histogram->bins >= VN_HISTOGRAM_BINS_MIN && histogram->bins <= VN_HISTOGRAM_BINS_MAX);
  return VN_HISTOGRAM_COUNTERS(histogram->bins);
}

/* Number of different values in the range: 2..2^32. */
static uint64_t width_of(const vn_histogram_t *histogram) {
  return (uint64_t)((int64_t)histogram->high - histogram->low) + 1u;
}

static void count(uint32_t *counter, uint32_t by) {
  *counter = by > UINT32_MAX - *counter ? UINT32_MAX : *counter + by;
}

void vn_histogram_clear(const vn_histogram_t *histogram) {
  memset(histogram->counters, 0, counters_of(histogram) * sizeof *histogram->counters);
}

/* Small targets divide 32 bits many times faster than 64. */
static uint32_t bin_of(const vn_histogram_t *histogram, int32_t value) {
  uint64_t width = width_of(histogram);
  uint64_t scaled = (uint64_t)((int64_t)value - histogram->low) * histogram->bins;
  if (scaled <= UINT32_MAX && width <= UINT32_MAX) {
    return (uint32_t)scaled / (uint32_t)width;
  }
  return (uint32_t)(scaled / width);
}

void vn_histogram_add(const vn_histogram_t *histogram, int32_t value) {
  uint32_t counters = counters_of(histogram);
  uint32_t place;
  if (value < histogram->low) {
    place = 0;
  } else if (value > histogram->high) {
    place = counters - 1;
  } else {
    place = 1 + bin_of(histogram, value);
  }
  count(&histogram->counters[place], 1);
}

void vn_histogram_merge(const vn_histogram_t *into, const vn_histogram_t *other) {
  uint32_t counters = counters_of(into);
  VN_ASSERT(into->low == other->low && into->high == other->high && into->bins == other->bins);
  for (uint32_t i = 0; i < counters; i++) {
    count(&into->counters[i], other->counters[i]);
  }
}

uint64_t vn_histogram_count(const vn_histogram_t *histogram) {
  uint32_t counters = counters_of(histogram);
  uint64_t total = 0;
  for (uint32_t i = 0; i < counters; i++) {
    total += histogram->counters[i];
  }
  return total;
}

bool vn_histogram_is_saturated(const vn_histogram_t *histogram) {
  uint32_t counters = counters_of(histogram);
  for (uint32_t i = 0; i < counters; i++) {
    if (histogram->counters[i] == UINT32_MAX) {
      return true;
    }
  }
  return false;
}

/* The smallest value of a bin, as its distance from low; that of the bin after the last ends it. */
static uint64_t edge_of(const vn_histogram_t *histogram, uint32_t bin) {
  return (width_of(histogram) * bin + histogram->bins - 1u) / histogram->bins;
}

/* The value of the rank-th reading of a bin, rank 1..its content. */
static int32_t interpolated(const vn_histogram_t *histogram, uint32_t bin, uint32_t rank) {
  uint32_t content = histogram->counters[1 + bin];
  uint64_t edge = edge_of(histogram, bin);
  uint64_t width = edge_of(histogram, bin + 1) - edge;
  VN_ASSERT(rank >= 1 && rank <= content);
  uint64_t inside = (2 * (uint64_t)rank - 1) * width / (2 * (uint64_t)content);
  return (int32_t)(histogram->low + (int64_t)(edge + inside));
}

bool vn_histogram_result(const vn_histogram_t *histogram, uint32_t per_million,
                         vn_histogram_quantile_t *quantile) {
  VN_ASSERT(quantile != NULL && per_million <= VN_HISTOGRAM_MILLION);
  uint32_t counters = counters_of(histogram);
  uint64_t total = vn_histogram_count(histogram);
  if (total == 0) {
    return false;
  }
  uint64_t rank = (total * per_million + VN_HISTOGRAM_MILLION - 1) / VN_HISTOGRAM_MILLION;
  rank = rank == 0 ? 1 : rank;
  uint32_t place = 0;
  while (rank > histogram->counters[place]) {
    rank -= histogram->counters[place++];
  }
  if (place == 0) {
    *quantile = (vn_histogram_quantile_t){histogram->low, VN_HISTOGRAM_BELOW};
  } else if (place == counters - 1) {
    *quantile = (vn_histogram_quantile_t){histogram->high, VN_HISTOGRAM_ABOVE};
  } else {
    quantile->value = interpolated(histogram, place - 1, (uint32_t)rank);
    quantile->place = VN_HISTOGRAM_INSIDE;
  }
  return true;
}

static uint32_t zeros_from(const uint32_t *counters, uint32_t from, uint32_t end) {
  uint32_t i = from;
  while (i < end && counters[i] == 0) {
    i++;
  }
  return i - from;
}

/* Most bins of most panes are empty: 0 is followed by how many more zeros come. */
void vn__histogram_pack(vn__packer_t *packer, const vn_histogram_t *histogram) {
  uint32_t counters = counters_of(histogram);
  for (uint32_t i = 0; i < counters; i++) {
    vn__pack_unsigned(packer, histogram->counters[i]);
    if (histogram->counters[i] == 0) {
      uint32_t more = zeros_from(histogram->counters, i + 1, counters);
      vn__pack_unsigned(packer, more);
      i += more;
    }
  }
}

void vn__histogram_unpack(vn__unpacker_t *unpacker, const vn_histogram_t *histogram) {
  uint32_t counters = counters_of(histogram);
  vn_histogram_clear(histogram);
  for (uint32_t i = 0; i < counters && !unpacker->failed; i++) {
    histogram->counters[i] = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
    if (histogram->counters[i] == 0) {
      i += (uint32_t)vn__unpack_unsigned(unpacker, counters - 1 - i);
    }
  }
}

size_t vn_histogram_save(const vn_histogram_t *histogram, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__histogram_pack(&packer, histogram);
  return packer.length;
}

vn_err_t vn_histogram_load(const vn_histogram_t *histogram, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__histogram_unpack(&unpacker, histogram);
  if (unpacker.failed || unpacker.position != length) {
    vn_histogram_clear(histogram);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
