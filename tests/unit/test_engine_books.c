/* Counters that a message carries add up, also when it is made in the middle of a reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)

/* The number behind `name` in the message's own accounting; 0: it isn't there. */
static unsigned long counter(const rig_message_t *message, const char *name) {
  char text[sizeof message->payload + 1];
  memcpy(text, message->payload, message->payload_length);
  text[message->payload_length] = '\0';
  const char *own = strstr(text, "}],\"accounting\":");
  assert_non_null(own);
  const char *at = strstr(own, name);
  return at == NULL ? 0 : strtoul(at + strlen(name), NULL, 10);
}

/* A batch of one record is cut while the reading that caused it is at work. */
static void a_message_that_is_made_within_a_reading_counts_it_wholly_or_not_at_all(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  rig->plan.encoding = VN_ENCODING_JSON;
  rig->plan.batch_max = 1;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "a", T0 + 1000, 2000, 0);
  rig_send(rig, "a", T0 + 30000, 2000, 1); /* tells windows of the first */
  rig_send(rig, "a", T0 + 2000, 2000, 2);  /* is late for them, and dropped from some */
  rig_send(rig, "a", T0 + 60000, 2000, 3);
  assert_int_equal(rig_wait(rig, 2000), VN_OK);
  assert_true(rig->sent_count >= 3);
  for (size_t i = 0; i < rig->sent_count; i++) {
    const rig_message_t *message = &rig->sent[i];
    unsigned long parts = counter(message, "\"accepted\":") + counter(message, "\"late\":");
    assert_int_equal(counter(message, "\"received\":"), parts);
  }
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_message_that_is_made_within_a_reading_counts_it_wholly_or_not_at_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
