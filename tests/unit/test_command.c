/* Commands as people write them: what is read, and what every mistake is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vn/command.h"

static vn_command_t command;
static vn_command_problem_t problem;

/* From a heap block of its exact size, so that an overrun meets the sanitizer. */
static vn_command_error_t read_bytes(const void *bytes, size_t length) {
  uint8_t *copy = malloc(length + (length == 0));
  assert_non_null(copy);
  memcpy(copy, bytes, length);
  vn_command_error_t error = vn_command_read(copy, length, &command, &problem);
  assert_int_equal(problem.error, error);
  if (problem.member.length > 0) { /* a view that ends with the block */
    static char member[256];
    assert_true(problem.member.length < sizeof member);
    memcpy(member, problem.member.bytes, problem.member.length);
    problem.member.bytes = member;
  }
  free(copy);
  return error;
}

static vn_command_error_t read_text(const char *text) { return read_bytes(text, strlen(text)); }

static void assert_text(vn_text_t text, const char *expected) {
  assert_int_equal(text.length, strlen(expected));
  assert_memory_equal(text.bytes, expected, text.length);
}

static void every_member_is_read(void **state) {
  (void)state;
  assert_int_equal(
      read_text("{\"command\": \"shelve\", \"alert\": \"overheat\", \"series\": \"line1/temp\", "
                "\"for\": \"30m\", \"by\": \"ann\", \"comment\": \"cleaning\", \"id\": \"a1\"}"),
      VN_COMMAND_ERROR_NONE);
  assert_int_equal(command.kind, VN_COMMAND_SHELVE);
  assert_text(command.alert, "overheat");
  assert_text(command.series, "line1/temp");
  assert_text(command.by, "ann");
  assert_text(command.comment, "cleaning");
  assert_text(command.id, "a1");
  assert_int_equal(command.for_ms, 30 * 60000);
  assert_int_equal(command.episode, 0);
}

static void each_command_has_its_own_members(void **state) {
  (void)state;
  assert_int_equal(
      read_text("{\"alert\":\"a\",\"command\":\"acknowledge\",\"episode\":4294967295}"),
      VN_COMMAND_ERROR_NONE);
  assert_true(command.episode == UINT32_MAX);
  assert_int_equal(read_text("{\"command\":\"reset\",\"alert\":\"a\",\"episode\":1}"), 0);
  assert_int_equal(command.kind, VN_COMMAND_RESET);
  assert_int_equal(read_text("{\"command\":\"shelve\",\"alert\":\"a\",\"once\":true}"), 0);
  assert_int_equal(command.for_ms, 0);
  assert_int_equal(
      read_text("{\"command\":\"shelve\",\"alert\":\"a\",\"once\":false,\"for\":\"1s\"}"), 0);
  assert_int_equal(command.for_ms, 1000);
  assert_int_equal(read_text("{\"command\":\"unshelve\",\"alert\":\"a\"}"), 0);
  assert_int_equal(read_text("{\"command\":\"out_of_service\",\"alert\":\"a\"}"), 0);
  assert_int_equal(read_text("{\"command\":\"in_service\",\"alert\":\"a\"}"), 0);
  assert_int_equal(command.kind, VN_COMMAND_IN_SERVICE);
  assert_int_equal(read_text("{\"command\":\"list\"}"), 0);
  assert_false(command.has_after || command.has_state);
  assert_int_equal(read_text("{\"command\":\"list\",\"state\":\"no_data\",\"after\":0}"), 0);
  assert_true(command.has_after && command.has_state);
  assert_int_equal(command.state, VN_ALERT_NO_DATA);
}

static void durations_have_a_unit_and_an_end(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ms; /* 0: refused */
  } rows[] = {{"1ms", 1},
              {"90s", 90000},
              {"30m", 1800000},
              {"24h", 86400000},
              {"30d", 2592000000},
              {"720h", 2592000000},
              {"007s", 7000},
              {"31d", 0},
              {"2592000001ms", 0},
              {"0s", 0},
              {"30", 0},
              {"m", 0},
              {"", 0},
              {"-5m", 0},
              {"1.5h", 0},
              {"5 m", 0},
              {"5M", 0},
              {"1h30m", 0},
              {"1y", 0},
              {"99999999999999d", 0},
              {"9999999999999999999999999999999999999999m", 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[128];
    (void)snprintf(text, sizeof text, "{\"command\":\"shelve\",\"alert\":\"a\",\"for\":\"%s\"}",
                   rows[i].text);
    vn_command_error_t error = read_text(text);
    if (error != (rows[i].ms > 0 ? VN_COMMAND_ERROR_NONE : VN_COMMAND_ERROR_MEMBER) ||
        command.for_ms != rows[i].ms) {
      fail_msg("%s: error %d, %lld ms", rows[i].text, (int)error, (long long)command.for_ms);
    }
    if (rows[i].ms == 0) {
      assert_text(problem.member, "for");
    }
  }
}

typedef struct bad_row {
  const char *text;
  vn_command_error_t error;
  const char *member; /* "": nobody's fault */
  const char *says;   /* part of the sentence */
} bad_row_t;

static const bad_row_t kBad[] = {
    {"{\"command\":\"shelf\",\"alert\":\"a\"}", VN_COMMAND_ERROR_COMMAND, "shelf", "is no command"},
    {"{\"command\":\"\"}", VN_COMMAND_ERROR_COMMAND, "", "is no command"},
    {"{\"command\":\"a_command_that_has_a_very_long_name\"}", VN_COMMAND_ERROR_COMMAND,
     "a_command_that_has_a_very_long_name", "is no command"},
    {"{}", VN_COMMAND_ERROR_COMMAND, "", "`command` is missing"},
    {"{\"alert\":\"a\"}", VN_COMMAND_ERROR_COMMAND, "", "`command` is missing"},
    {"{\"command\":1,\"alert\":\"a\"}", VN_COMMAND_ERROR_MEMBER, "command", "must be a string"},
    {"{\"command\":null}", VN_COMMAND_ERROR_MEMBER, "command", "must be a string"},
    {"{\"command\":\"reset\"}", VN_COMMAND_ERROR_MEMBER, "alert", "is missing"},
    {"{\"command\":\"reset\",\"alert\":\"\"}", VN_COMMAND_ERROR_MEMBER, "alert", "is empty"},
    {"{\"command\":\"reset\",\"alert\":[\"a\"]}", VN_COMMAND_ERROR_MEMBER, "alert",
     "must be a string"},
    {"{\"command\":\"reset\",\"alert\":{\"id\":\"x\"}}", VN_COMMAND_ERROR_MEMBER, "alert",
     "must be a string"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"series\":\"\"}", VN_COMMAND_ERROR_MEMBER, "series",
     "is empty"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"serie\":\"b\"}", VN_COMMAND_ERROR_MEMBER, "serie",
     "is no member"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"Series\":[{}]}", VN_COMMAND_ERROR_MEMBER, "Series",
     "is no member"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"alert\":\"b\"}", VN_COMMAND_ERROR_MEMBER, "alert",
     "is there twice"},
    {"{\"command\":\"reset\",\"command\":\"list\"}", VN_COMMAND_ERROR_MEMBER, "command",
     "is there twice"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"episode\":-1}", VN_COMMAND_ERROR_MEMBER, "episode",
     "is no number of an episode"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"episode\":0}", VN_COMMAND_ERROR_MEMBER, "episode",
     "is no number of an episode"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"episode\":1.5}", VN_COMMAND_ERROR_MEMBER, "episode",
     "is no number of an episode"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"episode\":1e2}", VN_COMMAND_ERROR_MEMBER, "episode",
     "is no number of an episode"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"episode\":4294967296}", VN_COMMAND_ERROR_MEMBER,
     "episode", "is no number of an episode"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"episode\":99999999999999999999999999}",
     VN_COMMAND_ERROR_MEMBER, "episode", "is no number of an episode"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"episode\":\"1\"}", VN_COMMAND_ERROR_MEMBER,
     "episode", "must be a number"},
    {"{\"command\":\"shelve\",\"alert\":\"a\",\"episode\":1,\"once\":true}",
     VN_COMMAND_ERROR_MEMBER, "episode", "doesn't belong"},
    {"{\"command\":\"shelve\",\"alert\":\"a\"}", VN_COMMAND_ERROR_MEMBER, "for", "needs one"},
    {"{\"command\":\"shelve\",\"alert\":\"a\",\"once\":false}", VN_COMMAND_ERROR_MEMBER, "for",
     "needs one"},
    {"{\"command\":\"shelve\",\"alert\":\"a\",\"for\":\"1h\",\"once\":true}",
     VN_COMMAND_ERROR_MEMBER, "for", "needs one"},
    {"{\"command\":\"shelve\",\"alert\":\"a\",\"once\":1}", VN_COMMAND_ERROR_MEMBER, "once",
     "true or false"},
    {"{\"command\":\"shelve\",\"alert\":\"a\",\"for\":1800}", VN_COMMAND_ERROR_MEMBER, "for",
     "must be a string"},
    {"{\"command\":\"unshelve\",\"alert\":\"a\",\"for\":\"1h\"}", VN_COMMAND_ERROR_MEMBER, "for",
     "doesn't belong"},
    {"{\"command\":\"list\",\"state\":\"resolved\"}", VN_COMMAND_ERROR_MEMBER, "state",
     "is no state"},
    {"{\"command\":\"list\",\"after\":\"x\"}", VN_COMMAND_ERROR_MEMBER, "after",
     "must be a number"},
    {"{\"command\":\"list\",\"after\":-3}", VN_COMMAND_ERROR_MEMBER, "after", "is no cursor"},
    {"{\"command\":\"reset\",\"alert\":\"a\",\"state\":\"firing\"}", VN_COMMAND_ERROR_MEMBER,
     "state", "doesn't belong"},
    {"", VN_COMMAND_ERROR_JSON, "", "empty payload"},
    {"[]", VN_COMMAND_ERROR_JSON, "", "one JSON object"},
    {"\"list\"", VN_COMMAND_ERROR_JSON, "", "one JSON object"},
    {"5", VN_COMMAND_ERROR_JSON, "", "one JSON object"},
    {"{\"command\":\"list\"} {}", VN_COMMAND_ERROR_JSON, "", "behind"},
    {"{\"command\":\"nonsense\"", VN_COMMAND_ERROR_JSON, "", "malformed JSON"},
    {"{\"command\":\"list\",\"id\":\"\xff\"}", VN_COMMAND_ERROR_JSON, "", "UTF-8"},
    {"{\"command\":\"list\",\"id\":\"\\ud800\"}", VN_COMMAND_ERROR_JSON, "", "malformed JSON"},
    {"{\"id\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}", VN_COMMAND_ERROR_JSON, "", "deep"},
};

static void every_mistake_is_named(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kBad / sizeof *kBad; i++) {
    vn_command_error_t error = read_text(kBad[i].text);
    bool same_member = problem.member.length == strlen(kBad[i].member) &&
                       (problem.member.length == 0 ||
                        memcmp(problem.member.bytes, kBad[i].member, problem.member.length) == 0);
    if (error != kBad[i].error || !same_member || strstr(problem.text, kBad[i].says) == NULL) {
      fail_msg("%s: %s, %.*s, %s", kBad[i].text, vn_command_error_word(error),
               (int)problem.member.length, problem.member.bytes, problem.text);
    }
  }
}

static void damage_is_told_with_its_byte(void **state) {
  (void)state;
  assert_int_equal(read_text("{\"command\":\"list\" \"id\":\"a\"}"), VN_COMMAND_ERROR_JSON);
  assert_int_equal(problem.offset, 18);
  assert_int_equal(read_text("{\"command\":\"list\",}"), VN_COMMAND_ERROR_JSON);
  assert_int_equal(problem.offset, 18);
}

/* So that whoever asked finds the answer. */
static void the_id_of_a_bad_command_is_known_wherever_it_stands(void **state) {
  (void)state;
  assert_int_equal(read_text("{\"command\":\"fly\",\"x\":{\"y\":[1,2,{}]},\"id\":\"a1\"}"),
                   VN_COMMAND_ERROR_COMMAND);
  assert_text(command.id, "a1");
  assert_int_equal(command.kind, VN_COMMAND_COUNT);
  assert_int_equal(read_text("{\"id\":\"a2\",\"command\":\"list\",,"), VN_COMMAND_ERROR_JSON);
  assert_text(command.id, "a2");
  assert_int_equal(command.kind, VN_COMMAND_LIST_ALERTS);
}

static void texts_are_unescaped_and_may_be_as_long_as_told(void **state) {
  (void)state;
  assert_int_equal(read_text("{\"command\":\"\\u006cist\",\"series\":\"line1\\/temp\","
                             "\"by\":\"J\\u00fcrgen\",\"comment\":\"\\uD83D\\uDE00 \\\"x\\\"\"}"),
                   VN_COMMAND_ERROR_NONE);
  assert_text(command.series, "line1/temp");
  assert_text(command.by, "J\xC3\xBCrgen");
  assert_text(command.comment, "\xF0\x9F\x98\x80 \"x\"");
  static const struct {
    const char *member;
    unsigned limit;
  } rows[] = {{"alert", VN_COMMAND_ALERT_MAX},
              {"series", VN_COMMAND_SERIES_MAX},
              {"by", VN_COMMAND_BY_MAX},
              {"comment", VN_COMMAND_COMMENT_MAX},
              {"id", VN_COMMAND_ID_MAX}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (unsigned more = 0; more < 2; more++) {
      char long_text[300] = {0};
      char text[400];
      memset(long_text, 'x', rows[i].limit + more);
      (void)snprintf(text, sizeof text, "{\"command\":\"list\",\"%s\":\"%s\"}", rows[i].member,
                     long_text);
      assert_int_equal(read_text(text),
                       more == 0 ? VN_COMMAND_ERROR_NONE : VN_COMMAND_ERROR_MEMBER);
    }
    assert_text(problem.member, rows[i].member);
    assert_non_null(strstr(problem.text, "is too long"));
  }
}

static void all_texts_at_their_longest_fit_together(void **state) {
  (void)state;
  static char text[1024];
  char x[VN_COMMAND_SERIES_MAX + 1] = {0};
  memset(x, 'x', VN_COMMAND_SERIES_MAX);
  (void)snprintf(
      text, sizeof text,
      "{\"command\":\"reset\",\"alert\":\"%.64s\",\"series\":\"%.255s\",\"by\":\"%.64s\","
      "\"comment\":\"%.128s\",\"id\":\"%.63s1\"}",
      x, x, x, x, x);
  assert_int_equal(read_text(text), VN_COMMAND_ERROR_NONE);
  assert_int_equal(command.series.length, 255);
  assert_int_equal(command.id.bytes[63], '1');
}

static void no_cut_of_a_command_is_taken_for_one(void **state) {
  (void)state;
  static const char whole[] = "{\"command\":\"shelve\",\"alert\":\"a\",\"once\":true}";
  for (size_t length = 0; length < sizeof whole - 1; length++) {
    assert_int_equal(read_bytes(whole, length), VN_COMMAND_ERROR_JSON);
    assert_true(problem.offset <= length);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_member_is_read),
      cmocka_unit_test(each_command_has_its_own_members),
      cmocka_unit_test(durations_have_a_unit_and_an_end),
      cmocka_unit_test(every_mistake_is_named),
      cmocka_unit_test(damage_is_told_with_its_byte),
      cmocka_unit_test(the_id_of_a_bad_command_is_known_wherever_it_stands),
      cmocka_unit_test(texts_are_unescaped_and_may_be_as_long_as_told),
      cmocka_unit_test(all_texts_at_their_longest_fit_together),
      cmocka_unit_test(no_cut_of_a_command_is_taken_for_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
