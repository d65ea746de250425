/* Alert messages: state and event of a transition, against known text. */
#include "vn/alert_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static vn_alert_rule_t rule;
static vn_transition_t transition;
static const vn_message_head_t head = {"gw-1", 43, 7};
static char text[8192];

static int prepare(void **state) {
  (void)state;
  rule = (vn_alert_rule_t){
      .limit = 8000, .hysteresis = 500, .for_ms = 10000, .condition = VN_ALERT_ABOVE};
  transition = (vn_transition_t){.alert = "overheat",
                                 .severity = "critical",
                                 .pipeline = "temperature",
                                 .unit = "Cel",
                                 .of = "value",
                                 .series = {"line1/temp", 10},
                                 .rule = &rule,
                                 .at_ms = INT64_C(1795225600250),
                                 .starts_ms = INT64_C(1795225590000),
                                 .ends_ms = 1,
                                 .value = {8120, 1, 0, 0},
                                 .has_value = true,
                                 .episode = 3,
                                 .exponent = -2,
                                 .from = VN_ALERT_PENDING,
                                 .phase = VN_ALERT_FIRING};
  return 0;
}

static const char *state_text(void) {
  size_t length = vn_alert_state_message(&head, &transition, text, sizeof text - 1);
  assert_true(length < sizeof text);
  text[length] = '\0';
  return text;
}

static const char *event_text(void) {
  size_t length = vn_alert_event_message(&head, &transition, text, sizeof text - 1);
  assert_true(length < sizeof text);
  text[length] = '\0';
  return text;
}

static void a_firing_alert_is_told_in_full(void **state) {
  (void)state;
  assert_string_equal(
      state_text(),
      "{\"alert\":\"overheat\",\"series\":\"line1/temp\",\"pipeline\":\"temperature\","
      "\"of\":\"value\",\"state\":\"firing\",\"severity\":\"critical\",\"episode\":3,"
      "\"value\":81.2,\"limit\":80,\"unit\":\"Cel\",\"starts_at\":1795225590000,"
      "\"ends_at\":null,\"at\":1795225600250,"
      "\"summary\":\"overheat firing: line1/temp value 81.2 Cel, limit above 80 Cel, "
      "at 2026-11-21T01:46:40.250Z\","
      "\"device\":\"gw-1\",\"boot\":7,\"seq\":43,\"id\":\"gw-1:overheat:line1/temp:3:firing\"}");
}

static void the_event_has_a_phase(void **state) {
  (void)state;
  assert_non_null(strstr(event_text(), "\"state\":\"firing\",\"phase\":\"firing\","));
  transition.from = VN_ALERT_NORMAL;
  transition.phase = VN_ALERT_NORMAL;
  transition.event = VN_ALERT_EVENT_RESOLVED;
  transition.has_end = true;
  transition.ends_ms = INT64_C(1795225600000);
  assert_non_null(strstr(event_text(), "\"state\":\"normal\",\"phase\":\"resolved\","));
  assert_non_null(strstr(text, "\"ends_at\":1795225600000,"));
  assert_non_null(strstr(text, "\"id\":\"gw-1:overheat:line1/temp:3:resolved\"}"));
}

static void what_may_come_again_in_an_episode_is_told_apart_by_its_revision(void **state) {
  (void)state;
  transition.revision = 4;
  for (int event = VN_ALERT_EVENT_FIRING; event < VN_ALERT_EVENT_COUNT; event++) {
    char id[96];
    const char *word = vn_alert_event_word((vn_alert_event_t)event);
    bool once = event == VN_ALERT_EVENT_FIRING || event == VN_ALERT_EVENT_RESOLVED;
    transition.event = (uint8_t)event;
    (void)snprintf(id, sizeof id, "gw-1:overheat:line1/temp:3:%s%s\"}", word, once ? "" : ":4");
    assert_non_null(strstr(event_text(), id));
  }
}

static void recovering_has_an_end(void **state) {
  (void)state;
  transition.from = VN_ALERT_FIRING;
  transition.phase = VN_ALERT_RECOVERING;
  transition.has_end = true;
  assert_non_null(strstr(state_text(), "\"state\":\"recovering\""));
  assert_non_null(strstr(text, "\"ends_at\":1,"));
}

static void a_mean_is_exact_in_value_and_rounded_for_people(void **state) {
  (void)state;
  transition.of = "minute.mean";
  transition.value = (vn_alert_value_t){-24500, 3, 0, 0};
  assert_non_null(strstr(state_text(), "\"value\":-81.666666666666667,"));
  assert_non_null(strstr(text, "line1/temp minute.mean -81.67 Cel, limit above 80 Cel,"));
}

static void absence_has_neither_value_nor_limit(void **state) {
  (void)state;
  rule = (vn_alert_rule_t){.period_ms = 90500, .condition = VN_ALERT_ABSENT_FOR};
  transition.has_value = false;
  transition.unit = "";
  assert_non_null(strstr(state_text(), "\"value\":null,\"limit\":null,"));
  assert_non_null(strstr(text, "firing: line1/temp, limit no reading for 90.5 s, at "));
  rule.condition = VN_ALERT_UNCHANGED_FOR;
  transition.has_value = true;
  assert_non_null(strstr(state_text(), "value 81.2, limit unchanged for 90.5 s, at "));
  rule = (vn_alert_rule_t){.limit = 4125, .condition = VN_ALERT_DEVIATION};
  assert_non_null(strstr(state_text(), "\"limit\":null,"));
  assert_non_null(strstr(text, "value 81.2, limit deviation 4.125, at "));
}

static void times_for_people_are_right_on_calendar_edges(void **state) {
  (void)state;
  static const struct {
    vn_time_ms_t time_ms;
    const char *text;
  } cases[] = {
      {0, "at 1970-01-01T00:00:00Z\""},
      {-1, "at 1969-12-31T23:59:59.999Z\""},
      {INT64_C(951782400000), "at 2000-02-29T00:00:00Z\""},
      {INT64_C(4107542399000), "at 2100-02-28T23:59:59Z\""},
      {INT64_C(4107542400000), "at 2100-03-01T00:00:00Z\""},
      {INT64_C(1709251199001), "at 2024-02-29T23:59:59.001Z\""},
      {VN_TIME_LOWEST_MS, "at 0001-01-01T00:00:00Z\""},
      {VN_TIME_HIGHEST_MS, "at 9999-12-31T23:59:59.999Z\""},
      {VN_TIME_PLUS_INFINITY, "at 9999-12-31T23:59:59.999Z\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    transition.at_ms = cases[i].time_ms;
    assert_non_null(strstr(state_text(), cases[i].text));
  }
}

/* The words are longer than any plan's, and of bytes that need escapes. */
static void the_bound_holds_for_every_name(void **state) {
  (void)state;
  enum { WORD_BYTES = 200 };
  static char word[WORD_BYTES + 1];
  static char series[UINT8_MAX];
  static const char fills[] = {'n', '"', '\x01', '\xFF'};
  static const int8_t exponents[] = {-18, 0, 18};
  static const uint16_t lengths[] = {16, UINT8_MAX};
  const vn_message_head_t worst = {word, UINT64_MAX, UINT32_MAX};
  memset(series, 's', sizeof series);
  transition = (vn_transition_t){.alert = word,
                                 .severity = word,
                                 .pipeline = word,
                                 .unit = word,
                                 .of = word,
                                 .rule = &rule,
                                 .at_ms = VN_TIME_LOWEST_MS + 1,
                                 .starts_ms = INT64_MIN,
                                 .ends_ms = INT64_MIN,
                                 .value = {INT64_MIN, 1, 0, 0},
                                 .has_value = true,
                                 .episode = UINT32_MAX,
                                 .revision = UINT16_MAX,
                                 .event = VN_ALERT_EVENT_OUT_OF_SERVICE,
                                 .from = VN_ALERT_FIRING,
                                 .phase = VN_ALERT_RECOVERING,
                                 .has_end = true};
  rule.limit = INT64_MIN;
  rule.period_ms = INT64_MAX;
  for (unsigned i = 0; i < 4 * 3 * 2 * 4 * 2; i++) {
    memset(word, fills[i % 4], WORD_BYTES);
    transition.exponent = exponents[i / 4 % 3];
    transition.series = (vn_text_t){series, lengths[i / 12 % 2]};
    rule.condition = (uint8_t)(i / 24 % 4);
    transition.value.denominator = i / 96 == 0 ? 1 : UINT32_MAX;
    size_t bound = vn_alert_message_max(word, lengths[i / 12 % 2]);
    size_t length = vn_alert_event_message(&worst, &transition, NULL, 0);
    assert_true(length <= bound && bound < length + 600);
  }
}

static void tells_the_length_it_would_need(void **state) {
  (void)state;
  char narrow[16] = "###############";
  size_t length = vn_alert_state_message(&head, &transition, text, sizeof text);
  assert_int_equal(vn_alert_state_message(&head, &transition, narrow, 8), length);
  assert_int_equal(narrow[8], '#');
}

#define TEST(name) cmocka_unit_test_setup(name, prepare)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_firing_alert_is_told_in_full),
      TEST(the_event_has_a_phase),
      TEST(what_may_come_again_in_an_episode_is_told_apart_by_its_revision),
      TEST(recovering_has_an_end),
      TEST(a_mean_is_exact_in_value_and_rounded_for_people),
      TEST(absence_has_neither_value_nor_limit),
      TEST(times_for_people_are_right_on_calendar_edges),
      TEST(the_bound_holds_for_every_name),
      TEST(tells_the_length_it_would_need),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
