/* Which sectors are live, and the pace at which live records are moved out of the oldest ones. */
#include "flash_log_priv.h"
#include "vn/assert.h"

static vn_log_item_t *item_at(vn_flash_log_t *log, uint32_t item) {
  VN_ASSERT(item < log->config.item_count);
  return &log->config.items[item];
}

/* The item's committed records are dead once the open transaction is committed. */
static void item_touch(vn_flash_log_t *log, uint32_t item) {
  vn_log_item_t *entry = item_at(log, item);
  entry->next = log->state.touched;
  log->state.touched = item;
  if (entry->sector != 0) {
    log->config.sectors[entry->sector - 1].leaving++;
  }
}

void vn__log_item_put(vn_flash_log_t *log, uint32_t item) {
  if (item == VN_LOG_NO_ITEM) {
    return;
  }
  vn_log_item_t *entry = item_at(log, item);
  if (entry->pending == 0) {
    item_touch(log, item);
  } else if (entry->pending != VN__LOG_RELEASED) {
    return; /* its oldest record of this transaction is behind us */
  }
  entry->pending = (uint16_t)(log->state.head + 1u);
  log->config.sectors[log->state.head].live++;
}

void vn_log_release(vn_flash_log_t *log, uint32_t item) {
  vn_log_item_t *entry = item_at(log, item);
  if (!log->state.mounted) { /* from apply: the owner learnt that the item is gone */
    if (entry->sector != 0) {
      log->config.sectors[entry->sector - 1].live--;
    }
    entry->sector = 0;
    return;
  }
  VN_ASSERT(log->state.open);
  if (entry->pending == VN__LOG_RELEASED) {
    return;
  }
  if (entry->pending != 0) {
    log->config.sectors[entry->pending - 1].live--;
  } else if (entry->sector == 0) {
    return;
  } else {
    item_touch(log, item);
  }
  entry->pending = VN__LOG_RELEASED;
}

void vn__log_item_applied(vn_flash_log_t *log, uint32_t item, uint16_t sector,
                          uint64_t start_sequence) {
  vn_log_item_t *entry = item_at(log, item);
  if (entry->sector != 0) {
    vn_log_sector_t *before = &log->config.sectors[entry->sector - 1];
    /* Of the same transaction, as far as a sector's number can tell: the oldest record counts. */
    if (before->sequence >= start_sequence) {
      return;
    }
    before->live--;
  }
  entry->sector = (uint16_t)(sector + 1u);
  log->config.sectors[sector].live++;
}

void vn__log_items_commit(vn_flash_log_t *log) {
  uint32_t item = log->state.touched;
  while (item != VN_LOG_NO_ITEM) {
    vn_log_item_t *entry = item_at(log, item);
    if (entry->sector != 0) {
      log->config.sectors[entry->sector - 1].live--;
      log->config.sectors[entry->sector - 1].leaving--;
    }
    entry->sector = entry->pending == VN__LOG_RELEASED ? 0 : entry->pending;
    entry->pending = 0;
    item = entry->next;
  }
  log->state.touched = VN_LOG_NO_ITEM;
}

void vn__log_items_revert(vn_flash_log_t *log) {
  uint32_t item = log->state.touched;
  while (item != VN_LOG_NO_ITEM) {
    vn_log_item_t *entry = item_at(log, item);
    if (entry->pending != VN__LOG_RELEASED) {
      log->config.sectors[entry->pending - 1].live--;
    }
    if (entry->sector != 0) {
      log->config.sectors[entry->sector - 1].leaving--;
    }
    entry->pending = 0;
    item = entry->next;
  }
  log->state.touched = VN_LOG_NO_ITEM;
  log->state.cursor = 0;
}

void vn__log_items_move(vn_flash_log_t *log, uint16_t from, uint16_t to) {
  for (uint32_t item = 0; item < log->config.item_count; item++) {
    vn_log_item_t *entry = &log->config.items[item];
    if (entry->sector == from + 1u) {
      entry->sector = (uint16_t)(to + 1u);
      log->config.sectors[from].live--;
      log->config.sectors[to].live++;
    }
  }
}

/* The transaction itself counts from its first sector on: until a later header knows it as
 * committed, mount must be able to check it as a whole. */
uint16_t vn__log_oldest_live(const vn_flash_log_t *log) {
  uint16_t sector = log->state.oldest_sector;
  while (sector != log->state.start_sector &&
         log->config.sectors[sector].live == log->config.sectors[sector].leaving) {
    sector = log->config.sectors[sector].next;
    VN_ASSERT(sector != VN__LOG_NO_SECTOR);
  }
  return sector;
}

uint32_t vn__log_free_up_to(const vn_flash_log_t *log, uint32_t most) {
  const vn_log_state_t *state = &log->state;
  uint32_t count = state->limits.sector_count;
  /* What was free is free until the head comes to it. */
  uint32_t known = log->figures.sectors_bad == 0 ? state->known_free : 0;
  uint32_t free_sectors = known;
  uint16_t sector = (uint16_t)((state->head + known) % count);
  for (uint32_t ahead = known + 1u; ahead < count && free_sectors < most; ahead++) {
    sector = sector + 1u < count ? (uint16_t)(sector + 1u) : 0;
    if (vn__log_protected(log, sector)) {
      break;
    }
    free_sectors += (log->config.sectors[sector].state & VN__SECTOR_BAD) == 0 ? 1u : 0u;
  }
  return free_sectors;
}

uint32_t vn__log_free_sectors(const vn_flash_log_t *log) {
  return vn__log_free_up_to(log, UINT32_MAX);
}

/* An item of the oldest live sector that the transaction has not touched yet. */
static uint32_t next_item(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  uint16_t sector = vn__log_oldest_live(log);
  if (sector == state->start_sector) {
    return VN_LOG_NO_ITEM; /* everything older has been moved */
  }
  if (sector != state->cursor_sector) {
    state->cursor_sector = sector;
    state->cursor = 0;
  }
  for (uint32_t tries = 0; tries < log->config.item_count; tries++) {
    uint32_t item = state->cursor;
    state->cursor = item + 1u < log->config.item_count ? item + 1u : 0;
    if (log->config.items[item].sector == sector + 1u && log->config.items[item].pending == 0) {
      return item;
    }
  }
  return VN_LOG_NO_ITEM;
}

static uint32_t add_saturating(uint32_t a, uint64_t b) {
  return b < UINT32_MAX - a ? a + (uint32_t)b : UINT32_MAX;
}

/* Whether the pass owes moved bytes for the fresh ones written since it began. */
static bool pass_due(const vn_flash_log_t *log) {
  const vn_log_state_t *state = &log->state;
  if (state->pass_begun == 0) {
    return false;
  }
  uint64_t closing = VN__LOG_COMMIT_SIZE + log->config.flash->prog_size + state->abandoned_bytes;
  uint64_t fresh = add_saturating(state->pass_fresh, state->fresh_bytes + closing);
  uint64_t moved = add_saturating(state->pass_moved, state->moved_bytes);
  return moved << 16 < state->limits.alpha_q16 * fresh;
}

/* Whether scrub has found damage: a sector's worth in each commit, as long as the reserve is whole.
 */
static bool weak_due(const vn_flash_log_t *log) {
  const vn_log_state_t *state = &log->state;
  uint32_t reserve = state->limits.reserve_sectors;
  return state->weak_through != 0 && state->moved_bytes < log->config.flash->erase_size &&
         log->config.sectors[vn__log_oldest_live(log)].sequence <= state->weak_through &&
         vn__log_free_up_to(log, reserve) >= reserve;
}

/* Below half of the reserve a sector's worth moves in each commit, whatever is owed; below all of
 * it where somebody waits for that. Not in the first one behind a cut: in a storm of them the
 * shorter one has the better prospects. */
static bool tight_due(const vn_flash_log_t *log) {
  const vn_log_state_t *state = &log->state;
  uint32_t reserve = state->limits.reserve_sectors;
  uint32_t least = state->pressed ? reserve : reserve / 2u;
  return state->abandoned_bytes == 0 && state->moved_bytes < log->config.flash->erase_size &&
         vn__log_free_up_to(log, least) < least;
}

static bool move_due(const vn_flash_log_t *log) {
  return pass_due(log) || weak_due(log) || tight_due(log);
}

void vn__log_weak_check(vn_flash_log_t *log, uint64_t oldest_live_before) {
  vn_log_state_t *state = &log->state;
  if (state->weak_through == 0) {
    return;
  }
  if (state->oldest_live > state->weak_through) {
    state->weak_through = 0;
    log->figures.scrub_rewritten++;
    return;
  }
  state->weak_stalled = state->moved_bytes == 0 && state->oldest_live == oldest_live_before;
}

void vn__log_item_size(vn_flash_log_t *log, uint32_t item, const vn__log_record_t *record) {
  vn_log_state_t *state = &log->state;
  bool first = item != state->item_last || record->flags == state->item_flags;
  uint32_t bytes = vn__record_size(record->length);
  state->item_flags = first ? record->flags : state->item_flags;
  state->item_bytes = first ? bytes : add_saturating(state->item_bytes, bytes);
  state->item_max = state->item_bytes > state->item_max ? state->item_bytes : state->item_max;
  state->item_last = item;
  /* When one entry of a journal moves all of them do. */
  state->uneven = state->uneven || (record->type == VN_RECORD_JOURNAL && item != VN_LOG_NO_ITEM);
}

/* Whether moving can't wait: if no record dies any more, and each commit moves what it owes, there
 * is a place up to which so much has to be moved that less than the reserve would be left. */
static bool pass_needed(const vn_flash_log_t *log, uint32_t free_sectors) {
  const vn_log_state_t *state = &log->state;
  const vn_log_limits_t *limits = &state->limits;
  const vn_log_sector_t *sectors = log->config.sectors;
  uint64_t usable = limits->usable_bytes;
  uint64_t least = ((uint64_t)limits->reserve_sectors + limits->margin_sectors) * usable;
  uint64_t left = free_sectors * usable;
  uint64_t most = log->config.live_bytes_max;
  uint64_t moved = 0;
  if (free_sectors >= limits->pass_sectors || state->uneven) {
    return free_sectors < limits->pass_sectors;
  }
  for (uint16_t i = state->oldest_sector; i != state->head; i = sectors[i].next) {
    uint64_t live = (uint64_t)(sectors[i].live - sectors[i].leaving) * state->item_max;
    moved += live < log->config.flash->erase_size ? live : log->config.flash->erase_size;
    moved = moved < most ? moved : most;
    if (left < least + moved + (moved * limits->fresh_q16 >> 16)) {
      return true;
    }
    left += usable;
  }
  return false;
}

void vn__log_pass_begin(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  if (state->pass_begun == 0 && pass_needed(log, vn__log_free_sectors(log))) {
    state->pass_begun = log->config.sectors[state->head].sequence;
    state->pass_fresh = state->journal_bytes; /* it may have been due since they came */
    state->pass_moved = 0;
  }
}

/* What is moved frees nothing before the COMMIT: enough must be left for it, and for a new start if
 * it is cut; holes will do. What is owed beyond that is left to the next commits. */
static bool move_fits(const vn_flash_log_t *log) {
  const vn_log_state_t *state = &log->state;
  uint32_t spare = state->spare - (state->pressed ? 1u : 0u) + state->trial_sectors;
  return vn__log_free_up_to(log, spare + 1u) > spare ||
         vn__log_usable_up_to(log, spare + 1u) > spare;
}

vn_err_t vn__log_clean(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  const vn_log_owner_t *owner = log->config.owner;
  vn__log_pass_begin(log);
  if (state->pass_begun == 0 && state->weak_through == 0) {
    return VN_OK;
  }
  uint32_t opened = state->opened_sectors + state->trial_sectors;
  bool fits = !state->clean_held && move_fits(log);
  state->moving = true;
  while (state->failed == VN_OK && fits && move_due(log)) {
    uint32_t item = next_item(log);
    if (item == VN_LOG_NO_ITEM) {
      break;
    }
    vn_err_t err = owner->rewrite(owner->context, log, item);
    if (state->failed == VN_OK) {
      state->failed = err;
    }
    VN_ASSERT(state->failed != VN_OK || log->config.items[item].pending != 0);
    fits = state->opened_sectors + state->trial_sectors == opened || move_fits(log);
    opened = state->opened_sectors + state->trial_sectors;
  }
  state->moving = false;
  return state->failed;
}

void vn__log_pass_charge(vn_flash_log_t *log, uint64_t fresh_bytes, uint64_t moved_bytes) {
  if (log->state.pass_begun != 0) {
    log->state.pass_fresh = add_saturating(log->state.pass_fresh, fresh_bytes);
    log->state.pass_moved = add_saturating(log->state.pass_moved, moved_bytes);
  }
}

void vn__log_pass_journal(vn_flash_log_t *log, uint64_t bytes) {
  if (log->state.pass_begun == 0) {
    log->state.journal_bytes = add_saturating(log->state.journal_bytes, bytes);
  }
  vn__log_pass_charge(log, bytes, 0);
}

void vn__log_pass_check(vn_flash_log_t *log) {
  log->figures.sectors_free = vn__log_free_sectors(log);
  log->state.known_free = log->figures.sectors_bad == 0 ? log->figures.sectors_free : 0;
  if (!pass_needed(log, log->figures.sectors_free)) {
    log->state.pass_begun = 0;
  }
}
