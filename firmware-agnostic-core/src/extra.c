/* Extras of panes: each kind only where a window asks for it. */
#include "extra_priv.h"

/* A slope below a billionth of a unit a second is level: a unit takes it 30 years. */
#define SLOPE_LEAST 1e-9

static vn_histogram_t histogram_of(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                                   uint32_t pane) {
  return (vn_histogram_t){.counters = memory->counters + (size_t)pane * vn_extra_counters(set),
                          .low = set->low,
                          .high = set->high,
                          .bins = set->bins};
}

static vn_distinct_t distinct_of(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                                 uint32_t pane) {
  return (vn_distinct_t){.registers = memory->registers + (size_t)pane * set->registers,
                         .register_count = set->registers};
}

void vn_extra_clear(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane) {
  if (set->trend) {
    vn_trend_clear(&memory->trends[pane]);
  }
  if (set->bins > 0) {
    vn_histogram_t histogram = histogram_of(set, memory, pane);
    vn_histogram_clear(&histogram);
  }
  if (set->registers > 0) {
    vn_distinct_t distinct = distinct_of(set, memory, pane);
    vn_distinct_clear(&distinct);
  }
}

void vn_extra_add(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                  int64_t offset_ms, int32_t value) {
  VN_ASSERT(offset_ms >= 0);
  if (set->trend) {
    vn_trend_add(&memory->trends[pane], offset_ms, value);
  }
  if (set->bins > 0) {
    vn_histogram_t histogram = histogram_of(set, memory, pane);
    vn_histogram_add(&histogram, value);
  }
  if (set->registers > 0) {
    vn_distinct_t distinct = distinct_of(set, memory, pane);
    vn_distinct_add(&distinct, value);
  }
}

void vn_extra_take(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                   const vn_aggregate_t *before, vn_time_ms_t time_ms, int32_t value) {
  if (!vn_extra_wanted(set)) {
    return;
  }
  bool first = before->count == 0;
  vn_time_ms_t start_ms = first || time_ms < before->first_ms ? time_ms : before->first_ms;
  if (first) {
    vn_extra_clear(set, memory, pane);
  } else if (set->trend && start_ms < before->first_ms) {
    vn_trend_t later = memory->trends[pane];
    vn_trend_clear(&memory->trends[pane]);
    vn_trend_merge(&memory->trends[pane], &later, before->first_ms - start_ms);
  }
  vn_extra_add(set, memory, pane, time_ms - start_ms, value);
}

void vn_extra_merge(const vn_extra_set_t *set, const vn_extra_memory_t *into,
                    const vn_extra_memory_t *from, uint32_t pane, int64_t shift_ms) {
  if (set->trend) {
    vn_trend_merge(into->trends, &from->trends[pane], shift_ms);
  }
  if (set->bins > 0) {
    vn_histogram_t total = histogram_of(set, into, 0);
    vn_histogram_t part = histogram_of(set, from, pane);
    vn_histogram_merge(&total, &part);
  }
  if (set->registers > 0) {
    vn_distinct_t total = distinct_of(set, into, 0);
    vn_distinct_t part = distinct_of(set, from, pane);
    vn_distinct_merge(&total, &part);
  }
}

static void add_quantiles(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                          const vn_aggregate_t *aggregate, vn_extra_values_t *values) {
  static const uint32_t per_million[VN_EXTRA_QUANTILES] = {500000, 900000, 950000, 990000};
  vn_histogram_t histogram = histogram_of(set, memory, 0);
  values->has_quantiles = true;
  for (unsigned i = 0; i < VN_EXTRA_QUANTILES; i++) {
    vn_histogram_quantile_t quantile;
    if (vn_histogram_result(&histogram, per_million[i], &quantile)) {
      int32_t value = quantile.value < aggregate->min ? aggregate->min : quantile.value;
      values->quantiles[i] = value > aggregate->max ? aggregate->max : value;
    } else {
      values->has_quantiles = false;
    }
  }
}

vn_extra_values_t vn_extra_result(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                                  const vn_aggregate_t *aggregate) {
  vn_extra_values_t values = {0};
  vn_ratio_t slope;
  /* Sums that are full hold a part that depends on the order: better no slope than such a one. */
  if (set->trend && !memory->trends->saturated && vn_trend_result(memory->trends, &slope)) {
    double per_s = vn_trend_per_second(&slope);
    values.has_slope = true;
    values.slope_per_s = per_s > -SLOPE_LEAST && per_s < SLOPE_LEAST ? 0 : per_s;
    values.middle_ms = (double)memory->trends->time_sum / (double)memory->trends->count;
  }
  if (set->bins > 0) {
    add_quantiles(set, memory, aggregate, &values);
  }
  if (set->registers > 0) {
    vn_distinct_t distinct = distinct_of(set, memory, 0);
    uint64_t estimate = vn_distinct_result(&distinct);
    values.has_distinct = true;
    values.distinct = estimate < aggregate->count ? estimate : aggregate->count;
  }
  return values;
}

const vn_extra_values_t *vn_extra_tell(const vn_extra_set_t *set, const vn_extra_memory_t *memory,
                                       uint32_t pane, const vn_aggregate_t *aggregate,
                                       vn_extra_values_t *room) {
  if (!vn_extra_wanted(set)) {
    return NULL;
  }
  vn_extra_memory_t own = vn_extra_at(set, memory, pane);
  *room = vn_extra_result(set, &own, aggregate);
  return room;
}

/* Each kind with its length in front. */
static void put(vn__packer_t *packer, size_t length) { vn__pack_unsigned(packer, length); }

static uint8_t *rest(const vn__packer_t *packer, size_t *room) {
  *room = packer->length < packer->capacity ? packer->capacity - packer->length : 0;
  return *room > 0 ? packer->bytes + packer->length : NULL;
}

size_t vn_extra_save(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                     uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  size_t room;
  if (set->trend) {
    put(&packer, vn_trend_save(&memory->trends[pane], NULL, 0));
    uint8_t *to = rest(&packer, &room);
    packer.length += vn_trend_save(&memory->trends[pane], to, room);
  }
  if (set->bins > 0) {
    vn_histogram_t histogram = histogram_of(set, memory, pane);
    put(&packer, vn_histogram_save(&histogram, NULL, 0));
    uint8_t *to = rest(&packer, &room);
    packer.length += vn_histogram_save(&histogram, to, room);
  }
  if (set->registers > 0) {
    vn_distinct_t distinct = distinct_of(set, memory, pane);
    put(&packer, vn_distinct_save(&distinct, NULL, 0));
    uint8_t *to = rest(&packer, &room);
    packer.length += vn_distinct_save(&distinct, to, room);
  }
  return packer.length;
}

size_t vn_extra_save_max(const vn_extra_set_t *set) {
  size_t most = 0;
  most += set->trend ? VN_TREND_SAVE_MAX + VN__PACK_U32_MAX : 0;
  most += set->bins > 0 ? VN_HISTOGRAM_SAVE_MAX(set->bins) + VN__PACK_U32_MAX : 0;
  most += set->registers > 0 ? VN_DISTINCT_SAVE_MAX(set->registers) + VN__PACK_U32_MAX : 0;
  return most;
}

/* The next kind's bytes; NULL when they are cut short. */
static const uint8_t *take(vn__unpacker_t *unpacker, size_t *length) {
  *length = (size_t)vn__unpack_unsigned(unpacker, unpacker->length);
  if (unpacker->failed || *length > unpacker->length - unpacker->position) {
    unpacker->failed = true;
    return NULL;
  }
  const uint8_t *bytes = unpacker->bytes + unpacker->position;
  unpacker->position += *length;
  return bytes;
}

static bool load_all(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                     vn__unpacker_t *unpacker) {
  size_t length;
  if (set->trend) {
    const uint8_t *bytes = take(unpacker, &length);
    if (bytes == NULL || vn_trend_load(&memory->trends[pane], bytes, length) != VN_OK) {
      return false;
    }
  }
  if (set->bins > 0) {
    const uint8_t *bytes = take(unpacker, &length);
    vn_histogram_t histogram = histogram_of(set, memory, pane);
    if (bytes == NULL || vn_histogram_load(&histogram, bytes, length) != VN_OK) {
      return false;
    }
  }
  if (set->registers > 0) {
    const uint8_t *bytes = take(unpacker, &length);
    vn_distinct_t distinct = distinct_of(set, memory, pane);
    if (bytes == NULL || vn_distinct_load(&distinct, bytes, length) != VN_OK) {
      return false;
    }
  }
  return unpacker->position == unpacker->length;
}

vn_err_t vn_extra_load(const vn_extra_set_t *set, const vn_extra_memory_t *memory, uint32_t pane,
                       const uint8_t *bytes, size_t length) {
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  if (!load_all(set, memory, pane, &unpacker)) {
    vn_extra_clear(set, memory, pane);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}

void vn__extra_pack(vn__packer_t *packer, const vn_extra_set_t *set,
                    const vn_extra_memory_t *memory, uint32_t pane) {
  if (!vn_extra_wanted(set)) {
    return;
  }
  put(packer, vn_extra_save(set, memory, pane, NULL, 0));
  size_t room;
  uint8_t *to = rest(packer, &room);
  packer->length += vn_extra_save(set, memory, pane, to, room);
}

void vn__extra_unpack(vn__unpacker_t *unpacker, const vn_extra_set_t *set,
                      const vn_extra_memory_t *memory, uint32_t pane) {
  if (!vn_extra_wanted(set)) {
    return;
  }
  size_t length;
  const uint8_t *bytes = take(unpacker, &length);
  unpacker->failed = bytes == NULL || vn_extra_load(set, memory, pane, bytes, length) != VN_OK;
}

size_t vn__extra_pack_max(const vn_extra_set_t *set) {
  return vn_extra_wanted(set) ? VN__PACK_U32_MAX + vn_extra_save_max(set) : 0;
}
