#include "watch_plain.h"

#include "watch_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 4096u

/* Cut when it is full. */
typedef struct line {
  char text[LINE_BYTES + 2];
  size_t length;
  bool utf8;
} line_t;

static void add(line_t *line, const char *text) {
  vn_text_t rest = {text, strlen(text)};
  line->length +=
      vn_watch_show_all(rest, line->utf8, line->text + line->length, LINE_BYTES + 1 - line->length);
}

static void add_pair(line_t *line, const char *word, const char *text) {
  if (text[0] != '\0') {
    add(line, " ");
    add(line, word);
    add(line, " ");
    add(line, text);
  }
}

static void add_number(line_t *line, const char *word, double value) {
  char number[VN_WATCH_NUMBER_MAX];
  vn_watch_number(value, 20, number);
  add_pair(line, word, number);
}

static void add_integer(line_t *line, const char *word, int64_t value) {
  char number[24];
  (void)snprintf(number, sizeof number, "%" PRId64, value);
  add_pair(line, word, number);
}

static void begin(line_t *line, const vn_watch_plain_t *plain, int64_t at_ms, const char *device,
                  const char *what) {
  char time[VN_WATCH_TIME_MAX];
  line->length = 0;
  line->utf8 = plain->utf8;
  vn_watch_time(at_ms, time);
  add(line, time);
  add(line, " ");
  add(line, device);
  add(line, " ");
  add(line, what);
}

static void end(line_t *line, const vn_watch_plain_t *plain) {
  line->text[line->length++] = '\n';
  plain->write(plain->context, line->text, line->length);
}

static void tell_alert(const vn_watch_plain_t *plain, const vn_watch_alert_t *alert,
                       const char *what) {
  line_t line;
  begin(&line, plain, alert->at_ms, alert->device, what);
  add(&line, " ");
  add(&line, alert->alert);
  add(&line, " ");
  add(&line, alert->series);
  if (alert->has_value) {
    add_number(&line, "value", alert->value);
    add(&line, alert->unit[0] != '\0' ? " " : "");
    add(&line, alert->unit);
  }
  if (alert->has_limit) {
    add_number(&line, "limit", alert->limit);
  }
  add_pair(&line, "severity", alert->severity);
  add_integer(&line, "episode", alert->episode);
  add_pair(&line, "by", alert->by);
  add_pair(&line, "comment", alert->comment);
  end(&line, plain);
}

static void on_event(void *context, const vn_watch_alert_t *alert) {
  tell_alert(context, alert, alert->phase);
}

/* What was so before we came; changes come as events. */
static void on_state(void *context, const vn_watch_alert_t *alert, bool retained) {
  char what[96];
  bool aside = alert->out_of_service || alert->shelved_once || alert->shelved_until_ms != 0;
  if (retained && (aside || strcmp(alert->state, "normal") != 0)) {
    (void)snprintf(what, sizeof what, "is %s%s%s%s%s", alert->state,
                   alert->acknowledged ? ", acknowledged" : "", alert->latched ? ", latched" : "",
                   alert->shelved_once || alert->shelved_until_ms != 0 ? ", shelved" : "",
                   alert->out_of_service ? ", out of service" : "");
    tell_alert(context, alert, what);
  }
}

static void on_result(void *context, const vn_watch_result_t *result) {
  const vn_watch_plain_t *plain = context;
  line_t line;
  if (result->retained) {
    return; /* it happened before */
  }
  begin(&line, plain, result->counted ? result->to_ms : result->end, result->device, "summary ");
  add(&line, result->series);
  add(&line, " ");
  add(&line, result->window);
  for (unsigned i = 0; i < VN_WATCH_STATISTIC_COUNT; i++) {
    if (result->has[i]) {
      add_number(&line, vn_watch_statistic_word((vn_watch_statistic_t)i), result->statistics[i]);
    }
  }
  if (result->kind[0] != '\0') {
    add_pair(&line, "kind", result->kind);
    add_integer(&line, "rev", result->rev);
  }
  end(&line, plain);
}

static void on_status(void *context, const char *device, vn_watch_status_t status) {
  const vn_watch_plain_t *plain = context;
  line_t line;
  begin(&line, plain, plain->now_ms, device, status == VN_WATCH_ONLINE ? "online" : "offline");
  end(&line, plain);
}

vn_watch_listener_t vn_watch_plain_listener(vn_watch_plain_t *plain) {
  return (vn_watch_listener_t){.context = plain,
                               .state = on_state,
                               .event = on_event,
                               .result = on_result,
                               .status = on_status};
}
