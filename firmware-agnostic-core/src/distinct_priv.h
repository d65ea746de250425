/* Sketches of sets in packed state, of VN_DISTINCT_SAVE_MAX(register_count) bytes. */
#ifndef VN_DISTINCT_PRIV_H
#define VN_DISTINCT_PRIV_H

#include "pack_priv.h"
#include "vn/distinct.h"

void vn__distinct_pack(vn__packer_t *packer, const vn_distinct_t *distinct);

/* Any bytes are registers; only missing ones set `failed`. */
void vn__distinct_unpack(vn__unpacker_t *unpacker, const vn_distinct_t *distinct);

#endif
