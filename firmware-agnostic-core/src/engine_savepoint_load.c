/* Savepoints: a state made of one, or looked at. */
#include "engine_savepoint_priv.h"
#include "vn/cbor.h"
#include "vn/crc32c.h"

#include <string.h>

/* A savepoint being read: the first thing that isn't as it should be sets `failed`. */
typedef struct input {
  vn_cbor_reader_t reader;
  bool failed;
} input_t;

static vn_cbor_item_t take(input_t *input, vn_cbor_kind_t kind) {
  vn_cbor_item_t item = {0};
  if (!input->failed) {
    input->failed = vn_cbor_next(&input->reader, &item) != VN_REASON_NONE || item.kind != kind ||
                    item.indefinite;
  }
  return input->failed ? (vn_cbor_item_t){0} : item;
}

static uint64_t take_unsigned(input_t *input, uint64_t most) {
  uint64_t number = take(input, VN_CBOR_UINT).unsigned_value;
  input->failed = input->failed || number > most;
  return input->failed ? 0 : number;
}

/* An integer of either sign, or null where `null` is given. */
static int64_t take_signed(input_t *input, bool *null) {
  vn_cbor_item_t item = {0};
  input->failed = input->failed || vn_cbor_next(&input->reader, &item) != VN_REASON_NONE;
  if (null != NULL) {
    *null = !input->failed && item.kind == VN_CBOR_NULL;
    if (*null) {
      return 0;
    }
  }
  bool number = item.kind == VN_CBOR_UINT || item.kind == VN_CBOR_NEGATIVE;
  input->failed = input->failed || !number || item.unsigned_value > INT64_MAX;
  if (input->failed) {
    return 0;
  }
  int64_t value = (int64_t)item.unsigned_value;
  return item.kind == VN_CBOR_UINT ? value : -1 - value;
}

static vn_text_t take_text(input_t *input) { return take(input, VN_CBOR_TEXT).text; }

static vn_text_t take_bytes(input_t *input) { return take(input, VN_CBOR_BYTES).text; }

static uint64_t take_array(input_t *input) { return take(input, VN_CBOR_ARRAY).unsigned_value; }

static void take_key(input_t *input, uint64_t key) {
  input->failed = input->failed || take_unsigned(input, UINT64_MAX) != key;
}

/* Reads over one item with all that is in it. */
static void skip(input_t *input) {
  uint64_t left = 1;
  while (left > 0 && !input->failed) {
    vn_cbor_item_t item = {0};
    input->failed = vn_cbor_next(&input->reader, &item) != VN_REASON_NONE || item.indefinite ||
                    item.kind == VN_CBOR_BREAK;
    uint64_t inside = item.kind == VN_CBOR_ARRAY ? item.unsigned_value
                      : item.kind == VN_CBOR_MAP ? 2 * item.unsigned_value
                      : item.kind == VN_CBOR_TAG ? 1
                                                 : 0;
    left = input->failed ? 0 : left - 1 + inside;
  }
}

static bool take_bool(input_t *input) { return take(input, VN_CBOR_BOOL).unsigned_value == 1; }

static void take_head(input_t *input, vn_savepoint_head_t *out) {
  bool null = false;
  take_key(input, VN__SAVEPOINT_DEVICE);
  out->device = take_text(input);
  take_key(input, VN__SAVEPOINT_BOOT);
  out->boot = (uint32_t)take_unsigned(input, UINT32_MAX);
  take_key(input, VN__SAVEPOINT_SEQ);
  out->seq = take_unsigned(input, UINT64_MAX);
  take_key(input, VN__SAVEPOINT_STATE_VERSION);
  out->state_version = (uint32_t)take_unsigned(input, UINT32_MAX);
  take_key(input, VN__SAVEPOINT_CONFIGURATION);
  out->configuration_hash = take_unsigned(input, UINT64_MAX);
  take_key(input, VN__SAVEPOINT_AT);
  out->at_ms = take_signed(input, &null);
  out->has_time = !null;
  take_key(input, VN__SAVEPOINT_CLEAN);
  out->clean = take_bool(input);
}

/* The CRC stands at the end, in its shortest form, and covers all in front of it. */
static bool is_whole(const uint8_t *bytes, size_t length) {
  for (size_t width = 1; width <= 5 && width < length; width += width == 1 ? 1 : width - 1) {
    vn_cbor_item_t item = {0};
    vn_cbor_reader_t reader;
    vn_cbor_reader_init(&reader, bytes + length - width, width);
    if (vn_cbor_next(&reader, &item) == VN_REASON_NONE && reader.position == width &&
        item.kind == VN_CBOR_UINT && item.unsigned_value == vn_crc32c(0, bytes, length - width)) {
      return true;
    }
  }
  return false;
}

/* Behind the version. */
static vn_err_t begin(input_t *input, const uint8_t *bytes, size_t length) {
  vn_cbor_reader_init(&input->reader, bytes, length);
  bool map = take(input, VN_CBOR_MAP).unsigned_value == VN__SAVEPOINT_KEYS;
  take_key(input, VN__SAVEPOINT_VERSION);
  uint64_t version = take_unsigned(input, UINT64_MAX);
  if (!input->failed && version > VN_SAVEPOINT_VERSION) {
    return VN_ERR_NEWER;
  }
  bool good = !input->failed && map && version == VN_SAVEPOINT_VERSION && is_whole(bytes, length);
  return good ? VN_OK : VN_ERR_FORMAT;
}

vn_err_t vn_savepoint_look(const uint8_t *bytes, size_t length, vn_savepoint_head_t *out) {
  VN_ASSERT(bytes != NULL && out != NULL);
  input_t input = {.failed = false};
  vn_err_t error = begin(&input, bytes, length);
  if (error == VN_OK) {
    take_head(&input, out);
    error = input.failed ? VN_ERR_FORMAT : VN_OK;
  }
  return error;
}

static void take_accounting(input_t *input, vn_accounting_t *accounting) {
  input->failed = input->failed || take_array(input) != VN_ACCOUNTING_COUNTERS;
#define ACCOUNTING_TAKE(name) accounting->name = take_unsigned(input, UINT64_MAX);
  VN_ACCOUNTING_LIST(ACCOUNTING_TAKE)
#undef ACCOUNTING_TAKE
}

static bool take_part(input_t *input, vn__part_t *part) {
  input->failed = input->failed || take_array(input) != VN__SAVEPOINT_PART_ITEMS;
  part->kind = (uint32_t)take_unsigned(input, UINT32_MAX);
  part->name = take_text(input);
  part->specification = (uint32_t)take_unsigned(input, UINT32_MAX);
  vn_text_t bytes = take_bytes(input);
  part->bytes = (const uint8_t *)bytes.bytes;
  part->length = bytes.length;
  return !input->failed;
}

/* False: it is longer than any of this plan, and left out. */
static bool copy_part(input_t *input, vn__packer_t *packer) {
  vn__part_t part;
  (void)take_part(input, &part);
  size_t before = packer->length;
  vn__slot_part_pack(packer, &part);
  bool fits = packer->length <= packer->capacity;
  packer->length = fits ? packer->length : before;
  return fits;
}

/* Makes the record of a series again in the scratch, and loads it as one of the flash. */
static bool take_series(input_t *input, vn_engine_t *engine, uint32_t series) {
  vn__packer_t packer = {engine->store.scratch, engine->store.scratch_bytes, 0};
  vn__slot_head_t head = {0};
  bool map = take(input, VN_CBOR_MAP).unsigned_value == VN__SAVEPOINT_SERIES_KEYS;
  take_key(input, VN__SAVEPOINT_NAME);
  head.name = take_text(input);
  take_key(input, VN__SAVEPOINT_LAST_ARRIVAL);
  head.last_arrival_ms = take_signed(input, NULL);
  take_key(input, VN__SAVEPOINT_FLAGS);
  head.flags = (uint8_t)take_unsigned(input, UINT8_MAX);
  take_key(input, VN__SAVEPOINT_ACCOUNTING);
  take_accounting(input, &head.accounting);
  take_key(input, VN__SAVEPOINT_PARTS);
  input->failed = input->failed || !map || head.name.length > UINT8_MAX;
  if (input->failed) {
    return false;
  }
  vn__slot_head_pack(&packer, &head);
  uint64_t count = take_array(input);
  for (uint64_t i = 0; i < count && !input->failed; i++) {
    bool copied = copy_part(input, &packer);
    engine->recovery.operators_reset += copied ? 0 : 1u;
    engine->recovery.windows_end = engine->recovery.windows_end || !copied;
  }
  return !input->failed && packer.length <= packer.capacity &&
         vn__slot_load(engine, series, engine->store.scratch, packer.length);
}

static void take_all_series(input_t *input, vn_engine_t *engine, bool known) {
  take_key(input, VN__SAVEPOINT_SERIES);
  uint64_t count = take_array(input);
  uint32_t next = 0;
  for (uint64_t i = 0; i < count && !input->failed; i++) {
    if (known && next < engine->plan->series_max && take_series(input, engine, next)) {
      next++;
      continue;
    }
    if (!known || next == engine->plan->series_max) {
      skip(input);
    } else {
      (void)vn__slot_bury(engine, next);
    }
    engine->recovery.series_reset++;
  }
}

static void take_outbox(input_t *input, vn_engine_t *engine) {
  take_key(input, VN__SAVEPOINT_OUTBOX);
  uint64_t count = take_array(input);
  for (uint64_t i = 0; i < count && !input->failed; i++) {
    input->failed = input->failed || take_array(input) != VN__SAVEPOINT_OUTPUT_ITEMS;
    uint64_t index = take_unsigned(input, UINT64_MAX);
    vn_text_t record = take_bytes(input);
    bool fits = !input->failed && record.length <= UINT32_MAX && engine->ports.uplink != NULL &&
                record.length + sizeof index <= engine->store.scratch_bytes;
    if (fits && vn_outbox_restore(&engine->outbox, index, (const uint8_t *)record.bytes,
                                  (uint32_t)record.length) != VN_OK) {
      input->failed = true;
    }
  }
}

static void take_message(input_t *input, vn_engine_t *engine, uint32_t number) {
  vn_text_t entry = take_bytes(input);
  input->failed = input->failed || entry.length > INT32_MAX;
  if (!input->failed) {
    vn__journal_read(engine, number, (const uint8_t *)entry.bytes, (uint32_t)entry.length);
  }
}

/* As entries of a journal behind a commit that holds none of them. */
static vn_err_t take_messages(input_t *input, vn_engine_t *engine) {
  take_key(input, VN__SAVEPOINT_JOURNAL);
  uint64_t count = take_array(input);
  if (count > 0 && !engine->journal.on) {
    return VN_ERR_ORDER;
  }
  for (uint64_t i = 0; i < count && !input->failed; i++) {
    take_message(input, engine, (uint32_t)(i + 1u));
  }
  if (engine->journal.overflow) {
    return VN_ERR_TOO_BIG;
  }
  return input->failed || engine->journal.accepted != count ? VN_ERR_FORMAT : VN_OK;
}

static vn_err_t take_content(input_t *input, vn_engine_t *engine, bool known) {
  take_key(input, VN__SAVEPOINT_SPECIFICATION);
  skip(input);
  take_key(input, VN__SAVEPOINT_GLOBAL);
  vn_text_t global = take_bytes(input);
  if (known && !input->failed &&
      !vn__global_load(engine, (const uint8_t *)global.bytes, global.length)) {
    return VN_ERR_FORMAT;
  }
  take_all_series(input, engine, known);
  take_outbox(input, engine);
  vn_err_t error = take_messages(input, engine);
  take_key(input, VN__SAVEPOINT_CRC);
  (void)take_unsigned(input, UINT32_MAX);
  input->failed = input->failed || input->reader.position != input->reader.length;
  return error == VN_OK && input->failed ? VN_ERR_FORMAT : error;
}

static void touch_all(vn_engine_t *engine) {
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] > 0) {
      vn__touch(engine, &engine->store.series[i]);
    }
  }
}

/* Its name, and the parts. */
static void look_at_series(input_t *input, vn__former_source_t *source) {
  static const uint8_t before[] = {VN__SAVEPOINT_LAST_ARRIVAL, VN__SAVEPOINT_FLAGS,
                                   VN__SAVEPOINT_ACCOUNTING};
  (void)take(input, VN_CBOR_MAP);
  take_key(input, VN__SAVEPOINT_NAME);
  vn__former_series(source, take_text(input));
  for (size_t i = 0; i < sizeof before; i++) {
    take_key(input, before[i]);
    skip(input);
  }
  take_key(input, VN__SAVEPOINT_PARTS);
  uint64_t count = take_array(input);
  for (uint64_t i = 0; i < count && !input->failed; i++) {
    vn__part_t part;
    if (take_part(input, &part)) {
      vn__former_part(source, &part);
    }
  }
}

/* Windows that the plan has ended, behind the outbox: the series are read once more. Bytes of a
 * former version would be read as something else. */
static void tell_former_windows(vn_engine_t *engine, const uint8_t *bytes, size_t length) {
  input_t input = {.failed = false};
  vn_savepoint_head_t head;
  if (!engine->recovery.windows_end || begin(&input, bytes, length) != VN_OK) {
    return;
  }
  take_head(&input, &head);
  if (head.state_version != VN__STATE_VERSION) {
    return;
  }
  take_key(&input, VN__SAVEPOINT_SPECIFICATION);
  skip(&input);
  take_key(&input, VN__SAVEPOINT_GLOBAL);
  skip(&input);
  take_key(&input, VN__SAVEPOINT_SERIES);
  vn__former_source_t source = vn__former_begin(engine);
  uint64_t count = take_array(&input);
  for (uint64_t i = 0; i < count && !input.failed; i++) {
    look_at_series(&input, &source);
  }
}

/* Takes up what was read of these bytes, and commits it. */
static vn_err_t settle(vn_engine_t *engine, const uint8_t *bytes, size_t length, bool clean) {
  touch_all(engine);
  vn_err_t error = vn__resume_restored(engine);
  if (error != VN_OK) {
    return error;
  }
  engine->durable = true;
  engine->starting = true; /* what may be missing is told by the start behind the import */
  tell_former_windows(engine, bytes, length);
  error = vn__settle_restored(engine, clean ? VN_COMMIT_CLEAN_STOP : 0);
  engine->starting = false;
  if (error == VN_OK && engine->journal.accepted > 0) {
    error = vn__journal_write(engine);
  }
  return error == VN_OK ? vn_log_mark(&engine->log) : error;
}

static bool is_ours(const vn_engine_t *engine, vn_text_t device) {
  size_t length = strlen(engine->plan->device);
  return device.length == length && memcmp(device.bytes, engine->plan->device, length) == 0;
}

/* Whether this engine may take it over. */
static vn_err_t judge(const vn_engine_t *engine, const vn_savepoint_head_t *head, bool accept) {
  if (!is_ours(engine, head->device)) {
    return VN_ERR_FOREIGN;
  }
  return head->state_version <= VN__STATE_VERSION || accept ? VN_OK : VN_ERR_NEWER;
}

vn_err_t vn_restore_savepoint(vn_engine_t *engine, const uint8_t *bytes, size_t length,
                              bool accept) {
  VN_ASSERT(engine != NULL && !engine->restored && engine->ports.flash != NULL);
  input_t input = {.failed = false};
  vn_savepoint_head_t head;
  vn_err_t error = vn_savepoint_look(bytes, length, &head);
  error = error == VN_OK ? judge(engine, &head, accept) : error;
  error = error == VN_OK ? vn__begin_empty(engine) : error;
  if (error != VN_OK) {
    return error;
  }
  bool known = head.state_version <= VN__STATE_VERSION;
  error = begin(&input, bytes, length);
  take_head(&input, &head);
  error = error == VN_OK ? take_content(&input, engine, known) : error;
  if (error != VN_OK) {
    return error;
  }
  engine->head.boot = head.boot;
  engine->head.seq = head.seq;
  engine->checkpoint_wall_ms = known || !head.has_time ? engine->checkpoint_wall_ms : head.at_ms;
  return settle(engine, bytes, length, head.clean && known);
}
