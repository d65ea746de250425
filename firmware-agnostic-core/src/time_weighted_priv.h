/* Integrals over time in packed state, of at most VN_TIME_WEIGHTED_SAVE_MAX bytes. */
#ifndef VN_TIME_WEIGHTED_PRIV_H
#define VN_TIME_WEIGHTED_PRIV_H

#include "pack_priv.h"
#include "vn/time_weighted.h"

void vn__time_weighted_pack(vn__packer_t *packer, const vn_time_weighted_t *content);

/* Times and areas that no readings can have set `failed`; the content is of no use then. */
void vn__time_weighted_unpack(vn__unpacker_t *unpacker, vn_time_weighted_t *content);

#endif
