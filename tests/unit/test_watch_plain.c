/* Lines for logs and pipes: one for each thing that happens. */
#include "watch_plain.h"
#include "watch_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static vn_watch_model_t model;
static vn_watch_plain_t plain;
static char lines[16384];
static size_t length;

static void take(void *context, const char *line, size_t line_length) {
  (void)context;
  assert_true(length + line_length < sizeof lines);
  memcpy(lines + length, line, line_length);
  length += line_length;
  lines[length] = '\0';
}

static int begin(void **state) {
  (void)state;
  length = 0;
  lines[0] = '\0';
  plain = (vn_watch_plain_t){.write = take, .now_ms = WATCH_RIG_NOW_MS, .utf8 = true};
  vn_watch_listener_t listener = vn_watch_plain_listener(&plain);
  vn_watch_init(&model, "vnotch", &listener);
  return 0;
}

static void an_event_is_a_line(void **state) {
  (void)state;
  watch_rig_say(&model, "vnotch/gw/event",
                "{\"alert\":\"overheat\",\"series\":\"a/temp\",\"state\":\"firing\","
                "\"phase\":\"acknowledged\",\"severity\":\"critical\",\"episode\":3,\"value\":81.2,"
                "\"limit\":80,\"unit\":\"Cel\",\"at\":1795225672000,\"by\":\"ann\",\"comment\":"
                "\"on my way\"}");
  watch_rig_say(&model, "vnotch/gw/event",
                "{\"alert\":\"silent\",\"series\":\"b\",\"state\":\"firing\",\"phase\":\"firing\","
                "\"severity\":\"\",\"episode\":1,\"value\":null,\"limit\":null,\"at\":0}");
  assert_string_equal(lines,
                      "2026-11-21T01:47:52Z gw acknowledged overheat a/temp value 81.2 Cel limit "
                      "80 severity critical episode 3 by ann comment on my way\n"
                      "1970-01-01T00:00:00Z gw firing silent b episode 1\n");
}

static void a_summary_is_a_line(void **state) {
  (void)state;
  watch_rig_window(&model, "a/temp", "minute", INT64_C(1795225600000), INT64_C(1795225660000),
                   "\"count\":4,\"mean\":21.445,\"max\":22");
  assert_string_equal(lines,
                      "2026-11-21T01:47:40Z gw-17 summary a/temp minute mean 21.445 max 22 count 4 "
                      "kind on_time rev 0\n");
}

static void a_result_from_before_is_shown_but_no_line(void **state) {
  static const char topic[] = "vnotch/gw/latest/minute/a/temp";
  static const char latest[] =
      "{\"device\":\"gw\",\"boot\":1,\"pipeline\":\"p\",\"window\":\"minute\",\"series\":"
      "\"a/temp\",\"start\":0,\"end\":60000,\"kind\":\"on_time\",\"rev\":0,\"count\":4,"
      "\"mean\":21.5}";
  (void)state;
  vn_watch_take(&model, (vn_text_t){topic, sizeof topic - 1}, (const uint8_t *)latest,
                sizeof latest - 1, true);
  assert_int_equal(model.series_count, 1);
  assert_int_equal(model.series[0].end_ms, 60000);
  watch_rig_say(&model, "vnotch/gw/latest/minute/b/temp", "{}"); /* a summary tells it */
  watch_rig_say(&model, "vnotch/gw/latest/minute/a/temp", "");
  assert_int_equal(model.series_count, 1);
  assert_int_equal(model.unreadable, 0);
  assert_string_equal(lines, "");
  vn_watch_take(&model, (vn_text_t){topic, sizeof topic - 1}, (const uint8_t *)"[]", 2, true);
  assert_int_equal(model.unreadable, 1);
}

static void a_device_that_comes_or_goes_is_a_line(void **state) {
  (void)state;
  watch_rig_say(&model, "vnotch/gw/status", "online");
  watch_rig_say(&model, "vnotch/gw/stats", "{}");
  watch_rig_say(&model, "vnotch/gw/status", "offline");
  assert_string_equal(lines, "2026-11-21T01:49:00Z gw online\n2026-11-21T01:49:00Z gw offline\n");
}

static void what_was_so_before_is_told_if_it_is_not_normal(void **state) {
  static const char topic[] = "vnotch/gw/alert/hot/a";
  static const char firing[] = "{\"state\":\"firing\",\"episode\":2,\"at\":0,\"latched\":true}";
  static const char normal[] = "{\"state\":\"normal\",\"episode\":2,\"at\":0}";
  (void)state;
  vn_watch_take(&model, (vn_text_t){topic, sizeof topic - 1}, (const uint8_t *)normal,
                sizeof normal - 1, true);
  vn_watch_take(&model, (vn_text_t){topic, sizeof topic - 1}, (const uint8_t *)firing,
                sizeof firing - 1, false); /* its event tells that */
  assert_string_equal(lines, "");
  vn_watch_take(&model, (vn_text_t){topic, sizeof topic - 1}, (const uint8_t *)firing,
                sizeof firing - 1, true);
  assert_string_equal(lines, "1970-01-01T00:00:00Z gw is firing, latched hot a episode 2\n");
}

static void lines_have_no_control_characters(void **state) {
  (void)state;
  watch_rig_hostile(&model);
  watch_rig_say(&model, "vnotch/g\x1bw/event",
                "{\"alert\":\"a\\nb\",\"series\":\"s\\u009b\",\"state\":\"x\","
                "\"phase\":\"\\u001b[2J\",\"by\":\"\\r\"}");
  assert_non_null(strstr(lines, "g\\x1bw \\x1b[2J a\\x0ab s\\u{9b} episode 0 by \\x0d\n"));
  for (const char *at = lines; *at != '\0'; at++) {
    assert_true((unsigned char)*at >= ' ' || *at == '\n');
    assert_true(*at != 0x7F);
  }
}

/* The example of the documentation. */
static void the_documented_lines_are_the_real_ones(void **state) {
  static const struct {
    const char *phase, *value, *at, *more;
  } events[] = {
      {"firing", "81.2", "1795225672000", ""},
      {"acknowledged", "81.2", "1795225682000", ",\"by\":\"ann\""},
      {"resolved", "74.9", "1795225700000", ""},
  };
  static char documented[32768];
  char text[512];
  (void)state;
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    (void)snprintf(text, sizeof text,
                   "{\"alert\":\"overheat\",\"series\":\"line1/temp\",\"state\":\"firing\","
                   "\"phase\":\"%s\",\"severity\":\"critical\",\"episode\":3,\"value\":%s,"
                   "\"limit\":80,\"unit\":\"Cel\",\"at\":%s%s}",
                   events[i].phase, events[i].value, events[i].at, events[i].more);
    watch_rig_say(&model, "vnotch/gw-17/event", text);
    if (i == 0) {
      watch_rig_window(&model, "line1/temp", "minute", INT64_C(1795225620000),
                       INT64_C(1795225680000),
                       "\"count\":4,\"min\":21.37,\"max\":21.52,\"mean\":21.445");
    }
  }
  watch_rig_say(&model, "vnotch/gw-17/status", "offline");
  FILE *file = fopen(VN_SOURCE_DIR "/docs/watch.md", "rb");
  assert_non_null(file);
  documented[fread(documented, 1, sizeof documented - 1, file)] = '\0';
  assert_int_equal(fclose(file), 0);
  assert_non_null(strstr(documented, lines));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(an_event_is_a_line, begin),
      cmocka_unit_test_setup(a_summary_is_a_line, begin),
      cmocka_unit_test_setup(a_result_from_before_is_shown_but_no_line, begin),
      cmocka_unit_test_setup(a_device_that_comes_or_goes_is_a_line, begin),
      cmocka_unit_test_setup(what_was_so_before_is_told_if_it_is_not_normal, begin),
      cmocka_unit_test_setup(the_documented_lines_are_the_real_ones, begin),
      cmocka_unit_test_setup(lines_have_no_control_characters, begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
