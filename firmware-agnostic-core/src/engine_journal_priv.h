/* The input queue, and the journal that lies below it. */
#ifndef VN_ENGINE_JOURNAL_PRIV_H
#define VN_ENGINE_JOURNAL_PRIV_H

#include "engine_priv.h"
#include "journal_priv.h"

/* A message that comes; reply NULL: an answer goes nowhere special. */
typedef struct vn__arrival {
  vn_text_t topic;
  const uint8_t *payload;
  size_t length;
  const vn_reply_t *reply;
  bool retained;
} vn__arrival_t;
bool vn__is_too_big(const vn_engine_t *engine, vn_text_t topic, size_t length);

/* Copies a message into room of the queue, not committed yet: *total bytes. NULL: there is none. */
uint8_t *vn__queue_claim(vn_engine_t *engine, const vn__arrival_t *arrival, uint32_t *total);

/*
 * Whether vn__take_reading would find that it was there before, by its identity, and keep nothing
 * of it but counts. `behind`: messages wait in front of it; only what is certain whatever they hold
 * counts then.
 */
bool vn__is_repeat(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading, bool behind);

/*
 * Takes a message at once that holds nothing but repeats: they change nothing but counts, which a
 * crash may forget. False: it is something else, and nothing has happened.
 */
bool vn__take_repeat(vn_engine_t *engine, const vn__arrival_t *arrival);

/*
 * What messages may write a day, of the device and of each topic; all of it is there at the start.
 * A message may be the one that takes more than is left.
 */
void vn__allowance_fill(vn_engine_t *engine);
bool vn__allowance_left(const vn_engine_t *engine, vn_text_t topic);
void vn__allowance_spend(vn_engine_t *engine, vn_text_t topic, uint64_t bytes);
/* Counts a message above it, and tells of it as of others that are refused. */
void vn__refuse_limited(vn_engine_t *engine, const vn__arrival_t *arrival);

/* An entry on its way to the flash, part by part. */
typedef struct vn__entry {
  const uint8_t *body;
  size_t left; /* of the body */
  size_t head; /* bytes of it in the scratch */
  uint64_t index;
  uint32_t part;
} vn__entry_t;
/* That of a message in the queue. */
vn__entry_t vn__journal_entry(vn_engine_t *engine, const uint8_t *record);
/* A whole entry, as vn__journal_entry makes it; and all that wait onto the flash. */
void vn__journal_read(vn_engine_t *engine, uint32_t number, const uint8_t *bytes, uint32_t length);
vn_err_t vn__journal_write(vn_engine_t *engine);

/* A state of nothing in a region that must be empty; what was put into it afterwards is taken up,
 * and settled. */
vn_err_t vn__begin_empty(vn_engine_t *engine);
vn_err_t vn__resume_restored(vn_engine_t *engine);
vn_err_t vn__settle_restored(vn_engine_t *engine, uint16_t flags);

/* The journal: what is taken leaves it with the open transaction; that one is committed. */
void vn__journal_release(vn_engine_t *engine);
void vn__journal_committed(vn_engine_t *engine);
/* Writes what is not taken again, in its order: mount reads it in one go. */
vn_err_t vn__journal_rewrite(vn_engine_t *engine, vn_flash_log_t *log);
/* A part of an entry; the item that it belongs to. */
uint32_t vn__journal_apply(vn_engine_t *engine, uint8_t flags, uint32_t argument,
                           const uint8_t *payload, uint32_t length);
/* Behind the mount: what is to be taken again. */
vn_err_t vn__journal_resume(vn_engine_t *engine, uint64_t applied);
/* Whether a commit should make room. */
bool vn__journal_is_due(const vn_engine_t *engine);

/* engine_room.c: a region without room. */
/* The last commit found none, and it is too early for another try. */
bool vn__room_awaited(const vn_engine_t *engine);
/* A commit found none, or left less than the reserve free. */
void vn__room_missing(vn_engine_t *engine);
/* Everything is committed. `wanted`: somebody was refused for want of room. */
void vn__room_check(vn_engine_t *engine, bool wanted);
/* Whether just now it has lasted so long that it has to be told. */
bool vn__room_to_tell(const vn_engine_t *engine);
/* Where results leave without a commit: those that were made since then. */
void vn__room_let_go(vn_engine_t *engine);

#endif
