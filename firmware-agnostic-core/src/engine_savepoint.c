/* Savepoints: the state of an engine, written as CBOR piece by piece. */
#include "engine_savepoint_priv.h"
#include "vn/crc32c.h"

#include <string.h>

/* Major types of CBOR, and the simple values. */
#define MAJOR_UINT 0u
#define MAJOR_NEGATIVE 1u
#define MAJOR_BYTES 2u
#define MAJOR_TEXT 3u
#define MAJOR_ARRAY 4u
#define MAJOR_MAP 5u
#define CBOR_FALSE 0xF4u
#define CBOR_TRUE 0xF5u
#define CBOR_NULL 0xF6u

typedef struct output {
  const vn_savepoint_sink_t *sink;
  uint64_t bytes;
  uint32_t crc;
  vn_err_t error;
} output_t;

static void put(output_t *output, const void *bytes, size_t length) {
  if (output->error == VN_OK && length > 0) {
    output->crc = vn_crc32c(output->crc, bytes, length);
    output->bytes += length;
    output->error = output->sink->write(output->sink->context, bytes, length);
  }
}

/* The shortest head that holds the number. */
static void put_head(output_t *output, unsigned major, uint64_t number) {
  uint8_t head[9];
  unsigned width = number < 24            ? 0
                   : number <= UINT8_MAX  ? 1
                   : number <= UINT16_MAX ? 2
                   : number <= UINT32_MAX ? 4
                                          : 8;
  static const uint8_t infos[] = {[1] = 24, [2] = 25, [4] = 26, [8] = 27};
  head[0] = (uint8_t)(major << 5 | (width == 0 ? number : infos[width]));
  for (unsigned i = 0; i < width; i++) {
    head[1 + i] = (uint8_t)(number >> (8 * (width - 1 - i)));
  }
  put(output, head, 1 + width);
}

static void put_unsigned(output_t *output, uint64_t number) {
  put_head(output, MAJOR_UINT, number);
}

static void put_signed(output_t *output, int64_t number) {
  if (number < 0) {
    put_head(output, MAJOR_NEGATIVE, ~(uint64_t)number);
  } else {
    put_unsigned(output, (uint64_t)number);
  }
}

static void put_text(output_t *output, vn_text_t text) {
  put_head(output, MAJOR_TEXT, text.length);
  put(output, text.bytes, text.length);
}

static void put_word(output_t *output, const char *word) {
  put_text(output, (vn_text_t){word, strlen(word)});
}

static void put_bytes(output_t *output, const uint8_t *bytes, size_t length) {
  put_head(output, MAJOR_BYTES, length);
  put(output, bytes, length);
}

static void put_simple(output_t *output, uint8_t value) { put(output, &value, 1); }

/* name, shape, size, slide, offset, gap, readings, their slide, statistics, sample. */
static void put_window(output_t *output, const vn_window_t *window) {
  put_head(output, MAJOR_ARRAY, 10);
  put_word(output, window->name);
  put_unsigned(output, window->shape);
  put_signed(output, window->size_ms);
  put_signed(output, window->slide_ms);
  put_signed(output, window->offset_ms);
  put_signed(output, window->gap_ms);
  put_unsigned(output, window->size_readings);
  put_unsigned(output, window->slide_readings);
  put_unsigned(output, window->statistics);
  put_unsigned(output, window->sample);
}

/* name, condition, of, exponent, limit, hysteresis, for, keep_firing_for. */
static void put_alert(output_t *output, const vn_alert_plan_t *alert) {
  put_head(output, MAJOR_ARRAY, 8);
  put_word(output, alert->name);
  put_unsigned(output, alert->rule.condition);
  put_word(output, alert->of);
  put_signed(output, alert->exponent);
  put_signed(output, alert->rule.limit);
  put_signed(output, alert->rule.hysteresis);
  put_signed(output, alert->rule.for_ms);
  put_signed(output, alert->rule.keep_firing_for_ms);
}

/* name, unit, exponent, out_of_order, allowed_lateness, windows, alerts. */
static void put_pipeline(output_t *output, const vn_pipeline_t *pipeline) {
  put_head(output, MAJOR_ARRAY, 7);
  put_word(output, pipeline->summary.name);
  put_word(output, pipeline->summary.unit);
  put_signed(output, pipeline->summary.exponent);
  put_signed(output, pipeline->out_of_order_ms);
  put_signed(output, pipeline->lateness_ms);
  put_head(output, MAJOR_ARRAY, pipeline->summary.window_count);
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    put_window(output, &pipeline->summary.windows[i]);
  }
  put_head(output, MAJOR_ARRAY, pipeline->alert_count);
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    put_alert(output, &pipeline->alerts[i]);
  }
}

static void put_accounting(output_t *output, const vn_accounting_t *accounting) {
  put_head(output, MAJOR_ARRAY, VN_ACCOUNTING_COUNTERS);
#define ACCOUNTING_PUT(name) put_unsigned(output, accounting->name);
  VN_ACCOUNTING_LIST(ACCOUNTING_PUT)
#undef ACCOUNTING_PUT
}

static size_t count_parts(vn__unpacker_t unpacker) {
  vn__part_t part;
  size_t count = 0;
  while (unpacker.position < unpacker.length && vn__slot_part_unpack(&unpacker, &part)) {
    count++;
  }
  return count;
}

/* The parts of its record on the flash, one by one. */
static void put_series(output_t *output, vn_engine_t *engine, uint32_t series) {
  uint8_t *slot = engine->store.scratch;
  size_t length = vn__slot_save(engine, series, slot, engine->store.scratch_bytes);
  VN_ASSERT(length <= engine->store.scratch_bytes);
  vn__unpacker_t unpacker = {slot, length, 0, false};
  vn__slot_head_t head;
  bool good = vn__slot_head_unpack(&unpacker, &head);
  VN_ASSERT(good);
  put_head(output, MAJOR_MAP, VN__SAVEPOINT_SERIES_KEYS);
  put_unsigned(output, VN__SAVEPOINT_NAME);
  put_text(output, head.name);
  put_unsigned(output, VN__SAVEPOINT_LAST_ARRIVAL);
  put_signed(output, head.last_arrival_ms);
  put_unsigned(output, VN__SAVEPOINT_FLAGS);
  put_unsigned(output, head.flags);
  put_unsigned(output, VN__SAVEPOINT_ACCOUNTING);
  put_accounting(output, &head.accounting);
  put_unsigned(output, VN__SAVEPOINT_PARTS);
  put_head(output, MAJOR_ARRAY, count_parts(unpacker));
  vn__part_t part;
  while (unpacker.position < length && vn__slot_part_unpack(&unpacker, &part)) {
    put_head(output, MAJOR_ARRAY, VN__SAVEPOINT_PART_ITEMS);
    put_unsigned(output, part.kind);
    put_text(output, part.name);
    put_unsigned(output, part.specification);
    put_bytes(output, part.bytes, part.length);
  }
}

static void put_all_series(output_t *output, vn_engine_t *engine) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    count += engine->table.name_lengths[i] > 0 ? 1u : 0u;
  }
  put_head(output, MAJOR_ARRAY, count);
  for (uint32_t i = 0; i < engine->table.capacity && output->error == VN_OK; i++) {
    if (engine->table.name_lengths[i] > 0) {
      put_series(output, engine, i);
    }
  }
}

/* Entries of the outbox that aren't done, by line and number; `output` NULL: they are counted. */
static size_t put_waiting(output_t *output, vn_engine_t *engine) {
  size_t count = 0;
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES && engine->ports.uplink != NULL; q++) {
    const vn_outbox_line_t *line = &engine->outbox.lines[q];
    for (uint64_t i = line->tail; i < line->head; i++) {
      uint64_t index = i * VN_OUTBOX_QUEUES + q;
      uint32_t length = vn_outbox_record(&engine->outbox, index, engine->store.scratch,
                                         (uint32_t)engine->store.scratch_bytes);
      if (length > 0 && output != NULL) {
        put_head(output, MAJOR_ARRAY, VN__SAVEPOINT_OUTPUT_ITEMS);
        put_unsigned(output, index);
        put_bytes(output, engine->store.scratch, length);
      }
      count += length > 0 ? 1u : 0u;
    }
  }
  return count;
}

/* Messages that were made durable and aren't in the state yet; not that which is at work. */
static size_t put_messages(output_t *output, vn_engine_t *engine) {
  size_t count = 0;
  uint32_t length;
  uint32_t at = engine->journal.at;
  bool there =
      engine->plan->queue_bytes > 0 && (engine->journal.on || engine->savepoints.inspected);
  const uint8_t *record = there ? vn_ring_look(&engine->queue, &at, &length) : NULL;
  if (record != NULL && engine->savepoints.asked) {
    record = vn_ring_look(&engine->queue, &at, &length);
  }
  while (record != NULL) {
    if (length > 0) {
      count++;
    }
    if (length > 0 && output != NULL) {
      vn__entry_t entry = vn__journal_entry(engine, record);
      put_head(output, MAJOR_BYTES, entry.head + entry.left);
      put(output, engine->store.scratch, entry.head);
      put(output, entry.body, entry.left);
    }
    record = vn_ring_look(&engine->queue, &at, &length);
  }
  return count;
}

/* In a run all of the state is of this moment; else it is what the last commit says. */
static void put_global(output_t *output, vn_engine_t *engine) {
  vn_time_ms_t before_ms = engine->checkpoint_wall_ms;
  vn_time_ms_t wall_ms;
  if (!engine->savepoints.inspected && vn__wall_ms(engine, &wall_ms)) {
    engine->checkpoint_wall_ms = wall_ms;
  }
  size_t length = vn__global_save(engine, engine->store.scratch, engine->store.scratch_bytes);
  engine->checkpoint_wall_ms = before_ms;
  VN_ASSERT(length <= engine->store.scratch_bytes);
  put_bytes(output, engine->store.scratch, length);
}

static void put_identity(output_t *output, vn_engine_t *engine) {
  vn_time_ms_t wall_ms;
  put_unsigned(output, VN__SAVEPOINT_VERSION);
  put_unsigned(output, VN_SAVEPOINT_VERSION);
  put_unsigned(output, VN__SAVEPOINT_DEVICE);
  put_word(output, engine->plan->device);
  put_unsigned(output, VN__SAVEPOINT_BOOT);
  put_unsigned(output, engine->head.boot);
  put_unsigned(output, VN__SAVEPOINT_SEQ);
  put_unsigned(output, engine->head.seq);
  put_unsigned(output, VN__SAVEPOINT_STATE_VERSION);
  put_unsigned(output, VN__STATE_VERSION);
  put_unsigned(output, VN__SAVEPOINT_CONFIGURATION);
  put_unsigned(output, vn_plan_hash(engine->plan));
  put_unsigned(output, VN__SAVEPOINT_AT);
  if (vn__wall_ms(engine, &wall_ms)) {
    put_signed(output, wall_ms);
  } else {
    put_simple(output, CBOR_NULL);
  }
  put_unsigned(output, VN__SAVEPOINT_CLEAN);
  put_simple(output,
             engine->savepoints.inspected && engine->recovery.clean ? CBOR_TRUE : CBOR_FALSE);
}

static void put_content(output_t *output, vn_engine_t *engine) {
  put_unsigned(output, VN__SAVEPOINT_SPECIFICATION);
  put_head(output, MAJOR_ARRAY, engine->plan->pipeline_count);
  for (uint8_t i = 0; i < engine->plan->pipeline_count; i++) {
    put_pipeline(output, &engine->plan->pipelines[i]);
  }
  put_unsigned(output, VN__SAVEPOINT_GLOBAL);
  put_global(output, engine);
  put_unsigned(output, VN__SAVEPOINT_SERIES);
  put_all_series(output, engine);
  put_unsigned(output, VN__SAVEPOINT_OUTBOX);
  put_head(output, MAJOR_ARRAY, put_waiting(NULL, engine));
  (void)put_waiting(output, engine);
  put_unsigned(output, VN__SAVEPOINT_JOURNAL);
  put_head(output, MAJOR_ARRAY, put_messages(NULL, engine));
  (void)put_messages(output, engine);
}

static vn_err_t write_all(vn_engine_t *engine, const vn_savepoint_sink_t *sink, uint64_t *bytes) {
  output_t output = {.sink = sink};
  if (engine->ports.uplink != NULL && !engine->savepoints.inspected) {
    vn__cut_batch(engine);
  }
  put_head(&output, MAJOR_MAP, VN__SAVEPOINT_KEYS);
  put_identity(&output, engine);
  put_content(&output, engine);
  put_unsigned(&output, VN__SAVEPOINT_CRC);
  put_unsigned(&output, output.crc);
  *bytes = output.bytes;
  return output.error;
}

vn_err_t vn_savepoint_write(vn_engine_t *engine, const vn_savepoint_sink_t *sink) {
  VN_ASSERT(engine != NULL && engine->restored);
  VN_ASSERT(sink != NULL && sink->write != NULL);
  uint64_t bytes;
  return write_all(engine, sink, &bytes);
}

void vn_keep_savepoints(vn_engine_t *engine, const vn_keeper_t *keeper) {
  VN_ASSERT(engine != NULL && keeper != NULL);
  engine->savepoints.keeper = keeper;
}

vn_err_t vn_savepoint_keep(vn_engine_t *engine, uint64_t *bytes) {
  VN_ASSERT(engine != NULL && engine->restored);
  const vn_keeper_t *keeper = engine->savepoints.keeper;
  int64_t now_ms = vn__mono_ms(engine);
  if (keeper == NULL) {
    return VN_ERR_ORDER;
  }
  if (engine->savepoints.kept && now_ms - engine->savepoints.kept_mono_ms < VN_SAVEPOINT_PAUSE_MS) {
    return VN_AGAIN;
  }
  engine->savepoints.kept = true;
  engine->savepoints.kept_mono_ms = now_ms;
  vn_savepoint_sink_t sink = {keeper->context, keeper->write};
  vn_err_t error = keeper->begin(keeper->context);
  if (error != VN_OK) {
    return error;
  }
  error = write_all(engine, &sink, bytes);
  vn_err_t ended = keeper->end(keeper->context, error == VN_OK);
  return error == VN_OK ? ended : error;
}
