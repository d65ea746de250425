/* The store: how much of everything a plan needs, and cutting one block into it. */
#include "engine_command_priv.h"
#include "engine_outbox_priv.h"

#include <string.h>

#define BLOCK_ALIGNMENT 64u

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* The geometry of a pipeline of a checked plan. */
static vn_geometry_t geometry_of(const vn_pipeline_t *pipeline) {
  vn_geometry_t geometry;
  uint8_t problem;
  vn_err_t derived = vn_geometry_derive(pipeline, &geometry, &problem);
  VN_ASSERT(derived == VN_OK);
  return geometry;
}

/* The longest record of any window, and what a message adds to its records. */
static void message_sizes(const vn_plan_t *plan, size_t *record, size_t *envelope) {
  const vn_summary_pipeline_t *pipelines[VN_PIPELINES_MAX];
  vn_encoding_t encoding = (vn_encoding_t)plan->encoding;
  *record = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    pipelines[i] = &plan->pipelines[i].summary;
    for (uint8_t w = 0; w < pipelines[i]->window_count; w++) {
      *record = larger(*record, vn_summary_record_max(encoding, pipelines[i], w, plan->name_max));
    }
  }
  *envelope = vn_summary_envelope_max(encoding, plan->device, pipelines, plan->pipeline_count);
}

/* A full batch, or 16 KiB, whichever is less; one record always fits. */
static size_t batch_bytes(const vn_plan_t *plan) {
  const size_t enough = 16u * 1024u;
  size_t record, envelope;
  message_sizes(plan, &record, &envelope);
  size_t full = record * plan->batch_max;
  return full < enough ? full : larger(enough, record);
}

static size_t length_of(const char *text) { return text == NULL ? 0 : strlen(text); }

/* Makes room for the messages of a pipeline's alerts. */
static void add_alerts(const vn_pipeline_t *pipeline, vn_alert_message_size_t *size) {
  const vn_evidence_t *evidence = &pipeline->evidence;
  uint16_t bytes = evidence->before > 0 ? evidence->bytes : 0;
  size->readings_max = (uint16_t)larger(size->readings_max, bytes);
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    const vn_alert_plan_t *alert = &pipeline->alerts[i];
    size->texts_max =
        larger(size->texts_max, length_of(alert->labels) + length_of(alert->annotations));
    if (alert->source == VN_ALERT_OF_WINDOW) {
      bool sampled = pipeline->summary.windows[alert->window].sample > 0;
      size_t sample = bytes > 0 ? bytes : VN_EVIDENCE_SAMPLE_BYTES;
      size->has_windows = true;
      size->sample_max = (uint16_t)larger(size->sample_max, sampled ? sample : 0);
    }
  }
}

/* The longest message of any alert; that of floods has the device's name as its series. */
static size_t alert_message_max(const vn_plan_t *plan) {
  vn_alert_message_size_t size = {.device = plan->device};
  size.name_max = (uint16_t)larger(plan->name_max, strlen(plan->device));
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    add_alerts(&plan->pipelines[i], &size);
  }
  return vn_alert_message_max(&size);
}

size_t vn__gap_record_max(const vn_plan_t *plan) {
  return VN_OUTBOX_HEADER_BYTES + VN_OUTBOX_NUMBER_BYTES + strlen("gap") +
         vn_gap_notice_max((vn_encoding_t)plan->encoding, plan->device);
}

/* The longest stored record of the outbox. */
static size_t message_max(const vn_plan_t *plan) {
  size_t record, envelope;
  message_sizes(plan, &record, &envelope);
  size_t longest = larger(envelope + batch_bytes(plan), alert_message_max(plan));
  longest = larger(longest, plan->commands ? vn__answer_max(plan) : 0);
  longest = larger(longest, vn__gap_record_max(plan));
  VN_STATIC_ASSERT(VN_REPLY_TOPIC_MAX + VN_REPLY_CORRELATION_MAX < VN_ALERT_TOPIC_MAX,
                   "answers take no more beside their payload than alerts");
  return VN_OUTBOX_HEADER_BYTES + VN_OUTBOX_NUMBER_BYTES + VN_OUTBOX_RESULTS_BYTES +
         VN_ALERT_TOPIC_MAX + larger(longest, VN_DEAD_LETTER_MAX);
}

/* An array that is needed at all begins with room for folding. */
static void need_of_extras(const vn_extra_place_t *own, size_t series, vn_store_t *need) {
  if (own->trends > 0) {
    need->trend_count += series * own->trends + (need->trend_count == 0 ? 1u : 0);
  }
  if (own->counters > 0) {
    need->counter_count +=
        series * own->counters + (need->counter_count == 0 ? VN__SCRATCH_COUNTERS : 0);
  }
  if (own->registers > 0) {
    need->register_count +=
        series * own->registers + (need->register_count == 0 ? VN__SCRATCH_REGISTERS : 0);
  }
}

static void need_of_ordered(const vn_window_set_t *set, size_t series, vn_store_t *need) {
  if (set->ordered.kinds != 0) {
    need->ordered_state_count += series;
    need->reorder_count += series * set->ordered.capacity;
    need->ordered_pane_count += series * set->pane_count;
  }
}

static void need_of_pipelines(const vn_plan_t *plan, vn_store_t *need) {
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    vn_geometry_t geometry = geometry_of(&plan->pipelines[i]);
    size_t series = plan->pipelines[i].series_max;
    need->pane_count += series * geometry.set.pane_count;
    need->member_count += series * geometry.members;
    need->revision_count += series * geometry.set.revision_count;
    need->alert_count += series * plan->pipelines[i].alert_count;
    need->alert_order_count += plan->pipelines[i].alert_reorder > 0 ? series : 0;
    need->alert_entry_count += series * plan->pipelines[i].alert_reorder;
    need->evidence_count += series * vn_evidence_readings(&plan->pipelines[i].evidence);
    need->residual_count += series * geometry.residual_count;
    need->composite_count += series * geometry.composite_count;
    need->session_state_count += series * geometry.session_count;
    need->session_count += series * geometry.session_slots;
    need->count_state_count += series * geometry.count_count;
    need->count_pane_count += series * geometry.count_panes;
    need->recent_count += series * plan->pipelines[i].deduplicate;
    need->places_used_count += VN__PLACE_WORDS(series);
    need->limit_count += plan->pipelines[i].limit.readings > 0 ? series : 0;
    need->report_count += series * geometry.report_count;
    need->delta_count += series * plan->pipelines[i].corrections;
    need->heard_count += series * vn_window_heard(&geometry.set);
    need->condition_count += series * geometry.condition_count;
    need_of_extras(&geometry.extra_count, series, need);
    need_of_ordered(&geometry.set, series, need);
    need->sample_scratch_count = larger(need->sample_scratch_count, geometry.scratch);
  }
}

static void need_of_derivations(const vn_plan_t *plan, vn_store_t *need) {
  uint32_t count = vn__derived_max(plan);
  need->derived_count = count;
  need->derived_window_count = (size_t)count * vn__derived_windows(plan);
  need->derived_bucket_count = count > 0 ? vn_series_buckets_for(count) : 0;
  need->derived_name_bytes = (size_t)count * plan->name_max;
}

/* Two places for each series: topics that share one share what they may write. */
static size_t allowances(const vn_plan_t *plan) {
  const size_t most = 1024;
  size_t count = 256;
  if (plan->durability != VN_DURABILITY_JOURNAL || plan->journal_source_day_bytes == 0) {
    return 0;
  }
  while (count < most && count < 2u * (size_t)plan->series_max) {
    count *= 2u;
  }
  return count;
}

static void need_of_outputs(const vn_plan_t *plan, vn_store_t *need) {
  vn__log_sizes_t sizes = vn__log_sizes(plan);
  need->block_count = plan->outbox_bytes / sizeof(vn_outbox_block_t);
  need->place_count = plan->outbox_entries + plan->outbox_entries / 4;
  need->batch_bytes = batch_bytes(plan);
  need->coarse_count = vn__coarse_count(plan);
  need->coarse_member_count = need->coarse_count * vn__coarse_sample_max(plan);
  need->scratch_bytes = larger(sizes.slot_max, sizes.message_max + sizeof(uint64_t));
  if (plan->durability != VN_DURABILITY_VOLATILE) {
    need->record_bytes = sizes.record_max;
    need->item_count = sizes.item_count;
    need->sector_count = (size_t)(plan->state_bytes / plan->erase_block_bytes);
    need->page_bytes = larger(plan->program_unit_bytes, 256);
  }
}

vn_err_t vn_store_need(const vn_plan_t *plan, vn_store_t *need) {
  VN_ASSERT(plan != NULL && need != NULL);
  vn_plan_problem_t problem;
  vn_err_t checked = vn_plan_check(plan, &problem);
  if (checked != VN_OK) {
    return checked;
  }
  *need = (vn_store_t){
      .pipeline_count = plan->pipeline_count,
      .series_count = plan->series_max,
      .bucket_count = vn_series_buckets_for(plan->series_max),
      .name_bytes = (size_t)plan->series_max * plan->name_max,
      .queue_bytes = plan->queue_bytes,
      .allowance_count = allowances(plan),
  };
  need->check_count = vn__has_sequence(plan) ? need->series_count * VN_SEQUENCE_WINDOW : 0;
  need_of_pipelines(plan, need);
  need_of_derivations(plan, need);
  need_of_outputs(plan, need);
  return VN_OK;
}

/* Takes an array off the block; with block NULL it only counts. An empty one has a place, too. */
static void *cut(uint8_t *block, size_t *used, size_t count, size_t size) {
  void *array = block == NULL ? NULL : block + *used;
  *used += (count * size + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
  return array;
}

static void cut_outbox(vn_store_t *store, uint8_t *block, size_t *used) {
  store->blocks = cut(block, used, store->block_count, sizeof *store->blocks);
  store->places = cut(block, used, store->place_count, sizeof *store->places);
  store->coarse = cut(block, used, store->coarse_count, sizeof *store->coarse);
  store->coarse_members =
      cut(block, used, store->coarse_member_count, sizeof *store->coarse_members);
}

static size_t cut_all(vn_store_t *store, uint8_t *block) {
  size_t used = 0;
  store->pipelines = cut(block, &used, store->pipeline_count, sizeof *store->pipelines);
  store->series = cut(block, &used, store->series_count, sizeof *store->series);
  store->buckets = cut(block, &used, store->bucket_count, sizeof *store->buckets);
  store->names = cut(block, &used, store->name_bytes, 1);
  store->name_lengths = cut(block, &used, store->series_count, 1);
  store->panes = cut(block, &used, store->pane_count, sizeof *store->panes);
  store->members = cut(block, &used, store->member_count, sizeof *store->members);
  store->revisions = cut(block, &used, store->revision_count, sizeof *store->revisions);
  store->alerts = cut(block, &used, store->alert_count, sizeof *store->alerts);
  store->alert_orders = cut(block, &used, store->alert_order_count, sizeof *store->alert_orders);
  store->alert_entries = cut(block, &used, store->alert_entry_count, sizeof *store->alert_entries);
  store->evidence = cut(block, &used, store->evidence_count, sizeof *store->evidence);
  store->residuals = cut(block, &used, store->residual_count, sizeof *store->residuals);
  store->composites = cut(block, &used, store->composite_count, sizeof *store->composites);
  store->session_states =
      cut(block, &used, store->session_state_count, sizeof *store->session_states);
  store->sessions = cut(block, &used, store->session_count, sizeof *store->sessions);
  store->spans = cut(block, &used, store->session_count, sizeof *store->spans);
  store->count_states = cut(block, &used, store->count_state_count, sizeof *store->count_states);
  store->count_panes = cut(block, &used, store->count_pane_count, sizeof *store->count_panes);
  store->reports = cut(block, &used, store->report_count, sizeof *store->reports);
  store->conditions = cut(block, &used, store->condition_count, sizeof *store->conditions);
  store->trends = cut(block, &used, store->trend_count, sizeof *store->trends);
  store->counters = cut(block, &used, store->counter_count, sizeof *store->counters);
  store->registers = cut(block, &used, store->register_count, 1);
  store->recent = cut(block, &used, store->recent_count, sizeof *store->recent);
  store->checks = cut(block, &used, store->check_count, 1);
  store->limits = cut(block, &used, store->limit_count, sizeof *store->limits);
  store->tallies = cut(block, &used, store->pane_count, sizeof *store->tallies);
  store->heard = cut(block, &used, store->heard_count, sizeof *store->heard);
  store->deltas = cut(block, &used, store->delta_count, sizeof *store->deltas);
  store->places_used = cut(block, &used, store->places_used_count, sizeof *store->places_used);
  store->ordered_states =
      cut(block, &used, store->ordered_state_count, sizeof *store->ordered_states);
  store->reorder = cut(block, &used, store->reorder_count, sizeof *store->reorder);
  store->ordered_panes = cut(block, &used, store->ordered_pane_count, sizeof *store->ordered_panes);
  store->sample_scratch =
      cut(block, &used, store->sample_scratch_count, sizeof *store->sample_scratch);
  store->queue = cut(block, &used, store->queue_bytes, 1);
  store->allowances = cut(block, &used, store->allowance_count, sizeof *store->allowances);
  cut_outbox(store, block, &used);
  store->derived = cut(block, &used, store->derived_count, sizeof *store->derived);
  store->derived_windows =
      cut(block, &used, store->derived_window_count, sizeof *store->derived_windows);
  store->derived_buckets =
      cut(block, &used, store->derived_bucket_count, sizeof *store->derived_buckets);
  store->derived_names = cut(block, &used, store->derived_name_bytes, 1);
  store->derived_lengths = cut(block, &used, store->derived_count, 1);
  store->batch = cut(block, &used, store->batch_bytes, 1);
  store->scratch = cut(block, &used, store->scratch_bytes, 1);
  store->record = cut(block, &used, store->record_bytes, 1);
  store->items = cut(block, &used, store->item_count, sizeof *store->items);
  store->sectors = cut(block, &used, store->sector_count, sizeof *store->sectors);
  store->page = cut(block, &used, store->page_bytes, 1);
  return used;
}

size_t vn_store_bytes(const vn_store_t *need) {
  vn_store_t counted = *need;
  return cut_all(&counted, NULL);
}

void vn_store_layout(vn_store_t *store, void *block) {
  VN_ASSERT(block != NULL && (uintptr_t)block % BLOCK_ALIGNMENT == 0);
  (void)cut_all(store, block);
}

uint32_t vn__item_of_output(const vn_plan_t *plan, uint64_t index) {
  uint32_t base = 1u + plan->series_max;
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (index % VN_OUTBOX_QUEUES == VN_OUTBOX_OTHERS) {
    return base + (uint32_t)(number & (plan->outbox_entries - 1u));
  }
  return base + plan->outbox_entries + (uint32_t)(number & (plan->outbox_entries / 4u - 1u));
}

/* Each message of the journal has a number of its own; so many are there at once, at most. */
uint32_t vn__item_of_entry(const vn_plan_t *plan, uint64_t index) {
  uint32_t base = 1u + plan->series_max + plan->outbox_entries + plan->outbox_entries / 4u;
  return base + (uint32_t)(index % plan->queue_messages);
}

/* One that doesn't fit a record has a COMMIT of its own behind its parts. */
uint64_t vn__entry_bytes(const vn_plan_t *plan, uint32_t record_max, size_t length) {
  uint64_t payload = VN__ENTRY_HEAD_MAX + length;
  uint64_t commit = payload > record_max ? 16u + 128u : 0;
  return payload + (payload / record_max + 1u) * (16u + 8u) + commit + plan->program_unit_bytes;
}

/*
 * The journal's share of the region: a sixteenth, but no more than the queue can hold, and no less
 * than the two longest messages.
 */
static uint64_t journal_bytes_max(const vn_plan_t *plan, uint32_t record_max) {
  uint64_t least = 2u * vn__entry_bytes(plan, record_max, plan->message_max_bytes);
  uint64_t most = plan->queue_bytes + plan->queue_messages * vn__entry_bytes(plan, record_max, 0);
  uint64_t share = plan->state_bytes / 16u;
  share = share < most ? share : most;
  return share > least ? share : least;
}

/*
 * A commit in journal mode holds all of one position: every state that changed and every output.
 * What it has to clean for the messages before it comes on top.
 */
static void add_journal(const vn_plan_t *plan, vn__log_sizes_t *sizes) {
  sizes->journal_bytes_max = journal_bytes_max(plan, sizes->record_max);
  sizes->commit_bytes_max = sizes->live_bytes_max + sizes->journal_bytes_max;
  sizes->live_bytes_max += sizes->journal_bytes_max;
  sizes->item_count += plan->queue_messages;
}

/* A record's header and padding, for each part of `payload_max` bytes. */
static uint64_t record_bytes(uint64_t payload, uint32_t payload_max) {
  uint64_t parts = payload / payload_max + 1;
  return payload + parts * (16u + 8u);
}

/* An eighth of a sector: what no longer fits at its end is lost, so that long records cost space.
 */
static uint32_t part_max(const vn_flash_t *geometry) {
  const uint32_t least = 256;
  uint32_t eighth = geometry->erase_size / 8u;
  uint32_t wanted = eighth > least ? eighth : least;
  uint32_t most = vn_log_payload_max(geometry);
  return wanted < most ? wanted : most;
}

/* Evaluations of alerts at the results of one window; of those of values at one reading, which can
 * let go all that wait for alerts in order: 255. */
static uint64_t evaluations(const vn_pipeline_t *pipeline, uint8_t window) {
  uint64_t count = 0;
  for (uint8_t a = 0; a < pipeline->alert_count; a++) {
    const vn_alert_plan_t *alert = &pipeline->alerts[a];
    bool of_window = alert->source == VN_ALERT_OF_WINDOW;
    uint64_t own = 1u + (alert->in_order ? pipeline->alert_reorder : 0);
    count += window == (of_window ? alert->window : UINT8_MAX) ? own : 0;
  }
  return count;
}

/*
 * What an arrival tells of each alert (data, evidence) and each evaluation of it (resolved,
 * unshelved) or what is told behind it, and the flood that begins: each as a state and an event.
 * What the outbox can't hold is in no transaction.
 */
static uint64_t alert_bytes(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                            uint64_t evaluated) {
  uint64_t each = pipeline->evidence.after > 0 ? 2u : 1u;
  uint64_t told =
      pipeline->alert_count == 0 ? 0 : each * pipeline->alert_count + 2u * evaluated + 1u;
  uint64_t bytes = 2u * told * alert_message_max(plan);
  return bytes < plan->outbox_bytes ? bytes : plan->outbox_bytes;
}

/* Results that one event can cause: windows that can hold live panes, over all definitions. */
static uint64_t event_bytes(const vn_plan_t *plan, const vn_pipeline_t *pipeline) {
  uint64_t total = 0;
  uint64_t evaluated = evaluations(pipeline, UINT8_MAX) * (1u + pipeline->alert_reorder);
  vn_geometry_t geometry = geometry_of(pipeline);
  const vn_window_set_t *set = &geometry.set;
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    const vn_window_t *window = &pipeline->summary.windows[i];
    uint64_t results = geometry.session_slots + 1u;
    if (i < set->window_count) {
      results = vn__results_at_once(set, window) + pipeline->corrections;
    }
    total += results * vn_summary_record_max((vn_encoding_t)plan->encoding, &pipeline->summary, i,
                                             plan->name_max);
    evaluated += results * evaluations(pipeline, i);
  }
  return total + alert_bytes(plan, pipeline, evaluated);
}

/* A transaction is closed above this. */
static uint64_t transaction_bytes(const vn_plan_t *plan) {
  const uint64_t least = 16u * 1024u, most = 256u * 1024u;
  uint64_t share = plan->state_bytes / 32u;
  return share < least ? least : share > most ? most : share;
}

vn__log_sizes_t vn__log_sizes(const vn_plan_t *plan) {
  vn__log_sizes_t sizes = {.message_max = message_max(plan), .slot_max = vn__global_max()};
  vn_flash_t flash = {.size_bytes = (uint32_t)plan->state_bytes,
                      .erase_size = plan->erase_block_bytes,
                      .prog_size = plan->program_unit_bytes};
  bool durable = plan->durability != VN_DURABILITY_VOLATILE;
  uint32_t payload_max = durable ? part_max(&flash) : UINT16_MAX;
  uint64_t event = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    vn_geometry_t geometry = geometry_of(&plan->pipelines[i]);
    size_t slot = vn__slot_max(plan, &plan->pipelines[i], &geometry);
    sizes.slot_max = larger(sizes.slot_max, slot);
    sizes.live_bytes_max += plan->pipelines[i].series_max * record_bytes(slot, payload_max);
    uint64_t own = event_bytes(plan, &plan->pipelines[i]);
    event = own > event ? own : event;
  }
  uint64_t entries = plan->outbox_entries + plan->outbox_entries / 4u;
  sizes.live_bytes_max += plan->outbox_bytes + entries * (16u + 8u + sizeof(uint64_t)) +
                          record_bytes(vn__global_max(), payload_max);
  sizes.transaction_bytes = transaction_bytes(plan);
  /* A derived reading writes the state of its series and those of its operands. */
  uint32_t slots = plan->derivation_count > 0 ? 3u + VN_OPERANDS_MAX : 2u;
  sizes.commit_bytes_max = sizes.transaction_bytes + event + slots * sizes.slot_max +
                           sizes.message_max + record_bytes(vn__global_max(), payload_max);
  sizes.commit_bytes_max += plan->commands ? vn__answer_max(plan) : 0;
  sizes.commit_bytes_max += vn__coarse_count(plan) > 0 ? sizes.transaction_bytes : 0;
  size_t longest = larger(sizes.slot_max, sizes.message_max + sizeof(uint64_t));
  sizes.record_max = longest < payload_max ? (uint32_t)longest : payload_max;
  sizes.item_count = 1u + plan->series_max + (uint32_t)entries;
  if (plan->durability == VN_DURABILITY_JOURNAL) {
    add_journal(plan, &sizes);
  }
  return sizes;
}
