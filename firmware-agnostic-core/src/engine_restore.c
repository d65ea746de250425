/* A restart: reading the state back, counting what may be missing. */
#include "engine_journal_priv.h"
#include "engine_outbox_priv.h"
#include "engine_slot_priv.h"
#include "vn/savepoint.h"

#include <string.h>

const bool vn__has_flash = true;

#define PART_LAST 0x80u

/* A record of the log, as vn__log_apply gets it. */
typedef struct part {
  const uint8_t *payload;
  uint32_t length, argument;
  uint8_t type, flags;
} part_t;

/*
 * Puts the parts of a record together in the scratch; true when the last one is there. A damaged
 * part may be missing, and of a record that was overwritten only the last ones may be left: what
 * doesn't follow the part before it is dropped.
 */
static bool assemble(vn_engine_t *engine, const part_t *part) {
  uint8_t number = part->flags & (uint8_t)~PART_LAST;
  if (number == 0) {
    engine->parts_length = 0;
    engine->parts_next = 0;
    engine->parts_type = part->type;
    engine->parts_argument = part->argument;
  }
  bool follows = number == engine->parts_next && part->type == engine->parts_type &&
                 part->argument == engine->parts_argument &&
                 part->length <= engine->store.scratch_bytes - engine->parts_length;
  if (!follows) {
    engine->parts_next = PART_LAST; /* no number: nothing follows until a first part comes */
    return false;
  }
  memcpy(engine->store.scratch + engine->parts_length, part->payload, part->length);
  engine->parts_length += part->length;
  engine->parts_next++;
  return (part->flags & PART_LAST) != 0;
}

static uint32_t apply_slot(vn_engine_t *engine, uint32_t series) {
  vn__farewell_forget(engine, series);
  if (vn__slot_load(engine, series, engine->store.scratch, engine->parts_length)) {
    return vn__item_of_series(series);
  }
  engine->recovery.series_reset++;
  return VN_LOG_NO_ITEM;
}

static uint32_t apply_output(vn_engine_t *engine) {
  uint64_t index = 0;
  if (engine->parts_length < sizeof index || engine->ports.uplink == NULL) {
    return VN_LOG_NO_ITEM;
  }
  for (unsigned i = 0; i < sizeof index; i++) {
    index |= (uint64_t)engine->store.scratch[i] << (8 * i);
  }
  if (engine->parts_length == sizeof index) { /* it is gone: an older record of it came before */
    vn_outbox_forget(&engine->outbox, index);
    vn_log_release(&engine->log, vn__item_of_output(engine->plan, index));
    return VN_LOG_NO_ITEM;
  }
  if (vn_outbox_restore(&engine->outbox, index, engine->store.scratch + sizeof index,
                        (uint32_t)(engine->parts_length - sizeof index)) != VN_OK) {
    return VN_LOG_NO_ITEM;
  }
  return vn__item_of_output(engine->plan, index);
}

/* Parts before the last one belong to the item as well: the first one marks where it begins. */
static uint32_t item_of(const vn_engine_t *engine, uint8_t type, uint32_t argument) {
  switch (type) {
    case VN_RECORD_GLOBAL:
      return VN__ITEM_GLOBAL;
    case VN_RECORD_SLOT:
      return argument < engine->plan->series_max ? vn__item_of_series(argument) : VN_LOG_NO_ITEM;
    case VN_RECORD_OUT:
      return vn__item_of_output(engine->plan, argument);
    default:
      return VN_LOG_NO_ITEM;
  }
}

/* The series said goodbye: an older record of it may have come before. */
static void apply_tomb(vn_engine_t *engine, uint32_t series) {
  if (series >= engine->plan->series_max) {
    return;
  }
  if (engine->table.name_lengths[series] > 0) {
    vn__series_end(engine, series);
  }
  engine->store.series[series].pipeline = 0; /* its numbers were counted then */
  vn__farewell_forget(engine, series);
  vn_log_release(&engine->log, vn__item_of_series(series));
}

uint32_t vn__log_apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                       const uint8_t *payload, uint32_t length) {
  vn_engine_t *engine = context;
  if (type == VN_RECORD_TOMB) {
    apply_tomb(engine, argument);
    return VN_LOG_NO_ITEM;
  }
  if (type == VN_RECORD_JOURNAL) {
    return vn__journal_apply(engine, flags, argument, payload, length);
  }
  part_t part = {payload, length, argument, type, flags};
  if (!assemble(engine, &part)) {
    return item_of(engine, type, argument);
  }
  switch (type) {
    case VN_RECORD_SLOT:
      return apply_slot(engine, argument);
    case VN_RECORD_OUT:
      return apply_output(engine);
    case VN_RECORD_GLOBAL:
      return vn__global_load(engine, engine->store.scratch, engine->parts_length) ? VN__ITEM_GLOBAL
                                                                                  : VN_LOG_NO_ITEM;
    default:
      return VN_LOG_NO_ITEM;
  }
}

static vn_err_t set_up_log(vn_engine_t *engine) {
  vn__log_sizes_t sizes = vn__log_sizes(engine->plan);
  vn_time_ms_t wall_ms = 0;
  engine->log_owner = (vn_log_owner_t){engine, vn__log_rewrite, vn__log_apply};
  engine->transaction_bytes = engine->journal.on ? UINT64_MAX : sizes.transaction_bytes;
  engine->journal.bytes_max = sizes.journal_bytes_max;
  if (!vn__wall_ms(engine, &wall_ms)) {
    wall_ms = vn__mono_ms(engine);
  }
  vn_log_config_t config = {
      .flash = engine->ports.flash,
      .owner = &engine->log_owner,
      .items = engine->store.items,
      .item_count = sizes.item_count,
      .sectors = engine->store.sectors,
      .page = engine->store.page,
      .page_size = (uint32_t)engine->store.page_bytes,
      .record = engine->store.record,
      .record_max = sizes.record_max,
      .live_bytes_max = sizes.live_bytes_max,
      .commit_bytes_max = sizes.commit_bytes_max,
      .region_id = (uint32_t)((uint64_t)wall_ms * UINT64_C(0x9E3779B97F4A7C15) >> 32),
  };
  return vn_log_init(&engine->log, &config);
}

/* Tombs in one transaction. */
#define TOMBS_MAX 256u

/*
 * Series that the plan has no place for: their numbers become the device's, in the transaction that
 * has their tombs. Without `commit` they only do so in RAM.
 */
static vn_err_t bury(vn_engine_t *engine, bool commit) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    vn_series_state_t *state = &engine->store.series[i];
    if (!vn__slot_bury(engine, i) || !commit) {
      continue;
    }
    state->flags = VN__SERIES_OWED;
    state->next_owed = engine->owed.first;
    engine->owed.first = i;
    if (++count % TOMBS_MAX == 0) {
      vn_err_t error = vn__settle(engine, false, 0);
      if (error != VN_OK) {
        return error;
      }
    }
  }
  vn__sum_accounting(engine);
  return VN_OK;
}

/* How long ago at the restart, if the clock can tell. */
static int64_t passed_since(const vn_engine_t *engine, const vn_series_state_t *state,
                            vn_time_ms_t since_ms) {
  vn_time_ms_t wall_ms;
  bool known = (state->flags & VN__SERIES_PROVISIONAL) == 0 && vn__wall_ms(engine, &wall_ms) &&
               since_ms > 0 && wall_ms > since_ms;
  return known ? wall_ms - since_ms : 0;
}

/* For timeouts and absences silence counts from the restart on; a time to live goes on. */
static void settle_restored(vn_engine_t *engine) {
  int64_t now_ms = vn__mono_ms(engine);
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] == 0) {
      continue;
    }
    vn_series_state_t *state = &engine->store.series[i];
    vn_pipeline_state_t *pipeline = &engine->store.pipelines[state->pipeline];
    engine->recovery.series_restored++;
    engine->unsettled = engine->unsettled || (state->flags & VN__SERIES_PROVISIONAL) != 0;
    state->last_arrival_mono_ms = now_ms - passed_since(engine, state, state->last_arrival_wall_ms);
    state->early_since_mono_ms = now_ms - passed_since(engine, state, state->early_since_mono_ms);
    pipeline->last_arrival_mono_ms = now_ms;
    vn__work_t work = vn__work(engine, i);
    vn__alerts_resume(&work);
    state->late_since_mono_ms = now_ms;
    if (state->window.watermark_ms > pipeline->watermark_ms) {
      pipeline->watermark_ms = state->window.watermark_ms;
    }
  }
  vn__outbox_resume(engine);
  vn__flood_resume(engine);
  vn__sum_accounting(engine);
}

/* What damage has left: the log doesn't know what lies where, and older versions may have come
 * back. */
static void rewrite_everything(vn_engine_t *engine) {
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] > 0) {
      vn__touch(engine, &engine->store.series[i]);
    }
  }
}

static void note_recovery(vn_engine_t *engine, const vn_commit_t *last) {
  vn_recovery_t *recovery = &engine->recovery;
  recovery->fresh = false;
  recovery->clean = (last->flags & VN_COMMIT_CLEAN_STOP) != 0;
  recovery->journal = (last->flags & VN_COMMIT_JOURNAL) != 0;
  recovery->messages_again = engine->journal.accepted - last->journal_applied;
  recovery->records_damaged = engine->log.figures.records_damaged;
  recovery->lost_from_ms = engine->checkpoint_wall_ms;
  if (!vn__wall_ms(engine, &recovery->lost_to_ms)) {
    recovery->lost_to_ms = VN_TIME_PLUS_INFINITY;
  }
  engine->head.boot = last->boot + 1;
  if (recovery->records_damaged > 0) {
    engine->head.boot++; /* the newest commit may be gone, and it may have been the next boot's */
    rewrite_everything(engine);
  }
}

/* Reads the newest commit; nothing is written. */
static vn_err_t read_back(vn_engine_t *engine) {
  vn_commit_t last = {0};
  vn_err_t error = set_up_log(engine);
  if (error != VN_OK) {
    return error;
  }
  error = vn_log_mount(&engine->log, &last);
  if (error == VN_OK && last.schema_hash > VN__STATE_VERSION) {
    return VN_ERR_NEWER;
  }
  if (error == VN_OK) {
    settle_restored(engine);
    error = vn__journal_resume(engine, last.journal_applied);
    note_recovery(engine, &last);
  }
  return error;
}

/* Records that are read again: first they are counted, then the last one of each series is looked
 * at. The count stands where a guess will, once readings come. */
typedef struct again {
  vn__former_source_t source;
  bool counted;
} again_t;

static uint32_t look_again(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                           const uint8_t *payload, uint32_t length) {
  again_t *again = context;
  vn_engine_t *engine = again->source.engine;
  part_t part = {payload, length, argument, type, flags};
  bool ends = type == VN_RECORD_TOMB || (type == VN_RECORD_SLOT && assemble(engine, &part));
  if (!ends || argument >= engine->table.capacity) {
    return VN_LOG_NO_ITEM;
  }
  uint32_t *left = &engine->store.series[argument].next_named;
  *left = again->counted ? *left - 1u : *left + 1u;
  if (again->counted && *left == 0 && type == VN_RECORD_SLOT) {
    bool lasting = (flags & (uint8_t)~PART_LAST) == 0;
    again->source.series = argument;
    const uint8_t *bytes = lasting ? payload : engine->store.scratch;
    vn__former_record(&again->source, (vn__former_record_t){bytes, engine->parts_length, lasting});
  }
  return VN_LOG_NO_ITEM;
}

static void set_guesses(vn_engine_t *engine, uint32_t value) {
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    engine->store.series[i].next_named = value;
  }
}

/* Before anything is written: where the states of such windows lie may be overwritten then. */
static void tell_former_windows(vn_engine_t *engine) {
  again_t again = {.source = vn__former_begin(engine)};
  const vn_log_owner_t look = {&again, NULL, look_again};
  if (engine->recovery.windows_end) {
    set_guesses(engine, 0);
    vn_log_look(&engine->log, &look);
    again.counted = true;
    vn_log_look(&engine->log, &look);
    set_guesses(engine, VN_SERIES_NONE);
  }
}

vn_err_t vn__restore_from_flash(vn_engine_t *engine) {
  vn_err_t error = read_back(engine);
  if (error == VN_ERR_UNFORMATTED) {
    error = vn_log_format(&engine->log);
  }
  if (error != VN_OK) {
    return error;
  }
  engine->durable = true;
  engine->erases_before = engine->log.figures.erases;
  engine->recovery.boot = engine->head.boot;
  engine->starting = !engine->recovery.fresh;
  tell_former_windows(engine);
  error = vn__farewell_tell(engine);
  error = error == VN_OK ? bury(engine, true) : error;
  if (error == VN_OK) {
    vn__derive_resume(engine);
    error = vn__settle(engine, true, 0);
  }
  engine->starting = false;
  return error;
}

vn_err_t vn_inspect(vn_engine_t *engine) {
  VN_ASSERT(engine != NULL && !engine->restored);
  VN_ASSERT(engine->ports.flash != NULL);
  vn__begin(engine);
  vn_err_t error = read_back(engine);
  engine->savepoints.inspected = true;
  if (error == VN_OK) {
    engine->head.boot--; /* that of the run which wrote it */
    engine->batch.length = 0;
    error = bury(engine, false);
  }
  return error;
}

bool vn_inspected_wall_ms(const vn_engine_t *engine, vn_time_ms_t *out) {
  *out = engine->log.state.commit.wall_ms;
  return engine->log.state.mounted && *out != VN_TIME_MINUS_INFINITY;
}

vn_err_t vn__begin_empty(vn_engine_t *engine) {
  vn_commit_t last;
  vn__begin(engine);
  vn_err_t error = set_up_log(engine);
  if (error != VN_OK) {
    return error;
  }
  error = vn_log_mount(&engine->log, &last);
  if (error == VN_OK) {
    return VN_ERR_ORDER; /* somebody's state */
  }
  return error == VN_ERR_UNFORMATTED ? vn_log_format(&engine->log) : error;
}

vn_err_t vn__resume_restored(vn_engine_t *engine) {
  settle_restored(engine);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    engine->committed_head[q] = engine->committed_tail[q]; /* none of them is on the flash */
  }
  return vn__journal_resume(engine, 0);
}

vn_err_t vn__settle_restored(vn_engine_t *engine, uint16_t flags) {
  vn_err_t error = vn__farewell_tell(engine);
  return error == VN_OK ? vn__settle(engine, true, flags) : error;
}
