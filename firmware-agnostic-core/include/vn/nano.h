/*
 * The nano runtime: an engine for nodes of a few KiB. One pipeline with one tumbling window and at
 * most one alert on its value, series by number, messages to the uplink; nothing else. Of a plan
 * that it takes it makes, byte for byte, the messages that the engine makes (docs/nano.md); what it
 * can't do is refused by name.
 */
#ifndef VN_NANO_H
#define VN_NANO_H

#include "vn/plan.h"
#include "vn/port.h"

#define VN_NANO_SERIES_MAX 255u

/* Panes of a series' ring: one for each window that can be open or take late readings. */
#define VN_NANO_PANES(size_ms, out_of_order_ms, lateness_ms) \
  (((size_ms) + (out_of_order_ms) + (lateness_ms) + (size_ms)-1) / (size_ms))

/* A window at work. Its sample has min(sample, aggregate.count) members. */
typedef struct vn_nano_pane {
  vn_time_ms_t last_ms; /* end - 1; MINUS_INFINITY: nobody's */
  vn_aggregate_t aggregate;
  vn_tally_t tally;
  uint16_t revision; /* results so far */
} vn_nano_pane_t;

typedef struct vn_nano_series {
  vn_time_ms_t watermark_ms;
  int64_t last_arrival_mono_ms;
  uint64_t sample_seed;
  vn_waiting_t waiting; /* its number is the last_ms of the pane that waits */
  vn_alert_state_t alert;
  uint8_t slot; /* of the last reading */
} vn_nano_series_t;

/* What VN_NANO_DEFINE makes: arrays and how long they are. */
typedef struct vn_nano_store {
  vn_nano_series_t *series; /* series_count */
  vn_nano_pane_t *panes;    /* pane_count for each series */
  vn_member_t *members;     /* sample for each pane */
  uint64_t *outbox;         /* outbox_bytes, a multiple of 8 */
  uint8_t *scratch;         /* scratch_bytes: a message as it leaves */
  uint16_t outbox_bytes, scratch_bytes;
  uint8_t series_count, pane_count, sample;
} vn_nano_store_t;

/*
 * A store `name` in static arrays: series 1..255, panes as VN_NANO_PANES says for the plan, the
 * plan's sample (0: none). The scratch has room for the longest message: vn_nano_init tells when it
 * hasn't.
 */
#define VN_NANO_DEFINE(name, series, panes, sample_size, outbox_size, scratch_size)              \
  VN_STATIC_ASSERT((series) >= 1 && (series) <= VN_NANO_SERIES_MAX, "1 to 255 series");          \
  VN_STATIC_ASSERT((panes) >= 1 && (panes) <= 255, "1 to 255 panes");                            \
  VN_STATIC_ASSERT((sample_size) >= 0 && (sample_size) <= VN_SAMPLE_MAX, "a sample of 0 to 64"); \
  VN_STATIC_ASSERT((outbox_size) % 8 == 0 && (outbox_size) <= 65528, "an outbox in words");      \
  static vn_nano_series_t name##_series_[(series)];                                              \
  static vn_nano_pane_t name##_panes_[(series) * (panes)];                                       \
  static vn_member_t                                                                             \
      name##_members_[(series) * (panes) * ((sample_size) > 0 ? (sample_size) : 1)];             \
  static uint64_t name##_outbox_[(outbox_size) / 8];                                             \
  static uint8_t name##_scratch_[(scratch_size)];                                                \
  static const vn_nano_store_t name = {                                                          \
      name##_series_, name##_panes_,  name##_members_, name##_outbox_, name##_scratch_,          \
      (outbox_size),  (scratch_size), (series),        (panes),        (sample_size)}

/* What such a store takes. */
#define VN_NANO_RAM_BYTES(series, panes, sample_size, outbox_size, scratch_size)           \
  ((series) * (sizeof(vn_nano_series_t) +                                                  \
               (panes) * (sizeof(vn_nano_pane_t) + (sample_size) * sizeof(vn_member_t))) + \
   (size_t)(outbox_size) + (scratch_size))

typedef struct vn_nano_ports {
  const vn_clock_t *clock;
  const vn_uplink_t *uplink;
} vn_nano_ports_t;

typedef struct vn_nano_figures {
  vn_accounting_t readings;
  uint64_t summaries;      /* results that were told */
  uint64_t alerts;         /* events: firing, resolved */
  uint64_t outbox_dropped; /* messages that found no room, or made room for others */
} vn_nano_figures_t;

/* Where the state of a node is kept: snapshots in turn, in at least three places of the flash. All
 * of it is private. */
typedef struct vn_nano_keep {
  const vn_flash_t *flash;
  uint8_t *page; /* page_bytes: one program operation at most */
  uint32_t page_bytes;
  uint32_t place_bytes, place_count;
  uint32_t place, good; /* of the last snapshot, and of the last one that is whole */
  uint32_t specification;
  uint64_t sequence;
} vn_nano_keep_t;

/* All of it is private but the figures, which are there to be read. */
typedef struct vn_nano vn_nano_t;
struct vn_nano {
  const vn_plan_t *plan;
  const char *const *names;
  const vn_nano_store_t *store;
  const vn_nano_ports_t *ports;
  vn_nano_figures_t figures;
  int64_t tick_mono_ms;
  int64_t owed_since_mono_ms; /* of what is to be sent; valid when `owed` */
  uint32_t boot, seq;
  uint16_t used;        /* bytes of summary messages in the outbox, from its begin */
  uint16_t batch_bytes; /* records behind them, of a message that is still open */
  uint16_t envelope;    /* what a message has beside its records, at most */
  uint8_t batch_records;
  uint8_t notices; /* alerts in the outbox, from its end */
  bool owed, urgent;
  bool ready;   /* nothing is to be restored, or it has been */
  bool changed; /* since the last commit */
  int64_t commit_mono_ms;
  vn_nano_keep_t *keep; /* NULL: volatile */
  vn_err_t (*commit)(vn_nano_t *nano);
};

/*
 * Whether a plan is one for nano: VN_ERR_PLAN names in problem->text what it asks for and nano
 * hasn't. What vn_plan_check says of plans is taken for granted.
 */
VN_NODISCARD vn_err_t vn_nano_check(const vn_plan_t *plan, vn_plan_problem_t *problem);

/*
 * Begins with nothing; with `durability: checkpoint` vn_nano_restore has to follow. `names` has a
 * name for each series of the store: of ASCII without control characters, quotes and backslashes,
 * at most plan->name_max bytes. All pointers outlive the node. VN_ERR_PLAN: as vn_nano_check;
 * VN_ERR_ARGUMENT: a name, or a word of the plan that JSON would have to escape; VN_ERR_STORE: the
 * store is smaller than the plan needs; VN_ERR_ABI: built with another header.
 */
#define vn_nano_init(nano, plan, names, store, ports) \
  vn_nano_init_checked(nano, plan, names, store, ports, sizeof(vn_nano_t))
VN_NODISCARD vn_err_t vn_nano_init_checked(vn_nano_t *nano, const vn_plan_t *plan,
                                           const char *const *names, const vn_nano_store_t *store,
                                           const vn_nano_ports_t *ports, size_t nano_size);

/*
 * With `durability: checkpoint`, behind vn_nano_init and before the first reading: goes on from the
 * newest snapshot, and keeps the state from now on. Messages leave when a snapshot has them; on a
 * cut at most checkpoint_every of readings is lost, and what was sent without a later snapshot is
 * sent again with the same numbers. `page`: page_bytes, a multiple of the flash's prog_size, at
 * least 64, that sectors are a multiple of. All pointers outlive the node. VN_ERR_UNFORMATTED,
 * VN_ERR_FOREIGN: there is no snapshot, or none of this plan and of these series; the node begins
 * with nothing, and keeps its state. VN_ERR_STORE: the region is smaller than three times
 * vn_nano_kept_max, or the page is; the node isn't ready then. Cost: a read of the headers and of
 * one snapshot.
 */
VN_NODISCARD vn_err_t vn_nano_restore(vn_nano_t *nano, vn_nano_keep_t *keep,
                                      const vn_flash_t *flash, uint8_t *page, uint32_t page_bytes);

/* The longest snapshot, in bytes; whole sectors of the flash have to hold it. */
uint32_t vn_nano_kept_max(const vn_nano_t *nano);

/*
 * A reading of series 0..series_count - 1, its value in units of 10^exponent. NONE: in a window;
 * else why it was refused, and counted: TIME, FUTURE, RANGE, LATE, LIMITED. Cost: O(panes), and a
 * record for each window that it closes.
 */
vn_reason_t vn_nano_take_reading(vn_nano_t *nano, uint8_t series, vn_time_ms_t time_ms,
                                 int32_t value);

/*
 * Closes windows of silent series, sends at most `budget` > 0 messages. Returns for how many ms
 * nothing has to be done, unless a reading comes or something was sent.
 */
uint32_t vn_nano_step(vn_nano_t *nano, uint32_t budget);

/* The end of input: all open windows are told, and nothing can follow. */
void vn_nano_flush(vn_nano_t *nano);

/* What became of a message that the uplink took: arrived, or to be sent again. An index that isn't
 * known any more changes nothing. */
void vn_nano_sent(vn_nano_t *nano, uint64_t index, bool ok);

/* The link gave no verdicts: what is on its way is to be sent again. */
void vn_nano_uplink_restarted(vn_nano_t *nano);

#endif
