#include "log_model.h"

#include <stdlib.h>
#include <string.h>

#include "vn/hash.h"

enum { PART_HEADER = 16 };

static uint32_t mix(uint32_t item, uint32_t version, uint32_t part) {
  return (uint32_t)vn_splitmix64(((uint64_t)item << 48) ^ ((uint64_t)version << 16) ^ part);
}

static uint32_t part_count(const log_model_shape_t *shape, uint32_t item, uint32_t version) {
  return 1u + mix(item, version, 0xFFFF) % shape->parts_max;
}

static uint32_t part_length(const log_model_shape_t *shape, uint32_t item, uint32_t version,
                            uint32_t part) {
  uint32_t range = shape->payload_max - shape->payload_min + 1u;
  return shape->payload_min + mix(item, version, part) % range;
}

static void part_fill(uint8_t *to, uint32_t length, uint32_t item, uint32_t version,
                      uint32_t part) {
  uint32_t words[4] = {item, version, part, length};
  memcpy(to, words, PART_HEADER);
  uint32_t state = mix(item, version, part);
  for (uint32_t i = PART_HEADER; i < length; i++) {
    state = state * 1664525u + 1013904223u;
    to[i] = (uint8_t)(state >> 24);
  }
}

uint64_t log_model_live_max(const log_model_shape_t *shape) {
  uint64_t record = 16u + ((shape->payload_max + 7u) & ~7u);
  return record * shape->parts_max * shape->items;
}

uint64_t log_model_commit_max(const log_model_shape_t *shape) {
  uint64_t record = 16u + ((shape->payload_max + 7u) & ~7u);
  return record * shape->parts_max * shape->dirty;
}

/* The first item of the outbox. */
static uint32_t first_message(const log_model_t *model) {
  return model->outage_commits == 0 ? model->shape.items : model->shape.items / 2u;
}

static uint32_t item_of_message(const log_model_t *model, uint64_t number) {
  uint32_t first = first_message(model);
  uint32_t room = model->shape.items - first;
  return room == 0 ? first : first + (uint32_t)(number % room);
}

static void note_version(log_model_t *model, uint32_t version) {
  uint32_t bit = version % LOG_MODEL_VERSIONS_MAX;
  model->committed[bit / 8u] |= (uint8_t)(1u << bit % 8u);
}

static void set_durable(log_model_t *model, const log_model_state_t *state) {
  if (memcmp(&model->durable, state, sizeof *state) != 0) {
    model->previous = model->durable;
    model->durable = *state;
  }
  for (uint32_t i = 0; i < model->shape.items; i++) {
    note_version(model, state->version[i]);
  }
}

static vn_err_t put_item(log_model_t *model, uint32_t item) {
  uint32_t version = model->ram.version[item];
  uint32_t count = part_count(&model->shape, item, version);
  uint8_t type = item < first_message(model) ? VN_RECORD_SLOT : VN_RECORD_OUT;
  for (uint32_t part = 0; part < count; part++) {
    uint8_t payload[4096];
    uint32_t length = part_length(&model->shape, item, version, part);
    part_fill(payload, length, item, version, part);
    vn_err_t err = vn_log_put(&model->log, item, type, (uint8_t)part, item, payload, length);
    if (err != VN_OK) {
      return err;
    }
  }
  return VN_OK;
}

static vn_err_t model_rewrite(void *context, vn_flash_log_t *log, uint32_t item) {
  log_model_t *model = context;
  if (model->ram.version[item] == 0) {
    vn_log_release(log, item);
    return VN_OK;
  }
  return put_item(model, item);
}

static bool part_right(const log_model_t *model, const uint8_t *payload, uint32_t length,
                       uint32_t item, uint32_t part) {
  uint8_t expected[4096];
  uint32_t words[4];
  if (length < PART_HEADER || length > sizeof expected) {
    return false;
  }
  memcpy(words, payload, PART_HEADER);
  if (words[0] != item || words[2] != part || words[3] != length ||
      length != part_length(&model->shape, item, words[1], part)) {
    return false;
  }
  part_fill(expected, length, item, words[1], part);
  return memcmp(expected, payload, length) == 0;
}

/* The version of a message is its number + 1. */
static bool message_waits(const log_model_t *model, uint32_t item, uint32_t version) {
  uint64_t number = version - 1u;
  return number >= model->last.outbox_tail && number < model->last.outbox_head &&
         item_of_message(model, number) == item;
}

static uint32_t model_apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                            const uint8_t *payload, uint32_t length) {
  log_model_t *model = context;
  uint32_t item = argument;
  if (item >= model->shape.items) {
    abort();
  }
  if (type == VN_RECORD_TOMB) {
    model->ram.version[item] = 0;
    model->parts_seen[item] = 0;
    model->broken[item] = false;
    vn_log_release(&model->log, item);
    return VN_LOG_NO_ITEM;
  }
  uint32_t version = 0;
  memcpy(&version, payload + 4, sizeof version);
  bool right = part_right(model, payload, length, item, flags);
  if (type == VN_RECORD_OUT && !message_waits(model, item, version)) {
    return VN_LOG_NO_ITEM;
  }
  if (flags == 0) {
    model->ram.version[item] = version;
    model->parts_seen[item] = 1;
    model->broken[item] = !right;
    return item;
  }
  /* Without the part before it, it says nothing: what was overwritten may lack its beginning. */
  if (model->ram.version[item] == version && model->parts_seen[item] == flags) {
    model->broken[item] = model->broken[item] || !right;
    model->parts_seen[item]++;
  }
  return item;
}

static vn_log_config_t model_config(log_model_t *model) {
  vn_log_config_t config = {.flash = &model->flash->port,
                            .owner = &model->owner,
                            .items = model->items,
                            .item_count = model->shape.items,
                            .sectors = model->sectors,
                            .page = model->page,
                            .page_size = model->shape.page_size,
                            .record = model->record,
                            .record_max = model->shape.payload_max,
                            .live_bytes_max = log_model_live_max(&model->shape),
                            .commit_bytes_max = log_model_commit_max(&model->shape),
                            .region_id = 0x5EED};
  if (config.record_max < VN_LOG_RECORD_MIN) {
    config.record_max = VN_LOG_RECORD_MIN;
  }
  return config;
}

log_model_t *log_model_new(const log_model_shape_t *shape, const flash_fake_shape_t *flash,
                           uint64_t seed) {
  log_model_t *model = calloc(1, sizeof *model);
  if (model == NULL || shape->items > LOG_MODEL_ITEMS_MAX) {
    abort();
  }
  model->shape = *shape;
  model->flash = flash_fake_new(flash, seed);
  model->owner = (vn_log_owner_t){model, model_rewrite, model_apply};
  model->items = calloc(shape->items, sizeof *model->items);
  model->sectors = calloc(flash->sector_count, sizeof *model->sectors);
  model->page = calloc(1, shape->page_size);
  model->record = calloc(1, shape->payload_max + VN_LOG_RECORD_MIN);
  model->prng = prng_make(seed, 2);
  return model;
}

void log_model_free(log_model_t *model) {
  flash_fake_free(model->flash);
  free(model->items);
  free(model->sectors);
  free(model->page);
  free(model->record);
  free(model);
}

void log_model_copy(log_model_t *to, const log_model_t *from) {
  flash_fake_copy(to->flash, from->flash);
  to->log = from->log;
  to->log.config = model_config(to);
  to->ram = from->ram;
  to->durable = from->durable;
  to->possible = from->possible;
  to->previous = from->previous;
  to->prng = from->prng;
  to->full = from->full;
  to->newest_sequence = from->newest_sequence;
  to->attempts = from->attempts;
  to->outage_commits = from->outage_commits;
  memcpy(to->committed, from->committed, sizeof to->committed);
  memcpy(to->items, from->items, from->shape.items * sizeof *to->items);
  memcpy(to->sectors, from->sectors, from->flash->shape.sector_count * sizeof *to->sectors);
  memcpy(to->page, from->page, from->shape.page_size);
}

vn_err_t log_model_format(log_model_t *model) {
  vn_log_config_t config = model_config(model);
  vn_err_t err = vn_log_init(&model->log, &config);
  memset(&model->ram, 0, sizeof model->ram);
  model->durable = model->ram;
  model->possible = model->ram;
  model->previous = model->ram;
  return err == VN_OK ? vn_log_format(&model->log) : err;
}

static void change(log_model_t *model, uint32_t item) {
  bool remove = prng_chance(&model->prng, model->shape.remove_percent);
  model->ram.version[item] = remove && model->ram.version[item] != 0 ? 0 : model->attempts;
}

static vn_err_t put_change(log_model_t *model, uint32_t item) {
  if (model->ram.version[item] != 0) {
    return put_item(model, item);
  }
  vn_log_release(&model->log, item);
  return vn_log_put(&model->log, VN_LOG_NO_ITEM, VN_RECORD_TOMB, 0, item, NULL, 0);
}

static vn_err_t write_changes(log_model_t *model, uint32_t dirty) {
  vn_err_t err = VN_OK;
  uint32_t items = first_message(model);
  for (uint32_t i = 0; i < dirty && err == VN_OK; i++) {
    uint32_t item = dirty >= items ? i % items : prng_below(&model->prng, items);
    change(model, item);
    err = put_change(model, item);
  }
  return err;
}

/* What waited was sent, if there is a link; then one more message, in place of the oldest if the
 * outbox is full. */
static vn_err_t write_outbox(log_model_t *model) {
  log_model_state_t *ram = &model->ram;
  uint32_t room = model->shape.items - first_message(model);
  if (room == 0) {
    return VN_OK;
  }
  bool linked = ram->accepted / model->outage_commits % 2u == 1u;
  while (ram->tail < ram->head && (linked || ram->head - ram->tail == room)) {
    uint32_t item = item_of_message(model, ram->tail++);
    ram->version[item] = 0;
    vn_log_release(&model->log, item);
  }
  uint32_t item = item_of_message(model, ram->head++);
  ram->version[item] = (uint32_t)ram->head;
  return put_item(model, item);
}

static vn_err_t commit_state(log_model_t *model) {
  model->ram.accepted++;
  model->possible = model->ram;
  vn_commit_t commit = {.accepted = model->ram.accepted,
                        .journal_applied = 7 * model->ram.accepted,
                        .outbox_head = model->ram.head,
                        .outbox_tail = model->ram.tail};
  return vn_log_commit(&model->log, &commit);
}

vn_err_t log_model_commit_dirty(log_model_t *model, uint32_t dirty) {
  vn_err_t err = vn_log_begin(&model->log);
  if (err != VN_OK) {
    model->full = model->full || err == VN_ERR_LOG_FULL;
    return err;
  }
  set_durable(model, &model->ram); /* what was mounted is certain now */
  model->possible = model->ram;
  model->attempts++;
  err = write_changes(model, dirty);
  err = err == VN_OK ? write_outbox(model) : err;
  vn_err_t closing = commit_state(model);
  if (closing == VN_OK && err == VN_OK) {
    model->newest_sequence = model->sectors[model->log.state.start_sector].sequence;
    set_durable(model, &model->ram);
    note_version(model, model->attempts); /* of an item that was removed in the same transaction */
    return VN_OK;
  }
  model->full = model->full || closing == VN_ERR_LOG_FULL;
  model->ram = model->durable;
  return closing;
}

/* A new version of one item, if it has one part, as a journal record. */
static vn_err_t journal(log_model_t *model) {
  uint8_t payload[4096];
  uint32_t item = prng_below(&model->prng, first_message(model));
  uint32_t version = ++model->attempts;
  if (part_count(&model->shape, item, version) != 1) {
    return VN_AGAIN;
  }
  uint32_t length = part_length(&model->shape, item, version, 0);
  part_fill(payload, length, item, version, 0);
  vn_err_t err = vn_log_begin(&model->log); /* by itself, so that the states are told apart */
  if (err == VN_OK) {
    vn_log_abort(&model->log);
    set_durable(model, &model->ram);
    model->possible = model->ram;
    model->possible.version[item] = version;
    err = vn_log_journal(&model->log, item, 0, item, payload, length);
  }
  if (err == VN_OK) {
    model->ram = model->possible;
    model->newest_sequence = model->sectors[model->log.state.start_sector].sequence;
    set_durable(model, &model->possible);
  } else if (err == VN_ERR_LOG_FULL && !model->flash->dead) {
    model->possible = model->durable;
    return VN_AGAIN;
  }
  return err;
}

vn_err_t log_model_commit(log_model_t *model) {
  if (model->log.state.tx != 0 && prng_chance(&model->prng, model->shape.journal_percent)) {
    vn_err_t err = journal(model);
    if (err != VN_AGAIN) {
      return err;
    }
  }
  return log_model_commit_dirty(model, model->shape.dirty);
}

vn_err_t log_model_mount(log_model_t *model) {
  vn_log_config_t config = model_config(model);
  memset(&model->ram, 0, sizeof model->ram);
  memset(model->parts_seen, 0, sizeof model->parts_seen);
  memset(model->broken, 0, sizeof model->broken);
  vn_err_t err = vn_log_init(&model->log, &config);
  if (err == VN_OK) {
    err = vn_log_mount(&model->log, &model->last);
  }
  if (err == VN_OK) {
    model->ram.accepted = model->last.accepted;
    model->ram.head = model->last.outbox_head;
    model->ram.tail = model->last.outbox_tail;
    model->broken[0] = model->broken[0] || model->last.journal_applied != 7 * model->last.accepted;
  }
  return err;
}

static const char *check_whole(const log_model_t *model) {
  for (uint32_t i = 0; i < model->shape.items; i++) {
    uint32_t version = model->ram.version[i];
    if (version == 0) {
      continue;
    }
    if (model->broken[i] || model->parts_seen[i] != part_count(&model->shape, i, version)) {
      return "an item is incomplete";
    }
  }
  return NULL;
}

const char *log_model_check(log_model_t *model) {
  bool before = memcmp(&model->ram, &model->durable, sizeof model->ram) == 0;
  bool after = memcmp(&model->ram, &model->possible, sizeof model->ram) == 0;
  if (model->flash->violation != NULL) {
    return model->flash->violation;
  }
  if (!before && !after) {
    return "the mounted state is neither the one before nor the one after";
  }
  /* Until something is written behind a fence, a torn commit may still turn up. */
  if (after && !vn_log_uncertain(&model->log)) {
    set_durable(model, &model->ram);
  }
  return check_whole(model);
}

static bool was_durable(const log_model_t *model, uint32_t version) {
  uint32_t bit = version % LOG_MODEL_VERSIONS_MAX;
  return (model->committed[bit / 8u] >> bit % 8u & 1u) != 0;
}

/* What damage leaves of an item: all of it, or nothing. */
static bool take_damaged_item(log_model_t *model, uint32_t item) {
  uint32_t version = model->ram.version[item];
  if (version == 0) {
    return true;
  }
  if (model->broken[item] || model->parts_seen[item] != part_count(&model->shape, item, version)) {
    model->ram.version[item] = 0;
    return true;
  }
  return was_durable(model, version) || version == model->possible.version[item];
}

const char *log_model_check_rotten(log_model_t *model, bool newest_hit) {
  bool before = memcmp(&model->ram, &model->previous, sizeof model->ram) == 0;
  const char *wrong = log_model_check(model);
  if (wrong == NULL || model->flash->violation != NULL) {
    return wrong;
  }
  bool told = model->log.figures.records_damaged > 0;
  if (!told && !(before && newest_hit)) {
    return "damage that nobody is told of";
  }
  for (uint32_t i = 0; told && i < model->shape.items; i++) {
    if (!take_damaged_item(model, i)) {
      return "an item of a version that was never committed";
    }
  }
  return NULL; /* until something is written, what was torn may still turn up */
}

vn_err_t log_model_settle(log_model_t *model) {
  vn_err_t err = vn_log_begin(&model->log);
  if (err == VN_OK) {
    vn_log_abort(&model->log);
    set_durable(model, &model->ram);
    model->possible = model->ram;
  }
  model->full = model->full || err == VN_ERR_LOG_FULL;
  return err;
}

vn_err_t log_model_repair(log_model_t *model) {
  vn_err_t err = VN_OK;
  for (uint32_t item = 0; item < model->shape.items && err == VN_OK;) {
    err = vn_log_begin(&model->log);
    for (uint32_t i = 0; i < model->shape.dirty && item < model->shape.items && err == VN_OK; i++) {
      err = put_change(model, item++);
    }
    if (err != VN_OK) {
      vn_log_abort(&model->log);
      return err;
    }
    err = commit_state(model);
  }
  set_durable(model, &model->ram);
  return err;
}
