/* A store of static arrays for firmware: every array a symbol of its own, sizes known when linking.
 */
#ifndef VN_STORE_H
#define VN_STORE_H

#include "vn/engine.h"

/*
 * VN_STORE_DEFINE(plant) defines `static const vn_store_t plant` over static arrays. Their sizes
 * are integer constants with the store's name in front, one per count of vn_store_t, as `vnotch
 * compile` writes them:
 *
 *   enum { plant_pipelines = 1, plant_series = 32, plant_buckets = 64, plant_name_bytes = 512, ...
 * };
 *
 * A missing one fails to compile; one that is too small makes vn_init return VN_ERR_STORE.
 * VN_RAM_BYTES(plant) is a constant expression: the bytes of all arrays, for a budget assertion.
 * A count of 0 is allowed where the plan needs none.
 */

/*
 * The arrays of a store. OWN(name, type, member, constant, count): member `count` says how many;
 * BYTES, of uint8_t, aligned to 8, the same without a type; SAME(name, type, member, constant): as
 * many as another's.
 */
#define VN_STORE_LIST(OWN, SAME, BYTES, name)                                        \
  OWN(name, vn_pipeline_state_t, pipelines, pipelines, pipeline_count)               \
  OWN(name, vn_series_state_t, series, series, series_count)                         \
  OWN(name, vn_series_bucket_t, buckets, buckets, bucket_count)                      \
  OWN(name, char, names, name_bytes, name_bytes)                                     \
  SAME(name, uint8_t, name_lengths, series)                                          \
  OWN(name, vn_pane_t, panes, panes, pane_count)                                     \
  OWN(name, vn_member_t, members, members, member_count)                             \
  OWN(name, uint16_t, revisions, revisions, revision_count)                          \
  OWN(name, vn_alert_state_t, alerts, alerts, alert_count)                           \
  OWN(name, vn_reorder_state_t, alert_orders, alert_orders, alert_order_count)       \
  OWN(name, vn_reorder_entry_t, alert_entries, alert_entries, alert_entry_count)     \
  OWN(name, vn_recent_t, evidence, evidence, evidence_count)                         \
  OWN(name, vn_residual_t, residuals, residuals, residual_count)                     \
  OWN(name, vn_composite_t, composites, composites, composite_count)                 \
  OWN(name, vn_session_state_t, session_states, session_states, session_state_count) \
  OWN(name, vn_session_t, sessions, sessions, session_count)                         \
  SAME(name, vn_span_t, spans, sessions)                                             \
  OWN(name, vn_count_state_t, count_states, count_states, count_state_count)         \
  OWN(name, vn_aggregate_t, count_panes, count_panes, count_pane_count)              \
  OWN(name, vn_report_state_t, reports, reports, report_count)                       \
  OWN(name, vn_condition_state_t, conditions, conditions, condition_count)           \
  OWN(name, vn_trend_t, trends, trends, trend_count)                                 \
  OWN(name, uint32_t, counters, counters, counter_count)                             \
  OWN(name, uint8_t, registers, registers, register_count)                           \
  OWN(name, vn_recent_t, recent, recent, recent_count)                               \
  OWN(name, uint8_t, checks, checks, check_count)                                    \
  OWN(name, vn_bucket_t, limits, limits, limit_count)                                \
  SAME(name, vn_tally_t, tallies, panes)                                             \
  OWN(name, uint64_t, heard, heard, heard_count)                                     \
  OWN(name, vn_delta_t, deltas, deltas, delta_count)                                 \
  OWN(name, uint32_t, places_used, places_used, places_used_count)                   \
  OWN(name, vn_ordered_state_t, ordered_states, ordered_states, ordered_state_count) \
  OWN(name, vn_reorder_entry_t, reorder, reorder, reorder_count)                     \
  OWN(name, vn_ordered_pane_t, ordered_panes, ordered_panes, ordered_pane_count)     \
  OWN(name, vn_member_t, sample_scratch, sample_scratch, sample_scratch_count)       \
  BYTES(name, queue, queue_bytes, queue_bytes)                                       \
  OWN(name, int64_t, allowances, allowances, allowance_count)                        \
  OWN(name, vn_outbox_block_t, blocks, blocks, block_count)                          \
  OWN(name, vn_outbox_place_t, places, places, place_count)                          \
  OWN(name, vn_coarse_t, coarse, coarse, coarse_count)                               \
  OWN(name, vn_member_t, coarse_members, coarse_members, coarse_member_count)        \
  OWN(name, vn_derived_t, derived, derived, derived_count)                           \
  OWN(name, vn_derived_window_t, derived_windows, waiting, derived_window_count)     \
  OWN(name, vn_series_bucket_t, derived_buckets, link_buckets, derived_bucket_count) \
  OWN(name, char, derived_names, link_name_bytes, derived_name_bytes)                \
  SAME(name, uint8_t, derived_lengths, derived)                                      \
  OWN(name, uint8_t, batch, batch_bytes, batch_bytes)                                \
  OWN(name, uint8_t, scratch, scratch_bytes, scratch_bytes)                          \
  OWN(name, uint8_t, record, record_bytes, record_bytes)                             \
  OWN(name, vn_log_item_t, items, items, item_count)                                 \
  OWN(name, vn_log_sector_t, sectors, sectors, sector_count)                         \
  BYTES(name, page, page_bytes, page_bytes)

/* An array of nothing isn't allowed in C: it has one entry, and the compiler leaves it out, since
 * nothing points to it. What takes its place is never read: a null pointer can't have an offset,
 * not even of nothing. */
#define VN_STORE_COUNT_(count) ((count) > 0 ? (count) : 1)

#define VN_STORE_ARRAY_(name, type, member, constant) \
  static type name##_##member##_[VN_STORE_COUNT_(name##_##constant)];
#define VN_STORE_OWN_ARRAY_(name, type, member, constant, count) \
  VN_STORE_ARRAY_(name, type, member, constant)
#define VN_STORE_BYTE_ARRAY_(name, member, constant, count) \
  static _Alignas(8) uint8_t name##_##member##_[VN_STORE_COUNT_(name##_##constant)];

#define VN_STORE_ENTRY_(name, type, member, constant) \
  .member = (name##_##constant) > 0 ? name##_##member##_ : (void *)&name##_nothing_,
#define VN_STORE_OWN_ENTRY_(name, type, member, constant, count)                     \
  .member = (name##_##constant) > 0 ? name##_##member##_ : (void *)&name##_nothing_, \
  .count = name##_##constant,
#define VN_STORE_BYTE_ENTRY_(name, member, constant, count)                          \
  .member = (name##_##constant) > 0 ? name##_##member##_ : (void *)&name##_nothing_, \
  .count = name##_##constant,

#define VN_STORE_DEFINE(name)                                                     \
  VN_STORE_LIST(VN_STORE_OWN_ARRAY_, VN_STORE_ARRAY_, VN_STORE_BYTE_ARRAY_, name) \
  static const max_align_t name##_nothing_ = {0};                                 \
  static const vn_store_t name = {                                                \
      VN_STORE_LIST(VN_STORE_OWN_ENTRY_, VN_STORE_ENTRY_, VN_STORE_BYTE_ENTRY_, name)}

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a term of the sum in VN_RAM_BYTES */
#define VN_STORE_BYTES_(name, type, member, constant) sizeof(type) * (size_t)(name##_##constant) +
#define VN_STORE_OWN_BYTES_(name, type, member, constant, count) \
  VN_STORE_BYTES_(name, type, member, constant)
#define VN_STORE_BYTE_BYTES_(name, member, constant, count) \
  VN_STORE_BYTES_(name, uint8_t, member, constant)

#define VN_RAM_BYTES(name) \
  (VN_STORE_LIST(VN_STORE_OWN_BYTES_, VN_STORE_BYTES_, VN_STORE_BYTE_BYTES_, name)(size_t) 0)

#endif
