/* What the log does when nothing else is due: erasing ahead, and reading what must stay readable.
 */
#include "flash_log_priv.h"
#include "vn/assert.h"

enum { READ_AGAIN = 3, WRONG_MAX = 1 };

bool vn_log_erase_ahead(vn_flash_log_t *log) {
  const vn_log_state_t *state = &log->state;
  uint32_t count = state->limits.sector_count;
  uint32_t ready = 0;
  VN_ASSERT(!state->open);
  if (!state->placed) {
    return false;
  }
  for (uint32_t ahead = 1; ahead < count && ready < state->ahead_sectors; ahead++) {
    uint16_t sector = (uint16_t)((state->head + ahead) % count);
    uint8_t flags = log->config.sectors[sector].state;
    if (vn__log_protected(log, sector)) {
      return false;
    }
    if ((flags & (VN__SECTOR_BAD | VN__SECTOR_ERASED)) == 0) {
      (void)vn__log_erase(log, sector); /* a failure has marked it bad */
      return true;
    }
    ready += (flags & VN__SECTOR_ERASED) != 0 ? 1u : 0u;
  }
  return false;
}

bool vn_log_is_weak(const vn_flash_log_t *log) {
  return log->state.weak_through != 0 && !log->state.weak_stalled;
}

/* Nothing can be saved of a place: its sector has to be left; for good, if it was damaged before it
 * was erased as well. */
static void note_damage(vn_flash_log_t *log, uint16_t sector) {
  vn_log_state_t *state = &log->state;
  vn_log_sector_t *entry = &log->config.sectors[sector];
  uint64_t sequence = entry->sequence;
  if ((entry->damaged & VN__DAMAGED_BEFORE) != 0) {
    vn__log_mark_bad(log, sector);
  }
  entry->damaged |= VN__DAMAGED_NOW;
  log->figures.scrub_damaged++;
  state->weak_through = sequence > state->weak_through ? sequence : state->weak_through;
  state->weak_stalled = false;
}

/* Looks at one thing; whether it is as it was written. */
typedef bool (*look_t)(vn_flash_log_t *log, vn__log_scan_t *scan);

/* What is wrong once, and no more than once in three times when it is read again, was noise. */
static bool look_again(vn_flash_log_t *log, vn__log_scan_t *scan, look_t look) {
  if (look(log, scan)) {
    return true;
  }
  vn__log_scan_t from = *scan;
  unsigned wrong = 0;
  from.window = false;
  for (unsigned i = 0; i < READ_AGAIN; i++) {
    vn__log_scan_t again = from;
    bool right = look(log, &again);
    wrong += right ? 0u : 1u;
    scan->offset = right ? again.offset : scan->offset;
    scan->end = right ? again.end : scan->end;
  }
  if (wrong > WRONG_MAX) {
    return false;
  }
  log->state.window_length = 0;
  log->figures.scrub_unstable++;
  return true;
}

/* A record, or padding; the scan goes on behind it. */
static bool look_at_record(vn_flash_log_t *log, vn__log_scan_t *scan) {
  vn__log_record_t record;
  if (vn__log_record_here(log, scan, &record)) {
    scan->offset += vn__record_size(record.length);
    return true;
  }
  if (vn__log_padding_here(log, scan)) {
    scan->offset = vn__log_next_unit(log, scan->offset);
    return true;
  }
  return false;
}

static bool look_at_header(vn_flash_log_t *log, vn__log_scan_t *scan) {
  vn__log_header_t header;
  return vn__log_read_header(log, scan->sector, &header) == VN__HEADER_VALID &&
         header.sequence == scan->sequence && header.region_id == log->state.region_id;
}

/* The fence in the successor's header. What a seal repeats may have been torn: it ends before that.
 */
static bool look_at_fence(vn_flash_log_t *log, vn__log_scan_t *scan) {
  vn__log_header_t successor;
  scan->end = vn__log_extent(log, scan->sector, &successor);
  if ((successor.flags & VN__LOG_FLAG_AFTER_MOUNT) != 0 && successor.sequence != 0) {
    uint16_t next = log->config.sectors[scan->sector].next;
    scan->end = vn__log_seal_start(log, next, scan->end);
  }
  return successor.sequence != 0;
}

/* Goes on where the round was, if that is still there; what lies in front of the oldest live sector
 * has gone meanwhile. */
static void resume(vn_flash_log_t *log, vn__log_scan_t *scan) {
  vn_log_state_t *state = &log->state;
  const vn_log_sector_t *entry = &log->config.sectors[state->scrub_sector];
  bool there = state->scrub_sequence != 0 && state->scrub_sequence >= state->oldest_live &&
               entry->sequence == state->scrub_sequence && (entry->state & VN__SECTOR_VOID) == 0;
  if (!there) {
    state->scrub_sector = state->oldest_sector;
    state->scrub_offset = state->limits.header_bytes;
  }
  vn__log_scan_start(log, scan, state->scrub_sector, state->offset);
  scan->offset = state->scrub_offset;
  scan->window = true;
  state->scrub_sequence = scan->sequence;
  state->window_length = 0;
  if (!there && !look_again(log, scan, look_at_header)) {
    note_damage(log, scan->sector); /* the headers behind it are read for their fences */
  }
}

/* Reads on, a page and the record that it ends in at most; false: there is damage. */
static bool read_on(vn_flash_log_t *log, vn__log_scan_t *scan) {
  uint32_t from = scan->offset;
  while (scan->offset < scan->end && scan->offset - from < log->config.page_size) {
    if (!look_again(log, scan, look_at_record)) {
      return false;
    }
  }
  return true;
}

/* Reads a page's worth of the sector; false: it, or the header behind it, is damaged. */
static bool read_part(vn_flash_log_t *log, vn__log_scan_t *scan) {
  uint16_t next = log->config.sectors[scan->sector].next;
  bool newest = scan->sector == log->state.head;
  VN_ASSERT(newest || next != VN__LOG_NO_SECTOR);
  if (!newest && !look_again(log, scan, look_at_fence)) {
    note_damage(log, next);
    return false;
  }
  if (!read_on(log, scan)) {
    note_damage(log, scan->sector);
    return false;
  }
  return true;
}

/* The round goes on in the next sector, or is over. */
static bool go_on_behind(vn_flash_log_t *log, uint16_t sector) {
  vn_log_state_t *state = &log->state;
  if (sector == state->head) {
    state->scrub_sequence = 0;
    log->figures.scrubs++;
    return false;
  }
  state->scrub_sector = log->config.sectors[sector].next;
  state->scrub_sequence = log->config.sectors[state->scrub_sector].sequence;
  state->scrub_offset = state->limits.header_bytes;
  return true;
}

bool vn_log_scrub(vn_flash_log_t *log) {
  vn_log_state_t *state = &log->state;
  vn__log_scan_t scan;
  VN_ASSERT(!state->open && state->offset == state->page_start);
  if (!state->placed || state->tx == 0) {
    return false;
  }
  resume(log, &scan);
  log->figures.scrub_pages++;
  bool sound = read_part(log, &scan);
  state->window_length = 0; /* the page buffer is for writing again */
  state->scrub_offset = scan.offset;
  return (sound && scan.offset < scan.end) || go_on_behind(log, scan.sector);
}
