/* Cells and the bytes for the terminal, by a terminal of the test's own. */
#include "watch_screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static vn_watch_screen_t before, after;
static char bytes[VN_WATCH_PAINT_BYTES + 1];

/* What a terminal of 8 by 20 shows: moves, clears, and characters of one byte. */
enum { ROWS = 8, COLUMNS = 20 };
static char shown[ROWS][COLUMNS + 1];

static void play(const char *text, size_t length) {
  unsigned row = 0;
  unsigned column = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '\x1b') {
      assert_true(row < ROWS && column < COLUMNS);
      shown[row][column++] = text[i];
      continue;
    }
    char *end = NULL;
    unsigned long first = strtoul(text + i + 2, &end, 10);
    unsigned long last = first;
    while (*end == ';') {
      last = strtoul(end + 1, &end, 10);
    }
    if (*end == 'H') {
      row = (unsigned)first - 1;
      column = (unsigned)last - 1;
    }
    if (*end == 'J') {
      memset(shown, ' ', sizeof shown);
    }
    i = (size_t)(end - text);
  }
}

static void assert_shown(const vn_watch_screen_t *screen) {
  for (unsigned row = 0; row < screen->rows; row++) {
    for (unsigned column = 0; column < screen->columns; column++) {
      assert_int_equal(shown[row][column], screen->cells[row][column].bytes[0]);
    }
  }
}

static void text_is_cut_with_a_mark(void **state) {
  char row[VN_WATCH_ROW_BYTES];
  (void)state;
  vn_watch_clear(&after, 3, 10, true);
  assert_int_equal(vn_watch_put(&after, 0, 2, 4, VN_WATCH_PLAIN, "abcdef"), 6);
  assert_int_equal(vn_watch_put(&after, 1, 7, 9, VN_WATCH_PLAIN, "xy\x1b[m"), 15);
  vn_watch_put_right(&after, 2, 0, 10, VN_WATCH_PLAIN, "12.5");
  (void)vn_watch_row_text(&after, 0, row);
  assert_string_equal(row, "  abc~");
  (void)vn_watch_row_text(&after, 1, row);
  assert_string_equal(row, "       xy\\");
  (void)vn_watch_row_text(&after, 2, row);
  assert_string_equal(row, "      12.5");
  assert_int_equal(vn_watch_put(&after, 9, 0, 4, VN_WATCH_PLAIN, "off"), 3);
}

static void bars_span_least_and_greatest(void **state) {
  static const double values[] = {-1e308, 0, 1e308};
  static const double level[] = {5, 5};
  char row[VN_WATCH_ROW_BYTES];
  (void)state;
  vn_watch_clear(&after, 2, 10, true);
  vn_watch_put_bars(&after, 0, 0, values, 3);
  vn_watch_put_bars(&after, 1, 0, level, 2);
  (void)vn_watch_row_text(&after, 0, row);
  assert_string_equal(row, "\xE2\x96\x81\xE2\x96\x85\xE2\x96\x88");
  (void)vn_watch_row_text(&after, 1, row);
  assert_string_equal(row, "\xE2\x96\x85\xE2\x96\x85");
}

static void equal_screens_need_no_bytes(void **state) {
  (void)state;
  vn_watch_clear(&before, ROWS, COLUMNS, true);
  vn_watch_clear(&after, ROWS, COLUMNS, true);
  (void)vn_watch_put(&before, 1, 1, 10, VN_WATCH_ALARM, "same");
  (void)vn_watch_put(&after, 1, 1, 10, VN_WATCH_ALARM, "same");
  assert_int_equal(vn_watch_paint(&before, &after, true, bytes, sizeof bytes), 0);
}

static void only_what_changes_is_written(void **state) {
  (void)state;
  vn_watch_clear(&before, ROWS, COLUMNS, true);
  (void)vn_watch_put(&before, 2, 0, 20, VN_WATCH_PLAIN, "lag 14s");
  after = before;
  (void)vn_watch_put(&after, 2, 5, 1, VN_WATCH_PLAIN, "5");
  size_t length = vn_watch_paint(&before, &after, true, bytes, sizeof bytes);
  assert_int_equal(length, strlen("\x1b[3;6H\x1b[0m5\x1b[0m"));
  assert_memory_equal(bytes, "\x1b[3;6H\x1b[0m5\x1b[0m", length);
}

static void a_change_of_style_alone_is_written(void **state) {
  (void)state;
  vn_watch_clear(&before, ROWS, COLUMNS, true);
  (void)vn_watch_put(&before, 0, 0, 20, VN_WATCH_PLAIN, "firing");
  vn_watch_clear(&after, ROWS, COLUMNS, true);
  (void)vn_watch_put(&after, 0, 0, 20, VN_WATCH_GOOD, "firing");
  size_t length = vn_watch_paint(&before, &after, true, bytes, VN_WATCH_PAINT_BYTES);
  bytes[length] = '\0';
  assert_string_equal(bytes, "\x1b[1;1H\x1b[0;32mfiring\x1b[0m");
  before = after;
  vn_watch_select(&after, 0);
  assert_true(vn_watch_paint(&before, &after, true, bytes, VN_WATCH_PAINT_BYTES) > 0);
}

static void styles_use_color_only_where_it_is_wanted(void **state) {
  (void)state;
  vn_watch_clear(&after, 1, 5, true);
  (void)vn_watch_put(&after, 0, 0, 5, VN_WATCH_ALARM, "x");
  size_t length = vn_watch_paint(NULL, &after, true, bytes, sizeof bytes - 1);
  bytes[length] = '\0';
  assert_string_equal(bytes, "\x1b[0m\x1b[2J\x1b[1;1H\x1b[0;1;31mx\x1b[0m");
  vn_watch_select(&after, 0);
  length = vn_watch_paint(NULL, &after, false, bytes, sizeof bytes - 1);
  bytes[length] = '\0';
  assert_non_null(strstr(bytes, "\x1b[0;1;7mx\x1b[0;7m "));
  assert_null(strstr(bytes, "31"));
}

static void a_terminal_follows_any_screens(void **state) {
  uint32_t random = 20261121;
  (void)state;
  for (unsigned turn = 0; turn < 500; turn++) {
    vn_watch_clear(&after, ROWS, turn % 50 == 7 ? COLUMNS - 3 : COLUMNS, true);
    for (unsigned i = 0; i < 12; i++) {
      char text[8];
      random = random * 1664525u + 1013904223u;
      (void)snprintf(text, sizeof text, "%u", random >> 20);
      (void)vn_watch_put(&after, random >> 5 & 7u, random >> 9 & 31u, 4,
                         (vn_watch_style_t)((random >> 16) % VN_WATCH_STYLE_COUNT), text);
    }
    play(bytes, vn_watch_paint(turn == 0 ? NULL : &before, &after, turn % 2 == 0, bytes,
                               sizeof bytes - 1));
    assert_shown(&after);
    before = after;
  }
}

static void the_largest_screen_fits(void **state) {
  (void)state;
  vn_watch_clear(&after, 100000, 100000, true);
  assert_int_equal(after.rows, VN_WATCH_ROWS_MAX);
  assert_int_equal(after.columns, VN_WATCH_COLUMNS_MAX);
  for (unsigned row = 0; row < after.rows; row++) {
    for (unsigned column = 0; column < after.columns; column++) {
      (void)vn_watch_put(&after, row, column, 1, column % 2 == 0 ? VN_WATCH_ALARM : VN_WATCH_GOOD,
                         "\xe2\x82\xac");
    }
    vn_watch_select(&after, row);
  }
  assert_true(vn_watch_paint(NULL, &after, true, bytes, sizeof bytes) > 0);
  vn_watch_clear(&after, 0, 0, true);
  assert_int_equal(after.rows * after.columns, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_cut_with_a_mark),
      cmocka_unit_test(bars_span_least_and_greatest),
      cmocka_unit_test(equal_screens_need_no_bytes),
      cmocka_unit_test(only_what_changes_is_written),
      cmocka_unit_test(a_change_of_style_alone_is_written),
      cmocka_unit_test(styles_use_color_only_where_it_is_wanted),
      cmocka_unit_test(a_terminal_follows_any_screens),
      cmocka_unit_test(the_largest_screen_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
