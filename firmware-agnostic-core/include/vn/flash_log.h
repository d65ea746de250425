/* Flash log: a log-structured, transactional ring on flash with one commit point (docs/format.md).
 */
#ifndef VN_FLASH_LOG_H
#define VN_FLASH_LOG_H

#include "vn/port.h"

typedef enum vn_record_type {
  VN_RECORD_PADDING = 0,
  VN_RECORD_SLOT = 1,
  VN_RECORD_DELTA = 2,
  VN_RECORD_GLOBAL = 3,
  VN_RECORD_OUT = 4,
  VN_RECORD_JOURNAL = 5,
  VN_RECORD_KEY = 6,
  VN_RECORD_SCHEMA = 7,
  VN_RECORD_COMMIT = 8,
  VN_RECORD_MARK = 9,
  VN_RECORD_TOMB = 10
} vn_record_type_t;

/* What a COMMIT carries for the owner of the log. The log itself fills in the rest. */
typedef struct vn_commit {
  uint64_t journal_applied, journal_oldest;
  uint64_t accepted;
  int64_t watermark_ms;
  uint64_t outbox_head, outbox_tail;
  uint64_t configuration_hash, schema_hash;
  int64_t wall_ms; /* VN_TIME_MINUS_INFINITY: the clock was not set */
  uint32_t boot;
  uint32_t mqtt_session;
  uint16_t flags; /* VN_COMMIT_CLEAN_STOP, VN_COMMIT_JOURNAL */
} vn_commit_t;

#define VN_COMMIT_CLEAN_STOP 1u
#define VN_COMMIT_JOURNAL 2u /* written in journal mode: what was acknowledged is all there */

/*
 * Live records are named by items: 0 <= item < item_count. An item is written again as a whole (all
 * its records in one transaction, one after the other; flags may number them); its older records
 * are then dead.
 *
 * `rewrite` is called inside vn_log_commit, when cleaning must move an item out of the oldest
 * sector: it calls vn_log_put for all records of that item from RAM, as in an ordinary commit, or
 * vn_log_release if the item is gone. An error fails the transaction.
 *
 * `apply` is called by mount for each record that counts, in log order, each exactly once; it says
 * which item the record belongs to (VN_LOG_NO_ITEM: dead to the owner). `payload` is valid during
 * the call. Records that were overwritten later may come too, and of such an item perhaps only the
 * last ones: a part counts only if the part before it came just before. apply may call
 * vn_log_release for an item that a later record has removed.
 */
#define VN_LOG_NO_ITEM UINT32_MAX

/* COMMITs pass through the record buffer too. */
#define VN_LOG_RECORD_MIN 128u

typedef struct vn_flash_log vn_flash_log_t;
typedef struct vn_log_owner {
  void *context;
  vn_err_t (*rewrite)(void *context, vn_flash_log_t *log, uint32_t item);
  uint32_t (*apply)(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                    const uint8_t *payload, uint32_t length);
} vn_log_owner_t;

/* Where an item's oldest record lies; the log's own business. All zero: nowhere. */
typedef struct vn_log_item {
  uint32_t next;            /* the next item touched by the open transaction */
  uint16_t sector, pending; /* index + 1: committed, and in the open transaction */
} vn_log_item_t;

/* Book-keeping per sector of the region; the log's own business. */
typedef struct vn_log_sector {
  uint64_t sequence; /* 0 = no header worth keeping */
  uint32_t live;     /* items whose oldest record lies here */
  uint32_t leaving;  /* those of them that the open transaction takes away */
  uint32_t erase_count;
  uint16_t next; /* successor in log order */
  uint8_t state;
  uint8_t damaged; /* what scrub has found there, VN__DAMAGED_... */
} vn_log_sector_t;

/* Memory and parameters, all owned by the caller and outliving the log. */
typedef struct vn_log_config {
  const vn_flash_t *flash;
  const vn_log_owner_t *owner;
  vn_log_item_t *items;
  uint32_t item_count;
  vn_log_sector_t *sectors; /* flash->size_bytes / flash->erase_size */
  uint8_t *page;            /* page_size bytes, 8-aligned: one program operation at most */
  uint32_t page_size;       /* >= max(prog_size, 256); it may grow later, but not shrink */
  uint8_t *record;          /* record_max bytes: mount reads payloads into it */
  uint32_t record_max; /* longest payload ever put: VN_LOG_RECORD_MIN ... vn_log_payload_max(flash);
                          the shorter, the less a sector wastes */
  uint64_t live_bytes_max;   /* most bytes that can be live at once, headers included */
  uint64_t commit_bytes_max; /* most fresh bytes of one transaction, headers included */
  uint32_t region_id;        /* random; used by format only */
} vn_log_config_t;

/* Figures for statistics and budget. */
typedef struct vn_log_figures {
  uint64_t commits, bytes_fresh, bytes_moved, erases, records_damaged;
  uint32_t sectors_free, sectors_bad;
  /* Of scrub: rounds ended, pages read, places read again that were right then, sectors found
   * damaged, and how often everything up to such a sector had been written again. */
  uint64_t scrubs, scrub_pages, scrub_unstable, scrub_damaged, scrub_rewritten;
} vn_log_figures_t;

/* Sizes that follow from the configuration. */
typedef struct vn_log_limits {
  uint32_t sector_count, header_bytes, unit_bytes, span_bytes, seal_bytes;
  uint32_t reserve_sectors, pass_sectors; /* a cleaning pass begins below pass_sectors free */
  uint32_t spare_sectors;  /* cleaning leaves that many to what else must be written */
  uint32_t margin_sectors; /* what the longest transaction takes, with what it moves */
  uint32_t usable_bytes;   /* of a sector, at least */
  uint64_t alpha_q16;      /* bytes to move per fresh byte, in 1/65536 */
  uint64_t fresh_q16;      /* the other way round */
} vn_log_limits_t;

/* What the log remembers between calls; read by nobody else. */
typedef struct vn_log_state {
  vn_log_limits_t limits; /* fixed by init */
  /* The newest commit. known_tx: committed for certain. floor: no sector from here on is erased. */
  vn_commit_t commit;
  uint64_t tx, known_tx, oldest_live, prev_oldest_live, floor, highest;
  uint32_t region_id, good_start, good_end; /* of the record that closed it, in good_sector */
  uint16_t good_sector, oldest_sector, seal_run;
  /* Where writing goes on: bytes from page_start to offset wait in the page buffer. */
  uint16_t head;
  uint32_t offset, page_start;
  bool mounted, placed, uncertain;
  /* The open transaction. */
  bool open, moving, programmed;
  vn_err_t failed;
  uint16_t start_sector, cursor_sector;
  uint32_t start_offset, record_count, chain, touched, cursor;
  uint64_t fresh_bytes, moved_bytes, abandoned_bytes;
  /* The cleaning pass; begun 0 = none. */
  uint64_t pass_begun;
  uint32_t pass_fresh, pass_moved;
  uint32_t journal_bytes; /* journalled since the last COMMIT: what the next pass begins with */
  /* Bytes of the longest item, and of the one at work; uneven: items move together. */
  uint32_t item_max, item_bytes, item_last;
  uint8_t item_flags; /* of its first record */
  bool uneven;
  uint32_t known_free; /* so many sectors ahead of the head were free when they were counted */
  /* Bytes of the flash that the page buffer holds while mount or scrub reads. */
  uint32_t window_start, window_length;
  /* Sectors opened by the open transaction; how many idle time keeps erased. */
  uint32_t opened_sectors, ahead_sectors;
  /* Scrub: where its round is, 0 = between rounds; up to which sequence all has to be written
   * again, 0 = nothing; whether the last commit got no further with that. */
  uint64_t scrub_sequence, weak_through;
  uint32_t scrub_offset;
  uint16_t scrub_sector;
  bool weak_stalled;
  /* A trial: where it would be writing, and how many sectors it would have opened. */
  bool trial;
  uint32_t trial_offset, trial_sectors;
  uint32_t spare;  /* sectors that the open transaction leaves to what comes behind it */
  bool clean_held; /* the last commit ran out of sectors while it cleaned */
  bool pressed;    /* somebody waits for the reserve */
} vn_log_state_t;

/* Callers treat it as opaque, except for the figures, but own its memory. */
struct vn_flash_log {
  vn_log_config_t config;
  vn_log_figures_t figures;
  vn_log_state_t state;
};

/* The longest payload of a record in this geometry (<= 65535 - 16). */
uint32_t vn_log_payload_max(const vn_flash_t *flash);

/* Sectors and limits: VN_OK, or VN_ERR_PLAN when a region of this geometry can't hold
 * live_bytes_max with commits of commit_bytes_max (flash-log sizing rules); *needed_bytes says what
 * would do. */
VN_NODISCARD vn_err_t vn_log_check_size(const vn_flash_t *flash, uint64_t live_bytes_max,
                                        uint64_t commit_bytes_max, uint32_t record_max,
                                        uint64_t *needed_bytes);

/* Checks the configuration and prepares the struct; touches no flash. VN_ERR_ARGUMENT, VN_ERR_PLAN.
 */
VN_NODISCARD vn_err_t vn_log_init(vn_flash_log_t *log, const vn_log_config_t *config);

/* Makes an empty log of the region: erases what must be erased. Ends mounted, without a commit. */
VN_NODISCARD vn_err_t vn_log_format(vn_flash_log_t *log);

/*
 * Finds the newest committed state, fills *last, then applies its records. Writes nothing; `last`
 * is set before the first call of apply. Reads each live byte twice.
 * VN_ERR_UNFORMATTED: nothing was ever committed there. VN_ERR_FOREIGN: another geometry or a newer
 * layout. VN_ERR_CORRUPT: headers but no commit. VN_ERR_TOO_BIG: a record longer than record_max.
 * VN_ERR_FLASH: no header can be read. figures.records_damaged > 0 after VN_OK: some records that
 * were committed are gone, the newest commit among them if its COMMIT was hit; items may be missing
 * or of an older version. The owner should then put all that is left into its next commits: of a
 * damaged item the log doesn't know which version the owner has kept.
 */
VN_NODISCARD vn_err_t vn_log_mount(vn_flash_log_t *log, vn_commit_t *last);

/*
 * Between mount and the first write: reads the records of the state once more, in their order.
 * What `look` returns is not looked at.
 */
void vn_log_look(vn_flash_log_t *log, const vn_log_owner_t *look);

/* Fresh bytes that the next transaction can have without touching what is kept for cleaning and for
 * the first writes after a cut; less than commit_bytes_max is always there. */
uint64_t vn_log_room(const vn_flash_log_t *log);

/* Whether less than the reserve is free, because of bad sectors or of a storm of cuts: journal
 * entries are refused then. */
bool vn_log_is_tight(const vn_flash_log_t *log);

/* Somebody waits for the reserve: the next commit moves a sector's worth, if less is free. */
void vn_log_press(vn_flash_log_t *log);

/*
 * Instead of vn_log_begin: the same puts, which only count. vn_log_end_trial ends it with VN_OK
 * when the transaction would fit, and leave what a new start behind a cut takes. What runs out of
 * sectors has cost one: so nothing is begun that doesn't fit. Errors of begin as above;
 * VN_ERR_LOG_FULL of end: it doesn't fit.
 */
VN_NODISCARD vn_err_t vn_log_begin_trial(vn_flash_log_t *log);
VN_NODISCARD vn_err_t vn_log_end_trial(vn_flash_log_t *log);

/* True while the mounted commit may still fade: nothing may leave the device before vn_log_begin
 * has succeeded, which seals it. */
bool vn_log_uncertain(const vn_flash_log_t *log);

/*
 * Begins a transaction. The first one after a mount, and after a failed one, opens a new sector and
 * seals the commit if need be. VN_ERR_FLASH, VN_ERR_LOG_FULL: nothing was begun; may be tried
 * again.
 */
VN_NODISCARD vn_err_t vn_log_begin(vn_flash_log_t *log);

/*
 * Adds a record to the open transaction; payload is copied. item: as for the owner, VN_LOG_NO_ITEM
 * for none. The first put of an item within a transaction makes its older records dead. Bit 0 of
 * the flags of a VN_RECORD_JOURNAL belongs to the log. After VN_ERR_FLASH and VN_ERR_LOG_FULL the
 * transaction can only be given up; VN_ERR_TOO_BIG (length > record_max) leaves it as it was.
 */
VN_NODISCARD vn_err_t vn_log_put(vn_flash_log_t *log, uint32_t item, uint8_t type, uint8_t flags,
                                 uint32_t argument, const void *payload, uint32_t length);

/* An item is gone: its records are dead once the open transaction is committed. Within apply: at
 * once. */
void vn_log_release(vn_flash_log_t *log, uint32_t item);

/* Moves what cleaning asks for, writes the COMMIT, syncs. After VN_OK the transaction is durable.
 * After an error it never happened; the log goes on in a new sector if the flash allows. */
VN_NODISCARD vn_err_t vn_log_commit(vn_flash_log_t *log, const vn_commit_t *commit);

/*
 * One VN_RECORD_JOURNAL as a transaction of its own: accepted by its CRC alone, so that a short
 * entry doesn't cost a COMMIT. Durable after VN_OK; the fields of the last commit stay. No
 * transaction may be open. Bit 0 of the flags belongs to the log. It moves nothing:
 * VN_ERR_LOG_FULL = a commit is due first. VN_ERR_ORDER: nothing was committed yet. VN_ERR_TOO_BIG:
 * length > record_max.
 */
VN_NODISCARD vn_err_t vn_log_journal(vn_flash_log_t *log, uint32_t item, uint8_t flags,
                                     uint32_t argument, const void *payload, uint32_t length);

/*
 * Commits the open transaction as an entry of the journal that is longer than one record: like
 * vn_log_journal it moves nothing, and the fields of the last commit stay. Same errors.
 */
VN_NODISCARD vn_err_t vn_log_commit_journal(vn_flash_log_t *log);

/* Gives the open transaction up; does nothing when none is open. */
void vn_log_abort(vn_flash_log_t *log);

/* A MARK behind the last commit: a clean stop needs no seal at the next mount. */
VN_NODISCARD vn_err_t vn_log_mark(vn_flash_log_t *log);

/*
 * For idle time: erases one of the sectors that commits will open next, if fewer are erased than
 * the longest of the last transactions has opened, but one at least. True: it did, call again.
 * Costs an erase. No transaction may be open. Does nothing before the first vn_log_begin. A sector
 * that can't be erased is marked bad.
 */
bool vn_log_erase_ahead(vn_flash_log_t *log);

/*
 * For idle time: reads about a page more of what the log needs, headers included, and checks it; a
 * place that reads wrong is read three times more, and counts when it is wrong twice. True: the
 * round goes on. Writes nothing. What was found damaged or weak makes the next commits move
 * everything up to and including its sector: it is still in RAM. A sector that is damaged again,
 * when it has been erased since then, is bad. No transaction may be open.
 */
bool vn_log_scrub(vn_flash_log_t *log);

/* Whether a commit is wanted because scrub has found damage; several may be, a sector's worth
 * each. */
bool vn_log_is_weak(const vn_flash_log_t *log);

/*
 * Shows all journal records that the region still holds, oldest first: those that no commit needs
 * any more stay until their sector is used again. What cleaning moved comes twice. Behind a mount;
 * writes nothing, and nothing may be written afterwards without another mount. Reads the region
 * once. Records longer than record_max are left out.
 */
typedef void (*vn_log_visit_t)(void *context, uint8_t flags, uint32_t argument,
                               const uint8_t *payload, uint32_t length);
void vn_log_history(vn_flash_log_t *log, vn_log_visit_t visit, void *context);

/* The geometry that a sector header names, for tools that have only the bytes. False: none. */
#define VN_LOG_PROBE_BYTES 64u
bool vn_log_probe(const uint8_t bytes[VN_LOG_PROBE_BYTES], uint32_t *erase_size,
                  uint32_t *prog_size);

#endif
