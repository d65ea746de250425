/* What the engine's files about alerts share. */
#ifndef VN_ENGINE_ALERT_PRIV_H
#define VN_ENGINE_ALERT_PRIV_H

#include "engine_priv.h"

/* What caused something: a reading, a result of a window, or neither. */
typedef struct vn__cause {
  vn_time_ms_t at_ms;
  vn_alert_value_t value;
  const vn_window_result_t *result; /* NULL: none */
  vn_text_t by, comment;            /* of a command */
  bool has_value;
  bool was_firing; /* of an evaluation: before it, whatever was shown */
} vn__cause_t;

/* Evaluates a reading for some alerts of values, a bit for each. */
void vn__alerts_evaluate(vn__work_t *work, unsigned alerts, vn_time_ms_t time_ms, int32_t value);

/* The readings that wait are so much later. */
void vn__alerts_shift_waiting(const vn__work_t *work, int64_t shift_ms);

/* An evaluation was done, whatever came of it; false: it was none, or too late. */
bool vn__alert_evaluated(vn__work_t *work, size_t rule, vn_alert_step_t step,
                         const vn__cause_t *cause);

/* The alert may have moved without an evaluation: silence, a command, the end. */
void vn__alert_moved(vn__work_t *work, size_t rule, vn_alert_step_t step, const vn__cause_t *cause);

/* The severity of an alert now: with levels that of its level. */
const char *vn__alert_severity(const vn_alert_plan_t *alert, const vn_alert_state_t *state);

/* Tells an event and the retained state with it, whatever mutes the alert; but nobody is ever told
 * of one that is not published. */
void vn__alert_tell(vn__work_t *work, size_t rule, vn_alert_event_t event,
                    const vn__cause_t *cause);

/* Set aside: not published, shelved or out of service. */
bool vn__alert_is_aside(const vn__work_t *work, size_t rule);

/* Tells that the alert fires, if it does, nobody knows it and nothing mutes it (A26). */
bool vn__alert_tell_firing(vn__work_t *work, size_t rule, const vn__cause_t *cause);

/* Tells that it still fires, if it is time to do so (A24). */
void vn__alert_repeat(vn__work_t *work, size_t rule, const vn__cause_t *cause);

/* If something is to be told of it later, or its shelving ends, the next ticks look at its series.
 */
void vn__alert_watch(vn__work_t *work, size_t rule);

/* Whether the device may tell that one more alert fires; if not, there is a flood (A30). */
bool vn__flood_admits(vn_engine_t *engine, vn_time_ms_t at_ms);
void vn__flood_end(vn_engine_t *engine, vn_time_ms_t at_ms);

/* An episode began. */
void vn__alert_count_begun(vn_engine_t *engine);

/*
 * Evidence: FIRING and EVIDENCE of an alert of values get the readings that are kept, and with
 * FIRING further ones are wanted. An episode that ends gets no more of them: it is told before
 * that.
 */
void vn__evidence_attach(vn__work_t *work, size_t rule, vn_transition_t *transition);
void vn__evidence_end(vn__work_t *work, size_t rule, vn_time_ms_t at_ms);
void vn__evidence_shift(vn__work_t *work, int64_t shift_ms);

/* A tick: before it looks at series; of each the silence, and, behind its windows, what is due. */
void vn__alerts_begin_tick(vn_engine_t *engine);
void vn__alerts_on_tick(vn__work_t *work, int64_t now_mono_ms);
void vn__alerts_end_tick(vn__work_t *work);

/* After a restart: what is counted of the states, and what waits for a tick. */
void vn__alerts_resume(vn__work_t *work);

/* Episodes that nobody was told of, and that nothing mutes any more, are told now (A26). */
void vn__alerts_tell_muted(vn__work_t *work, vn_time_ms_t at_ms);

/* What is told of a rule; behind the state of an episode that subscribers know of, for a plan that
 * doesn't know it. Words point into the bytes. */
typedef struct vn__alert_words {
  const char *severity, *of;
  int64_t limit, low, period_ms; /* those that messages name; limit: the one that was passed */
  int8_t exponent;
  uint8_t times;
  bool has_unit; /* that of the pipeline */
} vn__alert_words_t;
#define VN__ALERT_OF_MAX 80u

/* The state of an alert in the checkpoint. */
size_t vn__alert_save_max(const vn_alert_plan_t *alert);
void vn__alert_pack(vn__packer_t *packer, const vn_alert_plan_t *alert,
                    const vn_alert_state_t *state);
/* `words`: empty, where there are none. */
void vn__alert_unpack(vn__unpacker_t *unpacker, const vn_alert_rule_t *rule,
                      vn_alert_state_t *alert, vn__alert_words_t *words);

/* Whether the value that it looks at has a unit: numbers of readings have none. */
bool vn__alert_has_unit(const vn_alert_plan_t *alert);

/* Floods in the checkpoint: their part of the global state. */
#define VN__FLOOD_MAX (3u * VN__PACK_U64_MAX + 2u * VN__PACK_U32_MAX + 1u)
void vn__flood_pack(vn__packer_t *packer, const vn_engine_t *engine);
void vn__flood_unpack(vn__unpacker_t *unpacker, vn_engine_t *engine);
void vn__flood_resume(vn_engine_t *engine);

/* The detectors of a series, in the order of their alerts; the next one of each kind. */
typedef struct vn__detectors {
  vn_residual_t *residual;
  vn_composite_t *composite;
} vn__detectors_t;
vn__detectors_t vn__detectors(const vn__work_t *work);
/* Moves on behind the detector of an alert that isn't evaluated. */
void vn__detectors_skip(const vn_alert_plan_t *alert, vn__detectors_t *next);
/* The next detector scores a reading for its alert, and `next` moves on. */
vn_alert_step_t vn__detectors_evaluate(const vn__work_t *work, size_t rule, vn__detectors_t *next,
                                       vn_time_ms_t time_ms, int32_t value);

#endif
