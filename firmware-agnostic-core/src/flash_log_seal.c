/* The seal: a newest commit that may fade is repeated by the first transaction after a mount. */
#include "flash_log_priv.h"
#include "vn/assert.h"

bool vn__log_seal_mark(vn_flash_log_t *log, uint16_t sector, vn__log_record_t *mark) {
  vn__log_scan_t scan;
  uint32_t first = log->state.limits.header_bytes;
  uint32_t size = vn__round_up(VN__LOG_RECORD_BYTES, log->state.limits.unit_bytes);
  vn__log_scan_start(log, &scan, sector, first + size);
  return vn__log_scan_next(log, &scan, mark) && mark->type == VN_RECORD_MARK &&
         mark->offset == first && mark->argument >= first;
}

uint32_t vn__log_seal_start(vn_flash_log_t *log, uint16_t successor, uint32_t end) {
  vn__log_record_t mark;
  return vn__log_seal_mark(log, successor, &mark) && mark.argument < end ? mark.argument : end;
}

/* Walks the records of the newest transaction in the sector of its commit. */
static bool next_newest(vn_flash_log_t *log, vn__log_scan_t *scan, vn__log_record_t *record) {
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
static uint32_t last_page(vn_flash_log_t *log) {
  uint32_t end = log->state.good_end;
  uint32_t page = log->state.good_start - log->state.good_start % log->state.limits.seal_bytes;
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, log->state.good_sector, end);
  while (next_newest(log, &scan, &record)) {
    if (scan.offset > page) {
      return record.offset;
    }
  }
  return 0;
}

/* The sector on the chain in front of this one. */
static uint16_t chain_before(const vn_flash_log_t *log, uint16_t sector) {
  for (uint16_t i = log->state.oldest_sector; i != log->state.good_sector;
       i = log->config.sectors[i].next) {
    if (log->config.sectors[i].next == sector) {
      return i;
    }
  }
  return VN__LOG_NO_SECTOR;
}

/*
 * The newest commit may itself be a seal that was cut before its MARK. Then this one takes its
 * place, with its fence and its MARK: however many starts in a row are cut, they leave one sector
 * behind, not one each. What it replaces holds nothing else.
 */
static void take_place(vn_flash_log_t *log, vn__log_seal_t *seal) {
  const vn_log_state_t *state = &log->state;
  uint16_t sector = state->good_sector;
  uint16_t before = chain_before(log, sector);
  vn__log_header_t header;
  vn__log_record_t mark;
  if (before == VN__LOG_NO_SECTOR || !vn__log_seal_mark(log, sector, &mark) ||
      vn__log_read_header(log, sector, &header) != VN__HEADER_VALID ||
      header.fence_sequence != log->config.sectors[before].sequence ||
      mark.tx + 1u != (uint32_t)state->tx) {
    return;
  }
  *seal = (vn__log_seal_t){.start = log->state.limits.header_bytes,
                           .repeats_from = mark.argument,
                           .fence_offset = header.fence_offset,
                           .fence_sector = before,
                           .replaced = sector};
}

vn_err_t vn__log_seal_plan(vn_flash_log_t *log, vn__log_seal_t *seal) {
  const vn_log_state_t *state = &log->state;
  *seal = (vn__log_seal_t){.fence_offset = state->good_end,
                           .fence_sector = state->good_sector,
                           .replaced = VN__LOG_NO_SECTOR};
  if (!state->uncertain) {
    return VN_OK;
  }
  VN_ASSERT(state->good_sector != VN__LOG_NO_SECTOR);
  seal->start = last_page(log);
  seal->repeats_from = seal->start;
  if (seal->start == 0) {
    return VN_ERR_FLASH;
  }
  take_place(log, seal);
  return VN_OK;
}

/* Repeats the records as they are on the flash: what is in RAM may have moved on. */
static vn_err_t repeat_records(vn_flash_log_t *log, const vn__log_seal_t *seal) {
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, log->state.good_sector, log->state.good_end);
  scan.offset = seal->start;
  while (next_newest(log, &scan, &record)) {
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

/* The seal is durable: what lay in the sector that it replaces lies in its own, and that is free.
 */
static void leave_replaced(vn_flash_log_t *log, const vn__log_seal_t *seal) {
  vn_log_sector_t *replaced = &log->config.sectors[seal->replaced];
  vn__log_items_move(log, seal->replaced, log->state.start_sector);
  VN_ASSERT(replaced->live == 0 && replaced->leaving == 0);
  replaced->sequence = 0;
  replaced->state &= VN__SECTOR_BAD;
  vn__log_pass_check(log);
}

vn_err_t vn__log_seal_write(vn_flash_log_t *log, const vn__log_seal_t *seal) {
  const vn_flash_t *flash = log->config.flash;
  vn_commit_t commit = log->state.commit;
  vn__log_transaction_open(log);
  vn_err_t err = repeat_records(log, seal);
  if (err == VN_OK) {
    vn__log_pass_begin(log);
    err = vn__log_transaction_close(log, &commit, true);
  }
  if (err == VN_OK && seal->replaced != VN__LOG_NO_SECTOR) {
    leave_replaced(log, seal);
  }
  if (err == VN_OK) {
    err = vn__log_append_mark(log, 0);
  }
  return err == VN_OK ? flash->sync(flash->context) : err;
}

void vn__log_seal_give_up(vn_flash_log_t *log, const vn__log_seal_t *seal) {
  if (log->state.uncertain && seal->replaced != VN__LOG_NO_SECTOR) {
    log->config.sectors[seal->fence_sector].next = seal->replaced;
  }
}
