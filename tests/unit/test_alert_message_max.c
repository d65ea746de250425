/* The upper bound of alert messages holds for every plan. */
#include "vn/alert_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Everything that a message can have. */
static vn_aggregate_t aggregate;
static const vn_window_t hundred = {.name = "hundred", .shape = VN_WINDOW_COUNT};
static vn_member_t members[VN_SAMPLE_MAX];
static vn_recent_t ring[VN_SAMPLE_MAX];
static const vn_window_result_t counted = {.aggregate = &aggregate,
                                           .sample = members,
                                           .start_ms = INT64_MIN,
                                           .end_ms = INT64_MIN,
                                           .sample_count = VN_SAMPLE_MAX};
static vn_alert_limits_t levels[2];
static vn_alert_rule_t rule;
static vn_transition_t transition;

#define EVIDENCE_BYTES 600u

/* Of a window with a full sample, or with readings. */
static void make_longest(const char *word, bool of_window) {
  for (unsigned i = 0; i < VN_SAMPLE_MAX; i++) {
    members[i] = (vn_member_t){INT64_MIN, INT32_MIN, i};
    ring[i] = (vn_recent_t){INT64_MIN, INT32_MIN};
  }
  aggregate = (vn_aggregate_t){.sum = INT64_MIN + 1,
                               .min = INT32_MIN,
                               .max = INT32_MIN,
                               .first = INT32_MIN,
                               .last = INT32_MIN,
                               .count = UINT32_MAX,
                               .first_ms = INT64_MIN,
                               .last_ms = INT64_MIN};
  levels[0] = levels[1] = (vn_alert_limits_t){INT64_MIN + 1, INT64_MIN + 1, 0};
  rule = (vn_alert_rule_t){.limit = INT64_MIN + 1,
                           .low = INT64_MIN + 1,
                           .period_ms = INT64_MAX,
                           .levels = levels,
                           .level_count = 2};
  transition =
      (vn_transition_t){.alert = word,
                        .severity = word,
                        .pipeline = word,
                        .unit = word,
                        .of = word,
                        .labels = "{\"line\":\"1\"}",
                        .annotations = "{\"runbook\":\"close the valve\"}",
                        .rule = &rule,
                        .at_ms = VN_TIME_LOWEST_MS + 1,
                        .starts_ms = INT64_MIN,
                        .ends_ms = INT64_MIN,
                        .shelved_until_ms = INT64_MIN,
                        .value = {INT64_MIN, 1, 0, 0},
                        .has_value = true,
                        .by = {word, strlen(word)},
                        .comment = {word, strlen(word)},
                        .result = of_window ? &counted : NULL,
                        .window = &hundred,
                        .readings = {ring, VN_SAMPLE_MAX, 7, of_window ? 0 : VN_SAMPLE_MAX},
                        .evidence_bytes = EVIDENCE_BYTES,
                        .no_data_after_ms = INT64_MAX,
                        .episode = UINT32_MAX,
                        .revision = UINT32_MAX,
                        .flags = UINT16_MAX & ~VN_ALERT_FLAG_SHELVED_ONCE,
                        .level = 2,
                        .phase = VN_ALERT_RECOVERING,
                        .has_end = true,
                        .has_group = true};
}

/* The longest event that there can be, whatever is told of whatever condition. */
static size_t longest_event(const vn_message_head_t *head) {
  size_t longest = 0;
  for (unsigned k = 0; k < VN_ALERT_CONDITION_COUNT * VN_ALERT_EVENT_COUNT; k++) {
    rule.condition = (uint8_t)(k % VN_ALERT_CONDITION_COUNT);
    transition.event = (uint8_t)(k / VN_ALERT_CONDITION_COUNT);
    size_t length = vn_alert_event_message(head, &transition, NULL, 0);
    longest = length > longest ? length : longest;
  }
  return longest;
}

/* The words are longer than any plan's, and of bytes that need escapes. */
static void check_bound(bool of_window) {
  enum { WORD_BYTES = 200 };
  static char word[WORD_BYTES + 1];
  static char series[UINT8_MAX];
  static const char fills[] = {'n', '"', '\x01', '\xFF'};
  static const int8_t exponents[] = {-18, 0, 18};
  static const uint16_t lengths[] = {16, UINT8_MAX};
  const vn_message_head_t worst = {word, UINT64_MAX, UINT32_MAX};
  size_t texts = strlen("{\"line\":\"1\"}{\"runbook\":\"close the valve\"}");
  memset(series, 's', sizeof series);
  for (unsigned i = 0; i < 4 * 3 * 2 * 3; i++) {
    uint16_t name_max = lengths[i / 12 % 2];
    memset(word, fills[i % 4], WORD_BYTES);
    make_longest(word, of_window);
    transition.exponent = transition.pipeline_exponent = exponents[i / 4 % 3];
    transition.series = (vn_text_t){series, name_max};
    transition.value.denominator = i / 24 == 0 ? 1 : i / 24 == 1 ? UINT32_MAX : 0;
    transition.value.real = -0x1.fffffffffffffp-64;
    vn_alert_message_size_t size = {.device = word,
                                    .texts_max = texts,
                                    .readings_max = of_window ? 0 : EVIDENCE_BYTES,
                                    .sample_max = EVIDENCE_BYTES,
                                    .name_max = name_max,
                                    .has_windows = of_window};
    size_t bound = vn_alert_message_max(&size);
    size_t longest = longest_event(&worst);
    assert_true(longest <= bound && bound < longest + 520);
  }
}

static void the_bound_holds_for_alerts_of_values(void **state) {
  (void)state;
  check_bound(false);
}

static void the_bound_holds_for_alerts_of_windows(void **state) {
  (void)state;
  check_bound(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_bound_holds_for_alerts_of_values),
      cmocka_unit_test(the_bound_holds_for_alerts_of_windows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
