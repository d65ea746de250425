/* The two passes of mount over the records: find the newest transaction, apply up to its end. */
#include "flash_log_priv.h"
#include "vn/assert.h"

/* The transaction a walk is in. */
typedef struct walk {
  uint64_t tx, seal_tx; /* seal_tx: repeats one that may be gone again */
  uint32_t record_count, chain;
} walk_t;

/* The 64-bit number that is nearest to the reference. */
static uint64_t expand(uint32_t low, uint64_t reference) {
  return reference + (uint64_t)(int64_t)(int32_t)(low - (uint32_t)reference);
}

static bool is_journal_commit(const vn__log_record_t *record) {
  return record->type == VN_RECORD_JOURNAL && (record->flags & VN__LOG_FLAG_COMMIT) != 0;
}

uint32_t vn__log_extent(vn_flash_log_t *log, uint16_t sector, vn__log_header_t *successor) {
  uint16_t next = log->config.sectors[sector].next;
  if (next == VN__LOG_NO_SECTOR) {
    return log->config.flash->erase_size;
  }
  bool valid = vn__log_read_header(log, next, successor) == VN__HEADER_VALID;
  bool skips = valid && successor->fence_sequence != log->config.sectors[sector].sequence;
  if (!valid || skips) {
    /* The fence is lost: the records have to say for themselves where they end. */
    memset(successor, 0, sizeof *successor);
    successor->fence_offset = log->config.flash->erase_size;
    successor->flags = VN__LOG_FLAG_AFTER_MOUNT;
  }
  successor->skips = skips;
  return successor->fence_offset;
}

/*
 * The highest transaction that counts in a sector. Where its fence is lost with the header behind
 * it, what was torn there is not known by its place; but a sector opened after a mount begins with
 * a MARK that names the newest commit.
 */
static uint64_t highest_tx(vn_flash_log_t *log, uint16_t sector, const vn__log_header_t *successor,
                           uint64_t known_tx) {
  vn__log_scan_t scan;
  vn__log_record_t record;
  uint16_t next = log->config.sectors[sector].next;
  if (next == VN__LOG_NO_SECTOR || successor->sequence != 0) {
    return UINT64_MAX;
  }
  vn__log_scan_start(log, &scan, next, log->config.flash->erase_size);
  bool marked = vn__log_scan_next(log, &scan, &record) && record.type == VN_RECORD_MARK &&
                record.offset == log->state.limits.header_bytes;
  return marked ? expand(record.tx, known_tx) : UINT64_MAX;
}

/* What every COMMIT of ours says of itself, whoever made its CRC right. */
static bool is_consistent(const vn__log_commit_t *own, uint64_t sequence) {
  return own->oldest_live <= sequence && own->prev_oldest_live <= own->oldest_live &&
         own->pass_distance <= sequence;
}

/* Whether the COMMIT in the record buffer closes the transaction that was walked. */
static bool commit_holds(const walk_t *walk, const vn__log_commit_t *own, uint64_t known_tx) {
  if (own->tx != walk->tx) {
    return false;
  }
  return own->tx <= known_tx ||
         (own->record_count == walk->record_count && own->chain == walk->chain);
}

/* T is, so far, the transaction that ends here. */
static void accept(vn_flash_log_t *log, vn__log_chain_t *chain, const vn__log_scan_t *scan,
                   const vn__log_record_t *record) {
  log->state.tx = expand(record->tx, chain->known_tx);
  log->state.good_sector = scan->sector;
  log->state.good_start = record->offset;
  log->state.good_end = scan->offset; /* its padding may be torn, and is not needed */
  chain->behind = false;
  chain->seal_open = false;
}

static void accept_commit(vn_flash_log_t *log, vn__log_chain_t *chain, const vn__log_scan_t *scan,
                          const walk_t *walk, const vn__log_record_t *record) {
  vn__log_commit_t own;
  vn_log_state_t *state = &log->state;
  vn__log_decode_commit(log->config.record, &own);
  if (!commit_holds(walk, &own, chain->known_tx) || !is_consistent(&own, scan->sequence)) {
    return;
  }
  accept(log, chain, scan, record);
  chain->committed = true;
  vn__log_decode_owner(log->config.record, &state->commit);
  state->oldest_live = own.oldest_live;
  state->prev_oldest_live = own.prev_oldest_live;
  state->seal_run = own.seal_run;
  state->pass_fresh = own.pass_fresh;
  state->pass_moved = own.pass_moved;
  state->journal_bytes = 0;
  state->pass_begun = own.pass_distance == 0 ? 0 : scan->sequence + 1u - own.pass_distance;
}

static void accept_journal(vn_flash_log_t *log, vn__log_chain_t *chain, const vn__log_scan_t *scan,
                           const vn__log_record_t *record) {
  accept(log, chain, scan, record);
  log->state.seal_run = 0;
  vn__log_pass_journal(log, vn__record_size(record->length));
}

/* A transaction is begun only when the one before it is committed. A seal shows nothing: what it
 * repeats was uncertain. */
static void take_proof(vn__log_chain_t *chain, walk_t *walk, const vn__log_record_t *record,
                       uint64_t tx, uint16_t sector) {
  uint64_t proven = tx - 1u;
  if (record->type == VN_RECORD_MARK && record->argument != 0) {
    walk->seal_tx = tx + 1u;
    chain->seal_sector = sector;
    chain->seal_open = true;
    return;
  }
  if (record->type == VN_RECORD_MARK) {
    proven = tx;
  }
  if (tx != walk->seal_tx && tx != 0 && proven > chain->proven_tx) {
    chain->proven_tx = proven;
  }
}

static void find_step(vn_flash_log_t *log, vn__log_chain_t *chain, const vn__log_scan_t *scan,
                      walk_t *walk, const vn__log_record_t *record) {
  chain->head_certain = true;
  chain->behind = chain->behind || scan->sector == log->state.good_sector;
  chain->too_big = chain->too_big || record->length > log->config.record_max;
  uint64_t tx = expand(record->tx, chain->known_tx);
  take_proof(chain, walk, record, tx, scan->sector);
  if (record->type == VN_RECORD_MARK) {
    return;
  }
  bool newer = tx > log->state.tx;
  if (tx != walk->tx) {
    walk->tx = tx;
    walk->record_count = 0;
    walk->chain = 0;
  }
  if (record->type == VN_RECORD_COMMIT) {
    if (record->length == VN__LOG_COMMIT_BYTES && newer) {
      accept_commit(log, chain, scan, walk, record);
    }
    return;
  }
  walk->record_count++;
  walk->chain = vn__log_chain(walk->chain, record->crc);
  if (is_journal_commit(record) && walk->record_count == 1 && chain->committed && newer) {
    accept_journal(log, chain, scan, record);
  }
}

bool vn__log_find_commit(vn_flash_log_t *log, vn__log_chain_t *chain) {
  walk_t walk = {0, 0, 0, 0};
  uint16_t sector = chain->oldest;
  log->state.tx = 0;
  log->state.good_sector = VN__LOG_NO_SECTOR;
  while (sector != VN__LOG_NO_SECTOR) {
    vn__log_scan_t scan;
    vn__log_header_t successor;
    vn__log_record_t record;
    vn__log_scan_start(log, &scan, sector, vn__log_extent(log, sector, &successor));
    uint64_t highest = highest_tx(log, sector, &successor, chain->known_tx);
    scan.window = true;
    chain->head_certain = false;
    while (vn__log_scan_next(log, &scan, &record)) {
      if (expand(record.tx, chain->known_tx) <= highest) {
        find_step(log, chain, &scan, &walk, &record);
      }
    }
    sector = log->config.sectors[sector].next;
  }
  return chain->committed;
}

/* The transaction a replay is in, and the sequence of the sector where it began. */
typedef struct replay {
  const vn_log_owner_t *owner;
  uint64_t tx, start_sequence;
  uint64_t highest; /* nothing above it counts */
  bool repeats;     /* the next transaction is a seal: part of the one before */
} replay_t;

static void apply(vn_flash_log_t *log, const vn__log_scan_t *scan, const vn__log_record_t *record,
                  const replay_t *replay) {
  const vn_log_owner_t *owner = replay->owner;
  uint8_t flags = record->flags;
  if (record->type == VN_RECORD_JOURNAL) {
    flags &= (uint8_t)~VN__LOG_FLAG_COMMIT;
  }
  uint32_t item = owner->apply(owner->context, record->type, flags, record->argument,
                               log->config.record, record->length);
  if (owner == log->config.owner) {
    vn__log_item_size(log, item, record);
  }
  if (item != VN_LOG_NO_ITEM && owner == log->config.owner) {
    vn__log_item_applied(log, item, scan->sector, replay->start_sequence);
  }
}

static void replay_sector(vn_flash_log_t *log, uint16_t sector, uint32_t end, replay_t *replay) {
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, sector, end);
  scan.window = true;
  while (vn__log_scan_next(log, &scan, &record)) {
    uint64_t tx = expand(record.tx, log->state.tx);
    if (record.type == VN_RECORD_MARK || tx > replay->highest) {
      continue;
    }
    if (tx != replay->tx) {
      replay->start_sequence = replay->repeats ? replay->start_sequence : scan.sequence;
      replay->repeats = false;
      replay->tx = tx;
    }
    if (record.type != VN_RECORD_COMMIT) {
      apply(log, &scan, &record, replay);
    }
  }
  log->figures.records_damaged += scan.damaged;
}

/* Commits that something proves, but whose COMMIT can't be read. */
static uint64_t commits_lost(const vn_flash_log_t *log, const vn__log_chain_t *chain) {
  uint64_t proven = chain->known_tx > chain->proven_tx ? chain->known_tx : chain->proven_tx;
  return proven > log->state.tx ? proven - log->state.tx : 0;
}

/* A sector of the chain in front of the newest commit's. */
static void replay_closed(vn_flash_log_t *log, uint16_t sector, replay_t *replay) {
  vn__log_header_t successor;
  uint16_t next = log->config.sectors[sector].next;
  VN_ASSERT(next != VN__LOG_NO_SECTOR);
  uint32_t fence = vn__log_extent(log, sector, &successor);
  uint64_t highest = highest_tx(log, sector, &successor, log->state.tx);
  bool after_mount = (successor.flags & VN__LOG_FLAG_AFTER_MOUNT) != 0;
  uint32_t end = after_mount && !successor.skips ? vn__log_seal_start(log, next, fence) : fence;
  replay->highest = highest < log->state.tx ? highest : log->state.tx;
  replay_sector(log, sector, end, replay);
  replay->repeats = end != fence || successor.skips;
}

/* From the oldest live sector up to the newest commit. */
static void replay_all(vn_flash_log_t *log, const vn_log_owner_t *owner) {
  const vn_log_state_t *state = &log->state;
  const vn_log_sector_t *sectors = log->config.sectors;
  replay_t replay = {.owner = owner};
  uint16_t sector = state->oldest_sector;
  for (; sector != state->good_sector; sector = sectors[sector].next) {
    replay_closed(log, sector, &replay);
    log->figures.records_damaged += (sectors[sector].state & VN__SECTOR_INFERRED) != 0 ? 1u : 0u;
  }
  replay.highest = state->tx;
  replay_sector(log, sector, state->good_end, &replay);
  log->figures.records_damaged += (sectors[sector].state & VN__SECTOR_INFERRED) != 0 ? 1u : 0u;
}

void vn__log_replay(vn_flash_log_t *log, const vn__log_chain_t *chain) {
  const vn_log_sector_t *sectors = log->config.sectors;
  uint16_t sector = chain->oldest;
  while (sectors[sector].sequence < log->state.oldest_live) {
    sector = sectors[sector].next;
    VN_ASSERT(sector != VN__LOG_NO_SECTOR);
  }
  log->state.oldest_sector = sector;
  replay_all(log, log->config.owner);
  log->figures.records_damaged += commits_lost(log, chain);
}

void vn_log_look(vn_flash_log_t *log, const vn_log_owner_t *look) {
  VN_ASSERT(log->state.mounted && !log->state.open && look != log->config.owner);
  uint64_t damaged = log->figures.records_damaged;
  replay_all(log, look);
  log->figures.records_damaged = damaged; /* they have been counted */
}
