/* The journal: messages on the flash before they are acknowledged, and taken again from there. */
#include "engine_journal_priv.h"

#include <string.h>

/* An arrival without a clock is stored as provisional: the monotonic one ends with the power. */
static size_t put_head(const vn_engine_t *engine, const vn__queued_t *head, uint8_t *out) {
  vn__packer_t packer = {out, VN__ENTRY_HEAD_MAX, 0};
  vn__queued_t stored = *head;
  if (!head->arrival_valid) {
    stored.arrival_ms = vn__provisional_ms(engine, head->arrival_ms);
  }
  vn__entry_pack_head(&packer, &stored);
  return packer.length;
}

vn__entry_t vn__journal_entry(vn_engine_t *engine, const uint8_t *record) {
  vn__queued_t head;
  memcpy(&head, record, sizeof head);
  return (vn__entry_t){.body = record + sizeof head,
                       .left = vn__body_length(&head),
                       .head = put_head(engine, &head, engine->store.scratch)};
}

static vn__entry_t entry_of(vn_engine_t *engine, uint64_t index, const uint8_t *record) {
  vn__entry_t entry = vn__journal_entry(engine, record);
  entry.index = index;
  return entry;
}

/* The next part: in the scratch, as long as a record may be. */
static uint32_t next_part(vn_engine_t *engine, vn__entry_t *entry) {
  size_t room = engine->log.config.record_max - entry->head;
  size_t piece = entry->left < room ? entry->left : room;
  size_t length = entry->head + piece;
  VN_ASSERT(length <= engine->store.scratch_bytes);
  memcpy(engine->store.scratch + entry->head, entry->body, piece);
  entry->body += piece;
  entry->left -= piece;
  entry->head = 0;
  return (uint32_t)length;
}

/* The first part stands for the entry: the others lie behind it. */
static vn_err_t put_parts(vn_engine_t *engine, vn_flash_log_t *log, vn__entry_t *entry) {
  vn_err_t error = VN_OK;
  uint32_t item = vn__item_of_entry(engine->plan, entry->index);
  do {
    uint32_t length = next_part(engine, entry);
    error = vn_log_put(log, item, VN_RECORD_JOURNAL, vn__entry_flags(entry->part),
                       (uint32_t)entry->index, engine->store.scratch, length);
    item = VN_LOG_NO_ITEM;
    entry->part++;
  } while (error == VN_OK && entry->left > 0);
  return error;
}

static vn_err_t append_long(vn_engine_t *engine, vn__entry_t *entry) {
  vn_err_t error = vn_log_begin(&engine->log);
  if (error != VN_OK) {
    return error;
  }
  error = put_parts(engine, &engine->log, entry);
  if (error != VN_OK) {
    vn_log_abort(&engine->log);
    return error;
  }
  return vn_log_commit_journal(&engine->log);
}

static vn_err_t append(vn_engine_t *engine, uint64_t index, const uint8_t *record) {
  vn__entry_t entry = entry_of(engine, index, record);
  if (entry.head + entry.left > engine->log.config.record_max) {
    return append_long(engine, &entry);
  }
  uint32_t length = next_part(engine, &entry);
  return vn_log_journal(&engine->log, vn__item_of_entry(engine->plan, index), vn__entry_flags(0),
                        (uint32_t)index, engine->store.scratch, length);
}

/* Of an entry that is so long in the queue; nothing when it was damaged. */
static uint64_t bytes_of(const vn_engine_t *engine, uint32_t length) {
  return length < sizeof(vn__queued_t)
             ? 0
             : vn__entry_bytes(engine->plan, engine->log.config.record_max,
                               length - sizeof(vn__queued_t));
}

/* The queue has room for it, and so must the journal's share of the region. */
static uint8_t *claim(vn_engine_t *engine, const vn__arrival_t *arrival, uint32_t *total) {
  vn_journal_t *journal = &engine->journal;
  uint8_t *record = vn__queue_claim(engine, arrival, total);
  if (record == NULL || journal->bytes + bytes_of(engine, *total) > journal->bytes_max) {
    journal->pressed = true;
    return NULL;
  }
  return record;
}

/* Less than the reserve is free: a commit makes room. */
static vn_err_t not_written(vn_engine_t *engine, vn_err_t error) {
  engine->journal.log_full = error == VN_ERR_LOG_FULL;
  engine->room.refused += engine->journal.log_full ? 1u : 0u;
  return engine->journal.log_full ? VN_ERR_FULL : error;
}

vn_err_t vn_accept_request(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload,
                           size_t length, bool retained, const vn_reply_t *reply) {
  VN_ASSERT(engine != NULL && engine->restored);
  VN_ASSERT(engine->journal.on);
  vn_journal_t *journal = &engine->journal;
  vn__arrival_t arrival = {topic, payload, length, reply, retained};
  uint32_t total;
  if (vn__is_too_big(engine, topic, length)) {
    return VN_ERR_TOO_BIG;
  }
  if (!engine->durable) {
    return VN_ERR_FLASH;
  }
  if (vn__take_repeat(engine, &arrival)) {
    return VN_OK;
  }
  if (engine->room.tries > 0) {
    engine->room.refused++; /* what is there must find room first */
    return VN_ERR_LOG_FULL;
  }
  if (!vn__allowance_left(engine, topic)) {
    vn__refuse_limited(engine, &arrival);
    return VN_OK;
  }
  const uint8_t *record = claim(engine, &arrival, &total);
  if (record == NULL) {
    return VN_ERR_FULL;
  }
  uint64_t written = engine->log.figures.bytes_fresh;
  vn_err_t error = append(engine, journal->accepted + 1u, record);
  if (error != VN_OK) {
    return not_written(engine, error);
  }
  vn_ring_commit(&engine->queue, total);
  journal->accepted++;
  journal->bytes += bytes_of(engine, total);
  written = engine->log.figures.bytes_fresh - written;
  journal->entries++;
  journal->entry_bytes += written;
  vn__allowance_spend(engine, topic, written);
  return VN_OK;
}

vn_err_t vn_accept_message(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload,
                           size_t length, bool retained) {
  return vn_accept_request(engine, topic, payload, length, retained, NULL);
}

bool vn__journal_is_due(const vn_engine_t *engine) {
  const vn_journal_t *journal = &engine->journal;
  if (!journal->on || !engine->durable) {
    return false;
  }
  uint64_t taken = journal->taken - journal->applied;
  bool filling =
      2u * journal->bytes >= journal->bytes_max || 2u * taken >= engine->plan->queue_messages;
  return journal->log_full || (taken > 0 && (journal->pressed || filling));
}

void vn__journal_release(vn_engine_t *engine) {
  const vn_journal_t *journal = &engine->journal;
  for (uint64_t i = journal->applied + 1u; journal->on && i <= journal->taken; i++) {
    vn_log_release(&engine->log, vn__item_of_entry(engine->plan, i));
  }
}

void vn__journal_committed(vn_engine_t *engine) {
  vn_journal_t *journal = &engine->journal;
  if (!journal->on) {
    return;
  }
  while (journal->applied < journal->taken) {
    uint32_t length = 0;
    const uint8_t *record = vn_ring_peek(&engine->queue, &length);
    VN_ASSERT(record != NULL);
    journal->bytes -= bytes_of(engine, length);
    vn_ring_release(&engine->queue);
    journal->applied++;
  }
  journal->pressed = journal->log_full = false;
}

vn_err_t vn__journal_rewrite(vn_engine_t *engine, vn_flash_log_t *log) {
  uint32_t at = engine->journal.at;
  uint32_t length;
  uint64_t index = engine->journal.taken;
  vn_err_t error = VN_OK;
  const uint8_t *record = vn_ring_look(&engine->queue, &at, &length);
  while (error == VN_OK && record != NULL) {
    index++;
    if (length > 0) {
      vn__entry_t entry = entry_of(engine, index, record);
      error = put_parts(engine, log, &entry);
    }
    record = vn_ring_look(&engine->queue, &at, &length);
  }
  return error;
}

/* The first part of an entry: makes room in the queue. False: it is none, or there is no room. */
static bool begin_again(vn_engine_t *engine, vn__unpacker_t *unpacker) {
  vn_journal_t *journal = &engine->journal;
  vn__queued_t head;
  vn__entry_unpack_head(unpacker, &head);
  journal->next_part = 0;
  if (unpacker->failed) {
    return false;
  }
  journal->length = (uint32_t)sizeof head + vn__body_length(&head);
  journal->record =
      engine->plan->queue_bytes > 0 ? vn_ring_claim(&engine->queue, journal->length) : NULL;
  journal->overflow = journal->overflow || journal->record == NULL;
  if (journal->record == NULL) {
    return false;
  }
  memcpy(journal->record, &head, sizeof head);
  journal->filled = (uint32_t)sizeof head;
  return true;
}

/* A further piece of the entry being put together; it is whole when its length says so. */
static void go_on(vn_engine_t *engine, const uint8_t *bytes, size_t length) {
  vn_journal_t *journal = &engine->journal;
  if (length > journal->length - journal->filled) {
    journal->next_part = 0; /* no entry of ours */
    return;
  }
  memcpy(journal->record + journal->filled, bytes, length);
  journal->filled += (uint32_t)length;
  journal->next_part++;
  if (journal->filled == journal->length) {
    vn_ring_commit(&engine->queue, journal->length);
    journal->bytes += bytes_of(engine, journal->length);
    journal->accepted++;
    journal->next_part = 0;
  }
}

/* Empty records take the place of entries that are damaged, so that numbers go on fitting. */
static void leave_gap(vn_engine_t *engine, uint64_t before) {
  vn_journal_t *journal = &engine->journal;
  while (journal->accepted + 1u < before && !journal->overflow) {
    bool room = engine->plan->queue_bytes > 0 && vn_ring_claim(&engine->queue, 0) != NULL;
    if (room) {
      vn_ring_commit(&engine->queue, 0);
      journal->accepted++;
    }
    journal->overflow = !room;
  }
}

/*
 * Where an entry begins. One that was there already has been written again by cleaning, and all
 * behind it follow: what was read of them so far, perhaps without those in front, is dropped.
 */
static bool begin_entry(vn_engine_t *engine, uint64_t index, vn__unpacker_t *unpacker) {
  vn_journal_t *journal = &engine->journal;
  if (index <= journal->accepted && engine->plan->queue_bytes > 0) {
    vn_err_t again = vn_ring_init(&engine->queue, engine->store.queue, engine->plan->queue_bytes,
                                  engine->plan->queue_messages);
    VN_ASSERT(again == VN_OK);
    journal->accepted = engine->log.state.commit.journal_applied;
    journal->bytes = 0;
    journal->overflow = false;
  }
  leave_gap(engine, index);
  return !journal->overflow && begin_again(engine, unpacker);
}

uint32_t vn__journal_apply(vn_engine_t *engine, uint8_t flags, uint32_t argument,
                           const uint8_t *payload, uint32_t length) {
  vn_journal_t *journal = &engine->journal;
  uint64_t applied = engine->log.state.commit.journal_applied;
  uint64_t index = applied + (uint64_t)(int64_t)(int32_t)(argument - (uint32_t)applied);
  journal->accepted = journal->accepted > applied ? journal->accepted : applied;
  if (index <= applied) {
    return VN_LOG_NO_ITEM;
  }
  vn__unpacker_t unpacker = {payload, length, 0, false};
  if (vn__entry_begins(flags)) {
    if (begin_entry(engine, index, &unpacker)) {
      go_on(engine, payload + unpacker.position, length - unpacker.position);
    }
    return journal->on ? vn__item_of_entry(engine->plan, index) : VN_LOG_NO_ITEM;
  }
  bool follows = index == journal->accepted + 1u && journal->next_part > 0 &&
                 vn__entry_flags(journal->next_part) == flags;
  if (follows) {
    go_on(engine, payload, length);
  }
  return VN_LOG_NO_ITEM;
}

void vn__journal_read(vn_engine_t *engine, uint32_t number, const uint8_t *bytes, uint32_t length) {
  (void)vn__journal_apply(engine, vn__entry_flags(0), number, bytes, length);
}

vn_err_t vn__journal_write(vn_engine_t *engine) {
  vn_err_t error = vn_log_begin(&engine->log);
  if (error != VN_OK) {
    return error;
  }
  error = vn__journal_rewrite(engine, &engine->log);
  if (error != VN_OK) {
    vn_log_abort(&engine->log);
    return error;
  }
  return vn_log_commit_journal(&engine->log);
}

/* What waited for the clock goes on from the last time known, as everything provisional does. */
static void restore_arrivals(vn_engine_t *engine) {
  uint32_t at = 0;
  uint32_t length;
  const uint8_t *record = vn_ring_look(&engine->queue, &at, &length);
  while (record != NULL) {
    vn__queued_t head = {.arrival_valid = true};
    if (length > 0) {
      memcpy(&head, record, sizeof head);
    }
    if (!head.arrival_valid) {
      head.arrival_ms = engine->known_mono_ms + (head.arrival_ms - engine->known_wall_ms);
      memcpy(engine->queue.bytes + (record - engine->queue.bytes), &head, sizeof head);
      engine->unsettled = true;
    }
    record = vn_ring_look(&engine->queue, &at, &length);
  }
}

vn_err_t vn__journal_resume(vn_engine_t *engine, uint64_t applied) {
  vn_journal_t *journal = &engine->journal;
  if (journal->overflow) {
    return VN_ERR_TOO_BIG;
  }
  if (engine->plan->queue_bytes > 0) {
    restore_arrivals(engine);
  }
  journal->accepted = journal->accepted > applied ? journal->accepted : applied;
  /* Without a journal they are in RAM like all that comes. */
  journal->taken = journal->applied = journal->on ? applied : journal->accepted;
  return VN_OK;
}
