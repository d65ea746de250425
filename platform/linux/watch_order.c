/* The order of the rows, and what moves over them. */
#include "watch_layout.h"
#include "watch_layout_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum rank {
  RANK_FIRING,
  RANK_GOING_ON, /* acknowledged, recovering, latched, and states that this program doesn't know */
  RANK_NO_DATA,
  RANK_SET_ASIDE, /* shelved or out of service, and not normal */
  RANK_NORMAL_SET_ASIDE,
  RANK_NORMAL
} rank_t;

static rank_t rank_of(const vn_watch_alert_t *alert) {
  bool aside = alert->out_of_service || alert->shelved_once || alert->shelved_until_ms != 0;
  if (strcmp(alert->state, "normal") == 0) {
    return aside ? RANK_NORMAL_SET_ASIDE : RANK_NORMAL;
  }
  if (aside) {
    return RANK_SET_ASIDE;
  }
  if (strcmp(alert->state, "no_data") == 0) {
    return RANK_NO_DATA;
  }
  return strcmp(alert->state, "firing") == 0 && !alert->acknowledged ? RANK_FIRING : RANK_GOING_ON;
}

static int by_names(const char *const a[3], const char *const b[3]) {
  int order = 0;
  for (unsigned i = 0; i < 3 && order == 0; i++) {
    order = strcmp(a[i], b[i]);
  }
  return order;
}

/* The urgent first, of those the newest first. */
static int compare_alerts(const void *left, const void *right) {
  const vn_watch_alert_t *a = *(const vn_watch_alert_t *const *)left;
  const vn_watch_alert_t *b = *(const vn_watch_alert_t *const *)right;
  rank_t rank_a = rank_of(a);
  rank_t rank_b = rank_of(b);
  if (rank_a != rank_b) {
    return rank_a < rank_b ? -1 : 1;
  }
  if (a->starts_ms != b->starts_ms && rank_a < RANK_NORMAL_SET_ASIDE) {
    return a->starts_ms > b->starts_ms ? -1 : 1;
  }
  return by_names((const char *const[]){a->device, a->alert, a->series},
                  (const char *const[]){b->device, b->alert, b->series});
}

static int compare_series(const void *left, const void *right) {
  const vn_watch_series_t *a = *(const vn_watch_series_t *const *)left;
  const vn_watch_series_t *b = *(const vn_watch_series_t *const *)right;
  return by_names((const char *const[]){a->device, a->series, a->window},
                  (const char *const[]){b->device, b->series, b->window});
}

/* Where the selected alert is now; if it is gone, what took its place is selected. */
static void keep_selection(vn_watch_view_t *view) {
  uint32_t at = 0;
  while (at < view->alert_count && view->alerts[at]->number != view->selected) {
    at++;
  }
  if (at == view->alert_count) {
    bool beyond = view->selected_at >= view->alert_count;
    at = !beyond ? view->selected_at : view->alert_count > 0 ? view->alert_count - 1 : 0;
  }
  view->selected_at = at;
  view->selected = at < view->alert_count ? view->alerts[at]->number : 0;
}

void vn__watch_sort(const vn_watch_model_t *model, vn_watch_view_t *view) {
  view->alert_count = model->alert_count;
  for (uint32_t i = 0; i < model->alert_count; i++) {
    view->alerts[i] = &model->alerts[i];
  }
  qsort(view->alerts, view->alert_count, sizeof view->alerts[0], compare_alerts);
  view->series_count = 0;
  for (uint32_t i = 0; i < model->series_count; i++) {
    if (view->window[0] == '\0' || strcmp(view->window, model->series[i].window) == 0) {
      view->series[view->series_count++] = &model->series[i];
    }
  }
  qsort(view->series, view->series_count, sizeof view->series[0], compare_series);
  keep_selection(view);
}

static uint32_t clamp(int64_t place, uint32_t count) {
  int64_t last = count > 0 ? (int64_t)count - 1 : 0;
  return (uint32_t)(place < 0 ? 0 : place < last ? place : last);
}

void vn_watch_move(vn_watch_view_t *view, int64_t alerts) {
  view->selected_at = clamp(view->selected_at + alerts, view->alert_count);
  view->selected = view->alert_count > 0 ? view->alerts[view->selected_at]->number : 0;
}

void vn_watch_page(vn_watch_view_t *view, int64_t pages) {
  view->series_top = clamp(view->series_top + pages * view->series_page, view->series_count);
}

/* The least window name behind this one, in the order of the alphabet; NULL: there is none. */
static const char *window_behind(const vn_watch_model_t *model, const char *window) {
  const char *least = NULL;
  for (uint32_t i = 0; i < model->series_count; i++) {
    const char *name = model->series[i].window;
    if (strcmp(name, window) > 0 && (least == NULL || strcmp(name, least) < 0)) {
      least = name;
    }
  }
  return least;
}

void vn_watch_next_window(const vn_watch_model_t *model, vn_watch_view_t *view) {
  const char *next = window_behind(model, view->window);
  (void)snprintf(view->window, sizeof view->window, "%s", next == NULL ? "" : next);
  view->series_top = 0;
}

const vn_watch_alert_t *vn_watch_selected(const vn_watch_model_t *model,
                                          const vn_watch_view_t *view) {
  return vn_watch_alert_of(model, view->selected);
}

void vn_watch_say(vn_watch_view_t *view, vn_watch_style_t style, const char *text) {
  (void)snprintf(view->notice, sizeof view->notice, "%s", text);
  view->notice_style = style;
}
