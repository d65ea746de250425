/* The first write after a mount: never behind what may have been cut, and not before the newest
 * commit can't fade any more. Also where a failed transaction is left behind, and format. */
#include "flash_log_priv.h"
#include "vn/assert.h"

/*
 * Whether a new sector may be opened here. Not over a void sector of the chain: an erase that is
 * cut may leave it whole, and believed. Nor over another void one with records, unless all else is
 * gone: the newest header may still fade, and then that one is the fence.
 */
static bool place_allowed(const vn_flash_log_t *log, uint16_t sector, bool last_resort) {
  uint8_t flags = log->config.sectors[sector].state;
  if ((flags & VN__SECTOR_BAD) != 0 || vn__log_protected(log, sector)) {
    return false;
  }
  if ((flags & VN__SECTOR_VOID) == 0) {
    return true;
  }
  return (flags & VN__SECTOR_CHAIN) == 0 && ((flags & VN__SECTOR_RECORDS) == 0 || last_resort);
}

/* The first in ring order that lets itself be erased. */
static bool place_found(vn_flash_log_t *log, uint16_t from, bool last_resort, uint16_t *sector) {
  uint32_t count = log->state.limits.sector_count;
  for (uint32_t ahead = 1; ahead <= count; ahead++) {
    *sector = (uint16_t)((from + ahead) % count);
    if (!place_allowed(log, *sector, last_resort)) {
      continue;
    }
    bool erased = (log->config.sectors[*sector].state & VN__SECTOR_ERASED) != 0;
    if (erased || vn__log_erase(log, *sector) == VN_OK) {
      log->state.abandoned_bytes = (uint64_t)ahead * log->config.flash->erase_size;
      return true;
    }
  }
  return false;
}

/* Erases the sector for the next header. */
static vn_err_t place_erase(vn_flash_log_t *log, uint16_t from, uint16_t *sector) {
  uint32_t bad = log->figures.sectors_bad;
  if (place_found(log, from, false, sector) || place_found(log, from, true, sector)) {
    return VN_OK;
  }
  return log->figures.sectors_bad > bad ? VN_ERR_FLASH : VN_ERR_LOG_FULL;
}

/* Erases what has one of these marks; what can't be erased is marked bad and left. */
static bool erase_marked(vn_flash_log_t *log, uint8_t marks) {
  bool erased = false;
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    uint8_t flags = log->config.sectors[i].state;
    if ((flags & marks) != 0 && (flags & VN__SECTOR_BAD) == 0) {
      (void)vn__log_erase(log, (uint16_t)i);
      erased = true;
    }
  }
  return erased;
}

/* What is void or junk must not turn up again as a rival; the void first, it may be whole. */
static vn_err_t erase_leftovers(vn_flash_log_t *log) {
  const vn_flash_t *flash = log->config.flash;
  bool erased = erase_marked(log, VN__SECTOR_VOID);
  erased = erase_marked(log, VN__SECTOR_JUNK) || erased;
  return erased ? flash->sync(flash->context) : VN_OK;
}

/* Walks the records of the newest transaction in the sector of its commit, from `offset` on. */
static bool newest_next(vn_flash_log_t *log, vn__log_scan_t *scan, vn__log_record_t *record) {
  while (vn__log_scan_next(log, scan, record)) {
    if (record->type != VN_RECORD_MARK && record->tx == (uint32_t)log->state.tx) {
      return true;
    }
  }
  return false;
}

/* Where its last program page begins, at a record; 0 = it can't be read any more. The page is that
 * in which the closing record begins: the end of that record may look like erased flash, and be it.
 */
static uint32_t seal_from(vn_flash_log_t *log) {
  uint32_t end = log->state.good_end;
  uint32_t page = log->state.good_start - log->state.good_start % log->state.limits.seal_bytes;
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, log->state.good_sector, end);
  while (newest_next(log, &scan, &record)) {
    if (scan.offset > page) {
      return record.offset;
    }
  }
  return 0;
}

/* Repeats those records, as they are on the flash: what is in RAM may have moved on. */
static vn_err_t seal_records(vn_flash_log_t *log, uint32_t from) {
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, log->state.good_sector, log->state.good_end);
  scan.offset = from;
  while (newest_next(log, &scan, &record)) {
    if (record.type == VN_RECORD_COMMIT) {
      break;
    }
    if (record.type == VN_RECORD_JOURNAL) {
      record.flags &= (uint8_t)~VN__LOG_FLAG_COMMIT;
    }
    record.tx = (uint32_t)(log->state.tx + 1u);
    vn_err_t err = vn__log_append(log, &record, log->config.record);
    if (err != VN_OK) {
      return err;
    }
  }
  return scan.damaged == 0 ? VN_OK : VN_ERR_FLASH;
}

static vn_err_t seal(vn_flash_log_t *log, uint32_t from) {
  const vn_flash_t *flash = log->config.flash;
  vn_commit_t commit = log->state.commit;
  vn__log_transaction_open(log);
  vn_err_t err = seal_records(log, from);
  if (err == VN_OK) {
    vn__log_pass_begin(log);
    err = vn__log_transaction_close(log, &commit, true);
  }
  if (err == VN_OK) {
    err = vn__log_append_mark(log, 0);
  }
  return err == VN_OK ? flash->sync(flash->context) : err;
}

/* Opens the sector behind the newest commit: header, MARK, and then what else must be erased. */
static vn_err_t place_open(vn_flash_log_t *log, uint16_t sector, uint32_t from) {
  const vn_flash_t *flash = log->config.flash;
  vn_log_state_t *state = &log->state;
  vn__log_opening_t opening = {sector, state->good_sector, state->good_end,
                               VN__LOG_FLAG_AFTER_MOUNT};
  bool first = state->good_sector == VN__LOG_NO_SECTOR;
  vn_err_t err = vn__log_open_sector(log, &opening);
  if (err == VN_OK && first) { /* nothing was ever committed: begin anew */
    state->abandoned_bytes = 0;
    state->floor = log->config.sectors[sector].sequence;
    state->oldest_live = state->floor;
    state->prev_oldest_live = state->floor;
    state->oldest_sector = sector;
  }
  if (err == VN_OK) {
    err = vn__log_append_mark(log, from); /* makes the header certain */
  }
  if (err == VN_OK) {
    err = flash->sync(flash->context);
  }
  return err == VN_OK ? erase_leftovers(log) : err;
}

vn_err_t vn__log_place(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  uint16_t from_sector = state->good_sector == VN__LOG_NO_SECTOR ? state->head : state->good_sector;
  uint16_t sector = VN__LOG_NO_SECTOR;
  uint32_t repeat_from = 0;
  VN_ASSERT(state->mounted && !state->placed && !state->open);
  if (state->uncertain) {
    repeat_from = seal_from(log);
    if (repeat_from == 0) {
      return VN_ERR_FLASH;
    }
  }
  vn_err_t err = place_erase(log, from_sector, &sector);
  if (err == VN_OK) {
    err = place_open(log, sector, repeat_from);
  }
  if (err == VN_OK) {
    state->placed = true;
    err = state->uncertain ? seal(log, repeat_from) : VN_OK;
  }
  if (err != VN_OK) {
    state->programmed = true;
    vn__log_give_up(log);
  }
  return err;
}

/* Erases what was a log, or may have been one; an unused sector is erased when it is opened. */
static void format_erase(vn_flash_log_t *log) {
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    vn_log_sector_t *entry = &log->config.sectors[i];
    if (entry->sequence != 0 || entry->state != 0) {
      entry->sequence = 0;
      (void)vn__log_erase(log, (uint16_t)i); /* a failure has marked it bad */
    }
  }
}

vn_err_t vn_log_format(vn_flash_log_t *log) {
  VN_ASSERT(log->state.limits.sector_count >= VN__LOG_MIN_SECTORS);
  VN_ASSERT(!log->state.open);
  vn__log_reset(log);
  (void)vn__log_survey(log); /* for the sequence and the erase counts; any verdict will do */
  format_erase(log);
  log->state.region_id = log->config.region_id;
  log->state.head = (uint16_t)(log->state.limits.sector_count - 1u);
  log->state.floor = UINT64_MAX;
  log->state.mounted = true;
  vn_err_t err = vn__log_place(log);
  log->state.mounted = err == VN_OK;
  return err;
}
