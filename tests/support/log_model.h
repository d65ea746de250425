/* An owner of a flash log for tests: items with versions, whose every byte can be foretold. */
#ifndef LOG_MODEL_H
#define LOG_MODEL_H

#include "flash_fake.h"
#include "vn/flash_log.h"

enum { LOG_MODEL_ITEMS_MAX = 512, LOG_MODEL_VERSIONS_MAX = 8192 };

/* The workload: `dirty` random items of `items` get a new version in each commit. */
typedef struct log_model_shape {
  uint32_t items, parts_max, payload_min, payload_max, dirty, page_size;
  uint32_t remove_percent;  /* of the dirty items are removed instead */
  uint32_t journal_percent; /* of the commits are journal records by themselves */
} log_model_shape_t;

/* A state: what mount must bring back. version 0 = no such item. Messages that wait have the
 * numbers tail to head - 1; there are some only if the model has outages. */
typedef struct log_model_state {
  uint64_t accepted, head, tail;
  uint32_t version[LOG_MODEL_ITEMS_MAX];
} log_model_state_t;

typedef struct log_model {
  log_model_shape_t shape;
  flash_fake_t *flash;
  vn_flash_log_t log;
  vn_log_owner_t owner;
  log_model_state_t ram;      /* with the changes of the open transaction */
  log_model_state_t durable;  /* what must be there after a cut, for certain */
  log_model_state_t possible; /* what may be there instead; equal when nothing is open */
  log_model_state_t previous; /* what `durable` was before */
  uint32_t parts_seen[LOG_MODEL_ITEMS_MAX];
  bool broken[LOG_MODEL_ITEMS_MAX];
  vn_log_item_t *items;
  vn_log_sector_t *sectors;
  uint8_t *page, *record;
  prng_t prng;
  uint64_t newest_sequence; /* of the sector where the newest transaction begins */
  uint32_t attempts;        /* transactions begun: each gives its items a version of its own */
  uint32_t outage_commits;  /* 0: none. The second half of the items is an outbox, a message a
                               commit; it is sent only in every other span of so many commits */
  vn_commit_t last;         /* as the last mount found it */
  uint8_t committed[LOG_MODEL_VERSIONS_MAX / 8]; /* versions that were in a durable state */
  bool full;                                     /* a commit found no free sector */
} log_model_t;

log_model_t *log_model_new(const log_model_shape_t *shape, const flash_fake_shape_t *flash,
                           uint64_t seed);
void log_model_free(log_model_t *model);

/* Makes `to`, made from the same shapes, a copy that goes on by itself. */
void log_model_copy(log_model_t *to, const log_model_t *from);

/* The most bytes all items can take. */
uint64_t log_model_live_max(const log_model_shape_t *shape);
uint64_t log_model_commit_max(const log_model_shape_t *shape);

/* Formats; both states are empty then. */
vn_err_t log_model_format(log_model_t *model);

/* One transaction of the workload; on VN_OK its state is the durable one. */
vn_err_t log_model_commit(log_model_t *model);
/* The same with `dirty` given. */
vn_err_t log_model_commit_dirty(log_model_t *model, uint32_t dirty);

/* Starts over on the same flash as after a power-up and mounts; ram is what mount has brought. */
vn_err_t log_model_mount(log_model_t *model);

/* After a mount: NULL when its state is one of the two that may be; then both are adjusted. */
const char *log_model_check(log_model_t *model);

/* The same where stored bits have changed: NULL also when damage is reported and every item is
 * whole, of some version that was durable once, or missing. `newest_hit`: the newest transaction
 * may be gone without a word, as if it had been cut. */
const char *log_model_check_rotten(log_model_t *model, bool newest_hit);

/* vn_log_begin and abort: places, and seals what may fade. From then on the state is certain. */
vn_err_t log_model_settle(log_model_t *model);

/* After a mount that reported damage: everything that is left is written again, `dirty` items a
 * commit. */
vn_err_t log_model_repair(log_model_t *model);

#endif
