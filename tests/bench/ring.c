/*
 * The flash log under patterns of writing that other stores were measured with: a state of 1,000
 * records of 300 bytes. Steady: figures begin when the ring has turned twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define RECORDS 1000u
#define RECORD_BYTES 300u
#define OUTPUTS 32u
#define OUTPUT_BYTES 200u
#define HOT 100u /* records that change at all, in the pattern of that name */
#define TURNS 8u

typedef enum pattern { ALL, RANDOM, HOT_RANDOM, TAIL, APPEND, OUTBOX } pattern_t;

typedef struct ring_case {
  const char *name;
  uint32_t size_bytes, erase_size, prog_size;
  pattern_t pattern;
  uint32_t dirty; /* records of a commit */
} ring_case_t;

#define KIB 1024u
#define MIB (1024u * 1024u)

/* The geometries that littlefs was measured in, then rings that are fuller and fuller. */
static const ring_case_t cases[] = {
    {"all_2M_4K_16", 2 * MIB, 4 * KIB, 16, ALL, RECORDS},
    {"all_4M_4K_512", 4 * MIB, 4 * KIB, 512, ALL, RECORDS},
    {"all_1M_2K_8", 1 * MIB, 2 * KIB, 8, ALL, RECORDS},
    {"all_2M_128K_16", 2 * MIB, 128 * KIB, 16, ALL, RECORDS},
    {"random_2M_4K_16", 2 * MIB, 4 * KIB, 16, RANDOM, 50},
    {"random_4M_4K_16", 4 * MIB, 4 * KIB, 16, RANDOM, 50},
    {"random_4M_4K_512", 4 * MIB, 4 * KIB, 512, RANDOM, 50},
    {"random_1M_2K_8", 1 * MIB, 2 * KIB, 8, RANDOM, 50},
    {"random_2M_128K_16", 2 * MIB, 128 * KIB, 16, RANDOM, 50},
    {"tail_2M_4K_16", 2 * MIB, 4 * KIB, 16, TAIL, 50},
    {"tail_4M_4K_512", 4 * MIB, 4 * KIB, 512, TAIL, 50},
    {"tail_1M_2K_8", 1 * MIB, 2 * KIB, 8, TAIL, 50},
    {"tail_2M_128K_16", 2 * MIB, 128 * KIB, 16, TAIL, 50},
    {"append_2M_4K_16", 2 * MIB, 4 * KIB, 16, APPEND, 50},
    {"append_4M_4K_512", 4 * MIB, 4 * KIB, 512, APPEND, 50},
    {"append_1M_2K_8", 1 * MIB, 2 * KIB, 8, APPEND, 50},
    {"append_2M_128K_16", 2 * MIB, 128 * KIB, 16, APPEND, 50},
    {"outbox_2M_4K_16", 2 * MIB, 4 * KIB, 16, OUTBOX, 1},
    {"outbox_4M_4K_512", 4 * MIB, 4 * KIB, 512, OUTBOX, 1},
    {"outbox_1M_2K_8", 1 * MIB, 2 * KIB, 8, OUTBOX, 1},
    {"outbox_2M_128K_16", 2 * MIB, 128 * KIB, 16, OUTBOX, 1},
    {"fill_uniform_50_4096K", 4096 * KIB, 4 * KIB, 16, RANDOM, 50},
    {"fill_uniform_50_1252K", 1252 * KIB, 4 * KIB, 16, RANDOM, 50},
    {"fill_uniform_50_1024K", 1024 * KIB, 4 * KIB, 16, RANDOM, 50},
    {"fill_uniform_50_920K", 920 * KIB, 4 * KIB, 16, RANDOM, 50},
    {"fill_uniform_50_800K", 800 * KIB, 4 * KIB, 16, RANDOM, 50},
    {"fill_uniform_10_4096K", 4096 * KIB, 4 * KIB, 16, RANDOM, 10},
    {"fill_uniform_10_1252K", 1252 * KIB, 4 * KIB, 16, RANDOM, 10},
    {"fill_uniform_10_1024K", 1024 * KIB, 4 * KIB, 16, RANDOM, 10},
    {"fill_uniform_10_920K", 920 * KIB, 4 * KIB, 16, RANDOM, 10},
    {"fill_uniform_10_800K", 800 * KIB, 4 * KIB, 16, RANDOM, 10},
    {"fill_hot_50_4096K", 4096 * KIB, 4 * KIB, 16, HOT_RANDOM, 50},
    {"fill_hot_50_1252K", 1252 * KIB, 4 * KIB, 16, HOT_RANDOM, 50},
    {"fill_hot_50_1024K", 1024 * KIB, 4 * KIB, 16, HOT_RANDOM, 50},
    {"fill_hot_50_920K", 920 * KIB, 4 * KIB, 16, HOT_RANDOM, 50},
    {"fill_hot_50_800K", 800 * KIB, 4 * KIB, 16, HOT_RANDOM, 50},
    {"fill_hot_10_4096K", 4096 * KIB, 4 * KIB, 16, HOT_RANDOM, 10},
    {"fill_hot_10_1252K", 1252 * KIB, 4 * KIB, 16, HOT_RANDOM, 10},
    {"fill_hot_10_1024K", 1024 * KIB, 4 * KIB, 16, HOT_RANDOM, 10},
    {"fill_hot_10_920K", 920 * KIB, 4 * KIB, 16, HOT_RANDOM, 10},
    {"fill_hot_10_800K", 800 * KIB, 4 * KIB, 16, HOT_RANDOM, 10},
};

typedef struct ring {
  const ring_case_t *shape;
  memory_flash_t memory;
  counted_flash_t flash;
  vn_log_owner_t owner;
  vn_flash_log_t log;
  vn_log_item_t items[RECORDS + OUTPUTS];
  vn_log_sector_t *sectors;
  uint64_t page[512 / sizeof(uint64_t)];
  uint8_t record[RECORD_BYTES + VN_LOG_RECORD_MIN];
  uint8_t payload[RECORD_BYTES];
  uint32_t random, next;
} ring_t;

static vn_err_t put(ring_t *ring, vn_flash_log_t *log, uint32_t item) {
  uint32_t length = item < RECORDS ? RECORD_BYTES : OUTPUT_BYTES;
  return vn_log_put(log, item, VN_RECORD_SLOT, 0, item, ring->payload, length);
}

static vn_err_t rewrite(void *context, vn_flash_log_t *log, uint32_t item) {
  return put(context, log, item);
}

static uint32_t apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                      const uint8_t *payload, uint32_t length) {
  (void)context;
  (void)type;
  (void)flags;
  (void)payload;
  (void)length;
  return argument;
}

static uint32_t any(ring_t *ring, uint32_t below) {
  ring->random = ring->random * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)ring->random * below) >> 32);
}

/* The k-th record of a commit. */
static uint32_t choose(ring_t *ring, uint32_t k) {
  switch (ring->shape->pattern) {
    case RANDOM:
      return any(ring, RECORDS);
    case HOT_RANDOM:
      return any(ring, HOT) * (RECORDS / HOT);
    case TAIL:
      return RECORDS - 1u - k;
    case APPEND:
      return ring->next++ % RECORDS;
    case OUTBOX:
      return RECORDS + ring->next++ % OUTPUTS;
    case ALL:
      break;
  }
  return k;
}

static const vn_commit_t content;

static bool commit(ring_t *ring) {
  vn_err_t error = vn_log_begin(&ring->log);
  for (uint32_t k = 0; k < ring->shape->dirty && error == VN_OK; k++) {
    error = put(ring, &ring->log, choose(ring, k));
  }
  return error == VN_OK && vn_log_commit(&ring->log, &content) == VN_OK;
}

/* The whole state once, in pieces as long as the commits are at most. */
static bool fill(ring_t *ring) {
  vn_err_t error = VN_OK;
  for (uint32_t item = 0; item < RECORDS && error == VN_OK;) {
    error = vn_log_begin(&ring->log);
    for (uint32_t k = 0; k < ring->shape->dirty && error == VN_OK; k++) {
      error = put(ring, &ring->log, item++);
    }
    error = error == VN_OK ? vn_log_commit(&ring->log, &content) : error;
  }
  return error == VN_OK;
}

static bool turn(ring_t *ring, uint64_t *commits) {
  uint64_t end = ring->flash.erases + (uint64_t)TURNS * ring->log.state.limits.sector_count;
  while (ring->flash.erases < end) {
    if (!commit(ring)) {
      return false;
    }
    (*commits)++;
  }
  return true;
}

static bool measure(ring_t *ring) {
  uint64_t commits = 0;
  if (!fill(ring) || !turn(ring, &commits)) {
    return false;
  }
  uint64_t bytes = ring->flash.bytes;
  uint64_t erases = ring->flash.erases;
  vn_log_figures_t before = ring->log.figures;
  commits = 0;
  if (!turn(ring, &commits)) {
    return false;
  }
  double fresh = (double)(ring->log.figures.bytes_fresh - before.bytes_fresh);
  double moved = (double)(ring->log.figures.bytes_moved - before.bytes_moved);
  printf(
      "{\"case\": \"%s\", \"commits\": %llu, \"erases_per_commit\": %.3f, \"bytes_per_commit\": "
      "%.0f, \"amplification\": %.3f, \"fill\": %.3f}\n",
      ring->shape->name, (unsigned long long)commits,
      (double)(ring->flash.erases - erases) / (double)commits,
      (double)(ring->flash.bytes - bytes) / (double)commits, (fresh + moved) / fresh,
      (double)ring->log.config.live_bytes_max / ring->shape->size_bytes);
  return true;
}

static vn_err_t prepare(ring_t *ring) {
  const ring_case_t *shape = ring->shape;
  uint32_t record = 16u + (RECORD_BYTES + 7u) / 8u * 8u;
  counted_flash_init(&ring->flash, &ring->memory.port);
  ring->owner = (vn_log_owner_t){ring, rewrite, apply};
  ring->random = 12345;
  memset(ring->payload, 0x5A, sizeof ring->payload);
  const vn_log_config_t config = {
      .flash = &ring->flash.port,
      .owner = &ring->owner,
      .items = ring->items,
      .item_count = RECORDS + OUTPUTS,
      .sectors = ring->sectors,
      .page = (uint8_t *)ring->page,
      .page_size = sizeof ring->page,
      .record = ring->record,
      .record_max = RECORD_BYTES,
      .live_bytes_max =
          RECORDS * record + (shape->pattern == OUTBOX ? OUTPUTS * (OUTPUT_BYTES + 16u) : 0),
      .commit_bytes_max = shape->dirty * record,
      .region_id = 1};
  vn_err_t error = vn_log_init(&ring->log, &config);
  return error == VN_OK ? vn_log_format(&ring->log) : error;
}

static bool run(const ring_case_t *shape) {
  ring_t *ring = calloc(1, sizeof *ring);
  if (ring == NULL) {
    return false;
  }
  ring->shape = shape;
  ring->sectors = calloc(shape->size_bytes / shape->erase_size, sizeof *ring->sectors);
  bool done = ring->sectors != NULL && memory_flash_open(&ring->memory, shape->size_bytes,
                                                         shape->erase_size, shape->prog_size);
  if (done) {
    vn_err_t error = prepare(ring);
    if (error == VN_ERR_PLAN) {
      printf("{\"case\": \"%s\", \"refused\": true}\n", shape->name);
    } else {
      done = error == VN_OK && measure(ring);
    }
  }
  memory_flash_close(&ring->memory);
  free(ring->sectors);
  free(ring);
  return done;
}

void ring_list(void) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    puts(cases[i].name);
  }
}

bool ring_run(const char *name) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (strcmp(cases[i].name, name) == 0) {
      return run(&cases[i]);
    }
  }
  fprintf(stderr, "vnotch-bench: no such case: %s\n", name);
  return false;
}
