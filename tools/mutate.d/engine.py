"""Wrong variants of what the engine commits, sends and takes back, made by hand.

A variant is (name, owner, what is wrong, edits). An edit is (file without .c, text, other text);
the text stands in the file exactly once. The owner is the program that has to notice the variant by
itself; "" = any of TESTS may.
"""

RESTART = "unit/test_engine_restart"
JOURNAL = "powerloss/test_powerloss_journal"
CHECKPOINT = "powerloss/test_powerloss_engine"

TESTS = ["unit/test_outbox", "unit/test_engine", "unit/test_engine_flash",
         "unit/test_engine_restart", "unit/test_engine_journal", "unit/test_engine_journal_repeats",
         "unit/test_engine_gap", "unit/test_engine_coarsen", "unit/test_engine_repeats",
         "unit/test_engine_eager", "unit/test_engine_books", "unit/test_engine_clock",
         "unit/test_engine_late", "unit/test_engine_derive", "unit/test_engine_expiry",
         "unit/test_engine_restored_alerts",
         "unit/test_savepoint", "unit/test_window", "unit/test_session_rules",
         "unit/test_reservoir", "unit/test_engine_limits", "unit/test_outbox_model",
         "powerloss/test_powerloss_engine", "powerloss/test_powerloss_journal",
         "powerloss/test_powerloss_alerts", "powerloss/test_powerloss_change",
         "property/test_coarse", "property/test_restart", "property/test_split",
         "property/test_order", "powerloss/test_powerloss_outage"]

# All that waits for the commit leaves.
LEAVE = """  vn_message_t early;
  vn_outbox_release(&engine->outbox);
  while (engine->ports.uplink != NULL &&
         vn_outbox_next(&engine->outbox, &early, engine->store.scratch,
                        (uint32_t)engine->store.scratch_bytes) &&
         engine->ports.uplink->send(engine->ports.uplink->context, &early) == VN_OK) {
    vn_outbox_taken(&engine->outbox, early.index);
  }
"""

OTHER_SEQ = """    if ((vn__place_of(&outbox->lines[q], number)->marks & VN_OUTBOX_OFFERED) != 0) {
      static const char key[] = "\\"seq\\":";
      for (size_t i = 0; i + sizeof key < message->payload_length; i++) {
        uint8_t *digit = scratch + (message->payload - scratch) + i + sizeof key - 1;
        if (memcmp(message->payload + i, key, sizeof key - 1) == 0 && digit[0] >= '0') {
          digit[0] = (uint8_t)('0' + (digit[0] - '0' + 1) % 10);
          break;
        }
      }
    }
"""

VARIANTS = [
    ("publish_before_commit", JOURNAL, "what a commit lets go leaves before it is written", [
        ("engine_commit", "  vn_err_t error = transact(engine, flags);",
         LEAVE + "  vn_err_t error = transact(engine, flags);")]),
    ("publish_before_it_is_durable", JOURNAL, "what a commit lets go leaves before COMMIT", [
        ("engine_commit", "  return commit(engine, flags);\n",
         LEAVE + "  return commit(engine, flags);\n")]),
    ("acknowledge_before_commit", JOURNAL, "a message is acknowledged and is in RAM alone", [
        ("engine_journal", "  vn_err_t error = append(engine, journal->accepted + 1u, record);",
         "  vn_err_t error = journal->accepted % 5u == 3u\n"
         "                       ? VN_OK : append(engine, journal->accepted + 1u, record);")]),
    ("acknowledge_before_sync", JOURNAL, "a message is acknowledged before its entry is durable", [
        ("flash_log", "  return err == VN_OK ? flash->sync(flash->context) : err;\n}\n\n"
         "/* The reserve is for", "  (void)flash;\n  return err;\n}\n\n/* The reserve is for")]),
    ("acknowledge_though_it_failed", "", "a message is acknowledged that could not be written", [
        ("engine_journal", "  vn_err_t error = append(engine, journal->accepted + 1u, record);",
         "  vn_err_t error = append(engine, journal->accepted + 1u, record);\n"
         "  error = error == VN_ERR_FLASH ? VN_OK : error;")]),
    ("duplicate_check_behind_the_write", JOURNAL, "a repeat is written to the journal", [
        ("engine_journal", "  if (vn__take_repeat(engine, &arrival)) {",
         "  if (journal->bytes_max == 0 && vn__take_repeat(engine, &arrival)) {")]),
    ("old_readings_hide_new_ones", "", "a pack whose first reading was there counts as a repeat", [
        ("engine_message", "  search->fresh = search->fresh || !is_repeat(search, decoded);",
         "  search->fresh =\n"
         "      search->fresh || (search->repeats == 0 && !is_repeat(search, decoded));")]),
    ("restarts_that_wait_are_not_seen", "", "a new number like an old one is a repeat, though a"
     " restart waits", [
         ("engine_reading", "  if (behind && reading->has_sequence && work.time_ms >",
          "  if (behind && !reading->has_sequence && work.time_ms >")]),
    ("applied_one_too_few", "", "the commit names the entry before the last one it holds", [
        ("engine_commit", "      .journal_applied = engine->journal.taken,",
         "      .journal_applied = engine->journal.taken - (engine->journal.taken > 0 ? 1u : 0u),"
        )]),
    ("applied_what_waits", JOURNAL, "the commit names entries that are not in the state yet", [
        ("engine_commit", "      .journal_applied = engine->journal.taken,",
         "      .journal_applied = engine->journal.accepted,")]),
    ("cleaning_ignores_the_journal", "", "entries of the journal are not counted as live", [
        ("engine_journal", "vn__item_of_entry(engine->plan, index), vn__entry_flags(0),",
         "VN_LOG_NO_ITEM, vn__entry_flags(0),")]),
    ("cleaning_ignores_the_outbox", "", "messages of the outbox are not counted as live", [
        ("engine_commit",
         "thing_t thing = {vn__item_of_output(engine->plan, index), (uint32_t)index,",
         "thing_t thing = {VN_LOG_NO_ITEM, (uint32_t)index,")]),
    ("outputs_behind_their_state", JOURNAL, "outputs have a commit behind that of their state", [
        ("engine_commit", "  return error == VN_OK ? put_outputs(engine) : error;",
         "  return error;"),
        ("engine_commit", "  return commit(engine, flags);\n",
         "  error = commit(engine, 0);\n  error = error == VN_OK ? vn_log_begin(&engine->log)"
         " : error;\n  error = error == VN_OK ? put_outputs(engine) : error;\n"
         "  return error == VN_OK ? commit(engine, flags) : error;\n")]),
    ("outputs_before_their_state", CHECKPOINT, "outputs have a commit before that of their state", [
        ("engine_commit", "  error = put_all(engine);\n  if (error",
         "  error = put_outputs(engine);\n  if (error == VN_OK) {\n    vn_commit_t same ="
         " engine->log.state.commit;\n    same.boot = engine->head.boot;\n"
         "    error = vn_log_commit(&engine->log, &same);\n"
         "    error = error == VN_OK ? vn_log_begin(&engine->log) : error;\n  }\n"
         "  error = error == VN_OK ? put_all(engine) : error;\n  if (error"),
        ("engine_commit", "  return error == VN_OK ? put_outputs(engine) : error;",
         "  return error;")]),
    ("one_state_of_many", CHECKPOINT, "a commit with all outputs has the state of one series", [
        ("engine_commit", "       i = engine->store.series[i].next_owed) {",
         "       i = VN_SERIES_NONE) {")]),
    ("given_up_counts_as_done", "", "what could not be committed counts as committed", [
        ("engine_commit", "    vn_err_t error = settle_outputs(engine, last ? flags : 0);\n",
         "    vn_err_t error = settle_outputs(engine, last ? flags : 0);\n"
         "    if (error != VN_OK) {\n      forget_owed(engine);\n    }\n")]),
    ("dedup_numbers_not_in_the_commit", JOURNAL, "which numbers came is forgotten at a restart", [
        ("engine_slot", "  if (state->sequence.started) {",
         "  if (state->sequence.started && packer == NULL) {")]),
    ("dedup_readings_not_in_the_commit", "", "which readings came is forgotten at a restart", [
        ("engine_slot", "  if (state->recent.count > 0) {",
         "  if (state->recent.count > 0 && packer == NULL) {")]),
    ("checks_not_in_the_commit", "", "what a number stood for is forgotten at a restart", [
        ("engine_identity", "  bool kept = checks != NULL && sequence->started;",
         "  bool kept = checks != NULL && sequence->started && sequence->seen == 0;")]),
    ("watermark_not_in_the_commit", CHECKPOINT, "a restart takes the watermark back", [
        ("window_save", "  vn__pack_signed(&packer, memory->state->watermark_ms);\n"
         "  save_waiting", "  vn__pack_signed(&packer, VN_TIME_MINUS_INFINITY);\n"
         "  save_waiting")]),
    ("revisions_not_in_the_commit", "", "a restart counts revisions anew", [
        ("window_save", "    vn__pack_unsigned(&packer, memory->revisions[i]);",
         "    vn__pack_unsigned(&packer, 0);")]),
    ("alerts_not_in_the_commit", "", "a restart forgets the states of alerts", [
        ("engine_slot", "  for (size_t i = 0; i < plan->alert_count; i++) {\n    const vn_alert",
         "  for (size_t i = 0; i < plan->alert_count && packer == NULL; i++) {\n"
         "    const vn_alert")]),
    ("seq_not_in_the_commit", "", "a restart numbers messages from 0", [
        ("engine_global", "  vn__pack_unsigned(&packer, engine->head.seq);",
         "  vn__pack_unsigned(&packer, 0);")]),
    ("boot_not_raised", "", "a restart keeps the number of the boot before", [
        ("engine_restore", "  engine->head.boot = last->boot + 1;",
         "  engine->head.boot = last->boot;")]),
    ("figures_not_in_the_commit", "", "a restart forgets what was counted", [
        ("engine_global", "    vn__pack_unsigned(&packer, *words[i]);",
         "    vn__pack_unsigned(&packer, 0);")]),
    ("tail_not_in_the_commit", "", "a restart does not know up to where all was acknowledged", [
        ("engine_outbox", "    vn__pack_unsigned(packer, line->tail);",
         "    vn__pack_unsigned(packer, 0);")]),
    ("head_not_in_the_commit", CHECKPOINT, "a restart gives numbers of the outbox again", [
        ("outbox_restore", "  if (line->head < head) {", "  if (line->head < head && head == 0) {"
        )]),
    ("limit_not_in_the_commit", "", "a restart does not know what may have been sent", [
        ("outbox_restore", "bool offered = i < line->limit ||", "bool offered = line->limit == 0 ||"
        )]),
    ("gaps_not_in_the_commit", "", "a restart forgets what was dropped and not told", [
        ("engine_outbox", "    vn_gap_t gap = engine->outbox.gaps[i];\n    list_gap",
         "    vn_gap_t gap = {0};\n    list_gap")]),
    ("gaps_forgotten_untold", "", "a notice that finds no room counts as told", [
        ("engine_outbox", "    memcpy(gaps, told, sizeof told);\n", "")]),
    ("gaps_told_again", "", "what was told to be gone stays in the counters", [
        ("engine_outbox", "  memset(gaps, 0, sizeof told);\n", "")]),
    ("tombs_forgotten", "", "what was given up in the middle of a line comes back", [
        ("engine_commit", "    error = engine->outbox.tombs > 0 ? put_tombs(engine, q) : VN_OK;",
         "    error = engine->outbox.tombs > UINT32_MAX / 2u ? put_tombs(engine, q) : VN_OK;")]),
    ("expired_series_come_back", "", "no commit says that a series is gone", [
        ("engine_commit", ": put_tomb(&engine->log, i);", ": VN_OK;")]),
    ("freed_before_puback", RESTART, "a message is forgotten when it is handed over", [
        ("outbox", "  place->state = VN_OUTBOX_SENT;\n  place->marks = VN_OUTBOX_OFFERED;\n",
         "  vn__outbox_free(outbox, place);\n  vn__outbox_move_tail(line);\n")]),
    ("refused_counts_as_acknowledged", "", "a message that was not acknowledged is forgotten", [
        ("outbox", "  if (ok) {\n    vn__outbox_free", "  if (ok || index > 0) {\n"
         "    vn__outbox_free")]),
    ("refused_is_not_sent_again", "", "a message that was refused waits for a restart", [
        ("outbox", "  line->next = number < line->next ? number : line->next;\n", "")]),
    ("link_lost_is_not_noticed", "", "what was in flight when the link broke is not sent again", [
        ("outbox", "      if (vn__place_of(line, i)->state == VN_OUTBOX_SENT) {",
         "      if (vn__place_of(line, i)->state == VN_OUTBOX_SENT && i == UINT64_MAX) {")]),
    ("resent_with_a_new_seq", JOURNAL, "what is sent again has another number", [
        ("outbox", "    VN_ASSERT(there);\n    return true;",
         "    VN_ASSERT(there);\n" + OTHER_SEQ + "    return true;")]),
    ("alerts_dropped_like_summaries", "", "a full outbox drops events", [
        ("outbox", "    case VN_CHANNEL_EVENT:\n", "")]),
    ("dropped_in_flight", "", "a full outbox drops what is on its way", [
        ("outbox", "  return place->state == VN_OUTBOX_NEW || place->state == VN_OUTBOX_READY;",
         "  return place->state != VN_OUTBOX_DONE;")]),
    ("dropped_uncounted", "", "what is dropped is told to nobody", [
        ("outbox", "  if (message->numbered && message->channel != VN_CHANNEL_GAP) {",
         "  if (message->numbered && message->channel > VN_CHANNEL_GAP + 100) {")]),
    ("coarse_counts_twice", "", "what is merged counts twice", [
        ("coarse", "  if (!adjacent || !vn_aggregate_merge(&into->aggregate, &other->aggregate)) {",
         "  if (!adjacent || !vn_aggregate_merge(&into->aggregate, &other->aggregate) ||\n"
         "      !vn_aggregate_merge(&into->aggregate, &other->aggregate)) {")]),
    ("coarse_books_twice", "", "the accounting of what is merged counts twice", [
        ("coarse", "add_counts(into->accounting[i], other->accounting[i]);",
         "add_counts(into->accounting[i], 2u * other->accounting[i]);")]),
    ("coarse_beside_fine", "", "what was merged is sent as well", [
        ("engine_coarsen",
         "    if (vn__coarsen_is_source(pass, number)) {\n      vn_outbox_give_up",
         "    if (number % 4u != 1u && vn__coarsen_is_source(pass, number)) {\n"
         "      vn_outbox_give_up")]),
    ("coarse_of_old_revisions", "", "an older revision is merged beside the newer one", [
        ("engine_coarsen_scan", "    if (covers && (place->windows > 0 ||",
         "    if (covers && place->windows > 77u && (place->windows > 0 ||")]),
    ("coarse_of_what_was_sent", "", "what may have been sent is merged, and sent once more", [
        ("engine_coarsen_scan",
         "number < line->limit || (place->marks & VN_OUTBOX_OFFERED) != 0 ||",
         "")]),
    ("coarse_over_holes", "", "results that are not adjacent become one", [
        ("coarse", "  if (!adjacent || !vn", "  if ((!adjacent && into->windows > 99u) || !vn")]),
    ("savepoint_forgets_a_series", "", "an import leaves out the last series", [
        ("engine_savepoint_load", "    if (known && next < engine->plan->series_max && take_series",
         "    if (i > 0 && i + 1u == count) {\n      skip(input);\n      continue;\n    }\n"
         "    if (known && next < engine->plan->series_max && take_series")]),
    ("savepoint_without_alerts_to_send", "", "an export leaves out a line of the outbox", [
        ("engine_savepoint", "q < VN_OUTBOX_QUEUES && engine->ports.uplink != NULL; q++) {",
         "q + 1u < VN_OUTBOX_QUEUES && engine->ports.uplink != NULL; q++) {")]),
    ("savepoint_without_journal", "", "an export leaves out what waits in the journal", [
        ("engine_savepoint", "      engine->plan->queue_bytes > 0 && (engine->journal.on",
         "      engine->plan->queue_bytes == 0 && (engine->journal.on")]),
    ("savepoint_is_not_committed", "", "an import is in RAM alone", [
        ("engine_savepoint_load",
         "vn__settle_restored(engine, clean ? VN_COMMIT_CLEAN_STOP : 0);", "VN_OK;")]),
    ("savepoint_counts_as_a_checkpoint", "", "an import tells a shorter loss than its state", [
        ("engine_savepoint_load", "  engine->starting = true;", "  engine->starting = false;")]),
    ("savepoint_crc_ignored", "", "a damaged savepoint is imported", [
        ("engine_savepoint_load", "        item.kind == VN_CBOR_UINT && item.unsigned_value =="
         " vn_crc32c(0, bytes, length - width)) {", "        item.kind == VN_CBOR_UINT) {")]),
    ("cleaned_entries_count_twice", "", "an entry that cleaning wrote again is taken twice", [
        ("engine_journal", "  if (index <= journal->accepted && engine->plan->queue_bytes > 0) {",
         "  if (index <= journal->accepted && engine->plan->queue_bytes == 0) {")]),
    ("arrivals_by_another_clock", "", "what came without a clock comes back with another time", [
        ("engine_journal", "    if (!head.arrival_valid) {\n", "    if (length == 1) {\n")]),
    ("writing_costs_nothing", "", "what a message writes is not taken from what a day may", [
        ("engine_journal", "  vn__allowance_spend(engine, topic, written);\n", "")]),
    ("derived_not_in_the_commit", "", "what waits for other operands is forgotten at a restart", [
        ("engine_slot", "  if (state->first_link != VN_SERIES_NONE) {",
         "  if (state->first_link != VN_SERIES_NONE && packer == NULL) {")]),
    ("acknowledgements_in_no_commit", "", "that messages arrived makes no commit due", [
        ("engine_step", "  engine->owed.globals = true;\n", "")]),
    ("every_stop_counts_as_clean", "", "a restart after a crash tells of no loss", [
        ("engine_restore", "  recovery->clean = (last->flags & VN_COMMIT_CLEAN_STOP) != 0;",
         "  recovery->clean = true;")]),
    ("changed_windows_begin_too_early", "", "windows that begin anew forget the watermark", [
        ("engine_slot_load", "    vn__time_keep_watermark(work, part->bytes, part->length);\n",
         "    part = part;\n")]),
    ("gone_series_are_uncounted", "", "a series without a place takes its numbers along", [
        ("engine_slot_load",
         "  vn__add_accounting(&engine->figures.expired, &state->accounting);\n", "")]),
    ("savepoint_of_another_device", "", "a savepoint of another device is taken over", [
        ("engine_savepoint_load", "  if (!is_ours(engine, head->device)) {",
         "  if (!is_ours(engine, head->device) && !accept) {")]),
    ("savepoint_of_a_later_version", "", "a state of a later version is taken over", [
        ("engine_savepoint_load",
         "  return head->state_version <= VN__STATE_VERSION || accept ? VN_OK : VN_ERR_NEWER;",
         "  return VN_OK;")]),
    ("future_moves_the_watermark", "", "a quarantined reading closes windows", [
        ("engine_reading", "         work->time_ms > vn_add_saturating(work->engine->arrival_ms,"
         " max_future_ms);", "         work->time_ms > vn_add_saturating(work->engine->arrival_ms,"
         " max_future_ms) &&\n         (vn__windows_advance((vn__work_t *)work, work->time_ms,"
         " VN_KIND_ON_TIME), true);")]),
    ("window_fires_late", "", "a window fires a millisecond too late", [
        ("window", "ends_ms[next] - 1 > firing->watermark_ms) {\n      vn_time_ms_t due_ms",
         "ends_ms[next] > firing->watermark_ms) {\n      vn_time_ms_t due_ms")]),
    ("watermark_a_millisecond_ahead", "", "out_of_order is a millisecond short", [
        ("window", "  vn_time_ms_t watermark_ms = reading->time_ms - set->out_of_order_ms - 1;",
         "  vn_time_ms_t watermark_ms = reading->time_ms - set->out_of_order_ms;")]),
    ("reading_in_the_pane_before", "", "a reading at the start of a window belongs to the other", [
        ("window", "vn_floor_div(time_ms - set->anchor_ms, set->pane_ms);",
         "vn_floor_div(time_ms - set->anchor_ms - 1, set->pane_ms);")]),
    ("one_pane_short", "", "there is a pane less than live windows need", [
        ("window_set", "  out->pane_count = panes > UINT32_MAX ? UINT32_MAX : (uint32_t)panes;",
         "  out->pane_count = panes > UINT32_MAX ? UINT32_MAX : (uint32_t)panes - 1u;")]),
    ("session_ends_early", "", "readings exactly a gap apart are two sessions", [
        ("session", "vn__session_end(set, &memory->sessions[first - 1]) >= time_ms) {",
         "vn__session_end(set, &memory->sessions[first - 1]) > time_ms) {")]),
    ("session_judged_before_merging", "", "a late reading is judged without what it touches", [
        ("session", "    end_ms = its_end_ms > end_ms ? its_end_ms : end_ms;\n", "")]),
    ("sample_one_short", "", "a sample holds a reading less than it should", [
        ("reservoir", "  VN_ASSERT(count <= capacity);\n  if (count < capacity) {\n"
         "    insert(turn_ms, members, count, member);",
         "  VN_ASSERT(count <= capacity);\n  if (count + 1u < capacity) {\n"
         "    insert(turn_ms, members, count, member);")]),
    ("loss_told_too_short", "", "what waits in the queue at a checkpoint counts as in it", [
        ("engine_commit", "  if (record == NULL || length == 0) {",
         "  if (record != NULL || length == 0) {")]),
]
