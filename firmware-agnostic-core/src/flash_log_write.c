/* Writing: the page buffer, records, and the opening of sectors. */
#include "flash_log_priv.h"
#include "vn/assert.h"

bool vn__log_protected(const vn_flash_log_t *log, uint16_t sector) {
  const vn_log_sector_t *entry = &log->config.sectors[sector];
  return entry->sequence != 0 && entry->sequence >= log->state.floor &&
         (entry->state & VN__SECTOR_VOID) == 0;
}

void vn__log_mark_bad(vn_flash_log_t *log, uint16_t sector) {
  vn_log_sector_t *entry = &log->config.sectors[sector];
  if ((entry->state & VN__SECTOR_BAD) == 0) {
    entry->state |= VN__SECTOR_BAD;
    log->figures.sectors_bad++;
    vn__log_pace_anew(log);
  }
}

vn_err_t vn__log_erase(vn_flash_log_t *log, uint16_t sector) {
  const vn_flash_t *flash = log->config.flash;
  vn_log_sector_t *entry = &log->config.sectors[sector];
  VN_ASSERT(!vn__log_protected(log, sector));
  VN_ASSERT(entry->live == 0);
  log->state.programmed = true;
  log->figures.erases++;
  entry->erase_count++;
  if (flash->erase(flash->context, sector * flash->erase_size, flash->erase_size) != VN_OK) {
    vn__log_mark_bad(log, sector);
    return VN_ERR_FLASH;
  }
  entry->sequence = 0;
  entry->state = VN__SECTOR_ERASED;
  entry->damaged = entry->damaged != 0 ? VN__DAMAGED_BEFORE : 0;
  return VN_OK;
}

static vn_err_t program(vn_flash_log_t *log, uint16_t sector, uint32_t offset, uint32_t length) {
  const vn_flash_t *flash = log->config.flash;
  VN_ASSERT(length % flash->prog_size == 0);
  log->state.programmed = true;
  vn_err_t err =
      flash->prog(flash->context, sector * flash->erase_size + offset, log->config.page, length);
  if (err != VN_OK) {
    vn__log_mark_bad(log, sector);
    return VN_ERR_FLASH;
  }
  return VN_OK;
}

/* Programs what waits in the page buffer. */
static vn_err_t flush(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  uint32_t length = state->offset - state->page_start;
  if (length == 0) {
    return VN_OK;
  }
  vn_err_t err = program(log, state->head, state->page_start, length);
  state->page_start = state->offset;
  return err;
}

/* Appends bytes (NULL: zeros); a page goes out when it is full, up to a page boundary. */
static vn_err_t stream(vn_flash_log_t *log, const uint8_t *bytes, uint32_t length) {
  vn_log_state_t *state = &log->state;
  uint32_t span = state->limits.span_bytes;
  while (length > 0) {
    uint32_t limit = state->page_start - state->page_start % span + span;
    uint32_t piece = limit - state->offset < length ? limit - state->offset : length;
    uint8_t *to = log->config.page + (state->offset - state->page_start);
    if (bytes == NULL) {
      memset(to, 0, piece);
    } else {
      memcpy(to, bytes, piece);
      bytes += piece;
    }
    state->offset += piece;
    length -= piece;
    if (state->offset == limit) {
      vn_err_t err = flush(log);
      if (err != VN_OK) {
        return err;
      }
    }
  }
  return VN_OK;
}

vn_err_t vn__log_pad(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  uint32_t end = vn__round_up(state->offset, log->config.flash->prog_size);
  vn_err_t err = stream(log, NULL, end - state->offset);
  return err == VN_OK ? flush(log) : err;
}

static vn_err_t write_header(vn_flash_log_t *log, const vn__log_opening_t *opening) {
  vn_log_state_t *state = &log->state;
  vn_log_sector_t *entry = &log->config.sectors[opening->sector];
  vn__log_header_t header;
  bool first = opening->fence_sector == VN__LOG_NO_SECTOR;
  bool after_mount = (opening->flags & VN__LOG_FLAG_AFTER_MOUNT) != 0;
  /* After a mount an unreadable header may still turn up: its number must never come again. */
  state->highest += after_mount ? state->limits.sector_count : 1u;
  header.sequence = state->highest;
  header.committed_tx = state->known_tx;
  header.fence_sequence = first ? 0 : log->config.sectors[opening->fence_sector].sequence;
  header.fence_offset = opening->fence_offset;
  header.oldest_live_distance = first ? 0 : (uint32_t)(header.sequence - state->floor);
  header.erase_count = entry->erase_count;
  header.region_id = state->region_id;
  header.flags = opening->flags;
  memset(log->config.page, 0, state->limits.header_bytes);
  vn__log_encode_header(log->config.flash, &header, log->config.page);
  entry->sequence = header.sequence;
  entry->state &= VN__SECTOR_BAD;
  entry->next = VN__LOG_NO_SECTOR;
  if (!first) {
    log->config.sectors[opening->fence_sector].next = opening->sector;
  }
  return program(log, opening->sector, 0, state->limits.header_bytes);
}

vn_err_t vn__log_open_sector(vn_flash_log_t *log, const vn__log_opening_t *opening) {
  vn_log_state_t *state = &log->state;
  VN_ASSERT(state->offset == state->page_start);
  VN_ASSERT((log->config.sectors[opening->sector].state & VN__SECTOR_ERASED) != 0);
  /* In a program operation of its own: once anything lies behind it, the header is certain. */
  vn_err_t err = write_header(log, opening);
  uint32_t count = state->limits.sector_count;
  uint32_t passed = (opening->sector + count - state->head) % count;
  state->known_free = passed <= state->known_free ? state->known_free - passed : 0;
  state->head = opening->sector;
  state->page_start = state->limits.header_bytes;
  state->offset = state->limits.header_bytes;
  return err;
}

/* Closes the head and opens the next sector in ring order; past live ones only when none is left
 * before them: the predecessor is found by its number, so order is for wear, not for correctness.
 */
static vn_err_t next_sector(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  vn_err_t err = vn__log_pad(log);
  if (err != VN_OK) {
    return err;
  }
  uint32_t count = state->limits.sector_count;
  for (uint32_t ahead = 1; ahead < count; ahead++) {
    uint16_t sector = (uint16_t)((state->head + ahead) % count);
    uint8_t flags = log->config.sectors[sector].state;
    if ((flags & VN__SECTOR_BAD) != 0 || vn__log_protected(log, sector) ||
        ((flags & VN__SECTOR_ERASED) == 0 && vn__log_erase(log, sector) != VN_OK)) {
      continue;
    }
    vn__log_opening_t opening = {sector, state->head, state->offset, 0};
    state->opened_sectors++;
    return vn__log_open_sector(log, &opening);
  }
  return vn__log_no_sector(log);
}

vn_err_t vn__log_room(vn_flash_log_t *log, uint32_t bytes) {
  VN_ASSERT(bytes <= log->config.flash->erase_size - log->state.limits.header_bytes);
  if (log->state.offset + bytes <= log->config.flash->erase_size) {
    return VN_OK;
  }
  return next_sector(log);
}

static void count_bytes(vn_flash_log_t *log, uint32_t bytes) {
  if (log->state.moving) {
    log->state.moved_bytes += bytes;
  } else {
    log->state.fresh_bytes += bytes;
  }
}

vn_err_t vn__log_append(vn_flash_log_t *log, vn__log_record_t *record, const void *payload) {
  vn_log_state_t *state = &log->state;
  uint8_t bytes[VN__LOG_RECORD_BYTES];
  uint32_t size = vn__record_size(record->length);
  if (state->trial) {
    count_bytes(log, size);
    vn__log_try(log, size);
    return VN_OK;
  }
  vn_err_t err = vn__log_room(log, size);
  if (err != VN_OK) {
    return err;
  }
  record->crc = 0;
  vn__log_encode_record(record, bytes);
  uint32_t seed = vn__log_seed(log->config.sectors[state->head].sequence, state->offset);
  record->crc = vn_crc32c(vn_crc32c(seed, bytes, 12), payload, record->length);
  vn__set_u32(bytes + 12, record->crc);
  if (record->type != VN_RECORD_COMMIT && record->type != VN_RECORD_MARK) {
    state->record_count++;
    state->chain = vn__log_chain(state->chain, record->crc);
  }
  count_bytes(log, size);
  err = stream(log, bytes, sizeof bytes);
  if (err == VN_OK && record->length > 0) {
    err = stream(log, payload, record->length);
  }
  uint32_t rest = size - VN__LOG_RECORD_BYTES - record->length;
  return err == VN_OK ? stream(log, NULL, rest) : err;
}

vn_err_t vn__log_append_mark(vn_flash_log_t *log, uint32_t argument) {
  vn__log_record_t record = {
      .type = VN_RECORD_MARK, .argument = argument, .tx = (uint32_t)log->state.tx};
  vn_err_t err = vn__log_append(log, &record, "");
  return err == VN_OK ? vn__log_pad(log) : err;
}
