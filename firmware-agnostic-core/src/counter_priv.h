/* Counters in packed state, of at most VN_COUNTER_SAVE_MAX bytes. */
#ifndef VN_COUNTER_PRIV_H
#define VN_COUNTER_PRIV_H

#include "pack_priv.h"
#include "vn/counter.h"

void vn__counter_pack(vn__packer_t *packer, const vn_counter_t *counter);

/* Times outside of the range of event times set `failed`; the content is of no use then. */
void vn__counter_unpack(vn__unpacker_t *unpacker, vn_counter_t *counter);

#endif
