/* Geometry: what the windows of a pipeline have in common, and their grids. */
#include "vn/arith.h"
#include "window_priv.h"

static bool window_is_sane(const vn_window_t *window) {
  return window->size_ms >= 1 && window->size_ms <= VN_WINDOW_SPAN_MAX_MS &&
         window->slide_ms >= 1 && window->slide_ms <= VN_WINDOW_SPAN_MAX_MS &&
         window->offset_ms < window->slide_ms && window->offset_ms > -window->slide_ms &&
         window->sample <= VN_SAMPLE_MAX;
}

static bool span_is_sane(int64_t span_ms) {
  return span_ms >= 0 && span_ms <= VN_WINDOW_SPAN_MAX_MS;
}

/* Differences of offsets, not offsets: one window of 10 s at 137 ms needs one pane of 10 s. */
static int64_t common_pane(const vn_window_t *windows, uint8_t window_count) {
  int64_t pane_ms = 0;
  for (uint8_t i = 0; i < window_count; i++) {
    pane_ms = vn_gcd(pane_ms, windows[i].size_ms);
    pane_ms = vn_gcd(pane_ms, windows[i].slide_ms);
    pane_ms = vn_gcd(pane_ms, windows[i].offset_ms - windows[0].offset_ms);
  }
  return pane_ms;
}

/* Bins and registers of a pane: rank errors of a percent or two, distinct counts within 14 %. */
#define BINS 64u

vn_extra_set_t vn_window_extra(uint32_t statistics, int32_t low, int32_t high) {
  bool distinct = (statistics & VN_STATISTIC_BIT(VN_STATISTIC_DISTINCT)) != 0;
  return (vn_extra_set_t){.low = low,
                          .high = high,
                          .bins = (statistics & VN_STATISTICS_QUANTILES) != 0 ? BINS : 0,
                          .registers = distinct ? VN_DISTINCT_REGISTERS_FEW : 0,
                          .trend = (statistics & VN_STATISTIC_BIT(VN_STATISTIC_SLOPE)) != 0};
}

static void derive_contents(vn_window_set_t *set) {
  uint32_t statistics = 0;
  for (uint8_t i = 0; i < set->window_count; i++) {
    statistics |= set->windows[i].statistics;
  }
  set->extra = vn_window_extra(statistics, set->extra.low, set->extra.high);
  set->ordered.kinds = vn_statistics_ordered_kinds(statistics);
  set->keeps_more = vn_extra_wanted(&set->extra) || set->ordered.kinds != 0;
}

/* The window whose size decides the length of the ring. */
static uint8_t largest_window(const vn_window_t *windows, uint8_t window_count) {
  uint8_t largest = 0;
  for (uint8_t i = 1; i < window_count; i++) {
    if (windows[i].size_ms > windows[largest].size_ms) {
      largest = i;
    }
  }
  return largest;
}

/* Windows that have fired and still take readings: ceil(lateness / slide) counters each. With early
 * results those that are open count too. */
static vn_err_t derive_revisions(vn_window_set_t *set, bool early, uint8_t *problem_window) {
  set->revision_count = 0;
  for (uint8_t i = 0; i < set->window_count; i++) {
    int64_t open_ms = early ? set->windows[i].size_ms + set->out_of_order_ms : 0;
    int64_t counters = vn_ceil_div(set->lateness_ms + open_ms, set->windows[i].slide_ms);
    if (counters > (int64_t)(VN_REVISIONS_MAX - set->revision_count)) {
      *problem_window = i;
      return VN_ERR_PLAN;
    }
    set->revision_base[i] = (uint16_t)set->revision_count;
    set->revision_size[i] = (uint16_t)counters;
    set->revision_count += (uint32_t)counters;
  }
  return VN_OK;
}

/* Windows that are sane, with one draw for all samples: their panes are the same. */
static bool derive_samples(vn_window_set_t *set, uint8_t *problem_window) {
  for (uint8_t i = 0; i < set->window_count; i++) {
    const vn_window_t *window = &set->windows[i];
    *problem_window = i;
    if (!window_is_sane(window)) {
      return false;
    }
    if (window->sample == 0) {
      continue;
    }
    if (set->sample > 0 && !vn_draw_same(&set->draw, &window->draw)) {
      return false;
    }
    set->draw = window->draw;
    set->sample = window->sample > set->sample ? window->sample : set->sample;
  }
  return true;
}

vn_err_t vn_window_set_derive(vn_window_set_t *out, const vn_window_t *windows,
                              uint8_t window_count, int64_t out_of_order_ms, int64_t lateness_ms,
                              uint8_t *problem_window) {
  VN_ASSERT(out != NULL && problem_window != NULL);
  *problem_window = 0;
  *out = (vn_window_set_t){.windows = windows,
                           .out_of_order_ms = out_of_order_ms,
                           .lateness_ms = lateness_ms,
                           .window_count = window_count};
  if (window_count > VN_WINDOWS_MAX || !span_is_sane(out_of_order_ms) ||
      !span_is_sane(lateness_ms)) {
    return VN_ERR_PLAN;
  }
  out->slot_panes = out->slots = 1;
  if (window_count == 0) {
    return VN_OK;
  }
  if (!derive_samples(out, problem_window)) {
    return VN_ERR_PLAN;
  }
  derive_contents(out);
  out->pane_ms = common_pane(windows, window_count);
  out->anchor_ms = windows[0].offset_ms;
  *problem_window = largest_window(windows, window_count);
  int64_t span_ms = windows[*problem_window].size_ms + lateness_ms + out_of_order_ms;
  int64_t panes = vn_ceil_div(span_ms, out->pane_ms);
  out->pane_count = panes > UINT32_MAX ? UINT32_MAX : (uint32_t)panes;
  if (panes > VN_PANES_MAX) {
    return VN_ERR_PLAN;
  }
  return derive_revisions(out, false, problem_window);
}

vn_err_t vn_window_set_early(vn_window_set_t *set, uint8_t *problem_window) {
  VN_ASSERT(set != NULL && problem_window != NULL);
  vn_err_t error = derive_revisions(set, true, problem_window);
  set->early = error == VN_OK ? set->revision_count : 0;
  set->revision_count += set->early + VN__MARK_WORDS(set->early > 0 ? set->pane_count : 0);
  return error;
}

void vn_window_set_expect(vn_window_set_t *set, int64_t expected_every_ms) {
  VN_ASSERT(expected_every_ms >= 1);
  if (set->window_count == 0) {
    return;
  }
  int64_t slots = set->pane_ms / expected_every_ms;
  int64_t panes = vn_ceil_div(expected_every_ms, set->pane_ms);
  set->slots = (uint8_t)(slots < 1 ? 1 : slots > VN_PANE_SLOTS_MAX ? VN_PANE_SLOTS_MAX : slots);
  set->slot_panes = (uint32_t)(panes > VN_PANES_MAX ? VN_PANES_MAX : panes);
}

int64_t vn__grid_start(const vn_window_t *window, int64_t time_ms) {
  return vn_floor_div(time_ms - window->offset_ms, window->slide_ms) * window->slide_ms +
         window->offset_ms;
}

int64_t vn__grid_end_after(const vn_window_t *window, int64_t after_ms) {
  int64_t start_ms = vn__grid_start(window, after_ms - window->size_ms);
  return start_ms + window->slide_ms + window->size_ms;
}

int64_t vn__pane_next_end(const vn_window_t *window, int64_t low_ms, int64_t after_ms) {
  int64_t end_ms = vn__grid_end_after(window, after_ms > low_ms ? after_ms : low_ms);
  return end_ms - window->size_ms <= low_ms ? end_ms : VN__NO_END;
}

int64_t vn__next_end_with_data(const vn_window_set_t *set, const vn_pane_t *panes, uint8_t window,
                               int64_t after_ms) {
  int64_t next_ms = VN__NO_END;
  for (uint32_t i = 0; i < set->pane_count; i++) {
    if (panes[i].aggregate.count == 0) {
      continue;
    }
    int64_t low_ms = panes[i].number * set->pane_ms + set->anchor_ms;
    int64_t end_ms = vn__pane_next_end(&set->windows[window], low_ms, after_ms);
    next_ms = end_ms < next_ms ? end_ms : next_ms;
  }
  return next_ms;
}

int64_t vn__pane_last_end(const vn_window_set_t *set, const vn_pane_t *pane) {
  int64_t low_ms = pane->number * set->pane_ms + set->anchor_ms;
  int64_t last_ms = VN_TIME_MINUS_INFINITY;
  for (uint8_t i = 0; i < set->window_count; i++) {
    int64_t end_ms = vn__grid_start(&set->windows[i], low_ms) + set->windows[i].size_ms;
    if (end_ms > low_ms && end_ms > last_ms) {
      last_ms = end_ms;
    }
  }
  return last_ms;
}
