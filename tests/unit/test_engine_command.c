/* Commands at an engine: what each does in each state, what it answers, what survives a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define TOPIC "vnotch/gw-1/command"
#define HOT "\"alert\":\"hot\",\"series\":\"a\""

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = 0xFF};

static flash_fake_t *flash;
static rig_t *rig;

static void configure(rig_t *made) {
  made->plan.commands = true;
  made->plan.outbox_bytes = 4096; /* a list of twelve alerts has two parts */
  made->alerts[0].rule.latch = true;
}

static int set_up(void **state) {
  (void)state;
  flash = flash_fake_new(&shape, 1);
  rig = rig_new(&flash->port);
  configure(rig);
  return rig_start(rig) == VN_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  rig_free(rig);
  flash_fake_free(flash);
  return 0;
}

/* The power fails, without a word. */
static void cut_the_power(void) {
  rig_t *next = rig_new(&flash->port);
  next->wall_ms = rig->wall_ms;
  configure(next);
  rig_free(rig);
  rig = next;
  flash_fake_power_up(flash);
  assert_int_equal(rig_start(rig), VN_OK);
}

/* A value of series `name`, in hundredths, now. */
static void send_value(const char *name, int32_t value) {
  static uint32_t sequence;
  rig_send(rig, name, rig->wall_ms, value, sequence++);
}

static void pass(int64_t ms) { assert_int_equal(rig_wait(rig, ms), VN_OK); }

/* "hot" of a series begins an episode. */
static void fire(const char *name) {
  send_value(name, 9000);
  pass(3000);
  send_value(name, 9000);
  pass(0);
}

/* And recovers, for long enough to be latched. */
static void cool_down(const char *name) {
  send_value(name, 2000);
  pass(4000);
  send_value(name, 2000);
  pass(0);
}

/* Sends a command without its braces, and steps until its answer has left. */
static void ask(const char *members) {
  char text[512];
  size_t answers = rig->answer_count;
  (void)snprintf(text, sizeof text, "{%s}", members);
  rig_message(rig, TOPIC, text);
  pass(0);
  assert_int_equal(rig->answer_count, answers + 1);
}

static void assert_says(const char *part) {
  if (strstr(rig->answer, part) == NULL) {
    fail_msg("%s is not in %s", part, rig->answer);
  }
}

static void assert_silent_about(const char *part) {
  if (strstr(rig->answer, part) != NULL) {
    fail_msg("%s is in %s", part, rig->answer);
  }
}

static void assert_done(const char *members, unsigned changed) {
  char part[64];
  ask(members);
  assert_says("\"result\":\"done\"");
  (void)snprintf(part, sizeof part, "\"changed\":%u,", changed);
  assert_says(part);
}

static void assert_refused(const char *members, const char *error) {
  char part[64];
  size_t events = rig->event_count;
  ask(members);
  (void)snprintf(part, sizeof part, "\"result\":\"error\",\"error\":\"%s\",\"text\":\"", error);
  assert_says(part);
  assert_says("\"changed\":0,");
  assert_int_equal(rig->event_count, events);
}

static unsigned last_event(void) {
  return rig->event_count == 0 ? VN_ALERT_EVENT_COUNT : rig->events[rig->event_count - 1].event;
}

static void an_episode_is_acknowledged_once(void **state) {
  (void)state;
  send_value("a", 2000);
  assert_refused("\"command\":\"acknowledge\"," HOT, "no_effect");
  fire("a");
  assert_done("\"command\":\"acknowledge\"," HOT ",\"by\":\"ann\",\"id\":\"x\"", 1);
  assert_says("{\"id\":\"x\",\"command\":\"acknowledge\",");
  assert_int_equal(last_event(), VN_ALERT_EVENT_ACKNOWLEDGED);
  assert_refused("\"command\":\"acknowledge\"," HOT, "no_effect");
  ask("\"command\":\"list\"");
  assert_says("\"state\":\"firing\",\"severity\":\"critical\",\"episode\":1,\"starts_at\":");
  assert_says("\"acknowledged\":true");
}

static void an_episode_that_is_over_can_be_acknowledged_but_not_for_the_next_one(void **state) {
  (void)state;
  fire("a");
  cool_down("a");
  assert_done("\"command\":\"reset\"," HOT, 1);
  assert_done("\"command\":\"acknowledge\"," HOT, 1);
  fire("a");
  ask("\"command\":\"list\",\"state\":\"firing\"");
  assert_says("\"episode\":2,");
  assert_silent_about("acknowledged");
  assert_done("\"command\":\"acknowledge\"," HOT, 1);
}

static void a_command_for_another_episode_is_stale(void **state) {
  (void)state;
  fire("a");
  assert_refused("\"command\":\"acknowledge\",\"episode\":2," HOT, "stale");
  assert_done("\"command\":\"acknowledge\",\"episode\":1," HOT, 1);
  cool_down("a");
  assert_refused("\"command\":\"reset\",\"episode\":2,\"alert\":\"hot\"", "stale");
  assert_done("\"command\":\"reset\",\"episode\":1,\"alert\":\"hot\"", 1);
  fire("a");
  assert_refused("\"command\":\"acknowledge\",\"episode\":1," HOT, "stale");
}

static void a_shelf_gets_its_end_from_the_arrival_and_may_get_a_new_one(void **state) {
  (void)state;
  char part[64];
  send_value("a", 2000);
  assert_refused("\"command\":\"unshelve\"," HOT, "no_effect");
  assert_done("\"command\":\"shelve\",\"for\":\"30m\"," HOT, 1);
  assert_int_equal(last_event(), VN_ALERT_EVENT_SHELVED);
  pass(1000);
  assert_done("\"command\":\"shelve\",\"for\":\"1h\"," HOT, 1);
  ask("\"command\":\"list\"");
  (void)snprintf(part, sizeof part, "\"starts_at\":null,\"shelved_until\":%" PRId64 "}",
                 T0 + 1000 + 3600000);
  assert_says(part);
  assert_done("\"command\":\"shelve\",\"once\":true," HOT, 1);
  ask("\"command\":\"list\"");
  assert_says("\"shelved_once\":true}");
  assert_silent_about("shelved_until");
  assert_done("\"command\":\"unshelve\"," HOT, 1);
  assert_int_equal(last_event(), VN_ALERT_EVENT_UNSHELVED);
  assert_refused("\"command\":\"unshelve\"," HOT, "no_effect");
}

static void a_shelf_ends_with_its_time(void **state) {
  (void)state;
  send_value("a", 2000);
  assert_done("\"command\":\"shelve\",\"for\":\"5s\"," HOT, 1);
  rig->wall_ms += 5000; /* no tick has seen it yet */
  rig_message(rig, TOPIC, "{\"command\":\"unshelve\",\"alert\":\"hot\"}");
  assert_says("\"error\":\"no_effect\"");
  pass(100);
  assert_int_equal(last_event(), VN_ALERT_EVENT_UNSHELVED);
  ask("\"command\":\"list\"");
  assert_says("\"alerts\":[],");
}

static void what_was_muted_is_told_at_once_when_it_is_so_no_more(void **state) {
  (void)state;
  send_value("a", 2000);
  assert_done("\"command\":\"out_of_service\"," HOT, 1);
  fire("a");
  assert_int_equal(last_event(), VN_ALERT_EVENT_OUT_OF_SERVICE);
  rig_message(rig, TOPIC, "{\"command\":\"in_service\",\"alert\":\"hot\"}");
  assert_int_equal(last_event(), VN_ALERT_EVENT_FIRING);
}

static void only_a_latched_alert_is_reset(void **state) {
  (void)state;
  fire("a");
  assert_refused("\"command\":\"reset\"," HOT, "no_effect");
  cool_down("a");
  ask("\"command\":\"list\"");
  assert_says("\"state\":\"recovering\"");
  assert_says("\"latched\":true");
  assert_done("\"command\":\"reset\"," HOT, 1);
  const rig_transition_t *last = &rig->transitions[rig->transition_count - 1];
  assert_int_equal(last->phase, VN_ALERT_NORMAL);
  assert_int_equal(last->at_ms, rig->wall_ms);
  assert_int_equal(last_event(), VN_ALERT_EVENT_RESOLVED);
  assert_refused("\"command\":\"reset\"," HOT, "no_effect");
}

static void an_alert_is_in_or_out_of_service(void **state) {
  (void)state;
  send_value("a", 2000);
  assert_refused("\"command\":\"in_service\"," HOT, "no_effect");
  assert_done("\"command\":\"out_of_service\"," HOT, 1);
  assert_int_equal(last_event(), VN_ALERT_EVENT_OUT_OF_SERVICE);
  assert_refused("\"command\":\"out_of_service\"," HOT, "no_effect");
  ask("\"command\":\"list\"");
  assert_says("\"out_of_service\":true");
  assert_done("\"command\":\"in_service\"," HOT, 1);
  assert_int_equal(last_event(), VN_ALERT_EVENT_IN_SERVICE);
  ask("\"command\":\"list\"");
  assert_says("\"alerts\":[],");
}

static void without_a_series_all_are_meant_that_it_has_a_meaning_for(void **state) {
  (void)state;
  send_value("b", 2000);
  send_value("c", 2000);
  send_value("other1", 2000); /* of a pipeline without alerts */
  fire("a");
  fire("b");
  assert_done("\"command\":\"acknowledge\",\"alert\":\"hot\"", 2);
  assert_done("\"command\":\"shelve\",\"once\":true,\"alert\":\"hot\"", 3);
  assert_refused("\"command\":\"acknowledge\",\"alert\":\"hot\"", "no_effect");
}

static void names_that_nothing_has_are_refused(void **state) {
  (void)state;
  send_value("a", 2000);
  send_value("other1", 2000);
  assert_refused("\"command\":\"reset\",\"alert\":\"cold\"", "alert");
  assert_refused("\"command\":\"reset\",\"alert\":\"hot\",\"series\":\"z\"", "series");
  assert_refused("\"command\":\"reset\",\"alert\":\"hot\",\"series\":\"other1\"", "series");
  assert_refused("\"command\":\"reset\",\"alert\":\"cold\",\"series\":\"z\"", "alert");
  assert_refused("\"command\":\"list\",\"alert\":\"cold\"", "alert");
  assert_refused("\"command\":\"list\",\"series\":\"z\"", "series");
}

static void mistakes_are_answered_with_their_reason(void **state) {
  (void)state;
  assert_refused("\"command\":\"fly\",\"id\":\"q\"", "command");
  assert_says("{\"id\":\"q\",\"result\":\"error\"");
  assert_says("\"text\":\"`fly` is no command: use acknowledge, ");
  assert_refused("\"command\":\"shelve\",\"alert\":\"hot\",\"for\":\"30\"", "member");
  assert_says("`for` is no duration");
  assert_refused("\"command\":\"list\",", "json");
  assert_says("\"text\":\"malformed JSON at byte 18\"");
  assert_refused("\"\\\"\\n\":1", "member");
  assert_says("\"text\":\"`\\\\\\\"\\\\n` is no member");
}

static void a_retained_command_is_never_carried_out(void **state) {
  (void)state;
  static const char text[] = "{\"command\":\"out_of_service\",\"alert\":\"hot\",\"id\":\"r\"}";
  send_value("a", 2000);
  vn_take_message(&rig->engine, (vn_text_t){TOPIC, strlen(TOPIC)}, (const uint8_t *)text,
                  strlen(text), true);
  assert_says(
      "{\"id\":\"r\",\"command\":\"out_of_service\",\"result\":\"error\","
      "\"error\":\"retained\"");
  ask("\"command\":\"list\"");
  assert_says("\"alerts\":[],");
}

static void a_list_tells_what_is_not_plainly_normal_or_what_is_asked_for(void **state) {
  (void)state;
  send_value("b", 2000);
  fire("a");
  ask("\"command\":\"list\"");
  assert_says("\"result\":\"done\",\"alerts\":[{\"alert\":\"hot\",\"series\":\"a\",");
  assert_silent_about("\"series\":\"b\"");
  assert_silent_about("next");
  assert_silent_about("changed");
  ask("\"command\":\"list\",\"series\":\"b\",\"state\":\"normal\",\"alert\":\"warm\"");
  assert_says(
      "\"alerts\":[{\"alert\":\"warm\",\"series\":\"b\",\"state\":\"normal\","
      "\"severity\":\"\",\"episode\":0,\"starts_at\":null}],\"at\":");
  ask("\"command\":\"list\",\"state\":\"pending\"");
  assert_says("\"alerts\":[],");
}

/* Reads `next` of the answer; false: there is none. */
static bool find_next(unsigned *next) {
  const char *found = strstr(rig->answer, "\"next\":");
  return found != NULL && sscanf(found, "\"next\":%u", next) == 1;
}

static void a_long_list_goes_on_behind_its_cursor(void **state) {
  (void)state;
  static const char *const names[] = {"a", "b", "c", "d"};
  for (size_t i = 0; i < 4; i++) {
    send_value(names[i], 2000);
  }
  assert_done("\"command\":\"shelve\",\"once\":true,\"alert\":\"hot\"", 4);
  assert_done("\"command\":\"shelve\",\"once\":true,\"alert\":\"warm\"", 4);
  assert_done("\"command\":\"shelve\",\"once\":true,\"alert\":\"silent\"", 4);
  char command[64] = "\"command\":\"list\"";
  unsigned told = 0, parts = 0, next = 0;
  bool more;
  do {
    ask(command);
    parts++;
    for (const char *at = rig->answer; (at = strstr(at, "shelved_once")) != NULL; at++) {
      told++;
    }
    more = find_next(&next);
    (void)snprintf(command, sizeof command, "\"command\":\"list\",\"after\":%u", next);
  } while (more);
  assert_int_equal(told, 12);
  assert_true(parts > 1);
  ask("\"command\":\"list\",\"series\":\"a\",\"after\":0");
  assert_silent_about("\"alert\":\"hot\"");
  assert_says("\"alerts\":[{\"alert\":\"warm\",\"series\":\"a\"");
  ask("\"command\":\"list\",\"after\":4294967295");
  assert_says("\"alerts\":[],");
}

static void commands_have_figures_of_their_own(void **state) {
  (void)state;
  send_value("a", 2000);
  uint64_t messages = vn_engine_figures(&rig->engine)->messages;
  ask("\"command\":\"list\"");
  ask("\"command\":\"reset\"," HOT);
  const vn_figures_t *figures = vn_engine_figures(&rig->engine);
  assert_int_equal(figures->messages, messages);
  assert_int_equal(figures->messages_refused, 0);
  assert_int_equal(figures->commands, 2);
  assert_int_equal(figures->commands_refused, 1);
  assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
  cut_the_power();
  assert_int_equal(vn_engine_figures(&rig->engine)->commands, 2);
  assert_int_equal(vn_engine_figures(&rig->engine)->commands_refused, 1);
}

static void without_a_clock_nothing_is_shelved_for_a_time(void **state) {
  (void)state;
  send_value("a", 2000);
  rig->wall_valid = false;
  assert_refused("\"command\":\"shelve\",\"for\":\"1h\"," HOT, "clock");
  assert_done("\"command\":\"shelve\",\"once\":true," HOT, 1);
  assert_done("\"command\":\"unshelve\"," HOT, 1);
}

/* C7: what an answer has told is there after a power cut, without any checkpoint between. */
static void what_was_answered_survives_a_power_cut(void **state) {
  (void)state;
  fire("a");
  assert_done("\"command\":\"acknowledge\"," HOT, 1);
  cut_the_power();
  ask("\"command\":\"list\"");
  assert_says("\"acknowledged\":true");
  assert_done("\"command\":\"shelve\",\"for\":\"1d\"," HOT, 1);
  cut_the_power();
  ask("\"command\":\"list\"");
  assert_says("\"acknowledged\":true,\"shelved_until\":");
  assert_done("\"command\":\"unshelve\"," HOT, 1);
  assert_done("\"command\":\"out_of_service\"," HOT, 1);
  cut_the_power();
  ask("\"command\":\"list\"");
  assert_says("\"acknowledged\":true,\"out_of_service\":true");
  assert_done("\"command\":\"in_service\"," HOT, 1);
  cool_down("a");
  assert_done("\"command\":\"reset\"," HOT, 1);
  assert_done("\"command\":\"shelve\",\"once\":true," HOT, 1);
  cut_the_power();
  ask("\"command\":\"list\"");
  assert_says("\"state\":\"normal\"");
  assert_says("\"shelved_once\":true");
  assert_silent_about("latched");
  assert_silent_about("out_of_service");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(an_episode_is_acknowledged_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          an_episode_that_is_over_can_be_acknowledged_but_not_for_the_next_one, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_command_for_another_episode_is_stale, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_shelf_gets_its_end_from_the_arrival_and_may_get_a_new_one,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_shelf_ends_with_its_time, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_was_muted_is_told_at_once_when_it_is_so_no_more, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(only_a_latched_alert_is_reset, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_alert_is_in_or_out_of_service, set_up, tear_down),
      cmocka_unit_test_setup_teardown(without_a_series_all_are_meant_that_it_has_a_meaning_for,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(names_that_nothing_has_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(mistakes_are_answered_with_their_reason, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_retained_command_is_never_carried_out, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_list_tells_what_is_not_plainly_normal_or_what_is_asked_for,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_long_list_goes_on_behind_its_cursor, set_up, tear_down),
      cmocka_unit_test_setup_teardown(commands_have_figures_of_their_own, set_up, tear_down),
      cmocka_unit_test_setup_teardown(without_a_clock_nothing_is_shelved_for_a_time, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(what_was_answered_survives_a_power_cut, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
