/* Answers to commands: what they say, and that they fit their bound. */
#include "vn/command_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const vn_message_head_t head = {"gw-17", 42, 7};
static char out[4096];
static vn_command_t command;

static vn_text_t view(const char *text) { return (vn_text_t){text, strlen(text)}; }

static vn_answer_t answer_to(vn_command_kind_t kind, const char *id) {
  memset(&command, 0, sizeof command);
  command.kind = (uint8_t)kind;
  command.id = view(id);
  return (vn_answer_t){.command = &command, .at_ms = INT64_C(1795225672000)};
}

static void assert_message(const vn_answer_t *answer, const char *expected) {
  size_t length = vn_answer_message(&head, answer, out, sizeof out - 1);
  assert_true(length <= vn_answer_max(head.device, 64));
  out[length] = '\0';
  assert_string_equal(out, expected);
}

static void what_is_done_is_said_with_how_often(void **state) {
  (void)state;
  vn_answer_t answer = answer_to(VN_COMMAND_SHELVE, "a1");
  answer.changed = 3;
  assert_message(&answer,
                 "{\"id\":\"a1\",\"command\":\"shelve\",\"result\":\"done\",\"changed\":3,"
                 "\"at\":1795225672000,\"device\":\"gw-17\",\"boot\":7}");
}

static void what_is_refused_is_said_with_the_reason(void **state) {
  (void)state;
  vn_answer_t answer = answer_to(VN_COMMAND_COUNT, "");
  answer.suppressed = 2;
  answer.problem = (vn_command_problem_t){
      .text = "malformed JSON", .offset = 17, .error = VN_COMMAND_ERROR_JSON};
  assert_message(&answer,
                 "{\"result\":\"error\",\"error\":\"json\",\"text\":\"malformed JSON at byte 17\","
                 "\"changed\":0,\"suppressed\":2,\"at\":1795225672000,\"device\":\"gw-17\","
                 "\"boot\":7}");
  answer = answer_to(VN_COMMAND_RESET, "");
  answer.problem = (vn_command_problem_t){
      .member = view("ser\"ie"), .text = "is no member", .error = VN_COMMAND_ERROR_MEMBER};
  assert_message(&answer,
                 "{\"command\":\"reset\",\"result\":\"error\",\"error\":\"member\","
                 "\"text\":\"`ser\\\"ie` is no member\",\"changed\":0,\"at\":1795225672000,"
                 "\"device\":\"gw-17\",\"boot\":7}");
}

static void a_list_has_as_many_alerts_as_fit_and_the_way_on(void **state) {
  (void)state;
  const vn_alert_state_t firing = {.phase = VN_ALERT_FIRING,
                                   .pending_since_ms = INT64_C(1795225661000),
                                   .episode = 3,
                                   .flags = VN_ALERT_FLAG_ACKNOWLEDGED};
  const vn_answer_alert_t alert = {"overheat", "critical", view("line1/temp"), &firing};
  const uint32_t next = 16;
  static const char expected[] =
      "{\"command\":\"list\",\"result\":\"done\",\"alerts\":[{\"alert\":\"overheat\","
      "\"series\":\"line1/temp\",\"state\":\"firing\",\"severity\":\"critical\",\"episode\":3,"
      "\"starts_at\":1795225661000,\"acknowledged\":true}],\"next\":16,\"at\":1795225672000,"
      "\"device\":\"gw-17\",\"boot\":7}";
  vn_answer_t answer = answer_to(VN_COMMAND_LIST_ALERTS, "");
  vn_answer_writer_t writer;
  vn_answer_list_begin(&writer, &head, &answer, out, 400);
  assert_true(vn_answer_list_add(&writer, &alert));
  assert_false(vn_answer_list_add(&writer, &alert));
  size_t length = vn_answer_list_end(&writer, &next);
  assert_true(length <= 400);
  out[length] = '\0';
  assert_string_equal(out, expected);
}

static void the_longest_alert_of_all_fits_into_a_list(void **state) {
  (void)state;
  static char word[65], name[256], id[65];
  memset(word, 'w', sizeof word - 1);
  memset(name, 's', sizeof name - 1);
  memset(id, 1, sizeof id - 1);
  const vn_alert_state_t worst = {.phase = VN_ALERT_RECOVERING,
                                  .pending_since_ms = INT64_MIN,
                                  .shelved_until_ms = INT64_MIN,
                                  .episode = UINT32_MAX,
                                  .flags = VN_ALERT_FLAG_ACKNOWLEDGED | VN_ALERT_FLAG_LATCHED |
                                           VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_OUT_OF_SERVICE};
  const vn_answer_alert_t alert = {word, word, view(name), &worst};
  const vn_message_head_t worst_head = {word, UINT64_MAX, UINT32_MAX};
  const uint32_t next = UINT32_MAX;
  vn_answer_t answer = answer_to(VN_COMMAND_LIST_ALERTS, id);
  answer.at_ms = INT64_MIN;
  answer.suppressed = UINT64_MAX;
  size_t room = vn_answer_max(word, 255);
  vn_answer_writer_t writer;
  vn_answer_list_begin(&writer, &worst_head, &answer, out, room);
  assert_true(vn_answer_list_add(&writer, &alert));
  assert_true(vn_answer_list_end(&writer, &next) <= room);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_done_is_said_with_how_often),
      cmocka_unit_test(what_is_refused_is_said_with_the_reason),
      cmocka_unit_test(a_list_has_as_many_alerts_as_fit_and_the_way_on),
      cmocka_unit_test(the_longest_alert_of_all_fits_into_a_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
