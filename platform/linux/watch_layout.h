/* The model as a screen of rows and columns, and what moves over it. */
#ifndef VN_WATCH_LAYOUT_H
#define VN_WATCH_LAYOUT_H

#include "watch_model.h"
#include "watch_screen.h"

#define VN_WATCH_NOTICE_BYTES 512u

/* What is shown of the model. */
typedef struct vn_watch_view {
  const char *broker; /* its URI */
  bool connected;
  bool interactive; /* with keys: selection, details, hints */
  int64_t now_ms;   /* wall clock */
  uint64_t missed;  /* messages that came while there was no room */
  char notice[VN_WATCH_NOTICE_BYTES];
  vn_watch_style_t notice_style;

  uint64_t selected;              /* number of an alert; the layout keeps it on one that is there */
  uint32_t alert_top, series_top; /* first rows shown */
  uint32_t selected_at;           /* place of the selected one in `alerts` */
  char window[VN_WATCH_WORD_BYTES]; /* only series of this window; "": all */

  /* In the order of the screen; valid until the model changes. */
  const vn_watch_alert_t *alerts[VN_WATCH_ALERTS];
  const vn_watch_series_t *series[VN_WATCH_SERIES];
  uint32_t alert_count, series_count;
  uint32_t series_page; /* rows of series that the layout had */
} vn_watch_view_t;

/*
 * Lays the model out on a screen of this size: what is urgent first, alerts before series. Names
 * from the network are escaped. Lists that don't fit say how many more there are.
 */
void vn_watch_layout(const vn_watch_model_t *model, vn_watch_view_t *view, unsigned rows,
                     unsigned columns, bool utf8, vn_watch_screen_t *screen);

/* Rows that a layout without interaction needs to show everything, up to VN_WATCH_ROWS_MAX. */
unsigned vn_watch_rows_needed(const vn_watch_model_t *model);

/* Moves the selection by so many alerts of the last layout, or the series by so many pages. */
void vn_watch_move(vn_watch_view_t *view, int64_t alerts);
void vn_watch_page(vn_watch_view_t *view, int64_t pages);

/* Shows the series of the next window only, behind the last one those of all again. */
void vn_watch_next_window(const vn_watch_model_t *model, vn_watch_view_t *view);

/* The selected alert of the last layout; NULL: there is none. */
const vn_watch_alert_t *vn_watch_selected(const vn_watch_model_t *model,
                                          const vn_watch_view_t *view);

/* Says something in the row for notices. */
void vn_watch_say(vn_watch_view_t *view, vn_watch_style_t style, const char *text);

#endif
