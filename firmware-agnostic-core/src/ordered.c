/* Ordered content: operators over readings that a buffer has put in order. */
#include "vn/ordered.h"

#define ONE_S_MS 1000u

/* Below a billionth of a unit a value is nothing, and none passes 2^63: their texts have a bound.
 */
#define LEAST 1e-9
#define MOST 9223372036854775807.0

vn_reorder_t vn_ordered_buffer(const vn_ordered_set_t *set, const vn_ordered_memory_t *memory) {
  return (vn_reorder_t){&memory->state->reorder, memory->entries, set->capacity};
}

void vn_ordered_clear(const vn_ordered_set_t *set, const vn_ordered_memory_t *memory) {
  VN_ASSERT(set->kinds != 0);
  *memory->state = (vn_ordered_state_t){0};
  if (set->capacity > 0) {
    vn_reorder_t buffer = vn_ordered_buffer(set, memory);
    vn_reorder_clear(&buffer);
  }
}

static vn_time_weighted_t area_of(const vn_ordered_pane_t *pane) {
  return (vn_time_weighted_t){.first_ms = pane->first_ms,
                              .last_ms = pane->last_ms,
                              .covered_ms = pane->covered_ms,
                              .area_low = pane->area_low,
                              .area_high = pane->area_high,
                              .first = pane->first,
                              .last = pane->last,
                              .used = pane->used};
}

static vn_counter_t counter_of(const vn_ordered_pane_t *pane) {
  return (vn_counter_t){.first_ms = pane->first_ms,
                        .last_ms = pane->last_ms,
                        .increase = pane->increase,
                        .first = pane->first,
                        .last = pane->last,
                        .used = pane->used,
                        .saturated = pane->saturated};
}

static void merge_areas(const vn_ordered_set_t *set, vn_ordered_pane_t *into,
                        const vn_ordered_pane_t *next) {
  vn_time_weighted_t total = area_of(into);
  vn_time_weighted_t part = area_of(next);
  bool follows = vn_time_weighted_merge(&total, &set->rule.time_weighted, &part);
  VN_ASSERT(follows);
  into->covered_ms = total.covered_ms;
  into->area_low = total.area_low;
  into->area_high = total.area_high;
}

static void merge_counters(const vn_ordered_set_t *set, vn_ordered_pane_t *into,
                           const vn_ordered_pane_t *next) {
  vn_counter_t total = counter_of(into);
  vn_counter_t part = counter_of(next);
  bool follows = vn_counter_merge(&total, set->rule.counter_modulus, &part);
  VN_ASSERT(follows);
  into->increase = total.increase;
  into->saturated = total.saturated;
}

void vn_ordered_merge(const vn_ordered_set_t *set, vn_ordered_pane_t *into,
                      const vn_ordered_pane_t *next) {
  VN_ASSERT(set->kinds != 0 && into != NULL && next != NULL);
  if (!next->used) {
    return;
  }
  if (!into->used) {
    *into = *next;
    return;
  }
  if ((set->kinds & VN_ORDERED_TIME_WEIGHTED) != 0) {
    merge_areas(set, into, next);
  }
  if ((set->kinds & VN_ORDERED_COUNTER) != 0) {
    merge_counters(set, into, next);
  }
  into->last_ms = next->last_ms;
  into->last = next->last;
  into->mean = next->mean;
}

bool vn_ordered_append(const vn_ordered_set_t *set, vn_ordered_state_t *state,
                       vn_ordered_pane_t *pane, const vn_point_t *reading) {
  VN_ASSERT(state != NULL && pane != NULL && reading != NULL);
  if (state->used && reading->time_ms < state->last.time_ms) {
    state->unordered++;
    return false;
  }
  if ((set->kinds & VN_ORDERED_EXPONENTIAL) != 0) {
    vn_exponential_t mean = {state->mean, state->last.time_ms, state->used};
    bool follows = vn_exponential_add(&mean, &set->rule.exponential, reading);
    VN_ASSERT(follows);
    state->mean = mean.mean;
  }
  vn_ordered_pane_t one = {.first_ms = reading->time_ms,
                           .last_ms = reading->time_ms,
                           .before_ms = state->last.time_ms,
                           .mean = state->mean,
                           .first = reading->value,
                           .last = reading->value,
                           .before = state->last.value,
                           .used = true,
                           .has_before = state->used};
  vn_ordered_merge(set, pane, &one);
  state->last = *reading;
  state->used = true;
  return true;
}

static double bounded(double value) {
  if (value > -LEAST && value < LEAST) {
    return 0;
  }
  return value > MOST ? MOST : value < -MOST ? -MOST : value;
}

/* One rounding while the denominator fits in 64 bits, two for lines with long spans. */
static double in_seconds(vn_ratio_t integral_ms) {
  if (integral_ms.denominator.high != 0) {
    return vn_ratio_to_double(&integral_ms) / (double)ONE_S_MS;
  }
  integral_ms.denominator = vn_u128_mul(integral_ms.denominator.low, ONE_S_MS);
  return vn_ratio_to_double(&integral_ms);
}

static void add_areas(const vn_ordered_set_t *set, const vn_ordered_pane_t *total,
                      const vn_time_weighted_window_t *window, vn_ordered_values_t *values) {
  vn_time_weighted_t content = area_of(total);
  vn_time_weighted_result_t result;
  values->has_mean = vn_time_weighted_result(&content, &set->rule.time_weighted, window, &result);
  if (values->has_mean) {
    values->mean = bounded(vn_time_weighted_mean(&result));
    values->integral_s = bounded(in_seconds(result.integral));
    values->covered_ms = result.covered_ms;
  }
}

static void add_increase(const vn_ordered_set_t *set, const vn_ordered_pane_t *total,
                         const vn_point_t *before, vn_ordered_values_t *values) {
  vn_counter_t content = counter_of(total);
  vn_counter_result_t result;
  vn_ratio_t rate;
  values->has_increase = vn_counter_result(&content, set->rule.counter_modulus, before, &result);
  VN_ASSERT(values->has_increase);
  values->increase = result.increase > INT64_MAX ? INT64_MAX : (int64_t)result.increase;
  values->has_rate = vn_counter_rate(&result, &rate);
  if (values->has_rate) {
    values->rate_per_s = bounded(vn_ratio_to_double(&rate));
  }
}

vn_ordered_values_t vn_ordered_result(const vn_ordered_set_t *set, const vn_ordered_pane_t *total,
                                      vn_time_ms_t start_ms, vn_time_ms_t end_ms,
                                      const vn_point_t *after) {
  VN_ASSERT(set != NULL && total != NULL && start_ms < end_ms);
  vn_ordered_values_t values = {0};
  if (!total->used) {
    return values;
  }
  vn_point_t before = {total->before_ms, total->before};
  const vn_point_t *carried = total->has_before && before.time_ms < start_ms ? &before : NULL;
  if ((set->kinds & VN_ORDERED_TIME_WEIGHTED) != 0) {
    vn_time_weighted_window_t window = {start_ms, end_ms, carried, after};
    add_areas(set, total, &window, &values);
  }
  if ((set->kinds & VN_ORDERED_COUNTER) != 0) {
    add_increase(set, total, carried, &values);
  }
  if ((set->kinds & VN_ORDERED_EXPONENTIAL) != 0) {
    vn_exponential_t mean = {total->mean, total->last_ms, true};
    values.has_exponential = vn_exponential_result(&mean, &values.exponential_mean);
    values.exponential_mean = bounded(values.exponential_mean);
  }
  return values;
}
