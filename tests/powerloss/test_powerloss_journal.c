/* Journal mode, its power cut at every flash operation: what was acknowledged counts once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define MESSAGES 72u
#define PACK 14u
#define LINES_MAX 1024
#define LINE_MAX 700
#define POWER_UPS_MAX 400

/* What upstream has, each thing once, without boot and seq; and the bytes of each index. */
typedef struct upstream {
  char (*lines)[LINE_MAX];
  uint64_t told_by[LINES_MAX]; /* the index of the message with a line */
  size_t line_count, first_count;
  rig_message_t *first;
} upstream_t;

/* The other side: what was not acknowledged comes again. */
typedef struct broker {
  uint32_t next; /* message; those in front of it were acknowledged */
  uint64_t redelivered, repeats;
  int64_t wall_ms;
} broker_t;

static upstream_t upstream_new(void) {
  return (upstream_t){.lines = calloc(LINES_MAX, LINE_MAX),
                      .first = calloc(LINES_MAX, sizeof(rig_message_t))};
}

static void upstream_free(upstream_t *upstream) {
  free(upstream->lines);
  free(upstream->first);
}

/* Whatever is cut, a result is in one message: what left was in a commit with its state. */
static void add_line(upstream_t *upstream, uint64_t index, const char *from, size_t length) {
  assert_true(length < LINE_MAX);
  for (size_t i = 0; i < upstream->line_count; i++) {
    if (strlen(upstream->lines[i]) == length && memcmp(upstream->lines[i], from, length) == 0) {
      assert_int_equal(upstream->told_by[i], index);
      return;
    }
  }
  assert_true(upstream->line_count < LINES_MAX);
  upstream->told_by[upstream->line_count] = index;
  memcpy(upstream->lines[upstream->line_count], from, length);
  upstream->lines[upstream->line_count++][length] = '\0';
}

static void text_of(const rig_message_t *message, char text[sizeof message->payload + 1]) {
  memcpy(text, message->payload, message->payload_length);
  text[message->payload_length] = '\0';
}

/* Without what stands behind the figures: the books of a window count what came twice. */
static void add_summaries(upstream_t *upstream, const rig_message_t *message) {
  static const char *const ends[] = {",\"accounting\"", ",\"flags\"", "},{\"pipeline\"", "}]"};
  char text[sizeof message->payload + 1];
  text_of(message, text);
  for (const char *at = strstr(text, "{\"pipeline\""); at != NULL;) {
    const char *end = at + strlen(at);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
      const char *found = strstr(at, ends[i]);
      end = found != NULL && found < end ? found : end;
    }
    add_line(upstream, message->index, at, (size_t)(end - at));
    at = strstr(at + 1, "{\"pipeline\"");
  }
}

static void add_event(upstream_t *upstream, const rig_message_t *message) {
  char text[sizeof message->payload + 1];
  text_of(message, text);
  const char *device = strstr(text, "\"device\"");
  assert_non_null(device);
  add_line(upstream, message->index, text, (size_t)(device - text));
}

/* One index, one content: however often a message is sent, its bytes are the same. */
static void check_identity(upstream_t *upstream, const rig_message_t *message) {
  for (size_t i = 0; i < upstream->first_count; i++) {
    if (upstream->first[i].index == message->index) {
      assert_int_equal(upstream->first[i].payload_length, message->payload_length);
      assert_memory_equal(upstream->first[i].payload, message->payload, message->payload_length);
      return;
    }
  }
  assert_true(upstream->first_count < LINES_MAX);
  upstream->first[upstream->first_count++] = *message;
}

static void receive(upstream_t *upstream, const rig_t *rig) {
  for (size_t i = 0; i < rig->sent_count; i++) {
    const rig_message_t *message = &rig->sent[i];
    check_identity(upstream, message);
    if (message->channel == VN_CHANNEL_SUMMARY) {
      add_summaries(upstream, message);
    } else if (message->channel == VN_CHANNEL_EVENT) {
      add_event(upstream, message);
    }
  }
}

/* A pack is longer than a record of the log. */
static void make_pack(uint32_t i, char *payload, size_t room) {
  size_t length = (size_t)snprintf(payload, room, "[");
  for (uint32_t k = 0; k < PACK; k++) {
    length += (size_t)snprintf(payload + length, room - length,
                               "%s{\"n\":\"c\",\"u\":\"Cel\",\"t\":%lld.%03u,\"v\":%u.5}",
                               k > 0 ? "," : "", (long long)(T0 / 1000 + i), k * 7u, 20u + i + k);
  }
  (void)snprintf(payload + length, room - length, "]");
}

/* Message i: readings in some disorder, hot in the middle; packs; damage; topics of nobody. */
static void make_message(uint32_t i, char topic[16], char *payload, size_t room) {
  static const int shift[] = {0, 0, 1500, -900, 0, -6500, 0, 300};
  uint32_t value = i > 24 && i < 44 ? 8100 + i : 2000 + 37 * i;
  (void)snprintf(topic, 16, "j/%s", i % 3 == 0 ? "b" : "a");
  (void)snprintf(payload, room, "{\"t\":%lld,\"v\":%u.%02u,\"seq\":%u}",
                 (long long)(T0 + (int64_t)i * 750 + shift[i % 8]), value / 100, value % 100, i);
  if (i % 8 == 5) {
    (void)snprintf(topic, 16, "p/x");
    make_pack(i, payload, room);
  } else if (i % 9 == 4) {
    (void)snprintf(payload, room, "{\"t\":");
  } else if (i % 11 == 7) {
    (void)snprintf(topic, 16, "nobody");
  }
}

static vn_err_t deliver(rig_t *rig, uint32_t i) {
  char topic[16];
  char payload[900];
  make_message(i, topic, payload, sizeof payload);
  return vn_accept_message(&rig->engine, (vn_text_t){topic, strlen(topic)},
                           (const uint8_t *)payload, strlen(payload), false);
}

/* One to three messages at a time, so that some wait and others are in the state already. */
static bool deliver_some(rig_t *rig, const flash_fake_t *flash, broker_t *broker) {
  uint32_t burst = 1u + broker->next % 3u;
  for (uint32_t k = 0; k < burst && broker->next < MESSAGES; k++) {
    vn_err_t error = deliver(rig, broker->next);
    if (flash->dead) {
      broker->redelivered++;
      return false;
    }
    if (error == VN_ERR_FULL) {
      return true;
    }
    assert_int_equal(error, VN_OK);
    broker->next++;
  }
  return true;
}

/* Sends again what has just been taken: that must not even look at the flash. */
static void repeat_some(rig_t *rig, const flash_fake_t *flash, broker_t *broker) {
  for (uint32_t back = 1; back <= 3 && back <= broker->next; back++) {
    uint32_t i = broker->next - back;
    char topic[16];
    char payload[900];
    make_message(i, topic, payload, sizeof payload);
    bool numbered = topic[0] == 'j' && payload[strlen(payload) - 1] == '}';
    uint64_t before = flash->operations;
    if (numbered) {
      assert_int_equal(deliver(rig, i), VN_OK);
      assert_int_equal(flash->operations, before);
      assert_int_equal(vn_waiting(&rig->engine), 0);
      broker->repeats++;
    }
  }
}

/* Delivers until the power fails or all is done; what the journal holds comes before. */
static bool drive(rig_t *rig, const flash_fake_t *flash, broker_t *broker) {
  while (broker->next < MESSAGES || vn_waiting(&rig->engine) > 0) {
    if (!deliver_some(rig, flash, broker)) {
      return false;
    }
    bool held = broker->next % 8 == 2 && broker->next < MESSAGES; /* a commit with some left */
    vn_hold(&rig->engine, held);
    vn_err_t stepped = rig_wait(rig, 700);
    stepped = stepped == VN_OK && held ? vn_checkpoint(&rig->engine) : stepped;
    if (flash->dead) {
      return false;
    }
    assert_int_equal(stepped, VN_OK);
    if (vn_waiting(&rig->engine) == 0) {
      repeat_some(rig, flash, broker);
    }
  }
  vn_flush(&rig->engine);
  vn_err_t stopped = vn_stop(&rig->engine);
  if (flash->dead) {
    return false;
  }
  assert_int_equal(stopped, VN_OK);
  assert_int_equal(rig_step(rig), VN_OK);
  return true;
}

static rig_t *journal_rig(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.durability = VN_DURABILITY_JOURNAL;
  rig->plan.encoding = VN_ENCODING_JSON;
  rig->plan.checkpoint_every_ms = 5000;
  rig->plan.message_max_bytes = 1024;
  rig->pipelines[1].deduplicate = 64;
  rig->dead = &flash->dead;
  return rig;
}

/* Each reading that was acknowledged is in the books once, whatever came twice. */
static void check_books(const rig_t *rig) {
  uint32_t packs = 0, a = 0, b = 0;
  for (uint32_t i = 0; i < MESSAGES; i++) {
    char topic[16];
    char payload[900];
    make_message(i, topic, payload, sizeof payload);
    bool good = payload[strlen(payload) - 1] == '}';
    packs += topic[0] == 'p';
    a += good && strcmp(topic, "j/a") == 0;
    b += good && strcmp(topic, "j/b") == 0;
  }
  const char *const names[] = {"a", "b", "c"};
  const uint32_t want[] = {a, b, packs * PACK};
  for (size_t s = 0; s < 3; s++) {
    vn_accounting_t got = rig_accounting(rig, names[s]);
    assert_int_equal(got.accepted + got.late + got.rejected, want[s]);
  }
}

/* One power-up; true when all is done. */
static bool power_up(flash_fake_t *flash, upstream_t *upstream, broker_t *broker) {
  rig_t *rig = journal_rig(flash);
  rig->wall_ms = broker->wall_ms;
  vn_err_t started = rig_start(rig);
  bool done = false;
  if (!flash->dead) {
    assert_int_equal(started, VN_OK);
    done = drive(rig, flash, broker);
  }
  broker->wall_ms = rig->wall_ms + 1;
  receive(upstream, rig);
  assert_null(flash->violation);
  if (done) {
    check_books(rig);
  }
  rig_free(rig);
  return done;
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static void compare(const upstream_t *got, const upstream_t *want, const char *what) {
  for (size_t i = 0; i < want->line_count; i++) {
    if (bsearch(want->lines[i], got->lines, got->line_count, LINE_MAX, by_text) == NULL) {
      fail_msg("%s %s", what, want->lines[i]);
    }
  }
}

static upstream_t uncut(const flash_fake_shape_t *shape, uint64_t *operations) {
  flash_fake_t *flash = flash_fake_new(shape, 1);
  upstream_t upstream = upstream_new();
  broker_t broker = {.wall_ms = T0};
  assert_true(power_up(flash, &upstream, &broker));
  assert_true(broker.repeats > MESSAGES / 2);
  *operations = flash->operations;
  flash_fake_free(flash);
  qsort(upstream.lines, upstream.line_count, LINE_MAX, by_text);
  return upstream;
}

/* Cuts at operation n of the first power-up, then again after `again` more operations each. */
static void run_with_cuts(const flash_fake_shape_t *shape, uint64_t n, flash_fake_cut_t program,
                          uint64_t again, const upstream_t *want) {
  flash_fake_t *flash = flash_fake_new(shape, n * CUT_KINDS + program);
  upstream_t upstream = upstream_new();
  broker_t broker = {.wall_ms = T0};
  flash_fake_cut_t erase = (flash_fake_cut_t)(CUT_ERASE_OLD + n % 4);
  flash_fake_cut_at(flash, n, program, erase);
  bool done = power_up(flash, &upstream, &broker);
  for (int i = 0; i < POWER_UPS_MAX && !done; i++) {
    flash_fake_power_up(flash);
    if (again > 0 && i < 3) {
      flash_fake_cut_at(flash, again, program, erase);
    }
    done = power_up(flash, &upstream, &broker);
  }
  assert_true(done);
  qsort(upstream.lines, upstream.line_count, LINE_MAX, by_text);
  compare(&upstream, want, "upstream never got");
  compare(want, &upstream, "without a cut nobody was told");
  upstream_free(&upstream);
  flash_fake_free(flash);
}

static void cut_everywhere(const flash_fake_shape_t *shape, uint64_t again, uint64_t stride) {
  uint64_t operations = 0;
  upstream_t want = uncut(shape, &operations);
  assert_true(want.line_count > 10);
  print_message("%llu operations, %zu results and events\n", (unsigned long long)operations,
                want.line_count);
  for (uint64_t n = 1; n <= operations; n += stride) {
    for (int program = CUT_PROG_NOTHING; program <= CUT_PROG_TORN; program++) {
      run_with_cuts(shape, n, (flash_fake_cut_t)program, again, &want);
    }
  }
  upstream_free(&want);
}

static void what_was_acknowledged_counts_once_whatever_operation_is_cut(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 16, .sector_count = 96, .erased_value = 0x6B};
  cut_everywhere(&shape, 0, 1);
}

static void so_it_does_with_cuts_inside_of_cuts_on_a_flash_that_forgets(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {.erase_size = 4096,
                                    .prog_size = 256,
                                    .sector_count = 96,
                                    .erased_value = FLASH_FAKE_NOISE,
                                    .unstable = true,
                                    .cached = true};
  cut_everywhere(&shape, 7, 3);
  cut_everywhere(&shape, 23, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_acknowledged_counts_once_whatever_operation_is_cut),
      cmocka_unit_test(so_it_does_with_cuts_inside_of_cuts_on_a_flash_that_forgets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
