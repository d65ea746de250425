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
} vn__cause_t;

/* An evaluation was done, whatever came of it. */
void vn__alert_evaluated(vn__work_t *work, size_t rule, vn_alert_step_t step,
                         const vn__cause_t *cause);

/* The alert may have moved without an evaluation: silence, a command, the end. */
void vn__alert_moved(vn__work_t *work, size_t rule, vn_alert_step_t step, const vn__cause_t *cause);

/* Tells an event and the retained state with it, whatever mutes the alert. */
void vn__alert_tell(vn__work_t *work, size_t rule, vn_alert_event_t event,
                    const vn__cause_t *cause);

/* Episodes that nobody was told of, and that nothing mutes any more, are told now (A26). */
void vn__alerts_tell_muted(vn__work_t *work, vn_time_ms_t at_ms);

#endif
