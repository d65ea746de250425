/* The lists of alerts and of series. */
#include "watch_layout.h"
#include "watch_layout_priv.h"
#include "watch_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Below this width only the columns stay that tell what is the matter. */
#define NARROW 60u
#define MARK_LETTERS 4u

/* A column; `at` and `width` are set for the screen. */
typedef struct column {
  const char *title;
  unsigned width;
  unsigned at;
  bool right;
} column_t;

static void place(column_t *columns, unsigned count) {
  unsigned at = 1; /* behind the mark of the selection */
  for (unsigned i = 0; i < count; i++) {
    columns[i].at = at;
    at += columns[i].width + (columns[i].width > 0 ? 1 : 0);
  }
}

static unsigned width_of(const column_t *columns, unsigned count) {
  unsigned width = 1;
  for (unsigned i = 0; i < count; i++) {
    width += columns[i].width + (columns[i].width > 0 ? 1 : 0);
  }
  return width;
}

static void put_in(vn_watch_screen_t *screen, unsigned row, const column_t *column,
                   vn_watch_style_t style, const char *text) {
  if (column->width > 0 && column->right) {
    vn_watch_put_right(screen, row, column->at, column->width, style, text);
  } else if (column->width > 0) {
    (void)vn_watch_put(screen, row, column->at, column->width, style, text);
  }
}

static void put_headings(vn_watch_screen_t *screen, unsigned row, const column_t *columns,
                         unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    put_in(screen, row, &columns[i], VN_WATCH_HEADING, columns[i].title);
  }
}

/* Rows of the list that fit, with the one below them for how many more there are. */
static unsigned rows_shown(unsigned total, uint32_t beyond, unsigned rows) {
  unsigned needed = total + (beyond > 0 ? 1 : 0);
  return needed <= rows ? total : rows > 0 ? rows - 1 : 0;
}

static void put_more(vn_watch_screen_t *screen, unsigned row, uint32_t above, uint32_t below,
                     const vn_watch_beyond_t *beyond) {
  vn__watch_line_t line = {.length = 0};
  vn__watch_add(&line, " %" PRIu32 " more", above + below + beyond->count);
  if (above > 0) {
    vn__watch_add(&line, ", %" PRIu32 " of them above", above);
  }
  if (beyond->count > 0) {
    vn__watch_add(&line, ", %" PRIu32 " of them beyond the table", beyond->count);
  }
  (void)vn_watch_put(screen, row, 0, screen->columns, VN_WATCH_DIM, line.text);
}

/* With several devices a series belongs to one of them. */
static void name_series(const vn_watch_model_t *model, const char *device, const char *series,
                        vn__watch_line_t *line) {
  if (model->device_count > 1) {
    vn__watch_add(line, "%s:", device);
  }
  vn__watch_add(line, "%s", series);
}

enum {
  ALERT_STATE,
  ALERT_SINCE,
  ALERT_NAME,
  ALERT_SERIES,
  ALERT_VALUE,
  ALERT_SEVERITY,
  ALERT_MARKS,
  ALERT_COLUMNS
};

/* The names share what the others leave, two parts to three. */
static void alert_columns(unsigned columns, column_t out[ALERT_COLUMNS]) {
  static const column_t wide[ALERT_COLUMNS] = {{"STATE", 10, 0, false}, {"SINCE", 6, 0, true},
                                               {"ALERT", 0, 0, false},  {"SERIES", 0, 0, false},
                                               {"VALUE", 12, 0, false}, {"SEVERITY", 8, 0, false},
                                               {"MARKS", 8, 0, false}};
  static const column_t narrow[ALERT_COLUMNS] = {
      {"STATE", 6, 0, false},          {"SINCE", 0, 0, true},  {"ALERT", 0, 0, false},
      {"SERIES", 0, 0, false},         {"VALUE", 8, 0, false}, {"SEVERITY", 0, 0, false},
      {"MARK", MARK_LETTERS, 0, false}};
  memcpy(out, columns < NARROW ? narrow : wide, sizeof wide);
  if (columns >= 100) {
    out[ALERT_MARKS].width = 24;
  }
  unsigned taken = width_of(out, ALERT_COLUMNS) + 1;
  unsigned left = columns > taken ? columns - taken : 2;
  out[ALERT_NAME].width = left * 2 / 5;
  out[ALERT_SERIES].width = left - out[ALERT_NAME].width;
  place(out, ALERT_COLUMNS);
}

static vn_watch_style_t style_of(const vn_watch_alert_t *alert) {
  if (strcmp(alert->state, "normal") == 0) {
    return VN_WATCH_DIM;
  }
  bool loud = strcmp(alert->state, "firing") == 0 && !alert->acknowledged &&
              !alert->out_of_service && !alert->shelved_once && alert->shelved_until_ms == 0;
  return loud ? VN_WATCH_ALARM : VN_WATCH_NOTE;
}

/* Words where they fit, otherwise their first letters. */
static void mark(const vn_watch_alert_t *alert, unsigned width, vn__watch_line_t *line) {
  const struct {
    bool is;
    const char *word, *letter;
  } marks[] = {
      {alert->acknowledged, "ack", "A"},
      {alert->latched, "latched", "L"},
      {alert->shelved_once || alert->shelved_until_ms != 0, "shelved", "S"},
      {alert->out_of_service, "out", "O"},
  };
  vn__watch_line_t letters = {.length = 0};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    if (marks[i].is) {
      vn__watch_add(line, "%s%s", line->length > 0 ? " " : "", marks[i].word);
      vn__watch_add(&letters, "%s", marks[i].letter);
    }
  }
  if (line->length > width) {
    *line = letters;
  }
}

/* Since when it is as it is. */
static void since(const vn_watch_alert_t *alert, int64_t now_ms, char out[VN_WATCH_DURATION_MAX]) {
  bool normal = strcmp(alert->state, "normal") == 0;
  if (normal ? alert->has_ends : alert->has_starts) {
    int64_t from_ms = normal ? alert->ends_ms : alert->starts_ms;
    vn_watch_duration(vn_add_saturating(now_ms, from_ms < -INT64_MAX ? INT64_MAX : -from_ms), out);
  } else {
    (void)snprintf(out, VN_WATCH_DURATION_MAX, "-");
  }
}

static void put_alert(const vn_watch_model_t *model, const vn_watch_view_t *view,
                      const vn_watch_alert_t *alert, unsigned row, vn_watch_screen_t *screen) {
  column_t columns[ALERT_COLUMNS];
  char duration[VN_WATCH_DURATION_MAX];
  char number[VN_WATCH_NUMBER_MAX] = "-";
  vn__watch_line_t series = {.length = 0};
  vn__watch_line_t marks = {.length = 0};
  vn__watch_line_t value = {.length = 0};
  vn_watch_style_t style = style_of(alert);
  alert_columns(screen->columns, columns);
  since(alert, view->now_ms, duration);
  name_series(model, alert->device, alert->series, &series);
  mark(alert, columns[ALERT_MARKS].width, &marks);
  if (alert->has_value) {
    vn_watch_number(alert->value, 8, number);
  }
  vn__watch_add(&value, "%s%s%s", number, alert->has_value && alert->unit[0] != '\0' ? " " : "",
                alert->has_value ? alert->unit : "");
  put_in(screen, row, &columns[ALERT_STATE], style, alert->state);
  put_in(screen, row, &columns[ALERT_SINCE], style, duration);
  put_in(screen, row, &columns[ALERT_NAME], style, alert->alert);
  put_in(screen, row, &columns[ALERT_SERIES], style, series.text);
  put_in(screen, row, &columns[ALERT_VALUE], style, value.text);
  put_in(screen, row, &columns[ALERT_SEVERITY], style, alert->severity);
  put_in(screen, row, &columns[ALERT_MARKS], style, marks.text);
  if (view->interactive && alert->number == view->selected) {
    (void)vn_watch_put(screen, row, 0, 1, VN_WATCH_PLAIN, ">");
    vn_watch_select(screen, row);
  }
}

/* Scrolls as little as the selection needs. */
static void scroll_to_selection(vn_watch_view_t *view, uint32_t shown) {
  if (view->alert_top > view->selected_at) {
    view->alert_top = view->selected_at;
  }
  if (shown > 0 && view->selected_at >= view->alert_top + shown) {
    view->alert_top = view->selected_at - shown + 1;
  }
  if (view->alert_top + shown > view->alert_count) {
    view->alert_top = view->alert_count - shown;
  }
}

void vn__watch_alert_list(const vn_watch_model_t *model, vn_watch_view_t *view,
                          vn__watch_area_t area, vn_watch_screen_t *screen) {
  column_t columns[ALERT_COLUMNS];
  alert_columns(screen->columns, columns);
  put_headings(screen, area.row, columns, ALERT_COLUMNS);
  uint32_t total = view->alert_count;
  uint32_t shown = rows_shown(total, model->alerts_beyond.count, area.rows);
  if (total == 0 && area.rows > 0) {
    (void)vn_watch_put(screen, area.row + 1, 1, screen->columns, VN_WATCH_DIM, "no alerts");
    return;
  }
  scroll_to_selection(view, shown);
  for (uint32_t i = 0; i < shown; i++) {
    put_alert(model, view, view->alerts[view->alert_top + i], area.row + 1 + i, screen);
  }
  if (area.rows > shown && (total > shown || model->alerts_beyond.count > 0)) {
    put_more(screen, area.row + 1 + shown, view->alert_top, total - view->alert_top - shown,
             &model->alerts_beyond);
  }
}

enum {
  SERIES_NAME,
  SERIES_WINDOW,
  SERIES_LAST,
  SERIES_MEAN,
  SERIES_RATE,
  SERIES_LAG,
  SERIES_LINE,
  SERIES_COLUMNS
};

static void series_columns(unsigned columns, column_t out[SERIES_COLUMNS]) {
  static const column_t wide[SERIES_COLUMNS] = {{"SERIES", 0, 0, false}, {"WINDOW", 9, 0, false},
                                                {"LAST", 8, 0, true},    {"MEAN", 13, 0, true},
                                                {"RATE/S", 7, 0, true},  {"LAG", 6, 0, true},
                                                {"MEANS", 0, 0, false}};
  static const column_t narrow[SERIES_COLUMNS] = {
      {"SERIES", 0, 0, false}, {"WINDOW", 0, 0, false}, {"LAST", 0, 0, true},  {"MEAN", 8, 0, true},
      {"RATE/S", 0, 0, true},  {"LAG", 6, 0, true},     {"MEANS", 0, 0, false}};
  memcpy(out, columns < NARROW ? narrow : wide, sizeof wide);
  unsigned taken = width_of(out, SERIES_COLUMNS) + 1;
  unsigned left = columns > taken ? columns - taken : 2;
  unsigned line = left * 2 / 5;
  out[SERIES_LINE].width = line < VN_WATCH_POINTS ? line : VN_WATCH_POINTS;
  out[SERIES_NAME].width = left - out[SERIES_LINE].width;
  place(out, SERIES_COLUMNS);
}

static void put_means(const vn_watch_series_t *series, unsigned row, const column_t *column,
                      vn_watch_screen_t *screen) {
  double values[VN_WATCH_POINTS];
  uint32_t count = series->point_count < column->width ? series->point_count : column->width;
  for (uint32_t i = 0; i < count; i++) {
    values[i] = series->points[series->point_count - count + i].value;
  }
  vn_watch_put_bars(screen, row, column->at, values, count);
}

/* The mean, or what the window has in its place, with its name. */
static void say_mean(const vn_watch_series_t *series, vn__watch_line_t *line) {
  static const char *const words[VN_WATCH_STATISTIC_COUNT] = {
      "", "twm ", "ewm ", "p50 ", "last ", "max ", "min ", "rate ", "incr ", "sum ", "n "};
  char number[VN_WATCH_NUMBER_MAX];
  vn_watch_number(series->statistics[series->shown], 8, number);
  vn__watch_add(line, "%s%s", words[series->shown], number);
}

static void say_rate(double rate, char out[VN_WATCH_NUMBER_MAX]) {
  enum { COLUMNS = 7 };
  int length = snprintf(out, VN_WATCH_NUMBER_MAX, "%.3g", rate);
  if (length > COLUMNS) {
    (void)snprintf(out, VN_WATCH_NUMBER_MAX, "%.1g", rate);
  }
}

static void put_series(const vn_watch_model_t *model, const vn_watch_view_t *view,
                       const vn_watch_series_t *series, unsigned row, vn_watch_screen_t *screen) {
  column_t columns[SERIES_COLUMNS];
  char last[VN_WATCH_NUMBER_MAX] = "-";
  char rate[VN_WATCH_NUMBER_MAX] = "-";
  char lag[VN_WATCH_DURATION_MAX];
  vn__watch_line_t name = {.length = 0};
  vn__watch_line_t mean = {.length = 0};
  series_columns(screen->columns, columns);
  name_series(model, series->device, series->series, &name);
  say_mean(series, &mean);
  if (series->has[VN_WATCH_LAST]) {
    vn_watch_number(series->statistics[VN_WATCH_LAST], 8, last);
  }
  if (series->rate >= 0) {
    say_rate(series->rate, rate);
  }
  int64_t end_ms = series->end_ms < -INT64_MAX ? -INT64_MAX : series->end_ms;
  vn_watch_duration(vn_add_saturating(view->now_ms, -end_ms), lag);
  put_in(screen, row, &columns[SERIES_NAME], VN_WATCH_PLAIN, name.text);
  put_in(screen, row, &columns[SERIES_WINDOW], VN_WATCH_PLAIN, series->window);
  put_in(screen, row, &columns[SERIES_LAST], VN_WATCH_PLAIN, last);
  put_in(screen, row, &columns[SERIES_MEAN], VN_WATCH_PLAIN, mean.text);
  put_in(screen, row, &columns[SERIES_RATE], VN_WATCH_PLAIN, rate);
  put_in(screen, row, &columns[SERIES_LAG], VN_WATCH_PLAIN, lag);
  put_means(series, row, &columns[SERIES_LINE], screen);
}

void vn__watch_series_list(const vn_watch_model_t *model, vn_watch_view_t *view,
                           vn__watch_area_t area, vn_watch_screen_t *screen) {
  column_t columns[SERIES_COLUMNS];
  series_columns(screen->columns, columns);
  put_headings(screen, area.row, columns, SERIES_COLUMNS);
  uint32_t total = view->series_count;
  uint32_t shown = rows_shown(total, model->series_beyond.count, area.rows);
  view->series_page = shown > 0 ? shown : 1;
  if (total == 0 && area.rows > 0) {
    (void)vn_watch_put(screen, area.row + 1, 1, screen->columns, VN_WATCH_DIM, "no summaries yet");
    return;
  }
  if (view->series_top + shown > total) {
    view->series_top = total - shown;
  }
  for (uint32_t i = 0; i < shown; i++) {
    put_series(model, view, view->series[view->series_top + i], area.row + 1 + i, screen);
  }
  if (area.rows > shown && (total > shown || model->series_beyond.count > 0)) {
    put_more(screen, area.row + 1 + shown, view->series_top, total - view->series_top - shown,
             &model->series_beyond);
  }
}
