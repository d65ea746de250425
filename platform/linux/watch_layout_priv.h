/* What the parts of the layout share. */
#ifndef VN_WATCH_LAYOUT_PRIV_H
#define VN_WATCH_LAYOUT_PRIV_H

#include "watch_layout.h"

/* Text that is put together; cut when it is full. */
typedef struct vn__watch_line {
  char text[1024];
  size_t length;
} vn__watch_line_t;

void vn__watch_add(vn__watch_line_t *line, const char *format, ...);

/* Where a list lies: its heading and the rows below. */
typedef struct vn__watch_area {
  unsigned row;  /* of the heading */
  unsigned rows; /* below it */
} vn__watch_area_t;

/* Fills view->alerts and view->series, and keeps the selection on an alert. */
void vn__watch_sort(const vn_watch_model_t *model, vn_watch_view_t *view);

void vn__watch_alert_list(const vn_watch_model_t *model, vn_watch_view_t *view,
                          vn__watch_area_t area, vn_watch_screen_t *screen);
void vn__watch_series_list(const vn_watch_model_t *model, vn_watch_view_t *view,
                           vn__watch_area_t area, vn_watch_screen_t *screen);

/* The selected alert in words, in up to two rows from `row`. */
void vn__watch_detail(const vn_watch_model_t *model, const vn_watch_view_t *view, unsigned row,
                      unsigned rows, vn_watch_screen_t *screen);

/* A device in words: its figures, then those of its alerts. */
void vn__watch_device_lines(const vn_watch_device_t *device, unsigned row, unsigned rows,
                            vn_watch_screen_t *screen);

#endif
