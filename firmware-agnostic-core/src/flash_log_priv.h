/* Inside the flash log: its format (docs/format.md) and what its files share. */
#ifndef VN_FLASH_LOG_PRIV_H
#define VN_FLASH_LOG_PRIV_H

#include <string.h>

#include "vn/crc32c.h"
#include "vn/flash_log.h"

#define VN__LOG_MAGIC UINT32_C(0x314C4656) /* "VFL1" */
#define VN__LOG_LAYOUT 1u
#define VN__LOG_HEADER_BYTES 64u
#define VN__LOG_RECORD_BYTES 16u
#define VN__LOG_COMMIT_BYTES 128u
#define VN__LOG_COMMIT_SIZE (VN__LOG_RECORD_BYTES + VN__LOG_COMMIT_BYTES)
#define VN__LOG_NO_SECTOR UINT16_MAX
#define VN__LOG_RELEASED UINT16_MAX /* an item's `pending`: gone with this transaction */
#define VN__LOG_MIN_SECTORS 8u
#define VN__LOG_MAX_SECTORS 65534u

/* Flag of a COMMIT, and of a journal record that is a transaction of its own. */
#define VN__LOG_FLAG_COMMIT 1u
#define VN__LOG_FLAG_AFTER_MOUNT 1u

/* Bits of a sector's state. */
#define VN__SECTOR_BAD 1u        /* failed in this power-up */
#define VN__SECTOR_ERASED 2u     /* erased in this power-up, not programmed since */
#define VN__SECTOR_VOID 4u       /* a valid header, but nothing in it counts */
#define VN__SECTOR_JUNK 8u       /* a header area that is neither valid nor blank */
#define VN__SECTOR_CHAIN 16u     /* on the chain mount is looking at */
#define VN__SECTOR_TRIED 32u     /* was on a chain mount has looked at */
#define VN__SECTOR_INFERRED 128u /* on a chain, but its header can't be read */
#define VN__SECTOR_RECORDS 64u   /* void, but with records: it may be the only fence that holds */

/* What scrub has found in a sector in this power-up. */
#define VN__DAMAGED_NOW 1u    /* since it was erased */
#define VN__DAMAGED_BEFORE 2u /* before that */

typedef struct vn__log_header {
  uint64_t sequence, committed_tx, fence_sequence;
  uint32_t fence_offset, oldest_live_distance, erase_count, region_id;
  uint8_t flags;
  bool skips; /* as a successor: a sector that it repeats as a whole lay between, and is lost */
} vn__log_header_t;

typedef enum vn__log_header_kind {
  VN__HEADER_VALID,
  VN__HEADER_BLANK, /* all bytes alike: perhaps erased; only ever used to save an erase */
  VN__HEADER_MAGIC, /* starts like a header, but is none */
  VN__HEADER_JUNK,
  VN__HEADER_UNREADABLE,
  VN__HEADER_FOREIGN /* valid, of a newer layout or of another geometry */
} vn__log_header_kind_t;

/* What a COMMIT carries besides the owner's part. */
typedef struct vn__log_commit {
  uint64_t tx, oldest_live, prev_oldest_live;
  uint32_t record_count, chain, pass_distance, pass_fresh, pass_moved;
  uint16_t seal_run;
} vn__log_commit_t;

typedef struct vn__log_record {
  uint32_t offset, argument, tx, crc;
  uint16_t length;
  uint8_t type, flags;
} vn__log_record_t;

/* A walk over the records of one sector. */
typedef struct vn__log_scan {
  uint32_t offset, end;
  uint64_t sequence;
  uint32_t damaged; /* runs of bytes that are no record, up to now */
  uint16_t sector;
  bool window;  /* the page buffer is free to read ahead into */
  bool in_step; /* the bytes before `offset` were a record or padding */
} vn__log_scan_t;

/* flash_log_format.c: bytes <-> structs. Not inline: they are used often, and size counts. */
uint16_t vn__get_u16(const uint8_t *from);
uint32_t vn__get_u32(const uint8_t *from);
uint64_t vn__get_u64(const uint8_t *from);
void vn__set_u16(uint8_t *to, uint16_t value);
void vn__set_u32(uint8_t *to, uint32_t value);
void vn__set_u64(uint8_t *to, uint64_t value);
/* Up to the next multiple of a power of two. */
static inline uint32_t vn__round_up(uint32_t value, uint32_t power) {
  return (value + power - 1u) & ~(power - 1u);
}
static inline uint32_t vn__record_size(uint32_t payload_length) {
  return VN__LOG_RECORD_BYTES + vn__round_up(payload_length, 8);
}
void vn__log_encode_header(const vn_flash_t *flash, const vn__log_header_t *header,
                           uint8_t bytes[VN__LOG_HEADER_BYTES]);
vn__log_header_kind_t vn__log_decode_header(const vn_flash_t *flash,
                                            const uint8_t bytes[VN__LOG_HEADER_BYTES],
                                            vn__log_header_t *header);
void vn__log_encode_record(const vn__log_record_t *record, uint8_t bytes[VN__LOG_RECORD_BYTES]);
void vn__log_decode_record(const uint8_t bytes[VN__LOG_RECORD_BYTES], vn__log_record_t *record);
void vn__log_encode_commit(const vn_commit_t *owner, const vn__log_commit_t *own,
                           uint8_t bytes[VN__LOG_COMMIT_BYTES]);
void vn__log_decode_commit(const uint8_t bytes[VN__LOG_COMMIT_BYTES], vn__log_commit_t *own);
void vn__log_decode_owner(const uint8_t bytes[VN__LOG_COMMIT_BYTES], vn_commit_t *owner);
uint32_t vn__log_seed(uint64_t sequence, uint32_t offset);
uint32_t vn__log_chain(uint32_t chain, uint32_t record_crc);

/* flash_log_size.c: the sizing rules, in sectors and in 1/65536. */
bool vn__log_geometry_valid(const vn_flash_t *flash);
/* Without anything to move, and without storms of cuts. */
uint32_t vn__log_least_reserve(const vn_log_config_t *config);
bool vn__log_pace(const vn_log_config_t *config, uint32_t sector_count, vn_log_limits_t *limits);

/* flash_log_scan.c: reading. */
vn__log_header_kind_t vn__log_read_header(vn_flash_log_t *log, uint16_t sector,
                                          vn__log_header_t *header);
void vn__log_scan_start(const vn_flash_log_t *log, vn__log_scan_t *scan, uint16_t sector,
                        uint32_t end);
/* Whether a record begins at the scan's offset. */
bool vn__log_record_here(vn_flash_log_t *log, const vn__log_scan_t *scan, vn__log_record_t *record);
/* Whether padding begins there, up to the next unit. */
bool vn__log_padding_here(vn_flash_log_t *log, const vn__log_scan_t *scan);
uint32_t vn__log_next_unit(const vn_flash_log_t *log, uint32_t offset);
/* The next record of the sector; its payload is in config.record unless it is longer than that. */
bool vn__log_scan_next(vn_flash_log_t *log, vn__log_scan_t *scan, vn__log_record_t *record);

/* flash_log_mount.c, flash_log_replay.c: finding the newest commit, and applying it. */
typedef struct vn__log_chain {
  uint64_t known_tx;  /* the highest committed_tx of its headers */
  uint64_t proven_tx; /* the highest that a record proves to have been committed */
  uint16_t oldest;
  bool genesis;      /* reaches the first sector ever opened */
  bool committed;    /* has a commit; the state holds the newest */
  bool behind;       /* a record lies behind that commit in its sector */
  bool head_certain; /* a record lies behind the newest header */
  bool too_big;      /* holds a record longer than this owner can take */
  bool seal_open;    /* its last seal, which begins in seal_sector, has no commit */
  uint16_t seal_sector;
} vn__log_chain_t;
void vn__log_reset(vn_flash_log_t *log);
vn_err_t vn__log_survey(vn_flash_log_t *log);
/* The newest commit of the chain; false if there is none. */
bool vn__log_find_commit(vn_flash_log_t *log, vn__log_chain_t *chain);
void vn__log_replay(vn_flash_log_t *log, const vn__log_chain_t *chain);
/* Where the sector's content ends: at the fence in its successor's header, which is read. */
uint32_t vn__log_extent(vn_flash_log_t *log, uint16_t sector, vn__log_header_t *successor);

/* flash_log_write.c: the page buffer and sectors. */
typedef struct vn__log_opening {
  uint16_t sector, fence_sector; /* fence_sector: VN__LOG_NO_SECTOR for the first sector ever */
  uint32_t fence_offset;
  uint8_t flags;
} vn__log_opening_t;
bool vn__log_protected(const vn_flash_log_t *log, uint16_t sector);
/* Never used again in this power-up. */
void vn__log_mark_bad(vn_flash_log_t *log, uint16_t sector);
vn_err_t vn__log_erase(vn_flash_log_t *log, uint16_t sector);
vn_err_t vn__log_open_sector(vn_flash_log_t *log, const vn__log_opening_t *opening);
/* Makes room for a record of this many bytes, in a new sector if need be. */
vn_err_t vn__log_room(vn_flash_log_t *log, uint32_t bytes);
/* record: type, flags, argument and length are given, the rest is filled in. */
vn_err_t vn__log_append(vn_flash_log_t *log, vn__log_record_t *record, const void *payload);
vn_err_t vn__log_pad(vn_flash_log_t *log);
vn_err_t vn__log_append_mark(vn_flash_log_t *log, uint32_t argument);

/* flash_log_room.c: what is left when less than the reserve is free. */
/* Good sectors that may be erased, holes too; counts up to so many, those ahead of the head first:
 * every transaction asks whether there are a few. */
uint32_t vn__log_usable_up_to(const vn_flash_log_t *log, uint32_t most);
/* Why there is none to open: VN_ERR_LOG_FULL, or VN_ERR_FLASH where a sound one would have been. */
vn_err_t vn__log_no_sector(const vn_flash_log_t *log);

/* How many of those a transaction that begins now has to leave. */
uint32_t vn__log_spare(const vn_flash_log_t *log);
/* Counts a record of a trial. */
void vn__log_try(vn_flash_log_t *log, uint32_t bytes);
/* The limits of what is left without the sectors that are bad, as far as there are any. */
void vn__log_pace_anew(vn_flash_log_t *log);

/* flash_log.c: transactions. */
void vn__log_transaction_open(vn_flash_log_t *log);
vn_err_t vn__log_transaction_close(vn_flash_log_t *log, const vn_commit_t *commit, bool seal);
void vn__log_give_up(vn_flash_log_t *log);

/* flash_log_seal.c: repeating a newest commit that may fade. */
typedef struct vn__log_seal {
  uint32_t start;        /* where the records to repeat begin, in the newest commit's sector */
  uint32_t repeats_from; /* the offset in the fence's sector that it repeats; 0: nothing */
  uint32_t fence_offset;
  uint16_t fence_sector, replaced; /* replaced: a seal that this one stands in for, if any */
} vn__log_seal_t;
/* VN_ERR_FLASH: the newest commit can't be read any more. */
vn_err_t vn__log_seal_plan(vn_flash_log_t *log, vn__log_seal_t *seal);
vn_err_t vn__log_seal_write(vn_flash_log_t *log, const vn__log_seal_t *seal);
/* What was planned isn't done: the sector it was to replace is on the chain again. */
void vn__log_seal_give_up(vn_flash_log_t *log, const vn__log_seal_t *seal);
/* Whether the sector begins with the MARK of a seal; its argument is the offset it repeats from. */
bool vn__log_seal_mark(vn_flash_log_t *log, uint16_t sector, vn__log_record_t *mark);
/* The offset from which the successor's seal repeats this sector's end; the end without a seal. */
uint32_t vn__log_seal_start(vn_flash_log_t *log, uint16_t successor, uint32_t end);

/* flash_log_place.c: the first write after a mount. */
vn_err_t vn__log_place(vn_flash_log_t *log);

/* flash_log_clean.c: liveness and pacing. */
/* A record of the item: the longest item tells what those in a sector take at most. */
void vn__log_item_size(vn_flash_log_t *log, uint32_t item, const vn__log_record_t *record);
void vn__log_item_put(vn_flash_log_t *log, uint32_t item);
/* Mount found a record of the item's newest version in this sector. */
void vn__log_item_applied(vn_flash_log_t *log, uint32_t item, uint16_t sector,
                          uint64_t start_sequence);
void vn__log_items_commit(vn_flash_log_t *log);
void vn__log_items_revert(vn_flash_log_t *log);
/* The committed records of one sector lie in another now. */
void vn__log_items_move(vn_flash_log_t *log, uint16_t from, uint16_t to);
/* The oldest sector that will hold anything live once the open transaction is committed. */
uint16_t vn__log_oldest_live(const vn_flash_log_t *log);
/* The run of good sectors from the head up to the next live one; holes are not free. */
uint32_t vn__log_free_sectors(const vn_flash_log_t *log);
/* The same, but it stops counting at so many: what each journal entry can afford. */
uint32_t vn__log_free_up_to(const vn_flash_log_t *log, uint32_t most);
/* Begins a cleaning pass when one is due. */
void vn__log_pass_begin(vn_flash_log_t *log);
/* Moves what is due into the open transaction. */
vn_err_t vn__log_clean(vn_flash_log_t *log);
void vn__log_pass_charge(vn_flash_log_t *log, uint64_t fresh_bytes, uint64_t moved_bytes);
/* Charges what was journalled; without a pass it waits for the next one. */
void vn__log_pass_journal(vn_flash_log_t *log, uint64_t bytes);
/* After a commit that could see to it: whether what scrub has found damaged is left behind. */
void vn__log_weak_check(vn_flash_log_t *log, uint64_t oldest_live_before);
/* After a commit: counts the free sectors, ends the pass when they suffice. */
void vn__log_pass_check(vn_flash_log_t *log);

#endif
