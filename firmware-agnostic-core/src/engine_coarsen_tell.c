/* Coarsening: new messages from what was collected. */
#include "engine_coarsen_priv.h"

#include <string.h>

bool vn__coarsen_cut(vn__coarsening_t *pass) {
  vn_engine_t *engine = pass->engine;
  vn_message_t message;
  if (engine->batch.records == 0) {
    return true;
  }
  pass->loaded = UINT64_MAX; /* the message is put together in the scratch */
  vn__compose_batch(engine, &message);
  message.coarsest = pass->last;
  pass->no_room = !vn_outbox_has_room(&engine->outbox, &message);
  if (pass->no_room) {
    return false;
  }
  bool sent = vn__send_out(engine, &message);
  VN_ASSERT(sent);
  engine->batch = (vn_batch_t){0};
  vn__note_output(engine, message.topic_length + message.payload_length, false);
  return true;
}

/* Room for so many bytes of a record in the batch. */
static bool make_room(vn__coarsening_t *pass, size_t length) {
  const vn_engine_t *engine = pass->engine;
  const vn_batch_t *batch = &engine->batch;
  bool full = batch->records >= engine->plan->batch_max ||
              length > engine->store.batch_bytes - batch->length;
  return (!full || vn__coarsen_cut(pass)) && length <= engine->store.batch_bytes - batch->length;
}

/* The record as it was; only the number of its pipeline may differ. */
static bool copy_record(vn__coarsening_t *pass, const vn_coarse_t *place) {
  enum { NUMBER_MAX = 9 };
  vn_engine_t *engine = pass->engine;
  vn__summary_record_t record;
  size_t longest = 0;
  for (unsigned attempt = 0; attempt < 2; attempt++) { /* making room unloads the message */
    if (!vn__coarsen_load(pass, place->number)) {
      return false;
    }
    vn_cbor_reader_t reader = pass->message.records;
    for (uint32_t i = 0; i < place->place; i++) {
      if (!vn__summary_skip(&reader)) {
        return false;
      }
    }
    if (!vn__summary_record_read(&reader, &record)) {
      return false;
    }
    longest = record.length + NUMBER_MAX;
    if (attempt == 0 && !make_room(pass, longest)) {
      return false;
    }
  }
  uint8_t pipeline;
  if (!vn__coarsen_pipeline(pass, record.pipeline, &pipeline)) {
    return false;
  }
  vn_batch_t *batch = &engine->batch;
  vn_cbor_writer_t writer;
  size_t behind = record.pipeline_at + record.pipeline_length;
  vn_cbor_writer_init(&writer, engine->store.batch + batch->length, longest);
  vn_cbor_raw(&writer, record.bytes, record.pipeline_at);
  vn_cbor_uint(&writer, vn__pipeline_place(batch, pipeline));
  vn_cbor_raw(&writer, record.bytes + behind, record.length - behind);
  VN_ASSERT(!writer.overflow);
  batch->length += writer.length;
  batch->records++;
  return true;
}

/* What several became: marked, with the statistics that can be told exactly. */
static bool put_merged(vn__coarsening_t *pass, const vn_coarse_t *place,
                       const vn_member_t *members) {
  vn_engine_t *engine = pass->engine;
  uint8_t pipeline = engine->store.series[place->series].pipeline;
  const vn_pipeline_t *plan = &engine->plan->pipelines[pipeline];
  vn_window_result_t result = {
      .aggregate = &place->aggregate,
      .sample = members,
      .start_ms = place->start_ms,
      .end_ms = place->end_ms,
      .sample_count = place->sample_count,
      .window = place->window,
      .kind = place->kind,
      .flags = (uint8_t)(place->flags | VN_FLAG_BIT(VN_FLAG_COARSENED)),
      .lacks = ~vn_coarse_statistics(place->known, UINT32_MAX),
  };
  memcpy(result.accounting, place->accounting, sizeof result.accounting);
  const vn_summary_t summary = {&plan->summary, vn_series_name(&engine->table, place->series),
                                &result};
  vn_encoding_t encoding = (vn_encoding_t)engine->plan->encoding;
  if (!make_room(pass, vn_summary_record(encoding, &summary, UINT8_MAX, false, NULL, 0))) {
    return false;
  }
  vn_batch_t *batch = &engine->batch;
  size_t room = engine->store.batch_bytes - batch->length;
  size_t length = vn_summary_record(encoding, &summary, vn__pipeline_place(batch, pipeline),
                                    batch->records == 0, engine->store.batch + batch->length, room);
  VN_ASSERT(length <= room);
  batch->length += length;
  batch->records++;
  return true;
}

bool vn__coarsen_tell(vn__coarsening_t *pass) {
  const vn_store_t *store = &pass->engine->store;
  for (uint32_t i = pass->used; i > 0; i--) { /* the oldest were found last */
    const vn_coarse_t *place = &store->coarse[i - 1u];
    const vn_member_t *members = store->coarse_members + (size_t)(i - 1u) * pass->sample_max;
    if (!place->told) {
      continue;
    }
    bool good = place->windows > 1 ? put_merged(pass, place, members) : copy_record(pass, place);
    if (!good) {
      return false;
    }
  }
  return true;
}
