/* Exponential means in packed state, of at most VN_EXPONENTIAL_SAVE_MAX bytes. */
#ifndef VN_EXPONENTIAL_PRIV_H
#define VN_EXPONENTIAL_PRIV_H

#include "pack_priv.h"
#include "vn/exponential.h"

void vn__exponential_pack(vn__packer_t *packer, const vn_exponential_t *exponential);

/* Means and times that no readings can have set `failed`; the content is of no use then. */
void vn__exponential_unpack(vn__unpacker_t *unpacker, vn_exponential_t *exponential);

#endif
