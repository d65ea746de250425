/* Words and texts that users, counters and documents rely on. */
#include "vn/error.h"
#include "vn/reason.h"
#include "vn/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct entry {
  vn_err_t error;
  const char *name;
} entry_t;

#define ENTRY(name, number, text) {name, #name},
static const entry_t entries[] = {VN_ERR_LIST(ENTRY)};
#define ENTRY_COUNT (sizeof entries / sizeof *entries)

static void every_error_has_its_own_name_text_and_number(void **state) {
  (void)state;
  for (size_t i = 0; i < ENTRY_COUNT; i++) {
    assert_string_equal(vn_err_name(entries[i].error), entries[i].name);
    assert_true(strlen(vn_err_text(entries[i].error)) > 1);
    for (size_t j = 0; j < i; j++) {
      assert_int_not_equal(entries[i].error, entries[j].error);
      assert_string_not_equal(vn_err_text(entries[i].error), vn_err_text(entries[j].error));
    }
  }
}

static void error_numbers_lie_in_the_documented_ranges(void **state) {
  (void)state;
  for (size_t i = 0; i < ENTRY_COUNT; i++) {
    bool is_error = strncmp(entries[i].name, "VN_ERR_", 7) == 0;
    assert_int_equal(is_error, entries[i].error < 0);
    assert_true(entries[i].error > -100);
  }
  assert_int_equal(VN_OK, 0);
}

static void unknown_error_still_has_a_text(void **state) {
  (void)state;
  assert_string_equal(vn_err_text((vn_err_t)-999), "unknown error");
  assert_string_equal(vn_err_name((vn_err_t)-999), "VN_ERR_UNKNOWN");
}

static bool is_plain_word(const char *word) {
  if (*word < 'a' || *word > 'z') {
    return false;
  }
  for (; *word != '\0'; word++) {
    bool lower = *word >= 'a' && *word <= 'z';
    bool digit = *word >= '0' && *word <= '9';
    if (!lower && !digit && *word != '_') {
      return false;
    }
  }
  return true;
}

static void every_reason_has_its_own_plain_word(void **state) {
  (void)state;
  for (int i = 0; i < VN_REASON_COUNT; i++) {
    const char *word = vn_reason_word((vn_reason_t)i);
    assert_true(is_plain_word(word));
    assert_true(strlen(vn_reason_text((vn_reason_t)i)) > 3);
    for (int j = 0; j < i; j++) {
      assert_string_not_equal(word, vn_reason_word((vn_reason_t)j));
    }
  }
  assert_string_equal(vn_reason_word(VN_REASON_LATE), "late");
  assert_string_equal(vn_reason_word(VN_REASON_NO_WINDOW), "no_window");
  assert_string_equal(vn_reason_word((vn_reason_t)VN_REASON_COUNT), "unknown");
  assert_string_equal(vn_reason_text((vn_reason_t)VN_REASON_COUNT), "unknown reason");
}

static void statistics_and_kinds_have_the_words_of_the_result_lines(void **state) {
  (void)state;
  assert_string_equal(vn_statistic_word(VN_STATISTIC_COUNT), "count");
  assert_string_equal(vn_statistic_word(VN_STATISTIC_VARIANCE_SAMPLE), "variance_sample");
  assert_string_equal(vn_statistic_word(VN_STATISTIC_RANGE), "range");
  static const char *const kinds[] = {"on_time", "late", "idle", "early", "forced", "partial"};
  for (int i = 0; i < VN_KIND_COUNT; i++) {
    assert_string_equal(vn_kind_word((vn_kind_t)i), kinds[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_error_has_its_own_name_text_and_number),
      cmocka_unit_test(error_numbers_lie_in_the_documented_ranges),
      cmocka_unit_test(unknown_error_still_has_a_text),
      cmocka_unit_test(every_reason_has_its_own_plain_word),
      cmocka_unit_test(statistics_and_kinds_have_the_words_of_the_result_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
