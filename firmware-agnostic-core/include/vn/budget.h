/* Memory and wear of a plan, exactly as the engine will use them. */
#ifndef VN_BUDGET_H
#define VN_BUDGET_H

#include "vn/engine.h"

/* Topic and payload of the message that a journal's costs are told for. */
#define VN_BUDGET_MESSAGE_BYTES 100u

typedef struct vn_budget_pipeline {
  uint32_t series;
  uint32_t panes;    /* per series */
  uint32_t sessions; /* live ones per series */
  int64_t pane_ms;
  /* Of one series; its entry in the table comes on top. */
  size_t series_bytes;
  size_t pane_bytes, member_bytes, revision_bytes, alert_bytes;
  size_t session_bytes;
  size_t condition_bytes;
  size_t tally_bytes;   /* late, refused, coverage */
  size_t count_bytes;   /* panes of count windows */
  size_t report_bytes;  /* their points are members */
  size_t extra_bytes;   /* quantiles, slope, distinct */
  size_t ordered_bytes; /* what goes by time order: panes, readings that wait */
  size_t guard_bytes;   /* readings remembered, tokens of the limit */
  size_t alert_evidence_bytes, alert_waiting_bytes, alert_detector_bytes; /* of the alert_bytes */
  /*
   * The same by window: all that windows of time share is told for the largest of them. With alerts
   * and guards they make series_bytes.
   */
  size_t window_bytes[VN_WINDOWS_MAX];
  size_t slot_bytes_max; /* in a checkpoint */
  size_t bytes;          /* of all its series */
} vn_budget_pipeline_t;

typedef struct vn_budget {
  vn_budget_pipeline_t pipelines[VN_PIPELINES_MAX];
  size_t engine_bytes; /* sizeof(vn_engine_t) */
  size_t table_bytes, queue_bytes, outbox_bytes, batch_bytes, scratch_bytes, log_bytes;
  size_t derived_bytes;   /* instances of derivations, and what waits in them */
  size_t alignment_bytes; /* between the arrays of the block */
  size_t total_bytes;     /* engine + store block */
  uint64_t live_bytes_max, commit_bytes_max, region_bytes, region_bytes_needed;
  uint32_t record_bytes_max, global_bytes_max; /* of the log's records; of the global one */
  uint64_t journal_bytes_max;     /* the journal's share of the region; 0: there is none */
  uint64_t journal_message_bytes; /* what a message of VN_BUDGET_MESSAGE_BYTES takes there */
} vn_budget_t;

/*
 * The sum of the parts is total_bytes, which is what gets allocated. VN_ERR_PLAN as vn_plan_check,
 * or with total_bytes > 0: the region is smaller than region_bytes_needed.
 */
VN_NODISCARD vn_err_t vn_budget(const vn_plan_t *plan, vn_budget_t *out);

#endif
