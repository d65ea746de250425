/* Made by vnotch compile from node.yaml; don't edit. */
#ifndef NODE_PLAN_H
#define NODE_PLAN_H

#include "vn/vn.h"

VN_STATIC_ASSERT(VN_PLAN_VERSION == 1u,
                 "made by another version: run vnotch compile again");

extern const vn_plan_t node_plan;

/* What VN_STORE_DEFINE(node) and VN_RAM_BYTES(node) take. */
enum {
  node_pipelines = 1,
  node_series = 8,
  node_buckets = 16,
  node_name_bytes = 128,
  node_panes = 16,
  node_members = 64,
  node_revisions = 0,
  node_alerts = 8,
  node_alert_orders = 0,
  node_alert_entries = 0,
  node_evidence = 0,
  node_residuals = 0,
  node_composites = 0,
  node_session_states = 0,
  node_sessions = 0,
  node_count_states = 0,
  node_count_panes = 0,
  node_reports = 0,
  node_conditions = 0,
  node_trends = 0,
  node_counters = 0,
  node_registers = 0,
  node_recent = 64,
  node_checks = 0,
  node_limits = 0,
  node_heard = 0,
  node_deltas = 0,
  node_places_used = 1,
  node_ordered_states = 0,
  node_reorder = 0,
  node_ordered_panes = 0,
  node_sample_scratch = 4,
  node_queue_bytes = 2048,
  node_allowances = 0,
  node_blocks = 32,
  node_places = 80,
  node_coarse = 0,
  node_coarse_members = 0,
  node_derived = 0,
  node_waiting = 0,
  node_link_buckets = 0,
  node_link_name_bytes = 0,
  node_batch_bytes = 924,
  node_scratch_bytes = 2457,
  node_record_bytes = 512,
  node_items = 91,
  node_sectors = 64,
  node_page_bytes = 256,
};

#endif
