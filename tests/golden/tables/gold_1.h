/* Made by vnotch compile from gold_1.yaml; don't edit. */
#ifndef GOLD_1_PLAN_H
#define GOLD_1_PLAN_H

#include "vn/vn.h"

VN_STATIC_ASSERT(VN_PLAN_VERSION == 1u,
                 "made by another version: run vnotch compile again");

extern const vn_plan_t gold_1_plan;

/* What VN_STORE_DEFINE(gold_1) and VN_RAM_BYTES(gold_1) take. */
enum {
  gold_1_pipelines = 3,
  gold_1_series = 12,
  gold_1_buckets = 32,
  gold_1_name_bytes = 192,
  gold_1_panes = 44,
  gold_1_members = 320,
  gold_1_revisions = 44,
  gold_1_alerts = 36,
  gold_1_alert_orders = 4,
  gold_1_alert_entries = 128,
  gold_1_evidence = 20,
  gold_1_residuals = 4,
  gold_1_composites = 0,
  gold_1_session_states = 4,
  gold_1_sessions = 32,
  gold_1_count_states = 4,
  gold_1_count_panes = 8,
  gold_1_reports = 8,
  gold_1_conditions = 4,
  gold_1_trends = 17,
  gold_1_counters = 1842,
  gold_1_registers = 1280,
  gold_1_recent = 32,
  gold_1_checks = 768,
  gold_1_limits = 0,
  gold_1_heard = 16,
  gold_1_deltas = 16,
  gold_1_places_used = 3,
  gold_1_ordered_states = 8,
  gold_1_reorder = 384,
  gold_1_ordered_panes = 36,
  gold_1_sample_scratch = 4,
  gold_1_queue_bytes = 8192,
  gold_1_allowances = 0,
  gold_1_blocks = 128,
  gold_1_places = 80,
  gold_1_coarse = 0,
  gold_1_coarse_members = 0,
  gold_1_derived = 4,
  gold_1_waiting = 40,
  gold_1_link_buckets = 8,
  gold_1_link_name_bytes = 64,
  gold_1_batch_bytes = 10912,
  gold_1_scratch_bytes = 11725,
  gold_1_record_bytes = 1024,
  gold_1_items = 97,
  gold_1_sectors = 80,
  gold_1_page_bytes = 256,
};

#endif
