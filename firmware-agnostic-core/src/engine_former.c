/*
 * Windows that another plan had: their results so far, from the bytes of their states. They are
 * messages of their own, since the plan doesn't know their names.
 */
#include "engine_outbox_priv.h"
#include "engine_slot_priv.h"
#include "window_former_priv.h"

#include <string.h>

/* What an entry of the outbox takes on the flash beside its payload. */
#define ENTRY_BYTES 64u

/* The window at work, and the records of its message. */
typedef struct ending {
  const vn__former_source_t *source;
  vn_summary_pipeline_t pipeline;
  vn_window_t window;
  vn_text_t name;
  char window_name[VN_WORD_MAX + 1u]; /* of a window that isn't one of time */
  vn_series_state_t *state;           /* NULL: the series is gone */
  uint32_t series;                    /* its number; VN_SERIES_NONE: nothing is left of it */
  uint32_t records;
  size_t length;
} ending_t;

static uint8_t *records_of(const ending_t *ending) {
  return ending->source->engine->store.batch + ending->source->reserved;
}

static size_t room_of(const ending_t *ending) {
  return ending->source->engine->store.batch_bytes - ending->source->reserved;
}

static size_t compose(const ending_t *ending) {
  vn_engine_t *engine = ending->source->engine;
  const vn_summary_pipeline_t *pipelines[] = {&ending->pipeline};
  const vn_summary_batch_t content = {
      .head = {engine->head.device, engine->head.seq, engine->head.boot},
      .pipelines = pipelines,
      .records = records_of(ending),
      .records_length = ending->length,
      .record_count = ending->records,
      .pipeline_count = 1,
  };
  return vn_summary_message((vn_encoding_t)engine->plan->encoding, &content, engine->store.scratch,
                            engine->store.scratch_bytes);
}

/* Whether the outbox, and the commit, can take a message of this length. */
static bool has_room(const ending_t *ending, size_t length) {
  const vn_engine_t *engine = ending->source->engine;
  const size_t around = VN_OUTBOX_HEADER_BYTES + VN_OUTBOX_NUMBER_BYTES + VN_OUTBOX_RESULTS_BYTES +
                        VN_ALERT_TOPIC_MAX + sizeof(uint64_t);
  size_t slot =
      ending->state == NULL ? 0 : engine->store.pipelines[ending->state->pipeline].slot_max;
  return length + around <= engine->store.scratch_bytes &&
         engine->owed.bytes + length + ENTRY_BYTES + slot <= ending->source->room;
}

static bool send_message(const ending_t *ending) {
  vn_engine_t *engine = ending->source->engine;
  size_t length = compose(ending);
  if (!has_room(ending, length)) {
    return false;
  }
  vn_message_t message = {.topic = "summary",
                          .payload = engine->store.scratch,
                          .topic_length = strlen("summary"),
                          .payload_length = length,
                          .results = (uint16_t)ending->records,
                          .channel = VN_CHANNEL_SUMMARY,
                          .numbered = true};
  if (!vn__wall_ms(engine, &message.time_ms)) {
    message.time_ms = VN_TIME_MINUS_INFINITY;
  }
  (void)vn__send_out(engine, &message); /* what the outbox drops for it, or of it, is counted */
  vn__note_output(engine, length + ENTRY_BYTES, false);
  return true;
}

/* With the state that doesn't have these windows: the next commit has both. */
static void send(ending_t *ending) {
  vn_engine_t *engine = ending->source->engine;
  if (ending->records > 0 && engine->ports.uplink != NULL && !send_message(ending)) {
    engine->recovery.windows_left += ending->records;
  } else if (ending->records > 0) {
    engine->recovery.windows_ended += ending->records;
    if (ending->series != VN_SERIES_NONE) {
      vn__owe_or_bury(engine, ending->series);
    }
  }
  ending->records = 0;
  ending->length = 0;
}

static void observe(const ending_t *ending, const vn_summary_t *summary) {
  vn_engine_t *engine = ending->source->engine;
  const vn_observer_t *observer = engine->ports.observer;
  engine->figures.summaries++;
  if (observer != NULL && observer->summary != NULL) {
    observer->summary(observer->context, summary);
  }
}

static void put(ending_t *ending, const vn_window_result_t *result) {
  vn_engine_t *engine = ending->source->engine;
  vn_encoding_t encoding = (vn_encoding_t)engine->plan->encoding;
  const vn_summary_t summary = {&ending->pipeline, ending->name, result};
  uint16_t name_max = (uint16_t)ending->name.length;
  size_t longest = vn_summary_record_max(encoding, &ending->pipeline, 0, name_max);
  if (longest > room_of(ending) - ending->length || ending->records >= engine->plan->batch_max) {
    send(ending);
  }
  if (longest > room_of(ending)) {
    engine->recovery.windows_left++;
    return;
  }
  observe(ending, &summary);
  ending->length +=
      vn_summary_record(encoding, &summary, 0, ending->records == 0,
                        records_of(ending) + ending->length, room_of(ending) - ending->length);
  ending->records++;
}

static void tell(ending_t *ending, const vn__former_result_t *former) {
  vn_engine_t *engine = ending->source->engine;
  const vn_series_state_t *state = ending->state;
  bool provisional = state != NULL && (state->flags & VN__SERIES_PROVISIONAL) != 0;
  /* Deltas are numbered by series, and by all that are gone. */
  uint32_t *told = state != NULL ? &ending->state->correction.told : &engine->deltas_gone;
  vn_window_result_t result = {
      .aggregate = &former->aggregate,
      .sample = engine->store.sample_scratch,
      .supersedes = former->superseded,
      .start_ms = former->start_ms,
      .end_ms = former->end_ms,
      .revision = (*told)++,
      .supersedes_count = (uint8_t)former->superseded_count,
      .kind = VN_KIND_PARTIAL,
      .flags = (uint8_t)(VN_FLAG_BIT(VN_FLAG_PARTIAL) | VN_FLAG_BIT(VN_FLAG_RECONFIGURED) |
                         (provisional ? VN_FLAG_BIT(VN_FLAG_TIME_QUALITY) : 0) |
                         (former->exact ? 0 : VN_FLAG_BIT(VN_FLAG_DEGRADED))),
  };
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    result.accounting[i] = former->tally.counts[i];
  }
  put(ending, &result);
}

/* What is open of one window: it has no result yet. */
static void tell_open(ending_t *ending, const vn__former_t *former) {
  vn_time_ms_t after_ms = vn__former_watermark(former) + 1;
  vn__former_result_t result;
  while (vn__former_next(former, &ending->window, after_ms, &result)) {
    tell(ending, &result);
    after_ms = result.end_ms;
  }
  send(ending);
}

vn__former_source_t vn__former_begin(vn_engine_t *engine) {
  bool bounded = engine->transaction_bytes != UINT64_MAX;
  uint64_t room = bounded ? engine->transaction_bytes + vn_log_room(&engine->log) : UINT64_MAX;
  return (vn__former_source_t){
      .engine = engine, .room = room, .reserved = engine->batch.length, .series = VN_SERIES_NONE};
}

/* Those of time: all, or those that the set has not; `set` NULL: nothing goes on. */
static void tell_times(ending_t *ending, const vn__part_t *part, const vn_window_set_t *set) {
  vn__unpacker_t unpacker = {part->bytes, part->length, 0, false};
  vn__time_head_t head = vn__time_head(&unpacker, set);
  vn__former_t former;
  if (unpacker.failed || !vn__former_open(&former, &unpacker, head.pane_ms, head.anchor_ms)) {
    return;
  }
  bool goes_on = set != NULL && vn__time_goes_on(set, &head);
  for (uint8_t i = 0; i < head.origin.window_count; i++) {
    uint16_t counters;
    ending->window = vn__time_window(&head.windows, head.pane_ms, &counters);
    if (!goes_on || head.origin.own[i] == VN_WINDOWS_MAX) {
      tell_open(ending, &former);
    }
  }
}

/* How others are read, and what they were. */
typedef struct other {
  vn__former_read_fn read;
  uint8_t shape; /* vn_window_shape_t */
} other_t;
static const other_t others[] = {
    [VN__PART_SESSION] = {vn__session_former, VN_WINDOW_SESSION},
    [VN__PART_COUNT] = {vn__count_former, VN_WINDOW_COUNT},
    [VN__PART_REPORT] = {vn__report_former, VN_WINDOW_REPORT},
    [VN__PART_CONDITION] = {vn__condition_former, VN_WINDOW_CONDITION},
};

static const other_t *find_other(uint32_t kind) {
  bool known = kind < sizeof others / sizeof others[0] && others[kind].read != NULL;
  return known ? &others[kind] : NULL;
}

bool vn__former_is_told(uint32_t kind) { return kind == VN__PART_TIME || find_other(kind) != NULL; }

static void tell_other(ending_t *ending, const vn__part_t *part, const other_t *other) {
  const vn__unpacker_t state = {part->bytes, part->length, 0, false};
  vn__former_result_t result;
  if (part->name.length > VN_WORD_MAX) {
    return;
  }
  memcpy(ending->window_name, part->name.bytes, part->name.length);
  ending->window_name[part->name.length] = '\0';
  ending->window = (vn_window_t){.name = ending->window_name, .shape = other->shape};
  for (uint32_t i = 0; other->read(state, i, &result); i++) {
    if (result.superseded_count > VN__FORMER_SPANS_MAX) {
      ending->source->engine->recovery.windows_left++;
      continue;
    }
    ending->window.supersedes_max = (uint8_t)result.superseded_count;
    tell(ending, &result);
  }
  send(ending);
}

static void tell_windows(ending_t *ending, const vn__part_t *part,
                         const vn_pipeline_state_t *pipeline) {
  const other_t *other = find_other(part->kind);
  bool goes_on = pipeline != NULL && vn__windows_go_on(pipeline, part);
  if (part->kind == VN__PART_TIME) {
    tell_times(ending, part, goes_on ? &pipeline->geometry.set : NULL);
  } else if (other != NULL && !goes_on) {
    tell_other(ending, part, other);
  }
}

void vn__former_series(vn__former_source_t *source, vn_text_t name) {
  source->words = vn__slot_no_words(name);
  source->has_words = false;
}

void vn__former_part(vn__former_source_t *source, const vn__part_t *part) {
  vn_engine_t *engine = source->engine;
  if (part->kind == VN__PART_PIPELINE) {
    source->has_words = vn__slot_words(part, &source->words);
  }
  if (!source->has_words || !vn__former_is_told(part->kind)) {
    return;
  }
  const vn_pipeline_state_t *pipeline = NULL;
  vn_text_t name = source->words.series;
  uint32_t series = vn_series_find(&engine->table, name, vn_series_hash(name));
  ending_t ending = {.source = source,
                     .pipeline = {.name = source->words.pipeline,
                                  .unit = source->words.unit,
                                  .windows = &ending.window,
                                  .window_count = 1,
                                  .exponent = source->words.exponent,
                                  .corrects = true},
                     .name = name,
                     .series = source->series};
  if (series != VN_SERIES_NONE) {
    ending.series = series;
    ending.state = &engine->store.series[series];
    pipeline = &engine->store.pipelines[ending.state->pipeline];
  }
  tell_windows(&ending, part, pipeline);
}

/* Making messages needs the scratch: what lies there goes where the queue has room. */
static bool keep(vn_engine_t *engine, vn__former_record_t *record) {
  uint8_t *place = engine->plan->queue_bytes > 0 && record->length <= UINT32_MAX
                       ? vn_ring_claim(&engine->queue, (uint32_t)record->length)
                       : NULL;
  if (place != NULL) {
    memcpy(place, record->bytes, record->length);
    record->bytes = place;
  }
  return place != NULL;
}

/* Whether it is what the series' state was made of, or what is left of one. */
static bool is_of(const vn_engine_t *engine, uint32_t number, vn_text_t name) {
  uint32_t series = vn_series_find(&engine->table, name, vn_series_hash(name));
  bool gone = engine->store.series[number].pipeline == VN__NO_PIPELINE;
  return series == number || (series == VN_SERIES_NONE && gone);
}

void vn__former_record(vn__former_source_t *source, vn__former_record_t record) {
  vn_engine_t *engine = source->engine;
  vn__slot_head_t head;
  vn__part_t part;
  if (!record.lasting && !keep(engine, &record)) {
    engine->recovery.windows_left++;
    return;
  }
  vn__unpacker_t unpacker = {record.bytes, record.length, 0, false};
  bool good = vn__slot_head_unpack(&unpacker, &head) && is_of(engine, source->series, head.name);
  if (good) {
    vn__former_series(source, head.name);
  }
  while (good && unpacker.position < unpacker.length && vn__slot_part_unpack(&unpacker, &part)) {
    vn__former_part(source, &part);
  }
}
