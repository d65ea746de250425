/* What the detectors of deviations share; their states in packed form. */
#ifndef VN_DEVIATION_PRIV_H
#define VN_DEVIATION_PRIV_H

#include "pack_priv.h"
#include "vn/deviation.h"

void vn__residual_pack(vn__packer_t *packer, const vn_residual_t *residual);

/* What no readings can have left sets `failed`; the content is of no use then. */
void vn__residual_unpack(vn__unpacker_t *unpacker, vn_residual_t *residual);

#endif
