/* Made by vnotch compile from cost.yaml; don't edit. */
#ifndef COST_PLAN_H
#define COST_PLAN_H

#include "vn/vn.h"

VN_STATIC_ASSERT(VN_PLAN_VERSION == 1u,
                 "made by another version: run vnotch compile again");

extern const vn_plan_t cost_plan;

/* What VN_STORE_DEFINE(cost) and VN_RAM_BYTES(cost) take. */
enum {
  cost_pipelines = 1,
  cost_series = 8,
  cost_buckets = 16,
  cost_name_bytes = 128,
  cost_panes = 48,
  cost_members = 384,
  cost_revisions = 0,
  cost_alerts = 8,
  cost_alert_orders = 0,
  cost_alert_entries = 0,
  cost_evidence = 0,
  cost_residuals = 0,
  cost_composites = 0,
  cost_session_states = 0,
  cost_sessions = 0,
  cost_count_states = 0,
  cost_count_panes = 0,
  cost_reports = 0,
  cost_conditions = 0,
  cost_trends = 0,
  cost_counters = 0,
  cost_registers = 0,
  cost_recent = 0,
  cost_checks = 0,
  cost_limits = 0,
  cost_heard = 0,
  cost_deltas = 0,
  cost_places_used = 1,
  cost_ordered_states = 0,
  cost_reorder = 0,
  cost_ordered_panes = 0,
  cost_sample_scratch = 8,
  cost_queue_bytes = 1024,
  cost_allowances = 0,
  cost_blocks = 32,
  cost_places = 80,
  cost_coarse = 0,
  cost_coarse_members = 0,
  cost_derived = 0,
  cost_waiting = 0,
  cost_link_buckets = 0,
  cost_link_name_bytes = 0,
  cost_batch_bytes = 6040,
  cost_scratch_bytes = 6581,
  cost_record_bytes = 0,
  cost_items = 0,
  cost_sectors = 0,
  cost_page_bytes = 0,
};

#endif
