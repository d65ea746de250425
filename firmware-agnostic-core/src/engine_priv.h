/* What the engine's files share. */
#ifndef VN_ENGINE_PRIV_H
#define VN_ENGINE_PRIV_H

#include "pack_priv.h"
#include "plan_priv.h"
#include "vn/engine.h"
#include "vn/point.h"

/* Room for folding extras, in front of each of their arrays. */
#define VN__SCRATCH_COUNTERS VN_HISTOGRAM_COUNTERS(VN_HISTOGRAM_BINS_MAX)
#define VN__SCRATCH_REGISTERS VN_DISTINCT_REGISTERS_MANY

/* vn_series_state_t.flags */
#define VN__SERIES_DIRTY 1u       /* changed since its last commit */
#define VN__SERIES_OWED 2u        /* on the list of series with uncommitted outputs */
#define VN__SERIES_PROVISIONAL 8u /* has readings with provisional times */
#define VN__SERIES_MIXED 16u      /* and others beside them */
#define VN__SERIES_HEARD 32u      /* something has arrived in this run */
#define VN__SERIES_WATCHED 64u    /* an alert waits for a tick: shelved, or muted */
#define VN__SERIES_WANTED 128u    /* some alert wants further readings as its evidence */
#define VN__SERIES_COUNTED 4u     /* counted repeats since then, which alone are worth no commit */

/* Words of the bits that tell which places of a pipeline's arrays are used. */
#define VN__PLACE_WORDS(series) (((series) + 31u) / 32u)

/* Sizes that store, budget and engine agree on. */
size_t vn__slot_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                    const vn_geometry_t *geometry);
size_t vn__global_max(void);

/* The flash log's view of a plan. */
typedef struct vn__log_sizes {
  uint64_t live_bytes_max;    /* everything that can be live at once */
  uint64_t transaction_bytes; /* a transaction is closed above this */
  uint64_t commit_bytes_max;  /* with the last event that went into it */
  uint64_t journal_bytes_max; /* of messages that no commit has applied yet */
  uint32_t item_count;
  uint32_t record_max;
  size_t slot_max, message_max;
} vn__log_sizes_t;
vn__log_sizes_t vn__log_sizes(const vn_plan_t *plan);

/* The most that a message of this length takes in the journal, its topic included. */
#define VN__ENTRY_HEAD_MAX (1u + VN__PACK_U64_MAX + 4u * VN__PACK_U32_MAX)
uint64_t vn__entry_bytes(const vn_plan_t *plan, uint32_t record_max, size_t length);

/* The items of the flash log: the global state, the series, the two lines of the outbox, the
 * messages of the journal. */
#define VN__ITEM_GLOBAL 0u
static inline uint32_t vn__item_of_series(uint32_t series) { return 1u + series; }
uint32_t vn__item_of_output(const vn_plan_t *plan, uint64_t index);
uint32_t vn__item_of_entry(const vn_plan_t *plan, uint64_t index);

/* A series at work, and the time of the reading, for drops. */
typedef struct vn__work {
  vn_engine_t *engine;
  vn_pipeline_state_t *pipeline;
  vn_series_state_t *state;
  vn_time_ms_t time_ms;
  uint32_t series;
  bool is_provisional; /* the time of the reading */
  bool corrected;      /* the reading has become part of deltas */
} vn__work_t;

/* The extras of a window of a series; the first entry of each array is scratch for folding. */
static inline vn_extra_memory_t vn__extra_memory(const vn__work_t *work,
                                                 const vn_extra_place_t *place) {
  const vn_store_t *store = &work->engine->store;
  const vn_pipeline_state_t *pipeline = work->pipeline;
  const vn_extra_place_t *all = &pipeline->geometry.extra_count;
  size_t local = work->state->local;
  return (vn_extra_memory_t){
      .trends = store->trends + 1 + pipeline->trend_base + local * all->trends + place->trends,
      .counters = store->counters + VN__SCRATCH_COUNTERS + pipeline->counter_base +
                  local * all->counters + place->counters,
      .registers = store->registers + VN__SCRATCH_REGISTERS + pipeline->register_base +
                   local * all->registers + place->registers};
}

/* The ordered content of a series; none where no window asks for it. */
static inline vn_ordered_memory_t vn__ordered_memory(const vn__work_t *work) {
  const vn_store_t *store = &work->engine->store;
  const vn_pipeline_state_t *pipeline = work->pipeline;
  const vn_window_set_t *set = &pipeline->geometry.set;
  size_t local = work->state->local;
  if (set->ordered.kinds == 0) {
    return (vn_ordered_memory_t){0};
  }
  return (vn_ordered_memory_t){
      .state = store->ordered_states + pipeline->ordered_state_base + local,
      .entries = store->reorder + pipeline->reorder_base + local * set->ordered.capacity,
      .panes = store->ordered_panes + pipeline->ordered_pane_base + local * set->pane_count};
}

static inline vn__work_t vn__work(vn_engine_t *engine, uint32_t series) {
  vn_series_state_t *state = &engine->store.series[series];
  vn_pipeline_state_t *pipeline = &engine->store.pipelines[state->pipeline];
  return (vn__work_t){.engine = engine, .pipeline = pipeline, .state = state, .series = series};
}

/* The tokens of a series whose pipeline has a limit. */
static inline vn_bucket_t *vn__tokens_of(const vn__work_t *work) {
  return work->engine->store.limits + work->pipeline->bucket_base + work->state->local;
}

/* Where the parts of a series lie; inline, so that a caller pays for those alone that it uses. */
static inline vn_alert_state_t *vn__alerts(const vn__work_t *work) {
  return work->engine->store.alerts + work->pipeline->alert_base +
         (size_t)work->state->local * work->pipeline->plan->alert_count;
}

/* Without what windows keep beside aggregates, samples and tallies. */
static inline vn_window_memory_t vn__plain_memory(const vn__work_t *work) {
  const vn_store_t *store = &work->engine->store;
  const vn_pipeline_state_t *pipeline = work->pipeline;
  vn_series_state_t *state = work->state;
  const vn_window_set_t *set = &pipeline->geometry.set;
  size_t panes = (size_t)state->local * set->pane_count;
  return (vn_window_memory_t){
      .state = &state->window,
      .panes = store->panes + pipeline->pane_base + panes,
      .members = store->members + pipeline->member_base +
                 (size_t)state->local * pipeline->geometry.members,
      .revisions =
          store->revisions + pipeline->revision_base + (size_t)state->local * set->revision_count,
      .tallies = store->tallies + pipeline->pane_base + panes,
      .waiting = &state->waiting,
      .heard = store->heard + pipeline->heard_base + (size_t)state->local * vn_window_heard(set),
      .sample_seed = state->sample_seed};
}

static inline vn_window_memory_t vn__window_memory(const vn__work_t *work) {
  vn_window_memory_t memory = vn__plain_memory(work);
  if (work->pipeline->geometry.set.keeps_more) {
    memory.extra = vn__extra_memory(work, &work->pipeline->geometry.extras[0]);
    memory.ordered = vn__ordered_memory(work);
  }
  return memory;
}

static inline int64_t vn__mono_ms(const vn_engine_t *engine) {
  return engine->ports.clock->mono_ms(engine->ports.clock->context);
}

static inline bool vn__wall_ms(const vn_engine_t *engine, vn_time_ms_t *out) {
  return engine->ports.clock->wall_ms(engine->ports.clock->context, out);
}

/* The time at a moment of the monotonic clock, by the last time known. */
static inline vn_time_ms_t vn__provisional_ms(const vn_engine_t *engine, int64_t mono_ms) {
  return vn_add_saturating(engine->known_wall_ms, mono_ms - engine->known_mono_ms);
}

/* The time, as far as it is known. */
static inline vn_time_ms_t vn__now_ms(const vn_engine_t *engine) {
  vn_time_ms_t wall_ms;
  return vn__wall_ms(engine, &wall_ms) ? wall_ms : vn__provisional_ms(engine, vn__mono_ms(engine));
}

/* What is at work arrives now: at a provisional time while the clock is not set. */
static inline void vn__set_arrival(vn_engine_t *engine) {
  engine->arrival_mono_ms = vn__mono_ms(engine);
  engine->arrival_valid = vn__wall_ms(engine, &engine->arrival_ms);
  if (!engine->arrival_valid) {
    engine->arrival_ms = vn__provisional_ms(engine, engine->arrival_mono_ms);
  }
}

/* The same for what comes from outside, behind what waited for the clock. */
static inline void vn__arrive(vn_engine_t *engine) {
  vn__set_arrival(engine);
  if (engine->unsettled && engine->arrival_valid) {
    vn_watch_clock(engine);
    vn__set_arrival(engine);
  }
}

/* An arrival while the clock is not set: the series remembers what it holds. */
void vn__note_unsure(vn__work_t *work);

/* Moves the times of a result; its points lie in the store. */
void vn__shift_result(const vn__work_t *work, vn_window_result_t *result,
                      vn_aggregate_t *aggregate);

/* A reading whose arrival is set: that of the message at work. */
vn_reason_t vn__take_reading(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading);

/* Takes the oldest message of the queue; false: there is none, or it waits for the clock. */
bool vn__take_queued(vn_engine_t *engine);

/* The first pipeline that matches a name; false: there is none. */
bool vn__find_pipeline(const vn_engine_t *engine, vn_text_t name, uint8_t *pipeline);

/* Gives a series that was just added to the table its pipeline and a fresh state. */
vn_reason_t vn__series_begin(vn_engine_t *engine, uint32_t series);

/* A free place in the pipeline's arrays; there must be one. */
uint32_t vn__place_take(vn_engine_t *engine, vn_pipeline_state_t *pipeline);

/* The series is no more: its place and its number are free. */
void vn__series_end(vn_engine_t *engine, uint32_t series);

/*
 * Series that have been silent for their time to live say goodbye: what is open is told, alerts
 * are resolved, their accounting goes to the device's. A bounded number of series is looked at.
 */
void vn__expire(vn_engine_t *engine, int64_t now_mono_ms);

/* Since when a series has been silent in this run: after a restart everybody just spoke. */
static inline int64_t vn__quiet_since(const vn_engine_t *engine, const vn_series_state_t *state) {
  return state->last_arrival_mono_ms > engine->started_mono_ms ? state->last_arrival_mono_ms
                                                               : engine->started_mono_ms;
}

/* The state is not what the last commit holds. */
static inline void vn__touch(vn_engine_t *engine, vn_series_state_t *state) {
  if ((state->flags & VN__SERIES_DIRTY) == 0) {
    state->flags |= VN__SERIES_DIRTY;
    engine->owed.dirty++;
  }
}

/* The windows of a series. `refused` and vn__told_result get the work as their context. */
void vn__windows_reset(vn__work_t *work);
vn_reason_t vn__windows_take(vn__work_t *work, int32_t value, vn_window_drop_fn refused);
/* All but the count windows begin anew; the times in those move. */
void vn__windows_restart(vn__work_t *work, int64_t shift_ms);
void vn__windows_advance(vn__work_t *work, vn_time_ms_t watermark_ms, vn_kind_t kind);
vn_time_ms_t vn__windows_open_end(vn__work_t *work);

/* Tells the late results of a series that wait; vn__release_all those of all series. */
static inline bool vn__windows_wait(const vn__work_t *work) {
  return work->state->correction.count > 0 || work->state->window.late;
}
void vn__windows_release(vn__work_t *work);
void vn__release_all(vn_engine_t *engine);

/* Tells the open windows of a series that changed. */
void vn__windows_tell_early(vn__work_t *work);

/* Ends what no watermark ends: condition windows. Silence and the end of input do so. */
void vn__windows_close(vn__work_t *work, vn_kind_t kind);

size_t vn__windows_save_max(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry);
void vn__told_result(void *context, const vn_window_result_t *result);

/* Counts a refusal and tells the observer. state NULL: it has no series. */
void vn__refuse(vn_engine_t *engine, vn_series_state_t *state, vn_reason_t reason,
                const vn_drop_t *drop);

/*
 * Was this reading there before? DUPLICATE, CONFLICT or NONE, and its sequence number is noted as
 * come. `value` is the scaled one, NULL when it has none; `time_ms` is what the number is judged
 * with.
 */
vn_reason_t vn__identity_judge(vn__work_t *work, const vn_reading_t *reading, vn_time_ms_t time_ms,
                               const int32_t *value);
/* Whether it would be a DUPLICATE that changes nothing: a number that is new would be noted. */
bool vn__identity_is_repeat(const vn__work_t *work, const vn_reading_t *reading,
                            vn_time_ms_t time_ms, const int32_t *value);
/* False for most readings: neither judging nor remembering has anything to do then. */
static inline bool vn__has_identity(const vn__work_t *work, const vn_reading_t *reading) {
  return reading->has_sequence || (work->pipeline->plan->deduplicate > 0 && reading->has_time);
}
/* Remembers an accepted reading. */
void vn__identity_accept(vn__work_t *work, const vn_reading_t *reading, int32_t value);
void vn__identity_reset(vn__work_t *work);
bool vn__has_sequence(const vn_plan_t *plan);

/* Derived series. A new series is linked to what it is an operand of; `note` takes its results. */
void vn__derive_set_up(vn_engine_t *engine);
void vn__derive_link(vn_engine_t *engine, uint32_t series);
/* The series ends, as an operand and as a derived one. */
void vn__derive_unlink(vn_engine_t *engine, uint32_t series);
/* Before that, when it falls silent: what waits of it stays for the other operands. */
void vn__derive_leave(vn_engine_t *engine, uint32_t series);
void vn__derive_note(vn__work_t *work, const vn_window_result_t *result);
/* Takes the readings that are ready, and those that they make ready; not from inside a result. */
void vn__derive_take(vn_engine_t *engine);
static inline void vn__derive_take_if_ready(vn_engine_t *engine) {
  if (engine->ready_first != VN_SERIES_NONE) {
    vn__derive_take(engine);
  }
}
/* The same where no message is at work: what is derived arrives now. */
void vn__derive_take_now(vn_engine_t *engine);
/* The end of input: what still waits is given up and counted. */
void vn__derive_end(vn_engine_t *engine);
/* After a restart: takes what was complete, but not taken. */
void vn__derive_resume(vn_engine_t *engine);
/* How many operands have come. */
unsigned vn__derived_came(const vn_derived_window_t *window);
/* The place of a window among these: its own, or a free one; NULL: there is none. */
vn_derived_window_t *vn__derived_place(vn_derived_window_t *windows, uint16_t count,
                                       const vn_span_t *span);
size_t vn__derive_save_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline);
void vn__derive_pack(vn__packer_t *packer, const vn__work_t *work);
/* Nothing of this series waits any more. */
void vn__derive_forget(const vn__work_t *work);
void vn__derive_unpack(vn__unpacker_t *unpacker, const vn__work_t *work);
/* A reading of a derived series that has its value, or the reason why it has none. */
void vn__take_derived(vn_engine_t *engine, uint32_t series, const vn_point_t *reading,
                      vn_reason_t reason);

/* An operand of a derivation, scaled (counts are not). */
typedef struct vn__quotient {
  int64_t numerator;
  uint32_t denominator;
} vn__quotient_t;

/* Alerts of a series. */
static inline bool vn__looks_at_values(const vn_alert_plan_t *alert) {
  return alert->source == VN_ALERT_OF_VALUE && alert->rule.condition != VN_ALERT_ABSENT_FOR;
}
void vn__alerts_reset(const vn__work_t *work);
void vn__alerts_on_value(vn__work_t *work, int32_t value);
/* Whether the reading changes nothing for those that go by time; else some may have taken it. */
bool vn__alerts_rest_in_time(const vn__work_t *work, int32_t value);
void vn__alerts_on_result(vn__work_t *work, const vn_window_result_t *result);
/* gap_ms: since the arrival before, in this run; < 0: there was none. */
void vn__alerts_on_arrival(vn__work_t *work, int64_t gap_ms);
/* The same of a series that isn't silent. */
void vn__alerts_learn_gap(const vn__work_t *work, int64_t gap_ms);
void vn__alerts_on_silence(vn__work_t *work, int64_t now_mono_ms);
void vn__alerts_shift(vn__work_t *work, int64_t shift_ms);
void vn__alerts_on_end(vn__work_t *work, vn_time_ms_t at_ms);

/* Alerts in order of time: their readings wait for the watermark (A20). */
static inline bool vn__alerts_wait(const vn__work_t *work) {
  return work->pipeline->plan->alert_reorder > 0;
}
/* The reading at work waits; what the watermark that it brings passes is evaluated. */
void vn__alerts_put(vn__work_t *work, int32_t value);
/* Evaluates what the watermark has passed. */
void vn__alerts_pass(vn__work_t *work, vn_time_ms_t watermark_ms);
/* The time of the newest reading that waits; VN_TIME_MINUS_INFINITY: none does. */
vn_time_ms_t vn__alerts_newest(const vn__work_t *work);
size_t vn__alerts_waiting_max(const vn_pipeline_t *pipeline);
void vn__alerts_pack_waiting(vn__packer_t *packer, const vn__work_t *work);
void vn__alerts_unpack_waiting(vn__unpacker_t *unpacker, const vn__work_t *work);
void vn__alerts_drop_waiting(const vn__work_t *work);

/* A reading behind the guards, before alerts see it; only where evidence is kept. */
void vn__evidence_take(vn__work_t *work, int32_t value);
size_t vn__evidence_max(const vn_pipeline_t *pipeline);
void vn__evidence_pack(vn__packer_t *packer, const vn__work_t *work);
void vn__evidence_unpack(vn__unpacker_t *unpacker, vn__work_t *work);
/* Behind the states of the alerts. */
void vn__evidence_resume(vn__work_t *work);

/* The detectors of deviations of a series. */
void vn__detectors_reset(const vn__work_t *work);

/* Outputs. */
void vn__owe(const vn__work_t *work); /* the next commit holds the series */
void vn__output_summary(vn__work_t *work, const vn_summary_t *summary);
/* The event and the retained state; what they belong to is the caller's to owe. */
void vn__output_event(vn_engine_t *engine, const vn_transition_t *transition);
void vn__output_dead_letter(vn_engine_t *engine, vn_reason_t reason, size_t offset);
void vn__cut_batch(vn_engine_t *engine);

/* Commits what is owed when it has become as big as a transaction may be. */
void vn__settle_heavy(vn_engine_t *engine);
static inline void vn__settle_if_heavy(vn_engine_t *engine) {
  if (engine->owed.bytes >= engine->transaction_bytes) {
    vn__settle_heavy(engine);
  }
}

/* Commits outputs and the states they came from; with `everything` all changed states too. */
vn_err_t vn__settle(vn_engine_t *engine, bool everything, uint16_t flags);

/* State of one series as bytes. */
size_t vn__slot_save(vn_engine_t *engine, uint32_t series, uint8_t *out, size_t capacity);
bool vn__slot_load(vn_engine_t *engine, uint32_t series, const uint8_t *bytes, size_t length);
size_t vn__global_save(const vn_engine_t *engine, uint8_t *out, size_t capacity);
bool vn__global_load(vn_engine_t *engine, const uint8_t *bytes, size_t length);

#define VN__ACCOUNTING_MAX (VN_ACCOUNTING_COUNTERS * VN__PACK_U64_MAX)
void vn__accounting_pack(vn__packer_t *packer, const vn_accounting_t *accounting);
void vn__accounting_unpack(vn__unpacker_t *unpacker, vn_accounting_t *accounting);
void vn__add_accounting(vn_accounting_t *sum, const vn_accounting_t *part);

/* Makes the device's accounting the sum of its series', of those that are gone, too. */
void vn__sum_accounting(vn_engine_t *engine);

/* The start of every run, before what the flash holds is read back. */
void vn__begin(vn_engine_t *engine);
vn_err_t vn__restore_from_flash(vn_engine_t *engine);

/* The log's view of the engine. */
vn_err_t vn__log_rewrite(void *context, vn_flash_log_t *log, uint32_t item);
uint32_t vn__log_apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                       const uint8_t *payload, uint32_t length);

#endif
