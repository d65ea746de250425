#include "watch_rig.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000

void watch_rig_say(vn_watch_model_t *model, const char *topic, const char *payload) {
  vn_watch_take(model, (vn_text_t){topic, strlen(topic)}, (const uint8_t *)payload, strlen(payload),
                false);
}

void watch_rig_window(vn_watch_model_t *model, const char *series, const char *window,
                      int64_t start_ms, int64_t end_ms, const char *statistics) {
  char text[1024];
  (void)snprintf(text, sizeof text,
                 "{\"device\":\"gw-17\",\"boot\":7,\"seq\":42,\"summaries\":[{\"pipeline\":"
                 "\"p\",\"window\":\"%s\",\"series\":\"%s\",\"start\":%" PRId64 ",\"end\":%" PRId64
                 ",\"kind\":\"on_time\",\"rev\":0,%s}]}",
                 window, series, start_ms, end_ms, statistics);
  watch_rig_say(model, "vnotch/gw-17/summary", text);
}

/* A state of gw-17; `more` are further members. */
static void alert(vn_watch_model_t *model, const char *name, const char *series, const char *state,
                  const char *more) {
  char topic[128];
  char text[1024];
  (void)snprintf(topic, sizeof topic, "vnotch/gw-17/alert/%s/%s", name, series);
  (void)snprintf(text, sizeof text,
                 "{\"alert\":\"%s\",\"series\":\"%s\",\"pipeline\":\"p\",\"of\":\"value\","
                 "\"state\":\"%s\",%s}",
                 name, series, state, more);
  watch_rig_say(model, topic, text);
}

static void alerts(vn_watch_model_t *model) {
  alert(model, "overheat", "line1/temp", "firing",
        "\"severity\":\"critical\",\"episode\":3,\"level\":2,\"value\":81.2,\"limit\":80,"
        "\"unit\":\"Cel\",\"starts_at\":1795225661000,\"ends_at\":null,\"at\":1795225672000,"
        "\"first_in_group\":true,\"labels\":{\"team\":\"plant\"},"
        "\"summary\":\"overheat firing: line1/temp value 81.2 Cel, limit above 80 Cel, at "
        "2026-11-21T01:47:52Z\"");
  alert(model, "pressure_low", "line2/pressure", "firing",
        "\"severity\":\"warning\",\"episode\":1,\"value\":0.82,\"limit\":1,\"unit\":\"bar\","
        "\"starts_at\":1795219200000,\"ends_at\":null,\"at\":1795219200000,"
        "\"acknowledged\":true,\"summary\":\"pressure_low firing: line2/pressure value 0.82 bar\"");
  alert(model, "door_open", "hall/door", "recovering",
        "\"severity\":\"info\",\"episode\":12,\"value\":0,\"limit\":0.5,\"unit\":\"\","
        "\"starts_at\":1795225000000,\"ends_at\":1795225100000,\"at\":1795225100000,"
        "\"acknowledged\":true,\"latched\":true,\"summary\":\"door_open latched: hall/door\"");
  alert(model, "silent", "line3/level", "no_data",
        "\"severity\":\"warning\",\"episode\":2,\"value\":null,\"limit\":null,\"unit\":\"m\","
        "\"starts_at\":1795139400000,\"ends_at\":null,\"at\":1795225500000,\"summary\":\"\"");
  alert(model, "drift", "line1/flow", "firing",
        "\"severity\":\"warning\",\"episode\":9,\"value\":1234.5678,\"limit\":1200,"
        "\"unit\":\"l/min\",\"starts_at\":1795225700000,\"ends_at\":null,\"at\":1795225700000,"
        "\"shelved_until\":1795227420000,\"summary\":\"drift firing: line1/flow\"");
  alert(model, "vibration", "mill/axis", "normal",
        "\"severity\":\"critical\",\"episode\":4,\"value\":0.4,\"limit\":3,\"unit\":\"mm/s\","
        "\"starts_at\":1794620000000,\"ends_at\":1794620100000,\"at\":1794620100000,"
        "\"out_of_service\":true,\"summary\":\"\"");
  alert(model, "overheat", "line3/temp", "normal",
        "\"severity\":\"critical\",\"episode\":1,\"value\":61,\"limit\":80,\"unit\":\"Cel\","
        "\"starts_at\":1795220000000,\"ends_at\":1795220400000,\"at\":1795220400000,"
        "\"summary\":\"\"");
  alert(model, "overheat", "line2/temp", "normal",
        "\"severity\":\"critical\",\"episode\":7,\"value\":74.9,\"limit\":80,\"unit\":\"Cel\","
        "\"starts_at\":1795221000000,\"ends_at\":1795221060000,\"at\":1795221060000,"
        "\"summary\":\"\"");
}

static void windows(vn_watch_model_t *model) {
  static const int heights[] = {213, 215, 220, 231, 248, 260, 262, 255, 241, 228, 219, 214};
  const int64_t first_ms = INT64_C(1795225020000);
  char statistics[128];
  for (int i = 0; i < 12; i++) {
    int64_t start_ms = first_ms + i * MINUTE_MS;
    (void)snprintf(statistics, sizeof statistics,
                   "\"count\":30,\"min\":20,\"max\":30,\"last\":%d.1,\"mean\":%d.%d", 50 + i,
                   heights[i] / 10, heights[i] % 10);
    watch_rig_window(model, "line1/temp", "minute", start_ms, start_ms + MINUTE_MS, statistics);
    (void)snprintf(statistics, sizeof statistics, "\"count\":600,\"mean\":%d", 1300 - 9 * i);
    watch_rig_window(model, "line1/flow", "minute", start_ms, start_ms + MINUTE_MS, statistics);
    (void)snprintf(statistics, sizeof statistics, "\"count\":6000,\"max\":%d.%d", i % 3, i);
    watch_rig_window(model, "mill/axis", "minute", start_ms, start_ms + MINUTE_MS, statistics);
  }
  watch_rig_window(model, "line1/temp", "trend", first_ms, first_ms + 10 * MINUTE_MS,
                   "\"count\":300,\"mean\":23.61,\"slope\":0.004");
  watch_rig_window(model, "line2/pressure", "minute", first_ms, first_ms + MINUTE_MS,
                   "\"count\":3,\"mean\":0.825000000000001");
}

void watch_rig_plant(vn_watch_model_t *model) {
  watch_rig_say(model, "vnotch/gw-17/status", "online");
  watch_rig_say(model, "vnotch/gw-17/stats",
                "{\"device\":\"gw-17\",\"boot\":7,\"uptime_ms\":60000,\"series\":5,"
                "\"outputs\":{\"waiting\":2},\"readings\":{\"received\":6000,\"late\":1,"
                "\"duplicate\":4,\"rejected\":0}}");
  watch_rig_say(
      model, "vnotch/gw-17/stats",
      "{\"device\":\"gw-17\",\"boot\":7,\"uptime_ms\":70000,\"series\":5,"
      "\"outputs\":{\"waiting\":0},\"readings\":{\"received\":7203,\"late\":3,\"duplicate\":4,"
      "\"rejected\":0},\"by_series\":[{\"series\":\"a\",\"received\":1}],"
      "\"alerts\":{\"active\":4,\"unacknowledged\":1,\"shelved\":1,\"out_of_service\":1,"
      "\"latched\":1,\"suppressed\":0,\"stale\":1,\"chattering\":0,\"flood\":false,"
      "\"activations\":27,\"per_hour\":3.5,\"muted\":0}}");
  alerts(model);
  windows(model);
}

void watch_rig_hostile(vn_watch_model_t *model) {
  watch_rig_say(model, "vnotch/gw-18/status", "offline");
  watch_rig_say(model, "vnotch/gw-18/stats",
                "{\"uptime_ms\":1,\"readings\":{\"received\":1},\"alerts\":{\"active\":200,"
                "\"flood\":true,\"muted\":180}}");
  watch_rig_say(
      model, "vnotch/gw-18/alert/\x1b[2Jwipe/line\n\xff/\xe2\x80\xaetemp",
      "{\"state\":\"firing\",\"severity\":\"\\u001b[31m\",\"episode\":1,\"value\":-1e300,"
      "\"unit\":\"\xc2\xb0\x43\xc2\x9b\",\"starts_at\":1795225739000,"
      "\"summary\":\"\\u001b]0;title\\u0007 \\ud83d\\ude00 \xd1\x82\xd0\xb5\xd1\x81\xd1\x82\"}");
  watch_rig_say(
      model, "vnotch/gw-18/summary",
      "{\"summaries\":[{\"series\":\"a\\u0000b\",\"window\":\"w\"},{\"series\":\"x\\u009b\","
      "\"window\":\"\\u202ew\",\"start\":0,\"end\":1795225730000,\"count\":1,"
      "\"time_weighted_mean\":-12.5}]}");
}

const char *watch_rig_text(const vn_watch_screen_t *screen) {
  static char text[VN_WATCH_ROWS_MAX * VN_WATCH_ROW_BYTES];
  size_t length = 0;
  for (unsigned row = 0; row < screen->rows; row++) {
    length += vn_watch_row_text(screen, row, text + length);
    text[length++] = '\n';
  }
  text[length] = '\0';
  return text;
}
