/* What the engine's files share. */
#ifndef VN_ENGINE_PRIV_H
#define VN_ENGINE_PRIV_H

#include "vn/engine.h"

/* vn_series_state_t.flags */
#define VN__SERIES_DIRTY 1u /* changed since its last commit */
#define VN__SERIES_OWED 2u  /* on the list of series with uncommitted outputs */

/* Sizes that store, budget and engine agree on. */
size_t vn__slot_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                    const vn_window_set_t *set);
size_t vn__global_max(void);

/* The flash log's view of a plan. */
typedef struct vn__log_sizes {
  uint64_t live_bytes_max;    /* everything that can be live at once */
  uint64_t transaction_bytes; /* a transaction is closed above this */
  uint64_t commit_bytes_max;  /* with the last event that went into it */
  uint32_t item_count;
  uint32_t record_max;
  size_t slot_max, message_max;
} vn__log_sizes_t;
vn__log_sizes_t vn__log_sizes(const vn_plan_t *plan);

/* The items of the flash log: the global state, the series, the two lines of the outbox. */
#define VN__ITEM_GLOBAL 0u
static inline uint32_t vn__item_of_series(uint32_t series) { return 1u + series; }
uint32_t vn__item_of_output(const vn_plan_t *plan, uint64_t index);

/* The variable parts of a series. */
vn_window_memory_t vn__window_memory(const vn_engine_t *engine, uint32_t series);
vn_alert_state_t *vn__alert_states(const vn_engine_t *engine, uint32_t series);
static inline vn_pipeline_state_t *vn__pipeline_of(const vn_engine_t *engine, uint32_t series) {
  return &engine->store.pipelines[engine->store.series[series].pipeline];
}

int64_t vn__mono_ms(const vn_engine_t *engine);
bool vn__wall_ms(const vn_engine_t *engine, vn_time_ms_t *out);

/* A reading whose arrival is set: that of the message at work. */
vn_reason_t vn__take_reading(vn_engine_t *engine, uint32_t series, const vn_reading_t *reading);

/* Takes the oldest message of the queue; false: there is none. */
bool vn__take_queued(vn_engine_t *engine);

/* Gives a series that was just added to the table its pipeline and a fresh state. */
vn_reason_t vn__series_begin(vn_engine_t *engine, uint32_t series);
void vn__series_touch(vn_engine_t *engine, uint32_t series);

/* The receiver of a series' window results. */
typedef struct vn__work {
  vn_engine_t *engine;
  uint32_t series;
  vn_time_ms_t time_ms; /* of the reading, for drops */
} vn__work_t;
vn_window_sink_t vn__sink(vn__work_t *work);
void vn__told_result(void *context, const vn_window_result_t *result);
void vn__told_refusal(void *context, vn_reason_t reason);

/* Counts a refusal and tells the observer. series may be VN_SERIES_NONE. */
void vn__refuse(vn_engine_t *engine, uint32_t series, vn_reason_t reason, const vn_drop_t *drop);

/* Alerts of a series. */
void vn__alerts_on_value(vn_engine_t *engine, uint32_t series, vn_time_ms_t time_ms, int32_t value);
void vn__alerts_on_result(vn_engine_t *engine, uint32_t series, const vn_window_result_t *result);
void vn__alerts_on_arrival(vn_engine_t *engine, uint32_t series);
void vn__alerts_on_silence(vn_engine_t *engine, uint32_t series, int64_t now_mono_ms);

/* Outputs. */
void vn__output_summary(vn_engine_t *engine, uint32_t series, const vn_summary_t *summary);
void vn__output_transition(vn_engine_t *engine, uint32_t series, const vn_transition_t *transition);
void vn__output_dead_letter(vn_engine_t *engine, vn_reason_t reason, size_t offset);
void vn__cut_batch(vn_engine_t *engine);

/* Marks a series as one whose outputs go with its state. */
void vn__owe(vn_engine_t *engine, uint32_t series, size_t bytes, bool urgent);

/* Commits what is owed when it has become as big as a transaction may be. */
void vn__settle_if_heavy(vn_engine_t *engine);

/* Commits outputs and the states they came from; with `everything` all changed states too. */
vn_err_t vn__settle(vn_engine_t *engine, bool everything, uint16_t flags);

/* State of one series as bytes. */
size_t vn__slot_save(vn_engine_t *engine, uint32_t series, uint8_t *out, size_t capacity);
bool vn__slot_load(vn_engine_t *engine, uint32_t series, const uint8_t *bytes, size_t length);
size_t vn__global_save(const vn_engine_t *engine, uint8_t *out, size_t capacity);
bool vn__global_load(vn_engine_t *engine, const uint8_t *bytes, size_t length);

/* Makes the device's accounting the sum of its series' after a restart. */
void vn__sum_accounting(vn_engine_t *engine);

/* The log's view of the engine. */
vn_err_t vn__log_rewrite(void *context, vn_flash_log_t *log, uint32_t item);
uint32_t vn__log_apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                       const uint8_t *payload, uint32_t length);

#endif
