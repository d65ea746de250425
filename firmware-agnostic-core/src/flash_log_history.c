/* What a region still tells of the past: journal records that no commit needs any more. */
#include "flash_log_priv.h"
#include "vn/assert.h"

/* The sector in front of this one in log order; VN__LOG_NO_SECTOR: the past ends here. */
static uint16_t sector_before(vn_flash_log_t *log, uint16_t sector) {
  uint32_t count = log->state.limits.sector_count;
  vn__log_header_t header;
  vn__log_header_t found;
  if (vn__log_read_header(log, sector, &header) != VN__HEADER_VALID || header.fence_sequence == 0 ||
      header.fence_sequence >= header.sequence) {
    return VN__LOG_NO_SECTOR;
  }
  for (uint32_t back = 1; back < count; back++) {
    uint16_t i = (uint16_t)((sector + count - back) % count);
    if (log->config.sectors[i].sequence == header.fence_sequence &&
        vn__log_read_header(log, i, &found) == VN__HEADER_VALID &&
        found.region_id == log->state.region_id) {
      return i;
    }
  }
  return VN__LOG_NO_SECTOR;
}

/* The oldest sector that can be reached by fences; links all behind it. */
static uint16_t first_sector(vn_flash_log_t *log) {
  uint16_t sector = log->state.oldest_sector;
  uint16_t before = sector_before(log, sector);
  while (before != VN__LOG_NO_SECTOR) {
    log->config.sectors[before].next = sector;
    sector = before;
    before = sector_before(log, sector);
  }
  return sector;
}

static void visit_sector(vn_flash_log_t *log, uint16_t sector, uint32_t end, vn_log_visit_t visit,
                         void *context) {
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, sector, end);
  scan.window = true;
  while (vn__log_scan_next(log, &scan, &record)) {
    if (record.type == VN_RECORD_JOURNAL && record.length <= log->config.record_max) {
      visit(context, (uint8_t)(record.flags & ~VN__LOG_FLAG_COMMIT), record.argument,
            log->config.record, record.length);
    }
  }
}

void vn_log_history(vn_flash_log_t *log, vn_log_visit_t visit, void *context) {
  VN_ASSERT(log != NULL && visit != NULL);
  VN_ASSERT(log->state.mounted && !log->state.placed);
  uint16_t sector = first_sector(log);
  while (sector != log->state.good_sector) {
    vn__log_header_t successor;
    visit_sector(log, sector, vn__log_extent(log, sector, &successor), visit, context);
    sector = log->config.sectors[sector].next;
    VN_ASSERT(sector != VN__LOG_NO_SECTOR);
  }
  visit_sector(log, sector, log->state.good_end, visit, context);
}
