/* When less than the reserve is free: what is left, and whether a transaction fits into it. */
#include "flash_log_priv.h"
#include "vn/assert.h"

uint32_t vn__log_usable_up_to(const vn_flash_log_t *log, uint32_t most) {
  uint32_t count = log->state.limits.sector_count;
  uint32_t usable = 0;
  for (uint32_t ahead = 1; ahead <= count && usable < most; ahead++) {
    uint16_t sector = (uint16_t)((log->state.head + ahead) % count);
    bool bad = (log->config.sectors[sector].state & VN__SECTOR_BAD) != 0;
    usable += !bad && !vn__log_protected(log, sector) ? 1u : 0u;
  }
  return usable;
}

vn_err_t vn__log_no_sector(const vn_flash_log_t *log) {
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    bool bad = (log->config.sectors[i].state & VN__SECTOR_BAD) != 0;
    if (bad && !vn__log_protected(log, (uint16_t)i)) {
      return VN_ERR_FLASH;
    }
  }
  return VN_ERR_LOG_FULL;
}

/* Starts that were cut, one behind the other, may have taken them all. Then what is left is for
 * cleaning, which brings the others back; one is kept to begin anew when that is cut, too. */
uint32_t vn__log_spare(const vn_flash_log_t *log) {
  uint32_t spare = log->state.limits.spare_sectors;
  return vn__log_usable_up_to(log, spare) >= spare ? spare : 2u;
}

bool vn_log_is_tight(const vn_flash_log_t *log) {
  uint32_t reserve = log->state.limits.reserve_sectors;
  return vn__log_free_up_to(log, reserve) < reserve;
}

void vn_log_press(vn_flash_log_t *log) { log->state.pressed = true; }

/* Each sector less makes cleaning faster, until the region is too small for any pace. Then the
 * reserve is what the largest transaction takes. */
void vn__log_pace_anew(vn_flash_log_t *log) {
  vn_log_limits_t limits = log->state.limits;
  if (vn__log_pace(&log->config, limits.sector_count - log->figures.sectors_bad, &limits)) {
    log->state.limits = limits;
  } else {
    log->state.limits.reserve_sectors = vn__log_least_reserve(&log->config);
  }
}

void vn__log_try(vn_flash_log_t *log, uint32_t bytes) {
  vn_log_state_t *state = &log->state;
  if (state->trial_offset + bytes > log->config.flash->erase_size) {
    state->trial_offset = state->limits.header_bytes;
    state->trial_sectors++;
  }
  state->trial_offset += bytes;
}

vn_err_t vn_log_begin_trial(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  VN_ASSERT(state->mounted && !state->open);
  vn_err_t err = state->placed ? VN_OK : vn__log_place(log);
  if (err == VN_OK) {
    bool weak = state->weak_through >= log->config.sectors[state->head].sequence;
    vn__log_transaction_open(log);
    state->trial = true;
    state->trial_offset = weak ? log->config.flash->erase_size : state->offset;
  }
  return err;
}

/* Sectors that only what the transaction makes dead keeps from being free; the last of them are
 * when the next one is committed. */
static uint32_t sectors_gained(const vn_flash_log_t *log) {
  uint64_t oldest_live = log->config.sectors[vn__log_oldest_live(log)].sequence;
  uint32_t gained = 0;
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    const vn_log_sector_t *entry = &log->config.sectors[i];
    bool bad = (entry->state & VN__SECTOR_BAD) != 0;
    gained += !bad && vn__log_protected(log, (uint16_t)i) && entry->sequence < oldest_live;
  }
  return gained;
}

/* Whether the transaction fits as far as it has come, and the next one will, too. */
static bool trial_fits(const vn_flash_log_t *log) {
  const vn_log_state_t *state = &log->state;
  uint32_t over = state->trial_offset + VN__LOG_COMMIT_SIZE > log->config.flash->erase_size;
  uint32_t needed = state->trial_sectors + over;
  uint32_t usable = vn__log_usable_up_to(log, UINT32_MAX);
  /* One to begin anew behind a cut, and those of a seal that is longer than a sector. */
  uint32_t keep = state->limits.spare_sectors - 1u;
  return usable >= needed + state->spare - 1u && usable + sectors_gained(log) >= needed + keep + 2u;
}

vn_err_t vn_log_end_trial(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  VN_ASSERT(state->open && state->trial);
  bool fits = trial_fits(log);
  state->clean_held = false;
  vn_err_t err = vn__log_clean(log);
  if (err == VN_OK) {
    state->clean_held = !trial_fits(log);
    err = fits || !state->clean_held ? VN_OK : VN_ERR_LOG_FULL;
  }
  vn__log_give_up(log);
  return err;
}
