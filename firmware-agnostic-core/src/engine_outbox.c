/* The outbox as the engine sees it: what may leave, what is told of what is gone, its state. */
#include "engine_outbox_priv.h"

#include <string.h>

/* So many of the others may be sent before the next commit says how far they got: enough for a link
 * that is up, and to find out that it is up again. What lies behind them was never sent, whatever
 * happens to the power: it can still be made coarser. */
#define AHEAD_UP 64u
#define AHEAD_DOWN 4u

uint32_t vn__outbox_ahead(const vn_engine_t *engine) {
  return engine->sender.link_up ? AHEAD_UP : AHEAD_DOWN;
}

bool vn__outbox_waits(const vn_engine_t *engine) {
  bool notice = vn_gap_any(engine->outbox.gaps) && !engine->sender.notice_waits;
  return engine->ports.uplink != NULL && engine->sender.link_up &&
         (notice || vn_outbox_wants_release(&engine->outbox));
}

/* It has a number of its own from here on, and what goes from now on is told by the next one: also
 * what gives way to this one. The next one waits until upstream has confirmed something: where
 * nothing gets through notices would push everything else out. */
void vn__tell_gaps(vn_engine_t *engine) {
  vn_gap_t *gaps = engine->outbox.gaps;
  const vn_summary_head_t head = {engine->head.device, engine->head.seq, engine->head.boot};
  if (!engine->sender.link_up || !vn_gap_any(gaps) || engine->sender.notice_waits) {
    return;
  }
  size_t length = vn_gap_notice((vn_encoding_t)engine->plan->encoding, &head, gaps,
                                engine->store.scratch, engine->store.scratch_bytes);
  VN_ASSERT(length <= engine->store.scratch_bytes);
  vn_message_t message = {.topic = "gap",
                          .topic_length = strlen("gap"),
                          .payload = engine->store.scratch,
                          .payload_length = length,
                          .seq = head.seq,
                          .boot = head.boot,
                          .channel = VN_CHANNEL_GAP,
                          .numbered = true};
  if (!vn__wall_ms(engine, &message.time_ms)) {
    message.time_ms = VN_TIME_MINUS_INFINITY;
  }
  vn_gap_t told[VN_GAP_REASONS];
  memcpy(told, gaps, sizeof told);
  memset(gaps, 0, sizeof told);
  engine->sender.notice_waits = true;
  if (vn_outbox_add(&engine->outbox, &message) == VN_OK) {
    engine->head.seq++;
  } else {
    memcpy(gaps, told, sizeof told);
  }
}

#define GAP_WORDS 5u
VN_STATIC_ASSERT(VN__OUTBOX_MAX >= VN_OUTBOX_QUEUES * 4u * VN__PACK_U64_MAX +
                                       VN_GAP_REASONS * (GAP_WORDS + 2u) * VN__PACK_U64_MAX,
                 "lines and gaps fit");

static void list_gap(vn_gap_t *gap, uint64_t *words[GAP_WORDS]) {
  words[0] = &gap->messages;
  words[1] = &gap->first_seq;
  words[2] = &gap->last_seq;
  words[3] = &gap->results;
  words[4] = &gap->alerts;
}

void vn__outbox_pack(vn__packer_t *packer, const vn_engine_t *engine) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    const vn_outbox_line_t *line = &engine->outbox.lines[q];
    vn__pack_unsigned(packer, line->tail);
    vn__pack_unsigned(packer, line->head);
    vn__pack_unsigned(
        packer, vn_outbox_limit(&engine->outbox, (vn_outbox_queue_t)q, vn__outbox_ahead(engine)));
    vn__pack_unsigned(packer, engine->outbox.dropped[q]);
  }
  for (unsigned i = 0; i < VN_GAP_REASONS; i++) {
    uint64_t *words[GAP_WORDS];
    vn_gap_t gap = engine->outbox.gaps[i];
    list_gap(&gap, words);
    for (unsigned w = 0; w < GAP_WORDS; w++) {
      vn__pack_unsigned(packer, *words[w]);
    }
    vn__pack_signed(packer, gap.from_ms);
    vn__pack_signed(packer, gap.to_ms);
  }
}

void vn__outbox_unpack(vn__unpacker_t *unpacker, vn_engine_t *engine) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    engine->sender.restored_tail[q] = vn__unpack_unsigned(unpacker, UINT64_MAX);
    engine->sender.restored_head[q] = vn__unpack_unsigned(unpacker, UINT64_MAX);
    engine->sender.restored_limit[q] = vn__unpack_unsigned(unpacker, UINT64_MAX);
    engine->outbox.dropped[q] = vn__unpack_unsigned(unpacker, UINT64_MAX);
    if (engine->ports.uplink != NULL && !unpacker->failed) {
      vn_outbox_trim(&engine->outbox, (vn_outbox_queue_t)q, engine->sender.restored_tail[q]);
    }
  }
  for (unsigned i = 0; i < VN_GAP_REASONS; i++) {
    uint64_t *words[GAP_WORDS];
    vn_gap_t *gap = &engine->outbox.gaps[i];
    list_gap(gap, words);
    for (unsigned w = 0; w < GAP_WORDS; w++) {
      *words[w] = vn__unpack_unsigned(unpacker, UINT64_MAX);
    }
    gap->from_ms = vn__unpack_signed(unpacker);
    gap->to_ms = vn__unpack_signed(unpacker);
  }
}

void vn__outbox_resume(vn_engine_t *engine) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES && engine->ports.uplink != NULL; q++) {
    vn_outbox_resume(&engine->outbox, (vn_outbox_queue_t)q, engine->sender.restored_tail[q],
                     engine->sender.restored_head[q]);
    vn_outbox_resume_limit(&engine->outbox, (vn_outbox_queue_t)q, engine->sender.restored_limit[q]);
    engine->committed_tail[q] = engine->outbox.lines[q].tail;
    engine->committed_head[q] = engine->outbox.lines[q].head;
  }
}
