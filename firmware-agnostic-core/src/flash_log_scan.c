/* Reading: sector headers, and the records of a sector one after the other. Any read may fail. */
#include "flash_log_priv.h"
#include "vn/assert.h"

static uint32_t address_of(const vn_flash_log_t *log, uint16_t sector, uint32_t offset) {
  return sector * log->config.flash->erase_size + offset;
}

vn__log_header_kind_t vn__log_read_header(vn_flash_log_t *log, uint16_t sector,
                                          vn__log_header_t *header) {
  const vn_flash_t *flash = log->config.flash;
  uint8_t bytes[VN__LOG_HEADER_BYTES];
  VN_ASSERT(sector < log->state.limits.sector_count);
  if (flash->read(flash->context, address_of(log, sector, 0), bytes, sizeof bytes) != VN_OK) {
    return VN__HEADER_UNREADABLE;
  }
  return vn__log_decode_header(flash, bytes, header);
}

/* Fills the window with what follows the address, up to the end of the sector. */
static bool window_load(vn_flash_log_t *log, uint32_t address) {
  const vn_flash_t *flash = log->config.flash;
  uint32_t left = flash->erase_size - address % flash->erase_size;
  uint32_t length = left < log->config.page_size ? left : log->config.page_size;
  log->state.window_length = 0;
  if (flash->read(flash->context, address, log->config.page, length) != VN_OK) {
    return false;
  }
  log->state.window_start = address;
  log->state.window_length = length;
  return true;
}

/* Reads through the window where it is allowed; a window that fails says nothing about its parts.
 */
static bool fetch(vn_flash_log_t *log, const vn__log_scan_t *scan, uint32_t offset, void *to,
                  uint32_t length) {
  const vn_flash_t *flash = log->config.flash;
  vn_log_state_t *state = &log->state;
  uint32_t address = address_of(log, scan->sector, offset);
  if (scan->window && length <= log->config.page_size) {
    bool inside = address >= state->window_start &&
                  address + length <= state->window_start + state->window_length;
    if (inside || window_load(log, address)) {
      memcpy(to, log->config.page + (address - state->window_start), length);
      return true;
    }
  }
  return flash->read(flash->context, address, to, length) == VN_OK;
}

void vn__log_scan_start(const vn_flash_log_t *log, vn__log_scan_t *scan, uint16_t sector,
                        uint32_t end) {
  VN_ASSERT(end <= log->config.flash->erase_size);
  scan->sector = sector;
  scan->sequence = log->config.sectors[sector].sequence;
  scan->offset = log->state.limits.header_bytes;
  scan->end = end;
  scan->damaged = 0;
  scan->window = false;
  scan->in_step = true;
}

uint32_t vn__log_next_unit(const vn_flash_log_t *log, uint32_t offset) {
  return vn__round_up(offset + 1u, log->state.limits.unit_bytes);
}

/* Continues the CRC over a payload too long for the record buffer. */
static bool crc_long(vn_flash_log_t *log, const vn__log_scan_t *scan, uint32_t offset,
                     uint32_t length, uint32_t *crc) {
  while (length > 0) {
    uint32_t piece = length < log->config.record_max ? length : log->config.record_max;
    if (!fetch(log, scan, offset, log->config.record, piece)) {
      return false;
    }
    *crc = vn_crc32c(*crc, log->config.record, piece);
    offset += piece;
    length -= piece;
  }
  return true;
}

bool vn__log_record_here(vn_flash_log_t *log, const vn__log_scan_t *scan,
                         vn__log_record_t *record) {
  uint8_t bytes[VN__LOG_RECORD_BYTES];
  if (scan->end - scan->offset < sizeof bytes ||
      !fetch(log, scan, scan->offset, bytes, sizeof bytes)) {
    return false;
  }
  vn__log_decode_record(bytes, record);
  record->offset = scan->offset;
  if (record->type == VN_RECORD_PADDING || record->type > VN_RECORD_TOMB ||
      vn__record_size(record->length) > scan->end - scan->offset) {
    return false;
  }
  uint32_t crc = vn_crc32c(vn__log_seed(scan->sequence, scan->offset), bytes, 12);
  return crc_long(log, scan, scan->offset + VN__LOG_RECORD_BYTES, record->length, &crc) &&
         crc == record->crc;
}

/* Zeros up to the next unit: only their first word is looked for, however short the padding is,
 * but a record whose header was damaged to zero mustn't pass for padding. */
bool vn__log_padding_here(vn_flash_log_t *log, const vn__log_scan_t *scan) {
  uint32_t offset = scan->offset;
  uint32_t end = vn__log_next_unit(log, offset);
  end = end < scan->end ? end : scan->end;
  while (offset < end) {
    uint8_t bytes[8];
    uint32_t piece = end - offset < sizeof bytes ? end - offset : (uint32_t)sizeof bytes;
    if (!fetch(log, scan, offset, bytes, piece)) {
      return false;
    }
    for (uint32_t i = 0; i < piece; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    offset += piece;
  }
  return true;
}

bool vn__log_scan_next(vn_flash_log_t *log, vn__log_scan_t *scan, vn__log_record_t *record) {
  while (scan->offset < scan->end) {
    if (vn__log_record_here(log, scan, record)) {
      scan->offset += vn__record_size(record->length);
      scan->in_step = true;
      return true;
    }
    if (!vn__log_padding_here(log, scan)) {
      /* Damage, or the end of what was programmed: try each unit, the seed tells places apart. */
      scan->damaged += scan->in_step ? 1u : 0u;
      scan->in_step = false;
    }
    scan->offset = vn__log_next_unit(log, scan->offset);
  }
  return false;
}
