/* Devices and the selected alert in words. */
#include "watch_layout.h"
#include "watch_layout_priv.h"
#include "watch_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void say_count(vn__watch_line_t *line, const char *before, int64_t count) {
  if (count >= 0) {
    vn__watch_add(line, "  %s %" PRId64, before, count);
  }
}

static void say_figures(const vn_watch_device_t *device, vn__watch_line_t *line) {
  const vn_watch_figures_t *figures = &device->figures;
  char rate[VN_WATCH_NUMBER_MAX];
  if (!device->has_figures) {
    vn__watch_add(line, "  no figures yet");
    return;
  }
  if (device->has_rate) {
    (void)snprintf(rate, sizeof rate, device->rate < 100 ? "%.1f" : "%.0f", device->rate);
    vn__watch_add(line, "  %s readings/s", rate);
  }
  say_count(line, "waiting", figures->waiting);
  say_count(line, "late", figures->late);
  say_count(line, "duplicate", figures->duplicate);
  say_count(line, "rejected", figures->rejected > 0 ? figures->rejected : -1);
  say_count(line, "series", figures->series);
}

/* Only what is worth a look: 0 of something is left out. */
static void say_hygiene(const vn_watch_device_t *device, bool brief, vn__watch_line_t *line) {
  static const struct {
    vn_watch_hygiene_t figure;
    const char *word, *brief;
  } words[] = {
      {VN_WATCH_ACTIVE, " active", " active"},
      {VN_WATCH_UNACKNOWLEDGED, " unacknowledged", " unacked"},
      {VN_WATCH_PER_HOUR, " per hour", "/h"},
      {VN_WATCH_CHATTERING, " chattering", " chatter"},
      {VN_WATCH_STALE, " stale", " stale"},
      {VN_WATCH_MUTED, " muted", " muted"},
      {VN_WATCH_SUPPRESSED, " suppressed", " suppr"},
      {VN_WATCH_SHELVED, " shelved", " shelved"},
      {VN_WATCH_LATCHED, " latched", " latched"},
      {VN_WATCH_OUT_OF_SERVICE, " out of service", " out"},
      {VN_WATCH_ACTIVATIONS, " activations", NULL},
  };
  line->length = 0;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char number[VN_WATCH_NUMBER_MAX];
    const char *word = brief ? words[i].brief : words[i].word;
    if (device->hygiene[words[i].figure] != 0 && word != NULL) {
      vn_watch_number(device->hygiene[words[i].figure], 10, number);
      vn__watch_add(line, "%s %s%s", line->length > 0 ? "," : "", number, word);
    }
  }
  if (line->length == 0) {
    vn__watch_add(line, " nothing active");
  }
}

void vn__watch_device_lines(const vn_watch_device_t *device, unsigned row, unsigned rows,
                            vn_watch_screen_t *screen) {
  static const char *const words[] = {"unknown", "online", "offline"};
  static const vn_watch_style_t styles[] = {VN_WATCH_DIM, VN_WATCH_GOOD, VN_WATCH_ALARM};
  vn__watch_line_t line = {.length = 0};
  unsigned width = screen->columns;
  unsigned at = vn_watch_put(screen, row, 0, width / 2, VN_WATCH_TITLE, device->name) + 1;
  at = vn_watch_put(screen, row, at, width > at ? width - at : 0, styles[device->status],
                    words[device->status]);
  say_figures(device, &line);
  (void)vn_watch_put(screen, row, at, width > at ? width - at : 0, VN_WATCH_PLAIN, line.text);
  if (rows < 2 || !device->has_hygiene) {
    return;
  }
  at = vn_watch_put(screen, row + 1, 1, width, VN_WATCH_PLAIN, "alerts:");
  if (device->flood) {
    at = vn_watch_put(screen, row + 1, at + 1, width, VN_WATCH_ALARM, "FLOOD,");
  }
  say_hygiene(device, false, &line);
  if (at + line.length > width) {
    say_hygiene(device, true, &line);
  }
  (void)vn_watch_put(screen, row + 1, at, width > at ? width - at : 0, VN_WATCH_PLAIN, line.text);
}

static void say_shelved(const vn_watch_alert_t *alert, int64_t now_ms, vn__watch_line_t *line) {
  char duration[VN_WATCH_DURATION_MAX];
  if (alert->shelved_once) {
    vn__watch_add(line, ", shelved until the episode ends");
  } else if (alert->shelved_until_ms > now_ms) {
    vn_watch_duration(alert->shelved_until_ms - (now_ms > 0 ? now_ms : 0), duration);
    vn__watch_add(line, ", shelved for another %s", duration);
  } else if (alert->shelved_until_ms != 0) {
    vn__watch_add(line, ", shelved until now");
  }
}

static void say_alert(const vn_watch_alert_t *alert, int64_t now_ms, vn__watch_line_t *line) {
  vn__watch_add(line, "episode %" PRId64, alert->episode);
  if (alert->severity[0] != '\0') {
    vn__watch_add(line, ", %s", alert->severity);
  }
  if (alert->level > 0) {
    vn__watch_add(line, ", level %" PRId64, alert->level);
  }
  if (alert->has_limit) {
    char limit[VN_WATCH_NUMBER_MAX];
    vn_watch_number(alert->limit, 12, limit);
    vn__watch_add(line, ", limit %s%s%s", limit, alert->unit[0] != '\0' ? " " : "", alert->unit);
  }
  say_shelved(alert, now_ms, line);
  vn__watch_add(line, "%s%s%s%s", alert->acknowledged ? ", acknowledged" : "",
                alert->latched ? ", latched" : "", alert->out_of_service ? ", out of service" : "",
                alert->first_in_group ? ", first of its group" : "");
}

void vn__watch_detail(const vn_watch_model_t *model, const vn_watch_view_t *view, unsigned row,
                      unsigned rows, vn_watch_screen_t *screen) {
  const vn_watch_alert_t *alert = vn_watch_selected(model, view);
  vn__watch_line_t line = {.length = 0};
  if (alert == NULL || rows < 2) {
    return;
  }
  (void)vn_watch_put(screen, row, 0, screen->columns, VN_WATCH_PLAIN, alert->summary);
  say_alert(alert, view->now_ms, &line);
  (void)vn_watch_put(screen, row + 1, 0, screen->columns, VN_WATCH_PLAIN, line.text);
}
