/* Results: folding the panes of one window, counting its revisions. */
#include "window_priv.h"

/* The extras that one window asks for: its pipeline keeps those of all. */
static vn_extra_set_t extras_of(const vn_window_set_t *set, const vn_window_t *window) {
  vn_extra_set_t extra = set->extra;
  uint32_t statistics = window->statistics;
  extra.trend = extra.trend && (statistics & VN_STATISTIC_BIT(VN_STATISTIC_SLOPE)) != 0;
  extra.bins = (statistics & VN_STATISTICS_QUANTILES) != 0 ? extra.bins : 0;
  extra.registers =
      (statistics & VN_STATISTIC_BIT(VN_STATISTIC_DISTINCT)) != 0 ? extra.registers : 0;
  return extra;
}

/* Adds one pane's content to the fold; false when the counts leave 32 bits. */
static bool fold_pane(const vn__firing_t *firing, const vn_window_t *window, uint32_t slot,
                      vn_aggregate_t *total) {
  const vn_window_set_t *set = firing->set;
  const vn_aggregate_t *part = &firing->memory->panes[slot].aggregate;
  uint32_t before = total->count;
  if (before == 0) {
    *total = *part;
  } else if (!vn_aggregate_merge(total, part)) {
    return false;
  }
  if (window->sample > 0) {
    uint32_t held = before < window->sample ? before : window->sample;
    uint32_t offered = part->count < set->sample ? part->count : set->sample;
    (void)vn_reservoir_merge_drawn(&set->draw, firing->sink->scratch, held, window->sample,
                                   firing->memory->members + (size_t)slot * set->sample, offered);
  }
  return true;
}

/* The aggregate of [start, start + size); false in *exact when the counts left 32 bits. */
static vn_aggregate_t fold(const vn__firing_t *firing, const vn_window_t *window, int64_t start_ms,
                           bool *exact) {
  const vn_window_set_t *set = firing->set;
  int64_t number = vn_floor_div(start_ms - set->anchor_ms, set->pane_ms);
  uint32_t slot = vn__pane_slot(set, number);
  vn_aggregate_t total;
  vn_aggregate_clear(&total);
  *exact = true;
  for (int64_t left_ms = window->size_ms; left_ms > 0; left_ms -= set->pane_ms) {
    const vn_pane_t *pane = &firing->memory->panes[slot];
    if (pane->number == number && pane->aggregate.count > 0) {
      *exact &= fold_pane(firing, window, slot, &total);
    }
    number++;
    slot = slot + 1 == set->pane_count ? 0 : slot + 1;
  }
  return total;
}

/* The extras of [start, start + size), apart from the aggregates: most windows have none. */
static vn_extra_values_t fold_extras(const vn__firing_t *firing, const vn_window_t *window,
                                     int64_t start_ms, const vn_aggregate_t *total) {
  const vn_window_set_t *set = firing->set;
  vn_extra_set_t extra = extras_of(set, window);
  int64_t number = vn_floor_div(start_ms - set->anchor_ms, set->pane_ms);
  vn_extra_clear(&extra, &firing->sink->extra_scratch, 0);
  for (int64_t shift_ms = 0; shift_ms < window->size_ms; shift_ms += set->pane_ms) {
    uint32_t slot = vn__pane_slot(set, number);
    const vn_pane_t *pane = &firing->memory->panes[slot];
    if (pane->number == number && pane->aggregate.count > 0) {
      vn_extra_merge(&extra, &firing->sink->extra_scratch, &firing->memory->extra, slot, shift_ms);
    }
    number++;
  }
  return vn_extra_result(&extra, &firing->sink->extra_scratch, total);
}

uint16_t *vn__revision_counter(const vn_window_set_t *set, const vn_window_memory_t *memory,
                               uint8_t window, int64_t start_ms) {
  const vn_window_t *definition = &set->windows[window];
  uint32_t size = set->revision_size[window];
  VN_ASSERT(size > 0);
  int64_t step = vn_floor_div(start_ms - definition->offset_ms, definition->slide_ms);
  int64_t place = step - vn_floor_div(step, size) * size;
  return memory->revisions + set->revision_base[window] + (size_t)place;
}

/* A tag tells which of the windows that share a counter it belongs to. */
uint16_t *vn__revision_take(const vn_window_set_t *set, const vn_window_memory_t *memory,
                            uint8_t window, int64_t start_ms) {
  uint16_t *counter = vn__revision_counter(set, memory, window, start_ms);
  if (set->early > 0) {
    const vn_window_t *definition = &set->windows[window];
    int64_t step = vn_floor_div(start_ms - definition->offset_ms, definition->slide_ms);
    uint16_t tag = (uint16_t)vn_floor_div(step, set->revision_size[window]);
    *counter = counter[set->early] == tag ? *counter : 0;
    counter[set->early] = tag;
  }
  return counter;
}

/*
 * The number of earlier results, counted. A counter is shared by windows `size` grid steps apart;
 * it is fresh whenever the window was empty before: with one reading in it there was no result yet.
 * Early results are told apart by tags, and go on in a window that is gone by its first other one.
 */
static uint32_t count_revision(const vn__firing_t *firing, uint8_t window, int64_t start_ms,
                               uint32_t readings) {
  const vn_window_set_t *set = firing->set;
  bool gone = vn__gone(set, start_ms + set->windows[window].size_ms, firing->watermark_ms);
  if (set->revision_size[window] == 0 || (gone && set->early == 0)) {
    return 0;
  }
  uint16_t *counter = vn__revision_take(set, firing->memory, window, start_ms);
  bool fresh = set->early == 0 && (readings == 1 || firing->kind != VN_KIND_LATE);
  uint32_t earlier = fresh ? 0 : *counter & VN__REVISION_MOST;
  *counter = (uint16_t)(earlier < VN__REVISION_MOST ? earlier + 1 : VN__REVISION_MOST);
  return earlier;
}

/* An inexact result says so; early it stays, since another one follows. */
static vn_kind_t kind_of(const vn__firing_t *firing, bool exact) {
  return exact || firing->kind == VN_KIND_EARLY ? firing->kind : VN_KIND_FORCED;
}

/* Before a window's first result that isn't early there are none but early ones. */
static bool is_early_only(vn_kind_t kind) { return kind != VN_KIND_EARLY && kind != VN_KIND_LATE; }

bool vn__fire(const vn__firing_t *firing, uint8_t window, int64_t end_ms) {
  const vn_window_t *definition = &firing->set->windows[window];
  int64_t start_ms = end_ms - definition->size_ms;
  bool exact;
  vn_aggregate_t total = fold(firing, definition, start_ms, &exact);
  if (total.count == 0) {
    return false;
  }
  vn_extra_values_t extra;
  vn_ordered_values_t ordered;
  bool has_extra = (definition->statistics & VN_STATISTICS_EXTRA) != 0;
  if (has_extra) {
    extra = fold_extras(firing, definition, start_ms, &total);
  }
  bool has_ordered = (definition->statistics & VN_STATISTICS_ORDERED) != 0;
  if (has_ordered) {
    ordered = vn__ordered_fold(firing, definition, start_ms);
  }
  uint32_t members = total.count < definition->sample ? total.count : definition->sample;
  vn_window_result_t result = {
      .aggregate = &total,
      .sample = firing->sink->scratch,
      .extra = has_extra ? &extra : NULL,
      .ordered = has_ordered ? &ordered : NULL,
      .start_ms = start_ms,
      .end_ms = end_ms,
      .sample_count = members,
      .revision = count_revision(firing, window, start_ms, total.count),
      .window = window,
      .kind = (uint8_t)kind_of(firing, exact),
      .early_only = is_early_only(firing->kind),
      .flags = (uint8_t)(exact ? 0 : VN_FLAG_BIT(VN_FLAG_DEGRADED)),
  };
  vn__tally_fold(firing->set, firing->memory, window, start_ms, result.accounting);
  firing->sink->deliver(firing->sink->context, &result);
  return true;
}
