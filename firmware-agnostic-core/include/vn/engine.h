/* The engine: readings in, windows, alerts and messages out, state on flash. */
#ifndef VN_ENGINE_H
#define VN_ENGINE_H

#include "vn/figures.h"
#include "vn/flash_log.h"
#include "vn/journal.h"
#include "vn/observer.h"
#include "vn/outbox.h"
#include "vn/plan.h"
#include "vn/ring.h"
#include "vn/savepoint.h"
#include "vn/sequence.h"
#include "vn/series.h"

#define VN_VERSION 0x000100u

/* clock is needed; flash NULL: volatile; uplink NULL: no messages are made; observer may be NULL.
 */
typedef struct vn_ports {
  const vn_clock_t *clock;
  const vn_flash_t *flash;
  const vn_uplink_t *uplink;
  const vn_observer_t *observer;
} vn_ports_t;

/*
 * State of one series; its panes, members, revisions and alert states lie in the store's arrays.
 * What every reading touches comes first: two lines of a cache where there is one.
 */
typedef struct vn_series_state {
  vn_window_state_t window;
  uint32_t local;      /* place within its pipeline */
  uint32_t first_link; /* list of the derivations that it is an operand of */
  uint8_t pipeline;
  uint8_t flags;
  uint8_t level; /* 0: of readings; else derived by so many steps */
  bool silent;   /* an alert may fire for silence, or have no data */
  vn_recent_state_t recent;
  vn_recent_state_t evidence; /* of the readings that are kept for alerts */
  uint64_t sample_seed;
  uint32_t next_named; /* whose name came after this one's the last time: a guess */
  uint32_t next_owed;  /* list of series whose outputs are not committed yet */
  int64_t last_arrival_mono_ms;
  vn_time_ms_t last_arrival_wall_ms;
  vn_accounting_t accounting;
  vn_sequence_t sequence;
  vn_waiting_t waiting; /* with the tallies of its panes */
  vn_correction_state_t correction;
  int64_t late_since_mono_ms;  /* since when a late result waits */
  int64_t early_since_mono_ms; /* since when an early one does */
} vn_series_state_t;

/* Results of one window that wait until all operands have come; denominator 0: it hasn't. */
typedef struct vn_derived_window {
  vn_span_t span;
  int64_t numerators[VN_OPERANDS_MAX];
  uint32_t denominators[VN_OPERANDS_MAX];
} vn_derived_window_t;

/* A derivation for one set of captures. Numbers are VN_SERIES_NONE where there is none. */
typedef struct vn_derived {
  uint32_t series; /* the derived one, once it has had a reading */
  uint32_t operands[VN_OPERANDS_MAX];
  uint32_t next_link[VN_OPERANDS_MAX]; /* what else the operand belongs to */
  uint32_t next_ready;
  uint8_t derivation;
  bool ready; /* on the list of those with a complete window */
} vn_derived_t;

/* A pipeline at work: derived geometry, and where its arrays start. */
typedef struct vn_pipeline_state {
  vn_geometry_t geometry;
  const vn_pipeline_t *plan;
  size_t pane_base, member_base, revision_base, alert_base;
  size_t session_base, session_state_base, count_pane_base, count_state_base, report_base;
  size_t condition_base;
  size_t trend_base, counter_base, register_base, recent_base, bucket_base, residual_base;
  size_t composite_base, heard_base, delta_base, evidence_base;
  size_t place_base; /* in words */
  size_t ordered_state_base, reorder_base, ordered_pane_base;
  size_t alert_order_base, alert_entry_base;
  vn_time_ms_t watermark_ms; /* scope global */
  int64_t last_arrival_mono_ms;
  size_t slot_max; /* longest state of a series in a checkpoint */
  uint32_t used;
  uint32_t place_hint;                          /* no place is free in front of this word */
  uint32_t specifications[VN_WINDOWS_MAX + 2u]; /* what the parts of a state depend on */
  vn_bucket_rate_t limit;
  bool is_limited;        /* by the pipeline's limit or the device's */
  bool has_absence;       /* some alert waits for silence */
  uint16_t by_value;      /* a bit for each alert of values that is evaluated on arrival */
  uint16_t by_time;       /* the same: those of them that go by time as well */
  uint16_t in_order;      /* the same, in order of time */
  uint16_t learning;      /* a bit for each alert that learns how often readings come */
  int64_t patience_ms;    /* no silence below that is too long for any alert */
  bool has_plain_windows; /* of time only, without extras, each series with its own watermark */
  bool keeps_readings;    /* to know repeats, as evidence, or to evaluate alerts in order of time */
} vn_pipeline_state_t;

/* Typed arrays, all supplied by the caller; counts as vn_store_need says. */
typedef struct vn_store {
  vn_pipeline_state_t *pipelines;
  vn_series_state_t *series;
  vn_series_bucket_t *buckets;
  char *names;
  uint8_t *name_lengths;
  vn_pane_t *panes;
  vn_member_t *members;
  uint16_t *revisions;
  vn_alert_state_t *alerts;
  vn_reorder_state_t *alert_orders; /* of series with alerts in order of time */
  vn_reorder_entry_t *alert_entries;
  vn_recent_t *evidence;    /* readings that are kept for alerts */
  vn_residual_t *residuals; /* of alerts on deviations, as the composites */
  vn_composite_t *composites;
  vn_session_state_t *session_states;
  vn_session_t *sessions;
  vn_span_t *spans;
  vn_count_state_t *count_states;
  vn_aggregate_t *count_panes;
  vn_report_state_t *reports;
  vn_condition_state_t *conditions;
  vn_trend_t *trends;
  uint32_t *counters; /* of histograms */
  uint8_t *registers; /* of distinct counts */
  vn_recent_t *recent;
  vn_bucket_t *limits; /* the tokens of each series */
  uint8_t *checks;     /* of sequence numbers; none when no input has them */
  vn_tally_t *tallies; /* as many as panes */
  uint64_t *heard;     /* of coverage */
  vn_delta_t *deltas;
  uint32_t *places_used; /* a bit for each place of a pipeline's arrays */
  vn_ordered_state_t *ordered_states;
  vn_reorder_entry_t *reorder; /* readings that wait for their turn */
  vn_ordered_pane_t *ordered_panes;
  vn_member_t *sample_scratch;
  uint8_t *queue;
  int64_t *allowances; /* of sources, by a hash of the topic: as vn_journal_t.full_us */
  vn_outbox_block_t *blocks;
  vn_outbox_place_t *places;
  vn_coarse_t *coarse; /* results that are being made coarser, and their samples */
  vn_member_t *coarse_members;
  vn_derived_t *derived;
  vn_derived_window_t *derived_windows;
  vn_series_bucket_t *derived_buckets;
  char *derived_names;
  uint8_t *derived_lengths;
  uint8_t *batch;   /* records of the summary message being filled */
  uint8_t *scratch; /* a message or a slot being put together */
  uint8_t *record;  /* a record read back at a restart */
  vn_log_item_t *items;
  vn_log_sector_t *sectors;
  uint8_t *page;
  size_t pipeline_count, series_count, bucket_count, name_bytes, pane_count, member_count;
  size_t revision_count, alert_count, session_state_count, session_count;
  size_t count_state_count, count_pane_count, trend_count, counter_count, register_count;
  size_t report_count, condition_count, recent_count, residual_count, check_count, limit_count,
      heard_count;
  size_t composite_count, evidence_count, places_used_count, delta_count;
  size_t ordered_state_count, reorder_count, ordered_pane_count;
  size_t alert_order_count, alert_entry_count;
  size_t sample_scratch_count, queue_bytes, allowance_count, block_count;
  size_t place_count, batch_bytes, scratch_bytes, record_bytes, item_count, sector_count;
  size_t page_bytes, coarse_count, coarse_member_count;
  size_t derived_count, derived_window_count, derived_bucket_count, derived_name_bytes;
} vn_store_t;

/* Fills in the counts that a plan needs (pointers stay NULL). VN_ERR_PLAN as vn_plan_check. */
VN_NODISCARD vn_err_t vn_store_need(const vn_plan_t *plan, vn_store_t *need);

/* Bytes of one block that holds all arrays of `need`, aligned to 64. */
size_t vn_store_bytes(const vn_store_t *need);

/* Cuts a 64-aligned block of vn_store_bytes into the arrays. */
void vn_store_layout(vn_store_t *store, void *block);

/* Where the answer to a message is to go, in the words of MQTT 5; both may be empty. */
typedef struct vn_reply {
  vn_text_t topic;       /* the whole topic */
  vn_text_t correlation; /* any bytes, which the answer carries */
} vn_reply_t;

#define VN_REPLY_TOPIC_MAX 256u
#define VN_REPLY_CORRELATION_MAX 64u

/* The message at work. */
typedef struct vn_message_at_work {
  const vn_input_t *input;
  const uint8_t *payload;
  size_t payload_length;
  vn_text_t topic;
  vn_reply_t reply;
  vn_text_t captures[VN_CAPTURES_MAX];
  bool retained;
} vn_message_at_work_t;

/* The summary message being filled; its records lie in the store's batch. */
typedef struct vn_batch {
  size_t length;
  uint16_t records;
  uint8_t pipelines[VN_PIPELINES_MAX]; /* in order of first use */
  uint8_t pipeline_count;
} vn_batch_t;

/* The engine. Look at it through the functions; its memory is the caller's. */
typedef struct vn_engine {
  const vn_plan_t *plan;
  vn_store_t store;
  vn_ports_t ports;
  vn_series_table_t table;
  vn_series_table_t derived_names; /* instances of derivations by the names they give */
  vn_ring_t queue;
  vn_outbox_t outbox;
  vn_sender_t sender;
  vn_flash_log_t log;
  vn_log_owner_t log_owner;
  vn_figures_t figures;
  vn_recovery_t recovery;
  vn_message_head_t head; /* device, boot, next seq */
  vn_batch_t batch;
  vn_owed_t owed;
  vn_journal_t journal;
  vn_message_at_work_t message;
  uint32_t last_named;    /* series; VN_SERIES_NONE: none yet */
  vn_bucket_rate_t limit; /* of the whole device */
  vn_bucket_t tokens, command_tokens;
  uint64_t committed_tail[VN_OUTBOX_QUEUES], committed_head[VN_OUTBOX_QUEUES], plan_hash;
  uint64_t letters_suppressed, erases_before; /* by mount or format */
  uint32_t deltas_gone; /* the most that a series which is no more has told: names may come back */
  uint64_t transaction_bytes; /* a transaction is closed above this */
  vn_room_t room;
  uint32_t parts_argument; /* whose record is being put together at a restart, and its length */
  uint8_t parts_type, parts_next;
  size_t parts_length;
  int64_t letter_credit_ms, letter_mono_ms;
  uint64_t commands_suppressed; /* above the rate since the last answer */
  vn_savepoints_t savepoints;
  int64_t checkpoint_mono_ms, tick_mono_ms, started_mono_ms, scrub_mono_ms;
  vn_time_ms_t checkpoint_wall_ms; /* of the last commit of everything */
  vn_time_ms_t arrival_ms;         /* of the message or reading at work */
  int64_t arrival_mono_ms;
  uint32_t ready_first, ready_last; /* instances with something to derive */
  uint16_t derived_window_count;    /* of each instance */
  uint8_t levels[VN_DERIVATIONS_MAX], level_max;
  vn_alert_flood_t flood;
  vn_alert_rate_t alert_rate;
  uint32_t group_open[VN_ALERT_GROUPS_MAX]; /* alerts of each group that fire or recover */
  vn_time_ms_t known_wall_ms; /* the last time known: provisional ones go on from here */
  int64_t known_mono_ms;
  int64_t shift_ms;   /* what results are moved by, from provisional to true times */
  uint32_t sweep;     /* the series that is looked at next for its time to live */
  bool has_timers;    /* some pipeline has an idle timeout, a time to live or an absence alert */
  bool has_expiry;    /* some pipeline has a time to live */
  bool watching;      /* some series has an alert that waits for a tick */
  bool arrival_valid; /* false: a provisional time */
  bool unsettled;     /* something waits for the clock to be set: readings or messages */
  bool put_aside;     /* messages that came by vn_take_message lie in the queue */
  bool has_hold;      /* some pipeline holds messages while the clock is not set */
  bool durable;       /* a flash is there and works */
  bool flash_failed, restored, starting; /* the last: nobody knows yet what was lost */
  bool held;                             /* messages stay in the queue */
} vn_engine_t;

/*
 * Prepares an engine. plan, the store's arrays and the ports outlive it. VN_ERR_ABI: built with
 * other headers; VN_ERR_PLAN: vn_plan_check says why; VN_ERR_STORE: an array is too small or
 * missing.
 */
#define vn_init(engine, plan, store, ports) \
  vn_init_checked((engine), (plan), (store), (ports), VN_VERSION, sizeof(vn_engine_t))
VN_NODISCARD vn_err_t vn_init_checked(vn_engine_t *engine, const vn_plan_t *plan,
                                      const vn_store_t *store, const vn_ports_t *ports,
                                      uint32_t version, size_t engine_size);

/*
 * Reads the state back, or formats an empty region; raises and commits the boot counter. Without a
 * flash: a fresh state. VN_ERR_FOREIGN, VN_ERR_CORRUPT: nothing was changed on the flash, the
 * engine must not be used. Call once, before anything else.
 */
VN_NODISCARD vn_err_t vn_restore(vn_engine_t *engine);

/*
 * Producer side (one thread at a time, any thread): copies a message into the queue. Never blocks.
 * VN_ERR_FULL: the queue is full; VN_ERR_TOO_BIG: longer than message_max_bytes. The caller decides
 * between waiting and vn_count_dropped. A plan without a queue (queue_bytes 0) takes none this way.
 */
VN_NODISCARD vn_err_t vn_offer_message(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload,
                                       size_t length, bool retained);

/*
 * The same with where an answer is to go (NULL: nowhere special), which counts for commands. What
 * is longer than VN_REPLY_TOPIC_MAX and VN_REPLY_CORRELATION_MAX, or doesn't fit into
 * message_max_bytes with the message, is left out: the answer goes to "response" then.
 */
VN_NODISCARD vn_err_t vn_offer_request(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload,
                                       size_t length, bool retained, const vn_reply_t *reply);

/*
 * Journal mode, where all messages come this way, under a lock around all calls of the engine: into
 * the queue once it is on the flash; costs a write and a sync, unless all that it holds was there
 * before, which is counted at once. VN_OK: acknowledge it; else don't. VN_ERR_FULL: again behind a
 * vn_step, which makes room; so VN_ERR_LOG_FULL, some time. VN_ERR_FLASH: may be tried again.
 */
VN_NODISCARD vn_err_t vn_accept_message(vn_engine_t *engine, vn_text_t topic,
                                        const uint8_t *payload, size_t length, bool retained);
VN_NODISCARD vn_err_t vn_accept_request(vn_engine_t *engine, vn_text_t topic,
                                        const uint8_t *payload, size_t length, bool retained,
                                        const vn_reply_t *reply);

/*
 * Takes one message at once, without the queue (replay, single-threaded ports). One that has to
 * wait for the clock is put into the queue, or counted as dropped when that is full.
 */
void vn_take_message(vn_engine_t *engine, vn_text_t topic, const uint8_t *payload, size_t length,
                     bool retained);

/* Counts a message that was not taken; from the engine's thread. */
void vn_count_dropped(vn_engine_t *engine, vn_reason_t reason);

/* The number of a series, made if it is new. NAME, CHARSET, SERIES_FULL, NO_PIPELINE. */
VN_NODISCARD vn_reason_t vn_series_open(vn_engine_t *engine, vn_text_t name, uint32_t *series);

/* A decoded reading of a known series: value as a number (scaled here), or scaled already. */
typedef struct vn_reading {
  vn_number_t number;
  vn_time_ms_t time_ms;
  int32_t scaled;
  uint32_t sequence;
  bool is_scaled, has_time, has_sequence;
  bool is_relative; /* the time was made from that of the arrival */
} vn_reading_t;
/* It arrives now, by the port's clock. NONE, or why it is in no window. */
vn_reason_t vn_take_reading(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading);

/*
 * While held, vn_step takes no message from the queue and does everything else: for a platform
 * whose results leave more slowly than messages come.
 */
void vn_hold(vn_engine_t *engine, bool hold);

/*
 * Does at most `budget` units of work (messages, sweeps, sends) and says when to call again.
 * *sleep_ms: 0 = at once. VN_ERR_LOG_FULL, once: no room since some time; commits are tried
 * further.
 */
VN_NODISCARD vn_err_t vn_step(vn_engine_t *engine, uint32_t budget, uint32_t *sleep_ms);

/* Processing time moved: idle timeouts and absence, for all series at once. vn_step does it too. */
void vn_tick(vn_engine_t *engine);

/*
 * Looks whether the clock has been set meanwhile: what is open with provisional times is told then,
 * moved to the true ones where that can be done. vn_step and all that takes readings do it too.
 */
void vn_watch_clock(vn_engine_t *engine);

/* An explicit watermark for one series, or for all seen so far (VN_SERIES_NONE). */
void vn_watermark(vn_engine_t *engine, uint32_t series, vn_time_ms_t watermark_ms);

/* End of input: everything open fires, condition windows too. */
void vn_flush(vn_engine_t *engine);

/* Completion of a send, from the engine's thread. */
void vn_sent(vn_engine_t *engine, uint64_t index, bool ok);

/* The uplink is up again after a loss without verdicts: what was in flight is sent again. */
void vn_uplink_restarted(vn_engine_t *engine);

/* Commits everything now. VN_ERR_LOG_FULL: not now; vn_step tries again. VN_ERR_FLASH: degraded. */
VN_NODISCARD vn_err_t vn_checkpoint(vn_engine_t *engine);

/* Clean stop: cuts the batch, commits with the clean flag, marks. */
VN_NODISCARD vn_err_t vn_stop(vn_engine_t *engine);

/* Messages in the queue that are not taken yet. */
uint32_t vn_waiting(const vn_engine_t *engine);
/* True when nothing waits: queue empty, batch empty, outbox empty. */
bool vn_idle(const vn_engine_t *engine);

const vn_figures_t *vn_engine_figures(const vn_engine_t *engine);
const vn_recovery_t *vn_engine_recovery(const vn_engine_t *engine);

/* How alerts do now. Looks at each alert of each series once. */
void vn_engine_alert_figures(const vn_engine_t *engine, vn_alert_figures_t *out);

/* The phase that an alert of a series shows now; NORMAL when there is no such series or alert. */
vn_alert_phase_t vn_engine_alert_phase(const vn_engine_t *engine, vn_text_t series,
                                       const char *alert);

/* Accounting and watermark of a series. */
const vn_series_state_t *vn_engine_series(const vn_engine_t *engine, uint32_t series);

#endif
