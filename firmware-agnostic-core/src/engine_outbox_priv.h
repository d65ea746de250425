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

/* Numbers a message and puts it into the outbox; answers are for whoever asked and have none.
 * False: there is no room, which is noted. */
bool vn__send_out(vn_engine_t *engine, vn_message_t *message);
/* Some output is not committed yet: from now on its time runs. */
void vn__note_output(vn_engine_t *engine, size_t bytes, bool urgent);
/* The message that is being filled, in the scratch. */
void vn__compose_batch(vn_engine_t *engine, vn_message_t *message);
/* The place of a pipeline of the plan in it. */
uint8_t vn__pipeline_place(vn_batch_t *batch, uint8_t pipeline);

/* Makes results coarser, if the outbox fills up. The batch is empty. */
void vn__coarsen(vn_engine_t *engine);

/* How many results are made coarser at a time, and the largest sample of one. */
uint32_t vn__coarse_count(const vn_plan_t *plan);
uint16_t vn__coarse_sample_max(const vn_plan_t *plan);

/* The longest stored record of a notice of gaps. */
size_t vn__gap_record_max(const vn_plan_t *plan);

#endif
