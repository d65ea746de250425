/* Trends in packed state, of at most VN_TREND_SAVE_MAX bytes. */
#ifndef VN_TREND_PRIV_H
#define VN_TREND_PRIV_H

#include "pack_priv.h"
#include "vn/trend.h"

void vn__trend_pack(vn__packer_t *packer, const vn_trend_t *trend);

/* Sums that no readings can have set `failed`; the content is of no use then. */
void vn__trend_unpack(vn__unpacker_t *unpacker, vn_trend_t *trend);

#endif
