/* How the screen is divided, and what stands around the lists. */
#include "watch_layout.h"

#include "watch_layout_priv.h"
#include "watch_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Below these many rows, notices take the place of the hints, and details go. */
#define ROWS_FOR_NOTICES 16u
#define ROWS_FOR_DETAIL 20u
#define HEADINGS 2u

/* Rows of each part. */
typedef struct division {
  unsigned devices, alerts, series, detail, notice, keys;
} division_t;

void vn__watch_add(vn__watch_line_t *line, const char *format, ...) {
  va_list arguments;
  size_t room = sizeof line->text - line->length;
  va_start(arguments, format);
  int length = vsnprintf(line->text + line->length, room, format, arguments);
  va_end(arguments);
  line->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Figures, and in a second row those of the alerts, if there are any. */
static unsigned rows_of_device(const vn_watch_device_t *device, bool roomy) {
  return roomy && device->has_hygiene ? 2 : 1;
}

static unsigned rows_of_devices(const vn_watch_model_t *model) {
  unsigned rows = model->devices_beyond.count > 0 || model->device_count == 0 ? 1 : 0;
  for (uint32_t i = 0; i < model->device_count; i++) {
    rows += rows_of_device(&model->devices[i], true);
  }
  return rows;
}

/* Alerts have what the series leave, and at least a half of both. */
static void divide_lists(const vn_watch_view_t *view, unsigned room, division_t *division) {
  unsigned alerts = view->alert_count > 0 ? view->alert_count : 1;
  unsigned series = view->series_count > 0 ? view->series_count : 1;
  unsigned half = (room + 1) / 2;
  unsigned left = room > series ? room - series : 0;
  division->alerts = least(alerts, left > half ? left : half);
  division->series = room - division->alerts;
}

static division_t divide(const vn_watch_model_t *model, const vn_watch_view_t *view,
                         unsigned rows) {
  division_t division = {.devices = 0};
  if (view->interactive) {
    division.devices = least(rows_of_devices(model), rows < ROWS_FOR_NOTICES ? 1 : rows / 5);
    division.detail = rows >= ROWS_FOR_DETAIL ? 2 : 0;
    division.notice = rows >= ROWS_FOR_NOTICES ? 1 : 0;
    division.keys = 1;
  } else {
    division.devices = rows_of_devices(model);
  }
  unsigned taken =
      1 + division.devices + HEADINGS + division.detail + division.notice + division.keys;
  divide_lists(view, rows > taken ? rows - taken : 0, &division);
  return division;
}

unsigned vn_watch_rows_needed(const vn_watch_model_t *model) {
  unsigned devices = rows_of_devices(model);
  unsigned alerts = model->alert_count > 0 ? model->alert_count : 1;
  unsigned series = model->series_count > 0 ? model->series_count : 1;
  unsigned beyond =
      (model->alerts_beyond.count > 0 ? 1u : 0u) + (model->series_beyond.count > 0 ? 1u : 0u);
  return least(1 + devices + HEADINGS + alerts + series + beyond, VN_WATCH_ROWS_MAX);
}

static void put_title(const vn_watch_view_t *view, vn_watch_screen_t *screen) {
  char time[VN_WATCH_TIME_MAX];
  vn_watch_time(view->now_ms, time);
  unsigned time_width = (unsigned)strlen(time);
  bool roomy = screen->columns >= 60;
  unsigned end = roomy ? screen->columns - time_width - 1 : screen->columns;
  unsigned at = vn_watch_put(screen, 0, 0, least(end, 12), VN_WATCH_TITLE, "vnotch watch") + 2;
  const char *state = view->connected ? "connected" : "no connection";
  unsigned state_width = (unsigned)strlen(state) + 2;
  if (at + state_width < end) {
    at = vn_watch_put(screen, 0, at, end - at - state_width, VN_WATCH_PLAIN, view->broker) + 2;
  }
  if (at < end) {
    (void)vn_watch_put(screen, 0, at, end - at, view->connected ? VN_WATCH_GOOD : VN_WATCH_ALARM,
                       state);
  }
  if (roomy) {
    vn_watch_put_right(screen, 0, end, time_width + 1, VN_WATCH_PLAIN, time);
  }
}

/* How many more devices there are: in a row of their own, or where there is none at the right. */
static void put_more_devices(uint32_t more, unsigned row, bool own_row, vn_watch_screen_t *screen) {
  vn__watch_line_t line = {.length = 0};
  vn__watch_add(&line, " %" PRIu32 " more %s", more, more == 1 ? "device" : "devices");
  unsigned width = least((unsigned)line.length, screen->columns);
  unsigned column = own_row ? 0 : screen->columns - width;
  (void)vn_watch_put(screen, row, column, width, own_row ? VN_WATCH_DIM : VN_WATCH_HEADING,
                     line.text);
}

static void put_devices(const vn_watch_model_t *model, unsigned row, unsigned rows,
                        vn_watch_screen_t *screen) {
  if (model->device_count == 0) {
    (void)vn_watch_put(screen, row, 0, screen->columns, VN_WATCH_DIM,
                       "no device has said anything yet");
    return;
  }
  unsigned end = row + rows;
  uint32_t shown = 0;
  while (shown < model->device_count) {
    const vn_watch_device_t *device = &model->devices[shown];
    bool last = shown + 1 == model->device_count && model->devices_beyond.count == 0;
    unsigned each = rows_of_device(device, rows > 1);
    if (row + each + (last || rows == 1 ? 0 : 1) > end) {
      break;
    }
    vn__watch_device_lines(device, row, each, screen);
    row += each;
    shown++;
  }
  uint32_t more = model->device_count - shown + model->devices_beyond.count;
  if (more > 0) {
    put_more_devices(more, row < end ? row : end - 1, row < end, screen);
  }
}

static void put_notice(const vn_watch_model_t *model, const vn_watch_view_t *view, unsigned row,
                       vn_watch_screen_t *screen) {
  vn__watch_line_t line = {.length = 0};
  if (view->missed > 0) {
    vn__watch_add(&line, "  %" PRIu64 " messages missed: they came too fast", view->missed);
  }
  if (model->unreadable > 0) {
    vn__watch_add(&line, "  %" PRIu64 " unreadable", model->unreadable);
  }
  unsigned right = least((unsigned)line.length, screen->columns);
  vn_watch_put_right(screen, row, screen->columns - right, right, VN_WATCH_NOTE, line.text);
  (void)vn_watch_put(screen, row, 0, screen->columns - right, view->notice_style, view->notice);
}

static void put_keys(unsigned row, vn_watch_screen_t *screen) {
  static const char all[] =
      "up/down  a acknowledge  s shelve 30m  u unshelve  r reset  o out of service  i in service"
      "  pgup/pgdn  w window  q quit";
  static const char *const hints[] = {
      all,
      "a ack  s shelve 30m  u unshelve  r reset  o out  i in service  w window  q quit",
      "a ack s shelve u unshelve r reset q quit",
      "q quit",
  };
  size_t last = sizeof hints / sizeof *hints - 1;
  size_t i = 0;
  while (i < last && strlen(hints[i]) > screen->columns) {
    i++;
  }
  (void)vn_watch_put(screen, row, 0, screen->columns, VN_WATCH_DIM, hints[i]);
}

void vn_watch_layout(const vn_watch_model_t *model, vn_watch_view_t *view, unsigned rows,
                     unsigned columns, bool utf8, vn_watch_screen_t *screen) {
  vn_watch_clear(screen, rows, columns, utf8);
  vn__watch_sort(model, view);
  division_t division = divide(model, view, screen->rows);
  unsigned row = 1;
  put_title(view, screen);
  put_devices(model, row, division.devices, screen);
  row += division.devices;
  vn__watch_alert_list(model, view, (vn__watch_area_t){row, division.alerts}, screen);
  row += 1 + division.alerts;
  vn__watch_series_list(model, view, (vn__watch_area_t){row, division.series}, screen);
  row += 1 + division.series;
  vn__watch_detail(model, view, row, division.detail, screen);
  row += division.detail;
  if (division.notice > 0) {
    put_notice(model, view, row, screen);
    row++;
  }
  if (division.keys > 0 && division.notice == 0 && view->notice[0] != '\0') {
    put_notice(model, view, row, screen);
  } else if (division.keys > 0) {
    put_keys(row, screen);
  }
}
