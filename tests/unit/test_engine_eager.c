/* Eager alerts leave before the commit, and come again under the same id after a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

static flash_fake_t *make_flash(void) {
  static const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 64, .sector_count = 64, .erased_value = 0xFF};
  return flash_fake_new(&shape, 3);
}

static rig_t *make(flash_fake_t *flash, bool eager) {
  rig_t *rig = rig_new(&flash->port);
  rig->pipelines[1].alert_count = 1;
  rig->alerts[0].rule.for_ms = 0;
  rig->alerts[0].eager = eager;
  rig->dead = &flash->dead;
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

static size_t events_of(const rig_t *rig, char id[64]) {
  size_t events = 0;
  for (size_t i = 0; i < rig->sent_count; i++) {
    const rig_message_t *message = &rig->sent[i];
    char text[sizeof message->payload + 1];
    memcpy(text, message->payload, message->payload_length);
    text[message->payload_length] = '\0';
    if (message->channel == VN_CHANNEL_EVENT) {
      const char *found = strstr(text, "\"id\":\"");
      assert_non_null(found);
      (void)snprintf(id, 64, "%.*s", (int)strcspn(found + 6, "\""), found + 6);
      events++;
    }
  }
  return events;
}

/* The link is known to be up: something has left. */
static void warm_up(rig_t *rig) {
  rig_message(rig, "j/a", "{");
  assert_int_equal(rig_wait(rig, 2000), VN_OK);
  assert_true(rig->sent_count >= 1);
}

static void check(bool eager) {
  char id[64] = "";
  flash_fake_t *flash = make_flash();
  rig_t *rig = make(flash, eager);
  warm_up(rig);
  uint64_t programs = flash->programs;
  rig_send(rig, "a", rig->wall_ms, 9000, 1);
  assert_true(flash->programs == programs);
  assert_int_equal(events_of(rig, id), eager ? 1 : 0);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_true(flash->programs > programs);
  assert_int_equal(events_of(rig, id), 1);
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(events_of(rig, id), 1);
  assert_true(vn_outbox_empty(&rig->engine.outbox));
  rig_free(rig);
  flash_fake_free(flash);
}

static void an_eager_alert_leaves_before_the_commit_and_others_behind_it(void **state) {
  (void)state;
  check(true);
  check(false);
}

static void after_a_crash_it_comes_again_under_the_same_id(void **state) {
  (void)state;
  char first[64] = "";
  char second[64] = "";
  flash_fake_t *flash = make_flash();
  rig_t *rig = make(flash, true);
  warm_up(rig);
  rig_send(rig, "a", rig->wall_ms, 9000, 1);
  assert_int_equal(events_of(rig, first), 1);
  flash->dead = true; /* before anything of it is on the flash */
  int64_t wall_ms = rig->wall_ms;
  rig_free(rig);
  flash_fake_power_up(flash);
  rig = make(flash, true);
  rig->wall_ms = wall_ms + 1000;
  warm_up(rig);
  assert_int_equal(events_of(rig, second), 0);
  rig_send(rig, "a", wall_ms, 9000, 1);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(events_of(rig, second), 1);
  assert_string_equal(first, second);
  rig_free(rig);
  flash_fake_free(flash);
}

static void without_a_link_it_waits_like_all_others(void **state) {
  (void)state;
  char id[64] = "";
  flash_fake_t *flash = make_flash();
  rig_t *rig = make(flash, true);
  warm_up(rig);
  rig->link_up = false;
  rig_send(rig, "a", rig->wall_ms, 9000, 1);
  assert_int_equal(rig_wait(rig, 60000), VN_OK);
  assert_int_equal(events_of(rig, id), 0);
  rig->link_up = true;
  assert_int_equal(rig_wait(rig, 1000), VN_OK);
  assert_int_equal(events_of(rig, id), 1);
  assert_true(vn_outbox_empty(&rig->engine.outbox));
  rig_free(rig);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_eager_alert_leaves_before_the_commit_and_others_behind_it),
      cmocka_unit_test(after_a_crash_it_comes_again_under_the_same_id),
      cmocka_unit_test(without_a_link_it_waits_like_all_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
