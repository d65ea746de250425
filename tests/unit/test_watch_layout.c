/* The screens of `vnotch watch`, compared with texts; VN_WRITE=1 writes them anew. */
#include "watch_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_BYTES 65536u

static vn_watch_model_t model;
static vn_watch_view_t view;
static vn_watch_screen_t screen;
static char expected[TEXT_BYTES];

static int begin(void **state) {
  (void)state;
  vn_watch_init(&model, "vnotch", &(vn_watch_listener_t){.context = NULL});
  view = (vn_watch_view_t){.broker = "mqtt://127.0.0.1:1883",
                           .connected = true,
                           .interactive = true,
                           .now_ms = WATCH_RIG_NOW_MS};
  return 0;
}

static const char *path_of(const char *name) {
  static char path[1024];
  (void)snprintf(path, sizeof path, VN_SOURCE_DIR "/%s", name);
  return path;
}

static const char *read_all(const char *name) {
  FILE *file = fopen(path_of(name), "rb");
  size_t length = file != NULL ? fread(expected, 1, sizeof expected - 1, file) : 0;
  if (file != NULL) {
    (void)fclose(file);
  }
  expected[length] = '\0';
  return expected;
}

static void compare(const char *name) {
  const char *text = watch_rig_text(&screen);
  if (getenv("VN_WRITE") != NULL) {
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
  }
  assert_string_equal(text, read_all(name));
}

static void lay_out(unsigned rows, unsigned columns) {
  vn_watch_layout(&model, &view, rows, columns, true, &screen);
}

static void a_plant_fits_on_80_by_24(void **state) {
  (void)state;
  watch_rig_plant(&model);
  vn_watch_say(&view, VN_WATCH_GOOD, "acknowledge pressure_low line2/pressure: done");
  lay_out(24, 80);
  compare("tests/data/watch/80x24.txt");
}

static void the_documented_screen_is_the_real_one(void **state) {
  (void)state;
  watch_rig_plant(&model);
  vn_watch_say(&view, VN_WATCH_GOOD, "acknowledge pressure_low line2/pressure: done");
  lay_out(24, 80);
  assert_non_null(strstr(read_all("docs/watch.md"), watch_rig_text(&screen)));
}

static void a_larger_screen_shows_more_and_two_devices(void **state) {
  (void)state;
  watch_rig_plant(&model);
  watch_rig_hostile(&model);
  view.missed = 3;
  lay_out(40, 120);
  compare("tests/data/watch/120x40.txt");
}

static void a_small_screen_keeps_what_matters(void **state) {
  (void)state;
  watch_rig_plant(&model);
  lay_out(10, 40);
  compare("tests/data/watch/40x10.txt");
}

static void once_everything_is_shown_without_keys(void **state) {
  (void)state;
  watch_rig_plant(&model);
  watch_rig_hostile(&model);
  view.interactive = false;
  vn_watch_layout(&model, &view, vn_watch_rows_needed(&model), 80, false, &screen);
  compare("tests/data/watch/once.txt");
}

static void nothing_has_come_yet(void **state) {
  (void)state;
  view.connected = false;
  lay_out(24, 80);
  compare("tests/data/watch/empty.txt");
}

/* Every cell: printable ASCII, or a character of the blocks that take one column. */
static void assert_harmless(void) {
  for (unsigned row = 0; row < screen.rows; row++) {
    for (unsigned column = 0; column < screen.columns; column++) {
      const unsigned char *bytes = (const unsigned char *)screen.cells[row][column].bytes;
      bool ascii = bytes[0] >= ' ' && bytes[0] < 0x7F && bytes[1] == 0;
      bool letter = bytes[0] >= 0xC2 && bytes[0] <= 0xD4 && (bytes[1] & 0xC0) == 0x80 &&
                    !(bytes[0] == 0xC2 && bytes[1] < 0xA1) && bytes[2] == 0;
      bool bar = bytes[0] == 0xE2 && bytes[1] == 0x96;
      assert_true(ascii || letter || bar);
    }
  }
}

static void names_from_the_network_never_reach_the_terminal_raw(void **state) {
  (void)state;
  watch_rig_plant(&model);
  watch_rig_hostile(&model);
  for (unsigned columns = 1; columns <= VN_WATCH_COLUMNS_MAX; columns += 7) {
    lay_out(1 + columns % 50, columns);
    assert_harmless();
  }
}

static void many_alerts(unsigned count) {
  char topic[64];
  for (unsigned i = 0; i < count; i++) {
    (void)snprintf(topic, sizeof topic, "vnotch/gw/alert/hot/s%04u", i);
    watch_rig_say(&model, topic, "{\"state\":\"firing\",\"episode\":1,\"starts_at\":5}");
  }
}

static void what_does_not_fit_is_told(void **state) {
  (void)state;
  many_alerts(100);
  lay_out(24, 80);
  assert_non_null(strstr(watch_rig_text(&screen), " 86 more\n"));
  vn_watch_move(&view, 50);
  lay_out(24, 80);
  assert_non_null(strstr(watch_rig_text(&screen), " 86 more, 37 of them above\n"));
  assert_non_null(strstr(watch_rig_text(&screen), "\n>firing"));
  assert_non_null(strstr(watch_rig_text(&screen), " s0050 "));
}

static void a_full_table_tells_how_many_are_beyond_it(void **state) {
  (void)state;
  many_alerts(VN_WATCH_ALERTS + 2);
  many_alerts(VN_WATCH_ALERTS + 2); /* the same ones again are no more */
  vn_watch_move(&view, 0);
  lay_out(24, 80);
  assert_non_null(strstr(watch_rig_text(&screen), " 1012 more, 2 of them beyond the table\n"));
}

static void the_selection_stays_on_its_alert(void **state) {
  (void)state;
  watch_rig_plant(&model);
  lay_out(24, 80);
  assert_string_equal(vn_watch_selected(&model, &view)->alert, "overheat");
  vn_watch_move(&view, 2);
  lay_out(24, 80);
  assert_string_equal(vn_watch_selected(&model, &view)->alert, "pressure_low");
  watch_rig_say(&model, "vnotch/gw-17/alert/newer/x",
                "{\"state\":\"firing\",\"starts_at\":1795225739000}");
  lay_out(24, 80);
  assert_string_equal(vn_watch_selected(&model, &view)->alert, "pressure_low");
  watch_rig_say(&model, "vnotch/gw-17/alert/pressure_low/line2/pressure", "");
  lay_out(24, 80);
  assert_non_null(vn_watch_selected(&model, &view));
  vn_watch_move(&view, -100);
  lay_out(24, 80);
  assert_string_equal(vn_watch_selected(&model, &view)->alert, "newer");
}

/* The last rows but two: what the selected alert says. */
static void the_selected_alert_is_told_in_words(void **state) {
  static const char *const words[] = {
      "\nepisode 3, critical, level 2, limit 80 Cel, first of its group\n",
      "\nepisode 12, info, limit 0.5, acknowledged, latched\n",
      "\nepisode 1, warning, limit 1 bar, acknowledged\n",
      "\nepisode 2, warning\n",
      "\nepisode 9, warning, limit 1200 l/min, shelved for another 28m00s\n",
      "\nepisode 4, critical, limit 3 mm/s, out of service\n",
  };
  (void)state;
  watch_rig_plant(&model);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    lay_out(24, 80);
    assert_non_null(strstr(watch_rig_text(&screen), words[i]));
    vn_watch_move(&view, 1);
  }
  watch_rig_say(&model, "vnotch/gw-17/alert/vibration/mill/axis",
                "{\"state\":\"firing\",\"episode\":5,\"starts_at\":1795225739000,"
                "\"shelved_once\":true}");
  vn_watch_move(&view, -1);
  lay_out(24, 80);
  assert_non_null(strstr(watch_rig_text(&screen), "\nepisode 5, shelved until the episode ends\n"));
}

static void a_window_can_be_chosen(void **state) {
  (void)state;
  watch_rig_plant(&model);
  lay_out(24, 80);
  assert_int_equal(view.series_count, 5);
  vn_watch_next_window(&model, &view);
  lay_out(24, 80);
  assert_string_equal(view.window, "minute");
  assert_int_equal(view.series_count, 4);
  vn_watch_next_window(&model, &view);
  lay_out(24, 80);
  assert_string_equal(view.window, "trend");
  assert_int_equal(view.series_count, 1);
  vn_watch_next_window(&model, &view);
  assert_string_equal(view.window, "");
}

static void series_go_by_pages(void **state) {
  (void)state;
  char name[16];
  for (int i = 0; i < 40; i++) {
    (void)snprintf(name, sizeof name, "s%02d", i);
    watch_rig_window(&model, name, "w", 0, 1000, "\"mean\":1");
  }
  lay_out(24, 80);
  assert_non_null(strstr(watch_rig_text(&screen), "\n s00 "));
  vn_watch_page(&view, 1);
  lay_out(24, 80);
  assert_null(strstr(watch_rig_text(&screen), "\n s00 "));
  vn_watch_page(&view, 100);
  lay_out(24, 80);
  assert_non_null(strstr(watch_rig_text(&screen), "\n s39 "));
  vn_watch_page(&view, -100);
  lay_out(24, 80);
  assert_non_null(strstr(watch_rig_text(&screen), "\n s00 "));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_plant_fits_on_80_by_24, begin),
      cmocka_unit_test_setup(the_documented_screen_is_the_real_one, begin),
      cmocka_unit_test_setup(a_larger_screen_shows_more_and_two_devices, begin),
      cmocka_unit_test_setup(a_small_screen_keeps_what_matters, begin),
      cmocka_unit_test_setup(once_everything_is_shown_without_keys, begin),
      cmocka_unit_test_setup(nothing_has_come_yet, begin),
      cmocka_unit_test_setup(names_from_the_network_never_reach_the_terminal_raw, begin),
      cmocka_unit_test_setup(what_does_not_fit_is_told, begin),
      cmocka_unit_test_setup(a_full_table_tells_how_many_are_beyond_it, begin),
      cmocka_unit_test_setup(the_selection_stays_on_its_alert, begin),
      cmocka_unit_test_setup(the_selected_alert_is_told_in_words, begin),
      cmocka_unit_test_setup(a_window_can_be_chosen, begin),
      cmocka_unit_test_setup(series_go_by_pages, begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
