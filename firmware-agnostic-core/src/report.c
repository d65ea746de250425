/* Reports: deadband and swinging door, with integers and without a division. */
#include "vn/report.h"
#include "wide_priv.h"

vn_err_t vn_report_check(const vn_report_t *report) {
  VN_ASSERT(report != NULL);
  bool length_is_sane = report->every_ms == VN_DURATION_OFF ||
                        (report->every_ms >= 1 && report->every_ms <= VN_WINDOW_SPAN_MAX_MS);
  bool points_are_sane = report->points >= 2 && report->points <= VN_SAMPLE_MAX;
  bool method_is_known = report->method <= VN_REPORT_SWINGING_DOOR;
  return length_is_sane && points_are_sane && method_is_known && report->error >= 0 ? VN_OK
                                                                                    : VN_ERR_PLAN;
}

void vn_report_reset(const vn_report_memory_t *memory) {
  *memory->state = (vn_report_state_t){.last_ms = VN_TIME_MINUS_INFINITY};
}

static bool is_open(const vn_report_state_t *state) { return state->aggregate.count > 0; }

/* The record's last reading becomes a point; from there on no line is ruled out. */
static void keep(const vn_report_memory_t *memory) {
  vn_report_state_t *state = memory->state;
  memory->members[state->points++] =
      (vn_member_t){state->aggregate.last_ms, state->aggregate.last, 0};
  state->upper = (vn_report_slope_t){0, 0};
  state->lower = (vn_report_slope_t){0, 0};
}

static void tell(const vn_report_t *report, const vn_report_memory_t *memory, vn_kind_t kind,
                 const vn_window_sink_t *sink) {
  vn_report_state_t *state = memory->state;
  VN_ASSERT(is_open(state) && state->points > 0);
  bool last_is_kept = memory->members[state->points - 1].time_ms == state->aggregate.last_ms;
  if (report->method == VN_REPORT_SWINGING_DOOR && !last_is_kept) {
    keep(memory);
  }
  VN_ASSERT(state->points <= report->points);
  vn_window_result_t result = {.aggregate = &state->aggregate,
                               .sample = memory->members,
                               .start_ms = state->aggregate.first_ms,
                               .end_ms = state->aggregate.last_ms + 1,
                               .sample_count = state->points,
                               .window = report->window,
                               .kind = (uint8_t)kind};
  sink->deliver(sink->context, &result);
  vn_aggregate_clear(&state->aggregate);
  state->points = 0;
}

/* Behind the last moment of the open record. */
static vn_time_ms_t due_ms(const vn_report_t *report, const vn_report_state_t *state) {
  return report->every_ms == VN_DURATION_OFF
             ? VN_TIME_PLUS_INFINITY
             : vn_add_saturating(state->aggregate.first_ms, report->every_ms);
}

/* a > b, by cross-multiplication: 34 bits times 49. */
static bool is_steeper(vn_report_slope_t a, vn_report_slope_t b) {
  vn_u128_t left = vn__wide_product(a.rise, (uint64_t)b.run_ms);
  vn_u128_t right = vn__wide_product(b.rise, (uint64_t)a.run_ms);
  return vn__wide_is_negative(vn_u128_sub(right, left));
}

/* From the last point to the reading, moved up by `error`. */
static vn_report_slope_t slope_to(const vn_report_memory_t *memory, const vn_member_t *reading,
                                  int64_t error) {
  const vn_member_t *point = &memory->members[memory->state->points - 1];
  return (vn_report_slope_t){(int64_t)reading->value - point->value + error,
                             reading->time_ms - point->time_ms};
}

/* The line to the reading would leave some reading on its way too far aside. */
static bool is_outside(const vn_report_memory_t *memory, const vn_member_t *reading) {
  const vn_report_state_t *state = memory->state;
  if (state->upper.run_ms == 0) {
    return false;
  }
  vn_report_slope_t slope = slope_to(memory, reading, 0);
  return is_steeper(slope, state->upper) || is_steeper(state->lower, slope);
}

/* Lines that pass the reading too far aside are ruled out. */
static void close_door(const vn_report_t *report, const vn_report_memory_t *memory,
                       const vn_member_t *reading) {
  vn_report_state_t *state = memory->state;
  vn_report_slope_t upper = slope_to(memory, reading, report->error);
  vn_report_slope_t lower = slope_to(memory, reading, -(int64_t)report->error);
  bool first = state->upper.run_ms == 0;
  state->upper = first || is_steeper(state->upper, upper) ? upper : state->upper;
  state->lower = first || is_steeper(lower, state->lower) ? lower : state->lower;
}

/* The reading begins a record, or goes on with the open one. */
static void swing(const vn_report_t *report, const vn_report_memory_t *memory,
                  const vn_member_t *reading, const vn_window_sink_t *sink) {
  vn_report_state_t *state = memory->state;
  if (is_open(state) && is_outside(memory, reading)) {
    keep(memory);
    if (state->points == report->points) {
      tell(report, memory, VN_KIND_ON_TIME, sink);
    }
  }
  vn_aggregate_add(&state->aggregate, reading->time_ms, reading->value);
  if (state->points == 0) {
    keep(memory);
  } else {
    close_door(report, memory, reading);
  }
}

static void hold(const vn_report_t *report, const vn_report_memory_t *memory,
                 const vn_member_t *reading, const vn_window_sink_t *sink) {
  vn_report_state_t *state = memory->state;
  bool held = false;
  if (is_open(state)) {
    int64_t distance = (int64_t)reading->value - memory->members[state->points - 1].value;
    held = distance <= report->error && distance >= -(int64_t)report->error;
  }
  vn_aggregate_add(&state->aggregate, reading->time_ms, reading->value);
  if (!held) {
    keep(memory);
  }
  if (state->points == report->points) {
    tell(report, memory, VN_KIND_ON_TIME, sink);
  }
}

vn_reason_t vn_report_judge(const vn_report_memory_t *memory, vn_time_ms_t time_ms) {
  return time_ms > memory->state->last_ms ? VN_REASON_NONE : VN_REASON_LATE;
}

vn_reason_t vn_report_reading(const vn_report_t *report, const vn_report_memory_t *memory,
                              const vn_member_t *reading, const vn_window_sink_t *sink) {
  VN_ASSERT(reading->time_ms >= VN_TIME_LOWEST_MS && reading->time_ms <= VN_TIME_HIGHEST_MS);
  vn_report_state_t *state = memory->state;
  if (vn_report_judge(memory, reading->time_ms) != VN_REASON_NONE) {
    return VN_REASON_LATE;
  }
  bool full = state->aggregate.count == UINT32_MAX;
  if (is_open(state) && (full || reading->time_ms >= due_ms(report, state))) {
    tell(report, memory, VN_KIND_ON_TIME, sink);
  }
  state->last_ms = reading->time_ms;
  if (report->method == VN_REPORT_SWINGING_DOOR) {
    swing(report, memory, reading, sink);
  } else {
    hold(report, memory, reading, sink);
  }
  return VN_REASON_NONE;
}

void vn_report_advance(const vn_report_t *report, const vn_report_memory_t *memory,
                       vn_time_ms_t watermark_ms, vn_kind_t kind, const vn_window_sink_t *sink) {
  const vn_report_state_t *state = memory->state;
  if (!is_open(state)) {
    return;
  }
  bool early = kind == VN_KIND_IDLE || kind == VN_KIND_FORCED;
  vn_time_ms_t end_ms = early ? state->aggregate.last_ms : due_ms(report, state) - 1;
  if (watermark_ms >= end_ms) {
    tell(report, memory, kind, sink);
  }
}

vn_time_ms_t vn_report_open_end(const vn_report_memory_t *memory) {
  return is_open(memory->state) ? memory->state->aggregate.last_ms : VN_TIME_MINUS_INFINITY;
}
