/* How much of the flash messages may use: a day's bytes of the device, and of each source of them.
 */
#include "engine_journal_priv.h"
#include "vn/arith.h"
#include "vn/hash.h"

#define DAY_US INT64_C(86400000000)
#define MS_US 1000
#define LONG_AGO_US (INT64_MIN / 2)
/* What a message takes at most, so that a day's microseconds times it fit 64 bits. */
#define BYTES_MAX (UINT64_C(1) << 27)

static int64_t now_us(const vn_engine_t *engine) { return vn__mono_ms(engine) * MS_US; }

static int64_t later(int64_t a_us, int64_t b_us) { return a_us > b_us ? a_us : b_us; }

/* The place of a topic; NULL: sources have no limit. */
static int64_t *source_of(const vn_engine_t *engine, vn_text_t topic) {
  const vn_store_t *store = &engine->store;
  uint32_t seed = (uint32_t)engine->plan->seed;
  return store->allowance_count == 0
             ? NULL
             : store->allowances +
                   (vn_murmur3_32(topic.bytes, topic.length, seed) & (store->allowance_count - 1u));
}

static bool has_left(int64_t full_us, int64_t at_us) {
  return later(full_us, at_us) - at_us < DAY_US;
}

/* The less a day has, the longer it takes until the bytes are there again. */
static int64_t spent(int64_t full_us, int64_t at_us, uint64_t bytes, uint64_t day_bytes) {
  uint64_t taken = bytes < BYTES_MAX ? bytes : BYTES_MAX;
  uint64_t cost_us = (taken * (uint64_t)DAY_US + day_bytes - 1u) / day_bytes;
  return vn_add_saturating(later(full_us, at_us), (int64_t)cost_us);
}

void vn__allowance_fill(vn_engine_t *engine) {
  engine->journal.full_us = LONG_AGO_US;
  for (size_t i = 0; i < engine->store.allowance_count; i++) {
    engine->store.allowances[i] = LONG_AGO_US;
  }
}

bool vn__allowance_left(const vn_engine_t *engine, vn_text_t topic) {
  int64_t at_us = now_us(engine);
  const int64_t *source = source_of(engine, topic);
  return (engine->plan->journal_day_bytes == 0 || has_left(engine->journal.full_us, at_us)) &&
         (source == NULL || has_left(*source, at_us));
}

void vn__allowance_spend(vn_engine_t *engine, vn_text_t topic, uint64_t bytes) {
  const vn_plan_t *plan = engine->plan;
  int64_t at_us = now_us(engine);
  int64_t *source = source_of(engine, topic);
  if (plan->journal_day_bytes > 0) {
    engine->journal.full_us = spent(engine->journal.full_us, at_us, bytes, plan->journal_day_bytes);
  }
  if (source != NULL) {
    *source = spent(*source, at_us, bytes, plan->journal_source_day_bytes);
  }
}
