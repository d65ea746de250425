/* Reorder buffers in packed state, of at most VN_REORDER_SAVE_MAX(capacity) bytes. */
#ifndef VN_REORDER_PRIV_H
#define VN_REORDER_PRIV_H

#include "pack_priv.h"
#include "vn/reorder.h"

void vn__reorder_pack(vn__packer_t *packer, const vn_reorder_t *reorder);

/* More readings than fit, or times outside of the range of event times, set `failed`; the content
 * is of no use then. */
void vn__reorder_unpack(vn__unpacker_t *unpacker, const vn_reorder_t *reorder);

#endif
