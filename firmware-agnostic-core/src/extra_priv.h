/* Extras in packed state. */
#ifndef VN_EXTRA_PRIV_H
#define VN_EXTRA_PRIV_H

#include "pack_priv.h"
#include "vn/extra.h"

/* One pane with its length in front; nothing when nothing is wanted. */
void vn__extra_pack(vn__packer_t *packer, const vn_extra_set_t *set,
                    const vn_extra_memory_t *memory, uint32_t pane);
void vn__extra_unpack(vn__unpacker_t *unpacker, const vn_extra_set_t *set,
                      const vn_extra_memory_t *memory, uint32_t pane);

/* The greatest length of one. */
size_t vn__extra_pack_max(const vn_extra_set_t *set);

#endif
