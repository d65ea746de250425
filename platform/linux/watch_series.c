/* Results of windows and the series' lines that they make. */
#include "watch_model.h"

#include "watch_model_priv.h"

#include <string.h>

const char *vn_watch_statistic_word(vn_watch_statistic_t statistic) {
  static const char *const words[VN_WATCH_STATISTIC_COUNT] = {"mean",
                                                              "time_weighted_mean",
                                                              "exponential_mean",
                                                              "p50",
                                                              "last",
                                                              "max",
                                                              "min",
                                                              "rate",
                                                              "increase",
                                                              "sum",
                                                              "count"};
  VN_ASSERT(statistic < VN_WATCH_STATISTIC_COUNT);
  return words[statistic];
}

static bool first_statistic(const vn_watch_result_t *result, vn_watch_statistic_t *out) {
  for (unsigned i = 0; i < VN_WATCH_STATISTIC_COUNT; i++) {
    if (result->has[i]) {
      *out = (vn_watch_statistic_t)i;
      return true;
    }
  }
  return false;
}

static void remove_point(vn_watch_series_t *row, uint32_t index) {
  row->point_count--;
  memmove(&row->points[index], &row->points[index + 1],
          (row->point_count - index) * sizeof row->points[0]);
}

/* Points that this result replaces: named ones, and an earlier one of the same window. */
static void remove_replaced(vn_watch_series_t *row, const vn_watch_result_t *result) {
  for (uint32_t i = row->point_count; i-- > 0;) {
    const vn_watch_point_t *point = &row->points[i];
    bool replaced = point->start == result->start && point->end == result->end;
    for (uint32_t k = 0; k < result->supersedes_count; k++) {
      replaced = replaced || (point->start == result->supersedes[k][0] &&
                              point->end == result->supersedes[k][1]);
    }
    if (replaced) {
      remove_point(row, i);
    }
  }
}

/* Readings may be numbered from 0 again: only times tell what is newer. */
static int64_t time_of(const vn_watch_result_t *result) {
  return result->counted ? result->to_ms : result->end;
}

static void insert_point(vn_watch_series_t *row, const vn_watch_result_t *result) {
  int64_t at_ms = time_of(result);
  if (row->point_count == VN_WATCH_POINTS) {
    if (at_ms < row->points[0].at_ms) {
      return;
    }
    remove_point(row, 0);
  }
  uint32_t index = row->point_count;
  while (index > 0 && row->points[index - 1].at_ms > at_ms) {
    index--;
  }
  memmove(&row->points[index + 1], &row->points[index],
          (row->point_count - index) * sizeof row->points[0]);
  row->points[index] = (vn_watch_point_t){.start = result->start,
                                          .end = result->end,
                                          .at_ms = at_ms,
                                          .rev = result->rev,
                                          .value = result->statistics[row->shown]};
  row->point_count++;
}

/* What the newest window says of the series. */
static void describe(vn_watch_series_t *row, const vn_watch_result_t *result) {
  int64_t begin_ms = result->counted ? result->from_ms : result->start;
  int64_t end_ms = time_of(result);
  double span_ms = (double)end_ms - (double)begin_ms;
  bool has_rate = result->has_bounds && result->has[VN_WATCH_COUNT] && span_ms > 0;
  row->end_ms = end_ms;
  row->rate = has_rate ? result->statistics[VN_WATCH_COUNT] * 1000 / span_ms : -1;
  memcpy(row->statistics, result->statistics, sizeof row->statistics);
  memcpy(row->has, result->has, sizeof row->has);
}

static bool is_older(const vn_watch_series_t *row, const vn_watch_result_t *result) {
  for (uint32_t i = 0; i < row->point_count; i++) {
    if (row->points[i].start == result->start && row->points[i].end == result->end) {
      return row->points[i].rev > result->rev;
    }
  }
  return false;
}

void vn_watch_take_result(vn_watch_model_t *model, const vn_watch_result_t *result) {
  vn_watch_statistic_t shown;
  if (model->listener.result != NULL) {
    model->listener.result(model->listener.context, result);
  }
  /* A delta is no state of a window. */
  if (strcmp(result->kind, "partial") == 0 || !first_statistic(result, &shown)) {
    return;
  }
  vn_watch_series_t *row = vn__watch_series_row(model, result);
  if (row == NULL || is_older(row, result)) {
    return;
  }
  if (shown != row->shown) {
    row->point_count = 0; /* another statistic is another line */
    row->shown = shown;
  }
  remove_replaced(row, result);
  insert_point(row, result);
  if (row->points[row->point_count - 1].at_ms == time_of(result)) {
    describe(row, result);
  }
}
