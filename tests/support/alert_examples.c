#include "alert_examples.h"

#include "vn/alert_message.h"

/* "overheat" of line1/temp. */
static const vn_alert_rule_t overheat = {
    .limit = 8000, .hysteresis = 500, .for_ms = 10000, .condition = VN_ALERT_ABOVE};
static const vn_message_head_t head = {"gw-17", 43, 7};

static vn_transition_t firing_example(void) {
  return (vn_transition_t){.alert = "overheat",
                           .severity = "critical",
                           .pipeline = "temperature",
                           .unit = "Cel",
                           .of = "value",
                           .series = {"line1/temp", 10},
                           .rule = &overheat,
                           .at_ms = INT64_C(1795225672000),
                           .starts_ms = INT64_C(1795225661000),
                           .value = {8120, 1, 0, 0},
                           .has_value = true,
                           .episode = 3,
                           .exponent = -2,
                           .pipeline_exponent = -2,
                           .phase = VN_ALERT_FIRING};
}

static void print_event(alert_example_fn print, const char *word,
                        const vn_transition_t *transition) {
  char text[2048];
  print(word, text, vn_alert_event_message(&head, transition, text, sizeof text));
}

static void print_acknowledged(alert_example_fn print) {
  vn_transition_t transition = firing_example();
  transition.event = VN_ALERT_EVENT_ACKNOWLEDGED;
  transition.flags = VN_ALERT_FLAG_ACKNOWLEDGED;
  transition.revision = 1;
  transition.at_ms = INT64_C(1795225690000);
  transition.has_value = false;
  transition.by = (vn_text_t){"ann", 3};
  transition.comment = (vn_text_t){"on my way", 9};
  print_event(print, "example-event-acknowledged", &transition);
}

static void print_escalated(alert_example_fn print) {
  static const vn_alert_limits_t levels[] = {{VN_ALERT_NO_LOW, 8000, 0},
                                             {VN_ALERT_NO_LOW, 8500, 0}};
  static const vn_alert_rule_t warm = {
      .levels = levels, .level_count = 2, .condition = VN_ALERT_LEVELS};
  static const int32_t values[] = {8490, 8520, 8540, 8550};
  static const vn_member_t sample[] = {{INT64_C(1795225645000), 8550, 1},
                                       {INT64_C(1795225615000), 8520, 2}};
  vn_window_t minute = {.name = "minute", .sample = 2};
  vn_aggregate_t aggregate;
  vn_aggregate_clear(&aggregate);
  for (int i = 0; i < 4; i++) {
    vn_aggregate_add(&aggregate, INT64_C(1795225600000) + 15000 * i, values[i]);
  }
  vn_window_result_t result = {.aggregate = &aggregate,
                               .sample = sample,
                               .start_ms = INT64_C(1795225600000),
                               .end_ms = INT64_C(1795225660000),
                               .sample_count = 2};
  vn_transition_t transition = firing_example();
  transition.alert = "warm";
  transition.rule = &warm;
  transition.of = "minute.mean";
  transition.labels = "{\"site\":\"north\"}";
  transition.annotations = "{\"runbook\":\"close the valve\"}";
  transition.event = VN_ALERT_EVENT_ESCALATED;
  transition.episode = 1;
  transition.revision = 1;
  transition.level = 2;
  transition.high_side = true;
  transition.value = (vn_alert_value_t){aggregate.sum, aggregate.count, 0, 0};
  transition.result = &result;
  transition.window = &minute;
  transition.evidence_bytes = 256;
  transition.starts_ms = INT64_C(1795225600000);
  transition.at_ms = result.end_ms;
  print_event(print, "example-event-escalated", &transition);
}

/* The episode of the first two examples, with a reading after it. */
static void print_evidence(alert_example_fn print) {
  static const vn_recent_t readings[] = {{INT64_C(1795225671000), 7990},
                                         {INT64_C(1795225672000), 8120},
                                         {INT64_C(1795225673000), 8150}};
  vn_transition_t transition = firing_example();
  transition.event = VN_ALERT_EVENT_EVIDENCE;
  transition.revision = 1;
  transition.at_ms = INT64_C(1795225673000);
  transition.has_value = false;
  transition.readings = (vn_readings_t){readings, 3, 0, 3};
  transition.evidence_bytes = 512;
  print_event(print, "example-event-evidence", &transition);
}

void alert_examples(alert_example_fn print) {
  char text[2048];
  vn_transition_t transition = firing_example();
  print("example-alert", text, vn_alert_state_message(&head, &transition, text, sizeof text));
  transition.phase = VN_ALERT_NORMAL;
  transition.event = VN_ALERT_EVENT_RESOLVED;
  transition.revision = 1;
  transition.has_end = true;
  transition.at_ms = transition.ends_ms = INT64_C(1795225700000);
  transition.value.numerator = 7490;
  print_event(print, "example-event", &transition);
  print_acknowledged(print);
  print_escalated(print);
  print_evidence(print);
}
