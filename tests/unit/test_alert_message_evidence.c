/* Evidence in alert messages: the window, its sample, readings before and after. */
#include "vn/alert_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const vn_alert_rule_t rule = {.limit = 8000, .condition = VN_ALERT_ABOVE};
static const vn_message_head_t head = {"gw-1", 43, 7};
static vn_recent_t ring[4];
static vn_aggregate_t content;
static vn_member_t members[3];
static vn_window_t window;
static vn_window_result_t result;
static vn_transition_t transition;
static char text[4096];

static int prepare(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    ring[i] = (vn_recent_t){INT64_C(1795225600000) + i, 8000 + i};
  }
  vn_aggregate_clear(&content);
  for (int i = 0; i < 3; i++) {
    vn_aggregate_add(&content, INT64_C(1795225545000) + 20000 * i, 8110 + 20 * i);
    members[i] = (vn_member_t){INT64_C(1795225585000) - 20000 * i, 8150 - 20 * i, 5u};
  }
  window = (vn_window_t){.name = "minute", .sample = 3};
  result = (vn_window_result_t){.aggregate = &content,
                                .sample = members,
                                .start_ms = INT64_C(1795225540000),
                                .end_ms = INT64_C(1795225600000),
                                .sample_count = 3};
  transition = (vn_transition_t){.alert = "overheat",
                                 .severity = "",
                                 .pipeline = "temperature",
                                 .unit = "Cel",
                                 .of = "value",
                                 .series = {"line1/temp", 10},
                                 .rule = &rule,
                                 .at_ms = INT64_C(1795225600250),
                                 .readings = {ring, 4, 2, 4},
                                 .evidence_bytes = 512,
                                 .exponent = -2,
                                 .pipeline_exponent = -2,
                                 .episode = 1,
                                 .phase = VN_ALERT_FIRING};
  return 0;
}

static const char *event_text(void) {
  size_t length = vn_alert_event_message(&head, &transition, text, sizeof text - 1);
  assert_true(length < sizeof text);
  text[length] = '\0';
  return text;
}

static void make_of_window(void) {
  transition.of = "minute.mean";
  transition.readings.count = 0;
  transition.result = &result;
  transition.window = &window;
}

static void assert_told(const char *part) {
  if (strstr(event_text(), part) == NULL) {
    fail_msg("%s is not in %s", part, text);
  }
}

static void readings_are_told_in_order_of_arrival(void **state) {
  (void)state;
  assert_told(
      "\"readings\":[[1795225600002,80.02],[1795225600003,80.03],[1795225600000,80],"
      "[1795225600001,80.01]],\"summary\"");
  transition.readings.first = 3;
  transition.readings.count = 2;
  assert_told("\"readings\":[[1795225600003,80.03],[1795225600000,80]],\"summary\"");
}

static void what_does_not_fit_is_left_out_the_oldest_first(void **state) {
  (void)state;
  transition.evidence_bytes = 43; /* [[1795225600000,80],[1795225600001,80.01]] has 42 */
  assert_told("\"readings\":[[1795225600000,80],[1795225600001,80.01]],");
  transition.evidence_bytes = 42;
  assert_told("\"readings\":[[1795225600000,80],[1795225600001,80.01]],");
  transition.evidence_bytes = 41;
  assert_told("\"readings\":[[1795225600001,80.01]],");
  transition.evidence_bytes = 22;
  assert_told("\"readings\":[],");
}

static void a_state_carries_neither_readings_nor_samples(void **state) {
  (void)state;
  size_t length = vn_alert_state_message(&head, &transition, text, sizeof text - 1);
  text[length] = '\0';
  assert_null(strstr(text, "readings"));
  make_of_window();
  length = vn_alert_state_message(&head, &transition, text, sizeof text - 1);
  text[length] = '\0';
  assert_null(strstr(text, "sample"));
  assert_non_null(strstr(text, "\"count\":3,"));
}

static void the_window_that_caused_it_is_told_with_its_exact_statistics(void **state) {
  (void)state;
  make_of_window();
  result.sample_count = 0;
  assert_told(
      "\"window\":{\"name\":\"minute\",\"start\":1795225540000,\"end\":1795225600000,"
      "\"count\":3,\"min\":81.1,\"max\":81.5,\"mean\":81.3,\"first\":81.1,"
      "\"last\":81.5},");
  window.name = "hundred";
  window.shape = VN_WINDOW_COUNT;
  result.start_ms = 98;
  result.end_ms = 101;
  assert_told(
      "{\"name\":\"hundred\",\"start\":98,\"end\":101,\"from\":1795225545000,"
      "\"to\":1795225585000,\"count\":3,");
}

/* It lies in the order of its drawing. */
static void a_sample_is_told_in_the_order_of_time(void **state) {
  (void)state;
  make_of_window();
  assert_told(
      "\"last\":81.5,\"sample\":[[1795225545000,81.1],[1795225565000,81.3],"
      "[1795225585000,81.5]]},");
  transition.evidence_bytes = 45;
  assert_told("\"last\":81.5,\"sample\":[[1795225565000,81.3],[1795225585000,81.5]]},");
}

#define TEST(name) cmocka_unit_test_setup(name, prepare)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(readings_are_told_in_order_of_arrival),
      TEST(what_does_not_fit_is_left_out_the_oldest_first),
      TEST(a_state_carries_neither_readings_nor_samples),
      TEST(the_window_that_caused_it_is_told_with_its_exact_statistics),
      TEST(a_sample_is_told_in_the_order_of_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
