/* Mount: which sectors form the log, and which transaction is its newest. Writes nothing. */
#include "flash_log_priv.h"
#include "vn/assert.h"

/* What a look at all headers has shown. */
typedef struct survey {
  uint32_t valid, magic, unreadable;
  bool foreign;
} survey_t;

static void survey_sector(vn_flash_log_t *log, uint16_t sector, survey_t *survey) {
  vn_log_sector_t *entry = &log->config.sectors[sector];
  vn__log_header_t header;
  memset(entry, 0, sizeof *entry);
  entry->next = VN__LOG_NO_SECTOR;
  switch (vn__log_read_header(log, sector, &header)) {
    case VN__HEADER_VALID:
      entry->sequence = header.sequence;
      entry->erase_count = header.erase_count;
      survey->valid++;
      if (header.sequence > log->state.highest) {
        log->state.highest = header.sequence;
      }
      break;
    case VN__HEADER_BLANK:
      break;
    case VN__HEADER_FOREIGN:
      survey->foreign = true;
      entry->state = VN__SECTOR_JUNK;
      break;
    case VN__HEADER_MAGIC:
      survey->magic++;
      entry->state = VN__SECTOR_JUNK;
      break;
    case VN__HEADER_UNREADABLE:
      survey->unreadable++;
      entry->state = VN__SECTOR_JUNK;
      break;
    case VN__HEADER_JUNK:
      entry->state = VN__SECTOR_JUNK;
      break;
  }
}

/* Whether a record of this sequence lies in the sector. A header without one may be torn, and come
 * and go. */
static bool has_record(vn_flash_log_t *log, uint16_t sector, uint64_t sequence) {
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, sector, log->config.flash->erase_size);
  scan.sequence = sequence;
  scan.window = true;
  return vn__log_scan_next(log, &scan, &record);
}

/*
 * The power may fail while the very first header is programmed. Such a region has lost nothing: it
 * has one torn header and no record behind it, by the number that the first sector always gets.
 */
static bool is_torn_beginning(vn_flash_log_t *log, const survey_t *survey) {
  if (survey->magic != 1 || survey->unreadable > 0) {
    return false;
  }
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    if ((log->config.sectors[i].state & VN__SECTOR_JUNK) != 0 &&
        has_record(log, (uint16_t)i, log->state.limits.sector_count)) {
      return false;
    }
  }
  return true;
}

/* A sector without a header, erased ahead or torn, is taken for one of the least worn. */
static void guess_erase_counts(vn_flash_log_t *log) {
  uint32_t least = UINT32_MAX;
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    const vn_log_sector_t *entry = &log->config.sectors[i];
    least = entry->sequence != 0 && entry->erase_count < least ? entry->erase_count : least;
  }
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    vn_log_sector_t *entry = &log->config.sectors[i];
    entry->erase_count = entry->sequence != 0 ? entry->erase_count : least;
  }
}

vn_err_t vn__log_survey(vn_flash_log_t *log) {
  survey_t survey = {0, 0, 0, false};
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    survey_sector(log, (uint16_t)i, &survey);
  }
  if (survey.foreign) {
    return VN_ERR_FOREIGN;
  }
  if (survey.valid > 0) {
    guess_erase_counts(log);
    return VN_OK;
  }
  if (survey.unreadable == log->state.limits.sector_count) {
    return VN_ERR_FLASH;
  }
  bool nothing = survey.magic + survey.unreadable == 0 || is_torn_beginning(log, &survey);
  return nothing ? VN_ERR_UNFORMATTED : VN_ERR_CORRUPT;
}

void vn__log_reset(vn_flash_log_t *log) {
  vn_log_limits_t limits = log->state.limits;
  memset(&log->state, 0, sizeof log->state);
  memset(log->config.items, 0, log->config.item_count * sizeof *log->config.items);
  log->state.limits = limits;
  log->state.good_sector = VN__LOG_NO_SECTOR;
  log->state.touched = VN_LOG_NO_ITEM;
  log->state.ahead_sectors = 1;
}

/* The sector with the highest sequence, above `above`, that was on no chain yet. */
static uint16_t next_candidate(const vn_flash_log_t *log, uint64_t above) {
  uint16_t best = VN__LOG_NO_SECTOR;
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    const vn_log_sector_t *entry = &log->config.sectors[i];
    if (entry->sequence > above && (entry->state & VN__SECTOR_TRIED) == 0) {
      best = (uint16_t)i;
      above = entry->sequence;
    }
  }
  return best;
}

/* The nearest sector physically behind that has this sequence and belongs to the same region. An
 * empty one only if there is no other: a torn header may come to light with a number in use. */
static uint16_t predecessor(vn_flash_log_t *log, uint16_t sector, uint64_t sequence,
                            vn__log_header_t *header) {
  uint32_t count = log->state.limits.sector_count;
  uint16_t empty = VN__LOG_NO_SECTOR;
  vn__log_header_t found;
  for (uint32_t back = 1; back < count; back++) {
    uint16_t i = (uint16_t)((sector + count - back) % count);
    if (log->config.sectors[i].sequence != sequence ||
        vn__log_read_header(log, i, &found) != VN__HEADER_VALID ||
        found.region_id != log->state.region_id) {
      continue;
    }
    if (has_record(log, i, sequence)) {
      *header = found;
      return i;
    }
    if (empty == VN__LOG_NO_SECTOR) {
      empty = i;
      *header = found;
    }
  }
  return empty;
}

/* The highest sequence of a valid header below this one; 0 = none. */
static uint64_t sequence_below(const vn_flash_log_t *log, uint64_t sequence) {
  uint64_t best = 0;
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    uint64_t other = log->config.sectors[i].sequence;
    best = other < sequence && other > best ? other : best;
  }
  return best;
}

/* The same when the header is damaged: its number is known from its successor's fence, its records
 * prove it by their seed. Its own fence is lost: the next lower number stands in. */
static uint16_t predecessor_inferred(vn_flash_log_t *log, uint16_t sector, uint64_t sequence,
                                     vn__log_header_t *header) {
  uint32_t count = log->state.limits.sector_count;
  for (uint32_t back = 1; back < count; back++) {
    uint16_t i = (uint16_t)((sector + count - back) % count);
    vn_log_sector_t *entry = &log->config.sectors[i];
    bool damaged = entry->sequence == 0 || (entry->state & VN__SECTOR_INFERRED) != 0;
    if (damaged && has_record(log, i, sequence)) {
      memset(header, 0, sizeof *header);
      header->sequence = sequence;
      header->fence_sequence = sequence_below(log, sequence);
      entry->sequence = sequence;
      entry->state = VN__SECTOR_INFERRED;
      return i;
    }
  }
  return VN__LOG_NO_SECTOR;
}

/* The same when nothing of the predecessor is left, but nothing is lost with it: the sector repeats
 * all of it as a seal. The next lower number stands in. */
static uint16_t predecessor_sealed(vn_flash_log_t *log, uint16_t sector, uint64_t sequence,
                                   vn__log_header_t *header) {
  uint32_t first = log->state.limits.header_bytes;
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, sector, log->config.flash->erase_size);
  bool whole = vn__log_record_here(log, &scan, &record) && record.type == VN_RECORD_MARK &&
               record.argument == first;
  uint64_t below = whole ? sequence_below(log, sequence) : 0;
  return below == 0 ? VN__LOG_NO_SECTOR : predecessor(log, sector, below, header);
}

static void chain_add(vn_flash_log_t *log, vn__log_chain_t *chain, uint16_t sector,
                      const vn__log_header_t *header) {
  vn_log_sector_t *entry = &log->config.sectors[sector];
  entry->state |= VN__SECTOR_CHAIN | VN__SECTOR_TRIED;
  chain->oldest = sector;
  chain->genesis = header->fence_sequence == 0 && (entry->state & VN__SECTOR_INFERRED) == 0;
  if (header->committed_tx > chain->known_tx) {
    chain->known_tx = header->committed_tx;
  }
}

/* Whether the sector begins with a record of this sequence. */
static bool begins_with_record(vn_flash_log_t *log, uint16_t sector, uint64_t sequence) {
  vn__log_scan_t scan;
  vn__log_record_t record;
  vn__log_scan_start(log, &scan, sector, log->config.flash->erase_size);
  scan.sequence = sequence;
  return vn__log_record_here(log, &scan, &record);
}

/*
 * The newest header is damaged: its number is one of those that may follow, its first record proves
 * it by its seed. It can't be a torn one, which has no record behind it, nor one whose erasing was
 * cut: what is erased has been followed by a higher number.
 */
static void infer_newest(vn_flash_log_t *log) {
  uint32_t count = log->state.limits.sector_count;
  for (uint32_t i = 0; i < count; i++) {
    vn_log_sector_t *entry = &log->config.sectors[i];
    if ((entry->state & VN__SECTOR_JUNK) == 0) {
      continue;
    }
    for (uint64_t ahead = 1; ahead <= 2u * count; ahead++) {
      if (begins_with_record(log, (uint16_t)i, log->state.highest + ahead)) {
        log->state.highest += ahead;
        entry->sequence = log->state.highest;
        entry->state = VN__SECTOR_INFERRED;
        return;
      }
    }
  }
}

/* The header of a sector that may be the newest; what an inferred one lacks comes from the one
 * before. */
static bool newest_header(vn_flash_log_t *log, uint16_t newest, vn__log_header_t *header) {
  const vn_log_sector_t *entry = &log->config.sectors[newest];
  if ((entry->state & VN__SECTOR_INFERRED) == 0) {
    return vn__log_read_header(log, newest, header) == VN__HEADER_VALID;
  }
  uint64_t below = sequence_below(log, entry->sequence);
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    if (log->config.sectors[i].sequence == below &&
        vn__log_read_header(log, (uint16_t)i, header) == VN__HEADER_VALID) {
      header->oldest_live_distance += (uint32_t)(entry->sequence - below);
      header->sequence = entry->sequence;
      header->fence_sequence = below;
      return true;
    }
  }
  return false;
}

/* Follows the fences down from the newest sector; as far as they hold or as anything can be live.
 */
static bool chain_build(vn_flash_log_t *log, vn__log_chain_t *chain, uint16_t newest) {
  vn__log_header_t head;
  vn__log_header_t *header = &head;
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    log->config.sectors[i].state &= (uint8_t)~VN__SECTOR_CHAIN;
    log->config.sectors[i].next = VN__LOG_NO_SECTOR;
  }
  log->config.sectors[newest].state |= VN__SECTOR_TRIED;
  *chain = (vn__log_chain_t){.oldest = newest, .seal_sector = VN__LOG_NO_SECTOR};
  if (!newest_header(log, newest, header)) {
    return false;
  }
  log->state.region_id = header->region_id;
  uint64_t oldest_live = header->sequence - header->oldest_live_distance;
  uint16_t sector = newest;
  chain_add(log, chain, newest, header);
  while (header->sequence > oldest_live && header->fence_sequence != 0) {
    uint64_t fence = header->fence_sequence;
    uint16_t before = predecessor(log, sector, fence, header);
    if (before == VN__LOG_NO_SECTOR) {
      before = predecessor_inferred(log, sector, fence, header);
    }
    if (before == VN__LOG_NO_SECTOR) {
      before = predecessor_sealed(log, sector, fence, header);
    }
    if (before == VN__LOG_NO_SECTOR) {
      break;
    }
    log->config.sectors[before].next = sector;
    chain_add(log, chain, before, header);
    sector = before;
  }
  return true;
}

/* T is certain if anything shows that its last unit was programmed to the end. */
static bool commit_certain(vn_flash_log_t *log, const vn__log_chain_t *chain) {
  const vn_log_state_t *state = &log->state;
  if (chain->behind || chain->known_tx >= state->tx) {
    return true;
  }
  vn__log_header_t successor;
  (void)vn__log_extent(log, state->good_sector, &successor);
  return log->config.sectors[state->good_sector].next != VN__LOG_NO_SECTOR &&
         (successor.flags & VN__LOG_FLAG_AFTER_MOUNT) == 0;
}

/* A sector's part in what the next write must do: of another region, void, or neither. */
static void classify(vn_flash_log_t *log, uint64_t good_sequence) {
  for (uint32_t i = 0; i < log->state.limits.sector_count; i++) {
    vn_log_sector_t *entry = &log->config.sectors[i];
    vn__log_header_t header;
    entry->state &= (uint8_t)~VN__SECTOR_TRIED;
    if (entry->sequence == 0) {
      continue;
    }
    bool ours = (entry->state & VN__SECTOR_CHAIN) != 0 ||
                (vn__log_read_header(log, (uint16_t)i, &header) == VN__HEADER_VALID &&
                 header.region_id == log->state.region_id);
    if (!ours) {
      entry->sequence = 0;
      entry->state |= VN__SECTOR_JUNK;
    } else if (entry->sequence > good_sequence) {
      entry->state |= VN__SECTOR_VOID;
      entry->state |= has_record(log, (uint16_t)i, entry->sequence) ? VN__SECTOR_RECORDS : 0;
    } else if ((entry->state & VN__SECTOR_CHAIN) == 0 && entry->sequence > log->state.oldest_live) {
      entry->sequence = 0; /* a seal that another one has replaced */
    }
  }
}

/* Whether this sector is the head of a chain that has a commit, and all that the commit needs. */
static bool chain_holds(vn_flash_log_t *log, vn__log_chain_t *chain, uint16_t newest) {
  const vn_log_state_t *state = &log->state;
  const vn_log_sector_t *sectors = log->config.sectors;
  return chain_build(log, chain, newest) && vn__log_find_commit(log, chain) &&
         sectors[chain->oldest].sequence <= state->oldest_live &&
         state->oldest_live <= sectors[state->good_sector].sequence;
}

/* The best chain so far, and what the search has learnt. */
typedef struct choice {
  uint64_t tx, above; /* heads with lower numbers can't be better */
  uint16_t head;
  bool genesis;   /* the first sector of all was found, without a commit */
  bool seal_open; /* the newest chain ends with a seal that was cut */
} choice_t;

/* Looks at one more head; true when no other can be better. */
static bool consider(vn_flash_log_t *log, vn__log_chain_t *chain, uint16_t head, choice_t *choice) {
  const vn_log_state_t *state = &log->state;
  if (!chain_holds(log, chain, head)) {
    bool empty = !chain->committed && chain->known_tx + chain->proven_tx == 0;
    choice->genesis = choice->genesis || (empty && chain->genesis);
    return false;
  }
  if (choice->seal_open && chain->seal_sector != state->good_sector) {
    return false;
  }
  if (state->tx > choice->tx) {
    choice->tx = state->tx;
    choice->head = head;
  }
  choice->above = log->config.sectors[state->good_sector].sequence;
  choice->seal_open = choice->seal_open || chain->seal_open;
  return chain->head_certain && !chain->seal_open;
}

/*
 * Takes the first chain that holds, from the newest header down. But a newest header without a
 * record behind it is only a fence so far, and one that was torn may turn up late, with a high
 * number: a newer commit on a chain with a lower one wins. So does the seal that a seal would have
 * replaced which was cut: nothing but seals can lie behind a commit that needs one.
 */
static vn_err_t choose(vn_flash_log_t *log, vn__log_chain_t *chain) {
  choice_t choice = {0, 0, VN__LOG_NO_SECTOR, false, false};
  infer_newest(log);
  uint16_t candidate = next_candidate(log, 0);
  while (candidate != VN__LOG_NO_SECTOR && !consider(log, chain, candidate, &choice)) {
    candidate = next_candidate(log, choice.above);
  }
  if (choice.head == VN__LOG_NO_SECTOR) {
    /* A log that was only just begun has lost nothing; any other has. */
    return choice.genesis ? VN_ERR_UNFORMATTED : VN_ERR_CORRUPT;
  }
  return choice.head == candidate || chain_holds(log, chain, choice.head) ? VN_OK : VN_ERR_FLASH;
}

vn_err_t vn_log_mount(vn_flash_log_t *log, vn_commit_t *last) {
  VN_ASSERT(log->state.limits.sector_count >= VN__LOG_MIN_SECTORS);
  VN_ASSERT(!log->state.open);
  vn_log_state_t *state = &log->state;
  vn__log_chain_t chain;
  vn__log_reset(log);
  vn_err_t err = vn__log_survey(log);
  if (err == VN_OK) {
    err = choose(log, &chain);
  }
  if (err != VN_OK) {
    return err;
  }
  if (chain.too_big) {
    return VN_ERR_TOO_BIG;
  }
  state->uncertain = !commit_certain(log, &chain);
  state->known_tx = state->uncertain ? chain.known_tx : state->tx;
  state->floor = state->prev_oldest_live; /* it may fade, or be damaged some day */
  *last = state->commit;
  vn__log_replay(log, &chain);
  classify(log, log->config.sectors[state->good_sector].sequence);
  state->head = state->good_sector;
  state->mounted = true;
  vn__log_pass_check(log);
  return VN_OK;
}

bool vn_log_uncertain(const vn_flash_log_t *log) { return log->state.uncertain; }
