/* The flash log's transactions: begin, put, commit, and giving up. */
#include "vn/flash_log.h"

#include "flash_log_priv.h"
#include "vn/assert.h"

enum { PAGE_MIN = 256, TRANSLATED_PROG_SIZE = 512, TRANSLATED_PAGE = 16384 };

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static bool config_complete(const vn_log_config_t *config) {
  bool callbacks = config->flash->read != NULL && config->flash->prog != NULL &&
                   config->flash->erase != NULL && config->flash->sync != NULL &&
                   config->owner->rewrite != NULL && config->owner->apply != NULL;
  bool memory = (config->items != NULL || config->item_count == 0) && config->sectors != NULL &&
                config->page != NULL && config->record != NULL;
  return callbacks && memory && config->item_count < VN_LOG_NO_ITEM &&
         vn__log_geometry_valid(config->flash) &&
         config->page_size >= larger(config->flash->prog_size, PAGE_MIN) &&
         config->record_max >= VN_LOG_RECORD_MIN &&
         config->record_max <= vn_log_payload_max(config->flash);
}

vn_err_t vn_log_init(vn_flash_log_t *log, const vn_log_config_t *config) {
  VN_ASSERT(log != NULL);
  VN_ASSERT(config->flash != NULL && config->owner != NULL);
  if (!config_complete(config)) {
    return VN_ERR_ARGUMENT;
  }
  const vn_flash_t *flash = config->flash;
  uint32_t sector_count = flash->size_bytes / flash->erase_size;
  memset(log, 0, sizeof *log);
  vn_log_limits_t *limits = &log->state.limits;
  if (!vn__log_pace(config, sector_count, limits)) {
    return VN_ERR_PLAN;
  }
  log->config = *config;
  limits->sector_count = sector_count;
  limits->header_bytes = larger(VN__LOG_HEADER_BYTES, flash->prog_size);
  limits->unit_bytes = larger(8, flash->prog_size);
  limits->span_bytes = config->page_size - config->page_size % limits->unit_bytes;
  /* A cut can hit all of the last program operation; below a translation layer even more. */
  limits->seal_bytes = limits->span_bytes;
  if (flash->prog_size >= TRANSLATED_PROG_SIZE) {
    limits->seal_bytes = larger(limits->seal_bytes, TRANSLATED_PAGE);
  }
  /* A cut leaves its transaction behind: a sector to begin anew, and the seal in others. */
  limits->spare_sectors = 2u + limits->seal_bytes / (flash->erase_size / 2u);
  vn__log_reset(log);
  return VN_OK;
}

void vn__log_transaction_open(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  VN_ASSERT(state->offset == state->page_start);
  VN_ASSERT(state->touched == VN_LOG_NO_ITEM);
  state->open = true;
  state->programmed = false;
  state->moving = false;
  state->failed = VN_OK;
  state->start_sector = state->head;
  state->start_offset = state->offset;
  state->record_count = 0;
  state->chain = 0;
  state->fresh_bytes = 0;
  state->moved_bytes = 0;
  state->opened_sectors = 0;
  state->item_last = VN_LOG_NO_ITEM;
  state->item_flags = 0;
  state->trial = false;
  state->trial_sectors = 0;
  state->spare = vn__log_spare(log);
}

/* Scrub has found damage in the head itself: what comes begins behind it. */
static vn_err_t leave_head(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  uint32_t size = log->config.flash->erase_size;
  state->abandoned_bytes += size - state->offset;
  vn_err_t err = vn__log_room(log, size - state->limits.header_bytes);
  if (err == VN_OK) {
    vn__log_transaction_open(log);
  } else {
    vn__log_give_up(log);
  }
  return err;
}

vn_err_t vn_log_begin(vn_flash_log_t *log) {
  VN_ASSERT(log->state.mounted);
  VN_ASSERT(!log->state.open);
  vn_err_t err = log->state.placed ? VN_OK : vn__log_place(log);
  if (err == VN_OK) {
    vn__log_transaction_open(log);
    bool weak = log->state.weak_through >= log->config.sectors[log->state.head].sequence;
    err = weak ? leave_head(log) : VN_OK;
  }
  return err;
}

vn_err_t vn_log_put(vn_flash_log_t *log, uint32_t item, uint8_t type, uint8_t flags,
                    uint32_t argument, const void *payload, uint32_t length) {
  vn_log_state_t *state = &log->state;
  VN_ASSERT(state->open);
  VN_ASSERT(type != VN_RECORD_PADDING && type <= VN_RECORD_TOMB && type != VN_RECORD_COMMIT &&
            type != VN_RECORD_MARK);
  VN_ASSERT(item == VN_LOG_NO_ITEM || item < log->config.item_count);
  VN_ASSERT(type != VN_RECORD_JOURNAL || (flags & VN__LOG_FLAG_COMMIT) == 0);
  if (length > log->config.record_max) {
    return VN_ERR_TOO_BIG;
  }
  if (state->failed != VN_OK) {
    return state->failed;
  }
  vn__log_record_t record = {.type = type,
                             .flags = flags,
                             .argument = argument,
                             .length = (uint16_t)length,
                             .tx = (uint32_t)(state->tx + 1u)};
  vn_err_t err = vn__log_append(log, &record, payload);
  if (err != VN_OK) {
    state->failed = err;
    return err;
  }
  vn__log_item_size(log, item, &record);
  vn__log_item_put(log, item);
  return VN_OK;
}

static vn_err_t append_commit(vn_flash_log_t *log, const vn_commit_t *commit,
                              const vn__log_commit_t *own) {
  uint8_t payload[VN__LOG_COMMIT_BYTES];
  vn__log_record_t record = {.type = VN_RECORD_COMMIT,
                             .flags = VN__LOG_FLAG_COMMIT,
                             .length = VN__LOG_COMMIT_BYTES,
                             .tx = (uint32_t)own->tx};
  const vn_flash_t *flash = log->config.flash;
  vn__log_encode_commit(commit, own, payload);
  vn_err_t err = vn__log_append(log, &record, payload);
  if (err == VN_OK) {
    err = vn__log_pad(log);
  }
  return err == VN_OK ? flash->sync(flash->context) : err;
}

/* The figures of the pass as they will be with this COMMIT. */
static void charge_transaction(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  uint32_t end = state->offset + VN__LOG_COMMIT_SIZE;
  uint32_t padding = vn__round_up(end, log->config.flash->prog_size) - end;
  uint64_t fresh = state->fresh_bytes + VN__LOG_COMMIT_SIZE + padding;
  vn__log_pass_charge(log, fresh + state->abandoned_bytes, state->moved_bytes);
  state->abandoned_bytes = 0;
  log->figures.bytes_fresh += fresh;
  log->figures.bytes_moved += state->moved_bytes;
}

/* As many sectors are erased ahead as the longest of the last transactions has opened. */
static void ease_ahead(vn_log_state_t *state) {
  uint32_t more = state->ahead_sectors - 1u;
  state->ahead_sectors = larger(state->ahead_sectors - (more + 7u) / 8u, state->opened_sectors);
}

/* The transaction is durable. */
static void settle(vn_flash_log_t *log, uint64_t tx) {
  vn_log_state_t *state = &log->state;
  state->tx = tx;
  state->known_tx = tx;
  state->uncertain = false;
  state->good_sector = state->head;
  state->good_end = state->offset;
  state->open = false;
  vn__log_items_commit(log);
  log->figures.commits++;
}

vn_err_t vn__log_transaction_close(vn_flash_log_t *log, const vn_commit_t *commit, bool seal) {
  vn_log_state_t *state = &log->state;
  vn_err_t err = vn__log_room(log, VN__LOG_COMMIT_SIZE);
  if (err != VN_OK) {
    return err;
  }
  charge_transaction(log);
  vn__log_commit_t own = {.tx = state->tx + 1u,
                          .oldest_live = state->oldest_live,
                          .prev_oldest_live = state->oldest_live,
                          .record_count = state->record_count,
                          .chain = state->chain,
                          .pass_fresh = state->pass_fresh,
                          .pass_moved = state->pass_moved};
  uint16_t oldest = state->oldest_sector;
  uint64_t oldest_live = state->oldest_live;
  uint64_t sequence = log->config.sectors[state->head].sequence;
  if (state->pass_begun != 0) {
    own.pass_distance = (uint32_t)(sequence + 1u - state->pass_begun);
  }
  if (seal) {
    own.prev_oldest_live = state->prev_oldest_live;
    own.seal_run = (uint16_t)(state->seal_run + 1u);
  } else {
    oldest = vn__log_oldest_live(log);
    own.oldest_live = log->config.sectors[oldest].sequence;
  }
  err = append_commit(log, commit, &own);
  if (err == VN_OK) {
    settle(log, own.tx);
    state->commit = *commit;
    /* What the commit before needs stays for one more: it is what is left if this one's COMMIT is
     * damaged. */
    state->floor = state->oldest_live;
    state->oldest_live = own.oldest_live;
    state->prev_oldest_live = own.prev_oldest_live;
    state->seal_run = own.seal_run;
    state->oldest_sector = oldest;
    state->journal_bytes = 0; /* a pass that is due has begun with them */
    vn__log_pass_check(log);
    vn__log_weak_check(log, oldest_live);
    ease_ahead(state);
  }
  return err;
}

vn_err_t vn_log_commit(vn_flash_log_t *log, const vn_commit_t *commit) {
  VN_ASSERT(log->state.open);
  VN_ASSERT(commit != NULL);
  vn_err_t err = log->state.failed;
  bool moved = false;
  if (err == VN_OK) {
    err = vn__log_clean(log);
    moved = log->state.moved_bytes > 0;
  }
  if (err == VN_OK) {
    err = vn__log_transaction_close(log, commit, false);
  }
  log->state.pressed = false;
  log->state.clean_held = err == VN_ERR_LOG_FULL && moved;
  if (err != VN_OK) {
    vn__log_give_up(log);
  }
  return err;
}

static vn_err_t append_journal(vn_flash_log_t *log, vn__log_record_t *record, const void *payload) {
  const vn_flash_t *flash = log->config.flash;
  vn_err_t err = vn__log_append(log, record, payload);
  if (err == VN_OK) {
    uint32_t end = log->state.offset;
    log->state.fresh_bytes += vn__round_up(end, flash->prog_size) - end;
    err = vn__log_pad(log);
  }
  return err == VN_OK ? flash->sync(flash->context) : err;
}

/* The reserve is for commits, which make room. */
static vn_err_t journal_allowed(const vn_flash_log_t *log) {
  if (log->state.tx == 0) {
    return VN_ERR_ORDER;
  }
  uint32_t reserve = log->state.limits.reserve_sectors;
  return vn__log_free_up_to(log, reserve) < reserve ? VN_ERR_LOG_FULL : VN_OK;
}

vn_err_t vn_log_commit_journal(vn_flash_log_t *log) {
  VN_ASSERT(log->state.open);
  vn_commit_t same = log->state.commit;
  vn_err_t err = log->state.failed != VN_OK ? log->state.failed : journal_allowed(log);
  if (err == VN_OK) {
    vn__log_pass_begin(log);
    err = vn__log_transaction_close(log, &same, false);
  }
  if (err != VN_OK) {
    vn__log_give_up(log);
  }
  return err;
}

vn_err_t vn_log_journal(vn_flash_log_t *log, uint32_t item, uint8_t flags, uint32_t argument,
                        const void *payload, uint32_t length) {
  vn_log_state_t *state = &log->state;
  VN_ASSERT((flags & VN__LOG_FLAG_COMMIT) == 0);
  if (length > log->config.record_max) {
    return VN_ERR_TOO_BIG;
  }
  if (state->tx == 0) {
    return VN_ERR_ORDER;
  }
  vn_err_t err = vn_log_begin(log);
  if (err == VN_OK) {
    err = journal_allowed(log);
  }
  if (err == VN_OK) {
    vn__log_record_t record = {.type = VN_RECORD_JOURNAL,
                               .flags = (uint8_t)(flags | VN__LOG_FLAG_COMMIT),
                               .argument = argument,
                               .length = (uint16_t)length,
                               .tx = (uint32_t)(state->tx + 1u)};
    err = append_journal(log, &record, payload);
  }
  if (err != VN_OK) {
    vn_log_abort(log);
    return err;
  }
  state->uneven = state->uneven || item != VN_LOG_NO_ITEM;
  vn__log_item_put(log, item);
  vn__log_pass_journal(log, state->fresh_bytes + state->abandoned_bytes);
  log->figures.bytes_fresh += state->fresh_bytes;
  state->abandoned_bytes = 0;
  settle(log, state->tx + 1u);
  return VN_OK;
}

/* What was programmed is left behind a fence; what only waited in the page buffer is forgotten. */
void vn__log_give_up(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  vn__log_items_revert(log);
  state->open = false;
  state->trial = false;
  if (!state->programmed) {
    state->offset = state->start_offset;
    state->page_start = state->start_offset;
    return;
  }
  state->placed = false;
  state->offset = 0;
  state->page_start = 0;
  uint64_t good = state->good_sector == VN__LOG_NO_SECTOR
                      ? 0
                      : log->config.sectors[state->good_sector].sequence;
  for (uint32_t i = 0; i < state->limits.sector_count; i++) {
    vn_log_sector_t *entry = &log->config.sectors[i];
    if (entry->sequence > good) {
      entry->state |= VN__SECTOR_VOID | VN__SECTOR_CHAIN;
    }
  }
}

void vn_log_abort(vn_flash_log_t *log) {
  if (log->state.open) {
    vn__log_give_up(log);
  }
}

vn_err_t vn_log_mark(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  const vn_flash_t *flash = log->config.flash;
  VN_ASSERT(state->mounted);
  VN_ASSERT(!state->open);
  if (!state->placed) { /* nothing was written since the mount: only a seal could be missing */
    return state->uncertain ? vn__log_place(log) : VN_OK;
  }
  state->programmed = false;
  vn_err_t err = vn__log_append_mark(log, 0);
  if (err == VN_OK) {
    err = flash->sync(flash->context);
  }
  if (err != VN_OK) {
    vn__log_give_up(log);
    return err;
  }
  if (state->good_sector != VN__LOG_NO_SECTOR) {
    state->good_sector = state->head;
    state->good_end = state->offset;
  }
  return VN_OK;
}
