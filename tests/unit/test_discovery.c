/* What Home Assistant is told of a series: topics, components, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "discovery.h"
#include "vn/json.h"

#define TEXT(literal) ((vn_text_t){literal, sizeof(literal) - 1})

static const vn_window_t windows[] = {
    {.name = "minute",
     .size_ms = 60000,
     .slide_ms = 60000,
     .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX)},
    {.name = "extremes",
     .size_ms = 60000,
     .slide_ms = 60000,
     .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MAX)},
    {.name = "visit",
     .gap_ms = 30000,
     .shape = VN_WINDOW_SESSION,
     .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN)},
};
static const vn_alert_plan_t alerts[] = {
    {.name = "hot", .severity = "critical", .of = "value"},
    {.name = "cause", .severity = "", .of = "value", .quiet = true},
};
static const vn_pipeline_t pipelines[] = {
    {.summary = {.name = "t", .unit = "Cel", .windows = windows, .window_count = 3},
     .alerts = alerts,
     .alert_count = 2,
     .out_of_order_ms = 2500},
    {.summary = {.name = "none", .unit = ""}, .alerts = &alerts[1], .alert_count = 1},
};
static const vn_plan_t plan = {.device = "gw.1",
                               .prefix = "vnotch",
                               .pipelines = pipelines,
                               .pipeline_count = 2,
                               .name_max = 64};
static const vn_discovery_t discovery = {
    .plan = &plan, .prefix = "homeassistant", .version = "1.2", .boot = 7, .latest = true};

static void check_topic(uint8_t pipeline, vn_text_t series, const char *expected) {
  char topic[256];
  size_t length = vn_discovery_topic(&discovery, pipeline, series, topic, sizeof topic);
  assert_string_equal(topic, expected);
  assert_int_equal(length, strlen(expected));
}

static void topics_have_only_what_home_assistant_allows_and_stay_apart(void **state) {
  (void)state;
  check_topic(0, TEXT("plain_9-x"), "homeassistant/device/gw_1_adc21120/plain_9-x/config");
  char one[256], other[256];
  assert_true(vn_discovery_topic(&discovery, 0, TEXT("a/b"), one, sizeof one) > 0);
  assert_true(vn_discovery_topic(&discovery, 0, TEXT("a.b"), other, sizeof other) > 0);
  assert_string_not_equal(one, other);
  for (const char *at = one + strlen("homeassistant"); *at != '\0'; at++) {
    assert_non_null(strchr("/_-0123456789abcdefghijklmnopqrstuvwxyz", *at));
  }
  char small[16];
  assert_int_equal(vn_discovery_topic(&discovery, 0, TEXT("a"), small, sizeof small), 0);
}

static void a_message_has_each_alert_that_is_published_and_each_mean(void **state) {
  (void)state;
  char text[4096];
  size_t length = vn_discovery_message(&discovery, 0, TEXT("a/b"), text, sizeof text);
  assert_in_range(length, 1, sizeof text - 1);
  text[length] = '\0';
  assert_string_equal(
      text,
      "{\"dev\":{\"ids\":[\"vnotch/gw.1\"],\"name\":\"gw.1\",\"sw\":\"1.2\"},"
      "\"o\":{\"name\":\"vnotch\",\"sw\":\"1.2\"},\"avty_t\":\"vnotch/gw.1/status\",\"cmps\":{"
      "\"alert/hot\":{\"p\":\"binary_sensor\",\"uniq_id\":\"vnotch/gw.1/alert/hot/a/b\","
      "\"name\":\"a/b hot\",\"dev_cla\":\"problem\",\"stat_t\":\"vnotch/gw.1/alert/hot/a/b\","
      "\"val_tpl\":\"{{ 'ON' if value_json.state == 'firing' or value_json.state == 'recovering' "
      "else 'None' if value_json.state == 'no_data' else 'OFF' }}\","
      "\"json_attr_t\":\"vnotch/gw.1/alert/hot/a/b\",\"qos\":1},"
      "\"latest/minute\":{\"p\":\"sensor\",\"uniq_id\":\"vnotch/gw.1/latest/minute/a/b\","
      "\"name\":\"a/b minute mean\",\"dev_cla\":\"temperature\",\"unit_of_meas\":\"\xC2\xB0"
      "C\",\"stat_cla\":\"measurement\",\"stat_t\":\"vnotch/gw.1/latest/minute/a/b\","
      "\"val_tpl\":\"{{ value_json.mean }}\",\"json_attr_t\":\"vnotch/gw.1/latest/minute/a/b\","
      "\"exp_aft\":183,\"qos\":1},"
      "\"latest/visit\":{\"p\":\"sensor\",\"uniq_id\":\"vnotch/gw.1/latest/visit/a/b\","
      "\"name\":\"a/b visit mean\",\"dev_cla\":\"temperature\",\"unit_of_meas\":\"\xC2\xB0"
      "C\",\"stat_cla\":\"measurement\",\"stat_t\":\"vnotch/gw.1/latest/visit/a/b\","
      "\"val_tpl\":\"{{ value_json.mean }}\",\"json_attr_t\":\"vnotch/gw.1/latest/visit/a/b\","
      "\"qos\":1}}}");
}

static void means_need_their_latest_results(void **state) {
  (void)state;
  char text[4096];
  vn_discovery_t alone = discovery;
  alone.latest = false;
  size_t length = vn_discovery_message(&alone, 0, TEXT("a"), text, sizeof text);
  text[length] = '\0';
  assert_non_null(strstr(text, "\"alert/hot\""));
  assert_null(strstr(text, "latest"));
}

static void a_pipeline_without_anything_to_show_is_not_announced(void **state) {
  (void)state;
  assert_true(vn_discovery_has_any(&discovery, 0));
  assert_false(vn_discovery_has_any(&discovery, 1));
  assert_false(vn_discovery_has_any(&discovery, VN_DISCOVERY_DEVICE));
}

static void floods_are_an_alert_of_the_device(void **state) {
  (void)state;
  char text[2048];
  vn_plan_t limited = plan;
  limited.flood = (vn_rate_t){.readings = 10, .per_ms = 60000};
  vn_discovery_t device = discovery;
  device.plan = &limited;
  assert_true(vn_discovery_has_any(&device, VN_DISCOVERY_DEVICE));
  check_topic(VN_DISCOVERY_DEVICE, TEXT("gw.1"), "homeassistant/device/gw_1_adc21120/config");
  size_t length =
      vn_discovery_message(&device, VN_DISCOVERY_DEVICE, TEXT("gw.1"), text, sizeof text);
  text[length] = '\0';
  assert_non_null(strstr(text, "\"stat_t\":\"vnotch/gw.1/alert/flood/gw.1\""));
}

static void units_are_those_of_home_assistant_and_others_stay(void **state) {
  (void)state;
  static const struct {
    const char *senml, *expected;
  } cases[] = {
      {"%RH", "\"dev_cla\":\"humidity\",\"unit_of_meas\":\"%\","},
      {"m3", "\"unit_of_meas\":\"m\xC2\xB3\","},
      {"pH", "\"unit_of_meas\":\"pH\","},
      {"", "minute mean\",\"stat_cla\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[4096];
    vn_pipeline_t pipeline = pipelines[0];
    pipeline.summary.unit = cases[i].senml;
    vn_plan_t one = plan;
    one.pipelines = &pipeline;
    one.pipeline_count = 1;
    vn_discovery_t own = discovery;
    own.plan = &one;
    size_t length = vn_discovery_message(&own, 0, TEXT("a"), text, sizeof text);
    text[length] = '\0';
    assert_non_null(strstr(text, cases[i].expected));
  }
}

static void a_rare_series_is_given_time(void **state) {
  (void)state;
  char text[4096];
  vn_pipeline_t pipeline = pipelines[0];
  pipeline.expected_every_ms = 600000;
  vn_plan_t one = plan;
  one.pipelines = &pipeline;
  vn_discovery_t own = discovery;
  own.plan = &one;
  size_t length = vn_discovery_message(&own, 0, TEXT("a"), text, sizeof text);
  text[length] = '\0';
  assert_non_null(strstr(text, "\"exp_aft\":1803,"));
}

static void an_alert_that_never_fired_has_a_state(void **state) {
  (void)state;
  char text[1024];
  size_t length = vn_discovery_normal(&discovery, 0, 0, TEXT("a/b"), text, sizeof text);
  text[length] = '\0';
  assert_string_equal(
      text,
      "{\"alert\":\"hot\",\"series\":\"a/b\",\"pipeline\":\"t\",\"of\":\"value\","
      "\"state\":\"normal\",\"severity\":\"critical\",\"episode\":0,\"rev\":0,"
      "\"value\":null,\"limit\":null,\"starts_at\":null,\"ends_at\":null,\"at\":null,"
      "\"unit\":\"Cel\",\"summary\":\"hot of a/b has not fired\",\"device\":\"gw.1\","
      "\"boot\":7}");
}

static void no_message_is_longer_than_the_bound(void **state) {
  (void)state;
  char name[UINT8_MAX];
  memset(name, 'n', sizeof name);
  size_t most = vn_discovery_max(&discovery);
  for (size_t length = 1; length <= plan.name_max; length++) {
    vn_text_t series = {name, length};
    assert_in_range(vn_discovery_message(&discovery, 0, series, NULL, 0), 1, most);
    assert_in_range(vn_discovery_normal(&discovery, 0, 0, series, NULL, 0), 1, most);
  }
  assert_int_equal(vn_discovery_message(&discovery, 0, (vn_text_t){name, plan.name_max}, NULL, 0),
                   most);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(topics_have_only_what_home_assistant_allows_and_stay_apart),
      cmocka_unit_test(a_message_has_each_alert_that_is_published_and_each_mean),
      cmocka_unit_test(means_need_their_latest_results),
      cmocka_unit_test(a_pipeline_without_anything_to_show_is_not_announced),
      cmocka_unit_test(floods_are_an_alert_of_the_device),
      cmocka_unit_test(units_are_those_of_home_assistant_and_others_stay),
      cmocka_unit_test(a_rare_series_is_given_time),
      cmocka_unit_test(an_alert_that_never_fired_has_a_state),
      cmocka_unit_test(no_message_is_longer_than_the_bound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
