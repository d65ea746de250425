/* Histograms in packed state, of at most VN_HISTOGRAM_SAVE_MAX(bins) bytes. */
#ifndef VN_HISTOGRAM_PRIV_H
#define VN_HISTOGRAM_PRIV_H

#include "pack_priv.h"
#include "vn/histogram.h"

void vn__histogram_pack(vn__packer_t *packer, const vn_histogram_t *histogram);

/* Counters that `histogram` doesn't have set `failed`; the content is of no use then. */
void vn__histogram_unpack(vn__unpacker_t *unpacker, const vn_histogram_t *histogram);

#endif
