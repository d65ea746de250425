/* An array for each state, as long as it is: their sizes are read from the object file. */
#include "vn/vn.h"

#define SIZE_OF(type) char size_of_##type[sizeof(type)];

SIZE_OF(vn_engine_t)
SIZE_OF(vn_pipeline_state_t)
SIZE_OF(vn_series_state_t)
SIZE_OF(vn_pane_t)
SIZE_OF(vn_tally_t)
SIZE_OF(vn_member_t)
SIZE_OF(vn_alert_state_t)
SIZE_OF(vn_session_state_t)
SIZE_OF(vn_session_t)
SIZE_OF(vn_count_state_t)
SIZE_OF(vn_aggregate_t)
SIZE_OF(vn_report_state_t)
SIZE_OF(vn_condition_state_t)
SIZE_OF(vn_trend_t)
SIZE_OF(vn_ordered_state_t)
SIZE_OF(vn_ordered_pane_t)
SIZE_OF(vn_reorder_entry_t)
SIZE_OF(vn_recent_t)
SIZE_OF(vn_delta_t)
SIZE_OF(vn_residual_t)
SIZE_OF(vn_composite_t)
SIZE_OF(vn_derived_t)
SIZE_OF(vn_store_t)
