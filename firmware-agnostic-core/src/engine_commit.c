/* Commits: outputs and the states they came from in one transaction, in bounded pieces. */
#include "engine_journal_priv.h"
#include "engine_outbox_priv.h"

#include <string.h>

/* Records longer than the log's are stored in parts; the last one is marked. */
#define PART_LAST 0x80u
#define PARTS_MAX 127u

/* A thing to be stored: its item, type and argument. */
typedef struct thing {
  uint32_t item, argument;
  vn_record_type_t type;
} thing_t;

static vn_err_t put(vn_flash_log_t *log, const thing_t *thing, const uint8_t *bytes,
                    size_t length) {
  size_t most = log->config.record_max;
  for (uint8_t part = 0; part < PARTS_MAX; part++) {
    size_t piece = length < most ? length : most;
    uint8_t flags = (uint8_t)(piece == length ? part | PART_LAST : part);
    vn_err_t error = vn_log_put(log, thing->item, (uint8_t)thing->type, flags, thing->argument,
                                bytes, (uint32_t)piece);
    if (error != VN_OK || piece == length) {
      return error;
    }
    bytes += piece;
    length -= piece;
  }
  return VN_ERR_TOO_BIG;
}

static vn_err_t put_global(vn_engine_t *engine, vn_flash_log_t *log) {
  thing_t thing = {VN__ITEM_GLOBAL, 0, VN_RECORD_GLOBAL};
  size_t length = vn__global_save(engine, engine->store.scratch, engine->store.scratch_bytes);
  VN_ASSERT(length <= engine->store.scratch_bytes);
  return put(log, &thing, engine->store.scratch, length);
}

static vn_err_t put_series(vn_engine_t *engine, vn_flash_log_t *log, uint32_t series) {
  thing_t thing = {vn__item_of_series(series), series, VN_RECORD_SLOT};
  VN_ASSERT(vn_accounting_balances(&engine->store.series[series].accounting));
  size_t length = vn__slot_save(engine, series, engine->store.scratch, engine->store.scratch_bytes);
  VN_ASSERT(length <= engine->store.scratch_bytes);
  return put(log, &thing, engine->store.scratch, length);
}

/* No item: the records that it answers lie in front of it, and fall out of the log before it. */
static vn_err_t put_tomb(vn_flash_log_t *log, uint32_t series) {
  vn_err_t error = vn_log_put(log, VN_LOG_NO_ITEM, VN_RECORD_TOMB, 0, series, "", 0);
  if (error == VN_OK) {
    vn_log_release(log, vn__item_of_series(series));
  }
  return error;
}

static void put_index(uint8_t *out, uint64_t index) {
  for (unsigned i = 0; i < sizeof index; i++) {
    out[i] = (uint8_t)(index >> (8 * i));
  }
}

/* index u64 little-endian, then the outbox' own record. */
static vn_err_t put_output(vn_engine_t *engine, vn_flash_log_t *log, uint64_t index) {
  thing_t thing = {vn__item_of_output(engine->plan, index), (uint32_t)index, VN_RECORD_OUT};
  uint8_t *bytes = engine->store.scratch;
  put_index(bytes, index);
  uint32_t length = vn_outbox_record(&engine->outbox, index, bytes + sizeof index,
                                     (uint32_t)(engine->store.scratch_bytes - sizeof index));
  if (length == 0) {
    vn_log_release(log, thing.item);
    return VN_OK;
  }
  return put(log, &thing, bytes, sizeof index + length);
}

vn_err_t vn__log_rewrite(void *context, vn_flash_log_t *log, uint32_t item) {
  vn_engine_t *engine = context;
  uint32_t first_output = 1u + engine->plan->series_max;
  if (engine->journal.on && item >= vn__item_of_entry(engine->plan, 0)) {
    return vn__journal_rewrite(engine, log);
  }
  if (item == VN__ITEM_GLOBAL) {
    return put_global(engine, log);
  }
  if (item < first_output) {
    uint32_t series = item - 1u;
    if (engine->table.name_lengths[series] > 0) {
      return put_series(engine, log, series);
    }
    vn_log_release(log, item);
    return VN_OK;
  }
  uint32_t entry = item - first_output;
  uint32_t queue = entry < engine->plan->outbox_entries ? VN_OUTBOX_OTHERS : VN_OUTBOX_ALERTS;
  entry -= queue == VN_OUTBOX_ALERTS ? engine->plan->outbox_entries : 0;
  const vn_outbox_line_t *line = &engine->outbox.lines[queue];
  uint64_t number = line->tail + ((entry - line->tail) & (line->entries_max - 1u));
  return put_output(engine, log, number * VN_OUTBOX_QUEUES + queue);
}

/* The index alone: what was given up in the middle of a line must not come back. */
static vn_err_t put_tombs(vn_engine_t *engine, unsigned queue) {
  const vn_outbox_line_t *line = &engine->outbox.lines[queue];
  vn_err_t error = VN_OK;
  for (uint64_t i = line->tail; error == VN_OK && i < engine->committed_head[queue]; i++) {
    if ((line->places[i & (line->entries_max - 1u)].marks & VN_OUTBOX_TOMB) == 0) {
      continue;
    }
    uint8_t bytes[sizeof(uint64_t)];
    uint64_t index = i * VN_OUTBOX_QUEUES + queue;
    put_index(bytes, index);
    error = vn_log_put(&engine->log, VN_LOG_NO_ITEM, VN_RECORD_OUT, PART_LAST, (uint32_t)index,
                       bytes, sizeof bytes);
    if (error == VN_OK) {
      vn_log_release(&engine->log, vn__item_of_output(engine->plan, index));
    }
  }
  return error;
}

/* What was acknowledged or given up since the last commit, then what is new since then: read back
 * in this order, the outbox never holds more at a time than it did. */
static vn_err_t put_outputs(vn_engine_t *engine) {
  vn_err_t error = VN_OK;
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES && error == VN_OK; q++) {
    for (uint64_t i = engine->committed_tail[q]; i < engine->outbox.lines[q].tail; i++) {
      vn_log_release(&engine->log, vn__item_of_output(engine->plan, i * VN_OUTBOX_QUEUES + q));
    }
    error = engine->outbox.tombs > 0 ? put_tombs(engine, q) : VN_OK;
  }
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES && error == VN_OK; q++) {
    const vn_outbox_line_t *line = &engine->outbox.lines[q];
    uint64_t from = engine->committed_head[q] > line->tail ? engine->committed_head[q] : line->tail;
    for (uint64_t i = from; i < line->head && error == VN_OK; i++) {
      error = put_output(engine, &engine->log, i * VN_OUTBOX_QUEUES + q);
    }
  }
  return error;
}

static vn_err_t put_owed_series(vn_engine_t *engine) {
  for (uint32_t i = engine->owed.first; i != VN_SERIES_NONE;
       i = engine->store.series[i].next_owed) {
    vn_err_t error = engine->table.name_lengths[i] > 0 ? put_series(engine, &engine->log, i)
                                                       : put_tomb(&engine->log, i);
    if (error != VN_OK) {
      return error;
    }
  }
  return VN_OK;
}

static vn_err_t commit(vn_engine_t *engine, uint16_t flags) {
  vn_commit_t content = {
      .accepted = engine->figures.readings.accepted,
      .watermark_ms = VN_TIME_MINUS_INFINITY,
      .outbox_head = engine->outbox.lines[VN_OUTBOX_OTHERS].head,
      .outbox_tail = engine->outbox.lines[VN_OUTBOX_OTHERS].tail,
      .configuration_hash = engine->plan_hash,
      .schema_hash = VN__STATE_VERSION,
      .boot = engine->head.boot,
      .flags = engine->journal.on ? (uint16_t)(flags | VN_COMMIT_JOURNAL) : flags,
      .journal_applied = engine->journal.taken,
      .journal_oldest = engine->journal.taken + 1u,
  };
  if (!vn__wall_ms(engine, &content.wall_ms)) {
    content.wall_ms = VN_TIME_MINUS_INFINITY;
  }
  return vn_log_commit(&engine->log, &content);
}

/* What the transaction held is safe: outputs may leave, states are clean. */
static void forget_owed(vn_engine_t *engine) {
  uint32_t series = engine->owed.first;
  while (series != VN_SERIES_NONE) {
    vn_series_state_t *state = &engine->store.series[series];
    engine->owed.dirty -= (state->flags & VN__SERIES_DIRTY) != 0 ? 1u : 0u;
    state->flags &= (uint8_t) ~(VN__SERIES_DIRTY | VN__SERIES_OWED | VN__SERIES_COUNTED);
    series = state->next_owed;
    state->next_owed = VN_SERIES_NONE;
  }
  uint32_t dirty = engine->owed.dirty;
  engine->owed = (vn_owed_t){.first = VN_SERIES_NONE, .dirty = dirty};
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    engine->committed_tail[q] = engine->outbox.lines[q].tail;
    engine->committed_head[q] = engine->outbox.lines[q].head;
  }
  vn_outbox_release_ahead(&engine->outbox, vn__outbox_ahead(engine));
  vn__journal_committed(engine);
}

/* The records of one transaction: what belongs to no series, states, the outputs that came from
 * them. The first one tells up to where outputs are done: what they leave room for comes behind. */
static vn_err_t put_all(vn_engine_t *engine) {
  vn_err_t error = put_global(engine, &engine->log);
  if (error == VN_OK) {
    error = put_owed_series(engine);
  }
  vn__journal_release(engine);
  return error == VN_OK ? put_outputs(engine) : error;
}

/* Where room is short nothing is begun that doesn't fit. */
static vn_err_t try_out(vn_engine_t *engine) {
  vn_err_t error = vn_log_begin_trial(&engine->log);
  if (error != VN_OK) {
    return error;
  }
  error = put_all(engine);
  vn_err_t fits = vn_log_end_trial(&engine->log);
  return error == VN_OK ? fits : error;
}

static vn_err_t transact(vn_engine_t *engine, uint16_t flags) {
  if (engine->room.tries > 0 || engine->journal.log_full) {
    vn_log_press(&engine->log);
  }
  vn_err_t error = vn_log_is_tight(&engine->log) ? try_out(engine) : VN_OK;
  error = error == VN_OK ? vn_log_begin(&engine->log) : error;
  if (error != VN_OK) {
    return error;
  }
  error = put_all(engine);
  if (error != VN_OK) {
    vn_log_abort(&engine->log);
    return error;
  }
  return commit(engine, flags);
}

/* A sector that fails is retired, and the transaction begun anew in another one. */
#define SECTORS_FAILING_MAX 4u

/* A flash that fails makes the engine go on from RAM; the platform sees flash_failed and says so.
 * In journal mode nothing goes on. A region without room is no failure: it is tried again. */
static vn_err_t settle_outputs(vn_engine_t *engine, uint16_t flags) {
  uint32_t bad = engine->log.figures.sectors_bad;
  vn_err_t error = transact(engine, flags);
  for (uint32_t i = 1; i <= SECTORS_FAILING_MAX && error == VN_ERR_FLASH; i++) {
    error = engine->log.figures.sectors_bad >= bad + i ? transact(engine, flags) : VN_ERR_FLASH;
  }
  if (error == VN_ERR_LOG_FULL) {
    vn__room_missing(engine);
  } else if (error != VN_OK) {
    engine->durable = false;
    engine->flash_failed = true;
  }
  return error;
}

/* Takes back what was collected behind this one of the list: it is collected anew. */
static void uncollect(vn_engine_t *engine, uint32_t end) {
  while (engine->owed.first != end && engine->owed.first != VN_SERIES_NONE) {
    vn_series_state_t *state = &engine->store.series[engine->owed.first];
    state->flags &= (uint8_t)~VN__SERIES_OWED;
    engine->owed.first = state->next_owed;
    state->next_owed = VN_SERIES_NONE;
  }
}

/* Puts changed series from *series on until the transaction is full; they are marked as owed. Where
 * there was no room the pieces get smaller. */
static void collect_dirty(vn_engine_t *engine, uint32_t *series) {
  uint64_t bytes = 0;
  uint32_t shift = engine->room.tries < 32u ? engine->room.tries : 32u;
  uint64_t most = engine->journal.on ? UINT64_MAX : (engine->transaction_bytes >> shift) + 1u;
  for (; *series < engine->table.capacity && bytes < most; (*series)++) {
    vn_series_state_t *state = &engine->store.series[*series];
    bool known = engine->table.name_lengths[*series] > 0;
    if (!known || (state->flags & (VN__SERIES_DIRTY | VN__SERIES_OWED)) != VN__SERIES_DIRTY) {
      continue;
    }
    state->flags |= VN__SERIES_OWED;
    state->next_owed = engine->owed.first;
    engine->owed.first = *series;
    bytes += engine->store.pipelines[state->pipeline].slot_max;
  }
}

/* From when on a reading may be in no commit: what waits in the queue is acknowledged as well. A
 * start that ends before it has told of a loss leaves that to the next one. */
static vn_time_ms_t covered_until(vn_engine_t *engine) {
  vn_time_ms_t wall_ms;
  uint32_t length = 0;
  const uint8_t *record =
      engine->plan->queue_bytes > 0 ? vn_ring_peek(&engine->queue, &length) : NULL;
  if (engine->starting) {
    return engine->checkpoint_wall_ms;
  }
  if (!vn__wall_ms(engine, &wall_ms)) {
    return VN_TIME_MINUS_INFINITY;
  }
  if (record == NULL || length == 0) {
    return wall_ms;
  }
  vn__queued_t head;
  memcpy(&head, record, sizeof head);
  vn_time_ms_t arrival_ms =
      head.arrival_valid ? head.arrival_ms : wall_ms - (vn__mono_ms(engine) - head.arrival_ms);
  return arrival_ms < wall_ms ? arrival_ms : wall_ms;
}

/* Series are independent of each other, so that a checkpoint of all may come in pieces; with a
 * journal it is one, because all of it has to be of one position. */
static vn_err_t settle_everything(vn_engine_t *engine, uint16_t flags) {
  uint32_t series = 0;
  vn_time_ms_t at_ms = covered_until(engine);
  bool wanted = engine->journal.on && (engine->journal.log_full || engine->room.tries > 0);
  for (;;) {
    uint32_t end = engine->owed.first;
    collect_dirty(engine, &series);
    bool last = series >= engine->table.capacity;
    engine->checkpoint_wall_ms = last ? at_ms : engine->checkpoint_wall_ms;
    vn_err_t error = settle_outputs(engine, last ? flags : 0);
    if (error != VN_OK) {
      uncollect(engine, end);
      return error;
    }
    forget_owed(engine);
    if (last) {
      vn__room_check(engine, wanted);
      return VN_OK;
    }
  }
}

/* Counts alone cause no commit; one that holds a position has them all. */
static void touch_counted(vn_engine_t *engine) {
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    vn_series_state_t *state = &engine->store.series[i];
    if (engine->table.name_lengths[i] > 0 && (state->flags & VN__SERIES_COUNTED) != 0) {
      vn__touch(engine, state);
    }
  }
}

/* A notice of what had to go waits until there is room for it. */
static void cut_outputs(vn_engine_t *engine) {
  if (engine->ports.uplink == NULL) {
    return;
  }
  vn__cut_batch(engine);
  if (engine->room.tries == 0) {
    vn__tell_gaps(engine);
  }
}

/* All or nothing: what is not committed is neither told nor forgotten. */
static vn_err_t settle_journal(vn_engine_t *engine, uint16_t flags) {
  if (!engine->durable) {
    return VN_ERR_FLASH;
  }
  touch_counted(engine);
  cut_outputs(engine);
  engine->checkpoint_mono_ms = vn__mono_ms(engine);
  return settle_everything(engine, flags);
}

vn_err_t vn__settle(vn_engine_t *engine, bool everything, uint16_t flags) {
  VN_ASSERT(engine->restored);
  VN_ASSERT(vn_accounting_balances(&engine->figures.readings));
  vn_err_t error = VN_OK;
  if (engine->journal.on) {
    return settle_journal(engine, flags);
  }
  cut_outputs(engine);
  if (engine->durable) {
    error = everything ? settle_everything(engine, flags) : settle_outputs(engine, flags);
  }
  if (error == VN_ERR_LOG_FULL) {
    return error; /* nothing is told nor forgotten */
  }
  if (!(engine->durable && everything)) {
    forget_owed(engine);
  }
  if (everything) {
    engine->checkpoint_mono_ms = vn__mono_ms(engine);
  }
  return error;
}

void vn__settle_heavy(vn_engine_t *engine) {
  if (!engine->durable || vn__room_awaited(engine)) {
    return;
  }
  /* An error leaves the engine degraded, which vn_step reports, or waiting for room. */
  if (vn__settle(engine, false, 0) != VN_OK) {
    VN_ASSERT(engine->flash_failed || engine->room.tries > 0);
  }
}

vn_err_t vn_checkpoint(vn_engine_t *engine) {
  VN_ASSERT(engine != NULL);
  return vn__settle(engine, true, 0);
}

vn_err_t vn_stop(vn_engine_t *engine) {
  VN_ASSERT(engine != NULL);
  touch_counted(engine);
  vn__release_all(engine);
  vn_err_t error = vn__settle(engine, true, VN_COMMIT_CLEAN_STOP);
  if (error == VN_OK && engine->durable) {
    error = vn_log_mark(&engine->log);
  }
  return error;
}
