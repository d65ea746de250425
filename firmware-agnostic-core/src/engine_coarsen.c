/*
 * Coarsening: when the outbox fills up, the oldest results that never left are merged into those of
 * longer windows. A pass replaces whole messages by fewer ones, or leaves all as it was.
 */
#include "engine_coarsen_priv.h"

const bool vn__has_coarsening = true;

#define HASHES (UINT64_C(1) << 32)

/* A pass is worth its trouble when it sets a quarter free. */
static bool is_worth(uint64_t made_blocks, uint64_t blocks) {
  return made_blocks <= blocks - (blocks + 3u) / 4u;
}

static uint64_t index_of(uint64_t number) { return number * VN_OUTBOX_QUEUES + VN_OUTBOX_OTHERS; }

static uint32_t blocks_of(const vn_outbox_t *outbox, uint64_t number) {
  const vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_OTHERS];
  const vn_outbox_place_t *place = &line->places[number & (line->entries_max - 1u)];
  return place->state == VN_OUTBOX_DONE
             ? 0
             : (place->length + VN_OUTBOX_BLOCK_DATA - 1u) / VN_OUTBOX_BLOCK_DATA;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* How much a pass may replace: half of the outbox, and no more than a transaction takes. */
static uint64_t blocks_max(const vn_engine_t *engine) {
  return least(engine->outbox.block_count / 2u,
               engine->transaction_bytes / 2u / sizeof(vn_outbox_block_t));
}

/* The oldest entries, up to so many blocks; *blocks is what those that are replaced have. */
static void choose(vn__coarsening_t *pass, uint64_t most, uint64_t *blocks) {
  const vn_outbox_t *outbox = &pass->engine->outbox;
  const vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_OTHERS];
  *blocks = 0;
  pass->begin = line->tail;
  while (pass->engine->sender.link_up && pass->begin < line->head &&
         !vn__coarsen_is_source(pass, pass->begin)) {
    pass->begin++; /* what is on its way stays where it is */
  }
  for (pass->end = pass->begin; pass->end < line->head && *blocks < most; pass->end++) {
    *blocks += vn__coarsen_is_source(pass, pass->end) ? blocks_of(outbox, pass->end) : 0;
  }
}

/* Whether a narrower group could be a smaller one. */
static bool is_divisible(const vn__coarsening_t *pass) {
  const vn_coarse_t *places = pass->engine->store.coarse;
  bool alike = true;
  for (uint32_t i = 1; i < pass->used && alike; i++) {
    alike = places[i].series == places[0].series && places[i].window == places[0].window;
  }
  return !alike && pass->high - pass->low > 1;
}

/* All groups, each as large as the places allow. What is narrowed for one crowded group widens
 * behind it: the scans are as many as groups, not as hashes. */
static bool work_through(vn__coarsening_t *pass) {
  uint64_t width = HASHES;
  pass->low = 0;
  while (pass->low < HASHES) {
    pass->high = pass->low + width < HASHES ? pass->low + width : HASHES;
    if (vn__coarsen_scan(pass)) {
      if (!vn__coarsen_tell(pass)) {
        return false;
      }
      pass->low = pass->high;
      width *= 2u;
    } else if (is_divisible(pass)) {
      width = width > 4u ? width / 4u : 1u;
    } else {
      pass->too_many = true;
      return false;
    }
  }
  return vn__coarsen_cut(pass);
}

/* Nobody has seen its messages: their numbers are given again. */
static void undo(const vn__coarsening_t *pass, uint64_t seq) {
  pass->engine->batch = (vn_batch_t){0};
  pass->engine->head.seq = seq;
  vn_outbox_take_back(&pass->engine->outbox, pass->made);
}

static bool is_short_of_places(const vn_outbox_line_t *line) {
  return line->head - line->tail > line->entries_max - line->entries_max / 4u;
}

/* The oldest that stays keeps its line from getting shorter: it gets a new number in it, while no
 * link has it in flight. Its bytes are the same. */
static void make_places(vn__coarsening_t *pass) {
  vn_engine_t *engine = pass->engine;
  const vn_outbox_line_t *line = &engine->outbox.lines[VN_OUTBOX_OTHERS];
  for (uint64_t number = pass->begin; number < pass->end; number++) {
    uint32_t blocks = blocks_of(&engine->outbox, number);
    if (blocks > 0 && line->head - line->tail < line->entries_max) {
      vn__note_output(engine, blocks * sizeof(vn_outbox_block_t), false);
      vn_outbox_move(&engine->outbox, index_of(number));
    }
  }
}

/* What was replaced goes. */
static void replace(vn__coarsening_t *pass) {
  vn_engine_t *engine = pass->engine;
  for (uint64_t number = pass->begin; number < pass->end; number++) {
    if (vn__coarsen_is_source(pass, number)) {
      vn_outbox_give_up(&engine->outbox, index_of(number), VN_GAP_COARSENED);
      engine->figures.outbox_coarsened++;
    }
  }
  if (!engine->sender.link_up && is_short_of_places(&engine->outbox.lines[VN_OUTBOX_OTHERS])) {
    make_places(pass);
  }
}

typedef enum outcome { DONE, NOT_WORTH_IT, NO_ROOM, TOO_MANY } outcome_t;

/* A pass over so many blocks; it is undone unless it is done. */
static outcome_t run(vn_engine_t *engine, const vn__coarsening_t *kind, uint64_t most) {
  uint64_t blocks;
  vn__coarsening_t pass = *kind;
  uint64_t seq = engine->head.seq;
  uint64_t free_before = engine->outbox.free_count;
  choose(&pass, most, &blocks);
  bool worked = blocks > pass.fewest && work_through(&pass);
  if (worked && is_worth(free_before - engine->outbox.free_count, blocks)) {
    replace(&pass);
    return DONE;
  }
  undo(&pass, seq);
  return pass.no_room ? NO_ROOM : pass.too_many ? TOO_MANY : NOT_WORTH_IT;
}

/* As many messages as there is room and places for. */
static outcome_t run_smaller(vn_engine_t *engine, const vn__coarsening_t *kind) {
  uint64_t most = blocks_max(engine);
  outcome_t outcome = run(engine, kind, most);
  while (outcome == TOO_MANY && most > 1) {
    most /= 2u;
    outcome = run(engine, kind, most);
  }
  bool fits = outcome != NO_ROOM || most <= engine->outbox.free_count;
  return fits ? outcome : run(engine, kind, engine->outbox.free_count);
}

/* The shortest windows that are worth it; at last those that were left in pieces. */
static outcome_t run_kinds(vn_engine_t *engine, uint64_t fewest) {
  const vn_plan_t *plan = engine->plan;
  outcome_t outcome = NOT_WORTH_IT;
  for (unsigned i = 0; i <= plan->coarsen_count && outcome != DONE; i++) {
    bool again = i == plan->coarsen_count;
    const vn__coarsening_t kind = {
        .engine = engine,
        .length_ms = plan->coarsen_ms[again ? i - 1u : i],
        .fewest = fewest,
        .loaded = UINT64_MAX,
        .made = engine->outbox.lines[VN_OUTBOX_OTHERS].head,
        .sample_max = engine->sender.sample_max,
        .last = i + 1u >= plan->coarsen_count,
        .all = again,
    };
    outcome_t own = run_smaller(engine, &kind);
    outcome = own == NOT_WORTH_IT ? outcome : own;
  }
  return outcome;
}

/* A few messages make a pass only when room is short and no length has many: results would grow by
 * bits, and eat up the room that a pass over many needs. */
static outcome_t run_any(vn_engine_t *engine) {
  uint32_t blocks = engine->outbox.block_count;
  outcome_t outcome = run_kinds(engine, blocks / 16u);
  bool pressed = outcome != DONE && engine->outbox.free_count < blocks / 8u;
  return pressed ? run_kinds(engine, 0) : outcome;
}

/* What half of the outbox becomes in a pass that is worth it has room then. */
static bool is_filling(const vn_outbox_t *outbox) {
  return outbox->free_count < outbox->block_count / 8u * 3u ||
         is_short_of_places(&outbox->lines[VN_OUTBOX_OTHERS]);
}

/* How many results are at work at a time: a pass goes over its messages so much the oftener, the
 * more series and windows there are for each. */
uint32_t vn__coarse_count(const vn_plan_t *plan) {
  const uint32_t fewest = 64, most = 256;
  bool cbor = plan->encoding == VN_ENCODING_CBOR || plan->encoding == VN_ENCODING_CBOR_NAMED;
  uint64_t count = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    const vn_pipeline_t *pipeline = &plan->pipelines[i];
    for (uint8_t w = 0; w < pipeline->summary.window_count; w++) {
      bool tumbling = pipeline->summary.windows[w].shape == VN_WINDOW_TUMBLING;
      count += tumbling ? 4u * (uint64_t)pipeline->series_max : 0;
    }
  }
  if (!cbor || plan->coarsen_count == 0 || count == 0) {
    return 0;
  }
  return count < fewest ? fewest : count > most ? most : (uint32_t)count;
}

uint16_t vn__coarse_sample_max(const vn_plan_t *plan) {
  uint16_t most = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    const vn_summary_pipeline_t *pipeline = &plan->pipelines[i].summary;
    for (uint8_t w = 0; w < pipeline->window_count; w++) {
      const vn_window_t *window = &pipeline->windows[w];
      most = window->shape == VN_WINDOW_TUMBLING && window->sample > most ? window->sample : most;
    }
  }
  return most;
}

void vn__coarsen(vn_engine_t *engine) {
  const vn_outbox_line_t *line = &engine->outbox.lines[VN_OUTBOX_OTHERS];
  if (engine->store.coarse_count == 0 || line->head < engine->sender.coarsen_next ||
      !is_filling(&engine->outbox)) {
    return;
  }
  outcome_t outcome = run_any(engine);
  uint32_t blocks = engine->outbox.block_count;
  if (outcome == NO_ROOM && engine->outbox.free_count < blocks / 16u) {
    vn_outbox_shed(&engine->outbox, blocks / 8u); /* something goes in any case: room to work in */
    outcome = run_any(engine);
  }
  uint64_t pause = outcome == DONE ? 1u : 1u + blocks / 128u;
  engine->sender.coarsen_next = line->head + pause;
}
