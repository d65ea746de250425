/* Where commands come in and where their answers go: topics, limits, commits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine_rig.h"

#define TOPIC "vnotch/gw-1/command"
#define LIST "{\"command\":\"list\"}"

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = 0xFF};

static flash_fake_t *flash;
static rig_t *rig;

static int set_up(void **state) {
  (void)state;
  flash = flash_fake_new(&shape, 1);
  rig = rig_new(&flash->port);
  rig->plan.commands = true;
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
  next->plan.commands = true;
  rig_free(rig);
  rig = next;
  flash_fake_power_up(flash);
  assert_int_equal(rig_start(rig), VN_OK);
}

static void pass(int64_t ms) { assert_int_equal(rig_wait(rig, ms), VN_OK); }

static void other_topics_of_our_own_are_loops_still(void **state) {
  (void)state;
  rig_message(rig, "vnotch/gw-1/commands", "{}");
  assert_int_equal(rig->last_drop, VN_REASON_LOOP);
  rig_message(rig, "vnotch/gw-1/response", "{}");
  rig_message(rig, "vnotch/gw-1/command/x", "{}");
  assert_int_equal(vn_engine_figures(&rig->engine)->reasons[VN_REASON_LOOP], 3);
  rig_message(rig, "vnotch/gw-2/command", "{}");
  assert_int_equal(rig->last_drop, VN_REASON_TOPIC);
  assert_int_equal(rig->answer_count, 0);
}

static void a_device_that_takes_no_commands_counts_them_and_is_silent(void **state) {
  (void)state;
  rig->plan.commands = false;
  rig_message(rig, TOPIC, LIST);
  assert_int_equal(rig->answer_count, 0);
  assert_int_equal(vn_engine_figures(&rig->engine)->commands, 1);
  assert_int_equal(vn_engine_figures(&rig->engine)->commands_refused, 1);
}

static void a_flood_of_commands_is_limited_and_the_next_answer_says_so(void **state) {
  (void)state;
  for (int i = 0; i < 150; i++) {
    rig_message(rig, TOPIC, LIST);
  }
  assert_int_equal(rig->answer_count, 100);
  assert_int_equal(vn_engine_figures(&rig->engine)->commands_refused, 50);
  pass(50);
  rig_message(rig, TOPIC, LIST);
  assert_non_null(strstr(rig->answer, "\"suppressed\":50,"));
  pass(50);
  rig_message(rig, TOPIC, LIST);
  assert_int_equal(rig->answer_count, 102);
  assert_null(strstr(rig->answer, "suppressed"));
}

/* The message that left last on a channel; NULL: none. */
static const rig_message_t *last_on(vn_channel_t channel) {
  for (size_t i = rig->sent_count; i > 0; i--) {
    if (rig->sent[i - 1].channel == channel) {
      return &rig->sent[i - 1];
    }
  }
  return NULL;
}

static void the_change_its_event_and_the_answer_are_one_commit(void **state) {
  (void)state;
  rig_send(rig, "a", rig->wall_ms, 2000, 0);
  pass(1000);
  uint64_t syncs = flash->syncs;
  size_t sent = rig->sent_count;
  rig_message(rig, TOPIC, "{\"command\":\"out_of_service\",\"alert\":\"hot\"}");
  assert_int_equal(flash->syncs, syncs);
  assert_int_equal(rig->sent_count, sent);
  pass(0);
  assert_int_equal(flash->syncs, syncs + 1);
  assert_int_equal(rig->sent_count, sent + 3);
  const rig_message_t *answer = last_on(VN_CHANNEL_RESPONSE);
  assert_non_null(answer);
  assert_false(answer->retained);
  assert_false(answer->absolute);
  assert_int_equal(answer->topic_length, strlen("response"));
  assert_memory_equal(answer->topic, "response", answer->topic_length);
  assert_int_equal(answer->payload_length, strlen(rig->answer));
  assert_memory_equal(answer->payload, rig->answer, answer->payload_length);
}

/* The `seq` of a message. */
static unsigned sequence_of(const rig_message_t *message) {
  const char *found = strstr((const char *)message->payload, "\"seq\":");
  unsigned sequence = 0;
  assert_non_null(found);
  assert_int_equal(sscanf(found, "\"seq\":%u", &sequence), 1);
  return sequence;
}

static void answers_make_no_hole_in_the_sequence_of_messages(void **state) {
  (void)state;
  rig_send(rig, "a", rig->wall_ms, 2000, 0);
  rig_message(rig, TOPIC, "{\"command\":\"out_of_service\",\"alert\":\"hot\"}");
  pass(0);
  unsigned sequence = sequence_of(last_on(VN_CHANNEL_EVENT));
  rig_message(rig, TOPIC, "{\"command\":\"in_service\",\"alert\":\"hot\"}");
  pass(0);
  assert_int_equal(sequence_of(last_on(VN_CHANNEL_ALERT)), sequence + 1);
  assert_null(strstr(rig->answer, "\"seq\""));
}

/* Queues a `list` with where its answer is to go. */
static const rig_message_t *ask_with_reply(const char *topic, const char *correlation) {
  static const char text[] = "{\"command\":\"list\"}";
  const vn_reply_t reply = {{topic, strlen(topic)}, {correlation, strlen(correlation)}};
  assert_int_equal(vn_offer_request(&rig->engine, (vn_text_t){TOPIC, strlen(TOPIC)},
                                    (const uint8_t *)text, strlen(text), false, &reply),
                   VN_OK);
  pass(100);
  const rig_message_t *answer = last_on(VN_CHANNEL_RESPONSE);
  assert_non_null(answer);
  return answer;
}

static void an_answer_goes_where_the_request_wants_it(void **state) {
  (void)state;
  const rig_message_t *answer = ask_with_reply("ann/inbox", "c-17");
  assert_true(answer->absolute);
  assert_int_equal(answer->topic_length, strlen("ann/inbox"));
  assert_memory_equal(answer->topic, "ann/inbox", answer->topic_length);
  assert_string_equal(answer->correlation, "c-17");
  answer = ask_with_reply("vnotch/gw-1/response/ann", "");
  assert_true(answer->absolute);
  assert_string_equal(answer->correlation, "");
  answer = ask_with_reply("", "c-18");
  assert_false(answer->absolute);
  assert_string_equal(answer->correlation, "c-18");
}

static void nobody_has_us_publish_where_it_is_not_theirs(void **state) {
  (void)state;
  static char long_topic[VN_REPLY_TOPIC_MAX + 2];
  static char long_correlation[VN_REPLY_CORRELATION_MAX + 2];
  memset(long_topic, 't', VN_REPLY_TOPIC_MAX + 1);
  memset(long_correlation, 'c', VN_REPLY_CORRELATION_MAX + 1);
  static const char *const topics[] = {"$SYS/x",
                                       "a/+/b",
                                       "a/#",
                                       "vnotch/gw-1/command",
                                       "vnotch/gw-1/",
                                       "vnotch/gw-2/command",
                                       "vnotch/x",
                                       "vnotch/gw-1/responses",
                                       "vnotch/gw-1/alert/hot/a",
                                       long_topic};
  for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
    const rig_message_t *answer = ask_with_reply(topics[i], "c");
    assert_false(answer->absolute);
    assert_memory_equal(answer->topic, "response", strlen("response"));
    assert_string_equal(answer->correlation, "");
  }
  assert_false(ask_with_reply("ann/inbox", long_correlation)->absolute);
  assert_true(ask_with_reply("vnotches/x", "c")->absolute);
}

static void an_answer_that_could_not_leave_is_sent_after_a_restart_as_it_was(void **state) {
  (void)state;
  rig->link_up = false;
  static const char text[] = "{\"command\":\"list\",\"id\":\"k\"}";
  const vn_reply_t reply = {{"ann/inbox", 9}, {"c-17", 4}};
  assert_int_equal(vn_offer_request(&rig->engine, (vn_text_t){TOPIC, strlen(TOPIC)},
                                    (const uint8_t *)text, strlen(text), false, &reply),
                   VN_OK);
  pass(0);
  assert_int_equal(rig->sent_count, 0);
  cut_the_power();
  pass(0);
  const rig_message_t *answer = last_on(VN_CHANNEL_RESPONSE);
  assert_non_null(answer);
  assert_true(answer->absolute);
  assert_memory_equal(answer->topic, "ann/inbox", 9);
  assert_string_equal(answer->correlation, "c-17");
  assert_non_null(strstr((const char *)answer->payload, "{\"id\":\"k\","));
}

/* Whether "hot" of the series is out of service, as the device itself says. */
static bool is_out_of_service(void) {
  rig_message(rig, TOPIC, LIST);
  return strstr(rig->answer, "\"out_of_service\":true") != NULL;
}

/* The power fails at each operation of the flash in turn (C7). Nobody is told of this alert but
 * whoever asks: no event takes its state along. */
static void an_answer_never_leaves_before_what_it_tells_is_safe(void **state) {
  (void)state;
  unsigned told = 0, untold = 0, cut = 1;
  for (bool failed = true; failed; cut++) {
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    rig->alerts[1].quiet = true;
    rig_send(rig, "a", rig->wall_ms, 2000, 0);
    pass(1000);
    assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    flash->program_cut = (flash_fake_cut_t)(cut % (CUT_PROG_TORN + 1u));
    flash->cut_at = flash->operations + cut;
    rig->dead = &flash->dead;
    rig_message(rig, TOPIC, "{\"command\":\"out_of_service\",\"alert\":\"warm\"}");
    vn_err_t stepped = rig_wait(rig, 100);
    failed = flash->dead;
    assert_true(failed || stepped == VN_OK);
    bool left = last_on(VN_CHANNEL_RESPONSE) != NULL;
    cut_the_power();
    assert_true(!left || is_out_of_service());
    told += left;
    untold += !left;
  }
  assert_true(told > 0 && untold > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(other_topics_of_our_own_are_loops_still, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_device_that_takes_no_commands_counts_them_and_is_silent,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_flood_of_commands_is_limited_and_the_next_answer_says_so,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_change_its_event_and_the_answer_are_one_commit, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(answers_make_no_hole_in_the_sequence_of_messages, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(an_answer_goes_where_the_request_wants_it, set_up, tear_down),
      cmocka_unit_test_setup_teardown(nobody_has_us_publish_where_it_is_not_theirs, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(an_answer_never_leaves_before_what_it_tells_is_safe, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(
          an_answer_that_could_not_leave_is_sent_after_a_restart_as_it_was, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
