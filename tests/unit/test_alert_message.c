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
                                 .no_data_after_ms = 90000,
                                 .shelved_until_ms = INT64_C(1795225640000),
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
      "\"of\":\"value\",\"state\":\"firing\",\"severity\":\"critical\",\"episode\":3,\"rev\":0,"
      "\"value\":81.2,\"limit\":80,\"unit\":\"Cel\",\"starts_at\":1795225590000,"
      "\"ends_at\":null,\"at\":1795225600250,\"acknowledged\":false,"
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

static void a_float_is_told_with_six_digits_for_people(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *member, *words;
  } cases[] = {
      {0.25, "\"value\":0.25,", "minute.stddev 0.25 Cel,"},
      {-1234567.5, "\"value\":-1234567.5,", "minute.stddev -1234570 Cel,"},
      {1e-30, "\"value\":0,", "minute.stddev 0 Cel,"},
      {1e30, "\"value\":9223372036854775800,", "minute.stddev 9223370000000000000 Cel,"},
      {-1e30, "\"value\":-9223372036854775800,", "minute.stddev -9223370000000000000 Cel,"},
  };
  transition.of = "minute.stddev";
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    transition.value = (vn_alert_value_t){.real = cases[i].value};
    assert_non_null(strstr(state_text(), cases[i].member));
    assert_non_null(strstr(text, cases[i].words));
  }
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

/* What people read, over all that is told. */
static const struct {
  uint8_t event, phase;
  uint16_t flags;
  const char *by, *sentence;
} sentences[] = {
    {VN_ALERT_EVENT_FIRING, VN_ALERT_FIRING, 0, "",
     "overheat firing: line1/temp value 81.2 Cel, limit above 80 Cel, "},
    {VN_ALERT_EVENT_RESOLVED, VN_ALERT_NORMAL, 0, "",
     "overheat resolved: line1/temp value 81.2 Cel, limit above 80 Cel, "},
    {VN_ALERT_EVENT_RESOLVED, VN_ALERT_NORMAL, 0, "ann",
     "overheat resolved by ann: line1/temp value 81.2 Cel, limit above 80 Cel, "},
    {VN_ALERT_EVENT_ESCALATED, VN_ALERT_FIRING, 0, "",
     "overheat escalated to critical: line1/temp value 81.2 Cel, limit above 80 Cel, "},
    {VN_ALERT_EVENT_EASED, VN_ALERT_FIRING, 0, "",
     "overheat eased to critical: line1/temp value 81.2 Cel, limit above 80 Cel, "},
    {VN_ALERT_EVENT_LATCHED, VN_ALERT_RECOVERING, VN_ALERT_FLAG_LATCHED, "",
     "overheat is over and waits for a reset: line1/temp value 81.2 Cel, limit above 80 Cel, "},
    {VN_ALERT_EVENT_REPEATED, VN_ALERT_FIRING, 0, "",
     "overheat still firing: line1/temp value 81.2 Cel, limit above 80 Cel, "},
    {VN_ALERT_EVENT_ACKNOWLEDGED, VN_ALERT_FIRING, VN_ALERT_FLAG_ACKNOWLEDGED, "ann",
     "overheat acknowledged by ann: line1/temp, now firing, "},
    {VN_ALERT_EVENT_EVIDENCE, VN_ALERT_FIRING, 0, "",
     "overheat evidence: line1/temp, the readings before and after it, "},
    {VN_ALERT_EVENT_NO_DATA, VN_ALERT_NO_DATA, VN_ALERT_FLAG_NO_DATA, "",
     "overheat has no data: line1/temp, no reading for 90 s, "},
    {VN_ALERT_EVENT_DATA, VN_ALERT_RECOVERING, 0, "",
     "overheat has data again: line1/temp, now recovering, "},
    {VN_ALERT_EVENT_SHELVED, VN_ALERT_NORMAL, VN_ALERT_FLAG_SHELVED, "ann",
     "overheat shelved by ann until 2026-11-21T01:47:20Z: line1/temp, now normal, "},
    {VN_ALERT_EVENT_SHELVED, VN_ALERT_FIRING, VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_SHELVED_ONCE,
     "", "overheat shelved until an episode ends: line1/temp, now firing, "},
    {VN_ALERT_EVENT_UNSHELVED, VN_ALERT_NO_DATA, VN_ALERT_FLAG_NO_DATA, "",
     "overheat no longer shelved: line1/temp, now without data, "},
    {VN_ALERT_EVENT_OUT_OF_SERVICE, VN_ALERT_RECOVERING,
     VN_ALERT_FLAG_OUT_OF_SERVICE | VN_ALERT_FLAG_LATCHED, "",
     "overheat taken out of service: line1/temp, now latched, "},
    {VN_ALERT_EVENT_IN_SERVICE, VN_ALERT_PENDING, 0, "bob",
     "overheat back in service by bob: line1/temp, now pending, "},
};

static void every_event_has_a_sentence_of_its_own(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
    char expected[200];
    transition.event = sentences[i].event;
    transition.phase = sentences[i].phase;
    transition.flags = sentences[i].flags;
    transition.by = (vn_text_t){sentences[i].by, strlen(sentences[i].by)};
    (void)snprintf(expected, sizeof expected, "\"summary\":\"%sat 2026-11-21T01:46:40.250Z\"",
                   sentences[i].sentence);
    if (strstr(state_text(), expected) == NULL) {
      fail_msg("%s is not in %s", expected, text);
    }
  }
}

static const vn_alert_limits_t steps[] = {{VN_ALERT_NO_LOW, 8000, 0}, {1000, 9000, 0}};
static const struct {
  vn_alert_rule_t rule;
  vn_alert_value_t value;
  const char *limit, *words;
  uint8_t level;
  bool high;
} conditions[] = {
    {{.limit = 8000, .condition = VN_ALERT_BELOW},
     {7900, 1, 0, 0},
     "\"limit\":80,",
     "value 79 Cel, limit below 80 Cel, at",
     0,
     false},
    {{.limit = 8000, .low = 1000, .condition = VN_ALERT_OUTSIDE},
     {8100, 1, 0, 0},
     "\"limit\":80,",
     "value 81 Cel, limit above 80 Cel, at",
     0,
     true},
    {{.limit = 8000, .low = 1000, .condition = VN_ALERT_OUTSIDE},
     {900, 1, 0, 0},
     "\"limit\":10,",
     "value 9 Cel, limit below 10 Cel, at",
     0,
     false},
    {{.limit = 8000, .low = 1000, .condition = VN_ALERT_INSIDE},
     {2000, 1, 0, 0},
     "\"limit\":80,\"low\":10,",
     "value 20 Cel, limit inside 10 to 80 Cel, at",
     0,
     false},
    {{.levels = steps, .level_count = 2, .condition = VN_ALERT_LEVELS},
     {9100, 1, 0, 0},
     "\"limit\":90,",
     "firing, critical: line1/temp value 91 Cel, limit above 90 Cel, at",
     2,
     true},
    {{.levels = steps, .level_count = 2, .condition = VN_ALERT_LEVELS},
     {900, 1, 0, 0},
     "\"limit\":10,",
     "value 9 Cel, limit below 10 Cel, at",
     2,
     false},
    {{.levels = steps, .level_count = 2, .condition = VN_ALERT_LEVELS},
     {900, 1, 0, 0},
     "\"limit\":null,",
     "value 9 Cel, at",
     0,
     false},
    {{.limit = 500, .low = VN_ALERT_NO_LOW, .period_ms = 60000, .condition = VN_ALERT_RATE},
     {37800, 60, 0, 0},
     "\"limit\":5,",
     "value changing by 6.3 Cel in 60 s, limit above 5 Cel, at",
     0,
     true},
    {{.limit = 8000, .period_ms = 600000, .condition = VN_ALERT_REACHES, .real = true},
     {0, 0, 81.23456789, 70},
     "\"limit\":80,",
     "value heading for 81.2346 Cel in 600 s, limit at least 80 Cel, at",
     0,
     false},
    {{.limit = 8000, .period_ms = 600000, .condition = VN_ALERT_FALLS_TO, .real = true},
     {0, 0, -0.000012345678, 70},
     "\"limit\":80,",
     "value heading for -0.0000123457 Cel in 600 s, limit at most 80 Cel, at",
     0,
     false},
    {{.period_ms = 600000, .times = 5, .condition = VN_ALERT_ABSENT_FOR},
     {0, 1, 0, 0},
     "\"limit\":null,",
     "value 0 Cel, limit no reading for 5 times its period, at",
     0,
     false},
};

static void every_condition_tells_its_limit(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
    transition.rule = &conditions[i].rule;
    transition.value = conditions[i].value;
    transition.level = conditions[i].level;
    transition.high_side = conditions[i].high;
    if (strstr(state_text(), conditions[i].limit) == NULL ||
        strstr(text, conditions[i].words) == NULL) {
      fail_msg("%s or %s is not in %s", conditions[i].limit, conditions[i].words, text);
    }
  }
}

static void a_level_is_told_with_its_number(void **state) {
  (void)state;
  assert_null(strstr(state_text(), "\"level\""));
  rule = (vn_alert_rule_t){.levels = steps, .level_count = 2, .condition = VN_ALERT_LEVELS};
  transition.level = 2;
  assert_non_null(strstr(state_text(), "\"severity\":\"critical\",\"level\":2,\"episode\":3,"));
}

static void what_people_did_is_told_while_it_holds(void **state) {
  (void)state;
  assert_non_null(strstr(state_text(), "\"acknowledged\":false,\"summary\""));
  transition.flags = VN_ALERT_FLAG_ACKNOWLEDGED | VN_ALERT_FLAG_SHELVED |
                     VN_ALERT_FLAG_OUT_OF_SERVICE | VN_ALERT_FLAG_LATCHED;
  transition.shelved_until_ms = INT64_C(1795225640000);
  transition.has_group = true;
  transition.by = (vn_text_t){"a\"n", 3};
  transition.comment = (vn_text_t){"line\n2", 6};
  assert_non_null(strstr(state_text(),
                         "\"at\":1795225600250,\"acknowledged\":true,\"latched\":true,"
                         "\"shelved_until\":1795225640000,\"out_of_service\":true,"
                         "\"first_in_group\":false,\"by\":\"a\\\"n\","
                         "\"comment\":\"line\\n2\",\"summary\""));
  transition.flags = VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_SHELVED_ONCE;
  transition.phase = VN_ALERT_NORMAL;
  transition.has_group = false;
  transition.by = transition.comment = (vn_text_t){"", 0};
  assert_non_null(strstr(state_text(), "\"at\":1795225600250,\"shelved_once\":true,\"summary\""));
}

static void silence_does_not_hide_an_open_episode(void **state) {
  (void)state;
  transition.event = VN_ALERT_EVENT_NO_DATA;
  transition.phase = VN_ALERT_NO_DATA;
  assert_non_null(strstr(state_text(), "\"state\":\"no_data\""));
  assert_non_null(strstr(text, "\"acknowledged\":false"));
  transition.has_end = true;
  transition.ends_ms = INT64_C(1795225600000);
  assert_null(strstr(state_text(), "acknowledged"));
  assert_non_null(strstr(text, "\"starts_at\":1795225590000,\"ends_at\":1795225600000,"));
}

static void a_state_that_no_episode_belongs_to_has_no_times(void **state) {
  (void)state;
  transition.event = VN_ALERT_EVENT_SHELVED;
  transition.phase = VN_ALERT_NORMAL;
  transition.episode = 0;
  assert_non_null(strstr(state_text(), "\"starts_at\":null,\"ends_at\":null,"));
  transition.episode = 3;
  transition.has_end = true;
  transition.ends_ms = transition.starts_ms - 1;
  assert_non_null(strstr(state_text(), "\"starts_at\":null,\"ends_at\":1795225589999,"));
  transition.phase = VN_ALERT_PENDING;
  transition.has_end = false;
  assert_non_null(strstr(state_text(), "\"starts_at\":1795225590000,\"ends_at\":null,"));
}

static void labels_and_annotations_are_told_as_they_are(void **state) {
  (void)state;
  transition.labels = "{\"site\":\"north\"}";
  transition.annotations = "{\"runbook\":\"https://example.org/r\"}";
  assert_non_null(strstr(event_text(),
                         ",\"labels\":{\"site\":\"north\"},\"annotations\":"
                         "{\"runbook\":\"https://example.org/r\"},\"summary\":"));
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
      TEST(a_float_is_told_with_six_digits_for_people),
      TEST(absence_has_neither_value_nor_limit),
      TEST(times_for_people_are_right_on_calendar_edges),
      TEST(every_event_has_a_sentence_of_its_own),
      TEST(every_condition_tells_its_limit),
      TEST(a_level_is_told_with_its_number),
      TEST(what_people_did_is_told_while_it_holds),
      TEST(silence_does_not_hide_an_open_episode),
      TEST(a_state_that_no_episode_belongs_to_has_no_times),
      TEST(labels_and_annotations_are_told_as_they_are),
      TEST(tells_the_length_it_would_need),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
