/* Keys, the commands that they give, and what is said of the answers. */
#include "json_members.h"
#include "watch_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static vn_watch_ask_t ask;
static vn_watch_view_t view;
static vn_watch_alert_t alert;
static char command[VN_WATCH_COMMAND_BYTES];

static int begin(void **state) {
  (void)state;
  ask = (vn_watch_ask_t){.by = "ann", .session = "watch-1"};
  view = (vn_watch_view_t){.interactive = true};
  alert =
      (vn_watch_alert_t){.device = "gw", .alert = "overheat", .series = "line1/temp", .episode = 3};
  return 0;
}

static const char *give(const char *word) {
  command[vn_watch_command(&ask, word, &alert, 1000, command)] = '\0';
  return command;
}

static void commands_are_those_of_the_documentation(void **state) {
  (void)state;
  assert_string_equal(give("acknowledge"),
                      "{\"command\":\"acknowledge\",\"alert\":\"overheat\",\"series\":"
                      "\"line1/temp\",\"episode\":3,\"by\":\"ann\",\"id\":\"watch-1-1\"}");
  assert_string_equal(give("shelve"),
                      "{\"command\":\"shelve\",\"alert\":\"overheat\",\"series\":\"line1/temp\","
                      "\"for\":\"30m\",\"by\":\"ann\",\"id\":\"watch-1-2\"}");
  ask.by[0] = '\0';
  assert_string_equal(give("out_of_service"),
                      "{\"command\":\"out_of_service\",\"alert\":\"overheat\",\"series\":"
                      "\"line1/temp\",\"id\":\"watch-1-3\"}");
  alert.episode = 0;
  assert_string_equal(give("reset"),
                      "{\"command\":\"reset\",\"alert\":\"overheat\",\"series\":\"line1/temp\","
                      "\"id\":\"watch-1-4\"}");
}

static void the_longest_names_fit_however_they_are_escaped(void **state) {
  (void)state;
  memset(alert.alert, 1, sizeof alert.alert - 1);
  memset(alert.series, 1, sizeof alert.series - 1);
  memset(ask.by, 1, sizeof ask.by - 1);
  alert.episode = INT64_MAX;
  const char *text = give("acknowledge");
  json_object_t object = json_object((vn_text_t){text, strlen(text)});
  assert_int_equal(json_member(&object, "series")->length, 6 * (sizeof alert.series - 1));
}

static void answer(const char *id, const char *result, const char *error, const char *text) {
  vn_watch_answer_t answered = {.changed = 1};
  (void)snprintf(answered.id, sizeof answered.id, "%s", id);
  (void)snprintf(answered.result, sizeof answered.result, "%s", result);
  (void)snprintf(answered.error, sizeof answered.error, "%s", error);
  (void)snprintf(answered.text, sizeof answered.text, "%s", text);
  vn_watch_answered(&ask, &answered, &view);
}

static void the_answer_is_shown(void **state) {
  (void)state;
  (void)give("acknowledge");
  answer("watch-1-1", "done", "", "");
  assert_string_equal(view.notice, "acknowledge overheat line1/temp: done");
  (void)give("unshelve");
  answer("watch-1-2", "error", "no_effect", "it is not shelved");
  assert_string_equal(view.notice,
                      "unshelve overheat line1/temp: refused, no_effect: it is not shelved");
  assert_int_equal(view.notice_style, VN_WATCH_ALARM);
}

static void answers_to_others_are_let_be(void **state) {
  (void)state;
  answer("", "done", "", "");
  assert_string_equal(view.notice, "");
  (void)give("acknowledge");
  answer("watch-2-1", "error", "alert", "x");
  assert_string_equal(view.notice, "");
  answer("watch-1-1", "done", "", "");
  vn_watch_say(&view, VN_WATCH_PLAIN, "");
  answer("watch-1-1", "done", "", ""); /* twice, as QoS 1 may bring it */
  assert_string_equal(view.notice, "");
}

static void a_device_that_does_not_answer_is_told(void **state) {
  (void)state;
  (void)give("reset");
  vn_watch_waited(&ask, &view, 5999);
  assert_string_equal(view.notice, "");
  vn_watch_waited(&ask, &view, 6000);
  assert_string_equal(view.notice, "reset overheat line1/temp: no answer from gw within 5 s");
  vn_watch_say(&view, VN_WATCH_PLAIN, "");
  vn_watch_waited(&ask, &view, 7000);
  assert_string_equal(view.notice, "");
}

/* The keys of some input, the last one that has a meaning. */
static vn_watch_key_t last_key(const char *input, unsigned *count) {
  vn_watch_keys_t keys = {.state = 0};
  vn_watch_key_t last = VN_WATCH_KEY_NONE;
  *count = 0;
  for (; *input != '\0'; input++) {
    vn_watch_key_t key = vn_watch_take_key(&keys, (uint8_t)*input);
    last = key != VN_WATCH_KEY_NONE ? key : last;
    *count += key != VN_WATCH_KEY_NONE ? 1 : 0;
  }
  return last;
}

static void keys_come_in_one_byte_or_more(void **state) {
  static const struct {
    const char *input;
    vn_watch_key_t key;
  } cases[] = {
      {"\x1b[A", VN_WATCH_KEY_UP},        {"\x1bOB", VN_WATCH_KEY_DOWN},
      {"\x1b[5~", VN_WATCH_KEY_PAGE_UP},  {"\x1b[6~", VN_WATCH_KEY_PAGE_DOWN},
      {"\x1b[H", VN_WATCH_KEY_FIRST},     {"\x1b[4~", VN_WATCH_KEY_LAST},
      {"a", VN_WATCH_KEY_ACKNOWLEDGE},    {"s", VN_WATCH_KEY_SHELVE},
      {"u", VN_WATCH_KEY_UNSHELVE},       {"r", VN_WATCH_KEY_RESET},
      {"o", VN_WATCH_KEY_OUT_OF_SERVICE}, {"i", VN_WATCH_KEY_IN_SERVICE},
      {"q", VN_WATCH_KEY_QUIT},           {"\x1b\x1b[A", VN_WATCH_KEY_UP},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned count;
    assert_int_equal(last_key(cases[i].input, &count), cases[i].key);
    assert_int_equal(count, 1);
  }
}

static void keys_without_a_meaning_give_no_command(void **state) {
  static const char *const inputs[] = {"\x1b[15~", "\x1b[1;5a", "\x1bOr",  "\x1b[200~",
                                       "x",        "\x1bq",     "\xc3\xa4"};
  (void)state;
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    unsigned count;
    (void)last_key(inputs[i], &count);
    assert_int_equal(count, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(commands_are_those_of_the_documentation, begin),
      cmocka_unit_test_setup(the_longest_names_fit_however_they_are_escaped, begin),
      cmocka_unit_test_setup(the_answer_is_shown, begin),
      cmocka_unit_test_setup(answers_to_others_are_let_be, begin),
      cmocka_unit_test_setup(a_device_that_does_not_answer_is_told, begin),
      cmocka_unit_test(keys_come_in_one_byte_or_more),
      cmocka_unit_test(keys_without_a_meaning_give_no_command),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
