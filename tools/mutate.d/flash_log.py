"""Wrong variants of the flash log, made by hand: rules that look right and are not.

A variant is (name, trap, what is wrong, edits). An edit is (file without .c, text, other text); the
text stands in the file exactly once. A trap is the number of the test in test_powerloss_traps.c
that has to notice the variant by itself; "" = any of TESTS may.
"""

TESTS = ["unit/test_flash_log_damage", "powerloss/test_powerloss_remount", "unit/test_flash_log",
         "unit/test_flash_log_pace", "unit/test_engine_full",
         "unit/test_flash_log_idle",
         "powerloss/test_powerloss_traps", "powerloss/test_powerloss_campaign",
         "powerloss/test_powerloss_cuts", "powerloss/test_powerloss_loops"]

TO_THE_END = """while (sector != VN__LOG_NO_SECTOR) {
    vn__log_header_t after;
    replay_sector(log, sector, vn__log_extent(log, sector, &after), &replay);
    sector = log->config.sectors[sector].next;
  }
"""

LAST_SECTOR = "  replay_sector(log, sector, state->good_end, &replay);\n"

VARIANTS = [
    ("linked_crcs", "t1", "the CRC of a record continues that of the record before it", [
        ("flash_log_write", "(log->config.sectors[state->head].sequence, state->offset);",
         "(log->config.sectors[state->head].sequence, state->offset);\n"
         "  seed ^= record->type == VN_RECORD_MARK ? 0 : state->chain;"),
        ("flash_log_scan", "bool vn__log_record_here(",
         "static uint32_t linked, linked_tx;\nbool vn__log_record_here("),
        ("flash_log_scan", "vn_crc32c(vn__log_seed(scan->sequence, scan->offset), bytes, 12);",
         "vn_crc32c(vn__log_seed(scan->sequence, scan->offset) ^\n"
         "  (record->type == VN_RECORD_MARK || record->tx != linked_tx ? 0 : linked), bytes, 12);"),
        ("flash_log_scan", "      scan->offset += vn__record_size(record->length);",
         "      if (record->type != VN_RECORD_MARK) {\n"
         "        linked = record->tx == linked_tx ? linked : 0;\n"
         "        linked = vn__log_chain(linked, record->crc);\n"
         "        linked_tx = record->tx;\n      }\n"
         "      scan->offset += vn__record_size(record->length);")]),
    ("whole_transactions", "t2", "a record counts only while its whole transaction can be read", [
        ("flash_log_replay", "/* The transaction a walk is in. */",
         "static uint64_t whole[4096];"),
        ("flash_log_replay", "  if (record->type == VN_RECORD_COMMIT) {\n",
         "  if (record->type == VN_RECORD_COMMIT) {\n    vn__log_commit_t mine;\n"
         "    vn__log_decode_commit(log->config.record, &mine);\n"
         "    if (mine.record_count == walk->record_count && mine.chain == walk->chain) {\n"
         "      whole[tx % 4096u] = tx;\n    }\n"),
        ("flash_log_replay", "  log->state.tx = 0;",
         "  log->state.tx = 0;\n  memset(whole, 0, sizeof whole);"),
        ("flash_log_replay", "  walk->record_count++;",
         "  if (is_journal_commit(record)) {\n    whole[tx % 4096u] = tx;\n  }\n"
         "  walk->record_count++;"),
        ("flash_log_replay", "if (record.type == VN_RECORD_MARK || tx > replay->highest) {",
         "if (record.type == VN_RECORD_MARK || tx > replay->highest ||\n"
         "        whole[tx % 4096u] != tx) {")]),
    ("live_from_first_sector", "t3", "an item is live in the first sector of its transaction", [
        ("flash_log_clean", "  entry->pending = (uint16_t)(log->state.head + 1u);\n"
         "  log->config.sectors[log->state.head].live++;",
         "  entry->pending = (uint16_t)(log->state.start_sector + 1u);\n"
         "  log->config.sectors[log->state.start_sector].live++;")]),
    ("known_is_highest_seen", "t4", "committed_tx is the highest transaction that mount has seen", [
        ("flash_log_replay", "/* The transaction a walk is in. */", "uint64_t highest_seen;"),
        ("flash_log_replay", "  bool newer = tx > log->state.tx;",
         "  bool newer = tx > log->state.tx;\n"
         "  highest_seen = tx > highest_seen ? tx : highest_seen;"),
        ("flash_log_replay", "  log->state.tx = 0;", "  log->state.tx = 0;\n  highest_seen = 0;"),
        ("flash_log_mount", "/* What a look at all headers has shown. */",
         "extern uint64_t highest_seen;"),
        ("flash_log_mount", "state->known_tx = state->uncertain ? chain.known_tx : state->tx;",
         "state->known_tx = highest_seen;")]),
    ("no_fence", "t5", "what lies behind a fence counts", [
        ("flash_log_replay", "  return successor->fence_offset;",
         "  return log->config.flash->erase_size;")]),
    ("padding_is_a_zero_header", "t6", "padding has the length of a record header; damage ends", [
        ("flash_log_scan", "  end = end < scan->end ? end : scan->end;\n",
         "  end = end < scan->end ? end : scan->end;\n"
         "  if (end - offset < VN__LOG_RECORD_BYTES) {\n    return false;\n  }\n"),
        ("flash_log_scan", "      scan->in_step = false;\n",
         "      scan->in_step = false;\n      return false;\n")]),
    ("always_certain", "t7", "the mounted commit is taken as certain", [
        ("flash_log_mount", "state->uncertain = !commit_certain(log, &chain);",
         "state->uncertain = commit_certain(log, &chain) && false;")]),
    ("freed_space_used_at_once", "t8", "what an uncertain commit set free is erased", [
        ("flash_log_mount", "  state->floor = state->prev_oldest_live;",
         "  state->floor = state->oldest_live;")]),
    ("known_records_apply", "t9", "records behind the last COMMIT count if committed_tx says so", [
        ("flash_log_replay", LAST_SECTOR, "  " + TO_THE_END),
        ("flash_log_replay", "  replay_all(log, log->config.owner);\n",
         "  uint64_t tx = log->state.tx;\n"
         "  log->state.tx = chain->known_tx > tx ? chain->known_tx : tx;\n"
         "  replay_all(log, log->config.owner);\n  log->state.tx = tx;\n")]),
    ("void_erased_in_place", "t10", "a new sector is opened over a void one of the chain", [
        ("flash_log_place",
         "(flags & VN__SECTOR_CHAIN) == 0 && ((flags & VN__SECTOR_RECORDS) == 0 || last_resort);",
         "(flags & VN__SECTOR_CHAIN) != 0 || (flags & VN__SECTOR_RECORDS) == 0 || last_resort;")]),
    ("number_comes_again", "t11", "highest number + 1, junk stays, and the first chain is taken", [
        ("flash_log_write", "after_mount ? state->limits.sector_count : 1u;",
         "after_mount ? 1u : 1u;"),
        ("flash_log_place", "  erased = erase_marked(log, VN__SECTOR_JUNK) || erased;\n", ""),
        ("flash_log_mount", "  return chain->head_certain && !chain->seal_open;",
         "  return true;")]),
    ("certain_across_mounts", "t12", "a later sector makes a commit certain, whoever opened it", [
        ("flash_log_mount", "(successor.flags & VN__LOG_FLAG_AFTER_MOUNT) == 0;",
         "(successor.flags | VN__LOG_FLAG_AFTER_MOUNT) != 0;")]),
    ("holes_are_free", "t13", "holes count as free", [
        ("flash_log_clean", "log, sector)) {\n      break;", "log, sector)) {\n      continue;")]),
    ("pass_forgotten", "", "a restart forgets the cleaning pass", [
        ("flash_log_replay",
         "own.pass_distance == 0 ? 0 : scan->sequence + 1u - own.pass_distance;",
         "0;")]),
    ("abandoned_for_free", "t13", "abandoned sectors are not charged", [
        ("flash_log_place", "(uint64_t)ahead * log->config.flash->erase_size;", "0;")]),
    ("append_behind_the_cut", "", "writing goes on in the sector of the last commit", [
        ("flash_log_place", "  vn_err_t err = vn__log_seal_plan(log, &seal);\n",
         "  if (state->good_sector != VN__LOG_NO_SECTOR) {\n"
         "    state->head = state->good_sector;\n"
         "    state->offset = vn__round_up(state->good_end, log->config.flash->prog_size);\n"
         "    state->page_start = state->offset;\n    state->placed = true;\n"
         "    return VN_OK;\n  }\n  vn_err_t err = vn__log_seal_plan(log, &seal);\n")]),
    ("erase_without_live_check", "", "live sectors are not protected", [
        ("flash_log_write", "entry->sequence >= log->state.floor &&",
         "entry->sequence > log->state.floor + 2u &&")]),
    ("no_payload_crc", "", "the CRC covers the header alone", [
        ("flash_log_write", "vn_crc32c(vn_crc32c(seed, bytes, 12), payload, record->length);",
         "vn_crc32c(seed, bytes, 12);"),
        ("flash_log_scan",
         "  return crc_long(log, scan, scan->offset + VN__LOG_RECORD_BYTES, record->length, &crc)"
         " &&",
         "  uint32_t none = 0;\n"
         "  return crc_long(log, scan, scan->offset + VN__LOG_RECORD_BYTES, record->length, &none)"
         " &&")]),
    ("apply_without_commit", "", "records apply before their COMMIT is there", [
        ("flash_log_replay", "|| tx > replay->highest) {", "|| tx > replay->highest + 1u) {"),
        ("flash_log_replay", LAST_SECTOR, "  " + TO_THE_END)]),
    ("blank_is_erased", "", "a sector that looks erased is not erased again", [
        ("flash_log_mount", "    case VN__HEADER_BLANK:\n",
         "    case VN__HEADER_BLANK:\n      entry->state = VN__SECTOR_ERASED;\n")]),
    ("no_chain_check", "", "a COMMIT is believed whatever lies before it", [
        ("flash_log_replay",
         "(own->record_count == walk->record_count && own->chain == walk->chain);",
         "own->tx == walk->tx;")]),
    ("count_without_chain", "", "a COMMIT checks the number of records, not which", [
        ("flash_log_replay",
         "(own->record_count == walk->record_count && own->chain == walk->chain);",
         "own->record_count == walk->record_count;")]),
    ("an_item_is_not_cleaned", "", "one item is never counted as live", [
        ("flash_log_clean", "  if (item == VN_LOG_NO_ITEM) {\n    return;",
         "  if (item == VN_LOG_NO_ITEM || item == 3) {\n    return;")]),
    ("crc_without_sequence", "", "a record of an earlier life of its sector validates", [
        ("flash_log_format", "  vn__set_u64(bytes, sequence);\n  vn__set_u32(bytes + 8, offset);",
         "  vn__set_u64(bytes, sequence & 0);\n  vn__set_u32(bytes + 8, offset);")]),
    ("crc_without_offset", "", "a record from another place validates", [
        ("flash_log_format", "  vn__set_u32(bytes + 8, offset);",
         "  vn__set_u32(bytes + 8, offset & 0);")]),
    ("seal_moves_nothing", "", "a seal repeats no record", [
        ("flash_log_place", "    err = place_open(log, sector, &seal);",
         "    seal.repeats_from = 0;\n    err = place_open(log, sector, &seal);"),
        ("flash_log_seal", "  vn_err_t err = repeat_records(log, seal);",
         "  vn_err_t err = seal->start == 0 ? repeat_records(log, seal) : VN_OK;")]),
    ("no_seal", "", "the last page of an uncertain commit is not written again", [
        ("flash_log_place", "err = state->uncertain ? vn__log_seal_write(log, &seal) : VN_OK;",
         "err = VN_OK;"),
        ("flash_log_place", "    err = place_open(log, sector, &seal);",
         "    seal.repeats_from = 0;\n    err = place_open(log, sector, &seal);")]),
    ("no_mark_behind_a_seal", "", "nothing shows that a seal is complete", [
        ("flash_log_seal", "  if (err == VN_OK) {\n    err = vn__log_append_mark(log, 0);\n  }\n",
         "")]),
    ("no_mark_behind_the_header", "", "nothing shows that a header is complete", [
        ("flash_log_place",
         "    err = vn__log_append_mark(log, seal->repeats_from); /* makes the header certain */",
         "    err = seal->repeats_from == 0 ? VN_OK : vn__log_append_mark(log, seal->repeats_from);"
         )]),
    ("known_though_uncertain", "", "committed_tx names a commit that may fade", [
        ("flash_log_mount", "state->known_tx = state->uncertain ? chain.known_tx : state->tx;",
         "state->known_tx = state->tx;")]),
    ("junk_left", "", "headers that can't be read are left lying", [
        ("flash_log_place", "  erased = erase_marked(log, VN__SECTOR_JUNK) || erased;\n", "")]),
    ("void_left", "", "void sectors are left lying", [
        ("flash_log_place", "  bool erased = erase_marked(log, VN__SECTOR_VOID);",
         "  bool erased = false;")]),
    ("number_plus_one", "", "a sector opened after a mount gets the next number", [
        ("flash_log_write", "after_mount ? state->limits.sector_count : 1u;",
         "after_mount ? 1u : 1u;")]),
    ("one_chain_tried", "", "only the newest header's chain is tried", [
        ("flash_log_mount",
         "  while (candidate != VN__LOG_NO_SECTOR && !consider(log, chain, candidate, &choice)) {\n"
         "    candidate = next_candidate(log, choice.above);",
         "  if (candidate != VN__LOG_NO_SECTOR && !consider(log, chain, candidate, &choice)) {\n"
         "    candidate = VN__LOG_NO_SECTOR;")]),
    ("first_chain_taken", "", "the first chain that holds wins, certain or not", [
        ("flash_log_mount", "  return chain->head_certain && !chain->seal_open;",
         "  return true;")]),
    ("no_pacing", "", "nothing moves before the reserve is reached", [
        ("flash_log_clean", "pass_needed(log, vn__log_free_sectors(log))) {",
         "vn__log_free_sectors(log) < 2u) {")]),
    ("begins_late", "", "cleaning begins as if what lies in front of it were dead", [
        ("flash_log_clean", "    moved = moved < most ? moved : most;\n",
         "    moved = 0 * most;\n")]),
    ("begins_early", "", "cleaning begins as if all that lies in front of it were live", [
        ("flash_log_clean", "free_sectors >= limits->pass_sectors || state->uneven) {",
         "free_sectors >= limits->pass_sectors || most > 0) {")]),
    ("no_margin", "", "cleaning is a commit late", [
        ("flash_log_clean", "limits->reserve_sectors + limits->margin_sectors)",
         "limits->reserve_sectors + 0u)")]),
    ("half_the_pace", "", "cleaning moves half of what it owes", [
        ("flash_log_clean", "  return moved << 16 < state->limits.alpha_q16 * fresh;",
         "  return moved << 17 < state->limits.alpha_q16 * fresh;")]),
    ("fence_too_far", "", "the fence lies a unit behind the end", [
        ("flash_log_seal", ".fence_offset = state->good_end,",
         ".fence_offset = state->good_end + 8u,")]),
    ("fence_too_near", "", "the fence lies before the end of the commit", [
        ("flash_log_seal", ".fence_offset = state->good_end,",
         ".fence_offset = state->good_end - 8u,")]),
    ("commit_not_synced", "", "a commit returns before it is durable", [
        ("flash_log", "  return err == VN_OK ? flash->sync(flash->context) : err;\n}\n\n"
         "/* The figures of the pass", "  (void)flash;\n  return err;\n}\n\n"
         "/* The figures of the pass")]),
    ("header_not_checked", "", "a header's CRC is not looked at", [
        ("flash_log_format",
         "if (vn__get_u32(bytes + HEADER_CRC) != vn_crc32c(0, bytes, HEADER_CRC)) {",
         "if (vn__get_u32(bytes + HEADER_CRC) == 1u) {")]),
    ("transaction_not_kept_whole", "", "the newest transaction's first sector may go", [
        ("flash_log_clean", "  while (sector != log->state.start_sector &&",
         "  while (sector != log->state.head &&")]),
    ("seal_forgets_predecessor", "", "a seal does not carry prev_oldest_live over", [
        ("flash_log", "    own.prev_oldest_live = state->prev_oldest_live;\n", "")]),
    ("seal_applies_twice", "", "the originals of sealed records apply as well", [
        ("flash_log_replay",
         "after_mount && !successor.skips ? vn__log_seal_start(log, next, fence) : fence;",
         "after_mount && fence == 0 ? vn__log_seal_start(log, next, fence) : fence;")]),
    ("region_ignored", "", "sectors of another region belong to the log", [
        ("flash_log_mount", "        found.region_id != log->state.region_id) {",
         "        found.sequence == 0) {"),
        ("flash_log_mount", "                 header.region_id == log->state.region_id);",
         "                 header.sequence != 0);")]),
    ("abort_keeps_items", "", "a transaction that is given up leaves its book-keeping behind", [
        ("flash_log", "  vn__log_items_revert(log);\n", "  vn__log_items_commit(log);\n")]),
    ("damage_ends_a_sector", "", "the first damaged record hides the rest of its sector", [
        ("flash_log_scan", "      scan->in_step = false;\n",
         "      scan->in_step = false;\n      return false;\n")]),
    ("bad_sector_used", "", "a sector that failed is used again", [
        ("flash_log_write", "    entry->state |= VN__SECTOR_BAD;\n", ""),]),
    ("numbers_do_not_wrap", "", "transaction numbers are not expanded to 64 bits", [
        ("flash_log_replay",
         "  return reference + (uint64_t)(int64_t)(int32_t)(low - (uint32_t)reference);",
         "  return (reference & 0) + low;")]),
    ("seal_from_the_page_of_the_end", "", "the seal begins a page too late", [
        ("flash_log_seal", "log->state.good_start - log->state.good_start %",
         "(log->state.good_end - 1u) - (log->state.good_end - 1u) %")]),
    ("lost_fence_voids_nothing", "", "a torn transaction counts if its fence is lost", [
        ("flash_log_replay", "  return marked ? expand(record.tx, known_tx) : UINT64_MAX;",
         "  return marked ? UINT64_MAX - (known_tx & 0) : UINT64_MAX;")]),
    ("newest_header_needed", "", "without its header the newest sector does not count", [
        ("flash_log_mount", "  infer_newest(log);\n", "  (void)infer_newest;\n")]),
    ("lost_commit_untold", "", "a COMMIT that is damaged is not counted", [
        ("flash_log_replay", "  return proven > log->state.tx ? proven - log->state.tx : 0;",
         "  return proven > log->state.tx ? 0 : 0;")]),
    ("predecessor_not_kept", "", "what only the commit before needs is erased at once", [
        ("flash_log", "    state->floor = state->oldest_live;\n",
         "    state->floor = own.oldest_live;\n")]),
    ("empty_without_a_commit", "", "a log whose only commit is damaged counts as never used", [
        ("flash_log_mount", "!chain->committed && chain->known_tx + chain->proven_tx == 0;",
         "!chain->committed;")]),
    ("chain_ends_at_a_faded_sector", "", "a sector that is sealed as a whole must be found", [
        ("flash_log_mount", "      before = predecessor_sealed(log, sector, fence, header);\n",
         "      (void)predecessor_sealed;\n")]),
    ("seal_behind_seal", "", "a seal of a seal takes a sector of its own", [
        ("flash_log_seal", "  take_place(log, seal);\n", "  (void)take_place;\n")]),
    ("replaced_seal_kept", "", "the sector of a seal that was replaced counts as live", [
        ("flash_log_mount", ") == 0 && entry->sequence > log->state.oldest_live) {",
         ") == 0 && entry->sequence > log->state.highest) {")]),
    ("replaced_seal_void", "", "a seal that was to be replaced goes with the one that was cut",
     [("flash_log_mount", "  return chain->head_certain && !chain->seal_open;",
       "  return chain->head_certain;")]),
    ("seal_of_a_seal_by_the_page", "", "what replaces a seal repeats its last page only", [
        ("flash_log_seal", ".start = log->state.limits.header_bytes,", ".start = seal->start,")]),
    ("replaced_fence_lost", "", "what replaces a seal has the fence of another place", [
        ("flash_log_seal", ".fence_offset = header.fence_offset,",
         ".fence_offset = state->good_end,")]),
    ("cleaning_takes_all", "", "cleaning moves what it owes, whether there is room or not", [
        ("flash_log_clean",
         "vn__log_free_up_to(log, spare + 1u) > spare ||\n"
         "         vn__log_usable_up_to(log, spare + 1u) > spare;",
         "spare > 0;")]),
    ("trial_always_fits", "", "a transaction is begun whether it fits or not", [
        ("flash_log_room",
         "usable >= needed + state->spare - 1u && "
         "usable + sectors_gained(log) >= needed + keep + 2u;",
         "usable + needed + keep + sectors_gained(log) < UINT32_MAX;")]),
    ("last_sectors_taken", "", "what fits is begun, though nothing will fit behind it", [
        ("flash_log_room",
         "usable >= needed + state->spare - 1u && "
         "usable + sectors_gained(log) >= needed + keep + 2u;",
         "usable >= needed + keep + 0u * sectors_gained(log);")]),
]
