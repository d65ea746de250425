/* The whole engine, its power cut at every flash operation: results, outputs and identities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
#define READINGS 36
#define LINES_MAX 2048
#define LINE_MAX 400
#define POWER_UPS_MAX 400

/* What upstream has: one line per summary, without device, boot and seq; and each index' bytes. */
typedef struct upstream {
  char (*lines)[LINE_MAX];
  uint64_t told_by[LINES_MAX]; /* the index of the message with a line */
  size_t line_count;
  rig_message_t *first; /* of each index */
  size_t first_count;
} upstream_t;

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
  memcpy(upstream->lines[upstream->line_count++], from, length);
}

/* The members of a JSON summary message, one by one. */
static void add_summaries(upstream_t *upstream, const rig_message_t *message) {
  char text[sizeof message->payload + 1] = {0};
  memcpy(text, message->payload, message->payload_length);
  for (const char *at = strstr(text, "{\"pipeline\""); at != NULL;) {
    const char *next = strstr(at + 1, "{\"pipeline\"");
    const char *end = next != NULL ? next - 1 : text + strlen(text) - 2;
    add_line(upstream, message->index, at, (size_t)(end - at));
    at = next;
  }
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
    check_identity(upstream, &rig->sent[i]);
    if (rig->sent[i].channel == VN_CHANNEL_SUMMARY) {
      add_summaries(upstream, &rig->sent[i]);
    }
  }
}

/* Reading i of a series: hot in the middle, late and early ones. */
static void send_reading(rig_t *rig, const char *series, uint32_t i) {
  static const int shift[] = {0, 0, 1500, -900, 0, -6500, 0, 300};
  int32_t value = i > 12 && i < 22 ? 8100 + (int32_t)i : 2000 + 37 * (int32_t)i;
  rig_send(rig, series, T0 + (int64_t)i * 1500 + shift[i % 8], value, i);
}

/* Sends what the state hasn't seen yet until the power fails or the trace ends. */
static bool drive(rig_t *rig, const flash_fake_t *flash) {
  for (;;) {
    uint64_t a = rig_accounting(rig, "a").received;
    uint64_t b = rig_accounting(rig, "b").received;
    if (a < READINGS) {
      send_reading(rig, "a", (uint32_t)a);
    }
    if (b < READINGS && b <= a) {
      send_reading(rig, "b", (uint32_t)b);
    }
    vn_err_t stepped = rig_wait(rig, 700);
    if (flash->dead) {
      return false;
    }
    assert_int_equal(stepped, VN_OK);
    if (a >= READINGS && b >= READINGS) {
      break;
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

/* One power-up; true when the trace was finished. */
static bool power_up(flash_fake_t *flash, upstream_t *upstream, int64_t *wall_ms) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.encoding = VN_ENCODING_JSON;
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

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static void compare(const upstream_t *got, const upstream_t *want) {
  for (size_t i = 0; i < want->line_count; i++) {
    if (bsearch(want->lines[i], got->lines, got->line_count, LINE_MAX, by_text) == NULL) {
      fail_msg("upstream never got %s", want->lines[i]);
    }
  }
}

static upstream_t uncut(const flash_fake_shape_t *shape, uint64_t *operations) {
  flash_fake_t *flash = flash_fake_new(shape, 1);
  upstream_t upstream = upstream_new();
  int64_t wall_ms = T0;
  assert_true(power_up(flash, &upstream, &wall_ms));
  *operations = flash->operations;
  flash_fake_free(flash);
  return upstream;
}

/* Cuts at operation n of the first power-up, then again after `again` more operations each. */
static void run_with_cuts(const flash_fake_shape_t *shape, uint64_t n, flash_fake_cut_t program,
                          uint64_t again, const upstream_t *want) {
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
  qsort(upstream.lines, upstream.line_count, LINE_MAX, by_text);
  compare(&upstream, want);
  upstream_free(&upstream);
  flash_fake_free(flash);
}

static void cut_everywhere(const flash_fake_shape_t *shape, uint64_t again, uint64_t stride) {
  uint64_t operations = 0;
  upstream_t want = uncut(shape, &operations);
  assert_true(want.line_count > 10);
  print_message("%llu operations, %zu summaries\n", (unsigned long long)operations,
                want.line_count);
  for (uint64_t n = 1; n <= operations; n += stride) {
    for (int program = CUT_PROG_NOTHING; program <= CUT_PROG_TORN; program++) {
      run_with_cuts(shape, n, (flash_fake_cut_t)program, again, &want);
    }
  }
  upstream_free(&want);
}

static void a_cut_at_any_operation_loses_no_output_and_changes_none(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 16, .sector_count = 96, .erased_value = 0x6B};
  cut_everywhere(&shape, 0, 1);
}

static void neither_do_cuts_inside_of_cuts_on_a_flash_that_forgets(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {.erase_size = 4096,
                                    .prog_size = 256,
                                    .sector_count = 96,
                                    .erased_value = FLASH_FAKE_NOISE,
                                    .unstable = true,
                                    .cached = true};
  cut_everywhere(&shape, 7, 2);
  cut_everywhere(&shape, 23, 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cut_at_any_operation_loses_no_output_and_changes_none),
      cmocka_unit_test(neither_do_cuts_inside_of_cuts_on_a_flash_that_forgets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
