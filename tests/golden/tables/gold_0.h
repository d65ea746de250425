/* Made by vnotch compile from gold_0.yaml; don't edit. */
#ifndef GOLD_0_PLAN_H
#define GOLD_0_PLAN_H

#include "vn/vn.h"

VN_STATIC_ASSERT(VN_PLAN_VERSION == 1u,
                 "made by another version: run vnotch compile again");

extern const vn_plan_t gold_0_plan;

/* What VN_STORE_DEFINE(gold_0) and VN_RAM_BYTES(gold_0) take. */
enum {
  gold_0_pipelines = 3,
  gold_0_series = 12,
  gold_0_buckets = 32,
  gold_0_name_bytes = 192,
  gold_0_panes = 44,
  gold_0_members = 320,
  gold_0_revisions = 44,
  gold_0_alerts = 36,
  gold_0_alert_orders = 4,
  gold_0_alert_entries = 128,
  gold_0_evidence = 20,
  gold_0_residuals = 4,
  gold_0_composites = 0,
  gold_0_session_states = 4,
  gold_0_sessions = 32,
  gold_0_count_states = 4,
  gold_0_count_panes = 8,
  gold_0_reports = 8,
  gold_0_conditions = 4,
  gold_0_trends = 17,
  gold_0_counters = 1842,
  gold_0_registers = 1280,
  gold_0_recent = 32,
  gold_0_checks = 768,
  gold_0_limits = 0,
  gold_0_heard = 16,
  gold_0_deltas = 16,
  gold_0_places_used = 3,
  gold_0_ordered_states = 8,
  gold_0_reorder = 384,
  gold_0_ordered_panes = 36,
  gold_0_sample_scratch = 4,
  gold_0_queue_bytes = 8192,
  gold_0_allowances = 0,
  gold_0_blocks = 128,
  gold_0_places = 80,
  gold_0_coarse = 0,
  gold_0_coarse_members = 0,
  gold_0_derived = 4,
  gold_0_waiting = 40,
  gold_0_link_buckets = 8,
  gold_0_link_name_bytes = 64,
  gold_0_batch_bytes = 3560,
  gold_0_scratch_bytes = 9074,
  gold_0_record_bytes = 512,
  gold_0_items = 93,
  gold_0_sectors = 160,
  gold_0_page_bytes = 256,
};

#endif
