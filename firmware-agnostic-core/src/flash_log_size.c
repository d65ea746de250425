/* Sizes: what a region must have so that paced cleaning never runs out of sectors. */
#include "flash_log_priv.h"
#include "vn/assert.h"

enum { ROUNDS = 64, STORM_SECTORS = 8, STORM_FROM_SECTORS = 32 };

/* Above this factor the pacing is no pacing any more; it also keeps the products in 64 bits. */
#define ALPHA_MAX_Q16 (UINT64_C(1) << 31)

static bool is_power(uint32_t value, uint32_t lowest, uint32_t highest) {
  return value >= lowest && value <= highest && (value & (value - 1u)) == 0;
}

bool vn__log_geometry_valid(const vn_flash_t *flash) {
  if (!is_power(flash->erase_size, 512, 131072) || !is_power(flash->prog_size, 1, 4096)) {
    return false;
  }
  uint32_t header = vn__round_up(VN__LOG_HEADER_BYTES, flash->prog_size);
  return flash->size_bytes % flash->erase_size == 0 &&
         flash->size_bytes / flash->erase_size >= VN__LOG_MIN_SECTORS &&
         flash->size_bytes / flash->erase_size <= VN__LOG_MAX_SECTORS &&
         header + vn__round_up(VN__LOG_COMMIT_SIZE, flash->prog_size) <= flash->erase_size;
}

uint32_t vn_log_payload_max(const vn_flash_t *flash) {
  uint32_t header = vn__round_up(VN__LOG_HEADER_BYTES, flash->prog_size);
  if (flash->erase_size < header + VN__LOG_RECORD_BYTES) {
    return 0;
  }
  uint32_t room = flash->erase_size - header - VN__LOG_RECORD_BYTES;
  return room < UINT16_MAX - VN__LOG_RECORD_BYTES ? room : UINT16_MAX - VN__LOG_RECORD_BYTES;
}

/* Bytes of a sector that are always usable; 0 when the largest record leaves none. */
static uint32_t usable_bytes(const vn_flash_t *flash, uint32_t record_max) {
  uint32_t header = vn__round_up(VN__LOG_HEADER_BYTES, flash->prog_size);
  uint32_t record = vn__record_size(record_max);
  record = record > VN__LOG_COMMIT_SIZE ? record : VN__LOG_COMMIT_SIZE;
  uint32_t taken = header + record + flash->prog_size;
  return taken < flash->erase_size ? flash->erase_size - taken : 0;
}

/* ceil(bytes (1 + alpha) / usable) */
static uint64_t sectors_for(uint64_t bytes, uint64_t alpha_q16, uint32_t usable) {
  uint64_t grown = bytes + ((bytes * alpha_q16 + 0xFFFF) >> 16);
  return (grown + usable - 1u) / usable;
}

/* For a transaction of so many bytes, and for a seal and its place. */
static uint64_t reserve_for(const vn_flash_t *flash, uint64_t fresh, uint64_t alpha_q16,
                            uint32_t usable) {
  return sectors_for(fresh, alpha_q16, usable) + 1u +
         sectors_for(flash->erase_size, alpha_q16, usable) + 2u;
}

static uint64_t fresh_bytes_max(const vn_log_config_t *config) {
  return config->commit_bytes_max + VN__LOG_COMMIT_SIZE + config->flash->prog_size;
}

uint32_t vn__log_least_reserve(const vn_log_config_t *config) {
  uint32_t usable = usable_bytes(config->flash, config->record_max);
  VN_ASSERT(usable > 0); /* init has paced it */
  return (uint32_t)reserve_for(config->flash, fresh_bytes_max(config), 0, usable);
}

bool vn__log_pace(const vn_log_config_t *config, uint32_t sector_count, vn_log_limits_t *limits) {
  const vn_flash_t *flash = config->flash;
  uint32_t usable = usable_bytes(flash, config->record_max);
  uint64_t live = config->live_bytes_max + VN__LOG_COMMIT_SIZE;
  uint64_t fresh = fresh_bytes_max(config);
  if (usable == 0 || live > UINT32_MAX || fresh > UINT32_MAX) {
    return false;
  }
  uint64_t storm = sector_count >= STORM_FROM_SECTORS ? STORM_SECTORS : 0;
  uint64_t reserve = 0;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t capacity = (uint64_t)sector_count * usable;
    if (capacity <= live + reserve * usable + 1) {
      return false;
    }
    uint64_t pass = (capacity - live - reserve * usable) / 2;
    limits->alpha_q16 = ((live << 16) + pass - 1u) / pass;
    if (limits->alpha_q16 > ALPHA_MAX_Q16) {
      return false;
    }
    limits->pass_sectors = (uint32_t)(reserve + (pass + usable - 1u) / usable);
    limits->reserve_sectors = (uint32_t)reserve;
    limits->fresh_q16 = (UINT64_C(1) << 32) / limits->alpha_q16 + 1u;
    limits->usable_bytes = usable;
    limits->margin_sectors = (uint32_t)sectors_for(fresh, limits->alpha_q16, usable) + 1u;
    uint64_t next = reserve_for(flash, fresh, limits->alpha_q16, usable) + storm;
    if (next <= reserve) {
      return true;
    }
    reserve = next;
  }
  return false;
}

/* The smallest number of sectors, at least `from`, that will do; 0 if none does. */
static uint32_t sectors_needed(const vn_log_config_t *config, uint64_t from) {
  vn_log_limits_t limits;
  uint64_t count = from > VN__LOG_MIN_SECTORS ? from : VN__LOG_MIN_SECTORS;
  while (count <= VN__LOG_MAX_SECTORS) {
    if (vn__log_pace(config, (uint32_t)count, &limits)) {
      return (uint32_t)count;
    }
    count += 1u + count / 64u;
  }
  return 0;
}

vn_err_t vn_log_check_size(const vn_flash_t *flash, uint64_t live_bytes_max,
                           uint64_t commit_bytes_max, uint32_t record_max, uint64_t *needed_bytes) {
  vn_log_config_t config = {.flash = flash,
                            .live_bytes_max = live_bytes_max,
                            .commit_bytes_max = commit_bytes_max,
                            .record_max = record_max};
  VN_ASSERT(flash != NULL);
  VN_ASSERT(flash->erase_size != 0);
  vn_log_limits_t limits;
  uint32_t count = flash->size_bytes / flash->erase_size;
  bool fits = vn__log_geometry_valid(flash) && record_max <= vn_log_payload_max(flash) &&
              vn__log_pace(&config, count, &limits);
  if (needed_bytes != NULL) {
    /* 2.5 x live is where write amplification stays low: advice, not a limit. */
    uint64_t advised = live_bytes_max / 2u * 5u / flash->erase_size + 1u;
    uint32_t needed = sectors_needed(&config, advised);
    *needed_bytes = needed == 0 ? UINT64_MAX : (uint64_t)needed * flash->erase_size;
  }
  return fits ? VN_OK : VN_ERR_PLAN;
}

uint64_t vn_log_room(const vn_flash_log_t *log) {
  const vn_log_limits_t *limits = &log->state.limits;
  uint32_t free_sectors = vn__log_free_sectors(log);
  uint64_t spare =
      free_sectors > limits->reserve_sectors ? free_sectors - limits->reserve_sectors : 0;
  return spare * usable_bytes(log->config.flash, log->config.record_max);
}
