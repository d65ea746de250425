/* What the files of the nano runtime share. */
#ifndef VN_NANO_PRIV_H
#define VN_NANO_PRIV_H

#include "vn/cbor.h"
#include "vn/nano.h"
#include "vn/outbox.h"

/* A series at work. */
typedef struct vn__nano_work {
  vn_nano_t *nano;
  const vn_pipeline_t *pipeline;
  const vn_window_t *window;
  vn_nano_series_t *series;
  vn_nano_pane_t *panes;
  vn_member_t *members;
  uint8_t index;
} vn__nano_work_t;

vn__nano_work_t vn__nano_work(vn_nano_t *nano, uint8_t series);

/* A result: a pane at this moment. */
typedef struct vn__nano_result {
  const vn_nano_pane_t *pane;
  const vn_member_t *sample;
  uint32_t revision;
  uint8_t kind;  /* vn_kind_t */
  uint8_t flags; /* VN_FLAG_BIT set */
} vn__nano_result_t;

static inline int64_t vn__nano_mono_ms(const vn_nano_t *nano) {
  return nano->ports->clock->mono_ms(nano->ports->clock->context);
}

static inline bool vn__nano_wall_ms(const vn_nano_t *nano, vn_time_ms_t *out) {
  return nano->ports->clock->wall_ms(nano->ports->clock->context, out);
}

/* A view of a C string. */
vn_text_t vn__nano_text(const char *text);

/* The state before the first reading (nano_plan.c). */
void vn__nano_begin(vn_nano_t *nano);

/* Windows (nano_window.c). Gone: no reading can come into a window any more. */
bool vn__nano_is_gone(const vn__nano_work_t *work, vn_time_ms_t last_ms, vn_time_ms_t watermark_ms);
void vn__nano_windows_reset(const vn__nano_work_t *work);
vn_reason_t vn__nano_windows_take(const vn__nano_work_t *work, vn_time_ms_t time_ms, int32_t value);
void vn__nano_windows_refused(const vn__nano_work_t *work, vn_time_ms_t time_ms,
                              vn_accounted_t item);
void vn__nano_windows_advance(const vn__nano_work_t *work, vn_time_ms_t watermark_ms,
                              vn_kind_t kind);
void vn__nano_windows_close_idle(const vn__nano_work_t *work);

/* Summaries (nano_summary.c): a result into the batch; the message of records that stand in the
 * outbox, and how long it is without them. */
void vn__nano_tell(const vn__nano_work_t *work, const vn__nano_result_t *result);
typedef struct vn__nano_content {
  const uint8_t *records; /* and the accounting behind them */
  size_t length;
  uint32_t boot, seq;
  uint8_t record_count;
} vn__nano_content_t;
size_t vn__nano_message(const vn_nano_t *nano, const vn__nano_content_t *content, uint8_t *out,
                        size_t capacity);
size_t vn__nano_accounting(const vn_nano_t *nano, uint8_t *out, size_t capacity);
size_t vn__nano_record_max(const vn_nano_t *nano);

/* Bytes of an accounting in a message, at most. */
#define VN__NANO_ACCOUNTING_MAX 56u

/* An alert that began or ended: two messages, the state with this number, the event with the
 * next. */
typedef struct vn__nano_notice {
  vn_time_ms_t at_ms, starts_ms, ends_ms;
  uint32_t seq, episode, revision;
  int32_t value;
  uint8_t series;
  bool firing;      /* else it is over */
  uint8_t parts[2]; /* vn_outbox_entry_state_t of both */
  uint32_t boot;    /* of the run that it began in */
} vn__nano_notice_t;

/* Alerts (nano_alert.c), their messages (nano_alert_message.c). */
void vn__nano_alert(const vn__nano_work_t *work, vn_time_ms_t time_ms, int32_t value);
size_t vn__nano_alert_topic(const vn_nano_t *nano, const vn__nano_notice_t *notice, char *out,
                            size_t capacity);
size_t vn__nano_alert_message(const vn_nano_t *nano, const vn__nano_notice_t *notice, bool event,
                              char *out, size_t capacity);
size_t vn__nano_alert_max(const vn_nano_t *nano);

/* Outbox (nano_outbox.c): a message that is full waits for the others, until all are released. */
void vn__nano_owe(vn_nano_t *nano, bool urgent);
void vn__nano_put_record(vn_nano_t *nano, const uint8_t *record, size_t length);
void vn__nano_put_notice(vn_nano_t *nano, const vn__nano_notice_t *notice);
void vn__nano_cut(vn_nano_t *nano);
void vn__nano_release(vn_nano_t *nano);
uint32_t vn__nano_summary_bytes(const vn_nano_t *nano); /* in use at the begin of the outbox */
bool vn__nano_outbox_resume(vn_nano_t *nano);           /* false: it can't have been so */
uint32_t vn__nano_send(vn_nano_t *nano, uint32_t budget);

#endif
