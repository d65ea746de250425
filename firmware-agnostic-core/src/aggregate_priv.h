/* Aggregates in packed state. */
#ifndef VN_AGGREGATE_PRIV_H
#define VN_AGGREGATE_PRIV_H

#include "pack_priv.h"
#include "vn/aggregate.h"

/* The greatest length of one. */
#define VN__AGGREGATE_SAVE_MAX (5u * VN__PACK_U64_MAX + 6u * VN__PACK_U32_MAX)

/* Packs an aggregate with count > 0. */
void vn__aggregate_save(vn__packer_t *packer, const vn_aggregate_t *aggregate);

/*
 * Unpacks one: count > 0, times in order and within the range of event times, first and last
 * between min and max; else `failed` is set and the content is of no use.
 */
void vn__aggregate_load(vn__unpacker_t *unpacker, vn_aggregate_t *aggregate);

#endif
