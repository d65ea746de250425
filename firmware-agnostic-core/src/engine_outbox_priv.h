/* The outbox as the engine's files see it. */
#ifndef VN_ENGINE_OUTBOX_PRIV_H
#define VN_ENGINE_OUTBOX_PRIV_H

#include "engine_priv.h"

/* How many of the others a commit lets go ahead, and whether they wait for one. */
uint32_t vn__outbox_ahead(const vn_engine_t *engine);
bool vn__outbox_waits(const vn_engine_t *engine);
/* Puts the notice of what is gone into the outbox, while the link is up and there is room. */
void vn__tell_gaps(vn_engine_t *engine);
/* The outbox' part of the global state, and its lines once all of it has been read. */
#define VN__OUTBOX_MAX (22u * VN__PACK_U64_MAX)
void vn__outbox_pack(vn__packer_t *packer, const vn_engine_t *engine);
void vn__outbox_unpack(vn__unpacker_t *unpacker, vn_engine_t *engine);
void vn__outbox_resume(vn_engine_t *engine);

#endif
