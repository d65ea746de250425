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
  bool found = place_found(log, from, false, sector) || place_found(log, from, true, sector);
  return found ? VN_OK : vn__log_no_sector(log);
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

/* Opens the sector behind the newest commit: header, MARK, and then what else must be erased. */
static vn_err_t place_open(vn_flash_log_t *log, uint16_t sector, const vn__log_seal_t *seal) {
  const vn_flash_t *flash = log->config.flash;
  vn_log_state_t *state = &log->state;
  vn__log_opening_t opening = {sector, seal->fence_sector, seal->fence_offset,
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
    err = vn__log_append_mark(log, seal->repeats_from); /* makes the header certain */
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
  vn__log_seal_t seal;
  VN_ASSERT(state->mounted && !state->placed && !state->open);
  vn_err_t err = vn__log_seal_plan(log, &seal);
  if (err != VN_OK) {
    return err;
  }
  err = place_erase(log, from_sector, &sector);
  if (err == VN_OK) {
    err = place_open(log, sector, &seal);
  }
  if (err == VN_OK) {
    state->placed = true;
    err = state->uncertain ? vn__log_seal_write(log, &seal) : VN_OK;
  }
  if (err != VN_OK) {
    state->programmed = true;
    vn__log_seal_give_up(log, &seal);
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
