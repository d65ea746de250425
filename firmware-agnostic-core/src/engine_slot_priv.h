/*
 * States of series as bytes (docs/savepoints.md): mark, version, name, last arrival, flags,
 * accounting, then parts: kind, name, specification, length, bytes. All numbers are LEB128, so that
 * the bytes are the same on every machine. A part whose kind, name or specification the plan
 * doesn't know is left out, and the others count.
 */
#ifndef VN_ENGINE_SLOT_PRIV_H
#define VN_ENGINE_SLOT_PRIV_H

#include "engine_alert_priv.h"

/* In front: former versions had the length of the name there, which is never 0. */
#define VN__SLOT_MARK 0u

/* Numbers are never reused: they are in savepoints, too. */
typedef enum vn__part_kind {
  VN__PART_SEQUENCE = 1,
  VN__PART_RECENT = 2,
  VN__PART_EVIDENCE = 3,
  VN__PART_ALERT = 4,
  VN__PART_DETECTOR = 5,
  VN__PART_WAITING = 6,
  VN__PART_TIME = 7,
  VN__PART_SESSION = 8,
  VN__PART_COUNT = 9,
  VN__PART_REPORT = 10,
  VN__PART_CONDITION = 11,
  VN__PART_CORRECTION = 12,
  VN__PART_DERIVED = 13,
  VN__PART_EARLY = 14,
  VN__PART_PIPELINE = 15
} vn__part_kind_t;

typedef struct vn__slot_head {
  vn_text_t name;
  vn_time_ms_t last_arrival_ms;
  vn_accounting_t accounting;
  uint8_t flags;
} vn__slot_head_t;

/* Views into the slot. */
typedef struct vn__part {
  vn_text_t name;
  const uint8_t *bytes;
  size_t length;
  uint32_t kind;
  uint32_t specification;
} vn__part_t;

void vn__slot_head_pack(vn__packer_t *packer, const vn__slot_head_t *head);
bool vn__slot_head_unpack(vn__unpacker_t *unpacker, vn__slot_head_t *head);
void vn__slot_part_pack(vn__packer_t *packer, const vn__part_t *part);
bool vn__slot_part_unpack(vn__unpacker_t *unpacker, vn__part_t *part);

/* vn_series_state_t.pipeline while a state is read back: the number has no series any more, and its
 * accounting is not in the device's yet. */
#define VN__NO_PIPELINE UINT8_MAX

/* Adds it to the device's; false: there is none. */
bool vn__slot_bury(vn_engine_t *engine, uint32_t series);

/* What messages say of a series, from the part of its pipeline; "" without one. Words point into
 * the bytes. */
typedef struct vn__slot_words {
  vn_text_t series;
  const char *pipeline, *unit;
  int8_t exponent;
} vn__slot_words_t;
static inline vn__slot_words_t vn__slot_no_words(vn_text_t series) {
  return (vn__slot_words_t){.series = series, .pipeline = "", .unit = ""};
}
bool vn__slot_words(const vn__part_t *part, vn__slot_words_t *words);

/*
 * Episodes that end because the plan doesn't know their alert, or their series: noted while records
 * are read back, forgotten when another record of the series follows, told when all are read.
 * Nothing else may use the batch meanwhile.
 */
void vn__farewell_note(vn_engine_t *engine, uint32_t series, const vn__slot_words_t *words,
                       const vn__part_t *part);
void vn__farewell_forget(vn_engine_t *engine, uint32_t series);
vn_err_t vn__farewell_tell(vn_engine_t *engine);

/* Which windows a part is of: those of time together, or one other. */
typedef struct vn__window_part {
  const char *name;
  vn__part_kind_t kind;
} vn__window_part_t;
vn__window_part_t vn__window_part(const vn_pipeline_state_t *pipeline, uint8_t index);

/* Whether the plan has a window like this one, which takes its state over. */
bool vn__windows_go_on(const vn_pipeline_state_t *pipeline, const vn__part_t *part);

/* The states of its windows come in parts: those of time are part 0. One that can't be loaded
 * begins anew. */
uint8_t vn__window_parts(const vn_pipeline_state_t *pipeline);
size_t vn__window_part_save(vn__work_t *work, uint8_t part, uint8_t *out, size_t capacity);
bool vn__window_part_load(vn__work_t *work, uint8_t part, const uint8_t *bytes, size_t length);

/*
 * The part of the windows of time: in front, which windows they are; behind, their common state.
 * Words point into the bytes.
 */
typedef struct vn__time_head {
  vn__unpacker_t windows; /* their definitions: vn__time_window */
  vn_window_origin_t origin;
  int64_t pane_ms, anchor_ms;
  bool same; /* as those of the set */
  bool ends; /* one of them is none of the set */
} vn__time_head_t;

/* Reads up to the common state. `set`: that of the plan; NULL: none. */
vn__time_head_t vn__time_head(vn__unpacker_t *unpacker, const vn_window_set_t *set);
/* The next definition: name, size, slide, offset, and how many counters it has. */
vn_window_t vn__time_window(vn__unpacker_t *unpacker, int64_t pane_ms, uint16_t *revision_size);
/* Whether windows of this set, whose panes are the same, can take the state over. */
bool vn__time_goes_on(const vn_window_set_t *set, const vn__time_head_t *head);

size_t vn__time_save_max(const vn_window_set_t *set);
size_t vn__time_save(const vn__work_t *work, uint8_t *out, size_t capacity);
/* Windows that were added or removed since then leave the others as they are. */
bool vn__time_load(const vn__work_t *work, const uint8_t *bytes, size_t length);
/* Nothing else of it: what was late stays late. */
void vn__time_keep_watermark(const vn__work_t *work, const uint8_t *bytes, size_t length);

/*
 * Windows that the plan has ended: what they hold is told once, as results of kind partial, in the
 * commit that has the state without them. Nothing is committed while records are read again; what
 * would be too much for one commit is left, and counted.
 */
typedef struct vn__former_source {
  vn_engine_t *engine;
  uint64_t room;          /* bytes that the next commit may have */
  size_t reserved;        /* of the batch, in front: episodes that end */
  uint32_t series;        /* the number that a series had which is gone; VN_SERIES_NONE: none */
  vn__slot_words_t words; /* of the series at work */
  bool has_words;
} vn__former_source_t;
vn__former_source_t vn__former_begin(vn_engine_t *engine);
/* A series that is read a second time, then its parts, in order; their bytes stay while results are
 * made. */
void vn__former_series(vn__former_source_t *source, vn_text_t name);
void vn__former_part(vn__former_source_t *source, const vn__part_t *part);
/* Whether parts of this kind are told where they end. */
bool vn__former_is_told(uint32_t kind);
/* The newest record of a series, read a second time; `lasting`: its bytes stay, else they lie in
 * the scratch. */
typedef struct vn__former_record {
  const uint8_t *bytes;
  size_t length;
  bool lasting;
} vn__former_record_t;
void vn__former_record(vn__former_source_t *source, vn__former_record_t record);

/* The next commit has the state of a series that is gone, or what is left of it. */
void vn__owe_or_bury(vn_engine_t *engine, uint32_t series);

/* What depends on which windows of time there are. */
static inline uint32_t vn__windows_specification(const vn_pipeline_state_t *pipeline) {
  uint8_t others =
      (uint8_t)(pipeline->plan->summary.window_count - pipeline->geometry.set.window_count);
  return pipeline->specifications[1 + others];
}

/* Numbers that came, readings that are remembered, the detector of an alert. */
size_t vn__sequence_max(const vn_plan_t *plan);
size_t vn__recent_max(const vn_pipeline_t *pipeline);
void vn__sequence_pack(vn__packer_t *packer, const vn__work_t *work);
void vn__sequence_unpack(vn__unpacker_t *unpacker, vn__work_t *work);
void vn__recent_pack(vn__packer_t *packer, const vn__work_t *work);
void vn__recent_unpack(vn__unpacker_t *unpacker, vn__work_t *work);
void vn__detector_reset(const vn__work_t *work, size_t rule);
void vn__detector_pack(vn__packer_t *packer, const vn__work_t *work, size_t rule);
void vn__detector_unpack(vn__unpacker_t *unpacker, const vn__work_t *work, size_t rule);

/* What the bytes of values, of an alert and of a detector depend on. */
uint32_t vn__value_specification(const vn__work_t *work);
uint32_t vn__alert_specification(const vn_alert_plan_t *alert);
uint32_t vn__detector_specification(const vn__work_t *work, const vn_alert_plan_t *alert);

#endif
