/* The budget of a plan: the sizes that the store really has, told apart. */
#include "vn/budget.h"

#include "engine_priv.h"

/* The one that decides the length of the ring that all windows of time share. */
static uint8_t largest_of_time(const vn_window_set_t *set) {
  uint8_t largest = 0;
  for (uint8_t i = 1; i < set->window_count; i++) {
    largest = set->windows[i].size_ms > set->windows[largest].size_ms ? i : largest;
  }
  return largest;
}

static size_t extra_bytes(const vn_extra_set_t *set, size_t panes) {
  return panes * ((set->trend ? sizeof(vn_trend_t) : 0) +
                  vn_extra_counters(set) * sizeof(uint32_t) + set->registers);
}

static void budget_of_windows(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry,
                              vn_budget_pipeline_t *out) {
  const vn_window_set_t *set = &geometry->set;
  if (set->window_count > 0) {
    out->window_bytes[largest_of_time(set)] =
        out->pane_bytes + extra_bytes(&set->extra, set->pane_count) + out->ordered_bytes +
        out->tally_bytes + out->revision_bytes +
        (size_t)set->pane_count * set->sample * sizeof(vn_member_t);
  }
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    const vn_session_set_t *session = &geometry->sessions[i];
    out->window_bytes[session->window] =
        sizeof(vn_session_state_t) + extra_bytes(&session->extra, session->capacity) +
        session->capacity *
            (sizeof(vn_session_t) + sizeof(vn_span_t) + session->sample * sizeof(vn_member_t));
  }
  for (uint8_t i = 0; i < geometry->count_count; i++) {
    const vn_count_window_t *count = &geometry->counts[i];
    out->window_bytes[count->window] =
        sizeof(vn_count_state_t) + extra_bytes(&count->extra, count->pane_count) +
        count->pane_count * (sizeof(vn_aggregate_t) + count->sample * sizeof(vn_member_t));
  }
  for (uint8_t i = 0; i < geometry->report_count; i++) {
    const vn_report_t *report = &geometry->reports[i];
    out->window_bytes[report->window] =
        sizeof(vn_report_state_t) + report->points * sizeof(vn_member_t);
  }
  for (uint8_t i = 0; i < geometry->condition_count; i++) {
    vn_condition_window_t condition = vn_geometry_condition(pipeline, geometry, i);
    out->window_bytes[condition.window] = sizeof(vn_condition_state_t) +
                                          extra_bytes(&condition.extra, 1) +
                                          condition.sample * sizeof(vn_member_t);
  }
}

static size_t ordered_bytes(const vn_window_set_t *set) {
  return set->ordered.kinds == 0
             ? 0
             : set->pane_count * sizeof(vn_ordered_pane_t) +
                   set->ordered.capacity * sizeof(vn_reorder_entry_t) + sizeof(vn_ordered_state_t);
}

static void budget_of_alerts(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry,
                             vn_budget_pipeline_t *out) {
  size_t reorder = pipeline->alert_reorder;
  out->alert_evidence_bytes = vn_evidence_readings(&pipeline->evidence) * sizeof(vn_recent_t);
  out->alert_waiting_bytes =
      reorder * sizeof(vn_reorder_entry_t) + (reorder > 0 ? sizeof(vn_reorder_state_t) : 0);
  out->alert_detector_bytes = geometry->residual_count * sizeof(vn_residual_t) +
                              geometry->composite_count * sizeof(vn_composite_t);
  out->alert_bytes = pipeline->alert_count * sizeof(vn_alert_state_t) + out->alert_evidence_bytes +
                     out->alert_waiting_bytes + out->alert_detector_bytes;
}

static void budget_of_pipeline(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                               vn_budget_pipeline_t *out) {
  vn_geometry_t geometry;
  uint8_t problem;
  vn_err_t derived = vn_geometry_derive(pipeline, &geometry, &problem);
  VN_ASSERT(derived == VN_OK);
  const vn_window_set_t *set = &geometry.set;
  *out = (vn_budget_pipeline_t){
      .series = pipeline->series_max,
      .panes = set->pane_count,
      .pane_ms = set->pane_ms,
      .sessions = geometry.session_slots,
      .pane_bytes = set->pane_count * sizeof(vn_pane_t),
      .count_bytes = geometry.count_panes * sizeof(vn_aggregate_t) +
                     geometry.count_count * sizeof(vn_count_state_t),
      .condition_bytes = geometry.condition_count * sizeof(vn_condition_state_t),
      .session_bytes = geometry.session_slots * (sizeof(vn_session_t) + sizeof(vn_span_t)) +
                       geometry.session_count * sizeof(vn_session_state_t),
      .report_bytes = geometry.report_count * sizeof(vn_report_state_t),
      .member_bytes = geometry.members * sizeof(vn_member_t),
      .extra_bytes = geometry.extra_count.trends * sizeof(vn_trend_t) +
                     geometry.extra_count.counters * sizeof(uint32_t) +
                     geometry.extra_count.registers,
      .guard_bytes = pipeline->deduplicate * sizeof(vn_recent_t) +
                     (pipeline->limit.readings > 0 ? sizeof(vn_bucket_t) : 0),
      .tally_bytes = set->pane_count * sizeof(vn_tally_t) +
                     vn_window_heard(set) * sizeof(uint64_t) +
                     pipeline->corrections * sizeof(vn_delta_t),
      .ordered_bytes = ordered_bytes(set),
      .revision_bytes = set->revision_count * sizeof(uint16_t),
      .slot_bytes_max = vn__slot_max(plan, pipeline, &geometry),
  };
  budget_of_alerts(pipeline, &geometry, out);
  out->series_bytes = out->pane_bytes + out->count_bytes + out->extra_bytes + out->ordered_bytes +
                      out->session_bytes + out->report_bytes + out->condition_bytes +
                      out->member_bytes + out->guard_bytes + out->tally_bytes +
                      out->revision_bytes + out->alert_bytes;
  out->bytes = out->series_bytes * out->series;
  budget_of_windows(pipeline, &geometry, out);
}

/* Room for folding extras, where there are any. */
static size_t extra_scratch(const vn_store_t *need) {
  return (need->trend_count > 0 ? sizeof(vn_trend_t) : 0) +
         (need->counter_count > 0 ? VN__SCRATCH_COUNTERS * sizeof(uint32_t) : 0) +
         (need->register_count > 0 ? VN__SCRATCH_REGISTERS : 0);
}

/* Header, what is stored of the arrival, topic and payload, padded to whole program units. */
static uint64_t journal_message_bytes(const vn_plan_t *plan) {
  const uint64_t header = 16u, arrival = 12u;
  uint64_t unit = plan->program_unit_bytes > 8u ? plan->program_unit_bytes : 8u;
  return (header + arrival + VN_BUDGET_MESSAGE_BYTES + unit - 1u) / unit * unit;
}

static vn_err_t budget_of_region(const vn_plan_t *plan, vn_budget_t *out) {
  vn__log_sizes_t sizes = vn__log_sizes(plan);
  out->live_bytes_max = sizes.live_bytes_max;
  out->commit_bytes_max = sizes.commit_bytes_max;
  if (plan->durability == VN_DURABILITY_VOLATILE) {
    return VN_OK;
  }
  vn_flash_t geometry = {.size_bytes = (uint32_t)plan->state_bytes,
                         .erase_size = plan->erase_block_bytes,
                         .prog_size = plan->program_unit_bytes};
  out->region_bytes = plan->state_bytes;
  out->record_bytes_max = sizes.record_max;
  out->global_bytes_max = (uint32_t)vn__global_max();
  out->journal_bytes_max = sizes.journal_bytes_max;
  out->journal_message_bytes =
      plan->durability == VN_DURABILITY_JOURNAL ? journal_message_bytes(plan) : 0;
  return vn_log_check_size(&geometry, sizes.live_bytes_max, sizes.commit_bytes_max,
                           sizes.record_max, &out->region_bytes_needed);
}

vn_err_t vn_budget(const vn_plan_t *plan, vn_budget_t *out) {
  VN_ASSERT(plan != NULL && out != NULL);
  vn_store_t need;
  *out = (vn_budget_t){0};
  vn_err_t error = vn_store_need(plan, &need);
  if (error != VN_OK) {
    return error;
  }
  size_t pipelines = 0;
  for (size_t i = 0; i < plan->pipeline_count; i++) {
    budget_of_pipeline(plan, &plan->pipelines[i], &out->pipelines[i]);
    pipelines += out->pipelines[i].bytes;
  }
  out->engine_bytes = sizeof(vn_engine_t);
  out->table_bytes = need.series_count * (sizeof(vn_series_state_t) + 1u) + need.name_bytes +
                     need.check_count + need.places_used_count * sizeof(uint32_t) +
                     need.bucket_count * sizeof(vn_series_bucket_t);
  out->queue_bytes = need.queue_bytes;
  out->outbox_bytes =
      need.block_count * sizeof(vn_outbox_block_t) + need.place_count * sizeof(vn_outbox_place_t) +
      need.coarse_count * sizeof(vn_coarse_t) + need.coarse_member_count * sizeof(vn_member_t);
  out->batch_bytes = need.batch_bytes;
  out->scratch_bytes = extra_scratch(&need) + need.scratch_bytes +
                       need.sample_scratch_count * sizeof(vn_member_t) +
                       need.pipeline_count * sizeof(vn_pipeline_state_t);
  out->derived_bytes = need.derived_count * (sizeof(vn_derived_t) + 1u) +
                       need.derived_window_count * sizeof(vn_derived_window_t) +
                       need.derived_name_bytes +
                       need.derived_bucket_count * sizeof(vn_series_bucket_t);
  out->log_bytes = need.allowance_count * sizeof(int64_t) + need.record_bytes +
                   need.item_count * sizeof(vn_log_item_t) +
                   need.sector_count * sizeof(vn_log_sector_t) + need.page_bytes;
  out->total_bytes = out->engine_bytes + vn_store_bytes(&need);
  out->alignment_bytes = out->total_bytes - pipelines - out->engine_bytes - out->table_bytes -
                         out->queue_bytes - out->outbox_bytes - out->batch_bytes -
                         out->scratch_bytes - out->log_bytes - out->derived_bytes;
  return budget_of_region(plan, out);
}
