/* A store of static arrays for firmware: every array a symbol of its own, sizes known when linking.
 */
#ifndef VN_STORE_H
#define VN_STORE_H

#include "vn/engine.h"

/*
 * VN_STORE_DEFINE(plant) defines `static vn_store_t plant` over static arrays. Their sizes are
 * integer constants with the store's name in front, one per count of vn_store_t:
 *
 *   enum { plant_pipelines = 1, plant_series = 32, plant_buckets = 64, plant_name_bytes = 512, ...
 * };
 *
 * A missing one fails to compile; one that is too small makes vn_init return VN_ERR_STORE.
 * VN_RAM_BYTES(plant) is a constant expression: the bytes of all arrays, for a budget assertion.
 * A count of 0 is allowed where the plan needs none.
 */
#define VN_STORE_COUNT_(count) ((count) > 0 ? (count) : 1)
#define VN_STORE_ARRAY_(type, name, count) static type name[VN_STORE_COUNT_(count)]
#define VN_STORE_BYTES_(type, count) (sizeof(type) * VN_STORE_COUNT_(count))

#define VN_STORE_DEFINE(name)                                                         \
  VN_STORE_ARRAY_(vn_pipeline_state_t, name##_pipelines_, name##_pipelines);          \
  VN_STORE_ARRAY_(vn_series_state_t, name##_series_, name##_series);                  \
  VN_STORE_ARRAY_(vn_series_bucket_t, name##_buckets_, name##_buckets);               \
  VN_STORE_ARRAY_(char, name##_names_, name##_name_bytes);                            \
  VN_STORE_ARRAY_(uint8_t, name##_name_lengths_, name##_series);                      \
  VN_STORE_ARRAY_(vn_pane_t, name##_panes_, name##_panes);                            \
  VN_STORE_ARRAY_(vn_member_t, name##_members_, name##_members);                      \
  VN_STORE_ARRAY_(uint16_t, name##_revisions_, name##_revisions);                     \
  VN_STORE_ARRAY_(vn_alert_state_t, name##_alerts_, name##_alerts);                   \
  VN_STORE_ARRAY_(vn_reorder_state_t, name##_alert_orders_, name##_alert_orders);     \
  VN_STORE_ARRAY_(vn_reorder_entry_t, name##_alert_entries_, name##_alert_entries);   \
  VN_STORE_ARRAY_(vn_recent_t, name##_evidence_, name##_evidence);                    \
  VN_STORE_ARRAY_(vn_residual_t, name##_residuals_, name##_residuals);                \
  VN_STORE_ARRAY_(vn_composite_t, name##_composites_, name##_composites);             \
  VN_STORE_ARRAY_(vn_session_state_t, name##_session_states_, name##_session_states); \
  VN_STORE_ARRAY_(vn_session_t, name##_sessions_, name##_sessions);                   \
  VN_STORE_ARRAY_(vn_span_t, name##_spans_, name##_sessions);                         \
  VN_STORE_ARRAY_(vn_count_state_t, name##_count_states_, name##_count_states);       \
  VN_STORE_ARRAY_(vn_aggregate_t, name##_count_panes_, name##_count_panes);           \
  VN_STORE_ARRAY_(vn_report_state_t, name##_reports_, name##_reports);                \
  VN_STORE_ARRAY_(vn_condition_state_t, name##_conditions_, name##_conditions);       \
  VN_STORE_ARRAY_(vn_trend_t, name##_trends_, name##_trends);                         \
  VN_STORE_ARRAY_(uint32_t, name##_counters_, name##_counters);                       \
  VN_STORE_ARRAY_(uint8_t, name##_registers_, name##_registers);                      \
  VN_STORE_ARRAY_(vn_recent_t, name##_recent_, name##_recent);                        \
  VN_STORE_ARRAY_(uint8_t, name##_checks_, name##_checks);                            \
  VN_STORE_ARRAY_(vn_bucket_t, name##_limits_, name##_limits);                        \
  VN_STORE_ARRAY_(vn_tally_t, name##_tallies_, name##_panes);                         \
  VN_STORE_ARRAY_(uint64_t, name##_heard_, name##_heard);                             \
  VN_STORE_ARRAY_(vn_delta_t, name##_deltas_, name##_deltas);                         \
  VN_STORE_ARRAY_(vn_coarse_t, name##_coarse_, name##_coarse);                        \
  VN_STORE_ARRAY_(vn_member_t, name##_coarse_members_, name##_coarse_members);        \
  VN_STORE_ARRAY_(uint32_t, name##_places_used_, name##_places_used);                 \
  VN_STORE_ARRAY_(vn_ordered_state_t, name##_ordered_states_, name##_ordered_states); \
  VN_STORE_ARRAY_(vn_reorder_entry_t, name##_reorder_, name##_reorder);               \
  VN_STORE_ARRAY_(vn_ordered_pane_t, name##_ordered_panes_, name##_ordered_panes);    \
  VN_STORE_ARRAY_(vn_member_t, name##_sample_scratch_, name##_sample_scratch);        \
  static _Alignas(8) uint8_t name##_queue_[VN_STORE_COUNT_(name##_queue_bytes)];      \
  VN_STORE_ARRAY_(vn_outbox_block_t, name##_blocks_, name##_blocks);                  \
  VN_STORE_ARRAY_(vn_outbox_place_t, name##_places_, name##_places);                  \
  VN_STORE_ARRAY_(vn_derived_t, name##_derived_, name##_derived);                     \
  VN_STORE_ARRAY_(vn_derived_window_t, name##_waiting_, name##_waiting);              \
  VN_STORE_ARRAY_(vn_series_bucket_t, name##_link_buckets_, name##_link_buckets);     \
  VN_STORE_ARRAY_(char, name##_link_names_, name##_link_name_bytes);                  \
  VN_STORE_ARRAY_(uint8_t, name##_link_lengths_, name##_derived);                     \
  VN_STORE_ARRAY_(uint8_t, name##_batch_, name##_batch_bytes);                        \
  VN_STORE_ARRAY_(uint8_t, name##_scratch_, name##_scratch_bytes);                    \
  VN_STORE_ARRAY_(uint8_t, name##_record_, name##_record_bytes);                      \
  VN_STORE_ARRAY_(vn_log_item_t, name##_items_, name##_items);                        \
  VN_STORE_ARRAY_(vn_log_sector_t, name##_sectors_, name##_sectors);                  \
  static _Alignas(8) uint8_t name##_page_[VN_STORE_COUNT_(name##_page_bytes)];        \
  static const vn_store_t name = {                                                    \
      .pipelines = name##_pipelines_,                                                 \
      .series = name##_series_,                                                       \
      .buckets = name##_buckets_,                                                     \
      .names = name##_names_,                                                         \
      .name_lengths = name##_name_lengths_,                                           \
      .panes = name##_panes_,                                                         \
      .members = name##_members_,                                                     \
      .revisions = name##_revisions_,                                                 \
      .alerts = name##_alerts_,                                                       \
      .alert_orders = name##_alert_orders_,                                           \
      .alert_entries = name##_alert_entries_,                                         \
      .evidence = name##_evidence_,                                                   \
      .residuals = name##_residuals_,                                                 \
      .composites = name##_composites_,                                               \
      .session_states = name##_session_states_,                                       \
      .sessions = name##_sessions_,                                                   \
      .spans = name##_spans_,                                                         \
      .count_states = name##_count_states_,                                           \
      .count_panes = name##_count_panes_,                                             \
      .reports = name##_reports_,                                                     \
      .conditions = name##_conditions_,                                               \
      .trends = name##_trends_,                                                       \
      .counters = name##_counters_,                                                   \
      .registers = name##_registers_,                                                 \
      .recent = name##_recent_,                                                       \
      .checks = name##_checks_,                                                       \
      .limits = name##_limits_,                                                       \
      .tallies = name##_tallies_,                                                     \
      .heard = name##_heard_,                                                         \
      .deltas = name##_deltas_,                                                       \
      .coarse = name##_coarse_,                                                       \
      .coarse_members = name##_coarse_members_,                                       \
      .places_used = name##_places_used_,                                             \
      .ordered_states = name##_ordered_states_,                                       \
      .reorder = name##_reorder_,                                                     \
      .ordered_panes = name##_ordered_panes_,                                         \
      .sample_scratch = name##_sample_scratch_,                                       \
      .queue = name##_queue_,                                                         \
      .blocks = name##_blocks_,                                                       \
      .places = name##_places_,                                                       \
      .derived = name##_derived_,                                                     \
      .derived_windows = name##_waiting_,                                             \
      .derived_buckets = name##_link_buckets_,                                        \
      .derived_names = name##_link_names_,                                            \
      .derived_lengths = name##_link_lengths_,                                        \
      .batch = name##_batch_,                                                         \
      .scratch = name##_scratch_,                                                     \
      .record = name##_record_,                                                       \
      .items = name##_items_,                                                         \
      .sectors = name##_sectors_,                                                     \
      .page = name##_page_,                                                           \
      .pipeline_count = name##_pipelines,                                             \
      .series_count = name##_series,                                                  \
      .bucket_count = name##_buckets,                                                 \
      .name_bytes = name##_name_bytes,                                                \
      .pane_count = name##_panes,                                                     \
      .member_count = name##_members,                                                 \
      .revision_count = name##_revisions,                                             \
      .alert_count = name##_alerts,                                                   \
      .alert_order_count = name##_alert_orders,                                       \
      .alert_entry_count = name##_alert_entries,                                      \
      .evidence_count = name##_evidence,                                              \
      .residual_count = name##_residuals,                                             \
      .composite_count = name##_composites,                                           \
      .session_state_count = name##_session_states,                                   \
      .session_count = name##_sessions,                                               \
      .count_state_count = name##_count_states,                                       \
      .count_pane_count = name##_count_panes,                                         \
      .report_count = name##_reports,                                                 \
      .condition_count = name##_conditions,                                           \
      .trend_count = name##_trends,                                                   \
      .counter_count = name##_counters,                                               \
      .register_count = name##_registers,                                             \
      .recent_count = name##_recent,                                                  \
      .check_count = name##_checks,                                                   \
      .limit_count = name##_limits,                                                   \
      .heard_count = name##_heard,                                                    \
      .delta_count = name##_deltas,                                                   \
      .coarse_count = name##_coarse,                                                  \
      .coarse_member_count = name##_coarse_members,                                   \
      .places_used_count = name##_places_used,                                        \
      .ordered_state_count = name##_ordered_states,                                   \
      .reorder_count = name##_reorder,                                                \
      .ordered_pane_count = name##_ordered_panes,                                     \
      .sample_scratch_count = name##_sample_scratch,                                  \
      .queue_bytes = name##_queue_bytes,                                              \
      .block_count = name##_blocks,                                                   \
      .place_count = name##_places,                                                   \
      .derived_count = name##_derived,                                                \
      .derived_window_count = name##_waiting,                                         \
      .derived_bucket_count = name##_link_buckets,                                    \
      .derived_name_bytes = name##_link_name_bytes,                                   \
      .batch_bytes = name##_batch_bytes,                                              \
      .scratch_bytes = name##_scratch_bytes,                                          \
      .record_bytes = name##_record_bytes,                                            \
      .item_count = name##_items,                                                     \
      .sector_count = name##_sectors,                                                 \
      .page_bytes = name##_page_bytes,                                                \
  }

#define VN_RAM_BYTES(name)                                                                         \
  (VN_STORE_BYTES_(vn_pipeline_state_t, name##_pipelines) +                                        \
   VN_STORE_BYTES_(vn_series_state_t, name##_series) +                                             \
   VN_STORE_BYTES_(vn_series_bucket_t, name##_buckets) +                                           \
   VN_STORE_BYTES_(char, name##_name_bytes) + VN_STORE_BYTES_(uint8_t, name##_series) +            \
   VN_STORE_BYTES_(vn_pane_t, name##_panes) + VN_STORE_BYTES_(vn_member_t, name##_members) +       \
   VN_STORE_BYTES_(uint16_t, name##_revisions) +                                                   \
   VN_STORE_BYTES_(vn_alert_state_t, name##_alerts) +                                              \
   VN_STORE_BYTES_(vn_reorder_state_t, name##_alert_orders) +                                      \
   VN_STORE_BYTES_(vn_reorder_entry_t, name##_alert_entries) +                                     \
   VN_STORE_BYTES_(vn_recent_t, name##_evidence) +                                                 \
   VN_STORE_BYTES_(vn_residual_t, name##_residuals) +                                              \
   VN_STORE_BYTES_(vn_composite_t, name##_composites) +                                            \
   VN_STORE_BYTES_(vn_session_state_t, name##_session_states) +                                    \
   VN_STORE_BYTES_(vn_session_t, name##_sessions) + VN_STORE_BYTES_(vn_span_t, name##_sessions) +  \
   VN_STORE_BYTES_(vn_count_state_t, name##_count_states) +                                        \
   VN_STORE_BYTES_(vn_aggregate_t, name##_count_panes) +                                           \
   VN_STORE_BYTES_(vn_report_state_t, name##_reports) +                                            \
   VN_STORE_BYTES_(vn_condition_state_t, name##_conditions) +                                      \
   VN_STORE_BYTES_(vn_trend_t, name##_trends) + VN_STORE_BYTES_(uint32_t, name##_counters) +       \
   VN_STORE_BYTES_(uint8_t, name##_registers) + VN_STORE_BYTES_(vn_recent_t, name##_recent) +      \
   VN_STORE_BYTES_(uint8_t, name##_checks) + VN_STORE_BYTES_(vn_bucket_t, name##_limits) +         \
   VN_STORE_BYTES_(vn_tally_t, name##_panes) + VN_STORE_BYTES_(uint64_t, name##_heard) +           \
   VN_STORE_BYTES_(vn_coarse_t, name##_coarse) +                                                   \
   VN_STORE_BYTES_(vn_member_t, name##_coarse_members) +                                           \
   VN_STORE_BYTES_(vn_delta_t, name##_deltas) + VN_STORE_BYTES_(uint32_t, name##_places_used) +    \
   VN_STORE_BYTES_(vn_ordered_state_t, name##_ordered_states) +                                    \
   VN_STORE_BYTES_(vn_reorder_entry_t, name##_reorder) +                                           \
   VN_STORE_BYTES_(vn_ordered_pane_t, name##_ordered_panes) +                                      \
   VN_STORE_BYTES_(vn_member_t, name##_sample_scratch) +                                           \
   VN_STORE_BYTES_(uint8_t, name##_queue_bytes) +                                                  \
   VN_STORE_BYTES_(vn_outbox_block_t, name##_blocks) +                                             \
   VN_STORE_BYTES_(vn_outbox_place_t, name##_places) +                                             \
   VN_STORE_BYTES_(vn_derived_t, name##_derived) +                                                 \
   VN_STORE_BYTES_(vn_derived_window_t, name##_waiting) +                                          \
   VN_STORE_BYTES_(vn_series_bucket_t, name##_link_buckets) +                                      \
   VN_STORE_BYTES_(char, name##_link_name_bytes) + VN_STORE_BYTES_(uint8_t, name##_derived) +      \
   VN_STORE_BYTES_(uint8_t, name##_batch_bytes) + VN_STORE_BYTES_(uint8_t, name##_scratch_bytes) + \
   VN_STORE_BYTES_(uint8_t, name##_record_bytes) + VN_STORE_BYTES_(vn_log_item_t, name##_items) +  \
   VN_STORE_BYTES_(vn_log_sector_t, name##_sectors) + VN_STORE_BYTES_(uint8_t, name##_page_bytes))

#endif
