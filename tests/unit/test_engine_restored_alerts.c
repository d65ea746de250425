/* Alerts whose state is of another configuration: each keeps what is its own, or begins anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define OUT_OF_SERVICE(name) "{\"command\":\"out_of_service\",\"alert\":\"" name "\"}"

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = 0xFF};

static flash_fake_t *flash;
static rig_t *rig;

/* "cool" (above 20) and "hot" (above 80) of values, which a second rig has the other way round. */
static void configure(rig_t *made, const char *first, const char *second) {
  const char *const names[] = {first, second};
  made->plan.commands = true;
  for (size_t i = 0; i < 2; i++) {
    int64_t limit = names[i][0] == 'h' ? 8000 : 2000;
    made->alerts[i] = made->alerts[0];
    made->alerts[i].name = names[i];
    made->alerts[i].rule =
        (vn_alert_rule_t){.limit = limit, .hysteresis = 500, .condition = VN_ALERT_ABOVE};
  }
}

static int set_up(void **state) {
  (void)state;
  flash = flash_fake_new(&shape, 1);
  rig = rig_new(&flash->port);
  configure(rig, "cool", "hot");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  rig_free(rig);
  flash_fake_free(flash);
  return 0;
}

/* Stops, and leaves a rig of the default plan in its place, at the same time. */
static void stop(void) {
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  flash_fake_power_up(flash);
  rig_t *next = rig_new(&flash->port);
  next->wall_ms = rig->wall_ms;
  rig_free(rig);
  rig = next;
}

static void start(void) {
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_reset, 0);
}

static void send_value(int32_t value) {
  static uint32_t sequence;
  rig_send(rig, "a", rig->wall_ms, value, sequence++);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
}

/* "cool" fires and is told; "hot" is taken out of service. */
static void fire_and_set_aside(void) {
  assert_int_equal(rig_start(rig), VN_OK);
  send_value(5000);
  assert_int_equal(rig->event_count, 1);
  assert_string_equal(rig->events[0].alert, "cool");
  rig_message(rig, "vnotch/gw-1/command", OUT_OF_SERVICE("hot"));
  assert_int_equal(rig_wait(rig, 0), VN_OK);
  assert_int_equal(rig->event_count, 2);
}

static void alerts_in_another_order_keep_their_states(void **state) {
  (void)state;
  fire_and_set_aside();
  stop();
  configure(rig, "hot", "cool");
  start();
  send_value(9000);
  assert_int_equal(rig->event_count, 0); /* "cool" was told before, "hot" is out of service */
  send_value(1000);
  assert_int_equal(rig->event_count, 1);
  assert_string_equal(rig->events[0].alert, "cool");
  assert_int_equal(rig->events[0].event, VN_ALERT_EVENT_RESOLVED);
}

static void an_alert_with_another_name_begins_anew(void **state) {
  (void)state;
  fire_and_set_aside();
  stop();
  configure(rig, "chill", "heat");
  start();
  send_value(9000);
  assert_int_equal(rig->event_count, 3);
  assert_string_equal(rig->events[0].alert, "cool"); /* nobody knows it any more */
  assert_int_equal(rig->events[0].event, VN_ALERT_EVENT_RESOLVED);
  assert_string_equal(rig->events[1].alert, "chill");
  assert_string_equal(rig->events[2].alert, "heat");
  for (size_t i = 1; i < 3; i++) {
    assert_int_equal(rig->events[i].event, VN_ALERT_EVENT_FIRING);
    assert_int_equal(rig->events[i].episode, 1);
  }
}

static void data_are_found_though_nobody_waits_for_them_any_more(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    rig->alerts[i].no_data_after_ms = 5000;
  }
  rig->pipelines[1].alert_count = 2;
  assert_int_equal(rig_start(rig), VN_OK);
  send_value(5000);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  assert_int_equal(rig->events[rig->event_count - 1].event, VN_ALERT_EVENT_NO_DATA);
  stop();
  configure(rig, "cool", "hot");
  rig->pipelines[1].alert_count = 2;
  start();
  send_value(5000);
  assert_int_equal(rig->event_count, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(rig->events[i].event, VN_ALERT_EVENT_DATA);
    assert_int_equal(rig->events[i].flags & VN_ALERT_FLAG_NO_DATA, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(alerts_in_another_order_keep_their_states, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_alert_with_another_name_begins_anew, set_up, tear_down),
      cmocka_unit_test_setup_teardown(data_are_found_though_nobody_waits_for_them_any_more, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
