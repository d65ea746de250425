/* Ordered content in packed state. */
#ifndef VN_ORDERED_PRIV_H
#define VN_ORDERED_PRIV_H

#include "pack_priv.h"
#include "vn/ordered.h"

/* Times count from the pane's start. */
#define VN__ORDERED_PANE_SAVE_MAX (7u * VN__PACK_U64_MAX + 4u * VN__PACK_U32_MAX + 1u)
void vn__ordered_pane_pack(vn__packer_t *packer, const vn_ordered_set_t *set,
                           const vn_ordered_pane_t *pane, vn_time_ms_t low_ms);

/* What no readings in [low_ms, low_ms + pane_ms) can have left sets `failed`; the pane is of no use
 * then. */
void vn__ordered_pane_unpack(vn__unpacker_t *unpacker, const vn_ordered_set_t *set,
                             vn_ordered_pane_t *pane, vn_time_ms_t low_ms, int64_t pane_ms);

/* The series, with what waits. */
#define VN__ORDERED_STATE_SAVE_MAX(capacity)                                                  \
  (2u * VN__PACK_U64_MAX + VN__PACK_U32_MAX + 1u + 2u * VN__PACK_U32_MAX + VN__PACK_U64_MAX + \
   (size_t)(capacity)*2u * VN__PACK_U32_MAX)
void vn__ordered_state_pack(vn__packer_t *packer, const vn_ordered_set_t *set,
                            const vn_ordered_memory_t *memory);
void vn__ordered_state_unpack(vn__unpacker_t *unpacker, const vn_ordered_set_t *set,
                              const vn_ordered_memory_t *memory);

#endif
