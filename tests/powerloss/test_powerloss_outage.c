/*
 * A week without a link in a configured number of bytes, with power cuts, in journal mode. VN_CASES
 * says how many such weeks, VN_SEED from where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "seq_walk.h"
#include "summary_table.h"

enum {
  MINUTE_MS = 60000,
  DAY_MINUTES = 24 * 60,
  WEEK_MINUTES = 7 * DAY_MINUTES,
  OUTBOX_BYTES = 96 * 1024,
  SERIES = 2,
  EVENTS_MAX = 64,
  OPEN_WINDOWS = 2 /* of the last readings, behind the watermark */
};

/* What was acknowledged to the sensors, and what upstream has. */
typedef struct week {
  flash_fake_t *flash;
  rig_t *rig;
  prng_t prng;
  seq_walk_t *walk;
  summary_table_t *table;
  size_t walked, noted, heard;
  uint64_t count[SERIES];
  int64_t sum[SERIES];
  char events[EVENTS_MAX][64]; /* their ids */
  size_t event_count, cuts;
  vn_durability_t durability;
} week_t;

static rig_t *make(const week_t *week) {
  rig_t *rig = rig_new(&week->flash->port);
  vn_pipeline_t *pipeline = &rig->pipelines[1];
  pipeline->summary.window_count = 1;
  pipeline->alert_count = 1; /* "hot" */
  rig->windows[0].size_ms = rig->windows[0].slide_ms = MINUTE_MS;
  rig->plan.durability = (uint8_t)week->durability;
  rig->plan.outbox_bytes = OUTBOX_BYTES;
  rig->plan.outbox_entries = 512;
  rig->plan.batch_max = 16;
  rig->plan.coarsen_ms[0] = 5 * MINUTE_MS;
  rig->plan.coarsen_ms[1] = 60 * MINUTE_MS;
  rig->plan.coarsen_count = 2;
  rig->dead = &week->flash->dead;
  return rig;
}

/* What has left since the last time. */
static void listen(week_t *week) {
  seq_walk_note(week->walk, week->rig, &week->walked);
  summary_table_note(week->table, week->rig, &week->noted);
  for (; week->heard < week->rig->sent_count; week->heard++) {
    const rig_message_t *message = &week->rig->sent[week->heard];
    char text[sizeof message->payload + 1];
    memcpy(text, message->payload, message->payload_length);
    text[message->payload_length] = '\0';
    const char *id = message->channel == VN_CHANNEL_EVENT ? strstr(text, "\"id\":\"") : NULL;
    bool known = id == NULL;
    char word[64] = "";
    (void)snprintf(word, sizeof word, "%.*s", known ? 0 : (int)strcspn(id + 6, "\""),
                   known ? "" : id + 6);
    for (size_t i = 0; !known && i < week->event_count; i++) {
      known = strcmp(week->events[i], word) == 0;
    }
    if (!known) {
      assert_true(week->event_count < EVENTS_MAX);
      memcpy(week->events[week->event_count++], word, sizeof word);
    }
  }
}

static void power_up(week_t *week) {
  rig_t *last = week->rig;
  listen(week);
  flash_fake_power_up(week->flash);
  week->rig = make(week);
  week->rig->wall_ms = last->wall_ms;
  week->rig->link_up = last->link_up;
  week->walked = week->noted = week->heard = 0;
  rig_free(last);
  assert_int_equal(rig_start(week->rig), VN_OK);
  week->cuts++;
}

/* Until it is acknowledged, as a broker does. */
static void deliver(week_t *week, unsigned series, int64_t time_ms, int32_t value) {
  char topic[8];
  char payload[96];
  (void)snprintf(topic, sizeof topic, "j/%c", 'a' + (int)series);
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%d.%02d,\"seq\":%u}",
                 (long long)time_ms, value / 100, value % 100, (unsigned)(time_ms / MINUTE_MS));
  vn_text_t name = {topic, strlen(topic)};
  for (;;) {
    vn_err_t error = vn_accept_message(&week->rig->engine, name, (const uint8_t *)payload,
                                       strlen(payload), false);
    if (error == VN_OK) {
      break;
    }
    if (week->flash->dead) {
      power_up(week);
    } else {
      assert_int_equal(error, VN_ERR_FULL);
      (void)rig_step(week->rig);
    }
  }
  week->count[series]++;
  week->sum[series] += value;
}

/* Each day "hot" for two minutes. */
static int32_t value_at(unsigned series, int minute) {
  bool hot = series == 0 && (minute % DAY_MINUTES == 700 || minute % DAY_MINUTES == 701);
  return hot ? 9500 : 1000 + (int32_t)(((unsigned)minute * 7919u + series * 31u) % 4000u);
}

static void live(week_t *week, int from, int to, bool cuts) {
  for (int minute = from; minute < to; minute++) {
    int64_t time_ms = week->rig->wall_ms;
    if (cuts && prng_below(&week->prng, 300) == 0) {
      flash_fake_cut_at(
          week->flash, 1 + prng_below(&week->prng, 60),
          (flash_fake_cut_t)prng_below(&week->prng, CUT_ERASE_OLD),
          (flash_fake_cut_t)(CUT_ERASE_OLD + prng_below(&week->prng, CUT_KINDS - CUT_ERASE_OLD)));
    }
    for (unsigned series = 0; series < SERIES; series++) {
      deliver(week, series, time_ms, value_at(series, minute));
    }
    (void)rig_wait(week->rig, MINUTE_MS);
    if (week->flash->dead) {
      power_up(week);
    }
    listen(week);
  }
}

/* What the last power cut left in the journal is taken, then its results wait for others no more.
 */
static void settle(week_t *week) {
  week->flash->cut_at = 0;
  assert_int_equal(rig_step(week->rig), VN_OK);
  assert_int_equal(rig_wait(week->rig, week->rig->plan.flush_every_ms), VN_OK);
  listen(week);
}

static week_t *begin(vn_durability_t durability, uint64_t seed) {
  static const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 16, .sector_count = 256, .erased_value = 0xFF};
  week_t *week = calloc(1, sizeof *week);
  week->durability = durability;
  week->prng = prng_make(seed, 1);
  week->flash = flash_fake_new(&shape, seed);
  week->walk = calloc(1, sizeof *week->walk);
  week->table = summary_table_new();
  week->rig = make(week);
  assert_int_equal(rig_start(week->rig), VN_OK);
  return week;
}

static void end(week_t *week) {
  rig_free(week->rig);
  summary_table_free(week->table);
  flash_fake_free(week->flash);
  free(week->walk);
  free(week);
}

/* All that was acknowledged lies in some result, but for the last two readings of each series:
 * their windows are open. */
static void check_sums(const week_t *week, int minutes) {
  for (unsigned series = 0; series < SERIES; series++) {
    uint64_t count = 0;
    int64_t sum = 0;
    const char name[2] = {(char)('a' + (int)series), '\0'};
    for (size_t i = 0; i < week->table->count; i++) {
      const table_row_t *row = &week->table->rows[i];
      bool mine = strcmp(row->series, name) == 0;
      count += mine ? row->count : 0;
      sum += mine ? row->sum : 0;
    }
    assert_true(week->count[series] - count == OPEN_WINDOWS);
    for (int minute = minutes - OPEN_WINDOWS; minute < minutes; minute++) {
      sum += value_at(series, minute);
    }
    assert_true(sum == week->sum[series]);
  }
}

static void check(const week_t *week, int minutes) {
  const char *problem = seq_walk_problem(week->walk);
  if (problem != NULL) {
    print_message("%s\n", problem);
  }
  assert_null(problem);
  assert_int_equal(seq_walk_gone(week->walk, false), 0);
  assert_true(seq_walk_gone(week->walk, true) > WEEK_MINUTES / 2);
  assert_int_equal(week->table->ignored, 0);
  check_sums(week, minutes);
  size_t coarse = 0;
  for (size_t i = 0; i < week->table->count; i++) {
    coarse += week->table->rows[i].end - week->table->rows[i].start == 60 * MINUTE_MS;
  }
  print_message("%zu results stand for %d windows, %zu of them for an hour; %zu power cuts\n",
                week->table->count, minutes * SERIES, coarse, week->cuts);
  assert_true(coarse > 100);
  assert_int_equal(week->event_count, 2 * 7);
  assert_null(week->flash->violation);
}

static void a_week_fits_into_a_configured_number_of_bytes(void **state) {
  (void)state;
  const int after = 180;
  week_t *week = begin(VN_DURABILITY_JOURNAL, 1);
  week->rig->link_up = false;
  live(week, 0, WEEK_MINUTES, false);
  week->rig->link_up = true;
  live(week, WEEK_MINUTES, WEEK_MINUTES + after, false);
  settle(week);
  check(week, WEEK_MINUTES + after);
  end(week);
}

static void run_with_cuts(uint64_t seed) {
  const int after = 180;
  const int moment = 3 * DAY_MINUTES;
  week_t *week = begin(VN_DURABILITY_JOURNAL, seed);
  print_message("seed %llu\n", (unsigned long long)seed);
  week->rig->link_up = false;
  live(week, 0, moment, true);
  week->rig->link_up = true;
  live(week, moment, moment + 2, true);
  week->rig->link_up = false;
  live(week, moment + 2, WEEK_MINUTES, true);
  week->rig->link_up = true;
  live(week, WEEK_MINUTES, WEEK_MINUTES + after, true);
  settle(week);
  assert_true(week->cuts > 10);
  check(week, WEEK_MINUTES + after);
  end(week);
}

static void it_does_so_with_power_cuts_and_a_link_that_came_back_for_a_moment(void **state) {
  (void)state;
  uint64_t first = asked("VN_SEED", 2);
  uint64_t cases = asked("VN_CASES", 1);
  for (uint64_t i = 0; i < cases; i++) {
    run_with_cuts(first + i);
  }
}

static void so_it_is_when_the_power_fails_in_the_last_minute(void **state) {
  (void)state;
  run_with_cuts(940);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_week_fits_into_a_configured_number_of_bytes),
      cmocka_unit_test(it_does_so_with_power_cuts_and_a_link_that_came_back_for_a_moment),
      cmocka_unit_test(so_it_is_when_the_power_fails_in_the_last_minute),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
