/* What subscribers are told of alerts while the power is cut at every flash operation: nothing
 * twice under another number, no number missing, no end without a beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
enum { READINGS = 40, EVENTS_MAX = 512, POWER_UPS_MAX = 400, TEXT_MAX = 2048 };

static const vn_alert_limits_t limits[] = {{VN_ALERT_NO_LOW, 5000, 100},
                                           {VN_ALERT_NO_LOW, 8000, 100}};
static const char *const severities[] = {"warning", "critical"};
static const vn_alert_plan_t alerts[] = {
    {.name = "fault",
     .severity = "",
     .of = "value",
     .exponent = -2,
     .rule = {.condition = VN_ALERT_ABOVE, .limit = 9000, .keep_firing_for_ms = 3000},
     .group = 1},
    {.name = "load",
     .severity = "",
     .of = "value",
     .exponent = -2,
     .severities = severities,
     .rule = {.condition = VN_ALERT_LEVELS, .levels = limits, .level_count = 2},
     .inhibited_by = 1,
     .repeat_every_ms = 3000,
     .group = 1},
};

/* An event as upstream has it. */
typedef struct told {
  char text[TEXT_MAX];
  char key[128]; /* alert, series, episode */
  char phase[16];
  unsigned revision;
} told_t;

typedef struct upstream {
  told_t *events;
  size_t count;
} upstream_t;

/* Behind a member's name, up to the next comma or quote. */
static void copy_member(const char *text, const char *name, char *out, size_t capacity) {
  const char *at = strstr(text, name);
  assert_non_null(at);
  at += strlen(name);
  size_t length = strcspn(at, ",\"");
  assert_true(length < capacity);
  memcpy(out, at, length);
  out[length] = '\0';
}

static void read_event(told_t *event, const rig_message_t *message) {
  char alert[32], series[32], episode[16], revision[16];
  assert_true(message->payload_length < TEXT_MAX);
  memcpy(event->text, message->payload, message->payload_length);
  event->text[message->payload_length] = '\0';
  copy_member(event->text, "\"alert\":\"", alert, sizeof alert);
  copy_member(event->text, "\"series\":\"", series, sizeof series);
  copy_member(event->text, "\"episode\":", episode, sizeof episode);
  copy_member(event->text, "\"rev\":", revision, sizeof revision);
  copy_member(event->text, "\"phase\":\"", event->phase, sizeof event->phase);
  (void)snprintf(event->key, sizeof event->key, "%s %s %s", alert, series, episode);
  event->revision = (unsigned)strtoul(revision, NULL, 10);
}

/* The same number is the same event, byte for byte, however often it was sent. */
static void receive(upstream_t *upstream, const rig_t *rig) {
  for (size_t i = 0; i < rig->sent_count; i++) {
    if (rig->sent[i].channel != VN_CHANNEL_EVENT) {
      continue;
    }
    told_t event = {.revision = 0};
    bool known = false;
    read_event(&event, &rig->sent[i]);
    for (size_t k = 0; k < upstream->count; k++) {
      const told_t *other = &upstream->events[k];
      if (strcmp(other->key, event.key) == 0 && other->revision == event.revision) {
        assert_string_equal(other->text, event.text);
        known = true;
      }
    }
    assert_true(upstream->count < EVENTS_MAX);
    if (!known) {
      upstream->events[upstream->count++] = event;
    }
  }
}

static const told_t *find(const upstream_t *upstream, const char *key, unsigned revision) {
  for (size_t i = 0; i < upstream->count; i++) {
    if (strcmp(upstream->events[i].key, key) == 0 && upstream->events[i].revision == revision) {
      return &upstream->events[i];
    }
  }
  return NULL;
}

static size_t count_of(const upstream_t *upstream, const char *phase) {
  size_t count = 0;
  for (size_t i = 0; i < upstream->count; i++) {
    count += strcmp(upstream->events[i].phase, phase) == 0;
  }
  return count;
}

/* All is calm at the end of the trace, so that each episode that was told is over. */
static void check_story(const upstream_t *upstream) {
  for (size_t i = 0; i < upstream->count; i++) {
    const told_t *event = &upstream->events[i];
    bool first = event->revision == 0;
    assert_true(first == (strcmp(event->phase, "firing") == 0));
    if (!first && find(upstream, event->key, event->revision - 1) == NULL) {
      fail_msg("%s: %u was told, and the one before it was not", event->key, event->revision);
    }
    bool last = find(upstream, event->key, event->revision + 1) == NULL;
    if (last != (strcmp(event->phase, "resolved") == 0)) {
      fail_msg("%s: ends with %s", event->key, event->phase);
    }
  }
}

/* A wave that the series run through one behind the other, and calm at the end. */
static void send_reading(rig_t *rig, unsigned series, uint32_t i) {
  static const int32_t wave[] = {2000, 6000, 6100, 8500, 9500, 9600, 8500, 6000, 6000, 6000};
  char name[2] = {(char)('a' + series), '\0'};
  int32_t value = i + 6 < READINGS ? wave[(i + series) % 10] : 2000;
  rig_send(rig, name, T0 + (int64_t)i * 1500, value, i);
}

static bool drive(rig_t *rig, const flash_fake_t *flash) {
  for (bool more = true; more;) {
    more = false;
    for (unsigned series = 0; series < 3; series++) {
      char name[2] = {(char)('a' + series), '\0'};
      uint64_t received = rig_accounting(rig, name).received;
      if (received < READINGS) {
        send_reading(rig, series, (uint32_t)received);
        more = true;
      }
    }
    vn_err_t stepped = rig_wait(rig, 1500);
    if (flash->dead) {
      return false;
    }
    assert_int_equal(stepped, VN_OK);
  }
  vn_err_t waited = rig_wait(rig, 20000); /* a flood is over */
  vn_err_t stopped = flash->dead ? VN_ERR_FLASH : vn_stop(&rig->engine);
  if (flash->dead) {
    return false;
  }
  assert_true(waited == VN_OK && stopped == VN_OK);
  assert_int_equal(rig_step(rig), VN_OK);
  return true;
}

/* One power-up; true when the trace was finished. */
static bool power_up(flash_fake_t *flash, upstream_t *upstream, int64_t *wall_ms) {
  rig_t *rig = rig_new(&flash->port);
  rig->pipelines[1].alerts = alerts;
  rig->pipelines[1].alert_count = 2;
  rig->plan.group_count = 1;
  rig->plan.flood = (vn_rate_t){3, 10000, 3};
  rig->plan.outbox_bytes = 32u * 1024u;
  rig->plan.checkpoint_every_ms = 3000;
  rig->dead = &flash->dead;
  rig->wall_ms = *wall_ms;
  vn_err_t started = rig_start(rig);
  bool done = false;
  if (!flash->dead) {
    assert_int_equal(started, VN_OK);
    done = drive(rig, flash);
  }
  *wall_ms = rig->wall_ms + 1;
  receive(upstream, rig);
  assert_null(flash->violation);
  rig_free(rig);
  return done;
}

static upstream_t upstream_new(void) {
  return (upstream_t){.events = calloc(EVENTS_MAX, sizeof(told_t))};
}

static uint64_t uncut(const flash_fake_shape_t *shape) {
  flash_fake_t *flash = flash_fake_new(shape, 1);
  upstream_t upstream = upstream_new();
  int64_t wall_ms = T0;
  assert_true(power_up(flash, &upstream, &wall_ms));
  check_story(&upstream);
  static const char *const phases[] = {"firing", "escalated", "eased", "repeated", "resolved"};
  for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
    assert_true(count_of(&upstream, phases[i]) > 1);
  }
  assert_non_null(find(&upstream, "flood gw-1 1", 1));
  uint64_t operations = flash->operations;
  print_message("%llu operations, %zu events\n", (unsigned long long)operations, upstream.count);
  free(upstream.events);
  flash_fake_free(flash);
  return operations;
}

/* Cuts at operation n of the first power-up, then again after `again` more operations each. */
static void run_with_cuts(const flash_fake_shape_t *shape, uint64_t n, flash_fake_cut_t program,
                          uint64_t again) {
  flash_fake_t *flash = flash_fake_new(shape, n * CUT_KINDS + program);
  upstream_t upstream = upstream_new();
  int64_t wall_ms = T0;
  flash_fake_cut_t erase = (flash_fake_cut_t)(CUT_ERASE_OLD + n % 4);
  flash_fake_cut_at(flash, n, program, erase);
  bool done = power_up(flash, &upstream, &wall_ms);
  for (int i = 0; i < POWER_UPS_MAX && !done; i++) {
    flash_fake_power_up(flash);
    if (again > 0 && i < 3) {
      flash_fake_cut_at(flash, again, program, erase);
    }
    done = power_up(flash, &upstream, &wall_ms);
  }
  assert_true(done);
  check_story(&upstream);
  free(upstream.events);
  flash_fake_free(flash);
}

static void cut_everywhere(const flash_fake_shape_t *shape, uint64_t again, uint64_t stride) {
  uint64_t operations = uncut(shape);
  for (uint64_t n = 1; n <= operations; n += stride) {
    for (int program = CUT_PROG_NOTHING; program <= CUT_PROG_TORN; program++) {
      run_with_cuts(shape, n, (flash_fake_cut_t)program, again);
    }
  }
}

static void a_cut_at_any_operation_leaves_each_story_whole(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 256, .sector_count = 96, .erased_value = 0x6B};
  cut_everywhere(&shape, 0, 1);
}

static void so_do_cuts_inside_of_cuts(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {.erase_size = 4096,
                                    .prog_size = 256,
                                    .sector_count = 96,
                                    .erased_value = FLASH_FAKE_NOISE,
                                    .unstable = true,
                                    .cached = true};
  cut_everywhere(&shape, 11, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cut_at_any_operation_leaves_each_story_whole),
      cmocka_unit_test(so_do_cuts_inside_of_cuts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
