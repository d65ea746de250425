/* Coarsening: which results of the outbox become one, and which stay as they are. */
#include "engine_coarsen_priv.h"

#define SEGMENT 16u /* records of a message that are walked backwards at a time */

bool vn__coarsen_load(vn__coarsening_t *pass, uint64_t number) {
  vn_engine_t *engine = pass->engine;
  vn_message_t message;
  if (pass->loaded == number) {
    return true;
  }
  pass->loaded = UINT64_MAX;
  if (!vn_outbox_look(&engine->outbox, number * VN_OUTBOX_QUEUES + VN_OUTBOX_OTHERS, &message,
                      engine->store.scratch, (uint32_t)engine->store.scratch_bytes) ||
      message.channel != VN_CHANNEL_SUMMARY ||
      !vn__summary_message_read(message.payload, message.payload_length, &pass->message)) {
    return false;
  }
  pass->loaded = number;
  return true;
}

bool vn__coarsen_pipeline(const vn__coarsening_t *pass, uint64_t index, uint8_t *out) {
  const vn_plan_t *plan = pass->engine->plan;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    if (vn__summary_pipeline_is(&pass->message, index, &plan->pipelines[i].summary)) {
      *out = i;
      return true;
    }
  }
  return false;
}

/* Whether a result of the loaded message is shorter than this pass makes them: messages of nothing
 * but longer ones would take places and come out as they were. */
static bool can_grow(const vn__coarsening_t *pass) {
  vn_cbor_reader_t reader = pass->message.records;
  vn__summary_record_t record;
  for (uint64_t i = 0; i < pass->message.record_count; i++) {
    if (!vn__summary_record_read(&reader, &record) || record.end - record.start < pass->length_ms) {
      return true; /* what is damaged is found by those who read it whole */
    }
  }
  return false;
}

/* What another configuration has left stays as it is. */
bool vn__coarsen_is_source(vn__coarsening_t *pass, uint64_t number) {
  const vn_outbox_line_t *line = &pass->engine->outbox.lines[VN_OUTBOX_OTHERS];
  const vn_outbox_place_t *place = &line->places[number & (line->entries_max - 1u)];
  bool waits = place->state == VN_OUTBOX_NEW || place->state == VN_OUTBOX_READY;
  bool settled = (place->marks & VN_OUTBOX_COARSEST) != 0 && !pass->all;
  if (!waits || settled || number < line->limit || (place->marks & VN_OUTBOX_OFFERED) != 0 ||
      !vn__coarsen_load(pass, number)) {
    return false;
  }
  for (uint64_t i = 0; i < pass->message.pipeline_count; i++) {
    uint8_t ignored;
    if (!vn__coarsen_pipeline(pass, i, &ignored)) {
      return false;
    }
  }
  return pass->all || can_grow(pass);
}

static vn_coarse_t *place_at(const vn__coarsening_t *pass, uint32_t index) {
  return &pass->engine->store.coarse[index];
}

/* Its members; the pipeline of a series that is known says how many and how. */
static vn_coarse_sample_t sample_at(const vn__coarsening_t *pass, uint32_t index, uint32_t series,
                                    uint8_t window) {
  const vn_store_t *store = &pass->engine->store;
  const vn_pipeline_t *plan = store->pipelines[store->series[series].pipeline].plan;
  const vn_window_t *definition = &plan->summary.windows[window];
  return (vn_coarse_sample_t){.members = store->coarse_members + (size_t)index * pass->sample_max,
                              .draw = definition->draw,
                              .capacity = definition->sample};
}

/* A record with what the engine knows of it. */
typedef struct found {
  const vn__summary_record_t *record;
  uint64_t number;
  uint32_t place;
  uint32_t series; /* VN_SERIES_NONE: it is nothing that can be merged */
  bool inside;     /* of a message that is replaced */
} found_t;

/* Results of tumbling windows, deltas apart, of a series that is there. */
static uint32_t series_of(const vn__coarsening_t *pass, const vn__summary_record_t *record) {
  vn_engine_t *engine = pass->engine;
  uint8_t pipeline;
  uint32_t series = vn_series_find(&engine->table, record->series, vn_series_hash(record->series));
  if (series == VN_SERIES_NONE || !vn__coarsen_pipeline(pass, record->pipeline, &pipeline) ||
      engine->store.series[series].pipeline != pipeline) {
    return VN_SERIES_NONE;
  }
  const vn_summary_pipeline_t *own = &engine->plan->pipelines[pipeline].summary;
  bool partial =
      record->kind == VN_KIND_PARTIAL || (record->flags & VN_FLAG_BIT(VN_FLAG_PARTIAL)) != 0;
  bool tumbling = record->window < own->window_count &&
                  own->windows[record->window].shape == VN_WINDOW_TUMBLING;
  return tumbling && !partial ? series : VN_SERIES_NONE;
}

/* Nothing but deltas can follow for a window that ends there. */
static bool is_over(const vn__coarsening_t *pass, uint32_t series, vn_time_ms_t end_ms) {
  const vn__work_t work = vn__work(pass->engine, series);
  vn_time_ms_t last_ms = vn_add_saturating(end_ms, work.pipeline->plan->lateness_ms - 1);
  return work.state->window.watermark_ms >= last_ms && !vn__windows_wait(&work);
}

static bool is_merged(const found_t *found) {
  return (found->record->flags & VN_FLAG_BIT(VN_FLAG_COARSENED)) != 0;
}

/* The next place, filled with what there is to fill in any case. What was merged before holds the
 * newest revision of all that lies within. */
static vn_coarse_t *claim(vn__coarsening_t *pass, const found_t *found) {
  VN_ASSERT(pass->used < pass->engine->store.coarse_count);
  vn_coarse_t *place = place_at(pass, pass->used++);
  *place = (vn_coarse_t){.start_ms = found->record->start,
                         .end_ms = found->record->end,
                         .revision = is_merged(found) ? UINT32_MAX : found->record->revision,
                         .window = (uint8_t)found->record->window,
                         .series = found->series,
                         .number = found->number,
                         .place = found->place,
                         .told = found->inside};
  return place;
}

/*
 * The results of a series are walked from the newest: what lies inside of one that was found before
 * is an older revision of it. True: there is nothing more to do for this one.
 */
static bool is_superseded(const vn__coarsening_t *pass, const found_t *found) {
  for (uint32_t i = 0; i < pass->used; i++) {
    vn_coarse_t *place = place_at(pass, i);
    bool covers = place->series == found->series && place->window == found->record->window &&
                  found->record->start >= place->start_ms && found->record->end <= place->end_ms;
    if (covers && (place->windows > 0 || found->record->revision <= place->revision)) {
      return true;
    }
  }
  return false;
}

static bool same_step(const vn__coarsening_t *pass, const vn_coarse_t *a, const vn_coarse_t *b) {
  return a->series == b->series && a->window == b->window && a->windows > 0 && b->windows > 0 &&
         vn_floor_div(a->start_ms, pass->length_ms) == vn_floor_div(b->start_ms, pass->length_ms);
}

/* Merges a place into another of its step; *into says which. */
static bool merge_one(const vn__coarsening_t *pass, uint32_t index, uint32_t *into) {
  const vn_coarse_t *place = place_at(pass, index);
  for (uint32_t i = 0; i < pass->used; i++) {
    vn_coarse_t *other = place_at(pass, i);
    if (i == index || !same_step(pass, other, place)) {
      continue;
    }
    vn_coarse_sample_t sample = sample_at(pass, i, other->series, other->window);
    if (vn_coarse_merge(other, &sample, place,
                        pass->engine->store.coarse_members + (size_t)index * pass->sample_max)) {
      *into = i;
      return true;
    }
  }
  return false;
}

/* The last place may close the gap between two others. */
static void merge_last(vn__coarsening_t *pass) {
  uint32_t into, third;
  if (!merge_one(pass, pass->used - 1u, &into)) {
    return;
  }
  pass->used--;
  if (merge_one(pass, into, &third)) {
    *place_at(pass, into) = (vn_coarse_t){.series = VN_SERIES_NONE}; /* stays empty */
  }
}

/* A result that is over: read whole, and merged where it can be; else it stays as it is. */
static void take_result(vn__coarsening_t *pass, const found_t *found) {
  const vn_series_state_t *state = &pass->engine->store.series[found->series];
  const vn_pipeline_t *plan = pass->engine->store.pipelines[state->pipeline].plan;
  vn_coarse_t *place = claim(pass, found);
  const vn_coarse_t claimed = *place;
  vn_coarse_sample_t sample = sample_at(pass, pass->used - 1u, found->series, claimed.window);
  if (!vn__coarse_read(found->record, &plan->summary, place) ||
      !vn__coarse_read_sample(found->record, &sample, state->sample_seed, place)) {
    *place = claimed;
    return;
  }
  place->window = claimed.window;
  place->series = claimed.series;
  place->number = claimed.number;
  place->place = claimed.place;
  place->told = true;
  merge_last(pass);
}

/* What was merged before and touches this one stands for what lies within both: a week of hours
 * takes one place. */
static bool extend_another(const vn__coarsening_t *pass, const found_t *found) {
  const vn__summary_record_t *record = found->record;
  for (uint32_t i = 0; i < pass->used && is_merged(found); i++) {
    vn_coarse_t *place = place_at(pass, i);
    bool alike = place->series == found->series && place->window == record->window &&
                 !place->told && place->revision == UINT32_MAX;
    if (alike && place->end_ms == record->start) {
      place->end_ms = record->end;
      return true;
    }
    if (alike && place->start_ms == record->end) {
      place->start_ms = record->start;
      return true;
    }
  }
  return false;
}

/* A result that stays where it is: what it says of those that are replaced needs a place. False:
 * there is none. */
static bool take_outside(vn__coarsening_t *pass, const found_t *found) {
  bool newer = found->record->revision > 0 || is_merged(found);
  if (found->series == VN_SERIES_NONE || !newer || extend_another(pass, found)) {
    return true;
  }
  if (pass->used == pass->engine->store.coarse_count) {
    return false;
  }
  (void)claim(pass, found);
  return true;
}

/* One record of the group. False: it is damaged, or there is no place for it. */
static bool take_record(vn__coarsening_t *pass, const found_t *found) {
  const vn__summary_record_t *record = found->record;
  bool mergeable = found->series != VN_SERIES_NONE;
  if (mergeable && is_superseded(pass, found)) {
    return true;
  }
  if (!found->inside) {
    return take_outside(pass, found);
  }
  if (pass->used == pass->engine->store.coarse_count) {
    return false;
  }
  bool sure = (record->flags & VN_FLAG_BIT(VN_FLAG_TIME_QUALITY)) == 0;
  if (mergeable && sure && is_over(pass, found->series, record->end)) {
    take_result(pass, found);
  } else {
    (void)claim(pass, found);
  }
  return true;
}

static bool in_group(const vn__coarsening_t *pass, const vn__summary_record_t *record) {
  const uint32_t golden = 0x9E3779B1u;
  uint32_t hash = (vn_series_hash(record->series) + (uint32_t)record->window) * golden;
  return hash >= pass->low && hash < pass->high;
}

/* The loaded message, from its last record. */
static bool scan_message(vn__coarsening_t *pass, bool inside) {
  uint64_t end = pass->message.record_count;
  while (end > 0) {
    uint64_t start = end > SEGMENT ? end - SEGMENT : 0;
    vn_cbor_reader_t reader = pass->message.records;
    size_t positions[SEGMENT];
    for (uint64_t i = 0; i < end; i++) {
      positions[i < start ? 0 : i - start] = reader.position;
      if (!vn__summary_skip(&reader)) {
        return false;
      }
    }
    for (uint64_t i = end; i > start; i--) {
      vn__summary_record_t record;
      reader.position = positions[i - 1 - start];
      if (!vn__summary_record_read(&reader, &record)) {
        return false;
      }
      found_t found = {&record, pass->loaded, (uint32_t)(i - 1), VN_SERIES_NONE, inside};
      if (in_group(pass, &record)) {
        found.series = series_of(pass, &record);
        if (!take_record(pass, &found)) {
          return false;
        }
      }
    }
    end = start;
  }
  return true;
}

/* Whether results behind the messages that are replaced may be revisions of those in them. */
static bool has_revisions(const vn_plan_t *plan) {
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    if (plan->pipelines[i].lateness_ms > 0 || plan->pipelines[i].early_every_ms > 0) {
      return true;
    }
  }
  return false;
}

bool vn__coarsen_scan(vn__coarsening_t *pass) {
  bool revisions = has_revisions(pass->engine->plan);
  uint64_t from = revisions ? pass->made : pass->end;
  pass->used = 0;
  for (uint64_t number = from; number > pass->begin; number--) {
    bool inside = number <= pass->end && vn__coarsen_is_source(pass, number - 1);
    if (!inside && !(revisions && vn__coarsen_load(pass, number - 1))) {
      continue; /* nothing of ours, or nothing that matters */
    }
    if (!scan_message(pass, inside)) {
      return false;
    }
  }
  return true;
}
