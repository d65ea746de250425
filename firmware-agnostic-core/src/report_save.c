/* Reports into a checkpoint and back. */
#include "reservoir_priv.h"
#include "vn/report.h"
#include "window_former_priv.h"

static void save_slope(vn__packer_t *packer, const vn_report_slope_t *slope) {
  vn__pack_signed(packer, slope->rise);
  vn__pack_unsigned(packer, (uint64_t)slope->run_ms);
}

size_t vn_report_save(const vn_report_t *report, const vn_report_memory_t *memory, uint8_t *out,
                      size_t capacity) {
  VN_ASSERT(report != NULL && memory != NULL);
  const vn_report_state_t *state = memory->state;
  vn__packer_t packer = {out, capacity, 0};
  vn__pack_signed(&packer, state->last_ms);
  vn__pack_unsigned(&packer, state->points);
  if (state->points == 0) {
    return packer.length;
  }
  vn__aggregate_save(&packer, &state->aggregate);
  for (uint32_t i = 0; i < state->points; i++) {
    vn__pack_unsigned(&packer, (uint64_t)(memory->members[i].time_ms - state->aggregate.first_ms));
    vn__pack_signed(&packer, memory->members[i].value);
  }
  if (report->method == VN_REPORT_SWINGING_DOOR) {
    save_slope(&packer, &state->upper);
    save_slope(&packer, &state->lower);
  }
  return packer.length;
}

size_t vn_report_save_max(const vn_report_t *report) {
  return 5u * VN__PACK_U64_MAX + VN__PACK_U32_MAX + VN__AGGREGATE_SAVE_MAX +
         (size_t)report->points * VN__MEMBER_SAVE_MAX;
}

/* Points are readings of the record, in order of time, the first reading first. */
static void load_points(vn__unpacker_t *unpacker, const vn_report_memory_t *memory) {
  const vn_aggregate_t *aggregate = &memory->state->aggregate;
  vn_time_ms_t newest_ms = aggregate->first_ms - 1;
  for (uint32_t i = 0; i < memory->state->points && !unpacker->failed; i++) {
    uint64_t span_ms = (uint64_t)(aggregate->last_ms - aggregate->first_ms);
    vn_time_ms_t time_ms = aggregate->first_ms + (int64_t)vn__unpack_unsigned(unpacker, span_ms);
    memory->members[i] = (vn_member_t){time_ms, vn__unpack_i32(unpacker), 0};
    unpacker->failed = unpacker->failed || time_ms <= newest_ms;
    newest_ms = time_ms;
  }
}

static void load_slope(vn__unpacker_t *unpacker, uint64_t run_ms, vn_report_slope_t *slope) {
  const int64_t most = INT64_C(1) << 33;
  slope->rise = vn__unpack_signed(unpacker);
  slope->run_ms = (int64_t)vn__unpack_unsigned(unpacker, run_ms);
  bool none = slope->run_ms == 0;
  unpacker->failed = unpacker->failed || slope->rise > most || slope->rise < -most ||
                     none != (run_ms == 0) || (none && slope->rise != 0);
}

/* Behind the last point lie readings that bound the slopes, or none. */
static void load_door(vn__unpacker_t *unpacker, const vn_report_memory_t *memory) {
  vn_report_state_t *state = memory->state;
  if (!unpacker->failed) {
    uint64_t run_ms =
        (uint64_t)(state->aggregate.last_ms - memory->members[state->points - 1].time_ms);
    load_slope(unpacker, run_ms, &state->upper);
    load_slope(unpacker, run_ms, &state->lower);
  }
}

static bool contradicts_itself(const vn_report_memory_t *memory) {
  const vn_report_state_t *state = memory->state;
  const vn_aggregate_t *aggregate = &state->aggregate;
  if (state->points == 0) {
    return state->last_ms != VN_TIME_MINUS_INFINITY &&
           (state->last_ms < VN_TIME_LOWEST_MS || state->last_ms > VN_TIME_HIGHEST_MS);
  }
  return state->last_ms != aggregate->last_ms || aggregate->count < state->points ||
         memory->members[0].time_ms != aggregate->first_ms ||
         memory->members[0].value != aggregate->first;
}

vn_err_t vn_report_load(const vn_report_t *report, const vn_report_memory_t *memory,
                        const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_report_state_t *state = memory->state;
  vn_report_reset(memory);
  state->last_ms = vn__unpack_signed(&unpacker);
  state->points = (uint32_t)vn__unpack_unsigned(&unpacker, report->points - 1u);
  if (state->points > 0) {
    vn__aggregate_load(&unpacker, &state->aggregate);
    load_points(&unpacker, memory);
    if (report->method == VN_REPORT_SWINGING_DOOR) {
      load_door(&unpacker, memory);
    }
  }
  if (unpacker.failed || unpacker.position != length || contradicts_itself(memory)) {
    vn_report_reset(memory);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}

bool vn__report_former(vn__unpacker_t state, uint32_t index, vn__former_result_t *out) {
  (void)vn__unpack_signed(&state);
  uint64_t points = vn__unpack_unsigned(&state, VN_SAMPLE_MAX);
  if (state.failed || points == 0 || index > 0) {
    return false;
  }
  *out = (vn__former_result_t){.exact = true};
  vn__aggregate_load(&state, &out->aggregate);
  out->start_ms = out->aggregate.first_ms;
  out->end_ms = out->aggregate.last_ms + 1;
  return !state.failed;
}
